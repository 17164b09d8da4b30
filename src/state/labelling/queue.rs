//! The order in which samples come before a person who labels one at a time, and how far they are.
//!
//! A queue is a list of rows and the way that was gone through it. It refuses to know what the answers are, and how a
//! model comes to its proposals.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Proposals;
use crate::analysis::fewshot::Strategy;
use crate::augment::random::Key;
use crate::dataset::edit::{Direction, Mark};
use crate::dataset::query::{Bitmask, Rows, Snapshot, sorted_rows};
use crate::dataset::{Flag, SampleId, Score, Verdict};

pub use crate::pipeline::annotating::DISPUTED;

/// Samples that one can go back through at most.
const PAST: usize = 1000;

/// Which samples come, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueKind {
    /// The samples shown, in their order.
    #[default]
    Shown,
    /// Samples without a label of which nothing was said.
    Unlabelled,
    /// Samples that a person was not sure of.
    Unsure,
    /// Samples that people do not agree on, by their tag [`DISPUTED`].
    Disputed,
    /// Samples whose given label an analysis or the model doubts, the surest doubt first.
    LikelyWrong,
    /// Unlabelled samples between whose two likeliest classes the model can tell least.
    Uncertain,
    /// Unlabelled samples that are least like those before them.
    Diverse,
    /// Unlabelled samples by doubt and by difference at once.
    Mixed,
    /// Unlabelled samples by doubt and by difference, of the proposed class that has the fewest answers.
    RoundRobin,
}

impl QueueKind {
    pub const ALL: [Self; 9] = [
        Self::Shown,
        Self::Unlabelled,
        Self::Mixed,
        Self::Uncertain,
        Self::Diverse,
        Self::RoundRobin,
        Self::LikelyWrong,
        Self::Unsure,
        Self::Disputed,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Shown => "Samples shown",
            Self::Unlabelled => "Unlabelled",
            Self::Unsure => "Unsure",
            Self::Disputed => "Disputed",
            Self::LikelyWrong => "Likely wrong",
            Self::Uncertain => "Most uncertain",
            Self::Diverse => "Most diverse",
            Self::Mixed => "Mixed",
            Self::RoundRobin => "Round robin",
        }
    }

    /// What it brings, for help.
    pub fn about(self) -> &'static str {
        match self {
            Self::Shown => "The samples of the filter in their order, from the cursor on",
            Self::Unlabelled => "Samples without a label, in the order of their paths",
            Self::Unsure => "Samples that you marked as unsure (H)",
            Self::Disputed => "Samples with the tag “disputed”",
            Self::LikelyWrong => {
                "Labels of the source that the analysis or the model doubts, the surest doubt first"
            }
            Self::Uncertain => "Unlabelled samples of which the model can tell least what they are",
            Self::Diverse => "Unlabelled samples that are least like those that you have seen",
            Self::Mixed => {
                "Unlabelled samples that teach the model most: uncertain and diverse ones together"
            }
            Self::RoundRobin => {
                "Unlabelled samples that teach the model most, each of the class that has the fewest answers"
            }
        }
    }

    /// How the model picks its samples, where its order is the model's.
    pub fn strategy(self) -> Option<Strategy> {
        match self {
            Self::Uncertain => Some(Strategy::Uncertain),
            Self::Diverse => Some(Strategy::Diverse),
            Self::Mixed => Some(Strategy::Mixed),
            Self::RoundRobin => Some(Strategy::RoundRobin),
            Self::Shown | Self::Unlabelled | Self::Unsure | Self::Disputed | Self::LikelyWrong => None,
        }
    }

    /// Whether its order is the model's.
    pub fn needs_model(self) -> bool {
        self.strategy().is_some()
    }

    /// Whether its samples are those without a label of which nothing was said.
    pub fn is_of_unlabelled(self) -> bool {
        self.needs_model() || self == Self::Unlabelled
    }
}

/// How the rows of a queue came to their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ordered {
    /// As its kind says.
    #[default]
    AsAsked,
    /// By chance, since there is no model yet that could tell.
    ByChance,
}

