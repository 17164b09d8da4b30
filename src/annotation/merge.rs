//! Theirs into ours: which samples of two sets of annotations are the same, where they differ, and what would change.
//!
//! A [`MergePlan`] changes nothing. It tells what there is to decide, and [`MergePlan::changes`] what follows of a
//! decision, for whoever keeps the labels.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Annotated, AnnotatedBox, Annotations, same_labels};
use crate::import::names::{is_image_name, split_path, stem};

pub use super::report::{ClassCount, ConflictRow, MergeReport};

/// How samples of two sets are known to be the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchBy {
    Path,
    Content,
    /// By path, and where no path fits by content.
    #[default]
    Either,
}

/// What a match rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matched {
    Path,
    /// One path is the end of the other, and of no other sample's.
    PathEnd,
    Content,
}

/// How what they say of a sample stands to what we say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Both say the same.
    Same,
    /// They say something where we say nothing.
    New,
    /// Both say something, and not the same.
    Conflict,
    /// They say nothing.
    Silent,
}

/// A sample of theirs that is one of ours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Merged {
    /// Places among the samples of each.
    pub ours: usize,
    pub theirs: usize,
    pub matched: Matched,
    /// Of labels and boxes together: a conflict in either is one, and so is something new.
    pub outcome: Outcome,
    pub labels: Outcome,
    pub boxes: Outcome,
}

/// A sample of theirs that may be several of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ambiguous {
    pub theirs: usize,
    /// The first [`MergePlan::MOST_TOLD`] of them.
    pub ours: Vec<usize>,
}

/// What becomes of conflicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolve {
    #[default]
    KeepOurs,
    TakeTheirs,
    /// Ours stay, and the sample is listed to be settled.
    Dispute,
}

/// What changes in one of our samples. A field that is `None` or empty stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub ours: usize,
    pub theirs: usize,
    pub labels: Option<Vec<String>>,
    pub boxes: Option<Vec<AnnotatedBox>>,
    /// Tags that we have not.
    pub tags: Vec<String>,
    /// Their note, where we have none.
    pub note: Option<String>,
    pub starred: bool,
    pub reviewed: bool,
    pub unsure: bool,
    /// The conflict is to be settled.
    pub disputed: bool,
}

/// How two sets of annotations go together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MergePlan {
    /// In the order of theirs.
    pub samples: Vec<Merged>,
    /// Theirs that are none of ours.
    pub unmatched: Vec<usize>,
    pub ambiguous: Vec<Ambiguous>,
    /// Theirs that are a sample of ours which an earlier one of theirs is already, and say something else: several
    /// people's answers are settled first.
    pub repeated: Vec<usize>,
    /// Classes that only they have.
    pub new_classes: Vec<String>,
}

/// Finds the samples of ours that theirs are.
pub fn merge(ours: &Annotations, theirs: &Annotations, by: MatchBy) -> MergePlan {
    let index = Index::of(ours, by);
    let mut plan = MergePlan::default();
    let mut taken: HashMap<usize, usize> = HashMap::new();
    for (at, their) in theirs.samples.iter().enumerate() {
        let (found, matched) = index.find(their);
        let own = match found[..] {
            [] => {
                plan.unmatched.push(at);
                continue;
            }
            [own] => own,
            _ => {
                let ours = found.into_iter().take(MergePlan::MOST_TOLD).collect();
                plan.ambiguous.push(Ambiguous { theirs: at, ours });
                continue;
            }
        };
        if let Some(first) = taken.get(&own) {
            let first = &theirs.samples[*first];
            let says_more = !same_labels(&first.labels, &their.labels) || first.boxes != their.boxes;
            if says_more && (!is_silent(their) || !their.boxes.is_empty()) {
                plan.repeated.push(at);
            }
            continue;
        }
        taken.insert(own, at);
        let our = &ours.samples[own];
        let labels = outcome(is_silent(our), is_silent(their), || same_labels(&our.labels, &their.labels));
        let boxes = outcome(our.boxes.is_empty(), their.boxes.is_empty(), || same_boxes(our, their));
        let outcome = match (labels, boxes) {
            (Outcome::Conflict, _) | (_, Outcome::Conflict) => Outcome::Conflict,
            (Outcome::New, _) | (_, Outcome::New) => Outcome::New,
            (Outcome::Silent, Outcome::Silent) => Outcome::Silent,
            _ => Outcome::Same,
        };
        plan.samples.push(Merged { ours: own, theirs: at, matched, outcome, labels, boxes });
    }
    let known: HashSet<String> = ours.all_classes().into_iter().collect();
    plan.new_classes = theirs.all_classes().into_iter().filter(|class| !known.contains(class)).collect();
    plan
}

