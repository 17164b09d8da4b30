//! The pipeline as a list of steps that are added, moved, switched, set and removed.

use egui::{Button, ComboBox, DragValue, Frame, Label, Margin, RichText, Role, Ui, WidgetInfo};
use egui_material_icons::icons;

use super::add::{AddView, add_ui};
use super::params::{params_ui, title_of};
use super::{padded, scrolled};
use crate::augment::formats::EARLY;
use crate::augment::pipeline::{Order, Pipeline, Step, What};
use crate::augment::presets::PRESETS;
use crate::dataset::edit::PipelineSlot;
use crate::state::augment::{AugmentView, Show};
use crate::state::{Action, JobId, Session};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets::{self, IconButton};

/// Drawing state of the list.
#[derive(Default)]
pub struct EditorView {
    /// The pipeline while a control is held; the state keeps it once the pointer is up.
    moved: Option<(Pipeline, String)>,
    /// Steps whose parameters are shown.
    open: Vec<u32>,
    add: AddView,
    add_to: AddView,
    /// The step that is dragged to another place.
    dragged: Option<u32>,
}

/// Draws the pipeline.
pub fn editor_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    view: &mut AugmentView,
    editor: &mut EditorView,
) {
    let before = match &editor.moved {
        Some((pipeline, _)) => pipeline.clone(),
        None => Pipeline::clone(session.augment.current()),
    };
    let mut pipeline = before.clone();
    let mut what = None;
    egui::Panel::top("pipeline bar").frame(padded()).show(ui, |ui| {
        bar_ui(ui, pencil, view, &mut pipeline, &mut what);
        if let Some(problem) = &session.augment.problem {
            let color = Tokens::of(ui).error;
            ui.add(Label::new(RichText::new(problem).color(color)).wrap());
        }
    });
    egui::Panel::bottom("pipeline add").frame(padded()).show(ui, |ui| {
        ui.horizontal(|ui| {
            let id = pipeline.next_id();
            if let Some(step) = add_ui(ui, &mut editor.add, id, "Add an operation") {
                what = Some(format!("Add {}", name_of(&step)));
                editor.open = vec![step.id];
                pipeline.steps.push(step);
            }
        });
    });
    scrolled(ui, "steps", |ui| {
        if pipeline.steps.is_empty() {
            ui.add_space(space::S);
            let text = "Nothing is done to the samples yet. Add an operation, or begin with a preset above.";
            ui.add(Label::new(widgets::dim(text)).wrap());
        }
        let next = pipeline.next_id();
        let mut list = List {
            view,
            editor,
            what: &mut what,
            next,
            moved: None,
            suggest: None,
            measure: None,
            is_measuring: pencil.state.jobs.iter().any(|job| job.id == JobId::Channels),
            early: before.normalized_early(),
            is_within_dragged: false,
        };
        list.steps_ui(ui, &mut pipeline.steps, false);
        list.end_ui(ui);
        let (dropped, suggest, measure) = (list.moved, list.suggest, list.measure);
        if let Some((id, to)) = dropped {
            what = Some(move_to(&mut pipeline.steps, id, to));
        }
        if let Some((step, param)) = suggest {
            pencil.act(Action::SuggestRange { step, param });
        }
        if let Some(step) = measure {
            pencil.act(Action::MeasureChannels { step });
        }
    });
    let is_held = ui.input(|input| input.pointer.any_down());
    if pipeline != before {
        let what = what.unwrap_or_else(|| "Change the pipeline".to_owned());
        editor.moved = Some((pipeline, what));
        if is_held && let Some((pipeline, what)) = &editor.moved {
            let (pipeline, what) = (pipeline.clone().into(), what.clone());
            pencil.act(Action::ChangePipeline { pipeline, what, is_held: true });
        }
    }
    if !is_held && let Some((pipeline, what)) = editor.moved.take() {
        pencil.act(Action::ChangePipeline { pipeline: pipeline.into(), what, is_held: false });
    }
}

