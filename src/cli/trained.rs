//! What the commands have in common that train a model or use a trained one: samples as pixels, a model on
//! a device, and files that are not written over.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use serde::Serialize;

use super::Usage;
use super::args::{DeviceOptions, SamplesOptions};
use super::scan::parse_filter;
use super::source::{Source, open};
use crate::dataset::SampleId;
use crate::dataset::query::{self, Snapshot};
use crate::export::dataset::check_ground;
use crate::export::{check_file, check_target};
use crate::files;
use crate::import::{Reader, dataset_reader};
use crate::jobs::Control;
use crate::pipeline::cores;
use crate::pipeline::modelled::{Asked, Modelled, modelled};
use crate::store::Project;
use crate::text::grouped;
use crate::train::checkpoint::{self, Checkpoint};
use crate::train::device::Processor;
use crate::train::encoder::LatentMean;
use crate::train::model::Model;
use crate::train::pack::{Pack, Room, Wanted, chosen, pack};
use crate::train::streamed::{Samples, Scored, StreamError, score_samples};

/// Samples that were asked for.
pub struct Chosen {
    pub snapshot: Snapshot,
    pub reader: Reader,
    /// In the order of their paths; pruned ones are not among them.
    pub samples: Vec<SampleId>,
    pub threads: usize,
    /// The project that was named, if it can be written to.
    pub project: Option<Arc<Project>>,
    /// Where pixels go that are too many for memory: to the project's disk, or to that of what the program keeps.
    pub room: Room,
}

/// Opens a dataset and finds the samples that are asked for. `outs` that lie where nothing may be written
/// are told before the long part of the work.
pub fn choose(options: &SamplesOptions, outs: &[&Path], control: &Control) -> anyhow::Result<Chosen> {
    let threads = options.part.threads.map_or_else(cores, usize::from);
    for out in outs {
        check_target(out, Path::new(&options.path))?;
    }
    let mut source = open(&options.path, options.part.project.as_deref(), control)?;
    for out in outs {
        check_target(out, Path::new(&source.snapshot.dataset.root))?;
    }
    let filter = options.part.filter.as_deref().unwrap_or_default();
    let query = parse_filter(filter, &source.snapshot)?;
    let reader = dataset_reader(&source.snapshot.dataset);
    for out in outs {
        check_is_no_sample(out, &source.snapshot, &reader)?;
        check_ground(out, &source.snapshot.dataset, &reader, control)?;
    }
    // Without a filter nothing is asked that has to be measured first.
    if !query.is_everything() {
        source.measure(&reader, None, threads, control)?;
    }
    let Source { snapshot, project, .. } = source;
    let rows = query::rows(&snapshot, &query, "path", Default::default());
    let samples = chosen(&snapshot, &rows);
    let room = project.as_ref().map_or_else(Room::default, |project| Room::in_folder(project.folder()));
    Ok(Chosen { snapshot, reader, samples, threads, project, room })
}

/// Refuses a file that is a sample, wherever the dataset leads to it.
pub fn check_is_no_sample(out: &Path, snapshot: &Snapshot, reader: &Reader) -> anyhow::Result<()> {
    let Some(there) = out.canonicalize().ok().filter(|there| there.is_file()) else { return Ok(()) };
    let dataset = &snapshot.dataset;
    let is_it = |(at, path): (usize, &str)| {
        let raw = dataset.raw_paths.get(&(at as u32)).map(Vec::as_slice);
        dataset.places[at].is_loose()
            && reader.path_on_disk(path, raw).canonicalize().is_ok_and(|path| path == there)
    };
    match dataset.paths.iter().enumerate().any(is_it) {
        true => Err(anyhow!("this is a sample of the dataset; choose another name: {}", out.display())),
        false => Ok(()),
    }
}

impl Chosen {
    pub fn pack(&self, wanted: &Wanted, control: &Control) -> anyhow::Result<Pack> {
        self.pack_of(&self.samples, wanted, control)
    }

    /// Some of them as pixels.
    pub fn pack_of(&self, samples: &[SampleId], wanted: &Wanted, control: &Control) -> anyhow::Result<Pack> {
        Ok(pack(&self.snapshot, &self.reader, samples, wanted, &self.room, self.threads, control)?)
    }

    /// What a model says of all of them, with what follows of all together, which the project keeps.
    pub fn modelled(&self, trained: &Trained, control: &Control) -> Result<Modelled, StreamError> {
        modelled(trained.asked(), self.samples(), self.project.as_deref(), self.threads, control)
    }

