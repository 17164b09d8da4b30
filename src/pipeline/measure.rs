//! One pass over the content of every sample that needs it: decode, thumbnail, statistics, hash.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::dataset::{Dataset, Fact, Facts, Issue, SampleId};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::media::{self, Raster};

/// Longest side of the thumbnails that the pass makes, in pixels.
pub const THUMBNAIL_EDGE: u32 = 128;
/// Samples that a thread takes at once: few, so that all threads end together.
const BLOCK: usize = 8;
/// A thread hands over what it has after this long or this many samples.
const BATCH_TIME: Duration = Duration::from_millis(100);
const BATCH: usize = 256;

/// What a thread found since it last handed over.
#[derive(Debug, Default)]
pub struct Batch {
    pub facts: Vec<(SampleId, Fact)>,
    pub issues: Vec<Issue>,
    /// Thumbnails of samples whose decoding is worth saving.
    pub thumbnails: Vec<(SampleId, Raster)>,
}

/// The samples that were found by the last scan and not measured since they changed.
pub fn pending(dataset: &Dataset, facts: &Facts) -> Vec<SampleId> {
    (0..dataset.len() as SampleId)
        .filter(|sample| !dataset.gone[*sample as usize] && !facts.get(*sample).measured)
        .collect()
}

/// Measures `samples` on `threads` threads and hands batches to `sink`, which is called from all
/// of them. Progress counts samples. `told` are the issues that the import found: they count for
/// their samples, and are not told again.
pub fn measure(
    dataset: &Dataset,
    reader: &Reader,
    samples: &[SampleId],
    told: &[Issue],
    threads: usize,
    control: &Control,
    sink: &(impl Fn(Batch) + Sync),
) -> Result<(), Cancelled> {
    control.set_total(samples.len() as u64);
    let mut told_bits: HashMap<SampleId, u16> = HashMap::new();
    for issue in told {
        if let Some(sample) = issue.sample {
            *told_bits.entry(sample).or_default() |= issue.kind.bit();
        }
    }
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), Cancelled> {
        let mut batch = Batch::default();
        let mut handed_over = Instant::now();
        let ended = loop {
            let start = next.fetch_add(BLOCK, Ordering::Relaxed);
            if start >= samples.len() {
                break Ok(());
            }
            for sample in &samples[start..samples.len().min(start + BLOCK)] {
                if control.checkpoint().is_err() {
                    break;
                }
                let told = told_bits.get(sample).copied().unwrap_or(0);
                measure_one(dataset, reader, *sample, told, &mut batch);
                control.add(1);
            }
            if batch.facts.len() >= BATCH || handed_over.elapsed() >= BATCH_TIME {
                sink(std::mem::take(&mut batch));
                handed_over = Instant::now();
            }
            if control.is_cancelled() {
                break Err(Cancelled);
            }
        };
        if !batch.facts.is_empty() {
            sink(batch);
        }
        ended
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1))
            .map_while(|at| {
                std::thread::Builder::new().name(format!("measure-{at}")).spawn_scoped(scope, work).ok()
            })
            .collect();
        if workers.is_empty() {
            // No thread could be had: do it here.
            return work();
        }
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(ended) => ended,
            // A decoder's panic is caught where it decodes; this one is ours and goes up.
            Err(cause) => std::panic::resume_unwind(cause),
        })
    })
}

fn measure_one(dataset: &Dataset, reader: &Reader, sample: SampleId, told: u16, batch: &mut Batch) {
    let path = dataset.path(sample);
    let (mut fact, issues) = match reader.sample(dataset, sample) {
        Ok(payload) => {
            let measured = media::measure(&payload, path, THUMBNAIL_EDGE);
            if let Some(thumbnail) = measured.thumbnail.filter(|_| is_worth_keeping(&measured.fact)) {
                batch.thumbnails.push((sample, thumbnail));
            }
            (measured.fact, measured.issues)
        }
        Err(error) => (Fact { measured: true, ..Fact::UNMEASURED }, vec![(error.kind, error.message)]),
    };
    fact.issues |= told;
    for (kind, message) in issues {
        fact.issues |= kind.bit();
        if told & kind.bit() == 0 {
            batch.issues.push(Issue { sample: Some(sample), path: path.to_owned(), kind, message });
        }
    }
    batch.facts.push((sample, fact));
}

/// Whether reading a kept thumbnail beats decoding the sample again: below four times a
/// thumbnail's pixels it does not.
pub fn is_worth_keeping(fact: &Fact) -> bool {
    u64::from(fact.width) * u64::from(fact.height) > 4 * u64::from(THUMBNAIL_EDGE).pow(2)
}
