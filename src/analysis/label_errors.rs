//! Samples whose neighbours agree on another class than theirs, ranked.
//!
//! Each labelled sample gets class probabilities from its nearest neighbours, in which it has no part
//! itself, and neither have its near-copies: those would only repeat its label, and where they do not, a
//! conflict of labels says so. A frequent class is a neighbour of everything, so that votes for it count
//! less, by the root of its frequency (S. Tan, "Neighbor-weighted K-nearest neighbor for unbalanced text
//! corpus", Expert Systems with Applications 2005, with exponent 2):
//!
//! ```text
//! p(class) ∝ (votes + 0.1 f) / √f
//! ```
//!
//! `votes`: the part of the neighbours' votes that the class has. `f`: its part of all labels.
//!
//! Then confident learning (C. G. Northcutt, L. Jiang and I. L. Chuang,
//! "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 2021): a class is believed where
//! its probability is at least the mean probability that samples of that class have of their own label.

use rayon::prelude::*;

use super::groups::ALONE;
use super::neighbours::{NONE, Neighbours};
use crate::jobs::{Cancelled, Control};

/// What the frequencies of the classes count beside the votes of the neighbours, which count 1: no
/// probability is 0 for want of a neighbour.
const PRIOR: f32 = 0.1;
/// Samples that a thread takes at once.
const BLOCK: usize = 1024;

/// What was found of labels. Of rows without a label or without a neighbour that has one nothing is
/// known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelErrors {
    /// The probability of the label that the sample has (self-confidence), 0 to 1; NaN where it is not
    /// known.
    pub confidence: Vec<f32>,
    /// The normalised margin, `(1 + own probability − the largest other) / 2`: 0 to 1, below 0.5 where
    /// another class is more probable; NaN where it is not known.
    pub scores: Vec<f32>,
    /// The most probable other class that a neighbour has; [`NONE`] where there is none.
    pub suggested: Vec<u32>,
    /// Whether another class is believed, and more so than the label.
    pub is_wrong: Vec<bool>,
    /// Rows with a score, the lowest first; of equal scores the lower confidence, then the lower row.
    pub ranking: Vec<u32>,
}

impl LabelErrors {
    /// Looks at every labelled row. `labels` are classes counted from 0, or [`NONE`]; `group_of` are
    /// groups of near-duplicates, or [`ALONE`], and empty where only exact copies are known. Progress
    /// counts rows, each twice.
    pub fn of(
        neighbours: &Neighbours,
        labels: &[u32],
        group_of: &[u32],
        control: &Control,
    ) -> Result<Self, Cancelled> {
        control.begin("Comparing labels", 2 * labels.len() as u64);
        let votes = Votes::new(neighbours, labels, group_of);
        let confidence = each(labels.len(), control, |row| {
            votes.of(row).map_or(f32::NAN, |probabilities| votes.own(row, &probabilities))
        })?;

        let (mut sums, mut counts) = (vec![0.0f64; votes.roots.len()], vec![0u32; votes.roots.len()]);
        for (label, own) in labels.iter().zip(&confidence).filter(|(_, own)| !own.is_nan()) {
            sums[*label as usize] += f64::from(*own);
            counts[*label as usize] += 1;
        }
        let mean = |(sum, count): (f64, u32)| (sum / f64::from(count.max(1))) as f32;
        let thresholds: Vec<f32> = sums.into_iter().zip(counts).map(mean).collect();

        let judged = each(labels.len(), control, |row| {
            votes.of(row).map(|probabilities| votes.judge(row, &probabilities, &thresholds))
        })?;
        let mut found = Self { confidence, ..Self::default() };
        for judged in judged {
            let Judged { score, suggested, is_wrong } = judged.unwrap_or(Judged::UNKNOWN);
            found.scores.push(score);
            found.suggested.push(suggested);
            found.is_wrong.push(is_wrong);
        }
        found.ranking =
            (0..labels.len() as u32).filter(|row| !found.scores[*row as usize].is_nan()).collect();
        let key = |row: u32| (found.scores[row as usize], found.confidence[row as usize]);
        found.ranking.par_sort_unstable_by(|one, two| {
            let (first, second) = (key(*one), key(*two));
            first.0.total_cmp(&second.0).then(first.1.total_cmp(&second.1)).then(one.cmp(two))
        });
        Ok(found)
    }
}

