//! A query written down: the normal form, which reads back as an equal query.
//!
//! It refuses to know the dataset.

use std::fmt::{self, Display, Formatter};

use super::lex::keyword;
use super::pattern::Pattern;
use super::syntax::{
    ATTRIBUTE, AttributeTest, AttributeValue, BOX_AT, BOX_SIZE, BoxTest, Choice, Comparison, Node, Part,
    Quantity, Query, Span, Test,
};

impl Display for Query {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.root().map_or(Ok(()), |root| root.fmt(out))
    }
}

impl Display for Node {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(nodes) => separated(out, " or ", nodes),
            Self::And(nodes) => {
                for (at, node) in nodes.iter().enumerate() {
                    let space = if at == 0 { "" } else { " " };
                    match node {
                        Self::Or(_) => write!(out, "{space}({node})")?,
                        _ => write!(out, "{space}{node}")?,
                    }
                }
                Ok(())
            }
            Self::Not(node) => match **node {
                Self::And(_) | Self::Or(_) => write!(out, "-({node})"),
                Self::Not(_) | Self::Test(_) => write!(out, "-{node}"),
            },
            Self::Test(test) => test.fmt(out),
        }
    }
}

impl Display for Test {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(pattern) => pattern.fmt(out),
            Self::Path(patterns) => field(out, "path", patterns),
            Self::Label(choices) => field(out, "label", choices),
            Self::Split(choices) => field(out, "split", choices),
            Self::Format(formats) => field(out, "format", formats.iter().map(|one| one.name())),
            Self::Pixels(kinds) => field(out, "pixels", kinds.iter().map(|one| one.name())),
            Self::Issue(kinds) => {
                field(out, "issue", kinds.iter().map(|kind| kind.map_or("any", |kind| kind.name())))
            }
            Self::Flag(flags) => {
                field(out, "flag", flags.iter().map(|flag| flag.map_or("any", |flag| flag.name())))
            }
            Self::Origin(origins) => field(out, "origin", origins.iter().map(|origin| origin.name())),
            Self::Said(said, choices) => field(out, said.name(), choices),
            Self::Is(states) => field(out, "is", states.iter().map(|state| state.name())),
            Self::Number { column, test } => write!(out, "{column}{test}"),
            Self::Attribute { name, test } => {
                write!(out, "{ATTRIBUTE}{}", Quoted(name))?;
                match test {
                    AttributeTest::OneOf(values) => {
                        out.write_str(":")?;
                        separated(out, ",", values)
                    }
                    AttributeTest::Compare(test) => test.fmt(out),
                }
            }
            Self::Box(BoxTest::At { across, down }) => field(out, BOX_AT, [across, down]),
            Self::Box(BoxTest::Size(size)) => field(out, BOX_SIZE, [size]),
        }
    }
}

impl Display for Part {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}..{}", self.from, self.to)
    }
}

impl Display for Choice {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => out.write_str("none"),
            Self::Name(pattern) => pattern.fmt(out),
        }
    }
}

impl Display for AttributeValue {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(pattern) => pattern.fmt(out),
            Self::Span(span) => span.fmt(out),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(spans) => {
                out.write_str(":")?;
                separated(out, ",", spans)
            }
            Self::NotEqual(quantity) => write!(out, "!={quantity}"),
            Self::Less(quantity) => write!(out, "<{quantity}"),
            Self::AtMost(quantity) => write!(out, "<={quantity}"),
            Self::More(quantity) => write!(out, ">{quantity}"),
            Self::AtLeast(quantity) => write!(out, ">={quantity}"),
        }
    }
}

impl Display for Span {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from == to => from.fmt(out),
            (from, to) => {
                from.map_or(Ok(()), |from| from.fmt(out))?;
                out.write_str("..")?;
                to.map_or(Ok(()), |to| to.fmt(out))
            }
        }
    }
}

impl Display for Quantity {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(out),
            Self::Date(date) => date.fmt(out),
        }
    }
}

impl Display for Pattern {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let pieces = self.pieces();
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 {
                out.write_str("*")?;
            }
            // Beside a star, nothing is nothing; alone it has to be seen.
            if !piece.is_empty() || pieces.len() == 1 {
                Quoted(piece).fmt(out)?;
            }
        }
        Ok(())
    }
}

/// Text that reads back as just this text, in quotes where it needs them.
pub(super) struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let special = |one: char| one.is_whitespace() || one.is_control() || "\"\\()*,:=<>!".contains(one);
        let word = ["none", "any"].iter().any(|word| word.eq_ignore_ascii_case(text));
        let bare = !(text.is_empty()
            || text.starts_with('-')
            || text.contains("..")
            || text.contains(special)
            || word
            || keyword(text).is_some());
        if bare {
            return out.write_str(text);
        }
        out.write_str("\"")?;
        for one in text.chars() {
            if matches!(one, '"' | '\\') {
                out.write_str("\\")?;
            }
            write!(out, "{one}")?;
        }
        out.write_str("\"")
    }
}

fn field(out: &mut Formatter<'_>, name: &str, values: impl IntoIterator<Item = impl Display>) -> fmt::Result {
    write!(out, "{name}:")?;
    separated(out, ",", values)
}

fn separated(
    out: &mut Formatter<'_>,
    separator: &str,
    values: impl IntoIterator<Item = impl Display>,
) -> fmt::Result {
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            out.write_str(separator)?;
        }
        value.fmt(out)?;
    }
    Ok(())
}
