//! What an operation can be told: parameters with their ranges and units, and the values a person gives them.

use serde::{Deserialize, Serialize};

/// One parameter of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// As files and the command line have it: lower case, words joined by `_`.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    pub unit: Unit,
    pub kind: Kind,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A bare number.
    Plain,
    Degrees,
    Pixels,
    /// A part of a whole, 0 to 1: of the picture's width and height where it says nothing else.
    Part,
    /// Times what it was, 1 for no change.
    Times,
    /// Of 255 levels of a channel.
    Levels,
}

impl Unit {
    /// What is written behind a number.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Plain | Self::Part => "",
            Self::Degrees => "°",
            Self::Pixels => " px",
            Self::Times => "×",
            Self::Levels => " / 255",
        }
    }
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Two numbers: each variant draws one between them, both included.
    Range {
        least: f64,
        most: f64,
        default: [f64; 2],
        step: Step,
    },
    /// One number that is the same for all variants.
    Number {
        least: f64,
        most: f64,
        default: f64,
        step: Step,
    },
    /// One of these words.
    Choice {
        words: &'static [&'static str],
        default: usize,
    },
    Flag {
        default: bool,
    },
    /// Red, green and blue.
    Colour {
        default: [u8; 3],
    },
}

/// Which numbers of a range there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Real,
    Whole,
    /// 1, 3, 5, …: sides of a neighbourhood with a middle.
    Odd,
}

/// What a parameter was given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Range([f64; 2]),
    Number(f64),
    /// The place among the words.
    Choice(usize),
    Flag(bool),
    Colour([u8; 3]),
}

/// A parameter whose number each variant draws from a range.
pub const fn range(
    name: &'static str,
    about: &'static str,
    unit: Unit,
    limits: [f64; 2],
    default: [f64; 2],
) -> Param {
    let kind = Kind::Range { least: limits[0], most: limits[1], default, step: Step::Real };
    Param { name, about, unit, kind }
}

/// [`range`] of whole numbers.
pub const fn whole_range(
    name: &'static str,
    about: &'static str,
    unit: Unit,
    limits: [f64; 2],
    default: [f64; 2],
) -> Param {
    let kind = Kind::Range { least: limits[0], most: limits[1], default, step: Step::Whole };
    Param { name, about, unit, kind }
}

/// [`range`] of odd numbers: sides of a neighbourhood, in pixels.
pub const fn odd_range(
    name: &'static str,
    about: &'static str,
    limits: [f64; 2],
    default: [f64; 2],
) -> Param {
    let kind = Kind::Range { least: limits[0], most: limits[1], default, step: Step::Odd };
    Param { name, about, unit: Unit::Pixels, kind }
}

/// A parameter that is the same for all variants.
pub const fn number(
    name: &'static str,
    about: &'static str,
    unit: Unit,
    limits: [f64; 2],
    default: f64,
) -> Param {
    let kind = Kind::Number { least: limits[0], most: limits[1], default, step: Step::Real };
    Param { name, about, unit, kind }
}

/// [`number`] without parts.
pub const fn whole(
    name: &'static str,
    about: &'static str,
    unit: Unit,
    limits: [f64; 2],
    default: f64,
) -> Param {
    let kind = Kind::Number { least: limits[0], most: limits[1], default, step: Step::Whole };
    Param { name, about, unit, kind }
}

/// A parameter that is one of these words, the first unless set.
pub const fn choice(name: &'static str, about: &'static str, words: &'static [&'static str]) -> Param {
    Param { name, about, unit: Unit::Plain, kind: Kind::Choice { words, default: 0 } }
}

pub const fn flag(name: &'static str, about: &'static str, default: bool) -> Param {
    Param { name, about, unit: Unit::Plain, kind: Kind::Flag { default } }
}

pub const fn colour(name: &'static str, about: &'static str, default: [u8; 3]) -> Param {
    Param { name, about, unit: Unit::Plain, kind: Kind::Colour { default } }
}

impl Param {
    /// What it is unless it is set.
    pub fn default(&self) -> Value {
        match self.kind {
            Kind::Range { default, .. } => Value::Range(default),
            Kind::Number { default, .. } => Value::Number(default),
            Kind::Choice { default, .. } => Value::Choice(default),
            Kind::Flag { default } => Value::Flag(default),
            Kind::Colour { default } => Value::Colour(default),
        }
    }

