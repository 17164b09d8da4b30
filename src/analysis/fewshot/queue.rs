//! Which rows to ask a person about next.
//!
//! | strategy | the next row is the one with the largest |
//! | --- | --- |
//! | random | number drawn |
//! | uncertain | 1 − margin |
//! | diverse | typicality² × distance |
//! | mixed | typicality² × distance while there are fewer than five answers to a class, then (1 − margin) × typicality² × √distance |
//! | round-robin | the same, of the rows proposed as the class with the fewest answers |
//! | likely-wrong | confidence, of the rows whose label is another class than the proposed one |
//!
//! The margin is between the two most probable classes. Typicality is how dense the graph is around a row, the distance
//! is 1 − cosine to the nearest row that was asked about. While labels are few, typical rows far from each other teach
//! most, and later uncertain ones (G. Hacohen, A. Dekel and D. Weinshall, "Active Learning on a Budget: Opposite
//! Strategies Suit High and Low Budgets", ICML 2022). The three are multiplied, so that a row without one of them waits.
//!
//! One row in [`HONEST_EVERY`] is drawn at random whatever the strategy: only such answers say how many of all
//! proposals are right.

use std::collections::HashMap;

use rayon::prelude::*;

use super::kernels::{LANES, products};
use super::random::{Random, mixed};
use super::{Drawn, Features, Graph, Proposals};
use crate::analysis::neighbours::NONE;

/// One row in so many is drawn at random.
pub const HONEST_EVERY: u64 = 10;
/// Answers to a class below which typical rows are asked about.
const FEW: usize = 5;
/// The least doubt of a proposal: where one class was seen alone every margin is 1, and rows are still to come.
const LEAST_DOUBT: f32 = 1e-6;
/// Rows that are compared with each other for one batch, and how many times what is asked for at least.
const CANDIDATES: usize = 512;
const TIMES: usize = 8;
/// Rows that a thread looks at once.
const BLOCK: usize = 512;

/// How the next rows are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    Random,
    Uncertain,
    Diverse,
    #[default]
    Mixed,
    RoundRobin,
    LikelyWrong,
}

impl Strategy {
    pub const ALL: [Self; 6] =
        [Self::Random, Self::Uncertain, Self::Diverse, Self::Mixed, Self::RoundRobin, Self::LikelyWrong];

    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Uncertain => "uncertain",
            Self::Diverse => "diverse",
            Self::Mixed => "mixed",
            Self::RoundRobin => "round-robin",
            Self::LikelyWrong => "likely-wrong",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }
}

/// A row to ask about, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    pub row: u32,
    pub drawn: Drawn,
}

/// What has been asked about so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// 1 − cosine to the nearest row that was asked about: 0 to 2, and 1 while there is none.
    distance: Vec<f32>,
    /// Whether there is a row to be near to.
    is_near: bool,
    is_open: Vec<bool>,
    /// Answers of each class.
    counts: Vec<usize>,
    /// Answered rows that have numbers.
    asked: usize,
    random: Random,
    picked: u64,
}

impl Queue {
    /// Every row that has numbers is open.
    pub fn new(features: &Features, classes: usize, seed: u64) -> Self {
        Self {
            distance: vec![1.0; features.len()],
            is_near: false,
            is_open: (0..features.len()).map(|row| features.is_known(row)).collect(),
            counts: vec![0; classes],
            asked: 0,
            random: Random::new(seed),
            picked: 0,
        }
    }

    /// Goes on behind a number of questions: of every [`HONEST_EVERY`] one is drawn by chance, and each by other
    /// numbers, however often the rest is picked anew.
    pub fn goes_on_after(&mut self, questions: usize) {
        self.picked = questions as u64;
        self.random = Random::new(self.random.bits() ^ mixed(self.picked));
    }

    /// Whether a row may still be asked about.
    pub fn is_open(&self, row: u32) -> bool {
        self.is_open.get(row as usize).copied().unwrap_or(false)
    }

