//! `lenslet labels simulate`: what labelling a dataset would cost, replayed against labels that are known.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::time::Instant;

use anyhow::bail;
use serde::Serialize;

use crate::analysis::fewshot::{
    Confirmed, Confirming, Point, Settings, Simulation, Strategy, Task, confirm, simulate,
};
use crate::analysis::neighbours::NONE;
use crate::cli::Usage;
use crate::cli::args::SimulateOptions;
use crate::cli::interrupt::Watch;
use crate::cli::look::tell;
use crate::cli::progress::Meter;
use crate::cli::spread::{Looked, Needs, look};
use crate::cli::trained::encoder;
use crate::dataset::columns::{ColumnKind, column};
use crate::dataset::query::Snapshot;
use crate::jobs::Control;
use crate::pipeline::duplicates::described;
use crate::pipeline::learning::Ground;
use crate::text::{counted, grouped};

/// What the target of labelling by proposals is counted to.
const RIGHT: f64 = 0.8;

/// A session and what it cost, as `--json` prints it.
#[derive(Debug, Serialize)]
struct SimulateReport {
    source: String,
    truth: String,
    /// Samples with a description and a true class.
    samples: usize,
    classes: usize,
    /// Samples that were asked for and have no description or no true class.
    left_out: usize,
    strategy: &'static str,
    seed: u64,
    points: Vec<PointRow>,
    /// Answers after which 80 % of the proposals were right; `null` where they never were.
    answers_to_80_percent: Option<usize>,
    /// The same session with samples drawn at random.
    random: Option<RandomRow>,
    confirmed: Option<ConfirmedRow>,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct RandomRow {
    points: Vec<PointRow>,
    answers_to_80_percent: Option<usize>,
}

#[derive(Debug, Serialize)]
struct PointRow {
    answers: usize,
    /// The part of the proposals for samples without an answer that is right.
    right: f64,
    /// The mean of their confidences.
    confidence: f64,
    /// What the answers that were drawn at random say, each predicted without itself: how many there are, how many were
    /// predicted wrongly, and the 95 % interval of the part of wrong proposals.
    tested: usize,
    wrong: usize,
    error_low: f64,
    error_high: f64,
}

#[derive(Debug, Serialize)]
struct ConfirmedRow {
    samples: usize,
    right: usize,
    /// Keys for single answers, keys for pages, clicks on wrong cells, and all of them.
    answers: usize,
    pages: usize,
    clicks: usize,
    actions: usize,
    actions_per_sample: f64,
}

impl From<&Point> for PointRow {
    fn from(point: &Point) -> Self {
        let Point { answers, right, confidence, estimate } = *point;
        let (tested, wrong) = (estimate.tested, estimate.wrong);
        Self { answers, right, confidence, tested, wrong, error_low: estimate.low, error_high: estimate.high }
    }
}

impl From<&Confirmed> for ConfirmedRow {
    fn from(confirmed: &Confirmed) -> Self {
        let Confirmed { rows, right, answers, pages, clicks } = *confirmed;
        let (actions, actions_per_sample) = (confirmed.actions(), confirmed.actions_per_row());
        Self { samples: rows, right, answers, pages, clicks, actions, actions_per_sample }
    }
}

pub fn run(options: &SimulateOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let _watch = Watch::start(&control);
    let meter = Meter::start(&control);
    let encoder = options.encoder.as_deref().map(encoder).transpose()?;
    let needs = if encoder.is_some() { Needs::Listing } else { Needs::Descriptions };
    let check = |snapshot: &Snapshot| check_truth(snapshot, &options.truth);
    let looked = look(&options.samples, needs, None, check, &control)?;
    let by_encoder = encoder.as_ref().map(|encoder| looked.described_by(encoder, &control)).transpose()?;
    let Some(signals) = by_encoder.as_ref().or(looked.known().signals) else {
        bail!("no picture was described");
    };
    let (mut truth, classes) = truth_of(&looked, &options.truth);
    if classes < 2 {
        return Err(Usage(format!(
            "{} has fewer than two values: there is nothing to tell apart",
            options.truth
        ))
        .into());
    }
    let rows = described(signals, &looked.rows);
    truth.iter_mut().zip(&rows).filter(|(_, row)| row.is_none()).for_each(|(class, _)| *class = NONE);
    let Ground { features, graph } = Ground::of(&rows, &control)?;
    let (settings, budget) = (Settings::default(), options.budget as usize);
    let task = Task { features: &features, graph: &graph, truth: &truth, classes, settings };
    let replay = |strategy: Strategy| simulate(&task, strategy, budget, options.seed, &control);
    let simulation = replay(options.strategy)?;
    let random = if options.against_random { Some(replay(Strategy::Random)?) } else { None };
    let confirmed = match options.confirm {
        true => Some(confirm(&task, &Confirming::of(simulation.rows, classes, options.seed), &control)?),
        false => None,
    };
    drop(meter);
    let points = |simulation: &Simulation| simulation.points.iter().map(PointRow::from).collect::<Vec<_>>();
    let report = SimulateReport {
        source: looked.snapshot.dataset.source.clone(),
        truth: options.truth.clone(),
        samples: simulation.rows,
        classes,
        left_out: truth.len() - simulation.rows,
        strategy: options.strategy.name(),
        seed: options.seed,
        points: points(&simulation),
        answers_to_80_percent: simulation.answers_to(RIGHT),
        random: random.as_ref().map(|random| RandomRow {
            points: points(random),
            answers_to_80_percent: random.answers_to(RIGHT),
        }),
        confirmed: confirmed.as_ref().map(ConfirmedRow::from),
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| print(&report, out))
}

/// Refuses a column that is not there or has no text.
fn check_truth(snapshot: &Snapshot, name: &str) -> anyhow::Result<()> {
    let problem = match column(snapshot, name) {
        None => format!("there is no column {name}: name 'label', or an attribute of the dataset"),
        Some(column) if column.kind != ColumnKind::Text => {
            format!("{name} is a column of numbers: name 'label', or another column of text")
        }
        Some(_) => return Ok(()),
    };
    Err(Usage(problem).into())
}

/// The class of each sample, counted in the order of the values, and how many there are.
fn truth_of(looked: &Looked, name: &str) -> (Vec<u32>, usize) {
    let Some(column) = column(&looked.snapshot, name) else { return (vec![NONE; looked.rows.len()], 0) };
    let values: Vec<String> =
        looked.rows.iter().map(|sample| column.text(&looked.snapshot, *sample).into_owned()).collect();
    let names: BTreeSet<&str> = values.iter().map(String::as_str).filter(|value| !value.is_empty()).collect();
    let classes: HashMap<&str, u32> = names.iter().copied().zip(0..).collect();
    let truth = values.iter().map(|value| classes.get(value.as_str()).copied().unwrap_or(NONE)).collect();
    (truth, names.len())
}

/// The report for a person.
fn print(report: &SimulateReport, out: &mut impl Write) -> std::io::Result<()> {
    /// Lines of the table; `--json` has every point.
    const LINES: usize = 12;
    writeln!(out, "{}", report.source)?;
    let samples = counted(report.samples as u64, "sample");
    writeln!(out, "{samples} · {}", counted(report.classes as u64, "class"))?;
    if report.left_out > 0 {
        writeln!(out, "{} left out, without a description or a value", grouped(report.left_out as u64))?;
    }
    let percent = |part: f64| format!("{:.1} %", part * 100.0);
    let others = report.random.as_ref().map(|random| &random.points);
    let heading = if others.is_some() { "  at random" } else { "" };
    writeln!(out, "\n{:>7}  {:>12}{heading}  as estimated", "answers", report.strategy)?;
    let step = report.points.len().div_ceil(LINES).max(1);
    let last = report.points.len().saturating_sub(1);
    for (at, point) in report.points.iter().enumerate().filter(|(at, _)| at % step == 0 || *at == last) {
        write!(out, "{:>7}  {:>12}", grouped(point.answers as u64), percent(point.right))?;
        if let Some(others) = others {
            let other = others.get(at).map_or_else(|| "–".to_owned(), |other| percent(other.right));
            write!(out, "  {other:>9}")?;
        }
        let (low, high) = (1.0 - point.error_high, 1.0 - point.error_low);
        writeln!(
            out,
            "  {} to {} by {}",
            percent(low),
            percent(high),
            counted(point.tested as u64, "answer")
        )?;
    }
    let reached = |answers: Option<usize>| match answers {
        Some(answers) => format!("after {}", counted(answers as u64, "answer")),
        None => "never".to_owned(),
    };
    write!(out, "\n80 % of the proposals right: {}", reached(report.answers_to_80_percent))?;
    match &report.random {
        Some(random) => writeln!(out, "; at random {}", reached(random.answers_to_80_percent))?,
        None => writeln!(out)?,
    }
    if let Some(confirmed) = &report.confirmed {
        writeln!(
            out,
            "All labelled by pages: {} of {} right with {:.3} keys and clicks a sample ({}, {}, {})",
            grouped(confirmed.right as u64),
            grouped(confirmed.samples as u64),
            confirmed.actions_per_sample,
            counted(confirmed.answers as u64, "single answer"),
            counted(confirmed.pages as u64, "page"),
            counted(confirmed.clicks as u64, "click"),
        )?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
