//! What a query is once it is read, and the words that it is made of.
//!
//! It refuses to know how queries are written down ([`super::parse`], [`super::print`]) and how
//! they are answered ([`super::eval`]).

use super::date::Date;
use super::pattern::Pattern;
use crate::dataset::columns::{COLUMNS, ColumnKind};
use crate::dataset::{Flag, ImageFormat, IssueKind, LabelOrigin, PixelKind};

/// A question about samples, answered by yes or no for each.
///
/// It is in a normal form: no `and` within an `and`, no `or` within an `or`, no `not` of a `not`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    root: Option<Node>,
}

impl Query {
    /// The query of that condition; `None` asks for every sample.
    pub fn new(root: Option<Node>) -> Self {
        Self { root }
    }

    /// The condition, or `None` when every sample is asked for.
    pub fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    /// Whether every sample is asked for.
    pub fn is_everything(&self) -> bool {
        self.root.is_none()
    }

    pub(super) fn into_root(self) -> Option<Node> {
        self.root
    }
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// All of at least two.
    And(Vec<Node>),
    /// Any of at least two.
    Or(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
}

impl Node {
    /// This and all the others.
    pub fn and(first: Self, others: Vec<Self>) -> Self {
        join(first, others, Self::And, |node| match node {
            Self::And(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// This or any of the others.
    pub fn or(first: Self, others: Vec<Self>) -> Self {
        join(first, others, Self::Or, |node| match node {
            Self::Or(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// What this is not.
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

/// Joins conditions, those of the same kind laid open.
fn join(
    first: Node,
    others: Vec<Node>,
    kind: fn(Vec<Node>) -> Node,
    open: fn(Node) -> Result<Vec<Node>, Node>,
) -> Node {
    if others.is_empty() {
        return first;
    }
    let mut flat = Vec::with_capacity(others.len() + 1);
    for node in std::iter::once(first).chain(others) {
        match open(node) {
            Ok(inner) => flat.extend(inner),
            Err(other) => flat.push(other),
        }
    }
    kind(flat)
}

/// One thing to ask of a sample. Lists ask for any of their members and are not empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The path, or the name of one of the classes, holds this.
    Text(Pattern),
    /// The path holds this; is this, where the pattern has a star.
    Path(Vec<Pattern>),
    Label(Vec<Choice>),
    Split(Vec<Choice>),
    Format(Vec<ImageFormat>),
    Pixels(Vec<PixelKind>),
    /// `None` is any issue.
    Issue(Vec<Option<IssueKind>>),
    Is(Vec<State>),
    /// `None` is any flag.
    Flag(Vec<Option<Flag>>),
    Origin(Vec<LabelOrigin>),
    /// Something that was said of the sample, in text.
    Said(SaidField, Vec<Choice>),
    /// A column of [`COLUMNS`] that holds numbers or dates, by name.
    Number {
        column: &'static str,
        test: Comparison,
    },
    /// An attribute of the dataset, by its name there.
    Attribute {
        name: String,
        test: AttributeTest,
    },
    /// One of the boxes is so.
    Box(BoxTest),
}

/// What to ask of a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BoxTest {
    /// Where its centre lies: parts of the picture's width and of its height.
    At { across: Part, down: Part },
    /// How large it is: √(width × height) as a part of the picture's.
    Size(Part),
}

/// A part of a side that goes from 0 to 1: `from` is in it and `to` is not. What lies beyond an end of the side counts
/// as if it lay at that end, so that all of a side is in parts that meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    pub from: f64,
    pub to: f64,
}

impl Part {
    pub fn contains(self, place: f64) -> bool {
        (place >= self.from || self.from <= 0.0) && (place < self.to || self.to >= 1.0)
    }
}

/// What a person said, or the source, that a query asks for as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SaidField {
    /// Who labelled the sample.
    By,
    Tag,
    /// Part of the note.
    Note,
    /// The class that the source gives.
    Given,
}

impl SaidField {
    /// The word used in queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::By => "by",
            Self::Tag => "tag",
            Self::Note => "note",
            Self::Given => "given",
        }
    }
}

/// A class or a split to ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// No class, no split.
    None,
    /// The one with exactly this name; when there is none, those with this name in any case.
    Name(Pattern),
}

/// What to ask of an attribute's value.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeTest {
    OneOf(Vec<AttributeValue>),
    /// The value is a number and compares so. Never [`Comparison::OneOf`].
    Compare(Comparison),
}

/// A value to ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// The value is this text in any case, or the same number.
    Text(Pattern),
    Span(Span),
}

/// What to ask of a number. An unknown number answers no to each.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    OneOf(Vec<Span>),
    NotEqual(Quantity),
    Less(Quantity),
    AtMost(Quantity),
    More(Quantity),
    AtLeast(Quantity),
}

