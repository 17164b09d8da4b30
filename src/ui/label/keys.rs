//! The keys of the panel Label: those of classes first, then its own. No command sees a key that was taken here.

use egui::{Event, Key, Popup, Ui};

use super::{Field, LabelPane, page_step, step};
use crate::dataset::Verdict;
use crate::dataset::edit::Mark;
use crate::state::labelling::{PageStep, Step};
use crate::state::{LabelLook, Session};
use crate::ui::Pencil;
use crate::ui::lists::presses;

/// Takes the keys of this frame while the panel leads: before anybody else, since a letter may be a command's.
pub fn take_keys(ui: &Ui, pencil: &mut Pencil<'_>, pane: &mut LabelPane) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let is_taken = state.dialog.is_some() || Popup::is_any_open(ui.ctx()) || ui.ctx().text_edit_focused();
    if is_taken {
        return;
    }
    for class in classes_pressed(ui, session) {
        pencil.act(match pane.look {
            LabelLook::OneByOne => step(Step::Give(class)),
            LabelLook::Pages => page_step(PageStep::Other(class)),
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
        LabelLook::OneByOne => one_by_one(ui, pencil, pane, is_free),
        LabelLook::Pages if is_free => pages(ui, pencil, pane),
        LabelLook::Pages => {}
    }
}

fn one_by_one(ui: &Ui, pencil: &mut Pencil<'_>, pane: &mut LabelPane, is_free: bool) {
    if is_struck(ui, Key::Minus, false) {
        pencil.act(step(Step::NoClass));
    }
    for (key, shift, field) in
        [(Key::N, true, Field::Note), (Key::N, false, Field::NewClass), (Key::Slash, false, Field::Filter)]
    {
        if is_struck(ui, key, shift) {
            pane.focus = Some(field);
            // What is typed from now on is the field's; what opened it is not.
            ui.input_mut(|input| input.events.retain(|event| !matches!(event, Event::Text(_))));
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

/// The classes whose keys were pressed, by identity; nobody else sees those keys. One that is held counts once.
fn classes_pressed(ui: &Ui, session: &Session) -> Vec<String> {
    let identity = |sign: char| {
        let class = session.labeller.class_of(sign)?;
        session.snapshot.in_force.identities.get(class as usize).cloned()
    };
    let (mut classes, mut by_key) = (Vec::new(), Vec::new());
    ui.input_mut(|input| {
        let mut rest: Vec<Event> = Vec::with_capacity(input.events.len());
        for event in std::mem::take(&mut input.events) {
            match &event {
                Event::Key { key, pressed: true, repeat, modifiers, .. } if modifiers.is_none() => {
                    if let Some((sign, class)) = sign_of(*key).and_then(|sign| Some((sign, identity(sign)?))) {
                        by_key.push(sign);
                        classes.extend(Some(class).filter(|_| !repeat));
                        continue;
                    }
                }
                // The same key once more, or a sign that no key is named after: it comes after its key.
                Event::Text(text) => {
                    let mut signs = text.chars();
                    let sign = signs.next().filter(|_| signs.next().is_none());
                    if sign.is_some_and(|sign| by_key.contains(&sign)) {
                        continue;
                    }
                    let class = sign.filter(|sign| !sign.is_ascii_alphanumeric()).and_then(identity);
                    if let Some(class) = class {
                        let is_its_key = |event: &Event| {
                            matches!(event, Event::Key { key, pressed: true, .. } if sign_of(*key).is_none())
                        };
                        rest.pop_if(|event| is_its_key(event));
                        classes.push(class);
                        continue;
                    }
                }
                _ => {}
            }
            rest.push(event);
        }
        input.events = rest;
    });
    classes
}

/// The letter, in lower case, or the digit of a key.
fn sign_of(key: Key) -> Option<char> {
    let mut name = key.name().chars();
    let sign = name.next()?.to_ascii_lowercase();
    (name.next().is_none() && sign.is_ascii_alphanumeric()).then_some(sign)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_signs() {
        for (key, expected) in [
            (Key::Num7, Some('7')),
            (Key::A, Some('a')),
            (Key::F2, None),
            (Key::Space, None),
            (Key::Minus, None),
        ] {
            assert_eq!(sign_of(key), expected, "{key:?}");
        }
    }
}
