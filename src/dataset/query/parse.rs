//! A query's text to a [`Query`], or to an error that points at the character.
//!
//! It refuses to know samples: it checks words against a [`Vocabulary`] and nothing else.

use std::ops::Range;

use super::date::Date;
use super::lex::{FieldToken, Op, Token, TokenKind, Value, lex};
use super::pattern::Pattern;
use super::snapshot::Vocabulary;
use super::syntax::{
    ATTRIBUTE, AttributeTest, AttributeValue, BoxTest, Choice, Comparison, Field, Node, Part, Quantity,
    Query, Span, State, Test, builtin_field, builtin_names, parse_number, parse_quantity,
};
use crate::dataset::{Flag, ImageFormat, IssueKind, LabelOrigin, PixelKind};

/// The longest query, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// How deep brackets can go.
pub const MAX_DEPTH: usize = 200;
/// How many conditions a query can have, each of which can be a look at every sample.
pub const MAX_TESTS: usize = 256;

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// Where, in bytes of the query; on character borders.
    pub at: Range<usize>,
    /// A sentence for the person.
    pub message: String,
}

/// Reads a query. Text without anything in it asks for every sample.
pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Query, QueryError> {
    if text.len() > MAX_BYTES {
        let end = (0..=MAX_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        return fail(end..text.len(), format!("a query can have {MAX_BYTES} bytes at most"));
    }
    let (tokens, open_quote) = lex(text);
    if let Some(at) = open_quote {
        return fail(at, "this quote is not closed");
    }
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len(), tests: 0, vocabulary };
    if tokens.is_empty() {
        return Ok(Query::default());
    }
    let root = parser.alternatives(0)?;
    match parser.peek() {
        Some(token) => fail(token.at.clone(), "this bracket was not opened"),
        None => Ok(Query::new(Some(root))),
    }
}

fn fail<T>(at: Range<usize>, message: impl Into<String>) -> Result<T, QueryError> {
    Err(QueryError { at, message: message.into() })
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Length of the text.
    end: usize,
    tests: usize,
    vocabulary: &'a Vocabulary,
}

impl<'a> Parser<'a> {
    /// Conditions with `or` between them.
    fn alternatives(&mut self, depth: usize) -> Result<Node, QueryError> {
        let node = self.conditions(depth)?;
        let mut more = Vec::new();
        while self.skip(&TokenKind::Or) {
            more.push(self.conditions(depth)?);
        }
        Ok(Node::or(node, more))
    }

    /// Conditions with `and` or nothing between them.
    fn conditions(&mut self, depth: usize) -> Result<Node, QueryError> {
        let node = self.condition(depth)?;
        let mut more = Vec::new();
        loop {
            let joined = self.skip(&TokenKind::And);
            match self.peek().map(|token| &token.kind) {
                None | Some(TokenKind::Or | TokenKind::Close) if !joined => break,
                _ => more.push(self.condition(depth)?),
            }
        }
        Ok(Node::and(node, more))
    }

    /// One condition with the negations before it.
    fn condition(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut negated = false;
        while self.skip(&TokenKind::Not) {
            negated = !negated;
        }
        let node = self.primary(depth)?;
        Ok(if negated { node.negated() } else { node })
    }

