//! What an analysis found, brought together for a person to decide: thresholds, groups of
//! near-duplicates, flags, rules, and what the decisions do.
//!
//! An [`Analysed`] is the heavy part and found once; a [`Judged`] follows from it, the decisions and
//! the thresholds, and is worked out anew whenever one of these changes. All of it is plain data over a
//! [`Snapshot`](crate::dataset::query::Snapshot). This room refuses to know files, threads and the user
//! interface.

pub mod impact;
pub mod judge;
pub mod ranked;
pub mod rules;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use impact::{Coverage, Impact, staying};
pub use judge::{Judged, Preview, Raised, judge, judge_again};
pub use ranked::Ranked;
pub use rules::{FlagName, Rules};

use crate::analysis::evidence::{self, By};
use crate::analysis::groups::Forest;
use crate::analysis::hamming::Pair;
use crate::analysis::neighbours::Neighbours;
use crate::analysis::quality::Check;
use crate::dataset::{ClassId, Flag, SampleId, Score};

/// The name that a project keeps [`ReviewSettings`] under.
pub const SETTINGS: &str = "review";

/// What makes two samples alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Hashes and descriptor together, on one scale.
    #[default]
    Combined,
    /// The hand-made descriptor alone.
    Descriptor,
    Phash,
    /// The pHash of 256 bits.
    #[serde(rename = "phash-256")]
    LongPhash,
    Dhash,
    Ahash,
    Whash,
    /// The same pixels, however they are stored.
    Pixels,
    /// The same bytes in the file.
    File,
}

impl Method {
    pub const ALL: [Self; 9] = [
        Self::Combined,
        Self::Descriptor,
        Self::Phash,
        Self::LongPhash,
        Self::Dhash,
        Self::Ahash,
        Self::Whash,
        Self::Pixels,
        Self::File,
    ];

    /// The word used on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Combined => "combined",
            Self::Descriptor => "descriptor",
            Self::Phash => "phash",
            Self::LongPhash => "phash-256",
            Self::Dhash => "dhash",
            Self::Ahash => "ahash",
            Self::Whash => "whash",
            Self::Pixels => "pixels",
            Self::File => "file",
        }
    }

    /// The method on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Combined => "Hash and descriptor",
            Self::Descriptor => "Descriptor",
            Self::Phash => "pHash, 64 bits",
            Self::LongPhash => "pHash, 256 bits",
            Self::Dhash => "dHash",
            Self::Ahash => "aHash",
            Self::Whash => "wHash",
            Self::Pixels => "Same pixels",
            Self::File => "Same file",
        }
    }

    /// What its distances count, in the plural; empty where every pair is equal.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Combined | Self::Descriptor => "thousandths",
            Self::File | Self::Pixels => "",
            _ => "bits",
        }
    }

    /// The largest distance of near-duplicates, unless a person says otherwise: imagededup's 10 of 64
    /// bits, four times as many of 256.
    pub fn default_threshold(self) -> u32 {
        match self {
            Self::File | Self::Pixels => 0,
            Self::Ahash | Self::Dhash | Self::Phash | Self::Whash => 10,
            Self::LongPhash => 40,
            Self::Combined | Self::Descriptor => evidence::THRESHOLD.into(),
        }
    }

    /// The largest distance that is looked for: beyond, anything is like anything.
    pub fn largest(self) -> u32 {
        match self {
            Self::File | Self::Pixels => 0,
            Self::Ahash | Self::Dhash | Self::Phash | Self::Whash => 16,
            Self::LongPhash => 64,
            Self::Combined | Self::Descriptor => evidence::RADIUS.into(),
        }
    }

    /// Whether copies are equal, so that there is no threshold and nothing is turned.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::File | Self::Pixels)
    }
}

/// What a person set for the review of a dataset; kept in its project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewSettings {
    pub method: Method,
    /// Whether mirrored and turned copies count.
    pub symmetries: bool,
    /// Largest distance of near-duplicates; `None` is the method's own.
    pub threshold: Option<u32>,
    /// Scores under it are flagged, in the order of [`Flag::ALL`]; `None` is the check's own.
    pub thresholds: [Option<f32>; Flag::ALL.len()],
    /// `None` is [`Rules::for_dataset`].
    pub rules: Option<Rules>,
}

