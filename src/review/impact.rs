//! What the decisions in force do to a dataset, before anything happens.

use super::rules::{is_conflict, is_leak};
use super::{Near, root};
use crate::analysis::neighbours::NONE;
use crate::dataset::query::{Bitmask, Snapshot, counts_of};
use crate::dataset::{Flag, Reason, SampleId, Verdict};

/// What decisions do to a dataset, before anything happens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Impact {
    pub samples: u64,
    pub pruned: u64,
    pub bytes: u64,
    pub pruned_bytes: u64,
    /// By class id: samples before, and of them pruned.
    pub classes: Vec<(u32, u32)>,
    pub unlabelled: (u32, u32),
    /// By split id.
    pub splits: Vec<(u32, u32)>,
    pub no_split: (u32, u32),
    /// By reason, in the order of [`Flag::ALL`], and then groups, plans for the balance of classes, and by hand.
    pub by_flag: [u32; Flag::ALL.len()],
    pub by_group: u32,
    pub by_balance: u32,
    pub by_hand: u32,
    /// Groups of near-duplicates in more than one split: before, and with what stays.
    pub leaks: (u32, u32),
    /// Groups of near-duplicates with labels that contradict each other, likewise.
    pub conflicts: (u32, u32),
    /// Groups, and those with more than one sample that stays.
    pub groups: (u32, u32),
    /// How far the pruned samples are from what stays.
    pub coverage: Option<Coverage>,
}

/// How far pruned samples are from the nearest one that stays, in the distance of the descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coverage {
    /// Pruned samples that have a descriptor.
    pub samples: u32,
    pub mean: f32,
    pub max: f32,
    /// Those farther from what stays than samples usually are from their nearest neighbour.
    pub lost: u32,
    /// The usual distance: the median over all samples to the nearest other one.
    pub usual: f32,
    /// None of whose kept neighbours stay: these are at least as far as the last of them, and count so.
    pub at_least: u32,
}

impl Impact {
    /// What the decisions in force do, with these groups of near-duplicates.
    pub fn of<'a>(snapshot: &Snapshot, groups: impl IntoIterator<Item = &'a [SampleId]>) -> Self {
        let pruned = |row: &SampleId| snapshot.decision(*row).verdict == Verdict::Prune;
        let all = counts_of(snapshot, snapshot.derived().present());
        let rows = snapshot.derived().present().iter().filter(pruned);
        let gone = Bitmask::from_rows(snapshot.len(), &rows.collect::<Vec<_>>());
        let lost = counts_of(snapshot, &gone);
        let both = |all: &[u32], lost: &[u32]| all.iter().copied().zip(lost.iter().copied()).collect();
        let mut impact = Self {
            samples: all.samples.into(),
            pruned: lost.samples.into(),
            bytes: all.bytes,
            pruned_bytes: lost.bytes,
            classes: both(&all.classes, &lost.classes),
            unlabelled: (all.unlabelled, lost.unlabelled),
            splits: both(&all.splits, &lost.splits),
            no_split: (all.no_split, lost.no_split),
            ..Self::default()
        };
        debug_assert_eq!(impact.classes.len(), snapshot.labels().classes.len());
        for row in gone.iter() {
            match snapshot.decision(row).reason {
                Reason::ByHand => impact.by_hand += 1,
                Reason::Flagged(flag) | Reason::Rule(flag) => impact.by_flag[flag as usize] += 1,
                Reason::Group(_) => impact.by_group += 1,
                Reason::Balance(_) => impact.by_balance += 1,
            }
        }
        let mut left: Vec<SampleId> = Vec::new();
        for group in groups {
            left.clear();
            left.extend(group.iter().copied().filter(|row| !gone.contains(*row as usize)));
            let add = |pair: &mut (u32, u32), test: &dyn Fn(&[SampleId]) -> bool| {
                pair.0 += u32::from(test(group));
                pair.1 += u32::from(test(&left));
            };
            add(&mut impact.groups, &|rows| rows.len() > 1);
            add(&mut impact.leaks, &|rows| is_leak(snapshot, rows));
            add(&mut impact.conflicts, &|rows| is_conflict(snapshot, rows));
        }
        impact
    }
}

/// The samples that an export has: those that are there and not pruned, in the order of rows.
pub fn staying(snapshot: &Snapshot) -> Vec<SampleId> {
    let present = snapshot.derived().present();
    let stays = |row: &SampleId| snapshot.decision(*row).verdict != Verdict::Prune;
    present.iter().filter(stays).collect()
}

impl Coverage {
    /// How far the pruned samples are from what stays.
    pub fn of(snapshot: &Snapshot, near: &Near) -> Self {
        let present = snapshot.derived().present();
        let is_there = |row: usize| row < snapshot.len() && present.contains(row);
        let is_pruned = |row: usize| snapshot.decision(row as SampleId).verdict == Verdict::Prune;
        Self::between(near, is_there, is_pruned)
    }

