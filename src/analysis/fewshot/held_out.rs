//! What a head makes of answers that it was not fitted to: how sure it may be, how many proposals are wrong, and how
//! that changed with every answer.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::head::fitted_to;
use super::linear::Linear;
use super::random::mixed;
use super::{Answer, Drawn, Features, Proposals, Settings};
use crate::analysis::neighbours::NONE;

/// Parts of the answers, each of which is predicted by a head that was fitted to the others.
const FOLDS: usize = 5;
/// What an answer that a strategy chose counts for the temperature, beside one that was drawn at random.
const CHOSEN: f64 = 0.25;
/// How many answers the belief that the temperature is 1 is worth.
const BELIEF: f64 = 4.0;
/// Trials that a curve is drawn of at most: the newest.
const KEPT: usize = 20_000;
/// 95 % of a normal distribution lie within so many deviations.
const DEVIATIONS: f64 = 1.959_963_984_540_054;

/// An answer that was predicted without it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tested {
    pub answer: Answer,
    /// The class that was predicted; [`NONE`] where there was nothing to fit a head to.
    pub proposed: u32,
    /// At the temperature found of all of them.
    pub confidence: f32,
}

/// All answers, predicted in turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeldOut {
    folds: Vec<Option<Linear>>,
    tested: Vec<Tested>,
    temperature: f32,
}

/// How many of the proposals above a confidence would be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Rows with such a proposal.
    pub rows: usize,
    /// Rows drawn at random whose answers were predicted so surely without them, and how many of those wrongly: as none
    /// of the row's answers.
    pub tested: usize,
    pub wrong: usize,
    /// The 95 % interval of the part that is wrong, by [`wilson`].
    pub low: f64,
    pub high: f64,
    /// What the confidences themselves say: the mean of 1 − confidence over the rows.
    pub expected: f64,
}

/// A proposal as it was just before its row was answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    pub answer: Answer,
    /// [`NONE`] where there was none.
    pub proposed: u32,
}

/// What a curve of right proposals is drawn of: the trials that were drawn at random, the newest 20,000 of them, each
/// with its number among all. Trials that a strategy or a person chose are counted and not kept: however many there are,
/// they take nothing from the curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// Rows that were answered.
    rows: usize,
    /// The number of each row that was drawn at random, and whether its proposal was right.
    at_random: VecDeque<(usize, bool)>,
}

impl Trials {
    /// Counts further trials. Those of one row have to lie beside each other: they are one, and right where one of them
    /// is.
    pub fn note(&mut self, trials: &[Trial]) {
        for trials in trials.chunk_by(|one, two| one.answer.row == two.answer.row) {
            self.rows += 1;
            if trials.iter().any(|trial| trial.answer.drawn == Drawn::AtRandom) {
                let is_right = trials.iter().any(|trial| trial.proposed == trial.answer.class);
                self.at_random.push_back((self.rows, is_right));
            }
        }
        let over = self.at_random.len().saturating_sub(KEPT);
        self.at_random.drain(..over);
    }

    /// How often proposals were right, after each trial that was drawn at random, of the last `window` of those. Others
    /// are harder, and would draw the curve too low.
    pub fn curve(&self, window: usize) -> Vec<CurvePoint> {
        let point = |end: usize| {
            let last = self.at_random.range((end + 1).saturating_sub(window.max(1))..=end);
            let of = last.len();
            let hits = last.filter(|(_, is_right)| *is_right).count();
            let (low, high) = wilson(hits, of);
            CurvePoint { answers: self.at_random[end].0, right: hits as f64 / of as f64, low, high, of }
        };
        (0..self.at_random.len()).map(point).collect()
    }
}

/// How many proposals were right around a number of answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Answers given until then.
    pub answers: usize,
    /// The part of the last trials that was right, and its 95 % interval.
    pub right: f64,
    pub low: f64,
    pub high: f64,
    /// Trials that this is of.
    pub of: usize,
}

