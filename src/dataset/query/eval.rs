//! A query's answer: one bit per sample.
//!
//! Each condition makes a mask over all rows, and masks are joined word by word. A condition on
//! classes becomes a table with a yes or no per label set, and text is looked for in all paths end
//! to end, so that the work per row is a few nanoseconds. It refuses to know how queries are written.

use memchr::memmem::Finder;
use rayon::prelude::*;

use super::bitmask::{BLOCK, Bitmask, pack};
use super::pattern::{Extent, Matcher, Pattern};
use super::snapshot::{Names, Snapshot};
use super::syntax::{
    AttributeTest, AttributeValue, Choice, Comparison, Node, Query, State, Test, parse_number,
};
use crate::dataset::columns::{Column, builtin};
use crate::dataset::edit::Mark;
use crate::dataset::facts::FactChunk;
use crate::dataset::{ImageFormat, IssueKind, Labels, NO_SPLIT, PixelKind, Strings};

impl Query {
    /// The samples that the query asks for; those that are gone are not among them.
    pub fn mask(&self, snapshot: &Snapshot) -> Bitmask {
        let present = snapshot.derived().present();
        match self.root() {
            None => present.clone(),
            Some(root) => {
                let mut mask = node_mask(snapshot, root);
                mask.intersect(present);
                mask
            }
        }
    }
}

fn node_mask(snapshot: &Snapshot, node: &Node) -> Bitmask {
    let joined = |nodes: &[Node], join: fn(&mut Bitmask, &Bitmask)| {
        let mut masks = nodes.iter().map(|node| node_mask(snapshot, node));
        let mut mask = masks.next().unwrap_or_else(|| Bitmask::full(snapshot.len()));
        masks.for_each(|other| join(&mut mask, &other));
        mask
    };
    match node {
        Node::And(nodes) => joined(nodes, Bitmask::intersect),
        Node::Or(nodes) => joined(nodes, Bitmask::unite),
        Node::Not(node) => {
            let mut mask = node_mask(snapshot, node);
            mask.invert();
            mask
        }
        Node::Test(test) => test_mask(snapshot, test),
    }
}

fn test_mask(snapshot: &Snapshot, test: &Test) -> Bitmask {
    match test {
        Test::Text(pattern) => text_mask(snapshot, pattern),
        Test::Path(patterns) => {
            let paths = snapshot.derived().folded_paths();
            any_of(snapshot.len(), patterns, |pattern| {
                let extent = if pattern.as_literal().is_some() { Extent::Within } else { Extent::Whole };
                strings_mask(paths, &Matcher::new(pattern, extent))
            })
        }
        Test::Label(choices) => label_mask(snapshot, choices),
        Test::Split(choices) => split_mask(snapshot, choices),
        Test::Format(formats) => {
            let mut wanted = [false; ImageFormat::ALL.len()];
            formats.iter().for_each(|format| wanted[*format as usize] = true);
            fact_mask(snapshot, |facts, row| wanted[facts.format[row] as usize])
        }
        Test::Pixels(kinds) => {
            let mut wanted = [false; PixelKind::ALL.len()];
            kinds.iter().for_each(|kind| wanted[*kind as usize] = true);
            fact_mask(snapshot, |facts, row| wanted[facts.pixel_kind[row] as usize])
        }
        Test::Issue(kinds) => {
            let wanted = kinds.iter().fold(0, |bits, kind| bits | kind.map_or(u16::MAX, IssueKind::bit));
            fact_mask(snapshot, |facts, row| facts.issues[row] & wanted != 0)
        }
        Test::Is(states) => any_of(snapshot.len(), states, |state| state_mask(snapshot, *state)),
        Test::Number { column, test } => match builtin(column) {
            Some(column) => number_mask(snapshot, &column, test),
            None => Bitmask::empty(snapshot.len()),
        },
        Test::Attribute { name, test } => attribute_mask(snapshot, name, test),
    }
}

/// The rows in any of the masks.
fn any_of<T>(rows: usize, items: &[T], mask: impl Fn(&T) -> Bitmask) -> Bitmask {
    let mut masks = items.iter().map(mask);
    let mut united = masks.next().unwrap_or_else(|| Bitmask::empty(rows));
    masks.for_each(|other| united.unite(&other));
    united
}

fn text_mask(snapshot: &Snapshot, pattern: &Pattern) -> Bitmask {
    let matcher = Matcher::new(pattern, Extent::Within);
    let mut mask = strings_mask(snapshot.derived().folded_paths(), &matcher);
    let classes = snapshot.vocabulary().classes.folded().iter();
    let wanted: Vec<bool> = classes.map(|name| matcher.is_match(name.as_bytes())).collect();
    if wanted.contains(&true) {
        mask.unite(&class_mask(snapshot, &wanted, false));
    }
    mask
}

