//! How unlike two samples are, by their perceptual hashes, their descriptions and their sketches.
//!
//! A hash or a description alone takes different pictures for copies, each other ones. Here one of the
//! two has to agree, and then the sketches are laid on each other: moved, turned and scaled a little
//! until they fit best (B. D. Lucas and T. Kanade, "An Iterative Image Registration Technique with an
//! Application to Stereo Vision", IJCAI 1981, in the affine form of J. Shi and C. Tomasi, "Good Features
//! to Track", CVPR 1994). What is left, what had to be moved and how the colours differ add up:
//!
//! ```text
//! distance = min(0.16 bits, 1.5 d⁴) + 0.04 max(bits − 16, 0)
//!          + 2.5 (1 − r) + 0.25 (m / 0.15)³ + 0.055 q
//! ```
//!
//! `bits`: by which the pHashes differ; where they differ in more than a turn or a crop explains, the
//! second term speaks against the description. `d`: between the descriptions at length 1. `r`: correlation of
//! the brightness after moving. `m`: length of the movement, where the corners of the picture are at
//! ±1. `q`: difference of the colours in steps of 256, as far as it is one of hue and place: a grey copy
//! and a paler one have the colours of the original. The factors were fitted to photos and letters with
//! known copies; `docs/accuracy.md` says how well they do.

use super::sketch::{COLOUR_EDGE, EDGE, Sketch};
use super::whiten::SCALE;

/// Factors of the formula above.
const PER_BIT: f32 = 0.16;
const PER_DESCRIPTION: f32 = 1.5;
const PER_STRANGE_BIT: f32 = 0.04;
const STRANGE: u32 = 16;
const PER_REST: f32 = 2.5;
const PER_MOVEMENT: f32 = 0.25;
const MOVEMENT: f32 = 0.15;
const PER_COLOUR: f32 = 0.055;

/// Contrast below which a picture is rather noise, in steps of 256: a correlation means that much less.
const NOISE: f32 = 3.0;
/// Steps of fitting at most, and the movement that ends it.
const STEPS: usize = 8;
const STILL: f32 = 0.002;
/// No number of the movement becomes larger.
const FARTHEST: f32 = 0.35;
/// Pixels that both pictures have to cover.
const COVERED: usize = EDGE * EDGE * 6 / 10;
/// A correlation that moving is not tried for, and one that moving the other is not tried for.
const AT_REST: f32 = 0.99;
const FITTING: f32 = 0.98;

/// What bits that differ between hashes add to the distance.
pub fn of_bits(bits: u32) -> f32 {
    PER_BIT * bits as f32
}

/// What the squared distance of two whitened descriptions adds.
pub fn of_descriptions(squared: u32) -> f32 {
    let squared = squared as f32 / (SCALE * SCALE);
    PER_DESCRIPTION * squared * squared
}

/// What bits that differ add where the descriptions agree.
pub fn of_strange_bits(bits: u32) -> f32 {
    PER_STRANGE_BIT * bits.saturating_sub(STRANGE) as f32
}

/// The largest number of bits that adds no more than so much.
pub fn bits_within(distance: f32) -> u32 {
    (0..=64).rev().find(|bits| of_bits(*bits) <= distance).unwrap_or(0)
}

/// The largest squared distance of descriptions that adds no more than so much.
pub fn descriptions_within(distance: f32) -> u32 {
    let about = ((distance / PER_DESCRIPTION).sqrt() * SCALE * SCALE) as u32;
    // Roots are rounded: look on either side.
    (0..=about + 8).rev().find(|squared| of_descriptions(*squared) <= distance).unwrap_or(0)
}

/// What the sketches add; `None` where it is more than `most`.
pub fn of_sketches(one: &Sketch, two: &Sketch, most: f32) -> Option<f32> {
    let colour = PER_COLOUR * colours_apart(one, two);
    if colour > most {
        return None;
    }
    let fit = Fit::of(one, two);
    let moved = fit.movement / MOVEMENT;
    let distance = colour + PER_REST * (1.0 - fit.moved) + PER_MOVEMENT * moved * moved * moved;
    (distance <= most).then_some(distance)
}

/// How much the brightness varies: the standard deviation, in steps of 256.
pub fn contrast(sketch: &Sketch) -> f32 {
    let light = sketch[..EDGE * EDGE].iter().map(|value| f32::from(*value));
    let mean = light.clone().sum::<f32>() / (EDGE * EDGE) as f32;
    (light.map(|value| (value - mean) * (value - mean)).sum::<f32>() / (EDGE * EDGE) as f32).sqrt()
}

