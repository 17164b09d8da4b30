//! What can be typed after the commands that train a model or use a trained one.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::train::config::{Fit, Likelihood};
use crate::train::device::Choice;

/// A dataset, and which of its samples.
#[derive(Clone, Debug, Args)]
pub struct SamplesOptions {
    /// Folder, archive, manifest, array or table file, or pattern of shards
    pub path: String,

    #[command(flatten)]
    pub part: PartOptions,
}

/// Which of a dataset's samples, and where their project is.
#[derive(Clone, Debug, Default, Args)]
pub struct PartOptions {
    /// Only the samples that fit this query, such as 'split:train -label:dog'
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    pub filter: Option<String>,

    /// Threads that decode; all cores unless set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Leave out what was pruned in this project folder; encode keeps what the model says there, as columns:
    /// of the samples that are asked about, and of no others
    /// such as model.error
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

/// What does the work.
#[derive(Clone, Debug, Args)]
pub struct DeviceOptions {
    /// What does the work; auto is the graphics device where there is one
    #[arg(long, value_name = "auto|gpu|cpu", default_value = "auto", value_parser = choice_parser())]
    pub device: Choice,
}

fn choice_parser() -> impl TypedValueParser<Value = Choice> {
    let named = |name: String| Choice::ALL.into_iter().find(|choice| choice.name() == name);
    // The parser lets no other names through.
    PossibleValuesParser::new(Choice::ALL.map(Choice::name)).map(move |name| named(name).unwrap_or_default())
}

fn fit_parser() -> impl TypedValueParser<Value = Fit> {
    let named = |name: String| Fit::ALL.into_iter().find(|fit| fit.name() == name);
    PossibleValuesParser::new(Fit::ALL.map(Fit::name)).map(move |name| named(name).unwrap_or_default())
}

fn likelihood_parser() -> impl TypedValueParser<Value = Likelihood> {
    let named = |name: String| Likelihood::ALL.into_iter().find(|likelihood| likelihood.name() == name);
    PossibleValuesParser::new(Likelihood::ALL.map(Likelihood::name))
        .map(move |name| named(name).unwrap_or_default())
}

/// What training ends with, under its help.
const TRAIN_HELP: &str = "\
What is not set follows from the pictures: size 16 to 128 px, grey where none of a few pictures has a
colour, and a model that suits the size. The loss is in nats per sample; the ELBO is its negative at β = 1.

Each checkpoint is a folder DIR/step-N: weights as safetensors in the layout of PyTorch, the state of the
optimiser, and checkpoint.json. Ctrl+C stops at the step that it is at and keeps a checkpoint of it; a second
one ends at once, and loses the steps since the last checkpoint. --resume goes on from there, and is then the
same as if nothing had happened.

Exit status: 0 when all steps were made, 130 when it was interrupted, 1 when not, 2 for wrong usage.";

#[derive(Clone, Debug, Args)]
#[command(after_long_help = TRAIN_HELP)]
pub struct TrainOptions {
    #[command(flatten)]
    pub samples: SamplesOptions,

    /// Folder for checkpoints; it is made where it is not there, and must be empty unless --resume is given
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Times that every sample is seen [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub epochs: Option<u64>,

    /// Batches, instead of epochs
    #[arg(long, value_name = "N", conflicts_with = "epochs", value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: Option<u64>,

    /// Latent dimensions
    #[arg(long, value_name = "D")]
    pub latent: Option<usize>,

    /// Side of the squares that pictures are brought to, 16 to 128 pixels
    #[arg(long, value_name = "PX")]
    pub size: Option<usize>,

    /// How pictures come to squares; letterbox unless set
    #[arg(long, value_name = "FIT", value_parser = fit_parser())]
    pub fit: Option<Fit>,

    /// Colours, or shades of grey
    #[arg(long, value_name = "KIND", value_enum, default_value_t = ChannelsName::Auto)]
    pub channels: ChannelsName,

    /// Channels of the first convolution; each further one has twice as many, up to 8 times
    #[arg(long, value_name = "N")]
    pub width: Option<usize>,

    /// Convolutions of the encoder, and of the decoder
    #[arg(long, value_name = "N")]
    pub depth: Option<usize>,

    /// What a pixel's value means to the decoder; bernoulli unless set
    #[arg(long, value_name = "KIND", value_parser = likelihood_parser())]
    pub likelihood: Option<Likelihood>,

    /// Tell encoder and decoder each sample's class, so that samples of a class can be drawn
    #[arg(long)]
    pub conditional: bool,

    /// What the KL divergence is multiplied by in the loss
    #[arg(long, value_name = "B", default_value_t = 1.0)]
    pub beta: f32,

    /// Steps over which β rises from 0
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    pub warm_up: u64,

    /// Samples of a step
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,

    /// Learning rate of Adam
    #[arg(long, value_name = "RATE", default_value_t = 1e-3)]
    pub learning_rate: f64,

    /// Train on each class as often as on every other
    #[arg(long)]
    pub balanced: bool,

    /// Train on variants of the samples, made anew each time by this pipeline of augmentations: a file, or the
    /// name of a preset; see augment
    #[arg(long, value_name = "FILE|PRESET")]
    pub augment: Option<String>,

    /// What is not trained on: a share of the samples, such as 0.1, or splits of the dataset, such as
    /// val,test; unless set, all splits but train, or a tenth where there are none
    #[arg(long, value_name = "SHARE|SPLITS")]
    pub held_out: Option<String>,

    /// The same seed gives the same model, on the same processor
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    #[command(flatten)]
    pub device: DeviceOptions,

    /// Begin with what fits of this trained model
    #[arg(long, value_name = "CHECKPOINT", conflicts_with = "resume")]
    pub from: Option<PathBuf>,

    /// Leave a part of the weights as it is
    #[arg(long, value_name = "PART", value_enum, requires = "from")]
    pub freeze: Option<FreezeName>,

    /// Go on from the newest checkpoint in DIR, with the settings that it was begun with but the length
    #[arg(long)]
    pub resume: bool,

    /// Steps between checkpoints; about an epoch unless set
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    pub checkpoint_every: Option<u64>,

    /// Print a JSON object a line as it goes: what was begun, losses, held-out losses, checkpoints, the end
    #[arg(long)]
    pub json: bool,
}

/// Colours or shades of grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChannelsName {
    /// Grey where none of some pictures from all over has a colour
    Auto,
    Grey,
    Colour,
}

/// Weights that stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FreezeName {
    Encoder,
    Decoder,
}

