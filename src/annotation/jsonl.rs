//! Annotations as JSON Lines: an object for each sample and person, with the fields of [`Annotated`].
//!
//! `path` has to be there. A list of one word may be the word alone. Lines with other names for their path and labels
//! are read as importers of datasets read them.

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use super::csv_table::COLUMNS;
use super::foreign::{self, Kind};
use super::{
    Annotated, AnnotationError, Annotations, Faults, Field, Format, Read, Writer, malformed, name_of,
    read_bytes, take,
};
use crate::jobs::Control;

pub const FORMAT: Format = Format {
    name: "jsonl",
    title: "JSON Lines",
    ending: Some("jsonl"),
    about: "a JSON object in each line, one for each sample",
    holds: Field::OF_SAMPLES,
    read: read_file,
    write: Writer::File(write_to),
};

/// Lines that are read between two questions whether to go on.
const STEP: u64 = 4096;

fn read_file(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    let content = read_bytes(path)?;
    let file = name_of(path);
    read(&content, &file, || control.checkpoint().map_err(AnnotationError::from))?
        .ok_or_else(|| malformed(path, "no line of this file names a sample; call it path"))
}

/// Reads the bytes of a file; `None` where nothing in it names samples. `go_on` is asked now and then.
pub fn read(
    content: &[u8],
    file: &str,
    go_on: impl Fn() -> Result<(), AnnotationError>,
) -> Result<Option<Read>, AnnotationError> {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if !is_own(text) {
        return Ok(foreign::read(content, Kind::JsonLines, file));
    }
    let mut faults = Faults::default();
    let mut samples = Vec::new();
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if u64::is_multiple_of(number, STEP) {
            go_on()?;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let at = ("line", number);
        match serde_json::from_slice::<Annotated>(line) {
            Ok(sample) => take(&mut samples, sample, at, file, &mut faults),
            Err(error) => faults.add(file, Some(at), fault(&error)),
        }
    }
    Ok(Some(Read { annotations: Annotations::of_samples(samples), proposals: Vec::new(), faults }))
}

/// Whether the first object has a path by that name, and labels by theirs unless it says nothing else.
fn is_own(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let first = lines.next().and_then(|line| serde_json::from_slice::<Value>(line).ok());
    let Some(Value::Object(first)) = first else { return false };
    let labelled = ["label", "labels"].into_iter().any(|name| first.contains_key(name));
    let is_known = |name: &String| COLUMNS.contains(&name.as_str());
    first.get("path").is_some_and(Value::is_string) && (labelled || first.keys().all(is_known))
}

/// What is wrong with a line: serde counts lines within it, which are no help.
pub(super) fn fault(error: &serde_json::Error) -> String {
    let told = error.to_string();
    let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(told, _)| told);
    format!("it cannot be understood: {told}")
}

fn write_to(annotations: &Annotations, out: &mut (dyn Write + Send)) -> io::Result<Vec<String>> {
    for sample in &annotations.samples {
        serde_json::to_writer(&mut *out, sample)?;
        out.write_all(b"\n")?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_in_their_forms() {
        let lines = r#"{"path":"a.png","label":"cat"}

{"path":"b.png","label":["cat",7],"note":null,"time":"2026-01-31T12:00:00Z","extra":{"x":1}}
{"path":"c.png","boxes":[{"class":"dog","rect":[1,2,3,4]},{"class":"dog","rect":[1,2,0,4]}]}
{"label":"cat"}
{"path":"d.png","label":{"x":1}}
{"path":"e.png","content":"xyz"}
{"path":"#;
        let read = read(lines.as_bytes(), "x.jsonl", || Ok(())).unwrap().unwrap();
        let told: Vec<String> = read
            .annotations
            .samples
            .iter()
            .map(|one| format!("{} {} {}", one.path, one.labels.join("+"), one.boxes.len()))
            .collect();
        assert_eq!(told, ["a.png cat 0", "b.png cat+7 0", "c.png dog 1"]);
        let lines: Vec<u64> = read.faults.list.iter().filter_map(|fault| Some(fault.at?.1)).collect();
        assert_eq!(lines, [4, 5, 6, 7, 8]);
        assert!(read.faults.list[3].message.contains("hexadecimal"), "{:?}", read.faults);
    }
}
