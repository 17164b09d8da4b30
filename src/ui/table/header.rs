//! The headings: a click sorts, a drag moves the column, a drag on the border resizes it.

use egui::{Align, CursorIcon, FontId, Id, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::{ICON_ARROW_DOWNWARD, ICON_ARROW_UPWARD};

use super::{Frame, PADDING, TableView, WIDTHS, chooser};
use crate::dataset::columns::Column;
use crate::dataset::edit::{Direction, View};
use crate::state::{Action, Session};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, bold, size};
use crate::ui::widgets::elided;

/// Width of the button at the end of the headings, in points.
const CHOOSER: f32 = 32.0;
/// Width of the strip on a border that resizes, in points.
const GRIP: f32 = 8.0;

#[expect(clippy::too_many_arguments, reason = "what the headings are drawn from, each once")]
pub(super) fn header_ui(
    ui: &mut Ui,
    pencil: &mut Pencil,
    view: &mut TableView,
    session: &Session,
    columns: &[Column],
    frame: &Frame,
    whole: Rect,
    id: Id,
) {
    let tokens = Tokens::of(ui);
    ui.painter().rect_filled(frame.header, 0.0, tokens.panel);
    ui.painter().hline(frame.header.x_range(), frame.header.bottom() - 0.5, (1.0, tokens.line));

    let button = Rect::from_min_max(pos2(whole.right() - CHOOSER, whole.top()), frame.header.right_bottom());
    let strip = Rect::from_min_max(frame.header.min, pos2(button.left(), frame.header.bottom()));
    for (at, (column, span)) in columns.iter().zip(&frame.spans).enumerate() {
        let rect = Rect::from_min_size(pos2(span.0, strip.top()), vec2(span.1, strip.height()));
        if rect.right() < strip.left() || rect.left() > strip.right() {
            continue;
        }
        let response = heading_ui(ui, session, column, rect, strip, id.with(("heading", &*column.name)));
        if response.clicked() {
            pencil.act(sorted_by(column, &session.overlay.view));
        }
        move_by_drag(ui, pencil, view, columns, frame, at, &response);
        heading_menu(pencil, columns, at, &response);
    }
    // After the headings, so that borders are above them.
    for (column, span) in columns.iter().zip(&frame.spans) {
        let border = span.0 + span.1;
        if border < strip.left() || border > strip.right() {
            continue;
        }
        grip_ui(ui, view, column, span.1, border, strip, id);
    }
    if let Some(at) = view.drop_at {
        let x = frame.spans.get(at).map_or_else(|| end_of(frame), |span| span.0);
        ui.painter_at(whole).vline(x, frame.header.top()..=frame.body.bottom(), (2.0, tokens.accent));
    }
    chooser::chooser_ui(ui, pencil, view, session, button);
}

fn end_of(frame: &Frame) -> f32 {
    frame.spans.last().map_or(frame.body.left(), |span| span.0 + span.1)
}

fn heading_ui(ui: &Ui, session: &Session, column: &Column, rect: Rect, strip: Rect, id: Id) -> Response {
    let tokens = Tokens::of(ui);
    let response = ui.interact(rect.intersect(strip), id, Sense::click_and_drag());
    let name = format!("Sort by {}", column.title);
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, ui.is_enabled(), &name));
    let sort = &session.overlay.view;
    let sorted = (sort.sort == column.name).then_some(sort.direction);
    ui.ctx().accesskit_node_builder(id, |node| match sorted {
        Some(Direction::Ascending) => node.set_sort_direction(egui::accesskit::SortDirection::Ascending),
        Some(Direction::Descending) => node.set_sort_direction(egui::accesskit::SortDirection::Descending),
        None => {}
    });

    let painter = ui.painter_at(rect.intersect(strip));
    if response.hovered() || response.dragged() {
        painter.rect_filled(rect, 0.0, tokens.raised);
    }
    if response.has_focus() {
        painter.rect_stroke(rect.shrink(1.0), 2.0, (1.0, tokens.accent), egui::StrokeKind::Inside);
    }
    let arrow_room = if sorted.is_some() { 16.0 } else { 0.0 };
    let room = rect.width() - 2.0 * PADDING - arrow_room;
    let color = if sorted.is_some() { tokens.text } else { tokens.text_dim };
    let title = elided(&painter, &column.title, color, bold(size::SMALL), room);
    let unit = if column.unit.eq_ignore_ascii_case(&column.title) { "" } else { column.unit };
    let unit = elided(
        &painter,
        unit,
        tokens.text_dim,
        FontId::proportional(size::SMALL),
        room - title.size().x - 4.0,
    );
    let unit_width = if unit.size().x > 0.0 { unit.size().x + 4.0 } else { 0.0 };
    let width = title.size().x + unit_width;
    let left = match align_of(column) {
        Align::Max => rect.right() - PADDING - width,
        _ => rect.left() + PADDING,
    };
    let baseline = rect.center().y - title.size().y / 2.0;
    let (title_width, cut) = (title.size().x, title.elided);
    painter.galley(pos2(left, baseline), title, color);
    painter.galley(pos2(left + title_width + 4.0, baseline), unit, tokens.text_dim);
    if let Some(direction) = sorted {
        let icon = match direction {
            Direction::Ascending => ICON_ARROW_UPWARD,
            Direction::Descending => ICON_ARROW_DOWNWARD,
        };
        // On the side where the text does not stand.
        let x = match align_of(column) {
            Align::Max => left - 9.0,
            _ => left + width + 9.0,
        };
        let font = FontId::new(12.0, icon.font_family());
        let center = pos2(x, rect.center().y);
        painter.text(center, egui::Align2::CENTER_CENTER, icon.codepoint, font, tokens.accent);
    }
    let about = if cut { format!("{}: {}", column.title, column.about) } else { column.about.to_string() };
    response.on_hover_text(about)
}

