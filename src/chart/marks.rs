//! What a chart is drawn with: rectangles, lines, circles, text and pictures in a plane of pixels, x to the right and
//! y down. It refuses to know what they stand for.

use super::Picture;
use super::font::Weight;

/// Red, green and blue in sRGB.
pub type Colour = [u8; 3];

/// Where a text is set from its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

/// A thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    Rect {
        /// Left, top, width and height.
        at: [f32; 4],
        fill: Colour,
        /// What it stands for, shown where a drawing can be pointed at; empty where it stands for nothing.
        tip: String,
    },
    Line {
        points: Vec<[f32; 2]>,
        width: f32,
        colour: Colour,
    },
    Circle {
        centre: [f32; 2],
        radius: f32,
        fill: Colour,
    },
    Text {
        /// The left end, the middle or the right end of its baseline.
        at: [f32; 2],
        text: String,
        /// Of an em, in pixels.
        size: f32,
        weight: Weight,
        anchor: Anchor,
        /// Whether it reads upwards, turned around its place.
        is_turned: bool,
        colour: Colour,
    },
    Image {
        at: [f32; 4],
        picture: Picture,
    },
}

/// What of a chart's data a part of its drawing stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// A category, or a row, by its place.
    Row(usize),
    /// Of a row's box plot what is below the box, in it, or above it.
    Quartiles {
        row: usize,
        part: Third,
    },
    Bin(usize),
    Cell {
        column: usize,
        line: usize,
    },
}

/// A part of a box plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Third {
    /// Under the first quartile.
    Below,
    /// From the first quartile to the third.
    Middle,
    /// From the third quartile on.
    Above,
}

/// A place of a drawing that can be pointed at.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Left, top, width and height.
    pub at: [f32; 4],
    pub which: Which,
    /// What it stands for, in words.
    pub name: String,
}

/// Marks, the first at the back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    pub width: f32,
    pub height: f32,
    pub background: Colour,
    /// What it shows, for who cannot see it.
    pub title: String,
    pub marks: Vec<Mark>,
    /// Later ones lie over earlier ones.
    pub spots: Vec<Spot>,
}

impl Drawing {
    pub fn rect(&mut self, at: [f32; 4], fill: Colour, tip: impl Into<String>) {
        // A rectangle that was turned over by rounding is none.
        if at[2] > 0.0 && at[3] > 0.0 {
            self.marks.push(Mark::Rect { at, fill, tip: tip.into() });
        }
    }

    pub fn spot(&mut self, at: [f32; 4], which: Which, name: impl Into<String>) {
        if at[2] > 0.0 && at[3] > 0.0 {
            self.spots.push(Spot { at, which, name: name.into() });
        }
    }

    pub fn line(&mut self, points: Vec<[f32; 2]>, width: f32, colour: Colour) {
        self.marks.push(Mark::Line { points, width, colour });
    }
}
