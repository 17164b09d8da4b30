//! `lenslet sample`: pictures from a trained model, as a sheet or as a folder that says where they came
//! from.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use serde::Serialize;

use super::Usage;
use super::args::{FromName, PartOptions, SampleOptions, SamplesOptions};
use super::interrupt::Watch;
use super::look::tell;
use super::progress::Meter;
use super::trained::{Trained, check_ending, check_out, choose, load, write_png};
use crate::export::check_target;
use crate::export::dataset::{Consent, check_ground, check_root, leads_out};
use crate::export::synthetic::{self, Drawn, Provenance, SyntheticFolder};
use crate::import::{self, ImportError, Imported, dataset_reader};
use crate::jobs::Control;
use crate::pipeline::modelled::SEED;
use crate::text::counted;
use crate::train::latent::mixture::COMPONENTS;
use crate::train::latent::{Mixture, Rows};
use crate::train::pack::NO_CLASS;
use crate::train::score::{decode, prior_at};
use crate::train::streamed::Scored;

/// What was written, as `--json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SampleReport {
    pub checkpoint: PathBuf,
    pub step: u64,
    pub device: String,
    /// `prior`, or `posterior`: where samples lie.
    pub from: &'static str,
    pub seed: u64,
    pub samples: usize,
    pub out: PathBuf,
    pub seconds: f64,
}

/// Pictures that are decoded before they are written.
const AT_ONCE: usize = 1024;

pub fn run(options: &SampleOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let _watch = Watch::start(&control);
    let meter = Meter::start(&control);
    let columns = options.grid.map(usize::from);
    let count = columns.map_or(options.count.unwrap_or(1) as usize, |columns| columns * columns);
    match columns {
        Some(_) => {
            check_ending(&options.out, "png")?;
            check_out(&options.out, options.overwrite)?;
        }
        None => synthetic::check(&options.out, consent(options), count)?,
    }
    let fit = &options.fit;
    let is_fit = fit.data.is_some()
        || fit.filter.is_some()
        || fit.project.is_some()
        || fit.components.is_some()
        || fit.threads.is_some();
    if is_fit && options.from == FromName::Prior {
        let text = "the prior is fitted to nothing: add --from posterior, or leave out what it is fitted to";
        return Err(Usage(text.to_owned()).into());
    }
    let trained = load(&options.checkpoint, &options.device)?;
    check_apart(options, &trained.checkpoint.about.source, &control)?;
    let classes = classes(&trained, options.class.as_deref(), count)?;
    let mixture = match options.from {
        FromName::Prior => None,
        FromName::Posterior => Some(posterior(options, &trained, &control)?),
    };
    // Each follows from seed and place: no more of them are there at once than are decoded.
    let latents = |places: Range<usize>| -> Vec<f32> {
        let at = |at: usize| match &mixture {
            None => prior_at(trained.model.shape.latent, at as u64, options.seed),
            Some(mixture) => mixture.sample_at(at as u64, options.seed),
        };
        places.flat_map(at).collect()
    };
    control.begin("Drawing samples", count as u64);
    match columns {
        Some(columns) => {
            let pictures = decode(&trained.model, &latents(0..count), &classes, &control)?;
            let (width, height, sheet) = pictures.sheet(columns);
            write_png(&options.out, width, height, pictures.channels, &sheet)?;
        }
        None => write_folder(options, &trained, &latents, &classes, &control)?,
    }
    drop(meter);
    let report = SampleReport {
        checkpoint: options.checkpoint.clone(),
        step: trained.checkpoint.about.step,
        device: trained.device,
        from: options.from.name(),
        seed: options.seed,
        samples: count,
        out: options.out.clone(),
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| {
        use std::io::Write;
        writeln!(out, "{} in {}", counted(report.samples as u64, "sample"), report.out.display())
    })
}

/// Refuses a target in the dataset that the model was trained on, and a folder around it, wherever a table, a
/// pattern or links lead.
fn check_apart(options: &SampleOptions, source: &str, control: &Control) -> anyhow::Result<()> {
    check_target(&options.out, Path::new(source))?;
    // One PNG is around nothing; and where the posterior is of that dataset, it is opened for that anyway.
    let is_opened = options.from == FromName::Posterior && options.fit.data.is_none();
    if options.count.is_none() || is_opened {
        return Ok(());
    }
    if !leads_out(Path::new(source), &options.out, control)? {
        return Ok(check_root(&options.out, Path::new(source))?);
    }
    match import::open(source, control) {
        Ok(Imported { dataset, .. }) => {
            Ok(check_ground(&options.out, &dataset, &dataset_reader(&dataset), control)?)
        }
        Err(ImportError::Cancelled(cancelled)) => Err(cancelled.into()),
        // What is gone lies nowhere.
        Err(ImportError::NotFound(_)) => Ok(()),
        Err(error) => {
            // What was drawn can be had without it, and its own folder was looked at.
            tracing::warn!(
                "whether links or tables of what the model was trained on lead there is not known: {error}"
            );
            Ok(())
        }
    }
}

