//! A Parquet file of variants: the image with its path, the label, and what is told of it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, Float32Builder, Float64Builder, ListBuilder, RecordBatch, StringBuilder,
    StructArray,
};
use arrow::datatypes::{DataType, Field, Fields};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value};

use crate::export::dataset::draft::{Draft, Make, Told, Work};
use crate::export::dataset::layouts::ending_of;
use crate::export::dataset::table::written;
use crate::export::dataset::write::{Failure, Out};
use crate::media;

/// Pictures that are held before they are written, and their bytes.
const GROUP_ROWS: usize = 100;
const GROUP_BYTES: usize = 64 << 20;

/// Columns of texts beside the label; what is no text is written as JSON.
const TEXTS: [&str; 8] =
    ["split", "source", "variant", "seed", "pipeline", "label_weights", "mixed_with", "augmentation"];

/// The column of what samples weigh, where they are weighed.
const WEIGHT: &str = "weight";

/// One file.
#[derive(Debug)]
pub struct ParquetShard {
    /// Places among the items.
    pub places: Range<usize>,
}

/// A picture and what is told of it.
struct Row {
    path: String,
    bytes: Vec<u8>,
    about: Map<String, Value>,
}

impl Make for ParquetShard {
    fn tell(&self, _: &Draft, told: &mut Told) {
        told.add(format!("{:?}", self.places).as_bytes());
    }

    fn samples(&self) -> u64 {
        self.places.len() as u64
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let making = work.making()?;
        let has_weights = making.has_weights();
        let schema = batch(&[], has_weights)?.schema();
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = properties.set_max_row_group_row_count(Some(GROUP_ROWS)).build();
        let mut faults = Vec::new();
        let mut writer = written(ArrowWriter::try_new(&mut *out, schema, Some(properties)))?;
        let (mut rows, mut held) = (Vec::with_capacity(GROUP_ROWS), 0);
        for at in self.places.clone() {
            writer.inner().checkpoint()?;
            let item = making.items[at];
            match making.bytes(work, item) {
                Ok((bytes, plan)) => {
                    let about = making.about(work, item, plan.as_ref());
                    let ending = media::sniff(&bytes).and_then(ending_of).unwrap_or("img");
                    held += bytes.len();
                    rows.push(Row { path: format!("{at:08}.{ending}"), bytes, about });
                }
                Err(error) => faults.push((item.sample, error)),
            }
            if rows.len() == GROUP_ROWS || held >= GROUP_BYTES {
                written(writer.write(&batch(&rows, has_weights)?))?;
                written(writer.flush())?;
                rows.clear();
                held = 0;
            }
        }
        written(writer.write(&batch(&rows, has_weights)?))?;
        written(writer.close())?;
        faults.into_iter().for_each(|(sample, error)| out.fault(sample, error));
        Ok(())
    }
}

fn batch(rows: &[Row], has_weights: bool) -> Result<RecordBatch, Failure> {
    let mut columns = vec![("image", images(rows)?)];
    for name in std::iter::once("label").chain(TEXTS) {
        let mut texts = StringBuilder::new();
        for row in rows {
            texts.append_option(row.about.get(name).map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }));
        }
        columns.push((name, Arc::new(texts.finish()) as ArrayRef));
    }
    if has_weights {
        let mut weights = Float64Builder::new();
        rows.iter().for_each(|row| weights.append_option(row.about.get(WEIGHT).and_then(Value::as_f64)));
        columns.push((WEIGHT, Arc::new(weights.finish())));
    }
    columns.push(("objects", objects(rows)?));
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).map_err(failed)
}

/// A struct of the file's bytes and its name.
fn images(rows: &[Row]) -> Result<ArrayRef, Failure> {
    let (mut bytes, mut paths) = (BinaryBuilder::new(), StringBuilder::new());
    for row in rows {
        bytes.append_value(&row.bytes);
        paths.append_value(&row.path);
    }
    structure([("bytes", Arc::new(bytes.finish())), ("path", Arc::new(paths.finish()))])
}

/// A struct of a list of boxes, in pixels, and a list of their classes.
fn objects(rows: &[Row]) -> Result<ArrayRef, Failure> {
    let mut boxes = ListBuilder::new(ListBuilder::new(Float32Builder::new()));
    let mut classes = ListBuilder::new(StringBuilder::new());
    for row in rows {
        for one in row.about.get("boxes").and_then(Value::as_array).into_iter().flatten() {
            // A box in fractions of a sample of unknown size has no place in this column.
            if one.get("relative").and_then(Value::as_bool) == Some(true) {
                continue;
            }
            for side in one["rect"].as_array().into_iter().flatten() {
                boxes.values().values().append_value(side.as_f64().unwrap_or_default() as f32);
            }
            boxes.values().append(true);
            classes.values().append_value(one["class"].as_str().unwrap_or_default());
        }
        boxes.append(true);
        classes.append(true);
    }
    structure([("bbox", Arc::new(boxes.finish())), ("category", Arc::new(classes.finish()))])
}

fn structure<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<ArrayRef, Failure> {
    let field = |(name, array): &(&str, ArrayRef)| {
        let kind: &DataType = array.data_type();
        Field::new(*name, kind.clone(), true)
    };
    let fields: Fields = columns.iter().map(field).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(Arc::new(StructArray::try_new(fields, arrays, None).map_err(failed)?))
}

fn failed(error: arrow::error::ArrowError) -> Failure {
    Failure::Io(std::io::Error::other(error))
}