    /// The value brought within the limits and onto the steps, the ends of a range in order; `None` where it is
    /// of another kind. A bare number will do for a range of no width.
    pub fn fit(&self, value: Value) -> Option<Value> {
        Some(match (self.kind, value) {
            (Kind::Range { least, most, step, .. }, Value::Range([a, b])) => {
                let [a, b] = [a, b].map(|number| step.near(number, least, most));
                Value::Range([a.min(b), a.max(b)])
            }
            (Kind::Range { least, most, step, .. }, Value::Number(a)) => {
                Value::Range([step.near(a, least, most); 2])
            }
            (Kind::Number { least, most, step, .. }, Value::Number(a)) => {
                Value::Number(step.near(a, least, most))
            }
            (Kind::Choice { words, .. }, Value::Choice(at)) if at < words.len() => value,
            (Kind::Flag { .. }, Value::Flag(_)) | (Kind::Colour { .. }, Value::Colour(_)) => value,
            _ => return None,
        })
    }

    /// The number of a variant, for what has numbers: `unit`, from 0 to 1, is where it lies in the range. The
    /// same `unit` in another range is the same luck at another strength.
    pub fn at(&self, value: Value, unit: f64) -> Option<f64> {
        match (self.kind, value) {
            (Kind::Range { step: Step::Real, .. }, Value::Range([low, high])) => {
                Some(low + unit * (high - low))
            }
            (Kind::Range { step, .. }, Value::Range([low, high])) => {
                let width = if step == Step::Odd { 2.0 } else { 1.0 };
                let steps = ((high - low) / width).floor() + 1.0;
                Some(low + (unit * steps).floor().min(steps - 1.0) * width)
            }
            (_, Value::Number(number)) => Some(number),
            _ => None,
        }
    }
}

impl Step {
    /// The nearest number there is within the limits; NaN is the least.
    pub fn near(self, number: f64, least: f64, most: f64) -> f64 {
        let number = if number.is_nan() { least } else { number.clamp(least, most) };
        match self {
            Self::Real => number,
            Self::Whole => number.round(),
            Self::Odd => ((number - 1.0) / 2.0).round() * 2.0 + 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_brought_to_what_there_is() {
        let angle = range("angle", "", Unit::Degrees, [-180.0, 180.0], [-15.0, 15.0]);
        let side = odd_range("side", "", [3.0, 31.0], [3.0, 7.0]);
        let holes = whole_range("holes", "", Unit::Plain, [1.0, 64.0], [1.0, 8.0]);
        let word = choice("fill", "", &["constant", "edge"]);
        let rows = [
            (angle, Value::Range([20.0, -400.0]), Some(Value::Range([-180.0, 20.0]))),
            (angle, Value::Number(5.0), Some(Value::Range([5.0, 5.0]))),
            (angle, Value::Range([f64::NAN, 1.0]), Some(Value::Range([-180.0, 1.0]))),
            (angle, Value::Flag(true), None),
            (side, Value::Range([4.0, 9.9]), Some(Value::Range([5.0, 9.0]))),
            (holes, Value::Range([0.2, 3.4]), Some(Value::Range([1.0, 3.0]))),
            (word, Value::Choice(1), Some(Value::Choice(1))),
            (word, Value::Choice(2), None),
        ];
        for (param, given, expected) in rows {
            assert_eq!(param.fit(given), expected, "{} {given:?}", param.name);
        }
    }

    #[test]
    fn a_variant_s_number_is_in_its_range_and_reaches_its_ends() {
        let rows = [
            (range("r", "", Unit::Plain, [0.0, 1.0], [0.0, 1.0]), [0.25, 0.75], vec![0.25, 0.5, 0.75]),
            (whole_range("w", "", Unit::Plain, [0.0, 9.0], [0.0, 1.0]), [2.0, 4.0], vec![2.0, 3.0, 4.0]),
            (odd_range("o", "", [1.0, 9.0], [1.0, 3.0]), [3.0, 7.0], vec![3.0, 5.0, 7.0]),
        ];
        for (param, ends, expected) in rows {
            let at = |unit| param.at(Value::Range(ends), unit).unwrap();
            assert_eq!([0.0, 0.5, 1.0].map(at).to_vec(), expected, "{}", param.name);
        }
    }
}
