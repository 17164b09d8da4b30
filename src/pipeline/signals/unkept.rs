//! What a pass found, on its way into the project and to whoever is told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Looked;
use super::fitted::Fitted;
use super::look::{Found, Raw};
use crate::dataset::chunks::CHUNK;
use crate::dataset::{Issue, Kinds, SampleId, SignalChunk, Signals};
use crate::store::{Access, DescribedBy, Project};

/// How often what was found is kept: a chunk is a megabyte, and takes longer than this to fill.
const KEEP: Duration = Duration::from_secs(3);

/// What was found, noted from several threads.
pub struct Unkept<'a, T> {
    /// One that can be written to.
    project: Option<&'a Project>,
    by: DescribedBy,
    tell: &'a T,
    noted: Mutex<Noted>,
    /// Held while something is written, so that one thread writes and the others go on.
    writing: Mutex<()>,
}

struct Noted {
    signals: Signals,
    /// Numbers of the chunks that are not kept as they are.
    chunks: BTreeSet<usize>,
    issues: Vec<Issue>,
    kept: Instant,
    /// Why the last chunks, and the whitening, could not be kept.
    problem: Option<String>,
    whitening: Option<String>,
}

impl<'a, T: Fn(&Signals) + Sync> Unkept<'a, T> {
    /// Nothing found yet beyond `signals`.
    pub fn new(signals: Signals, project: Option<&'a Project>, by: DescribedBy, tell: &'a T) -> Self {
        let noted = Noted {
            signals,
            chunks: BTreeSet::new(),
            issues: Vec::new(),
            kept: Instant::now(),
            problem: None,
            whitening: None,
        };
        let project = project.filter(|project| project.access() == &Access::ReadWrite);
        Self { project, by, tell, noted: Mutex::new(noted), writing: Mutex::default() }
    }

    /// Notes a batch, and keeps what was noted when it is time.
    pub fn note(&self, found: Found) {
        let is_due = {
            let mut noted = self.lock();
            for (sample, signal) in &found.signals {
                noted.signals.set(*sample, signal);
                noted.chunks.insert(*sample as usize / CHUNK);
            }
            noted.issues.extend(found.issues);
            noted.kept.elapsed() >= KEEP
        };
        if is_due && let Ok(_turn) = self.writing.try_lock() {
            let signals = self.keep();
            (self.tell)(&signals);
        }
    }

    /// Keeps a whitening, and the descriptions by it of the samples that it was fitted to: `raws` are those
    /// of `described`. `samples` are all that were looked at for that; both are in their order.
    pub fn note_whitening(
        &self,
        fitted: &Fitted,
        samples: &[SampleId],
        described: &[SampleId],
        raws: &[Raw],
    ) {
        if let Some(Err(error)) = self.project.map(|project| fitted.save(project)) {
            self.lock().whitening = Some(error.to_string());
        }
        let mut noted = self.lock();
        let mut raws = described.iter().zip(raws).peekable();
        for sample in samples {
            let mut signal = noted.signals.get(*sample);
            let raw = raws.next_if(|(described, _)| *described == sample);
            // One that could not be read is still to be looked at.
            let was_read = raw.is_some() || signal.width == 0;
            if signal.content == [0; 16] || !was_read {
                continue;
            }
            signal.looked = signal.looked | Kinds::DESCRIBED;
            signal.described_by = fitted.id;
            if let Some((_, raw)) = raw {
                signal.described = fitted.apply(raw);
                signal.has = signal.has | Kinds::DESCRIBED;
            }
            noted.signals.set(*sample, &signal);
            noted.chunks.insert(*sample as usize / CHUNK);
        }
    }

    /// Keeps the rest, and tells it where the pass does not give it.
    pub fn finish(self, is_cancelled: bool) -> Looked {
        let signals = self.keep();
        if is_cancelled {
            (self.tell)(&signals);
        }
        let noted = self.noted.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut issues = noted.issues;
        issues.sort_by_key(|issue| (issue.sample, issue.kind));
        Looked { signals, issues, problem: noted.problem.or(noted.whitening) }
    }

    /// Writes the chunks that changed; gives what is known now.
    fn keep(&self) -> Signals {
        let (chunks, signals) = {
            let mut noted = self.lock();
            noted.kept = Instant::now();
            (std::mem::take(&mut noted.chunks), noted.signals.clone())
        };
        let Some(project) = self.project.filter(|_| !chunks.is_empty()) else { return signals };
        let changed: Vec<(usize, Arc<SignalChunk>)> =
            chunks.iter().map(|number| (*number, signals.chunks()[*number].clone())).collect();
        let kept = project.save_signals(self.by, &changed);
        let mut noted = self.lock();
        noted.problem = kept.err().map(|error| error.to_string());
        if noted.problem.is_some() {
            // Tried again with the next batch.
            noted.chunks.extend(chunks);
        }
        signals
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
