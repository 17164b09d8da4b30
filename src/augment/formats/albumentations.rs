//! Albumentations' serialised form, as of 2.0.8, with what 1.x files have otherwise where that is simple.
//!
//! A file is `{"__version__": …, "transform": {"__class_fullname__": "Compose", "p": 1.0, "transforms": […]}}`; in
//! each transform the arguments stand beside class and `p`. What corresponds to what is in [`peers`]; this file
//! knows the groups, whose meaning it keeps:
//!
//! - `Compose`, `Sequential`: all, each as often as its own `p` says; as [`Order::InTurn`].
//! - `OneOf`: one, by its `p` as weight; as [`Order::OneOf`]. `OneOrOther` is that of the first and the last.
//! - `SomeOf`: `n` of them with equal chances, each of those as often as its own `p` says. Since the weights of
//!   [`Order::SomeOf`] are chances to be drawn, a member whose `p` is not 1 becomes a group of its own in turn.
//!   Before 2.0 `p` was the weight, as here.
//! - `RandomOrder`: `n` of them in any order; [`Order::Shuffled`] where `n` is all of them.
//!
//! What has no peer is kept as it is and noted.

mod letterbox;
mod peers;
mod reading;
mod ways;
mod writing;

use serde_json::{Map, Value as Json};

use super::tree::Tree;
use super::{Format, FormatError, Note, Read, probability};
use crate::augment::pipeline::{Pipeline, Step, What};
use reading::Reader;
pub use writing::{Call, Item, items};

/// The member that names a transform's class.
pub const CLASS: &str = "__class_fullname__";

/// The version whose form is written.
const VERSION: &str = "2.0.8";

/// Whether the top of a file is that of an Albumentations file.
pub fn is(top: &Map<String, Json>) -> bool {
    transform(top).is_some()
}

/// Reads a file whose top [`is`] one.
pub fn read(top: &Map<String, Json>, format: Format) -> Result<Read, FormatError> {
    let transform = transform(top).ok_or_else(|| FormatError("The file has no transform.".to_owned()))?;
    let version = top.get("__version__").and_then(Json::as_str).unwrap_or(VERSION);
    let mut reader = Reader::new(version);
    let name = top.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
    let path = "transform";
    let p = probability(transform.get("p"), 1.0, path, &mut reader.notes);
    let mut steps = if is_compose(class_of(transform)) && p == 1.0 {
        reader.rest_of_group(transform, &["transforms"], path);
        reader.steps(transform, path)?
    } else {
        vec![reader.step(transform, path)?]
    };
    number_steps(&mut steps, &mut 0);
    Ok(Read { pipeline: Pipeline { name, steps }, format, notes: reader.notes })
}

pub fn write(pipeline: &Pipeline) -> (Tree, Vec<Note>) {
    let (items, notes) = items(pipeline);
    let compose = vec![
        (CLASS.to_owned(), Tree::text("Compose")),
        ("p".to_owned(), Tree::Leaf(Json::from(1.0))),
        ("transforms".to_owned(), Tree::List(items.iter().filter_map(tree_of).collect())),
        ("bbox_params".to_owned(), Tree::Leaf(Json::Null)),
        ("keypoint_params".to_owned(), Tree::Leaf(Json::Null)),
        ("additional_targets".to_owned(), Tree::Map(Vec::new())),
        ("is_check_shapes".to_owned(), Tree::Leaf(Json::from(true))),
    ];
    let mut top = vec![("__version__".to_owned(), Tree::text(VERSION))];
    if !pipeline.name.is_empty() {
        // `A.load` looks at the transform alone.
        top.push(("name".to_owned(), Tree::text(&pipeline.name)));
    }
    top.push(("transform".to_owned(), Tree::Map(compose)));
    (Tree::Map(top), notes)
}

fn transform(top: &Map<String, Json>) -> Option<&Map<String, Json>> {
    let of = |json: &Json| matches!(json, Json::Object(members) if members.contains_key(CLASS));
    match top.get("transform") {
        Some(json) if of(json) => json.as_object(),
        _ => Some(top).filter(|top| top.get(CLASS).is_some_and(Json::is_string)),
    }
}

/// The class without `albumentations.….`, as `A.load` takes it.
fn class_of(transform: &Map<String, Json>) -> &str {
    let name = transform.get(CLASS).and_then(Json::as_str).unwrap_or_default();
    match name.starts_with("albumentations.") {
        true => name.rsplit('.').next().unwrap_or(name),
        false => name,
    }
}

fn is_compose(class: &str) -> bool {
    matches!(class, "Compose" | "ReplayCompose" | "Sequential")
}

fn number_steps(steps: &mut [Step], count: &mut u32) {
    for step in steps {
        step.id = *count;
        *count += 1;
        if let What::Group(group) = &mut step.what {
            number_steps(&mut group.steps, count);
        }
    }
}

fn tree_of(item: &Item) -> Option<Tree> {
    let Item::Call(call) = item else { return None };
    let mut members =
        vec![(CLASS.to_owned(), Tree::text(&call.class)), ("p".to_owned(), Tree::Leaf(Json::from(call.p)))];
    if let Some(inner) = &call.inner {
        members.push(("transforms".to_owned(), Tree::List(inner.iter().filter_map(tree_of).collect())));
    }
    members.extend(call.arguments.iter().cloned());
    Some(Tree::Map(members))
}

#[cfg(test)]
mod tests;
