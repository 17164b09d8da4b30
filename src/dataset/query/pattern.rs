//! Text as queries compare it: folded to lower case, with `*` for any run of characters.
//!
//! It refuses to know where the text comes from.

use memchr::memmem::Finder;

use crate::text::plain_sigma;

/// Text with gaps: the pieces between the stars. One piece is text without a star.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// At least one; only the first and the last can be empty when there are several.
    pieces: Vec<String>,
}

impl Pattern {
    /// That text, stars and all.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { pieces: vec![text.into()] }
    }

    /// The pieces that stars stood between; stars next to each other are one.
    pub fn from_pieces(pieces: impl IntoIterator<Item = String>) -> Self {
        let mut pieces: Vec<String> = pieces.into_iter().collect();
        if pieces.is_empty() {
            return Self::literal("");
        }
        let last = pieces.len() - 1;
        let mut at = 0;
        pieces.retain(|piece| {
            let inner = at != 0 && at != last;
            at += 1;
            !(inner && piece.is_empty())
        });
        Self { pieces }
    }

    /// The pieces between the stars, as written.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// The whole text when there is no star.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [text] => Some(text),
            _ => None,
        }
    }
}

/// How much of a text a pattern has to cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Any part of it.
    Within,
}

/// A pattern made ready to be asked many times, about folded text.
#[derive(Debug)]
pub struct Matcher {
    extent: Extent,
    finders: Vec<Finder<'static>>,
}

impl Matcher {
    pub fn new(pattern: &Pattern, extent: Extent) -> Self {
        let finder = |piece: &String| Finder::new(fold(piece).as_bytes()).into_owned();
        Self { extent, finders: pattern.pieces.iter().map(finder).collect() }
    }

    /// The single piece to look for anywhere, when that is all this pattern asks.
    pub fn as_substring(&self) -> Option<&Finder<'static>> {
        let mut needed = self.finders.iter().filter(|finder| !finder.needle().is_empty());
        let only = needed.next()?;
        let open = match self.extent {
            Extent::Within => true,
            Extent::Whole => self.finders.len() == 3,
        };
        // Three pieces of which only one is not empty are `*piece*`.
        (needed.next().is_none() && open).then_some(only)
    }

    /// Whether the pattern asks nothing of the text.
    pub fn is_anything(&self) -> bool {
        let blank = self.finders.iter().all(|finder| finder.needle().is_empty());
        blank && (self.extent == Extent::Within || self.finders.len() > 1)
    }

    /// Whether [folded](fold) text fits.
    pub fn is_match(&self, folded: &[u8]) -> bool {
        match (self.extent, self.finders.as_slice()) {
            (Extent::Within, finders) => in_order(finders, folded),
            (Extent::Whole, [whole]) => whole.needle() == folded,
            (Extent::Whole, [first, inner @ .., last]) => folded
                .strip_prefix(first.needle())
                .and_then(|rest| rest.strip_suffix(last.needle()))
                .is_some_and(|rest| in_order(inner, rest)),
            (Extent::Whole, []) => folded.is_empty(),
        }
    }
}

/// Whether the pieces are found one after the other. Taking each at its first place is enough:
/// it leaves the most room for the next.
fn in_order(finders: &[Finder<'static>], mut text: &[u8]) -> bool {
    for finder in finders {
        match finder.find(text) {
            Some(at) => text = &text[at + finder.needle().len()..],
            None => return false,
        }
    }
    true
}

/// Text in the form in which case does not matter.
///
/// Each character is folded by itself, so that a part of a text folds to a part of the folded
/// text: Unicode's lower case, with the final sigma as any other.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// Appends the [folded](fold) text.
pub(crate) fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    } else {
        out.extend(text.chars().flat_map(char::to_lowercase).map(plain_sigma));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::from_pieces(text.split('*').map(str::to_owned))
    }

    #[test]
    fn patterns_fit_whole_texts_and_parts() {
        for (text, subject, whole, within) in [
            ("cat", "cat", true, true),
            ("CAT", "concatenate", false, true),
            ("c*t", "cat", true, true),
            ("c*t", "ct", true, true),
            ("c*t", "cats", false, true),
            ("ab*ba", "aba", false, false),
            ("ab*ba", "abba", true, true),
            ("*", "", true, true),
            ("", "", true, true),
            ("", "x", false, true),
            ("*b*", "abc", true, true),
            ("a**c", "abc", true, true),
            ("ÄRGER", "ärger", true, true),
            ("ΟΔΟΣ", "οδος", true, true),
            ("b*a", "ab", false, false),
        ] {
            let (folded, pattern) = (fold(subject), pattern(text));
            for (extent, expected) in [(Extent::Whole, whole), (Extent::Within, within)] {
                let matcher = Matcher::new(&pattern, extent);
                assert_eq!(matcher.is_match(folded.as_bytes()), expected, "{text} {subject} {extent:?}");
                if let Some(finder) = matcher.as_substring() {
                    assert_eq!(finder.find(folded.as_bytes()).is_some(), expected, "{text} {subject}");
                }
                assert!(!matcher.is_anything() || expected, "{text} {subject} {extent:?}");
            }
        }
    }
}
