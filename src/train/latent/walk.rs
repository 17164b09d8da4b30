//! Ways from latent to latent, and directions between selections of them.

use super::Rows;

/// How a way leads from one latent to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Path {
    /// Along the sphere that both are on, so that what lies between is as far from the middle as they are:
    /// where samples of the prior lie.
    #[default]
    Spherical,
    /// Along the line between them.
    Linear,
}

impl Path {
    pub const ALL: [Self; 2] = [Self::Spherical, Self::Linear];

    pub fn name(self) -> &'static str {
        match self {
            Self::Spherical => "spherical",
            Self::Linear => "linear",
        }
    }

    /// The latent at a part of the way between two of as many numbers: the first at 0, the second at 1.
    pub fn between(self, from: &[f32], to: &[f32], part: f32) -> Vec<f32> {
        match self {
            Self::Spherical => spherical(from, to, part),
            Self::Linear => linear(from, to, part),
        }
    }
}

/// (1 − t) a + t b.
pub fn linear(from: &[f32], to: &[f32], part: f32) -> Vec<f32> {
    mixed(from, to, 1.0 - part, part)
}

/// sin((1 − t) ω)/sin ω a + sin(t ω)/sin ω b, ω the angle between a and b (K. Shoemake, "Animating rotation
/// with quaternion curves", 1985; T. White, "Sampling Generative Networks", 2016, of latents). Where a
/// vector has no direction, or both have the same or opposite ones, the line between them.
pub fn spherical(from: &[f32], to: &[f32], part: f32) -> Vec<f32> {
    /// The least sine of an angle that is divided by.
    const LEAST: f64 = 1e-4;
    let dot = |one: &[f32], two: &[f32]| -> f64 {
        one.iter().zip(two).map(|(one, two)| f64::from(*one) * f64::from(*two)).sum()
    };
    let lengths = (dot(from, from) * dot(to, to)).sqrt();
    if lengths == 0.0 {
        return linear(from, to, part);
    }
    let angle = (dot(from, to) / lengths).clamp(-1.0, 1.0).acos();
    let sine = angle.sin();
    if sine < LEAST {
        return linear(from, to, part);
    }
    let part = f64::from(part);
    let weights = [(1.0 - part) * angle, part * angle].map(|angle| (angle.sin() / sine) as f32);
    mixed(from, to, weights[0], weights[1])
}

/// A way through two or more latents: each of them, and between each two of them `steps − 1` more; so
/// `(points − 1) × steps + 1` latents, one after the other. Of one or none, those; of no steps as of one.
pub fn walk(points: Rows<'_>, steps: usize, path: Path) -> Vec<f32> {
    let steps = steps.max(1);
    let mut way = Vec::new();
    for at in 1..points.len() {
        let (from, to) = (points.row(at - 1), points.row(at));
        way.extend_from_slice(from);
        for step in 1..steps {
            way.extend(path.between(from, to, step as f32 / steps as f32));
        }
    }
    if let Some(last) = points.len().checked_sub(1) {
        way.extend_from_slice(points.row(last));
    }
    way
}

/// The direction that leads from rows without an attribute to rows that have it: the difference of their
/// means (A. B. L. Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", 2016).
/// Added to a latent it gives that latent the attribute. `None` where one of them has no row, or they have
/// other numbers.
pub fn attribute(with: Rows<'_>, without: Rows<'_>) -> Option<Vec<f32>> {
    if with.numbers() != without.numbers() || with.is_empty() || without.is_empty() {
        return None;
    }
    Some(with.mean().iter().zip(without.mean()).map(|(with, without)| (with - without) as f32).collect())
}

/// A latent and a part of a direction, which may be more than the whole of it, or turned round.
pub fn added(latent: &[f32], direction: &[f32], part: f32) -> Vec<f32> {
    mixed(latent, direction, 1.0, part)
}

fn mixed(one: &[f32], two: &[f32], of_one: f32, of_two: f32) -> Vec<f32> {
    one.iter().zip(two).map(|(one, two)| one * of_one + two * of_two).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn length(latent: &[f32]) -> f32 {
        latent.iter().map(|value| value * value).sum::<f32>().sqrt()
    }

    fn is_near(one: &[f32], two: &[f32], within: f32) -> bool {
        one.iter().zip(two).all(|(one, two)| (one - two).abs() <= within)
    }

    fn latent(numbers: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-3.0f32..3.0, numbers)
    }

    proptest! {
        #[test]
        fn a_way_begins_and_ends_where_it_is_said(from in latent(5), to in latent(5), part in 0.0f32..1.0) {
            for path in Path::ALL {
                prop_assert!(is_near(&path.between(&from, &to, 0.0), &from, 1e-3));
                prop_assert!(is_near(&path.between(&from, &to, 1.0), &to, 1e-3));
                // The other way round it is the same way.
                let (one, two) = (path.between(&from, &to, part), path.between(&to, &from, 1.0 - part));
                prop_assert!(is_near(&one, &two, 2e-2));
            }
        }

        #[test]
        fn on_a_sphere_all_of_a_way_is(from in latent(4), to in latent(4), part in 0.0f32..1.0) {
            prop_assume!(length(&from) > 0.1 && length(&to) > 0.1);
            let unit = |latent: &[f32]| -> Vec<f32> { latent.iter().map(|value| value / length(latent)).collect() };
            let (from, to) = (unit(&from), unit(&to));
            prop_assume!(length(&added(&from, &to, 1.0)) > 0.1);
            prop_assert!((length(&spherical(&from, &to, part)) - 1.0).abs() < 1e-3);
            prop_assert!(length(&linear(&from, &to, part)) < 1.001);
        }

        #[test]
        fn a_walk_has_all_its_points(points in prop::collection::vec(latent(3), 0..5), steps in 0usize..5) {
            let flat = points.concat();
            let way = walk(Rows::new(&flat, 3).unwrap(), steps, Path::Spherical);
            let count = points.len().saturating_sub(1) * steps.max(1) + usize::from(!points.is_empty());
            prop_assert_eq!(way.len(), 3 * count);
            for (at, point) in points.iter().enumerate() {
                prop_assert_eq!(&way[at * steps.max(1) * 3..][..3], point.as_slice());
            }
        }
    }

    #[test]
    fn a_quarter_turn_is_halved_and_what_has_no_angle_goes_straight() {
        let half = 0.5f32.sqrt();
        assert!(is_near(&spherical(&[1.0, 0.0], &[0.0, 1.0], 0.5), &[half, half], 1e-6));
        for (from, to, middle) in [
            ([0.0, 0.0], [2.0, 4.0], [1.0, 2.0]),
            ([1.0, 1.0], [3.0, 3.0], [2.0, 2.0]),
            ([2.0, 0.0], [-2.0, 0.0], [0.0, 0.0]),
        ] {
            assert_eq!(spherical(&from, &to, 0.5), middle);
        }
    }

    #[test]
    fn a_direction_takes_those_without_to_those_with() {
        let with = [3.0, 1.0, 5.0, 1.0];
        let without = [0.0, 2.0, 0.0, 4.0, 0.0, 0.0];
        let rows = |values| Rows::new(values, 2).unwrap();
        let direction = attribute(rows(&with), rows(&without)).unwrap();
        assert_eq!(direction, [4.0, -1.0]);
        assert_eq!(added(&[0.0, 2.0], &direction, -0.5), [-2.0, 2.5]);
        assert!(attribute(rows(&[]), rows(&without)).is_none());
        assert!(attribute(Rows::new(&with, 4).unwrap(), rows(&without)).is_none());
    }
}
