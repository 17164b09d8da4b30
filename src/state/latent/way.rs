//! A walk's way through the latent space: from sample to sample, or along a direction.
//!
//! This file refuses to know what is decoded of it.

use std::sync::Arc;

use super::Latent;
use super::view::{Along, STRENGTH, STRIP};
use crate::dataset::SampleId;
use crate::train::latent::walk::{added, walk};
use crate::train::latent::{Rows, attribute, linear};

/// Latents between two samples of a walk, of which the strip shows some.
const STEPS: usize = 48;

/// The direction from one selection to the other.
#[derive(Debug)]
pub(super) struct Direction {
    without: Arc<Vec<SampleId>>,
    with: Arc<Vec<SampleId>>,
    latent: Option<Vec<f32>>,
}

impl Latent {
    /// The latents of a walk's way, as many as its strip has: between samples, or along a direction.
    pub(super) fn way(&self) -> Option<Vec<f32>> {
        let (space, view) = (self.space.as_ref()?, &self.view.walk);
        let latent = self.size();
        let rows_of = |samples: &[SampleId]| -> Vec<f32> {
            samples.iter().filter_map(|sample| space.mean(*sample)).flatten().copied().collect()
        };
        let stops = rows_of(&view.stops);
        match view.along {
            Along::Samples => {
                let points = Rows::new(&stops, latent).filter(|points| points.len() > 1)?;
                Some(walk(points, STEPS, view.path))
            }
            Along::Direction => {
                let first = stops.get(..latent).filter(|first| !first.is_empty())?;
                let direction = self.direction()?;
                let part = |at: usize| (at as f32 / (STRIP - 1) as f32 * 2.0 - 1.0) * STRENGTH;
                Some((0..STRIP).flat_map(|at| added(first, direction, part(at))).collect())
            }
        }
    }

    /// The direction from one selection to the other.
    pub fn direction(&self) -> Option<&[f32]> {
        self.direction.as_ref()?.latent.as_deref()
    }

    /// Works out the direction anew where the selections are others.
    pub(super) fn renew_direction(&mut self) {
        let (with, without) = (&self.view.walk.with, &self.view.walk.without);
        let is_same =
            |known: &Direction| Arc::ptr_eq(&known.with, with) && Arc::ptr_eq(&known.without, without);
        let Some(space) = self.space.as_ref().filter(|_| !self.direction.as_ref().is_some_and(is_same))
        else {
            return;
        };
        let rows_of = |samples: &[SampleId]| -> Vec<f32> {
            samples.iter().filter_map(|sample| space.mean(*sample)).flatten().copied().collect()
        };
        let latents = (rows_of(with), rows_of(without));
        let rows = Rows::new(&latents.0, self.size()).zip(Rows::new(&latents.1, self.size()));
        let latent = rows.and_then(|(with, without)| attribute(with, without));
        self.direction = Some(Direction { with: with.clone(), without: without.clone(), latent });
    }

    /// The latent of a walk's moment.
    pub fn moment(&self) -> Option<Vec<f32>> {
        let (way, latent) = (self.way()?, self.size());
        let legs = (way.len() / latent).checked_sub(1).filter(|legs| *legs > 0)?;
        let place = self.view.walk.at.clamp(0.0, 1.0) * legs as f32;
        let leg = (place as usize).min(legs - 1);
        let (from, to) = (&way[leg * latent..][..latent], &way[(leg + 1) * latent..][..latent]);
        Some(linear(from, to, place - leg as f32))
    }
}
