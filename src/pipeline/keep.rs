//! What a pass over the content found, on its way into the project and the thumbnail cache.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::measure::{Batch, THUMBNAIL_EDGE};
use crate::dataset::facts::{CHUNK, FactChunk};
use crate::dataset::{Dataset, Facts, Issue, SampleId};
use crate::media;
use crate::store::{Project, StoreError, Thumbnail, Thumbnails, stamp};

/// How often what was found is kept.
const KEEP: Duration = Duration::from_secs(1);
/// Thumbnails written at once.
const THUMBNAILS: usize = 128;

/// Where findings are kept.
#[derive(Clone, Copy)]
pub struct Keeper<'a> {
    /// One that can be written to.
    pub project: &'a Project,
    pub cache: Option<&'a Thumbnails>,
}

/// Findings that are not kept yet, noted from several threads.
pub(super) struct Unkept<'a> {
    keeper: Keeper<'a>,
    noted: Mutex<Noted>,
    /// Held while something is written, so that one thread writes and the others go on.
    writing: Mutex<()>,
}

struct Noted {
    facts: Facts,
    chunks: BTreeSet<usize>,
    samples: Vec<SampleId>,
    issues: Vec<Issue>,
    thumbnails: Vec<Thumbnail>,
    kept: Instant,
    problem: Option<StoreError>,
}

impl<'a> Unkept<'a> {
    /// Nothing found yet beyond `facts`.
    pub fn new(facts: Facts, keeper: Keeper<'a>) -> Self {
        let noted = Noted {
            facts,
            chunks: BTreeSet::new(),
            samples: Vec::new(),
            issues: Vec::new(),
            thumbnails: Vec::new(),
            kept: Instant::now(),
            problem: None,
        };
        Self { keeper, noted: Mutex::new(noted), writing: Mutex::default() }
    }

    /// Notes a batch, and keeps what was noted when it is time.
    pub fn note(&self, dataset: &Dataset, batch: &Batch) {
        // Encoding is the slow part, so it comes before the lock.
        let thumbnail = |(sample, raster): &(SampleId, media::Raster)| {
            let at = *sample as usize;
            Thumbnail {
                sample: *sample,
                edge: THUMBNAIL_EDGE as u16,
                stamp: stamp(dataset.bytes[at], dataset.modified_ms[at]),
                bytes: media::encode_thumbnail(raster),
            }
        };
        let thumbnails: Vec<Thumbnail> = match self.keeper.cache {
            Some(_) => batch.thumbnails.iter().map(thumbnail).collect(),
            None => Vec::new(),
        };
        let is_due = {
            let mut noted = self.lock();
            for (sample, fact) in &batch.facts {
                noted.facts.set(*sample, fact);
                noted.chunks.insert(*sample as usize / CHUNK);
                noted.samples.push(*sample);
            }
            noted.issues.extend(batch.issues.iter().cloned());
            noted.thumbnails.extend(thumbnails);
            noted.kept.elapsed() >= KEEP || noted.thumbnails.len() >= THUMBNAILS
        };
        if is_due && let Ok(_turn) = self.writing.try_lock() {
            self.keep();
        }
    }

    /// Keeps the rest; gives why that was not possible, if so.
    pub fn finish(self) -> Option<String> {
        self.keep();
        let noted = self.noted.into_inner().unwrap_or_else(PoisonError::into_inner);
        noted.problem.map(|problem| problem.to_string())
    }

    fn keep(&self) {
        let (chunks, samples, issues, thumbnails) = {
            let mut noted = self.lock();
            noted.kept = Instant::now();
            let numbers = std::mem::take(&mut noted.chunks);
            let chunks: Vec<(usize, Arc<FactChunk>)> =
                numbers.into_iter().map(|number| (number, noted.facts.chunks()[number].clone())).collect();
            let samples = std::mem::take(&mut noted.samples);
            (chunks, samples, std::mem::take(&mut noted.issues), std::mem::take(&mut noted.thumbnails))
        };
        if let Some(cache) = self.keeper.cache {
            cache.put_many(&thumbnails);
        }
        if samples.is_empty() {
            return;
        }
        let kept = self.keeper.project.save_measured(&chunks, &samples, &issues);
        let mut noted = self.lock();
        noted.problem = kept.err();
        if noted.problem.is_some() {
            // Tried again with the next batch.
            noted.chunks.extend(chunks.into_iter().map(|(number, _)| number));
            noted.samples.extend(samples);
            noted.issues.extend(issues);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
