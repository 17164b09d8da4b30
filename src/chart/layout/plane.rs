//! Charts in a plane of two axes: histograms and lines.

use super::super::axis::Stretch;
use super::super::font::{Weight, text_width};
use super::super::marks::{Anchor, Mark, Which};
use super::super::{Axis, Histogram, Lines};
use super::bars::bounds;
use super::{GAP, MARGIN, Page, TEXT};
use crate::colours::channels;

/// Between labels of an axis.
const APART: f32 = 14.0;

/// A plane with its axes.
pub struct Plane {
    pub left: f32,
    pub right: f32,
    pub top: f32,
    pub bottom: f32,
}

impl Plane {
    /// The plane of these numbers, with the width that the labels of its upright axis leave; `room` stays free on
    /// the right.
    pub fn new(page: &mut Page, y: &Axis, (low, high): (f64, f64), height: f32, room: f32) -> Self {
        let rough = Stretch::new(y.scale, low, high, height, 0.0);
        let widths = rough.ticks(7).into_iter().map(|tick| text_width(&y.text(tick), TEXT, Weight::Regular));
        let left = MARGIN + widths.fold(16.0, f32::max) + GAP;
        let heading = y.heading();
        if !heading.is_empty() {
            page.label([MARGIN, page.y + 4.0], heading, Anchor::Start);
            page.y += 16.0;
        }
        Self { left, right: page.right() - room, top: page.y, bottom: page.y + height }
    }

    pub fn x(&self, axis: &Axis, low: f64, high: f64) -> Stretch {
        Stretch::new(axis.scale, low, high, self.left, self.right)
    }

    pub fn y(&self, axis: &Axis, low: f64, high: f64) -> Stretch {
        Stretch::new(axis.scale, low, high, self.bottom, self.top)
    }

    /// Both axes with their lines and numbers; the page goes on under them.
    pub fn axes(&self, page: &mut Page, x: (&Axis, &Stretch), y: (&Axis, &Stretch)) {
        let line = channels(page.colours.line);
        let mut last = f32::INFINITY;
        for tick in y.1.ticks(7) {
            let at = y.1.at(tick);
            page.drawing.line(vec![[self.left, at], [self.right, at]], 1.0, line);
            if (last - at).abs() >= APART {
                page.label([self.left - GAP, at + 4.0], y.0.text(tick), Anchor::End);
                last = at;
            }
        }
        page.y = self.top;
        upright_ticks(page, x.0, x.1, [self.left, self.right], [self.top, self.bottom]);
    }
}

/// Lines up from the numbers of an axis that lies under a chart, and the numbers; the page goes on under them.
pub fn upright_ticks(
    page: &mut Page,
    axis: &Axis,
    stretch: &Stretch,
    [left, right]: [f32; 2],
    [top, bottom]: [f32; 2],
) {
    let line = channels(page.colours.line);
    let mut free = f32::NEG_INFINITY;
    for tick in stretch.ticks(((right - left) / 90.0) as usize) {
        let (at, text) = (stretch.at(tick), axis.text(tick));
        page.drawing.line(vec![[at, top], [at, bottom]], 1.0, line);
        let half = text_width(&text, TEXT, Weight::Regular) / 2.0;
        if at - half > free {
            page.label([at, bottom + 18.0], text, Anchor::Middle);
            free = at + half + GAP;
        }
    }
    page.y = bottom + 22.0;
    let heading = axis.heading();
    if !heading.is_empty() {
        page.y += 16.0;
        page.label([(left + right) / 2.0, page.y], heading, Anchor::Middle);
        page.y += 4.0;
    }
}

pub fn histogram(page: &mut Page, histogram: &Histogram) {
    let bins = histogram.edges.len().saturating_sub(1);
    if bins == 0 {
        page.nothing("No value is known.");
        return;
    }
    let legend: Vec<_> = histogram.series.iter().map(|series| (series.name.as_str(), series.hue)).collect();
    page.legend(&legend);
    let value = |series: &super::super::Series, bin: usize| series.values.get(bin).copied().unwrap_or(0.0);
    let totals: Vec<f64> =
        (0..bins).map(|bin| histogram.series.iter().map(|series| value(series, bin)).sum()).collect();
    let (low, high) = bounds(&totals, histogram.y.scale);
    let plane = Plane::new(page, &histogram.y, (low, high), page.plane_height, 0.0);
    let x = plane.x(&histogram.x, histogram.edges[0], histogram.edges[bins]);
    let y = plane.y(&histogram.y, low, high);
    plane.axes(page, (&histogram.x, &x), (&histogram.y, &y));
    for (bin, total) in totals.iter().enumerate() {
        let (from, to) = (x.at(histogram.edges[bin]), x.at(histogram.edges[bin + 1]));
        // A line of the background between bars that are wide enough for one.
        let gap = if to - from > 5.0 { 1.0 } else { 0.0 };
        let range = format!(
            "{} to {}",
            histogram.x.text(histogram.edges[bin]),
            histogram.x.text(histogram.edges[bin + 1])
        );
        let column = [from, plane.top, to - from, plane.bottom - plane.top];
        let name = format!("{} {range}: {}", histogram.x.title, histogram.y.text(*total));
        page.drawing.spot(column, Which::Bin(bin), name);
        let (mut sum, mut base) = (0.0, plane.bottom);
        for series in &histogram.series {
            let value = value(series, bin);
            if value.is_nan() || value <= 0.0 {
                continue;
            }
            sum += value;
            let top = y.at(sum).min(base - 1.0);
            let name = if series.name.is_empty() { String::new() } else { format!("{}, ", series.name) };
            let tip = format!("{name}{range}: {}", histogram.y.text(value));
            page.drawing.rect([from, top, (to - from - gap).max(0.5), base - top], page.hue(series.hue), tip);
            base = top;
        }
    }
    let axis = channels(page.colours.text_dim);
    let points = vec![[plane.left, plane.bottom], [plane.right, plane.bottom]];
    page.drawing.line(points, 1.0, axis);
}

pub fn lines(page: &mut Page, lines: &Lines) {
    /// Points that have a dot of their own.
    const DOTS: usize = 48;
    let points = || lines.lines.iter().flat_map(|line| &line.points);
    if points().next().is_none() {
        page.nothing("There is nothing to draw.");
        return;
    }
    let legend: Vec<_> = lines.lines.iter().map(|line| (line.name.as_str(), line.hue)).collect();
    page.legend(&legend);
    let bounds = |axis: usize| {
        let values = points().map(|point| point[axis]).filter(|value| value.is_finite());
        values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let ((x_low, x_high), (y_low, y_high)) = (bounds(0), bounds(1));
    // Amounts are read from 0.
    let y_low = if lines.y.scale == super::super::Scale::Linear { y_low.min(0.0) } else { y_low };
    let plane = Plane::new(page, &lines.y, (y_low, y_high), page.plane_height, 8.0);
    let (x, y) = (plane.x(&lines.x, x_low, x_high), plane.y(&lines.y, y_low, y_high));
    plane.axes(page, (&lines.x, &x), (&lines.y, &y));
    for line in &lines.lines {
        let colour = page.hue(line.hue);
        let places: Vec<[f32; 2]> = line.points.iter().map(|[one, two]| [x.at(*one), y.at(*two)]).collect();
        if places.len() <= DOTS {
            let dots =
                places.iter().map(|centre| Mark::Circle { centre: *centre, radius: 2.5, fill: colour });
            page.drawing.marks.extend(dots);
        }
        page.drawing.line(places, 2.0, colour);
    }
}
