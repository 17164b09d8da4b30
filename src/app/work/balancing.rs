//! Plans for the balance of classes and new splits, beside the person: the threads that work them out, and the files
//! that are written of them.
//!
//! The newest question wins: one that waits gives way to the next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Sender;

use super::bug;
use crate::dataset::query::Snapshot;
use crate::export::ExportError;
use crate::export::dataset::{Planned, write_manifest};
use crate::export::weights::{rows_of, write_sampler, write_weights};
use crate::import::{ImportError, Reader};
use crate::jobs::{self, Cancelled, Control, Newest, Outcome};
use crate::pipeline::balancing::counts_of;
use crate::review::staying;
use crate::state::balance::{
    Answered, BalanceFile, BalancePlan, BalanceSettings, Evidence, OtherDataset, SplitPlan, SplitSettings,
};
use crate::state::{Action, Level, Session};
use crate::text::{counted, sentence};

/// A plan to work out, or new splits.
pub struct Question<S> {
    generation: u64,
    snapshot: Snapshot,
    evidence: Evidence,
    settings: Arc<S>,
    control: Control,
}

/// The threads that work plans and new splits out.
pub struct Balancing {
    plans: Newest<Question<BalanceSettings>>,
    splits: Newest<Question<SplitSettings>>,
    others: Newest<(u64, PathBuf, Control)>,
    /// Of the other dataset that is listed.
    listing: Control,
    /// Of the questions about the dataset that is open.
    control: Control,
}

impl Balancing {
    /// Starts the threads. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(answers: &Sender<Action>, wake: impl Fn() + Send + Clone + 'static) -> Self {
        let (told, woken) = (answers.clone(), wake.clone());
        let plans = Newest::spawn("plan-balance", move |question: Question<BalanceSettings>| {
            let Question { generation, snapshot, evidence, settings, control } = &question;
            let found = jobs::run(|| BalancePlan::make(snapshot, evidence, settings, control));
            if let Some(plan) = answer("the plan", found) {
                // The window may be gone by now.
                let _ = told.send(Action::BalancePlanned { generation: *generation, plan });
                woken();
            }
        });
        let (told, woken) = (answers.clone(), wake.clone());
        let others =
            Newest::spawn("list-other", move |(generation, path, control): (u64, PathBuf, Control)| {
                if let Some(other) =
                    answer("listing the other dataset", jobs::run(|| listed(&path, &control)))
                {
                    let other = other.map(Arc::unwrap_or_clone);
                    // The window may be gone by now.
                    let _ = told.send(Action::OtherListed { generation, other });
                    woken();
                }
            });
        let told = answers.clone();
        let splits = Newest::spawn("deal-splits", move |question: Question<SplitSettings>| {
            let Question { generation, snapshot, evidence, settings, control } = &question;
            let found = jobs::run(|| SplitPlan::make(snapshot, evidence, settings, control));
            if let Some(dealt) = answer("dealing new splits", found) {
                // The window may be gone by now.
                let _ = told.send(Action::SplitsDealt { generation: *generation, dealt });
                wake();
            }
        });
        Self { plans, splits, others, listing: Control::new(), control: Control::new() }
    }

    pub fn plan(&self, generation: u64, session: &Session) {
        self.plans.ask(self.question(generation, session, &session.balance.settings));
    }

    pub fn deal(&self, generation: u64, session: &Session) {
        self.splits.ask(self.question(generation, session, &session.balance.splits));
    }

    /// Counts the classes of another dataset; of one that was asked for before nobody waits any more.
    pub fn list(&mut self, generation: u64, path: PathBuf) {
        self.end_listing();
        self.others.ask((generation, path, self.listing.clone()));
    }

    pub fn end_listing(&mut self) {
        self.listing.cancel();
        self.listing = Control::new();
    }

    fn question<S>(&self, generation: u64, session: &Session, settings: &Arc<S>) -> Question<S> {
        let (snapshot, evidence) = (session.snapshot.clone(), session.evidence());
        let (settings, control) = (settings.clone(), self.control.clone());
        Question { generation, snapshot, evidence, settings, control }
    }

    /// Lets the dataset go.
    pub fn forget(&mut self) {
        self.control.cancel();
        self.control = Control::new();
        self.end_listing();
    }
}

