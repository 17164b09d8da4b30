//! `lenslet outliers`, samples far from their nearest neighbours, and `lenslet label-errors`, samples
//! whose label is likely wrong: every sample by its score, the lowest first.

use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::args::{AlikeOptions, RankOptions};
use super::look::{IssueRow, tell};
use super::progress::Meter;
use super::review::{Reviewed, review_by};
use super::trained::encoder;
use crate::analysis::encoder::Encoder;
use crate::dataset::{Flag, SampleId};
use crate::jobs::Control;
use crate::review::NO_CLASS;
use crate::review::judge::{judge, threshold_of};
use crate::text::{counted, grouped};

/// What samples are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// How far they are from their neighbours.
    Outlier,
    /// How much their neighbours agree with their label.
    Label,
}

/// The samples by a score, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankingReport {
    pub source: String,
    /// The trained encoder that neighbours are by; `null` where they are by the hand-made descriptor.
    pub encoder: Option<String>,
    pub samples: u64,
    /// A score under it is flagged.
    pub threshold: f32,
    pub flagged: u64,
    /// Every sample that has a score, the lowest first.
    pub ranking: Vec<RankRow>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankRow {
    pub path: String,
    /// 0 to 1; low is far from others, or at odds with the neighbours' labels.
    pub score: f32,
    pub flagged: bool,
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// What a score follows from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Evidence {
    Outlier {
        /// The nearest other sample, and its distance: 0 is equal, √2 is as different as chance.
        nearest: Option<String>,
        distance: Option<f32>,
    },
    Label {
        label: String,
        /// The class that the neighbours agree on.
        suggested: Option<String>,
    },
}

pub fn run(by: By, options: &RankOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let meter = Meter::start(&control);
    let encoder = options.encoder.as_deref().map(encoder).transpose()?;
    let trained = encoder.as_ref().map(|encoder| encoder as &dyn Encoder);
    let mut reviewed = review_by(trained, &options.analysis, &AlikeOptions::default(), &control)?;
    if let Some(threshold) = options.threshold {
        reviewed.settings.thresholds[by.flag() as usize] = Some(threshold);
        reviewed.judged = judge(&reviewed.snapshot, &reviewed.analysed, &reviewed.settings);
    }
    let mut report = ranking(by, &reviewed, started);
    report.encoder = encoder.map(|encoder| encoder.id().to_owned());
    drop(meter);
    tell(&report, options.json, |out| print(by, &report, out))
}

impl By {
    fn flag(self) -> Flag {
        match self {
            Self::Outlier => Flag::Outlier,
            Self::Label => Flag::WrongLabel,
        }
    }

    fn evidence(self, reviewed: &Reviewed, sample: SampleId) -> Evidence {
        let analysed = &reviewed.analysed;
        match self {
            Self::Outlier => {
                let nearest = analysed.near.of(sample).next();
                Evidence::Outlier {
                    nearest: nearest.map(|(other, _)| reviewed.path(other).to_owned()),
                    distance: nearest.map(|(_, distance)| distance),
                }
            }
            Self::Label => {
                let classes = &reviewed.snapshot.labels().classes;
                let suggested = analysed.suggested.get(sample as usize).copied();
                let suggested = suggested.filter(|class| *class != NO_CLASS);
                Evidence::Label {
                    label: reviewed.labels(sample).join(", "),
                    suggested: suggested.and_then(|class| classes.get(class as usize).cloned()),
                }
            }
        }
    }
}

fn ranking(by: By, reviewed: &Reviewed, started: Instant) -> RankingReport {
    let (flag, findings) = (by.flag(), &reviewed.judged.findings);
    let score = |sample: SampleId| flag.score().map_or(f32::NAN, |score| findings.score(score, sample));
    let present = reviewed.snapshot.derived().present();
    let mut scored: Vec<(SampleId, f32)> = present.iter().map(|sample| (sample, score(sample))).collect();
    scored.retain(|(_, score)| !score.is_nan());
    let place = &reviewed.snapshot.derived().natural().ranks;
    scored.sort_unstable_by(|one, two| {
        one.1.total_cmp(&two.1).then(place[one.0 as usize].cmp(&place[two.0 as usize]))
    });
    let row = |(sample, score): (SampleId, f32)| RankRow {
        path: reviewed.path(sample).to_owned(),
        score,
        flagged: findings.flags(sample) & flag.bit() != 0,
        evidence: by.evidence(reviewed, sample),
    };
    let ranking: Vec<RankRow> = scored.into_iter().map(row).collect();
    RankingReport {
        source: reviewed.snapshot.dataset.source.clone(),
        encoder: None,
        samples: reviewed.samples(),
        threshold: threshold_of(flag, &reviewed.analysed, &reviewed.settings),
        flagged: ranking.iter().filter(|row| row.flagged).count() as u64,
        ranking,
        issues: reviewed.issue_rows(),
        seconds: started.elapsed().as_secs_f64(),
    }
}

/// The report for a person.
fn print(by: By, report: &RankingReport, out: &mut impl Write) -> std::io::Result<()> {
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
        let none = match by {
            By::Outlier => "no sample could be compared with others",
            By::Label => "no label could be compared with those of neighbours",
        };
        writeln!(out, "  {none}")?;
    }
    for row in report.ranking.iter().filter(|row| row.flagged).take(SHOWN) {
        write!(out, "  {:.3}  {}", row.score, row.path)?;
        match &row.evidence {
            Evidence::Outlier { nearest: Some(nearest), distance: Some(distance) } => {
                writeln!(out, "  ({distance:.2} from {nearest})")?;
            }
            Evidence::Outlier { .. } => writeln!(out)?,
            Evidence::Label { label, suggested: Some(suggested) } => {
                writeln!(out, "  {label} → {suggested}")?;
            }
            Evidence::Label { label, suggested: None } => writeln!(out, "  {label}")?,
        }
    }
    if report.flagged > SHOWN as u64 {
        writeln!(out, "  … and {} more; --json ranks every sample", report.flagged - SHOWN as u64)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
