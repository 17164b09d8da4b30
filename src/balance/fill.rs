//! The means that make a small class larger: how often each of its samples is there.

use super::{Purpose, Work, luck};

impl Work<'_> {
    /// How often each sample is there. Of a class of `n` that is to have `w` every sample is there ⌊w / n⌋ times, and
    /// as many as are left over once more, drawn by the seed. A sample with several labels is there as often as the
    /// class that needs it most asks.
    pub(super) fn filled(&self, seed: u64) -> Vec<u32> {
        let mut copies = self.once();
        for (slot, rows) in self.needy() {
            let count = rows.len() as u64;
            let (each, left) = (self.wanted[slot] / count, (self.wanted[slot] % count) as usize);
            let mut order: Vec<(u64, u32)> = rows
                .into_iter()
                .map(|row| (luck(seed, self.pool.keys[row as usize], Purpose::Repeat), row))
                .collect();
            order.sort_unstable();
            for (at, (_, row)) in order.into_iter().enumerate() {
                let wanted = u32::try_from(each + u64::from(at < left)).unwrap_or(u32::MAX);
                let copies = &mut copies[row as usize];
                *copies = wanted.max(*copies);
            }
        }
        copies
    }

    /// The classes that have too few samples and have any, with those samples.
    fn needy(&self) -> Vec<(usize, Vec<u32>)> {
        let needs = |slot: usize| self.counts[slot] > 0 && self.counts[slot] < self.wanted[slot];
        let slots: Vec<usize> = (0..self.counts.len()).filter(|slot| needs(*slot)).collect();
        let mut place_of = vec![usize::MAX; self.counts.len()];
        slots.iter().enumerate().for_each(|(place, slot)| place_of[*slot] = place);
        let mut needy: Vec<(usize, Vec<u32>)> = slots.into_iter().map(|slot| (slot, Vec::new())).collect();
        for row in (0..self.fates.len()).filter(|row| self.stays(*row)) {
            for slot in self.pool.slots(row) {
                if let Some((_, rows)) = needy.get_mut(place_of[slot]) {
                    rows.push(row as u32);
                }
            }
        }
        needy
    }
}
