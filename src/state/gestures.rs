//! What a person does with the open dataset.

use std::sync::Arc;

use super::command::Command;
use super::labelling::boxes::BoxGesture;
use super::layout::reveal;
use super::selection::{Keep, SelectMode};
use super::session::{GridState, Session, Then};
use super::{Action, Effect, Level};
use crate::dataset::SampleId;
use crate::dataset::edit::{Edit, Mark, SampleSet, View};
use crate::dataset::query::with_term;
use crate::store::{Access, JournalOp};

/// Paths copied at once at most: a clipboard is no export.
const COPIED_PATHS: usize = 10_000;

/// Effects, and a notice for the person.
pub(super) type Answer = (Vec<Effect>, Option<(Level, String)>);

fn told(level: Level, text: String) -> Answer {
    (Vec::new(), Some((level, text)))
}

impl Session {
    /// Carries out what the person did.
    pub(super) fn gesture(&mut self, action: Action) -> Answer {
        match action {
            Action::SearchTyped { text, cursor } => {
                self.search.typed(text, cursor, self.snapshot.vocabulary());
            }
            Action::SearchEntered => {
                self.search.completions.clear();
                if self.search.error.is_none() {
                    let filter = self.search.text.trim().to_owned();
                    return self.show(View { filter, ..self.overlay.view.clone() });
                }
            }
            Action::CompletionMoved { by } => {
                let count = self.search.completions.len();
                if count > 0 {
                    let from = self.search.chosen.map_or(if by > 0 { -1 } else { 0 }, |at| at as isize);
                    self.search.chosen = Some((from + by).rem_euclid(count as isize) as usize);
                }
            }
            Action::CompletionChosen { at } => self.search.take(at, self.snapshot.vocabulary()),
            Action::CompletionsClosed => {
                self.search.completions.clear();
                self.search.chosen = None;
            }
            Action::Picked { pick, click } => {
                let view = self.overlay.view.clone();
                let filter = with_term(&view.filter, &pick, click, self.snapshot.vocabulary());
                return self.show(View { filter, ..view });
            }
            Action::SetSort { column, direction } => {
                return self.show(View { sort: column, direction, ..self.overlay.view.clone() });
            }
            Action::ShowView(view) => return self.show(view),
            Action::SaveView { name } => {
                let to = Some(self.overlay.view.clone());
                return self.edit(Edit::SaveView { name, from: None, to });
            }
            Action::RemoveView { name } => return self.edit(Edit::SaveView { name, from: None, to: None }),
            Action::Click { position, mode } => self.selection.click(&self.shown.found.rows, position, mode),
            Action::SelectPositions { positions, add, begins } => {
                let keep = if add { Keep::Before } else { Keep::Nothing };
                self.selection.sweep(&self.shown.found.rows, &positions, keep, begins);
            }
            Action::MoveCursor { by, extend } => self.move_cursor(by, extend),
            Action::MoveCursorTo { end, extend } => {
                let last = self.shown.found.rows.len().saturating_sub(1);
                self.put_cursor(if end { last } else { 0 }, extend);
            }
            Action::GoToRow { position } => {
                self.put_cursor(position.min(self.shown.found.rows.len().saturating_sub(1)), false);
            }
            Action::ShowSample(sample) => self.show_sample(sample),
            Action::SelectSamples { samples, mode } => self.select_samples(&samples, mode),
            Action::SetMark { mark, on } => {
                let samples = SampleSet::from_mask(self.selection.mask());
                return self.edit(Edit::Mark { samples, mark, on });
            }
            Action::SetMarkOf { sample, mark, on } => {
                return self.edit(Edit::Mark { samples: SampleSet::from_rows([sample]), mark, on });
            }
            Action::GridScrolled { position } => self.grid.position = position,
            Action::GridZoomed { cell_px } => self.zoom_grid(cell_px),
            Action::GridLaidOut { columns, viewport } => self.lay_out_grid(columns, viewport),
            Action::TableScrolled { position } => self.table.position = position,
            Action::TableLaidOut { viewport } => self.table.viewport = viewport,
            Action::TableColumns(columns) => self.table.columns = columns,
            other @ (Action::AskVariants
            | Action::LeaveVariants
            | Action::ChangePipeline { .. }
            | Action::SuggestRange { .. }
            | Action::MeasureChannels { .. }
            | Action::ChangeAugment(_)) => {
                return self.augment_gesture(other);
            }
            other @ (Action::AskTraining
            | Action::ChangeTraining(_)
            | Action::StartTraining
            | Action::ResumeTraining { .. }) => return self.training_gesture(other),
            other @ (Action::OpenModel { .. }
            | Action::SelectWithin { .. }
            | Action::ChangeLatent(_)
            | Action::ExportDrawnTo { .. }) => {
                return self.latent_gesture(other);
            }
            other @ (Action::AskCharts
            | Action::LeaveCharts
            | Action::ChangeCards(_)
            | Action::Brushed { .. }
            | Action::BrushLeft
            | Action::ConditionDropped { .. }
            | Action::StartStudy { .. }
            | Action::ChartExportTo { .. }) => return self.charts_gesture(other),
            other @ (Action::AskBalance(_)
            | Action::LeaveBalance
            | Action::ChangeBalance(_)
            | Action::ChangeSplits(_)
            | Action::OtherPicked { .. }
            | Action::StopListing
            | Action::WantedDrawn { .. }
            | Action::FlagPlanned
            | Action::BalanceExportTo { .. }) => return self.balance_gesture(other),
            Action::Label(gesture) => return self.label_gesture(*gesture),
            other @ (Action::AskChanges | Action::LeaveChanges | Action::ChangeChanges(_)) => {
                return self.changes_gesture(other);
            }
            other => return self.review_gesture(other),
        }
        (Vec::new(), None)
    }

