//! What can be typed after the commands that say how a dataset is spread.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::SamplesOptions;
use crate::analysis::distribution::DEFAULT_BETA;

/// What the JSON has in it, under the help.
const STATS_HELP: &str = "\
docs/distribution.md has the formula and the source of every figure, and what each field of the JSON means.
Each cell of 'relations' has the query for its samples: it can be given to --filter.

Exit status: 0 when the dataset opened, 1 when nothing could be read, 2 for wrong usage.";

#[derive(Clone, Debug, Args)]
#[command(after_long_help = STATS_HELP)]
pub struct StatsOptions {
    #[command(flatten)]
    pub samples: SamplesOptions,

    /// β of the effective number of samples, from 0 to under 1
    #[arg(long, value_name = "B", default_value_t = DEFAULT_BETA, value_parser = beta)]
    pub beta: f64,

    /// Cut histograms by logarithm
    #[arg(long)]
    pub log_axis: bool,

    /// Bins of each histogram; as follow from the data unless set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub bins: Option<u16>,

    /// Centres of the coverage curve at most
    #[arg(long, value_name = "K", default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub centres: u16,

    /// Leave out what asks for an analysis of every picture: quality scores, neighbours, average pictures, coverage. What is
    /// not measured yet (size, brightness …) is measured all the same
    #[arg(long)]
    pub quick: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

fn beta(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(beta) if (0.0..1.0).contains(&beta) => Ok(beta),
        _ => Err(format!("{text} is no number from 0 to under 1")),
    }
}

/// The kinds, under the help.
const CHART_HELP: &str = "\
Kinds:
  classes           samples by class; '--by split' stacks them
  cumulative        the part of the samples that the most frequent classes have
  imbalance         how uneven classes are, in figures
  splits            the share of each class in each split
  split-distances   how far splits are from each other
  sizes             width and height of each sample, as a plane
  aspects, bytes, brightness, contrast, saturation, sharpness, score.blur, … and any other column
                    of numbers: a histogram; '--by split' stacks it, '--by label' draws a box
                    plot of each class
  words:COLUMN      samples by the words of a column of text: format, pixels, flags, issues, verdict,
                    reason, or an attribute, as attr.NAME
  distance          the distance to the nearest neighbour, the column score.distance
  COLUMN,COLUMN     two columns of numbers, as a plane; '--points' draws a point for each sample,
                    '--by label' in the colour of its class
  boxes             where the centres of boxes lie
  box-sizes         how large they are; '--by label' has the sizes of the most frequent classes
  box-numbers       how many samples have
  mean-images       the average picture, the deviation and the colours of each class
  coverage          how fast the radius around k samples falls; '--by label' has the classes too
  regions           samples around each of these
  diversity         the Vendi score of each class
  relations         labels that go together; relations:split, relations:COLUMN: labels with that

Exit status: 0 when the chart was written, 1 when not, 2 for wrong usage.";

#[derive(Clone, Debug, Args)]
#[command(after_long_help = CHART_HELP)]
pub struct ChartOptions {
    #[command(flatten)]
    pub samples: SamplesOptions,

    /// What to draw: classes, splits, sizes, bytes, boxes, mean-images, coverage, relations …; --help has them all
    #[arg(long, value_name = "KIND")]
    pub kind: String,

    /// The file to write; its ending says what: .svg, .png or .csv
    #[arg(long, value_name = "FILE.svg|png|csv")]
    pub out: PathBuf,

    /// A logarithmic axis
    #[arg(long)]
    pub log_axis: bool,

    /// Bins of a histogram, or cells across and down of a plane; as follow from the data unless set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub bins: Option<u16>,

    /// Two columns as a point for each sample: of more than 20,000 a drawing shows a sample, and a .csv has them all
    #[arg(long)]
    pub points: bool,

    /// Rows, or lines, that are drawn at most, 40 unless set. A .csv has them all: of mean-images those of the 1,000
    /// most frequent classes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=2000))]
    pub top: Option<u16>,

    /// What is told apart; refused for a kind that tells nothing of it
    #[arg(long, value_name = "WHAT", value_enum)]
    pub by: Option<ByName>,

    /// What classes or words are in the order of, count unless set
    #[arg(long, value_name = "ORDER", value_enum)]
    pub order: Option<OrderName>,

    /// Draw in the dark theme
    #[arg(long)]
    pub dark: bool,

    /// Replace a file that is there
    #[arg(long)]
    pub overwrite: bool,
}

/// What a chart tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ByName {
    Split,
    Label,
}

/// What classes are in the order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OrderName {
    #[default]
    Count,
    Name,
    Dataset,
}
