//! What goes together more or less often than by chance: counts of a table over what independence expects.
//!
//! With n samples, of which R are in a row of the table, C in a column and a in both, independence expects
//! R C / n, and the ratio is a n / (R C): the lift (S. Brin et al., "Dynamic Itemset Counting and Implication
//! Rules", SIGMOD 1997). The variance of its logarithm by the delta method (A. Agresti, "Categorical Data
//! Analysis", 3rd ed., 16.1), for a multinomial sample, is
//!
//! ```text
//! 1/a − 1/R − 1/C + 2a/(R C) − 1/n
//! ```
//!
//! and the 95 % interval is exp(ln ratio ± 1.96 √variance). For the interval ½ is added to each of the four
//! counts that a cell, the rest of its row and column, and the rest of all make (J. B. S. Haldane, 1956; F. J.
//! Anscombe, 1956): a + ½, R + 1, C + 1, n + 2. So nothing is divided by 0, and a cell without samples has an
//! interval, whose lower end is 0.
//!
//! Cells are ranked by the end of their interval that is nearer to 1, which is 1 where the interval holds it:
//! what few samples say comes after what many say. Where neither what is observed nor what is expected reaches five,
//! the normal approximation says nothing, and that end counts as 1 (W. G. Cochran, "Some Methods for Strengthening
//! the Common χ² Tests", 1954).

use rayon::prelude::*;

/// The quantile of a normal distribution that leaves 2.5 % on either side.
const Z: f64 = 1.959_963_984_540_054;

/// Samples, observed or expected, under which an interval says nothing.
const FEW: f64 = 5.0;

/// Counts of rows by columns. A sample can be in several rows, or columns, or in none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Row by row.
    pub observed: Vec<u64>,
    /// Samples of each row, and of each column.
    pub rows: Vec<u64>,
    pub columns: Vec<u64>,
    /// n: all samples that were counted, those in no row or column among them.
    pub samples: u64,
}

/// A cell of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    pub row: u32,
    pub column: u32,
    pub observed: u64,
    pub expected: f64,
    /// Observed by expected.
    pub ratio: f64,
    /// The 95 % interval of the ratio.
    pub low: f64,
    pub high: f64,
}

impl Cell {
    /// The end of the interval that is nearer to 1; 1 where the interval holds it, or is of too few samples.
    pub fn conservative(&self) -> f64 {
        let is_of_few = (self.observed as f64) < FEW && self.expected < FEW;
        if is_of_few {
            1.0
        } else if self.low > 1.0 {
            self.low
        } else if self.high < 1.0 {
            self.high
        } else {
            1.0
        }
    }
}

impl Table {
    /// Nothing counted yet.
    pub fn new(rows: usize, columns: usize) -> Self {
        let (observed, rows, columns) = (vec![0; rows * columns], vec![0; rows], vec![0; columns]);
        Self { observed, rows, columns, samples: 0 }
    }

    /// Counts `samples` samples that are in each of these rows and in each of these columns.
    pub fn add(&mut self, rows: &[u32], columns: &[u32], samples: u64) {
        self.samples += samples;
        rows.iter().for_each(|row| self.rows[*row as usize] += samples);
        columns.iter().for_each(|column| self.columns[*column as usize] += samples);
        for row in rows {
            for column in columns {
                self.observed[*row as usize * self.columns.len() + *column as usize] += samples;
            }
        }
    }

    /// Takes in what was counted in another table of that size.
    pub fn merge(&mut self, other: &Self) {
        self.samples += other.samples;
        for (into, from) in [
            (&mut self.observed, &other.observed),
            (&mut self.rows, &other.rows),
            (&mut self.columns, &other.columns),
        ] {
            into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
        }
    }

    /// A cell; `None` where its row or column has no sample.
    pub fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        let (of_row, of_column) = (*self.rows.get(row)?, *self.columns.get(column)?);
        if of_row == 0 || of_column == 0 {
            return None;
        }
        let observed = self.observed[row * self.columns.len() + column];
        let all = self.samples as f64;
        let expected = of_row as f64 * of_column as f64 / all;
        let [low, high] = interval(observed as f64, of_row as f64, of_column as f64, all);
        let ratio = observed as f64 / expected;
        let low = if observed == 0 { 0.0 } else { low };
        Some(Cell { row: row as u32, column: column as u32, observed, expected, ratio, low, high })
    }

    /// Every cell of a row and a column with samples, the ones that say most first.
    pub fn ranked(&self) -> Vec<Cell> {
        self.first_ranked(usize::MAX)
    }

    /// At most so many of them.
    pub fn first_ranked(&self, most: usize) -> Vec<Cell> {
        self.ranked_where(most, |_, _| true)
    }

    /// Of rows and columns that are the same things each pair once, the ones that say most first.
    pub fn ranked_pairs(&self) -> Vec<Cell> {
        self.first_ranked_pairs(usize::MAX)
    }

    /// At most so many of them.
    pub fn first_ranked_pairs(&self, most: usize) -> Vec<Cell> {
        self.ranked_where(most, |row, column| row < column)
    }

    /// The first ones are picked out before they are put in order: of many, few are asked for.
    fn ranked_where(&self, most: usize, is_asked: impl Fn(usize, usize) -> bool + Sync) -> Vec<Cell> {
        let columns = self.columns.len();
        let asked = (0..self.observed.len()).into_par_iter().filter_map(|at| {
            let (row, column) = (at / columns, at % columns);
            let cell = is_asked(row, column).then(|| self.cell(row, column))??;
            Some((cell.conservative().ln().abs(), cell))
        });
        let mut cells: Vec<(f64, Cell)> = asked.collect();
        let order = |(strength, one): &(f64, Cell), (other, two): &(f64, Cell)| {
            (other.total_cmp(strength))
                .then(two.observed.cmp(&one.observed))
                .then((one.row, one.column).cmp(&(two.row, two.column)))
        };
        if most < cells.len() {
            cells.select_nth_unstable_by(most, order);
            cells.truncate(most);
        }
        cells.par_sort_unstable_by(order);
        cells.into_iter().map(|(_, cell)| cell).collect()
    }
}

