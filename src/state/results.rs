//! What came back from work on the open dataset.

use std::sync::Arc;

use super::gestures::Answer;
use super::session::{Session, Then};
use super::{Action, Effect, Extent, Level, Rescanned};
use crate::dataset::edit::SampleSet;
use crate::dataset::labelling::{followed, not_followed};
use crate::dataset::{Fact, Issue, ModelColumns, SampleId};
use crate::store::{ARRIVED, JournalOp};

impl Session {
    /// Takes a result in. One that answers an older question is dropped.
    pub(super) fn result(&mut self, action: Action) -> Answer {
        match action {
            Action::Rescanned(rescanned) => return self.rescanned(*rescanned),
            Action::Measured { facts, issues } => self.measured(&facts, issues),
            Action::RowsReady { generation, found } if self.takes_rows(generation) => {
                self.shown.found = found;
                self.shown.answered = generation;
                self.rows_came();
                let mut effects: Vec<Effect> = self.ask_map().into_iter().collect();
                effects.extend(self.augment_view_changed());
                return (effects, None);
            }
            Action::RowsFailed { generation, cause } if generation == self.shown.asked => {
                self.shown.answered = generation;
                return (
                    Vec::new(),
                    Some((Level::Error, format!("A bug in Lenslet stopped the filter: {cause}."))),
                );
            }
            Action::Refresh if self.shown.stale && self.shown.answered == self.shown.asked => {
                self.renew_issues();
                let effect = self.find_rows();
                self.shown.refreshed = Some(self.shown.asked);
                return (vec![effect], None);
            }
            Action::MeasuringEnded { analyse } => {
                let (mut effects, told) = self.follow_moved();
                effects.extend(match analyse {
                    true => Some(self.ask_analysis(Extent::Asked)),
                    false => self.wanted_analysis(),
                });
                return (effects, told);
            }
            Action::Analysed(_) | Action::Judged { .. } | Action::JudgingFailed { .. } => {
                return self.review_result(action);
            }
            Action::PipelineRead { .. }
            | Action::SamplesPicked { .. }
            | Action::VariantsDrawn { .. }
            | Action::RangeFound { .. }
            | Action::ChannelsMeasured { .. }
            | Action::VariantsFailed { .. } => return self.augment_result(action),
            Action::TrainingSuggested { .. }
            | Action::ModelsListed(_)
            | Action::TrainTold(_)
            | Action::TrainingEnded(_) => return self.training_result(action),
            Action::ModelOpened(_)
            | Action::ModelFailed { .. }
            | Action::SpaceFound { .. }
            | Action::Decoded { .. }
            | Action::Evaluated { .. }
            | Action::NearFound { .. }
            | Action::MapDrawn { .. } => return self.latent_result(action),
            Action::ChartsCounted { .. }
            | Action::CloudsDrawn { .. }
            | Action::CloudsFailed { .. }
            | Action::SlowChartsDrawn { .. }
            | Action::ChartsFailed { .. }
            | Action::SlowChartsFailed { .. }
            | Action::Studied { .. } => return self.charts_result(action),
            Action::BalancePlanned { .. } | Action::SplitsDealt { .. } | Action::OtherListed { .. } => {
                return self.balance_result(action);
            }
            Action::LabelsSpread { generation, found } => return self.take_spread(generation, found),
            Action::Learned { generation, found } => self.learned(generation, found),
            Action::Described { generation, found } => return self.described(generation, found),
            Action::QueueReady { generation, rows, ordered, by_chance } => {
                self.take_queue(generation, rows, ordered, &by_chance);
            }
            Action::ProposalsRanked { generation, ranked } => self.take_ranked(generation, ranked),
            Action::ChangesListed { generation, list } => self.changes.take(generation, list),
            Action::SplitFound { generation, found } => self.splitting.take(generation, found),
            Action::Saved { through, problem } => {
                self.project.saved = through;
                self.project.problem = problem;
            }
            Action::Submitted { through } => self.project.submitted = through,
            Action::Refused { op, why, is_final } => return self.refused(&op, why, is_final),
            // The others are the program's, or a person's.
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Whether rows are shown that answer this question: the last one, and while a brush is dragged each that is
    /// newer than those on screen, for the next is asked before one is answered.
    fn takes_rows(&self, generation: u64) -> bool {
        let shown = &self.shown;
        let is_newer = self.charts.held.is_some() && generation > shown.answered && generation < shown.asked;
        generation == shown.asked || is_newer
    }

    /// Asks for the rows of the view as things stand now.
    pub(super) fn find_rows(&mut self) -> Effect {
        let (facts, marks) = (self.snapshot.facts.clone(), self.overlay.marks.clone());
        self.snapshot = self.snapshot.with(facts, marks).deciding(self.overlay.decisions.clone());
        self.shown.stale = false;
        self.shown.asked += 1;
        Effect::FindRows { generation: self.shown.asked }
    }

    fn rows_came(&mut self) {
        let rows = self.shown.found.rows.clone();
        self.selection.rows_changed(&rows);
        match std::mem::take(&mut self.shown.then) {
            Then::Stay => {}
            Then::Reveal(sample) if rows.position_of(sample).is_some() => {
                self.reveal_position(rows.position_of(sample).unwrap_or(0));
            }
            Then::Reveal(_) | Then::Top => {
                self.grid.position = 0.0;
                self.grid.top_cell_pending = None;
                self.table.position = 0.0;
            }
        }
        if self.selection.cursor.is_none()
            && let Some(first) = rows.first()
        {
            // Something to inspect from the start, without a selection.
            self.selection.move_to(*first, 0);
        }
    }

    fn measured(&mut self, facts: &[(SampleId, Fact)], issues: Vec<Issue>) {
        let again = self.snapshot.facts.learn(facts);
        let is_again = |issue: &Issue| issue.sample.is_some_and(|id| again.contains(&id));
        let (renewed, new): (Vec<_>, Vec<_>) = issues.into_iter().partition(is_again);
        if again.iter().any(|sample| self.again.0.contains(sample)) {
            self.again.1.retain(|issue| !is_again(issue));
        }
        self.again.1.extend(renewed);
        self.again.0.extend(again);
        if !new.is_empty() {
            Arc::make_mut(&mut self.issues).extend(new);
        }
        self.shown.stale = true;
        self.review.is_stale = true;
        self.labeller.lesson.sight.samples_changed();
        self.charts.learn(facts.len());
    }

    /// Takes in what was found in samples that were measured again.
    fn renew_issues(&mut self) {
        let (again, mut found) = std::mem::take(&mut self.again);
        let present = self.snapshot.derived().present();
        found.retain(|issue| issue.sample.is_some_and(|sample| present.contains(sample as usize)));
        if !again.is_empty()
            && let Some(issues) = Issue::renewed(&self.issues, &again, &found)
        {
            self.issues = issues.into();
            self.issues_revision += 1;
        }
    }

    /// What was said of files that were moved goes with them, where it can be kept. Those that were not measured wait
    /// for the next time.
    fn follow_moved(&mut self) -> Answer {
        if self.arrived.is_empty() || !self.project.can_write() {
            return Answer::default();
        }
        let edit = followed(&self.snapshot, &self.overlay, &self.arrived);
        let (mut effects, told) = edit.map(|edit| self.edit(edit)).unwrap_or_default();
        let left = not_followed(&self.snapshot, &self.arrived);
        if left != self.arrived {
            self.arrived = left;
            effects.push(self.keep_arrived());
        }
        (effects, told)
    }

    fn keep_arrived(&self) -> Effect {
        Effect::Journal(JournalOp::SetValue(ARRIVED.to_owned(), serde_json::json!(self.arrived)))
    }

    fn rescanned(&mut self, rescanned: Rescanned) -> Answer {
        let Rescanned { snapshot, issues, changed, added, removed, is_asked } = rescanned;
        let arrived = self.dataset().arriving(&changed);
        let mut effects = Vec::new();
        if !arrived.is_empty() {
            self.arrived = SampleSet::from_rows(self.arrived.iter().chain(arrived));
            // The rescan kept them, but what was followed while it went on may have come later.
            effects.extend(self.project.can_write().then(|| self.keep_arrived()));
        }
        self.overlay.grow(snapshot.len());
        let facts = snapshot.facts.clone();
        // Flags stay with their samples until it is known what follows from the new list.
        let findings = self.snapshot.findings.clone();
        // What a model said while the list was made holds but for what changed.
        let forget = |model: &Arc<ModelColumns>| Arc::new(model.forgetting(&changed));
        let model = self.snapshot.model.as_ref().map(forget);
        self.latent.changed.extend_from_slice(&changed);
        // What was counted names classes and splits by their numbers in the list of before.
        self.charts.forget_figures();
        let before = self.snapshot.in_force.identities.clone();
        let snapshot = snapshot.labelled(&self.overlay.labelling);
        self.review.rename_classes(&before, &snapshot.in_force.identities);
        self.snapshot = snapshot.with(facts, self.overlay.marks.clone()).finding(findings).modelled(model);
        self.issues = issues;
        self.issues_revision += 1;
        self.selection.keep_to(self.snapshot.derived().present());
        // What the query means can be another with other names in the dataset.
        let text = self.search.text.clone();
        self.search.set(&text, self.snapshot.vocabulary());
        if (added, removed, changed.len()) != (0, 0, 0) {
            self.review.is_stale = true;
            self.labeller.lesson.sight.samples_changed();
        }
        let text = match (added, removed, changed.len()) {
            (0, 0, 0) if !is_asked => {
                effects.extend(self.found_anew());
                return (effects, None);
            }
            (0, 0, 0) => "Nothing changed since the last scan.".to_owned(),
            (added, removed, changed) => {
                let changed = changed.saturating_sub(added);
                format!("Since the last scan: {added} new, {removed} gone, {changed} changed.")
            }
        };
        effects.extend(self.found_anew());
        (effects, Some((Level::Info, text)))
    }

    /// Asks for all that follows from the samples that there are.
    fn found_anew(&mut self) -> Vec<Effect> {
        let mut effects = vec![self.find_rows()];
        effects.extend(self.judge());
        effects
    }
}