fn label_mask(snapshot: &Snapshot, choices: &[Choice]) -> Bitmask {
    let classes = &snapshot.vocabulary().classes;
    class_mask(snapshot, &chosen(classes, choices), choices.contains(&Choice::None))
}

/// Which names the choices mean.
fn chosen(names: &Names, choices: &[Choice]) -> Vec<bool> {
    let mut wanted = vec![false; names.all().len()];
    for choice in choices {
        if let Choice::Name(pattern) = choice {
            names.matching(pattern).into_iter().for_each(|id| wanted[id] = true);
        }
    }
    wanted
}

/// The samples with one of the wanted classes, or with none.
fn class_mask(snapshot: &Snapshot, wanted: &[bool], unlabelled: bool) -> Bitmask {
    set_mask(snapshot, |set| match set {
        [] => unlabelled,
        classes => classes.iter().any(|class| wanted[*class as usize]),
    })
}

/// The samples whose set of classes is so: asked once per distinct set.
fn set_mask(snapshot: &Snapshot, test: impl Fn(&[u32]) -> bool + Sync) -> Bitmask {
    let Labels { sets, of, .. } = &snapshot.dataset.labels;
    let table: Vec<bool> = sets.par_iter().with_min_len(4096).map(|set| test(set)).collect();
    Bitmask::from_fn(of.len(), |row| table[of[row] as usize])
}

fn split_mask(snapshot: &Snapshot, choices: &[Choice]) -> Bitmask {
    let wanted = chosen(&snapshot.vocabulary().splits, choices);
    let none = choices.contains(&Choice::None);
    let splits = &snapshot.dataset.splits;
    Bitmask::from_fn(splits.len(), |row| match splits[row] {
        NO_SPLIT => none,
        split => wanted[split as usize],
    })
}

fn state_mask(snapshot: &Snapshot, state: State) -> Bitmask {
    let marked = |mark: Mark| {
        let marks = &snapshot.marks;
        Bitmask::from_fn(snapshot.len(), |row| marks[row] & mark.bit() != 0)
    };
    match state {
        State::Unlabelled => set_mask(snapshot, <[u32]>::is_empty),
        State::Labelled => set_mask(snapshot, |set| !set.is_empty()),
        State::Multilabel => set_mask(snapshot, |set| set.len() > 1),
        State::Boxed => {
            let boxes = &snapshot.dataset.boxes;
            Bitmask::from_fn(snapshot.len(), |row| !boxes.get(row as u32).is_empty())
        }
        State::Broken => {
            let kinds = IssueKind::ALL.into_iter().filter(|kind| !kind.leaves_image());
            let broken = kinds.fold(0, |bits, kind| bits | kind.bit());
            fact_mask(snapshot, |facts, row| facts.issues[row] & broken != 0)
        }
        State::Unmeasured => fact_mask(snapshot, |facts, row| !facts.measured[row]),
        State::Starred => marked(Mark::Star),
        State::Reviewed => marked(Mark::Reviewed),
    }
}

fn number_mask(snapshot: &Snapshot, column: &Column, test: &Comparison) -> Bitmask {
    let ranges = ranges(test, column.is_single_precision());
    // One range is the usual case, and compiles to straight comparisons.
    if let [(low, high)] = ranges.as_slice() {
        return column_mask(snapshot, column, |number| *low <= number && number <= *high);
    }
    column_mask(snapshot, column, |number| ranges.iter().any(|(low, high)| *low <= number && number <= *high))
}

/// The samples whose number in that column is so. An unknown number is NaN, which is never so.
fn column_mask(snapshot: &Snapshot, column: &Column, test: impl Fn(f64) -> bool + Sync) -> Bitmask {
    let rows = snapshot.len();
    Bitmask::from_blocks(rows, |first, words| {
        let mut numbers = [f64::NAN; BLOCK];
        let count = BLOCK.min(rows - first);
        column.numbers(snapshot, first, &mut numbers[..count]);
        pack(words, count, |row| test(numbers[row]));
    })
}

fn attribute_mask(snapshot: &Snapshot, name: &str, test: &AttributeTest) -> Bitmask {
    let rows = snapshot.len();
    let Some(at) = snapshot.dataset.attributes.iter().position(|attribute| attribute.name == name) else {
        return Bitmask::empty(rows);
    };
    let within = |ranges: &[(f64, f64)]| {
        let numbers = snapshot.derived().attribute_numbers(at);
        let so = |number: f64| ranges.iter().any(|(low, high)| *low <= number && number <= *high);
        Bitmask::from_fn(numbers.len(), |row| so(numbers[row]))
    };
    match test {
        AttributeTest::Compare(comparison) => within(&ranges(comparison, false)),
        AttributeTest::OneOf(values) => any_of(rows, values, |value| match value {
            AttributeValue::Span(span) => within(&ranges(&Comparison::OneOf(vec![*span]), false)),
            AttributeValue::Text(pattern) => {
                let texts = snapshot.derived().folded_attribute(at);
                let mut mask = strings_mask(texts, &Matcher::new(pattern, Extent::Whole));
                if let Some(number) = pattern.as_literal().and_then(parse_number) {
                    mask.unite(&within(&[(number, number)]));
                }
                mask
            }
        }),
    }
}

