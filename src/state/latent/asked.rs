//! What is to be decoded, which follows from the view alone, and what was not asked for yet.
//!
//! This file refuses to know how it is decoded.

use std::sync::Arc;

use super::Latent;
use super::made::{Accepted, Latents, Slot};
use super::view::{DrawFrom, DrawView, LatentTab, STRIP};
use crate::state::Effect;
use crate::train::pack::NO_CLASS;
use crate::train::score::prior;

impl Latent {
    /// Asks for all that is wanted and was not asked for, and takes back what is wanted no more.
    pub(super) fn ask(&mut self) -> Vec<Effect> {
        self.renew_direction();
        let mut effects = Vec::new();
        for slot in Slot::ALL {
            let wanted = self.wanted(slot);
            let state = &mut self.slots[slot as usize];
            let Some(latents) = wanted else {
                if state.withdraw() {
                    effects.push(Effect::WithdrawDecode { slot });
                }
                continue;
            };
            if state.wanted.as_ref() == Some(&latents) {
                continue;
            }
            self.questions += 1;
            state.ask(self.questions, latents.clone());
            effects.push(Effect::Decode { slot, generation: self.questions, latents });
        }
        let near = self.pointed_at();
        if near.is_some() && near != self.near_wanted && self.space.is_some() {
            self.questions += 1;
            self.near_asked = self.questions;
            self.near_wanted.clone_from(&near);
            if let Some(latent) = near {
                effects.push(Effect::FindNear { generation: self.near_asked, latent });
            }
        }
        effects
    }

    /// What is to be decoded for a part, as the view is now.
    fn wanted(&self, slot: Slot) -> Option<Latents> {
        let (view, latent) = (&self.view, self.size());
        if latent == 0 {
            return None;
        }
        let alike = |numbers: Vec<f32>| {
            let classes = vec![self.told_class(); numbers.len() / latent];
            Latents { numbers: numbers.into(), classes: classes.into() }
        };
        match (slot, view.tab) {
            (Slot::Pointer, LatentTab::Map) => Some(alike(self.at(view.pointed?))),
            (Slot::Sheet, LatentTab::Sheet) => {
                let plane = self.plane();
                let cells = (0..view.cells).flat_map(|row| (0..view.cells).map(move |column| (column, row)));
                let at = |(column, row)| plane.at(self.place_of(column, row), &view.base);
                Some(alike(cells.flat_map(at).collect()))
            }
            (Slot::Strip, LatentTab::Walk) => {
                let way = self.way()?;
                let rows = way.len() / latent;
                let at = |place: usize| place * (rows - 1) / (STRIP - 1);
                let strip = (0..STRIP).flat_map(|place| way[at(place) * latent..][..latent].to_vec());
                Some(alike(strip.collect()))
            }
            (Slot::Moment, LatentTab::Walk) => Some(alike(self.moment()?)),
            (Slot::Drawn, LatentTab::Samples) => self.drawn(),
            _ => None,
        }
    }

    /// The latents that are drawn, with their classes.
    pub fn drawn(&self) -> Option<Latents> {
        let (draw, latent) = (&self.view.draw, self.size());
        let numbers = match draw.from {
            DrawFrom::Prior => prior(latent, draw.count, draw.seed),
            DrawFrom::Posterior => self.space.as_ref()?.mixture.sample(draw.count, draw.seed),
        };
        let told = self.model.as_ref()?.about.config.shape.classes;
        let class = |at: usize| match (told, draw.class) {
            (0, _) => NO_CLASS,
            (_, Some(class)) => class,
            (told, None) => (at % told) as u32,
        };
        Some(Latents { numbers: numbers.into(), classes: Arc::new((0..draw.count).map(class).collect()) })
    }

    /// The draws that were accepted; `None` where there are none.
    pub(super) fn accepted(&self) -> Option<Accepted> {
        let (drawn, latent) = (self.drawn()?, self.size());
        let numbers = self.view.draw.accepted();
        let of = |at: &usize| drawn.numbers[at * latent..][..latent].to_vec();
        let latents = Latents {
            numbers: Arc::new(numbers.iter().flat_map(of).collect()),
            classes: Arc::new(numbers.iter().map(|at| drawn.classes[*at]).collect()),
        };
        let DrawView { from, seed, .. } = self.view.draw;
        (!numbers.is_empty()).then_some(Accepted { latents, numbers, from, seed })
    }

    /// The latent of the drawn sample under the cursor.
    fn pointed_at(&self) -> Option<Vec<f32>> {
        match self.view.tab {
            LatentTab::Walk => return self.moment(),
            LatentTab::Samples => {}
            _ => return None,
        }
        let wanted = self.slots[Slot::Drawn as usize].wanted.as_ref()?;
        let latent = self.size();
        wanted.numbers.get(self.view.draw.cursor * latent..)?.get(..latent).map(<[f32]>::to_vec)
    }

    fn told_class(&self) -> u32 {
        let told = self.model.as_ref().map_or(0, |model| model.about.config.shape.classes);
        if told == 0 { NO_CLASS } else { self.view.class.min(told as u32 - 1) }
    }
}
