//! How many samples there are of each kind, and how large they are.
//!
//! It refuses to know why these rows and not others.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::bitmask::{BLOCK, Bitmask, bits};
use super::snapshot::Snapshot;
use crate::dataset::edit::Mark;
use crate::dataset::{Flag, ImageFormat, IssueKind, LabelOrigin, SampleId, Verdict};

/// How many of some samples there are of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub samples: u32,
    /// Samples that have each class, by class id: a sample with two classes counts for both.
    pub classes: Vec<u32>,
    pub unlabelled: u32,
    /// By split id.
    pub splits: Vec<u32>,
    pub no_split: u32,
    /// By format code; the first are those not measured, or no image.
    pub formats: [u32; ImageFormat::ALL.len()],
    /// Samples that have each issue, in the order of [`IssueKind::ALL`].
    pub issues: [u32; IssueKind::ALL.len()],
    /// Samples that have any issue.
    pub with_issue: u32,
    /// In the order of [`Mark::ALL`].
    pub marks: [u32; Mark::ALL.len()],
    /// Samples whose labels come from each origin, in the order of [`LabelOrigin::ALL`]; what has neither a label
    /// nor an answer comes from nowhere.
    pub origins: [u32; LabelOrigin::ALL.len()],
    /// Samples that were answered.
    pub answered: u32,
    /// Samples that have other labels than their source gives them.
    pub relabelled: u32,
    /// Who answered or gave boxes, by name, and how many samples. What was said without a name is not among them.
    pub people: Vec<(String, u32)>,
    /// The tags, by name, and how many samples have each.
    pub tags: Vec<(String, u32)>,
    /// Samples that have each flag, in the order of [`Flag::ALL`].
    pub flags: [u32; Flag::ALL.len()],
    /// Samples that have any flag.
    pub flagged: u32,
    pub kept: u32,
    pub pruned: u32,
    /// Bytes of the pruned ones.
    pub pruned_bytes: u64,
    /// Samples that have a box.
    pub boxed: u32,
    pub unmeasured: u32,
    /// Size of the encoded samples together.
    pub bytes: u64,
}

/// Counts the rows named; those out of range are left out.
pub fn counts(snapshot: &Snapshot, rows: &[SampleId]) -> Counts {
    counts_of(snapshot, &Bitmask::from_rows(snapshot.len(), rows))
}

/// Counts the rows of a mask.
pub fn counts_of(snapshot: &Snapshot, mask: &Bitmask) -> Counts {
    // As many parts as threads, since each holds a count per label set.
    let blocks = snapshot.len().div_ceil(BLOCK);
    let relabelled = Relabelled::new(snapshot);
    let part = blocks.div_ceil(rayon::current_num_threads()).max(1);
    let tallies: Vec<Tally> = (0..blocks.div_ceil(part))
        .into_par_iter()
        .map(|at| {
            let mut tally = Tally::new(snapshot);
            for block in at * part..blocks.min((at + 1) * part) {
                tally.add_block(snapshot, &relabelled, mask, block);
            }
            tally
        })
        .collect();
    let mut total = Tally::new(snapshot);
    for tally in tallies {
        total.add(&tally);
    }
    total.finish(snapshot)
}

/// Counts while they are taken: per label set instead of per class.
struct Tally {
    sets: Vec<u32>,
    /// One more than there are splits: the last is for none.
    splits: Vec<u32>,
    /// By the number of who answered or gave boxes, and of the set of tags.
    people: Vec<u32>,
    tag_sets: Vec<u32>,
    rest: Counts,
}

impl Tally {
    fn new(snapshot: &Snapshot) -> Self {
        let (texts, sets) = snapshot.labelling.numbers();
        Self {
            people: vec![0; texts],
            tag_sets: vec![0; sets],
            sets: vec![0; snapshot.labels().sets.len()],
            splits: vec![0; snapshot.dataset.split_names.len() + 1],
            rest: Counts::default(),
        }
    }

