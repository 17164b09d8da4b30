//! From what an analysis found, thresholds and decisions: groups, flags, and what follows from them.

use std::cmp::Reverse;
use std::sync::Arc;

use super::impact::{Coverage, Impact};
use super::rules::{is_conflict, is_leak};
use super::{Analysed, GroupOrder, ReviewSettings, Rules, check_of};
use crate::analysis::groups::{ALONE, Groups};
use crate::dataset::query::{Bitmask, Snapshot};
use crate::dataset::{Findings, Flag, Preference, SampleId, Score, Verdict};

/// What follows from an analysis at the thresholds and decisions of a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// The largest distance within the groups.
    pub threshold: u32,
    pub groups: Arc<Groups>,
    /// The groups in the order that they are listed in.
    pub order: Arc<Vec<u32>>,
    /// The largest distance that holds each group together.
    pub looseness: Arc<Vec<u16>>,
    /// How many members of each group are decided.
    pub decided: Arc<Vec<u32>>,
    /// Bytes of all members but the largest of each group.
    pub redundant_bytes: u64,
    /// Samples that the rules protect; none where a rule cannot be read.
    pub protected: Arc<Bitmask>,
    /// The rules that were in force.
    pub rules: Rules,
    /// Samples that are not the one that stays of their group.
    pub redundant: usize,
    pub raised: [Raised; Flag::ALL.len()],
    pub findings: Arc<Findings>,
    pub impact: Arc<Impact>,
}

/// What a flag's threshold finds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Raised {
    /// Scores under it are flagged; NaN where the flag follows from groups, or nothing is known.
    pub threshold: f32,
    /// Samples that have the score, or are there at all.
    pub known: u32,
    /// Samples under the threshold.
    pub under: u32,
    /// Whether those are flagged: more than half of the samples would say something of the dataset, and
    /// nothing of a sample.
    pub is_raised: bool,
}

/// Scores under it are flagged, where neither a person nor the data say otherwise.
fn default_threshold(flag: Flag) -> f32 {
    match flag {
        Flag::Outlier | Flag::WrongLabel => 0.5,
        flag => check_of(flag).map_or(f32::NAN, crate::analysis::quality::Check::default_threshold),
    }
}

/// The threshold of a flag that follows from a score.
pub fn threshold_of(flag: Flag, analysed: &Analysed, settings: &ReviewSettings) -> f32 {
    let at = flag as usize;
    settings.thresholds[at].or(analysed.usual[at]).unwrap_or_else(|| default_threshold(flag))
}

/// Groups, flags and impact at the thresholds of these settings.
pub fn judge(snapshot: &Snapshot, analysed: &Analysed, settings: &ReviewSettings) -> Judged {
    let alike = &analysed.alike;
    let threshold = settings.threshold.unwrap_or(alike.method.default_threshold()).min(alike.radius);
    let groups = alike.forest.groups(threshold);
    let redundant = alike.forest.redundant(threshold);
    let looseness = looseness(analysed, threshold, &groups);
    let decided = decided(snapshot, &groups);
    let order = ordered(settings.order, snapshot, &groups, &looseness, &decided);
    let rules = settings.rules.clone();
    let rules = rules.unwrap_or_else(|| Rules::for_dataset(&snapshot.dataset.split_names));
    let protected = rules.protected(snapshot).unwrap_or_else(|_| Bitmask::empty(snapshot.len()));

    let mut flags = vec![0u16; snapshot.len()];
    let mut raised = [Raised::default(); Flag::ALL.len()];
    let present = snapshot.derived().present();
    for group in groups.iter() {
        let mut bits = Flag::Duplicate.bit();
        bits |= if is_leak(snapshot, group) { Flag::Leak.bit() } else { 0 };
        bits |= if is_conflict(snapshot, group) { Flag::LabelConflict.bit() } else { 0 };
        for row in group {
            if let Some(flags) = flags.get_mut(*row as usize) {
                *flags |= bits;
            }
        }
    }
    for flag in [Flag::Duplicate, Flag::Leak, Flag::LabelConflict] {
        let under = flags.iter().filter(|bits| **bits & flag.bit() != 0).count() as u32;
        let known = analysed.looked_at as u32;
        raised[flag as usize] = Raised { threshold: f32::NAN, known, under, is_raised: true };
    }
    let mut findings = Findings::default();
    for score in Score::ALL {
        let Some(values) = &analysed.scores[score as usize] else { continue };
        findings.set_column(score, Some(values.clone()));
        let Some(flag) = score.flag() else { continue };
        let threshold = threshold_of(flag, analysed, settings);
        let there = |row: usize| present.contains(row);
        let known = values.iter().enumerate().filter(|(row, score)| !score.is_nan() && there(*row)).count();
        let is_under = |row: usize, score: f32| score < threshold && there(row);
        let under = values.iter().enumerate().filter(|(row, score)| is_under(*row, **score)).count();
        let is_raised = under * 2 <= known;
        if is_raised {
            for (row, (bits, score)) in flags.iter_mut().zip(values.iter()).enumerate() {
                *bits |= if is_under(row, *score) { flag.bit() } else { 0 };
            }
        }
        raised[flag as usize] = Raised { threshold, known: known as u32, under: under as u32, is_raised };
    }
    findings.flags = flags.into();
    let mut impact = Impact::of(snapshot, groups.iter());
    if !analysed.near.samples.is_empty() && impact.pruned > 0 {
        let described = analysed.near.samples.iter().copied().filter(|row| present.contains(*row as usize));
        impact.coverage = Some(Coverage::of(snapshot, described, |row| analysed.near.of(row)));
    }
    Judged {
        threshold,
        redundant,
        order: order.into(),
        looseness: looseness.into(),
        decided: decided.into(),
        redundant_bytes: redundant_bytes(snapshot, &groups),
        protected: protected.into(),
        rules,
        groups: groups.into(),
        raised,
        findings: findings.into(),
        impact: impact.into(),
    }
}

