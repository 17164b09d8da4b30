//! A list of values for each sample, as one flat column.

use serde::{Deserialize, Serialize};

use super::SampleId;

/// The values of every sample: sample `i` owns `values[starts[i]..starts[i + 1]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lists<T> {
    /// One more than there are samples; empty when no sample has a value.
    starts: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), values: Vec::new() }
    }
}

impl<T> Lists<T> {
    /// Of values with their samples, in any order; those of one sample stay in theirs.
    pub fn of_pairs(samples: usize, mut pairs: Vec<(SampleId, T)>) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        pairs.sort_by_key(|(sample, _)| *sample);
        let mut starts = vec![0; samples + 1];
        pairs.iter().for_each(|(sample, _)| starts[*sample as usize + 1] += 1);
        for sample in 0..samples {
            starts[sample + 1] += starts[sample];
        }
        Self { starts, values: pairs.into_iter().map(|(_, value)| value).collect() }
    }

    /// `None` where these do not fit so many samples.
    pub fn from_parts(samples: usize, starts: Vec<u32>, values: Vec<T>) -> Option<Self> {
        let is_whole = match (starts.first(), starts.last()) {
            (Some(first), Some(last)) => {
                starts.len() == samples + 1 && *first == 0 && *last as usize == values.len()
            }
            _ => values.is_empty(),
        };
        (is_whole && starts.is_sorted()).then_some(Self { starts, values })
    }

    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// Those of all samples.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    pub fn get(&self, sample: SampleId) -> &[T] {
        let at = sample as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => &self.values[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// Whether no sample has a value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What `other` makes of each value; those of which it makes none are left out.
    pub fn filter_map<U>(&self, other: impl Fn(&T) -> Option<U>) -> Lists<U> {
        let (mut starts, mut values) = (Vec::with_capacity(self.starts.len()), Vec::new());
        starts.extend(self.starts.first());
        for ends in self.starts.windows(2) {
            values.extend(self.values[ends[0] as usize..ends[1] as usize].iter().filter_map(&other));
            starts.push(values.len() as u32);
        }
        Lists { starts, values }
    }
}

impl<T: Clone> Lists<T> {
    /// The lists of other rows: for each the row that has its list, if any.
    pub fn of_rows(&self, rows: &[Option<SampleId>]) -> Self {
        if self.is_empty() {
            return Self::default();
        }
        let mut lists = Self { starts: vec![0], values: Vec::with_capacity(self.values.len()) };
        for row in rows {
            lists.values.extend_from_slice(row.map_or(&[], |row| self.get(row)));
            lists.starts.push(lists.values.len() as u32);
        }
        lists
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_has_its_own_in_order() {
        let lists = Lists::of_pairs(4, vec![(2, 'c'), (0, 'a'), (2, 'd'), (0, 'b')]);
        let all =
            |lists: &Lists<char>| (0..5).map(|row| lists.get(row).iter().collect()).collect::<Vec<String>>();
        assert_eq!(all(&lists), ["ab", "", "cd", "", ""]);
        assert_eq!(all(&lists.of_rows(&[Some(2), None, Some(0)])), ["cd", "", "ab", "", ""]);
        assert_eq!(all(&lists.filter_map(|one| (*one != 'c').then_some(*one))), ["ab", "", "d", "", ""]);
        assert_eq!(Lists::from_parts(4, lists.starts().to_vec(), lists.values().to_vec()), Some(lists));
        for (starts, values) in [(vec![0, 1], vec!['a']), (vec![0, 2, 1], vec!['a']), (vec![], vec!['a'])] {
            assert_eq!(Lists::from_parts(2, starts, values), None);
        }
        let none = Lists::<char>::default();
        assert_eq!((none.of_rows(&[None, Some(0)]), Lists::of_pairs(3, Vec::new())), (none.clone(), none));
    }
}
