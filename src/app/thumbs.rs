//! Thumbnails on screen: made by background workers, what is visible first, and kept in a bounded
//! atlas of textures.
//!
//! Views ask for a thumbnail each frame; a miss is a wish. At the end of the frame the wishes, in
//! the order in which they were asked, take the place of those of the frame before, so that
//! workers never make what has scrolled away. A thumbnail comes in one of five sizes; while the
//! right one is made, another one of the same sample stands in.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use egui::{ColorImage, Context, Rect, TextureHandle, TextureOptions, Vec2, vec2};

use crate::dataset::{Dataset, SampleId};
use crate::import::Reader;
use crate::media::{self, Raster};
use crate::pipeline::THUMBNAIL_EDGE;
use crate::store::{Thumbnail, Thumbnails, stamp};
use crate::ui::Thumb;

/// Edges that thumbnails are made in, in pixels.
const EDGES: [u32; 5] = [32, 64, 128, 256, 512];
/// Side of an atlas page in pixels: 16 MiB of texture each.
const PAGE: u32 = 2048;
/// Pages per size at most: 6 × 5 × 16 MiB bound the atlas, and each size holds more than a screen.
const PAGES: usize = 6;
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

type Key = (SampleId, u8);

#[derive(Default)]
struct Wishes {
    queue: VecDeque<Key>,
    /// Being made, or made and not uploaded yet.
    taken: HashSet<Key>,
    source: Option<Arc<ThumbSource>>,
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

#[derive(Clone, Copy)]
struct Slot {
    page: u16,
    index: u16,
    size: [u16; 2],
}

/// Textures of one size.
struct Shelf {
    edge: u32,
    pages: Vec<TextureHandle>,
    /// What each slot holds and when it was last drawn.
    slots: Vec<(Option<SampleId>, u64)>,
    /// Slots that hold nothing.
    free: Vec<usize>,
    /// Next slot to look at when one has to give way.
    hand: usize,
}

/// The atlas, its workers and their wishes.
pub struct Thumbs {
    shared: Arc<Shared>,
    ready: Receiver<Made>,
    shelves: Vec<Shelf>,
    there: HashMap<Key, Slot>,
    failed: HashSet<SampleId>,
    wished: Vec<Key>,
    prefetch: Vec<Key>,
    frame: u64,
    epoch: u64,
}

impl Thumbs {
    /// Starts `workers` threads; `wake` is called when a thumbnail is ready.
    pub fn new(workers: usize, wake: impl Fn() + Send + Sync + 'static) -> Self {
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
        let shelves = EDGES.map(Shelf::new).into();
        Self {
            shared,
            ready,
            shelves,
            there: HashMap::new(),
            failed: HashSet::new(),
            wished: Vec::new(),
            prefetch: Vec::new(),
            frame: 0,
            epoch: 0,
        }
    }

    /// Shows another dataset, or none. A dataset whose rows stay (after a rescan) keeps what is
    /// there, but for `changed` samples.
    pub fn set_source(&mut self, source: Option<Arc<ThumbSource>>, changed: Option<&[SampleId]>) {
        self.epoch += 1;
        match changed {
            Some(changed) => {
                for sample in changed {
                    self.forget(*sample);
                }
            }
            None => {
                self.there.clear();
                self.failed.clear();
                for shelf in &mut self.shelves {
                    shelf.slots.iter_mut().for_each(|slot| *slot = (None, 0));
                    shelf.free = (0..shelf.slots.len()).rev().collect();
                }
            }
        }
        let mut wishes = self.shared.lock();
        wishes.queue.clear();
        wishes.taken.clear();
        wishes.source = source;
        wishes.epoch = self.epoch;
    }

    fn forget(&mut self, sample: SampleId) {
        self.failed.remove(&sample);
        for size in 0..EDGES.len() as u8 {
            if let Some(slot) = self.there.remove(&(sample, size)) {
                let shelf = &mut self.shelves[size as usize];
                let at = slot.page as usize * shelf.per_page() + slot.index as usize;
                shelf.slots[at] = (None, 0);
                shelf.free.push(at);
            }
        }
    }

