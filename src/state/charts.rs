//! The dashboard of charts in the window: its cards, what they show, and brushes.
//!
//! A brush is a change of the view's filter. One that is held shows what it would make of the view without
//! making it: the rows and charts follow, and the history knows nothing of it before it is let go. An answer
//! stays on screen until there is one to a newer question. This file refuses to know how charts are counted
//! ([`crate::crossfilter`]) and drawn.

mod cloud;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::cloud::Cloud;
use super::gestures::Answer;
use super::session::{Session, Then};
use super::{Action, Effect, Level};
use crate::crossfilter::{Card, CardId, Figures, Options, default_cards};
use crate::dataset::SampleId;
use crate::dataset::edit::View;
use crate::dataset::query::{Brush, Stamp, Stroke, with_brushes, without_condition};

/// Cards on a dashboard at most: each that counts keeps four bytes a row, and one of points some forty.
pub const MOST_CARDS: usize = 32;

/// While samples are measured charts are counted anew once so large a part of the samples has news: each time looks
/// at all of them.
const PART: usize = 50;

/// How soon charts follow what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    AtOnce,
    /// When a fiftieth of the samples has news: more is to come.
    ByParts,
}

/// How the dashboard stands.
#[derive(Debug)]
pub struct Charts {
    /// A card's number stands for one kind of chart as long as the dataset is open: it is never given twice.
    pub cards: Arc<Vec<Card>>,
    next: CardId,
    /// The filter that a brush makes while it is held.
    pub held: Option<String>,
    /// What the cards show; those that nothing was worked out for yet are missing.
    figures: BTreeMap<CardId, Arc<Figures>>,
    /// The cards that are drawn as points.
    clouds: BTreeMap<CardId, Arc<Cloud>>,
    /// The question that those answer.
    clouds_answered: u64,
    /// What the cards show that a person has to start.
    studies: BTreeMap<CardId, Study>,
    /// Whether the panel is on screen.
    is_shown: bool,
    asked: u64,
    answered: u64,
    /// The rows and the cards that were asked about last.
    wanted: Option<Wanted>,
    slow_asked: u64,
    slow_answered: u64,
    slow_wanted: Option<Wanted>,
    /// Facts that were learnt since the dataset was opened.
    learnt: u64,
    /// Whether what was learnt last is still to be counted.
    is_behind: bool,
}

/// What a question was about.
#[derive(Debug)]
struct Wanted {
    /// The number of the question for the rows.
    rows: u64,
    cards: Arc<Vec<Card>>,
    /// Facts that were learnt by then.
    learnt: u64,
}

/// When a question is asked.
enum Due {
    Now(Wanted),
    /// Once more is known.
    Later,
    /// It was asked.
    Never,
}

/// What looking at pictures came to, for a card that a person started.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    pub found: Arc<Studied>,
    pub of: StudyOf,
}

/// What looking at pictures was asked of: where it is another now, another look finds something else.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyOf {
    pub filter: String,
    /// The samples with all that is known and was decided of them.
    pub stamp: Arc<Stamp>,
    /// What the card was set to.
    pub options: Options,
}

impl StudyOf {
    pub fn new(card: &Card, session: &Session) -> Self {
        let (filter, stamp) = (session.overlay.view.filter.clone(), session.snapshot.stamp().into());
        Self { filter, stamp, options: card.options.clone() }
    }
}

/// What was found by looking at pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Studied {
    pub charts: Vec<crate::chart::Chart>,
    /// The parts of the space that samples lie in, the densest first.
    pub regions: Vec<Region>,
}

/// Which of the regions a region is shown among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Densest,
    Emptiest,
}

/// A part of the space that samples lie in.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub count: u64,
    /// `None` of those between, which are not listed.
    pub end: Option<End>,
    /// Whether it has so few samples that it is nearly empty.
    pub is_sparse: bool,
    /// All of them, the centre first and then by their distance to it.
    pub samples: Vec<SampleId>,
}

impl Charts {
    /// Nothing is counted; questions are numbered on from `first`.
    pub fn new(first: u64) -> Self {
        let cards = default_cards();
        Self {
            next: cards.iter().map(|card| card.id).max().unwrap_or(0) + 1,
            cards: Arc::new(cards),
            held: None,
            figures: BTreeMap::new(),
            clouds: BTreeMap::new(),
            clouds_answered: first,
            studies: BTreeMap::new(),
            is_shown: false,
            asked: first,
            answered: first,
            wanted: None,
            slow_asked: first,
            slow_answered: first,
            slow_wanted: None,
            learnt: 0,
            is_behind: false,
        }
    }

