//! What a person set for a plan, as it is kept: names and numbers, which a dataset gives their meaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::balance::{Fill, Means, Target, Total, Weighting};
use crate::dataset::columns::column;
use crate::dataset::edit::PipelineSlot;
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, Labels, NO_SPLIT, SplitId};
use crate::pipeline::balancing::{Request, SplitRequest, by_class, class_counts, usual_splits};

/// A plan as a person asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BalanceSettings {
    pub prune: bool,
    pub undersample: bool,
    pub fill: FillChoice,
    pub weights: Option<Weighting>,
    pub target: TargetChoice,
    /// `None` follows from the means.
    pub total: Option<Total>,
    /// Names of the splits that are balanced, `None` among them for the samples that are in none; without a list they
    /// are the usual ones.
    pub splits: Option<Vec<Option<String>>>,
    pub seed: u64,
    /// Counts that were drawn by hand, by splits and classes; those of no split are below "".
    pub drawn: BTreeMap<String, BTreeMap<String, u64>>,
    /// The dataset whose proportions can be asked for.
    pub other: Option<OtherDataset>,
}

/// Another dataset as it was listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherDataset {
    pub source: String,
    /// Samples by the names of its classes.
    pub counts: BTreeMap<String, u64>,
}

/// What makes a small class larger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FillChoice {
    #[default]
    Nothing,
    Repeats,
    /// Variants by a pipeline of the panel Augment.
    Variants(PipelineSlot),
}

/// The distribution that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetChoice {
    #[default]
    Uniform,
    SquareRoot,
    Cap(u64),
    Floor(u64),
    /// The proportions of this split; `None` for the samples that are in none.
    MatchSplit(Option<String>),
    /// The proportions of another dataset, by names of classes.
    MatchDataset,
    /// What was drawn bar by bar.
    ByHand,
}

impl Default for BalanceSettings {
    fn default() -> Self {
        Self {
            prune: true,
            undersample: true,
            fill: FillChoice::Nothing,
            weights: None,
            target: TargetChoice::Uniform,
            total: None,
            splits: None,
            seed: 1,
            drawn: BTreeMap::new(),
            other: None,
        }
    }
}

impl BalanceSettings {
    pub fn means(&self) -> Means {
        let fill = match self.fill {
            FillChoice::Nothing => None,
            FillChoice::Repeats => Some(Fill::Repeats),
            FillChoice::Variants(_) => Some(Fill::Variants),
        };
        let weights = self.weights.map(|weighting| match weighting {
            // A kept number may be any.
            Weighting::Effective { beta } if !(0.0..1.0).contains(&beta) => {
                Weighting::Effective { beta: Weighting::BETA }
            }
            weighting => weighting,
        });
        Means { prune: self.prune, undersample: self.undersample, fill, weights }
    }

    /// Whether the total is to be chosen.
    pub fn has_total(&self) -> bool {
        use TargetChoice::{MatchDataset, MatchSplit, SquareRoot, Uniform};
        matches!(self.target, Uniform | SquareRoot | MatchSplit(_) | MatchDataset)
    }

    /// What is asked of a dataset, or a sentence on why that makes no sense. Of [`TargetChoice::ByHand`] the target is
    /// [`Self::drawn_of`].
    pub fn request(&self, snapshot: &Snapshot) -> Result<Request, String> {
        let dataset = &*snapshot.dataset;
        let splits = match &self.splits {
            None => usual_splits(snapshot),
            Some(names) => names.iter().filter_map(|name| split_of(dataset, name.as_deref())).collect(),
        };
        if snapshot.labels().classes.is_empty() {
            return Err("The dataset has no labels, so that there is nothing to balance.".to_owned());
        }
        if splits.is_empty() {
            return Err("Choose which splits to balance; those held out by their names stay as they are \
                        unless you do."
                .to_owned());
        }
        let target = match &self.target {
            TargetChoice::Uniform => Target::Uniform,
            TargetChoice::SquareRoot => Target::SquareRoot,
            TargetChoice::Cap(most) => Target::Cap(*most),
            TargetChoice::Floor(least) => Target::Floor(*least),
            TargetChoice::MatchSplit(name) => {
                let split = split_of(dataset, name.as_deref());
                let missing = || format!("There is no split {}.", name.as_deref().unwrap_or("none"));
                Target::Match(class_counts(snapshot, Some(split.ok_or_else(missing)?)))
            }
            TargetChoice::MatchDataset => self.matched(snapshot.labels())?,
            TargetChoice::ByHand => Target::ByHand(Vec::new()),
        };
        Ok(Request { target, total: self.total, means: self.means(), splits, seed: self.seed })
    }

