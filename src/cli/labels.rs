//! `lenslet labels`: labels that people give, in a project and in files.

mod agreement;
mod diff;
mod export;
mod import;
mod opened;
mod simulate;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::args::LabelsTask;
use crate::annotation::{FORMATS, Format};

pub use agreement::AgreementOptions;
pub use diff::DiffOptions;
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

pub fn run(task: &LabelsTask) -> anyhow::Result<()> {
    match task {
        LabelsTask::Export(options) => export::run(options),
        LabelsTask::Import(options) => import::run(options),
        LabelsTask::Diff(options) => diff::run(options),
        LabelsTask::Agreement(options) => agreement::run(options),
        LabelsTask::Simulate(options) => simulate::run(options),
    }
}
