//! An annotation file in which a person changed classes, labels or boxes: what they left alone is written as it
//! stands, to the digit; categories get the names of now, boxes that are no more go, and new ones come at the end.
//!
//! A box that was moved is another one: outlines, masks and key points that the old one had go with it.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::ops::Range;

use serde_json::{Value, json};

use super::super::by_hand::{ByHand, Spoken, Spot};
use super::super::write::{Failure, Out};
use super::STEP;
use crate::import::coco::{Id, annotation_in};
use crate::import::spans::{elements, members};

/// The categories of a file under their names of now.
pub struct Categories {
    /// The id that each of the file's ids is now; none where the class is no more.
    now: HashMap<Id, Option<Id>>,
    /// The name of each id that is there now.
    names: HashMap<Id, String>,
    ids: HashMap<String, Id>,
    /// The entries of the list, as text.
    pub entries: Vec<Vec<u8>>,
}

impl Categories {
    /// The categories of a list, with those of `needed` names that it lacks.
    pub fn new<'a>(
        text: &[u8],
        list: Option<Range<usize>>,
        by_hand: &ByHand,
        needed: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut known: Vec<(Range<usize>, Id, String)> = Vec::new();
        let mut kept: Vec<Option<Vec<u8>>> = Vec::new();
        for span in list.into_iter().flat_map(|list| elements(text, list.start)) {
            let value: Value = serde_json::from_slice(&text[span.clone()]).unwrap_or_default();
            let Some(id) = id_of(&value["id"]) else {
                kept.push(Some(text[span].to_vec()));
                continue;
            };
            let name = match &value["name"] {
                Value::String(name) => name.clone(),
                Value::Number(number) => number.to_string(),
                _ => id.to_string(),
            };
            kept.push(None);
            known.push((span, id, name));
        }
        let mut made =
            Self { now: HashMap::new(), names: HashMap::new(), ids: HashMap::new(), entries: Vec::new() };
        // Those that keep their name come first: what is merged into one of them takes its id.
        for (_, id, name) in known.iter().filter(|(_, _, name)| by_hand.now(name) == Some(name)) {
            made.ids.entry(name.clone()).or_insert_with(|| id.clone());
            made.names.insert(id.clone(), name.clone());
            made.now.insert(id.clone(), Some(id.clone()));
        }
        let mut texts = Vec::with_capacity(known.len());
        for (span, id, name) in &known {
            let entry = &text[span.clone()];
            texts.push(match by_hand.now(name) {
                Some(now) if now == name => Some(entry.to_vec()),
                None => {
                    made.now.insert(id.clone(), None);
                    None
                }
                Some(now) => match made.ids.get(now) {
                    Some(other) => {
                        made.now.insert(id.clone(), Some(other.clone()));
                        None
                    }
                    None => {
                        made.ids.insert(now.to_owned(), id.clone());
                        made.names.insert(id.clone(), now.to_owned());
                        made.now.insert(id.clone(), Some(id.clone()));
                        Some(with_member(entry, "name", &json!(now)))
                    }
                },
            });
        }
        let mut texts = texts.into_iter();
        for entry in kept {
            made.entries.extend(entry.or_else(|| texts.next().flatten()));
        }
        let highest = known.iter().filter_map(|(_, id, _)| number_of(id)).max();
        let mut next = highest.unwrap_or(0).saturating_add(1);
        for name in needed {
            if made.ids.contains_key(name) {
                continue;
            }
            let id = Id::Number(next);
            made.entries.push(json!({ "id": next, "name": name }).to_string().into_bytes());
            made.ids.insert(name.to_owned(), id.clone());
            made.names.insert(id, name.to_owned());
            next = next.saturating_add(1);
        }
        made
    }
}

/// What is left to write of a sample once the annotations that it keeps are written.
struct Left<'a> {
    image: Id,
    spoken: &'a Spoken,
    boxes: Vec<&'a Spot>,
    loose: Vec<&'a str>,
}

impl Left<'_> {
    /// The class of the box that an annotation is, which is written with that then.
    fn take(&mut self, rect: [f32; 4], class: &str) -> Option<String> {
        let is_same = |spot: &&Spot| spot.rect == rect && spot.class == class;
        let at = self.boxes.iter().position(is_same);
        let at = at.or_else(|| self.boxes.iter().position(|spot| spot.rect == rect))?;
        Some(self.boxes.remove(at).class.clone())
    }
}

