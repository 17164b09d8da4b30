//! `lenslet label-errors`: samples whose label is likely wrong, the likeliest first.

use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::args::{AlikeOptions, RankOptions};
use super::look::{IssueRow, tell};
use super::progress::Meter;
use super::review::{Ranked, Reviewed, review};
use crate::dataset::Flag;
use crate::jobs::Control;
use crate::review::NO_CLASS;
use crate::text::{counted, grouped};

/// The samples by how likely their label is wrong, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelErrorsReport {
    pub source: String,
    pub samples: u64,
    /// A score under it is flagged.
    pub threshold: f32,
    pub flagged: u64,
    /// Every sample whose label could be scored, the likeliest wrong first.
    pub ranking: Vec<LabelRow>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelRow {
    pub path: String,
    /// How much the neighbours agree with the label, 0 to 1.
    pub score: f32,
    pub flagged: bool,
    pub label: String,
    /// The class that the neighbours agree on.
    pub suggested: Option<String>,
}

pub fn run(options: &RankOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let meter = Meter::start(&control);
    let mut reviewed = review(&options.analysis, &AlikeOptions::default(), &control)?;
    let ranked = reviewed.ranked(Flag::WrongLabel, options.threshold);
    let report = label_errors(&reviewed, &ranked, started);
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

fn label_errors(reviewed: &Reviewed, ranked: &Ranked, started: Instant) -> LabelErrorsReport {
    let classes = &reviewed.snapshot.dataset.labels.classes;
    let row = |(sample, score, flagged): &(u32, f32, bool)| {
        let suggested = reviewed.analysed.suggested.get(*sample as usize).copied();
        let suggested = suggested.filter(|class| *class != NO_CLASS);
        LabelRow {
            path: reviewed.path(*sample).to_owned(),
            score: *score,
            flagged: *flagged,
            label: reviewed.labels(*sample).join(", "),
            suggested: suggested.and_then(|class| classes.get(class as usize).cloned()),
        }
    };
    LabelErrorsReport {
        source: reviewed.snapshot.dataset.source.clone(),
        samples: reviewed.samples(),
        threshold: ranked.threshold,
        flagged: ranked.flagged,
        ranking: ranked.rows.iter().map(row).collect(),
        issues: reviewed.issue_rows(),
        seconds: started.elapsed().as_secs_f64(),
    }
}

/// The report for a person.
fn print(report: &LabelErrorsReport, out: &mut impl Write) -> std::io::Result<()> {
    /// Samples that are printed; `--json` has them all.
    const SHOWN: usize = 40;
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} · {} under {:.3}\n",
        counted(report.samples, "sample"),
        grouped(report.flagged),
        report.threshold
    )?;
    if report.ranking.is_empty() {
        writeln!(out, "  no label could be compared with those of neighbours")?;
    }
    for row in report.ranking.iter().filter(|row| row.flagged).take(SHOWN) {
        write!(out, "  {:.3}  {}  {}", row.score, row.path, row.label)?;
        match &row.suggested {
            Some(suggested) => writeln!(out, " → {suggested}")?,
            None => writeln!(out)?,
        }
    }
    if report.flagged > SHOWN as u64 {
        writeln!(out, "  … and {} more; --json ranks every sample", report.flagged - SHOWN as u64)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
