//! What a person decided of classes: new ones, names, keys, colours, an order, and which became of
//! which.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bytes of a class's name at most.
pub const MAX_CLASS_NAME: usize = 200;

/// What was decided of classes, by identity. A class that is not named here is as its source has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Classes {
    pub entries: BTreeMap<String, ClassEntry>,
    /// Identities in the person's order; those that are not listed follow in theirs.
    pub order: Vec<String>,
}

/// What was decided of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassEntry {
    /// Its name now, where that is not its identity.
    pub name: Option<String>,
    pub fate: Option<Fate>,
    /// The key that gives this label.
    pub key: Option<char>,
    /// sRGB.
    pub colour: Option<[u8; 3]>,
    /// Whether a person made the class, so that it is there without a sample.
    pub is_added: bool,
}

/// What became of a class that is there no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Its samples have it no more.
    Removed,
    /// Its samples are of another class, by identity.
    Merged(String),
}

impl Classes {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.order.is_empty()
    }

    /// Bytes that these take in a history.
    pub fn bytes(&self) -> usize {
        let entry = |(identity, entry): (&String, &ClassEntry)| {
            size_of::<ClassEntry>() + identity.len() + entry.name.as_ref().map_or(0, String::len)
        };
        self.entries.iter().map(entry).sum::<usize>()
            + self.order.iter().map(|one| one.len() + 24).sum::<usize>()
    }

    /// The identity of the class that an identity stands for now; `None` where it was removed.
    pub fn resolve<'a>(&'a self, identity: &'a str) -> Option<&'a str> {
        let mut now = identity;
        // Longer chains are rings, which a damaged project alone can hold.
        for _ in 0..=self.entries.len() {
            match self.entries.get(now).and_then(|entry| entry.fate.as_ref()) {
                None => return Some(now),
                Some(Fate::Removed) => return None,
                Some(Fate::Merged(into)) => now = into,
            }
        }
        None
    }

    /// The name on screen of a class.
    pub fn name<'a>(&'a self, identity: &'a str) -> &'a str {
        self.entries.get(identity).and_then(|entry| entry.name.as_deref()).unwrap_or(identity)
    }

    pub fn entry(&self, identity: &str) -> Option<&ClassEntry> {
        self.entries.get(identity)
    }

    pub fn entry_mut(&mut self, identity: &str) -> &mut ClassEntry {
        self.entries.entry(identity.to_owned()).or_default()
    }

    /// The identity of a new class of that name, among those that `is_taken` says are in use.
    pub fn add(&mut self, name: &str, is_taken: impl Fn(&str) -> bool) -> String {
        let taken = |identity: &str| is_taken(identity) || self.entries.contains_key(identity);
        let mut identity = name.to_owned();
        let mut number = 2;
        while taken(&identity) {
            identity = format!("{name} ({number})");
            number += 1;
        }
        let name = (identity != name).then(|| name.to_owned());
        self.entries.insert(identity.clone(), ClassEntry { name, is_added: true, ..ClassEntry::default() });
        identity
    }
}
