//! The table of operations: what there is, described once. The editor, the files, the documentation, the command
//! line and the tests all read it.

mod colour;
mod detail;
mod geometry;
pub mod mixing;
pub mod output;
mod policies;

use std::fmt;

use super::param::{Param, Value, choice, colour as colour_param};
use super::random::{Draw, Key};
use super::stage::{Fill, Interpolation, Size, Stage};

/// Every operation, in the order in which lists show them.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    FAMILIES.iter().flat_map(|(_, operations)| operations.iter().copied())
}

/// The operation of this name.
pub fn operation(name: &str) -> Option<&'static Operation> {
    operations().find(|operation| operation.name == name)
}

/// Every operation, by family.
pub const FAMILIES: [(Family, &[&Operation]); 6] = [
    (Family::Geometry, &geometry::ALL),
    (Family::Colour, &colour::ALL),
    (Family::Detail, &detail::ALL),
    (Family::Mixing, &mixing::ALL),
    (Family::Policy, &policies::ALL),
    (Family::Output, &output::ALL),
];

/// Something that can be done to a picture.
pub struct Operation {
    /// As files and the command line have it: lower case, words joined by `_`.
    pub name: &'static str,
    /// As lists show it.
    pub title: &'static str,
    pub family: Family,
    /// What it does, in a sentence.
    pub about: &'static str,
    pub params: &'static [Param],
    /// What it does to a grey picture.
    pub grey: Grey,
    /// The probability unless it is set.
    pub probability: f64,
    /// Settles a variant: from parameters and luck to stages.
    pub build: fn(&mut Build<'_>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Geometry,
    Colour,
    Detail,
    Mixing,
    Policy,
    Output,
}

impl Family {
    pub fn title(self) -> &'static str {
        match self {
            Self::Geometry => "Geometry",
            Self::Colour => "Colour",
            Self::Detail => "Detail",
            Self::Mixing => "Mixing",
            Self::Policy => "Policies",
            Self::Output => "Output",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grey {
    /// What it does to any other one.
    AsColour,
    /// Nothing: it is about how channels differ.
    Nothing,
}

impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Operation {
    pub fn param(&self, name: &str) -> Option<(usize, &'static Param)> {
        self.params.iter().enumerate().find(|(_, param)| param.name == name)
    }

    /// A value for each parameter, as it is unless it is set.
    pub fn defaults(&self) -> Vec<Value> {
        self.params.iter().map(Param::default).collect()
    }

    /// Settles a variant, with a value for each parameter as [`Param::fit`] leaves it.
    pub fn settle(&'static self, values: &[Value], key: Key, picture: Picture) -> Settled {
        let mut build = Build::new(self, values, key, picture);
        (self.build)(&mut build);
        Settled { stages: build.stages, taken: build.taken, size: build.size }
    }
}

/// What an operation must know of the picture that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    pub size: Size,
    /// As of a [`Raster`](crate::media::Raster): 1 or 2 are grey.
    pub channels: u8,
}

/// What an operation comes to for one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    pub stages: Vec<Stage>,
    /// Every number that was drawn, by name.
    pub taken: Vec<(&'static str, Taken)>,
    pub size: Size,
}

/// The value that a variant took.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Taken {
    Number(f64),
    Word(String),
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Five digits are more than a person looks at; what is computed has them all.
            Self::Number(number) if number.fract() == 0.0 => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{}", crate::text::significant(*number)),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// An operation that is being settled.
pub struct Build<'a> {
    operation: &'static Operation,
    values: &'a [Value],
    key: Key,
    /// The numbers of the parameters come from a stream of their own: what else is drawn leaves them as they are.
    draw: Draw,
    /// Of the picture as it is after the stages so far.
    size: Size,
    channels: u8,
    stages: Vec<Stage>,
    taken: Vec<(&'static str, Taken)>,
}

impl<'a> Build<'a> {
    fn new(operation: &'static Operation, values: &'a [Value], key: Key, picture: Picture) -> Self {
        let draw = key.child(u32::MAX).draw();
        let Picture { size, channels } = picture;
        Self { operation, values, key, draw, size, channels, stages: Vec::new(), taken: Vec::new() }
    }

    /// The number of this parameter: in a range, the one that this variant drew, which is noted.
    pub fn number(&mut self, name: &'static str) -> f64 {
        let (at, param) = self.operation.param(name).expect("an operation names its own parameters");
        let unit = self.key.child(at as u32).draw().unit();
        let number = param.at(self.values[at], unit).expect("this parameter is a number");
        if matches!(self.values[at], Value::Range(_)) {
            self.note(name, number);
        }
        number
    }

