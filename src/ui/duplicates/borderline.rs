//! The pairs on either side of the threshold: where it is judged.

use egui::{FontId, Painter, Rect, Role, Sense, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::picture::{Drawing, Whole, picture_ui};
use super::threshold::{distance_text, threshold_of};
use crate::analysis::evidence::By;
use crate::analysis::hamming::Pair;
use crate::analysis::symmetry::Symmetry;
use crate::review::{Alike, evidence_text};
use crate::state::Session;
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets::{self, elided};

/// Edge of a picture, in points.
const EDGE: f32 = 64.0;
/// Size of a pair with its text.
const TILE: Vec2 = Vec2::new(2.0 * EDGE + 14.0, EDGE + 40.0);

/// Draws as many pairs as fit, as many on each side where there are as many; gives the one that was
/// clicked.
pub(super) fn borderline_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    alike: &Alike,
) -> Option<Pair> {
    let tokens = Tokens::of(ui);
    let threshold = threshold_of(session, alike);
    let fit = ((ui.available_width() + space::S) / (TILE.x + space::S)) as usize;
    let nearest = alike.forest.borderline(threshold, fit);
    if fit == 0 || nearest.is_empty() {
        return None;
    }
    let inside = nearest.iter().filter(|pair| u32::from(pair.distance) <= threshold).count();
    let outside = nearest.len() - inside;
    // What one side has too few of goes to the other.
    let shown_outside = outside.min(fit - inside.min(fit.div_ceil(2)));
    let shown_inside = inside.min(fit - shown_outside);
    let shown = &nearest[inside - shown_inside..inside + shown_outside];

    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        widgets::group_heading(ui, "Borderline pairs");
        ui.label(widgets::dim("nearest to the threshold on either side"));
    });
    let mut clicked = None;
    let (room, _) = ui.allocate_exact_size(vec2(ui.available_width(), TILE.y), Sense::hover());
    for (at, pair) in shown.iter().enumerate() {
        let left = room.left() + at as f32 * (TILE.x + space::S);
        let rect = Rect::from_min_size(pos2(left, room.top()), TILE);
        if tile_ui(ui, pencil, session, alike, *pair, rect, threshold) {
            clicked = Some(*pair);
        }
        if at + 1 == shown_inside && shown_outside > 0 {
            let x = rect.right() + space::S / 2.0;
            ui.painter().vline(x, room.y_range(), (2.0, tokens.text_dim));
        }
    }
    clicked
}

/// What found a pair, in words: the method, where it is only one.
pub(super) fn found_by(alike: &Alike, by: By) -> String {
    let words = evidence_text(by);
    if words.is_empty() { alike.method.title().to_owned() } else { words }
}

/// Draws a pair; tells whether it was clicked.
fn tile_ui(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    alike: &Alike,
    pair: Pair,
    rect: Rect,
    threshold: u32,
) -> bool {
    let tokens = Tokens::of(ui);
    let is_in = u32::from(pair.distance) <= threshold;
    let id = ui.scope_id().with(("pair", pair.a, pair.b));
    let response = ui.interact(rect, id, Sense::click());
    let by = alike.pair(pair.a, pair.b).map(|(_, by)| by).unwrap_or_default();
    let by = found_by(alike, by);
    let distance = distance_text(alike.method, pair.distance.into());
    let dataset = session.dataset();
    let is_known = |sample: u32| (sample as usize) < session.snapshot.len();
    if !is_known(pair.a) || !is_known(pair.b) {
        return false;
    }
    let names = [pair.a, pair.b].map(|sample| dataset.path(sample));
    let side = if is_in { "in" } else { "out" };
    response.widget_info(|| {
        let name = format!("{} and {}, {distance}, {side}", names[0], names[1]);
        WidgetInfo::labeled(Role::Button, ui.is_enabled(), name)
    });
    let (fill, edge) = match response.hovered() || response.has_focus() {
        true => (tokens.raised_hover, tokens.text_dim),
        false => (tokens.raised, tokens.line),
    };
    ui.painter().rect(rect, space::RADIUS, fill, (1.0, edge), StrokeKind::Inside);
    for (at, sample) in [pair.a, pair.b].into_iter().enumerate() {
        let min = rect.min + vec2(6.0 + at as f32 * (EDGE + 2.0), 6.0);
        let frame = Rect::from_min_size(min, Vec2::splat(EDGE));
        thumbnail_ui(ui.painter(), pencil, session, sample, frame, tokens);
    }
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let (left, right) = (rect.left() + 7.0, rect.right() - 6.0);
    let color = if is_in { tokens.accent } else { tokens.text_dim };
    let side = elided(&painter, side, color, bold(size::SMALL), 40.0);
    let upper = rect.bottom() - 33.0;
    let side_left = right - side.size().x;
    painter.galley(pos2(side_left, upper), side, color);
    let text =
        elided(&painter, &distance, tokens.text, FontId::proportional(size::SMALL), side_left - left - 4.0);
    painter.galley(pos2(left, upper), text, tokens.text);
    let font = FontId::proportional(size::SMALL);
    let words = elided(&painter, &by, tokens.text_dim, font, right - left);
    painter.galley(pos2(left, upper + 15.0), words, tokens.text_dim);
    let clicked = response.clicked();
    response.on_hover_ui_at_pointer(|ui| {
        ui.label(names[0]);
        ui.label(names[1]);
        ui.label(widgets::dim(format!("{distance} · {by}")));
    });
    clicked
}

/// Draws a sample whole in the middle of a frame.
pub(super) fn thumbnail_ui(
    painter: &Painter,
    pencil: &mut Pencil<'_>,
    session: &Session,
    sample: u32,
    frame: Rect,
    tokens: &Tokens,
) {
    let size = super::picture::size_of(session, sample)
        .map_or(Vec2::splat(1.0), |[width, height]| vec2(width as f32, height as f32));
    let scale = (frame.width() / size.x).min(frame.height() / size.y);
    let verdict = session.snapshot.decision(sample).verdict;
    let drawing = Drawing {
        sample,
        rect: Rect::from_center_size(frame.center(), size * scale),
        laid: Symmetry::NONE,
        tint: widgets::verdict_tint(verdict),
    };
    let painter = painter.with_clip_rect(frame.intersect(painter.clip_rect()));
    painter.rect_filled(frame, 2.0, tokens.canvas);
    picture_ui(&painter, pencil, session, &drawing, &mut Whole::none(), tokens);
    if let Some((icon, color)) = widgets::verdict_icon(verdict, tokens) {
        widgets::badge(&painter, icon, frame.right_bottom() - vec2(10.0, 10.0), color, tokens);
    }
}
