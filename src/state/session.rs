//! The open dataset: what is in it, what was decided, what is shown of it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use serde::{Deserialize, Serialize};

use super::augment::Augment;
use super::balance::{Balance, BalanceSettings, SplitSettings};
use super::charts::Charts;
use super::export::ExportChoice;
use super::label_files::LabelExport;
use super::labelling::changes::ChangesDesk;
use super::labelling::classes::Splitting;
use super::labelling::{Labeller, QueueKind};
use super::latent::Latent;
use super::review::Review;
use super::selection::Selection;
use super::training::Training;
use crate::crossfilter::Card;
use crate::dataset::edit::{History, Overlay, SampleSet};
use crate::dataset::query::{Completion, Found, QueryError, Snapshot, Vocabulary, complete, parse};
use crate::dataset::{Dataset, Issue, SampleId};
use crate::store::Access;

/// An open dataset.
#[derive(Debug)]
pub struct Session {
    /// The samples and what was measured of them so far.
    pub snapshot: Snapshot,
    pub overlay: Overlay,
    pub history: History,
    pub issues: Arc<Vec<Issue>>,
    /// Raised when issues are taken away or come in another order; see [`Session::issues_key`].
    pub(super) issues_revision: u64,
    /// Samples that are being measured again, and what is found in them: it is taken in at the next
    /// refresh, at once for all.
    pub(super) again: (HashSet<SampleId>, Vec<Issue>),
    /// Samples that a rescan found and that were not there before, until it is known whether they were moved. The
    /// project keeps them under [`crate::store::ARRIVED`].
    pub(super) arrived: SampleSet,
    pub project: ProjectFace,
    pub shown: Shown,
    pub selection: Selection,
    pub search: Search,
    pub grid: GridState,
    pub table: TableState,
    pub review: Review,
    pub augment: Augment,
    pub training: Training,
    pub latent: Latent,
    pub charts: Charts,
    pub balance: Balance,
    pub labeller: Labeller,
    pub changes: ChangesDesk,
    pub splitting: Splitting,
    /// What was chosen in the dialog of the export last.
    pub export: Option<ExportChoice>,
    /// What was chosen in the dialog that writes labels last.
    pub label_export: LabelExport,
}

/// While it is equal, issues are only added at the end.
#[derive(Clone, Debug, Default)]
pub struct IssuesKey {
    dataset: Weak<Dataset>,
    revision: u64,
}

impl IssuesKey {
    pub(crate) fn new(dataset: &Arc<Dataset>, revision: u64) -> Self {
        Self { dataset: Arc::downgrade(dataset), revision }
    }
}

impl PartialEq for IssuesKey {
    fn eq(&self, other: &Self) -> bool {
        self.dataset.ptr_eq(&other.dataset) && self.revision == other.revision
    }
}

/// The project as the status bar shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFace {
    pub folder: PathBuf,
    pub access: Access,
    /// Edits handed to the journal.
    pub submitted: u64,
    /// Edits that are on the disk.
    pub saved: u64,
    /// Why edits cannot be written at the moment.
    pub problem: Option<String>,
}

impl ProjectFace {
    pub fn new(folder: PathBuf, access: Access) -> Self {
        Self { folder, access, submitted: 0, saved: 0, problem: None }
    }

    pub fn can_write(&self) -> bool {
        self.access == Access::ReadWrite
    }

    /// Whether everything that was decided is on the disk.
    pub fn is_saved(&self) -> bool {
        self.saved >= self.submitted
    }
}

/// The rows of the view, and counts over them.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    pub found: Found,
    /// Number of the last question asked; no two questions of one program share theirs.
    pub asked: u64,
    /// Number of the question that `found` answers.
    pub answered: u64,
    /// Number of the last question that was asked since the data changed, and not since a person did something.
    pub refreshed: Option<u64>,
    /// Whether the data changed since the last question.
    pub stale: bool,
    /// Once the rows are there: where to go in them.
    pub then: Then,
}

