use super::*;
use crate::augment::stage::{Convolve, Stage};

/// A picture whose values are all over the place, with 1 to 4 channels, each of them another one.
fn scattered(width: u32, height: u32, channels: u8) -> Raster {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let value = |x: u32, y: u32, c: u32| (x * 37 + y * 53 + x * y * 11 + c * 101) as u8;
    let data = pixels.flat_map(|(x, y)| (0..u32::from(channels)).map(move |c| value(x, y, c))).collect();
    Raster::new(width, height, channels, data).unwrap()
}

fn mirrored_value(picture: &Raster, x: i32, y: i32, channel: usize) -> u8 {
    let inside = |at: i32, count: u32| mirrored(at as isize, count as usize) as u32;
    picture.pixel(inside(x, picture.width), inside(y, picture.height)).unwrap()[channel]
}

/// What `value` makes of the neighbours of every colour, row by row; alpha stays.
fn by_neighbours(picture: &Raster, radius: i32, value: impl Fn(&[u8]) -> u8) -> Vec<u8> {
    let mut out = picture.data.clone();
    let channels = usize::from(picture.channels);
    for (at, out) in out.iter_mut().enumerate() {
        let (pixel, channel) = (at / channels, at % channels);
        if channel >= colours(picture) {
            continue;
        }
        let (x, y) = ((pixel as u32 % picture.width) as i32, (pixel as u32 / picture.width) as i32);
        let around = (-radius..=radius).flat_map(|down| (-radius..=radius).map(move |right| (right, down)));
        let seen: Vec<u8> =
            around.map(|(right, down)| mirrored_value(picture, x + right, y + down, channel)).collect();
        *out = value(&seen);
    }
    out
}

const SIZES: [(u32, u32); 8] = [(1, 1), (1, 5), (7, 1), (2, 2), (3, 9), (17, 4), (100, 3), (700, 5)];

#[test]
fn sums_are_those_of_the_neighbours() {
    for (width, height) in SIZES {
        for channels in 1..=4 {
            let picture = scattered(width, height, channels);
            for side in [1u32, 3, 5, 9, 17] {
                if width * side > 3000 {
                    continue;
                }
                let weight = |at: u32| ((at * 7 % 5) as f32 - 1.0) / (side * side) as f32;
                let weights: Vec<f32> = (0..side * side).map(weight).collect();
                let expected = by_neighbours(&picture, (side / 2) as i32, |seen| {
                    let products =
                        seen.iter().zip(&weights).map(|(seen, weight)| f64::from(*seen) * f64::from(*weight));
                    (products.sum::<f64>() + 20.0).round() as u8
                });
                let full = Convolve::Full { side, weights: weights.clone(), plus: 20.0 };
                let found = convolve(&picture, &full);
                let is_near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
                assert!(found.data.iter().zip(&expected).all(is_near), "{width} {height} {channels} {side}");
                // Along and across is the same as both at once.
                let line: Vec<f32> =
                    (0..side).map(|at| (at * 3 % 4 + 1) as f32 / (3 * side) as f32).collect();
                let weights =
                    line.iter().flat_map(|down| line.iter().map(move |right| down * right)).collect();
                let both = convolve(&picture, &Convolve::Full { side, weights, plus: 0.0 });
                let found = convolve(&picture, &Convolve::Separable(line));
                assert!(found.data.iter().zip(&both.data).all(is_near), "{width} {height} {channels} {side}");
                // Whole numbers give the mean itself.
                let expected = by_neighbours(&picture, (side / 2) as i32, |seen| {
                    (seen.iter().map(|seen| f64::from(*seen)).sum::<f64>() / f64::from(side * side)).round()
                        as u8
                });
                let found = convolve(&picture, &Convolve::Separable(vec![1.0 / side as f32; side as usize]));
                assert!(found.data.iter().zip(&expected).all(is_near), "{width} {height} {channels} {side}");
            }
        }
    }
}

/// A bell curve over this many weights.
fn bell(side: usize, sigma: f32) -> Vec<f32> {
    let away = |at: usize| at as f32 - (side / 2) as f32;
    let weights = (0..side).map(|at| (-away(at).powi(2) / (2.0 * sigma * sigma)).exp());
    let sum: f32 = weights.clone().sum();
    weights.map(|weight| weight / sum).collect()
}

#[test]
fn means_are_within_a_quarter_of_a_level_before_they_are_rounded() {
    let picture = scattered(40, 33, 3);
    for (side, sigma) in [(3, 0.3), (3, 0.8), (7, 1.0), (13, 1.5), (31, 4.0), (33, 4.0)] {
        let weights = bell(side, sigma);
        let found = convolve(&picture, &Convolve::Separable(weights.clone()));
        let half = (side / 2) as i32;
        for (at, found) in found.data.iter().enumerate() {
            let (x, y, channel) = ((at / 3 % 40) as i32, (at / 3 / 40) as i32, at % 3);
            let mut exact = 0.0;
            for (down, across) in (-half..=half).zip(&weights) {
                for (right, along) in (-half..=half).zip(&weights) {
                    let value = mirrored_value(&picture, x + right, y + down, channel);
                    exact += f64::from(*across) * f64::from(*along) * f64::from(value);
                }
            }
            assert!((f64::from(*found) - exact).abs() <= 0.75, "{side} {x} {y}: {found} {exact}");
        }
    }
}

