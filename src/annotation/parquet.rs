//! Annotations as Parquet: the columns of the CSV, with lists of words as lists, boxes as JSON text, and the classes in
//! the file's metadata under the key `lenslet.classes`.
//!
//! A Parquet file without a text column `path`, or with columns of others where ours would say something, is opened as a
//! dataset: its pictures, their labels and boxes.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, ListBuilder, RecordBatch, StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::csv_table::COLUMNS;
use super::{
    Annotated, AnnotationError, Annotations, Faults, Field, Format, MAX_SAMPLES, Read, Writer, content_hex,
    content_of_hex, folder, malformed, name_of, take, time,
};
use crate::dataset::LabelOrigin;
use crate::import::parquet::rows::{Table, guarded};
use crate::import::reader::access::FileAt;
use crate::jobs::Control;

pub const FORMAT: Format = Format {
    name: "parquet",
    title: "Parquet",
    ending: Some("parquet"),
    about: "a table with a row for each sample",
    holds: &Field::ALL,
    read: read_file,
    write: Writer::File(write_to),
};

/// The key of the classes, a JSON list, in the file's metadata.
const CLASSES: &str = "lenslet.classes";

/// The most text that the metadata's classes may take, in bytes.
const MAX_CLASSES_BYTES: usize = 64 << 20;

/// Rows that are read or written at a time.
const BATCH: usize = 4096;

/// Columns whose cells are lists of words.
const LISTS: [&str; 3] = ["label", "tags", "given"];

/// Columns of which one at least is in a table of ours; others have such as `split` too.
const SAYING: [&str; 10] =
    ["label", "boxes", "tags", "note", "starred", "reviewed", "unsure", "origin", "by", "given"];

/// Columns whose cells are yes or no.
const FLAGS: [&str; 3] = ["starred", "reviewed", "unsure"];

fn read_file(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    let failed = |cause| AnnotationError::Unreadable { path: path.to_owned(), cause };
    let file = std::fs::File::open(path).and_then(FileAt::new).map_err(failed)?;
    let table = Table::open(Arc::new(file)).map_err(|error| malformed(path, error.message))?;
    let schema = table.metadata.metadata().file_metadata().schema_descr();
    let leaves = schema.columns().iter().map(|column| column.path().parts().to_vec()).enumerate();
    let leaves: Vec<(usize, Vec<String>)> = leaves.collect();
    if !is_ours(&leaves) {
        return folder::read_dataset(path, control);
    }
    let own = leaves.iter().filter(|(_, parts)| COLUMNS.contains(&own_name(&parts[0])));
    let leaves: Vec<usize> = own.map(|(leaf, _)| *leaf).collect();
    let name = name_of(path);
    let mut faults = Faults::default();
    let mut samples = Vec::new();
    control.begin(format!("Reading {name}"), table.rows());
    let mut row = 0;
    for group in 0..table.starts.len() - 1 {
        let rows = table.starts[group + 1] - table.starts[group];
        let mut stopped = Ok(());
        let read = table.read(group, 0..rows, &leaves, BATCH as u64, |batch| {
            take_batch(&batch, &mut row, &mut samples, &name, &mut faults);
            control.add(batch.num_rows() as u64);
            stopped = control.checkpoint();
            stopped.is_ok() && samples.len() <= MAX_SAMPLES
        });
        stopped?;
        if let Err(error) = read {
            faults.add(&name, Some(("row", row + 1)), error.message);
        }
    }
    let mut annotations = Annotations::of_samples(samples);
    if let Some(classes) = classes_in(&table) {
        annotations.classes = classes;
    }
    Ok(Read { annotations, proposals: Vec::new(), faults })
}

/// What a column is called here: `labels` are the labels, too.
fn own_name(column: &str) -> &str {
    if column == "labels" { "label" } else { column }
}

/// Whether the leaves of a table are ours: with a path, and with a column of what was said or none that is another's.
fn is_ours(leaves: &[(usize, Vec<String>)]) -> bool {
    let has_path = leaves.iter().any(|(_, parts)| parts.len() == 1 && parts[0] == "path");
    let mut columns = leaves.iter().map(|(_, parts)| own_name(&parts[0]));
    has_path
        && (columns.clone().any(|column| SAYING.contains(&column))
            || columns.all(|column| COLUMNS.contains(&column)))
}

