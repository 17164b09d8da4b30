//! One sample after the other: what a person does with the sample at hand, and the queue that brings the next.
//!
//! Steps name no sample: each is about the one that is at hand when it is carried out, so that two quick keys are
//! about two samples. This file refuses to know how a queue comes to its order, see [`queue`](super::queue).

use std::sync::Arc;

use super::queue::{Ordered, Queue, QueueKind, QueueWish};
use super::{How, LabelLook, Proposals};
use crate::dataset::edit::{Decisions, Edit, Mark, SampleSet, View};
use crate::dataset::labelling::LabelChanges;
use crate::dataset::query::Bitmask;
use crate::dataset::query::Rows;
use crate::dataset::{Dataset, Decision, Findings, LabelOrigin, Labels, SampleId, Verdict};
use crate::state::gestures::Answer as Told;
use crate::state::session::Session;
use crate::state::{Effect, Level};

/// Below so many samples a queue that needs no model is made at once.
const AT_ONCE: usize = 100_000;

/// What a person does while samples come one by one.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Goes through another queue.
    Choose(QueueKind),
    /// It is of this class, by identity; with several classes, it is of this one too, or no more.
    Give(String),
    /// It is what the model proposes; with several classes, it has those that it should have.
    Accept,
    /// It is of none of the classes.
    NoClass,
    /// It is of a class of this name, which is made where there is none.
    NewClass(String),
    /// Sets a mark, or clears it. One that is unsure is left for later.
    Mark(Mark),
    /// Decides what is to become of it, or takes that back. One that is pruned is left behind.
    Decide(Verdict),
    Skip,
    Back,
    /// Goes once more through what was left without an answer.
    BeginAgain,
}

/// The way through a queue.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    pub queue: Queue,
    /// What the last step did, as a sentence; empty before the first.
    pub told: String,
    /// The queue that a person chose, in an earlier run of the program perhaps.
    pub(in crate::state) chosen: Option<QueueKind>,
    /// Whether a queue was begun.
    has_begun: bool,
    /// When the queue began, in milliseconds since the Unix epoch.
    begun_ms: i64,
    asked: u64,
    answered: u64,
    ground: Option<Ground>,
    /// Samples of the queue that chance chose.
    by_chance: Bitmask,
    /// Whether something else than its own steps changed what it is made of.
    pub(super) is_stale: bool,
}

/// What a queue was made of, beside labels.
#[derive(Clone, Debug)]
struct Ground {
    kind: QueueKind,
    dataset: Arc<Dataset>,
    /// Where it is that of the samples shown.
    shown: Option<(View, Arc<Rows>)>,
    proposals: Option<Arc<Proposals>>,
    findings: Option<Arc<Findings>>,
}

impl Ground {
    fn is_same(&self, other: &Self) -> bool {
        fn same<T>(one: Option<&Arc<T>>, two: Option<&Arc<T>>) -> bool {
            one.map(Arc::as_ptr) == two.map(Arc::as_ptr)
        }
        let rows = |ground: &Self| ground.shown.as_ref().map(|(_, rows)| Arc::as_ptr(rows));
        self.is_same_way(other)
            && Arc::ptr_eq(&self.dataset, &other.dataset)
            && rows(self) == rows(other)
            && same(self.proposals.as_ref(), other.proposals.as_ref())
            && same(self.findings.as_ref(), other.findings.as_ref())
    }

    /// Whether it is the same queue, perhaps with other rows.
    fn is_same_way(&self, other: &Self) -> bool {
        let view = |ground: &Self| ground.shown.as_ref().map(|(view, _)| view.clone());
        self.kind == other.kind && view(self) == view(other)
    }
}

impl Walk {
    /// A way whose questions are numbered on from here.
    pub(super) fn new(first_question: u64) -> Self {
        Self { asked: first_question, answered: first_question, ..Self::default() }
    }

    /// Whether the rows of the queue are those that were asked for last.
    pub fn is_answered(&self) -> bool {
        self.asked == self.answered
    }