impl HeldOut {
    /// Predicts every answer by a head that was fitted to those of other rows: five heads, each going on from the one
    /// before. Which part a row is in does not change with further answers, so that none of these heads ever saw the
    /// answers that it predicts.
    pub fn of(
        features: &Features,
        answers: &[Answer],
        classes: usize,
        settings: &Settings,
        before: Option<&Self>,
    ) -> Self {
        let fold = |row: u32| (mixed(u64::from(row)) % FOLDS as u64) as usize;
        let one = |part: usize| {
            let others: Vec<Answer> =
                answers.iter().filter(|answer| fold(answer.row) != part).copied().collect();
            let known = before.and_then(|before| before.folds.get(part)?.as_ref());
            fitted_to(features, &others, classes, settings, known).map(|(linear, _)| linear)
        };
        let folds: Vec<Option<Linear>> = (0..FOLDS).into_par_iter().map(one).collect();
        let mut scored = Vec::with_capacity(answers.len());
        for answer in answers {
            let is_known = features.is_known(answer.row as usize) && (answer.class as usize) < classes;
            let linear = folds[fold(answer.row)].as_ref().filter(|_| is_known);
            let scores = linear.map(|linear| {
                let mut scores = vec![0.0; linear.width()];
                linear.score(features.row(answer.row as usize), &mut scores);
                scores.truncate(classes);
                scores
            });
            scored.push((*answer, scores.unwrap_or_default()));
        }
        let temperature = temperature(&scored);
        let tested = scored.iter().map(|(answer, scores)| {
            let best = (0..scores.len()).reduce(|best, at| if scores[at] > scores[best] { at } else { best });
            let proposed = best.map_or(NONE, |best| best as u32);
            let confidence = best.map_or(0.0, |best| probability(scores, best, temperature) as f32);
            Tested { answer: *answer, proposed, confidence }
        });
        Self { tested: tested.collect(), folds, temperature: temperature as f32 }
    }

    /// What scores are to be divided by, so that confidences are as high as answers are right (C. Guo et al., "On
    /// Calibration of Modern Neural Networks", ICML 2017): 0.25 to 4.
    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    /// In the order of the answers.
    pub fn tested(&self) -> &[Tested] {
        &self.tested
    }

    /// How many of the proposals for open rows with at least this confidence are wrong.
    ///
    /// It is of the answers that were drawn at random, which are a fair sample of the rows that were open then. Rows
    /// that a strategy asked about since are harder than the others and no longer open, so that the error of what is
    /// left is rather lower than this.
    pub fn estimate(&self, proposals: &Proposals, is_open: impl Fn(u32) -> bool, above: f32) -> Estimate {
        let is_above = |row: &u32| {
            proposals.get(*row as usize).is_some_and(|(_, confidence)| confidence >= above) && is_open(*row)
        };
        let (mut rows, mut doubt) = (0, 0.0);
        for row in (0..proposals.len() as u32).filter(is_above) {
            rows += 1;
            doubt += 1.0 - f64::from(proposals.confidence[row as usize]);
        }
        let is_tested = |tested: &Tested| {
            tested.answer.drawn == Drawn::AtRandom && tested.proposed != NONE && tested.confidence >= above
        };
        let (mut tested, mut wrong) = (0, 0);
        // The answers of a row lie beside each other, and are one test.
        for answers in self.tested.chunk_by(|one, two| one.answer.row == two.answer.row) {
            if answers.iter().any(is_tested) {
                tested += 1;
                wrong += usize::from(answers.iter().all(|test| test.proposed != test.answer.class));
            }
        }
        let (low, high) = wilson(wrong, tested);
        Estimate {
            rows,
            tested,
            wrong,
            low,
            high,
            expected: if rows > 0 { doubt / rows as f64 } else { 0.0 },
        }
    }
}

