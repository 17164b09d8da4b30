//! A [`Dataset`] as named columns of raw bytes, and back.
//!
//! A sample's identity (its path) must come back whole, or the catalogue is damaged: marks are
//! kept by row number. Any other column that does not come back is left at "unknown" and named,
//! and the next scan fills it again. This file refuses to know the database.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::blob::{Damage, Number, numbers, read_all, read_rows, write_all};
use crate::dataset::{
    Attribute, BoxRecord, Boxes, Container, Dataset, Labels, Layout, Lists, NO_SPLIT, Place, PointRecord,
    Points, SampleId, Strings,
};

/// Raw columns by name, or what is wrong with one.
pub type Columns = BTreeMap<String, Result<Vec<u8>, Damage>>;

/// A dataset as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    pub dataset: Dataset,
    /// Columns that were damaged and are unknown until the next scan, as words for the person.
    pub damaged: Vec<&'static str>,
}

/// The small tables, as JSON.
#[derive(Serialize, Deserialize)]
struct Head {
    rows: u64,
    root: String,
    source: String,
    layout: Layout,
    containers: Vec<Container>,
    split_names: Vec<String>,
    attributes: Vec<String>,
}

/// The columns of a dataset, each with its name.
pub fn encode(dataset: &Dataset) -> Vec<(String, Vec<u8>)> {
    let head = Head {
        rows: dataset.len() as u64,
        root: dataset.root.clone(),
        source: dataset.source.clone(),
        layout: dataset.layout,
        containers: dataset.containers.clone(),
        split_names: dataset.split_names.clone(),
        attributes: dataset.attributes.iter().map(|attribute| attribute.name.clone()).collect(),
    };
    // Strings and numbers under string keys: nothing of it can fail to be JSON.
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let mut columns = vec![("head".to_owned(), head)];
    let mut put = |name: &str, raw: Vec<u8>| columns.push((name.to_owned(), raw));

    put("path.text", dataset.paths.text().as_bytes().to_vec());
    put("path.len", lens(&dataset.paths));
    let raw_paths = &dataset.raw_paths;
    put("raw-path.row", numbers(raw_paths.keys().copied()));
    put("raw-path.len", numbers(raw_paths.values().map(|raw| raw.len() as u64)));
    put("raw-path.bytes", raw_paths.values().flatten().copied().collect());

    put("place.container", numbers(dataset.places.iter().map(|place| place.container)));
    put("place.offset", numbers(dataset.places.iter().map(|place| place.offset)));
    put("place.len", numbers(dataset.places.iter().map(|place| place.len)));
    put("bytes", numbers(dataset.bytes.iter().copied()));
    put("modified", numbers(dataset.modified_ms.iter().copied()));
    put("gone", numbers(dataset.gone.iter().map(|gone| u8::from(*gone))));
    put("split", numbers(dataset.splits.iter().copied()));

    let classes: Strings = dataset.labels.classes.iter().map(String::as_str).collect();
    put("class.text", classes.text().as_bytes().to_vec());
    put("class.len", lens(&classes));
    put("label-set.len", numbers(dataset.labels.sets.iter().map(|set| set.len() as u64)));
    put("label-set.class", numbers(dataset.labels.sets.iter().flatten().copied()));
    put("label", numbers(dataset.labels.of.iter().copied()));

    let boxes = &dataset.boxes;
    let records = || boxes.given.values().iter();
    put("box.start", numbers(boxes.given.starts().iter().copied()));
    put("box.class", numbers(records().map(|record| record.class)));
    put("box.rect", numbers(records().flat_map(|record| record.rect)));
    put("box.relative", numbers(records().map(|record| u8::from(record.relative))));

    let points = &dataset.points;
    if !points.is_empty() {
        put("point.start", numbers(points.starts().iter().copied()));
        put("point.at", numbers(points.values().iter().flat_map(|record| record.at)));
        put("point.relative", numbers(points.values().iter().map(|record| u8::from(record.relative))));
    }

    for (at, attribute) in dataset.attributes.iter().enumerate() {
        put(&format!("attribute.{at}.text"), attribute.values.text().as_bytes().to_vec());
        put(&format!("attribute.{at}.len"), lens(&attribute.values));
    }
    columns
}

