//! One VOC annotation file. Entities other than XML's own five and character codes are kept as
//! they are written, never expanded, so a file that defines them costs no more than its length.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// What an annotation file says of its image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotation {
    /// The image's name, empty where it is not told.
    pub filename: String,
    /// Width and height in pixels; 0 where they are not told.
    pub size: [u32; 2],
    pub objects: Vec<Object>,
}

/// One object in the image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    pub name: String,
    /// xmin, ymin, xmax, ymax as written: pixels counted from 1, the last one included.
    pub bounds: Option<[f32; 4]>,
    pub difficult: bool,
}

impl Object {
    /// Left, top, width and height in pixels counted from 0, or `None` where the bounds are no box.
    pub fn rect(&self) -> Option<[f32; 4]> {
        let [xmin, ymin, xmax, ymax] = self.bounds?;
        let (left, top) = ((xmin - 1.0).max(0.0), (ymin - 1.0).max(0.0));
        let (width, height) = (xmax - left, ymax - top);
        (xmin <= xmax && ymin <= ymax && width > 0.0 && height > 0.0).then_some([left, top, width, height])
    }
}

/// Deepest nesting that is followed; the format needs five levels.
const MAX_DEPTH: usize = 64;

/// Objects of one file; more are left out.
const MAX_OBJECTS: usize = 100_000;

/// Longest name or file name in bytes; longer ones are cut.
const MAX_TEXT: usize = 4096;

/// Reads an annotation file. The error is a sentence.
pub fn parse(bytes: &[u8]) -> Result<Annotation, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    let mut annotation = Annotation::default();
    let mut object: Option<Draft> = None;
    // Names of the open elements, and the text of the innermost.
    let mut open: Vec<String> = Vec::new();
    let mut content = String::new();
    let mut seen_root = false;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("the XML breaks off at byte {}: {error}", reader.error_position()))?;
        match event {
            Event::Start(start) => {
                open.push(start.local_name().as_ref().to_owned());
                content.clear();
                if open.len() > MAX_DEPTH {
                    return Err(format!("the XML is nested more than {MAX_DEPTH} deep"));
                }
                if open.len() == 1 {
                    seen_root = open[0] == "annotation";
                }
                if path(&open) == ["annotation", "object"] {
                    object = Some(Draft::default());
                }
            }
            Event::Text(part) => append(&mut content, &part.xml10_content()),
            Event::CData(part) => append(&mut content, &part.xml10_content()),
            Event::GeneralRef(entity) => match (entity.resolve_char_ref(), &*entity) {
                (Ok(Some(character)), _) => append(&mut content, character.encode_utf8(&mut [0; 4])),
                (_, "amp") => append(&mut content, "&"),
                (_, "lt") => append(&mut content, "<"),
                (_, "gt") => append(&mut content, ">"),
                (_, "quot") => append(&mut content, "\""),
                (_, "apos") => append(&mut content, "'"),
                (_, other) => append(&mut content, &format!("&{other};")),
            },
            Event::End(_) => {
                let value = content.trim();
                match (path(&open)[..].split_first(), &mut object) {
                    (Some((&"annotation", ["filename"])), _) => annotation.filename = value.to_owned(),
                    (Some((&"annotation", ["size", "width"])), _) => {
                        annotation.size[0] = value.parse().unwrap_or(0);
                    }
                    (Some((&"annotation", ["size", "height"])), _) => {
                        annotation.size[1] = value.parse().unwrap_or(0);
                    }
                    (Some((&"annotation", ["object", rest @ ..])), Some(draft)) => match rest {
                        [] if annotation.objects.len() < MAX_OBJECTS => {
                            annotation.objects.extend(object.take().and_then(Draft::finish));
                        }
                        ["name"] => draft.name = value.to_owned(),
                        ["difficult"] => draft.difficult = matches!(value, "1" | "true"),
                        ["bndbox", side] => {
                            let at = ["xmin", "ymin", "xmax", "ymax"].iter().position(|name| name == side);
                            let number = value.parse::<f32>().ok().filter(|number| number.is_finite());
                            if let Some(at) = at {
                                draft.sides[at] = number;
                            }
                        }
                        _ => {}
                    },
                    _ => {}
                }
                open.pop();
                content.clear();
            }
            Event::Eof if !open.is_empty() => {
                return Err(format!("the XML ends inside <{}>", open.last().map_or("", String::as_str)));
            }
            Event::Eof if !seen_root => return Err("the file has no <annotation>".into()),
            Event::Eof => return Ok(annotation),
            _ => {}
        }
    }
}