/// How far the colours are apart when those of the one are made as strong as those of the other. The
/// outermost are left out: there lies what a crop cuts off and what a turn leaves black.
pub fn colours_apart(one: &Sketch, two: &Sketch) -> f32 {
    let (mut ones, mut twos, mut both) = (0.0f32, 0.0f32, 0.0f32);
    let inner = 1..COLOUR_EDGE - 1;
    for (at, (one, two)) in one[EDGE * EDGE..].iter().zip(&two[EDGE * EDGE..]).enumerate() {
        if inner.contains(&(at % COLOUR_EDGE)) && inner.contains(&(at / COLOUR_EDGE % COLOUR_EDGE)) {
            let (one, two) = (f32::from(*one) - 128.0, f32::from(*two) - 128.0);
            ones += one * one;
            twos += two * two;
            both += one * two;
        }
    }
    let pixels = (inner.len() * inner.len()) as f32;
    (2.0 * ((ones * twos).sqrt() - both) / pixels).max(0.0).sqrt()
}

/// How well one brightness fits another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The correlation as they lie.
    pub at_rest: f32,
    /// The best that was found by moving one of them; at least `at_rest`.
    pub moved: f32,
    /// The length of that movement.
    pub movement: f32,
}

type Light = [f32; EDGE * EDGE];

impl Fit {
    /// Each is moved on the other, and the better one counts.
    pub fn of(one: &Sketch, two: &Sketch) -> Self {
        let light = |sketch: &Sketch| -> Light { std::array::from_fn(|at| f32::from(sketch[at])) };
        let (one, two) = (light(one), light(two));
        let first = Self::moving(&one, &two);
        if first.at_rest >= AT_REST || first.moved >= FITTING {
            return first;
        }
        let second = Self::moving(&two, &one);
        if second.moved > first.moved { second } else { first }
    }

    /// Lays `moving` on `still`.
    fn moving(still: &Light, moving: &Light) -> Self {
        let mut movement = [0.0f32; 6];
        let mut laid = Laid::of(still, moving, &movement);
        let mut best = Self { at_rest: laid.correlation, moved: laid.correlation, movement: 0.0 };
        if best.at_rest >= AT_REST {
            return best;
        }
        for _step in 0..STEPS {
            let Some(change) = laid.step(still) else { break };
            for (value, change) in movement.iter_mut().zip(change) {
                *value = (*value + change).clamp(-FARTHEST, FARTHEST);
            }
            laid = Laid::of(still, moving, &movement);
            if laid.correlation > best.moved {
                best.moved = laid.correlation;
                best.movement = (movement.iter().map(|value| value * value).sum::<f32>() / 2.0).sqrt();
            }
            if change.iter().all(|change| change.abs() < STILL) {
                break;
            }
        }
        best
    }
}

/// Half of the width.
const MIDDLE: f32 = (EDGE as f32 - 1.0) / 2.0;

/// A picture that was moved onto another.
struct Laid {
    values: Light,
    /// Where it covers the other.
    covers: [bool; EDGE * EDGE],
    /// Means where both are.
    still_mean: f32,
    mean: f32,
    /// Spreads where both are.
    still_spread: f32,
    spread: f32,
    correlation: f32,
}

impl Laid {
    /// `movement`: how far right, and how much of x and of y to add to it; the same of down.
    fn of(still: &Light, moving: &Light, movement: &[f32; 6]) -> Self {
        let mut laid = Self {
            values: [0.0; EDGE * EDGE],
            covers: [false; EDGE * EDGE],
            still_mean: 0.0,
            mean: 0.0,
            still_spread: 0.0,
            spread: 0.0,
            correlation: -1.0,
        };
        let [right, right_x, right_y, down, down_x, down_y] = *movement;
        let mut count = 0;
        for (at, unmoved) in still.iter().enumerate() {
            let (x, y) = place(at);
            let u = MIDDLE * (1.0 + x + right + right_x * x + right_y * y);
            let v = MIDDLE * (1.0 + y + down + down_x * x + down_y * y);
            let inside = -0.5..=EDGE as f32 - 0.5;
            if inside.contains(&u) && inside.contains(&v) {
                laid.covers[at] = true;
                laid.values[at] = between(moving, u, v);
                laid.still_mean += unmoved;
                laid.mean += laid.values[at];
                count += 1;
            }
        }
        if count < COVERED {
            return laid;
        }
        let count = count as f32;
        laid.still_mean /= count;
        laid.mean /= count;
        let (mut ones, mut twos, mut both) = (0.0f32, 0.0f32, 0.0f32);
        for at in (0..EDGE * EDGE).filter(|at| laid.covers[*at]) {
            let (one, two) = (still[at] - laid.still_mean, laid.values[at] - laid.mean);
            ones += one * one;
            twos += two * two;
            both += one * two;
        }
        laid.still_spread = (ones / count).sqrt();
        laid.spread = (twos / count).sqrt();
        laid.correlation = both / count / (laid.still_spread * laid.spread + NOISE * NOISE);
        laid
    }

