//! What stands over the window.

use std::path::PathBuf;

use super::export::ExportDraft;
use super::label_files::{CompareDraft, LabelExportDraft, LabelImportDraft};
use super::labelling::classes::ClassesDraft;

/// A question or a page that stands over the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// Commands by name; `chosen` counts the listed ones.
    Palette {
        text: String,
        chosen: usize,
    },
    SaveView {
        name: String,
    },
    GoToRow {
        text: String,
    },
    OpenPath {
        text: String,
    },
    /// A damaged project: start anew or leave it.
    DamagedProject {
        source: String,
        project: Option<PathBuf>,
        message: String,
    },
    /// The window was asked to close while decisions are not on the disk, and why they are not.
    Unsaved {
        problem: String,
    },
    /// Where and how to export what stays.
    ExportDataset(Box<ExportDraft>),
    /// Which labels to write, and in which form.
    ExportLabels(Box<LabelExportDraft>),
    /// A file of labels, and what taking it in would change.
    ImportLabels(Box<LabelImportDraft>),
    /// People's answers side by side.
    ComparePeople(Box<CompareDraft>),
    /// The classes that there are, and what is typed of them.
    Classes(Box<ClassesDraft>),
    Settings,
    Shortcuts,
    QueryHelp,
    About,
}
