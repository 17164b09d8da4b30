//! A plan from the distribution of classes that there is to the one that is wanted, and splits dealt anew.
//!
//! A [`Target`] says how many samples each class is to have; [`plan`] reaches for it by the [`Means`] that are
//! switched on, in this order: near-copies go, samples go by chance, samples are repeated or get variants, and what
//! is still uneven is weighed. [`resplit`](resplit()) deals samples to splits. Formulas and sources are in
//! `docs/balance.md`.
//!
//! Slices in, plain data out: the same input and seed give the same plan on any machine and any number of threads.
//! Chance is [`Key`]'s, by the seed and the sample's path, so that no draw depends on what else is there. This room
//! refuses to know files, threads and the user interface.

mod fill;
mod missed;
mod redundancy;
mod remove;
pub mod resplit;
mod rounding;
pub mod target;
#[cfg(test)]
mod tests;
pub mod weights;

use serde::Serialize;

pub use missed::Missed;
pub use redundancy::{Redundant, redundant};
pub use resplit::{ClassShare, Resplit, resplit};
pub use target::{Target, Total};
pub use weights::Weighting;

use crate::analysis::hamming::Pair;
use crate::augment::random::Key;
use crate::dataset::{Labels, SampleId};
use crate::jobs::{Cancelled, Control};

/// The part of a sample that is not there at all: gone, or pruned by a decision.
pub const ABSENT: u32 = u32::MAX;
/// The part of a sample that the plan leaves as it is: one of a held-out split.
pub const UNTOUCHED: u32 = u32::MAX - 1;

/// The samples of a plan, one element for each row of the dataset. Each part is balanced by itself, which is how a
/// repeated sample stays in its split.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    pub labels: &'a Labels,
    /// The part that each sample is in: below `parts`, [`UNTOUCHED`] or [`ABSENT`].
    pub part_of: &'a [u32],
    pub parts: usize,
    /// Says which sample it is on any machine: [`sample_key`](crate::augment::random::sample_key).
    pub keys: &'a [u64],
    /// Samples that stay whatever the plan says; rows beyond do not.
    pub is_fixed: &'a [bool],
    /// What hangs near-duplicates together, closest first: the edges of a
    /// [`Forest`](crate::analysis::groups::Forest) up to the threshold in force.
    pub edges: &'a [Pair],
    /// Of near-duplicates the one with the lowest number stays; rows beyond come last.
    pub rank: &'a [u32],
}

/// What a plan may do, in the order in which it is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Means {
    /// Samples of a class that is too large go while a near-copy of the same labels stays, nearest first.
    pub prune: bool,
    /// Samples of a class that is too large go by chance.
    pub undersample: bool,
    /// Samples of a class that is too small are there more than once.
    pub fill: Option<Fill>,
    /// Samples are weighed.
    pub weights: Option<Weighting>,
}

/// What the further copies of a sample are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// The sample again.
    Repeats,
    /// Variants of it that a pipeline of augmentations makes.
    Variants,
}

impl Means {
    /// Whether samples can go.
    pub fn removes(self) -> bool {
        self.prune || self.undersample
    }

    /// The total that these means can reach: of all samples where classes shrink and grow, the smallest at which
    /// none has to grow where they only shrink, the largest at which none has to shrink where they only grow.
    pub fn usual_total(self) -> Total {
        match (self.removes(), self.fill.is_some()) {
            (true, false) => Total::Smallest,
            (false, true) => Total::Largest,
            _ => Total::Keep,
        }
    }
}

/// What becomes of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was not there before.
    Absent,
    Stays,
    /// It goes, and a near-copy stays in its place; none does where undersampling took that one after it.
    Pruned {
        kept: Option<SampleId>,
        /// The distance at which it hangs together with that one.
        distance: u16,
    },
    /// It goes by chance.
    Undersampled,
}

/// What a plan does to one class of one part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ClassPlan {
    pub before: u64,
    pub wanted: u64,
    pub pruned: u64,
    pub undersampled: u64,
    /// Samples that stay, each once.
    pub kept: u64,
    /// The same with their repeats or variants.
    pub after: u64,
    /// What each of its samples weighs at least; 1 without weights.
    pub weight: f64,
    /// How many of this class come in the mean when as many samples are drawn by weight as there are after.
    pub drawn: f64,
}

impl ClassPlan {
    /// Whether the means do not reach what is wanted.
    pub fn is_missed(&self) -> bool {
        self.after != self.wanted
    }
}

/// What becomes of each sample, one element for each row, and of each class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub fates: Vec<Fate>,
    /// How often a sample is there: 0 where it is not.
    pub copies: Vec<u32>,
    /// The mean over the copies of each part is 1; 0 where a sample is not there.
    pub weights: Vec<f64>,
    /// The classes of the first part, of the second, and so on.
    pub classes: Vec<ClassPlan>,
}

