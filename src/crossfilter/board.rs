//! The charts of a dashboard, counted: what is kept between two questions, and answers to them.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::card::{Card, CardId};
use super::coded::{Coded, Parts, Shape};
use super::figures::{Figures, Labels, Numbers, Plane, Relations, Values};
use crate::dataset::query::{Bitmask, Query, Snapshot, Stamp};

/// What is kept between two questions: masks of conditions, the cells of each chart, and its counts.
#[derive(Default)]
pub struct Board {
    /// What the conditions were worked out of.
    of: Option<Stamp>,
    conditions: Vec<Condition>,
    coded: HashMap<Parts, Arc<Coded>>,
    counted: HashMap<CardId, Counted>,
}

/// What a query asks of a column, and the rows that fit.
struct Condition {
    column: Option<String>,
    query: Query,
    mask: Arc<Bitmask>,
}

/// The counts of a card, and the rows that they are of.
struct Counted {
    coded: Arc<Coded>,
    mask: Bitmask,
    counts: Vec<u32>,
}

impl Board {
    /// What the quick ones of these cards show for a query.
    pub fn answer(&mut self, snapshot: &Snapshot, query: &Query, cards: &[Card]) -> Vec<(CardId, Figures)> {
        self.ask(snapshot, query);
        let quick: Vec<&Card> = cards.iter().filter(|card| card.kind.is_quick()).collect();
        self.encode(snapshot, &quick);
        let mut before = std::mem::take(&mut self.counted);
        let work: Vec<(&Card, Arc<Coded>, Option<Counted>)> = quick
            .into_iter()
            .filter_map(|card| {
                let coded = self.coded.get(&Parts::of(card)?)?.clone();
                Some((card, coded, before.remove(&card.id)))
            })
            .collect();
        let count = |(card, coded, before): (&Card, Arc<Coded>, Option<Counted>)| {
            let mask = self.rows_for(snapshot, &card.kind.own_columns());
            let counted = Counted::of(coded, mask, before);
            let figures = counted.figures(snapshot);
            (card.id, counted, figures)
        };
        let found: Vec<(CardId, Counted, Figures)> = work.into_par_iter().map(count).collect();
        let mut figures = Vec::with_capacity(found.len());
        for (id, counted, shown) in found {
            self.counted.insert(id, counted);
            figures.push((id, shown));
        }
        figures
    }

    /// The rows that fit all conditions but those on these columns.
    pub fn rows_for(&self, snapshot: &Snapshot, own: &[&str]) -> Bitmask {
        let mut rows = snapshot.derived().present().clone();
        let is_own =
            |condition: &Condition| condition.column.as_deref().is_some_and(|column| own.contains(&column));
        self.conditions.iter().filter(|condition| !is_own(condition)).for_each(|condition| {
            rows.intersect(&condition.mask);
        });
        rows
    }

    /// Works the conditions out; those that were asked before of the same samples are kept.
    fn ask(&mut self, snapshot: &Snapshot, query: &Query) {
        let of = Some(snapshot.stamp());
        let before = if self.of == of { std::mem::take(&mut self.conditions) } else { Vec::new() };
        let mask_of = |query: &Query| {
            let kept = before.iter().find(|condition| condition.query == *query);
            kept.map_or_else(|| Arc::new(query.mask(snapshot)), |kept| kept.mask.clone())
        };
        self.conditions = query
            .by_column()
            .into_iter()
            .map(|(column, query)| Condition { column, mask: mask_of(&query), query })
            .collect();
        self.of = of;
    }

    /// Tells the rows apart for these cards; what no card needs any more goes.
    fn encode(&mut self, snapshot: &Snapshot, cards: &[&Card]) {
        let mut before = std::mem::take(&mut self.coded);
        for parts in cards.iter().filter_map(|card| Parts::of(card)) {
            if self.coded.contains_key(&parts) {
                continue;
            }
            let readings = || parts.readings(snapshot);
            let kept = before.remove(&parts).filter(|kept| kept.of == readings());
            let coded = kept.unwrap_or_else(|| Arc::new(Coded::of(snapshot, &parts)));
            self.coded.insert(parts, coded);
        }
    }
}

/// The rows that fit a query but for its conditions on these columns.
pub fn rows_but(snapshot: &Snapshot, query: &Query, own: &[&str]) -> Bitmask {
    let mut rows = snapshot.derived().present().clone();
    let others = query.by_column().into_iter();
    for (_, query) in others.filter(|(column, _)| !column.as_deref().is_some_and(|of| own.contains(&of))) {
        rows.intersect(&query.mask(snapshot));
    }
    rows
}

impl Counted {
    fn of(coded: Arc<Coded>, mask: Bitmask, before: Option<Self>) -> Self {
        let counts = match before.filter(|before| Arc::ptr_eq(&before.coded, &coded)) {
            Some(before) => coded.cells.recounted(&before.counts, &before.mask, &mask),
            None => coded.cells.counts(&mask),
        };
        Self { coded, mask, counts }
    }

    fn figures(&self, snapshot: &Snapshot) -> Figures {
        let (all, shown) = (self.coded.all.clone(), self.counts.clone());
        let labels = snapshot.labels();
        match &self.coded.shape {
            Shape::Labels { splits, all } => Figures::Labels(Labels {
                all: all.clone(),
                shown: Labels::of_sets(labels, &shown, *splits),
                splits: *splits,
            }),
            Shape::Numbers { edges, splits } => {
                Figures::Numbers(Numbers { edges: edges.clone(), all, shown, splits: *splits })
            }
            Shape::Values { names } => Figures::Values(Values { names: names.clone(), all, shown }),
            Shape::Plane { x, y } => Figures::Plane(Plane { x: x.clone(), y: y.clone(), all, shown }),
            Shape::Relations { columns, across } => {
                Figures::Relations(Relations::of_sets(labels, &shown, columns, *across))
            }
            Shape::Nothing(why) => Figures::Nothing(why.clone()),
        }
    }
}