    /// The thumbnail of a sample at `edge_px` pixels or the next larger size; a smaller or larger
    /// one while it is made.
    pub fn get(&mut self, sample: SampleId, edge_px: u32) -> Option<Thumb> {
        let size = size_for(edge_px);
        if let Some(thumb) = self.draw(sample, size) {
            return Some(thumb);
        }
        if self.failed.contains(&sample) {
            return None;
        }
        self.wished.push((sample, size));
        let larger = size + 1..EDGES.len() as u8;
        let smaller = (0..size).rev();
        larger.chain(smaller).find_map(|other| self.draw(sample, other))
    }

    /// Wishes for a thumbnail that is not drawn yet, after all that are.
    pub fn prefetch(&mut self, sample: SampleId, edge_px: u32) {
        let key = (sample, size_for(edge_px));
        if !self.there.contains_key(&key) && !self.failed.contains(&sample) {
            self.prefetch.push(key);
        }
    }

    fn draw(&mut self, sample: SampleId, size: u8) -> Option<Thumb> {
        let slot = *self.there.get(&(sample, size))?;
        let shelf = &mut self.shelves[size as usize];
        let at = slot.page as usize * shelf.per_page() + slot.index as usize;
        shelf.slots[at].1 = self.frame;
        let min = shelf.corner(slot.index);
        let drawn = vec2(f32::from(slot.size[0]), f32::from(slot.size[1]));
        // Half a pixel in, so that filtering does not reach the neighbour's pixels.
        let inset = Vec2::splat(0.5).min(drawn * 0.25);
        let page = PAGE as f32;
        let uv =
            Rect::from_min_max(((min + inset) / page).to_pos2(), ((min + drawn - inset) / page).to_pos2());
        Some(Thumb { texture: shelf.pages[slot.page as usize].id(), uv, size: drawn })
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
        self.frame += 1;
        let mut wishes = self.shared.lock();
        let Wishes { queue, taken, .. } = &mut *wishes;
        queue.clear();
        let fresh = self.wished.drain(..).chain(self.prefetch.drain(..)).filter(|key| !taken.contains(key));
        queue.extend(fresh.take(WISHES));
        if !queue.is_empty() {
            self.shared.changed.notify_all();
        }
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
        let (sample, size) = made.key;
        let shelf = &mut self.shelves[size as usize];
        let Some(at) = shelf.take_slot(ctx, self.frame) else { return };
        let per_page = shelf.per_page();
        if let Some(evicted) = shelf.slots[at].0 {
            self.there.remove(&(evicted, size));
        }
        shelf.slots[at] = (Some(sample), self.frame);
        let slot = Slot {
            page: (at / per_page) as u16,
            index: (at % per_page) as u16,
            size: image.size.map(|side| side as u16),
        };
        let corner = shelf.corner(slot.index);
        shelf.pages[slot.page as usize].set_partial([corner.x as usize, corner.y as usize], image, OPTIONS);
        self.there.insert(made.key, slot);
    }
}

impl Drop for Thumbs {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
    }
}

/// Pixels of small images stay pixels when enlarged.
const OPTIONS: TextureOptions = TextureOptions {
    magnification: egui::TextureFilter::Nearest,
    minification: egui::TextureFilter::Linear,
    wrap_mode: egui::TextureWrapMode::ClampToEdge,
    mipmap_mode: None,
};

impl Shelf {
    fn new(edge: u32) -> Self {
        Self { edge, pages: Vec::new(), slots: Vec::new(), free: Vec::new(), hand: 0 }
    }

    fn per_side(&self) -> usize {
        (PAGE / self.edge) as usize
    }

    fn per_page(&self) -> usize {
        self.per_side() * self.per_side()
    }

