//! Brushes on charts as changes of a query's text.
//!
//! A brush is what is asked of one column. Setting it takes the place of what the query asks of that
//! column at its top level, and leaves the rest. It refuses to know charts.

use super::eval::ranges;
use super::parse::parse;
use super::pattern::Pattern;
use super::snapshot::Vocabulary;
use super::syntax::{
    ATTRIBUTE, AttributeTest, AttributeValue, BOX_AT, BOX_SIZE, BoxTest, Choice, Comparison, Node, Part,
    Quantity, Query, State, Test, parse_number,
};
use crate::dataset::columns::builtin;
use crate::dataset::{ImageFormat, PixelKind};

/// Columns that conditions without their name are about.
const LABEL: &str = "label";
const VERDICT: &str = "verdict";

/// What a chart asks of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Brush {
    /// The name of the column, as in [`Column::name`](crate::dataset::columns::Column::name).
    pub column: String,
    /// Conditions on it that all have to hold; none asks for nothing.
    pub conditions: Vec<Node>,
}

/// How a brush is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stroke {
    /// A click: ask for this, or no more where it is what is asked for.
    Toggle,
    /// A click that adds: a range grows to hold the one that is there.
    Grow,
    /// A drag: ask for this.
    Set,
}

/// Numbers from one to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub from: f64,
    pub to: f64,
    /// Whether `to` is one of them.
    pub is_closed: bool,
}

impl Range {
    /// Whether a number is in it.
    pub fn contains(&self, number: f64) -> bool {
        self.from <= number && (number < self.to || self.is_closed && number == self.to)
    }

    /// The least range that holds both.
    pub fn hull(self, other: Self) -> Self {
        let (to, is_closed) = match self.to.total_cmp(&other.to) {
            std::cmp::Ordering::Less => (other.to, other.is_closed),
            std::cmp::Ordering::Greater => (self.to, self.is_closed),
            std::cmp::Ordering::Equal => (self.to, self.is_closed || other.is_closed),
        };
        Self { from: self.from.min(other.from), to, is_closed }
    }
}

impl Brush {
    /// Numbers of a column in a range.
    pub fn range(column: &str, range: Range) -> Self {
        let ends = [
            range.from.is_finite().then_some(Comparison::AtLeast(written(column, range.from))),
            range.to.is_finite().then_some(match range.is_closed {
                true => Comparison::AtMost(written(column, range.to)),
                false => Comparison::Less(written(column, range.to)),
            }),
        ];
        let condition = |test: Comparison| match builtin(column) {
            Some(known) => Test::Number { column: known.static_name(), test },
            None => {
                let name = column.strip_prefix(ATTRIBUTE).unwrap_or(column).to_owned();
                Test::Attribute { name, test: AttributeTest::Compare(test) }
            }
        };
        let conditions = ends.into_iter().flatten().map(condition).map(Node::Test).collect();
        Self { column: column.to_owned(), conditions }
    }

    /// Samples that have each of these classes.
    pub fn classes<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let label = |name: &str| Node::Test(Test::Label(vec![Choice::Name(Pattern::literal(name))]));
        Self { column: LABEL.to_owned(), conditions: names.into_iter().map(label).collect() }
    }

    pub fn unlabelled() -> Self {
        let conditions = vec![Node::Test(Test::Is(vec![State::Unlabelled]))];
        Self { column: LABEL.to_owned(), conditions }
    }

    /// Samples in the split of exactly this name; in none without a name.
    pub fn split(name: Option<&str>) -> Self {
        let choice = name.map_or(Choice::None, |name| Choice::Name(Pattern::literal(name)));
        Self { column: "split".to_owned(), conditions: vec![Node::Test(Test::Split(vec![choice]))] }
    }

    /// Samples whose text in a column of few words is this one; `None` for a column that no query asks so.
    pub fn value(column: &str, value: &str) -> Option<Self> {
        let test = match column {
            "format" => Test::Format(vec![ImageFormat::ALL.into_iter().find(|one| one.name() == value)?]),
            VERDICT => Test::Is(vec![match value {
                "keep" => State::Kept,
                "prune" => State::Pruned,
                _ => return None,
            }]),
            "pixels" => Test::Pixels(vec![PixelKind::ALL.into_iter().find(|one| one.name() == value)?]),
            _ => Test::Attribute {
                name: column.strip_prefix(ATTRIBUTE)?.to_owned(),
                test: AttributeTest::OneOf(vec![AttributeValue::Text(Pattern::literal(value))]),
            },
        };
        Some(Self { column: column.to_owned(), conditions: vec![Node::Test(test)] })
    }

    /// Samples that have a box whose centre lies there: parts of the picture from one end to under another.
    pub fn box_at([from, to]: [f64; 2], [above, below]: [f64; 2]) -> Self {
        let (across, down) = (Part { from, to }, Part { from: above, to: below });
        let conditions = vec![Node::Test(Test::Box(BoxTest::At { across, down }))];
        Self { column: BOX_AT.to_owned(), conditions }
    }

    /// Samples that have a box of a size from one to under another.
    pub fn box_size([from, to]: [f64; 2]) -> Self {
        let conditions = vec![Node::Test(Test::Box(BoxTest::Size(Part { from, to })))];
        Self { column: BOX_SIZE.to_owned(), conditions }
    }

    /// Samples whose path has one of these in it: a whole path finds its sample, and any whose path goes on
    /// before or after it.
    pub fn paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let patterns = paths.into_iter().map(Pattern::literal).collect();
        Self { column: "path".to_owned(), conditions: vec![Node::Test(Test::Path(patterns))] }
    }
}

