//! The analysis of a dataset: signals of every picture, and what follows from all of them together.
//!
//! What was found is kept in the project with a stamp of what it was worked out of, so that it is there
//! at once when a dataset is opened again, and what did not change is not worked out again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::duplicates::{Duplicates, described, duplicates, wanted};
use super::scores::quality;
use super::signals::{self, Looked, Wanted};
use crate::analysis::HashKind;
use crate::analysis::encoder::{Encoder, HandMade};
use crate::analysis::groups::Groups;
use crate::analysis::label_errors::LabelErrors;
use crate::analysis::neighbours::{KEPT, NONE, Neighbours};
use crate::analysis::outliers::{Outliers, nearest, scale_free, uniqueness};
use crate::analysis::quality::Check;
use crate::dataset::chunks::CHUNK;
use crate::dataset::query::Snapshot;
use crate::dataset::{Fact, Flag, Issue, IssueKind, Origin, SampleId, Score, Signals};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::review::{Alike, Analysed, Method, Near, flag_of, thousandths_below};
use crate::store::analysis_blob::{self, Stamp};
use crate::store::{Project, StoreError};
use crate::text::counted;

/// The names of the parts that are kept.
const ALIKE: &str = "alike";
const REST: &str = "rest";
const LABELS: &str = "labels";
/// Raise it where the same content and labels come to another answer than before: what older versions
/// kept is then worked out again.
const FOUND_BY: u32 = 1;

/// A sample that cannot be read now, whatever it was when it was measured.
const AWAY: u16 = IssueKind::Missing.bit() | IssueKind::Unreadable.bit();

/// How to look for near-duplicates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub method: Method,
    pub symmetries: bool,
}

impl Options {
    /// Of what a person set: where a method does not see mirrored and turned copies, they are not asked
    /// for.
    pub fn of(method: Method, symmetries: bool) -> Self {
        Self { method, symmetries: symmetries && method.sees_symmetries() }
    }
}

/// What is analysed.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub snapshot: &'a Snapshot,
    /// What is known to be wrong with samples.
    pub issues: &'a [Issue],
    pub reader: &'a Reader,
    /// What is kept there is used and brought up to date.
    pub project: Option<&'a Project>,
    /// An earlier analysis.
    pub before: Option<&'a Analysed>,
}

/// What an analysis ended with.
#[derive(Debug)]
pub struct Ended {
    pub analysed: Analysed,
    /// Samples with which more is wrong than was known, as listing and measuring would tell them: their
    /// facts, and all issues of their content.
    pub facts: Vec<(SampleId, Fact)>,
    pub issues: Vec<Issue>,
    /// Sentences for a person: what is missing, and what could not be kept.
    pub notes: Vec<String>,
    /// What was computed of each sample; `None` where all was known without.
    pub signals: Option<Signals>,
}

impl Ended {
    fn known(analysed: Analysed) -> Self {
        Self { analysed, facts: Vec::new(), issues: Vec::new(), notes: Vec::new(), signals: None }
    }
}

/// The parts of an analysis that are known of the state of a dataset.
struct Known {
    /// What everything is worked out of.
    stamp: Stamp,
    /// The same and what pairs are looked for by.
    asked: Stamp,
    /// The same and the labels; near-copies do not vote on labels.
    labelled: Stamp,
    rest: Option<Analysed>,
    alike: Option<Arc<Alike>>,
    labels: Option<Analysed>,
}

impl Known {
    fn of(subject: &Subject<'_>, encoder: &dyn Encoder, options: Options) -> Self {
        let stamp = stamp_of(subject.snapshot, encoder);
        let asked = stamp_with(&stamp, options);
        let labelled = stamp_of_labels(&asked, subject.snapshot);
        let project = subject.project.filter(|_| signals::is_by_hand(encoder));
        // What was found of a part of the samples is not all that there is to find.
        let before = subject.before.filter(|before| before.stamp == stamp && before.unread == 0);
        let is_asked =
            |alike: &Alike| (alike.method, alike.symmetries) == (options.method, options.symmetries);
        let same = before.filter(|before| is_asked(&before.alike));
        let rest = || kept(project, REST, |raw| analysis_blob::decode_rest(raw, &stamp));
        let alike = || kept(project, ALIKE, |raw| analysis_blob::decode_alike(raw, &asked)).map(Arc::new);
        let said = same.filter(|same| same.label_stamp == labelled);
        let labels = || kept(project, LABELS, |raw| analysis_blob::decode_labels(raw, &labelled));
        Self {
            stamp,
            asked,
            labelled,
            rest: before.cloned().or_else(rest),
            alike: same.map(|same| same.alike.clone()).or_else(alike),
            labels: said.cloned().or_else(labels),
        }
    }