/// The 95 % interval of a part of which `hits` of `of` were seen (E. B. Wilson, 1927): 0 to 1 of nothing.
pub fn wilson(hits: usize, of: usize) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (count, part) = (of as f64, hits as f64 / of as f64);
    let squared = DEVIATIONS * DEVIATIONS;
    let middle = part + squared / (2.0 * count);
    let reach = DEVIATIONS * (part * (1.0 - part) / count + squared / (4.0 * count * count)).sqrt();
    let whole = 1.0 + squared / count;
    let low = if hits == 0 { 0.0 } else { (middle - reach) / whole };
    let high = if hits == of { 1.0 } else { (middle + reach) / whole };
    (low.max(0.0), high.min(1.0))
}

fn probability(scores: &[f32], class: usize, temperature: f64) -> f64 {
    libm::exp(-loss(scores, class, temperature))
}

/// What a class costs by its scores, in nats; at most 20, so that no answer outweighs all others.
fn loss(scores: &[f32], class: usize, temperature: f64) -> f64 {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let part = |score: f32| libm::exp(f64::from(score - most) / temperature);
    let whole: f64 = scores.iter().map(|score| part(*score)).sum();
    (libm::log(whole) - f64::from(scores[class] - most) / temperature).clamp(0.0, 20.0)
}

