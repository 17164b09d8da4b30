//! Changes of decisions as runs of samples that change alike.

use serde::{Deserialize, Serialize};

use super::SampleSet;
use crate::dataset::SampleId;
use crate::dataset::decision::{Decision, Reason, Verdict};

/// New decisions of samples, as sorted, disjoint runs of samples that change alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<DecisionRun>")]
pub struct Decisions(Vec<DecisionRun>);

/// Neighbouring samples whose decision changes alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(SampleId, u32, Decision, Decision)", into = "(SampleId, u32, Decision, Decision)")]
struct DecisionRun {
    first: SampleId,
    count: u32,
    from: Decision,
    to: Decision,
}

impl From<(SampleId, u32, Decision, Decision)> for DecisionRun {
    fn from((first, count, from, to): (SampleId, u32, Decision, Decision)) -> Self {
        Self { first, count, from, to }
    }
}

impl From<DecisionRun> for (SampleId, u32, Decision, Decision) {
    fn from(run: DecisionRun) -> Self {
        (run.first, run.count, run.from, run.to)
    }
}

impl TryFrom<Vec<DecisionRun>> for Decisions {
    type Error = &'static str;

    fn try_from(runs: Vec<DecisionRun>) -> Result<Self, Self::Error> {
        let mut free_from = 0;
        for run in &runs {
            let end = run.first.checked_add(run.count).ok_or("a run of samples ends beyond the last row")?;
            if run.count == 0 || run.first < free_from {
                return Err("the runs of decisions are not sorted and apart");
            }
            free_from = end;
        }
        Ok(Self(runs))
    }
}

impl Decisions {
    /// The same decision for all of these samples.
    pub fn same(samples: &SampleSet, to: Decision) -> Self {
        let from = Decision::UNDECIDED;
        Self(samples.runs().map(|(first, count)| DecisionRun { first, count, from, to }).collect())
    }

    /// A decision for each of these samples, in any order; of more than one for a sample the last counts.
    pub fn of_each(decisions: impl IntoIterator<Item = (SampleId, Decision)>) -> Self {
        let mut each: Vec<(SampleId, Decision)> = decisions.into_iter().collect();
        each.sort_by_key(|(sample, _)| *sample);
        let mut runs = Runs::default();
        for (at, (sample, to)) in each.iter().enumerate() {
            if each.get(at + 1).is_none_or(|(next, _)| next != sample) {
                runs.push(*sample, Decision::UNDECIDED, *to);
            }
        }
        Self(runs.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.0.iter().map(|run| run.count as usize).sum()
    }

    /// The samples.
    pub fn samples(&self) -> SampleSet {
        SampleSet::from_ascending(self.0.iter().flat_map(|run| run.first..run.first + run.count))
    }

    /// Each sample with its new decision.
    pub fn iter(&self) -> impl Iterator<Item = (SampleId, Decision)> + '_ {
        self.0.iter().flat_map(|run| (run.first..run.first + run.count).map(|sample| (sample, run.to)))
    }

    /// Bytes of memory that the runs take.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<DecisionRun>()
    }

    /// Writes the new decisions where they belong; rows beyond are left out.
    pub(super) fn write_to(&self, all: &mut [Decision]) {
        for run in &self.0 {
            let start = (run.first as usize).min(all.len());
            let end = (start + run.count as usize).min(all.len());
            all[start..end].fill(run.to);
        }
    }

    pub(super) fn inverse(&self) -> Self {
        Self(self.0.iter().map(|run| DecisionRun { from: run.to, to: run.from, ..*run }).collect())
    }

    /// Those that change something, with what each changes.
    pub(super) fn effective(&self, now: &[Decision]) -> Self {
        let mut runs = Runs::default();
        for run in &self.0 {
            let start = (run.first as usize).min(now.len());
            let end = (start + run.count as usize).min(now.len());
            for (at, from) in now[start..end].iter().enumerate().filter(|(_, from)| **from != run.to) {
                runs.push((start + at) as SampleId, *from, run.to);
            }
        }
        Self(runs.0)
    }

    /// What they did: "Prune 3 samples".
    pub(super) fn describe(&self) -> String {
        let count = crate::text::counted(self.len() as u64, "sample");
        let is = |verdict: Verdict| self.0.iter().all(|run| run.to.verdict == verdict);
        let by_rule = |run: &DecisionRun| matches!(run.to.reason, Reason::Group(_) | Reason::Rule(_));
        let by_plan = |run: &DecisionRun| matches!(run.to.reason, Reason::Balance(_));
        match () {
            () if is(Verdict::Undecided) => format!("Leave {count} undecided"),
            () if is(Verdict::Keep) => format!("Keep {count}"),
            () if self.0.iter().any(by_rule) => {
                let pruned = self.0.iter().filter(|run| run.to.verdict == Verdict::Prune);
                let pruned = pruned.map(|run| u64::from(run.count)).sum();
                format!("Decide by rules: prune {}", crate::text::counted(pruned, "sample"))
            }
            () if is(Verdict::Prune) && self.0.iter().all(by_plan) => format!("Balance: prune {count}"),
            () if is(Verdict::Prune) => format!("Prune {count}"),
            () => format!("Decide on {count}"),
        }
    }
}

/// Runs while samples are added in ascending order.
#[derive(Default)]
struct Runs(Vec<DecisionRun>);

impl Runs {
    fn push(&mut self, sample: SampleId, from: Decision, to: Decision) {
        match self.0.last_mut() {
            Some(run) if run.first + run.count == sample && (run.from, run.to) == (from, to) => {
                run.count += 1;
            }
            _ => self.0.push(DecisionRun { first: sample, count: 1, from, to }),
        }
    }
}