    /// Whether the panel was on screen.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn begin(&mut self, kind: QueueKind, samples: usize, now_ms: i64) {
        self.queue = Queue::new(kind, samples);
        (self.ground, self.begun_ms, self.has_begun) = (None, now_ms, true);
        self.told.clear();
        self.by_chance = Bitmask::empty(samples);
    }

    /// Notes which samples of newer rows chance chose. What has come to hand by now came as it was then.
    fn note_chance(&mut self, samples: usize, by_chance: &[SampleId]) {
        let mut come = self.queue.passed().clone();
        come.resize(samples);
        if let Some(head) = self.queue.head() {
            come.set(head as usize, true);
        }
        let mut chosen = Bitmask::from_rows(samples, by_chance);
        chosen.subtract(&come);
        self.by_chance.resize(samples);
        self.by_chance.intersect(&come);
        self.by_chance.unite(&chosen);
    }

    /// Whether chance alone brought a sample to hand.
    pub(super) fn is_by_chance(&self, sample: SampleId) -> bool {
        let has_come = self.queue.head() == Some(sample) || self.queue.passed().contains(sample as usize);
        has_come && self.by_chance.contains(sample as usize)
    }
}

impl Session {
    /// What the queue is made of as things stand now.
    pub fn queue_wish(&self, kind: QueueKind) -> QueueWish {
        /// So that the same samples come in the same order.
        const SEED: u64 = 7;
        QueueWish {
            kind,
            snapshot: self.snapshot.clone(),
            shown: self.shown.found.rows.clone(),
            proposals: self.labeller.proposals.clone(),
            passed: self.labeller.walk.queue.passed().clone(),
            seed: SEED,
        }
    }

    /// Begins the way, where it has not begun.
    pub(super) fn begin_walk(&mut self) {
        if !self.labeller.walk.has_begun {
            let usual = || {
                let has_unlabelled = self.snapshot.labels().of.contains(&Labels::UNLABELLED);
                if has_unlabelled { QueueKind::Unlabelled } else { QueueKind::Shown }
            };
            let kind = self.labeller.walk.chosen.unwrap_or_else(usual);
            self.labeller.walk.begin(kind, self.snapshot.len(), self.labeller.who.now_ms);
        }
    }

    /// Asks for the rows of the queue where they would be other ones now.
    pub(super) fn ask_walk(&mut self) -> Option<Effect> {
        let kind = self.labeller.walk.queue.kind();
        if kind == QueueKind::Shown && self.shown.asked != self.shown.answered {
            return None;
        }
        let by_model = kind.needs_model() || kind == QueueKind::LikelyWrong;
        let ground = Ground {
            kind,
            dataset: self.dataset().clone(),
            shown: (kind == QueueKind::Shown).then(|| (self.view(), self.shown.found.rows.clone())),
            proposals: self.labeller.proposals.clone().filter(|_| by_model),
            findings: (kind == QueueKind::LikelyWrong).then(|| self.snapshot.findings.clone()),
        };
        let walk = &mut self.labeller.walk;
        let before = walk.ground.as_ref();
        if !walk.is_stale && before.is_some_and(|before| before.is_same(&ground)) {
            return None;
        }
        if before.is_some_and(|before| !before.is_same_way(&ground)) {
            walk.begin(kind, self.snapshot.len(), self.labeller.who.now_ms);
        }
        walk.ground = Some(ground);
        walk.is_stale = false;
        walk.asked += 1;
        let generation = walk.asked;
        if kind == QueueKind::Shown {
            let rows = self.shown.found.rows.clone();
            self.take_queue(generation, rows, Ordered::AsAsked, &[]);
        } else if !by_model && self.snapshot.len() < AT_ONCE {
            let (rows, ordered) = self.queue_wish(kind).find(None);
            let by_chance = if ordered == Ordered::ByChance { rows.to_vec() } else { Vec::new() };
            self.take_queue(generation, rows.into(), ordered, &by_chance);
        } else {
            return Some(Effect::FindQueue { kind, generation });
        }
        None
    }

    /// Takes the rows of a queue in, where they answer the last question.
    pub(in crate::state) fn take_queue(
        &mut self,
        generation: u64,
        rows: Arc<Rows>,
        ordered: Ordered,
        by_chance: &[SampleId],
    ) {
        let walk = &mut self.labeller.walk;
        if generation != walk.asked {
            return;
        }
        walk.answered = generation;
        walk.note_chance(self.snapshot.len(), by_chance);
        let queue = &mut walk.queue;
        let is_new = queue.at_hand().is_none();
        let mut after = None;
        if queue.kind() == QueueKind::Shown {
            let cursor = self.selection.cursor.filter(|cursor| rows.position_of(*cursor).is_some());
            if let (true, false, Some(cursor)) = (is_new, queue.can_go_back(), cursor) {
                queue.begin_at(cursor);
            }
            after = queue.at_hand();
        }
        queue.take_rows(rows, ordered, &self.snapshot, after);
        if is_new {
            self.point_at_hand();
        }
    }

