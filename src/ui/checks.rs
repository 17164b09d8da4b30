//! The panel Checks.

use egui::Ui;

use super::Pencil;

/// Drawing state of the panel.
#[derive(Default)]
pub struct ChecksView {}

pub fn checks_ui(ui: &mut Ui, _pencil: &mut Pencil<'_>, _view: &mut ChecksView) {
    ui.label("Checks");
}
