//! `lenslet evaluate`: what unseen samples lose, and how like real ones a model's pictures are.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::args::EvaluateOptions;
use super::interrupt::Watch;
use super::look::tell;
use super::progress::Meter;
use super::trained::{LeftOutRow, choose, load, print_left_out};
use crate::jobs::Control;
use crate::pipeline::evaluated::{Evaluated, evaluate};
use crate::text::counted;

/// The figures, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluateReport {
    pub source: String,
    pub checkpoint: PathBuf,
    pub step: u64,
    pub device: String,
    #[serde(flatten)]
    pub figures: Evaluated,
    pub left_out: Vec<LeftOutRow>,
    pub seconds: f64,
}

pub fn run(options: &EvaluateOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let _watch = Watch::start(&control);
    let meter = Meter::start(&control);
    let trained = load(&options.checkpoint, &options.device)?;
    let chosen = choose(&options.samples, &[], &control)?;
    let (asked, samples) = (trained.asked(), chosen.samples());
    let count = usize::from(options.count);
    let (seed, room, threads) = (options.seed, &chosen.room, chosen.threads);
    let figures = evaluate(asked, samples, count, seed, room, threads, &control)?;
    drop(meter);
    let report = EvaluateReport {
        source: chosen.snapshot.dataset.source.clone(),
        checkpoint: options.checkpoint.clone(),
        step: trained.checkpoint.about.step,
        device: trained.device.clone(),
        left_out: chosen.left_out(&figures.left_out),
        figures,
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| print(&report, out))
}

/// The report for a person.
fn print(report: &EvaluateReport, out: &mut impl Write) -> std::io::Result<()> {
    let figures = &report.figures;
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} {} · ELBO {:.3}, reconstruction {:.3}, KL {:.3} nats · squared error {:.5}",
        counted(figures.samples as u64, "sample"),
        if figures.held_out { "held out" } else { "of which some may have been trained on" },
        figures.elbo,
        figures.reconstruction,
        figures.kl,
        figures.squared_error
    )?;
    writeln!(out, "{} generated\n", counted(figures.generated as u64, "sample"))?;
    writeln!(out, "{:12}{:>12}{:>12}", "", "descriptor", "latent")?;
    for ((name, descriptor), (_, latent)) in
        figures.descriptor.named().into_iter().zip(figures.latent.named())
    {
        write!(out, "{name:12}")?;
        for value in [descriptor, latent] {
            match value {
                Some(value) => write!(out, "{value:>12.4}")?,
                None => write!(out, "{:>12}", "–")?,
            }
        }
        writeln!(out)?;
    }
    if let Some(copying) = &figures.copying {
        writeln!(
            out,
            "\nnearer to what was trained on than unseen samples are: {:.3} (0.5 where nothing is copied); \
             suspiciously near: {:.3} (0.01)",
            copying.nearer, copying.suspicious
        )?;
    }
    if !report.left_out.is_empty() {
        writeln!(out)?;
        print_left_out(&report.left_out, out)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
