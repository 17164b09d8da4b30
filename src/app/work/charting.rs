//! Charts beside the person: a thread that counts, one for what takes longer, and the job that looks at
//! pictures.
//!
//! The newest question wins: one that waits gives way to the next, and what takes longer is given up when it
//! is asked anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use egui::Context;

use super::clouds::{Clouds, Draws};
use super::live::Live;
use super::{bug, waker};
use crate::analysis::distribution::coverage::CENTRES;
use crate::chart::{Chart, Look, write_to};
use crate::crossfilter::{
    Board, Card, CardId, Figures, Kind, Scattered, charts_of, counts_settings, rows_but, saved_charts,
    space_charts,
};
use crate::dataset::query::{Query, Rows, Snapshot, parse};
use crate::dataset::{Kinds, SampleId, Signals};
use crate::export::check_target;
use crate::import::Reader;
use crate::jobs::{self, Cancelled, Control, Job, Newest, Outcome};
use crate::pipeline;
use crate::pipeline::signals::{self, Wanted, pending_signals};
use crate::pipeline::statistics::charts::pictures_chart;
use crate::pipeline::statistics::{Space, Subject, pictures, space};
use crate::state::charts::{End, Region, Studied, Study, StudyOf};
use crate::state::{Action, Level, Session};
use crate::store::Project;
use crate::text::sentence;
use crate::train::pack::chosen;

/// Regions of a space that are shown, of the densest and of the emptiest.
const REGIONS: usize = 12;
/// Points have other colours so often at most while a brush is dragged.
const RECOLOURED: Duration = Duration::from_millis(60);
/// Classes that have pictures of their own where a card shows all.
const PICTURED: u32 = 100;

/// What the cards are to show.
#[derive(Clone)]
pub struct Question {
    pub(super) generation: u64,
    pub(super) snapshot: Snapshot,
    filter: String,
    pub(super) cards: Arc<Vec<Card>>,
    /// The rows of the view.
    rows: Arc<Rows>,
    pub(super) is_dark: bool,
    /// Whether it is asked while a brush is held: the next question is near.
    is_held: bool,
}

impl Question {
    pub fn new(generation: u64, session: &Session, is_dark: bool) -> Self {
        let (snapshot, filter) = (session.snapshot.clone(), session.view().filter);
        let (cards, rows) = (session.charts.cards.clone(), session.shown.found.rows.clone());
        let is_held = session.charts.held.is_some();
        Self { generation, snapshot, filter, cards, rows, is_dark, is_held }
    }

    /// A question of these cards, without a window.
    #[cfg(test)]
    pub(super) fn of(generation: u64, snapshot: Snapshot, filter: &str, cards: Vec<Card>) -> Self {
        let (filter, cards, rows) = (filter.to_owned(), cards.into(), Arc::default());
        Self { generation, snapshot, filter, cards, rows, is_dark: false, is_held: false }
    }

    /// The same with another filter.
    #[cfg(test)]
    pub(super) fn asking(&self, filter: &str) -> Self {
        Self { filter: filter.to_owned(), ..self.clone() }
    }

    /// What the filter asks, or a sentence about why it cannot be read.
    pub(super) fn query(&self) -> Result<Query, String> {
        asked(&self.filter, &self.snapshot)
    }
}

fn asked(filter: &str, snapshot: &Snapshot) -> Result<Query, String> {
    parse(filter, snapshot.vocabulary())
        .map_err(|error| sentence(format!("the filter cannot be read: {error}")))
}

/// The threads that work charts out.
pub struct Charting {
    /// `None` forgets the dataset.
    quick: Newest<Option<Question>>,
    clouds: Newest<Option<Question>>,
    slow: Newest<(Question, Control)>,
    last: Control,
    pub study: Option<StudyJob>,
}

