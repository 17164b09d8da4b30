//! `lenslet labels import`: labels of a file into a project, with a look at what would change.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use serde::Serialize;

use super::FormatName;
use super::opened::{Keep, Labelled, LabelledPart};
use crate::annotation::{Changed, Fault, MatchBy, MergeReport, Resolve, merge, read};
use crate::cli::look::tell;
use crate::cli::progress::Meter;
use crate::jobs::Control;
use crate::pipeline::annotating::{Taking, gathered, taken};
use crate::store::{Entry, JournalOp, Paths, Settings, now_ms};
use crate::text::{counted, grouped};

/// Labels of samples that have none are taken; what happens where both say something is yours to choose. The edit can
/// be undone in the window.
///
/// Exit status: 0 when it went well, 1 when the file cannot be read or the project not be written, 2 for wrong usage.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportOptions {
    #[command(flatten)]
    pub part: LabelledPart,

    /// The file or folder of labels
    pub file: PathBuf,

    /// The form of the file; found out unless set
    #[arg(long, value_name = "FORMAT", value_parser = FormatName::parser())]
    pub format: Option<FormatName>,

    /// What tells which samples are the same
    #[arg(long, value_name = "path|content|either", default_value = "either")]
    pub by: MeetBy,

    /// What becomes of samples of which both say something else: ours stay, theirs are taken, or ours stay and are
    /// tagged as disputed
    #[arg(long, value_name = "keep|take|dispute", default_value = "keep")]
    pub conflicts: Conflicts,

    /// Change nothing; print what would change
    #[arg(long)]
    pub dry_run: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What samples of the file and of the dataset meet by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum MeetBy {
    /// Their path in the dataset
    Path,
    /// The hash of their content
    Content,
    /// By path, and where no path fits by content
    Either,
}

/// What becomes of conflicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Conflicts {
    Keep,
    Take,
    Dispute,
}

/// What was taken in or would be, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct ImportReport {
    pub source: String,
    pub file: PathBuf,
    #[serde(flatten)]
    pub merge: MergeReport,
    /// What changed, or would.
    #[serde(flatten)]
    pub changed: Changed,
    pub dry_run: bool,
    /// What is wrong with the file: the first faults, and how many more there are.
    pub faults: Vec<Fault>,
    pub more_faults: u64,
}

pub fn run(options: &ImportOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let report = import(options, &control)?;
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

fn import(options: &ImportOptions, control: &Control) -> anyhow::Result<ImportReport> {
    if !options.dry_run && options.part.project.is_none() {
        bail!(crate::cli::Usage(
            "name the project folder that takes the labels in by --project, or look with --dry-run".into()
        ));
    }
    let file = read(&options.file, options.format.as_ref().map(|format| format.0), control)?;
    let keep = if options.dry_run { Keep::InMemory } else { Keep::InProject };
    let mut labelled = Labelled::open(&options.part, keep, control)?;
    let by = match options.by {
        MeetBy::Path => MatchBy::Path,
        MeetBy::Content => MatchBy::Content,
        MeetBy::Either => MatchBy::Either,
    };
    let resolve = match options.conflicts {
        Conflicts::Keep => Resolve::KeepOurs,
        Conflicts::Take => Resolve::TakeTheirs,
        Conflicts::Dispute => Resolve::Dispute,
    };
    let ours = gathered(&labelled.snapshot, &labelled.rows, control)?;
    let theirs = file.annotations;
    let plan = merge(&ours, &theirs, by, control)?;
    let changes = plan.changes(&ours, &theirs, resolve, control)?;
    let person = Settings::load(&Paths::new()?).0.person;
    let name = options.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let taking = Taking { person: &person, now_ms: now_ms(), file: &name };
    let both = (&ours, &theirs);
    let edit = taken(&labelled.snapshot, &labelled.rows, both, &changes, &taking, control)?;
    if let (Some(edit), false) = (edit, options.dry_run) {
        let Some(journal) = &mut labelled.journal else {
            return Err(anyhow!("another window has the project open; close it there, and try again"));
        };
        if let Some(edit) = labelled.overlay.effective(edit) {
            let (time_ms, person) = (taking.now_ms, person.as_str().into());
            journal.commit(&[Entry { op: JournalOp::Append(edit), time_ms, person }])?;
        }
    }
    Ok(ImportReport {
        source: labelled.snapshot.dataset.source.clone(),
        file: options.file.clone(),
        merge: MergeReport::of(&plan, &ours, &theirs),
        changed: Changed::of(&changes, &ours),
        dry_run: options.dry_run,
        faults: file.faults.list,
        more_faults: file.faults.more,
    })
}

/// Conflicts and faults that are printed; `--json` has more.
const SHOWN: usize = 20;

fn print(report: &ImportReport, out: &mut impl Write) -> std::io::Result<()> {
    let verb = if report.dry_run { "would change" } else { "changed" };
    writeln!(out, "{} {verb} by {}", counted(report.changed.samples, "sample"), report.file.display())?;
    let merge = &report.merge;
    for (count, what) in [
        (merge.by_path, "met by path"),
        (merge.by_path_end, "met by the end of the path"),
        (merge.by_content, "met by content"),
        (merge.unmatched.len() as u64, "are not in the dataset"),
        (merge.ambiguous.len() as u64, "may be several samples"),
        (merge.repeated.len() as u64, "are said again and otherwise"),
        (merge.same, "say the same"),
        (merge.new, "are new labels"),
        (merge.conflicts, "say something else"),
        (merge.silent, "say nothing"),
    ] {
        if count > 0 {
            writeln!(out, "  {:>9} {what}", grouped(count))?;
        }
    }
    if !report.changed.new_classes.is_empty() {
        writeln!(out, "new classes: {}", report.changed.new_classes.join(", "))?;
    }
    let or_none = |labels: &[String]| if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    for row in merge.conflict_rows.iter().take(SHOWN) {
        let boxes = if row.boxes { " (boxes)" } else { "" };
        writeln!(out, "  {}: {} here, {} there{boxes}", row.path, or_none(&row.ours), or_none(&row.theirs))?;
    }
    if merge.conflict_rows.len() > SHOWN {
        writeln!(out, "  … and {} more; --json lists them all", merge.conflict_rows.len() - SHOWN)?;
    }
    for fault in report.faults.iter().take(SHOWN) {
        writeln!(out, "  {fault}")?;
    }
    let more = report.more_faults + report.faults.len().saturating_sub(SHOWN) as u64;
    if more > 0 {
        writeln!(out, "  … and {} more faults", grouped(more))?;
    }
    Ok(())
}
