//! Analysing beside the person: near-duplicates, neighbours, quality, labels.

use std::sync::Arc;

use egui::Context;

use super::live::Live;
use super::{bug, waker};
use crate::dataset::query::Snapshot;
use crate::jobs::{Control, Job, Outcome};
use crate::pipeline;
use crate::pipeline::analyse::{Ended, Options, Subject, analyse, analyse_by};
use crate::state::{Action, Extent, Level, Session};
use crate::text::sentence;
use crate::train::checkpoint::Checkpoint;
use crate::train::encoder::LatentMean;

/// An analysis that is under way.
pub struct Analysing {
    job: Job<Option<Ended>>,
    pub extent: Extent,
}

impl Analysing {
    /// Starts analysing what is there now, once the one `before` has let the project go.
    pub fn start(
        live: &Live,
        session: &Session,
        extent: Extent,
        before: Option<Self>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let (project, reader) = (live.writable_project(), live.reader.clone());
        let (snapshot, issues) = (session.snapshot.clone(), session.issues.clone());
        let review = &session.review;
        let known = review.analysed.clone();
        let options = Options::of(review.settings.method, review.settings.symmetries);
        let encoder = review.settings.encoder.clone();
        let work = move |control: &Control| {
            if let Some(before) = before {
                before.stop();
            }
            let subject = Subject {
                snapshot: &snapshot,
                issues: &issues,
                reader: &reader,
                project: project.as_deref(),
                before: known.as_deref(),
            };
            let threads = pipeline::cores();
            let trained = encoder.as_deref().map(Checkpoint::load);
            Ok(match (trained, extent) {
                // Nothing of a trained encoder is kept.
                (Some(_), Extent::Kept) => None,
                (None, Extent::Kept) => pipeline::analyse::known(subject, options, control)?,
                (None, _) => Some(analyse(subject, options, threads, control)?),
                (Some(Ok(trained)), _) => {
                    let encoder = LatentMean::new(&trained);
                    Some(analyse_by(&encoder, subject, options, threads, control)?)
                }
                (Some(Err(error)), _) => {
                    let mut ended = analyse(subject, options, threads, control)?;
                    let why = sentence(error);
                    ended.notes.push(format!(
                        "The descriptor made by hand was taken, for the model's is not there. {why}"
                    ));
                    Some(ended)
                }
            })
        };
        Ok(Self { job: Job::spawn("analyse", waker(ctx), work)?, extent })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Vec<Action>> {
        let told = |level, text: String| Action::Notify { level, text };
        Some(match self.job.poll()? {
            Outcome::Done(None) => Vec::new(),
            Outcome::Done(Some(Ended { analysed, facts, issues, notes, signals: _ })) => {
                let measured = (!facts.is_empty()).then_some(Action::Measured { facts, issues });
                let notes = notes.into_iter().map(|text| told(Level::Warning, text));
                let analysed = Action::Analysed(Arc::new(analysed));
                measured.into_iter().chain([analysed]).chain(notes).collect()
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

/// Whether something has to be measured before there is anything to analyse. What could not be read is
/// measured again whenever there is occasion, and an analysis does not wait for it.
pub fn is_too_early(snapshot: &Snapshot) -> bool {
    !pipeline::pending(snapshot).iter().all(|sample| snapshot.facts.get(*sample).measured)
}
