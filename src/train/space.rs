//! Where samples lie in a trained model's latent space, with what follows from all of them together.
//!
//! This file refuses to know models and files.

use std::sync::Arc;

use super::latent::{Aggregate, Mixture, Pca, Rows, nearest};
use crate::dataset::SampleId;
use crate::jobs::{Cancelled, Control};

/// Principal axes that are worked out at most.
const AXES: usize = 32;
/// Stands for a sample that is not among those encoded.
const NOT_HERE: u32 = u32::MAX;

/// The samples in the latent space.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    pub samples: Vec<SampleId>,
    row_of: Vec<u32>,
    latent: usize,
    /// μ of each sample: `samples × latent`.
    means: Vec<f32>,
    pub pca: Arc<Pca>,
    /// How all together lie beside the prior.
    pub aggregate: Aggregate,
    /// The same as a mixture, to draw from.
    pub mixture: Mixture,
}

impl Space {
    /// Of samples' μ and ln σ², `samples × latent` each, and the mixture that fits them, in a dataset of so
    /// many `rows`. `None` where there is no sample, or the numbers are none.
    pub fn new(
        samples: Vec<SampleId>,
        rows: usize,
        means: Vec<f32>,
        log_variances: &[f32],
        mixture: Mixture,
        control: &Control,
    ) -> Result<Option<Self>, Cancelled> {
        let latent = mixture.latent();
        let latents = Rows::new(&means, latent).filter(|latents| latents.len() == samples.len());
        let (Some(latents), Some(logs)) = (latents, Rows::new(log_variances, latent)) else {
            return Ok(None);
        };
        let (pca, aggregate) = (Pca::of(latents, AXES, control)?, Aggregate::of(latents, logs, control)?);
        let (Some(pca), Some(aggregate)) = (pca, aggregate) else { return Ok(None) };
        let mut row_of = vec![NOT_HERE; rows];
        for (row, sample) in samples.iter().enumerate() {
            if let Some(place) = row_of.get_mut(*sample as usize) {
                *place = row as u32;
            }
        }
        Ok(Some(Self { samples, row_of, latent, means, pca: pca.into(), aggregate, mixture }))
    }

    /// The latents of all samples. `None` where a latent has no number, which no model's has.
    pub fn latents(&self) -> Option<Rows<'_>> {
        Rows::new(&self.means, self.latent)
    }

    /// The row of a sample, where it was encoded.
    pub fn row_of(&self, sample: SampleId) -> Option<usize> {
        self.row_of.get(sample as usize).filter(|row| **row != NOT_HERE).map(|row| *row as usize)
    }

    /// μ of a sample, `latent` numbers, where it was encoded.
    pub fn mean(&self, sample: SampleId) -> Option<&[f32]> {
        self.means.get(self.row_of(sample)? * self.latent..)?.get(..self.latent)
    }

    /// The samples nearest to a latent, with their Euclidean distances, nearest first.
    pub fn near(&self, latent: &[f32], count: usize) -> Vec<(SampleId, f32)> {
        let Some(rows) = self.latents() else { return Vec::new() };
        nearest(rows, latent, count).into_iter().map(|(row, apart)| (self.samples[row], apart)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_found_by_place_and_place_by_sample() {
        let means = vec![0.0, 0.0, 3.0, 0.0, 0.0, 1.0];
        let rows = Rows::new(&means, 2).unwrap();
        let mixture = Mixture::fit(rows, 1, 1, &Control::new()).unwrap().unwrap();
        let new = |samples: Vec<SampleId>| {
            Space::new(samples, 9, means.clone(), &[0.0; 6], mixture.clone(), &Control::new()).unwrap()
        };
        let space = new(vec![4, 1, 7]).unwrap();
        assert_eq!(space.row_of(7), Some(2));
        assert_eq!([space.row_of(0), space.row_of(8), space.row_of(99)], [None; 3]);
        assert_eq!(space.mean(1), Some(&[3.0, 0.0][..]));
        assert_eq!(space.near(&[0.0, 0.9], 2).iter().map(|near| near.0).collect::<Vec<_>>(), [7, 4]);
        assert_eq!(space.pca.count(), 2);
        assert!(new(vec![1]).is_none(), "as many samples as latents");
    }
}
