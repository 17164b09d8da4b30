//! Annotations of samples as plain data: what a person said of each, in files and out of them, merged, and how far
//! people agree.
//!
//! [`Annotations`] are what every file of labels is read into and written from; [`FORMATS`] is the table of such files.
//! A format tells by its [`Field`]s what it holds, and [`write()`] says in sentences what of the annotations it left
//! out. Reading goes on after a fault and lists it. Two files [`merge`](merge()) sample by sample, and a [`Panel`] holds
//! the answers of several people to the same samples. `docs/labels.md` describes the formats for people.
//!
//! This room refuses to know snapshots, the program's state, the project database and the user interface.

pub mod coco;
pub mod csv_table;
mod field;
pub mod folder;
mod foreign;
pub mod jsonl;
pub mod label_studio;
pub mod merge;
pub mod panel;
pub mod parquet;
mod report;
pub mod task;
#[cfg(test)]
mod tests;
pub mod time;
pub mod voc;
mod wire;
mod write;
pub mod yolo;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use field::{Field, left_out};
pub use merge::{Changed, MatchBy, MergePlan, Resolve, merge};
pub use panel::Panel;
pub use report::MergeReport;
pub use wire::{content_hex, content_of_hex};
pub use write::{Existing, Target, Written, write};

use crate::dataset::{Dataset, LabelOrigin, SampleId};
use crate::export::ExportError;
use crate::import::ImportError;
use crate::import::names::has_extension;
use crate::jobs::Control;

/// What people said of samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    /// The classes that there are, in their order; samples may have others.
    pub classes: Vec<String>,
    /// A path is there more than once where several people spoke of it.
    pub samples: Vec<Annotated>,
}

/// What one person said of one sample. The serialised form is a line of JSON Lines and an entry of other files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Annotated {
    /// `/`-separated, relative to the dataset's root.
    pub path: String,
    /// The first half of the BLAKE3 hash of the sample's content.
    #[serde(default, with = "wire::content", skip_serializing_if = "Option::is_none")]
    pub content: Option<[u8; 16]>,
    /// Width and height of the oriented picture, in pixels, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[u32; 2]>,
    /// Classes, without repeats; those of its boxes are among them. None, with an `origin`, is the answer that
    /// it is of none of the classes, and without one no answer.
    #[serde(default, rename = "label", alias = "labels", deserialize_with = "wire::one_or_many")]
    pub labels: Vec<String>,
    #[serde(default, deserialize_with = "wire::or_default", skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<AnnotatedBox>,
    #[serde(default, deserialize_with = "wire::one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(default, deserialize_with = "wire::or_default", skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(default, deserialize_with = "wire::or_default", skip_serializing_if = "wire::is_false")]
    pub starred: bool,
    #[serde(default, deserialize_with = "wire::or_default", skip_serializing_if = "wire::is_false")]
    pub reviewed: bool,
    /// The person does not know.
    #[serde(default, deserialize_with = "wire::or_default", skip_serializing_if = "wire::is_false")]
    pub unsure: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<LabelOrigin>,
    /// The person; empty where that is not known.
    #[serde(default, deserialize_with = "wire::or_default", skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// When, in milliseconds since the Unix epoch; in files as ISO 8601.
    #[serde(default, rename = "time", with = "wire::time", skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// What the dataset's source says: its labels before anybody changed them.
    #[serde(default, deserialize_with = "wire::one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
}

/// A box around something in a sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnnotatedBox {
    pub class: String,
    /// Left, top, width and height of the oriented picture: finite, and with a size above 0.
    pub rect: [f32; 4],
    /// Whether `rect` is in parts of the picture's width and height, else in pixels.
    #[serde(default, skip_serializing_if = "wire::is_false")]
    pub relative: bool,
}

impl AnnotatedBox {
    fn is_sound(&self) -> bool {
        let [_, _, width, height] = self.rect;
        !self.class.is_empty() && self.rect.iter().all(|one| one.is_finite()) && width > 0.0 && height > 0.0
    }

    /// The rectangle in pixels; `None` for parts of a picture whose size is not known.
    pub fn in_pixels(&self, size: Option<[u32; 2]>) -> Option<[f32; 4]> {
        if !self.relative {
            return Some(self.rect);
        }
        let [width, height] = size?.map(|side| side as f32);
        let [left, top, wide, high] = self.rect;
        Some([left * width, top * height, wide * width, high * height])
    }

