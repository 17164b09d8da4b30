//! `lenslet scan`: what is in a dataset and what is broken in it, as the window counts it.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::Usage;
use super::args::ScanOptions;
use super::look::{IssueRow, print_issues, tell};
use super::progress::Meter;
use super::source::{Source, open};
use crate::dataset::query::{self, Snapshot, Spread};
use crate::dataset::{ImageFormat, Issue, ModelColumns};
use crate::import::dataset_reader;
use crate::jobs::Control;
use crate::pipeline::cores;
use crate::store::{DEFAULT_CAP, Thumbnails};
use crate::text::{bytes_text, counted, grouped};

/// The figures of a scan, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScanReport {
    pub source: String,
    pub layout: String,
    pub samples: u64,
    /// Samples by class; a sample of two classes counts for both. `unlabelled` has those of none.
    pub classes: BTreeMap<String, u64>,
    pub unlabelled: u64,
    /// Samples by split; those of none are not among them.
    pub splits: BTreeMap<String, u64>,
    /// Samples by encoding; `unknown` could not be read as an image.
    pub formats: BTreeMap<String, u64>,
    /// Size of the encoded samples together.
    pub bytes: u64,
    /// Of the samples whose size is known; `null` when none is.
    pub width: Option<Range>,
    pub height: Option<Range>,
    pub boxes: u64,
    pub key_points: u64,
    /// Whose `model.*` columns the project keeps, if it keeps any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRow>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

/// The model that `model.error`, `model.kl`, `model.density` and `model.distance` are by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelRow {
    /// The checkpoint's folder, the BLAKE3 of its weights, and the steps that it made.
    pub checkpoint: String,
    pub weights: String,
    pub step: u64,
    /// Samples of the whole dataset of which it says something.
    pub samples: u64,
    #[serde(skip)]
    by: String,
}

impl ModelRow {
    fn of(model: &ModelColumns) -> Self {
        Self {
            checkpoint: model.of.clone(),
            weights: model.weights.clone(),
            step: model.step,
            samples: model.known() as u64,
            by: model.by(),
        }
    }
}

/// Smallest, middle and largest value, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

