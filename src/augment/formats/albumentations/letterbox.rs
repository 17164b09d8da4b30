//! A letterbox is two transforms there: the longest side at a length, and space around up to a square.

use crate::augment::param::Value;
use crate::augment::pipeline::{Settings, Step, What};

pub const NAME: &str = "letterbox";

/// What both sides call the same.
const SHARED: [(&str, &[&str]); 2] =
    [("resize_longest", &["size", "filter"]), ("pad", &["fill", "fill_colour"])];

/// Sides of the pad that have no space of their own.
const SIDES: [&str; 4] = ["left", "top", "right", "bottom"];

const LEAST: [&str; 2] = ["least_width", "least_height"];

/// The two steps that a letterbox comes to.
pub fn steps(letterbox: &Settings) -> Vec<Step> {
    let size = value(letterbox, "size").unwrap_or(Value::Number(1.0));
    let of = |(name, shared): (&str, &[&str])| {
        let mut settings = Settings::with(name, &[])?;
        for name in shared {
            settings.set(name, value(letterbox, name)?)?;
        }
        if name == "pad" {
            for side in SIDES {
                settings.set(side, Value::Number(0.0))?;
            }
            for side in LEAST {
                settings.set(side, size)?;
            }
        }
        Some(Step { probability: 1.0, ..Step::new(0, settings) })
    };
    SHARED.into_iter().filter_map(of).collect()
}

/// The letterbox that comes to these steps.
pub fn of_steps(given: &[Step]) -> Option<Settings> {
    let [What::Operation(resize), What::Operation(pad)] = [&given.first()?.what, &given.get(1)?.what] else {
        return None;
    };
    let mut settings = Settings::with(NAME, &[])?;
    for (of, (name, shared)) in [resize, pad].into_iter().zip(SHARED) {
        if of.operation.name != name {
            return None;
        }
        for name in shared {
            settings.set(name, value(of, name)?)?;
        }
    }
    (steps(&settings) == given).then_some(settings)
}

fn value(settings: &Settings, name: &str) -> Option<Value> {
    settings.operation.param(name).map(|(at, _)| settings.values[at])
}
