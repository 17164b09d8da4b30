//! Splits dealt anew: each class in proportion, what belongs together in one split.
//!
//! In two steps. What belongs together, and samples of several labels, are dealt one by one, the largest groups first
//! and of equal ones that with the rarest class, each to the split where Pearson's χ² of the table of classes and
//! splits grows least: greedy, after K. Sechidis, G. Tsoumakas, I. Vlahavas, "On the Stratification of Multi-Label
//! Data", ECML PKDD 2011, whose rule is the rarest class first, with whole groups as scikit-learn's
//! `StratifiedGroupKFold` deals them. Samples of one label that are alone make up for it, exactly: the table of what is
//! still missing is rounded so that its rows and columns add up ([`rounded`]), and the seed tells which sample goes
//! where. Without groups and several labels every class and every split is less than one sample off its proportion.

use super::rounding::rounded;
use super::{Purpose, luck};
use crate::analysis::groups::{ALONE, Groups};
use crate::dataset::{Labels, NO_SPLIT, SampleId, SplitId};
use crate::jobs::{Cancelled, Control};

/// The samples to deal, one element for each row of the dataset.
#[derive(Clone, Copy, Debug)]
pub struct Deck<'a> {
    pub labels: &'a Labels,
    /// Which rows are dealt.
    pub is_there: &'a [bool],
    /// Says which sample it is on any machine: [`sample_key`](crate::augment::random::sample_key).
    pub keys: &'a [u64],
    /// What belongs together.
    pub groups: &'a Groups,
}

/// Where each sample goes, and how near that is to the proportions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resplit {
    /// By row; [`NO_SPLIT`] where a row is not dealt.
    pub split_of: Vec<SplitId>,
    /// Samples of each split.
    pub sizes: Vec<u64>,
    /// By class, and those without a label last.
    pub classes: Vec<ClassShare>,
    /// Groups of several samples that were kept together, and those samples.
    pub groups: u64,
    pub grouped: u64,
}

/// A class in the splits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassShare {
    pub samples: u64,
    /// Samples in each split.
    pub have: Vec<u64>,
    /// The proportion, in samples.
    pub wanted: Vec<f64>,
    /// Where the class is a sample or more off: the groups with several samples of it in splits that have too many,
    /// those with the most first, [`TOLD`] at most.
    pub forced_by: Vec<u32>,
}

/// Groups that are told of a class.
pub const TOLD: usize = 3;

impl ClassShare {
    /// The most that a split is off its proportion, in samples.
    pub fn off(&self) -> f64 {
        let off = self.have.iter().zip(&self.wanted).map(|(have, wanted)| (*have as f64 - wanted).abs());
        off.fold(0.0, f64::max)
    }
}

/// Deals samples to splits in proportion to `ratios`, which are above 0 and need not add up to 1.
pub fn resplit(deck: &Deck<'_>, ratios: &[f64], seed: u64, control: &Control) -> Result<Resplit, Cancelled> {
    let mut dealing = Dealing::new(deck, ratios);
    let (units, singles) = dealing.units(seed);
    control.checkpoint()?;
    for (at, unit) in units.iter().enumerate() {
        if at % 4096 == 0 {
            control.checkpoint()?;
        }
        let split = dealing.best(unit);
        unit.rows.iter().for_each(|row| dealing.put(*row, split));
    }
    control.checkpoint()?;
    dealing.deal_singles(singles, seed);
    Ok(dealing.told())
}

/// Samples that go to one split.
struct Unit {
    rows: Vec<SampleId>,
    /// How many of each class, by class.
    classes: Vec<(usize, u32)>,
}

struct Dealing<'a> {
    deck: &'a Deck<'a>,
    /// In all 1.
    ratios: Vec<f64>,
    /// The place of those without a label among the classes.
    unlabelled: [u32; 1],
    /// Samples of each class.
    counts: Vec<u64>,
    total: u64,
    /// Samples of each class in each split, class after class.
    have: Vec<u64>,
    sizes: Vec<u64>,
    split_of: Vec<SplitId>,
}

