//! The classes in their order, a line each: of thousands only those on screen are drawn.

use egui::{
    Align2, Color32, CornerRadius, FontId, Rect, Role, Sense, StrokeKind, TextEdit, Ui, WidgetInfo, pos2,
    vec2,
};
use egui_material_icons::icons;

use super::{ClassesView, Desk};
use crate::state::labelling::classes::{ClassLine, ClassTable, Doing};
use crate::state::layout::reveal;
use crate::text::{counted, grouped};
use crate::ui::dialogs::dim;
use crate::ui::scroller::{self, Window};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::elided;

/// Height of a line, in points.
const ROW: f32 = space::ROW;
/// Lines that are on screen at once, at most.
const VISIBLE: f32 = 12.0;
/// How far a line stands to the right of the one that it is under, in points.
const INDENT: f32 = 16.0;
/// Where the colour, the key and the name of a line begin, in points.
const COLOUR: f32 = 18.0;
const KEY: f32 = 40.0;
const NAME: f32 = 68.0;
/// Width of the counts and of where a class is from, in points.
const COUNT: f32 = 96.0;
const ORIGIN: f32 = 84.0;

pub(super) fn list_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, listed: &[usize]) {
    // What is asked and what is gone stand under the list, on screen as well.
    let asked = match desk.draft.doing {
        Doing::Nothing => 0.0,
        Doing::Renaming { .. } | Doing::Keying => 100.0,
        Doing::Merging { .. } | Doing::Removing { .. } | Doing::Splitting { .. } => 220.0,
        Doing::Colouring => 300.0,
    };
    let gone = if desk.classes().gone().next().is_some() { 150.0 } else { 0.0 };
    let room = ui.ctx().content_rect().height() - 320.0 - asked - gone;
    let room = room.clamp(3.0 * ROW, VISIBLE * ROW);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), room), Sense::hover());
    let tokens = Tokens::of(ui);
    ui.painter().rect(rect, space::RADIUS, tokens.field, (1.0, tokens.line), StrokeKind::Inside);
    let inner = rect.shrink(1.0);
    if listed.is_empty() {
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(inner.shrink(space::S)));
        let text = match desk.draft.search.trim() {
            "" => "There is no class yet. Type the name of the first one above.".to_owned(),
            search => format!("No class has “{search}” in its name."),
        };
        dim(&mut ui, text);
        return;
    }
    if std::mem::take(&mut view.reveals)
        && let Some(at) = super::cursor(desk, &view.table)
        && let Some(place) = listed.iter().position(|one| *one == at)
    {
        view.position = reveal(view.position, place, ROW, inner.height());
    }
    let id = ui.scope_id().with("classes");
    let window = scroller::show(ui, id, inner, view.position, listed.len(), ROW, "Scroll the classes");
    view.position = window.position;
    // Words that are found stand by themselves, without those above them.
    let is_tree = desk.draft.search.trim().is_empty();
    for place in window.first..window.end {
        line_ui(ui, desk, view, listed, place, &window, is_tree);
    }
    if is_tree {
        drag_ui(ui, desk, view, &window);
    } else {
        view.dragged = None;
    }
}

