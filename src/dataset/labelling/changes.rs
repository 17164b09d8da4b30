//! Changed labels of samples, as part of an edit.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Answer, Classes, Kept, Labelling};
use crate::dataset::SampleId;
use crate::dataset::edit::SampleSet;

/// New answers of samples, as sorted, disjoint runs of samples that change alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct LabelChanges {
    /// The distinct answers that the runs name.
    answers: Vec<Answer>,
    runs: Vec<Run>,
}

/// Neighbouring samples whose answer changes alike; answers by index, `None` for the source's labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: SampleId,
    count: u32,
    from: Option<u32>,
    to: Option<u32>,
}

/// The form in files: answers, and `[first, count, from, to]` for each run.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    answers: Vec<Answer>,
    runs: Vec<(SampleId, u32, Option<u32>, Option<u32>)>,
}

impl TryFrom<Written> for LabelChanges {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let mut free_from = 0;
        for (first, count, from, to) in &written.runs {
            let end = first.checked_add(*count).ok_or("a run of labels ends beyond the last row")?;
            if *count == 0 || *first < free_from {
                return Err("the runs of labels are not sorted and apart");
            }
            let is_there =
                |answer: &Option<u32>| answer.is_none_or(|at| (at as usize) < written.answers.len());
            if !is_there(from) || !is_there(to) {
                return Err("a run of labels names an answer that is not there");
            }
            free_from = end;
        }
        let run = |(first, count, from, to)| Run { first, count, from, to };
        Ok(Self { answers: written.answers, runs: written.runs.into_iter().map(run).collect() })
    }
}

impl From<LabelChanges> for Written {
    fn from(changes: LabelChanges) -> Self {
        let run = |run: Run| (run.first, run.count, run.from, run.to);
        Self { answers: changes.answers, runs: changes.runs.into_iter().map(run).collect() }
    }
}

impl LabelChanges {
    /// The same answer for all of these samples; `None` gives the source's labels back.
    pub fn same(samples: &SampleSet, to: Option<Answer>) -> Self {
        let mut table = Table::default();
        let to = to.map(|answer| table.id(answer));
        let runs = samples.runs().map(|(first, count)| Run { first, count, from: None, to }).collect();
        Self { answers: table.answers, runs }
    }

    /// An answer for each of these samples, in any order; of more than one for a sample the last counts.
    pub fn of_each(answers: impl IntoIterator<Item = (SampleId, Option<Answer>)>) -> Self {
        let mut each: Vec<(SampleId, Option<Answer>)> = answers.into_iter().collect();
        each.sort_by_key(|(sample, _)| *sample);
        let mut table = Table::default();
        let each = each.into_iter().map(|(sample, to)| (sample, to.map(|answer| table.id(answer))));
        let each = each.collect();
        Self::of_ids(table, each)
    }

    /// An answer for all samples of each of these sets; of more than one for a sample the last counts.
    pub fn of_sets(sets: impl IntoIterator<Item = (SampleSet, Option<Answer>)>) -> Self {
        let (mut table, mut each) = (Table::default(), Vec::new());
        for (samples, to) in sets {
            let to = to.map(|answer| table.id(answer));
            each.extend(samples.iter().map(|sample| (sample, to)));
        }
        Self::of_ids(table, each)
    }

