//! One pass over the content of every sample that needs it: decode, thumbnail, statistics, hash.
//! What it finds is told as it goes, and kept in the project where there is one.

use super::keep::{Keeper, Unkept};
use super::pass;
use crate::dataset::facts::CHUNK;
use crate::dataset::query::Snapshot;
use crate::dataset::{Fact, Issue, IssueKind, Origin, SampleId};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::media::{self, Raster};

/// Longest side of the thumbnails that the pass makes, in pixels.
pub const THUMBNAIL_EDGE: u32 = 128;

/// What a thread found since it last handed over.
#[derive(Debug, Default)]
pub struct Batch {
    pub facts: Vec<(SampleId, Fact)>,
    pub issues: Vec<Issue>,
    /// Thumbnails of samples whose decoding is worth saving.
    pub thumbnails: Vec<(SampleId, Raster)>,
}

/// The samples that were found by the last scan and not measured since they changed, and those
/// that could not be read the last time: a disk that is back or a permission that was given leaves
/// no trace in a listing.
pub fn pending(snapshot: &Snapshot) -> Vec<SampleId> {
    let unread = IssueKind::Unreadable.bit() | IssueKind::Missing.bit();
    let mut pending = Vec::new();
    for (number, chunk) in snapshot.facts.chunks().iter().enumerate() {
        let first = number * CHUNK;
        let gone = &snapshot.dataset.gone[first..];
        let is_pending =
            |row: &usize| !gone[*row] && (!chunk.measured[*row] || chunk.issues[*row] & unread != 0);
        pending.extend((0..chunk.len()).filter(is_pending).map(|row| (first + row) as SampleId));
    }
    pending
}

/// Measures what is [pending], on `threads` threads, and hands what was found to `tell`, which is
/// called from all of them; before that it is kept, where there is a keeper. Progress counts
/// samples. Gives why something could not be kept, if so: it will be measured again.
pub fn measure(
    snapshot: &Snapshot,
    reader: &Reader,
    keeper: Option<Keeper<'_>>,
    threads: usize,
    control: &Control,
    tell: &(impl Fn(Vec<(SampleId, Fact)>, Vec<Issue>) + Sync),
) -> Result<Option<String>, Cancelled> {
    let samples = pending(snapshot);
    let Some(keeper) = keeper else {
        each_batch(snapshot, reader, &samples, threads, control, &|batch| tell(batch.facts, batch.issues))?;
        return Ok(None);
    };
    let unkept = Unkept::new(snapshot.facts.clone(), keeper);
    let sink = |batch: Batch| {
        unkept.note(&snapshot.dataset, &batch);
        tell(batch.facts, batch.issues);
    };
    let ended = each_batch(snapshot, reader, &samples, threads, control, &sink);
    // What a cancelled pass found is kept as well.
    let problem = unkept.finish();
    ended.map(|()| problem)
}

fn each_batch(
    snapshot: &Snapshot,
    reader: &Reader,
    samples: &[SampleId],
    threads: usize,
    control: &Control,
    sink: &(impl Fn(Batch) + Sync),
) -> Result<(), Cancelled> {
    control.begin("Measuring", samples.len() as u64);
    let one = |sample, batch: &mut Batch| measure_one(snapshot, reader, sample, batch);
    pass::each_batch("measure", samples, threads, control, &one, sink)
}

fn measure_one(snapshot: &Snapshot, reader: &Reader, sample: SampleId, batch: &mut Batch) {
    let path = snapshot.dataset.path(sample);
    let told = snapshot.listed_issues()[sample as usize];
    let (mut fact, issues) = match reader.sample(&snapshot.dataset, sample) {
        Ok(payload) => {
            let measured = media::measure(&payload, path, THUMBNAIL_EDGE);
            if let Some(thumbnail) = measured.thumbnail.filter(|_| is_worth_keeping(&measured.fact)) {
                batch.thumbnails.push((sample, thumbnail));
            }
            (measured.fact, measured.issues)
        }
        Err(error) => (Fact { measured: true, ..Fact::UNMEASURED }, vec![(error.kind, error.message)]),
    };
    for (kind, message) in issues {
        fact.issues |= kind.bit();
        // What the listing told already is not told twice.
        if told & kind.bit() == 0 {
            let (sample, path, origin) = (Some(sample), path.to_owned(), Origin::Content);
            batch.issues.push(Issue { sample, path, kind, origin, message });
        }
    }
    batch.facts.push((sample, fact));
}

/// Whether reading a kept thumbnail beats decoding the sample again: below four times a
/// thumbnail's pixels it does not.
pub fn is_worth_keeping(fact: &Fact) -> bool {
    u64::from(fact.width) * u64::from(fact.height) > 4 * u64::from(THUMBNAIL_EDGE).pow(2)
}
