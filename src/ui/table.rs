//! The rows of the view as a table: one line per sample, columns chosen by the person.
//!
//! Only the rows on screen are looked at, whatever their number. Which rows there are, what is
//! selected and which columns are shown is state; how wide columns are and how far the table is
//! scrolled sideways is drawing and stays here.

mod cell;
mod chooser;
mod header;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use egui::{Id, Key, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::lists::{self, ListKeys};
use super::sample_menu::SampleMenu;
use super::scroller::{self, Window};
use super::theme::Tokens;
use super::widgets;
use super::{Pencil, Pictures};
use crate::dataset::columns::{Column, ColumnKind, column};
use crate::dataset::{Dataset, ModelColumns};
use crate::state::layout::TABLE_ROW;
use crate::state::{Action, Command, SelectMode, Session};

/// Width of the picture at the start of a row, with its margin, in points.
const PICTURE: f32 = 36.0;
/// Space at either side of a cell's text, in points.
const PADDING: f32 = 8.0;
/// Height of the bar that scrolls sideways, in points.
const SIDE_BAR: f32 = 12.0;
/// The path gives up width down to this before the table scrolls sideways, in points.
const NARROWEST_PATH: f32 = 150.0;
/// Narrowest and widest that a column can be made, in points.
const WIDTHS: std::ops::RangeInclusive<f32> = 40.0..=2000.0;

/// How the table is drawn; nothing here changes what is shown.
#[derive(Debug, Default)]
pub struct TableView {
    /// Widths that a person gave, in points, by column name.
    widths: HashMap<String, f32>,
    /// Points that the table is scrolled to the right.
    side: f32,
    /// The columns shown, looked up once per dataset and choice.
    columns: Columns,
    /// Every column, while the chooser is open.
    choices: Vec<Column>,
    /// The row under a drag that selects.
    dragged_to: Option<usize>,
    /// Where a header that is dragged would be put down.
    drop_at: Option<usize>,
    menu: SampleMenu,
    pub keys: ListKeys,
    /// Text of one cell at a time.
    text: String,
}

#[derive(Debug, Default)]
struct Columns {
    dataset: Weak<Dataset>,
    /// The one that the columns of a model name.
    model: Option<Weak<ModelColumns>>,
    names: Vec<String>,
    shown: Vec<Column>,
}

impl Columns {
    fn refresh(&mut self, session: &Session) {
        let dataset = session.dataset();
        let model = session.snapshot.model.as_ref();
        let same_model = match (&self.model, model) {
            (Some(known), Some(model)) => std::ptr::eq(known.as_ptr(), Arc::as_ptr(model)),
            (known, model) => known.is_none() && model.is_none(),
        };
        let same = same_model && std::ptr::eq(self.dataset.as_ptr(), Arc::as_ptr(dataset));
        if same && self.names == session.table.columns {
            return;
        }
        self.dataset = Arc::downgrade(dataset);
        self.model = model.map(Arc::downgrade);
        self.names.clone_from(&session.table.columns);
        self.shown = self.names.iter().filter_map(|name| column(&session.snapshot, name)).collect();
        if self.shown.is_empty() {
            self.shown.extend(column(&session.snapshot, "path"));
        }
    }
}

/// Where things stand in this frame.
struct Frame {
    header: Rect,
    /// Where rows are, without the scroll bars.
    body: Rect,
    /// Left edge and width of each shown column, in points; left edges follow the sideways scroll.
    spans: Vec<(f32, f32)>,
}

/// Draws the table.
pub fn table_ui(ui: &mut Ui, pencil: &mut Pencil, view: &mut TableView) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    view.columns.refresh(session);
    let columns = std::mem::take(&mut view.columns);
    rows_ui(ui, pencil, view, session, &columns.shown);
    view.columns = columns;
}

