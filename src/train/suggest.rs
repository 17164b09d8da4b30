//! Settings that suit the samples, and how fast a processor is: what is known before anything was trained.
//!
//! This file refuses to know files and the user interface.

use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::config::{Channels, Config, HeldOut, Shape};
use super::model::{Loss, Model};
use super::pack::{NO_CLASS, has_colour, typical_side};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;
use crate::import::Reader;

/// The sides that pictures of unknown or large size come to, in pixels: learned in minutes.
const USUAL_SIDE: usize = 64;
const LEAST_SIDE: u32 = 16;

/// The size that suits samples, in pixels: their own where it is 16 to 64, else the nearer of the two.
pub fn size_for(snapshot: &Snapshot, reader: &Reader, samples: &[SampleId]) -> usize {
    match typical_side(snapshot, reader, samples) {
        Some(..LEAST_SIDE) => LEAST_SIDE as usize,
        Some(side) => USUAL_SIDE.min(side as usize),
        None => USUAL_SIDE,
    }
}

/// Grey where none of a few samples has a colour.
pub fn channels_for(snapshot: &Snapshot, reader: &Reader, samples: &[SampleId]) -> Channels {
    if has_colour(snapshot, reader, samples) { Channels::Colour } else { Channels::Grey }
}

/// What to hold out: the dataset's own splits beside `train`, where it has both; else a tenth.
pub fn held_out_for(snapshot: &Snapshot, samples: &[SampleId]) -> HeldOut {
    let dataset = &snapshot.dataset;
    let mut splits: Vec<String> = Vec::new();
    for split in samples.iter().filter_map(|sample| dataset.split(*sample)) {
        if !splits.iter().any(|known| known == split) {
            splits.push(split.to_owned());
        }
    }
    let has_training = splits.iter().any(|split| split == "train");
    splits.retain(|split| split != "train");
    splits.sort();
    // Of one split alone nothing can be held out.
    match has_training && !splits.is_empty() {
        true => HeldOut::Splits(splits),
        false => HeldOut::Share(0.1),
    }
}

/// All of these in one.
pub fn config_for(snapshot: &Snapshot, reader: &Reader, samples: &[SampleId]) -> Config {
    let size = size_for(snapshot, reader, samples);
    let mut config = Config::preset(size, channels_for(snapshot, reader, samples));
    config.held_out = held_out_for(snapshot, samples);
    config
}

/// Multiplications and additions a second that training does on the processor, measured on a small model
/// for a fraction of a second: [`Shape::cost`] times samples a second, roughly the same for any model.
pub fn processor_speed() -> f64 {
    /// Samples of a step, and how long to go on.
    const SAMPLES: usize = 64;
    const ENOUGH: Duration = Duration::from_millis(200);
    let shape = Shape::preset(28, Channels::Grey);
    let model = Model::new(&shape, 1, &Device::flex()).tracked(|_| true);
    let pixels = vec![0.5; SAMPLES * shape.values()];
    let batch = model.batch_of(pixels, &[NO_CLASS; SAMPLES]);
    let (mut steps, mut started) = (0u32, Instant::now());
    loop {
        let noise = model.latents(vec![0.1; SAMPLES * shape.latent]);
        let loss = Loss::of(&model, &batch, noise);
        let total = loss.total(1.0);
        drop(total.backward());
        match steps {
            // The first one makes room in memory.
            0 => started = Instant::now(),
            _ if started.elapsed() >= ENOUGH => break,
            _ => {}
        }
        steps += 1;
    }
    let samples = f64::from(steps) * SAMPLES as f64;
    samples / started.elapsed().as_secs_f64() * shape.cost() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_some_speed() {
        let speed = processor_speed();
        assert!(speed.is_finite() && speed > 1e6, "{speed}");
    }
}