    /// All of them, for whoever asks a model about them.
    pub fn samples(&self) -> Samples<'_> {
        Samples { snapshot: &self.snapshot, reader: &self.reader, samples: &self.samples }
    }

    /// What a model says of all of them, however many they are.
    pub fn score(&self, trained: &Trained, seed: u64, control: &Control) -> Result<Scored, StreamError> {
        let wanted = trained.wanted().of_all();
        score_samples(&trained.model, self.samples(), &wanted, seed, self.threads, control)
    }

    /// Samples that are left out, for a report.
    pub fn left_out(&self, left_out: &[(SampleId, String)]) -> Vec<LeftOutRow> {
        let row = |(sample, message): &(SampleId, String)| LeftOutRow {
            path: self.snapshot.dataset.path(*sample).to_owned(),
            message: message.clone(),
        };
        left_out.iter().map(row).collect()
    }
}

/// A sample that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOutRow {
    pub path: String,
    pub message: String,
}

/// Tells a person which samples could not be read: how many, the first of them and why; nothing where all could.
pub fn print_left_out(left_out: &[LeftOutRow], out: &mut impl Write) -> std::io::Result<()> {
    /// Samples that are printed; `--json` has them all.
    const SHOWN: usize = 5;
    if left_out.is_empty() {
        return Ok(());
    }
    writeln!(out, "left out ({}), for they could not be read", grouped(left_out.len() as u64))?;
    for row in left_out.iter().take(SHOWN) {
        writeln!(out, "  {}: {}", row.path, row.message)?;
    }
    if left_out.len() > SHOWN {
        let more = grouped((left_out.len() - SHOWN) as u64);
        writeln!(out, "  … and {more} more; --json lists them all")?;
    }
    Ok(())
}

/// A trained model, ready for use.
pub struct Trained {
    pub checkpoint: Checkpoint,
    /// The checkpoint's own folder.
    pub folder: PathBuf,
    pub model: Model,
    pub device: String,
}

/// Reads a checkpoint and brings its model to the device that is asked for.
pub fn load(path: &Path, device: &DeviceOptions) -> anyhow::Result<Trained> {
    let folder = checkpoint::find(path)?;
    let checkpoint = Checkpoint::load(&folder)?;
    let processor = Processor::choose(device.device)?;
    let model = processor.model(&checkpoint.about.config.shape, checkpoint.weights.clone());
    Ok(Trained { checkpoint, folder, model, device: processor.name })
}

impl Trained {
    /// The model, for whoever asks it about samples.
    pub fn asked(&self) -> Asked<'_> {
        Asked { checkpoint: &self.checkpoint, folder: &self.folder, model: &self.model }
    }

    /// How samples are to be packed for this model: as those that it was trained on.
    pub fn wanted(&self) -> Wanted {
        let about = &self.checkpoint.about;
        Wanted { class_names: Some(about.class_names.clone()), ..Wanted::of(&about.config) }
    }
}

/// A checkpoint's encoder, in the place of the hand-made descriptor.
pub fn encoder(path: &Path) -> anyhow::Result<LatentMean> {
    Ok(LatentMean::load(path)?)
}

/// Refuses a file that cannot be written, or that is there and was not to be replaced.
pub fn check_out(path: &Path, overwrite: bool) -> anyhow::Result<()> {
    check_file(path)?;
    if !overwrite && path.exists() {
        return Err(anyhow!(
            "this is there already; choose another name or add --overwrite: {}",
            path.display()
        ));
    }
    Ok(())
}

/// Refuses a file whose name does not end as it has to.
pub fn check_ending(path: &Path, ending: &str) -> Result<(), Usage> {
    let found = path.extension().and_then(|found| found.to_str());
    if found.is_some_and(|found| found.eq_ignore_ascii_case(ending)) {
        return Ok(());
    }
    Err(Usage(format!("the name has to end in .{ending}: {}", path.display())))
}

/// Writes `width × height` pixels of 1 or 3 channels as a PNG, whole or not at all.
pub fn write_png(
    path: &Path,
    width: usize,
    height: usize,
    channels: usize,
    pixels: &[u8],
) -> anyhow::Result<()> {
    let colour = match channels {
        1 => image::ExtendedColorType::L8,
        _ => image::ExtendedColorType::Rgb8,
    };
    let failed = |error: std::io::Error| anyhow!("{} could not be written: {error}", path.display());
    files::write_whole(path, failed, |out| {
        let encoder = image::codecs::png::PngEncoder::new(out);
        image::ImageEncoder::write_image(encoder, pixels, width as u32, height as u32, colour)
            .with_context(|| format!("{} could not be written", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_told_with_its_reasons() {
        for (count, lines, last) in [
            (0, 0, ""),
            (1, 2, "  0.png: it is broken"),
            (5, 6, "  4.png: it is broken"),
            (1239, 7, "  … and 1,234 more; --json lists them all"),
        ] {
            let row =
                |at: usize| LeftOutRow { path: format!("{at}.png"), message: "it is broken".to_owned() };
            let mut text = Vec::new();
            print_left_out(&(0..count).map(row).collect::<Vec<_>>(), &mut text).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert_eq!(
                (text.lines().count(), text.lines().last().unwrap_or_default()),
                (lines, last),
                "{text}"
            );
            assert!(count == 0 || text.starts_with("left out ("), "{text}");
        }
    }
}
