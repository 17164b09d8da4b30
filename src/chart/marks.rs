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

/// Marks, the first at the back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    pub width: f32,
    pub height: f32,
    pub background: Colour,
    /// What it shows, for who cannot see it.
    pub title: String,
    pub marks: Vec<Mark>,
}

impl Drawing {
    pub fn rect(&mut self, at: [f32; 4], fill: Colour, tip: impl Into<String>) {
        // A rectangle that was turned over by rounding is none.
        if at[2] > 0.0 && at[3] > 0.0 {
            self.marks.push(Mark::Rect { at, fill, tip: tip.into() });
        }
    }

    pub fn line(&mut self, points: Vec<[f32; 2]>, width: f32, colour: Colour) {
        self.marks.push(Mark::Line { points, width, colour });
    }
}
