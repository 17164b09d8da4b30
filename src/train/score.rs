//! What a model says of samples, without learning from them: what they lose, where they lie in the latent,
//! and what comes back.
//!
//! Each sample's noise follows from seed and row, so that figures are the same whatever is looked at beside
//! it. This file refuses to know files.

use super::checkpoint::Figures;
use super::model::{DeviceError, Model, numbers_of};
use super::pack::{CacheError, Pack};
use super::random::{Purpose, Stream};
use crate::jobs::{Cancelled, Control};

/// Samples that go through a model at once at most.
pub(super) const AT_ONCE: usize = 256;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// What a model says of rows, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// −log p(x|z) of each row, for one draw of z, in nats.
    pub reconstruction: Vec<f32>,
    /// KL(q(z|x) ‖ p(z)) of each row, in nats.
    pub divergence: Vec<f32>,
    /// The same by dimension, the mean of all rows: `latent` numbers.
    pub by_dimension: Vec<f32>,
    /// μ of each row: `rows × latent`.
    pub means: Vec<f32>,
    /// ln σ² of each row: `rows × latent`.
    pub log_variances: Vec<f32>,
    /// The mean of squared differences between a row's pixels, 0 to 1, and what the decoder makes of μ.
    pub squared_errors: Vec<f32>,
}

impl Scores {
    /// The means over rows; `None` of no rows.
    pub fn figures(&self) -> Option<Figures> {
        let mean = |numbers: &[f32]| {
            numbers.iter().map(|number| f64::from(*number)).sum::<f64>() / numbers.len() as f64
        };
        (!self.reconstruction.is_empty()).then(|| Figures {
            reconstruction: mean(&self.reconstruction),
            divergence: mean(&self.divergence),
        })
    }
}

/// Scores rows of a pack, which has the model's size and channels. Progress counts rows, from what is done
/// already.
pub fn score(
    model: &Model,
    pack: &Pack,
    rows: &[u32],
    seed: u64,
    control: &Control,
) -> Result<Scores, ScoreError> {
    let mut scoring = Scoring::new(model, seed);
    for rows in rows.chunks(scoring.at_once()) {
        control.checkpoint()?;
        let numbers = rows.iter().map(|row| u64::from(*row));
        scoring.add(&pack.gathered(rows)?, &pack.classes_of(rows), numbers)?;
        control.add(rows.len() as u64);
    }
    Ok(scoring.finish())
}

/// Scores of rows that come a few at a time.
pub(super) struct Scoring<'a> {
    model: &'a Model,
    seed: u64,
    scores: Scores,
    /// The divergence of all rows together.
    by_dimension: Vec<f64>,
}

impl<'a> Scoring<'a> {
    pub fn new(model: &'a Model, seed: u64) -> Self {
        let by_dimension = vec![0.0; model.shape.latent];
        Self { model, seed, scores: Scores::default(), by_dimension }
    }

    /// How many rows go through the model at once.
    pub fn at_once(&self) -> usize {
        self.model.shape.piece(AT_ONCE)
    }

    /// Scores rows: bytes and class of each, and the number that its noise follows from.
    pub fn add(
        &mut self,
        pixels: &[u8],
        classes: &[u32],
        numbers: impl Iterator<Item = u64>,
    ) -> Result<(), DeviceError> {
        let Self { model, seed, scores, by_dimension } = self;
        let latent = model.shape.latent;
        let batch = model.batch(pixels, classes);
        let noise =
            numbers.flat_map(|number| Stream::new(*seed, number, Purpose::HeldOutNoise).normal_vec(latent));
        let posterior = model.encode(&batch);
        let logits = model.decode(posterior.draw(model.latents(noise.collect())), batch.classes.as_ref());
        let divergence = numbers_of(posterior.divergence())?;
        for row in divergence.chunks_exact(latent) {
            scores.divergence.push(row.iter().sum());
            by_dimension.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        scores.reconstruction.extend(numbers_of(model.reconstruction(batch.pixels.clone(), logits))?);
        let back = model.pictures(posterior.mean.clone(), batch.classes.as_ref());
        let apart = back - batch.pixels;
        let squared = (apart.clone() * apart).reshape([classes.len(), model.shape.values()]);
        scores.squared_errors.extend(numbers_of(squared.mean_dim(1))?);
        scores.means.extend(numbers_of(posterior.mean)?);
        scores.log_variances.extend(numbers_of(posterior.log_variance)?);
        Ok(())
    }

    /// What was scored, with means over all rows.
    pub fn finish(self) -> Scores {
        let mut scores = self.scores;
        let count = scores.divergence.len().max(1) as f64;
        scores.by_dimension = self.by_dimension.into_iter().map(|sum| (sum / count) as f32).collect();
        scores
    }
}

/// Pictures as bytes, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Side of each, in pixels.
    pub size: usize,
    /// 1 grey, 3 red, green and blue.
    pub channels: usize,
    /// `size × size × channels` bytes of each.
    pub pixels: Vec<u8>,
}

