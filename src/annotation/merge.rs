//! Theirs into ours: which samples of two sets of annotations are the same, where they differ, and what would change.
//!
//! A [`MergePlan`] changes nothing. It tells what there is to decide, and [`MergePlan::changes`] what follows of a
//! decision, for whoever keeps the labels.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Annotated, AnnotatedBox, Annotations, same_labels};
use crate::import::names::{is_image_name, split_path, stem};
use crate::jobs::{Cancelled, Control};

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
    /// At most [`MergePlan::MOST_TOLD`] of them.
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

/// What a decision on conflicts comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Samples that change.
    #[serde(rename = "changed")]
    pub samples: u64,
    /// Classes that we have not and that come with what is taken, in the order of letters.
    pub new_classes: Vec<String>,
}

impl Changed {
    pub fn of(changes: &[Change], ours: &Annotations) -> Self {
        let mut known: HashSet<&str> = ours.classes.iter().map(String::as_str).collect();
        known.extend(ours.samples.iter().flat_map(|one| &one.labels).map(String::as_str));
        let named = changes.iter().flat_map(Change::classes);
        let mut new_classes: Vec<String> =
            named.filter(|class| known.insert(class)).map(str::to_owned).collect();
        new_classes.sort_unstable();
        Self { samples: changes.len() as u64, new_classes }
    }
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

impl Change {
    /// The classes that it names.
    fn classes(&self) -> impl Iterator<Item = &str> {
        let boxes = self.boxes.iter().flatten().map(|one| one.class.as_str());
        self.labels.iter().flatten().map(String::as_str).chain(boxes)
    }
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
}

/// Samples between two looks at the control.
const AT_ONCE: usize = 4096;

/// Finds the samples of ours that theirs are.
pub fn merge(
    ours: &Annotations,
    theirs: &Annotations,
    by: MatchBy,
    control: &Control,
) -> Result<MergePlan, Cancelled> {
    control.begin("Matching samples", theirs.samples.len() as u64);
    let index = Index::of(ours, by, control)?;
    let mut plan = MergePlan::default();
    let mut taken: HashMap<usize, usize> = HashMap::new();
    for (at, their) in theirs.samples.iter().enumerate() {
        if at % AT_ONCE == 0 {
            control.checkpoint()?;
            control.set_done(at as u64);
        }
        let (found, matched) = index.find(their);
        let own = match found[..] {
            [] => {
                plan.unmatched.push(at);
                continue;
            }
            [own] => own,
            _ => {
                plan.ambiguous.push(Ambiguous { theirs: at, ours: found });
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
    Ok(plan)
}

impl MergePlan {
    /// Samples of ours that are told for one of theirs.
    pub const MOST_TOLD: usize = 8;

    /// Matched samples of that outcome.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.samples.iter().filter(|sample| sample.outcome == outcome).count() as u64
    }

    /// What changes when conflicts are resolved so: samples of which nothing changes are not among them.
    pub fn changes(
        &self,
        ours: &Annotations,
        theirs: &Annotations,
        resolve: Resolve,
        control: &Control,
    ) -> Result<Vec<Change>, Cancelled> {
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
        control.begin("Finding what changes", self.samples.len() as u64);
        let mut changes = Vec::new();
        for part in self.samples.chunks(AT_ONCE) {
            control.checkpoint()?;
            changes.extend(part.iter().filter_map(change));
            control.add(part.len() as u64);
        }
        Ok(changes)
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
    by_content: HashMap<[u8; 16], Vec<usize>>,
    /// Made when a path is none of ours as it stands.
    by_end: OnceCell<ByEnd<'a>>,
}

/// A path as it is compared.
fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_start_matches('/')
}

impl<'a> Index<'a> {
    fn of(ours: &'a Annotations, by: MatchBy, control: &Control) -> Result<Self, Cancelled> {
        let (mut by_path, mut by_content) = (HashMap::new(), HashMap::new());
        for (at, sample) in ours.samples.iter().enumerate() {
            if at % AT_ONCE == 0 {
                control.checkpoint()?;
            }
            by_path.entry(plain(&sample.path)).or_insert_with(Vec::new).push(at);
            if let Some(content) = sample.content {
                by_content.entry(content).or_insert_with(Vec::new).push(at);
            }
        }
        Ok(Self { by, ours: &ours.samples, by_path, by_content, by_end: OnceCell::new() })
    }

    /// At most [`MergePlan::MOST_TOLD`] of the samples that it may be, the surest way first.
    fn find(&self, their: &Annotated) -> (Vec<usize>, Matched) {
        let first = |found: &Vec<usize>| found.iter().copied().take(MergePlan::MOST_TOLD).collect();
        if self.by != MatchBy::Content {
            let path = plain(&their.path);
            if let Some(found) = self.by_path.get(path) {
                return (first(found), Matched::Path);
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
            return (found.map(first).unwrap_or_default(), Matched::Content);
        }
        (Vec::new(), Matched::Path)
    }

    /// Samples whose path ends with theirs or which theirs ends with, and whose content is not known to be another; of
    /// several the ones that share most.
    fn by_end(&self, path: &str, content: Option<[u8; 16]>) -> Vec<usize> {
        // What has no ending of a picture is of a format that knows none.
        let has_ending = is_image_name(path);
        let bare = |path: &str| if has_ending { without_ending(path).len() } else { path.len() };
        let own = |at: usize| {
            let own = plain(&self.ours[at].path);
            if has_ending { own } else { without_ending(own) }
        };
        let ends = self.by_end.get_or_init(|| ByEnd::of(self.ours));
        // The whole of theirs is the most that can be shared.
        let mut found = self.fitting(
            ends,
            |sorted| ends.below(sorted, &path[..bare(path)]),
            content,
            |at| is_end(path, own(at)),
        );
        let mut rest = path;
        while let Some((_, end)) = rest.split_once('/').filter(|_| found.is_empty()) {
            rest = end;
            found = self.fitting(
                ends,
                |sorted| ends.named(sorted, &end[..bare(end)]),
                content,
                |at| end == own(at),
            );
        }
        found.sort_unstable();
        found
    }

    /// Those of a run of samples that fit: at most [`MergePlan::MOST_TOLD`].
    fn fitting<'b>(
        &'b self,
        ends: &'b ByEnd<'_>,
        run: impl Fn(&'b [usize]) -> &'b [usize],
        content: Option<[u8; 16]>,
        fits: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let all = run(&ends.all);
        let same = content.map(|content| self.by_content.get(&content).map_or(&[][..], Vec::as_slice));
        let (known, unknown) = match same {
            // Many of ours may be called so, and few of them be it.
            Some(same) if same.len() < all.len() => (same, run(&ends.unknown)),
            _ => (all, &[][..]),
        };
        // What has another content is another sample, whatever it is called.
        let is_other =
            |at: usize| matches!((self.ours[at].content, content), (Some(own), Some(their)) if own != their);
        let found = known.iter().chain(unknown).copied().filter(|at| !is_other(*at) && fits(*at));
        found.take(MergePlan::MOST_TOLD).collect()
    }
}

/// Our samples in the order of their paths without endings, which are compared from the last part to the first: those
/// whose paths end alike are side by side, the shortest first.
struct ByEnd<'a> {
    ours: &'a [Annotated],
    all: Vec<usize>,
    /// Those of unknown content.
    unknown: Vec<usize>,
}

impl<'a> ByEnd<'a> {
    fn of(ours: &'a [Annotated]) -> Self {
        let parts = |at: usize| without_ending(plain(&ours[at].path)).rsplit('/');
        let mut all: Vec<usize> = (0..ours.len()).collect();
        all.par_sort_unstable_by(|one, two| parts(*one).cmp(parts(*two)).then(one.cmp(two)));
        let unknown = all.iter().copied().filter(|at| ours[*at].content.is_none()).collect();
        Self { ours, all, unknown }
    }

    fn bare(&self, at: usize) -> &'a str {
        without_ending(plain(&self.ours[at].path))
    }

    /// Those of sorted samples whose path without its ending ends with this, or is this.
    fn below<'b>(&self, sorted: &'b [usize], end: &str) -> &'b [usize] {
        let rest = self.from(sorted, end);
        &rest[..rest.partition_point(|at| is_end(end, self.bare(*at)))]
    }

