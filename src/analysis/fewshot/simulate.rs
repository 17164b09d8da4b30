//! A labelling session replayed against known labels: how good proposals are after how many answers.

use std::collections::HashSet;

use super::{
    Answer, Drawn, Estimate, Features, Graph, Head, HeldOut, Proposals, Queue, Settings, Strategy, Trial,
};
use crate::analysis::neighbours::NONE;
use crate::jobs::{Cancelled, Control};

/// Answers between two refits: a person goes on while the head is fitted.
const BATCH: usize = 5;
/// One answer in so many is new before a head is fitted again.
const NEW: usize = 50;
/// Answers between two points of a curve.
const EVERY: usize = 10;

/// What is labelled. Rows without numbers or without a true class have no part.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// [Smoothed](Features::smoothed) over the graph.
    pub features: &'a Features,
    pub graph: &'a Graph,
    /// The true class of each row, or [`NONE`].
    pub truth: &'a [u32],
    pub classes: usize,
    pub settings: Settings,
}

/// How good proposals are after a number of answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub answers: usize,
    /// The part of the proposals for rows without an answer that is right.
    pub right: f64,
    /// The mean of their confidences: as much where these are calibrated.
    pub confidence: f64,
    /// What the held-out answers say of all of them, as a person without the truth sees it.
    pub estimate: Estimate,
}

/// A session that was replayed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simulation {
    /// Rows that have a part.
    pub rows: usize,
    /// After every ten answers and after the last, while rows are open.
    pub points: Vec<Point>,
    /// The proposals as they were when their rows were answered.
    pub trials: Vec<Trial>,
}

impl Simulation {
    /// The answers after which this part of the proposals is right; `None` where that was never so.
    pub fn answers_to(&self, right: f64) -> Option<usize> {
        self.points.iter().find(|point| point.right >= right).map(|point| point.answers)
    }
}

/// Replays a session of single answers, at most `budget` of them. Progress counts answers.
pub fn simulate(
    task: &Task<'_>,
    strategy: Strategy,
    budget: usize,
    seed: u64,
    control: &Control,
) -> Result<Simulation, Cancelled> {
    let mut session = Session::new(task, seed);
    let mut simulation = Simulation { rows: session.open, ..Simulation::default() };
    control.begin("Replaying a session", budget.min(session.open) as u64);
    while session.answers.len() < budget && session.open > 0 {
        control.checkpoint()?;
        let count = BATCH.min(budget - session.answers.len());
        let trials = session.ask(strategy, count);
        if trials.is_empty() {
            break;
        }
        control.add(trials.len() as u64);
        simulation.trials.extend(trials);
        session.refit(control)?;
        let answers = session.answers.len();
        if answers.is_multiple_of(EVERY) || answers >= budget || session.open == 0 {
            session.hold_out();
            simulation.points.extend(session.point());
        }
    }
    Ok(simulation)
}

/// A session as it goes on.
pub(super) struct Session<'a> {
    pub task: &'a Task<'a>,
    pub queue: Queue,
    pub answers: Vec<Answer>,
    pub head: Option<Head>,
    pub held_out: HeldOut,
    pub proposals: Option<Proposals>,
    /// Rows without an answer.
    pub open: usize,
    /// Classes that a person said a row is not of.
    pub ruled_out: HashSet<(u32, u32)>,
    /// Answers that the head was fitted to.
    fitted_to: usize,
}

impl<'a> Session<'a> {
    pub fn new(task: &'a Task<'a>, seed: u64) -> Self {
        let mut queue = Queue::new(task.features, task.classes, seed);
        let is_out =
            |row: &u32| task.truth.get(*row as usize).is_none_or(|class| *class as usize >= task.classes);
        (0..task.features.len() as u32).filter(is_out).for_each(|row| queue.close(row));
        let open = (0..task.features.len() as u32).filter(|row| queue.is_open(*row)).count();
        Self {
            task,
            queue,
            answers: Vec::new(),
            head: None,
            held_out: HeldOut::default(),
            proposals: None,
            open,
            ruled_out: HashSet::new(),
            fitted_to: 0,
        }
    }

    /// Asks about so many rows, and is answered truly.
    pub fn ask(&mut self, strategy: Strategy, count: usize) -> Vec<Trial> {
        let Task { features, graph, truth, .. } = *self.task;
        let proposals = self.proposals.as_ref();
        let picks = self.queue.pick(strategy, count, features, graph, proposals, &[]);
        let mut trials = Vec::with_capacity(picks.len());
        for pick in picks {
            let answer = Answer { row: pick.row, class: truth[pick.row as usize], drawn: pick.drawn };
            let proposed = proposals.map_or(NONE, |proposals| proposals.class[pick.row as usize]);
            trials.push(Trial { answer, proposed });
        }
        let answers: Vec<Answer> = trials.iter().map(|trial| trial.answer).collect();
        self.note(&answers);
        trials
    }

    pub fn note(&mut self, answers: &[Answer]) {
        let pairs: Vec<(u32, u32)> = answers.iter().map(|answer| (answer.row, answer.class)).collect();
        self.queue.note(self.task.features, &pairs);
        self.answers.extend_from_slice(answers);
        self.open -= answers.len();
    }

