//! Axes of the charts that are brushed: numbers under a stretch of bins.

use egui::{Align2, FontId, Painter, Rangef, pos2};

use crate::analysis::distribution::{Axis as Place, Edges};
use crate::chart::{Axis, Scale, Stretch};
use crate::ui::theme::{Tokens, size};

/// Height of the line of numbers, in points.
pub(super) const AXIS: f32 = 18.0;
/// Points that a number has for itself.
const NUMBER: f32 = 48.0;

/// Where the numbers of some bins lie on a stretch of the screen.
pub(super) fn stretch(edges: &Edges, from: f32, to: f32) -> Stretch {
    let ends = (edges.values.first().copied().unwrap_or(0.0), edges.values.last().copied().unwrap_or(1.0));
    let scale = match edges.axis {
        Place::Linear => Scale::Linear,
        Place::Log => Scale::Log,
    };
    Stretch::new(scale, ends.0, ends.1, from, to)
}

/// Writes the numbers of an axis across, their middle at a height.
pub(super) fn numbers_across(
    painter: &Painter,
    axis: &Axis,
    edges: &Edges,
    x: Rangef,
    y: f32,
    tokens: &Tokens,
) {
    let stretch = stretch(edges, x.min, x.max);
    let font = FontId::proportional(size::SMALL);
    let mut free = f32::NEG_INFINITY;
    for tick in stretch.ticks(((x.span() / NUMBER) as usize).max(2)) {
        let at = stretch.at(tick);
        let galley = painter.layout_no_wrap(axis.text(tick), font.clone(), tokens.text_dim);
        let left = (at - galley.size().x / 2.0).clamp(x.min, (x.max - galley.size().x).max(x.min));
        if left < free {
            continue;
        }
        free = left + galley.size().x + 6.0;
        painter.vline(at, (y - AXIS / 2.0)..=(y - AXIS / 2.0 + 3.0), (1.0, tokens.line));
        painter.galley(pos2(left, y - galley.size().y / 2.0 + 1.0), galley, tokens.text_dim);
    }
}

/// Writes the numbers of an axis that goes up, their right ends at a place.
pub(super) fn numbers_up(painter: &Painter, axis: &Axis, edges: &Edges, y: Rangef, x: f32, tokens: &Tokens) {
    let stretch = stretch(edges, y.max, y.min);
    let font = FontId::proportional(size::SMALL);
    for tick in stretch.ticks(((y.span() / 36.0) as usize).max(2)) {
        let at = stretch.at(tick).clamp(y.min + 6.0, y.max - 6.0);
        painter.text(pos2(x, at), Align2::RIGHT_CENTER, axis.text(tick), font.clone(), tokens.text_dim);
    }
}

/// The part of a stretch of as many bins that a number of the screen lies in.
pub(super) fn bin_at(edges: &Edges, range: Rangef, at: f32) -> usize {
    let part = ((at - range.min) / range.span().max(1.0)).clamp(0.0, 1.0);
    ((part * edges.len() as f32) as usize).min(edges.len().saturating_sub(1))
}
