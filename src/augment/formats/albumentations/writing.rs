//! Steps as transforms that are to be written.

use serde_json::Value as Json;

use super::super::tree::Tree;
use super::super::{KEPT, Note, trees};
use super::peers::{self, Peer};
use super::{CLASS, letterbox, ways};
use crate::augment::param::{Param, Value};
use crate::augment::pipeline::{Group, Order, Pipeline, Settings, Step, What};

/// A transform that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Call(Call),
    /// A step that Albumentations has nothing for: its title, and why.
    Missing {
        title: String,
        why: String,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub class: String,
    pub p: f64,
    /// Of a group.
    pub inner: Option<Vec<Item>>,
    pub arguments: Vec<(String, Tree)>,
}

/// The pipeline as transforms that are to be written, for JSON and Python alike.
pub fn items(pipeline: &Pipeline) -> (Vec<Item>, Vec<Note>) {
    let mut writer = Writer { notes: Vec::new() };
    let items = writer.items(&pipeline.steps, "steps");
    (items, writer.notes)
}

struct Writer {
    notes: Vec<Note>,
}

impl Writer {
    fn items(&mut self, steps: &[Step], path: &str) -> Vec<Item> {
        let of = |(at, step): (usize, &Step)| self.item(step, &format!("{path}[{at}]"));
        steps.iter().enumerate().map(of).collect()
    }

    fn item(&mut self, step: &Step, path: &str) -> Item {
        let mut item = match &step.what {
            What::Operation(settings) if settings.operation.name == letterbox::NAME => {
                let inner = self.items(&letterbox::steps(settings), &format!("{path}.{}", letterbox::NAME));
                let class = "Sequential".to_owned();
                Item::Call(Call { class, p: 1.0, inner: Some(inner), arguments: Vec::new() })
            }
            What::Operation(settings) => {
                let path = format!("{path}.{}", settings.operation.name);
                match peers::of_settings(settings) {
                    Some(peer) => self.call(peer, settings, &path),
                    None => {
                        self.missing(settings.operation.title, "Albumentations has nothing like it.", &path)
                    }
                }
            }
            What::Group(group) => self.group(group, path),
            What::Unknown(unknown) => match unknown.text.get(CLASS) {
                Some(_) => {
                    let arguments = trees(&unknown.text).filter(|(name, _)| name != CLASS);
                    let class = unknown.name.clone();
                    Item::Call(Call { class, p: 1.0, inner: None, arguments: arguments.collect() })
                }
                None => self.missing(&unknown.name, "It is not known here either.", path),
            },
        };
        if let Item::Call(call) = &mut item {
            call.p = step.probability;
            if !step.is_on {
                call.p = 0.0;
                self.notes.push(Note::approximate(path, "It is off: its p is written as 0."));
            }
        }
        item
    }

    fn group(&mut self, group: &Group, path: &str) -> Item {
        let path = format!("{path}.steps");
        let mut inner = self.items(&group.steps, &path);
        let is_call = |item: &Item| matches!(item, Item::Call(_));
        let count = inner.iter().filter(|item| is_call(item)).count();
        if count == 0 {
            return self.missing("Group", "It is empty.", &path);
        }
        let n = |n: usize| ("n".to_owned(), Tree::Leaf(Json::from(n)));
        let (class, arguments) = match group.order {
            Order::InTurn => ("Sequential", Vec::new()),
            Order::Shuffled => {
                ("RandomOrder", vec![n(count), ("replace".to_owned(), Tree::Leaf(Json::from(false)))])
            }
            Order::OneOf => ("OneOf", Vec::new()),
            Order::SomeOf { least, most } => {
                let weights: Vec<f64> = calls(&inner).map(|call| call.p).filter(|p| *p > 0.0).collect();
                let is_even = weights.windows(2).all(|pair| pair[0] == pair[1]);
                if (least, most) == (1, 1) && !is_even {
                    ("OneOf", Vec::new())
                } else {
                    if !is_even {
                        let text = "The steps are drawn by weight; SomeOf draws all of its transforms alike.";
                        self.notes.push(Note::approximate(&path, text));
                    }
                    // Those without weight are never drawn here.
                    inner.retain(|item| !matches!(item, Item::Call(call) if call.p == 0.0));
                    inner.iter_mut().for_each(|item| {
                        if let Item::Call(call) = item {
                            *item = Item::Call(drawn(call.clone()));
                        }
                    });
                    if least != most {
                        let text =
                            format!("SomeOf has one number of steps, and here it is {least} to {most}.");
                        self.notes.push(Note::approximate(&path, text));
                    }
                    let (least, most) = (least as usize, most as usize);
                    let middle = (least + most).div_ceil(2).min(weights.len());
                    ("SomeOf", vec![n(middle), ("replace".to_owned(), Tree::Leaf(Json::from(false)))])
                }
            }
        };
        let has_weight = calls(&inner).any(|call| call.p > 0.0);
        if !has_weight && matches!(class, "OneOf" | "SomeOf") {
            return self.missing("Group", "None of its steps has any weight.", &path);
        }
        Item::Call(Call { class: class.to_owned(), p: 1.0, inner: Some(inner), arguments })
    }

