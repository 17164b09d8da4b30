use proptest::prelude::*;

use super::*;
use crate::augment::stage::{Between, Lattice, Size, whole};

/// Values that differ everywhere.
fn picture([width, height]: Size, channels: u8) -> Raster {
    let count = width * height * u32::from(channels);
    let data = (0..count).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Raster::new(width, height, channels, data).unwrap()
}

/// The definition, pixel by pixel and in `f64`. `None` where the nearest pixel is one or another one by next
/// to nothing.
fn by_definition(picture: &Raster, warp: &Warp, x: u32, y: u32) -> Option<Vec<f64>> {
    let [x, y] = place(warp, [f64::from(x) + 0.5, f64::from(y) + 0.5]);
    let cubic = |t: f64| match t.abs() {
        t if t < 1.0 => (1.5 * t - 2.5) * t * t + 1.0,
        t if t < 2.0 => ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0,
        _ => 0.0,
    };
    let (reach, weight): (i64, &dyn Fn(f64) -> f64) = match warp.interpolation {
        Interpolation::Nearest => {
            let is_between = |at: f64| (at - at.round()).abs() < 1e-3;
            if Exact::of(&warp.map).is_none() && (is_between(x) || is_between(y)) {
                return None;
            }
            (1, &|t| f64::from(u8::from((-0.5..0.5).contains(&t))))
        }
        Interpolation::Bilinear => (2, &|t| (1.0 - t.abs()).max(0.0)),
        Interpolation::Bicubic => (3, &cubic),
    };
    let (column, row) = (x.floor() as i64, y.floor() as i64);
    let mut sums = vec![0.0; usize::from(picture.channels)];
    for at_y in row - reach..=row + reach {
        for at_x in column - reach..=column + reach {
            let weight = weight(at_x as f64 + 0.5 - x) * weight(at_y as f64 + 0.5 - y);
            let pixel = pixel(picture, warp, at_x, at_y);
            sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += weight * f64::from(value));
        }
    }
    Some(sums)
}

fn pixel(picture: &Raster, warp: &Warp, x: i64, y: i64) -> Vec<u8> {
    let [left, top, width, height] = warp.window.map(i64::from);
    let inside = |mut at: i64, count: i64| {
        while !(0..count).contains(&at) {
            at = match warp.fill {
                Fill::Constant(_) => return None,
                Fill::Edge => at.clamp(0, count - 1),
                Fill::Wrap if at < 0 => at + count,
                Fill::Wrap => at - count,
                Fill::Reflect if count == 1 => 0,
                Fill::Reflect if at < 0 => -at,
                Fill::Reflect => 2 * (count - 1) - at,
            };
        }
        Some(at)
    };
    match (inside(x, width), inside(y, height), warp.fill) {
        (Some(x), Some(y), _) => picture.pixel((left + x) as u32, (top + y) as u32).unwrap().to_vec(),
        (_, _, Fill::Constant(colour)) => {
            pixel_of(colour, picture.channels)[..picture.channels.into()].to_vec()
        }
        _ => unreachable!("all else repeats the picture"),
    }
}

fn place(warp: &Warp, [x, y]: [f64; 2]) -> [f64; 2] {
    match &warp.map {
        Map::Projective(rows) => {
            let [x, y, w] = rows.map(|row| f64::from(row[0]) * x + f64::from(row[1]) * y + f64::from(row[2]));
            [x / w, y / w]
        }
        Map::Lattice(lattice) => {
            let shift = places::shift_at(lattice, warp.size, [x as f32, y as f32]);
            [x + f64::from(shift[0]), y + f64::from(shift[1])]
        }
        Map::Radial { centre, k } => {
            let [width, height] = warp.size.map(f64::from);
            let [right, down] = [x - f64::from(centre[0]), y - f64::from(centre[1])];
            let squared = (right * right + down * down) / ((width * width + height * height) / 4.0);
            let factor = 1.0 + f64::from(k[0]) * squared + f64::from(k[1]) * squared * squared;
            [f64::from(centre[0]) + right * factor, f64::from(centre[1]) + down * factor]
        }
    }
}

