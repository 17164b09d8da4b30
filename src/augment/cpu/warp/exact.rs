//! Warps that move pixels as they are: crops, pads, flips, turns and what is composed of them.

use super::Map;
use super::sample::{Window, folded};
use crate::augment::stage::{Fill, Size};

/// Side of the tiles in which a picture is turned, so that reads and writes both stay in cache.
const TILE: i64 = 32;

/// From pixels of the result to pixels of the window: `x = a · X + b · Y + c` for the rows `[a, b, c]`, where
/// one of `a` and `b` is 1 or −1 and the other one is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact(pub [[i64; 3]; 2]);

impl Exact {
    /// The map in pixels, where every middle of a pixel comes from the middle of another one.
    pub fn of(map: &Map) -> Option<Self> {
        let Map::Projective([x, y, [0.0, 0.0, 1.0]]) = map else { return None };
        let rows = [row(x)?, row(y)?];
        (rows[0][0].abs() != rows[1][0].abs()).then_some(Self(rows))
    }

    /// The same map from places to places, in pixels from the upper left corner.
    pub fn matrix(self) -> [[f64; 3]; 3] {
        let row = |[a, b, c]: [i64; 3]| [a as f64, b as f64, (c + i64::from(a + b < 0)) as f64];
        [row(self.0[0]), row(self.0[1]), [0.0, 0.0, 1.0]]
    }

    pub fn at(self, [x, y]: [i64; 2]) -> [i64; 2] {
        self.0.map(|[a, b, c]| a * x + b * y + c)
    }

    /// What this one comes to after the other: `self` is from its result to the other one's.
    pub fn after(self, other: Self) -> Self {
        Self(other.0.map(|[a, b, c]| {
            let [x, y] = self.0;
            [a * x[0] + b * y[0], a * x[1] + b * y[1], a * x[2] + b * y[2] + c]
        }))
    }

    /// Whether pixels only move.
    pub fn is_shift(self) -> bool {
        matches!(self.0, [[1, 0, _], [0, 1, _]])
    }

    /// Where the pixels of the result's rectangle (left, top, width, height) come from, as a rectangle.
    pub fn source(self, [left, top, width, height]: [i64; 4]) -> [i64; 4] {
        let [x0, y0] = self.at([left, top]);
        let [x1, y1] = self.at([left + width - 1, top + height - 1]);
        [x0.min(x1), y0.min(y1), (x1 - x0).abs() + 1, (y1 - y0).abs() + 1]
    }
}

fn row(&[a, b, c]: &[f32; 3]) -> Option<[i64; 3]> {
    let is_unit = (a.abs() == 1.0 && b == 0.0) || (a == 0.0 && b.abs() == 1.0);
    if !is_unit || c.fract() != 0.0 || c.abs() > 2f32.powi(30) {
        return None;
    }
    let [a, b, c] = [a as i64, b as i64, c as i64];
    // Mirrored, the middle ½ comes from c − ½, which is in pixel c − 1.
    Some([a, b, c - i64::from(a + b < 0)])
}

/// The pixels of the result.
pub fn copied<const C: usize>(window: &Window<'_>, exact: Exact, [width, height]: Size) -> Vec<u8> {
    let pixels = window.data.as_chunks::<C>().0;
    let source = Source::<C> { window, pixels, row: window.stride / C };
    match exact.0 {
        [[a, 0, c], [0, b, d]] => straight(&source, [a, c], [b, d], [width, height]),
        _ => turned(&source, exact, [width, height]).into_flattened(),
    }
}

struct Source<'a, const C: usize> {
    window: &'a Window<'a>,
    pixels: &'a [[u8; C]],
    /// Pixels in a row of the picture.
    row: usize,
}

impl<const C: usize> Source<'_, C> {
    fn colour(&self) -> [u8; C] {
        std::array::from_fn(|channel| self.window.colour[channel])
    }

    fn column(&self, x: i64) -> Option<usize> {
        folded(x, self.window.width, self.window.fill).map(|x| self.window.left + x)
    }

    /// Row `y` of the window, all of the picture's columns.
    fn line(&self, y: i64) -> Option<&[[u8; C]]> {
        let y = self.window.top + folded(y, self.window.height, self.window.fill)?;
        Some(&self.pixels[y * self.row..(y + 1) * self.row])
    }

    fn pixel(&self, x: i64, y: i64) -> [u8; C] {
        match (self.column(x), self.line(y)) {
            (Some(x), Some(line)) => line[x],
            _ => self.colour(),
        }
    }
}

/// Which numbers of the result, `from..to`, come from inside: `along · n + shift` is in `0..inside`.
fn inside([along, shift]: [i64; 2], inside: usize, count: u32) -> [i64; 2] {
    let (from, to) =
        if along > 0 { (-shift, inside as i64 - shift) } else { (shift + 1 - inside as i64, shift + 1) };
    let from = from.clamp(0, i64::from(count));
    [from, to.clamp(from, i64::from(count))]
}

