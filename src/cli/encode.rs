//! `lenslet encode`: where samples lie in a trained model's latent space, as an array.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{anyhow, bail};
use npyz::WriterBuilder;
use serde::Serialize;

use super::args::EncodeOptions;
use super::interrupt::Watch;
use super::look::{tell, write_table};
use super::progress::Meter;
use super::trained::{LeftOutRow, check_ending, check_out, choose, load, print_left_out};
use crate::dataset::ModelColumn;
use crate::files;
use crate::jobs::Control;
use crate::pipeline::modelled::Modelled;
use crate::text::counted;
use crate::train::streamed::Scored;

/// What was written, as `--json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EncodeReport {
    pub source: String,
    pub checkpoint: PathBuf,
    pub step: u64,
    pub device: String,
    pub samples: usize,
    pub latent: usize,
    pub out: PathBuf,
    /// The path of each row.
    pub paths: PathBuf,
    pub left_out: Vec<LeftOutRow>,
    pub seconds: f64,
}

pub fn run(options: &EncodeOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let _watch = Watch::start(&control);
    let meter = Meter::start(&control);
    check_ending(&options.out, "npy")?;
    let paths = options.out.with_extension("csv");
    check_out(&options.out, options.overwrite)?;
    check_out(&paths, options.overwrite)?;
    let trained = load(&options.checkpoint, &options.device)?;
    let chosen = choose(&options.samples, &[&options.out, &paths], &control)?;
    if options.samples.part.project.is_some() && chosen.project.is_none() {
        bail!(
            "the project can only be read, so that the columns cannot be kept there: close the window that has it open, or \
             leave --project out"
        );
    }
    let Modelled { columns, scored, problem, .. } = chosen.modelled(&trained, &control)?;
    let Scored { samples, scores, left_out } = scored;
    drop(meter);

    let latent = trained.model.shape.latent;
    let failed = |error: std::io::Error| anyhow!("{} could not be written: {error}", options.out.display());
    files::write_whole(&options.out, failed, |out| {
        let shape = [samples.len() as u64, latent as u64];
        let writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(out).begin_nd();
        let mut writer = writer.map_err(failed)?;
        writer.extend(scores.means.iter().copied()).map_err(failed)?;
        writer.finish().map_err(failed)
    })?;
    let heading = ["row", "path", "reconstruction", "kl", "squared_error", "density", "distance"];
    let heading = heading.map(str::to_owned).to_vec();
    let table = samples.iter().enumerate().map(|(row, sample)| {
        let of = |column| columns.value(column, *sample);
        let numbers = [
            scores.reconstruction[row],
            of(ModelColumn::Divergence),
            of(ModelColumn::Error),
            of(ModelColumn::Density),
            of(ModelColumn::Distance),
        ];
        let text = |number: f32| if number.is_nan() { String::new() } else { number.to_string() };
        let path = chosen.snapshot.dataset.path(*sample).to_owned();
        [vec![row.to_string(), path], numbers.map(text).to_vec()].concat()
    });
    write_table(&paths, std::iter::once(heading).chain(table))?;
    if let Some(problem) = problem {
        bail!("{problem}");
    }
    let report = EncodeReport {
        source: chosen.snapshot.dataset.source.clone(),
        checkpoint: options.checkpoint.clone(),
        step: trained.checkpoint.about.step,
        device: trained.device,
        samples: samples.len(),
        latent,
        out: options.out.clone(),
        paths,
        left_out: chosen.left_out(&left_out),
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| {
        writeln!(
            out,
            "{} of {} in {}; their paths in {}",
            counted(report.samples as u64, "row"),
            counted(report.latent as u64, "number"),
            report.out.display(),
            report.paths.display()
        )?;
        print_left_out(&report.left_out, out)
    })
}