/// Which pipeline, what it begins with, and its file.
fn bar_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut AugmentView,
    pipeline: &mut Pipeline,
    what: &mut Option<String>,
) {
    ui.horizontal(|ui| {
        for slot in PipelineSlot::ALL {
            let name = format!("Pipeline {}", slot.title());
            let chip = widgets::chip(ui, view.slot == slot, &name);
            if chip.on_hover_text("Two pipelines can be worked on and compared").clicked() {
                (view.slot, view.solo) = (slot, None);
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if widgets::icon_button(ui, icons::ICON_SAVE, "Save the pipeline to a file…").clicked() {
                pencil.act(Action::PickPipelineTarget);
            }
            if widgets::icon_button(ui, icons::ICON_FOLDER_OPEN, "Open a pipeline from a file…").clicked() {
                pencil.act(Action::PickPipelineFile { slot: view.slot });
            }
        });
    });
    ui.horizontal(|ui| {
        ui.label(RichText::new("Begin with").color(Tokens::of(ui).text_dim));
        let known = PRESETS.iter().find(|preset| preset.name == pipeline.name);
        let exact = known.filter(|preset| preset.pipeline() == *pipeline).map(|preset| preset.name);
        let chosen = match known {
            Some(preset) if exact.is_some() => preset.title.to_owned(),
            Some(preset) => format!("{}, changed", preset.title),
            None if pipeline.steps.is_empty() => "None".to_owned(),
            None if pipeline.name.is_empty() => "Own".to_owned(),
            None => pipeline.name.clone(),
        };
        let combo =
            ComboBox::from_id_salt("preset").width(170.0).height(340.0).selected_text(&chosen).truncate();
        let shown = combo.show_ui(ui, |ui| {
            for preset in &PRESETS {
                if ui
                    .selectable_label(exact == Some(preset.name), preset.title)
                    .on_hover_text(preset.about)
                    .clicked()
                {
                    *pipeline = preset.pipeline();
                    *what = Some(format!("Begin with the preset {}", preset.title));
                }
            }
        });
        let name = format!("Begin with: {chosen}");
        shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
    });
}

/// Height of the place behind the last step, in points.
const END: f32 = 28.0;

/// The list of steps while it is drawn.
struct List<'a> {
    view: &'a mut AugmentView,
    editor: &'a mut EditorView,
    what: &'a mut Option<String>,
    /// An id that no step has.
    next: u32,
    /// A step that was dropped before another one, or behind all.
    moved: Option<(u32, Option<u32>)>,
    /// A parameter whose safe range is asked for.
    suggest: Option<(u32, usize)>,
    /// A step whose mean and deviation are to be measured, and whether any are.
    measure: Option<u32>,
    is_measuring: bool,
    /// Steps that normalise before others.
    early: Vec<u32>,
    /// Whether what is drawn is in the step that is dragged.
    is_within_dragged: bool,
}

/// What a person did with a step beside setting it.
enum Deed {
    Remove,
    Duplicate,
    MoveBy(isize),
}

