//! A column of strings in one allocation.

use serde::{Deserialize, Serialize};

/// A column of strings stored end to end: one text and where each string ends in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strings {
    text: String,
    /// Byte position in `text` after each string; non-decreasing, on character borders.
    ends: Vec<u64>,
}

impl Strings {
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a column together from its stored parts, or `None` where they do not fit each other.
    pub fn from_parts(text: String, ends: Vec<u64>) -> Option<Self> {
        let ordered = ends.windows(2).all(|pair| pair[0] <= pair[1]);
        let borders = ends.iter().all(|end| text.is_char_boundary(*end as usize));
        let whole = ends.last().copied().unwrap_or(0) == text.len() as u64;
        (ordered && borders && whole).then_some(Self { text, ends })
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len() as u64);
    }

    pub fn get(&self, index: usize) -> &str {
        &self.text[self.start(index)..self.ends[index] as usize]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The strings end to end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Byte position in [`Self::text`] after each string.
    pub fn ends(&self) -> &[u64] {
        &self.ends
    }

    /// Byte position in [`Self::text`] where string `index` starts.
    pub fn start(&self, index: usize) -> usize {
        if index == 0 { 0 } else { self.ends[index - 1] as usize }
    }

    pub fn reserve(&mut self, strings: usize, bytes: usize) {
        self.ends.reserve(strings);
        self.text.reserve(bytes);
    }
}

impl<'a> FromIterator<&'a str> for Strings {
    fn from_iter<I: IntoIterator<Item = &'a str>>(values: I) -> Self {
        let mut strings = Self::new();
        for value in values {
            strings.push(value);
        }
        strings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_pushed() {
        let values = ["", "a", "ä/ö.png", "", "z"];
        let strings: Strings = values.into_iter().collect();
        assert_eq!(strings.iter().collect::<Vec<_>>(), values);
        let again = Strings::from_parts(strings.text().into(), strings.ends().into());
        assert_eq!(again, Some(strings));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        for (text, ends) in [("ab", vec![1]), ("ab", vec![2, 1]), ("ä", vec![1, 2]), ("", vec![1])] {
            assert_eq!(Strings::from_parts(text.into(), ends), None, "{text}");
        }
    }
}
