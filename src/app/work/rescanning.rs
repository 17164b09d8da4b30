//! Listing the source of the open dataset again.

use std::sync::Arc;

use egui::Context;

use super::analysing::Analysing;
use super::live::Live;
use super::measuring::Measuring;
use super::{bug, waker};
use crate::dataset::Issue;
use crate::dataset::query::Snapshot;
use crate::jobs::{Control, Job, Outcome};
use crate::pipeline::{self, OpenError, Relisted};
use crate::state::{Level, Rescanned};

/// What a rescan interrupts: it ends first, and goes on afterwards with the new list.
pub struct Interrupted {
    pub measuring: Option<Measuring>,
    pub analysing: Option<Analysing>,
}

/// A rescan that is under way.
pub struct Rescanning {
    job: Job<Result<Relisted, OpenError>>,
    is_asked: bool,
}

impl Rescanning {
    /// Starts a rescan. `is_asked` says at the end that nothing changed, too.
    pub fn start(
        live: &Live,
        snapshot: &Snapshot,
        issues: &Arc<Vec<Issue>>,
        interrupted: Interrupted,
        is_asked: bool,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let (project, snapshot, issues) = (live.project.clone(), snapshot.clone(), issues.clone());
        let work = move |control: &Control| {
            let Interrupted { measuring, analysing } = interrupted;
            if let Some(measuring) = measuring {
                measuring.stop();
            }
            if let Some(analysing) = analysing {
                analysing.stop();
            }
            let relisted = pipeline::relist(&project, &snapshot, &issues, control);
            if let Ok(relisted) = &relisted {
                control.set_stage("Sorting");
                relisted.snapshot.derived().prepare();
            }
            Ok(relisted)
        };
        Ok(Self { job: Job::spawn("rescan", waker(ctx), work)?, is_asked })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended; a notice where nothing did.
    pub fn poll(&mut self) -> Option<Result<Rescanned, (Level, String)>> {
        let is_asked = self.is_asked;
        let stopped = || Err((Level::Info, "The rescan was stopped, so the last scan is shown.".to_owned()));
        Some(match self.job.poll()? {
            Outcome::Done(Ok(relisted)) => {
                let Relisted { snapshot, issues, changed, added, removed, .. } = relisted;
                let (issues, changed) = (issues.into(), changed.into());
                Ok(Rescanned { snapshot, issues, changed, added, removed, is_asked })
            }
            Outcome::Done(Err(error)) if error.is_cancelled() => stopped(),
            Outcome::Cancelled => stopped(),
            Outcome::Done(Err(error)) => {
                let text =
                    format!("The source could not be listed again, so the last scan is shown. {error}");
                Err((Level::Warning, text))
            }
            Outcome::Panicked(cause) => Err((Level::Error, bug("rescanning", &cause))),
        })
    }

    /// Cancels it and waits until it has let the project go.
    pub fn stop(mut self) {
        self.job.control().cancel();
        self.job.wait();
    }
}
