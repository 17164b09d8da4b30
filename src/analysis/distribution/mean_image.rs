//! The average of many pictures of one size, and how much each pixel varies among them.
//!
//! Sums are of whole numbers and so exact: pictures can come in any order, from any thread. The variance is
//! that of the pictures that came, E[x²] − E[x]², and not an estimate for more of them.

/// Sums over pictures of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeanImage {
    pub width: usize,
    pub height: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    pub count: u64,
    sums: Vec<u64>,
    squares: Vec<u64>,
}

impl MeanImage {
    /// Of no pictures yet.
    pub fn new(width: usize, height: usize, channels: usize) -> Self {
        let values = width * height * channels;
        Self { width, height, channels, count: 0, sums: vec![0; values], squares: vec![0; values] }
    }

    /// Takes in a picture. One that is not of this size is left out, which is told.
    pub fn add(&mut self, pixels: &[u8]) -> bool {
        if pixels.len() != self.sums.len() {
            return false;
        }
        self.count += 1;
        for ((sum, square), value) in self.sums.iter_mut().zip(&mut self.squares).zip(pixels) {
            *sum += u64::from(*value);
            *square += u64::from(*value).pow(2);
        }
        true
    }

    /// Takes in what another one of this size has.
    pub fn merge(&mut self, other: &Self) {
        if other.sums.len() == self.sums.len() {
            self.count += other.count;
            self.sums.iter_mut().zip(&other.sums).for_each(|(into, from)| *into += from);
            self.squares.iter_mut().zip(&other.squares).for_each(|(into, from)| *into += from);
        }
    }

    /// The mean of each value, 0 to 255; all 0 of no pictures.
    pub fn mean(&self) -> Vec<f64> {
        let count = self.count.max(1) as f64;
        self.sums.iter().map(|sum| *sum as f64 / count).collect()
    }

    /// The variance of each value, 0 to 127.5²; all 0 of no pictures.
    pub fn variance(&self) -> Vec<f64> {
        let count = u128::from(self.count.max(1));
        let of = |(sum, square): (&u64, &u64)| {
            // Whole numbers until the last step: the difference of two near ones loses nothing.
            let scaled = u128::from(*square) * count - u128::from(*sum).pow(2);
            scaled as f64 / (count * count) as f64
        };
        self.sums.iter().zip(&self.squares).map(of).collect()
    }

    /// The mean as a picture.
    pub fn mean_pixels(&self) -> Vec<u8> {
        self.mean().into_iter().map(|mean| mean.round() as u8).collect()
    }

    /// The standard deviation as a picture, twice as bright as it is so that its largest is white.
    pub fn deviation_pixels(&self) -> Vec<u8> {
        self.variance().into_iter().map(|variance| (2.0 * variance.sqrt()).round().min(255.0) as u8).collect()
    }

    /// The mean variance of all values, by 127.5²: 0 where all pictures are one, 1 where every value is black in
    /// half of them and white in the others.
    pub fn spread(&self) -> f64 {
        self.variance().iter().sum::<f64>() / (self.sums.len().max(1) as f64 * 127.5 * 127.5)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mean_and_variance_are_those_of_the_pictures() {
        let mut mean = MeanImage::new(2, 1, 1);
        for pixels in [[0, 10], [255, 20], [0, 30], [255, 40]] {
            assert!(mean.add(&pixels));
        }
        assert!(!mean.add(&[1, 2, 3]));
        assert_eq!((mean.mean(), mean.variance()), (vec![127.5, 25.0], vec![16_256.25, 125.0]));
        assert_eq!((mean.mean_pixels(), mean.deviation_pixels()), (vec![128, 25], vec![255, 22]));
        assert!((mean.spread() - (1.0 + 125.0 / 16_256.25) / 2.0).abs() < 1e-12);
        assert_eq!(MeanImage::new(1, 1, 3).mean(), [0.0; 3]);
    }

    proptest! {
        #[test]
        fn the_order_and_the_parts_change_nothing(
            pictures in prop::collection::vec(prop::array::uniform6(any::<u8>()), 1..20), cut in 0usize..20,
        ) {
            let of = |pictures: &[[u8; 6]]| {
                let mut mean = MeanImage::new(2, 1, 3);
                pictures.iter().for_each(|pixels| assert!(mean.add(pixels)));
                mean
            };
            let whole = of(&pictures);
            let (one, two) = pictures.split_at(cut.min(pictures.len()));
            let mut merged = of(two);
            merged.merge(&of(one));
            prop_assert_eq!(&merged, &whole);
            prop_assert!(whole.variance().iter().all(|variance| (0.0..=16_256.25).contains(variance)));
        }
    }
}
