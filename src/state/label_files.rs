//! Labels out to files and in from them, and people's answers side by side: what is chosen in the three dialogs, and
//! what is known of it so far.
//!
//! What takes long is asked of the outside as a [`FileWork`] with a number, and only the answer to the last question
//! counts. This room refuses to know how files are read and written.

mod compare;
mod export;
mod import;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::compare::{CompareDraft, ComparedPeople};
pub use self::export::{
    AnswersIn, ExportPart, ExportQuestion, LabelExport, LabelExportDraft, LabelForm, count_of,
};
pub use self::import::{
    ImportChoice, ImportOrder, ImportQuestion, LabelFile, LabelImportDraft, Preview, name_of,
};
use super::{Dialog, Effect, Level, State};
use crate::annotation::MatchBy;
use crate::dataset::edit::Edit;

/// What a person does in the dialogs, and what came back for them.
#[derive(Clone, Debug, PartialEq)]
pub enum FileGesture {
    /// Another choice in the dialog of the export.
    ChangeExport(LabelExport),
    /// Asks for a place to write to.
    PickTarget,
    TargetPicked(PathBuf),
    /// What the form does not hold of what was chosen, in sentences.
    LeftOutTold {
        asked: u64,
        told: Result<Arc<Vec<String>>, String>,
    },
    /// Asks for a file or folder of labels.
    PickSource(Place),
    SourcePicked(PathBuf),
    /// The form of the file, what samples meet by, and what becomes of conflicts.
    ChangeImport(ImportChoice),
    /// What taking in would come to, or a sentence on why that is not known.
    Previewed {
        asked: u64,
        found: Result<Arc<Preview>, String>,
    },
    /// Takes in what the dialog shows.
    TakeIn,
    /// The edit that does it, if anything changes, or a sentence on why there is none.
    TakenIn {
        asked: u64,
        edit: Result<Option<Edit>, String>,
    },
    /// Asks for files of people.
    PickPeople,
    PeoplePicked(Vec<PathBuf>),
    /// Compares without the file at that place.
    LeaveOut(usize),
    CompareBy(MatchBy),
    /// How far people agree, or a sentence on why that is not known.
    Compared {
        asked: u64,
        found: Result<Arc<ComparedPeople>, String>,
    },
    /// Tags the samples on which people differ.
    TagDisputed,
}

/// Where labels are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    File,
    Folder,
}

/// What the outside does for the dialogs.
#[derive(Clone, Debug, PartialEq)]
pub enum FileWork {
    /// Ask for a place for a form of files.
    PickTarget(LabelForm),
    /// Say what a form does not hold; the answer carries the number.
    TellLeftOut {
        asked: u64,
        choice: LabelExport,
    },
    Export {
        choice: LabelExport,
        path: PathBuf,
    },
    PickSource(Place),
    /// Work out what taking in would come to; the answer carries the number.
    Preview {
        asked: u64,
        question: ImportQuestion,
    },
    /// Work out the edit that takes labels in; the answer carries the number.
    TakeIn {
        asked: u64,
        order: ImportOrder,
    },
    PickPeople,
    /// Put people's answers side by side; the answer carries the number.
    Compare {
        asked: u64,
        files: Vec<PathBuf>,
        by: MatchBy,
    },
    /// Nobody waits for an answer any more.
    Stop,
}

impl State {
    /// Carries out what happened in the dialogs of files of labels.
    pub(super) fn label_files(&mut self, gesture: FileGesture) -> Vec<Effect> {
        if let FileGesture::LeftOutTold { asked, .. }
        | FileGesture::Previewed { asked, .. }
        | FileGesture::TakenIn { asked, .. }
        | FileGesture::Compared { asked, .. } = &gesture
        {
            // There is nothing to stop any more.
            self.asked_of_label_files.take_if(|waited| waited == asked);
        }
        match gesture {
            FileGesture::ChangeExport(choice) => self.change_label_export(choice),
            FileGesture::PickTarget => self.pick_label_target(),
            FileGesture::TargetPicked(path) => self.export_labels_to(path),
            FileGesture::LeftOutTold { asked, told } => {
                if let Some(Dialog::ExportLabels(draft)) = &mut self.dialog
                    && draft.asked == asked
                {
                    draft.told = Some(told);
                }
                Vec::new()
            }
            FileGesture::PickSource(place) => work(FileWork::PickSource(place)),
            FileGesture::SourcePicked(path) => self.import_labels_of(path),
            FileGesture::ChangeImport(choice) => self.change_label_import(choice),
            FileGesture::Previewed { asked, found } => {
                if let Some(Dialog::ImportLabels(draft)) = &mut self.dialog
                    && draft.asked == asked
                {
                    draft.found = Some(found);
                }
                Vec::new()
            }
            FileGesture::TakeIn => self.take_labels_in(),
            FileGesture::TakenIn { asked, edit } => self.labels_taken_in(asked, edit),
            FileGesture::PickPeople => work(FileWork::PickPeople),
            FileGesture::PeoplePicked(files) => self.compare_files(files),
            FileGesture::LeaveOut(at) => self.compare_without(at),
            FileGesture::CompareBy(by) => self.compare_by(by),
            FileGesture::Compared { asked, found } => {
                if let Some(Dialog::ComparePeople(draft)) = &mut self.dialog
                    && draft.asked == asked
                {
                    draft.found = Some(found);
                }
                Vec::new()
            }
            FileGesture::TagDisputed => self.tag_disputed(),
        }
    }

    /// Asks again for what no longer holds, and stops what nobody waits for.
    pub(super) fn ask_label_files(&mut self) -> Vec<Effect> {
        let mut effects = self.ask_stale_preview();
        let awaited = self.awaited_of_label_files();
        if self.asked_of_label_files.is_some() && awaited.is_none() {
            effects.extend(work(FileWork::Stop));
        }
        self.asked_of_label_files = awaited;
        effects
    }

    /// The question whose answer a dialog waits for.
    fn awaited_of_label_files(&self) -> Option<u64> {
        match &self.dialog {
            Some(Dialog::ExportLabels(draft)) => draft.told.is_none().then_some(draft.asked),
            Some(Dialog::ImportLabels(draft)) => draft.is_waiting().then_some(draft.asked),
            Some(Dialog::ComparePeople(draft)) => draft.is_waiting().then_some(draft.asked),
            _ => None,
        }
    }

    /// Whether a dialog about files of labels waits for an answer.
    pub fn waits_for_label_files(&self) -> bool {
        self.session.is_some() && self.awaited_of_label_files().is_some()
    }

    /// The number of the next question.
    fn next_of_label_files(&mut self) -> u64 {
        self.asked_label_files += 1;
        self.asked_label_files
    }

    /// Why nothing can be taken in, where nothing can.
    fn refuse_to_take_in(&mut self) -> bool {
        let refusal = self.session.as_ref().and_then(|session| session.why_read_only());
        match refusal {
            Some(text) => {
                self.notify(Level::Warning, text);
                true
            }
            None => false,
        }
    }
}

fn work(work: FileWork) -> Vec<Effect> {
    vec![Effect::LabelFile(Box::new(work))]
}
