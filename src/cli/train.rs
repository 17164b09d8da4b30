//! `lenslet train`: trains a variational autoencoder, and tells as it goes.

use std::io::{BufWriter, StdoutLock, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use serde::Serialize;

use super::Usage;
use super::args::{ChannelsName, FreezeName, TrainOptions};
use super::interrupt::{self, Interrupted, Watch};
use super::progress::Meter;
use super::trained::{Chosen, LeftOutRow, choose, print_left_out};
use crate::augment::files::read_named;
use crate::augment::formats::{Format, write};
use crate::jobs::Control;
use crate::pipeline::open::whole_path;
use crate::text::{counted, grouped};
use crate::train::checkpoint::{self, Checkpoint};
use crate::train::config::{Channels, Config, Freeze, HeldOut, Length, Sampling};
use crate::train::device::Processor;
use crate::train::pack::{Room, Wanted};
use crate::train::run::{Cadence, Ended, Event, Request, Start, Why, run as train};
use crate::train::suggest;

/// A line of `--json`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line<'a> {
    Begin {
        device: &'a str,
        parameters: u64,
        step: u64,
        steps: u64,
        training: usize,
        held_out: usize,
        left_out: usize,
        size: usize,
        channels: usize,
        data: &'a str,
        /// Weights of the model that it begins with and that did not fit.
        unfit: Vec<String>,
        config: &'a Config,
    },
    Step {
        step: u64,
        epoch: u64,
        /// In nats per sample, as are the ones that follow.
        loss: f64,
        reconstruction: f64,
        kl: f64,
        elbo: f64,
        kl_by_dimension: &'a [f32],
        beta: f32,
        samples_per_sec: f64,
        secs: f64,
        left_secs: f64,
    },
    HeldOut {
        step: u64,
        samples: usize,
        reconstruction: f64,
        kl: f64,
        elbo: f64,
        kl_by_dimension: &'a [f32],
    },
    Checkpoint {
        step: u64,
        path: &'a Path,
    },
    Notice {
        text: &'a str,
    },
    LeftOut {
        path: &'a str,
        message: &'a str,
    },
    End {
        why: &'static str,
        step: u64,
        held_out_elbo: Option<f64>,
        samples_per_sec: f64,
        secs: f64,
        checkpoint: Option<&'a Path>,
    },
}

pub fn run(options: &TrainOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let _watch = Watch::start(&control);
    let meter = Meter::start(&control);
    // What is wrong with the words and places is said before the long part of the work.
    let from = options.from.as_deref().map(Checkpoint::load).transpose()?;
    check_folder(options)?;
    if options.resume {
        checkpoint::mend(&options.out);
    }
    let resumed = options.resume.then(|| Checkpoint::load(&options.out)).transpose()?;
    let mut chosen = choose(&options.samples, &[&options.out], &control)?;
    // The disk that a run is kept on has room, or it would not have been named.
    chosen.room = Room::in_folder(&options.out);
    let mut config = match &resumed {
        Some(checkpoint) => {
            let known = &checkpoint.about.config;
            Config { length: length(options).unwrap_or(known.length), ..known.clone() }
        }
        None => config(options, &chosen, from.as_ref())?,
    };
    config.check().map_err(|error| Usage(error.to_string()))?;
    let processor = Processor::choose(options.device.device)?;
    let class_names = resumed.as_ref().map(|checkpoint| checkpoint.about.class_names.clone());
    let pack = Arc::new(chosen.pack(&Wanted { class_names, ..Wanted::of(&config) }, &control)?);
    if config.shape.classes > 0 {
        config.shape.classes = pack.class_names.len();
        if config.shape.classes == 0 && options.conditional {
            return Err(
                Usage("no sample has a label, so that --conditional has nothing to tell".to_owned()).into()
            );
        }
    }
    let mut printer = Printer { json: options.json, broken: false };
    printer.left_out(&chosen.left_out(&pack.left_out));
    let mut cadence = Cadence { pictures: 0, ..Cadence::of(&config, pack.training.len()) };
    if let Some(every) = options.checkpoint_every {
        cadence.checkpoint = every;
    }
    let start = match (resumed, from) {
        (Some(checkpoint), _) => Start::Resume(checkpoint.into()),
        (_, Some(checkpoint)) => Start::From(checkpoint.into()),
        _ => Start::New,
    };
    let request = Request {
        config: config.clone(),
        pack: pack.clone(),
        source: whole_path(&chosen.snapshot.dataset.source),
        processor,
        start,
        out: Some(options.out.clone()),
        cadence,
    };
    // From here on there are lines of its own, which a bar would be drawn over.
    drop(meter);
    let ended = train(request, &control, &mut |event| {
        printer.event(&event, &config, &pack);
        if printer.broken {
            // Nobody reads any more: what was learned is kept.
            control.cancel();
        }
    })?;
    printer.line(&end(&ended));
    match ended.why {
        Why::Diverged(sentence) => Err(anyhow!(sentence)),
        Why::Completed => Ok(()),
        Why::Stopped => {
            let step = ended.checkpoint.about.step;
            if interrupt::happened() {
                let kept = ended.path.unwrap_or_else(|| options.out.clone());
                let text = format!(
                    "interrupted at step {step}, which is kept; --resume goes on from there: {}",
                    kept.display()
                );
                return Err(Interrupted(text).into());
            }
            Err(anyhow!(
                "nobody reads the output any more, so that it stopped at step {step}; --resume goes on"
            ))
        }
    }
}