/// Rows stay rows.
fn straight<const C: usize>(
    source: &Source<'_, C>,
    [a, c]: [i64; 2],
    [b, d]: [i64; 2],
    [width, height]: Size,
) -> Vec<u8> {
    let [from, to] = inside([a, c], source.window.width, width);
    let mut result = Vec::with_capacity(width as usize * height as usize * C);
    let is_constant = matches!(source.window.fill, Fill::Constant(_));
    let colours = vec![source.colour(); if is_constant { width as usize } else { 0 }];
    for y in 0..i64::from(height) {
        let Some(line) = source.line(b * y + d) else {
            result.extend_from_slice(colours.as_flattened());
            continue;
        };
        let outside = |result: &mut Vec<u8>, from: i64, to: i64| {
            if is_constant {
                result.extend_from_slice(colours[..(to - from) as usize].as_flattened());
            } else {
                let columns = (from..to).filter_map(|x| source.column(a * x + c));
                columns.for_each(|x| result.extend_from_slice(&line[x]));
            }
        };
        outside(&mut result, 0, from);
        if from < to {
            let [first, last] = [a * from + c, a * (to - 1) + c].map(|x| x as usize + source.window.left);
            if a > 0 {
                result.extend_from_slice(line[first..=last].as_flattened());
            } else {
                extend_reversed::<C>(&mut result, line[last..=first].as_flattened());
            }
        }
        outside(&mut result, to, i64::from(width));
    }
    result
}

fn extend_reversed<const C: usize>(result: &mut Vec<u8>, line: &[u8]) {
    let start = result.len();
    result.resize(start + line.len(), 0);
    pulp::Arch::new().dispatch(Reverse::<C> { line, to: &mut result[start..] });
}

/// Pixels from last to first.
struct Reverse<'a, const C: usize> {
    line: &'a [u8],
    to: &'a mut [u8],
}

impl<const C: usize> pulp::NullaryFnOnce for Reverse<'_, C> {
    type Output = ();

    // In blocks of a size that the compiler knows, bytes are moved within registers.
    #[inline(always)]
    fn call(self) {
        const BLOCK: usize = 128;
        let blocks = self.line.rchunks_exact(BLOCK * C);
        let rest = blocks.remainder();
        let whole = self.line.len() - rest.len();
        for (line, to) in blocks.zip(self.to.chunks_exact_mut(BLOCK * C)) {
            // By way of memory that is certainly not that of the picture.
            let mut reversed = [[0; C]; BLOCK];
            for (pixel, reversed) in reversed.iter_mut().enumerate() {
                for (channel, value) in reversed.iter_mut().enumerate() {
                    *value = line[(BLOCK - 1 - pixel) * C + channel];
                }
            }
            to.copy_from_slice(reversed.as_flattened());
        }
        let pixels = rest.as_chunks::<C>().0.iter().rev();
        for (pixel, to) in pixels.zip(self.to[whole..].as_chunks_mut::<C>().0) {
            *to = *pixel;
        }
    }
}

/// Rows become columns.
fn turned<const C: usize>(source: &Source<'_, C>, exact: Exact, [width, height]: Size) -> Vec<[u8; C]> {
    let [[_, b, c], [a, _, d]] = exact.0;
    let [left, right] = inside([a, d], source.window.height, width);
    let [top, bottom] = inside([b, c], source.window.width, height);
    let mut result = vec![[0; C]; width as usize * height as usize];
    for tile_y in (top..bottom).step_by(TILE as usize) {
        for tile_x in (left..right).step_by(TILE as usize) {
            for y in tile_y..(tile_y + TILE).min(bottom) {
                let column = (b * y + c) as usize + source.window.left;
                let start = y as usize * width as usize;
                let to_x = (tile_x + TILE).min(right);
                let line = &mut result[start + tile_x as usize..start + to_x as usize];
                let first = (a * tile_x + d) as usize + source.window.top;
                let mut at = (first * source.row + column) as isize;
                let step = a as isize * source.row as isize;
                for pixel in line {
                    *pixel = source.pixels[at as usize];
                    at += step;
                }
            }
        }
    }
    for y in 0..i64::from(height) {
        let inside = if (top..bottom).contains(&y) { left..right } else { 0..0 };
        let start = y as usize * width as usize;
        for x in (0..inside.start).chain(inside.end..i64::from(width)) {
            let [from_x, from_y] = exact.at([x, y]);
            result[start + x as usize] = source.pixel(from_x, from_y);
        }
    }
    result
}

/// Whether nothing is outside of the window.
pub fn is_all_inside(exact: Exact, window: [u32; 4], [width, height]: Size) -> bool {
    let [left, top, from_width, from_height] = exact.source([0, 0, i64::from(width), i64::from(height)]);
    left >= 0
        && top >= 0
        && left + from_width <= i64::from(window[2])
        && top + from_height <= i64::from(window[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_that_move_pixels_are_known() {
        let map = |x: [f32; 3], y: [f32; 3]| {
            Exact::of(&Map::Projective([x, y, [0.0, 0.0, 1.0]])).map(|exact| exact.0)
        };
        let rows = [
            ([1.0, 0.0, 3.0], [0.0, 1.0, -2.0], Some([[1, 0, 3], [0, 1, -2]])),
            ([-1.0, 0.0, 7.0], [0.0, 1.0, 0.0], Some([[-1, 0, 6], [0, 1, 0]])),
            ([0.0, -1.0, 5.0], [1.0, 0.0, 0.0], Some([[0, -1, 4], [1, 0, 0]])),
            ([1.0, 0.0, 0.5], [0.0, 1.0, 0.0], None),
            ([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], None),
            ([0.9, 0.0, 0.0], [0.0, 1.0, 0.0], None),
            ([f32::NAN, 0.0, 0.0], [0.0, 1.0, f32::INFINITY], None),
        ];
        for (x, y, expected) in rows {
            assert_eq!(map(x, y), expected, "{x:?} {y:?}");
            if let Some(rows) = expected {
                let matrix = Exact(rows).matrix();
                assert_eq!([matrix[0], matrix[1]], [x, y].map(|row| row.map(f64::from)));
            }
        }
    }
}
