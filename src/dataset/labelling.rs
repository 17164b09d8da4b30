//! What a person says of samples: labels by hand and where each comes from, tags, notes and boxes.
//!
//! The source's own labels stay what they are ([`Dataset::labels`](super::Dataset::labels)); a
//! [`Labelling`] lies over them, and [`InForce`] is what both come to. Classes are named here by
//! their *identity*, the name that they had when they came to be, so that renaming one changes
//! nothing but [`Classes`]. It refuses to know files and the clock.

mod changes;
mod classes;
mod follow;
mod in_force;
mod parts;
mod reclass;
mod signing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::SampleId;
use super::chunks::CHUNK;

pub use changes::LabelChanges;
pub use classes::{ClassEntry, Classes, Fate, MAX_CLASS_NAME};
pub use follow::{followed, not_followed};
pub use in_force::InForce;
pub use parts::LabellingParts;
pub use signing::Signature;

/// Where a sample's label comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum LabelOrigin {
    /// The dataset's source, or a file of labels.
    #[default]
    Imported,
    /// A person gave it.
    ByHand,
    /// A model proposed it and a person confirmed it.
    Confirmed,
    /// It was spread from labelled samples to those that are like them.
    Propagated,
}

impl LabelOrigin {
    pub const ALL: [Self; 4] = [Self::Imported, Self::ByHand, Self::Confirmed, Self::Propagated];

    /// The word used in queries and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::ByHand => "by-hand",
            Self::Confirmed => "confirmed",
            Self::Propagated => "propagated",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.name() == name)
    }
}

/// What was said of one sample's classes, in place of what its source says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Answer {
    /// Identities of classes; none says that the sample belongs to no class.
    pub labels: Vec<String>,
    pub origin: LabelOrigin,
    /// The person's name; may be empty.
    pub by: String,
    /// Milliseconds since the Unix epoch.
    pub time_ms: i64,
}

/// A box of a sample to which a person gave boxes; see [`BoxRecord`](super::BoxRecord). One that is its source's, or was
/// given before this was noted, has neither an origin of its own nor a person nor a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NamedBox {
    /// The identity of its class.
    pub class: String,
    /// Left, top, width and height, in the unit that `relative` says.
    pub rect: [f32; 4],
    pub relative: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub origin: LabelOrigin,
    /// The person's name; may be empty.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: String,
    /// Milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "is_default")]
    pub time_ms: i64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An answer as it is kept, without taking memory.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    labelling: &'a Labelling,
    set: u32,
    pub origin: LabelOrigin,
    pub by: &'a str,
    /// Milliseconds since the Unix epoch.
    pub time_ms: i64,
}

impl<'a> Said<'a> {
    /// Identities of the classes, sorted.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.labelling.texts_of(self.set)
    }

    pub fn to_answer(self) -> Answer {
        self.signature().answer(self.labels().map(str::to_owned).collect())
    }
}

/// What was said of a sample, by the numbers of texts and sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Where its labels come from, and the text that names who gave them.
    pub answer: Option<(LabelOrigin, u32)>,
    /// The set of its tags.
    pub tags: Option<u32>,
}

/// An answer in the numbers of a labelling.
#[derive(Clone, Copy, Debug)]
struct Kept {
    set: u32,
    person: u32,
    origin: LabelOrigin,
    time_ms: i64,
}

impl Kept {
    const NONE: Self = Self { set: NOTHING, person: 0, origin: LabelOrigin::Imported, time_ms: 0 };
}

/// Everything that was said of the samples of a dataset.
///
/// Rows are kept in chunks that snapshots share: an edit copies what lies beside the rows that it
/// changes, and nothing is kept of chunks of which nothing was said.
#[derive(Clone, Debug, Default)]
pub struct Labelling {
    samples: usize,
    chunks: Vec<Option<Arc<Chunk>>>,
    /// Identities, tags and people, those who gave boxes among them.
    texts: Arc<Interned<Arc<str>>>,
    /// Sets of `texts`, each sorted by text.
    sets: Arc<Interned<Vec<u32>>>,
    classes: Arc<Classes>,
}

/// Stands for no answer, and for no set of tags.
const NOTHING: u32 = u32::MAX;

/// What was said of [`CHUNK`] samples, as columns.
#[derive(Clone, Debug)]
struct Chunk {
    /// Index of the answer's set, or [`NOTHING`].
    answers: Vec<u32>,
    /// Index of the text that names who answered.
    people: Vec<u32>,
    origins: Vec<LabelOrigin>,
    times_ms: Vec<i64>,
    /// Index of the set of tags, or [`NOTHING`].
    tags: Vec<u32>,
    notes: BTreeMap<u16, Arc<str>>,
    boxes: BTreeMap<u16, Arc<[NamedBox]>>,
}

impl Chunk {
    fn new() -> Self {
        Self {
            answers: vec![NOTHING; CHUNK],
            people: vec![0; CHUNK],
            origins: vec![LabelOrigin::default(); CHUNK],
            times_ms: vec![0; CHUNK],
            tags: vec![NOTHING; CHUNK],
            notes: BTreeMap::new(),
            boxes: BTreeMap::new(),
        }
    }
}

