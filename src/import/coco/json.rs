//! A COCO JSON file read element by element, keeping only what is shown: a file of half a
//! gigabyte, most of it polygons, becomes a few dozen bytes per annotation.
//!
//! An entry of the wrong form is counted and left out; only text that is no JSON is an error.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What an annotation file says.
#[derive(Debug, Default)]
pub struct Document {
    pub images: Vec<Image>,
    pub annotations: Vec<Annotation>,
    pub categories: Vec<Category>,
    /// Entries that are no objects where COCO has objects.
    pub malformed: usize,
}

#[derive(Debug, Default)]
pub struct Image {
    pub id: Option<Id>,
    pub file_name: Option<String>,
    /// Where it is on the web: LVIS has that instead.
    pub coco_url: Option<String>,
    /// Width and height in pixels as the file tells them; 0 where it does not.
    pub size: [u32; 2],
}

impl Image {
    /// What the image's file is called.
    pub fn name(self) -> Option<String> {
        self.file_name.or(self.coco_url)
    }
}

#[derive(Debug, Default)]
pub struct Annotation {
    pub image: Option<Id>,
    pub category: Option<Id>,
    /// Left, top, width, height in pixels; finite, with sizes above 0.
    pub rect: Option<[f32; 4]>,
    /// Whether the entry has a box at all, good or not.
    pub has_rect: bool,
    /// Key points in pixels, those that are labelled.
    pub points: Box<[[f32; 2]]>,
    /// Whether its key points are no triples of finite numbers.
    pub has_wrong_points: bool,
}

#[derive(Debug)]
pub struct Category {
    pub id: Id,
    pub name: Option<String>,
}

/// An id: COCO has whole numbers, other writers also text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    Number(i64),
    Text(Box<str>),
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// Reads a file. The error is a sentence.
pub fn parse(bytes: &[u8]) -> Result<Document, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| {
        let cut = if error.is_eof() { "; it was cut short" } else { "" };
        format!("the annotation file cannot be understood: {error}{cut}")
    })
}

/// Any JSON value, of which only numbers, text and lists of up to four numbers are kept.
#[derive(Debug)]
enum Loose {
    Number(f64),
    Whole(i64),
    Text(String),
    /// The first four numbers and how many elements there were.
    List([f64; 4], usize),
    Other,
}

impl Loose {
    fn id(self) -> Option<Id> {
        match self {
            Self::Whole(number) => Some(Id::Number(number)),
            // Whole numbers that a data frame made floats.
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some(Id::Number(number as i64))
            }
            Self::Text(text) => Some(Id::Text(text.into())),
            _ => None,
        }
    }

    /// A picture's width or height; 0 for what is none.
    fn side(&self) -> u32 {
        match self {
            Self::Whole(number) => u32::try_from(*number).unwrap_or(0),
            Self::Number(number) if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(number) => {
                *number as u32
            }
            _ => 0,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Whole(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn rect(&self) -> Option<[f32; 4]> {
        let Self::List(numbers, 4) = self else { return None };
        let rect = numbers.map(|number| number as f32);
        let [_, _, width, height] = rect;
        (rect.iter().all(|number| number.is_finite()) && width > 0.0 && height > 0.0).then_some(rect)
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Loose;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
                Ok(Loose::Whole(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
                Ok(i64::try_from(number).map_or(Loose::Number(number as f64), Loose::Whole))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
                Ok(Loose::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
                let (mut numbers, mut count) = ([f64::NAN; 4], 0);
                while count < 4 {
                    match list.next_element::<Scalar>()? {
                        Some(Scalar(number)) => numbers[count] = number,
                        None => return Ok(Loose::List(numbers, count)),
                    }
                    count += 1;
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Loose::List(numbers, count))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A number; NaN for anything else. It holds nothing, so lists in lists take no memory.
struct Scalar(f64);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl<'de> Visitor<'de> for Number {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar(f64::NAN))
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar(f64::NAN))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number as f64))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number as f64))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.trim().parse().unwrap_or(f64::NAN)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar(f64::NAN))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar(f64::NAN))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// Key points, each x, y and whether it is labelled; `None` for what is no list of such.
struct KeyPoints(Option<Box<[[f32; 2]]>>);

