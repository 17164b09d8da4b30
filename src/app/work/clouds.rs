//! The thread that draws two columns against each other as points: their places once, their colours whenever the
//! filter is another.
//!
//! Bars and bins do not wait for it: points follow them a moment later.

use std::collections::HashMap;
use std::sync::Arc;

use egui::Color32;
use rayon::prelude::*;

use super::charting::Question;
use crate::analysis::scatter::Scatter;
use crate::crossfilter::{Card, CardId, Kind, Options, Places, Scattered, places_reading, rows_but};
use crate::dataset::query::{Bitmask, Query, Reading, Snapshot};
use crate::dataset::{ClassId, SampleId};
use crate::gpu::points::{MOST, Points};
use crate::jobs::{self, Outcome};
use crate::state::Action;
use crate::state::charts::Cloud;
use crate::train::device::Graphics;
use crate::ui::theme::{DARK, LIGHT, Tokens};

/// Points that are drawn where the processor draws: more would not be fluid.
const SLOW: usize = 20_000;

/// What draws points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// No graphics device: no points.
    Nothing,
    /// The processor in its place.
    Software,
    Hardware,
}

impl Draws {
    pub fn of(graphics: Option<&Graphics>) -> Self {
        match graphics {
            None => Self::Nothing,
            Some(graphics) if graphics.is_software() => Self::Software,
            Some(_) => Self::Hardware,
        }
    }

    /// Whether a card of so many samples is drawn as points.
    fn draws(self, options: &Options, samples: usize) -> bool {
        let is_fluid = self == Self::Hardware || samples <= SLOW;
        let is_asked = options.scattered == Some(Scattered::Points);
        self != Self::Nothing
            && samples <= MOST
            && options.scattered != Some(Scattered::Density)
            && (is_asked || is_fluid)
    }

    /// Every so many samples have a point.
    fn step(self, samples: usize) -> usize {
        if self == Self::Software { samples.div_ceil(SLOW).max(1) } else { 1 }
    }
}

/// The places of the cards that are on screen.
pub struct Clouds {
    draws: Draws,
    kept: HashMap<CardId, Kept>,
}

/// The places of a card.
struct Kept {
    kind: Kind,
    log_axes: [bool; 2],
    of: Vec<Reading>,
    /// `None` without numbers.
    placed: Option<Placed>,
}

struct Placed {
    places: Places,
    scatter: Arc<Scatter>,
    /// Without colours.
    points: Points,
}

impl Clouds {
    pub fn new(draws: Draws) -> Self {
        Self { draws, kept: HashMap::new() }
    }

    /// Lets the dataset go.
    pub fn forget(&mut self) {
        self.kept.clear();
    }

    /// The points of all cards that are drawn so.
    pub fn answer(&mut self, question: &Question) -> Action {
        let generation = question.generation;
        match jobs::run(|| Ok(self.clouds(question))) {
            Outcome::Done(clouds) => Action::CloudsDrawn { generation, clouds },
            Outcome::Cancelled => Action::CloudsDrawn { generation, clouds: Vec::new() },
            Outcome::Panicked(cause) => {
                self.forget();
                Action::CloudsFailed { generation, text: super::bug("the points of a chart", &cause) }
            }
        }
    }

    fn clouds(&mut self, question: &Question) -> Vec<(CardId, Arc<Cloud>)> {
        let snapshot = &question.snapshot;
        let is_drawn = |card: &&Card| {
            matches!(card.kind, Kind::Scatter { .. }) && self.draws.draws(&card.options, snapshot.len())
        };
        let cards: Vec<&Card> = question.cards.iter().filter(is_drawn).collect();
        self.kept.retain(|id, _| cards.iter().any(|card| card.id == *id));
        // What a filter means that cannot be read is anybody's guess: the card says so.
        let Ok(query) = question.query() else { return Vec::new() };
        let tokens = if question.is_dark { &DARK } else { &LIGHT };
        let is_by_class = cards.iter().any(|card| card.options.by_class);
        let palette = if is_by_class { palette(snapshot, tokens) } else { Vec::new() };
        let mut clouds = Vec::new();
        for card in cards {
            self.keep(card, snapshot);
            let placed = self.kept.get(&card.id).and_then(|kept| kept.placed.as_ref());
            if let Some(placed) = placed {
                let palette = card.options.by_class.then_some(&palette[..]);
                clouds.push((card.id, Arc::new(self.cloud(card, placed, snapshot, &query, palette, tokens))));
            }
        }
        clouds
    }

