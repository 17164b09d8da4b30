//! `lenslet labels`: files of labels.

mod diff;

pub use diff::DiffOptions;

/// What is to be done with labels.
#[derive(Debug, clap::Subcommand)]
pub enum LabelsTask {
    /// Print every label, box, tag, note and mark in a project that is another than the source's
    Diff(DiffOptions),
}

pub fn run(task: &LabelsTask) -> anyhow::Result<()> {
    match task {
        LabelsTask::Diff(options) => diff::run(options),
    }
}
