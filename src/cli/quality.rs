//! `lenslet quality`: how good each picture is by itself.

use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::args::QualityOptions;
use super::look::{IssueRow, Looked, look, print_issues, tell, write_table};
use super::progress::Meter;
use crate::analysis::quality::Check;
use crate::dataset::Kinds;
use crate::jobs::Control;
use crate::pipeline::scores::{Quality, quality};
use crate::pipeline::signals::Wanted;
use crate::text::{counted, grouped};

/// The figures of all checks, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct QualityReport<'a> {
    source: &'a str,
    samples: u64,
    checks: Vec<CheckRow<'a>>,
    issues: &'a [IssueRow],
    seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct CheckRow<'a> {
    check: &'static str,
    /// A score under it is flagged.
    threshold: f32,
    /// Paths, the lowest score first; none where more than half of the samples would be.
    flagged: Vec<&'a str>,
    /// Samples under the threshold: more than half of all say something of the dataset and not of them.
    under: u64,
}

/// Looks at a dataset's samples, scores them, and prints what is under its threshold.
pub fn run(options: &QualityOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let meter = Meter::start(&control);
    let table = options.scores.as_deref();
    let looked = look(&options.path, Wanted::of(Kinds::FIGURES), options.threads, table, &control)?;
    let scores = quality(&looked.signals, &looked.snapshot);
    drop(meter);
    let written = table.map(|file| write_table(file, score_rows(&looked, &scores)));
    let report = QualityReport {
        source: &looked.snapshot.dataset.source,
        samples: looked.samples.len() as u64,
        checks: check_rows(&looked, &scores, options),
        issues: &looked.issues,
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| print(&report, out))?;
    // What was found is told, whatever became of the table.
    written.unwrap_or(Ok(()))
}

fn check_rows<'a>(looked: &'a Looked, scores: &Quality, options: &QualityOptions) -> Vec<CheckRow<'a>> {
    let row = |check: Check| {
        let asked = options.threshold.iter().rev().find(|(asked, _)| *asked == check);
        let threshold = asked.map_or_else(|| scores.threshold(check), |(_, threshold)| *threshold);
        let of = scores.of(check);
        let scored = looked.samples.iter().enumerate().map(|(row, sample)| (of[*sample as usize], row));
        // What is not known is under nothing.
        let mut under: Vec<(f32, usize)> = scored.filter(|(score, _)| *score < threshold).collect();
        under.sort_by(|one, two| one.0.total_cmp(&two.0).then(one.1.cmp(&two.1)));
        let is_most = under.len() * 2 > scores.scored;
        let flagged = under.iter().filter(|_| !is_most).map(|(_, row)| looked.path(*row)).collect();
        CheckRow { check: check.name(), threshold, flagged, under: under.len() as u64 }
    };
    Check::ALL.map(row).into()
}

fn score_rows<'a>(looked: &'a Looked, scores: &'a Quality) -> impl Iterator<Item = Vec<String>> + 'a {
    let heading = std::iter::once("path").chain(Check::ALL.map(Check::name)).map(str::to_owned).collect();
    let rows = looked.samples.iter().enumerate().map(move |(row, sample)| {
        let score = |check| match scores.of(check)[*sample as usize] {
            score if score.is_nan() => String::new(),
            score => score.to_string(),
        };
        std::iter::once(looked.path(row).to_owned()).chain(Check::ALL.map(score)).collect()
    });
    std::iter::once(heading).chain(rows)
}

/// The report for a person.
fn print(report: &QualityReport<'_>, out: &mut impl Write) -> std::io::Result<()> {
    /// Paths of each check that are printed; `--json` has them all.
    const PATHS: usize = 10;
    writeln!(out, "{}", report.source)?;
    writeln!(out, "{}", counted(report.samples, "sample"))?;
    for row in &report.checks {
        writeln!(out, "\n{:18} {:>9} under {}", row.check, grouped(row.under), row.threshold)?;
        if row.under > 0 && row.flagged.is_empty() {
            writeln!(out, "  more than half of the samples: none is flagged")?;
        }
        for path in row.flagged.iter().take(PATHS) {
            writeln!(out, "  {path}")?;
        }
        if row.flagged.len() > PATHS {
            writeln!(out, "  … and {} more", row.flagged.len() - PATHS)?;
        }
    }
    print_issues(report.issues, out)?;
    writeln!(out, "\n{:.2} s", report.seconds)
}
