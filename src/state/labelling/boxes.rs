//! Boxes by hand: whether they are edited, which are selected, what was copied, and what gestures do to the boxes of a
//! sample.
//!
//! A drag in progress is none of it: what a gesture comes to is one edit when the pointer is let go. It refuses to know
//! the screen.

pub mod geometry;

use std::collections::BTreeSet;

pub use geometry::{Handle, Side, Sides};

use super::LabelGesture;
use crate::dataset::edit::Edit;
use crate::dataset::labelling::{Classes, MAX_CLASS_NAME};
use crate::dataset::query::Snapshot;
use crate::dataset::{LabelOrigin, NamedBox, SampleId};
use crate::state::Level;
use crate::state::gestures::Answer as Told;
use crate::state::session::Session;
use crate::store::Access;
use crate::text::counted;

/// Boxes of one sample at most, as far as they are drawn by hand.
pub const MAX_BOXES: usize = 10_000;

/// Pixels that a box is moved by that is pasted onto the sample that it was copied from.
const BESIDE: f32 = 10.0;

/// Milliseconds after a nudge in which another one is the same step of undo.
const TOGETHER_MS: i64 = 1000;

/// What a person does to boxes beside changing them.
#[derive(Clone, Debug, PartialEq)]
pub enum BoxGesture {
    /// Whether boxes can be edited on the image.
    EditOn(bool),
    /// These of a sample's boxes are selected, by their places.
    Select { sample: SampleId, places: BTreeSet<usize> },
    /// The boxes of a sample with the selected ones moved or resized by a key. What follows another one soon is one step
    /// of undo with it.
    Nudge { sample: SampleId, boxes: Vec<NamedBox>, what: String },
    /// The class of boxes that are drawn from now on, by identity.
    Class(String),
    /// Boxes of a sample of which those without a class are of a new one of that name.
    NewClass { sample: SampleId, boxes: Vec<NamedBox>, name: String },
    /// Remembers the selected boxes of a sample, or all where none is selected.
    Copy { sample: SampleId },
    /// Puts what was copied onto a sample.
    Paste { sample: SampleId },
    /// Puts the selected boxes of a sample, or all where none is selected, onto the next sample of the view, and goes
    /// there.
    CopyToNext { sample: SampleId },
    /// A sample has the source's boxes again.
    GiveBack { sample: SampleId },
}

/// Boxes on their way to another sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    pub from: SampleId,
    /// Size of the image that they are of, in pixels, where it is known.
    pub size: Option<[u32; 2]>,
    pub boxes: Vec<NamedBox>,
}

/// How boxes are edited.
#[derive(Clone, Debug, Default)]
pub struct BoxEditor {
    /// Whether boxes can be edited on the image.
    pub is_on: bool,
    /// The identity of the class that a new box gets: the one used last.
    pub class: Option<String>,
    /// What was copied.
    pub copied: Option<Carried>,
    /// The sample whose boxes are selected, and their places.
    selected: Option<(SampleId, BTreeSet<usize>)>,
    nudged: Option<Nudged>,
}

/// The last change by a key.
#[derive(Clone, Debug)]
struct Nudged {
    /// The places of the boxes.
    places: Vec<usize>,
    /// When, in milliseconds since the Unix epoch.
    at_ms: i64,
    /// What it came to with those before it.
    edit: Edit,
}

