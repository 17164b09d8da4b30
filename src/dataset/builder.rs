//! Puts a [`Dataset`] together, sample by sample: what every importer ends in.

use std::collections::HashMap;

use super::boxes::{BoxRecord, Boxes};
use super::labels::{ClassId, LabelsBuilder};
use super::lists::Lists;
use super::points::PointRecord;
use super::{
    Attribute, Container, Dataset, Issue, IssueKind, Layout, NO_SPLIT, Origin, Place, SampleId, SplitId,
    Strings,
};

/// One sample as an importer hands it over.
#[derive(Clone, Debug, Default)]
pub struct NewSample<'a> {
    /// Display path; see [`Dataset::paths`].
    pub path: &'a str,
    /// The exact bytes of the path when it is not UTF-8.
    pub raw_path: Option<Vec<u8>>,
    /// `None` is a loose file of `bytes` bytes.
    pub place: Option<Place>,
    pub bytes: u64,
    pub modified_ms: i64,
    pub split: Option<&'a str>,
    /// Class names; none is unlabelled.
    pub labels: &'a [&'a str],
    pub boxes: Vec<NewBox<'a>>,
    /// Other values by column name.
    pub attributes: &'a [(&'a str, &'a str)],
}

/// One box as an importer hands it over; see [`BoxRecord`].
#[derive(Clone, Debug)]
pub struct NewBox<'a> {
    pub class: &'a str,
    pub rect: [f32; 4],
    pub relative: bool,
}

/// The most attributes of a dataset; what comes under further names is left out, with an issue.
pub const MAX_ATTRIBUTES: usize = 256;

/// Collects samples and issues; the class of a sample with boxes is the set of its boxes' classes.
#[derive(Debug)]
pub struct DatasetBuilder {
    root: String,
    source: String,
    layout: Layout,
    paths: Strings,
    raw_paths: std::collections::BTreeMap<SampleId, Vec<u8>>,
    by_path: HashMap<u64, Vec<SampleId>>,
    places: Vec<Place>,
    containers: Vec<Container>,
    container_ids: HashMap<Container, u32>,
    bytes: Vec<u64>,
    modified_ms: Vec<i64>,
    split_names: Vec<String>,
    split_ids: HashMap<String, SplitId>,
    splits: Vec<SplitId>,
    labels: LabelsBuilder,
    /// In the order in which they were handed over.
    boxes: Vec<(SampleId, BoxRecord)>,
    points: Vec<(SampleId, PointRecord)>,
    attributes: Vec<Column>,
    attribute_ids: HashMap<String, usize>,
    has_left_out_attributes: bool,
    issues: Vec<Issue>,
}

/// The values of one attribute, in the order in which they were handed over.
#[derive(Debug, Default)]
struct Column {
    name: String,
    samples: Vec<SampleId>,
    values: Strings,
}

impl Column {
    /// One value for each sample: the first that it was given, or an empty one.
    fn finish(self, samples: usize) -> Attribute {
        let mut order: Vec<u32> = (0..self.samples.len() as u32).collect();
        // Stable, so that of several values of a sample the first comes first.
        order.sort_by_key(|at| self.samples[*at as usize]);
        let mut values = Strings::new();
        values.reserve(samples, self.values.text().len());
        for at in order {
            let sample = self.samples[at as usize] as usize;
            while values.len() < sample {
                values.push("");
            }
            if values.len() == sample {
                values.push(self.values.get(at as usize));
            }
        }
        while values.len() < samples {
            values.push("");
        }
        Attribute { name: self.name, values }
    }
}

impl DatasetBuilder {
    /// `root` and `source` as in [`Dataset`].
    pub fn new(root: &str, source: &str, layout: Layout) -> Self {
        Self {
            root: root.to_owned(),
            source: source.to_owned(),
            layout,
            paths: Strings::new(),
            raw_paths: Default::default(),
            by_path: HashMap::new(),
            places: Vec::new(),
            containers: Vec::new(),
            container_ids: HashMap::new(),
            bytes: Vec::new(),
            modified_ms: Vec::new(),
            split_names: Vec::new(),
            split_ids: HashMap::new(),
            splits: Vec::new(),
            labels: LabelsBuilder::default(),
            boxes: Vec::new(),
            points: Vec::new(),
            attributes: Vec::new(),
            attribute_ids: HashMap::new(),
            has_left_out_attributes: false,
            issues: Vec::new(),
        }
    }

