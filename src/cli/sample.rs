//! `lenslet sample`: pictures from a trained model, as a sheet or as a folder that says where they came
//! from.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use serde::Serialize;

use super::Usage;
use super::args::SampleOptions;
use super::look::{tell, write_table};
use super::progress::Meter;
use super::trained::{Trained, check_ending, check_out, load, write_png};
use crate::export::check_target;
use crate::jobs::Control;
use crate::text::counted;
use crate::train::pack::NO_CLASS;
use crate::train::score::{decode, prior};

/// What was written, as `--json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SampleReport {
    pub checkpoint: PathBuf,
    pub step: u64,
    pub device: String,
    pub seed: u64,
    pub samples: usize,
    pub out: PathBuf,
    pub seconds: f64,
}

/// Pictures that are decoded before they are written.
const AT_ONCE: usize = 1024;
const TABLE: &str = "samples.csv";

pub fn run(options: &SampleOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let meter = Meter::start(&control);
    let columns = options.grid.map(usize::from);
    let count = columns.map_or(options.count.unwrap_or(1) as usize, |columns| columns * columns);
    match columns {
        Some(_) => {
            check_ending(&options.out, "png")?;
            check_out(&options.out, options.overwrite)?;
        }
        None => check_folder(&options.out, options.overwrite, count)?,
    }
    let trained = load(&options.checkpoint, &options.device)?;
    check_target(&options.out, Path::new(&trained.checkpoint.about.source))?;
    let classes = classes(&trained, options.class.as_deref(), count)?;
    control.begin("Drawing samples", count as u64);
    match columns {
        Some(columns) => {
            let latents = prior(trained.model.shape.latent, count, options.seed);
            let pictures = decode(&trained.model, &latents, &classes, &control)?;
            let (width, height, sheet) = pictures.sheet(columns);
            write_png(&options.out, width, height, pictures.channels, &sheet)?;
        }
        None => write_folder(options, &trained, &classes, count, &control)?,
    }
    drop(meter);
    let report = SampleReport {
        checkpoint: options.checkpoint.clone(),
        step: trained.checkpoint.about.step,
        device: trained.device,
        seed: options.seed,
        samples: count,
        out: options.out.clone(),
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| {
        use std::io::Write;
        writeln!(out, "{} in {}", counted(report.samples as u64, "sample"), report.out.display())
    })
}

/// The class of each picture: the one that is asked for, or all in turn.
fn classes(trained: &Trained, asked: Option<&str>, count: usize) -> Result<Vec<u32>, Usage> {
    let names = &trained.checkpoint.about.class_names;
    let told = trained.model.shape.classes;
    let Some(asked) = asked else {
        let class = |at: usize| if told > 0 { (at % told) as u32 } else { NO_CLASS };
        return Ok((0..count).map(class).collect());
    };
    if told == 0 {
        return Err(Usage("this model was not told classes: train one with --conditional".to_owned()));
    }
    match names.iter().position(|name| name == asked) {
        Some(class) => Ok(vec![class as u32; count]),
        None => Err(Usage(format!("the model knows no class “{asked}”: it knows {}", names.join(", ")))),
    }
}

/// Refuses a folder in which pictures would be mixed up with others.
fn check_folder(out: &Path, overwrite: bool, count: usize) -> anyhow::Result<()> {
    if out.is_file() {
        bail!("this is a file; name a folder: {}", out.display());
    }
    let is_taken = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if is_taken && !overwrite {
        bail!("something is in this folder already; choose another or add --overwrite: {}", out.display());
    }
    if out.join(picture_name(count)).exists() {
        bail!("there are more pictures in this folder than are drawn; choose another: {}", out.display());
    }
    Ok(())
}

fn picture_name(at: usize) -> String {
    format!("sample-{at:06}.png")
}

fn write_folder(
    options: &SampleOptions,
    trained: &Trained,
    classes: &[u32],
    count: usize,
    control: &Control,
) -> anyhow::Result<()> {
    let about = &trained.checkpoint.about;
    let latent = trained.model.shape.latent;
    let out = &options.out;
    std::fs::create_dir_all(out).with_context(|| format!("{} could not be made", out.display()))?;
    let latents = prior(latent, count, options.seed);
    for (part, latents) in latents.chunks(AT_ONCE * latent).enumerate() {
        let start = part * AT_ONCE;
        let pictures = decode(&trained.model, latents, &classes[start..], control)?;
        for (at, picture) in (start..).zip((0..pictures.len()).filter_map(|at| pictures.get(at))) {
            write_png(&out.join(picture_name(at)), pictures.size, pictures.size, pictures.channels, picture)?;
        }
    }
    let words = ["path", "synthetic", "label", "checkpoint", "step", "seed", "number", "z"];
    let heading = words.map(str::to_owned).to_vec();
    let checkpoint = options.checkpoint.display().to_string();
    let rows = latents.chunks_exact(latent).zip(classes).enumerate().map(|(at, (z, class))| {
        let label = about.class_names.get(*class as usize).cloned().unwrap_or_default();
        let z = z.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
        let numbers = [about.step, options.seed, at as u64].map(|number| number.to_string());
        [vec![picture_name(at), "true".to_owned(), label, checkpoint.clone()], numbers.to_vec(), vec![z]]
            .concat()
    });
    write_table(&options.out.join(TABLE), std::iter::once(heading).chain(rows))
}
