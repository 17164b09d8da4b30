//! Variants of samples: a pipeline of augmentations carried out on a dataset's pictures, with what becomes of
//! their boxes and labels. Preview, export and training have their variants from here, so that they are the same.

pub mod ondevice;

use std::borrow::Cow;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use crate::augment::boxes::{Mixed, follow_boxes, follow_mixed, follow_mixed_points, follow_points, mixed};
use crate::augment::cpu::{self, Others, resize::resize};
use crate::augment::fuse::fused_from;
use crate::augment::pipeline::{Done, Pipeline, Plan, Variant};
use crate::augment::random::{Key, sample_key};
use crate::augment::stage::{Filter, Resize, Size, Stage, whole};
use crate::augment::table::mixing::{OWN, PARTNER};
use crate::augment::table::{Picture, Taken};
use crate::dataset::boxes::BoxRecord;
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, Labels, PointRecord, SampleId, SplitId};
use crate::import::reader::access::lock;
use crate::import::{ReadError, Reader};
use crate::media::Raster;

/// A box of which less than this part is still in the picture is dropped.
pub const LEAST_VISIBLE: f32 = 0.1;

/// Makes variants of a dataset's samples.
pub struct Augmenter<'a> {
    pub snapshot: &'a Snapshot,
    pub reader: &'a Reader,
    pub pipeline: &'a Pipeline,
    pub seed: u64,
    /// The samples that mixing takes from.
    pub others: &'a OthersBySplit,
    pub recent: &'a Recent,
    /// What is noted of pictures when they are read.
    pub pictures: &'a Pictures,
}

/// The samples that mixing takes from, by split: of each sample only those of its own, so that nothing that is held out
/// gets into a sample that is trained on. Those of no split have each other.
#[derive(Clone, Debug, Default)]
pub struct OthersBySplit {
    /// Split by split, each in the order in which they were given.
    samples: Vec<SampleId>,
    /// Where the samples of each split are, ascending by split.
    splits: Vec<(SplitId, Range<usize>)>,
}

impl OthersBySplit {
    /// Of the samples that an export, a sheet or a preview is of.
    pub fn new(dataset: &Dataset, mut samples: Vec<SampleId>) -> Self {
        let split = |sample: &SampleId| dataset.splits[*sample as usize];
        // Stable: the same samples in the same order are the same others everywhere.
        samples.sort_by_key(split);
        let mut splits: Vec<(SplitId, Range<usize>)> = Vec::new();
        for of_split in samples.chunk_by(|one, two| split(one) == split(two)) {
            let start = splits.last().map_or(0, |(_, range)| range.end);
            splits.push((split(&of_split[0]), start..start + of_split.len()));
        }
        Self { samples, splits }
    }

    /// What a sample can be mixed with, itself among them.
    pub fn of(&self, dataset: &Dataset, sample: SampleId) -> &[SampleId] {
        let split = dataset.splits[sample as usize];
        match self.splits.binary_search_by_key(&split, |(known, _)| *known) {
            Ok(at) => &self.samples[self.splits[at].1.clone()],
            Err(_) => &[],
        }
    }

    /// All of them.
    pub fn samples(&self) -> &[SampleId] {
        &self.samples
    }
}