    /// The rectangle in parts of the picture; `None` for pixels of a picture whose size is not known.
    pub fn in_parts(&self, size: Option<[u32; 2]>) -> Option<[f32; 4]> {
        if self.relative {
            return Some(self.rect);
        }
        let [width, height] = size.filter(|size| !size.contains(&0))?.map(|side| side as f32);
        let [left, top, wide, high] = self.rect;
        Some([left / width, top / height, wide / width, high / height])
    }
}

impl Annotated {
    /// Makes it hold to what its fields promise: texts that are empty and repeats go, and so do boxes that are none;
    /// the classes of boxes become labels. Gives how many boxes went.
    pub fn tidy(&mut self) -> u64 {
        let all = self.boxes.len();
        self.boxes.retain(AnnotatedBox::is_sound);
        self.labels.extend(self.boxes.iter().map(|one| one.class.clone()));
        for words in [&mut self.labels, &mut self.tags, &mut self.given] {
            let mut seen = HashSet::new();
            words.retain(|word| !word.is_empty() && seen.insert(word.clone()));
        }
        self.size = self.size.filter(|size| !size.contains(&0));
        self.split = self.split.take().filter(|split| !split.is_empty());
        (all - self.boxes.len()) as u64
    }

    /// The labels that none of its boxes has.
    pub fn boxless_labels(&self) -> impl Iterator<Item = &str> {
        let boxed: HashSet<&str> = self.boxes.iter().map(|one| one.class.as_str()).collect();
        self.labels.iter().map(String::as_str).filter(move |label| !boxed.contains(label))
    }
}

/// Whether two lists of labels say the same: their order does not count.
pub fn same_labels(one: &[String], two: &[String]) -> bool {
    one.len() == two.len() && one.iter().all(|label| two.contains(label))
}

impl Annotations {
    /// Samples of a file that names no classes: these are the classes that samples have, in the order of letters.
    pub fn of_samples(samples: Vec<Annotated>) -> Self {
        let named: HashSet<&str> = samples.iter().flat_map(|one| &one.labels).map(String::as_str).collect();
        let mut classes: Vec<String> = named.into_iter().map(str::to_owned).collect();
        classes.sort_unstable();
        Self { classes, samples }
    }

    /// What a dataset's own files say, without the samples that are gone.
    pub fn of_dataset(dataset: &Dataset) -> Self {
        let classes = &dataset.labels.classes;
        let sample = |id: SampleId| {
            let boxes = dataset.boxes.get(id).iter().map(|one| AnnotatedBox {
                class: classes[one.class as usize].clone(),
                rect: one.rect,
                relative: one.relative,
            });
            let mut sample = Annotated {
                path: dataset.path(id).to_owned(),
                labels: dataset.labels.names(id).map(str::to_owned).collect(),
                boxes: boxes.collect(),
                split: dataset.split(id).map(str::to_owned),
                ..Annotated::default()
            };
            sample.tidy();
            sample
        };
        let present = (0..dataset.len()).filter(|at| !dataset.gone[*at]);
        Self { classes: classes.clone(), samples: present.map(|at| sample(at as SampleId)).collect() }
    }

    /// The classes in their order, then those that only samples name, in the order of letters.
    pub fn all_classes(&self) -> Vec<String> {
        let listed: HashSet<&str> = self.classes.iter().map(String::as_str).collect();
        let named = self.samples.iter().flat_map(|one| &one.labels).map(String::as_str);
        let mut others: Vec<&str> = named.filter(|label| !listed.contains(label)).collect();
        others.sort_unstable();
        others.dedup();
        self.classes.iter().cloned().chain(others.into_iter().map(str::to_owned)).collect()
    }
}

/// A fault of a file of labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file's name.
    pub file: String,
    /// What is counted and its number from 1: `("line", 12)`.
    pub at: Option<(&'static str, u64)>,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((word, number)) => write!(out, "{}, {word} {number}: {}", self.file, self.message),
            None => write!(out, "{}: {}", self.file, self.message),
        }
    }
}

/// Faults in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first [`Faults::MOST`].
    pub list: Vec<Fault>,
    /// Those beyond.
    pub more: u64,
}

impl Faults {
    pub const MOST: usize = 200;