fn path(open: &[String]) -> Vec<&str> {
    open.iter().map(String::as_str).collect()
}

fn append(content: &mut String, part: &str) {
    let room = MAX_TEXT.saturating_sub(content.len());
    let mut end = part.len().min(room);
    while !part.is_char_boundary(end) {
        end -= 1;
    }
    content.push_str(&part[..end]);
}

#[derive(Default)]
struct Draft {
    name: String,
    difficult: bool,
    sides: [Option<f32>; 4],
}

impl Draft {
    /// An object without a name says nothing of its image.
    fn finish(self) -> Option<Object> {
        let bounds = match self.sides {
            [Some(left), Some(top), Some(right), Some(bottom)] => Some([left, top, right, bottom]),
            _ => None,
        };
        (!self.name.is_empty()).then_some(Object { name: self.name, bounds, difficult: self.difficult })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(body: &str) -> String {
        format!("<annotation><filename>a&amp;b.jpg</filename>{body}</annotation>")
    }

    #[test]
    fn objects_are_read_in_any_order_of_their_parts() {
        let body = "<size><width>9</width></size><object><bndbox><ymax>4</ymax><xmin>1</xmin><ymin>2</ymin>\
            <xmax>3.0</xmax></bndbox><name> cat </name><difficult>1</difficult>\
            <part><name>head</name><bndbox><xmin>7</xmin></bndbox></part></object>";
        let parsed = parse(annotation(body).as_bytes()).unwrap();
        assert_eq!((parsed.filename.as_str(), parsed.size), ("a&b.jpg", [9, 0]));
        assert_eq!(parsed.objects.len(), 1);
        let cat = &parsed.objects[0];
        assert_eq!((cat.name.as_str(), cat.difficult), ("cat", true));
        assert_eq!(cat.rect(), Some([0.0, 1.0, 3.0, 3.0]));
    }

    #[test]
    fn bounds_become_boxes_counted_from_zero() {
        for (bounds, rect) in [
            ([1.0, 1.0, 10.0, 20.0], Some([0.0, 0.0, 10.0, 20.0])),
            ([5.0, 6.0, 5.0, 6.0], Some([4.0, 5.0, 1.0, 1.0])),
            ([0.0, 0.0, 10.0, 20.0], Some([0.0, 0.0, 10.0, 20.0])),
            ([9.0, 1.0, 3.0, 4.0], None),
            ([0.0, 0.0, 0.0, 0.0], None),
        ] {
            let object = Object { name: "x".into(), bounds: Some(bounds), difficult: false };
            assert_eq!(object.rect(), rect, "{bounds:?}");
        }
    }

    #[test]
    fn broken_and_hostile_files_are_sentences() {
        let deep = "<a>".repeat(100_000);
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>\
            <annotation><object><name>&b;</name></object></annotation>";
        for (text, fault) in [
            ("", "no <annotation>"),
            ("hello", "no <annotation>"),
            ("<html></html>", "no <annotation>"),
            ("<annotation><object><name>cat", "ends inside <name>"),
            ("<annotation></object>", "breaks off"),
            ("<annotation", "breaks off"),
            (&deep, "nested"),
        ] {
            let message = parse(text.as_bytes()).unwrap_err();
            assert!(message.contains(fault), "{}: {message}", &text[..text.len().min(40)]);
        }
        assert_eq!(parse(bomb.as_bytes()).unwrap().objects[0].name, "&b;");
        let nameless = annotation("<object><bndbox/></object><object><name>x</name></object>");
        assert_eq!(parse(nameless.as_bytes()).unwrap().objects.len(), 1);
        let huge = annotation(&format!("<object><name>{}</name></object>", "é".repeat(9000)));
        assert!(parse(huge.as_bytes()).unwrap().objects[0].name.len() <= MAX_TEXT);
        assert!(parse(&[0xff, 0xfe, 0x00]).is_err());
    }
}
