//! The grid of thumbnails: any number of samples, a few cells at a time.

use std::ops::Range;

use egui::{
    Align2, Color32, CornerRadius, FontId, Key, Modifiers, Pos2, Rect, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};
use egui_material_icons::{MaterialIcon, icons};

use super::lists::{self, ListKeys};
use super::theme::{self, Tokens, size, space};
use super::widgets;
use super::{Pencil, scroller};
use crate::dataset::edit::Mark;
use crate::dataset::{IssueKind, NO_SPLIT, SampleId};
use crate::state::{Action, Command, GridState, SelectMode, Session, cells_across};
use crate::text::counted;

/// Rows of cells above and below the screen that are made ready.
const PREFETCH_ROWS: usize = 3;

/// Drawing state of the grid.
#[derive(Debug, Default)]
pub struct GridView {
    /// Where a drag over cells began, in points from the top left of the whole list.
    drag_from: Option<(f32, f64)>,
    /// Cells that the drag covered when it was last looked at.
    dragged: Option<(Range<usize>, Range<usize>)>,
    pub keys: ListKeys,
    caption: String,
}

/// Draws the grid and takes its input.
pub fn grid_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut GridView) {
    let Some(session) = &pencil.state.session else { return };
    let tokens = Tokens::of(ui);
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
    for line in window.first..window.end {
        for column in 0..columns {
            let position = line * columns + column;
            let Some(sample) = rows.get(position).copied() else { break };
            let is_hovered = hovered == Some(position) && view.drag_from.is_none();
            let cell = Cell { sample, rect: layout.cell_rect(position), edge_px, is_hovered };
            cell_ui(ui, &clip, pencil, session, view, &cell);
            let node = is_read.then(|| node_ui(ui, session, &cell, window.rect, id));
            if node.as_ref().is_some_and(egui::Response::clicked) {
                view.keys.use_by_click(&response);
                clicked = Some(position);
            }
            if is_hovered {
                let node = node.unwrap_or_else(|| response.clone());
                node.on_hover_ui_at_pointer(|ui| tooltip_ui(ui, session, sample, position));
            }
        }
    }
    let modifiers = ui.input(|input| input.modifiers);
    match clicked {
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

    pointer_input(ui, pencil, view, &response, &layout, rows.len());
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

struct Cell {
    sample: SampleId,
    rect: Rect,
    edge_px: u32,
    is_hovered: bool,
}

/// A cell as a screen reader finds it: by its path, to be clicked. It has no focus of its own: Tab
/// goes past the grid in one step, keys move the cursor. Drags go to the grid below.
fn node_ui(ui: &Ui, session: &Session, cell: &Cell, window: Rect, grid: egui::Id) -> egui::Response {
    let id = grid.with(("cell", cell.sample));
    let response = ui.interact(cell.rect.intersect(window), id, Sense::CLICK);
    let path = session.dataset().path(cell.sample);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::GridCell, true, path));
    let is_selected = session.selection.contains(cell.sample);
    let decision = widgets::decision_text(&session.snapshot, session.snapshot.decision(cell.sample));
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_selected(is_selected);
        if !decision.is_empty() {
            node.set_description(decision);
        }
    });
    if session.selection.cursor == Some(cell.sample) {
        ui.ctx().accesskit_node_builder(grid, |node| node.set_active_descendant(id.accesskit_id()));
    }
    response
}