/// Values under numbers, each once.
#[derive(Clone, Debug)]
struct Interned<T> {
    all: Vec<T>,
    ids: HashMap<T, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { all: Vec::new(), ids: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    /// The number of a value, made where there is none; the table is copied for that only.
    fn id(this: &mut Arc<Self>, value: T) -> u32 {
        if let Some(id) = this.ids.get(&value) {
            return *id;
        }
        let table = Arc::make_mut(this);
        let id = table.all.len() as u32;
        table.all.push(value.clone());
        table.ids.insert(value, id);
        id
    }
}

impl PartialEq for Labelling {
    /// Whether the same was said, whatever was said and taken back before.
    fn eq(&self, other: &Self) -> bool {
        self.samples == other.samples
            && self.classes == other.classes
            && (0..self.chunks.len().max(other.chunks.len())).all(|chunk| {
                let there = |labelling: &Self| labelling.chunks.get(chunk).is_some_and(Option::is_some);
                let first = chunk * CHUNK;
                !there(self) && !there(other)
                    || (first..self.samples.min(first + CHUNK)).all(|row| {
                        let row = row as SampleId;
                        let answer = |labelling: &Self| labelling.answer(row).map(Said::to_answer);
                        answer(self) == answer(other)
                            && self.tags(row).eq(other.tags(row))
                            && self.note(row) == other.note(row)
                            && self.boxes(row) == other.boxes(row)
                    })
            })
    }
}

impl Labelling {
    /// Nothing was said of `samples` rows.
    pub fn new(samples: usize) -> Self {
        Self { samples, ..Self::default() }
    }

    /// Appends rows of which nothing was said, up to `samples` rows.
    pub fn grow(&mut self, samples: usize) {
        self.samples = self.samples.max(samples);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.samples
    }

    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// What was decided of classes.
    pub fn classes(&self) -> &Arc<Classes> {
        &self.classes
    }

    /// Whether the source's labels and boxes stand as they are.
    pub fn leaves_labels(&self) -> bool {
        self.classes.is_empty() && self.chunks.iter().all(Option::is_none)
    }

    /// What was said of a sample's classes; `None` where its source's labels stand.
    pub fn answer(&self, sample: SampleId) -> Option<Said<'_>> {
        let (chunk, row) = self.chunk(sample)?;
        let set = chunk.answers[row];
        let by = self.text(chunk.people[row]);
        (set != NOTHING).then(|| Said {
            labelling: self,
            set,
            origin: chunk.origins[row],
            by,
            time_ms: chunk.times_ms[row],
        })
    }

    /// Where a sample's labels come from.
    pub fn origin(&self, sample: SampleId) -> LabelOrigin {
        self.answer(sample).map_or(LabelOrigin::Imported, |said| said.origin)
    }

    /// What was said of a sample as numbers, to be counted.
    pub(crate) fn told(&self, sample: SampleId) -> Told {
        let Some((chunk, row)) = self.chunk(sample) else { return Told::default() };
        let (answer, tags) = (chunk.answers[row], chunk.tags[row]);
        Told {
            answer: (answer != NOTHING).then(|| (chunk.origins[row], chunk.people[row])),
            tags: (tags != NOTHING).then_some(tags),
        }
    }

    /// How many numbers of texts and of sets [`Told`] can hold.
    pub(crate) fn numbers(&self) -> (usize, usize) {
        (self.texts.all.len(), self.sets.all.len())
    }

