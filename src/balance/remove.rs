//! The means that make a large class smaller: near-copies first, then chance.

use super::redundancy::{NO_KIND, redundant};
use super::{Fate, Purpose, Work, luck};
use crate::dataset::SampleId;
use crate::jobs::{Cancelled, Control};

/// Samples that are looked at between two questions whether to go on.
const STEP: usize = 4096;

impl Work<'_> {
    /// Lets samples go that have a near-copy of the same labels in the same part, nearest first, while each of their
    /// classes has too many.
    pub(super) fn prune(&mut self) {
        let pool = self.pool;
        let sets = pool.labels.sets.len() as u64;
        let kind = |sample: SampleId| match pool.part(sample as usize) {
            Some(part) => part as u64 * sets + u64::from(pool.labels.of[sample as usize]),
            None => NO_KIND,
        };
        let rank = |sample: SampleId| pool.rank.get(sample as usize).copied().unwrap_or(u32::MAX);
        let is_better = |one: SampleId, two: SampleId| (rank(one), one) < (rank(two), two);
        for one in redundant(pool.edges, kind, is_better, |sample| self.is_fixed(sample as usize)) {
            let fate = Fate::Pruned { kept: Some(one.kept), distance: one.distance };
            self.drop_one(one.sample as usize, fate);
        }
    }

    /// Lets samples go in an order that the seed tells, while each of their classes has too many. One that stays when
    /// its turn comes could not go later either, since classes only shrink.
    pub(super) fn undersample(&mut self, seed: u64) {
        let can_go = |row: &usize| self.can_go(*row);
        let rows: Vec<usize> = (0..self.fates.len()).filter(can_go).collect();
        let number = |row: usize| (luck(seed, self.pool.keys[row], Purpose::Undersample), row);
        let mut order: Vec<(u64, usize)> = rows.into_iter().map(number).collect();
        order.sort_unstable();
        order.into_iter().for_each(|(_, row)| self.drop_one(row, Fate::Undersampled));
    }

    /// Says of each pruned sample which near-copy stays for it in the end.
    pub(super) fn settle_kept(&mut self, control: &Control) -> Result<(), Cancelled> {
        let mut way = Vec::new();
        for row in 0..self.fates.len() {
            if row % STEP == 0 {
                control.checkpoint()?;
            }
            let mut end = Some(row as SampleId);
            while let Some(Fate::Pruned { kept, .. }) = end.map(|sample| self.fates[sample as usize]) {
                way.extend(end);
                end = kept;
            }
            let stays = end.filter(|sample| self.stays(*sample as usize));
            // All on the way have the same: a long way is gone once.
            for sample in way.drain(..) {
                if let Fate::Pruned { kept, .. } = &mut self.fates[sample as usize] {
                    *kept = stays;
                }
            }
        }
        Ok(())
    }

    fn is_fixed(&self, row: usize) -> bool {
        self.pool.is_fixed.get(row).copied().unwrap_or(false)
    }

    /// Whether every class of a sample has more than it is to have.
    fn can_go(&self, row: usize) -> bool {
        let mut slots = self.pool.slots(row).peekable();
        let is_labelled = slots.peek().is_some();
        is_labelled
            && self.stays(row)
            && !self.is_fixed(row)
            && slots.all(|slot| self.counts[slot] > self.wanted[slot])
    }

    fn drop_one(&mut self, row: usize, fate: Fate) {
        if self.can_go(row) {
            self.pool.slots(row).for_each(|slot| self.counts[slot] -= 1);
            self.fates[row] = fate;
        }
    }
}
