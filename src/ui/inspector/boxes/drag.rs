//! A drag of the pointer over the image: what it takes hold of, what boxes look like meanwhile, and what it comes to.

use std::collections::BTreeSet;

use super::menu::Asking;
use super::{REACH, SNAP, Stage, boxes_text, change, gesture, name_of, placed};
use crate::dataset::{NamedBox, SampleId};
use crate::state::labelling::boxes::geometry::{shift, under};
use crate::state::labelling::boxes::{BoxGesture, Handle, Sides};
use crate::ui::Pencil;

/// A drag in progress.
#[derive(Clone, Debug)]
pub(super) struct Drag {
    pub sample: SampleId,
    pub kind: Kind,
    /// Where the pointer was pressed, in image pixels.
    from: [f32; 2],
    /// Where it is.
    pub to: [f32; 2],
}

/// What a drag does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Draw,
    /// Moves boxes, by their places.
    Move(Vec<usize>),
    Resize(usize, Handle),
}

/// The boxes that are selected after a click: the smallest under the pointer, or the next larger one where that was
/// selected; none where nothing lies there.
pub(super) fn clicked(
    boxes: &[Option<Sides>],
    at: [f32; 2],
    selected: &[usize],
    toggles: bool,
) -> BTreeSet<usize> {
    let under = under(boxes, at);
    let mut places: BTreeSet<usize> = selected.iter().copied().collect();
    if toggles {
        if let Some(first) = under.first()
            && !places.remove(first)
        {
            places.insert(*first);
        }
        return places;
    }
    let at = match selected {
        [one] => under.iter().position(|place| place == one).map_or(0, |at| (at + 1) % under.len()),
        _ => 0,
    };
    under.get(at).copied().into_iter().collect()
}

impl Drag {
    /// A drag from a point, and what is selected by it. One that `draws` takes hold of nothing.
    pub fn start(stage: &Stage<'_>, from: [f32; 2], draws: bool) -> (Self, Option<BTreeSet<usize>>) {
        let sides = stage.sides();
        let selected = stage.session.selected_boxes(stage.sample);
        let new = |kind| Self { sample: stage.sample, kind, from, to: from };
        if draws {
            return (new(Kind::Draw), None);
        }
        if let [one] = selected[..]
            && let Some(Some(box_sides)) = sides.get(one)
        {
            // Of a box that is small on screen something is left to move it by.
            let least = box_sides.width().min(box_sides.height());
            let reach = stage.pixels(REACH).min((least / 4.0).max(stage.pixels(2.0)));
            if let Some(handle) = box_sides.handle_at(from, reach) {
                return (new(Kind::Resize(one, handle)), None);
            }
        }
        let under = under(&sides, from);
        match under.iter().find(|place| selected.contains(place)) {
            Some(_) => (new(Kind::Move(selected)), None),
            None => match under.first() {
                Some(first) => (new(Kind::Move(vec![*first])), Some(BTreeSet::from([*first]))),
                None => (new(Kind::Draw), Some(BTreeSet::new())),
            },
        }
    }

    /// The box that is drawn.
    pub fn drawn(&self, stage: &Stage<'_>) -> Option<Sides> {
        let snap = stage.pixels(SNAP).min(2.0_f32.max(stage.size[0].min(stage.size[1]) as f32 / 50.0));
        (self.kind == Kind::Draw).then(|| Sides::between(self.from, self.to, stage.size, snap))
    }

    /// The places of the boxes that it changes, and where those are now.
    pub fn changed(&self, stage: &Stage<'_>) -> Vec<(usize, Sides)> {
        let sides = stage.sides();
        let snap = stage.pixels(SNAP).min(2.0_f32.max(stage.size[0].min(stage.size[1]) as f32 / 50.0));
        match &self.kind {
            Kind::Draw => Vec::new(),
            Kind::Move(places) => {
                let moved: Vec<(usize, Sides)> =
                    places.iter().filter_map(|place| Some((*place, (*sides.get(*place)?)?))).collect();
                let all: Vec<Sides> = moved.iter().map(|(_, sides)| *sides).collect();
                let by = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
                let by = shift(&all, by, stage.size, snap);
                moved.into_iter().map(|(place, sides)| (place, sides.moved(by, stage.size))).collect()
            }
            Kind::Resize(place, handle) => {
                let Some(Some(sides)) = sides.get(*place) else { return Vec::new() };
                vec![(*place, sides.resized(*handle, self.to, stage.size, snap))]
            }
        }
    }

    /// Makes a gesture of it. A box that was drawn and whose class is not known asks for one.
    pub fn finish(self, pencil: &mut Pencil<'_>, stage: &Stage<'_>) -> Option<Asking> {
        if let Some(sides) = self.drawn(stage) {
            return match stage.session.class_of_new_boxes(stage.sample) {
                Some(class) => {
                    draw(pencil, stage, sides, &class);
                    None
                }
                None => Some(Asking::new(stage.sample, sides)),
            };
        }
        let changed = self.changed(stage);
        let verb = if matches!(self.kind, Kind::Resize(..)) { "Resize" } else { "Move" };
        if let Some(boxes) = placed(stage, &changed) {
            pencil.act(change(stage.sample, boxes, format!("{verb} {}", boxes_text(changed.len()))));
        }
        None
    }
}

/// The boxes of a sample with another one of that class.
pub(super) fn with_new(stage: &Stage<'_>, sides: Sides, class: &str) -> Vec<NamedBox> {
    let mut boxes = stage.session.named_boxes(stage.sample);
    let relative = stage.session.draws_relative(stage.sample, Some(stage.size));
    let (class, rect) = (class.to_owned(), sides.rect(relative, stage.size));
    boxes.push(NamedBox { class, rect, relative, ..NamedBox::default() });
    boxes
}

/// Adds a box to a sample and selects it.
pub(super) fn draw(pencil: &mut Pencil<'_>, stage: &Stage<'_>, sides: Sides, class: &str) {
    let sample = stage.sample;
    let boxes = with_new(stage, sides, class);
    let places = BTreeSet::from([boxes.len() - 1]);
    let what = format!("Draw a box of “{}”", name_of(stage.session, class));
    pencil.act(gesture(BoxGesture::Class(class.to_owned())));
    pencil.act(change(sample, boxes, what));
    pencil.act(gesture(BoxGesture::Select { sample, places }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_go_from_the_smallest_box_to_larger_ones() {
        let sides = |end: f32| Some(Sides { left: 0.0, top: 0.0, right: end, bottom: end });
        let boxes = [sides(30.0), sides(10.0), sides(20.0)];
        for (at, selected, toggles, expected) in [
            (5.0, &[][..], false, &[1][..]),
            (5.0, &[1], false, &[2]),
            (5.0, &[2], false, &[0]),
            (5.0, &[0], false, &[1]),
            (15.0, &[1], false, &[2]),
            (5.0, &[0, 1], false, &[1]),
            (99.0, &[1], false, &[]),
            (5.0, &[0], true, &[0, 1]),
            (5.0, &[0, 1], true, &[0]),
            (99.0, &[1], true, &[1]),
        ] {
            let found: Vec<usize> = clicked(&boxes, [at; 2], selected, toggles).into_iter().collect();
            assert_eq!(found, expected, "{at} {selected:?}");
        }
    }
}