impl List<'_> {
    fn steps_ui(&mut self, ui: &mut Ui, steps: &mut Vec<Step>, is_choice: bool) {
        let count = steps.len();
        let mut deed = None;
        for (at, step) in steps.iter_mut().enumerate() {
            let frame = Frame::new()
                .fill(Tokens::of(ui).raised.gamma_multiply(0.5))
                .corner_radius(space::RADIUS)
                .inner_margin(Margin::symmetric(6, 4));
            let shown = frame.show(ui, |ui| {
                ui.set_width(ui.available_width());
                if let Some(done) = self.step_ui(ui, step, is_choice, at, count) {
                    deed = Some((at, done));
                }
            });
            self.drop_ui(ui, &shown.response, step.id);
        }
        if let Some((at, done)) = deed {
            let name = name_of(&steps[at]);
            match done {
                Deed::Remove => {
                    steps.remove(at);
                    *self.what = Some(format!("Remove {name}"));
                }
                Deed::Duplicate => {
                    let mut step = steps[at].clone();
                    renumber(&mut step, &mut self.next);
                    steps.insert(at + 1, step);
                    *self.what = Some(format!("Duplicate {name}"));
                }
                Deed::MoveBy(by) => {
                    let to = at.saturating_add_signed(by).min(count - 1);
                    let step = steps.remove(at);
                    steps.insert(to, step);
                    *self.what = Some(format!("Move {name}"));
                }
            }
        }
    }

    /// Marks where a step that is dragged would go, and takes it when it is let go there.
    fn drop_ui(&mut self, ui: &Ui, card: &egui::Response, id: u32) {
        let Some(dragged) = self.editor.dragged.filter(|dragged| *dragged != id) else { return };
        let Some(pointer) = ui.input(|input| input.pointer.latest_pos()) else { return };
        // A step within a group takes what is dropped on it, and not the group; none goes into itself.
        if !card.rect.contains(pointer) || self.moved.is_some() || self.is_within_dragged {
            return;
        }
        self.mark(ui, card.rect.x_range(), card.rect.top() - 2.0, (dragged, Some(id)));
    }

    /// A place behind all steps, which takes a step as well.
    fn end_ui(&mut self, ui: &mut Ui) {
        let size = egui::vec2(ui.available_width(), ui.available_height().max(END));
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        let Some(dragged) = self.editor.dragged else { return };
        let is_here = ui.input(|input| input.pointer.latest_pos()).is_some_and(|pos| rect.contains(pos));
        if is_here && self.moved.is_none() {
            self.mark(ui, rect.x_range(), rect.top() + 2.0, (dragged, None));
        }
    }

    /// A line where the dragged step would go; it goes there when it is let go.
    fn mark(&mut self, ui: &Ui, x: egui::Rangef, y: f32, goes: (u32, Option<u32>)) {
        ui.painter().hline(x, y, (2.0, Tokens::of(ui).accent));
        if ui.input(|input| input.pointer.any_released()) {
            self.moved = Some(goes);
        }
    }

    fn step_ui(
        &mut self,
        ui: &mut Ui,
        step: &mut Step,
        is_choice: bool,
        at: usize,
        count: usize,
    ) -> Option<Deed> {
        let name = name_of(step);
        let mut deed = None;
        let is_open = self.editor.open.contains(&step.id);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            self.handle_ui(ui, step.id, &name);
            let (icon, says) = match step.is_on {
                true => (icons::ICON_VISIBILITY, format!("Switch {name} off")),
                false => (icons::ICON_VISIBILITY_OFF, format!("Switch {name} on")),
            };
            let color = if step.is_on { Tokens::of(ui).text } else { Tokens::of(ui).text_dim };
            if IconButton::new(icon, &says).color(color).show(ui).clicked() {
                step.is_on = !step.is_on;
                *self.what = Some(says.clone());
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                deed = self.menu_ui(ui, step, &name, at, count);
                probability_ui(ui, step, &name, is_choice, self.what);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let solo = self.view.solo == Some(step.id);
                    let color = match (solo, step.is_on) {
                        (true, _) => Tokens::of(ui).accent,
                        (_, true) => Tokens::of(ui).text,
                        _ => Tokens::of(ui).text_dim,
                    };
                    let title = RichText::new(&name).color(color).font(bold(size::BODY));
                    let response = ui.add(Button::new(title).frame(false).truncate());
                    let says = if is_open { format!("Hide {name}") } else { format!("Show {name}") };
                    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &says));
                    if response.on_hover_text(about_of(step)).clicked() {
                        match is_open {
                            true => self.editor.open.retain(|id| *id != step.id),
                            false => self.editor.open.push(step.id),
                        }
                    }
                });
            });
        });
        match &mut step.what {
            What::Operation(settings) if is_open => {
                if let Some(param) = params_ui(ui, settings) {
                    *self.what = Some(format!("{name}: {}", title_of(param).to_lowercase()));
                }
                if settings.is_normalize_by_dataset() {
                    self.measure_ui(ui, step.id);
                }
                for kept in settings.kept.keys() {
                    let text = format!("{kept} is not known here; it is kept for the file.");
                    ui.label(widgets::dim(text));
                }
            }
            What::Group(group) => {
                order_ui(ui, &mut group.order, self.what);
                let is_choice = matches!(group.order, Order::OneOf | Order::SomeOf { .. });
                ui.indent(("group", step.id), |ui| {
                    let before = self.is_within_dragged;
                    self.is_within_dragged |= self.editor.dragged == Some(step.id);
                    self.steps_ui(ui, &mut group.steps, is_choice);
                    self.is_within_dragged = before;
                    if let Some(added) = add_ui(ui, &mut self.editor.add_to, self.next, "Add to the group") {
                        *self.what = Some(format!("Add {}", name_of(&added)));
                        self.editor.open.push(added.id);
                        group.steps.push(added);
                    }
                });
            }
            What::Unknown(_) => {
                let text = "This operation is not known here: it does nothing, and is kept for the file.";
                ui.add(Label::new(RichText::new(text).small().color(Tokens::of(ui).warn)).wrap());
            }
            What::Operation(_) => {}
        }
        if self.early.contains(&step.id) {
            ui.add(Label::new(RichText::new(EARLY).small().color(Tokens::of(ui).warn)).wrap());
        }
        deed
    }

    /// What a step that normalises by the dataset is set by.
    fn measure_ui(&mut self, ui: &mut Ui, id: u32) {
        let button = ui.add_enabled(!self.is_measuring, Button::new("Measure on this view"));
        let help = "Set mean and deviation to those of all pixels of the samples that are shown, pruned ones left \
                    out. The status bar has its progress";
        if button.on_hover_text(help).clicked() {
            self.measure = Some(id);
        }
    }

    /// What a step is dragged by.
    fn handle_ui(&mut self, ui: &mut Ui, id: u32, name: &str) {
        let (rect, response) =
            ui.allocate_exact_size(egui::vec2(16.0, space::ROW), egui::Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Drag {name}")));
        let icon = icons::ICON_DRAG_INDICATOR;
        let font = egui::FontId::new(16.0, icon.font_family());
        let color = Tokens::of(ui).text_dim;
        ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, icon.codepoint, font, color);
        let response = response.on_hover_cursor(egui::CursorIcon::Grab);
        if response.drag_started() {
            self.editor.dragged = Some(id);
        }
        let is_held = ui.input(|input| input.pointer.any_down() || input.pointer.any_released());
        if self.editor.dragged == Some(id) && !is_held {
            self.editor.dragged = None;
        }
    }

    fn menu_ui(&mut self, ui: &mut Ui, step: &Step, name: &str, at: usize, count: usize) -> Option<Deed> {
        let mut deed = None;
        let button = widgets::icon_button(ui, icons::ICON_MORE_VERT, &format!("More of {name}"));
        egui::Popup::menu(&button).show(|ui| {
            let is_solo = self.view.solo == Some(step.id);
            if ui.selectable_label(is_solo, "Solo").on_hover_text("Do this step alone, always").clicked() {
                self.view.solo = (!is_solo).then_some(step.id);
            }
            if let What::Operation(settings) = &step.what {
                self.sweep_ui(ui, step.id, settings);
                self.safe_ui(ui, step.id, settings);
            }
            if ui.button("Duplicate").clicked() {
                deed = Some(Deed::Duplicate);
            }
            if ui.add_enabled(at > 0, Button::new("Move up")).clicked() {
                deed = Some(Deed::MoveBy(-1));
            }
            if ui.add_enabled(at + 1 < count, Button::new("Move down")).clicked() {
                deed = Some(Deed::MoveBy(1));
            }
            ui.separator();
            if ui.button("Remove").clicked() {
                deed = Some(Deed::Remove);
            }
        });
        deed
    }

    /// Which parameter is to be set to where samples stay what they are.
    fn safe_ui(&mut self, ui: &mut Ui, id: u32, settings: &crate::augment::pipeline::Settings) {
        use crate::augment::param::Kind;
        for (at, param) in settings.operation.params.iter().enumerate() {
            if matches!(param.kind, Kind::Range { .. }) {
                let title = title_of(param.name).to_lowercase();
                let help = "Set the range at which the samples on the sheet stay nearer to what they were than \
                            half of the way to the next class";
                if ui.button(format!("Safe {title}")).on_hover_text(help).clicked() {
                    self.suggest = Some((id, at));
                }
            }
        }
    }

    /// Which parameter the sheet goes through.
    fn sweep_ui(&mut self, ui: &mut Ui, id: u32, settings: &crate::augment::pipeline::Settings) {
        use crate::augment::param::Kind;
        let is_number = |kind: Kind| matches!(kind, Kind::Range { .. } | Kind::Number { .. });
        let numbers = settings.operation.params.iter().enumerate().filter(|(_, param)| is_number(param.kind));
        for (at, param) in numbers {
            let title = title_of(param.name);
            let on = self.view.show == Show::Sweep { step: id, param: at };
            let help =
                format!("Show samples at values of {} from its least to its most", title.to_lowercase());
            if ui
                .selectable_label(on, format!("Sweep {}", title.to_lowercase()))
                .on_hover_text(help)
                .clicked()
            {
                self.view.show = if on { Show::Variants } else { Show::Sweep { step: id, param: at } };
            }
            if let Show::Sweep { step, param } = self.view.show
                && (step, param) != (id, at)
            {
                let help = "Show one sample at values of both parameters";
                if ui.button(format!("… against {}", title.to_lowercase())).on_hover_text(help).clicked() {
                    self.view.show = Show::Plane { across: (step, param), down: (id, at) };
                }
            }
        }
    }
}

