//! The head that learns from answers, and what it proposes for all rows.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::kernels::{exp, exp_all};
use super::linear::Linear;
use super::{Answer, Features, Settings};
use crate::analysis::neighbours::NONE;

/// Rows that a thread scores at once.
const BLOCK: usize = 512;
/// How steep scores are by prototypes: the products of rows of length 1 are from −1 to 1.
const SHARPNESS: f32 = 8.0;

/// How a head scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By the mean of each class's answers (J. Snell, K. Swersky and R. Zemel, "Prototypical Networks for Few-shot
    /// Learning", NIPS 2017), while there are fewer than two answers to a class.
    Prototypes,
    /// By logistic regression.
    Logistic,
}

/// What proposes classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    linear: Linear,
    kind: Kind,
    temperature: f32,
}

/// A class for each row, in columns. A row that has none has [`NONE`], 0 and 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposals {
    pub class: Vec<u32>,
    /// The probability that it is right, 0 to 1; as good as the [temperature](super::HeldOut::temperature) is.
    pub confidence: Vec<f32>,
    /// How much more probable than the next class, 0 to 1.
    pub margin: Vec<f32>,
}

impl Head {
    /// Fits a head to answers, going on from the one before where that is of the same classes. `None` where no answer
    /// is of a row that has numbers. Answers of classes that are not below `classes` do not count.
    pub fn fit(
        features: &Features,
        answers: &[Answer],
        classes: usize,
        settings: &Settings,
        before: Option<&Self>,
    ) -> Option<Self> {
        let fitted = before.map(|before| &before.linear);
        let (linear, kind) = fitted_to(features, answers, classes, settings, fitted)?;
        Some(Self { linear, kind, temperature: before.map_or(1.0, |before| before.temperature) })
    }

    /// The same with scores divided by this before they become probabilities.
    pub fn at_temperature(self, temperature: f32) -> Self {
        Self { temperature, ..self }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn classes(&self) -> usize {
        self.linear.classes()
    }

    /// What it proposes for every row. Of 100,000 rows of 256 numbers and up to 16 classes, this takes some
    /// hundredths of a second; [`propose_for`](Self::propose_for) those in view first, where there are more.
    pub fn propose(&self, features: &Features) -> Proposals {
        self.propose_without(features, &|_, _| false)
    }

    /// The same, but never a class of a row that is ruled out.
    pub fn propose_without(
        &self,
        features: &Features,
        is_out: &(impl Fn(u32, u32) -> bool + Sync),
    ) -> Proposals {
        let mut found = Proposals::none(features.len());
        if features.numbers() != self.linear.numbers() {
            return found;
        }
        let numbers = features.numbers();
        let blocks = found.class.par_chunks_mut(BLOCK).zip(found.confidence.par_chunks_mut(BLOCK));
        let blocks =
            blocks.zip(found.margin.par_chunks_mut(BLOCK)).zip(features.values().par_chunks(BLOCK * numbers));
        blocks.enumerate().for_each(|(block, (((class, confidence), margin), values))| {
            let mut scores = vec![0.0; class.len() * self.linear.width()];
            self.linear.score(values, &mut scores);
            for (at, scores) in scores.chunks_exact_mut(self.linear.width()).enumerate() {
                let row = block * BLOCK + at;
                if features.is_known(row) {
                    (class[at], confidence[at], margin[at]) = self.judge(row as u32, scores, is_out);
                }
            }
        });
        found
    }

    /// What it proposes for these rows, in their order.
    pub fn propose_for(&self, features: &Features, rows: &[u32]) -> Proposals {
        let mut found = Proposals::none(rows.len());
        if features.numbers() != self.linear.numbers() {
            return found;
        }
        let mut scores = vec![0.0; self.linear.width()];
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| features.is_known(**row as usize)) {
            self.linear.score(features.row(*row as usize), &mut scores);
            let judged = self.judge(*row, &mut scores, &|_, _| false);
            (found.class[at], found.confidence[at], found.margin[at]) = judged;
        }
        found
    }