impl Augmenter<'_> {
    /// The sample's own picture.
    pub fn original(&self, sample: SampleId) -> Result<Arc<Raster>, ReadError> {
        let read = self.recent.get(sample, || self.reader.picture(&self.snapshot.dataset, sample));
        if let Ok(raster) = &read {
            lock(self.pictures).entry(sample).or_insert_with(|| picture_of(raster));
        }
        read
    }

    /// What a variant of a picture comes to, without making it.
    pub fn plan(&self, sample: SampleId, number: u32, picture: Picture) -> Plan {
        let sample = sample_key(self.snapshot.dataset.path(sample));
        self.pipeline.plan(Variant { seed: self.seed, sample, number }, picture)
    }

    /// One variant.
    pub fn variant(&self, sample: SampleId, number: u32) -> Result<(Raster, Plan), ReadError> {
        let original = self.original(sample)?;
        self.carried_out(sample, &original, number)
    }

    fn carried_out(
        &self,
        sample: SampleId,
        picture: &Raster,
        number: u32,
    ) -> Result<(Raster, Plan), ReadError> {
        let mut plan = self.plan(sample, number, picture_of(picture));
        let stages = fused_from(plan.before, std::mem::take(&mut plan.stages));
        let partners = Partners { augmenter: self, own: sample, failed: OnceLock::new() };
        let raster = cpu::run_from(&stages, picture, &partners);
        plan.stages = stages;
        match partners.failed.into_inner() {
            Some(error) => Err(error),
            None => Ok((raster, plan)),
        }
    }

    /// One variant of a picture of a sample, which may be smaller than the sample is, with what became of its
    /// labels and boxes; `None` is the picture as it is.
    pub fn made_of(
        &self,
        sample: SampleId,
        picture: &Raster,
        number: Option<u32>,
    ) -> Result<Made, ReadError> {
        let Some(number) = number else {
            let plan = Plan { before: picture_of(picture).size, ..Plan::default() };
            let (boxes, points) = (self.boxes(sample, &plan), self.points(sample, &plan));
            return Ok(Made { raster: picture.clone(), done: Vec::new(), boxes, points, mixed: Vec::new() });
        };
        let (raster, plan) = self.carried_out(sample, picture, number)?;
        let (boxes, points) = (self.boxes(sample, &plan), self.points(sample, &plan));
        let mixed = self.mixed(sample, &plan).into_iter().map(|(other, _)| other).collect();
        Ok(Made { raster, done: plan.done, boxes, points, mixed })
    }

    /// The sample that this number of a mix comes to; not the sample itself, unless there is no other.
    fn other(&self, own: SampleId, number: u32) -> Option<SampleId> {
        let others = self.others.of(&self.snapshot.dataset, own);
        let at = ((u64::from(number) * others.len() as u64) >> 32) as usize;
        let other = *others.get(at)?;
        if other != own { Some(other) } else { others.get((at + 1) % others.len()).copied() }
    }

    /// The picture of a sample that is mixed in.
    fn partner(&self, other: SampleId) -> Result<Arc<Raster>, ReadError> {
        self.original(other).map_err(|error| {
            let path = self.snapshot.dataset.path(other);
            let message =
                format!("the sample that it is mixed with cannot be used: {}: {path}", error.message);
            ReadError::new(error.kind, message)
        })
    }

    /// The samples that were mixed in, each with the part of what was there before that stays.
    pub fn mixed(&self, sample: SampleId, plan: &Plan) -> Vec<(SampleId, f64)> {
        let number = |taken: &[(&'static str, Taken)], name: &str| {
            taken.iter().find_map(|(own, taken)| match taken {
                Taken::Number(number) if *own == name => Some(*number),
                _ => None,
            })
        };
        let mixes = plan.done.iter().filter_map(|done| {
            let (own, partner) = (number(&done.taken, OWN)?, number(&done.taken, PARTNER)?);
            Some((self.other(sample, partner as u32)?, own))
        });
        mixes.collect()
    }

    /// How much each class is worth of the variant's label, in all 1; empty without labels. Of a sample with
    /// several labels each is worth the same.
    pub fn label_weights(&self, sample: SampleId, plan: &Plan) -> Vec<(u32, f64)> {
        let labels = self.snapshot.labels();
        let mut weights: Vec<(u32, f64)> = shares(labels, sample);
        for (other, own) in self.mixed(sample, plan) {
            weights.iter_mut().for_each(|(_, weight)| *weight *= own);
            for (class, share) in shares(labels, other) {
                match weights.iter_mut().find(|(known, _)| *known == class) {
                    Some((_, weight)) => *weight += share * (1.0 - own),
                    None => weights.push((class, share * (1.0 - own))),
                }
            }
        }
        weights
    }

    /// The sample's boxes in the variant, in its pixels, `None` for those that are no longer in it; and behind
    /// them those that are in it of samples that were mixed in.
    pub fn boxes(&self, sample: SampleId, plan: &Plan) -> Vec<Option<BoxRecord>> {
        let own = self.snapshot.boxes().get(sample);
        let rects = in_pixels(own, self.size_before(sample, plan), plan.before);
        let stages = self.stages_for(sample, plan);
        let mut boxes = records(own, follow_boxes(&stages, plan.before, &rects, LEAST_VISIBLE));
        for (other, mixed) in self.mixed_in(sample, &stages, plan.before) {
            let theirs = self.snapshot.boxes().get(other);
            let is_relative = theirs.iter().all(|one| one.relative);
            let Some(size) = self.size_for(other, theirs.len(), is_relative) else { continue };
            let rects = in_pixels(theirs, size, mixed.size);
            let followed = records(theirs, follow_mixed(mixed, &rects, LEAST_VISIBLE));
            boxes.extend(followed.into_iter().filter(Option::is_some));
        }
        boxes
    }

    /// The key points that are in the variant, in its pixels: the sample's, and behind them those of samples that
    /// were mixed in.
    pub fn points(&self, sample: SampleId, plan: &Plan) -> Vec<[f32; 2]> {
        let all = &self.snapshot.dataset.points;
        if all.is_empty() {
            return Vec::new();
        }
        let places = points_in_pixels(all.get(sample), self.size_before(sample, plan), plan.before);
        let stages = self.stages_for(sample, plan);
        let mut points = follow_points(&stages, plan.before, &places);
        for (other, mixed) in self.mixed_in(sample, &stages, plan.before) {
            let theirs = all.get(other);
            let is_relative = theirs.iter().all(|one| one.relative);
            let Some(size) = self.size_for(other, theirs.len(), is_relative) else { continue };
            points.extend(follow_mixed_points(mixed, &points_in_pixels(theirs, size, mixed.size)));
        }
        points.into_iter().flatten().collect()
    }

    /// The size that boxes and points of a sample in pixels are of. A picture that was made smaller has them made
    /// smaller; one that nobody knows is as it was.
    fn size_before(&self, sample: SampleId, plan: &Plan) -> Size {
        self.known_size(sample).unwrap_or(plan.before)
    }

    /// The stages that are carried out: without mixes where there is nothing to mix in.
    fn stages_for<'p>(&self, sample: SampleId, plan: &'p Plan) -> Cow<'p, [Stage]> {
        let is_mix = |stage: &Stage| matches!(stage, Stage::Mix(_));
        let has_others = !self.others.of(&self.snapshot.dataset, sample).is_empty();
        if has_others || !plan.stages.iter().any(is_mix) {
            return Cow::Borrowed(&plan.stages);
        }
        plan.stages.iter().filter(|stage| !is_mix(stage)).cloned().collect()
    }

    /// The other samples that are mixed into one.
    fn mixed_in<'s>(
        &self,
        sample: SampleId,
        stages: &'s [Stage],
        before: Size,
    ) -> Vec<(SampleId, Mixed<'s>)> {
        let other = |mixed: Mixed<'s>| {
            let other = self.other(sample, mixed.mix.partner).filter(|other| *other != sample)?;
            Some((other, mixed))
        };
        mixed(stages, before).into_iter().filter_map(other).collect()
    }

    /// The size of a sample that so many boxes or points are of; of no importance where all are relative to it. `None`
    /// where nobody knows it, or there are none.
    fn size_for(&self, sample: SampleId, count: usize, are_relative: bool) -> Option<Size> {
        if count == 0 {
            return None;
        }
        if are_relative {
            return Some([1, 1]);
        }
        let read = || self.original(sample).ok().map(|raster| [raster.width, raster.height]);
        self.known_size(sample).or_else(read)
    }

    /// The size of a sample that was measured, or read for a variant.
    fn known_size(&self, sample: SampleId) -> Option<Size> {
        let fact = self.snapshot.facts.get(sample);
        let measured = [fact.width, fact.height];
        match measured.contains(&0) {
            true => lock(self.pictures).get(&sample).map(|picture| picture.size),
            false => Some(measured),
        }
    }
}

