//! The grid of thumbnails: any number of samples, a few cells at a time.
//!
//! Cells are selected, labelled by the keys of classes and painted with one.

mod bar;
mod cell;
mod sweep;

use std::ops::Range;

use egui::{Key, Modifiers, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use self::bar::{BarView, bar_ui};
use self::cell::{Cell, cell_ui, node_ui, tooltip_ui};
use self::sweep::{Sweep, Swept, class_of, sweep_input};
use super::lists::{self, ListKeys};
use super::sample_menu::SampleMenu;
use super::theme::Tokens;
use super::widgets;
use super::{Pencil, scroller};
use crate::state::{Action, Command, GridState, SelectMode, cells_across};
use crate::text::counted;

pub use self::cell::file_name;

/// Rows of cells above and below the screen that are made ready.
const PREFETCH_ROWS: usize = 3;

/// Drawing state of the grid.
#[derive(Debug, Default)]
pub struct GridView {
    /// Where a drag over cells began, in points from the top left of the whole list.
    drag_from: Option<(f32, f64)>,
    /// Cells that the drag covered when it was last looked at.
    dragged: Option<(Range<usize>, Range<usize>)>,
    /// The sweep that paints, from press to release.
    sweep: Option<Sweep>,
    bar: BarView,
    menu: SampleMenu,
    pub keys: ListKeys,
    caption: String,
}

impl GridView {
    /// Leaves a sweep that is under way: nothing of it is given.
    pub fn leave_sweep(&mut self) {
        self.sweep = None;
    }
}

/// Draws the grid and takes its input.
pub fn grid_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut GridView) {
    let Some(session) = &pencil.state.session else { return };
    let tokens = Tokens::of(ui);
    if session.labeller.is_on {
        bar_ui(ui, pencil, session, &mut view.bar);
    }
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, tokens.canvas);
    if session.shown.found.rows.is_empty() {
        widgets::no_samples_ui(ui, pencil, session);
        return;
    }

    let grid = session.grid;
    let rows = &session.shown.found.rows;
    let columns = cells_across(rect.width() - scroller::BAR_WIDTH, grid.cell_px);
    if columns != grid.columns || rect.height() != grid.viewport || grid.top_cell_pending.is_some() {
        pencil.actions.push(Action::GridLaidOut { columns, viewport: rect.height() });
        ui.ctx().request_repaint();
    }
    let row_height = grid.row_height();
    let lines = rows.len().div_ceil(columns);
    let id = ui.scope_id().with("grid");
    let response = ui.interact(rect, id, Sense::click_and_drag());
    response.widget_info(|| {
        WidgetInfo::labeled(
            egui::Role::Grid,
            true,
            format!("Thumbnails, {}", counted(rows.len() as u64, "sample")),
        )
    });
    let window =
        scroller::show(ui, id.with("bar"), rect, grid.position, lines, row_height, "Scroll the grid");
    if window.position != grid.position && grid.top_cell_pending.is_none() {
        pencil.actions.push(Action::GridScrolled { position: window.position });
    }
    if response.clicked_by(egui::PointerButton::Primary) || response.drag_started() {
        view.keys.use_by_click(&response);
    }
    zoom_input(ui, pencil, rect, grid);

    // What is left of the width goes between the cells, so that both sides align.
    let used = columns as f32 * grid.cell_px;
    let gap = ((window.rect.width() - used) / (columns + 1) as f32).max(GridState::GAP);
    let layout =
        Layout { columns, gap, cell: grid.cell_px, row_height, rect: window.rect, position: window.position };

    let edge_px = (grid.cell_px * ui.ctx().pixels_per_point()).round() as u32;
    let clip = ui.painter().with_clip_rect(window.rect);
    // Cells are widgets only while something reads them: hundreds of them cost milliseconds.
    let is_read = ui.ctx().accesskit_node_builder(id, |_| ()).is_some();
    let at = |pos: Pos2| layout.at(pos, rows.len());
    let pointer = ui.input(|input| input.pointer.latest_pos());
    let hovered = pointer.filter(|_| ui.rect_contains_pointer(window.rect)).and_then(at);
    let is_click = response.clicked_by(egui::PointerButton::Primary);
    let mut clicked = response.interact_pointer_pos().filter(|_| is_click).and_then(at);
    let is_painting = session.labeller.paint.is_some();
    let painted = session.labeller.paint.as_deref().zip(view.sweep.as_ref()).map(|(class, sweep)| Swept {
        gives: sweep.gives(),
        class: class_of(session, class),
        name: session.snapshot.labelling.classes().name(class),
    });
    let asks = response.secondary_clicked();
    let mut asked = response.interact_pointer_pos().filter(|_| asks).and_then(at);
    let mut caption = std::mem::take(&mut view.caption);
    for line in window.first..window.end {
        for column in 0..columns {
            let position = line * columns + column;
            let Some(sample) = rows.get(position).copied() else { break };
            let is_hovered = hovered == Some(position) && view.drag_from.is_none() && view.sweep.is_none();
            let cell = Cell { sample, rect: layout.cell_rect(position), edge_px, is_hovered };
            let swept = painted.filter(|_| view.sweep.as_ref().is_some_and(|sweep| sweep.contains(sample)));
            cell_ui(ui, &clip, pencil, session, &cell, swept, &mut caption);
            let node = is_read.then(|| node_ui(ui, session, &cell, window.rect, id));
            if node.as_ref().is_some_and(egui::Response::clicked) {
                view.keys.use_by_click(&response);
                clicked = Some(position);
            }
            if node.as_ref().is_some_and(egui::Response::secondary_clicked) {
                asked = Some(position);
            }
            if is_hovered {
                let node = node.unwrap_or_else(|| response.clone());
                node.on_hover_ui_at_pointer(|ui| tooltip_ui(ui, session, sample, position));
            }
        }
    }
    view.caption = caption;
    let modifiers = ui.input(|input| input.modifiers);
    match clicked {
        _ if is_painting => {}
        Some(position) => pencil.act(Action::Click { position, mode: mode(modifiers) }),
        // Beside the cells.
        None if is_click && !modifiers.command && !modifiers.shift => {
            pencil.act(Action::Run(Command::SelectNone));
        }
        None => {}
    }
    let ahead = window.end * columns..((window.end + PREFETCH_ROWS) * columns).min(rows.len());
    let behind = window.first.saturating_sub(PREFETCH_ROWS) * columns..window.first * columns;
    for position in ahead.chain(behind) {
        if let Some(sample) = rows.get(position) {
            pencil.pictures.prefetch_thumbnail(*sample, edge_px);
        }
    }

    if let Some((position, sample)) = asked.and_then(|position| Some((position, *rows.get(position)?)))
        && view.menu.ask(session, sample)
    {
        pencil.act(Action::Click { position, mode: SelectMode::Replace });
    }
    view.menu.show(pencil, session, &response);
    sweep_input(ui, pencil, view, session, &response, &layout, clicked);
    if is_painting {
        view.drag_from = None;
    } else {
        pointer_input(ui, pencil, view, &response, &layout, rows.len());
    }
    if view.keys.takes(ui, pencil, &response, rect) {
        key_input(ui, pencil, columns, ((rect.height() / row_height) as usize).max(1) * columns);
    }
}

