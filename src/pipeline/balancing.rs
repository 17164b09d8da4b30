//! Plans and new splits of a dataset: gathers what [`balance`](crate::balance) asks from a snapshot and from what an
//! analysis found, for window and command line alike.
//!
//! What was pruned by a decision has no part in it and stays away. This file refuses to know the user interface.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::analysis::groups::{Forest, Groups};
use crate::analysis::hamming::Pair;
use crate::augment::random::sample_key;
use crate::balance::resplit::Deck;
use crate::balance::{
    ABSENT, ClassPlan, Means, Plan, Pool, Resplit, Target, Total, UNTOUCHED, plan, resplit,
};
use crate::dataset::columns::Column;
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, Facts, Labels, NO_SPLIT, SampleId, SplitId, Verdict};
use crate::import::{self, ImportError, Imported};
use crate::jobs::{Cancelled, Control};
use crate::review::{Analysed, Coverage, Judged, Rules, staying};

/// What an analysis found, where there was one: pruning and coverage follow from it.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    pub analysed: &'a Analysed,
    pub judged: &'a Judged,
}

/// What plan is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub target: Target,
    /// `None` is [`Means::usual_total`].
    pub total: Option<Total>,
    pub means: Means,
    /// The splits that are balanced, each by itself; [`NO_SPLIT`] is the samples that are in none. All others stay as
    /// they are.
    pub splits: Vec<SplitId>,
    pub seed: u64,
}

/// What is there, of the whole dataset without pruned samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Samples, each once.
    pub samples: u64,
    /// The same with their repeats or variants.
    pub copies: u64,
    /// Bytes of all copies, as the samples are stored.
    pub bytes: u64,
}

/// A plan, and what it comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Balanced {
    /// The parts of the plan.
    pub splits: Vec<SplitId>,
    pub total: Total,
    pub plan: Plan,
    pub before: Cost,
    pub after: Cost,
    /// How often the sample is there that is there most often.
    pub most_copies: u32,
    /// How far the samples that go are from those that stay in the balanced splits; `None` where none goes, or nothing
    /// is known of neighbours.
    pub coverage: Option<Coverage>,
}

impl Balanced {
    /// What the plan does to the classes of one of its splits, by class.
    pub fn classes(&self, part: usize) -> &[ClassPlan] {
        let count = self.plan.classes.len() / self.splits.len().max(1);
        &self.plan.classes[part * count..(part + 1) * count]
    }

    /// The samples that are there after the plan, those of other splits too.
    pub fn staying(&self) -> Vec<SampleId> {
        self.plan.staying()
    }

    /// Those of them that are in the balanced splits.
    pub fn balanced(&self, dataset: &Dataset) -> Vec<SampleId> {
        let mut samples = self.staying();
        samples.retain(|sample| self.splits.contains(&dataset.splits[*sample as usize]));
        samples
    }
}

/// The splits that are balanced unless others are asked for: all that have samples and are not held out by their
/// names, and the samples that are in none.
pub fn usual_splits(snapshot: &Snapshot) -> Vec<SplitId> {
    let dataset = &*snapshot.dataset;
    let mut has_samples = vec![false; dataset.split_names.len()];
    let mut has_others = false;
    for sample in staying(snapshot) {
        match has_samples.get_mut(dataset.splits[sample as usize] as usize) {
            Some(has) => *has = true,
            None => has_others = true,
        }
    }
    let there = (0..has_samples.len()).filter(|split| has_samples[*split]).map(|split| split as SplitId);
    let mut splits: Vec<SplitId> =
        there.filter(|split| !Rules::is_held_out(&dataset.split_names[*split as usize])).collect();
    if has_others {
        splits.push(NO_SPLIT);
    }
    splits
}

/// How many samples of each class there are, of one split or of all; pruned ones are not counted.
pub fn class_counts(snapshot: &Snapshot, split: Option<SplitId>) -> Vec<u64> {
    let dataset = &*snapshot.dataset;
    let mut counts = vec![0; snapshot.labels().classes.len()];
    let is_of = |sample: &SampleId| split.is_none_or(|split| dataset.splits[*sample as usize] == split);
    for sample in staying(snapshot).iter().filter(|sample| is_of(sample)) {
        snapshot.labels().get(*sample).iter().for_each(|class| counts[*class as usize] += 1);
    }
    counts
}

/// How many samples of each class another dataset has, by the names of its classes, as it is listed.
pub fn counts_of(source: &str, control: &Control) -> Result<Vec<(String, u64)>, ImportError> {
    let Imported { dataset, issues } = import::open(source, control)?;
    let facts = Facts::new(dataset.len());
    let snapshot = Snapshot::new(dataset.into(), &issues, facts, Default::default());
    let names = snapshot.labels().classes.iter().cloned();
    Ok(names.zip(class_counts(&snapshot, None)).collect())
}

