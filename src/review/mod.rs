//! What an analysis found, brought together for a person to decide: thresholds, groups of
//! near-duplicates, flags, rules, and what the decisions do.
//!
//! An [`Analysed`] is the heavy part and found once; a [`Judged`] follows from it, the decisions and
//! the thresholds, and is worked out anew whenever one of these changes. All of it is plain data over a
//! [`Snapshot`](crate::dataset::query::Snapshot). This room refuses to know files, threads and the user
//! interface.

pub mod changes;
pub mod impact;
pub mod judge;
pub mod ranked;
pub mod rules;
pub mod similar;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use impact::{Coverage, Impact, staying};
pub use judge::{Judged, Preview, Raised, judge, judge_again};
pub use ranked::Ranked;
pub use rules::{FlagName, Rules};
pub use similar::similar;

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
            Self::Combined => evidence::THRESHOLD.into(),
            Self::Descriptor => 1000,
        }
    }

    /// The largest distance that is looked for: beyond, anything is like anything.
    pub fn largest(self) -> u32 {
        match self {
            Self::File | Self::Pixels => 0,
            Self::Ahash | Self::Dhash | Self::Phash | Self::Whash => 16,
            Self::LongPhash => 64,
            Self::Combined => evidence::RADIUS.into(),
            Self::Descriptor => 1150,
        }
    }

    /// Whether it sees mirrored and turned copies where these are asked for.
    pub fn sees_symmetries(self) -> bool {
        !matches!(self, Self::Descriptor | Self::File | Self::Pixels)
    }

    /// Whether copies are equal, so that there is no threshold and nothing is turned.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::File | Self::Pixels)
    }
}

/// The order that groups of near-duplicates are listed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupOrder {
    /// Those first that fall apart first when the threshold falls: there it is judged.
    #[default]
    Loosest,
    Largest,
    /// By the first path.
    Path,
    /// Those first that have an undecided member.
    Undecided,
}

impl GroupOrder {
    pub const ALL: [Self; 4] = [Self::Loosest, Self::Largest, Self::Path, Self::Undecided];

    /// The order on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Loosest => "loosest first",
            Self::Largest => "largest first",
            Self::Path => "by path",
            Self::Undecided => "undecided first",
        }
    }
}

/// What a person set for the review of a dataset; kept in its project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewSettings {
    pub method: Method,
    /// Whether mirrored and turned copies count.
    pub symmetries: bool,
    /// The run of a trained model whose encoder takes the place of the hand-made descriptor; not with
    /// [`Method::Combined`], whose scale is fitted to that.
    pub encoder: Option<PathBuf>,
    /// Largest distance of near-duplicates; `None` is the method's own.
    pub threshold: Option<u32>,
    /// How groups are listed.
    pub order: GroupOrder,
    /// Scores under it are flagged, in the order of [`Flag::ALL`]; `None` is the check's own.
    pub thresholds: [Option<f32>; Flag::ALL.len()],
    /// `None` is [`Rules::for_dataset`].
    pub rules: Option<Rules>,
}

impl ReviewSettings {
    /// The largest distance of near-duplicates in force: where nothing is set, the method's own, and by a
    /// trained encoder what follows from the data.
    pub fn threshold(&self, analysed: &Analysed) -> u32 {
        let alike = &analysed.alike;
        let of_data = self.encoder.is_some().then(|| analysed.scale_free_threshold()).flatten();
        let usual = of_data.unwrap_or(alike.method.default_threshold());
        self.threshold.unwrap_or(usual).min(alike.radius)
    }

    /// The rules in force for a dataset with these splits.
    pub fn rules(&self, split_names: &[String]) -> Rules {
        self.rules.clone().unwrap_or_else(|| Rules::for_dataset(split_names))
    }
}

