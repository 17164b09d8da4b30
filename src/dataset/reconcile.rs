//! What a rescan changes: a dataset as the project knows it, brought up to what a fresh import of
//! the same source found, with every row number kept.
//!
//! A sample is the same sample when its path is the same. What the source says of it (labels,
//! split, boxes, attributes) is taken from the fresh import; what identifies it and tells whether
//! its content changed is compared. This file refuses to know files and the clock.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::{
    Attribute, Boxes, Container, Dataset, Issue, Labels, NO_SPLIT, Place, SampleId, SplitId, Strings,
};

/// What [`Dataset::reconcile`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciled {
    pub dataset: Dataset,
    /// Rows whose content must be measured again, ascending: samples that are new or came back,
    /// and known ones whose size, modification time or place is another.
    pub changed: Vec<SampleId>,
    /// The row of each sample of the fresh import: what was said of a fresh row (an issue) is
    /// said of this one.
    pub id_of: Vec<SampleId>,
    /// Samples that are there now and were not before; those that came back are among them.
    pub added: usize,
    /// Samples that were there before and are not now.
    pub removed: usize,
    /// Samples that were there before and still are.
    pub kept: usize,
}

impl Reconciled {
    /// The issues of the fresh import, on the rows that its samples have now: see [`Self::id_of`].
    pub fn adopt_issues(id_of: &[SampleId], mut issues: Vec<Issue>) -> Vec<Issue> {
        for issue in &mut issues {
            issue.sample = issue.sample.and_then(|row| id_of.get(row as usize).copied());
        }
        issues
    }
}

impl Dataset {
    /// Brings this dataset up to what a `fresh` import of the same source found. Rows keep their
    /// number, vanished rows become [gone](Dataset::gone), new ones are appended in fresh order,
    /// and rows that come back are gone no longer. A path that the fresh import has twice, which
    /// importers do not do, is one row.
    ///
    /// Takes time in proportion to the rows of both.
    pub fn reconcile(&self, fresh: Self) -> Reconciled {
        let old = self;
        let matched = Matched::new(old, &fresh);
        let mut containers = Containers::new(&old.containers, fresh.containers.clone());

        let rows = matched.fresh_row.len();
        let mut columns = Columns::with_capacity(rows, old, &fresh);
        let mut changed = Vec::new();
        let (mut added, mut removed, mut kept) = (0, 0, 0);
        for (id, source) in matched.fresh_row.iter().enumerate() {
            let known = (id < old.len()).then_some(id);
            let was_there = known.is_some_and(|row| !old.gone[row]);
            match (source, known) {
                (Some(row), _) => {
                    let row = *row as usize;
                    added += usize::from(!was_there);
                    kept += usize::from(was_there);
                    let same = known.is_some_and(|known| {
                        old.bytes[known] == fresh.bytes[row]
                            && old.modified_ms[known] == fresh.modified_ms[row]
                            && containers.find(old.places[known]) == Some(fresh.places[row])
                    });
                    // The issues of a sample that was gone are forgotten, and found again.
                    if !same || !was_there {
                        changed.push(id as SampleId);
                    }
                    columns.push_present(&fresh, row);
                }
                (None, Some(row)) => {
                    removed += usize::from(was_there);
                    let place = containers.adopt(old.places[row]);
                    columns.push_gone(old, row, place);
                }
                // Rows beyond the old ones exist because a fresh row made them.
                (None, None) => {}
            }
        }

        let dataset = columns.finish(fresh, containers.all);
        Reconciled { dataset, changed, id_of: matched.id_of, added, removed, kept }
    }

    /// Those of the rows that a newer listing of the same source tells as changed which are not there in this one:
    /// they are new, or came back.
    pub fn arriving(&self, changed: &[SampleId]) -> Vec<SampleId> {
        let is_there = |row: &SampleId| self.gone.get(*row as usize).is_some_and(|gone| !gone);
        changed.iter().copied().filter(|row| !is_there(row)).collect()
    }

