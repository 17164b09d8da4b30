//! A plane through the latent space: the directions in which latents differ most, or two dimensions.

use std::sync::Arc;

use rayon::prelude::*;

use super::{BLOCK, Rows};
use crate::analysis::rows::principal_axes;
use crate::jobs::{Cancelled, Control};

/// The principal axes of rows (K. Pearson, "On lines and planes of closest fit to systems of points in
/// space", 1901), the widest first. Each points to where its largest number, the first of equal ones, is
/// positive, so that a map is not mirrored from one time to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// `latent` numbers.
    pub mean: Vec<f32>,
    /// Unit vectors at right angles, `axes × latent`.
    axes: Vec<f32>,
    /// The variance along each axis.
    pub variances: Vec<f32>,
    /// The variance of all dimensions together.
    pub total: f32,
}

impl Pca {
    /// The `count` widest axes, or all where there are fewer dimensions. `None` where there is no row, or one
    /// that is no number.
    pub fn of(rows: Rows<'_>, count: usize, control: &Control) -> Result<Option<Self>, Cancelled> {
        let size = rows.numbers();
        let mean = rows.mean();
        if !mean.iter().all(|value| value.is_finite()) {
            return Ok(None);
        }
        let wait = || control.checkpoint();
        let covariance = rows.covariance(&mean, &wait, &|| control.go_on())?;
        let total = (0..size).map(|at| covariance[at * size + at]).sum::<f64>() as f32;
        let (spreads, vectors) = principal_axes(covariance, size, &wait)?;
        let mut order: Vec<usize> = (0..size).collect();
        order.sort_by(|one, two| spreads[*two].total_cmp(&spreads[*one]).then(one.cmp(two)));
        order.truncate(count);
        let axis = |at: &usize| {
            let axis: Vec<f64> = (0..size).map(|number| vectors[number * size + at]).collect();
            let largest =
                axis.iter().fold(0.0f64, |most, value| if value.abs() > most.abs() { *value } else { most });
            axis.into_iter().map(move |value| (value * largest.signum()) as f32)
        };
        Ok(Some(Self {
            axes: order.iter().flat_map(axis).collect(),
            variances: order.iter().map(|at| spreads[*at].max(0.0) as f32).collect(),
            mean: mean.into_iter().map(|value| value as f32).collect(),
            total,
        }))
    }

    /// How many axes there are.
    pub fn count(&self) -> usize {
        self.variances.len()
    }

    /// An axis: a unit vector of `latent` numbers.
    ///
    /// # Panics
    /// When there is none at that place.
    pub fn axis(&self, at: usize) -> &[f32] {
        &self.axes[at * self.mean.len()..][..self.mean.len()]
    }

    /// The part of all variance that lies along an axis, 0 to 1; 0 where nothing varies.
    ///
    /// # Panics
    /// When there is none at that place.
    pub fn share(&self, at: usize) -> f32 {
        if self.total > 0.0 { self.variances[at] / self.total } else { 0.0 }
    }

    /// Where a latent lies along each axis, from the mean on.
    pub fn project(&self, latent: &[f32]) -> Vec<f32> {
        let mut places = vec![0.0; self.count()];
        self.project_into(latent, &mut places);
        places
    }

    /// [`project`](Self::project) of each row: `rows × axes`.
    pub fn project_all(&self, rows: Rows<'_>) -> Vec<f32> {
        let (count, size) = (self.count(), rows.numbers());
        if count == 0 {
            return Vec::new();
        }
        let mut places = vec![0.0; rows.len() * count];
        let blocks = places.par_chunks_mut(BLOCK * count).zip(rows.values().par_chunks(BLOCK * size));
        blocks.for_each(|(places, rows)| {
            for (places, row) in places.chunks_exact_mut(count).zip(rows.chunks_exact(size)) {
                self.project_into(row, places);
            }
        });
        places
    }

