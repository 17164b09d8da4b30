//! Thumbnails on screen: made by background workers, what is visible first, and kept in a bounded
//! pool of textures.
//!
//! Views ask for a thumbnail each frame; a miss is a wish. At the end of the frame the wishes, in
//! the order in which they were asked, take the place of those of the frame before, so that
//! workers never make what has scrolled away. A thumbnail comes in one of five sizes; while the
//! right one is made, another one of the same sample stands in.
//!
//! What is wished for has a place before it is made: what was on screen in the last two frames is
//! never given up, and what is only likely to be asked for takes no place from what is asked for.
//! So a still screen becomes sharp, and then nothing more is made.

mod pool;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use egui::{ColorImage, Context};

use crate::dataset::{Dataset, SampleId};
use crate::import::Reader;
use crate::media::{self, Raster};
use crate::pipeline::THUMBNAIL_EDGE;
use crate::store::{Thumbnail, Thumbnails, stamp};
use crate::ui::Thumb;
use pool::{Key, Pool, Use};

/// Edges that thumbnails are made in, in pixels.
const EDGES: [u32; 5] = [32, 64, 128, 256, 512];
/// Pages of 4 MiB that thumbnails of all sizes share: 512 MiB at most. At the worst size of cells,
/// one pixel above an edge, a screen of 7680 × 4320 px takes all of them and one of 3840 × 2160 px
/// a quarter.
const PAGES: usize = 128;
/// Made thumbnails that wait for the interface thread.
const READY: usize = 64;
/// Time for uploads in one frame.
const UPLOAD_TIME: Duration = Duration::from_millis(3);
/// Wishes that workers keep, visible and prefetched.
const WISHES: usize = 16_384;
/// Samples without a thumbnail that are remembered, so that they are not tried every frame.
const FAILED: usize = 1 << 20;

/// Where workers get samples from.
pub struct ThumbSource {
    pub dataset: Arc<Dataset>,
    pub reader: Arc<Reader>,
    /// Thumbnails kept on disk.
    pub cache: Option<Arc<Thumbnails>>,
}

impl ThumbSource {
    /// A thumbnail at most `edge` pixels large; `None` when the sample cannot be decoded.
    fn make(&self, sample: SampleId, edge: u32) -> Option<Raster> {
        let at = sample as usize;
        let stamp = stamp(*self.dataset.bytes.get(at)?, self.dataset.modified_ms[at]);
        // The pass that measures keeps one size; a smaller one is made from it.
        let kept_edge = edge.max(THUMBNAIL_EDGE) as u16;
        if let Some(cache) = &self.cache
            && let Some(kept) = cache.get(sample, kept_edge, stamp)
            && let Some(raster) = media::decode_thumbnail(&kept)
        {
            return Some(raster);
        }
        let payload = self.reader.sample(&self.dataset, sample).ok()?;
        let started = Instant::now();
        let raster = media::thumbnail(&payload, edge).ok()?;
        // Keep what took long to make.
        if edge >= THUMBNAIL_EDGE
            && started.elapsed() > Duration::from_millis(4)
            && let Some(cache) = &self.cache
        {
            let bytes = media::encode_thumbnail(&raster);
            cache.put_many(&[Thumbnail { sample, edge: kept_edge, stamp, bytes }]);
        }
        Some(raster)
    }
}

/// Makes a thumbnail of a sample, at most so many pixels large.
type Make = Arc<dyn Fn(SampleId, u32) -> Option<Raster> + Send + Sync>;

#[derive(Default)]
struct Wishes {
    queue: VecDeque<Key>,
    /// Being made, or made and not uploaded yet.
    taken: HashSet<Key>,
    make: Option<Make>,
    /// Changes with the source, so that late results of the one before are dropped.
    epoch: u64,
    ended: bool,
}

struct Shared {
    wishes: Mutex<Wishes>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Made {
    key: Key,
    epoch: u64,
    raster: Option<ColorImage>,
}

/// The textures, the workers and their wishes.
pub struct Thumbs {
    shared: Arc<Shared>,
    ready: Receiver<Made>,
    pool: Pool,
    failed: HashSet<SampleId>,
    wished: Vec<Key>,
    prefetch: Vec<Key>,
    epoch: u64,
}

impl Thumbs {
    /// Starts `workers` threads; `wake` is called when a thumbnail is ready.
    pub fn new(workers: usize, wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self::with_pages(workers, PAGES, wake)
    }