/// Boxes of a picture of one size in pixels of it at another one.
fn in_pixels(boxes: &[BoxRecord], own: Size, size: Size) -> Vec<[f32; 4]> {
    let size = size.map(|side| side as f32);
    let scale = [0, 1].map(|axis| size[axis] / own[axis] as f32);
    let rect = |one: &BoxRecord| {
        let [across, down] = if one.relative { size } else { scale };
        [one.rect[0] * across, one.rect[1] * down, one.rect[2] * across, one.rect[3] * down]
    };
    boxes.iter().map(rect).collect()
}

/// Points of a picture of one size in pixels of it at another one.
fn points_in_pixels(points: &[PointRecord], own: Size, size: Size) -> Vec<[f32; 2]> {
    let scale = [0, 1].map(|axis| size[axis] as f32 / own[axis] as f32);
    let place = |one: &PointRecord| {
        let [x, y] = one.in_pixels(own);
        [x * scale[0], y * scale[1]]
    };
    points.iter().map(place).collect()
}

/// Boxes where they are now.
fn records(boxes: &[BoxRecord], followed: Vec<Option<[f32; 4]>>) -> Vec<Option<BoxRecord>> {
    let record = |(one, rect): (&BoxRecord, Option<[f32; 4]>)| {
        Some(BoxRecord { rect: rect?, relative: false, class: one.class })
    };
    boxes.iter().zip(followed).map(record).collect()
}