/// What is found of one row.
struct Judged {
    score: f32,
    suggested: u32,
    is_wrong: bool,
}

impl Judged {
    const UNKNOWN: Self = Self { score: f32::NAN, suggested: NONE, is_wrong: false };
}

/// The probabilities of the classes for a row.
struct Probabilities {
    /// Those of the classes that neighbours have, by class.
    voted: Vec<(u32, f32)>,
    /// What they were divided by to be 1 together with those of the other classes.
    whole: f32,
}

/// Who votes for what.
struct Votes<'a> {
    neighbours: &'a Neighbours,
    labels: &'a [u32],
    group_of: &'a [u32],
    /// The root of the part of each class among all labels.
    roots: Vec<f32>,
    /// What all classes have by their frequency alone.
    prior: f32,
    /// The two most frequent classes, for what no neighbour votes for.
    common: [u32; 2],
    /// Labels of the rows of each place with their numbers, one place after another.
    of_places: Vec<(u32, u32)>,
    starts: Vec<usize>,
}

impl<'a> Votes<'a> {
    fn new(neighbours: &'a Neighbours, labels: &'a [u32], group_of: &'a [u32]) -> Self {
        let classes =
            labels.iter().filter(|label| **label != NONE).max().map_or(0, |most| *most as usize + 1);
        let mut counts = vec![0u32; classes];
        let mut placed: Vec<(u32, u32)> = Vec::new();
        for (label, place) in labels.iter().zip(&neighbours.place_of).filter(|(label, _)| **label != NONE) {
            counts[*label as usize] += 1;
            if *place != NONE {
                placed.push((*place, *label));
            }
        }
        placed.par_sort_unstable();
        let (mut of_places, mut starts) = (Vec::new(), vec![0; neighbours.first.len() + 1]);
        for run in placed.chunk_by(|one, two| one == two) {
            let (place, label) = run[0];
            of_places.push((label, run.len() as u32));
            starts[place as usize + 1] += 1;
        }
        for place in 0..neighbours.first.len() {
            starts[place + 1] += starts[place];
        }
        let all = counts.iter().sum::<u32>().max(1) as f32;
        let mut order: Vec<u32> = (0..classes as u32).collect();
        order.sort_by_key(|class| std::cmp::Reverse(counts[*class as usize]));
        let common = [0, 1].map(|at| order.get(at).copied().unwrap_or(NONE));
        let roots: Vec<f32> = counts.into_iter().map(|count| (count as f32 / all).sqrt()).collect();
        let prior = PRIOR * roots.iter().sum::<f32>();
        Self { neighbours, labels, group_of, roots, prior, common, of_places, starts }
    }

    /// What is probable for a row; `None` where it has no label or no labelled neighbour.
    fn of(&self, row: usize) -> Option<Probabilities> {
        if self.labels[row] == NONE {
            return None;
        }
        let farthest = self.neighbours.near(row).last()?.1;
        let group = |row: usize| self.group_of.get(row).copied().filter(|group| *group != ALONE);
        let own = group(row);
        let mut votes: Vec<(u32, f32)> = Vec::new();
        for (other, squared) in self.neighbours.near(row) {
            if own.is_some() && own == group(other as usize) {
                continue;
            }
            let place = self.neighbours.place_of[other as usize] as usize;
            let labels = &self.of_places[self.starts[place]..self.starts[place + 1]];
            // Copies share the vote of one.
            let all = labels.iter().map(|(_, count)| count).sum::<u32>() as f32;
            let weight = weight(squared, farthest);
            votes.extend(labels.iter().map(|(label, count)| (*label, weight * *count as f32 / all)));
        }
        let all: f32 = votes.iter().map(|(_, weight)| weight).sum();
        if votes.is_empty() {
            return None;
        }
        votes.sort_by_key(|(label, _)| *label);
        let classes = votes.chunk_by(|(one, _), (two, _)| one == two);
        let share = |votes: &[(u32, f32)]| {
            let class = votes[0].0;
            let sum: f32 = votes.iter().map(|(_, weight)| weight).sum();
            let root = self.roots[class as usize];
            (class, sum / all / root + PRIOR * root)
        };
        let mut voted: Vec<(u32, f32)> = classes.map(share).collect();
        // What the others have is there by their frequency alone.
        let gained = |(class, share): &(u32, f32)| share - PRIOR * self.roots[*class as usize];
        let whole = self.prior + voted.iter().map(gained).sum::<f32>();
        voted.iter_mut().for_each(|(_, share)| *share /= whole);
        Some(Probabilities { voted, whole })
    }

