//! What can be typed after the commands about augmentation.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{PartOptions, SamplesOptions};
use crate::export::dataset::MAX_VARIANTS;

/// What a pipeline's file may be, under the help of the commands that read one.
const PIPELINE_HELP: &str = "\
A pipeline is a file of JSON as Lenslet writes it, or of JSON or YAML as Albumentations writes it; or the name
of a preset: none, weak, standard, strong, simclr, dino, medical-safe, digits-safe.

Exit status: 0 when all was written, 1 when not, 2 for wrong usage. What was interrupted goes on when the same
command is run again, without '--overwrite'.";

/// What is made of a dataset.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = PIPELINE_HELP)]
pub struct AugmentOptions {
    /// Folder, archive, manifest, array or table file, or pattern of shards
    #[arg(required_unless_present = "list")]
    pub path: Option<String>,

    #[command(flatten)]
    pub part: PartOptions,

    /// List every operation with its parameters, and do nothing else
    #[arg(long, conflicts_with_all = ["path", "pipeline", "out"])]
    pub list: bool,

    /// What is done: a file, or the name of a preset
    #[arg(long, value_name = "FILE|PRESET", required_unless_present = "list")]
    pub pipeline: Option<String>,

    /// Variants of each sample
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_VARIANTS)))]
    pub variants: u32,

    /// The same seed gives the same bytes
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// Folder to write to; it is made where it is not there
    #[arg(long, value_name = "DIR", required_unless_present_any = ["list", "dry_run"])]
    pub out: Option<PathBuf>,

    /// How variants are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = VariantsFormat::Folder)]
    pub format: VariantsFormat,

    /// What makes the variants; the graphics device is within 2/255 of the processor on 99.5 % of values
    #[arg(long, value_name = "DEVICE", value_enum, default_value_t = AugmentDevice::Cpu)]
    pub device: AugmentDevice,

    /// Write the samples themselves as well
    #[arg(long)]
    pub with_originals: bool,

    /// Replace files that are in the folder under the same names; an interrupted export begins anew
    #[arg(long)]
    pub overwrite: bool,

    /// Say what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// How variants are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VariantsFormat {
    /// split/class/name-v0.png, and metadata.jsonl
    Folder,
    /// Tar shards of each split
    Webdataset,
    /// Parquet files of each split, images inside
    Parquet,
}

/// What makes variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AugmentDevice {
    /// The processor, on all cores: the reference
    Cpu,
    /// The graphics device; a software driver where there is no other
    Gpu,
}

#[derive(Clone, Debug, Subcommand)]
pub enum PipelineTask {
    /// Write a pipeline in another form, or as Python code
    Convert(ConvertOptions),
    /// Draw samples and their variants side by side
    Sheet(PipelineSheetOptions),
    /// Measure mean and deviation of a dataset's pixels, and put them into a pipeline
    Normalize(PipelineNormalizeOptions),
}

/// Exit status: 0 when it was written, 1 when not, 2 for wrong usage. What a form cannot say is told on stderr.
#[derive(Clone, Debug, Args)]
pub struct ConvertOptions {
    /// The pipeline: a file, or the name of a preset
    #[arg(value_name = "IN")]
    pub from: String,

    /// The file to write; '-' prints it
    #[arg(value_name = "OUT")]
    pub out: PathBuf,

    /// The form; unless set, it follows from the name of the file: .yaml, .py, or Lenslet's own JSON
    #[arg(long, value_name = "FORM", value_enum)]
    pub to: Option<PipelineForm>,

    /// Replace a file that is there
    #[arg(long)]
    pub overwrite: bool,
}

/// The form of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PipelineForm {
    /// JSON of this program
    Lenslet,
    AlbumentationsJson,
    AlbumentationsYaml,
    /// Python code
    AlbumentationsPy,
    /// Python code for torchvision.transforms.v2
    TorchvisionPy,
}

/// Exit status: 0 when it was written, 1 when not, 2 for wrong usage.
#[derive(Clone, Debug, Args)]
pub struct PipelineSheetOptions {
    #[command(flatten)]
    pub samples: SamplesOptions,

    /// What is done: a file, or the name of a preset
    #[arg(long, value_name = "FILE|PRESET")]
    pub pipeline: String,

    /// The PNG to write: a row for each sample, the sample first
    #[arg(long, value_name = "SHEET.png")]
    pub out: PathBuf,

    /// Samples on the sheet, from all over the dataset
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub count: u16,

    /// Variants beside each
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub variants: u16,

    /// The same seed gives the same variants
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// Side of a cell in pixels
    #[arg(long, value_name = "PX", default_value_t = 128, value_parser = clap::value_parser!(u16).range(16..=512))]
    pub cell: u16,

    /// Replace a file that is there
    #[arg(long)]
    pub overwrite: bool,
}

/// What is measured, under its help.
const NORMALIZE_HELP: &str = "\
The mean and the deviation of red, green and blue are those of all pixels of all samples, from 0 to 1, as the samples
are: the other steps do not count. The deviation is that of the population, and a large picture counts by its pixels.
Every step 'normalize' that is by the dataset gets them; where the pipeline has no step 'normalize', one is added at
the end.

Exit status: 0 when it was written and all samples were read, 1 when not, 2 for wrong usage.";

/// What is measured, and for which pipeline.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = NORMALIZE_HELP)]
pub struct PipelineNormalizeOptions {
    #[command(flatten)]
    pub samples: SamplesOptions,

    /// The pipeline: a file, or the name of a preset
    #[arg(long, value_name = "FILE|PRESET")]
    pub pipeline: String,

    /// The file to write; its form follows from its name, as of convert
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Replace a file that is there
    #[arg(long)]
    pub overwrite: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}
