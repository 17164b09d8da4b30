//! What can be typed after `lenslet`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::analysis::quality::Check;
use crate::review::Method;

mod augment;
mod balance;
mod labels;
mod statistics;
mod training;

pub use augment::{
    AugmentDevice, AugmentOptions, ConvertOptions, PipelineForm, PipelineNormalizeOptions,
    PipelineSheetOptions, PipelineTask, VariantsFormat,
};
pub use balance::{BalanceOptions, MeansName, SplitOptions, TargetName};
pub use labels::{LabelsTask, SimulateOptions};
pub use statistics::{ByName, ChartOptions, OrderName, StatsOptions};
pub use training::{
    ChannelsName, DeviceOptions, EncodeOptions, EvaluateOptions, FitOptions, FreezeName, FromName,
    PartOptions, ReconstructOptions, SampleOptions, SamplesOptions, TrainOptions,
};

/// Look at an image dataset: browse it, search it, and see what is broken.
///
/// Without a command, opens the window on PATH: a folder, an archive, a manifest, an array or
/// table file, or a pattern of shards such as 'train-{000..009}.tar'. The format is detected from
/// the content. Source files are never written.
#[derive(Debug, Parser)]
#[command(name = "lenslet", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub task: Option<Task>,

    /// What to open in the window; without it, the welcome screen
    pub path: Option<String>,

    /// Keep the project in this folder instead of the user's data folder
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,

    /// How much to log to stderr: error, warn, info, debug, trace, or a tracing filter
    #[arg(long, global = true, default_value = "warn", value_name = "LEVEL")]
    pub log: String,
}