    /// Carries out a command that is about the open dataset.
    pub(super) fn run(&mut self, command: Command) -> Answer {
        match command {
            Command::Undo => {
                if let Some(edit) = self.history.undo() {
                    return self.travel(&edit, JournalOp::Undo);
                }
            }
            Command::Redo => {
                if let Some(edit) = self.history.redo() {
                    return self.travel(&edit, JournalOp::Redo);
                }
            }
            Command::SelectAll => self.selection.add(self.shown.found.rows.mask()),
            Command::SelectNone => self.selection.clear(),
            Command::InvertSelection => self.selection.invert(self.shown.found.rows.mask()),
            Command::ToggleStar => return self.toggle(Mark::Star),
            Command::ToggleReviewed => return self.toggle(Mark::Reviewed),
            Command::ToggleUnsure => return self.toggle(Mark::Unsure),
            Command::ToggleLabelKeys => self.labeller.turn(!self.labeller.is_on),
            Command::ConfirmProposals => return self.confirm_selected(),
            Command::MoreLikeThese => return self.select_more_alike(),
            Command::SpreadLabels => return self.ask_spread(),
            Command::EditBoxes => return self.box_gesture(BoxGesture::EditOn(!self.labeller.boxes.is_on)),
            Command::CopyBoxesToNext | Command::GiveBoxesBack => {
                let Some(sample) = self.selection.cursor else { return (Vec::new(), None) };
                return self.box_gesture(match command {
                    Command::CopyBoxesToNext => BoxGesture::CopyToNext { sample },
                    _ => BoxGesture::GiveBack { sample },
                });
            }
            Command::CopyPath => return self.copy_paths(),
            Command::Reveal => {
                return (self.selection.cursor.map(Effect::Reveal).into_iter().collect(), None);
            }
            Command::ClearFilter => {
                self.search.set("", self.snapshot.vocabulary());
                return self.show(View { filter: String::new(), ..self.overlay.view.clone() });
            }
            Command::NextSample => self.move_cursor(1, false),
            Command::PreviousSample => self.move_cursor(-1, false),
            Command::LargerThumbnails => self.zoom_grid(self.grid.cell_px * 1.25),
            Command::SmallerThumbnails => self.zoom_grid(self.grid.cell_px / 1.25),
            Command::Train => return self.training_command(command),
            other => return self.review_command(other),
        }
        (Vec::new(), None)
    }

    /// Goes to a sample, in the view or not.
    pub(super) fn show_sample(&mut self, sample: SampleId) {
        match self.position_of(sample) {
            Some(position) => self.put_cursor(position, false),
            None => {
                self.selection.clear();
                self.selection.set(sample, true);
                self.selection.cursor = Some(sample);
            }
        }
    }

    /// Selects samples that may stand in another list than the view; shows the last of them.
    fn select_samples(&mut self, samples: &[SampleId], mode: SelectMode) {
        self.selection.choose(samples, mode);
        let position = self.selection.cursor.and_then(|cursor| self.position_of(cursor));
        if let Some(position) = position {
            self.selection.position = Some(position);
            self.reveal_position(position);
        }
    }

    fn copy_paths(&self) -> Answer {
        let selected = self.selection.iter().take(COPIED_PATHS);
        let paths: Vec<&str> = selected.map(|sample| self.dataset().path(sample)).collect();
        let text = match (paths.as_slice(), self.selection.len()) {
            (some, all) if some.len() < all => format!("Copied the first {} of {all} paths.", some.len()),
            ([one], _) => format!("Copied {one}"),
            (all, _) => format!("Copied {} paths.", all.len()),
        };
        (vec![Effect::CopyText(paths.join("\n"))], Some((Level::Info, text)))
    }

