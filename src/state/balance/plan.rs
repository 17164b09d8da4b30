//! What a plan and new splits come to, worked out beside the person and ready to be shown and written.
//!
//! Both hold the snapshot that they are of, so that what is written is what was seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settings::{BalanceSettings, SplitSettings, TargetChoice, split_name};
use crate::balance::{ClassPlan, Fate, Means, Missed, Resplit};
use crate::dataset::query::Snapshot;
use crate::dataset::{Decision, SampleId, Thinning};
use crate::jobs::{Cancelled, Control};
use crate::pipeline::balancing::{Balanced, Found, balance_to, deal, missing_here, refusal};
use crate::review::{Analysed, Judged};
use crate::text::sentence;

/// What an analysis found, where there was one.
pub type Evidence = Option<(Arc<Analysed>, Arc<Judged>)>;

/// A plan that was worked out.
#[derive(Clone, Debug)]
pub struct BalancePlan {
    pub settings: Arc<BalanceSettings>,
    pub snapshot: Snapshot,
    pub means: Means,
    pub balanced: Balanced,
    /// Samples that go, by what takes them.
    pub pruned: u64,
    pub undersampled: u64,
    /// Samples of the balanced splits that stay, each once, and their further copies.
    pub kept: u64,
    pub repeats: u64,
    /// Why a class does not come to what is wanted, in the order of the plan's classes.
    pub missed: Vec<Option<Missed>>,
    /// Whether near-duplicates were known.
    pub knew_copies: bool,
    /// What is to be said of the other dataset whose proportions are wanted.
    pub note: Option<String>,
}

impl PartialEq for BalancePlan {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.snapshot.dataset, &other.snapshot.dataset)
            && Arc::ptr_eq(self.snapshot.labels(), other.snapshot.labels())
            && self.balanced == other.balanced
    }
}

impl BalancePlan {
    /// Works out a plan, or gives a sentence on why there is none.
    pub fn make(
        snapshot: &Snapshot,
        evidence: &Evidence,
        settings: &Arc<BalanceSettings>,
        control: &Control,
    ) -> Result<Result<Self, String>, Cancelled> {
        let request = match settings.request(snapshot) {
            Ok(request) => request,
            Err(problem) => return Ok(Err(problem)),
        };
        if let Some(why) = refusal(snapshot, &request) {
            return Ok(Err(sentence(why)));
        }
        let dataset = &*snapshot.dataset;
        let means = request.means;
        let total = request.total.unwrap_or(means.usual_total());
        let wanted = |part: usize, counts: &[u64]| match settings.target {
            TargetChoice::ByHand => settings.drawn_of(snapshot, request.splits[part]).wanted(counts, total),
            _ => request.target.wanted(counts, total),
        };
        let found = evidence.as_ref().map(|(analysed, judged)| Found { analysed, judged });
        let balanced = balance_to(snapshot, found, &request, &wanted, control)?;
        control.checkpoint()?;
        let mut plan = Self {
            settings: settings.clone(),
            snapshot: snapshot.clone(),
            means,
            pruned: 0,
            undersampled: 0,
            kept: 0,
            repeats: balanced.after.copies - balanced.after.samples,
            missed: balanced.plan.classes.iter().map(|class| class.why_missed(means)).collect(),
            knew_copies: evidence.is_some(),
            note: missing_here(&settings.unknown_classes(snapshot.labels())),
            balanced,
        };
        for fate in &plan.balanced.plan.fates {
            match fate {
                Fate::Pruned { .. } => plan.pruned += 1,
                Fate::Undersampled => plan.undersampled += 1,
                Fate::Absent | Fate::Stays => {}
            }
        }
        plan.kept = plan.balanced.balanced(dataset).len() as u64;
        Ok(Ok(plan))
    }

    /// A class of one of the balanced splits, with why it is missed.
    pub fn class(&self, part: usize, class: u32) -> Option<(&ClassPlan, Option<Missed>)> {
        let at = part * self.snapshot.labels().classes.len() + class as usize;
        Some((self.balanced.plan.classes.get(at)?, self.missed.get(at).copied().flatten()))
    }

    /// The name of one of the balanced splits; `None` for the samples that are in none.
    pub fn split_name(&self, part: usize) -> Option<&str> {
        split_name(&self.snapshot.dataset, *self.balanced.splits.get(part)?)
    }

    /// What is wanted, by the names of splits and classes, as [`BalanceSettings::drawn`] has it.
    pub fn wanted_by_name(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let names = &self.snapshot.labels().classes;
        let of_part = |part: usize| {
            let wanted = self.balanced.classes(part).iter().map(|class| class.wanted);
            let split = self.split_name(part).unwrap_or_default().to_owned();
            (split, names.iter().cloned().zip(wanted).collect())
        };
        (0..self.balanced.splits.len()).map(of_part).collect()
    }

    /// Samples that go.
    pub fn going(&self) -> u64 {
        self.pruned + self.undersampled
    }

    /// What is decided of the samples that go.
    pub(super) fn decisions(&self) -> impl Iterator<Item = (SampleId, Decision)> + '_ {
        let fates = self.balanced.plan.fates.iter().enumerate();
        fates.filter_map(|(row, fate)| {
            let decision = match fate {
                Fate::Pruned { kept, .. } => Decision::balanced(Thinning::NearCopy, *kept),
                Fate::Undersampled => Decision::balanced(Thinning::Undersampling, None),
                Fate::Absent | Fate::Stays => return None,
            };
            Some((row as SampleId, decision))
        })
    }
}

/// New splits that were worked out.
#[derive(Clone, Debug)]
pub struct SplitPlan {
    pub settings: Arc<SplitSettings>,
    pub snapshot: Snapshot,
    /// Names of the new splits, and their parts of all, in all 1.
    pub names: Vec<String>,
    pub ratios: Vec<f64>,
    pub resplit: Resplit,
    /// Whether near-duplicates were known and kept together.
    pub kept_copies: bool,
}

impl PartialEq for SplitPlan {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.snapshot.dataset, &other.snapshot.dataset)
            && Arc::ptr_eq(self.snapshot.labels(), other.snapshot.labels())
            && self.resplit == other.resplit
    }
}

impl SplitPlan {
    /// Deals the samples, or gives a sentence on why it cannot.
    pub fn make(
        snapshot: &Snapshot,
        evidence: &Evidence,
        settings: &Arc<SplitSettings>,
        control: &Control,
    ) -> Result<Result<Self, String>, Cancelled> {
        let request = match settings.request(snapshot) {
            Ok(request) => request,
            Err(problem) => return Ok(Err(problem)),
        };
        let copies = evidence.as_ref().filter(|_| settings.keep_together);
        let duplicates = copies.map(|(_, judged)| &*judged.groups);
        let dealt = deal(snapshot, duplicates, &request, control)?;
        let sum: f64 = request.ratios.iter().sum();
        Ok(Ok(Self {
            settings: settings.clone(),
            snapshot: snapshot.clone(),
            ratios: request.ratios.iter().map(|ratio| ratio / sum).collect(),
            names: request.names,
            resplit: dealt.resplit,
            kept_copies: copies.is_some(),
        }))
    }

    /// The samples in their new splits.
    pub fn dealt(&self) -> Snapshot {
        self.snapshot.in_splits(self.names.clone(), self.resplit.split_of.clone())
    }
}
