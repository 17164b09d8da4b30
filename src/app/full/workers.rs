//! The threads that read and decode, and the short list of what they have to do.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use egui::ColorImage;

use super::Source;
use crate::dataset::SampleId;
use crate::jobs::{self, Outcome};
use crate::media::{self, Decoded, Metadatum, Payload, Raster};

/// One decodes what is looked at while the other still has a neighbour in hand.
const THREADS: usize = 2;

/// Longest side of the largest reduced image, in pixels.
const REDUCED_EDGE: u32 = 2048;

/// Images with no side over this are drawn from their own pixels only.
const SMALL_EDGE: u32 = 192;

/// Loads one sample.
pub(super) type Decode = Arc<dyn Fn(SampleId) -> Loaded + Send + Sync>;

/// What became of a sample.
pub(super) enum Loaded {
    Failed {
        message: String,
        metadata: Vec<Metadatum>,
    },
    Picture {
        decoded: Decoded,
        reduced: Vec<ReducedImage>,
        histogram: Vec<[u32; 256]>,
        metadata: Vec<Metadatum>,
    },
}

/// The whole image scaled down, ready to upload.
pub(super) struct ReducedImage {
    /// Pixels of this image per pixel of the whole one.
    pub scale: f32,
    pub image: ColorImage,
}

impl Loaded {
    /// Bytes that it takes once its textures are made.
    pub fn bytes(&self) -> u64 {
        /// For text, maps and handles.
        const OVERHEAD: u64 = 16 << 10;
        match self {
            Self::Failed { .. } => OVERHEAD,
            Self::Picture { decoded, reduced, .. } => {
                let pixels = decoded.raster.pixels() as u64;
                // Deep samples are kept as stored too, to show their values.
                let stored =
                    if decoded.bits > 8 { pixels * 4 * u64::from(decoded.bits.div_ceil(8)) } else { 0 };
                let textures: u64 = reduced.iter().map(|one| one.image.pixels.len() as u64 * 4).sum();
                OVERHEAD + decoded.raster.data.len() as u64 + stored + pixels * 4 + textures
            }
        }
    }
}

#[derive(Default)]
struct Queue {
    /// Most urgent first.
    wanted: Vec<SampleId>,
    /// What the threads have in hand. A result whose ticket is no longer here is dropped.
    in_hand: Vec<(u64, SampleId)>,
    ready: Vec<(SampleId, Loaded)>,
    next_ticket: u64,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// The threads' owner; dropping it ends them after what they have in hand.
pub(super) struct Workers {
    shared: Arc<Shared>,
}

impl Workers {
    /// Starts the threads. `wake` is called when a sample is ready.
    pub fn new(decode: Decode, wake: impl Fn() + Clone + Send + 'static) -> Self {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let mut started = 0;
        for number in 1..=THREADS {
            let (shared, decode, wake) = (shared.clone(), decode.clone(), wake.clone());
            let builder = std::thread::Builder::new().name(format!("full picture {number}"));
            match builder.spawn(move || work(&shared, &decode, &wake)) {
                Ok(_) => started += 1,
                Err(error) => tracing::error!("a thread that decodes whole pictures did not start: {error}"),
            }
        }
        tracing::debug!("{started} threads decode whole pictures");
        Self { shared }
    }

    /// Replaces what is waiting by these, most urgent first.
    pub fn want(&self, mut samples: Vec<SampleId>) {
        let mut queue = self.shared.lock();
        samples.retain(|sample| !queue.has(*sample));
        queue.wanted = samples;
        if !queue.wanted.is_empty() {
            self.shared.changed.notify_all();
        }
    }

    /// What was loaded since the last call.
    pub fn take_ready(&self) -> Vec<(SampleId, Loaded)> {
        std::mem::take(&mut self.shared.lock().ready)
    }

    /// Drops a sample in whatever stage it is.
    pub fn forget(&self, sample: SampleId) {
        let mut queue = self.shared.lock();
        queue.wanted.retain(|id| *id != sample);
        queue.in_hand.retain(|(_, id)| *id != sample);
        queue.ready.retain(|(id, _)| *id != sample);
    }

