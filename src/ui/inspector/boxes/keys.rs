//! The keys of the editor, while the image has the focus.

use std::collections::BTreeSet;

use egui::{Event, Key, Modifiers, Ui};

use super::{BoxesView, Stage, boxes_text, delete, gesture, label, placed};
use crate::state::labelling::boxes::geometry::shift;
use crate::state::labelling::boxes::{BoxGesture, Sides};
use crate::state::{Command, Labeller, Session};
use crate::text::{counted, grouped};
use crate::ui::Pencil;

/// Pixels that an arrow moves by, alone and with Shift.
const STEP: f32 = 1.0;
const LARGE_STEP: f32 = 10.0;

/// What was pressed, in the order of the keys.
#[derive(Default)]
pub(super) struct Pressed {
    keys: Vec<(Key, Modifiers)>,
    copies: bool,
    pastes: bool,
}

impl Pressed {
    /// Takes the keys that are the editor's; nobody else sees them. Arrows are while a box is selected.
    pub fn take(&mut self, ui: &Ui, session: &Session, has_selected: bool) {
        ui.input_mut(|input| {
            input.events.retain(|event| match event {
                Event::Copy => {
                    self.copies = true;
                    false
                }
                Event::Paste(_) => {
                    self.pastes = true;
                    false
                }
                Event::Key { key, pressed: true, modifiers, .. } if !modifiers.command && !modifiers.ctrl => {
                    let is_arrow =
                        matches!(key, Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown);
                    let is_ours = if is_arrow {
                        has_selected
                    } else {
                        let is_plain = !modifiers.alt && (!modifiers.shift || *key == Key::Tab);
                        is_plain && takes(&session.labeller, *key)
                    };
                    if is_ours {
                        self.keys.push((*key, *modifiers));
                    }
                    !is_ours
                }
                _ => true,
            });
        });
    }
}

/// Whether the editor takes a key that is pressed alone.
fn takes(labeller: &Labeller, key: Key) -> bool {
    let own = [Key::Delete, Key::Backspace, Key::Escape, Key::Tab];
    own.contains(&key) || class_key(labeller, key).is_some()
}

/// The place of the class that a key gives.
fn class_key(labeller: &Labeller, key: Key) -> Option<u32> {
    let mut letters = key.name().chars();
    let letter = letters.next().filter(|_| letters.next().is_none())?;
    labeller.class_of(letter.to_ascii_lowercase())
}

/// Takes the keys that are the editor's and does what they stand for.
pub(super) fn respond(ui: &Ui, pencil: &mut Pencil<'_>, view: &mut BoxesView, stage: &Stage<'_>) {
    let Stage { session, sample, .. } = *stage;
    let count = stage.records().len();
    let selected = session.selected_boxes(sample);
    // Where nobody took them for it before, they are there still.
    let mut pressed = std::mem::take(&mut view.pressed);
    pressed.take(ui, session, !selected.is_empty());
    let can_write = session.project.can_write();
    if pressed.copies && count > 0 {
        pencil.act(gesture(BoxGesture::Copy { sample }));
        // What other programs can paste, and what tells the system that there is something to paste here.
        ui.ctx().copy_text(as_text(session, stage));
    }
    if pressed.pastes && can_write {
        pencil.act(gesture(BoxGesture::Paste { sample }));
    }
    // What a key does it does to the boxes as they are after the key before it: one step a frame, but for arrows that
    // go together.
    let arrow = |(key, held): &(Key, Modifiers)| Some((toward(*key, *held)?, held.alt));
    let first = pressed.keys.first().and_then(arrow);
    let done = match first {
        _ if pressed.pastes => 0,
        Some((_, grows)) => {
            let together = pressed.keys.iter().map_while(arrow).take_while(|(_, alt)| *alt == grows);
            let steps: Vec<[f32; 2]> = together.map(|(by, _)| by).collect();
            let by = [0, 1].map(|axis| steps.iter().map(|by| by[axis]).sum());
            if can_write && view.drag.is_none() {
                step(pencil, stage, &selected, by, grows);
            }
            steps.len()
        }
        None => {
            pressed.keys.first().into_iter().for_each(|(key, held)| {
                other_key(pencil, view, stage, &selected, (*key, *held));
            });
            1
        }
    };
    if done < pressed.keys.len() {
        view.pressed.keys = pressed.keys.split_off(done);
        ui.ctx().request_repaint();
    }
}

/// Where an arrow goes, in pixels; nowhere for another key.
fn toward(key: Key, held: Modifiers) -> Option<[f32; 2]> {
    let step = if held.shift { LARGE_STEP } else { STEP };
    Some(match key {
        Key::ArrowLeft => [-step, 0.0],
        Key::ArrowRight => [step, 0.0],
        Key::ArrowUp => [0.0, -step],
        Key::ArrowDown => [0.0, step],
        _ => return None,
    })
}

