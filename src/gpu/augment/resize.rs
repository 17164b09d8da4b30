//! Which pixels a pixel of another size is made from, and how much each of them counts.
//!
//! As `cpu/resize.rs` has it, whose library computes these numbers itself and shows them to nobody.

use std::f64::consts::PI;

use super::program::Draft;
use crate::augment::stage::Filter;

/// The first pixel, and the weights from it on.
pub struct Weights {
    first: u32,
    weights: Vec<f32>,
}

/// The weights of every pixel of a side of `after` pixels among `before` pixels.
pub fn weights(filter: Filter, before: u32, after: u32) -> Vec<Weights> {
    let (function, support): (fn(f64) -> f64, f64) = match filter {
        Filter::Bilinear | Filter::Nearest => (bilinear, 1.0),
        Filter::Bicubic => (catmull_rom, 2.0),
        Filter::Lanczos => (lanczos, 3.0),
        Filter::Box => (within_half, 0.5),
    };
    let scale = f64::from(before) / f64::from(after);
    let widened = scale.max(1.0);
    let radius = support * widened;
    let of = |at: u32| {
        let middle = (f64::from(at) + 0.5) * scale;
        let start = (middle - radius).floor().max(0.0) as u32;
        let end = (middle + radius).ceil().min(f64::from(before)) as u32;
        let weight = |from: u32| function((f64::from(from) + 0.5 - middle) / widened);
        let weights: Vec<f64> = (start..end).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let over = if sum == 0.0 { 1.0 } else { 1.0 / sum };
        let skipped = weights.iter().take_while(|weight| **weight == 0.0).count();
        let last = weights.iter().rposition(|weight| *weight != 0.0).map_or(skipped, |last| last + 1);
        let weights = weights[skipped..last].iter().map(|weight| (weight * over) as f32).collect();
        Weights { first: start + skipped as u32, weights }
    };
    (0..after).map(of).collect()
}

/// Writes them: what is added to every place, and then for each pixel the first one (from `first` on), how
/// many there are, and where their weights are.
pub fn put(draft: &mut Draft, offset: u32, all: Vec<Weights>, first: u32) -> u32 {
    let mut pixels = vec![offset];
    for each in all {
        let at = draft.put(each.weights.iter().map(|weight| weight.to_bits()));
        pixels.extend([each.first + first, each.weights.len() as u32, at]);
    }
    draft.put(pixels)
}

/// The nearest column for each column.
pub fn nearest_columns(before: u32, after: u32) -> Vec<u32> {
    let scale = f64::from(before) / f64::from(after);
    (0..after).map(|x| ((scale * 0.5 + scale * f64::from(x)) as u32).min(before - 1)).collect()
}

/// The nearest row for each row, which is found by adding up.
pub fn nearest_rows(before: u32, after: u32) -> Vec<u32> {
    let scale = f64::from(before) / f64::from(after);
    let places = std::iter::successors(Some(scale * 0.5), |place| Some(place + scale));
    places.take(after as usize).map(|place| (place as u32).min(before - 1)).collect()
}

fn within_half(x: f64) -> f64 {
    if x > -0.5 && x <= 0.5 { 1.0 } else { 0.0 }
}

fn bilinear(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

fn catmull_rom(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { libm::sin(PI * x) / (PI * x) };
    if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_come_to_one_and_are_of_pixels_that_there_are() {
        for filter in [Filter::Bilinear, Filter::Bicubic, Filter::Lanczos, Filter::Box] {
            for (before, after) in [(1, 1), (1, 7), (7, 1), (10, 3), (3, 10), (64, 63), (200, 9)] {
                let all = weights(filter, before, after);
                assert_eq!(all.len(), after as usize);
                for Weights { first, weights } in all {
                    assert!(first + weights.len() as u32 <= before, "{filter:?} {before} {after}");
                    assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{filter:?} {before} {after}");
                }
            }
        }
        assert_eq!(nearest_columns(6, 3), [1, 3, 5]);
        assert_eq!(nearest_rows(2, 5), [0, 0, 1, 1, 1]);
    }
}