/// Says which classes of another distribution no sample here has; nothing where there are none.
pub fn missing_here(unknown: &[String]) -> Option<String> {
    let first = unknown.first()?;
    let more = match unknown.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("No sample here has a label of the other dataset's that is wanted, too: {first}{more}."))
}

/// Counts by the names of classes as counts by class of this dataset; and the names that it has not.
pub fn by_class<T: Copy>(
    labels: &Labels,
    counts: impl IntoIterator<Item = (String, T)>,
) -> (Vec<Option<T>>, Vec<String>) {
    let ids = labels.classes.iter().enumerate();
    let ids: HashMap<&str, usize> = ids.map(|(id, name)| (name.as_str(), id)).collect();
    let mut of_class = vec![None; labels.classes.len()];
    let mut unknown = Vec::new();
    for (name, count) in counts {
        match ids.get(name.as_str()) {
            Some(id) => of_class[*id] = Some(count),
            None => unknown.push(name),
        }
    }
    (of_class, unknown)
}

/// Why there is no plan for a target, as a sentence without its dot: it asks for none of the classes of a split, and
/// nothing of them would stay. To be asked before [`balance`].
pub fn refusal(snapshot: &Snapshot, request: &Request) -> Option<String> {
    let is_of_nothing = |split: &&SplitId| {
        let counts = class_counts(snapshot, Some(**split));
        matches!(request.target, Target::Match(_)) && request.target.is_of_nothing(&counts)
    };
    let split = request.splits.iter().find(is_of_nothing)?;
    let whose = match snapshot.dataset.split_names.get(*split as usize) {
        Some(name) => format!("the split {name}"),
        None => "the samples of no split".to_owned(),
    };
    Some(format!(
        "the distribution that is wanted has no class of {whose}, so that nothing of it would stay; choose another \
         target, or balance other splits"
    ))
}

/// Works out a plan. Each split is balanced by itself: a number of samples that is asked for, as a total or of each class,
/// is of each of them.
pub fn balance(
    snapshot: &Snapshot,
    found: Option<Found<'_>>,
    request: &Request,
    control: &Control,
) -> Result<Balanced, Cancelled> {
    let total = request.total.unwrap_or(request.means.usual_total());
    let wanted = |_: usize, counts: &[u64]| request.target.wanted(counts, total);
    balance_to(snapshot, found, request, &wanted, control)
}

/// The same for counts that `wanted` gives instead of the target, from the place of a split among those that are
/// balanced and the counts of its classes.
pub fn balance_to(
    snapshot: &Snapshot,
    found: Option<Found<'_>>,
    request: &Request,
    wanted: &dyn Fn(usize, &[u64]) -> Vec<u64>,
    control: &Control,
) -> Result<Balanced, Cancelled> {
    control.begin("Planning", 0);
    let dataset = &*snapshot.dataset;
    let means = request.means;
    let total = request.total.unwrap_or(means.usual_total());
    let keys = keys_of(dataset);
    control.checkpoint()?;
    let part_of = parts_of(snapshot, &request.splits);
    let is_fixed: Vec<bool> =
        snapshot.decisions.iter().map(|decision| decision.verdict == Verdict::Keep).collect();
    let found_copies = found.filter(|_| means.prune);
    let edges =
        found_copies.map_or(&[][..], |found| found.analysed.alike.forest.edges(found.judged.threshold));
    let pool = Pool {
        labels: snapshot.labels(),
        part_of: &part_of,
        parts: request.splits.len(),
        keys: &keys,
        is_fixed: &is_fixed,
        edges,
        rank: &found_copies.map_or_else(Vec::new, |found| ranks_of(snapshot, found.judged, edges)),
    };
    let counts = pool.counts();
    let each = counts.chunks(pool.class_count().max(1)).enumerate();
    let wanted: Vec<u64> = each.flat_map(|(part, counts)| wanted(part, counts)).collect();
    control.checkpoint()?;
    let plan = plan(&pool, &wanted, means, request.seed, control)?;
    let coverage = found.filter(|_| means.removes()).map(|found| {
        let is_there = |row: usize| part_of.get(row).is_some_and(|part| *part < UNTOUCHED);
        Coverage::between(&found.analysed.near, is_there, |row| plan.copies[row] == 0)
    });
    Ok(Balanced {
        splits: request.splits.clone(),
        total,
        before: cost(dataset, |row| u32::from(part_of[row] != ABSENT)),
        after: cost(dataset, |row| plan.copies[row]),
        most_copies: plan.copies.iter().copied().max().unwrap_or(0),
        coverage: coverage.filter(|coverage| coverage.samples > 0),
        plan,
    })
}

