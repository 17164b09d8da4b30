//! Writing the table of issues.

use std::path::PathBuf;
use std::sync::Arc;

use egui::Context;

use super::{bug, waker};
use crate::dataset::Issue;
use crate::export;
use crate::jobs::{Control, Job, Outcome};
use crate::state::{Action, Level};
use crate::text::sentence;

/// An export that is under way.
pub struct Exporting {
    target: PathBuf,
    job: Job<Result<(), String>>,
}

impl Exporting {
    /// Starts writing. A target inside the `dataset`'s folder is refused.
    pub fn start(
        target: PathBuf,
        issues: Arc<Vec<Issue>>,
        dataset: PathBuf,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let path = target.clone();
        let work = move |control: &Control| {
            let written = export::check_target(&path, &dataset)
                .and_then(|()| export::write_issues(&path, &issues, control));
            Ok(written.map_err(|error| error.to_string()))
        };
        Ok(Self { target, job: Job::spawn("export", waker(ctx), work)? })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Action> {
        let (level, text) = match self.job.poll()? {
            Outcome::Done(Ok(())) => (Level::Info, format!("The issues are in {}.", self.target.display())),
            Outcome::Done(Err(message)) => (Level::Error, sentence(&message)),
            Outcome::Cancelled => (Level::Info, "The export was cancelled; nothing was written.".to_owned()),
            Outcome::Panicked(cause) => (Level::Error, bug("exporting", &cause)),
        };
        Some(Action::Notify { level, text })
    }
}