    fn primary(&mut self, depth: usize) -> Result<Node, QueryError> {
        let Some(token) = self.peek() else {
            let message = match self.at.checked_sub(1).map(|last| &self.tokens[last].kind) {
                Some(TokenKind::And) => "a condition has to follow `and`",
                Some(TokenKind::Or) => "a condition has to follow `or`",
                Some(TokenKind::Not) => "a condition has to follow the negation",
                _ => "a condition has to follow the bracket",
            };
            return fail(self.end..self.end, message);
        };
        self.at += 1;
        let at = token.at.clone();
        let (test, negated) = match &token.kind {
            TokenKind::Open if depth == MAX_DEPTH => {
                return fail(at, format!("brackets can go {MAX_DEPTH} deep at most"));
            }
            TokenKind::Open => {
                let inner = self.alternatives(depth + 1)?;
                if !self.skip(&TokenKind::Close) {
                    return fail(at, "this bracket is not closed");
                }
                return Ok(inner);
            }
            TokenKind::Close => return fail(at, "a condition has to stand before this bracket"),
            TokenKind::And => {
                return fail(at, "a condition has to stand before `and`; to look for the word, quote it");
            }
            TokenKind::Or => {
                return fail(at, "a condition has to stand before `or`; to look for the word, quote it");
            }
            // Negations were taken before.
            TokenKind::Not => return fail(at, "a condition has to follow the negation"),
            TokenKind::Text(value) => (Test::Text(value.pattern()), false),
            TokenKind::Field(field) => self.field(field)?,
        };
        self.count(&test, at)?;
        let node = Node::Test(test);
        Ok(if negated { node.negated() } else { node })
    }

    /// Keeps the number of looks at every sample in bounds.
    fn count(&mut self, test: &Test, at: Range<usize>) -> Result<(), QueryError> {
        self.tests += match test {
            Test::Path(patterns) => patterns.len(),
            Test::Attribute { test: AttributeTest::OneOf(values), .. } => values.len(),
            Test::Number { test: Comparison::OneOf(spans), .. } => spans.len().div_ceil(8),
            Test::Said(_, choices) => choices.len(),
            Test::Label(choices) | Test::Split(choices) => {
                // Names are looked up; patterns are held against every name.
                let star =
                    |choice: &&Choice| matches!(choice, Choice::Name(name) if name.as_literal().is_none());
                choices.iter().filter(star).count().max(1)
            }
            _ => 1,
        };
        if self.tests > MAX_TESTS {
            return fail(at, format!("a query can have {MAX_TESTS} conditions at most"));
        }
        Ok(())
    }

    /// A field with its values, and whether `!=` turns it round.
    fn field(&self, token: &FieldToken) -> Result<(Test, bool), QueryError> {
        let field = self.field_named(token)?;
        for value in &token.values {
            if value.is_blank() {
                let at = if value.at.start == self.end {
                    token.name_at.start..self.end
                } else {
                    token.op_at.clone()
                };
                return fail(at, format!("a value is missing after `{}`", token.name));
            }
        }
        let test = match field {
            Field::Number(column) => {
                let is_bytes = column == "bytes";
                let test = comparison(token, |text| {
                    let number = parse_quantity(text, is_bytes).map(Quantity::Number);
                    number.ok_or_else(|| format!("`{text}` is not a number, such as `640` or `10k`"))
                })?;
                return Ok((Test::Number { column, test }, false));
            }
            Field::Date(column) => {
                let test = comparison(token, |text| {
                    let date = Date::parse(text).map(Quantity::Date);
                    date.ok_or_else(|| format!("`{text}` is not a date, such as `2024-01-31` or `2024-01`"))
                })?;
                return Ok((Test::Number { column, test }, false));
            }
            Field::Attribute(name) => Test::Attribute { name, test: attribute(token)? },
            word_field => {
                let negated = equality(token)?;
                return Ok((self.words(&word_field, token)?, negated));
            }
        };
        Ok((test, token.op == Op::NotEqual))
    }