/// The temperature at which held-out answers cost least, found by halving an interval of its logarithm by the golden
/// section.
fn temperature(scored: &[(Answer, Vec<f32>)]) -> f64 {
    let cost = |logarithm: f64| {
        let temperature = libm::exp(logarithm);
        let of_answer = |(answer, scores): &(Answer, Vec<f32>)| {
            let weight = if answer.drawn == Drawn::AtRandom { 1.0 } else { CHOSEN };
            if scores.is_empty() { 0.0 } else { weight * loss(scores, answer.class as usize, temperature) }
        };
        scored.iter().map(of_answer).sum::<f64>() + BELIEF * logarithm * logarithm
    };
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (libm::log(0.25), libm::log(4.0));
    let (mut one, mut two) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut of_one, mut of_two) = (cost(one), cost(two));
    for _ in 0..20 {
        if of_one <= of_two {
            (high, two, of_two) = (two, one, of_one);
            one = high - GOLDEN * (high - low);
            of_one = cost(one);
        } else {
            (low, one, of_one) = (one, two, of_two);
            two = low + GOLDEN * (high - low);
            of_two = cost(two);
        }
    }
    libm::exp(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::super::Head;
    use super::super::simulate::tests::crowds;
    use super::*;

    fn answer(row: u32, class: u32, drawn: Drawn) -> Answer {
        Answer { row, class, drawn }
    }

    #[test]
    fn an_interval_holds_what_was_seen() {
        for (hits, of, low, high) in
            [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634)]
        {
            let found = wilson(hits, of);
            assert!(
                (found.0 - low).abs() < 1e-4 && (found.1 - high).abs() < 1e-4,
                "{hits} of {of}: {found:?}"
            );
        }
    }

    #[test]
    fn an_answer_has_no_part_in_its_own_prediction() {
        let crowds = crowds(2, 60, 30);
        // One in four answers is wrong: a head that saw it would know.
        let class = |row: u32| crowds.truth[row as usize] ^ u32::from(row % 4 == 3);
        let answers: Vec<Answer> = (0..100).map(|row| answer(row, class(row), Drawn::AtRandom)).collect();
        let settings = Settings { regularisation: 1.0, ..Settings::default() };
        let mut held = HeldOut::of(&crowds.features, &answers, 2, &settings, None);
        for _ in 0..2 {
            let right = held.tested().iter().filter(|test| test.proposed == test.answer.class).count();
            // One that saw them would be right of all.
            assert!((65..=75).contains(&right), "{right}");
            let sure: f32 = held.tested().iter().map(|test| test.confidence).sum();
            assert!((sure - right as f32).abs() < 15.0, "{sure} {right}");
            held = HeldOut::of(&crowds.features, &answers, 2, &settings, Some(&held));
        }
        let head = Head::fit(&crowds.features, &answers, 2, &settings, None).unwrap();
        let proposals = head.at_temperature(held.temperature()).propose(&crowds.features);
        let found = held.estimate(&proposals, |row| row >= 100, 0.5);
        assert_eq!((found.rows, found.tested), (20, 100));
        assert!((25..=35).contains(&found.wrong) && found.low < 0.25 && 0.25 < found.high, "{found:?}");
        assert!((0.1..0.4).contains(&found.expected), "{found:?}");
        let none = held.estimate(&proposals, |_| true, 1.5);
        assert_eq!((none.rows, none.tested, none.low, none.high), (0, 0, 0.0, 1.0));
    }

    #[test]
    fn answers_of_one_row_are_one_test() {
        let tested = |row: u32, class: u32, proposed: u32| Tested {
            answer: answer(row, class, Drawn::AtRandom),
            proposed,
            confidence: 0.9,
        };
        let held = HeldOut {
            tested: vec![tested(0, 0, 1), tested(0, 1, 1), tested(1, 0, 2), tested(1, 1, 2), tested(2, 2, 2)],
            ..HeldOut::default()
        };
        let found = held.estimate(&Proposals::default(), |_| true, 0.5);
        assert_eq!((found.tested, found.wrong), (3, 1));
    }

    #[test]
    fn too_sure_scores_become_softer_and_too_soft_ones_surer() {
        let scored = |scale: f32, wrong: usize| -> Vec<(Answer, Vec<f32>)> {
            let one = |row: usize| (answer(0, u32::from(row < wrong), Drawn::AtRandom), vec![scale, 0.0]);
            (0..200).map(one).collect()
        };
        assert!(temperature(&scored(6.0, 40)) > 3.0);
        assert!(temperature(&scored(0.5, 2)) < 0.4);
        assert!((temperature(&[]) - 1.0).abs() < 0.01);
        // 1 in 1 + e² wrong, as the scores say.
        assert!((temperature(&scored(2.0, 24)) - 1.0).abs() < 0.1);
    }

    #[test]
    fn a_curve_is_of_what_was_drawn_at_random() {
        let trial = |row: u32, drawn: Drawn, is_right: bool| Trial {
            answer: answer(row, 1, drawn),
            proposed: if is_right { 1 } else { NONE },
        };
        let trials = [
            trial(0, Drawn::AtRandom, false),
            trial(1, Drawn::Chosen, false),
            trial(2, Drawn::AtRandom, true),
            // Of two labels of one sample one was proposed: that is one trial, and right.
            trial(3, Drawn::AtRandom, false),
            trial(3, Drawn::AtRandom, true),
        ];
        let found = |trials: &Trials| -> Vec<(usize, f64, usize)> {
            trials.curve(2).iter().map(|point| (point.answers, point.right, point.of)).collect()
        };
        let mut noted = Trials::default();
        assert!(noted.curve(5).is_empty());
        noted.note(&trials);
        let mut expected = vec![(1, 0.0, 1), (3, 0.5, 2), (4, 1.0, 2)];
        assert_eq!(found(&noted), expected);
        // Many that were confirmed at a stroke take nothing from it, and are counted.
        let confirmed: Vec<Trial> = (10..40_010).map(|row| trial(row, Drawn::Chosen, true)).collect();
        noted.note(&confirmed);
        assert_eq!(found(&noted), expected);
        noted.note(&[trial(5, Drawn::AtRandom, false)]);
        expected.push((40_005, 0.5, 2));
        assert_eq!(found(&noted), expected);
        // Of those that draw it the newest are kept.
        let more: Vec<Trial> = (0..KEPT as u32).map(|row| trial(row, Drawn::AtRandom, true)).collect();
        noted.note(&more);
        let curve = noted.curve(2);
        assert_eq!((curve.len(), curve[0].answers, curve[0].of), (KEPT, 40_006, 1));
    }
}
