//! How many samples there are of each kind, and how large they are.
//!
//! It refuses to know why these rows and not others.

use rayon::prelude::*;

use super::bitmask::{BLOCK, Bitmask, bits};
use super::snapshot::Snapshot;
use crate::dataset::edit::Mark;
use crate::dataset::{Flag, ImageFormat, IssueKind, SampleId, Verdict};

/// How many of some samples there are of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub samples: u32,
    /// Samples that have each class, by class id: a sample with two classes counts for both.
    pub classes: Vec<u32>,
    pub unlabelled: u32,
    /// By split id.
    pub splits: Vec<u32>,
    pub no_split: u32,
    /// By format code; the first are those not measured, or no image.
    pub formats: [u32; ImageFormat::ALL.len()],
    /// Samples that have each issue, in the order of [`IssueKind::ALL`].
    pub issues: [u32; IssueKind::ALL.len()],
    /// Samples that have any issue.
    pub with_issue: u32,
    /// In the order of [`Mark::ALL`].
    pub marks: [u32; Mark::ALL.len()],
    /// Samples that have each flag, in the order of [`Flag::ALL`].
    pub flags: [u32; Flag::ALL.len()],
    /// Samples that have any flag.
    pub flagged: u32,
    pub kept: u32,
    pub pruned: u32,
    /// Bytes of the pruned ones.
    pub pruned_bytes: u64,
    /// Samples that have a box.
    pub boxed: u32,
    pub unmeasured: u32,
    /// Size of the encoded samples together.
    pub bytes: u64,
}

/// Counts the rows named; those out of range are left out.
pub fn counts(snapshot: &Snapshot, rows: &[SampleId]) -> Counts {
    counts_of(snapshot, &Bitmask::from_rows(snapshot.len(), rows))
}

/// Counts the rows of a mask.
pub fn counts_of(snapshot: &Snapshot, mask: &Bitmask) -> Counts {
    // As many parts as threads, since each holds a count per label set.
    let blocks = snapshot.len().div_ceil(BLOCK);
    let part = blocks.div_ceil(rayon::current_num_threads()).max(1);
    let tallies: Vec<Tally> = (0..blocks.div_ceil(part))
        .into_par_iter()
        .map(|at| {
            let mut tally = Tally::new(snapshot);
            for block in at * part..blocks.min((at + 1) * part) {
                tally.add_block(snapshot, mask, block);
            }
            tally
        })
        .collect();
    let mut total = Tally::new(snapshot);
    for tally in tallies {
        total.add(&tally);
    }
    total.finish(snapshot)
}

/// Counts while they are taken: per label set instead of per class.
struct Tally {
    sets: Vec<u32>,
    /// One more than there are splits: the last is for none.
    splits: Vec<u32>,
    rest: Counts,
}

impl Tally {
    fn new(snapshot: &Snapshot) -> Self {
        Self {
            sets: vec![0; snapshot.labels().sets.len()],
            splits: vec![0; snapshot.dataset.split_names.len() + 1],
            rest: Counts::default(),
        }
    }

    fn add_block(&mut self, snapshot: &Snapshot, mask: &Bitmask, block: usize) {
        let (dataset, chunk) = (&*snapshot.dataset, &*snapshot.facts.chunks()[block]);
        let first = block * BLOCK;
        let rows = first..mask.len().min(first + BLOCK);
        let (sets, splits) = (&snapshot.labels().of[rows.clone()], &dataset.splits[rows.clone()]);
        let (bytes, marks) = (&dataset.bytes[rows.clone()], &snapshot.marks[rows.clone()]);
        let listed = &snapshot.listed_issues()[rows];
        let (counts, no_split) = (&mut self.rest, self.splits.len() - 1);
        let has_boxes = !snapshot.boxes().is_empty();
        let mut add = |row: usize| {
            counts.samples += 1;
            self.sets[sets[row] as usize] += 1;
            // NO_SPLIT is above every split's id.
            self.splits[(splits[row] as usize).min(no_split)] += 1;
            counts.formats[chunk.format[row] as usize] += 1;
            counts.bytes += bytes[row];
            counts.unmeasured += u32::from(!chunk.measured[row]);
            if has_boxes {
                counts.boxed += u32::from(!snapshot.boxes().get((first + row) as SampleId).is_empty());
            }
            let issues = chunk.issues[row] | listed[row];
            if issues != 0 {
                counts.with_issue += 1;
                bits(issues.into()).for_each(|bit| add_one(&mut counts.issues, bit));
            }
            let flags = snapshot.findings.flags((first + row) as SampleId);
            if flags != 0 {
                counts.flagged += 1;
                bits(flags.into()).for_each(|bit| add_one(&mut counts.flags, bit));
            }
            match snapshot.decision((first + row) as SampleId).verdict {
                Verdict::Undecided => {}
                Verdict::Keep => counts.kept += 1,
                Verdict::Prune => {
                    counts.pruned += 1;
                    counts.pruned_bytes += bytes[row];
                }
            }
            if marks[row] != 0 {
                bits(marks[row].into()).for_each(|bit| add_one(&mut counts.marks, bit));
            }
        };
        for (at, word) in mask.words()[first / 64..].iter().take(BLOCK / 64).enumerate() {
            match *word {
                u64::MAX => (at * 64..at * 64 + 64).for_each(&mut add),
                word => bits(word).for_each(|bit| add(at * 64 + bit as usize)),
            }
        }
    }