    /// What a card shows; a moment old while newer figures are counted.
    pub fn figures(&self, card: CardId) -> Option<&Arc<Figures>> {
        self.figures.get(&card)
    }

    /// The points of a card that is drawn so; a moment old while newer ones are coloured.
    pub fn cloud(&self, card: CardId) -> Option<&Arc<Cloud>> {
        self.clouds.get(&card)
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
        self.asked == self.answered && self.slow_asked == self.slow_answered && !self.is_behind
    }

    /// The number of the last question about what is counted.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Whether points are drawn for the last question.
    pub fn has_points(&self) -> bool {
        self.clouds_answered == self.asked
    }

    /// Colours are others now: what has some is asked for anew.
    pub(super) fn recolour(&mut self) {
        self.wanted = None;
    }

    /// The card of that number.
    pub fn card(&self, id: CardId) -> Option<&Card> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// The number of the next card that is added.
    pub fn next_card(&self) -> CardId {
        self.next
    }

    /// Whether there is room for another card.
    pub fn has_room(&self) -> bool {
        self.cards.len() < MOST_CARDS
    }

    /// The cards to begin with, before anything is asked.
    pub(super) fn begin_with(&mut self, cards: Vec<Card>) {
        (self.cards, self.next) = (Arc::default(), 0);
        self.set_cards(cards);
    }

    /// Other cards; those over [`MOST_CARDS`] are left out. One that takes the number of another, there or
    /// gone, has a new one: what is still to come for the other is not shown as its own.
    pub(super) fn set_cards(&mut self, mut cards: Vec<Card>) {
        cards.truncate(MOST_CARDS);
        let highest = cards.iter().map(|card| card.id).max().unwrap_or(0);
        let mut next = self.next.max(highest.saturating_add(1));
        let mut given = BTreeSet::new();
        for card in &mut cards {
            let is_known = self.card(card.id).is_some_and(|known| known.kind == card.kind);
            let is_new = card.id >= self.next;
            if !(is_known || is_new) || !given.insert(card.id) {
                card.id = next;
                given.insert(next);
                next = next.saturating_add(1);
            }
        }
        self.next = next;
        let is_kept = |id: &CardId| cards.iter().any(|card| card.id == *id);
        self.figures.retain(|id, _| is_kept(id));
        self.clouds.retain(|id, _| is_kept(id));
        self.studies.retain(|id, _| is_kept(id));
        self.cards = Arc::new(cards);
    }

    /// The dataset is another list now: what was counted of the one before goes, and what is still to come.
    pub(super) fn forget_figures(&mut self) {
        self.figures.clear();
        self.clouds.clear();
        (self.asked, self.slow_asked) = (self.asked + 1, self.slow_asked + 1);
        (self.answered, self.slow_answered) = (self.asked, self.slow_asked);
        self.clouds_answered = self.asked;
        (self.wanted, self.slow_wanted) = (None, None);
    }

    /// So many facts were learnt.
    pub(super) fn learn(&mut self, facts: usize) {
        self.learnt += facts as u64;
    }

