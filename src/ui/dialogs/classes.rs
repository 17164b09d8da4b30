//! The dialog in which a person adds, renames, merges, removes and orders classes.

use egui::Ui;

use super::Pen;
use crate::ui::widgets;

pub(super) fn classes_ui(ui: &mut Ui, _pen: &mut Pen<'_, '_>) {
    ui.label(widgets::dim("Classes"));
}
