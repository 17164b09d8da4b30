//! The dialog that writes labels to a file.

use std::path::PathBuf;
use std::sync::Arc;

use super::{FileWork, work};
use crate::annotation::{FORMATS, Format, Writer, folder, left_out};
use crate::dataset::SampleId;
use crate::dataset::edit::Direction;
use crate::dataset::query::{Snapshot, parse, rows};
use crate::jobs::{Cancelled, Control};
use crate::pipeline::annotating::gathered;
use crate::state::{Dialog, Effect, JobId, Level, Session, State};

/// A form of files of labels: a place in [`FORMATS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelForm(usize);

impl LabelForm {
    /// All forms, in their order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..FORMATS.len()).map(Self)
    }

    /// The form of that name on the command line.
    pub fn named(name: &str) -> Option<Self> {
        FORMATS.iter().position(|format| format.name == name).map(Self)
    }

    pub fn format(self) -> &'static Format {
        // A form is made of a place that there is.
        &FORMATS[self.0.min(FORMATS.len() - 1)]
    }

    /// Whether it is a task, which has choices of its own.
    pub fn is_task(self) -> bool {
        self.format().name == "task"
    }
}

/// The samples whose labels are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportPart {
    /// Those of the view, in its order.
    Shown,
    Selected,
    #[default]
    All,
}

/// What a task tells of what was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswersIn {
    /// Nothing: others are asked.
    #[default]
    Left,
    Written,
}

/// What is written and how, as it is chosen in the dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelExport {
    pub form: LabelForm,
    pub part: ExportPart,
    /// Of a task.
    pub instructions: String,
    pub answers: AnswersIn,
}

/// The choice in the open dialog, and what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelExportDraft {
    pub choice: LabelExport,
    /// Number of the question that was asked last.
    pub asked: u64,
    /// Sentences on what the form does not hold; `None` while that is counted. An error says why it is not known.
    pub told: Option<Result<Arc<Vec<String>>, String>>,
}

/// An export with all that it is made of.
#[derive(Clone, Debug)]
pub struct ExportQuestion {
    pub choice: LabelExport,
    pub snapshot: Snapshot,
    /// `None` is all samples, in the order of their paths.
    some: Option<Vec<SampleId>>,
}

impl ExportQuestion {
    pub fn new(choice: LabelExport, session: &Session) -> Self {
        let some = match choice.part {
            ExportPart::Shown => Some(session.shown.found.rows.to_vec()),
            ExportPart::Selected => Some(session.selection.iter().collect()),
            ExportPart::All => None,
        };
        Self { choice, snapshot: session.snapshot.clone(), some }
    }

    /// The samples whose labels are written.
    pub fn rows(&self) -> Vec<SampleId> {
        self.some.clone().unwrap_or_else(|| all_rows(&self.snapshot))
    }

    /// Sentences on what the form does not hold, as far as that shows without writing.
    pub fn left_out(&self, control: &Control) -> Result<Vec<String>, Cancelled> {
        let format = self.choice.form.format();
        if self.choice.form.is_task() && self.choice.answers == AnswersIn::Left {
            let text = "Nothing of what was said is in an empty task: who gets it sees the pictures and the classes.";
            return Ok(vec![text.to_owned()]);
        }
        let annotations = gathered(&self.snapshot, &self.rows(), control)?;
        Ok(match format.write {
            Writer::Export => folder::plan(&annotations).left_out,
            _ => left_out(&annotations, format.holds, format.title),
        })
    }
}

/// All samples that are there, in the order of their paths.
pub(super) fn all_rows(snapshot: &Snapshot) -> Vec<SampleId> {
    match parse("", snapshot.vocabulary()) {
        Ok(query) => rows(snapshot, &query, "path", Direction::Ascending),
        Err(_) => Vec::new(),
    }
}

/// How many samples a part has.
pub fn count_of(part: ExportPart, session: &Session) -> usize {
    match part {
        ExportPart::Shown => session.shown.found.rows.len(),
        ExportPart::Selected => session.selection.len(),
        ExportPart::All => session.snapshot.derived().present().count(),
    }
}

impl State {
    /// Opens the dialog with what was chosen in it last.
    pub(in crate::state) fn open_label_export(&mut self) -> Vec<Effect> {
        let Some(session) = &self.session else { return Vec::new() };
        let mut choice = session.label_export.clone();
        if choice.part == ExportPart::Selected && session.selection.is_empty() {
            choice.part = ExportPart::All;
        }
        self.dialog = Some(Dialog::ExportLabels(Box::default()));
        self.change_label_export(choice)
    }

    /// Takes another choice, and asks what its form does not hold where that may be something else.
    pub(super) fn change_label_export(&mut self, choice: LabelExport) -> Vec<Effect> {
        let asked = self.next_of_label_files();
        let Some(Dialog::ExportLabels(draft)) = &mut self.dialog else { return Vec::new() };
        if let Some(session) = &mut self.session {
            session.label_export = choice.clone();
        }
        let is_same =
            LabelExport { instructions: choice.instructions.clone(), ..draft.choice.clone() } == choice;
        if is_same && draft.asked > 0 {
            draft.choice = choice;
            return Vec::new();
        }
        **draft = LabelExportDraft { choice: choice.clone(), asked, told: None };
        work(FileWork::TellLeftOut { asked, choice })
    }

    /// Asks for a place to write to, where there is something to write.
    pub(super) fn pick_label_target(&mut self) -> Vec<Effect> {
        match self.label_export_to_start() {
            Some(choice) => work(FileWork::PickTarget(choice.form)),
            None => Vec::new(),
        }
    }

    /// Writes to a place; the dialog closes.
    pub(super) fn export_labels_to(&mut self, path: PathBuf) -> Vec<Effect> {
        let Some(choice) = self.label_export_to_start() else { return Vec::new() };
        self.dialog = None;
        work(FileWork::Export { choice, path })
    }

    fn label_export_to_start(&mut self) -> Option<LabelExport> {
        let Some(Dialog::ExportLabels(draft)) = &self.dialog else { return None };
        let choice = draft.choice.clone();
        let session = self.session.as_ref()?;
        let problem = if count_of(choice.part, session) == 0 {
            "There is no sample to write the labels of."
        } else if self.jobs.iter().any(|job| job.id == JobId::Export) {
            "Another export is under way; try again when it has ended."
        } else {
            return Some(choice);
        };
        self.notify(Level::Warning, problem);
        None
    }
}
