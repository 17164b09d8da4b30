//! A query's answer: one bit per sample.
//!
//! A query is made ready once and then asked block by block, a few thousand rows at a time, on all
//! cores: the rows of a block are in the processor's cache for every condition, and a condition is
//! asked only of the rows that the others leave. A condition on classes becomes a table with a yes
//! or no per label set, and text is looked for in a block's paths end to end, so that the work per
//! row is a few nanoseconds. It refuses to know how queries are written.

use memchr::memmem::Finder;
use rayon::prelude::*;

use super::bitmask::{BLOCK, Bitmask, bits, pack};
use super::pattern::{Extent, Matcher, Pattern, fold};
use super::snapshot::{Names, Snapshot};
use super::syntax::{
    AttributeTest, AttributeValue, BoxTest, Choice, Comparison, Node, Query, SaidField, State, Test,
    parse_number,
};
use crate::dataset::boxes::{BoxRecord, PlacedBox};
use crate::dataset::columns::{Column, builtin};
use crate::dataset::edit::Mark;
use crate::dataset::facts::FactChunk;
use crate::dataset::{
    Flag, ImageFormat, IssueKind, LabelOrigin, Labels, NO_SPLIT, PixelKind, SampleId, Strings, Verdict,
};

impl Query {
    /// The samples that the query asks for; those that are gone are not among them.
    pub fn mask(&self, snapshot: &Snapshot) -> Bitmask {
        let present = snapshot.derived().present();
        let Some(root) = self.root() else { return present.clone() };
        let ready = Ready::node(snapshot, root);
        Bitmask::from_blocks(snapshot.len(), |first, words| {
            let within = &present.words()[first / 64..][..words.len()];
            ready.fill(first, within, words);
            intersect(words, within);
        })
    }
}

/// Words of one block.
const WORDS: usize = BLOCK / 64;

/// Sets the bits of the rows of one block for which a condition holds: the block's first row, the
/// rows that are asked for, and the words, clear at first. What it says of other rows means nothing.
type Fill<'a> = Box<dyn Fn(usize, &[u64], &mut [u64]) + Sync + 'a>;

/// A condition made ready: what does not depend on the row is worked out.
enum Ready<'a> {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Test(Fill<'a>),
}

