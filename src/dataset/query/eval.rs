//! A query's answer: one bit per sample.
//!
//! Each condition makes a mask over all rows, and masks are joined word by word. A condition on
//! classes becomes a table with a yes or no per label set, and text is looked for in all paths end
//! to end, so that the work per row is a few nanoseconds. It refuses to know how queries are written.

use memchr::memmem::Finder;
use rayon::prelude::*;

use super::bitmask::{BLOCK, Bitmask, bits, pack};
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
        let mut mask = match self.root() {
            None => return present.clone(),
            Some(root) => node_mask(snapshot, root, present),
        };
        mask.intersect(present);
        mask
    }
}

/// The rows for which the condition holds, as far as they are in `within`: what the mask says of
/// other rows means nothing.
fn node_mask(snapshot: &Snapshot, node: &Node, within: &Bitmask) -> Bitmask {
    match node {
        Node::And(nodes) => {
            // Texts are looked for last, in the rows that the others leave.
            let (last, first): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| reads_text(node));
            let mut mask = within.clone();
            for node in first.into_iter().chain(last) {
                let other = node_mask(snapshot, node, &mask);
                mask.intersect(&other);
            }
            mask
        }
        Node::Or(nodes) => any_of(snapshot.len(), nodes, |node| node_mask(snapshot, node, within)),
        Node::Not(node) => {
            let mut mask = node_mask(snapshot, node, within);
            mask.invert();
            mask
        }
        Node::Test(test) => test_mask(snapshot, test, within),
    }
}

/// Whether answering takes a look at texts.
fn reads_text(node: &Node) -> bool {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().any(reads_text),
        Node::Not(node) => reads_text(node),
        Node::Test(test) => matches!(test, Test::Text(_) | Test::Path(_) | Test::Attribute { .. }),
    }
}

fn test_mask(snapshot: &Snapshot, test: &Test, within: &Bitmask) -> Bitmask {
    match test {
        Test::Text(pattern) => text_mask(snapshot, pattern, within),
        Test::Path(patterns) => {
            let paths = snapshot.derived().folded_paths();
            any_of(snapshot.len(), patterns, |pattern| {
                let extent = if pattern.as_literal().is_some() { Extent::Within } else { Extent::Whole };
                strings_mask(paths, &Matcher::new(pattern, extent), within)
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
        Test::Attribute { name, test } => attribute_mask(snapshot, name, test, within),
    }
}

/// The rows in any of the masks.
fn any_of<T>(rows: usize, items: &[T], mask: impl Fn(&T) -> Bitmask) -> Bitmask {
    let mut masks = items.iter().map(mask);
    let mut united = masks.next().unwrap_or_else(|| Bitmask::empty(rows));
    masks.for_each(|other| united.unite(&other));
    united
}

fn text_mask(snapshot: &Snapshot, pattern: &Pattern, within: &Bitmask) -> Bitmask {
    let matcher = Matcher::new(pattern, Extent::Within);
    let mut mask = strings_mask(snapshot.derived().folded_paths(), &matcher, within);
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

fn attribute_mask(snapshot: &Snapshot, name: &str, test: &AttributeTest, within: &Bitmask) -> Bitmask {
    let rows = snapshot.len();
    let Some(at) = snapshot.dataset.attributes.iter().position(|attribute| attribute.name == name) else {
        return Bitmask::empty(rows);
    };
    let numbers_in = |ranges: &[(f64, f64)]| {
        let numbers = snapshot.derived().attribute_numbers(at);
        let so = |number: f64| ranges.iter().any(|(low, high)| *low <= number && number <= *high);
        Bitmask::from_fn(numbers.len(), |row| so(numbers[row]))
    };
    match test {
        AttributeTest::Compare(comparison) => numbers_in(&ranges(comparison, false)),
        AttributeTest::OneOf(values) => any_of(rows, values, |value| match value {
            AttributeValue::Span(span) => numbers_in(&ranges(&Comparison::OneOf(vec![*span]), false)),
            AttributeValue::Text(pattern) => {
                let texts = snapshot.derived().folded_attribute(at);
                let mut mask = strings_mask(texts, &Matcher::new(pattern, Extent::Whole), within);
                if let Some(number) = pattern.as_literal().and_then(parse_number) {
                    mask.unite(&numbers_in(&[(number, number)]));
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

/// The rows of `within`, and maybe others, whose folded text fits.
fn strings_mask(strings: &Strings, matcher: &Matcher, within: &Bitmask) -> Bitmask {
    if matcher.is_anything() {
        return Bitmask::full(strings.len());
    }
    Bitmask::from_blocks(strings.len(), |first, words| {
        let asked = &within.words()[first / 64..][..words.len()];
        let count: u32 = asked.iter().map(|word| word.count_ones()).sum();
        let rows = BLOCK.min(strings.len() - first);
        match matcher.as_substring() {
            // Texts end to end are read faster than row by row, unless few rows are asked for.
            Some(finder) if count as usize > rows / 8 => find_in_block(strings, finder, first, words),
            _ => {
                for ((at, word), asked) in words.iter_mut().enumerate().zip(asked) {
                    for bit in bits(*asked) {
                        let text = strings.get(first + at * 64 + bit as usize);
                        *word |= u64::from(matcher.is_match(text.as_bytes())) << bit;
                    }
                }
            }
        }
    })
}

/// Sets the bits of the rows of one block whose text has the needle, which is not empty: looked
/// for in their texts end to end.
fn find_in_block(strings: &Strings, finder: &Finder<'_>, first: usize, words: &mut [u64]) {
    let (text, ends) = (strings.text().as_bytes(), strings.ends());
    let (needle, last) = (finder.needle(), (first + BLOCK).min(strings.len()) - 1);
    let stop = ends[last] as usize;
    let mut set = |row: usize| words[(row - first) / 64] |= 1 << ((row - first) % 64);
    let (mut row, mut from) = (first, strings.start(first));
    while let Some(found) = finder.find(&text[from..stop]) {
        let at = from + found;
        while ends[row] as usize <= at {
            row += 1;
        }
        let offset = at - strings.start(row);
        from = ends[row] as usize;
        // A find that runs over the row's end is none, and neither is a later one in this row.
        if at + needle.len() > from {
            continue;
        }
        set(row);
        // Paths of one folder look alike: the rows after it may have it at the same place.
        while row < last {
            let (next, end) = (from + offset, ends[row + 1] as usize);
            if next + needle.len() > end || !text[next..].starts_with(needle) {
                break;
            }
            row += 1;
            set(row);
            from = end;
        }
    }
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
            (vec!["xab", "yab", "", "za", "bzab", "zaab", "ab"], "ab", vec![0, 1, 4, 5, 6]),
            (vec!["0123456789abcdefx", "0123456789abcdef", "y"], "0123456789abcdefy", vec![]),
            (vec!["0123456789abcdefx0123456789abcdefy", "y"], "0123456789abcdefy", vec![0]),
        ] {
            let strings: Strings = texts.iter().copied().collect();
            let mut mask = [0];
            find_in_block(&strings, &Finder::new(needle), 0, &mut mask);
            assert_eq!(bits(mask[0]).collect::<Vec<_>>(), expected, "{texts:?} {needle}");
        }
    }
}