    /// [`Self::new`] with another bound than [`PAGES`].
    fn with_pages(workers: usize, pages: usize, wake: impl Fn() + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared { wishes: Mutex::default(), changed: Condvar::new() });
        let (sender, ready) = crossbeam_channel::bounded(READY);
        let wake = Arc::new(wake);
        for at in 0..workers.max(1) {
            let (shared, sender, wake) = (shared.clone(), sender.clone(), wake.clone());
            let spawned = std::thread::Builder::new()
                .name(format!("thumbnails-{at}"))
                .spawn(move || work(&shared, &sender, &*wake));
            if let Err(error) = spawned {
                tracing::error!("no thread for thumbnails: {error}");
            }
        }
        Self {
            shared,
            ready,
            pool: Pool::new(pages),
            failed: HashSet::new(),
            wished: Vec::new(),
            prefetch: Vec::new(),
            epoch: 0,
        }
    }

    /// Shows another dataset, or none. A dataset whose rows stay (after a rescan) keeps what is
    /// there, but for `changed` samples and those that could not be read.
    pub fn set_source(&mut self, source: Option<Arc<ThumbSource>>, changed: Option<&[SampleId]>) {
        // A permission or a disk that is back leaves no trace in a listing.
        self.failed.clear();
        match changed {
            Some(changed) => changed.iter().for_each(|sample| self.pool.forget(*sample)),
            None => self.pool.clear(),
        }
        self.set_make(
            source.map(|source| -> Make { Arc::new(move |sample, edge| source.make(sample, edge)) }),
        );
    }

    fn set_make(&mut self, make: Option<Make>) {
        self.epoch += 1;
        let mut wishes = self.shared.lock();
        wishes.queue.clear();
        wishes.taken.clear();
        wishes.make = make;
        wishes.epoch = self.epoch;
    }

    /// The thumbnail of a sample at `edge_px` pixels or the next larger size; a smaller or larger
    /// one while it is made.
    pub fn get(&mut self, sample: SampleId, edge_px: u32) -> Option<Thumb> {
        let size = size_for(edge_px);
        if let Some(thumb) = self.pool.draw((sample, size), Use::Visible) {
            return Some(thumb);
        }
        if self.failed.contains(&sample) {
            return None;
        }
        self.wished.push((sample, size));
        let larger = size + 1..EDGES.len() as u8;
        let smaller = (0..size).rev();
        // What stands in must not keep the right one from coming.
        larger.chain(smaller).find_map(|other| self.pool.draw((sample, other), Use::Ahead))
    }

    /// Wishes for a thumbnail that is not drawn yet, after all that are.
    pub fn prefetch(&mut self, sample: SampleId, edge_px: u32) {
        let key = (sample, size_for(edge_px));
        if !self.pool.keep(key) && !self.failed.contains(&sample) {
            self.prefetch.push(key);
        }
    }

    /// Ends a frame: uploads what was made and hands the wishes over. Gives whether more waits.
    pub fn end_frame(&mut self, ctx: &Context) -> bool {
        let started = Instant::now();
        let mut more = false;
        while let Ok(made) = self.ready.try_recv() {
            self.accept(ctx, made);
            if started.elapsed() > UPLOAD_TIME {
                more = !self.ready.is_empty();
                break;
            }
        }
        let mut wishes = self.shared.lock();
        let Wishes { queue, taken, .. } = &mut *wishes;
        queue.clear();
        if !self.wished.is_empty() || !self.prefetch.is_empty() {
            // A sample may stand in several views.
            let mut known: HashSet<Key> = taken.clone();
            let mut visible = self.pool.room(Use::Visible);
            let mut ahead = self.pool.room(Use::Ahead);
            for key in taken.iter() {
                visible.take(key.1);
                ahead.take(key.1);
            }
            // What came in just now is there.
            let is_missing = |key: &Key| !self.pool.has(*key) && !self.failed.contains(&key.0);
            for key in self.wished.drain(..).filter(is_missing) {
                let fits = known.insert(key) && visible.take(key.1);
                ahead.take(key.1);
                if fits && queue.len() < WISHES {
                    queue.push_back(key);
                }
            }
            for key in self.prefetch.drain(..).filter(is_missing) {
                if known.insert(key) && ahead.take(key.1) && queue.len() < WISHES {
                    queue.push_back(key);
                }
            }
        }
        if !queue.is_empty() {
            self.shared.changed.notify_all();
        }
        drop(wishes);
        self.pool.end_frame();
        more
    }

