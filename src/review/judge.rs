//! From what an analysis found, thresholds and decisions: groups, flags, and what follows from them.

use std::cmp::Reverse;
use std::sync::Arc;

use super::impact::{Coverage, Impact};
use super::ranked::Ranked;
use super::rules::{is_conflict, is_leak};
use super::{Analysed, GroupOrder, ReviewSettings, Rules, check_of};
use crate::analysis::groups::{ALONE, Groups};
use crate::dataset::query::{Bitmask, QueryError, Snapshot};
use crate::dataset::{Decision, Findings, Flag, Preference, SampleId, Score, Verdict};

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
    /// The samples by each score that raises a flag, in the order of [`Score::ALL`].
    pub ranked: [Option<Arc<Ranked>>; Score::ALL.len()],
    /// The samples of each flag that follows from groups, group by group, in the order of
    /// [`OF_GROUPS`].
    pub in_groups: [Arc<Vec<SampleId>>; OF_GROUPS.len()],
    pub findings: Arc<Findings>,
    pub impact: Arc<Impact>,
    pub preview: Preview,
}

/// What the rules would change if they were carried out now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// Every decision that would change.
    pub decided: Arc<Vec<(SampleId, Decision)>>,
    /// Samples that would be pruned and are not, and their bytes.
    pub prune: u64,
    pub bytes: u64,
    /// Samples that rules pruned before and would let stay now.
    pub undecide: u64,
    /// Samples that stay pruned, for another reason than now.
    pub other_reason: u64,
    /// Samples that are protected.
    pub protected: u64,
    /// The query of the rules that cannot be read: then they decide nothing.
    pub problem: Option<(String, QueryError)>,
}

impl Preview {
    /// What these rules would change.
    pub fn of<'a>(
        snapshot: &Snapshot,
        rules: &Rules,
        groups: impl IntoIterator<Item = &'a [SampleId]>,
    ) -> Self {
        let decided = match rules.decide(snapshot, groups) {
            Ok(decided) => decided,
            Err(problem) => return Self { problem: Some(problem), ..Self::default() },
        };
        let mut preview = Self::default();
        for (sample, decision) in &decided {
            let was_pruned = snapshot.decision(*sample).verdict == Verdict::Prune;
            match (was_pruned, decision.verdict == Verdict::Prune) {
                (false, true) => {
                    preview.prune += 1;
                    preview.bytes += snapshot.dataset.bytes[*sample as usize];
                }
                (true, false) => preview.undecide += 1,
                _ => preview.other_reason += 1,
            }
        }
        preview.decided = decided.into();
        // They were read for the decisions already.
        preview.protected = rules.protected(snapshot).map_or(0, |protected| protected.count() as u64);
        preview
    }

    /// Whether carrying the rules out would change nothing.
    pub fn is_empty(&self) -> bool {
        self.decided.is_empty()
    }
}

/// The flags that follow from groups of near-duplicates.
pub const OF_GROUPS: [Flag; 3] = [Flag::Duplicate, Flag::Leak, Flag::LabelConflict];

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
    pub decided: Decided,
}

/// What was decided of the samples that have a flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    pub kept: u32,
    pub pruned: u32,
    /// Samples that are pruned because of this flag, whether they have it still or not.
    pub because: u32,
}

impl Decided {
    fn of(snapshot: &Snapshot, samples: &[SampleId], because: u32) -> Self {
        let mut decided = Self { because, ..Self::default() };
        for decision in samples.iter().map(|sample| snapshot.decision(*sample)) {
            decided.kept += u32::from(decision.verdict == Verdict::Keep);
            decided.pruned += u32::from(decision.verdict == Verdict::Prune);
        }
        decided
    }
}

/// Scores under it are flagged, where neither a person nor the data say otherwise.
pub fn default_threshold(flag: Flag) -> f32 {
    match flag {
        Flag::Outlier | Flag::WrongLabel => 0.5,
        flag => check_of(flag).map_or(f32::NAN, crate::analysis::quality::Check::default_threshold),
    }
}

/// The threshold of a flag that follows from a score.
pub fn threshold_of(flag: Flag, analysed: &Analysed, settings: &ReviewSettings) -> f32 {
    settings.thresholds[flag as usize].unwrap_or_else(|| usual_threshold(flag, analysed))
}

/// The same where a person says nothing of it.
pub fn usual_threshold(flag: Flag, analysed: &Analysed) -> f32 {
    analysed.usual[flag as usize].unwrap_or_else(|| default_threshold(flag))
}

/// Whether so many of the samples that have a score are flagged: more than half of them would say
/// something of the dataset, and nothing of a sample.
pub fn is_raised(under: usize, known: usize) -> bool {
    under * 2 <= known
}

