//! The labels and boxes that count: what the source says, with what a person said in its place.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::{Fate, Labelling, NamedBox};
use crate::dataset::edit::SampleSet;
use crate::dataset::labels::{ClassId, Labels};
use crate::dataset::natural::ranks;
use crate::dataset::{BoxRecord, Boxes, Dataset, SampleId};

/// The labels and boxes of a dataset under a labelling.
///
/// A sample's classes are those of its answer, or its source's where there is none, and those of its
/// boxes. Where nothing was said the columns are the dataset's own. Cloning it copies pointers.
#[derive(Clone, Debug)]
pub struct InForce {
    pub labels: Arc<Labels>,
    pub boxes: Arc<Boxes>,
    /// The identity of each class of `labels`.
    pub identities: Arc<Vec<String>>,
    /// The colour that a person chose for each class, sRGB; empty where they chose none.
    pub colours: Arc<Vec<Option<[u8; 3]>>>,
    index: Arc<Index>,
}

/// What a change of single samples needs.
#[derive(Clone, Debug, Default)]
struct Index {
    /// The class of each identity, those that were merged into another among them.
    ids: HashMap<String, ClassId>,
    /// The class that each class of the source is now.
    of_given: Vec<Option<ClassId>>,
    sets: HashMap<Vec<ClassId>, u32>,
}

impl InForce {
    /// What counts where nothing was said.
    pub fn given(dataset: &Dataset) -> Self {
        Self {
            labels: dataset.labels.clone(),
            boxes: dataset.boxes.clone(),
            identities: Arc::new(dataset.labels.classes.clone()),
            colours: Arc::default(),
            index: Arc::new(Index::given(&dataset.labels)),
        }
    }

    /// What counts under this labelling. Takes time in proportion to the rows.
    pub fn new(dataset: &Dataset, labelling: &Labelling) -> Self {
        if labelling.leaves_labels() {
            return Self::given(dataset);
        }
        let given = &*dataset.labels;
        let identities = identities(dataset, labelling);
        let mut index = Index::default();
        for (id, identity) in identities.iter().enumerate() {
            index.ids.insert(identity.clone(), id as ClassId);
        }
        index.of_given = given.classes.iter().map(|name| index.class(labelling, name)).collect();

        let names = identities.iter().map(|identity| labelling.classes().name(identity).to_owned());
        let mut labels = Labels { classes: names.collect(), sets: vec![Vec::new()], of: Vec::new() };
        index.sets.insert(Vec::new(), Labels::UNLABELLED);
        let set_of_given: Vec<u32> = given
            .sets
            .iter()
            .map(|set| {
                let set =
                    set.iter().filter_map(|class| index.of_given.get(*class as usize).copied().flatten());
                index.set(&mut labels, set.collect())
            })
            .collect();
        labels.of = given.of.iter().map(|set| set_of_given[*set as usize]).collect();

        let as_they_were = index.of_given.iter().enumerate().all(|(at, class)| *class == Some(at as ClassId));
        let boxes = if as_they_were {
            dataset.boxes.clone()
        } else {
            let class = |class: ClassId| index.of_given.get(class as usize).copied().flatten();
            Arc::new(dataset.boxes.reclassed(class))
        };
        let colour = |identity: &String| labelling.classes().entry(identity).and_then(|entry| entry.colour);
        let mut colours: Vec<Option<[u8; 3]>> = identities.iter().map(colour).collect();
        if colours.iter().all(Option::is_none) {
            colours.clear();
        }
        let mut counted = Self {
            labels: Arc::new(labels),
            boxes,
            colours: Arc::new(colours),
            identities: Arc::new(identities),
            index: Arc::new(index),
        };
        let touched = SampleSet::from_rows(labelling.touched());
        counted.change(dataset, labelling, &touched);
        counted
    }

    /// What counts once something else was said of these samples, and of no class.
    pub fn update(&mut self, dataset: &Dataset, labelling: &Labelling, samples: &SampleSet) {
        let is_known = |identity: &str| {
            labelling.classes().resolve(identity).is_none_or(|now| self.index.ids.contains_key(now))
        };
        let all_known = samples.iter().all(|sample| {
            labelling.answer(sample).is_none_or(|said| said.labels().all(is_known))
                && labelling.boxes(sample).is_none_or(|boxes| boxes.iter().all(|one| is_known(&one.class)))
        });
        if all_known {
            self.change(dataset, labelling, samples);
        } else {
            *self = Self::new(dataset, labelling);
        }
    }

