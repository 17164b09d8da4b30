//! A compact description of a picture, made by hand: where its colours lie and which way its edges go.
//! Pictures that look alike are near each other. No model has to be there.
//!
//! | part | numbers | what |
//! | --- | --- | --- |
//! | colour layout | 41 | low DCT coefficients of the mean colours of 8 × 8 blocks in YCbCr: 21 of Y, 10 of Cb and of Cr, in zigzag order (MPEG-7 colour layout descriptor, ISO/IEC 15938-3) |
//! | edges | 128 | gradient orientation, 8 of half a turn, in 4 × 4 cells of a 64 × 64 grey picture, shared between neighbours, normalised, cut at 0.2 and normalised again (N. Dalal and B. Triggs, "Histograms of Oriented Gradients", CVPR 2005), square roots |
//! | colours | 24 | soft histograms of hue by saturation (16) and of lightness (8), square roots |
//!
//! [`Whitening`](super::whiten::Whitening) brings these to a common scale.

use std::f32::consts::PI;

use super::picture::{Picture, SMALL_EDGE};

/// Numbers of a description.
pub const NUMBERS: usize = 41 + 128 + 24;

/// The description of a picture before whitening; `None` where there is no memory for it.
pub fn describe(picture: &Picture<'_>) -> Option<[f32; NUMBERS]> {
    let small = picture.small()?;
    let pixels: Vec<[f32; 3]> =
        small.pixels().iter().map(|pixel| pixel.map(|value| f32::from(value) / 255.0)).collect();
    let mut numbers = [0.0; NUMBERS];
    let (layout, rest) = numbers.split_at_mut(41);
    let (edges, colours) = rest.split_at_mut(128);
    colour_layout(&pixels, layout);
    edge_histogram(&pixels, edges);
    colour_histogram(&pixels, colours);
    Some(numbers)
}

/// Side of the picture that is described.
const EDGE: usize = SMALL_EDGE;
/// Coefficients of Y, Cb and Cr: whole diagonals.
const LAYOUT: [usize; 3] = [21, 10, 10];
/// Cells across and down, and orientations in each.
const CELLS: usize = 4;
const TURNS: usize = 8;

