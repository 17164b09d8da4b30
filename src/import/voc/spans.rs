//! Where the objects of a VOC annotation file lie in its text, so that some of them can be written as they stand.
//!
//! It takes text that [`parse`](super::parse) takes.

use std::ops::Range;

use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// The places of a file's parts, in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spans {
    pub objects: Vec<ObjectSpan>,
    /// Where `</annotation>` begins.
    pub end: usize,
}

/// The place of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectSpan {
    /// From `<object>` to the end of `</object>`.
    pub all: Range<usize>,
    /// The text of its own `<name>`.
    pub name: Option<Range<usize>>,
}

/// Finds the objects of an annotation; `None` where the text has no `<annotation>` with an end.
pub fn spans(text: &str) -> Option<Spans> {
    let mut reader = Reader::from_str(text);
    let mut found = Spans::default();
    let mut open: Vec<String> = Vec::new();
    let (mut object, mut name_start, mut name) = (0, 0, None);
    loop {
        let before = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let after = usize::try_from(reader.buffer_position()).ok()?;
        match event {
            Event::Start(start) => {
                open.push(start.local_name().as_ref().to_owned());
                match path(&open)[..] {
                    ["annotation", "object"] => (object, name) = (before, None),
                    ["annotation", "object", "name"] => name_start = after,
                    _ => {}
                }
            }
            Event::End(_) => {
                match path(&open)[..] {
                    ["annotation"] => {
                        found.end = before;
                        return Some(found);
                    }
                    ["annotation", "object"] => {
                        found.objects.push(ObjectSpan { all: object..after, name: name.take() });
                    }
                    ["annotation", "object", "name"] => name = Some(name_start..before),
                    _ => {}
                }
                open.pop();
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// The names of the open elements.
fn path(open: &[String]) -> Vec<&str> {
    open.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_lie_where_their_text_is() {
        let text = "<?xml version=\"1.0\"?>\n<annotation>\n <object><name> é &amp; b</name><part><name>x</name></part>\
            </object>\n <object/><object><bndbox/></object>\n</annotation>\n";
        let found = spans(text).unwrap();
        let objects: Vec<(&str, Option<&str>)> = found
            .objects
            .iter()
            .map(|object| (&text[object.all.clone()], object.name.clone().map(|name| &text[name])))
            .collect();
        assert_eq!(
            objects,
            [
                ("<object><name> é &amp; b</name><part><name>x</name></part></object>", Some(" é &amp; b")),
                ("<object><bndbox/></object>", None)
            ]
        );
        assert!(text[found.end..].starts_with("</annotation>"));
        for broken in ["", "<annotation/>", "<annotation>", "<annotation><object></annotation>"] {
            assert_eq!(spans(broken), None, "{broken}");
        }
    }
}