/// What an analysis found of a dataset. Cloning copies pointers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysed {
    /// Of the content that it was worked out of.
    pub stamp: [u8; 16],
    /// Of the labels as well, for what it says of them.
    pub label_stamp: [u8; 16],
    /// Samples that it looked at, and those that it could not read.
    pub looked_at: usize,
    pub unread: usize,
    pub alike: Arc<Alike>,
    /// In the order of [`Score::ALL`]: one value per row, NaN where it is unknown.
    pub scores: [Option<Arc<Vec<f32>>>; Score::ALL.len()],
    /// Thresholds that follow from the data, where one does, in the order of [`Flag::ALL`].
    pub usual: [Option<f32>; Flag::ALL.len()],
    pub near: Arc<Near>,
    /// A threshold for near-duplicates that follows from the data (see
    /// [`scale_free`](crate::analysis::outliers::scale_free)), as a distance of descriptions at length
    /// 1; 0 where there is none.
    pub scale_free: f32,
    /// The class that a sample's neighbours agree on, by row; [`NO_CLASS`] where there is none.
    pub suggested: Arc<Vec<ClassId>>,
}

impl Analysed {
    /// The threshold of the descriptor alone that follows from the data; `None` where it has no say.
    pub fn scale_free_threshold(&self) -> Option<u32> {
        let is_known = self.alike.method == Method::Descriptor && self.scale_free > 0.0;
        is_known.then(|| thousandths_below(self.scale_free))
    }

    /// The same with what another one says of labels.
    pub fn with_labels_of(mut self, other: &Self) -> Self {
        let (score, flag) = (Score::Label as usize, Flag::WrongLabel as usize);
        self.scores[score] = other.scores[score].clone();
        self.usual[flag] = other.usual[flag];
        self.suggested = other.suggested.clone();
        self.label_stamp = other.label_stamp;
        self
    }
}

/// The largest whole number of thousandths that is below a distance.
pub fn thousandths_below(distance: f32) -> u32 {
    ((distance * 1000.0).ceil() as u32).saturating_sub(1)
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
    /// The distance up to which no pair is missing, but for what [`is_partial`](Self::is_partial) says.
    pub radius: u32,
    /// Whether so many samples have one hash or description that those were compared with the first of
    /// them alone, so that pairs of any distance may be missing.
    pub is_partial: bool,
}

impl Alike {
    /// Where there were too many pairs to find all that were looked for, a sentence that says so.
    pub fn limit_text(&self) -> Option<String> {
        limit_text(self.radius, self.method.largest(), self.is_partial)
    }

    /// The pair of two samples, if they are one, and what found it.
    pub fn pair(&self, one: SampleId, two: SampleId) -> Option<(Pair, By)> {
        let (a, b) = (one.min(two), one.max(two));
        let at = self.pairs.binary_search_by_key(&(a, b), |pair| (pair.a, pair.b)).ok()?;
        Some((self.pairs[at], self.by.get(at).copied().unwrap_or_default()))
    }
}

/// Where there were too many pairs to find all up to the distance that was asked for, a sentence that
/// says so. `reached` is the distance up to which they were found.
pub fn limit_text(reached: u32, asked: u32, is_partial: bool) -> Option<String> {
    if is_partial {
        return Some(
            "So many pictures are alike that not all of them were compared with each other: copies may be missing."
                .to_owned(),
        );
    }
    let text = || {
        format!("Pairs are known up to a distance of {reached} and not {asked}: there are too many beyond.")
    };
    (reached < asked).then(text)
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

/// The nearest neighbours of the samples that have a descriptor, by row of the dataset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Near {
    pub neighbours: Neighbours,
}

impl Near {
    /// The neighbours of a sample, nearest first, and their distances: 0 is equal, √2 is as different as
    /// chance. Of samples that are equal only the first is a neighbour of others.
    pub fn of(&self, sample: SampleId) -> impl Iterator<Item = (SampleId, f32)> + '_ {
        let near = self.neighbours.near(sample as usize);
        near.map(|(row, squared)| (row, root(squared)))
    }
}

/// The distance of unit vectors from the squared one of whole numbers.
pub(crate) fn root(squared: u32) -> f32 {
    (squared as f32).sqrt() / crate::analysis::whiten::SCALE
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
