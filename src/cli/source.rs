//! Opening and measuring a dataset without a window, with its project where one is named.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;

use crate::dataset::edit::{Overlay, SampleSet};
use crate::dataset::labelling::{followed, not_followed};
use crate::dataset::query::Snapshot;
use crate::dataset::{Facts, Issue};
use crate::import::{self, Imported, Reader};
use crate::jobs::Control;
use crate::pipeline::{self, Keeper, OpenError, OpenRequest};
use crate::store::{
    ARRIVED, Access, Entry, Journal, JournalOp, Paths, Project, Settings, Thumbnails, now_ms,
};

/// A dataset as it was listed.
pub struct Source {
    /// With the decisions in the project.
    pub snapshot: Snapshot,
    pub issues: Vec<Issue>,
    /// What was decided and said.
    pub overlay: Overlay,
    /// Samples that came with this listing or an earlier one, and that nothing was followed to yet.
    arrived: SampleSet,
    /// The project, if it can be written to.
    pub project: Option<Arc<Project>>,
    /// Its journal.
    pub journal: Option<Journal>,
    /// What the project keeps of the review.
    pub review: Option<serde_json::Value>,
}

/// Opens a dataset; with a project's folder, what the project knows brought up to date.
pub fn open(path: &str, project: Option<&Path>, control: &Control) -> anyhow::Result<Source> {
    let Some(folder) = project else {
        let Imported { dataset, issues } = import::open(path, control)?;
        let (facts, marks) = (Facts::new(dataset.len()), Default::default());
        let snapshot = Snapshot::new(dataset.into(), &issues, facts, marks);
        return Ok(Source {
            overlay: Overlay::new(snapshot.len()),
            snapshot,
            issues,
            arrived: SampleSet::default(),
            project: None,
            journal: None,
            review: None,
        });
    };
    let paths = Paths::new()?;
    let (source, project) = (path.to_owned(), Some(folder.to_owned()));
    let request = OpenRequest { source, project, anew: false, is_open: None };
    let opened = pipeline::open(&paths, &request, control).map_err(told_once)?;
    let (mut snapshot, mut issues) = (opened.snapshot, opened.issues);
    let mut arrived = opened.arrived;
    if opened.is_from_project {
        let relisted = pipeline::relist(&opened.project, &snapshot, &issues, control).map_err(told_once)?;
        (snapshot, issues) = (relisted.snapshot, relisted.issues);
        arrived = SampleSet::from_rows(arrived.iter().chain(relisted.arrived));
    }
    let is_writable = opened.project.access() == &Access::ReadWrite;
    let mut overlay = opened.overlay;
    overlay.grow(snapshot.len());
    Ok(Source {
        snapshot: snapshot.deciding(overlay.decisions.clone()),
        issues,
        overlay,
        arrived,
        project: is_writable.then_some(opened.project),
        journal: is_writable.then_some(opened.journal),
        review: opened.review,
    })
}

impl Source {
    /// Keeps nothing of what is done from here on.
    pub fn look_only(&mut self) {
        (self.project, self.journal) = (None, None);
    }

    /// Finds by a pass over the content what is not known of it yet, and has what was said of files that were moved
    /// follow them. Both are kept in the project where it can be written to; thumbnails go to `cache`.
    pub fn measure(
        &mut self,
        reader: &Reader,
        cache: Option<&Thumbnails>,
        threads: usize,
        control: &Control,
    ) -> anyhow::Result<()> {
        let snapshot = &self.snapshot;
        let found = Mutex::new((snapshot.facts.clone(), HashSet::new(), Vec::new()));
        let keeper = self.project.as_deref().map(|project| Keeper { project, cache });
        let problem = pipeline::measure(snapshot, reader, keeper, threads, control, &|facts, issues| {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            let again = found.0.learn(&facts);
            found.1.extend(again);
            found.2.extend(issues);
        })?;
        if let Some(problem) = problem {
            return Err(anyhow!("what was measured could not be kept: {problem}"));
        }
        let (facts, again, new) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(issues) = Issue::renewed(&self.issues, &again, &new) {
            self.issues = issues;
        }
        self.snapshot = snapshot.with(facts, snapshot.marks.clone());
        self.follow_moved()
    }

    /// Has what was said of files that were moved follow those whose content is known.
    pub fn follow_moved(&mut self) -> anyhow::Result<()> {
        let Self { snapshot, overlay, arrived, journal, .. } = self;
        let mut ops = Vec::new();
        let left = not_followed(snapshot, arrived);
        let edit = followed(snapshot, overlay, arrived);
        if let Some(edit) = edit.and_then(|edit| overlay.effective(edit)) {
            overlay.apply(&edit);
            let facts = snapshot.facts.clone();
            *snapshot = snapshot.labelled(&overlay.labelling).with(facts, overlay.marks.clone());
            *snapshot = snapshot.deciding(overlay.decisions.clone());
            ops.push(JournalOp::Append(edit));
        }
        if left != *arrived {
            ops.push(JournalOp::SetValue(ARRIVED.to_owned(), serde_json::json!(left)));
            *arrived = left;
        }
        if let (Some(journal), false) = (journal, ops.is_empty()) {
            let person: Arc<str> = Settings::load(&Paths::new()?).0.person.as_str().into();
            let entry = |op| Entry { op, time_ms: now_ms(), person: person.clone() };
            journal.commit(&ops.into_iter().map(entry).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

/// The error without its causes, which its sentence has in it.
fn told_once(error: OpenError) -> anyhow::Error {
    match error {
        OpenError::Import(error) => error.into(),
        OpenError::Store(error) => error.into(),
        other => other.into(),
    }
}