fn classes_in(table: &Table) -> Option<Vec<String>> {
    let pairs = table.metadata.metadata().file_metadata().key_value_metadata()?;
    let text = pairs.iter().find(|pair| pair.key == CLASSES)?.value.as_ref()?;
    (text.len() <= MAX_CLASSES_BYTES).then(|| serde_json::from_str(text).ok()).flatten()
}

/// The columns of some rows, as far as they are what they should be.
struct Columns {
    texts: HashMap<String, StringArray>,
    /// List columns: the ends of each row's words, and all words.
    lists: HashMap<String, ArrayRef>,
}

impl Columns {
    fn of(batch: &RecordBatch, row: u64, name: &str, faults: &mut Faults) -> Self {
        let mut columns = Self { texts: HashMap::new(), lists: HashMap::new() };
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            let column = own_name(field.name()).to_owned();
            let list = match array.data_type() {
                DataType::List(_) => Some(array.clone()),
                DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                    guarded(|| Ok(cast(array, &DataType::List(item.clone()))?)).ok()
                }
                _ => None,
            };
            if let Some(list) = list {
                columns.lists.insert(column, list);
                continue;
            }
            let texts = guarded(|| Ok(cast(array, &DataType::Utf8)?));
            match texts.ok().as_ref().and_then(|texts| texts.as_string_opt::<i32>()) {
                Some(texts) => drop(columns.texts.insert(column, texts.clone())),
                None => {
                    faults.add(name, Some(("row", row + 1)), format!("the column \"{column}\" is no text"))
                }
            }
        }
        columns
    }

    fn text(&self, column: &str, row: usize) -> Option<&str> {
        let texts = self.texts.get(column)?;
        texts.is_valid(row).then(|| texts.value(row)).filter(|text| !text.is_empty())
    }

    fn words(&self, column: &str, row: usize) -> Vec<String> {
        let Some(lists) = self.lists.get(column).and_then(|lists| lists.as_list_opt::<i32>()) else {
            return self.text(column, row).map(|word| vec![word.to_owned()]).unwrap_or_default();
        };
        if lists.is_null(row) {
            return Vec::new();
        }
        let words = guarded(|| Ok(cast(&lists.value(row), &DataType::Utf8)?));
        let words = words.ok();
        let words = words.as_ref().and_then(|words| words.as_string_opt::<i32>());
        words.map(|words| words.iter().flatten().map(str::to_owned).collect()).unwrap_or_default()
    }

    fn flag(&self, column: &str, row: usize) -> bool {
        matches!(self.text(column, row), Some("true" | "1"))
    }
}

/// Takes the rows of a batch; `row` is how many came before.
fn take_batch(
    batch: &RecordBatch,
    row: &mut u64,
    samples: &mut Vec<Annotated>,
    name: &str,
    faults: &mut Faults,
) {
    let columns = Columns::of(batch, *row, name, faults);
    for at in 0..batch.num_rows() {
        *row += 1;
        let place = ("row", *row);
        let mut wrong = |message: String| faults.add(name, Some(place), message);
        let text = |column: &str| columns.text(column, at);
        let boxes = text("boxes").map(serde_json::from_str).transpose().unwrap_or_else(|error| {
            wrong(format!("the boxes are not a JSON list of boxes: {error}"));
            None
        });
        let content = text("content").and_then(content_of_hex);
        if content.is_none() && text("content").is_some() {
            wrong("the content is not 32 hexadecimal digits".to_owned());
        }
        let time_ms = text("time").and_then(time::ms_of_iso);
        if time_ms.is_none() && text("time").is_some() {
            wrong("the time is not one such as 2026-01-31T12:00:00Z".to_owned());
        }
        let size = text("size").and_then(|size| size.split_once('x'));
        let sample = Annotated {
            path: text("path").unwrap_or_default().to_owned(),
            content,
            size: size.and_then(|(wide, high)| Some([wide.parse().ok()?, high.parse().ok()?])),
            labels: columns.words("label", at),
            boxes: boxes.unwrap_or_default(),
            tags: columns.words("tags", at),
            note: text("note").unwrap_or_default().to_owned(),
            starred: columns.flag("starred", at),
            reviewed: columns.flag("reviewed", at),
            unsure: columns.flag("unsure", at),
            origin: text("origin").and_then(LabelOrigin::from_name),
            by: text("by").unwrap_or_default().to_owned(),
            time_ms,
            split: text("split").map(str::to_owned),
            given: columns.words("given", at),
        };
        take(samples, sample, place, name, faults);
    }
}