/// Does what a key stands for that is no arrow.
fn other_key(
    pencil: &mut Pencil<'_>,
    view: &mut BoxesView,
    stage: &Stage<'_>,
    selected: &[usize],
    (key, held): (Key, Modifiers),
) {
    let Stage { session, sample, .. } = *stage;
    let count = stage.records().len();
    let can_write = session.project.can_write();
    match key {
        Key::Tab if count > 0 => {
            let places = BTreeSet::from([cycled(selected, count, held.shift)]);
            pencil.act(gesture(BoxGesture::Select { sample, places }));
        }
        Key::Tab => {}
        Key::Escape => match (view.drag.take(), selected.is_empty()) {
            (Some(_), _) => {}
            (None, false) => {
                pencil.act(gesture(BoxGesture::Select { sample, places: BTreeSet::new() }));
            }
            (None, true) => pencil.act(crate::state::Action::Run(Command::EditBoxes)),
        },
        Key::Delete | Key::Backspace => {
            if can_write && !selected.is_empty() {
                delete(pencil, session, sample, selected);
            }
        }
        key => {
            let class = class_key(&session.labeller, key).filter(|_| can_write);
            let class = class.and_then(|class| session.snapshot.in_force.identities.get(class as usize));
            if let Some(class) = class {
                label(pencil, session, sample, selected, class);
            }
        }
    }
}

/// Moves the selected boxes by whole pixels, or `grows` them by that many.
fn step(pencil: &mut Pencil<'_>, stage: &Stage<'_>, selected: &[usize], by: [f32; 2], grows: bool) {
    let sides = stage.sides();
    let there: Vec<(usize, Sides)> =
        selected.iter().filter_map(|place| Some((*place, (*sides.get(*place)?)?))).collect();
    let all: Vec<Sides> = there.iter().map(|(_, sides)| *sides).collect();
    let by = if grows { by } else { shift(&all, by, stage.size, 0.0) };
    let changed = there.iter().map(|(place, sides)| match grows {
        true => (*place, sides.grown(by, stage.size)),
        false => (*place, sides.moved(by, stage.size)),
    });
    let changed: Vec<(usize, Sides)> = changed.collect();
    let what = format!("{} {}", if grows { "Resize" } else { "Move" }, boxes_text(changed.len()));
    if let Some(boxes) = placed(stage, &changed) {
        pencil.act(gesture(BoxGesture::Nudge { sample: stage.sample, boxes, what }));
    }
}

/// The box after the one that is selected, or before it.
fn cycled(selected: &[usize], count: usize, is_back: bool) -> usize {
    match (selected.first(), is_back) {
        (None, false) => 0,
        (None, true) => count - 1,
        (Some(at), false) => (at + 1) % count,
        (Some(at), true) => (at + count - 1) % count,
    }
}

/// The boxes that are copied, one a line: class, left, top, width and height in pixels.
fn as_text(session: &Session, stage: &Stage<'_>) -> String {
    /// Lines at most: a clipboard is no export.
    const MOST: usize = 1000;
    let selected = session.selected_boxes(stage.sample);
    let named = session.named_boxes(stage.sample);
    let lines: Vec<String> = named
        .iter()
        .zip(stage.sides())
        .enumerate()
        .filter(|(place, _)| selected.is_empty() || selected.contains(place))
        .filter_map(|(_, (one, sides))| {
            let [left, top, width, height] = sides?.rect(false, stage.size);
            Some(format!("{}\t{left}\t{top}\t{width}\t{height}", super::name_of(session, &one.class)))
        })
        .take(MOST)
        .collect();
    match named.len() > MOST && selected.is_empty() {
        true => format!(
            "{}\n({} of {})",
            lines.join("\n"),
            grouped(MOST as u64),
            counted(named.len() as u64, "box")
        ),
        false => lines.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_goes_round() {
        for (selected, count, is_back, expected) in [
            (&[][..], 3, false, 0),
            (&[], 3, true, 2),
            (&[2], 3, false, 0),
            (&[0], 3, true, 2),
            (&[0, 2], 3, false, 1),
        ] {
            assert_eq!(cycled(selected, count, is_back), expected, "{selected:?}");
        }
    }

    #[test]
    fn some_keys_are_the_editors() {
        let labeller = Labeller::default();
        for (key, expected) in
            [(Key::Delete, true), (Key::Escape, true), (Key::Tab, true), (Key::N, false), (Key::Num1, false)]
        {
            assert_eq!(takes(&labeller, key), expected, "{key:?}");
        }
    }
}
