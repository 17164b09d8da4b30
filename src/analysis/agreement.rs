//! How far people agree who labelled the same samples, beyond what chance would give.
//!
//! An answer is a category counted from 0, or [`UNRATED`]. Categories are names and no more: no two differ more than
//! two others do. Formulas and sources, with p for shares of all answers that are looked at:
//!
//! - κ of two people is (p_o − p_e) / (1 − p_e), with p_o the share of samples on which they agree and p_e what that
//!   would be if each dealt out their own answers by chance (J. Cohen, "A Coefficient of Agreement for Nominal Scales",
//!   Educational and Psychological Measurement 20, 1960). Its standard error is that for large samples (J. L. Fleiss,
//!   J. Cohen and B. S. Everitt, "Large sample standard errors of kappa and weighted kappa", Psychological Bulletin 72,
//!   1969).
//! - κ of many (J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76, 1971)
//!   needs the same number of answers for each sample: it is taken over the samples that all of them answered. Its
//!   standard error where there is no agreement is from J. L. Fleiss, J. C. M. Nee and J. R. Landis, "Large sample
//!   variance of kappa in the case of different sets of raters", Psychological Bulletin 86, 1979.
//! - α is 1 − D_o / D_e, which takes every sample with two answers or more, whoever gave them (K. Krippendorff,
//!   "Computing Krippendorff's Alpha-Reliability", 2011, section C).
//!
//! It refuses to know who people are and what categories mean.

use std::collections::BTreeMap;

/// In place of the answer of somebody who gave none.
pub const UNRATED: u32 = u32::MAX;

/// How often two people gave each pair of answers. Pairs that are not there take no room: categories can be many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Number of samples by the first one's answer and the second one's.
    pub cells: BTreeMap<(u32, u32), u64>,
    /// Samples that both answered.
    pub samples: u64,
}

/// What two people's answers come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cohen {
    /// Samples that both answered.
    pub samples: u64,
    /// The share of them on which they agree, 0 to 1.
    pub observed: f64,
    /// The share on which chance would have them agree, 0 to 1.
    pub expected: f64,
    /// −1 to 1; `None` where chance alone would have them agree on everything: both gave one answer to all.
    pub kappa: Option<f64>,
    /// The standard error of kappa.
    pub error: Option<f64>,
}

impl Confusion {
    /// Counts the answers of two people, one element for each sample.
    pub fn of(first: &[u32], second: &[u32]) -> Self {
        let mut confusion = Self::default();
        let both = first.iter().zip(second).filter(|(one, two)| **one != UNRATED && **two != UNRATED);
        for (one, two) in both {
            confusion.add(*one, *two, 1);
        }
        confusion
    }

    /// Adds so many samples with these answers.
    pub fn add(&mut self, first: u32, second: u32, samples: u64) {
        if samples > 0 {
            *self.cells.entry((first, second)).or_default() += samples;
            self.samples += samples;
        }
    }

    /// Samples on which they agree.
    pub fn agreed(&self) -> u64 {
        self.cells.iter().filter(|((one, two), _)| one == two).map(|(_, count)| count).sum()
    }

