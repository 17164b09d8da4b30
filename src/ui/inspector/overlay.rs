//! What is drawn over the image: boxes with their classes, the pixel grid, values of pixels.

use egui::{Color32, FontId, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, UiBuilder, Vec2};

use super::canvas::Placement;
use super::rect_of_size;
use crate::dataset::{BoxRecord, PointRecord};
use crate::state::Session;
use crate::ui::Full;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{self, elided};

/// From this many screen pixels per image pixel on, lines part the pixels.
const GRID_FROM: f32 = 16.0;
/// From this many on, pixels carry their values.
const VALUES_FROM: f32 = 32.0;
/// More values than this on one screen are not readable any more.
const MAX_VALUES: usize = 1600;
/// Type size of values inside pixels, in points.
const VALUE_SIZE: f32 = 9.0;
/// Width that a class name over a box may take, in points.
const MAX_NAME: f32 = 180.0;
/// With more boxes than this only the one under the pointer is named.
const MAX_NAMES: usize = 80;

/// A box in image pixels, or `None` when its numbers make no rectangle.
pub(super) fn box_in_image(record: &BoxRecord, [width, height]: [u32; 2]) -> Option<Rect> {
    let [left, top, across, down] = record.rect;
    let rect = Rect::from_min_size(Pos2::new(left, top), Vec2::new(across, down));
    let rect = if record.relative {
        let size = Vec2::new(width as f32, height as f32);
        Rect::from_min_max((rect.min.to_vec2() * size).to_pos2(), (rect.max.to_vec2() * size).to_pos2())
    } else {
        rect
    };
    (rect.is_finite() && rect.width() >= 0.0 && rect.height() >= 0.0).then_some(rect)
}

/// Draws the boxes; gives the smallest one under the pointer.
pub(super) fn boxes_ui<'a>(
    painter: &Painter,
    session: &Session,
    boxes: &'a [BoxRecord],
    placement: &Placement,
    image: [u32; 2],
    pointer: Option<Pos2>,
    tokens: &Tokens,
) -> Option<&'a BoxRecord> {
    let pointer = pointer.map(|at| placement.image_from_screen(at));
    let rects = || boxes.iter().filter_map(|record| Some((record, box_in_image(record, image)?)));
    let pointed = pointer.and_then(|at| {
        let under = rects().filter(|(_, rect)| rect.contains(at));
        under.min_by(|(_, a), (_, b)| a.area().total_cmp(&b.area())).map(|(record, _)| record)
    });
    let names = boxes.len() <= MAX_NAMES;
    for (record, rect) in rects() {
        let on_screen = placement.screen_rect(rect);
        if !on_screen.expand(2.0).intersects(placement.frame) {
            continue;
        }
        let is_pointed = pointed.is_some_and(|one| std::ptr::eq(one, record));
        let color = tokens.class_of(&session.snapshot, record.class);
        let width = if is_pointed { 3.0 } else { 2.0 };
        // A dark rim keeps the line visible on an image of its own colour.
        let rim = Stroke::new(width + 2.0, Color32::from_black_alpha(110));
        painter.rect_stroke(on_screen, 1, rim, StrokeKind::Middle);
        painter.rect_stroke(on_screen, 1, Stroke::new(width, color), StrokeKind::Middle);
        if names || is_pointed {
            name_ui(painter, class_name(session, record), on_screen, placement, color);
        }
    }
    pointed
}

/// Draws the key points.
pub(super) fn points_ui(painter: &Painter, points: &[PointRecord], placement: &Placement, image: [u32; 2]) {
    for point in points {
        let at = placement.screen_from_image(Pos2::from(point.in_pixels(image)));
        if placement.frame.contains(at) {
            widgets::point(painter, at, 3.0);
        }
    }
}

pub(super) fn class_name<'a>(session: &'a Session, record: &BoxRecord) -> &'a str {
    session.snapshot.labels().classes.get(record.class as usize).map_or("?", String::as_str)
}

/// The class on a chip at the box's upper edge, inside where there is no room above.
fn name_ui(painter: &Painter, name: &str, on_screen: Rect, placement: &Placement, color: Color32) {
    let text = text_on(color);
    let font = FontId::proportional(size::SMALL);
    let galley = elided(painter, name, text, font, MAX_NAME.min(placement.frame.width() - 2.0 * space::XS));
    let chip = galley.size() + Vec2::new(2.0 * space::XS, 2.0);
    let above = on_screen.top() - chip.y;
    let room = placement.frame;
    let y = if above >= room.top() { above } else { on_screen.top().max(room.top()) };
    let x = (on_screen.left() - 1.0).clamp(room.left(), (room.right() - chip.x).max(room.left()));
    let rect = Rect::from_min_size(Pos2::new(x, y), chip);
    painter.rect_filled(rect, 2, color);
    painter.galley(rect.min + Vec2::new(space::XS, 1.0), galley, text);
}

/// Black or white, whichever reads better on a colour (Rec. 601 luma).
pub(super) fn text_on(color: Color32) -> Color32 {
    let luma = 0.299 * f32::from(color.r()) + 0.587 * f32::from(color.g()) + 0.114 * f32::from(color.b());
    if luma > 140.0 { Color32::BLACK } else { Color32::WHITE }
}

