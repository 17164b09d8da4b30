//! Boxes that are edited on the image: drawn, moved, resized, labelled and deleted by pointer and keys.
//!
//! What is being dragged is a moment of the view and is drawn from here; when the pointer is let go it becomes one
//! gesture. It refuses to know how the image is drawn, and what a gesture does.

mod drag;
mod keys;
mod list;
mod menu;
mod paint;

use egui::{PointerButton, Pos2, Response, Ui};

use super::canvas::Placement;
use crate::dataset::{BoxRecord, NamedBox, SampleId};
use crate::state::labelling::boxes::{BoxGesture, Sides};
use crate::state::{Action, LabelGesture, Session};
use crate::ui::Pencil;
use drag::Drag;
use keys::Pressed;
use list::Held;
pub(super) use list::{list_ui, toggle_ui};
use menu::Asking;
pub(super) use paint::paint_ui;

/// Points around a handle in which it is grabbed.
const REACH: f32 = 7.0;
/// Points from an edge of the image at which it takes a side.
const SNAP: f32 = 6.0;

/// How the editor stands.
#[derive(Default)]
pub(super) struct BoxesView {
    drag: Option<Drag>,
    /// A box that was drawn and has no class yet.
    asking: Option<Asking>,
    /// A number of the list while it is dragged.
    held: Option<Held>,
    /// The frame in which the image was drawn last, and whether boxes could be edited then.
    drawn: Option<(u64, bool)>,
    /// Whether the keys go to the image from now on.
    wants_focus: bool,
    /// Whether the keys of the editor were its own in the last frame.
    has_keys: bool,
    /// What was pressed and is not done yet.
    pressed: Pressed,
    /// The sample that was drawn last.
    sample: Option<SampleId>,
}

/// What boxes are edited on.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    pub session: &'a Session,
    pub sample: SampleId,
    pub placement: &'a Placement,
    /// Size of the image in pixels.
    pub size: [u32; 2],
    pub response: &'a Response,
}

impl Stage<'_> {
    fn image_from_screen(&self, at: Pos2) -> [f32; 2] {
        let at = self.placement.image_from_screen(at);
        [at.x, at.y]
    }

    /// That many points in image pixels.
    fn pixels(&self, points: f32) -> f32 {
        points / self.placement.scale.max(f32::MIN_POSITIVE)
    }

    fn records(&self) -> &[BoxRecord] {
        self.session.snapshot.boxes().get(self.sample)
    }

    fn sides(&self) -> Vec<Option<Sides>> {
        self.records().iter().map(|record| Sides::of(record, Some(self.size))).collect()
    }
}

impl BoxesView {
    /// Takes the keys that are the editor's before anybody else does, where it had the focus in the last frame.
    pub fn take_keys(&mut self, ui: &Ui, session: &Session) {
        let had_keys = std::mem::take(&mut self.has_keys);
        if !had_keys || !session.labeller.boxes.is_on || ui.ctx().text_edit_focused() {
            return;
        }
        let has_selected = self.sample.is_some_and(|sample| !session.selected_boxes(sample).is_empty());
        self.pressed.take(ui, session, has_selected);
    }

    /// The image is drawn in this frame. Boxes that can be edited from now on take the keys, where the image was on
    /// screen before; one that merely comes on screen leaves them to whoever has them. Where nothing is edited what was
    /// begun is dropped.
    pub fn begin(&mut self, frame: u64, is_on: bool) {
        // The frame may be drawn again.
        let before = self.drawn.filter(|(at, _)| frame <= at + 1).map(|(_, was_on)| was_on);
        self.drawn = Some((frame, is_on));
        match (before, is_on) {
            (_, false) => *self = Self { drawn: self.drawn, ..Self::default() },
            (None, true) => self.wants_focus = false,
            (Some(false), true) => self.wants_focus = true,
            (Some(true), true) => {}
        }
    }

    /// What pointer and keys do to the boxes; gives the boxes as they look while something is dragged.
    pub fn respond(&mut self, ui: &Ui, pencil: &mut Pencil<'_>, stage: &Stage<'_>) -> Option<Vec<BoxRecord>> {
        if std::mem::take(&mut self.wants_focus) {
            stage.response.request_focus();
        }
        if self.drag.as_ref().is_some_and(|drag| drag.sample != stage.sample) {
            self.drag = None;
        }
        if self.asking.as_ref().is_some_and(|asking| asking.sample != stage.sample) {
            self.asking = None;
        }
        let is_free = ui.is_enabled() && pencil.state.dialog.is_none();
        if is_free && self.asking.is_none() {
            self.point(ui, pencil, stage);
        }
        self.has_keys = stage.response.has_focus() && is_free && self.asking.is_none();
        self.sample = Some(stage.sample);
        if self.has_keys {
            keys::respond(ui, pencil, self, stage);
        } else {
            self.pressed = Pressed::default();
        }
        self.preview(stage)
    }