    fn add_block(&mut self, snapshot: &Snapshot, relabelled: &Relabelled, mask: &Bitmask, block: usize) {
        let (dataset, chunk) = (&*snapshot.dataset, &*snapshot.facts.chunks()[block]);
        let first = block * BLOCK;
        let rows = first..mask.len().min(first + BLOCK);
        let (sets, splits) = (&snapshot.labels().of[rows.clone()], &dataset.splits[rows.clone()]);
        let (bytes, marks) = (&dataset.bytes[rows.clone()], &snapshot.marks[rows.clone()]);
        let listed = &snapshot.listed_issues()[rows];
        let (counts, no_split) = (&mut self.rest, self.splits.len() - 1);
        let has_boxes = !snapshot.boxes().is_empty();
        let labels = snapshot.labels();
        let mut add = |row: usize| {
            counts.samples += 1;
            self.sets[sets[row] as usize] += 1;
            let told = snapshot.labelling.told((first + row) as SampleId);
            if let Some((origin, _)) = told.answer {
                counts.answered += 1;
                counts.origins[origin as usize] += 1;
            } else if !labels.sets[sets[row] as usize].is_empty()
                && let Some(origin) = snapshot.origin((first + row) as SampleId)
            {
                counts.origins[origin as usize] += 1;
            }
            for person in snapshot.labelling.people_once((first + row) as SampleId) {
                self.people[person as usize] += 1;
            }
            if let Some(set) = told.tags {
                self.tag_sets[set as usize] += 1;
            }
            counts.relabelled += u32::from(relabelled.is(first + row));
            // NO_SPLIT is above every split's id.
            self.splits[(splits[row] as usize).min(no_split)] += 1;
            counts.formats[chunk.format[row] as usize] += 1;
            counts.bytes += bytes[row];
            counts.unmeasured += u32::from(!chunk.measured[row]);
            if has_boxes {
                counts.boxed += u32::from(!snapshot.boxes().get((first + row) as SampleId).is_empty());
            }
            let issues = chunk.issues[row] | listed[row];
            if issues != 0 {
                counts.with_issue += 1;
                bits(issues.into()).for_each(|bit| add_one(&mut counts.issues, bit));
            }
            let flags = snapshot.findings.flags((first + row) as SampleId);
            if flags != 0 {
                counts.flagged += 1;
                bits(flags.into()).for_each(|bit| add_one(&mut counts.flags, bit));
            }
            match snapshot.decision((first + row) as SampleId).verdict {
                Verdict::Undecided => {}
                Verdict::Keep => counts.kept += 1,
                Verdict::Prune => {
                    counts.pruned += 1;
                    counts.pruned_bytes += bytes[row];
                }
            }
            if marks[row] != 0 {
                bits(marks[row].into()).for_each(|bit| add_one(&mut counts.marks, bit));
            }
        };
        for (at, word) in mask.words()[first / 64..].iter().take(BLOCK / 64).enumerate() {
            match *word {
                u64::MAX => (at * 64..at * 64 + 64).for_each(&mut add),
                word => bits(word).for_each(|bit| add(at * 64 + bit as usize)),
            }
        }
    }

    fn add(&mut self, other: &Self) {
        let (counts, others) = (&mut self.rest, &other.rest);
        sum(&mut self.sets, &other.sets);
        sum(&mut self.splits, &other.splits);
        sum(&mut counts.formats, &others.formats);
        sum(&mut counts.issues, &others.issues);
        sum(&mut counts.marks, &others.marks);
        sum(&mut self.people, &other.people);
        sum(&mut self.tag_sets, &other.tag_sets);
        sum(&mut counts.origins, &others.origins);
        counts.answered += others.answered;
        counts.relabelled += others.relabelled;
        sum(&mut counts.flags, &others.flags);
        counts.flagged += others.flagged;
        counts.kept += others.kept;
        counts.pruned += others.pruned;
        counts.pruned_bytes += others.pruned_bytes;
        counts.samples += others.samples;
        counts.with_issue += others.with_issue;
        counts.boxed += others.boxed;
        counts.unmeasured += others.unmeasured;
        counts.bytes += others.bytes;
    }

    fn finish(mut self, snapshot: &Snapshot) -> Counts {
        let labels = &**snapshot.labels();
        let mut classes = vec![0; labels.classes.len()];
        let mut unlabelled = 0;
        for (set, count) in labels.sets.iter().zip(&self.sets) {
            for class in set {
                classes[*class as usize] += count;
            }
            unlabelled += if set.is_empty() { *count } else { 0 };
        }
        let no_split = self.splits.pop().unwrap_or(0);
        let labelling = &*snapshot.labelling;
        let people = (0u32..).zip(&self.people).filter(|(_, count)| **count > 0);
        let people = people.map(|(person, count)| (labelling.text(person).to_owned(), *count));
        let mut people: Vec<(String, u32)> = people.filter(|(name, _)| !name.is_empty()).collect();
        people.sort();
        let mut tags: BTreeMap<&str, u32> = BTreeMap::new();
        for (set, count) in (0u32..).zip(&self.tag_sets).filter(|(_, count)| **count > 0) {
            labelling.texts_of(set).for_each(|tag| *tags.entry(tag).or_default() += count);
        }
        let tags = tags.into_iter().map(|(tag, count)| (tag.to_owned(), count)).collect();
        Counts { classes, unlabelled, splits: self.splits, no_split, people, tags, ..self.rest }
    }
}

