//! Variants of samples instead of the samples: what a pipeline of augmentations makes of them, each as a PNG, with
//! every number that was drawn for it. And samples that are there more than once.
//!
//! | kind | what |
//! | --- | --- |
//! | image folder | `split/class/name-v0.png`, and `metadata.jsonl`: a line for each variant |
//! | WebDataset | shards of `key.png`, `key.cls` and `key.json`, as of samples |
//! | Parquet | `split-00000.parquet` of image (bytes and path), label, split and the rest, as Hugging Face's `datasets` writes it |
//!
//! The second and further copies of a sample are `name-r2.jpg`, `name-r3.jpg` … in folders.
//!
//! What is told of a variant, in a line, a `.json` or columns: the sample (`source`), `variant`, `seed`, `pipeline`,
//! `label` and `split`, `label_weights` where samples were mixed, `boxes` in pixels of the variant, and in
//! `augmentation` the steps that were done with the numbers that they drew; of a further copy its number in `copy`, from
//! 2 on, and `weight` where samples are weighed. What is mixed in is of the sample's own split. With the same seed a
//! variant is the same, whatever else is exported and in whatever order; one that others are mixed into follows from the
//! samples of its split that are exported as well.

mod parquet;
mod shard;

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use self::parquet::ParquetShard;
use self::shard::TarShard;
use super::draft::{Draft, From, Make, Output, Told, Work};
use super::folder::class_folders;
use super::layouts::{is_row, sample_name};
use super::names::{Taken, parts, safe_name};
use super::write::{Failure, Out, content, png};
use super::{Kind, Options, Planned, Table};
use crate::augment::formats::{Format, write};
use crate::augment::pipeline::{Pipeline, Plan};
use crate::dataset::{Dataset, NO_SPLIT, SampleId};
use crate::export::ExportError;
use crate::import::reader::access::lock;
use crate::import::{ReadError, Reader};
use crate::jobs::Control;
use crate::pipeline::augmented::ondevice::{OnDevice, Wanted};
use crate::pipeline::augmented::{Augmenter, OthersBySplit, Pictures, Recent, picture_of};
use crate::text::{counted, grouped};

/// What is made of each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Augmentation {
    pub pipeline: Arc<Pipeline>,
    pub seed: u64,
    /// Variants of each sample.
    pub variants: Each,
    /// Whether the samples themselves are exported beside them.
    pub with_originals: bool,
    /// The graphics device that makes them, within 2/255 of the processor on 99.5 % of values; `None` for the
    /// processor. What it cannot make, the processor makes.
    pub device: Option<OnDevice>,
}

/// How many of something each sample has.
#[derive(Clone, Debug, PartialEq)]
pub enum Each {
    /// Every sample as many.
    All(u32),
    /// By row of the dataset; none beyond.
    By(Arc<Vec<u32>>),
}

impl Each {
    pub fn of(&self, sample: SampleId) -> u32 {
        match self {
            Self::All(count) => *count,
            Self::By(counts) => counts.get(sample as usize).copied().unwrap_or(0),
        }
    }
}

/// The most variants of a sample.
pub const MAX_VARIANTS: u32 = 1000;

/// Pictures of an export at most: each takes some 300 bytes until it ends.
const MAX_ITEMS: u64 = 10_000_000;

/// Variants that are named between two questions whether to go on.
const STEP: usize = 4096;

/// One picture of an augmented export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    pub sample: SampleId,
    /// Which variant; `None` is the sample itself.
    pub variant: Option<u32>,
    /// Of the sample itself which copy, from 0 on.
    pub copy: u32,
}

impl Item {
    /// A sample as it is.
    pub fn of(sample: SampleId) -> Self {
        Self { sample, variant: None, copy: 0 }
    }

    /// What all copies of it have in common: one that cannot be read is in none of them.
    fn first_copy(self) -> Self {
        Self { copy: 0, ..self }
    }
}

