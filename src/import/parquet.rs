//! Parquet files with an image column, as Hugging Face's `datasets` writes them.
//!
//! - The image column is the one that the metadata (key `huggingface`) calls an image, else a
//!   struct with `bytes`, else a binary column of a telling name or the only one, else a text
//!   column of paths (`image`, `file_name`, `path`, …), relative to the file or from the root.
//! - Labels are numbers named by the metadata's `ClassLabel`, plain numbers or text, or lists of
//!   them; −1 and null are no label. Another column of single values is an attribute: at most 64
//!   of them, each value cut at [`MAX_TEXT`] bytes.
//! - A column of `bbox` and `category` lists gives boxes, taken as COCO's `[x, y, width, height]`
//!   in pixels: the metadata does not say, and that is what such datasets mostly hold.
//! - Splits come from a `split` column, else the file's name (`train-00000-of-00002.parquet`),
//!   else its folders.
//!
//! Opening reads no image: a row's size is told only by decoding it, so each sample of a row group
//! gets the group's mean.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::manifest::resolve::{Found, is_absolute, on_disk};
use super::names::{has_extension, join, split_of, split_of_path, split_path, with_slashes};
use super::packed::{self, MAX_CLASSES, Packed};
use super::reader::{ReadAt, ReadError, RowSource};
use super::{Fit, Format, ImportError, Tree};
use crate::dataset::builder::NewBox;
use crate::dataset::{Container, ContainerKind, DatasetBuilder, IssueKind, Layout, NewSample, Place};
use crate::jobs::Control;

pub(crate) mod rows;
mod schema;

use rows::{Images, Table};
use schema::{Columns, Objects};

pub const FORMAT: Format = Format {
    layout: Layout::Parquet,
    reads: "Hugging Face style image columns (bytes or path), label names from the schema metadata",
    detect,
    import,
};

/// The images of a Parquet file.
pub fn open(bytes: Arc<dyn ReadAt>, _container: &Container) -> Result<Arc<dyn RowSource>, ReadError> {
    Ok(Arc::new(Images::open(bytes)?))
}

/// Longest attribute value in bytes; longer text is cut.
pub const MAX_TEXT: usize = 1000;

/// Rows that are decoded at a time.
const BATCH: u64 = 1024;

/// Files whose footer is looked at before a tree is held to have no images in Parquet.
const DETECT_FILES: usize = 4;

fn parquet_files(tree: &Tree) -> Vec<usize> {
    let is_parquet = |file: &usize| has_extension(tree.path(*file), &["parquet", "pq"]);
    (0..tree.len()).filter(|file| tree.is_in_focus(*file)).filter(is_parquet).collect()
}

fn detect(tree: &Tree) -> Option<Fit> {
    let files = parquet_files(tree);
    let looked_at = &files[..files.len().min(DETECT_FILES)];
    let packed = Packed::new(tree, looked_at.iter().map(|file| (*file, ContainerKind::Parquet)));
    let fit = |at: usize| {
        let table = packed.open(at).and_then(Table::open).ok()?;
        let image = schema::image(table.metadata.metadata())?;
        Some(if image.sure { Fit::Certain } else { Fit::Likely })
    };
    let best = (0..looked_at.len()).filter_map(fit).max();
    // A damaged file is still what the person meant, and its error says more than "nothing found".
    best.or_else(|| {
        (!files.is_empty() && (tree.focus.is_some() || files.len() == tree.len())).then_some(Fit::Fallback)
    })
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    let files = parquet_files(tree);
    let packed = Packed::new(tree, files.iter().map(|file| (*file, ContainerKind::Parquet)));
    let mut tables = Vec::new();
    for (at, file) in files.iter().enumerate() {
        control.checkpoint()?;
        let path = tree.path(*file);
        match packed.open(at).and_then(Table::open) {
            Ok(table) => match schema::columns(table.metadata.metadata()) {
                Some(columns) => tables.push((at, *file, table, columns)),
                None => {
                    let message = "the Parquet file has no column of images or of paths to images";
                    builder.issue(None, path, IssueKind::Unsupported, message);
                }
            },
            Err(error) => builder.issue(None, path, error.kind, error.message),
        }
    }
    control.begin("Reading labels", 0);
    for (_, _, table, columns) in &tables {
        for name in
            columns.label_names.iter().chain(columns.objects.iter().flat_map(|objects| &objects.names))
        {
            builder.class(name);
        }
        // Without names, classes get their ids in the order of their numbers or letters.
        if columns.label_names.is_empty() {
            for name in distinct_labels(table, columns, control)? {
                builder.class(&name);
            }
        }
    }
    control.begin("Reading rows", tables.iter().map(|(_, _, table, _)| table.rows()).sum());
    for (at, file, table, columns) in &tables {
        control.set_stage(format!("Reading {}", tree.path(*file)));
        let source = Source {
            tree,
            table,
            columns,
            file: *file,
            split: split_of_path(tree.path(*file)),
            container: &|builder| packed.register(builder, *at),
        };
        source.push(builder, control)?;
    }
    Ok(())
}

