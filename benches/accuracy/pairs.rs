//! The pairs that a search tells, and those that follow from them.

use std::collections::{HashMap, HashSet};

use lenslet::analysis::hamming::Pair;
use lenslet::review::Method;

/// Pairs that were found, those among samples that are the same included: of these the search tells
/// only that each is the same as the first.
pub struct Pairs {
    /// The first sample that each is the same as.
    first: Vec<usize>,
    /// The samples that are the same as each that is a first.
    same: HashMap<usize, Vec<usize>>,
    pairs: HashSet<(usize, usize)>,
}

impl Pairs {
    /// Of what a search by this method told about so many samples.
    pub fn of(found: &[Pair], method: Method, samples: usize) -> Self {
        // The same looks have a distance of 1 where 0 is the same content.
        let same = if method == Method::Combined { 1 } else { 0 };
        let mut first: Vec<usize> = (0..samples).collect();
        for pair in found.iter().filter(|pair| pair.distance <= same) {
            let (a, b) = (pair.a as usize, pair.b as usize);
            first[b] = first[b].min(first[a]);
        }
        let of = |pair: &Pair| (first[pair.a as usize], first[pair.b as usize]);
        let pairs = found.iter().map(of).filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b)));
        let pairs = pairs.collect();
        let mut same: HashMap<usize, Vec<usize>> = HashMap::new();
        for (sample, first) in first.iter().enumerate() {
            same.entry(*first).or_default().push(sample);
        }
        Self { first, same, pairs }
    }

    /// Whether two samples are a pair.
    pub fn contains(&self, one: usize, two: usize) -> bool {
        let (a, b) = (self.first[one], self.first[two]);
        a == b || self.pairs.contains(&(a.min(b), a.max(b)))
    }

    /// All pairs that are wrong.
    pub fn list(&self, is_wrong: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
        let mut list: Vec<(usize, usize)> = self.all().filter(|(a, b)| is_wrong(*a, *b)).collect();
        list.sort_unstable();
        list
    }

    /// How many are right and how many are not.
    pub fn count(&self, is_right: impl Fn(usize, usize) -> bool) -> (usize, usize) {
        self.all().fold((0, 0), |(right, wrong), (a, b)| match is_right(a, b) {
            true => (right + 1, wrong),
            false => (right, wrong + 1),
        })
    }

    fn all(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let within = self.same.values().flat_map(|rows| {
            rows.iter().enumerate().flat_map(|(at, a)| rows[at + 1..].iter().map(|b| (*a, *b)))
        });
        let between = self.pairs.iter().flat_map(|(a, b)| {
            let (ones, twos) = (&self.same[a], &self.same[b]);
            ones.iter().flat_map(|one| twos.iter().map(|two| (*one.min(two), *one.max(two))))
        });
        within.chain(between)
    }
}