    /// The probability of a class that no neighbour has.
    fn unvoted(&self, class: u32, probabilities: &Probabilities) -> f32 {
        PRIOR * self.roots[class as usize] / probabilities.whole
    }

    /// The probability of the row's own label.
    fn own(&self, row: usize, probabilities: &Probabilities) -> f32 {
        let label = self.labels[row];
        let voted = probabilities.voted.iter().find(|(class, _)| *class == label);
        voted.map_or_else(|| self.unvoted(label, probabilities), |(_, probability)| *probability)
    }

    fn judge(&self, row: usize, probabilities: &Probabilities, thresholds: &[f32]) -> Judged {
        let label = self.labels[row];
        let own = self.own(row, probabilities);
        // Of equal ones the first class.
        let best = |classes: &mut dyn Iterator<Item = &(u32, f32)>| {
            classes.copied().reduce(|best, other| if other.1 > best.1 { other } else { best })
        };
        let others = || probabilities.voted.iter().filter(|(class, _)| *class != label);
        let voted = best(&mut others());
        let unvoted = self.common.iter().find(|class| **class != label && **class != NONE);
        let other = voted.map(|voted| voted.1).unwrap_or(0.0);
        let other = unvoted.map_or(other, |class| other.max(self.unvoted(*class, probabilities)));
        let believed = best(&mut others().filter(|(class, part)| *part >= thresholds[*class as usize]));
        Judged {
            score: ((1.0 + own - other) / 2.0).clamp(0.0, 1.0),
            suggested: voted.map_or(NONE, |voted| voted.0),
            is_wrong: believed.is_some_and(|(_, believed)| believed > own),
        }
    }
}

/// What a neighbour's vote counts: nearly `exp(−4 d² / d_k²)` with the distance of the farthest, so that
/// the scale is that of the neighbourhood; by products, which are the same on every machine.
fn weight(squared: u32, farthest: u32) -> f32 {
    let mut weight = 1.0 - squared as f32 / farthest.max(1) as f32 / 8.0;
    for _ in 0..5 {
        weight *= weight;
    }
    weight
}

