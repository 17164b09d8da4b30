//! `lenslet evaluate`: what unseen samples lose, and how like real ones a model's pictures are.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;
use serde::Serialize;

use super::args::EvaluateOptions;
use super::look::tell;
use super::progress::Meter;
use super::trained::{LeftOutRow, choose, load};
use crate::analysis::Picture;
use crate::analysis::descriptor::{NUMBERS, describe};
use crate::analysis::generated::{Copying, Rows, copying, frechet, kernel_distance, prdc};
use crate::jobs::Control;
use crate::text::counted;
use crate::train::pack::{NO_CLASS, Pack, PackError};
use crate::train::score::{Pictures, decode, prior, score};

/// The figures, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluateReport {
    pub source: String,
    pub checkpoint: PathBuf,
    pub step: u64,
    pub device: String,
    /// Whether the samples are those that the model held out; else they are all that fit, among which there
    /// may be some that it was trained on.
    pub held_out: bool,
    pub samples: usize,
    /// Means over these samples, in nats.
    pub elbo: f64,
    pub reconstruction: f64,
    pub kl: f64,
    pub kl_by_dimension: Vec<f32>,
    /// The mean of squared differences of pixels from 0 to 1.
    pub squared_error: f64,
    pub generated: usize,
    /// Generated samples and these as the hand-made descriptor sees them.
    pub descriptor: SpaceReport,
    /// Generated samples and these as the model's own encoder sees them.
    pub latent: SpaceReport,
    /// Whether generated samples are copies, as the descriptor sees them; `null` where it is not known what
    /// was trained on.
    pub copying: Option<Copying>,
    pub left_out: Vec<LeftOutRow>,
    pub seconds: f64,
}

/// How like each other generated and given samples are; `null` where there are too few.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpaceReport {
    pub frechet: Option<f64>,
    pub kernel: Option<f64>,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub density: Option<f64>,
    pub coverage: Option<f64>,
}

impl SpaceReport {
    fn of(real: &[f32], generated: &[f32], numbers: usize) -> Self {
        let sets = Rows::new(real, numbers).zip(Rows::new(generated, numbers));
        let near = sets.and_then(|(real, generated)| prdc(real, generated));
        Self {
            frechet: sets.and_then(|(real, generated)| frechet(real, generated)),
            kernel: sets.and_then(|(real, generated)| kernel_distance(real, generated)),
            precision: near.map(|near| near.precision),
            recall: near.map(|near| near.recall),
            density: near.map(|near| near.density),
            coverage: near.map(|near| near.coverage),
        }
    }
}

/// Samples that generated ones are looked for among, by those that are generated.
const TRAINED_ON: usize = 5;

pub fn run(options: &EvaluateOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let meter = Meter::start(&control);
    let trained = load(&options.checkpoint, &options.device)?;
    let about = &trained.checkpoint.about;
    let chosen = choose(&options.samples, &[], &control)?;
    let all = trained.wanted().of_all();
    let pack = match chosen.pack(&trained.wanted(), &control) {
        Ok(pack) => pack,
        Err(error) => match error.downcast_ref() {
            Some(PackError::NoSplit(_) | PackError::AllHeldOut) => chosen.pack(&all, &control)?,
            _ => return Err(error),
        },
    };
    let is_same = pack.fingerprint == about.data && !pack.held_out.is_empty();
    let every: Vec<u32> = (0..pack.len() as u32).collect();
    let (unseen, seen) = match is_same {
        true => (&pack.held_out, Some(&pack.training)),
        // Other samples, or none held out: nobody knows which of them it has seen.
        false => (&every, None),
    };
    control.begin("Scoring samples", unseen.len() as u64);
    let scores = score(&trained.model, &pack, unseen, options.seed, &control)?;
    let mean = |numbers: &[f32]| {
        numbers.iter().map(|number| f64::from(*number)).sum::<f64>() / numbers.len().max(1) as f64
    };

    let count = usize::from(options.count);
    let latent = trained.model.shape.latent;
    control.begin("Drawing samples", count as u64);
    let latents = prior(latent, count, options.seed);
    let real = spread(unseen, count);
    // Classes as often as they are among the samples, which are in the order of their paths.
    let classes: Vec<u32> = match trained.model.shape.classes {
        0 => vec![NO_CLASS; count],
        _ => real.iter().cycle().take(count).map(|row| pack.classes[*row as usize]).collect(),
    };
    let generated = decode(&trained.model, &latents, &classes, &control)?;
    control.begin("Comparing", 0);
    let described = |rows: &[u32]| describe_rows(&pictures_of(&pack, rows));
    let (real_described, generated_described) = (described(&real), describe_rows(&generated));
    let copying = seen.and_then(|seen| {
        let seen = described(&spread(seen, count * TRAINED_ON));
        copying(
            Rows::new(&seen, NUMBERS)?,
            Rows::new(&real_described, NUMBERS)?,
            Rows::new(&generated_described, NUMBERS)?,
        )
    });
    let encoded = encoded(&trained.model, generated.pixels.clone(), &classes, &control)?;
    let real_encoded = score(&trained.model, &pack, &real, options.seed, &control)?.means;
    drop(meter);

    let (reconstruction, kl) = (mean(&scores.reconstruction), mean(&scores.divergence));
    let report = EvaluateReport {
        source: chosen.snapshot.dataset.source.clone(),
        checkpoint: options.checkpoint.clone(),
        step: about.step,
        device: trained.device.clone(),
        held_out: is_same,
        samples: unseen.len(),
        elbo: -reconstruction - kl,
        reconstruction,
        kl,
        kl_by_dimension: scores.by_dimension,
        squared_error: mean(&scores.squared_errors),
        generated: count,
        descriptor: SpaceReport::of(&real_described, &generated_described, NUMBERS),
        latent: SpaceReport::of(&real_encoded, &encoded, latent),
        copying,
        left_out: chosen.left_out(&pack.left_out),
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| print(&report, out))
}