/// How often a step is done; among the steps of a choice, its weight.
fn probability_ui(ui: &mut Ui, step: &mut Step, name: &str, is_choice: bool, what: &mut Option<String>) {
    let before = step.probability;
    let (says, help) = match is_choice {
        true => (format!("Weight of {name}"), "How likely it is chosen, beside the others"),
        false => (format!("Probability of {name}"), "How often it is done, in percent"),
    };
    let mut percent = step.probability * 100.0;
    let field = DragValue::new(&mut percent)
        .range(0.0..=100.0)
        .speed(0.5)
        .max_decimals(1)
        .min_decimals(0)
        .suffix(" %");
    let response = ui.add(field.update_while_editing(false)).accessible_name(&says);
    response.on_hover_text(help);
    step.probability = percent / 100.0;
    if step.probability != before {
        *what = Some(says);
    }
}

/// How the steps of a group are done.
fn order_ui(ui: &mut Ui, order: &mut Order, what: &mut Option<String>) {
    if let Order::SomeOf { least, most } = order {
        ui.horizontal(|ui| {
            let before = (*least, *most);
            ui.add(DragValue::new(least).range(0..=99).speed(0.05)).accessible_name("At least");
            ui.label("to");
            ui.add(DragValue::new(most).range(1..=99).speed(0.05)).accessible_name("At most");
            ui.label("of these");
            *most = (*most).max(*least);
            if (*least, *most) != before {
                *what = Some("Change how many are done".to_owned());
            }
        });
    }
}

