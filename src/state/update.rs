//! The one place where state changes.

use super::command::Command;
use super::layout::reveal;
use super::selection::SelectMode;
use super::session::{GridState, Search, Session, Shown};
use super::{Action, Dialog, Effect, Level, Opened, Pane, Rescanned, State};
use crate::dataset::edit::{Edit, Mark, SampleSet, View};
use crate::dataset::query::{complete, parse, with_term};
use crate::dataset::{Fact, Issue, SampleId};
use crate::store::{JournalOp, Theme};

/// Paths copied at once at most: a clipboard is no export.
const COPIED_PATHS: usize = 10_000;

impl State {
    /// Carries an action out, and says what the outside has to do for it.
    pub fn update(&mut self, action: Action) -> Vec<Effect> {
        let mut effects = Vec::new();
        match action {
            Action::Run(command) => return self.run(command),
            Action::Open { source } => effects.push(Effect::Open { source, anew: false }),
            Action::OpenAnew { source } => {
                self.dialog = None;
                effects.push(Effect::Open { source, anew: true });
            }
            Action::Opening { source } => self.opening = Some(source),
            Action::OpenFailed { message } => {
                self.opening = None;
                self.notify(Level::Error, message);
            }
            Action::Opened(opened) => effects.extend(self.opened(*opened)),
            Action::Notify { level, text } => self.notify(level, text),
            Action::JobsMoved(jobs) => self.jobs = jobs,
            Action::JobPaused { job, pause } => effects.push(Effect::PauseJob { job, pause }),
            Action::JobCancelled { job } => effects.push(Effect::CancelJob { job }),
            Action::NoticeClosed { id } => self.notices.retain(|notice| notice.id != id),
            Action::ShowDialog(dialog) => self.dialog = Some(dialog),
            Action::CloseDialog => self.dialog = None,
            Action::ChangeSettings(settings) => {
                self.settings = *settings;
                effects.push(Effect::SaveSettings);
            }
            Action::ForgetRecent { source } => {
                self.settings.recents.retain(|recent| recent.source != source);
                effects.push(Effect::SaveSettings);
            }
            Action::DropHovers(hovers) => self.drop_hovers = hovers,
            Action::IssuesExportTo { path } => effects.push(Effect::ExportIssues { path }),
            action => {
                if let Some(session) = &mut self.session {
                    let (more, told) = session.update(action);
                    effects.extend(more);
                    if let Some((level, text)) = told {
                        self.notify(level, text);
                    }
                }
            }
        }
        effects
    }

