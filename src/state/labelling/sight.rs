//! What the model beside the person sees pictures by: the description made by hand, or a trained model's encoder.
//!
//! Another choice counts from when all pictures are described by it; until then proposals stay as they are. Where it
//! cannot be had, the description made by hand counts again. This file refuses to know how pictures are described.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::pipeline::learning::Ground;
use crate::state::gestures::Answer as Told;
use crate::state::session::Session;
use crate::state::{Effect, Level};

/// What the model sees by, and how far that is.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// The folder of a trained model; `None` is the description made by hand.
    chosen: Option<PathBuf>,
    /// The pictures as a trained model describes them.
    ground: Option<Arc<Ground>>,
    /// Whether there is something to describe that is not asked for yet.
    is_stale: bool,
    asked: u64,
    answered: u64,
}

impl Sight {
    /// One whose questions are numbered on from here.
    pub(super) fn new(first_question: u64) -> Self {
        Self { asked: first_question, answered: first_question, ..Self::default() }
    }

    /// The folder of the trained model that was chosen.
    pub fn chosen(&self) -> Option<&Path> {
        self.chosen.as_deref()
    }

    /// The pictures as the chosen model describes them; `None` where they are described by hand.
    pub fn ground(&self) -> Option<&Arc<Ground>> {
        self.ground.as_ref()
    }

    pub fn is_answered(&self) -> bool {
        self.asked == self.answered
    }

    /// Chooses, in an earlier run of the program perhaps.
    pub(in crate::state) fn choose(&mut self, run: Option<PathBuf>) {
        self.is_stale = run.is_some();
        if run.is_none() {
            // No answer fits any more.
            self.asked += 1;
            (self.answered, self.ground) = (self.asked, None);
        }
        self.chosen = run;
    }

    /// Notes that samples came or changed.
    pub(in crate::state) fn samples_changed(&mut self) {
        self.is_stale = self.chosen.is_some();
    }

    /// Notes that training wrote a checkpoint: the chosen model may know more by it.
    pub(in crate::state) fn model_learned(&mut self, checkpoint: &Path) {
        let is_it = self.chosen.is_some() && self.chosen.as_deref() == checkpoint.parent();
        self.is_stale |= is_it;
    }
}

impl Session {
    /// Chooses what the model sees by.
    pub(super) fn see_by(&mut self, run: Option<PathBuf>) -> Told {
        let sight = &mut self.labeller.lesson.sight;
        if sight.chosen == run {
            return Told::default();
        }
        let ends = run.is_none();
        sight.choose(run);
        self.labeller.walk.is_stale = true;
        (if ends { vec![Effect::EndDescribing] } else { Vec::new() }, None)
    }

    /// Asks for descriptions by the chosen model, where labels are given and there are none as things stand now.
    pub(in crate::state) fn ask_sight(&mut self) -> Option<Effect> {
        let is_used = self.labeller.is_on || self.labeller.shown.is_some();
        let sight = &mut self.labeller.lesson.sight;
        if !is_used || !sight.is_stale {
            return None;
        }
        let run = sight.chosen.clone()?;
        sight.is_stale = false;
        sight.asked += 1;
        Some(Effect::Describe { generation: sight.asked, run })
    }

    /// Takes in the pictures as the chosen model describes them, or why there are no such descriptions.
    pub(in crate::state) fn described(
        &mut self,
        generation: u64,
        found: Result<Arc<Ground>, (Level, String)>,
    ) -> Told {
        let sight = &mut self.labeller.lesson.sight;
        if generation != sight.asked || sight.is_answered() {
            return Told::default();
        }
        sight.answered = generation;
        // A queue may go by descriptions alone.
        self.labeller.walk.is_stale = true;
        match found {
            Ok(ground) => {
                sight.ground = Some(ground);
                Told::default()
            }
            Err(told) => {
                sight.choose(None);
                (Vec::new(), Some(told))
            }
        }
    }
}