fn map(kind: u32, [width, height]: Size, n: [f32; 6]) -> Map {
    let (w, h) = (width as f32, height as f32);
    let last = [0.0, 0.0, 1.0];
    let shifts =
        || (0..12).map(|at| n.map(|n| 3.0 * (n * (1 + at) as f32).sin())).map(|n| [n[0], n[1]]).collect();
    match kind {
        0 => Map::Projective([[1.0 + n[0], n[1], 4.0 * n[2]], [n[3], 1.0 + n[4], 4.0 * n[5]], last]),
        1 => {
            let away = [0.5 * (n[4] + 1.0) / w, 0.5 * (n[5] + 1.0) / h, 0.6];
            Map::Projective([[1.0 + n[0], n[1], n[2]], [n[3], 0.8, n[2]], away])
        }
        2 => Map::Lattice(Lattice { columns: 4, rows: 3, shifts: shifts(), between: Between::Smooth }),
        3 => Map::Lattice(Lattice { columns: 4, rows: 3, shifts: shifts(), between: Between::Straight }),
        4 => Map::Radial { centre: [w / 2.0 + n[0], h / 2.0 + n[1]], k: [n[2], n[3]] },
        5 => Map::Projective([[-1.0, 0.0, w + (3.0 * n[0]).round()], [0.0, 1.0, (3.0 * n[1]).round()], last]),
        6 => Map::Projective([[1.0, 0.0, (3.0 * n[0]).round()], [0.0, -1.0, h + (3.0 * n[1]).round()], last]),
        _ => Map::Projective([[0.0, 1.0, (3.0 * n[0]).round()], [-1.0, 0.0, w + (3.0 * n[1]).round()], last]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_pixel_is_what_the_definition_says(
        kind in 0u32..8,
        from in [1u32..12, 1u32..12],
        size in [1u32..20, 1u32..9],
        cut in [0u32..3, 0u32..3, 0u32..3, 0u32..3],
        numbers in proptest::array::uniform6(-1.0f32..1.0),
        ways in [0usize..3, 0usize..4],
        channels in 1u8..5,
    ) {
        let interpolation = [Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic][ways[0]];
        let fill = [Fill::Constant([200, 10, 90]), Fill::Edge, Fill::Reflect, Fill::Wrap][ways[1]];
        let (left, top) = (cut[0].min(from[0] - 1), cut[1].min(from[1] - 1));
        let inner = [from[0] - left, from[1] - top];
        let window = [left, top, inner[0] - cut[2].min(inner[0] - 1), inner[1] - cut[3].min(inner[1] - 1)];
        let one = Warp { size, window, map: map(kind, size, numbers), interpolation, fill };
        let picture = picture(from, channels);
        let found = warp(&picture, &one);
        prop_assert_eq!([found.width, found.height], size);
        prop_assert!(Raster::new(size[0], size[1], channels, found.data.clone()).is_some());
        let most = if Exact::of(&one.map).is_some() { 1e-9 } else { 1.0 };
        for y in 0..size[1] {
            for x in 0..size[0] {
                let Some(expected) = by_definition(&picture, &one, x, y) else { continue };
                for (found, expected) in found.pixel(x, y).unwrap().iter().zip(expected) {
                    let off = (f64::from(*found) - expected.clamp(0.0, 255.0)).abs();
                    prop_assert!(off <= most, "{found} for {expected} at {x}, {y}: {one:?}");
                }
            }
        }
    }
}

#[test]
fn rows_longer_than_a_block_are_the_same_as_columns() {
    for channels in 1..=4 {
        for interpolation in [Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic] {
            let long = picture([700, 3], channels);
            let mirrored = Map::Projective([[-1.0, 0.0, 700.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
            let found = warp(&long, &Warp::of([700, 3], mirrored, interpolation, Fill::Edge));
            assert!((0..700).all(|x| found.pixel(x, 1) == long.pixel(699 - x, 1)), "{channels}");
            let across = Map::Projective([[0.71, 0.0, 3.3], [0.0, 0.9, 0.2], [0.0, 0.0, 1.0]]);
            let down = Map::Projective([[0.9, 0.0, 0.2], [0.0, 0.71, 3.3], [0.0, 0.0, 1.0]]);
            let turned = Map::Projective([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
            let by = |picture: &Raster, map: &Map, size: Size| {
                let fill = Fill::Reflect;
                let window = whole([picture.width, picture.height]);
                warp(picture, &Warp { size, window, map: map.clone(), interpolation, fill })
            };
            let expected = by(&by(&long, &across, [800, 3]), &turned, [3, 800]);
            assert_eq!(
                by(&by(&long, &turned, [3, 700]), &down, [3, 800]),
                expected,
                "{channels} {interpolation:?}"
            );
        }
    }
}

#[test]
fn places_that_are_no_numbers_or_far_away_are_outside() {
    let picture = picture([5, 4], 3);
    for bad in [f32::NAN, f32::INFINITY, 1e30, -1e30] {
        for interpolation in [Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic] {
            let map = Map::Projective([[bad, 0.5, bad], [0.0, 1.0, bad], [0.0, 0.0, 1.0]]);
            let found = warp(&picture, &Warp::of([5, 4], map, interpolation, Fill::Constant([1, 2, 3])));
            assert!(found.data.chunks(3).all(|pixel| pixel == [1, 2, 3]), "{bad} {interpolation:?}");
        }
    }
}

/// `10 + 25 x + 15 y + 7 x y mod 23`.
fn ramps() -> Raster {
    let value = |at: u32| 10 + 25 * (at % 7) + 15 * (at / 7) + (at % 7 * (at / 7) * 7) % 23;
    Raster::new(7, 5, 1, (0..35).map(|at| value(at) as u8).collect()).unwrap()
}

#[test]
fn a_perspective_is_albumentations() {
    // python: im = np.fromfunction(lambda y, x: 10 + 25*x + 15*y + (x*y*7) % 23, (5, 7)).astype(np.uint8)
    //         m = np.array([[1.1, 0.05, -0.4], [-0.03, 1.2, 0.3], [0.01, 0.02, 1.0]])
    //         F.perspective(im, m, 7, 5, 0, cv2.BORDER_REPLICATE, True, cv2.INTER_LINEAR); np.linalg.inv(m)
    let expected = [
        19, 42, 66, 89, 114, 138, 160, 29, 57, 86, 113, 130, 161, 187, 43, 74, 100, 131, 147, 173, 202, 56,
        93, 115, 145, 166, 191, 213, 68, 106, 132, 159, 185, 204, 224,
    ];
    let inverse = [
        [0.904_483_8, -0.043_936_4, 0.374_974_43],
        [0.024_998_3, 0.836_306_6, -0.240_892_67],
        [-0.009_544_8, -0.016_286_77, 1.001_068_1],
    ];
    // There, the middle of the first pixel is at 0: half a pixel is taken off before and put on after.
    let before = inverse.map(|[a, b, c]: [f32; 3]| [a, b, c - (a + b) / 2.0]);
    let half = |row: [f32; 3]| [0, 1, 2].map(|at| row[at] + before[2][at] / 2.0);
    let rows = [half(before[0]), half(before[1]), before[2]];
    let one = Warp::of([7, 5], Map::Projective(rows), Interpolation::Bilinear, Fill::Edge);
    let found = warp(&ramps(), &one).data;
    // OpenCV's places are in steps of 1/32 pixel.
    assert!(found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 2), "{found:?}");
}
