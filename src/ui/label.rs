//! The panel Label: a person goes through samples and says what they are, one by one or by the page.
//!
//! It refuses to know in which order samples come and what a model proposes: see [`crate::state::labelling`].

mod classes;
mod keys;
mod model;
mod one;
mod pages;

use std::path::PathBuf;

use egui::{Frame, Margin, Rect, Ui};

use self::classes::ClassList;
pub use self::keys::take_keys;
use self::one::one_ui;
use self::pages::{PagesView, pages_ui};
use super::inspector::Canvas;
use super::lists::ListKeys;
use super::tags::TagsView;
use super::theme::{Tokens, space};
use super::{Pencil, widgets};
use crate::dataset::SampleId;
use crate::state::labelling::{PageStep, Step};
use crate::state::{Action, LabelGesture, LabelLook, Session};

/// Drawing state of the panel.
#[derive(Default)]
pub struct LabelPane {
    pub keys: ListKeys,
    look: LabelLook,
    pub(super) canvas: Canvas,
    classes: ClassList,
    pages: PagesView,
    note: Option<Draft>,
    tags: TagsView,
    /// The field that is to have the focus.
    focus: Option<Field>,
    /// Where its lowest lines are, as last drawn: nothing is to cover them.
    foot: Option<Rect>,
}

impl LabelPane {
    /// Where its lowest lines are, which say what keys do, as last drawn.
    pub fn foot(&self) -> Option<Rect> {
        self.foot
    }

    /// Keeps a note that is being written, since nobody goes on with it: its field is not drawn any more, or the
    /// dataset is closed.
    pub fn keep_typed(&mut self, pencil: &mut Pencil<'_>) {
        let Some(draft) = self.note.take() else { return };
        let state = pencil.state;
        let is_of = |session: &&Session| {
            session.project.folder == draft.project && (draft.sample as usize) < session.snapshot.len()
        };
        match state.session.as_ref().filter(is_of) {
            // Of a sample that has no place to keep it any more: it is not dropped without a word.
            None if draft.text != draft.before => pencil.tell_lost_note(&draft.text),
            None => {}
            // It can be copied from its field as long as that is there.
            Some(session) if !session.project.can_write() => self.note = Some(draft),
            Some(_) => {
                let text = draft.text.trim().to_owned();
                pencil.act(gesture(LabelGesture::Note { sample: draft.sample, text }));
            }
        }
    }
}

/// A note that is being written.
struct Draft {
    /// The project's folder: another dataset has other samples of the same numbers.
    project: PathBuf,
    sample: SampleId,
    /// What the note was before.
    before: String,
    text: String,
}

/// A field that is typed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    NewClass,
    Filter,
    Note,
    Tag,
}

/// Draws the panel.
pub fn label_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, pane: &mut LabelPane) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let whole = ui.available_rect_before_wrap();
    // A click anywhere in it: it takes the keys from now on.
    pane.keys.was_used = ui.rect_contains_pointer(whole) && ui.input(|input| input.pointer.any_pressed());
    let bar = Frame::new().fill(Tokens::of(ui).panel).inner_margin(Margin::symmetric(space::M as i8, 6));
    egui::Panel::top("label looks").frame(bar).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let looks = [
                (LabelLook::OneByOne, "One by one", "One sample after the other, each with a key"),
                (
                    LabelLook::Pages,
                    "Page by page",
                    "What the model proposes for one class, a page at a stroke",
                ),
            ];
            for (look, title, help) in looks {
                if widgets::chip(ui, pane.look == look, title).on_hover_text(help).clicked() {
                    pane.look = look;
                }
            }
            ui.add_space(space::S);
            match pane.look {
                LabelLook::OneByOne => one::chooser_ui(ui, pencil, session),
                LabelLook::Pages => pages::chooser_ui(ui, pencil, session, &mut pane.pages),
            }
        });
    });
    if session.labeller.shown != Some(pane.look) {
        if session.labeller.shown.is_none() && !ui.ctx().text_edit_focused() {
            // The panel comes on screen to label by its keys: what had them before, an image beside it too, lets go.
            ui.memory_mut(|memory| memory.focused().into_iter().for_each(|id| memory.surrender_focus(id)));
        }
        pencil.act(gesture(LabelGesture::Look(Some(pane.look))));
        ui.ctx().request_repaint();
        return;
    }
    match pane.look {
        LabelLook::OneByOne => one_ui(ui, pencil, session, pane),
        LabelLook::Pages => {
            pane.keep_typed(pencil);
            pane.foot = pages_ui(ui, pencil, session, &mut pane.pages);
        }
    }
}

fn gesture(gesture: LabelGesture) -> Action {
    Action::Label(Box::new(gesture))
}

fn step(step: Step) -> Action {
    gesture(LabelGesture::Step(step))
}

fn page_step(step: PageStep) -> Action {
    gesture(LabelGesture::Page(step))
}
