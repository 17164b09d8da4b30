//! What can be typed after the commands that change the distribution of a dataset.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{AlikeOptions, AnalysisOptions, LayoutName, LinkingName};

/// What targets and means are, under the help of the command.
const BALANCE_HELP: &str = "\
Targets:
  uniform           every class as many as any other
  sqrt              each in proportion to the square root of its count
  cap:N             at most N of each
  floor:N           at least N of each
  match:PATH        the proportions of another dataset, by names of classes
  match-split:NAME  the proportions of a split of this dataset
  FILE.csv          by hand: a table with the columns class and count; what it leaves out stays as it is

Means, which are always done in this order:
  prune             samples of a class that is too large go while a near-copy of the same labels stays, nearest first
  undersample       samples of a class that is too large go by chance
  oversample        samples of a class that is too small are repeated, all as often as any other but for one
  augment           the same with variants of a pipeline instead of repeats
  weights           samples are weighed; the mean weight is 1

Every split is balanced by itself: the N of cap, floor and --total and the counts of a FILE are of each split that is
balanced, not of all together. docs/balance.md has the formulas. Held-out splits (test, val …) and samples
without a label stay as they are, and what was pruned in the project stays away. Samples that were kept by hand
never go.

Exit status: 0 when all was written, 1 when something could not be, 2 for wrong usage.";

#[derive(Clone, Debug, Args)]
#[command(after_long_help = BALANCE_HELP)]
pub struct BalanceOptions {
    #[command(flatten)]
    pub analysis: AnalysisOptions,

    #[command(flatten)]
    pub alike: AlikeOptions,

    /// The distribution that is wanted: uniform, sqrt, cap:N, floor:N, match:PATH, match-split:NAME or FILE.csv
    #[arg(long, value_name = "TARGET", value_parser = target)]
    pub target: TargetName,

    /// How many samples all classes of a split have together, where the target says proportions: a number, of each split;
    /// as many as there are; the most at which no class grows; or the fewest at which none shrinks. Unless set, what the
    /// means can reach
    #[arg(long, value_name = "keep|smallest|largest|N", value_parser = total)]
    pub total: Option<crate::balance::Total>,

    /// What may be done, such as 'prune,undersample,oversample'
    #[arg(long, value_name = "MEANS", value_enum, value_delimiter = ',', required = true)]
    pub means: Vec<MeansName>,

    /// How samples are weighed; effective is the effective number of samples, with 0.999 for β unless set
    #[arg(long, value_name = "wanted|inverse|effective[:BETA]", value_parser = weighting, default_value = "wanted")]
    pub weighting: crate::balance::Weighting,

    /// What makes the variants of 'augment': a file, or the name of a preset
    #[arg(long, value_name = "FILE|PRESET")]
    pub pipeline: Option<String>,

    /// The splits to balance; 'none' is the samples that are in none. Unless set, all that are not held out
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub splits: Option<Vec<String>>,

    /// The same seed gives the same plan
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// Say how far the samples that go are from those that stay, also where nothing else asks for an analysis of every
    /// picture; with prune or a project it is said anyway
    #[arg(long)]
    pub coverage: bool,

    /// Folder to write the planned dataset to; it is made where it is not there
    #[arg(long, value_name = "DIR", required_unless_present_any = ["manifest", "weights", "dry_run"])]
    pub export: Option<PathBuf>,

    /// How images come to the folder
    #[arg(long = "as", value_name = "KIND", value_enum, default_value_t = LinkingName::Copy)]
    pub linking: LinkingName,

    /// The layout of the export; with '--as manifest' a table, CSV unless set
    #[arg(long, value_name = "LAYOUT", value_enum)]
    pub layout: Option<LayoutName>,

    /// Write a table of what stays, with the columns repeat and weight; the images stay where they are
    #[arg(long, value_name = "FILE.csv|jsonl|parquet")]
    pub manifest: Option<PathBuf>,

    /// Write how often each sample of the balanced splits is there and what it weighs, and nothing else; with --export of
    /// its files, by their paths there
    #[arg(long, value_name = "FILE.csv|json")]
    pub weights: Option<PathBuf>,

    /// Write Python code of a PyTorch sampler that reads the weights, which are a .csv for it
    #[arg(long, value_name = "FILE.py", requires = "weights")]
    pub sampler: Option<PathBuf>,

    /// Replace files that are there; an interrupted export begins anew
    #[arg(long)]
    pub overwrite: bool,

    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// A wanted distribution as it is typed.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetName {
    Uniform,
    Sqrt,
    Cap(u64),
    Floor(u64),
    Match(String),
    MatchSplit(String),
    File(PathBuf),
}

/// What a plan may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MeansName {
    /// Near-copies go first
    Prune,
    /// Samples go by chance
    Undersample,
    /// Samples are repeated
    Oversample,
    /// Samples get variants
    Augment,
    /// Samples are weighed
    Weights,
}

/// The most samples that a class can be asked to have.
const MOST: u64 = u32::MAX as u64;

fn count(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(count) if count <= MOST => Ok(count),
        _ => Err(format!("{text} is no number of samples")),
    }
}