/// The classes of another dataset, or a sentence on why it could not be listed.
fn listed(path: &Path, control: &Control) -> Result<Result<OtherDataset, String>, Cancelled> {
    let Some(source) = path.to_str() else {
        return Ok(Err(format!(
            "The path is not UTF-8, so that it cannot be kept; rename it: {}",
            path.display()
        )));
    };
    match counts_of(source, control) {
        Ok(counts) => {
            Ok(Ok(OtherDataset { source: source.to_owned(), counts: counts.into_iter().collect() }))
        }
        Err(ImportError::Cancelled(cancelled)) => Err(cancelled),
        Err(error) => Ok(Err(sentence(error))),
    }
}

/// What is told of an outcome; nothing where nobody waits for it any more.
fn answer<T>(doing: &str, outcome: Outcome<Result<T, String>>) -> Option<Answered<T>> {
    match outcome {
        Outcome::Done(found) => Some(found.map(Arc::new)),
        Outcome::Cancelled => None,
        Outcome::Panicked(cause) => Some(Err(bug(doing, &cause))),
    }
}

/// What is written of a plan, or of new splits.
pub enum Wanting {
    Plan(BalanceFile, Arc<BalancePlan>),
    /// The code of a sampler that reads this file, or one beside it.
    Sampler(Arc<BalancePlan>, Option<PathBuf>),
    Splits(Arc<SplitPlan>),
}

impl Wanting {
    pub fn new(file: BalanceFile, session: &Session) -> Option<Self> {
        let balance = &session.balance;
        let plan = || balance.plan.current().cloned();
        Some(match file {
            BalanceFile::Manifest | BalanceFile::Weights => Self::Plan(file, plan()?),
            BalanceFile::Sampler => Self::Sampler(plan()?, balance.weights_path().map(Path::to_owned)),
            BalanceFile::Splits => Self::Splits(balance.dealt.current()?.clone()),
        })
    }

    /// Writes it; gives what there is to say.
    pub fn write(
        &self,
        path: &Path,
        reader: &Reader,
        control: &Control,
    ) -> Result<(Level, String), ExportError> {
        let shown = path.display();
        let (text, notes) = match self {
            Self::Plan(BalanceFile::Weights, plan) => {
                let dataset = &*plan.snapshot.dataset;
                let samples = plan.balanced.balanced(dataset);
                write_weights(path, dataset, &rows_of(dataset, &samples, &plan.balanced.plan))?;
                let count = counted(samples.len() as u64, "sample");
                (format!("The weights of {count} are in {shown}."), Vec::new())
            }
            Self::Plan(_, plan) => {
                let (samples, planned) =
                    (plan.balanced.staying(), Planned::of(&plan.balanced.plan, plan.means));
                let notes = write_manifest(&plan.snapshot, &samples, reader, path, planned, control)?;
                (table_text(samples.len(), path), notes)
            }
            Self::Sampler(plan, weights) => {
                let weights = weights.clone().unwrap_or_else(|| path.with_file_name("weights.csv"));
                write_sampler(path, &plan.snapshot.dataset, &weights)?;
                let name = weights.file_name().unwrap_or_default().display();
                let text = format!("The code is in {shown}; it reads the weights in {name}.");
                (text, Vec::new())
            }
            Self::Splits(plan) => {
                let dealt = plan.dealt();
                let samples = staying(&dealt);
                let planned = Planned::default();
                let notes = write_manifest(&dealt, &samples, reader, path, planned, control)?;
                (table_text(samples.len(), path), notes)
            }
        };
        let level = if notes.is_empty() { Level::Info } else { Level::Warning };
        Ok((level, notes.iter().fold(text, |text, note| format!("{text} {note}"))))
    }
}

fn table_text(samples: usize, path: &Path) -> String {
    format!("The table of {} is in {}.", counted(samples as u64, "sample"), path.display())
}
