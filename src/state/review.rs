//! The review of the open dataset: what an analysis found, and what a person decides of it.

use std::sync::Arc;

use super::command::Command;
use super::gestures::Answer;
use super::session::Session;
use super::{Action, Effect, Extent, Level};
use crate::dataset::edit::{Decisions, Edit, SampleSet};
use crate::dataset::{Decision, Flag, Labels, SampleId, Verdict};
use crate::review::{Analysed, Judged, NO_CLASS, ReviewSettings, Rules};
use crate::store::JournalOp;

/// How the review stands.
#[derive(Debug, Default)]
pub struct Review {
    pub settings: ReviewSettings,
    /// `None` before the first analysis.
    pub analysed: Option<Arc<Analysed>>,
    /// What follows from it at the thresholds now; a moment old while a threshold moves.
    pub judged: Arc<Judged>,
    /// Number of the last question asked for what follows, and of the one that was answered.
    pub asked: u64,
    pub answered: u64,
    /// Whether samples came or changed since the analysis.
    pub is_stale: bool,
    /// Whether labels changed since the analysis, which what it says of labels does not know.
    pub labels_changed: bool,
    /// The labels, and the identities of their classes, with which the analysis was begun that is under way.
    analysing: Option<(Arc<Labels>, Arc<Vec<String>>)>,
    /// A sample of the group that is open, and the member that is chosen in it.
    pub open: Option<SampleId>,
}

/// Which samples of a flag to decide on.
#[derive(Clone, Debug, PartialEq)]
pub enum Which {
    /// All that have it and are not decided; to take that back, all that are pruned because of it. What
    /// a person said of a sample before stays.
    All,
    /// These.
    These(Vec<SampleId>),
}

impl Review {
    /// What a project kept; a value of another version is as good as none.
    pub fn new(kept: Option<serde_json::Value>, first_question: u64) -> Self {
        let settings = kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
        Self { settings, asked: first_question, answered: first_question, ..Self::default() }
    }

    /// Whether what is shown follows from how things stand now.
    pub fn is_current(&self) -> bool {
        self.asked == self.answered
    }

    /// Classes have other numbers: what the analysis suggests keeps its meaning.
    pub(super) fn rename_classes(&mut self, before: &[String], now: &[String]) {
        let Some(analysed) = &self.analysed else { return };
        let place = |identity: &String| now.iter().position(|one| one == identity);
        let places: Vec<u32> =
            before.iter().map(|identity| place(identity).map_or(NO_CLASS, |at| at as u32)).collect();
        let suggested = analysed.suggested.iter();
        let suggested = suggested.map(|class| places.get(*class as usize).copied().unwrap_or(NO_CLASS));
        let suggested = Arc::new(suggested.collect());
        self.analysed = Some(Arc::new(Analysed { suggested, ..Analysed::clone(analysed) }));
    }

    /// The group that is open.
    pub fn open_group(&self) -> Option<usize> {
        self.judged.group_of(self.open?)
    }
}

impl Session {
    /// The rules in force.
    pub fn rules(&self) -> Rules {
        self.review.settings.rules(&self.dataset().split_names)
    }