impl MergePlan {
    /// Samples of ours that are told for one of theirs.
    pub const MOST_TOLD: usize = 8;

    /// Matched samples of that outcome.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.samples.iter().filter(|sample| sample.outcome == outcome).count() as u64
    }

    /// What changes when conflicts are resolved so: samples of which nothing changes are not among them.
    pub fn changes(&self, ours: &Annotations, theirs: &Annotations, resolve: Resolve) -> Vec<Change> {
        let change = |merged: &Merged| {
            let (our, their) = (&ours.samples[merged.ours], &theirs.samples[merged.theirs]);
            let is_taken = |outcome: Outcome| match outcome {
                Outcome::New => true,
                Outcome::Conflict => resolve == Resolve::TakeTheirs,
                Outcome::Same | Outcome::Silent => false,
            };
            // New boxes bring their classes: they stay away where the labels do.
            let boxes = match (merged.boxes, merged.labels) {
                (Outcome::New, Outcome::Conflict) => Outcome::Conflict,
                (boxes, _) => boxes,
            };
            let tags = their.tags.iter().filter(|tag| !our.tags.contains(tag));
            let change = Change {
                ours: merged.ours,
                theirs: merged.theirs,
                labels: is_taken(merged.labels).then(|| their.labels.clone()),
                boxes: is_taken(boxes).then(|| their.boxes.clone()),
                tags: tags.cloned().collect(),
                note: (our.note.is_empty() && !their.note.is_empty()).then(|| their.note.clone()),
                starred: their.starred && !our.starred,
                reviewed: their.reviewed && !our.reviewed,
                unsure: their.unsure && !our.unsure,
                disputed: resolve == Resolve::Dispute && merged.outcome == Outcome::Conflict,
            };
            let nothing = Change { ours: merged.ours, theirs: merged.theirs, ..Change::default() };
            (change != nothing).then_some(change)
        };
        self.samples.iter().filter_map(change).collect()
    }
}

/// Whether no answer was given: “none of the classes” is one, and has an origin.
fn is_silent(one: &Annotated) -> bool {
    one.labels.is_empty() && one.origin.is_none()
}

fn outcome(we_are_silent: bool, they_are_silent: bool, is_same: impl FnOnce() -> bool) -> Outcome {
    match (we_are_silent, they_are_silent) {
        (_, true) => Outcome::Silent,
        (true, false) => Outcome::New,
        (false, false) if is_same() => Outcome::Same,
        (false, false) => Outcome::Conflict,
    }
}

/// How far the sides of two boxes may be apart that are the same: in pixels, where the size is known, and else in parts
/// of the picture. What formats round is within it.
const SAME_PIXELS: f32 = 1.0;
const SAME_PARTS: f32 = 0.002;

/// Boxes that are compared; with more of one sample only their numbers and classes are.
const MOST_COMPARED: usize = 500;

/// Whether each box of one is one of the other's.
fn same_boxes(our: &Annotated, their: &Annotated) -> bool {
    if our.boxes.len() != their.boxes.len() {
        return false;
    }
    let size = our.size.or(their.size);
    let near = |one: &AnnotatedBox, two: &AnnotatedBox| {
        let within = |one: [f32; 4], two: [f32; 4], most: f32| {
            one.iter().zip(two).all(|(one, two)| (one - two).abs() <= most)
        };
        one.class == two.class
            && match (one.in_pixels(size), two.in_pixels(size)) {
                (Some(one), Some(two)) => within(one, two, SAME_PIXELS),
                _ => one.relative == two.relative && within(one.rect, two.rect, SAME_PARTS),
            }
    };
    if our.boxes.len() > MOST_COMPARED {
        let classes = |of: &Annotated| {
            let mut classes: Vec<String> = of.boxes.iter().map(|one| one.class.clone()).collect();
            classes.sort_unstable();
            classes
        };
        return classes(our) == classes(their);
    }
    let mut left: Vec<&AnnotatedBox> = their.boxes.iter().collect();
    our.boxes.iter().all(|one| {
        let at = left.iter().position(|two| near(one, two));
        at.map(|at| left.swap_remove(at)).is_some()
    })
}

/// Our samples by what they are found by.
struct Index<'a> {
    by: MatchBy,
    ours: &'a [Annotated],
    by_path: HashMap<&'a str, Vec<usize>>,
    /// By the file's name without its ending.
    by_stem: HashMap<&'a str, Vec<usize>>,
    by_content: HashMap<[u8; 16], Vec<usize>>,
}

/// A path as it is compared.
fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_start_matches('/')
}

