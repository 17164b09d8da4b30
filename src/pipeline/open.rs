//! A source and its project, opened together.
//!
//! The first time, the source is listed and the list is kept. From then on the project's list is
//! there at once, and [`relist`] brings it up to date beside the person.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dataset::edit::{History, Overlay, SampleSet};
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, Fact, Facts, Issue, Origin, Reconciled, SampleId};
use crate::import::{self, ImportError, Imported};
use crate::jobs::{Cancelled, Control};
use crate::store::{Access, Journal, Paths, Project, StoreError, canonical};
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
    /// The folder of the project that this window has open, which is not opened twice.
    pub is_open: Option<PathBuf>,
}

/// Why a source could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} is open already.", .0)]
    IsOpen(String),
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
    pub snapshot: Snapshot,
    pub overlay: Overlay,
    pub history: History,
    pub journal: Journal,
    pub issues: Vec<Issue>,
    /// Sentences for the person.
    pub notes: Vec<String>,
    /// Whether the list is the project's, so that the source may have changed since.
    pub is_from_project: bool,
    /// Samples that came with an earlier listing, and that nothing was followed to yet.
    pub arrived: SampleSet,
    /// Where the person was, see `state`.
    pub place: Option<serde_json::Value>,
    /// The settings of the review.
    pub review: Option<serde_json::Value>,
    /// The settings of the next run.
    pub training: Option<serde_json::Value>,
}

/// The name under which a project keeps where the person was.
pub const PLACE: &str = "place";

/// Opens a source: from its project when there is one, by listing it otherwise.
pub fn open(paths: &Paths, request: &OpenRequest, control: &Control) -> Result<Opened, OpenError> {
    let source = whole_path(&request.source);
    let folder = paths.project_folder(Path::new(&source), request.project.as_deref())?;
    if request.is_open.as_ref() == Some(&folder) {
        return Err(OpenError::IsOpen(source));
    }
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
        let review = project.get_value(crate::review::SETTINGS)?;
        let training = project.get_value(crate::train::SETTINGS)?;
        let arrived = project.arrived(loaded.dataset.len())?;
        let marks = loaded.overlay.marks.clone();
        let model = project.load_model(&loaded.dataset)?.map(Arc::new);
        let snapshot = Snapshot::new(loaded.dataset.into(), &loaded.issues, loaded.facts, marks);
        let snapshot = snapshot.modelled(model).labelled(&loaded.overlay.labelling);
        return Ok(Opened {
            project,
            snapshot,
            overlay: loaded.overlay,
            history: loaded.history,
            journal: loaded.journal,
            issues: loaded.issues,
            notes: loaded.damaged,
            is_from_project: true,
            arrived,
            place,
            review,
            training,
        });
    }

    let Imported { dataset, issues } = match fresh {
        Some(fresh) => fresh,
        None => import::open(&source, control)?,
    };
    let mut notes = Vec::new();
    if project.access() == &Access::ReadWrite {
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
    let (facts, marks) = (Facts::new(dataset.len()), opened.overlay.marks.clone());
    let snapshot = Snapshot::new(dataset.into(), &issues, facts, marks).labelled(&opened.overlay.labelling);
    Ok(Opened {
        project,
        snapshot,
        overlay: opened.overlay,
        history: opened.history,
        journal: opened.journal,
        issues,
        notes,
        is_from_project: false,
        arrived: SampleSet::default(),
        place: None,
        review: None,
        training: None,
    })
}

/// A dataset as it is after its source was listed again.
#[derive(Debug)]
pub struct Relisted {
    /// The dataset, with the marks that the known one had.
    pub snapshot: Snapshot,
    /// The issues that stand, those of the new listing among them.
    pub issues: Vec<Issue>,
    /// Rows that have to be measured again.
    pub changed: Vec<SampleId>,
    /// Those of them that were not there before.
    pub arrived: Vec<SampleId>,
    pub added: usize,
    pub removed: usize,
}

/// Lists the source of an open dataset again and keeps what changed. `issues` are those that stood
/// before.
pub fn relist(
    project: &Project,
    known: &Snapshot,
    issues: &[Issue],
    control: &Control,
) -> Result<Relisted, OpenError> {
    let Imported { dataset: fresh, issues: listed } = import::open(&known.dataset.source, control)?;
    control.checkpoint().map_err(ImportError::from)?;
    control.set_stage("Comparing with the last scan");
    let Reconciled { dataset, changed, id_of, added, removed, .. } = known.dataset.reconcile(fresh);
    let arrived = known.dataset.arriving(&changed);
    let listed = Reconciled::adopt_issues(&id_of, listed);
    let is_same = dataset == *known.dataset && changed.is_empty();
    let listed_before = issues.iter().filter(|issue| issue.origin == Origin::Listing);
    let is_kept = is_same && listed_before.eq(&listed);
    if project.access() == &Access::ReadWrite && !is_kept {
        project.save_rescan(&dataset, &changed, &arrived, Some(&listed))?;
    }
    let mut facts = known.facts.clone();
    facts.grow(dataset.len());
    for sample in &changed {
        facts.set(*sample, &Fact::UNMEASURED);
    }
    let issues = standing(issues, listed, &dataset, &facts);
    let snapshot = if is_same {
        known.relisted(&issues, facts)
    } else {
        let model = known.model.as_ref().map(|model| Arc::new(model.forgetting(&changed)));
        let mut labelling = known.labelling.clone();
        Arc::make_mut(&mut labelling).grow(dataset.len());
        let snapshot = Snapshot::new(Arc::new(dataset), &issues, facts, known.marks.clone());
        snapshot.modelled(model).labelled(&labelling)
    };
    Ok(Relisted { snapshot, issues, changed, arrived, added, removed })
}

/// The issues after a listing: its own, and those of the content of samples that are there and
/// were not changed.
fn standing(before: &[Issue], listed: Vec<Issue>, dataset: &Dataset, facts: &Facts) -> Vec<Issue> {
    let stands = |issue: &&Issue| {
        let sample = issue.sample.filter(|_| issue.origin == Origin::Content);
        sample.is_some_and(|sample| !dataset.gone[sample as usize] && facts.get(sample).measured)
    };
    let content = before.iter().filter(stands).cloned();
    listed.into_iter().chain(content).collect()
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
pub fn whole_path(source: &str) -> String {
    // Windows' own form of such a path (`\\?\C:\…`) is nothing to show, and no path is joined to it.
    let whole = if cfg!(windows) {
        std::path::absolute(source).unwrap_or_else(|_| PathBuf::from(source))
    } else {
        canonical(Path::new(source))
    };
    whole.to_str().map_or_else(|| source.to_owned(), str::to_owned)
}
