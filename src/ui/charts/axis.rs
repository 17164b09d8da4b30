//! Axes of the charts that are brushed: numbers under a stretch of bins.

use egui::{Align2, EventFilter, FontId, Key, Painter, Rangef, Response, StrokeKind, Ui, pos2};

use crate::analysis::distribution::{Axis as Place, Edges};
use crate::chart::{Axis, Scale, Stretch};
use crate::dataset::query::Range;
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

/// Where the numbers of a part of an axis lie on a stretch of the screen: `part` is 0 to 1 for all of it.
pub(super) fn stretch_of(edges: &Edges, part: [f32; 2], from: f32, to: f32) -> Stretch {
    if part == [0.0, 1.0] {
        return stretch(edges, from, to);
    }
    let values = part.map(|part| value_at(edges, part.into())).into();
    stretch(&Edges { axis: edges.axis, values }, from, to)
}

/// The number at a part of an axis.
fn value_at(edges: &Edges, part: f64) -> f64 {
    let ends = (edges.values.first().copied().unwrap_or(0.0), edges.values.last().copied().unwrap_or(1.0));
    let (low, high) = (edges.axis.place(ends.0), edges.axis.place(ends.1));
    edges.axis.value(low + (high - low) * part).clamp(ends.0, ends.1)
}

/// Writes the numbers of an axis across, their middle at a height.
pub(super) fn numbers_across(
    painter: &Painter,
    axis: &Axis,
    stretch: &Stretch,
    x: Rangef,
    y: f32,
    tokens: &Tokens,
) {
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
pub(super) fn numbers_up(
    painter: &Painter,
    axis: &Axis,
    stretch: &Stretch,
    y: Rangef,
    x: f32,
    tokens: &Tokens,
) {
    let font = FontId::proportional(size::SMALL);
    for tick in stretch.ticks(((y.span() / 36.0) as usize).max(2)) {
        let at = stretch.at(tick).clamp(y.min + 6.0, y.max - 6.0);
        painter.text(pos2(x, at), Align2::RIGHT_CENTER, axis.text(tick), font.clone(), tokens.text_dim);
    }
}

/// The first and the last bin that begin in a range; `None` where none does.
fn bins_in(edges: &Edges, asked: &Range) -> Option<(usize, usize)> {
    let is_in = |bin: &usize| edges.range(*bin).is_some_and(|(low, ..)| asked.contains(low));
    let first = (0..edges.len()).find(is_in)?;
    Some((first, (0..edges.len()).rfind(is_in)?))
}

/// What an arrow key does to a brush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Down,
    Up,
    /// The upper end alone.
    Shrink,
    Grow,
}

impl Step {
    /// The step that is asked for by keys that go down and up; with Shift only the upper end moves, and with Alt no
    /// brush does.
    pub fn pressed(ui: &Ui, keys: [Key; 2]) -> Option<Self> {
        let (pressed, held) = ui.input(|input| (keys.map(|key| input.key_pressed(key)), input.modifiers));
        Some(match (pressed, held.shift) {
            _ if held.alt => return None,
            ([true, _], false) => Self::Down,
            ([_, true], false) => Self::Up,
            ([true, _], true) => Self::Shrink,
            ([_, true], true) => Self::Grow,
            _ => return None,
        })
    }
}

/// The bins that are asked for after a step; the first or the last one where nothing was asked. All of the axis
/// where there is no step.
pub(super) fn stepped(edges: &Edges, asked: Option<&Range>, step: Option<Step>) -> (usize, usize) {
    let last = edges.len().saturating_sub(1);
    match (asked.and_then(|asked| bins_in(edges, asked)), step) {
        (Some(bins), None) => bins,
        (None, None) => (0, last),
        (None, Some(Step::Down | Step::Shrink)) => (last, last),
        (None, Some(Step::Up | Step::Grow)) => (0, 0),
        (Some((from, to)), Some(Step::Down)) if from > 0 => (from - 1, to - 1),
        (Some((from, to)), Some(Step::Up)) if to < last => (from + 1, to + 1),
        (Some((from, to)), Some(Step::Shrink)) => (from, from.max(to.saturating_sub(1))),
        (Some((from, to)), Some(Step::Grow)) => (from, last.min(to + 1)),
        (Some(bins), Some(Step::Down | Step::Up)) => bins,
    }
}

/// A chart that has the focus keeps the arrow keys, and shows that it has it.
pub(super) fn hold_arrows(ui: &Ui, response: &Response, tokens: &Tokens) {
    let arrows = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    ui.painter().rect_stroke(response.rect, 3.0, (1.0, tokens.accent), StrokeKind::Outside);
}

/// The bin that a place of the screen lies in, where all of them lie in a range of it.
pub(super) fn bin_at(edges: &Edges, range: Rangef, at: f32) -> usize {
    let part = ((at - range.min) / range.span().max(1.0)).clamp(0.0, 1.0);
    edges.bin(value_at(edges, part.into())).unwrap_or(0)
}