/// Draws a line, and takes what is done with it.
fn line_ui(
    ui: &mut Ui,
    desk: &mut Desk<'_, '_, '_>,
    view: &mut ClassesView,
    listed: &[usize],
    place: usize,
    window: &Window,
    is_tree: bool,
) {
    let at = listed[place];
    let Some(line) = view.table.lines.get(at).cloned() else { return };
    let tokens = Tokens::of(ui);
    let top = window.row_top(place, ROW);
    let rect = Rect::from_min_size(pos2(window.rect.left(), top), vec2(window.rect.width(), ROW));
    let id = ui.scope_id().with(("class", &line.key));
    let is_chosen = desk.draft.chosen.contains(&line.key);
    let response = ui.interact(rect.intersect(window.rect), id, Sense::click_and_drag());
    response
        .widget_info(|| WidgetInfo::selected(Role::ListItem, ui.is_enabled(), is_chosen, spoken(&line, at)));
    let painter = ui.painter_at(window.rect);
    let fill = match (is_chosen, response.hovered()) {
        (true, _) => tokens.accent_soft,
        (_, true) => tokens.raised,
        _ => Color32::TRANSPARENT,
    };
    painter.rect_filled(rect, CornerRadius::ZERO, fill);
    if desk.draft.cursor.as_ref() == Some(&line.key) {
        painter.rect_stroke(
            rect,
            CornerRadius::ZERO,
            (1.0, tokens.accent.gamma_multiply(0.6)),
            StrokeKind::Inside,
        );
    }
    if response.clicked() {
        click(ui, desk, view, listed, place);
    }
    if response.double_clicked() {
        super::begin_rename(desk, &view.table);
    }
    if response.drag_started() && is_tree {
        view.dragged = Some(line.key.clone());
    }
    if response.hovered() && is_tree {
        let icon = icons::ICON_DRAG_INDICATOR;
        let font = FontId::new(14.0, icon.font_family());
        let left = pos2(rect.left() + 10.0, rect.center().y);
        painter.text(left, Align2::CENTER_CENTER, icon.codepoint, font, tokens.text_dim);
    }
    if let Some(class) = line.class {
        marks_ui(ui, desk, &line, class, rect, window);
    }
    let indent = if is_tree { line.depth as f32 * INDENT } else { 0.0 };
    let left = rect.left() + NAME + indent.min(rect.width() * 0.3);
    let right = rect.right() - COUNT - ORIGIN;
    let is_here = desk.draft.cursor.as_ref() == Some(&line.key);
    if is_here && matches!(desk.draft.doing, Doing::Renaming { .. }) {
        let field = Rect::from_min_max(pos2(left - 4.0, rect.top() + 1.0), pos2(right, rect.bottom() - 1.0));
        rename_ui(ui, desk, view, at, field);
    } else {
        let title = if is_tree { line.title() } else { &line.path };
        let color = if line.class.is_some() { tokens.text } else { tokens.text_dim };
        let galley =
            elided(&painter, title, color, FontId::proportional(size::BODY), right - left - space::S);
        if galley.elided {
            response.on_hover_text(&line.path);
        }
        painter.galley(pos2(left, rect.center().y - galley.size().y / 2.0), galley, color);
    }
    let font = FontId::proportional(size::SMALL + 1.0);
    let count = match line.is_parent(at) {
        true if line.class.is_some() => format!("{} · {}", grouped(line.samples), grouped(line.sum)),
        true => format!("· {}", grouped(line.sum)),
        false => grouped(line.samples),
    };
    let middle = rect.center().y;
    let end = pos2(rect.right() - ORIGIN, middle);
    painter.text(end, Align2::RIGHT_CENTER, count, font.clone(), tokens.text);
    let origin = match (line.class, line.is_given) {
        (None, _) => "",
        (_, true) => "the source's",
        (_, false) => "made here",
    };
    let end = pos2(rect.right() - space::S, middle);
    painter.text(end, Align2::RIGHT_CENTER, origin, font, tokens.text_dim);
}

/// A line as a screen reader says it.
fn spoken(line: &ClassLine, at: usize) -> String {
    let samples = counted(line.samples, "sample");
    match (line.class, line.is_parent(at)) {
        (None, _) => format!("{}, {} under it", line.path, counted(line.sum, "sample")),
        (_, true) => format!("{}, {samples}, {} with those under it", line.path, grouped(line.sum)),
        _ => format!("{}, {samples}", line.path),
    }
}

/// The colour and the key of a class; a click changes them.
fn marks_ui(
    ui: &mut Ui,
    desk: &mut Desk<'_, '_, '_>,
    line: &ClassLine,
    class: u32,
    rect: Rect,
    window: &Window,
) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter_at(window.rect);
    let middle = rect.center().y;
    let part = |left: f32, width: f32| {
        Rect::from_center_size(pos2(rect.left() + left + width / 2.0, middle), vec2(width, ROW - 4.0))
    };
    let id = ui.scope_id().with(("marks", &line.key));
    let swatch = part(COLOUR, 18.0);
    let response = ui.interact(swatch.intersect(window.rect), id.with("colour"), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Button, ui.is_enabled(), format!("Colour of {}", line.path))
    });
    painter.circle_filled(swatch.center(), 6.0, tokens.class_of(&desk.session.snapshot, class));
    if response.hovered() || response.has_focus() {
        painter.circle_stroke(swatch.center(), 8.0, (1.0, tokens.text_dim));
    }
    let colours = response.on_hover_text("Change the colour").clicked();
    let key = desk.key_of(class);
    let place = part(KEY, 22.0);
    let response = ui.interact(place.intersect(window.rect), id.with("key"), Sense::click());
    let text = key.map_or_else(String::new, |key| key.to_uppercase().to_string());
    let name = match key {
        Some(_) => format!("Key of {}: {text}", line.path),
        None => format!("Key of {}: none", line.path),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &name));
    let edge = if response.hovered() || response.has_focus() { tokens.text_dim } else { tokens.line };
    painter.rect(place.shrink(2.0), 3.0, tokens.raised, (1.0, edge), StrokeKind::Inside);
    let font = FontId::proportional(size::SMALL);
    painter.text(place.center(), Align2::CENTER_CENTER, text, font, tokens.text);
    let binds = response.on_hover_text("Change the key").clicked();
    if colours || binds {
        desk.draft.cursor = Some(line.key.clone());
        desk.draft.chosen = [line.key.clone()].into();
        desk.begin(if colours { Doing::Colouring } else { Doing::Keying });
    }
}