/// Samples of one name that are compared by the ends of their paths; with more of them no end is asked.
const MOST_OF_A_NAME: usize = 100_000;

impl<'a> Index<'a> {
    fn of(ours: &'a Annotations, by: MatchBy) -> Self {
        let (mut by_path, mut by_stem, mut by_content) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (at, sample) in ours.samples.iter().enumerate() {
            let path = plain(&sample.path);
            by_path.entry(path).or_insert_with(Vec::new).push(at);
            by_stem.entry(stem(path)).or_insert_with(Vec::new).push(at);
            if let Some(content) = sample.content {
                by_content.entry(content).or_insert_with(Vec::new).push(at);
            }
        }
        Self { by, ours: &ours.samples, by_path, by_stem, by_content }
    }

    /// The samples that it may be, the surest way first.
    fn find(&self, their: &Annotated) -> (Vec<usize>, Matched) {
        if self.by != MatchBy::Content {
            let path = plain(&their.path);
            if let Some(found) = self.by_path.get(path) {
                return (found.clone(), Matched::Path);
            }
            // By path alone a path is all that counts.
            let content = their.content.filter(|_| self.by == MatchBy::Either);
            let found = self.by_end(path, content);
            if found.len() == 1 || (self.by == MatchBy::Path && !found.is_empty()) {
                return (found, Matched::PathEnd);
            }
        }
        if self.by != MatchBy::Path {
            let found = their.content.and_then(|content| self.by_content.get(&content));
            return (found.cloned().unwrap_or_default(), Matched::Content);
        }
        (Vec::new(), Matched::Path)
    }

    /// The samples whose path ends with theirs or which theirs ends with, and whose content is not known to be another;
    /// of several the ones that share most.
    fn by_end(&self, path: &str, content: Option<[u8; 16]>) -> Vec<usize> {
        let named = self.by_stem.get(stem(path)).map(Vec::as_slice).unwrap_or_default();
        // What has no ending of a picture is of a format that knows none.
        let has_ending = is_image_name(path);
        let mut best = (0, Vec::new());
        for at in named.iter().take(MOST_OF_A_NAME) {
            // What has another content is another sample, whatever it is called.
            if let (Some(own), Some(their)) = (self.ours[*at].content, content)
                && own != their
            {
                continue;
            }
            let own = plain(&self.ours[*at].path);
            let own = if has_ending { own } else { without_ending(own) };
            let parts = |path: &str| path.split('/').count();
            if is_end(own, path) || is_end(path, own) {
                let shared = parts(own).min(parts(path));
                if shared > best.0 {
                    best = (shared, Vec::new());
                }
                if shared == best.0 {
                    best.1.push(*at);
                }
            }
        }
        best.1
    }
}