    /// What identifies a row: the exact bytes of its path.
    fn key(&self, row: usize) -> &[u8] {
        match self.raw_paths.get(&(row as SampleId)) {
            Some(raw) => raw,
            None => self.paths.get(row).as_bytes(),
        }
    }
}

/// Which rows of the two datasets are the same sample.
struct Matched {
    /// For each row of the result, the fresh row it is; `None` for a vanished one.
    fresh_row: Vec<Option<SampleId>>,
    /// For each fresh row, its row in the result.
    id_of: Vec<SampleId>,
}

impl Matched {
    fn new(old: &Dataset, fresh: &Dataset) -> Self {
        let mut matched = Self { fresh_row: vec![None; old.len()], id_of: vec![UNMATCHED; fresh.len()] };
        let rest = matched.in_step(old, fresh);
        if !rest.is_empty() {
            matched.by_path(old, fresh, &rest);
        }
        matched
    }

    /// Matches rows that come in the same order, which most do, without a table of paths: where
    /// the orders part, by an added row or a missing one. Gives the fresh rows that are left.
    fn in_step(&mut self, old: &Dataset, fresh: &Dataset) -> Vec<SampleId> {
        let mut next = 0;
        let mut rest = Vec::new();
        for row in 0..fresh.len() {
            let key = fresh.key(row);
            match (next..old.len()).take(2).find(|id| old.key(*id) == key) {
                Some(id) => {
                    self.fresh_row[id] = Some(row as SampleId);
                    self.id_of[row] = id as SampleId;
                    next = id + 1;
                }
                None => rest.push(row as SampleId),
            }
        }
        rest
    }

    fn by_path(&mut self, old: &Dataset, fresh: &Dataset, rest: &[SampleId]) {
        let mut ids: HashMap<&[u8], SampleId> = HashMap::with_capacity(old.len() + rest.len());
        for id in 0..old.len() {
            ids.entry(old.key(id)).or_insert(id as SampleId);
        }
        for row in rest {
            self.id_of[*row as usize] = match ids.entry(fresh.key(*row as usize)) {
                Entry::Occupied(known) => {
                    let id = *known.get();
                    // Of equal paths, the first that came here speaks for the row.
                    self.fresh_row[id as usize].get_or_insert(*row);
                    id
                }
                Entry::Vacant(free) => {
                    self.fresh_row.push(Some(*row));
                    *free.insert((self.fresh_row.len() - 1) as SampleId)
                }
            };
        }
    }
}

/// Stands in [`Matched::id_of`] until the row is matched; no row has this number.
const UNMATCHED: SampleId = SampleId::MAX;

/// A container's path, kind and place within its parent, which make it the same container.
type ContainerKey = (String, u8, Option<(u32, u64, u64)>);

/// The containers of the result: the fresh ones under their numbers, then those that only gone
/// samples lie in.
struct Containers<'a> {
    old: &'a [Container],
    all: Vec<Container>,
    index: HashMap<ContainerKey, u32>,
    /// For each old container, its number in `all`.
    number_of: Vec<Option<u32>>,
}

/// How deep containers lie in one another at most; deeper ones (only a damaged table has them)
/// are treated as unknown.
const MAX_DEPTH: usize = 16;

impl<'a> Containers<'a> {
    fn new(old: &'a [Container], fresh: Vec<Container>) -> Self {
        let mut index = HashMap::with_capacity(fresh.len());
        for (number, container) in fresh.iter().enumerate() {
            index.entry(key_of(container, container.parent)).or_insert(number as u32);
        }
        let mut containers = Self { old, all: fresh, index, number_of: vec![None; old.len()] };
        for at in 0..old.len() {
            containers.number_of[at] = containers.number(at as u32, Unknown::Leave, MAX_DEPTH);
        }
        containers
    }

    /// An old place in the result's numbers, or `None` where its container is no more.
    fn find(&self, place: Place) -> Option<Place> {
        if place.is_loose() {
            return Some(place);
        }
        let number = (*self.number_of.get(place.container as usize)?)?;
        Some(Place { container: number, ..place })
    }