    /// Sets the mark on all selected samples, or clears it where all have it.
    fn toggle(&mut self, mark: Mark) -> Answer {
        let samples = SampleSet::from_mask(self.selection.mask());
        let set = Edit::Mark { samples, mark, on: true };
        let edit = if self.overlay.effective(set.clone()).is_some() { set } else { set.inverse() };
        self.edit(edit)
    }

    pub(super) fn show(&mut self, view: View) -> Answer {
        let was_held = self.drop_brush();
        let asked = self.shown.asked;
        // A filter that is half typed outlives a change of order.
        if view.filter != self.overlay.view.filter || self.search.text.trim() == view.filter {
            self.search.set(&view.filter, self.snapshot.vocabulary());
        }
        let mut answer = self.edit(Edit::SetView { from: View::default(), to: view });
        // Where the view stays as it was, its rows are shown again in place of those of the brush.
        if was_held && self.shown.asked == asked {
            answer.0.push(self.find_rows());
        }
        answer
    }

    /// Makes a decision: applied, noted in the history, and on its way to the disk.
    pub(super) fn edit(&mut self, edit: Edit) -> Answer {
        self.edit_after(None, edit)
    }

    /// [`Self::edit`], which is one step of undo with `last` where that is the newest edit and they can be
    /// [`joined`](Edit::joined).
    pub(super) fn edit_after(&mut self, last: Option<&Edit>, edit: Edit) -> Answer {
        let Some(edit) = self.overlay.effective(edit) else { return (Vec::new(), None) };
        if !self.project.can_write() && !edit.only_looks() {
            return told(Level::Warning, self.why_read_only().unwrap_or_default());
        }
        self.overlay.apply(&edit);
        let last = last.filter(|_| self.history.next_redo().is_none());
        let last = last.filter(|last| self.history.next_undo() == Some(*last));
        let op = match last.and_then(|last| Some((last.clone(), edit.joined(last)?))) {
            Some((last, joined)) => {
                self.history.replace(joined.clone());
                JournalOp::Replace { last: last.into(), edit: joined }
            }
            None => {
                self.history.push(edit.clone());
                JournalOp::Append(edit.clone())
            }
        };
        self.labeller.pages.forget_undone();
        let told = (!edit.only_looks()).then(|| {
            let what = edit.describe_in(self.overlay.labelling.classes());
            (Level::Info, format!("{what}. Ctrl+Z takes it back."))
        });
        let mut effects = self.applied(&edit);
        if self.project.can_write() {
            effects.push(Effect::Journal(op));
        }
        (effects, told)
    }

    /// Goes where the history went, and brings the view to what changed there.
    fn travel(&mut self, edit: &Edit, op: JournalOp) -> Answer {
        let was_held = self.drop_brush();
        let asked = self.shown.asked;
        self.overlay.apply(edit);
        let mut effects = self.applied(edit);
        if was_held && self.shown.asked == asked {
            effects.push(self.find_rows());
        }
        let mut hidden = "";
        if let Some(samples) = edit.samples() {
            let shown = samples.iter().find(|sample| self.position_of(*sample).is_some());
            if shown.is_none() {
                hidden = " (not among the samples shown)";
            }
            if let Some(sample) = shown.or_else(|| samples.iter().next()) {
                self.selection.cursor = Some(sample);
                self.shown.then = Then::Reveal(sample);
                self.labelling_travels(edit, sample, op == JournalOp::Undo);
            }
        } else {
            let filter = self.overlay.view.filter.clone();
            self.search.set(&filter, self.snapshot.vocabulary());
        }
        let text = match op {
            JournalOp::Undo => {
                format!("Undone: {}{hidden}", edit.inverse().describe_in(self.overlay.labelling.classes()))
            }
            _ => format!("Redone: {}{hidden}", edit.describe_in(self.overlay.labelling.classes())),
        };
        if self.project.can_write() {
            effects.push(Effect::Journal(op));
        }
        (effects, Some((Level::Info, text)))
    }

    /// The journal did not take this: memory goes back to what is on its way to the disk.
    pub(super) fn refused(&mut self, op: &JournalOp, why: String, is_final: bool) -> Answer {
        let back = match op {
            JournalOp::Append(_) => {
                let back = self.history.undo();
                self.history.forget_undone();
                back
            }
            // As it was with the last edit alone.
            JournalOp::Replace { last, .. } => self.history.undo().map(|back| {
                self.overlay.apply(&back);
                self.history.push(Edit::clone(last));
                Edit::clone(last)
            }),
            JournalOp::Undo => self.history.redo(),
            JournalOp::Redo => self.history.undo(),
            JournalOp::SetValue(..) => None,
        };
        if is_final {
            self.project.access = Access::ReadOnly { reason: "edits can no longer be kept".to_owned() };
        }
        let Some(back) = back else { return (Vec::new(), None) };
        self.overlay.apply(&back);
        let filter = self.overlay.view.filter.clone();
        self.search.set(&filter, self.snapshot.vocabulary());
        let text = format!("That could not be kept and was taken back: {why}");
        (self.applied(&back), Some((Level::Error, text)))
    }

