//! `lenslet pipeline`: pipelines of augmentations in other forms, a sheet of what one does, and the mean and
//! deviation that one normalises by.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use serde::Serialize;

use super::args::{
    ConvertOptions, PipelineForm, PipelineNormalizeOptions, PipelineSheetOptions, PipelineTask,
};
use super::look::tell;
use super::progress::Meter;
use super::trained::{check_ending, check_out, choose, write_png};
use crate::augment::files::{form_of, read_named, write_file};
use crate::augment::formats::{Format, write};
use crate::augment::param::Value;
use crate::augment::pipeline::{Pipeline, Settings, Step};
use crate::augment::table::Family;
use crate::augment::table::output::{BY_DATASET, NAME};
use crate::jobs::Control;
use crate::media::Raster;
use crate::pipeline::augmented::{Augmenter, OthersBySplit, Pictures, Recent, brought_to};
use crate::pipeline::channels::{ChannelStatistics, channel_statistics};
use crate::text::{counted, sentence};

pub fn run(task: &PipelineTask) -> anyhow::Result<()> {
    match task {
        PipelineTask::Convert(options) => convert(options),
        PipelineTask::Sheet(options) => sheet(options),
        PipelineTask::Normalize(options) => normalize(options),
    }
}

/// The pipeline in a file, or the preset of that name; and what is to be said of it.
pub fn read_pipeline(name: &str) -> anyhow::Result<(Pipeline, Vec<String>)> {
    read_named(name).map_err(|error| anyhow!(error))
}

fn convert(options: &ConvertOptions) -> anyhow::Result<()> {
    let (pipeline, notes) = read_pipeline(&options.from)?;
    let format = options.to.map_or_else(|| form_of(&options.out), format);
    let tell = |notes: Vec<String>| notes.into_iter().for_each(|note| eprintln!("{note}"));
    tell(notes);
    if options.out == Path::new("-") {
        let (text, notes) = write(&pipeline, format);
        tell(notes.iter().map(sentence).collect());
        return Ok(std::io::stdout().write_all(text.as_bytes())?);
    }
    check_out(&options.out, options.overwrite)?;
    tell(write_file(&options.out, &pipeline, format).map_err(|error| anyhow!(error))?);
    Ok(())
}

fn format(form: PipelineForm) -> Format {
    match form {
        PipelineForm::Lenslet => Format::Lenslet,
        PipelineForm::AlbumentationsJson => Format::AlbumentationsJson,
        PipelineForm::AlbumentationsYaml => Format::AlbumentationsYaml,
        PipelineForm::AlbumentationsPy => Format::AlbumentationsPython,
        PipelineForm::TorchvisionPy => Format::TorchvisionPython,
    }
}

/// What was measured and set, as `--json` prints it.
#[derive(Debug, Serialize)]
struct NormalizeReport {
    source: String,
    #[serde(flatten)]
    statistics: ChannelStatistics,
    /// Steps that it was set in.
    steps: usize,
    /// What is unknown or only nearly the same, in the file that was read and in the one that was written.
    notes: Vec<String>,
    out: String,
}

fn normalize(options: &PipelineNormalizeOptions) -> anyhow::Result<()> {
    check_out(&options.out, options.overwrite)?;
    let (mut pipeline, mut notes) = read_pipeline(&options.pipeline)?;
    add_normalize(&mut pipeline)?;
    let control = Control::new();
    let meter = Meter::start(&control);
    let chosen = choose(&options.samples, &[&options.out], &control)?;
    let statistics =
        channel_statistics(&chosen.snapshot, &chosen.reader, &chosen.samples, chosen.threads, &control)?;
    drop(meter);
    if statistics.pixels == 0 {
        statistics.problems.iter().for_each(|problem| eprintln!("{problem}"));
        bail!("no sample could be read, and there is nothing to measure");
    }
    let steps = statistics.set_all(&mut pipeline);
    let written = write_file(&options.out, &pipeline, form_of(&options.out));
    notes.extend(written.map_err(|error| anyhow!(error))?);
    let unreadable = statistics.unreadable;
    let report = NormalizeReport {
        source: chosen.snapshot.dataset.source.clone(),
        statistics,
        steps,
        notes,
        out: options.out.display().to_string(),
    };
    tell(&report, options.json, |out| print_normalized(&report, out))?;
    if unreadable > 0 {
        bail!("{} could not be read", counted(unreadable, "sample"));
    }
    Ok(())
}