    /// All of it, where no part is missing.
    fn whole(&self) -> Option<Analysed> {
        let (rest, alike, labels) = (self.rest.as_ref()?, self.alike.as_ref()?, self.labels.as_ref()?);
        let analysed = Analysed { stamp: self.stamp, alike: alike.clone(), ..rest.clone() };
        let analysed = analysed.with_labels_of(labels);
        Some(Analysed { label_stamp: self.labelled, ..analysed })
    }

    /// All of it, where it lacks what follows from labels at most, which takes no look at a picture.
    fn relabelled(
        mut self,
        subject: &Subject<'_>,
        encoder: &dyn Encoder,
        options: Options,
        control: &Control,
    ) -> Result<Result<Analysed, Self>, Cancelled> {
        if let (Some(rest), Some(alike), None) = (&self.rest, &self.alike, &self.labels) {
            let labels = labels_after(subject.snapshot, rest, alike, encoder, options, control)?;
            let project = subject.project.filter(|_| signals::is_by_hand(encoder));
            let mut kept = Kept { project, problem: None };
            kept.keep(LABELS, || analysis_blob::encode_labels(&labels, &self.labelled));
            self.labels = Some(labels);
        }
        Ok(self.whole().ok_or(self))
    }
}

/// What is known of an analysis without looking at a picture, if that is all of it.
pub fn known(subject: Subject<'_>, options: Options, control: &Control) -> Result<Option<Ended>, Cancelled> {
    let known = Known::of(&subject, &HandMade, options);
    Ok(known.relabelled(&subject, &HandMade, options, control)?.ok().map(Ended::known))
}

/// Analyses every sample that is there and was measured.
pub fn analyse(
    subject: Subject<'_>,
    options: Options,
    threads: usize,
    control: &Control,
) -> Result<Ended, Cancelled> {
    analyse_by(&HandMade, subject, options, threads, control)
}

/// [`analyse`] with this encoder's neighbours, and what follows from them. Of an encoder that is not made by
/// hand nothing is kept in the project but what is wrong with samples.
pub fn analyse_by(
    encoder: &dyn Encoder,
    subject: Subject<'_>,
    options: Options,
    threads: usize,
    control: &Control,
) -> Result<Ended, Cancelled> {
    control.begin("Looking for what is known", 0);
    let known = Known::of(&subject, encoder, options);
    let known = match known.relabelled(&subject, encoder, options, control)? {
        Ok(analysed) => return Ok(Ended::known(analysed)),
        Err(known) => known,
    };
    let Known { stamp, asked, labelled, rest, alike, labels } = known;
    let Subject { snapshot, reader, project, .. } = subject;
    let mut kept = Kept { project: project.filter(|_| signals::is_by_hand(encoder)), problem: None };
    let known = match project.map(|project| signals::load(project, snapshot.len())) {
        Some(Ok((signals, note))) => {
            kept.problem = note;
            signals
        }
        Some(Err(error)) => {
            kept.problem = Some(error.to_string());
            Signals::new(snapshot.len())
        }
        None => Signals::new(snapshot.len()),
    };
    let wanted = Wanted::KEPT.by(encoder);
    let looked = signals::run(snapshot, reader, kept.project, known, wanted, threads, control, &|_| {})?;
    let Looked { signals, issues, problem } = looked;
    kept.note(problem);
    let samples = current(snapshot, &signals);
    let unread = signals::decodable(snapshot).filter(|sample| samples.binary_search(sample).is_err()).count();
    if unread > 0 {
        // A disk that was away for a while: what is kept would hide what was not seen.
        kept.project = None;
    }

    let mut neighbours = None;
    let alike = match alike {
        Some(alike) => alike,
        None => {
            let turned = turned_signals(snapshot, reader, options, threads, control)?;
            let signals = turned.as_ref().unwrap_or(&signals);
            let Options { method, symmetries } = options;
            let found = duplicates(signals, &samples, method, symmetries, method.largest(), control)?;
            let alike = alike_of(&found, &samples, snapshot.len(), options);
            neighbours = found.neighbours;
            kept.keep(ALIKE, || analysis_blob::encode_alike(&alike, &asked));
            Arc::new(alike)
        }
    };
    let rest = match rest {
        Some(rest) => rest,
        None => {
            let rest = rest_of(snapshot, &signals, &samples, neighbours, control)?;
            kept.keep(REST, || analysis_blob::encode_rest(&rest, &stamp));
            rest
        }
    };
    let labels = match labels {
        Some(labels) => labels,
        None => {
            let labels = labels_after(snapshot, &rest, &alike, encoder, options, control)?;
            kept.keep(LABELS, || analysis_blob::encode_labels(&labels, &labelled));
            labels
        }
    };
    let mut notes = [
        (unread > 0).then(|| unread_note(unread)),
        alike.limit_text(),
        kept.problem.map(|problem| {
            let problem = problem.trim_end_matches('.');
            format!("What was computed could not all be kept, and that part is computed again: {problem}.")
        }),
        None,
    ];
    let analysed = Analysed { stamp, unread, alike, ..rest }.with_labels_of(&labels);
    let analysed = Analysed { label_stamp: labelled, ..analysed };
    let (facts, issues) = told(&subject, issues);
    if let (Some(project), false) = (project, facts.is_empty()) {
        let failed = keep_issues(project, snapshot, &facts, &issues).err();
        notes[3] = failed.map(|error| format!("What is wrong with some samples could not be kept: {error}."));
    }
    let (notes, signals) = (notes.into_iter().flatten().collect(), Some(signals));
    Ok(Ended { analysed, facts, issues, notes, signals })
}

