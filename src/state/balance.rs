//! The balance planner in the window: what a person asks for, and the plan or the new splits that it comes to.
//!
//! While the panel is on screen each change asks anew, and so does whatever a plan follows from: decisions, what an
//! analysis found, another list of samples. An answer stays on screen until there is a newer one. This file refuses to
//! know how plans are made ([`crate::balance`]) and drawn.

mod plan;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::plan::{BalancePlan, Evidence, SplitPlan};
pub use self::settings::{
    BalanceSettings, FillChoice, MOST_SPLITS, OtherDataset, SplitSettings, TargetChoice,
};
use super::gestures::Answer;
use super::session::Session;
use super::{Action, Effect, Level};
use crate::dataset::edit::{Decisions, Edit};
use crate::dataset::{Dataset, Decision, Labels};
use crate::review::{Analysed, Judged};

/// What of the panel is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    #[default]
    Plan,
    Splits,
}

/// A file that a plan or new splits are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalanceFile {
    /// A table of what stays, with how often it is there and what it weighs.
    Manifest,
    Weights,
    /// The code of a sampler that reads the weights.
    Sampler,
    /// A table of the samples in their new splits.
    Splits,
}

/// Where another dataset is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherSource {
    Folder,
    /// An archive, a table, an array.
    File,
}

/// What answers a question, or a sentence on why nothing does.
pub type Answered<T> = Result<Arc<T>, String>;

/// How the planner stands.
#[derive(Debug)]
pub struct Balance {
    pub settings: Arc<BalanceSettings>,
    pub splits: Arc<SplitSettings>,
    pub plan: Track<BalancePlan>,
    pub dealt: Track<SplitPlan>,
    /// What is on screen.
    shown: Option<Look>,
    /// The name of the file that weights were written to last.
    weights_path: Option<std::path::PathBuf>,
    /// The other dataset that is being listed, with the number of that question.
    listing: Option<(u64, PathBuf)>,
    listed: u64,
}

/// A question that is asked again whenever something changes, and the newest answer to it.
#[derive(Debug)]
pub struct Track<T> {
    /// `None` before the first one.
    pub answer: Option<Answered<T>>,
    asked: u64,
    answered: u64,
    wanted: Option<Ground>,
}

/// What a plan follows from, beside what is set.
#[derive(Clone, Debug)]
struct Ground {
    dataset: Arc<Dataset>,
    labels: Arc<Labels>,
    decisions: Arc<Vec<Decision>>,
    evidence: Evidence,
    settings: Chosen,
}

/// What is set for the question that is asked.
#[derive(Clone, Debug)]
enum Chosen {
    Plan(Arc<BalanceSettings>),
    Splits(Arc<SplitSettings>),
}

impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Plan(one), Self::Plan(two)) => Arc::ptr_eq(one, two) || one == two,
            (Self::Splits(one), Self::Splits(two)) => Arc::ptr_eq(one, two) || one == two,
            _ => false,
        }
    }
}

impl PartialEq for Ground {
    fn eq(&self, other: &Self) -> bool {
        fn parts(ground: &Ground) -> Option<(&Arc<Analysed>, &Arc<Judged>)> {
            ground.evidence.as_ref().map(|(analysed, judged)| (analysed, judged))
        }
        let is_same_evidence = match (parts(self), parts(other)) {
            (Some(one), Some(two)) => Arc::ptr_eq(one.0, two.0) && Arc::ptr_eq(one.1, two.1),
            (one, two) => one.is_none() && two.is_none(),
        };
        is_same_evidence
            && Arc::ptr_eq(&self.dataset, &other.dataset)
            && Arc::ptr_eq(&self.labels, &other.labels)
            && Arc::ptr_eq(&self.decisions, &other.decisions)
            && self.settings == other.settings
    }
}

impl<T> Track<T> {
    fn new(first: u64) -> Self {
        Self { answer: None, asked: first, answered: first, wanted: None }
    }

    /// Whether what is shown answers the last question.
    pub fn is_current(&self) -> bool {
        self.asked == self.answered
    }

    /// What was worked out last, if anything was.
    pub fn found(&self) -> Option<&Arc<T>> {
        self.answer.as_ref()?.as_ref().ok()
    }

    /// The same where it answers the last question: what can be carried out.
    pub fn current(&self) -> Option<&Arc<T>> {
        self.found().filter(|_| self.is_current())
    }

    /// The number of the next question, where it is another one.
    fn ask(&mut self, ground: Ground) -> Option<u64> {
        let ground = Some(ground);
        if self.wanted == ground {
            return None;
        }
        self.wanted = ground;
        self.asked += 1;
        Some(self.asked)
    }

    /// Takes an answer that is newer than the one there is: while a bar is dragged each is shown.
    fn take(&mut self, generation: u64, answer: Answered<T>) {
        if (self.answered + 1..=self.asked).contains(&generation) {
            self.answered = generation;
            self.answer = Some(answer);
        }
    }
}

impl Balance {
    /// Nothing is asked; questions are numbered on from `first`.
    pub fn new(first: u64) -> Self {
        Self {
            settings: Arc::default(),
            splits: Arc::default(),
            plan: Track::new(first),
            dealt: Track::new(first),
            shown: None,
            weights_path: None,
            listing: None,
            listed: first,
        }
    }

    /// What of the panel is on screen.
    pub fn shown(&self) -> Option<Look> {
        self.shown
    }

    /// Whether all that was asked is answered.
    pub fn is_answered(&self) -> bool {
        self.plan.is_current() && self.dealt.is_current() && self.listing.is_none()
    }

