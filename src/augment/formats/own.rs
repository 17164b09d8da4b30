//! This program's own pipeline files, JSON. This is all of the format, version 1:
//!
//! ```json
//! {
//!   "lenslet_pipeline": 1,
//!   "name": "Street signs",
//!   "steps": [
//!     {"operation": "rotate", "p": 0.5, "params": {"angle": [-15, 15], "fill": "reflect"}},
//!     {"operation": "jpeg", "p": 0.3, "id": 9, "on": false},
//!     {"group": "some_of", "p": 1, "count": [1, 2], "steps": [
//!       {"operation": "gaussian_blur", "p": 1},
//!       {"operation": "coarse_dropout", "p": 1, "params": {"fill_colour": "#808080"}}
//!     ]}
//!   ]
//! }
//! ```
//!
//! The whole:
//!
//! - `lenslet_pipeline`: the version of the format, 1. It is what such a file is known by.
//! - `name`: a text; empty if missing.
//! - `steps`: a list of steps.
//!
//! A step:
//!
//! - `operation`: the name of an operation, or `group`: `in_turn` (all of its steps), `shuffled` (all, in any
//!   order), `one_of` (one, by weight) or `some_of` (different ones, by weight, as many as `count` says).
//! - `p`: how often the step is done, 0 to 1; in `one_of` and `some_of` its weight among the others. If it is
//!   missing, what the operation has by itself, and 1 for a group. It is always written.
//! - `id`: a whole number that no other step has. Its luck is drawn by it, so that a step keeps it when others come
//!   and go. If it is missing, it is the step's place in the running order: 0 for the first step, groups counted
//!   before what is in them. It is written where it differs from that.
//! - `on`: `false` for a step that is turned off. It is written then only.
//! - `params`, of an operation: its parameters by name. One that is missing is at its default; those that differ
//!   from it are written. A range is `[low, high]`, or one number for a range of no width; a number is a number; a
//!   choice is its word; a flag is `true` or `false`; a colour is `"#rrggbb"`, or `[red, green, blue]` of 0 to 255.
//! - `steps`, of a group: its steps. `count`, of `some_of`: `[least, most]`, or one number for both.
//! - `albumentations`: what an Albumentations file said of this step beside. It is kept for writing such a file
//!   again; beside an operation that is not known, it is all that the file said.
//!
//! Operations, groups and parameters that are not known, and values that are none of their parameter, are kept and
//! written again as they are. What else is not described here is left out, with a note. Numbers are brought within
//! the parameter's limits.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::tree::Tree;
use super::{
    Format, FormatError, KEPT, MAX_STEPS, Note, Read, kind_of, number, probability, too_long, trees,
};
use crate::augment::param::{Kind, Param, Value};
use crate::augment::pipeline::{Group, Order, Pipeline, Settings, Step, Unknown, What};
use crate::augment::table::operation;

/// The member that such a file is known by, and has its version in.
pub const VERSION_KEY: &str = "lenslet_pipeline";

const VERSION: u64 = 1;

/// The words of [`Order`], in its order.
const ORDERS: [&str; 4] = ["in_turn", "shuffled", "one_of", "some_of"];

/// Reads a file whose top has [`VERSION_KEY`].
pub fn read(top: &Map<String, Json>) -> Result<Read, FormatError> {
    match top.get(VERSION_KEY).and_then(Json::as_u64) {
        Some(VERSION) => {}
        Some(version) if version > VERSION => {
            return Err(FormatError(format!(
                "The pipeline is of version {version} of the format and this program reads version {VERSION}: open \
                 it with a newer Lenslet."
            )));
        }
        _ => {
            return Err(FormatError(format!(
                "{VERSION_KEY} of the pipeline is no version that there is: write {VERSION} there."
            )));
        }
    }
    let mut reader = Reader::default();
    let name = match top.get("name") {
        None => String::new(),
        Some(Json::String(name)) => name.clone(),
        Some(other) => {
            reader.notes.push(Note::left_out("name", format!("It is {} and no text.", kind_of(other))));
            String::new()
        }
    };
    reader.only(top, &[VERSION_KEY, "name", "steps"], "");
    let mut steps = reader.steps(top.get("steps"), "steps")?;
    reader.number(&mut steps);
    Ok(Read { pipeline: Pipeline { name, steps }, format: Format::Lenslet, notes: reader.notes })
}

pub fn write(pipeline: &Pipeline) -> Tree {
    let mut count = 0;
    Tree::Map(vec![
        (VERSION_KEY.to_owned(), Tree::Leaf(Json::from(VERSION))),
        ("name".to_owned(), Tree::text(&pipeline.name)),
        ("steps".to_owned(), Tree::List(write_steps(&pipeline.steps, &mut count))),
    ])
}