    /// Whether every wish of the last frame is fulfilled.
    pub fn is_idle(&self) -> bool {
        let wishes = self.shared.lock();
        wishes.queue.is_empty() && wishes.taken.is_empty() && self.ready.is_empty()
    }

    fn accept(&mut self, ctx: &Context, made: Made) {
        if made.epoch != self.epoch {
            return;
        }
        self.shared.lock().taken.remove(&made.key);
        let Some(image) = made.raster else {
            if self.failed.len() >= FAILED {
                self.failed.clear();
            }
            self.failed.insert(made.key.0);
            return;
        };
        let purpose = if self.wished.contains(&made.key) { Use::Visible } else { Use::Ahead };
        self.pool.insert(ctx, made.key, image, purpose);
    }
}

impl Drop for Thumbs {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
    }
}

fn size_for(edge_px: u32) -> u8 {
    EDGES.iter().position(|edge| *edge >= edge_px).unwrap_or(EDGES.len() - 1) as u8
}

fn work(shared: &Shared, sender: &Sender<Made>, wake: &(dyn Fn() + Send + Sync)) {
    loop {
        let mut wishes = shared.lock();
        let (key, make, epoch) = loop {
            if wishes.ended {
                return;
            }
            if let Some(make) = wishes.make.clone()
                && let Some(key) = wishes.queue.pop_front()
            {
                if wishes.taken.insert(key) {
                    break (key, make, wishes.epoch);
                }
                continue;
            }
            wishes = shared.changed.wait(wishes).unwrap_or_else(PoisonError::into_inner);
        };
        drop(wishes);
        let edge = EDGES[key.1 as usize];
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| make(key.0, edge)));
        let raster = made.unwrap_or_default().and_then(|raster| fit(raster, edge));
        if sender.send(Made { key, epoch, raster }).is_err() {
            return;
        }
        wake();
    }
}

