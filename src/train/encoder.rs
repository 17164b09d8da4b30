//! A trained encoder in the place of the hand-made descriptor: what asks for numbers whose distances mean
//! likeness takes either.

use std::path::Path;

use burn::tensor::Device;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::config::Fit;
use super::model::{Model, numbers_of};
use super::pack::{NO_CLASS, square};
use crate::analysis::Picture;
use crate::analysis::encoder::Encoder;
use crate::media::Raster;

/// The latent mean of a picture, on the processor.
pub struct LatentMean {
    id: String,
    model: Model,
    fit: Fit,
}

impl LatentMean {
    /// That of a checkpoint's folder, or of the newest in a run's folder.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        Ok(Self::new(&Checkpoint::load(path)?))
    }

    pub fn new(checkpoint: &Checkpoint) -> Self {
        let config = &checkpoint.about.config;
        Self {
            id: format!("lenslet-vae {}", checkpoint.weights_hash()),
            model: Model::of(&config.shape, checkpoint.weights.clone(), &Device::flex()),
            fit: config.fit,
        }
    }
}

impl Encoder for LatentMean {
    fn id(&self) -> &str {
        &self.id
    }

    fn numbers(&self) -> usize {
        self.model.shape.latent
    }

    fn encode(&self, picture: &Picture<'_>) -> Option<Vec<f32>> {
        let (width, height) = (u32::try_from(picture.width()).ok()?, u32::try_from(picture.height()).ok()?);
        let picture = Raster::new(width, height, picture.channels() as u8, picture.data().to_vec())?;
        let shape = &self.model.shape;
        let pixels = square(picture, shape.size, shape.channels, self.fit).ok()?;
        let batch = self.model.batch(&pixels, &[NO_CLASS]);
        numbers_of(self.model.encode(&batch).mean).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::checkpoint::About;
    use crate::train::config::{Channels, Config, Shape};

    #[test]
    fn a_trained_encoder_takes_the_place_of_the_descriptor() {
        let mut config = Config::preset(16, Channels::Colour);
        config.shape = Shape { latent: 3, width: 4, depth: 1, hidden: 8, ..config.shape };
        let weights = Model::new(&config.shape, 1, &Device::flex()).numbers().unwrap();
        let about = About::new(config, String::new(), String::new(), Vec::new());
        let moments = [Vec::new(), Vec::new()];
        let encoder: Box<dyn Encoder> = Box::new(LatentMean::new(&Checkpoint { about, weights, moments }));
        let data: Vec<u8> = (0..60).collect();
        let of = |width, height, channels| Picture::new(width, height, channels, &data).unwrap();
        let numbers = encoder.encode(&of(5, 4, 3)).unwrap();
        assert_eq!(numbers.len(), encoder.numbers());
        assert_eq!(encoder.encode(&of(5, 4, 3)), Some(numbers));
        assert!(encoder.encode(&of(10, 6, 1)).is_some());
    }
}