    /// Drops everything in whatever stage it is.
    pub fn clear(&self) {
        let mut queue = self.shared.lock();
        queue.wanted.clear();
        queue.in_hand.clear();
        queue.ready.clear();
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.clear();
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Queue {
    /// Whether a sample is in hand or ready.
    fn has(&self, sample: SampleId) -> bool {
        self.in_hand.iter().any(|(_, id)| *id == sample) || self.ready.iter().any(|(id, _)| *id == sample)
    }
}

impl Shared {
    /// Every statement under the lock leaves the queue whole, so that a panic elsewhere is no reason
    /// to stop.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next sample to load; `None` when it is time to end.
    fn next(&self) -> Option<(u64, SampleId)> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if !queue.wanted.is_empty() {
                let (ticket, sample) = (queue.next_ticket, queue.wanted.remove(0));
                queue.next_ticket += 1;
                queue.in_hand.push((ticket, sample));
                return Some((ticket, sample));
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn work(shared: &Shared, decode: &Decode, wake: &dyn Fn()) {
    while let Some((ticket, sample)) = shared.next() {
        let loaded = match jobs::run(|| Ok(decode(sample))) {
            Outcome::Done(loaded) => loaded,
            Outcome::Cancelled => continue,
            Outcome::Panicked(cause) => {
                let message =
                    format!("Reading this sample hit a fault of the program: {cause}. Please report it.");
                Loaded::Failed { message, metadata: Vec::new() }
            }
        };
        let mut queue = shared.lock();
        let before = queue.in_hand.len();
        queue.in_hand.retain(|(id, _)| *id != ticket);
        if queue.in_hand.len() < before {
            queue.ready.push((sample, loaded));
            drop(queue);
            wake();
        }
    }
}

/// Reads and decodes a sample.
pub(super) fn load(source: &Source, sample: SampleId) -> Loaded {
    let payload = match source(sample) {
        Ok(payload) => payload,
        Err(message) => return Loaded::Failed { message, metadata: Vec::new() },
    };
    let metadata = media::metadata(&payload);
    match media::decode(&payload) {
        Err(error) => Loaded::Failed { message: error.message, metadata },
        Ok(mut decoded) => {
            drop(payload);
            let histogram = decoded.raster.histogram();
            let reduced = reduce(&mut decoded);
            Loaded::Picture { decoded, reduced, histogram, metadata }
        }
    }
}

/// The image at half its size or at [`REDUCED_EDGE`], whichever is smaller, and at halves of that.
fn reduce(decoded: &mut Decoded) -> Vec<ReducedImage> {
    let longest = decoded.raster.width.max(decoded.raster.height);
    let mut edge = (longest / 2).min(REDUCED_EDGE);
    let mut images = Vec::new();
    if longest <= SMALL_EDGE {
        return images;
    }
    // The scaler takes a payload: the raster is lent to one and taken back.
    let nothing = Raster { width: 1, height: 1, channels: 1, data: vec![0] };
    let mut payload = Payload::Raster(std::mem::replace(&mut decoded.raster, nothing));
    let mut whole = None;
    while edge >= SMALL_EDGE / 2 {
        // A raster is always scaled; without one there is nothing smaller to draw from.
        let Ok(smaller) = media::thumbnail(&payload, edge) else { break };
        images.push(ReducedImage { scale: edge as f32 / longest as f32, image: colour_image(&smaller) });
        let larger = std::mem::replace(&mut payload, Payload::Raster(smaller));
        whole.get_or_insert(larger);
        edge /= 2;
    }
    if let Payload::Raster(raster) = whole.unwrap_or(payload) {
        decoded.raster = raster;
    }
    images
}

/// A raster in the form in which textures are made.
pub(super) fn colour_image(raster: &Raster) -> ColorImage {
    let size = [raster.width as usize, raster.height as usize];
    match raster.channels {
        1 => ColorImage::from_gray(size, &raster.data),
        3 => ColorImage::from_rgb(size, &raster.data),
        4 => ColorImage::from_rgba_unmultiplied(size, &raster.data),
        _ => ColorImage::from_rgba_unmultiplied(size, &raster.to_rgba()),
    }
}
