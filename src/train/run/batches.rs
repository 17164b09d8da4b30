//! Which samples each step is of, in which order and with which noise: all of it follows from seed and step.

use std::sync::Arc;

use rayon::prelude::*;

use crate::augment::cpu::{self, Others};
use crate::augment::fuse::fused_from;
use crate::augment::pipeline::{Pipeline, Variant};
use crate::augment::stage::Size;
use crate::media::Raster;
use crate::pipeline::augmented::{brought_to, picture_of};
use crate::train::config::{Config, Sampling};
use crate::train::pack::Pack;
use crate::train::random::{Purpose, Stream};

/// A batch, ready for the device.
pub struct Prepared {
    pub pieces: Vec<Piece>,
}

pub struct Piece {
    /// 0 to 1, `samples × values`.
    pub pixels: Vec<f32>,
    pub classes: Vec<u32>,
    /// `samples × latent`.
    pub noise: Vec<f32>,
}

impl Prepared {
    pub fn samples(&self) -> usize {
        self.pieces.iter().map(|piece| piece.classes.len()).sum()
    }
}

/// Which samples each step is of, and with which noise.
pub struct Plan {
    pub config: Config,
    pub pack: Arc<Pack>,
    pub steps: u64,
    /// What is done to samples before they are trained on.
    pub pipeline: Option<Pipeline>,
}

impl Plan {
    /// The batches from a step on.
    pub fn batches(self, first: u64) -> impl Iterator<Item = Prepared> {
        let mut epoch: Option<(u64, Vec<u32>)> = None;
        (first..self.steps).map(move |step| {
            let per_epoch = self.config.steps_per_epoch(self.pack.training.len());
            let (number, place) = (step / per_epoch, (step % per_epoch) as usize);
            let order = match &mut epoch {
                Some((known, order)) if *known == number => order,
                other => &mut other.insert((number, self.order(number))).1,
            };
            let start = place * self.config.batch;
            let rows = &order[start..order.len().min(start + self.config.batch)];
            self.prepared(step, rows)
        })
    }

    /// The rows of an epoch, in their order.
    pub fn order(&self, epoch: u64) -> Vec<u32> {
        let mut stream = Stream::new(self.config.seed, epoch, Purpose::Order);
        let training = &self.pack.training;
        let mut order = match self.config.sampling {
            Sampling::Each => training.clone(),
            Sampling::Balanced => {
                let mut classes: std::collections::BTreeMap<u32, Vec<u32>> = Default::default();
                for row in training {
                    classes.entry(self.pack.classes[*row as usize]).or_default().push(*row);
                }
                let (count, mut left) = (classes.len(), training.len());
                let mut order = Vec::with_capacity(left);
                for (at, rows) in classes.values_mut().enumerate() {
                    let share = left / (count - at);
                    left -= share;
                    stream.shuffle(rows);
                    order.extend(rows.iter().cycle().take(share));
                }
                order
            }
        };
        stream.shuffle(&mut order);
        order
    }

    fn prepared(&self, step: u64, rows: &[u32]) -> Prepared {
        let mut stream = Stream::new(self.config.seed, step, Purpose::Noise);
        let length = self.config.shape.piece(self.config.batch).max(1);
        let pieces = rows.chunks(length).enumerate().map(|(piece, rows)| Piece {
            pixels: match &self.pipeline {
                Some(pipeline) => self.augmented(pipeline, step, piece * length, rows),
                None => rows.iter().flat_map(|row| self.pack.row(*row)).map(|value| part(*value)).collect(),
            },
            classes: self.pack.classes_of(rows),
            noise: stream.normal_vec(rows.len() * self.config.shape.latent),
        });
        Prepared { pieces: pieces.collect() }
    }

    /// Variants of the rows at these places of a step, no two alike over the whole run.
    fn augmented(&self, pipeline: &Pipeline, step: u64, first: usize, rows: &[u32]) -> Vec<f32> {
        let shape = &self.config.shape;
        let batch = self.config.batch as u64;
        let (size, channels) = ([shape.size as u32; 2], shape.channels.count() as u8);
        let variant = |(place, row): (usize, &u32)| {
            let own =
                Raster { width: size[0], height: size[1], channels, data: self.pack.row(*row).to_vec() };
            let number = (step.wrapping_mul(batch) + (first + place) as u64) as u32;
            let variant = Variant { seed: self.config.seed, sample: u64::from(*row), number };
            let plan = pipeline.plan(variant, picture_of(&own));
            let made = cpu::run(&fused_from(plan.before, plan.stages), own, self);
            // Whatever size it became, the model learns from one size.
            brought_to(&made, size, channels).data
        };
        let made: Vec<Vec<u8>> = rows.par_iter().enumerate().map(variant).collect();
        made.iter().flatten().map(|value| part(*value)).collect()
    }
}

/// A value as a part of 255.
fn part(value: u8) -> f32 {
    f32::from(value) / 255.0
}

/// Samples that are mixed in are others that are trained on.
impl Others for Plan {
    fn partner(&self, number: u32, size: Size, channels: u8) -> Option<Raster> {
        let training = &self.pack.training;
        let at = ((u64::from(number) * training.len() as u64) >> 32) as usize;
        let data = self.pack.row(*training.get(at)?).to_vec();
        let edge = self.config.shape.size as u32;
        let other = Raster::new(edge, edge, self.config.shape.channels.count() as u8, data)?;
        Some(brought_to(&other, size, channels))
    }
}