    pub fn set_layout(&mut self, layout: Layout) {
        self.layout = layout;
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Names a class before any sample has it, so that class ids follow the source's order.
    pub fn class(&mut self, name: &str) -> ClassId {
        self.labels.class(name)
    }

    /// Adds a container and gives its index for [`Place::container`].
    pub fn container(&mut self, container: Container) -> u32 {
        let next = self.containers.len() as u32;
        let id = *self.container_ids.entry(container.clone()).or_insert(next);
        if id == next {
            self.containers.push(container);
        }
        id
    }

    /// Adds a sample. One whose path was added before gets the new labels and boxes as well as its
    /// own, and the split and attributes that it had not: tables name a file once per label, and
    /// several tables describe the same files.
    pub fn push(&mut self, sample: NewSample<'_>) -> SampleId {
        let mut classes: Vec<ClassId> = sample.labels.iter().map(|name| self.labels.class(name)).collect();
        let boxes: Vec<BoxRecord> = sample
            .boxes
            .iter()
            .map(|one| BoxRecord {
                class: self.labels.class(one.class),
                rect: one.rect,
                relative: one.relative,
            })
            .collect();
        classes.extend(boxes.iter().map(|one| one.class));

        let key = hash_of(sample.path);
        let is_known = |id: &SampleId| {
            let raw = self.raw_paths.get(id).map(Vec::as_slice);
            self.paths.get(*id as usize) == sample.path && raw == sample.raw_path.as_deref()
        };
        let known = self.by_path.get(&key).and_then(|ids| ids.iter().copied().find(is_known));
        if let Some(id) = known {
            self.labels.extend(id, &classes);
            self.boxes.extend(boxes.into_iter().map(|one| (id, one)));
            self.set_attributes(id, sample.attributes);
            if let Some(split) = sample.split
                && self.splits[id as usize] == NO_SPLIT
            {
                self.splits[id as usize] = self.split(split);
            }
            return id;
        }

        let id = self.places.len() as SampleId;
        self.by_path.entry(key).or_default().push(id);
        self.paths.push(sample.path);
        if let Some(raw) = sample.raw_path {
            self.raw_paths.insert(id, raw);
        }
        self.places.push(sample.place.unwrap_or(Place::loose(sample.bytes)));
        self.bytes.push(sample.bytes);
        self.modified_ms.push(sample.modified_ms);
        let split = sample.split.map_or(NO_SPLIT, |name| self.split(name));
        self.splits.push(split);
        self.labels.push(&classes);
        self.boxes.extend(boxes.into_iter().map(|one| (id, one)));
        self.set_attributes(id, sample.attributes);
        id
    }

    /// Adds key points to a sample, in pixels or as parts of its sides.
    pub fn points(&mut self, sample: SampleId, places: &[[f32; 2]], relative: bool) {
        self.points.extend(places.iter().map(|at| (sample, PointRecord { at: *at, relative })));
    }

    /// Reports a fault of a sample or of another file.
    pub fn issue(
        &mut self,
        sample: Option<SampleId>,
        path: &str,
        kind: IssueKind,
        message: impl Into<String>,
    ) {
        let (path, message, origin) = (path.to_owned(), message.into(), Origin::Listing);
        self.issues.push(Issue { sample, path, kind, origin, message });
    }

    /// The faults reported so far.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// The dataset and its issues.
    pub fn finish(self) -> (Dataset, Vec<Issue>) {
        let samples = self.places.len();
        let dataset = Dataset {
            root: self.root,
            source: self.source,
            layout: self.layout,
            paths: self.paths,
            raw_paths: self.raw_paths,
            places: self.places,
            containers: self.containers,
            bytes: self.bytes,
            modified_ms: self.modified_ms,
            split_names: self.split_names,
            splits: self.splits,
            labels: self.labels.finish().into(),
            boxes: Boxes::new(Lists::of_pairs(samples, self.boxes)).into(),
            points: Lists::of_pairs(samples, self.points).into(),
            attributes: self.attributes.into_iter().map(|column| column.finish(samples)).collect(),
            gone: vec![false; samples],
        };
        (dataset, self.issues)
    }

    fn split(&mut self, name: &str) -> SplitId {
        if let Some(id) = self.split_ids.get(name) {
            return *id;
        }
        // Ids stop one short of NO_SPLIT; a table whose "split" column has more values than that
        // is no split column, and its samples stay without one.
        if self.split_names.len() >= NO_SPLIT as usize {
            return NO_SPLIT;
        }
        let id = self.split_names.len() as SplitId;
        self.split_names.push(name.to_owned());
        self.split_ids.insert(name.to_owned(), id);
        id
    }

    fn set_attributes(&mut self, id: SampleId, values: &[(&str, &str)]) {
        for (name, value) in values {
            let at = match self.attribute_ids.get(*name) {
                Some(at) => *at,
                None if self.attributes.len() == MAX_ATTRIBUTES => {
                    if !self.has_left_out_attributes {
                        self.has_left_out_attributes = true;
                        let message = format!(
                            "the samples have more than {MAX_ATTRIBUTES} attributes; \"{name}\" and what \
                             comes after it were left out"
                        );
                        let path = self.paths.get(id as usize).to_owned();
                        self.issue(Some(id), &path, IssueKind::Annotation, message);
                    }
                    continue;
                }
                None => {
                    self.attributes.push(Column { name: (*name).to_owned(), ..Column::default() });
                    self.attribute_ids.insert((*name).to_owned(), self.attributes.len() - 1);
                    self.attributes.len() - 1
                }
            };
            if !value.is_empty() {
                self.attributes[at].samples.push(id);
                self.attributes[at].values.push(value);
            }
        }
    }
}

fn hash_of(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_named_twice_is_one_sample_with_both_labels() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::Manifest);
        for label in ["cat", "dog"] {
            builder.push(NewSample {
                path: "a.png",
                labels: &[label],
                attributes: &[("note", label)],
                ..Default::default()
            });
        }
        builder.push(NewSample { path: "b.png", split: Some("val"), ..Default::default() });
        let (dataset, _) = builder.finish();
        assert_eq!(dataset.len(), 2);
        assert_eq!(dataset.labels.names(0).collect::<Vec<_>>(), ["cat", "dog"]);
        assert_eq!(dataset.split(0), None);
        assert_eq!(dataset.split(1), Some("val"));
        assert_eq!(dataset.attributes[0].values.iter().collect::<Vec<_>>(), ["cat", ""]);
    }

    #[test]
    fn later_tables_add_what_a_sample_had_not() {
        let rect = [0.0, 0.0, 1.0, 1.0];
        let boxed = |class| vec![NewBox { class, rect, relative: false }];
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::Manifest);
        for path in ["a", "b", "c"] {
            builder.push(NewSample { path, boxes: boxed("cat"), ..Default::default() });
        }
        // Another table, in another order.
        for (path, note) in [("c", "3"), ("a", "1"), ("c", "again")] {
            let sample = NewSample { path, split: Some(note), boxes: boxed("dog"), ..Default::default() };
            builder.push(NewSample { attributes: &[("note", note)], ..sample });
        }
        let (dataset, _) = builder.finish();
        assert_eq!(dataset.attributes[0].values.iter().collect::<Vec<_>>(), ["1", "", "3"]);
        let splits: Vec<_> = (0..3).map(|sample| dataset.split(sample)).collect();
        assert_eq!(splits, [Some("1"), None, Some("3")]);
        let boxes: Vec<Vec<u32>> =
            (0..3).map(|sample| dataset.boxes.get(sample).iter().map(|one| one.class).collect()).collect();
        assert_eq!(boxes, [vec![0, 1], vec![0], vec![0, 1, 1]]);
    }

    #[test]
    fn paths_that_look_alike_are_told_apart_by_their_bytes() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for raw_path in [None, Some(b"\xe9".to_vec()), Some(b"\xe9".to_vec()), None] {
            builder.push(NewSample { path: "\\xE9", raw_path, ..Default::default() });
        }
        assert_eq!(builder.len(), 2);
    }

    #[test]
    fn attributes_are_bounded() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::WebDataset);
        for sample in 0..MAX_ATTRIBUTES + 9 {
            let name = format!("key {sample}");
            let path = format!("{sample}.png");
            builder.push(NewSample { path: &path, attributes: &[(&name, "x")], ..Default::default() });
        }
        let (dataset, issues) = builder.finish();
        assert_eq!((dataset.attributes.len(), issues.len()), (MAX_ATTRIBUTES, 1));
        assert!(issues[0].message.contains("\"key 256\""), "{issues:?}");
    }

    #[test]
    fn boxes_give_their_sample_its_classes() {
        let mut builder = DatasetBuilder::new("", "", Layout::Coco);
        builder.push(NewSample { path: "a", ..Default::default() });
        let rect = [0.0, 0.0, 1.0, 1.0];
        let boxes = vec![
            NewBox { class: "cat", rect, relative: false },
            NewBox { class: "cat", rect, relative: false },
        ];
        builder.push(NewSample { path: "b", boxes, ..Default::default() });
        let (dataset, _) = builder.finish();
        assert!(dataset.boxes.get(0).is_empty());
        assert_eq!(dataset.boxes.get(1).len(), 2);
        assert_eq!(dataset.labels.names(1).collect::<Vec<_>>(), ["cat"]);
    }
}
