//! Class labels: each sample has a set of classes, and equal sets are stored once.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Index into [`Labels::classes`].
pub type ClassId = u32;

/// The labels of every sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// Class names in the order of their ids.
    pub classes: Vec<String>,
    /// The distinct label sets, each sorted and without repeats. The first is the empty one.
    pub sets: Vec<Vec<ClassId>>,
    /// One index into `sets` per sample.
    pub of: Vec<u32>,
}

impl Labels {
    /// The label set of a sample that has no label.
    pub const UNLABELLED: u32 = 0;

    /// The classes of one sample; empty when it has no label.
    pub fn get(&self, sample: super::SampleId) -> &[ClassId] {
        &self.sets[self.of[sample as usize] as usize]
    }

    /// The names of one sample's classes.
    pub fn names(&self, sample: super::SampleId) -> impl Iterator<Item = &str> + '_ {
        self.get(sample).iter().map(|class| self.classes[*class as usize].as_str())
    }
}

/// Builds [`Labels`] sample by sample.
#[derive(Clone, Debug)]
pub struct LabelsBuilder {
    labels: Labels,
    class_ids: HashMap<String, ClassId>,
    set_ids: HashMap<Vec<ClassId>, u32>,
    /// What was added to samples after they were pushed. Their sets are made at the end, so that
    /// the ones on the way to them are never stored.
    added: HashMap<super::SampleId, Vec<ClassId>>,
}

impl Default for LabelsBuilder {
    fn default() -> Self {
        let labels = Labels { sets: vec![Vec::new()], ..Labels::default() };
        let set_ids = HashMap::from([(Vec::new(), Labels::UNLABELLED)]);
        Self { labels, class_ids: HashMap::new(), set_ids, added: HashMap::new() }
    }
}

impl LabelsBuilder {
    /// The id of the class of that name, made when there is none yet.
    pub fn class(&mut self, name: &str) -> ClassId {
        if let Some(id) = self.class_ids.get(name) {
            return *id;
        }
        let id = self.labels.classes.len() as ClassId;
        self.labels.classes.push(name.to_owned());
        self.class_ids.insert(name.to_owned(), id);
        id
    }

    /// Adds the next sample's label set: any order, repeats allowed.
    pub fn push(&mut self, classes: &[ClassId]) {
        let set = self.set(classes);
        self.labels.of.push(set);
    }

    /// Adds classes to a sample that was pushed before.
    pub fn extend(&mut self, sample: super::SampleId, classes: &[ClassId]) {
        if !classes.is_empty() {
            self.added.entry(sample).or_default().extend_from_slice(classes);
        }
    }

    /// The id of a label set, made when there is none yet.
    fn set(&mut self, classes: &[ClassId]) -> u32 {
        let mut set = classes.to_vec();
        set.sort_unstable();
        set.dedup();
        if let Some(id) = self.set_ids.get(&set) {
            return *id;
        }
        let id = self.labels.sets.len() as u32;
        self.labels.sets.push(set.clone());
        self.set_ids.insert(set, id);
        id
    }

    pub fn finish(mut self) -> Labels {
        // In the order of the samples, so that sets have the same numbers every time.
        let mut added: Vec<_> = std::mem::take(&mut self.added).into_iter().collect();
        added.sort_unstable_by_key(|(sample, _)| *sample);
        for (sample, classes) in added {
            let merged = [self.labels.get(sample), &classes].concat();
            self.labels.of[sample as usize] = self.set(&merged);
        }
        self.labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_are_stored_once() {
        let mut builder = LabelsBuilder::default();
        let (cat, dog) = (builder.class("cat"), builder.class("dog"));
        assert_eq!(builder.class("cat"), cat);
        builder.push(&[dog, cat, dog]);
        builder.push(&[]);
        builder.push(&[cat]);
        builder.extend(2, &[dog]);
        let labels = builder.finish();
        assert_eq!(labels.of[0], labels.of[2]);
        assert_eq!(labels.of[1], Labels::UNLABELLED);
        assert_eq!(labels.names(0).collect::<Vec<_>>(), ["cat", "dog"]);
    }

    #[test]
    fn a_sample_that_is_named_often_stores_one_set() {
        let mut builder = LabelsBuilder::default();
        builder.push(&[]);
        for name in 0..1000 {
            let class = builder.class(&name.to_string());
            builder.extend(0, &[class]);
        }
        let labels = builder.finish();
        assert_eq!((labels.get(0).len(), labels.sets.len()), (1000, 2));
    }
}