fn rows_ui(ui: &mut Ui, pencil: &mut Pencil, view: &mut TableView, session: &Session, columns: &[Column]) {
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    if whole.width() < 40.0 || whole.height() < 2.0 * TABLE_ROW {
        return;
    }
    let id = ui.scope_id().with("table");
    let (frame, wanted) = lay_out(whole, columns, view);
    let rows = &session.shown.found.rows;

    // Below everything else, so that rows take clicks and this takes drags and the focus.
    let body = ui.interact(frame.body, id.with("body"), Sense::click_and_drag());
    body.widget_info(|| WidgetInfo::labeled(Role::Table, ui.is_enabled(), "Samples"));

    let bars = Rect::from_min_max(frame.body.min, pos2(whole.right(), frame.body.bottom()));
    let mut position = session.table.position;
    if body.dragged() {
        position += edge_scroll(ui, frame.body);
    }
    let window =
        scroller::show(ui, id.with("bar"), bars, position, rows.len(), TABLE_ROW, "Scroll the table");
    if window.position != session.table.position {
        pencil.act(Action::TableScrolled { position: window.position });
    }
    if (session.table.viewport - frame.body.height()).abs() > 0.5 {
        pencil.act(Action::TableLaidOut { viewport: frame.body.height() });
    }

    if rows.is_empty() {
        let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(frame.body));
        widgets::no_samples_ui(&mut inside, pencil, session);
    } else {
        drag_select(ui, pencil, view, session, &body, &window);
        for position in window.first..window.end {
            row_ui(ui, pencil, view, session, columns, &frame, &window, position, id, &body);
        }
        view.menu.show(pencil, session, &body);
        keys(ui, pencil, view, session, &body, whole);
    }
    header::header_ui(ui, pencil, view, session, columns, &frame, whole, id);
    side_scroll_ui(ui, view, &frame, wanted, whole, id);
}

/// Where everything goes, and how wide all columns together want to be.
fn lay_out(whole: Rect, columns: &[Column], view: &mut TableView) -> (Frame, f32) {
    let header = Rect::from_min_size(whole.min, vec2(whole.width(), TABLE_ROW + 2.0));
    let width = whole.width() - scroller::BAR_WIDTH;
    let mut widths: Vec<f32> = columns.iter().map(|column| width_of(column, view)).collect();
    let wanted = PICTURE + widths.iter().sum::<f32>();
    if let Some(at) = columns.iter().position(|column| is_flexible(column, view)) {
        widths[at] = (widths[at] + width - wanted).max(widths[at].min(NARROWEST_PATH));
    }
    let wanted = PICTURE + widths.iter().sum::<f32>();
    let overflows = wanted > width + 0.5;
    view.side = if overflows { view.side.clamp(0.0, wanted - width) } else { 0.0 };

    let bottom = if overflows { whole.bottom() - SIDE_BAR } else { whole.bottom() };
    let body = Rect::from_min_max(header.left_bottom(), pos2(whole.left() + width, bottom));
    let mut left = whole.left() + PICTURE - view.side;
    let spans = widths.into_iter().map(|width| {
        left += width;
        (left - width, width)
    });
    (Frame { header, body, spans: spans.collect() }, wanted)
}

fn width_of(column: &Column, view: &TableView) -> f32 {
    view.widths.get(&*column.name).copied().unwrap_or_else(|| {
        let title = column.title.chars().count() as f32 * 8.0 + 36.0;
        let usual = match (&*column.name, column.kind) {
            ("path", _) => 260.0,
            ("name", _) => 180.0,
            ("content", _) => 250.0,
            ("label" | "issues", _) => 130.0,
            (_, ColumnKind::Date) => 160.0,
            (_, ColumnKind::Number) => 84.0,
            (_, ColumnKind::Text) => 96.0,
        };
        title.clamp(usual, 240.0_f32.max(usual))
    })
}

/// Whether the column takes what is left over and gives what is lacking: the path, unless a person
/// set its width.
fn is_flexible(column: &Column, view: &TableView) -> bool {
    (column.is_path() || column.name == "name") && !view.widths.contains_key(&*column.name)
}

