//! What a report says, as plain data.

use serde::Serialize;

use super::Material;
use crate::analysis::quality::Check;
use crate::dataset::columns::write_reason;
use crate::dataset::facts::CHUNK;
use crate::dataset::query::{Bitmask, Snapshot, counts_of};
use crate::dataset::{Flag, IssueKind, Reason, SampleId, Score, Verdict};
use crate::review::rules::{is_conflict, is_leak};
use crate::review::{Coverage, Impact, NO_CLASS, Rules, flag_of};

/// Most entries of each list.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub groups: usize,
    /// Of leaks and of label conflicts each.
    pub faulty_groups: usize,
    pub members: usize,
    /// Of each check.
    pub worst: usize,
    pub outliers: usize,
    pub wrong_labels: usize,
    pub decisions: usize,
    pub classes: usize,
}

impl Limits {
    /// Some 1,300 thumbnails, so a page of about 8 MB.
    pub const HTML: Self = Self {
        groups: 60,
        faulty_groups: 40,
        members: 8,
        worst: 12,
        outliers: 24,
        wrong_labels: 36,
        decisions: 200,
        classes: 200,
    };
    /// Text alone: some 100 MB at worst.
    pub const JSON: Self = Self {
        groups: 20_000,
        faulty_groups: 20_000,
        members: 100,
        worst: 10_000,
        outliers: 10_000,
        wrong_labels: 10_000,
        decisions: 200_000,
        classes: 20_000,
    };
}

/// The first of a list, and how many there are of it in all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed<T> {
    pub count: u64,
    pub listed: Vec<T>,
}

impl<T> Listed<T> {
    /// Those that are not listed.
    pub fn left_out(&self) -> u64 {
        self.count - self.listed.len() as u64
    }
}

/// The whole report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The version of the program that wrote it.
    pub lenslet: &'static str,
    pub source: String,
    pub layout: &'static str,
    pub samples: u64,
    pub bytes: u64,
    pub analysed: u64,
    /// Samples by issue.
    pub issues: Vec<(&'static str, u64)>,
    pub near_duplicates: NearDuplicates,
    pub checks: Vec<CheckRow>,
    pub groups: Listed<GroupRow>,
    pub leaks: Listed<GroupRow>,
    pub label_conflicts: Listed<GroupRow>,
    pub wrong_labels: FlagRow<WrongLabel>,
    pub outliers: FlagRow<Outlier>,
    pub rules: Rules,
    pub impact: ImpactRow,
    pub decisions: Listed<DecisionRow>,
}

/// How near-duplicates were looked for, and how many there are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearDuplicates {
    pub method: &'static str,
    #[serde(skip)]
    pub method_title: &'static str,
    pub symmetries: bool,
    pub threshold: u32,
    pub unit: &'static str,
    pub groups: u64,
    pub redundant: u64,
    /// Where there were too many pairs to find all, a sentence that says so.
    pub note: Option<String>,
}

/// A flag that follows from a score, and what has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagRow<T> {
    pub flag: &'static str,
    /// Scores under it are flagged.
    pub threshold: Option<f32>,
    /// Samples that have the score.
    pub known: u64,
    pub under: u64,
    /// Whether those under it are flagged; more than half of the samples are not.
    pub flagged: bool,
    /// The lowest scores first.
    #[serde(flatten)]
    pub worst: Listed<T>,
}

/// A check of quality.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckRow {
    #[serde(skip)]
    pub title: &'static str,
    #[serde(skip)]
    pub about: &'static str,
    #[serde(flatten)]
    pub row: FlagRow<Scored>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scored {
    #[serde(skip)]
    pub sample: SampleId,
    pub path: String,
    pub score: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrongLabel {
    #[serde(flatten)]
    pub scored: Scored,
    pub label: String,
    pub suggested: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlier {
    #[serde(flatten)]
    pub scored: Scored,
    pub nearest: Option<String>,
    /// To the nearest other sample: 0 is equal, √2 is as different as chance.
    pub distance: Option<f32>,
}

/// A group of near-duplicates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupRow {
    /// The largest distance that holds it together.
    pub distance: u16,
    pub keeper: Option<Keeper>,
    pub samples: Listed<Member>,
}

/// The sample of a group that stays.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Keeper {
    #[serde(skip)]
    pub sample: SampleId,
    pub path: String,
    /// Why: it "has the highest resolution".
    pub because: &'static str,
    /// Whether that was decided, or is what the rules would choose.
    pub decided: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    #[serde(skip)]
    pub sample: SampleId,
    pub path: String,
    pub labels: Vec<String>,
    pub split: Option<String>,
    pub width: u32,
    pub height: u32,
    pub bytes: u64,
    pub verdict: &'static str,
}

