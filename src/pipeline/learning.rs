//! The model beside a person who labels, on an open dataset: what it learns from, what it has learned, and which
//! samples it would ask about.
//!
//! It learns from every label that counts and proposes for every sample that is described. This file refuses to know
//! the user interface and when it is asked.

use std::collections::HashSet;
use std::sync::Arc;

use crate::analysis::encoder::Encoder;
use crate::analysis::fewshot::{
    Answer, CurvePoint, Drawn, Estimate, Features, Graph, Head, HeldOut, Pick, Proposals, Queue, Settings,
    Strategy, Trial, Trials,
};
use crate::analysis::neighbours::{KEPT, NONE, Neighbours};
use crate::analysis::whiten::Whitened;
use crate::dataset::query::Snapshot;
use crate::dataset::{LabelOrigin, SampleId, Signals, Verdict};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::pipeline::duplicates::described;
use crate::pipeline::signals;
use crate::store::Project;

/// Answers, of two classes at least, before there are proposals.
pub const FIRST_ANSWERS: usize = 10;
/// Confidences from which on the error is estimated.
pub const ABOVE: [f32; 12] = [0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99];
/// Answers that one point of the curve looks back on.
const WINDOW: usize = 50;
/// Answers that an order of samples keeps away from at most: the newest. All of them count.
const KEPT_AWAY: usize = 1024;

/// What of the labels that reach a sample has to be of one class, and how much has to reach it, for the label to be
/// spread to it. On Fashion-MNIST's 10,000 test images with 50 random answers that are 1,100 to 2,200 samples, of
/// which 94 to 98 % are right.
pub const SHARE: f32 = 0.8;
pub const MASS: f32 = 0.003;

/// Descriptions of samples, smoothed over the graph of their neighbours.
#[derive(Debug, PartialEq)]
pub struct Ground {
    pub features: Features,
    pub graph: Graph,
}

impl Ground {
    /// Of the descriptions that a project keeps, and the neighbours that an analysis found among them, both by row.
    /// Takes 512 bytes a sample.
    pub fn new(signals: &Signals, neighbours: &Neighbours, control: &Control) -> Result<Self, Cancelled> {
        let rows: Vec<SampleId> = (0..neighbours.place_of.len().min(signals.len()) as SampleId).collect();
        Self::among(&described(signals, &rows), neighbours, control)
    }

    /// Of descriptions alone: their neighbours are looked for.
    pub fn of(rows: &[Option<&Whitened>], control: &Control) -> Result<Self, Cancelled> {
        Self::among(rows, &Neighbours::of(rows, KEPT, control)?, control)
    }

    /// Of every sample as an encoder describes it, which the project keeps: see [`signals::described_by`]. With it comes a
    /// sentence where that could not be kept.
    pub fn by(
        encoder: &dyn Encoder,
        snapshot: &Snapshot,
        reader: &Reader,
        project: Option<&Project>,
        threads: usize,
        control: &Control,
    ) -> Result<(Self, Option<String>), Cancelled> {
        let looked = signals::described_by(encoder, snapshot, reader, project, threads, control)?;
        let rows: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
        Ok((Self::of(&described(&looked.signals, &rows), control)?, looked.problem))
    }

    fn among(
        rows: &[Option<&Whitened>],
        neighbours: &Neighbours,
        control: &Control,
    ) -> Result<Self, Cancelled> {
        let features = Features::of(rows);
        let graph = Graph::of(neighbours);
        control.go_on()?;
        let features = features.smoothed(&graph, control)?;
        Ok(Self { features, graph })
    }

    /// Number of samples that are described.
    pub fn known(&self) -> usize {
        (0..self.features.len()).filter(|row| self.features.is_known(*row)).count()
    }