/// Groups, flags and impact at the thresholds of these settings.
pub fn judge(snapshot: &Snapshot, analysed: &Analysed, settings: &ReviewSettings) -> Judged {
    judge_again(snapshot, analysed, settings, &Judged::default())
}

/// The same, taking over from `before` what still holds: a threshold that moves ranks nothing anew.
pub fn judge_again(
    snapshot: &Snapshot,
    analysed: &Analysed,
    settings: &ReviewSettings,
    before: &Judged,
) -> Judged {
    let alike = &analysed.alike;
    let threshold = settings.threshold(analysed);
    // What is gone since the analysis is no copy that could stay.
    let present = snapshot.derived().present();
    let groups = alike.forest.groups(threshold).retain(|row| present.contains(row as usize));
    let redundant = groups.redundant();
    let looseness = looseness(analysed, threshold, &groups);
    let decided = decided(snapshot, &groups);
    let order = ordered(settings.order, snapshot, &groups, &looseness, &decided);
    let rules = settings.rules(&snapshot.dataset.split_names);
    let protected = rules.protected(snapshot).unwrap_or_else(|_| Bitmask::empty(snapshot.len()));

    let mut flags = vec![0u16; snapshot.len()];
    let mut raised = [Raised::default(); Flag::ALL.len()];
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
    let mut because = [0; Flag::ALL.len()];
    for row in present.iter() {
        let decision = snapshot.decision(row);
        if let (Verdict::Prune, Some(flag)) = (decision.verdict, decision.reason.flag()) {
            because[flag as usize] += 1;
        }
    }
    let mut in_groups: [Arc<Vec<SampleId>>; OF_GROUPS.len()] = Default::default();
    for (flag, samples) in OF_GROUPS.into_iter().zip(&mut in_groups) {
        let has = |row: &SampleId| flags.get(*row as usize).is_some_and(|bits| bits & flag.bit() != 0);
        let there = |row: &SampleId| has(row) && present.contains(*row as usize);
        *samples = Arc::new(groups.iter().flatten().copied().filter(there).collect());
        raised[flag as usize] = Raised {
            threshold: f32::NAN,
            known: analysed.looked_at as u32,
            under: samples.len() as u32,
            is_raised: true,
            decided: Decided::of(snapshot, samples, because[flag as usize]),
        };
    }
    let mut findings = Findings::default();
    let mut ranked: [Option<Arc<Ranked>>; Score::ALL.len()] = Default::default();
    for score in Score::ALL {
        let Some(values) = &analysed.scores[score as usize] else { continue };
        findings.set_column(score, Some(values.clone()));
        let Some(flag) = score.flag() else { continue };
        let kept = before.ranked[score as usize].clone().filter(|ranked| ranked.is_of(values, snapshot));
        let by_score = kept.unwrap_or_else(|| Arc::new(Ranked::of(values, snapshot)));
        let threshold = threshold_of(flag, analysed, settings);
        let under = &by_score.order[..by_score.under(threshold)];
        let is_raised = is_raised(under.len(), by_score.order.len());
        let flagged = if is_raised { under } else { &[] };
        for row in flagged {
            // Scores of rows that are not there are not ranked.
            flags[*row as usize] |= flag.bit();
        }
        raised[flag as usize] = Raised {
            threshold,
            known: by_score.order.len() as u32,
            under: under.len() as u32,
            is_raised,
            decided: Decided::of(snapshot, flagged, because[flag as usize]),
        };
        ranked[score as usize] = Some(by_score);
    }
    findings.flags = flags.into();
    let findings = Arc::new(findings);
    let preview = Preview::of(&snapshot.finding(findings.clone()), &rules, groups.iter());
    let mut impact = Impact::of(snapshot, groups.iter());
    if !analysed.near.neighbours.first.is_empty() && impact.pruned > 0 {
        impact.coverage = Some(Coverage::of(snapshot, &analysed.near));
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
        ranked,
        in_groups,
        findings,
        impact: impact.into(),
        preview,
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
        // One of the two may be gone.
        let group = groups.group_of[edge.a as usize].min(groups.group_of[edge.b as usize]);
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

    /// The samples by the score that a flag follows from, where it follows from one that is known.
    pub fn ranked(&self, flag: Flag) -> Option<&Arc<Ranked>> {
        self.ranked[flag.score()? as usize].as_ref()
    }

    /// The samples of a flag that follows from groups, group by group; none of any other.
    pub fn in_groups_of(&self, flag: Flag) -> &[SampleId] {
        let at = OF_GROUPS.into_iter().position(|other| other == flag);
        at.map_or(&[], |at| self.in_groups[at].as_slice())
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
