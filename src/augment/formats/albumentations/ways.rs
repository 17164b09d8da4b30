//! How a value is said here and in Albumentations, both ways.

use serde_json::{Map, Value as Json};

use super::super::{rounded, tidy};
use crate::augment::param::{Kind, Param, Value};
use crate::augment::table::Operation;

/// How an argument's value and those of its parameters follow from each other. Ours = theirs · `times` + `plus`.
#[derive(Clone, Copy)]
pub enum Way {
    /// `[low, high]` there and a range here; one number there is a range of no width.
    Range {
        times: f64,
        plus: f64,
    },
    /// The same, where one number `x` there is from −x to x.
    Limit {
        times: f64,
        plus: f64,
    },
    /// The same, where one number `x` there is from `least` there to x.
    UpFrom {
        least: f64,
        times: f64,
        is_whole: bool,
    },
    /// Factors, where one number `x` there is from 1 − x, or 0, to 1 + x.
    Factors,
    /// [`Way::Range`] of whole numbers there.
    WholeRange {
        times: f64,
        plus: f64,
    },
    /// A number there and here.
    Number {
        times: f64,
        plus: f64,
    },
    /// A whole number there.
    Whole,
    /// One number there and a range here.
    OneOfRange {
        times: f64,
        plus: f64,
        is_whole: bool,
    },
    /// `[x, x]` there and one number here.
    RangeOfOne {
        times: f64,
        plus: f64,
        is_whole: bool,
    },
    Flag,
    /// A flag that means something else there unless it is `same`: how, in a sentence.
    FlagUnless {
        same: bool,
        text: &'static str,
    },
    /// Our words and what stands for them there, in JSON. Where several stand for a word, the first is written; the
    /// third is how a later one differs.
    Words(&'static [(&'static str, &'static str, Option<&'static str>)]),
    /// Levels there, one for all channels or a list of them.
    Colour,
    /// Whole levels there, always a list.
    Levels,
    /// Always one of these there, in JSON; the first is written. There is no parameter for it.
    Is(&'static [&'static str]),
    /// Several parameters in a list there, each one number.
    List(&'static [Way]),
    /// Under names of its own there: `{"x": …, "y": …}`; one value without names stands for all of them.
    Named(&'static [(&'static str, Way)]),
    Own(&'static Own),
    /// `[-x, x]` there and x here.
    Symmetric,
    /// One number there, and here from 0 to it.
    UpTo,
    /// A range of parts there: whole numbers would be pixels.
    Parts,
    /// There is nothing like it here.
    Never,
}

/// A way of one argument only.
pub struct Own {
    /// From the argument and all that stands beside it.
    pub read: fn(&Json, &Map<String, Json>) -> Option<Converted>,
    pub write: fn(&[Value]) -> Option<Written>,
}

/// The value there, and how it differs.
pub type Written = (Json, Option<String>);

pub struct Converted {
    /// One for each parameter.
    pub values: Vec<Value>,
    /// How it differs, in a sentence.
    pub differs: Option<String>,
}

impl Converted {
    pub fn of(values: Vec<Value>) -> Self {
        Self { values, differs: None }
    }
}

impl Way {
    /// Ours from theirs; `None` where there is nothing like it here.
    pub fn read(
        &self,
        json: &Json,
        given: &Map<String, Json>,
        params: &[&str],
        operation: &Operation,
    ) -> Option<Converted> {
        if let Self::Own(own) = self {
            return (own.read)(json, given);
        }
        let param = |at: usize| params.get(at).and_then(|name| operation.param(name)).map(|(_, param)| param);
        let mut differs = None;
        let values = match self {
            Self::List(ways) => {
                let given = json.as_array().filter(|given| given.len() == ways.len())?;
                let values = ways.iter().zip(given).enumerate();
                values
                    .map(|(at, (way, json))| way.value(json, param(at)?, &mut differs))
                    .collect::<Option<_>>()?
            }
            Self::Named(ways) => {
                let of = |(at, (name, way)): (usize, &(&str, Way))| {
                    let json = match json {
                        Json::Object(members) => members.get(*name)?,
                        Json::Null => &Json::from(0),
                        one => one,
                    };
                    way.value(json, param(at)?, &mut differs)
                };
                ways.iter().enumerate().map(of).collect::<Option<_>>()?
            }
            Self::Is(texts) => {
                texts.iter().find(|text| is_same(&literal(text), json))?;
                Vec::new()
            }
            way => vec![way.value(json, param(0)?, &mut differs)?],
        };
        Some(Converted { values, differs })
    }