/// What a queue is made of.
#[derive(Clone, Debug)]
pub struct QueueWish {
    pub kind: QueueKind,
    pub snapshot: Snapshot,
    /// The rows of the view.
    pub shown: Arc<Rows>,
    pub proposals: Option<Arc<Proposals>>,
    /// Samples that were gone through already.
    pub passed: Bitmask,
    /// Tells the order where chance does.
    pub seed: u64,
}

impl QueueWish {
    /// The samples of the queue in order, without those that are gone or were gone through. `picked` are samples
    /// that a model chose for a queue that [needs it](QueueKind::needs_model), the first one first; those that are no
    /// longer wanted are left out, and the others follow by chance.
    pub fn find(&self, picked: Option<&[SampleId]>) -> (Rows, Ordered) {
        let order = match self.kind {
            QueueKind::Shown => self.shown.to_vec(),
            QueueKind::Unlabelled => self.by_path(&self.unlabelled()),
            QueueKind::Unsure => self.by_path(&self.unsure()),
            QueueKind::Disputed => self.by_path(&self.disputed()),
            QueueKind::LikelyWrong => self.likely_wrong(self.proposals.as_deref()),
            QueueKind::Uncertain | QueueKind::Diverse | QueueKind::Mixed | QueueKind::RoundRobin => {
                self.picked(picked.unwrap_or_default())
            }
        };
        let is_by_chance = self.kind.needs_model() && picked.is_none();
        let ordered = if is_by_chance { Ordered::ByChance } else { Ordered::AsAsked };
        (Rows::from_order(order, self.snapshot.len()), ordered)
    }

    /// The rows that hold and are still to be gone through.
    fn rows_where(&self, holds: impl Fn(SampleId) -> bool + Sync) -> Bitmask {
        let mut mask = Bitmask::from_fn(self.snapshot.len(), |row| holds(row as SampleId));
        mask.intersect(self.snapshot.derived().present());
        mask.subtract(&self.passed);
        mask
    }

    fn unlabelled(&self) -> Bitmask {
        self.rows_where(|sample| is_unlabelled(&self.snapshot, sample))
    }

    fn unsure(&self) -> Bitmask {
        self.rows_where(|sample| is_unsure(&self.snapshot, sample))
    }

    fn disputed(&self) -> Bitmask {
        self.rows_where(|sample| self.snapshot.labelling.has_tag(sample, DISPUTED))
    }

    fn by_path(&self, mask: &Bitmask) -> Vec<SampleId> {
        sorted_rows(&self.snapshot, mask, "path", Direction::Ascending)
    }

    fn by_chance(&self, mask: &Bitmask) -> Vec<SampleId> {
        let mut drawn: Vec<(u64, SampleId)> = mask.iter().map(|row| (self.luck(row), row)).collect();
        drawn.sort_unstable();
        drawn.into_iter().map(|(_, row)| row).collect()
    }

    fn luck(&self, row: SampleId) -> u64 {
        Key::new(self.seed, u64::from(row), 0).draw().bits()
    }

    /// Samples whose own label is in doubt and of which nothing was said.
    fn likely_wrong(&self, proposals: Option<&Proposals>) -> Vec<SampleId> {
        let snapshot = &self.snapshot;
        let doubt = |sample: SampleId| -> Option<f32> {
            let labels = snapshot.labels().get(sample);
            if labels.is_empty() || snapshot.labelling.answer(sample).is_some() || is_pruned(snapshot, sample)
            {
                return None;
            }
            let flagged = snapshot.findings.flags(sample) & Flag::WrongLabel.bit() != 0;
            let by_analysis = flagged
                .then(|| 1.0 - snapshot.findings.score(Score::Label, sample))
                .filter(|one| !one.is_nan());
            let identities = &snapshot.in_force.identities;
            let is_of = |identity: &str| {
                labels.iter().any(|class| identities.get(*class as usize).is_some_and(|one| one == identity))
            };
            let by_model = proposals.and_then(|one| one.of(sample)).filter(|(identity, _)| !is_of(identity));
            match (by_analysis, by_model.map(|(_, confidence)| confidence)) {
                (Some(one), Some(two)) => Some(one.max(two)),
                (one, two) => one.or(two),
            }
        };
        let mask = self.rows_where(|sample| doubt(sample).is_some());
        let doubts = mask.iter().map(|row| (doubt(row).unwrap_or(0.0), row));
        sorted(doubts.map(|(doubt, row)| (-doubt, row)).collect())
    }