#[expect(clippy::too_many_arguments, reason = "what a row is drawn from, each once")]
fn row_ui(
    ui: &mut Ui,
    pencil: &mut Pencil,
    view: &mut TableView,
    session: &Session,
    columns: &[Column],
    frame: &Frame,
    window: &Window,
    position: usize,
    id: Id,
    body: &Response,
) {
    let tokens = Tokens::of(ui);
    let sample = session.shown.found.rows[position];
    let top = window.row_top(position, TABLE_ROW);
    let rect = Rect::from_min_size(pos2(frame.body.left(), top), vec2(frame.body.width(), TABLE_ROW));
    let selected = session.selection.contains(sample);
    let row_id = id.with(("row", position));
    // No focus of its own: Tab goes past the table in one step, keys move the cursor.
    let response = ui.interact(rect.intersect(frame.body), row_id, Sense::CLICK);
    response.widget_info(|| WidgetInfo::labeled(Role::Row, ui.is_enabled(), session.dataset().path(sample)));
    ui.ctx().accesskit_node_builder(row_id, |node| {
        node.set_selected(selected);
        node.set_row_index(position);
    });
    if session.selection.cursor == Some(sample) {
        ui.ctx().accesskit_node_builder(body.id, |node| node.set_active_descendant(row_id.accesskit_id()));
    }

    let painter = ui.painter_at(frame.body);
    if selected {
        painter.rect_filled(rect, 0.0, tokens.accent_soft);
    } else if response.hovered() {
        painter.rect_filled(rect, 0.0, tokens.raised.gamma_multiply(0.6));
    }
    if !selected {
        painter.hline(rect.x_range(), rect.bottom() - 0.5, (1.0, tokens.line.gamma_multiply(0.45)));
    }
    let edge = rect.left() - view.side;
    let picture = Rect::from_min_size(pos2(edge + 8.0, top + 2.0), vec2(TABLE_ROW - 4.0, TABLE_ROW - 4.0));
    picture_ui(ui, pencil.pictures, &painter, picture, sample);
    if session.selection.cursor == Some(sample) {
        let bar = Rect::from_min_size(rect.min, vec2(3.0, TABLE_ROW));
        painter.rect_filled(bar, 0.0, tokens.accent);
    }

    let pointer = response.hover_pos();
    let mut hidden = None;
    for (column, (left, width)) in columns.iter().zip(&frame.spans) {
        let cell = Rect::from_min_size(pos2(*left, top), vec2(*width, TABLE_ROW));
        if cell.right() < frame.body.left() || cell.left() > frame.body.right() {
            continue;
        }
        view.text.clear();
        column.write(&session.snapshot, sample, &mut view.text);
        let cut = cell::cell_ui(ui, &painter, cell, column, session, sample, &mut view.text);
        if cut && pointer.is_some_and(|pointer| cell.contains(pointer)) {
            hidden = Some(view.text.clone());
        }
    }
    let response = match hidden {
        Some(text) => response.on_hover_text_at_pointer(text),
        None => response,
    };
    if response.clicked() {
        view.keys.use_by_click(body);
        pencil.act(Action::Click { position, mode: click_mode(ui) });
    }
    if response.secondary_clicked() && view.menu.ask(session, sample) {
        pencil.act(Action::Click { position, mode: SelectMode::Replace });
    }
}

fn picture_ui(ui: &Ui, pictures: &mut dyn Pictures, painter: &egui::Painter, place: Rect, sample: u32) {
    let tokens = Tokens::of(ui);
    let edge_px = (place.height() * ui.pixels_per_point()).round() as u32;
    match pictures.thumbnail(sample, edge_px) {
        Some(thumb) if thumb.size.x > 0.0 && thumb.size.y > 0.0 => {
            let scale = (place.width() / thumb.size.x).min(place.height() / thumb.size.y);
            let rect = Rect::from_center_size(place.center(), thumb.size * scale);
            painter.image(thumb.texture, rect, thumb.uv, egui::Color32::WHITE);
        }
        _ => {
            painter.rect_filled(place, 2.0, tokens.raised);
        }
    }
}

fn click_mode(ui: &Ui) -> SelectMode {
    ui.input(|input| match (input.modifiers.shift, input.modifiers.command) {
        (false, false) => SelectMode::Replace,
        (false, true) => SelectMode::Toggle,
        (true, false) => SelectMode::Range,
        (true, true) => SelectMode::AddRange,
    })
}

/// The row at a height on screen, the nearest one where there is none.
fn row_at(window: &Window, rows: usize, y: f32) -> usize {
    let down = f64::from(y - window.rect.top()) + window.position;
    ((down / f64::from(TABLE_ROW)).floor().max(0.0) as usize).min(rows.saturating_sub(1))
}

/// Selects from the row where a drag began to the row under it.
fn drag_select(
    ui: &Ui,
    pencil: &mut Pencil,
    view: &mut TableView,
    session: &Session,
    body: &Response,
    window: &Window,
) {
    let rows = session.shown.found.rows.len();
    let keeps = ui.input(|input| input.modifiers.command);
    if body.drag_started_by(egui::PointerButton::Primary)
        && let Some(origin) = ui.input(|input| input.pointer.press_origin())
    {
        view.keys.use_by_click(body);
        let mode = click_mode(ui);
        let start = row_at(window, rows, origin.y);
        pencil.act(Action::Click { position: start, mode });
        view.dragged_to = Some(start);
    }
    if body.drag_stopped() {
        view.dragged_to = None;
    }
    if let (Some(last), Some(pointer)) = (view.dragged_to, body.interact_pointer_pos()) {
        let to = row_at(window, rows, pointer.y);
        if to != last {
            view.dragged_to = Some(to);
            let mode = if keeps { SelectMode::AddRange } else { SelectMode::Range };
            pencil.act(Action::Click { position: to, mode });
        }
    } else if body.clicked_by(egui::PointerButton::Primary) {
        // Below the last row: rows take their own clicks, and keys are no click.
        view.keys.use_by_click(body);
        pencil.act(Action::Run(Command::SelectNone));
    }
}