/// Where the lists go when the rows of a view have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// Nowhere: the same view, with what changed in it.
    #[default]
    Stay,
    /// To this sample; to the top where it is not among the rows.
    Reveal(SampleId),
    Top,
}

/// The search field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub text: String,
    pub error: Option<QueryError>,
    pub completions: Vec<Completion>,
    /// The completion that Enter or Tab takes.
    pub chosen: Option<usize>,
}

impl Search {
    /// Shows this text, with the error that a dataset of these names finds in it, and no offers.
    pub fn set(&mut self, text: &str, vocabulary: &Vocabulary) {
        let error = parse(text, vocabulary).err();
        *self = Self { text: text.to_owned(), error, ..Self::default() };
    }

    /// Takes what was typed and offers what could follow at the cursor.
    pub fn typed(&mut self, text: String, cursor: usize, vocabulary: &Vocabulary) {
        self.error = parse(&text, vocabulary).err();
        self.completions = complete(&text, cursor, vocabulary);
        self.chosen = None;
        self.text = text;
    }

    /// Puts a completion in its place; offers go on where it ends a field's name.
    pub fn take(&mut self, at: usize, vocabulary: &Vocabulary) {
        let Some(completion) = self.completions.get(at).cloned() else { return };
        if self.text.get(completion.replace.clone()).is_none() {
            return;
        }
        let mut text = std::mem::take(&mut self.text);
        let end = completion.replace.start + completion.insert.len();
        text.replace_range(completion.replace, &completion.insert);
        self.typed(text, end, vocabulary);
        if !completion.insert.ends_with(':') {
            self.completions.clear();
        }
    }
}

/// How the grid stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridState {
    /// Edge of a cell's picture in points, [`Self::CELLS`].
    pub cell_px: f32,
    /// Points from the top.
    pub position: f64,
    /// Cells beside each other, as last laid out.
    pub columns: usize,
    /// Height of the viewport in points, as last laid out.
    pub viewport: f32,
    /// A cell whose row is to come to the top once it is known how many cells stand beside each
    /// other.
    pub top_cell_pending: Option<usize>,
}

impl GridState {
    /// The sizes that a cell can have.
    pub const CELLS: std::ops::RangeInclusive<f32> = 32.0..=512.0;
    /// Space around a cell, in points.
    pub const GAP: f32 = 6.0;
    /// Below this edge there is no room for a line of text under the picture.
    pub const CAPTION_FROM: f32 = 72.0;
    /// Height of that line.
    pub const CAPTION: f32 = 20.0;

    /// Position in the view of the first cell of the top row.
    pub fn top_cell(&self) -> usize {
        let row = (self.position / f64::from(self.row_height())).round() as usize;
        self.top_cell_pending.unwrap_or(row * self.columns)
    }

    /// Height of a row of cells, with its gap.
    pub fn row_height(&self) -> f32 {
        let caption = if self.cell_px >= Self::CAPTION_FROM { Self::CAPTION } else { 0.0 };
        self.cell_px + caption + Self::GAP
    }
}

impl Default for GridState {
    fn default() -> Self {
        Self { cell_px: 128.0, position: 0.0, columns: 1, viewport: 600.0, top_cell_pending: None }
    }
}

/// How many cells fit beside each other; at least one.
pub fn cells_across(width: f32, cell_px: f32) -> usize {
    (((width - GridState::GAP) / (cell_px + GridState::GAP)).floor() as usize).max(1)
}

/// How the table stands.
#[derive(Clone, Debug, PartialEq)]
pub struct TableState {
    /// Points from the top.
    pub position: f64,
    /// Names of the columns shown, in order.
    pub columns: Vec<String>,
    /// Height of the viewport in points, as last laid out.
    pub viewport: f32,
}

impl Default for TableState {
    fn default() -> Self {
        let columns = [
            "path",
            "label",
            "split",
            "format",
            "width",
            "height",
            "bytes",
            "brightness",
            "sharpness",
            "issues",
        ];
        Self { position: 0.0, columns: columns.map(str::to_owned).to_vec(), viewport: 600.0 }
    }
}

