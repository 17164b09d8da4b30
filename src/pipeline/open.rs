//! A source and its project, opened together.
//!
//! The first time, the source is listed and the list is kept. From then on the project's list is
//! there at once, and [`relist`] brings it up to date beside the person.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dataset::edit::{History, Overlay};
use crate::dataset::{Dataset, Facts, Issue, SampleId};
use crate::import::{self, ImportError, Imported};
use crate::jobs::{Cancelled, Control};
use crate::store::{Journal, Paths, Project, StoreError, canonical};
use crate::text;

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// A path or a pattern of shards, as the person gave it.
    pub source: String,
    /// The project's folder where the person chose one.
    pub project: Option<PathBuf>,
    /// Set a damaged project aside first.
    pub anew: bool,
}

/// Why a source could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{}", text::sentence(.0))]
    Import(#[from] ImportError),
    #[error("{}", text::sentence(.0))]
    Store(#[from] StoreError),
    #[error("{} is the project of {known}, not of {source_path}. Choose another folder with --project.", .folder.display())]
    OtherDataset { folder: PathBuf, known: String, source_path: String },
}

/// A dataset with its project.
#[derive(Debug)]
pub struct Opened {
    pub project: Arc<Project>,
    pub dataset: Arc<Dataset>,
    pub facts: Facts,
    pub overlay: Overlay,
    pub history: History,
    pub journal: Journal,
    pub issues: Vec<Issue>,
    /// Sentences for the person.
    pub notes: Vec<String>,
    /// Whether the list is the project's, so that the source may have changed since.
    pub is_from_project: bool,
    /// Where the person was, see `state`.
    pub place: Option<serde_json::Value>,
}

/// The name under which a project keeps where the person was.
pub const PLACE: &str = "place";

/// Opens a source: from its project when there is one, by listing it otherwise.
pub fn open(paths: &Paths, request: &OpenRequest, control: &Control) -> Result<Opened, OpenError> {
    let source = whole_path(&request.source);
    let folder = paths.project_folder(Path::new(&source), request.project.as_deref())?;
    if request.anew {
        Project::set_aside(&folder)?;
    }
    control.set_stage("Opening the project");
    // A source that is gone is told as such, and leaves no project behind.
    let known = folder.join("project.db").exists();
    let fresh = if known { None } else { Some(import::open(&source, control)?) };

    let project = Arc::new(Project::open(&folder)?);
    if let Some(loaded) = project.load()? {
        if canonical(Path::new(&loaded.dataset.source)) != canonical(Path::new(&source)) {
            return Err(OpenError::OtherDataset {
                folder,
                known: loaded.dataset.source,
                source_path: source,
            });
        }
        let place = project.get_value(PLACE)?;
        return Ok(Opened {
            project,
            dataset: Arc::new(loaded.dataset),
            facts: loaded.facts,
            overlay: loaded.overlay,
            history: loaded.history,
            journal: loaded.journal,
            issues: loaded.issues,
            notes: loaded.damaged,
            is_from_project: true,
            place,
        });
    }

    let Imported { dataset, issues } = match fresh {
        Some(fresh) => fresh,
        None => import::open(&source, control)?,
    };
    let mut notes = Vec::new();
    if project.access() == &crate::store::Access::ReadWrite {
        control.set_stage("Keeping the list of samples");
        project.save_scan(&dataset, &[], Some(&issues))?;
    }
    let opened = Journal::open(&project, dataset.len())?;
    if opened.damaged > 0 {
        notes.push(format!(
            "{} entries of the journal of edits were damaged and are left out.",
            opened.damaged
        ));
    }
    Ok(Opened {
        project,
        facts: Facts::new(dataset.len()),
        dataset: Arc::new(dataset),
        overlay: opened.overlay,
        history: opened.history,
        journal: opened.journal,
        issues,
        notes,
        is_from_project: false,
        place: None,
    })
}

/// What listing a source again found.
#[derive(Debug)]
pub struct Relisted {
    pub dataset: Arc<Dataset>,
    /// The import's issues, with row numbers of `dataset`.
    pub issues: Vec<Issue>,
    /// Rows that have to be measured again.
    pub changed: Vec<SampleId>,
    pub added: usize,
    pub removed: usize,
    /// Whether anything is other than it was.
    pub altered: bool,
}

/// Lists the source of an open dataset again and keeps what changed.
pub fn relist(project: &Project, known: &Dataset, control: &Control) -> Result<Relisted, OpenError> {
    let Imported { dataset: fresh, mut issues } = import::open(&known.source, control)?;
    control.checkpoint().map_err(ImportError::from)?;
    control.set_stage("Comparing with the last scan");
    let reconciled = known.clone().reconcile(fresh);
    for issue in &mut issues {
        issue.sample = issue.sample.and_then(|fresh| reconciled.id_of.get(fresh as usize).copied());
    }
    if project.access() == &crate::store::Access::ReadWrite {
        project.save_scan(&reconciled.dataset, &reconciled.changed, Some(&issues))?;
    }
    Ok(Relisted {
        dataset: Arc::new(reconciled.dataset),
        issues,
        changed: reconciled.changed,
        added: reconciled.added,
        removed: reconciled.removed,
        altered: reconciled.altered,
    })
}

impl OpenError {
    /// Whether the person gave the work up.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Import(ImportError::Cancelled(Cancelled)))
    }

    /// Whether setting the project aside would help.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_damage())
    }
}

/// A path from the root with its links followed, so that a project finds its source from anywhere
/// and whatever becomes of the links; patterns of shards and paths that are not there go by their
/// names.
fn whole_path(source: &str) -> String {
    // Windows' own form of such a path (`\\?\C:\…`) is nothing to show, and no path is joined to it.
    let whole = if cfg!(windows) {
        std::path::absolute(source).unwrap_or_else(|_| PathBuf::from(source))
    } else {
        canonical(Path::new(source))
    };
    whole.to_str().map_or_else(|| source.to_owned(), str::to_owned)
}
