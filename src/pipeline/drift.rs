//! How far an augmentation moves a picture, measured by what tells the dataset's classes apart.
//!
//! Pictures are described by the hand-made descriptor, whitened on a few hundred samples of the view. The unit is
//! the middle distance of such a sample to the nearest one of another class: a variant that has drifted by 1 is
//! as far from what it was as the next class is. Of a dataset with one class or none, the unit is the middle
//! distance to the nearest other sample.

use crate::analysis::encoder::{Encoder, HandMade};
use crate::analysis::picture::Picture;
use crate::analysis::quality::{Check, Figures};
use crate::analysis::whiten::{Whitened, Whitening};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;
use crate::import::Reader;
use crate::media::Raster;

/// Samples that the unit is worked out of.
pub const SAMPLES: usize = 200;
/// The fewest of them that say anything.
const FEWEST: usize = 8;
/// Variants that drift further are no longer what they were, in units.
pub const FAR: f32 = 1.0;
/// The middle drift up to which a range is called safe, in units.
pub const SAFE: f32 = 0.5;

/// What drift is measured by.
#[derive(Debug)]
pub struct Yardstick {
    whitening: Whitening,
    /// The distance of whitened descriptions that is 1.
    unit: f32,
    /// Classes that it was worked out of.
    pub classes: usize,
}

/// A picture's description, before whitening.
pub type Described = Vec<f32>;

impl Yardstick {
    /// Works the unit out of these samples, which are read one after the other as long as `goes_on`; `None` where
    /// too few can be read, or all look the same.
    pub fn of(
        snapshot: &Snapshot,
        reader: &Reader,
        samples: &[SampleId],
        goes_on: impl Fn() -> bool,
    ) -> Option<Self> {
        let mut described = Vec::new();
        for sample in samples {
            if !goes_on() {
                return None;
            }
            let class = snapshot.labels().get(*sample).first().copied();
            let picture = reader.picture(&snapshot.dataset, *sample).ok();
            described.extend(picture.and_then(|picture| Some((class, describe(&picture)?))));
        }
        Self::of_described(&described)
    }

    fn of_described(described: &[(Option<u32>, Described)]) -> Option<Self> {
        if described.len() < FEWEST {
            return None;
        }
        let raws: Vec<Described> = described.iter().map(|(_, raw)| raw.clone()).collect();
        let whitening = Whitening::of(&raws, HandMade.numbers());
        let whitened: Vec<Whitened> = raws.iter().map(|raw| whitening.apply(raw)).collect();
        let mut classes: Vec<u32> = described.iter().filter_map(|(class, _)| *class).collect();
        classes.sort_unstable();
        classes.dedup();
        let nearest = |at: usize| {
            let (class, own) = (described[at].0, &whitened[at]);
            let is_other = |(place, (other, _)): &(usize, &(Option<u32>, Described))| {
                *place != at && (classes.len() < 2 || *other != class)
            };
            let others = described.iter().enumerate().filter(is_other);
            others.map(|(place, _)| distance(own, &whitened[place])).min_by(f32::total_cmp)
        };
        let mut nearest: Vec<f32> = (0..described.len()).filter_map(nearest).collect();
        let unit = middle(&mut nearest)?;
        (unit > 0.0).then_some(Self { whitening, unit, classes: classes.len() })
    }

    /// How far two pictures are apart, in units.
    pub fn drift(&self, one: &Described, other: &Described) -> f32 {
        distance(&self.whitening.apply(one), &self.whitening.apply(other)) / self.unit
    }
}

/// The description of a picture.
pub fn describe(picture: &Raster) -> Option<Described> {
    let opaque = picture.clone().opaque();
    let (width, height) = (opaque.width as usize, opaque.height as usize);
    HandMade.encode(&Picture::new(width, height, usize::from(opaque.channels), &opaque.data)?)
}

/// The quality checks that a picture fails, by the thresholds that hold unless a person set others; that it is
/// grey, or of an odd size or aspect, is no fault of a variant.
pub fn failed_checks(picture: &Raster) -> Vec<Check> {
    let opaque = picture.clone().opaque();
    let (width, height) = (opaque.width as usize, opaque.height as usize);
    let Some(figures) = Figures::of(width, height, usize::from(opaque.channels), &opaque.data) else {
        return Vec::new();
    };
    let checks = [Check::Dark, Check::Light, Check::LowInformation, Check::Blurry];
    let fails = |check: &Check| {
        let score = figures.score(*check, opaque.width, opaque.height);
        score.is_some_and(|score| score < check.default_threshold())
    };
    checks.into_iter().filter(fails).collect()
}

