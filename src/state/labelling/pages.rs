//! Page by page: proposals for one class, the surest first, all of them right until a person says which are not.
//!
//! What is confirmed is one edit. It refuses to know how a model comes to its proposals.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::Proposals;
use super::queue::is_unlabelled;
use crate::dataset::edit::{Edit, SampleSet};
use crate::dataset::labelling::LabelChanges;
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, LabelOrigin, SampleId};
use crate::state::Effect;
use crate::state::gestures::Answer as Told;
use crate::state::session::Session;

/// Below so many samples proposals are put in order at once.
const AT_ONCE: usize = 10_000;

/// Confirmed pages that come back whole when they are undone.
const TURNED: usize = 100;

/// Labels that are right are worth as much as one that is wrong costs.
const COST_OF_WRONG: f64 = 5.0;

/// Proposals for samples that have no label, class by class, of each the surest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    proposals: Arc<Proposals>,
    order: Vec<SampleId>,
    /// Where each class starts in `order`, and the end.
    starts: Vec<usize>,
}

impl Ranked {
    /// Puts proposals in order. Takes time in proportion to the rows, and to the proposals times their logarithm.
    pub fn new(snapshot: &Snapshot, proposals: &Arc<Proposals>) -> Self {
        let present = snapshot.derived().present();
        let classes = proposals.identities.len();
        let mut order: Vec<SampleId> = present
            .iter()
            .filter(|row| proposals.of(*row).is_some() && is_unlabelled(snapshot, *row))
            .collect();
        let class = |row: SampleId| proposals.classes[row as usize] as usize;
        let sureness = |row: SampleId| proposals.confidences.get(row as usize).copied().unwrap_or(0.0);
        order.sort_unstable_by(|one, two| {
            let by_class = class(*one).cmp(&class(*two));
            by_class.then_with(|| sureness(*two).total_cmp(&sureness(*one))).then(one.cmp(two))
        });
        let starts = (0..=classes).map(|at| order.partition_point(|row| class(*row) < at)).collect();
        Self { proposals: proposals.clone(), order, starts }
    }

    /// The identities of the classes, as they were called when the model learnt them.
    pub fn identities(&self) -> &[String] {
        &self.proposals.identities
    }

    /// The samples proposed for a class, the surest first.
    pub fn of_class(&self, class: usize) -> &[SampleId] {
        let (from, to) = (self.starts.get(class), self.starts.get(class + 1));
        from.zip(to).and_then(|(from, to)| self.order.get(*from..*to)).unwrap_or_default()
    }

    fn confidence(&self, sample: SampleId) -> f32 {
        self.proposals.confidences.get(sample as usize).copied().unwrap_or(0.0)
    }
}

/// The class whose proposals come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PageClass {
    /// Whichever brings most labels that are right with fewest that are not.
    #[default]
    Surest,
    /// This one, by identity.
    Of(String),
}

/// A sample on a page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageCell {
    pub sample: SampleId,
    /// How sure the model was when the page was made, 0 to 1.
    pub confidence: f32,
    pub verdict: CellVerdict,
}

/// What a person says of a sample on a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CellVerdict {
    #[default]
    Right,
    Wrong,
    /// It is of another class, by identity.
    Other(String),
}

/// What a person does on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum PageStep {
    Choose(PageClass),
    /// So many samples fit on a page.
    Fits(usize),
    /// The proposal for this sample of the page is wrong, or right after all.
    Toggle(SampleId),
    /// The same for the sample that keys are about.
    TogglePointed,
    /// Keys are about another sample of the page, so many further.
    Move(isize),
    /// The sample that keys are about is of this class, by identity.
    Other(String),
    /// The page is right but for what was marked as wrong.
    Confirm,
    /// Takes the last page back.
    Back,
    /// Looks at the proposals from this confidence on.
    Above(f32),
    /// Those are right.
    ConfirmAbove,
}

/// A page that was confirmed.
#[derive(Clone, Debug)]
struct Turned {
    class: String,
    cells: Vec<PageCell>,
    /// What was labelled; empty where all of it was wrong.
    samples: SampleSet,
}

