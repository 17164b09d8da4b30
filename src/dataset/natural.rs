//! Natural order of texts: `img2` before `img10`, `b` next to `B`, folder by folder.
//!
//! Runs of digits compare by their value, however long; `/` comes before every other character, so
//! that a folder's files stay together; letters compare by their lowercase. Texts that this leaves
//! equal (`a1` and `A01`) go by their bytes, so that only equal texts are equal: it is a total
//! order. It refuses to know locales, and what the texts mean.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::SampleId;
use crate::text::plain_sigma;

/// Rows that are sorted, and where each row comes in them.
#[derive(Debug)]
pub struct NaturalOrder {
    /// The rows, first to last.
    pub rows: Vec<SampleId>,
    /// The place of each row in `rows`.
    pub ranks: Vec<u32>,
    /// Whether the rows came in order: `rows` counts up from 0.
    pub is_identity: bool,
}

impl NaturalOrder {
    /// The natural order of `count` texts.
    pub fn of<'a>(count: usize, text: impl Fn(usize) -> &'a str + Sync) -> Self {
        let rows = sorted(count, text);
        let is_identity = rows.iter().enumerate().all(|(at, row)| at == *row as usize);
        let mut ranks = vec![0; count];
        for (rank, row) in rows.iter().enumerate() {
            ranks[*row as usize] = rank as u32;
        }
        Self { rows, ranks, is_identity }
    }
}

/// The place of each text in natural order; equal texts share theirs.
pub fn ranks<'a>(count: usize, text: impl Fn(usize) -> &'a str + Sync) -> Vec<u32> {
    let order = sorted(count, &text);
    let mut ranks = vec![0; count];
    let mut rank = 0;
    for pair in order.windows(2) {
        rank += u32::from(text(pair[0] as usize) != text(pair[1] as usize));
        ranks[pair[1] as usize] = rank;
    }
    ranks
}

/// Rows `0..count` in the natural order of their texts; equal texts in row order.
pub fn sorted<'a>(count: usize, text: impl Fn(usize) -> &'a str + Sync) -> Vec<SampleId> {
    let text = &text;
    let rows = 0..count as SampleId;
    let in_order = |row: usize| compare(text(row - 1), text(row)).is_le();
    if (1..count).into_par_iter().with_min_len(1024).all(in_order) {
        return rows.collect();
    }
    let keys = Keys::new(count, text);
    let mut items: Vec<Item> = rows.map(|row| Item { prefix: 0, row }).collect();
    let ties = |one: u32, two: u32| text(one as usize).cmp(text(two as usize)).then(one.cmp(&two));
    keys.sort(&mut items, 0, 0, &ties);
    items.into_iter().map(|item| item.row).collect()
}

/// Which of two texts comes first in natural order.
pub fn compare(one: &str, two: &str) -> Ordering {
    // What both start with says nothing, but a number and a character have to be whole.
    let same = one.bytes().zip(two.bytes()).take_while(|(one, two)| one == two).count();
    let mut start = (0..=same).rev().find(|at| one.is_char_boundary(*at)).unwrap_or(0);
    start -= one.as_bytes()[..start].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (mut left, mut right) = (Symbols::new(&one[start..]), Symbols::new(&two[start..]));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return one.cmp(two),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) if left == right => {}
            (Some(left), Some(right)) => return left.cmp(&right),
        }
    }
}

/// What natural order compares one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol<'a> {
    /// The end of a folder's name, before everything else.
    Slash,
    /// A run of digits without its leading zeros.
    Number(&'a str),
    Char(char),
}

impl Ord for Symbol<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(two)) => one.len().cmp(&two.len()).then(one.cmp(two)),
            _ => self.class().cmp(&other.class()),
        }
    }
}

impl PartialOrd for Symbol<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Symbol<'_> {
    fn class(&self) -> u32 {
        match self {
            Self::Slash => 0,
            Self::Number(_) => '0' as u32 + 1,
            Self::Char(one) => *one as u32 + 1,
        }
    }
}

/// The symbols of a text.
struct Symbols<'a> {
    text: &'a str,
    /// The rest of a character that folds to several.
    folding: Option<std::char::ToLowercase>,
}

impl<'a> Symbols<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, folding: None }
    }
}

impl<'a> Iterator for Symbols<'a> {
    type Item = Symbol<'a>;