/// What operations must know of each picture that was read so far.
pub type Pictures = Mutex<HashMap<SampleId, Picture>>;

/// A variant with what became of the sample.
#[derive(Clone, Debug)]
pub struct Made {
    pub raster: Raster,
    pub done: Vec<Done>,
    /// The sample's boxes, in pixels of the variant, `None` for those that are no longer in it; and behind them
    /// those of samples that were mixed in.
    pub boxes: Vec<Option<BoxRecord>>,
    /// The key points that are in it, in its pixels.
    pub points: Vec<[f32; 2]>,
    /// Samples that were mixed in.
    pub mixed: Vec<SampleId>,
}

fn shares(labels: &Labels, sample: SampleId) -> Vec<(u32, f64)> {
    let labels = labels.get(sample);
    labels.iter().map(|class| (*class, 1.0 / labels.len() as f64)).collect()
}

/// What an operation must know of a picture.
pub fn picture_of(raster: &Raster) -> Picture {
    Picture { size: [raster.width, raster.height], channels: raster.channels }
}

/// Samples of every class of some rows: of the classes in turn, in an order that the seed tells, one after the
/// other. Of many rows each is as likely as any other of its class.
pub fn drawn_of_classes(
    snapshot: &Snapshot,
    rows: impl Iterator<Item = SampleId>,
    count: usize,
    seed: u64,
) -> Vec<SampleId> {
    let key = Key::new(seed, 0, 0);
    let luck = |number: u32, purpose: u32| {
        let [x, y, ..] = key.at(number, purpose);
        u64::from(x) << 32 | u64::from(y)
    };
    // Those of each class with the least numbers so far, greatest first.
    let mut classes: HashMap<u32, BinaryHeap<(u64, SampleId)>> = HashMap::new();
    for row in rows {
        let class = snapshot.labels().get(row).first().copied().unwrap_or(u32::MAX);
        let least = classes.entry(class).or_default();
        let number = luck(row, 0);
        if least.len() < count {
            least.push((number, row));
        } else if let Some(mut greatest) = least.peek_mut()
            && number < greatest.0
        {
            *greatest = (number, row);
        }
    }
    let mut classes: Vec<(u64, Vec<(u64, SampleId)>)> =
        classes.into_iter().map(|(class, least)| (luck(class, 1), least.into_sorted_vec())).collect();
    classes.sort_by_key(|(number, _)| *number);
    let in_turn = (0..count).flat_map(|turn| classes.iter().filter_map(move |(_, least)| least.get(turn)));
    in_turn.map(|(_, row)| *row).take(count).collect()
}

