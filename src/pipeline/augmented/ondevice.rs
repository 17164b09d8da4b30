//! Variants that are made on a graphics device: many at once, and drawn from where they lie.

use std::sync::{Arc, Mutex};

use super::{Augmenter, brought_to, picture_of};
use crate::augment::fuse::fused_from;
use crate::augment::pipeline::Plan;
use crate::augment::stage::{Size, Stage};
use crate::dataset::SampleId;
use crate::gpu::augment::{Augmenter as Shaders, Job, Tiles};
use crate::gpu::mosaic::Tile;
use crate::import::ReadError;
use crate::import::reader::access::lock;
use crate::media::Raster;
use crate::train::device::Graphics;

/// A graphics device that makes variants. A clone is the same one.
#[derive(Clone, Debug)]
pub struct OnDevice {
    graphics: Graphics,
    inner: Arc<Mutex<Inner>>,
}

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

/// A picture, and the size and kind that it is brought to before it is uploaded.
#[derive(Clone, Debug)]
struct Source {
    picture: Arc<Raster>,
    to: Option<(Size, u8)>,
}

impl Source {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.picture, &other.picture) && self.to == other.to
    }
}

/// A variant that is to be made.
#[derive(Clone, Debug)]
pub struct Wanted {
    picture: Arc<Raster>,
    stages: Vec<Stage>,
    /// What is mixed in, in the order of the stages; `None` where there is nothing.
    partners: Vec<Option<Source>>,
    /// What was settled for it; of the picture as it is, that nothing is done.
    pub plan: Plan,
}

impl Wanted {
    /// A variant of a picture of this sample, or with `None` the picture as it is.
    pub fn new(
        augmenter: &Augmenter<'_>,
        sample: SampleId,
        picture: &Arc<Raster>,
        number: Option<u32>,
    ) -> Result<Self, ReadError> {
        let before = picture_of(picture);
        let Some(number) = number else {
            let plan = Plan { before: before.size, ..Plan::default() };
            return Ok(Self { picture: picture.clone(), stages: Vec::new(), partners: Vec::new(), plan });
        };
        let mut plan = augmenter.plan(sample, number, before);
        let stages = fused_from(plan.before, std::mem::take(&mut plan.stages));
        let mut numbers = Vec::new();
        mixes(&stages, before.size, &mut numbers);
        let partner = |(number, size): (u32, Size)| {
            let Some(other) = augmenter.other(sample, number) else { return Ok(None) };
            let picture = augmenter.partner(other)?;
            Ok(Some(Source { picture, to: Some((size, before.channels)) }))
        };
        let partners = numbers.into_iter().map(partner).collect::<Result<_, ReadError>>()?;
        plan.stages = stages.clone();
        Ok(Self { picture: picture.clone(), stages, partners, plan })
    }
}

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
        Some(Self { graphics: graphics.clone(), inner })
    }

    /// The device's name for a person.
    pub fn name(&self) -> String {
        self.graphics.adapter.get_info().name
    }

    /// Whether it is the processor that plays a graphics device.
    pub fn is_software(&self) -> bool {
        self.graphics.is_software()
    }

    /// Makes variants, all at once; `None` for those that the device cannot make. What comes is handed to the
    /// device's queue: it may be drawn at once.
    pub fn make(&self, wanted: &[Wanted]) -> Vec<Option<Tile>> {
        let all = self.attempt(wanted, |_| true);
        if all.is_some() || wanted.len() < 2 {
            return all.unwrap_or_else(|| vec![None; wanted.len()]);
        }
        // One of them is in the way of the others.
        let can =
            |one: &Wanted| lock(&self.inner).shaders.can(&self.graphics.device, &sizes(one), &one.stages);
        let able: Vec<bool> = wanted.iter().map(can).collect();
        let some = if able.contains(&false) { self.attempt(wanted, |at| able[at]) } else { None };
        some.unwrap_or_else(|| vec![None; wanted.len()])
    }

    /// Lets go of the pictures that variants were made of.
    pub fn rest(&self) {
        lock(&self.inner).sources = None;
    }

    /// Waits until the device has done all that was asked of it so far, so that questions do not pile up there.
    pub fn wait(&self) {
        if let Err(error) = self.graphics.device.poll(wgpu::PollType::wait_indefinitely()) {
            tracing::warn!("the graphics device did not answer: {error}");
        }
    }

    /// One variant brought back. `None` where the device cannot make it.
    pub fn variant(&self, wanted: &Wanted) -> Option<Raster> {
        let tiles = self.tiles(std::slice::from_ref(wanted), |_| true)?;
        tiles.read_back(&self.graphics.device, &self.graphics.queue)?.pop()
    }

    /// Makes those at which `is_in` holds.
    fn attempt(&self, wanted: &[Wanted], is_in: impl Fn(usize) -> bool) -> Option<Vec<Option<Tile>>> {
        let tiles = self.tiles(wanted, &is_in)?;
        let mut next = 0..;
        let tile = |at: usize| is_in(at).then(|| Tile::new(&tiles, next.next()?)).flatten();
        Some((0..wanted.len()).map(tile).collect())
    }

    fn tiles(&self, wanted: &[Wanted], is_in: impl Fn(usize) -> bool) -> Option<Tiles> {
        let Inner { shaders, sources } = &mut *lock(&self.inner);
        let Graphics { device, queue, .. } = &self.graphics;
        let mut needed: Vec<Source> = Vec::new();
        let mut place_of = |source: &Source| match needed.iter().position(|known| known.is(source)) {
            Some(at) => at,
            None => {
                needed.push(source.clone());
                needed.len() - 1
            }
        };
        let chosen = wanted.iter().enumerate().filter(|(at, _)| is_in(*at)).map(|(_, one)| one);
        let placed = chosen.map(|one| {
            let own = place_of(&Source { picture: one.picture.clone(), to: None });
            let partners: Vec<Option<usize>> =
                one.partners.iter().map(|partner| partner.as_ref().map(&mut place_of)).collect();
            (own, partners, &one.stages)
        });
        let placed: Vec<_> = placed.collect();
        let is_there = sources.as_ref().is_some_and(|(known, _)| {
            known.len() == needed.len() && known.iter().zip(&needed).all(|(known, needed)| known.is(needed))
        });
        if !is_there {
            // What is there goes first: both would need memory at once.
            *sources = None;
            let tiles = uploaded(device, &needed)?;
            *sources = Some((needed, tiles));
        }
        let (_, tiles) = sources.as_ref()?;
        let jobs: Vec<Job<'_>> = placed
            .iter()
            .map(|(source, partners, stages)| Job { source: *source, stages, partners })
            .collect();
        shaders.run(device, queue, tiles, &jobs)
    }
}

fn uploaded(device: &wgpu::Device, sources: &[Source]) -> Option<Tiles> {
    let brought: Vec<Option<Raster>> = sources
        .iter()
        .map(|Source { picture, to }| to.map(|(size, channels)| brought_to(picture, size, channels)))
        .collect();
    let pictures: Vec<&Raster> = sources
        .iter()
        .zip(&brought)
        .map(|(source, brought)| brought.as_ref().unwrap_or(&source.picture))
        .collect();
    Tiles::upload(device, &pictures)
}

/// Sizes and channels of a variant's own picture and of its partners.
fn sizes(wanted: &Wanted) -> Vec<Option<(Size, u8)>> {
    let own = picture_of(&wanted.picture);
    let partners = wanted.partners.iter().map(|partner| partner.as_ref().and_then(|partner| partner.to));
    std::iter::once(Some((own.size, own.channels))).chain(partners).collect()
}