/// Works out a plan. `wanted` has one count for each class of each part, the parts one after the other. A sample with
/// several labels counts in each of its classes: it goes only while all of them are above what is wanted, and is
/// repeated as often as the one that needs it most. An unlabelled one stays once.
pub fn plan(
    pool: &Pool<'_>,
    wanted: &[u64],
    means: Means,
    seed: u64,
    control: &Control,
) -> Result<Plan, Cancelled> {
    let mut work = Work::new(pool, wanted);
    let before = work.counts.clone();
    control.checkpoint()?;
    if means.prune {
        work.prune();
        control.checkpoint()?;
    }
    if means.undersample {
        work.undersample(seed);
        control.checkpoint()?;
    }
    work.settle_kept(control)?;
    let copies = match means.fill {
        Some(_) => work.filled(seed),
        None => work.once(),
    };
    control.checkpoint()?;
    let weights = weights::of_samples(pool, &copies, wanted, means.weights);
    let classes = work.classes(&before, &copies, &weights);
    Ok(Plan { fates: work.fates, copies, weights, classes })
}

impl Plan {
    /// The samples that are there, ascending.
    pub fn staying(&self) -> Vec<SampleId> {
        let there = self.copies.iter().enumerate().filter(|(_, copies)| **copies > 0);
        there.map(|(row, _)| row as SampleId).collect()
    }
}

impl Pool<'_> {
    /// Number of classes of each part.
    pub fn class_count(&self) -> usize {
        self.labels.classes.len()
    }

    /// The part of a sample that the plan can change.
    fn part(&self, row: usize) -> Option<usize> {
        let part = self.part_of[row] as usize;
        (part < self.parts).then_some(part)
    }

    /// A sample's classes as places among the classes of all parts; none where the plan cannot change it.
    fn slots(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let part = self.part(row);
        let classes = if part.is_some() { self.labels.get(row as SampleId) } else { &[] };
        let first = part.unwrap_or(0) * self.class_count();
        classes.iter().map(move |class| first + *class as usize)
    }

    /// How many samples of each class each part has.
    pub fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.parts * self.class_count()];
        for row in 0..self.part_of.len() {
            self.slots(row).for_each(|slot| counts[slot] += 1);
        }
        counts
    }
}

/// What a draw is for: each purpose has numbers of its own.
#[derive(Clone, Copy)]
enum Purpose {
    Undersample = 0x756e_6465,
    Repeat = 0x7265_7065,
    Split = 0x7370_6c69,
}

/// A sample's number for a purpose, uniform over all 64 bits.
fn luck(seed: u64, sample: u64, purpose: Purpose) -> u64 {
    Key::new(seed, sample, purpose as u32).draw().bits()
}

/// A plan while it is worked out.
struct Work<'a> {
    pool: &'a Pool<'a>,
    wanted: &'a [u64],
    /// Samples that still stay, by class.
    counts: Vec<u64>,
    fates: Vec<Fate>,
}

impl<'a> Work<'a> {
    fn new(pool: &'a Pool<'a>, wanted: &'a [u64]) -> Self {
        let fate = |part: &u32| if *part == ABSENT { Fate::Absent } else { Fate::Stays };
        Self { pool, wanted, counts: pool.counts(), fates: pool.part_of.iter().map(fate).collect() }
    }

    fn stays(&self, row: usize) -> bool {
        self.fates[row] == Fate::Stays
    }

    /// Every sample that stays once.
    fn once(&self) -> Vec<u32> {
        self.fates.iter().map(|fate| u32::from(*fate == Fate::Stays)).collect()
    }

    fn classes(&self, before: &[u64], copies: &[u32], weights: &[f64]) -> Vec<ClassPlan> {
        let row = |(before, wanted): (&u64, &u64)| ClassPlan {
            before: *before,
            wanted: *wanted,
            weight: f64::INFINITY,
            ..ClassPlan::default()
        };
        let mut classes: Vec<ClassPlan> = before.iter().zip(self.wanted).map(row).collect();
        for (row, fate) in self.fates.iter().enumerate() {
            for slot in self.pool.slots(row) {
                let class = &mut classes[slot];
                match fate {
                    Fate::Absent => {}
                    Fate::Pruned { .. } => class.pruned += 1,
                    Fate::Undersampled => class.undersampled += 1,
                    Fate::Stays => {
                        class.kept += 1;
                        class.after += u64::from(copies[row]);
                        class.weight = class.weight.min(weights[row]);
                        class.drawn += f64::from(copies[row]) * weights[row];
                    }
                }
            }
        }
        classes.iter_mut().filter(|class| class.kept == 0).for_each(|class| class.weight = 0.0);
        classes
    }
}
