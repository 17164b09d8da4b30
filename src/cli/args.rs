//! What can be typed after `lenslet`.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::analysis::quality::Check;

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
    /// Find samples that are copies of each other
    Duplicates(DuplicatesOptions),
    /// Score how good each picture is by itself, and print what is under its threshold
    Quality(QualityOptions),
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
    #[arg(long, value_name = "QUERY")]
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

    /// What makes two samples alike
    #[arg(long, value_enum, default_value = "phash")]
    pub method: MethodName,

    /// Length of the hash; 256 is for phash alone
    #[arg(long, value_name = "BITS", default_value = "64", value_parser = ["64", "256"])]
    pub bits: String,

    /// Find mirrored and turned copies as well
    #[arg(long)]
    pub symmetries: bool,

    /// How many bits of the hash may differ; 10 of 64 and 40 of 256 unless set
    #[arg(long, value_name = "N")]
    pub threshold: Option<u32>,

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodName {
    /// Perceptual hash: the low waves of a small grey picture
    Phash,
    /// Difference hash: which pixels are lighter than the one on their left
    Dhash,
    /// Average hash: which pixels are lighter than the mean
    Ahash,
    /// Wavelet hash: which parts are lighter than the median
    Whash,
    /// The same pixels, however they are stored
    Pixels,
    /// The same bytes
    File,
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
        ] {
            let words = std::iter::once("lenslet").chain(words.split(' ')).map(Into::into);
            let arguments = Arguments::try_read(words).unwrap();
            let task = arguments.task.map(|task| match task {
                Task::Scan(_) => "scan",
                Task::Duplicates(_) => "duplicates",
                Task::Quality(_) => "quality",
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