    /// Works out where the samples lie, where that is not known.
    fn keep(&mut self, card: &Card, snapshot: &Snapshot) {
        let (of, log_axes) = (places_reading(snapshot, &card.kind), card.options.log_axes);
        let known = self.kept.get(&card.id);
        let is_same = |kept: &Kept| kept.kind == card.kind && kept.log_axes == log_axes && kept.of == of;
        if known.is_some_and(is_same) {
            return;
        }
        let step = self.draws.step(snapshot.len());
        let placed = Places::of(snapshot, &card.kind, &card.options).map(|places| {
            let some: Vec<[f32; 2]> = places.of.iter().step_by(step).copied().collect();
            let points = Points::new(&some, &[]);
            let scatter = Arc::new(Scatter::new(places.of.clone()));
            Placed { places: Places { of: Vec::new(), ..places }, scatter, points }
        });
        self.kept.insert(card.id, Kept { kind: card.kind.clone(), log_axes, of, placed });
    }

    fn cloud(
        &self,
        card: &Card,
        placed: &Placed,
        snapshot: &Snapshot,
        query: &Query,
        palette: Option<&[Color32]>,
        tokens: &Tokens,
    ) -> Cloud {
        let shown = rows_but(snapshot, query, &card.kind.own_columns());
        let step = self.draws.step(snapshot.len());
        let colors = |color: &(dyn Fn(usize) -> Color32 + Sync)| -> Vec<Color32> {
            let rows = (0..placed.points.len()).into_par_iter().with_min_len(4096);
            rows.map(|at| color(at * step)).collect()
        };
        let [mut aside, mut left] = [placed.points.clone(), placed.points.clone()];
        left.set_colors(&colors(&|row| match shown.contains(row) {
            true => color_of(palette, snapshot, row, tokens),
            false => Color32::TRANSPARENT,
        }));
        if shown.count() < snapshot.derived().present().count() {
            aside.set_colors(&colors(&|row| aside_color(&shown, row, tokens)));
        }
        Cloud {
            edges: placed.places.edges.clone(),
            scatter: placed.scatter.clone(),
            shown,
            points: [aside, left],
            thinned: (step > 1).then(|| placed.points.len()),
        }
    }
}

fn aside_color(shown: &Bitmask, row: usize, tokens: &Tokens) -> Color32 {
    if shown.contains(row) { Color32::TRANSPARENT } else { tokens.line }
}

/// The colour of each class, by its number, as it is everywhere on screen. Worked out once for all points.
fn palette(snapshot: &Snapshot, tokens: &Tokens) -> Vec<Color32> {
    let classes = snapshot.labels().classes.len() as ClassId;
    (0..classes).map(|class| tokens.class_of(snapshot, class)).collect()
}