#[test]
fn what_is_the_same_everywhere_stays() {
    for (side, sigma) in [(3, 0.2), (3, 0.8), (5, 50.0), (7, 1.0), (17, 2.2), (31, 3.0), (31, 90.0)] {
        let blur = Convolve::Separable(bell(side, sigma));
        for level in 0..=255 {
            let picture = Raster::new(5, 4, 1, vec![level; 20]).unwrap();
            assert_eq!(convolve(&picture, &blur), picture, "{side} {sigma} {level}");
        }
    }
}

#[test]
fn the_middle_one_is_that_of_the_neighbours() {
    for (width, height) in SIZES {
        for channels in 1..=4 {
            let picture = scattered(width, height, channels);
            for radius in [0, 1, 2, 3, 5, 8] {
                if width * radius > 1500 {
                    continue;
                }
                let expected = by_neighbours(&picture, radius as i32, |seen| {
                    let mut sorted = seen.to_vec();
                    sorted.sort_unstable();
                    sorted[sorted.len() / 2]
                });
                assert_eq!(median(&picture, radius).data, expected, "{width} {height} {channels} {radius}");
            }
        }
    }
}

#[test]
fn sharpening_adds_what_a_blur_takes() {
    let picture = scattered(9, 7, 4);
    let blur = Convolve::Separable(vec![0.25, 0.5, 0.25]);
    let blurred = convolve(&picture, &blur);
    for (amount, threshold) in [(0.5, 0.0), (1.5, 30.0), (-1.0, 0.0)] {
        let mut found = picture.clone();
        unsharp(&mut found, &blur, amount, threshold);
        for ((found, value), blurred) in found.data.iter().zip(&picture.data).zip(&blurred.data) {
            let lost = f32::from(*value) - f32::from(*blurred);
            let added = if lost.abs() < threshold { 0.0 } else { amount * lost };
            let expected = (f32::from(*value) + added).round() as u8;
            assert!(found.abs_diff(expected) <= 1, "{amount} {threshold}: {found} {expected}");
        }
    }
}

/// The stages of an operation that these numbers are given to.
fn settled(name: &str, given: &[(&str, f64)]) -> Vec<Stage> {
    use crate::augment::{param::Value, pipeline::Settings, random::Key, table::Picture};
    let given: Vec<_> = given.iter().map(|(name, number)| (*name, Value::Number(*number))).collect();
    let settings = Settings::with(name, &given).unwrap();
    let picture = Picture { size: [9, 7], channels: 1 };
    settings.operation.settle(&settings.values, Key::new(1, 2, 3), picture).stages
}

/// The peers' results for `scattered(9, 7, 1)`, recorded with Albumentations 2.0.8, OpenCV 5.0 and Pillow
/// 13.0:
///
/// ```python
/// y, x = np.mgrid[:7, :9]; img = ((x * 37 + y * 53 + x * y * 11) % 256).astype(np.uint8)
/// FP.separable_convolve(img, FB.create_gaussian_kernel_1d(0.8))   # FP and FB: functional of pixel and blur
/// FB.box_blur(img, 3); FB.defocus(img, 2, 0.4); FP.convolve(img, kernel) for sharpen, emboss and motion
/// FB.median_blur(img, 3)[1:-1, 1:-1]; FB.median_blur(img, 5)[2:-2, 2:-2]
/// ImageEnhance.Sharpness(Image.fromarray(img)).enhance(1.7)       # [1:-1, 1:-1] of it
/// ```
///
/// Of the last three, the outermost pixels are left out: OpenCV repeats them for medians, and Pillow does not
/// smooth them.
#[test]
fn the_peers_find_the_same() {
    type Row<'a> = (&'a str, &'a [(&'a str, f64)], usize, &'a [u8]);
    let rows: [Row; 9] = [
        ("gaussian_blur", &[("sigma", 0.8)], 0, &GAUSSIAN),
        ("box_blur", &[("side", 3.0)], 0, &BOX),
        ("sharpen", &[("alpha", 0.4), ("lightness", 0.8)], 0, &SHARPEN),
        ("emboss", &[("alpha", 0.4), ("strength", 0.5)], 0, &EMBOSS),
        ("motion_blur", &[("length", 5.0), ("angle", 33.0), ("direction", 0.3)], 0, &MOTION),
        ("defocus", &[("radius", 2.0), ("alias_blur", 0.4)], 0, &DEFOCUS),
        ("median_blur", &[("side", 3.0)], 1, &MEDIAN_3),
        ("median_blur", &[("side", 5.0)], 2, &MEDIAN_5),
        ("sharpness", &[("factor", 1.7)], 1, &SHARPNESS),
    ];
    let picture = scattered(9, 7, 1);
    for (name, given, margin, expected) in rows {
        let found =
            crate::augment::cpu::run(&settled(name, given), picture.clone(), &crate::augment::cpu::Alone);
        let inside = found.data.chunks(9).skip(margin).take(7 - 2 * margin);
        let inside: Vec<u8> = inside.flat_map(|row| row[margin..9 - margin].to_vec()).collect();
        let most = if name == "median_blur" { 0 } else { 1 };
        assert_eq!(inside.len(), expected.len(), "{name}");
        assert!(inside.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= most), "{name}: {inside:?}");
    }
}

