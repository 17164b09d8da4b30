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
    /// Several numbers of one kind, such as the widths of columns.
    Numbers(Vec<f64>),
    /// Several things of some numbers each: points as x and y, rectangles as left, top, width and height, discs
    /// as x, y, radius and opacity, all places in pixels.
    Places(Vec<Vec<f64>>),
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(&shown(*number)),
            Self::Word(word) => f.write_str(word),
            Self::Numbers(numbers) => f.write_str(&joined(numbers)),
            Self::Places(places) => {
                let places: Vec<String> = places.iter().map(|place| format!("({})", joined(place))).collect();
                f.write_str(&places.join(" "))
            }
        }
    }
}

/// Five digits are more than a person looks at; what is computed has them all.
fn shown(number: f64) -> String {
    if number.fract() == 0.0 { number.to_string() } else { crate::text::significant(number) }
}

fn joined(numbers: &[f64]) -> String {
    numbers.iter().map(|number| shown(*number)).collect::<Vec<_>>().join(", ")
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
        let draw = key.child(DRAWN).draw();
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

    /// A key for stages that draw for every pixel; another one for each part. It is noted.
    pub fn key(&mut self, part: u32) -> Key {
        let key = self.key.child(0x8000_0000 | part);
        self.note_seed(key);
        key
    }

    /// Notes what all numbers of [`Build::draw`] follow from, where they are too many to be noted by themselves.
    pub fn note_draw(&mut self) {
        self.note_seed(self.key.child(DRAWN));
    }

    fn note_seed(&mut self, Key([first, second]): Key) {
        self.note_word("seed", format!("{first:08x}{second:08x}"));
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

    pub fn note_numbers(&mut self, name: &'static str, numbers: impl IntoIterator<Item = f64>) {
        self.taken.push((name, Taken::Numbers(numbers.into_iter().collect())));
    }

    /// Notes points, rectangles or discs, in pixels.
    pub fn note_places<const N: usize>(&mut self, name: &'static str, places: &[[f64; N]]) {
        self.taken.push((name, Taken::Places(places.iter().map(|place| place.to_vec()).collect())));
    }

    /// Notes a rectangle: left, top, width and height in pixels.
    pub fn note_rectangle(&mut self, rectangle: [f64; 4]) {
        for (name, number) in ["left", "top", "width", "height"].into_iter().zip(rectangle) {
            self.note(name, number);
        }
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

/// The part of an operation's key that its own numbers are drawn by.
const DRAWN: u32 = u32::MAX;

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
    use std::collections::HashMap;

    use super::*;
    use crate::augment::cpu::{Others, run};
    use crate::augment::param::Kind;
    use crate::media::Raster;

    /// Edges, ramps and detail in three channels that differ.
    fn structured([width, height]: Size) -> Raster {
        let pixel = |at: u32| {
            let (x, y) = (at % width, at / width);
            let edge = 90 * u32::from(x > width / 3 && y < height / 2);
            let detail = (x * 7 + y * 13 + x * y * 3) % 29;
            [20 + 3 * x + edge + detail, 30 + 4 * y + edge / 2 + detail, 200 - 2 * x - y + detail]
        };
        let data = (0..width * height).flat_map(pixel).map(|level| level.min(255) as u8).collect();
        Raster::new(width, height, 3, data).unwrap()
    }

    /// For every number another picture.
    struct Numbered;

    impl Others for Numbered {
        fn partner(&self, number: u32, [width, height]: Size, channels: u8) -> Option<Raster> {
            let level = |at: u32| (Key([number, 9]).at(at, 0)[0] >> 24) as u8;
            let data = (0..width * height * u32::from(channels)).map(level).collect();
            Raster::new(width, height, channels, data)
        }
    }

    /// Values for an operation: as it is by itself, with the last of each choice and every flag turned, and with
    /// ranges as wide as they can be.
    fn ways(operation: &Operation) -> [Vec<Value>; 3] {
        let turned = |param: &Param| match (param.kind, param.default()) {
            (Kind::Choice { words, .. }, _) => Value::Choice(words.len() - 1),
            (_, Value::Flag(flag)) => Value::Flag(!flag),
            (_, other) => other,
        };
        let wide = |param: &Param| match param.kind {
            Kind::Range { least, most, .. } => Value::Range([least, most]),
            // The second of the words of what is painted over is noise.
            Kind::Choice { .. } => Value::Choice(1),
            _ => param.default(),
        };
        let params = operation.params.iter();
        [operation.defaults(), params.clone().map(turned).collect(), params.map(wide).collect()]
    }

    #[test]
    fn variants_that_differ_differ_in_what_is_noted() {
        let size = [24, 18];
        let picture = structured(size);
        for operation in operations() {
            for (way, values) in ways(operation).into_iter().enumerate() {
                let mut noted: HashMap<String, (u32, Raster)> = HashMap::new();
                for variant in 0..24 {
                    let settled =
                        operation.settle(&values, Key::new(5, 6, variant), Picture { size, channels: 3 });
                    let raster = run(&settled.stages, picture.clone(), &Numbered);
                    let told = serde_json::to_string(&settled.taken).unwrap();
                    let (first, same) = noted.entry(told.clone()).or_insert((variant, raster.clone()));
                    assert!(
                        *same == raster,
                        "{operation:?}, way {way}: variants {first} and {variant} are noted as {told}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_noted_reads_well() {
        let rows = [
            (Taken::Number(3.0), "3", "3.0"),
            (Taken::Number(0.123_456), "0.123", "0.123456"),
            (Taken::Word("R".to_owned()), "R", "\"R\""),
            (Taken::Numbers(vec![1.0, 0.25]), "1, 0.250", "[1.0,0.25]"),
            (
                Taken::Places(vec![vec![1.0, 2.0], vec![3.5, 4.0]]),
                "(1, 2) (3.50, 4)",
                "[[1.0,2.0],[3.5,4.0]]",
            ),
        ];
        for (taken, shown, written) in rows {
            assert_eq!(taken.to_string(), shown);
            assert_eq!(serde_json::to_string(&taken).unwrap(), written);
        }
    }

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