/// Samples before, and of them pruned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    pub name: String,
    pub before: u64,
    pub pruned: u64,
}

/// What the decisions do to the dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImpactRow {
    pub pruned: u64,
    pub kept: u64,
    pub pruned_bytes: u64,
    /// Before, and with what stays.
    pub groups: (u32, u32),
    pub leaks: (u32, u32),
    pub label_conflicts: (u32, u32),
    pub by_hand: u32,
    pub by_group: u32,
    pub by_balance: u32,
    pub by_flag: Vec<(&'static str, u32)>,
    pub splits: Vec<Share>,
    /// Those that lose the largest part first.
    pub classes: Listed<Share>,
    pub coverage: Option<CoverageRow>,
}

/// How far pruned samples are from what stays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CoverageRow {
    pub samples: u32,
    pub mean: f32,
    pub max: f32,
    pub usual: f32,
    pub lost: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionRow {
    pub path: String,
    pub verdict: &'static str,
    pub reason: String,
}

/// The word for a verdict.
fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Undecided => "undecided",
        Verdict::Keep => "keep",
        Verdict::Prune => "prune",
    }
}

impl Figures {
    /// The figures of this review, each list as long as that.
    pub fn of(material: Material<'_>, limits: &Limits) -> Self {
        let Material { snapshot, analysed, judged, settings } = material;
        let dataset = &*snapshot.dataset;
        let present = snapshot.derived().present();
        let all = counts_of(snapshot, present);
        let issues = IssueKind::ALL.into_iter().filter(|kind| all.issues[*kind as usize] > 0);
        let gatherer = Gatherer::new(material);
        let alike = &analysed.alike;
        let groups = &judged.groups;
        let leaks: Vec<u32> = gatherer.groups_that(|rows| is_leak(snapshot, rows));
        let conflicts: Vec<u32> = gatherer.groups_that(|rows| is_conflict(snapshot, rows));
        Self {
            lenslet: env!("CARGO_PKG_VERSION"),
            source: dataset.source.clone(),
            layout: dataset.layout.title(),
            samples: all.samples.into(),
            bytes: all.bytes,
            analysed: analysed.looked_at as u64,
            issues: issues.map(|kind| (kind.name(), all.issues[kind as usize].into())).collect(),
            near_duplicates: NearDuplicates {
                method: alike.method.name(),
                method_title: alike.method.title(),
                symmetries: alike.symmetries,
                threshold: judged.threshold,
                unit: alike.method.unit(),
                groups: groups.len() as u64,
                redundant: judged.redundant as u64,
                note: alike.limit_text(),
            },
            checks: Check::ALL
                .map(flag_of)
                .map(|flag| CheckRow {
                    title: flag.title(),
                    about: flag.about(),
                    row: gatherer.flag_row(flag, limits.worst, |scored| scored),
                })
                .into(),
            groups: gatherer.group_rows(&gatherer.groups_that(|_| true), limits.groups, limits.members),
            leaks: gatherer.group_rows(&leaks, limits.faulty_groups, limits.members),
            label_conflicts: gatherer.group_rows(&conflicts, limits.faulty_groups, limits.members),
            wrong_labels: gatherer.flag_row(Flag::WrongLabel, limits.wrong_labels, |scored| {
                let suggested = analysed.suggested.get(scored.sample as usize).copied();
                let suggested = suggested.filter(|class| *class != NO_CLASS);
                let name = |class| gatherer.snapshot().labels().classes.get(class as usize).cloned();
                let label = gatherer.labels(scored.sample).join(", ");
                WrongLabel { label, suggested: suggested.and_then(name), scored }
            }),
            outliers: gatherer.flag_row(Flag::Outlier, limits.outliers, |scored| {
                let nearest = analysed.near.of(scored.sample).next();
                let (nearest, distance) = nearest.map_or((None, None), |(other, distance)| {
                    (Some(dataset.path(other).to_owned()), Some(distance))
                });
                Outlier { scored, nearest, distance }
            }),
            rules: settings.rules(&dataset.split_names),
            impact: gatherer.impact(&judged.impact, all.kept, limits.classes),
            decisions: gatherer.decisions(limits.decisions),
        }
    }