const GAUSSIAN: [u8; 63] = [
    52, 74, 112, 147, 161, 142, 126, 96, 88, 81, 103, 133, 149, 153, 130, 118, 102, 102, 133, 146, 143, 122,
    133, 142, 127, 99, 98, 157, 148, 123, 117, 136, 156, 130, 108, 116, 125, 116, 118, 120, 118, 135, 122,
    103, 112, 89, 102, 114, 108, 122, 134, 115, 111, 129, 86, 102, 102, 106, 136, 134, 112, 106, 123,
];
const BOX: [u8; 63] = [
    65, 80, 124, 168, 156, 143, 102, 118, 104, 85, 101, 121, 140, 131, 151, 113, 105, 64, 145, 137, 139, 141,
    143, 145, 119, 121, 112, 149, 144, 128, 113, 126, 139, 124, 109, 75, 124, 122, 118, 114, 138, 133, 129,
    125, 123, 99, 101, 108, 114, 121, 128, 106, 113, 86, 90, 94, 104, 115, 125, 135, 117, 127, 131,
];
const SHARPEN: [u8; 63] = [
    0, 0, 0, 0, 108, 255, 255, 0, 0, 0, 93, 239, 255, 255, 0, 0, 225, 255, 0, 254, 255, 0, 0, 133, 255, 0, 0,
    183, 255, 0, 104, 255, 255, 0, 228, 255, 255, 0, 109, 255, 0, 0, 255, 0, 0, 0, 93, 255, 0, 111, 255, 0,
    232, 255, 0, 255, 0, 107, 255, 0, 255, 0, 62,
];
const EMBOSS: [u8; 63] = [
    0, 109, 146, 183, 67, 104, 243, 24, 40, 151, 255, 192, 207, 221, 31, 0, 59, 189, 204, 208, 182, 3, 131,
    105, 233, 53, 74, 103, 187, 19, 55, 245, 255, 0, 99, 215, 105, 13, 60, 210, 53, 49, 96, 93, 100, 56, 43,
    204, 58, 116, 255, 0, 138, 241, 62, 255, 0, 113, 255, 12, 115, 115, 118,
];
const MOTION: [u8; 63] = [
    88, 109, 154, 136, 117, 162, 143, 100, 98, 120, 88, 75, 126, 176, 99, 86, 107, 99, 120, 94, 155, 153,
    151, 148, 146, 109, 101, 120, 163, 108, 116, 125, 134, 79, 111, 103, 184, 104, 124, 144, 100, 120, 203,
    113, 105, 56, 110, 141, 108, 138, 105, 72, 115, 107, 114, 99, 66, 160, 127, 94, 189, 110, 112,
];
const DEFOCUS: [u8; 63] = [
    76, 95, 130, 137, 143, 132, 117, 99, 113, 101, 117, 122, 132, 142, 149, 123, 106, 91, 145, 118, 126, 143,
    143, 127, 124, 100, 115, 118, 139, 140, 132, 126, 133, 126, 123, 99, 117, 127, 118, 105, 139, 126, 125,
    102, 124, 110, 106, 104, 114, 126, 135, 113, 123, 105, 98, 94, 111, 125, 107, 121, 132, 101, 126,
];
const MEDIAN_3: [u8; 35] = [
    101, 111, 148, 145, 148, 133, 85, 149, 149, 149, 145, 145, 133, 133, 159, 118, 113, 113, 145, 137, 92,
    118, 113, 118, 121, 121, 137, 137, 101, 115, 118, 115, 121, 105, 118,
];
const MEDIAN_5: [u8; 15] = [113, 118, 145, 133, 133, 118, 121, 121, 121, 133, 115, 118, 118, 115, 121];
const SHARPNESS: [u8; 35] = [
    101, 163, 224, 255, 0, 71, 147, 179, 255, 0, 58, 145, 245, 0, 255, 1, 113, 210, 255, 39, 151, 0, 118,
    240, 0, 91, 213, 0, 101, 234, 0, 121, 254, 21, 155,
];
