//! How many different things there are among some descriptions: the Vendi score (D. Friedman and A. B. Dieng,
//! "The Vendi Score: A Diversity Evaluation Metric for Machine Learning", TMLR 2023).
//!
//! With the kernel k(x, y) = cosine of x and y, it is the exponential of the entropy of the eigenvalues of K / n:
//! from 1, where all are one thing, to n, or here to the dimensions where these are fewer. The eigenvalues of
//! K / n that are not 0 are those of XᵀX / n, whose rows are brought to length 1: exact for any number of rows.

use rayon::prelude::*;

use super::super::rows::principal_axes;
use super::super::whiten::{AXES, Whitened};

/// Rows that are summed at once, and sums that are there at once.
const BLOCK: usize = 1024;
const BLOCKS: usize = 32;

/// The Vendi score; `None` where no row has a length.
pub fn vendi(rows: &[&Whitened]) -> Option<f64> {
    let rows: Vec<&Whitened> =
        rows.iter().copied().filter(|row| row.iter().any(|value| *value != 0)).collect();
    if rows.is_empty() {
        return None;
    }
    let count = rows.len() as f64;
    let (mut matrix, size) =
        if rows.len() < AXES { (kernel(&rows), rows.len()) } else { (products(&rows), AXES) };
    matrix.iter_mut().for_each(|value| *value /= count);
    let Ok((eigenvalues, _)) = principal_axes(matrix, size, &|| Ok::<(), std::convert::Infallible>(()));
    // They sum to 1 but for rounding, and none is below 0 but for that.
    let total: f64 = eigenvalues.iter().map(|value| value.max(0.0)).sum();
    let entropy: f64 = eigenvalues
        .into_iter()
        .map(|value| value.max(0.0) / total)
        .filter(|share| *share > 0.0)
        .map(|share| -share * share.ln())
        .sum();
    Some(entropy.exp().clamp(1.0, size as f64))
}

/// The row at length 1.
fn unit(row: &Whitened) -> [f64; AXES] {
    let squared: i32 = row.iter().map(|value| i32::from(*value).pow(2)).sum();
    let length = f64::from(squared).sqrt();
    row.map(|value| f64::from(value) / length)
}

/// The cosines of all rows with all.
fn kernel(rows: &[&Whitened]) -> Vec<f64> {
    let units: Vec<[f64; AXES]> = rows.iter().map(|row| unit(row)).collect();
    let dot =
        |one: &[f64; AXES], two: &[f64; AXES]| one.iter().zip(two).map(|(one, two)| one * two).sum::<f64>();
    units.iter().flat_map(|one| units.iter().map(move |two| dot(one, two))).collect()
}

/// XᵀX, `AXES × AXES`, in blocks whose order is that of the rows on any number of threads.
fn products(rows: &[&Whitened]) -> Vec<f64> {
    let of_block = |block: &[&Whitened]| {
        let mut sum = vec![0.0f64; AXES * AXES];
        for row in block {
            let row = unit(row);
            for (line, one) in sum.chunks_exact_mut(AXES).zip(&row) {
                line.iter_mut().zip(&row).for_each(|(sum, two)| *sum += one * two);
            }
        }
        sum
    };
    let mut products = vec![0.0; AXES * AXES];
    for blocks in rows.chunks(BLOCK * BLOCKS) {
        let sums: Vec<Vec<f64>> = blocks.par_chunks(BLOCK).map(of_block).collect();
        for part in sums {
            products.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row that is `value` at each of these places.
    fn row(places: &[(usize, i8)]) -> Whitened {
        let mut row = [0; AXES];
        places.iter().for_each(|(at, value)| row[*at] = *value);
        row
    }

    fn score(rows: &[Whitened]) -> Option<f64> {
        vendi(&rows.iter().collect::<Vec<_>>())
    }

    #[test]
    fn it_counts_what_differs() {
        let axis = |at| row(&[(at, 100)]);
        assert!((score(&[axis(0); 50]).unwrap() - 1.0).abs() < 1e-9);
        assert!((score(&[axis(0), axis(1), axis(2)]).unwrap() - 3.0).abs() < 1e-9);
        // Twice as many of the same are as diverse.
        let both = [axis(0), axis(1), axis(2)].repeat(100);
        assert!((score(&both).unwrap() - 3.0).abs() < 1e-9);
        // python: exp(entropy of eigvalsh([[1, .6], [.6, 1]] / 2))
        let (one, two) = (row(&[(0, 100)]), row(&[(0, 60), (1, 80)]));
        assert!((score(&[one, two]).unwrap() - PAIR).abs() < 1e-9);
        assert_eq!(score(&[[0; AXES]; 3]), None);
        assert_eq!(score(&[]), None);
    }

    const PAIR: f64 = 1.649_384_888_466_117_7;

    fn noise(count: usize, seed: u64) -> Vec<Whitened> {
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 57) as i8 - 64
        };
        (0..count).map(|_| std::array::from_fn(|_| next())).collect()
    }

    #[test]
    fn both_ways_and_any_threads_say_the_same() {
        let rows = noise(AXES - 1, 3);
        let (by_kernel, by_products) = (score(&rows).unwrap(), {
            // As often as to be over the border: the eigenvalues stay.
            score(&rows.repeat(2)).unwrap()
        });
        assert!((by_kernel / by_products - 1.0).abs() < 1e-9, "{by_kernel} {by_products}");
        let many = noise(3000, 5);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| score(&many).unwrap())
        };
        assert_eq!(on(1), on(3));
        assert!(on(1) > 100.0 && on(1) <= AXES as f64);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..Default::default() })]

        #[test]
        fn it_is_between_1_and_the_rows_whatever_their_order(count in 1usize..40, seed in any::<u64>()) {
            let mut rows = noise(count, seed);
            let found = score(&rows).unwrap();
            prop_assert!((1.0..=count as f64).contains(&found));
            rows.reverse();
            prop_assert!((score(&rows).unwrap() - found).abs() < 1e-6);
        }
    }
}