/// Tells of each row of a table that names its images the name that it gives and what that leads to;
/// `false` where the table holds the images.
pub(crate) fn each_row(
    tree: &Tree,
    file: usize,
    control: &Control,
    mut tell: impl FnMut(u64, &str, Found),
) -> Result<bool, ReadError> {
    let packed = Packed::new(tree, [(file, ContainerKind::Parquet)]);
    let table = packed.open(0).and_then(Table::open)?;
    let Some(columns) = schema::columns(table.metadata.metadata()) else { return Ok(false) };
    let split = split_of_path(tree.path(file));
    let source = Source { tree, table: &table, columns: &columns, file, split, container: &|_| Place::LOOSE };
    if source.leaf().is_some() {
        return Ok(false);
    }
    for group in 0..table.starts.len() - 1 {
        let (mut row, end) = (table.starts[group], table.starts[group + 1]);
        let rows = 0..end - row;
        table.read(group, rows, &columns.leaves, BATCH, |batch| {
            let fields = Fields::new(&batch, &columns);
            for at in 0..batch.num_rows() {
                let values = fields.row(at);
                if let (Some(name), Some(found)) = (&values.path, source.image(&values)) {
                    tell(row, name, found);
                }
                row += 1;
            }
            !control.is_cancelled()
        })?;
    }
    Ok(true)
}

/// One file and what is known of it.
struct Source<'a> {
    tree: &'a Tree,
    table: &'a Table,
    columns: &'a Columns,
    file: usize,
    /// The split that the file's own path tells.
    split: Option<&'static str>,
    container: &'a dyn Fn(&mut DatasetBuilder) -> u32,
}