/// What making variants needs, for the whole of an export.
#[derive(Debug)]
pub struct Making {
    /// How variants are made; `None` where there are none.
    pub augmentation: Option<Augmentation>,
    planned: Planned,
    /// In the order in which they are written.
    pub items: Vec<Item>,
    /// What is mixed in comes from these.
    others: OthersBySplit,
    recent: Recent,
    /// What an operation must know of each picture that was decoded.
    pictures: Pictures,
    /// Pictures that could not be written.
    failed: Mutex<HashSet<Item>>,
}

/// Fills a draft with the copies and variants of its samples.
pub fn fill(
    draft: &mut Draft,
    reader: &Reader,
    options: &Options,
    control: &Control,
) -> Result<(), ExportError> {
    let augmentation = options.augmentation.as_ref();
    let asked = Asked { augmentation, planned: &options.planned };
    if let Some(refusal) = asked.refusal(draft) {
        draft.refuse(refusal);
        return Ok(());
    }
    let mut items = Vec::new();
    for (at, sample) in draft.samples.iter().enumerate() {
        if at % STEP == 0 {
            control.checkpoint()?;
        }
        items.extend(asked.items(*sample));
    }
    if items.is_empty() {
        // That there is no sample is told already.
        if !draft.samples.is_empty() {
            draft.refuse("No variant of a sample is asked for; choose one at least.");
        }
        return Ok(());
    }
    if augmentation.is_some_and(|augmentation| augmentation.pipeline.steps.is_empty()) {
        draft.warn("The pipeline has no steps: all variants are copies of the samples.");
    }
    match options.kind {
        Kind::Same | Kind::ImageFolder => folders(draft, reader, &mut items, control)?,
        Kind::WebDataset => shards(draft, options, &mut items, |places| TarShard { places }, "tar", control)?,
        Kind::Manifest(Table::Parquet) => {
            shards(draft, options, &mut items, |places| ParquetShard { places }, "parquet", control)?;
        }
        Kind::Manifest(_) => {
            draft.refuse("Variants are written as image-folder, webdataset or parquet; choose one of these.");
        }
    }
    let others = match augmentation {
        Some(_) => OthersBySplit::new(&draft.snapshot.dataset, draft.samples.clone()),
        None => OthersBySplit::default(),
    };
    draft.making = Some(Making {
        augmentation: augmentation.cloned(),
        planned: options.planned.clone(),
        items,
        others,
        recent: Recent::default(),
        pictures: Mutex::default(),
        failed: Mutex::default(),
    });
    Ok(())
}

/// How many pictures of each sample are asked for.
struct Asked<'a> {
    augmentation: Option<&'a Augmentation>,
    planned: &'a Planned,
}

impl Asked<'_> {
    /// How often the sample itself is there.
    fn copies(&self, sample: SampleId) -> u32 {
        let has_originals = self.augmentation.is_none_or(|augmentation| augmentation.with_originals);
        if has_originals { self.planned.repeats(sample) } else { 0 }
    }

    fn variants(&self, sample: SampleId) -> u32 {
        self.augmentation.map_or(0, |augmentation| augmentation.variants.of(sample))
    }

    fn items(&self, sample: SampleId) -> impl Iterator<Item = Item> + use<> {
        let copies = (0..self.copies(sample)).map(move |copy| Item { sample, variant: None, copy });
        let variants = 0..self.variants(sample);
        copies.chain(variants.map(move |variant| Item { sample, variant: Some(variant), copy: 0 }))
    }

    /// Why so many cannot be made.
    fn refusal(&self, draft: &Draft) -> Option<String> {
        let each = |sample: &SampleId| u64::from(self.copies(*sample)) + u64::from(self.variants(*sample));
        let count: u64 = draft.samples.iter().map(each).sum();
        if count > MAX_ITEMS {
            return Some(format!(
                "{} are more than can be exported at once, which is {}; choose fewer variants, or a part of the \
                 samples.",
                counted(count, "picture"),
                grouped(MAX_ITEMS)
            ));
        }
        let sample = draft.samples.iter().copied().find(|sample| self.variants(*sample) > MAX_VARIANTS)?;
        Some(format!(
            "{} of one sample are more than can be made, which is {}; ask for fewer: {}",
            counted(self.variants(sample).into(), "variant"),
            grouped(MAX_VARIANTS.into()),
            draft.snapshot.dataset.path(sample)
        ))
    }
}

