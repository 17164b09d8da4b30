//! Tables out of text: CSV and its kin, JSON Lines, a JSON array of objects.
//!
//! A table is rows of (column, text). Lists are kept as texts joined by [`LIST`]; an object in an
//! object is columns of its own (`image.path`), and a list of objects a list in each of those. A
//! line that cannot be read is a fault with its number, and the rest goes on. It refuses to know what
//! columns mean.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::columns::is_known_name;
use crate::dataset::Strings;
use crate::import::names::is_image_name;
use crate::import::spans;

/// What stands between the elements of a list.
pub const LIST: char = '\u{1f}';

/// The most columns of a table; further ones are left out.
pub const MAX_COLUMNS: usize = 1024;

/// The longest text in a cell, in bytes; the rest is cut off.
pub const MAX_CELL_BYTES: usize = 16 << 10;

/// How deep objects in objects become columns; what lies deeper is kept as JSON.
const MAX_DEPTH: usize = 4;

/// Faults that are kept one by one.
pub const MAX_FAULTS: usize = 200;

/// The most lines that a quoted cell may go over: one that goes on for longer was never meant as
/// quoted, as in a caption that begins with a quotation.
const MAX_CELL_LINES: usize = 200;

/// Lines that are read to find out what separates the columns.
const SNIFFED_LINES: usize = 20;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Commas, tabs, semicolons or bars between columns.
    Delimited,
    /// As [`Self::Delimited`], or blanks.
    Spaced,
    /// One JSON object in each line.
    JsonLines,
    /// A JSON array of objects.
    JsonArray,
}

impl Kind {
    /// What the number of a row counts.
    pub fn row_word(self) -> &'static str {
        if self == Self::JsonArray { "entry" } else { "line" }
    }
}

/// Rows of text.
#[derive(Debug, Default)]
pub struct Table {
    pub columns: Vec<String>,
    /// Whether the columns' names come from the file; else they are `column 1` and so on.
    pub named: bool,
    cells: Strings,
    cell_columns: Vec<u16>,
    row_ends: Vec<usize>,
    /// Whether there are further columns than [`MAX_COLUMNS`].
    pub is_cut: bool,
    /// Line of each row, or its place in the array; from 1.
    pub lines: Vec<u64>,
    /// Lines or places that could not be read, and why.
    pub faults: Vec<(u64, String)>,
    /// Faults beyond those that are kept.
    pub more_faults: u64,
}

impl Table {
    pub fn len(&self) -> usize {
        self.row_ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.row_ends.is_empty()
    }

    /// The cells of a row that are not empty, as column and text.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, &str)> {
        let start = if row == 0 { 0 } else { self.row_ends[row - 1] };
        (start..self.row_ends[row]).map(|cell| (usize::from(self.cell_columns[cell]), self.cells.get(cell)))
    }

    /// The text of a cell; empty where there is none.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.row(row).find(|(at, _)| *at == column).map_or("", |(_, text)| text)
    }

    fn add(&mut self, column: usize, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if column >= MAX_COLUMNS {
            self.is_cut = true;
            return;
        }
        // The cap keeps a column's number within 16 bits.
        self.cell_columns.push(column as u16);
        self.cells.push(&text[..text.floor_char_boundary(MAX_CELL_BYTES)]);
    }

    fn add_row(&mut self, line: u64, cells: &[String]) {
        for (column, cell) in cells.iter().enumerate() {
            self.add(column, cell);
        }
        self.end_row(line);
        for column in self.columns.len()..cells.len().min(MAX_COLUMNS) {
            self.columns.push(format!("column {}", column + 1));
        }
    }

    /// Takes the first row as the columns' names or as a row.
    fn begin(&mut self, (line, cells): (u64, Vec<String>), second: Option<&[String]>) {
        if is_header(&cells, second) {
            self.named = true;
            self.columns = cells.into_iter().take(MAX_COLUMNS).collect();
        } else {
            self.add_row(line, &cells);
        }
    }

    fn end_row(&mut self, line: u64) {
        self.row_ends.push(self.cell_columns.len());
        self.lines.push(line);
    }

    fn fault(&mut self, line: u64, why: String) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push((line, why));
        } else {
            self.more_faults += 1;
        }
    }
}

