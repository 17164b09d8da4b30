//! `lenslet split`: samples dealt to new splits, written as a table or as folders.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::Usage;
use super::args::{LayoutName, LinkingName, SplitOptions};
use super::balance::{Subject, analysed, column_named, listed};
use super::look::{IssueRow, tell};
use super::outs::{check_apart, check_grounds};
use super::progress::Meter;
use super::prune::{PlanRow, print_export, print_plan, target_of, what_came};
use super::review::wanted;
use super::source::open;
use super::trained::check_out;
use crate::balance::ClassShare;
use crate::dataset::SplitId;
use crate::dataset::columns::Column;
use crate::dataset::query::Snapshot;
use crate::export::dataset::{Options, Planned, Report, Table, plan, run as export, write_manifest};
use crate::export::{ExportError, check_target};
use crate::import::dataset_reader;
use crate::jobs::Control;
use crate::pipeline::balancing::{Dealt, SplitRequest, deal};
use crate::review::staying;
use crate::text::{counted, grouped};

/// New splits, as `--json` prints them.
#[derive(Debug, Serialize)]
pub struct SplitReport {
    pub source: String,
    pub seed: u64,
    pub splits: Vec<PartRow>,
    pub classes: Vec<ShareRow>,
    /// Groups that were kept together, and samples in them.
    pub groups: u64,
    pub grouped: u64,
    /// Whether near-duplicates were kept together.
    pub near_duplicates: bool,
    pub notes: Vec<String>,
    /// What the folder would have.
    pub plan: Option<PlanRow>,
    /// What was written to the folder; `null` for a dry run, and where nothing could be.
    pub export: Option<Report>,
    pub manifest: Option<PathBuf>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartRow {
    pub split: String,
    /// In all 1.
    pub ratio: f64,
    pub samples: u64,
}

/// A class in the splits; without a name those that have no label.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareRow {
    pub class: Option<String>,
    pub samples: u64,
    /// Samples in each split, and how many it would be in proportion.
    pub have: Vec<u64>,
    pub wanted: Vec<f64>,
    /// The most that a split is off its proportion, in samples.
    pub off: f64,
    /// Where that is a sample or more: the groups that forced it most.
    pub forced_by: Vec<GroupRow>,
}

/// Samples that were kept together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupRow {
    pub samples: u64,
    /// The first few of them.
    pub paths: Vec<String>,
}

/// Paths of a group that are told: a patient can have thousands.
const TOLD_PATHS: usize = 5;

pub fn run(options: &SplitOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let names = names(options)?;
    let target = target(options)?;
    check_files(options)?;
    let control = Control::new();
    let meter = Meter::start(&control);
    wanted(&options.alike)?;
    let source = open(&options.analysis.path, options.analysis.project.as_deref(), &control)?;
    let reader = dataset_reader(&source.snapshot.dataset);
    check_grounds(options.manifest.as_deref(), &source.snapshot, &reader, &control)?;
    let group = options.group.as_deref().map(|name| column_named(name, &source.snapshot)).transpose()?;
    if let Some(column) = group.as_ref().filter(|column| column.name.starts_with("attr.")) {
        check_values(column, &source.snapshot)?;
    }
    let subject = if options.no_duplicates {
        listed(source)
    } else {
        analysed(source, &options.analysis, &options.alike, &control)?
    };
    // What is measured is known by now, if ever.
    group.as_ref().map(|column| check_values(column, &subject.snapshot)).transpose()?;
    let request = SplitRequest { names, ratios: options.ratios.clone(), group, seed: options.seed };
    let duplicates = subject.found.as_ref().map(|(_, judged)| &*judged.groups);
    let dealt = deal(&subject.snapshot, duplicates, &request, &control)?;
    let mut report = rows_of(&subject, &dealt, &request);
    let ended = write(options, target, &subject, &dealt, &mut report, &control);
    drop(meter);
    report.seconds = started.elapsed().as_secs_f64();
    // How samples were dealt is told whatever became of the files.
    tell(&report, options.json, |out| print(&report, out))?;
    ended?;
    what_came(report.export.as_ref(), report.plan.as_ref())
}

/// Where and how to export: in folders of the new splits unless a layout is named.
fn target(options: &SplitOptions) -> Result<Option<Options>, Usage> {
    if options.layout == Some(LayoutName::Same) {
        let text = "--layout same would keep the splits that there are: choose image-folder, webdataset, csv, jsonl \
                    or parquet";
        return Err(Usage(text.to_owned()));
    }
    let usual = (options.linking != LinkingName::Manifest).then_some(LayoutName::ImageFolder);
    target_of(options.export.as_ref(), options.linking, options.layout.or(usual), options.overwrite)
}

/// Refuses files that cannot be written, or would replace what is read or written.
fn check_files(options: &SplitOptions) -> anyhow::Result<()> {
    let source = Path::new(&options.analysis.path);
    let folder = options.export.as_deref();
    for out in folder.into_iter().chain(options.manifest.as_deref()) {
        check_target(out, source)?;
    }
    if let Some(file) = &options.manifest {
        Table::of(file)?;
        check_apart(folder, &[("--manifest", file)], &[])?;
        check_out(file, options.overwrite)?;
    }
    Ok(())
}