impl ReviewSettings {
    /// The rules in force for a dataset with these splits.
    pub fn rules(&self, split_names: &[String]) -> Rules {
        self.rules.clone().unwrap_or_else(|| Rules::for_dataset(split_names))
    }
}

/// What an analysis found of a dataset. Cloning copies pointers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysed {
    /// Of the content and labels that it was worked out of.
    pub stamp: [u8; 16],
    /// Samples that it looked at.
    pub looked_at: usize,
    pub alike: Arc<Alike>,
    /// In the order of [`Score::ALL`]: one value per row, NaN where it is unknown.
    pub scores: [Option<Arc<Vec<f32>>>; Score::ALL.len()],
    /// Thresholds that follow from the data, where one does, in the order of [`Flag::ALL`].
    pub usual: [Option<f32>; Flag::ALL.len()],
    pub near: Arc<Near>,
    /// The class that a sample's neighbours agree on, by row; [`NO_CLASS`] where there is none.
    pub suggested: Arc<Vec<ClassId>>,
}

/// No class is suggested.
pub const NO_CLASS: ClassId = ClassId::MAX;

/// Pairs of samples that are alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alike {
    pub method: Method,
    pub symmetries: bool,
    /// By `a` and `b`, `a < b`. Of samples that are equal each is paired with the first.
    pub pairs: Vec<Pair>,
    /// What found each pair, in the order of `pairs`; empty where one method alone found all.
    pub by: Vec<By>,
    pub forest: Forest,
    /// The distance up to which no pair is missing.
    pub radius: u32,
}

impl Alike {
    /// The pair of two samples, if they are one, and what found it.
    pub fn pair(&self, one: SampleId, two: SampleId) -> Option<(Pair, By)> {
        let (a, b) = (one.min(two), one.max(two));
        let at = self.pairs.binary_search_by_key(&(a, b), |pair| (pair.a, pair.b)).ok()?;
        Some((self.pairs[at], self.by.get(at).copied().unwrap_or_default()))
    }
}

/// What found a pair, in words: "same file", "hash and descriptor, mirrored".
pub fn evidence_text(by: By) -> String {
    if by.file() {
        return "same file".to_owned();
    }
    let evidence = [(by.pixels(), "same pixels"), (by.phash(), "hash"), (by.descriptor(), "descriptor")];
    let words: Vec<&str> = evidence.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    let symmetry = by.symmetry();
    let laid = match (symmetry.mirrored, symmetry.turns) {
        (false, 0) => "",
        (true, 0) => ", mirrored",
        (false, _) => ", turned",
        (true, _) => ", mirrored and turned",
    };
    words.join(" and ") + laid
}

/// The nearest neighbours of the samples that have a descriptor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Near {
    /// The sample of each row of `neighbours`.
    pub samples: Vec<SampleId>,
    /// The row of each sample, or `u32::MAX`.
    pub row_of: Vec<u32>,
    pub neighbours: Neighbours,
}

impl Near {
    /// The neighbours of a sample, nearest first, and their distances: 0 is equal, √2 is as different as
    /// chance.
    pub fn of(&self, sample: SampleId) -> impl Iterator<Item = (SampleId, f32)> + '_ {
        let row = self.row_of.get(sample as usize).copied().filter(|row| *row != u32::MAX);
        let near = row.into_iter().flat_map(|row| self.neighbours.near(row as usize));
        near.map(|(row, squared)| {
            (self.samples[row as usize], (squared as f32).sqrt() / crate::analysis::whiten::SCALE)
        })
    }
}

/// The flag that a check of quality raises.
pub fn flag_of(check: Check) -> Flag {
    match check {
        Check::Dark => Flag::Dark,
        Check::Light => Flag::Light,
        Check::OddAspect => Flag::OddAspect,
        Check::LowInformation => Flag::LowInformation,
        Check::Blurry => Flag::Blurry,
        Check::OddSize => Flag::OddSize,
        Check::Grey => Flag::Grey,
    }
}

/// The check that raises a flag.
pub fn check_of(flag: Flag) -> Option<Check> {
    Check::ALL.into_iter().find(|check| flag_of(*check) == flag)
}