/// Where cells are.
struct Layout {
    columns: usize,
    gap: f32,
    cell: f32,
    row_height: f32,
    rect: Rect,
    position: f64,
}

impl Layout {
    fn cell_rect(&self, position: usize) -> Rect {
        let (line, column) = (position / self.columns, position % self.columns);
        let x = self.rect.left() + self.gap + column as f32 * (self.cell + self.gap);
        let y = (line as f64 * f64::from(self.row_height) - self.position) as f32;
        let min = pos2(x, self.rect.top() + y + GridState::GAP / 2.0);
        Rect::from_min_size(min, vec2(self.cell, self.row_height - GridState::GAP))
    }

    /// Points from the top of the whole list of a place on screen, and the other way round.
    fn list_y(&self, screen_y: f32) -> f64 {
        f64::from(screen_y - self.rect.top()) + self.position
    }

    fn screen_y(&self, list_y: f64) -> f32 {
        self.rect.top() + (list_y - self.position) as f32
    }

    /// The position of the cell that is there.
    fn at(&self, pos: Pos2, count: usize) -> Option<usize> {
        let (mut lines, mut across) = self.covered(Rect::from_min_max(pos, pos), count);
        Some(lines.next()? * self.columns + across.next()?).filter(|position| *position < count)
    }

    /// The lines and columns of the cells that an area touches.
    fn covered(&self, area: Rect, count: usize) -> (Range<usize>, Range<usize>) {
        // Elements of a size, one every `step`, the first at 0; before the first end none.
        let touched = |from: f64, to: f64, size: f64, step: f64, count: usize| {
            let first = ((from - size) / step).ceil().max(0.0) as usize;
            let end = ((to / step).floor() + 1.0).max(0.0) as usize;
            first.min(count)..end.clamp(first.min(count), count)
        };
        let left = self.rect.left() + self.gap;
        let (from, to) = (f64::from(area.left() - left), f64::from(area.right() - left));
        let across = touched(from, to, self.cell.into(), (self.cell + self.gap).into(), self.columns);
        let top = self.position - f64::from(self.rect.top() + GridState::GAP / 2.0);
        let (from, to) = (f64::from(area.top()) + top, f64::from(area.bottom()) + top);
        let size = f64::from(self.row_height - GridState::GAP);
        let lines = touched(from, to, size, self.row_height.into(), count.div_ceil(self.columns));
        (lines, across)
    }
}