/// At most so many of the rows, from all over.
fn spread(rows: &[u32], most: usize) -> Vec<u32> {
    rows.iter().copied().step_by(rows.len().div_ceil(most.max(1)).max(1)).collect()
}

fn pictures_of(pack: &Pack, rows: &[u32]) -> Pictures {
    Pictures { size: pack.size, channels: pack.channels.count(), pixels: pack.gathered(rows) }
}

/// [`NUMBERS`] of each picture.
fn describe_rows(pictures: &Pictures) -> Vec<f32> {
    let (size, channels) = (pictures.size, pictures.channels);
    let one = |pixels: &[u8]| {
        let picture = Picture::new(size, size, channels, pixels);
        picture.as_ref().and_then(describe).unwrap_or([0.0; NUMBERS])
    };
    let rows: Vec<[f32; NUMBERS]> =
        pictures.pixels.par_chunks((size * size * channels).max(1)).map(one).collect();
    rows.into_flattened()
}

/// The latent means of pictures.
fn encoded(
    model: &crate::train::model::Model,
    pixels: Vec<u8>,
    classes: &[u32],
    control: &Control,
) -> anyhow::Result<Vec<f32>> {
    let shape = &model.shape;
    let Some(pack) = Pack::of_pixels(shape.size, shape.channels, pixels, classes.to_vec(), Vec::new()) else {
        return Ok(Vec::new());
    };
    Ok(score(model, &pack, &pack.training, 0, control)?.means)
}

/// The report for a person.
fn print(report: &EvaluateReport, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} {} · ELBO {:.3}, reconstruction {:.3}, KL {:.3} nats · squared error {:.5}",
        counted(report.samples as u64, "sample"),
        if report.held_out { "held out" } else { "of which some may have been trained on" },
        report.elbo,
        report.reconstruction,
        report.kl,
        report.squared_error
    )?;
    writeln!(out, "{} generated\n", counted(report.generated as u64, "sample"))?;
    writeln!(out, "{:12}{:>12}{:>12}", "", "descriptor", "latent")?;
    let spaces = [&report.descriptor, &report.latent];
    let mut line = |name: &str, of: &dyn Fn(&SpaceReport) -> Option<f64>| -> std::io::Result<()> {
        write!(out, "{name:12}")?;
        for space in spaces {
            match of(space) {
                Some(value) => write!(out, "{value:>12.4}")?,
                None => write!(out, "{:>12}", "–")?,
            }
        }
        writeln!(out)
    };
    line("Fréchet", &|space| space.frechet)?;
    line("kernel", &|space| space.kernel)?;
    line("precision", &|space| space.precision)?;
    line("recall", &|space| space.recall)?;
    line("density", &|space| space.density)?;
    line("coverage", &|space| space.coverage)?;
    if let Some(copying) = &report.copying {
        writeln!(
            out,
            "\nnearer to what was trained on than unseen samples are: {:.3} (0.5 where nothing is copied); \
             suspiciously near: {:.3} (0.01)",
            copying.nearer, copying.suspicious
        )?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_of_many_rows_come_from_all_over() {
        for (rows, most, first, last, count) in [(100, 10, 0, 90, 10), (7, 10, 0, 6, 7), (11, 10, 0, 10, 6)] {
            let all: Vec<u32> = (0..rows).collect();
            let some = spread(&all, most);
            assert_eq!((some[0], *some.last().unwrap(), some.len()), (first, last, count), "{rows} {most}");
        }
        assert!(spread(&[], 3).is_empty());
    }
}
