//! Points in a plane, each by itself while they are few enough.

use super::super::marks::Mark;
use super::super::{MOST_POINTS, Points};
use super::Page;
use super::grid::{self, ends};
use super::plane::Plane;
use crate::text::grouped;

pub fn draw(page: &mut Page, points: &Points) {
    if points.points.len() > MOST_POINTS {
        grid::draw(page, &points.density);
        page.y += 8.0;
        page.note(&format!(
            "There are {} points, more than the {} that are drawn each by itself: colours say how many there are in \
             each cell. A .csv has them all.",
            grouped(points.points.len() as u64),
            grouped(MOST_POINTS as u64)
        ));
        return;
    }
    if points.points.is_empty() || points.density.x_edges.len() < 2 || points.density.y_edges.len() < 2 {
        page.nothing("There is nothing to draw.");
        return;
    }
    let legend: Vec<_> = points.groups.iter().map(|group| (group.name.as_str(), group.hue)).collect();
    page.legend(&legend);
    let density = &points.density;
    let (x_range, y_range) = (ends(&density.x_edges), ends(&density.y_edges));
    let plane = Plane::new(page, &density.y, y_range, page.plane_height, 8.0);
    let (x, y) = (plane.x(&density.x, x_range.0, x_range.1), plane.y(&density.y, y_range.0, y_range.1));
    plane.axes(page, (&density.x, &x), (&density.y, &y));
    let hues: Vec<_> = points.groups.iter().map(|group| page.hue(group.hue)).collect();
    let radius = radius(points.points.len());
    let circles = points.points.iter().filter_map(|point| {
        let fill = *hues.get(point.group as usize)?;
        Some(Mark::Circle { centre: [x.at(point.at[0]), y.at(point.at[1])], radius, fill })
    });
    page.drawing.marks.extend(circles);
}

/// Radius of a point of so many, in pixels of the drawing.
fn radius(count: usize) -> f32 {
    match count {
        ..1_000 => 2.5,
        1_000..5_000 => 1.8,
        _ => 1.2,
    }
}