impl Source<'_> {
    fn push(&self, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
        let path = self.tree.path(self.file);
        let leaf = self.leaf();
        let container = leaf.map(|_| (self.container)(builder));
        for group in 0..self.table.starts.len() - 1 {
            let (start, end) = (self.table.starts[group], self.table.starts[group + 1]);
            let mean = leaf.map_or(0, |leaf| self.table.leaf_bytes(group, leaf) / (end - start).max(1));
            let mut cancelled = None;
            let mut row = start;
            // Without another column there is nothing to read: the rows are numbered.
            let rest = if self.columns.leaves.is_empty() {
                Ok(())
            } else {
                self.table.read(group, 0..end - start, &self.columns.leaves, BATCH, |batch| {
                    if let Err(error) = control.checkpoint() {
                        cancelled = Some(error);
                        return false;
                    }
                    let fields = Fields::new(&batch, self.columns);
                    for at in 0..batch.num_rows() {
                        self.push_row(builder, container, row, mean, Some((&fields, at)));
                        row += 1;
                    }
                    control.add(batch.num_rows() as u64);
                    true
                })
            };
            if let Some(cancelled) = cancelled {
                return Err(cancelled.into());
            }
            if let Err(error) = rest {
                builder.issue(None, path, error.kind, format!("{} (row group {group})", error.message));
            }
            // Damaged labels leave the images, which may be whole.
            if container.is_some() {
                for row in row..end {
                    if row % 4096 == 0 {
                        control.checkpoint()?;
                    }
                    self.push_row(builder, container, row, mean, None);
                }
            }
        }
        Ok(())
    }

    /// The leaf of the images' bytes. Rows whose bytes are all null have their images in files.
    fn leaf(&self) -> Option<usize> {
        let image = &self.columns.image;
        image.bytes.filter(|leaf| !(image.path.is_some() && self.all_null(*leaf)))
    }

    /// The split of a row.
    fn split<'b>(&'b self, values: &'b Values<'_>) -> Option<&'b str> {
        let told = values.attributes.iter().find(|(name, value)| *name == "split" && !value.is_empty());
        told.map(|(_, value)| split_of(value).unwrap_or(value)).or(self.split)
    }

    /// What the path in a row leads to; `None` where there is none.
    fn image(&self, values: &Values<'_>) -> Option<Found> {
        let (name, folder) = (values.path.as_ref()?, split_path(self.tree.path(self.file)).0);
        if let Some(file) = self.tree.images().find(name, folder, self.split(values)) {
            return Some(Found::File(file));
        }
        let name = with_slashes(name);
        let elsewhere = is_absolute(&name).then(|| on_disk(Path::new(&name))).flatten();
        Some(elsewhere.unwrap_or_else(|| Found::Missing(join(folder, &name))))
    }

    fn all_null(&self, leaf: usize) -> bool {
        let mut groups = self.table.metadata.metadata().row_groups().iter();
        groups.all(|group| {
            let nulls = group.column(leaf).statistics().and_then(|statistics| statistics.null_count_opt());
            nulls == u64::try_from(group.num_rows()).ok()
        })
    }

    fn push_row(
        &self,
        builder: &mut DatasetBuilder,
        container: Option<u32>,
        row: u64,
        mean: u64,
        fields: Option<(&Fields<'_>, usize)>,
    ) {
        let path = self.tree.path(self.file);
        let values = fields.map(|(fields, at)| fields.row(at)).unwrap_or_default();
        let split = self.split(&values);
        let labels: Vec<&str> = values.labels.iter().map(String::as_str).collect();
        let boxes = values.boxes.iter().map(|(class, rect)| NewBox { class, rect: *rect, relative: false });
        let boxes: Vec<NewBox<'_>> = boxes.collect();
        let path_name = format!("{}.path", self.columns.image.name);
        let mut attributes: Vec<(&str, &str)> =
            values.attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();

        let sample = match container {
            Some(container) => {
                if let Some(image_path) = &values.path {
                    attributes.push((&path_name, image_path));
                }
                builder.push(NewSample {
                    path: &format!("{path}#{row}"),
                    place: Some(packed::row_place(container, row, 0)),
                    bytes: mean,
                    modified_ms: self.tree.modified_ms(self.file),
                    split,
                    labels: &labels,
                    boxes,
                    attributes: &attributes,
                    ..Default::default()
                })
            }
            None => {
                let Some(found) = self.image(&values) else {
                    let message = format!("row {row} names no image");
                    builder.issue(None, path, IssueKind::Annotation, message);
                    return;
                };
                let known = builder.len();
                let sample = NewSample {
                    split,
                    labels: &labels,
                    boxes,
                    attributes: &attributes,
                    ..NewSample::default()
                };
                match found {
                    Found::File(file) => builder.push(NewSample {
                        path: self.tree.path(file),
                        raw_path: self.tree.raw_path(file).map(<[u8]>::to_vec),
                        place: Some(self.tree.place(file)),
                        bytes: self.tree.bytes(file),
                        modified_ms: self.tree.modified_ms(file),
                        ..sample
                    }),
                    Found::Outside { path, bytes, modified_ms } => {
                        builder.push(NewSample { path: &path, bytes, modified_ms, ..sample })
                    }
                    Found::Missing(image) | Found::Address(image) => {
                        let sample = builder.push(NewSample { path: &image, ..sample });
                        // A file that is listed again is told of once.
                        if builder.len() > known {
                            let message = format!("{path} lists this image, and it is not there");
                            builder.issue(Some(sample), &image, IssueKind::Missing, message);
                        }
                        sample
                    }
                }
            }
        };
        if let Some(fault) = values.fault {
            builder.issue(Some(sample), &format!("{path}#{row}"), IssueKind::Annotation, fault);
        }
    }
}