    fn add(&mut self, other: &Self) {
        let (counts, others) = (&mut self.rest, &other.rest);
        sum(&mut self.sets, &other.sets);
        sum(&mut self.splits, &other.splits);
        sum(&mut counts.formats, &others.formats);
        sum(&mut counts.issues, &others.issues);
        sum(&mut counts.marks, &others.marks);
        sum(&mut counts.flags, &others.flags);
        counts.flagged += others.flagged;
        counts.kept += others.kept;
        counts.pruned += others.pruned;
        counts.pruned_bytes += others.pruned_bytes;
        counts.samples += others.samples;
        counts.with_issue += others.with_issue;
        counts.boxed += others.boxed;
        counts.unmeasured += others.unmeasured;
        counts.bytes += others.bytes;
    }

    fn finish(mut self, snapshot: &Snapshot) -> Counts {
        let labels = &**snapshot.labels();
        let mut classes = vec![0; labels.classes.len()];
        let mut unlabelled = 0;
        for (set, count) in labels.sets.iter().zip(&self.sets) {
            for class in set {
                classes[*class as usize] += count;
            }
            unlabelled += if set.is_empty() { *count } else { 0 };
        }
        let no_split = self.splits.pop().unwrap_or(0);
        Counts { classes, unlabelled, splits: self.splits, no_split, ..self.rest }
    }
}

/// Counts one more at that index; bits that stand for nothing are left out.
fn add_one(counts: &mut [u32], at: u32) {
    if let Some(count) = counts.get_mut(at as usize) {
        *count += 1;
    }
}

fn sum(into: &mut [u32], from: &[u32]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into += from;
    }
}

/// The size of some samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub samples: u64,
    /// Size of the encoded samples together.
    pub bytes: u64,
    /// In pixels; `None` when no sample's size is known.
    pub width: Option<Spread>,
    pub height: Option<Spread>,
}

/// The least, the middle and the greatest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub min: u32,
    /// Of an even number of numbers, the mean of the middle two.
    pub median: f64,
    pub max: u32,
}

impl Spread {
    /// The spread of numbers in any order; `None` when there are none.
    pub fn of(mut numbers: Vec<u32>) -> Option<Self> {
        let (min, max) = (*numbers.iter().min()?, *numbers.iter().max()?);
        let even = numbers.len().is_multiple_of(2);
        let middle = numbers.len() / 2;
        let (below, upper, _) = numbers.select_nth_unstable(middle);
        let upper = f64::from(*upper);
        let lower = below.iter().max().filter(|_| even).map_or(upper, |lower| f64::from(*lower));
        Some(Self { min, median: (lower + upper) / 2.0, max })
    }
}

/// The size of the rows named; those out of range are left out.
pub fn summary(snapshot: &Snapshot, rows: &[SampleId]) -> Summary {
    let rows = rows.iter().copied().filter(|row| (*row as usize) < snapshot.len());
    let (mut widths, mut heights) = (Vec::new(), Vec::new());
    let (mut samples, mut bytes) = (0, 0);
    let chunks = snapshot.facts.chunks();
    for row in rows {
        let at = row as usize;
        let chunk = &chunks[at / BLOCK];
        samples += 1;
        bytes += snapshot.dataset.bytes[at];
        let (width, height) = (chunk.width[at % BLOCK], chunk.height[at % BLOCK]);
        if width != 0 && height != 0 {
            widths.push(width);
            heights.push(height);
        }
    }
    Summary { samples, bytes, width: Spread::of(widths), height: Spread::of(heights) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between() {
        for (numbers, expected) in [
            (vec![], None),
            (vec![5], Some((5, 5.0, 5))),
            (vec![4, 1], Some((1, 2.5, 4))),
            (vec![9, 1, 3], Some((1, 3.0, 9))),
            (vec![7, 7, 1, 2], Some((1, 4.5, 7))),
        ] {
            let spread = Spread::of(numbers).map(|spread| (spread.min, spread.median, spread.max));
            assert_eq!(spread, expected);
        }
    }
}
