//! `lenslet labels`: files of labels.

mod agreement;
mod export;
mod import;
mod opened;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::annotation::{FORMATS, Format};

pub use agreement::AgreementOptions;
pub use export::ExportOptions;
pub use import::ImportOptions;

/// A form of files of labels, by its name.
#[derive(Clone, Copy)]
pub struct FormatName(pub &'static Format);

impl std::fmt::Debug for FormatName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.0.name)
    }
}

impl FormatName {
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        PossibleValuesParser::new(FORMATS.iter().map(|format| format.name))
            .try_map(|name| Format::named(&name).map(Self).ok_or("there is no such format"))
    }
}

/// What is to be done with labels.
#[derive(Debug, clap::Subcommand)]
pub enum LabelsTask {
    /// Write the labels that count to a file of another form
    Export(ExportOptions),
    /// Take labels of a file into a project, with a look at what would change
    Import(ImportOptions),
    /// Print how far people agree who labelled the same samples
    Agreement(AgreementOptions),
}

pub fn run(task: &LabelsTask) -> anyhow::Result<()> {
    match task {
        LabelsTask::Export(options) => export::run(options),
        LabelsTask::Import(options) => import::run(options),
        LabelsTask::Agreement(options) => agreement::run(options),
    }
}