/// Bins that a drag tells apart where the plane is so much larger: as many times more, within whole numbers where the
/// bins are of these and with borders in single precision where the numbers are.
pub(super) fn finer(edges: &Edges, zoom: f32, is_single: bool) -> Edges {
    let times = zoom.max(1.0).log2().floor().exp2() as usize;
    if times < 2 {
        return edges.clone();
    }
    let is_whole = edges.axis == Place::Linear && edges.values.iter().all(|value| value.fract() == 0.0);
    let between = |pair: &[f64]| {
        let (low, high) = (edges.axis.place(pair[0]), edges.axis.place(pair[1]));
        let part = move |at: usize| low + (high - low) * at as f64 / times as f64;
        let (first, axis) = (pair[0], edges.axis);
        (0..times).map(move |at| if at == 0 { first } else { axis.value(part(at)) }).collect::<Vec<f64>>()
    };
    let values = edges.values.windows(2).flat_map(between).chain(edges.values.last().copied());
    let mut values: Vec<f64> = values
        .map(|value| match (is_whole, is_single) {
            (true, _) => value.round(),
            (false, true) => f64::from(value as f32),
            (false, false) => value,
        })
        .collect();
    values.dedup();
    Edges { axis: edges.axis, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_finer_where_the_plane_is_larger() {
        let whole = Edges { axis: Place::Linear, values: vec![0.0, 3.0, 6.0] };
        let parts = Edges { axis: Place::Linear, values: vec![0.0, 0.5, 1.0] };
        let log = Edges { axis: Place::Log, values: vec![1.0, 100.0, 1e4] };
        for (edges, zoom, expected) in [
            (&whole, 1.9, vec![0.0, 3.0, 6.0]),
            (&whole, 2.0, vec![0.0, 2.0, 3.0, 5.0, 6.0]),
            (&whole, 64.0, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            (&parts, 3.0, vec![0.0, 0.25, 0.5, 0.75, 1.0]),
            (&log, 2.0, vec![1.0, 10.0, 100.0, 1000.0, 1e4]),
        ] {
            let found = finer(edges, zoom, false).values;
            let same = found.len() == expected.len()
                && found.iter().zip(&expected).all(|(one, two)| (one - two).abs() <= 1e-9 * two);
            assert!(same, "{zoom}: {found:?}");
        }
        let third = Edges { axis: Place::Linear, values: vec![0.0, 1.0 / 3.0] };
        let single = finer(&third, 2.0, true).values;
        assert!(single.iter().all(|value| f64::from(*value as f32) == *value), "{single:?}");
    }

    #[test]
    fn a_part_of_an_axis_has_its_own_numbers() {
        let linear = Edges { axis: Place::Linear, values: vec![0.0, 50.0, 100.0] };
        let log = Edges { axis: Place::Log, values: vec![1.0, 100.0, 1e4] };
        for (edges, part, value, expected) in [
            (&linear, [0.0, 1.0], 50.0, 50.0),
            (&linear, [0.25, 0.75], 50.0, 50.0),
            (&linear, [0.5, 1.0], 75.0, 50.0),
            (&log, [0.0, 0.5], 10.0, 50.0),
        ] {
            let found = stretch_of(edges, part, 0.0, 100.0).at(value);
            assert!((found - expected).abs() < 0.01, "{part:?}: {found}");
        }
    }

    #[test]
    fn arrow_keys_move_and_widen_a_brush_within_the_axis() {
        let edges = Edges { axis: Place::Linear, values: vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0] };
        let asked = |from: f64, to: f64| Some(Range { from, to, is_closed: to == 10.0 });
        for (asked, step, expected) in [
            (None, Some(Step::Up), (0, 0)),
            (None, Some(Step::Down), (4, 4)),
            (None, None, (0, 4)),
            (asked(2.0, 6.0), None, (1, 2)),
            (asked(2.0, 6.0), Some(Step::Up), (2, 3)),
            (asked(2.0, 6.0), Some(Step::Down), (0, 1)),
            (asked(2.0, 6.0), Some(Step::Grow), (1, 3)),
            (asked(2.0, 6.0), Some(Step::Shrink), (1, 1)),
            (asked(2.0, 4.0), Some(Step::Shrink), (1, 1)),
            (asked(0.0, 4.0), Some(Step::Down), (0, 1)),
            (asked(8.0, 10.0), Some(Step::Up), (4, 4)),
            (asked(8.0, 10.0), Some(Step::Grow), (4, 4)),
            // A range within a bin that begins before it is nothing to move.
            (asked(2.5, 3.0), Some(Step::Up), (0, 0)),
        ] {
            assert_eq!(stepped(&edges, asked.as_ref(), step), expected, "{asked:?} {step:?}");
        }
    }
}