/// The picture as a texture takes it, no larger than `edge`.
fn fit(raster: Raster, edge: u32) -> Option<ColorImage> {
    let raster = if raster.width.max(raster.height) > edge {
        media::thumbnail(&media::Payload::Raster(raster), edge).ok()?
    } else {
        raster
    };
    let size = [raster.width as usize, raster.height as usize];
    Some(ColorImage::from_rgba_unmultiplied(size, &raster.to_rgba()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn the_next_larger_size_is_made() {
        for (edge, size) in [(1, 32), (32, 32), (33, 64), (128, 128), (300, 512), (4000, 512)] {
            assert_eq!(EDGES[size_for(edge) as usize], size);
        }
    }

    /// What is drawn in each frame: cells on screen, cells ahead, each with its edge.
    struct Screen {
        visible: Vec<(SampleId, u32)>,
        ahead: Vec<(SampleId, u32)>,
    }

    impl Screen {
        /// Cells on screen and ahead, all of one size.
        fn of(visible: std::ops::Range<u32>, ahead: std::ops::Range<u32>, edge: u32) -> Self {
            let cells = |samples: std::ops::Range<u32>| samples.map(|sample| (sample, edge)).collect();
            Self { visible: cells(visible), ahead: cells(ahead) }
        }

        /// Draws a frame; gives how many cells were not there in their size.
        fn frame(&self, thumbs: &mut Thumbs, ctx: &Context) -> usize {
            for (sample, edge) in &self.visible {
                thumbs.get(*sample, *edge);
            }
            let missing = thumbs.wished.len();
            for (sample, edge) in &self.ahead {
                thumbs.prefetch(*sample, *edge);
            }
            thumbs.end_frame(ctx);
            missing
        }
    }

    /// A pool with room for so many thumbnails of 512 px, and a decoder that counts.
    fn counting(room: usize) -> (Thumbs, Arc<AtomicUsize>) {
        let mut thumbs = Thumbs::with_pages(2, room / 4, || {});
        let made = Arc::new(AtomicUsize::new(0));
        let counter = made.clone();
        thumbs.set_make(Some(Arc::new(move |_, _| {
            counter.fetch_add(1, Ordering::Relaxed);
            Raster::new(2, 2, 1, vec![7; 4])
        })));
        (thumbs, made)
    }

    /// Draws until nothing is under way, and a few frames more.
    fn settle(screen: &Screen, thumbs: &mut Thumbs, ctx: &Context) -> usize {
        let started = Instant::now();
        let mut calm = 0;
        let mut missing = usize::MAX;
        while calm < 8 {
            missing = screen.frame(thumbs, ctx);
            calm = if thumbs.is_idle() { calm + 1 } else { 0 };
            assert!(started.elapsed() < Duration::from_secs(20), "it never comes to rest");
            std::thread::sleep(Duration::from_millis(1));
        }
        missing
    }

    #[test]
    fn a_still_screen_becomes_sharp_and_then_nothing_more_is_made() {
        let ctx = Context::default();
        // Where 16 thumbnails of 512 px fit, 64 of 256 px do.
        for (name, room, screen, most) in [
            ("all fits", 32, Screen::of(0..20, 20..30, 512), 30),
            ("ahead does not fit", 32, Screen::of(0..20, 20..60, 512), 32),
            ("the screen fills the pool", 32, Screen::of(0..32, 32..64, 512), 32),
            ("smaller ones", 16, Screen::of(0..60, 60..90, 200), 64),
            ("nothing on screen", 16, Screen::of(0..0, 0..90, 512), 16),
        ] {
            let (mut thumbs, made) = counting(room);
            let missing = settle(&screen, &mut thumbs, &ctx);
            assert_eq!(missing, 0, "{name}: what is on screen is sharp");
            let count = made.load(Ordering::Relaxed);
            assert!(count >= screen.visible.len() && count <= most, "{name}: {count} made");
            for _ in 0..200 {
                screen.frame(&mut thumbs, &ctx);
                std::thread::sleep(Duration::from_micros(100));
            }
            assert_eq!(made.load(Ordering::Relaxed), count, "{name}: decoding goes on");
        }
    }

    #[test]
    fn more_on_screen_than_the_pool_holds_is_not_made_over_and_over() {
        let ctx = Context::default();
        let (mut thumbs, made) = counting(16);
        let screen = Screen::of(0..40, 40..60, 512);
        assert_eq!(settle(&screen, &mut thumbs, &ctx), 24, "sixteen are sharp");
        assert_eq!(made.load(Ordering::Relaxed), 16);
    }

    #[test]
    fn another_size_takes_over_the_pages() {
        let ctx = Context::default();
        let (mut thumbs, _) = counting(32);
        for edge in [512, 256, 512, 32, 64] {
            let screen = Screen::of(0..32, 32..40, edge);
            assert_eq!(settle(&screen, &mut thumbs, &ctx), 0, "at {edge} px");
        }
        // Two sizes at once: a page each.
        let mut both = Screen::of(0..16, 16..40, 512);
        both.visible.extend((0..64).map(|sample| (sample, 256)));
        assert_eq!(settle(&both, &mut thumbs, &ctx), 0);
    }

    #[test]
    fn scrolling_on_shows_what_comes_into_view() {
        let ctx = Context::default();
        let (mut thumbs, made) = counting(32);
        for top in [0, 8, 16, 200, 0] {
            let screen = Screen::of(top..top + 20, top + 20..top + 40, 512);
            assert_eq!(settle(&screen, &mut thumbs, &ctx), 0, "at {top}");
        }
        assert!(made.load(Ordering::Relaxed) <= 5 * 32);
    }
}