fn cell_ui(
    ui: &Ui,
    painter: &egui::Painter,
    pencil: &mut Pencil<'_>,
    session: &Session,
    view: &mut GridView,
    cell: &Cell,
) {
    let tokens = Tokens::of(ui);
    let sample = cell.sample;
    let selected = session.selection.contains(sample);
    let is_cursor = session.selection.cursor == Some(sample);

    // Round corners of hundreds of small cells cost more than they show.
    let is_round = session.grid.cell_px >= GridState::CAPTION_FROM;
    let radius = if is_round { CornerRadius::same(space::RADIUS) } else { CornerRadius::ZERO };
    if selected {
        painter.rect_filled(cell.rect, radius, tokens.accent_soft);
    } else if cell.is_hovered {
        painter.rect_filled(cell.rect, radius, tokens.raised);
    }
    let picture = Rect::from_min_size(cell.rect.min, vec2(cell.rect.width(), session.grid.cell_px));
    let drawn = picture_ui(painter, pencil, session, cell, picture.shrink(3.0), tokens);
    marks_ui(painter, session, sample, drawn, tokens);
    if session.grid.cell_px >= GridState::CAPTION_FROM {
        let line = Rect::from_min_max(pos2(cell.rect.left(), picture.bottom()), cell.rect.max);
        caption_ui(painter, session, sample, line.shrink2(vec2(6.0, 0.0)), &mut view.caption, tokens);
    } else if let Some(class) = session.snapshot.labels().get(sample).first() {
        let bar = Rect::from_min_max(pos2(drawn.left(), drawn.bottom() - 3.0), drawn.max);
        painter.rect_filled(bar, 0.0, tokens.class(*class));
    }
    if selected {
        painter.rect_stroke(cell.rect, radius, Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
    } else if is_cursor {
        painter.rect_stroke(cell.rect, radius, Stroke::new(1.0, tokens.text_dim), StrokeKind::Inside);
    }
}

/// The picture, or what stands in its place; gives where it is. Pictures stand on their caption,
/// however wide and low they are.
fn picture_ui(
    painter: &egui::Painter,
    pencil: &mut Pencil<'_>,
    session: &Session,
    cell: &Cell,
    room: Rect,
    tokens: &Tokens,
) -> Rect {
    match pencil.pictures.thumbnail(cell.sample, cell.edge_px) {
        Some(thumb) if thumb.size.x > 0.0 && thumb.size.y > 0.0 => {
            let scale = (room.width() / thumb.size.x).min(room.height() / thumb.size.y);
            let drawn = Align2::CENTER_BOTTOM.align_size_within_rect(thumb.size * scale, room);
            let tint = widgets::verdict_tint(session.snapshot.decision(cell.sample).verdict);
            painter.image(thumb.texture, drawn, thumb.uv, tint);
            drawn
        }
        _ => {
            painter.rect_filled(room, 3, tokens.panel);
            let fact = session.snapshot.facts.get(cell.sample);
            if fact.measured && fact.width == 0 {
                broken_ui(painter, session.snapshot.issues(cell.sample), room, tokens);
            }
            room
        }
    }
}

/// Stands for a picture that cannot be shown, with the reason where there is room for it.
fn broken_ui(painter: &egui::Painter, issues: u16, room: Rect, tokens: &Tokens) {
    let icon = icons::ICON_BROKEN_IMAGE;
    let font = FontId::new((room.width() * 0.26).clamp(14.0, 32.0), icon.font_family());
    let told = |kind: &IssueKind| issues & kind.bit() != 0;
    let reason = IssueKind::ALL.into_iter().find(|kind| told(kind) && !kind.leaves_image());
    let reason = reason.or_else(|| IssueKind::ALL.into_iter().find(told));
    let (center, color) = (room.center(), tokens.error.gamma_multiply(0.8));
    match reason {
        Some(kind) if room.width() >= GridState::CAPTION_FROM => {
            painter.text(center - vec2(0.0, 9.0), Align2::CENTER_CENTER, icon.codepoint, font, color);
            let (at, font) = (center + vec2(0.0, 17.0), FontId::proportional(size::SMALL));
            let title = widgets::kind_title(kind);
            painter.text(at, Align2::CENTER_CENTER, title, font, tokens.text_dim);
        }
        _ => {
            painter.text(center, Align2::CENTER_CENTER, icon.codepoint, font, color);
        }
    }
}

/// The marks of the sample in the upper left corner of its picture, a fault of one that can be seen in
/// the right one, and under that whether it stays.
fn marks_ui(painter: &egui::Painter, session: &Session, sample: SampleId, drawn: Rect, tokens: &Tokens) {
    let marks = session.overlay.marks.get(sample as usize).copied().unwrap_or(0);
    let mut at = drawn.left_top() + vec2(11.0, 11.0);
    let badge =
        |icon: MaterialIcon, at: Pos2, color: Color32| widgets::badge(painter, icon, at, color, tokens);
    for (mark, icon, color) in
        [(Mark::Star, icons::ICON_STAR, tokens.warn), (Mark::Reviewed, icons::ICON_CHECK, tokens.ok)]
    {
        if marks & mark.bit() != 0 {
            badge(icon, at, color);
            at.x += 20.0;
        }
    }
    if let Some((icon, color)) = widgets::verdict_icon(session.snapshot.decision(sample).verdict, tokens) {
        badge(icon, drawn.right_bottom() - vec2(11.0, 11.0), color);
    }
    let fact = session.snapshot.facts.get(sample);
    let room_for_two = drawn.width() >= 44.0;
    if session.snapshot.issues(sample) != 0 && fact.width > 0 && room_for_two {
        badge(icons::ICON_PRIORITY_HIGH, drawn.right_top() + vec2(-11.0, 11.0), tokens.error);
    }
}

/// The classes with the colour of the first one; the file's name where there is none.
fn caption_ui(
    painter: &egui::Painter,
    session: &Session,
    sample: SampleId,
    line: Rect,
    caption: &mut String,
    tokens: &Tokens,
) {
    /// Width of the dot with its distance from the text.
    const DOT: f32 = 11.0;
    let dataset = session.dataset();
    let classes = session.snapshot.labels().get(sample);
    caption.clear();
    for class in classes {
        if !caption.is_empty() {
            caption.push_str(", ");
        }
        caption.push_str(session.snapshot.labels().classes.get(*class as usize).map_or("?", String::as_str));
    }
    let font = FontId::proportional(size::SMALL);
    let (text, dot) = match classes.is_empty() {
        true => {
            let name = file_name(dataset.path(sample));
            (widgets::elided_name(painter, name, tokens.text_dim, font, line.width()).0, 0.0)
        }
        false => (widgets::elided(painter, caption, tokens.text, font, line.width() - DOT), DOT),
    };
    let left = line.center().x - (text.size().x + dot) / 2.0;
    if let Some(class) = classes.first() {
        painter.circle_filled(pos2(left + 3.5, line.center().y), 3.5, tokens.class(*class));
    }
    painter.galley(pos2(left + dot, line.center().y - text.size().y / 2.0), text, tokens.text);
}

fn tooltip_ui(ui: &mut Ui, session: &Session, sample: SampleId, position: usize) {
    let dataset = session.dataset();
    let fact = session.snapshot.facts.get(sample);
    ui.label(egui::RichText::new(file_name(dataset.path(sample))).font(theme::bold(size::BODY)));
    ui.label(egui::RichText::new(dataset.path(sample)).weak().small());
    let mut line = String::new();
    for name in session.snapshot.labels().names(sample) {
        line.push_str(name);
        line.push_str(" · ");
    }
    if dataset.splits[sample as usize] != NO_SPLIT {
        line.push_str(dataset.split(sample).unwrap_or_default());
        line.push_str(" · ");
    }
    if fact.width > 0 {
        line.push_str(&format!("{} × {} · {} · ", fact.width, fact.height, fact.format.name()));
    }
    line.push_str(&crate::text::bytes_text(dataset.bytes[sample as usize]));
    ui.label(line);
    let issues = session.snapshot.issues(sample);
    if issues != 0 {
        let kinds = IssueKind::ALL.into_iter().filter(|kind| issues & kind.bit() != 0);
        let names: Vec<&str> = kinds.map(widgets::kind_title).collect();
        ui.colored_label(Tokens::of(ui).error, names.join(", "));
    }
    let decision = widgets::decision_text(&session.snapshot, session.snapshot.decision(sample));
    if !decision.is_empty() {
        ui.label(decision);
    }
    let row = crate::text::grouped(position as u64 + 1);
    ui.label(egui::RichText::new(format!("row {row}")).weak().small());
}

/// The last part of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
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