fn luma(&[r, g, b]: &[f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// Low DCT coefficients of 8 × 8 mean colours.
fn colour_layout(pixels: &[[f32; 3]], out: &mut [f32]) {
    const BLOCK: usize = EDGE / 8;
    let mut means = [[0.0f32; 64]; 3];
    for (at, pixel) in pixels.iter().enumerate() {
        let block = (at / EDGE / BLOCK) * 8 + at % EDGE / BLOCK;
        let y = luma(pixel);
        let (cb, cr) = ((pixel[2] - y) * 0.564, (pixel[0] - y) * 0.713);
        for (mean, value) in means.iter_mut().zip([y, cb, cr]) {
            mean[block] += value / (BLOCK * BLOCK) as f32;
        }
    }
    let mut next = out.iter_mut();
    for (mean, count) in means.iter().zip(LAYOUT) {
        for (u, v) in zigzag().take(count) {
            let wave = |at: usize, u: usize| (PI * (at as f32 + 0.5) * u as f32 / 8.0).cos();
            let scale = |u: usize| if u == 0 { (1.0f32 / 8.0).sqrt() } else { 0.5 };
            let sum: f32 =
                mean.iter().enumerate().map(|(at, value)| value * wave(at % 8, u) * wave(at / 8, v)).sum();
            if let Some(out) = next.next() {
                *out = sum * scale(u) * scale(v);
            }
        }
    }
}

/// Waves across and down, the slow ones first.
fn zigzag() -> impl Iterator<Item = (usize, usize)> {
    (0..8).flat_map(|sum| (0..=sum).map(move |at| if sum % 2 == 0 { (at, sum - at) } else { (sum - at, at) }))
}

/// Gradient orientation by cells.
fn edge_histogram(pixels: &[[f32; 3]], out: &mut [f32]) {
    let grey: Vec<f32> = pixels.iter().map(luma).collect();
    let at = |x: usize, y: usize| grey[y * EDGE + x];
    for y in 0..EDGE {
        for x in 0..EDGE {
            let dx = at((x + 1).min(EDGE - 1), y) - at(x.saturating_sub(1), y);
            let dy = at(x, (y + 1).min(EDGE - 1)) - at(x, y.saturating_sub(1));
            let strength = dx.hypot(dy);
            if strength == 0.0 {
                continue;
            }
            let turn = (dy.atan2(dx) / PI).rem_euclid(1.0) * TURNS as f32;
            let place = |at: usize| (at as f32 + 0.5) * CELLS as f32 / EDGE as f32 - 0.5;
            for (cell_y, part_y) in shared(place(y), CELLS) {
                for (cell_x, part_x) in shared(place(x), CELLS) {
                    for (step, part) in [(0, 1.0 - turn.fract()), (1, turn.fract())] {
                        let bin = (turn as usize + step) % TURNS;
                        out[(cell_y * CELLS + cell_x) * TURNS + bin] += strength * part_x * part_y * part;
                    }
                }
            }
        }
    }
    normalise(out);
    out.iter_mut().for_each(|value| *value = value.min(0.2));
    normalise(out);
    out.iter_mut().for_each(|value| *value = value.sqrt());
}

/// The two cells that a place lies between, with the part of each; outside of the first and last, the
/// one.
fn shared(place: f32, cells: usize) -> [(usize, f32); 2] {
    let low = place.floor();
    let part = place - low;
    let cell = |at: f32| at.clamp(0.0, cells as f32 - 1.0) as usize;
    [(cell(low), 1.0 - part), (cell(low + 1.0), part)]
}

/// Hue by saturation, and lightness.
fn colour_histogram(pixels: &[[f32; 3]], out: &mut [f32]) {
    let (hues, lights) = out.split_at_mut(16);
    for pixel in pixels {
        let [r, g, b] = *pixel;
        let (high, low) = (r.max(g).max(b), r.min(g).min(b));
        let span = high - low;
        if span > 0.0 {
            let hue = if high == r {
                (g - b) / span
            } else if high == g {
                (b - r) / span + 2.0
            } else {
                (r - g) / span + 4.0
            };
            let place = hue.rem_euclid(6.0) / 6.0 * 8.0;
            let strong = f32::from(u8::from(span > 0.35)) * 8.0;
            for (step, part) in [(0, 1.0 - place.fract()), (1, place.fract())] {
                hues[(place as usize + step) % 8 + strong as usize] += span * part / pixels.len() as f32;
            }
        }
        for (bin, part) in shared(luma(pixel) * 8.0 - 0.5, 8) {
            lights[bin] += part / pixels.len() as f32;
        }
    }
    out.iter_mut().for_each(|value| *value = value.sqrt());
}

/// To length 1; what is 0 stays so.
fn normalise(values: &mut [f32]) {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        values.iter_mut().for_each(|value| *value /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(width: usize, height: usize, channels: usize, data: &[u8]) -> [f32; NUMBERS] {
        describe(&Picture::new(width, height, channels, data).unwrap()).unwrap()
    }

    fn picture(pixel: impl Fn(f32, f32) -> [f32; 3]) -> [f32; NUMBERS] {
        let value = |at: usize| pixel((at % 80) as f32 / 80.0, (at / 80) as f32 / 60.0);
        let data: Vec<u8> =
            (0..80 * 60).flat_map(|at| value(at).map(|value| (value * 255.0) as u8)).collect();
        described(80, 60, 3, &data)
    }

    fn distance(one: &[f32], two: &[f32]) -> f32 {
        one.iter().zip(two).map(|(one, two)| (one - two).powi(2)).sum::<f32>().sqrt()
    }

    #[test]
    fn edges_go_the_way_they_go() {
        // Dark left of light: the gradient points across, so the first orientation.
        let across = picture(|x, _| [x; 3]);
        let down = picture(|_, y| [y; 3]);
        let strongest = |numbers: &[f32; NUMBERS]| {
            let edges = &numbers[41..49];
            (0..8).max_by(|one, two| edges[*one].total_cmp(&edges[*two])).unwrap()
        };
        assert_eq!((strongest(&across), strongest(&down)), (0, 4));
    }

    #[test]
    fn what_looks_alike_is_near() {
        let scene = |shift: f32, light: f32| {
            picture(move |x, y| {
                let wave = ((x + shift) * 9.0).sin() * (y * 7.0).cos();
                [0.5 + 0.4 * wave, 0.5 + 0.3 * y, 0.3 + 0.2 * (x + shift)].map(|value| value * light)
            })
        };
        let (here, moved, dimmed) = (scene(0.0, 1.0), scene(0.02, 1.0), scene(0.0, 0.9));
        let other = picture(|x, y| [y, x * y, 1.0 - x]);
        for near in [&moved, &dimmed] {
            assert!(distance(&here, near) * 2.0 < distance(&here, &other));
        }
        assert_eq!(distance(&here, &here), 0.0);
    }

    #[test]
    fn grey_is_the_same_in_one_channel_and_three() {
        let one: Vec<u8> = (0..100).collect();
        let three: Vec<u8> = one.iter().flat_map(|value| [*value; 3]).collect();
        let (one, three) = (described(10, 10, 1, &one), described(10, 10, 3, &three));
        assert!(distance(&one, &three) < 1e-5);
        assert!(described(1, 1, 3, &[0, 0, 0]).iter().all(|value| value.is_finite()));
    }
}