    /// The change of the movement that brings it nearer (Gauss and Newton, damped); `None` where there
    /// is nothing to go by.
    fn step(&self, still: &Light) -> Option<[f32; 6]> {
        if self.still_spread == 0.0 || self.spread == 0.0 {
            return None;
        }
        let mut matrix = [[0.0f32; 6]; 6];
        let mut right = [0.0f32; 6];
        for at in (0..EDGE * EDGE).filter(|at| self.covers[*at]) {
            let (x, y) = place(at);
            // Beside the border or what is not covered, the slope to the one side.
            let slope = |low: Option<usize>, high: Option<usize>| {
                let (low, high) = (low.filter(|at| self.covers[*at]), high.filter(|at| self.covers[*at]));
                let steps = u8::from(low.is_some()) + u8::from(high.is_some());
                let span = self.values[high.unwrap_or(at)] - self.values[low.unwrap_or(at)];
                span / f32::from(steps.max(1)) * MIDDLE / self.spread
            };
            let (column, row) = (at % EDGE, at / EDGE);
            let across = slope((column > 0).then(|| at - 1), (column + 1 < EDGE).then(|| at + 1));
            let along = slope((row > 0).then(|| at - EDGE), (row + 1 < EDGE).then(|| at + EDGE));
            let slopes = [across, across * x, across * y, along, along * x, along * y];
            let rest = (still[at] - self.still_mean) / self.still_spread
                - (self.values[at] - self.mean) / self.spread;
            for one in 0..6 {
                right[one] += slopes[one] * rest;
                for two in 0..=one {
                    matrix[one][two] += slopes[one] * slopes[two];
                }
            }
        }
        let damping = (0..6).map(|at| matrix[at][at]).sum::<f32>() / 6.0 * 0.01 + 1e-6;
        (0..6).for_each(|at| matrix[at][at] += damping);
        Some(solved(matrix, right))
    }
}

/// Where a pixel is, the corners at ±1.
fn place(at: usize) -> (f32, f32) {
    ((at % EDGE) as f32 / MIDDLE - 1.0, (at / EDGE) as f32 / MIDDLE - 1.0)
}

/// The value at a place between pixels.
fn between(light: &Light, u: f32, v: f32) -> f32 {
    let last = EDGE - 2;
    let (u, v) = (u.clamp(0.0, EDGE as f32 - 1.0), v.clamp(0.0, EDGE as f32 - 1.0));
    let (x, y) = ((u as usize).min(last), (v as usize).min(last));
    let (right, below) = (u - x as f32, v - y as f32);
    let at = y * EDGE + x;
    let upper = light[at] * (1.0 - right) + light[at + 1] * right;
    let lower = light[at + EDGE] * (1.0 - right) + light[at + EDGE + 1] * right;
    upper * (1.0 - below) + lower * below
}

