//! Manifest: a table that names images and says what they show.
//!
//! CSV, TSV and their kin (with or without a header), JSON Lines and JSON arrays of objects. Which
//! column holds the paths is decided by names and by which values are files; then come labels
//! (one or several in a cell, in numbered columns, or as columns of 0 and 1), the split, and the
//! rest as attributes. Several tables are read together: `train.csv` and `val.csv`, or a
//! `metadata.jsonl` in each folder as Hugging Face has it. Where a table has no labels or splits, the
//! folders of the images tell them, as for an image folder.
//!
//! A table that names few of the images beside it (a list of faults, a sample submission) makes no
//! manifest of their folder; opened by itself it is read as one.

pub mod columns;
pub mod resolve;
pub mod table;

use rayon::prelude::*;

use self::columns::{LabelColumns, Roles, SplitColumn, flag, labels_in, roles, truth};
use self::resolve::{Found, Places, Resolver};
use self::table::{Kind, LIST, Table};
use super::folder::{Images, images, new_sample};
use super::names::{is_image_name, split_name};
use super::naming::{extension, split_path, stem};
use super::{Fit, Format, ImportError, Tree};
use crate::dataset::{DatasetBuilder, IssueKind, Layout, NewSample};
use crate::jobs::Control;

pub const FORMAT: Format = Format {
    layout: Layout::Manifest,
    reads: "CSV, TSV, JSON Lines or a JSON list with a column of image paths",
    detect,
    import,
};

/// Tables that are looked at.
const MAX_TABLES: usize = 64;

/// Bytes of a table that are read to recognise it.
const HEAD_BYTES: u64 = 256 << 10;

/// Rows that are resolved at a time.
const BATCH: usize = 8192;

/// The longest attribute that is kept, in bytes.
const MAX_ATTRIBUTE_BYTES: usize = 4 << 10;

/// Faults that a table reports one by one.
const MAX_ISSUES: usize = 1000;

/// A table that names images.
struct Candidate {
    file: usize,
    kind: Kind,
    split: Option<&'static str>,
    /// Rows that the whole file has, guessed from its beginning.
    rows: u64,
    sampled: usize,
    there: usize,
}

fn detect(tree: &Tree) -> Option<Fit> {
    let places = Places::new(tree);
    let found = candidates(tree, &places);
    if tree.focus.is_some() {
        let candidate = found.first()?;
        return Some(if candidate.there * 2 >= candidate.sampled { Fit::Certain } else { Fit::Likely });
    }
    (!found.is_empty()).then_some(Fit::Certain)
}

/// The tables of the tree that name images of which half or more are there, those of a split first.
/// A table that was opened itself need not find its images.
fn candidates(tree: &Tree, places: &Places) -> Vec<Candidate> {
    if let Some(focus) = tree.focus {
        let kind = kind_of(tree.path(focus), true);
        return kind.and_then(|kind| look_at(tree, focus, kind, places)).into_iter().collect();
    }
    if places.images == 0 {
        return Vec::new();
    }
    let mut files: Vec<(usize, Kind)> = (0..tree.len())
        .filter_map(|file| Some((file, kind_of(tree.path(file), false)?)))
        // What a contestant hands in has made-up labels for the test images.
        .filter(|(file, _)| !stem(tree.path(*file)).to_ascii_lowercase().contains("submission"))
        .collect();
    files.sort_by_key(|(file, _)| tree.path(*file).matches('/').count());
    files.truncate(MAX_TABLES);
    let mut found: Vec<Candidate> =
        files.par_iter().filter_map(|(file, kind)| look_at(tree, *file, *kind, places)).collect();
    found.retain(|candidate| candidate.there > 0 && candidate.there * 2 >= candidate.sampled);
    let rows: u64 = found.iter().map(|candidate| candidate.rows).sum();
    let is_metadata =
        |candidate: &Candidate| stem(tree.path(candidate.file)).eq_ignore_ascii_case("metadata");
    if rows * 2 < places.images as u64 && !found.iter().any(is_metadata) {
        return Vec::new();
    }
    found.sort_by_key(|candidate| (candidate.split.is_none(), candidate.file));
    found
}

/// How a file of that name would be written, if it may be a manifest. A `.txt` is one only when
/// it was opened itself.
fn kind_of(path: &str, opened: bool) -> Option<Kind> {
    match extension(path).to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(Kind::Delimited),
        "jsonl" | "ndjson" => Some(Kind::JsonLines),
        "json" => Some(Kind::JsonArray),
        "txt" if opened => Some(Kind::Spaced),
        _ => None,
    }
}

