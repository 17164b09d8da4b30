//! The small menu that asks for the class of a box that was just drawn, where no class was used before.

use egui::{Align2, Area, Frame, Key, Order, Pos2, Ui};

use super::drag::{draw, with_new};
use super::{BoxesView, Stage, gesture};
use crate::dataset::SampleId;
use crate::state::labelling::boxes::{BoxGesture, Sides};
use crate::ui::Pencil;
use crate::ui::class_pick::{Chosen, ClassPick, class_pick_ui};
use crate::ui::widgets::group_heading;

/// A box that awaits its class.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub sample: SampleId,
    pub sides: Sides,
    /// What is typed of a class's name.
    pick: ClassPick,
}

impl Asking {
    pub fn new(sample: SampleId, sides: Sides) -> Self {
        Self { sample, sides, pick: ClassPick::opened() }
    }
}

/// What becomes of the box.
enum Choice {
    Of(Chosen),
    NoBox,
}

/// Draws the menu beside the box, while one is asked about.
pub(super) fn menu_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut BoxesView, stage: &Stage<'_>) {
    let Some(mut asking) = view.asking.take() else { return };
    let corner = Pos2::new(asking.sides.right, asking.sides.top);
    let at = stage.placement.screen_from_image(corner);
    let at = at.clamp(stage.placement.frame.min, stage.placement.frame.max);
    let area = Area::new(ui.scope_id().with("box-class"))
        .order(Order::Foreground)
        .pivot(Align2::LEFT_TOP)
        .fixed_pos(at)
        .constrain_to(ui.ctx().content_rect());
    let shown = area
        .show(ui.ctx(), |ui| Frame::popup(ui.style()).show(ui, |ui| choice_ui(ui, &mut asking, stage)).inner);
    let Some(choice) = shown.inner else {
        view.asking = Some(asking);
        return;
    };
    match choice {
        Choice::NoBox => {}
        Choice::Of(Chosen::Class(class)) => {
            if let Some(identity) = stage.session.snapshot.in_force.identities.get(class as usize) {
                draw(pencil, stage, asking.sides, identity);
            }
        }
        Choice::Of(Chosen::New(name)) => {
            let boxes = with_new(stage, asking.sides, "");
            let sample = asking.sample;
            let places = [boxes.len() - 1].into();
            pencil.act(gesture(BoxGesture::NewClass { sample, boxes, name }));
            pencil.act(gesture(BoxGesture::Select { sample, places }));
        }
    }
    stage.response.request_focus();
}

fn choice_ui(ui: &mut Ui, asking: &mut Asking, stage: &Stage<'_>) -> Option<Choice> {
    group_heading(ui, "Class of the new box");
    let is_given_up = ui.input(|input| input.key_pressed(Key::Escape));
    let chosen = class_pick_ui(ui, stage.session, &mut asking.pick);
    let drops = ui.button("No box").on_hover_text("Drop the box that was drawn (Esc)").clicked();
    if is_given_up || drops { Some(Choice::NoBox) } else { chosen.map(Choice::Of) }
}
