//! A chart as marks: a heading, a legend where one is needed, the chart and what is to be said under it.
//!
//! Widths are given, heights follow from what there is to show. Labels that would lie on each other are left out,
//! and long names shortened.

mod bars;
mod boxes;
mod grid;
mod heat;
mod pictures;
mod plane;
mod points;

use super::font::{Weight, shortened, text_width};
use super::marks::{Anchor, Colour, Drawing, Mark};
use super::{Body, Chart, Hue};
use crate::colours::{self, Colours, channels};
use crate::text::grouped;

/// How a chart is to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// In pixels of the drawing.
    pub width: f32,
    /// Of the plane of charts that have one; rows need as much as they need.
    pub plane_height: f32,
    pub colours: &'static Colours,
}

impl Look {
    pub const LIGHT: Self = Self { width: 900.0, plane_height: 420.0, colours: &colours::LIGHT };
    pub const DARK: Self = Self { colours: &colours::DARK, ..Self::LIGHT };
}

/// Around the whole drawing.
const MARGIN: f32 = 24.0;
const TITLE: f32 = 17.0;
const TEXT: f32 = 12.0;
const SMALL: f32 = 11.0;
/// Between a mark and its label.
const GAP: f32 = 8.0;

/// Lays a chart out.
pub fn layout(chart: &Chart, look: &Look) -> Drawing {
    let mut page = Page::new(chart, look);
    match &chart.body {
        Body::Bars(bars) => bars::draw(&mut page, bars),
        Body::Histogram(histogram) => plane::histogram(&mut page, histogram),
        Body::Lines(lines) => plane::lines(&mut page, lines),
        Body::Boxes(boxes) => boxes::draw(&mut page, boxes),
        Body::Grid(cells) => grid::draw(&mut page, cells),
        Body::Points(points) => points::draw(&mut page, points),
        Body::Heat(heat) => heat::draw(&mut page, heat),
        Body::Pictures(rows) => pictures::draw(&mut page, rows),
    }
    page.finish(&chart.notes)
}

/// A drawing while it is made, from the top down.
struct Page {
    drawing: Drawing,
    colours: &'static Colours,
    plane_height: f32,
    /// Where the next thing begins.
    y: f32,
}

impl Page {
    fn new(chart: &Chart, look: &Look) -> Self {
        let drawing = Drawing {
            width: look.width.max(320.0),
            height: 0.0,
            background: channels(look.colours.panel),
            title: chart.title.clone(),
            marks: Vec::new(),
            spots: Vec::new(),
        };
        let (colours, plane_height) = (look.colours, look.plane_height.max(120.0));
        let mut page = Self { drawing, colours, plane_height, y: MARGIN + TITLE };
        let title = shortened(&chart.title, TITLE, Weight::Bold, page.inner_width());
        page.put([MARGIN, page.y], title, TITLE, Weight::Bold, Anchor::Start, channels(page.colours.text));
        if !chart.subtitle.is_empty() {
            page.y += 20.0;
            let subtitle = shortened(&chart.subtitle, TEXT, Weight::Regular, page.inner_width());
            page.label([MARGIN, page.y], subtitle, Anchor::Start);
        }
        page.y += 26.0;
        page
    }

    fn inner_width(&self) -> f32 {
        self.drawing.width - 2.0 * MARGIN
    }

    fn right(&self) -> f32 {
        self.drawing.width - MARGIN
    }

    fn hue(&self, hue: Hue) -> Colour {
        match hue {
            Hue::Accent => channels(self.colours.accent),
            Hue::Class(class) => self.colours.class(class),
            Hue::Chosen(colour) => self.colours.legible(colour),
            Hue::Dim => channels(self.colours.text_dim),
        }
    }

    fn put(&mut self, at: [f32; 2], text: String, size: f32, weight: Weight, anchor: Anchor, colour: Colour) {
        let is_turned = false;
        self.drawing.marks.push(Mark::Text { at, text, size, weight, anchor, is_turned, colour });
    }