    /// The most probable class, its probability, and how much more probable than the next.
    fn judge(&self, row: u32, scores: &mut [f32], is_out: &impl Fn(u32, u32) -> bool) -> (u32, f32, f32) {
        let (mut best, mut second) = ((NONE, f32::NEG_INFINITY), f32::NEG_INFINITY);
        for (class, score) in scores[..self.classes()].iter_mut().enumerate() {
            if is_out(row, class as u32) {
                *score = f32::NEG_INFINITY;
            }
            if *score > best.1 {
                (best, second) = ((class as u32, *score), best.1);
            } else if *score > second {
                second = *score;
            }
        }
        if best.0 == NONE {
            return (NONE, 0.0, 0.0);
        }
        let softened = |score: f32| (score - best.1) / self.temperature;
        let parts = &mut scores[..self.classes()];
        parts.iter_mut().for_each(|score| *score = softened(*score));
        exp_all(parts);
        let whole: f32 = parts.iter().sum();
        (best.0, 1.0 / whole, (1.0 - exp(softened(second))) / whole)
    }
}

impl Proposals {
    /// None for so many rows.
    pub fn none(rows: usize) -> Self {
        Self { class: vec![NONE; rows], confidence: vec![0.0; rows], margin: vec![0.0; rows] }
    }

    pub fn len(&self) -> usize {
        self.class.len()
    }

    pub fn is_empty(&self) -> bool {
        self.class.is_empty()
    }

    /// What is proposed for a row and how sure that is.
    pub fn get(&self, row: usize) -> Option<(u32, f32)> {
        let class = self.class.get(row).copied().filter(|class| *class != NONE)?;
        Some((class, self.confidence[row]))
    }
}

/// Rows whose given label is not what is proposed, the most confident first; of equal ones the lower row. `given` are
/// classes or [`NONE`]. Rows that a head was fitted to say little here: `is_open` leaves them out.
pub fn disagreements(proposals: &Proposals, given: &[u32], is_open: impl Fn(u32) -> bool) -> Vec<u32> {
    let disagrees = |row: &u32| {
        let (proposed, given) = (proposals.class[*row as usize], given[*row as usize]);
        proposed != NONE && given != NONE && proposed != given && is_open(*row)
    };
    let rows = proposals.len().min(given.len()) as u32;
    let mut found: Vec<u32> = (0..rows).filter(disagrees).collect();
    let sure = |row: u32| proposals.confidence[row as usize];
    found.sort_unstable_by(|one, two| sure(*two).total_cmp(&sure(*one)).then(one.cmp(two)));
    found
}

/// A classifier of these answers, and of which kind it is.
pub(super) fn fitted_to(
    features: &Features,
    answers: &[Answer],
    classes: usize,
    settings: &Settings,
    before: Option<&Linear>,
) -> Option<(Linear, Kind)> {
    let is_usable =
        |answer: &&Answer| features.is_known(answer.row as usize) && (answer.class as usize) < classes;
    let usable: Vec<&Answer> = answers.iter().filter(is_usable).collect();
    let count = usable.len().min(settings.most);
    if count == 0 {
        return None;
    }
    let numbers = features.numbers();
    let (mut rows, mut targets) = (Vec::with_capacity(count * numbers), Vec::with_capacity(count));
    for at in 0..count {
        let answer = usable[at * usable.len() / count];
        rows.extend_from_slice(features.row(answer.row as usize));
        targets.push(answer.class);
    }
    let seen = targets.iter().collect::<BTreeSet<_>>().len();
    if seen < 2 || count < 2 * seen {
        let linear = Linear::prototypes(classes, numbers, &rows, &targets, SHARPNESS);
        return Some((linear, Kind::Prototypes));
    }
    let before = before.filter(|before| (before.classes(), before.numbers()) == (classes, numbers));
    let start = match before {
        Some(before) => before.clone(),
        None => Linear::prototypes(classes, numbers, &rows, &targets, SHARPNESS),
    };
    Some((start.fit(&rows, &targets, settings), Kind::Logistic))
}