/// Which samples have other labels than their source gives them: as [`Snapshot::is_relabelled`], by sets of classes
/// instead of by sample.
struct Relabelled<'a> {
    /// The labels that count and those of the source, as sets, with a number for each set: equal ones have the same
    /// classes. `None` where all labels are the source's.
    sets: Option<[(&'a [u32], Vec<u32>); 2]>,
}

impl<'a> Relabelled<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let (labels, given) = (snapshot.labels(), &snapshot.dataset.labels);
        if Arc::ptr_eq(labels, given) {
            return Self { sets: None };
        }
        let identities = &snapshot.in_force.identities;
        let mut numbers: HashMap<Vec<&str>, u32> = HashMap::new();
        let mut number = |set: &[u32], names: &'a [String]| {
            let names = set.iter().filter_map(|class| names.get(*class as usize));
            let mut names: Vec<&str> = names.map(String::as_str).collect();
            names.sort_unstable();
            let next = numbers.len() as u32;
            *numbers.entry(names).or_insert(next)
        };
        let now = labels.sets.iter().map(|set| number(set, identities)).collect();
        let before = given.sets.iter().map(|set| number(set, &given.classes)).collect();
        Self { sets: Some([(&labels.of, now), (&given.of, before)]) }
    }

    fn is(&self, row: usize) -> bool {
        let Some([now, before]) = &self.sets else { return false };
        let number = |(of, numbers): &(&[u32], Vec<u32>)| {
            of.get(row).and_then(|set| numbers.get(*set as usize)).copied()
        };
        number(now) != number(before)
    }
}

/// Counts one more at that index; bits that stand for nothing are left out.
fn add_one(counts: &mut [u32], at: u32) {
    if let Some(count) = counts.get_mut(at as usize) {
        *count += 1;
    }
}

fn sum(into: &mut [u32], from: &[u32]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into += from;
    }
}

/// The size of some samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub samples: u64,
    /// Size of the encoded samples together.
    pub bytes: u64,
    /// In pixels; `None` when no sample's size is known.
    pub width: Option<Spread>,
    pub height: Option<Spread>,
}

/// The least, the middle and the greatest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub min: u32,
    /// Of an even number of numbers, the mean of the middle two.
    pub median: f64,
    pub max: u32,
}

impl Spread {
    /// The spread of numbers in any order; `None` when there are none.
    pub fn of(mut numbers: Vec<u32>) -> Option<Self> {
        let (min, max) = (*numbers.iter().min()?, *numbers.iter().max()?);
        let even = numbers.len().is_multiple_of(2);
        let middle = numbers.len() / 2;
        let (below, upper, _) = numbers.select_nth_unstable(middle);
        let upper = f64::from(*upper);
        let lower = below.iter().max().filter(|_| even).map_or(upper, |lower| f64::from(*lower));
        Some(Self { min, median: (lower + upper) / 2.0, max })
    }
}

