//! The comparisons: many at once, shared by all threads, and no more than the tally has room for.

use std::ops::Range;

use rayon::prelude::*;

use super::instructions::Instructions;
use super::pieces::{Cut, Sorted};
use super::tally::Tally;
use super::{Join, Pair, distance_of};
use crate::jobs::{Cancelled, Control};

/// Hashes that a thread takes at once, of one bucket or of many.
const SLICE: usize = 256;
/// Slices between two moments in which a paused job may wait.
const PIECE: usize = 256;
/// Hashes that these are compared with before the next: as many as the nearest cache holds.
const BLOCK: usize = 2048;
/// Hashes compared before a look at whether any is close.
const LANES: usize = 16;
/// Comparisons before a look at whether the work was cancelled.
const STRIDE: usize = 1 << 20;
/// Pairs that a thread keeps to itself before they are counted.
const HELD: usize = 4096;

/// Every pair within a radius, or within the largest that leaves at most so many: each two of the one
/// list, or where there is another list, one of each (see [`super::join_with`]).
///
/// Beside the hashes twice over it takes some 40 bytes for each of the `most` pairs.
pub fn pairs_within<const W: usize>(
    one: &[[u64; W]],
    two: Option<&[[u64; W]]>,
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Join, Cancelled> {
    let radius = radius.min(64 * W as u32);
    let cut = Cut::best(one, two.map_or(one.len(), <[_]>::len), radius);
    pairs_by(&cut, one, two, radius, most, control)
}

/// The same, by a cut of the hashes that the answer does not depend on.
pub fn pairs_by<const W: usize>(
    cut: &Cut<W>,
    one: &[[u64; W]],
    two: Option<&[[u64; W]]>,
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Join, Cancelled> {
    // Within a small radius two hashes are equal in one of the first pieces.
    let pieces = cut.len().min(radius as usize + 1);
    let slices = one.len().div_ceil(SLICE);
    control.begin("Comparing hashes", (pieces * slices) as u64);
    control.checkpoint()?;
    let (one, two) = (cut.deal(one), two.map(|two| cut.deal(two)));
    let tally = Tally::new(radius, most);
    let instructions = Instructions::best();
    for piece in 0..pieces {
        let masks = cut.masks(piece, radius);
        control.checkpoint()?;
        let scan = Scan {
            left: Sorted::new(&one, cut, piece),
            right: two.as_ref().map(|two| Sorted::new(two, cut, piece)),
            one: &one,
            two: two.as_deref(),
            cut,
            piece,
            masks,
            tally: &tally,
            control,
        };
        for first in (0..slices).step_by(PIECE) {
            control.checkpoint()?;
            (first..slices.min(first + PIECE)).into_par_iter().try_for_each(|slice| {
                let from = slice * SLICE..one.len().min((slice + 1) * SLICE);
                instructions.run(Slice { scan: &scan, rows: from })?;
                control.add(1);
                Ok(())
            })?;
        }
    }
    Ok(tally.finish())
}

/// The comparisons that one piece asks for.
struct Scan<'a, const W: usize> {
    left: Sorted<W>,
    /// `None` where the hashes on the left are compared among themselves.
    right: Option<Sorted<W>>,
    one: &'a [[u64; W]],
    two: Option<&'a [[u64; W]]>,
    cut: &'a Cut<W>,
    piece: usize,
    /// How values may differ, the least first.
    masks: Vec<u32>,
    tally: &'a Tally,
    control: &'a Control,
}

/// Some hashes on the left of a scan.
struct Slice<'a, const W: usize> {
    scan: &'a Scan<'a, W>,
    rows: Range<usize>,
}

impl<const W: usize> pulp::NullaryFnOnce for Slice<'_, W> {
    type Output = Result<(), Cancelled>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        self.scan.slice(self.rows)
    }
}