    /// Top left corner of a slot in its page, in pixels.
    fn corner(&self, index: u16) -> Vec2 {
        let per_side = self.per_side();
        let (x, y) = (index as usize % per_side, index as usize / per_side);
        vec2((x as u32 * self.edge) as f32, (y as u32 * self.edge) as f32)
    }

    /// A slot to fill: a free one, one of a new page, or the next one that was not drawn lately.
    /// `None` when everything is on screen.
    fn take_slot(&mut self, ctx: &Context, frame: u64) -> Option<usize> {
        if self.free.is_empty() && self.pages.len() < PAGES {
            let name = format!("thumbnails-{}-{}", self.edge, self.pages.len());
            let blank = ColorImage::filled([PAGE as usize; 2], egui::Color32::TRANSPARENT);
            self.pages.push(ctx.load_texture(name, blank, OPTIONS));
            let count = self.slots.len();
            self.slots.resize(count + self.per_page(), (None, 0));
            self.free.extend((count..self.slots.len()).rev());
        }
        if let Some(at) = self.free.pop() {
            return Some(at);
        }
        let count = self.slots.len();
        let at =
            (0..count).map(|step| (self.hand + step) % count).find(|at| self.slots[*at].1 + 2 < frame)?;
        self.hand = (at + 1) % count;
        Some(at)
    }
}

fn size_for(edge_px: u32) -> u8 {
    EDGES.iter().position(|edge| *edge >= edge_px).unwrap_or(EDGES.len() - 1) as u8
}

fn work(shared: &Shared, sender: &Sender<Made>, wake: &(dyn Fn() + Send + Sync)) {
    loop {
        let mut wishes = shared.lock();
        let (key, source, epoch) = loop {
            if wishes.ended {
                return;
            }
            if let Some(source) = wishes.source.clone()
                && let Some(key) = wishes.queue.pop_front()
            {
                if wishes.taken.insert(key) {
                    break (key, source, wishes.epoch);
                }
                continue;
            }
            wishes = shared.changed.wait(wishes).unwrap_or_else(PoisonError::into_inner);
        };
        drop(wishes);
        let edge = EDGES[key.1 as usize];
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| source.make(key.0, edge)));
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
    use super::*;

    #[test]
    fn a_shelf_fills_grows_and_then_replaces_what_is_not_on_screen() {
        let ctx = Context::default();
        let mut shelf = Shelf::new(512);
        let capacity = shelf.per_page() * PAGES;
        for sample in 0..capacity {
            let at = shelf.take_slot(&ctx, 1).expect("there is room");
            assert!(shelf.slots[at].0.is_none(), "slot {at} was free");
            shelf.slots[at] = (Some(sample as SampleId), 1);
        }
        assert_eq!(shelf.pages.len(), PAGES);
        assert_eq!(shelf.take_slot(&ctx, 2), None, "all was drawn a frame ago");
        shelf.slots[17].1 = 90;
        let taken: Vec<_> = (0..capacity - 1)
            .map(|_| {
                let at = shelf.take_slot(&ctx, 91).expect("old slots can go");
                shelf.slots[at].1 = 91;
                at
            })
            .collect();
        assert!(!taken.contains(&17), "what was drawn just now stays");
        assert_eq!(shelf.take_slot(&ctx, 91), None);
    }

    #[test]
    fn the_next_larger_size_is_made() {
        for (edge, size) in [(1, 32), (32, 32), (33, 64), (128, 128), (300, 512), (4000, 512)] {
            assert_eq!(EDGES[size_for(edge) as usize], size);
        }
    }

    #[test]
    fn slots_do_not_overlap() {
        let shelf = Shelf::new(256);
        assert_eq!(shelf.corner(0), vec2(0.0, 0.0));
        assert_eq!(shelf.corner(7), vec2(1792.0, 0.0));
        assert_eq!(shelf.corner(8), vec2(0.0, 256.0));
    }
}