    /// The latent that has these places along the axes, and else is as `base`: with the mean as the base a
    /// point on the plane itself.
    pub fn at(&self, places: &[f32], base: &[f32]) -> Vec<f32> {
        let mut latent = base.to_vec();
        let known = self.project(base);
        for ((axis, place), known) in self.axes.chunks_exact(self.mean.len()).zip(places).zip(known) {
            latent.iter_mut().zip(axis).for_each(|(value, axis)| *value += (place - known) * axis);
        }
        latent
    }

    /// Where a latent lies along one axis, from the mean on; 0 where there is no such axis.
    fn along(&self, at: usize, latent: &[f32]) -> f32 {
        if at >= self.count() {
            return 0.0;
        }
        let along = latent.iter().zip(&self.mean).zip(self.axis(at));
        along.map(|((value, mean), axis)| (value - mean) * axis).sum()
    }

    fn project_into(&self, latent: &[f32], places: &mut [f32]) {
        for (place, axis) in places.iter_mut().zip(self.axes.chunks_exact(self.mean.len())) {
            let along = latent.iter().zip(&self.mean).zip(axis);
            *place = along.map(|((value, mean), axis)| (value - mean) * axis).sum();
        }
    }
}

/// What a map of latents shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Plane {
    /// Two of the principal axes, by number; places are from the mean on.
    Axes(Arc<Pca>, [usize; 2]),
    /// Two dimensions of the latent, as they are.
    Dimensions([usize; 2]),
}

impl Plane {
    /// Where a latent lies on the map; 0 along what there is not.
    pub fn place(&self, latent: &[f32]) -> [f32; 2] {
        match self {
            Self::Axes(pca, axes) => axes.map(|at| pca.along(at, latent)),
            Self::Dimensions(dimensions) => dimensions.map(|at| latent.get(at).copied().unwrap_or(0.0)),
        }
    }

    /// [`place`](Self::place) of each row.
    pub fn places(&self, rows: Rows<'_>) -> Vec<[f32; 2]> {
        rows.values().par_chunks(rows.numbers()).map(|row| self.place(row)).collect()
    }

