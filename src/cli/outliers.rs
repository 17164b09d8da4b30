//! `lenslet outliers`: samples far from their nearest neighbours, the farthest first.

use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::args::{AlikeOptions, RankOptions};
use super::look::{IssueRow, tell};
use super::progress::Meter;
use super::review::{Ranked, Reviewed, review};
use crate::dataset::Flag;
use crate::jobs::Control;
use crate::text::{counted, grouped};

/// The samples by how far they are from others, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutliersReport {
    pub source: String,
    pub samples: u64,
    /// A score under it is flagged.
    pub threshold: f32,
    pub flagged: u64,
    /// Every sample that has a score, the lowest first.
    pub ranking: Vec<OutlierRow>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlierRow {
    pub path: String,
    /// 0 to 1; low is far.
    pub score: f32,
    pub flagged: bool,
    /// The nearest other sample, and its distance: 0 is equal, √2 is as different as chance.
    pub nearest: Option<String>,
    pub distance: Option<f32>,
}

pub fn run(options: &RankOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let meter = Meter::start(&control);
    let mut reviewed = review(&options.analysis, &AlikeOptions::default(), &control)?;
    let ranked = reviewed.ranked(Flag::Outlier, options.threshold);
    let report = outliers(&reviewed, &ranked, started);
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

fn outliers(reviewed: &Reviewed, ranked: &Ranked, started: Instant) -> OutliersReport {
    let row = |(sample, score, flagged): &(u32, f32, bool)| {
        let nearest = reviewed.analysed.near.of(*sample).next();
        OutlierRow {
            path: reviewed.path(*sample).to_owned(),
            score: *score,
            flagged: *flagged,
            nearest: nearest.map(|(other, _)| reviewed.path(other).to_owned()),
            distance: nearest.map(|(_, distance)| distance),
        }
    };
    OutliersReport {
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
fn print(report: &OutliersReport, out: &mut impl Write) -> std::io::Result<()> {
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
    let flagged = report.ranking.iter().filter(|row| row.flagged);
    for row in flagged.take(SHOWN) {
        write!(out, "  {:.3}  {}", row.score, row.path)?;
        match (row.distance, &row.nearest) {
            (Some(distance), Some(nearest)) => writeln!(out, "  ({distance:.2} from {nearest})")?,
            _ => writeln!(out)?,
        }
    }
    if report.flagged > SHOWN as u64 {
        writeln!(out, "  … and {} more; --json ranks every sample", report.flagged - SHOWN as u64)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