    fn run(&mut self, command: Command) -> Vec<Effect> {
        if !self.can_run(command) {
            return Vec::new();
        }
        let mut effects = Vec::new();
        match command {
            Command::OpenFolder => effects.push(Effect::PickFolder),
            Command::OpenFile => effects.push(Effect::PickFile),
            Command::OpenDemo => effects.push(Effect::OpenDemo),
            Command::Quit => effects.push(Effect::Quit),
            Command::ExportIssues => effects.push(Effect::PickIssuesFile),
            Command::Rescan => effects.push(Effect::Rescan),
            Command::CloseDataset => {
                self.session = None;
                self.dialog = None;
                effects.push(Effect::Close);
            }
            Command::FocusSearch => effects.push(Effect::FocusSearch),
            Command::ShowGrid => effects.push(Effect::TogglePane(Pane::Grid)),
            Command::ShowTable => effects.push(Effect::TogglePane(Pane::Table)),
            Command::ShowIssues => effects.push(Effect::TogglePane(Pane::Issues)),
            Command::ShowInspector => effects.push(Effect::TogglePane(Pane::Inspector)),
            Command::ShowFilters => effects.push(Effect::TogglePane(Pane::Filters)),
            Command::ResetLayout => effects.push(Effect::ResetLayout),
            Command::InspectorFit => effects.push(Effect::InspectorFit),
            Command::InspectorActualSize => effects.push(Effect::InspectorActualSize),
            Command::ZoomImageIn => effects.push(Effect::InspectorZoomIn),
            Command::ZoomImageOut => effects.push(Effect::InspectorZoomOut),
            Command::OpenPath => self.dialog = Some(Dialog::OpenPath { text: String::new() }),
            Command::Palette => self.dialog = Some(Dialog::Palette { text: String::new(), chosen: 0 }),
            Command::SaveView => self.dialog = Some(Dialog::SaveView { name: String::new() }),
            Command::GoToRow => self.dialog = Some(Dialog::GoToRow { text: String::new() }),
            Command::Settings => self.dialog = Some(Dialog::Settings),
            Command::Shortcuts => self.dialog = Some(Dialog::Shortcuts),
            Command::QueryHelp => self.dialog = Some(Dialog::QueryHelp),
            Command::About => self.dialog = Some(Dialog::About),
            Command::ToggleTheme => {
                self.settings.theme = match self.settings.theme {
                    Theme::Light => Theme::Dark,
                    Theme::Dark | Theme::System => Theme::Light,
                };
                effects.push(Effect::SaveSettings);
            }
            Command::LargerInterface => effects.push(self.scale_interface(1.1)),
            Command::SmallerInterface => effects.push(self.scale_interface(1.0 / 1.1)),
            Command::ResetInterfaceScale => {
                self.settings.interface_scale = 1.0;
                effects.push(Effect::SaveSettings);
            }
            Command::Undo
            | Command::Redo
            | Command::SelectAll
            | Command::SelectNone
            | Command::InvertSelection
            | Command::ToggleStar
            | Command::ToggleReviewed
            | Command::CopyPath
            | Command::Reveal
            | Command::ClearFilter
            | Command::NextSample
            | Command::PreviousSample
            | Command::LargerThumbnails
            | Command::SmallerThumbnails => {
                if let Some(session) = &mut self.session {
                    let (more, told) = session.run(command);
                    effects.extend(more);
                    if let Some((level, text)) = told {
                        self.notify(level, text);
                    }
                }
            }
        }
        effects
    }

    fn scale_interface(&mut self, factor: f32) -> Effect {
        let scales = crate::store::Settings::SCALES;
        let scale = (self.settings.interface_scale * factor).clamp(*scales.start(), *scales.end());
        self.settings.interface_scale = (scale * 20.0).round() / 20.0;
        Effect::SaveSettings
    }

    fn opened(&mut self, opened: Opened) -> Vec<Effect> {
        self.opening = None;
        self.dialog = None;
        for note in opened.notes {
            self.notify(Level::Warning, note);
        }
        let mut session = Session {
            snapshot: opened.snapshot,
            overlay: opened.overlay,
            history: opened.history,
            issues: opened.issues,
            project: opened.project,
            shown: Shown::default(),
            selection: Default::default(),
            search: Search::default(),
            grid: GridState::default(),
            table: Default::default(),
        };
        session.overlay.grow(session.snapshot.len());
        if !self.settings.table_columns.is_empty() {
            session.table.columns = self.settings.table_columns.clone();
        }
        if let Some(place) = opened.place {
            session.restore_place(place);
        }
        session.search.text = session.overlay.view.filter.clone();
        let mut effects = vec![session.find_rows()];
        self.session = Some(session);
        if let Some(recent) = opened.recent {
            self.settings.note_recent(recent);
            effects.push(Effect::SaveSettings);
        }
        effects
    }
}

/// Effects, and a notice for the person.
type Answer = (Vec<Effect>, Option<(Level, String)>);

