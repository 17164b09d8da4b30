//! The model beside a person who labels: a small head on descriptions that learns from every answer, proposes
//! classes for all other samples, says how sure it is, and which sample is best asked about next.
//!
//! ```text
//! Whitened ─▶ Features ─Graph─▶ smoothed ─┬─ Head::fit(answers) ─▶ Proposals ─▶ ghosts, pages, likely wrong
//!                                          ├─ HeldOut::of(answers) ─▶ temperature, error, curve
//!                                          └─ Queue::pick(strategy) ─▶ rows to ask about
//! ```
//!
//! Features are smoothed over the neighbour graph once ([`Features::smoothed`]): what a label says then reaches the
//! samples around it through a linear head alone. Measured against label propagation and mixtures of the two it was
//! as good or better at every number of answers, and a refit is a matter of milliseconds. Spreading labels themselves
//! is there as well ([`Graph::spread`]).
//!
//! Nothing here is written anywhere: a proposal is a number in a column until a person confirms it. This room refuses
//! to know files, the clock, and what a class is called. All of it is the same on any number of threads and on
//! any machine: sums have one order.

mod confirming;
mod features;
mod graph;
mod head;
mod held_out;
mod kernels;
mod linear;
mod queue;
mod random;
mod simulate;

pub use confirming::{Confirmed, Confirming, confirm};
pub use features::Features;
pub use graph::{Graph, Spread};
pub use head::{Head, Kind, Proposals, disagreements};
pub use held_out::{CurvePoint, Estimate, HeldOut, Tested, Trial, Trials, wilson};
pub use queue::{HONEST_EVERY, Pick, Queue, Strategy};
pub use simulate::{Point, Simulation, Task, simulate};

/// One class of one sample, as a person said it. A sample of several classes has an answer for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub row: u32,
    /// Counted from 0.
    pub class: u32,
    pub drawn: Drawn,
}

/// Why a sample was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// By chance alone: only such answers estimate an error, because those that a strategy chose are harder.
    AtRandom,
    /// A strategy or a person chose it.
    Chosen,
}

/// How a head is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What half the sum of squared weights costs beside the sum of the answers' losses, in nats.
    pub regularisation: f32,
    /// Steps of one fit at most. A fit goes on from the one before, so that few are enough after one answer.
    pub steps: usize,
    /// Answers that one fit is of at most; of more, those all over them.
    pub most: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { regularisation: 0.05, steps: 12, most: 2048 }
    }
}