/// What says which sample it is, by row.
fn keys_of(dataset: &Dataset) -> Vec<u64> {
    let key = |row: usize| sample_key(dataset.paths.get(row));
    (0..dataset.len()).into_par_iter().with_min_len(4096).map(key).collect()
}

/// The part of each sample: the place of its split among those that are balanced.
fn parts_of(snapshot: &Snapshot, splits: &[SplitId]) -> Vec<u32> {
    let mut parts = vec![ABSENT; snapshot.len()];
    for sample in staying(snapshot) {
        let split = snapshot.dataset.splits[sample as usize];
        let place = splits.iter().position(|one| *one == split);
        parts[sample as usize] = place.map_or(UNTOUCHED, |place| place as u32);
    }
    parts
}

/// The places of samples that have edges in the order of preference of the rules in force.
fn ranks_of(snapshot: &Snapshot, judged: &Judged, edges: &[Pair]) -> Vec<u32> {
    let rows = snapshot.len() as u32;
    let mut samples: Vec<SampleId> = edges.iter().flat_map(|edge| [edge.a, edge.b]).collect();
    samples.retain(|sample| *sample < rows);
    samples.sort_unstable();
    samples.dedup();
    judged.rules.best_first(snapshot, &judged.protected, &mut samples);
    let mut ranks = vec![u32::MAX; snapshot.len()];
    samples.iter().enumerate().for_each(|(rank, sample)| ranks[*sample as usize] = rank as u32);
    ranks
}

fn cost(dataset: &Dataset, copies: impl Fn(usize) -> u32) -> Cost {
    let mut cost = Cost::default();
    for (row, bytes) in dataset.bytes.iter().enumerate() {
        let copies = u64::from(copies(row));
        cost.samples += u64::from(copies > 0);
        cost.copies += copies;
        cost.bytes = cost.bytes.saturating_add(bytes.saturating_mul(copies));
    }
    cost
}

/// What new splits are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitRequest {
    /// Names of the splits.
    pub names: Vec<String>,
    /// Their proportions, which are above 0 and need not add up to 1.
    pub ratios: Vec<f64>,
    /// Samples of one value of this column stay together; those without a value are alone.
    pub group: Option<Column>,
    pub seed: u64,
}

/// New splits.
#[derive(Clone, Debug)]
pub struct Dealt {
    pub resplit: Resplit,
    /// What was kept together.
    pub together: Groups,
    /// The samples in their new splits, to export.
    pub snapshot: Snapshot,
}

/// Deals the samples of a dataset to new splits. `duplicates` are groups of near-duplicates, of which none is parted.
pub fn deal(
    snapshot: &Snapshot,
    duplicates: Option<&Groups>,
    request: &SplitRequest,
    control: &Control,
) -> Result<Dealt, Cancelled> {
    control.begin("Dealing samples", 0);
    let dataset = &*snapshot.dataset;
    let keys = keys_of(dataset);
    let mut is_there = vec![false; snapshot.len()];
    staying(snapshot).iter().for_each(|sample| is_there[*sample as usize] = true);
    control.checkpoint()?;
    let mut pairs = Vec::new();
    for group in duplicates.into_iter().flat_map(Groups::iter) {
        chain(group.iter().copied().filter(|row| is_there[*row as usize]), &mut pairs);
    }
    if let Some(column) = &request.group {
        let mut named: HashMap<String, Vec<SampleId>> = HashMap::new();
        for row in (0..snapshot.len()).filter(|row| is_there[*row]) {
            let value = column.text(snapshot, row as SampleId);
            if !value.is_empty() {
                named.entry(value.into_owned()).or_default().push(row as SampleId);
            }
        }
        named.into_values().for_each(|rows| chain(rows.into_iter(), &mut pairs));
        // A map has its values in any order.
        pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
    }
    let together = Forest::new(snapshot.len(), &pairs).groups(0);
    control.checkpoint()?;
    let deck = Deck { labels: snapshot.labels(), is_there: &is_there, keys: &keys, groups: &together };
    let dealt = resplit(&deck, &request.ratios, request.seed, control)?;
    let snapshot = snapshot.in_splits(request.names.clone(), dealt.split_of.clone());
    Ok(Dealt { resplit: dealt, together, snapshot })
}

/// Ties ascending rows to each other.
fn chain(mut rows: impl Iterator<Item = SampleId>, pairs: &mut Vec<Pair>) {
    let Some(mut last) = rows.next() else { return };
    for row in rows {
        pairs.push(Pair { a: last, b: row, distance: 0 });
        last = row;
    }
}
