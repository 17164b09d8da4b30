//! Box plots across, one for each category under the other.

use super::super::axis::{Scale, Stretch};
use super::super::font::{Weight, shortened};
use super::super::marks::{Anchor, Third, Which};
use super::super::{BoxRow, Boxes};
use super::plane::upright_ticks;
use super::{GAP, MARGIN, Page, TEXT, mixed, widest};
use crate::analysis::distribution::BoxPlot;
use crate::colours::channels;
use crate::text::grouped;

const ROW: f32 = 26.0;
const THICK: f32 = 14.0;

pub fn draw(page: &mut Page, boxes: &Boxes) {
    let shown = boxes.rows.len().min(boxes.top);
    if shown == 0 {
        page.nothing("No value is known.");
        return;
    }
    let rows = &boxes.rows[..shown];
    let name_width = widest(rows.iter().map(|row| row.name.as_str()), page.inner_width() * 0.3);
    let counts: Vec<String> = rows.iter().map(|row| grouped(row.plot.count)).collect();
    let count_width = widest(counts.iter().map(String::as_str).chain(["samples"]), 120.0);
    let (left, right) = (MARGIN + name_width + GAP, page.right() - count_width - 2.0 * GAP);
    // On a log axis what is not over 0 has no place, and lies at the border.
    let has_place = |value: &f64| boxes.axis.scale == Scale::Linear || *value > 0.0;
    let figures = |row: &BoxRow| {
        let BoxPlot { min, low_whisker, q1, median, q3, high_whisker, max, .. } = row.plot;
        [min, low_whisker, q1, median, q3, high_whisker, max]
    };
    let low = rows.iter().flat_map(figures).filter(has_place).fold(f64::INFINITY, f64::min);
    let high = rows.iter().map(|row| row.plot.max).fold(f64::NEG_INFINITY, f64::max);
    let stretch = Stretch::new(boxes.axis.scale, low, high, left, right);
    // What the numbers on the right are.
    page.label([page.right(), page.y], "samples", Anchor::End);
    page.y += 6.0;
    let (top, bottom) = (page.y, page.y + ROW * shown as f32);
    upright_ticks(page, &boxes.axis, &stretch, [left, right], [top, bottom]);
    for (at, row) in rows.iter().enumerate() {
        let plot = &row.plot;
        let middle = top + ROW * (at as f32 + 0.5);
        let (colour, x) = (page.hue(row.hue), |value: f64| stretch.at(value));
        page.name(
            [left - GAP, middle + 4.0],
            shortened(&row.name, TEXT, Weight::Regular, name_width),
            Anchor::End,
        );
        page.label([page.right(), middle + 4.0], &counts[at], Anchor::End);
        let faint = mixed(channels(page.colours.panel), colour, 0.45);
        // What is outside of the whiskers reaches to the ends.
        if plot.outside > 0 {
            page.drawing.line(vec![[x(plot.min), middle], [x(plot.max), middle]], 1.0, faint);
            for end in [plot.min, plot.max] {
                if end < plot.low_whisker || end > plot.high_whisker {
                    let (centre, radius) = ([x(end), middle], 2.0);
                    page.drawing.marks.push(super::Mark::Circle { centre, radius, fill: colour });
                }
            }
        }
        page.drawing.line(vec![[x(plot.low_whisker), middle], [x(plot.high_whisker), middle]], 2.0, colour);
        for end in [plot.low_whisker, plot.high_whisker] {
            page.drawing.line(vec![[x(end), middle - 4.0], [x(end), middle + 4.0]], 2.0, colour);
        }
        let text = |value: f64| boxes.axis.text(value);
        let tip = format!(
            "{}: median {}, quartiles {} and {}, {} outside",
            row.name,
            text(plot.median),
            text(plot.q1),
            text(plot.q3),
            grouped(plot.outside)
        );
        let place = [x(plot.q1), middle - THICK / 2.0, (x(plot.q3) - x(plot.q1)).max(2.0), THICK];
        page.drawing.rect(place, colour, tip);
        spots(page, boxes, at, [left, right], place);
        let line = channels(page.colours.panel);
        let median = x(plot.median);
        page.drawing.line(vec![[median, middle - THICK / 2.0], [median, middle + THICK / 2.0]], 2.0, line);
    }
    page.left_out(boxes.rows.len() - shown, &boxes.of);
}

/// What can be pointed at of a row: all of it, and over that the parts around its box.
fn spots(page: &mut Page, boxes: &Boxes, row: usize, [left, right]: [f32; 2], place: [f32; 4]) {
    let BoxRow { name, plot, .. } = &boxes.rows[row];
    let [x, y, width, height] = place;
    let (top, title, text) =
        (y + height / 2.0 - ROW / 2.0, &boxes.axis.title, |value| boxes.axis.text(value));
    let (low, high) = (text(plot.q1), text(plot.q3));
    let whole = [MARGIN, top, page.inner_width(), ROW];
    page.drawing.spot(whole, Which::Row(row), format!("{name}, {}", grouped(plot.count)));
    for (part, from, to, words) in [
        (Third::Below, left, x, format!("under {low}")),
        (Third::Above, x + width, right, format!("{high} and over")),
        (Third::Middle, x, x + width, format!("{low} to {high}")),
    ] {
        let which = Which::Quartiles { row, part };
        page.drawing.spot([from, top, to - from, ROW], which, format!("{name}, {title} {words}"));
    }
}