/// A file for each, in folders, and a line for each beside them.
fn folders(
    draft: &mut Draft,
    reader: &Reader,
    items: &mut [Item],
    control: &Control,
) -> Result<(), ExportError> {
    let folders = class_folders(draft);
    let mut taken = Taken::default();
    folders.iter().for_each(|folder| taken.reserve_folder(folder));
    control.begin("Naming files", items.len() as u64);
    let mut place = 0;
    for (at, item) in items.iter().enumerate() {
        if at % STEP == 0 {
            control.checkpoint()?;
            control.set_done(at as u64);
        }
        // The items are in the order of the samples, of which some have none.
        while draft.samples[place] != item.sample {
            place += 1;
        }
        let folder = &folders[place];
        let slash = if folder.is_empty() { "" } else { "/" };
        let name = sample_name(draft, reader, item.sample);
        let (path, from) = match item.variant {
            Some(variant) => {
                let stem = parts(&name).0;
                (taken.take(&format!("{folder}{slash}{stem}-v{variant}.png")), From::Item(at))
            }
            None => {
                let is_row = is_row(&draft.snapshot, item.sample);
                let from = if is_row { From::Row(item.sample) } else { From::Sample(item.sample) };
                let (stem, ending) = parts(&name);
                let again = if item.copy == 0 { String::new() } else { format!("-r{}", item.copy + 1) };
                (taken.take(&format!("{folder}{slash}{stem}{again}{ending}")), from)
            }
        };
        let bytes = size_of(draft, *item);
        draft.outputs.push(Output { path, raw: None, bytes, from });
    }
    let paths = draft.outputs.iter().map(|output| output.path.clone()).collect();
    draft.made("metadata.jsonl".into(), 300 * items.len() as u64, Lines { paths });
    Ok(())
}

/// Shards of each split.
fn shards<M: Make + 'static>(
    draft: &mut Draft,
    options: &Options,
    items: &mut [Item],
    make: impl Fn(std::ops::Range<usize>) -> M,
    ending: &str,
    control: &Control,
) -> Result<(), ExportError> {
    let dataset = draft.snapshot.dataset.clone();
    // Stable: within a split in the dataset's order; those without one last.
    items.sort_by_key(|item| dataset.splits[item.sample as usize]);
    let mut taken = Taken::default();
    let (mut start, mut number, mut last) = (0, 0, None);
    while start < items.len() {
        control.checkpoint()?;
        let split = dataset.splits[items[start].sample as usize];
        number = if last == Some(split) { number + 1 } else { 0 };
        last = Some(split);
        let (mut end, mut bytes) = (start, 0u64);
        while end < items.len() && dataset.splits[items[end].sample as usize] == split {
            // By what the listing tells alone: the same export is cut into the same shards, whatever was measured.
            let stored = draft.snapshot.dataset.bytes[items[end].sample as usize];
            let size = stored.saturating_mul(PIXELS_BY_BYTES).saturating_add(2048);
            let is_full = end - start >= options.shard_samples.max(1) as usize
                || bytes.saturating_add(size) > options.shard_bytes;
            if end > start && is_full {
                break;
            }
            bytes = bytes.saturating_add(size);
            end += 1;
        }
        let name = if split == NO_SPLIT { "data" } else { dataset.split_names[split as usize].as_str() };
        let path = taken.take(&format!("{}-{number:05}.{ending}", safe_name(name)));
        draft.made(path, bytes, make(start..end));
        start = end;
    }
    Ok(())
}

/// JPEGs of photos take about a tenth of their pixels.
const PIXELS_BY_BYTES: u64 = 10;

/// About as many bytes as a picture takes at most: a variant's, those of its pixels as the sample has them.
fn size_of(draft: &Draft, item: Item) -> u64 {
    let stored = draft.snapshot.dataset.bytes[item.sample as usize];
    let fact = draft.snapshot.facts.get(item.sample);
    match (item.variant, u64::from(fact.width) * u64::from(fact.height)) {
        (None, _) => stored,
        (Some(_), 0) => stored.saturating_mul(PIXELS_BY_BYTES),
        (Some(_), pixels) => pixels * 3,
    }
}