/// Reads at most `most` rows. `whole` is false for the beginning of a longer file, whose last line
/// may be cut. `None` where the text is no table of this kind.
pub fn parse(content: &[u8], kind: Kind, whole: bool, most: usize) -> Option<Table> {
    let decoded = decode(content);
    let mut content = decoded.as_deref().unwrap_or(content);
    content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if !whole && kind != Kind::JsonArray {
        let end = content.iter().rposition(|byte| *byte == b'\n')?;
        content = &content[..=end];
    }
    // Text has no zero bytes; what has some is another kind of file.
    if content[..content.len().min(4096)].contains(&0) {
        return None;
    }
    match kind {
        Kind::Delimited | Kind::Spaced => {
            let delimiter = delimiter(content, kind);
            let quoted = parse_delimited(content, delimiter, Quotes::Quote, most);
            quoted.or_else(|| parse_delimited(content, delimiter, Quotes::Text, most))
        }
        Kind::JsonLines => parse_lines(content, most),
        Kind::JsonArray => parse_array(content, whole, most),
    }
}

/// UTF-16 with its mark (as Excel writes "Unicode text") as UTF-8.
fn decode(content: &[u8]) -> Option<Vec<u8>> {
    let read: fn([u8; 2]) -> u16 = match content.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, _) = content[2..].as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| read(*pair)).collect();
    Some(String::from_utf16_lossy(&units).into_bytes())
}

/// What `"` at the beginning of a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    /// The beginning of a cell that may have delimiters and line ends in it.
    Quote,
    /// A character as any other.
    Text,
}

/// `None` where quotes do not end.
fn parse_delimited(content: &[u8], delimiter: u8, quotes: Quotes, most: usize) -> Option<Table> {
    let mut table = Table::default();
    let mut reader = reader(content, delimiter, quotes);
    // The second row tells what the first one is.
    let mut first: Option<(u64, Vec<String>)> = None;
    let mut is_begun = false;
    for record in reader.byte_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                table.fault(error.position().map_or(0, csv::Position::line), error.to_string());
                continue;
            }
        };
        if record.as_slice().iter().filter(|byte| **byte == b'\n').count() > MAX_CELL_LINES {
            return None;
        }
        let line = record.position().map_or(0, |position| line_of(content, position));
        let cells: Vec<String> =
            record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        if !is_begun {
            let Some(head) = first.take() else {
                first = Some((line, cells));
                continue;
            };
            is_begun = true;
            table.begin(head, Some(&cells));
        }
        if table.len() >= most {
            break;
        }
        table.add_row(line, &cells);
    }
    if let Some(head) = first {
        table.begin(head, None);
    }
    for (at, name) in table.columns.iter_mut().enumerate() {
        *name = name.trim().to_owned();
        if name.is_empty() {
            *name = format!("column {}", at + 1);
        }
    }
    Some(table)
}

/// The line that a record begins in. The reader's position stands before the line ends that it skips.
fn line_of(content: &[u8], position: &csv::Position) -> u64 {
    let before =
        usize::try_from(position.byte()).ok().and_then(|byte| content.get(byte..)).unwrap_or_default();
    let skipped = before.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + skipped.filter(|byte| **byte == b'\n').count() as u64
}

fn reader(content: &[u8], delimiter: u8, quotes: Quotes) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(quotes == Quotes::Quote)
        .comment(None)
        .from_reader(content)
}

/// The character that cuts the first lines into the most columns, as many in each.
fn delimiter(content: &[u8], kind: Kind) -> u8 {
    let end = content.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(SNIFFED_LINES);
    let head = &content[..end.map_or(content.len().min(64 << 10), |(at, _)| at)];
    let candidates: &[u8] = if kind == Kind::Spaced { b",\t;| " } else { b",\t;|" };
    let columns = |delimiter: u8| {
        let records = reader(head, delimiter, Quotes::Quote).into_byte_records().flatten();
        let mut widths: Vec<usize> = records.map(|record| record.len()).collect();
        widths.sort_unstable();
        match (widths.first(), widths.last()) {
            (Some(least), Some(most)) if least == most => (1, *most),
            // Rows of several widths: a poor second to any that agree.
            (Some(least), _) => (0, *least),
            _ => (0, 0),
        }
    };
    let widths = candidates.iter().rev().map(|delimiter| (*delimiter, columns(*delimiter)));
    let best = widths.filter(|(_, (_, width))| *width > 1).max_by_key(|(_, columns)| *columns);
    best.map_or(b',', |(delimiter, _)| delimiter)
}

