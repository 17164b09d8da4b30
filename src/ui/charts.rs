//! The panel Charts.
use egui::Ui;
use super::Pencil;
/// Drawing state of the panel.
#[derive(Default)]
pub struct ChartsPane {}
pub fn charts_ui(_ui: &mut Ui, _pencil: &mut Pencil<'_>, _pane: &mut ChartsPane) {}
