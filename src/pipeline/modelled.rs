//! What a trained model says of a dataset's samples, as columns that sort, filter and are plotted like any
//! other, kept in the project.
//!
//! | column | what |
//! | --- | --- |
//! | `model.error` | the mean of (x − x̂)² over pixels from 0 to 1, x̂ what the decoder makes of μ |
//! | `model.kl` | KL(q(z&#124;x) ‖ N(0, 1)), in nats |
//! | `model.density` | ln q(μ) under the aggregate posterior of these samples ([`Mixture`]), in nats |
//! | `model.distance` | the mean distance of μ to the ten nearest ([`neighbour_distances`]) |
//!
//! Density and distance are among the samples that were asked about: of others all is unknown.
//!
//! It is kept with the latents, so that a model that is looked into again says at once what it said: only samples
//! that changed since go through it, and what follows from all together is worked out again where it is of others.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::dataset::{ModelColumn, ModelColumns, SampleId};
use crate::jobs::{Cancelled, Control};
use crate::store::latent_blob::Seen;
use crate::store::{Access, Keeping, KeptLatents, Project, StoreError};
use crate::train::checkpoint::Checkpoint;
use crate::train::latent::mixture::COMPONENTS;
use crate::train::latent::{Mixture, Rows, neighbour_distances};
use crate::train::model::Model;
use crate::train::pack::{PackError, Wanted, classes};
use crate::train::score::Scores;
use crate::train::streamed::{Samples, Scored, StreamError, score_samples};

/// Noise and mixture follow from it: columns are the same each time.
pub const SEED: u64 = 0;
/// Raise it where what a model says of a sample comes to be computed otherwise: what was kept before is worked
/// out again then.
const SAID_BY: u32 = 2;

/// A trained model, and what it is of.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub checkpoint: &'a Checkpoint,
    /// The folder that it was read from.
    pub folder: &'a Path,
    /// The checkpoint's model on a device.
    pub model: &'a Model,
}

/// What a model says of samples.
#[derive(Clone, Debug)]
pub struct Modelled {
    /// One value per row of the dataset.
    pub columns: Arc<ModelColumns>,
    /// The same and more by sample, with latents.
    pub scored: Scored,
    /// The aggregate posterior of these samples; `None` where their latents are no numbers.
    pub mixture: Option<Mixture>,
    /// A sentence where the columns could not be kept.
    pub problem: Option<String>,
}

/// Asks a model about samples, decoded on `threads` threads, and keeps columns and latents in the project where that
/// can be written to; but not the latents of a part in the place of those of more samples. Progress counts samples,
/// then steps of the mixture, then blocks of neighbours.
pub fn modelled(
    asked: Asked<'_>,
    samples: Samples<'_>,
    project: Option<&Project>,
    threads: usize,
    control: &Control,
) -> Result<Modelled, StreamError> {
    let latent = asked.model.shape.latent;
    let found = Found::of(scored(asked, samples, threads, control)?, latent, control)?;
    let problem = writable(project).and_then(|project| {
        let latents = found.to_keep(samples, &seen(asked, samples), latent)?;
        let model = fingerprint(asked);
        let is_part = |known: Option<u64>| known.is_some_and(|bytes| bytes > latents.bytes());
        match project.latents_bytes(&model).map(is_part) {
            Ok(true) => None,
            Ok(false) => keep_latents(project, &model, &latents, control).err(),
            Err(error) => Some(error),
        }
    });
    Ok(kept(asked, samples, found, project, problem))
}

