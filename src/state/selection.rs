//! Which samples are selected, and where the cursor stands.
//!
//! Positions count rows of the view; the set itself, the cursor and the anchor are samples, so that
//! they survive a change of filter or order.

use crate::dataset::SampleId;
use crate::dataset::query::{Bitmask, Rows};

/// The selected samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    mask: Bitmask,
    count: usize,
    /// The sample that keys move from and that the inspector shows.
    pub cursor: Option<SampleId>,
    /// Where the cursor stood in the view when it was last among its rows.
    pub position: Option<usize>,
    /// The sample that a range starts from.
    anchor: Option<SampleId>,
    /// The range or the drag that is being drawn; forgotten with any other gesture.
    drawn: Option<Drawn>,
}

/// A selection that follows the pointer or the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Drawn {
    /// What was selected before, and stays so.
    base: Bitmask,
    /// Positions of the range's start and of its moving end.
    range: Option<(usize, usize)>,
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
    /// Nothing selected, of a dataset of `samples` rows.
    pub fn new(samples: usize) -> Self {
        Self { mask: Bitmask::empty(samples), ..Self::default() }
    }

    pub fn contains(&self, sample: SampleId) -> bool {
        self.mask.contains(sample as usize)
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The selected samples, one bit each.
    pub fn mask(&self) -> &Bitmask {
        &self.mask
    }

    /// The selected samples in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = SampleId> + '_ {
        self.mask.iter()
    }

    pub fn set(&mut self, sample: SampleId, on: bool) {
        self.drawn = None;
        self.put(sample, on);
    }

    /// Selects nothing; the cursor stays.
    pub fn clear(&mut self) {
        self.replace(Bitmask::empty(self.mask.len()));
    }

    /// Selects exactly these; the cursor stays.
    pub fn replace(&mut self, mask: Bitmask) {
        self.drawn = None;
        self.take(mask);
    }

    /// Selects these as well.
    pub fn add(&mut self, mask: &Bitmask) {
        let mut all = self.mask.clone();
        all.unite(mask);
        self.replace(all);
    }

    /// Of these, selects what is not selected and the other way round; the rest stays.
    pub fn invert(&mut self, within: &Bitmask) {
        let mut others = within.clone();
        others.subtract(&self.mask);
        let mut rest = self.mask.clone();
        rest.subtract(within);
        rest.unite(&others);
        self.replace(rest);
    }

    /// The dataset has `present` rows now: what is selected or at the cursor is among them.
    pub fn keep_to(&mut self, present: &Bitmask) {
        let mut mask = std::mem::take(&mut self.mask);
        mask.resize(present.len());
        mask.intersect(present);
        self.replace(mask);
        let is_there = |sample: &SampleId| present.contains(*sample as usize);
        self.cursor = self.cursor.filter(is_there);
        self.anchor = self.anchor.filter(is_there);
    }

    /// The view has other rows now: the cursor stands somewhere else in it.
    pub fn rows_changed(&mut self, rows: &Rows) {
        self.drawn = None;
        let position = self.cursor.and_then(|cursor| rows.position_of(cursor));
        self.position = position.or(self.position);
    }

    /// Applies a click on the row at `position` of the view, which becomes the cursor.
    pub fn click(&mut self, rows: &Rows, position: usize, mode: SelectMode) {
        let Some(sample) = rows.get(position).copied() else { return };
        match mode {
            SelectMode::Replace => {
                self.clear();
                self.set(sample, true);
                self.anchor = Some(sample);
            }
            SelectMode::Toggle => {
                self.set(sample, !self.contains(sample));
                self.anchor = Some(sample);
            }
            SelectMode::Range => self.draw_range(rows, position, Bitmask::empty(self.mask.len())),
            SelectMode::AddRange => {
                let base = match &self.drawn {
                    Some(Drawn { base, range: Some(_) }) => base.clone(),
                    _ => self.mask.clone(),
                };
                self.draw_range(rows, position, base);
            }
        }
        self.move_to(sample, position);
    }

    /// Applies a click to samples of another list than the view: they are the range, or the one that was
    /// clicked. The last of them becomes the cursor.
    pub fn choose(&mut self, samples: &[SampleId], mode: SelectMode) {
        let Some(last) = samples.last().copied() else { return };
        let these = Bitmask::from_rows(self.mask.len(), samples);
        match mode {
            SelectMode::Replace | SelectMode::Range => self.replace(these),
            SelectMode::Toggle => self.invert(&these),
            SelectMode::AddRange => self.add(&these),
        }
        self.cursor = Some(last);
        if matches!(mode, SelectMode::Replace | SelectMode::Toggle) {
            self.anchor = Some(last);
        }
    }

    /// Selects the rows at these positions, which a drag covers. With `keep`, what was selected
    /// when the drag began stays; `begins` says that it begins.
    pub fn sweep(&mut self, rows: &Rows, positions: &[usize], keep: Keep, begins: bool) {
        let drawn = self.drawn.take().filter(|_| !begins);
        let base = match (drawn, keep) {
            (Some(drawn), _) => drawn.base,
            (None, Keep::Before) => self.mask.clone(),
            (None, Keep::Nothing) => Bitmask::empty(self.mask.len()),
        };
        let mut mask = base.clone();
        for sample in positions.iter().filter_map(|position| rows.get(*position)) {
            mask.set(*sample as usize, true);
        }
        self.take(mask);
        self.drawn = Some(Drawn { base, range: None });
        if let Some((position, sample)) =
            positions.last().and_then(|position| Some((*position, *rows.get(*position)?)))
        {
            self.anchor = Some(sample);
            self.move_to(sample, position);
        }
    }

    /// Puts the cursor on a sample without selecting it.
    pub fn move_to(&mut self, sample: SampleId, position: usize) {
        self.cursor = Some(sample);
        self.position = Some(position);
    }

    /// Selects from the anchor to `position`. Where the range goes on from an earlier one, only
    /// what it gained and lost is touched.
    fn draw_range(&mut self, rows: &Rows, position: usize, base: Bitmask) {
        let start = self.anchor.and_then(|anchor| rows.position_of(anchor)).unwrap_or(position);
        let went_to = match &self.drawn {
            Some(Drawn { base: before, range: Some((from, to)) }) if *from == start && *before == base => *to,
            _ => {
                self.take(base.clone());
                self.put(rows[start], true);
                self.anchor = Some(rows[start]);
                start
            }
        };
        let (old, new) = (span(start, went_to), span(start, position));
        for lost in without(&old, &new) {
            for sample in rows.get(lost).unwrap_or_default() {
                self.mask.set(*sample as usize, base.contains(*sample as usize));
            }
        }
        for gained in without(&new, &old) {
            for sample in rows.get(gained).unwrap_or_default() {
                self.mask.set(*sample as usize, true);
            }
        }
        // Counted at once: a range may have grown by a million.
        self.count = self.mask.count();
        self.drawn = Some(Drawn { base, range: Some((start, position)) });
    }

    fn put(&mut self, sample: SampleId, on: bool) {
        if self.mask.set(sample as usize, on) {
            self.count = if on { self.count + 1 } else { self.count - 1 };
        }
    }

    fn take(&mut self, mask: Bitmask) {
        self.count = mask.count();
        self.mask = mask;
    }
}

