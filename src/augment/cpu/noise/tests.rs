use super::*;
use crate::augment::random::Key;

const KEY: Key = Key([11, 22]);

fn flat(width: u32, height: u32, pixel: &[u8]) -> Raster {
    let data = pixel.repeat(width as usize * height as usize);
    Raster::new(width, height, pixel.len() as u8, data).unwrap()
}

fn noisy(mut picture: Raster, kind: NoiseKind) -> Raster {
    noise(&mut picture, &Noise { key: KEY, kind });
    picture
}

/// Mean, deviation and kurtosis of what a channel differs by.
fn moments(before: &Raster, after: &Raster, channel: usize) -> [f64; 3] {
    let step = usize::from(before.channels);
    let pairs = before.data.iter().zip(&after.data).skip(channel).step_by(step);
    let off: Vec<f64> = pairs.map(|(before, after)| f64::from(*after) - f64::from(*before)).collect();
    let mean_of = |power: i32, mean: f64| {
        off.iter().map(|off| (off - mean).powi(power)).sum::<f64>() / off.len() as f64
    };
    let mean = mean_of(1, 0.0);
    let variance = mean_of(2, mean);
    [mean, variance.sqrt(), mean_of(4, mean) / (variance * variance)]
}

#[test]
fn noise_is_as_strong_as_it_says() {
    let normal = |mean, deviation| NoiseKind::Normal { mean, deviation, per_channel: true };
    // Kind, value, mean, deviation, kurtosis: 3 for normal numbers, 1.8 for uniform ones.
    let rows = [
        (normal(0.0, 20.0), 128, 0.0, 20.0, 3.0),
        (normal(-7.5, 12.0), 128, -7.5, 12.0, 3.0),
        (NoiseKind::Shot { scale: 4.0 }, 100, 0.0, 20.0, 3.0),
        (NoiseKind::Shot { scale: 1.0 }, 36, 0.0, 6.0, 3.0),
        (NoiseKind::Factor { low: 0.5, high: 1.5, per_channel: true }, 100, 0.0, 100.0 / 12f64.sqrt(), 1.8),
        (NoiseKind::Factor { low: 0.9, high: 1.0, per_channel: true }, 200, -10.0, 20.0 / 12f64.sqrt(), 1.8),
        (NoiseKind::Iso { colour: 0.0, intensity: 0.1 }, 120, 0.0, 12.0, 3.0),
    ];
    for (kind, value, mean, deviation, kurtosis) in rows {
        for pixel in [&[value][..], &[value, 9], &[value; 3], &[value, value, value, 9]] {
            let before = flat(300, 300, pixel);
            let after = noisy(before.clone(), kind);
            for channel in 0..super::super::mix::colours(&before) {
                let found = moments(&before, &after, channel);
                let expected = [mean, deviation, kurtosis];
                // Four times what so many pixels are off by chance.
                let most = [deviation / 75.0, deviation / 100.0, 0.07];
                let is_near = (0..3).all(|at| (found[at] - expected[at]).abs() < most[at] + 0.01);
                assert!(is_near, "{kind:?} {}: {found:?} {expected:?}", pixel.len());
            }
            if before.has_alpha() {
                assert!(
                    after.data.iter().skip(pixel.len() - 1).step_by(pixel.len()).all(|alpha| *alpha == 9)
                );
            }
        }
    }
}

#[test]
fn tails_are_as_long_as_they_should_be() {
    // One in 370 is beyond three deviations, one in 15,800 beyond four.
    let before = flat(500, 500, &[128; 3]);
    let after = noisy(before.clone(), NoiseKind::Normal { mean: 0.0, deviation: 10.0, per_channel: true });
    let beyond = |most: f32| {
        let off = before.data.iter().zip(&after.data).map(|(a, b)| f32::from(a.abs_diff(*b)));
        off.filter(|off| *off > most).count() as f64 / before.data.len() as f64
    };
    assert!((beyond(30.0) / 0.0023 - 1.0).abs() < 0.1, "{}", beyond(30.0));
    assert!((2e-5..1e-4).contains(&beyond(40.0)), "{}", beyond(40.0));
}