fn target(text: &str) -> Result<TargetName, String> {
    let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    let missing = || format!("{text} lacks what is behind the colon");
    match text.split_once(':') {
        None if text == "uniform" => Ok(TargetName::Uniform),
        None if text == "sqrt" => Ok(TargetName::Sqrt),
        Some(("cap", number)) => count(number).map(TargetName::Cap),
        Some(("floor", number)) => count(number).map(TargetName::Floor),
        Some(("match", path)) => named(path).map(TargetName::Match).ok_or_else(missing),
        Some(("match-split", name)) => named(name).map(TargetName::MatchSplit).ok_or_else(missing),
        _ if text.to_lowercase().ends_with(".csv") => Ok(TargetName::File(text.into())),
        _ => {
            let known = "uniform, sqrt, cap:N, floor:N, match:PATH, match-split:NAME and FILE.csv";
            Err(format!("there is no target {text}; there are {known}"))
        }
    }
}

fn total(text: &str) -> Result<crate::balance::Total, String> {
    use crate::balance::Total::{Keep, Largest, Of, Smallest};
    match text {
        "keep" => Ok(Keep),
        "smallest" => Ok(Smallest),
        "largest" => Ok(Largest),
        number => count(number).map(Of).map_err(|error| format!("{error}, nor keep, smallest or largest")),
    }
}

fn weighting(text: &str) -> Result<crate::balance::Weighting, String> {
    use crate::balance::Weighting::{self, Effective, Inverse, Wanted};
    match (text, text.strip_prefix("effective:").map(str::parse)) {
        ("wanted", _) => Ok(Wanted),
        ("inverse", _) => Ok(Inverse),
        ("effective", _) => Ok(Effective { beta: Weighting::BETA }),
        (_, Some(Ok(beta))) if (0.0..1.0).contains(&beta) => Ok(Effective { beta }),
        (_, Some(_)) => Err("β is a number from 0 to below 1, such as effective:0.999".to_owned()),
        _ => Err(format!("{text} is neither wanted, inverse nor effective")),
    }
}

/// How groups are kept together, under the help of the command.
const SPLIT_HELP: &str = "\
Each class is dealt to the splits in proportion. Near-duplicates stay in one split, so that nothing leaks, and so do
samples of one value of the column that --group names: a patient, a scene, a video. What was pruned in the project
stays away. docs/balance.md has the method.

Exit status: 0 when all was written, 1 when something could not be, 2 for wrong usage.";

#[derive(Clone, Debug, Args)]
#[command(after_long_help = SPLIT_HELP)]
pub struct SplitOptions {
    #[command(flatten)]
    pub analysis: AnalysisOptions,

    #[command(flatten)]
    pub alike: AlikeOptions,

    /// Proportions of the splits, such as 0.8,0.1,0.1; they need not add up to 1
    #[arg(long, value_name = "RATIOS", value_delimiter = ',', required = true, value_parser = ratio)]
    pub ratios: Vec<f64>,

    /// Names of the splits; unless set, train and val, or train, val and test
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub names: Option<Vec<String>>,

    /// Keep samples together that have the same value of this column, such as 'attr.patient'
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,

    /// Look for no near-duplicates: they may be parted. Quick, since no picture is read
    #[arg(long, conflicts_with_all = ["method", "symmetries", "threshold"])]
    pub no_duplicates: bool,

    /// The same seed gives the same splits
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// The table to write: every sample with its new split; the images stay where they are
    #[arg(long, value_name = "FILE.csv|jsonl|parquet", required_unless_present_any = ["export", "dry_run"])]
    pub manifest: Option<PathBuf>,

    /// Folder to write the samples to, in a folder for each split; it is made where it is not there
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,

    /// How images come to the folder
    #[arg(long = "as", value_name = "KIND", value_enum, default_value_t = LinkingName::Copy)]
    pub linking: LinkingName,

    /// The layout of the export: image-folder unless set, or webdataset, csv, jsonl, parquet; with '--as manifest' a
    /// table
    #[arg(long, value_name = "LAYOUT", value_enum, requires = "export")]
    pub layout: Option<LayoutName>,

    /// Replace files that are there; an interrupted export begins anew
    #[arg(long)]
    pub overwrite: bool,

    /// Say how samples would be dealt, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(ratio) if f64::is_finite(ratio) && ratio > 0.0 => Ok(ratio),
        _ => Err(format!("{text} is no number above 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{Total, Weighting};

    #[test]
    fn words_are_read_or_refused() {
        for (text, expected) in [
            ("uniform", Some(TargetName::Uniform)),
            ("cap:100", Some(TargetName::Cap(100))),
            ("floor:0", Some(TargetName::Floor(0))),
            ("match:a:b", Some(TargetName::Match("a:b".into()))),
            ("match-split:val", Some(TargetName::MatchSplit("val".into()))),
            ("C:/wanted.CSV", Some(TargetName::File("C:/wanted.CSV".into()))),
            ("cap:-1", None),
            ("cap:99999999999", None),
            ("match:", None),
            ("uniformly", None),
        ] {
            assert_eq!(target(text).ok(), expected, "{text}");
        }
        for (text, expected) in [("keep", Some(Total::Keep)), ("12", Some(Total::Of(12))), ("all", None)] {
            assert_eq!(total(text).ok(), expected, "{text}");
        }
        for (text, expected) in [
            ("wanted", Some(Weighting::Wanted)),
            ("effective", Some(Weighting::Effective { beta: 0.999 })),
            ("effective:0.5", Some(Weighting::Effective { beta: 0.5 })),
            ("effective:1", None),
            ("effective:x", None),
            ("square", None),
        ] {
            assert_eq!(weighting(text).ok(), expected, "{text}");
        }
        for (text, expected) in [("0.8", Some(0.8)), ("0", None), ("-1", None), ("nan", None), ("inf", None)]
        {
            assert_eq!(ratio(text).ok(), expected, "{text}");
        }
    }
}
