//! The grid of thumbnails: any number of samples, a few cells at a time.

use egui::{
    Align2, Color32, CornerRadius, FontId, Key, Modifiers, Pos2, Rect, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::theme::{self, Tokens, size, space};
use super::{Pencil, scroller};
use crate::dataset::edit::Mark;
use crate::dataset::{NO_SPLIT, SampleId};
use crate::state::{Action, Command, GridState, SelectMode, Session, cells_across};

/// Rows of cells above and below the screen that are made ready.
const PREFETCH_ROWS: usize = 3;

/// Drawing state of the grid.
#[derive(Debug, Default)]
pub struct GridView {
    /// Where a drag over cells began, in points from the top left of the whole list.
    drag_from: Option<(f32, f64)>,
    /// Cells that the drag covered when it was last looked at.
    dragged: Option<(usize, usize, usize, usize)>,
    caption: String,
}

/// Draws the grid and takes its input.
pub fn grid_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut GridView) {
    let Some(session) = &pencil.state.session else { return };
    let tokens = Tokens::of(ui);
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, tokens.canvas);
    if session.shown.rows.is_empty() {
        empty_ui(ui, pencil, session);
        return;
    }

    let grid = session.grid;
    let rows = &session.shown.rows;
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
        WidgetInfo::labeled(egui::Role::Grid, true, format!("Thumbnails, {} samples", rows.len()))
    });
    let window =
        scroller::show(ui, id.with("bar"), rect, grid.position, lines, row_height, "Scroll the grid");
    if window.position != grid.position && grid.top_cell_pending.is_none() {
        pencil.actions.push(Action::GridScrolled { position: window.position });
    }
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    zoom_input(ui, pencil, rect, grid);

    // What is left of the width goes between the cells, so that both sides align.
    let used = columns as f32 * grid.cell_px;
    let gap = ((window.rect.width() - used) / (columns + 1) as f32).max(GridState::GAP);
    let layout =
        Layout { columns, gap, cell: grid.cell_px, row_height, rect: window.rect, position: window.position };

    let edge_px = (grid.cell_px * ui.ctx().pixels_per_point()).round() as u32;
    let clip = ui.painter().with_clip_rect(window.rect);
    let pointer = ui.input(|input| input.pointer.hover_pos()).filter(|pos| window.rect.contains(*pos));
    let hovered = pointer.and_then(|pos| layout.cell_at(pos, rows.len()));
    for line in window.first..window.end {
        for column in 0..columns {
            let position = line * columns + column;
            let Some(sample) = rows.get(position).copied() else { break };
            let cell = layout.cell_rect(position);
            cell_ui(
                ui,
                &clip,
                pencil,
                session,
                view,
                Cell { sample, position, rect: cell, edge_px, hovered: hovered == Some(position) },
            );
        }
    }
    let ahead = window.end * columns..((window.end + PREFETCH_ROWS) * columns).min(rows.len());
    let behind = window.first.saturating_sub(PREFETCH_ROWS) * columns..window.first * columns;
    for position in ahead.chain(behind) {
        if let Some(sample) = rows.get(position) {
            pencil.pictures.prefetch_thumbnail(*sample, edge_px);
        }
    }

    pointer_input(ui, pencil, view, &response, &layout, rows.len());
    let nothing_focused = pencil.state.dialog.is_none() && ui.memory(|memory| memory.focused().is_none());
    if response.has_focus() || nothing_focused {
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

    fn cell_at(&self, pos: Pos2, count: usize) -> Option<usize> {
        let line =
            ((f64::from(pos.y - self.rect.top()) + self.position) / f64::from(self.row_height)).floor();
        let column = ((pos.x - self.rect.left() - self.gap) / (self.cell + self.gap)).floor();
        if line < 0.0 || column < 0.0 || column as usize >= self.columns {
            return None;
        }
        let position = line as usize * self.columns + column as usize;
        (position < count && self.cell_rect(position).contains(pos)).then_some(position)
    }
}

struct Cell {
    sample: SampleId,
    position: usize,
    rect: Rect,
    edge_px: u32,
    hovered: bool,
}