    /// The proportions of the other dataset by the classes of this one.
    fn matched(&self, labels: &Labels) -> Result<Target, String> {
        let Some(other) = &self.other else {
            return Err("Choose the dataset whose proportions are wanted.".to_owned());
        };
        let counts = by_class(labels, other.counts.iter().map(|(name, count)| (name.clone(), *count))).0;
        if counts.iter().all(Option::is_none) {
            return Err(format!("The datasets have no class in common: {}", other.source));
        }
        Ok(Target::Match(counts.into_iter().map(Option::unwrap_or_default).collect()))
    }

    /// Classes of the other dataset that this one has not, where its proportions are asked for.
    pub fn unknown_classes(&self, labels: &Labels) -> Vec<String> {
        match (&self.target, &self.other) {
            (TargetChoice::MatchDataset, Some(other)) => {
                let there = other.counts.iter().filter(|(_, count)| **count > 0);
                by_class(labels, there.map(|(name, count)| (name.clone(), *count))).1
            }
            _ => Vec::new(),
        }
    }

    /// What was drawn for a split; a class that was not stays as it is.
    pub fn drawn_of(&self, snapshot: &Snapshot, split: SplitId) -> Target {
        let drawn = self.drawn.get(split_name(&snapshot.dataset, split).unwrap_or_default());
        let counts = drawn.into_iter().flatten().map(|(class, count)| (class.clone(), *count));
        Target::ByHand(by_class(snapshot.labels(), counts).0)
    }
}

/// The split of that name, or of none.
fn split_of(dataset: &Dataset, name: Option<&str>) -> Option<SplitId> {
    let Some(name) = name else { return Some(NO_SPLIT) };
    let place = dataset.split_names.iter().position(|known| known == name);
    place.map(|place| place as SplitId)
}

/// The name of a split; `None` for the samples that are in none.
pub fn split_name(dataset: &Dataset, split: SplitId) -> Option<&str> {
    dataset.split_names.get(split as usize).map(String::as_str)
}

/// New splits at most.
pub const MOST_SPLITS: usize = 32;

/// New splits as a person asks for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SplitSettings {
    /// Names and proportions, at most [`MOST_SPLITS`].
    pub parts: Vec<(String, f64)>,
    /// The column whose values keep samples together.
    pub group: Option<String>,
    /// Whether near-duplicates stay together.
    pub keep_together: bool,
    pub seed: u64,
}

impl Default for SplitSettings {
    fn default() -> Self {
        let parts = [("train", 0.8), ("val", 0.1), ("test", 0.1)];
        let parts = parts.map(|(name, ratio)| (name.to_owned(), ratio)).to_vec();
        Self { parts, group: None, keep_together: true, seed: 1 }
    }
}

impl SplitSettings {
    /// What the parts add up to: 1 where they are parts of all.
    pub fn sum(&self) -> f64 {
        self.parts.iter().map(|part| part.1).filter(|ratio| ratio.is_finite() && *ratio > 0.0).sum()
    }

    /// Scales the parts so that they add up to 1.
    pub fn scale(&mut self) {
        let sum = self.sum();
        if sum > 0.0 {
            self.parts.iter_mut().for_each(|part| part.1 /= sum);
        }
    }

    /// One split more, of a name that none has, without a part yet.
    pub fn add(&mut self) {
        let is_taken = |name: &String| self.parts.iter().any(|part| part.0 == *name);
        let name =
            (self.parts.len() + 1..).map(|number| format!("split-{number}")).find(|name| !is_taken(name));
        if self.parts.len() < MOST_SPLITS {
            self.parts.extend(name.map(|name| (name, 0.0)));
        }
    }

    /// What is asked of a dataset, or a sentence on why that makes no sense. Splits of proportion 0 are none.
    pub fn request(&self, snapshot: &Snapshot) -> Result<SplitRequest, String> {
        let is_wanted = |part: &&(String, f64)| part.1.is_finite() && part.1 > 0.0;
        let parts: Vec<&(String, f64)> = self.parts.iter().filter(is_wanted).collect();
        if parts.len() < 2 {
            return Err("Give at least two splits a part of the samples.".to_owned());
        }
        if parts.len() > MOST_SPLITS {
            return Err(format!("There are {} splits; {MOST_SPLITS} are the most.", parts.len()));
        }
        let names: Vec<&str> = parts.iter().map(|part| part.0.trim()).collect();
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err("A split has no name: give each of them one.".to_owned());
            }
            if names[..at].contains(name) {
                return Err(format!("Two splits are called {name}: give them different names."));
            }
        }
        let group = match &self.group {
            None => None,
            Some(name) => {
                let missing = || format!("There is no column {name} to keep samples together by.");
                Some(column(snapshot, name).ok_or_else(missing)?)
            }
        };
        Ok(SplitRequest {
            names: names.into_iter().map(str::to_owned).collect(),
            ratios: parts.iter().map(|part| part.1).collect(),
            group,
            seed: self.seed,
        })
    }
}
