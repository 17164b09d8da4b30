//! The table as CSV or JSON Lines.

use std::io::Write;

use serde_json::{Map, Number, Value};

use super::{CORNERS, Content, STEP, boxless_labels};
use crate::dataset::boxes::BoxRecord;
use crate::dataset::query::Snapshot;
use crate::dataset::{SampleId, Strings};
use crate::export::dataset::draft::{Draft, Make, Told, Work};
use crate::export::dataset::write::{Failure, Out};

/// The table of a plan's samples.
#[derive(Debug)]
pub struct TextTable {
    /// One for each of the plan's samples.
    pub paths: Strings,
    pub headings: Vec<(String, Content)>,
    pub has_boxes: bool,
    /// JSON Lines, else CSV.
    pub lines: bool,
}

/// One row: the labels that it tells, and its box.
struct Row<'a> {
    labels: Vec<&'a str>,
    corners: Option<[f32; 4]>,
}

impl Make for TextTable {
    fn tell(&self, _: &Draft, _: &mut Told) {
        // It is made again whenever an export goes on.
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let mut buffer = Vec::new();
        if !self.lines {
            let corners = CORNERS.iter().copied().filter(|_| self.has_boxes);
            let names = self.headings.iter().map(|(name, _)| name.as_str()).chain(corners);
            csv_row(&mut buffer, names)?;
        }
        for (at, sample) in work.samples.iter().enumerate() {
            if at % STEP == 0 {
                out.checkpoint()?;
            }
            for row in rows(work.snapshot, *sample) {
                if self.lines {
                    let object = self.object(work.snapshot, *sample, self.paths.get(at), &row);
                    serde_json::to_writer(&mut buffer, &object).map_err(std::io::Error::from)?;
                    buffer.push(b'\n');
                } else {
                    let cells = self.cells(work.snapshot, *sample, self.paths.get(at), &row);
                    csv_row(&mut buffer, cells.iter().map(String::as_str))?;
                }
            }
            out.write_all(&buffer)?;
            buffer.clear();
        }
        Ok(out.write_all(&buffer)?)
    }

    fn is_settled(&self) -> bool {
        false
    }
}

/// A row for each box, and one for what no box tells.
fn rows(snapshot: &Snapshot, sample: SampleId) -> Vec<Row<'_>> {
    let boxes = snapshot.boxes().get(sample);
    let mut rows: Vec<Row<'_>> = boxes
        .iter()
        .map(|one| Row {
            labels: vec![snapshot.labels().classes[one.class as usize].as_str()],
            corners: Some(corners(one)),
        })
        .collect();
    let labels = boxless_labels(snapshot, sample);
    if rows.is_empty() || !labels.is_empty() {
        rows.push(Row { labels, corners: None });
    }
    rows
}

/// Left, top, right and bottom.
fn corners(one: &BoxRecord) -> [f32; 4] {
    let [left, top, width, height] = one.rect;
    let corners = [left, top, left + width, top + height];
    // Rounding may put a fraction a little outside, and numbers above 1 are read as pixels.
    if one.relative { corners.map(|side| side.clamp(0.0, 1.0)) } else { corners }
}

/// The number of something, where there is any: columns of nothing but 0 and 1 are read as labels.
fn count(column: &crate::dataset::columns::Column, snapshot: &Snapshot, sample: SampleId) -> Option<f64> {
    column.number(snapshot, sample).filter(|count| *count > 0.0)
}

impl TextTable {
    fn cells(&self, snapshot: &Snapshot, sample: SampleId, path: &str, row: &Row<'_>) -> Vec<String> {
        let cell = |content: &Content| match content {
            Content::Path => path.to_owned(),
            Content::Labels => row.labels.join(";"),
            Content::Count(column) => {
                count(column, snapshot, sample).map(|count| count.to_string()).unwrap_or_default()
            }
            Content::Whole(column) | Content::Number(column) | Content::Text(column) => {
                column.text(snapshot, sample).into_owned()
            }
            Content::Repeat(repeats) => repeats.get(sample as usize).map(u32::to_string).unwrap_or_default(),
            Content::Weight(weights) => weights.get(sample as usize).map(f64::to_string).unwrap_or_default(),
        };
        let mut cells: Vec<String> = self.headings.iter().map(|(_, content)| cell(content)).collect();
        if self.has_boxes {
            let side = |at: usize| row.corners.map(|corners| corners[at].to_string()).unwrap_or_default();
            cells.extend((0..4).map(side));
        }
        cells
    }

    fn object(&self, snapshot: &Snapshot, sample: SampleId, path: &str, row: &Row<'_>) -> Map<String, Value> {
        let number = |number: Option<f64>| number.and_then(json_number);
        let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
        let mut object = Map::new();
        for (name, content) in &self.headings {
            let value = match content {
                Content::Path => Some(path.into()),
                Content::Labels => match &row.labels[..] {
                    [] => None,
                    [label] => Some((*label).into()),
                    labels => Some(labels.to_vec().into()),
                },
                Content::Count(column) => number(count(column, snapshot, sample)),
                Content::Whole(column) | Content::Number(column) => number(column.number(snapshot, sample)),
                Content::Text(column) => text(&column.text(snapshot, sample)),
                Content::Repeat(repeats) => number(repeats.get(sample as usize).copied().map(f64::from)),
                Content::Weight(weights) => number(weights.get(sample as usize).copied()),
            };
            // Without a value there is no key, but for those that say what the table is of.
            if let Some(value) = value.or_else(|| matches!(content, Content::Labels).then_some(Value::Null)) {
                object.insert(name.clone(), value);
            }
        }
        if let Some(corners) = row.corners {
            for (name, side) in CORNERS.iter().zip(corners) {
                object.extend(json_number(side.into()).map(|side| ((*name).to_owned(), side)));
            }
        }
        object
    }
}

/// A number, whole ones without a fraction.
fn json_number(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}

fn csv_row<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let mut writer = csv::WriterBuilder::new().from_writer(out);
    let written = writer.write_record(cells).and_then(|()| writer.flush().map_err(csv::Error::from));
    written.map_err(|error| Failure::Io(error.into()))
}
