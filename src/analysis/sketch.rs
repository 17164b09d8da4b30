//! A very small picture, with which two that seem alike are laid on each other: brightness in 14 × 14
//! and colour in 5 × 5. It can be mirrored and turned without the picture that it was made from.

use super::picture::Picture;
use super::symmetry::{Symmetry, laid};

/// Pixels across and down of the brightness, and of each of the two colour differences.
pub const EDGE: usize = 14;
pub const COLOUR_EDGE: usize = 5;
/// Bytes of a sketch.
pub const BYTES: usize = EDGE * EDGE + 2 * COLOUR_EDGE * COLOUR_EDGE;

/// Means over equal parts of the picture, row by row: first Y, then Cb + 128, then Cr + 128, as JFIF
/// (ITU-T T.871) defines them, rounded.
pub type Sketch = [u8; BYTES];

/// The sketch of a picture; `None` where there is no memory for it.
pub fn sketch(picture: &Picture<'_>) -> Option<Sketch> {
    let small = picture.small()?;
    let mut sketch = [0; BYTES];
    let (light, colours) = sketch.split_at_mut(EDGE * EDGE);
    let (blue, red) = colours.split_at_mut(COLOUR_EDGE * COLOUR_EDGE);
    for (out, edge, part) in [(light, EDGE, 0), (blue, COLOUR_EDGE, 1), (red, COLOUR_EDGE, 2)] {
        let values: Vec<f32> = small.pixels().iter().map(|pixel| of_light(*pixel)[part]).collect();
        for (out, mean) in out.iter_mut().zip(means(&values, edge)) {
            *out = (mean + if part == 0 { 0.0 } else { 128.0 }).round().clamp(0.0, 255.0) as u8;
        }
    }
    Some(sketch)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sketched(width: usize, height: usize, data: &[u8]) -> Sketch {
        sketch(&Picture::new(width, height, 3, data).unwrap()).unwrap()
    }

    #[test]
    fn means_are_those_of_what_a_part_covers() {
        // Six by six to four by four: a part covers one and a half.
        let values: Vec<f32> = (0..36).map(|at| (at % 6) as f32).collect();
        for (mean, thirds) in means(&values, 4).into_iter().zip([1.0, 5.0, 10.0, 14.0]) {
            assert!((mean * 3.0 - thirds).abs() < 1e-5, "{mean}");
        }
        assert_eq!(means(&[7.0; 64 * 64], EDGE), [7.0; EDGE * EDGE]);
    }

    #[test]
    fn a_colour_is_where_it_was() {
        // Red left, blue right.
        let data: Vec<u8> =
            (0..40 * 20).flat_map(|at| if at % 40 < 20 { [200, 0, 0] } else { [0, 0, 200] }).collect();
        let sketch = sketched(40, 20, &data);
        let (light, colours) = sketch.split_at(EDGE * EDGE);
        let (blue, red) = colours.split_at(COLOUR_EDGE * COLOUR_EDGE);
        assert_eq!((light[0], light[EDGE - 1]), (60, 23));
        assert_eq!((blue[0], blue[4], red[0], red[4]), (94, 228, 228, 112));
    }

    #[test]
    fn a_symmetry_of_the_sketch_is_the_sketch_of_the_symmetry() {
        let (width, height) = (60, 45);
        let pixel = |at: usize| {
            let (x, y) = (at % width, at / width);
            [x * 4, y * 5, (x * y) % 256].map(|value| value.min(255) as u8)
        };
        let data: Vec<[u8; 3]> = (0..width * height).map(pixel).collect();
        let one = sketched(width, height, data.as_flattened());
        for symmetry in Symmetry::all() {
            let (across, down) = if symmetry.turns % 2 == 1 { (height, width) } else { (width, height) };
            let laid = laid(&data, width, height, symmetry);
            let direct = sketched(across, down, laid.as_flattened());
            let by_rule = turned(&one, symmetry);
            let off = direct.iter().zip(&by_rule).map(|(one, two)| one.abs_diff(*two)).max();
            assert!(off <= Some(2), "{symmetry:?}: {off:?}");
        }
    }
}