/// Whether the first row names the columns: it has a name that columns have, or no image where the
/// second row has one.
fn is_header(first: &[String], second: Option<&[String]>) -> bool {
    let image = |cells: &[String]| cells.iter().any(|cell| is_image_name(cell.trim()));
    if image(first) {
        return false;
    }
    first.iter().any(|cell| is_known_name(cell)) || second.is_some_and(image)
}

/// The columns of a table of objects, by name.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    fn column(&mut self, table: &mut Table, name: &str) -> usize {
        if let Some(column) = self.0.get(name) {
            return *column;
        }
        let column = table.columns.len();
        if column < MAX_COLUMNS {
            table.columns.push(name.to_owned());
            self.0.insert(name.to_owned(), column);
        }
        column
    }

    fn add(&mut self, table: &mut Table, line: u64, object: &Map<String, Value>) {
        let mut row = Vec::new();
        for (name, value) in object {
            self.collect(table, name, value, 1, &mut row);
        }
        for (column, text) in row {
            table.add(column, &text);
        }
        table.end_row(line);
    }

    /// The texts of a value, each with its column.
    fn collect(
        &mut self,
        table: &mut Table,
        name: &str,
        value: &Value,
        depth: usize,
        row: &mut Vec<(usize, String)>,
    ) {
        match value {
            Value::Object(object) if depth < MAX_DEPTH => {
                for (key, value) in object {
                    self.collect(table, &format!("{name}.{key}"), value, depth + 1, row);
                }
            }
            Value::Array(list) if depth < MAX_DEPTH && list.iter().any(Value::is_object) => {
                for value in list {
                    self.collect(table, name, value, depth + 1, row);
                }
            }
            value => {
                let Some(text) = text_of(value) else { return };
                let column = self.column(table, name);
                match row.iter_mut().find(|(known, _)| *known == column) {
                    Some((_, texts)) if texts.len() < MAX_CELL_BYTES => {
                        texts.push(LIST);
                        texts.push_str(&text);
                    }
                    Some(_) => {}
                    None => row.push((column, text)),
                }
            }
        }
    }
}

/// A value as a cell's text; objects as JSON.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => {
            let texts: Vec<String> = list.iter().filter_map(text_of).collect();
            Some(texts.join(&LIST.to_string()))
        }
        value => Some(value.to_string()),
    }
}

fn parse_lines(content: &[u8], most: usize) -> Option<Table> {
    let mut table = Table { named: true, ..Table::default() };
    let mut names = Names::default();
    for (at, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if table.len() >= most {
            break;
        }
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let number = at as u64 + 1;
        match serde_json::from_slice(line) {
            Ok(Value::Object(object)) => names.add(&mut table, number, &object),
            Ok(_) => table.fault(number, "it is no JSON object".into()),
            Err(error) => table.fault(number, error.to_string()),
        }
        // The file is something else.
        if table.is_empty() && table.faults.len() >= 10 {
            return None;
        }
    }
    Some(table)
}

fn parse_array(content: &[u8], whole: bool, most: usize) -> Option<Table> {
    if content.trim_ascii_start().first() != Some(&b'[') {
        return None;
    }
    let mut table = Table { named: true, ..Table::default() };
    let mut deserializer = serde_json::Deserializer::from_slice(content);
    let rows = Rows { table: &mut table, names: Names::default(), most };
    if let Err(error) = rows.deserialize(&mut deserializer)
        && whole
    {
        let read = (table.len() + table.faults.len()) as u64 + table.more_faults;
        table.fault(read + 1, format!("the JSON breaks off: {error}"));
    }
    Some(table)
}

/// A table's text with the place of each row in it, to write some of them as they are.
pub struct Cut<'a> {
    /// In UTF-8, without a byte order mark.
    pub content: Cow<'a, [u8]>,
    /// Each row by its number as in [`Table::lines`], the names of the columns included.
    pub rows: Vec<(u64, Range<usize>)>,
}

