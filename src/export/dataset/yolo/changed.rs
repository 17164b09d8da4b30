//! Label files and the list of classes of which a person changed something: lines that they left alone stay as they
//! stand, boxes that are no more go, and new ones come at the end. Classes that there were keep their numbers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::sync::Arc;

use super::super::by_hand::{ByHand, Spoken, Spot};
use super::super::draft::{Draft, Make, Told, Work};
use super::super::write::{Failure, Out};
use crate::import::packed::MAX_CLASSES;
use crate::import::yolo::{Config, Extra, parse_line};

/// The numbers that classes have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// Names by number; none where the numbers are the names.
    pub names: Vec<String>,
    /// By the name that a class has now.
    of: BTreeMap<String, u32>,
    /// Numbers of the source's files that are others now, or none.
    moved: BTreeMap<u32, Option<u32>>,
    /// Names that stay listed although their class is no more.
    pub idle: Vec<String>,
    /// Names that no list has, as their classes' numbers are [`MAX_CLASSES`] or above.
    pub unnamed: Vec<String>,
}

impl Numbers {
    /// The numbers of the classes that there were, `listed` ones in that order, and of those that were added.
    pub fn new<'a>(listed: &[String], given: impl Iterator<Item = &'a str>, by_hand: &ByHand) -> Self {
        let mut old: Vec<(String, u32)> = Vec::new();
        let mut known: HashMap<&str, u32> = HashMap::new();
        for (number, name) in (0..).zip(listed) {
            // Of two classes of one name the first is meant.
            let first = *known.entry(name).or_insert(number);
            if first == number {
                old.push((name.clone(), number));
            }
        }
        for name in given.filter(|name| !known.contains_key(name)) {
            // A class without a name is called by its number.
            if let Ok(number) = name.parse() {
                old.push((name.to_owned(), number));
            }
        }
        let mut made = Self { names: listed.to_vec(), ..Self::default() };
        let mut renamed: Vec<(&str, u32)> = Vec::new();
        for (name, number) in &old {
            match by_hand.now(name) {
                Some(now) if now == name => {
                    made.of.insert(now.to_owned(), *number);
                }
                Some(now) => renamed.push((now, *number)),
                None => {
                    made.moved.insert(*number, None);
                    made.idle.push(name.clone());
                }
            }
        }
        for (now, number) in renamed {
            match made.of.get(now) {
                Some(other) => {
                    made.moved.insert(number, Some(*other));
                    made.idle
                        .extend(old.iter().find(|(_, own)| *own == number).map(|(name, _)| name.clone()));
                }
                None => {
                    made.of.insert(now.to_owned(), number);
                    made.set_name(number, now);
                }
            }
        }
        // Numbers that lists have room for: one far above them does not draw new classes after it.
        let within = old.iter().map(|(_, number)| *number).filter(|number| (*number as usize) < MAX_CLASSES);
        let highest = within.max().map_or(0, |number| number + 1);
        let mut next = highest.max(listed.len() as u32);
        let far: BTreeSet<u32> =
            old.iter().map(|(_, number)| *number).filter(|number| *number >= next).collect();
        for name in by_hand.added.iter().filter(|name| !made.of.contains_key(*name)).collect::<Vec<_>>() {
            while far.contains(&next) {
                next = next.saturating_add(1);
            }
            made.of.insert(name.clone(), next);
            made.set_name(next, name);
            next = next.saturating_add(1);
        }
        made
    }

    /// Gives a number a name; those before it that have none are called by their number. Numbers from files may be huge:
    /// lists end before [`MAX_CLASSES`].
    fn set_name(&mut self, number: u32, name: &str) {
        if number as usize >= MAX_CLASSES {
            self.unnamed.push(name.to_owned());
            return;
        }
        while self.names.len() <= number as usize {
            self.names.push(self.names.len().to_string());
        }
        self.names[number as usize] = name.to_owned();
    }

    /// Whether numbers in label files are others now.
    pub fn moves(&self) -> bool {
        !self.moved.is_empty()
    }

    /// The number that a number of the source is now.
    fn now(&self, number: u32) -> Option<u32> {
        self.moved.get(&number).copied().unwrap_or(Some(number))
    }
}

