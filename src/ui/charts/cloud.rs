//! Two columns against each other as points: a sample at the pointer is told, and a click selects it in the grid.

use egui::{CursorIcon, Pos2, Rect, Response, Stroke, Ui, Vec2, vec2};

use super::card::Pen;
use super::study::thumbnail_ui;
use super::zoom::{HINT, Seen};
use crate::crossfilter::{Kind, Plane, Scattered};
use crate::dataset::SampleId;
use crate::gpu::points::{self, View};
use crate::state::charts::Cloud;
use crate::state::{Action, SelectMode};
use crate::text::grouped;
use crate::ui::theme::Tokens;
use crate::ui::widgets;

/// How near the pointer has to be to a point, in points of the screen.
const REACH: f32 = 7.0;
/// Selected samples that are ringed at most.
const RINGED: usize = 500;
/// Edge of the picture of a sample at the pointer, in points.
const PICTURE: f32 = 96.0;

/// The points of a card, where it is drawn as points and they are of the axes that the card has now.
pub(super) fn cloud_of<'a>(pen: &Pen<'a, '_>, plane: &Plane) -> Option<&'a Cloud> {
    let is_density = pen.card.options.scattered == Some(Scattered::Density);
    let cloud = pen.session.charts.cloud(pen.card.id).filter(|_| !is_density)?;
    (cloud.edges[0] == plane.x && cloud.edges[1] == plane.y).then_some(cloud)
}

/// Where the places of a cloud are in a rectangle that shows a part of it.
fn view_of(rect: Rect, seen: Seen, radius_px: f32) -> View {
    let whole = seen.whole(rect);
    let center = [0, 1].map(|axis| {
        let [low, high] = seen.ends(axis);
        (low + high) / 2.0
    });
    View { center, scale: vec2(whole.width(), -whole.height()), radius_px }
}

/// Draws the points, and rings around those that are selected.
pub(super) fn cloud_ui(ui: &Ui, pen: &Pen<'_, '_>, cloud: &Cloud, rect: Rect, seen: Seen) {
    let radius = radius(cloud.scatter.points().len());
    let view = view_of(rect, seen, radius * ui.ctx().pixels_per_point());
    let painter = ui.painter_at(rect);
    for points in &cloud.points {
        points::paint(&painter, rect, points, view);
    }
    let color = Tokens::of(ui).text;
    for sample in pen.session.selection.iter().take(RINGED) {
        if let Some(at) = place_of(cloud, sample) {
            let at = view.screen_from_cloud(rect, at);
            painter.circle_stroke(at, radius + 2.0, Stroke::new(1.5, color));
        }
    }
}

/// Says under the points how many of them are drawn, where not all are.
pub(super) fn thinned_ui(ui: &mut Ui, cloud: &Cloud) {
    if let Some(drawn) = cloud.thinned {
        let all = grouped(cloud.scatter.points().len() as u64);
        let text = format!("{} of {all} points are drawn; the pointer finds them all", grouped(drawn as u64));
        ui.label(widgets::dim(text));
    }
}

/// What a pointer over the points does that drags nothing.
pub(super) fn pointed_ui(
    ui: &Ui,
    pen: &mut Pen<'_, '_>,
    cloud: &Cloud,
    (rect, seen): (Rect, Seen),
    response: &Response,
) {
    let Some(pointer) = response.hover_pos().filter(|_| pen.drag.is_none()) else { return };
    let Some(sample) = sample_at(cloud, rect, seen, pointer) else {
        response.clone().on_hover_text_at_pointer(HINT);
        return;
    };
    let Some(place) = place_of(cloud, sample) else { return };
    let tokens = Tokens::of(ui);
    let radius = radius(cloud.scatter.points().len());
    let middle = view_of(rect, seen, radius).screen_from_cloud(rect, place);
    ui.painter_at(rect.expand(REACH)).circle_stroke(middle, radius + 3.0, Stroke::new(2.0, tokens.accent));
    ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
    if response.clicked() {
        let mode = match ui.input(|input| input.modifiers.command) {
            true => SelectMode::Toggle,
            false => SelectMode::Replace,
        };
        pen.pencil.act(Action::SelectSamples { samples: vec![sample], mode });
    }
    response.clone().on_hover_ui_at_pointer(|ui| sample_ui(ui, pen, sample));
}

/// The sample at the pointer.
fn sample_at(cloud: &Cloud, rect: Rect, seen: Seen, pos: Pos2) -> Option<SampleId> {
    let whole = seen.whole(rect).size();
    let reach = [REACH / whole.x.max(1.0), REACH / whole.y.max(1.0)];
    cloud.at(view_of(rect, seen, 1.0).cloud_from_screen(rect, pos), reach)
}

fn place_of(cloud: &Cloud, sample: SampleId) -> Option<[f32; 2]> {
    let place = cloud.scatter.points().get(sample as usize)?;
    place.iter().all(|part| part.is_finite()).then_some(*place)
}

/// Radius of a point of so many, in points of the screen.
fn radius(count: usize) -> f32 {
    match count {
        ..1_000 => 2.5,
        1_000..20_000 => 1.8,
        20_000..200_000 => 1.3,
        _ => 1.0,
    }
}

/// A sample: its picture, its path, its labels, and what lies along the axes.
fn sample_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, sample: SampleId) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(PICTURE), egui::Sense::hover());
    thumbnail_ui(ui, pen, sample, rect);
    let dataset = pen.session.dataset();
    ui.label(dataset.path(sample));
    let mut parts: Vec<String> = pen.session.snapshot.labels().names(sample).map(str::to_owned).collect();
    if let Kind::Scatter { x, y } = &pen.card.kind {
        for name in [x, y] {
            let number = pen.known.number(&pen.session.snapshot, name, sample);
            let axis = pen.known.axis(name);
            parts.extend(number.map(|number| format!("{} {}", axis.title, axis.text(number))));
        }
    }
    ui.label(widgets::dim(parts.join(" · ")));
}
