//! Groups of near-duplicates: what hangs together by pairs up to a threshold.
//!
//! The pairs become a minimum spanning forest once (J. B. Kruskal, 1956): at any threshold its edges
//! up to there connect the same rows as all pairs do, and are fewer than the rows. Each such edge makes
//! one sample redundant, so that counts need no groups at all.
//!
//! Where an edge connects two groups their rows are laid one group after the other. So the rows of a
//! group lie together at every threshold, up to a gap that a higher edge closed, and groups re-form
//! within a frame while a slider moves: by walking along the gaps, without connecting anything.

use super::hamming::Pair;

/// No group.
pub const ALONE: u32 = u32::MAX;

/// The edges that hang rows together, closest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forest {
    rows: usize,
    edges: Vec<Pair>,
    /// The rows that have an edge, such that those of a group lie together, its first row in front.
    leaves: Vec<Leaf>,
    /// Pairs at each distance, all of them and not only the edges.
    histogram: Vec<u32>,
}

/// A row beside the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leaf {
    row: u32,
    /// The distance at which it is in one group with the row before; more than any where it never is.
    gap: u32,
}

/// A gap that no edge closes.
const APART: u32 = u16::MAX as u32 + 1;

/// Rows in groups of at least two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// The group of each row, or [`ALONE`]. Groups are numbered by their first rows.
    pub group_of: Vec<u32>,
    /// The rows of all groups, one group after another, ascending within each.
    rows: Vec<u32>,
    /// Where each group begins in `rows`, and the end of the last.
    starts: Vec<u32>,
}

impl Forest {
    /// The forest of these pairs over so many rows.
    pub fn new(rows: usize, pairs: &[Pair]) -> Self {
        let largest = pairs.iter().map(|pair| usize::from(pair.distance)).max();
        let mut histogram = vec![0u32; largest.map_or(0, |largest| largest + 1)];
        for pair in pairs {
            histogram[usize::from(pair.distance)] += 1;
        }
        // By distance, and in their order within one.
        let mut next: Vec<usize> = Vec::with_capacity(histogram.len());
        let mut sum = 0;
        for count in &histogram {
            next.push(sum);
            sum += *count as usize;
        }
        let mut order = vec![0u32; pairs.len()];
        for (at, pair) in pairs.iter().enumerate() {
            let place = &mut next[usize::from(pair.distance)];
            order[*place] = at as u32;
            *place += 1;
        }
        let mut sets = Sets::new(rows);
        let mut lines = Lines::new(rows);
        let ordered = order.iter().map(|at| pairs[*at as usize]);
        let edges = ordered.filter(|pair| {
            let joined = sets.join(pair.a, pair.b);
            joined.inspect(|(first, second)| lines.append(*first, *second, pair.distance)).is_some()
        });
        let edges = edges.collect();
        Self { rows, edges, leaves: lines.leaves(), histogram }
    }

    /// Rows that it is over.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Pairs at each distance from 0 on.
    pub fn histogram(&self) -> &[u32] {
        &self.histogram
    }

    /// The edges up to a threshold, closest first.
    pub fn edges(&self, threshold: u32) -> &[Pair] {
        &self.edges[..self.redundant(threshold)]
    }

    /// How many samples are redundant up to a threshold: all but one of each group.
    pub fn redundant(&self, threshold: u32) -> usize {
        self.edges.partition_point(|edge| u32::from(edge.distance) <= threshold)
    }

    /// The lowest threshold at which at least so many samples are redundant; `None` where there is none.
    pub fn threshold_for(&self, redundant: usize) -> Option<u32> {
        let last = redundant.checked_sub(1);
        last.map_or(Some(0), |last| self.edges.get(last).map(|edge| u32::from(edge.distance)))
    }

    /// The edges nearest to a threshold, closest first: at most `each` that hold groups together up to
    /// there, and at most `each` of those that would join groups next.
    pub fn borderline(&self, threshold: u32, each: usize) -> &[Pair] {
        let at = self.redundant(threshold);
        &self.edges[at.saturating_sub(each)..self.edges.len().min(at + each)]
    }

