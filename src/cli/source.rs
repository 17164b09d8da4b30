//! Opening and measuring a dataset without a window, with its project where one is named.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;

use crate::dataset::edit::Overlay;
use crate::dataset::query::Snapshot;
use crate::dataset::{Facts, Issue};
use crate::import::{self, Imported, Reader};
use crate::jobs::Control;
use crate::pipeline::{self, Keeper, OpenError, OpenRequest};
use crate::store::{Access, Journal, Paths, Project};

/// A dataset as it was listed.
pub struct Source {
    /// With the decisions in the project.
    pub snapshot: Snapshot,
    pub issues: Vec<Issue>,
    /// Samples that were known before the source was listed again: those from this number on came just now.
    pub known: usize,
    /// The project, if it can be written to.
    pub project: Option<Arc<Project>>,
    /// What the project keeps of the review.
    pub review: Option<serde_json::Value>,
}

/// Opens a dataset; with a project's folder, what the project knows brought up to date.
pub fn open(path: &str, project: Option<&Path>, control: &Control) -> anyhow::Result<Source> {
    Ok(open_to_write(path, project, control)?.0)
}

/// [`open`] with what was decided, and the journal of a project that can be written to.
pub fn open_to_write(
    path: &str,
    project: Option<&Path>,
    control: &Control,
) -> anyhow::Result<(Source, Overlay, Option<Journal>)> {
    let Some(folder) = project else {
        let Imported { dataset, issues } = import::open(path, control)?;
        let (facts, marks) = (Facts::new(dataset.len()), Default::default());
        let snapshot = Snapshot::new(dataset.into(), &issues, facts, marks);
        let (known, overlay) = (snapshot.len(), Overlay::new(snapshot.len()));
        return Ok((Source { snapshot, issues, known, project: None, review: None }, overlay, None));
    };
    let paths = Paths::new()?;
    let (source, project) = (path.to_owned(), Some(folder.to_owned()));
    let request = OpenRequest { source, project, anew: false, is_open: None };
    let opened = pipeline::open(&paths, &request, control).map_err(told_once)?;
    let (mut snapshot, mut issues) = (opened.snapshot, opened.issues);
    let known = snapshot.len();
    if opened.is_from_project {
        let relisted = pipeline::relist(&opened.project, &snapshot, &issues, control).map_err(told_once)?;
        (snapshot, issues) = (relisted.snapshot, relisted.issues);
    }
    let is_writable = opened.project.access() == &Access::ReadWrite;
    let mut overlay = opened.overlay;
    overlay.grow(snapshot.len());
    let source = Source {
        snapshot: snapshot.deciding(overlay.decisions.clone()),
        issues,
        known,
        project: is_writable.then_some(opened.project),
        review: opened.review,
    };
    Ok((source, overlay, is_writable.then_some(opened.journal)))
}

/// The error without its causes, which its sentence has in it.
fn told_once(error: OpenError) -> anyhow::Error {
    match error {
        OpenError::Import(error) => error.into(),
        OpenError::Store(error) => error.into(),
        other => other.into(),
    }
}

/// The dataset and its issues with what a pass over the content found.
pub fn measured(
    snapshot: Snapshot,
    issues: Vec<Issue>,
    reader: &Reader,
    keeper: Option<Keeper<'_>>,
    threads: usize,
    control: &Control,
) -> anyhow::Result<(Snapshot, Vec<Issue>)> {
    let found = Mutex::new((snapshot.facts.clone(), HashSet::new(), Vec::new()));
    let problem = pipeline::measure(&snapshot, reader, keeper, threads, control, &|facts, issues| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let again = found.0.learn(&facts);
        found.1.extend(again);
        found.2.extend(issues);
    })?;
    if let Some(problem) = problem {
        return Err(anyhow!("what was measured could not be kept: {problem}"));
    }
    let (facts, again, new) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let issues = Issue::renewed(&issues, &again, &new).unwrap_or(issues);
    Ok((snapshot.with(facts, snapshot.marks.clone()), issues))
}
