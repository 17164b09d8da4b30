//! A labelling task: a file that somebody sends to others who are to label samples, and that comes back with answers.
//!
//! It is a JSON object of this program's own:
//!
//! ```json
//! {
//!   "format": "lenslet-labelling-task", "version": 1,
//!   "asked_by": "Ada", "instructions": "One letter each; unsure is fine.", "several": false,
//!   "classes": [{ "name": "a", "key": "1" }, { "name": "b" }],
//!   "samples": [{ "path": "train/1.png", "content": "00ff…", "size": [64, 64],
//!                 "answer": { "label": ["a"], "unsure": true, "note": "", "time": "2026-01-31T12:00:00Z" } }],
//!   "answered_by": "Grace"
//! }
//! ```
//!
//! A task that is asked has no `answer`s: nobody sees what others said. Who answers adds one to each sample and their
//! name; the rest stays as it is.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    Annotated, AnnotatedBox, AnnotationError, Annotations, Faults, Field, Format, MAX_SAMPLES, Read, Target,
    Writer, Written, malformed, name_of, read_bytes, take, wire, write,
};
use crate::jobs::Control;

pub const FORMAT: Format = Format {
    name: "task",
    title: "labelling task",
    ending: Some("json"),
    about: "a task for others to label, or their answers to it",
    holds: &[
        Field::Content,
        Field::Size,
        Field::Labels,
        Field::Boxes,
        Field::Tags,
        Field::Note,
        Field::Unsure,
        Field::By,
        Field::Time,
        Field::Classes,
    ],
    read: read_file,
    write: Writer::File(write_to),
};

/// What tells the file from others.
pub const MARK: &str = "lenslet-labelling-task";

/// The version that is written, and the latest that is read.
pub const VERSION: u32 = 1;

/// A labelling task, answered or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// [`MARK`].
    pub format: String,
    pub version: u32,
    #[serde(default)]
    pub asked_by: String,
    #[serde(default)]
    pub instructions: String,
    /// Whether a sample may have several labels.
    #[serde(default)]
    pub several: bool,
    pub classes: Vec<TaskClass>,
    pub samples: Vec<TaskSample>,
    /// Who answered; empty while nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answered_by: String,
}

/// A class that may be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskClass {
    pub name: String,
    /// The key that gives it, as a person writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A sample that is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSample {
    pub path: String,
    #[serde(default, with = "wire::content", skip_serializing_if = "Option::is_none")]
    pub content: Option<[u8; 16]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[u32; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// What somebody answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    #[serde(default, deserialize_with = "wire::one_or_many")]
    pub label: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<AnnotatedBox>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(default, skip_serializing_if = "wire::is_false")]
    pub unsure: bool,
    #[serde(default, with = "wire::time", skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// Who answered, where it was somebody else than `answered_by`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

impl Answer {
    fn of(sample: &Annotated, answered_by: &str) -> Option<Self> {
        let answer = Self {
            label: sample.labels.clone(),
            boxes: sample.boxes.clone(),
            tags: sample.tags.clone(),
            note: sample.note.clone(),
            unsure: sample.unsure,
            time: sample.time_ms,
            by: if sample.by == answered_by { String::new() } else { sample.by.clone() },
        };
        (answer != Self::default()).then_some(answer)
    }
}

impl Task {
    /// Asks about these samples: of what was said of them nothing is in the task.
    pub fn ask(annotations: &Annotations, asked_by: &str, instructions: &str) -> Self {
        let class = |name: String| TaskClass { name, key: None };
        let sample = |sample: &Annotated| TaskSample {
            path: sample.path.clone(),
            content: sample.content,
            size: sample.size,
            answer: None,
        };
        Self {
            format: MARK.to_owned(),
            version: VERSION,
            asked_by: asked_by.to_owned(),
            instructions: instructions.to_owned(),
            several: annotations.samples.iter().any(|sample| sample.labels.len() > 1),
            classes: annotations.all_classes().into_iter().map(class).collect(),
            samples: annotations.samples.iter().map(sample).collect(),
            answered_by: String::new(),
        }
    }

    /// Takes the answers of a person, by the paths of samples. Gives how many of the task's samples have one now.
    pub fn answer(&mut self, answers: &Annotations, answered_by: &str) -> u64 {
        self.answered_by = answered_by.to_owned();
        let known: HashMap<&str, &Annotated> =
            answers.samples.iter().map(|one| (one.path.as_str(), one)).collect();
        let mut answered = 0;
        for sample in &mut self.samples {
            let own = known.get(sample.path.as_str());
            sample.answer = own.and_then(|own| Answer::of(own, answered_by));
            answered += u64::from(sample.answer.is_some());
        }
        answered
    }

    /// Reads the bytes of a task. The error is a sentence.
    pub fn parse(content: &[u8]) -> Result<Self, String> {
        let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let task: Self = serde_json::from_slice(text).map_err(|error| {
            let cut = if error.is_eof() { "; it was cut short" } else { "" };
            format!("the labelling task cannot be understood: {error}{cut}")
        })?;
        if task.format != MARK {
            return Err("the file is no labelling task".to_owned());
        }
        if task.version > VERSION {
            return Err(format!(
                "the labelling task is of version {}, and this program reads up to {VERSION}; get a newer one",
                task.version
            ));
        }
        if task.samples.len() > MAX_SAMPLES {
            return Err(format!("the labelling task has more than {MAX_SAMPLES} samples; split it"));
        }
        Ok(task)
    }