    /// The samples whose thumbnails the report shows.
    pub fn pictured(&self) -> Vec<SampleId> {
        let groups = [&self.groups, &self.leaks, &self.label_conflicts];
        let members = groups.into_iter().flat_map(|groups| &groups.listed);
        let members = members.flat_map(|group| &group.samples.listed).map(|member| member.sample);
        let checks = self.checks.iter().flat_map(|check| &check.row.worst.listed).map(|worst| worst.sample);
        let wrong = self.wrong_labels.worst.listed.iter().map(|wrong| wrong.scored.sample);
        let outliers = self.outliers.worst.listed.iter().map(|outlier| outlier.scored.sample);
        let mut samples: Vec<SampleId> = members.chain(checks).chain(wrong).chain(outliers).collect();
        samples.sort_unstable();
        samples.dedup();
        samples
    }
}

/// What several lists are made with.
struct Gatherer<'a> {
    material: Material<'a>,
    rules: Rules,
    /// `None` where the rules cannot be read.
    protected: Option<Bitmask>,
}

impl<'a> Gatherer<'a> {
    fn new(material: Material<'a>) -> Self {
        let rules = material.settings.rules(&material.snapshot.dataset.split_names);
        let protected = rules.protected(material.snapshot).ok();
        Self { material, rules, protected }
    }

