//! A pass over the pixels of samples for analysis: hashes, figures of quality, descriptions.
//!
//! Pictures are decoded whole: the definitions of the scores are of every pixel. Only what is wanted is
//! computed, and only of samples that were not looked at for it since they changed. What a project
//! keeps is brought up to date by the same pass.
//!
//! Descriptions are whitened by what varies in the dataset, so that the pass has two stages where
//! no whitening is known: some thousand samples all over the dataset first, and then the others.

mod fitted;
mod look;
mod unkept;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use fitted::Fitted;
use look::{Found, Look, Raw};
use unkept::Unkept;

use super::pass;
use crate::analysis::HashKind;
use crate::analysis::encoder::{Encoder, HandMade};
use crate::dataset::query::Snapshot;
use crate::dataset::{Issue, IssueKind, Kinds, SampleId, Signals};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::store::{DescribedBy, Project, StoreError};

/// Samples that a whitening is fitted to at most; their descriptions take 6 MB before it.
const FITTED_TO: usize = 8192;

/// What to compute of each sample.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub kinds: Kinds,
    /// The hash that [`Kinds::TURNED`] is of. Projects keep those of pHash.
    pub turned: HashKind,
    /// What describes pictures: everything that follows asks for no more than the trait.
    pub encoder: &'a dyn Encoder,
    /// The samples that it is wanted of; all without.
    pub rows: Option<&'a [SampleId]>,
}

impl Wanted<'static> {
    /// All that a project keeps.
    pub const KEPT: Self =
        Self { kinds: Kinds::KEPT, turned: HashKind::Phash, encoder: &HandMade, rows: None };

    /// These kinds.
    pub fn of(kinds: Kinds) -> Self {
        Self { kinds, ..Self::KEPT }
    }
}

impl Wanted<'static> {
    /// The same with descriptions by this encoder.
    pub fn by(self, encoder: &dyn Encoder) -> Wanted<'_> {
        Wanted { encoder, ..self }
    }

    /// The same of these samples alone.
    pub fn among(self, rows: &[SampleId]) -> Wanted<'_> {
        Wanted { rows: Some(rows), ..self }
    }
}

/// Whether an encoder is the hand-made one. What a project keeps of trained ones, of which there are many, does not take
/// the place of what every opening asks for.
pub(super) fn is_by_hand(encoder: &dyn Encoder) -> bool {
    encoder.id() == HandMade.id()
}

/// Where a project keeps what an encoder describes.
fn kept_by(encoder: &dyn Encoder) -> DescribedBy {
    if is_by_hand(encoder) { DescribedBy::Hand } else { DescribedBy::Model }
}

/// What a pass ended with.
#[derive(Debug)]
pub struct Looked {
    pub signals: Signals,
    /// What is wrong with samples and was not known from listing and measuring them.
    pub issues: Vec<Issue>,
    /// Why something could not be kept, if so: it will be looked for again.
    pub problem: Option<String>,
}

/// The samples to look at for what is wanted: those that the last scan found, that can be decoded as
/// far as is known, and that were not looked at for all of it since they changed.
pub fn pending_signals(snapshot: &Snapshot, signals: &Signals, wanted: Wanted<'_>) -> Vec<SampleId> {
    let pending = pending_of_all(snapshot, signals, wanted.kinds);
    match wanted.rows {
        Some(rows) => within(rows, pending),
        None => pending,
    }
}

fn pending_of_all(snapshot: &Snapshot, signals: &Signals, kinds: Kinds) -> Vec<SampleId> {
    let is_current = |sample: &SampleId| {
        (*sample as usize) < signals.len()
            && signals.is_current(*sample, &snapshot.facts.get(*sample).content, kinds)
    };
    decodable(snapshot).filter(|sample| !is_current(sample)).collect()
}

/// Those of the samples that are among these rows, in their order.
fn within(rows: &[SampleId], mut samples: Vec<SampleId>) -> Vec<SampleId> {
    let rows: HashSet<SampleId> = rows.iter().copied().collect();
    samples.retain(|sample| rows.contains(sample));
    samples
}