#[cfg(test)]
mod tests {
    use super::super::Drawn;
    use super::super::simulate::tests::crowds;
    use super::*;

    fn answers(rows: impl IntoIterator<Item = u32>, truth: &[u32]) -> Vec<Answer> {
        let answer = |row: u32| Answer { row, class: truth[row as usize], drawn: Drawn::Chosen };
        rows.into_iter().map(answer).collect()
    }

    #[test]
    fn few_answers_are_enough_where_classes_are_apart() {
        let crowds = crowds(3, 40, 30);
        let settings = Settings::default();
        assert_eq!(Head::fit(&crowds.features, &[], 3, &settings, None), None);
        for (count, kind) in [(3, Kind::Prototypes), (12, Kind::Logistic)] {
            let answers = answers(0..count, &crowds.truth);
            let head = Head::fit(&crowds.features, &answers, 5, &settings, None).unwrap();
            assert_eq!((head.kind(), head.classes()), (kind, 5));
            let found = head.propose(&crowds.features);
            assert_eq!(found.class, crowds.truth);
            assert!(found.confidence.iter().all(|sure| (0.0..=1.0).contains(sure)));
            assert!(found.margin.iter().zip(&found.confidence).all(|(margin, sure)| margin <= sure));
            let some = head.propose_for(&crowds.features, &[7, 2, 90_000]);
            let one = |row: usize| (found.class[row], found.confidence[row], found.margin[row]);
            let other = |at: usize| (some.class[at], some.confidence[at], some.margin[at]);
            assert_eq!((other(0), other(1), other(2)), (one(7), one(2), (NONE, 0.0, 0.0)));
            let warm = head.clone().at_temperature(3.0);
            let softer = warm.propose(&crowds.features);
            assert_eq!(softer.class, found.class);
            assert!(softer.confidence[0] < found.confidence[0]);
            // The next best where one is ruled out; nothing where all are.
            let other =
                head.propose_without(&crowds.features, &|row, class| row == 4 && class == found.class[4]);
            assert!(
                other.class[4] != found.class[4]
                    && other.class[4] != NONE
                    && other.class[5] == found.class[5]
            );
            assert_eq!(head.propose_without(&crowds.features, &|_, _| true).get(4), None);
        }
    }

    #[test]
    fn a_row_without_numbers_and_a_class_without_answers_are_not_proposed() {
        let values = vec![1.0, 0.1, 0.1, 1.0, f32::NAN, 0.0, 0.9, 0.0];
        let features = Features::from_values(values, 2).unwrap();
        let head = Head::fit(&features, &answers([0, 1, 2], &[0, 2, 1, 9]), 3, &Settings::default(), None);
        let found = head.unwrap().propose(&features);
        assert_eq!(found.class, [0, 2, NONE, 0]);
        assert_eq!((found.get(2), found.get(8)), (None, None));
    }

    #[test]
    fn it_is_the_same_on_any_number_of_threads() {
        let crowds = crowds(4, 300, 30);
        let answers = answers(0..700, &crowds.truth);
        let settings = Settings::default();
        let fitted = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let head = Head::fit(&crowds.features, &answers, 4, &settings, None).unwrap();
                (head.propose(&crowds.features), head)
            })
        };
        assert_eq!(fitted(1), fitted(3));
    }

    #[test]
    fn the_surest_disagreement_comes_first() {
        let proposals = Proposals {
            class: vec![0, 1, 1, NONE, 0, 1],
            confidence: vec![0.9, 0.6, 0.8, 0.0, 0.99, 0.8],
            margin: vec![0.0; 6],
        };
        let given = [0, 0, 0, 1, NONE, 0];
        assert_eq!(disagreements(&proposals, &given, |_| true), [2, 5, 1]);
        assert_eq!(disagreements(&proposals, &given, |row| row != 5), [2, 1]);
    }
}