    fn call(&mut self, peer: &'static Peer, settings: &Settings, path: &str) -> Item {
        if let Some(text) = peer.differs {
            self.notes.push(Note::approximate(path, text));
        }
        let value =
            |name: &str| settings.operation.param(name).map(|(at, param)| (param, settings.values[at]));
        let mut covered: Vec<&str> = Vec::new();
        let mut arguments: Vec<(String, Tree)> = Vec::new();
        for argument in peer.arguments {
            covered.extend(argument.params);
            let values: Vec<(&Param, Value)> =
                argument.params.iter().filter_map(|name| value(name)).collect();
            if argument.is_older {
                continue;
            }
            let Some((json, differs)) = argument.way.write(&values) else { continue };
            let path = || format!("{path}.{}", argument.params.join(", "));
            if let Some(text) = differs {
                self.notes.push(Note::approximate(path(), text));
            }
            let (json, is_beyond) = ways::within(json, argument.limits);
            if is_beyond {
                let text = format!("{} does not go that far; it is written as {json}.", argument.name);
                self.notes.push(Note::approximate(path(), text));
            }
            arguments.push((argument.name.to_owned(), Tree::from(json)));
        }
        for (param, value) in settings.operation.params.iter().zip(&settings.values) {
            let implied = peer.implied.iter().find(|(name, _)| *name == param.name).map(|(_, value)| *value);
            let as_there = implied.and_then(|implied| param.fit(implied)).unwrap_or(param.default());
            if !covered.contains(&param.name) && *value != as_there {
                let text = format!("{} has no such parameter.", peer.class);
                self.notes.push(Note::approximate(format!("{path}.{}", param.name), text));
            }
        }
        let set = peer.fixed.iter().chain(peer.said);
        arguments.extend(set.map(|(name, text)| ((*name).to_owned(), ways::literal(text).into())));
        if let Some(Json::Object(kept)) = settings.kept.get(KEPT) {
            for (name, tree) in trees(kept) {
                match arguments.iter_mut().find(|(argument, _)| *argument == name) {
                    // A value that could not be read, unless another one has been set since.
                    Some((_, there)) if peer.is_unset(&name, settings) => *there = tree,
                    Some(_) => {}
                    None => arguments.push((name, tree)),
                }
            }
        }
        Item::Call(Call { class: peer.class.to_owned(), p: 1.0, inner: None, arguments })
    }

    fn missing(&mut self, title: &str, why: &str, path: &str) -> Item {
        self.notes.push(Note::left_out(path, why));
        Item::Missing { title: title.to_owned(), why: why.to_owned() }
    }
}

fn calls(items: &[Item]) -> impl Iterator<Item = &Call> {
    items.iter().filter_map(|item| match item {
        Item::Call(call) => Some(call),
        Item::Missing { .. } => None,
    })
}

/// A member of a `SomeOf` that is done whenever it is drawn; one that was put into a group for its probability
/// comes out of it.
fn drawn(mut call: Call) -> Call {
    if call.class == "Sequential"
        && let Some([Item::Call(only)]) = call.inner.as_deref()
    {
        return only.clone();
    }
    call.p = 1.0;
    call
}