impl Making {
    /// Tells what decides how variants are made.
    pub fn tell(&self, dataset: &Dataset, told: &mut Told) {
        // Each weighing 1 is not the same as being weighed: what is told of samples has a weight, or has none.
        told.add(&[u8::from(self.has_weights())]);
        // Samples of which nothing is made can be mixed in, those of a split alone with each other.
        for sample in self.others.samples() {
            told.add(dataset.path(*sample).as_bytes());
            told.add(dataset.split(*sample).unwrap_or_default().as_bytes());
        }
        let mut last = None;
        for item in &self.items {
            if last != Some(item.sample) {
                last = Some(item.sample);
                told.add(dataset.path(item.sample).as_bytes());
                told.add(&self.planned.weight(item.sample).unwrap_or(1.0).to_le_bytes());
            }
            let variant = item.variant.unwrap_or(u32::MAX);
            told.add([variant, item.copy].map(u32::to_le_bytes).as_flattened());
        }
        let Some(Augmentation { pipeline, seed, device, .. }) = &self.augmentation else { return };
        told.add(&seed.to_le_bytes());
        if let Some(device) = device {
            told.add(device.identity().as_bytes());
        }
        told.add(write(pipeline, Format::Lenslet).0.as_bytes());
    }

    /// What makes the variants.
    fn augmenter<'a>(&'a self, work: &Work<'a>) -> Option<Augmenter<'a>> {
        let augmentation = self.augmentation.as_ref()?;
        Some(Augmenter {
            snapshot: work.snapshot,
            reader: work.reader,
            pipeline: &augmentation.pipeline,
            seed: augmentation.seed,
            others: &self.others,
            recent: &self.recent,
            pictures: &self.pictures,
        })
    }

    /// Whether samples are weighed.
    pub fn has_weights(&self) -> bool {
        self.planned.weights.is_some()
    }

    /// The bytes of a picture's file, and what it came to.
    pub fn bytes(&self, work: &Work<'_>, item: Item) -> Result<(Vec<u8>, Option<Plan>), ReadError> {
        let Item { sample, variant, .. } = item;
        let Some(number) = variant else { return Ok((content(work, sample)?, None)) };
        let augmenter = self.augmenter(work).ok_or_else(no_pipeline)?;
        let original = augmenter.original(sample)?;
        if let Some(device) = self.augmentation.as_ref().and_then(|augmentation| augmentation.device.as_ref())
        {
            let wanted = Wanted::new(&augmenter, sample, &original, Some(number), None);
            if let Some(raster) = device.variant(&augmenter, &wanted) {
                return Ok((png(&raster)?, Some(wanted.plan)));
            }
        }
        let (raster, plan) = augmenter.variant(sample, number)?;
        Ok((png(&raster)?, Some(plan)))
    }

    /// Notes that a picture could not be written, so that no table names it.
    pub fn lose(&self, item: Item) {
        lock(&self.failed).insert(item.first_copy());
    }

    /// What a variant came to, without making it.
    fn plan(&self, work: &Work<'_>, item: Item) -> Result<Option<Plan>, ReadError> {
        let Some(number) = item.variant else { return Ok(None) };
        let augmenter = self.augmenter(work).ok_or_else(no_pipeline)?;
        let known = lock(&self.pictures).get(&item.sample).copied();
        let picture = match known {
            Some(picture) => picture,
            None => picture_of(&*augmenter.original(item.sample)?),
        };
        Ok(Some(augmenter.plan(item.sample, number, picture)))
    }