    /// The samples that were picked and then the other unlabelled ones.
    fn picked(&self, picked: &[SampleId]) -> Vec<SampleId> {
        let mut left = self.unlabelled();
        let mut order: Vec<SampleId> =
            picked.iter().copied().filter(|row| left.set(*row as usize, false)).collect();
        order.append(&mut self.by_chance(&left));
        order
    }
}

/// The rows by their number, the lowest first, and then by row.
fn sorted(mut rows: Vec<(f32, SampleId)>) -> Vec<SampleId> {
    rows.sort_unstable_by(|one, two| one.0.total_cmp(&two.0).then(one.1.cmp(&two.1)));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Whether a sample is there to be labelled: it has no label, nothing was said of it, and it stays.
pub fn is_unlabelled(snapshot: &Snapshot, sample: SampleId) -> bool {
    snapshot.labels().get(sample).is_empty()
        && snapshot.labelling.answer(sample).is_none()
        && !is_pruned(snapshot, sample)
}

fn is_unsure(snapshot: &Snapshot, sample: SampleId) -> bool {
    snapshot.marks.get(sample as usize).is_some_and(|marks| marks & Mark::Unsure.bit() != 0)
}

fn is_pruned(snapshot: &Snapshot, sample: SampleId) -> bool {
    snapshot.decision(sample).verdict == Verdict::Prune
}

/// A queue that a person goes through.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    kind: QueueKind,
    ordered: Ordered,
    rows: Arc<Rows>,
    /// Where the next one is looked for.
    next: usize,
    /// The sample that the way has come to; `None` before the first and at the end.
    head: Option<SampleId>,
    /// Those before it, the newest last.
    past: VecDeque<SampleId>,
    /// How many of those one has gone back.
    back: usize,
    /// Samples that were gone through.
    passed: Bitmask,
    /// Those that were answered since it began, and their number.
    answered: Bitmask,
    done: usize,
}

impl Queue {
    /// A queue whose rows are still to come, of a dataset of so many rows.
    pub fn new(kind: QueueKind, samples: usize) -> Self {
        let (passed, answered) = (Bitmask::empty(samples), Bitmask::empty(samples));
        Self { kind, passed, answered, ..Self::default() }
    }

    pub fn kind(&self) -> QueueKind {
        self.kind
    }

    pub fn ordered(&self) -> Ordered {
        self.ordered
    }

    pub fn rows(&self) -> &Arc<Rows> {
        &self.rows
    }

    /// The samples that were gone through.
    pub fn passed(&self) -> &Bitmask {
        &self.passed
    }

    /// The sample that came last and was not gone through; `None` at the end.
    pub fn head(&self) -> Option<SampleId> {
        self.head
    }

    /// The sample at hand; `None` at the end.
    pub fn at_hand(&self) -> Option<SampleId> {
        match self.back {
            0 => self.head,
            back => self.past.get(self.past.len().checked_sub(back)?).copied(),
        }
    }

    /// Whether one has gone back.
    pub fn is_back(&self) -> bool {
        self.back > 0
    }

    pub fn can_go_back(&self) -> bool {
        self.back < self.past.len()
    }

    /// Number of samples that were answered since it began.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Number of samples that are still to be gone through, the one at hand among them.
    pub fn left(&self) -> usize {
        let words = self.passed.words().iter().zip(self.rows.mask().words());
        let passed: u32 = words.map(|(passed, rows)| (passed & rows).count_ones()).sum();
        self.rows.len() - passed as usize
    }

    /// Number of samples that were gone through and are not answered.
    pub fn skipped(&self) -> usize {
        let words = self.passed.words().iter().zip(self.answered.words());
        words.map(|(passed, answered)| (passed & !answered).count_ones()).sum::<u32>() as usize
    }

    /// The samples that come after the one at hand, and the one before it: those to make ready.
    pub fn near(&self, snapshot: &Snapshot) -> ([SampleId; 4], usize) {
        /// Rows that are looked at for those that come.
        const LOOKED_AT: usize = 64;
        let (mut near, mut count) = ([0; 4], 0);
        let later = self.past.iter().skip((self.past.len() + 1).saturating_sub(self.back)).copied();
        let later = later.filter(|_| self.back > 0).chain(self.head.filter(|_| self.back > 0));
        let rows = self.rows.get(self.next..).unwrap_or_default().iter().take(LOOKED_AT).copied();
        let rows = rows.filter(|row| self.is_open(snapshot, *row));
        for row in later.chain(rows).take(3) {
            near[count] = row;
            count += 1;
        }
        let before = self.past.len().checked_sub(self.back + 1).and_then(|at| self.past.get(at));
        if let Some(before) = before {
            near[count] = *before;
            count += 1;
        }
        (near, count)
    }