/// The size of the rows named; those out of range are left out.
pub fn summary(snapshot: &Snapshot, rows: &[SampleId]) -> Summary {
    let rows = rows.iter().copied().filter(|row| (*row as usize) < snapshot.len());
    let (mut widths, mut heights) = (Vec::new(), Vec::new());
    let (mut samples, mut bytes) = (0, 0);
    let chunks = snapshot.facts.chunks();
    for row in rows {
        let at = row as usize;
        let chunk = &chunks[at / BLOCK];
        samples += 1;
        bytes += snapshot.dataset.bytes[at];
        let (width, height) = (chunk.width[at % BLOCK], chunk.height[at % BLOCK]);
        if width != 0 && height != 0 {
            widths.push(width);
            heights.push(height);
        }
    }
    Summary { samples, bytes, width: Spread::of(widths), height: Spread::of(heights) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::edit::{Edit, Overlay, SampleSet};
    use crate::dataset::labelling::LabelChanges;
    use crate::dataset::query::parse;
    use crate::dataset::{Answer, DatasetBuilder, Facts, Labelling, Layout, NamedBox, NewSample};

    #[test]
    fn what_was_said_is_counted_by_origin_person_and_tag() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for row in 0..8 {
            let labels: &[&str] = if row < 4 { &["cat"] } else { &[] };
            builder.push(NewSample { path: &format!("{row}.png"), labels, ..NewSample::default() });
        }
        let dataset = builder.finish().0;
        let mut overlay = Overlay::new(dataset.len());
        let answer = |labels: &[&str], origin, by: &str| Answer {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            origin,
            by: by.to_owned(),
            time_ms: 0,
        };
        let by_hand = answer(&["dog"], LabelOrigin::ByHand, "Ada");
        let same = answer(&["cat"], LabelOrigin::Confirmed, "");
        let changes = [(0, Some(by_hand.clone())), (1, Some(same)), (5, Some(by_hand))];
        overlay.apply(&Edit::Label { changes: LabelChanges::of_each(changes) });
        for (rows, tag) in [(vec![0, 7], "odd"), (vec![7], "blue")] {
            overlay.apply(&Edit::Tag { samples: SampleSet::from_rows(rows), tag: tag.to_owned(), on: true });
        }
        let snapshot = Snapshot::new(dataset.into(), &[], Facts::new(8), overlay.marks.clone());
        let snapshot = snapshot.labelled(&overlay.labelling);
        let all: Vec<SampleId> = (0..8).collect();
        let counted = counts(&snapshot, &all);
        assert_eq!(counted.origins, [2, 2, 1, 0]);
        assert_eq!((counted.answered, counted.relabelled), (3, 2), "one was confirmed as it was");
        assert_eq!(counted.people, [("Ada".to_owned(), 2)]);
        assert_eq!(counted.tags, [("blue".to_owned(), 1), ("odd".to_owned(), 2)]);
        let relabelled = all.iter().filter(|row| snapshot.is_relabelled(**row)).count();
        assert_eq!(relabelled, counted.relabelled as usize);
        assert_eq!(counts(&snapshot, &[2, 7]).tags, [("blue".to_owned(), 1), ("odd".to_owned(), 1)]);
    }

    #[test]
    fn who_gave_boxes_is_counted_and_found_as_who_answered_is() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for row in 0..4 {
            builder.push(NewSample { path: &format!("{row}.png"), ..NewSample::default() });
        }
        let boxed = |by: &str| NamedBox { class: "cat".into(), by: by.to_owned(), ..NamedBox::default() };
        let mut labelling = Labelling::new(4);
        labelling.set_answer(0, Some(&Answer { by: "Ada".into(), ..Answer::default() }));
        labelling.set_boxes(0, Some(&[boxed("Ben"), boxed("Ada"), boxed("Ben")]));
        labelling.set_boxes(1, Some(&[boxed("Ben"), boxed("")]));
        labelling.set_boxes(2, Some(&[boxed("")]));
        let snapshot = Snapshot::new(builder.finish().0.into(), &[], Facts::new(4), vec![0; 4].into());
        let snapshot = snapshot.labelled(&Arc::new(labelling));
        let counted = counts(&snapshot, &[0, 1, 2, 3]);
        assert_eq!(counted.people, [("Ada".to_owned(), 1), ("Ben".to_owned(), 2)]);
        for (query, expected) in [("by:ben", &[0, 1][..]), ("by:Ada", &[0]), ("by:none", &[2, 3])] {
            let found: Vec<SampleId> =
                parse(query, snapshot.vocabulary()).unwrap().mask(&snapshot).iter().collect();
            assert_eq!(found, expected, "{query}");
        }
    }

    #[test]
    fn the_median_of_an_even_number_is_between() {
        for (numbers, expected) in [
            (vec![], None),
            (vec![5], Some((5, 5.0, 5))),
            (vec![4, 1], Some((1, 2.5, 4))),
            (vec![9, 1, 3], Some((1, 3.0, 9))),
            (vec![7, 7, 1, 2], Some((1, 4.5, 7))),
        ] {
            let spread = Spread::of(numbers).map(|spread| (spread.min, spread.median, spread.max));
            assert_eq!(spread, expected);
        }
    }
}
