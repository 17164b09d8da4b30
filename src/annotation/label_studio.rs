//! Annotations as Label Studio's JSON: a list of tasks, each with its picture in `data.image`, and the results of every
//! person who annotated it.
//!
//! Read are results of type `choices` (labels, or tags where the control is called `tags`), `rectanglelabels` (boxes, in
//! hundredths of the picture; what is rotated gives the box around it) and `textarea` (notes). Each annotation of a task
//! is one person's answer, and those that were cancelled are none. `predictions` are a model's and become proposals.
//! What else there is (brushes, polygons, key points) is counted and told. (*Label Studio Task Format*,
//! labelstud.io/guide/task_format.)
//!
//! Written are the same three. Label Studio refuses annotations of people whom it does not know, so that the person
//! stands in the task's data as `labelled_by`, beside `content` and `split`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::jsonl::fault;
use super::{
    Annotated, AnnotatedBox, AnnotationError, Annotations, Faults, Field, Format, Proposal, Read, Writer,
    content_hex, content_of_hex, malformed, name_of, read_bytes, take, time,
};
use crate::import::names::with_slashes;
use crate::import::spans::{elements, skip};
use crate::jobs::Control;
use crate::text::counted;

pub const FORMAT: Format = Format {
    name: "label-studio",
    title: "Label Studio",
    ending: Some("json"),
    about: "the JSON of Label Studio's tasks with their annotations",
    holds: &[
        Field::Content,
        Field::Size,
        Field::Labels,
        Field::Boxes,
        Field::Tags,
        Field::Note,
        Field::By,
        Field::Time,
        Field::Split,
    ],
    read: read_file,
    write: Writer::File(write_to),
};

/// The names of our controls.
const LABEL: &str = "label";
const BOX: &str = "box";
const TAGS: &str = "tags";
const NOTE: &str = "note";

/// The field of `data` that names the person.
const LABELLED_BY: &str = "labelled_by";

/// Fields of `data` that name the picture, the likeliest first; else it is the first text that looks like one.
const IMAGE_FIELDS: [&str; 6] = ["image", "img", "image_url", "url", "file_name", "path"];

/// The longest task that is read, in bytes; what is read of it takes many times that.
const MAX_TASK_BYTES: usize = 32 << 20;

/// Tasks that are read between two questions whether to go on.
const STEP: u64 = 1024;

fn read_file(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    let content = read_bytes(path)?;
    control.checkpoint()?;
    let go_on = || control.checkpoint().map_err(AnnotationError::from);
    read(&content, &name_of(path), go_on)?.map_err(|message| malformed(path, message))
}

/// Reads the bytes of a file; the inner error is a sentence. `go_on` is asked now and then.
pub fn read<E>(
    content: &[u8],
    file: &str,
    go_on: impl Fn() -> Result<(), E>,
) -> Result<Result<Read, String>, E> {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(text) {
        let cut = if error.is_eof() { "; it was cut short" } else { "" };
        return Ok(Err(format!("the file cannot be understood: {error}{cut}")));
    }
    let start = skip(text, 0, b" \t\r\n");
    if text.get(start) != Some(&b'[') {
        return Ok(Err("the file is no list of tasks, as Label Studio exports it".to_owned()));
    }
    let mut reading = Reading::default();
    let mut number = 0;
    for span in elements(text, start) {
        number += 1;
        if u64::is_multiple_of(number, STEP) {
            go_on()?;
        }
        if span.len() > MAX_TASK_BYTES {
            let message = format!("it is longer than {} MiB", MAX_TASK_BYTES >> 20);
            reading.faults.add(file, Some(("task", number)), message);
            continue;
        }
        match serde_json::from_slice::<Value>(&text[span]) {
            Ok(task) => reading.task(&task, number, file),
            Err(error) => reading.faults.add(file, Some(("task", number)), fault(&error)),
        }
    }
    let Reading { samples, proposals, mut faults, unread, unplaced } = reading;
    for (kind, count) in unread {
        faults.add(file, None, format!("{} of type \"{kind}\" are not read", counted(count, "result")));
    }
    if unplaced > 0 {
        faults.add(file, None, format!("{} have no four numbers with a size", counted(unplaced, "box")));
    }
    Ok(Ok(Read { annotations: Annotations::of_samples(samples), proposals, faults }))
}