impl Arguments {
    /// The arguments of this process; wrong ones end it with exit code 2.
    pub fn read() -> Self {
        Self::try_read(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// The path and the project's folder are the window's: a command has its own.
    fn try_read(words: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Self, clap::Error> {
        let arguments = Self::try_parse_from(words)?;
        if arguments.task.is_some() && (arguments.path.is_some() || arguments.project.is_some()) {
            let message = "write PATH and --project after the command, or without a command";
            return Err(Self::command().error(clap::error::ErrorKind::ArgumentConflict, message));
        }
        Ok(arguments)
    }
}

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Print what is in a dataset, and what is broken in it
    Scan(ScanOptions),
    /// Print how a dataset is spread: over classes and splits, its numbers, its pictures, and what it covers
    Stats(StatsOptions),
    /// Draw a chart of a dataset to an SVG or PNG, or write its data as CSV
    Chart(ChartOptions),
    /// Find samples that are copies of each other
    Duplicates(DuplicatesOptions),
    /// Score how good each picture is by itself, and print what is under its threshold
    Quality(QualityOptions),
    /// Find near-duplicates that lie in different splits
    Leaks(LeaksOptions),
    /// Rank samples by how far they are from their nearest neighbours
    Outliers(RankOptions),
    /// Rank samples by how likely their label is wrong
    LabelErrors(RankOptions),
    /// Decide by rules which samples to leave out, and export what stays
    Prune(PruneOptions),
    /// Plan the way to another distribution of classes, and write the dataset, a table or weights
    Balance(Box<BalanceOptions>),
    /// Deal samples to new splits, with every class in proportion and near-duplicates together
    Split(Box<SplitOptions>),
    /// Labels by hand: in and out of files, what changed, how far people agree, and what labelling costs
    #[command(subcommand)]
    Labels(Box<LabelsTask>),
    /// Write what was found, and what rules decide, as a page of HTML or as JSON
    Report(ReportOptions),
    /// Write variants of a dataset's pictures, made by a pipeline of augmentations
    Augment(Box<AugmentOptions>),
    /// Convert a pipeline of augmentations, draw what it does, or measure what it normalises by
    #[command(subcommand)]
    Pipeline(PipelineTask),
    /// Train a variational autoencoder on a dataset's pictures
    Train(TrainOptions),
    /// Draw pictures from a trained model
    Sample(SampleOptions),
    /// Write where samples lie in a trained model's latent space
    Encode(EncodeOptions),
    /// See what of samples comes back out of a trained model, and how much is lost
    Reconstruct(ReconstructOptions),
    /// Measure a trained model: what unseen samples lose, and how like real ones its pictures are
    Evaluate(EvaluateOptions),
    /// Write the built-in demo dataset: rendered letters with planted faults
    Demo(DemoArguments),
    /// Render the program's window off-screen to a PNG
    Screenshot(ScreenshotOptions),
}

/// Exit status: 0 when the dataset opened (issues or not), 1 when nothing could be read, 2 for
/// wrong usage.
#[derive(Clone, Debug, Args)]
pub struct ScanOptions {
    /// Folder, archive, manifest, array or table file, or pattern of shards
    pub path: String,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,

    /// Report only the samples that fit this query, such as 'split:val -label:dog'
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    pub filter: Option<String>,

    /// Threads that decode; all cores unless set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Keep the result in this project folder, and read only what changed since the last time
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

/// Exit status as for scan.
#[derive(Clone, Debug, Args)]
pub struct DuplicatesOptions {
    /// Folder, archive, manifest, array or table file, or pattern of shards
    pub path: String,

    #[command(flatten)]
    pub alike: AlikeOptions,

    /// With '--method descriptor', take the encoder of this trained model instead of the hand-made
    /// descriptor: a checkpoint's folder, or that of a run. The threshold follows from the data unless set
    #[arg(long, value_name = "CHECKPOINT", requires = "method")]
    pub encoder: Option<PathBuf>,

    /// Length of the hash; 256 is for phash alone
    #[arg(long, value_name = "BITS", default_value = "64", value_parser = ["64", "256"])]
    pub bits: String,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,

    /// Write each sample's path and hash, in hexadecimal, to this file; of file and pixels the first
    /// half of BLAKE3
    #[arg(long, value_name = "FILE.csv")]
    pub save_hashes: Option<PathBuf>,

    /// Threads that decode; all cores unless set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Exit status as for scan.
#[derive(Clone, Debug, Args)]
pub struct QualityOptions {
    /// Folder, archive, manifest, array or table file, or pattern of shards
    pub path: String,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,

    /// Use another threshold for a check, such as 'blurry=0.35'; a score under it is flagged
    #[arg(long, value_name = "CHECK=N", value_parser = check_and_threshold)]
    pub threshold: Vec<(Check, f32)>,

    /// Write every score of every sample to this file
    #[arg(long, value_name = "FILE.csv")]
    pub scores: Option<PathBuf>,

    /// Threads that decode; all cores unless set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// What every command takes that analyses a dataset.
#[derive(Clone, Debug, Args)]
pub struct AnalysisOptions {
    /// Folder, archive, manifest, array or table file, or pattern of shards
    pub path: String,

    /// Threads that decode; all cores unless set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Keep what is computed in this project folder, and compute only what changed since the last
    /// time; what was decided and set there in the window counts
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

/// What makes two samples near-duplicates.
#[derive(Clone, Debug, Default, Args)]
pub struct AlikeOptions {
    /// What makes two samples alike: combined (unless set) is hashes and descriptor together
    #[arg(long, value_name = "METHOD", value_parser = method_parser())]
    pub method: Option<Method>,

    /// Find mirrored and turned copies as well
    #[arg(long)]
    pub symmetries: bool,

    /// The largest distance of near-duplicates: bits of a hash (10 of 64, 40 of 256 unless set), or
    /// thousandths
    #[arg(long, value_name = "N")]
    pub threshold: Option<u32>,
}

impl AlikeOptions {
    /// Whether anything is asked for.
    pub fn is_given(&self) -> bool {
        self.method.is_some() || self.symmetries || self.threshold.is_some()
    }
}

fn method_parser() -> impl TypedValueParser<Value = Method> {
    let named = |name: String| Method::ALL.into_iter().find(|method| method.name() == name);
    // The parser lets no other names through.
    PossibleValuesParser::new(Method::ALL.map(Method::name)).map(move |name| named(name).unwrap_or_default())
}

/// Exit status as for scan.
#[derive(Clone, Debug, Args)]
pub struct LeaksOptions {
    #[command(flatten)]
    pub analysis: AnalysisOptions,

    #[command(flatten)]
    pub alike: AlikeOptions,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Exit status as for scan.
#[derive(Clone, Debug, Args)]
pub struct RankOptions {
    #[command(flatten)]
    pub analysis: AnalysisOptions,

    /// Flag the samples whose score is under this; unless set, it follows from the data
    #[arg(long, value_name = "SCORE", value_parser = score)]
    pub threshold: Option<f32>,

    /// Find neighbours by the encoder of this trained model instead of the hand-made descriptor: a
    /// checkpoint's folder, or that of a run
    #[arg(long, value_name = "CHECKPOINT")]
    pub encoder: Option<PathBuf>,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

fn score(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err(format!("{text} is no number from 0 to 1")),
    }
}

/// What a file of rules looks like, under the help of the commands that read one.
const RULES_HELP: &str = "\
A file of rules is JSON; what it leaves out is as by default:

  {
    \"protect\": [\"split:test\", \"path:originals/\"],
    \"prefer\": [\"labelled\", \"resolution\", \"sharpness\", \"bytes\", \"oldest\", \"shortest-path\", \"first-path\"],
    \"duplicates\": true,
    \"leave-conflicts\": true,
    \"prune\": [\"dark\", \"blurry\"]
  }

What fits a protected query is never pruned. Of a group of near-duplicates the best stays, by the first
preference in which they differ; groups whose labels contradict each other are left as they are. Samples
with one of the flags to prune go, in a group or not.

Exit status: 0 when all was exported and verified, 1 when something could not be, 2 for wrong usage. What
was interrupted goes on when the same command is run again, without '--overwrite'.";

#[derive(Clone, Debug, Args)]
#[command(after_long_help = RULES_HELP)]
pub struct PruneOptions {
    #[command(flatten)]
    pub analysis: AnalysisOptions,

    #[command(flatten)]
    pub alike: AlikeOptions,

    /// A file of rules, or 'default': near-duplicates go, the best of each group and all held-out
    /// splits stay; 'none' exports what was decided in the project
    #[arg(long, value_name = "FILE|default|none")]
    pub rules: String,

    /// Folder to write what stays to; it is made where it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub export: Option<PathBuf>,

    /// How images come to the folder
    #[arg(long = "as", value_name = "KIND", value_enum, default_value_t = LinkingName::Copy)]
    pub linking: LinkingName,

    /// The layout of the export; with '--as manifest' a table, CSV unless set
    #[arg(long, value_name = "LAYOUT", value_enum)]
    pub layout: Option<LayoutName>,

    /// Replace files that are in the folder under the same names; an interrupted export begins anew
    #[arg(long)]
    pub overwrite: bool,

    /// Say what would be pruned and written, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// How images come to an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LinkingName {
    /// Files of their own
    Copy,
    /// Further names of the same files, on the same disk
    Hardlink,
    /// Links to the source
    Symlink,
    /// Not at all: a table names them where they are
    Manifest,
}

/// The layout of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutName {
    /// The layout that the dataset came in
    Same,
    /// split/class/name
    ImageFolder,
    /// Tar shards of each split
    Webdataset,
    /// The images and a table of every column
    Csv,
    /// The same as JSON Lines
    Jsonl,
    /// The same as Parquet
    Parquet,
}

/// Exit status as for scan.
#[derive(Clone, Debug, Args)]
pub struct ReportOptions {
    #[command(flatten)]
    pub analysis: AnalysisOptions,

    #[command(flatten)]
    pub alike: AlikeOptions,

    /// The file to write: JSON where its name ends in .json, else HTML that needs no other file
    #[arg(long, value_name = "FILE.html")]
    pub out: PathBuf,

    /// Decide by the rules in this file, or by 'default' ones, and report on that; see prune
    #[arg(long, value_name = "FILE|default")]
    pub rules: Option<String>,
}

fn check_and_threshold(text: &str) -> Result<(Check, f32), String> {
    let (name, threshold) = text.split_once('=').ok_or("write it as CHECK=N")?;
    let names = || Check::ALL.map(Check::name).join(", ");
    let check = Check::from_name(name).ok_or_else(|| format!("no check is named {name}: {}", names()))?;
    match threshold.parse() {
        Ok(threshold) if (0.0..=1.0).contains(&threshold) => Ok((check, threshold)),
        _ => Err(format!("{threshold} is no number from 0 to 1")),
    }
}

#[derive(Clone, Debug, Args)]
pub struct DemoArguments {
    /// Folder to write into: DIR/glyphs is the dataset, DIR/truth.csv lists its faults; without
    /// it, a folder among Lenslet's own data
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// How many samples
    #[arg(long, value_name = "N", default_value_t = 3000, value_parser = clap::value_parser!(u32).range(1..))]
    pub samples: u32,

    /// The same seed gives the same bytes
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
}

#[derive(Clone, Debug, Args)]
pub struct ScreenshotOptions {
    /// What to open; without it, the welcome screen
    pub path: Option<String>,

    /// The PNG to write
    #[arg(long, value_name = "FILE.png")]
    pub out: PathBuf,

    /// Size in points
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = parse_size)]
    pub size: (u32, u32),

    /// Pixels per point
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub scale: f32,

    /// What stands in front
    #[arg(long, value_name = "NAME", value_enum, default_value_t = ScreenshotView::Grid)]
    pub view: ScreenshotView,

    /// Light instead of dark
    #[arg(long)]
    pub light: bool,

    /// Show only the samples that fit this query
    #[arg(long, value_name = "QUERY", default_value = "")]
    pub filter: String,
}

/// What a screenshot shows in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScreenshotView {
    Welcome,
    Grid,
    Table,
    Issues,
    Charts,
    Palette,
    Shortcuts,
    Settings,
    QueryHelp,
}

/// The largest side of a screenshot, in points.
const MAX_SIDE: u32 = 8192;

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', 'X', '×']).and_then(|(width, height)| {
        Some((width.trim().parse::<u32>().ok()?, height.trim().parse::<u32>().ok()?))
    });
    match sides {
        Some((width, height)) if (64..=MAX_SIDE).contains(&width) && (64..=MAX_SIDE).contains(&height) => {
            Ok((width, height))
        }
        Some(_) => Err(format!("each side must be 64 to {MAX_SIDE}")),
        None => Err("write it as 1280x720".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_wherever_the_options_stand() {
        for (words, expected) in [
            ("--log debug demo", Some("demo")),
            ("demo --log debug", Some("demo")),
            ("--log debug DATA", None),
            ("--project P DATA", None),
            ("scan DATA --project P", Some("scan")),
            ("duplicates DATA --method dhash", Some("duplicates")),
            ("quality DATA --threshold dark=0.2", Some("quality")),
            ("leaks DATA --method phash-256 --threshold 9 --json", Some("leaks")),
            ("outliers DATA --json", Some("outliers")),
            ("outliers DATA --encoder RUN", Some("outliers")),
            ("duplicates DATA --method descriptor --encoder RUN", Some("duplicates")),
            ("label-errors DATA --threshold 0.3", Some("label-errors")),
            ("prune DATA --rules default --export OUT --as hardlink --layout image-folder", Some("prune")),
            ("prune DATA --rules FILE --dry-run", Some("prune")),
            (
                "balance DATA --target sqrt --means prune,undersample,weights --seed 3 --manifest FILE.csv",
                Some("balance"),
            ),
            (
                "balance DATA --target match:OTHER --means oversample --export DIR --splits train,none",
                Some("balance"),
            ),
            (
                "split DATA --ratios 0.8,0.1,0.1 --names a,b,c --group patient --manifest FILE.csv",
                Some("split"),
            ),
            ("split DATA --ratios 8,2 --no-duplicates --dry-run --json", Some("split")),
            ("labels simulate DATA --truth label --strategy uncertain --budget 50 --json", Some("labels")),
            ("labels simulate DATA --truth attr.colour --filter split:test --confirm", Some("labels")),
            ("report DATA --out FILE.html --rules default", Some("report")),
            (
                "train DATA --out DIR --epochs 3 --latent 8 --device cpu --from RUN --freeze encoder",
                Some("train"),
            ),
            ("augment DATA --pipeline standard --variants 3 --out DIR --format parquet", Some("augment")),
            ("augment --list --json", Some("augment")),
            ("pipeline convert IN.json OUT.py --to torchvision-py", Some("pipeline")),
            ("pipeline sheet DATA --pipeline weak --out FILE.png", Some("pipeline")),
            (
                "pipeline normalize DATA --pipeline weak --out FILE.json --filter split:train",
                Some("pipeline"),
            ),
            ("sample RUN --grid 8 --out FILE.png --seed 3", Some("sample")),
            (
                "sample RUN --count 9 --out DIR --from posterior --data DATA --filter label:a --components 4",
                Some("sample"),
            ),
            ("encode RUN DATA --out latents.npy", Some("encode")),
            ("reconstruct RUN DATA --out sheet.png --json", Some("reconstruct")),
            ("evaluate RUN DATA --json --filter split:val", Some("evaluate")),
            ("stats DATA --json --quick", Some("stats")),
            ("chart DATA --kind classes --out FILE.svg", Some("chart")),
            ("labels agreement A.csv B.json --by content --json", Some("labels")),
            ("labels diff DATA --project DIR --json", Some("labels")),
        ] {
            let words = std::iter::once("lenslet").chain(words.split(' ')).map(Into::into);
            let arguments = Arguments::try_read(words).unwrap();
            let task = arguments.task.map(|task| match task {
                Task::Scan(_) => "scan",
                Task::Duplicates(_) => "duplicates",
                Task::Quality(_) => "quality",
                Task::Leaks(_) => "leaks",
                Task::Outliers(_) => "outliers",
                Task::LabelErrors(_) => "label-errors",
                Task::Prune(_) => "prune",
                Task::Balance(_) => "balance",
                Task::Split(_) => "split",
                Task::Stats(_) => "stats",
                Task::Chart(_) => "chart",
                Task::Labels(_) => "labels",
                Task::Report(_) => "report",
                Task::Augment(_) => "augment",
                Task::Pipeline(_) => "pipeline",
                Task::Train(_) => "train",
                Task::Sample(_) => "sample",
                Task::Encode(_) => "encode",
                Task::Reconstruct(_) => "reconstruct",
                Task::Evaluate(_) => "evaluate",
                Task::Demo(_) => "demo",
                Task::Screenshot(_) => "screenshot",
            });
            assert_eq!(task, expected);
            assert_eq!(arguments.path.is_some(), expected.is_none());
        }
        for words in [
            "--project P scan DATA",
            "DATA scan DATA",
            "quality DATA --threshold dark",
            "quality DATA --threshold odd=0.2",
            "quality DATA --threshold dark=2",
            "duplicates DATA --bits 128",
            "duplicates DATA --encoder RUN",
            "leaks DATA --method dim",
            "outliers DATA --threshold 2",
            "prune DATA --rules default",
            "prune DATA --export OUT",
            "prune DATA --rules default --export OUT --as tar",
            "labels simulate DATA",
            "labels simulate DATA --truth label --strategy likely-wrong",
            "labels simulate DATA --truth label --budget 0",
            "report DATA",
            "augment DATA --pipeline standard",
            "augment DATA --out DIR",
            "augment --list --out DIR",
            "augment DATA --pipeline standard --out DIR --variants 0",
            "balance DATA --target uniform --means undersample",
            "balance DATA --target uniform --manifest FILE.csv",
            "balance DATA --target most --means weights --dry-run",
            "balance DATA --target uniform --means weights --sampler FILE.py --dry-run",
            "split DATA --ratios 0.8,0 --dry-run",
            "split DATA --ratios 8,2",
            "split DATA --ratios 8,2 --no-duplicates --threshold 9 --dry-run",
            "pipeline convert IN.json",
            "pipeline normalize DATA --pipeline weak",
            "train DATA",
            "train DATA --out DIR --epochs 3 --steps 9",
            "train DATA --out DIR --epochs 0",
            "train DATA --out DIR --from RUN --resume",
            "train DATA --out DIR --freeze encoder",
            "train DATA --out DIR --device tpu",
            "sample RUN --out FILE.png",
            "sample RUN --grid 8 --count 3 --out FILE.png",
            "sample RUN --grid 8 --out FILE.png --from mixture",
            "encode RUN --out latents.npy",
            "labels agreement",
            "labels agreement A.csv --by name",
            "labels diff DATA",
        ] {
            let words = std::iter::once("lenslet").chain(words.split(' ')).map(Into::into);
            assert!(Arguments::try_read(words).is_err());
        }
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_are_read_or_refused() {
        for (text, expected) in
            [("1280x720", Some((1280, 720))), (" 64 X 64", Some((64, 64))), ("0x9", None), ("9", None)]
        {
            assert_eq!(parse_size(text).ok(), expected, "{text}");
        }
    }
}