    /// An old place in the result's numbers; its container is kept for it.
    fn adopt(&mut self, place: Place) -> Place {
        if let Some(place) = self.find(place) {
            return place;
        }
        match self.number(place.container, Unknown::Append, MAX_DEPTH) {
            Some(number) => {
                self.number_of[place.container as usize] = Some(number);
                Place { container: number, ..place }
            }
            None => Place::loose(place.len),
        }
    }

    fn number(&mut self, at: u32, unknown: Unknown, depth: usize) -> Option<u32> {
        let container = self.old.get(at as usize)?;
        let parent = match container.parent {
            Some(place) if !place.is_loose() => {
                let depth = depth.checked_sub(1)?;
                Some(Place { container: self.number(place.container, unknown, depth)?, ..place })
            }
            other => other,
        };
        let key = key_of(container, parent);
        if let Some(number) = self.index.get(&key) {
            return Some(*number);
        }
        match unknown {
            Unknown::Leave => None,
            Unknown::Append => {
                let number = self.all.len() as u32;
                self.all.push(Container { parent, ..container.clone() });
                self.index.insert(key, number);
                Some(number)
            }
        }
    }
}

/// What to do with an old container that the fresh import does not have.
#[derive(Clone, Copy)]
enum Unknown {
    Leave,
    Append,
}

fn key_of(container: &Container, parent: Option<Place>) -> ContainerKey {
    let parent = parent.map(|place| (place.container, place.offset, place.len));
    (container.path.clone(), container.kind as u8, parent)
}

/// The columns of the result while they are filled, row by row.
struct Columns {
    paths: Strings,
    raw_paths: std::collections::BTreeMap<SampleId, Vec<u8>>,
    places: Vec<Place>,
    bytes: Vec<u64>,
    modified_ms: Vec<i64>,
    splits: Vec<SplitId>,
    label_sets: Vec<u32>,
    /// The fresh row that says what else there is of a row, if any.
    fresh_rows: Vec<Option<SampleId>>,
    attributes: Vec<Strings>,
    gone: Vec<bool>,
}

impl Columns {
    fn with_capacity(rows: usize, old: &Dataset, fresh: &Dataset) -> Self {
        let mut paths = Strings::new();
        paths.reserve(rows, old.paths.text().len().max(fresh.paths.text().len()));
        Self {
            paths,
            raw_paths: Default::default(),
            places: Vec::with_capacity(rows),
            bytes: Vec::with_capacity(rows),
            modified_ms: Vec::with_capacity(rows),
            splits: Vec::with_capacity(rows),
            label_sets: Vec::with_capacity(rows),
            fresh_rows: Vec::with_capacity(rows),
            attributes: vec![Strings::new(); fresh.attributes.len()],
            gone: Vec::with_capacity(rows),
        }
    }

    fn push_present(&mut self, fresh: &Dataset, row: usize) {
        self.push_identity(fresh, row, fresh.places[row]);
        self.splits.push(fresh.splits[row]);
        self.label_sets.push(fresh.labels.of[row]);
        self.fresh_rows.push(Some(row as SampleId));
        for (column, attribute) in self.attributes.iter_mut().zip(&fresh.attributes) {
            column.push(attribute.values.get(row));
        }
        self.gone.push(fresh.gone[row]);
    }

    /// A row that the source has no more: it keeps what finds it again, and what the source said
    /// of it is said no more.
    fn push_gone(&mut self, old: &Dataset, row: usize, place: Place) {
        self.push_identity(old, row, place);
        self.splits.push(NO_SPLIT);
        self.label_sets.push(Labels::UNLABELLED);
        self.fresh_rows.push(None);
        for column in &mut self.attributes {
            column.push("");
        }
        self.gone.push(true);
    }