/// Whether a path is the whole or the last parts of another.
fn is_end(end: &str, path: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn without_ending(path: &str) -> &str {
    let name = split_path(path).1;
    &path[..path.len() - (name.len() - stem(name).len())]
}

/// Labels of ours, theirs and both, class by class.
pub(super) fn class_counts(plan: &MergePlan, ours: &Annotations, theirs: &Annotations) -> Vec<ClassCount> {
    let mut counts: BTreeMap<&str, ClassCount> = BTreeMap::new();
    for merged in &plan.samples {
        let (our, their) = (&ours.samples[merged.ours].labels, &theirs.samples[merged.theirs].labels);
        let all = our.iter().chain(their.iter().filter(|label| !our.contains(label)));
        for label in all {
            let count = counts.entry(label).or_default();
            let (is_ours, is_theirs) = (our.contains(label), their.contains(label));
            count.ours += u64::from(is_ours);
            count.theirs += u64::from(is_theirs);
            count.both += u64::from(is_ours && is_theirs);
            count.new += u64::from(is_theirs && merged.labels == Outcome::New);
        }
    }
    let named = counts.into_iter().map(|(class, count)| ClassCount { class: class.to_owned(), ..count });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path label+label #content`.
    fn said(lines: &[&str]) -> Annotations {
        let sample = |line: &&str| {
            let mut words = line.split(' ');
            let path = words.next().unwrap().to_owned();
            let mut sample = Annotated { path, ..Annotated::default() };
            for word in words {
                match word.strip_prefix('#') {
                    Some(content) => sample.content = Some([content.parse().unwrap(); 16]),
                    None => sample.labels = word.split('+').map(str::to_owned).collect(),
                }
            }
            sample
        };
        Annotations::of_samples(lines.iter().map(sample).collect())
    }

    fn told(plan: &MergePlan) -> Vec<String> {
        plan.samples.iter().map(|one| format!("{} {:?} {:?}", one.ours, one.matched, one.outcome)).collect()
    }

    #[test]
    fn samples_meet_by_path_by_its_end_or_by_content() {
        let ours = said(&[
            "a/1.png cat #1",
            "a/2.png #2",
            "b/2.png dog #3",
            "c/4.png cat #4",
            "d/5.png cat #4",
            "e/6.png",
        ]);
        let theirs = said(&[
            "./a/1.png cat",
            "data/a/2.png dog",
            "2.png cat #3",
            "x.png cat #4",
            "new.png cat #9",
            "4.png dog",
            "e/6",
        ]);
        let plan = merge(&ours, &theirs, MatchBy::Either);
        assert_eq!(
            told(&plan),
            ["0 Path Same", "1 PathEnd New", "2 PathEnd Conflict", "3 PathEnd Conflict", "5 PathEnd Silent"]
        );
        assert_eq!(
            (plan.unmatched, plan.ambiguous),
            (vec![4], vec![Ambiguous { theirs: 3, ours: vec![3, 4] }])
        );
        let by_path = merge(&ours, &theirs, MatchBy::Path);
        assert_eq!(by_path.ambiguous, [Ambiguous { theirs: 2, ours: vec![1, 2] }]);
        assert_eq!(by_path.unmatched, [3, 4]);
        let by_content = merge(&ours, &theirs, MatchBy::Content);
        assert_eq!(
            (told(&by_content), by_content.unmatched.len()),
            (vec!["2 Content Conflict".to_owned()], 5)
        );
    }

    #[test]
    fn a_decision_on_conflicts_says_what_changes() {
        let ours = said(&["1.png cat", "2.png", "3.png dog", "4.png cat+dog"]);
        let theirs = said(&["1.png dog", "2.png cat", "3.png dog", "4.png dog+cat"]);
        let plan = merge(&ours, &theirs, MatchBy::Path);
        for (resolve, expected) in [
            (Resolve::KeepOurs, &["1 cat false"][..]),
            (Resolve::TakeTheirs, &["0 dog false", "1 cat false"]),
            (Resolve::Dispute, &["0 - true", "1 cat false"]),
        ] {
            let changes = plan.changes(&ours, &theirs, resolve);
            let told: Vec<String> = changes
                .iter()
                .map(|one| {
                    let labels = one.labels.as_ref().map_or("-".to_owned(), |labels| labels.join("+"));
                    format!("{} {labels} {}", one.ours, one.disputed)
                })
                .collect();
            assert_eq!(told, expected, "{resolve:?}");
        }
    }

    #[test]
    fn none_of_the_classes_is_an_answer() {
        let none = |path: &str| Annotated {
            path: path.into(),
            origin: Some(crate::dataset::LabelOrigin::ByHand),
            ..Annotated::default()
        };
        let mut ours = said(&["1.png cat", "2.png"]);
        ours.samples.push(none("3.png"));
        let theirs = Annotations::of_samples(vec![none("1.png"), none("2.png"), none("3.png")]);
        let plan = merge(&ours, &theirs, MatchBy::Path);
        assert_eq!(told(&plan), ["0 Path Conflict", "1 Path New", "2 Path Same"]);
        let changes = plan.changes(&ours, &theirs, Resolve::KeepOurs);
        assert_eq!((changes.len(), changes[0].ours, changes[0].labels.clone()), (1, 1, Some(Vec::new())));
    }

    #[test]
    fn two_answers_to_one_sample_are_told() {
        let ours = said(&["1.png", "2.png"]);
        let theirs = said(&["1.png cat", "1.png dog", "2.png cat", "2.png cat"]);
        let plan = merge(&ours, &theirs, MatchBy::Path);
        assert_eq!(
            (told(&plan), plan.repeated),
            (vec!["0 Path New".to_owned(), "1 Path New".to_owned()], vec![1])
        );
    }

    #[test]
    fn boxes_that_a_format_rounded_are_the_same() {
        let boxed = |rect: [f32; 4], relative: bool| Annotated {
            size: Some([200, 100]),
            boxes: vec![AnnotatedBox { class: "x".into(), rect, relative }],
            ..Annotated::default()
        };
        let own = boxed([10.4, 20.0, 50.0, 25.0], false);
        for (rect, relative, expected) in [
            ([10.0, 20.0, 50.0, 25.0], false, true),
            ([0.05, 0.2, 0.25, 0.25], true, true),
            ([12.0, 20.0, 50.0, 25.0], false, false),
        ] {
            assert_eq!(same_boxes(&own, &boxed(rect, relative)), expected, "{rect:?}");
        }
    }
}