    /// Answers by number for samples in any order.
    fn of_ids(table: Table, mut each: Vec<(SampleId, Option<u32>)>) -> Self {
        each.sort_by_key(|(sample, _)| *sample);
        let mut runs = Vec::new();
        for of_one in each.chunk_by(|one, two| one.0 == two.0) {
            if let Some((sample, to)) = of_one.last() {
                push(&mut runs, *sample, None, *to);
            }
        }
        Self { answers: table.answers, runs }
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.count as usize).sum()
    }

    /// The samples.
    pub fn samples(&self) -> SampleSet {
        SampleSet::from_rows(self.iter().map(|(sample, ..)| sample))
    }

    /// Each sample with its answer before and after.
    pub fn iter(&self) -> impl Iterator<Item = (SampleId, Option<&Answer>, Option<&Answer>)> + '_ {
        let answer = |at: Option<u32>| at.and_then(|at| self.answers.get(at as usize));
        self.runs.iter().flat_map(move |run| {
            (run.first..run.first + run.count).map(move |sample| (sample, answer(run.from), answer(run.to)))
        })
    }

    /// Bytes that these take in a history.
    pub fn bytes(&self) -> usize {
        let answer = |answer: &Answer| {
            size_of::<Answer>()
                + answer.by.len()
                + answer.labels.iter().map(|label| label.len() + 24).sum::<usize>()
        };
        self.runs.len() * size_of::<Run>() + self.answers.iter().map(answer).sum::<usize>()
    }

    pub(crate) fn inverse(&self) -> Self {
        let back = |run: &Run| Run { from: run.to, to: run.from, ..*run };
        Self { answers: self.answers.clone(), runs: self.runs.iter().map(back).collect() }
    }

    /// Those that change what is said, who says it or where it comes from, with what each changes.
    pub(crate) fn effective(&self, now: &Labelling) -> Self {
        let (mut table, mut runs) = (Table::default(), Vec::new());
        for run in &self.runs {
            let new = run.to.and_then(|at| self.answers.get(at as usize));
            let to = new.map(|answer| table.id(sorted(answer.clone())));
            let end = (run.first as usize + run.count as usize).min(now.len()) as SampleId;
            for sample in run.first..end {
                let before = now.answer(sample);
                let is_same = match (before, to.map(|at| &table.answers[at as usize])) {
                    (None, None) => true,
                    (Some(said), Some(new)) => {
                        said.origin == new.origin
                            && said.by == new.by
                            && said.labels().eq(new.labels.iter().map(String::as_str))
                    }
                    _ => false,
                };
                if !is_same {
                    let from = before.map(|said| table.id(said.to_answer()));
                    push(&mut runs, sample, from, to);
                }
            }
        }
        Self { answers: table.answers, runs }
    }

    pub(crate) fn apply(&self, labelling: &mut Labelling) {
        let answers: Vec<Kept> = self.answers.iter().map(|answer| labelling.kept(answer)).collect();
        for run in &self.runs {
            let to = run.to.and_then(|at| answers.get(at as usize)).copied();
            labelling.fill(run.first, run.count, to);
        }
    }

    /// What they did, as a sentence without its stop: "Label 3 samples “cat”".
    pub(crate) fn describe(&self, classes: &Classes) -> String {
        let count = crate::text::counted(self.len() as u64, "sample");
        let mut answers = self.runs.iter().map(|run| run.to);
        let first = answers.next().flatten();
        let all_same = self.runs.iter().all(|run| {
            let labels = |at: Option<u32>| at.map(|at| &self.answers[at as usize].labels);
            labels(run.to) == labels(first)
        });
        match first.and_then(|at| self.answers.get(at as usize)) {
            _ if !all_same => format!("Label {count}"),
            None => format!("Give {count} the source's labels back"),
            Some(answer) if answer.labels.is_empty() => format!("Label {count} as none of the classes"),
            Some(answer) => {
                let names: Vec<&str> = answer.labels.iter().map(|label| classes.name(label)).collect();
                format!("Label {count} “{}”", names.join(", "))
            }
        }
    }
}

/// Answers under numbers, each once.
#[derive(Default)]
struct Table {
    answers: Vec<Answer>,
    ids: HashMap<Answer, u32>,
}

impl Table {
    fn id(&mut self, answer: Answer) -> u32 {
        let answer = sorted(answer);
        if let Some(id) = self.ids.get(&answer) {
            return *id;
        }
        let id = self.answers.len() as u32;
        self.answers.push(answer.clone());
        self.ids.insert(answer, id);
        id
    }
}

fn sorted(mut answer: Answer) -> Answer {
    answer.labels.sort_unstable();
    answer.labels.dedup();
    answer
}

fn push(runs: &mut Vec<Run>, sample: SampleId, from: Option<u32>, to: Option<u32>) {
    match runs.last_mut() {
        Some(run) if run.first + run.count == sample && (run.from, run.to) == (from, to) => run.count += 1,
        _ => runs.push(Run { first: sample, count: 1, from, to }),
    }
}
