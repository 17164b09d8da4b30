//! The keys of classes: they label what is selected, whichever list, map or chart it was selected in.
//!
//! While they are on they come before the commands' keys. A text field, a menu and a dialog come before them.

use egui::{Event, Key, Popup, Ui};

use super::lists;
use super::{Pencil, grid::GridView};
use crate::dataset::ClassId;
use crate::state::{Action, Command, LabelGesture, Level, Pane, Session};

/// Who else may want the keys of this frame.
#[derive(Clone, Copy, Debug)]
pub struct Others {
    /// The list that leads.
    pub leads: Option<Pane>,
    /// Whether a part of the window has its own meaning for them, and is the one in use.
    pub take_keys: bool,
    /// Letters that the list that is in use has for itself.
    pub letters: &'static [Key],
    /// Whether Enter is that list's: nothing else has the focus.
    pub give_enter: bool,
    /// Whether Escape closes or leaves something nearer.
    pub take_escape: bool,
}

/// Takes the keys that label, and the one that ends painting.
pub fn label_keys(ui: &Ui, pencil: &mut Pencil<'_>, grid: &mut GridView, others: Others) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    if state.dialog.is_some() || Popup::is_any_open(ui.ctx()) || ui.ctx().text_edit_focused() {
        return;
    }
    let labeller = &session.labeller;
    if labeller.paint.is_some() && !others.take_escape && lists::presses(ui, Key::Escape, false) > 0 {
        grid.leave_sweep();
        pencil.act(Action::Label(Box::new(LabelGesture::Paint(None))));
        return;
    }
    if !labeller.is_on || others.take_keys {
        return;
    }
    for class in classes_pressed(ui, session, others.letters) {
        give(pencil, session, class);
    }
    let confirms = others.give_enter && matches!(others.leads, Some(Pane::Grid | Pane::Table));
    if confirms && !session.selection.is_empty() && lists::presses(ui, Key::Enter, false) > 0 {
        pencil.act(Action::Run(Command::ConfirmProposals));
    }
    // In the panel Duplicates Backspace goes back.
    let clears = others.leads != Some(Pane::Duplicates) && labeller.paint.is_none();
    // The key before the gesture: that one goes through the whole selection.
    if clears
        && !session.selection.is_empty()
        && lists::presses(ui, Key::Backspace, false) > 0
        && let Some(gesture) = session.giving_selected_back()
    {
        pencil.act(Action::Label(Box::new(gesture)));
    }
}

/// Gives a class to the selected samples, or paints with it from now on.
pub(super) fn give(pencil: &mut Pencil<'_>, session: &Session, class: ClassId) {
    let gesture = match &session.labeller.paint {
        Some(_) => {
            let identity = session.snapshot.in_force.identities.get(class as usize);
            identity.map(|identity| LabelGesture::Paint(Some(identity.clone())))
        }
        None => session.labelling_selected(class),
    };
    pencil.act(match gesture {
        Some(gesture) => Action::Label(Box::new(gesture)),
        None => Action::Notify {
            level: Level::Info,
            text: "Select the samples that the label is for first.".to_owned(),
        },
    });
}

/// The classes whose keys were pressed, in order; nobody else sees those keys, but for the `letters` that are somebody
/// else's. One that is held counts once.
pub(super) fn classes_pressed(ui: &Ui, session: &Session, letters: &[Key]) -> Vec<ClassId> {
    let labeller = &session.labeller;
    // A letter means its key, however it was chosen.
    let class_of =
        |sign: char| labeller.class_of(sign).or_else(|| labeller.class_of(sign.to_ascii_uppercase()));
    let (mut classes, mut by_key) = (Vec::new(), Vec::new());
    ui.input_mut(|input| {
        let mut rest: Vec<Event> = Vec::with_capacity(input.events.len());
        for event in std::mem::take(&mut input.events) {
            match &event {
                Event::Key { key, pressed: true, repeat, modifiers, .. }
                    if modifiers.is_none() && !letters.contains(key) =>
                {
                    if let Some((sign, class)) = sign_of(*key).and_then(|sign| Some((sign, class_of(sign)?))) {
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
                    let class = sign.filter(|sign| !sign.is_ascii_alphanumeric()).and_then(class_of);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_signs() {
        for (key, expected) in [
            (Key::Num1, Some('1')),
            (Key::Num0, Some('0')),
            (Key::Q, Some('q')),
            (Key::F1, None),
            (Key::Comma, None),
            (Key::Minus, None),
            (Key::Space, None),
            (Key::Enter, None),
        ] {
            assert_eq!(sign_of(key), expected, "{key:?}");
        }
    }
}
