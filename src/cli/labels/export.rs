//! `lenslet labels export`: the labels that count to a file, or to class folders with the pictures.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::FormatName;
use super::opened::{Keep, Labelled, LabelledPart};
use crate::annotation::{Existing, Target, Writer, write};
use crate::cli::look::tell;
use crate::cli::progress::Meter;
use crate::cli::prune::print_export;
use crate::export::dataset::{Consent, Kind, Options, Report, plan, run as export};
use crate::import::dataset_reader;
use crate::jobs::Control;
use crate::pipeline::annotating::gathered;
use crate::text::counted;

/// What a person said in the project takes the place of what the dataset says. Nothing is written into the dataset.
///
/// Exit status: 0 when it was written, 1 when it could not be, 2 for wrong usage.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportOptions {
    #[command(flatten)]
    pub part: LabelledPart,

    /// The form of the file
    #[arg(long, value_name = "FORMAT", value_parser = FormatName::parser())]
    pub format: FormatName,

    /// The file to write; a new folder for yolo, voc and folder
    #[arg(long, value_name = "FILE|DIR")]
    pub out: PathBuf,

    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What was written, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct ExportReport {
    pub source: String,
    pub format: &'static str,
    pub path: PathBuf,
    pub samples: u64,
    /// Sentences on what the format does not hold.
    pub left_out: Vec<String>,
    /// The pictures that were written, for class folders.
    pub export: Option<Report>,
}

pub fn run(options: &ExportOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let report = export_labels(options, &control)?;
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

fn export_labels(options: &ExportOptions, control: &Control) -> anyhow::Result<ExportReport> {
    let format = options.format.0;
    let labelled = Labelled::open(&options.part, Keep::InProject, control)?;
    let Labelled { snapshot, rows, .. } = &labelled;
    let mut report = ExportReport {
        source: snapshot.dataset.source.clone(),
        format: format.name,
        path: options.out.clone(),
        samples: rows.len() as u64,
        left_out: Vec::new(),
        export: None,
    };
    let annotations = gathered(snapshot, rows, control)?;
    if matches!(format.write, Writer::Export) {
        report.left_out = crate::annotation::folder::plan(&annotations).left_out;
        let reader = dataset_reader(&snapshot.dataset);
        let consent = if options.force { Consent::Overwrite } else { Consent::Empty };
        let chosen = Options { kind: Kind::ImageFolder, consent, ..Options::new(options.out.clone()) };
        let planned = plan(snapshot, rows, &reader, &chosen, control)?;
        report.left_out.extend(planned.warnings.iter().cloned());
        report.export = Some(export(&planned, &reader, control)?);
        return Ok(report);
    }
    let existing = if options.force { Existing::Replace } else { Existing::Keep };
    let dataset = Some(Path::new(&snapshot.dataset.root));
    let target = Target { path: &options.out, dataset, existing };
    report.left_out = write(&annotations, format, &target)?.left_out;
    Ok(report)
}

fn print(report: &ExportReport, out: &mut impl Write) -> std::io::Result<()> {
    let samples = counted(report.samples, "sample");
    writeln!(out, "{samples} to {}", report.path.display())?;
    for text in &report.left_out {
        writeln!(out, "  {text}")?;
    }
    match &report.export {
        Some(export) => print_export(export, out),
        None => Ok(()),
    }
}
