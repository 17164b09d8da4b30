//! The work that runs beside the interface, as the state sees it.

use crate::jobs::Progress;

/// A job as the status bar shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFace {
    pub id: JobId,
    pub progress: Progress,
    pub paused: bool,
}

/// The kinds of work that run beside the interface; one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobId {
    /// Listing a source for the first time, or opening its project.
    Open,
    /// Listing the source of the open dataset again.
    Rescan,
    /// Decoding and measuring every sample.
    Measure,
    /// Looking for near-duplicates, outliers, poor pictures and wrong labels.
    Analyse,
    /// Training a model.
    Train,
    /// Asking a trained model where the samples lie.
    Encode,
    /// Comparing what a model draws with samples.
    Evaluate,
    /// Describing pictures by a trained model, for the model beside a person who labels.
    Describe,
    /// Measuring what a pipeline normalises by.
    Channels,
    /// Looking at pictures for a chart.
    Study,
    /// What a dialog of files of labels waits for.
    LabelFiles,
    /// Writing the demo dataset.
    Demo,
    /// Writing what stays of a dataset, a report, or a table of issues.
    Export,
}

impl JobId {
    pub fn title(self) -> &'static str {
        match self {
            Self::Open => "Opening",
            Self::Rescan => "Rescanning",
            Self::Measure => "Measuring",
            Self::Analyse => "Analysing",
            Self::Train => "Training",
            Self::Encode => "Encoding",
            Self::Evaluate => "Comparing",
            Self::Describe => "Describing",
            Self::Channels => "Measuring mean and deviation",
            Self::Study => "Looking at pictures",
            Self::LabelFiles => "Working on labels",
            Self::Demo => "Writing the demo",
            Self::Export => "Exporting",
        }
    }
}
