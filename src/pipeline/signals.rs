//! A pass over the pixels of samples for analysis: hashes and figures of quality.
//!
//! Pictures are decoded whole: the definitions of the scores are of every pixel.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::analysis::quality::Figures;
use crate::analysis::{Hashes, Plane};
use crate::dataset::query::Snapshot;
use crate::dataset::{Issue, Origin, SampleId};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::media::{self, Payload, Raster};

/// Samples that a thread takes at once.
const BLOCK: usize = 8;

/// What to compute of each sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub hashes: bool,
    /// Hashes under all eight symmetries.
    pub symmetries: bool,
    pub figures: bool,
    /// A hash of the oriented pixels.
    pub pixels: bool,
    /// A hash of the file's bytes.
    pub file: bool,
}

/// What was computed of a sample; `None` where it was not wanted, or there is nothing to say.
#[derive(Clone, Debug, Default)]
pub struct Signal {
    pub sample: SampleId,
    /// Oriented.
    pub width: u32,
    pub height: u32,
    /// One, or eight in the order of [`crate::analysis::Symmetry::all`]; none of a picture of one value.
    pub hashes: Vec<Hashes>,
    pub figures: Option<Figures>,
    pub pixels: Option<[u8; 32]>,
    pub file: Option<[u8; 32]>,
}

/// Computes what is wanted of samples, in their order, and what could not be read of them.
pub fn signals(
    snapshot: &Snapshot,
    reader: &Reader,
    samples: &[SampleId],
    wanted: Wanted,
    threads: usize,
    control: &Control,
) -> Result<(Vec<Signal>, Vec<Issue>), Cancelled> {
    control.begin("Looking at pictures", samples.len() as u64);
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Found)>, Cancelled> {
        let mut found = Vec::new();
        loop {
            let start = next.fetch_add(BLOCK, Ordering::Relaxed);
            if start >= samples.len() {
                return Ok(found);
            }
            for (at, sample) in samples.iter().enumerate().skip(start).take(BLOCK) {
                control.checkpoint()?;
                found.push((at, signal(snapshot, reader, *sample, wanted)));
                control.add(1);
            }
        }
    };
    let mut all: Vec<(usize, Found)> = std::thread::scope(|scope| {
        let spawn = |at: usize| {
            std::thread::Builder::new().name(format!("signals-{at}")).spawn_scoped(scope, work).ok()
        };
        let workers: Vec<_> = (1..threads.max(1)).map_while(spawn).collect();
        let mut all = work()?;
        for worker in workers {
            match worker.join() {
                Ok(found) => all.extend(found?),
                Err(cause) => std::panic::resume_unwind(cause),
            }
        }
        Ok(all)
    })?;
    all.sort_unstable_by_key(|(at, _)| *at);
    let (mut signals, mut issues) = (Vec::with_capacity(all.len()), Vec::new());
    for (_, (signal, issue)) in all {
        signals.push(signal);
        issues.extend(issue);
    }
    Ok((signals, issues))
}

type Found = (Signal, Option<Issue>);

fn signal(snapshot: &Snapshot, reader: &Reader, sample: SampleId, wanted: Wanted) -> Found {
    let mut signal = Signal { sample, ..Signal::default() };
    let issue = |kind, message| Issue {
        sample: Some(sample),
        path: snapshot.dataset.path(sample).to_owned(),
        kind,
        origin: Origin::Content,
        message,
    };
    let payload = match reader.sample(&snapshot.dataset, sample) {
        Ok(payload) => payload,
        Err(error) => return (signal, Some(issue(error.kind, error.message))),
    };
    if wanted.file {
        signal.file = Some(match &payload {
            Payload::Encoded(bytes) => *blake3::hash(bytes).as_bytes(),
            Payload::Raster(raster) => pixel_hash(raster),
        });
        if (Wanted { file: false, ..wanted }) == Wanted::default() {
            return (signal, None);
        }
    }
    let raster = match media::decode(&payload) {
        Ok(decoded) => decoded.raster,
        Err(error) => return (signal, Some(issue(error.kind, error.message))),
    };
    (signal.width, signal.height) = (raster.width, raster.height);
    if wanted.pixels {
        signal.pixels = Some(pixel_hash(&raster));
    }
    let (width, height) = (raster.width as usize, raster.height as usize);
    if (wanted.hashes || wanted.symmetries)
        && let Some(grey) = Plane::new(width, height, raster.to_luma())
    {
        signal.hashes = match wanted.symmetries {
            true => Hashes::of_all(&grey).map_or_else(Vec::new, |all| all.to_vec()),
            false => Hashes::of(&grey).into_iter().collect(),
        };
    }
    if wanted.figures {
        let (channels, data) = opaque(raster);
        signal.figures = Figures::of(width, height, channels, &data);
    }
    (signal, None)
}

/// Grey or red, green and blue, without what says how see-through a pixel is.
fn opaque(raster: Raster) -> (usize, Vec<u8>) {
    match raster.channels {
        1 => (1, raster.data),
        2 => (1, raster.data.as_chunks::<2>().0.iter().map(|pixel| pixel[0]).collect()),
        3 => (3, raster.data),
        _ => (3, raster.data.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect()),
    }
}

/// BLAKE3 of the size and of the oriented pixels as red, green, blue and alpha: the same for the same
/// picture, however it is stored.
fn pixel_hash(raster: &Raster) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&raster.width.to_le_bytes());
    hasher.update(&raster.height.to_le_bytes());
    hasher.update(&raster.to_rgba());
    *hasher.finalize().as_bytes()
}