    /// Leaves a row out without an answer.
    pub fn close(&mut self, row: u32) {
        if let Some(is_open) = self.is_open.get_mut(row as usize) {
            *is_open = false;
        }
    }

    /// Counts rows that were answered, and with which class, and does not keep away from them: no pass over all rows.
    pub fn count(&mut self, features: &Features, answered: &[(u32, u32)]) {
        for (row, class) in answered {
            self.close(*row);
            if let Some(count) = self.counts.get_mut(*class as usize) {
                *count += 1;
            }
            self.asked += usize::from(features.is_known(*row as usize));
        }
    }

    /// [Counts](Self::count) rows that were answered and keeps away from them. One pass over all rows for every sixteen.
    pub fn note(&mut self, features: &Features, answered: &[(u32, u32)]) {
        self.count(features, answered);
        let numbers = features.numbers();
        let rows: Vec<u32> =
            answered.iter().map(|(row, _)| *row).filter(|row| features.is_known(*row as usize)).collect();
        for rows in rows.chunks(LANES) {
            let mut weights = vec![0.0; numbers * LANES];
            for (lane, row) in rows.iter().enumerate() {
                for (weights, value) in weights.chunks_exact_mut(LANES).zip(features.row(*row as usize)) {
                    weights[lane] = *value;
                }
            }
            let is_first = !self.is_near;
            let blocks =
                self.distance.par_chunks_mut(BLOCK).zip(features.values().par_chunks(BLOCK * numbers));
            blocks.for_each(|(distances, values)| {
                let mut cosines = vec![0.0; distances.len() * LANES];
                products(values, numbers, &weights, LANES, &mut cosines);
                for (distance, cosines) in distances.iter_mut().zip(cosines.chunks_exact(LANES)) {
                    let most = cosines[..rows.len()].iter().copied().fold(-1.0, f32::max);
                    let near = (1.0 - most).clamp(0.0, 2.0);
                    *distance = if is_first { near } else { distance.min(near) };
                }
            });
            self.is_near = true;
        }
    }

    /// The next rows to ask about, at most `count` of them and each once; they stay open until they are
    /// [noted](Self::note) or [closed](Self::close). `given` are labels that rows have, classes or [`NONE`], and may be
    /// empty. Strategies that need proposals go by typicality and distance without.
    pub fn pick(
        &mut self,
        strategy: Strategy,
        count: usize,
        features: &Features,
        graph: &Graph,
        proposals: Option<&Proposals>,
        given: &[u32],
    ) -> Vec<Pick> {
        let mut open: Vec<u32> = (0..self.is_open.len() as u32).filter(|row| self.is_open(*row)).collect();
        let mut kinds = Vec::with_capacity(count);
        for _ in 0..count.min(open.len()) {
            self.picked += 1;
            let is_honest = strategy == Strategy::Random || self.picked % HONEST_EVERY == HONEST_EVERY / 2;
            kinds.push(if is_honest { Drawn::AtRandom } else { Drawn::Chosen });
        }
        let chosen = kinds.iter().filter(|kind| **kind == Drawn::Chosen).count();
        let scores = self.scores(strategy, &open, graph, proposals, given);
        let wanted = (chosen * TIMES).max(CANDIDATES);
        let mut candidates: Vec<Candidate> = Vec::new();
        if chosen > 0 {
            let known = open.iter().zip(&scores).filter(|(_, score)| score.base > 0.0);
            candidates.extend(known.map(|(row, score)| score.of(*row, self.distance[*row as usize])));
            if strategy == Strategy::RoundRobin {
                keep_of_each(&mut candidates, chosen, proposals);
            } else if candidates.len() > wanted {
                candidates.select_nth_unstable_by(wanted, Candidate::order);
                candidates.truncate(wanted);
            }
        }
        let mut counts = self.counts.clone();
        let mut picks: Vec<Pick> = Vec::with_capacity(kinds.len());
        for drawn in kinds {
            let row = match drawn {
                Drawn::AtRandom => self.draw(&mut open, &picks),
                Drawn::Chosen if strategy == Strategy::RoundRobin => rarest(&candidates, &counts, proposals),
                Drawn::Chosen => best_of(candidates.iter()),
            };
            let Some(row) = row else { continue };
            candidates.retain(|candidate| candidate.row != row);
            if let Some((class, _)) = proposals.and_then(|proposals| proposals.get(row as usize))
                && let Some(count) = counts.get_mut(class as usize)
            {
                *count += 1;
            }
            let picked = features.row(row as usize);
            for candidate in candidates.iter_mut().filter(|candidate| candidate.power > 0.0) {
                let own = features.row(candidate.row as usize);
                let cosine: f32 = own.iter().zip(picked).map(|(one, two)| one * two).sum();
                candidate.distance = candidate.distance.min((1.0 - cosine).clamp(0.0, 2.0));
            }
            picks.push(Pick { row, drawn });
        }
        picks
    }