impl Charting {
    /// Starts the threads. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(draws: Draws, answers: &Sender<Action>, wake: impl Fn() + Send + Clone + 'static) -> Self {
        let (told, woken) = (answers.clone(), wake.clone());
        let (mut clouds, mut coloured) = (Clouds::new(draws), Instant::now());
        let clouds = Newest::spawn("clouds", move |question: Option<Question>| match question {
            None => clouds.forget(),
            Some(question) => {
                if question.is_held {
                    // Bars and rows come first while a brush is dragged: the cores are theirs.
                    std::thread::sleep(RECOLOURED.saturating_sub(coloured.elapsed()));
                }
                coloured = Instant::now();
                // The window may be gone by now.
                let _ = told.send(clouds.answer(&question));
                woken();
            }
        });
        let (told, woken) = (answers.clone(), wake.clone());
        let mut board = Board::default();
        let quick = Newest::spawn("charts", move |question: Option<Question>| {
            let Some(question) = question else {
                board = Board::default();
                return;
            };
            let answer = counted(&mut board, &question);
            // The window may be gone by now.
            let _ = told.send(answer);
            woken();
        });
        let told = answers.clone();
        let slow = Newest::spawn("slow-charts", move |(question, control): (Question, Control)| {
            if let Some(answer) = drawn(&question, &control) {
                // The window may be gone by now.
                let _ = told.send(answer);
                wake();
            }
        });
        Self { quick, clouds, slow, last: Control::new(), study: None }
    }

    pub fn count(&self, question: Question) {
        self.clouds.ask(Some(question.clone()));
        self.quick.ask(Some(question));
    }

    pub fn draw(&mut self, question: Question) {
        self.last.cancel();
        self.last = Control::new();
        self.slow.ask((question, self.last.clone()));
    }

    /// Looks at pictures no longer for a card, where that is under way.
    pub fn end_study(&self, card: CardId) {
        if let Some(study) = self.study.as_ref().filter(|study| study.card == card) {
            study.control().cancel();
        }
    }

    /// Lets the dataset go.
    pub fn forget(&mut self) {
        self.last.cancel();
        self.study = None;
        self.quick.ask(None);
        self.clouds.ask(None);
    }
}

fn counted(board: &mut Board, question: &Question) -> Action {
    let generation = question.generation;
    let work = || {
        let found = match question.query() {
            Ok(query) => board.answer(&question.snapshot, &query, &question.cards),
            // As the grid shows nothing: what a filter means that cannot be read is anybody's guess.
            Err(why) => {
                let quick = question.cards.iter().filter(|card| card.kind.is_quick());
                quick.map(|card| (card.id, Figures::Nothing(why.clone()))).collect()
            }
        };
        Ok(found.into_iter().map(|(card, figures)| (card, Arc::new(figures))).collect())
    };
    match jobs::run(work) {
        Outcome::Done(figures) => Action::ChartsCounted { generation, figures },
        Outcome::Cancelled => Action::ChartsCounted { generation, figures: Vec::new() },
        Outcome::Panicked(cause) => {
            *board = Board::default();
            Action::ChartsFailed { generation, text: bug("the charts", &cause) }
        }
    }
}

/// What takes longer; `None` where nobody waits for it any more.
fn drawn(question: &Question, control: &Control) -> Option<Action> {
    let generation = question.generation;
    let query = question.query();
    let work = || {
        let mut figures = Vec::new();
        for card in question.cards.iter().filter(|card| !card.kind.is_quick() && !card.kind.is_asked_for()) {
            control.checkpoint()?;
            let found = match &query {
                Err(why) => Figures::Nothing(why.clone()),
                Ok(query) => drawn_card(card, question, query),
            };
            figures.push((card.id, Arc::new(found)));
        }
        control.checkpoint()?;
        Ok(figures)
    };
    match jobs::run(work) {
        Outcome::Done(figures) => Some(Action::SlowChartsDrawn { generation, figures }),
        Outcome::Cancelled => None,
        Outcome::Panicked(cause) => {
            Some(Action::SlowChartsFailed { generation, text: bug("the charts", &cause) })
        }
    }
}

/// The charts of a card of the rows that all conditions but those on its own columns leave.
fn drawn_card(card: &Card, question: &Question, query: &Query) -> Figures {
    let (snapshot, own) = (&question.snapshot, card.kind.own_columns());
    let is_own = |column: &Option<String>| column.as_deref().is_some_and(|column| own.contains(&column));
    let charts = match query.by_column().iter().any(|(column, _)| is_own(column)) {
        true => {
            let rows: Vec<SampleId> = rows_but(snapshot, query, &own).iter().collect();
            charts_of(card, Subject { snapshot, rows: &rows })
        }
        false => charts_of(card, Subject { snapshot, rows: &question.rows }),
    };
    charts.map_or_else(Figures::Nothing, Figures::Charts)
}

/// What is written of a card.
pub struct Wanting {
    /// Two columns against each other as they are drawn: as points, or as counts.
    card: Card,
    /// Which of its charts; all of them without one.
    chart: Option<usize>,
    snapshot: Snapshot,
    filter: String,
    /// What was found by looking at pictures, for a card that shows that.
    studied: Option<Arc<Studied>>,
    is_dark: bool,
}

