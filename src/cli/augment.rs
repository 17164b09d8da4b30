//! `lenslet augment`: what operations there are, and variants of a dataset's samples as an export.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::bail;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::Usage;
use super::args::{AugmentDevice, AugmentOptions, SamplesOptions, VariantsFormat};
use super::look::tell;
use super::pipeline::read_pipeline;
use super::progress::Meter;
use super::prune::{PlanRow, print_export, print_plan, what_came};
use super::trained::choose;
use crate::augment::param::{Kind, Param, Value};
use crate::augment::table::{FAMILIES, Operation};
use crate::export::dataset::{
    Augmentation, Consent, Each, Kind as Layout, Options, Report, Table, plan, run as export,
};
use crate::jobs::Control;
use crate::pipeline::augmented::ondevice::OnDevice;
use crate::text::counted;
use crate::train::device::Graphics;

/// What was written, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct AugmentReport {
    pub source: String,
    pub samples: usize,
    pub variants: u32,
    pub seed: u64,
    /// The graphics device that makes variants; `null` for the processor.
    pub device: Option<String>,
    /// Variants that it made; the processor made the others.
    pub made_by_device: u64,
    /// What is unknown or only nearly the same in the pipeline's file.
    pub notes: Vec<String>,
    pub plan: PlanRow,
    /// What was written; `null` for a dry run, and where nothing could be.
    pub export: Option<Report>,
    pub seconds: f64,
}

pub fn run(options: &AugmentOptions) -> anyhow::Result<()> {
    if options.list {
        return list(options.json);
    }
    let started = Instant::now();
    let (Some(path), Some(name)) = (&options.path, &options.pipeline) else {
        return Err(Usage("name a dataset and a --pipeline, or --list what there is".to_owned()).into());
    };
    let (pipeline, notes) = read_pipeline(name)?;
    let device = match options.device {
        AugmentDevice::Cpu => None,
        AugmentDevice::Gpu => Some(graphics_device()?),
    };
    let control = Control::new();
    let meter = Meter::start(&control);
    let target = options.out.clone().unwrap_or_else(|| PathBuf::from("augmented"));
    let samples = SamplesOptions { path: path.clone(), part: options.part.clone() };
    let chosen = choose(&samples, &[&target], &control)?;
    let target = Options {
        kind: match options.format {
            VariantsFormat::Folder => Layout::ImageFolder,
            VariantsFormat::Webdataset => Layout::WebDataset,
            VariantsFormat::Parquet => Layout::Manifest(Table::Parquet),
        },
        consent: if options.overwrite { Consent::Overwrite } else { Consent::Empty },
        augmentation: Some(Augmentation {
            pipeline: pipeline.into(),
            seed: options.seed,
            variants: Each::All(options.variants),
            with_originals: options.with_originals,
            device: device.clone(),
        }),
        ..Options::new(target)
    };
    let planned = plan(&chosen.snapshot, &chosen.samples, &chosen.reader, &target, &control)?;
    let is_run = !options.dry_run && planned.refusals.is_empty();
    let written = is_run.then(|| export(&planned, &chosen.reader, &control)).transpose()?;
    drop(meter);
    let report = AugmentReport {
        source: chosen.snapshot.dataset.source.clone(),
        samples: chosen.samples.len(),
        variants: options.variants,
        seed: options.seed,
        made_by_device: device.as_ref().map_or(0, OnDevice::brought_back),
        device: device.as_ref().map(OnDevice::name),
        notes,
        plan: PlanRow::from(&planned),
        export: written,
        seconds: started.elapsed().as_secs_f64(),
    };
    tell(&report, options.json, |out| print(&report, out))?;
    what_came(report.export.as_ref(), Some(&report.plan))
}

/// A graphics device of its own for the shaders; a software driver will do.
fn graphics_device() -> anyhow::Result<OnDevice> {
    let graphics = Graphics::own(true)?;
    let Some(device) = OnDevice::new(&graphics) else {
        bail!("{} runs no shaders that write storage; use --device cpu", graphics.adapter.get_info().name);
    };
    Ok(device)
}

/// The report for a person.
fn print(report: &AugmentReport, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{}", report.source)?;
    let samples = counted(report.samples as u64, "sample");
    writeln!(out, "{samples} · {} each · seed {}", counted(report.variants.into(), "variant"), report.seed)?;
    if let Some(device) = &report.device {
        let made = counted(report.made_by_device, "variant");
        writeln!(
            out,
            "  {made} made by {device}, within 2/255 of the processor's on 99.5 % of values; the rest by the processor"
        )?;
    }
    for note in &report.notes {
        writeln!(out, "  {note}")?;
    }
    print_plan(&report.plan, out)?;
    if let Some(export) = &report.export {
        print_export(export, out)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}

/// Every operation with its parameters.
fn list(as_json: bool) -> anyhow::Result<()> {
    let operations = FAMILIES.iter().flat_map(|(_, operations)| operations.iter().copied());
    let listed: Vec<Json> = operations.map(described).collect();
    tell(&listed, as_json, |out| {
        for (family, operations) in FAMILIES {
            writeln!(out, "{}", family.title())?;
            for operation in operations {
                writeln!(out, "  {:20} {}", operation.name, operation.about)?;
                for param in operation.params {
                    writeln!(out, "    {:18} {}; {}", param.name, param.about, limits(param))?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    })
}

/// An operation as JSON.
fn described(operation: &Operation) -> Json {
    let param = |param: &Param| {
        let mut told =
            json!({ "name": param.name, "about": param.about, "default": shown(param, param.default()) });
        let unit = param.unit.sign().trim();
        if !unit.is_empty() {
            told["unit"] = json!(unit);
        }
        match param.kind {
            Kind::Range { least, most, .. } | Kind::Number { least, most, .. } => {
                told["limits"] = json!([least, most])
            }
            Kind::Choice { words, .. } => told["choices"] = json!(words),
            Kind::Flag { .. } | Kind::Colour { .. } => {}
        }
        told
    };
    json!({
        "name": operation.name,
        "title": operation.title,
        "family": operation.family.title(),
        "about": operation.about,
        "p": operation.probability,
        "params": operation.params.iter().map(param).collect::<Vec<_>>(),
    })
}

fn shown(param: &Param, value: Value) -> Json {
    match (param.kind, value) {
        (Kind::Choice { words, .. }, Value::Choice(at)) => json!(words[at]),
        (_, Value::Colour([r, g, b])) => json!(format!("#{r:02x}{g:02x}{b:02x}")),
        (_, value) => json!(value),
    }
}

/// What values a parameter takes, for a person.
fn limits(param: &Param) -> String {
    let unit = param.unit.sign();
    let default = match shown(param, param.default()) {
        Json::String(text) => text,
        Json::Array(ends) => ends.iter().map(Json::to_string).collect::<Vec<_>>().join(" to "),
        other => other.to_string(),
    };
    match param.kind {
        Kind::Range { least, most, .. } => format!("a range in {least} to {most}{unit} [{default}]"),
        Kind::Number { least, most, .. } => format!("{least} to {most}{unit} [{default}]"),
        Kind::Choice { words, .. } => format!("{} [{default}]", words.join(", ")),
        Kind::Flag { .. } => format!("true or false [{default}]"),
        Kind::Colour { .. } => format!("a colour [{default}]"),
    }
}