impl<'a> Ready<'a> {
    fn node(snapshot: &'a Snapshot, node: &'a Node) -> Self {
        let all = |nodes: &[&'a Node]| nodes.iter().map(|node| Self::node(snapshot, node)).collect();
        // Texts are looked for last, in the rows that the others leave.
        let texts_last = |nodes: &'a [Node]| {
            let (last, mut first): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| reads_text(node));
            first.extend(last);
            all(&first)
        };
        match node {
            Node::And(nodes) => Self::And(texts_last(nodes)),
            Node::Or(nodes) => Self::Or(texts_last(nodes)),
            Node::Not(node) => Self::Not(Box::new(Self::node(snapshot, node))),
            Node::Test(test) => Self::test(snapshot, test),
        }
    }

    fn fill(&self, first: usize, within: &[u64], words: &mut [u64]) {
        let mut other = [0; WORDS];
        let other = &mut other[..words.len()];
        match self {
            Self::And(parts) => {
                words.copy_from_slice(within);
                for part in parts {
                    if words.iter().all(|word| *word == 0) {
                        return;
                    }
                    other.fill(0);
                    part.fill(first, words, other);
                    intersect(words, other);
                }
            }
            Self::Or(parts) => {
                let mut left = [0; WORDS];
                let left = &mut left[..words.len()];
                left.copy_from_slice(within);
                for part in parts {
                    other.fill(0);
                    part.fill(first, left, other);
                    for ((word, left), other) in words.iter_mut().zip(left.iter_mut()).zip(&*other) {
                        *word |= other;
                        *left &= !other;
                    }
                    if left.iter().all(|word| *word == 0) {
                        return;
                    }
                }
            }
            Self::Not(part) => {
                part.fill(first, within, words);
                words.iter_mut().for_each(|word| *word = !*word);
            }
            Self::Test(fill) => fill(first, within, words),
        }
    }

    fn test(snapshot: &'a Snapshot, test: &'a Test) -> Self {
        match test {
            Test::Text(pattern) => Self::text(snapshot, pattern),
            Test::Path(patterns) => {
                let paths = snapshot.derived().folded_paths();
                let one = |pattern| {
                    let literal = Pattern::as_literal(pattern).is_some();
                    let extent = if literal { Extent::Within } else { Extent::Whole };
                    Self::strings(paths, Matcher::new(pattern, extent))
                };
                Self::Or(patterns.iter().map(one).collect())
            }
            Test::Label(choices) => {
                let classes = &snapshot.vocabulary().classes;
                Self::classes(snapshot, &chosen(classes, choices), choices.contains(&Choice::None))
            }
            Test::Split(choices) => Self::splits(snapshot, choices),
            Test::Format(formats) => {
                let mut wanted = [false; ImageFormat::ALL.len()];
                formats.iter().for_each(|format| wanted[*format as usize] = true);
                Self::facts(snapshot, move |facts, row| wanted[facts.format[row] as usize])
            }
            Test::Pixels(kinds) => {
                let mut wanted = [false; PixelKind::ALL.len()];
                kinds.iter().for_each(|kind| wanted[*kind as usize] = true);
                Self::facts(snapshot, move |facts, row| wanted[facts.pixel_kind[row] as usize])
            }
            Test::Issue(kinds) => {
                let wanted = kinds.iter().fold(0, |bits, kind| bits | kind.map_or(u16::MAX, IssueKind::bit));
                Self::issues(snapshot, wanted)
            }
            Test::Flag(flags) => {
                let wanted = flags.iter().fold(0, |bits, flag| bits | flag.map_or(u16::MAX, Flag::bit));
                let flags = &snapshot.findings.flags;
                Self::rows(snapshot.len(), move |row| flags.get(row).is_some_and(|bits| bits & wanted != 0))
            }
            Test::Origin(origins) => {
                let mut wanted = [false; LabelOrigin::ALL.len()];
                origins.iter().for_each(|origin| wanted[*origin as usize] = true);
                Self::rows(snapshot.len(), move |row| {
                    snapshot.origin(row as SampleId).is_some_and(|origin| wanted[origin as usize])
                })
            }
            Test::Said(field, choices) => {
                Self::Or(choices.iter().map(|choice| Self::said(snapshot, *field, choice)).collect())
            }
            Test::Is(states) => Self::Or(states.iter().map(|state| Self::state(snapshot, *state)).collect()),
            Test::Number { column, test } => match builtin(column) {
                Some(column) => Self::number(snapshot, column, test),
                None => Self::never(),
            },
            Test::Attribute { name, test } => Self::attribute(snapshot, name, test),
            Test::Box(test) => Self::boxes(snapshot, *test),
        }
    }

    /// The samples of which a box is so. One without a place in its picture is not.
    fn boxes(snapshot: &'a Snapshot, test: BoxTest) -> Self {
        let is_so = move |placed: PlacedBox| match test {
            BoxTest::At { across, down } => {
                let [x, y] = placed.centre.map(f64::from);
                across.contains(x) && down.contains(y)
            }
            BoxTest::Size(size) => size.contains(placed.side()),
        };
        let (rows, chunks) = (snapshot.len(), snapshot.facts.chunks());
        let boxes = snapshot.boxes();
        Self::Test(Box::new(move |first, _, words| {
            let chunk = &chunks[first / BLOCK];
            pack(words, BLOCK.min(rows - first), |row| {
                let placed = |record: &BoxRecord| {
                    record.placed(chunk.width[row], chunk.height[row]).is_some_and(is_so)
                };
                boxes.get((first + row) as u32).iter().any(placed)
            });
        }))
    }

    /// A condition that is asked row by row, whichever rows are asked for.
    fn rows(rows: usize, test: impl Fn(usize) -> bool + Sync + 'a) -> Self {
        Self::Test(Box::new(move |first, _, words| {
            pack(words, BLOCK.min(rows - first), |row| test(first + row));
        }))
    }

    fn never() -> Self {
        Self::Or(Vec::new())
    }

    fn text(snapshot: &'a Snapshot, pattern: &Pattern) -> Self {
        let matcher = Matcher::new(pattern, Extent::Within);
        let classes = snapshot.vocabulary().classes.folded().iter();
        let wanted: Vec<bool> = classes.map(|name| matcher.is_match(name.as_bytes())).collect();
        let in_path = Self::strings(snapshot.derived().folded_paths(), matcher);
        if wanted.contains(&true) {
            Self::Or(vec![Self::classes(snapshot, &wanted, false), in_path])
        } else {
            in_path
        }
    }

    /// The samples with one of the wanted classes, or with none.
    fn classes(snapshot: &'a Snapshot, wanted: &[bool], unlabelled: bool) -> Self {
        Self::label_sets(snapshot, |set| match set {
            [] => unlabelled,
            classes => classes.iter().any(|class| wanted[*class as usize]),
        })
    }

    /// The samples whose set of classes is so: asked once per distinct set.
    fn label_sets(snapshot: &'a Snapshot, test: impl Fn(&[u32]) -> bool + Sync) -> Self {
        let Labels { sets, of, .. } = &**snapshot.labels();
        let table: Vec<bool> = sets.par_iter().with_min_len(4096).map(|set| test(set)).collect();
        Self::rows(of.len(), move |row| table[of[row] as usize])
    }

    /// The samples of which something is said in text.
    fn said(snapshot: &'a Snapshot, field: SaidField, choice: &'a Choice) -> Self {
        let (rows, labelling) = (snapshot.len(), &snapshot.labelling);
        let pattern = match choice {
            Choice::None => None,
            Choice::Name(pattern) => Some(pattern),
        };
        if field == SaidField::Given {
            let given = &snapshot.dataset.labels;
            let wanted = match pattern {
                Some(pattern) => {
                    let names = Names::new(given.classes.clone());
                    names.matching(pattern).into_iter().map(|class| class as u32).collect()
                }
                None => Vec::new(),
            };
            return Self::rows(rows, move |row| match given.get(row as SampleId) {
                [] => pattern.is_none(),
                classes => classes.iter().any(|class| wanted.contains(class)),
            });
        }
        let extent = match field {
            SaidField::Note if pattern.is_some_and(|pattern| pattern.as_literal().is_some()) => {
                Extent::Within
            }
            _ => Extent::Whole,
        };
        let matcher = pattern.map(|pattern| Matcher::new(pattern, extent));
        Self::rows(rows, move |row| {
            let row = row as SampleId;
            let fits = |text: &str| match &matcher {
                Some(matcher) => !text.is_empty() && matcher.is_match(fold(text).as_bytes()),
                None => text.is_empty(),
            };
            match (field, matcher.is_some()) {
                (SaidField::Note, _) => fits(labelling.note(row)),
                (SaidField::By, true) => labelling.people(row).any(fits),
                (SaidField::By, false) => labelling.people(row).next().is_none(),
                (_, true) => labelling.tags(row).any(fits),
                (_, false) => labelling.tags(row).next().is_none(),
            }
        })
    }

    fn splits(snapshot: &'a Snapshot, choices: &[Choice]) -> Self {
        let wanted = chosen(&snapshot.vocabulary().splits, choices);
        let none = choices.contains(&Choice::None);
        let splits = &snapshot.dataset.splits;
        Self::rows(splits.len(), move |row| match splits[row] {
            NO_SPLIT => none,
            split => wanted[split as usize],
        })
    }

    fn state(snapshot: &'a Snapshot, state: State) -> Self {
        let marked = |mark: Mark| {
            let marks = &snapshot.marks;
            Self::rows(snapshot.len(), move |row| marks[row] & mark.bit() != 0)
        };
        let decided = |verdict: Verdict| {
            let decisions = &snapshot.decisions;
            Self::rows(snapshot.len(), move |row| {
                decisions.get(row).is_some_and(|one| one.verdict == verdict)
            })
        };
        match state {
            State::Unlabelled => Self::label_sets(snapshot, <[u32]>::is_empty),
            State::Labelled => Self::label_sets(snapshot, |set| !set.is_empty()),
            State::Multilabel => Self::label_sets(snapshot, |set| set.len() > 1),
            State::Boxed => {
                let boxes = &**snapshot.boxes();
                Self::rows(snapshot.len(), move |row| !boxes.get(row as u32).is_empty())
            }
            State::Broken => {
                let kinds = IssueKind::ALL.into_iter().filter(|kind| !kind.leaves_image());
                let broken = kinds.fold(0, |bits, kind| bits | kind.bit());
                Self::issues(snapshot, broken)
            }
            State::Unmeasured => Self::facts(snapshot, |facts, row| !facts.measured[row]),
            State::Starred => marked(Mark::Star),
            State::Reviewed => marked(Mark::Reviewed),
            State::Kept => decided(Verdict::Keep),
            State::Pruned => decided(Verdict::Prune),
            State::Unsure => marked(Mark::Unsure),
            State::Answered => {
                let labelling = &snapshot.labelling;
                Self::rows(snapshot.len(), move |row| labelling.answer(row as SampleId).is_some())
            }
            State::Relabelled => {
                Self::rows(snapshot.len(), move |row| snapshot.is_relabelled(row as SampleId))
            }
        }
    }

    fn number(snapshot: &'a Snapshot, column: Column, test: &Comparison) -> Self {
        let ranges = ranges(test, column.is_single_precision());
        // One range is the usual case, and compiles to straight comparisons.
        if let [(low, high)] = ranges[..] {
            return Self::column(snapshot, column, move |number| low <= number && number <= high);
        }
        let so = move |number: f64| ranges.iter().any(|(low, high)| *low <= number && number <= *high);
        Self::column(snapshot, column, so)
    }

    /// The samples whose number in that column is so. An unknown number is NaN, which is never so.
    fn column(snapshot: &'a Snapshot, column: Column, test: impl Fn(f64) -> bool + Sync + 'a) -> Self {
        let rows = snapshot.len();
        Self::Test(Box::new(move |first, _, words| {
            let mut numbers = [f64::NAN; BLOCK];
            let count = BLOCK.min(rows - first);
            column.numbers(snapshot, first, &mut numbers[..count]);
            pack(words, count, |row| test(numbers[row]));
        }))
    }

    /// The rows whose facts are so.
    fn facts(snapshot: &'a Snapshot, test: impl Fn(&FactChunk, usize) -> bool + Sync + 'a) -> Self {
        let (rows, chunks) = (snapshot.len(), snapshot.facts.chunks());
        Self::Test(Box::new(move |first, _, words| {
            let chunk = &chunks[first / BLOCK];
            pack(words, BLOCK.min(rows - first), |row| test(chunk, row));
        }))
    }

    /// The rows that have one of these issues.
    fn issues(snapshot: &'a Snapshot, wanted: u16) -> Self {
        let (rows, chunks) = (snapshot.len(), snapshot.facts.chunks());
        let listed = snapshot.listed_issues();
        Self::Test(Box::new(move |first, _, words| {
            let (chunk, listed) = (&chunks[first / BLOCK], &listed[first..]);
            let rows = BLOCK.min(rows - first);
            pack(words, rows, |row| (chunk.issues[row] | listed[row]) & wanted != 0);
        }))
    }

    fn attribute(snapshot: &'a Snapshot, name: &str, test: &'a AttributeTest) -> Self {
        let mut attributes = snapshot.dataset.attributes.iter();
        let Some(at) = attributes.position(|attribute| attribute.name == name) else {
            return Self::never();
        };
        let numbers_in = |ranges: Vec<(f64, f64)>| {
            let numbers = snapshot.derived().attribute_numbers(at);
            let so = move |number: f64| ranges.iter().any(|(low, high)| *low <= number && number <= *high);
            Self::rows(numbers.len(), move |row| so(numbers[row]))
        };
        match test {
            AttributeTest::Compare(comparison) => numbers_in(ranges(comparison, false)),
            AttributeTest::OneOf(values) => {
                let mut parts = Vec::new();
                for value in values {
                    match value {
                        AttributeValue::Span(span) => {
                            parts.push(numbers_in(ranges(&Comparison::OneOf(vec![*span]), false)));
                        }
                        AttributeValue::Text(pattern) => {
                            if let Some(number) = pattern.as_literal().and_then(parse_number) {
                                parts.push(numbers_in(vec![(number, number)]));
                            }
                            let texts = snapshot.derived().folded_attribute(at);
                            parts.push(Self::strings(texts, Matcher::new(pattern, Extent::Whole)));
                        }
                    }
                }
                Self::Or(parts)
            }
        }
    }

    /// The rows whose folded text fits.
    fn strings(strings: &'a Strings, matcher: Matcher) -> Self {
        Self::Test(Box::new(move |first, within, words| {
            if matcher.is_anything() {
                words.fill(u64::MAX);
                return;
            }
            let count: u32 = within.iter().map(|word| word.count_ones()).sum();
            let rows = BLOCK.min(strings.len() - first);
            match matcher.as_substring() {
                // Texts end to end are read faster than row by row, unless few rows are asked for.
                Some(finder) if count as usize > rows / 8 => find_in_block(strings, finder, first, words),
                _ => {
                    for ((at, word), asked) in words.iter_mut().enumerate().zip(within) {
                        for bit in bits(*asked) {
                            let text = strings.get(first + at * 64 + bit as usize);
                            *word |= u64::from(matcher.is_match(text.as_bytes())) << bit;
                        }
                    }
                }
            }
        }))
    }
}

/// Keeps the bits that are in both.
fn intersect(words: &mut [u64], others: &[u64]) {
    words.iter_mut().zip(others).for_each(|(word, other)| *word &= other);
}

/// Whether answering takes a look at texts.
fn reads_text(node: &Node) -> bool {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().any(reads_text),
        Node::Not(node) => reads_text(node),
        Node::Test(test) => matches!(test, Test::Text(_) | Test::Path(_) | Test::Attribute { .. }),
    }
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

/// The ranges, both ends included, in which a comparison holds. `single` rounds what is compared
/// with to single precision, as the column's own numbers were.
pub(super) fn ranges(test: &Comparison, single: bool) -> Vec<(f64, f64)> {
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
