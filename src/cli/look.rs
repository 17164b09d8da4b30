//! What the commands have in common that look at every picture of a dataset.

use std::collections::BTreeMap;
use std::io::{BufWriter, StdoutLock, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use serde::Serialize;

use crate::dataset::query::Snapshot;
use crate::dataset::{Facts, Issue, SampleId, Signals};
use crate::export;
use crate::import::{self, Imported, dataset_reader};
use crate::jobs::Control;
use crate::pipeline::cores;
use crate::pipeline::signals::{self, Wanted};

/// A dataset of which every sample was looked at.
pub struct Looked {
    pub snapshot: Snapshot,
    /// In the order of their paths.
    pub samples: Vec<SampleId>,
    /// Those that could not be read say nothing.
    pub signals: Signals,
    pub issues: Vec<IssueRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IssueRow {
    pub path: String,
    pub kind: &'static str,
    pub message: String,
}

impl IssueRow {
    /// All of them in the order of paths.
    pub fn list(mut issues: Vec<Issue>) -> Vec<Self> {
        issues.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
        let row = |issue: Issue| Self { path: issue.path, kind: issue.kind.name(), message: issue.message };
        issues.into_iter().map(row).collect()
    }
}

/// Opens a dataset and looks at every sample. A `table` that is to be written to a place where that is
/// not possible is told before the long part of the work.
pub fn look(
    path: &str,
    wanted: Wanted<'_>,
    threads: Option<u16>,
    table: Option<&Path>,
    control: &Control,
) -> anyhow::Result<Looked> {
    let Imported { dataset, mut issues } = import::open(path, control)?;
    if let Some(table) = table {
        export::check_target(table, Path::new(&dataset.root))?;
        export::check_file(table)?;
    }
    let facts = Facts::new(dataset.len());
    let snapshot = Snapshot::new(dataset.into(), &issues, facts, Default::default());
    let reader = dataset_reader(&snapshot.dataset);
    let present = snapshot.derived().present();
    let natural = &snapshot.derived().natural().rows;
    let samples: Vec<SampleId> =
        natural.iter().copied().filter(|sample| present.contains(*sample as usize)).collect();
    let threads = threads.map_or_else(cores, usize::from);
    let none = Signals::new(snapshot.len());
    let looked = signals::run(&snapshot, &reader, None, none, wanted, threads, control, &|_| {})?;
    issues.extend(looked.issues);
    Ok(Looked { snapshot, samples, signals: looked.signals, issues: IssueRow::list(issues) })
}

impl Looked {
    /// The path of a sample by its place in the samples.
    pub fn path(&self, row: usize) -> &str {
        self.snapshot.dataset.path(self.samples[row])
    }
}

/// Prints a report as JSON, or what `print` makes of it.
pub fn tell(
    report: &impl Serialize,
    as_json: bool,
    print: impl FnOnce(&mut BufWriter<StdoutLock<'_>>) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = if as_json {
        serde_json::to_writer_pretty(&mut out, report)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        print(&mut out)
    };
    match written.and_then(|()| out.flush()) {
        // The reader of a pipe may stop reading when it has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("the report could not be written"),
    }
}

/// Prints how many issues there are of each kind, and the first of them.
pub fn print_issues(issues: &[IssueRow], out: &mut impl Write) -> std::io::Result<()> {
    /// Issues that are printed; `--json` has them all.
    const SHOWN: usize = 20;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for issue in issues {
        *kinds.entry(issue.kind).or_default() += 1;
    }
    writeln!(out, "\nissues ({})", issues.len())?;
    for (kind, count) in kinds {
        writeln!(out, "  {kind:12} {count}")?;
    }
    for issue in issues.iter().take(SHOWN) {
        writeln!(out, "  {}: {}", issue.path, issue.message)?;
    }
    if issues.len() > SHOWN {
        writeln!(out, "  … and {} more; --json lists them all", issues.len() - SHOWN)?;
    }
    Ok(())
}

/// Writes a table to a file that a person named; it appears whole or not at all.
pub fn write_table(path: &Path, rows: impl Iterator<Item = Vec<String>>) -> anyhow::Result<()> {
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