    /// Those of sorted samples whose path without its ending is this.
    fn named<'b>(&self, sorted: &'b [usize], path: &str) -> &'b [usize] {
        let rest = self.from(sorted, path);
        &rest[..rest.partition_point(|at| self.bare(*at) == path)]
    }

    fn from<'b>(&self, sorted: &'b [usize], end: &str) -> &'b [usize] {
        &sorted[sorted.partition_point(|at| self.bare(*at).rsplit('/').lt(end.rsplit('/')))..]
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
    use proptest::prelude::*;

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

    fn planned(ours: &Annotations, theirs: &Annotations, by: MatchBy) -> MergePlan {
        merge(ours, theirs, by, &Control::new()).unwrap()
    }

    fn at(paths: impl IntoIterator<Item = String>) -> Annotations {
        let sample = |path| Annotated { path, ..Annotated::default() };
        Annotations::of_samples(paths.into_iter().map(sample).collect())
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
        let plan = planned(&ours, &theirs, MatchBy::Either);
        assert_eq!(
            told(&plan),
            ["0 Path Same", "1 PathEnd New", "2 PathEnd Conflict", "3 PathEnd Conflict", "5 PathEnd Silent"]
        );
        assert_eq!(
            (plan.unmatched, plan.ambiguous),
            (vec![4], vec![Ambiguous { theirs: 3, ours: vec![3, 4] }])
        );
        let by_path = planned(&ours, &theirs, MatchBy::Path);
        assert_eq!(by_path.ambiguous, [Ambiguous { theirs: 2, ours: vec![1, 2] }]);
        assert_eq!(by_path.unmatched, [3, 4]);
        let by_content = planned(&ours, &theirs, MatchBy::Content);
        assert_eq!(
            (told(&by_content), by_content.unmatched.len()),
            (vec!["2 Content Conflict".to_owned()], 5)
        );
    }

    #[test]
    fn any_number_of_samples_of_one_name_meet_by_the_ends_of_their_paths() {
        const SAMPLES: usize = 150_000;
        let ours = at((0..SAMPLES).map(|row| format!("{row}/image.png")));
        let theirs = at((0..SAMPLES).rev().map(|row| format!("data/{row}/image.png")));
        let found = planned(&ours, &theirs, MatchBy::Path);
        assert_eq!((found.samples.len(), found.unmatched.len()), (SAMPLES, 0));
        assert!(found.samples.iter().all(|one| one.matched == Matched::PathEnd));
        assert!(found.samples.iter().all(|one| one.ours == SAMPLES - 1 - one.theirs));
        // A name alone may be any of them, and few are told.
        let found = planned(&ours, &at(["image.png".to_owned()]), MatchBy::Path);
        assert_eq!(found.ambiguous[0].ours.len(), MergePlan::MOST_TOLD);
    }

    #[test]
    fn a_merge_that_is_cancelled_ends() {
        let control = Control::new();
        let (ours, theirs) = (said(&["a/1.png cat"]), said(&["1.png dog"]));
        let found = merge(&ours, &theirs, MatchBy::Path, &control).unwrap();
        assert_eq!(control.progress().total, 1);
        control.cancel();
        assert_eq!(merge(&ours, &theirs, MatchBy::Path, &control), Err(Cancelled));
        assert_eq!(found.changes(&ours, &theirs, Resolve::TakeTheirs, &control), Err(Cancelled));
    }

    /// Our samples that a path may be, each compared.
    fn compared(ours: &Annotations, path: &str) -> Vec<usize> {
        let rows = || 0..ours.samples.len();
        let own = |row: usize| ours.samples[row].path.as_str();
        let same: Vec<usize> = rows().filter(|row| own(*row) == path).collect();
        if !same.is_empty() {
            return same;
        }
        let own = |row: usize| if is_image_name(path) { own(row) } else { without_ending(own(row)) };
        let parts = |path: &str| path.split('/').count();
        let shared = |row: &usize| match is_end(own(*row), path) || is_end(path, own(*row)) {
            true => parts(own(*row)).min(parts(path)),
            false => 0,
        };
        let most = rows().map(|row| shared(&row)).max().unwrap_or(0);
        rows().filter(|row| most > 0 && shared(row) == most).collect()
    }

    proptest! {
        #[test]
        fn paths_meet_as_if_each_were_compared_with_each(
            ours in prop::collection::vec("([ab]/){0,3}[12](\\.png|\\.jpg|)", 0..8),
            path in "([ab]/){0,3}[12](\\.png|\\.jpg|)",
        ) {
            let (ours, theirs) = (at(ours), at([path.clone()]));
            let found = planned(&ours, &theirs, MatchBy::Path);
            let mut rows: Vec<usize> = found.samples.iter().map(|one| one.ours).collect();
            rows.extend(found.ambiguous.iter().flat_map(|one| &one.ours));
            prop_assert_eq!(rows, compared(&ours, &path));
        }
    }

    #[test]
    fn a_decision_on_conflicts_says_what_changes() {
        let ours = said(&["1.png cat", "2.png", "3.png dog", "4.png cat+dog"]);
        let theirs = said(&["1.png dog", "2.png cat", "3.png dog", "4.png dog+cat"]);
        let plan = planned(&ours, &theirs, MatchBy::Path);
        for (resolve, expected) in [
            (Resolve::KeepOurs, &["1 cat false"][..]),
            (Resolve::TakeTheirs, &["0 dog false", "1 cat false"]),
            (Resolve::Dispute, &["0 - true", "1 cat false"]),
        ] {
            let changes = plan.changes(&ours, &theirs, resolve, &Control::new()).unwrap();
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
        let plan = planned(&ours, &theirs, MatchBy::Path);
        assert_eq!(told(&plan), ["0 Path Conflict", "1 Path New", "2 Path Same"]);
        let changes = plan.changes(&ours, &theirs, Resolve::KeepOurs, &Control::new()).unwrap();
        assert_eq!((changes.len(), changes[0].ours, changes[0].labels.clone()), (1, 1, Some(Vec::new())));
    }

    #[test]
    fn two_answers_to_one_sample_are_told() {
        let ours = said(&["1.png", "2.png"]);
        let theirs = said(&["1.png cat", "1.png dog", "2.png cat", "2.png cat"]);
        let plan = planned(&ours, &theirs, MatchBy::Path);
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
