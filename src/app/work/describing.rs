//! Describing all pictures by a trained model, for the model beside a person who labels.

use std::path::PathBuf;
use std::sync::Arc;

use egui::Context;

use super::live::Live;
use super::{bug, waker};
use crate::jobs::{Control, Job, Outcome};
use crate::pipeline;
use crate::pipeline::learning::Ground;
use crate::state::{Action, Level, Session};
use crate::text::sentence;
use crate::train::encoder::LatentMean;

/// What is to be described.
pub struct Wish {
    pub generation: u64,
    /// The folder of the trained model.
    pub run: PathBuf,
}

/// The pictures as a model describes them, and why that could not be kept, if so.
type Found = (Arc<Ground>, Option<String>);

/// Descriptions that are under way.
pub struct Describing {
    job: Job<Result<Found, String>>,
    generation: u64,
}

impl Describing {
    /// Starts describing what is there now, once the one `before` has let the project go.
    pub fn start(
        wish: Wish,
        live: &Live,
        session: &Session,
        before: Option<Self>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let (snapshot, reader) = (session.snapshot.clone(), live.reader.clone());
        let project = live.project.clone();
        let Wish { generation, run } = wish;
        let work = move |control: &Control| {
            if let Some(before) = before {
                before.stop();
            }
            let encoder = match LatentMean::load(&run) {
                Ok(encoder) => encoder,
                Err(error) => return Ok(Err(error.to_string())),
            };
            let threads = pipeline::cores();
            let (ground, problem) =
                Ground::by(&encoder, &snapshot, &reader, Some(&project), threads, control)?;
            Ok(match ground.known() {
                0 => Err(format!("this model describes none of the pictures: {}", run.display())),
                _ => Ok((Arc::new(ground), problem)),
            })
        };
        Ok(Self { job: Job::spawn("describe", waker(ctx), work)?, generation })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Vec<Action>> {
        let mut note = None;
        let found = match self.job.poll()? {
            Outcome::Done(Ok((ground, problem))) => {
                note = problem;
                Ok(ground)
            }
            Outcome::Done(Err(why)) => {
                let text = format!("the labelling model goes by the picture description, for {why}");
                Err((Level::Warning, sentence(text)))
            }
            Outcome::Cancelled => {
                let text = "Describing was stopped: the labelling model goes by the picture description.";
                Err((Level::Info, text.to_owned()))
            }
            Outcome::Panicked(cause) => Err((Level::Error, bug("describing the pictures", &cause))),
        };
        let note = note.map(|problem| Action::Notify {
            level: Level::Warning,
            text: format!("What the model says of the pictures could not be kept. {}", sentence(problem)),
        });
        let described = Action::Described { generation: self.generation, found };
        Some(std::iter::once(described).chain(note).collect())
    }

    /// Cancels it and waits until it has let the project go.
    pub fn stop(mut self) {
        self.job.control().cancel();
        self.job.wait();
    }
}
