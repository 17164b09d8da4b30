//! The panel Pruning.

use egui::Ui;

use super::Pencil;

/// Drawing state of the panel.
#[derive(Default)]
pub struct PruningView {}

pub fn pruning_ui(ui: &mut Ui, _pencil: &mut Pencil<'_>, _view: &mut PruningView) {
    ui.label("Pruning");
}