/// The groups in an order; the loosest first where that leaves them equal.
fn ordered(
    order: GroupOrder,
    snapshot: &Snapshot,
    groups: &Groups,
    looseness: &[u16],
    decided: &[u32],
) -> Vec<u32> {
    let mut listed: Vec<u32> = (0..groups.len() as u32).collect();
    listed.sort_by_key(|group| Reverse(looseness[*group as usize]));
    let size = |group: u32| groups.rows(group as usize).len();
    match order {
        GroupOrder::Loosest => {}
        GroupOrder::Largest => listed.sort_by_key(|group| Reverse(size(*group))),
        GroupOrder::Path => {
            let ranks = &snapshot.derived().natural().ranks;
            let rank = |row: &u32| ranks.get(*row as usize).copied();
            let first = |group: &u32| groups.rows(*group as usize).iter().filter_map(rank).min();
            listed.sort_by_cached_key(first);
        }
        GroupOrder::Undecided => {
            listed.sort_by_key(|group| decided[*group as usize] as usize == size(*group));
        }
    }
    listed
}

fn decided(snapshot: &Snapshot, groups: &Groups) -> Vec<u32> {
    let is_decided = |row: &&u32| snapshot.decision(**row).verdict != Verdict::Undecided;
    groups.iter().map(|group| group.iter().filter(is_decided).count() as u32).collect()
}

fn redundant_bytes(snapshot: &Snapshot, groups: &Groups) -> u64 {
    let bytes = |row: &u32| snapshot.dataset.bytes.get(*row as usize).copied().unwrap_or(0);
    let of_group = |group: &[u32]| {
        let (sum, largest) =
            group.iter().map(bytes).fold((0, 0), |(sum, largest), bytes| (sum + bytes, bytes.max(largest)));
        sum - largest
    };
    groups.iter().map(of_group).sum()
}

/// The largest distance of the edges that hold each group together.
fn looseness(analysed: &Analysed, threshold: u32, groups: &Groups) -> Vec<u16> {
    let mut largest = vec![0; groups.len()];
    for edge in analysed.alike.forest.edges(threshold) {
        let group = groups.group_of[edge.a as usize];
        if group != ALONE {
            // Edges come closest first.
            largest[group as usize] = edge.distance;
        }
    }
    largest
}

impl Judged {
    /// The group of a sample.
    pub fn group_of(&self, sample: SampleId) -> Option<usize> {
        let group = self.groups.group_of.get(sample as usize).copied()?;
        (group != ALONE).then_some(group as usize)
    }

    /// The member of a group that would stay, and what sets it apart. None of a group so large that
    /// nobody looks through it: this is asked for on the interface's thread.
    pub fn suggested(&self, snapshot: &Snapshot, group: usize) -> Option<(SampleId, Preference)> {
        const MOST: usize = 20_000;
        let rows = self.groups.rows(group);
        // Samples may have come since.
        let is_known = self.protected.len() == snapshot.len() && rows.len() <= MOST;
        is_known.then(|| self.rules.suggested(snapshot, &self.protected, rows)).flatten()
    }
}