    /// The latent at a place of the map that else is as `base`.
    pub fn at(&self, place: [f32; 2], base: &[f32]) -> Vec<f32> {
        let mut latent = base.to_vec();
        match self {
            Self::Axes(pca, axes) => {
                for ((axis, place), known) in axes.iter().zip(place).zip(self.place(base)) {
                    if *axis < pca.count() {
                        let along = latent.iter_mut().zip(pca.axis(*axis));
                        along.for_each(|(value, axis)| *value += (place - known) * axis);
                    }
                }
            }
            Self::Dimensions(dimensions) => {
                for (dimension, place) in dimensions.iter().zip(place) {
                    if let Some(value) = latent.get_mut(*dimension) {
                        *value = place;
                    }
                }
            }
        }
        latent
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::normal;
    use super::*;

    /// Rows that vary with deviation 4, 2, 1, … along directions that are no dimension.
    fn rows(count: usize, latent: usize) -> Vec<f32> {
        let mut values = normal(count, latent, 5);
        for row in values.chunks_exact_mut(latent) {
            for (at, value) in row.iter_mut().enumerate() {
                *value *= 4.0 / (1 << at.min(6)) as f32;
            }
            // Turned by 30° in each pair of dimensions after the other.
            for at in 1..latent {
                let (one, two) = (row[at - 1], row[at]);
                (row[at - 1], row[at]) = (one * 0.866_025 - two * 0.5 + 1.0, one * 0.5 + two * 0.866_025);
            }
        }
        values
    }

    fn pca(rows: Rows<'_>, count: usize) -> Option<Pca> {
        Pca::of(rows, count, &Control::new()).unwrap()
    }

    #[test]
    fn axes_are_unit_vectors_at_right_angles_the_widest_first() {
        let values = rows(5000, 6);
        let rows = Rows::new(&values, 6).unwrap();
        let pca = self::pca(rows, 6).unwrap();
        for one in 0..6 {
            for two in 0..=one {
                let dot: f32 = pca.axis(one).iter().zip(pca.axis(two)).map(|(one, two)| one * two).sum();
                assert!((dot - f32::from(u8::from(one == two))).abs() < 1e-5);
            }
            let largest = pca.axis(one).iter().copied().max_by(|one, two| one.abs().total_cmp(&two.abs()));
            assert!(largest.unwrap() > 0.0);
        }
        assert!((pca.variances[0].sqrt() - 4.0).abs() < 0.1 && (pca.variances[1].sqrt() - 2.0).abs() < 0.1);
        let shares: f32 = (0..6).map(|at| pca.share(at)).sum();
        assert!((shares - 1.0).abs() < 1e-5, "{shares}");
        // What is projected varies as is said.
        let places = pca.project_all(rows);
        for at in 0..6 {
            let along: Vec<f32> = places.iter().copied().skip(at).step_by(6).collect();
            let variance = along.iter().map(|value| value * value).sum::<f32>() / along.len() as f32;
            assert!((variance / pca.variances[at] - 1.0).abs() < 1e-3, "{at}: {variance}");
        }
        let few = self::pca(rows, 2).unwrap();
        assert_eq!((few.count(), few.axis(1)), (2, pca.axis(1)));
    }

    #[test]
    fn it_is_the_same_on_any_number_of_threads() {
        let values = rows(20_000, 5);
        let rows = Rows::new(&values, 5).unwrap();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| (self::pca(rows, 2).unwrap(), self::pca(rows, 2).unwrap().project_all(rows)))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn what_does_not_vary_has_axes_all_the_same() {
        let same = [1.0f32, -2.0, 3.0].repeat(4);
        let pca = self::pca(Rows::new(&same, 3).unwrap(), 2).unwrap();
        assert_eq!((pca.variances.as_slice(), pca.share(0)), (&[0.0, 0.0][..], 0.0));
        assert_eq!(pca.project(&[1.0, -2.0, 3.0]), [0.0, 0.0]);
        assert!(self::pca(Rows::new(&[], 3).unwrap(), 2).is_none());
        let control = Control::new();
        control.cancel();
        assert_eq!(Pca::of(Rows::new(&same, 3).unwrap(), 2, &control), Err(Cancelled));
        assert!(self::pca(Rows::new(&[f32::NAN, 1.0], 1).unwrap(), 2).is_none());
        let one = Plane::Axes(self::pca(Rows::new(&[1.0, 3.0], 1).unwrap(), 2).unwrap().into(), [0, 1]);
        assert_eq!(one.places(Rows::new(&[1.0, 3.0], 1).unwrap()), [[-1.0, 0.0], [1.0, 0.0]]);
        assert_eq!(one.at([2.0, 9.0], &[0.0]), [4.0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..Default::default() })]

        #[test]
        fn a_place_on_the_map_leads_back_to_it(
            latent in 2usize..9, x in -3.0f32..3.0, y in -3.0f32..3.0, at in 0usize..50,
        ) {
            let values = rows(50, latent);
            let rows = Rows::new(&values, latent).unwrap();
            for plane in [Plane::Axes(self::pca(rows, 2).unwrap().into(), [0, 1]), Plane::Dimensions([latent - 1, 0])] {
                let base = rows.row(at);
                let found = plane.at([x, y], base);
                let back = plane.places(Rows::new(&found, latent).unwrap())[0];
                prop_assert!((back[0] - x).abs() < 1e-4 && (back[1] - y).abs() < 1e-4);
                // From its own place a latent comes back as it is.
                let own = plane.at(plane.places(rows)[at], base);
                prop_assert!(own.iter().zip(base).all(|(one, two)| (one - two).abs() < 1e-4));
            }
        }
    }
}
