//! What of a dataset is another than its source says: samples with other labels, boxes, tags, notes or marks, and
//! classes that were renamed, merged, removed or added.
//!
//! It is worked out of a [`Snapshot`] at once, in time that goes with the number of samples: off the interface's
//! thread where they are many. Classes are named by their identity, see [`labelling`](crate::dataset::labelling).

mod pairs;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

pub use self::pairs::{ClassPair, PairSide};
use crate::dataset::edit::{Direction, Mark};
use crate::dataset::labelling::Fate;
use crate::dataset::query::{Snapshot, fold};
use crate::dataset::{LabelOrigin, SampleId};

/// What of a sample can be another than its source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Aspect {
    Labels,
    Boxes,
    Tags,
    Note,
    Marks,
}

impl Aspect {
    pub const ALL: [Self; 5] = [Self::Labels, Self::Boxes, Self::Tags, Self::Note, Self::Marks];

    pub fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The word in lists and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Boxes => "boxes",
            Self::Tags => "tags",
            Self::Note => "note",
            Self::Marks => "marks",
        }
    }
}

/// A sample that is another than its source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub sample: SampleId,
    /// [`Aspect::bit`]s of what differs.
    pub aspects: u8,
    /// The classes that the source says: an index into the sets of its labels.
    pub from: u32,
    /// The classes that count: an index into the sets of the labels in force.
    pub to: u32,
    /// Where what was said last of its labels or boxes comes from, if somebody said something of them.
    pub origin: Option<LabelOrigin>,
    /// Who said that: an index into [`Changes::people`].
    pub by: Option<u32>,
    /// When, in milliseconds since the Unix epoch; 0 where nobody noted it.
    pub time_ms: i64,
}

impl Change {
    pub fn has(&self, aspect: Aspect) -> bool {
        self.aspects & aspect.bit() != 0
    }
}

/// A class that is another than its source says, by identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassChange {
    Added {
        name: String,
    },
    Renamed {
        class: String,
        name: String,
    },
    /// Into the class of this name now.
    Merged {
        class: String,
        into: String,
    },
    Removed {
        class: String,
    },
}

impl ClassChange {
    /// “cat” is “Katze” now.
    pub fn text(&self) -> String {
        match self {
            Self::Added { name } => format!("“{name}” was added"),
            Self::Renamed { class, name } => format!("“{class}” was renamed to “{name}”"),
            Self::Merged { class, into } => format!("“{class}” was merged into “{into}”"),
            Self::Removed { class } => format!("“{class}” was removed"),
        }
    }
}

/// All that is another than the source says.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// In the order of row numbers.
    pub all: Vec<Change>,
    /// Names of people, each once; that of somebody without one is empty.
    pub people: Vec<String>,
    /// Samples by person, as in `people`.
    pub by_person: Vec<u64>,
    /// From which class to which, those of most samples first.
    pub pairs: Vec<ClassPair>,
    pub classes: Vec<ClassChange>,
    /// Samples by [`Aspect`].
    pub counts: [u64; Aspect::ALL.len()],
}

/// What a list of changes is in order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangeOrder {
    #[default]
    Time,
    Path,
    Person,
    /// The classes that count, then those of the source.
    Class,
}

/// Which changes are listed, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesLook {
    pub order: ChangeOrder,
    pub direction: Direction,
    /// Those of one person alone.
    pub person: Option<String>,
    /// Those from one class to another alone.
    pub pair: Option<(PairSide, PairSide)>,
    /// Those of one aspect alone.
    pub aspect: Option<Aspect>,
    /// Those whose path has this in it, in any case.
    pub text: String,
}

impl Default for ChangesLook {
    /// All of them, the newest first.
    fn default() -> Self {
        Self {
            order: ChangeOrder::Time,
            direction: Direction::Descending,
            person: None,
            pair: None,
            aspect: None,
            text: String::new(),
        }
    }
}

