//! Which samples have a near-copy that can stay in their place.
//!
//! Near-duplicates hang together by edges, closest first (single linkage, as the groups of the review do). Wherever an
//! edge joins two groups, of the samples of one kind on both sides the best of one side stays for both, and that of the
//! other side is redundant at the edge's distance. So each group of a kind has one sample that is never redundant.

use std::collections::{BTreeMap, HashMap};

use crate::analysis::hamming::Pair;
use crate::dataset::SampleId;

/// A sample with a near-copy of its own kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redundant {
    pub sample: SampleId,
    /// The better near-copy. Where it is redundant itself, it comes later in the list.
    pub kept: SampleId,
    pub distance: u16,
}

/// What is not looked at: of its near-copies none stays for it, and it for none.
pub const NO_KIND: u64 = u64::MAX;

/// The redundant samples, nearest first: all but one of each kind in each group. `kind` tells samples apart that cannot
/// stand for each other; `better` compares two by which is to stay, and `is_fixed` ones are never redundant.
pub fn redundant(
    edges: &[Pair],
    kind: impl Fn(SampleId) -> u64,
    is_better: impl Fn(SampleId, SampleId) -> bool,
    is_fixed: impl Fn(SampleId) -> bool,
) -> Vec<Redundant> {
    let mut sets = Sets::default();
    let mut found = Vec::new();
    for edge in edges {
        let (one, two) = (sets.find(edge.a, &kind), sets.find(edge.b, &kind));
        if one == two {
            continue;
        }
        for (of_both, other) in sets.join(one, two) {
            let best = sets.best(one.min(two), of_both);
            let Some(best) = best else { continue };
            let (stays, goes) = match (is_fixed(*best), is_fixed(other)) {
                (true, false) => (*best, other),
                (false, true) => (other, *best),
                _ if is_better(other, *best) => (other, *best),
                _ => (*best, other),
            };
            *best = stays;
            if !is_fixed(goes) {
                found.push(Redundant { sample: goes, kept: stays, distance: edge.distance });
            }
        }
    }
    found
}

/// Groups while they grow: the parent of each sample that has an edge, and the best of each kind of each group.
#[derive(Default)]
struct Sets {
    parents: HashMap<SampleId, SampleId>,
    /// Of the groups' first samples.
    bests: HashMap<SampleId, BTreeMap<u64, SampleId>>,
}

impl Sets {
    /// The first sample of a sample's group, made where there is none yet.
    fn find(&mut self, sample: SampleId, kind: &impl Fn(SampleId) -> u64) -> SampleId {
        let Some(mut parent) = self.parents.get(&sample).copied() else {
            let kind = kind(sample);
            let best = (kind != NO_KIND).then_some((kind, sample));
            self.parents.insert(sample, sample);
            self.bests.insert(sample, best.into_iter().collect());
            return sample;
        };
        let mut at = sample;
        while parent != at {
            let above = self.parents.get(&parent).copied().unwrap_or(parent);
            self.parents.insert(at, above);
            (at, parent) = (parent, above);
        }
        at
    }

    /// Joins two groups under the lower of their first samples. Gives those bests of one side whose kind the other
    /// side has, too.
    fn join(&mut self, one: SampleId, two: SampleId) -> Vec<(u64, SampleId)> {
        let (first, second) = (one.min(two), one.max(two));
        self.parents.insert(second, first);
        let mut most = self.bests.remove(&first).unwrap_or_default();
        let mut fewer = self.bests.remove(&second).unwrap_or_default();
        if fewer.len() > most.len() {
            std::mem::swap(&mut most, &mut fewer);
        }
        let mut both = Vec::new();
        for (kind, sample) in fewer {
            match most.entry(kind) {
                std::collections::btree_map::Entry::Occupied(_) => both.push((kind, sample)),
                std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(sample)),
            }
        }
        self.bests.insert(first, most);
        both
    }

    fn best(&mut self, first: SampleId, kind: u64) -> Option<&mut SampleId> {
        self.bests.get_mut(&first)?.get_mut(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(a: u32, b: u32, distance: u16) -> Pair {
        Pair { a, b, distance }
    }

    /// Sample, near-copy and distance, where a lower number is better.
    fn found(edges: &[Pair], kinds: &[u64], fixed: &[u32]) -> Vec<(u32, u32, u16)> {
        let is_fixed = |sample: u32| fixed.contains(&sample);
        let all = redundant(edges, |sample| kinds[sample as usize], |one, two| one < two, is_fixed);
        all.iter().map(|one| (one.sample, one.kept, one.distance)).collect()
    }

    #[test]
    fn all_but_the_best_of_each_kind_are_redundant_nearest_first() {
        let edges = [pair(1, 2, 0), pair(0, 2, 3), pair(3, 4, 5), pair(2, 3, 9)];
        type Row<'a> = (&'a str, &'a [u64], &'a [u32], Vec<(u32, u32, u16)>);
        let rows: [Row<'_>; 5] = [
            ("one kind", &[0; 5], &[], vec![(2, 1, 0), (1, 0, 3), (4, 3, 5), (3, 0, 9)]),
            ("the second is kept by hand", &[0; 5], &[2], vec![(1, 2, 0), (0, 2, 3), (4, 3, 5), (3, 2, 9)]),
            ("two are kept by hand", &[0; 5], &[1, 2], vec![(0, 1, 3), (4, 3, 5), (3, 1, 9)]),
            // Sample 2 is of a held-out split: 0 and 1 hang together by it.
            ("a bridge", &[0, 0, NO_KIND, 0, 0], &[], vec![(1, 0, 3), (4, 3, 5), (3, 0, 9)]),
            ("two labels", &[7, 8, 7, 8, 8], &[], vec![(2, 0, 3), (4, 3, 5), (3, 1, 9)]),
        ];
        for (name, kinds, fixed, expected) in rows {
            assert_eq!(found(&edges, kinds, fixed), expected, "{name}");
        }
        assert_eq!(found(&[], &[], &[]), []);
    }
}
