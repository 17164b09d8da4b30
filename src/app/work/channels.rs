//! Measuring what a pipeline normalises by, beside the person.

use egui::Context;

use super::variants::Ground;
use super::{bug, waker};
use crate::dataset::edit::PipelineSlot;
use crate::jobs::{Control, Job, Outcome};
use crate::pipeline::channels::{ChannelStatistics, channel_statistics};
use crate::pipeline::cores;
use crate::state::{Action, Level};
use crate::train::pack::chosen;

/// Measuring that is under way, and the step that it is for.
pub struct Channels {
    job: Job<ChannelStatistics>,
    slot: PipelineSlot,
    step: u32,
}

impl Channels {
    /// Starts measuring the samples of the view; pruned ones are not among them.
    pub fn start(ground: Ground, slot: PipelineSlot, step: u32, ctx: &Context) -> std::io::Result<Self> {
        let work = move |control: &Control| {
            let samples = chosen(&ground.snapshot, &ground.rows);
            channel_statistics(&ground.snapshot, &ground.reader, &samples, cores(), control)
        };
        Ok(Self { job: Job::spawn("channels", waker(ctx), work)?, slot, step })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Action> {
        let told = |level, text| Action::Notify { level, text };
        Some(match self.job.poll()? {
            Outcome::Done(statistics) => Action::ChannelsMeasured {
                slot: self.slot,
                step: self.step,
                statistics: Box::new(statistics),
            },
            Outcome::Cancelled => told(
                Level::Info,
                "Mean and deviation were not measured to the end; nothing is set.".to_owned(),
            ),
            Outcome::Panicked(cause) => told(Level::Error, bug("measuring mean and deviation", &cause)),
        })
    }
}