/// What a row says of its sample.
#[derive(Default)]
struct Values<'a> {
    labels: Vec<String>,
    boxes: Vec<(String, [f32; 4])>,
    attributes: Vec<(&'a str, String)>,
    path: Option<String>,
    fault: Option<String>,
}

/// The columns of a batch, ready to be asked row by row.
struct Fields<'a> {
    columns: &'a Columns,
    label: Option<ArrayRef>,
    path: Option<ArrayRef>,
    attributes: Vec<(&'a str, &'a [String], ArrayRef)>,
    objects: Option<(&'a Objects, ArrayRef)>,
}

impl<'a> Fields<'a> {
    fn new(batch: &RecordBatch, columns: &'a Columns) -> Self {
        let named = |name: &str| batch.column_by_name(name).cloned();
        let attributes = columns.attributes.iter();
        let attributes =
            attributes.filter_map(|(name, names)| Some((name.as_str(), &names[..], named(name)?)));
        let objects = columns.objects.as_ref();
        Self {
            columns,
            label: columns.label.as_deref().and_then(named),
            path: columns
                .image
                .path
                .and_then(|_| named(&columns.image.name))
                .map(|path| rows::innermost(&path)),
            attributes: attributes.collect(),
            objects: objects.and_then(|objects| Some((objects, named(&objects.column)?))),
        }
    }

    fn row(&self, at: usize) -> Values<'a> {
        let mut values = Values {
            path: self.path.as_ref().map(|path| text(path, at)).filter(|path| !path.is_empty()),
            ..Values::default()
        };
        if let Some(label) = &self.label {
            for class in elements(label, at) {
                match class_name(&class, 0, &self.columns.label_names) {
                    Ok(name) => values.labels.extend(name),
                    Err(fault) => values.fault = Some(fault),
                }
            }
        }
        for (name, names, column) in &self.attributes {
            let value = match class_name(column, at, names) {
                Ok(Some(value)) if !names.is_empty() => value,
                _ => text(column, at),
            };
            values.attributes.push((name, value));
        }
        if let Some((objects, column)) = &self.objects {
            values.boxes = boxes(objects, column, at, &mut values.fault);
        }
        values
    }
}

/// One value as a column of one, or each element of a list of values.
fn elements(column: &ArrayRef, at: usize) -> Vec<ArrayRef> {
    match column.as_list_opt::<i32>() {
        Some(lists) if lists.is_null(at) => Vec::new(),
        Some(lists) => {
            let list = lists.value(at);
            (0..list.len()).map(|element| list.slice(element, 1)).collect()
        }
        None => vec![column.slice(at, 1)],
    }
}

/// The class that a value names: `None` for null, −1 and empty text.
fn class_name(column: &ArrayRef, at: usize, names: &[String]) -> Result<Option<String>, String> {
    if column.is_null(at) {
        return Ok(None);
    }
    let whole = column.data_type().is_integer();
    let number = whole.then(|| cast(&column.slice(at, 1), &DataType::Int64).ok()).flatten();
    let number = number.and_then(|one| one.as_primitive_opt::<Int64Type>().map(|one| one.value(0)));
    match number {
        Some(-1) => Ok(None),
        Some(number) if names.is_empty() => Ok(Some(number.to_string())),
        Some(number) => match usize::try_from(number).ok().and_then(|number| names.get(number)) {
            Some(name) => Ok(Some(name.clone())),
            None => Err(format!("its label is {number}, and there are {} class names", names.len())),
        },
        None => Ok(Some(text(column, at)).filter(|text| !text.is_empty())),
    }
}

