//! A trained encoder in the place of the hand-made descriptor: what asks for numbers whose distances mean
//! likeness takes either.

use burn::tensor::Device;

use super::checkpoint::Checkpoint;
use super::config::Fit;
use super::model::{Model, numbers_of};
use super::pack::{NO_CLASS, square};
use crate::analysis::encoder::Encoder;
use crate::media::Raster;

/// The latent mean of a picture, on the processor.
pub struct LatentMean {
    id: String,
    model: Model,
    fit: Fit,
}

impl LatentMean {
    pub fn new(checkpoint: &Checkpoint) -> Self {
        let mut hasher = blake3::Hasher::new();
        for number in checkpoint.weights.iter().flatten() {
            hasher.update(&number.to_le_bytes());
        }
        let config = &checkpoint.about.config;
        Self {
            id: format!("lenslet-vae {}", hasher.finalize().to_hex()),
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

    fn encode(&self, width: usize, height: usize, channels: usize, data: &[u8]) -> Option<Vec<f32>> {
        let sides = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        if !matches!(channels, 1 | 3) {
            return None;
        }
        let picture = Raster::new(sides.0, sides.1, channels as u8, data.to_vec())?;
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
        let picture: Vec<u8> = (0..60).collect();
        let numbers = encoder.encode(5, 4, 3, &picture).unwrap();
        assert_eq!(numbers.len(), encoder.numbers());
        assert_eq!(encoder.encode(5, 4, 3, &picture), Some(numbers));
        assert!(encoder.encode(10, 6, 1, &picture).is_some());
        for (width, height, channels) in [(5, 4, 2), (5, 5, 3), (0, 0, 1)] {
            assert_eq!(encoder.encode(width, height, channels, &picture), None);
        }
    }
}