/// A click: chooses a line alone, as well with Ctrl, or from the last one to it with Shift.
fn click(ui: &Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, listed: &[usize], place: usize) {
    let key_at = |table: &ClassTable, place: usize| {
        listed.get(place).and_then(|at| table.lines.get(*at)).map(|line| line.key.clone())
    };
    let Some(key) = key_at(&view.table, place) else { return };
    let held = ui.input(|input| input.modifiers);
    let anchor = view.anchor.as_ref().and_then(|anchor| view.table.find(anchor));
    let anchor = anchor.and_then(|at| listed.iter().position(|one| *one == at));
    let chosen = &mut desk.draft.chosen;
    match anchor {
        Some(from) if held.shift => {
            let range = from.min(place)..=from.max(place);
            *chosen = range.filter_map(|place| key_at(&view.table, place)).collect();
        }
        _ if held.command => {
            if !chosen.remove(&key) {
                chosen.insert(key.clone());
            }
            view.anchor = Some(key.clone());
        }
        _ => {
            *chosen = [key.clone()].into();
            view.anchor = Some(key.clone());
        }
    }
    if desk.draft.cursor.as_ref() != Some(&key) {
        desk.draft.cursor = Some(key);
        desk.begin(Doing::Nothing);
    }
}

/// The name of a line while it is changed.
fn rename_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, at: usize, rect: Rect) {
    let Doing::Renaming { text, offers_merge } = &desk.draft.doing else { return };
    let (mut text, asks) = (text.clone(), *offers_merge);
    let id = egui::Id::unique("new name of the class");
    // The focus is given once: a person may go elsewhere meanwhile.
    let key = view.table.lines.get(at).map(|line| line.key.clone());
    let is_new = view.renamed != key;
    view.renamed = key;
    let enters = ui.memory(|memory| memory.has_focus(id))
        && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Enter));
    let field = TextEdit::singleline(&mut text).id(id).return_key(None).margin(vec2(4.0, 2.0));
    let response = ui.put(rect, field.desired_width(rect.width())).accessible_name("New name of the class");
    if is_new {
        response.request_focus();
        let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
        let all = egui::text::CCursorRange::two(
            egui::text::CCursor::new(0),
            egui::text::CCursor::new(text.chars().count()),
        );
        state.cursor.set_char_range(Some(all));
        TextEdit::store_state(ui.ctx(), id, state);
    }
    if response.changed() {
        desk.draft.doing = Doing::Renaming { text: text.clone(), offers_merge: false };
        desk.draft.told = None;
    }
    if enters {
        super::ask::rename(desk, &view.table, at, &text, asks);
    }
}

/// Marks where the line that is dragged would go, and puts it there when it is let go.
fn drag_ui(ui: &Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, window: &Window) {
    let Some(dragged) = view.dragged.as_ref().and_then(|key| view.table.find(key)) else { return };
    let (pointer, is_down, is_released) = ui
        .input(|input| (input.pointer.latest_pos(), input.pointer.any_down(), input.pointer.any_released()));
    if !is_down && !is_released {
        view.dragged = None;
        return;
    }
    let target = pointer.filter(|pointer| window.rect.contains(*pointer)).and_then(|pointer| {
        let down = (pointer.y - window.rect.top() - window.first_top) / ROW;
        let row = window.first + down.max(0.0) as usize;
        let sibling = view.table.sibling_over(dragged, row)?;
        let is_upper = row == sibling && down.fract() < 0.5;
        let end = view.table.lines[sibling].end;
        let (before, line) = match is_upper {
            true => (Some(sibling), sibling),
            false => (Some(end).filter(|end| view.table.are_siblings(sibling, *end)), end),
        };
        Some((before, window.rect.top() + window.first_top + (line as f32 - window.first as f32) * ROW))
    });
    if let Some((before, y)) = target {
        ui.painter_at(window.rect).hline(window.rect.x_range(), y, (2.0, Tokens::of(ui).accent));
        let order = view.table.placed(dragged, before).filter(|_| is_released && before != Some(dragged));
        if let Some(order) = order {
            let what = format!("Move “{}”", view.table.lines[dragged].path);
            desk.change(desk.classes().ordered(order), what);
        }
    }
    if is_released {
        view.dragged = None;
    }
}