impl Changes {
    /// What is another in a snapshot than its source says. Samples that are gone are left out.
    pub fn of(snapshot: &Snapshot) -> Self {
        let (labels, given) = (snapshot.labels(), &snapshot.dataset.labels);
        let names = SetNames::of(snapshot);
        let mut differs: HashMap<(u32, u32), bool> = HashMap::new();
        let mut people: HashMap<&str, u32> = HashMap::new();
        let mut changes = Self { classes: class_changes(snapshot), ..Self::default() };
        let mut sets: HashMap<(u32, u32), u64> = HashMap::new();
        for sample in snapshot.derived().present().iter() {
            let row = sample as usize;
            let (from, to) = (given.of[row], labels.of[row]);
            let mut aspects = 0;
            if *differs.entry((from, to)).or_insert_with(|| names.given(from) != names.now(to)) {
                aspects |= Aspect::Labels.bit();
                *sets.entry((from, to)).or_default() += 1;
            }
            aspects |= other_aspects(snapshot, sample);
            if aspects == 0 {
                continue;
            }
            for aspect in Aspect::ALL.into_iter().filter(|aspect| aspects & aspect.bit() != 0) {
                changes.counts[aspect as usize] += 1;
            }
            let said = snapshot.labelling.signature(sample);
            let by = said.map(|said| {
                let next = people.len() as u32;
                let by = *people.entry(said.by).or_insert(next);
                if by == next {
                    changes.people.push(said.by.to_owned());
                    changes.by_person.push(0);
                }
                changes.by_person[by as usize] += 1;
                by
            });
            let (origin, time_ms) = (said.map(|said| said.origin), said.map_or(0, |said| said.time_ms));
            changes.all.push(Change { sample, aspects, from, to, origin, by, time_ms });
        }
        changes.pairs = pairs::of(&names, &sets);
        changes
    }

    /// Whether all is as the source says.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.classes.is_empty()
    }

    /// The name of the person who made a change, if somebody noted it.
    pub fn person(&self, change: &Change) -> Option<&str> {
        self.people.get(change.by? as usize).map(String::as_str)
    }

    /// The changes of a look in its order, as indices into `all`. `snapshot` is the one that they are of.
    pub fn listed(&self, snapshot: &Snapshot, look: &ChangesLook) -> Vec<u32> {
        let names = SetNames::of(snapshot);
        let person = look.person.as_ref().map(|wanted| self.people.iter().position(|one| one == wanted));
        let text = fold(look.text.trim());
        let paths = snapshot.derived().folded_paths();
        let mut is_of_pair: HashMap<(u32, u32), bool> = HashMap::new();
        let mut fits = |change: &Change| {
            let pair = look.pair.as_ref();
            look.aspect.is_none_or(|aspect| change.has(aspect))
                && person.is_none_or(|wanted| wanted.is_some() && wanted == change.by.map(|by| by as usize))
                && pair.is_none_or(|(lost, gained)| {
                    change.has(Aspect::Labels)
                        && *is_of_pair.entry((change.from, change.to)).or_insert_with(|| {
                            pairs::is_of(lost, gained, names.given(change.from), names.now(change.to))
                        })
                })
                && (text.is_empty() || paths.get(change.sample as usize).contains(&text))
        };
        let mut rows: Vec<u32> =
            (0..self.all.len() as u32).filter(|at| fits(&self.all[*at as usize])).collect();
        let ranks = &snapshot.derived().natural().ranks;
        let path = |at: u32| ranks[self.all[at as usize].sample as usize];
        let people = places(self.people.iter().map(String::as_str));
        let class = names.places();
        let key = |at: u32| {
            let change = &self.all[at as usize];
            match look.order {
                ChangeOrder::Time => (change.time_ms, 0),
                ChangeOrder::Path => (i64::from(path(at)), 0),
                ChangeOrder::Person => {
                    (change.by.map_or(i64::MAX, |by| i64::from(people[by as usize])), -change.time_ms)
                }
                ChangeOrder::Class => {
                    (i64::from(class.now[change.to as usize]), i64::from(class.given[change.from as usize]))
                }
            }
        };
        rows.par_sort_by(|one, two| {
            let order = match look.direction {
                Direction::Ascending => key(*one).cmp(&key(*two)),
                Direction::Descending => key(*two).cmp(&key(*one)),
            };
            // Equals go by path, whichever way.
            if order == Ordering::Equal { path(*one).cmp(&path(*two)) } else { order }
        });
        rows
    }
}

