//! The parameters of an operation as controls.

use egui::{Color32, ComboBox, DragValue, Grid, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::augment::param::{Kind, Param, Step, Value};
use crate::augment::pipeline::Settings;
use crate::text::significant;
use crate::ui::theme::{Tokens, space};

/// Widths in points: of names, of numbers beside a slider, and of a slider.
const NAMES: f32 = 80.0;
const NUMBER: f32 = 46.0;
const SLIDER: f32 = 80.0;
/// Radius of a slider's handle.
const HANDLE: f32 = 6.0;

/// Draws the parameters; gives the name of the one that was changed.
pub fn params_ui(ui: &mut Ui, settings: &mut Settings) -> Option<&'static str> {
    let mut changed = None;
    let operation = settings.operation;
    Grid::new(operation.name).num_columns(2).min_col_width(NAMES).spacing([space::S, 4.0]).show(ui, |ui| {
        for (param, value) in operation.params.iter().zip(&mut settings.values) {
            let color = Tokens::of(ui).text_dim;
            let title = title_of(param.name);
            let help = format!("{}.", param.about);
            ui.label(RichText::new(&title).color(color)).on_hover_text(help);
            let before = *value;
            ui.horizontal(|ui| value_ui(ui, &title, param, value));
            ui.end_row();
            if *value != before {
                changed = Some(param.name);
            }
        }
    });
    changed
}