fn look_at(tree: &Tree, file: usize, kind: Kind, places: &Places) -> Option<Candidate> {
    let head = tree.start(file, HEAD_BYTES).ok()?;
    let whole = head.len() as u64 >= tree.bytes(file);
    let table = table::parse(&head, kind, whole, 4096)?;
    let path = tree.path(file);
    let split = split_of(path);
    let resolver = Resolver::new(tree, path, split, places);
    let roles = roles(&table, |value| resolver.exists(value))?;
    let rows = table.len() as u64 * (tree.bytes(file) / (head.len() as u64).max(1)).max(1);
    Some(Candidate { file, kind, split, rows, sampled: roles.sampled, there: roles.there })
}

/// The split that a table's name or folder tells: `train.csv`, `labels_val.csv`, `test/metadata.csv`.
fn split_of(path: &str) -> Option<&'static str> {
    let (folder, _) = split_path(path);
    let name = stem(path);
    let of_name = split_name(name).or_else(|| {
        let mut words = name.split(['-', '_', '.', ' ']).filter_map(split_name);
        // Two of them (`train_val.csv`) tell nothing.
        words.next().filter(|first| words.all(|word| word == *first))
    });
    of_name.or_else(|| folder.rsplit('/').find_map(split_name))
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    let places = Places::new(tree);
    let mut listed = vec![false; tree.len()];
    let mut folders = Folders { tree, control, read: None };
    let found = candidates(tree, &places);
    control.begin("Reading tables", found.iter().map(|candidate| candidate.rows).sum());
    for candidate in &found {
        read_table(tree, candidate, &places, &mut folders, &mut listed, builder, control)?;
    }
    let others = (0..tree.len()).filter(|file| !listed[*file] && is_image_name(tree.path(*file))).count();
    if let (Some(first), true) = (found.first(), others > 0) {
        let message = format!("{others} images lie here that no row names; they are not shown");
        builder.issue(None, tree.path(first.file), IssueKind::Annotation, message);
    }
    Ok(())
}

/// What the images' folders say, read when it is first asked for.
struct Folders<'a> {
    tree: &'a Tree,
    control: &'a Control,
    read: Option<(Images, Vec<u32>)>,
}

impl Folders<'_> {
    /// The roles of folders, and the role of each file (`u32::MAX` for what is no image).
    fn get(&mut self) -> Result<&(Images, Vec<u32>), ImportError> {
        let read = match self.read.take() {
            Some(read) => read,
            None => {
                let images = images(self.tree, self.control)?;
                let mut role_of = vec![u32::MAX; self.tree.len()];
                for (file, role) in images.files.iter().zip(&images.role_of) {
                    role_of[*file] = *role;
                }
                (images, role_of)
            }
        };
        Ok(self.read.insert(read))
    }
}

/// Counts issues and reports the first [`MAX_ISSUES`].
struct Faults<'a> {
    path: &'a str,
    count: usize,
}

impl Faults<'_> {
    fn report(&mut self, builder: &mut DatasetBuilder, message: String) {
        self.count += 1;
        if self.count <= MAX_ISSUES {
            builder.issue(None, self.path, IssueKind::Annotation, message);
        }
    }

    fn close(self, builder: &mut DatasetBuilder, more: u64) {
        let more = (self.count.saturating_sub(MAX_ISSUES)) as u64 + more;
        if more > 0 {
            let message = format!("{more} more rows with faults are not listed one by one");
            builder.issue(None, self.path, IssueKind::Annotation, message);
        }
    }
}

