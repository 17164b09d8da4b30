//! `lenslet prune`: decides by rules which samples to leave out, and exports what stays.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::bail;
use serde::Serialize;

use super::Usage;
use super::args::{LayoutName, LinkingName, PruneOptions};
use super::look::{IssueRow, tell};
use super::progress::Meter;
use super::review::{Reviewed, read_rules, review};
use crate::dataset::Verdict;
use crate::dataset::columns::write_reason;
use crate::export::dataset::{Consent, Kind, Linking, Options, Plan, Report, Table, plan, run as export};
use crate::export::{ExportError, check_target};
use crate::jobs::Control;
use crate::review::{Impact, Rules, staying};
use crate::text::{bytes_text, counted, grouped, sentence};

/// The word that stands for no rules: what was decided in the project is exported.
const NO_RULES: &str = "none";

/// What was pruned and exported, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct PruneReport {
    pub source: String,
    pub samples: u64,
    pub bytes: u64,
    pub rules: Rules,
    pub pruned: Vec<PrunedRow>,
    pub pruned_bytes: u64,
    pub stays: u64,
    /// Groups of near-duplicates in several splits: before, and with what stays.
    pub leaks: (u32, u32),
    pub label_conflicts: (u32, u32),
    /// Groups of near-duplicates, and those of which more than one sample stays.
    pub groups: (u32, u32),
    pub plan: Option<PlanRow>,
    /// What was written; `null` for a dry run, and where nothing could be.
    pub export: Option<Report>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrunedRow {
    pub path: String,
    pub reason: String,
    /// The sample that stays in its place.
    pub kept: Option<String>,
}

/// What would be written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanRow {
    pub target: PathBuf,
    pub files: u64,
    pub bytes: u64,
    pub bytes_to_write: u64,
    pub finished: u64,
    pub free_bytes: Option<u64>,
    pub warnings: Vec<String>,
    pub refusals: Vec<String>,
}

impl From<&Plan> for PlanRow {
    fn from(plan: &Plan) -> Self {
        Self {
            target: plan.target.clone(),
            files: plan.files,
            bytes: plan.bytes,
            bytes_to_write: plan.bytes_to_write,
            finished: plan.finished,
            free_bytes: plan.free_bytes,
            warnings: plan.warnings.clone(),
            refusals: plan.refusals.clone(),
        }
    }
}

pub fn run(options: &PruneOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let (report, ended) = prune(options, &control)?;
    drop(meter);
    // What was found is told whatever became of the export.
    tell(&report, options.json, |out| print(&report, out))?;
    ended?;
    what_came(report.export.as_ref(), report.plan.as_ref())
}

/// Fails with a sentence where what was exported is not complete, or what was planned cannot be exported.
pub fn what_came(export: Option<&Report>, plan: Option<&PlanRow>) -> anyhow::Result<()> {
    match (export, plan) {
        (Some(export), _) => what_is_missing(export).map_or(Ok(()), |missing| bail!("{missing}")),
        (None, Some(plan)) if !plan.refusals.is_empty() => bail!("{}", plan.refusals.join("\n")),
        _ => Ok(()),
    }
}

/// What the export is without, as a sentence; `None` where it is complete.
fn what_is_missing(export: &Report) -> Option<String> {
    let lost = export.lost().map(|lost| format!("{lost} could not be exported"));
    let differing = (export.differing_count > 0).then(|| {
        let files = counted(export.differing_count, "file");
        format!("not what was written: {files}; run the same command again to replace")
    });
    let missing: Vec<String> = lost.into_iter().chain(differing).collect();
    (!missing.is_empty()).then(|| missing.join("; "))
}

/// What was found and decided, and whether the export could be carried out.
fn prune(
    options: &PruneOptions,
    control: &Control,
) -> anyhow::Result<(PruneReport, Result<(), ExportError>)> {
    let started = Instant::now();
    // What is wrong with the words is said before the long part of the work.
    let decides = options.rules != NO_RULES;
    if !decides && options.analysis.project.is_none() {
        let text = "without rules there is nothing to prune by: name a project with --project, or rules";
        return Err(Usage(text.to_owned()).into());
    }
    let rules = if decides { read_rules(&options.rules)? } else { None };
    let target = target_of(options.export.as_ref(), options.linking, options.layout, options.overwrite)?;
    if let Some(target) = &target {
        check_target(&target.target, Path::new(&options.analysis.path))?;
    }
    let mut reviewed = review(&options.analysis, &options.alike, control)?;
    let names = &reviewed.snapshot.dataset.split_names;
    let rules = rules.unwrap_or_else(|| reviewed.settings.rules(names));
    if decides {
        reviewed.decide(rules.clone())?;
    }
    let Reviewed { snapshot, reader, .. } = &reviewed;
    let stays = staying(snapshot);
    let planned = target.map(|target| plan(snapshot, &stays, reader, &target, control)).transpose()?;
    let export = match &planned {
        Some(plan) if !options.dry_run && plan.refusals.is_empty() => Some(export(plan, reader, control)),
        _ => None,
    };
    let (export, ended) = match export {
        Some(Ok(report)) => (Some(report), Ok(())),
        Some(Err(error)) => (None, Err(error)),
        None => (None, Ok(())),
    };
    let impact: &Impact = &reviewed.judged.impact;
    let report = PruneReport {
        source: snapshot.dataset.source.clone(),
        samples: impact.samples,
        bytes: impact.bytes,
        rules,
        pruned: pruned(&reviewed),
        pruned_bytes: impact.pruned_bytes,
        stays: stays.len() as u64,
        leaks: impact.leaks,
        label_conflicts: impact.conflicts,
        groups: impact.groups,
        plan: planned.as_ref().map(PlanRow::from),
        export,
        issues: reviewed.issue_rows(),
        seconds: started.elapsed().as_secs_f64(),
    };
    Ok((report, ended))
}

