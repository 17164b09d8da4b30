//! The panel Label: a person goes through samples and says what they are.

use egui::Ui;

use super::{Pencil, widgets};

/// Drawing state of the panel.
#[derive(Default)]
pub struct LabelPane {}

/// Draws the panel.
pub fn label_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, _view: &mut LabelPane) {
    if pencil.state.session.is_none() {
        return;
    }
    ui.label(widgets::dim("Label"));
}
