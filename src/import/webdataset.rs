//! WebDataset: tar shards in which the files of one sample share a name up to the first dot.
//!
//! `0042.jpg`, `0042.cls` and `0042.json` are one sample: its image, its label and its other values.
//! Members are read as the `webdataset` library names them: an image by its ending, `cls`,
//! `label` or `class` (a number or a name), `txt`, `text` or `caption` (a caption), `json` (labels
//! and other values). Any of them may be gzipped (`0042.jpg.gz`). Labels that are numbers get their
//! names from a `classes.txt` or a Hugging Face `dataset_info.json` beside the shards, if there is one.
//! A shard's name or folder tells its split.
//!
//! A tar in which no image has a member beside it is no WebDataset; it may be an image folder.

use rayon::prelude::*;
use serde_json::Value;

use super::folder::{new_sample, shard_stem};
use super::names::{is_image_name, split_in, split_of, split_path};
use super::reader::inflated;
use super::tree::archive::archive_stem;
use super::{Fit, Format, ImportError, Tree};
use crate::dataset::{ContainerKind, DatasetBuilder, IssueKind, Layout, NewSample};
use crate::jobs::Control;

pub const FORMAT: Format = Format {
    layout: Layout::WebDataset,
    reads: "tar shards, one, many or a pattern, with image, cls, json and txt members",
    detect,
    import,
};

/// Samples that are looked at to recognise the layout.
const DETECT_SAMPLES: usize = 512;

/// Samples whose members are read at a time.
const BATCH: usize = 2048;

/// Bytes of a compressed shard that samples read at a time may lie apart: several threads read within
/// them, and what they read has to stay in the reader's cache.
const MAX_SPAN: u64 = 128 << 20;

/// The largest member beside the image that is read, in bytes.
const MAX_MEMBER_BYTES: u64 = 1 << 20;

/// The longest value that is kept, in bytes.
const MAX_VALUE_BYTES: usize = 4 << 10;

/// The most values that one sample keeps.
const MAX_VALUES: usize = 64;

/// The largest file of class names that is read, in bytes.
const MAX_NAMES_BYTES: u64 = 16 << 20;

/// Faults of one kind that are reported one by one; the rest is counted.
const MAX_ISSUES: usize = 200;

/// The files of one sample.
#[derive(Debug)]
pub(crate) struct Group {
    /// Files of the tree in the shard's order.
    pub members: Vec<u32>,
    pub image: Option<u32>,
}

/// What a member beside the image holds, by its ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Label,
    Caption,
    Json,
    Other,
}

/// What the members beside an image say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Values {
    labels: Vec<String>,
    attributes: Vec<(String, String)>,
    /// Members that could not be understood: the ending and what is wrong.
    faults: Vec<(String, String)>,
}

