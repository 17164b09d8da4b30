//! Manifest: a table that names images and says what they show.
//!
//! CSV, TSV and their kin (with or without a header), JSON Lines and JSON arrays of objects. Which
//! column holds the paths is decided by names and by which values are files; then come labels
//! (one or several in a cell, in numbered columns, or as columns of 0 and 1), the split, the corners
//! of a box (where no label is told its class is "object"), and the rest as attributes. Several tables
//! are read together: `train.csv` and `val.csv`, or a `metadata.jsonl` in each folder as Hugging Face
//! has it. Where a table has no labels or splits, the folders of the images tell them, as for an image
//! folder. Rows that name the same image add to each other. Images that are named by an address on a
//! network are not downloaded.
//!
//! A table that names few of the images of the splits that it is about (a list of faults, a sample
//! submission) makes no manifest of their folder; opened by itself it is read as one. Images that no
//! row names are not shown (masks, thumbnails), except those of a split that no row is about: a
//! contest's test images have no labels yet.

pub mod columns;
pub mod resolve;
pub mod table;

use std::collections::BTreeSet;

use rayon::prelude::*;

use self::columns::{LabelColumns, Roles, SplitColumn, flag, labels_in, numbered_split, roles, truth};
use self::resolve::{Found, Named, Resolver};
use self::table::{Kind, LIST, MAX_COLUMNS, Table};
use super::folder::{Images, Role, images, new_sample};
use super::names::{has_extension, split_in, split_of, split_path, stem};
use super::{Fit, Format, ImportError, Tree, packed};
use crate::dataset::builder::NewBox;
use crate::dataset::{DatasetBuilder, IssueKind, Layout, NewSample};
use crate::jobs::Control;

pub const FORMAT: Format = Format {
    layout: Layout::Manifest,
    reads: "CSV, TSV, JSON Lines or a JSON list with a column of image paths",
    detect,
    import,
};

/// Tables that are looked at, those called `metadata` not counted.
const MAX_TABLES: usize = 64;

/// Tables called `metadata` that are looked at: there may be one in each folder.
const MAX_METADATA: usize = 16 << 10;

/// Bytes that are read of all tables together to recognise them.
const MAX_HEADS: u64 = 256 << 20;

/// Bytes of a table that are read to recognise it.
const HEAD_BYTES: u64 = 256 << 10;

/// Rows that are resolved at a time.
const BATCH: usize = 8192;

/// The longest attribute that is kept, in bytes: a latent of 512 numbers is as long as 6 KiB.
const MAX_ATTRIBUTE_BYTES: usize = 8 << 10;

/// The class of a box in a row that tells no label, as in tables about one kind of object.
pub(crate) const UNNAMED: &str = "object";

/// Faults that a table reports one by one.
const MAX_ISSUES: usize = 1000;

/// A table that names images.
pub(crate) struct Candidate {
    pub file: usize,
    pub kind: Kind,
    split: Option<&'static str>,
    /// Rows that the whole file has, guessed from its beginning.
    rows: u64,
    sampled: usize,
    there: usize,
    /// The splits that the folders of the named images tell.
    about: BTreeSet<Option<&'static str>>,
}

fn detect(tree: &Tree) -> Option<Fit> {
    let Candidates { found, .. } = candidates(tree);
    if tree.focus.is_some() {
        let candidate = found.first()?;
        return Some(if candidate.there * 2 >= candidate.sampled { Fit::Certain } else { Fit::Likely });
    }
    (!found.is_empty()).then_some(Fit::Certain)
}

/// The tables of a tree that name images.
#[derive(Default)]
struct Candidates {
    /// Those of a split first.
    found: Vec<Candidate>,
    /// How many others of their kinds were not looked at, there being too many.
    unread: usize,
}