/// The samples that are there and have no fault that leaves nothing to see.
pub(super) fn decodable(snapshot: &Snapshot) -> impl Iterator<Item = SampleId> + '_ {
    let grave = IssueKind::ALL.into_iter().filter(|kind| !kind.leaves_image());
    let grave = grave.fold(0, |bits, kind| bits | kind.bit());
    let is_there = move |sample: &SampleId| {
        !snapshot.dataset.gone[*sample as usize] && snapshot.issues(*sample) & grave == 0
    };
    (0..snapshot.len() as SampleId).filter(is_there)
}

/// What a project keeps of a dataset of `samples` rows, described by hand, and a sentence where part of it was damaged.
pub fn load(project: &Project, samples: usize) -> Result<(Signals, Option<String>), StoreError> {
    load_by(project, &HandMade, samples)
}

/// [`load`] of what an encoder described.
fn load_by(
    project: &Project,
    encoder: &dyn Encoder,
    samples: usize,
) -> Result<(Signals, Option<String>), StoreError> {
    let (mut signals, damaged) = project.load_signals(kept_by(encoder), samples)?;
    signals.keep_described_by(Fitted::load(project, encoder).map_or(0, |fitted| fitted.id));
    let note = (damaged > 0).then(|| {
        let rows = damaged * crate::dataset::chunks::CHUNK;
        format!("What was computed of up to {rows} samples was damaged and is computed again.")
    });
    Ok((signals, note))
}

/// Descriptions of all samples by an encoder. A project keeps those by the trained one that was asked last, beside those
/// that are made by hand: only samples that changed since are looked at.
pub fn described_by(
    encoder: &dyn Encoder,
    snapshot: &Snapshot,
    reader: &Reader,
    project: Option<&Project>,
    threads: usize,
    control: &Control,
) -> Result<Looked, Cancelled> {
    let known = project.map(|project| load_by(project, encoder, snapshot.len()));
    let (signals, problem) = match known {
        // What was damaged is computed again.
        Some(Ok((signals, _))) => (signals, None),
        Some(Err(error)) => (Signals::new(snapshot.len()), Some(error.to_string())),
        None => (Signals::new(snapshot.len()), None),
    };
    let wanted = Wanted::of(Kinds::DESCRIBED).by(encoder);
    let looked = run(snapshot, reader, project, signals, wanted, threads, control, &|_| {})?;
    Ok(Looked { problem: looked.problem.or(problem), ..looked })
}

/// Computes what is [pending](pending_signals), on `threads` threads, and keeps it in the project where
/// that can be written to. `signals` is what is known, as [`load`] or an earlier pass by the same encoder gave it. Every
/// few seconds `tell` gets what is known by then, from any thread; a cancelled pass tells and keeps what it
/// has. Progress counts samples.
#[expect(
    clippy::too_many_arguments,
    reason = "each is of another kind, and a struct of them would be made once"
)]
pub fn run(
    snapshot: &Snapshot,
    reader: &Reader,
    project: Option<&Project>,
    signals: Signals,
    wanted: Wanted<'_>,
    threads: usize,
    control: &Control,
    tell: &(impl Fn(&Signals) + Sync),
) -> Result<Looked, Cancelled> {
    let mut signals = signals;
    signals.grow(snapshot.len());
    let is_described = wanted.kinds.contains(Kinds::DESCRIBED);
    let mut fitted = None;
    if is_described {
        let rows = decodable(snapshot).count();
        fitted = project
            .and_then(|project| Fitted::load(project, wanted.encoder))
            .filter(|fitted| fitted.is_fit_for(rows));
        signals.keep_described_by(fitted.as_ref().map_or(0, |fitted: &Fitted| fitted.id));
    }
    let pending = pending_of_all(snapshot, &signals, wanted.kinds);
    // Descriptions are whitened by what varies in the whole dataset, whatever part of it is asked for.
    let spread = if is_described && fitted.is_none() { spread(&pending, FITTED_TO) } else { Vec::new() };
    let seen: HashSet<SampleId> = spread.iter().copied().collect();
    let mut others = match wanted.rows {
        Some(rows) => within(rows, pending),
        None => pending,
    };
    others.retain(|sample| !seen.contains(sample));
    control.begin("Looking at pictures", (spread.len() + others.len()) as u64);
    let unkept = Unkept::new(signals.clone(), project, kept_by(wanted.encoder), tell);
    let pass = Pass { snapshot, reader, known: &signals, threads, control, unkept: &unkept };
    let ended = match (is_described, fitted) {
        (true, None) => pass.fit_and_look(&spread, &others, wanted),
        (_, fitted) => pass.look(&others, wanted, fitted.as_ref()),
    };
    let looked = unkept.finish(ended.is_err());
    ended.map(|()| looked)
}

