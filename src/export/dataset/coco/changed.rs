//! An annotation file in which a person changed classes, labels or boxes: what they left alone is written as it
//! stands, to the digit; categories get the names of now, boxes that are no more go, and new ones come at the end.
//!
//! A box that was moved is another one: outlines, masks and key points that the old one had go with it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::ops::Range;

use serde_json::{Value, json};

use super::super::by_hand::{ByHand, Spot};
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

/// What an entry of a list of annotations comes to.
enum Entry<'a> {
    /// It is of an image that does not stay or of a class that is no more, or cannot be understood.
    Goes,
    /// It is of no class that the file knows: it is no label.
    AsItStands,
    Annotation(Annotated<'a>),
}

/// An annotation that an importer reads.
struct Annotated<'a> {
    path: &'a str,
    rect: Option<[f32; 4]>,
    /// The category that it names, and the one that this is now.
    was: Option<Id>,
    now: &'a Id,
}

impl Categories {
    /// What an entry is, where `images` has the path of the sample that each image's id stands for.
    fn entry<'a>(&'a self, entry: &[u8], images: &'a HashMap<Id, String>) -> Entry<'a> {
        let Some(annotation) = annotation_in(entry) else { return Entry::Goes };
        let path = annotation.image.as_ref().and_then(|image| images.get(image));
        let (rect, was) = (annotation.rect, annotation.category);
        match (path, was.as_ref().and_then(|id| self.now.get(id))) {
            (None, _) | (Some(_), Some(None)) => Entry::Goes,
            (Some(_), None) => Entry::AsItStands,
            (Some(path), Some(Some(now))) => Entry::Annotation(Annotated { path, rect, was, now }),
        }
    }

    /// What a category is called now.
    fn name(&self, id: &Id) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }
}

/// An annotation of a sample that a person spoke of: its box, and its class under its name of now.
#[derive(Debug)]
struct Object {
    rect: Option<[f32; 4]>,
    class: String,
}

/// What a file has of samples that a person spoke of.
#[derive(Debug, Default)]
pub struct Held {
    /// By the paths of the samples that it lists.
    objects: HashMap<String, Vec<Object>>,
    /// The names of its classes.
    classes: HashSet<String>,
}

impl Held {
    /// Of a list of annotations. `listed` are the samples of the file that a person spoke of, `images` those that an
    /// id stands for.
    pub fn of(
        text: &[u8],
        list: Option<Range<usize>>,
        listed: HashSet<String>,
        images: &HashMap<Id, String>,
        categories: &Categories,
        out: &Out<'_>,
    ) -> Result<Self, Failure> {
        let mut objects: HashMap<String, Vec<Object>> =
            listed.into_iter().map(|path| (path, Vec::new())).collect();
        let all = list.into_iter().flat_map(|list| elements(text, list.start));
        for (at, span) in all.enumerate() {
            if at % STEP == 0 {
                out.checkpoint()?;
            }
            let Entry::Annotation(one) = categories.entry(&text[span], images) else { continue };
            if let Some(objects) = objects.get_mut(one.path) {
                objects.push(Object { rect: one.rect, class: categories.name(one.now).to_owned() });
            }
        }
        Ok(Self { objects, classes: categories.ids.keys().cloned().collect() })
    }
}

/// What becomes of a file's annotations of samples that a person spoke of.
#[derive(Debug, Default)]
pub struct Share {
    /// By path, in the order of the file: the class that each has, none where it goes.
    kept: HashMap<String, Vec<Option<String>>>,
    /// By path: what no file has and this one gets.
    new: BTreeMap<String, New>,
}

/// Boxes, and classes that no box has.
#[derive(Debug, Default)]
struct New {
    boxes: Vec<Spot>,
    loose: Vec<String>,
}

impl Share {
    /// The classes of all that is written, in one order every time.
    pub fn classes(&self) -> BTreeSet<&str> {
        let boxes = self.new.values().flat_map(|new| &new.boxes).map(|spot| &spot.class);
        let loose = self.new.values().flat_map(|new| &new.loose);
        let kept = self.kept.values().flatten().flatten();
        kept.chain(boxes).chain(loose).map(String::as_str).collect()
    }

    /// Whether the file gets annotations that it did not have.
    pub fn has_new(&self) -> bool {
        !self.new.is_empty()
    }

    /// Whether it gets some of this sample.
    pub fn has_new_of(&self, path: &str) -> bool {
        self.new.contains_key(path)
    }
}

