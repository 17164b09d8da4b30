//! Charts that are drawn as they are: the marks of [`crate::chart`] on the screen.

use std::any::Any;
use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, FontId, Painter, Rect, Sense, Shape, TextureHandle, TextureOptions, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use super::card::Pen;
use super::spots::{act, has_cells, spots_ui};
use crate::chart::{Anchor, Chart, Colour, Drawing, Look, Mark, Picture, Weight, layout};
use crate::ui::theme::{Tokens, bold};

/// Height of a plane, in points.
const PLANE: f32 = 200.0;
/// Points from the top that a heading takes which the card has instead.
const HEADING: f32 = 40.0;
/// Laid out anew where the width differs by more, in points.
const STEP: f32 = 8.0;

/// What charts are part of: it is held, so that no other can come to lie where it was.
type Held = Arc<dyn Any + Send + Sync>;

/// Drawing state: charts laid out, and what they are of.
#[derive(Default)]
pub(super) struct DrawnView {
    of: Option<(Held, f32, bool)>,
    drawings: Vec<Drawing>,
    /// The pictures of the drawings in their order.
    textures: Vec<TextureHandle>,
}

/// Draws charts below each other, which are part of `of`. A click on a part of one asks for what it stands for.
pub(super) fn charts_ui(
    ui: &mut Ui,
    pen: &mut Pen<'_, '_>,
    view: &mut DrawnView,
    of: Held,
    charts: &[Chart],
) {
    let tokens = Tokens::of(ui);
    let width = (ui.available_width() / STEP).floor() * STEP;
    let is_same = |(known, wide, dark): &(Held, f32, bool)| {
        Arc::ptr_eq(known, &of) && *wide == width && *dark == tokens.dark
    };
    if !view.of.as_ref().is_some_and(is_same) {
        let look = Look { width, plane_height: PLANE, ..if tokens.dark { Look::DARK } else { Look::LIGHT } };
        view.drawings = charts.iter().map(|chart| layout(&in_card(chart, charts.len()), &look)).collect();
        let pictures =
            view.drawings.iter().flat_map(|drawing| &drawing.marks).filter_map(|mark| match mark {
                Mark::Image { picture, .. } => Some(picture),
                _ => None,
            });
        let load = |picture: &Picture| {
            let image = ColorImage::from_rgb([picture.width, picture.height], &picture.rgb);
            ui.ctx().load_texture("picture of a chart", image, TextureOptions::LINEAR)
        };
        view.textures = pictures.map(load).collect();
        view.of = Some((of, width, tokens.dark));
    }
    let mut textures = view.textures.iter();
    let above = if charts.len() == 1 { HEADING } else { 0.0 };
    let mut clicked = None;
    for (at, (drawing, chart)) in view.drawings.iter().zip(charts).enumerate() {
        let kind = &pen.card.kind;
        let size = vec2(drawing.width, drawing.height - above);
        let sense = if has_cells(kind, at, drawing) { Sense::CLICK } else { Sense::hover() };
        let (rect, response) = ui.allocate_exact_size(size, sense);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &chart.title));
        let is_visible = ui.is_rect_visible(rect);
        let painter = ui.painter_at(rect);
        let rect = Rect::from_min_max(rect.min - vec2(0.0, above), rect.max);
        for mark in &drawing.marks {
            let texture = matches!(mark, Mark::Image { .. }).then(|| textures.next()).flatten();
            if is_visible {
                mark_ui(&painter, rect, mark, texture);
            }
        }
        if is_visible && let Some(which) = spots_ui(ui, kind, (at, drawing), rect, &response) {
            clicked = Some((at, which));
        }
        if let Some(tip) = response.hover_pos().and_then(|at| tip(drawing, at - rect.min)) {
            response.on_hover_text_at_pointer(tip);
        }
    }
    if let Some(clicked) = clicked {
        act(ui, pen, charts, clicked);
    }
}

/// A chart without what the card says of it.
fn in_card(chart: &Chart, of: usize) -> Chart {
    let title = if of == 1 { String::new() } else { chart.title.clone() };
    Chart { title, subtitle: String::new(), ..chart.clone() }
}

/// What stands for something at a place, the mark in front first.
pub(super) fn tip(drawing: &Drawing, at: Vec2) -> Option<&str> {
    drawing.marks.iter().rev().find_map(|mark| match mark {
        Mark::Rect { at: [x, y, width, height], tip, .. } if !tip.is_empty() => {
            let rect = Rect::from_min_size(pos2(*x, *y), vec2(*width, *height));
            rect.contains(at.to_pos2()).then_some(tip.as_str())
        }
        _ => None,
    })
}

fn color([red, green, blue]: Colour) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

fn mark_ui(painter: &Painter, page: Rect, mark: &Mark, texture: Option<&TextureHandle>) {
    let place = |[x, y]: [f32; 2]| page.min + vec2(x, y);
    let rect = |[x, y, width, height]: [f32; 4]| Rect::from_min_size(place([x, y]), vec2(width, height));
    match mark {
        Mark::Rect { at, fill, .. } => {
            painter.rect_filled(rect(*at), 0.0, color(*fill));
        }
        Mark::Line { points, width, colour } => {
            let points = points.iter().map(|point| place(*point)).collect();
            painter.line(points, egui::Stroke::new(*width, color(*colour)));
        }
        Mark::Circle { centre, radius, fill } => {
            painter.circle_filled(place(*centre), *radius, color(*fill));
        }
        Mark::Text { at, text, size, weight, anchor, is_turned, colour } => {
            let font = match weight {
                Weight::Regular => FontId::proportional(*size),
                Weight::Bold => bold(*size),
            };
            let galley = painter.layout_no_wrap(text.clone(), font, color(*colour));
            let along = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => galley.size().x / 2.0,
                Anchor::End => galley.size().x,
            };
            // The baseline of the font lies so far under the top of its line.
            let ascent = galley.size().y * 0.79;
            if *is_turned {
                let at = place(*at) + vec2(-ascent, along);
                let shape = egui::epaint::TextShape::new(at, galley, color(*colour));
                painter.add(Shape::Text(shape.with_angle(-std::f32::consts::FRAC_PI_2)));
            } else {
                painter.galley(place(*at) - vec2(along, ascent), galley, color(*colour));
            }
        }
        Mark::Image { at, .. } => {
            if let Some(texture) = texture {
                let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                let drawn = Align2::CENTER_CENTER.align_size_within_rect(rect(*at).size(), rect(*at));
                painter.image(texture.id(), drawn, whole, Color32::WHITE);
            }
        }
    }
}