    /// The groups up to a threshold.
    pub fn groups(&self, threshold: u32) -> Groups {
        let threshold = threshold.min(APART - 1);
        // The first row of each row's group, and the size of the group beside its first row.
        let (mut group_of, mut sizes, mut members) = (vec![ALONE; self.rows], vec![0; self.rows], 0);
        for line in self.leaves.chunk_by(|_, leaf| leaf.gap <= threshold).filter(|line| line.len() > 1) {
            let first = line[0].row;
            line.iter().for_each(|leaf| group_of[leaf.row as usize] = first);
            sizes[first as usize] = line.len() as u32;
            members += line.len();
        }
        // Then its number, which the first row has before the others ask for it.
        let (mut rows, mut starts, mut next) = (vec![0; members], vec![0], Vec::new());
        let mut end = 0;
        for row in 0..self.rows {
            let first = group_of[row];
            if first == ALONE {
                continue;
            }
            if first as usize == row {
                group_of[row] = next.len() as u32;
                next.push(end);
                end += sizes[row];
                starts.push(end);
            }
            let group = group_of[first as usize];
            group_of[row] = group;
            let at = &mut next[group as usize];
            rows[*at as usize] = row as u32;
            *at += 1;
        }
        Groups { group_of, rows, starts }
    }
}

impl Groups {
    /// The groups of those rows that are there: of the others none is in a group, and a group of which
    /// one is left is none.
    pub fn retain(self, is_there: impl Fn(u32) -> bool) -> Self {
        if self.rows.iter().all(|row| is_there(*row)) {
            return self;
        }
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for group in self.iter() {
            let left: Vec<u32> = group.iter().copied().filter(|row| is_there(*row)).collect();
            if left.len() > 1 {
                groups.push(left);
            }
        }
        groups.sort_unstable();
        let mut retained =
            Self { group_of: vec![ALONE; self.group_of.len()], rows: Vec::new(), starts: vec![0] };
        for (at, group) in groups.iter().enumerate() {
            group.iter().for_each(|row| retained.group_of[*row as usize] = at as u32);
            retained.rows.extend(group);
            retained.starts.push(retained.rows.len() as u32);
        }
        retained
    }

    /// How many rows are redundant: all but one of each group.
    pub fn redundant(&self) -> usize {
        self.rows.len() - self.len()
    }

    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of a group, ascending.
    pub fn rows(&self, group: usize) -> &[u32] {
        &self.rows[self.starts[group] as usize..self.starts[group + 1] as usize]
    }

    /// Every group's rows.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).map(|group| self.rows(group))
    }
}

/// Disjoint sets of rows.
struct Sets {
    parents: Vec<u32>,
}

impl Sets {
    fn new(rows: usize) -> Self {
        Self { parents: (0..rows as u32).collect() }
    }

    /// The row that stands for a row's set. Paths are halved on the way (R. E. Tarjan and J. van
    /// Leeuwen, 1984).
    fn root(&mut self, mut row: u32) -> u32 {
        while self.parents[row as usize] != row {
            let above = self.parents[self.parents[row as usize] as usize];
            self.parents[row as usize] = above;
            row = above;
        }
        row
    }

    /// Makes two sets one, for which the first of its rows stands. Where they were two: the rows that
    /// stood for them, the one that still does first.
    fn join(&mut self, a: u32, b: u32) -> Option<(u32, u32)> {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
        (a != b).then_some((a.min(b), a.max(b)))
    }
}

/// Rows one after the other, each line named by its first.
struct Lines {
    /// The row after each, or [`ALONE`].
    next: Vec<u32>,
    /// The last row of each line, beside its first.
    last: Vec<u32>,
    /// The distance at which each row came after another; [`APART`] for the first of a line.
    gaps: Vec<u32>,
}

impl Lines {
    fn new(rows: usize) -> Self {
        Self { next: vec![ALONE; rows], last: (0..rows as u32).collect(), gaps: vec![APART; rows] }
    }

    /// Lays a line behind another.
    fn append(&mut self, first: u32, second: u32, distance: u16) {
        let end = self.last[first as usize];
        self.next[end as usize] = second;
        self.gaps[second as usize] = u32::from(distance);
        self.last[first as usize] = self.last[second as usize];
    }