impl Wanting {
    pub fn new(card: CardId, chart: Option<usize>, session: &Session, is_dark: bool) -> Option<Self> {
        let studied = session.charts.study(card).map(|study| study.found.clone());
        let drawn = match session.charts.cloud(card) {
            Some(_) => Scattered::Points,
            None => Scattered::Density,
        };
        let mut card = session.charts.card(card)?.clone();
        card.options.scattered.get_or_insert(drawn);
        let snapshot = session.snapshot.clone();
        let filter = session.view().filter;
        Some(Self { card, chart, snapshot, filter, studied, is_dark })
    }

    /// Writes what is wanted: of several charts the first one to that path, others beside it with a number in their
    /// names.
    pub fn write(&self, path: &Path) -> Action {
        match self.written(path) {
            Ok(count) => {
                let more = if count > 1 { ", the others beside it" } else { "" };
                let text = format!("The chart is in {}{more}.", path.display());
                Action::Notify { level: Level::Info, text }
            }
            Err(text) => Action::Notify { level: Level::Error, text },
        }
    }

    fn written(&self, path: &Path) -> Result<usize, String> {
        check_target(path, Path::new(&self.snapshot.dataset.root)).map_err(sentence)?;
        let look = if self.is_dark { Look::DARK } else { Look::LIGHT };
        let mut charts = self.charts()?;
        if let Some(chart) = self.chart {
            // What is on screen may have changed while a file was named.
            charts = charts.into_iter().skip(chart).take(1).collect();
        }
        for (at, chart) in charts.iter().enumerate() {
            write_to(&numbered(path, at), chart, &look).map_err(sentence)?;
        }
        match charts.len() {
            0 if self.card.kind.is_asked_for() => {
                Err("There is nothing to write yet: look at the pictures first.".to_owned())
            }
            0 => Err("There is nothing to write of this chart.".to_owned()),
            count => Ok(count),
        }
    }

    fn charts(&self) -> Result<Vec<Chart>, String> {
        if let Some(studied) = &self.studied {
            return Ok(studied.charts.clone());
        }
        let query = asked(&self.filter, &self.snapshot)?;
        let left = rows_but(&self.snapshot, &query, &self.card.kind.own_columns());
        if !self.card.kind.is_quick() {
            let rows: Vec<SampleId> = left.iter().collect();
            return charts_of(&self.card, Subject { snapshot: &self.snapshot, rows: &rows });
        }
        // Counted as on the screen, so that both show the same.
        let counted = Board::default().answer(&self.snapshot, &query, std::slice::from_ref(&self.card));
        let figures = counted.first().map(|(_, figures)| figures);
        figures.map_or(Ok(Vec::new()), |figures| saved_charts(&self.card, figures, &self.snapshot, &left))
    }
}

/// The path of the chart at that place: `a.svg`, `a-2.svg`, …
fn numbered(path: &Path, at: usize) -> PathBuf {
    if at == 0 {
        return path.to_owned();
    }
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    path.with_file_name(format!("{}-{}.{}", part(path.file_stem()), at + 1, part(path.extension())))
}

/// Looking at pictures that is under way.
pub struct StudyJob {
    job: Job<Result<Studied, String>>,
    card: CardId,
    of: StudyOf,
}