    /// One of the open rows that was not picked yet.
    fn draw(&mut self, open: &mut Vec<u32>, picks: &[Pick]) -> Option<u32> {
        while !open.is_empty() {
            let at = self.random.below(open.len());
            let row = open.swap_remove(at);
            if picks.iter().all(|pick| pick.row != row) {
                return Some(row);
            }
        }
        None
    }

    fn scores(
        &self,
        strategy: Strategy,
        open: &[u32],
        graph: &Graph,
        proposals: Option<&Proposals>,
        given: &[u32],
    ) -> Vec<Score> {
        let seen = self.counts.iter().filter(|count| **count > 0).count();
        let is_early = self.asked < FEW * seen.max(2);
        let of_row = |row: &u32| {
            let at = *row as usize;
            let typical = graph.typicality(at).powi(2);
            let doubt = proposals.map(|proposals| (1.0 - proposals.margin[at]).max(LEAST_DOUBT));
            match (strategy, doubt) {
                (Strategy::Random, _) => Score::NONE,
                (Strategy::LikelyWrong, _) => match proposals.and_then(|proposals| proposals.get(at)) {
                    Some((class, sure)) if given.get(at).is_some_and(|own| *own != NONE && *own != class) => {
                        Score { base: sure, power: 0.0 }
                    }
                    _ => Score::NONE,
                },
                (Strategy::Uncertain, Some(doubt)) => Score { base: doubt, power: 0.0 },
                (Strategy::Mixed | Strategy::RoundRobin, Some(doubt)) if !is_early => {
                    Score { base: doubt * typical, power: 0.5 }
                }
                _ => Score { base: typical, power: 1.0 },
            }
        };
        open.par_iter().map(of_row).collect()
    }
}

/// What a row is worth without and with its distance from others.
struct Score {
    /// 0 where it is not a candidate.
    base: f32,
    /// 0, ½ or 1.
    power: f32,
}

impl Score {
    const NONE: Self = Self { base: 0.0, power: 0.0 };

    fn of(&self, row: u32, distance: f32) -> Candidate {
        Candidate { row, base: self.base, power: self.power, distance }
    }
}

struct Candidate {
    row: u32,
    base: f32,
    power: f32,
    distance: f32,
}

impl Candidate {
    fn score(&self) -> f32 {
        if self.power == 0.0 {
            self.base
        } else if self.power == 1.0 {
            self.base * self.distance
        } else {
            self.base * self.distance.sqrt()
        }
    }

    /// The best first; of equal ones the lower row.
    fn order(one: &Self, two: &Self) -> std::cmp::Ordering {
        two.score().total_cmp(&one.score()).then(one.row.cmp(&two.row))
    }
}

fn best_of<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Option<u32> {
    candidates.min_by(|one, two| Candidate::order(one, two)).map(|best| best.row)
}

/// Leaves the best candidates of each proposed class, at least as many as are asked for.
fn keep_of_each(candidates: &mut Vec<Candidate>, chosen: usize, proposals: Option<&Proposals>) {
    let most = (chosen * TIMES).max(CANDIDATES / TIMES);
    candidates.par_sort_unstable_by(Candidate::order);
    let mut kept: HashMap<u32, usize> = HashMap::new();
    candidates.retain(|candidate| {
        let class = proposals.map_or(NONE, |proposals| proposals.class[candidate.row as usize]);
        let count = kept.entry(class).or_default();
        *count += 1;
        *count <= most
    });
}

