//! Arguments whose values follow in ways of their own.

use serde_json::{Map, Value as Json, json};

use crate::augment::formats::albumentations::ways::{Converted, Own, colour, colour_json, ends};
use crate::augment::formats::rounded;
use crate::augment::param::Value;

/// Both ranges are the same there where proportions stay.
pub const SCALES: Own = Own {
    read: |json, _| {
        let range = |json: &Json| ends(json, |one| [one; 2]).map(Value::Range);
        Some(Converted::of(match json {
            Json::Object(axes) => vec![range(axes.get("x")?)?, range(axes.get("y")?)?],
            both => vec![range(both)?; 2],
        }))
    },
    write: |values| {
        let [Value::Range(x), Value::Range(y), Value::Flag(is_kept)] = values else { return None };
        let y = if *is_kept { x } else { y };
        Some((json!({"x": x, "y": y}), None))
    },
};

/// The same along both axes.
pub const SHIFTS: Own = Own {
    read: |json, _| Some(Converted::of(vec![Value::Range(ends(json, |one| [-one, one])?); 2])),
    write: |_| None,
};

/// A size that is not given here is the picture's own.
pub const SIZE: Own = Own {
    read: |json, _| {
        let [height, width] = json.as_array()?.as_slice() else { return None };
        Some(Converted::of([height.as_f64()?, width.as_f64()?].map(Value::Number).to_vec()))
    },
    write: |values| {
        let [Value::Number(height), Value::Number(width)] = values else { return None };
        let is_own = *height == 0.0 || *width == 0.0;
        let side = |length: f64| if length == 0.0 { 224 } else { length as i64 };
        let differs =
            is_own.then(|| "Here it is the picture's own, and there it must be a number: 224.".to_owned());
        Some((vec![side(*height), side(*width)].into(), differs))
    },
};

/// Deviation of the displacements there: white noise over its greatest value, blurred, times alpha. Blurring leaves
/// 1 ⁄ (2 √π σ) of the deviation, and the greatest of the numbers for 512 × 512 pixels is about 4.8.
fn elastic(sigma: f64) -> f64 {
    4.8 * 2.0 * std::f64::consts::PI.sqrt() * sigma.max(0.1)
}

pub const ELASTIC: Own = Own {
    read: |json, given: &Map<String, Json>| {
        let sigma = given.get("sigma").and_then(Json::as_f64).unwrap_or(50.0);
        let alpha = json.as_f64()? / elastic(sigma);
        Some(Converted::of(vec![Value::Number(rounded(alpha, 6)), Value::Number(sigma)]))
    },
    write: |values| {
        let [Value::Range([low, high]), Value::Number(sigma)] = values else { return None };
        // More digits than are known of it.
        let alpha = rounded((low + high) / 2.0 * elastic(*sigma), 4);
        let differs = (low != high).then(|| "There it is one number, and the middle is written.".to_owned());
        Some((Json::from(alpha), differs))
    },
};

/// Below zero is cut off there.
pub const BORDERS: Own = Own {
    read: |json, _| {
        let range = |json: &Json| ends(json, |one| [one; 2]);
        let sides = match json {
            Json::Array(sides) => match &sides[..] {
                // What 2.0.8 does, whatever its documentation says: a range that each side draws from.
                [Json::Number(_), Json::Number(_)] => [json; 4],
                [top, right, bottom, left] => [top, right, bottom, left],
                _ => return None,
            },
            one => [one; 4],
        };
        let mut values = Vec::new();
        for side in sides {
            let ends = range(side)?;
            if ends.iter().any(|end| *end > 0.0) {
                return None;
            }
            values.push(Value::Range(ends.map(|end| end.abs())));
        }
        Some(Converted::of(values))
    },
    write: |values| {
        let side = |value: &Value| match value {
            Value::Range([low, high]) => Some(Json::from(vec![0.0 - high, 0.0 - low])),
            _ => None,
        };
        Some((Json::Array(values.iter().map(side).collect::<Option<_>>()?), None))
    },
};

pub const PADDING: Own = Own {
    read: |json, _| {
        let sides = match json {
            Json::Array(sides) => sides.iter().map(Json::as_f64).collect::<Option<Vec<f64>>>()?,
            one => vec![one.as_f64()?],
        };
        let sides = match sides[..] {
            [all] => [all; 4],
            [x, y] => [x, y, x, y],
            [left, top, right, bottom] => [left, top, right, bottom],
            _ => return None,
        };
        Some(Converted::of(sides.map(Value::Number).to_vec()))
    },
    write: |values| {
        let side = |value: &Value| match value {
            Value::Number(side) => Some(*side as i64),
            _ => None,
        };
        Some((values.iter().map(side).collect::<Option<Vec<_>>>()?.into(), None))
    },
};

/// What rectangles are painted over with: in the order of the words, a colour, noise, the mean.
pub const PAINT: Own = Own {
    read: |json, _| match json {
        Json::String(word) if word == "random" => Some(Converted::of(vec![Value::Choice(1)])),
        Json::String(word) if word == "random_uniform" => Some(Converted {
            values: vec![Value::Choice(1)],
            differs: Some("There a rectangle is of one colour, and here of many.".to_owned()),
        }),
        json => Some(Converted::of(vec![Value::Choice(0), Value::Colour(colour(json)?)])),
    },
    write: |values| {
        let [Value::Choice(paint), Value::Colour(levels)] = values else { return None };
        Some(match paint {
            0 => (colour_json(*levels), None),
            1 => (Json::from("random"), None),
            _ => (Json::from(127.0), Some("There is no mean there; grey is written.".to_owned())),
        })
    },
};