#[derive(Default)]
struct Reading {
    samples: Vec<Annotated>,
    proposals: Vec<Proposal>,
    faults: Faults,
    /// Results by a type that is not read.
    unread: BTreeMap<String, u64>,
    /// Boxes that are none.
    unplaced: u64,
}

/// The most types of results that are told apart.
const MAX_KINDS: usize = 32;

impl Reading {
    fn task(&mut self, task: &Value, number: u64, file: &str) {
        let at = ("task", number);
        let Some(base) = base_of(task) else {
            self.faults.add(file, Some(at), "its data names no picture");
            return;
        };
        let list =
            |name: &str| task.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        // Versions before 1.0 called them completions.
        let annotations = list("annotations").iter().chain(list("completions"));
        let mut is_answered = false;
        for annotation in annotations {
            if annotation.get("was_cancelled").and_then(Value::as_bool) == Some(true) {
                continue;
            }
            is_answered = true;
            let mut sample = base.clone();
            sample.by = person(annotation.get("completed_by")).unwrap_or(sample.by);
            let time =
                ["created_at", "updated_at"].into_iter().find_map(|name| annotation.get(name)?.as_str());
            sample.time_ms = time.and_then(time::ms_of_iso);
            self.results(annotation, &mut sample);
            take(&mut self.samples, sample, at, file, &mut self.faults);
        }
        if !is_answered {
            take(&mut self.samples, base.clone(), at, file, &mut self.faults);
        }
        for prediction in list("predictions") {
            let mut sample = Annotated { by: String::new(), ..base.clone() };
            sample.by = person(prediction.get("model_version")).unwrap_or_default();
            self.results(prediction, &mut sample);
            sample.tidy();
            let score = prediction.get("score").and_then(Value::as_f64);
            if self.proposals.len() < super::MAX_SAMPLES {
                self.proposals.push(Proposal { sample, score });
            }
        }
    }

    fn results(&mut self, of: &Value, sample: &mut Annotated) {
        for result in of.get("result").and_then(Value::as_array).into_iter().flatten() {
            let sides = ["original_width", "original_height"].map(|name| side(result.get(name)));
            if let [Some(width), Some(height)] = sides {
                sample.size = Some([width, height]);
            }
            let kind = result.get("type").and_then(Value::as_str).unwrap_or_default();
            let value = result.get("value").unwrap_or(&Value::Null);
            let words = |name: &str| texts(value.get(name));
            match kind {
                "choices" if result.get("from_name").and_then(Value::as_str) == Some(TAGS) => {
                    sample.tags.extend(words("choices"));
                }
                "choices" => sample.labels.extend(words("choices")),
                "textarea" => {
                    for text in words("text") {
                        let gap = if sample.note.is_empty() { "" } else { "\n" };
                        sample.note.push_str(gap);
                        sample.note.push_str(&text);
                    }
                }
                "rectanglelabels" => match rect_of(value, sample.size) {
                    Some(rect) => {
                        let boxes = words("rectanglelabels").into_iter();
                        sample.boxes.extend(boxes.map(|class| AnnotatedBox { class, rect, relative: true }));
                    }
                    None => self.unplaced += 1,
                },
                kind if self.unread.len() < MAX_KINDS || self.unread.contains_key(kind) => {
                    *self.unread.entry(kind.chars().take(64).collect()).or_default() += 1;
                }
                _ => {}
            }
        }
    }
}