/// What latents are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FromName {
    Prior,
    Posterior,
}

impl FromName {
    pub fn name(self) -> &'static str {
        match self {
            Self::Prior => "prior",
            Self::Posterior => "posterior",
        }
    }
}

/// The samples that an aggregate posterior is fitted to.
#[derive(Clone, Debug, Args)]
pub struct FitOptions {
    /// With '--from posterior', the samples that it is of; unless set, the dataset that the model was
    /// trained on
    #[arg(long, value_name = "PATH")]
    pub data: Option<String>,

    /// With '--from posterior', only the samples that fit this query
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    pub filter: Option<String>,

    /// Threads that decode; all cores unless set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Leave out what was pruned in this project folder
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,

    /// With '--from posterior', the normal distributions of the mixture [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub components: Option<u16>,
}

/// Exit status: 0 when all was written, 130 when it was interrupted, 1 when not, 2 for wrong usage.
#[derive(Clone, Debug, Args)]
pub struct SampleOptions {
    /// A checkpoint's folder, or that of a run: its newest
    pub checkpoint: PathBuf,

    /// Write one PNG of N × N pictures
    #[arg(long, value_name = "N", required_unless_present = "count", conflicts_with = "count", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub grid: Option<u16>,

    /// Write N pictures to a folder, with samples.csv: where each came from
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: Option<u32>,

    /// The PNG, or the folder, which is made where it is not there
    #[arg(long, value_name = "FILE|DIR")]
    pub out: PathBuf,

    /// The same seed gives the same pictures
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// What latents are drawn from: the prior N(0, 1), or the aggregate posterior, which is where samples
    /// lie: a mixture of normal distributions that is fitted to their latents
    #[arg(long, value_name = "KIND", value_enum, default_value_t = FromName::Prior)]
    pub from: FromName,

    #[command(flatten)]
    pub fit: FitOptions,

    /// Only pictures of this class, from a model that is told classes; else all in turn. From one that is
    /// not, '--from posterior --filter label:CLASS' draws what is like a class
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,

    /// Replace the PNG, or the pictures that were drawn before; a folder with anything else in it is refused
    #[arg(long)]
    pub overwrite: bool,

    #[command(flatten)]
    pub device: DeviceOptions,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Exit status: 0 when all was written, 130 when it was interrupted, 1 when not, 2 for wrong usage.
#[derive(Clone, Debug, Args)]
pub struct EncodeOptions {
    /// A checkpoint's folder, or that of a run: its newest
    pub checkpoint: PathBuf,

    #[command(flatten)]
    pub samples: SamplesOptions,

    /// The array to write: a row of 32-bit floats, the latent mean, for each sample in the order of paths;
    /// FILE.csv beside it has the paths
    #[arg(long, value_name = "FILE.npy")]
    pub out: PathBuf,

    /// Replace files that are there
    #[arg(long)]
    pub overwrite: bool,

    #[command(flatten)]
    pub device: DeviceOptions,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Exit status: 0 when all was written, 130 when it was interrupted, 1 when not, 2 for wrong usage.
#[derive(Clone, Debug, Args)]
pub struct ReconstructOptions {
    /// A checkpoint's folder, or that of a run: its newest
    pub checkpoint: PathBuf,

    #[command(flatten)]
    pub samples: SamplesOptions,

    /// The PNG to write: a sample, and right of it what comes back
    #[arg(long, value_name = "SHEET.png")]
    pub out: PathBuf,

    /// Samples on the sheet: some from all over the dataset, or with --worst those that lose most
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub count: u16,

    /// Show the samples whose pixels come back worst
    #[arg(long)]
    pub worst: bool,

    /// Replace a file that is there
    #[arg(long)]
    pub overwrite: bool,

    #[command(flatten)]
    pub device: DeviceOptions,

    /// Print one JSON object instead of text, with what every sample loses
    #[arg(long)]
    pub json: bool,
}

/// Exit status: 0 when all was measured, 130 when it was interrupted, 1 when not, 2 for wrong usage.
#[derive(Clone, Debug, Args)]
pub struct EvaluateOptions {
    /// A checkpoint's folder, or that of a run: its newest
    pub checkpoint: PathBuf,

    #[command(flatten)]
    pub samples: SamplesOptions,

    /// Pictures that are drawn from the model, and samples that they are compared with, at most
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u16).range(12..=20_000))]
    pub count: u16,

    /// The same seed gives the same figures
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    #[command(flatten)]
    pub device: DeviceOptions,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}