/// The best candidate of the class with the fewest answers among those that are proposed; without proposals the best.
fn rarest(candidates: &[Candidate], counts: &[usize], proposals: Option<&Proposals>) -> Option<u32> {
    let Some(proposals) = proposals else { return best_of(candidates.iter()) };
    let count = |candidate: &Candidate| {
        let class = proposals.class[candidate.row as usize] as usize;
        counts.get(class).copied().unwrap_or(usize::MAX)
    };
    let fewest = candidates.iter().map(count).min()?;
    best_of(candidates.iter().filter(|candidate| count(candidate) == fewest))
}

#[cfg(test)]
mod tests {
    use super::super::simulate::tests::{Crowds, crowds};
    use super::*;

    fn proposals(crowds: &Crowds) -> Proposals {
        let rows = crowds.truth.len();
        let margin = (0..rows).map(|row| (row * 7 % rows) as f32 / rows as f32).collect();
        Proposals { class: crowds.truth.clone(), confidence: vec![0.7; rows], margin }
    }

    fn rows(picks: &[Pick]) -> Vec<u32> {
        picks.iter().map(|pick| pick.row).collect()
    }

    #[test]
    fn every_strategy_picks_each_open_row_once_and_the_same_by_the_same_seed() {
        let crowds = crowds(3, 20, 60);
        let proposals = proposals(&crowds);
        let given: Vec<u32> = crowds.truth.iter().map(|class| 2 - class).collect();
        for strategy in Strategy::ALL {
            assert_eq!(Strategy::from_name(strategy.name()), Some(strategy));
            for known in [None, Some(&proposals)] {
                let picked = |seed: u64| {
                    let mut queue = Queue::new(&crowds.features, 3, seed);
                    queue.note(&crowds.features, &[(4, 1), (9, 0)]);
                    queue.close(7);
                    queue.pick(strategy, 40, &crowds.features, &crowds.graph, known, &given)
                };
                let picks = picked(1);
                assert_eq!(picks, picked(1));
                let mut sorted = rows(&picks);
                sorted.sort_unstable();
                sorted.dedup();
                assert_eq!(sorted.len(), picks.len());
                assert!(sorted.iter().all(|row| ![4, 7, 9].contains(row)));
                let expected = if strategy == Strategy::LikelyWrong { 4..=40 } else { 40..=40 };
                assert!(expected.contains(&picks.len()), "{} {}", strategy.name(), picks.len());
                let honest = picks.iter().filter(|pick| pick.drawn == Drawn::AtRandom).count();
                assert_eq!(honest, if strategy == Strategy::Random { 40 } else { 4 });
            }
        }
    }

    #[test]
    fn what_is_drawn_by_chance_lies_all_over_however_often_the_rest_is_picked_anew() {
        let crowds = crowds(3, 200, 60);
        let proposals = proposals(&crowds);
        let (mut answered, mut honest): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for questions in 0..400 {
            let mut queue = Queue::new(&crowds.features, 3, 7);
            queue.goes_on_after(questions);
            answered.iter().for_each(|row| queue.close(*row));
            let known = Some(&proposals);
            let pick = queue.pick(Strategy::Uncertain, 1, &crowds.features, &crowds.graph, known, &[])[0];
            answered.push(pick.row);
            if pick.drawn == Drawn::AtRandom {
                honest.push(pick.row / 120);
            }
        }
        assert_eq!(honest.len(), 40);
        for fifth in 0..5 {
            let count = honest.iter().filter(|found| **found == fifth).count();
            assert!((2..=16).contains(&count), "{fifth}: {honest:?}");
        }
    }