    /// Clicks and drags.
    fn point(&mut self, ui: &Ui, pencil: &mut Pencil<'_>, stage: &Stage<'_>) {
        let Stage { session, sample, response, .. } = *stage;
        if response.clicked_by(PointerButton::Primary)
            && let Some(at) = response.interact_pointer_pos()
        {
            response.request_focus();
            let selected = session.selected_boxes(sample);
            let toggles = ui.input(|input| input.modifiers.shift || input.modifiers.command);
            let places = drag::clicked(&stage.sides(), stage.image_from_screen(at), &selected, toggles);
            pencil.act(gesture(BoxGesture::Select { sample, places }));
        }
        if !session.project.can_write() {
            return;
        }
        let is_panning = ui.input(|input| input.key_down(egui::Key::Space));
        if response.drag_started_by(PointerButton::Primary)
            && !is_panning
            && let Some(origin) = ui.input(|input| input.pointer.press_origin())
        {
            response.request_focus();
            let draws = ui.input(|input| input.modifiers.shift);
            let (drag, select) = Drag::start(stage, stage.image_from_screen(origin), draws);
            if let Some(places) = select {
                pencil.act(gesture(BoxGesture::Select { sample, places }));
            }
            self.drag = Some(drag);
        }
        let Some(drag) = &mut self.drag else { return };
        if let Some(at) = ui.input(|input| input.pointer.latest_pos()) {
            drag.to = stage.image_from_screen(at);
        }
        if !response.dragged() {
            // With the button still down it was given up at Escape, and the key drops it where it is the editor's.
            if ui.input(|input| input.pointer.primary_down()) {
                if !self.has_keys {
                    self.drag = None;
                }
                return;
            }
            let drag = self.drag.take();
            self.asking = drag.and_then(|drag| drag.finish(pencil, stage));
        }
    }

    /// The boxes as they look while one is dragged, by pointer or by a number of the list.
    fn preview(&self, stage: &Stage<'_>) -> Option<Vec<BoxRecord>> {
        let mut records = stage.records().to_vec();
        let place = |records: &mut Vec<BoxRecord>, place: usize, sides: Sides| {
            if let Some(record) = records.get_mut(place) {
                record.rect = sides.rect(record.relative, stage.size);
            }
        };
        if let Some(drag) = &self.drag {
            drag.changed(stage).into_iter().for_each(|(at, sides)| place(&mut records, at, sides));
        } else if let Some(held) = self.held.filter(|held| held.sample == stage.sample) {
            let sides = records.get(held.place).and_then(|record| Sides::of(record, Some(stage.size)));
            if let Some(sides) = sides {
                place(&mut records, held.place, held.applied(&sides, stage.size));
            }
        } else {
            return None;
        }
        Some(records)
    }
}

/// An action of the editor.
fn gesture(gesture: impl Into<LabelGesture>) -> Action {
    Action::Label(Box::new(gesture.into()))
}

/// A change of a sample's boxes as an action.
fn change(sample: SampleId, boxes: Vec<NamedBox>, what: impl Into<String>) -> Action {
    gesture(LabelGesture::Boxes { sample, boxes: Some(boxes), what: what.into() })
}

/// The boxes of a sample with these where they lie now; `None` where that is where they lay.
fn placed(stage: &Stage<'_>, changed: &[(usize, Sides)]) -> Option<Vec<NamedBox>> {
    let before = stage.session.named_boxes(stage.sample);
    let mut boxes = before.clone();
    for (place, sides) in changed {
        if let Some(one) = boxes.get_mut(*place)
            && Sides::of_rect(one.rect, one.relative, Some(stage.size)) != Some(*sides)
        {
            one.rect = sides.rect(one.relative, stage.size);
        }
    }
    (boxes != before).then_some(boxes)
}

/// "a box", or "3 boxes".
fn boxes_text(count: usize) -> String {
    if count == 1 { "a box".to_owned() } else { crate::text::counted(count as u64, "box") }
}

/// Gives boxes of a sample a class, which is that of boxes to come, too.
fn label(pencil: &mut Pencil<'_>, session: &Session, sample: SampleId, places: &[usize], class: &str) {
    pencil.act(gesture(BoxGesture::Class(class.to_owned())));
    let mut boxes = session.named_boxes(sample);
    for place in places {
        if let Some(one) = boxes.get_mut(*place) {
            class.clone_into(&mut one.class);
        }
    }
    if !places.is_empty() && boxes != session.named_boxes(sample) {
        let what = format!("Label {} “{}”", boxes_text(places.len()), name_of(session, class));
        pencil.act(change(sample, boxes, what));
    }
}

/// Takes boxes of a sample away.
fn delete(pencil: &mut Pencil<'_>, session: &Session, sample: SampleId, places: &[usize]) {
    let boxes = session.named_boxes(sample).into_iter().enumerate();
    let left = boxes.filter(|(place, _)| !places.contains(place)).map(|(_, one)| one).collect();
    pencil.act(gesture(BoxGesture::Select { sample, places: Default::default() }));
    pencil.act(change(sample, left, format!("Delete {}", boxes_text(places.len()))));
}

/// The name of a class by its identity.
fn name_of<'a>(session: &'a Session, class: &'a str) -> &'a str {
    let at = session.snapshot.in_force.identities.iter().position(|identity| identity == class);
    at.and_then(|at| session.snapshot.labels().classes.get(at)).map_or(class, String::as_str)
}