    fn next(&mut self) -> Option<Symbol<'a>> {
        if let Some(folding) = &mut self.folding {
            match folding.next() {
                Some(one) => return Some(Symbol::Char(plain_sigma(one))),
                None => self.folding = None,
            }
        }
        let first = self.text.chars().next()?;
        if first.is_ascii_digit() {
            let run = self.text.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = self.text.split_at(run);
            self.text = rest;
            return Some(Symbol::Number(digits.trim_start_matches('0')));
        }
        self.text = &self.text[first.len_utf8()..];
        match first {
            '/' => Some(Symbol::Slash),
            first if first.is_ascii() => Some(Symbol::Char(first.to_ascii_lowercase())),
            first => {
                let folding = self.folding.insert(first.to_lowercase());
                folding.next().map(|one| Symbol::Char(plain_sigma(one)))
            }
        }
    }
}

/// A row and eight bytes of its key.
#[derive(Clone, Copy, Debug)]
struct Item {
    prefix: u64,
    row: SampleId,
}

/// Texts written so that their bytes compare as natural order does. No byte is 0, so that a key
/// can be filled up with zeros.
struct Keys {
    parts: Vec<(Vec<u8>, Vec<usize>)>,
}

impl Keys {
    /// Rows per part: parts are made side by side.
    const ROWS: usize = 16_384;
    /// Fewer rows than this are sorted by comparing whole keys.
    const FEW: usize = 24;
    /// So many splits deep, comparing whole keys takes over: the stack stays small on any input.
    const DEPTH: usize = 48;

    fn new<'a>(count: usize, text: &(impl Fn(usize) -> &'a str + Sync)) -> Self {
        let part = |part: usize| {
            let rows = part * Self::ROWS..count.min((part + 1) * Self::ROWS);
            let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(rows.len()));
            for row in rows {
                push_key(text(row), &mut bytes);
                ends.push(bytes.len());
            }
            (bytes, ends)
        };
        Self { parts: (0..count.div_ceil(Self::ROWS)).into_par_iter().map(part).collect() }
    }

    /// A row's key from byte `skip` on.
    fn get(&self, row: SampleId, skip: usize) -> &[u8] {
        let (bytes, ends) = &self.parts[row as usize / Self::ROWS];
        let at = row as usize % Self::ROWS;
        let start = if at == 0 { 0 } else { ends[at - 1] };
        bytes[start..ends[at]].get(skip..).unwrap_or(&[])
    }

    /// Sorts rows whose keys are equal up to byte `skip`: by the next eight bytes, then each group
    /// that these leave equal by the eight after them, and so on. Eight bytes at a time are sorted
    /// as numbers, without a look at the keys.
    fn sort(
        &self,
        items: &mut [Item],
        mut skip: usize,
        depth: usize,
        ties: &(impl Fn(u32, u32) -> Ordering + Sync),
    ) {
        loop {
            if items.len() < Self::FEW || depth >= Self::DEPTH {
                let key = |item: &Item| self.get(item.row, skip);
                items
                    .sort_unstable_by(|one, two| key(one).cmp(key(two)).then_with(|| ties(one.row, two.row)));
                return;
            }
            let load = |item: &mut Item| item.prefix = prefix(self.get(item.row, skip));
            items.par_iter_mut().with_min_len(2048).for_each(load);
            let first = items[0].prefix;
            if items.iter().any(|item| item.prefix != first) {
                break;
            }
            // Keys that hold no byte 0 and end here are the same key.
            if first == 0 {
                items.sort_unstable_by(|one, two| ties(one.row, two.row));
                return;
            }
            skip += 8;
        }
        items.par_sort_unstable_by_key(|item| item.prefix);
        let groups: Vec<&mut [Item]> = items.chunk_by_mut(|one, two| one.prefix == two.prefix).collect();
        let groups = groups.into_par_iter().with_min_len(64).filter(|group| group.len() > 1);
        groups.for_each(|group| self.sort(group, skip + 8, depth + 1, ties));
    }
}

/// The first eight bytes as a number that compares as they do.
fn prefix(key: &[u8]) -> u64 {
    match key.first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes[..key.len()].copy_from_slice(key);
            u64::from_be_bytes(bytes)
        }
    }
}

/// Appends a text's key. Bytes of text are raised by two (UTF-8 has none above 0xF4), which leaves
/// 1 to the slash; a number is the byte of a zero, its length and its digits.
fn push_key(mut text: &str, key: &mut Vec<u8>) {
    // Nearly all of nearly all paths is plain characters.
    let plain = |byte: &u8| byte.is_ascii() && !byte.is_ascii_digit() && *byte != b'/';
    loop {
        let count = text.bytes().take_while(|byte| plain(byte)).count();
        key.extend(text[..count].bytes().map(|byte| byte.to_ascii_lowercase() + 2));
        text = &text[count..];
        let Some(next) = text.bytes().position(|byte| plain(&byte)) else { break };
        push_symbols(&text[..next], key);
        text = &text[next..];
    }
    push_symbols(text, key);
}

