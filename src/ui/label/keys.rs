//! The keys of the panel Label: those of classes first, then its own. No command sees a key that was taken here.

use egui::{Event, Key, Popup, Ui};

use super::{Field, LabelPane, page_step, step};
use crate::dataset::edit::Mark;
use crate::dataset::{SampleId, Verdict};
use crate::state::labelling::{PageStep, Step};
use crate::state::{Action, LabelLook, Level, Session};
use crate::ui::Pencil;
use crate::ui::label_keys::classes_pressed;
use crate::ui::lists::presses;

/// Takes the keys of this frame while the panel leads: before anybody else, since a letter may be a command's.
pub fn take_keys(ui: &Ui, pencil: &mut Pencil<'_>, pane: &mut LabelPane) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let is_taken = state.dialog.is_some() || Popup::is_any_open(ui.ctx()) || ui.ctx().text_edit_focused();
    if is_taken {
        return;
    }
    for class in classes_pressed(ui, session, &[]) {
        let Some(identity) = session.snapshot.in_force.identities.get(class as usize).cloned() else {
            continue;
        };
        pencil.act(match pane.look {
            LabelLook::OneByOne => step(Step::Give(identity)),
            LabelLook::Pages => page_step(PageStep::Other(identity)),
        });
    }
    for (key, done) in [
        (Key::S, Step::Mark(Mark::Star)),
        (Key::R, Step::Mark(Mark::Reviewed)),
        (Key::H, Step::Mark(Mark::Unsure)),
        (Key::X, Step::Decide(Verdict::Prune)),
        (Key::Delete, Step::Decide(Verdict::Prune)),
        (Key::K, Step::Decide(Verdict::Keep)),
        (Key::U, Step::Decide(Verdict::Undecided)),
    ] {
        if is_struck(ui, key, false) {
            pencil.act(step(done));
        }
    }
    // Whatever Tab has come to takes these for itself.
    let is_free = ui.memory(|memory| memory.focused().is_none());
    match pane.look {
        LabelLook::OneByOne => one_by_one(ui, pencil, session, pane, is_free),
        LabelLook::Pages if is_free => pages(ui, pencil, pane),
        LabelLook::Pages => {}
    }
}

fn one_by_one(ui: &Ui, pencil: &mut Pencil<'_>, session: &Session, pane: &mut LabelPane, is_free: bool) {
    if is_struck(ui, Key::Minus, false) {
        pencil.act(step(Step::NoClass));
    }
    for (key, shift, field) in [
        (Key::N, true, Field::Note),
        (Key::T, true, Field::Tag),
        (Key::N, false, Field::NewClass),
        (Key::Slash, false, Field::Filter),
    ] {
        if !is_struck(ui, key, shift) {
            continue;
        }
        // What is typed from now on is the field's; what opened it is not.
        ui.input_mut(|input| input.events.retain(|event| !matches!(event, Event::Text(_))));
        match why_closed(session, field) {
            None => pane.focus = Some(field),
            Some(text) => pencil.act(Action::Notify { level: Level::Info, text }),
        }
    }
    for _ in 0..presses(ui, Key::P, false) {
        pencil.act(step(Step::Back));
    }
    if !is_free {
        return;
    }
    if is_struck(ui, Key::Enter, false) {
        pencil.act(step(Step::Accept));
    }
    for (key, done) in [
        (Key::Space, Step::Skip),
        (Key::ArrowRight, Step::Skip),
        (Key::ArrowLeft, Step::Back),
        (Key::Backspace, Step::Back),
    ] {
        for _ in 0..presses(ui, key, false) {
            pencil.act(step(done.clone()));
        }
    }
}

/// Why a field cannot be typed in now, as a sentence: it does not wait for a sample that comes later.
fn why_closed(session: &Session, field: Field) -> Option<String> {
    let what = match field {
        Field::Filter => return None,
        Field::NewClass => "a class to",
        Field::Note => "a note to",
        Field::Tag => "a tag to",
    };
    let there = |sample: &SampleId| (*sample as usize) < session.snapshot.len();
    match session.labeller.walk.queue.at_hand().filter(there) {
        None => Some(format!("There is no sample at hand to give {what}.")),
        Some(_) => session.why_read_only(),
    }
}

fn pages(ui: &Ui, pencil: &mut Pencil<'_>, pane: &LabelPane) {
    let columns = pane.pages.columns.max(1) as isize;
    for (key, by) in
        [(Key::ArrowLeft, -1), (Key::ArrowRight, 1), (Key::ArrowUp, -columns), (Key::ArrowDown, columns)]
    {
        for _ in 0..presses(ui, key, false) {
            pencil.act(page_step(PageStep::Move(by)));
        }
    }
    for (key, done) in [
        (Key::Space, PageStep::TogglePointed),
        (Key::Enter, PageStep::Confirm),
        (Key::Backspace, PageStep::Back),
    ] {
        if is_struck(ui, key, false) {
            pencil.act(page_step(done));
        }
    }
}

/// Whether a key was struck, with Shift or without; nobody else sees it. One that is held does nothing more.
fn is_struck(ui: &Ui, key: Key, shift: bool) -> bool {
    let mut is_struck = false;
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let Event::Key { key: pressed, pressed: true, repeat, modifiers: held, .. } = event else {
                return true;
            };
            let is_meant = *pressed == key && held.shift == shift && !(held.alt || held.command || held.ctrl);
            is_struck |= is_meant && !repeat;
            !is_meant
        });
    });
    is_struck
}