fn cell_ui(
    ui: &Ui,
    painter: &egui::Painter,
    pencil: &mut Pencil<'_>,
    session: &Session,
    view: &mut GridView,
    cell: Cell,
) {
    let tokens = Tokens::of(ui);
    let dataset = session.dataset();
    let sample = cell.sample;
    let picture = Rect::from_min_size(cell.rect.min, vec2(cell.rect.width(), session.grid.cell_px));
    let selected = session.selection.contains(sample);
    let radius = CornerRadius::same(4);
    let background = if selected {
        tokens.accent_soft
    } else if cell.hovered {
        tokens.raised_hover
    } else {
        tokens.panel
    };
    painter.rect_filled(cell.rect, radius, background);

    let fact = session.snapshot.facts.get(sample);
    match pencil.pictures.thumbnail(sample, cell.edge_px) {
        Some(thumb) => {
            let room = picture.shrink(2.0);
            let scale = (room.width() / thumb.size.x).min(room.height() / thumb.size.y);
            let drawn = Rect::from_center_size(room.center(), thumb.size * scale);
            painter.image(thumb.texture, drawn, thumb.uv, Color32::WHITE);
        }
        None if fact.measured && fact.width == 0 => {
            let icon = FontId::proportional((session.grid.cell_px * 0.3).clamp(14.0, 40.0));
            let glyph = egui_material_icons::icons::ICON_BROKEN_IMAGE.codepoint;
            painter.text(picture.center(), Align2::CENTER_CENTER, glyph, icon, tokens.error);
        }
        None => {}
    }
    if session.snapshot.issues(sample) != 0 && session.grid.cell_px >= 48.0 {
        painter.circle_filled(picture.right_top() + vec2(-8.0, 8.0), 4.0, tokens.error);
    }
    if session.overlay.marks.get(sample as usize).is_some_and(|marks| marks & Mark::Star.bit() != 0) {
        let glyph = egui_material_icons::icons::ICON_STAR.codepoint;
        let at = picture.left_top() + vec2(10.0, 10.0);
        painter.circle_filled(at, 8.0, tokens.canvas.gamma_multiply(0.75));
        painter.text(at, Align2::CENTER_CENTER, glyph, FontId::proportional(13.0), tokens.warn);
    }

    let labels = dataset.labels.get(sample);
    if session.grid.cell_px >= GridState::CAPTION_FROM {
        let line = Rect::from_min_max(pos2(cell.rect.left(), picture.bottom()), cell.rect.max);
        view.caption.clear();
        for class in labels {
            if !view.caption.is_empty() {
                view.caption.push_str(", ");
            }
            view.caption.push_str(&dataset.labels.classes[*class as usize]);
        }
        let (text, color) = if labels.is_empty() {
            (file_name(dataset.path(sample)), tokens.text_dim)
        } else {
            (view.caption.as_str(), tokens.text)
        };
        let mut left = line.left() + 6.0;
        if let Some(class) = labels.first() {
            painter.circle_filled(pos2(left + 3.0, line.center().y), 3.5, tokens.class(*class));
            left += 12.0;
        }
        let text = fitted(ui, text, size::SMALL, line.right() - left - 4.0, color);
        painter.galley(pos2(left, line.center().y - text.size().y / 2.0), text, color);
    } else if let Some(class) = labels.first() {
        let bar = Rect::from_min_max(pos2(picture.left(), picture.bottom() - 3.0), picture.max);
        painter.rect_filled(bar, 0.0, tokens.class(*class));
    }
    if selected {
        painter.rect_stroke(cell.rect, radius, Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
    } else if session.selection.cursor == Some(sample) {
        painter.rect_stroke(cell.rect, radius, Stroke::new(1.0, tokens.text_dim), StrokeKind::Inside);
    }

    // What a screen reader sees: a cell by its name. Input is taken by the whole grid.
    let id = ui.scope_id().with(("cell", sample));
    let response = ui.interact(cell.rect.intersect(painter.clip_rect()), id, Sense::hover());
    response.widget_info(|| WidgetInfo::selected(egui::Role::GridCell, true, selected, dataset.path(sample)));
    if cell.hovered {
        response.on_hover_ui_at_pointer(|ui| tooltip_ui(ui, session, sample, cell.position));
    }
}

fn tooltip_ui(ui: &mut Ui, session: &Session, sample: SampleId, position: usize) {
    let dataset = session.dataset();
    let fact = session.snapshot.facts.get(sample);
    ui.label(egui::RichText::new(file_name(dataset.path(sample))).font(theme::bold(size::BODY)));
    ui.label(egui::RichText::new(dataset.path(sample)).weak().small());
    let mut line = String::new();
    for name in dataset.labels.names(sample) {
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
        let kinds = crate::dataset::IssueKind::ALL.into_iter().filter(|kind| issues & kind.bit() != 0);
        let names: Vec<&str> = kinds.map(crate::dataset::IssueKind::name).collect();
        ui.colored_label(Tokens::of(ui).error, names.join(", "));
    }
    let row = crate::text::grouped(position as u64 + 1);
    ui.label(egui::RichText::new(format!("row {row}")).weak().small());
}

/// The last part of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A line of text cut to a width with an ellipsis.
pub fn fitted(ui: &Ui, text: &str, points: f32, width: f32, color: Color32) -> std::sync::Arc<egui::Galley> {
    let mut job =
        egui::text::LayoutJob::simple_singleline(text.to_owned(), FontId::proportional(points), color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(8.0));
    ui.ctx().fonts_mut(|fonts| fonts.layout_job(job))
}

fn zoom_input(ui: &Ui, pencil: &mut Pencil<'_>, rect: Rect, grid: GridState) {
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
    if response.clicked()
        && let Some(pos) = response.interact_pointer_pos()
    {
        match layout.cell_at(pos, count) {
            Some(position) => pencil.actions.push(Action::Click { position, mode: mode(modifiers) }),
            None if !modifiers.command && !modifiers.shift => {
                pencil.actions.push(Action::Run(Command::SelectNone))
            }
            None => {}
        }
    }
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

        let line = |y: f32| {
            (f64::from(y - layout.rect.top()) + layout.position).max(0.0) / f64::from(layout.row_height)
        };
        let column = |x: f32| {
            ((x - layout.rect.left() - layout.gap) / (layout.cell + layout.gap)).floor().max(0.0) as usize
        };
        let lines =
            (line(area.top()) as usize, (line(area.bottom()) as usize).min(count.div_ceil(layout.columns)));
        let across = (column(area.left()), column(area.right()).min(layout.columns - 1));
        let covered = (lines.0, lines.1, across.0, across.1);
        if view.dragged != Some(covered) {
            let begins = view.dragged.is_none();
            view.dragged = Some(covered);
            let positions = (lines.0..=lines.1)
                .flat_map(|line| (across.0..=across.1).map(move |column| line * layout.columns + column))
                .filter(|position| *position < count)
                .filter(|position| layout.cell_rect(*position).intersects(area));
            let add = modifiers.command || modifiers.shift;
            pencil.actions.push(Action::SelectPositions { positions: positions.collect(), add, begins });
        }
    }
    if response.drag_stopped() {
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
    ui.input_mut(|input| {
        let extend = input.modifiers.shift;
        let held = if extend { Modifiers::SHIFT } else { Modifiers::NONE };
        for (key, by) in moves {
            for _ in 0..input.count_and_consume_key(held, key) {
                pencil.actions.push(Action::MoveCursor { by, extend });
            }
        }
        for (key, end) in [(Key::Home, false), (Key::End, true)] {
            if input.consume_key(held, key) {
                pencil.actions.push(Action::MoveCursorTo { end, extend });
            }
        }
    });
}

fn empty_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    if session.shown.answered != session.shown.asked {
        return;
    }
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.35);
        if let Some(error) = &session.shown.error {
            ui.label(egui::RichText::new("This filter cannot be read").heading());
            ui.label(egui::RichText::new(&session.overlay.view.filter).monospace());
            ui.colored_label(Tokens::of(ui).error, &error.message);
            ui.add_space(space::S);
            if ui.button("Clear the filter").clicked() {
                pencil.act(Action::Run(Command::ClearFilter));
            }
        } else if session.overlay.view.filter.is_empty() {
            ui.label(egui::RichText::new("No samples").heading());
            ui.label("The source has no samples any more. Rescan it, or open another one.");
        } else {
            ui.label(egui::RichText::new("No sample fits this filter").heading());
            ui.label(egui::RichText::new(&session.overlay.view.filter).monospace());
            ui.add_space(space::S);
            if ui.button("Clear the filter").clicked() {
                pencil.act(Action::Run(Command::ClearFilter));
            }
        }
    });
}
