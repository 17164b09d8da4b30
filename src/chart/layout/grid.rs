//! A plane whose cells are coloured by how many there are in each.

use super::super::axis::number_text;
use super::super::marks::{Anchor, Which};
use super::super::{Axis, Grid, Scale, Upright};
use super::plane::Plane;
use super::{GAP, Page};
use crate::colours::channels;

/// The strip that says what colours mean, and the room of its labels.
const STRIP: f32 = 14.0;
const ROOM: f32 = 90.0;

pub fn draw(page: &mut Page, grid: &Grid) {
    let (across, down) = (grid.x_edges.len().saturating_sub(1), grid.y_edges.len().saturating_sub(1));
    let most = grid.counts.iter().copied().fold(0.0, f64::max);
    if across * down == 0 || most <= 0.0 {
        page.nothing("There is nothing to count.");
        return;
    }
    let (x_range, y_range) = (ends(&grid.x_edges), ends(&grid.y_edges));
    let mut plane = Plane::new(page, &grid.y, y_range, page.plane_height, ROOM);
    if grid.upright == Upright::Down {
        // Pictures are square here: both axes are parts of a side.
        plane.right = (plane.left + page.plane_height).min(plane.right);
    }
    let x = plane.x(&grid.x, x_range.0, x_range.1);
    let y = match grid.upright {
        Upright::Up => plane.y(&grid.y, y_range.0, y_range.1),
        Upright::Down => {
            super::super::axis::Stretch::new(grid.y.scale, y_range.0, y_range.1, plane.top, plane.bottom)
        }
    };
    plane.axes(page, (&grid.x, &x), (&grid.y, &y));
    for (at, count) in grid.counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
        let (column, line) = (at % across, at / across);
        let (left, right) = (x.at(grid.x_edges[column]), x.at(grid.x_edges[column + 1]));
        let (one, two) = (y.at(grid.y_edges[line]), y.at(grid.y_edges[line + 1]));
        let (top, bottom) = (one.min(two), one.max(two));
        let range = |axis: &Axis, edges: &[f64], at: usize| {
            format!("{} to {}", axis.text(edges[at]), axis.text(edges[at + 1]))
        };
        let tip = format!(
            "{}; {}: {}",
            range(&grid.x, &grid.x_edges, column),
            range(&grid.y, &grid.y_edges, line),
            number_text(*count)
        );
        // Neighbours overlap by a hair, so that no seam shows between them.
        let place = [left, top, right - left + 0.25, bottom - top + 0.25];
        page.drawing.spot(place, Which::Cell { column, line }, tip.clone());
        page.drawing.rect(place, page.colours.scale(part_of(*count, most)), tip);
    }
    strip(page, &plane, grid, most);
}

/// How far a count is along the colours: by logarithm, as few and many are to be told apart alike.
fn part_of(count: f64, most: f64) -> f32 {
    ((count + 1.0).ln() / (most + 1.0).ln()) as f32
}

fn ends(edges: &[f64]) -> (f64, f64) {
    (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0))
}

/// What the colours mean.
fn strip(page: &mut Page, plane: &Plane, grid: &Grid, most: f64) {
    const STEPS: usize = 64;
    let (left, height) = (plane.right + 2.0 * GAP, (plane.bottom - plane.top).min(220.0));
    let top = plane.top + 18.0;
    page.label([left, plane.top + 6.0], grid.counted.clone(), Anchor::Start);
    let step = height / STEPS as f32;
    for at in 0..STEPS {
        let colour = page.colours.scale(1.0 - at as f32 / (STEPS - 1) as f32);
        page.drawing.rect([left, top + step * at as f32, STRIP, step + 0.25], colour, "");
    }
    let line = channels(page.colours.text_dim);
    let mut last = f32::INFINITY;
    let marks = super::super::ticks(Scale::Log, 1.0, most.max(2.0), 6);
    for count in std::iter::once(most).chain(marks.into_iter().rev()).filter(|count| *count <= most) {
        let y = top + height * (1.0 - part_of(count, most));
        if (last - y).abs() >= 14.0 {
            page.drawing.line(vec![[left + STRIP, y], [left + STRIP + 3.0, y]], 1.0, line);
            page.label([left + STRIP + 6.0, y + 4.0], number_text(count), Anchor::Start);
            last = y;
        }
    }
}