    pub fn add(&mut self, file: &str, at: Option<(&'static str, u64)>, message: impl Into<String>) {
        if self.list.len() < Self::MOST {
            self.list.push(Fault { file: file.to_owned(), at, message: message.into() });
        } else {
            self.more += 1;
        }
    }

    pub fn count(&self) -> u64 {
        self.list.len() as u64 + self.more
    }
}

/// What a model says of a sample: to be looked at, and not a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Labels and boxes as a person's would be; `by` is the model.
    pub sample: Annotated,
    /// How sure the model is, as it says.
    pub score: Option<f64>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    pub annotations: Annotations,
    pub proposals: Vec<Proposal>,
    pub faults: Faults,
}

/// Why a file of labels was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum AnnotationError {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("could not be read ({cause}): {}", .path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("the file is larger than {} MiB, which is the most that is read; split it: {}", MAX_FILE_BYTES >> 20, .0.display())]
    TooLarge(PathBuf),
    #[error("{message}: {}", .path.display())]
    Malformed { path: PathBuf, message: String },
    #[error("this is there already; choose another name or say that it may be replaced: {}", .0.display())]
    Exists(PathBuf),
    #[error("this folder has files in it; name a new one: {}", .0.display())]
    NotEmpty(PathBuf),
    #[error("class folders hold pictures: export the dataset as an image folder to have them: {}", .0.display())]
    NeedsPictures(PathBuf),
    #[error("this is no file of labels that is known by its name; say its format, one of {}: {}", format_names(), .0.display())]
    Unknown(PathBuf),
    #[error("the files name more than {} people, which is the most that are compared; see whether they name people in \"by\", or compare fewer of them: {}", panel::MAX_PEOPLE, .0)]
    TooManyPeople(String),
    #[error("cancelled")]
    Cancelled(#[from] crate::jobs::Cancelled),
}

/// The largest file of labels that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The most samples of one file; further ones are left out, with a fault.
pub const MAX_SAMPLES: usize = 50_000_000;

/// How annotations of a format are written.
#[derive(Clone, Copy)]
pub enum Writer {
    /// One file. Gives sentences on what its samples have that it cannot hold, beyond whole fields.
    File(fn(&Annotations, &mut (dyn std::io::Write + Send)) -> std::io::Result<Vec<String>>),
    /// Files in a new folder; sentences as before.
    Folder(fn(&Annotations, &Path) -> std::io::Result<Vec<String>>),
    /// The pictures themselves have to be written: see [`folder::plan`].
    Export,
}

/// A form of files of labels.
#[derive(Clone, Copy)]
pub struct Format {
    /// The word on the command line.
    pub name: &'static str,
    pub title: &'static str,
    /// What a file's name ends with; `None` for a folder.
    pub ending: Option<&'static str>,
    /// What it is, for people.
    pub about: &'static str,
    /// What it holds of each sample.
    pub holds: &'static [Field],
    pub read: fn(&Path, &Control) -> Result<Read, AnnotationError>,
    pub write: Writer,
}

/// Every form of files of labels.
pub static FORMATS: &[Format] = &[
    csv_table::FORMAT,
    jsonl::FORMAT,
    parquet::FORMAT,
    coco::FORMAT,
    label_studio::FORMAT,
    task::FORMAT,
    yolo::FORMAT,
    voc::FORMAT,
    folder::FORMAT,
];

impl Format {
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// The format of a file or folder that is there, by its name and its beginning.
    pub fn of(path: &Path) -> Result<&'static Self, AnnotationError> {
        let name = path.to_string_lossy();
        let format = if path.is_dir() {
            of_folder(path)?
        } else if has_extension(&name, &["csv", "tsv"]) {
            &csv_table::FORMAT
        } else if has_extension(&name, &["jsonl", "ndjson"]) {
            &jsonl::FORMAT
        } else if has_extension(&name, &["parquet", "pq"]) {
            &parquet::FORMAT
        } else if has_extension(&name, &["json"]) {
            of_json(path)?
        } else if has_extension(&name, &["xml"]) {
            &voc::FORMAT
        } else if has_extension(&name, &["yaml", "yml"]) {
            &yolo::FORMAT
        } else {
            return Err(AnnotationError::Unknown(path.to_owned()));
        };
        Ok(format)
    }
}

fn format_names() -> String {
    FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")
}