/// The tables of the tree that name images of which half or more are there.
/// A table that was opened itself need not find its images.
fn candidates(tree: &Tree) -> Candidates {
    if let Some(focus) = tree.focus {
        let kind = kind_of(tree.path(focus), true);
        let found = kind.and_then(|kind| look_at(tree, focus, kind)).into_iter().collect();
        return Candidates { found, unread: 0 };
    }
    let mut files: Vec<(usize, Kind)> = (0..tree.len())
        .filter_map(|file| Some((file, kind_of(tree.path(file), false)?)))
        // What a contestant hands in has made-up labels for the test images.
        .filter(|(file, _)| !stem(tree.path(*file)).to_ascii_lowercase().contains("submission"))
        .collect();
    if files.is_empty() || tree.images().is_empty() {
        return Candidates::default();
    }
    // JSON last: it may be a file beside each image, which is no table.
    files.sort_by_key(|(file, kind)| (*kind == Kind::JsonArray, tree.path(*file).matches('/').count()));
    let is_metadata = |file: usize| stem(tree.path(file)).eq_ignore_ascii_case("metadata");
    let (mut metadata, mut others, mut bytes) = (0, 0, 0);
    let (files, unread): (Vec<_>, Vec<_>) = files.into_iter().partition(|(file, kind)| {
        bytes += tree.bytes(*file).min(HEAD_BYTES);
        let of_a_folder = *kind != Kind::JsonArray && is_metadata(*file);
        let (count, most) =
            if of_a_folder { (&mut metadata, MAX_METADATA) } else { (&mut others, MAX_TABLES) };
        *count += 1;
        *count <= most && bytes <= MAX_HEADS
    });
    let mut found: Vec<Candidate> =
        files.par_iter().filter_map(|(file, kind)| look_at(tree, *file, *kind)).collect();
    found.retain(|candidate| candidate.there > 0 && candidate.there * 2 >= candidate.sampled);
    let rows: u64 = found.iter().map(|candidate| candidate.rows).sum();
    let about: BTreeSet<_> = found.iter().flat_map(|candidate| &candidate.about).copied().collect();
    let images: usize = about.into_iter().map(|split| tree.images().count_of(split)).sum();
    if rows * 2 < images as u64 && !found.iter().any(|candidate| is_metadata(candidate.file)) {
        return Candidates::default();
    }
    found.sort_by_key(|candidate| (candidate.split.is_none(), candidate.file));
    let is_like_found = |kind: Kind| found.iter().any(|candidate| candidate.kind == kind);
    let unread = unread.into_iter().filter(|(_, kind)| is_like_found(*kind)).count();
    Candidates { found, unread }
}

/// How a file of that name would be written, if it may be a manifest. A `.txt` is one only when
/// it was opened itself.
fn kind_of(path: &str, opened: bool) -> Option<Kind> {
    match () {
        () if has_extension(path, &["csv", "tsv"]) => Some(Kind::Delimited),
        () if has_extension(path, &["jsonl", "ndjson"]) => Some(Kind::JsonLines),
        () if has_extension(path, &["json"]) => Some(Kind::JsonArray),
        () if opened && has_extension(path, &["txt"]) => Some(Kind::Spaced),
        () => None,
    }
}

fn look_at(tree: &Tree, file: usize, kind: Kind) -> Option<Candidate> {
    let head = tree.start(file, HEAD_BYTES).ok()?;
    let whole = head.len() as u64 >= tree.bytes(file);
    let table = table::parse(&head, kind, whole, usize::MAX)?;
    let path = tree.path(file);
    // A table's name may tell its split by a word of it, a folder only by all of it.
    let split = split_in(stem(path)).or_else(|| split_path(path).0.rsplit('/').find_map(split_of));
    let resolver = Resolver::new(tree, path, split);
    let roles = roles(&table, |value| resolver.exists(value))?;
    let rows = (table.len() as u64).saturating_mul(tree.bytes(file)) / (head.len() as u64).max(1);
    let images =
        columns::sampled_rows(&table).filter_map(|row| match resolver.find(table.cell(row, roles.path)) {
            Found::File(file) => Some(tree.images().split_of(file)),
            Found::Outside { .. } | Found::Address(_) | Found::Missing(_) => None,
        });
    let about = images.collect();
    Some(Candidate { file, kind, split, rows, sampled: roles.sampled, there: roles.there, about })
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    let folders = Folders::new(tree, control)?;
    let mut listed = vec![false; tree.len()];
    let Candidates { found, unread } = candidates(tree);
    if unread > 0 {
        let message = format!(
            "{unread} tables more than are looked at were left unread, and with them what they say of \
             images; join the tables into one"
        );
        builder.issue(None, &tree.source, IssueKind::Oversized, message);
    }
    for candidate in &found {
        let path = tree.path(candidate.file);
        control.begin(format!("Reading {path}"), 0);
        control.checkpoint()?;
        match Source::read(tree, candidate) {
            Ok(source) => source.push(tree, &folders, &mut listed, builder, control)?,
            Err(message) => builder.issue(None, path, IssueKind::Annotation, message),
        }
    }
    if tree.focus.is_none() && !builder.is_empty() {
        push_other_splits(tree, &folders, &mut listed, builder);
    }
    packed::report_left_out(tree, builder, |file| listed[file], "no row of a table names");
    Ok(())
}

