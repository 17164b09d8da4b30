//! The panel Changes: every label that is another than the source's.

use egui::Ui;

use super::{Pencil, widgets};

/// Drawing state of the panel.
#[derive(Default)]
pub struct ChangesPane {}

/// Draws the panel.
pub fn changes_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, _view: &mut ChangesPane) {
    if pencil.state.session.is_none() {
        return;
    }
    ui.label(widgets::dim("Changes"));
}