/// What a task says of its picture, whoever answered.
fn base_of(task: &Value) -> Option<Annotated> {
    let data = task.get("data")?.as_object()?;
    let text = |name: &str| data.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let named = IMAGE_FIELDS.into_iter().find_map(text);
    let image = named.or_else(|| {
        data.values().filter_map(Value::as_str).find(|text| crate::import::names::is_image_name(text))
    })?;
    Some(Annotated {
        path: path_of(image),
        content: text("content").and_then(content_of_hex),
        size: side(data.get("width")).zip(side(data.get("height"))).map(|(width, height)| [width, height]),
        by: text(LABELLED_BY).unwrap_or_default().to_owned(),
        split: text("split").map(str::to_owned),
        ..Annotated::default()
    })
}

/// The path in an address: `/data/local-files/?d=a/b.png` is `a/b.png`, `https://host/a/b.png` is `a/b.png`.
fn path_of(image: &str) -> String {
    let image = with_slashes(image);
    if let Some((_, file)) = image.split_once("/local-files/?d=") {
        return unescaped(file.split('&').next().unwrap_or(file)).trim_start_matches('/').to_owned();
    }
    match image.split_once("://") {
        Some((_, rest)) => {
            let path = rest.split(['?', '#']).next().unwrap_or(rest);
            unescaped(path.split_once('/').map_or(path, |(_, path)| path))
        }
        None => image.trim_start_matches("./").to_owned(),
    }
}

/// `%20` as the byte that it stands for.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| std::str::from_utf8(after.get(..2)?).ok()).flatten();
        match code.filter(|code| !code.starts_with('+')).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A picture's width or height.
fn side(value: Option<&Value>) -> Option<u32> {
    u32::try_from(value?.as_u64()?).ok()
}