/// Lines between pixels, and their values inside them, once they are large enough.
pub(super) fn grid_ui(painter: &Painter, full: &Full, placement: &Placement, tokens: &Tokens) {
    if placement.zoom < GRID_FROM {
        return;
    }
    let raster = &full.decoded.raster;
    let [columns, rows] = placement.seen(raster.width, raster.height);
    let stroke = Stroke::new(1.0 / painter.pixels_per_point(), tokens.text_dim.gamma_multiply(0.45));
    let seen = placement.frame.intersect(placement.image);
    for x in columns.start..=columns.end {
        let at = placement.screen_from_image(Pos2::new(x as f32, 0.0)).x;
        painter.vline(painter.round_to_pixel_center(at), seen.y_range(), stroke);
    }
    for y in rows.start..=rows.end {
        let at = placement.screen_from_image(Pos2::new(0.0, y as f32)).y;
        painter.hline(seen.x_range(), painter.round_to_pixel_center(at), stroke);
    }
    let count = columns.len().saturating_mul(rows.len());
    if placement.zoom < VALUES_FROM || count > MAX_VALUES {
        return;
    }
    for y in rows {
        for x in columns.clone() {
            let values = stacked(&full.decoded.value_text(x, y));
            let color = match raster.pixel(x, y) {
                Some([r, g, b] | [r, g, b, _]) => Color32::from_rgb(*r, *g, *b),
                Some([v] | [v, _]) => Color32::from_gray(*v),
                _ => continue,
            };
            let galley = painter.layout_no_wrap(values, FontId::proportional(VALUE_SIZE), text_on(color));
            if galley.size().x + 2.0 > placement.scale || galley.size().y > placement.scale {
                continue;
            }
            let middle = placement.screen_from_image(Pos2::new(x as f32 + 0.5, y as f32 + 0.5));
            painter.galley(middle - galley.size() / 2.0, galley, text_on(color));
        }
    }
}

/// The numbers of `R 12 G 40 B 7`, one under the other.
fn stacked(values: &str) -> String {
    let mut text = String::with_capacity(values.len());
    for number in values.split_whitespace().skip(1).step_by(2) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(number);
    }
    text
}

/// The place and the value of the pixel under the pointer, in a corner of the frame.
pub(super) fn readout_ui(
    ui: &mut Ui,
    session: &Session,
    full: &Full,
    placement: &Placement,
    pointer: Pos2,
    pointed: Option<&BoxRecord>,
    tokens: &Tokens,
) {
    let raster = &full.decoded.raster;
    let at = placement.image_from_screen(pointer);
    if !rect_of_size(raster.width, raster.height).contains(at) {
        return;
    }
    let (x, y) = ((at.x as u32).min(raster.width - 1), (at.y as u32).min(raster.height - 1));
    let mut text = format!("x {x}, y {y} · {}", full.decoded.value_text(x, y));
    if let Some(record) = pointed {
        text.push_str(" · ");
        text.push_str(class_name(session, record));
    }
    let room = placement.frame.shrink(space::S);
    let font = FontId::proportional(size::SMALL);
    let galley = elided(ui.painter(), &text, tokens.text, font, room.width() - 2.0 * space::S);
    let chip = (galley.size() + Vec2::new(2.0 * space::S, space::S)).min(room.size());
    // It makes way for the pointer.
    let bottom = Rect::from_min_size(Pos2::new(room.left(), room.bottom() - chip.y), chip);
    let rect =
        if bottom.expand(space::M).contains(pointer) { Rect::from_min_size(room.min, chip) } else { bottom };
    ui.painter().rect(
        rect,
        space::RADIUS,
        tokens.panel.gamma_multiply(0.92),
        (1.0, tokens.line),
        StrokeKind::Inside,
    );
    let swatch = raster.pixel(x, y);
    let inner = rect.shrink2(Vec2::new(space::S, 0.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        let text = egui::RichText::new(text).size(size::SMALL).color(tokens.text);
        ui.add(egui::Label::new(text).truncate().selectable(false));
    });
    // The pixel that is meant, where pixels can be told apart.
    if placement.zoom >= GRID_FROM
        && let Some(pixel) = swatch
    {
        let color = match pixel {
            [r, g, b] | [r, g, b, _] => Color32::from_rgb(*r, *g, *b),
            [v, ..] => Color32::from_gray(*v),
            [] => return,
        };
        let one = placement.screen_rect(Rect::from_min_size(Pos2::new(x as f32, y as f32), Vec2::splat(1.0)));
        ui.painter_at(placement.frame).rect_stroke(
            one,
            0,
            Stroke::new(1.5, text_on(color)),
            StrokeKind::Inside,
        );
    }
}

/// A box's place and size as text.
pub(super) fn box_text(rect: Rect) -> String {
    let sides = [rect.left(), rect.top(), rect.width(), rect.height()];
    let [left, top, width, height] = sides.map(number_text);
    format!("{left}, {top} · {width} × {height} px")
}

/// A number of pixels, with a decimal where it is no whole one.
pub(super) fn number_text(value: f32) -> String {
    if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_in_pixels_of_the_upright_image() {
        let rect = |rect: [f32; 4], relative: bool| {
            box_in_image(&BoxRecord { class: 0, rect, relative }, [200, 100])
        };
        let expected = Rect::from_min_size(Pos2::new(20.0, 30.0), Vec2::new(40.0, 50.0));
        assert_eq!(rect([20.0, 30.0, 40.0, 50.0], false), Some(expected));
        let relative = rect([0.1, 0.3, 0.2, 0.5], true).unwrap();
        assert!(
            (relative.min - expected.min).length() < 1e-3 && (relative.max - expected.max).length() < 1e-3
        );
        for odd in [[f32::NAN, 0.0, 1.0, 1.0], [0.0, 0.0, -1.0, 1.0], [0.0, f32::INFINITY, 1.0, 1.0]] {
            assert_eq!(rect(odd, false), None, "{odd:?}");
        }
    }

    #[test]
    fn values_stand_one_under_the_other() {
        for (values, expected) in [("R 12 G 40 B 7", "12\n40\n7"), ("L 51234", "51234"), ("", "")] {
            assert_eq!(stacked(values), expected);
        }
    }
}
