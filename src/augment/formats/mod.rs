//! Pipelines as files: this program's own JSON, Albumentations' serialised form as JSON and YAML, and Python code,
//! which is written only.
//!
//! [`read`] finds out which form a text has. Whatever a text holds, reading it gives a pipeline or an error that
//! is a sentence; what is not known here is kept and noted, never dropped in silence. Which operations and
//! parameters there are, these files leave to [`table`](super::table).

mod albumentations;
mod own;
mod python;
mod tree;
mod yaml;

use std::fmt;

use serde_json::{Map, Value as Json};

use super::pipeline::Pipeline;
use super::table::output::NAME;
use tree::Tree;

/// Longer texts are not read: a step takes 100 bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// Deepest nesting of brackets that is read: a group takes two of them.
pub const MAX_DEPTH: usize = 64;

/// Longer pipelines are not read.
pub const MAX_STEPS: usize = 10_000;

/// A form of pipeline files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// This program's own JSON: see the head of `own.rs`.
    Lenslet,
    /// What `A.save(transform, path)` of Albumentations writes.
    AlbumentationsJson,
    /// The same with `data_format="yaml"`.
    AlbumentationsYaml,
    /// Python code for Albumentations. It is not read.
    AlbumentationsPython,
    /// Python code for the transforms of torchvision, version 2. It is not read.
    TorchvisionPython,
}

/// A pipeline as a file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    pub pipeline: Pipeline,
    pub format: Format,
    pub notes: Vec<Note>,
}

/// Something in a file that a person should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub kind: NoteKind,
    /// Where: `transform.transforms[2].Foo`, `steps[0].rotate.angle`.
    pub path: String,
    /// What, in a sentence.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// It is not known here; it does nothing, and is written again.
    Unknown,
    /// It is not quite the same here and there.
    Approximate,
    /// It is left out.
    LeftOut,
    /// It is not where it belongs; it is kept there.
    Misplaced,
}

/// Why a text is no pipeline, in a sentence that says where and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError(String);

/// Reads a pipeline in any form that is read. `name_hint` is the name of the file; it helps where the text begins
/// as JSON and as YAML might.
pub fn read(text: &str, name_hint: Option<&str>) -> Result<Read, FormatError> {
    if text.len() > MAX_BYTES {
        return Err(FormatError(format!(
            "The file is larger than {} MiB, which no pipeline is: choose another one.",
            MAX_BYTES >> 20
        )));
    }
    let text = text.trim_start_matches('\u{feff}');
    let (json, is_yaml) = parse(text, name_hint)?;
    let Json::Object(top) = json else {
        return Err(FormatError(format!("The file is {} and no pipeline: {EXPECTED}", kind_of(&json))));
    };
    let read = if top.contains_key(own::VERSION_KEY) {
        own::read(&top)
    } else if albumentations::is(&top) {
        let format = if is_yaml { Format::AlbumentationsYaml } else { Format::AlbumentationsJson };
        albumentations::read(&top, format)
    } else {
        Err(FormatError(format!("The file is no pipeline: {EXPECTED}")))
    };
    let mut read = read?;
    if !read.pipeline.normalized_early().is_empty() {
        read.notes.push(Note { kind: NoteKind::Misplaced, path: NAME.to_owned(), text: EARLY.to_owned() });
    }
    Ok(read)
}

/// What is said of a step that normalises before others.
pub const EARLY: &str = "Normalize is not the last step. What comes behind it is done to pixels as they are here, and to normalised \
     ones in code that trains: move it to the end.";

/// Writes a pipeline, and says what is not the same there.
pub fn write(pipeline: &Pipeline, format: Format) -> (String, Vec<Note>) {
    match format {
        Format::Lenslet => (own::write(pipeline).json(), Vec::new()),
        Format::AlbumentationsJson => {
            let (tree, notes) = albumentations::write(pipeline);
            (tree.json(), notes)
        }
        Format::AlbumentationsYaml => {
            let (tree, notes) = albumentations::write(pipeline);
            (tree.yaml(), notes)
        }
        Format::AlbumentationsPython => python::albumentations(pipeline),
        Format::TorchvisionPython => python::torchvision(pipeline),
    }
}

impl Format {
    pub const ALL: [Self; 5] = [
        Self::Lenslet,
        Self::AlbumentationsJson,
        Self::AlbumentationsYaml,
        Self::AlbumentationsPython,
        Self::TorchvisionPython,
    ];

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lenslet => "lenslet",
            Self::AlbumentationsJson => "albumentations-json",
            Self::AlbumentationsYaml => "albumentations-yaml",
            Self::AlbumentationsPython => "albumentations-py",
            Self::TorchvisionPython => "torchvision-py",
        }
    }

    /// As lists show it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Lenslet => "Lenslet pipeline (JSON)",
            Self::AlbumentationsJson => "Albumentations (JSON)",
            Self::AlbumentationsYaml => "Albumentations (YAML)",
            Self::AlbumentationsPython => "Python code for Albumentations",
            Self::TorchvisionPython => "Python code for torchvision",
        }
    }

    /// What a file's name ends in, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Lenslet | Self::AlbumentationsJson => "json",
            Self::AlbumentationsYaml => "yaml",
            Self::AlbumentationsPython | Self::TorchvisionPython => "py",
        }
    }

    /// Whether [`read`] reads it.
    pub fn is_read(self) -> bool {
        self.extension() != "py"
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.text)
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormatError {}

