//! The small menu that asks for the class of a box that was just drawn, where no class was used before.

use egui::{Align2, Area, Frame, Key, Label, Order, Pos2, TextEdit, Ui};

use super::drag::{draw, with_new};
use super::{BoxesView, Stage, gesture};
use crate::dataset::SampleId;
use crate::state::labelling::boxes::{BoxGesture, Sides};
use crate::ui::Pencil;
use crate::ui::theme::space;
use crate::ui::widgets::{group_heading, lines_ui};

/// Width of the menu, in points.
const WIDTH: f32 = 190.0;
/// Classes that are seen at a time.
const VISIBLE: usize = 8;

/// A box that awaits its class.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub sample: SampleId,
    pub sides: Sides,
    /// What is typed: the beginning of a class's name, or a new one.
    text: String,
    /// Whether the field has had the focus.
    is_begun: bool,
}

impl Asking {
    pub fn new(sample: SampleId, sides: Sides) -> Self {
        Self { sample, sides, text: String::new(), is_begun: false }
    }
}

/// What was chosen.
enum Choice {
    /// A class by its place.
    Class(usize),
    New,
    Nothing,
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
    match shown.inner {
        None => view.asking = Some(asking),
        Some(Choice::Nothing) => stage.response.request_focus(),
        Some(Choice::Class(class)) => {
            let identity = stage.session.snapshot.in_force.identities.get(class);
            if let Some(identity) = identity {
                draw(pencil, stage, asking.sides, identity);
            }
            stage.response.request_focus();
        }
        Some(Choice::New) => {
            let boxes = with_new(stage, asking.sides, "");
            let (sample, name) = (asking.sample, asking.text);
            let places = [boxes.len() - 1].into();
            pencil.act(gesture(BoxGesture::NewClass { sample, boxes, name }));
            pencil.act(gesture(BoxGesture::Select { sample, places }));
            stage.response.request_focus();
        }
    }
}

fn choice_ui(ui: &mut Ui, asking: &mut Asking, stage: &Stage<'_>) -> Option<Choice> {
    ui.set_width(WIDTH);
    group_heading(ui, "Class of the new box");
    let field = TextEdit::singleline(&mut asking.text).hint_text("Find or add a class").desired_width(WIDTH);
    let field = ui.add(field);
    if !asking.is_begun {
        field.request_focus();
        asking.is_begun = true;
    }
    let is_given_up = ui.input(|input| input.key_pressed(Key::Escape));
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let names = &stage.session.snapshot.labels().classes;
    let typed = asking.text.trim().to_lowercase();
    let fitting: Vec<usize> =
        (0..names.len()).filter(|at| names[*at].to_lowercase().contains(&typed)).collect();
    let mut choice = None;
    let exact = names.iter().position(|name| *name == asking.text.trim());
    if is_entered && !typed.is_empty() {
        choice = Some(exact.map_or(Choice::New, Choice::Class));
    }
    ui.add_space(space::XS);
    lines_ui(ui, "box-classes", (space::ROW, VISIBLE), fitting.len(), |ui, at| {
        let class = fitting[at];
        let button = egui::Button::selectable(false, names[class].as_str()).truncate();
        if ui.add_sized([ui.available_width(), space::ROW], button).clicked() {
            choice = Some(Choice::Class(class));
        }
    });
    if !typed.is_empty() && exact.is_none() {
        let text = format!("Add “{}”", asking.text.trim());
        if ui.button(text).clicked() {
            choice = Some(Choice::New);
        }
    }
    ui.horizontal(|ui| {
        if ui.button("No box").on_hover_text("Drop the box that was drawn").clicked() {
            choice = Some(Choice::Nothing);
        }
        ui.add(Label::new(crate::ui::widgets::dim("Enter takes the name typed")).truncate());
    });
    if is_given_up { Some(Choice::Nothing) } else { choice }
}
