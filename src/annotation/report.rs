//! What a merge and an agreement come to, for people and as JSON: the same rows in the window and on the command line.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Annotations;
use super::merge::{Matched, MergePlan, Outcome, class_counts};
use super::panel::Panel;
use crate::analysis::agreement::{Alpha, Cohen, Fleiss};
use crate::jobs::{Cancelled, Control};

/// How two sets of annotations go together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MergeReport {
    /// Samples of theirs.
    pub theirs: u64,
    /// Those that are one of ours: by their path, by its end, by content.
    pub by_path: u64,
    pub by_path_end: u64,
    pub by_content: u64,
    pub same: u64,
    pub new: u64,
    pub conflicts: u64,
    /// Matched samples of which they say nothing.
    pub silent: u64,
    pub unmatched: Vec<String>,
    pub ambiguous: Vec<AmbiguousRow>,
    /// Samples that they speak of again and otherwise.
    pub repeated: Vec<String>,
    pub classes: Vec<ClassCount>,
    pub conflict_rows: Vec<ConflictRow>,
}

/// A sample of theirs that may be several of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AmbiguousRow {
    pub theirs: String,
    pub ours: Vec<String>,
}

/// Labels of a class among matched samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    pub class: String,
    pub ours: u64,
    pub theirs: u64,
    /// Samples that have it from both.
    pub both: u64,
    /// Theirs of samples that have no label of ours.
    pub new: u64,
}

/// A sample on which both say something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConflictRow {
    pub path: String,
    pub ours: Vec<String>,
    pub theirs: Vec<String>,
    /// Whether it is their boxes that differ.
    pub boxes: bool,
}

impl MergeReport {
    pub fn of(plan: &MergePlan, ours: &Annotations, theirs: &Annotations) -> Self {
        let by = |matched: Matched| plan.samples.iter().filter(|one| one.matched == matched).count() as u64;
        let path = |at: &usize| theirs.samples[*at].path.clone();
        let ambiguous = plan.ambiguous.iter().map(|one| AmbiguousRow {
            theirs: path(&one.theirs),
            ours: one.ours.iter().map(|at| ours.samples[*at].path.clone()).collect(),
        });
        let conflicts = plan.samples.iter().filter(|one| one.outcome == Outcome::Conflict);
        let conflict = conflicts.map(|one| ConflictRow {
            path: ours.samples[one.ours].path.clone(),
            ours: ours.samples[one.ours].labels.clone(),
            theirs: theirs.samples[one.theirs].labels.clone(),
            boxes: one.boxes == Outcome::Conflict,
        });
        Self {
            theirs: theirs.samples.len() as u64,
            by_path: by(Matched::Path),
            by_path_end: by(Matched::PathEnd),
            by_content: by(Matched::Content),
            same: plan.count(Outcome::Same),
            new: plan.count(Outcome::New),
            conflicts: plan.count(Outcome::Conflict),
            silent: plan.count(Outcome::Silent),
            unmatched: plan.unmatched.iter().map(path).collect(),
            ambiguous: ambiguous.collect(),
            repeated: plan.repeated.iter().map(path).collect(),
            classes: class_counts(plan, ours, theirs),
            conflict_rows: conflict.collect(),
        }
    }
}

/// How far people agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgreementReport {
    pub people: Vec<PersonRow>,
    /// Samples that anybody answered, and that two or more did.
    pub samples: u64,
    pub shared: u64,
    pub pairs: Vec<PairRow>,
    pub fleiss: Option<FleissRow>,
    pub alpha: Option<AlphaRow>,
    pub classes: Vec<ClassRow>,
    /// Those on which people differ most first.
    pub disputes: Vec<DisputeRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonRow {
    pub name: String,
    /// Samples that this person answered.
    pub answered: u64,
}

/// Two people. Answers are lists of labels, written with ` + ` between them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairRow {
    pub first: String,
    pub second: String,
    /// Samples that both answered.
    pub samples: u64,
    /// The share of them with the same answer, and that by chance; 0 to 1.
    pub observed: f64,
    pub expected: f64,
    pub kappa: Option<f64>,
    /// Its standard error.
    pub error: Option<f64>,
    pub confusion: Vec<ConfusionCell>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfusionCell {
    pub first: String,
    pub second: String,
    pub samples: u64,
}

/// Fleiss' kappa of all people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FleissRow {
    /// Samples that all answered.
    pub samples: u64,
    /// Samples that only some did.
    pub incomplete: u64,
    pub observed: f64,
    pub expected: f64,
    pub kappa: Option<f64>,
    pub error: Option<f64>,
    /// Of each answer against all others.
    pub answers: BTreeMap<String, Option<f64>>,
}

/// Krippendorff's alpha.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlphaRow {
    /// Samples with two answers or more.
    pub samples: u64,
    pub answers: u64,
    pub alpha: Option<f64>,
}

/// How far people agree that samples show a class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassRow {
    pub class: String,
    /// Answers that name it, of samples with two answers or more.
    pub named: u64,
    /// The share of other people's answers to the same sample that name it, too, where one does: 0 to 1.
    pub agreement: Option<f64>,
    /// Krippendorff's alpha of naming it or not.
    pub alpha: Option<f64>,
}

/// A sample on which people differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DisputeRow {
    pub path: String,
    /// The share of pairs of answers that differ, above 0 to 1.
    pub differing: f64,
    /// Each person's answer.
    pub answers: Vec<AnswerRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerRow {
    pub by: String,
    pub labels: Vec<String>,
}

impl AgreementReport {
    pub fn of(panel: &Panel, control: &Control) -> Result<Self, Cancelled> {
        let name = |answer: u32| panel.answer_text(answer);
        let people = panel.people.iter().zip(panel.answered());
        let pairs = panel.pairs(control)?.into_iter().filter_map(|(first, second, confusion)| {
            let Cohen { samples, observed, expected, kappa, error } = confusion.cohen()?;
            let cell = |((one, two), samples): (&(u32, u32), &u64)| ConfusionCell {
                first: name(*one),
                second: name(*two),
                samples: *samples,
            };
            Some(PairRow {
                first: panel.people[first].clone(),
                second: panel.people[second].clone(),
                samples,
                observed,
                expected,
                kappa,
                error,
                confusion: confusion.cells.iter().map(cell).collect(),
            })
        });
        let fleiss = panel.fleiss().map(|found| {
            let Fleiss { samples, incomplete, observed, expected, kappa, error, categories, .. } = found;
            let answers = categories.into_iter().map(|(answer, kappa)| (name(answer), kappa)).collect();
            FleissRow { samples, incomplete, observed, expected, kappa, error, answers }
        });
        let alpha =
            panel.alpha().map(|Alpha { samples, answers, alpha, .. }| AlphaRow { samples, answers, alpha });
        let disputes = panel.disputes().into_iter().map(|dispute| DisputeRow {
            path: panel.paths[dispute.sample].clone(),
            differing: dispute.differing,
            answers: panel
                .answers_to(dispute.sample)
                .map(|(person, labels)| AnswerRow {
                    by: panel.people[person].clone(),
                    labels: labels.to_vec(),
                })
                .collect(),
        });
        Ok(Self {
            people: people.map(|(name, answered)| PersonRow { name: name.clone(), answered }).collect(),
            samples: panel.paths.len() as u64,
            shared: panel.shared(),
            pairs: pairs.collect(),
            fleiss,
            alpha,
            classes: panel.class_rows(),
            disputes: disputes.collect(),
        })
    }
}