    /// The place of the word of this parameter.
    pub fn word(&self, name: &str) -> usize {
        match self.value(name) {
            Value::Choice(at) => at,
            other => panic!("{name} of {:?} is no word: {other:?}", self.operation),
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Value::Flag(flag) => flag,
            other => panic!("{name} of {:?} is no flag: {other:?}", self.operation),
        }
    }

    pub fn colour(&self, name: &str) -> [u8; 3] {
        match self.value(name) {
            Value::Colour(colour) => colour,
            other => panic!("{name} of {:?} is no colour: {other:?}", self.operation),
        }
    }

    fn value(&self, name: &str) -> Value {
        let (at, _) = self.operation.param(name).expect("an operation names its own parameters");
        self.values[at]
    }

    /// What [`FILL`] and [`FILL_COLOUR`] say.
    pub fn fill(&self) -> Fill {
        match self.word(FILL.name) {
            0 => Fill::Constant(self.colour(FILL_COLOUR.name)),
            1 => Fill::Edge,
            2 => Fill::Reflect,
            _ => Fill::Wrap,
        }
    }

    /// What [`INTERPOLATION`] says.
    pub fn interpolation(&self) -> Interpolation {
        match self.word(INTERPOLATION.name) {
            0 => Interpolation::Bilinear,
            1 => Interpolation::Nearest,
            _ => Interpolation::Bicubic,
        }
    }

    /// More luck than the parameters have.
    pub fn draw(&mut self) -> &mut Draw {
        &mut self.draw
    }

    /// A key for stages that draw for every pixel; another one for each part.
    pub fn key(&self, part: u32) -> Key {
        self.key.child(0x8000_0000 | part)
    }

    /// Of the picture as it is after the stages so far.
    pub fn size(&self) -> Size {
        self.size
    }

    pub fn is_grey(&self) -> bool {
        self.channels < 3
    }

    pub fn push(&mut self, stage: Stage) {
        self.size = stage.size(self.size);
        self.stages.push(stage);
    }

    /// The stages that `build` adds, on a branch of their own: they are not done after those so far.
    pub fn branch(&mut self, build: impl FnOnce(&mut Self)) -> Vec<Stage> {
        let (before, size) = (std::mem::take(&mut self.stages), self.size);
        build(self);
        self.size = size;
        std::mem::replace(&mut self.stages, before)
    }

    /// Notes what was drawn beside the parameters.
    pub fn note(&mut self, name: &'static str, number: f64) {
        self.taken.push((name, Taken::Number(number)));
    }

    pub fn note_word(&mut self, name: &'static str, word: impl Into<String>) {
        self.taken.push((name, Taken::Word(word.into())));
    }

    /// Does what another operation does, with these values for some of its parameters.
    pub fn call(&mut self, name: &str, given: &[(&str, Value)], part: u32) {
        let operation = operation(name).expect("an operation calls those that there are");
        let mut values = operation.defaults();
        for (name, value) in given {
            let (at, param) = operation.param(name).expect("it is called by its own parameters");
            values[at] = param.fit(*value).expect("it is called by its own kinds");
        }
        let picture = Picture { size: self.size, channels: self.channels };
        let settled = operation.settle(&values, self.key.child(0x4000_0000 | part), picture);
        for stage in settled.stages {
            self.push(stage);
        }
        self.taken.extend(settled.taken);
    }
}

/// What is outside of a picture that is turned, moved or bent.
pub const FILL: Param =
    choice("fill", "What is outside of the picture", &["constant", "edge", "reflect", "wrap"]);

/// The colour of [`FILL`]'s `constant`.
pub const FILL_COLOUR: Param = colour_param("fill_colour", "The colour where the fill is constant", [0; 3]);

/// How values between pixels are found.
pub const INTERPOLATION: Param =
    choice("interpolation", "How values between pixels are found", &["bilinear", "nearest", "bicubic"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_once() {
        let all: Vec<_> = operations().collect();
        assert!(all.len() >= 60, "{}", all.len());
        for (at, operation) in all.iter().enumerate() {
            let name = operation.name;
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
            );
            assert!(
                !all[..at].iter().any(|other| other.name == name || other.title == operation.title),
                "{name}"
            );
            assert!(
                operation.about.ends_with('.') && operation.about.len() > 20,
                "{name}: {}",
                operation.about
            );
            for (at, param) in operation.params.iter().enumerate() {
                assert!(!operation.params[..at].iter().any(|other| other.name == param.name), "{name}");
                assert!(!param.about.is_empty() && !param.about.ends_with('.'), "{name}.{}", param.name);
                assert_eq!(param.fit(param.default()), Some(param.default()), "{name}.{}", param.name);
            }
        }
        for (family, operations) in FAMILIES {
            assert!(operations.iter().all(|operation| operation.family == family));
        }
    }
}