    fn snapshot(&self) -> &'a Snapshot {
        self.material.snapshot
    }

    fn path(&self, sample: SampleId) -> String {
        self.snapshot().dataset.path(sample).to_owned()
    }

    fn labels(&self, sample: SampleId) -> Vec<String> {
        let labels = self.snapshot().labels();
        let name = |class: &u32| labels.classes.get(*class as usize).cloned();
        labels.get(sample).iter().filter_map(name).collect()
    }

    /// The groups that fit, the largest first.
    fn groups_that(&self, fits: impl Fn(&[SampleId]) -> bool) -> Vec<u32> {
        let groups = &self.material.judged.groups;
        let mut found: Vec<u32> =
            (0..groups.len() as u32).filter(|group| fits(groups.rows(*group as usize))).collect();
        found.sort_by_key(|group| std::cmp::Reverse(groups.rows(*group as usize).len()));
        found
    }

    fn group_rows(&self, groups: &[u32], most: usize, members: usize) -> Listed<GroupRow> {
        let row = |group: &u32| {
            let rows = self.material.judged.groups.rows(*group as usize);
            let keeper = self.keeper(*group as usize, rows);
            // The one that stays comes first, so that it is never left out.
            let first = keeper.as_ref().map(|keeper| keeper.sample);
            let others = rows.iter().copied().filter(|row| Some(*row) != first);
            let listed = first.into_iter().chain(others).take(members);
            GroupRow {
                distance: self.material.judged.looseness.get(*group as usize).copied().unwrap_or(0),
                samples: Listed {
                    count: rows.len() as u64,
                    listed: listed.map(|row| self.member(row)).collect(),
                },
                keeper,
            }
        };
        Listed { count: groups.len() as u64, listed: groups.iter().take(most).map(row).collect() }
    }

    /// The sample that stays of a group: the one that was decided on, or what the rules would choose.
    fn keeper(&self, group: usize, rows: &[SampleId]) -> Option<Keeper> {
        let is_member = |other: &SampleId| self.material.judged.group_of(*other) == Some(group);
        let decided = rows.iter().find_map(|row| {
            let decision = self.snapshot().decision(*row);
            let other = decision.other.filter(is_member)?;
            let because = match decision.reason {
                Reason::Group(preference) => preference.because(),
                _ => "was chosen by hand",
            };
            (decision.verdict == Verdict::Prune).then_some((other, because, true))
        });
        let suggested = || {
            let (best, preference) = self.rules.suggested(self.snapshot(), self.protected.as_ref()?, rows)?;
            Some((best, preference.because(), false))
        };
        let (sample, because, decided) = decided.or_else(suggested)?;
        Some(Keeper { sample, path: self.path(sample), because, decided })
    }

    fn member(&self, sample: SampleId) -> Member {
        let snapshot = self.snapshot();
        let (chunk, row) = (&snapshot.facts.chunks()[sample as usize / CHUNK], sample as usize % CHUNK);
        Member {
            sample,
            path: self.path(sample),
            labels: self.labels(sample),
            split: snapshot.dataset.split(sample).map(str::to_owned),
            width: chunk.width[row],
            height: chunk.height[row],
            bytes: snapshot.dataset.bytes[sample as usize],
            verdict: verdict_name(snapshot.decision(sample).verdict),
        }
    }

    /// What a flag's threshold finds, the lowest scores first.
    fn flag_row<T>(&self, flag: Flag, most: usize, make: impl Fn(Scored) -> T) -> FlagRow<T> {
        let raised = self.material.judged.raised[flag as usize];
        let findings = &self.material.judged.findings;
        let score = flag.score().unwrap_or(Score::Uniqueness);
        let present = self.snapshot().derived().present();
        let has = |sample: &SampleId| findings.flags(*sample) & flag.bit() != 0;
        let mut flagged: Vec<SampleId> = present.iter().filter(has).collect();
        let count = flagged.len() as u64;
        let by_score = |one: &SampleId, two: &SampleId| {
            findings.score(score, *one).total_cmp(&findings.score(score, *two)).then(one.cmp(two))
        };
        if flagged.len() > most && most > 0 {
            flagged.select_nth_unstable_by(most - 1, by_score);
            flagged.truncate(most);
        }
        flagged.sort_unstable_by(by_score);
        let scored = |sample: SampleId| Scored {
            sample,
            path: self.path(sample),
            score: findings.score(score, sample),
        };
        FlagRow {
            flag: flag.name(),
            threshold: (!raised.threshold.is_nan()).then_some(raised.threshold),
            known: raised.known.into(),
            under: raised.under.into(),
            flagged: raised.is_raised,
            worst: Listed { count, listed: flagged.into_iter().map(|row| make(scored(row))).collect() },
        }
    }

    fn impact(&self, impact: &Impact, kept: u32, most: usize) -> ImpactRow {
        let dataset = &*self.snapshot().dataset;
        let share = |name: &str, (before, pruned): (u32, u32)| Share {
            name: name.to_owned(),
            before: before.into(),
            pruned: pruned.into(),
        };
        let named = |names: &[String], counts: &[(u32, u32)]| -> Vec<Share> {
            let counts = names.iter().zip(counts).filter(|(_, (before, _))| *before > 0);
            counts.map(|(name, count)| share(name, *count)).collect()
        };
        let mut splits = named(&dataset.split_names, &impact.splits);
        let mut classes = named(&self.snapshot().labels().classes, &impact.classes);
        for (shares, name, count) in
            [(&mut splits, "in no split", impact.no_split), (&mut classes, "unlabelled", impact.unlabelled)]
        {
            if count.0 > 0 {
                shares.push(share(name, count));
            }
        }
        let lost = |share: &Share| share.pruned as f64 / share.before.max(1) as f64;
        classes.sort_by(|one, two| lost(two).total_cmp(&lost(one)).then(one.name.cmp(&two.name)));
        let count = classes.len() as u64;
        classes.truncate(most);
        let by_flag = Flag::ALL.into_iter().filter(|flag| impact.by_flag[*flag as usize] > 0);
        let coverage = |coverage: Coverage| CoverageRow {
            samples: coverage.samples,
            mean: coverage.mean,
            max: coverage.max,
            usual: coverage.usual,
            lost: coverage.lost,
        };
        ImpactRow {
            pruned: impact.pruned,
            kept: kept.into(),
            pruned_bytes: impact.pruned_bytes,
            groups: impact.groups,
            leaks: impact.leaks,
            label_conflicts: impact.conflicts,
            by_hand: impact.by_hand,
            by_group: impact.by_group,
            by_balance: impact.by_balance,
            by_flag: by_flag.map(|flag| (flag.name(), impact.by_flag[flag as usize])).collect(),
            splits,
            classes: Listed { count, listed: classes },
            coverage: impact.coverage.map(coverage),
        }
    }

    fn decisions(&self, most: usize) -> Listed<DecisionRow> {
        let snapshot = self.snapshot();
        let present = snapshot.derived().present();
        let is_decided = |row: &SampleId| snapshot.decision(*row).verdict != Verdict::Undecided;
        let count = present.iter().filter(is_decided).count() as u64;
        let row = |sample: SampleId| {
            let decision = snapshot.decision(sample);
            let mut reason = String::new();
            write_reason(snapshot, decision, &mut reason);
            DecisionRow { path: self.path(sample), verdict: verdict_name(decision.verdict), reason }
        };
        Listed { count, listed: present.iter().filter(is_decided).take(most).map(row).collect() }
    }
}
