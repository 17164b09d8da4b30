//! Annotations as CSV: a row for each sample and person.
//!
//! The columns are `path`, `content`, `size` (`640x480`), `label`, `boxes`, `tags`, `note`, `starred`, `reviewed`,
//! `unsure`, `origin`, `by`, `time`, `split` and `given`; those that are missing say nothing, and `path` has to be
//! there. Several words in a cell are parted by `;`, or are a JSON list where a word has a sign in it that would part
//! it; boxes are a JSON list of objects as in JSON Lines. A table with other columns is read as importers of datasets
//! read it: by the names of its columns and by what is in them.

use std::io::{self, Write};
use std::path::Path;

use super::foreign::{self, Kind};
use super::{
    Annotated, AnnotationError, Annotations, Faults, Field, Format, Read, Writer, content_hex,
    content_of_hex, malformed, name_of, read_bytes, take, time,
};
use crate::dataset::LabelOrigin;
use crate::jobs::Control;

pub const FORMAT: Format = Format {
    name: "csv",
    title: "CSV",
    ending: Some("csv"),
    about: "a table with a row for each sample",
    holds: Field::OF_SAMPLES,
    read: read_file,
    write: Writer::File(write_to),
};

/// The columns in their order.
pub const COLUMNS: [&str; 15] = [
    "path", "content", "size", "label", "boxes", "tags", "note", "starred", "reviewed", "unsure", "origin",
    "by", "time", "split", "given",
];

/// Samples that are read between two questions whether to go on.
const STEP: usize = 4096;

fn read_file(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    let content = read_bytes(path)?;
    let file = name_of(path);
    control.checkpoint()?;
    read(&content, &file, || control.checkpoint().map_err(AnnotationError::from))?
        .ok_or_else(|| malformed(path, "no column of this table names samples; call it path"))
}

/// Reads the bytes of a table; `None` where no column names samples. `go_on` is asked now and then.
pub fn read(
    content: &[u8],
    file: &str,
    go_on: impl Fn() -> Result<(), AnnotationError>,
) -> Result<Option<Read>, AnnotationError> {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let roles = reader.byte_headers().ok().and_then(own_columns);
    let Some(roles) = roles else { return Ok(foreign::read(content, Kind::Delimited, file)) };
    let mut faults = Faults::default();
    let mut samples = Vec::new();
    for (at, record) in reader.byte_records().enumerate() {
        if at.is_multiple_of(STEP) {
            go_on()?;
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map(|position| ("line", position.line()));
                faults.add(file, line, error.to_string());
                continue;
            }
        };
        let at = ("line", record.position().map_or(0, csv::Position::line));
        let mut sample = Annotated::default();
        for (cell, column) in record.iter().zip(&roles) {
            let Ok(cell) = std::str::from_utf8(cell) else {
                faults.add(
                    file,
                    Some(at),
                    format!("the cell of \"{column}\" is not UTF-8; save the table as UTF-8"),
                );
                continue;
            };
            if let Err(message) = put(&mut sample, column, cell) {
                faults.add(file, Some(at), message);
            }
        }
        take(&mut samples, sample, at, file, &mut faults);
    }
    Ok(Some(Read { annotations: Annotations::of_samples(samples), proposals: Vec::new(), faults }))
}

/// What the columns of a header are, where they are ours and `path` is among them.
fn own_columns(header: &csv::ByteRecord) -> Option<Vec<&'static str>> {
    let own = |name: &[u8]| {
        let name = std::str::from_utf8(name).ok()?.trim();
        let name = if name == "labels" { "label" } else { name };
        COLUMNS.into_iter().find(|known| *known == name)
    };
    let columns: Option<Vec<&str>> = header.iter().map(own).collect();
    columns.filter(|columns| columns.contains(&"path"))
}