/// The dataset of these columns. Memory is taken in proportion to the bytes that are there.
pub fn decode(mut columns: Columns) -> Result<Catalogue, Damage> {
    let head: Head = serde_json::from_slice(&take(&mut columns, "head")?)
        .map_err(|_| Damage("the dataset's description cannot be read"))?;
    let paths = strings(&mut columns, "path.text", "path.len")?;
    let rows = paths.len();
    if head.rows != rows as u64 || rows >= SampleId::MAX as usize {
        return Err(Damage("the list of paths has another length than the dataset"));
    }
    let raw_paths = raw_paths(&mut columns, rows)?;

    let mut damaged = Vec::new();
    let mut known = Parts { columns: &mut columns, rows, damaged: &mut damaged };
    let places = known.part("where samples lie", |columns, rows| places(columns, rows, &head.containers));
    let bytes = known.part("file sizes", |columns, rows| rows_of(columns, "bytes", rows));
    let modified = known.part("modification times", |columns, rows| rows_of(columns, "modified", rows));
    let gone = known.part("which samples are gone", |columns, rows| {
        Ok(rows_of::<u8>(columns, "gone", rows)?.iter().map(|gone| *gone != 0).collect())
    });
    let splits = known.part("splits", |columns, rows| {
        let splits: Vec<u16> = rows_of(columns, "split", rows)?;
        let names = head.split_names.len();
        let fits = splits.iter().all(|split| *split == NO_SPLIT || usize::from(*split) < names);
        if fits { Ok(splits) } else { Err(Damage("a split has no name")) }
    });
    let labels = known.part("labels", labels);
    let classes = labels.as_ref().map_or(0, |labels| labels.classes.len());
    let boxes = known.part("boxes", |columns, rows| boxes(columns, rows, classes));
    let points = known.part("key points", points);
    let mut attributes = Vec::new();
    for (at, name) in head.attributes.into_iter().enumerate() {
        let (text, len) = (format!("attribute.{at}.text"), format!("attribute.{at}.len"));
        let values = known.part("a column of the source's table", |columns, rows| {
            let values = strings(columns, &text, &len)?;
            if values.len() == rows { Ok(values) } else { Err(Damage("a column has another length")) }
        });
        attributes.extend(values.map(|values| Attribute { name, values }));
    }

    // A row that does not know its own size or place cannot be told from a changed one: no file
    // has this modification time, so the next scan measures it again.
    let sure = places.is_some() && bytes.is_some();
    let modified_ms = modified.filter(|_| sure).unwrap_or_else(|| vec![-1; rows]);
    let bytes = bytes.unwrap_or_else(|| vec![0; rows]);
    let dataset = Dataset {
        root: head.root,
        source: head.source,
        layout: head.layout,
        paths,
        raw_paths,
        places: places.unwrap_or_else(|| bytes.iter().map(|bytes| Place::loose(*bytes)).collect()),
        containers: head.containers,
        bytes,
        modified_ms,
        split_names: head.split_names,
        splits: splits.unwrap_or_else(|| vec![NO_SPLIT; rows]),
        labels: labels
            .unwrap_or_else(|| Labels {
                classes: Vec::new(),
                sets: vec![Vec::new()],
                of: vec![Labels::UNLABELLED; rows],
            })
            .into(),
        boxes: boxes.unwrap_or_default().into(),
        points: points.unwrap_or_default().into(),
        attributes,
        gone: gone.unwrap_or_else(|| vec![false; rows]),
    };
    Ok(Catalogue { dataset, damaged })
}

/// Reads the parts that a dataset can be shown without.
struct Parts<'a> {
    columns: &'a mut Columns,
    rows: usize,
    damaged: &'a mut Vec<&'static str>,
}

impl Parts<'_> {
    fn part<T>(
        &mut self,
        words: &'static str,
        read: impl FnOnce(&mut Columns, usize) -> Result<T, Damage>,
    ) -> Option<T> {
        match read(self.columns, self.rows) {
            Ok(part) => Some(part),
            Err(damage) => {
                tracing::warn!("{words}: {damage}");
                if !self.damaged.contains(&words) {
                    self.damaged.push(words);
                }
                None
            }
        }
    }
}

fn take(columns: &mut Columns, name: &str) -> Result<Vec<u8>, Damage> {
    columns.remove(name).unwrap_or(Err(Damage("a column is missing")))
}

fn rows_of<T: Number>(columns: &mut Columns, name: &str, rows: usize) -> Result<Vec<T>, Damage> {
    read_rows(&take(columns, name)?, rows)
}

fn all_of<T: Number>(columns: &mut Columns, name: &str) -> Result<Vec<T>, Damage> {
    read_all(&take(columns, name)?)
}

/// The length of each string in bytes: unlike where it ends, this compresses.
fn lens(strings: &Strings) -> Vec<u8> {
    let mut start = 0;
    let lens = strings.ends().iter().map(|end| {
        let len = end - start;
        start = *end;
        len
    });
    let mut raw = Vec::new();
    write_all(&mut raw, lens);
    raw
}