    /// Takes in figures; those of cards that are gone are dropped.
    fn take(&mut self, figures: Vec<(CardId, Arc<Figures>)>) {
        for (card, figures) in figures {
            if self.card(card).is_some() {
                self.figures.insert(card, figures);
            }
        }
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
            Action::ChangeCards(cards) => return (self.change_cards(cards), None),
            Action::Brushed { brushes, stroke, is_held } => return self.brush(&brushes, stroke, is_held),
            Action::BrushLeft => return self.let_brush_go(),
            Action::ConditionDropped { condition } => {
                let view = self.overlay.view.clone();
                let filter = without_condition(&view.filter, &condition, self.snapshot.vocabulary());
                return self.show(View { filter, ..view });
            }
            Action::StartStudy { card } => return (vec![Effect::Study { card }], None),
            Action::ChartExportTo { card, chart, path } => {
                return (vec![Effect::ExportChart { card, chart, path }], None);
            }
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Sets other cards. What looks at pictures for one that goes has nothing left to look for.
    fn change_cards(&mut self, cards: Vec<Card>) -> Vec<Effect> {
        let before = self.charts.cards.clone();
        self.charts.set_cards(cards);
        let is_gone = |card: &&Card| card.kind.is_asked_for() && self.charts.card(card.id).is_none();
        before.iter().filter(is_gone).map(|card| Effect::EndStudy { card: card.id }).collect()
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
        let effects = if self.drop_brush() { vec![self.find_rows()] } else { Vec::new() };
        (effects, None)
    }

    /// Lets go of a brush that is held, and shows the kept filter in the search field. Tells whether there was
    /// one: then the rows that are shown are not those of the view.
    pub(super) fn drop_brush(&mut self) -> bool {
        if self.charts.held.take().is_none() {
            return false;
        }
        let filter = self.overlay.view.filter.clone();
        self.search.set(&filter, self.snapshot.vocabulary());
        true
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
            Action::CloudsDrawn { generation, clouds }
                if (charts.clouds_answered + 1..=charts.asked).contains(&generation) =>
            {
                charts.clouds_answered = generation;
                let there =
                    clouds.into_iter().filter(|(card, _)| charts.cards.iter().any(|one| one.id == *card));
                charts.clouds = there.collect();
            }
            Action::CloudsFailed { generation, text }
                if (charts.clouds_answered + 1..=charts.asked).contains(&generation) =>
            {
                charts.clouds_answered = generation;
                return (Vec::new(), Some((Level::Error, text)));
            }
            Action::SlowChartsDrawn { generation, figures } if generation == charts.slow_asked => {
                charts.slow_answered = generation;
                charts.take(figures);
            }
            // Only the question that failed is answered by that: newer ones are still to come.
            Action::ChartsFailed { generation, text }
                if (charts.answered + 1..=charts.asked).contains(&generation) =>
            {
                charts.answered = generation;
                return (Vec::new(), Some((Level::Error, text)));
            }
            Action::SlowChartsFailed { generation, text } if generation == charts.slow_asked => {
                charts.slow_answered = generation;
                return (Vec::new(), Some((Level::Error, text)));
            }
            Action::Studied { card, study } if charts.card(card).is_some() => {
                charts.studies.insert(card, *study);
            }
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Asks for what the cards show, where something that it follows from has changed. What is measured is followed at
    /// that pace, and what a person does at once.
    pub(super) fn ask_charts(&mut self, pace: Pace) -> Vec<Effect> {
        let mut effects = Vec::new();
        let part = (self.snapshot.len() / PART) as u64;
        let (shown, charts) = (&self.shown, &mut self.charts);
        charts.is_behind = false;
        if !charts.is_shown {
            return effects;
        }
        let is_of_data = pace == Pace::ByParts && shown.refreshed == Some(shown.asked);
        let due = |rows: u64, before: &Option<Wanted>| {
            let now = Wanted { rows, cards: charts.cards.clone(), learnt: charts.learnt };
            match before {
                None => Due::Now(now),
                Some(before) if before.rows == rows && before.cards == now.cards => Due::Never,
                Some(before)
                    if is_of_data && before.cards == now.cards && now.learnt < before.learnt + part =>
                {
                    Due::Later
                }
                Some(_) => Due::Now(now),
            }
        };
        let quick = due(shown.asked, &charts.wanted);
        // Those that take longer are of the rows that are found, once nothing moves.
        let is_calm = charts.held.is_none() && shown.answered == shown.asked;
        let is_any = charts.cards.iter().any(|card| !card.kind.is_quick() && !card.kind.is_asked_for());
        let slow = if is_calm && is_any { due(shown.answered, &charts.slow_wanted) } else { Due::Never };
        charts.is_behind = matches!(quick, Due::Later) || matches!(slow, Due::Later);
        if let Due::Now(wanted) = quick {
            charts.wanted = Some(wanted);
            charts.asked += 1;
            effects.push(Effect::CountCharts { generation: charts.asked });
        }
        if let Due::Now(wanted) = slow {
            charts.slow_wanted = Some(wanted);
            charts.slow_asked += 1;
            effects.push(Effect::DrawSlowCharts { generation: charts.slow_asked });
        }
        effects
    }
}
