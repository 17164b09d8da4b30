//! The open dataset's share of the outside: its project, journal, reader and thumbnails.

use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::analysing::Analysing;
use super::describing::Describing;
use super::measuring::Measuring;
use super::rescanning::Rescanning;
use super::studio::Encoding;
use super::training::Training;
use crate::dataset::Dataset;
use crate::import::Reader;
use crate::pipeline::open::PLACE;
use crate::state::{Action, Level};
use crate::store::{Access, JournalOp, JournalWriter, Project, StoreError, Thumbnails};
use crate::text::sentence;

/// What an open dataset needs beside the interface.
pub struct Live {
    pub project: Arc<Project>,
    /// `None` while the project is read-only.
    pub journal: Option<JournalWriter>,
    pub dataset: Arc<Dataset>,
    pub reader: Arc<Reader>,
    pub cache: Option<Arc<Thumbnails>>,
    /// What was last told of the journal.
    pub told: (u64, Option<String>),
}

impl Live {
    pub fn folder(&self) -> &Path {
        self.project.folder()
    }

    /// The project, if this window may write to it.
    pub fn writable_project(&self) -> Option<Arc<Project>> {
        (self.project.access() == &Access::ReadWrite).then(|| self.project.clone())
    }

    /// Hands an edit to the journal.
    pub fn submit(&self, op: JournalOp) -> Action {
        let Some(journal) = &self.journal else {
            return Action::Refused { op, why: "The project is read-only.".to_owned(), is_final: true };
        };
        match journal.submit(op.clone()) {
            Ok(ticket) => Action::Submitted { through: ticket.0 },
            Err(error) => {
                let is_final = matches!(error, StoreError::WriterStopped { .. });
                Action::Refused { op, why: sentence(error), is_final }
            }
        }
    }

    /// What became of the edits since this was last asked.
    pub fn news(&mut self) -> Option<Action> {
        let journal = self.journal.as_ref()?;
        let problem = journal.problem().map(sentence);
        let news = (journal.durable_through().0, problem);
        if news == self.told {
            return None;
        }
        self.told.clone_from(&news);
        Some(Action::Saved { through: news.0, problem: news.1 })
    }

    /// Keeps where the person is.
    pub fn keep_place(&self, place: serde_json::Value) {
        if let Some(journal) = &self.journal {
            // A place that is not kept is found again by hand: not worth a notice.
            let _ = journal.submit(JournalOp::SetValue(PLACE.to_owned(), place));
        }
    }
}

/// Datasets that are being let go on threads of their own: each channel ends when its project is
/// closed and its lock free.
#[derive(Clone, Default)]
pub struct Leaving(Vec<Receiver<()>>);

impl Leaving {
    /// Lets a dataset go without waiting for its disk. What cannot be kept is told on `events`.
    pub fn add(&mut self, parts: Parts, events: Sender<Action>) {
        self.0.retain(|open| open.try_recv() == Err(crossbeam_channel::TryRecvError::Empty));
        let (ends, ended) = crossbeam_channel::bounded(0);
        // A thread that cannot be had drops the closure, and with it the parts, here and now.
        let _ =
            std::thread::Builder::new().name("close".to_owned()).spawn(move || parts.close(&events, ends));
        self.0.push(ended);
    }

    /// Waits until all are closed, asking `go_on` now and then whether to wait any longer.
    pub fn wait<E>(&self, mut go_on: impl FnMut() -> Result<(), E>) -> Result<(), E> {
        for ended in &self.0 {
            while ended.recv_timeout(std::time::Duration::from_millis(50))
                == Err(crossbeam_channel::RecvTimeoutError::Timeout)
            {
                go_on()?;
            }
        }
        Ok(())
    }
}

/// What belongs to a dataset that is let go.
pub struct Parts {
    pub live: Live,
    pub measuring: Option<Measuring>,
    pub rescanning: Option<Rescanning>,
    pub analysing: Option<Analysing>,
    pub training: Option<Training>,
    pub encoding: Option<Encoding>,
    pub describing: Option<Describing>,
}

impl Parts {
    /// Closes them; `ends` is dropped when all of it is done.
    fn close(self, events: &Sender<Action>, ends: Sender<()>) {
        let Self { mut live, measuring, rescanning, analysing, training, encoding, describing } = self;
        // Decisions first: the others can take as long as decoding a sample does.
        if let Some(Err(error)) = live.journal.take().map(JournalWriter::close) {
            let text = format!("The last decisions could not be kept. {}", sentence(error));
            // The window may be gone by now.
            let _ = events.send(Action::Notify { level: Level::Error, text });
        }
        if let Some(measuring) = measuring {
            measuring.stop();
        }
        if let Some(rescanning) = rescanning {
            rescanning.stop();
        }
        if let Some(analysing) = analysing {
            analysing.stop();
        }
        if let Some(training) = training {
            training.stop();
        }
        if let Some(encoding) = encoding {
            encoding.stop();
        }
        if let Some(describing) = describing {
            describing.stop();
        }
        // The lock of the project is free before anybody is told so.
        drop(live);
        drop(ends);
    }
}
