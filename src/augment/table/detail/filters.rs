//! Blur and sharpness: weights of neighbours.

use super::detail;
use crate::augment::param::{Unit, number, odd_range, range, whole_range};
use crate::augment::stage::{Convolve, Stage};
use crate::augment::table::Operation;

pub static GAUSSIAN_BLUR: Operation = detail(
    "gaussian_blur",
    "Gaussian blur",
    "The mean of what is around, weighted by a normal distribution.",
    &[range("sigma", "The distribution's standard deviation", Unit::Pixels, [0.1, 20.0], [0.5, 3.0])],
    |build| {
        let blur = gaussian(build.number("sigma"));
        build.push(Stage::Convolve(blur));
    },
);

pub static BOX_BLUR: Operation = detail(
    "box_blur",
    "Box blur",
    "The mean of a square around, all of it alike.",
    &[odd_range("side", "The square's side", [1.0, 63.0], [3.0, 7.0])],
    |build| {
        let side = build.number("side") as usize;
        build.push(Stage::Convolve(Convolve::Separable(vec![1.0 / side as f32; side])));
    },
);

pub static MOTION_BLUR: Operation = detail(
    "motion_blur",
    "Motion blur",
    "The mean along a line, as where the camera moved while it was open.",
    &[
        odd_range("length", "The line's length", [3.0, 63.0], [3.0, 7.0]),
        range(
            "angle",
            "The line's direction, clockwise from the right",
            Unit::Degrees,
            [0.0, 360.0],
            [0.0, 360.0],
        ),
        range(
            "direction",
            "Which part of the line counts: all of it at 0, its first half at -1, its second half at 1",
            Unit::Plain,
            [-1.0, 1.0],
            [-1.0, 1.0],
        ),
    ],
    |build| {
        let (side, angle, direction) =
            (build.number("length") as u32, build.number("angle"), build.number("direction"));
        let weights = motion(side as usize, angle, direction);
        build.push(Stage::Convolve(Convolve::Full { side, weights, plus: 0.0 }));
    },
);

pub static MEDIAN_BLUR: Operation = detail(
    "median_blur",
    "Median blur",
    "The middle one of the values of a square around: what is small goes, edges stay.",
    &[odd_range("side", "The square's side", [1.0, 15.0], [3.0, 7.0])],
    |build| {
        let radius = build.number("side") as u32 / 2;
        build.push(Stage::Median { radius });
    },
);

pub static DEFOCUS: Operation = detail(
    "defocus",
    "Defocus",
    "The mean of a disc around, as where the lens is out of focus.",
    &[
        whole_range("radius", "The disc's radius", Unit::Pixels, [1.0, 20.0], [3.0, 10.0]),
        range(
            "alias_blur",
            "Standard deviation of what softens its rim",
            Unit::Pixels,
            [0.0, 2.0],
            [0.1, 0.5],
        ),
    ],
    |build| {
        let (radius, sigma) = (build.number("radius") as i32, build.number("alias_blur"));
        build.push(Stage::Convolve(disc(radius, sigma)));
    },
);

pub static SHARPEN: Operation = detail(
    "sharpen",
    "Sharpen",
    "Adds what differs from the eight values around.",
    &[
        range("alpha", "How much of it there is", Unit::Part, [0.0, 1.0], [0.2, 0.5]),
        range("lightness", "How bright the sharpened part is", Unit::Times, [0.0, 4.0], [0.5, 1.0]),
    ],
    |build| {
        let (alpha, lightness) = (build.number("alpha") as f32, build.number("lightness") as f32);
        let mut effect = [-1.0; 9];
        effect[4] = 8.0 + lightness;
        build.push(mixed(alpha, effect));
    },
);

/// Pillow leaves the outermost pixels of the smoothed picture as they were; here, they are smoothed like all
/// others, with the mirror image beyond.
pub static SHARPNESS: Operation = detail(
    "sharpness",
    "Sharpness",
    "Away from the smoothed picture or towards it, as Pillow's enhancement of sharpness.",
    &[range(
        "factor",
        "How sharp: 0 is the smoothed picture, 1 changes nothing, 2 is sharper",
        Unit::Times,
        [0.0, 8.0],
        [0.1, 1.9],
    )],
    |build| {
        let amount = build.number("factor") as f32 - 1.0;
        let mut weights = vec![1.0 / 13.0; 9];
        weights[4] = 5.0 / 13.0;
        let blur = Convolve::Full { side: 3, weights, plus: 0.0 };
        build.push(Stage::Unsharp { blur, amount, threshold: 0.0 });
    },
);