/// Plans the folder, and writes what is asked for unless it is a dry run.
fn write(
    options: &SplitOptions,
    target: Option<Options>,
    subject: &Subject,
    dealt: &Dealt,
    report: &mut SplitReport,
    control: &Control,
) -> Result<(), ExportError> {
    let (snapshot, samples) = (&dealt.snapshot, staying(&dealt.snapshot));
    if let Some(target) = target {
        let planned = plan(snapshot, &samples, &subject.reader, &target, control)?;
        report.plan = Some(PlanRow::from(&planned));
        if !planned.refusals.is_empty() {
            return Ok(());
        }
        if !options.dry_run {
            report.export = Some(export(&planned, &subject.reader, control)?);
        }
    }
    if let Some(file) = options.manifest.as_ref().filter(|_| !options.dry_run) {
        report.notes =
            write_manifest(snapshot, &samples, &subject.reader, file, Planned::default(), control)?;
        report.manifest = Some(file.clone());
    }
    Ok(())
}

/// Refuses a column by which nothing would be kept together.
fn check_values(column: &Column, snapshot: &Snapshot) -> Result<(), Usage> {
    match staying(snapshot).iter().all(|sample| column.text(snapshot, *sample).is_empty()) {
        true => Err(Usage(format!(
            "no sample has a value in the column {}, so that nothing would be kept together by it: leave --group out, \
             or name another column",
            column.name
        ))),
        false => Ok(()),
    }
}

/// A name for each ratio.
fn names(options: &SplitOptions) -> Result<Vec<String>, Usage> {
    let count = options.ratios.len();
    if count > usize::from(SplitId::MAX) {
        return Err(Usage("these are too many splits".to_owned()));
    }
    let usual: &[&str] = match count {
        1 => &["train"],
        2 => &["train", "val"],
        3 => &["train", "val", "test"],
        _ => &[],
    };
    let usual = || usual.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let names = options.names.clone().unwrap_or_else(usual);
    if names.len() != count {
        let (ratios, names) = (counted(count as u64, "ratio"), counted(names.len() as u64, "name"));
        return Err(Usage(format!("there are {ratios} and {names}: give --names as many as --ratios")));
    }
    for (at, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            return Err(Usage("a split has no name: give each of --names one".to_owned()));
        }
        if names[..at].contains(name) {
            return Err(Usage(format!("two splits are called {name}: give them different --names")));
        }
    }
    Ok(names)
}

/// A report of splits of which nothing is written yet.
fn rows_of(subject: &Subject, dealt: &Dealt, request: &SplitRequest) -> SplitReport {
    let dataset = &*subject.snapshot.dataset;
    let sum: f64 = request.ratios.iter().sum();
    let parts = request.names.iter().zip(&request.ratios).zip(&dealt.resplit.sizes);
    let part = |((name, ratio), samples): ((&String, &f64), &u64)| PartRow {
        split: name.clone(),
        ratio: ratio / sum,
        samples: *samples,
    };
    let class = |(at, share): (usize, &ClassShare)| ShareRow {
        class: subject.snapshot.labels().classes.get(at).cloned(),
        samples: share.samples,
        have: share.have.clone(),
        wanted: share.wanted.clone(),
        off: share.off(),
        forced_by: share.forced_by.iter().map(|group| group_row(subject, dealt, *group)).collect(),
    };
    let classes = dealt.resplit.classes.iter().enumerate().filter(|(_, share)| share.samples > 0);
    SplitReport {
        source: dataset.source.clone(),
        seed: request.seed,
        splits: parts.map(part).collect(),
        classes: classes.map(class).collect(),
        groups: dealt.resplit.groups,
        grouped: dealt.resplit.grouped,
        near_duplicates: subject.found.is_some(),
        notes: Vec::new(),
        plan: None,
        export: None,
        manifest: None,
        issues: subject.issues.clone(),
        seconds: 0.0,
    }
}

fn group_row(subject: &Subject, dealt: &Dealt, group: u32) -> GroupRow {
    let rows = dealt.together.rows(group as usize);
    let paths = rows.iter().take(TOLD_PATHS).map(|row| subject.snapshot.dataset.path(*row).to_owned());
    GroupRow { samples: rows.len() as u64, paths: paths.collect() }
}

/// The report for a person.
fn print(report: &SplitReport, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{}", report.source)?;
    let kept = match (report.groups, report.near_duplicates) {
        (0, _) => "nothing to keep together".to_owned(),
        (groups, _) => {
            format!("{} of {} kept together", counted(groups, "group"), counted(report.grouped, "sample"))
        }
    };
    writeln!(out, "{kept} · seed {}\n", report.seed)?;
    let name_of = |row: &ShareRow| row.class.clone().unwrap_or_else(|| "unlabelled".to_owned());
    let wide = report.classes.iter().map(|row| name_of(row).chars().count()).max().unwrap_or(0).clamp(5, 40);
    let line = |name: &str, cells: Vec<String>, words: &str| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:>10}")).collect();
        format!("  {name:wide$}{cells}  {words}").trim_end().to_owned()
    };
    writeln!(out, "{}", line("class", report.splits.iter().map(|part| part.split.clone()).collect(), ""))?;
    for row in &report.classes {
        let words = if row.off < 1.0 { String::new() } else { format!("{:.1} off", row.off) };
        writeln!(out, "{}", line(&name_of(row), row.have.iter().copied().map(grouped).collect(), &words))?;
        if let Some(first) = row.forced_by.first() {
            let path = first.paths.first().map_or("", String::as_str);
            writeln!(out, "    forced by a group of {}: {path} …", counted(first.samples, "sample"))?;
        }
    }
    writeln!(out, "{}", line("all", report.splits.iter().map(|part| grouped(part.samples)).collect(), ""))?;
    for note in &report.notes {
        writeln!(out, "  {note}")?;
    }
    if let Some(plan) = &report.plan {
        print_plan(plan, out)?;
    }
    if let Some(export) = &report.export {
        print_export(export, out)?;
    }
    if let Some(file) = &report.manifest {
        writeln!(out, "\nwritten: {}", file.display())?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
