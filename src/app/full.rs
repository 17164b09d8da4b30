//! Whole samples for the inspector: read and decoded in the background, uploaded on the interface's
//! thread, kept in bounded memory.
//!
//! The newest request wins: a request for another sample drops what was waiting. It refuses to
//! know where a sample's bytes come from, and how a picture is drawn.

mod cache;
mod workers;

use std::sync::Arc;

use egui::{Context, Pos2, Rect, TextureOptions, Vec2};

use crate::dataset::SampleId;
use crate::media::{Payload, Raster};
use crate::ui::{Full, FullPicture, Reduced};
use cache::{Cache, Entry};
use workers::{Decode, Loaded, Workers, colour_image};

/// Gives a sample's bytes, or a sentence that says why there are none.
pub type Source = Arc<dyn Fn(SampleId) -> Result<Payload, String> + Send + Sync>;

/// Bytes of decoded pixels and their textures that are kept. The sample that is looked at may take
/// more by itself.
pub const CAP_BYTES: u64 = 512 << 20;

/// Neighbours that are decoded in advance at most.
const PREFETCHED: usize = 4;

/// Samples that are looked at together at most.
const TOGETHER: usize = 16;

/// Longest side of a tile. A tile is what is uploaded in one frame: 4 MiB.
const TILE_EDGE: u32 = 1024;

/// Larger pixels are seen as they are, smaller ones are averaged.
const FILTER: TextureOptions =
    TextureOptions { magnification: egui::TextureFilter::Nearest, ..TextureOptions::LINEAR };

/// Whole samples behind [`Pictures::full`](crate::ui::Pictures::full).
pub struct FullPictures {
    workers: Workers,
    cache: Cache,
    /// The sample asked for last.
    current: Option<SampleId>,
    prefetch: Vec<SampleId>,
    /// Samples that are looked at side by side.
    together: Vec<SampleId>,
    /// The frame in which they last were.
    together_in: u64,
}

impl FullPictures {
    /// Starts the workers. `ctx` is asked for a frame when a sample is ready.
    pub fn new(source: Source, ctx: Context) -> Self {
        Self::with_cap(source, ctx, CAP_BYTES)
    }

    /// [`Self::new`] with another bound than [`CAP_BYTES`].
    pub fn with_cap(source: Source, ctx: Context, cap_bytes: u64) -> Self {
        let decode: Decode = Arc::new(move |sample| workers::load(&source, sample));
        let workers = Workers::new(decode, move || ctx.request_repaint());
        Self {
            workers,
            cache: Cache::new(cap_bytes),
            current: None,
            prefetch: Vec::new(),
            together: Vec::new(),
            together_in: 0,
        }
    }

    /// The sample as far as it is there; asking requests it before everything else.
    pub fn get(&mut self, sample: SampleId, ctx: &Context) -> FullPicture {
        if ctx.cumulative_pass_nr() > self.together_in + 1 {
            self.together.clear();
        }
        if self.current != Some(sample) && !self.together.contains(&sample) {
            self.current = Some(sample);
            self.prefetch.clear();
            self.cache.retry_large();
        }
        self.receive();
        let Some(entry) = self.cache.touch(sample) else {
            self.request();
            return FullPicture::Loading;
        };
        match entry {
            Entry::Failed { message, metadata } => {
                FullPicture::Failed { message: message.clone(), metadata: metadata.clone() }
            }
            Entry::Picture { full, waiting } => {
                if upload(sample, Arc::make_mut(full), waiting, ctx) {
                    ctx.request_repaint();
                }
                FullPicture::Ready(full.clone())
            }
        }
    }

    /// Decodes these next, the likeliest first, once what was [asked for](Self::get) is there.
    pub fn prefetch(&mut self, samples: &[SampleId]) {
        self.receive();
        let wanted = &samples[..samples.len().min(PREFETCHED)];
        if self.prefetch != wanted {
            self.prefetch = wanted.to_vec();
            self.request();
        }
    }

    /// Says which samples are looked at side by side in this frame: they are wanted one as the other, and
    /// none is dropped for another. Whoever looks bounds how large they are together.
    pub fn look_at_together(&mut self, samples: &[SampleId], ctx: &Context) {
        self.receive();
        self.together_in = ctx.cumulative_pass_nr();
        let wanted = &samples[..samples.len().min(TOGETHER)];
        if self.together != wanted {
            self.together = wanted.to_vec();
            self.cache.retry_large();
            self.request();
        }
    }