fn read_table(
    tree: &Tree,
    candidate: &Candidate,
    places: &Places,
    folders: &mut Folders<'_>,
    listed: &mut [bool],
    builder: &mut DatasetBuilder,
    control: &Control,
) -> Result<(), ImportError> {
    let path = tree.path(candidate.file);
    control.set_stage(format!("Reading {path}"));
    control.checkpoint()?;
    let malformed = |message: String| ImportError::Malformed { path: path.into(), message };
    let content = tree.read(candidate.file).map_err(|error| malformed(error.message))?;
    let table = table::parse(&content, candidate.kind, true, u32::MAX as usize)
        .ok_or_else(|| malformed("this is no table of text".into()))?;
    drop(content);
    let resolver = Resolver::new(tree, path, candidate.split, places);
    let roles = roles(&table, |value| resolver.exists(value))
        .ok_or_else(|| malformed("no column of this table names images".into()))?;

    let mut faults = Faults { path, count: 0 };
    for (line, why) in &table.faults {
        faults.report(builder, format!("line {line} cannot be read: {why}"));
    }
    let needs_folders =
        roles.labels == LabelColumns::None || (roles.split == SplitColumn::None && candidate.split.is_none());
    let rows: Vec<usize> = (0..table.len()).collect();
    for batch in rows.chunks(BATCH) {
        control.checkpoint()?;
        let found: Vec<Option<Found>> = batch
            .par_iter()
            .map(|row| {
                let value = table.cell(*row, roles.path);
                (!value.is_empty()).then(|| resolver.find(value))
            })
            .collect();
        for (row, found) in batch.iter().zip(found) {
            let line = table.lines[*row];
            let Some(found) = found else {
                faults.report(builder, format!("line {line} names no file"));
                continue;
            };
            let mut said = row_values(&table, *row, &roles);
            let mut folder_label = None;
            if let Found::File(file) = found {
                listed[file] = true;
                if needs_folders {
                    let (images, role_of) = folders.get()?;
                    if let Some(role) = images.roles.get(role_of[file] as usize) {
                        said.split = said.split.or(candidate.split).or(role.split.as_deref());
                        folder_label = role.label.as_deref().filter(|_| roles.labels == LabelColumns::None);
                    }
                }
            }
            said.labels.extend(folder_label);
            let attributes: Vec<(&str, &str)> =
                said.attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let sample = NewSample {
                split: said.split.or(candidate.split),
                labels: &said.labels,
                attributes: &attributes,
                ..NewSample::default()
            };
            push(tree, builder, found, sample, || format!("{path}, line {line}"));
        }
        control.add(batch.len() as u64);
    }
    faults.close(builder, table.more_faults);
    Ok(())
}

/// Pushes a sample for what a row's path leads to.
fn push(
    tree: &Tree,
    builder: &mut DatasetBuilder,
    found: Found,
    sample: NewSample<'_>,
    whence: impl Fn() -> String,
) {
    match found {
        Found::File(file) => {
            let file = new_sample(tree, file);
            builder.push(NewSample {
                split: sample.split,
                labels: sample.labels,
                attributes: sample.attributes,
                ..file
            });
        }
        Found::Outside { path, bytes, modified_ms } => {
            builder.push(NewSample { path: &path, bytes, modified_ms, ..sample });
        }
        Found::Missing(path) => {
            let known = builder.len();
            let id = builder.push(NewSample { path: &path, ..sample });
            if builder.len() > known {
                let message = format!("{} names this file and it is not there", whence());
                builder.issue(Some(id), &path, IssueKind::Missing, message);
            }
        }
    }
}

/// What a row says of its image.
struct RowValues<'a> {
    labels: Vec<&'a str>,
    split: Option<&'a str>,
    attributes: Vec<(&'a str, String)>,
}

fn row_values<'a>(table: &'a Table, row: usize, roles: &Roles) -> RowValues<'a> {
    let mut values = RowValues { labels: Vec::new(), split: None, attributes: Vec::new() };
    for (column, text) in table.row(row) {
        let name = table.columns[column].as_str();
        match &roles.labels {
            LabelColumns::Values(columns) if columns.contains(&column) => {
                values.labels.extend(labels_in(text, name));
                continue;
            }
            LabelColumns::Flags(columns) if columns.contains(&column) => {
                values.labels.extend((flag(text) == Some(true)).then_some(name));
                continue;
            }
            _ => {}
        }
        match roles.split {
            SplitColumn::Values(at) if at == column => {
                values.split = Some(split_name(text).unwrap_or(text));
                continue;
            }
            SplitColumn::Flag(at, yes, no) if at == column => {
                values.split = truth(text).map(|is| if is { yes } else { no });
                continue;
            }
            _ => {}
        }
        // Attributes are in ascending order of their columns.
        if roles.attributes.binary_search(&column).is_ok() {
            let cut = &text[..text.floor_char_boundary(MAX_ATTRIBUTE_BYTES)];
            values.attributes.push((name, cut.replace(LIST, ", ")));
        }
    }
    values
}
