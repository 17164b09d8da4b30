//! YOLO: a text file of boxes beside each image, and a file that names classes and splits: YAML, or
//! Darknet's `obj.data`.
//!
//! Each line is `class centre-x centre-y width height`, fractions of the image's sides; a sixth
//! number is a detector's confidence and is not kept. A line with more numbers is a polygon
//! (`class x y x y …`), of which the bounding box is kept; where the YAML has `kpt_shape` the
//! first four numbers are the box and the rest are key points, of two or three numbers each. Where that file names no classes the
//! names come from `classes.txt` or `obj.names`, or else are the class numbers. (Format: Ultralytics'
//! documentation, *Object Detection Datasets Overview*.)
//!
//! A split's folder or list is looked for where the file says, and else by its last parts: it is often
//! a path on another machine, or relative to a folder that is not told.
//!
//! The label file of `…/images/…/a.jpg` is `…/labels/…/a.txt`, or `a.txt` beside the image. An
//! image without one, or with an empty one, shows background only: a sample without a label. Images
//! that are in no split and in no `images` folder are part of the dataset only with a label file.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::names::{has_extension, is_image_name, join, split_of_folders, split_path, stem};
use super::packed::{self, MAX_CLASSES};
use super::{Fit, Format, ImportError, ReadError, Tree};
use crate::dataset::builder::NewBox;
use crate::dataset::{DatasetBuilder, IssueKind, Layout, NewSample};
use crate::jobs::Control;

mod config;

pub(crate) use config::Config;

pub const FORMAT: Format = Format {
    layout: Layout::Yolo,
    reads: "images with YOLO label files; data.yaml, classes.txt or obj.names",
    detect,
    import,
};

/// One object of a label file.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub class: u32,
    /// Left, top, width, height as fractions of the image's sides.
    pub rect: [f32; 4],
    /// Key points that are labelled, as such fractions.
    pub points: Vec<[f32; 2]>,
    /// What is wrong with the key points, which are left out then.
    pub fault: Option<String>,
}

/// What the numbers after the fifth are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extra {
    #[default]
    Polygon,
    /// Key points of so many numbers: x, y and, of three, whether it is labelled.
    KeyPoints(usize),
}

/// Reads one line of a label file. The error is a sentence.
pub fn parse_line(line: &str, extra: Extra) -> Result<Line, String> {
    let mut words = line.split_ascii_whitespace();
    let class = words.next().ok_or("the line is empty")?;
    // Some writers print the class as "3.0".
    let number = class.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && *number >= 0.0);
    let class = number.filter(|number| *number <= f64::from(u32::MAX)).map(|number| number as u32);
    let class = class.ok_or("its class is not a whole number")?;

    let mut left_top = [f32::INFINITY; 2];
    let mut right_bottom = [f32::NEG_INFINITY; 2];
    let (mut first, mut others) = ([0.0; 4], Vec::new());
    let mut count = 0;
    for word in words {
        let number = word.parse::<f32>().ok().filter(|number| number.is_finite());
        let number = number.ok_or_else(|| format!("\"{}\" is not a number", clip(word, 20)))?;
        match first.get_mut(count) {
            Some(slot) => *slot = number,
            None if extra != Extra::Polygon => others.push(number),
            None => {}
        }
        let axis = count % 2;
        left_top[axis] = left_top[axis].min(number);
        right_bottom[axis] = right_bottom[axis].max(number);
        count += 1;
    }
    let [x, y, width, height] = first;
    let rect = match (count, extra) {
        (0..4, _) => return Err(format!("it has {count} numbers after the class, and a box has 4")),
        (4 | 5, _) | (_, Extra::KeyPoints(_)) => [x - width / 2.0, y - height / 2.0, width, height],
        (count, Extra::Polygon) if count % 2 == 0 => {
            let [left, top] = left_top;
            [left, top, right_bottom[0] - left, right_bottom[1] - top]
        }
        (count, Extra::Polygon) => {
            return Err(format!(
                "it has {count} numbers after the class: neither a box nor pairs of x and y"
            ));
        }
    };
    // A little outside is rounding by whoever wrote it; far outside is pixels, not fractions.
    const SLACK: f32 = 0.02;
    let [left, top, width, height] = rect;
    if width < 0.0 || height < 0.0 {
        return Err("its box has a negative size".into());
    }
    let inside =
        left >= -SLACK && top >= -SLACK && left + width <= 1.0 + SLACK && top + height <= 1.0 + SLACK;
    if !inside {
        return Err("its box lies outside the image: the numbers have to be fractions, 0 to 1".into());
    }
    let points = match extra {
        Extra::KeyPoints(numbers) => key_points(&others, numbers),
        Extra::Polygon => Ok(Vec::new()),
    };
    let fault = points.as_ref().err().cloned();
    Ok(Line { class, rect, points: points.unwrap_or_default(), fault })
}