fn align_of(column: &Column) -> Align {
    if column.is_right_aligned() { Align::Max } else { Align::Min }
}

/// Sorts by the column, or the other way round where the view is sorted by it.
fn sorted_by(column: &Column, view: &View) -> Action {
    let direction = match (view.sort == column.name, view.direction) {
        (true, Direction::Ascending) => Direction::Descending,
        _ => Direction::Ascending,
    };
    Action::SetSort { column: column.name.to_string(), direction }
}

fn move_by_drag(
    ui: &Ui,
    pencil: &mut Pencil,
    view: &mut TableView,
    columns: &[Column],
    frame: &Frame,
    at: usize,
    response: &Response,
) {
    if response.dragged_by(egui::PointerButton::Primary)
        && let Some(pointer) = response.interact_pointer_pos()
    {
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        let before = frame.spans.iter().position(|span| pointer.x < span.0 + span.1 / 2.0);
        view.drop_at = Some(before.unwrap_or(frame.spans.len()));
    }
    if response.drag_stopped()
        && let Some(to) = view.drop_at.take()
    {
        let names = moved(columns, at, to);
        if names.iter().zip(columns).any(|(name, column)| *name != column.name) {
            pencil.act(Action::TableColumns(names));
        }
    }
}

/// The names with the column `at` put before what now is column `to`.
fn moved(columns: &[Column], at: usize, to: usize) -> Vec<String> {
    let mut names: Vec<String> = columns.iter().map(|column| column.name.to_string()).collect();
    let name = names.remove(at);
    let to = if to > at { to - 1 } else { to };
    names.insert(to.min(names.len()), name);
    names
}

fn heading_menu(pencil: &mut Pencil, columns: &[Column], at: usize, response: &Response) {
    let column = &columns[at];
    response.context_menu(|ui| {
        for (text, direction) in
            [("Sort ascending", Direction::Ascending), ("Sort descending", Direction::Descending)]
        {
            if ui.button(text).clicked() {
                pencil.act(Action::SetSort { column: column.name.to_string(), direction });
            }
        }
        ui.separator();
        let last = columns.len() - 1;
        for (text, possible, to) in
            [("Move left", at > 0, at.saturating_sub(1)), ("Move right", at < last, at + 2)]
        {
            if ui.add_enabled(possible, egui::Button::new(text)).clicked() {
                pencil.act(Action::TableColumns(moved(columns, at, to)));
            }
        }
        let hide = egui::Button::new("Hide this column");
        if ui.add_enabled(columns.len() > 1, hide).clicked() {
            let mut names = moved(columns, at, at);
            names.remove(at);
            pencil.act(Action::TableColumns(names));
        }
    });
}

fn grip_ui(ui: &Ui, view: &mut TableView, column: &Column, width: f32, border: f32, strip: Rect, id: Id) {
    let tokens = Tokens::of(ui);
    let grip = Rect::from_center_size(pos2(border, strip.center().y), vec2(GRIP, strip.height()));
    let response =
        ui.interact(grip.intersect(strip), id.with(("grip", &*column.name)), Sense::DRAG | Sense::CLICK);
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Splitter, ui.is_enabled(), format!("Resize {}", column.title))
    });
    if response.dragged() {
        let width = (width + response.drag_delta().x).clamp(*WIDTHS.start(), *WIDTHS.end());
        view.widths.insert(column.name.to_string(), width);
    }
    if response.double_clicked() {
        view.widths.remove(&*column.name);
    }
    let color = if response.hovered() || response.dragged() { tokens.accent } else { tokens.line };
    ui.painter_at(strip).vline(border, strip.shrink2(vec2(0.0, 6.0)).y_range(), (1.0, color));
    response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::columns::COLUMNS;

    #[test]
    fn a_column_is_put_before_another() {
        for (at, to, expected) in [
            (0, 0, ["path", "name", "label"]),
            (0, 1, ["path", "name", "label"]),
            (0, 2, ["name", "path", "label"]),
            (0, 3, ["name", "label", "path"]),
            (2, 0, ["label", "path", "name"]),
            (1, 9, ["path", "label", "name"]),
        ] {
            assert_eq!(moved(&COLUMNS[..3], at, to), expected, "{at} {to}");
        }
    }
}