    /// The classes that unlabelled samples have by the labels around them in the graph, where these agree: at least
    /// [`SHARE`] of what reaches a sample is of one class, and at least [`MASS`] reaches it. Identities of classes,
    /// by row.
    pub fn spread(
        &self,
        snapshot: &Snapshot,
        control: &Control,
    ) -> Result<Vec<(SampleId, String)>, Cancelled> {
        let identities = &snapshot.in_force.identities;
        let answers = answers_of(snapshot, &self.features, |_| false);
        let spread = self.graph.spread(&answers, identities.len(), control)?;
        let rows = snapshot.len().min(spread.class.len());
        let is_open = |row: usize| {
            let sample = row as SampleId;
            snapshot.labels().get(sample).is_empty()
                && snapshot.labelling.answer(sample).is_none()
                && snapshot.derived().present().contains(row)
                && snapshot.decision(sample).verdict != Verdict::Prune
        };
        let agrees = |row: usize| spread.share[row] >= SHARE && spread.mass[row] >= MASS && is_open(row);
        let class = |row: usize| identities.get(spread.class[row] as usize);
        let found = (0..rows).filter(|row| agrees(*row));
        Ok(found.filter_map(|row| Some((row as SampleId, class(row)?.clone()))).collect())
    }

    /// Which unlabelled samples to ask about next, at most `count`. `passed` says which are not to come.
    pub fn pick(
        &self,
        snapshot: &Snapshot,
        strategy: Strategy,
        count: usize,
        proposals: Option<&Proposals>,
        passed: impl Fn(SampleId) -> bool,
        seed: u64,
    ) -> Vec<Pick> {
        let classes = snapshot.labels().classes.len();
        let mut queue = Queue::new(&self.features, classes, seed);
        let mut answered: Vec<(i64, (u32, u32))> = Vec::new();
        let mut questions = 0;
        for row in 0..snapshot.len().min(self.features.len()) as SampleId {
            let labels = snapshot.labels().get(row);
            let is_out = !snapshot.derived().present().contains(row as usize)
                || snapshot.decision(row).verdict == Verdict::Prune
                || passed(row);
            let said = snapshot.labelling.answer(row);
            questions += usize::from(said.is_some());
            match labels.first() {
                Some(class) => {
                    let time_ms = said.map_or(i64::MIN, |said| said.time_ms);
                    answered.push((time_ms, (row, *class)));
                    queue.close(row);
                }
                // “None of the classes” is an answer as well.
                None if is_out || said.is_some() => queue.close(row),
                None => {}
            }
        }
        answered.sort_unstable_by_key(|(time_ms, _)| *time_ms);
        let newest = answered.split_off(answered.len().saturating_sub(KEPT_AWAY));
        let answers = |dated: Vec<(i64, (u32, u32))>| -> Vec<(u32, u32)> {
            dated.into_iter().map(|(_, answer)| answer).collect()
        };
        queue.goes_on_after(questions);
        queue.count(&self.features, &answers(answered));
        queue.note(&self.features, &answers(newest));
        queue.pick(strategy, count, &self.features, &self.graph, proposals, &[])
    }
}

/// What a model came to of the labels that count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// Identities of the classes that proposals name.
    pub identities: Arc<Vec<String>>,
    pub proposals: Proposals,
    /// Number of answers.
    pub answers: usize,
    /// How many of the proposals for unlabelled samples are wrong, from each of [`ABOVE`] on.
    pub estimates: Vec<(f32, Estimate)>,
    /// How many proposals were right around a number of answers of this session.
    pub curve: Vec<CurvePoint>,
}

/// A model that goes on learning.
#[derive(Debug)]
pub struct Learner {
    ground: Arc<Ground>,
    identities: Arc<Vec<String>>,
    head: Option<Head>,
    held_out: HeldOut,
    proposals: Option<Proposals>,
    /// Rows that had an answer when it learned last; `None` before that.
    answered: Option<HashSet<SampleId>>,
    trials: Trials,
}

impl Learner {
    pub fn new(ground: Arc<Ground>) -> Self {
        let (identities, head, held_out, proposals) = Default::default();
        Self { ground, identities, head, held_out, proposals, answered: None, trials: Trials::default() }
    }

    pub fn ground(&self) -> &Arc<Ground> {
        &self.ground
    }

