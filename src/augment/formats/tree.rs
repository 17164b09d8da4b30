//! A tree of values whose members keep their order, and how it is laid out as JSON, YAML and Python.
//!
//! What a member means, this file refuses to know.

use serde_json::Value as Json;

/// Longer lines are broken up.
const WIDTH: usize = 108;

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// No list and no object.
    Leaf(Json),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl From<&Json> for Tree {
    fn from(json: &Json) -> Self {
        match json {
            Json::Array(values) => Self::List(values.iter().map(Self::from).collect()),
            Json::Object(values) => {
                Self::Map(values.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
            leaf => Self::Leaf(leaf.clone()),
        }
    }
}

impl From<Json> for Tree {
    fn from(json: Json) -> Self {
        Self::from(&json)
    }
}

impl Tree {
    pub fn text(text: &str) -> Self {
        Self::Leaf(Json::from(text))
    }

    /// JSON: what fits on a line is on one, with the members of the whole tree on lines of their own.
    pub fn json(&self) -> String {
        let mut out = String::new();
        self.json_lines(0, true, &mut out);
        out.push('\n');
        out
    }

    /// YAML in block style that YAML 1.1 and 1.2 read alike.
    pub fn yaml(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Leaf(_) => out = self.yaml_leaf() + "\n",
            Self::List(_) | Self::Map(_) => self.yaml_lines(0, &mut out),
        }
        out
    }

    /// A Python expression on one line; lists are tuples.
    pub fn python(&self) -> String {
        match self {
            Self::Leaf(Json::Null) => "None".to_owned(),
            Self::Leaf(Json::Bool(true)) => "True".to_owned(),
            Self::Leaf(Json::Bool(false)) => "False".to_owned(),
            // Every escape of JSON means the same in Python, except those of surrogates.
            Self::Leaf(leaf) => leaf.to_string(),
            Self::List(values) => match &values[..] {
                [one] => format!("({},)", one.python()),
                values => format!("({})", values.iter().map(Self::python).collect::<Vec<_>>().join(", ")),
            },
            Self::Map(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| format!("{}: {}", quoted(key), value.python()))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
        }
    }

    fn json_lines(&self, indent: usize, is_broken: bool, out: &mut String) {
        let mut line = String::new();
        if !is_broken && self.json_inline(WIDTH.saturating_sub(indent), &mut line) {
            out.push_str(&line);
            return;
        }
        let (open, close) = if matches!(self, Self::Map(_)) { ('{', '}') } else { ('[', ']') };
        let inner = indent + 2;
        let begin = |at: usize, out: &mut String| {
            out.push_str(if at == 0 { "\n" } else { ",\n" });
            out.push_str(&" ".repeat(inner));
        };
        match self {
            Self::Leaf(leaf) => out.push_str(&leaf.to_string()),
            Self::List(values) if values.is_empty() => out.push_str("[]"),
            Self::Map(members) if members.is_empty() => out.push_str("{}"),
            Self::List(values) => {
                out.push(open);
                for (at, value) in values.iter().enumerate() {
                    begin(at, out);
                    value.json_lines(inner, false, out);
                }
                end(indent, close, out);
            }
            Self::Map(members) => {
                out.push(open);
                for (at, (key, value)) in members.iter().enumerate() {
                    begin(at, out);
                    out.push_str(&quoted(key));
                    out.push_str(": ");
                    // Steps are on lines of their own.
                    let is_broken =
                        matches!(value, Self::List(values) if matches!(values.first(), Some(Self::Map(_))));
                    value.json_lines(inner, is_broken, out);
                }
                end(indent, close, out);
            }
        }
    }

    /// Adds it on one line, or says that it takes more than `room`; what has been added then is of no use.
    fn json_inline(&self, room: usize, out: &mut String) -> bool {
        match self {
            Self::Leaf(leaf) => out.push_str(&leaf.to_string()),
            Self::List(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    if !value.json_inline(room, out) {
                        return false;
                    }
                }
                out.push(']');
            }
            Self::Map(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    out.push_str(&quoted(key));
                    out.push_str(": ");
                    if !value.json_inline(room, out) {
                        return false;
                    }
                }
                out.push('}');
            }
        }
        out.len() <= room
    }

    /// The members of a list or map, each on lines of its own that begin at `indent`.
    fn yaml_lines(&self, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Self::Leaf(_) => {}
            Self::List(values) if values.is_empty() => out.push_str(&format!("{pad}[]\n")),
            Self::Map(members) if members.is_empty() => out.push_str(&format!("{pad}{{}}\n")),
            Self::List(values) => {
                for value in values {
                    if value.is_yaml_inline() {
                        out.push_str(&format!("{pad}- {}\n", value.yaml_leaf()));
                    } else {
                        // The first member stands behind the dash.
                        let start = out.len();
                        value.yaml_lines(indent + 2, out);
                        out.replace_range(start + indent..start + indent + 1, "-");
                    }
                }
            }
            Self::Map(members) => {
                for (key, value) in members {
                    let key = yaml_text(key);
                    if value.is_yaml_inline() {
                        out.push_str(&format!("{pad}{key}: {}\n", value.yaml_leaf()));
                    } else {
                        out.push_str(&format!("{pad}{key}:\n"));
                        // A list may stand as far left as its key.
                        let deeper = if matches!(value, Self::List(_)) { 0 } else { 2 };
                        value.yaml_lines(indent + deeper, out);
                    }
                }
            }
        }
    }

    fn is_yaml_inline(&self) -> bool {
        match self {
            Self::Leaf(_) => true,
            Self::List(values) => values.is_empty(),
            Self::Map(members) => members.is_empty(),
        }
    }

    fn yaml_leaf(&self) -> String {
        match self {
            Self::Leaf(Json::String(text)) => yaml_text(text),
            Self::Leaf(Json::Number(number)) => match number.as_f64().filter(|_| number.is_f64()) {
                // With a point and without an exponent: YAML 1.1 takes 1e-5 for a text.
                Some(value) if value.fract() == 0.0 => format!("{value:.1}"),
                Some(value) => value.to_string(),
                None => number.to_string(),
            },
            Self::Leaf(leaf) => leaf.to_string(),
            Self::List(_) => "[]".to_owned(),
            Self::Map(_) => "{}".to_owned(),
        }
    }
}

fn end(indent: usize, close: char, out: &mut String) {
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

/// In double quotes, as JSON, YAML and Python all read it.
pub fn quoted(text: &str) -> String {
    Json::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Plain where no reader takes it for something else: YAML 1.1 takes `y`, `no` and `off` for truth values.
fn yaml_text(text: &str) -> String {
    const OTHERWISE: [&str; 11] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"];
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word && !OTHERWISE.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    // YAML has no characters of its own for these, and JSON leaves them as they are.
    let mut out = String::new();
    for character in quoted(text).chars() {
        match character {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out
}
