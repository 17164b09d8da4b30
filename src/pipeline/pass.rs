//! The loop that every pass over samples is: threads take samples a few at a time, and hand over what
//! they found every moment.
//!
//! This file refuses to know what is done with a sample.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::dataset::SampleId;
use crate::jobs::{Cancelled, Control, step_back};

/// Samples that a thread takes at once: few, so that all threads end together.
const BLOCK: usize = 8;
/// A thread hands over what it has after this long or this many samples.
const BATCH_TIME: Duration = Duration::from_millis(100);
const BATCH: usize = 256;

/// Threads that keep every core busy.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does `one` with each sample on `threads` threads of that name and hands over batches of what it
/// found, from all of them; a cancelled pass hands over what it has. Progress counts samples.
pub(crate) fn each_batch<B: Default + Send>(
    name: &str,
    samples: &[SampleId],
    threads: usize,
    control: &Control,
    one: &(impl Fn(SampleId, &mut B) + Sync),
    hand_over: &(impl Fn(B) + Sync),
) -> Result<(), Cancelled> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), Cancelled> {
        let (mut batch, mut found) = (B::default(), 0);
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
                one(*sample, &mut batch);
                found += 1;
                control.add(1);
            }
            if found > 0 && (found >= BATCH || handed_over.elapsed() >= BATCH_TIME) {
                hand_over(std::mem::take(&mut batch));
                (found, handed_over) = (0, Instant::now());
            }
            if control.is_cancelled() {
                break Err(Cancelled);
            }
        };
        if found > 0 {
            hand_over(batch);
        }
        ended
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1))
            .map_while(|at| {
                let work = || {
                    step_back();
                    work()
                };
                std::thread::Builder::new().name(format!("{name}-{at}")).spawn_scoped(scope, work).ok()
            })
            .collect();
        if workers.is_empty() {
            // No thread could be had: do it here.
            return work();
        }
        // All of them end before the first that was cancelled is told of, so that nothing is handed over later.
        let ended: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        ended.into_iter().try_for_each(|ended| match ended {
            Ok(ended) => ended,
            // A decoder's panic is caught where it decodes; this one is ours and goes up.
            Err(cause) => std::panic::resume_unwind(cause),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn every_sample_is_seen_once_and_a_cancelled_pass_hands_over_what_it_has() {
        let samples: Vec<SampleId> = (0..1000).map(|at| at * 3).collect();
        for (threads, cancel_at, expected) in
            [(1, None, 1000), (4, None, 1000), (1, Some(9), 4), (0, None, 1000)]
        {
            let control = Control::new();
            let seen = Mutex::new(Vec::new());
            let ended = each_batch(
                "test",
                &samples,
                threads,
                &control,
                &|sample, batch: &mut Vec<SampleId>| {
                    if cancel_at == Some(sample) {
                        control.cancel();
                    }
                    batch.push(sample);
                },
                &|batch| seen.lock().unwrap().extend(batch),
            );
            assert_eq!(ended.is_err(), cancel_at.is_some());
            let mut seen = seen.into_inner().unwrap();
            seen.sort_unstable();
            assert_eq!(seen, samples[..expected], "{threads} {cancel_at:?}");
            assert_eq!(control.progress().done, expected as u64);
        }
    }
}
