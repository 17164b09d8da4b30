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

use std::path::Path;
use std::sync::Arc;

use crate::dataset::{ModelColumn, ModelColumns};
use crate::jobs::{Cancelled, Control};
use crate::store::{Access, Project};
use crate::train::checkpoint::Checkpoint;
use crate::train::latent::mixture::COMPONENTS;
use crate::train::latent::{Mixture, Rows, neighbour_distances};
use crate::train::model::Model;
use crate::train::pack::Wanted;
use crate::train::streamed::{Samples, Scored, StreamError, score_samples};

/// Noise and mixture follow from it: columns are the same each time.
pub const SEED: u64 = 0;

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

/// Asks a model about samples, decoded on `threads` threads, and keeps the columns in the project where that
/// can be written to. Progress counts samples, then steps of the mixture, then blocks of neighbours.
pub fn modelled(
    asked: Asked<'_>,
    samples: Samples<'_>,
    project: Option<&Project>,
    threads: usize,
    control: &Control,
) -> Result<Modelled, StreamError> {
    let about = &asked.checkpoint.about;
    let wanted =
        Wanted { class_names: Some(about.class_names.clone()), ..Wanted::of(&about.config) }.of_all();
    let scored = score_samples(asked.model, samples, &wanted, SEED, threads, control)?;
    let folder = std::path::absolute(asked.folder).unwrap_or_else(|_| asked.folder.to_owned());
    let dataset = &samples.snapshot.dataset;
    let unknown = ModelColumns::new(
        folder.display().to_string(),
        asked.checkpoint.weights_hash(),
        about.step,
        dataset.len(),
    );
    let (columns, mixture) = columns(unknown, &scored, asked.model.shape.latent, control)?;
    let project = project.filter(|project| project.access() == &Access::ReadWrite);
    let kept = project.map(|project| project.save_model(&columns, dataset));
    let problem = kept.and_then(Result::err).map(|error| {
        let error = error.to_string();
        format!("What the model says could not be kept: {}.", error.trim_end_matches('.'))
    });
    Ok(Modelled { columns: columns.into(), scored, mixture, problem })
}

/// The columns that follow from what was scored, and the aggregate posterior that the density is of.
fn columns(
    unknown: ModelColumns,
    scored: &Scored,
    latent: usize,
    control: &Control,
) -> Result<(ModelColumns, Option<Mixture>), Cancelled> {
    let (samples, scores) = (&scored.samples, &scored.scores);
    let rows = unknown.column(ModelColumn::Error).len();
    let by_row = |values: &[f32]| {
        let mut column = vec![f32::NAN; rows];
        samples.iter().zip(values).for_each(|(sample, value)| column[*sample as usize] = *value);
        column
    };
    let mut columns = unknown
        .with_column(ModelColumn::Error, by_row(&scores.squared_errors))
        .with_column(ModelColumn::Divergence, by_row(&scores.divergence));
    let latents = Rows::new(&scores.means, latent).zip(Rows::new(&scores.log_variances, latent));
    let Some((means, log_variances)) = latents else { return Ok((columns, None)) };
    let mixture = Mixture::aggregate(means, log_variances, COMPONENTS, SEED, control)?;
    if let Some(mixture) = &mixture {
        let densities = mixture.log_densities(means, control)?;
        columns = columns.with_column(ModelColumn::Density, by_row(&densities));
    }
    let distances = neighbour_distances(means, control)?;
    Ok((columns.with_column(ModelColumn::Distance, by_row(&distances)), mixture))
}