/// The longest run of values around the one with the least drift whose drift is at most [`SAFE`]; `None` where
/// none is. `drifts` are of the values, ascending.
pub fn safe_range(values: &[f64], drifts: &[f32]) -> Option<[f64; 2]> {
    let least =
        (0..values.len().min(drifts.len())).min_by(|one, two| drifts[*one].total_cmp(&drifts[*two]))?;
    let is_safe = |at: &usize| drifts[*at] <= SAFE;
    if !is_safe(&least) {
        return None;
    }
    let first = (0..=least).rev().take_while(is_safe).last().unwrap_or(least);
    let last = (least..values.len().min(drifts.len())).take_while(is_safe).last().unwrap_or(least);
    Some([values[first], values[last]])
}

/// The middle one of some numbers.
pub fn middle(numbers: &mut [f32]) -> Option<f32> {
    numbers.sort_unstable_by(f32::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

/// Between two whitened descriptions.
fn distance(one: &Whitened, other: &Whitened) -> f32 {
    let squares = one.iter().zip(other).map(|(one, other)| {
        let apart = i32::from(*one) - i32::from(*other);
        apart * apart
    });
    (squares.sum::<i32>() as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc of some radius on the left or on the right, on noise of its own.
    fn picture(is_left: bool, radius: i32, noise: u32) -> Raster {
        let value = |at: u32| {
            let (x, y) = ((at % 48) as i32, (at / 48) as i32);
            let middle = if is_left { 14 } else { 34 };
            let is_in = (x - middle).pow(2) + (y - 24).pow(2) < radius * radius;
            let grain = (at.wrapping_mul(0x9e37_79b9).wrapping_add(noise * 77_777) >> 27) as u8;
            if is_in { 200 + grain } else { 40 + grain }
        };
        Raster::new(48, 48, 1, (0..48 * 48).map(value).collect()).unwrap()
    }

    #[test]
    fn drift_is_measured_by_the_distance_between_classes() {
        let pictures = (0..40u32).map(|at| (Some(at % 2), picture(at % 2 == 0, 8 + (at / 8) as i32, at)));
        let described: Vec<_> =
            pictures.map(|(class, picture)| (class, describe(&picture).unwrap())).collect();
        let yardstick = Yardstick::of_described(&described).unwrap();
        assert_eq!(yardstick.classes, 2);
        let drift = |one: &Raster, other: &Raster| {
            yardstick.drift(&describe(one).unwrap(), &describe(other).unwrap())
        };
        let own = picture(true, 10, 1);
        assert_eq!(drift(&own, &own), 0.0);
        let near = drift(&own, &picture(true, 10, 2));
        let far = drift(&own, &picture(false, 10, 1));
        assert!(near < SAFE && far > 0.8 && near < far / 2.0, "{near} {far}");
        assert!(Yardstick::of_described(&described[..7]).is_none());
        let same = vec![described[0].clone(); 20];
        assert!(Yardstick::of_described(&same).is_none());
    }

    #[test]
    fn safe_ranges_are_around_the_value_that_changes_least() {
        let values = [-20.0, -10.0, 0.0, 10.0, 20.0];
        for (drifts, expected) in [
            ([0.9, 0.3, 0.0, 0.4, 0.6], Some([-10.0, 10.0])),
            ([0.1, 0.3, 0.0, 0.4, 0.5], Some([-20.0, 20.0])),
            // Beyond a value that is not safe nothing is.
            ([0.1, 0.9, 0.0, 0.4, 0.6], Some([0.0, 10.0])),
            ([0.9, 0.9, 0.8, 0.9, 0.9], None),
        ] {
            assert_eq!(safe_range(&values, &drifts), expected, "{drifts:?}");
        }
        assert_eq!(safe_range(&[], &[]), None);
    }

    #[test]
    fn what_a_variant_fails_is_told() {
        let flat = |value: u8| Raster::new(32, 32, 1, vec![value; 1024]).unwrap();
        assert!(failed_checks(&flat(3)).contains(&Check::Dark));
        assert!(failed_checks(&flat(254)).contains(&Check::Light));
        assert!(failed_checks(&flat(120)).contains(&Check::LowInformation));
        assert!(!failed_checks(&picture(true, 10, 3)).contains(&Check::Dark));
    }
}
