//! Sets of samples as runs of rows.

use serde::{Deserialize, Serialize};

use crate::dataset::SampleId;
use crate::dataset::query::Bitmask;

/// A set of samples as sorted, disjoint, non-touching runs of row numbers.
///
/// Written as its runs, `[[first, count], …]`; runs that break the rule are refused when read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(SampleId, u32)>", into = "Vec<(SampleId, u32)>")]
pub struct SampleSet {
    /// First row and number of rows of each run.
    runs: Vec<(SampleId, u32)>,
    /// The number of rows: it is asked for in each frame, and there may be half a million runs.
    len: usize,
}

impl SampleSet {
    /// The set of these rows, in any order, repeats allowed.
    pub fn from_rows(rows: impl IntoIterator<Item = SampleId>) -> Self {
        let mut rows: Vec<SampleId> = rows.into_iter().collect();
        rows.sort_unstable();
        rows.dedup();
        Self::from_ascending(rows)
    }

    /// The rows of a mask.
    pub fn from_mask(mask: &Bitmask) -> Self {
        Self::of_runs(mask.runs().collect())
    }

    /// The set of rows that come in ascending order, without repeats.
    pub(super) fn from_ascending(rows: impl IntoIterator<Item = SampleId>) -> Self {
        let mut runs: Vec<(SampleId, u32)> = Vec::new();
        for row in rows {
            match runs.last_mut() {
                Some((start, count)) if *start + *count == row => *count += 1,
                _ => runs.push((row, 1)),
            }
        }
        Self::of_runs(runs)
    }

    /// Takes runs that keep the rule.
    fn of_runs(runs: Vec<(SampleId, u32)>) -> Self {
        let len = runs.iter().map(|(_, count)| *count as usize).sum();
        Self { runs, len }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Bytes of memory that the runs take.
    pub(super) fn bytes(&self) -> usize {
        self.runs.len() * size_of::<(SampleId, u32)>()
    }

    /// First row and number of rows of each run.
    pub fn runs(&self) -> impl Iterator<Item = (SampleId, u32)> + '_ {
        self.runs.iter().copied()
    }

    /// The rows in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = SampleId> + '_ {
        self.runs.iter().flat_map(|(start, count)| *start..start + count)
    }

    /// Those of the rows whose byte in `marks` has the bit set, or not. Rows beyond are left out.
    pub(super) fn with_bit(&self, marks: &[u8], bit: u8, on: bool) -> Self {
        /// Bytes that are looked at together: mostly all of them have the bit, or none has.
        const BLOCK: usize = 64;
        let has = |marks: &u8| (marks & bit != 0) == on;
        let mut runs: Vec<(SampleId, u32)> = Vec::new();
        let mut push = |start: usize, count: usize| match runs.last_mut() {
            Some((first, before)) if *first as usize + *before as usize == start => *before += count as u32,
            _ => runs.push((start as SampleId, count as u32)),
        };
        for (start, count) in &self.runs {
            let start = (*start as usize).min(marks.len());
            let end = (start + *count as usize).min(marks.len());
            for (block, marks) in marks[start..end].chunks(BLOCK).enumerate() {
                let at = start + block * BLOCK;
                match marks.iter().filter(|marks| has(marks)).count() {
                    0 => {}
                    all if all == marks.len() => push(at, all),
                    _ => {
                        let rows = marks.iter().enumerate().filter(|(_, marks)| has(marks));
                        rows.for_each(|(row, _)| push(at + row, 1));
                    }
                }
            }
        }
        Self::of_runs(runs)
    }

    /// The row after the last one; 0 for the empty set.
    pub fn end(&self) -> usize {
        self.runs.last().map_or(0, |(start, count)| *start as usize + *count as usize)
    }
}

impl TryFrom<Vec<(SampleId, u32)>> for SampleSet {
    type Error = &'static str;

    fn try_from(runs: Vec<(SampleId, u32)>) -> Result<Self, Self::Error> {
        let mut free_from = 0;
        for (start, count) in &runs {
            let end = start.checked_add(*count).ok_or("a run of samples ends beyond the last row number")?;
            if *count == 0 || *start < free_from {
                return Err("the runs of samples are not sorted and apart");
            }
            free_from = end.saturating_add(1);
        }
        Ok(Self::of_runs(runs))
    }
}

impl From<SampleSet> for Vec<(SampleId, u32)> {
    fn from(set: SampleSet) -> Self {
        set.runs
    }
}