impl<const W: usize> Scan<'_, W> {
    /// Compares some hashes on the left with all that are close in this piece.
    #[inline(always)]
    fn slice(&self, slice: Range<usize>) -> Result<(), Cancelled> {
        let right = self.right.as_ref().unwrap_or(&self.left);
        let mut found = Vec::new();
        let mut compared = 0;
        let mut start = slice.start;
        while start < slice.end {
            let value = self.cut.value(&self.left.hashes[start], self.piece);
            let from = start..slice.end.min(self.left.of(value).end);
            start = from.end;
            for mask in &self.masks {
                let step = self.cut.step(self.piece, *mask);
                if step >= self.tally.below() {
                    break;
                }
                let mut to = right.of(value ^ mask);
                // Among themselves each two are compared once: of two values the lower has the left
                // side, and in one value the earlier hash.
                let is_after = self.right.is_none() && *mask == 0;
                if is_after {
                    to.start = from.start + 1;
                } else if self.right.is_none() && value ^ mask < value {
                    continue;
                }
                for block in to.clone().step_by(BLOCK) {
                    let block = block..to.end.min(block + BLOCK);
                    for a in from.clone() {
                        let first = if is_after { block.start.max(a + 1) } else { block.start };
                        self.row(a, right, first.min(block.end)..block.end, step, &mut found);
                    }
                    compared += from.len() * block.len();
                    if compared >= STRIDE {
                        self.control.go_on()?;
                        compared = 0;
                    }
                }
            }
        }
        self.tally.add(&mut found);
        Ok(())
    }

    /// Compares one hash on the left with some on the right.
    #[inline(always)]
    fn row(&self, a: usize, right: &Sorted<W>, to: Range<usize>, step: u32, found: &mut Vec<Pair>) {
        let below = u64::from(self.tally.below());
        let hash = &self.left.hashes[a];
        let mut at = to.start;
        let (lanes, rest) = right.hashes[to].as_chunks::<LANES>();
        for chunk in lanes {
            // Without a branch in it, many are compared by one instruction.
            let mut is_any = false;
            for other in chunk {
                is_any |= distance_of(hash, other) < below;
            }
            if is_any {
                self.look(a, right, at..at + LANES, below, step, found);
            }
            at += LANES;
        }
        let mut is_any = false;
        for other in rest {
            is_any |= distance_of(hash, other) < below;
        }
        if is_any {
            self.look(a, right, at..at + rest.len(), below, step, found);
        }
    }

    /// Tells of the hashes on the right that are close to one on the left.
    #[inline(always)]
    fn look(
        &self,
        a: usize,
        right: &Sorted<W>,
        to: Range<usize>,
        below: u64,
        step: u32,
        found: &mut Vec<Pair>,
    ) {
        let hash = &self.left.hashes[a];
        for b in to {
            let other = &right.hashes[b];
            let distance = distance_of(hash, other);
            if distance >= below || self.cut.is_earlier(hash, other, step) {
                continue;
            }
            let (row, other) = (self.left.rows[a], right.rows[b]);
            let (row, other) = match self.two {
                None => (row, other),
                Some(two) => match self.closest(two, row, other, distance) {
                    Some(pair) => pair,
                    None => continue,
                },
            };
            found.push(Pair { a: row.min(other), b: row.max(other), distance: distance as u16 });
        }
        if found.len() >= HELD {
            self.tally.add(found);
        }
    }

    /// The rows of two hashes, if these are the closest that the rows have: the first of those. A row
    /// has hashes in `two` once every `one.len()`.
    fn closest(&self, two: &[[u64; W]], row: u32, at: u32, distance: u64) -> Option<(u32, u32)> {
        let rows = self.one.len();
        let (row, other) = (row as usize, at as usize % rows);
        if row == other {
            return None;
        }
        let this = (distance, row > other, at as usize / rows);
        let is_before = |from: usize, to: usize| {
            let hashes = two[to..].iter().step_by(rows).enumerate();
            hashes
                .map(|(turn, hash)| (distance_of(&self.one[from], hash), from > to, turn))
                .any(|that| that < this)
        };
        (!is_before(row, other) && !is_before(other, row)).then_some((row as u32, other as u32))
    }
}