/// How confirming by pages stands.
#[derive(Clone, Debug)]
pub struct Pages {
    wish: PageClass,
    class: Option<String>,
    cells: Vec<PageCell>,
    /// Samples that likely come on the next page.
    ahead: Vec<SampleId>,
    /// Place in `cells` of the sample that keys are about.
    at: Option<usize>,
    fits: usize,
    above: f32,
    /// Number of proposals from `above` on, and how many of them are wrong by the model's own account.
    beyond: (usize, f64),
    ranked: Option<Arc<Ranked>>,
    /// By class: samples that are not of it. As many as a person marked.
    refused: HashMap<String, HashSet<SampleId>>,
    turned: VecDeque<Turned>,
    asked: u64,
    answered: u64,
    ground: Option<(Arc<Dataset>, Arc<Proposals>)>,
    /// Whether something else than its own steps changed what can be confirmed.
    pub(super) is_stale: bool,
}

impl Pages {
    /// Samples on a page at most.
    pub const MOST: usize = 240;

    /// Pages whose questions are numbered on from here.
    pub(super) fn new(first_question: u64) -> Self {
        Self {
            wish: PageClass::Surest,
            class: None,
            cells: Vec::new(),
            ahead: Vec::new(),
            at: None,
            fits: 60,
            above: 0.95,
            beyond: (0, 0.0),
            ranked: None,
            refused: HashMap::new(),
            turned: VecDeque::new(),
            asked: first_question,
            answered: first_question,
            ground: None,
            is_stale: false,
        }
    }

    pub fn is_answered(&self) -> bool {
        self.asked == self.answered
    }

    pub fn wish(&self) -> &PageClass {
        &self.wish
    }

    /// The identity of the class of the page.
    pub fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    pub fn cells(&self) -> &[PageCell] {
        &self.cells
    }

    /// Samples that likely come on the next page.
    pub fn ahead(&self) -> &[SampleId] {
        &self.ahead
    }

    /// Place of the sample that keys are about.
    pub fn at(&self) -> Option<usize> {
        self.at
    }

    pub fn fits(&self) -> usize {
        self.fits
    }

    /// The sample that keys are about.
    pub fn pointed(&self) -> Option<SampleId> {
        Some(self.cells.get(self.at?)?.sample)
    }

    pub fn above(&self) -> f32 {
        self.above
    }

    /// Number of the class's proposals from [`Self::above`] on, and how many of them are wrong by what the model
    /// says of itself: the sum of one less each confidence.
    pub fn beyond(&self) -> (usize, f64) {
        self.beyond
    }

    pub fn ranked(&self) -> Option<&Arc<Ranked>> {
        self.ranked.as_ref()
    }

    /// Number of the page's proposals that stand as right, and how many of them are wrong by what the model says
    /// of itself.
    pub fn expected(&self) -> (usize, f64) {
        let right = self.cells.iter().filter(|cell| cell.verdict == CellVerdict::Right);
        right.fold((0, 0.0), |(count, doubt), cell| (count + 1, doubt + f64::from(1.0 - cell.confidence)))
    }

    pub fn can_go_back(&self) -> bool {
        !self.turned.is_empty()
    }

    /// Whether a person said that a sample is not of a class.
    pub fn is_refused(&self, class: &str, sample: SampleId) -> bool {
        self.refused.get(class).is_some_and(|samples| samples.contains(&sample))
    }

    fn refuse(&mut self, class: &str, cells: &[PageCell]) {
        let wrong = cells.iter().filter(|cell| cell.verdict != CellVerdict::Right).map(|cell| cell.sample);
        self.refused.entry(class.to_owned()).or_default().extend(wrong);
    }

    fn remember(&mut self, turned: Turned) {
        self.turned.push_back(turned);
        if self.turned.len() > TURNED {
            self.turned.pop_front();
        }
    }

    /// Brings a confirmed page back as it was.
    fn restore(&mut self, turned: Turned) {
        if let Some(refused) = self.refused.get_mut(&turned.class) {
            refused.retain(|sample| turned.cells.iter().all(|cell| cell.sample != *sample));
        }
        (self.class, self.cells, self.at) = (Some(turned.class), turned.cells, None);
    }

    /// Another verdict on a cell.
    fn judge(&mut self, at: usize, verdict: impl FnOnce(&CellVerdict) -> CellVerdict) {
        if let Some(cell) = self.cells.get_mut(at) {
            cell.verdict = verdict(&cell.verdict);
            self.at = Some(at);
        }
    }

