//! Which class of Albumentations is which operation, and which argument which parameter: the frame of the table
//! of correspondences.

mod colour;
mod detail;
mod geometry;

use serde_json::{Map, Value as Json};

use super::ways::{Way, is_same, literal};
use crate::augment::param::Value;
use crate::augment::pipeline::Settings;
use crate::augment::table::{Operation, operation};

/// A class and the operation that does what it does.
pub struct Peer {
    pub operation: &'static str,
    pub class: &'static str,
    /// Whether the operation is written as this class; otherwise it is only read.
    pub is_written: bool,
    pub arguments: &'static [Argument],
    /// Arguments that must be so, in JSON, for the class to be this operation.
    pub fixed: &'static [(&'static str, &'static str)],
    /// Arguments that are written so. There is no parameter for another value.
    pub said: &'static [(&'static str, &'static str)],
    /// Arguments that are not written. There is no parameter for another value than this.
    pub rest: &'static [(&'static str, &'static str)],
    /// Parameters that the class has no argument for, and their values as it is.
    pub implied: &'static [(&'static str, Value)],
    /// How the two are never quite the same, in a sentence.
    pub differs: Option<&'static str>,
}

/// An argument and the parameters that it sets.
pub struct Argument {
    pub name: &'static str,
    /// Unless it is given, in JSON.
    pub default: &'static str,
    pub params: &'static [&'static str],
    pub way: Way,
    /// What Albumentations takes, in its own numbers.
    pub limits: [f64; 2],
    /// Whether 1.x has it and 2.0.8 not: it is read where it is given, and never written.
    pub is_older: bool,
    /// Whether without a value that there is here the class is no peer.
    pub is_needed: bool,
}

/// All there are, in the order in which they are tried: those of a class that want more before those that want less.
pub fn peers() -> impl Iterator<Item = &'static Peer> {
    [geometry::PEERS, colour::PEERS, detail::PEERS].into_iter().flatten()
}

/// The peer of a transform of this class with these arguments, and its operation.
pub fn of_class(class: &str, given: &Map<String, Json>) -> Option<(&'static Peer, &'static Operation)> {
    let of = |peer: &'static Peer| {
        let operation = operation(peer.operation).expect("peers are of operations that there are");
        let is_fixed = |(name, text): &(&str, &str)| {
            let fixed = literal(text);
            match given.get(*name) {
                Some(json) => is_same(json, &fixed) || is_nothing(json) && is_nothing(&fixed),
                None => is_nothing(&fixed),
            }
        };
        let is_there = |argument: &Argument| argument.is_there(given, operation);
        let is_so = peer.fixed.iter().all(is_fixed) && peer.arguments.iter().all(is_there);
        is_so.then_some((peer, operation))
    };
    peers().filter(|peer| peer.class == class).find_map(of)
}

/// The peer that an operation is written as: the first that has no other values than it for what it implies.
pub fn of_settings(settings: &Settings) -> Option<&'static Peer> {
    let mut of =
        peers().filter(|peer| peer.is_written && peer.operation == settings.operation.name).peekable();
    let first = of.peek().copied();
    let is_so = |peer: &&Peer| {
        peer.implied.iter().all(|(name, value)| match settings.operation.param(name) {
            Some((at, param)) => param.fit(*value) == Some(settings.values[at]),
            None => true,
        })
    };
    of.find(is_so).or(first)
}

/// Null, or nothing but zeros.
fn is_nothing(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::Array(values) => values.iter().all(is_nothing),
        Json::Object(members) => members.values().all(is_nothing),
        _ => false,
    }
}

/// Any value of such an argument is as good.
const ANY: &str = "\"*\"";

/// An operation and the class that it is read from and written as.
const fn peer(operation: &'static str, class: &'static str) -> Peer {
    Peer {
        operation,
        class,
        is_written: true,
        arguments: &[],
        fixed: &[],
        said: &[],
        rest: &[],
        implied: &[],
        differs: None,
    }
}