/// Cuts a table into its rows as [`parse`] reads them. A row's bytes are without its line end, or without
/// the comma after it in an array.
pub fn cut(content: &[u8], kind: Kind) -> Option<Cut<'_>> {
    let content = decode(content).map_or(Cow::Borrowed(content), Cow::Owned);
    let content = match content {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)),
        owned => owned,
    };
    let rows = match kind {
        Kind::Delimited | Kind::Spaced => {
            let delimiter = delimiter(&content, kind);
            let quoted = cut_delimited(&content, delimiter, Quotes::Quote);
            quoted.or_else(|| cut_delimited(&content, delimiter, Quotes::Text))?
        }
        Kind::JsonLines => {
            let mut start = 0;
            let lines = content.split(|byte| *byte == b'\n').enumerate().map(|(at, line)| {
                let row = start..start + line.len();
                start = row.end + 1;
                (at as u64 + 1, trimmed(&content, row))
            });
            lines.collect()
        }
        Kind::JsonArray => {
            let array = content.iter().position(|byte| *byte == b'[')?;
            (1..).zip(spans::elements(&content, array)).collect()
        }
    };
    Some(Cut { content, rows })
}

/// `None` where quotes do not end.
fn cut_delimited(content: &[u8], delimiter: u8, quotes: Quotes) -> Option<Vec<(u64, Range<usize>)>> {
    let mut reader = reader(content, delimiter, quotes);
    let mut record = csv::ByteRecord::new();
    let mut rows = Vec::new();
    loop {
        let start = reader.position().byte() as usize;
        match reader.read_byte_record(&mut record) {
            Ok(false) => return Some(rows),
            Ok(true) => {}
            Err(_) => continue,
        }
        if record.as_slice().iter().filter(|byte| **byte == b'\n').count() > MAX_CELL_LINES {
            return None;
        }
        let line = record.position().map_or(0, |position| line_of(content, position));
        let end = (reader.position().byte() as usize).min(content.len());
        rows.push((line, trimmed(content, start..end)));
    }
}

/// A range of bytes without the line ends around it.
fn trimmed(content: &[u8], range: Range<usize>) -> Range<usize> {
    let is_end = |at: &usize| matches!(content[*at], b'\r' | b'\n');
    let start = range.clone().find(|at| !is_end(at)).unwrap_or(range.end);
    let end = (start..range.end).rev().find(|at| !is_end(at)).map_or(start, |at| at + 1);
    start..end
}