/// The key points among the numbers behind a box: those that are labelled. Without a word on that, one at the corner is
/// not.
fn key_points(numbers: &[f32], each: usize) -> Result<Vec<[f32; 2]>, String> {
    let groups = numbers.chunks_exact(each);
    if !groups.remainder().is_empty() {
        let count = numbers.len();
        return Err(format!("its {count} numbers after the box are no key points of {each} numbers each"));
    }
    let is_labelled = |group: &&[f32]| match group.get(2) {
        Some(visibility) => *visibility > 0.0,
        None => group.iter().any(|number| *number != 0.0),
    };
    Ok(groups.filter(is_labelled).map(|group| [group[0], group[1]]).collect())
}

/// A label file: its objects, and what is wrong with its lines (number from 1, sentence).
pub(crate) fn parse_labels(text: &str, extra: Extra) -> (Vec<Line>, Vec<(usize, String)>) {
    let mut lines = Vec::new();
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match parse_line(line, extra) {
            Ok(line) => {
                faults.extend(line.fault.clone().map(|fault| (number + 1, fault)));
                lines.push(line);
            }
            Err(fault) => faults.push((number + 1, fault)),
        }
    }
    (lines, faults)
}

/// Reads a text as a label file and as either form of the file of splits; for fuzzing.
pub fn fuzz(text: &str) {
    for extra in [Extra::Polygon, Extra::KeyPoints(2), Extra::KeyPoints(3)] {
        let (lines, faults) = parse_labels(text, extra);
        let numbers = lines.iter().flat_map(|line| line.rect.iter().chain(line.points.as_flattened()));
        assert!(numbers.into_iter().all(|number| number.is_finite()));
        fault_message(&faults);
    }
    for config in [Config::parse(text).unwrap_or_default(), Config::parse_darknet(text)] {
        for (_, value) in &config.splits {
            let places = places("a/b", &config.path, value).unwrap_or_default();
            assert!(places.len() <= 2 * MAX_PATH_PARTS + 5);
        }
    }
}