fn detect(tree: &Tree) -> Option<Fit> {
    let tars = |kind| matches!(kind, ContainerKind::Tar | ContainerKind::TarGz);
    if tree.focus.is_some() || !tree.containers.iter().any(|container| tars(container.kind)) {
        return None;
    }
    let groups = groups(tree, DETECT_SAMPLES);
    let imaged = groups.iter().filter(|group| group.image.is_some()).count();
    if imaged == 0 {
        // Nothing else may fit such shards either; then this format says what is in them.
        let any = (0..tree.len()).any(|file| is_image_name(tree.path(file)));
        return (!any && !groups.is_empty()).then_some(Fit::Fallback);
    }
    let has = |group: &&Group, wanted: &[Role]| {
        let mut members = group.members.iter().filter(|file| Some(**file) != group.image);
        group.image.is_some() && members.any(|file| wanted.contains(&role_of(member(tree, *file as usize).1)))
    };
    let labelled = groups.iter().filter(|group| has(group, &[Role::Label])).count();
    let described =
        groups.iter().filter(|group| has(group, &[Role::Label, Role::Caption, Role::Json])).count();
    if labelled * 2 > imaged { Some(Fit::Certain) } else { (described * 2 > imaged).then_some(Fit::Likely) }
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    control.checkpoint()?;
    let groups = groups(tree, usize::MAX);
    if !groups.iter().any(|group| group.image.is_some()) {
        let mut endings: Vec<String> = groups
            .iter()
            .flat_map(|group| &group.members)
            .map(|file| member(tree, *file as usize).1.into())
            .collect();
        endings.sort_unstable();
        endings.dedup();
        endings.truncate(8);
        return Err(ImportError::Malformed {
            path: tree.source.clone().into(),
            message: format!("the shards hold no images; their members are {}", endings.join(", ")),
        });
    }
    let names = class_names(tree);
    for name in &names {
        builder.class(name);
    }
    control.begin("Reading labels in the shards", groups.len() as u64);
    let mut without_image = 0;
    let mut misread = 0;
    for batch in batches(tree, &groups) {
        control.checkpoint()?;
        let values: Vec<Values> = batch.par_iter().map(|group| values_of(tree, group, &names)).collect();
        for (group, values) in batch.iter().zip(values) {
            let Some(image) = group.image else {
                without_image += 1;
                if without_image <= MAX_ISSUES {
                    let path = group.members.first().map_or("", |file| tree.path(*file as usize));
                    let message = "this sample has members but no image, and was left out";
                    builder.issue(None, path, IssueKind::Missing, message);
                }
                continue;
            };
            let image = image as usize;
            let labels: Vec<&str> = values.labels.iter().map(String::as_str).collect();
            let attributes: Vec<(&str, &str)> =
                values.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let sample = builder.push(NewSample {
                split: split(tree, image),
                labels: &labels,
                attributes: &attributes,
                ..new_sample(tree, image)
            });
            for (ending, fault) in values.faults {
                misread += 1;
                if misread <= MAX_ISSUES {
                    let message = format!("the member .{ending} could not be understood: {fault}");
                    builder.issue(Some(sample), tree.path(image), IssueKind::Annotation, message);
                }
            }
        }
        control.add(batch.len() as u64);
    }
    for (count, what) in
        [(without_image, "samples without an image"), (misread, "members that cannot be understood")]
    {
        if count > MAX_ISSUES {
            let message = format!("{} more {what} are not listed one by one", count - MAX_ISSUES);
            builder.issue(None, &tree.source, IssueKind::Annotation, message);
        }
    }
    Ok(())
}

/// The samples of all shards, each shard in its own order; at most `most`.
pub(crate) fn groups(tree: &Tree, most: usize) -> Vec<Group> {
    let mut files: Vec<u32> = (0..tree.len() as u32)
        .filter(|file| {
            let place = tree.place(*file as usize);
            !place.is_loose()
                && matches!(
                    tree.containers[place.container as usize].kind,
                    ContainerKind::Tar | ContainerKind::TarGz
                )
        })
        .collect();
    files.sort_by_key(|file| (tree.place(*file as usize).container, tree.place(*file as usize).offset));
    let mut groups: Vec<Group> = Vec::new();
    let mut last: Option<(u32, &str)> = None;
    for file in files {
        let key = (tree.place(file as usize).container, member(tree, file as usize).0);
        if last != Some(key) {
            if groups.len() >= most {
                break;
            }
            groups.push(Group { members: Vec::new(), image: None });
            last = Some(key);
        }
        if let Some(group) = groups.last_mut() {
            group.members.push(file);
        }
    }
    for group in &mut groups {
        // `x.jpg` rather than `x.mask.png`; of two, the first in the shard.
        let images = group.members.iter().filter(|file| is_image_name(tree.path(**file as usize)));
        group.image = images.min_by_key(|file| member(tree, **file as usize).1.matches('.').count()).copied();
    }
    groups
}

/// Groups that are read together.
fn batches<'a>(tree: &'a Tree, groups: &'a [Group]) -> impl Iterator<Item = &'a [Group]> {
    let place = |group: &Group| group.members.first().map(|file| tree.place(*file as usize));
    let mut rest = groups;
    std::iter::from_fn(move || {
        let first = place(rest.first()?)?;
        let is_stream = tree.containers[first.container as usize].kind == ContainerKind::TarGz;
        let near = |group: &Group| {
            place(group).is_some_and(|place| {
                place.container == first.container && place.offset - first.offset <= MAX_SPAN
            })
        };
        let count = rest.iter().take(BATCH).take_while(|group| !is_stream || near(group)).count();
        let (batch, after) = rest.split_at(count);
        rest = after;
        Some(batch)
    })
}