impl<'de> Deserialize<'de> for KeyPoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Triples;
        impl<'de> Visitor<'de> for Triples {
            type Value = KeyPoints;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<KeyPoints, A::Error> {
                let (mut points, mut triple, mut count, mut is_good) = (Vec::new(), [0.0; 3], 0, true);
                while let Some(Scalar(number)) = list.next_element()? {
                    triple[count % 3] = number as f32;
                    count += 1;
                    is_good &= (number as f32).is_finite();
                    if count % 3 == 0 && triple[2] > 0.0 {
                        points.push([triple[0], triple[1]]);
                    }
                }
                Ok(KeyPoints((is_good && count % 3 == 0).then(|| points.into())))
            }

            fn visit_unit<E>(self) -> Result<KeyPoints, E> {
                Ok(KeyPoints(Some(Box::default())))
            }

            fn visit_bool<E>(self, _: bool) -> Result<KeyPoints, E> {
                Ok(KeyPoints(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<KeyPoints, E> {
                Ok(KeyPoints(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<KeyPoints, E> {
                Ok(KeyPoints(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<KeyPoints, E> {
                Ok(KeyPoints(None))
            }

            fn visit_str<E>(self, _: &str) -> Result<KeyPoints, E> {
                Ok(KeyPoints(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KeyPoints, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(KeyPoints(None))
            }
        }
        deserializer.deserialize_any(Triples)
    }
}

/// An entry of one of the lists, filled field by field.
trait Entry: Default {
    /// Takes one field; the value of another field is skipped.
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

impl Entry for Image {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = map.next_value::<Loose>()?.id(),
            "file_name" => self.file_name = map.next_value::<Loose>()?.text(),
            "coco_url" => self.coco_url = map.next_value::<Loose>()?.text(),
            "width" => self.size[0] = map.next_value::<Loose>()?.side(),
            "height" => self.size[1] = map.next_value::<Loose>()?.side(),
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl Entry for Annotation {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "image_id" => self.image = map.next_value::<Loose>()?.id(),
            "category_id" => self.category = map.next_value::<Loose>()?.id(),
            "bbox" => {
                let value = map.next_value::<Loose>()?;
                // An empty list or null is a whole-image annotation.
                self.has_rect = !matches!(value, Loose::List(_, 0) | Loose::Other);
                self.rect = value.rect();
            }
            "keypoints" => {
                let KeyPoints(points) = map.next_value()?;
                self.has_wrong_points = points.is_none();
                self.points = points.unwrap_or_default();
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

#[derive(Default)]
struct LooseCategory {
    id: Option<Id>,
    name: Option<String>,
}

impl Entry for LooseCategory {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = map.next_value::<Loose>()?.id(),
            "name" => self.name = map.next_value::<Loose>()?.text(),
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// One element of a list: an entry, or something else that is skipped.
struct Element<T>(Option<T>);

impl<'de, T: Entry> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(std::marker::PhantomData<T>);
        impl<'de, T: Entry> Visitor<'de> for Fields<T> {
            type Value = Element<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element<T>, A::Error> {
                let mut entry = T::default();
                while let Some(name) = map.next_key::<String>()? {
                    entry.field(&name, &mut map)?;
                }
                Ok(Element(Some(entry)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Element<T>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Element(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Element<T>, E> {
                Ok(Element(None))
            }

            fn visit_unit<E>(self) -> Result<Element<T>, E> {
                Ok(Element(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Element<T>, E> {
                Ok(Element(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Element<T>, E> {
                Ok(Element(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Element<T>, E> {
                Ok(Element(None))
            }

            fn visit_str<E>(self, _: &str) -> Result<Element<T>, E> {
                Ok(Element(None))
            }
        }
        deserializer.deserialize_any(Fields(std::marker::PhantomData))
    }
}

/// An image of a file's list by itself.
pub(crate) fn image_in(text: &[u8]) -> Option<Image> {
    serde_json::from_slice::<Element<Image>>(text).ok()?.0
}

/// An annotation of a file's list by itself.
pub(crate) fn annotation_in(text: &[u8]) -> Option<Annotation> {
    serde_json::from_slice::<Element<Annotation>>(text).ok()?.0
}

/// The elements of a list, and how many were no entries.
struct Elements<T>(Vec<T>, usize);

impl<'de, T: Entry> Deserialize<'de> for Elements<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(std::marker::PhantomData<T>);
        impl<'de, T: Entry> Visitor<'de> for List<T> {
            type Value = Elements<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Elements<T>, A::Error> {
                let (mut entries, mut malformed) = (Vec::new(), 0);
                while let Some(Element(entry)) = list.next_element::<Element<T>>()? {
                    match entry {
                        Some(entry) => entries.push(entry),
                        None => malformed += 1,
                    }
                }
                Ok(Elements(entries, malformed))
            }

            fn visit_unit<E>(self) -> Result<Elements<T>, E> {
                Ok(Elements(Vec::new(), 0))
            }
        }
        deserializer.deserialize_any(List(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Top;
        impl<'de> Visitor<'de> for Top {
            type Value = Document;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with images, annotations and categories")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
                let mut document = Document::default();
                while let Some(name) = map.next_key::<String>()? {
                    let malformed = match name.as_str() {
                        "images" => {
                            let Elements(images, malformed) = map.next_value()?;
                            document.images = images;
                            malformed
                        }
                        "annotations" => {
                            let Elements(annotations, malformed) = map.next_value()?;
                            document.annotations = annotations;
                            malformed
                        }
                        "categories" => {
                            let Elements::<LooseCategory>(categories, malformed) = map.next_value()?;
                            let count = categories.len();
                            let named = categories
                                .into_iter()
                                .filter_map(|LooseCategory { id, name }| Some(Category { id: id?, name }));
                            document.categories = named.collect();
                            malformed + count - document.categories.len()
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            0
                        }
                    };
                    document.malformed += malformed;
                }
                Ok(document)
            }
        }
        deserializer.deserialize_map(Top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_whatever_else_they_have() {
        let text = r#"{"info": {"x": [1, {"y": 2}]}, "annotations": [
            {"segmentation": [[1,2,3]], "bbox": [1, 2.5, 3, 4], "image_id": 7, "category_id": 2.0},
            {"bbox": [1, 2, 3], "image_id": "a", "category_id": 1},
            {"bbox": ["1", "2", "3", "4"]}, {"bbox": [[1], 2, 3, 4]}, {"bbox": {"x": 1}}, {"bbox": null},
            {"bbox": [1, 2, 3, 4, 5]}, {"bbox": [0, 0, -1, 4]}, 5, [1, 2], "x", null],
            "images": [{"id": 7, "file_name": "a.jpg", "width": 4}, {"id": [], "file_name": 12}],
            "categories": [{"id": 2, "name": "cat"}, {"name": "no id"}]}"#;
        let document = parse(text.as_bytes()).unwrap();
        let rects: Vec<_> =
            document.annotations.iter().map(|one| (one.rect.is_some(), one.has_rect)).collect();
        assert_eq!(
            rects,
            [
                (true, true),
                (false, true),
                (true, true),
                (false, true),
                (false, false),
                (false, false),
                (false, true),
                (false, true),
            ]
        );
        assert_eq!(document.annotations[0].rect, Some([1.0, 2.5, 3.0, 4.0]));
        assert_eq!(document.annotations[0].category, Some(Id::Number(2)));
        assert_eq!(document.annotations[1].image, Some(Id::Text("a".into())));
        assert_eq!(document.images[1].file_name.as_deref(), Some("12"));
        assert_eq!(document.images[0].size, [4, 0]);
        assert_eq!((document.categories.len(), document.malformed), (1, 5));
    }

    #[test]
    fn key_points_are_those_that_are_labelled() {
        for (value, expected) in [
            ("[1, 2.5, 2, 0, 0, 0, 7, 8, 1]", Some(vec![[1.0, 2.5], [7.0, 8.0]])),
            ("[\"1\", 2, 1]", Some(vec![[1.0, 2.0]])),
            ("[]", Some(vec![])),
            ("null", Some(vec![])),
            ("[1, 2]", None),
            ("[1, [2], 2]", None),
            ("[1, 1e99, 2]", None),
            ("{\"x\": [1]}", None),
            ("\"1 2 2\"", None),
            ("7", None),
            ("-7", None),
            ("7.5", None),
            ("true", None),
        ] {
            let text = format!("{{\"annotations\": [{{\"keypoints\": {value}, \"image_id\": 1}}]}}");
            let document = parse(text.as_bytes()).unwrap();
            let one = &document.annotations[0];
            assert_eq!(one.has_wrong_points, expected.is_none(), "{value}");
            assert_eq!(one.points.to_vec(), expected.unwrap_or_default(), "{value}");
            assert_eq!(one.image, Some(Id::Number(1)), "{value}");
        }
    }

    #[test]
    fn text_that_is_no_annotation_file_is_a_sentence() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "[]", "{\"images\": 5}", "{\"images\": [{", "{\"a\": }", &deep] {
            let message = parse(text.as_bytes()).unwrap_err();
            assert!(message.starts_with("the annotation file"), "{message}");
        }
    }
}