fn clip(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

pub(crate) const NAME_LISTS: [&str; 5] =
    ["classes.txt", "obj.names", "classes.names", "data.names", "labels.names"];

/// Images whose label file is looked for before a tree is held to have none.
const DETECT_IMAGES: usize = 64;

fn detect(tree: &Tree) -> Option<Fit> {
    const OPENED: [&str; 5] = ["yaml", "yml", "names", "txt", "data"];
    if tree.focus.is_some_and(|focus| !has_extension(tree.path(focus), &OPENED)) {
        return None;
    }
    if find_config(tree).is_some() {
        return Some(Fit::Certain);
    }
    let named = (0..tree.len()).any(|file| NAME_LISTS.contains(&split_path(tree.path(file)).1));
    let images = (0..tree.len()).filter(|file| is_image_name(tree.path(*file)));
    let labels: Vec<usize> =
        images.take(DETECT_IMAGES).filter_map(|image| label_file(tree, tree.path(image))).take(4).collect();
    let objects = labels.iter().any(|file| {
        let head = packed::head(tree, *file, 64 << 10);
        let text = String::from_utf8_lossy(&head);
        // The head may cut the last line.
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.next().is_some_and(|line| parse_line(line, Extra::Polygon).is_ok())
    });
    match (objects, named) {
        (true, true) => Some(Fit::Certain),
        (true, false) => Some(Fit::Likely),
        (false, _) => None,
    }
}

/// Files that may name the classes are looked at in the three topmost levels, the topmost first, and no
/// more than this many.
const CONFIG_FILES: usize = 16;

fn is_config(path: &str) -> bool {
    has_extension(path, &["yaml", "yml", "data"])
}

/// The file that names the classes and splits, and what it says.
pub(crate) fn find_config(tree: &Tree) -> Option<(usize, Config)> {
    let mut files: Vec<usize> = (0..tree.len())
        .filter(|file| {
            let path = tree.path(*file);
            // Where such a file was opened, that one is meant.
            let opened = |focus: usize| !is_config(tree.path(focus)) || focus == *file;
            is_config(path) && path.matches('/').count() <= 2 && tree.focus.is_none_or(opened)
        })
        .collect();
    files.sort_by_key(|file| tree.path(*file).matches('/').count());
    files.truncate(CONFIG_FILES);
    files.into_iter().find_map(|file| {
        let text = (tree.bytes(file) <= config::MAX_BYTES).then(|| tree.read(file).ok()).flatten()?;
        let text = String::from_utf8_lossy(&text);
        let config = if has_extension(tree.path(file), &["data"]) {
            Config::parse_darknet(&text)
        } else {
            Config::parse(&text).ok()?
        };
        config.is_yolo().then_some((file, config))
    })
}

/// The label file of an image, where there is one.
pub(crate) fn label_file(tree: &Tree, image: &str) -> Option<usize> {
    let (twin, beside) = label_paths(image);
    twin.and_then(|path| tree.find(&path)).or_else(|| tree.find(&beside))
}

/// Where the label file of an image may be: in the twin of its folder `images`, where it is in one, and beside it.
pub(crate) fn label_paths(image: &str) -> (Option<String>, String) {
    let (folder, _) = split_path(image);
    let name = format!("{}.txt", stem(image));
    // The last folder named "images" is the one that has its twin, as in Ultralytics' loader.
    let mut parts: Vec<&str> = folder.split('/').collect();
    let twin = parts.iter().rposition(|part| part.eq_ignore_ascii_case("images")).map(|at| {
        parts[at] = "labels";
        join(&parts.join("/"), &name)
    });
    (twin, join(folder, &name))
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    control.begin("Looking for images and their labels", 0);
    let found = find_config(tree);
    let config = found.as_ref().map(|(_, config)| config);
    let names = match config.filter(|config| !config.names.is_empty()) {
        Some(config) => config.names.clone(),
        None => name_list(tree).map(|(_, names)| names).unwrap_or_default(),
    };
    for name in &names {
        builder.class(name);
    }
    let mut splits: HashMap<usize, &'static str> = HashMap::new();
    if let Some((file, config)) = &found {
        assign_splits(tree, *file, config, &mut splits, builder);
    }

    let images: Vec<usize> = tree.images().files().collect();
    let labels: Vec<Option<usize>> = images.iter().map(|image| label_file(tree, tree.path(*image))).collect();
    let extra = config.map(|config| config.extra).unwrap_or_default();
    control.begin("Reading label files", images.len() as u64);
    let mut used = HashSet::new();
    let mut shown = HashSet::new();
    for (images, labels) in images.chunks(4096).zip(labels.chunks(4096)) {
        control.checkpoint()?;
        let read: Vec<_> = labels
            .par_iter()
            .map(|file| {
                file.map(|file| {
                    let text = read_labels(tree, file)?;
                    Ok(parse_labels(&String::from_utf8_lossy(&text), extra))
                })
            })
            .collect();
        for ((image, label_file), read) in images.iter().zip(labels).zip(read) {
            let path = tree.path(*image);
            let in_images = path.split('/').any(|part| part.eq_ignore_ascii_case("images"));
            let split = splits.get(image).copied();
            // Plots and pictures of the documentation lie about in such datasets too.
            if split.is_none() && label_file.is_none() && (!in_images || !splits.is_empty()) {
                continue;
            }
            used.extend(*label_file);
            shown.insert(*image);
            let split = split.or_else(|| split_of_folders(path));
            push_image(tree, builder, *image, split, &names, *label_file, read);
        }
        control.add(images.len() as u64);
    }
    let is_shown = |file: usize| shown.contains(&file);
    packed::report_left_out(tree, builder, is_shown, "no label file and no split is there for");
    report_lonely_labels(tree, builder, &used);
    Ok(())
}

/// The largest label file that is read, in bytes: a hundred thousand polygons.
pub(crate) const MAX_LABEL_BYTES: u64 = 16 << 20;

fn read_labels(tree: &Tree, file: usize) -> Result<Vec<u8>, ReadError> {
    if tree.bytes(file) > MAX_LABEL_BYTES {
        let message = format!("the label file is larger than {} MiB and was not read", MAX_LABEL_BYTES >> 20);
        return Err(ReadError::new(IssueKind::Annotation, message));
    }
    tree.read(file)
}

/// What a label file gave, or why it could not be read.
type ReadLabels = Result<(Vec<Line>, Vec<(usize, String)>), ReadError>;

fn push_image(
    tree: &Tree,
    builder: &mut DatasetBuilder,
    image: usize,
    split: Option<&str>,
    names: &[String],
    label_file: Option<usize>,
    read: Option<ReadLabels>,
) {
    let (lines, mut faults, unread) = match read {
        Some(Ok((lines, faults))) => (lines, faults, None),
        Some(Err(error)) => (Vec::new(), Vec::new(), Some(error)),
        None => (Vec::new(), Vec::new(), None),
    };
    let unnamed: Vec<String> = lines.iter().map(|line| line.class.to_string()).collect();
    let class = |at: usize| names.get(lines[at].class as usize).unwrap_or(&unnamed[at]).as_str();
    let boxes = (0..lines.len())
        .map(|at| NewBox { class: class(at), rect: lines[at].rect, relative: true })
        .collect();
    let highest = lines.iter().map(|line| line.class).max();
    if let Some(highest) = highest.filter(|highest| !names.is_empty() && *highest as usize >= names.len()) {
        faults.push((0, format!("class {highest} has no name: there are {} names", names.len())));
    }
    let sample = builder.push(NewSample {
        path: tree.path(image),
        raw_path: tree.raw_path(image).map(<[u8]>::to_vec),
        place: Some(tree.place(image)),
        bytes: tree.bytes(image),
        modified_ms: tree.modified_ms(image),
        split,
        boxes,
        ..Default::default()
    });
    for line in &lines {
        builder.points(sample, &line.points, true);
    }
    let Some(label_file) = label_file.map(|file| tree.path(file)) else { return };
    if let Some(error) = unread {
        builder.issue(Some(sample), label_file, error.kind, error.message);
    }
    if let Some(message) = fault_message(&faults) {
        builder.issue(Some(sample), label_file, IssueKind::Annotation, message);
    }
}

/// One sentence for the faults of a label file, the first few in full.
fn fault_message(faults: &[(usize, String)]) -> Option<String> {
    const SHOWN: usize = 3;
    let tell = |(line, fault): &(usize, String)| match line {
        0 => fault.clone(),
        line => format!("line {line}: {fault}"),
    };
    let mut message = faults.iter().take(SHOWN).map(tell).collect::<Vec<_>>().join("; ");
    if faults.len() > SHOWN {
        message += &format!("; and {} more lines", faults.len() - SHOWN);
    }
    (!faults.is_empty()).then_some(message)
}

/// Label files in a `labels` folder that belong to no image.
fn report_lonely_labels(tree: &Tree, builder: &mut DatasetBuilder, used: &HashSet<usize>) {
    for file in (0..tree.len()).filter(|file| !used.contains(file)) {
        let (folder, name) = split_path(tree.path(file));
        let in_labels = folder.split('/').any(|part| part.eq_ignore_ascii_case("labels"));
        if in_labels && name.ends_with(".txt") && !NAME_LISTS.contains(&name) {
            let message = "no image was found for this label file";
            builder.issue(None, tree.path(file), IssueKind::Missing, message);
        }
    }
}

/// A `classes.txt` or the like with its names, one per line.
pub(crate) fn name_list(tree: &Tree) -> Option<(usize, Vec<String>)> {
    let listed = |name: &&str| {
        let mut files = (0..tree.len()).filter(|file| split_path(tree.path(*file)).1 == *name);
        files.next()
    };
    let file = NAME_LISTS.iter().find_map(listed)?;
    let text = tree.read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let names = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Some((file, names.take(MAX_CLASSES).map(str::to_owned).collect()))
}

/// Notes the split of each image that the YAML file names, and reports what is not there.
fn assign_splits(
    tree: &Tree,
    config_file: usize,
    config: &Config,
    splits: &mut HashMap<usize, &'static str>,
    builder: &mut DatasetBuilder,
) {
    let index = tree.images();
    let config_path = tree.path(config_file);
    let folders: HashSet<&str> = index.files().flat_map(|file| above(tree.path(file))).collect();
    for (split, value) in &config.splits {
        let Some(candidates) = places(split_path(config_path).0, &config.path, value) else {
            let told = clip(value, 200);
            let message = format!(
                "the path of split {split} is longer than any folder's and was not looked for: {told}"
            );
            builder.issue(None, config_path, IssueKind::Annotation, message);
            continue;
        };
        if has_extension(value, &["txt"]) {
            let Some(list) = candidates.iter().find_map(|path| tree.find(path)) else {
                report_absent(builder, config_path, split, value);
                continue;
            };
            let list_folder = split_path(tree.path(list)).0.to_owned();
            let text = tree.read(list).unwrap_or_default();
            let mut absent = 0;
            let mut example = String::new();
            for line in String::from_utf8_lossy(&text).lines().map(str::trim).filter(|line| !line.is_empty())
            {
                match index.find(line, &list_folder, Some(split)) {
                    Some(file) => {
                        splits.entry(file).or_insert(split);
                    }
                    None => {
                        absent += 1;
                        example = clip(line, 200);
                    }
                }
            }
            if absent > 0 {
                let message = format!("{absent} of its images are not there, the last one {example}");
                builder.issue(None, tree.path(list), IssueKind::Missing, message);
            }
            continue;
        }
        let found = candidates.iter().find(|folder| folder.is_empty() || folders.contains(folder.as_str()));
        let Some(folder) = found else {
            report_absent(builder, config_path, split, value);
            continue;
        };
        for file in index.files() {
            if folder.is_empty() || above(tree.path(file)).any(|own| own == folder) {
                splits.entry(file).or_insert(split);
            }
        }
    }
}

/// The list of a split's images that a path of the file of splits leads to.
pub(crate) fn list_file(tree: &Tree, config_file: usize, config: &Config, value: &str) -> Option<usize> {
    let places = places(split_path(tree.path(config_file)).0, &config.path, value)?;
    has_extension(value, &["txt"]).then(|| places.iter().find_map(|path| tree.find(path))).flatten()
}

/// The folders that a file lies in, from its own to the topmost.
pub(crate) fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/'), |(folder, _)| folder.rsplit_once('/'))
        .map(|(folder, _)| folder)
}