/// Takes an array's objects into the table one by one, so that the whole is never held twice.
struct Rows<'a> {
    table: &'a mut Table,
    names: Names,
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0;
        while self.table.len() < self.most {
            let Some(value) = list.next_element::<Value>()? else { return Ok(()) };
            number += 1;
            match value {
                Value::Object(object) => self.names.add(self.table, number, &object),
                _ => self.table.fault(number, "it is no JSON object".into()),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Columns, then rows, as one text.
    fn told(kind: Kind, content: &[u8]) -> String {
        let Some(table) = parse(content, kind, true, 100) else { return "none".into() };
        let mut lines = vec![table.columns.join(",")];
        for row in 0..table.len() {
            let cells: Vec<String> =
                (0..table.columns.len()).map(|column| table.cell(row, column).replace(LIST, "+")).collect();
            lines.push(format!("{}:{}", table.lines[row], cells.join(",")));
        }
        lines.extend(table.faults.iter().map(|(line, _)| format!("fault {line}")));
        lines.join(" / ")
    }

    #[test]
    fn rows_are_cut_as_they_are_read() {
        for (kind, content, expected) in [
            (
                Kind::Delimited,
                "path,label\r\n\r\na.png,\"x\r\ny\"\r\nb.png,2\r\n",
                "1:path,label|3:a.png,\"x\r\ny\"|5:b.png,2",
            ),
            (Kind::Delimited, "\u{feff}path;label\na.png;x", "1:path;label|2:a.png;x"),
            (Kind::JsonLines, "{\"a\": 1}\r\n\n{\"b\": \"\\n\"}", "1:{\"a\": 1}|2:|3:{\"b\": \"\\n\"}"),
            (Kind::JsonArray, " [ {\"a\": [1, \"]\"]} , 7,\n{}]", "1:{\"a\": [1, \"]\"]}|2:7|3:{}"),
            (Kind::JsonArray, "[{\"a\": 1}, {\"b", "1:{\"a\": 1}"),
        ] {
            let cut = cut(content.as_bytes(), kind).unwrap();
            let told = cut
                .rows
                .iter()
                .map(|(line, row)| format!("{line}:{}", String::from_utf8_lossy(&cut.content[row.clone()])));
            assert_eq!(told.collect::<Vec<_>>().join("|"), expected);
            let table = parse(content.as_bytes(), kind, true, 100).unwrap();
            let lines: Vec<u64> = cut.rows.iter().map(|(line, _)| *line).collect();
            assert!(table.lines.iter().all(|line| lines.contains(line)), "{content}");
        }
    }

    #[test]
    fn tables_come_out_of_texts() {
        use Kind::{Delimited, JsonArray, JsonLines, Spaced};
        for (kind, content, expected) in [
            (Delimited, "path,label\na.png,cat\nb.png,dog", "path,label / 2:a.png,cat / 3:b.png,dog"),
            (Delimited, "\u{feff}path;label\r\na.png;x\r\n", "path,label / 2:a.png,x"),
            (Delimited, "file\tlabel\na.png\tbig, red\n", "file,label / 2:a.png,big, red"),
            (Delimited, "path,label\n\"a,1.png\",\"x \"\"y\"\"\"\n", "path,label / 2:a,1.png,x \"y\""),
            (Delimited, "a.png,cat\nb.png,dog\n", "column 1,column 2 / 1:a.png,cat / 2:b.png,dog"),
            (Delimited, "foo,bar\na.png,1\n", "foo,bar / 2:a.png,1"),
            (Delimited, "path,tags\na.png,x;y\nb.png,x\n", "path,tags / 2:a.png,x;y / 3:b.png,x"),
            (Delimited, "path\na.png\n", "path / 2:a.png"),
            (Delimited, "path\n", "path"),
            (Delimited, "a.png,\"x\ny\"\nb.png,z\n", "column 1,column 2 / 1:a.png,x\ny / 3:b.png,z"),
            (
                Delimited,
                "path,label\na.png\nb.png,x,extra\n",
                "path,label,column 3 / 2:a.png,, / 3:b.png,x,extra",
            ),
            (Delimited, "path,label\n\n\na.png,x\n", "path,label / 4:a.png,x"),
            (Delimited, "", ""),
            (Spaced, "a.png 1\nb.png 2\n", "column 1,column 2 / 1:a.png,1 / 2:b.png,2"),
            (
                JsonLines,
                "{\"p\": \"a\", \"l\": [1, \"x\"]}\n\n{\"l\": null, \"q\": true}\n",
                "l,p,q / 1:1+x,a, / 3:,,true",
            ),
            (
                JsonLines,
                "{\"image\": {\"path\": \"a\"}, \"o\": [{\"l\": \"x\"}, {\"l\": \"y\", \"m\": {\"n\": 1}}]}",
                "image.path,o.l,o.m.n / 1:a,x+y,1",
            ),
            (JsonLines, "{\"p\": \"a\"}\nbad\n[1]\n", "p / 1:a / fault 2 / fault 3"),
            (JsonArray, "[{\"p\": \"a\"}, 3, {\"p\": \"b\"}]", "p / 1:a / 3:b / fault 2"),
            (JsonArray, "[{\"p\": \"a\"}, {\"p\":", "p / 1:a / fault 2"),
            (JsonArray, "{\"images\": []}", "none"),
            (Delimited, "P\0K", "none"),
        ] {
            assert_eq!(told(kind, content.as_bytes()), expected, "{content:?}");
        }
        // A quotation that goes on is no quoted cell: no row is lost.
        let rows: String = (0..300).map(|at| format!("{at}.png\tx\n")).collect();
        let table = parse(format!("path\tsays\na.png\t\"Yes\n{rows}").as_bytes(), Kind::Delimited, true, 999);
        let table = table.unwrap();
        assert_eq!((table.len(), table.cell(0, 1), table.cell(300, 0)), (301, "\"Yes", "299.png"));
        let wide: Vec<u8> = "path,label\na.png,é\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(told(Delimited, &[b"\xff\xfe".as_slice(), &wide].concat()), "path,label / 2:a.png,é");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a,;\t\n\"{}\\[\\]:0.png |]{0,80}") {
            crate::import::manifest::fuzz(text.as_bytes());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            crate::import::manifest::fuzz(&bytes);
        }
    }
}
