//! Points in a plane: all of them, or as many as can be told apart.

use super::super::marks::Mark;
use super::super::{MOST_POINTS, Points};
use super::Page;
use super::plane::Plane;
use crate::text::grouped;

pub fn draw(page: &mut Page, points: &Points) {
    let count = points.points.len();
    if count == 0 {
        page.nothing("There is nothing to draw.");
        return;
    }
    let legend: Vec<_> = points.groups.iter().map(|group| (group.name.as_str(), group.hue)).collect();
    page.legend(&legend);
    let [[left, right], [low, high]] = points.ends;
    let plane = Plane::new(page, &points.y, (low, high), page.plane_height, 8.0);
    let (x, y) = (plane.x(&points.x, left, right), plane.y(&points.y, low, high));
    plane.axes(page, (&points.x, &x), (&points.y, &y));
    let hues: Vec<_> = points.groups.iter().map(|group| page.hue(group.hue)).collect();
    let drawn = count.min(MOST_POINTS);
    let radius = radius(drawn);
    let circles = (0..drawn).filter_map(|at| {
        let point = &points.points[at * count / drawn];
        let fill = *hues.get(point.group as usize)?;
        Some(Mark::Circle { centre: [x.at(point.at[0]), y.at(point.at[1])], radius, fill })
    });
    page.drawing.marks.extend(circles);
    if drawn < count {
        page.y += 8.0;
        let (drawn, all) = (grouped(drawn as u64), grouped(count as u64));
        page.note(&format!("A sample of {drawn} of the {all} points is drawn; a .csv has them all."));
    }
}

/// Radius of a point of so many, in pixels of the drawing.
fn radius(count: usize) -> f32 {
    match count {
        ..1_000 => 2.5,
        1_000..5_000 => 1.8,
        _ => 1.2,
    }
}
