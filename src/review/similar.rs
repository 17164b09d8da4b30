//! More samples like some: along the nearest neighbours that an analysis found.
//!
//! It refuses to know what samples are looked for and why these are wanted.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::{Near, root};
use crate::analysis::neighbours::NONE;
use crate::dataset::SampleId;
use crate::dataset::query::Bitmask;

/// Places that are looked at at most, so that it takes a moment: those further away are not found.
const MOST_LOOKED_AT: usize = 50_000;

/// The samples that are most like any of `these`, nearest first with their distances, at most `most` of them: of
/// equal distances the lower row first. Those that `is_wanted` refuses are gone past, and `these` themselves are not
/// among the answers.
///
/// Of each sample a few neighbours are known. Beyond them the way leads from neighbour to neighbour, and its length
/// is the sum of its steps: no less than the distance of its ends. Distances are as [`Near::of`] has them.
pub fn similar(
    near: &Near,
    these: &Bitmask,
    most: usize,
    is_wanted: impl Fn(SampleId) -> bool,
) -> Vec<(SampleId, f32)> {
    let neighbours = &near.neighbours;
    // Samples with one description are one place of the graph.
    let place_of = |row: u32| neighbours.place_of.get(row as usize).copied().filter(|place| *place != NONE);
    let mut reached: HashMap<u32, f32> = HashMap::new();
    let mut next: BinaryHeap<Reverse<Step>> = BinaryHeap::new();
    for place in these.iter().filter_map(place_of) {
        if reached.insert(place, 0.0).is_none() {
            next.push(Reverse(Step { length: 0.0, place }));
        }
    }
    let mut copies: Option<HashMap<u32, Vec<SampleId>>> = None;
    let mut found: Vec<(SampleId, f32)> = Vec::new();
    // Steps come in the order of their length: once there are enough, those of the same length remain.
    let enough = |found: &[(SampleId, f32)], length: f32| {
        found.len() >= most && found.get(most.saturating_sub(1)).is_none_or(|(_, last)| length > *last)
    };
    let mut looked_at = 0;
    while let Some(Reverse(Step { length, place })) = next.pop() {
        looked_at += 1;
        if looked_at > MOST_LOOKED_AT {
            break;
        }
        if enough(&found, length) {
            break;
        }
        if reached.get(&place).is_some_and(|known| length > *known) {
            continue;
        }
        let Some(first) = neighbours.first.get(place as usize).copied() else { continue };
        let has_copies = neighbours.copies.get(place as usize).is_some_and(|copies| *copies > 1);
        let rows = if has_copies {
            let copies = copies.get_or_insert_with(|| copied(near));
            copies.get(&place).map_or(&[][..], Vec::as_slice)
        } else {
            std::slice::from_ref(&first)
        };
        let wanted = rows.iter().filter(|row| !these.contains(**row as usize) && is_wanted(**row));
        found.extend(wanted.map(|row| (*row, length)));
        for (row, squared) in neighbours.near(first as usize) {
            let Some(place) = place_of(row) else { continue };
            let length = length + root(squared);
            let known = reached.entry(place).or_insert(f32::INFINITY);
            if length < *known {
                *known = length;
                next.push(Reverse(Step { length, place }));
            }
        }
    }
    found.sort_by(|one, two| one.1.total_cmp(&two.1).then(one.0.cmp(&two.0)));
    found.truncate(most);
    found
}

/// The rows of each place that has more than one.
fn copied(near: &Near) -> HashMap<u32, Vec<SampleId>> {
    let neighbours = &near.neighbours;
    let mut rows: HashMap<u32, Vec<SampleId>> = HashMap::new();
    for (row, place) in (0u32..).zip(&neighbours.place_of) {
        if neighbours.copies.get(*place as usize).is_some_and(|copies| *copies > 1) {
            rows.entry(*place).or_default().push(row);
        }
    }
    rows
}

/// A place and how long the way to it is.
#[derive(Clone, Copy, Debug)]
struct Step {
    length: f32,
    place: u32,
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.length.total_cmp(&other.length).then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Step {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::neighbours::Neighbours;
    use crate::analysis::whiten::SCALE;

    /// Rows 0 to 7 on a line a tenth apart, each with the two beside it; 5 and 8 are equal, 9 has no description.
    fn line() -> Near {
        let step = |tenths: f32| (tenths / 10.0 * SCALE).powi(2).round() as u32;
        let (mut rows, mut distances) = (Vec::new(), Vec::new());
        for row in 0..8u32 {
            let beside = match row {
                0 => [1, 2],
                7 => [6, 5],
                row => [row - 1, row + 1],
            };
            rows.extend(beside);
            distances.extend(beside.map(|other| step(other.abs_diff(row) as f32)));
        }
        let mut copies = vec![1; 8];
        copies[5] = 2;
        let place_of = (0..8).chain([5, NONE]).collect();
        Near {
            neighbours: Neighbours { each: 2, place_of, first: (0..8).collect(), copies, rows, distances },
        }
    }

    fn check(these: &[SampleId], most: usize, refused: &[SampleId], expected: &[(SampleId, f32)]) {
        let these = Bitmask::from_rows(10, these);
        let found = similar(&line(), &these, most, |sample| !refused.contains(&sample));
        let rows = |all: &[(SampleId, f32)]| all.iter().map(|(row, _)| *row).collect::<Vec<_>>();
        assert_eq!(rows(&found), rows(expected));
        for ((row, length), (_, expected)) in found.iter().zip(expected) {
            assert!((length - expected).abs() < 0.02, "{row}: {length} and not {expected}");
        }
    }

    #[test]
    fn the_nearest_come_first_from_whichever_sample_they_are_near() {
        check(&[2], 2, &[], &[(1, 0.1), (3, 0.1)]);
        check(&[2], 3, &[], &[(1, 0.1), (3, 0.1), (0, 0.2)]);
        check(&[0, 7], 2, &[], &[(1, 0.1), (6, 0.1)]);
        check(&[2], 0, &[], &[]);
    }

    #[test]
    fn refused_samples_are_gone_past() {
        check(&[0], 2, &[1, 2], &[(3, 0.3), (4, 0.4)]);
        check(&[0], 9, &[1, 2, 3, 4, 5, 6, 7, 8], &[]);
    }

    #[test]
    fn equal_samples_are_nearest_and_found_from_either() {
        check(&[8], 2, &[], &[(5, 0.0), (4, 0.1)]);
        check(&[5], 3, &[], &[(8, 0.0), (4, 0.1), (6, 0.1)]);
        check(&[4], 3, &[], &[(3, 0.1), (5, 0.1), (8, 0.1)]);
    }

    #[test]
    fn what_has_no_description_is_like_nothing() {
        check(&[9], 3, &[], &[]);
        assert!(similar(&Near::default(), &Bitmask::from_rows(4, &[1]), 5, |_| true).is_empty());
    }
}