/// What a function says of every row, in their order.
fn each<T: Send>(
    rows: usize,
    control: &Control,
    look: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, Cancelled> {
    /// Blocks between two moments in which a paused job may wait.
    const PIECE: usize = 64;
    let of_block = |block: usize| -> Result<Vec<T>, Cancelled> {
        control.go_on()?;
        let rows = block * BLOCK..rows.min((block + 1) * BLOCK);
        control.add(rows.len() as u64);
        Ok(rows.map(&look).collect())
    };
    let (count, mut all) = (rows.div_ceil(BLOCK), Vec::with_capacity(rows));
    for start in (0..count).step_by(PIECE) {
        control.checkpoint()?;
        let blocks = (start..count.min(start + PIECE)).into_par_iter().map(of_block);
        all.extend(blocks.collect::<Result<Vec<_>, Cancelled>>()?.into_iter().flatten());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::whiten::{AXES, Whitened};
    use super::*;

    /// Two crowds of points far from each other, so many in each, and their labels.
    fn crowds(each: usize) -> (Vec<Whitened>, Vec<u32>) {
        let mut state = 5u64;
        let mut noise = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 59) as i8
        };
        let mut point = |crowd: usize| -> Whitened {
            std::array::from_fn(|axis| noise() + if axis % 2 == crowd { 60 } else { 0 })
        };
        (0..2 * each).map(|row| (point(row % 2), (row % 2) as u32)).unzip()
    }

    fn found(points: &[Whitened], labels: &[u32], group_of: &[u32]) -> LabelErrors {
        let rows: Vec<Option<&Whitened>> = points.iter().map(Some).collect();
        let neighbours = Neighbours::of(&rows, 20, &Control::new()).unwrap();
        LabelErrors::of(&neighbours, labels, group_of, &Control::new()).unwrap()
    }

    #[test]
    fn what_is_planted_comes_first() {
        let (points, truth) = crowds(60);
        let mut labels = truth.clone();
        let planted = [3, 40];
        planted.iter().for_each(|row: &usize| labels[*row] = 1 - labels[*row]);
        let unlabelled = 10;
        labels[unlabelled] = NONE;
        let found = found(&points, &labels, &[]);
        let mut first: Vec<usize> = found.ranking[..2].iter().map(|row| *row as usize).collect();
        first.sort_unstable();
        assert_eq!(first, planted);
        for (row, right) in truth.iter().enumerate() {
            let is_planted = planted.contains(&row);
            assert_eq!(found.is_wrong[row], is_planted, "{row}");
            if row == unlabelled {
                assert!(found.scores[row].is_nan() && found.confidence[row].is_nan());
            } else {
                assert_eq!(found.scores[row] < 0.5, is_planted);
                assert!((0.0..=1.0).contains(&found.confidence[row]));
            }
            if is_planted {
                assert_eq!(found.suggested[row], *right);
            }
        }
        assert_eq!(found.ranking.len(), points.len() - 1);
    }

    #[test]
    fn a_frequent_class_does_not_outvote_a_rare_one() {
        // Ten of a class and one of another; the last has one neighbour of each, equally near.
        let labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        let mut rows: Vec<u32> = (0..10).flat_map(|row| [(row + 1) % 9, (row + 2) % 9]).collect();
        rows.extend([4, 9]);
        let neighbours = Neighbours {
            each: 2,
            place_of: (0..11).collect(),
            first: (0..11).collect(),
            copies: vec![1; 11],
            rows,
            distances: vec![100; 22],
        };
        let found = LabelErrors::of(&neighbours, &labels, &[], &Control::new()).unwrap();
        let share = |part: f32| (0.5 + PRIOR * part) / part.sqrt();
        let (often, rarely) = (share(10.0 / 11.0), share(1.0 / 11.0));
        assert!((found.confidence[10] - often / (often + rarely)).abs() < 1e-5, "{}", found.confidence[10]);
        assert!(found.is_wrong[10] && found.suggested[10] == 1);
        // Without a vote for it the rare class is improbable, and is no more than its frequency.
        assert!(found.scores[0] > 0.9 && !found.is_wrong[0]);
        // With none for its own, the rare one is.
        assert!(found.confidence[9] < 0.05 && found.ranking[0] == 9);
    }

    #[test]
    fn copies_do_not_vote_for_their_own_label() {
        let (mut points, mut labels) = crowds(30);
        // Twelve near-copies of one point of the first crowd, all with the other label.
        let mut group_of = vec![ALONE; points.len()];
        for step in 0..12 {
            let mut copy = points[0];
            copy[step] += 1;
            points.push(copy);
            labels.push(1);
            group_of.push(0);
        }
        let alone = found(&points, &labels, &[]);
        let grouped = found(&points, &labels, &group_of);
        for row in 60..72 {
            assert!(!alone.is_wrong[row] && grouped.is_wrong[row], "{row}");
            assert_eq!(grouped.suggested[row], 0);
        }
        // Exact copies are none of each other's neighbours, and vote once.
        let (mut points, mut labels) = crowds(30);
        points.extend(vec![points[0]; 12]);
        labels.extend([1; 12]);
        let exact = found(&points, &labels, &[]);
        assert!((60..72).all(|row| exact.is_wrong[row]) && !exact.is_wrong[2]);
    }

    #[test]
    fn nothing_to_compare_is_no_fault() {
        let (points, labels) = crowds(3);
        for (name, points, labels) in [
            ("no rows", &points[..0], &labels[..0]),
            ("one row", &points[..1], &labels[..1]),
            ("no labels", &points[..], &[NONE; 6][..]),
            ("the same", &[[7; AXES]; 6][..], &labels[..]),
        ] {
            let found = found(points, labels, &[]);
            assert!(found.ranking.is_empty(), "{name}");
            assert!(found.scores.iter().all(|score| score.is_nan()), "{name}");
            assert!(!found.is_wrong.contains(&true) && found.suggested.iter().all(|class| *class == NONE));
        }
        // One class: nothing else to suggest.
        let found = found(&points, &[0; 6], &[]);
        assert!(found.scores.iter().all(|score| *score > 0.9));
        assert_eq!(found.suggested, [NONE; 6]);
    }

    #[test]
    fn it_can_be_cancelled() {
        let control = Control::new();
        control.cancel();
        assert_eq!(LabelErrors::of(&Neighbours::default(), &[0; 3], &[], &control), Err(Cancelled));
    }
}
