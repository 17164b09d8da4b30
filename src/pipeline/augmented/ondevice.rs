//! Variants that are made on a graphics device: many at once, and drawn from where they lie.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::{Augmenter, brought_to, picture_of, reduction};
use crate::augment::fuse::fused_from;
use crate::augment::pipeline::Plan;
use crate::augment::stage::{Size, Stage};
use crate::dataset::SampleId;
use crate::gpu::augment::{Augmenter as Shaders, Job, Tiles};
use crate::gpu::mosaic::Tile;
use crate::import::reader::access::lock;
use crate::media::Raster;
use crate::train::device::Graphics;

/// A graphics device that makes variants. A clone is the same one.
#[derive(Clone, Debug)]
pub struct OnDevice {
    graphics: Graphics,
    inner: Arc<Mutex<Inner>>,
    brought_back: Arc<AtomicU64>,
}

/// Memory of the device that variants take at once, and no more for one of them: a quarter of what small devices have.
pub const MOST_BYTES: u64 = 512 << 20;

impl PartialEq for OnDevice {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

#[derive(Debug)]
struct Inner {
    shaders: Shaders,
    /// What the last variants were made of: it stays there while one parameter is tried after the other.
    sources: Option<(Vec<Source>, Tiles)>,
}

/// What variants are made of.
#[derive(Clone, Debug)]
enum Source {
    Own(Arc<Raster>),
    Partner(Partner),
}

/// A sample that is mixed in, and the size and kind that it is brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Partner {
    sample: SampleId,
    size: Size,
    channels: u8,
}

impl Source {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Own(one), Self::Own(other)) => Arc::ptr_eq(one, other),
            (Self::Partner(one), Self::Partner(other)) => one == other,
            _ => false,
        }
    }
}

/// A variant that is to be made.
#[derive(Clone, Debug)]
pub struct Wanted {
    picture: Arc<Raster>,
    stages: Vec<Stage>,
    /// What is mixed in, in the order of the stages; `None` where there is nothing.
    partners: Vec<Option<Partner>>,
    /// Of the variant itself, which may be made smaller to be shown.
    pub size: Size,
    /// What was settled for it; of the picture as it is, that nothing is done.
    pub plan: Plan,
}

impl Wanted {
    /// A variant of a picture of this sample, or with `None` the picture as it is; its longer side brought down to
    /// `edge_px`, where that is told.
    pub fn new(
        augmenter: &Augmenter<'_>,
        sample: SampleId,
        picture: &Arc<Raster>,
        number: Option<u32>,
        edge_px: Option<u32>,
    ) -> Self {
        let before = picture_of(picture);
        let mut plan = match number {
            Some(number) => augmenter.plan(sample, number, before),
            None => Plan { before: before.size, ..Plan::default() },
        };
        plan.stages = fused_from(plan.before, std::mem::take(&mut plan.stages));
        let mut found = Vec::new();
        mixes(&plan.stages, before.size, &mut found);
        let partner = |(number, size): (u32, Size)| {
            let sample = augmenter.other(sample, number)?;
            Some(Partner { sample, size, channels: before.channels })
        };
        let partners = found.into_iter().map(partner).collect();
        let size = plan.stages.iter().fold(before.size, |size, stage| stage.size(size));
        let shown = edge_px.and_then(|edge_px| reduction(size, edge_px)).map(Stage::Resize);
        let stages = plan.stages.iter().cloned().chain(shown).collect();
        Self { picture: picture.clone(), stages, partners, size, plan }
    }

    /// Bytes of memory of the device that it takes at most, about: of what it is made of, and of what it becomes on
    /// the way.
    fn bytes(&self) -> u64 {
        let pixels = |[width, height]: Size| u64::from(width) * u64::from(height);
        let sizes = self.stages.iter().scan(self.plan.before, |size, stage| {
            *size = stage.size(*size);
            Some(pixels(*size))
        });
        STEP_BYTES * sizes.fold(pixels(self.plan.before), u64::max)
    }
}

/// Memory that a pixel takes while it is worked on: its word, those of two steps, and what steps note beside it.
pub const STEP_BYTES: u64 = 4 * 6;

/// The numbers of the partners of all mixes in these stages, and the sizes that pictures have there.
fn mixes(stages: &[Stage], mut size: Size, found: &mut Vec<(u32, Size)>) {
    for stage in stages {
        match stage {
            Stage::Mix(mix) => found.push((mix.partner, size)),
            Stage::Blend(parts) => parts.iter().for_each(|(_, stages)| mixes(stages, size, found)),
            _ => {}
        }
        size = stage.size(size);
    }
}

impl OnDevice {
    /// `None` where the device lets no shader write storage.
    pub fn new(graphics: &Graphics) -> Option<Self> {
        let shaders = Shaders::new(&graphics.device)?;
        let inner = Arc::new(Mutex::new(Inner { shaders, sources: None }));
        Some(Self { graphics: graphics.clone(), inner, brought_back: Arc::default() })
    }

    /// The device's name for a person.
    pub fn name(&self) -> String {
        self.graphics.adapter.get_info().name
    }

    /// What tells it from others: they may differ by a few roundings.
    pub fn identity(&self) -> String {
        let info = self.graphics.adapter.get_info();
        format!("{} {:?} {} {}", info.name, info.backend, info.driver, info.driver_info)
    }

    /// Variants that were made and brought back so far.
    pub fn brought_back(&self) -> u64 {
        self.brought_back.load(Ordering::Relaxed)
    }