/// The ranges, both ends included, in which a comparison holds. `single` rounds what is compared
/// with to single precision, as the column's own numbers were.
fn ranges(test: &Comparison, single: bool) -> Vec<(f64, f64)> {
    const LOWEST: f64 = f64::NEG_INFINITY;
    const HIGHEST: f64 = f64::INFINITY;
    let round = |number: f64| if single { f64::from(number as f32) } else { number };
    let bounds = |quantity: super::Quantity| {
        let (low, high) = quantity.bounds();
        (round(low), round(high))
    };
    match test {
        Comparison::OneOf(spans) => {
            let low = |span: &super::syntax::Span| span.from.map_or(LOWEST, |from| bounds(from).0);
            let high = |span: &super::syntax::Span| span.to.map_or(HIGHEST, |to| bounds(to).1);
            spans.iter().map(|span| (low(span), high(span))).collect()
        }
        Comparison::NotEqual(value) => {
            let (low, high) = bounds(*value);
            vec![(LOWEST, low.next_down()), (high.next_up(), HIGHEST)]
        }
        Comparison::Less(value) => vec![(LOWEST, bounds(*value).0.next_down())],
        Comparison::AtMost(value) => vec![(LOWEST, bounds(*value).1)],
        Comparison::More(value) => vec![(bounds(*value).1.next_up(), HIGHEST)],
        Comparison::AtLeast(value) => vec![(bounds(*value).0, HIGHEST)],
    }
}

/// The rows whose facts are so.
fn fact_mask(snapshot: &Snapshot, test: impl Fn(&FactChunk, usize) -> bool + Sync) -> Bitmask {
    let (rows, chunks) = (snapshot.len(), snapshot.facts.chunks());
    Bitmask::from_blocks(rows, |first, words| {
        let chunk = &chunks[first / BLOCK];
        pack(words, BLOCK.min(rows - first), |row| test(chunk, row));
    })
}

/// The rows whose folded text fits.
fn strings_mask(strings: &Strings, matcher: &Matcher) -> Bitmask {
    if matcher.is_anything() {
        return Bitmask::full(strings.len());
    }
    if let Some(finder) = matcher.as_substring() {
        return substring_mask(strings, finder);
    }
    Bitmask::from_fn(strings.len(), |row| matcher.is_match(strings.get(row).as_bytes()))
}

/// The rows whose text has the needle in it: looked for in the texts end to end, block by block.
/// The needle is not empty.
fn substring_mask(strings: &Strings, finder: &Finder<'_>) -> Bitmask {
    // Up to 16 bytes, memchr compares vectors; beyond, it takes its general algorithm, several
    // times slower. So longer needles are found by their beginning, and very long ones, where
    // texts made for it could have us compare without end, by the general algorithm.
    const VECTOR: usize = 16;
    const LONG: usize = 256;
    let needle = finder.needle();
    let beginning = match needle.len() {
        len if len > VECTOR && len <= LONG => Some(Finder::new(&needle[..VECTOR])),
        _ => None,
    };
    let finder = beginning.as_ref().unwrap_or(finder);
    let (text, ends) = (strings.text().as_bytes(), strings.ends());
    Bitmask::from_blocks(strings.len(), |first, words| {
        let last = (first + BLOCK).min(strings.len()) - 1;
        let stop = ends[last] as usize;
        let (mut row, mut from) = (first, strings.start(first));
        while let Some(found) = finder.find(&text[from..stop]) {
            let at = from + found;
            while ends[row] as usize <= at {
                row += 1;
            }
            let end = ends[row] as usize;
            if at + needle.len() > end {
                // A find that runs over the row's end is none, and neither is a later one in it.
                from = end;
            } else if text[at..].starts_with(needle) {
                let bit = row - first;
                words[bit / 64] |= 1 << (bit % 64);
                from = end;
            } else {
                from = at + 1;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_find_across_two_rows_is_none() {
        for (texts, needle, expected) in [
            (vec!["ab", "ab"], "ba", vec![]),
            (vec!["aa", "aaa", "", "aaaa"], "aaa", vec![1, 3]),
            (vec!["", "x", ""], "x", vec![1]),
            (vec!["abab", "ab"], "ab", vec![0, 1]),
            (vec!["0123456789abcdefx", "0123456789abcdef", "y"], "0123456789abcdefy", vec![]),
            (vec!["0123456789abcdefx0123456789abcdefy", "y"], "0123456789abcdefy", vec![0]),
        ] {
            let strings: Strings = texts.iter().copied().collect();
            let mask = substring_mask(&strings, &Finder::new(needle));
            assert_eq!(mask.iter().collect::<Vec<_>>(), expected, "{texts:?} {needle}");
        }
    }
}
