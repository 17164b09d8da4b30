//! Page by page: proposals for one class, the surest first, all of them right until a person says which are not.
//!
//! What is confirmed is one edit. It refuses to know how a model comes to its proposals.

mod ranked;
mod turn;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::Proposals;
use super::queue::is_unlabelled;
use crate::dataset::edit::Edit;
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, SampleId};

pub use ranked::Ranked;

/// Confirmed pages that come back whole when they are undone.
const TURNED: usize = 100;

/// Labels that are right are worth as much as one that is wrong costs.
const COST_OF_WRONG: f64 = 5.0;

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
    /// What was labelled with it, on the page and beyond it; none where all of it was wrong.
    edit: Option<Edit>,
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
    beyond: Beyond,
    ranked: Option<Arc<Ranked>>,
    /// By class: samples that are not of it. As many as a person marked.
    refused: HashMap<String, HashSet<SampleId>>,
    turned: VecDeque<Turned>,
    /// Of those, the ones that were undone and can be done again.
    undone: VecDeque<Turned>,
    asked: u64,
    answered: u64,
    ground: Option<(Arc<Dataset>, Arc<Proposals>)>,
    /// Whether something else than its own steps changed what can be confirmed.
    pub(in crate::state::labelling) is_stale: bool,
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
            beyond: Beyond::default(),
            ranked: None,
            refused: HashMap::new(),
            turned: VecDeque::new(),
            undone: VecDeque::new(),
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
        self.beyond.from(self.above)
    }

    pub fn ranked(&self) -> Option<&Arc<Ranked>> {
        self.ranked.as_ref()
    }

    /// Number of the page's proposals that stand as right, and how many of them are wrong by what the model says
    /// of itself.
    pub fn expected(&self) -> (usize, f64) {
        let right = self.cells.iter().filter(|cell| cell.verdict == CellVerdict::Right);
        right.fold((0, 0.0), |(count, doubt), cell| (count + 1, doubt + self.doubt(cell.confidence)))
    }

    pub fn can_go_back(&self) -> bool {
        !self.turned.is_empty()
    }

    /// Whether a person said that a sample is not of a class.
    pub fn is_refused(&self, class: &str, sample: SampleId) -> bool {
        self.refused.get(class).is_some_and(|samples| samples.contains(&sample))
    }

    fn doubt(&self, confidence: f32) -> f64 {
        self.ranked.as_ref().map_or(1.0, |ranked| ranked.doubt(confidence))
    }

    /// A page was confirmed: what was marked on it is not proposed again, and it can be taken back.
    fn turn(&mut self, turned: Turned) {
        let wrong = turned.cells.iter().filter(|cell| cell.verdict != CellVerdict::Right);
        let wrong = wrong.map(|cell| cell.sample);
        self.refused.entry(turned.class.clone()).or_default().extend(wrong);
        self.turned.push_back(turned);
        if self.turned.len() > TURNED {
            self.turned.pop_front();
        }
    }

    /// Nothing that was undone can be done again.
    pub(in crate::state) fn forget_undone(&mut self) {
        self.undone.clear();
    }

    /// Brings a confirmed page back as it was.
    fn restore(&mut self, turned: Turned) {
        if let Some(refused) = self.refused.get_mut(&turned.class) {
            refused.retain(|sample| turned.cells.iter().all(|cell| cell.sample != *sample));
        }
        (self.class, self.cells, self.at) = (Some(turned.class), turned.cells, None);
        self.leave_out_what_does_not_fit();
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
        let rows = ranked.of_class(class).iter().copied().filter(self.is_open(snapshot, now));
        Some((now, rows.map(|sample| (sample, ranked.confidence(sample)))))
    }

    /// Whether a sample that is proposed for a class can be confirmed now.
    fn is_open<'a>(&'a self, snapshot: &'a Snapshot, class: &str) -> impl Fn(&SampleId) -> bool + use<'a> {
        let refused = self.refused.get(class);
        move |sample| {
            (*sample as usize) < snapshot.len()
                && is_unlabelled(snapshot, *sample)
                && refused.is_none_or(|refused| !refused.contains(sample))
        }
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
        self.leave_out_what_does_not_fit();
        let Some(class) = self.page_class(snapshot) else { return };
        let there: HashSet<SampleId> = self.cells.iter().map(|cell| cell.sample).collect();
        let missing = fits.saturating_sub(self.cells.len());
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

    /// What is marked stays, whether it is seen or not: it is not to be confirmed with the rest.
    fn leave_out_what_does_not_fit(&mut self) {
        let mut place = 0..;
        let fits = self.fits;
        self.cells.retain(|cell| {
            place.next().is_some_and(|place| place < fits) || cell.verdict != CellVerdict::Right
        });
        self.at = self.at.filter(|at| *at < fits);
    }

    /// The class of the page, as the model numbers it.
    fn page_class(&self, snapshot: &Snapshot) -> Option<usize> {
        let (ranked, class) = (self.ranked.as_deref()?, self.class.as_deref());
        let resolve = |identity: &String| snapshot.labelling.classes().resolve(identity) == class;
        ranked.identities().iter().position(resolve).filter(|_| class.is_some())
    }

    /// The samples that can be confirmed at a stroke: those from a confidence on that are not marked as wrong.
    fn samples_beyond<'a>(
        &'a self,
        snapshot: &'a Snapshot,
    ) -> impl Iterator<Item = (SampleId, f32)> + use<'a> {
        let wrong = self.wrong();
        let open = self.page_class(snapshot).and_then(|class| self.open(snapshot, class));
        let rows = open.into_iter().flat_map(|(_, rows)| rows);
        rows.take_while(|(_, confidence)| *confidence >= self.above)
            .filter(move |(sample, _)| !wrong.contains(sample))
    }

    /// Counts them anew.
    fn count_beyond(&mut self, snapshot: &Snapshot) {
        self.beyond = Beyond::default();
        self.count_further(snapshot);
    }

    /// Counts those that were not counted yet: a slider that is dragged asks in each frame, of a class that may have a
    /// million.
    fn count_further(&mut self, snapshot: &Snapshot) {
        let Some(class) = self.page_class(snapshot) else { return };
        let (Some(ranked), Some(now)) = (self.ranked.clone(), self.class.as_deref()) else { return };
        let mut beyond = std::mem::take(&mut self.beyond);
        let rows = ranked.of_class(class).get(beyond.looked_at..).unwrap_or_default();
        let rows = &rows[..rows.partition_point(|sample| ranked.confidence(*sample) >= self.above)];
        let (wrong, is_open) = (self.wrong(), self.is_open(snapshot, now));
        for sample in rows.iter().filter(|sample| is_open(sample) && !wrong.contains(sample)) {
            let confidence = ranked.confidence(*sample);
            let before = beyond.counted.last().map_or(0.0, |(_, doubt)| *doubt);
            beyond.counted.push((confidence, before + self.doubt(confidence)));
        }
        beyond.looked_at += rows.len();
        drop(is_open);
        self.beyond = beyond;
    }

    /// What is marked as wrong on the page.
    fn wrong(&self) -> HashSet<SampleId> {
        let wrong = self.cells.iter().filter(|cell| cell.verdict != CellVerdict::Right);
        wrong.map(|cell| cell.sample).collect()
    }
}

/// Samples of a page's class that can be confirmed at a stroke, the surest first, as far as they were counted.
#[derive(Clone, Debug, Default)]
struct Beyond {
    /// Rows of the class that were looked at.
    looked_at: usize,
    /// The confidence of each that counts, and the doubt in it and in those before.
    counted: Vec<(f32, f64)>,
}

impl Beyond {
    /// How many there are from a confidence on, and the doubt in all of them.
    fn from(&self, above: f32) -> (usize, f64) {
        let count = self.counted.partition_point(|(confidence, _)| *confidence >= above);
        (count, count.checked_sub(1).map_or(0.0, |last| self.counted[last].1))
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self::new(0)
    }
}