    /// The other dataset that is being listed.
    pub fn listing(&self) -> Option<&std::path::Path> {
        self.listing.as_ref().map(|(_, path)| path.as_path())
    }

    /// The file of weights that a sampler reads, once it is written.
    pub fn weights_path(&self) -> Option<&std::path::Path> {
        self.weights_path.as_deref()
    }

    /// Notes where weights are written to; a sampler reads those of a CSV alone.
    fn note_weights(&mut self, path: &std::path::Path) {
        let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if is_csv {
            self.weights_path = Some(path.to_owned());
        }
    }
}

impl Session {
    /// What an analysis found, for a plan to go by.
    pub fn evidence(&self) -> Evidence {
        let analysed = self.review.analysed.clone()?;
        Some((analysed, self.review.judged.clone()))
    }

    /// Carries out what a person did in the planner.
    pub(super) fn balance_gesture(&mut self, action: Action) -> Answer {
        match action {
            Action::AskBalance(look) => self.balance.shown = Some(look),
            Action::LeaveBalance => self.balance.shown = None,
            Action::ChangeBalance(settings) => self.balance.settings = settings,
            Action::ChangeSplits(settings) => self.balance.splits = settings,
            Action::WantedDrawn { part, class, count } => self.draw_wanted(part, class, count),
            Action::OtherPicked { path } => {
                self.balance.listed += 1;
                let generation = self.balance.listed;
                self.balance.listing = Some((generation, path.clone()));
                return (vec![Effect::ListOther { generation, path }], None);
            }
            Action::StopListing => {
                self.balance.listing = None;
                return (vec![Effect::EndListing], None);
            }
            Action::FlagPlanned => return self.flag_planned(),
            Action::BalanceExportTo { file, path } => return self.write_balance(file, path),
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Takes in a plan or new splits.
    pub(super) fn balance_result(&mut self, action: Action) -> Answer {
        match action {
            Action::BalancePlanned { generation, plan } => self.balance.plan.take(generation, plan),
            Action::SplitsDealt { generation, dealt } => self.balance.dealt.take(generation, dealt),
            Action::OtherListed { generation, other } => {
                let is_awaited = self.balance.listing.take_if(|(asked, _)| *asked == generation).is_some();
                match other {
                    Ok(other) if is_awaited => {
                        let settings = BalanceSettings::clone(&self.balance.settings);
                        let (target, other) = (TargetChoice::MatchDataset, Some(other));
                        self.balance.settings = BalanceSettings { target, other, ..settings }.into();
                    }
                    Err(text) if is_awaited => return (Vec::new(), Some((Level::Error, text))),
                    _ => {}
                }
            }
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Asks for what the panel shows, where something that it follows from has changed.
    pub(super) fn ask_balance(&mut self) -> Option<Effect> {
        let look = self.balance.shown?;
        let balance = &self.balance;
        let settings = match look {
            Look::Plan => Chosen::Plan(balance.settings.clone()),
            Look::Splits => Chosen::Splits(balance.splits.clone()),
        };
        let (dataset, decisions) = (self.snapshot.dataset.clone(), self.snapshot.decisions.clone());
        let labels = self.snapshot.labels().clone();
        let ground = Ground { dataset, labels, decisions, evidence: self.evidence(), settings };
        match look {
            Look::Plan => self.balance.plan.ask(ground).map(|generation| Effect::PlanBalance { generation }),
            Look::Splits => {
                self.balance.dealt.ask(ground).map(|generation| Effect::DealSplits { generation })
            }
        }
    }

    /// A bar was dragged to a count: what is wanted is what was wanted before, but for that class.
    fn draw_wanted(&mut self, part: usize, class: u32, count: u64) {
        let Some(plan) = self.balance.plan.found().cloned() else { return };
        let names = &plan.snapshot.labels().classes;
        let (Some(name), true) = (names.get(class as usize), part < plan.balanced.splits.len()) else {
            return;
        };
        let mut settings = BalanceSettings::clone(&self.balance.settings);
        if settings.target != TargetChoice::ByHand {
            settings.target = TargetChoice::ByHand;
            settings.drawn = plan.wanted_by_name();
        }
        let split = plan.split_name(part).unwrap_or_default().to_owned();
        settings.drawn.entry(split).or_default().insert(name.clone(), count);
        self.balance.settings = settings.into();
    }

    /// Decides on the samples that go, in one step. While a plan is being worked out nothing is decided, for nobody has
    /// seen what it would be.
    fn flag_planned(&mut self) -> Answer {
        let told = |text: &str| (Vec::new(), Some((Level::Info, text.to_owned())));
        let Some(plan) = self.balance.plan.current().cloned() else {
            return told("The plan is being worked out. Try again in a moment.");
        };
        if plan.going() == 0 {
            return told("No sample goes by this plan.");
        }
        self.edit(Edit::Decide { decisions: Decisions::of_each(plan.decisions()) })
    }

    fn write_balance(&mut self, file: BalanceFile, path: PathBuf) -> Answer {
        let is_there = match file {
            BalanceFile::Splits => self.balance.dealt.current().is_some(),
            _ => self.balance.plan.current().is_some(),
        };
        if !is_there {
            let text = "What is to be written is being worked out. Try again in a moment.";
            return (Vec::new(), Some((Level::Warning, text.to_owned())));
        }
        if file == BalanceFile::Weights {
            self.balance.note_weights(&path);
        }
        (vec![Effect::ExportBalance { file, path }], None)
    }
}
