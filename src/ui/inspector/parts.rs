//! Small things that the inspector is put together from.

use egui::{Button, Label, Response, RichText, Role, Sense, Ui, Vec2, WidgetInfo};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::*;

use crate::state::{Action, Command, Level};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, bold, size, space};

/// Size of an icon in a button, in points.
const ICON: f32 = 17.0;
/// Points between an icon's edge and that of its button.
pub(super) const BEARING: f32 = (space::ROW - ICON) / 2.0;
/// Width of the names before values.
const NAME_WIDTH: f32 = 104.0;
/// Height of a line of a list, in points.
const LINE: f32 = 18.0;

/// A page that stands in the place of a sample and says what to do.
pub(super) struct Page<'a> {
    pub icon: MaterialIcon,
    pub title: &'a str,
    pub text: &'a str,
    pub buttons: &'a [(&'a str, Command)],
}

/// Draws a [`Page`] in the middle of what is there.
pub(super) fn page_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, page: &Page<'_>) {
    let tokens = Tokens::of(ui);
    let outer = ui.available_rect_before_wrap();
    let width = (outer.width() - 2.0 * space::L).clamp(40.0, 420.0);
    let height = (outer.height() * 0.5).min(120.0);
    let top = (outer.center().y - height).max(outer.top() + space::M);
    let inner = egui::Rect::from_min_max(
        egui::pos2(outer.center().x - width / 2.0, top),
        egui::pos2(outer.center().x + width / 2.0, outer.bottom()),
    );
    ui.scope_builder(egui::UiBuilder::new().max_rect(inner), |ui| {
        ui.vertical_centered(|ui| {
            ui.label(page.icon.rich_text().size(36.0).color(tokens.text_dim));
            ui.add(Label::new(RichText::new(page.title).font(bold(size::HEADING))).wrap());
            ui.add_space(space::XS);
            ui.add(Label::new(RichText::new(page.text).color(tokens.text_dim)).wrap());
            ui.add_space(space::S);
            for (title, command) in page.buttons {
                if ui.add_enabled(pencil.state.can_run(*command), Button::new(*title)).clicked() {
                    pencil.act(Action::Run(*command));
                }
            }
        });
    });
    ui.advance_cursor_after_rect(outer);
}

/// A button that is an icon; its name is what a screen reader says and what is shown on hover.
pub(super) fn icon_button(ui: &mut Ui, icon: MaterialIcon, name: &str, enabled: bool, on: bool) -> Response {
    let tokens = Tokens::of(ui);
    painted_button(ui, icon, name, enabled, on, if on { tokens.accent } else { tokens.text })
}

/// An [`icon_button`] for a mark that a sample has or not: faint while it has not.
pub(super) fn mark_button(ui: &mut Ui, icon: MaterialIcon, name: &str, enabled: bool, on: bool) -> Response {
    let tokens = Tokens::of(ui);
    let faint = tokens.text_dim.gamma_multiply(0.6);
    painted_button(ui, icon, name, enabled, on, if on { tokens.accent } else { faint })
}

fn painted_button(
    ui: &mut Ui,
    icon: MaterialIcon,
    name: &str,
    enabled: bool,
    on: bool,
    color: egui::Color32,
) -> Response {
    let text = icon.rich_text().size(ICON).color(color);
    let button = Button::new(text).frame_when_inactive(false).min_size(Vec2::splat(space::ROW)).selected(on);
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().button_padding = Vec2::splat(space::XS);
            ui.add_enabled(enabled, button)
        })
        .inner;
    response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, on, name));
    response.on_hover_text(name).on_disabled_hover_text(name)
}

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

/// A number with its digits in groups of three: 12,345.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes as a person says it, and exactly: "1.2 MiB (1,234,567 bytes)".
pub(super) fn bytes_text(bytes: u64) -> String {
    let exact = grouped(bytes);
    let mut value = bytes as f64;
    for unit in ["", "KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 || unit == "TiB" {
            return match unit {
                "" => format!("{exact} bytes"),
                unit => format!("{value:.1} {unit} ({exact} bytes)"),
            };
        }
        value /= 1024.0;
    }
    exact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1023, "1,023 bytes"),
            (1536, "1.5 KiB (1,536 bytes)"),
            (5 << 30, "5.0 GiB (5,368,709,120 bytes)"),
        ] {
            assert_eq!(bytes_text(bytes), expected);
        }
    }
}
