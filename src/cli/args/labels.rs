//! What can be typed after `lenslet labels`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::SamplesOptions;
use crate::analysis::fewshot::Strategy;
use crate::cli::labels::{AgreementOptions, DiffOptions, ExportOptions, ImportOptions};

/// What is done with labels.
#[derive(Clone, Debug, Subcommand)]
pub enum LabelsTask {
    /// Write the labels that count to a file of another form
    Export(ExportOptions),
    /// Take labels of a file into a project, with a look at what would change
    Import(ImportOptions),
    /// Print every label, box, tag, note and mark in a project that is another than the source's
    Diff(DiffOptions),
    /// Print how far people agree who labelled the same samples
    Agreement(AgreementOptions),
    /// Replay a labelling session against labels that are known, and print what it costs
    Simulate(SimulateOptions),
}

/// What the figures mean, under the help.
const SIMULATE_HELP: &str = "\
Samples are asked about in the order of the strategy and answered with the value of the column. After every
ten answers it is counted how many of the proposals for all other samples are right. docs/labelling.md has
the method. Nothing is written but what the project keeps of the pictures.

Exit status: 0 when the session was replayed, 1 when nothing could be read, 2 for wrong usage.";

#[derive(Clone, Debug, Args)]
#[command(after_long_help = SIMULATE_HELP)]
pub struct SimulateOptions {
    #[command(flatten)]
    pub samples: SamplesOptions,

    /// The true class of each sample: 'label', or another column of text; samples without a value have
    /// no part
    #[arg(long, value_name = "COLUMN")]
    pub truth: String,

    /// How the samples to ask about are chosen
    #[arg(long, value_name = "STRATEGY", default_value = "mixed", value_parser = strategy_parser())]
    pub strategy: Strategy,

    /// Answers at most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub budget: u32,

    /// The same seed gives the same figures
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,

    /// Replay it once more with samples drawn at random
    #[arg(long)]
    pub against_random: bool,

    /// Label all samples by pages of proposals to confirm, and count keys and clicks
    #[arg(long)]
    pub confirm: bool,

    /// Describe pictures by the encoder of this trained model instead of the hand-made descriptor: a
    /// checkpoint's folder, or that of a run
    #[arg(long, value_name = "CHECKPOINT")]
    pub encoder: Option<PathBuf>,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// The strategies that need no labels that were given before.
fn strategy_parser() -> impl TypedValueParser<Value = Strategy> {
    let names = Strategy::ALL.into_iter().filter(|strategy| *strategy != Strategy::LikelyWrong);
    // The parser lets no other names through.
    PossibleValuesParser::new(names.map(Strategy::name))
        .map(|name| Strategy::from_name(&name).unwrap_or_default())
}