    /// A field whose values are words.
    fn words(&self, field: &Field, token: &FieldToken) -> Result<Test, QueryError> {
        let values = &token.values;
        Ok(match field {
            Field::Label => Test::Label(values.iter().map(choice).collect()),
            Field::Split => {
                let splits = self.vocabulary.splits.all();
                let known = |value: &Value| {
                    let choice = choice(value);
                    let Choice::Name(pattern) = &choice else { return Ok(choice) };
                    if self.vocabulary.splits.matching(pattern).is_empty() {
                        let names = splits.iter().map(String::as_str).chain(["none"]);
                        return unknown_word("split", value, names);
                    }
                    Ok(choice)
                };
                Test::Split(values.iter().map(known).collect::<Result<_, _>>()?)
            }
            Field::Format => Test::Format(known_words(
                "format",
                values,
                &[("jpg", ImageFormat::Jpeg), ("tif", ImageFormat::Tiff)],
                || ImageFormat::ALL.into_iter().map(|format| (format.name(), format)),
            )?),
            Field::Pixels => {
                Test::Pixels(known_words("kind of pixels", values, &[("gray", PixelKind::Grey)], || {
                    PixelKind::ALL.into_iter().map(|kind| (kind.name(), kind))
                })?)
            }
            Field::Issue => Test::Issue(known_words("issue", values, &[], || {
                let kinds = IssueKind::ALL.into_iter().map(|kind| (kind.name(), Some(kind)));
                kinds.chain([("any", None)])
            })?),
            Field::Flag => Test::Flag(known_words("flag", values, &[], || {
                let flags = Flag::ALL.into_iter().map(|flag| (flag.name(), Some(flag)));
                flags.chain([("any", None)])
            })?),
            Field::Origin => Test::Origin(known_words("origin", values, &[], || {
                LabelOrigin::ALL.into_iter().map(|origin| (origin.name(), origin))
            })?),
            Field::Said(said) => Test::Said(*said, values.iter().map(choice).collect()),
            Field::Is => {
                let spelled = [("unlabeled", State::Unlabelled), ("labeled", State::Labelled)];
                Test::Is(known_words("state", values, &spelled, || {
                    State::ALL.into_iter().map(|state| (state.name(), state))
                })?)
            }
            Field::BoxAt => match values.as_slice() {
                [across, down] => Test::Box(BoxTest::At { across: part(across)?, down: part(down)? }),
                _ => {
                    let message =
                        "two parts of the picture are needed, across and down, as in `0.5..0.75,0..0.25`";
                    return fail(token.op_at.clone(), message);
                }
            },
            Field::BoxSize => match values.as_slice() {
                [size] => Test::Box(BoxTest::Size(part(size)?)),
                _ => return fail(token.op_at.clone(), "one range of sizes is needed, as in `0.1..0.2`"),
            },
            _ => Test::Path(values.iter().map(Value::pattern).collect()),
        })
    }