/// What a step is called.
pub fn name_of(step: &Step) -> String {
    match &step.what {
        What::Operation(settings) => settings.operation.title.to_owned(),
        What::Unknown(unknown) => unknown.name.clone(),
        What::Group(group) => match group.order {
            Order::InTurn => "In turn".to_owned(),
            Order::Shuffled => "In random order".to_owned(),
            Order::OneOf => "One of".to_owned(),
            Order::SomeOf { .. } => "Some of".to_owned(),
        },
    }
}

fn about_of(step: &Step) -> String {
    match &step.what {
        What::Operation(settings) => settings.operation.about.to_owned(),
        What::Group(_) => "A group of steps.".to_owned(),
        What::Unknown(_) => "Not known here.".to_owned(),
    }
}

/// Gives a step and all in it ids that no other one has.
fn renumber(step: &mut Step, next: &mut u32) {
    step.id = *next;
    *next += 1;
    if let What::Group(group) = &mut step.what {
        group.steps.iter_mut().for_each(|step| renumber(step, next));
    }
}

/// Moves a step before another one; says what was done.
fn move_to(steps: &mut Vec<Step>, id: u32, before: Option<u32>) -> String {
    fn take(steps: &mut Vec<Step>, id: u32) -> Option<Step> {
        if let Some(at) = steps.iter().position(|step| step.id == id) {
            return Some(steps.remove(at));
        }
        steps.iter_mut().find_map(|step| match &mut step.what {
            What::Group(group) => take(&mut group.steps, id),
            _ => None,
        })
    }
    fn put(steps: &mut Vec<Step>, step: Step, before: u32) -> Option<Step> {
        if let Some(at) = steps.iter().position(|other| other.id == before) {
            steps.insert(at, step);
            return None;
        }
        let mut step = step;
        for other in steps {
            if let What::Group(group) = &mut other.what {
                step = put(&mut group.steps, step, before)?;
            }
        }
        Some(step)
    }
    let Some(step) = take(steps, id) else { return String::new() };
    let what = format!("Move {}", name_of(&step));
    let left = match before {
        Some(before) => put(steps, step, before),
        None => Some(step),
    };
    // What it was to stand before was in it, or is gone.
    steps.extend(left);
    what
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::pipeline::Settings;

    fn step(id: u32) -> Step {
        Step::new(id, Settings::with("invert", &[]).unwrap())
    }

    fn ids(steps: &[Step]) -> Vec<u32> {
        steps.iter().flat_map(|step| std::iter::once(step.id).chain(ids(step.steps()))).collect()
    }

    #[test]
    fn steps_go_where_they_are_dropped() {
        for (id, before, expected) in [
            (3, Some(0), vec![3, 0, 1, 2]),
            (0, Some(3), vec![1, 2, 0, 3]),
            (0, Some(2), vec![1, 0, 2, 3]),
            (2, Some(0), vec![2, 0, 1, 3]),
            (2, None, vec![0, 1, 3, 2]),
            // A group cannot go into itself: it goes to the end.
            (1, Some(2), vec![0, 3, 1, 2]),
        ] {
            let mut steps = vec![step(0), Step::group(1, Order::OneOf, vec![step(2)]), step(3)];
            move_to(&mut steps, id, before);
            assert_eq!(ids(&steps), expected, "{id} {before:?}");
        }
        let mut copy = Step::group(1, Order::OneOf, vec![step(2)]);
        renumber(&mut copy, &mut 9);
        assert_eq!(ids(&[copy]), [9, 10]);
    }
}