fn unread_note(unread: usize) -> String {
    let samples = counted(unread as u64, "sample");
    format!("{samples} could not be read and had no part in the analysis. Rescan (F5) when they can.")
}

/// The signals of a pass for one method, where what a project keeps has no turned hashes of its kind.
fn turned_signals(
    snapshot: &Snapshot,
    reader: &Reader,
    options: Options,
    threads: usize,
    control: &Control,
) -> Result<Option<Signals>, Cancelled> {
    let wanted = wanted(options.method, options.symmetries);
    if !options.symmetries || (Wanted::KEPT.kinds.contains(wanted.kinds) && wanted.turned == HashKind::Phash)
    {
        return Ok(None);
    }
    let none = Signals::new(snapshot.len());
    let looked = signals::run(snapshot, reader, None, none, wanted, threads, control, &|_| {})?;
    Ok(Some(looked.signals))
}

/// The facts of samples with which more is wrong than was known, and all issues of their content.
fn told(subject: &Subject<'_>, mut found: Vec<Issue>) -> (Vec<(SampleId, Fact)>, Vec<Issue>) {
    let mut facts: BTreeMap<SampleId, Fact> = BTreeMap::new();
    for issue in &found {
        let Some(sample) = issue.sample else { continue };
        let fact = facts.entry(sample).or_insert_with(|| subject.snapshot.facts.get(sample));
        fact.issues |= issue.kind.bit();
    }
    let of_them = |issue: &&Issue| {
        issue.origin == Origin::Content && issue.sample.is_some_and(|sample| facts.contains_key(&sample))
    };
    let before: Vec<Issue> = subject.issues.iter().filter(of_them).cloned().collect();
    found.extend(before);
    (facts.into_iter().collect(), found)
}

fn keep_issues(
    project: &Project,
    snapshot: &Snapshot,
    facts: &[(SampleId, Fact)],
    issues: &[Issue],
) -> Result<(), StoreError> {
    let mut all = snapshot.facts.clone();
    all.learn(facts);
    let samples: Vec<SampleId> = facts.iter().map(|(sample, _)| *sample).collect();
    let mut numbers: Vec<usize> = samples.iter().map(|sample| *sample as usize / CHUNK).collect();
    numbers.dedup();
    let chunks: Vec<_> = numbers.into_iter().map(|number| (number, all.chunks()[number].clone())).collect();
    project.save_measured(&chunks, &samples, issues)
}