impl Session {
    fn update(&mut self, action: Action) -> Answer {
        let mut effects = Vec::new();
        match action {
            Action::SearchTyped { text, cursor } => {
                let vocabulary = self.snapshot.vocabulary();
                self.search.error = parse(&text, vocabulary).err();
                self.search.completions = complete(&text, cursor, vocabulary);
                self.search.chosen = None;
                self.search.text = text;
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
            Action::CompletionChosen { at } => {
                if let Some(completion) = self.search.completions.get(at).cloned() {
                    self.search.text.replace_range(completion.replace, &completion.insert);
                    self.search.error = parse(&self.search.text, self.snapshot.vocabulary()).err();
                }
                self.search.completions.clear();
                self.search.chosen = None;
            }
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
            Action::Click { position, mode } => self.selection.click(&self.shown.rows, position, mode),
            Action::SelectPositions { positions, add } => {
                if !add {
                    self.selection.clear();
                }
                for position in positions {
                    if let Some(sample) = self.shown.rows.get(position) {
                        self.selection.set(*sample, true);
                        self.selection.cursor = Some(*sample);
                        self.selection.anchor = Some(position);
                    }
                }
            }
            Action::MoveCursor { by, extend } => self.move_cursor(by, extend),
            Action::MoveCursorTo { end, extend } => {
                let last = self.shown.rows.len().saturating_sub(1);
                self.put_cursor(if end { last } else { 0 }, extend);
            }
            Action::GoToRow { position } => {
                self.put_cursor(position.min(self.shown.rows.len().saturating_sub(1)), false);
            }
            Action::ShowSample(sample) => match self.position_of(sample) {
                Some(position) => self.put_cursor(position, false),
                None => {
                    self.selection.clear();
                    self.selection.set(sample, true);
                    self.selection.cursor = Some(sample);
                }
            },
            Action::SetMark { mark, on } => {
                let samples = SampleSet::from_rows(self.selection.iter());
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
            Action::Rescanned(rescanned) => return self.rescanned(*rescanned),
            Action::Measured { facts, issues } => self.measured(&facts, issues),
            // An answer to an older question is dropped.
            Action::RowsReady { generation, rows, counts, total } if generation == self.shown.asked => {
                self.shown.rows = rows;
                self.shown.counts = counts;
                self.shown.total = total;
                self.shown.answered = generation;
                self.rows_came();
            }
            Action::Refresh if self.shown.stale && self.shown.answered == self.shown.asked => {
                effects.push(self.find_rows());
            }
            Action::Saved { through, problem } => {
                self.project.saved = through;
                self.project.problem = problem;
            }
            Action::Submitted { through } => self.project.submitted = through,
            // The others are the program's, not a session's.
            _ => {}
        }
        (effects, None)
    }

    fn run(&mut self, command: Command) -> Answer {
        let mut effects = Vec::new();
        match command {
            Command::Undo => {
                if let Some(edit) = self.history.undo() {
                    return self.travel(&edit, JournalOp::Undo, "Undone");
                }
            }
            Command::Redo => {
                if let Some(edit) = self.history.redo() {
                    return self.travel(&edit, JournalOp::Redo, "Redone");
                }
            }
            Command::SelectAll => {
                for row in self.shown.rows.clone().iter() {
                    self.selection.set(*row, true);
                }
            }
            Command::SelectNone => self.selection.clear(),
            Command::InvertSelection => {
                for row in self.shown.rows.clone().iter() {
                    let on = !self.selection.contains(*row);
                    self.selection.set(*row, on);
                }
            }
            Command::ToggleStar => return self.toggle(Mark::Star),
            Command::ToggleReviewed => return self.toggle(Mark::Reviewed),
            Command::CopyPath => {
                let paths: Vec<&str> = self
                    .selection
                    .iter()
                    .take(COPIED_PATHS)
                    .map(|sample| self.dataset().path(sample))
                    .collect();
                let told = match (paths.len(), self.selection.len()) {
                    (copied, all) if copied < all => format!("Copied the first {copied} of {all} paths."),
                    (1, _) => format!("Copied {}", paths[0]),
                    (copied, _) => format!("Copied {copied} paths."),
                };
                effects.push(Effect::CopyText(paths.join("\n")));
                return (effects, Some((Level::Info, told)));
            }
            Command::Reveal => effects.extend(self.selection.cursor.map(Effect::Reveal)),
            Command::ClearFilter => {
                self.search = Search::default();
                return self.show(View { filter: String::new(), ..self.overlay.view.clone() });
            }
            Command::NextSample => self.move_cursor(1, false),
            Command::PreviousSample => self.move_cursor(-1, false),
            Command::LargerThumbnails => self.zoom_grid(self.grid.cell_px * 1.25),
            Command::SmallerThumbnails => self.zoom_grid(self.grid.cell_px / 1.25),
            _ => {}
        }
        (effects, None)
    }

    /// Sets the mark on all selected samples, or clears it where all have it.
    fn toggle(&mut self, mark: Mark) -> Answer {
        let marks = &self.overlay.marks;
        let all = self.selection.iter().all(|row| marks[row as usize] & mark.bit() != 0);
        let samples = SampleSet::from_rows(self.selection.iter());
        self.edit(Edit::Mark { samples, mark, on: !all })
    }

    fn show(&mut self, view: View) -> Answer {
        self.search.text = view.filter.clone();
        self.search.error = None;
        self.search.completions.clear();
        self.edit(Edit::SetView { from: View::default(), to: view })
    }

    /// Makes a decision: applied, noted in the history, and on its way to the disk.
    fn edit(&mut self, edit: Edit) -> Answer {
        let looks_only = matches!(edit, Edit::SetView { .. });
        let Some(edit) = self.overlay.effective(edit) else { return (Vec::new(), None) };
        if !self.project.can_write() && !looks_only {
            return (Vec::new(), Some((Level::Warning, self.read_only_sentence())));
        }
        self.overlay.apply(&edit);
        self.history.push(edit.clone());
        let told =
            (!looks_only).then(|| (Level::Info, format!("{}. Ctrl+Z takes it back.", edit.describe())));
        let mut effects = self.applied(&edit);
        if self.project.can_write() {
            effects.push(Effect::Journal(JournalOp::Append(edit)));
        }
        (effects, told)
    }

    fn travel(&mut self, edit: &Edit, op: JournalOp, verb: &str) -> Answer {
        self.overlay.apply(edit);
        self.search.text = self.overlay.view.filter.clone();
        self.search.error = None;
        if let Edit::Mark { samples, .. } = edit {
            // Brings the view back to what changed.
            self.selection.clear();
            for row in samples.iter() {
                self.selection.set(row, true);
            }
            self.shown.reveal = samples.iter().next();
            self.selection.cursor = self.shown.reveal;
        }
        let mut effects = self.applied(edit);
        effects.push(Effect::Journal(op));
        let what = if op_is_undo(&effects) { edit.inverse().describe() } else { edit.describe() };
        (effects, Some((Level::Info, format!("{verb}: {what}"))))
    }

    /// What follows from a change of the overlay.
    fn applied(&mut self, edit: &Edit) -> Vec<Effect> {
        match edit {
            Edit::SetView { .. } => {
                self.shown.reveal = self.shown.reveal.or(self.selection.cursor);
                vec![self.find_rows()]
            }
            Edit::Mark { .. } => vec![self.find_rows()],
            Edit::SaveView { .. } => Vec::new(),
        }
    }

    fn read_only_sentence(&self) -> String {
        match &self.project.access {
            crate::store::Access::ReadOnly { reason } => {
                format!("This project is open for reading only, because {reason}. Nothing was changed.")
            }
            crate::store::Access::ReadWrite => String::new(),
        }
    }

    /// Asks for the rows of the view as things stand now.
    pub(super) fn find_rows(&mut self) -> Effect {
        self.snapshot = self.snapshot.with(self.snapshot.facts.clone(), self.overlay.marks.clone());
        self.shown.stale = false;
        self.shown.asked += 1;
        Effect::FindRows { generation: self.shown.asked }
    }

    fn rows_came(&mut self) {
        if let Some(sample) = self.shown.reveal.take()
            && let Some(position) = self.position_of(sample)
        {
            self.selection.anchor = Some(position);
            self.reveal_position(position);
        }
        if self.selection.cursor.is_none() && !self.shown.rows.is_empty() {
            // Something to inspect from the start, without a selection.
            self.selection.cursor = self.shown.rows.first().copied();
            self.selection.anchor = Some(0);
        }
    }

    fn move_cursor(&mut self, by: isize, extend: bool) {
        let from = match (self.selection.cursor, self.selection.is_empty()) {
            (Some(sample), _) => self.cursor_position(sample),
            (None, _) => None,
        };
        let last = self.shown.rows.len() as isize - 1;
        let to = from.map_or(0, |from| (from as isize + by).clamp(0, last.max(0)));
        self.put_cursor(to as usize, extend);
    }

    /// Where the cursor stands, looked up near where it was first.
    fn cursor_position(&self, sample: SampleId) -> Option<usize> {
        let near = self.selection.anchor.filter(|at| self.shown.rows.get(*at) == Some(&sample));
        near.or_else(|| self.position_of(sample))
    }

    fn put_cursor(&mut self, position: usize, extend: bool) {
        let mode = if extend { SelectMode::Range } else { SelectMode::Replace };
        self.selection.click(&self.shown.rows, position, mode);
        self.reveal_position(position);
    }

    fn reveal_position(&mut self, position: usize) {
        let row = position / self.grid.columns.max(1);
        self.grid.position = reveal(self.grid.position, row, self.grid.row_height(), self.grid.viewport);
        let height = super::layout::TABLE_ROW;
        self.table.position = reveal(self.table.position, position, height, self.table.viewport);
    }

    /// Changes the size of cells and keeps the row at the top.
    fn zoom_grid(&mut self, cell_px: f32) {
        let top = self.top_cell();
        self.grid.cell_px = cell_px.clamp(*GridState::CELLS.start(), *GridState::CELLS.end()).round();
        self.grid.top_row_pending = Some(top);
    }

    fn lay_out_grid(&mut self, columns: usize, viewport: f32) {
        let columns = columns.max(1);
        let top = match self.grid.top_row_pending.take() {
            Some(top) => top,
            None if columns != self.grid.columns => self.top_cell(),
            None => {
                self.grid.viewport = viewport;
                return;
            }
        };
        self.grid.columns = columns;
        self.grid.viewport = viewport;
        self.grid.position = (top / columns) as f64 * f64::from(self.grid.row_height());
    }

    /// Position in the view of the first cell of the top row.
    fn top_cell(&self) -> usize {
        let row = (self.grid.position / f64::from(self.grid.row_height())).round() as usize;
        row * self.grid.columns
    }

    fn measured(&mut self, facts: &[(SampleId, Fact)], issues: Vec<Issue>) {
        let snapshot = &mut self.snapshot;
        for (sample, fact) in facts {
            if (*sample as usize) < snapshot.facts.len() {
                snapshot.facts.set(*sample, fact);
            }
        }
        self.issues.extend(issues);
        self.shown.stale = true;
    }

    fn rescanned(&mut self, rescanned: Rescanned) -> Answer {
        let mut facts = self.snapshot.facts.clone();
        facts.grow(rescanned.snapshot.len());
        for sample in &rescanned.changed {
            facts.set(*sample, &Fact::UNMEASURED);
        }
        self.snapshot = rescanned.snapshot.with(facts, self.overlay.marks.clone());
        self.overlay.grow(self.snapshot.len());
        let again: std::collections::HashSet<SampleId> = rescanned.changed.iter().copied().collect();
        let is_import = |issue: &Issue| issue.sample.is_none_or(|sample| again.contains(&sample));
        self.issues.retain(|issue| !is_import(issue) && !rescanned.issues.contains(issue));
        self.issues.extend(rescanned.issues);
        let told = match (rescanned.added, rescanned.removed, rescanned.changed.len()) {
            (0, 0, 0) if !rescanned.is_asked => return (vec![self.find_rows()], None),
            (0, 0, 0) => "Nothing changed since the last scan.".to_owned(),
            (added, removed, changed) => {
                let changed = changed.saturating_sub(added);
                format!("Since the last scan: {added} new, {removed} gone, {changed} changed.")
            }
        };
        (vec![self.find_rows()], Some((Level::Info, told)))
    }
}

fn op_is_undo(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Journal(JournalOp::Undo)))
}