    /// Other rows, of samples that are there now. The sample at hand stays, whatever the rows are; the way goes on
    /// after `after` where that is among them, and else from their start.
    pub fn take_rows(
        &mut self,
        rows: Arc<Rows>,
        ordered: Ordered,
        snapshot: &Snapshot,
        after: Option<SampleId>,
    ) {
        self.passed.resize(snapshot.len());
        self.answered.resize(snapshot.len());
        self.next = after.and_then(|sample| rows.position_of(sample)).map_or(0, |at| at + 1);
        (self.rows, self.ordered) = (rows, ordered);
        if self.head.is_none() {
            self.head = self.next_open(snapshot);
        }
    }

    /// The way begins with a sample.
    pub fn begin_at(&mut self, sample: SampleId) {
        self.head = Some(sample);
    }

    /// Goes on to the next sample: the one at hand was gone through.
    pub fn step(&mut self, snapshot: &Snapshot) {
        if self.back > 0 {
            self.back -= 1;
            return;
        }
        let Some(head) = self.head.take() else { return };
        self.passed.set(head as usize, true);
        self.remember(head);
        self.head = self.next_open(snapshot);
    }

    /// Goes back to the sample before.
    pub fn step_back(&mut self) {
        if self.can_go_back() {
            self.back += 1;
        }
    }

    /// Brings a sample to hand, wherever it stands: one that was not gone through comes before the one at hand.
    pub fn show(&mut self, sample: SampleId) {
        if self.head == Some(sample) {
            self.back = 0;
        } else if let Some(at) = self.past.iter().rev().position(|past| *past == sample) {
            self.back = at + 1;
        } else {
            self.remember(sample);
            self.back = 1;
        }
    }

    /// Begins again with those that were gone through without an answer.
    pub fn begin_again(&mut self, snapshot: &Snapshot) {
        self.passed.intersect(&self.answered);
        (self.next, self.back) = (0, 0);
        if self.head.is_none() {
            self.head = self.next_open(snapshot);
        }
    }

    /// Notes whether a sample has an answer since the queue began; gives whether that is new.
    pub fn note(&mut self, sample: SampleId, is_answered: bool) -> bool {
        let is_new = self.answered.set(sample as usize, is_answered);
        match (is_new, is_answered) {
            (false, _) => {}
            (true, true) => self.done += 1,
            (true, false) => self.done -= 1,
        }
        is_new
    }

    fn remember(&mut self, sample: SampleId) {
        self.past.push_back(sample);
        if self.past.len() > PAST {
            self.past.pop_front();
        }
    }

    /// The next sample that is still to be gone through, from the end once round to the start.
    fn next_open(&mut self, snapshot: &Snapshot) -> Option<SampleId> {
        if self.left() == 0 {
            return None;
        }
        let rows = self.rows.clone();
        for from in [self.next, 0] {
            let ahead = rows.get(from..).unwrap_or_default().iter().enumerate();
            let found = ahead.into_iter().find(|(_, row)| self.is_open(snapshot, **row));
            if let Some((at, row)) = found {
                self.next = from + at + 1;
                return Some(*row);
            }
        }
        self.next = rows.len();
        None
    }

    /// Whether a row of the queue is to be gone through as things stand now.
    fn is_open(&self, snapshot: &Snapshot, sample: SampleId) -> bool {
        if sample as usize >= snapshot.len() || self.passed.contains(sample as usize) {
            return false;
        }
        match self.kind {
            QueueKind::Shown => true,
            QueueKind::Unsure => is_unsure(snapshot, sample),
            QueueKind::Disputed => snapshot.labelling.has_tag(sample, DISPUTED),
            QueueKind::LikelyWrong => !is_pruned(snapshot, sample),
            _ => is_unlabelled(snapshot, sample),
        }
    }
}
