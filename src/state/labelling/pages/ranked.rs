//! Proposals in the order in which they are confirmed.

use std::sync::Arc;

use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;
use crate::state::labelling::{Proposals, is_unlabelled};

/// Proposals for samples that have no label, class by class, of each the surest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    proposals: Arc<Proposals>,
    order: Vec<SampleId>,
    /// Where each class starts in `order`, and the end.
    starts: Vec<usize>,
}

impl Ranked {
    /// Puts proposals in order. Takes time in proportion to the rows, and to the proposals times their logarithm.
    pub fn new(snapshot: &Snapshot, proposals: &Arc<Proposals>) -> Self {
        let present = snapshot.derived().present();
        let classes = proposals.identities.len();
        let mut order: Vec<SampleId> = present
            .iter()
            .filter(|row| proposals.of(*row).is_some() && is_unlabelled(snapshot, *row))
            .collect();
        let class = |row: SampleId| proposals.classes[row as usize] as usize;
        let sureness = |row: SampleId| proposals.confidences.get(row as usize).copied().unwrap_or(0.0);
        order.sort_unstable_by(|one, two| {
            let by_class = class(*one).cmp(&class(*two));
            by_class.then_with(|| sureness(*two).total_cmp(&sureness(*one))).then(one.cmp(two))
        });
        let starts = (0..=classes).map(|at| order.partition_point(|row| class(*row) < at)).collect();
        Self { proposals: proposals.clone(), order, starts }
    }

    /// The identities of the classes, as they were called when the model learnt them.
    pub fn identities(&self) -> &[String] {
        &self.proposals.identities
    }

    /// The samples proposed for a class, the surest first.
    pub fn of_class(&self, class: usize) -> &[SampleId] {
        let (from, to) = (self.starts.get(class), self.starts.get(class + 1));
        from.zip(to).and_then(|(from, to)| self.order.get(*from..*to)).unwrap_or_default()
    }

    pub(super) fn confidence(&self, sample: SampleId) -> f32 {
        self.proposals.confidences.get(sample as usize).copied().unwrap_or(0.0)
    }
    pub(super) fn doubt(&self, confidence: f32) -> f64 {
        self.proposals.doubt(confidence)
    }
}