    #[test]
    fn a_strategy_picks_what_it_says() {
        let crowds = crowds(3, 20, 60);
        let proposals = proposals(&crowds);
        let class = |row: u32| crowds.truth[row as usize];
        let picked = |strategy: Strategy, count: usize, given: &[u32]| {
            let mut queue = Queue::new(&crowds.features, 3, 5);
            queue.note(&crowds.features, &[(0, 0)]);
            rows(&queue.pick(strategy, count, &crowds.features, &crowds.graph, Some(&proposals), given))
        };
        // Crowds that nothing was asked of are the farthest away.
        let mut diverse: Vec<u32> = picked(Strategy::Diverse, 2, &[]).into_iter().map(class).collect();
        diverse.sort_unstable();
        assert_eq!(diverse, [1, 2]);
        let uncertain = picked(Strategy::Uncertain, 3, &[]);
        let margins: Vec<f32> = uncertain.iter().map(|row| proposals.margin[*row as usize]).collect();
        assert!(margins.is_sorted() && margins[2] < 0.1, "{margins:?}");
        let mut turns: Vec<u32> = picked(Strategy::RoundRobin, 2, &[]).into_iter().map(class).collect();
        turns.sort_unstable();
        assert_eq!(turns, [1, 2]);
        let mut given = crowds.truth.clone();
        (given[10], given[30]) = ((given[10] + 1) % 3, (given[30] + 1) % 3);
        assert_eq!(picked(Strategy::LikelyWrong, 4, &given), [10, 30]);
        assert!(picked(Strategy::LikelyWrong, 4, &[]).is_empty());
    }

    #[test]
    fn answers_that_are_only_counted_keep_nothing_away() {
        let crowds = crowds(3, 20, 60);
        let mut queue = Queue::new(&crowds.features, 3, 5);
        queue.count(&crowds.features, &[(0, 0), (3, 0), (1, 1)]);
        assert_eq!((&queue.counts[..], queue.asked, queue.is_open(3)), (&[2, 1, 0][..], 3, false));
        assert!(queue.distance.iter().all(|distance| *distance == 1.0));
        queue.note(&crowds.features, &[(2, 2)]);
        assert_eq!((queue.counts[2], queue.asked), (1, 4));
        assert!(queue.distance[2] < 1e-3);
    }

    #[test]
    fn rows_come_although_every_margin_is_one() {
        let crowds = crowds(3, 20, 60);
        let sure = Proposals { class: vec![0; 60], confidence: vec![1.0; 60], margin: vec![1.0; 60] };
        for strategy in [Strategy::Uncertain, Strategy::Mixed, Strategy::RoundRobin] {
            let mut queue = Queue::new(&crowds.features, 3, 5);
            let asked: Vec<(u32, u32)> = (0..20).map(|at| (at * 3, 0)).collect();
            queue.note(&crowds.features, &asked);
            let picks = queue.pick(strategy, 8, &crowds.features, &crowds.graph, Some(&sure), &[]);
            assert_eq!(picks.len(), 8, "{}", strategy.name());
        }
    }

    #[test]
    fn distances_are_to_the_nearest_of_all_that_were_asked_about() {
        let crowds = crowds(2, 40, 60);
        let asked: Vec<(u32, u32)> = (0..37).map(|row| (row * 2, 0)).collect();
        let mut at_once = Queue::new(&crowds.features, 2, 0);
        at_once.note(&crowds.features, &asked);
        let mut one_by_one = Queue::new(&crowds.features, 2, 0);
        asked.iter().for_each(|row| one_by_one.note(&crowds.features, &[*row]));
        assert_eq!(at_once, one_by_one);
        for (row, distance) in at_once.distance.iter().enumerate() {
            let cosine = |other: &(u32, u32)| -> f32 {
                let pairs = crowds.features.row(row).iter().zip(crowds.features.row(other.0 as usize));
                pairs.map(|(one, two)| one * two).sum()
            };
            let nearest = asked.iter().map(|other| 1.0 - cosine(other)).fold(2.0, f32::min);
            assert!((distance - nearest).abs() < 1e-4, "{row}");
        }
    }
}