    /// Opens a task.
    pub fn open(path: &Path) -> Result<Self, AnnotationError> {
        Self::parse(&read_bytes(path)?).map_err(|message| malformed(path, message))
    }

    /// What was answered: every sample of the task, those without an answer without a label.
    pub fn annotations(&self, file: &str) -> (Annotations, Faults) {
        let (mut samples, mut faults) = (Vec::with_capacity(self.samples.len()), Faults::default());
        for (number, asked) in (1..).zip(&self.samples) {
            let answer = asked.answer.clone().unwrap_or_default();
            let is_answered = asked.answer.is_some();
            let sample = Annotated {
                path: asked.path.clone(),
                content: asked.content,
                size: asked.size,
                labels: answer.label,
                boxes: answer.boxes,
                tags: answer.tags,
                note: answer.note,
                unsure: answer.unsure,
                time_ms: answer.time,
                by: match answer.by.is_empty() && is_answered {
                    true => self.answered_by.clone(),
                    false => answer.by,
                },
                ..Annotated::default()
            };
            take(&mut samples, sample, ("sample", number), file, &mut faults);
        }
        let mut annotations = Annotations { classes: Vec::new(), samples };
        annotations.classes = self.classes.iter().map(|class| class.name.clone()).collect();
        (annotations, faults)
    }

    /// Writes the task to a file.
    pub fn save(&self, target: &Target<'_>) -> Result<Written, AnnotationError> {
        write::check(&FORMAT, target)?;
        let failed = |cause| crate::export::ExportError::io(target.path, cause);
        crate::files::write_whole(target.path, failed, |out| put(self, out).map_err(failed))?;
        let samples = self.samples.len() as u64;
        Ok(Written { path: target.path.to_owned(), samples, left_out: Vec::new() })
    }
}

fn put(task: &Task, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, task)?;
    out.write_all(b"\n")
}

fn read_file(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    let task = Task::open(path)?;
    control.checkpoint()?;
    let (annotations, faults) = task.annotations(&name_of(path));
    Ok(Read { annotations, proposals: Vec::new(), faults })
}

/// Annotations as an answered task. Where all samples have a person, the one of most of them answered it.
fn write_to(annotations: &Annotations, out: &mut (dyn Write + Send)) -> io::Result<Vec<String>> {
    let mut task = Task::ask(annotations, "", "");
    let mut people: HashMap<&str, u64> = HashMap::new();
    for sample in &annotations.samples {
        *people.entry(&sample.by).or_default() += 1;
    }
    if people.contains_key("") {
        people.clear();
    }
    let most = people.into_iter().max_by(|one, two| one.1.cmp(&two.1).then(two.0.cmp(one.0)));
    task.answered_by = most.map(|(person, _)| person.to_owned()).unwrap_or_default();
    for (asked, sample) in task.samples.iter_mut().zip(&annotations.samples) {
        let named = || (!sample.by.is_empty()).then(Answer::default);
        asked.answer = Answer::of(sample, &task.answered_by).or_else(named);
    }
    put(&task, out)?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(path: &str, labels: &[&str], by: &str) -> Annotated {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Annotated { path: path.into(), labels, by: by.into(), ..Annotated::default() }
    }

    #[test]
    fn a_task_asks_without_telling_and_comes_back_with_answers() {
        let known = Annotations::of_samples(vec![sample("a", &["cat"], "Ada"), sample("b", &["dog"], "Ada")]);
        let mut task = Task::ask(&known, "Ada", "Cats and dogs.");
        let text = serde_json::to_string(&task).unwrap();
        assert!(!text.contains("answer"), "{text}");
        let answers = Annotations::of_samples(vec![sample("b", &["cat"], ""), sample("c", &["dog"], "")]);
        assert_eq!(task.answer(&answers, "Grace"), 1);
        let again = Task::parse(&serde_json::to_vec(&task).unwrap()).unwrap();
        assert_eq!(again, task);
        let (read, faults) = again.annotations("task.json");
        let told: Vec<String> = read
            .samples
            .iter()
            .map(|one| format!("{} {} {}", one.path, one.labels.join("+"), one.by))
            .collect();
        assert_eq!((told, faults.count()), (vec!["a  ".to_owned(), "b cat Grace".to_owned()], 0));
        assert_eq!(read.classes, ["cat", "dog"]);
    }

    #[test]
    fn what_is_no_task_is_a_sentence() {
        let of = |format: &str, version: u32| {
            format!("{{\"format\":\"{format}\",\"version\":{version},\"classes\":[],\"samples\":[]}}")
        };
        for (text, fault) in [
            (String::new(), "cut short"),
            ("[]".to_owned(), "cannot be understood"),
            (of("other", 1), "no labelling task"),
            (of(MARK, 99), "newer"),
        ] {
            let message = Task::parse(text.as_bytes()).unwrap_err();
            assert!(message.contains(fault), "{message}");
        }
    }
}