    /// Carries out what a person did in the review.
    pub(super) fn review_gesture(&mut self, action: Action) -> Answer {
        match action {
            Action::ChangeReview(settings) => return self.change_review(*settings),
            Action::Decide { samples, verdict } => {
                return self.decide(SampleSet::from_rows(samples), Decision::by_hand(verdict));
            }
            Action::KeepOnly { sample } => return self.keep_only(sample),
            Action::DecideFlagged { flag, which, verdict } => {
                return self.decide_flagged(flag, which, verdict);
            }
            Action::OpenGroupOf { sample } => {
                self.review.open = Some(sample);
                self.show_sample(sample);
            }
            Action::CloseGroup => self.review.open = None,
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Carries out a command of the review.
    pub(super) fn review_command(&mut self, command: Command) -> Answer {
        match command {
            Command::Keep => self.decide_selected(Verdict::Keep),
            Command::Prune => self.decide_selected(Verdict::Prune),
            Command::Undecide => {
                self.decide(SampleSet::from_mask(self.selection.mask()), Decision::UNDECIDED)
            }
            Command::UndecideAll => {
                let decided = |(row, one): (usize, &Decision)| {
                    (one.verdict != Verdict::Undecided).then_some(row as SampleId)
                };
                let samples = self.overlay.decisions.iter().enumerate().filter_map(decided);
                self.decide(SampleSet::from_rows(samples), Decision::UNDECIDED)
            }
            Command::NextGroup => self.walk_groups(1),
            Command::PreviousGroup => self.walk_groups(-1),
            Command::ApplyRules => self.apply_rules(),
            Command::Analyse => (vec![self.ask_analysis(Extent::Asked)], None),
            _ => (Vec::new(), None),
        }
    }

    /// Takes in what came back from an analysis, or from judging it.
    pub(super) fn review_result(&mut self, action: Action) -> Answer {
        match action {
            Action::Analysed(analysed) => {
                self.review.analysed = Some(analysed);
                self.review.is_stale = false;
                // Labels may have changed while it was worked out.
                let (labels, identities) = self.review.analysing.take().unwrap_or_else(|| self.labels_now());
                self.review.labels_changed = !Arc::ptr_eq(&labels, self.snapshot.labels());
                let now = self.snapshot.in_force.identities.clone();
                if !Arc::ptr_eq(&identities, &now) {
                    self.review.rename_classes(&identities, &now);
                }
                (self.judge(), None)
            }
            Action::JudgingFailed { generation, cause } if generation == self.review.asked => {
                self.review.answered = generation;
                let text = format!("A bug in Lenslet stopped the review: {cause}.");
                (Vec::new(), Some((Level::Error, text)))
            }
            Action::Judged { generation, judged } if generation == self.review.asked => {
                let flags_changed = !judged.findings.is_same(&self.snapshot.findings);
                self.review.judged = judged;
                self.review.answered = generation;
                if !flags_changed {
                    return (Vec::new(), None);
                }
                self.snapshot = self.snapshot.finding(self.review.judged.findings.clone());
                (vec![self.find_rows()], None)
            }
            _ => (Vec::new(), None),
        }
    }

    /// The labels that an analysis is begun with: what it says of classes is by their numbers in these.
    fn labels_now(&self) -> (Arc<Labels>, Arc<Vec<String>>) {
        (self.snapshot.labels().clone(), self.snapshot.in_force.identities.clone())
    }

    /// Asks for an analysis of things as they are now.
    pub(super) fn ask_analysis(&mut self, extent: Extent) -> Effect {
        self.review.analysing = Some(self.labels_now());
        Effect::Analyse(extent)
    }

    /// What to analyse without being asked, once all is measured: where nothing was analysed yet or
    /// something changed since, all of it if that does not take long, and else what is kept.
    pub(super) fn wanted_analysis(&mut self) -> Option<Effect> {
        /// Bytes of all files, and samples, of which each is compared with each: either is about a minute
        /// of work on two cores.
        const BYTES: u64 = 2 << 30;
        const SAMPLES: usize = 200_000;
        let bytes: u64 = self.dataset().bytes.iter().sum();
        let is_small = bytes <= BYTES && self.dataset().len() <= SAMPLES;
        let extent = if is_small { Extent::Whole } else { Extent::Kept };
        let is_stale = self.review.is_stale || self.review.labels_changed;
        (self.review.analysed.is_none() || is_stale).then(|| self.ask_analysis(extent))
    }

    /// Asks for what follows from the analysis as things stand now.
    pub(super) fn judge(&mut self) -> Vec<Effect> {
        if self.review.analysed.is_none() {
            return Vec::new();
        }
        self.review.asked += 1;
        vec![Effect::Judge { generation: self.review.asked }]
    }

    fn change_review(&mut self, settings: ReviewSettings) -> Answer {
        let before = std::mem::replace(&mut self.review.settings, settings);
        let now = &self.review.settings;
        if before == *now {
            return (Vec::new(), None);
        }
        let mut effects = Vec::new();
        if self.project.can_write() {
            let value = serde_json::to_value(now).unwrap_or_default();
            effects.push(Effect::Journal(JournalOp::SetValue(crate::review::SETTINGS.to_owned(), value)));
        }
        let of_pairs =
            |settings: &ReviewSettings| (settings.method, settings.symmetries, settings.encoder.clone());
        let other_pairs = of_pairs(&before) != of_pairs(now);
        if other_pairs && self.review.analysed.is_some() {
            effects.push(self.ask_analysis(Extent::Asked));
        } else {
            effects.extend(self.judge());
        }
        (effects, None)
    }

    fn decide(&mut self, samples: SampleSet, decision: Decision) -> Answer {
        self.edit(Edit::Decide { decisions: Decisions::same(&samples, decision) })
    }

    /// Decides on the selected samples; where all of them have that verdict already, takes it back.
    fn decide_selected(&mut self, verdict: Verdict) -> Answer {
        let samples = SampleSet::from_mask(self.selection.mask());
        let decided = |sample: SampleId| {
            self.overlay.decisions.get(sample as usize).is_some_and(|one| one.verdict == verdict)
        };
        let all = samples.iter().all(decided);
        self.decide(samples, if all { Decision::UNDECIDED } else { Decision::by_hand(verdict) })
    }

    /// Keeps this sample of its group and prunes the others, and goes on to the next group.
    fn keep_only(&mut self, sample: SampleId) -> Answer {
        let judged = self.review.judged.clone();
        let Some(group) = judged.group_of(sample) else { return (Vec::new(), None) };
        let pruned = Decision { other: Some(sample), ..Decision::by_hand(Verdict::Prune) };
        let each = judged.groups.rows(group).iter().map(|row| match *row == sample {
            true => (*row, Decision::by_hand(Verdict::Keep)),
            false => (*row, pruned),
        });
        let (mut effects, told) = self.edit(Edit::Decide { decisions: Decisions::of_each(each) });
        effects.extend(self.walk_groups(1).0);
        (effects, told)
    }

    fn decide_flagged(&mut self, flag: Flag, which: Which, verdict: Verdict) -> Answer {
        let present = self.snapshot.derived().present();
        let has = |sample: &SampleId| self.snapshot.findings.flags(*sample) & flag.bit() != 0;
        let now = |sample: &SampleId| self.overlay.decisions.get(*sample as usize).copied();
        // What was pruned because of the flag may have it no more.
        let is_meant = |sample: &SampleId| match verdict {
            Verdict::Undecided => now(sample).is_some_and(|decision| decision.is_because_of(flag)),
            _ => has(sample) && now(sample).unwrap_or_default() == Decision::UNDECIDED,
        };
        let samples: Vec<SampleId> = match which {
            Which::All => present.iter().filter(is_meant).collect(),
            Which::These(samples) => samples,
        };
        let decision = |sample: &SampleId| match verdict {
            Verdict::Prune if has(sample) => Decision::flagged(flag),
            verdict => Decision::by_hand(verdict),
        };
        let each: Vec<_> = samples.iter().map(|sample| (*sample, decision(sample))).collect();
        self.edit(Edit::Decide { decisions: Decisions::of_each(each) })
    }

    /// Decides by the rules, for all groups and flags at once: what the preview shows. While that is
    /// being worked out nothing is decided, for nobody has seen what it would be.
    fn apply_rules(&mut self) -> Answer {
        let told = |text: &str| (Vec::new(), Some((Level::Info, text.to_owned())));
        if self.review.analysed.is_none() {
            return told("There is nothing to decide on before an analysis: F6 starts one.");
        }
        if !self.review.is_current() {
            return told("What the rules would do is being worked out. Try again in a moment.");
        }
        let preview = self.review.judged.preview.clone();
        if let Some((query, error)) = &preview.problem {
            let text = format!("The rule that protects “{query}” cannot be read: {}.", error.message);
            return (Vec::new(), Some((Level::Error, text)));
        }
        if preview.is_empty() {
            let text = "The rules decide nothing that is not decided already.".to_owned();
            return (Vec::new(), Some((Level::Info, text)));
        }
        self.edit(Edit::Decide { decisions: Decisions::of_each(preview.decided.iter().copied()) })
    }

    /// Opens the next group in the order of the list, or the one before.
    fn walk_groups(&mut self, by: isize) -> Answer {
        let judged = self.review.judged.clone();
        let order = &judged.order;
        let Some(last) = order.len().checked_sub(1) else { return (Vec::new(), None) };
        let open = self.review.open_group();
        let at = open.and_then(|group| order.iter().position(|other| *other as usize == group));
        let to = match at {
            Some(at) => at.saturating_add_signed(by).min(last),
            None => 0,
        };
        let group = order[to] as usize;
        // The one that would stay is where a person starts: Enter keeps it, and goes on.
        let suggested = judged.suggested(&self.snapshot, group).map(|(sample, _)| sample);
        if let Some(sample) = suggested.or_else(|| judged.groups.rows(group).first().copied()) {
            self.review.open = Some(sample);
            self.show_sample(sample);
        }
        (Vec::new(), None)
    }
}
