//! Rules that decide for a person: which of a group of near-duplicates stays, and which flags make a
//! sample go.
//!
//! What a person decided by hand is never changed, and what is protected is never pruned. Rules are
//! plain data; a file of rules is their JSON.

use serde::{Deserialize, Serialize};

use crate::dataset::facts::CHUNK;
use crate::dataset::query::{Bitmask, QueryError, Snapshot, parse};
use crate::dataset::{Decision, Flag, NO_SPLIT, Preference, Reason, SampleId, Verdict};

/// How pruning is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rules {
    /// Queries; a sample that fits one of them is never pruned: `split:test`, `path:originals/`.
    pub protect: Vec<String>,
    /// Of a group of near-duplicates the sample stays that is the best by the first of these in which
    /// they differ.
    pub prefer: Vec<Preference>,
    /// Whether groups of near-duplicates are decided at all.
    pub duplicates: bool,
    /// Whether groups whose labels contradict each other are left for a person to decide.
    pub leave_conflicts: bool,
    /// Samples with one of these flags are pruned, in or out of a group.
    pub prune: Vec<FlagName>,
}

/// A flag in a file of rules, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct FlagName(pub Flag);

impl TryFrom<String> for FlagName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let flag = Flag::from_name(&name).map(Self);
        flag.ok_or_else(|| {
            let names: Vec<&str> = Flag::ALL.map(Flag::name).to_vec();
            format!("there is no flag `{name}`; there are {}", names.join(", "))
        })
    }
}

impl From<FlagName> for &'static str {
    fn from(name: FlagName) -> Self {
        name.0.name()
    }
}

impl Default for Rules {
    /// Near-duplicates alone, the best picture of each group, nothing protected.
    fn default() -> Self {
        use Preference::{Bytes, FirstPath, Labelled, Oldest, Resolution, Sharpness, ShortestPath};
        Self {
            protect: Vec::new(),
            prefer: vec![Labelled, Resolution, Sharpness, Bytes, Oldest, ShortestPath, FirstPath],
            duplicates: true,
            leave_conflicts: true,
            prune: Vec::new(),
        }
    }
}

impl Rules {
    /// Names of splits that a model is judged by, in any case.
    const HELD_OUT: [&str; 8] = ["test", "testing", "val", "valid", "validation", "dev", "eval", "holdout"];

    /// Whether a split of that name is one that a model is judged by.
    pub fn is_held_out(name: &str) -> bool {
        Self::HELD_OUT.contains(&name.to_lowercase().as_str())
    }

    /// The default for a dataset: its held-out splits are protected, so that what leaks from them into
    /// training goes from training.
    pub fn for_dataset(split_names: &[String]) -> Self {
        let protect = split_names
            .iter()
            .filter(|name| Self::is_held_out(name))
            .map(|name| format!("split:\"{name}\""))
            .collect();
        Self { protect, ..Self::default() }
    }

    /// The samples that are protected. An error names the query that cannot be read.
    pub fn protected(&self, snapshot: &Snapshot) -> Result<Bitmask, (String, QueryError)> {
        let mut protected = Bitmask::empty(snapshot.len());
        for text in self.protect.iter().filter(|text| !text.trim().is_empty()) {
            let query = parse(text, snapshot.vocabulary()).map_err(|error| (text.clone(), error))?;
            protected.unite(&query.mask(snapshot));
        }
        Ok(protected)
    }

