//! Measuring beside the person: what is found goes to the project, the cache and the window.

use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender};
use egui::Context;

use super::live::Live;
use super::{bug, waker};
use crate::dataset::query::Snapshot;
use crate::dataset::{Fact, Issue, SampleId};
use crate::jobs::{Control, Job, Outcome};
use crate::pipeline::{self, Keeper, cores};
use crate::state::{Action, Level};

/// Batches that wait for the interface thread.
const BATCHES: usize = 64;
/// Batches taken in one frame at most, so that a frame stays short.
const BATCHES_A_FRAME: usize = 16;

/// Measuring that is under way. Its results come on a channel of its own, which ends with it: no
/// batch of a dataset that was left reaches another one.
pub struct Measuring {
    job: Job<Option<String>>,
    batches: Receiver<Action>,
}

impl Measuring {
    /// Starts measuring what is pending; `None` when nothing is, or no thread could be had.
    pub fn start(live: &Live, snapshot: &Snapshot, ctx: &Context) -> Option<Self> {
        if pipeline::pending(snapshot).is_empty() {
            return None;
        }
        let (sender, batches) = crossbeam_channel::bounded(BATCHES);
        let (project, reader, cache) = (live.writable_project(), live.reader.clone(), live.cache.clone());
        let (snapshot, waking) = (snapshot.clone(), ctx.clone());
        let work = move |control: &Control| {
            let cache = cache.as_deref();
            let keeper = project.as_deref().map(|project| Keeper { project, cache });
            let tell = |facts: Vec<(SampleId, Fact)>, issues: Vec<Issue>| {
                tell(&sender, Action::Measured { facts, issues }, control, &waking);
            };
            pipeline::measure(&snapshot, &reader, keeper, cores(), control, &tell)
        };
        match Job::spawn("measure", waker(ctx), work) {
            Ok(job) => Some(Self { job, batches }),
            Err(error) => {
                tracing::error!("no thread to measure: {error}");
                None
            }
        }
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// Takes what was found since the last frame. `true` once it has ended and all was taken.
    pub fn poll(&mut self, actions: &mut Vec<Action>, ctx: &Context) -> bool {
        actions.extend(self.batches.try_iter().take(BATCHES_A_FRAME));
        if !self.batches.is_empty() {
            ctx.request_repaint();
            return false;
        }
        let Some(outcome) = self.job.poll() else { return false };
        // What came between the look at the channel and the end of the job.
        actions.extend(self.batches.try_iter());
        match outcome {
            Outcome::Done(None) => {}
            Outcome::Done(Some(problem)) => actions.push(Action::Notify {
                level: Level::Warning,
                text: format!("What was measured could not be kept and will be measured again: {problem}."),
            }),
            Outcome::Cancelled => actions.push(Action::Notify {
                level: Level::Info,
                text: "Measuring was stopped. Rescan to go on.".to_owned(),
            }),
            Outcome::Panicked(cause) => {
                actions.push(Action::Notify { level: Level::Error, text: bug("measuring", &cause) });
            }
        }
        actions.push(Action::Refresh);
        true
    }

    /// Cancels it and waits until it has let the project go.
    pub fn stop(self) {
        let Self { mut job, batches } = self;
        job.control().cancel();
        drop(batches);
        job.wait();
    }
}

/// Hands a batch to the window, which may be slower than the disk.
fn tell(batches: &Sender<Action>, batch: Action, control: &Control, ctx: &Context) {
    let mut batch = batch;
    loop {
        match batches.send_timeout(batch, Duration::from_millis(100)) {
            Ok(()) => break,
            Err(SendTimeoutError::Timeout(back)) if !control.is_cancelled() => batch = back,
            Err(_) => return,
        }
    }
    ctx.request_repaint();
}