    /// What follows from a change of the overlay.
    fn applied(&mut self, edit: &Edit) -> Vec<Effect> {
        self.labelling_notes(edit);
        match edit {
            Edit::SetView { .. } => {
                self.shown.then = self.selection.cursor.map_or(Then::Top, Then::Reveal);
                vec![self.find_rows()]
            }
            Edit::Mark { .. } => vec![self.find_rows()],
            Edit::Decide { .. } => {
                let mut effects = vec![self.find_rows()];
                effects.extend(self.judge());
                effects
            }
            Edit::SaveView { .. } => Vec::new(),
            Edit::SetPipeline { .. } => self.pipelines_changed(),
            Edit::Label { .. }
            | Edit::Tag { .. }
            | Edit::Note { .. }
            | Edit::SetBoxes { .. }
            | Edit::SetClasses { .. }
            | Edit::Several { .. } => self.labelling_changed(edit),
        }
    }

    /// What counts after an edit of labels, and what follows from it.
    fn labelling_changed(&mut self, edit: &Edit) -> Vec<Effect> {
        let (samples, classes) = edit.relabels();
        let labelling = &self.overlay.labelling;
        let before = self.snapshot.in_force.identities.clone();
        let relabels = classes || !samples.is_empty();
        self.review.labels_changed |= self.review.analysed.is_some() && relabels;
        self.snapshot = match classes {
            true => self.snapshot.labelled(labelling),
            false => self.snapshot.relabelled(labelling, &samples),
        };
        if !Arc::ptr_eq(&before, &self.snapshot.in_force.identities) {
            self.review.rename_classes(&before, &self.snapshot.in_force.identities);
            // What was counted names classes by their numbers of before, and a query can mean another one.
            self.charts.forget_figures();
            let text = self.search.text.clone();
            self.search.set(&text, self.snapshot.vocabulary());
        }
        let mut effects = vec![self.find_rows()];
        if relabels || edit.decides() {
            effects.extend(self.judge());
        }
        effects
    }

    /// Moves by rows of the view. Where the cursor's sample has left the view, the row that took
    /// its place comes next.
    fn move_cursor(&mut self, by: isize, extend: bool) {
        let last = self.shown.found.rows.len() as isize - 1;
        let at = self.selection.cursor.and_then(|cursor| self.position_of(cursor));
        let to = match (at, self.selection.position) {
            (Some(at), _) => at as isize + by,
            (None, Some(stood)) if by > 0 => stood as isize + by - 1,
            (None, Some(stood)) => stood as isize + by,
            (None, None) => 0,
        };
        self.put_cursor(to.clamp(0, last.max(0)) as usize, extend);
    }

    pub(super) fn put_cursor(&mut self, position: usize, extend: bool) {
        let mode = if extend { SelectMode::Range } else { SelectMode::Replace };
        self.selection.click(&self.shown.found.rows, position, mode);
        self.reveal_position(position);
    }

    /// Scrolls the lists no further than needed to show a row.
    pub(super) fn reveal_position(&mut self, position: usize) {
        let row = position / self.grid.columns.max(1);
        self.grid.position = reveal(self.grid.position, row, self.grid.row_height(), self.grid.viewport);
        let height = super::layout::TABLE_ROW;
        self.table.position = reveal(self.table.position, position, height, self.table.viewport);
    }

    /// Changes the size of cells and keeps the row at the top.
    fn zoom_grid(&mut self, cell_px: f32) {
        let top = self.grid.top_cell();
        self.grid.cell_px = cell_px.clamp(*GridState::CELLS.start(), *GridState::CELLS.end()).round();
        self.grid.top_cell_pending = Some(top);
    }

    fn lay_out_grid(&mut self, columns: usize, viewport: f32) {
        let columns = columns.max(1);
        let is_moved = columns != self.grid.columns || self.grid.top_cell_pending.is_some();
        let top = self.grid.top_cell();
        self.grid.top_cell_pending = None;
        self.grid.columns = columns;
        self.grid.viewport = viewport;
        if is_moved {
            self.grid.position = (top / columns) as f64 * f64::from(self.grid.row_height());
        }
    }
}
