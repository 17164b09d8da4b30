//! `lenslet labels`: files of labels.

mod agreement;

pub use agreement::AgreementOptions;

/// What is to be done with labels.
#[derive(Debug, clap::Subcommand)]
pub enum LabelsTask {
    /// Print how far people agree who labelled the same samples
    Agreement(AgreementOptions),
}

pub fn run(task: &LabelsTask) -> anyhow::Result<()> {
    match task {
        LabelsTask::Agreement(options) => agreement::run(options),
    }
}
