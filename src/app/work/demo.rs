//! Writing the demo dataset, to open it.

use egui::Context;

use super::{bug, waker};
use crate::demo::{DemoError, DemoOptions, DemoReport};
use crate::jobs::{Control, Job, Outcome};
use crate::state::{Action, Level};
use crate::text::sentence;

/// The demo that is being written.
pub struct Demo(Job<Result<DemoReport, DemoError>>);

impl Demo {
    pub fn start(options: DemoOptions, ctx: &Context) -> std::io::Result<Self> {
        let work = move |control: &Control| match crate::demo::ensure(&options, control) {
            Err(DemoError::Cancelled(cancelled)) => Err(cancelled),
            ended => Ok(ended),
        };
        Job::spawn("demo", waker(ctx), work).map(Self)
    }

    pub fn control(&self) -> &Control {
        self.0.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Action> {
        let (level, message) = match self.0.poll()? {
            Outcome::Done(Ok(report)) => {
                return Some(Action::Open { source: report.dataset.to_string_lossy().into_owned() });
            }
            Outcome::Done(Err(error)) => (Level::Error, sentence(error)),
            Outcome::Cancelled => (Level::Info, "Writing the demo was cancelled.".to_owned()),
            Outcome::Panicked(cause) => (Level::Error, bug("writing the demo", &cause)),
        };
        Some(Action::OpenFailed { level, message })
    }
}
