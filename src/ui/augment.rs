//! The panel Augment: a pipeline beside the sheet of what it does to samples.
//!
//! It refuses to know how variants are made: see [`crate::state::augment`].

mod add;
mod editor;
mod large;
mod params;
mod sheet;

use egui::{Frame, Margin, ScrollArea, Ui};

use self::editor::{EditorView, editor_ui};
use self::sheet::{SheetPane, sheet_ui};
use super::Pencil;
use super::theme::{Tokens, space};
use crate::state::Action;

/// Width of the pipeline beside the sheet, in points, and of a panel from which on there is room for both.
const EDITOR: f32 = 330.0;
const WIDE: f32 = 660.0;
/// The part of a narrow panel's height that the sheet has.
const SHEET_PART: f32 = 0.5;

/// Drawing state of the panel.
#[derive(Default)]
pub struct AugmentPane {
    editor: EditorView,
    sheet: SheetPane,
}

impl AugmentPane {
    /// Lets go of pictures while the panel is not on screen.
    pub fn rest(&mut self) {
        self.sheet.rest();
    }
}

/// Draws the panel.
pub fn augment_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, pane: &mut AugmentPane) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    if !session.augment.is_asked() {
        pencil.act(Action::AskVariants);
    }
    let mut view = session.augment.view.clone();
    let canvas = Frame::new().fill(Tokens::of(ui).canvas);
    if ui.available_width() >= WIDE {
        let frame = Frame::new().fill(Tokens::of(ui).panel);
        egui::Panel::left("augment editor").frame(frame).resizable(false).exact_size(EDITOR).show(ui, |ui| {
            editor_ui(ui, pencil, session, &mut view, &mut pane.editor);
        });
        egui::CentralPanel::default().frame(canvas).show(ui, |ui| {
            sheet_ui(ui, pencil, session, &mut view, &mut pane.sheet);
        });
    } else {
        let height = ui.available_height() * SHEET_PART;
        egui::Panel::top("augment sheet").frame(canvas).resizable(false).exact_size(height).show(ui, |ui| {
            sheet_ui(ui, pencil, session, &mut view, &mut pane.sheet);
        });
        egui::CentralPanel::no_frame().show(ui, |ui| {
            editor_ui(ui, pencil, session, &mut view, &mut pane.editor);
        });
    }
    if view != session.augment.view {
        pencil.act(Action::ChangeAugment(Box::new(view)));
    }
}

fn padded() -> Frame {
    Frame::new().inner_margin(Margin::symmetric(space::M as i8, 6))
}

/// A part that scrolls.
fn scrolled(ui: &mut Ui, name: &str, draw: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(name).auto_shrink(false).show(ui, |ui| {
        padded().show(ui, |ui| {
            ui.set_width(ui.available_width());
            draw(ui);
        });
    });
}