    /// How far those of some samples that go are from those that stay.
    pub fn between(near: &Near, is_there: impl Fn(usize) -> bool, is_pruned: impl Fn(usize) -> bool) -> Self {
        let neighbours = &near.neighbours;
        // Samples that are equal are in one place; where one of them stays, nothing of it is lost.
        let mut stays = vec![false; neighbours.first.len()];
        let rows =
            neighbours.place_of.iter().enumerate().filter(|(row, place)| **place != NONE && is_there(*row));
        for (row, place) in rows.clone() {
            stays[*place as usize] |= !is_pruned(row);
        }
        let mut coverage = Self::default();
        let mut distances = Vec::new();
        for (row, place) in rows.filter(|(row, _)| is_pruned(*row)) {
            if stays[*place as usize] {
                distances.push(0.0);
                continue;
            }
            let mut last = None;
            let mut staying = None;
            for (other, distance) in near.of(row as SampleId) {
                last = Some(distance);
                if stays[neighbours.place_of[other as usize] as usize] {
                    staying = last;
                    break;
                }
            }
            coverage.at_least += u32::from(staying.is_none());
            distances.extend(staying.or(last));
        }
        let each = neighbours.each;
        let mut nearest: Vec<u32> = neighbours.distances.iter().step_by(each.max(1)).copied().collect();
        if nearest.is_empty() {
            return coverage;
        }
        let middle = nearest.len() / 2;
        coverage.usual = root(*nearest.select_nth_unstable(middle).1);
        coverage.samples = distances.len() as u32;
        coverage.lost = distances.iter().filter(|distance| **distance > coverage.usual).count() as u32;
        coverage.max = distances.iter().copied().fold(0.0, f32::max);
        coverage.mean = distances.iter().sum::<f32>() / distances.len().max(1) as f32;
        coverage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::neighbours::Neighbours;
    use crate::analysis::whiten::SCALE;
    use crate::dataset::{Decision, Preference};
    use crate::review::rules::tests::snapshot;

    #[test]
    fn what_decisions_do_is_counted() {
        let snapshot = snapshot();
        let groups: [&[SampleId]; 2] = [&[0, 2], &[1, 3, 5]];
        let before = Impact::of(&snapshot, groups);
        assert_eq!((before.samples, before.pruned, before.groups), (7, 0, (2, 2)));
        assert_eq!((before.leaks, before.conflicts), ((1, 1), (1, 1)));

        let mut decisions = vec![Decision::UNDECIDED; 7];
        decisions[0] =
            Decision { verdict: Verdict::Prune, reason: Reason::Group(Preference::Bytes), other: Some(2) };
        decisions[3] = Decision::flagged(Flag::Dark);
        decisions[4] = Decision::by_hand(Verdict::Prune);
        decisions[5] = Decision::by_hand(Verdict::Keep);
        let snapshot = snapshot.deciding(decisions.into());
        let after = Impact::of(&snapshot, groups);
        assert_eq!((after.pruned, after.pruned_bytes, after.groups), (3, 22, (2, 1)));
        assert_eq!((after.leaks, after.conflicts), ((1, 0), (1, 0)));
        assert_eq!((after.by_group, after.by_hand, after.by_flag[Flag::Dark as usize]), (1, 1, 1));
        // Cats and dogs; train and test.
        assert_eq!((after.classes, after.unlabelled), (vec![(4, 2), (2, 1)], (1, 0)));
        assert_eq!(after.splits, [(6, 3), (1, 0)]);
        assert_eq!(staying(&snapshot), [1, 2, 5, 6]);
    }

    #[test]
    fn coverage_is_the_distance_to_what_stays() {
        let mut decisions = vec![Decision::UNDECIDED; 7];
        for row in [0, 1, 4, 5] {
            decisions[row] = Decision::by_hand(Verdict::Prune);
        }
        let snapshot = snapshot().deciding(decisions.into());
        // Rows 5 and 6 are one picture; the last has neighbours and the others are two apart.
        let far = |distance: f32| (distance * SCALE).powi(2) as u32;
        let neighbours = Neighbours {
            each: 2,
            place_of: vec![0, 1, 2, 3, 4, 5, 5],
            first: vec![0, 1, 2, 3, 4, 5],
            copies: vec![1, 1, 1, 1, 1, 2],
            rows: vec![1, 2, 0, 4, 3, 0, 2, 5, 5, 2, 3, 4],
            distances: [0.1, 0.5, 0.1, 0.2, 0.2, 0.5, 0.2, 0.3, 0.1, 0.2, 0.3, 0.4].map(far).to_vec(),
        };
        let coverage = Coverage::of(&snapshot, &Near { neighbours });
        // 0 is 0.5 from 2, 1 has none that stays, 4 is 0.1 from 5 and 6, 5 is the same as 6.
        assert_eq!((coverage.samples, coverage.at_least, coverage.lost), (4, 1, 1));
        let about = |one: f32, two: f32| (one - two).abs() < 0.01;
        assert!(about(coverage.usual, 0.2) && about(coverage.max, 0.5), "{coverage:?}");
        assert!(about(coverage.mean, 0.8 / 4.0), "{coverage:?}");
        assert_eq!(Coverage::of(&snapshot, &Near::default()), Coverage::default());
    }
}