/// The same without asking again what the project keeps of samples that are as they were, with their latents;
/// and keeps those in the project. What is said of a sample is what was said then: the noise that its
/// reconstruction is for followed from its place among the samples of that time.
pub fn modelled_again(
    asked: Asked<'_>,
    samples: Samples<'_>,
    project: &Project,
    threads: usize,
    control: &Control,
) -> Result<Modelled, StreamError> {
    if samples.samples.is_empty() {
        // What is kept of others says nothing of none.
        return Err(PackError::Nothing.into());
    }
    let (latent, model) = (asked.model.shape.latent, fingerprint(asked));
    control.begin("Reading what the model said", 0);
    let before = Before::load(project, &model, latent);
    let seen = seen(asked, samples);
    let (found, is_new) = match before {
        Some(before) => found_with(asked, samples, before, &seen, threads, control)?,
        None => (Found::of(scored(asked, samples, threads, control)?, latent, control)?, true),
    };
    let problem = writable(Some(project)).and_then(|project| {
        let done = match found.to_keep(samples, &seen, latent).filter(|_| is_new) {
            Some(latents) => keep_latents(project, &model, &latents, control),
            None => project.use_latents(&model),
        };
        done.err()
    });
    Ok(kept(asked, samples, found, Some(project), problem))
}

/// The project where it can be written to.
fn writable(project: Option<&Project>) -> Option<&Project> {
    project.filter(|project| project.access() == &Access::ReadWrite)
}

fn keep_latents(
    project: &Project,
    model: &str,
    latents: &KeptLatents<'_>,
    control: &Control,
) -> Result<(), StoreError> {
    control.begin("Keeping what the model said", 0);
    if project.save_latents(model, latents, || !control.is_cancelled())? == Keeping::TooMany {
        tracing::info!("latents are not kept: there are too many");
    }
    Ok(())
}

/// Scores samples.
fn scored(
    asked: Asked<'_>,
    samples: Samples<'_>,
    threads: usize,
    control: &Control,
) -> Result<Scored, StreamError> {
    let about = &asked.checkpoint.about;
    let wanted =
        Wanted { class_names: Some(about.class_names.clone()), ..Wanted::of(&about.config) }.of_all();
    score_samples(asked.model, samples, &wanted, SEED, threads, control)
}

/// Puts what was found into columns, and keeps them where that is possible.
fn kept(
    asked: Asked<'_>,
    samples: Samples<'_>,
    found: Found,
    project: Option<&Project>,
    problem: Option<StoreError>,
) -> Modelled {
    let folder = std::path::absolute(asked.folder).unwrap_or_else(|_| asked.folder.to_owned());
    let dataset = &samples.snapshot.dataset;
    let unknown = ModelColumns::new(
        folder.display().to_string(),
        asked.checkpoint.weights_hash(),
        asked.checkpoint.about.step,
        dataset.len(),
    );
    let columns = found.columns(unknown);
    let problem =
        writable(project).and_then(|project| project.save_model(&columns, dataset).err()).or(problem);
    let problem = problem.map(|error| {
        let error = error.to_string();
        format!("What the model says could not be kept: {}.", error.trim_end_matches('.'))
    });
    let Found { scored, mixture, .. } = found;
    Modelled { columns: columns.into(), scored, mixture, problem }
}

/// What a model says of samples, with what follows from all of them together.
struct Found {
    scored: Scored,
    mixture: Option<Mixture>,
    /// Of each sample; empty where latents are no numbers.
    densities: Vec<f32>,
    distances: Vec<f32>,
}

impl Found {
    /// Works out what follows from what was scored.
    fn of(scored: Scored, latent: usize, control: &Control) -> Result<Self, Cancelled> {
        let scores = &scored.scores;
        let latents = Rows::new(&scores.means, latent).zip(Rows::new(&scores.log_variances, latent));
        let Some((means, log_variances)) = latents else {
            return Ok(Self { scored, mixture: None, densities: Vec::new(), distances: Vec::new() });
        };
        let mixture = Mixture::aggregate(means, log_variances, COMPONENTS, SEED, control)?;
        let densities = match &mixture {
            Some(mixture) => mixture.log_densities(means, control)?,
            None => Vec::new(),
        };
        let distances = neighbour_distances(means, control)?;
        Ok(Self { scored, mixture, densities, distances })
    }