    fn change(&mut self, dataset: &Dataset, labelling: &Labelling, samples: &SampleSet) {
        if samples.is_empty() {
            return;
        }
        let boxed =
            |sample: &SampleId| labelling.boxes(*sample).is_some() || self.boxes.changed.contains_key(sample);
        let boxed: Vec<SampleId> = samples.iter().filter(boxed).collect();
        for sample in boxed {
            let records = labelling.boxes(sample).map(|boxes| self.records(labelling, boxes));
            let all = Arc::make_mut(&mut self.boxes);
            match records {
                Some(records) => all.changed.insert(sample, records),
                None => all.changed.remove(&sample),
            };
        }
        // Many samples have few answers: each is looked up once.
        let mut answered: HashMap<u32, Vec<ClassId>> = HashMap::new();
        let mut set = Vec::new();
        let rows = self.labels.of.len();
        for sample in samples.iter().filter(|sample| (*sample as usize) < rows) {
            set.clear();
            match labelling.answer(sample) {
                Some(said) => {
                    let classes = answered.entry(said.set).or_insert_with(|| {
                        said.labels().filter_map(|label| self.index.class(labelling, label)).collect()
                    });
                    set.extend_from_slice(classes);
                }
                None => {
                    let own = dataset.labels.get(sample).iter();
                    // The classes of the source's boxes go with them.
                    let of_boxes: HashSet<ClassId> = match labelling.boxes(sample) {
                        Some(_) => dataset.boxes.get(sample).iter().map(|one| one.class).collect(),
                        None => HashSet::new(),
                    };
                    let own = own.filter(|class| !of_boxes.contains(class));
                    set.extend(
                        own.filter_map(|class| self.index.of_given.get(*class as usize).copied().flatten()),
                    );
                }
            }
            set.extend(self.boxes.get(sample).iter().map(|one| one.class));
            set.sort_unstable();
            set.dedup();
            if self.labels.get(sample) == set.as_slice() {
                continue;
            }
            let id = match self.index.sets.get(&set) {
                Some(id) => *id,
                None => Arc::make_mut(&mut self.index).set(Arc::make_mut(&mut self.labels), set.clone()),
            };
            Arc::make_mut(&mut self.labels).of[sample as usize] = id;
        }
    }

    fn records(&self, labelling: &Labelling, boxes: &[NamedBox]) -> Vec<BoxRecord> {
        let record = |one: &NamedBox| {
            let class = self.index.class(labelling, &one.class)?;
            Some(BoxRecord { class, rect: one.rect, relative: one.relative })
        };
        boxes.iter().filter_map(record).collect()
    }
}

impl Index {
    fn given(labels: &Labels) -> Self {
        let ids = labels.classes.iter().enumerate().map(|(id, name)| (name.clone(), id as ClassId));
        let sets = labels.sets.iter().enumerate().map(|(id, set)| (set.clone(), id as u32));
        Self {
            ids: ids.collect(),
            of_given: (0..labels.classes.len()).map(|id| Some(id as ClassId)).collect(),
            sets: sets.collect(),
        }
    }

    /// The class that an identity is now.
    fn class(&self, labelling: &Labelling, identity: &str) -> Option<ClassId> {
        self.ids.get(labelling.classes().resolve(identity)?).copied()
    }

    /// The number of a set of classes in any order, made where there is none.
    fn set(&mut self, labels: &mut Labels, mut set: Vec<ClassId>) -> u32 {
        set.sort_unstable();
        set.dedup();
        if let Some(id) = self.sets.get(&set) {
            return *id;
        }
        let id = labels.sets.len() as u32;
        labels.sets.push(set.clone());
        self.sets.insert(set, id);
        id
    }
}

/// The identities of the classes that there are: those that the person put in order, then the
/// source's in its order, then the others by name.
fn identities(dataset: &Dataset, labelling: &Labelling) -> Vec<String> {
    let classes = labelling.classes();
    let mut others: BTreeSet<&str> = classes.entries.keys().map(String::as_str).collect();
    // What was merged into a class keeps it there, also where nothing else is of it.
    others.extend(classes.entries.values().filter_map(|entry| match &entry.fate {
        Some(Fate::Merged(into)) => Some(into.as_str()),
        _ => None,
    }));
    for sample in labelling.touched() {
        others.extend(labelling.answer(sample).into_iter().flat_map(|said| said.labels()));
        others.extend(labelling.boxes(sample).into_iter().flatten().map(|one| one.class.as_str()));
    }
    let others: Vec<&str> = others.into_iter().collect();
    let place = ranks(others.len(), |at| classes.name(others[at]));
    let mut by_name: Vec<usize> = (0..others.len()).collect();
    by_name.sort_by_key(|at| place[*at]);

    let is_given: HashSet<&str> = dataset.labels.classes.iter().map(String::as_str).collect();
    let is_known = |identity: &&str| is_given.contains(identity) || others.binary_search(identity).is_ok();
    let ordered = classes.order.iter().map(String::as_str).filter(is_known);
    let given = dataset.labels.classes.iter().map(String::as_str);
    let rest = by_name.iter().map(|at| others[*at]);
    let mut seen = HashSet::new();
    ordered
        .chain(given)
        .chain(rest)
        .filter(|identity| classes.resolve(identity) == Some(identity) && seen.insert(*identity))
        .map(str::to_owned)
        .collect()
}
