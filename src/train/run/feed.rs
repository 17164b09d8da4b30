//! What a run told and nobody took yet, for somebody who looks now and then.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Began, Event, HeldOutReport, StepReport};
use crate::train::score::Pictures;

/// What a run told and nobody took yet, in bounded memory: of losses the newest [`Feed::LOSSES`], of
/// pictures the newest, of sentences the newest [`Feed::NOTICES`].
#[derive(Clone, Debug, Default)]
pub struct Feed(Arc<Mutex<Told>>);

/// What a [`Feed`] holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    pub began: Option<Began>,
    pub steps: VecDeque<StepReport>,
    pub held_out: VecDeque<HeldOutReport>,
    pub reconstructions: Option<(u64, Pictures, Pictures)>,
    pub sheet: Option<(u64, Pictures)>,
    pub saved: Option<(u64, PathBuf)>,
    pub notices: VecDeque<String>,
}

impl Feed {
    pub const LOSSES: usize = 4096;
    pub const NOTICES: usize = 64;

    /// All that is new.
    pub fn take(&self) -> Told {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn post(&self, event: Event) {
        fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
            if queue.len() >= most {
                queue.pop_front();
            }
            queue.push_back(item);
        }
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Began(began) => told.began = Some(began),
            Event::Step(report) => push(&mut told.steps, report, Self::LOSSES),
            Event::HeldOut(report) => push(&mut told.held_out, report, Self::LOSSES),
            Event::Reconstructions { step, originals, returned } => {
                told.reconstructions = Some((step, originals, returned));
            }
            Event::Sheet { step, pictures } => told.sheet = Some((step, pictures)),
            Event::Saved { step, path } => told.saved = Some((step, path)),
            Event::Notice(text) => push(&mut told.notices, text, Self::NOTICES),
        }
    }
}