/// Solves a symmetric positive system of which the lower half is given (Cholesky).
fn solved(mut matrix: [[f32; 6]; 6], mut right: [f32; 6]) -> [f32; 6] {
    for row in 0..6 {
        for column in 0..=row {
            let mut value = matrix[row][column];
            for (one, two) in matrix[row][..column].iter().zip(&matrix[column]) {
                value -= one * two;
            }
            matrix[row][column] =
                if row == column { value.max(1e-9).sqrt() } else { value / matrix[column][column] };
        }
    }
    for row in 0..6 {
        for at in 0..row {
            right[row] -= matrix[row][at] * right[at];
        }
        right[row] /= matrix[row][row];
    }
    for row in (0..6).rev() {
        for at in row + 1..6 {
            right[row] -= matrix[at][row] * right[at];
        }
        right[row] /= matrix[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::picture::Picture;
    use super::super::sketch::sketch;
    use super::*;

    type Pixel = [f32; 3];

    /// A scene, moved, turned and scaled.
    fn scene(movement: [f32; 6], change: impl Fn(Pixel) -> Pixel) -> Sketch {
        let edge = 96;
        let pixel = |at: usize| {
            let (x, y) = ((at % edge) as f32 / 48.0 - 1.0, (at / edge) as f32 / 48.0 - 1.0);
            let [right, right_x, right_y, down, down_x, down_y] = movement;
            let (x, y) = (x + right + right_x * x + right_y * y, y + down + down_x * x + down_y * y);
            let wave = (x * 5.0 + 1.0).sin() * (y * 4.0).cos() + 0.5 * (x * 2.0 - y * 7.0).sin();
            change([0.5 + 0.25 * wave, 0.5 + 0.2 * wave + 0.1 * y, 0.4 + 0.2 * x])
                .map(|value| (value * 255.0).clamp(0.0, 255.0) as u8)
        };
        let data: Vec<[u8; 3]> = (0..edge * edge).map(pixel).collect();
        sketch(&Picture::new(edge, edge, 3, data.as_flattened()).unwrap()).unwrap()
    }

    const STILL_ONE: [f32; 6] = [0.0; 6];

    #[test]
    fn what_was_moved_a_little_fits_after_moving() {
        let still = scene(STILL_ONE, |pixel| pixel);
        for (name, movement) in [
            ("right", [0.1, 0.0, 0.0, 0.0, 0.0, 0.0]),
            ("crop", [0.0, -0.1, 0.0, 0.0, 0.0, -0.1]),
            ("turn", [0.0, 0.0, 0.087, 0.0, -0.087, 0.0]),
        ] {
            let fit = Fit::of(&still, &scene(movement, |pixel| pixel));
            assert!(fit.at_rest < 0.97 && fit.moved > 0.985, "{name}: {fit:?}");
            assert!((0.05..0.15).contains(&fit.movement), "{name}: {fit:?}");
        }
        assert!(Fit::of(&still, &still).at_rest > 0.99);
    }

    #[test]
    fn paler_darker_and_grey_copies_have_the_same_colours() {
        let still = scene(STILL_ONE, |pixel| pixel);
        let grey = |[r, g, b]: Pixel| [0.299 * r + 0.587 * g + 0.114 * b; 3];
        for (name, copy, near) in [
            ("itself", still, true),
            ("darker", scene(STILL_ONE, |pixel| pixel.map(|value| value * 0.8)), true),
            ("grey", scene(STILL_ONE, grey), true),
            ("other colours", scene(STILL_ONE, |[r, g, b]| [b, r, g]), false),
            ("negative", scene(STILL_ONE, |pixel| pixel.map(|value| 1.0 - value)), false),
        ] {
            let distance = of_sketches(&still, &copy, 99.0).unwrap();
            assert_eq!(distance < 0.4, near, "{name}: {distance}");
            assert_eq!(of_sketches(&still, &copy, distance), Some(distance));
            assert_eq!(of_sketches(&still, &copy, distance - 0.01), None);
        }
    }

    #[test]
    fn plain_pictures_are_no_copies_of_each_other() {
        let plain = |value: u8| sketch(&Picture::new(9, 9, 1, &[value; 81]).unwrap()).unwrap();
        assert_eq!(contrast(&plain(7)), 0.0);
        assert!(of_sketches(&plain(7), &plain(7), 99.0).unwrap() >= PER_REST);
        let fit = Fit::of(&plain(7), &plain(200));
        assert_eq!((fit.at_rest, fit.moved), (0.0, 0.0));
    }

    #[test]
    fn what_is_within_a_distance_adds_no_more() {
        for distance in [0.0, 0.13, 0.14, 0.95, 1.5, 3.0] {
            let (bits, squared) = (bits_within(distance), descriptions_within(distance));
            assert!(of_bits(bits) <= distance && of_bits(bits + 1) > distance, "{distance}");
            assert!(of_descriptions(squared) <= distance && of_descriptions(squared + 1) > distance);
        }
        // A crop or a turn by 5° changes up to so many bits, and nothing is held against it.
        assert_eq!((of_strange_bits(0), of_strange_bits(16)), (0.0, 0.0));
        assert!(of_strange_bits(17) > 0.0 && of_strange_bits(40) > 0.9);
    }

    proptest! {
        #[test]
        fn any_two_sketches_have_a_finite_distance(
            one in prop::collection::vec(any::<u8>(), super::super::sketch::BYTES),
            two in prop::collection::vec(any::<u8>(), super::super::sketch::BYTES),
        ) {
            let (one, two): (Sketch, Sketch) = (one.try_into().unwrap(), two.try_into().unwrap());
            let there = of_sketches(&one, &two, f32::MAX).unwrap();
            prop_assert!(there.is_finite() && there >= 0.0);
            prop_assert!((there - of_sketches(&two, &one, f32::MAX).unwrap()).abs() < 0.2);
        }
    }
}
