//! The model beside the person: when it is asked to learn, and what it came to.
//!
//! It learns while labels are given, in the panel Label or by keys in lists. It refuses to know how.

use std::sync::Arc;

use super::Proposals;
use super::sight::Sight;
use crate::dataset::query::Bitmask;
use crate::dataset::{Labels, SampleId};
use crate::pipeline::learning;
use crate::review::Analysed;
use crate::state::Effect;
use crate::state::session::Session;

/// Why a model proposes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoModel {
    /// It learns on the descriptions and neighbours that an analysis finds.
    NotAnalysed,
    /// There are fewer than [`Proposals::FIRST_ANSWERS`], or of one class alone.
    TooFewAnswers,
}

/// How the model stands.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Samples that were asked about by chance alone: their answers tell how good proposals are.
    pub chance: Arc<Bitmask>,
    /// Why there are no proposals, where it was asked.
    pub why: Option<NoModel>,
    asked: u64,
    answered: u64,
    /// Number of the last question for labels that spread.
    spread: u64,
    /// What the model sees pictures by.
    pub sight: Sight,
    ground: Option<Ground>,
}

/// What the model learns from, while it is the same.
#[derive(Clone, Debug)]
struct Ground {
    labels: Arc<Labels>,
    identities: Arc<Vec<String>>,
    analysed: Option<Arc<Analysed>>,
    /// Where a trained model describes the pictures.
    seen: Option<Arc<learning::Ground>>,
}

impl Ground {
    fn is_same(&self, other: &Self) -> bool {
        let analysed = match (&self.analysed, &other.analysed) {
            (Some(one), Some(two)) => Arc::ptr_eq(&one.near, &two.near),
            (one, two) => one.is_none() && two.is_none(),
        };
        Arc::ptr_eq(&self.labels, &other.labels)
            && Arc::ptr_eq(&self.identities, &other.identities)
            && self.seen.as_ref().map(Arc::as_ptr) == other.seen.as_ref().map(Arc::as_ptr)
            && analysed
    }
}

impl Default for Lesson {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Lesson {
    /// Its questions are numbered on from here.
    pub(in crate::state) fn new(first_question: u64) -> Self {
        let (asked, answered) = (first_question, first_question);
        let (chance, spread) = (Arc::new(Bitmask::empty(0)), first_question);
        let sight = Sight::new(first_question);
        Self { chance, why: None, asked, answered, spread, sight, ground: None }
    }

    pub fn is_answered(&self) -> bool {
        self.asked == self.answered && self.sight.is_answered()
    }

    /// The number of another question for labels that spread.
    pub(super) fn ask_spread(&mut self) -> u64 {
        self.spread += 1;
        self.spread
    }

    /// Whether this is the number of the last one.
    pub(super) fn is_spread(&self, generation: u64) -> bool {
        generation == self.spread
    }
}

impl Session {
    /// Asks the model to learn, where labels are given and are others than it knows.
    pub(in crate::state) fn ask_lesson(&mut self) -> Option<Effect> {
        if !self.labeller.is_on && self.labeller.shown.is_none() {
            return None;
        }
        let ground = Ground {
            labels: self.snapshot.labels().clone(),
            identities: self.snapshot.in_force.identities.clone(),
            analysed: self.review.analysed.clone(),
            seen: self.labeller.lesson.sight.ground().cloned(),
        };
        let lesson = &mut self.labeller.lesson;
        if lesson.ground.as_ref().is_some_and(|before| before.is_same(&ground)) {
            return None;
        }
        let is_described = ground.analysed.is_some() || ground.seen.is_some();
        lesson.ground = Some(ground);
        if !is_described {
            lesson.why = Some(NoModel::NotAnalysed);
            return None;
        }
        lesson.asked += 1;
        Some(Effect::Learn { generation: lesson.asked })
    }

    /// Takes in what a model came to. While answers come fast each is newer than what is known, if not the newest.
    pub(in crate::state) fn learned(&mut self, generation: u64, found: Result<Arc<Proposals>, NoModel>) {
        let lesson = &mut self.labeller.lesson;
        if generation <= lesson.answered || generation > lesson.asked {
            return;
        }
        lesson.answered = generation;
        lesson.why = found.as_ref().err().copied();
        self.labeller.proposals = found.ok();
    }

    /// Notes that a sample was asked about by chance alone, where its queue brought it so.
    pub(super) fn note_chance(&mut self, sample: SampleId) {
        if !self.labeller.walk.is_by_chance(sample) || self.labeller.lesson.chance.contains(sample as usize) {
            return;
        }
        let mut chance = Bitmask::clone(&self.labeller.lesson.chance);
        chance.resize(self.snapshot.len());
        chance.set(sample as usize, true);
        self.labeller.lesson.chance = Arc::new(chance);
    }
}
