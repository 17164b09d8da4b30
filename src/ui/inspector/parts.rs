//! Small things that the inspector is put together from.

use egui::{Label, RichText, Role, Sense, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons::*;

use crate::state::{Action, Level};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, bold, size, space};

/// Width of the names before values.
const NAME_WIDTH: f32 = 104.0;
/// Height of a line of a list, in points.
const LINE: f32 = 18.0;

/// The heading of a section that opens and closes; whether it is open.
pub(super) fn section_ui(ui: &mut Ui, open: &mut bool, title: &str, note: &str) -> bool {
    let tokens = Tokens::of(ui);
    ui.add_space(space::XS);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), space::ROW), Sense::click());
    if response.clicked() {
        *open = !*open;
    }
    response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, *open, title));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        if response.hovered() || response.has_focus() {
            painter.rect_filled(rect.expand2(Vec2::new(space::XS, 0.0)), space::RADIUS, tokens.raised);
        }
        let icon = if *open { ICON_EXPAND_MORE } else { ICON_CHEVRON_RIGHT };
        let font = egui::FontId::new(16.0, icon.font_family());
        let left = rect.left_center();
        painter.text(left, egui::Align2::LEFT_CENTER, icon.codepoint, font, tokens.text_dim);
        let at = left + Vec2::new(20.0, 0.0);
        painter.text(at, egui::Align2::LEFT_CENTER, title, bold(size::BODY), tokens.text);
        let font = egui::FontId::proportional(size::SMALL);
        painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, note, font, tokens.text_dim);
    }
    *open
}

/// A name and its value, the value as long as it is; it can be selected and copied.
pub(super) fn fact_ui(ui: &mut Ui, name: &str, value: &str) {
    let tokens = Tokens::of(ui);
    ui.horizontal_top(|ui| {
        name_ui(ui, name, tokens);
        ui.add(Label::new(value).wrap());
    });
}

/// A name and its value on one line; a click copies the value. Lines out of sight cost nothing.
pub(super) fn line_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, name: &str, value: &str) {
    let tokens = Tokens::of(ui);
    let size = Vec2::new(ui.available_width(), LINE);
    let rect = egui::Rect::from_min_size(ui.cursor().min, size);
    if !ui.is_rect_visible(rect) {
        ui.allocate_space(size);
        return;
    }
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        name_ui(ui, name, tokens);
        let flat = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let label = Label::new(flat)
            .truncate()
            .selectable(false)
            .sense(Sense::click())
            .show_tooltip_when_elided(false);
        let response = ui.add(label).on_hover_cursor(egui::CursorIcon::Copy);
        if response.clicked() {
            ui.ctx().copy_text(value.to_owned());
            pencil.act(Action::Notify { level: Level::Info, text: format!("Copied the value of {name}") });
        }
        response.on_hover_ui(|ui| {
            ui.label(value);
            ui.label(RichText::new("Click to copy").size(size::SMALL).color(tokens.text_dim));
        });
    });
}

fn name_ui(ui: &mut Ui, name: &str, tokens: &Tokens) {
    let width = NAME_WIDTH.min(ui.available_width() * 0.45);
    ui.scope(|ui| {
        ui.set_width(width);
        ui.add(Label::new(RichText::new(name).color(tokens.text_dim)).truncate().selectable(false));
    });
}