/// A number as a query writes it. Where the column keeps single precision the shortest text that means the
/// same number is enough.
fn written(column: &str, number: f64) -> Quantity {
    let is_single = builtin(column).is_some_and(|column| column.is_single_precision());
    let short = || parse_number(&(number as f32).to_string());
    Quantity::Number(if is_single { short().unwrap_or(number) } else { number + 0.0 })
}

/// The query's text after these brushes, of a column each: they take the place of what it asks of these
/// columns, and the rest stays. Text that is not a query yet gives way.
pub fn with_brushes(text: &str, brushes: &[Brush], stroke: Stroke, vocabulary: &Vocabulary) -> String {
    let mut nodes = top_level(text, vocabulary);
    let of = |nodes: &[Node], column: &str| -> Vec<Node> {
        nodes.iter().filter(|node| column_of(node).as_deref() == Some(column)).cloned().collect()
    };
    let is_asked = |brush: &Brush| of(&nodes, &brush.column) == brush.conditions;
    let is_left = stroke == Stroke::Toggle && brushes.iter().all(is_asked);
    for brush in brushes {
        let before = of(&nodes, &brush.column);
        let is_of = |node: &Node| column_of(node).as_deref() == Some(brush.column.as_str());
        let place = nodes.iter().position(is_of).unwrap_or(nodes.len());
        nodes.retain(|node| !is_of(node));
        let ends = [&before, &brush.conditions].map(|conditions| range_of(&brush.column, conditions));
        let conditions = match (stroke, ends) {
            _ if is_left => Vec::new(),
            (Stroke::Grow, [Some(old), Some(new)]) => Brush::range(&brush.column, old.hull(new)).conditions,
            _ => brush.conditions.clone(),
        };
        nodes.splice(place..place, conditions);
    }
    query_of(nodes).to_string()
}

/// What a query's text asks for at its top level, column by column, as texts that
/// [`without_condition`] takes: what is asked of one column is one text.
pub fn conditions(text: &str, vocabulary: &Vocabulary) -> Vec<String> {
    grouped(top_level(text, vocabulary)).into_iter().map(|(_, nodes)| query_of(nodes).to_string()).collect()
}

/// The query's text without one of its [`conditions`].
pub fn without_condition(text: &str, condition: &str, vocabulary: &Vocabulary) -> String {
    let kept = grouped(top_level(text, vocabulary))
        .into_iter()
        .map(|(_, nodes)| nodes)
        .filter(|nodes| query_of(nodes.clone()).to_string() != condition);
    query_of(kept.flatten().collect()).to_string()
}

/// The numbers that a query's text asks for in a column at its top level: the least range that holds them.
pub fn asked_range(text: &str, column: &str, vocabulary: &Vocabulary) -> Option<Range> {
    let nodes = top_level(text, vocabulary);
    let of: Vec<Node> = nodes.into_iter().filter(|node| column_of(node).as_deref() == Some(column)).collect();
    range_of(column, &of)
}

impl Query {
    /// The conditions at the top level, those on one column together with its name. What reads several
    /// columns, or none that a chart is of, is by itself.
    pub fn by_column(&self) -> Vec<(Option<String>, Self)> {
        let nodes = match self.root() {
            Some(Node::And(nodes)) => nodes.clone(),
            root => root.cloned().into_iter().collect(),
        };
        grouped(nodes).into_iter().map(|(column, nodes)| (column, query_of(nodes))).collect()
    }
}