/// What the project keeps of where the person was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SavedPlace {
    pub cell_px: f32,
    /// The sample at the cursor.
    pub cursor: Option<SampleId>,
    /// Position in the view of the first cell of the grid's top row.
    pub top_cell: usize,
    /// Points from the top of the table.
    pub table_position: f64,
    pub table_columns: Vec<String>,
    /// The dashboard of charts; the first one where there is none.
    pub cards: Option<Arc<Vec<Card>>>,
    /// What was set for a plan of the balance of classes, and for new splits.
    pub balance: Option<Arc<BalanceSettings>>,
    pub new_splits: Option<Arc<SplitSettings>>,
    /// The [`QueueKind`] that was chosen in the panel Label.
    pub queue: Option<serde_json::Value>,
    /// The folder of the trained model that was chosen there to see by.
    pub sees_by: Option<String>,
}

impl Default for SavedPlace {
    fn default() -> Self {
        let cell_px = GridState::default().cell_px;
        Self {
            cell_px,
            cursor: None,
            top_cell: 0,
            table_position: 0.0,
            table_columns: Vec::new(),
            cards: None,
            balance: None,
            new_splits: None,
            queue: None,
            sees_by: None,
        }
    }
}

impl Session {
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.snapshot.dataset
    }

    /// A sentence on why nothing can be changed, where nothing can.
    pub fn why_read_only(&self) -> Option<String> {
        match &self.project.access {
            Access::ReadOnly { reason } => {
                Some(format!("This project is open for reading only, because {reason}. Nothing was changed."))
            }
            Access::ReadWrite => None,
        }
    }

    /// What something that was worked out of the issues stands on.
    pub fn issues_key(&self) -> IssuesKey {
        IssuesKey::new(self.dataset(), self.issues_revision)
    }

    /// Where a sample stands in the view.
    pub fn position_of(&self, sample: SampleId) -> Option<usize> {
        self.shown.found.rows.position_of(sample)
    }

    /// What to keep of where the person is; see [`Self::restore_place`].
    pub fn place(&self) -> serde_json::Value {
        let place = SavedPlace {
            cell_px: self.grid.cell_px,
            cursor: self.selection.cursor,
            top_cell: self.grid.top_cell(),
            table_position: self.table.position,
            table_columns: self.table.columns.clone(),
            cards: Some(self.charts.cards.clone()),
            balance: Some(self.balance.settings.clone()),
            new_splits: Some(self.balance.splits.clone()),
            queue: self.labeller.walk.chosen.and_then(|kind| serde_json::to_value(kind).ok()),
            sees_by: self.labeller.lesson.sight.chosen().and_then(Path::to_str).map(str::to_owned),
        };
        serde_json::to_value(place).unwrap_or_default()
    }

    /// Goes where [`Self::place`] was taken. A value of another version changes nothing.
    pub(super) fn restore_place(&mut self, value: serde_json::Value) {
        let Ok(place) = serde_json::from_value::<SavedPlace>(value) else { return };
        if place.cell_px.is_finite() {
            self.grid.cell_px = place.cell_px.clamp(*GridState::CELLS.start(), *GridState::CELLS.end());
        }
        let there = |sample: &SampleId| (*sample as usize) < self.snapshot.len();
        self.selection.cursor = place.cursor.filter(there);
        if !place.table_columns.is_empty() {
            self.table.columns = place.table_columns;
        }
        if place.table_position.is_finite() {
            self.table.position = place.table_position.max(0.0);
        }
        if let Some(cards) = place.cards {
            self.charts.begin_with(Arc::unwrap_or_clone(cards));
        }
        self.balance.settings = place.balance.unwrap_or_default();
        self.balance.splits = place.new_splits.unwrap_or_default();
        // A queue that only another version knows gives way to that of all there is to label.
        let queue = |kept| serde_json::from_value(kept).unwrap_or(QueueKind::Unlabelled);
        self.labeller.walk.chosen = place.queue.map(queue);
        self.labeller.lesson.sight.choose(place.sees_by.map(PathBuf::from));
        self.grid.top_cell_pending = (place.top_cell > 0).then_some(place.top_cell);
    }
}