/// Where the parts are kept.
struct Kept<'a> {
    project: Option<&'a Project>,
    /// Why the last one could not be.
    problem: Option<String>,
}

impl Kept<'_> {
    /// Keeps bytes under a name.
    fn keep(&mut self, name: &str, raw: impl FnOnce() -> Vec<u8>) {
        if let Some(project) = self.project {
            self.note(project.save_part(name, &raw()).err().map(|error| error.to_string()));
        }
    }

    fn note(&mut self, problem: Option<String>) {
        self.problem = problem.or(self.problem.take());
    }
}

/// The samples that are there and were looked at as they are now, for all that an analysis needs.
fn current(snapshot: &Snapshot, signals: &Signals) -> Vec<SampleId> {
    let is_current = |sample: &SampleId| {
        let fact = snapshot.facts.get(*sample);
        fact.issues & AWAY == 0 && signals.is_current(*sample, &fact.content, Wanted::KEPT.kinds)
    };
    snapshot.derived().present().iter().filter(is_current).collect()
}

/// The pairs by row of the dataset instead of by place among the samples, which are ascending.
fn alike_of(found: &Duplicates, samples: &[SampleId], rows: usize, options: Options) -> Alike {
    let mut pairs = found.pairs.clone();
    for pair in &mut pairs {
        (pair.a, pair.b) = (samples[pair.a as usize], samples[pair.b as usize]);
    }
    let forest = crate::analysis::groups::Forest::new(rows, &pairs);
    let Options { method, symmetries } = options;
    let (radius, is_partial) = (found.threshold, found.is_partial);
    Alike { method, symmetries, pairs, by: found.by.clone(), forest, radius, is_partial }
}

/// Neighbours, and the scores that follow from them and from each picture by itself.
fn rest_of(
    snapshot: &Snapshot,
    signals: &Signals,
    samples: &[SampleId],
    neighbours: Option<Neighbours>,
    control: &Control,
) -> Result<Analysed, Cancelled> {
    let mut analysed = Analysed { looked_at: samples.len(), ..Analysed::default() };
    let quality = quality(signals, snapshot);
    for check in Check::ALL {
        let flag = flag_of(check);
        let Some(score) = flag.score() else { continue };
        analysed.scores[score as usize] = Some(Arc::new(quality.of(check).to_vec()));
        analysed.usual[flag as usize] = Some(quality.threshold(check));
    }
    let neighbours = match neighbours {
        Some(neighbours) => neighbours,
        None => Neighbours::of(&described(signals, samples), KEPT, control)?,
    };
    let neighbours = by_row(neighbours, samples, snapshot.len());
    let outliers = Outliers::of(&neighbours);
    let scores = (0..neighbours.place_of.len()).map(|row| outliers.score(row)).collect();
    analysed.scores[Score::Outlier as usize] = Some(Arc::new(scores));
    analysed.scores[Score::Uniqueness as usize] = Some(Arc::new(uniqueness(&neighbours)));
    analysed.scores[Score::Distance as usize] = Some(Arc::new(nearest(&neighbours)));
    analysed.scale_free = scale_free(&neighbours);
    control.checkpoint()?;
    analysed.near = Arc::new(Near { neighbours });
    Ok(analysed)
}

/// What follows from the labels, of an analysis that knows the rest.
fn labels_after(
    snapshot: &Snapshot,
    rest: &Analysed,
    alike: &Alike,
    encoder: &dyn Encoder,
    options: Options,
    control: &Control,
) -> Result<Analysed, Cancelled> {
    // By a trained encoder what counts as a copy follows from the data, as it does where it is judged.
    let by_data = options.method == Method::Descriptor && !signals::is_by_hand(encoder);
    let threshold = match by_data && rest.scale_free > 0.0 {
        true => thousandths_below(rest.scale_free),
        false => options.method.default_threshold(),
    };
    let groups = alike.forest.groups(threshold.min(alike.radius));
    labels_of(snapshot, &rest.near.neighbours, &groups, control)
}

