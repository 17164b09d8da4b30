//! How good a trained model is: what unseen samples lose, and how like real ones its pictures are.

use rayon::prelude::*;
use serde::Serialize;

use super::modelled::Asked;
use crate::analysis::Picture;
use crate::analysis::descriptor::{NUMBERS, describe};
use crate::analysis::generated::{Copying, Rows, copying, frechet, kernel_distance, prdc};
use crate::dataset::SampleId;
use crate::jobs::{Cancelled, Control};
use crate::train::model::{DeviceError, Model};
use crate::train::pack::{CacheError, NO_CLASS, Pack, PackError, Room, Wanted, pack};
use crate::train::score::{Pictures, ScoreError, decode, prior, score};
use crate::train::streamed::Samples;

/// Samples that generated ones are looked for among, by those that are generated.
const TRAINED_ON: usize = 5;
/// What is compared, unless somebody says otherwise.
pub const GENERATED: usize = 2000;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Pack(PackError),
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl From<PackError> for EvaluateError {
    fn from(error: PackError) -> Self {
        match error {
            PackError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            error => Self::Pack(error),
        }
    }
}

impl From<ScoreError> for EvaluateError {
    fn from(error: ScoreError) -> Self {
        match error {
            ScoreError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            ScoreError::Device(error) => Self::Device(error),
            ScoreError::Cache(error) => Self::Pack(error.into()),
        }
    }
}

/// The figures of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluated {
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
    pub descriptor: SpaceFigures,
    /// Generated samples and these as the model's own encoder sees them.
    pub latent: SpaceFigures,
    /// Whether generated samples are copies, as the descriptor sees them; `null` where it is not known what
    /// was trained on.
    pub copying: Option<Copying>,
    /// Samples that could not be read, with a sentence each.
    #[serde(skip)]
    pub left_out: Vec<(SampleId, String)>,
}

/// How like each other generated and given samples are; `null` where there are too few.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpaceFigures {
    pub frechet: Option<f64>,
    pub kernel: Option<f64>,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub density: Option<f64>,
    pub coverage: Option<f64>,
}

impl SpaceFigures {
    fn of(real: &[f32], generated: &[f32], numbers: usize, control: &Control) -> Result<Self, Cancelled> {
        let sets = Rows::new(real, numbers).zip(Rows::new(generated, numbers));
        let (mut distances, mut near) = ((None, None), None);
        if let Some((real, generated)) = sets {
            distances = (frechet(real, generated, control)?, kernel_distance(real, generated, control)?);
            near = prdc(real, generated, control)?;
        }
        Ok(Self {
            frechet: distances.0,
            kernel: distances.1,
            precision: near.map(|near| near.precision),
            recall: near.map(|near| near.recall),
            density: near.map(|near| near.density),
            coverage: near.map(|near| near.coverage),
        })
    }

