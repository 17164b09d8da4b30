use super::*;
use crate::augment::random::Key;

fn flat(width: u32, height: u32, pixel: &[u8]) -> Raster {
    let data = pixel.repeat(width as usize * height as usize);
    Raster::new(width, height, pixel.len() as u8, data).unwrap()
}

fn veiled(mut picture: Raster, over: &Veil) -> Raster {
    veil(&mut picture, over);
    picture
}

fn all() -> [Veil; 5] {
    [
        Veil::Fog { key: Key([3, 4]), density: 0.8, scale: 20.0 },
        Veil::Streaks {
            lines: vec![[2.0, -5.0, 9.0, 30.0], [-4.0, 3.0, 50.0, 3.5], [7.0, 7.0, 7.0, 7.0]],
            width: 1.5,
            colour: [200, 210, 220],
            opacity: 0.7,
        },
        Veil::Shadow { corners: vec![[1.0, 2.0], [30.5, -3.0], [22.0, 31.0], [4.0, 18.0]], part: 0.4 },
        Veil::Vignette { centre: [15.0, 9.0], strength: 0.8 },
        Veil::Flare { discs: vec![[4.0, 5.0, 12.0, 0.9], [14.0, 12.0, 4.0, 0.3]], colour: [255, 240, 200] },
    ]
}

#[test]
fn a_pixel_s_veil_is_that_of_its_place() {
    let place_alone = |over: &Veil| !matches!(over, Veil::Vignette { .. });
    for over in all().iter().filter(|over| place_alone(over)) {
        let whole = veiled(flat(40, 33, &[10, 130, 250]), over);
        for (width, height) in [(1, 1), (1, 33), (40, 1), (13, 20)] {
            let part = veiled(flat(width, height, &[10, 130, 250]), over);
            let see_through = veiled(flat(width, height, &[10, 130, 250, 77]), over);
            for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                assert_eq!(part.pixel(x, y), whole.pixel(x, y), "{over:?} {width} {height} at {x} {y}");
                assert_eq!(see_through.pixel(x, y).unwrap(), [part.pixel(x, y).unwrap(), &[77]].concat());
            }
        }
    }
}

#[test]
fn a_grey_picture_is_one_channel() {
    for over in all() {
        let grey = veiled(flat(30, 20, &[90]), &over);
        let with_alpha = veiled(flat(30, 20, &[90, 5]), &over);
        assert!(
            with_alpha.data.as_chunks::<2>().0.iter().zip(&grey.data).all(|(a, b)| *a == [*b, 5]),
            "{over:?}"
        );
        assert!(grey.data.iter().any(|value| *value != 90), "{over:?}");
    }
}

#[test]
fn fog_is_white_and_goes_no_further_than_it_says() {
    let over = Veil::Fog { key: Key([5, 6]), density: 0.5, scale: 30.0 };
    let found = veiled(flat(200, 200, &[100]), &over);
    let (least, most) = (*found.data.iter().min().unwrap(), *found.data.iter().max().unwrap());
    assert!(least >= 100 && most <= 178 && most - least > 25, "{least} {most}");
    let mean = found.data.iter().map(|value| f64::from(*value)).sum::<f64>() / 40_000.0;
    assert!((mean - 138.75).abs() < 8.0, "{mean}");
    // No seams: from one pixel to the next, it changes by little.
    let steps = found.data.windows(2).enumerate().filter(|(at, _)| at % 200 != 199);
    assert!(steps.map(|(_, pair)| pair[0].abs_diff(pair[1])).max().unwrap() <= 14);
    let none = Veil::Fog { key: Key([5, 6]), density: 0.0, scale: 30.0 };
    assert_eq!(veiled(flat(9, 9, &[100]), &none), flat(9, 9, &[100]));
}

#[test]
fn streaks_are_as_wide_and_as_opaque_as_they_say() {
    let row = |width, opacity| {
        let over = Veil::Streaks { lines: vec![[3.5, -9.0, 3.5, 20.0]], width, colour: [255; 3], opacity };
        veiled(flat(8, 3, &[0]), &over).data[8..16].to_vec()
    };
    let rows = [
        (1.0, 1.0, [0, 0, 0, 255, 0, 0, 0, 0]),
        (3.0, 1.0, [0, 0, 255, 255, 255, 0, 0, 0]),
        (2.0, 1.0, [0, 0, 128, 255, 128, 0, 0, 0]),
        (1.0, 0.5, [0, 0, 0, 128, 0, 0, 0, 0]),
        (0.5, 1.0, [0, 0, 0, 128, 0, 0, 0, 0]),
    ];
    for (width, opacity, expected) in rows {
        assert_eq!(row(width, opacity), expected, "{width} {opacity}");
    }
    // Where streaks cross, it is no more opaque.
    let twice =
        Veil::Streaks { lines: vec![[3.5, -9.0, 3.5, 20.0]; 2], width: 1.0, colour: [255; 3], opacity: 0.5 };
    assert_eq!(veiled(flat(8, 3, &[0]), &twice).data[8..16], row(1.0, 0.5));
}

