//! The dashboard of charts in the window: its cards, what they show, and brushes.
//!
//! A brush is a change of the view's filter. One that is held shows what it would make of the view without
//! making it: the rows and charts follow, and the history knows nothing of it before it is let go. An answer
//! stays on screen until there is one to a newer question. This file refuses to know how charts are counted
//! ([`crate::crossfilter`]) and drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::gestures::Answer;
use super::session::{Session, Then};
use super::{Action, Effect, Level};
use crate::crossfilter::{Card, CardId, Figures, default_cards};
use crate::dataset::SampleId;
use crate::dataset::edit::View;
use crate::dataset::query::{Brush, Stroke, with_brushes, without_condition};

/// Cards on a dashboard at most: each that counts keeps four bytes a row.
pub const MOST_CARDS: usize = 32;

/// How the dashboard stands.
#[derive(Debug)]
pub struct Charts {
    pub cards: Arc<Vec<Card>>,
    /// The filter that a brush makes while it is held.
    pub held: Option<String>,
    /// What the cards show; those that nothing was worked out for yet are missing.
    figures: BTreeMap<CardId, Arc<Figures>>,
    /// What the cards show that a person has to start.
    studies: BTreeMap<CardId, Study>,
    /// Whether the panel is on screen.
    is_shown: bool,
    asked: u64,
    answered: u64,
    /// The rows and the cards that were asked about last.
    wanted: Option<(u64, Arc<Vec<Card>>)>,
    slow_asked: u64,
    slow_answered: u64,
    slow_wanted: Option<(u64, Arc<Vec<Card>>)>,
}

/// What looking at pictures came to, for a card that a person started.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    pub found: Arc<Studied>,
    /// The filter that it is of.
    pub filter: String,
}

/// What was found by looking at pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Studied {
    pub charts: Vec<crate::chart::Chart>,
    /// Parts of the space that samples lie in, the densest first.
    pub regions: Vec<Region>,
}

/// A part of the space that samples lie in.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub count: u64,
    pub is_sparse: bool,
    /// Those nearest to its centre, the centre first.
    pub samples: Vec<SampleId>,
}

impl Charts {
    /// Nothing is counted; questions are numbered on from `first`.
    pub fn new(first: u64) -> Self {
        Self {
            cards: Arc::new(default_cards()),
            held: None,
            figures: BTreeMap::new(),
            studies: BTreeMap::new(),
            is_shown: false,
            asked: first,
            answered: first,
            wanted: None,
            slow_asked: first,
            slow_answered: first,
            slow_wanted: None,
        }
    }

    /// What a card shows; a moment old while newer figures are counted.
    pub fn figures(&self, card: CardId) -> Option<&Arc<Figures>> {
        self.figures.get(&card)
    }

    /// What was found for a card that a person started.
    pub fn study(&self, card: CardId) -> Option<&Study> {
        self.studies.get(&card)
    }

    /// Whether the panel is on screen.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Whether all that was asked is answered.
    pub fn is_answered(&self) -> bool {
        self.asked == self.answered && self.slow_asked == self.slow_answered
    }

    /// The card of that number.
    pub fn card(&self, id: CardId) -> Option<&Card> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// Takes in what cards show, of those that are still there.
    fn take(&mut self, figures: Vec<(CardId, Arc<Figures>)>) {
        for (card, figures) in figures {
            if self.card(card).is_some() {
                self.figures.insert(card, figures);
            }
        }
    }

    /// Other cards; those over [`MOST_CARDS`] are left out.
    pub(super) fn set_cards(&mut self, mut cards: Vec<Card>) {
        cards.truncate(MOST_CARDS);
        let is_kept = |id: &CardId| cards.iter().any(|card| card.id == *id);
        self.figures.retain(|id, _| is_kept(id));
        self.studies.retain(|id, _| is_kept(id));
        self.cards = Arc::new(cards);
    }
}

impl Session {
    /// What is looked at: the view, or what a brush that is held would make of it.
    pub fn view(&self) -> View {
        let mut view = self.overlay.view.clone();
        if let Some(held) = &self.charts.held {
            view.filter.clone_from(held);
        }
        view
    }

