//! `lenslet leaks`: near-duplicates in different splits.

use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::args::LeaksOptions;
use super::look::{IssueRow, tell};
use super::progress::Meter;
use super::review::{Reviewed, review};
use crate::dataset::{Flag, NO_SPLIT, SampleId};
use crate::jobs::Control;
use crate::review::evidence_text;
use crate::review::rules::is_leak;
use crate::text::{counted, grouped};

/// The leaks of a dataset, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeaksReport {
    pub source: String,
    pub samples: u64,
    pub method: &'static str,
    pub symmetries: bool,
    /// The largest distance of near-duplicates.
    pub threshold: u32,
    /// Where there were too many pairs to find all, a sentence that says so.
    pub note: Option<String>,
    /// Samples that have a near-duplicate in another split.
    pub leaking: u64,
    /// Groups of near-duplicates in more than one split, by their paths.
    pub groups: Vec<Vec<String>>,
    /// Pairs of samples in different splits that were found alike. Of samples that are equal each is
    /// paired with the first alone.
    pub pairs: Vec<LeakRow>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeakRow {
    pub a: String,
    pub a_split: String,
    pub b: String,
    pub b_split: String,
    pub distance: u16,
    /// What found it: "same file", "hash and descriptor".
    pub by: String,
}

pub fn run(options: &LeaksOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let meter = Meter::start(&control);
    let reviewed = review(&options.analysis, &options.alike, &control)?;
    let report = leaks(&reviewed, started);
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

/// The leaks among what was found.
fn leaks(reviewed: &Reviewed, started: Instant) -> LeaksReport {
    let Reviewed { snapshot, judged, analysed, .. } = reviewed;
    let dataset = &*snapshot.dataset;
    let split = |sample: SampleId| dataset.splits[sample as usize];
    let split_name = |sample: SampleId| dataset.split(sample).unwrap_or_default().to_owned();
    let path = |sample: SampleId| reviewed.path(sample).to_owned();
    let leaking = judged.groups.iter().filter(|rows| is_leak(snapshot, rows));
    let alike = &analysed.alike;
    let pairs = alike.pairs.iter().enumerate().filter(|(_, pair)| {
        let apart = split(pair.a) != split(pair.b);
        let known = split(pair.a) != NO_SPLIT && split(pair.b) != NO_SPLIT;
        apart && known && u32::from(pair.distance) <= judged.threshold
    });
    LeaksReport {
        source: dataset.source.clone(),
        samples: reviewed.samples(),
        method: alike.method.name(),
        symmetries: alike.symmetries,
        threshold: judged.threshold,
        note: alike.limit_text(),
        leaking: judged.raised[Flag::Leak as usize].under.into(),
        groups: leaking.map(|rows| rows.iter().map(|row| path(*row)).collect()).collect(),
        pairs: pairs
            .map(|(at, pair)| LeakRow {
                a: path(pair.a),
                a_split: split_name(pair.a),
                b: path(pair.b),
                b_split: split_name(pair.b),
                distance: pair.distance,
                by: alike.by.get(at).map_or_else(|| alike.method.name().to_owned(), |by| evidence_text(*by)),
            })
            .collect(),
        issues: reviewed.issue_rows(),
        seconds: started.elapsed().as_secs_f64(),
    }
}

/// The report for a person.
fn print(report: &LeaksReport, out: &mut impl Write) -> std::io::Result<()> {
    /// Groups, and paths of each, that are printed; `--json` has them all.
    const GROUPS: usize = 40;
    const PATHS: usize = 10;
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} · {} leaking in {}",
        counted(report.samples, "sample"),
        grouped(report.leaking),
        counted(report.groups.len() as u64, "group"),
    )?;
    if let Some(note) = &report.note {
        writeln!(out, "{note}")?;
    }
    for group in report.groups.iter().take(GROUPS) {
        writeln!(out, "\n{}", counted(group.len() as u64, "sample"))?;
        for path in group.iter().take(PATHS) {
            writeln!(out, "  {path}")?;
        }
        if group.len() > PATHS {
            writeln!(out, "  … and {} more", group.len() - PATHS)?;
        }
    }
    if report.groups.len() > GROUPS {
        writeln!(out, "\n… and {} more groups; --json lists them all", report.groups.len() - GROUPS)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