fn top_level(text: &str, vocabulary: &Vocabulary) -> Vec<Node> {
    match parse(text, vocabulary).unwrap_or_default().into_root() {
        Some(Node::And(nodes)) => nodes,
        root => root.into_iter().collect(),
    }
}

fn query_of(nodes: Vec<Node>) -> Query {
    let mut nodes = nodes.into_iter();
    Query::new(nodes.next().map(|first| Node::and(first, nodes.collect())))
}

/// Conditions in their order, those on one column together at the place of the first.
fn grouped(nodes: Vec<Node>) -> Vec<(Option<String>, Vec<Node>)> {
    let mut groups: Vec<(Option<String>, Vec<Node>)> = Vec::new();
    for node in nodes {
        let column = column_of(&node);
        match groups.iter_mut().find(|(of, _)| column.is_some() && *of == column) {
            Some((_, nodes)) => nodes.push(node),
            None => groups.push((column, vec![node])),
        }
    }
    groups
}

/// The column that a condition is about, if it is about one that a brush sets. Of labels these are the
/// conditions that a click on a class takes the place of, see [`with_term`](super::with_term): names and
/// `is:unlabelled`, asked for or excluded. `is:multilabel` stays beside them.
fn column_of(node: &Node) -> Option<String> {
    let is_brushed = |column: &String| column != LABEL;
    match node {
        Node::Not(inner) if matches!(**inner, Node::Test(_)) => column_of(inner),
        Node::Not(inner) => column_of(inner).filter(is_brushed),
        Node::And(nodes) | Node::Or(nodes) => {
            let first = column_of(nodes.first()?).filter(is_brushed)?;
            nodes.iter().all(|node| column_of(node).as_ref() == Some(&first)).then_some(first)
        }
        Node::Test(test) => Some(match test {
            Test::Label(_) => LABEL.to_owned(),
            Test::Split(_) => "split".to_owned(),
            Test::Format(_) => "format".to_owned(),
            Test::Pixels(_) => "pixels".to_owned(),
            Test::Path(_) => "path".to_owned(),
            Test::Number { column, .. } => (*column).to_owned(),
            Test::Attribute { name, .. } => format!("{ATTRIBUTE}{name}"),
            Test::Box(BoxTest::At { .. }) => BOX_AT.to_owned(),
            Test::Box(BoxTest::Size(_)) => BOX_SIZE.to_owned(),
            Test::Is(states) if states.as_slice() == [State::Unlabelled] => LABEL.to_owned(),
            Test::Is(states) if is_about_verdicts(states) => VERDICT.to_owned(),
            Test::Text(_)
            | Test::Issue(_)
            | Test::Is(_)
            | Test::Flag(_)
            | Test::Origin(_)
            | Test::Said(..) => return None,
        }),
    }
}

fn is_about_verdicts(states: &[State]) -> bool {
    states.iter().all(|state| matches!(state, State::Kept | State::Pruned))
}

/// The numbers that conditions on a column ask for: the least range that holds them. `None` where there are no
/// conditions, or others than comparisons.
fn range_of(column: &str, nodes: &[Node]) -> Option<Range> {
    let is_single = builtin(column).is_some_and(|column| column.is_single_precision());
    let mut found: Option<Range> = None;
    for node in nodes {
        let Node::Test(
            Test::Number { test, .. } | Test::Attribute { test: AttributeTest::Compare(test), .. },
        ) = node
        else {
            return None;
        };
        let mut range = Range { from: f64::INFINITY, to: f64::NEG_INFINITY, is_closed: true };
        for (low, high) in ranges(test, is_single) {
            range = Range { from: range.from.min(low), to: range.to.max(high), is_closed: true };
        }
        // A half-open range stays what it was written as.
        if let Comparison::Less(quantity) = test {
            range = Range { to: rounded(quantity.bounds().0, is_single), is_closed: false, ..range };
        }
        found = Some(match found {
            None => range,
            Some(so_far) => {
                let nearer = if range.to < so_far.to { range } else { so_far };
                Range { from: so_far.from.max(range.from), to: nearer.to, is_closed: nearer.is_closed }
            }
        });
    }
    found
}

fn rounded(number: f64, is_single: bool) -> f64 {
    if is_single { f64::from(number as f32) } else { number }
}