/// Ctrl and the wheel, or two fingers, change the size of cells.
pub(super) fn zoom_input(ui: &Ui, pencil: &mut Pencil<'_>, rect: Rect, grid: GridState) {
    if !ui.rect_contains_pointer(rect) {
        return;
    }
    let factor = ui.input(egui::InputState::zoom_delta);
    if factor != 1.0 {
        // Rounding to whole points must not swallow small steps.
        let wished = grid.cell_px * factor;
        let step =
            if factor > 1.0 { (grid.cell_px + 1.0).max(wished) } else { (grid.cell_px - 1.0).min(wished) };
        pencil.actions.push(Action::GridZoomed { cell_px: step });
    }
}

fn pointer_input(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    view: &mut GridView,
    response: &egui::Response,
    layout: &Layout,
    count: usize,
) {
    let modifiers = ui.input(|input| input.modifiers);
    if response.drag_started()
        && let Some(pos) = ui.input(|input| input.pointer.press_origin())
        && layout.rect.contains(pos)
    {
        view.drag_from = Some((pos.x, f64::from(pos.y - layout.rect.top()) + layout.position));
        view.dragged = None;
    }
    if let Some((from_x, from_y)) = view.drag_from
        && let Some(pos) = response.interact_pointer_pos()
    {
        let from = pos2(from_x, layout.rect.top() + (from_y - layout.position) as f32);
        // Near an edge the list moves along.
        let beyond = (pos.y - layout.rect.bottom()).max(0.0) - (layout.rect.top() - pos.y).max(0.0);
        if beyond != 0.0 {
            let position = layout.position + f64::from(beyond.clamp(-40.0, 40.0));
            pencil.actions.push(Action::GridScrolled { position: position.max(0.0) });
            ui.ctx().request_repaint();
        }
        let area = Rect::from_two_pos(from, pos);
        let painter = ui.painter().with_clip_rect(layout.rect);
        let tokens = Tokens::of(ui);
        painter.rect(
            area,
            0.0,
            tokens.accent.gamma_multiply(0.15),
            Stroke::new(1.0, tokens.accent),
            StrokeKind::Inside,
        );

        let covered = layout.covered(area, count);
        if view.dragged.as_ref() != Some(&covered) {
            let begins = view.dragged.is_none();
            let (lines, across) = covered.clone();
            view.dragged = Some(covered);
            let positions = lines
                .flat_map(|line| across.clone().map(move |column| line * layout.columns + column))
                .filter(|position| *position < count);
            let add = modifiers.command || modifiers.shift;
            pencil.actions.push(Action::SelectPositions { positions: positions.collect(), add, begins });
        }
    }
    // Let go, here or while there was nothing to draw.
    if !response.is_pointer_button_down_on() {
        view.drag_from = None;
    }
}

fn mode(modifiers: Modifiers) -> SelectMode {
    match (modifiers.command, modifiers.shift) {
        (false, false) => SelectMode::Replace,
        (true, false) => SelectMode::Toggle,
        (false, true) => SelectMode::Range,
        (true, true) => SelectMode::AddRange,
    }
}

fn key_input(ui: &Ui, pencil: &mut Pencil<'_>, columns: usize, page: usize) {
    let moves = [
        (Key::ArrowLeft, -1),
        (Key::ArrowRight, 1),
        (Key::ArrowUp, -(columns as isize)),
        (Key::ArrowDown, columns as isize),
        (Key::PageUp, -(page as isize)),
        (Key::PageDown, page as isize),
    ];
    for extend in [true, false] {
        for (key, by) in moves {
            // Each press by itself: at the end of the list one of them may move less.
            for _ in 0..lists::presses(ui, key, extend) {
                pencil.act(Action::MoveCursor { by, extend });
            }
        }
        for (key, end) in [(Key::Home, false), (Key::End, true)] {
            if lists::presses(ui, key, extend) > 0 {
                pencil.act(Action::MoveCursorTo { end, extend });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_drag_covers_the_cells_that_it_touches(
            count in 0usize..60,
            position in 0.0f64..900.0,
            from in (-20.0f32..420.0, -20.0f32..320.0),
            to in (-20.0f32..420.0, -20.0f32..320.0),
        ) {
            let rect = Rect::from_min_size(pos2(5.0, 9.0), vec2(400.0, 300.0));
            let layout = Layout { columns: 4, gap: 12.0, cell: 85.0, row_height: 110.0, rect, position };
            let area = Rect::from_two_pos(from.into(), to.into());
            let (lines, across) = layout.covered(area, count);
            for at in 0..count {
                let cell = layout.cell_rect(at);
                // Where they only just meet, rounding may say either.
                if cell.expand(0.01).intersects(area) != cell.shrink(0.01).intersects(area) {
                    continue;
                }
                prop_assert_eq!(layout.at(cell.center(), count), Some(at));
                prop_assert_eq!(layout.at(cell.left_center() - vec2(1.0, 0.0), count), None);
                let is_covered = lines.contains(&(at / 4)) && across.contains(&(at % 4));
                prop_assert_eq!(is_covered, cell.intersects(area), "{} {:?}", at, area);
            }
        }
    }
}