/// Points to scroll by in this frame while a drag goes past the top or the bottom.
fn edge_scroll(ui: &Ui, body: Rect) -> f64 {
    let (pointer, seconds) = ui.input(|input| (input.pointer.interact_pos(), input.stable_dt.min(0.1)));
    let Some(Pos2 { y, .. }) = pointer else { return 0.0 };
    let past = (y - body.bottom()).max(0.0) - (body.top() - y).max(0.0);
    if past != 0.0 {
        ui.ctx().request_repaint();
    }
    // The farther past the edge, the faster: a row's height away scrolls 15 rows in a second.
    f64::from(past * seconds * 15.0)
}

/// Takes the keys that move the cursor.
fn keys(ui: &Ui, pencil: &mut Pencil, view: &mut TableView, session: &Session, body: &Response, whole: Rect) {
    if !view.keys.takes(ui, pencil, body, whole) {
        return;
    }
    let page = ((session.table.viewport / TABLE_ROW).floor() as isize - 1).max(1);
    for extend in [true, false] {
        for (key, by) in
            [(Key::ArrowDown, 1), (Key::ArrowUp, -1), (Key::PageDown, page), (Key::PageUp, -page)]
        {
            let presses = lists::presses(ui, key, extend);
            if presses > 0 {
                pencil.act(Action::MoveCursor { by: by * presses, extend });
            }
        }
        for (key, end) in [(Key::Home, false), (Key::End, true)] {
            if lists::presses(ui, key, extend) > 0 {
                pencil.act(Action::MoveCursorTo { end, extend });
            }
        }
    }
    for (key, by) in [(Key::ArrowLeft, -60.0), (Key::ArrowRight, 60.0)] {
        // Clamped when things are laid out.
        view.side += by * lists::presses(ui, key, false) as f32;
    }
}

/// Scrolls sideways by wheel, and by a bar where the columns do not fit.
fn side_scroll_ui(ui: &Ui, view: &mut TableView, frame: &Frame, wanted: f32, whole: Rect, id: Id) {
    let width = frame.body.width();
    let farthest = wanted - width;
    if farthest <= 0.5 {
        return;
    }
    if ui.rect_contains_pointer(whole) {
        let wheel =
            ui.input(|input| if input.modifiers.command { 0.0 } else { input.smooth_scroll_delta().x });
        if wheel != 0.0 {
            view.side -= wheel;
            ui.ctx().request_repaint();
        }
    }
    let track = Rect::from_min_max(
        pos2(frame.body.left() + 2.0, frame.body.bottom() + 2.0),
        pos2(frame.body.right() - 2.0, whole.bottom() - 2.0),
    );
    let response = ui.interact(track, id.with("side"), Sense::DRAG);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ScrollBar, ui.is_enabled(), "Scroll the table sideways");
        info.value = Some(f64::from(view.side / farthest));
        info
    });
    let length = (track.width() * width / wanted).max(28.0).min(track.width());
    let travel = (track.width() - length).max(1.0);
    view.side = (view.side + response.drag_delta().x * farthest / travel).clamp(0.0, farthest);
    let tokens = Tokens::of(ui);
    let left = track.left() + travel * view.side / farthest;
    let handle = Rect::from_min_size(pos2(left, track.top()), vec2(length, track.height()));
    let color = if response.hovered() || response.dragged() { tokens.text_dim } else { tokens.line };
    ui.painter().rect_filled(handle, track.height() / 2.0, color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_on_screen_is_a_row() {
        let rect = Rect::from_min_size(pos2(0.0, 100.0), vec2(50.0, 260.0));
        for (position, rows, y, row) in [
            (0.0, 100, 100.0, 0),
            (0.0, 100, 126.0, 1),
            (13.0, 100, 100.0, 0),
            (13.0, 100, 113.0, 1),
            (0.0, 100, 0.0, 0),
            (0.0, 3, 400.0, 2),
            (26.0 * 2_999_000.0, 3_000_000, 100.0, 2_999_000),
        ] {
            let window = scroller::window(position, rows, TABLE_ROW, rect);
            assert_eq!(row_at(&window, rows, y), row, "{position} {y}");
        }
    }
}