    /// A sample's tags, sorted.
    pub fn tags(&self, sample: SampleId) -> impl Iterator<Item = &str> + '_ {
        let set = self.chunk(sample).map_or(NOTHING, |(chunk, row)| chunk.tags[row]);
        self.texts_of(set)
    }

    /// A sample's note; empty where there is none.
    pub fn note(&self, sample: SampleId) -> &str {
        self.chunk(sample).and_then(|(chunk, row)| chunk.notes.get(&(row as u16))).map_or("", |note| note)
    }

    /// The boxes that a person gave a sample; `None` where its source's boxes stand.
    pub fn boxes(&self, sample: SampleId) -> Option<&[NamedBox]> {
        let (chunk, row) = self.chunk(sample)?;
        chunk.boxes.get(&(row as u16)).map(|boxes| &**boxes)
    }

    /// Rows of which something was said, ascending; some of them may be as if nothing was.
    pub fn touched(&self) -> impl Iterator<Item = SampleId> + '_ {
        let chunks = self.chunks.iter().enumerate().filter(|(_, chunk)| chunk.is_some());
        chunks.flat_map(|(at, _)| at * CHUNK..self.samples.min((at + 1) * CHUNK)).map(|row| row as SampleId)
    }

    /// All tags in use, sorted.
    pub fn all_tags(&self) -> Vec<&str> {
        let mut used: Vec<bool> = vec![false; self.sets.all.len()];
        for chunk in self.chunks.iter().flatten() {
            for set in chunk.tags.iter().filter(|set| **set != NOTHING) {
                used[*set as usize] = true;
            }
        }
        let used = (0..used.len() as u32).filter(|set| used[*set as usize]);
        let tags: std::collections::BTreeSet<&str> = used.flat_map(|set| self.texts_of(set)).collect();
        tags.into_iter().collect()
    }

    /// Changes what was said of a sample's classes.
    pub fn set_answer(&mut self, sample: SampleId, answer: Option<&Answer>) {
        let answer = answer.map(|answer| self.kept(answer));
        self.fill(sample, 1, answer);
    }

    /// An answer in numbers, which are made where there are none.
    fn kept(&mut self, answer: &Answer) -> Kept {
        let set = self.set_of(answer.labels.iter().map(String::as_str));
        let person = Interned::id(&mut self.texts, answer.by.as_str().into());
        Kept { set, person, origin: answer.origin, time_ms: answer.time_ms }
    }

    /// Gives rows beside each other the same answer, chunk by chunk; rows beyond are left out.
    fn fill(&mut self, first: SampleId, count: u32, answer: Option<Kept>) {
        let Kept { set, person, origin, time_ms } = answer.unwrap_or(Kept::NONE);
        let end = (first as usize).saturating_add(count as usize).min(self.samples);
        let mut at = first as usize;
        while at < end {
            let Some((chunk, row)) = self.chunk_mut(at as SampleId) else { return };
            let rows = row..(row + end - at).min(CHUNK);
            at += rows.len();
            chunk.answers[rows.clone()].fill(set);
            chunk.people[rows.clone()].fill(person);
            chunk.origins[rows.clone()].fill(origin);
            chunk.times_ms[rows].fill(time_ms);
        }
    }

    /// Gives a sample a tag, or takes it away.
    pub fn set_tag(&mut self, sample: SampleId, tag: &str, on: bool) {
        if sample as usize >= self.samples || self.has_tag(sample, tag) == on {
            return;
        }
        let mut tags: Vec<String> = self.tags(sample).filter(|one| *one != tag).map(str::to_owned).collect();
        if on {
            tags.push(tag.to_owned());
        }
        let set = if tags.is_empty() { NOTHING } else { self.set_of(tags.iter().map(String::as_str)) };
        if let Some((chunk, row)) = self.chunk_mut(sample) {
            chunk.tags[row] = set;
        }
    }

    pub fn has_tag(&self, sample: SampleId, tag: &str) -> bool {
        self.tags(sample).any(|one| one == tag)
    }

    /// Changes a sample's note; an empty one takes it away.
    pub fn set_note(&mut self, sample: SampleId, note: &str) {
        if let Some((chunk, row)) = self.chunk_mut(sample) {
            match note {
                "" => chunk.notes.remove(&(row as u16)),
                note => chunk.notes.insert(row as u16, note.into()),
            };
        }
    }

    /// Gives a sample other boxes than its source's, or its source's again.
    pub fn set_boxes(&mut self, sample: SampleId, boxes: Option<&[NamedBox]>) {
        for one in boxes.unwrap_or_default() {
            if !one.by.is_empty() && !self.texts.ids.contains_key(one.by.as_str()) {
                Interned::id(&mut self.texts, one.by.as_str().into());
            }
        }
        if let Some((chunk, row)) = self.chunk_mut(sample) {
            match boxes {
                None => chunk.boxes.remove(&(row as u16)),
                Some(boxes) => chunk.boxes.insert(row as u16, boxes.into()),
            };
        }
    }

    pub fn set_classes(&mut self, classes: Classes) {
        self.classes = Arc::new(classes);
    }

    /// The number of a set of texts, in any order, repeats allowed.
    fn set_of<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> u32 {
        let mut texts: Vec<&str> = texts.collect();
        texts.sort_unstable();
        texts.dedup();
        let ids = texts.iter().map(|text| Interned::id(&mut self.texts, Arc::from(*text))).collect();
        Interned::id(&mut self.sets, ids)
    }

    /// The text of a number.
    pub(crate) fn text(&self, id: u32) -> &str {
        self.texts.all.get(id as usize).map_or("", |text| text)
    }

    /// The texts of a set's number, sorted.
    pub(crate) fn texts_of(&self, set: u32) -> impl Iterator<Item = &str> + use<'_> {
        let ids = self.sets.all.get(set as usize).map_or(&[][..], Vec::as_slice);
        ids.iter().map(|id| self.text(*id))
    }

    fn chunk(&self, sample: SampleId) -> Option<(&Chunk, usize)> {
        let at = sample as usize;
        let chunk = self.chunks.get(at / CHUNK)?.as_deref()?;
        Some((chunk, at % CHUNK))
    }

    /// The chunk of a row to write to, made or copied where that needs be.
    fn chunk_mut(&mut self, sample: SampleId) -> Option<(&mut Chunk, usize)> {
        let at = sample as usize;
        if at >= self.samples {
            return None;
        }
        if self.chunks.len() <= at / CHUNK {
            self.chunks.resize(at / CHUNK + 1, None);
        }
        let chunk = self.chunks[at / CHUNK].get_or_insert_with(|| Arc::new(Chunk::new()));
        Some((Arc::make_mut(chunk), at % CHUNK))
    }
}
