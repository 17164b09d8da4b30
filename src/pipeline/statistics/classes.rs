//! Samples by class and split.

use super::Subject;
use crate::analysis::distribution::{Imbalance, Splits};
use crate::dataset::{ClassId, NO_SPLIT, SplitId};

/// Samples by class and split, and how unevenly they are spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// By class: a sample of two classes counts for both.
    pub counts: Vec<u64>,
    /// Samples that have no class.
    pub unlabelled: u64,
    /// Whether a sample has two classes or more.
    pub is_multilabel: bool,
    pub imbalance: Imbalance,
    /// The splits that have samples here, [`NO_SPLIT`] last for those of none.
    pub split_ids: Vec<SplitId>,
    /// Their names; `none` for the samples of no split.
    pub split_names: Vec<String>,
    /// Samples of each of them, those without a class as well.
    pub split_samples: Vec<u64>,
    /// In the order of the split ids.
    pub splits: Splits,
}

/// Counts the samples of these rows by class and split.
pub fn classes(subject: Subject<'_>, beta: f64) -> Classes {
    let dataset = &subject.snapshot.dataset;
    let (classes, splits) = (subject.snapshot.labels().classes.len(), dataset.split_names.len());
    // The last is for samples of no split, whose id is above every other.
    let mut by_split = vec![vec![0u64; classes]; splits + 1];
    let mut samples = vec![0u64; splits + 1];
    let (mut unlabelled, mut is_multilabel) = (0, false);
    for (place, row) in subject.rows.iter().enumerate() {
        let split = (dataset.splits[*row as usize] as usize).min(splits);
        let set = subject.classes_at(place);
        samples[split] += 1;
        unlabelled += u64::from(set.is_empty());
        is_multilabel |= set.len() > 1;
        set.iter().for_each(|class| by_split[split][*class as usize] += 1);
    }
    let counts: Vec<u64> =
        (0..classes).map(|class| by_split.iter().map(|counts| counts[class]).sum()).collect();
    let there: Vec<usize> = (0..=splits).filter(|split| samples[*split] > 0).collect();
    let id = |split: &usize| if *split == splits { NO_SPLIT } else { *split as SplitId };
    let name = |split: &usize| dataset.split_names.get(*split).cloned().unwrap_or_else(|| "none".to_owned());
    Classes {
        imbalance: Imbalance::of(&counts, beta),
        counts,
        unlabelled,
        is_multilabel,
        split_ids: there.iter().map(id).collect(),
        split_names: there.iter().map(name).collect(),
        split_samples: there.iter().map(|split| samples[*split]).collect(),
        splits: Splits::of(there.iter().map(|split| std::mem::take(&mut by_split[*split])).collect()),
    }
}

/// At most so many classes that have samples, the most frequent first; of equal ones the first.
pub fn most_frequent(counts: &[u64], most: usize) -> Vec<ClassId> {
    let mut order: Vec<ClassId> =
        (0..counts.len() as ClassId).filter(|class| counts[*class as usize] > 0).collect();
    order.sort_by(|one, two| counts[*two as usize].cmp(&counts[*one as usize]).then(one.cmp(two)));
    order.truncate(most);
    order
}