/// What beside its labels is another in a sample than its source says.
fn other_aspects(snapshot: &Snapshot, sample: SampleId) -> u8 {
    let labelling = &snapshot.labelling;
    let mut aspects = 0;
    if boxes_differ(snapshot, sample) {
        aspects |= Aspect::Boxes.bit();
    }
    if labelling.tags(sample).next().is_some() {
        aspects |= Aspect::Tags.bit();
    }
    if !labelling.note(sample).is_empty() {
        aspects |= Aspect::Note.bit();
    }
    let marks = snapshot.marks.get(sample as usize).copied().unwrap_or(0);
    if Mark::ALL.into_iter().any(|mark| marks & mark.bit() != 0) {
        aspects |= Aspect::Marks.bit();
    }
    aspects
}

fn boxes_differ(snapshot: &Snapshot, sample: SampleId) -> bool {
    let (now, given) = (snapshot.boxes(), &snapshot.dataset.boxes);
    if std::sync::Arc::ptr_eq(now, given) {
        return false;
    }
    let (now, given) = (now.get(sample), given.get(sample));
    let identity = |class: u32| snapshot.in_force.identities.get(class as usize);
    let name = |class: u32| snapshot.dataset.labels.classes.get(class as usize);
    now.len() != given.len()
        || now.iter().zip(given).any(|(now, given)| {
            (now.rect, now.relative) != (given.rect, given.relative)
                || identity(now.class) != name(given.class)
        })
}

/// What was decided of classes that the source has, and those that were added.
fn class_changes(snapshot: &Snapshot) -> Vec<ClassChange> {
    let classes = snapshot.labelling.classes();
    let given: HashSet<&str> = snapshot.dataset.labels.classes.iter().map(String::as_str).collect();
    let change = |(class, entry): (&String, &crate::dataset::labelling::ClassEntry)| {
        let is_given = given.contains(class.as_str());
        let was = if is_given { class.clone() } else { classes.name(class).to_owned() };
        match (&entry.fate, &entry.name) {
            (Some(Fate::Removed), _) => Some(ClassChange::Removed { class: was }),
            (Some(Fate::Merged(_)), _) => Some(match classes.resolve(class) {
                Some(into) => ClassChange::Merged { class: was, into: classes.name(into).to_owned() },
                None => ClassChange::Removed { class: was },
            }),
            (None, _) if !is_given && entry.is_added => Some(ClassChange::Added { name: was }),
            (None, Some(name)) if name != class => {
                Some(ClassChange::Renamed { class: class.clone(), name: name.clone() })
            }
            _ => None,
        }
    };
    classes.entries.iter().filter_map(change).collect()
}

/// The identities of the classes in each set, sorted: of the source's labels and of those in force.
pub(crate) struct SetNames<'a> {
    given: Vec<Vec<&'a str>>,
    now: Vec<Vec<&'a str>>,
}

/// The place of each set in the order of names.
struct Places {
    given: Vec<u32>,
    now: Vec<u32>,
}

impl<'a> SetNames<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        fn named<'a>(sets: &[Vec<u32>], names: &'a [String]) -> Vec<Vec<&'a str>> {
            let of_set = |set: &Vec<u32>| {
                let mut set: Vec<&str> =
                    set.iter().filter_map(|class| names.get(*class as usize)).map(String::as_str).collect();
                set.sort_unstable();
                set
            };
            sets.iter().map(of_set).collect()
        }
        let given = &snapshot.dataset.labels;
        Self {
            given: named(&given.sets, &given.classes),
            now: named(&snapshot.labels().sets, &snapshot.in_force.identities),
        }
    }

    pub(crate) fn given(&self, set: u32) -> &[&'a str] {
        self.given.get(set as usize).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn now(&self, set: u32) -> &[&'a str] {
        self.now.get(set as usize).map_or(&[], Vec::as_slice)
    }

    fn places(&self) -> Places {
        let joined = |sets: &[Vec<&str>]| -> Vec<String> { sets.iter().map(|set| set.join(", ")).collect() };
        let (given, now) = (joined(&self.given), joined(&self.now));
        Places {
            given: places(given.iter().map(String::as_str)),
            now: places(now.iter().map(String::as_str)),
        }
    }
}

/// The place of each text in their natural order; equal ones share theirs.
fn places<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<u32> {
    let texts: Vec<&str> = texts.collect();
    crate::dataset::natural::ranks(texts.len(), |at| texts[at])
}