impl Session {
    /// The places of the selected boxes of a sample, ascending.
    pub fn selected_boxes(&self, sample: SampleId) -> Vec<usize> {
        let count = self.snapshot.boxes().get(sample).len();
        match &self.labeller.boxes.selected {
            Some((of, places)) if *of == sample => {
                places.iter().copied().filter(|place| *place < count).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The boxes that count for a sample, as a gesture names them: without who gave them.
    pub fn named_boxes(&self, sample: SampleId) -> Vec<NamedBox> {
        let identities = &self.snapshot.in_force.identities;
        let boxes = self.snapshot.boxes().get(sample).iter();
        boxes
            .filter_map(|one| {
                let class = identities.get(one.class as usize)?.clone();
                Some(NamedBox { class, rect: one.rect, relative: one.relative, ..NamedBox::default() })
            })
            .collect()
    }

    /// The size of a sample's image in pixels, as far as it was measured.
    pub fn image_size(&self, sample: SampleId) -> Option<[u32; 2]> {
        let fact = self.snapshot.facts.get(sample);
        (fact.width > 0 && fact.height > 0).then_some([fact.width, fact.height])
    }

    /// Whether new boxes of a sample are fractions of its image: as those that it has, or else where the size is not
    /// known.
    pub fn draws_relative(&self, sample: SampleId, size: Option<[u32; 2]>) -> bool {
        let first = self.snapshot.boxes().get(sample).first();
        first.map_or(size.is_none(), |one| one.relative)
    }

    /// The class that a new box of a sample gets: the one used last, or the sample's only one, or the only one that
    /// there is.
    pub fn class_of_new_boxes(&self, sample: SampleId) -> Option<String> {
        let identities = &self.snapshot.in_force.identities;
        let last = self.labeller.boxes.class.clone().filter(|class| identities.contains(class));
        let only = |classes: &[String]| match classes {
            [one] => Some(one.clone()),
            _ => None,
        };
        last.or_else(|| only(&self.identities_of(sample))).or_else(|| only(identities))
    }

    /// Which of a sample's boxes are other than its source's, by place; `None` where the source's stand.
    pub fn boxes_by_hand(&self, sample: SampleId) -> Option<Vec<bool>> {
        let labelling = &self.snapshot.labelling;
        labelling.boxes(sample)?;
        let given = labelling.given_boxes(&self.snapshot.dataset, sample);
        let alike = labelling.alike(&self.named_boxes(sample), given.iter());
        Some(alike.iter().map(Option::is_none).collect())
    }

    /// Boxes for a sample with who gave each; see [`Labelling::signed`](crate::dataset::Labelling::signed).
    pub(super) fn signed(
        &self,
        sample: SampleId,
        boxes: Vec<NamedBox>,
        before: &[NamedBox],
    ) -> Vec<NamedBox> {
        let Snapshot { dataset, labelling, .. } = &self.snapshot;
        labelling.signed(dataset, sample, boxes, before, self.labeller.who.signature(LabelOrigin::ByHand))
    }

    /// Why boxes cannot be changed, as a sentence.
    pub fn why_no_boxes(&self) -> Option<String> {
        match &self.project.access {
            Access::ReadWrite => None,
            Access::ReadOnly { reason } => Some(format!(
                "This project is open for reading only, because {reason}. Boxes cannot be changed."
            )),
        }
    }

    pub(in crate::state) fn box_gesture(&mut self, gesture: BoxGesture) -> Told {
        let editor = &mut self.labeller.boxes;
        match gesture {
            BoxGesture::EditOn(on) => {
                editor.is_on = on;
                editor.selected = None;
                match self.why_no_boxes().filter(|_| on) {
                    Some(why) => (Vec::new(), Some((Level::Warning, why))),
                    None => (Vec::new(), None),
                }
            }
            BoxGesture::Select { sample, places } => {
                editor.selected = Some((sample, places));
                (Vec::new(), None)
            }
            BoxGesture::Nudge { sample, boxes, what } => self.nudge(sample, boxes, what),
            BoxGesture::Class(class) => {
                editor.class = Some(class);
                (Vec::new(), None)
            }
            BoxGesture::NewClass { sample, boxes, name } => self.box_of_new_class(sample, boxes, &name),
            BoxGesture::Copy { sample } => {
                let carried = self.carried(sample);
                let count = carried.boxes.len() as u64;
                if count == 0 {
                    return (Vec::new(), Some((Level::Info, "There is no box to copy.".to_owned())));
                }
                self.labeller.boxes.copied = Some(carried);
                (Vec::new(), Some((Level::Info, format!("Copied {}.", counted(count, "box")))))
            }
            BoxGesture::Paste { sample } => {
                let Some(carried) = self.labeller.boxes.copied.clone() else {
                    return (Vec::new(), Some((Level::Info, "No boxes were copied.".to_owned())));
                };
                let what = format!("Paste {}", counted(carried.boxes.len() as u64, "box"));
                self.put_boxes(sample, &carried, what)
            }
            BoxGesture::CopyToNext { sample } => self.copy_boxes_to_next(sample),
            BoxGesture::GiveBack { sample } => {
                self.labeller.boxes.selected = None;
                let what = "Give the source's boxes back".to_owned();
                self.edit(Edit::SetBoxes { sample, from: None, to: None, what })
            }
        }
    }

    fn nudge(&mut self, sample: SampleId, boxes: Vec<NamedBox>, what: String) -> Told {
        let places = self.selected_boxes(sample);
        let at_ms = self.labeller.who.now_ms;
        let soon = |nudged: &Nudged| {
            nudged.places == places && (0..=TOGETHER_MS).contains(&at_ms.saturating_sub(nudged.at_ms))
        };
        let last = self.labeller.boxes.nudged.take().filter(soon).map(|nudged| nudged.edit);
        let told = self.change_boxes(sample, Some(boxes), what, last.as_ref());
        let edit = self.history.next_undo().cloned();
        self.labeller.boxes.nudged = edit.map(|edit| Nudged { places, at_ms, edit });
        told
    }

    /// A change of a sample's boxes; see [`Self::edit_after`] for `last`.
    pub(in crate::state) fn change_boxes(
        &mut self,
        sample: SampleId,
        boxes: Option<Vec<NamedBox>>,
        what: String,
        last: Option<&Edit>,
    ) -> Told {
        if boxes.as_ref().is_some_and(|boxes| boxes.len() > MAX_BOXES) {
            let text = format!("A sample has {MAX_BOXES} boxes at most; nothing was changed.");
            return (Vec::new(), Some((Level::Warning, text)));
        }
        // What goes back to where it was a moment ago is as it was.
        let before = match last {
            Some(Edit::SetBoxes { sample: own, from: Some(from), .. }) if *own == sample => &from[..],
            _ => &[],
        };
        let to = boxes.map(|boxes| self.signed(sample, boxes, before));
        self.edit_after(last, Edit::SetBoxes { sample, from: None, to, what })
    }

    /// Boxes of which those without a class are of that name's.
    fn box_of_new_class(&mut self, sample: SampleId, mut boxes: Vec<NamedBox>, name: &str) -> Told {
        let name = name.trim();
        if name.is_empty() || name.len() > MAX_CLASS_NAME {
            let text = format!("A class's name has 1 to {MAX_CLASS_NAME} bytes; no box was drawn.");
            return (Vec::new(), Some((Level::Warning, text)));
        }
        let identities = self.snapshot.in_force.identities.clone();
        let known = self.snapshot.labels().classes.iter().position(|known| known == name);
        let mut edits = Vec::new();
        let class = match known.and_then(|at| identities.get(at)) {
            Some(class) => class.clone(),
            None => {
                let mut to = Classes::clone(self.overlay.labelling.classes());
                let class = to.add(name, |identity| identities.iter().any(|known| known == identity));
                let what = format!("Add the class “{name}”");
                edits.push(Edit::SetClasses { from: Classes::default(), to, what });
                class
            }
        };
        boxes.iter_mut().filter(|one| one.class.is_empty()).for_each(|one| one.class.clone_from(&class));
        self.labeller.boxes.class = Some(class);
        let what = format!("Draw a box of “{name}”");
        let to = Some(self.signed(sample, boxes, &[]));
        let drawn = Edit::SetBoxes { sample, from: None, to, what: what.clone() };
        if edits.is_empty() {
            return self.edit(drawn);
        }
        edits.push(drawn);
        self.edit(Edit::Several { edits, what })
    }

    /// The selected boxes of a sample, or all where none is selected.
    fn carried(&self, sample: SampleId) -> Carried {
        let selected = self.selected_boxes(sample);
        let boxes = self.named_boxes(sample).into_iter().enumerate();
        let boxes = boxes.filter(|(place, _)| selected.is_empty() || selected.contains(place));
        Carried { from: sample, size: self.image_size(sample), boxes: boxes.map(|(_, one)| one).collect() }
    }

    fn copy_boxes_to_next(&mut self, sample: SampleId) -> Told {
        let carried = self.carried(sample);
        if carried.boxes.is_empty() {
            return (Vec::new(), Some((Level::Info, "There is no box to copy.".to_owned())));
        }
        let position = self.position_of(sample);
        let next = position.and_then(|at| Some((at + 1, *self.shown.found.rows.get(at + 1)?)));
        let Some((position, next)) = next else {
            let text = "This is the last sample of the view; its boxes have no next one to go to.";
            return (Vec::new(), Some((Level::Info, text.to_owned())));
        };
        let what = format!("Copy {} to the next sample", counted(carried.boxes.len() as u64, "box"));
        let told = self.put_boxes(next, &carried, what);
        if self.project.can_write() {
            self.put_cursor(position, false);
        }
        told
    }

    /// Adds boxes to those of a sample, and selects them. Those that it has already are not added again.
    fn put_boxes(&mut self, sample: SampleId, carried: &Carried, what: String) -> Told {
        let mut boxes = self.named_boxes(sample);
        let had = boxes.len();
        let as_had = boxes.first().map(|one| one.relative);
        let size = self.image_size(sample);
        for one in &carried.boxes {
            let beside = if carried.from == sample { BESIDE } else { 0.0 };
            let put = carry(one, carried.size, size, as_had, beside);
            if !boxes.contains(&put) {
                boxes.push(put);
            }
        }
        if boxes.len() == had {
            return (Vec::new(), Some((Level::Info, "The sample has these boxes already.".to_owned())));
        }
        if self.project.can_write() {
            self.labeller.boxes.selected = Some((sample, (had..boxes.len()).collect()));
        }
        self.change_boxes(sample, Some(boxes), what, None)
    }
}

/// A box on another image, in the unit of the boxes that are there where that can be worked out: fractions are the same
/// part of it, pixels the same pixels as far as it goes. `beside` moves it by that many pixels.
fn carry(
    one: &NamedBox,
    from: Option<[u32; 2]>,
    to: Option<[u32; 2]>,
    as_had: Option<bool>,
    beside: f32,
) -> NamedBox {
    // An image whose size is not known yet is taken for one like the other.
    let Some(size) = to.or(from) else { return one.clone() };
    let Some(sides) = Sides::of_rect(one.rect, one.relative, Some(size)) else { return one.clone() };
    let placed = if beside == 0.0 { sides.clamped(size) } else { sides.moved([beside; 2], size) };
    let relative = as_had.filter(|_| to.is_some()).unwrap_or(one.relative);
    // What need not change keeps its digits.
    let rect =
        if placed == sides && relative == one.relative { one.rect } else { placed.rect(relative, size) };
    NamedBox { class: one.class.clone(), rect, relative, ..NamedBox::default() }
}

impl From<BoxGesture> for LabelGesture {
    fn from(gesture: BoxGesture) -> Self {
        Self::EditBoxes(gesture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_carried_as_their_unit_says() {
        let one = |rect, relative| NamedBox { class: "cat".into(), rect, relative, ..NamedBox::default() };
        let (from, to) = (Some([40, 30]), Some([80, 20]));
        for (carried, to, as_had, beside, expected) in [
            // Fractions are the same part of the other image, pixels the same pixels.
            (one([0.1, 0.2, 0.3, 0.4], true), to, None, 0.0, one([0.1, 0.2, 0.3, 0.4], true)),
            (one([4.0, 5.0, 10.0, 12.0], false), to, None, 0.0, one([4.0, 5.0, 10.0, 12.0], false)),
            // What does not fit is cut.
            (one([4.0, 15.0, 10.0, 12.0], false), to, None, 0.0, one([4.0, 15.0, 10.0, 5.0], false)),
            // The unit of the boxes that are there.
            (one([0.25, 0.25, 0.5, 0.5], true), to, Some(false), 0.0, one([20.0, 5.0, 40.0, 10.0], false)),
            (one([20.0, 5.0, 40.0, 10.0], false), to, Some(true), 0.0, one([0.25, 0.25, 0.5, 0.5], true)),
            (one([20.0, 5.0, 10.0, 10.0], false), None, Some(true), 0.0, one([20.0, 5.0, 10.0, 10.0], false)),
            // On its own image it stands beside itself.
            (
                one([4.0, 5.0, 10.0, 12.0], false),
                from,
                Some(false),
                10.0,
                one([14.0, 15.0, 10.0, 12.0], false),
            ),
        ] {
            assert_eq!(carry(&carried, from, to, as_had, beside), expected, "{carried:?} {to:?} {as_had:?}");
        }
    }
}
