//! What a model says of any number of samples: they are decoded and scored a chunk at a time, the next chunk
//! while this one is scored.
//!
//! Pixels take [`CHUNK_BYTES`] three times at most: a chunk that is decoded, one that waits and one that is
//! scored. What is said of samples takes 8 bytes a sample and latent dimension, and 12 a sample. Tensors stay
//! on the thread that asks.

use crossbeam_channel::bounded;

use super::config::HeldOut;
use super::model::{DeviceError, Model};
use super::pack::{PackError, Squares, Wanted, classes, squares};
use super::score::{Scores, Scoring};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};

/// Bytes of pixels, and samples, of a chunk at most.
pub const CHUNK_BYTES: usize = 16 << 20;
const CHUNK_SAMPLES: usize = 4096;

/// Where samples are.
#[derive(Clone, Copy)]
pub struct Samples<'a> {
    pub snapshot: &'a Snapshot,
    pub reader: &'a Reader,
    /// In the order that answers are given in.
    pub samples: &'a [SampleId],
}

/// What a model says of samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    /// The samples that could be read, in the order that was asked for: a row of `scores` each.
    pub samples: Vec<SampleId>,
    pub scores: Scores,
    /// The others, and why.
    pub left_out: Vec<(SampleId, String)>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// There is no sample, or none that can be read.
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error("no thread could be started: {0}")]
    NoThread(std::io::Error),
}

/// Scores samples, decoded on `threads` threads and brought to what the model takes. What is held out plays
/// no part. There is an error where no sample can be read. Progress counts samples that were scored.
///
/// Each sample's noise follows from `seed` and its place among those that could be read, as in
/// [`score`](super::score::score) of a pack of all of them.
pub fn score_samples(
    model: &Model,
    of: Samples<'_>,
    wanted: &Wanted,
    seed: u64,
    threads: usize,
    control: &Control,
) -> Result<Scored, StreamError> {
    let Samples { snapshot, reader, samples } = of;
    if samples.is_empty() {
        return Err(PackError::Nothing.into());
    }
    control.begin("Scoring samples", samples.len() as u64);
    let row = wanted.row_bytes();
    let at_once = (CHUNK_BYTES / row.max(1)).clamp(1, CHUNK_SAMPLES);
    let mut scored = Scored::default();
    let mut scoring = Scoring::new(model, seed);
    let (send, chunks) = bounded::<Squares>(1);
    let beside = control.uncounted();
    let decode = move || {
        for chunk in samples.chunks(at_once) {
            let decoded = squares(snapshot, reader, chunk, wanted, threads, &beside);
            // Cancelled, or nobody takes them any more.
            let Some(()) = decoded.ok().and_then(|decoded| send.send(decoded).ok()) else { return };
        }
    };
    std::thread::scope(|scope| {
        let spawned = std::thread::Builder::new().name("score-decode".to_owned()).spawn_scoped(scope, decode);
        spawned.map_err(StreamError::NoThread)?;
        for Squares { pixels, samples, left_out } in chunks {
            let (classes, _) = classes(snapshot, &samples, wanted.class_names.clone());
            let pieces = pixels.chunks(scoring.at_once() * row).zip(classes.chunks(scoring.at_once()));
            let mut first = scored.samples.len() as u64;
            for (pixels, classes) in pieces {
                control.checkpoint()?;
                let last = first + classes.len() as u64;
                scoring.add(pixels, classes, first..last)?;
                control.add(last - first);
                first = last;
            }
            control.add(left_out.len() as u64);
            scored.samples.extend(samples);
            scored.left_out.extend(left_out);
        }
        Ok::<(), StreamError>(())
    })?;
    if scored.samples.len() + scored.left_out.len() < samples.len() {
        return Err(Cancelled.into());
    }
    if scored.samples.is_empty() {
        return Err(PackError::AllBroken(scored.left_out).into());
    }
    scored.scores = scoring.finish();
    Ok(scored)
}

impl Wanted {
    /// The same without held-out samples: for a model that learns nothing of them.
    pub fn of_all(self) -> Self {
        Self { held_out: HeldOut::Share(0.0), ..self }
    }
}
