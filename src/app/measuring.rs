//! Measuring in the background: batches go to the window, to the project and to the cache.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{SendTimeoutError, Sender};
use egui::Context;

use crate::dataset::facts::CHUNK;
use crate::dataset::{Dataset, Facts, Issue, SampleId};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control, Job};
use crate::media;
use crate::pipeline::{self, Batch, THUMBNAIL_EDGE};
use crate::state::{Action, Session};
use crate::store::{Access, Project, StoreError, Thumbnail, Thumbnails, stamp};

/// How often what was measured is kept.
const KEEP: Duration = Duration::from_secs(1);
/// Thumbnails written at once.
const THUMBNAILS: usize = 128;

/// Measuring that is under way; its value is why results could not be kept, if so.
pub struct Measuring {
    pub job: Job<Option<String>>,
}

/// What was measured and is not kept yet.
struct Unkept {
    facts: Facts,
    chunks: BTreeSet<usize>,
    samples: Vec<SampleId>,
    issues: Vec<Issue>,
    thumbnails: Vec<Thumbnail>,
    kept: Instant,
    problem: Option<String>,
}

/// Starts measuring what the session has not measured; `None` when there is nothing to do.
#[expect(clippy::too_many_arguments, reason = "each is one of the worlds that meet here")]
pub fn start_measuring(
    project: Arc<Project>,
    dataset: Arc<Dataset>,
    reader: Arc<Reader>,
    cache: Option<Arc<Thumbnails>>,
    session: &Session,
    events: Sender<Action>,
    threads: usize,
    ctx: Context,
) -> Option<Measuring> {
    let facts = session.snapshot.facts.clone();
    if facts.measured() >= dataset.len() {
        return None;
    }
    let told: Vec<Issue> = session.issues.iter().filter(|issue| issue.sample.is_some()).cloned().collect();
    let writable = project.access() == &Access::ReadWrite;
    let waker = ctx.clone();
    let work = move |control: &Control| -> Result<Option<String>, Cancelled> {
        let todo = pipeline::pending(&dataset, &facts);
        let unkept = Mutex::new(Unkept {
            facts,
            chunks: BTreeSet::new(),
            samples: Vec::new(),
            issues: Vec::new(),
            thumbnails: Vec::new(),
            kept: Instant::now(),
            problem: None,
        });
        let keeping = Mutex::new(());
        let sink = |batch: Batch| {
            let due = note(&unkept, &dataset, &batch);
            if due
                && writable
                && let Ok(_turn) = keeping.try_lock()
            {
                keep(&unkept, &project, cache.as_deref());
            }
            tell(&events, batch, control, &ctx);
        };
        let ended = pipeline::measure(&dataset, &reader, &todo, &told, threads, control, &sink);
        if writable {
            keep(&unkept, &project, cache.as_deref());
        }
        ended?;
        Ok(unkept.into_inner().unwrap_or_else(PoisonError::into_inner).problem)
    };
    match Job::spawn("measure", move || waker.request_repaint(), work) {
        Ok(job) => Some(Measuring { job }),
        Err(error) => {
            tracing::error!("no thread to measure: {error}");
            None
        }
    }
}

/// Notes a batch for keeping, and says whether it is time to keep.
fn note(unkept: &Mutex<Unkept>, dataset: &Dataset, batch: &Batch) -> bool {
    // Encoding is the slow part, so it comes before the lock.
    let thumbnails: Vec<Thumbnail> = batch
        .thumbnails
        .iter()
        .map(|(sample, raster)| {
            let at = *sample as usize;
            let stamp = stamp(dataset.bytes[at], dataset.modified_ms[at]);
            Thumbnail {
                sample: *sample,
                edge: THUMBNAIL_EDGE as u16,
                stamp,
                bytes: media::encode_thumbnail(raster),
            }
        })
        .collect();
    let mut unkept = unkept.lock().unwrap_or_else(PoisonError::into_inner);
    for (sample, fact) in &batch.facts {
        unkept.facts.set(*sample, fact);
        unkept.chunks.insert(*sample as usize / CHUNK);
        unkept.samples.push(*sample);
    }
    unkept.issues.extend(batch.issues.iter().cloned());
    unkept.thumbnails.extend(thumbnails);
    unkept.kept.elapsed() >= KEEP || unkept.thumbnails.len() >= THUMBNAILS
}

fn keep(unkept: &Mutex<Unkept>, project: &Project, cache: Option<&Thumbnails>) {
    let (chunks, samples, issues, thumbnails) = {
        let mut unkept = unkept.lock().unwrap_or_else(PoisonError::into_inner);
        let thumbnails = std::mem::take(&mut unkept.thumbnails);
        if unkept.kept.elapsed() >= KEEP || !unkept.samples.is_empty() {
            unkept.kept = Instant::now();
            let numbers = std::mem::take(&mut unkept.chunks);
            let chunks: Vec<_> =
                numbers.into_iter().map(|number| (number, unkept.facts.chunks()[number].clone())).collect();
            (chunks, std::mem::take(&mut unkept.samples), std::mem::take(&mut unkept.issues), thumbnails)
        } else {
            (Vec::new(), Vec::new(), Vec::new(), thumbnails)
        }
    };
    if let Some(cache) = cache {
        cache.put_many(&thumbnails);
    }
    if samples.is_empty() {
        return;
    }
    let kept: Result<(), StoreError> = project.save_measured(&chunks, &samples, &issues);
    if let Err(error) = kept {
        let mut unkept = unkept.lock().unwrap_or_else(PoisonError::into_inner);
        unkept.problem = Some(error.to_string());
        // Tried again with the next batch.
        unkept.chunks.extend(chunks.into_iter().map(|(number, _)| number));
        unkept.samples.extend(samples);
        unkept.issues.extend(issues);
    } else {
        unkept.lock().unwrap_or_else(PoisonError::into_inner).problem = None;
    }
}

/// Hands a batch to the window, which may be slower than the disk.
fn tell(events: &Sender<Action>, batch: Batch, control: &Control, ctx: &Context) {
    let mut action = Action::Measured { facts: batch.facts, issues: batch.issues };
    loop {
        match events.send_timeout(action, Duration::from_millis(100)) {
            Ok(()) => break,
            Err(SendTimeoutError::Timeout(back)) if !control.is_cancelled() => action = back,
            Err(_) => return,
        }
    }
    ctx.request_repaint();
}