/// What a drag leaves of the selection before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Nothing,
    Before,
}

/// The positions between two, both included.
fn span(one: usize, other: usize) -> std::ops::Range<usize> {
    one.min(other)..one.max(other) + 1
}

/// What is in the first span and not in the second: a part before it and one after it.
fn without(span: &std::ops::Range<usize>, other: &std::ops::Range<usize>) -> [std::ops::Range<usize>; 2] {
    [span.start..span.end.min(other.start), span.start.max(other.end)..span.end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> (Rows, Selection) {
        (Rows::from_order(vec![30, 10, 20, 70, 64, 5], 71), Selection::new(71))
    }

    fn check(clicks: &[(usize, SelectMode)], expected: &[SampleId]) {
        let (rows, mut selection) = view();
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
        check(&[(1, Replace), (4, Range), (2, Range)], &[10, 20]);
        check(&[(1, Replace), (3, Toggle)], &[10, 70]);
        check(&[(1, Replace), (3, Toggle), (3, Toggle)], &[10]);
        check(&[(0, Replace), (3, Toggle), (5, AddRange)], &[5, 30, 64, 70]);
        check(&[(0, Replace), (3, Toggle), (5, AddRange), (4, AddRange)], &[30, 64, 70]);
        check(&[(0, Replace), (3, Toggle), (5, AddRange), (1, AddRange)], &[10, 20, 30, 70]);
        check(&[(4, Range)], &[64]);
        check(&[(9, Replace)], &[]);
    }

    #[test]
    fn a_drag_that_shrinks_gives_back_what_it_took() {
        for (keep, expected) in [(Keep::Before, vec![5, 10, 30]), (Keep::Nothing, vec![10, 30])] {
            let (rows, mut selection) = view();
            selection.click(&rows, 5, SelectMode::Replace);
            selection.sweep(&rows, &[0], keep, true);
            selection.sweep(&rows, &[0, 1, 2, 3], keep, false);
            selection.sweep(&rows, &[0, 1], keep, false);
            assert_eq!(selection.iter().collect::<Vec<_>>(), expected, "{keep:?}");
        }
    }

    #[test]
    fn a_range_starts_from_its_sample_wherever_that_stands_now() {
        let (rows, mut selection) = view();
        selection.click(&rows, 3, SelectMode::Replace);
        let reversed = Rows::from_order(rows.iter().rev().copied().collect(), 71);
        selection.rows_changed(&reversed);
        selection.click(&reversed, 0, SelectMode::Range);
        assert_eq!(selection.iter().collect::<Vec<_>>(), [5, 64, 70]);
        let without_it = Rows::from_order(vec![30, 10], 71);
        selection.rows_changed(&without_it);
        selection.click(&without_it, 1, SelectMode::Range);
        assert_eq!(selection.iter().collect::<Vec<_>>(), [10], "there is nothing to start from");
    }

    #[test]
    fn sets_are_joined_and_turned_round() {
        let (rows, mut selection) = view();
        selection.click(&rows, 0, SelectMode::Replace);
        selection.add(&Bitmask::from_rows(71, &[1, 2]));
        selection.invert(rows.mask());
        assert_eq!(selection.iter().collect::<Vec<_>>(), [1, 2, 5, 10, 20, 64, 70]);
        selection.keep_to(&Bitmask::from_rows(40, &[2, 5, 6]));
        assert_eq!(selection.iter().collect::<Vec<_>>(), [2, 5]);
        assert_eq!((selection.len(), selection.cursor), (2, None));
    }
}