    /// The sample that a step is about.
    pub fn at_hand(&self) -> Option<SampleId> {
        match self.labeller.shown? {
            LabelLook::OneByOne => self.labeller.walk.queue.at_hand(),
            LabelLook::Pages => self.labeller.pages.pointed(),
        }
    }

    pub(super) fn step_gesture(&mut self, step: Step) -> Told {
        let now_ms = self.labeller.who.now_ms;
        match step {
            Step::Choose(kind) => {
                self.labeller.walk.chosen = Some(kind);
                self.labeller.walk.begin(kind, self.snapshot.len(), now_ms);
                return (Vec::new(), None);
            }
            Step::BeginAgain => {
                self.labeller.walk.queue.begin_again(&self.snapshot);
                self.labeller.walk.is_stale = true;
                self.point_at_hand();
                return (Vec::new(), None);
            }
            Step::Back => {
                self.labeller.walk.queue.step_back();
                self.point_at_hand();
                return (Vec::new(), None);
            }
            _ => {}
        }
        let Some(sample) = self.at_hand() else { return (Vec::new(), None) };
        match step {
            Step::Give(class) if self.labeller.several => {
                let mut labels = self.own_identities_of(sample);
                match labels.iter().position(|one| *one == class) {
                    Some(at) => drop(labels.remove(at)),
                    None => labels.push(class),
                }
                self.then(Go::Stay, |session| session.say(sample, labels, LabelOrigin::ByHand))
            }
            Step::Give(class) => {
                self.then(Go::On, |session| session.say(sample, vec![class], LabelOrigin::ByHand))
            }
            Step::NoClass => {
                self.then(Go::On, |session| session.say(sample, Vec::new(), LabelOrigin::ByHand))
            }
            Step::Accept => {
                let is_labelled = !self.snapshot.labels().get(sample).is_empty();
                match self.proposal_of(sample).map(|(identity, _)| identity.to_owned()) {
                    Some(class) if !(self.labeller.several && is_labelled) => {
                        self.then(Go::On, |session| session.say(sample, vec![class], LabelOrigin::Confirmed))
                    }
                    _ if self.labeller.several => self.then(Go::On, |_| (Vec::new(), None)),
                    _ => (Vec::new(), None),
                }
            }
            Step::NewClass(name) => {
                let (go, how) =
                    if self.labeller.several { (Go::Stay, How::Add) } else { (Go::On, How::Only) };
                self.then(go, |session| session.new_class(&name, &SampleSet::from_rows([sample]), how))
            }
            Step::Mark(mark) => {
                let on = !self.has_mark(sample, mark);
                let go = if on && mark == Mark::Unsure { Go::On } else { Go::Stay };
                let samples = SampleSet::from_rows([sample]);
                self.then(go, |session| session.edit(Edit::Mark { samples, mark, on }))
            }
            Step::Decide(verdict) => {
                let is_so = self.snapshot.decision(sample).verdict == verdict;
                let decision = if is_so { Decision::UNDECIDED } else { Decision::by_hand(verdict) };
                let go = if verdict == Verdict::Prune && !is_so { Go::On } else { Go::Stay };
                let decisions = Decisions::of_each([(sample, decision)]);
                self.then(go, |session| session.edit(Edit::Decide { decisions }))
            }
            Step::Skip => self.then(Go::On, |_| (Vec::new(), None)),
            Step::Choose(_) | Step::BeginAgain | Step::Back => (Vec::new(), None),
        }
    }

    /// Carries something out that a person did to the sample at hand, and goes on from it unless it could not be
    /// done. What was done stands in the panel and not in the corner of the window, where each would cover the last.
    fn then(&mut self, go: Go, act: impl FnOnce(&mut Self) -> Told) -> Told {
        let (effects, told) = self.by_panel(act);
        if told.is_none() && go == Go::On && self.labeller.shown == Some(LabelLook::OneByOne) {
            self.labeller.walk.queue.step(&self.snapshot);
            self.point_at_hand();
        }
        (effects, told)
    }

