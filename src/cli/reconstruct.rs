//! `lenslet reconstruct`: what of samples comes back out of a trained model, and what each of them loses.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::args::ReconstructOptions;
use super::interrupt::Watch;
use super::look::tell;
use super::progress::Meter;
use super::trained::{LeftOutRow, check_ending, check_out, choose, load, print_left_out, write_png};
use crate::dataset::SampleId;
use crate::jobs::Control;
use crate::text::counted;
use crate::train::score::{Pictures, reconstruct};
use crate::train::streamed::Scored;

/// What samples lose, as `--json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReconstructReport {
    pub source: String,
    pub checkpoint: PathBuf,
    pub step: u64,
    pub device: String,
    pub samples: usize,
    /// Means over samples, in nats.
    pub reconstruction: f64,
    pub kl: f64,
    pub elbo: f64,
    /// The mean of squared differences of pixels from 0 to 1.
    pub squared_error: f64,
    pub out: PathBuf,
    /// Every sample, what comes back worst first.
    pub ranking: Vec<ReconstructRow>,
    pub left_out: Vec<LeftOutRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReconstructRow {
    pub path: String,
    pub squared_error: f32,
    /// In nats.
    pub reconstruction: f32,
    pub kl: f32,
    pub on_sheet: bool,
}

pub fn run(options: &ReconstructOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let _watch = Watch::start(&control);
    let meter = Meter::start(&control);
    check_ending(&options.out, "png")?;
    check_out(&options.out, options.overwrite)?;
    let trained = load(&options.checkpoint, &options.device)?;
    let chosen = choose(&options.samples, &[&options.out], &control)?;
    let Scored { samples, scores, left_out } = chosen.score(&trained, 0, &control)?;
    let mut worst: Vec<usize> = (0..samples.len()).collect();
    worst.sort_by(|one, two| {
        scores.squared_errors[*two].total_cmp(&scores.squared_errors[*one]).then(one.cmp(two))
    });
    let count = usize::from(options.count);
    let mut shown: Vec<usize> = match options.worst {
        true => worst.clone(),
        false => (0..samples.len()).step_by(samples.len().div_ceil(count)).collect(),
    };
    shown.truncate(count);

    let on_sheet: Vec<SampleId> = shown.iter().map(|row| samples[*row]).collect();
    let pack = chosen.pack_of(&on_sheet, &trained.wanted().of_all(), &control)?;
    let rows: Vec<u32> = (0..pack.len() as u32).collect();
    let returned = reconstruct(&trained.model, &pack, &rows, &control)?;
    let mut pairs = Pictures { pixels: Vec::new(), ..returned.clone() };
    for row in rows {
        pairs.pixels.extend_from_slice(&pack.row(row)?);
        pairs.pixels.extend_from_slice(returned.get(row as usize).unwrap_or_default());
    }
    // About as wide as high, in pairs.
    let columns = ((2 * shown.len()) as f64).sqrt().ceil() as usize;
    let (width, height, sheet) = pairs.sheet(columns.next_multiple_of(2));
    write_png(&options.out, width, height, pairs.channels, &sheet)?;
    drop(meter);

    let mut is_shown = vec![false; samples.len()];
    shown.iter().for_each(|row| is_shown[*row] = true);
    let row = |row: &usize| ReconstructRow {
        path: chosen.snapshot.dataset.path(samples[*row]).to_owned(),
        squared_error: scores.squared_errors[*row],
        reconstruction: scores.reconstruction[*row],
        kl: scores.divergence[*row],
        on_sheet: is_shown[*row],
    };
    let mean = |numbers: &[f32]| {
        numbers.iter().map(|number| f64::from(*number)).sum::<f64>() / numbers.len().max(1) as f64
    };
    let (reconstruction, kl) = (mean(&scores.reconstruction), mean(&scores.divergence));
    let report = ReconstructReport {
        source: chosen.snapshot.dataset.source.clone(),
        checkpoint: options.checkpoint.clone(),
        step: trained.checkpoint.about.step,
        device: trained.device,
        samples: samples.len(),
        reconstruction,
        kl,
        elbo: -reconstruction - kl,
        squared_error: mean(&scores.squared_errors),
        out: options.out.clone(),
        ranking: worst.iter().map(row).collect(),
        left_out: chosen.left_out(&left_out),
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| print(&report, out))
}

/// The report for a person.
fn print(report: &ReconstructReport, out: &mut impl Write) -> std::io::Result<()> {
    /// Samples that are printed; `--json` has them all.
    const SHOWN: usize = 10;
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} · ELBO {:.3}, reconstruction {:.3}, KL {:.3} nats · squared error {:.5}",
        counted(report.samples as u64, "sample"),
        report.elbo,
        report.reconstruction,
        report.kl,
        report.squared_error
    )?;
    writeln!(out, "\nwhat comes back worst")?;
    for row in report.ranking.iter().take(SHOWN) {
        writeln!(out, "  {:.5}  {}", row.squared_error, row.path)?;
    }
    if !report.left_out.is_empty() {
        writeln!(out)?;
        print_left_out(&report.left_out, out)?;
    }
    writeln!(out, "\nthe sheet is {}\n{:.2} s", report.out.display(), report.seconds)
}
