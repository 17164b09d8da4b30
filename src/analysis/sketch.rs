//! A very small picture, with which two that seem alike are laid on each other: brightness in 14 × 14
//! and colour in 5 × 5. It can be mirrored and turned without the picture that it was made from.

use super::descriptor::Small;
use super::symmetry::{Symmetry, laid};

/// Pixels across and down of the brightness, and of each of the two colour differences.
pub const EDGE: usize = 14;
pub const COLOUR_EDGE: usize = 5;
/// Bytes of a sketch.
pub const BYTES: usize = EDGE * EDGE + 2 * COLOUR_EDGE * COLOUR_EDGE;

/// Means over equal parts of the picture, row by row: first Y, then Cb + 128, then Cr + 128, as JFIF
/// (ITU-T T.871) defines them, rounded.
pub type Sketch = [u8; BYTES];

/// The sketch of a picture; `channels` is 1 (grey) or 3 (red, green, blue), as `width × height ×
/// channels` bytes. `None` where it is not, or there is no pixel.
pub fn sketch(width: usize, height: usize, channels: usize, data: &[u8]) -> Option<Sketch> {
    Some(sketched(&Small::of(width, height, channels, data)?))
}

/// The sketch of a picture that was made small already.
pub fn sketched(small: &Small) -> Sketch {
    let mut sketch = [0; BYTES];
    let (light, colours) = sketch.split_at_mut(EDGE * EDGE);
    let (blue, red) = colours.split_at_mut(COLOUR_EDGE * COLOUR_EDGE);
    for (out, edge, part) in [(light, EDGE, 0), (blue, COLOUR_EDGE, 1), (red, COLOUR_EDGE, 2)] {
        let values: Vec<f32> = small.pixels().iter().map(|pixel| of_light(*pixel)[part]).collect();
        for (out, mean) in out.iter_mut().zip(means(&values, edge)) {
            *out = (mean + if part == 0 { 0.0 } else { 128.0 }).round().clamp(0.0, 255.0) as u8;
        }
    }
    sketch
}

/// The sketch of the picture after a symmetry.
pub fn turned(sketch: &Sketch, symmetry: Symmetry) -> Sketch {
    let mut out = *sketch;
    let mut from = 0;
    for edge in [EDGE, COLOUR_EDGE, COLOUR_EDGE] {
        let part = from..from + edge * edge;
        out[part.clone()].copy_from_slice(&laid(&sketch[part], edge, edge, symmetry));
        from += edge * edge;
    }
    out
}

/// Y, Cb and Cr of red, green and blue.
fn of_light([r, g, b]: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = [r, g, b].map(f32::from);
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, (b - y) * 0.564, (r - y) * 0.713]
}

/// Means over `edge × edge` equal parts of a square; a value that lies in two counts in each for as
/// much as it covers.
fn means(values: &[f32], edge: usize) -> Vec<f32> {
    let side = values.len().isqrt();
    // In units of which a value has `edge` and a part has `side`.
    let covers = |part: usize| {
        let span = part * side..(part + 1) * side;
        (span.start / edge..span.end.div_ceil(edge))
            .map(move |at| (at, (span.end.min((at + 1) * edge) - span.start.max(at * edge)) as f32))
    };
    let mut out = Vec::with_capacity(edge * edge);
    for y in 0..edge {
        for x in 0..edge {
            let mut sum = 0.0;
            for (row, down) in covers(y) {
                for (column, across) in covers(x) {
                    sum += values[row * side + column] * down * across;
                }
            }
            out.push(sum / (side * side) as f32);
        }
    }
    out
}
