//! The dialog that takes labels of a file in: a look at what would change, and one edit that does it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::export::all_rows;
use super::{FileWork, LabelForm, work};
use crate::annotation::merge::Outcome;
use crate::annotation::{
    Annotations, Changed, Faults, MatchBy, MergePlan, MergeReport, Read, Resolve, merge,
};
use crate::dataset::SampleId;
use crate::dataset::edit::Edit;
use crate::dataset::query::Snapshot;
use crate::jobs::{Cancelled, Control};
use crate::pipeline::annotating::{Taking, gathered, taken};
use crate::state::{Dialog, Effect, Level, State};

/// How labels are taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportChoice {
    /// The form of the file; found out where it is `None`.
    pub form: Option<LabelForm>,
    pub by: MatchBy,
    pub resolve: Resolve,
}

/// What is chosen in the open dialog, and what it would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelImportDraft {
    /// The file or folder that was picked.
    pub path: Option<PathBuf>,
    pub choice: ImportChoice,
    /// Number of the question that was asked last.
    pub asked: u64,
    /// `None` while it is worked out; an error is a sentence.
    pub found: Option<Result<Arc<Preview>, String>>,
    /// Whether what was found is being taken in.
    pub is_taking: bool,
}

impl LabelImportDraft {
    /// Whether something is worked out for it.
    pub fn is_waiting(&self) -> bool {
        self.path.is_some() && (self.found.is_none() || self.is_taking)
    }

    /// What taking in would come to, once it is known.
    pub fn preview(&self) -> Option<&Arc<Preview>> {
        self.found.as_ref()?.as_ref().ok()
    }
}

/// A file of labels that was read.
#[derive(Debug)]
pub struct LabelFile {
    pub path: PathBuf,
    pub annotations: Annotations,
    pub faults: Faults,
    /// What models say in it, which is not taken in.
    pub proposals: u64,
}

impl LabelFile {
    pub fn new(path: PathBuf, read: Read) -> Self {
        let Read { annotations, proposals, faults } = read;
        Self { path, annotations, faults, proposals: proposals.len() as u64 }
    }

    /// The file's name.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }
}

/// The name of a file or folder for people.
pub fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What a preview is asked for.
#[derive(Clone, Debug)]
pub struct ImportQuestion {
    pub path: PathBuf,
    pub form: Option<LabelForm>,
    pub by: MatchBy,
    /// The file, where it was read already.
    pub file: Option<Arc<LabelFile>>,
}

impl PartialEq for ImportQuestion {
    fn eq(&self, other: &Self) -> bool {
        let is_same_file = match (&self.file, &other.file) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (one, two) => one.is_none() && two.is_none(),
        };
        is_same_file && self.path == other.path && self.form == other.form && self.by == other.by
    }
}

/// What taking a file's labels in would come to.
#[derive(Debug)]
pub struct Preview {
    pub file: Arc<LabelFile>,
    pub report: MergeReport,
    /// The sample of each of the report's conflicts.
    pub conflicts: Vec<SampleId>,
    /// The same samples, to look one up.
    conflicting: HashSet<SampleId>,
    /// By what becomes of conflicts: ours stay, theirs are taken, they are disputed.
    changed: [Changed; 3],
    snapshot: Snapshot,
    rows: Vec<SampleId>,
    ours: Annotations,
    plan: MergePlan,
}

impl PartialEq for Preview {
    /// Each was worked out by itself.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Preview {}

impl Preview {
    pub fn make(
        snapshot: Snapshot,
        file: Arc<LabelFile>,
        by: MatchBy,
        control: &Control,
    ) -> Result<Self, Cancelled> {
        let rows = all_rows(&snapshot);
        let ours = gathered(&snapshot, &rows, control)?;
        let theirs = &file.annotations;
        let plan = merge(&ours, theirs, by, control)?;
        let report = MergeReport::of(&plan, &ours, theirs);
        let conflicts = plan.samples.iter().filter(|one| one.outcome == Outcome::Conflict);
        let conflicts: Vec<SampleId> = conflicts.map(|one| rows[one.ours]).collect();
        let conflicting = conflicts.iter().copied().collect();
        let changed = |resolve: Resolve| {
            let changes = plan.changes(&ours, theirs, resolve, control)?;
            Ok(Changed::of(&changes, &ours))
        };
        let changed =
            [changed(Resolve::KeepOurs)?, changed(Resolve::TakeTheirs)?, changed(Resolve::Dispute)?];
        Ok(Self { report, conflicts, conflicting, changed, snapshot, rows, ours, plan, file })
    }

    /// Whether both say something else of a sample.
    pub fn is_conflict(&self, sample: SampleId) -> bool {
        self.conflicting.contains(&sample)
    }

    /// What changes when conflicts are resolved so.
    pub fn changed(&self, resolve: Resolve) -> &Changed {
        let [keep, take, dispute] = &self.changed;
        match resolve {
            Resolve::KeepOurs => keep,
            Resolve::TakeTheirs => take,
            Resolve::Dispute => dispute,
        }
    }