    /// Carries out what a person did with the charts.
    pub(super) fn charts_gesture(&mut self, action: Action) -> Answer {
        match action {
            Action::AskCharts => self.charts.is_shown = true,
            Action::LeaveCharts => {
                self.charts.is_shown = false;
                return self.let_brush_go();
            }
            Action::ChangeCards(cards) => self.charts.set_cards(cards),
            Action::Brushed { brushes, stroke, is_held } => return self.brush(&brushes, stroke, is_held),
            Action::BrushLeft => return self.let_brush_go(),
            Action::ConditionDropped { condition } => {
                let view = self.overlay.view.clone();
                let filter = without_condition(&view.filter, &condition, self.snapshot.vocabulary());
                return self.show(View { filter, ..view });
            }
            Action::StartStudy { card } => return (vec![Effect::Study { card }], None),
            Action::ChartExportTo { card, path } => return (vec![Effect::ExportChart { card, path }], None),
            _ => {}
        }
        (Vec::new(), None)
    }

    fn brush(&mut self, brushes: &[Brush], stroke: Stroke, is_held: bool) -> Answer {
        let view = self.overlay.view.clone();
        let filter = with_brushes(&view.filter, brushes, stroke, self.snapshot.vocabulary());
        if !is_held {
            // Nothing changes the view where the brush ends as it was: then what it showed goes.
            return match filter == view.filter {
                true => self.let_brush_go(),
                false => self.show(View { filter, ..view }),
            };
        }
        if self.charts.held.as_ref() == Some(&filter) {
            return (Vec::new(), None);
        }
        self.search.set(&filter, self.snapshot.vocabulary());
        self.charts.held = Some(filter);
        self.shown.then = Then::Stay;
        (vec![self.find_rows()], None)
    }

    /// A brush that was held is no more, and nothing came of it.
    fn let_brush_go(&mut self) -> Answer {
        if self.charts.held.take().is_none() {
            return (Vec::new(), None);
        }
        let filter = self.overlay.view.filter.clone();
        self.search.set(&filter, self.snapshot.vocabulary());
        (vec![self.find_rows()], None)
    }

    /// Takes in what came back for the charts.
    pub(super) fn charts_result(&mut self, action: Action) -> Answer {
        let charts = &mut self.charts;
        match action {
            // While a brush is dragged each answer is shown that is newer than the last.
            Action::ChartsCounted { generation, figures }
                if (charts.answered + 1..=charts.asked).contains(&generation) =>
            {
                charts.answered = generation;
                charts.take(figures);
            }
            Action::SlowChartsDrawn { generation, figures } if generation == charts.slow_asked => {
                charts.slow_answered = generation;
                charts.take(figures);
            }
            Action::ChartsFailed { generation, text }
                if generation <= charts.asked.max(charts.slow_asked) =>
            {
                (charts.answered, charts.slow_answered) = (charts.asked, charts.slow_asked);
                return (Vec::new(), Some((Level::Error, text)));
            }
            Action::Studied { card, found, filter } if charts.card(card).is_some() => {
                charts.studies.insert(card, Study { found, filter });
            }
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Asks for what the cards show, where something that it follows from has changed.
    pub(super) fn ask_charts(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let charts = &mut self.charts;
        if !charts.is_shown {
            return effects;
        }
        let wanted = Some((self.shown.asked, charts.cards.clone()));
        if charts.wanted != wanted {
            charts.wanted = wanted;
            charts.asked += 1;
            effects.push(Effect::CountCharts { generation: charts.asked });
        }
        // Those that take longer are of the rows that are found, once nothing moves.
        let is_calm = charts.held.is_none() && self.shown.answered == self.shown.asked;
        let wanted = Some((self.shown.answered, charts.cards.clone()));
        let is_any = charts.cards.iter().any(|card| !card.kind.is_quick() && !card.kind.is_asked_for());
        if is_calm && is_any && charts.slow_wanted != wanted {
            charts.slow_wanted = wanted;
            charts.slow_asked += 1;
            effects.push(Effect::DrawSlowCharts { generation: charts.slow_asked });
        }
        effects
    }
}
