//! How often each value occurs, per channel; which channels are looked at.

use egui::epaint::Mesh;
use egui::{Button, Color32, Pos2, Rect, RichText, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo};

use crate::text::grouped;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::{Full, FullPicture};

/// Height of the curves, in points.
const HEIGHT: f32 = 96.0;

/// How the histogram stands.
#[derive(Default)]
pub(super) struct Histogram {
    logarithmic: bool,
    /// Channels that are left out, of the four that a raster can have.
    hidden: [bool; 4],
}

impl Histogram {
    /// What the image is multiplied by, so that only the channels looked at are seen.
    pub fn tint(&self, picture: &FullPicture) -> Color32 {
        let FullPicture::Ready(full) = picture else { return Color32::WHITE };
        if full.decoded.raster.channels < 3 {
            return Color32::WHITE;
        }
        let part = |at: usize| if self.hidden[at] { 0 } else { 255 };
        Color32::from_rgb(part(0), part(1), part(2))
    }
}

/// A channel's name and the colour of its curve.
type Channel = (&'static str, fn(&Tokens) -> Color32);

/// The channels of a raster that has that many.
fn channels(count: usize) -> &'static [Channel] {
    const GREY: &[Channel] = &[("Grey", |t| t.text_dim), ("Alpha", |t| t.warn)];
    const COLOUR: &[Channel] =
        &[("Red", |t| t.error), ("Green", |t| t.ok), ("Blue", |t| t.accent), ("Alpha", |t| t.warn)];
    let all = if count < 3 { GREY } else { COLOUR };
    &all[..count.min(all.len())]
}

/// Draws the curves, and the switches over them.
pub(super) fn histogram_ui(ui: &mut Ui, view: &mut Histogram, full: &Full) {
    let tokens = Tokens::of(ui);
    let counts = full.histogram.as_slice();
    let channels = channels(counts.len());
    switches_ui(ui, view, channels, tokens);

    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEIGHT), Sense::hover());
    let name = if counts.len() < 3 { "Histogram of grey values" } else { "Histogram of red, green and blue" };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 2, tokens.canvas);
    let shown = |at: usize| channels.len() == 1 || !view.hidden[at];
    let curves: Vec<(usize, Color32)> = channels
        .iter()
        .enumerate()
        .filter(|(at, _)| shown(*at))
        .map(|(at, (_, color))| (at, color(tokens)))
        .collect();
    let height = |count: u32| {
        if view.logarithmic { f64::from(count).ln_1p() } else { f64::from(count) }
    };
    // Alpha, mostly one value, does not set the scale beside colours.
    let colours = curves.iter().filter(|(at, _)| channels[*at].0 != "Alpha").map(|(at, _)| &counts[*at]);
    let full_height = height(largest_shown(colours).max(1)) * 1.05;
    for (at, color) in &curves {
        painter.add(curve(rect, color.gamma_multiply(0.38), |value| {
            (height(counts[*at][value]) / full_height) as f32
        }));
    }
    for (at, color) in &curves {
        let points =
            (0..256).map(|value| point(rect, value, (height(counts[*at][value]) / full_height) as f32));
        painter.add(Shape::line(points.collect(), Stroke::new(1.0, *color)));
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), (1.0, tokens.line));

    let Some(pointer) = response.hover_pos() else { return };
    let value = (((pointer.x - rect.left()) / rect.width() * 256.0) as usize).min(255);
    painter.vline(point(rect, value, 0.0).x, rect.y_range(), (1.0, tokens.text_dim));
    response.on_hover_ui_at_pointer(|ui| {
        let pixels = full.decoded.raster.pixels().max(1) as f64;
        ui.label(RichText::new(format!("Value {value}")).strong());
        for (at, color) in &curves {
            let count = counts[*at][value];
            let share = f64::from(count) / pixels * 100.0;
            let text = format!("{} {} ({share:.2} %)", channels[*at].0, grouped(u64::from(count)));
            ui.label(RichText::new(text).color(*color));
        }
    });
}