/// A file's path up to the first dot of its name, and the ending after it without `.gz`.
fn member(tree: &Tree, file: usize) -> (&str, &str) {
    let path = tree.path(file);
    let start = path.len() - split_path(path).1.len();
    let Some(dot) = path[start..].find('.') else { return (path, "") };
    let ending = &path[start + dot + 1..];
    (&path[..start + dot], ending.strip_suffix(".gz").unwrap_or(ending))
}

fn role_of(ending: &str) -> Role {
    match ending.to_ascii_lowercase().as_str() {
        "cls" | "cls2" | "label" | "class" | "class.txt" | "label.txt" | "cls.txt" => Role::Label,
        "txt" | "text" | "caption" | "caption.txt" => Role::Caption,
        "json" | "jsn" | "metadata.json" => Role::Json,
        _ => Role::Other,
    }
}

fn split(tree: &Tree, file: usize) -> Option<&'static str> {
    let (archive, within) = tree.split_archive(file);
    let alone = || &tree.containers[tree.place(file).container as usize].path;
    let shard = shard_stem(archive_stem(archive.unwrap_or_else(|| alone())));
    let folders = split_path(within).0.rsplit('/').find_map(split_of);
    // A shard is often named `name-train`.
    folders.or_else(|| shard.rsplit('/').find_map(split_in))
}

fn values_of(tree: &Tree, group: &Group, names: &[String]) -> Values {
    let mut values = Values::default();
    if group.image.is_none() {
        return values;
    }
    for file in group.members.iter().filter(|file| Some(**file) != group.image) {
        let file = *file as usize;
        let ending = member(tree, file).1;
        let role = role_of(ending);
        if role == Role::Other {
            continue;
        }
        let content = if tree.bytes(file) > MAX_MEMBER_BYTES {
            Err(format!("it is larger than {} KiB", MAX_MEMBER_BYTES >> 10))
        } else {
            tree.read(file).and_then(inflated).map_err(|error| error.message)
        };
        match content {
            Ok(content) => {
                if let Err(fault) = read_member(role, &content, names, &mut values) {
                    values.faults.push((ending.to_owned(), fault));
                }
            }
            Err(fault) => values.faults.push((ending.to_owned(), fault)),
        }
    }
    values
}

/// Reads one member beside the image; the error is what is wrong with it.
fn read_member(role: Role, content: &[u8], names: &[String], values: &mut Values) -> Result<(), String> {
    let text = || String::from_utf8_lossy(content);
    match role {
        Role::Other => {}
        Role::Label => {
            let text = text();
            let label = text.trim();
            if label.len() > 256 || label.chars().any(char::is_control) {
                return Err("it is no label".into());
            }
            if !label.is_empty() {
                add_label(label, names, values);
            }
        }
        Role::Caption => add_value("caption", text().trim(), values),
        Role::Json => match serde_json::from_slice(content).map_err(|error| error.to_string())? {
            Value::Object(object) => {
                for (key, value) in object {
                    let lower = key.to_ascii_lowercase();
                    if is_label_key(&lower) {
                        add_labels(&value, names, values);
                    } else if let Some(text) = scalar(&value) {
                        add_value(&key, &text, values);
                    }
                }
            }
            value => add_labels(&value, names, values),
        },
    }
    Ok(())
}

/// Whether a value of that lowercase name is a sample's label.
pub(crate) fn is_label_key(key: &str) -> bool {
    matches!(
        key,
        "label"
            | "labels"
            | "class"
            | "classes"
            | "cls"
            | "class_name"
            | "label_name"
            | "category"
            | "categories"
            | "tags"
    )
}

fn add_labels(value: &Value, names: &[String], values: &mut Values) {
    match value {
        Value::Array(list) => {
            for text in list.iter().filter_map(scalar).take(MAX_VALUES) {
                add_label(&text, names, values);
            }
        }
        value => {
            if let Some(text) = scalar(value) {
                add_label(&text, names, values);
            }
        }
    }
}

/// Adds a label once; a number is replaced by its class's name where that is known.
fn add_label(label: &str, names: &[String], values: &mut Values) {
    let named =
        label.parse::<usize>().ok().and_then(|number| names.get(number)).map_or(label, String::as_str);
    if !named.is_empty() && !values.labels.iter().any(|known| known == named) {
        values.labels.push(named.to_owned());
    }
}

