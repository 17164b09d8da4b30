//! What is decoded and drawn of a model, and how far that is.
//!
//! This file refuses to know what is looked at.

use std::sync::Arc;

use super::view::{Axes, ColourBy, DrawFrom};
use crate::analysis::scatter::Scatter;
use crate::gpu::cells::Cells;
use crate::gpu::points::Points;
use crate::train::latent::Plane;
use crate::train::score::Pictures;

/// A part of the panel that is decoded by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// What is under the pointer: the first to be served.
    Pointer,
    /// The moment of a walk.
    Moment,
    Strip,
    Sheet,
    Drawn,
}

impl Slot {
    pub const ALL: [Self; 5] = [Self::Pointer, Self::Moment, Self::Strip, Self::Sheet, Self::Drawn];
}

/// Latents to decode, and the class that each is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latents {
    /// `latent` numbers of each.
    pub numbers: Arc<Vec<f32>>,
    pub classes: Arc<Vec<u32>>,
}

/// Draws that were accepted, with where they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    pub latents: Latents,
    /// The place of each in the draw.
    pub numbers: Vec<usize>,
    pub from: DrawFrom,
    pub seed: u64,
}

/// Decoded pictures, here or on the graphics device.
#[derive(Clone, Debug)]
pub enum Made {
    Here(Arc<Pictures>),
    /// A sheet of which several cells show the same picture: the number of that in each cell.
    Coarse {
        pictures: Arc<Pictures>,
        shown: Arc<Vec<u32>>,
    },
    OnDevice(Arc<Cells>),
}

impl PartialEq for Made {
    /// Whether they are the very same.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Here(one), Self::Here(two)) => Arc::ptr_eq(one, two),
            (Self::Coarse { pictures: one, .. }, Self::Coarse { pictures: two, .. }) => Arc::ptr_eq(one, two),
            (Self::OnDevice(one), Self::OnDevice(two)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }
}

/// How far a part is decoded.
#[derive(Debug, Default)]
pub(super) struct SlotState {
    pub wanted: Option<Latents>,
    pub made: Option<Made>,
    /// The first question about the model that is open, and the newest; 0 before there was one.
    first: u64,
    asked: u64,
    /// The question that `made` is of.
    shown: u64,
    /// The newest question that was answered as a whole.
    answered: u64,
}

impl SlotState {
    /// Notes a question, whose number is higher than that of any before.
    pub fn ask(&mut self, generation: u64, wanted: Latents) {
        if self.first == 0 {
            self.first = generation;
        }
        self.asked = generation;
        self.wanted = Some(wanted);
    }

    /// Takes back a question that has no whole answer yet; says whether there was one. The same is asked anew
    /// where it is wanted again.
    pub fn withdraw(&mut self) -> bool {
        let is_open = !self.is_answered();
        if is_open {
            self.wanted = None;
            self.answered = self.asked;
        }
        is_open
    }

    /// Whether the newest question is answered as a whole, or withdrawn, or none was asked.
    pub fn is_answered(&self) -> bool {
        self.asked == self.answered
    }

    /// Takes an answer; the last one to a question is the whole of it. What was asked a moment ago is shown
    /// until there is something newer; what was asked about another model is not. Gives a sentence where
    /// decoding what is wanted now failed.
    pub fn take(&mut self, generation: u64, made: Result<Made, String>, is_last: bool) -> Option<String> {
        let is_of_model = self.first > 0 && (self.first..=self.asked).contains(&generation);
        if !is_of_model || generation < self.shown {
            return None;
        }
        let is_wanted = generation == self.asked;
        if is_last && is_wanted {
            self.answered = generation;
        }
        match made {
            Ok(made) => {
                (self.made, self.shown) = (Some(made), generation);
                None
            }
            Err(text) => is_wanted.then_some(text),
        }
    }
}

/// What a map is to show.
#[derive(Clone, Debug, PartialEq)]
pub struct MapWish {
    pub axes: Axes,
    pub colour: ColourBy,
    pub is_dark: bool,
    /// Number of the view's rows, by which those that fit stand out.
    pub rows: u64,
}

/// The samples as points.
#[derive(Debug)]
pub struct MapFace {
    pub axes: Axes,
    pub plane: Plane,
    /// The point of each row of [`Space::samples`].
    pub scatter: Arc<Scatter>,
    /// The same with their colours, ready to be drawn.
    pub points: Points,
    pub legend: Legend,
}

impl PartialEq for MapFace {
    /// Whether they are the very same.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// What the colours of a map mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Legend {
    /// Names with their colours, the most frequent first, and how many more there are.
    Names { names: Vec<(String, [u8; 4])>, more: usize },
    /// A scale between two numbers.
    Scale { title: String, low: f64, high: f64 },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_shown_until_there_is_a_newer_one() {
        let here = || Ok(Made::Here(Arc::default()));
        let failed = || Err("It failed.".to_owned());
        let mut slot = SlotState::default();
        assert!(slot.is_answered() && slot.take(1, here(), true).is_none() && slot.made.is_none());
        for generation in [5, 6, 7] {
            slot.ask(generation, Latents::default());
        }
        // Of each answer: what is shown then, whether all is answered, and whether a failure is told.
        for (generation, made, is_last, shown, is_answered, is_told) in [
            (4, here(), true, 0, false, false),
            (5, here(), false, 5, false, false),
            (6, here(), true, 6, false, false),
            (5, here(), true, 6, false, false),
            (6, failed(), true, 6, false, false),
            (8, here(), true, 6, false, false),
            (7, here(), false, 7, false, false),
            (7, here(), true, 7, true, false),
            (6, here(), true, 7, true, false),
            (7, failed(), true, 7, true, true),
        ] {
            let told = slot.take(generation, made, is_last);
            let now = (slot.shown, slot.is_answered(), told.is_some());
            assert_eq!(now, (shown, is_answered, is_told), "{generation}, last: {is_last}");
            assert_eq!(slot.made.is_some(), slot.shown > 0);
        }
    }

    #[test]
    fn only_what_has_no_whole_answer_is_withdrawn_and_may_be_asked_again() {
        let here = || Ok(Made::Here(Arc::default()));
        let mut slot = SlotState::default();
        assert!(!slot.withdraw());
        slot.ask(1, Latents::default());
        slot.take(1, here(), false);
        assert!(slot.withdraw() && slot.is_answered() && slot.wanted.is_none() && !slot.withdraw());
        slot.ask(2, Latents::default());
        assert!(!slot.is_answered());
        slot.take(2, here(), true);
        assert!(slot.is_answered() && !slot.withdraw() && slot.wanted.is_some());
    }
}