    /// The samples proposed for a class that can be confirmed now, the surest first, and the class as it is called
    /// now.
    fn open<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        class: usize,
    ) -> Option<(&'a str, impl Iterator<Item = (SampleId, f32)> + 'a)> {
        let ranked = self.ranked.as_deref()?;
        let now = snapshot.labelling.classes().resolve(ranked.identities().get(class)?)?;
        let refused = self.refused.get(now);
        let is_open = move |sample: &SampleId| {
            (*sample as usize) < snapshot.len()
                && is_unlabelled(snapshot, *sample)
                && refused.is_none_or(|refused| !refused.contains(sample))
        };
        let rows = ranked.of_class(class).iter().copied().filter(is_open);
        Some((now, rows.map(|sample| (sample, ranked.confidence(sample)))))
    }

    /// The class that is wished for, as the model numbers it.
    fn wished(&self, snapshot: &Snapshot) -> Option<usize> {
        let ranked = self.ranked.as_deref()?;
        let classes = 0..ranked.identities().len();
        if let PageClass::Of(wish) = &self.wish {
            let resolve = |class: &usize| snapshot.labelling.classes().resolve(&ranked.identities()[*class]);
            return classes.into_iter().find(|class| resolve(class) == Some(wish));
        }
        let gain = |class: usize| {
            let (_, rows) = self.open(snapshot, class)?;
            let (mut count, mut gain) = (0, 0.0);
            for (_, confidence) in rows.take(self.fits) {
                let right = f64::from(confidence);
                count += 1;
                gain += right - COST_OF_WRONG * (1.0 - right);
            }
            (count > 0).then_some((class, gain))
        };
        let best =
            classes.filter_map(gain).max_by(|one, two| one.1.total_cmp(&two.1).then(two.0.cmp(&one.0)));
        best.map(|(class, _)| class)
    }

    /// Begins a new page.
    fn fill(&mut self, snapshot: &Snapshot) {
        let class = self.wished(snapshot);
        let fits = self.fits;
        let found = class.and_then(|class| self.open(snapshot, class)).map(|(now, mut rows)| {
            let cells: Vec<PageCell> = rows
                .by_ref()
                .take(fits)
                .map(|(sample, confidence)| PageCell { sample, confidence, verdict: CellVerdict::Right })
                .collect();
            (now.to_owned(), cells, rows.take(fits).map(|(sample, _)| sample).collect::<Vec<_>>())
        });
        let wish = match &self.wish {
            PageClass::Of(identity) => Some(identity.clone()),
            PageClass::Surest => None,
        };
        let (class, cells, ahead) = match found {
            Some((class, cells, ahead)) => (Some(class), cells, ahead),
            None => (wish, Vec::new(), Vec::new()),
        };
        (self.class, self.cells, self.ahead, self.at) = (class, cells, ahead, None);
        self.count_beyond(snapshot);
    }

    /// Gives the page the size that there is room for; what was marked stays.
    fn resize(&mut self, snapshot: &Snapshot) {
        let fits = self.fits;
        if self.cells.is_empty() {
            return self.fill(snapshot);
        }
        self.cells.truncate(fits);
        self.at = self.at.filter(|at| *at < fits);
        let Some(class) = self.page_class(snapshot) else { return };
        let there: HashSet<SampleId> = self.cells.iter().map(|cell| cell.sample).collect();
        let missing = fits - self.cells.len();
        let Some((_, rows)) = self.open(snapshot, class) else { return };
        let mut rows = rows.filter(|(sample, _)| !there.contains(sample));
        let more: Vec<PageCell> = rows
            .by_ref()
            .take(missing)
            .map(|(sample, confidence)| PageCell { sample, confidence, verdict: CellVerdict::Right })
            .collect();
        let ahead = rows.take(fits).map(|(sample, _)| sample).collect();
        self.cells.extend(more);
        self.ahead = ahead;
    }

    /// The class of the page, as the model numbers it.
    fn page_class(&self, snapshot: &Snapshot) -> Option<usize> {
        let (ranked, class) = (self.ranked.as_deref()?, self.class.as_deref());
        let resolve = |identity: &String| snapshot.labelling.classes().resolve(identity) == class;
        ranked.identities().iter().position(resolve).filter(|_| class.is_some())
    }

    /// The samples that can be confirmed at a stroke: those from a confidence on that are not marked as wrong.
    fn samples_beyond(&self, snapshot: &Snapshot) -> Vec<(SampleId, f32)> {
        let wrong: HashSet<SampleId> = self
            .cells
            .iter()
            .filter(|cell| cell.verdict != CellVerdict::Right)
            .map(|cell| cell.sample)
            .collect();
        let Some((_, rows)) = self.page_class(snapshot).and_then(|class| self.open(snapshot, class)) else {
            return Vec::new();
        };
        rows.take_while(|(_, confidence)| *confidence >= self.above)
            .filter(|(sample, _)| !wrong.contains(sample))
            .collect()
    }

    fn count_beyond(&mut self, snapshot: &Snapshot) {
        let samples = self.samples_beyond(snapshot);
        let doubt = samples.iter().map(|(_, confidence)| f64::from(1.0 - confidence)).sum();
        self.beyond = (samples.len(), doubt);
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Session {
    /// Asks for the order of the proposals where it would be another one now.
    pub(super) fn ask_pages(&mut self) -> Option<Effect> {
        let dataset = self.dataset().clone();
        let pages = &mut self.labeller.pages;
        let ground = self.labeller.proposals.clone().map(|proposals| (dataset, proposals));
        let is_same = match (&pages.ground, &ground) {
            (Some(one), Some(two)) => Arc::ptr_eq(&one.0, &two.0) && Arc::ptr_eq(&one.1, &two.1),
            (one, two) => one.is_none() && two.is_none(),
        };
        if is_same && !pages.is_stale {
            return None;
        }
        pages.is_stale = false;
        pages.ground.clone_from(&ground);
        pages.asked += 1;
        let generation = pages.asked;
        let Some((_, proposals)) = ground else {
            pages.answered = generation;
            pages.ranked = None;
            pages.fill(&self.snapshot);
            return None;
        };
        if self.snapshot.len() >= AT_ONCE {
            return Some(Effect::RankProposals { generation });
        }
        let ranked = Ranked::new(&self.snapshot, &proposals).into();
        self.take_ranked(generation, ranked);
        None
    }

    /// Takes the order of the proposals in, where it answers the last question. A page that is looked at stays.
    pub(in crate::state) fn take_ranked(&mut self, generation: u64, ranked: Arc<Ranked>) {
        let (pages, snapshot) = (&mut self.labeller.pages, &self.snapshot);
        if generation != pages.asked {
            return;
        }
        pages.answered = generation;
        pages.ranked = Some(ranked);
        pages.cells.retain(|cell| is_unlabelled(snapshot, cell.sample));
        pages.at = pages.at.filter(|at| *at < pages.cells.len());
        if pages.cells.is_empty() {
            pages.fill(snapshot);
        } else {
            pages.resize(snapshot);
            pages.count_beyond(snapshot);
        }
    }

    pub(super) fn page_gesture(&mut self, step: PageStep) -> Told {
        let (pages, snapshot) = (&mut self.labeller.pages, &self.snapshot);
        match step {
            PageStep::Choose(wish) => {
                pages.wish = wish;
                pages.fill(snapshot);
            }
            PageStep::Fits(fits) => {
                pages.fits = fits.clamp(1, Pages::MOST);
                pages.resize(snapshot);
            }
            PageStep::Toggle(sample) => {
                let at = pages.cells.iter().position(|cell| cell.sample == sample);
                self.toggle_cell(at);
            }
            PageStep::TogglePointed => {
                let at = pages.at;
                self.toggle_cell(at);
            }
            PageStep::Move(by) => {
                let last = pages.cells.len().checked_sub(1);
                let to = pages.at.map_or(0, |at| at.saturating_add_signed(by));
                pages.at = last.map(|last| to.min(last));
                self.point_at_hand();
            }
            PageStep::Other(class) => {
                if let Some(at) = pages.at {
                    let is_own = pages.class.as_ref() == Some(&class);
                    let verdict = if is_own { CellVerdict::Right } else { CellVerdict::Other(class) };
                    pages.judge(at, |_| verdict);
                    pages.count_beyond(snapshot);
                }
            }
            PageStep::Above(above) => {
                pages.above = above.clamp(0.0, 1.0);
                pages.count_beyond(snapshot);
            }
            PageStep::Confirm => return self.confirm_page(),
            PageStep::ConfirmAbove => return self.confirm_beyond(),
            PageStep::Back => return self.page_back(),
        }
        (Vec::new(), None)
    }

    fn toggle_cell(&mut self, at: Option<usize>) {
        let Some(at) = at else { return };
        let pages = &mut self.labeller.pages;
        pages.judge(at, |verdict| match verdict {
            CellVerdict::Right => CellVerdict::Wrong,
            CellVerdict::Wrong | CellVerdict::Other(_) => CellVerdict::Right,
        });
        pages.count_beyond(&self.snapshot);
        self.point_at_hand();
    }

    /// Labels the samples of the page as one edit, and begins the next page.
    fn confirm_page(&mut self) -> Told {
        let pages = &self.labeller.pages;
        let Some(class) = pages.class.clone().filter(|_| !pages.cells.is_empty()) else {
            return (Vec::new(), None);
        };
        let cells = pages.cells.clone();
        let answers = cells.iter().filter(|cell| is_unlabelled(&self.snapshot, cell.sample));
        let answers = answers.filter_map(|cell| {
            let answer = match &cell.verdict {
                CellVerdict::Right => self.answer(vec![class.clone()], LabelOrigin::Confirmed),
                CellVerdict::Other(other) => self.answer(vec![other.clone()], LabelOrigin::ByHand),
                CellVerdict::Wrong => return None,
            };
            Some((cell.sample, Some(answer)))
        });
        let changes = LabelChanges::of_each(answers.collect::<Vec<_>>());
        let samples = changes.samples();
        let (effects, told) = self.by_panel(|session| session.edit(Edit::Label { changes }));
        if told.is_some() {
            return (effects, told);
        }
        let pages = &mut self.labeller.pages;
        pages.refuse(&class, &cells);
        pages.remember(Turned { class, cells, samples });
        pages.fill(&self.snapshot);
        (effects, None)
    }

    fn confirm_beyond(&mut self) -> Told {
        let pages = &self.labeller.pages;
        let Some(class) = pages.class.clone() else { return (Vec::new(), None) };
        let samples = pages.samples_beyond(&self.snapshot).into_iter().map(|(sample, _)| sample);
        let samples = SampleSet::from_rows(samples);
        if samples.is_empty() {
            return (Vec::new(), None);
        }
        let changes = LabelChanges::same(&samples, Some(self.answer(vec![class], LabelOrigin::Confirmed)));
        let (effects, told) = self.by_panel(|session| session.edit(Edit::Label { changes }));
        if told.is_none() {
            self.labeller.pages.fill(&self.snapshot);
        }
        (effects, told)
    }

    /// Takes the last page back. One of which nothing was labelled is no edit, and comes back by itself.
    fn page_back(&mut self) -> Told {
        let pages = &mut self.labeller.pages;
        if let Some(turned) = pages.turned.pop_back_if(|turned| turned.samples.is_empty()) {
            pages.restore(turned);
            pages.count_beyond(&self.snapshot);
            return (Vec::new(), None);
        }
        let Some(turned) = pages.turned.back() else { return (Vec::new(), None) };
        let last = self.history.next_undo();
        let is_last = last.and_then(Edit::samples).is_some_and(|samples| samples.as_ref() == &turned.samples);
        match is_last {
            true => self.run(crate::state::Command::Undo),
            false => (Vec::new(), None),
        }
    }

    /// An edit was undone or done again: its page comes back, or is turned.
    pub(super) fn pages_travel(&mut self, edit: &Edit, is_undo: bool) {
        let Edit::Label { changes } = edit else { return };
        let (pages, snapshot) = (&mut self.labeller.pages, &self.snapshot);
        let samples = changes.samples();
        let turned = pages.turned.iter().rposition(|turned| turned.samples == samples);
        if let (true, Some(turned)) = (is_undo, turned.and_then(|at| pages.turned.remove(at))) {
            pages.restore(turned);
            pages.count_beyond(snapshot);
            return;
        }
        let is_of_page = |cell: &PageCell| !is_unlabelled(snapshot, cell.sample);
        let is_turned = !is_undo
            && pages.cells.iter().any(is_of_page)
            && pages.cells.iter().all(|cell| is_of_page(cell) || cell.verdict == CellVerdict::Wrong);
        if let (true, Some(class)) = (is_turned, pages.class.clone()) {
            let cells = std::mem::take(&mut pages.cells);
            pages.refuse(&class, &cells);
            pages.remember(Turned { class, cells, samples });
        }
        pages.fill(snapshot);
    }
}