    /// Small text in the background.
    fn label(&mut self, at: [f32; 2], text: impl Into<String>, anchor: Anchor) {
        let colour = channels(self.colours.text_dim);
        self.put(at, text.into(), TEXT, Weight::Regular, anchor, colour);
    }

    /// Text to be read.
    fn name(&mut self, at: [f32; 2], text: impl Into<String>, anchor: Anchor) {
        let colour = channels(self.colours.text);
        self.put(at, text.into(), TEXT, Weight::Regular, anchor, colour);
    }

    /// Which colour is which, in lines; nothing where there is one.
    fn legend(&mut self, series: &[(&str, Hue)]) {
        /// Names that are shown.
        const SHOWN: usize = 24;
        const SQUARE: f32 = 10.0;
        if series.len() < 2 {
            return;
        }
        let mut x = MARGIN;
        for (name, hue) in series.iter().take(SHOWN) {
            let name = shortened(name, TEXT, Weight::Regular, 160.0);
            let width = SQUARE + 6.0 + text_width(&name, TEXT, Weight::Regular);
            if x + width > self.right() && x > MARGIN {
                (x, self.y) = (MARGIN, self.y + 18.0);
            }
            self.drawing.rect([x, self.y, SQUARE, SQUARE], self.hue(*hue), "");
            self.label([x + SQUARE + 6.0, self.y + SQUARE - 0.5], name, Anchor::Start);
            x += width + 16.0;
        }
        if series.len() > SHOWN {
            let rest = format!("… and {} more", series.len() - SHOWN);
            self.label([x, self.y + SQUARE - 0.5], rest, Anchor::Start);
        }
        self.y += 26.0;
    }

    /// Says that there is nothing to draw.
    fn nothing(&mut self, why: &str) {
        self.y += 30.0;
        self.label([MARGIN, self.y], why, Anchor::Start);
        self.y += 20.0;
    }

    /// Says how many rows are not shown.
    fn left_out(&mut self, count: usize, of: &str) {
        if count > 0 {
            let of = if of.is_empty() { "rows" } else { of };
            self.y += 18.0;
            let text = format!("… and {} more {of}; a .csv has them all", grouped(count as u64));
            self.label([MARGIN, self.y], text, Anchor::Start);
            self.y += 6.0;
        }
    }

    /// A sentence under the chart, in as many lines as it needs.
    fn note(&mut self, note: &str) {
        for line in wrapped(note, SMALL, self.inner_width()) {
            self.y += 16.0;
            let colour = channels(self.colours.text_dim);
            self.put([MARGIN, self.y], line, SMALL, Weight::Regular, Anchor::Start, colour);
        }
    }

    fn finish(mut self, notes: &[String]) -> Drawing {
        self.y += 8.0;
        notes.iter().for_each(|note| self.note(note));
        self.drawing.height = (self.y + MARGIN).ceil();
        self.drawing
    }
}

/// Text in lines that are no wider than that, but for words that are.
fn wrapped(text: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size, Weight::Regular) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(shortened(word, size, Weight::Regular, width)),
        }
    }
    lines
}

/// The widest of some names, at most so much.
fn widest<'a>(names: impl Iterator<Item = &'a str>, most: f32) -> f32 {
    names.map(|name| text_width(name, TEXT, Weight::Regular)).fold(0.0, f32::max).min(most)
}

/// A mixture of two colours: the first at 0, the second at 1.
fn mixed(one: Colour, two: Colour, part: f32) -> Colour {
    let part = part.clamp(0.0, 1.0);
    std::array::from_fn(|at| (f32::from(one[at]) * (1.0 - part) + f32::from(two[at]) * part).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_notes_are_wrapped() {
        let lines = wrapped(&"word ".repeat(40), SMALL, 200.0);
        assert!(lines.len() > 3);
        assert!(lines.iter().all(|line| text_width(line, SMALL, Weight::Regular) <= 200.0));
        assert!(wrapped("", SMALL, 10.0).is_empty());
    }
}
