//! Tables of whole numbers near tables of fractions: every entry is rounded down or up, every row adds up to its
//! whole number, and so does every column as far as that can be (controlled rounding: M. Bacharach, "Matrix Rounding
//! Problems", Management Science 12(9), 1966; L. H. Cox, "A Constructive Procedure for Unbiased Controlled Rounding",
//! JASA 82, 1987).

use std::collections::VecDeque;

use super::target::apportioned;

/// Rounds rows of shares of at least 0, each of which adds up to its count but for the rounding of fractions. Each row
/// is rounded by largest remainders; then roundings are moved along rows, from columns that have too many to columns
/// that have too few, until no way is left.
pub fn rounded(shares: &[Vec<f64>], counts: &[u64]) -> Vec<Vec<u64>> {
    let columns = shares.first().map_or(0, Vec::len);
    let rows = shares.iter().zip(counts).map(|(shares, count)| row(shares, *count));
    let mut table = Table { entries: rows.collect(), ways: vec![Vec::new(); columns * columns], columns };
    let sum = |column: usize| shares.iter().map(|row| row[column]).sum();
    let sums: Vec<f64> = (0..columns).map(sum).collect();
    let wanted = apportioned(&sums, counts.iter().sum());
    table.level(&wanted);
    let counts = |row: &Vec<Entry>| row.iter().map(|entry| entry.least + u64::from(entry.is_up)).collect();
    table.entries.iter().map(counts).collect()
}

/// A share between two whole numbers.
#[derive(Clone, Copy)]
struct Entry {
    least: u64,
    is_up: bool,
    /// Whether it may be rounded up: it is no whole number.
    can_be_up: bool,
}

/// A row by largest remainders.
fn row(shares: &[f64], count: u64) -> Vec<Entry> {
    const NEARLY: f64 = 1e-9;
    let entry = |(share, whole): (&f64, u64)| {
        // What fractions add up to may be a hair off.
        let least = (share + NEARLY).floor().max(0.0) as u64;
        let can_be_up = share - least as f64 > NEARLY;
        Entry { least: least.min(whole), is_up: whole > least, can_be_up: can_be_up || whole > least }
    };
    shares.iter().zip(apportioned(shares, count)).map(entry).collect()
}

struct Table {
    entries: Vec<Vec<Entry>>,
    /// For each pair of columns rows in which a rounding can be moved from the one to the other; some no longer.
    ways: Vec<Vec<usize>>,
    columns: usize,
}

impl Table {
    /// Moves roundings until the columns have the wanted sums, or no way is left.
    fn level(&mut self, wanted: &[u64]) {
        (0..self.entries.len()).for_each(|row| self.note(row));
        let sum = |column: usize| {
            let counts = self.entries.iter().map(|row| row[column].least + u64::from(row[column].is_up));
            counts.sum::<u64>() as i64
        };
        let mut over: Vec<i64> =
            (0..self.columns).map(|column| sum(column) - wanted[column] as i64).collect();
        while let Some(way) = self.way(&over) {
            for pair in way.windows(2) {
                self.shift(pair[0], pair[1]);
            }
            if let (Some(first), Some(last)) = (way.first(), way.last()) {
                over[*first] -= 1;
                over[*last] += 1;
            }
        }
    }

    /// The shortest way from a column that has too many to one that has too few, by columns.
    fn way(&mut self, over: &[i64]) -> Option<Vec<usize>> {
        let mut before = vec![None; self.columns];
        let mut queue: VecDeque<usize> = (0..self.columns).filter(|column| over[*column] > 0).collect();
        queue.iter().for_each(|column| before[*column] = Some(*column));
        while let Some(from) = queue.pop_front() {
            for to in 0..self.columns {
                if before[to].is_some() || self.movable(from, to).is_none() {
                    continue;
                }
                before[to] = Some(from);
                if over[to] < 0 {
                    let mut way = vec![to];
                    while let Some(last) = way.last().copied()
                        && let Some(previous) = before[last].filter(|previous| *previous != last)
                    {
                        way.push(previous);
                    }
                    way.reverse();
                    return Some(way);
                }
                queue.push_back(to);
            }
        }
        None
    }

    /// A row in which a rounding can be moved between two columns.
    fn movable(&mut self, from: usize, to: usize) -> Option<usize> {
        let ways = &mut self.ways[from * self.columns + to];
        while let Some(row) = ways.last().copied() {
            if can_move(&self.entries[row], from, to) {
                return Some(row);
            }
            ways.pop();
        }
        None
    }

    fn shift(&mut self, from: usize, to: usize) {
        if let Some(row) = self.movable(from, to) {
            self.entries[row][from].is_up = false;
            self.entries[row][to].is_up = true;
            self.note(row);
        }
    }

    /// Notes between which columns a row can move roundings now.
    fn note(&mut self, row: usize) {
        for from in 0..self.columns {
            for to in 0..self.columns {
                if can_move(&self.entries[row], from, to) {
                    self.ways[from * self.columns + to].push(row);
                }
            }
        }
    }
}

fn can_move(row: &[Entry], from: usize, to: usize) -> bool {
    from != to && row[from].is_up && !row[to].is_up && row[to].can_be_up
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_add_up() {
        // A thousand classes of three: by rows alone the first column would get all of them.
        let shares = vec![vec![2.4, 0.3, 0.3]; 1000];
        let table = rounded(&shares, &[3; 1000]);
        let sum = |column: usize| table.iter().map(|row| row[column]).sum::<u64>();
        assert_eq!([sum(0), sum(1), sum(2)], [2400, 300, 300]);
        assert_eq!(rounded(&[vec![0.5, 0.5], vec![0.5, 0.5]], &[1, 1]).concat().iter().sum::<u64>(), 2);
        assert_eq!(rounded(&[], &[]), Vec::<Vec<u64>>::new());
        assert_eq!(rounded(&[vec![0.0, 0.0]], &[0]), [[0, 0]]);
    }

    proptest::proptest! {
        #[test]
        fn entries_are_rounded_down_or_up(
            counts in proptest::collection::vec(0u64..40, 1..30),
            parts in proptest::collection::vec(1u32..9, 1..6),
        ) {
            let all: f64 = parts.iter().copied().map(f64::from).sum();
            let row = |count: &u64| parts.iter().map(|part| f64::from(*part) / all * *count as f64).collect();
            let shares: Vec<Vec<f64>> = counts.iter().map(row).collect();
            let table = rounded(&shares, &counts);
            for ((row, shares), count) in table.iter().zip(&shares).zip(&counts) {
                proptest::prop_assert_eq!(row.iter().sum::<u64>(), *count);
                for (entry, share) in row.iter().zip(shares) {
                    proptest::prop_assert!((*entry as f64 - share).abs() < 1.0, "{} for {}", entry, share);
                }
            }
            for (column, part) in parts.iter().enumerate() {
                let sum: u64 = table.iter().map(|row| row[column]).sum();
                let share = f64::from(*part) / all * counts.iter().sum::<u64>() as f64;
                proptest::prop_assert!((sum as f64 - share).abs() < 1.0, "column {} for {}", sum, share);
            }
        }
    }
}