    /// What the rules decide of these groups of near-duplicates and of the flagged samples. Decisions
    /// that rules made before and would not make now are taken back. The answer has those samples
    /// alone whose decision changes.
    pub fn decide<'a>(
        &self,
        snapshot: &Snapshot,
        groups: impl IntoIterator<Item = &'a [SampleId]>,
    ) -> Result<Vec<(SampleId, Decision)>, (String, QueryError)> {
        let protected = self.protected(snapshot)?;
        let present = snapshot.derived().present();
        let rows = snapshot.len();
        let now = |sample: SampleId| snapshot.decision(sample);
        let by_hand = |sample: SampleId| {
            let decision = now(sample);
            decision.verdict != Verdict::Undecided && decision.reason.is_by_person()
        };
        let mut next: Vec<Decision> = vec![Decision::UNDECIDED; rows];
        let wanted = self.prune.iter().fold(0, |bits, name| bits | name.0.bit());
        if wanted != 0 {
            for (sample, decision) in next.iter_mut().enumerate().filter(|(at, _)| present.contains(*at)) {
                let first =
                    snapshot.findings.flags_of(sample as SampleId).find(|flag| wanted & flag.bit() != 0);
                if let Some(flag) = first.filter(|_| !protected.contains(sample)) {
                    *decision = Decision::ruled_out(flag);
                }
            }
        }
        if self.duplicates {
            let keys = Keys::new(snapshot, &protected);
            for group in groups {
                if self.leave_conflicts && is_conflict(snapshot, group) {
                    continue;
                }
                self.decide_group(&keys, group, &by_hand, &now, &mut next);
            }
        }
        let changed = |(sample, decision): (usize, Decision)| {
            let sample = sample as SampleId;
            (!by_hand(sample) && now(sample) != decision).then_some((sample, decision))
        };
        Ok(next.into_iter().enumerate().filter_map(changed).collect())
    }

    fn decide_group(
        &self,
        keys: &Keys<'_>,
        group: &[SampleId],
        by_hand: &impl Fn(SampleId) -> bool,
        now: &impl Fn(SampleId) -> Decision,
        next: &mut [Decision],
    ) {
        let is_kept = |sample: SampleId| by_hand(sample) && now(sample).verdict == Verdict::Keep;
        let can_stay = |sample: &SampleId| {
            is_kept(*sample) || !by_hand(*sample) && next[*sample as usize].verdict != Verdict::Prune
        };
        // What is kept by hand or protected stays, and there may be several of those.
        let stays = |sample: SampleId| is_kept(sample) || keys.protected.contains(sample as usize);
        let Some(keeper) = group.iter().copied().filter(can_stay).reduce(|best, other| {
            let by_rules = || self.better(keys, best, other).0;
            match (stays(best), stays(other)) {
                (true, false) => best,
                (false, true) => other,
                _ => by_rules(),
            }
        }) else {
            return;
        };
        for sample in group.iter().copied().filter(|sample| *sample != keeper && !stays(*sample)) {
            if by_hand(sample) || next[sample as usize].verdict == Verdict::Prune {
                continue;
            }
            let preference = match stays(keeper) {
                true => Preference::Protected,
                false => self.better(keys, keeper, sample).1,
            };
            let reason = Reason::Group(preference);
            next[sample as usize] = Decision { verdict: Verdict::Prune, reason, other: Some(keeper) };
        }
    }

    /// Puts samples in the order of preference: what is protected first, then the better ones by these rules.
    pub fn best_first(&self, snapshot: &Snapshot, protected: &Bitmask, samples: &mut [SampleId]) {
        let keys = Keys::new(snapshot, protected);
        samples.sort_by(|one, two| {
            let is_protected = |sample: &SampleId| protected.contains(*sample as usize);
            is_protected(two).cmp(&is_protected(one)).then_with(|| match one == two {
                true => std::cmp::Ordering::Equal,
                false if self.better(&keys, *one, *two).0 == *one => std::cmp::Ordering::Less,
                false => std::cmp::Ordering::Greater,
            })
        });
    }

    /// The better of two samples, and by which rule.
    fn better(&self, keys: &Keys<'_>, one: SampleId, two: SampleId) -> (SampleId, Preference) {
        for preference in &self.prefer {
            match keys.get(*preference, one).total_cmp(&keys.get(*preference, two)) {
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Greater => return (one, *preference),
                std::cmp::Ordering::Less => return (two, *preference),
            }
        }
        let first = keys.get(Preference::FirstPath, one) >= keys.get(Preference::FirstPath, two);
        (if first { one } else { two }, Preference::FirstPath)
    }

    /// The sample of a group that would stay, and the rule that sets it apart from the next best.
    pub fn suggested(
        &self,
        snapshot: &Snapshot,
        protected: &Bitmask,
        group: &[SampleId],
    ) -> Option<(SampleId, Preference)> {
        let keys = Keys::new(snapshot, protected);
        let rank = |best: SampleId, other: SampleId| {
            let stays = |sample: SampleId| protected.contains(sample as usize);
            match (stays(best), stays(other)) {
                (true, false) => (best, Preference::Protected),
                (false, true) => (other, Preference::Protected),
                _ => self.better(&keys, best, other),
            }
        };
        let best = group.iter().copied().reduce(|best, other| rank(best, other).0)?;
        let others = group.iter().copied().filter(|sample| *sample != best);
        let second = others.reduce(|best, other| rank(best, other).0)?;
        Some((best, rank(best, second).1))
    }
}