/// Takes the text of a cell. The error is a sentence.
fn put(sample: &mut Annotated, column: &str, cell: &str) -> Result<(), String> {
    if cell.is_empty() {
        return Ok(());
    }
    match column {
        "path" => sample.path = cell.to_owned(),
        "content" => {
            let content = content_of_hex(cell).ok_or("the content is not 32 hexadecimal digits")?;
            sample.content = Some(content);
        }
        "size" => {
            let sides =
                cell.split_once('x').and_then(|(wide, high)| Some([wide.parse().ok()?, high.parse().ok()?]));
            sample.size = Some(sides.ok_or("the size is not two numbers such as 640x480")?);
        }
        "label" => sample.labels = words_in(cell),
        "boxes" => {
            let boxes = serde_json::from_str(cell);
            sample.boxes =
                boxes.map_err(|error| format!("the boxes are not a JSON list of boxes: {error}"))?;
        }
        "tags" => sample.tags = words_in(cell),
        "note" => sample.note = cell.to_owned(),
        "starred" => sample.starred = flag(column, cell)?,
        "reviewed" => sample.reviewed = flag(column, cell)?,
        "unsure" => sample.unsure = flag(column, cell)?,
        "origin" => {
            let origin =
                LabelOrigin::from_name(cell).ok_or_else(|| format!("\"{cell}\" is no origin of labels"))?;
            sample.origin = Some(origin);
        }
        "by" => sample.by = cell.to_owned(),
        "time" => {
            let ms =
                time::ms_of_iso(cell.trim()).ok_or("the time is not one such as 2026-01-31T12:00:00Z")?;
            sample.time_ms = Some(ms);
        }
        "split" => sample.split = Some(cell.to_owned()),
        "given" => sample.given = words_in(cell),
        _ => {}
    }
    Ok(())
}

fn flag(column: &str, cell: &str) -> Result<bool, String> {
    match cell.trim() {
        "true" | "True" | "TRUE" | "yes" | "1" => Ok(true),
        "false" | "False" | "FALSE" | "no" | "0" => Ok(false),
        other => Err(format!("\"{other}\" in \"{column}\" is neither true nor false")),
    }
}

/// The words of a cell: a JSON list, or parted by `;`.
pub(super) fn words_in(cell: &str) -> Vec<String> {
    if cell.starts_with('[')
        && let Ok(words) = serde_json::from_str(cell)
    {
        return words;
    }
    cell.split(';').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The cell of words.
pub(super) fn cell_of(words: &[String]) -> String {
    // What parts a cell here or for other readers, and what they would trim.
    let is_plain = |word: &String| {
        !word.contains([';', '|', '\n', '\r', '\u{1f}'])
            && !word.starts_with('[')
            && word.trim() == word.as_str()
    };
    if words.iter().all(is_plain) {
        return words.join(";");
    }
    // A list of texts can always be written.
    serde_json::to_string(words).unwrap_or_default()
}

fn write_to(annotations: &Annotations, out: &mut (dyn Write + Send)) -> io::Result<Vec<String>> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    let yes = |flag: bool| if flag { "true" } else { "" };
    for sample in &annotations.samples {
        let boxes = match &sample.boxes[..] {
            [] => String::new(),
            boxes => serde_json::to_string(boxes)?,
        };
        table.write_record([
            sample.path.as_str(),
            &sample.content.as_ref().map(content_hex).unwrap_or_default(),
            &sample.size.map(|[wide, high]| format!("{wide}x{high}")).unwrap_or_default(),
            &cell_of(&sample.labels),
            &boxes,
            &cell_of(&sample.tags),
            &sample.note,
            yes(sample.starred),
            yes(sample.reviewed),
            yes(sample.unsure),
            sample.origin.map_or("", LabelOrigin::name),
            &sample.by,
            &sample.time_ms.map(time::iso).unwrap_or_default(),
            sample.split.as_deref().unwrap_or_default(),
            &cell_of(&sample.given),
        ])?;
    }
    table.flush()?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_from_their_cell() {
        for words in [
            &[][..],
            &["cat"],
            &["cat", "dog"],
            &["a;b"],
            &["a|b", "c"],
            &["[x]"],
            &[" edge "],
            &["line\nend"],
            &["\"quoted\", with a comma"],
            &["[", "]"],
        ] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(words_in(&cell_of(&words)), words);
        }
        assert_eq!(cell_of(&["cat".to_owned(), "dog".to_owned()]), "cat;dog");
        assert_eq!(words_in("[not json"), ["[not json"]);
    }

    #[test]
    fn a_row_with_a_fault_keeps_the_rest_of_it() {
        let table = "path,label,starred,time,boxes,size\na.png,cat,perhaps,now,5,wide\n,dog,,,,\nb.png,cat;dog,1,,,4x3\n";
        let read = read(table.as_bytes(), "t.csv", || Ok(())).unwrap().unwrap();
        let labels: Vec<(&str, usize)> =
            read.annotations.samples.iter().map(|one| (one.path.as_str(), one.labels.len())).collect();
        assert_eq!(labels, [("a.png", 1), ("b.png", 2)]);
        let lines: Vec<u64> = read.faults.list.iter().filter_map(|fault| Some(fault.at?.1)).collect();
        assert_eq!(lines, [2, 2, 2, 2, 3]);
        assert_eq!(read.annotations.classes, ["cat", "dog"]);
    }
}