    /// Drops a sample whose file changed; it is read again when it is next asked for.
    pub fn forget(&mut self, sample: SampleId) {
        self.workers.forget(sample);
        self.cache.remove(sample);
        self.request();
    }

    /// Drops the samples that could not be loaded: they may be there by now.
    pub fn forget_failed(&mut self) {
        self.receive();
        for sample in self.cache.failed() {
            self.forget(sample);
        }
    }

    /// Drops everything, as when another dataset is opened.
    pub fn clear(&mut self) {
        self.workers.clear();
        self.cache.clear();
        self.current = None;
        self.prefetch.clear();
        self.together.clear();
    }

    /// Bytes that are kept now.
    pub fn bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// Takes in what the workers have ready.
    fn receive(&mut self) {
        let ready = self.workers.take_ready();
        if ready.is_empty() {
            return;
        }
        let looked_at: Vec<SampleId> =
            self.current.into_iter().chain(self.together.iter().copied()).collect();
        for (sample, loaded) in ready {
            self.cache.insert(sample, loaded, &looked_at, &self.prefetch);
        }
    }

    /// Says to the workers what is wanted now, in order, in place of what was.
    fn request(&mut self) {
        let prefetch = self.prefetch.iter().copied().filter(|sample| !self.cache.was_too_large(*sample));
        let together = self.together.iter().copied().filter(|sample| self.current != Some(*sample));
        let wanted = self.current.into_iter().chain(together).chain(prefetch);
        let wanted: Vec<SampleId> = wanted.filter(|sample| !self.cache.contains(*sample)).collect();
        self.workers.want(wanted);
    }
}

/// Makes the next textures of a picture: all reduced ones at once, then a tile a frame. Whether
/// there are more to make.
fn upload(
    sample: SampleId,
    full: &mut Full,
    waiting: &mut Vec<workers::ReducedImage>,
    ctx: &Context,
) -> bool {
    for (at, image) in waiting.drain(..).enumerate() {
        let texture =
            ctx.load_texture(format!("full-{sample}-reduced-{at}"), image.image, TextureOptions::LINEAR);
        full.reduced.push(Reduced { scale: image.scale, texture });
    }
    let raster = &full.decoded.raster;
    let edge = TILE_EDGE.min(ctx.input(|input| input.max_texture_side) as u32).max(1);
    let across = raster.width.div_ceil(edge);
    let tiles = across as usize * raster.height.div_ceil(edge) as usize;
    if full.tiles.len() >= tiles {
        return false;
    }
    let at = full.tiles.len() as u32;
    if let Some((rect, tile)) = tile(raster, at % across, at / across, edge) {
        let texture = ctx.load_texture(format!("full-{sample}-{at}"), colour_image(&tile), FILTER);
        full.tiles.push((rect, texture));
    }
    full.tiles.len() < tiles
}

/// The tile at that column and row, and where it lies in image pixels.
fn tile(raster: &Raster, column: u32, row: u32, edge: u32) -> Option<(Rect, Raster)> {
    let (x, y) = (column * edge, row * edge);
    let (width, height) = (edge.min(raster.width - x), edge.min(raster.height - y));
    let rect = Rect::from_min_size(Pos2::new(x as f32, y as f32), Vec2::new(width as f32, height as f32));
    Some((rect, raster.crop(x, y, width, height)?))
}

/// A picture as the workers hand it over: no textures yet.
fn entry_of(loaded: Loaded) -> Entry {
    match loaded {
        Loaded::Failed { message, metadata } => Entry::Failed { message, metadata: Arc::new(metadata) },
        Loaded::Picture { decoded, reduced, histogram, metadata } => Entry::Picture {
            full: Arc::new(Full {
                decoded: Arc::new(decoded),
                reduced: Vec::new(),
                tiles: Vec::new(),
                histogram: Arc::new(histogram),
                metadata: Arc::new(metadata),
            }),
            waiting: reduced,
        },
    }
}

#[cfg(test)]
mod tests;