/// One value as text, empty for null, cut at [`MAX_TEXT`] bytes.
fn text(column: &ArrayRef, at: usize) -> String {
    // Strings are cut before they are copied; the rest is short.
    if let Some(strings) = column.as_string_opt::<i32>() {
        let value = if strings.is_null(at) { "" } else { strings.value(at) };
        return cut(value).to_owned();
    }
    let options = FormatOptions::default();
    let formatted = ArrayFormatter::try_new(column, &options)
        .ok()
        .and_then(|formatter| formatter.value(at).try_to_string().ok());
    cut(&formatted.unwrap_or_default()).to_owned()
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Boxes that are read of one row.
const MAX_BOXES: usize = 100_000;

/// The boxes of a row: a struct of lists, or a list of structs.
fn boxes(
    objects: &Objects,
    column: &ArrayRef,
    at: usize,
    fault: &mut Option<String>,
) -> Vec<(String, [f32; 4])> {
    let row = column.slice(at, 1);
    let fields = match row.as_list_opt::<i32>() {
        Some(lists) if !lists.is_null(0) => lists.value(0),
        _ => row,
    };
    let Some(fields) = fields.as_struct_opt() else { return Vec::new() };
    let field = |name: &str| {
        let values = fields.column_by_name(name)?;
        // In a struct of lists, the row's list is the list of all its objects.
        match (column.as_struct_opt(), values.as_list_opt::<i32>()) {
            (Some(_), Some(lists)) => (!lists.is_empty() && !lists.is_null(0)).then(|| lists.value(0)),
            _ => Some(values.clone()),
        }
    };
    let (Some(rects), Some(classes)) = (field(&objects.boxes), field(&objects.category)) else {
        return Vec::new();
    };
    let Some(rects) = rects.as_list_opt::<i32>() else { return Vec::new() };
    let mut found = Vec::new();
    for object in 0..rects.len().min(classes.len()).min(MAX_BOXES) {
        let name = match class_name(&classes, object, &objects.names) {
            Ok(Some(name)) => name,
            Ok(None) => continue,
            Err(message) => {
                *fault = Some(message);
                continue;
            }
        };
        match (!rects.is_null(object)).then(|| rect(&rects.value(object))).flatten() {
            Some(rect) => found.push((name, rect)),
            None => *fault = Some(format!("the box of a \"{name}\" is not four numbers with a size")),
        }
    }
    found
}

fn rect(numbers: &ArrayRef) -> Option<[f32; 4]> {
    let numbers = cast(numbers, &DataType::Float64).ok()?;
    let numbers = numbers.as_primitive_opt::<Float64Type>()?;
    let &[left, top, width, height] = &numbers.values()[..] else { return None };
    let rect = [left, top, width, height].map(|number| number as f32);
    let whole = numbers.null_count() == 0 && rect.iter().all(|number| number.is_finite());
    (whole && width > 0.0 && height > 0.0).then_some(rect)
}

/// The labels that occur in a table, whole numbers by size, then text by letters.
fn distinct_labels(table: &Table, columns: &Columns, control: &Control) -> Result<Vec<String>, ImportError> {
    let Some(label) = &columns.label else { return Ok(Vec::new()) };
    let schema = table.metadata.parquet_schema();
    let leaves: Vec<usize> =
        (0..schema.num_columns()).filter(|leaf| schema.column(*leaf).path().parts()[0] == *label).collect();
    let mut found: BTreeSet<(i64, String)> = BTreeSet::new();
    for group in 0..table.starts.len() - 1 {
        control.checkpoint()?;
        let rows = 0..table.starts[group + 1] - table.starts[group];
        // What cannot be read is reported when the rows are.
        let _ = table.read(group, rows, &leaves, BATCH, |batch| {
            let Some(column) = batch.columns().first() else { return false };
            for at in 0..batch.num_rows() {
                for class in elements(column, at) {
                    if let Ok(Some(name)) = class_name(&class, 0, &[]) {
                        found.insert((name.parse().unwrap_or(i64::MAX), name));
                    }
                }
            }
            found.len() < MAX_CLASSES && !control.is_cancelled()
        });
    }
    Ok(found.into_iter().map(|(_, name)| name).collect())
}