    fn field_named(&self, token: &FieldToken) -> Result<Field, QueryError> {
        if token.name.is_empty() {
            let message = "a field has to stand before this, as in `width>640`; to look for it, quote it";
            return fail(token.op_at.clone(), message);
        }
        let name = token.name.to_lowercase();
        if let Some(field) = builtin_field(&name) {
            return Ok(field);
        }
        let prefix = token.name.get(..ATTRIBUTE.len()).filter(|start| start.eq_ignore_ascii_case(ATTRIBUTE));
        let rest = prefix.map(|_| &token.name[ATTRIBUTE.len()..]);
        let names = || self.vocabulary.attributes.iter().map(|attribute| &attribute.name);
        let find = |wanted: &str| {
            let lower = wanted.to_lowercase();
            let exact = names().find(|name| *name == wanted);
            exact.or_else(|| names().find(|name| name.to_lowercase() == lower))
        };
        if let Some(name) = rest.and_then(find).or_else(|| find(&token.name)) {
            return Ok(Field::Attribute(name.clone()));
        }
        let message = match rest {
            Some(rest) => {
                let near = nearest(&rest.to_lowercase(), names().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                format!("the samples have no attribute `{rest}`{hint}")
            }
            None => {
                let known = builtin_names().chain(names().map(String::as_str));
                let near = nickname(&name).or_else(|| nearest(&name, known));
                let hint = match near {
                    Some(near) => format!(", did you mean `{near}`?"),
                    None => "; to look for text with such a sign in it, quote it".to_owned(),
                };
                format!("unknown field `{}`{hint}", token.name)
            }
        };
        fail(token.name_at.clone(), message)
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn skip(&mut self, kind: &TokenKind) -> bool {
        let there = self.peek().is_some_and(|token| token.kind == *kind);
        self.at += usize::from(there);
        there
    }
}

/// Whether the operator of a field of words is `!=`; an error where it compares.
fn equality(token: &FieldToken) -> Result<bool, QueryError> {
    match token.op {
        Op::Is => Ok(false),
        Op::NotEqual => Ok(true),
        _ => {
            let hint = match token.name.to_lowercase().as_str() {
                "label" => "; to compare how many there are, write `labels`",
                _ => "",
            };
            let name = &token.name;
            fail(token.op_at.clone(), format!("`{name}` has no order: write `{name}:` and a value{hint}"))
        }
    }
}

/// A part of a side: two numbers with dots between, of which one may be missing.
fn part(value: &Value) -> Result<Part, QueryError> {
    let text = value.text();
    let end = |text: &str, otherwise: f64| match text {
        "" => Some(otherwise),
        text => parse_number(text).map(|number| number.clamp(0.0, 1.0)),
    };
    let ends = text.split_once("..").and_then(|(from, to)| Some((end(from, 0.0)?, end(to, 1.0)?)));
    match ends {
        Some((from, to)) => Ok(Part { from: from.min(to), to: from.max(to) }),
        None => fail(value.at.clone(), format!("`{text}` is no part from 0 to 1, such as `0.25..0.5`")),
    }
}

/// A class or split by name; `none` without quotes is none.
fn choice(value: &Value) -> Choice {
    match value.bare() {
        Some(word) if word.eq_ignore_ascii_case("none") => Choice::None,
        _ => Choice::Name(value.pattern()),
    }
}

/// Words out of a fixed list, or other spellings of them.
fn known_words<T: Copy, Words: Iterator<Item = (&'static str, T)>>(
    what: &str,
    values: &[Value],
    spellings: &[(&'static str, T)],
    words: impl Fn() -> Words,
) -> Result<Vec<T>, QueryError> {
    let known = |value: &Value| {
        let text = value.text();
        let mut all = words().chain(spellings.iter().copied());
        match all.find(|(word, _)| word.eq_ignore_ascii_case(&text)) {
            Some((_, known)) => Ok(known),
            None => unknown_word(what, value, words().map(|(word, _)| word)),
        }
    };
    values.iter().map(known).collect()
}

fn unknown_word<'a, T>(
    what: &str,
    value: &Value,
    known: impl Iterator<Item = &'a str>,
) -> Result<T, QueryError> {
    /// A dataset with more splits than this has its first ones named.
    const NAMED: usize = 24;
    let known: Vec<&str> = known.collect();
    let mut list = known.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if known.len() > NAMED {
        list.push_str(", …");
    }
    fail(value.at.clone(), format!("there is no {what} `{}`; there are {list}", value.text()))
}

/// The comparison of a number or a date.
fn comparison(
    token: &FieldToken,
    quantity: impl Fn(&str) -> Result<Quantity, String>,
) -> Result<Comparison, QueryError> {
    let read = |value: &Value| {
        quantity(&value.text()).map_err(|message| QueryError { at: value.at.clone(), message })
    };
    if token.op == Op::Is {
        let span = |value: &Value| {
            let text = value.text();
            let Some((from, to)) = text.split_once("..") else {
                return read(value).map(|one| Span { from: Some(one), to: Some(one) });
            };
            let end = |text: &str| if text.is_empty() { Ok(None) } else { quantity(text).map(Some) };
            let ends = end(from).and_then(|from| Ok((from, end(to)?)));
            match ends {
                Ok((None, None)) => fail(value.at.clone(), "a range has to have an end, as in `640..`"),
                Ok((from, to)) => Ok(ordered(from, to)),
                Err(message) => fail(value.at.clone(), message),
            }
        };
        return Ok(Comparison::OneOf(token.values.iter().map(span).collect::<Result<_, _>>()?));
    }
    let [value] = token.values.as_slice() else {
        let at = token.values.get(1).map_or(token.op_at.clone(), |value| value.at.clone());
        return fail(at, "only one value can be compared with; a list goes after `:`");
    };
    let value = read(value)?;
    Ok(match token.op {
        Op::Less => Comparison::Less(value),
        Op::AtMost => Comparison::AtMost(value),
        Op::More => Comparison::More(value),
        Op::AtLeast => Comparison::AtLeast(value),
        Op::Is | Op::NotEqual => Comparison::NotEqual(value),
    })
}

/// A span whose ends may have been written the other way round.
fn ordered(from: Option<Quantity>, to: Option<Quantity>) -> Span {
    match (from, to) {
        (Some(one), Some(two)) if one.bounds().0 > two.bounds().1 => Span { from: to, to: from },
        _ => Span { from, to },
    }
}

/// What is asked of an attribute.
fn attribute(token: &FieldToken) -> Result<AttributeTest, QueryError> {
    let number = |text: &str| {
        let number = parse_quantity(text, false).map(Quantity::Number);
        number.ok_or_else(|| format!("`{text}` is not a number, such as `640` or `0.5`"))
    };
    if !matches!(token.op, Op::Is | Op::NotEqual) {
        return comparison(token, number).map(AttributeTest::Compare);
    }
    let value = |value: &Value| {
        let end = |text: &str| if text.is_empty() { Some(None) } else { parse_number(text).map(Some) };
        let ends = value.bare().and_then(|text| text.split_once(".."));
        match ends.and_then(|(from, to)| Some((end(from)?, end(to)?))) {
            Some((Some(from), Some(to))) if from == to => {
                AttributeValue::Text(Pattern::literal(from.to_string()))
            }
            Some((from, to)) if from.is_some() || to.is_some() => {
                AttributeValue::Span(ordered(from.map(Quantity::Number), to.map(Quantity::Number)))
            }
            _ => AttributeValue::Text(value.pattern()),
        }
    };
    Ok(AttributeTest::OneOf(token.values.iter().map(value).collect()))
}

/// The field that people mean by a word that others use for it.
fn nickname<'a>(name: &str) -> Option<&'a str> {
    let known = [
        ("class", "label"),
        ("category", "label"),
        ("tag", "label"),
        ("size", "bytes"),
        ("filesize", "bytes"),
        ("type", "format"),
        ("ext", "format"),
        ("extension", "format"),
        ("file", "path"),
        ("filename", "path"),
        ("name", "path"),
        ("folder", "path"),
        ("dir", "path"),
        ("date", "modified"),
        ("time", "modified"),
        ("has", "is"),
        ("error", "issue"),
        ("subset", "split"),
        ("ratio", "aspect"),
        ("depth", "bits"),
    ];
    known.into_iter().find(|(word, _)| *word == name).map(|(_, field)| field)
}

/// The known name that is few typing errors away.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer names are no typing errors of ours.
    const LONGEST: usize = 32;
    if name.len() > LONGEST {
        return None;
    }
    let near = known.filter(|known| known.len() <= LONGEST).map(|known| (distance(name, known), known));
    let limit = if name.chars().count() < 4 { 1 } else { 2 };
    near.min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= limit)
        .map(|(_, known)| known)
}

/// Letters to insert, remove, replace or swap with their neighbour to get from one word to the
/// other (optimal string alignment distance; Levenshtein 1966, Damerau 1964).
fn distance(one: &str, two: &str) -> usize {
    let (one, two): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    let mut rows = vec![vec![0; two.len() + 1]; one.len() + 1];
    for at in 0..=one.len() {
        for to in 0..=two.len() {
            rows[at][to] = if at == 0 || to == 0 {
                at + to
            } else {
                let same = usize::from(one[at - 1] != two[to - 1]);
                let mut best =
                    (rows[at - 1][to] + 1).min(rows[at][to - 1] + 1).min(rows[at - 1][to - 1] + same);
                if at > 1 && to > 1 && one[at - 1] == two[to - 2] && one[at - 2] == two[to - 1] {
                    best = best.min(rows[at - 2][to - 2] + 1);
                }
                best
            };
        }
    }
    rows[one.len()][two.len()]
}