/// Adds a step that normalises by the dataset where there is none; an error where there are others alone.
fn add_normalize(pipeline: &mut Pipeline) -> anyhow::Result<()> {
    if pipeline.has_one(&Settings::is_normalize_by_dataset) {
        return Ok(());
    }
    if pipeline.has(Family::Output) {
        bail!(
            "the pipeline normalises by something else; set its step's \"by\" to \"dataset\", or remove it"
        );
    }
    let settings = Settings::with(NAME, &[("by", Value::Choice(BY_DATASET))]);
    let settings = settings.context("there is no operation that normalises")?;
    pipeline.steps.push(Step::new(pipeline.next_id(), settings));
    Ok(())
}

/// The report for a person.
fn print_normalized(report: &NormalizeReport, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{}", report.source)?;
    writeln!(out, "{}", report.statistics.sentence())?;
    let row = |numbers: [f64; 3]| numbers.map(|number| format!("{number:.6}")).join("  ");
    writeln!(out, "  mean       {}", row(report.statistics.mean))?;
    writeln!(out, "  deviation  {}", row(report.statistics.deviation))?;
    for line in report.notes.iter().chain(&report.statistics.problems) {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "{} set in {}", counted(report.steps as u64, "step"), report.out)
}

/// The gap between cells, in pixels.
const GAP: u32 = 4;

fn sheet(options: &PipelineSheetOptions) -> anyhow::Result<()> {
    check_ending(&options.out, "png")?;
    check_out(&options.out, options.overwrite)?;
    let (pipeline, notes) = read_pipeline(&options.pipeline)?;
    let control = Control::new();
    let meter = Meter::start(&control);
    let chosen = choose(&options.samples, &[&options.out], &control)?;
    if chosen.samples.is_empty() {
        bail!("no sample is left to show");
    }
    let count = usize::from(options.count).min(chosen.samples.len());
    let step = chosen.samples.len().div_ceil(count);
    let shown: Vec<u32> = chosen.samples.iter().copied().step_by(step).collect();
    let (recent, pictures) = (Recent::default(), Pictures::default());
    let others = OthersBySplit::new(&chosen.snapshot.dataset, chosen.samples.clone());
    let augmenter = Augmenter {
        snapshot: &chosen.snapshot,
        reader: &chosen.reader,
        pipeline: &pipeline,
        seed: options.seed,
        others: &others,
        recent: &recent,
        pictures: &pictures,
    };
    let (cell, variants) = (u32::from(options.cell), u32::from(options.variants));
    let pitch = cell + GAP;
    let (width, height) = (pitch * (variants + 1) - GAP, pitch * shown.len() as u32 - GAP);
    let mut pixels = vec![255u8; width as usize * height as usize * 3];
    control.begin("Drawing variants", shown.len() as u64);
    let mut broken = Vec::new();
    for (row, sample) in shown.iter().enumerate() {
        control.checkpoint()?;
        let top = row as u32 * pitch;
        let drawn = augmenter.original(*sample).and_then(|original| {
            place(&mut pixels, width, [0, top], &original, cell);
            (0..variants).try_for_each(|number| {
                let (raster, _) = augmenter.variant(*sample, number)?;
                place(&mut pixels, width, [(number + 1) * pitch, top], &raster, cell);
                Ok(())
            })
        });
        if let Err(error) = drawn {
            broken.push(format!("{}: {}", chosen.snapshot.dataset.path(*sample), error.message));
        }
        control.add(1);
    }
    write_png(&options.out, width as usize, height as usize, 3, &pixels)?;
    drop(meter);
    for line in notes.iter().chain(&broken) {
        eprintln!("{line}");
    }
    println!("{} in {}", counted(shown.len() as u64, "sample"), options.out.display());
    Ok(())
}

/// Draws a picture as large as it can be in a square cell, in its middle, see-through parts on white.
fn place(pixels: &mut [u8], width: u32, [left, top]: [u32; 2], raster: &Raster, cell: u32) {
    let scale = f64::from(cell) / f64::from(raster.width.max(raster.height));
    let side = |side: u32| ((f64::from(side) * scale).round() as u32).clamp(1, cell);
    let size = [side(raster.width), side(raster.height)];
    let rgba = brought_to(raster, size, 4);
    let (left, top) = (left + (cell - size[0]) / 2, top + (cell - size[1]) / 2);
    for (y, row) in rgba.data.chunks_exact(size[0] as usize * 4).enumerate() {
        let start = ((top as usize + y) * width as usize + left as usize) * 3;
        for (to, from) in pixels[start..].as_chunks_mut::<3>().0.iter_mut().zip(row.as_chunks::<4>().0) {
            let alpha = u32::from(from[3]);
            for (to, from) in to.iter_mut().zip(from) {
                *to = ((u32::from(*from) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
            }
        }
    }
}
