//! The keys of classes: they label what is selected, whichever list, map or chart it was selected in.
//!
//! While they are on they come before the commands' keys. A text field, a menu and a dialog come before them.

use egui::{Event, Key, Popup, Ui};

use super::lists;
use super::{Pencil, grid::GridView};
use crate::state::{Action, Command, LabelGesture, Level, Pane, Session};

/// Who else may want the keys of this frame.
#[derive(Clone, Copy, Debug)]
pub struct Others {
    /// The list that leads.
    pub leads: Option<Pane>,
    /// Whether a part of the window has its own meaning for them, and is the one in use.
    pub take_keys: bool,
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
    for key in pressed(ui, |key| key_class(session, key).is_some()) {
        let Some(class) = key_class(session, key) else { continue };
        let gesture = match &labeller.paint {
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

/// The class of a key, however it is written.
fn key_class(session: &Session, key: char) -> Option<u32> {
    session.labeller.class_of(key).or_else(|| session.labeller.class_of(key.to_ascii_uppercase()))
}

/// The keys without Shift, Ctrl or Alt that were pressed and that `is_wanted` takes, in order; nobody else sees
/// them. A key that is held counts once.
fn pressed(ui: &Ui, is_wanted: impl Fn(char) -> bool) -> Vec<char> {
    let mut pressed = Vec::new();
    ui.input_mut(|input| {
        let mut rest: Vec<Event> = Vec::with_capacity(input.events.len());
        for event in std::mem::take(&mut input.events) {
            match &event {
                Event::Key { key, pressed: true, repeat, modifiers, .. } if modifiers.is_none() => {
                    if let Some(key) = plain(*key).filter(|key| is_wanted(*key)) {
                        if !repeat {
                            pressed.push(key);
                        }
                        continue;
                    }
                }
                // Signs and letters beyond the alphabet come as text, after the key that made them.
                Event::Text(text) => {
                    let mut signs = text.chars();
                    let sign = signs.next().filter(|sign| signs.next().is_none() && !is_plain(*sign));
                    if let Some(sign) = sign.filter(|sign| is_wanted(*sign)) {
                        let made_by = |event: &Event| {
                            matches!(event, Event::Key { key, pressed: true, .. } if plain(*key).is_none())
                        };
                        if rest.last().is_some_and(made_by) {
                            rest.pop();
                        }
                        pressed.push(sign);
                        continue;
                    }
                }
                _ => {}
            }
            rest.push(event);
        }
        input.events = rest;
    });
    pressed
}

fn is_plain(sign: char) -> bool {
    sign.is_ascii_alphanumeric()
}

/// The letter, in lower case, or the digit of a key.
fn plain(key: Key) -> Option<char> {
    let mut name = key.name().chars();
    let sign = name.next()?.to_ascii_lowercase();
    (name.next().is_none() && is_plain(sign)).then_some(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_keys() {
        for (key, expected) in [
            (Key::Num1, Some('1')),
            (Key::Num0, Some('0')),
            (Key::Q, Some('q')),
            (Key::F1, None),
            (Key::Comma, None),
            (Key::Enter, None),
        ] {
            assert_eq!(plain(key), expected, "{key:?}");
        }
    }
}