/// The colour of a sample that is left: of its first class where there is a palette of classes.
fn color_of(palette: Option<&[Color32]>, snapshot: &Snapshot, row: usize, tokens: &Tokens) -> Color32 {
    let Some(palette) = palette else { return tokens.accent };
    let class = snapshot.labels().get(row as SampleId).first();
    class.and_then(|class| palette.get(*class as usize)).copied().unwrap_or(tokens.text_dim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::labelling::Classes;
    use crate::dataset::{DatasetBuilder, Fact, Facts, Labelling, Layout, NewSample};

    fn question(samples: usize, options: Options, filter: &str) -> Question {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        let mut facts = Facts::new(samples);
        for at in 0..samples as u32 {
            let (path, label) = (format!("{at:06}.png"), ["cat", "dog"][at as usize % 2]);
            builder.push(NewSample { path: &path, labels: &[label], ..Default::default() });
            // The last one is not measured.
            if at as usize + 1 < samples {
                let (width, height) = (100 + at % 50, 100 + at % 30);
                facts.set(at, &Fact { measured: true, width, height, ..Fact::UNMEASURED });
            }
        }
        let snapshot = Snapshot::new(builder.finish().0.into(), &[], facts, Arc::default());
        let kind = Kind::Scatter { x: "width".to_owned(), y: "height".to_owned() };
        let cards = vec![Card { id: 4, kind, options }];
        Question::of(1, snapshot, filter, cards)
    }

    fn cloud(draws: Draws, question: &Question) -> Option<Arc<Cloud>> {
        match Clouds::new(draws).answer(question) {
            Action::CloudsDrawn { generation: 1, mut clouds } => clouds.pop().map(|(_, cloud)| cloud),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn points_are_drawn_where_they_are_fluid_or_asked_for() {
        let of = |scattered| Options { scattered, ..Options::default() };
        let (points, density) = (Some(Scattered::Points), Some(Scattered::Density));
        for (draws, samples, scattered, expected) in [
            (Draws::Hardware, SLOW + 1, None, true),
            (Draws::Hardware, SLOW + 1, density, false),
            (Draws::Software, SLOW, None, true),
            (Draws::Software, SLOW + 1, None, false),
            (Draws::Software, SLOW + 1, points, true),
            (Draws::Hardware, MOST + 1, points, false),
            (Draws::Nothing, 1, points, false),
        ] {
            assert_eq!(draws.draws(&of(scattered), samples), expected, "{draws:?} {samples} {scattered:?}");
        }
        let many = question(SLOW + 5, of(points), "");
        let thinned = cloud(Draws::Software, &many).unwrap();
        assert_eq!((thinned.thinned, thinned.points[1].len()), (Some(SLOW / 2 + 3), SLOW / 2 + 3));
        // All are found by the pointer all the same.
        assert_eq!(thinned.scatter.points().len(), SLOW + 5);
    }

    #[test]
    fn a_point_lies_where_its_cell_does_and_what_is_left_out_is_not_found() {
        let question =
            question(300, Options { by_class: true, ..Options::default() }, "label:dog width>=120");
        let cloud = cloud(Draws::Hardware, &question).unwrap();
        let places = cloud.scatter.points();
        assert_eq!((places[0], places[299][0].is_nan()), ([0.0, 0.0], true));
        assert!(places[49][0] > 0.95 && places[49][1] < 0.7, "{:?}", places[49]);
        // Its own columns ask nothing of it: of row 1, a dog of width 101, there is a point.
        assert_eq!(cloud.at(places[1], [1e-3; 2]), Some(1));
        // A cat steps back, and is not found where it lies alone.
        assert_eq!(cloud.at(places[0], [1e-3; 2]), None);
        assert!(cloud.points.iter().all(|points| points.len() == 300));
    }

    #[test]
    fn a_class_has_the_colour_that_a_person_chose_for_it() {
        let Question { snapshot, .. } = question(4, Options::default(), "");
        let mut labelling = Labelling::new(4);
        labelling.set_classes(Classes::default().coloured("dog", Some([200, 30, 90])));
        let snapshot = snapshot.labelled(&Arc::new(labelling));
        for tokens in [&DARK, &LIGHT] {
            let colors = palette(&snapshot, tokens);
            assert_eq!(colors, [0, 1].map(|class| tokens.class_of(&snapshot, class)));
            assert!(colors[0] == tokens.class(0) && colors[1] != tokens.class(1), "{colors:?}");
            let of = |row| color_of(Some(&colors), &snapshot, row, tokens);
            assert_eq!([of(0), of(1)], [colors[0], colors[1]]);
            assert_eq!(color_of(None, &snapshot, 1, tokens), tokens.accent);
        }
    }

    #[test]
    fn places_stay_while_the_filter_changes() {
        let first = question(100, Options::default(), "");
        let mut clouds = Clouds::new(Draws::Hardware);
        let one = |action: Action| match action {
            Action::CloudsDrawn { mut clouds, .. } => clouds.pop().map(|(_, cloud)| cloud).unwrap(),
            other => panic!("{other:?}"),
        };
        let all = one(clouds.answer(&first));
        let some = one(clouds.answer(&first.asking("label:cat")));
        assert!(Arc::ptr_eq(&all.scatter, &some.scatter));
        assert_eq!((all.shown.count(), some.shown.count()), (100, 50));
    }
}