    /// All that is known of a picture but its file. Boxes are of the variant; of the sample itself as they are.
    fn about(&self, work: &Work<'_>, item: Item, plan: Option<&Plan>) -> Map<String, Value> {
        let dataset = work.dataset();
        let class_name = |class: u32| work.snapshot.labels().classes[class as usize].as_str();
        let mut about = Map::new();
        let labels: Vec<&str> = work.snapshot.labels().names(item.sample).collect();
        match labels[..] {
            [] => {}
            [label] => drop(about.insert("label".into(), json!(label))),
            _ => drop(about.insert("label".into(), json!(labels))),
        }
        if let Some(split) = dataset.split(item.sample) {
            about.insert("split".into(), json!(split));
        }
        about.insert("source".into(), json!(dataset.path(item.sample)));
        if item.copy > 0 {
            about.insert("copy".into(), json!(item.copy + 1));
        }
        if let Some(weight) = self.planned.weight(item.sample) {
            about.insert("weight".into(), json!(weight));
        }
        let boxes: Vec<Value> = match plan.zip(self.augmenter(work)) {
            Some((plan, augmenter)) => {
                about.insert("variant".into(), json!(item.variant));
                about.insert("seed".into(), json!(augmenter.seed));
                about.insert("pipeline".into(), json!(augmenter.pipeline.name));
                let mixed = augmenter.mixed(item.sample, plan);
                if !mixed.is_empty() {
                    let weights = augmenter.label_weights(item.sample, plan).into_iter();
                    let weights: Map<_, _> = weights
                        .map(|(class, weight)| (class_name(class).to_owned(), json!(weight)))
                        .collect();
                    about.insert("label_weights".into(), weights.into());
                    let paths = mixed.iter().map(|(other, _)| json!(dataset.path(*other))).collect();
                    about.insert("mixed_with".into(), paths);
                }
                about.insert("augmentation".into(), plan.done.iter().map(step).collect());
                let boxes = augmenter.boxes(item.sample, plan).into_iter().flatten();
                boxes.map(|one| json!({ "class": class_name(one.class), "rect": one.rect })).collect()
            }
            None => {
                let boxes = work.snapshot.boxes().get(item.sample).iter();
                let told = |one: &crate::dataset::boxes::BoxRecord| json!({ "class": class_name(one.class), "rect": one.rect, "relative": one.relative });
                boxes.map(told).collect()
            }
        };
        if !boxes.is_empty() || !work.snapshot.boxes().get(item.sample).is_empty() {
            about.insert("boxes".into(), boxes.into());
        }
        let own = dataset.points.get(item.sample).iter();
        let points: Vec<Value> = match plan.zip(self.augmenter(work)) {
            Some((plan, augmenter)) => {
                augmenter.points(item.sample, plan).iter().map(|at| json!({ "at": at })).collect()
            }
            None => own.map(|one| json!({ "at": one.at, "relative": one.relative })).collect(),
        };
        if !points.is_empty() || !dataset.points.get(item.sample).is_empty() {
            about.insert("points".into(), points.into());
        }
        about
    }
}

/// A variant was asked for where there are none: an export that was put together wrongly.
fn no_pipeline() -> ReadError {
    ReadError::new(crate::dataset::IssueKind::Unsupported, "there is no pipeline to make variants by")
}

/// A step that was done, with the numbers that it drew.
fn step(done: &crate::augment::pipeline::Done) -> Value {
    let mut told = Map::new();
    told.insert("operation".into(), json!(done.operation.name));
    for (name, taken) in &done.taken {
        // A policy may do one operation several times.
        let mut key = (*name).to_owned();
        for number in 2.. {
            if !told.contains_key(&key) {
                break;
            }
            key = format!("{name}_{number}");
        }
        told.insert(key, json!(taken));
    }
    told.into()
}

/// `metadata.jsonl`: a line for each picture.
#[derive(Debug)]
struct Lines {
    /// Of the pictures, in the order of the items.
    paths: Vec<String>,
}

impl Make for Lines {
    fn tell(&self, _: &Draft, _: &mut Told) {
        // All that decides what is in it is told by the export.
    }

    fn is_settled(&self) -> bool {
        // What could not be made before may be made now.
        false
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let making = work.making()?;
        for (item, path) in making.items.iter().zip(&self.paths) {
            out.checkpoint()?;
            // What could not be written is told with its own file.
            if lock(&making.failed).contains(&item.first_copy()) {
                continue;
            }
            let Ok(plan) = making.plan(work, *item) else { continue };
            let mut line = Map::new();
            line.insert("file_name".into(), json!(path));
            line.extend(making.about(work, *item, plan.as_ref()));
            serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}
