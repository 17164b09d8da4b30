//! `lenslet quality`: how good each picture is by itself.

use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::args::QualityOptions;
use super::look::{IssueRow, Looked, look, tell, write_table};
use super::progress::Meter;
use crate::analysis::quality::{Check, UsualSize, size_of};
use crate::jobs::Control;
use crate::pipeline::signals::Wanted;
use crate::text::{counted, grouped};

/// The figures of all checks, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QualityReport {
    pub source: String,
    pub samples: u64,
    pub checks: Vec<CheckRow>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckRow {
    pub check: &'static str,
    /// A score under it is flagged.
    pub threshold: f32,
    /// Paths, the lowest score first; none where more than half of the samples would be.
    pub flagged: Vec<String>,
    /// Samples under the threshold: more than half of all say something of the dataset and not of them.
    pub under: u64,
}

pub fn run(options: &QualityOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let report = check(options, &control)?;
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

/// Looks at a dataset's samples and scores them.
pub fn check(options: &QualityOptions, control: &Control) -> anyhow::Result<QualityReport> {
    let started = Instant::now();
    let wanted = Wanted { figures: true, ..Wanted::default() };
    let looked = look(&options.path, wanted, options.threads, control)?;
    let scores = Scores::of(&looked);
    if let Some(file) = &options.scores {
        write_table(file, &looked.snapshot.dataset, score_rows(&looked, &scores))?;
    }
    let checks = Check::ALL.into_iter().map(|check| {
        let asked = options.threshold.iter().rev().find(|(asked, _)| *asked == check);
        let threshold = asked.map_or_else(|| scores.threshold(check), |(_, threshold)| *threshold);
        let mut under: Vec<(f32, usize)> = (0..looked.signals.len())
            .filter_map(|row| Some((scores.get(check, row)?, row)))
            .filter(|(score, _)| *score < threshold)
            .collect();
        under.sort_by(|one, two| one.0.total_cmp(&two.0).then(one.1.cmp(&two.1)));
        let is_most = under.len() * 2 > scores.count;
        let flagged = under.iter().filter(|_| !is_most).map(|(_, row)| looked.path(*row).to_owned());
        CheckRow { check: check.name(), threshold, flagged: flagged.collect(), under: under.len() as u64 }
    });
    Ok(QualityReport {
        source: looked.snapshot.dataset.source.clone(),
        samples: looked.signals.len() as u64,
        checks: checks.collect(),
        issues: looked.issues.clone(),
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// The scores of every sample that could be read.
struct Scores<'a> {
    looked: &'a Looked,
    usual: Option<UsualSize>,
    /// Samples that have scores.
    count: usize,
}

impl<'a> Scores<'a> {
    fn of(looked: &'a Looked) -> Self {
        let scored = looked.signals.iter().filter(|signal| signal.figures.is_some());
        let mut sizes: Vec<f64> = scored.map(|signal| size_of(signal.width, signal.height)).collect();
        Self { looked, count: sizes.len(), usual: UsualSize::of(&mut sizes) }
    }

    fn get(&self, check: Check, row: usize) -> Option<f32> {
        let signal = &self.looked.signals[row];
        let figures = signal.figures.as_ref()?;
        match check {
            Check::OddSize => Some(self.usual?.score(signal.width, signal.height)),
            _ => figures.score(check, signal.width, signal.height),
        }
    }

    fn threshold(&self, check: Check) -> f32 {
        match (check, self.usual) {
            (Check::OddSize, Some(usual)) => usual.threshold,
            _ => check.default_threshold(),
        }
    }
}

fn score_rows<'a>(looked: &'a Looked, scores: &'a Scores<'a>) -> impl Iterator<Item = Vec<String>> + 'a {
    let heading = std::iter::once("path").chain(Check::ALL.map(Check::name)).map(str::to_owned).collect();
    let rows = (0..looked.signals.len()).map(move |row| {
        let score = |check| scores.get(check, row).map_or_else(String::new, |score| score.to_string());
        std::iter::once(looked.path(row).to_owned()).chain(Check::ALL.map(score)).collect()
    });
    std::iter::once(heading).chain(rows)
}

/// The report for a person.
fn print(report: &QualityReport, out: &mut impl Write) -> std::io::Result<()> {
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
    for issue in &report.issues {
        writeln!(out, "\n{}: {}", issue.path, issue.message)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