    fn push_identity(&mut self, from: &Dataset, row: usize, place: Place) {
        if let Some(raw) = from.raw_paths.get(&(row as SampleId)) {
            self.raw_paths.insert(self.places.len() as SampleId, raw.clone());
        }
        self.paths.push(from.paths.get(row));
        self.places.push(place);
        self.bytes.push(from.bytes[row]);
        self.modified_ms.push(from.modified_ms[row]);
    }

    fn finish(self, fresh: Dataset, containers: Vec<Container>) -> Dataset {
        let attributes = fresh.attributes.into_iter().zip(self.attributes);
        Dataset {
            root: fresh.root,
            source: fresh.source,
            layout: fresh.layout,
            paths: self.paths,
            raw_paths: self.raw_paths,
            places: self.places,
            containers,
            bytes: self.bytes,
            modified_ms: self.modified_ms,
            split_names: fresh.split_names,
            splits: self.splits,
            labels: Arc::new(Labels { of: self.label_sets, ..Arc::unwrap_or_clone(fresh.labels) }),
            boxes: Boxes::new(fresh.boxes.given.of_rows(&self.fresh_rows)).into(),
            points: fresh.points.of_rows(&self.fresh_rows).into(),
            attributes: attributes
                .map(|(attribute, values)| Attribute { name: attribute.name, values })
                .collect(),
            gone: self.gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::builder::NewBox;
    use crate::dataset::{ContainerKind, DatasetBuilder, Layout, NewSample};

    /// One sample as a test row: number in its path, size, class, whether it is packed.
    type Row = (u8, u64, u8, bool);

    fn dataset(rows: &[Row]) -> Dataset {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for (number, bytes, class, packed) in rows {
            let path = format!("{number}.png");
            let label = format!("class {class}");
            let place = packed.then(|| {
                let outer = builder.container(Container {
                    path: format!("{}.tar", class % 2),
                    kind: ContainerKind::Tar,
                    parent: None,
                });
                let inner = builder.container(Container {
                    path: "inner.zip".into(),
                    kind: ContainerKind::Zip,
                    parent: Some(Place { container: outer, offset: 512, len: 99 }),
                });
                Place { container: inner, offset: u64::from(*number), len: *bytes }
            });
            let boxes = if class % 3 == 0 {
                vec![NewBox { class: "thing", rect: [0.0, 0.0, 1.0, 1.0], relative: true }]
            } else {
                Vec::new()
            };
            builder.push(NewSample {
                path: &path,
                raw_path: (*number == 7).then(|| b"7\xff.png".to_vec()),
                place,
                bytes: *bytes,
                modified_ms: 5,
                split: (class % 2 == 0).then_some("val"),
                labels: &[&label],
                boxes,
                attributes: &[("note", &label)],
            });
        }
        builder.finish().0
    }

    /// Rows by path: what a person sees of each sample.
    fn shown(dataset: &Dataset) -> Vec<String> {
        let mut rows: Vec<String> = (0..dataset.len())
            .filter(|row| !dataset.gone[*row])
            .map(|row| {
                let id = row as SampleId;
                let place = dataset.places[row];
                let mut at = place;
                let mut chain = String::new();
                while let Some(container) = dataset.containers.get(at.container as usize) {
                    chain += &format!("{}@{} ", container.path, at.offset);
                    at = container.parent.unwrap_or(Place::loose(0));
                }
                format!(
                    "{} {:?} {chain} {} {} {:?} {:?} {:?} {}",
                    dataset.path(id),
                    dataset.raw_paths.get(&id),
                    dataset.bytes[row],
                    dataset.modified_ms[row],
                    dataset.split(id),
                    dataset.labels.names(id).collect::<Vec<_>>(),
                    dataset.boxes.get(id),
                    dataset.attributes.first().map_or("", |column| column.values.get(row)),
                )
            })
            .collect();
        rows.sort();
        rows
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let row = (0..24u8, 0..3u64, 0..5u8, any::<bool>());
        prop::collection::vec(row, 0..24).prop_map(|mut rows| {
            let mut seen = std::collections::HashSet::new();
            rows.retain(|row| seen.insert(row.0));
            rows
        })
    }

    #[test]
    fn what_a_rescan_changes() {
        let (a, b, c) = ((1, 10, 1, false), (2, 10, 2, false), (3, 10, 3, false));
        let check = |before: &[Row], after: &[Row], changed: &[SampleId], counts: (usize, usize, usize)| {
            let result = dataset(before).reconcile(dataset(after));
            assert_eq!(result.changed, changed, "{before:?} {after:?}");
            assert_eq!((result.added, result.removed, result.kept), counts, "{before:?} {after:?}");
        };
        check(&[a, b], &[a, b], &[], (0, 0, 2));
        check(&[a, b], &[b, a], &[], (0, 0, 2));
        check(&[a, b], &[c, a, b], &[2], (1, 0, 2));
        check(&[a, b], &[b], &[], (0, 1, 1));
        check(&[a, b], &[a, (2, 11, 2, false)], &[1], (0, 0, 2));
        check(&[a, b], &[a, (2, 10, 2, true)], &[1], (0, 0, 2));
        check(&[], &[a], &[0], (1, 0, 0));
    }

    #[test]
    fn a_row_that_comes_back_is_the_same_row() {
        let (a, b) = ((1, 10, 1, true), (2, 10, 2, true));
        let without = dataset(&[a, b]).reconcile(dataset(&[a])).dataset;
        assert_eq!(without.gone, [false, true]);
        let back = without.reconcile(dataset(&[b, a]));
        assert_eq!(back.dataset.gone, [false, false]);
        assert_eq!(back.id_of, [1, 0]);
        let issue = |sample| Issue {
            sample,
            path: "2.png".into(),
            kind: crate::dataset::IssueKind::Annotation,
            origin: crate::dataset::Origin::Listing,
            message: "What?".into(),
        };
        let adopted = Reconciled::adopt_issues(&back.id_of, vec![issue(Some(0)), issue(None)]);
        assert_eq!(adopted, [issue(Some(1)), issue(None)]);
        assert_eq!(back.changed, [1], "what was known of it is forgotten");
        assert_eq!((back.added, back.kept), (1, 1));
    }

    #[test]
    fn a_path_given_twice_is_one_row() {
        let mut twice = dataset(&[(1, 10, 1, false), (2, 10, 1, false)]);
        twice.paths = ["1.png", "1.png"].into_iter().collect();
        let result = dataset(&[]).reconcile(twice.clone()).dataset;
        assert_eq!(result.len(), 1);
        assert_eq!(result.reconcile(twice).id_of, [0, 0]);
    }

    proptest! {
        #[test]
        fn a_rescan_that_finds_the_same_changes_nothing(rows in rows()) {
            let known = dataset(&rows);
            let result = known.clone().reconcile(known.clone());
            prop_assert!(result.changed.is_empty());
            prop_assert_eq!(result.dataset, known);
        }

        #[test]
        fn rows_keep_their_number_and_show_what_is_there(scans in prop::collection::vec(rows(), 1..5)) {
            let mut known = dataset(&[]);
            for scan in &scans {
                let fresh = dataset(scan);
                let result = known.clone().reconcile(fresh.clone());
                let paths: Vec<&[u8]> = (0..result.dataset.len()).map(|row| result.dataset.key(row)).collect();
                for (row, path) in paths.iter().enumerate().take(known.len()) {
                    prop_assert_eq!(*path, known.key(row));
                }
                let distinct: std::collections::HashSet<_> = paths.iter().collect();
                prop_assert_eq!(distinct.len(), paths.len());
                prop_assert_eq!(shown(&result.dataset), shown(&fresh));
                prop_assert_eq!(result.kept + result.added, result.dataset.present());
                prop_assert_eq!(result.kept + result.removed, known.present());
                for (row, id) in result.id_of.iter().enumerate() {
                    prop_assert_eq!(result.dataset.key(*id as usize), fresh.key(row));
                }
                known = result.dataset;
            }
        }
    }
}