impl<'a> Dealing<'a> {
    fn new(deck: &'a Deck<'a>, ratios: &[f64]) -> Self {
        let sum: f64 = ratios.iter().sum();
        let classes = deck.labels.classes.len() + 1;
        let mut dealing = Self {
            deck,
            ratios: ratios.iter().map(|ratio| ratio / sum).collect(),
            unlabelled: [deck.labels.classes.len() as u32],
            counts: vec![0; classes],
            total: 0,
            have: vec![0; classes * ratios.len()],
            sizes: vec![0; ratios.len()],
            split_of: vec![NO_SPLIT; deck.is_there.len()],
        };
        for row in dealing.rows() {
            for at in 0..dealing.classes(row).len() {
                let class = dealing.classes(row)[at];
                dealing.counts[class as usize] += 1;
            }
            dealing.total += 1;
        }
        dealing
    }

    fn rows(&self) -> impl Iterator<Item = SampleId> + use<'a> {
        let there = self.deck.is_there.iter().enumerate();
        there.filter(|(_, is_there)| **is_there).map(|(row, _)| row as SampleId)
    }

    fn classes(&self, row: SampleId) -> &[u32] {
        match self.deck.labels.get(row) {
            [] => &self.unlabelled,
            classes => classes,
        }
    }

    fn group_of(&self, row: SampleId) -> u32 {
        self.deck.groups.group_of.get(row as usize).copied().unwrap_or(ALONE)
    }

    /// What is dealt one by one, in its order, and the samples of one label that are alone.
    fn units(&self, seed: u64) -> (Vec<Unit>, Vec<SampleId>) {
        let is_there = |row: &SampleId| self.deck.is_there[*row as usize];
        let together = |rows: &[u32]| rows.iter().copied().filter(is_there).collect::<Vec<SampleId>>();
        let mut sets: Vec<Vec<SampleId>> = self.deck.groups.iter().map(together).collect();
        // A group of which one sample is left is a sample.
        let left: Vec<SampleId> = sets.iter().filter(|rows| rows.len() == 1).map(|rows| rows[0]).collect();
        sets.retain(|rows| rows.len() > 1);
        let alone = self.rows().filter(|row| self.group_of(*row) == ALONE).chain(left);
        let (several, mut singles): (Vec<_>, Vec<_>) = alone.partition(|row| self.classes(*row).len() > 1);
        singles.sort_unstable();
        sets.extend(several.into_iter().map(|row| vec![row]));
        let number = |rows: &[SampleId]| {
            rows.iter().map(|row| luck(seed, self.deck.keys[*row as usize], Purpose::Split)).min()
        };
        let mut units: Vec<(u64, Option<u64>, Unit)> = sets
            .into_iter()
            .map(|rows| {
                let unit = self.unit(rows);
                let rarest = unit.classes.iter().map(|(class, _)| self.counts[*class]).min();
                (rarest.unwrap_or(0), number(&unit.rows), unit)
            })
            .collect();
        units.sort_by(|one, two| {
            let size = two.2.rows.len().cmp(&one.2.rows.len());
            size.then((one.0, one.1, &one.2.rows).cmp(&(two.0, two.1, &two.2.rows)))
        });
        (units.into_iter().map(|(_, _, unit)| unit).collect(), singles)
    }

    fn unit(&self, rows: Vec<SampleId>) -> Unit {
        let mut each: Vec<usize> =
            rows.iter().flat_map(|row| self.classes(*row)).map(|class| *class as usize).collect();
        each.sort_unstable();
        let classes = each.chunk_by(|one, two| one == two).map(|same| (same[0], same.len() as u32)).collect();
        Unit { rows, classes }
    }

    /// The split where χ² grows least: of (have − wanted)² / wanted over the classes of the unit, and over the sizes
    /// of the splits. Of equal ones the first.
    fn best(&self, unit: &Unit) -> usize {
        let grows = |have: u64, wanted: f64, more: f64| (2.0 * (have as f64 - wanted) + more) * more / wanted;
        let cost = |split: usize| {
            let ratio = self.ratios[split];
            let of_class = |(class, more): &(usize, u32)| {
                let have = self.have[class * self.ratios.len() + split];
                grows(have, self.counts[*class] as f64 * ratio, f64::from(*more))
            };
            let of_classes: f64 = unit.classes.iter().map(of_class).sum();
            of_classes + grows(self.sizes[split], self.total as f64 * ratio, unit.rows.len() as f64)
        };
        let costs = (0..self.ratios.len()).map(|split| (cost(split), split));
        costs.reduce(|best, next| if next.0 < best.0 { next } else { best }).map_or(0, |(_, split)| split)
    }

    fn put(&mut self, row: SampleId, split: usize) {
        self.split_of[row as usize] = split as SplitId;
        self.sizes[split] += 1;
        for at in 0..self.classes(row).len() {
            let class = self.classes(row)[at] as usize;
            self.have[class * self.ratios.len() + split] += 1;
        }
    }

    /// Deals samples of one label that are alone.
    fn deal_singles(&mut self, singles: Vec<SampleId>, seed: u64) {
        let number = |row: SampleId| {
            (self.classes(row)[0], luck(seed, self.deck.keys[row as usize], Purpose::Split), row)
        };
        let mut order: Vec<(u32, u64, SampleId)> = singles.into_iter().map(number).collect();
        order.sort_unstable();
        let classes: Vec<&[(u32, u64, SampleId)]> = order.chunk_by(|one, two| one.0 == two.0).collect();
        let counts: Vec<u64> = classes.iter().map(|rows| rows.len() as u64).collect();
        let missing = |rows: &&[(u32, u64, SampleId)]| {
            let class = rows[0].0 as usize;
            let splits = self.ratios.iter().enumerate();
            let missing = splits.map(|(split, ratio)| {
                ratio * self.counts[class] as f64 - self.have[class * self.ratios.len() + split] as f64
            });
            nearest_shares(&missing.collect::<Vec<f64>>(), rows.len() as f64)
        };
        let shares: Vec<Vec<f64>> = classes.iter().map(missing).collect();
        for (rows, counts) in classes.into_iter().zip(rounded(&shares, &counts)) {
            let splits = counts.iter().enumerate();
            let splits = splits.flat_map(|(split, count)| std::iter::repeat_n(split, *count as usize));
            for ((_, _, row), split) in rows.iter().zip(splits) {
                self.put(*row, split);
            }
        }
    }

    fn told(self) -> Resplit {
        let splits = self.ratios.len();
        let mut classes: Vec<ClassShare> = (0..self.counts.len())
            .map(|class| ClassShare {
                samples: self.counts[class],
                have: self.have[class * splits..(class + 1) * splits].to_vec(),
                wanted: self.ratios.iter().map(|ratio| ratio * self.counts[class] as f64).collect(),
                forced_by: Vec::new(),
            })
            .collect();
        // Of each class that is off, the groups with the most samples in a split that has too many.
        let mut forced: Vec<Vec<(u32, u32)>> = vec![Vec::new(); classes.len()];
        let (mut groups, mut grouped) = (0, 0);
        for (group, rows) in self.deck.groups.iter().enumerate() {
            let there = rows.iter().copied().filter(|row| self.deck.is_there[*row as usize]);
            let unit = self.unit(there.collect());
            if unit.rows.len() < 2 {
                continue;
            }
            groups += 1;
            grouped += unit.rows.len() as u64;
            let split = self.split_of[unit.rows[0] as usize] as usize;
            for (class, count) in unit.classes.iter().filter(|(_, count)| *count > 1) {
                let share = &classes[*class];
                if share.off() >= 1.0 && share.have[split] as f64 > share.wanted[split] {
                    forced[*class].push((*count, group as u32));
                }
            }
        }
        for (class, mut forced) in classes.iter_mut().zip(forced) {
            forced.sort_by_key(|(count, group)| (std::cmp::Reverse(*count), *group));
            class.forced_by = forced.into_iter().take(TOLD).map(|(_, group)| group).collect();
        }
        Resplit { split_of: self.split_of, sizes: self.sizes, classes, groups, grouped }
    }
}

/// The nearest numbers of at least 0 that add up to `total` (the projection onto a simplex: M. Held, P. Wolfe,
/// H. P. Crowder, "Validation of subgradient optimization", Mathematical Programming 6, 1974).
fn nearest_shares(wanted: &[f64], total: f64) -> Vec<f64> {
    let mut descending = wanted.to_vec();
    descending.sort_by(|one, two| two.total_cmp(one));
    let (mut sum, mut less) = (0.0, 0.0);
    for (at, number) in descending.iter().enumerate() {
        sum += number;
        let next = (sum - total) / (at + 1) as f64;
        if number - next > 0.0 {
            less = next;
        }
    }
    wanted.iter().map(|number| (number - less).max(0.0)).collect()
}