/// Refuses a folder that something is in already, unless the run goes on there.
fn check_folder(options: &TrainOptions) -> anyhow::Result<()> {
    let out = &options.out;
    if out.is_file() {
        bail!("this is a file; name a folder: {}", out.display());
    }
    if options.resume && checkpoint::is_one(out) {
        bail!("this is a checkpoint; to go on from it name the folder of its run: {}", out.display());
    }
    // What an interrupted run left of its first checkpoint is nothing to lose.
    let is_other = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| !checkpoint::is_part(&entry.file_name()))
    };
    let is_taken = std::fs::read_dir(out).is_ok_and(|entries| entries.into_iter().any(is_other));
    if is_taken && !options.resume {
        let hint = match checkpoint::is_there(out) {
            true => "there is a run here already; add --resume to go on with it, or choose another folder",
            false => "something is in this folder already; choose another",
        };
        bail!("{hint}: {}", out.display());
    }
    Ok(())
}

fn length(options: &TrainOptions) -> Option<Length> {
    options.epochs.map(Length::Epochs).or(options.steps.map(Length::Steps))
}

/// The settings. Of the model and its pictures: what is written, else what the model that it begins with has,
/// else what suits the pictures; of the training, what is written or its default.
fn config(options: &TrainOptions, chosen: &Chosen, from: Option<&Checkpoint>) -> anyhow::Result<Config> {
    let known = from.map(|checkpoint| &checkpoint.about.config);
    let (snapshot, reader, samples) = (&chosen.snapshot, &chosen.reader, &chosen.samples);
    let size = options.size.or(known.map(|known| known.shape.size));
    let size = size.unwrap_or_else(|| suggest::size_for(snapshot, reader, samples));
    let channels = match options.channels {
        ChannelsName::Grey => Channels::Grey,
        ChannelsName::Colour => Channels::Colour,
        ChannelsName::Auto => known
            .map(|known| known.shape.channels)
            .unwrap_or_else(|| suggest::channels_for(snapshot, reader, samples)),
    };
    let mut config = Config::preset(size, channels);
    if let Some(known) = known {
        config.shape = crate::train::config::Shape { size, channels, ..known.shape.clone() };
    }
    let shape = &mut config.shape;
    shape.latent = options.latent.unwrap_or(shape.latent);
    shape.width = options.width.unwrap_or(shape.width);
    shape.depth = options.depth.unwrap_or(shape.depth);
    shape.likelihood = options.likelihood.unwrap_or(shape.likelihood);
    // As many as there are, which is known once the samples are packed.
    shape.classes = usize::from(options.conditional || shape.classes > 0);
    config.beta = options.beta;
    config.warm_up_steps = options.warm_up;
    config.batch = options.batch.unwrap_or(config.batch);
    config.learning_rate = options.learning_rate;
    config.seed = options.seed;
    config.fit = options.fit.or(known.map(|known| known.fit)).unwrap_or(config.fit);
    config.sampling = if options.balanced { Sampling::Balanced } else { Sampling::Each };
    config.augmentation = match &options.augment {
        Some(name) => {
            let (pipeline, notes) = read_named(name).map_err(Usage)?;
            notes.iter().for_each(|note| eprintln!("{note}"));
            Some(write(&pipeline, Format::Lenslet).0)
        }
        None => None,
    };
    config.held_out = held_out(options, chosen)?;
    config.length = length(options).unwrap_or(config.length);
    config.freeze = match options.freeze {
        None => Freeze::Nothing,
        Some(FreezeName::Encoder) => Freeze::Encoder,
        Some(FreezeName::Decoder) => Freeze::Decoder,
    };
    Ok(config)
}

fn held_out(options: &TrainOptions, chosen: &Chosen) -> Result<HeldOut, Usage> {
    let dataset = &chosen.snapshot.dataset;
    let Some(written) = &options.held_out else {
        return Ok(suggest::held_out_for(&chosen.snapshot, &chosen.samples));
    };
    let names: Vec<String> = written.split(',').map(|name| name.trim().to_owned()).collect();
    // Folds are splits whose names are numbers.
    let are_splits = names.iter().all(|name| dataset.split_names.contains(name));
    if let (false, Ok(share)) = (are_splits, written.parse()) {
        return Ok(HeldOut::Share(share));
    }
    match names.iter().find(|name| !dataset.split_names.contains(name)) {
        Some(name) => Err(Usage(format!(
            "“{name}” is neither a share nor a split of the dataset, which has {}",
            if dataset.split_names.is_empty() { "none".to_owned() } else { dataset.split_names.join(", ") }
        ))),
        None => Ok(HeldOut::Splits(names)),
    }
}