/// The label file of an image.
#[derive(Debug)]
pub struct Labels {
    /// The file in the source; an image may have none.
    pub file: Option<usize>,
    /// What counts of the sample, where something was said of it.
    pub spoken: Option<Spoken>,
    pub numbers: Arc<Numbers>,
    pub extra: Extra,
}

impl Make for Labels {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        if let Some(file) = self.file {
            told.file(draft, file);
        }
        told.add(format!("{:?} {:?}", self.spoken, self.numbers).as_bytes());
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let content = self.file.map(|file| work.tree()?.read(file).map_err(Failure::from)).transpose()?;
        let old = content.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let text = changed(&old, self.extra, &self.numbers, self.spoken.as_ref());
        Ok(out.write_all(text.as_bytes())?)
    }
}

/// A label file with the numbers of now and, where something was said of the sample, with its boxes.
fn changed(old: &str, extra: Extra, numbers: &Numbers, spoken: Option<&Spoken>) -> String {
    let mut left: Vec<(&Spot, u32)> = spoken
        .into_iter()
        .flat_map(|spoken| &spoken.boxes)
        .filter_map(|spot| Some((spot, *numbers.of.get(&spot.class)?)))
        .collect();
    let mut text = String::with_capacity(old.len());
    for line in old.lines() {
        let Ok(parsed) = parse_line(line, extra) else {
            // What is no box is told when the dataset is opened, and stays.
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let Some(mut number) = numbers.now(parsed.class) else { continue };
        if spoken.is_some() {
            let same = |(spot, class): &(&Spot, u32)| spot.rect == parsed.rect && *class == number;
            let at = left.iter().position(same);
            let at = at.or_else(|| left.iter().position(|(spot, _)| spot.rect == parsed.rect));
            let Some(at) = at else { continue };
            number = left.remove(at).1;
        }
        if number == parsed.class {
            text.push_str(line);
        } else {
            let rest = line.trim_start().split_once([' ', '\t']).map_or("", |(_, rest)| rest);
            text.push_str(&format!("{number} {rest}"));
        }
        text.push('\n');
    }
    for (spot, number) in left {
        let [x, y, width, height] = spot.rect.map(f64::from);
        let (right, bottom) = ((x + width).clamp(0.0, 1.0), (y + height).clamp(0.0, 1.0));
        let (x, y) = (x.clamp(0.0, 1.0), y.clamp(0.0, 1.0));
        // To a ten-millionth: single precision holds no more.
        let sides = [(x + right) / 2.0, (y + bottom) / 2.0, right - x, bottom - y];
        let [x, y, width, height] = sides.map(|side| (side * 1e7).round() / 1e7);
        text.push_str(&format!("{number} {x} {y} {width} {height}\n"));
    }
    text
}

/// A list of classes with these names, one a line; `None` where a name cannot be a line.
pub fn list_text(names: &[String]) -> Option<String> {
    let is_line = |name: &String| !name.is_empty() && name.trim() == name && !name.contains(['\n', '\r']);
    names.iter().all(is_line).then(|| names.iter().map(|name| format!("{name}\n")).collect())
}

/// A YAML file with these names of classes, all else as it stands; `None` where it cannot be changed so.
pub fn with_names(yaml: &str, names: &[String]) -> Option<String> {
    let mut wanted = Config::parse(yaml).ok()?;
    names.clone_into(&mut wanted.names);
    let block: String = (0..)
        .zip(names)
        .map(|(number, name): (usize, _)| format!("  {number}: {}\n", serde_json::json!(name)))
        .collect();
    let mut text = String::with_capacity(yaml.len() + block.len());
    let mut is_in_names = false;
    let mut is_there = false;
    for line in yaml.split_inclusive('\n') {
        // What follows a key at the start of a line is its value: indented, a list's item, or what closes one.
        let goes_on = line.trim().is_empty() || line.starts_with([' ', '\t', '-', ']', '}', '#']);
        if is_in_names && goes_on {
            continue;
        }
        is_in_names = false;
        if line.starts_with("names:") {
            (is_in_names, is_there) = (true, true);
            text.push_str("names:\n");
            text.push_str(&block);
        } else if line.starts_with("nc:") {
            let comment =
                line.split_once('#').map_or(String::new(), |(_, rest)| format!("  #{}", rest.trim_end()));
            text.push_str(&format!("nc: {}{comment}\n", names.len()));
        } else {
            text.push_str(line);
        }
    }
    if !is_there {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str("names:\n");
        text.push_str(&block);
    }
    let made = Config::parse(&text).ok()?;
    let is_same = made.names == wanted.names
        && made.path == wanted.path
        && made.splits == wanted.splits
        && made.extra == wanted.extra;
    is_same.then_some(text)
}

/// Darknet's file with another number of classes.
pub fn with_count(text: &str, count: usize) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((key, _)) if key.trim() == "classes" => format!("{key}= {count}\n"),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn spot(class: &str, rect: [f32; 4]) -> Spot {
        Spot { class: class.to_owned(), rect }
    }

    #[test]
    fn lines_that_were_left_alone_stay() {
        let by_hand = ByHand { added: names(&["eel"]), ..ByHand::default() };
        let numbers = Numbers::new(&names(&["cat", "dog"]), ["cat", "dog"].into_iter(), &by_hand);
        assert_eq!(numbers.names, ["cat", "dog", "eel"]);
        assert!(!numbers.moves());
        let old = "0 0.5 0.5 0.50 0.25 0.97\n1 0 0 0.5 0 0.5 0.25\nodd\n";
        let (first, second) = ([0.25, 0.375, 0.5, 0.25], [0.0, 0.0, 0.5, 0.25]);
        for (boxes, expected) in [
            (vec![spot("cat", first), spot("dog", second)], old),
            (vec![spot("eel", first)], "2 0.5 0.5 0.50 0.25 0.97\nodd\n"),
            (vec![spot("eel", [0.5, 0.5, 0.5, 0.25])], "odd\n2 0.75 0.625 0.5 0.25\n"),
            (vec![], "odd\n"),
        ] {
            let spoken = Spoken { boxes, ..Spoken::default() };
            assert_eq!(changed(old, Extra::Polygon, &numbers, Some(&spoken)), expected);
        }
        assert_eq!(changed(old, Extra::Polygon, &numbers, None), old);
    }

    #[test]
    fn classes_without_names_keep_their_numbers() {
        let by_hand = ByHand { added: names(&["eel"]), ..ByHand::default() };
        let numbers = Numbers::new(&[], ["0", "3"].into_iter(), &by_hand);
        assert_eq!(numbers.names, ["0", "1", "2", "3", "eel"]);
        let unchanged = Numbers::new(&[], ["0", "3"].into_iter(), &ByHand::default());
        assert_eq!(unchanged.names, names(&[]));
        // A number that no list has room for stays a number.
        let renamed = [("4000000000".to_owned(), Some("fox".to_owned()))].into();
        let by_hand = ByHand { added: names(&["eel"]), renamed, ..ByHand::default() };
        let numbers = Numbers::new(&[], ["0", "4000000000"].into_iter(), &by_hand);
        assert_eq!((numbers.names, numbers.unnamed), (names(&["0", "eel"]), names(&["fox"])));
        assert_eq!(numbers.of.get("fox"), Some(&4_000_000_000));
    }

    #[test]
    fn names_are_written_in_every_form_of_the_file() {
        let wanted = names(&["cat", "a: \"b\"", "eel"]);
        for (yaml, parts) in [
            (
                "# mine\ntrain: images\nnc: 2 # two\nnames: [cat, dog]\nother: 1\n",
                &["# mine\n", "nc: 3  # two\n", "other: 1\n"][..],
            ),
            ("names:\n  0: cat\n  1: dog\ntrain: images\n", &["train: images\n"]),
            ("train: images\nnames:\n- cat\n- dog", &["train: images\n"]),
            ("names: ['cat',\n  'dog'\n  ]\nval: images", &["val: images"]),
            ("train: images\nnc: 2\n", &["nc: 3\n"]),
        ] {
            let text = with_names(yaml, &wanted).unwrap_or_else(|| panic!("{yaml}"));
            assert_eq!(Config::parse(&text).unwrap().names, wanted, "{text}");
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        }
        assert_eq!(with_names("{names: [cat], train: x}", &wanted), None);
        assert_eq!(with_count("classes= 2\ntrain = a.txt\n", 3), "classes= 3\ntrain = a.txt\n");
        assert_eq!(list_text(&names(&["cat", " x"])), None);
        assert_eq!(list_text(&names(&["cat", "x"])).as_deref(), Some("cat\nx\n"));
    }
}
