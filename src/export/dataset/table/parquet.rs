//! The table as Parquet.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Builder, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    StructArray,
};
use arrow::datatypes::{DataType, Field, Fields};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{Content, STEP};
use crate::dataset::boxes::BoxRecord;
use crate::dataset::query::Snapshot;
use crate::dataset::{SampleId, Strings};
use crate::export::dataset::draft::{Draft, Make, Told, Work};
use crate::export::dataset::write::{Failure, Out};

/// Rows that the writer holds before it writes them.
const GROUP_ROWS: usize = 1 << 16;

/// The table of a plan's samples.
#[derive(Debug)]
pub struct ParquetTable {
    /// One for each of the plan's samples.
    pub paths: Strings,
    pub headings: Vec<(String, Content)>,
}

/// What came of writing Parquet. Where it failed, the target did: what is written is whole.
pub fn written<T>(result: Result<T, ParquetError>) -> Result<T, Failure> {
    result.map_err(|error| match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(cause) => Failure::Io(*cause),
            Err(cause) => Failure::Io(std::io::Error::other(cause)),
        },
        error => Failure::Io(std::io::Error::other(error)),
    })
}

impl Make for ParquetTable {
    fn tell(&self, _: &Draft, _: &mut Told) {
        // It is made again whenever an export goes on.
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let first = self.batch(work, 0..0)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = properties.set_max_row_group_row_count(Some(GROUP_ROWS)).build();
        let mut writer = written(ArrowWriter::try_new(&mut *out, first.schema(), Some(properties)))?;
        for start in (0..work.samples.len()).step_by(STEP) {
            writer.inner().checkpoint()?;
            let batch = self.batch(work, start..work.samples.len().min(start + STEP))?;
            written(writer.write(&batch))?;
        }
        written(writer.close())?;
        Ok(())
    }

    fn is_settled(&self) -> bool {
        false
    }
}

impl ParquetTable {
    fn batch(&self, work: &Work<'_>, rows: std::ops::Range<usize>) -> Result<RecordBatch, Failure> {
        let samples = &work.samples[rows.clone()];
        let snapshot = work.snapshot;
        let column = |content: &Content| -> ArrayRef {
            match content {
                Content::Path => {
                    let mut paths = StringBuilder::new();
                    rows.clone().for_each(|row| paths.append_value(self.paths.get(row)));
                    Arc::new(paths.finish())
                }
                Content::Labels => {
                    let mut lists = ListBuilder::new(StringBuilder::new());
                    for sample in samples {
                        snapshot.labels().names(*sample).for_each(|name| lists.values().append_value(name));
                        lists.append(true);
                    }
                    Arc::new(lists.finish())
                }
                Content::Count(column) | Content::Whole(column) => {
                    let mut numbers = Int64Builder::new();
                    for sample in samples {
                        numbers.append_option(column.number(snapshot, *sample).map(|number| number as i64));
                    }
                    Arc::new(numbers.finish())
                }
                Content::Repeat(repeats) => {
                    let mut numbers = Int64Builder::new();
                    let of = |sample: &SampleId| repeats.get(*sample as usize).copied().map(i64::from);
                    samples.iter().for_each(|sample| numbers.append_option(of(sample)));
                    Arc::new(numbers.finish())
                }
                Content::Weight(weights) => {
                    let mut numbers = Float64Builder::new();
                    let of = |sample: &SampleId| weights.get(*sample as usize).copied();
                    samples.iter().for_each(|sample| numbers.append_option(of(sample)));
                    Arc::new(numbers.finish())
                }
                Content::Number(column) => {
                    let mut numbers = Float64Builder::new();
                    samples.iter().for_each(|sample| numbers.append_option(column.number(snapshot, *sample)));
                    Arc::new(numbers.finish())
                }
                Content::Text(column) => {
                    let mut texts = StringBuilder::new();
                    for sample in samples {
                        let text = column.text(snapshot, *sample);
                        texts.append_option((!text.is_empty()).then_some(text));
                    }
                    Arc::new(texts.finish())
                }
            }
        };
        let mut columns: Vec<(&str, ArrayRef)> =
            self.headings.iter().map(|(name, content)| (name.as_str(), column(content))).collect();
        if !snapshot.boxes().is_empty() {
            columns.push(("objects", objects(snapshot, samples)));
        }
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
            .map_err(|error| Failure::Io(std::io::Error::other(error)))
    }
}

/// The boxes of samples: a struct of a list of boxes, in pixels, and a list of their classes.
fn objects(snapshot: &Snapshot, samples: &[SampleId]) -> ArrayRef {
    let mut boxes = ListBuilder::new(ListBuilder::new(Float32Builder::new()));
    let mut classes = ListBuilder::new(StringBuilder::new());
    for sample in samples {
        for one in snapshot.boxes().get(*sample) {
            let Some(rect) = in_pixels(snapshot, *sample, one) else { continue };
            let values = boxes.values();
            rect.iter().for_each(|side| values.values().append_value(*side));
            values.append(true);
            classes.values().append_value(&snapshot.labels().classes[one.class as usize]);
        }
        boxes.append(true);
        classes.append(true);
    }
    let arrays: Vec<ArrayRef> = vec![Arc::new(boxes.finish()), Arc::new(classes.finish())];
    let field = |name: &str, kind: &DataType| Field::new(name, kind.clone(), true);
    let fields =
        Fields::from(vec![field("bbox", arrays[0].data_type()), field("category", arrays[1].data_type())]);
    Arc::new(StructArray::new(fields, arrays, None))
}

/// Left, top, width and height in pixels; `None` for a fraction of an image of unknown size.
fn in_pixels(snapshot: &Snapshot, sample: SampleId, one: &BoxRecord) -> Option<[f32; 4]> {
    if !one.relative {
        return Some(one.rect);
    }
    let fact = snapshot.facts.get(sample);
    let (width, height) = (fact.width as f32, fact.height as f32);
    let [left, top, right, bottom] = one.rect;
    (width > 0.0 && height > 0.0).then_some([left * width, top * height, right * width, bottom * height])
}