/// A class that is read as an operation that is written otherwise.
const fn read_only(operation: &'static str, class: &'static str) -> Peer {
    Peer { is_written: false, ..peer(operation, class) }
}

/// An argument, its default in JSON, and the parameters that it sets.
const fn argument(
    name: &'static str,
    default: &'static str,
    params: &'static [&'static str],
    way: Way,
) -> Argument {
    let limits = [f64::NEG_INFINITY, f64::INFINITY];
    Argument { name, default, params, way, limits, is_older: false, is_needed: false }
}

/// An argument that 1.x has instead.
const fn older(name: &'static str, params: &'static [&'static str], way: Way) -> Argument {
    Argument { is_older: true, ..argument(name, "null", params, way) }
}

impl Peer {
    /// The value of an argument that there is no parameter for. `None` where it is not known.
    pub fn is_neutral(&self, name: &str, json: &Json) -> Option<bool> {
        let (_, text) = self.said.iter().chain(self.rest).find(|(known, _)| *known == name)?;
        Some(*text == ANY || is_same(&literal(text), json))
    }

    /// Whether the parameters of this argument are at their defaults.
    pub fn is_unset(&self, argument: &str, settings: &Settings) -> bool {
        let Some(argument) = self.arguments.iter().find(|one| one.name == argument) else { return true };
        argument.params.iter().all(|name| {
            settings.operation.param(name).is_none_or(|(at, param)| settings.values[at] == param.default())
        })
    }
}

impl Argument {
    const fn within(self, least: f64, most: f64) -> Self {
        Self { limits: [least, most], ..self }
    }

    const fn needed(self) -> Self {
        Self { is_needed: true, ..self }
    }

    /// Whether a transform has a value for it that there is here, if there must be one.
    fn is_there(&self, given: &Map<String, Json>, operation: &Operation) -> bool {
        let default = self.default();
        match given.get(self.name) {
            _ if !self.is_needed => true,
            None if self.is_older => true,
            json => self.way.read(json.unwrap_or(&default), given, self.params, operation).is_some(),
        }
    }

    pub fn default(&self) -> Json {
        literal(self.default)
    }
}

/// OpenCV's border modes.
const BORDER: &[(&str, &str, Option<&str>)] = &[
    ("constant", "0", None),
    ("edge", "1", None),
    ("reflect", "4", None),
    ("wrap", "3", None),
    ("reflect", "2", Some("There the outermost pixels are repeated, and here they are not.")),
];

/// OpenCV's interpolations.
const INTERPOLATION: &[(&str, &str, Option<&str>)] = &[
    ("bilinear", "1", None),
    ("nearest", "0", None),
    ("bicubic", "2", None),
    ("bilinear", "3", Some("The mean over an area is done bilinear here.")),
    ("bicubic", "4", Some("Lanczos is done bicubic here.")),
    ("nearest", "6", None),
    ("bilinear", "5", None),
];

/// The same number there and here.
const SAME: Way = Way::Number { times: 1.0, plus: 0.0 };

/// The same range there and here.
const RANGE: Way = Way::Range { times: 1.0, plus: 0.0 };

const WHOLE_RANGE: Way = Way::WholeRange { times: 1.0, plus: 0.0 };

/// The same range, where one number there is both its ends.
const LIMIT: Way = Way::Limit { times: 1.0, plus: 0.0 };

/// A range, where one number there is from this to it.
const fn up_from(least: f64) -> Way {
    Way::UpFrom { least, times: 1.0, is_whole: false }
}

/// [`up_from`] of whole numbers.
const fn whole_up_from(least: f64) -> Way {
    Way::UpFrom { least, times: 1.0, is_whole: true }
}

const SHRINKING: Option<&str> = Some(
    "Where a picture shrinks, a pixel here is the mean of all that it covers, and there of its neighbours.",
);