/// Writes the list of annotations: `images` has the path of the sample that each image's id stands for.
pub fn write_annotations(
    text: &[u8],
    list: Option<Range<usize>>,
    images: &HashMap<Id, String>,
    by_hand: &ByHand,
    categories: &Categories,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let mut left: BTreeMap<&str, Left<'_>> = BTreeMap::new();
    for (id, path) in images {
        let Some(spoken) = by_hand.samples.get(path) else { continue };
        let new = || Left {
            image: id.clone(),
            spoken,
            boxes: spoken.boxes.iter().collect(),
            loose: spoken.loose().collect(),
        };
        let one = left.entry(path).or_insert_with(new);
        // One image under two ids: the same one whatever the order of a hash table is.
        if *id < one.image {
            one.image = id.clone();
        }
    }
    out.write_all(b"[")?;
    let mut is_first = true;
    let mut put = |entry: &[u8], out: &mut Out<'_>| -> Result<(), Failure> {
        if !std::mem::take(&mut is_first) {
            out.write_all(b",\n")?;
        }
        Ok(out.write_all(entry)?)
    };
    let mut highest = 0;
    let all = list.into_iter().flat_map(|list| elements(text, list.start));
    for (at, span) in all.enumerate() {
        if at % STEP == 0 {
            out.checkpoint()?;
        }
        let entry = &text[span];
        let own_id = members(entry, 0).find(|(name, _)| name == "id");
        let own_id = own_id.and_then(|(_, id)| std::str::from_utf8(&entry[id]).ok()?.parse::<i64>().ok());
        highest = highest.max(own_id.unwrap_or(0));
        let Some(annotation) = annotation_in(entry) else { continue };
        let Some(path) = annotation.image.as_ref().and_then(|image| images.get(image)) else { continue };
        let was = annotation.category.as_ref();
        let now = match was.and_then(|id| categories.now.get(id)) {
            // It is of no class that the file knows: it is no label.
            None => {
                put(entry, out)?;
                continue;
            }
            Some(None) => continue,
            Some(Some(now)) => now,
        };
        let Some(one) = left.get_mut(path.as_str()) else {
            put(&in_category(entry, was, now), out)?;
            continue;
        };
        let class = categories.names.get(now).map_or("", String::as_str);
        match annotation.rect {
            Some(rect) => {
                let Some(class) = one.take(rect, class) else { continue };
                let Some(now) = categories.ids.get(&class) else { continue };
                put(&in_category(entry, was, now), out)?;
            }
            None if one.spoken.labels.iter().any(|label| label == class) => {
                one.loose.retain(|label| *label != class);
                put(&in_category(entry, was, now), out)?;
            }
            None => {}
        }
    }
    for one in left.values() {
        out.checkpoint()?;
        let image = json_of(&one.image);
        for spot in &one.boxes {
            let Some(category) = categories.ids.get(&spot.class) else { continue };
            highest = highest.saturating_add(1);
            let [left, top, width, height] = spot.rect;
            let area = f64::from(width) * f64::from(height);
            let entry = format!(
                "{{\"id\": {highest}, \"image_id\": {image}, \"category_id\": {}, \
                 \"bbox\": [{left}, {top}, {width}, {height}], \"area\": {area}, \"iscrowd\": 0}}",
                json_of(category)
            );
            put(entry.as_bytes(), out)?;
        }
        for label in &one.loose {
            let Some(category) = categories.ids.get(*label) else { continue };
            highest = highest.saturating_add(1);
            let category = json_of(category);
            let entry = format!("{{\"id\": {highest}, \"image_id\": {image}, \"category_id\": {category}}}");
            put(entry.as_bytes(), out)?;
        }
    }
    Ok(out.write_all(b"]")?)
}

/// An annotation under another category; as it stands where that is the same.
fn in_category(entry: &[u8], was: Option<&Id>, now: &Id) -> Vec<u8> {
    if was == Some(now) { entry.to_vec() } else { with_member(entry, "category_id", &json_of(now)) }
}

/// An object's text with another value of one member, which is added where it has none.
fn with_member(object: &[u8], name: &str, value: &Value) -> Vec<u8> {
    let value = value.to_string();
    let mut text = object.to_vec();
    match members(object, 0).filter(|(own, _)| own == name).last() {
        Some((_, place)) => drop(text.splice(place, value.into_bytes())),
        None => {
            let comma = if members(object, 0).next().is_some() { ", " } else { "" };
            let end = text.iter().rposition(|byte| *byte == b'}').unwrap_or(text.len());
            drop(text.splice(end..end, format!("{comma}{}: {value}", json!(name)).into_bytes()));
        }
    }
    text
}

/// An id as the importer understands it.
fn id_of(value: &Value) -> Option<Id> {
    match value {
        Value::String(text) => Some(Id::Text(text.as_str().into())),
        Value::Number(number) => {
            let whole = || {
                let number = number.as_f64()?;
                (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
            };
            number.as_i64().or_else(whole).map(Id::Number)
        }
        _ => None,
    }
}

fn number_of(id: &Id) -> Option<i64> {
    match id {
        Id::Number(number) => Some(*number),
        Id::Text(_) => None,
    }
}

fn json_of(id: &Id) -> Value {
    match id {
        Id::Number(number) => json!(number),
        Id::Text(text) => json!(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_gets_another_value_and_the_rest_stays() {
        for (object, expected) in [
            (r#"{"a": 1.50, "name": "cat" , "b": []}"#, r#"{"a": 1.50, "name": "eel" , "b": []}"#),
            (r#"{"id": 3}"#, r#"{"id": 3, "name": "eel"}"#),
            ("{}", r#"{"name": "eel"}"#),
        ] {
            let text = with_member(object.as_bytes(), "name", &json!("eel"));
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }

    #[test]
    fn categories_take_the_names_of_now() {
        let text = br#"[{"id": 4, "name": "cat", "supercategory": "x"}, {"id": 2, "name": "dog"}]"#;
        let list = Some(0..text.len());
        let made = Categories::new(text, list, &ByHand::default(), ["eel", "cat"].into_iter());
        let entries: Vec<String> =
            made.entries.iter().map(|entry| String::from_utf8(entry.clone()).unwrap()).collect();
        assert_eq!(
            entries,
            [
                r#"{"id": 4, "name": "cat", "supercategory": "x"}"#,
                r#"{"id": 2, "name": "dog"}"#,
                r#"{"id":5,"name":"eel"}"#
            ]
        );
        assert_eq!(made.ids["eel"], Id::Number(5));
    }
}
