//! What a plan says of the samples of an export.

use std::sync::Arc;

use super::Options;
use super::augmented::{Augmentation, Each};
use crate::augment::pipeline::Pipeline;
use crate::balance::{Fill, Means, Plan};
use crate::dataset::SampleId;

/// What a plan says of each sample, by row of the dataset. In a table these are the columns `repeat` and `weight`;
/// where images are written, a sample is there as often as it is to be repeated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planned {
    /// How often each sample is there, once or more often.
    pub repeats: Option<Arc<Vec<u32>>>,
    pub weights: Option<Arc<Vec<f64>>>,
}

impl Planned {
    /// What a plan by these means says.
    pub fn of(plan: &Plan, means: Means) -> Self {
        let weights = means.weights.map(|_| Arc::new(plan.weights.clone()));
        Self { repeats: Some(Arc::new(plan.copies.clone())), weights }
    }

    /// How often a sample is there.
    pub fn repeats(&self, sample: SampleId) -> u32 {
        let repeats = self.repeats.as_ref().and_then(|repeats| repeats.get(sample as usize));
        repeats.copied().unwrap_or(1)
    }

    /// What a sample weighs, where samples are weighed.
    pub fn weight(&self, sample: SampleId) -> Option<f64> {
        self.weights.as_ref()?.get(sample as usize).copied()
    }

    /// Whether one of these samples is there more than once.
    pub(super) fn repeats_any(&self, samples: &[SampleId]) -> bool {
        samples.iter().any(|sample| self.repeats(*sample) > 1)
    }
}

impl Options {
    /// The same for what stays of a plan ([`Plan::staying`]): with its repeats and weights, and where it asks for
    /// variants with those of this pipeline instead of repeats.
    pub fn by_plan(self, plan: &Plan, means: Means, pipeline: Option<Arc<Pipeline>>, seed: u64) -> Self {
        let planned = Planned::of(plan, means);
        let Some(pipeline) = pipeline.filter(|_| means.fill == Some(Fill::Variants)) else {
            return Self { planned, ..self };
        };
        let variants = plan.copies.iter().map(|copies| copies.saturating_sub(1)).collect();
        let variants = Each::By(Arc::new(variants));
        let augmentation = Augmentation { pipeline, seed, variants, with_originals: true, device: None };
        Self { planned: Planned { repeats: None, ..planned }, augmentation: Some(augmentation), ..self }
    }
}