    /// Learns from the labels as they are now; `None` where there are too few. `is_honest` says which samples were
    /// asked about by chance alone.
    pub fn learn(
        &mut self,
        snapshot: &Snapshot,
        is_honest: impl Fn(SampleId) -> bool,
        control: &Control,
    ) -> Result<Option<Learned>, Cancelled> {
        let identities = snapshot.in_force.identities.clone();
        if identities != self.identities {
            // The numbers of classes mean something else.
            (self.head, self.held_out, self.proposals) = Default::default();
            self.identities = identities.clone();
        }
        let classes = identities.len();
        let answers = answers_of(snapshot, &self.ground.features, is_honest);
        self.note_trials(snapshot, &answers);
        let seen: HashSet<u32> = answers.iter().map(|answer| answer.class).collect();
        if answers.len() < FIRST_ANSWERS || seen.len() < 2 {
            self.proposals = None;
            return Ok(None);
        }
        control.go_on()?;
        let (features, settings) = (&self.ground.features, Settings::default());
        let held_out = HeldOut::of(features, &answers, classes, &settings, Some(&self.held_out));
        control.go_on()?;
        let head = Head::fit(features, &answers, classes, &settings, self.head.as_ref());
        let Some(head) = head.map(|head| head.at_temperature(held_out.temperature())) else {
            return Ok(None);
        };
        let mut proposals = head.propose(features);
        // Of a sample with a label, what heads say that were fitted without it.
        for tested in held_out.tested() {
            let row = tested.answer.row as usize;
            (proposals.class[row], proposals.confidence[row]) = (tested.proposed, tested.confidence);
        }
        control.go_on()?;
        let is_open = |row: u32| {
            snapshot.labels().get(row).is_empty()
                && snapshot.labelling.answer(row).is_none()
                && snapshot.derived().present().contains(row as usize)
        };
        let estimates = ABOVE.map(|above| (above, held_out.estimate(&proposals, is_open, above))).to_vec();
        (self.head, self.held_out, self.proposals) = (Some(head), held_out, Some(proposals.clone()));
        let curve = self.trials.curve(WINDOW);
        Ok(Some(Learned { identities, proposals, answers: answers.len(), estimates, curve }))
    }

    /// Holds what was proposed before against the answers that came since.
    fn note_trials(&mut self, snapshot: &Snapshot, answers: &[Answer]) {
        let by_hand = |row: SampleId| {
            snapshot.labelling.answer(row).is_some_and(|said| said.origin != LabelOrigin::Imported)
        };
        if let (Some(before), Some(proposals)) = (&self.answered, &self.proposals) {
            let mut new: Vec<&Answer> = answers
                .iter()
                .filter(|answer| !before.contains(&answer.row) && by_hand(answer.row))
                .collect();
            new.sort_by_key(|answer| snapshot.labelling.answer(answer.row).map(|said| said.time_ms));
            let trials = new.into_iter().map(|answer| Trial {
                answer: *answer,
                proposed: proposals.get(answer.row as usize).map_or(NONE, |(class, _)| class),
            });
            self.trials.note(&trials.collect::<Vec<_>>());
        }
        self.answered = Some(answers.iter().map(|answer| answer.row).collect());
    }
}