    /// Whether it holds for the labels of now.
    pub fn is_of(&self, now: &Snapshot) -> bool {
        Arc::ptr_eq(&self.snapshot.dataset, &now.dataset)
            && Arc::ptr_eq(self.snapshot.labels(), now.labels())
            && Arc::ptr_eq(&self.snapshot.labelling, &now.labelling)
    }
}

/// What is to be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOrder {
    pub preview: Arc<Preview>,
    pub resolve: Resolve,
    /// Who asks for it, and when: milliseconds since the Unix epoch.
    pub person: String,
    pub now_ms: i64,
}

impl ImportOrder {
    /// The edit that does it; `None` where nothing changes.
    pub fn edit(&self, control: &Control) -> Result<Option<Edit>, Cancelled> {
        let Preview { snapshot, rows, ours, plan, file, .. } = &*self.preview;
        let changes = plan.changes(ours, &file.annotations, self.resolve, control)?;
        let taking = Taking { person: &self.person, now_ms: self.now_ms, file: &file.name() };
        taken(snapshot, rows, (ours, &file.annotations), &changes, &taking, control)
    }
}

impl State {
    pub(in crate::state) fn open_label_import(&mut self) -> Vec<Effect> {
        self.dialog = Some(Dialog::ImportLabels(Box::default()));
        Vec::new()
    }

    /// Looks at a file; it is read anew, even where it is the one that is looked at already.
    pub(super) fn import_labels_of(&mut self, path: PathBuf) -> Vec<Effect> {
        let Some(Dialog::ImportLabels(draft)) = &mut self.dialog else { return Vec::new() };
        draft.path = Some(path);
        draft.choice.form = None;
        draft.found = None;
        self.ask_preview(None)
    }

    pub(super) fn change_label_import(&mut self, choice: ImportChoice) -> Vec<Effect> {
        let Some(Dialog::ImportLabels(draft)) = &mut self.dialog else { return Vec::new() };
        let before = std::mem::replace(&mut draft.choice, choice);
        // Another decision was to be taken in.
        draft.is_taking = false;
        if (before.form, before.by) == (choice.form, choice.by) {
            return Vec::new();
        }
        let file = draft.preview().map(|preview| preview.file.clone());
        self.ask_preview(file.filter(|_| before.form == choice.form))
    }

    /// Works a preview out again that no longer holds.
    pub(super) fn ask_stale_preview(&mut self) -> Vec<Effect> {
        let (Some(Dialog::ImportLabels(draft)), Some(session)) = (&self.dialog, &self.session) else {
            return Vec::new();
        };
        match draft.preview() {
            Some(preview) if !preview.is_of(&session.snapshot) => {
                let file = preview.file.clone();
                self.ask_preview(Some(file))
            }
            _ => Vec::new(),
        }
    }

    fn ask_preview(&mut self, file: Option<Arc<LabelFile>>) -> Vec<Effect> {
        let asked = self.next_of_label_files();
        let Some(Dialog::ImportLabels(draft)) = &mut self.dialog else { return Vec::new() };
        let Some(path) = draft.path.clone() else { return Vec::new() };
        draft.asked = asked;
        (draft.found, draft.is_taking) = (None, false);
        let ImportChoice { form, by, .. } = draft.choice;
        work(FileWork::Preview { asked, question: ImportQuestion { path, form, by, file } })
    }

    /// Asks for the edit that takes in what the dialog shows.
    pub(super) fn take_labels_in(&mut self) -> Vec<Effect> {
        if self.refuse_to_take_in() {
            return Vec::new();
        }
        let asked = self.next_of_label_files();
        let (Some(Dialog::ImportLabels(draft)), Some(session)) = (&mut self.dialog, &self.session) else {
            return Vec::new();
        };
        // One that does not hold any more is worked out again: nobody has seen what it would come to now.
        let Some(preview) = draft.preview().filter(|preview| preview.is_of(&session.snapshot)).cloned()
        else {
            return Vec::new();
        };
        (draft.asked, draft.is_taking) = (asked, true);
        let (resolve, person) = (draft.choice.resolve, self.settings.person.clone());
        let order = ImportOrder { preview, resolve, person, now_ms: self.now_ms };
        work(FileWork::TakeIn { asked, order })
    }

    /// Makes the edit that was asked for, and closes the dialog.
    pub(super) fn labels_taken_in(&mut self, asked: u64, edit: Result<Option<Edit>, String>) -> Vec<Effect> {
        let (Some(Dialog::ImportLabels(draft)), Some(session)) = (&mut self.dialog, &mut self.session) else {
            return Vec::new();
        };
        // What changed since is looked at before it is taken in.
        let preview = draft.preview().filter(|preview| preview.is_of(&session.snapshot));
        let (Some(preview), true) = (preview, draft.is_taking && draft.asked == asked) else {
            return Vec::new();
        };
        let name = preview.file.name();
        draft.is_taking = false;
        let edit = match edit {
            Ok(edit) => edit,
            Err(text) => {
                self.notify(Level::Error, text);
                return Vec::new();
            }
        };
        let answer = edit.map(|edit| session.edit(edit));
        self.dialog = None;
        if answer.as_ref().is_none_or(|(_, told)| told.is_none()) {
            self.notify(Level::Info, format!("{name} says nothing that is new: no label changed."));
        }
        self.answered(answer)
    }
}