    /// Theirs from ours, and how it differs.
    pub fn write(&self, values: &[(&Param, Value)]) -> Option<Written> {
        let mut differs = None;
        let json = match self {
            Self::Own(own) => {
                let values: Vec<Value> = values.iter().map(|(_, value)| *value).collect();
                return (own.write)(&values);
            }
            Self::List(ways) => {
                let values = ways.iter().zip(values);
                values
                    .map(|(way, (param, value))| way.json(param, *value, &mut differs))
                    .collect::<Option<_>>()?
            }
            Self::Named(ways) => {
                let of = |((name, way), (param, value)): (&(&str, Way), &(&Param, Value))| {
                    Some(((*name).to_owned(), way.json(param, *value, &mut differs)?))
                };
                Json::Object(ways.iter().zip(values).map(of).collect::<Option<_>>()?)
            }
            Self::Is(texts) => literal(texts.first()?),
            way => {
                let (param, value) = values.first()?;
                way.json(param, *value, &mut differs)?
            }
        };
        Some((json, differs))
    }

    fn value(&self, json: &Json, param: &Param, differs: &mut Option<String>) -> Option<Value> {
        // What was computed there and here is known to fewer digits than a number has.
        let ours = |theirs: f64, times: f64, plus: f64| match (times, plus) {
            (1.0, 0.0) => theirs,
            _ => rounded(theirs * times + plus, 10),
        };
        Some(match *self {
            Self::Range { times, plus } | Self::WholeRange { times, plus } => {
                Value::Range(ordered(ends(json, |one| [one; 2])?.map(|end| ours(end, times, plus))))
            }
            Self::Limit { times, plus } => {
                Value::Range(ordered(ends(json, |one| [-one, one])?.map(|end| ours(end, times, plus))))
            }
            Self::UpFrom { least, times, .. } => {
                Value::Range(ordered(ends(json, |one| [least, one])?.map(|end| ours(end, times, 0.0))))
            }
            Self::Factors => {
                Value::Range(ordered(ends(json, |one| [(1.0 - one).max(0.0), 1.0 + one].map(tidy))?))
            }
            Self::Number { times, plus } => Value::Number(ours(json.as_f64()?, times, plus)),
            Self::Whole => Value::Number(json.as_f64()?),
            Self::OneOfRange { times, plus, .. } => Value::Range([ours(json.as_f64()?, times, plus); 2]),
            Self::RangeOfOne { times, plus, .. } => {
                let ends = ends(json, |one| [one; 2])?;
                if ends[0] != ends[1] {
                    *differs = Some("here it is one number, and taken as the middle.".to_owned());
                }
                Value::Number(ours((ends[0] + ends[1]) / 2.0, times, plus))
            }
            Self::Flag => Value::Flag(json.as_bool()?),
            Self::FlagUnless { same, text } => {
                let flag = json.as_bool()?;
                *differs = differs.take().or((flag != same).then(|| text.to_owned()));
                Value::Flag(flag)
            }
            Self::Words(pairs) => {
                let (word, _, text) = pairs.iter().find(|(_, there, _)| is_same(&literal(there), json))?;
                let Kind::Choice { words, .. } = param.kind else { return None };
                *differs = differs.take().or(text.map(str::to_owned));
                Value::Choice(words.iter().position(|known| known == word)?)
            }
            Self::Colour | Self::Levels => Value::Colour(colour(json)?),
            Self::Symmetric => {
                let [low, high] = ends(json, |one| [-one, one])?;
                if low != -high {
                    *differs =
                        Some("here it is the same to both sides, and taken as the farther one.".to_owned());
                }
                Value::Number(low.abs().max(high.abs()))
            }
            Self::UpTo => Value::Range([0.0, json.as_f64()?]),
            Self::Parts => {
                let is_pixels =
                    |json: &Json| json.as_f64().is_some_and(|end| end > 1.0) || json.as_i64() == Some(1);
                if is_pixels(json) || json.as_array().is_some_and(|ends| ends.iter().any(is_pixels)) {
                    return None;
                }
                Value::Range(ends(json, |one| [one; 2])?)
            }
            Self::List(_) | Self::Named(_) | Self::Own(_) | Self::Is(_) | Self::Never => return None,
        })
    }

