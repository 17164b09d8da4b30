//! Small parts that several views draw.

use egui::{Response, RichText, Ui, WidgetInfo};
use egui_material_icons::MaterialIcon;

/// A button that is only an icon; `name` is what it is called on hover and by screen readers.
pub fn icon_button(ui: &mut Ui, icon: MaterialIcon, name: &str) -> Response {
    let button = egui::Button::new(icon.rich_text().size(16.0)).frame_when_inactive(false);
    let response = ui.add(button).on_hover_text(name);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, enabled, name));
    response
}

/// Dim, small text.
pub fn dim(text: impl Into<String>) -> RichText {
    RichText::new(text).weak().small()
}

/// The heading of a group in a panel.
pub fn group_heading(ui: &mut Ui, text: &str) -> Response {
    ui.label(RichText::new(text).font(super::theme::bold(super::theme::size::BODY)))
}