#[derive(Default)]
struct Reader {
    notes: Vec<Note>,
    /// The ids that the file gives, in the running order.
    ids: Vec<Option<u32>>,
}

impl Reader {
    fn steps(&mut self, given: Option<&Json>, path: &str) -> Result<Vec<Step>, FormatError> {
        match given {
            None => Ok(Vec::new()),
            Some(Json::Array(steps)) => {
                let read = |(at, step): (usize, &Json)| self.step(step, &format!("{path}[{at}]"));
                steps.iter().enumerate().map(read).collect()
            }
            Some(other) => Err(FormatError(format!(
                "{path} of the pipeline is {} and no list: write the steps in [ and ].",
                kind_of(other)
            ))),
        }
    }

    fn step(&mut self, given: &Json, path: &str) -> Result<Step, FormatError> {
        if self.ids.len() == MAX_STEPS {
            return Err(too_long());
        }
        let Json::Object(given) = given else {
            return Err(FormatError(format!(
                "{path} of the pipeline is {} and no step: write {{\"operation\": …}} there.",
                kind_of(given)
            )));
        };
        let id = self.id(given.get("id"), path);
        self.ids.push(id);
        let is_on = match given.get("on") {
            None => true,
            Some(Json::Bool(is_on)) => *is_on,
            Some(other) => {
                let text = format!("\"on\" is {} and taken as true.", kind_of(other));
                self.notes.push(Note::approximate(path, text));
                true
            }
        };
        let name = |key: &str| given.get(key).and_then(Json::as_str);
        let order = name("group").and_then(|word| self.order(word, given.get("count"), path));
        let (what, default) = match (name("operation"), name("group"), order) {
            (Some(name), _, _) => match operation(name) {
                Some(operation) => {
                    let path = format!("{path}.{name}");
                    self.only(given, &["operation", "p", "id", "on", "params", KEPT], &path);
                    let settings = self.settings(Settings::new(operation), given, &path);
                    let default = settings.operation.probability;
                    (What::Operation(settings), default)
                }
                None => (self.unknown(name, given, path), 0.5),
            },
            (None, Some(name), Some(order)) => {
                let path = format!("{path}.{name}");
                self.only(given, &["group", "p", "id", "on", "count", "steps"], &path);
                let steps = self.steps(given.get("steps"), &format!("{path}.steps"))?;
                (What::Group(Group { order, steps }), 1.0)
            }
            (None, Some(name), None) => (self.unknown(name, given, path), 1.0),
            (None, None, _) => (self.unknown("", given, path), 1.0),
        };
        let probability = probability(given.get("p"), default, path, &mut self.notes);
        Ok(Step { id: 0, probability, is_on, what })
    }

    fn settings(&mut self, mut settings: Settings, given: &Map<String, Json>, path: &str) -> Settings {
        if let Some(kept) = given.get(KEPT) {
            settings.kept.insert(KEPT.to_owned(), kept.clone());
        }
        let params = match given.get("params") {
            None => return settings,
            Some(Json::Object(params)) => params,
            Some(other) => {
                let text = format!("\"params\" is {} and no object.", kind_of(other));
                self.notes.push(Note::left_out(path, text));
                return settings;
            }
        };
        for (name, json) in params {
            let path = format!("{path}.{name}");
            let Some((at, param)) = settings.operation.param(name) else {
                self.notes
                    .push(Note::unknown(path, "This parameter is not known; it is kept and does nothing."));
                settings.kept.insert(name.clone(), json.clone());
                continue;
            };
            let read = value(param, json);
            match read.and_then(|value| param.fit(value)) {
                Some(fit) => {
                    if read != Some(fit) && !is_bare_number(read, fit) {
                        let text = format!("{json} is taken as {}.", tree_of(param, fit).python());
                        self.notes.push(Note::approximate(path, text));
                    }
                    settings.values[at] = fit;
                }
                None => {
                    let text = format!("{json} is no value of this parameter; it is kept and does nothing.");
                    self.notes.push(Note::unknown(path, text));
                    settings.kept.insert(name.clone(), json.clone());
                }
            }
        }
        settings
    }