impl Pictures {
    pub fn len(&self) -> usize {
        self.pixels.len() / (self.size * self.size * self.channels).max(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, at: usize) -> Option<&[u8]> {
        self.pixels.chunks_exact((self.size * self.size * self.channels).max(1)).nth(at)
    }

    /// All of them on one sheet, row after row, `columns` beside each other: width and height in pixels,
    /// and the bytes. What is left over of the last row is black.
    pub fn sheet(&self, columns: usize) -> (usize, usize, Vec<u8>) {
        let columns = columns.max(1);
        let rows = self.len().div_ceil(columns).max(1);
        let (line, wide) = (self.size * self.channels, columns * self.size * self.channels);
        let mut out = vec![0; rows * self.size * wide];
        for (at, picture) in self.pixels.chunks_exact((self.size * line).max(1)).enumerate() {
            for (y, from) in picture.chunks_exact(line.max(1)).enumerate() {
                let start = (at / columns * self.size + y) * wide + at % columns * line;
                out[start..start + line].copy_from_slice(from);
            }
        }
        (columns * self.size, rows * self.size, out)
    }
}

/// What comes back of rows: the decoder's pictures of their means.
pub fn reconstruct(
    model: &Model,
    pack: &Pack,
    rows: &[u32],
    control: &Control,
) -> Result<Pictures, ScoreError> {
    let mut pictures = empty(model);
    for rows in rows.chunks(model.shape.piece(AT_ONCE)) {
        control.checkpoint()?;
        let batch = model.batch(&pack.gathered(rows)?, &pack.classes_of(rows));
        let means = model.encode(&batch).mean;
        pictures.pixels.extend(bytes(numbers_of(model.pictures(means, batch.classes.as_ref()))?));
    }
    Ok(pictures)
}

/// The pictures of latents, `latent` numbers each; of these classes, where the model has them.
pub fn decode(
    model: &Model,
    latents: &[f32],
    classes: &[u32],
    control: &Control,
) -> Result<Pictures, ScoreError> {
    let (latent, at_once) = (model.shape.latent, model.shape.piece(AT_ONCE));
    let mut pictures = empty(model);
    for (part, latents) in latents.chunks(at_once * latent).enumerate() {
        control.checkpoint()?;
        let samples = latents.len() / latent;
        let classes: Vec<u32> = classes.iter().copied().skip(part * at_once).take(samples).collect();
        let told = model.told(&classes, samples);
        let decoded = model.pictures(model.latents(latents.to_vec()), told.as_ref());
        pictures.pixels.extend(bytes(numbers_of(decoded)?));
        control.add(samples as u64);
    }
    Ok(pictures)
}

/// Latents from the prior, `latent` numbers of each of `count`: each follows from seed and place.
pub fn prior(latent: usize, count: usize, seed: u64) -> Vec<f32> {
    (0..count as u64).flat_map(|at| prior_at(latent, at, seed)).collect()
}

/// The latent at a place of [`prior`].
pub fn prior_at(latent: usize, at: u64, seed: u64) -> Vec<f32> {
    Stream::new(seed, at, Purpose::Prior).normal_vec(latent)
}

fn empty(model: &Model) -> Pictures {
    Pictures { size: model.shape.size, channels: model.shape.channels.count(), pixels: Vec::new() }
}

fn bytes(values: Vec<f32>) -> impl Iterator<Item = u8> {
    values.into_iter().map(|value| (value * 255.0).round().clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_lays_pictures_row_by_row() {
        let pixels = (0..3u8).flat_map(|at| vec![at + 1; 4 * 3]).collect();
        let pictures = Pictures { size: 2, channels: 3, pixels };
        assert_eq!(pictures.len(), 3);
        let (width, height, sheet) = pictures.sheet(2);
        assert_eq!((width, height), (4, 4));
        let at = |x: usize, y: usize| sheet[(y * 4 + x) * 3];
        assert_eq!([at(0, 0), at(3, 1), at(1, 3), at(3, 3)], [1, 2, 3, 0]);
    }
}
