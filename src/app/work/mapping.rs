//! The thread that draws the samples as points: their places along the axes, and their colours.

use std::sync::Arc;

use crossbeam_channel::Sender;
use egui::Color32;
use rayon::prelude::*;

use crate::analysis::scatter::Scatter;
use crate::dataset::columns::column;
use crate::dataset::query::{Rows, Snapshot};
use crate::dataset::{NO_SPLIT, SampleId};
use crate::gpu::points::Points;
use crate::jobs::{self, Newest, Outcome};
use crate::state::Action;
use crate::state::latent::{Axes, ColourBy, Legend, MapFace, MapWish};
use crate::train::latent::Plane;
use crate::train::space::Space;
use crate::ui::theme::{DARK, LIGHT, Tokens};

/// Points that are drawn where the processor has to: more would not be fluid. All of them are found by the
/// pointer all the same.
const SLOW: usize = 20_000;
/// Names in a legend at most.
const NAMES: usize = 14;

/// A map to draw.
pub struct Wish {
    pub generation: u64,
    pub wish: MapWish,
    pub snapshot: Snapshot,
    pub space: Arc<Space>,
    /// The rows of the view: the others step back.
    pub rows: Arc<Rows>,
    /// Whether the processor draws: then not all points are.
    pub is_slow: bool,
    /// What was drawn last.
    pub before: Option<Arc<MapFace>>,
}

/// Starts the thread. Answers go to `answers`, and `wake` is called after each.
pub fn spawn(answers: Sender<Action>, wake: impl Fn() + Send + 'static) -> Newest<Wish> {
    Newest::spawn("map", move |wish: Wish| {
        let generation = wish.generation;
        let map = match jobs::run(|| Ok(draw(wish))) {
            Outcome::Done(map) => Ok(map.into()),
            Outcome::Cancelled => Err("The map was stopped.".to_owned()),
            Outcome::Panicked(cause) => Err(super::bug("the map", &cause)),
        };
        // The window may be gone by now.
        let _ = answers.send(Action::MapDrawn { generation, map });
        wake();
    })
}

fn draw(wish: Wish) -> MapFace {
    let Wish { wish, snapshot, space, rows, is_slow, before, .. } = wish;
    let tokens = if wish.is_dark { &DARK } else { &LIGHT };
    let plane = match wish.axes {
        Axes::Principal(axes) => Plane::Axes(space.pca.clone(), axes),
        Axes::Dimensions(dimensions) => Plane::Dimensions(dimensions),
    };
    let (colors, legend) = colors(&wish.colour, &snapshot, &space, tokens);
    let aside = |(row, color): (usize, &Color32)| {
        let sample = space.samples[row];
        if snapshot.dataset.gone[sample as usize] {
            Color32::TRANSPARENT
        } else if rows.mask().contains(sample as usize) {
            *color
        } else {
            tokens.line
        }
    };
    let step = if is_slow { colors.len().div_ceil(SLOW).max(1) } else { 1 };
    let colors: Vec<Color32> = colors.par_iter().enumerate().map(aside).collect();
    let drawn: Vec<Color32> = colors.iter().step_by(step).copied().collect();
    // The places stay where they are while only colours change.
    let same = before.filter(|before| before.plane == plane && before.scatter.points().len() == colors.len());
    let (scatter, points) = match same {
        Some(before) => {
            let mut points = before.points.clone();
            points.set_colors(&drawn);
            (before.scatter.clone(), points)
        }
        None => {
            let places = space.latents().map(|latents| plane.places(latents)).unwrap_or_default();
            let some: Vec<[f32; 2]> = places.iter().step_by(step).copied().collect();
            let points = Points::new(&some, &drawn);
            (Arc::new(Scatter::new(places)), points)
        }
    };
    MapFace { axes: wish.axes, plane, scatter, points, legend }
}

/// The colour of each row of the space, and what colours mean.
fn colors(by: &ColourBy, snapshot: &Snapshot, space: &Space, tokens: &Tokens) -> (Vec<Color32>, Legend) {
    let dataset = &snapshot.dataset;
    match by {
        ColourBy::Class => {
            let class = |sample: SampleId| snapshot.labels().get(sample).first().copied();
            let name = |class: u32| snapshot.labels().classes.get(class as usize);
            named(space, class, name, |class| tokens.class_of(snapshot, class), tokens)
        }
        ColourBy::Split => {
            let split = |sample: SampleId| {
                let split = dataset.splits[sample as usize];
                (split != NO_SPLIT).then_some(u32::from(split))
            };
            let name = |split: u32| dataset.split_names.get(split as usize);
            named(space, split, name, |split| tokens.class(split), tokens)
        }
        ColourBy::Column(name) => {
            let column = column(snapshot, name);
            let number = |sample: &SampleId| column.as_ref()?.number(snapshot, *sample);
            let numbers: Vec<f64> =
                space.samples.par_iter().map(|sample| number(sample).unwrap_or(f64::NAN)).collect();
            let (low, high) = ends(&numbers);
            let part = |number: &f64| ((number - low) / (high - low).max(f64::MIN_POSITIVE)) as f32;
            let color = |number: &f64| if number.is_nan() { tokens.line } else { tokens.scale(part(number)) };
            let title = column.as_ref().map_or_else(|| name.clone(), |column| column.title.to_string());
            (numbers.par_iter().map(color).collect(), Legend::Scale { title, low, high })
        }
    }
}

/// The numbers between which nearly all lie: the hundredth part at either end does not stretch the scale.
fn ends(numbers: &[f64]) -> (f64, f64) {
    let mut known: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
    let Some(last) = known.len().checked_sub(1) else { return (0.0, 0.0) };
    let cut = known.len() / 100;
    let mut at = |place: usize| *known.select_nth_unstable_by(place, f64::total_cmp).1;
    (at(cut), at(last - cut))
}

/// Colours by a name that each sample has, or has not.
fn named<'a>(
    space: &Space,
    of: impl Fn(SampleId) -> Option<u32>,
    name: impl Fn(u32) -> Option<&'a String>,
    color: impl Fn(u32) -> Color32,
    tokens: &Tokens,
) -> (Vec<Color32>, Legend) {
    let mut counts: Vec<usize> = Vec::new();
    let colors = space.samples.iter().map(|sample| {
        let Some(number) = of(*sample) else { return tokens.text_dim };
        if counts.len() <= number as usize {
            counts.resize(number as usize + 1, 0);
        }
        counts[number as usize] += 1;
        color(number)
    });
    let colors = colors.collect();
    let mut order: Vec<u32> =
        (0..counts.len() as u32).filter(|number| counts[*number as usize] > 0).collect();
    order.sort_by_key(|number| (std::cmp::Reverse(counts[*number as usize]), *number));
    let more = order.len().saturating_sub(NAMES);
    let named = |number: &u32| {
        let name = name(*number).cloned().unwrap_or_default();
        (name, color(*number).to_array())
    };
    (colors, Legend::Names { names: order.iter().take(NAMES).map(named).collect(), more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_far_numbers_do_not_stretch_a_scale() {
        let mut numbers: Vec<f64> = (0..1000).map(f64::from).collect();
        numbers[7] = 1e9;
        numbers[8] = f64::NAN;
        let (low, high) = ends(&numbers);
        assert!(low < 20.0 && (980.0..1000.0).contains(&high), "{low} {high}");
        assert_eq!(ends(&[]), (0.0, 0.0));
        assert_eq!(ends(&[3.0, f64::NAN]), (3.0, 3.0));
    }
}