/// Where and how to export, if the words go together.
pub fn target_of(
    folder: Option<&PathBuf>,
    linking: LinkingName,
    layout: Option<LayoutName>,
    overwrite: bool,
) -> Result<Option<Options>, Usage> {
    let linking = match linking {
        LinkingName::Copy => Linking::Copy,
        LinkingName::Hardlink => Linking::HardLink,
        LinkingName::Symlink => Linking::SymLink,
        LinkingName::Manifest => Linking::ManifestOnly,
    };
    let is_table = matches!(layout, Some(LayoutName::Csv | LayoutName::Jsonl | LayoutName::Parquet));
    if linking == Linking::ManifestOnly && layout.is_some() && !is_table {
        let text = "a manifest alone is a table: its layout is csv, jsonl or parquet";
        return Err(Usage(text.to_owned()));
    }
    let kind = match layout {
        None | Some(LayoutName::Same) => Kind::Same,
        Some(LayoutName::ImageFolder) => Kind::ImageFolder,
        Some(LayoutName::Webdataset) => Kind::WebDataset,
        Some(LayoutName::Csv) => Kind::Manifest(Table::Csv),
        Some(LayoutName::Jsonl) => Kind::Manifest(Table::JsonLines),
        Some(LayoutName::Parquet) => Kind::Manifest(Table::Parquet),
    };
    let consent = if overwrite { Consent::Overwrite } else { Consent::Empty };
    let made = |target: &PathBuf| Options { kind, linking, consent, ..Options::new(target.clone()) };
    Ok(folder.map(made))
}

fn pruned(reviewed: &Reviewed) -> Vec<PrunedRow> {
    let snapshot = &reviewed.snapshot;
    let row = |sample: u32| {
        let decision = snapshot.decision(sample);
        let mut reason = String::new();
        write_reason(snapshot, decision, &mut reason);
        let kept = decision.other.map(|other| reviewed.path(other).to_owned());
        PrunedRow { path: reviewed.path(sample).to_owned(), reason, kept }
    };
    let is_pruned = |sample: &u32| snapshot.decision(*sample).verdict == Verdict::Prune;
    snapshot.derived().present().iter().filter(is_pruned).map(row).collect()
}

/// The report for a person.
fn print(report: &PruneReport, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} · {} pruned ({}) · {} stay",
        counted(report.samples, "sample"),
        grouped(report.pruned.len() as u64),
        bytes_text(report.pruned_bytes),
        grouped(report.stays),
    )?;
    for (title, (before, after)) in [
        ("groups of near-duplicates", report.groups),
        ("leaks between splits", report.leaks),
        ("label conflicts", report.label_conflicts),
    ] {
        writeln!(out, "  {title}: {} → {}", grouped(before.into()), grouped(after.into()))?;
    }
    if !report.pruned.is_empty() {
        writeln!(out)?;
    }
    for row in report.pruned.iter().take(SHOWN) {
        writeln!(out, "  {}: {}", row.path, row.reason)?;
    }
    if report.pruned.len() > SHOWN {
        writeln!(out, "  … and {} more; --json lists them all", report.pruned.len() - SHOWN)?;
    }
    if let Some(plan) = &report.plan {
        print_plan(plan, out)?;
    }
    if let Some(export) = &report.export {
        print_export(export, out)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}

/// Sentences of each kind, and samples, that are printed; `--json` has them all.
const SHOWN: usize = 20;

/// What would be written, for a person.
pub fn print_plan(plan: &PlanRow, out: &mut impl Write) -> std::io::Result<()> {
    let free = plan.free_bytes.map_or_else(String::new, |free| format!(", {} are free", bytes_text(free)));
    writeln!(
        out,
        "\n{} ({}), {} to write{free}",
        counted(plan.files, "file"),
        bytes_text(plan.bytes),
        bytes_text(plan.bytes_to_write)
    )?;
    for text in plan.refusals.iter().chain(&plan.warnings).take(SHOWN) {
        writeln!(out, "  {text}")?;
    }
    Ok(())
}

/// What was written, for a person.
pub fn print_export(export: &Report, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\nexported to {}", export.target.display())?;
    let counts = &export.counts;
    let ways = [
        ("copied", counts.copied + counts.cloned),
        ("hard-linked", counts.hard_linked),
        ("linked", counts.sym_linked),
        ("made", counts.made),
        ("there from before", export.resumed),
    ];
    let ways = ways.iter().filter(|(_, count)| *count > 0);
    let ways: Vec<String> = ways.map(|(way, count)| format!("{} {way}", grouped(*count))).collect();
    writeln!(out, "  {}; {} verified", ways.join(", "), counted(export.verified, "file"))?;
    for issue in export.issues.iter().take(SHOWN) {
        writeln!(out, "  {}: {}", issue.path, sentence(&issue.message))?;
    }
    for path in export.differing.iter().take(SHOWN) {
        writeln!(out, "  {path}: This is not what was written.")?;
    }
    Ok(())
}
