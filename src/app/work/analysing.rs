//! Analysing beside the person: near-duplicates, neighbours, quality, labels.

use std::sync::Arc;

use egui::Context;

use super::live::Live;
use super::{bug, waker};
use crate::dataset::query::Snapshot;
use crate::jobs::{Control, Job, Outcome};
use crate::pipeline;
use crate::pipeline::analyse::{Options, analyse};
use crate::review::Analysed;
use crate::state::{Action, Level, Review};

/// An analysis that is under way.
pub struct Analysing {
    job: Job<(Arc<Analysed>, Option<String>)>,
}

impl Analysing {
    /// Starts analysing what is there now.
    pub fn start(live: &Live, snapshot: &Snapshot, review: &Review, ctx: &Context) -> std::io::Result<Self> {
        let (project, reader) = (live.writable_project(), live.reader.clone());
        let (snapshot, before) = (snapshot.clone(), review.analysed.clone());
        let options = Options { method: review.settings.method, symmetries: review.settings.symmetries };
        let work = move |control: &Control| {
            let project = project.as_deref();
            let ended =
                analyse(&snapshot, &reader, project, before.as_deref(), options, pipeline::cores(), control)?;
            Ok((Arc::new(ended.analysed), ended.problem))
        };
        Ok(Self { job: Job::spawn("analyse", waker(ctx), work)? })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Vec<Action>> {
        let told = |level, text: String| Action::Notify { level, text };
        Some(match self.job.poll()? {
            Outcome::Done((analysed, problem)) => {
                let problem = problem.map(|problem| {
                    let text =
                        format!("What was computed could not be kept and will be computed again: {problem}.");
                    told(Level::Warning, text)
                });
                problem.into_iter().chain([Action::Analysed(analysed)]).collect()
            }
            Outcome::Cancelled => {
                let text = "The analysis was stopped. F6 goes on with it.".to_owned();
                vec![told(Level::Info, text)]
            }
            Outcome::Panicked(cause) => vec![told(Level::Error, bug("the analysis", &cause))],
        })
    }

    /// Cancels it and waits until it has let the project go.
    pub fn stop(mut self) {
        self.job.control().cancel();
        self.job.wait();
    }
}

/// Whether something has to be measured before there is anything to analyse.
pub fn is_too_early(snapshot: &Snapshot) -> bool {
    !pipeline::pending(snapshot).is_empty()
}