/// From one quantity to another, both included; open where there is none. At least one is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub from: Option<Quantity>,
    pub to: Option<Quantity>,
}

/// A finite number, or a date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    Number(f64),
    Date(Date),
}

impl Quantity {
    /// The least and the greatest value that count as equal: a number is both, a date goes from
    /// its first millisecond to its last.
    pub fn bounds(self) -> (f64, f64) {
        match self {
            Self::Number(number) => (number, number),
            Self::Date(date) => {
                let (first, last) = date.span_ms();
                (first as f64, last as f64)
            }
        }
    }
}

/// What `is:` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Unlabelled,
    Labelled,
    Multilabel,
    Boxed,
    Broken,
    Unmeasured,
    Starred,
    Reviewed,
    Kept,
    Pruned,
    Unsure,
    Answered,
    Relabelled,
}

impl State {
    pub const ALL: [Self; 13] = [
        Self::Unlabelled,
        Self::Labelled,
        Self::Multilabel,
        Self::Boxed,
        Self::Broken,
        Self::Unmeasured,
        Self::Starred,
        Self::Reviewed,
        Self::Kept,
        Self::Pruned,
        Self::Unsure,
        Self::Answered,
        Self::Relabelled,
    ];

    /// The word used in queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unlabelled => "unlabelled",
            Self::Labelled => "labelled",
            Self::Multilabel => "multilabel",
            Self::Boxed => "boxed",
            Self::Broken => "broken",
            Self::Unmeasured => "unmeasured",
            Self::Starred => "starred",
            Self::Reviewed => "reviewed",
            Self::Kept => "kept",
            Self::Pruned => "pruned",
            Self::Unsure => "unsure",
            Self::Answered => "answered",
            Self::Relabelled => "relabelled",
        }
    }

    /// What it means, for help.
    pub fn about(self) -> &'static str {
        match self {
            Self::Unlabelled => "has no label",
            Self::Labelled => "has a label",
            Self::Multilabel => "has more than one label",
            Self::Boxed => "has a bounding box",
            Self::Broken => "has an issue that leaves nothing to show",
            Self::Unmeasured => "was not read yet",
            Self::Starred => "has a star",
            Self::Reviewed => "was marked as reviewed",
            Self::Kept => "was decided to stay",
            Self::Pruned => "is to be left out of an export",
            Self::Unsure => "was marked as unsure",
            Self::Answered => "has a label that was given or confirmed here",
            Self::Relabelled => "has another label than its source says",
        }
    }
}

