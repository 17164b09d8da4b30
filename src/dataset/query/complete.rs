//! What could be meant by a query that is still being typed.
//!
//! It refuses to know samples: names come from a [`Vocabulary`].

use std::ops::Range;

use super::lex::{Op, TokenKind, Value, lex};
use super::pattern::fold;
use super::print::Quoted;
use super::snapshot::Vocabulary;
use super::syntax::{ATTRIBUTE, State, WORD_FIELDS, builtin_field};
use crate::dataset::columns::{COLUMNS, ColumnKind};
use crate::dataset::{Flag, ImageFormat, IssueKind, LabelOrigin, PixelKind};

/// How many completions are offered at most.
const OFFERED: usize = 20;

/// A way to go on with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the text that it takes the place of.
    pub replace: Range<usize>,
    /// What to put there; the cursor goes after it.
    pub insert: String,
    /// What it means, in a few words.
    pub note: String,
}

/// Ways to go on at byte `cursor` of the text, the likeliest first; at most twenty.
pub fn complete(text: &str, cursor: usize, vocabulary: &Vocabulary) -> Vec<Completion> {
    let cursor = (0..=cursor.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let Some(place) = Place::at(text, cursor) else { return Vec::new() };
    let mut ranked = Ranked::new(&place.typed);
    match &place.field {
        None => offer_words(&mut ranked, vocabulary),
        Some(field) => offer_values(&mut ranked, field, vocabulary),
    }
    ranked.finish(place.replace)
}

/// What is being typed.
struct Place {
    /// The field whose value this is, in lower case; `None` for a new word.
    field: Option<String>,
    /// What of it stands before the cursor, quotes taken off.
    typed: String,
    replace: Range<usize>,
}

impl Place {
    /// Where the cursor is; `None` in a number to compare with, which cannot be guessed.
    fn at(text: &str, cursor: usize) -> Option<Self> {
        let place = |field, value: &Value| Self {
            field,
            typed: value.text(),
            replace: value.at.start..cursor.max(end_of(text, value.at.start)),
        };
        // The text before the cursor tells what is meant, the whole text how far it goes.
        let (mut tokens, _) = lex(&text[..cursor]);
        let place = match tokens.pop().filter(|token| token.at.end == cursor) {
            Some(token) => match token.kind {
                TokenKind::Text(value) => place(None, &value),
                TokenKind::Field(field) if field.op == Op::Is || field.op == Op::NotEqual => {
                    match field.values.last() {
                        Some(value) => place(Some(field.name.to_lowercase()), value),
                        None => Self::new_word(cursor),
                    }
                }
                TokenKind::Field(_) => return None,
                TokenKind::And | TokenKind::Or | TokenKind::Not if text[token.at.clone()] != *"-" => Self {
                    field: None,
                    typed: text[token.at.clone()].to_owned(),
                    replace: token.at.start..cursor.max(end_of(text, token.at.start)),
                },
                _ => Self::new_word(cursor),
            },
            None => Self::new_word(cursor),
        };
        Some(place)
    }

    fn new_word(cursor: usize) -> Self {
        Self { field: None, typed: String::new(), replace: cursor..cursor }
    }
}

/// Where the word or value that starts there ends in the whole text.
fn end_of(text: &str, start: usize) -> usize {
    let (tokens, _) = lex(text);
    for token in tokens.into_iter().filter(|token| token.at.contains(&start)) {
        if let TokenKind::Field(field) = &token.kind
            && let Some(value) = field.values.iter().find(|value| value.at.start == start)
        {
            return value.at.end;
        }
        if token.at.start == start {
            return match token.kind {
                // A field that goes on keeps its values: only its name and operator are typed anew.
                TokenKind::Field(field) => field.op_at.end,
                _ => token.at.end,
            };
        }
    }
    start
}

/// Fields, classes by name, and the words between conditions.
fn offer_words(ranked: &mut Ranked, vocabulary: &Vocabulary) {
    for (name, _, about) in &WORD_FIELDS {
        ranked.offer(name, || (format!("{name}:"), (*about).to_owned()));
    }
    for column in COLUMNS.iter().filter(|column| column.kind != ColumnKind::Text) {
        ranked.offer(&column.name, || (format!("{}>=", column.name), column.about.to_string()));
    }
    for attribute in &vocabulary.attributes {
        let name = &attribute.name;
        let hidden = builtin_field(&name.to_lowercase()).is_some();
        let insert = || match hidden {
            true => format!("{ATTRIBUTE}{}:", Quoted(name)),
            false => format!("{}:", Quoted(name)),
        };
        ranked.offer(name, || (insert(), "the dataset's own".to_owned()));
        // Typing the prefix leads to the same names.
        if ranked.typed.starts_with(ATTRIBUTE) {
            ranked.offer(&format!("{ATTRIBUTE}{name}"), || {
                (format!("{ATTRIBUTE}{}:", Quoted(name)), "the dataset's own".to_owned())
            });
        }
    }
    if ranked.typed.is_empty() {
        return;
    }
    for state in State::ALL {
        ranked.offer(state.name(), || (format!("is:{} ", state.name()), state.about().to_owned()));
    }
    for (name, folded) in vocabulary.splits.all().iter().zip(vocabulary.splits.folded()) {
        ranked.offer_folded(folded, || (format!("split:{} ", Quoted(name)), "split".to_owned()));
    }
    for (name, folded) in vocabulary.classes.all().iter().zip(vocabulary.classes.folded()) {
        ranked.offer_folded(folded, || (format!("label:{} ", Quoted(name)), "class".to_owned()));
    }
    for (word, about) in [("or", "one of both"), ("and", "both"), ("not", "the opposite")] {
        ranked.offer(word, || (format!("{word} "), about.to_owned()));
    }
}

fn offer_values(ranked: &mut Ranked, field: &str, vocabulary: &Vocabulary) {
    let mut word = |word: &str, about: &str| ranked.offer(word, || (word.to_owned(), about.to_owned()));
    match field {
        "label" => {
            word("none", "no label");
            for (name, folded) in vocabulary.classes.all().iter().zip(vocabulary.classes.folded()) {
                ranked.offer_folded(folded, || (Quoted(name).to_string(), "class".to_owned()));
            }
        }
        "split" => {
            for (name, folded) in vocabulary.splits.all().iter().zip(vocabulary.splits.folded()) {
                ranked.offer_folded(folded, || (Quoted(name).to_string(), "split".to_owned()));
            }
            ranked.offer("none", || ("none".to_owned(), "in no split".to_owned()));
        }
        "format" => ImageFormat::ALL.iter().for_each(|format| word(format.name(), "format")),
        "pixels" => PixelKind::ALL.iter().for_each(|kind| word(kind.name(), "kind of pixels")),
        "issue" => {
            word("any", "any issue");
            IssueKind::ALL.iter().for_each(|kind| word(kind.name(), "issue"));
        }
        "flag" => {
            word("any", "any flag");
            Flag::ALL.iter().for_each(|flag| word(flag.name(), flag.about()));
        }
        "origin" => LabelOrigin::ALL.iter().for_each(|origin| word(origin.name(), "origin of the label")),
        "is" => State::ALL.iter().for_each(|state| word(state.name(), state.about())),
        field => {
            let bare = field.strip_prefix(ATTRIBUTE).unwrap_or(field);
            let named = |name: &str| builtin_field(field).is_none() && [field, bare].contains(&name);
            let found = vocabulary.attributes.iter().find(|attribute| named(&attribute.name.to_lowercase()));
            for value in found.iter().flat_map(|attribute| &attribute.values) {
                ranked.offer(value, || (Quoted(value).to_string(), "value".to_owned()));
            }
        }
    }
}

/// Candidates sorted by how well they fit what was typed.
struct Ranked {
    /// In lower case.
    typed: String,
    /// Those that are just this, that start with it, and that have it elsewhere: what to insert
    /// and what it means.
    found: [Vec<(String, String)>; 3],
}

impl Ranked {
    fn new(typed: &str) -> Self {
        Self { typed: fold(typed), found: Default::default() }
    }

    fn offer(&mut self, name: &str, candidate: impl FnOnce() -> (String, String)) {
        self.offer_folded(&fold(name), candidate);
    }

    fn offer_folded(&mut self, folded: &str, candidate: impl FnOnce() -> (String, String)) {
        let rank = if folded == self.typed {
            0
        } else if folded.starts_with(&self.typed) {
            1
        } else if folded.contains(&self.typed) {
            2
        } else {
            return;
        };
        if self.found[rank].len() < OFFERED {
            let candidate = candidate();
            if !self.found.iter().flatten().any(|(insert, _)| *insert == candidate.0) {
                self.found[rank].push(candidate);
            }
        }
    }

    fn finish(self, replace: Range<usize>) -> Vec<Completion> {
        let found = self.found.into_iter().flatten().take(OFFERED);
        found.map(|(insert, note)| Completion { replace: replace.clone(), insert, note }).collect()
    }
}