/// Where a variant has other pictures from.
struct Partners<'a> {
    augmenter: &'a Augmenter<'a>,
    own: SampleId,
    /// Why one could not be had: the variant would not be what its plan says.
    failed: OnceLock<ReadError>,
}

impl Others for Partners<'_> {
    fn partner(&self, number: u32, size: Size, channels: u8) -> Option<Raster> {
        let other = self.augmenter.other(self.own, number)?;
        match self.augmenter.partner(other) {
            Ok(raster) => Some(brought_to(&raster, size, channels)),
            Err(error) => {
                let _ = self.failed.set(error);
                None
            }
        }
    }
}

/// A picture stretched to a size, with as many channels.
pub fn brought_to(raster: &Raster, size: Size, channels: u8) -> Raster {
    let window = whole([raster.width, raster.height]);
    let resized = resize(raster, &Resize { size, window, filter: Filter::Bilinear });
    if resized.channels == channels {
        return resized;
    }
    let (width, height) = (resized.width, resized.height);
    let data: Vec<u8> = match channels {
        1 => resized.to_luma(),
        2 => resized.to_luma().into_iter().flat_map(|value| [value, 255]).collect(),
        3 => resized.to_rgba().as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect(),
        _ => resized.to_rgba(),
    };
    Raster { width, height, channels, data }
}

/// What brings the longer side of a picture down to `edge_px`; `None` for one that is not larger.
pub fn reduction(size: Size, edge_px: u32) -> Option<Resize> {
    let longer = size[0].max(size[1]);
    let side = |side: u32| ((u64::from(side) * u64::from(edge_px) / u64::from(longer)) as u32).max(1);
    (longer > edge_px).then(|| Resize { size: size.map(side), window: whole(size), filter: Filter::Bilinear })
}

/// The originals that were used last: the variants of a sample are made one after the other, by several threads.
/// Holds about [`RECENT_BYTES`] of pictures, and the last one however large it is.
#[derive(Debug, Default)]
pub struct Recent {
    slots: Mutex<VecDeque<(SampleId, Slot)>>,
}

type Slot = Arc<OnceLock<Result<Arc<Raster>, ReadError>>>;

/// Bytes of pictures that are kept for the next variant.
const RECENT_BYTES: usize = 192 << 20;
/// Pictures of them at most.
const RECENT: usize = 1024;

impl Recent {
    /// The picture of a sample, read where it is not there. Who asks while another one reads it waits for that.
    pub fn get(
        &self,
        sample: SampleId,
        read: impl FnOnce() -> Result<Raster, ReadError>,
    ) -> Result<Arc<Raster>, ReadError> {
        let slot = {
            let mut slots = lock(&self.slots);
            match slots.iter().find(|(known, _)| *known == sample) {
                Some((_, slot)) => slot.clone(),
                None => {
                    let slot = Slot::default();
                    while slots.len() >= RECENT || bytes_of(&slots) > RECENT_BYTES {
                        slots.pop_front();
                    }
                    slots.push_back((sample, slot.clone()));
                    slot
                }
            }
        };
        slot.get_or_init(|| read().map(Arc::new)).clone()
    }
}

fn bytes_of(slots: &VecDeque<(SampleId, Slot)>) -> usize {
    let bytes =
        |slot: &Slot| slot.get().and_then(|read| read.as_ref().ok()).map_or(0, |raster| raster.data.len());
    slots.iter().map(|(_, slot)| bytes(slot)).sum()
}
