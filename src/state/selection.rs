//! Which of the shown rows are selected, and where the cursor stands.
//!
//! Positions count rows of the view; the set itself is of samples, so that it survives a change
//! of filter or order.

use crate::dataset::SampleId;

/// The selected samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// One bit per sample.
    bits: Vec<u64>,
    count: usize,
    /// The sample that keys move from and that the inspector shows.
    pub cursor: Option<SampleId>,
    /// Position in the view where a range started.
    pub anchor: Option<usize>,
}

/// What a click or a key does to the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectMode {
    /// Only this one.
    Replace,
    /// This one changes, the others stay (Ctrl).
    Toggle,
    /// Everything from the anchor to this one (Shift).
    Range,
    /// Everything from the anchor to this one as well (Ctrl+Shift).
    AddRange,
}

impl Selection {
    pub fn contains(&self, sample: SampleId) -> bool {
        let at = sample as usize;
        self.bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The selected samples in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = SampleId> + '_ {
        self.bits.iter().enumerate().flat_map(|(at, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                if word == 0 {
                    return None;
                }
                let bit = word.trailing_zeros();
                word &= word - 1;
                Some((at * 64) as SampleId + bit)
            })
        })
    }

    pub fn set(&mut self, sample: SampleId, on: bool) {
        let at = sample as usize;
        if self.bits.len() <= at / 64 {
            self.bits.resize(at / 64 + 1, 0);
        }
        let word = &mut self.bits[at / 64];
        let before = *word;
        *word = if on { before | 1 << (at % 64) } else { before & !(1 << (at % 64)) };
        self.count = self.count + word.count_ones() as usize - before.count_ones() as usize;
    }

    /// Selects nothing; the cursor stays.
    pub fn clear(&mut self) {
        self.bits.clear();
        self.count = 0;
    }

    /// Applies a click on the row at `position` of the view `rows`.
    pub fn click(&mut self, rows: &[SampleId], position: usize, mode: SelectMode) {
        let Some(sample) = rows.get(position).copied() else { return };
        let anchor = self.anchor.unwrap_or(position).min(rows.len() - 1);
        match mode {
            SelectMode::Replace => {
                self.clear();
                self.set(sample, true);
                self.anchor = Some(position);
            }
            SelectMode::Toggle => {
                self.set(sample, !self.contains(sample));
                self.anchor = Some(position);
            }
            SelectMode::Range | SelectMode::AddRange => {
                if mode == SelectMode::Range {
                    self.clear();
                }
                for row in &rows[anchor.min(position)..=anchor.max(position)] {
                    self.set(*row, true);
                }
                self.anchor = Some(anchor);
            }
        }
        self.cursor = Some(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clicks: &[(usize, SelectMode)], expected: &[SampleId]) {
        let rows = [30, 10, 20, 70, 64, 5];
        let mut selection = Selection::default();
        for (position, mode) in clicks {
            selection.click(&rows, *position, *mode);
        }
        assert_eq!(selection.iter().collect::<Vec<_>>(), expected, "{clicks:?}");
        assert_eq!(selection.len(), expected.len(), "{clicks:?}");
    }

    #[test]
    fn clicks_select_as_in_a_file_manager() {
        use SelectMode::{AddRange, Range, Replace, Toggle};
        check(&[(1, Replace)], &[10]);
        check(&[(1, Replace), (3, Range)], &[10, 20, 70]);
        check(&[(3, Replace), (1, Range)], &[10, 20, 70]);
        check(&[(3, Replace), (1, Range), (4, Range)], &[64, 70]);
        check(&[(1, Replace), (3, Toggle)], &[10, 70]);
        check(&[(1, Replace), (3, Toggle), (3, Toggle)], &[10]);
        check(&[(0, Replace), (3, Toggle), (5, AddRange)], &[5, 30, 64, 70]);
        check(&[(9, Replace)], &[]);
    }
}