/// The tables of a tree that are read.
pub(crate) fn tables(tree: &Tree) -> Vec<Candidate> {
    candidates(tree).found
}

/// The cells of a row beside the one that names its image.
pub(crate) struct OtherCells<'a> {
    source: &'a Source<'a>,
    row: usize,
}

impl OtherCells<'_> {
    /// What files they name: a mask, a depth map, a caption.
    pub fn named(&self) -> impl Iterator<Item = Named> {
        let Source { table, roles, resolver, .. } = self.source;
        let others = table.row(self.row).filter(|(column, _)| *column != roles.path);
        others.flat_map(|(_, text)| text.split(LIST)).filter_map(|value| resolver.named(value))
    }
}

/// Reads a table again and tells of each row its number, the name that it gives, what that leads to and
/// its other cells. Gives whether a first row names the columns. The error is a sentence.
pub(crate) fn each_row(
    tree: &Tree,
    candidate: &Candidate,
    mut tell: impl FnMut(u64, &str, Found, OtherCells<'_>),
) -> Result<bool, String> {
    let source = &Source::read(tree, candidate)?;
    for row in 0..source.table.len() {
        let name = source.table.cell(row, source.roles.path);
        if !name.is_empty() {
            tell(source.table.lines[row], name, source.resolver.find(name), OtherCells { source, row });
        }
    }
    Ok(source.table.named && matches!(candidate.kind, Kind::Delimited | Kind::Spaced))
}

/// Shows the images of splits that no row is about, without labels.
fn push_other_splits(tree: &Tree, folders: &Folders, listed: &mut [bool], builder: &mut DatasetBuilder) {
    let images = tree.images();
    let about: BTreeSet<_> =
        images.files().filter(|file| listed[*file]).map(|file| images.split_of(file)).collect();
    for file in images.files().filter(|file| !folders.is_mask(*file)) {
        if let (false, split @ Some(_)) = (listed[file], images.split_of(file))
            && !about.contains(&split)
        {
            listed[file] = true;
            builder.push(NewSample { split, ..new_sample(tree, file) });
        }
    }
}

/// What the images' folders say.
struct Folders {
    images: Images,
    /// The role of each file; `u32::MAX` for masks and what is no image.
    role_of: Vec<u32>,
}

impl Folders {
    fn new(tree: &Tree, control: &Control) -> Result<Self, ImportError> {
        let images = images(tree, control)?;
        let mut role_of = vec![u32::MAX; tree.len()];
        for (file, role) in images.files.iter().zip(&images.role_of) {
            role_of[*file] = *role;
        }
        Ok(Self { images, role_of })
    }

    fn role(&self, file: usize) -> Option<&Role> {
        self.images.roles.get(self.role_of[file] as usize)
    }

    /// Whether an image is a mask of another one.
    fn is_mask(&self, image: usize) -> bool {
        self.role(image).is_none()
    }
}

/// Reads a text as each kind of table and its rows by every role; for fuzzing.
pub fn fuzz(content: &[u8]) {
    for kind in [Kind::Delimited, Kind::Spaced, Kind::JsonLines, Kind::JsonArray] {
        for whole in [false, true] {
            let Some(table) = table::parse(content, kind, whole, 1000) else { continue };
            for row in 0..table.len() {
                assert!(table.row(row).all(|(column, _)| column < table.columns.len()));
            }
            let Some(roles) = roles(&table, |value| value.len() < 9) else { continue };
            for row in 0..table.len() {
                let said = row_values(&table, row, &roles);
                assert!(said.attributes.iter().all(|(_, value)| value.len() <= 2 * MAX_ATTRIBUTE_BYTES));
            }
        }
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

/// A table that was read, and what its columns mean.
struct Source<'a> {
    path: &'a str,
    kind: Kind,
    split: Option<&'static str>,
    table: Table,
    roles: Roles,
    resolver: Resolver<'a>,
}

impl<'a> Source<'a> {
    /// Reads a whole table. The error is a sentence.
    fn read(tree: &'a Tree, candidate: &Candidate) -> Result<Self, String> {
        let (path, split) = (tree.path(candidate.file), candidate.split);
        let content = tree.read(candidate.file).map_err(|error| error.message)?;
        let table = table::parse(&content, candidate.kind, true, u32::MAX as usize)
            .ok_or("this is no table of text; save it as CSV in UTF-8")?;
        let resolver = Resolver::new(tree, path, split);
        let roles = roles(&table, |value| resolver.exists(value))
            .ok_or("no column of this table names images that are there")?;
        Ok(Self { path, kind: candidate.kind, split, table, roles, resolver })
    }

    /// Hands over a sample for each row.
    fn push(
        &self,
        tree: &Tree,
        folders: &Folders,
        listed: &mut [bool],
        builder: &mut DatasetBuilder,
        control: &Control,
    ) -> Result<(), ImportError> {
        let Self { path, table, roles, .. } = self;
        let row_word = self.kind.row_word();
        let mut faults = Faults { path, count: 0 };
        let mut addresses = 0u64;
        for (line, why) in &table.faults {
            faults.report(builder, format!("{row_word} {line} cannot be read: {why}"));
        }
        if table.is_cut {
            let message = format!("the table has more than {MAX_COLUMNS} columns; the others were not read");
            builder.issue(None, path, IssueKind::Oversized, message);
        }
        control.begin(format!("Reading {path}"), table.len() as u64);
        for first in (0..table.len()).step_by(BATCH) {
            control.checkpoint()?;
            let batch = first..table.len().min(first + BATCH);
            let found: Vec<Option<Found>> = batch
                .clone()
                .into_par_iter()
                .map(|row| {
                    let value = table.cell(row, roles.path);
                    (!value.is_empty()).then(|| self.resolver.find(value))
                })
                .collect();
            control.add(batch.len() as u64);
            for (row, found) in batch.zip(found) {
                let line = table.lines[row];
                let Some(found) = found else {
                    faults.report(builder, format!("{row_word} {line} names no file"));
                    continue;
                };
                let (is_address, known) = (matches!(found, Found::Address(_)), builder.len());
                let mut said = row_values(table, row, roles);
                said.split = said.split.or(self.split);
                if let Found::File(file) = found {
                    listed[file] = true;
                    if let Some(role) = folders.role(file) {
                        said.split = said.split.or(role.split.as_deref());
                        let label = role.label.as_deref().filter(|_| roles.labels == LabelColumns::None);
                        said.labels.extend(label);
                    }
                }
                let boxes = match said.rect {
                    Some(Ok(rect)) => {
                        let relative = roles.boxes.as_ref().is_some_and(|boxes| boxes.relative);
                        let classes = if said.labels.is_empty() { &[UNNAMED] } else { &said.labels[..] };
                        classes.iter().map(|class| NewBox { class, rect, relative }).collect()
                    }
                    Some(Err(())) => {
                        let message = format!("the box in {row_word} {line} is not four numbers with a size");
                        faults.report(builder, message);
                        Vec::new()
                    }
                    None => Vec::new(),
                };
                let attributes: Vec<(&str, &str)> =
                    said.attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let sample = NewSample {
                    split: said.split,
                    labels: &said.labels,
                    boxes,
                    attributes: &attributes,
                    ..NewSample::default()
                };
                push(tree, builder, found, sample, || format!("{path}, {row_word} {line}"));
                // An image that several rows name is one.
                addresses += u64::from(is_address && builder.len() > known);
            }
        }
        faults.close(builder, table.more_faults);
        if addresses > 0 {
            let message = format!(
                "images that the table names by their address on a network, here {addresses}, are not \
                 downloaded; put the files beside the table, under the last part of their address"
            );
            builder.issue(None, path, IssueKind::Missing, message);
        }
        Ok(())
    }
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
                boxes: sample.boxes,
                attributes: sample.attributes,
                ..file
            });
        }
        Found::Outside { path, bytes, modified_ms } => {
            builder.push(NewSample { path: &path, bytes, modified_ms, ..sample });
        }
        Found::Address(path) => {
            builder.push(NewSample { path: &path, ..sample });
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
pub(crate) struct RowValues<'a> {
    pub labels: Vec<&'a str>,
    pub split: Option<&'a str>,
    /// The box, or that it is none.
    pub rect: Option<Result<[f32; 4], ()>>,
    attributes: Vec<(&'a str, String)>,
}

pub(crate) fn row_values<'a>(table: &'a Table, row: usize, roles: &Roles) -> RowValues<'a> {
    let rect = roles.boxes.as_ref().and_then(|boxes| boxes.rect(|column| table.cell(row, column)));
    let mut values = RowValues { labels: Vec::new(), split: None, rect, attributes: Vec::new() };
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
                values.split = Some(split_of(text).unwrap_or(text));
                continue;
            }
            SplitColumn::Numbers(at) if at == column => {
                values.split = Some(numbered_split(text).unwrap_or(text));
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