    fn order(&mut self, word: &str, count: Option<&Json>, path: &str) -> Option<Order> {
        Some(match ORDERS.iter().position(|order| *order == word)? {
            0 => Order::InTurn,
            1 => Order::Shuffled,
            2 => Order::OneOf,
            _ => {
                let whole = |json: &Json| json.as_u64().and_then(|count| u32::try_from(count).ok());
                let (least, most) = match count {
                    Some(Json::Array(ends)) => match &ends[..] {
                        [least, most] => (whole(least), whole(most)),
                        _ => (None, None),
                    },
                    Some(both) => (whole(both), whole(both)),
                    None => (Some(1), Some(1)),
                };
                let (Some(least), Some(most)) = (least, most) else {
                    let text = "\"count\" is neither a whole number nor two and taken as 1.";
                    self.notes.push(Note::approximate(path, text));
                    return Some(Order::SomeOf { least: 1, most: 1 });
                };
                Order::SomeOf { least: least.min(most), most: least.max(most) }
            }
        })
    }

    /// A step whose operation or group is not known, with all that is said of it.
    fn unknown(&mut self, name: &str, given: &Map<String, Json>, path: &str) -> What {
        self.notes.push(Note::unknown(
            format!("{path}.{name}").trim_end_matches('.'),
            "This step is not known; it is kept and does nothing.",
        ));
        // What it is beyond its name may be that of an Albumentations file.
        if let Some(Json::Object(text)) = given.get(KEPT)
            && text.contains_key(super::albumentations::CLASS)
        {
            return What::Unknown(Unknown { name: name.to_owned(), text: text.clone() });
        }
        let mut text = given.clone();
        ["p", "id", "on"].iter().for_each(|key| drop(text.remove(*key)));
        What::Unknown(Unknown { name: name.to_owned(), text })
    }

    fn id(&mut self, given: Option<&Json>, path: &str) -> Option<u32> {
        let given = given?;
        let id = given.as_u64().and_then(|id| u32::try_from(id).ok());
        if id.is_none() {
            self.notes
                .push(Note::approximate(path, "\"id\" is no whole number of 32 bits; it gets another one."));
        }
        id
    }

    /// Notes the members that a thing does not have.
    fn only(&mut self, given: &Map<String, Json>, names: &[&str], path: &str) {
        for name in given.keys().filter(|name| !names.contains(&name.as_str())) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.notes.push(Note::left_out(path, "This is not known; it is not kept."));
        }
    }

    /// Gives the steps their ids: what the file says, else the running order, else the first number that is free.
    fn number(&mut self, steps: &mut [Step]) {
        let mut taken = HashSet::new();
        let mut settled: Vec<Option<u32>> = Vec::with_capacity(self.ids.len());
        for id in &self.ids {
            settled.push(id.filter(|id| taken.insert(*id)));
            if let (Some(id), Some(None)) = (id, settled.last()) {
                let text = format!("Two steps have the id {id}; the later one gets another one.");
                self.notes.push(Note::approximate("steps", text));
            }
        }
        for (at, id) in (0..).zip(&mut settled) {
            *id = id.or_else(|| taken.insert(at).then_some(at));
        }
        let mut free = (0..).filter(|id| !taken.contains(id));
        let mut ids = settled.into_iter().map(|id| id.or_else(|| free.next()).unwrap_or_default());
        give(steps, &mut ids);
    }
}

/// Gives ids to steps, in the running order.
fn give(steps: &mut [Step], ids: &mut impl Iterator<Item = u32>) {
    for step in steps {
        step.id = ids.next().unwrap_or_default();
        if let What::Group(group) = &mut step.what {
            give(&mut group.steps, ids);
        }
    }
}

/// The value that a file has; `None` where it is of another kind.
fn value(param: &Param, json: &Json) -> Option<Value> {
    Some(match (param.kind, json) {
        (Kind::Range { .. }, Json::Array(ends)) => match &ends[..] {
            [low, high] => Value::Range([low.as_f64()?, high.as_f64()?]),
            _ => return None,
        },
        (Kind::Range { .. } | Kind::Number { .. }, json) => Value::Number(json.as_f64()?),
        (Kind::Choice { words, .. }, Json::String(word)) => {
            Value::Choice(words.iter().position(|known| known == word)?)
        }
        (Kind::Flag { .. }, Json::Bool(flag)) => Value::Flag(*flag),
        (Kind::Colour { .. }, json) => Value::Colour(colour(json)?),
        _ => return None,
    })
}

fn colour(json: &Json) -> Option<[u8; 3]> {
    match json {
        Json::String(text) => {
            let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
            let [_, red, green, blue] = number.to_be_bytes();
            Some([red, green, blue])
        }
        Json::Array(levels) => {
            let level = |at: usize| levels.get(at)?.as_u64().and_then(|level| u8::try_from(level).ok());
            Some([level(0)?, level(1)?, level(2)?]).filter(|_| levels.len() == 3)
        }
        _ => None,
    }
}