    /// The figures by name, in the order of a table.
    pub fn named(&self) -> [(&'static str, Option<f64>); 6] {
        [
            ("Fréchet", self.frechet),
            ("kernel", self.kernel),
            ("precision", self.precision),
            ("recall", self.recall),
            ("density", self.density),
            ("coverage", self.coverage),
        ]
    }
}

/// Compares `count` samples drawn from a model's prior with samples of a dataset, decoded on `threads`
/// threads: those that it held out, where they are the ones that it was trained on, else all of them. Their
/// pixels are in memory, or where they are too many on the disk that `room` names.
pub fn evaluate(
    asked: Asked<'_>,
    samples: Samples<'_>,
    count: usize,
    seed: u64,
    room: &Room,
    threads: usize,
    control: &Control,
) -> Result<Evaluated, EvaluateError> {
    let (about, model) = (&asked.checkpoint.about, asked.model);
    let wanted = Wanted { class_names: Some(about.class_names.clone()), ..Wanted::of(&about.config) };
    let Samples { snapshot, reader, samples: chosen } = samples;
    let packed = |wanted: &Wanted| pack(snapshot, reader, chosen, wanted, room, threads, control);
    let pack = match packed(&wanted) {
        Err(PackError::NoSplit(_) | PackError::AllHeldOut) => packed(&wanted.clone().of_all())?,
        other => other?,
    };
    let is_same = pack.fingerprint == about.data && !pack.held_out.is_empty();
    let every: Vec<u32> = (0..pack.len() as u32).collect();
    let (unseen, seen) = match is_same {
        true => (&pack.held_out, Some(&pack.training)),
        // Other samples, or none held out: nobody knows which of them it has seen.
        false => (&every, None),
    };
    control.begin("Scoring samples", unseen.len() as u64);
    let scores = score(model, &pack, unseen, seed, control)?;
    let mean = |numbers: &[f32]| {
        numbers.iter().map(|number| f64::from(*number)).sum::<f64>() / numbers.len().max(1) as f64
    };

    let latent = model.shape.latent;
    control.begin("Drawing samples", count as u64);
    let latents = prior(latent, count, seed);
    let real = spread(unseen, count);
    // Classes as often as they are among the samples, which are in the order of their paths.
    let classes: Vec<u32> = match model.shape.classes {
        0 => vec![NO_CLASS; count],
        _ => real.iter().cycle().take(count).map(|row| pack.classes[*row as usize]).collect(),
    };
    let generated = decode(model, &latents, &classes, control)?;
    control.begin("Comparing", 0);
    let described = |rows: &[u32]| -> Result<Vec<f32>, EvaluateError> {
        let pictures = pictures_of(&pack, rows).map_err(PackError::from)?;
        Ok(describe_rows(&pictures, control)?)
    };
    let (real_described, generated_described) = (described(&real)?, describe_rows(&generated, control)?);
    let seen = seen.map(|seen| described(&spread(seen, count * TRAINED_ON))).transpose()?;
    fn set(rows: &[f32]) -> Option<Rows<'_>> {
        Rows::new(rows, NUMBERS)
    }
    let sets = seen.as_deref().and_then(set).zip(set(&real_described)).zip(set(&generated_described));
    let copying = match sets {
        Some(((seen, unseen), generated)) => copying(seen, unseen, generated, control)?,
        None => None,
    };
    let encoded = encoded(model, generated.pixels.clone(), &classes, control)?;
    let real_encoded = score(model, &pack, &real, seed, control)?.means;

    control.checkpoint()?;
    let (reconstruction, kl) = (mean(&scores.reconstruction), mean(&scores.divergence));
    Ok(Evaluated {
        held_out: is_same,
        samples: unseen.len(),
        elbo: -reconstruction - kl,
        reconstruction,
        kl,
        kl_by_dimension: scores.by_dimension,
        squared_error: mean(&scores.squared_errors),
        generated: count,
        descriptor: SpaceFigures::of(&real_described, &generated_described, NUMBERS, control)?,
        latent: SpaceFigures::of(&real_encoded, &encoded, latent, control)?,
        copying,
        left_out: pack.left_out,
    })
}

/// At most so many of the rows, from all over.
fn spread(rows: &[u32], most: usize) -> Vec<u32> {
    rows.iter().copied().step_by(rows.len().div_ceil(most.max(1)).max(1)).collect()
}

fn pictures_of(pack: &Pack, rows: &[u32]) -> Result<Pictures, CacheError> {
    Ok(Pictures { size: pack.size, channels: pack.channels.count(), pixels: pack.gathered(rows)? })
}

/// [`NUMBERS`] of each picture.
fn describe_rows(pictures: &Pictures, control: &Control) -> Result<Vec<f32>, Cancelled> {
    /// Pictures between two moments in which a paused job may wait.
    const PIECE: usize = 256;
    let (size, channels) = (pictures.size, pictures.channels);
    let one = |pixels: &[u8]| -> Result<[f32; NUMBERS], Cancelled> {
        control.go_on()?;
        let picture = Picture::new(size, size, channels, pixels);
        Ok(picture.as_ref().and_then(describe).unwrap_or([0.0; NUMBERS]))
    };
    let row = (size * size * channels).max(1);
    let mut described = Vec::new();
    for piece in pictures.pixels.chunks(PIECE * row) {
        control.checkpoint()?;
        let rows: Result<Vec<[f32; NUMBERS]>, Cancelled> = piece.par_chunks(row).map(one).collect();
        described.extend(rows?.into_flattened());
    }
    Ok(described)
}

/// The latent means of pictures.
fn encoded(
    model: &Model,
    pixels: Vec<u8>,
    classes: &[u32],
    control: &Control,
) -> Result<Vec<f32>, ScoreError> {
    let shape = &model.shape;
    let Some(pack) = Pack::of_pixels(shape.size, shape.channels, pixels, classes.to_vec(), Vec::new()) else {
        return Ok(Vec::new());
    };
    Ok(score(model, &pack, &pack.training, 0, control)?.means)
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