impl Note {
    fn unknown(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind: NoteKind::Unknown, path: path.into(), text: text.into() }
    }

    fn approximate(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind: NoteKind::Approximate, path: path.into(), text: text.into() }
    }

    fn left_out(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind: NoteKind::LeftOut, path: path.into(), text: text.into() }
    }
}

/// What is said of a step that normalises by the dataset, whose mean and deviation it does not have.
const UNMEASURED: &str = "The dataset's own mean and deviation were not measured: those of ImageNet are written. Measure them first.";

/// Under this name a pipeline keeps what an Albumentations file says beside: in `kept` of an operation, its
/// arguments; beside an unknown step of this program's own files, all of it.
const KEPT: &str = "albumentations";

/// What an error ends with.
const EXPECTED: &str = "choose a pipeline that Lenslet or Albumentations (A.save) has written.";

/// The text as JSON, and whether it is YAML.
fn parse(text: &str, name_hint: Option<&str>) -> Result<(Json, bool), FormatError> {
    let begin = text.trim_start();
    if begin.is_empty() {
        return Err(FormatError(format!("The file is empty: {EXPECTED}")));
    }
    if is_python(begin) {
        return Err(FormatError(
            "The file is Python code, which is not read: save the pipeline with A.save(transform, \"pipeline.json\") \
             and open that."
                .to_owned(),
        ));
    }
    let name = name_hint.unwrap_or_default().to_ascii_lowercase();
    let is_named_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    // YAML may begin with a brace too, but only a file that is named so does.
    if begin.starts_with(['{', '[']) || name.ends_with(".json") {
        match serde_json::from_str(text) {
            Ok(json) => {
                return match is_within_depth(&json, MAX_DEPTH) {
                    true => Ok((json, false)),
                    false => Err(too_deep()),
                };
            }
            Err(error) if !is_named_yaml => {
                return Err(FormatError(format!(
                    "The file is no JSON: {error}. Mend it there, or save it again."
                )));
            }
            Err(_) => {}
        }
    }
    yaml::parse(text).map(|json| (json, true))
}

fn too_deep() -> FormatError {
    FormatError(format!("The file is nested more than {MAX_DEPTH} deep: put fewer groups into each other."))
}

fn too_long() -> FormatError {
    FormatError(format!("The pipeline has more than {MAX_STEPS} steps: take some of them out."))
}

fn is_within_depth(json: &Json, depth: usize) -> bool {
    match json {
        Json::Array(values) => depth > 0 && values.iter().all(|value| is_within_depth(value, depth - 1)),
        Json::Object(values) => depth > 0 && values.values().all(|value| is_within_depth(value, depth - 1)),
        _ => true,
    }
}

fn is_python(text: &str) -> bool {
    text.lines().take(50).any(|line| {
        let line = line.trim_start();
        ["import ", "from ", "def ", "transform = "].iter().any(|word| line.starts_with(word))
            && !line.contains(": ")
    })
}

/// What a value is, for an error.
fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// A probability as a file has it, within 0 to 1; `default` where there is none or it is no number, with a note.
fn probability(given: Option<&Json>, default: f64, path: &str, notes: &mut Vec<Note>) -> f64 {
    match given {
        None => default,
        Some(json) => match json.as_f64() {
            Some(p) if (0.0..=1.0).contains(&p) => p,
            Some(p) => {
                let near = p.clamp(0.0, 1.0);
                notes.push(Note::approximate(path, format!("p is {p} and taken as {near}.")));
                near
            }
            None => {
                notes
                    .push(Note::approximate(path, format!("p is {} and taken as {default}.", kind_of(json))));
                default
            }
        },
    }
}

/// The number as a file has it: whole ones without a point, and without the noise of what was computed.
fn number(value: f64) -> Json {
    let value = tidy(value);
    match value.fract() == 0.0 && value.abs() < 1e15 {
        true => Json::from(value as i64),
        false => Json::from(value),
    }
}

/// Rounded to 12 digits, so that 1.2 − 1 is 0.2.
fn tidy(value: f64) -> f64 {
    rounded(value, 12)
}

fn rounded(value: f64, digits: usize) -> f64 {
    let decimals = digits - 1;
    format!("{value:.decimals$e}").parse().unwrap_or(value)
}

fn trees(map: &Map<String, Json>) -> impl Iterator<Item = (String, Tree)> {
    map.iter().map(|(key, value)| (key.clone(), Tree::from(value)))
}

#[cfg(test)]
mod tests;