    /// One value per row of the dataset.
    fn columns(&self, unknown: ModelColumns) -> ModelColumns {
        let rows = unknown.column(ModelColumn::Error).len();
        let by_row = |values: &[f32]| {
            let mut column = vec![f32::NAN; rows];
            self.scored
                .samples
                .iter()
                .zip(values)
                .for_each(|(sample, value)| column[*sample as usize] = *value);
            column
        };
        unknown
            .with_column(ModelColumn::Error, by_row(&self.scored.scores.squared_errors))
            .with_column(ModelColumn::Divergence, by_row(&self.scored.scores.divergence))
            .with_column(ModelColumn::Density, by_row(&self.densities))
            .with_column(ModelColumn::Distance, by_row(&self.distances))
    }

    /// All of it as a project keeps it; `None` where there is nothing to keep.
    fn to_keep(&self, of: Samples<'_>, seen: &[Seen], latent: usize) -> Option<KeptLatents<'_>> {
        let Self { scored: Scored { samples, scores, .. }, mixture, densities, distances } = self;
        let mixture = mixture.as_ref()?;
        // Those that could be read, in the order in which they were asked for.
        let mut next = samples.iter().peekable();
        let asked = of.samples.iter().zip(seen);
        let seen: Vec<Seen> =
            asked.filter(|(sample, _)| next.next_if_eq(sample).is_some()).map(|(_, seen)| *seen).collect();
        let figures =
            [&scores.reconstruction, &scores.divergence, &scores.squared_errors, densities, distances];
        let is_whole = figures.iter().all(|values| values.len() == samples.len());
        (is_whole && seen.len() == samples.len()).then(|| KeptLatents {
            latent,
            samples: samples.into(),
            seen,
            figures: figures.map(Cow::from),
            means: Cow::from(&scores.means),
            log_variances: Cow::from(&scores.log_variances),
            mixture: mixture.parts().map(Cow::Borrowed),
        })
    }
}

/// What a model said before.
struct Before {
    found: Found,
    seen: Vec<Seen>,
}

impl Before {
    /// What a project keeps of a model; `None` where that is nothing, or nothing of use.
    fn load(project: &Project, model: &str, latent: usize) -> Option<Self> {
        let kept = project.load_latents(model).unwrap_or_else(|error| {
            tracing::warn!("{error}");
            None
        })?;
        if kept.latent != latent {
            return None;
        }
        let mixture = Mixture::of_parts(latent, kept.mixture.map(Cow::into_owned))?;
        let [reconstruction, divergence, squared_errors, densities, distances] =
            kept.figures.map(Cow::into_owned);
        let (samples, seen) = (kept.samples.into_owned(), kept.seen);
        let (means, log_variances) = (kept.means.into_owned(), kept.log_variances.into_owned());
        let by_dimension = by_dimension(&means, &log_variances, latent);
        let scores =
            Scores { reconstruction, divergence, by_dimension, means, log_variances, squared_errors };
        let scored = Scored { samples, scores, left_out: Vec::new() };
        Some(Self { found: Found { scored, mixture: Some(mixture), densities, distances }, seen })
    }
}

/// What a model says of samples, some of which it spoke of before; and whether that is anything else than then.
fn found_with(
    asked: Asked<'_>,
    of: Samples<'_>,
    before: Before,
    seen: &[Seen],
    threads: usize,
    control: &Control,
) -> Result<(Found, bool), StreamError> {
    let Before { mut found, seen: seen_before } = before;
    let mut row_of: HashMap<SampleId, usize> = HashMap::with_capacity(found.scored.samples.len());
    row_of.extend(found.scored.samples.iter().enumerate().map(|(row, sample)| (*sample, row)));
    let known = |(sample, seen): (&SampleId, &Seen)| {
        row_of.get(sample).copied().filter(|row| seen_before[*row].is_same(seen))
    };
    let known: Vec<Option<usize>> = of.samples.iter().zip(seen).map(known).collect();
    let unknown = of.samples.iter().zip(&known).filter(|(_, known)| known.is_none());
    let unknown: Vec<SampleId> = unknown.map(|(sample, _)| *sample).collect();
    let fresh = match unknown.is_empty() {
        true => Scored::default(),
        false => match scored(asked, Samples { samples: &unknown, ..of }, threads, control) {
            // Those that could not be read before cannot be now; there are others.
            Err(StreamError::Pack(PackError::AllBroken(left_out))) if unknown.len() < known.len() => {
                Scored { left_out, ..Scored::default() }
            }
            scored => scored?,
        },
    };
    let is_same =
        fresh.samples.is_empty() && known.iter().flatten().copied().eq(0..found.scored.samples.len());
    if is_same {
        found.scored.left_out = fresh.left_out;
        return Ok((found, false));
    }
    let latent = asked.model.shape.latent;
    let scored = merged(&found.scored, fresh, of.samples, &known, latent);
    Ok((Found::of(scored, latent, control)?, true))
}

/// What is known of samples and what was found out, in the order of the samples.
fn merged(
    before: &Scored,
    fresh: Scored,
    samples: &[SampleId],
    known: &[Option<usize>],
    latent: usize,
) -> Scored {
    let mut merged = Scored { left_out: fresh.left_out, ..Scored::default() };
    let mut next = fresh.samples.iter().enumerate().peekable();
    for (sample, known) in samples.iter().zip(known) {
        let (from, row) = match known {
            Some(row) => (&before.scores, *row),
            None => match next.next_if(|(_, fresh)| *fresh == sample) {
                Some((row, _)) => (&fresh.scores, row),
                // It cannot be read.
                None => continue,
            },
        };
        merged.samples.push(*sample);
        let to = &mut merged.scores;
        to.reconstruction.push(from.reconstruction[row]);
        to.divergence.push(from.divergence[row]);
        to.squared_errors.push(from.squared_errors[row]);
        to.means.extend(&from.means[row * latent..][..latent]);
        to.log_variances.extend(&from.log_variances[row * latent..][..latent]);
    }
    merged.scores.by_dimension = by_dimension(&merged.scores.means, &merged.scores.log_variances, latent);
    merged
}

/// KL(q(z|x) ‖ N(0, 1)) in each dimension, ½ (μ² + σ² − 1 − ln σ²), the mean of all samples.
fn by_dimension(means: &[f32], log_variances: &[f32], latent: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; latent];
    let rows = means.chunks_exact(latent.max(1)).zip(log_variances.chunks_exact(latent.max(1)));
    let count = rows.len().max(1) as f64;
    for (means, logs) in rows {
        for ((sum, mean), log) in sums.iter_mut().zip(means).zip(logs) {
            let (mean, log) = (f64::from(*mean), f64::from(*log));
            *sum += 0.5 * (mean * mean + log.exp() - 1.0 - log);
        }
    }
    sums.into_iter().map(|sum| (sum / count) as f32).collect()
}

/// What samples are now, and what the model is told of them.
fn seen(asked: Asked<'_>, of: Samples<'_>) -> Vec<Seen> {
    let names = Some(asked.checkpoint.about.class_names.clone());
    let (classes, _) = classes(of.snapshot, of.samples, names);
    let samples = of.samples.iter().zip(classes);
    samples.map(|(sample, class)| Seen::of(of.snapshot, *sample, class)).collect()
}

/// What a model says of samples follows from this: its weights, the kind of device that it is on, which rounds in
/// its own way, how samples are brought to its size, and the classes that it is told.
fn fingerprint(asked: Asked<'_>) -> String {
    let about = &asked.checkpoint.about;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&SAID_BY.to_le_bytes());
    hasher.update(asked.checkpoint.weights_hash().as_bytes());
    hasher.update(asked.model.kind().name().as_bytes());
    hasher.update(format!("{:?} {:?}", about.config.shape, about.config.fit).as_bytes());
    for name in &about.class_names {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
