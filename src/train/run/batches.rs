//! Which samples each step is of, in which order and with which noise: all of it follows from seed and step.
//!
//! A sample that is augmented is the variant that a preview and an export make of the seed, its path and a
//! number: the epoch where each sample is seen once in one, and where classes are balanced the epoch times as
//! often as any is seen in it, and the times that this one was seen before.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::augment::cpu::{self, Others};
use crate::augment::fuse::fused_from;
use crate::augment::pipeline::{Pipeline, Variant};
use crate::augment::stage::Size;
use crate::media::Raster;
use crate::pipeline::augmented::{brought_to, picture_of};
use crate::train::config::{Config, Sampling};
use crate::train::pack::{CacheError, Pack};
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

/// The rows of an epoch.
pub struct Epoch {
    number: u64,
    /// In their order.
    pub rows: Vec<u32>,
    /// The variant that each is made into, where samples are augmented.
    pub variants: Vec<u32>,
}

impl Plan {
    /// The batches from a step on, or why there is no further one.
    pub fn batches(self, first: u64) -> impl Iterator<Item = Result<Prepared, CacheError>> {
        let mut epoch: Option<Epoch> = None;
        (first..self.steps).map(move |step| {
            let per_epoch = self.config.steps_per_epoch(self.pack.training.len());
            let (number, place) = (step / per_epoch, (step % per_epoch) as usize);
            let epoch = match &mut epoch {
                Some(known) if known.number == number => known,
                other => other.insert(self.epoch(number)),
            };
            let start = place * self.config.batch;
            let range = start..epoch.rows.len().min(start + self.config.batch);
            self.prepared(step, &epoch.rows[range.clone()], &epoch.variants[range])
        })
    }

    /// The rows of an epoch, and which variants they become.
    pub fn epoch(&self, number: u64) -> Epoch {
        let rows = self.order(number);
        let mut seen: HashMap<u32, u32> = HashMap::new();
        let turn = |row: &u32| {
            let seen = seen.entry(*row).or_default();
            *seen += 1;
            *seen - 1
        };
        let turns: Vec<u32> = match self.config.sampling {
            Sampling::Each => vec![0; rows.len()],
            Sampling::Balanced => rows.iter().map(turn).collect(),
        };
        // As often in every epoch: classes have the same shares of each.
        let most = turns.iter().max().map_or(1, |most| most + 1);
        let first = (number as u32).wrapping_mul(most);
        let variants = turns.into_iter().map(|turn| first.wrapping_add(turn)).collect();
        Epoch { number, rows, variants }
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

    fn prepared(&self, step: u64, rows: &[u32], variants: &[u32]) -> Result<Prepared, CacheError> {
        let mut stream = Stream::new(self.config.seed, step, Purpose::Noise);
        let length = self.config.shape.piece(self.config.batch).max(1);
        let mut pieces = Vec::with_capacity(rows.len().div_ceil(length));
        for (rows, variants) in rows.chunks(length).zip(variants.chunks(length)) {
            let bytes = match &self.pipeline {
                Some(pipeline) => self.augmented(pipeline, rows, variants)?,
                None => self.pack.gathered(rows)?,
            };
            pieces.push(Piece {
                pixels: bytes.into_iter().map(part).collect(),
                classes: self.pack.classes_of(rows),
                noise: stream.normal_vec(rows.len() * self.config.shape.latent),
            });
        }
        Ok(Prepared { pieces })
    }

    /// These variants of these rows.
    fn augmented(&self, pipeline: &Pipeline, rows: &[u32], variants: &[u32]) -> Result<Vec<u8>, CacheError> {
        let shape = &self.config.shape;
        let (size, channels) = ([shape.size as u32; 2], shape.channels.count() as u8);
        let variant = |(row, number): (&u32, &u32)| -> Result<Vec<u8>, CacheError> {
            let data = self.pack.row(*row)?.into_owned();
            let own = Raster { width: size[0], height: size[1], channels, data };
            let variant =
                Variant { seed: self.config.seed, sample: self.pack.keys[*row as usize], number: *number };
            let plan = pipeline.plan(variant, picture_of(&own));
            let partners = Partners { plan: self, own: *row, failed: OnceLock::new() };
            let made = cpu::run(&fused_from(plan.before, plan.stages), own, &partners);
            match partners.failed.into_inner() {
                Some(error) => Err(error),
                // Whatever size it became, the model learns from one size.
                None => Ok(brought_to(&made, size, channels).data),
            }
        };
        let made: Result<Vec<Vec<u8>>, CacheError> = rows.par_iter().zip(variants).map(variant).collect();
        Ok(made?.concat())
    }
}

/// Samples that are mixed in are others that are trained on.
struct Partners<'a> {
    plan: &'a Plan,
    own: u32,
    /// Why one could not be had.
    failed: OnceLock<CacheError>,
}

impl Others for Partners<'_> {
    fn partner(&self, number: u32, size: Size, channels: u8) -> Option<Raster> {
        let Plan { pack, config, .. } = self.plan;
        let training = &pack.training;
        let at = ((u64::from(number) * training.len() as u64) >> 32) as usize;
        let other = match *training.get(at)? {
            // Not the sample itself, unless there is no other.
            own if own == self.own => training[(at + 1) % training.len()],
            other => other,
        };
        let data = match pack.row(other) {
            Ok(data) => data.into_owned(),
            Err(error) => {
                let _ = self.failed.set(error);
                return None;
            }
        };
        let edge = config.shape.size as u32;
        let other = Raster::new(edge, edge, config.shape.channels.count() as u8, data)?;
        Some(brought_to(&other, size, channels))
    }
}

/// A value as a part of 255.
fn part(value: u8) -> f32 {
    f32::from(value) / 255.0
}
