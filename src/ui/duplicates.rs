//! The panel Duplicates.

use egui::Ui;

use super::Pencil;

/// Drawing state of the panel.
#[derive(Default)]
pub struct DuplicatesView {}

pub fn duplicates_ui(ui: &mut Ui, _pencil: &mut Pencil<'_>, _view: &mut DuplicatesView) {
    ui.label("Duplicates");
}