/// The labels that count of samples that are described, those that were spread from others left out.
fn answers_of(snapshot: &Snapshot, features: &Features, is_honest: impl Fn(SampleId) -> bool) -> Vec<Answer> {
    let mut answers = Vec::new();
    for row in 0..snapshot.len().min(features.len()) as SampleId {
        let labels = snapshot.labels().get(row);
        if labels.is_empty() || !features.is_known(row as usize) {
            continue;
        }
        let said = snapshot.labelling.answer(row);
        let is_out = said.is_some_and(|said| said.origin == LabelOrigin::Propagated)
            || !snapshot.derived().present().contains(row as usize);
        if is_out {
            continue;
        }
        // The source's labels were chosen by no strategy of ours, and are no other sample of rows where they were confirmed
        // by hand.
        let given = !snapshot.dataset.labels.get(row).is_empty();
        let drawn = if given || is_honest(row) { Drawn::AtRandom } else { Drawn::Chosen };
        answers.extend(labels.iter().map(|class| Answer { row, class: *class, drawn }));
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::edit::{Edit, Overlay};
    use crate::dataset::labelling::LabelChanges;
    use crate::dataset::{DatasetBuilder, Facts, Layout, NewSample};

    /// Two crowds of samples that lie apart, each sample beside the next of its crowd.
    fn ground(each: usize) -> Ground {
        let numbers = 4;
        let mut values = Vec::new();
        for row in 0..2 * each {
            let (side, shift) = ((row / each) as f32, (row % each) as f32 / each as f32 / 4.0);
            values.extend([1.0 - side, side, shift, 0.1]);
        }
        let next = |row: usize| (row / each * each + (row % each + 1) % each) as u32;
        let neighbours = Neighbours {
            each: 1,
            place_of: (0..2 * each as u32).collect(),
            first: (0..2 * each as u32).collect(),
            copies: vec![1; 2 * each],
            rows: (0..2 * each).map(next).collect(),
            distances: vec![7; 2 * each],
        };
        let features = Features::from_values(values, numbers).unwrap();
        let graph = Graph::of(&neighbours);
        let features = features.smoothed(&graph, &Control::new()).unwrap();
        Ground { features, graph }
    }

    fn snapshot(samples: usize) -> Snapshot {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        builder.class("left");
        builder.class("right");
        for row in 0..samples {
            builder.push(NewSample { path: &format!("{row:03}.png"), ..NewSample::default() });
        }
        Snapshot::new(builder.finish().0.into(), &[], Facts::new(samples), Default::default())
    }

    #[test]
    fn it_learns_from_labels_proposes_for_the_rest_and_holds_itself_against_answers() {
        let (each, control) = (60, Control::new());
        let mut learner = Learner::new(Arc::new(ground(each)));
        let snapshot = snapshot(2 * each);
        let mut overlay = Overlay::new(2 * each);
        let mut answer = |rows: &[u32], time_ms: i64| {
            let label = |row: &u32| {
                let labels = vec![if (*row as usize) < each { "left" } else { "right" }.to_owned()];
                let origin = LabelOrigin::ByHand;
                (*row, Some(crate::dataset::Answer { labels, origin, by: "Ada".into(), time_ms }))
            };
            let edit = Edit::Label { changes: LabelChanges::of_each(rows.iter().map(label)) };
            let edit = overlay.effective(edit).unwrap();
            overlay.apply(&edit);
            snapshot.labelled(&overlay.labelling)
        };
        let few = answer(&[0, 60], 1);
        assert_eq!(learner.learn(&few, |_| true, &control).unwrap(), None, "two answers are too few");
        let more = answer(&[5, 11, 17, 23, 65, 71, 77, 83], 2);
        let learned = learner.learn(&more, |_| true, &control).unwrap().unwrap();
        assert_eq!((learned.answers, learned.curve.len()), (10, 0));
        let class = |row: usize| learned.proposals.get(row).map(|(class, _)| class);
        assert!((0..2 * each).all(|row| class(row) == Some((row / each) as u32)));
        let (above, all) = learned.estimates[0];
        assert_eq!((above, all.rows, all.tested, all.wrong), (0.0, 2 * each - 10, 10, 0));

        // Labels spread within a crowd, to samples that have none.
        let spread = learner.ground().spread(&more, &control).unwrap();
        assert!(!spread.is_empty());
        for (row, class) in &spread {
            assert!(more.labels().get(*row).is_empty());
            assert_eq!(class, if (*row as usize) < each { "left" } else { "right" });
        }

        // Picks are samples without an answer, each once, and none that was passed over.
        let picks =
            learner.ground().pick(&more, Strategy::Mixed, 20, Some(&learned.proposals), |row| row == 1, 3);
        let rows: HashSet<u32> = picks.iter().map(|pick| pick.row).collect();
        assert_eq!((picks.len(), rows.len()), (20, 20));
        assert!(rows.iter().all(|row| more.labels().get(*row).is_empty() && *row != 1));

        // Who answers one sample of each list is asked by chance as often as who goes through a whole one.
        let by_chance = |snapshot: &Snapshot| {
            let picks =
                learner.ground().pick(snapshot, Strategy::Mixed, 10, Some(&learned.proposals), |_| false, 3);
            picks.iter().position(|pick| pick.drawn == Drawn::AtRandom)
        };
        assert_eq!([by_chance(&few), by_chance(&more)], [Some(2), Some(4)], "behind two and ten answers");

        let even_more = answer(&[30, 90], 3);
        let by_chance = |row: SampleId| row == 30 || row == 90;
        let learned = learner.learn(&even_more, by_chance, &control).unwrap().unwrap();
        let last = learned.curve.last().unwrap();
        assert_eq!((last.answers, last.right, last.of), (2, 1.0, 2));
        assert_eq!(learned.estimates[0].1.tested, 2, "two of twelve were asked by chance");
    }
}
