//! Opening a source with its project.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use egui::Context;

use super::live::{Leaving, Live};
use super::{bug, waker};
use crate::import::dataset_reader;
use crate::jobs::{Control, Job, Outcome};
use crate::pipeline::{self, OpenError, OpenRequest};
use crate::state::{Action, Dialog, Level, Opened, ProjectFace};
use crate::store::{Access, JournalWriter, Paths, Recent, StoreError, Thumbnails};
use crate::text::sentence;

/// A source that is being opened. What is open stays so until this has succeeded.
pub struct Opening {
    request: OpenRequest,
    job: Job<Result<Found, OpenError>>,
}

/// What the job found.
pub struct Found {
    opened: pipeline::Opened,
    cache: Option<Arc<Thumbnails>>,
}

/// What came of opening.
pub enum Ended {
    Opened(Box<Found>),
    /// It is the dataset that is open.
    IsOpen,
    Told(Vec<Action>),
}

impl Opening {
    /// Starts opening, once the datasets that are `leaving` are closed: it may be one of them.
    /// `cap` bounds the thumbnails on disk, in bytes.
    pub fn start(
        paths: &Paths,
        request: OpenRequest,
        leaving: Leaving,
        cap: u64,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let (paths, asked) = (paths.clone(), request.clone());
        let work = move |control: &Control| {
            leaving.wait(|| control.checkpoint())?;
            let opened = match pipeline::open(&paths, &asked, control) {
                Ok(opened) => opened,
                Err(error) => return Ok(Err(error)),
            };
            control.checkpoint()?;
            control.set_stage("Sorting");
            opened.snapshot.derived().prepare();
            let writable = opened.project.access() == &Access::ReadWrite;
            let cache = writable.then(|| Arc::new(Thumbnails::open(&opened.project, cap)));
            Ok(Ok(Found { opened, cache }))
        };
        Ok(Self { request, job: Job::spawn("open", waker(ctx), work)? })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Ended> {
        let source = &self.request.source;
        let failed = |level, message| Ended::Told(vec![Action::OpenFailed { level, message }]);
        let cancelled = || failed(Level::Info, format!("Opening {source} was cancelled."));
        Some(match self.job.poll()? {
            Outcome::Done(Ok(found)) => Ended::Opened(found.into()),
            Outcome::Done(Err(OpenError::IsOpen(_))) => Ended::IsOpen,
            Outcome::Done(Err(error)) if error.is_cancelled() => cancelled(),
            Outcome::Cancelled => cancelled(),
            Outcome::Done(Err(error)) => {
                let message = error.to_string();
                if !error.is_damage() {
                    return Some(failed(Level::Error, message));
                }
                let (source, project) = (source.clone(), self.request.project.clone());
                let dialog = Dialog::DamagedProject { source, project, message: message.clone() };
                let told = Action::OpenFailed { level: Level::Error, message };
                Ended::Told(vec![Action::ShowDialog(dialog), told])
            }
            Outcome::Panicked(cause) => failed(Level::Error, bug("opening", &cause)),
        })
    }
}

impl Found {
    /// The dataset's share of the outside, and what the window is to show. `person` is noted with
    /// each edit.
    pub fn go_live(self, person: &str, ctx: &Context) -> Result<(Live, Opened), StoreError> {
        let Self { opened, cache } = self;
        let access = opened.project.access().clone();
        let journal = match access {
            Access::ReadWrite => Some(JournalWriter::spawn(opened.journal, person, waker(ctx))?),
            Access::ReadOnly { .. } => None,
        };
        let dataset = opened.snapshot.dataset.clone();
        let folder = opened.project.folder().to_owned();
        let recent = Recent {
            source: PathBuf::from(&dataset.source),
            project: folder.clone(),
            opened_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as i64),
            samples: dataset.present() as u64,
        };
        let shown = Opened {
            snapshot: opened.snapshot,
            issues: opened.issues,
            overlay: opened.overlay,
            history: opened.history,
            project: ProjectFace::new(folder, access),
            place: opened.place,
            review: opened.review,
            training: opened.training,
            notes: opened.notes,
            recent: Some(recent),
            may_have_changed: opened.is_from_project,
            arrived: opened.arrived,
        };
        let reader = Arc::new(dataset_reader(&dataset));
        let live = Live { project: opened.project, journal, dataset, reader, cache, told: (0, None) };
        Ok((live, shown))
    }
}

/// What is told when a dataset was opened and cannot be shown.
pub fn failed(error: &StoreError) -> Action {
    Action::OpenFailed { level: Level::Error, message: sentence(error) }
}
