//! YAML as JSON values, within bounds: no aliases, no more depth than a pipeline has.

use serde_json::{Map, Value as Json};
use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::TScalarStyle;

use super::{FormatError, MAX_DEPTH, too_deep};

/// The first document of the text.
pub fn parse(text: &str) -> Result<Json, FormatError> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    loop {
        let (event, mark) = parser.next_token().map_err(|error| {
            FormatError(format!(
                "The file is neither JSON nor YAML: {error}. Mend it there, or save it again."
            ))
        })?;
        let value = match event {
            Event::Scalar(text, style, _, tag) => scalar(text, style, tag.as_ref()),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Map::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close),
            Event::Alias(_) => {
                return Err(FormatError(format!(
                    "Line {} of the file has an alias (*), which is not followed: write the value itself there.",
                    mark.line()
                )));
            }
            Event::StreamEnd => return Ok(Json::Null),
            _ => None,
        };
        if open.len() > MAX_DEPTH {
            return Err(too_deep());
        }
        let Some(value) = value else { continue };
        match open.last_mut() {
            None => return Ok(value),
            Some(Open::List(values)) => values.push(value),
            Some(Open::Map(members, key)) => match key.take() {
                None => *key = Some(key_text(value).ok_or_else(|| nested_key(mark.line()))?),
                Some(key) => {
                    members.insert(key, value);
                }
            },
        }
    }
}

/// What has begun and not ended.
enum Open {
    List(Vec<Json>),
    /// With the key whose value is to come.
    Map(Map<String, Json>, Option<String>),
}

impl Open {
    fn close(self) -> Json {
        match self {
            Self::List(values) => Json::Array(values),
            Self::Map(members, _) => Json::Object(members),
        }
    }
}

/// Plain scalars as YAML 1.1 has them, which is what Albumentations writes; numbers that JSON has not are texts.
fn scalar(text: String, style: TScalarStyle, tag: Option<&Tag>) -> Option<Json> {
    let is_text = style != TScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
    Some(match text.as_str() {
        _ if is_text => Json::String(text),
        "" | "~" | "null" | "Null" | "NULL" => Json::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "on" | "On" => Json::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "off" | "Off" => Json::Bool(false),
        plain => match plain.parse::<i64>() {
            Ok(whole) => Json::from(whole),
            Err(_) => real(plain).map_or(Json::String(text), Json::from),
        },
    })
}

fn real(text: &str) -> Option<f64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|value: &f64| is_number && value.is_finite())
}

/// A key as text; `None` for a list or a mapping, whose text would grow with every level of them.
fn key_text(key: Json) -> Option<String> {
    match key {
        Json::String(text) => Some(text),
        Json::Array(_) | Json::Object(_) => None,
        other => Some(other.to_string()),
    }
}

fn nested_key(line: usize) -> FormatError {
    FormatError(format!("Line {line} of the file has a list or a mapping as a key: write a name there."))
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_names() {
        for text in ["? {a: 1}\n: 1\n", "? [a]\n: 1\n", "? {? {? {a: 1} : 1} : 1}\n: 1\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("1: a\n").is_ok());
    }

    #[test]
    fn yaml_is_read_and_written() {
        let values = [
            json!({"a": [1, 2.5, -3.0, 0.00001, 1e300], "y": {"n": null, "no": true}, "e": [], "f": {}}),
            json!([[1, [2, [3]]], {"a": {"b": [{"c": "d", "x": [1]}, {"e": false}]}}]),
            json!({"texts": ["yes", "1", "1.5", "", " a", "a: b", "#", "é", "\u{85}\n\t\"\\", "null", "-", "a_b"]}),
            json!({"": 1, "a b": {"1": [{}]}}),
            json!("one"),
        ];
        for value in values {
            let text = Tree::from(&value).yaml();
            assert_eq!(parse(&text).unwrap(), value, "{text}");
            assert_eq!(serde_json::from_str::<Json>(&Tree::from(&value).json()).unwrap(), value);
        }
    }

    #[test]
    fn what_is_no_yaml_is_said() {
        for (text, part) in [
            ("a: [1", "line"),
            ("a: &x [1]\nb: *x", "Line 2 of the file has an alias"),
            (&"[".repeat(100), "nested more than 64 deep"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