    /// Fits the head again where one answer in fifty is new, and proposes again.
    pub fn refit(&mut self, control: &Control) -> Result<(), Cancelled> {
        let Task { features, classes, settings, .. } = self.task;
        control.go_on()?;
        if self.head.is_none() || self.answers.len() * NEW >= self.fitted_to * (NEW + 1) {
            self.head = Head::fit(features, &self.answers, *classes, settings, self.head.as_ref());
            self.fitted_to = self.answers.len();
        }
        let is_out = |row: u32, class: u32| self.ruled_out.contains(&(row, class));
        self.proposals = self.head.as_ref().map(|head| match self.ruled_out.is_empty() {
            true => head.propose(features),
            false => head.propose_without(features, &is_out),
        });
        Ok(())
    }

    /// Predicts the answers without them, and takes on the temperature.
    pub fn hold_out(&mut self) {
        let Task { features, classes, settings, .. } = self.task;
        self.held_out = HeldOut::of(features, &self.answers, *classes, settings, Some(&self.held_out));
        let temperature = self.held_out.temperature();
        self.head = self.head.take().map(|head| head.at_temperature(temperature));
    }

    /// `None` where no row is open: of nothing no part is right.
    fn point(&self) -> Option<Point> {
        let none = Proposals::default();
        let proposals = match (&self.head, &self.proposals) {
            (Some(head), Some(_)) => &head.propose(self.task.features),
            _ => &none,
        };
        let (mut hits, mut sure, mut of) = (0u32, 0.0, 0u32);
        for (row, class) in self.task.truth.iter().enumerate() {
            if self.queue.is_open(row as u32) {
                let proposed = proposals.get(row);
                of += 1;
                hits += u32::from(proposed.is_some_and(|proposed| proposed.0 == *class));
                sure += proposed.map_or(0.0, |proposed| f64::from(proposed.1));
            }
        }
        if of == 0 {
            return None;
        }
        let part = |sum: f64| sum / f64::from(of);
        let estimate = self.held_out.estimate(proposals, |row| self.queue.is_open(row), 0.0);
        let (right, confidence) = (part(f64::from(hits)), part(sure));
        Some(Point { answers: self.answers.len(), right, confidence, estimate })
    }

    /// An answer that no strategy drew at random.
    pub fn chosen(&self, row: u32) -> Answer {
        Answer { row, class: self.task.truth[row as usize], drawn: Drawn::Chosen }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::analysis::neighbours::Neighbours;
    use crate::analysis::whiten::Whitened;

    pub struct Crowds {
        pub raw: Features,
        pub features: Features,
        pub graph: Graph,
        pub truth: Vec<u32>,
    }

    /// So many classes of so many points each, the farther apart the stronger; row after row another class.
    pub fn crowds(classes: usize, each: usize, strength: i8) -> Crowds {
        let mut random = super::super::random::Random::new(3);
        let truth: Vec<u32> = (0..classes * each).map(|row| (row % classes) as u32).collect();
        let mut point = |class: u32| -> Whitened {
            std::array::from_fn(|axis| {
                let noise = random.below(41) as i8 - 20;
                noise + if axis % classes == class as usize { strength } else { 0 }
            })
        };
        let points: Vec<Whitened> = truth.iter().map(|class| point(*class)).collect();
        let rows: Vec<Option<&Whitened>> = points.iter().map(Some).collect();
        let control = Control::new();
        let graph = Graph::of(&Neighbours::of(&rows, 10, &control).unwrap());
        let raw = Features::of(&rows);
        let features = raw.smoothed(&graph, &control).unwrap();
        Crowds { raw, features, graph, truth }
    }

    pub fn task(crowds: &Crowds, classes: usize) -> Task<'_> {
        let Crowds { features, graph, truth, .. } = crowds;
        Task { features, graph, truth, classes, settings: Settings::default() }
    }

    #[test]
    fn a_session_ends_with_its_budget_and_is_the_same_by_the_same_seed() {
        let mut crowds = crowds(4, 60, 20);
        crowds.truth[5] = NONE;
        let task = task(&crowds, 4);
        for strategy in [Strategy::Random, Strategy::Uncertain, Strategy::Mixed, Strategy::Diverse] {
            let run = || simulate(&task, strategy, 33, 7, &Control::new()).unwrap();
            let found = run();
            assert_eq!(found, run());
            let answers: Vec<usize> = found.points.iter().map(|point| point.answers).collect();
            assert_eq!((answers, found.rows, found.trials.len()), (vec![10, 20, 30, 33], 239, 33));
            let last = found.points[3];
            assert!(last.right > 0.95 && found.answers_to(0.9).is_some(), "{} {last:?}", strategy.name());
            assert!(found.trials.iter().all(|trial| trial.answer.row != 5));
            assert_eq!(last.estimate.rows, 239 - 33);
            assert_eq!(found.answers_to(1.1), None);
        }
        let all = simulate(&task, Strategy::Mixed, usize::MAX, 7, &Control::new()).unwrap();
        // Of the last answer on no row is open, and no proposal is right or wrong.
        assert_eq!(all.points.last().map(|point| point.answers), Some(230));
        assert_eq!(all.trials.len(), 239);
        let control = Control::new();
        control.cancel();
        assert_eq!(simulate(&task, Strategy::Mixed, 10, 7, &control), Err(Cancelled));
    }
}
