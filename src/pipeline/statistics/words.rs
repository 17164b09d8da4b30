//! The words of a column of text, those apart that a query tells apart.

use std::collections::HashMap;

use crate::dataset::SampleId;
use crate::dataset::columns::Column;
use crate::dataset::query::{ATTRIBUTE, Snapshot, fold, parse_number};

/// Words that are told apart at most.
const MOST: usize = 5000;

/// Samples by the words of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// In the order in which they were met; never none.
    pub names: Vec<String>,
    /// Of each row that was asked about the place of its word; the number of names where it has none.
    pub of: Vec<u32>,
}

impl Words {
    /// The words of these rows; a sentence where there are none, or too many.
    pub fn of(
        snapshot: &Snapshot,
        column: &Column,
        rows: impl Iterator<Item = SampleId>,
    ) -> Result<Self, String> {
        // By what is written, and what a query takes for the same: the first that was met names it.
        let (mut ids, mut meanings) = (HashMap::<String, u32>::new(), HashMap::<Meaning, u32>::new());
        let mut names: Vec<String> = Vec::new();
        let mut word = String::new();
        let mut of: Vec<u32> = rows
            .map(|row| {
                word.clear();
                column.write(snapshot, row, &mut word);
                if word.is_empty() {
                    return u32::MAX;
                }
                if let Some(id) = ids.get(&word) {
                    return *id;
                }
                let id = *meanings.entry(Meaning::of(column, &word)).or_insert_with(|| {
                    names.push(word.clone());
                    names.len() as u32 - 1
                });
                ids.insert(word.clone(), id);
                id
            })
            .collect();
        let count = names.len();
        if count == 0 {
            return Err("No sample has a value here.".to_owned());
        }
        if count > MOST {
            return Err(format!("There are {count} different values, which are too many to tell apart."));
        }
        of.iter_mut().for_each(|id| *id = (*id).min(count as u32));
        Ok(Self { names, of })
    }

    /// How many of the rows have each word.
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.names.len()];
        for id in &self.of {
            if let Some(count) = counts.get_mut(*id as usize) {
                *count += 1;
            }
        }
        counts
    }
}

/// What a word means to a query: that of an attribute the same in any case, and as the same number.
#[derive(PartialEq, Eq, Hash)]
enum Meaning {
    Word(String),
    /// The bits of a number.
    Number(u64),
}

impl Meaning {
    fn of(column: &Column, word: &str) -> Self {
        match column.name.strip_prefix(ATTRIBUTE) {
            None => Self::Word(word.to_owned()),
            // The zeros are one number.
            Some(_) => parse_number(word)
                .map_or_else(|| Self::Word(fold(word)), |number| Self::Number((number + 0.0).to_bits())),
        }
    }
}