    /// Whether it is the processor that plays a graphics device.
    pub fn is_software(&self) -> bool {
        self.graphics.is_software()
    }

    /// Makes variants, as many at once as take [`MOST_BYTES`]; `None` for those that the device cannot make. What
    /// comes is handed to the device's queue: it may be drawn at once. Samples that are mixed in are the
    /// augmenter's.
    pub fn make(&self, augmenter: &Augmenter<'_>, wanted: &[Wanted]) -> Vec<Option<Tile>> {
        let able: Vec<bool> = wanted.iter().map(|one| self.can(one)).collect();
        let mut made = vec![None; wanted.len()];
        let places: Vec<usize> = (0..wanted.len()).filter(|at| able[*at]).collect();
        let mut rest = &places[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|at| {
                bytes += wanted[**at].bytes();
                bytes <= MOST_BYTES
            });
            let (now, after) = rest.split_at(fits.count().max(1));
            let together: Vec<&Wanted> = now.iter().map(|at| &wanted[*at]).collect();
            if let Some(tiles) = self.tiles(augmenter, &together) {
                now.iter().enumerate().for_each(|(number, at)| made[*at] = Tile::new(&tiles, number));
            }
            rest = after;
        }
        made
    }

    fn can(&self, wanted: &Wanted) -> bool {
        wanted.bytes() <= MOST_BYTES
            && lock(&self.inner).shaders.can(&self.graphics.device, &sizes(wanted), &wanted.stages)
    }

    /// Lets go of the pictures that variants were made of, and of memory that none is in.
    pub fn rest(&self) {
        let mut inner = lock(&self.inner);
        inner.sources = None;
        inner.shaders.rest();
    }

    /// Waits until the device has done all that was asked of it so far, so that questions do not pile up there; or
    /// for as long as `goes_on` holds. The window draws meanwhile.
    pub fn wait(&self, goes_on: impl Fn() -> bool) {
        let (send, done) = crossbeam_channel::bounded(1);
        // Nobody may wait for it any more.
        self.graphics.queue.on_submitted_work_done(move || {
            let _ = send.send(());
        });
        while goes_on() {
            // A longer wait here would hold up the frames of the window, which shares the device.
            if let Err(error) = self.graphics.device.poll(wgpu::PollType::Poll) {
                tracing::warn!("the graphics device did not answer: {error}");
                return;
            }
            match done.recv_timeout(std::time::Duration::from_millis(1)) {
                Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
                _ => return,
            }
        }
    }

    /// One variant brought back. `None` where the device cannot make it.
    pub fn variant(&self, augmenter: &Augmenter<'_>, wanted: &Wanted) -> Option<Raster> {
        if !self.can(wanted) {
            return None;
        }
        let tiles = self.tiles(augmenter, &[wanted])?;
        let raster = tiles.read_back(&self.graphics.device, &self.graphics.queue)?.pop()?;
        self.brought_back.fetch_add(1, Ordering::Relaxed);
        Some(raster)
    }

    fn tiles(&self, augmenter: &Augmenter<'_>, wanted: &[&Wanted]) -> Option<Tiles> {
        let Inner { shaders, sources } = &mut *lock(&self.inner);
        let Graphics { device, queue, .. } = &self.graphics;
        let mut needed: Vec<Source> = Vec::new();
        let mut place_of = |source: Source| match needed.iter().position(|known| known.is(&source)) {
            Some(at) => at,
            None => {
                needed.push(source);
                needed.len() - 1
            }
        };
        let placed: Vec<(usize, Vec<Option<usize>>)> = wanted
            .iter()
            .map(|one| {
                let own = place_of(Source::Own(one.picture.clone()));
                let partners = one.partners.iter();
                (own, partners.map(|partner| partner.map(|one| place_of(Source::Partner(one)))).collect())
            })
            .collect();
        let is_there = sources.as_ref().is_some_and(|(known, _)| {
            known.len() == needed.len() && known.iter().zip(&needed).all(|(known, needed)| known.is(needed))
        });
        if !is_there {
            // What is there goes first: both would need memory at once.
            *sources = None;
            let tiles = uploaded(device, augmenter, &needed)?;
            *sources = Some((needed, tiles));
        }
        let (_, tiles) = sources.as_ref()?;
        let jobs: Vec<Job<'_>> = placed
            .iter()
            .zip(wanted)
            .map(|((source, partners), one)| Job { source: *source, stages: &one.stages, partners })
            .collect();
        shaders.run(device, queue, tiles, &jobs)
    }
}

fn uploaded(device: &wgpu::Device, augmenter: &Augmenter<'_>, sources: &[Source]) -> Option<Tiles> {
    let brought = |source: &Source| match source {
        Source::Own(picture) => Some(picture.clone()),
        Source::Partner(Partner { sample, size, channels }) => {
            Some(Arc::new(brought_to(&*augmenter.partner(*sample).ok()?, *size, *channels)))
        }
    };
    let pictures: Vec<Arc<Raster>> = sources.par_iter().map(brought).collect::<Option<_>>()?;
    let pictures: Vec<&Raster> = pictures.iter().map(|picture| &**picture).collect();
    Tiles::upload(device, &pictures)
}

/// Sizes and channels of a variant's own picture and of its partners.
fn sizes(wanted: &Wanted) -> Vec<Option<(Size, u8)>> {
    let own = picture_of(&wanted.picture);
    let partners = wanted.partners.iter().map(|partner| partner.map(|one| (one.size, one.channels)));
    std::iter::once(Some((own.size, own.channels))).chain(partners).collect()
}