/// The scores of labels and the suggested classes.
fn labels_of(
    snapshot: &Snapshot,
    neighbours: &Neighbours,
    groups: &Groups,
    control: &Control,
) -> Result<Analysed, Cancelled> {
    let errors = label_errors(snapshot, neighbours, groups, control)?;
    let mut analysed = Analysed::default();
    // As many are flagged as confident learning takes for wrong, and none whose label is the likeliest.
    let wrong = errors.is_wrong.iter().filter(|is_wrong| **is_wrong).count();
    let next = errors.ranking.get(wrong).map_or(0.5, |row| errors.scores[*row as usize]);
    analysed.usual[Flag::WrongLabel as usize] = Some(next.min(0.5));
    analysed.scores[Score::Label as usize] = Some(Arc::new(errors.scores));
    analysed.suggested = Arc::new(errors.suggested);
    Ok(analysed)
}

/// What the neighbours say of labels: those of samples with exactly one class.
fn label_errors(
    snapshot: &Snapshot,
    neighbours: &Neighbours,
    groups: &Groups,
    control: &Control,
) -> Result<LabelErrors, Cancelled> {
    let labels = &**snapshot.labels();
    let class = |set: &u32| match labels.sets[*set as usize][..] {
        [class] => class,
        _ => NONE,
    };
    let given: Vec<u32> = labels.of.iter().map(class).collect();
    LabelErrors::of(neighbours, &given, &groups.group_of, control)
}

/// Neighbours by row of the dataset instead of by place among the samples, which are ascending.
fn by_row(found: Neighbours, samples: &[SampleId], rows: usize) -> Neighbours {
    let mut place_of = vec![NONE; rows];
    for (sample, place) in samples.iter().zip(&found.place_of) {
        place_of[*sample as usize] = *place;
    }
    let row = |at: u32| samples[at as usize];
    let first = found.first.into_iter().map(row).collect();
    let near = found.rows.into_iter().map(row).collect();
    Neighbours { place_of, first, rows: near, ..found }
}

/// What everything is worked out of: the content of every sample that is there and can be read, and what describes it, where that is not made by hand.
fn stamp_of(snapshot: &Snapshot, encoder: &dyn Encoder) -> Stamp {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&FOUND_BY.to_le_bytes());
    if !signals::is_by_hand(encoder) {
        hasher.update(encoder.id().as_bytes());
    }
    let mut row = 0;
    for chunk in snapshot.facts.chunks() {
        for (content, issues) in chunk.content.iter().zip(&chunk.issues) {
            // What could not be read has no part in it until it can.
            let is_away = snapshot.dataset.gone.get(row).copied().unwrap_or(true) || issues & AWAY != 0;
            hasher.update(if is_away { &[0; 16] } else { content });
            row += 1;
        }
    }
    first_half(&hasher)
}

/// The labels, whichever way they came to be, and what else what is said of them is worked out of.
fn stamp_of_labels(asked: &Stamp, snapshot: &Snapshot) -> Stamp {
    let labels = snapshot.labels();
    let mut hasher = blake3::Hasher::new();
    hasher.update(asked);
    for class in &labels.classes {
        hasher.update(&(class.len() as u64).to_le_bytes());
        hasher.update(class.as_bytes());
    }
    // Sets have other numbers where labels came in another order.
    let set = |set: &Vec<u32>| {
        let mut hasher = blake3::Hasher::new();
        for class in set {
            hasher.update(&class.to_le_bytes());
        }
        first_half(&hasher)
    };
    let sets: Vec<Stamp> = labels.sets.iter().map(set).collect();
    for of in &labels.of {
        hasher.update(&sets[*of as usize]);
    }
    first_half(&hasher)
}

fn stamp_with(stamp: &Stamp, options: Options) -> Stamp {
    let mut hasher = blake3::Hasher::new();
    hasher.update(stamp);
    hasher.update(options.method.name().as_bytes());
    hasher.update(&[u8::from(options.symmetries)]);
    first_half(&hasher)
}

fn first_half(hasher: &blake3::Hasher) -> Stamp {
    let mut stamp = [0; 16];
    stamp.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    stamp
}

/// What is kept under a name, if it is whole and of this state.
fn kept<T>(
    project: Option<&Project>,
    name: &str,
    decode: impl Fn(&[u8]) -> Result<Option<T>, crate::store::blob::Damage>,
) -> Option<T> {
    let raw = project?.load_part(name).ok()??;
    decode(&raw).unwrap_or_else(|damage| {
        tracing::warn!("the kept analysis ({name}): {damage}");
        None
    })
}