/// The class of each picture: the one that is asked for, or all in turn.
fn classes(trained: &Trained, asked: Option<&str>, count: usize) -> Result<Vec<u32>, Usage> {
    let names = &trained.checkpoint.about.class_names;
    let told = trained.model.shape.classes;
    let Some(asked) = asked else {
        let class = |at: usize| if told > 0 { (at % told) as u32 } else { NO_CLASS };
        return Ok((0..count).map(class).collect());
    };
    if told == 0 {
        return Err(Usage("this model was not told classes: train one with --conditional".to_owned()));
    }
    match names.iter().position(|name| name == asked) {
        Some(class) => Ok(vec![class as u32; count]),
        None => Err(Usage(format!("the model knows no class “{asked}”: it knows {}", names.join(", ")))),
    }
}

/// The mixture that the aggregate posterior of some samples is: those that are named, or else those that the
/// model was trained on, where they still are.
fn posterior(options: &SampleOptions, trained: &Trained, control: &Control) -> anyhow::Result<Mixture> {
    let fit = &options.fit;
    let path = fit.data.clone().unwrap_or_else(|| trained.checkpoint.about.source.clone());
    let part = PartOptions { filter: fit.filter.clone(), threads: fit.threads, project: fit.project.clone() };
    let samples = SamplesOptions { path, part };
    let chosen = choose(&samples, &[&options.out], control);
    let chosen = match &fit.data {
        Some(_) => chosen?,
        None => chosen.context("the samples that the model was trained on; --data names others")?,
    };
    // The mixture is the same whatever is drawn from it, here and in the window on the same kind of device.
    let Scored { scores, .. } = chosen.score(trained, SEED, control)?;
    let latent = trained.model.shape.latent;
    let rows = Rows::new(&scores.means, latent).zip(Rows::new(&scores.log_variances, latent));
    let components = fit.components.map_or(COMPONENTS, usize::from);
    let fitted = rows
        .map(|(means, log_variances)| Mixture::aggregate(means, log_variances, components, SEED, control));
    match fitted.transpose()?.flatten() {
        Some(mixture) => Ok(mixture),
        None => bail!("the latents of the samples are no numbers, so that nothing can be drawn like them"),
    }
}

/// Writes pictures of latents, some at a time, with where they came from.
fn write_folder(
    options: &SampleOptions,
    trained: &Trained,
    latents: &dyn Fn(Range<usize>) -> Vec<f32>,
    classes: &[u32],
    control: &Control,
) -> anyhow::Result<()> {
    let about = &trained.checkpoint.about;
    let shape = &trained.model.shape;
    let checkpoint = std::path::absolute(&trained.folder)?;
    let provenance = Provenance {
        checkpoint: checkpoint.display().to_string(),
        weights: trained.checkpoint.weights_hash(),
        step: about.step,
        size: shape.size,
        channels: shape.channels.count(),
    };
    let mut folder = SyntheticFolder::begin(&options.out, consent(options), classes.len(), provenance)?;
    for start in (0..classes.len()).step_by(AT_ONCE) {
        let latents = latents(start..classes.len().min(start + AT_ONCE));
        let pictures = decode(&trained.model, &latents, &classes[start..], control)?;
        let pixels = pictures.pixels.chunks_exact(shape.values());
        let drawn =
            latents.chunks_exact(shape.latent).zip(pixels).enumerate().map(|(at, (latent, pixels))| {
                let label = about.class_names.get(classes[start + at] as usize).map(String::as_str);
                let (from, number) = (options.from.name(), (start + at) as u64);
                Drawn { pixels, latent, label, from, seed: options.seed, number }
            });
        folder.add(&drawn.collect::<Vec<_>>(), control)?;
    }
    Ok(folder.finish()?)
}

fn consent(options: &SampleOptions) -> Consent {
    if options.overwrite { Consent::Overwrite } else { Consent::Empty }
}