/// Deals what a person said out to the files, in the order in which an importer reads them: it unites what they have of
/// an image.
///
/// A file keeps what it has, under the class that it has now. What none of them has goes to the first that lists the
/// image and knows the class, or else to the first that lists the image.
pub fn shares(by_hand: &ByHand, files: &[(usize, Held)]) -> HashMap<usize, Share> {
    let mut shares: HashMap<usize, Share> = files.iter().map(|(file, _)| (*file, Share::default())).collect();
    for (path, spoken) in &by_hand.samples {
        let listing = files.iter().filter(|(_, held)| held.objects.contains_key(path));
        let listing: Vec<&(usize, Held)> = listing.collect();
        let objects: Vec<&[Object]> =
            listing.iter().filter_map(|(_, held)| held.objects.get(path)).map(Vec::as_slice).collect();
        let (taken, is_held) = taken(&spoken.boxes, &objects);
        let has = |object: &Object, label: &str| object.rect.is_none() && object.class == label;
        for (((file, _), objects), taken) in listing.iter().zip(&objects).zip(&taken) {
            let class = |(object, taken): (&Object, &Option<usize>)| match (object.rect, taken) {
                (Some(_), taken) => taken.map(|at| spoken.boxes[at].class.clone()),
                (None, _) => spoken.labels.contains(&object.class).then(|| object.class.clone()),
            };
            let kept = objects.iter().zip(taken).map(class).collect();
            shares.entry(*file).or_default().kept.insert(path.clone(), kept);
        }
        let mut add = |class: &str, put: &dyn Fn(&mut New)| {
            let knows = |(_, held): &&&(usize, Held)| held.classes.contains(class);
            if let Some((file, _)) = listing.iter().find(knows).or(listing.first()) {
                put(shares.entry(*file).or_default().new.entry(path.clone()).or_default());
            }
        };
        for (spot, _) in spoken.boxes.iter().zip(&is_held).filter(|(_, is_held)| !**is_held) {
            add(&spot.class, &|new| new.boxes.push(spot.clone()));
        }
        let is_new = |label: &&str| !objects.iter().any(|all| all.iter().any(|one| has(one, label)));
        for label in spoken.loose().filter(is_new) {
            add(label, &|new| new.loose.push(label.to_owned()));
        }
    }
    shares
}

/// Which of the boxes each file's annotations are, and whether some file has a box. An annotation is the box of its
/// sides and its class; else one of its sides that is nowhere under the class that it has now: it was given that. Two
/// files have the same box where there is no other one for the second.
fn taken(boxes: &[Spot], files: &[&[Object]]) -> (Vec<Vec<Option<usize>>>, Vec<bool>) {
    let mut taken: Vec<Vec<Option<usize>>> = files.iter().map(|objects| vec![None; objects.len()]).collect();
    let mut is_held = vec![false; boxes.len()];
    for is_exact in [true, false] {
        let were_held = is_held.clone();
        for (objects, taken) in files.iter().zip(&mut taken) {
            let mut is_used = vec![false; boxes.len()];
            for (object, taken) in objects.iter().zip(taken).filter(|(_, taken)| taken.is_none()) {
                let is_it = |at: &usize| {
                    let (at, spot) = (*at, &boxes[*at]);
                    let fits = if is_exact { spot.class == object.class } else { !were_held[at] };
                    fits && !is_used[at] && object.rect == Some(spot.rect)
                };
                *taken = (0..boxes.len()).filter(is_it).min_by_key(|at| is_held[*at]);
                if let Some(at) = *taken {
                    (is_used[at], is_held[at]) = (true, true);
                }
            }
        }
    }
    (taken, is_held)
}