pub static UNSHARP_MASK: Operation = detail(
    "unsharp_mask",
    "Unsharp mask",
    "Adds what a Gaussian blur would take away, where that is not noise.",
    &[
        range("sigma", "The blur's standard deviation", Unit::Pixels, [0.1, 20.0], [0.8, 1.4]),
        range("amount", "How much of it is added", Unit::Times, [0.0, 5.0], [0.2, 0.5]),
        number("threshold", "Smaller differences are left alone", Unit::Levels, [0.0, 255.0], 10.0),
    ],
    |build| {
        let blur = gaussian(build.number("sigma"));
        let (amount, threshold) = (build.number("amount") as f32, build.number("threshold") as f32);
        build.push(Stage::Unsharp { blur, amount, threshold });
    },
);

pub static EMBOSS: Operation = detail(
    "emboss",
    "Emboss",
    "Edges as if they were lit from the upper left.",
    &[
        range("alpha", "How much of it there is", Unit::Part, [0.0, 1.0], [0.2, 0.5]),
        range("strength", "How deep the edges are", Unit::Times, [0.0, 4.0], [0.2, 0.7]),
    ],
    |build| {
        let (alpha, s) = (build.number("alpha") as f32, build.number("strength") as f32);
        build.push(mixed(alpha, [-1.0 - s, -s, 0.0, -s, 1.0, s, 0.0, s, 1.0 + s]));
    },
);

/// As far as 3.5 standard deviations, as Pillow's and Albumentations'.
fn gaussian(sigma: f64) -> Convolve {
    let radius = (sigma * 3.5) as i32;
    let weights: Vec<f64> = (-radius..=radius).map(|x| bell(f64::from(x), sigma)).collect();
    let total: f64 = weights.iter().sum();
    Convolve::Separable(weights.iter().map(|weight| (weight / total) as f32).collect())
}

fn bell(distance: f64, sigma: f64) -> f64 {
    libm::exp(-0.5 * (distance / sigma) * (distance / sigma))
}

/// The pixels of a square of this side that a line through its middle meets, all alike: `side` places on it,
/// as far from the middle as the square's edge at most.
fn motion(side: usize, angle: f64, direction: f64) -> Vec<f32> {
    let half = (side / 2) as f64;
    let (cosine, sine) = (libm::cos(angle.to_radians()), libm::sin(angle.to_radians()));
    let (start, end) = (-half * (1.0 - direction.max(0.0)), half * (1.0 + direction.min(0.0)));
    let mut weights = vec![0.0; side * side];
    for step in 0..side {
        let along = start + (end - start) * step as f64 / (side - 1) as f64;
        let place =
            |part: f64| (half + part * along).round_ties_even().clamp(0.0, (side - 1) as f64) as usize;
        weights[place(sine) * side + place(cosine)] = 1.0;
    }
    let total: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);
    weights
}

/// A disc whose rim is softened by a Gaussian blur that reaches one pixel, or two from a radius of 9 on.
fn disc(radius: i32, sigma: f64) -> Convolve {
    let reach = if radius <= 8 { 1 } else { 2 };
    let soft = |x: i32| if x == 0 { 1.0 } else { bell(f64::from(x), sigma.max(1e-3)) };
    let total = (-reach..=reach).map(soft).sum::<f64>();
    let is_inside = |x: i32, y: i32| x * x + y * y <= radius * radius;
    let weight = |x: i32, y: i32| {
        let around = (-reach..=reach).flat_map(|down| (-reach..=reach).map(move |right| (right, down)));
        let seen = around.filter(|(right, down)| is_inside(x + right, y + down));
        seen.map(|(right, down)| soft(right) * soft(down)).sum::<f64>() / (total * total)
    };
    let half = radius + reach;
    let weights: Vec<f64> = (-half..=half).flat_map(|y| (-half..=half).map(move |x| weight(x, y))).collect();
    let all: f64 = weights.iter().sum();
    let weights = weights.iter().map(|weight| (weight / all) as f32).collect();
    Convolve::Full { side: 2 * half as u32 + 1, weights, plus: 0.0 }
}

/// This part of an effect on 3 × 3 values, and the rest of the value itself.
fn mixed(alpha: f32, effect: [f32; 9]) -> Stage {
    let mut weights = effect.map(|weight| alpha * weight).to_vec();
    weights[4] += 1.0 - alpha;
    Stage::Convolve(Convolve::Full { side: 3, weights, plus: 0.0 })
}