fn write_to(annotations: &Annotations, out: &mut (dyn Write + Send)) -> io::Result<Vec<String>> {
    let classes = serde_json::to_string(&annotations.classes)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(vec![KeyValue::new(CLASSES.to_owned(), classes)]))
        .build();
    let schema = batch_of(&[])?.schema();
    // The classes alone are a file, too.
    let mut writer = ArrowWriter::try_new(out, Arc::new(Schema::clone(&schema)), Some(properties))?;
    for samples in annotations.samples.chunks(BATCH) {
        writer.write(&batch_of(samples)?)?;
    }
    writer.close()?;
    Ok(Vec::new())
}

fn batch_of(samples: &[Annotated]) -> io::Result<RecordBatch> {
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for column in COLUMNS {
        let array: ArrayRef = if LISTS.contains(&column) {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for sample in samples {
                let words = match column {
                    "label" => &sample.labels,
                    "tags" => &sample.tags,
                    _ => &sample.given,
                };
                words.iter().for_each(|word| lists.values().append_value(word));
                lists.append(true);
            }
            Arc::new(lists.finish())
        } else if FLAGS.contains(&column) {
            let mut flags = BooleanBuilder::new();
            samples.iter().for_each(|sample| {
                flags.append_value(match column {
                    "starred" => sample.starred,
                    "reviewed" => sample.reviewed,
                    _ => sample.unsure,
                });
            });
            Arc::new(flags.finish())
        } else {
            let mut texts = StringBuilder::new();
            for sample in samples {
                texts.append_option(text_of(sample, column)?);
            }
            Arc::new(texts.finish())
        };
        columns.push((column, array));
    }
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).map_err(io::Error::other)
}

/// The text of a cell; `None` where there is nothing to say.
fn text_of(sample: &Annotated, column: &str) -> io::Result<Option<String>> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(match column {
        "path" => Some(sample.path.clone()),
        "content" => sample.content.as_ref().map(content_hex),
        "size" => sample.size.map(|[wide, high]| format!("{wide}x{high}")),
        "boxes" if sample.boxes.is_empty() => None,
        "boxes" => Some(serde_json::to_string(&sample.boxes)?),
        "note" => some(&sample.note),
        "origin" => sample.origin.map(|origin| origin.name().to_owned()),
        "by" => some(&sample.by),
        "time" => sample.time_ms.map(time::iso),
        "split" => sample.split.clone(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::LargeListBuilder;

    use super::*;

    #[test]
    fn a_table_is_ours_by_what_it_says() {
        for (columns, expected) in [
            (&["path", "labels"][..], true),
            (&["path", "split"], true),
            (&["path", "note", "camera"], true),
            (&["path", "class", "split"], false),
            (&["label", "image"], false),
        ] {
            let leaves: Vec<(usize, Vec<String>)> =
                columns.iter().map(|column| vec![(*column).to_owned()]).enumerate().collect();
            assert_eq!(is_ours(&leaves), expected, "{columns:?}");
        }
    }

    #[test]
    fn labels_of_large_lists_are_read() {
        let mut lists = LargeListBuilder::new(StringBuilder::new());
        lists.values().append_value("cat");
        lists.values().append_value("dog");
        lists.append(true);
        lists.append(false);
        let labels: ArrayRef = Arc::new(lists.finish());
        let paths: ArrayRef = Arc::new(StringArray::from(vec!["a.png", "b.png"]));
        let columns = [("path", paths, true), ("labels", labels, true)];
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let (mut samples, mut faults) = (Vec::new(), Faults::default());
        take_batch(&batch, &mut 0, &mut samples, "a.parquet", &mut faults);
        assert_eq!(faults.count(), 0, "{faults:?}");
        assert_eq!((samples[0].labels.join(","), samples[1].labels.len()), ("cat,dog".to_owned(), 0));
    }
}