fn add_value(name: &str, value: &str, values: &mut Values) {
    if !value.is_empty() && values.attributes.len() < MAX_VALUES {
        let cut = value.floor_char_boundary(MAX_VALUE_BYTES);
        values.attributes.push((name.to_owned(), value[..cut].to_owned()));
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The names of numbered classes, from a file beside the shards or within; empty without one.
fn class_names(tree: &Tree) -> Vec<String> {
    for file in (0..tree.len()).filter(|file| is_names_file(tree.path(*file))).take(16) {
        if tree.bytes(file) > MAX_NAMES_BYTES {
            continue;
        }
        let Ok(content) = tree.read(file) else { continue };
        let names = if tree.path(file).ends_with(".txt") {
            String::from_utf8_lossy(&content).lines().map(|line| line.trim().to_owned()).collect()
        } else {
            serde_json::from_slice(&content)
                .ok()
                .and_then(|info| class_label_names(&info))
                .unwrap_or_default()
        };
        if !names.is_empty() {
            return names;
        }
    }
    let beside = names_beside(tree).and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
    beside.lines().map(|line| line.trim().to_owned()).collect()
}

/// Whether a file of that name names the numbered classes.
pub(crate) fn is_names_file(path: &str) -> bool {
    let (_, name) = split_path(path);
    matches!(name, "classes.txt" | "labels.txt" | "dataset_info.json" | "dataset_infos.json")
}

/// The file of class names beside one archive that was opened by itself, whose folder is not in the tree.
pub(crate) fn names_beside(tree: &Tree) -> Option<Vec<u8>> {
    let beside = tree.root.join("classes.txt");
    let small = || beside.metadata().is_ok_and(|about| about.is_file() && about.len() <= MAX_NAMES_BYTES);
    if tree.is_one_archive() && small() { std::fs::read(beside).ok() } else { None }
}

/// The names of the first `ClassLabel` in a Hugging Face dataset's description.
fn class_label_names(info: &Value) -> Option<Vec<String>> {
    match info {
        Value::Object(object) => {
            if let Some(Value::Array(names)) = object.get("names") {
                let names: Vec<String> = names.iter().filter_map(scalar).collect();
                if !names.is_empty() {
                    return Some(names);
                }
            }
            object.values().find_map(class_label_names)
        }
        Value::Array(list) => list.iter().find_map(class_label_names),
        _ => None,
    }
}

/// Reads a member of each kind; for fuzzing.
pub fn fuzz_member(content: &[u8]) {
    let names = ["a".to_owned()];
    for role in [Role::Label, Role::Caption, Role::Json] {
        let mut values = Values::default();
        let _ = read_member(role, content, &names, &mut values);
        assert!(values.attributes.len() <= MAX_VALUES);
    }
    if let Ok(info) = serde_json::from_slice(content) {
        class_label_names(&info);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_give_labels_and_values() {
        let names = ["cat".to_owned(), "dog".to_owned()];
        for (role, content, labels, attributes) in [
            (Role::Label, "1\n", "dog", ""),
            (Role::Label, "7", "7", ""),
            (Role::Label, "bird", "bird", ""),
            (Role::Label, "", "", ""),
            (Role::Caption, " a cat. \n", "", "caption=a cat."),
            (Role::Json, r#"{"label": 0, "caption": "x", "w": 3, "deep": {"a": 1}}"#, "cat", "caption=x w=3"),
            (Role::Json, r#"{"labels": ["a", 1, "a"], "ok": true, "none": null}"#, "a dog", "ok=true"),
            (Role::Json, "1", "dog", ""),
        ] {
            let mut values = Values::default();
            read_member(role, content.as_bytes(), &names, &mut values).unwrap();
            let told: Vec<String> =
                values.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(
                (values.labels.join(" ").as_str(), told.join(" ").as_str()),
                (labels, attributes),
                "{content}"
            );
        }
        for (role, content) in [(Role::Label, "a\0b"), (Role::Json, "{")] {
            assert!(read_member(role, content.as_bytes(), &names, &mut Values::default()).is_err());
        }
    }

    #[test]
    fn class_names_come_from_a_description() {
        let info = r#"{"features": {"image": {"_type": "Image"}, "label": {"names": ["x", "y"], "_type": "ClassLabel"}}}"#;
        assert_eq!(
            class_label_names(&serde_json::from_str(info).unwrap()),
            Some(vec!["x".into(), "y".into()])
        );
    }
}
