//! Variants of samples instead of the samples: what a pipeline of augmentations makes of them, each as a PNG, with
//! every number that was drawn for it.
//!
//! | kind | what |
//! | --- | --- |
//! | image folder | `split/class/name-v0.png`, and `metadata.jsonl`: a line for each variant |
//! | WebDataset | shards of `key.png`, `key.cls` and `key.json`, as of samples |
//! | Parquet | `split-00000.parquet` of image (bytes and path), label, split and the rest, as Hugging Face's `datasets` writes it |
//!
//! What is told of a variant, in a line, a `.json` or columns: the sample (`source`), `variant`, `seed`, `pipeline`,
//! `label` and `split`, `label_weights` where samples were mixed, `boxes` in pixels of the variant, and in
//! `augmentation` the steps that were done with the numbers that they drew. With the same seed a variant is the
//! same, whatever else is exported and in whatever order.

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
use super::{Kind, Options, Table};
use crate::augment::formats::{Format, write};
use crate::augment::pipeline::{Pipeline, Plan};
use crate::dataset::{NO_SPLIT, SampleId};
use crate::export::ExportError;
use crate::import::reader::access::lock;
use crate::import::{ReadError, Reader};
use crate::jobs::Control;
use crate::pipeline::augmented::ondevice::{OnDevice, Wanted};
use crate::pipeline::augmented::{Augmenter, Pictures, Recent, picture_of};
use crate::text::{counted, grouped};

/// What is made of each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Augmentation {
    pub pipeline: Arc<Pipeline>,
    pub seed: u64,
    /// Variants of each sample.
    pub variants: u32,
    /// Whether the samples themselves are exported beside them.
    pub with_originals: bool,
    /// The graphics device that makes them, within 2/255 of the processor on 99.5 % of values; `None` for the
    /// processor. What it cannot make, the processor makes.
    pub device: Option<OnDevice>,
}

/// The most variants of a sample.
pub const MAX_VARIANTS: u32 = 1000;

/// Pictures of an export at most: each takes some 300 bytes until it ends.
const MAX_ITEMS: usize = 10_000_000;

/// Variants that are named between two questions whether to go on.
const STEP: usize = 4096;

/// One picture of an augmented export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    pub sample: SampleId,
    /// Which variant; `None` is the sample itself.
    pub variant: Option<u32>,
}

/// What making variants needs, for the whole of an export.
#[derive(Debug)]
pub struct Making {
    pub augmentation: Augmentation,
    /// In the order in which they are written.
    pub items: Vec<Item>,
    recent: Recent,
    /// What an operation must know of each picture that was decoded.
    pictures: Pictures,
    /// Pictures that could not be written.
    failed: Mutex<HashSet<Item>>,
}

/// Fills a draft with the variants of its samples.
pub fn fill(
    draft: &mut Draft,
    reader: &Reader,
    options: &Options,
    augmentation: &Augmentation,
    control: &Control,
) -> Result<(), ExportError> {
    let each = augmentation.variants as usize + usize::from(augmentation.with_originals);
    let count = draft.samples.len().saturating_mul(each);
    if count > MAX_ITEMS {
        draft.refuse(format!(
            "{} are more than can be exported at once, which is {}; choose fewer variants, or a part of the samples.",
            counted(count as u64, "picture"),
            grouped(MAX_ITEMS as u64)
        ));
        return Ok(());
    }
    let mut items = Vec::with_capacity(count);
    for (at, sample) in draft.samples.iter().enumerate() {
        if at % STEP == 0 {
            control.checkpoint()?;
        }
        let original = augmentation.with_originals.then_some(None);
        let variants = original.into_iter().chain((0..augmentation.variants).map(Some));
        items.extend(variants.map(|variant| Item { sample: *sample, variant }));
    }
    if items.is_empty() {
        // That there is no sample is told already.
        if !draft.samples.is_empty() {
            draft.refuse("No variant of a sample is asked for; choose one at least.");
        }
        return Ok(());
    }
    if augmentation.pipeline.steps.is_empty() {
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
    let augmentation = augmentation.clone();
    draft.making = Some(Making {
        augmentation,
        items,
        recent: Recent::default(),
        pictures: Mutex::default(),
        failed: Mutex::default(),
    });
    Ok(())
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
    let each = items.len() / draft.samples.len();
    for (at, item) in items.iter().enumerate() {
        if at % STEP == 0 {
            control.checkpoint()?;
            control.set_done(at as u64);
        }
        let folder = &folders[at / each];
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
                (taken.take(&format!("{folder}{slash}{name}")), from)
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
    pub fn tell(&self, told: &mut Told) {
        let Augmentation { pipeline, seed, variants, with_originals, device } = &self.augmentation;
        told.add(format!("{seed} {variants} {with_originals}").as_bytes());
        if let Some(device) = device {
            told.add(device.identity().as_bytes());
        }
        told.add(write(pipeline, Format::Lenslet).0.as_bytes());
    }

    fn augmenter<'a>(&'a self, work: &Work<'a>) -> Augmenter<'a> {
        Augmenter {
            snapshot: work.snapshot,
            reader: work.reader,
            pipeline: &self.augmentation.pipeline,
            seed: self.augmentation.seed,
            others: work.samples,
            recent: &self.recent,
            pictures: &self.pictures,
        }
    }

    /// The bytes of a picture's file, and what it came to.
    pub fn bytes(&self, work: &Work<'_>, item: Item) -> Result<(Vec<u8>, Option<Plan>), ReadError> {
        let Item { sample, variant } = item;
        let Some(number) = variant else { return Ok((content(work, sample)?, None)) };
        let augmenter = self.augmenter(work);
        let original = augmenter.original(sample)?;
        if let Some(device) = &self.augmentation.device {
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
        lock(&self.failed).insert(item);
    }

    /// What a variant came to, without making it.
    fn plan(&self, work: &Work<'_>, item: Item) -> Result<Option<Plan>, ReadError> {
        let Some(number) = item.variant else { return Ok(None) };
        let augmenter = self.augmenter(work);
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
        let class_name = |class: u32| dataset.labels.classes[class as usize].as_str();
        let mut about = Map::new();
        let labels: Vec<&str> = dataset.labels.names(item.sample).collect();
        match labels[..] {
            [] => {}
            [label] => drop(about.insert("label".into(), json!(label))),
            _ => drop(about.insert("label".into(), json!(labels))),
        }
        if let Some(split) = dataset.split(item.sample) {
            about.insert("split".into(), json!(split));
        }
        about.insert("source".into(), json!(dataset.path(item.sample)));
        let boxes: Vec<Value> = match plan {
            Some(plan) => {
                let augmenter = self.augmenter(work);
                about.insert("variant".into(), json!(item.variant));
                about.insert("seed".into(), json!(self.augmentation.seed));
                about.insert("pipeline".into(), json!(self.augmentation.pipeline.name));
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
                let boxes = dataset.boxes.get(item.sample).iter();
                let told = |one: &crate::dataset::boxes::BoxRecord| json!({ "class": class_name(one.class), "rect": one.rect, "relative": one.relative });
                boxes.map(told).collect()
            }
        };
        if !boxes.is_empty() || !dataset.boxes.get(item.sample).is_empty() {
            about.insert("boxes".into(), boxes.into());
        }
        about
    }
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
            if lock(&making.failed).contains(item) {
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