/// Whether one number was given for a range, which then has no width.
fn is_bare_number(read: Option<Value>, fit: Value) -> bool {
    matches!((read, fit), (Some(Value::Number(number)), Value::Range(ends)) if ends == [number; 2])
}

fn tree_of(param: &Param, value: Value) -> Tree {
    match (param.kind, value) {
        (_, Value::Range(ends)) => Tree::List(ends.map(|end| Tree::Leaf(exact(end))).to_vec()),
        (_, Value::Number(value)) => Tree::Leaf(exact(value)),
        (Kind::Choice { words, .. }, Value::Choice(at)) => {
            Tree::text(words.get(at).copied().unwrap_or_default())
        }
        (_, Value::Choice(at)) => Tree::Leaf(Json::from(at)),
        (_, Value::Flag(flag)) => Tree::Leaf(Json::from(flag)),
        (_, Value::Colour([red, green, blue])) => Tree::text(&format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

/// The number with all its digits. Up to 15 of them are read back exactly, which is more than a person sets.
fn exact(value: f64) -> Json {
    match number(value) {
        near if near.as_f64() == Some(value) => near,
        _ => Json::from(value),
    }
}

fn write_steps(steps: &[Step], count: &mut u32) -> Vec<Tree> {
    steps.iter().map(|step| write_step(step, count)).collect()
}

fn write_step(step: &Step, count: &mut u32) -> Tree {
    let mut members = match &step.what {
        What::Operation(settings) => vec![("operation".to_owned(), Tree::text(settings.operation.name))],
        What::Group(group) => {
            let at = match group.order {
                Order::InTurn => 0,
                Order::Shuffled => 1,
                Order::OneOf => 2,
                Order::SomeOf { .. } => 3,
            };
            vec![("group".to_owned(), Tree::text(ORDERS[at]))]
        }
        What::Unknown(unknown) if is_of_albumentations(unknown) => {
            vec![("operation".to_owned(), Tree::text(&unknown.name))]
        }
        What::Unknown(unknown) => {
            // Its name first, as of the others.
            let name = |(key, _): &(String, Tree)| key != "operation" && key != "group";
            let mut members: Vec<_> = trees(&unknown.text).collect();
            members.sort_by_key(name);
            members
        }
    };
    let place = usize::from(!members.is_empty());
    let mut own = vec![("p".to_owned(), Tree::Leaf(exact(step.probability)))];
    if step.id != *count {
        own.push(("id".to_owned(), Tree::Leaf(Json::from(step.id))));
    }
    if !step.is_on {
        own.push(("on".to_owned(), Tree::Leaf(Json::from(false))));
    }
    members.splice(place..place, own);
    *count += 1;
    match &step.what {
        What::Operation(settings) => write_settings(settings, &mut members),
        What::Group(group) => {
            if let Order::SomeOf { least, most } = group.order {
                let ends = [least, most].map(|end| Tree::Leaf(Json::from(end)));
                members.push(("count".to_owned(), Tree::List(ends.to_vec())));
            }
            members.push(("steps".to_owned(), Tree::List(write_steps(&group.steps, count))));
        }
        What::Unknown(unknown) if is_of_albumentations(unknown) => {
            members.push((KEPT.to_owned(), Tree::Map(trees(&unknown.text).collect())));
        }
        What::Unknown(_) => {}
    }
    Tree::Map(members)
}

fn write_settings(settings: &Settings, members: &mut Vec<(String, Tree)>) {
    let mut params = Vec::new();
    for (param, value) in settings.operation.params.iter().zip(&settings.values) {
        // A value that could not be read is written again until it is set.
        match settings.kept.get(param.name) {
            Some(kept) if *value == param.default() => params.push((param.name.to_owned(), Tree::from(kept))),
            _ if *value != param.default() => params.push((param.name.to_owned(), tree_of(param, *value))),
            _ => {}
        }
    }
    let beside = |(key, _): &(String, Tree)| key != KEPT && settings.operation.param(key).is_none();
    params.extend(trees(&settings.kept).filter(beside));
    if !params.is_empty() {
        members.push(("params".to_owned(), Tree::Map(params)));
    }
    if let Some(kept) = settings.kept.get(KEPT) {
        members.push((KEPT.to_owned(), Tree::from(kept)));
    }
}

fn is_of_albumentations(unknown: &Unknown) -> bool {
    unknown.text.contains_key(super::albumentations::CLASS)
}