/// Every pixel by itself, as a shader has it: against all lines or edges.
#[test]
fn what_is_left_out_changes_nothing() {
    let lines =
        [[2.0f32, -5.0, 9.0, 30.0], [-4.0, 3.0, 50.0, 9.5], [30.0, 28.0, 11.0, 25.0], [5.0, 5.0, 5.0, 5.0]];
    let distance = |[x0, y0, x1, y1]: [f32; 4], x: f32, y: f32| {
        let (dx, dy) = (x1 - x0, y1 - y0);
        let square = dx * dx + dy * dy;
        let t = if square > 0.0 { (((x - x0) * dx + (y - y0) * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
        let (ox, oy) = (x - x0 - t * dx, y - y0 - t * dy);
        (ox * ox + oy * oy).sqrt()
    };
    let pixels = || (0..33u32).flat_map(|y| (0..40u32).map(move |x| (x, y)));
    for width in [1.0, 2.5, 7.0] {
        let over = Veil::Streaks { lines: lines.to_vec(), width, colour: [255; 3], opacity: 0.8 };
        let found = veiled(flat(40, 33, &[50]), &over);
        for (x, y) in pixels() {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let nearest = lines.iter().map(|line| distance(*line, px, py)).fold(f32::MAX, f32::min);
            let cover = (width / 2.0 + 0.5 - nearest).clamp(0.0, 1.0) * 0.8;
            let expected = (50.0 + 205.0 * cover).round() as u8;
            assert!(found.pixel(x, y).unwrap()[0].abs_diff(expected) <= 1, "{width} at {x} {y}");
        }
    }
    let polygons: [&[[f32; 2]]; 4] = [
        &[[1.0, 2.0], [30.5, -3.0], [22.0, 31.0], [4.0, 18.0]],
        // A star, whose middle is outside.
        &[[20.0, 1.0], [30.0, 31.0], [3.0, 12.0], [37.0, 12.0], [9.0, 31.0]],
        &[[5.0, 5.0], [15.0, 5.0], [15.0, 15.0], [5.0, 15.0]],
        &[[5.0, 5.0], [5.3, 25.0], [5.6, 5.0]],
    ];
    for corners in polygons {
        let found = veiled(flat(40, 33, &[200]), &Veil::Shadow { corners: corners.to_vec(), part: 0.25 });
        let next = corners.iter().cycle().skip(1);
        let edges: Vec<[f32; 4]> = corners.iter().zip(next).map(|(a, b)| [a[0], a[1], b[0], b[1]]).collect();
        for (x, y) in pixels() {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let nearest = edges.iter().map(|edge| distance(*edge, px, py)).fold(f32::MAX, f32::min);
            let met = edges.iter().filter(|[x0, y0, x1, y1]| {
                (*y0 <= py) != (*y1 <= py) && x0 + (py - y0) / (y1 - y0) * (x1 - x0) < px
            });
            let side = if met.count() % 2 == 1 { nearest } else { -nearest };
            let expected = (200.0 * (1.0 - 0.75 * (0.5 + side).clamp(0.0, 1.0))).round() as u8;
            assert!(found.pixel(x, y).unwrap()[0].abs_diff(expected) <= 1, "{corners:?} at {x} {y}");
        }
    }
}

#[test]
fn a_vignette_is_darkest_in_the_corners() {
    let found = veiled(flat(40, 30, &[200]), &Veil::Vignette { centre: [20.0, 15.0], strength: 0.5 });
    let at = |x, y| found.pixel(x, y).unwrap()[0];
    assert!(at(20, 15) == 200 && at(0, 0).abs_diff(103) <= 3 && at(0, 0) == at(39, 29));
    // d² = (19.5² + 0.5²) / (20² + 15²)
    assert!(at(0, 15).abs_diff((200.0 * (1.0 - 0.5 * 380.5 / 625.0)) as u8) <= 1);
}

#[test]
fn discs_let_through_what_is_left() {
    let discs = vec![[10.0, 10.0, 8.0, 0.5], [12.0, 10.0, 8.0, 0.5]];
    let found = veiled(flat(30, 20, &[0]), &Veil::Flare { discs: discs.clone(), colour: [255; 3] });
    for (x, y) in (0..20u32).flat_map(|y| (0..30u32).map(move |x| (x, y))) {
        let through: f32 = discs
            .iter()
            .map(|[x0, y0, radius, opacity]| {
                let (dx, dy) = (x as f32 + 0.5 - x0, y as f32 + 0.5 - y0);
                let left = (1.0 - (dx * dx + dy * dy) / (radius * radius)).max(0.0);
                1.0 - opacity * left * left
            })
            .product();
        assert!(
            found.pixel(x, y).unwrap()[0].abs_diff((255.0 * (1.0 - through)).round() as u8) <= 1,
            "{x} {y}"
        );
    }
}
