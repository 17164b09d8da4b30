//! Transforms of a file as steps.

use serde_json::{Map, Value as Json};

use super::super::{FormatError, KEPT, MAX_STEPS, Note, kind_of, probability, tidy, too_long};
use super::peers::{self, Peer};
use super::{CLASS, class_of, letterbox};
use crate::augment::param::Value;
use crate::augment::pipeline::{Group, Order, Settings, Step, Unknown, What};
use crate::augment::table::Operation;

/// What becomes of what there is nothing for.
const DOES_NOTHING: &str = "it is kept and does nothing.";

#[derive(Default)]
pub struct Reader {
    pub notes: Vec<Note>,
    count: usize,
    /// Whether a 1.x has written the file.
    is_of_1: bool,
}

impl Reader {
    /// Of a file that this version of Albumentations has written.
    pub fn new(version: &str) -> Self {
        Self { is_of_1: version.starts_with(['0', '1']), ..Self::default() }
    }

    pub fn steps(&mut self, group: &Map<String, Json>, path: &str) -> Result<Vec<Step>, FormatError> {
        let given = match group.get("transforms") {
            Some(Json::Array(given)) => &given[..],
            None | Some(Json::Null) => &[],
            Some(other) => {
                return Err(FormatError(format!(
                    "{path}.transforms is {} and no list: write the transforms in [ and ].",
                    kind_of(other)
                )));
            }
        };
        let mut steps = Vec::with_capacity(given.len().min(MAX_STEPS));
        for (at, given) in given.iter().enumerate() {
            let path = format!("{path}.transforms[{at}]");
            let Json::Object(given) = given else {
                // `A.Compose([a, None])` drops these as well.
                if given.is_null() {
                    continue;
                }
                let kind = kind_of(given);
                return Err(FormatError(format!(
                    "{path} is {kind} and no transform: write an object with {CLASS}."
                )));
            };
            steps.push(self.step(given, &path)?);
        }
        Ok(steps)
    }

    pub fn step(&mut self, given: &Map<String, Json>, path: &str) -> Result<Step, FormatError> {
        self.counted()?;
        let class = class_of(given);
        let path = format!("{path}.{class}");
        let path = path.trim_end_matches('.');
        let default = match class {
            "Compose" | "ReplayCompose" | "SomeOf" | "RandomOrder" => 1.0,
            // As `A.load` does.
            _ => 0.5,
        };
        let mut p = probability(given.get("p"), default, path, &mut self.notes);
        let what = match class {
            "Compose" | "ReplayCompose" | "Sequential" => {
                self.rest_of_group(given, &["transforms"], path);
                let steps = self.steps(given, path)?;
                match letterbox::of_steps(&steps) {
                    Some(settings) => What::Operation(settings),
                    None => What::Group(Group { order: Order::InTurn, steps }),
                }
            }
            "OneOf" => {
                self.rest_of_group(given, &["transforms"], path);
                What::Group(Group { order: Order::OneOf, steps: self.steps(given, path)? })
            }
            "OneOrOther" => {
                self.rest_of_group(given, &["transforms"], path);
                let mut steps = self.steps(given, path)?;
                let last = steps.len().saturating_sub(1);
                for (at, step) in steps.iter_mut().enumerate() {
                    let weights = [(at == 0, p), (at == last, 1.0 - p)];
                    step.probability = tidy(weights.iter().filter(|(is, _)| *is).map(|(_, p)| p).sum());
                }
                p = 1.0;
                What::Group(Group { order: Order::OneOf, steps })
            }
            "SomeOf" | "RandomOrder" => {
                self.rest_of_group(given, &["transforms", "n", "replace"], path);
                let steps = self.steps(given, path)?;
                What::Group(self.some_of(class, given, steps, path)?)
            }
            _ => match peers::of_class(class, given) {
                Some((peer, operation)) => What::Operation(self.settings(peer, operation, given, path)),
                None => {
                    let text = "This class has no peer here; it is kept and does nothing.";
                    self.notes.push(Note::unknown(path, text));
                    let mut text = given.clone();
                    text.remove("p");
                    // By this member it is known whose it is.
                    text.entry(CLASS).or_insert_with(|| Json::from(class));
                    What::Unknown(Unknown { name: class.to_owned(), text })
                }
            },
        };
        Ok(Step { id: 0, probability: p, is_on: true, what })
    }