    /// Agreement beyond chance; `None` where no sample has both answers.
    pub fn cohen(&self) -> Option<Cohen> {
        if self.samples == 0 {
            return None;
        }
        let all = self.samples as f64;
        let (mut rows, mut columns) = (BTreeMap::<u32, u64>::new(), BTreeMap::<u32, u64>::new());
        for ((one, two), count) in &self.cells {
            *rows.entry(*one).or_default() += count;
            *columns.entry(*two).or_default() += count;
        }
        let share = |counts: &BTreeMap<u32, u64>, category: u32| {
            counts.get(&category).map_or(0.0, |count| *count as f64 / all)
        };
        let observed = self.agreed() as f64 / all;
        let expected: f64 = rows.keys().map(|at| share(&rows, *at) * share(&columns, *at)).sum();
        let beyond = 1.0 - expected;
        if beyond <= f64::EPSILON {
            return Some(Cohen { samples: self.samples, observed, expected, kappa: None, error: None });
        }
        // The three terms of Fleiss, Cohen and Everitt.
        let (mut on, mut off) = (0.0, 0.0);
        for ((one, two), count) in &self.cells {
            let part = *count as f64 / all;
            if one == two {
                let margins = share(&rows, *one) + share(&columns, *one);
                on += part * (beyond - margins * (1.0 - observed)).powi(2);
            } else {
                off += part * (share(&columns, *one) + share(&rows, *two)).powi(2);
            }
        }
        let last = (observed * expected - 2.0 * expected + observed).powi(2);
        let variance = (on + (1.0 - observed).powi(2) * off - last) / (all * beyond.powi(4));
        Some(Cohen {
            samples: self.samples,
            observed,
            expected,
            kappa: Some((observed - expected) / beyond),
            // Rounding may leave it a little below 0 where they agree on everything.
            error: Some(variance.max(0.0).sqrt()),
        })
    }
}

/// What the answers of many people come to, over the samples that all of them answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleiss {
    pub people: usize,
    /// Samples that all of them answered.
    pub samples: u64,
    /// Samples that some of them answered and not all: they are not counted.
    pub incomplete: u64,
    /// The mean share of pairs of people that agree on a sample, 0 to 1.
    pub observed: f64,
    pub expected: f64,
    /// `None` where all gave one answer to everything.
    pub kappa: Option<f64>,
    /// The standard error that kappa has where people do not agree beyond chance.
    pub error: Option<f64>,
    /// Kappa of each category that was given against all others.
    pub categories: BTreeMap<u32, Option<f64>>,
}

/// Fleiss' kappa. `ratings` has a slice for each person with one element for each sample; `None` where there are fewer
/// than two people, or no sample that all of them answered.
pub fn fleiss(ratings: &[&[u32]]) -> Option<Fleiss> {
    let people = ratings.len();
    if people < 2 {
        return None;
    }
    let raters = people as f64;
    let (mut samples, mut incomplete) = (0u64, 0u64);
    let mut agreeing_pairs = 0u64;
    let mut totals = BTreeMap::<u32, u64>::new();
    // Of each category Σ n(m − n) over the samples, m people of whom n gave it.
    let mut split = BTreeMap::<u32, u64>::new();
    for_each_sample(ratings, |_, counts| {
        let answers: u64 = counts.iter().map(|(_, count)| count).sum();
        if answers < people as u64 {
            incomplete += u64::from(answers > 0);
            return;
        }
        samples += 1;
        for (category, count) in counts {
            agreeing_pairs += count * (count - 1);
            *totals.entry(*category).or_default() += count;
            *split.entry(*category).or_default() += count * (answers - count);
        }
    });
    if samples == 0 {
        return None;
    }
    let (all, pairs) = (samples as f64, samples as f64 * raters * (raters - 1.0));
    let share = |count: &u64| *count as f64 / (all * raters);
    let observed = agreeing_pairs as f64 / pairs;
    let expected: f64 = totals.values().map(|count| share(count).powi(2)).sum();
    let beyond = 1.0 - expected;
    let is_known = beyond > f64::EPSILON;
    let of_category = |(category, count): (&u32, &u64)| {
        let (part, apart) = (share(count), split.get(category).map_or(0.0, |sum| *sum as f64));
        let kappa = (part < 1.0).then(|| 1.0 - apart / (pairs * part * (1.0 - part)));
        (*category, kappa)
    };
    let skew: f64 = totals.values().map(share).map(|part| part * (1.0 - part) * (1.0 - 2.0 * part)).sum();
    let variance = 2.0 * (beyond * beyond - skew) / (pairs * beyond * beyond);
    Some(Fleiss {
        people,
        samples,
        incomplete,
        observed,
        expected,
        kappa: is_known.then(|| (observed - expected) / beyond),
        error: is_known.then(|| variance.max(0.0).sqrt()),
        categories: totals.iter().map(of_category).collect(),
    })
}