/// The count that reaches the upper edge. Clipped shadows and lights, and the few values of flat
/// parts, would flatten all else: they are cut off at the top instead.
fn largest_shown<'a>(channels: impl Iterator<Item = &'a [u32; 256]>) -> u32 {
    /// Values of a channel that may stand out.
    const SPIKES: usize = 8;
    let of_channel = |counts: &'a [u32; 256]| {
        let mut inner: Vec<u32> = counts[1..255].to_vec();
        inner.sort_unstable_by(|a, b| b.cmp(a));
        let (highest, body) = (inner[0], inner[SPIKES]);
        // Most values of a drawing or a mask do not occur at all: its spikes are what there is.
        let shown = if body == 0 { highest } else { highest.min(body.saturating_mul(3)) };
        if shown == 0 { counts[0].max(counts[255]) } else { shown }
    };
    channels.map(of_channel).max().unwrap_or(0)
}

fn switches_ui(ui: &mut Ui, view: &mut Histogram, channels: &[Channel], tokens: &Tokens) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding = Vec2::new(6.0, 2.0);
        if channels.len() > 1 {
            for (at, (name, color)) in channels.iter().enumerate() {
                let on = !view.hidden[at];
                let color = if on { color(tokens) } else { tokens.text_dim };
                let text = RichText::new(&name[..1]).color(color).size(size::SMALL);
                let response = ui.add(Button::new(text).selected(on).frame_when_inactive(false));
                let help = if *name == "Alpha" || channels.len() < 3 {
                    format!("{name}: show it in the histogram")
                } else {
                    format!("{name}: show it in the histogram and the image")
                };
                let response = response.on_hover_text(help);
                response
                    .widget_info(|| WidgetInfo::selected(Role::Button, true, on, format!("Channel {name}")));
                if response.clicked() {
                    view.hidden[at] = on;
                }
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let text = if view.logarithmic { "Logarithmic" } else { "Linear" };
            let button = Button::new(RichText::new(text).size(size::SMALL).color(tokens.text_dim));
            let response = ui.add(button.frame_when_inactive(false));
            response.widget_info(|| {
                WidgetInfo::selected(Role::Button, true, view.logarithmic, "Logarithmic counts")
            });
            if response.on_hover_text("Count on a linear or a logarithmic scale").clicked() {
                view.logarithmic = !view.logarithmic;
            }
        });
    });
    ui.add_space(space::XS / 2.0);
}

/// Where a value's height lies; `height` is a part of the whole, 1 is the upper edge.
fn point(rect: Rect, value: usize, height: f32) -> Pos2 {
    let x = rect.left() + (value as f32 + 0.5) / 256.0 * rect.width();
    Pos2::new(x, rect.bottom() - height.min(1.0) * rect.height())
}

/// The area under a curve.
fn curve(rect: Rect, color: Color32, height: impl Fn(usize) -> f32) -> Shape {
    let mut mesh = Mesh::default();
    for value in 0..256 {
        let top = point(rect, value, height(value));
        mesh.colored_vertex(Pos2::new(top.x, rect.bottom()), color);
        mesh.colored_vertex(top, color);
        if value > 0 {
            let at = 2 * value as u32;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    Shape::mesh(mesh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_spikes_do_not_flatten_the_rest() {
        let counts = |all: u32, few: &[(usize, u32)]| {
            let mut counts = [all; 256];
            few.iter().for_each(|(value, count)| counts[*value] = *count);
            counts
        };
        for (counts, expected) in [
            (counts(10, &[]), 10),
            (counts(10, &[(100, 5000), (101, 400)]), 30),
            (counts(10, &[(0, 9000), (255, 9000)]), 10),
            (counts(10, &[(128, 20)]), 20),
            (counts(0, &[(100, 5000), (200, 400)]), 5000),
            (counts(0, &[(0, 9000), (255, 70)]), 9000),
        ] {
            assert_eq!(largest_shown([&counts].into_iter()), expected);
        }
    }
}