fn end(ended: &Ended) -> Line<'_> {
    Line::End {
        why: match ended.why {
            Why::Completed => "completed",
            Why::Stopped => "stopped",
            Why::Diverged(_) => "diverged",
        },
        step: ended.checkpoint.about.step,
        held_out_elbo: ended.held_out.as_ref().map(|report| report.figures.elbo()),
        samples_per_sec: ended.samples_per_sec,
        secs: ended.secs,
        checkpoint: ended.path.as_deref(),
    }
}

/// Prints lines as they come.
struct Printer {
    json: bool,
    /// The reader of a pipe stopped reading.
    broken: bool,
}

impl Printer {
    fn event(&mut self, event: &Event, config: &Config, pack: &crate::train::pack::Pack) {
        match event {
            Event::Began(began) => self.line(&Line::Begin {
                device: &began.device,
                parameters: began.parameters,
                step: began.step,
                steps: began.steps,
                training: began.training_rows,
                held_out: began.held_out_rows,
                left_out: pack.left_out.len(),
                size: pack.size,
                channels: pack.channels.count(),
                data: &pack.fingerprint,
                unfit: began.unfit.iter().map(ToString::to_string).collect(),
                config,
            }),
            Event::Step(report) => self.line(&Line::Step {
                step: report.step,
                epoch: report.epoch,
                loss: report.figures.reconstruction + f64::from(report.beta) * report.figures.divergence,
                reconstruction: report.figures.reconstruction,
                kl: report.figures.divergence,
                elbo: report.figures.elbo(),
                kl_by_dimension: &report.by_dimension,
                beta: report.beta,
                samples_per_sec: report.samples_per_sec,
                secs: report.secs,
                left_secs: report.left_secs,
            }),
            Event::HeldOut(report) => self.line(&Line::HeldOut {
                step: report.step,
                samples: report.rows,
                reconstruction: report.figures.reconstruction,
                kl: report.figures.divergence,
                elbo: report.figures.elbo(),
                kl_by_dimension: &report.by_dimension,
            }),
            Event::Saved { step, path } => self.line(&Line::Checkpoint { step: *step, path }),
            Event::Notice(text) => self.line(&Line::Notice { text }),
            Event::Reconstructions { .. } | Event::Sheet { .. } => {}
        }
    }

    /// Samples that could not be read: a line of JSON each, or the first few for a person.
    fn left_out(&mut self, left_out: &[LeftOutRow]) {
        if !self.json {
            return self.written(|out| print_left_out(left_out, out));
        }
        for row in left_out {
            self.line(&Line::LeftOut { path: &row.path, message: &row.message });
        }
    }

    fn line(&mut self, line: &Line<'_>) {
        let json = self.json;
        self.written(|out| match json {
            true => serde_json::to_writer(&mut *out, line)
                .map_err(std::io::Error::from)
                .and_then(|()| writeln!(out)),
            false => print(line, out),
        });
    }

    fn written(&mut self, write: impl FnOnce(&mut BufWriter<StdoutLock<'_>>) -> std::io::Result<()>) {
        let mut out = BufWriter::new(std::io::stdout().lock());
        self.broken |= write(&mut out).and_then(|()| out.flush()).is_err();
    }
}

/// A line for a person.
fn print(line: &Line<'_>, out: &mut impl Write) -> std::io::Result<()> {
    match line {
        Line::Begin { device, parameters, step, steps, training, held_out, size, unfit, .. } => {
            writeln!(
                out,
                "{} parameters · {size} px · {} to train on, {} held out · {device}",
                grouped(*parameters),
                counted(*training as u64, "sample"),
                grouped(*held_out as u64)
            )?;
            if *step > 0 {
                writeln!(out, "goes on from step {step} of {steps}")?;
            }
            if !unfit.is_empty() {
                writeln!(out, "does not fit and begins anew: {}", unfit.join(", "))?;
            }
            Ok(())
        }
        Line::Step { step, epoch, reconstruction, kl, elbo, samples_per_sec, .. } => writeln!(
            out,
            "step {step:>7}  epoch {epoch:>4}  ELBO {elbo:>10.3}  reconstruction {reconstruction:>10.3}  \
             KL {kl:>8.3}  {samples_per_sec:>7.0} samples/s"
        ),
        Line::HeldOut { step, samples, reconstruction, kl, elbo, .. } => writeln!(
            out,
            "step {step:>7}  held out    ELBO {elbo:>10.3}  reconstruction {reconstruction:>10.3}  \
             KL {kl:>8.3}  of {}",
            counted(*samples as u64, "sample")
        ),
        Line::Checkpoint { step, path } => writeln!(out, "step {step:>7}  saved {}", path.display()),
        Line::Notice { text } => writeln!(out, "{text}"),
        Line::LeftOut { path, message } => writeln!(out, "left out: {path}: {message}"),
        Line::End { why, step, held_out_elbo, samples_per_sec, secs, .. } => {
            write!(out, "{why} at step {step} after {secs:.1} s, {samples_per_sec:.0} samples/s")?;
            match held_out_elbo {
                Some(elbo) => writeln!(out, ", held-out ELBO {elbo:.3} nats per sample"),
                None => writeln!(out),
            }
        }
    }
}