/// A number, a text, or an account with an address.
fn person(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(account) => {
            ["email", "username", "id"].into_iter().find_map(|name| person(account.get(name)))
        }
        _ => None,
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        // A choice of a tree is the list of the steps to it.
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|one| match one {
                Value::String(text) => Some(text.clone()),
                Value::Array(steps) => steps.last()?.as_str().map(str::to_owned),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The box in parts of the picture. One that is rotated, clockwise around its left top corner, gives the box around it,
/// for which the picture's size has to be known: else it is taken as square.
fn rect_of(value: &Value, size: Option<[u32; 2]>) -> Option<[f32; 4]> {
    let number = |name: &str| value.get(name).and_then(Value::as_f64).filter(|number| number.is_finite());
    let [x, y] = [number("x")? / 100.0, number("y")? / 100.0];
    let [width, height] = [number("width")? / 100.0, number("height")? / 100.0];
    if width <= 0.0 || height <= 0.0 {
        return None;
    }
    let angle = number("rotation").unwrap_or(0.0).to_radians();
    if angle == 0.0 {
        return Some([x, y, width, height].map(|side| side as f32));
    }
    let [wide, high] = size.filter(|size| !size.contains(&0)).map_or([1.0, 1.0], |size| size.map(f64::from));
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    let corners = [(0.0, 0.0), (width * wide, 0.0), (0.0, height * high), (width * wide, height * high)];
    let turned = corners.map(|(right, down)| (right * cos - down * sin, right * sin + down * cos));
    let low = turned.iter().fold((f64::MAX, f64::MAX), |low, at| (low.0.min(at.0), low.1.min(at.1)));
    let top = turned.iter().fold((f64::MIN, f64::MIN), |top, at| (top.0.max(at.0), top.1.max(at.1)));
    let rect = [x + low.0 / wide, y + low.1 / high, (top.0 - low.0) / wide, (top.1 - low.1) / high];
    Some(rect.map(|side| side as f32))
}

fn write_to(annotations: &Annotations, out: &mut (dyn Write + Send)) -> io::Result<Vec<String>> {
    let mut unsized_boxes = 0u64;
    out.write_all(b"[")?;
    for (number, sample) in (1u64..).zip(&annotations.samples) {
        out.write_all(if number > 1 { b",\n" } else { b"\n" })?;
        serde_json::to_writer(&mut *out, &task_of(sample, number, &mut unsized_boxes))?;
    }
    out.write_all(b"\n]\n")?;
    let mut told = Vec::new();
    if unsized_boxes > 0 {
        told.push(format!(
            "{} in pixels of pictures whose size is not known are left out. Measure the dataset first.",
            counted(unsized_boxes, "box")
        ));
    }
    Ok(told)
}

fn task_of(sample: &Annotated, number: u64, unsized_boxes: &mut u64) -> Value {
    let mut data = Map::new();
    data.insert("image".into(), sample.path.clone().into());
    if let Some([width, height]) = sample.size {
        // Its results have the size, too, where there are some.
        data.insert("width".into(), width.into());
        data.insert("height".into(), height.into());
    }
    if let Some(content) = &sample.content {
        data.insert("content".into(), content_hex(content).into());
    }
    if let Some(split) = &sample.split {
        data.insert("split".into(), split.clone().into());
    }
    if !sample.by.is_empty() {
        data.insert(LABELLED_BY.into(), sample.by.clone().into());
    }
    let mut results = Vec::new();
    let mut put = |kind: &str, control: &str, value: Value| {
        let mut result = json!({
            "id": format!("{number}-{}", results.len() + 1),
            "type": kind,
            "from_name": control,
            "to_name": "image",
            "value": value,
        });
        if let Some([width, height]) = sample.size {
            result["original_width"] = width.into();
            result["original_height"] = height.into();
            result["image_rotation"] = 0.into();
        }
        results.push(result);
    };
    let labels: Vec<&str> = sample.boxless_labels().collect();
    if !labels.is_empty() {
        put("choices", LABEL, json!({ "choices": labels }));
    }
    for one in &sample.boxes {
        let Some(rect) = one.in_parts(sample.size) else {
            *unsized_boxes += 1;
            continue;
        };
        let [x, y, width, height] = rect.map(|side| f64::from(side) * 100.0);
        let class = [&one.class];
        let value = json!({ "x": x, "y": y, "width": width, "height": height, "rotation": 0, "rectanglelabels": class });
        put("rectanglelabels", BOX, value);
    }
    if !sample.tags.is_empty() {
        put("choices", TAGS, json!({ "choices": sample.tags }));
    }
    if !sample.note.is_empty() {
        put("textarea", NOTE, json!({ "text": [sample.note] }));
    }
    let mut annotation =
        json!({ "id": number, "result": results, "was_cancelled": false, "ground_truth": false });
    if let Some(ms) = sample.time_ms {
        annotation["created_at"] = time::iso(ms).into();
    }
    json!({ "id": number, "data": data, "annotations": [annotation], "predictions": [] })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the export of Label Studio has it: two people and a model, a cancelled annotation, a polygon.
    const EXPORT: &str = r##"[
      {"id": 7, "project": 2, "inner_id": 1, "file_upload": null, "created_at": "2021-03-09T21:52:49.513742Z",
       "updated_at": "2021-03-09T22:16:08.746926Z", "meta": {}, "total_annotations": 2, "cancelled_annotations": 1,
       "data": {"image": "/data/local-files/?d=letters/train/a%20b.png", "source": "scan"},
       "annotations": [
        {"id": 11, "task": 7, "completed_by": {"id": 1, "email": "ada@example.org", "first_name": "Ada"},
         "result": [
           {"id": "r1", "type": "choices", "origin": "manual", "from_name": "kind", "to_name": "img",
            "value": {"choices": ["letter", "serif"]}},
           {"id": "r2", "type": "rectanglelabels", "from_name": "box", "to_name": "img", "image_rotation": 0,
            "original_width": 200, "original_height": 100,
            "value": {"x": 10, "y": 20, "width": 50, "height": 25, "rotation": 0, "rectanglelabels": ["stem"]}},
           {"id": "r3", "type": "textarea", "from_name": "note", "to_name": "img", "value": {"text": ["one", "two"]}},
           {"id": "r4", "type": "polygonlabels", "from_name": "poly", "to_name": "img",
            "value": {"points": [[1, 2], [3, 4]], "polygonlabels": ["x"]}}],
         "was_cancelled": false, "ground_truth": false, "created_at": "2021-03-09T22:16:08.728353Z",
         "updated_at": "2021-03-09T22:16:08.728378Z", "lead_time": 4.288, "result_count": 4, "prediction": {}},
        {"id": 12, "completed_by": 10, "was_cancelled": false,
         "result": [{"type": "choices", "from_name": "kind", "value": {"choices": ["digit"]}},
                    {"type": "choices", "from_name": "tags", "value": {"choices": ["blurred"]}}]},
        {"id": 13, "completed_by": 11, "was_cancelled": true, "result": []}],
       "predictions": [{"id": 5, "model_version": "model 1", "score": 0.75,
         "result": [{"type": "choices", "from_name": "kind", "value": {"choices": ["digit"]}}]}]},
      {"id": 8, "data": {"image": "https://example.org/pictures/c.jpg?size=2"}, "annotations": [], "predictions": []},
      {"id": 9, "data": {}, "annotations": []}, 5
    ]"##;

    fn read_text(text: &str) -> Result<Read, String> {
        read(text.as_bytes(), "export.json", || Ok::<(), ()>(())).unwrap()
    }

    #[test]
    fn an_export_gives_each_persons_answer() {
        let read = read_text(EXPORT).unwrap();
        let told: Vec<String> = read
            .annotations
            .samples
            .iter()
            .map(|one| format!("{} {} [{}] {}", one.path, one.by, one.labels.join("+"), one.boxes.len()))
            .collect();
        assert_eq!(
            told,
            [
                "letters/train/a b.png ada@example.org [letter+serif+stem] 1",
                "letters/train/a b.png 10 [digit] 0",
                "pictures/c.jpg  [] 0",
            ]
        );
        let first = &read.annotations.samples[0];
        assert_eq!((first.note.as_str(), first.size), ("one\ntwo", Some([200, 100])));
        assert_eq!(first.time_ms, time::ms_of_iso("2021-03-09T22:16:08.728Z"));
        assert_eq!(first.boxes[0].rect, [0.1, 0.2, 0.5, 0.25]);
        assert_eq!(read.annotations.samples[1].tags, ["blurred"]);
        let proposal = &read.proposals[0];
        assert_eq!((proposal.sample.by.as_str(), proposal.score), ("model 1", Some(0.75)));
        assert_eq!(proposal.sample.labels, ["digit"]);
        let faults: Vec<&str> = read.faults.list.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[2].contains("polygonlabels"), "{faults:?}");
    }

    #[test]
    fn a_rotated_box_gives_the_box_around_it() {
        let value = json!({ "x": 50, "y": 50, "width": 20, "height": 10, "rotation": 90 });
        let rect = rect_of(&value, Some([200, 100])).unwrap();
        // 40 × 10 pixels from (100, 50), turned by a quarter to the left of that corner: 10 × 40 pixels.
        for (found, expected) in rect.iter().zip([0.45, 0.5, 0.05, 0.4]) {
            assert!((found - expected).abs() < 1e-6, "{rect:?}");
        }
    }

    #[test]
    fn what_is_no_export_is_a_sentence() {
        for (text, fault) in [
            ("", "cut short"),
            ("[{", "cut short"),
            ("{}", "no list of tasks"),
            (&"[".repeat(100_000), "cannot be understood"),
        ] {
            let message = read_text(text).unwrap_err();
            assert!(message.contains(fault), "{message}");
        }
        assert_eq!(path_of("/data/upload/3/ab-c.png"), "/data/upload/3/ab-c.png");
        assert_eq!(unescaped("100%+1 %e9%zz%"), "100%+1 \u{fffd}%zz%");
    }
}
