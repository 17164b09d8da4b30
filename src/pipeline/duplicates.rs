//! Samples that are copies of each other, by one kind of evidence.

use super::signals::{Signal, Wanted};
use crate::analysis::groups::{Forest, Groups};
use crate::analysis::hamming::{Pair, distinct, join, join_with};
use crate::analysis::{Hashes, Symmetry};
use crate::jobs::{Cancelled, Control};

/// Pairs that are kept at most; where there are more the threshold becomes lower.
pub const MAX_PAIRS: usize = 20_000_000;

/// What makes two samples alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The same bytes in the file.
    File,
    /// The same pixels, however they are stored.
    Pixels,
    Ahash,
    Dhash,
    Phash,
    /// The pHash of 256 bits.
    LongPhash,
    Whash,
}

impl Method {
    /// Bits that may differ, unless a person says otherwise: imagededup's 10 of 64.
    pub fn default_threshold(self) -> u32 {
        match self {
            Self::File | Self::Pixels => 0,
            Self::Ahash | Self::Dhash | Self::Phash | Self::Whash => 10,
            Self::LongPhash => 40,
        }
    }

    /// What a pass over the samples has to compute.
    pub fn wanted(self, symmetries: bool) -> Wanted {
        match self {
            Self::File => Wanted { file: true, ..Wanted::default() },
            Self::Pixels => Wanted { pixels: true, ..Wanted::default() },
            _ => Wanted { hashes: true, symmetries, ..Wanted::default() },
        }
    }

    /// The hash of a sample, as words of 64 bits.
    pub fn hash(self, signal: &Signal, symmetry: usize) -> Option<[u64; 4]> {
        let words = |bytes: &[u8; 32]| {
            let mut words = [0; 4];
            for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
                *word = u64::from_be_bytes(*bytes);
            }
            words
        };
        let of = |pick: fn(&Hashes) -> u64| signal.hashes.get(symmetry).map(|hashes| [pick(hashes), 0, 0, 0]);
        match self {
            Self::File => signal.file.as_ref().map(words),
            Self::Pixels => signal.pixels.as_ref().map(words),
            Self::Ahash => of(|hashes| hashes.ahash),
            Self::Dhash => of(|hashes| hashes.dhash),
            Self::Phash => of(|hashes| hashes.phash),
            Self::Whash => of(|hashes| hashes.whash),
            Self::LongPhash => signal.hashes.get(symmetry).map(|hashes| hashes.phash_256),
        }
    }
}

/// What hangs together.
pub struct Duplicates {
    /// Places in the signals, `a < b`. Of samples of one hash each is paired with the first.
    pub pairs: Vec<Pair>,
    pub forest: Forest,
    pub groups: Groups,
    /// The threshold that is complete: lower than what was asked for where there were too many pairs.
    pub threshold: u32,
}

/// Finds the duplicates among samples within a number of bits; exact, no pair is missed.
pub fn duplicates(
    signals: &[Signal],
    method: Method,
    symmetries: bool,
    threshold: u32,
    control: &Control,
) -> Result<Duplicates, Cancelled> {
    let (mut rows, mut hashes) = (Vec::new(), Vec::new());
    for (row, signal) in signals.iter().enumerate() {
        if let Some(hash) = method.hash(signal, 0) {
            rows.push(row as u32);
            hashes.push(hash);
        }
    }
    let (once, place_of) = distinct(&hashes);
    // The first row of each hash stands for all of them.
    let mut first = vec![u32::MAX; once.len()];
    let mut pairs = Vec::new();
    for (row, place) in rows.iter().zip(&place_of) {
        let first = &mut first[*place as usize];
        if *first == u32::MAX {
            *first = *row;
        } else {
            pairs.push(Pair { a: *first, b: *row, distance: 0 });
        }
    }
    let is_long = matches!(method, Method::LongPhash);
    let is_exact = matches!(method, Method::File | Method::Pixels);
    let mut reached = threshold;
    let mut add = |found: crate::analysis::hamming::Join| {
        reached = reached.min(found.radius);
        pairs.extend(found.pairs.into_iter().map(|pair| {
            let (a, b) = (first[pair.a as usize], first[pair.b as usize]);
            Pair { a: a.min(b), b: a.max(b), distance: pair.distance }
        }));
    };
    if !is_exact {
        let turned = |symmetry: usize| {
            let hash = move |row: &u32| method.hash(&signals[*row as usize], symmetry).unwrap_or_default();
            first.iter().map(hash).collect::<Vec<_>>()
        };
        let all = if symmetries { Symmetry::all().len() } else { 1 };
        let others: Vec<[u64; 4]> = (1..all).flat_map(turned).collect();
        let short = |hashes: &[[u64; 4]]| hashes.iter().map(|hash| [hash[0]]).collect::<Vec<[u64; 1]>>();
        add(match is_long {
            true => join(&once, threshold, MAX_PAIRS, control)?,
            false => join(&short(&once), threshold, MAX_PAIRS, control)?,
        });
        if symmetries {
            add(match is_long {
                true => join_with(&once, &others, threshold, MAX_PAIRS, control)?,
                false => join_with(&short(&once), &short(&others), threshold, MAX_PAIRS, control)?,
            });
        }
    }
    pairs.sort_unstable();
    pairs.dedup_by_key(|pair| (pair.a, pair.b));
    pairs.retain(|pair| u32::from(pair.distance) <= reached);
    let forest = Forest::new(signals.len(), &pairs);
    let groups = forest.groups(reached);
    Ok(Duplicates { pairs, forest, groups, threshold: reached })
}