fn strings(columns: &mut Columns, text: &str, len: &str) -> Result<Strings, Damage> {
    let text =
        String::from_utf8(take(columns, text)?).map_err(|_| Damage("a column of texts is not UTF-8"))?;
    let ends = ends(all_of(columns, len)?)?;
    Strings::from_parts(text, ends).ok_or(Damage("a column of texts does not fit its lengths"))
}

/// Turns lengths into where each thing ends.
fn ends(mut lens: Vec<u64>) -> Result<Vec<u64>, Damage> {
    let mut end = 0u64;
    for len in &mut lens {
        end = end.checked_add(*len).ok_or(Damage("lengths add up to too much"))?;
        *len = end;
    }
    Ok(lens)
}

fn raw_paths(columns: &mut Columns, rows: usize) -> Result<BTreeMap<SampleId, Vec<u8>>, Damage> {
    let ids: Vec<SampleId> = all_of(columns, "raw-path.row")?;
    let ends = ends(read_rows(&take(columns, "raw-path.len")?, ids.len())?)?;
    let bytes = take(columns, "raw-path.bytes")?;
    let mut paths = BTreeMap::new();
    let mut start = 0;
    for (id, end) in ids.into_iter().zip(ends) {
        let end = usize::try_from(end).map_err(|_| Damage("a path is too long"))?;
        let raw = bytes.get(start..end).ok_or(Damage("a path ends early"))?;
        if id as usize >= rows {
            return Err(Damage("a path belongs to no sample"));
        }
        paths.insert(id, raw.to_vec());
        start = end;
    }
    if start != bytes.len() {
        return Err(Damage("there are more bytes of paths than paths"));
    }
    Ok(paths)
}

fn places(columns: &mut Columns, rows: usize, containers: &[Container]) -> Result<Vec<Place>, Damage> {
    let in_table = |number: u32| number == Place::LOOSE || (number as usize) < containers.len();
    if !containers.iter().flat_map(|container| container.parent).all(|place| in_table(place.container)) {
        return Err(Damage("a container lies in one that is not there"));
    }
    if has_loop(containers) {
        return Err(Damage("a container lies in itself"));
    }
    let numbers: Vec<u32> = rows_of(columns, "place.container", rows)?;
    let offsets: Vec<u64> = rows_of(columns, "place.offset", rows)?;
    let lens: Vec<u64> = rows_of(columns, "place.len", rows)?;
    if !numbers.iter().all(|number| in_table(*number)) {
        return Err(Damage("a sample lies in a container that is not there"));
    }
    let places = numbers.into_iter().zip(offsets).zip(lens);
    Ok(places.map(|((container, offset), len)| Place { container, offset, len }).collect())
}

/// Whether following parents from some container never ends. Every parent is in the table.
fn has_loop(containers: &[Container]) -> bool {
    let mut sound = vec![false; containers.len()];
    for first in 0..containers.len() {
        let mut walked = HashSet::new();
        let mut at = first;
        while !sound[at] {
            if !walked.insert(at) {
                return true;
            }
            match containers[at].parent {
                Some(place) if !place.is_loose() => at = place.container as usize,
                _ => break,
            }
        }
        for at in walked {
            sound[at] = true;
        }
    }
    false
}

fn labels(columns: &mut Columns, rows: usize) -> Result<Labels, Damage> {
    let classes = strings(columns, "class.text", "class.len")?;
    let ends = ends(all_of(columns, "label-set.len")?)?;
    let members: Vec<u32> = all_of(columns, "label-set.class")?;
    let of: Vec<u32> = rows_of(columns, "label", rows)?;
    if ends.last().copied().unwrap_or(0) != members.len() as u64 {
        return Err(Damage("label sets do not fit their lengths"));
    }
    let mut sets = Vec::with_capacity(ends.len());
    let mut start = 0;
    for end in ends {
        // The last end is the number of members and ends ascend, so this range is within.
        let end = end as usize;
        let set = &members[start..end];
        let sorted = set.windows(2).all(|pair| pair[0] < pair[1]);
        if !sorted || set.last().is_some_and(|class| *class as usize >= classes.len()) {
            return Err(Damage("a label set names a class that is not there"));
        }
        sets.push(set.to_vec());
        start = end;
    }
    if sets.first().is_none_or(|set| !set.is_empty()) {
        return Err(Damage("the first label set is not the empty one"));
    }
    if !of.iter().all(|set| (*set as usize) < sets.len()) {
        return Err(Damage("a sample has a label set that is not there"));
    }
    Ok(Labels { classes: classes.iter().map(str::to_owned).collect(), sets, of })
}

