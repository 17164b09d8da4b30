//! The file of a YOLO dataset, YAML or Darknet's: class names and where each split's images are.

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::{Yaml, YamlLoader};

use super::super::names::{split_of, with_slashes};
use super::super::packed::MAX_CLASSES;
use super::Extra;

/// Larger files are not read: a thousand classes take 20 kB.
pub const MAX_BYTES: u64 = 4 << 20;

/// Deepest nesting of a file that is read; the format needs two levels.
const MAX_DEPTH: usize = 32;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Class names by number.
    pub names: Vec<String>,
    /// Folder that the splits' folders start from; empty where it is not told.
    pub path: String,
    /// Split and folder or list file, in the order train, val, test.
    pub splits: Vec<(&'static str, String)>,
    /// What lines hold after the box.
    pub extra: Extra,
    /// Number of classes where only that is told.
    count: Option<usize>,
}

impl Config {
    /// Reads the text of a YAML file. The error is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text)?;
        let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
        let Some(Yaml::Hash(top)) = documents.first() else { return Err("the file is no mapping".into()) };
        let get = |key: &str| top.get(&Yaml::String(key.to_owned()));
        let mut config = Self {
            path: with_slashes(get("path").and_then(Yaml::as_str).unwrap_or_default()),
            extra: get("kpt_shape").map_or(Extra::Polygon, key_points),
            count: get("nc").and_then(Yaml::as_i64).and_then(|count| usize::try_from(count).ok()),
            ..Self::default()
        };
        match get("names") {
            Some(Yaml::Array(names)) => {
                config.names = names.iter().take(MAX_CLASSES).map(text_of).collect();
            }
            Some(Yaml::Hash(names)) => {
                for (number, name) in names {
                    let number = number.as_i64().and_then(|number| usize::try_from(number).ok());
                    let Some(number) = number.filter(|number| *number < MAX_CLASSES) else { continue };
                    while config.names.len() <= number {
                        config.names.push(config.names.len().to_string());
                    }
                    config.names[number] = text_of(name);
                }
            }
            _ => {}
        }
        for (key, value) in top {
            let Some(split) = key.as_str().and_then(split_of) else { continue };
            let values = match value {
                Yaml::Array(values) => &values[..],
                value => std::slice::from_ref(value),
            };
            let values = values.iter().filter_map(Yaml::as_str).filter(|value| !value.is_empty());
            config.splits.extend(values.map(|value| (split, with_slashes(value))));
        }
        Ok(config)
    }

    /// Reads Darknet's form, lines of `train = data/train.txt`.
    pub fn parse_darknet(text: &str) -> Self {
        let mut config = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let (key, value) = (key.trim(), value.trim());
            match split_of(key) {
                Some(split) if !value.is_empty() => config.splits.push((split, with_slashes(value))),
                _ if key == "classes" => config.count = value.parse().ok(),
                _ => {}
            }
        }
        config
    }

    /// Whether the file says what a YOLO dataset's file says.
    pub fn is_yolo(&self) -> bool {
        (!self.names.is_empty() || self.count.is_some()) && !self.splits.is_empty()
    }
}

fn text_of(value: &Yaml) -> String {
    match value {
        Yaml::String(text) | Yaml::Real(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        // A class called "no" or "yes" reads as a truth value.
        Yaml::Boolean(value) => value.to_string(),
        _ => String::new(),
    }
}

/// What a `kpt_shape` says: how many key points a line has, and of how many numbers each is.
fn key_points(shape: &Yaml) -> Extra {
    let numbers = shape.as_vec().and_then(|shape| shape.get(1)?.as_i64());
    Extra::KeyPoints(if numbers == Some(2) { 2 } else { 3 })
}

/// Refuses what would take more time or memory than the text is long: aliases, which can repeat
/// each other, and deep nesting, which the loader follows on the stack.
fn check(text: &str) -> Result<(), String> {
    let mut parser = Parser::new_from_str(text);
    let mut depth = 0;
    loop {
        let (event, _) = parser.next_token().map_err(|error| error.to_string())?;
        match event {
            Event::Alias(_) => return Err("the file uses aliases, which are not followed".into()),
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth -= 1,
            Event::StreamEnd => return Ok(()),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("the file is nested more than {MAX_DEPTH} deep"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_splits_are_read_in_their_forms() {
        for (text, names, splits) in [
            (
                "path: .\ntrain: images/train\nval: [a, b]\nnames:\n  0: person\n  2: on\n",
                vec!["person", "1", "on"],
                vec![("train", "images/train"), ("val", "a"), ("val", "b")],
            ),
            (
                "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['a', 7]",
                vec!["a", "7"],
                vec![("train", "../train/images"), ("val", "../valid/images")],
            ),
            ("nc: 3\ntest: list.txt\ndownload: https://x", vec![], vec![("test", "list.txt")]),
        ] {
            let config = Config::parse(text).unwrap();
            assert_eq!(config.names, names);
            let found: Vec<_> = config.splits.iter().map(|(split, path)| (*split, path.as_str())).collect();
            assert_eq!(found, splits);
            assert!(config.is_yolo());
        }
    }

    #[test]
    fn darknet_has_a_form_of_its_own() {
        let text =
            "classes= 2\ntrain  = data/train.txt\nvalid = data/test.txt\nnames = data/obj.names\nbackup =";
        let config = Config::parse_darknet(text);
        let splits = [("train", "data/train.txt".to_owned()), ("val", "data/test.txt".to_owned())];
        assert_eq!((&config.splits[..], config.count, config.is_yolo()), (&splits[..], Some(2), true));
        assert!(!Config::parse_darknet("a = b\nx").is_yolo());
    }

    #[test]
    fn other_and_hostile_files_are_refused() {
        let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nnames: [*b,*b]\ntrain: x";
        let deep = "[".repeat(100_000);
        let dashes = "- ".repeat(10_000);
        for text in [bomb, &deep, &dashes, "", "just text", "names: [", "{", "&a", "*a", "\u{0}", "? ? ? ?"] {
            let yolo = Config::parse(text).is_ok_and(|config| config.is_yolo());
            assert!(!yolo, "{}", &text[..text.len().min(40)]);
        }
        assert!(!Config::parse("names: {999999999999: x}\nversion: 2").unwrap().is_yolo());
    }
}