/// Hands the samples of a pass to its threads.
struct Pass<'a, 'k, T> {
    snapshot: &'a Snapshot,
    reader: &'a Reader,
    known: &'a Signals,
    threads: usize,
    control: &'a Control,
    unkept: &'a Unkept<'k, T>,
}

impl<T: Fn(&Signals) + Sync> Pass<'_, '_, T> {
    /// Looks at the samples; descriptions are whitened at once.
    fn look(
        &self,
        samples: &[SampleId],
        wanted: Wanted<'_>,
        fitted: Option<&Fitted>,
    ) -> Result<(), Cancelled> {
        self.each(samples, wanted, fitted, &|_, _| {})
    }

    /// Fits a whitening to samples all over the dataset and looks at these and at the others.
    fn fit_and_look(
        &self,
        spread: &[SampleId],
        others: &[SampleId],
        wanted: Wanted<'_>,
    ) -> Result<(), Cancelled> {
        let raws: Mutex<Vec<(SampleId, Raw)>> = Mutex::default();
        self.each(spread, wanted, None, &|sample, raw| {
            raws.lock().unwrap_or_else(PoisonError::into_inner).push((sample, raw));
        })?;
        self.control.checkpoint()?;
        let mut raws = raws.into_inner().unwrap_or_else(PoisonError::into_inner);
        // In the order of samples, whatever the threads were.
        raws.sort_unstable_by_key(|(sample, _)| *sample);
        let (described, raws): (Vec<SampleId>, Vec<Raw>) = raws.into_iter().unzip();
        // Of those that it was to be fitted to, some may not have been read.
        let rows = decodable(self.snapshot).count() * raws.len() / spread.len().max(1);
        let fitted = Fitted::to(wanted.encoder, &raws, rows, self.control)?;
        self.unkept.note_whitening(&fitted, spread, &described, &raws);
        drop((described, raws));
        self.look(others, wanted, Some(&fitted))
    }

    fn each(
        &self,
        samples: &[SampleId],
        wanted: Wanted<'_>,
        fitted: Option<&Fitted>,
        describe: &(impl Fn(SampleId, Raw) + Sync),
    ) -> Result<(), Cancelled> {
        let look = Look { snapshot: self.snapshot, reader: self.reader, wanted, fitted };
        let one = |sample: SampleId, found: &mut Found| {
            if let Some(raw) = look.at(sample, &self.known.get(sample), found) {
                describe(sample, raw);
            }
        };
        let hand_over = |found: Found| self.unkept.note(found);
        pass::each_batch("look", samples, self.threads, self.control, &one, &hand_over)
    }
}

/// At most so many of them, as far from each other as possible.
fn spread(samples: &[SampleId], most: usize) -> Vec<SampleId> {
    let count = samples.len().min(most);
    (0..count).map(|at| samples[at * samples.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_to_fit_to_lie_all_over() {
        assert!(spread(&[], 4).is_empty());
        assert_eq!(spread(&[3, 5, 9], 4), [3, 5, 9]);
        assert_eq!(spread(&(0..10).collect::<Vec<_>>(), 4), [0, 2, 5, 7]);
    }
}