/// Whether samples of a group have labels that contradict each other; none is no contradiction.
pub fn is_conflict(snapshot: &Snapshot, group: &[SampleId]) -> bool {
    let labels = &**snapshot.labels();
    let mut sets = group.iter().map(|row| labels.of[*row as usize]);
    let mut labelled = sets.by_ref().filter(|set| !labels.sets[*set as usize].is_empty());
    labelled.next().is_some_and(|first| labelled.any(|set| set != first))
}

/// Whether samples of a group are in more than one split.
pub fn is_leak(snapshot: &Snapshot, group: &[SampleId]) -> bool {
    let splits = &snapshot.dataset.splits;
    let mut known = group.iter().map(|row| splits[*row as usize]).filter(|split| *split != NO_SPLIT);
    known.next().is_some_and(|first| known.any(|split| split != first))
}

/// What samples are compared by: more is better.
struct Keys<'a> {
    snapshot: &'a Snapshot,
    protected: &'a Bitmask,
}

impl<'a> Keys<'a> {
    fn new(snapshot: &'a Snapshot, protected: &'a Bitmask) -> Self {
        Self { snapshot, protected }
    }

    fn get(&self, preference: Preference, sample: SampleId) -> f64 {
        let (row, dataset) = (sample as usize, &*self.snapshot.dataset);
        let chunk = &self.snapshot.facts.chunks()[row / CHUNK];
        match preference {
            Preference::Protected => f64::from(u8::from(self.protected.contains(row))),
            Preference::Labelled => f64::from(u8::from(!self.snapshot.labels().get(sample).is_empty())),
            Preference::Resolution => {
                f64::from(chunk.width[row % CHUNK]) * f64::from(chunk.height[row % CHUNK])
            }
            Preference::Sharpness => match chunk.sharpness[row % CHUNK] {
                unknown if unknown.is_nan() => -1.0,
                sharpness => sharpness.into(),
            },
            Preference::Bytes => dataset.bytes[row] as f64,
            Preference::Oldest => match dataset.modified_ms[row] {
                0 => f64::NEG_INFINITY,
                modified => -(modified as f64),
            },
            Preference::ShortestPath => -(dataset.path(sample).len() as f64),
            Preference::FirstPath => -f64::from(self.snapshot.derived().natural().ranks[row]),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::builder::{DatasetBuilder, NewSample};
    use crate::dataset::edit::{Decisions, Edit, Overlay};
    use crate::dataset::{Fact, Facts, Findings, Layout};

    /// Path, label, split, width and bytes of each sample.
    type Row = (&'static str, &'static str, &'static str, u32, u64);

    const ROWS: [Row; 7] = [
        ("a.png", "cat", "train", 10, 5),
        ("b.png", "cat", "train", 20, 5),
        ("c.png", "cat", "test", 5, 5),
        ("d.png", "dog", "train", 10, 9),
        ("e.png", "cat", "train", 10, 8),
        ("f.png", "", "train", 10, 8),
        ("g.png", "dog", "train", 10, 8),
    ];

    pub fn snapshot() -> Snapshot {
        let mut builder = DatasetBuilder::new("", "", Layout::ImageFolder);
        let mut facts = Facts::new(ROWS.len());
        for (row, (path, label, split, width, bytes)) in ROWS.into_iter().enumerate() {
            let labels = if label.is_empty() { vec![] } else { vec![label] };
            builder.push(NewSample {
                path,
                labels: &labels,
                split: Some(split),
                bytes,
                ..NewSample::default()
            });
            facts.set(row as u32, &Fact { measured: true, width, height: 1, ..Fact::UNMEASURED });
        }
        let mut findings = Findings::default();
        findings.flags = Arc::new((0..7).map(|row| if row == 4 { Flag::Dark.bit() } else { 0 }).collect());
        let snapshot = Snapshot::new(builder.finish().0.into(), &[], facts, Default::default());
        snapshot.finding(findings.into())
    }

    fn pruned(rules: &Rules, snapshot: &Snapshot, groups: &[&[u32]]) -> Vec<(u32, Option<u32>, Reason)> {
        let decided = rules.decide(snapshot, groups.iter().copied()).unwrap();
        decided
            .into_iter()
            .filter(|(_, decision)| decision.verdict == Verdict::Prune)
            .map(|(row, decision)| (row, decision.other, decision.reason))
            .collect()
    }

    #[test]
    fn the_best_of_a_group_stays() {
        use Preference::{Bytes, FirstPath, Labelled, Protected, Resolution};
        let snapshot = snapshot();
        let all = Rules::default();
        let names = &snapshot.dataset.split_names;
        let conflicts = Rules { leave_conflicts: false, ..all.clone() };
        let first = Rules { prefer: Vec::new(), ..all.clone() };
        let dark = Rules { prune: vec![FlagName(Flag::Dark)], ..all.clone() };
        let group = Reason::Group;
        for (rules, groups, expected) in [
            (&all, vec![&[0, 1][..]], vec![(0, Some(1), group(Resolution))]),
            (&all, vec![&[0, 4, 5]], vec![(0, Some(4), group(Bytes)), (5, Some(4), group(Labelled))]),
            (&first, vec![&[1, 0]], vec![(1, Some(0), group(FirstPath))]),
            (
                &Rules::for_dataset(names),
                vec![&[0, 1, 2]],
                vec![(0, Some(2), group(Protected)), (1, Some(2), group(Protected))],
            ),
            // Labels that contradict each other are for a person.
            (&all, vec![&[0, 3]], vec![]),
            (&conflicts, vec![&[0, 3]], vec![(0, Some(3), group(Bytes))]),
            // What is flagged goes, and does not stay for its group.
            (&dark, vec![&[0, 4]], vec![(4, None, Reason::Rule(Flag::Dark))]),
            (&Rules { duplicates: false, ..all.clone() }, vec![&[0, 1]], vec![]),
        ] {
            assert_eq!(pruned(rules, &snapshot, &groups), expected, "{groups:?}");
        }
    }

    #[test]
    fn what_was_decided_by_hand_stays_so_and_what_rules_decided_does_not() {
        let snapshot = snapshot();
        let mut overlay = Overlay::new(7);
        let mut decide = |decisions: &[(u32, Decision)], snapshot: &Snapshot| {
            let edit = Edit::Decide { decisions: Decisions::of_each(decisions.iter().copied()) };
            if let Some(edit) = overlay.effective(edit) {
                overlay.apply(&edit);
            }
            snapshot.deciding(overlay.decisions.clone())
        };
        let rules = Rules::default();
        // The best of three was pruned by hand and the worst is kept by hand: the middle one goes.
        let by_hand = [(1, Decision::by_hand(Verdict::Prune)), (5, Decision::by_hand(Verdict::Keep))];
        let snapshot = decide(&by_hand, &snapshot);
        let group: &[&[u32]] = &[&[0, 1, 5]];
        assert_eq!(pruned(&rules, &snapshot, group), [(0, Some(5), Reason::Group(Preference::Protected))]);
        let decided = rules.decide(&snapshot, group.iter().copied()).unwrap();
        let snapshot = decide(&decided, &snapshot);
        assert_eq!(rules.decide(&snapshot, group.iter().copied()).unwrap(), [], "once is enough");
        // Without the group, what the rules said of it is taken back.
        assert_eq!(rules.decide(&snapshot, []).unwrap(), [(0, Decision::UNDECIDED)]);
        // What a person pruned for its flag stays pruned, and what rules pruned for it does not.
        for (decision, expected) in [
            (Decision::flagged(Flag::Dark), &[][..]),
            (Decision::ruled_out(Flag::Dark), &[(4, Decision::UNDECIDED)]),
        ] {
            let snapshot = snapshot.deciding([&[Decision::UNDECIDED; 4][..], &[decision]].concat().into());
            assert_eq!(rules.decide(&snapshot, []).unwrap(), expected, "{decision:?}");
        }
    }

    #[test]
    fn rules_are_written_and_read_as_json() {
        let rules = Rules {
            protect: vec!["split:test".into()],
            prune: vec![FlagName(Flag::OddAspect)],
            ..Rules::default()
        };
        let json = serde_json::to_string(&rules).unwrap();
        assert!(json.contains("odd-aspect-ratio") && json.contains("shortest-path"), "{json}");
        assert_eq!(serde_json::from_str::<Rules>(&json).unwrap(), rules);
        for (json, told) in [(r#"{"prune":["dim"]}"#, "no flag `dim`"), (r#"{"keep":1}"#, "unknown field")] {
            let error = serde_json::from_str::<Rules>(json).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let snapshot = snapshot();
        let broken = Rules { protect: vec!["split:nowhere".into()], ..Rules::default() };
        assert!(broken.decide(&snapshot, []).is_err());
    }
}