impl StudyJob {
    /// Starts looking at the pictures of the view; pruned ones are not among them.
    pub fn start(card: &Card, live: &Live, session: &Session, ctx: &Context) -> std::io::Result<Self> {
        let (snapshot, reader) = (session.snapshot.clone(), live.reader.clone());
        let (rows, project) = (session.shown.found.rows.clone(), live.writable_project());
        let of = StudyOf::new(card, session);
        let (id, card) = (card.id, card.clone());
        let work = move |control: &Control| {
            let rows = chosen(&snapshot, &rows);
            let subject = Subject { snapshot: &snapshot, rows: &rows };
            match card.kind {
                Kind::Pictures => pictured(&card, subject, &reader, control).map(Ok),
                _ => covered(&card, subject, &reader, project.as_deref(), control),
            }
        };
        Ok(Self { job: Job::spawn("study", waker(ctx), work)?, card: id, of })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Action> {
        let told = |level, text| Action::Notify { level, text };
        Some(match self.job.poll()? {
            Outcome::Done(Ok(found)) => {
                let study = Study { found: Arc::new(found), of: self.of.clone() };
                Action::Studied { card: self.card, study: study.into() }
            }
            Outcome::Done(Err(text)) => told(Level::Error, text),
            Outcome::Cancelled => told(Level::Info, "The pictures were not looked at to the end.".to_owned()),
            Outcome::Panicked(cause) => told(Level::Error, bug("looking at pictures", &cause)),
        })
    }
}

fn pictured(
    card: &Card,
    subject: Subject<'_>,
    reader: &Reader,
    control: &Control,
) -> Result<Studied, Cancelled> {
    let classes = card.options.top.unwrap_or(PICTURED) as usize;
    let found = pictures(subject, reader, classes, pipeline::cores(), control)?;
    let charts = vec![pictures_chart(subject, &found, &counts_settings(&card.options))];
    Ok(Studied { charts, regions: Vec::new() })
}

fn covered(
    card: &Card,
    subject: Subject<'_>,
    reader: &Reader,
    project: Option<&Project>,
    control: &Control,
) -> Result<Result<Studied, String>, Cancelled> {
    let snapshot = subject.snapshot;
    let known = match project.map(|project| signals::load(project, snapshot.len())) {
        Some(Ok((signals, _))) => signals,
        Some(Err(error)) => return Ok(Err(sentence(error))),
        None => Signals::new(snapshot.len()),
    };
    let known = described(subject, known, reader, project, control)?;
    let found = space(subject, &known, CENTRES, control)?;
    let charts = space_charts(subject, &found, &card.options);
    Ok(Ok(Studied { charts, regions: regions(&found) }))
}

/// The descriptions of these samples: those that are not known yet are looked at, and kept.
fn described(
    subject: Subject<'_>,
    known: Signals,
    reader: &Reader,
    project: Option<&Project>,
    control: &Control,
) -> Result<Signals, Cancelled> {
    let (snapshot, wanted) = (subject.snapshot, Wanted::of(Kinds::DESCRIBED).among(subject.rows));
    if pending_signals(snapshot, &known, wanted).is_empty() {
        return Ok(known);
    }
    let threads = pipeline::cores();
    Ok(signals::run(snapshot, reader, project, known, wanted, threads, control, &|_| {})?.signals)
}

/// All regions, the densest first. The first are listed as the densest and the last as the emptiest; of few all of them,
/// those of the emptier half among the emptiest.
fn regions(space: &Space) -> Vec<Region> {
    let order = space.coverage.by_density();
    let densest = order.len().div_ceil(2).min(REGIONS);
    let emptiest = (order.len() - densest).min(REGIONS);
    let region = |(place, centre): (usize, &usize)| {
        let rows = space.coverage.rows(*centre);
        Region {
            count: rows.len() as u64,
            end: match place {
                place if place < densest => Some(End::Densest),
                place if place >= order.len() - emptiest => Some(End::Emptiest),
                _ => None,
            },
            is_sparse: space.coverage.is_sparse(*centre),
            samples: rows.iter().map(|row| space.samples[*row as usize]).collect(),
        }
    };
    order.iter().enumerate().map(region).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crossfilter::default_cards;
    use crate::dataset::{Facts, Layout};

    #[test]
    fn a_filter_that_cannot_be_read_counts_nothing_and_says_why() {
        let (dataset, _) = crate::dataset::DatasetBuilder::new("/d", "/d", Layout::ImageFolder).finish();
        let snapshot = Snapshot::new(dataset.into(), &[], Facts::new(0), Arc::default());
        let boxes = Card { id: 90, kind: Kind::Boxes, options: Default::default() };
        let cards: Vec<Card> = default_cards().into_iter().chain([boxes]).collect();
        let quick = cards.len() - 1;
        let question = Question::of(7, snapshot, "width>", cards);
        let answers = [
            (Some(counted(&mut Board::default(), &question)), quick),
            (drawn(&question, &Control::new()), 1),
        ];
        for (answer, count) in answers {
            let Some(
                Action::ChartsCounted { generation: 7, figures }
                | Action::SlowChartsDrawn { generation: 7, figures },
            ) = answer
            else {
                panic!("{answer:?}");
            };
            assert_eq!(figures.len(), count);
            for (_, figures) in figures {
                let Figures::Nothing(why) = figures.as_ref() else { panic!("{figures:?}") };
                assert!(why.starts_with("The filter cannot be read: "), "{why}");
            }
        }
    }

    #[test]
    fn more_charts_than_one_have_numbers_in_their_names() {
        let path = Path::new("/a/boxes.v2.svg");
        assert_eq!(
            [0, 2].map(|at| numbered(path, at)),
            ["/a/boxes.v2.svg", "/a/boxes.v2-3.svg"].map(PathBuf::from)
        );
    }
}
