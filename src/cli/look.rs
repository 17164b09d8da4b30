//! What the commands have in common that look at every picture of a dataset.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde::Serialize;

use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, Facts, Issue, SampleId};
use crate::import::{self, Imported, dataset_reader};
use crate::jobs::Control;
use crate::pipeline::signals::{Signal, Wanted, signals};

/// A dataset of which every sample was looked at.
pub struct Looked {
    pub snapshot: Snapshot,
    /// Of the samples in the order of their paths; those that could not be read say nothing.
    pub signals: Vec<Signal>,
    pub issues: Vec<IssueRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IssueRow {
    pub path: String,
    pub kind: &'static str,
    pub message: String,
}

impl From<Issue> for IssueRow {
    fn from(issue: Issue) -> Self {
        Self { path: issue.path, kind: issue.kind.name(), message: issue.message }
    }
}

/// Opens a dataset and looks at every sample.
pub fn look(path: &str, wanted: Wanted, threads: Option<u16>, control: &Control) -> anyhow::Result<Looked> {
    let Imported { dataset, issues } = import::open(path, control)?;
    let facts = Facts::new(dataset.len());
    let snapshot = Snapshot::new(dataset.into(), &issues, facts, Default::default());
    let reader = dataset_reader(&snapshot.dataset);
    let present = snapshot.derived().present();
    let natural = &snapshot.derived().natural().rows;
    let samples: Vec<SampleId> =
        natural.iter().copied().filter(|sample| present.contains(*sample as usize)).collect();
    let threads = threads.map_or_else(super::cores, usize::from);
    let (signals, found) = signals(&snapshot, &reader, &samples, wanted, threads, control)?;
    let issues = issues.into_iter().chain(found).map(IssueRow::from).collect();
    Ok(Looked { snapshot, signals, issues })
}

impl Looked {
    pub fn path(&self, row: usize) -> &str {
        self.snapshot.dataset.path(self.signals[row].sample)
    }
}

/// Prints a report as JSON, or what `print` makes of it.
pub fn tell(
    report: &impl Serialize,
    as_json: bool,
    print: impl FnOnce(&mut std::io::StdoutLock<'_>) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = if as_json {
        serde_json::to_writer_pretty(&mut out, report)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        print(&mut out)
    };
    match written {
        // The reader of a pipe may stop reading when it has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("the report could not be written"),
    }
}

/// Writes a table to a file that a person named; it appears whole or not at all. A file that is there
/// in the dataset's folder could be a part of it, and stays.
pub fn write_table(
    path: &Path,
    dataset: &Dataset,
    rows: impl Iterator<Item = Vec<String>>,
) -> anyhow::Result<()> {
    let root = std::fs::canonicalize(&dataset.root);
    let there = std::fs::canonicalize(path);
    if let (Ok(root), Ok(there)) = (root, there)
        && there.starts_with(root)
    {
        bail!("{} is in the dataset: name another file", path.display());
    }
    let failed = |error: csv::Error| anyhow!("{} could not be written: {error}", path.display());
    crate::files::write_whole(
        path,
        |error| failed(error.into()),
        |out| {
            let mut table = csv::Writer::from_writer(out);
            for row in rows {
                table.write_record(row).map_err(failed)?;
            }
            table.flush().map_err(|error| failed(error.into()))
        },
    )
}