/// What answers come to, missing ones and all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alpha {
    /// Samples with two answers or more.
    pub samples: u64,
    /// Answers to them.
    pub answers: u64,
    /// The share of pairs of answers to one sample that differ, each sample weighed by its answers; 0 to 1.
    pub observed_disagreement: f64,
    /// The same for answers to any two samples.
    pub expected_disagreement: f64,
    /// At most 1; `None` where all gave one answer to everything.
    pub alpha: Option<f64>,
}

/// Krippendorff's alpha for names. `ratings` as for [`fleiss`]; `None` where no sample has two answers.
pub fn krippendorff(ratings: &[&[u32]]) -> Option<Alpha> {
    let (mut samples, mut answers) = (0u64, 0u64);
    let mut coinciding = 0.0;
    let mut totals = BTreeMap::<u32, u64>::new();
    for_each_sample(ratings, |_, counts| {
        let here: u64 = counts.iter().map(|(_, count)| count).sum();
        if here < 2 {
            return;
        }
        samples += 1;
        answers += here;
        let pairs: u64 = counts.iter().map(|(_, count)| count * (count - 1)).sum();
        coinciding += pairs as f64 / (here - 1) as f64;
        for (category, count) in counts {
            *totals.entry(*category).or_default() += count;
        }
    });
    if samples == 0 {
        return None;
    }
    let all = answers as f64;
    let observed_disagreement = 1.0 - coinciding / all;
    let same: f64 = totals.values().map(|count| *count as f64 * (*count as f64 - 1.0)).sum();
    let expected_disagreement = 1.0 - same / (all * (all - 1.0));
    let alpha = (totals.len() > 1).then(|| 1.0 - observed_disagreement / expected_disagreement);
    Some(Alpha { samples, answers, observed_disagreement, expected_disagreement, alpha })
}

/// A sample on which people differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispute {
    /// The sample's place in the slices.
    pub sample: usize,
    /// The share of pairs of its answers that differ, above 0 to 1.
    pub differing: f64,
    /// How many answered.
    pub answers: u64,
}

/// The samples on which people differ, those on which they differ most first; of equal ones those with more answers,
/// then the earlier. `ratings` as for [`fleiss`].
pub fn disputes(ratings: &[&[u32]]) -> Vec<Dispute> {
    let mut found = Vec::new();
    for_each_sample(ratings, |sample, counts| {
        if counts.len() < 2 {
            return;
        }
        let answers: u64 = counts.iter().map(|(_, count)| count).sum();
        let same: u64 = counts.iter().map(|(_, count)| count * (count - 1)).sum();
        let differing = 1.0 - same as f64 / (answers * (answers - 1)) as f64;
        found.push(Dispute { sample, differing, answers });
    });
    found.sort_by(|one, two| {
        let by_share = two.differing.total_cmp(&one.differing);
        by_share.then(two.answers.cmp(&one.answers)).then(one.sample.cmp(&two.sample))
    });
    found
}