/// A parameter's name as a person reads it.
pub fn title_of(name: &str) -> String {
    let mut title = name.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

fn value_ui(ui: &mut Ui, title: &str, param: &Param, value: &mut Value) {
    ui.spacing_mut().item_spacing.x = space::XS;
    match (param.kind, &mut *value) {
        (Kind::Range { least, most, step, .. }, Value::Range(ends)) => {
            let mut moved = *ends;
            number_ui(ui, &format!("{title}, least"), &mut moved[0], [least, most], step, param.unit.sign());
            range_ui(ui, title, &mut moved, [least, most], step);
            number_ui(ui, &format!("{title}, most"), &mut moved[1], [least, most], step, param.unit.sign());
            if moved != *ends {
                // The end that was moved takes the other one along.
                if moved[0] > moved[1] {
                    let other = if moved[0] == ends[0] { moved[1] } else { moved[0] };
                    moved = [other; 2];
                }
                *value = param.fit(Value::Range(moved)).unwrap_or(*value);
            }
        }
        (Kind::Number { least, most, step, .. }, Value::Number(number)) => {
            let mut moved = *number;
            one_ui(ui, title, &mut moved, [least, most], step);
            number_ui(ui, title, &mut moved, [least, most], step, param.unit.sign());
            if moved != *number {
                *value = param.fit(Value::Number(moved)).unwrap_or(*value);
            }
        }
        (Kind::Choice { words, .. }, Value::Choice(at)) => {
            let combo = ComboBox::from_id_salt(("choice", title)).width(130.0).selected_text(words[*at]);
            let shown = combo.show_ui(ui, |ui| {
                for (place, word) in words.iter().enumerate() {
                    ui.selectable_value(at, place, *word);
                }
            });
            let name = format!("{title}: {}", words[*at]);
            shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
        }
        (Kind::Flag { .. }, Value::Flag(flag)) => {
            ui.checkbox(flag, "").widget_info(|| WidgetInfo::labeled(Role::CheckBox, true, title));
        }
        (Kind::Colour { .. }, Value::Colour(colour)) => {
            ui.color_edit_button_srgb(colour).widget_info(|| WidgetInfo::labeled(Role::Button, true, title));
        }
        _ => {}
    }
}

/// A number to type or to drag.
fn number_ui(ui: &mut Ui, name: &str, number: &mut f64, [least, most]: [f64; 2], step: Step, unit: &str) {
    let is_real = step == Step::Real;
    let speed = if is_real { (most - least) / 400.0 } else { 0.1 };
    let shown = move |number: f64, _: std::ops::RangeInclusive<usize>| match is_real {
        true => format!("{}{}", significant(number), unit.trim_end_matches(" / 255")),
        false => format!("{number:.0}{}", unit.trim_end_matches(" / 255")),
    };
    let field = DragValue::new(number).range(least..=most).speed(speed).custom_formatter(shown);
    ui.add_sized([NUMBER, ui.spacing().interact_size.y], field.update_while_editing(false))
        .accessible_name(name);
}

/// A slider of one handle.
fn one_ui(ui: &mut Ui, name: &str, number: &mut f64, limits: [f64; 2], step: Step) {
    let mut ends = [limits[0], *number];
    track_ui(ui, name, &mut ends, limits, step, &[1]);
    *number = ends[1];
}

/// A slider of two handles.
fn range_ui(ui: &mut Ui, name: &str, ends: &mut [f64; 2], limits: [f64; 2], step: Step) {
    track_ui(ui, name, ends, limits, step, &[0, 1]);
}

fn track_ui(
    ui: &mut Ui,
    name: &str,
    ends: &mut [f64; 2],
    [least, most]: [f64; 2],
    step: Step,
    handles: &[usize],
) {
    let tokens = Tokens::of(ui);
    let (rect, track) =
        ui.allocate_exact_size(vec2(SLIDER, ui.spacing().interact_size.y), Sense::click_and_drag());
    let inner = rect.shrink2(vec2(HANDLE, 0.0));
    let x_of = |number: f64| inner.left() + ((number - least) / (most - least)) as f32 * inner.width();
    let number_at = |x: f32| {
        let part = f64::from(((x - inner.left()) / inner.width()).clamp(0.0, 1.0));
        // As many digits as the slider has pixels for.
        let decimals = (3.0 - (most - least).log10().ceil()).clamp(0.0, 9.0) as usize;
        let number = least + part * (most - least);
        step.near(format!("{number:.decimals$}").parse().unwrap_or(number), least, most)
    };
    // Which end a drag has hold of: the nearer one where it began.
    let held = track.id.with("held");
    if let Some(pointer) = track.interact_pointer_pos() {
        if track.drag_started() || track.clicked() || ui.data(|data| data.get_temp::<usize>(held)).is_none() {
            let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
            let distance = |end: &usize| (x_of(ends[*end]) - origin.x).abs();
            let nearest = handles.iter().copied().min_by(|one, two| distance(one).total_cmp(&distance(two)));
            // Where both ends are in one place, the direction tells.
            let same = handles.len() == 2 && ends[0] == ends[1];
            let end = if same { usize::from(origin.x >= x_of(ends[0])) } else { nearest.unwrap_or(1) };
            ui.data_mut(|data| data.insert_temp(held, end));
        }
        if let Some(end) = ui.data(|data| data.get_temp::<usize>(held)) {
            ends[end] = number_at(pointer.x);
            if handles.len() == 2 {
                // An end that is pushed over the other one takes it along.
                let other = 1 - end;
                if ends[0] > ends[1] {
                    ends[other] = ends[end];
                }
            }
        }
    } else {
        ui.data_mut(|data| data.remove::<usize>(held));
    }
    if track.has_focus() {
        keys_ui(ui, ends, [least, most], step, handles);
    }
    track.widget_info(|| WidgetInfo::slider(true, ends[1], name));
    let painter = ui.painter();
    let y = rect.center().y;
    let line = |from: f32, to: f32| Rect::from_min_max(pos2(from, y - 2.0), pos2(to, y + 2.0));
    painter.rect_filled(line(inner.left(), inner.right()), 2.0, tokens.raised);
    painter.rect_filled(line(x_of(ends[0]), x_of(ends[1])), 2.0, tokens.accent);
    for end in handles {
        let is_active = track.hovered() || track.dragged() || track.has_focus();
        let color = if is_active { tokens.accent } else { tokens.text_dim };
        painter.circle(pos2(x_of(ends[*end]), y), HANDLE, color, (1.0, Color32::TRANSPARENT));
    }
    if least < 0.0 && most > 0.0 {
        painter.vline(x_of(0.0), (y + 5.0)..=(y + 9.0), (1.0, tokens.line));
    }
}

/// The arrow keys move the upper end, and with Shift the lower one.
fn keys_ui(ui: &Ui, ends: &mut [f64; 2], [least, most]: [f64; 2], step: Step, handles: &[usize]) {
    let (by, lower) = ui.input(|input| {
        let right = i32::from(input.key_pressed(egui::Key::ArrowRight));
        let left = i32::from(input.key_pressed(egui::Key::ArrowLeft));
        (f64::from(right - left), input.modifiers.shift)
    });
    if by == 0.0 {
        return;
    }
    let width = match step {
        Step::Real => (most - least) / 50.0,
        Step::Whole => 1.0,
        Step::Odd => 2.0,
    };
    let end = if lower && handles.len() == 2 { 0 } else { 1 };
    ends[end] = step.near(ends[end] + by * width, least, most);
    if handles.len() == 2 && ends[0] > ends[1] {
        ends[1 - end] = ends[end];
    }
}
