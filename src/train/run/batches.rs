//! Which samples each step is of, in which order and with which noise: all of it follows from seed and step.

use std::sync::Arc;

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
        let pieces = rows.chunks(self.config.shape.piece(self.config.batch)).map(|rows| Piece {
            pixels: rows
                .iter()
                .flat_map(|row| self.pack.row(*row))
                .map(|value| f32::from(*value) / 255.0)
                .collect(),
            classes: self.pack.classes_of(rows),
            noise: stream.normal_vec(rows.len() * self.config.shape.latent),
        });
        Prepared { pieces: pieces.collect() }
    }
}