/// Tells of each sample its place and how often each category was given, in the order of the categories.
fn for_each_sample(ratings: &[&[u32]], mut tell: impl FnMut(usize, &[(u32, u64)])) {
    let samples = ratings.iter().map(|of_one| of_one.len()).max().unwrap_or(0);
    let mut given: Vec<u32> = Vec::with_capacity(ratings.len());
    let mut counts: Vec<(u32, u64)> = Vec::new();
    for sample in 0..samples {
        given.clear();
        given.extend(ratings.iter().filter_map(|of_one| of_one.get(sample)).filter(|one| **one != UNRATED));
        given.sort_unstable();
        counts.clear();
        for category in &given {
            match counts.last_mut() {
                Some((known, count)) if known == category => *count += 1,
                _ => counts.push((*category, 1)),
            }
        }
        tell(sample, &counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    fn table(rows: &[&[u64]]) -> Confusion {
        let mut confusion = Confusion::default();
        for (one, row) in rows.iter().enumerate() {
            for (two, count) in row.iter().enumerate() {
                confusion.add(one as u32, two as u32, *count);
            }
        }
        confusion
    }

    /// Ratings with that many of each category for each sample: who gave which does not count.
    fn dealt(counts: &[&[u32]]) -> Vec<Vec<u32>> {
        let people = counts[0].iter().sum::<u32>() as usize;
        let mut ratings = vec![Vec::new(); people];
        for row in counts {
            let given = row.iter().enumerate().flat_map(|(at, count)| vec![at as u32; *count as usize]);
            ratings.iter_mut().zip(given).for_each(|(of_one, category)| of_one.push(category));
        }
        ratings
    }

    fn slices(ratings: &[Vec<u32>]) -> Vec<&[u32]> {
        ratings.iter().map(Vec::as_slice).collect()
    }

    /// A digit is a category, a point no answer.
    fn written(people: &[&str]) -> Vec<Vec<u32>> {
        people
            .iter()
            .map(|line| line.chars().map(|one| one.to_digit(36).unwrap_or(UNRATED)).collect())
            .collect()
    }

    #[test]
    fn kappa_of_two_is_that_of_published_tables() {
        for (rows, observed, expected, kappa, error) in [
            // Wikipedia, "Cohen's kappa", the example of 50 grants, and the two of the same observed agreement.
            (&[&[20, 5][..], &[10, 15]][..], 0.7, 0.5, 0.4, 0.127),
            (&[&[45, 15], &[25, 15]], 0.6, 0.54, 0.130_434, 0.098_66),
            (&[&[25, 35], &[5, 35]], 0.6, 0.46, 0.259_259, 0.077_16),
            // J. Cohen, "Weighted kappa", Psychological Bulletin 70, 1968, table 1: 200 patients, κ = .492.
            (&[&[88, 14, 18], &[10, 40, 10], &[2, 6, 12]], 0.7, 0.41, 0.491_525, 0.051),
            // As SAS prints it (PROC FREQ, option AGREE): 0.4842 and 0.1380.
            (&[&[0, 4, 1], &[0, 8, 0], &[0, 1, 5]], 0.684_211, 0.387_812, 0.484_163, 0.138_014),
        ] {
            let found = table(rows).cohen().unwrap();
            near(found.observed, observed, 1e-6);
            near(found.expected, expected, 1e-6);
            near(found.kappa.unwrap(), kappa, 1e-6);
            near(found.error.unwrap(), error, 2e-5);
        }
    }

    #[test]
    fn kappa_of_two_has_its_edges() {
        let all_agree = table(&[&[3, 0], &[0, 4]]).cohen().unwrap();
        assert_eq!((all_agree.kappa, all_agree.error), (Some(1.0), Some(0.0)));
        let none_agree = table(&[&[0, 5], &[5, 0]]).cohen().unwrap();
        assert_eq!(none_agree.kappa, Some(-1.0));
        let one_answer = table(&[&[9]]).cohen().unwrap();
        assert_eq!((one_answer.observed, one_answer.kappa), (1.0, None));
        assert_eq!(Confusion::of(&[0, UNRATED], &[UNRATED, 1]).cohen(), None);
        assert_eq!(Confusion::of(&[0, 1, UNRATED, 2], &[0, 2, 1]).samples, 2);
    }

    #[test]
    fn kappa_of_many_is_that_of_published_tables() {
        // Wikipedia, "Fleiss' kappa": 14 people, 10 subjects, 5 categories.
        let wikipedia: [&[u32]; 10] = [
            &[0, 0, 0, 0, 14],
            &[0, 2, 6, 4, 2],
            &[0, 0, 3, 5, 6],
            &[0, 3, 9, 2, 0],
            &[2, 2, 8, 1, 1],
            &[7, 7, 0, 0, 0],
            &[3, 2, 6, 3, 0],
            &[2, 5, 3, 2, 2],
            &[6, 5, 2, 1, 0],
            &[0, 2, 2, 3, 7],
        ];
        let ratings = dealt(&wikipedia);
        let found = fleiss(&slices(&ratings)).unwrap();
        assert_eq!((found.people, found.samples, found.incomplete), (14, 10, 0));
        near(found.observed, 0.378, 5e-4);
        near(found.expected, 0.213, 5e-4);
        near(found.kappa.unwrap(), 0.210, 5e-4);
    }

    #[test]
    fn kappa_of_the_psychiatric_diagnoses_of_1971_is_fleisss() {
        // Fleiss 1971, table 1: 30 patients, 6 psychiatrists; depression, personality disorder, schizophrenia, neurosis,
        // other.
        let diagnoses = [
            "444444", "222555", "233335", "555555", "222444", "113333", "333355", "113334", "114444",
            "555555", "144444", "124444", "222333", "144444", "224445", "333335", "111455", "111112",
            "224444", "133555", "555555", "244444", "224555", "114444", "144445", "222224", "111155",
            "224444", "133333", "555555",
        ];
        let answer =
            |patient: &str, person: usize| patient.chars().nth(person).unwrap().to_digit(10).unwrap();
        let ratings: Vec<Vec<u32>> =
            (0..6).map(|person| diagnoses.iter().map(|patient| answer(patient, person)).collect()).collect();
        let found = fleiss(&slices(&ratings)).unwrap();
        near(found.kappa.unwrap(), 0.430, 5e-4);
        // z as R's irr gives it.
        near(found.kappa.unwrap() / found.error.unwrap(), 17.651_83, 1e-4);
        for (category, kappa) in [(1, 0.245), (2, 0.245), (3, 0.520), (4, 0.471), (5, 0.566)] {
            near(found.categories[&category].unwrap(), kappa, 5e-4);
        }
    }

    #[test]
    fn kappa_of_many_leaves_out_what_not_all_answered() {
        let ratings = written(&["00110.", "0011..", "001..."]);
        let found = fleiss(&slices(&ratings)).unwrap();
        assert_eq!((found.samples, found.incomplete, found.kappa), (3, 2, Some(1.0)));
        assert_eq!(fleiss(&slices(&written(&["01"]))), None);
        assert_eq!(fleiss(&slices(&written(&["0.", ".0"]))), None);
        assert_eq!(fleiss(&slices(&written(&["00", "00"]))).unwrap().kappa, None);
    }

    #[test]
    fn alpha_is_that_of_krippendorffs_examples() {
        for (people, samples, answers, alpha) in [
            // "Computing Krippendorff's Alpha-Reliability", section A: two observers, binary.
            (&["0100000010", "1110010000"][..], 10, 20, 0.095),
            // Section B: two observers, five names.
            (&["aabbdcccedda", "babbbccceddd"], 12, 24, 0.692),
            // Section C: four observers, some answers missing.
            (&["123321412...", "1233224125.3", ".3332342251.", "12332441251."], 11, 40, 0.743),
        ] {
            let found = krippendorff(&slices(&written(people))).unwrap();
            assert_eq!((found.samples, found.answers), (samples, answers));
            near(found.alpha.unwrap(), alpha, 5e-4);
        }
    }

    #[test]
    fn alpha_has_its_edges() {
        assert_eq!(krippendorff(&slices(&written(&["01", ".."]))), None);
        assert_eq!(krippendorff(&slices(&written(&["000", "000"]))).unwrap().alpha, None);
        assert_eq!(krippendorff(&slices(&written(&["012", "012"]))).unwrap().alpha, Some(1.0));
    }

    #[test]
    fn disputes_come_with_the_most_differing_first() {
        let ratings = written(&["0000.0", "0011.1", "0012.."]);
        let found = disputes(&slices(&ratings));
        let told: Vec<(usize, u64)> = found.iter().map(|one| (one.sample, one.answers)).collect();
        assert_eq!(told, [(3, 3), (5, 2), (2, 3)]);
        near(found[2].differing, 2.0 / 3.0, 1e-12);
    }
}