#[test]
fn channels_have_noise_of_their_own_or_the_same() {
    let before = flat(40, 40, &[128; 3]);
    for per_channel in [true, false] {
        for kind in [
            NoiseKind::Normal { mean: 0.0, deviation: 20.0, per_channel },
            NoiseKind::Factor { low: 0.5, high: 1.5, per_channel },
        ] {
            let after = noisy(before.clone(), kind);
            let alike = after
                .data
                .as_chunks::<3>()
                .0
                .iter()
                .filter(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
            assert_eq!(alike.count() == 1600, !per_channel, "{kind:?}");
        }
    }
}

#[test]
fn a_pixel_s_noise_is_that_of_its_place() {
    let kinds = [
        NoiseKind::Normal { mean: 1.0, deviation: 20.0, per_channel: true },
        NoiseKind::Factor { low: 0.5, high: 1.5, per_channel: true },
        NoiseKind::Shot { scale: 3.0 },
        NoiseKind::Iso { colour: 0.1, intensity: 0.2 },
        NoiseKind::SaltAndPepper { salt: 0.2, pepper: 0.3 },
        NoiseKind::Dropout { part: 0.3, colour: [1, 2, 3] },
    ];
    for kind in kinds {
        let whole = noisy(flat(600, 3, &[10, 130, 200]), kind);
        for (width, height) in [(1, 1), (1, 3), (5, 1), (256, 2), (257, 3)] {
            let part = noisy(flat(width, height, &[10, 130, 200]), kind);
            for (x, y) in [(0, 0), (width - 1, height - 1)] {
                assert_eq!(part.pixel(x, y), whole.pixel(x, y), "{kind:?} {width} {height}");
            }
        }
        // With alpha, the colours are the same.
        let see_through = noisy(flat(5, 3, &[10, 130, 200, 77]), kind);
        assert_eq!(see_through.pixel(4, 2).unwrap(), [whole.pixel(4, 2).unwrap(), &[77]].concat());
    }
}

#[test]
fn so_many_pixels_become_white_or_black_or_a_colour() {
    let parts = |kind, colours: &[[u8; 3]]| {
        let after = noisy(flat(300, 300, &[10, 130, 200]), kind);
        let count =
            |colour: &[u8; 3]| after.data.as_chunks::<3>().0.iter().filter(|pixel| *pixel == colour).count();
        colours.iter().map(|colour| count(colour) as f64 / 90_000.0).collect::<Vec<_>>()
    };
    let found = parts(NoiseKind::SaltAndPepper { salt: 0.1, pepper: 0.25 }, &[[255; 3], [0; 3]]);
    assert!((found[0] - 0.1).abs() < 0.005 && (found[1] - 0.25).abs() < 0.005, "{found:?}");
    for (part, least, most) in [(0.0, 0.0, 0.0), (0.4, 0.395, 0.405), (1.0, 1.0, 1.0)] {
        let found = parts(NoiseKind::Dropout { part, colour: [1, 2, 3] }, &[[1, 2, 3]]);
        assert!((least..=most).contains(&found[0]), "{part}: {found:?}");
    }
}

#[test]
fn hue_turns_and_lightness_stays() {
    let before = flat(100, 100, &[200, 100, 60]);
    let after = noisy(before.clone(), NoiseKind::Iso { colour: 0.05, intensity: 0.0 });
    for pixel in after.data.as_chunks::<3>().0 {
        let (most, least) = (pixel.iter().max().unwrap(), pixel.iter().min().unwrap());
        assert!(most.abs_diff(200) <= 1 && least.abs_diff(60) <= 1, "{pixel:?}");
    }
    assert!(after.data.as_chunks::<3>().0.iter().any(|pixel| pixel[1].abs_diff(100) > 20));
    // Greys have no hue.
    let grey = flat(20, 20, &[90; 3]);
    assert_eq!(noisy(grey.clone(), NoiseKind::Iso { colour: 0.3, intensity: 0.0 }), grey);
}