    /// Carries out what the panel itself does: its queue knows of it, and the pace is counted. Gives what there is
    /// to say where it could not be done.
    pub(super) fn by_panel(&mut self, act: impl FnOnce(&mut Self) -> Told) -> Told {
        let is_stale = (self.labeller.walk.is_stale, self.labeller.pages.is_stale);
        let done = self.labeller.walk.queue.done();
        let (effects, told) = act(self);
        let labeller = &mut self.labeller;
        (labeller.walk.is_stale, labeller.pages.is_stale) = is_stale;
        let more = labeller.walk.queue.done().saturating_sub(done);
        if more > 0 {
            labeller.pace.note(labeller.who.now_ms, more as u32);
        }
        match told {
            Some((Level::Info, text)) => {
                labeller.walk.told = text;
                (effects, None)
            }
            told => (effects, told),
        }
    }

    /// Says what a sample is. That it was not certain is settled with it.
    fn say(&mut self, sample: SampleId, labels: Vec<String>, origin: LabelOrigin) -> Told {
        if self.labeller.shown == Some(LabelLook::OneByOne) {
            self.note_chance(sample);
        }
        let samples = SampleSet::from_rows([sample]);
        let changes = LabelChanges::same(&samples, Some(self.answer(labels, origin)));
        let label = Edit::Label { changes };
        if !self.has_mark(sample, Mark::Unsure) {
            return self.edit(label);
        }
        let what = label.describe_in(self.overlay.labelling.classes());
        let sure = Edit::Mark { samples, mark: Mark::Unsure, on: false };
        self.edit(Edit::Several { edits: vec![label, sure], what })
    }

    fn has_mark(&self, sample: SampleId, mark: Mark) -> bool {
        self.overlay.marks.get(sample as usize).is_some_and(|marks| marks & mark.bit() != 0)
    }

    /// What the model proposes for a sample, as the class is called now, and how sure it is; nothing that a person
    /// refused.
    pub fn proposal_of(&self, sample: SampleId) -> Option<(&str, f32)> {
        let (identity, confidence) = self.labeller.proposals.as_ref()?.of(sample)?;
        let class = self.snapshot.labelling.classes().resolve(identity)?;
        (!self.labeller.pages.is_refused(class, sample)).then_some((class, confidence))
    }

    /// Cursor and lists follow the sample at hand.
    pub(super) fn point_at_hand(&mut self) {
        let Some(sample) = self.at_hand() else { return };
        self.selection.cursor = Some(sample);
        if let Some(position) = self.position_of(sample) {
            self.selection.move_to(sample, position);
            self.reveal_position(position);
        }
    }

    /// Notes what samples were labelled, or are no more.
    pub(super) fn note_labels(&mut self, samples: &SampleSet) {
        let since = self.labeller.walk.begun_ms;
        let mut fewer = 0;
        for sample in samples.iter() {
            let said = self.overlay.labelling.answer(sample);
            let is_answered = said.is_some_and(|said| said.time_ms >= since);
            let is_other = self.labeller.walk.queue.note(sample, is_answered);
            fewer += u32::from(is_other && !is_answered);
        }
        self.labeller.pace.take_back(fewer);
    }
}

/// Where a person goes from a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Go {
    Stay,
    On,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_comes_by_chance_where_the_list_that_brought_it_drew_it_so() {
        let mut walk = Walk::default();
        walk.begin(QueueKind::Mixed, 8, 0);
        let by_chance = |walk: &Walk| (0..8).filter(|sample| walk.is_by_chance(*sample)).collect::<Vec<_>>();
        walk.note_chance(8, &[5, 6]);
        assert_eq!(by_chance(&walk), [], "nothing has come");
        walk.queue.begin_at(5);
        assert_eq!(by_chance(&walk), [5]);
        // The next list: 5 is still at hand, as it came; 6 was never at hand.
        walk.note_chance(8, &[7]);
        assert_eq!(by_chance(&walk), [5]);
        for (next, expected) in [(6, vec![]), (7, vec![7])] {
            walk.queue.begin_at(next);
            assert_eq!(by_chance(&walk), expected, "{next}");
        }
        walk.note_chance(8, &[]);
        assert_eq!(by_chance(&walk), [7]);
    }
}
