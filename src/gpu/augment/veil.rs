//! What shaders are told of light and weather.

use super::program::{Draft, operation};
use super::stages::colour_word;
use crate::augment::cpu::veil::clouds::{Layer, layers};
use crate::augment::cpu::veil::lines::streak;
use crate::augment::cpu::veil::vignette_per_pixel;
use crate::augment::stage::{Size, Veil};

/// Side of the squares that streaks are sorted into, in pixels.
const SQUARE: u32 = 16;

/// The operation, and what it is told.
pub fn words(draft: &mut Draft, veil: &Veil, size: Size, channels: u8) -> Option<Vec<u32>> {
    Some(match veil {
        Veil::Fog { key, density, scale } => {
            let octaves = layers(*key, *density, *scale).flat_map(|Layer { key, weight, over }| {
                let [first, second] = key.0;
                [first, second, weight.to_bits(), over.to_bits()]
            });
            [operation::FOG].into_iter().chain(octaves).collect()
        }
        Veil::Streaks { lines, width, colour, opacity } => {
            let [half, opacity] = streak(*width, *opacity);
            let half = half + 0.5;
            let points = draft.put(lines.as_flattened().iter().map(|number| number.to_bits()));
            let (columns, squares) = near(lines, half, size);
            let lists: Vec<u32> = squares
                .into_iter()
                .map(|square| draft.put(square.into_iter().map(|line| points + 4 * line)))
                .collect();
            // Where the last list ends, the lists of lists begin.
            let end = draft.next();
            let lists = draft.put(lists.into_iter().chain([end]));
            let colour = colour_word(*colour, channels);
            vec![operation::STREAKS, colour, half.to_bits(), opacity.to_bits(), columns, lists]
        }
        Veil::Shadow { corners, part } => {
            let again = corners.iter().chain(corners.first());
            let points = draft.put(again.flatten().map(|number| number.to_bits()));
            vec![operation::SHADOW, (1.0 - part).to_bits(), corners.len() as u32, points]
        }
        Veil::Vignette { centre, strength } => {
            let strength = vignette_per_pixel(*strength, size);
            vec![operation::VIGNETTE, centre[0].to_bits(), centre[1].to_bits(), strength.to_bits()]
        }
        Veil::Flare { discs, colour } => {
            let told = draft.put(discs.as_flattened().iter().map(|number| number.to_bits()));
            vec![operation::FLARE, colour_word(*colour, channels), discs.len() as u32, told]
        }
    })
}

/// How many squares there are in a row, and for each square which lines may be within reach of its pixels.
fn near(lines: &[[f32; 4]], reach: f32, size: Size) -> (u32, Vec<Vec<u32>>) {
    let [columns, rows] = size.map(|side| side.div_ceil(SQUARE));
    let mut squares = vec![Vec::new(); (columns * rows) as usize];
    // A cast brings what is outside to the nearer end.
    let square = |place: f32| (place / SQUARE as f32).floor();
    for (at, [x, y, x_end, y_end]) in (0..).zip(lines) {
        let [left, right] = [square(x.min(*x_end) - reach), square(x.max(*x_end) + reach)];
        let [top, bottom] = [square(y.min(*y_end) - reach), square(y.max(*y_end) + reach)];
        if right < 0.0 || bottom < 0.0 {
            continue;
        }
        for row in top as u32..(bottom as u32 + 1).min(rows) {
            for column in left as u32..(right as u32 + 1).min(columns) {
                squares[(row * columns + column) as usize].push(at);
            }
        }
    }
    (columns, squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streaks_are_in_every_square_that_they_may_touch() {
        let lines = [
            [8.0, 8.0, 8.0, 40.0],
            [-20.0, 5.0, -10.0, 5.0],
            [16.5, 1.0, 30.0, 1.0],
            [90.0, 90.0, 99.0, 99.0],
        ];
        let (columns, squares) = near(&lines, 1.0, [40, 33]);
        assert_eq!((columns, squares.len()), (3, 9));
        let expected: [&[u32]; 9] = [&[0, 2], &[2], &[], &[0], &[], &[], &[0], &[], &[]];
        assert_eq!(squares, expected);
    }
}