    fn json(&self, param: &Param, value: Value, differs: &mut Option<String>) -> Option<Json> {
        let back = |ours: f64, times: f64, plus: f64| match (times, plus) {
            (1.0, 0.0) => ours,
            _ => rounded((ours - plus) / times, 12),
        };
        let number = |value: f64, is_whole: bool| match is_whole {
            true => Json::from(value.round() as i64),
            false => Json::from(value),
        };
        Some(match (*self, value) {
            (Self::Range { times, plus } | Self::Limit { times, plus }, Value::Range(ends)) => {
                Json::from(ordered(ends.map(|end| back(end, times, plus))).to_vec())
            }
            (Self::Factors, Value::Range(ends)) => Json::from(ends.to_vec()),
            (Self::UpFrom { times, is_whole, .. }, Value::Range(ends)) => {
                ordered(ends.map(|end| back(end, times, 0.0)))
                    .map(|end| number(end, is_whole))
                    .to_vec()
                    .into()
            }
            (Self::WholeRange { times, plus }, Value::Range(ends)) => {
                ordered(ends.map(|end| back(end, times, plus))).map(|end| number(end, true)).to_vec().into()
            }
            (Self::Number { times, plus }, Value::Number(value)) => Json::from(back(value, times, plus)),
            (Self::Whole, Value::Number(value)) => number(value, true),
            (Self::OneOfRange { times, plus, is_whole }, Value::Range([low, high])) => {
                if low != high {
                    *differs = Some("There it is one number, and the middle is written.".to_owned());
                }
                number(back((low + high) / 2.0, times, plus), is_whole)
            }
            (Self::RangeOfOne { times, plus, is_whole }, Value::Number(value)) => {
                let one = number(back(value, times, plus), is_whole);
                vec![one.clone(), one].into()
            }
            (Self::Flag, Value::Flag(flag)) => Json::from(flag),
            (Self::FlagUnless { same, text }, Value::Flag(flag)) => {
                *differs = differs.take().or((flag != same).then(|| text.to_owned()));
                Json::from(flag)
            }
            (Self::Words(pairs), Value::Choice(at)) => {
                let Kind::Choice { words, .. } = param.kind else { return None };
                let word = words.get(at)?;
                match pairs.iter().find(|(known, _, _)| known == word) {
                    Some((_, there, text)) => {
                        *differs = differs.take().or(text.map(str::to_owned));
                        literal(there)
                    }
                    None => {
                        *differs = Some(format!("There is no {word} there; it is left as it is by itself."));
                        return literal_of_first(pairs);
                    }
                }
            }
            (Self::Colour, Value::Colour(levels)) => colour_json(levels),
            (Self::Levels, Value::Colour(levels)) => levels.to_vec().into(),
            (Self::Symmetric, Value::Number(most)) => vec![0.0 - most, most].into(),
            (Self::UpTo, Value::Range([low, high])) => {
                *differs = (low != 0.0).then(|| "There it is from 0.".to_owned());
                Json::from(high)
            }
            (Self::Parts, Value::Range(ends)) => ends.to_vec().into(),
            _ => return None,
        })
    }
}

/// Both ends of a range; `of_one` is what one number stands for.
pub fn ends(json: &Json, of_one: impl FnOnce(f64) -> [f64; 2]) -> Option<[f64; 2]> {
    match json {
        Json::Array(ends) if ends.len() == 2 => Some([ends[0].as_f64()?, ends[1].as_f64()?]),
        one => one.as_f64().map(of_one),
    }
}

/// The value that is written where there is none like ours.
fn literal_of_first(pairs: &[(&str, &str, Option<&str>)]) -> Option<Json> {
    pairs.first().map(|(_, there, _)| literal(there))
}

/// The value with its numbers brought within limits, and whether any was beyond.
pub fn within(json: Json, [least, most]: [f64; 2]) -> (Json, bool) {
    match json {
        Json::Array(values) => {
            let within: Vec<(Json, bool)> =
                values.into_iter().map(|value| within(value, [least, most])).collect();
            let is_beyond = within.iter().any(|(_, is_beyond)| *is_beyond);
            (within.into_iter().map(|(value, _)| value).collect(), is_beyond)
        }
        Json::Number(number) => match number.as_f64() {
            Some(value) if value < least || value > most => {
                let near = value.clamp(least, most);
                (if number.is_f64() { Json::from(near) } else { Json::from(near as i64) }, true)
            }
            _ => (Json::Number(number), false),
        },
        other => (other, false),
    }
}

/// A value as the tables of this folder write it.
pub fn literal(text: &str) -> Json {
    serde_json::from_str(text).expect("the tables hold JSON, which a test reads")
}

/// Whether two values say the same: numbers by their value.
pub fn is_same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
        }
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

pub fn colour(json: &Json) -> Option<[u8; 3]> {
    let level = |json: &Json| {
        json.as_f64().filter(|level| (0.0..=255.0).contains(level)).map(|level| level.round() as u8)
    };
    match json {
        Json::Array(levels) if levels.len() == 3 => {
            Some([level(&levels[0])?, level(&levels[1])?, level(&levels[2])?])
        }
        Json::Array(levels) if levels.len() == 1 => Some([level(&levels[0])?; 3]),
        one => Some([level(one)?; 3]),
    }
}

/// One number where all channels have the same, which suits a picture of any number of them.
pub fn colour_json(levels: [u8; 3]) -> Json {
    match levels {
        [all, green, blue] if all == green && all == blue => Json::from(f64::from(all)),
        levels => levels.map(f64::from).to_vec().into(),
    }
}

/// In order, where a factor below zero has turned them round.
fn ordered([a, b]: [f64; 2]) -> [f64; 2] {
    [a.min(b), a.max(b)]
}
