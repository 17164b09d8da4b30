//! Charts as plain data: what is drawn, laid out into marks, and written as a drawing, a picture or a table.
//!
//! ```text
//! Chart ─layout─▶ Drawing: marks ─▶ SVG, PNG
//!   └────────────────────────────▶ CSV: all of its data, what a drawing leaves out as well
//! ```
//!
//! A drawing is the same on every machine: text is set in the font that the program carries, and nothing asks for a
//! graphics device. Where there is too much to read, a drawing shows the first and says how many more there are.
//!
//! This room refuses to know datasets and the user interface; of analyses it knows the figures of a box plot.

mod axis;
mod csv;
mod font;
mod layout;
mod marks;
mod png;
mod svg;
mod write;

use crate::analysis::distribution::BoxPlot;

pub use axis::{Scale, Stretch, number_text, ticks};
pub use csv::rows as csv_rows;
pub use font::{Weight, shortened, text_width};
pub use layout::{Look, layout};
pub use marks::{Anchor, Colour, Drawing, Mark, Spot, Third, Which};
pub use png::rasterised;
pub use svg::svg;
pub use write::{ChartError, Form, write, write_to};

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub title: String,
    /// What it is of, under the title; empty where that is plain.
    pub subtitle: String,
    pub body: Body,
    /// Sentences under the chart: figures, and what was left out.
    pub notes: Vec<String>,
}

/// What a chart shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Bars(Bars),
    Histogram(Histogram),
    Lines(Lines),
    Boxes(Boxes),
    Grid(Grid),
    Points(Points),
    Heat(Heat),
    Pictures(Pictures),
}

/// An axis of numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    pub title: String,
    /// `bytes` are written as sizes; another one stands behind the title.
    pub unit: String,
    pub scale: Scale,
}

impl Axis {
    pub fn new(title: impl Into<String>, unit: impl Into<String>, scale: Scale) -> Self {
        Self { title: title.into(), unit: unit.into(), scale }
    }

    /// An axis that counts things of that name.
    pub fn counts(title: impl Into<String>, scale: Scale) -> Self {
        Self::new(title, "", scale)
    }
}

/// What a series is drawn in: the theme has the colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hue {
    /// The one colour that says "this".
    #[default]
    Accent,
    /// The colour of a class, or of anything that is told apart by its number.
    Class(u32),
    /// A colour that a person chose, sRGB; the theme makes it stand out.
    Chosen([u8; 3]),
    /// What is in the background.
    Dim,
}

/// Numbers that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the legend; a chart of one series needs none.
    pub name: String,
    pub hue: Hue,
    /// One per category or bin.
    pub values: Vec<f64>,
}

/// A bar for each category, of one or several parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// What the categories are: the first column of the table.
    pub of: String,
    pub axis: Axis,
    pub categories: Vec<String>,
    /// Parts that are stacked, the first from the axis on.
    pub series: Vec<Series>,
    /// Categories that a drawing shows at most.
    pub top: usize,
}

/// A bar for each bin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    pub x: Axis,
    pub y: Axis,
    /// Ascending, one more than there are bins.
    pub edges: Vec<f64>,
    /// Parts that are stacked.
    pub series: Vec<Series>,
}

/// Lines through points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    pub x: Axis,
    pub y: Axis,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub name: String,
    pub hue: Hue,
    pub points: Vec<[f64; 2]>,
}

/// A box plot for each category.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boxes {
    pub of: String,
    pub axis: Axis,
    pub rows: Vec<BoxRow>,
    /// Rows that a drawing shows at most.
    pub top: usize,
}

/// One box plot of several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxRow {
    pub name: String,
    pub hue: Hue,
    pub plot: BoxPlot,
}

/// Which way the second axis of a grid goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upright {
    /// The least at the bottom, as in a plane.
    #[default]
    Up,
    /// The least at the top, as in a picture.
    Down,
}

/// How many there are in each cell of a plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    pub x: Axis,
    pub y: Axis,
    pub x_edges: Vec<f64>,
    pub y_edges: Vec<f64>,
    /// Line by line from the least `y`.
    pub counts: Vec<f64>,
    pub upright: Upright,
    /// What is counted, for the scale beside it.
    pub counted: String,
}

/// Points that a drawing shows at most.
pub const MOST_POINTS: usize = 20_000;

/// Points in a plane. A drawing shows [`MOST_POINTS`] of them, spread evenly over their order; a table has them all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// What a point is: the first column of the table.
    pub of: String,
    pub x: Axis,
    pub y: Axis,
    /// The least and the greatest number of each axis.
    pub ends: [[f64; 2]; 2],
    /// What the groups are: the last column of the table; nothing is told apart where it is empty.
    pub groups_of: String,
    /// At least one.
    pub groups: Vec<Group>,
    /// The first at the back.
    pub points: Vec<Point>,
}

/// Points that have a colour in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Its name in the legend; one group needs none.
    pub name: String,
    pub hue: Hue,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    pub name: String,
    /// Across and up, in the units of the axes.
    pub at: [f64; 2],
    /// Its place among the groups.
    pub group: u32,
}

/// What the colours of a table stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shades {
    /// From 0 to the largest value.
    #[default]
    Amount,
    /// Around 1, by logarithm: under it one colour, over it another.
    Ratio,
}

/// A table whose cells are coloured by their value, or by what is sure of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    pub row_title: String,
    pub column_title: String,
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    pub shades: Shades,
    /// What the value of a cell is.
    pub value: String,
    /// What else is known of a cell, by name.
    pub more: Vec<String>,
    /// In any order; those that are not there are empty.
    pub cells: Vec<HeatCell>,
    /// Rows and columns that a drawing shows at most: those of the first cells.
    pub top: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatCell {
    pub row: u32,
    pub column: u32,
    /// What is written in it.
    pub value: f64,
    /// What its colour stands for: the value itself, or what is sure of it.
    pub shade: f64,
    /// One per name in [`Heat::more`].
    pub more: Vec<f64>,
}

/// Pictures in rows, each row with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    pub of: String,
    /// What stands over each column.
    pub headings: Vec<String>,
    pub rows: Vec<PictureRow>,
    /// Rows that a drawing shows at most.
    pub top: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PictureRow {
    pub name: String,
    /// Under the name.
    pub caption: String,
    pub tiles: Vec<Tile>,
}

/// A place in a row of pictures.
#[derive(Clone, Debug, PartialEq)]
pub enum Tile {
    Picture(Picture),
    /// Colours with their shares of a bar.
    Swatches(Vec<([u8; 3], f64)>),
}

/// Pixels: red, green and blue, row by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Of 1 (grey) or 3 channels; `None` where the values are not whole.
    pub fn new(width: usize, height: usize, channels: usize, data: &[u8]) -> Option<Self> {
        if width * height == 0 || data.len() != width * height * channels {
            return None;
        }
        let rgb = match channels {
            1 => data.iter().flat_map(|value| [*value; 3]).collect(),
            3 => data.to_vec(),
            _ => return None,
        };
        Some(Self { width, height, rgb })
    }
}

#[cfg(test)]
mod tests;