/// What stands before a colon or a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Label,
    Split,
    Format,
    Path,
    Issue,
    Is,
    Flag,
    Pixels,
    Origin,
    Said(SaidField),
    BoxAt,
    BoxSize,
    Number(&'static str),
    Date(&'static str),
    Attribute(String),
}

/// The fields whose values are words, with what each asks.
pub(super) const WORD_FIELDS: [(&str, Field, &str); 15] = [
    ("label", Field::Label, "class"),
    ("split", Field::Split, "split"),
    ("format", Field::Format, "encoding of the image"),
    ("path", Field::Path, "part of the path"),
    ("issue", Field::Issue, "what is wrong with the sample"),
    ("is", Field::Is, "state of the sample"),
    ("flag", Field::Flag, "what the analysis found"),
    ("pixels", Field::Pixels, "what a stored pixel is made of"),
    ("origin", Field::Origin, "where the label comes from"),
    ("by", Field::Said(SaidField::By), "who labelled the sample"),
    ("tag", Field::Said(SaidField::Tag), "tag of the sample"),
    ("note", Field::Said(SaidField::Note), "part of the note"),
    ("given", Field::Said(SaidField::Given), "class that the source gives"),
    (BOX_AT, Field::BoxAt, "where the centre of a box lies"),
    (BOX_SIZE, Field::BoxSize, "how large a box is"),
];

/// The fields of boxes.
pub(super) const BOX_AT: &str = "box.at";
pub(super) const BOX_SIZE: &str = "box.size";

/// What stands before the name of an attribute.
pub(crate) const ATTRIBUTE: &str = "attr.";

/// The field of the program's own that has this name, in lower case.
pub(super) fn builtin_field(name: &str) -> Option<Field> {
    let words = WORD_FIELDS.iter().find(|(word, ..)| *word == name);
    words.map(|(_, field, _)| field.clone()).or_else(|| {
        let column = COLUMNS.iter().find(|column| column.name == name)?;
        let name = column.static_name();
        match column.kind {
            ColumnKind::Number => Some(Field::Number(name)),
            ColumnKind::Date => Some(Field::Date(name)),
            ColumnKind::Text => None,
        }
    })
}

/// The names of all fields of the program's own.
pub(super) fn builtin_names<'a>() -> impl Iterator<Item = &'a str> {
    let numbers = COLUMNS.iter().filter(|column| column.kind != ColumnKind::Text);
    WORD_FIELDS.iter().map(|(name, ..)| *name).chain(numbers.map(|column| column.static_name()))
}

/// Reads a finite number: `12`, `-0.5`, `1e6`.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    // Rust also reads "inf" and "nan", which no one means.
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    numeric.then(|| text.parse().ok())?.filter(|number: &f64| number.is_finite()).map(|number| number + 0.0)
}

/// Reads a number with a unit: `10k`, `1.5M`, and for bytes `2MB`, `64KiB` as well.
pub(super) fn parse_quantity(text: &str, is_bytes: bool) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (number, binary) = match lower.strip_suffix('b').filter(|_| is_bytes) {
        Some(rest) => rest.strip_suffix('i').map_or((rest, false), |rest| (rest, true)),
        None => (lower.as_str(), false),
    };
    let power = number.chars().last().and_then(|last| "kmgt".find(last)).map(|at| at as i32 + 1);
    let (number, power) = match power {
        Some(power) => (&number[..number.len() - 1], power),
        // "1ib" has no power to be binary.
        None if binary => return None,
        None => (number, 0),
    };
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    Some(parse_number(number)? * base.powi(power)).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_units() {
        for (text, number, bytes) in [
            ("12", Some(12.0), Some(12.0)),
            ("10k", Some(10_000.0), Some(10_000.0)),
            ("1.5M", Some(1.5e6), Some(1.5e6)),
            ("2MB", None, Some(2e6)),
            ("64KiB", None, Some(65_536.0)),
            ("1b", None, Some(1.0)),
            ("1ib", None, None),
            ("-3", Some(-3.0), Some(-3.0)),
            (".5", Some(0.5), Some(0.5)),
            ("1e3", Some(1000.0), Some(1000.0)),
            ("nan", None, None),
            ("inf", None, None),
            ("k", None, None),
            ("", None, None),
            ("1e308t", None, None),
            ("12px", None, None),
        ] {
            assert_eq!(parse_quantity(text, false), number, "{text}");
            assert_eq!(parse_quantity(text, true), bytes, "{text}");
        }
    }
}