fn boxes(columns: &mut Columns, rows: usize, class_count: usize) -> Result<Boxes, Damage> {
    let starts: Vec<u32> = all_of(columns, "box.start")?;
    let classes: Vec<u32> = all_of(columns, "box.class")?;
    let count = classes.len();
    let rects: Vec<f32> =
        read_rows(&take(columns, "box.rect")?, count.checked_mul(4).ok_or(Damage("too many boxes"))?)?;
    let relative: Vec<u8> = rows_of(columns, "box.relative", count)?;
    if !classes.iter().all(|class| (*class as usize) < class_count) {
        return Err(Damage("a box has a class that is not there"));
    }
    let records = classes.into_iter().zip(rects.chunks_exact(4)).zip(relative);
    let records = records.map(|((class, rect), relative)| BoxRecord {
        class,
        rect: [rect[0], rect[1], rect[2], rect[3]],
        relative: relative != 0,
    });
    let given = Lists::from_parts(rows, starts, records.collect());
    given.map(Boxes::new).ok_or(Damage("boxes do not fit their samples"))
}

/// A catalogue without a sample that has key points has none of these columns.
fn points(columns: &mut Columns, rows: usize) -> Result<Points, Damage> {
    if !columns.contains_key("point.start") {
        return Ok(Points::default());
    }
    let starts: Vec<u32> = all_of(columns, "point.start")?;
    let relative: Vec<u8> = all_of(columns, "point.relative")?;
    let count = relative.len().checked_mul(2).ok_or(Damage("too many key points"))?;
    let places: Vec<f32> = rows_of(columns, "point.at", count)?;
    let records = places.chunks_exact(2).zip(relative);
    let records =
        records.map(|(at, relative)| PointRecord { at: [at[0], at[1]], relative: relative != 0 }).collect();
    Lists::from_parts(rows, starts, records).ok_or(Damage("key points do not fit their samples"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{ContainerKind, DatasetBuilder, NewSample};

    fn dataset() -> Dataset {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::WebDataset);
        let container =
            builder.container(Container { path: "a.tar".into(), kind: ContainerKind::Tar, parent: None });
        builder.push(NewSample { path: "ä/1.png", labels: &["cat", "dog"], ..Default::default() });
        builder.points(0, &[[3.5, 2.0]], false);
        builder.points(0, &[[0.25, 1.0]], true);
        builder.push(NewSample {
            path: "2.png",
            place: Some(Place { container, offset: 512, len: 9 }),
            bytes: 9,
            modified_ms: -4,
            split: Some("val"),
            attributes: &[("caption", "two")],
            ..Default::default()
        });
        builder.finish().0
    }

    fn columns(dataset: &Dataset) -> Columns {
        encode(dataset).into_iter().map(|(name, raw)| (name, Ok(raw))).collect()
    }

    #[test]
    fn a_damaged_column_is_unknown_and_the_rest_is_there() {
        let whole = dataset();
        assert_eq!(decode(columns(&whole)), Ok(Catalogue { dataset: whole.clone(), damaged: vec![] }));
        for (name, words) in [
            ("place.offset", "where samples lie"),
            ("bytes", "file sizes"),
            ("modified", "modification times"),
            ("gone", "which samples are gone"),
            ("split", "splits"),
            ("class.text", "labels"),
            ("label-set.class", "labels"),
            ("label", "labels"),
            ("box.rect", "boxes"),
            ("point.at", "key points"),
            ("attribute.0.len", "a column of the source's table"),
        ] {
            for damage in [None, Some(Err(Damage("hash"))), Some(Ok(vec![9; 5]))] {
                let mut columns = columns(&whole);
                columns.remove(name);
                columns.extend(damage.map(|damage| (name.to_owned(), damage)));
                let found = decode(columns).unwrap();
                assert_eq!(found.damaged, [words], "{name}");
                assert_eq!(found.dataset.paths, whole.paths, "{name}");
            }
        }
        for name in ["head", "path.text", "path.len", "raw-path.row"] {
            let mut columns = columns(&whole);
            columns.remove(name);
            assert_eq!(decode(columns), Err(Damage("a column is missing")), "{name}");
        }
    }

    #[test]
    fn containers_that_lie_in_each_other_are_refused() {
        let mut looped = dataset();
        looped.containers[0].parent = Some(Place { container: 0, offset: 0, len: 1 });
        let found = decode(columns(&looped)).unwrap();
        assert_eq!(found.damaged, ["where samples lie"]);
        assert!(found.dataset.places.iter().all(Place::is_loose));
    }
}