/// Writes the list of annotations: `images` has the path of the sample that each image's id stands for.
pub fn write_annotations(
    text: &[u8],
    list: Option<Range<usize>>,
    images: &HashMap<Id, String>,
    share: &Share,
    categories: &Categories,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    out.write_all(b"[")?;
    let mut is_first = true;
    let mut put = |entry: &[u8], out: &mut Out<'_>| -> Result<(), Failure> {
        if !std::mem::take(&mut is_first) {
            out.write_all(b",\n")?;
        }
        Ok(out.write_all(entry)?)
    };
    let mut highest = 0;
    // How many annotations of each sample that was spoken of came before.
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let all = list.into_iter().flat_map(|list| elements(text, list.start));
    for (at, span) in all.enumerate() {
        if at % STEP == 0 {
            out.checkpoint()?;
        }
        let entry = &text[span];
        let own_id = members(entry, 0).find(|(name, _)| name == "id");
        let own_id = own_id.and_then(|(_, id)| std::str::from_utf8(&entry[id]).ok()?.parse::<i64>().ok());
        highest = highest.max(own_id.unwrap_or(0));
        let one = match categories.entry(entry, images) {
            Entry::Goes => continue,
            Entry::AsItStands => {
                put(entry, out)?;
                continue;
            }
            Entry::Annotation(one) => one,
        };
        let was = one.was.as_ref();
        let Some(kept) = share.kept.get(one.path) else {
            put(&in_category(entry, was, one.now), out)?;
            continue;
        };
        let number = seen.entry(one.path).or_default();
        let class = kept.get(*number).and_then(Option::as_deref);
        *number += 1;
        let now = match class {
            None => continue,
            Some(class) if class == categories.name(one.now) => Some(one.now),
            Some(class) => categories.ids.get(class),
        };
        if let Some(now) = now {
            put(&in_category(entry, was, now), out)?;
        }
    }
    // One image under two ids: the same one whatever the order of a hash table is.
    let mut ids: HashMap<&str, &Id> = HashMap::new();
    for (id, path) in images.iter().filter(|(_, path)| share.new.contains_key(*path)) {
        let lowest = ids.entry(path).or_insert(id);
        *lowest = id.min(*lowest);
    }
    for (path, new) in &share.new {
        out.checkpoint()?;
        let Some(image) = ids.get(path.as_str()).copied().map(json_of) else { continue };
        for spot in &new.boxes {
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
        for label in &new.loose {
            let Some(category) = categories.ids.get(label) else { continue };
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
pub fn with_member(object: &[u8], name: &str, value: &Value) -> Vec<u8> {
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

/// An id that is a number.
pub fn number_of(id: &Id) -> Option<i64> {
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
    fn files_keep_what_they_have_and_one_gets_what_is_new() {
        let object = |class: &str, left: f32| Object {
            rect: (left > 0.0).then_some([left, 0.0, 1.0, 1.0]),
            class: class.to_owned(),
        };
        let held = |classes: &[&str], objects: Vec<Object>| Held {
            objects: [("a".to_owned(), objects)].into(),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
        };
        let files = [
            (4, held(&["cat", "dog"], vec![object("cat", 1.0), object("cat", 2.0), object("cat", 0.0)])),
            (2, held(&["hand"], vec![object("hand", 1.0), object("hand", 3.0)])),
            (9, Held::default()),
        ];
        // Boxes and labels, what becomes of each annotation of the two files, and what is new in them.
        type Case<'a> = (&'a [(&'a str, f32)], &'a [&'a str], [&'a str; 2], [&'a str; 2]);
        let cases: [Case<'_>; 5] = [
            // Nothing was changed: nothing goes from file to file.
            (
                &[("cat", 1.0), ("cat", 2.0), ("hand", 1.0), ("hand", 3.0)],
                &[],
                ["cat cat -", "hand hand"],
                ["", ""],
            ),
            // A box that went: the other one of its sides is the other file's.
            (&[("cat", 2.0), ("hand", 1.0), ("hand", 3.0)], &[], ["- cat -", "hand hand"], ["", ""]),
            // One of another class; the one of its sides that was left alone is the other file's.
            (&[("dog", 1.0), ("hand", 1.0)], &[], ["dog - -", "hand -"], ["", ""]),
            // What is new goes to the file that knows its class, or to the first.
            (&[("hand", 7.0), ("dog", 8.0), ("eel", 9.0)], &[], ["- - -", "- -"], ["dog@8 eel@9", "hand@7"]),
            // Labels of the whole image.
            (&[], &["cat", "dog", "hand"], ["- - cat", "- -"], ["dog", "hand"]),
        ];
        for (boxes, labels, kept, new) in cases {
            let spot = |(class, left): &(&str, f32)| Spot {
                class: (*class).to_owned(),
                rect: [*left, 0.0, 1.0, 1.0],
            };
            let spoken = crate::export::dataset::by_hand::Spoken {
                boxes: boxes.iter().map(spot).collect(),
                labels: labels.iter().map(|label| (*label).to_owned()).collect(),
                size: None,
            };
            let samples = [("a".to_owned(), spoken)].into();
            let shares = shares(&ByHand { samples, ..ByHand::default() }, &files);
            for (at, file) in [4, 2].into_iter().enumerate() {
                let share = &shares[&file];
                let classes: Vec<&str> =
                    share.kept["a"].iter().map(|class| class.as_deref().unwrap_or("-")).collect();
                assert_eq!(classes.join(" "), kept[at], "{boxes:?} {labels:?}");
                let told = |new: &New| -> Vec<String> {
                    let boxes = new.boxes.iter().map(|spot| format!("{}@{}", spot.class, spot.rect[0]));
                    boxes.chain(new.loose.iter().cloned()).collect()
                };
                let told = share.new.get("a").map(told).unwrap_or_default();
                assert_eq!(told.join(" "), new[at], "{boxes:?} {labels:?}");
            }
            assert!(shares[&9].kept.is_empty() && !shares[&9].has_new());
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
