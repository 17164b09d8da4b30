//! The analysis of a dataset: signals of every picture, and what follows from all of them together.
//!
//! What was found is kept in the project with a stamp of what it was worked out of, so that it is there
//! at once when a dataset is opened again, and what did not change is not worked out again.

use std::sync::Arc;

use super::duplicates::{Duplicates, described, duplicates};
use super::scores::quality;
use super::signals::{self, Looked, Wanted};
use crate::analysis::groups::Groups;
use crate::analysis::label_errors::LabelErrors;
use crate::analysis::neighbours::{KEPT, NONE, Neighbours};
use crate::analysis::outliers::{Outliers, uniqueness};
use crate::analysis::quality::Check;
use crate::dataset::query::Snapshot;
use crate::dataset::{Flag, Issue, Kinds, SampleId, Score, Signals};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::review::{Alike, Analysed, Method, Near, flag_of};
use crate::store::Project;
use crate::store::analysis_blob::{self, Stamp};

/// The names of the parts that are kept.
const ALIKE: &str = "alike";
const REST: &str = "rest";

/// How to look for near-duplicates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub method: Method,
    pub symmetries: bool,
}

/// What an analysis ended with.
#[derive(Debug)]
pub struct Ended {
    pub analysed: Analysed,
    /// What is wrong with samples and was not known from listing and measuring them.
    pub issues: Vec<Issue>,
    /// Why something could not be kept, if so: it will be worked out again.
    pub problem: Option<String>,
}

/// Analyses every sample that is there and was measured. `before` is what is known from an earlier
/// analysis; with a project, what is kept there is used and brought up to date.
pub fn analyse(
    snapshot: &Snapshot,
    reader: &Reader,
    project: Option<&Project>,
    before: Option<&Analysed>,
    options: Options,
    threads: usize,
    control: &Control,
) -> Result<Ended, Cancelled> {
    control.begin("Looking for what is known", 0);
    let stamp = stamp_of(snapshot);
    let mut rest = before.filter(|before| before.stamp == stamp).cloned();
    let fits = |alike: &Alike| (alike.method, alike.symmetries) == (options.method, options.symmetries);
    let mut alike = rest.as_ref().map(|rest| rest.alike.clone()).filter(|alike| fits(alike));
    if rest.is_none() {
        rest = kept(project, REST, |raw| analysis_blob::decode_rest(raw, &stamp));
    }
    let alike_stamp = stamp_with(&stamp, options);
    if alike.is_none() {
        alike = kept(project, ALIKE, |raw| analysis_blob::decode_alike(raw, &alike_stamp)).map(Arc::new);
    }
    if let (Some(rest), Some(alike)) = (&rest, &alike) {
        let analysed = Analysed { stamp, alike: alike.clone(), ..rest.clone() };
        return Ok(Ended { analysed, issues: Vec::new(), problem: None });
    }

    let mut problem = None;
    let known = match project.map(|project| signals::load(project, snapshot.len())) {
        Some(Ok((signals, note))) => {
            problem = note;
            signals
        }
        Some(Err(error)) => {
            problem = Some(error.to_string());
            Signals::new(snapshot.len())
        }
        None => Signals::new(snapshot.len()),
    };
    let looked = signals::run(snapshot, reader, project, known, Wanted::KEPT, threads, control, &|_| {})?;
    let Looked { signals, issues, problem: unkept } = looked;
    problem = unkept.or(problem);
    let samples = current(snapshot, &signals);

    let mut neighbours = None;
    let alike = match alike {
        Some(alike) => alike,
        None => {
            let Options { method, symmetries } = options;
            let found = duplicates(&signals, &samples, method, symmetries, method.largest(), control)?;
            let alike = alike_of(&found, &samples, snapshot.len(), options);
            neighbours = found.neighbours;
            let raw = || analysis_blob::encode_alike(&alike, &alike_stamp);
            problem = keep(project, ALIKE, raw).or(problem);
            Arc::new(alike)
        }
    };
    let rest = match rest {
        Some(rest) => rest,
        None => {
            let rest = {
                let groups = alike.forest.groups(options.method.default_threshold().min(alike.radius));
                rest_of(snapshot, &signals, &samples, neighbours, &groups, control)?
            };
            problem = keep(project, REST, || analysis_blob::encode_rest(&rest, &stamp)).or(problem);
            rest
        }
    };
    Ok(Ended { analysed: Analysed { stamp, alike, ..rest }, issues, problem })
}

/// The samples that are there and were looked at as they are now.
fn current(snapshot: &Snapshot, signals: &Signals) -> Vec<SampleId> {
    let is_current = |sample: &SampleId| {
        let content = snapshot.facts.get(*sample).content;
        signals.is_current(*sample, &content, Kinds::NONE)
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
    Alike { method, symmetries, pairs, by: found.by.clone(), forest, radius: found.threshold }
}

/// Scores, neighbours and suggested classes.
fn rest_of(
    snapshot: &Snapshot,
    signals: &Signals,
    samples: &[SampleId],
    neighbours: Option<Neighbours>,
    groups: &Groups,
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
    control.checkpoint()?;
    let errors = label_errors(snapshot, &neighbours, groups, control)?;
    // As many are flagged as confident learning takes for wrong, and none whose label is the likeliest.
    let wrong = errors.is_wrong.iter().filter(|is_wrong| **is_wrong).count();
    let next = errors.ranking.get(wrong).map_or(0.5, |row| errors.scores[*row as usize]);
    analysed.usual[Flag::WrongLabel as usize] = Some(next.min(0.5));
    analysed.scores[Score::Label as usize] = Some(Arc::new(errors.scores));
    analysed.suggested = Arc::new(errors.suggested);
    analysed.near = Arc::new(Near { neighbours });
    Ok(analysed)
}

/// What the neighbours say of labels: those of samples with exactly one class.
fn label_errors(
    snapshot: &Snapshot,
    neighbours: &Neighbours,
    groups: &Groups,
    control: &Control,
) -> Result<LabelErrors, Cancelled> {
    let labels = &snapshot.dataset.labels;
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

/// What everything is worked out of: the content of every sample that is there, and its labels.
fn stamp_of(snapshot: &Snapshot) -> Stamp {
    let mut hasher = blake3::Hasher::new();
    let mut row = 0;
    for chunk in snapshot.facts.chunks() {
        for content in &chunk.content {
            let gone = snapshot.dataset.gone.get(row).copied().unwrap_or(true);
            hasher.update(if gone { &[0; 16] } else { content });
            row += 1;
        }
    }
    let labels = &snapshot.dataset.labels;
    for class in &labels.classes {
        hasher.update(&(class.len() as u64).to_le_bytes());
        hasher.update(class.as_bytes());
    }
    for set in &labels.sets {
        hasher.update(&(set.len() as u64).to_le_bytes());
        for class in set {
            hasher.update(&class.to_le_bytes());
        }
    }
    for set in &labels.of {
        hasher.update(&set.to_le_bytes());
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

/// Keeps bytes under a name; gives why that was not possible.
fn keep(project: Option<&Project>, name: &str, raw: impl FnOnce() -> Vec<u8>) -> Option<String> {
    project?.save_part(name, &raw()).err().map(|error| error.to_string())
}