/// The longest path of a split that is looked for, in bytes and in parts.
const MAX_PATH_BYTES: usize = 4096;
const MAX_PATH_PARTS: usize = 64;

/// Where a split's folder or list may be, the likeliest first: below the base that is told, the
/// file's own folder or the top; then the same without its first parts, down to a list's name, or
/// to two folders: one (`images`) would say too little. `None` where a path is longer than
/// [`MAX_PATH_BYTES`] or has more than [`MAX_PATH_PARTS`], each of which would be a place or two.
fn places(own: &str, base: &str, value: &str) -> Option<Vec<String>> {
    let parts = base.split('/').chain(value.split('/')).count();
    if base.len() + value.len() > MAX_PATH_BYTES || parts > MAX_PATH_PARTS {
        return None;
    }
    let mut places = vec![join(&join(own, base), value), join(own, value), join("", value)];
    let plain = join("", &join(base, value));
    let parts: Vec<&str> = plain.split('/').collect();
    let fewest = if has_extension(value, &["txt"]) { 1 } else { 2 };
    for skipped in 0..(parts.len() + 1).saturating_sub(fewest) {
        let rest = parts[skipped..].join("/");
        places.extend([join(own, &rest), rest]);
    }
    Some(places)
}

fn report_absent(builder: &mut DatasetBuilder, config: &str, split: &str, value: &str) {
    let message = format!("the images of split {split} are not there: {}", clip(value, 200));
    builder.issue(None, config, IssueKind::Missing, message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_give_boxes_or_say_what_is_wrong() {
        let rect = |line| parse_line(line, Extra::Polygon).map(|line| (line.class, line.rect));
        for (line, expected) in [
            ("0 0.5 0.5 0.5 0.25", Ok((0, [0.25, 0.375, 0.5, 0.25]))),
            ("3.0 0.5 0.5 1 1 0.97", Ok((3, [0.0, 0.0, 1.0, 1.0]))),
            ("7 0 0 0.5 0 0.5 0.25", Ok((7, [0.0, 0.0, 0.5, 0.25]))),
            ("1 0.5 0.5 1.01 1", Ok((1, [-0.005, 0.0, 1.01, 1.0]))),
        ] {
            let (class, rect) = rect(line).unwrap();
            let (expected_class, expected_rect) = expected.as_ref().map_err(|error: &String| error).unwrap();
            assert_eq!(class, *expected_class, "{line}");
            let close = rect.iter().zip(expected_rect).all(|(a, b)| (a - b).abs() < 1e-6);
            assert!(close, "{line}: {rect:?}");
        }
        for (line, fault) in [
            ("", "empty"),
            ("cat 0.5 0.5 0.5 0.5", "whole number"),
            ("-1 0.5 0.5 0.5 0.5", "whole number"),
            ("1.5 0.5 0.5 0.5 0.5", "whole number"),
            ("99999999999 0 0 0 0", "whole number"),
            ("1 0.5 0.5 0.5", "3 numbers"),
            ("1 0.5 x 0.5 0.5", "\"x\""),
            ("1 nan 0.5 0.5 0.5", "not a number"),
            ("1 inf 0.5 0.5 0.5", "not a number"),
            ("1 320 240 100 50", "fractions"),
            ("1 0.5 0.5 -0.1 0.1", "negative"),
            ("1 0 0 0.5 0 0.5 0.25 0.3", "neither"),
        ] {
            let message = rect(line).unwrap_err();
            assert!(message.contains(fault), "{line}: {message}");
        }
        for (line, each, expected, is_wrong) in [
            ("0 0.5 0.5 0.2 0.2 0.1 0.9 2 0 0 0 0.3 0.3 1", 3, vec![[0.1, 0.9], [0.3, 0.3]], false),
            ("0 0.5 0.5 0.2 0.2 0.1 0.9 0 0", 2, vec![[0.1, 0.9]], false),
            ("0 0.5 0.5 0.2 0.2", 3, vec![], false),
            ("0 0.5 0.5 0.2 0.2 0.1 0.9", 3, vec![], true),
        ] {
            let found = parse_line(line, Extra::KeyPoints(each)).unwrap();
            assert!((found.rect[0] - 0.4).abs() < 1e-6);
            assert_eq!((found.points, found.fault.is_some()), (expected, is_wrong), "{line}");
        }
    }

    #[test]
    fn folders_of_splits_are_looked_for_where_they_may_be() {
        for (own, base, value, place) in [
            ("", "", "../train/images", "train/images"),
            ("ds", "", "../train/images", "ds/train/images"),
            ("", "/content/coco", "images/train", "images/train"),
            ("ds", "", "/home/u/ds/images/val", "ds/images/val"),
            ("ds", "../datasets/ds", "images/val", "ds/images/val"),
            ("", "", ".", ""),
            ("", "", "data/train.txt", "train.txt"),
        ] {
            let places = places(own, base, value).unwrap();
            assert!(places.contains(&place.to_owned()), "{own} {base} {value}");
        }
        assert!(!places("", "", "/home/u/val/images").unwrap().contains(&"images".to_owned()));
        for (base, value) in [("", "a/".repeat(64)), ("a/a", "a/".repeat(63)), ("", "a".repeat(5000))] {
            assert_eq!(places("", base, &value), None);
        }
    }

    #[test]
    fn faults_are_told_with_their_line() {
        let (lines, faults) = parse_labels("0 0.5 0.5 0.5 0.5\n\nbroken\n1 2\n2\n3\n", Extra::Polygon);
        assert_eq!((lines.len(), faults.len()), (1, 4));
        let message = fault_message(&faults).unwrap();
        assert!(message.starts_with("line 3: ") && message.ends_with("; and 1 more lines"), "{message}");
        assert_eq!(fault_message(&[]), None);
    }
}