    fn some_of(
        &mut self,
        class: &str,
        given: &Map<String, Json>,
        steps: Vec<Step>,
        path: &str,
    ) -> Result<Group, FormatError> {
        let whole = |json: &Json| json.as_u64().and_then(|count| u32::try_from(count).ok());
        let all = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        let (least, most) = match given.get("n") {
            None => (1, 1),
            Some(Json::Array(ends)) if ends.len() == 2 => {
                (whole(&ends[0]).unwrap_or(1), whole(&ends[1]).unwrap_or(1))
            }
            Some(json) => (whole(json).unwrap_or(1), whole(json).unwrap_or(1)),
        };
        if given.get("replace") == Some(&Json::from(true)) && most > 1 {
            let text = "replace is true: there the same transform may be drawn twice, and here it is not.";
            self.notes.push(Note::approximate(path, text));
        }
        let (least, most) = (least.min(all), most.min(all));
        if class == "RandomOrder" {
            if least == all {
                return Ok(Group { order: Order::Shuffled, steps });
            }
            if most > 1 {
                let text =
                    "Those of its transforms that are drawn are done in any order there, and here in turn.";
                self.notes.push(Note::approximate(path, text));
            }
        }
        let order = Order::SomeOf { least, most };
        if self.is_of_1 {
            return Ok(Group { order, steps });
        }
        let mut members = Vec::with_capacity(steps.len());
        for step in steps {
            members.push(if step.probability == 1.0 {
                step
            } else {
                self.counted()?;
                Step::group(0, Order::InTurn, vec![step])
            });
        }
        Ok(Group { order, steps: members })
    }

    fn settings(
        &mut self,
        peer: &'static Peer,
        operation: &'static Operation,
        given: &Map<String, Json>,
        path: &str,
    ) -> Settings {
        let mut settings = Settings::new(operation);
        if let Some(text) = peer.differs {
            self.notes.push(Note::approximate(path, text));
        }
        for (name, value) in peer.implied {
            settings.set(name, *value);
        }
        let mut kept = Map::new();
        for argument in peer.arguments {
            let found = given.get(argument.name);
            let default = argument.default();
            let json = match found {
                Some(json) => json,
                None if argument.is_older => continue,
                None => &default,
            };
            let path = format!("{path}.{}", argument.name);
            match argument.way.read(json, given, argument.params, operation) {
                Some(converted) => {
                    if let Some(text) = converted.differs {
                        self.notes.push(Note::approximate(&path, format!("{json}: {text}")));
                    }
                    for (param, value) in argument.params.iter().zip(converted.values) {
                        self.set(&mut settings, param, value, &path);
                    }
                }
                // In 1.x what is not set is null.
                None if found.is_none() || argument.is_older && json.is_null() => {}
                None => {
                    kept.insert(argument.name.to_owned(), json.clone());
                    self.notes.push(Note::unknown(&path, format!("{json} has no peer here; {DOES_NOTHING}")));
                }
            }
        }
        let is_argument = |name: &str| peer.arguments.iter().any(|argument| argument.name == name);
        let is_fixed = |name: &str| peer.fixed.iter().any(|(fixed, _)| *fixed == name);
        for (name, json) in given {
            if [CLASS, "p", "always_apply"].contains(&name.as_str()) || is_argument(name) || is_fixed(name) {
                continue;
            }
            let path = format!("{path}.{name}");
            match peer.is_neutral(name, json) {
                Some(true) => continue,
                Some(false) => self
                    .notes
                    .push(Note::approximate(path, format!("{json} has no peer here; {DOES_NOTHING}"))),
                None => self
                    .notes
                    .push(Note::unknown(path, format!("This argument is not known; {DOES_NOTHING}"))),
            }
            kept.insert(name.clone(), json.clone());
        }
        if !kept.is_empty() {
            settings.kept.insert(KEPT.to_owned(), Json::Object(kept));
        }
        settings
    }

    /// Sets a parameter as near as its limits allow.
    fn set(&mut self, settings: &mut Settings, name: &str, value: Value, path: &str) {
        let Some((at, param)) = settings.operation.param(name) else { return };
        let Some(fit) = param.fit(value) else { return };
        if !is_near(value, fit) {
            let text = format!("{name} is brought within what there is here.");
            self.notes.push(Note::approximate(path, text));
        }
        settings.values[at] = fit;
    }

    /// Notes what a group says beside, where it is not as it would be anyway.
    pub fn rest_of_group(&mut self, given: &Map<String, Json>, names: &[&str], path: &str) {
        for (name, json) in given {
            let is_plain = match json {
                Json::Null => true,
                Json::Object(members) => members.is_empty(),
                Json::Array(values) => values.is_empty(),
                json => name == "is_check_shapes" && json == &Json::from(true),
            };
            let is_known =
                names.contains(&name.as_str()) || [CLASS, "p", "always_apply"].contains(&name.as_str());
            if !is_plain && !is_known {
                self.notes
                    .push(Note::left_out(format!("{path}.{name}"), "It is of no use here and not kept."));
            }
        }
    }

    fn counted(&mut self) -> Result<(), FormatError> {
        self.count += 1;
        if self.count > MAX_STEPS { Err(too_long()) } else { Ok(()) }
    }
}

/// Whether a parameter's limits left a value as it was, but for the noise of what was computed.
fn is_near(a: Value, b: Value) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
    match (a, b) {
        (Value::Range(a), Value::Range(b)) => near(a[0], b[0]) && near(a[1], b[1]),
        (Value::Number(a), Value::Range(b)) => near(a, b[0]) && near(a, b[1]),
        (Value::Number(a), Value::Number(b)) => near(a, b),
        (a, b) => a == b,
    }
}