/// Reads a file or folder of labels; without a format it is found out.
pub fn read(path: &Path, format: Option<&Format>, control: &Control) -> Result<Read, AnnotationError> {
    let format = match format {
        Some(format) => format,
        None => Format::of(path)?,
    };
    (format.read)(path, control)
}

fn of_folder(path: &Path) -> Result<&'static Format, AnnotationError> {
    let is_here = |name: &str| path.join(name).is_file();
    if ["data.yaml", "dataset.yaml", "data.yml"].into_iter().any(is_here) {
        return Ok(&yolo::FORMAT);
    }
    // The importers tell the rest by what lies in it.
    Ok(if path.join(voc::FOLDER).is_dir() { &voc::FORMAT } else { &folder::FORMAT })
}

fn of_json(path: &Path) -> Result<&'static Format, AnnotationError> {
    /// Bytes of a file that are looked at.
    const HEAD: u64 = 64 << 10;
    use std::io::Read as _;
    let failed = |cause| AnnotationError::Unreadable { path: path.to_owned(), cause };
    let mut head = Vec::new();
    std::fs::File::open(path).map_err(failed)?.take(HEAD).read_to_end(&mut head).map_err(failed)?;
    let head = String::from_utf8_lossy(&head);
    let text = head.trim_start_matches('\u{feff}').trim_start();
    Ok(match () {
        () if text.starts_with('[') => &label_studio::FORMAT,
        () if text.contains(task::MARK) => &task::FORMAT,
        () => &coco::FORMAT,
    })
}

/// The bytes of a file that is not too large.
fn read_bytes(path: &Path) -> Result<Vec<u8>, AnnotationError> {
    use std::io::Read as _;
    let failed = |cause| AnnotationError::Unreadable { path: path.to_owned(), cause };
    let file = std::fs::File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > MAX_FILE_BYTES {
        return Err(AnnotationError::TooLarge(path.to_owned()));
    }
    let mut content = Vec::new();
    // What is a pipe or grows has a limit, too.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(AnnotationError::TooLarge(path.to_owned()));
    }
    Ok(content)
}

/// Reads bytes as each format of one file; for fuzzing.
pub fn fuzz(content: &[u8]) {
    let check = |read: Read| {
        assert!(read.faults.list.len() <= Faults::MOST);
        for sample in &read.annotations.samples {
            let mut tidy = sample.clone();
            assert!(!sample.path.is_empty() && tidy.tidy() == 0 && tidy == *sample);
        }
        // What was read once is read again.
        let again = merge(&read.annotations, &read.annotations, MatchBy::Path, &Control::new());
        assert!(again.is_ok_and(|again| again.unmatched.is_empty()));
    };
    if let Ok(Some(read)) = csv_table::read(content, "fuzz", || Ok(())) {
        check(read);
    }
    if let Ok(Some(read)) = jsonl::read(content, "fuzz", || Ok(())) {
        check(read);
    }
    if let Ok(read) = coco::read(content, "fuzz") {
        check(read);
    }
    if let Ok(Ok(read)) = label_studio::read(content, "fuzz", || Ok::<(), AnnotationError>(())) {
        check(read);
    }
    if let Ok(task) = task::Task::parse(content) {
        let (annotations, faults) = task.annotations("fuzz");
        check(Read { annotations, proposals: Vec::new(), faults });
    }
}

/// The name of a file for people.
fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The error of a file that is not what its format has; `message` is a sentence without a full stop.
fn malformed(path: &Path, message: impl Into<String>) -> AnnotationError {
    AnnotationError::Malformed { path: path.to_owned(), message: message.into() }
}

/// Puts a sample to the others as its fields promise. What is wrong with it is a fault.
fn take(
    samples: &mut Vec<Annotated>,
    mut sample: Annotated,
    at: (&'static str, u64),
    file: &str,
    faults: &mut Faults,
) {
    if sample.path.is_empty() {
        faults.add(file, Some(at), "it names no sample");
        return;
    }
    if samples.len() >= MAX_SAMPLES {
        faults.add(
            file,
            Some(at),
            format!("there are more than {MAX_SAMPLES} samples; this one was left out"),
        );
        return;
    }
    let gone = sample.tidy();
    if gone > 0 {
        let boxes = crate::text::counted(gone, "box");
        faults.add(file, Some(at), format!("{boxes} without a class, or not four numbers with a size"));
    }
    samples.push(sample);
}