/// The 95 % interval of a ratio, with ½ added to each count.
fn interval(both: f64, row: f64, column: f64, all: f64) -> [f64; 2] {
    let (both, row, column, all) = (both + 0.5, row + 1.0, column + 1.0, all + 2.0);
    let variance = 1.0 / both - 1.0 / row - 1.0 / column + 2.0 * both / (row * column) - 1.0 / all;
    let ratio = (both * all / (row * column)).ln();
    let reach = Z * variance.max(0.0).sqrt();
    [(ratio - reach).exp(), (ratio + reach).exp()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A table of one row and one column and the rest.
    fn two_by_two([both, row, column, neither]: [u64; 4]) -> Table {
        let mut table = Table::new(2, 2);
        table.add(&[0], &[0], both);
        table.add(&[0], &[1], row);
        table.add(&[1], &[0], column);
        table.add(&[1], &[1], neither);
        table
    }

    #[test]
    fn a_cell_is_what_is_worked_out_by_hand() {
        let cell = two_by_two([30, 10, 20, 40]).cell(0, 0).unwrap();
        assert_eq!((cell.observed, cell.expected, cell.ratio), (30, 20.0, 1.5));
        // python: a,R,C,n=30.5,41,51,102; v=1/a-1/R-1/C+2*a/(R*C)-1/n; r=log(a*n/(R*C));
        // exp(r-1.959963984540054*sqrt(v)), exp(r+1.959963984540054*sqrt(v))
        assert!((cell.low - LOW).abs() < 1e-12 && (cell.high - HIGH).abs() < 1e-12, "{cell:?}");
        assert_eq!(cell.conservative(), cell.low);
        let none = two_by_two([0, 500, 500, 500]).cell(0, 0).unwrap();
        assert_eq!((none.ratio, none.low, none.conservative()), (0.0, 0.0, none.high));
        assert!(none.high < 0.05);
        assert_eq!(Table::new(1, 1).cell(0, 0), None);
        assert_eq!(Table::new(1, 1).cell(0, 1), None);
    }

    const LOW: f64 = 1.246_425_450_701_464_7;
    const HIGH: f64 = 1.775_929_201_301_205_1;

    #[test]
    fn what_many_samples_say_comes_before_what_few_say() {
        // The first row and column are together thrice as often as expected, but in one sample.
        let mut table = Table::new(3, 3);
        table.add(&[0], &[0], 1);
        table.add(&[0], &[1], 15);
        table.add(&[1], &[0], 15);
        table.add(&[1], &[1], 300);
        table.add(&[1], &[2], 100);
        table.add(&[2], &[1], 100);
        table.add(&[2], &[2], 300);
        table.add(&[], &[], 50);
        let ranked = table.ranked();
        let place = |row, column| ranked.iter().position(|cell| (cell.row, cell.column) == (row, column));
        assert!(
            ranked[place(0, 0).unwrap()].ratio > 3.0 && ranked[place(0, 0).unwrap()].conservative() < 1.1
        );
        assert!(place(1, 2) < place(0, 0) && place(2, 2) < place(0, 0));
        assert_eq!(ranked.len(), 9);
        assert!(ranked.windows(2).all(|pair| {
            let strength = |cell: &Cell| cell.conservative().ln().abs();
            strength(&pair[0]) >= strength(&pair[1])
        }));
        for most in 0..=ranked.len() + 1 {
            assert_eq!(table.first_ranked(most), ranked[..most.min(ranked.len())]);
        }
        // Labels by labels: a sample of both is in both rows and both columns.
        let mut labels = Table::new(2, 2);
        labels.add(&[0, 1], &[0, 1], 3);
        labels.add(&[0], &[0], 4);
        labels.add(&[1], &[1], 5);
        let pairs = labels.ranked_pairs();
        assert_eq!((pairs.len(), pairs[0].observed, labels.samples), (1, 3, 12));
        assert!((pairs[0].expected - 7.0 * 8.0 / 12.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn an_interval_is_ordered_and_the_conservative_end_is_towards_1(
            counts in [0u64..400, 0u64..400, 0u64..400, 0u64..400],
        ) {
            for cell in two_by_two(counts).ranked() {
                prop_assert!(cell.low <= cell.high && cell.low >= 0.0 && cell.high.is_finite());
                let end = cell.conservative();
                prop_assert!(end == 1.0 || (cell.ratio > 1.0) == (end > 1.0), "{:?}", cell);
            }
        }

        #[test]
        fn a_table_turned_over_says_the_same(counts in [1u64..400, 1u64..400, 1u64..400, 1u64..400]) {
            let [both, row, column, neither] = counts;
            let (one, two) = (two_by_two(counts), two_by_two([both, column, row, neither]));
            let (one, two) = (one.cell(0, 1).unwrap(), two.cell(1, 0).unwrap());
            prop_assert_eq!(one.observed, two.observed);
            prop_assert!((one.low - two.low).abs() < 1e-9 && (one.high - two.high).abs() < 1e-9);
        }
    }
}
