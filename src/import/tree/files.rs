//! The columns of a tree's files. It refuses to know where they come from.

use std::collections::BTreeMap;

use crate::dataset::{Place, Strings, natural};

/// Files, one element of each column per file.
#[derive(Debug, Default)]
pub struct Files {
    pub paths: Strings,
    /// Exact paths, where they are not UTF-8.
    pub raw_paths: BTreeMap<usize, Vec<u8>>,
    pub places: Vec<Place>,
    pub bytes: Vec<u64>,
    pub modified_ms: Vec<i64>,
}

impl Files {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn push(&mut self, path: &str, raw: Option<Vec<u8>>, place: Place, bytes: u64, modified_ms: i64) {
        if let Some(raw) = raw {
            self.raw_paths.insert(self.len(), raw);
        }
        self.paths.push(path);
        self.places.push(place);
        self.bytes.push(bytes);
        self.modified_ms.push(modified_ms);
    }

    pub fn append(&mut self, other: Self) {
        self.append_below("", other);
    }

    /// Appends files with a text before their paths.
    pub fn append_below(&mut self, prefix: &str, mut other: Self) {
        if self.is_empty() && prefix.is_empty() {
            *self = other;
            return;
        }
        for file in 0..other.len() {
            let raw = other.raw_paths.remove(&file).map(|raw| [prefix.as_bytes(), &raw].concat());
            let (place, bytes, modified) = (other.places[file], other.bytes[file], other.modified_ms[file]);
            if prefix.is_empty() {
                self.push(other.paths.get(file), raw, place, bytes, modified);
            } else {
                self.push(&format!("{prefix}{}", other.paths.get(file)), raw, place, bytes, modified);
            }
        }
    }

    /// The files in natural order of their paths. Of an archive's entries of one path the last is
    /// kept: it is the one that unpacking would leave.
    pub fn sorted(mut self) -> Self {
        let path = |file: u32| self.paths.get(file as usize);
        let mut order = natural::sorted(self.len(), |file| self.paths.get(file));
        for equal in order.chunk_by_mut(|a, b| path(*a) == path(*b)).filter(|equal| equal.len() > 1) {
            equal.sort_unstable_by_key(|file| {
                let place = self.places[*file as usize];
                (place.container, place.offset, self.raw_paths.get(&(*file as usize)))
            });
        }
        let mut sorted = Self::default();
        sorted.paths.reserve(self.len(), self.paths.text().len());
        sorted.places.reserve(self.len());
        sorted.bytes.reserve(self.len());
        sorted.modified_ms.reserve(self.len());
        for (at, file) in order.iter().enumerate() {
            let file = *file as usize;
            let packed = !self.places[file].is_loose();
            let replaced = packed
                && order.get(at + 1).is_some_and(|next| {
                    let next = *next as usize;
                    self.places[next].container == self.places[file].container
                        && self.paths.get(next) == self.paths.get(file)
                });
            if !replaced {
                let raw = self.raw_paths.remove(&file);
                let (place, bytes) = (self.places[file], self.bytes[file]);
                sorted.push(self.paths.get(file), raw, place, bytes, self.modified_ms[file]);
            }
        }
        sorted
    }

    /// The first file of that path, in sorted files.
    pub fn position(&self, path: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if natural::compare(self.paths.get(middle), path).is_lt() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low < self.len() && self.paths.get(low) == path).then_some(low)
    }
}