/// Runs the command and prints.
pub fn run(options: &ScanOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let report = scan(options, &control)?;
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

/// Opens and measures a dataset, and reports on it.
pub fn scan(options: &ScanOptions, control: &Control) -> anyhow::Result<ScanReport> {
    let started = Instant::now();
    let threads = options.threads.map_or_else(cores, usize::from);
    let mut source = open(&options.path, options.project.as_deref(), control)?;
    // What is asked is read before the long part of the work.
    let filter = options.filter.as_deref().unwrap_or_default();
    let query = parse_filter(filter, &source.snapshot)?;

    let cache = source.project.as_ref().map(|project| Thumbnails::open(project, DEFAULT_CAP));
    let reader = dataset_reader(&source.snapshot.dataset);
    source.measure(&reader, cache.as_ref(), threads, control)?;
    let Source { snapshot, issues, .. } = source;
    let rows = query::rows(&snapshot, &query, "path", Default::default());
    Ok(report(&snapshot, &rows, issues, !query.is_everything(), started))
}

fn report(
    snapshot: &Snapshot,
    rows: &[u32],
    issues: Vec<Issue>,
    is_filtered: bool,
    started: Instant,
) -> ScanReport {
    let dataset = &snapshot.dataset;
    let counts = query::counts(snapshot, rows);
    let summary = query::summary(snapshot, rows);
    let named = |names: &[String], counts: &[u32]| -> BTreeMap<String, u64> {
        let pairs = names.iter().zip(counts).filter(|(_, count)| **count > 0);
        pairs.map(|(name, count)| (name.clone(), u64::from(*count))).collect()
    };
    let mut classes = named(&snapshot.labels().classes, &counts.classes);
    if counts.unlabelled > 0 {
        *classes.entry("unlabelled".to_owned()).or_default() += u64::from(counts.unlabelled);
    }
    let formats = ImageFormat::ALL
        .into_iter()
        .filter(|format| counts.formats[*format as usize] > 0)
        .map(|format| (format.name().to_owned(), u64::from(counts.formats[format as usize])))
        .collect();
    let wanted = query::Bitmask::from_rows(dataset.len(), rows);
    let shown = |issue: &Issue| match issue.sample {
        Some(sample) => wanted.contains(sample as usize),
        None => !is_filtered,
    };
    let issues = issues.into_iter().filter(shown).collect();
    ScanReport {
        source: dataset.source.clone(),
        layout: dataset.layout.title().to_owned(),
        samples: rows.len() as u64,
        classes,
        unlabelled: u64::from(counts.unlabelled),
        splits: named(&dataset.split_names, &counts.splits),
        formats,
        bytes: counts.bytes,
        width: summary.width.map(Range::of),
        height: summary.height.map(Range::of),
        key_points: rows.iter().map(|row| snapshot.dataset.points.get(*row).len() as u64).sum(),
        boxes: rows.iter().map(|row| snapshot.boxes().get(*row).len() as u64).sum(),
        model: snapshot.model.as_deref().map(ModelRow::of),
        issues: IssueRow::list(issues),
        seconds: started.elapsed().as_secs_f64(),
    }
}

impl Range {
    fn of(spread: Spread) -> Self {
        Self { min: spread.min.into(), median: spread.median, max: spread.max.into() }
    }
}

/// The report for a person.
fn print(report: &ScanReport, out: &mut impl Write) -> std::io::Result<()> {
    /// Lines of each list that are printed; `--json` has them all.
    const SHOWN: usize = 20;
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} · {} · {}",
        report.layout,
        counted(report.samples, "sample"),
        bytes_text(report.bytes)
    )?;
    for (name, range) in [("width", report.width), ("height", report.height)] {
        if let Some(range) = range {
            writeln!(out, "{name} {} to {} px, median {}", range.min, range.max, range.median)?;
        }
    }
    if report.boxes > 0 {
        writeln!(out, "{} boxes", grouped(report.boxes))?;
    }
    if report.key_points > 0 {
        writeln!(out, "{} key points", grouped(report.key_points))?;
    }
    if let Some(model) = &report.model {
        writeln!(out, "model.* of {}, {}", counted(model.samples, "sample"), model.by)?;
    }
    for (title, counts) in
        [("classes", &report.classes), ("splits", &report.splits), ("formats", &report.formats)]
    {
        if counts.is_empty() {
            continue;
        }
        writeln!(out, "\n{title} ({})", counts.len())?;
        let mut rows: Vec<_> = counts.iter().collect();
        rows.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let wide = rows.iter().take(SHOWN).map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(40);
        for (name, count) in rows.iter().take(SHOWN) {
            let share = **count as f64 / report.samples.max(1) as f64 * 100.0;
            writeln!(out, "  {name:wide$}  {:>11}  {share:>5.1} %", grouped(**count))?;
        }
        if rows.len() > SHOWN {
            writeln!(out, "  … and {} more", rows.len() - SHOWN)?;
        }
    }
    print_issues(&report.issues, out)?;
    writeln!(out, "\n{:.2} s", report.seconds)
}

/// What a filter asks for; a wrong one is pointed at.
pub fn parse_filter(filter: &str, snapshot: &Snapshot) -> Result<query::Query, Usage> {
    query::parse(filter, snapshot.vocabulary())
        .map_err(|error| Usage(format!("{}\n{}", error.message, point_at(filter, &error.at))))
}

/// The query with a mark under the wrong part.
fn point_at(query: &str, at: &std::ops::Range<usize>) -> String {
    let before = query.get(..at.start).map_or(0, |text| text.chars().count());
    let wide = query.get(at.clone()).map_or(1, |text| text.chars().count()).max(1);
    format!("  {query}\n  {}{}", " ".repeat(before), "^".repeat(wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_points_at_its_word() {
        assert_eq!(point_at("ä lable:x", &(3..8)), "  ä lable:x\n    ^^^^^");
    }
}
