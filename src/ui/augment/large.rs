//! One variant large, with every number that was drawn for it.

use egui::{Key, Label, RichText, Sense, Shape, Ui, WidgetInfo};
use egui_material_icons::icons;

use super::padded;
use super::sheet::{SheetPane, done_ui, fitted, marks_ui, picture_of, slot_text};
use crate::gpu::mosaic::Mosaic;
use crate::state::augment::{AugmentView, PINNED};
use crate::state::{Action, Session};
use crate::text::grouped;
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets::{self, IconButton};

/// Width of what is said beside the picture, in points.
const SIDE: f32 = 230.0;

/// Draws the open cell; keys and buttons lead to its neighbours and back.
pub fn large_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    view: &mut AugmentView,
    open: usize,
    pane: &mut SheetPane,
) {
    let sheet = &session.augment.sheet;
    let cell = &sheet.cells[open];
    let last = sheet.cells.len() - 1;
    let picture = sheet.open.as_ref().or_else(|| sheet.drawn.get(open)?.as_ref());
    let is_typing = ui.ctx().egui_wants_keyboard_input();
    let pressed = |key: Key| !is_typing && ui.input(|input| input.key_pressed(key));
    let (back, left, right) = (pressed(Key::Escape), pressed(Key::ArrowLeft), pressed(Key::ArrowRight));
    egui::Panel::top("large bar").frame(padded()).show(ui, |ui| {
        ui.horizontal(|ui| {
            let back =
                widgets::icon_button(ui, icons::ICON_ARROW_BACK, "Back to the sheet").clicked() || back;
            let before = IconButton::new(icons::ICON_CHEVRON_LEFT, "The variant before").enabled(open > 0);
            let before = before.show(ui).clicked() || left;
            let next = IconButton::new(icons::ICON_CHEVRON_RIGHT, "The next variant").enabled(open < last);
            let next = next.show(ui).clicked() || right;
            if before {
                view.open = Some(open.saturating_sub(1));
            }
            if next {
                view.open = Some((open + 1).min(last));
            }
            if back {
                view.open = None;
            }
            let name = match cell.variant {
                None => "As it is".to_owned(),
                Some(number) => format!("Variant {}{}", number + 1, slot_text(view, cell.slot)),
            };
            ui.label(RichText::new(name).font(bold(size::HEADING)));
            if let Some(number) = cell.variant {
                let pin = (cell.sample, number);
                let is_pinned = view.pinned.contains(&pin);
                let button = IconButton::new(icons::ICON_KEEP, "Pin this variant").on(is_pinned);
                let can = is_pinned || view.pinned.len() < PINNED;
                if button.enabled(can).show(ui).clicked() {
                    match is_pinned {
                        true => view.pinned.retain(|other| *other != pin),
                        false => view.pinned.push(pin),
                    }
                }
            }
        });
    });
    let frame = padded().fill(Tokens::of(ui).panel);
    egui::Panel::right("large side").frame(frame).resizable(false).exact_size(SIDE).show(ui, |ui| {
        let path = session.dataset().path(cell.sample);
        ui.add(Label::new(path).wrap());
        if ui.button("Show the sample").clicked() {
            pencil.act(Action::ShowSample(cell.sample));
        }
        let Some(drawn) = picture else { return };
        ui.add_space(space::S);
        let [width, height] = drawn.size;
        ui.label(widgets::dim(format!("{} × {} px", grouped(width.into()), grouped(height.into()))));
        if let Some(problem) = &drawn.problem {
            ui.add(Label::new(RichText::new(problem).color(Tokens::of(ui).error)).wrap());
            return;
        }
        ui.add_space(space::S);
        done_ui(ui, drawn);
        for other in &drawn.mixed {
            let path = session.dataset().path(*other);
            ui.add(Label::new(widgets::dim(format!("Mixed with {path}"))).wrap());
        }
    });
    let rect = ui.available_rect_before_wrap().shrink(space::M);
    let response = ui.allocate_rect(rect, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "The variant, large"));
    let Some(drawn) = picture else { return };
    let picture = picture_of(ui.ctx(), &mut pane.open, drawn);
    let painter = ui.painter_at(rect);
    let original = pane.original(ui.ctx(), session, open);
    let wiped = original.as_ref().zip(response.hover_pos());
    // Pictures on the graphics device come first, whatever else is drawn.
    let (below, mut mosaic) = (painter.add(Shape::Noop), Mosaic::default());
    picture.paint(&painter, &mut mosaic, rect, wiped.map(|(before, pointer)| (before, pointer.x)));
    painter.set(below, mosaic.shape());
    if wiped.is_none() {
        marks_ui(ui, &painter, &session.snapshot, fitted(rect, drawn), drawn);
    }
}