    /// The lines of at least two rows, one after the other.
    fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        for first in 0..self.next.len() as u32 {
            let is_line = self.gaps[first as usize] == APART && self.next[first as usize] != ALONE;
            let mut row = if is_line { first } else { ALONE };
            while row != ALONE {
                leaves.push(Leaf { row, gap: self.gaps[row as usize] });
                row = self.next[row as usize];
            }
        }
        leaves
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(a: u32, b: u32, distance: u16) -> Pair {
        Pair { a, b, distance }
    }

    #[test]
    fn groups_grow_with_the_threshold() {
        let pairs = [pair(0, 5, 3), pair(1, 2, 0), pair(2, 5, 7), pair(1, 5, 7), pair(3, 4, 3)];
        let forest = Forest::new(7, &pairs);
        assert_eq!(forest.histogram(), [1, 0, 0, 2, 0, 0, 0, 2]);
        for (threshold, redundant, expected) in [
            (0, 1, vec![&[1, 2][..]]),
            (2, 1, vec![&[1, 2]]),
            (3, 3, vec![&[0, 5], &[1, 2], &[3, 4]]),
            (99, 4, vec![&[0, 1, 2, 5], &[3, 4]]),
        ] {
            let groups = forest.groups(threshold);
            assert_eq!(groups.iter().collect::<Vec<_>>(), expected, "{threshold}");
            assert_eq!(forest.redundant(threshold), redundant);
        }
        assert_eq!(forest.groups(3).group_of, [0, 1, 1, 2, 2, 0, ALONE]);
        for (redundant, threshold) in [(0, Some(0)), (1, Some(0)), (2, Some(3)), (4, Some(7)), (5, None)] {
            assert_eq!(forest.threshold_for(redundant), threshold, "{redundant}");
        }
        for (threshold, each, expected) in
            [(3, 1, &[3, 7][..]), (0, 2, &[0, 3, 3]), (99, 2, &[3, 7]), (5, 0, &[])]
        {
            let nearest: Vec<u16> =
                forest.borderline(threshold, each).iter().map(|pair| pair.distance).collect();
            assert_eq!(nearest, expected, "{each} around {threshold}");
        }
        assert!(Forest::new(0, &[]).groups(5).is_empty());
    }

    #[test]
    fn any_distance_is_a_threshold() {
        let forest = Forest::new(4, &[pair(0, 1, u16::MAX), pair(1, 3, 0)]);
        for (threshold, group_of) in [
            (0, [ALONE, 0, ALONE, 0]),
            (u32::from(u16::MAX) - 1, [ALONE, 0, ALONE, 0]),
            (u32::from(u16::MAX), [0, 0, ALONE, 0]),
            (u32::MAX, [0, 0, ALONE, 0]),
        ] {
            assert_eq!(forest.groups(threshold).group_of, group_of, "{threshold}");
        }
    }

    proptest! {
        #[test]
        fn the_forest_hangs_together_what_the_pairs_do(
            pairs in prop::collection::vec((0u32..20, 0u32..20, 0u16..8), 0..40),
            threshold in 0u32..9,
        ) {
            let pairs: Vec<Pair> = pairs
                .into_iter()
                .filter(|(a, b, _)| a != b)
                .map(|(a, b, distance)| pair(a.min(b), a.max(b), distance))
                .collect();
            let forest = Forest::new(20, &pairs);
            let groups = forest.groups(threshold);
            let mut sets = Sets::new(20);
            for near in pairs.iter().filter(|pair| u32::from(pair.distance) <= threshold) {
                sets.join(near.a, near.b);
            }
            for a in 0..20 {
                for b in 0..20 {
                    let together = a == b || (groups.group_of[a as usize] != ALONE
                        && groups.group_of[a as usize] == groups.group_of[b as usize]);
                    prop_assert_eq!(together, sets.root(a) == sets.root(b));
                }
            }
            for (group, rows) in groups.iter().enumerate() {
                prop_assert!(rows.is_sorted() && rows.len() > 1);
                prop_assert!(group == 0 || groups.rows(group - 1)[0] < rows[0]);
                prop_assert!(rows.iter().all(|row| groups.group_of[*row as usize] as usize == group));
            }
            let members: usize = groups.iter().map(<[u32]>::len).sum();
            prop_assert_eq!(forest.redundant(threshold), members - groups.len());
        }
    }
}