fn push_symbols(text: &str, key: &mut Vec<u8>) {
    for symbol in Symbols::new(text) {
        match symbol {
            Symbol::Slash => key.push(1),
            Symbol::Number(digits) => {
                key.push(b'0' + 2);
                let mut len = digits.len();
                while len >= 250 {
                    key.push(255);
                    len -= 250;
                }
                key.push(len as u8 + 1);
                key.extend_from_slice(digits.as_bytes());
            }
            Symbol::Char(one) => {
                let mut bytes = [0; 4];
                key.extend(one.encode_utf8(&mut bytes).bytes().map(|byte| byte + 2));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn natural_order_reads_numbers_and_folders() {
        let sorted = [
            "", "1.png", "02.png", "2.png", "10.png", "a", "A/9", "a/10", "a-b/1", "a.png", "b1/x2",
            "b1/X10", "B02/x", "é", "Ж",
        ];
        for (at, one) in sorted.iter().enumerate() {
            for (other_at, other) in sorted.iter().enumerate() {
                assert_eq!(compare(one, other), at.cmp(&other_at), "{one} {other}");
            }
        }
    }

    #[test]
    fn many_equal_beginnings_and_repeats_are_sorted() {
        let texts: Vec<String> = (0..3000u32)
            .map(|row| format!("some/long/common/folder/{}/img{}.png", row % 7, row * 7919 % 1000))
            .collect();
        let order = sorted(texts.len(), |row| &texts[row]);
        let mut expected: Vec<u32> = (0..3000).collect();
        expected.sort_by(|one, two| compare(&texts[*one as usize], &texts[*two as usize]).then(one.cmp(two)));
        assert_eq!(order, expected);
        let ranks = ranks(texts.len(), |row| &texts[row]);
        assert_eq!(ranks[order[0] as usize], 0);
        for pair in order.windows(2) {
            let (one, two) = (pair[0] as usize, pair[1] as usize);
            assert_eq!(ranks[one] == ranks[two], texts[one] == texts[two]);
        }
    }

    #[test]
    fn names_stand_as_a_person_would_put_them() {
        for ordered in [
            &["img1", "img2", "img010", "img10", "img11"][..],
            &["", "0", "00", "1", "9", "10", "a"],
            &["a", "a/b", "a b/c", "a1", "a1/b", "aa"],
            &["A", "a", "B", "b"],
            &["x99999999999999999999999998.png", "x99999999999999999999999999.png"],
            &["Äb", "äc", "Äd"],
            &["f1/2.png", "f1/10.png", "f2/1.png"],
            &["1.5", "1.10", "1.a"],
        ] {
            for pair in ordered.windows(2) {
                assert_eq!(rough(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            }
        }
    }

    /// `compare`, after checking that it is antisymmetric.
    fn rough(a: &str, b: &str) -> Ordering {
        assert_eq!(compare(a, b), compare(b, a).reverse(), "{a:?} {b:?}");
        compare(a, b)
    }

    proptest! {
        #[test]
        fn the_order_is_total(mut names in prop::collection::vec("[aAbB0-2/ .éÉßİ]{0,6}", 3)) {
            names.sort_by(|a, b| compare(a, b));
            prop_assert_ne!(rough(&names[0], &names[1]), Ordering::Greater);
            prop_assert_ne!(rough(&names[1], &names[2]), Ordering::Greater);
            prop_assert_ne!(rough(&names[0], &names[2]), Ordering::Greater);
            prop_assert_eq!(compare(&names[0], &names[1]) == Ordering::Equal, names[0] == names[1]);
        }

        #[test]
        fn numbers_compare_by_value(a in 0u64.., b in 0u64.., zeros in 0usize..3) {
            let (left, right) = (format!("n{}{a}.", "0".repeat(zeros)), format!("n{b}."));
            if a != b {
                prop_assert_eq!(compare(&left, &right), a.cmp(&b));
            }
        }

        #[test]
        fn keys_compare_as_texts_do(one in "[ab/\u{0}.0-2éÉßİ-]{0,12}", two in "[ab/\u{0}.0-2éÉßİ-]{0,12}") {
            let key = |text: &str| { let mut key = Vec::new(); push_key(text, &mut key); key };
            let by_key = key(&one).cmp(&key(&two)).then(one.cmp(&two));
            prop_assert_eq!(compare(&one, &two), by_key);
        }

        #[test]
        fn the_bulk_sort_sorts(texts in prop::collection::vec("[aB0-9/]{0,20}", 0..200)) {
            let order = sorted(texts.len(), |row| &texts[row]);
            let mut expected: Vec<u32> = (0..texts.len() as u32).collect();
            expected.sort_by(|one, two| compare(&texts[*one as usize], &texts[*two as usize]).then(one.cmp(two)));
            prop_assert_eq!(order, expected);
        }
    }
}
