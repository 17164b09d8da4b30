//! What the commands have in common that analyse a dataset and judge what was found: the samples as the
//! window has them once its analysis has ended.

use super::Usage;
use super::args::{AlikeOptions, AnalysisOptions};
use super::look::IssueRow;
use super::source::{Source, measured, open};
use crate::dataset::query::Snapshot;
use crate::dataset::{Decision, Flag, Issue, SampleId};
use crate::import::{Reader, dataset_reader};
use crate::jobs::Control;
use crate::pipeline::analyse::{Ended, Options, analyse};
use crate::pipeline::{Keeper, cores};
use crate::review::judge::threshold_of;
use crate::review::{Analysed, Judged, ReviewSettings, Rules, judge};

/// A dataset that was opened, measured, analysed and judged.
pub struct Reviewed {
    pub snapshot: Snapshot,
    pub analysed: Analysed,
    pub judged: Judged,
    pub settings: ReviewSettings,
    pub reader: Reader,
    pub issues: Vec<Issue>,
}

/// The word `default`, which stands for no file of rules.
pub const DEFAULT_RULES: &str = "default";

/// Opens a dataset, measures and analyses it, and judges what was found.
pub fn review(
    options: &AnalysisOptions,
    alike: &AlikeOptions,
    control: &Control,
) -> anyhow::Result<Reviewed> {
    let threads = options.threads.map_or_else(cores, usize::from);
    let wanted = wanted(alike)?;
    let opened = open(&options.path, options.project.as_deref(), control)?;
    let Source { snapshot, issues, project, review } = opened;
    let settings: ReviewSettings =
        review.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
    let settings = if alike.is_given() {
        // What is written on the command line comes before what was set in the window.
        ReviewSettings {
            method: wanted.method,
            symmetries: wanted.symmetries,
            threshold: alike.threshold,
            ..settings
        }
    } else {
        settings
    };
    let reader = dataset_reader(&snapshot.dataset);
    let project = project.as_deref();
    let keeper = project.map(|project| Keeper { project, cache: None });
    let (snapshot, issues) = measured(snapshot, issues, &reader, keeper, threads, control)?;
    let looking = Options { method: settings.method, symmetries: settings.symmetries };
    let ended = analyse(&snapshot, &reader, project, None, looking, threads, control)?;
    let Ended { analysed, issues: found, problem } = ended;
    if let Some(problem) = problem {
        // The answer is whole; the next one takes as long.
        tracing::warn!("what was analysed could not be kept: {problem}");
    }
    let issues = issues.into_iter().chain(found).collect();
    control.begin("Judging", 0);
    let judged = judge(&snapshot, &analysed, &settings);
    let snapshot = snapshot.finding(judged.findings.clone());
    Ok(Reviewed { snapshot, analysed, judged, settings, reader, issues })
}

impl Reviewed {
    pub fn path(&self, sample: SampleId) -> &str {
        self.snapshot.dataset.path(sample)
    }

    /// The names of a sample's classes.
    pub fn labels(&self, sample: SampleId) -> Vec<String> {
        self.snapshot.dataset.labels.names(sample).map(str::to_owned).collect()
    }

    /// Samples that are there.
    pub fn samples(&self) -> u64 {
        self.snapshot.derived().present().count() as u64
    }

    pub fn issue_rows(&self) -> Vec<IssueRow> {
        IssueRow::list(self.issues.clone())
    }

    /// Decides by these rules, and works out what follows.
    pub fn decide(&mut self, rules: Rules) -> anyhow::Result<()> {
        let decided = rules.decide(&self.snapshot, self.judged.groups.iter());
        let decided = decided.map_err(|(query, error)| {
            Usage(format!("the rule that protects “{query}” cannot be read: {}", error.message))
        })?;
        let mut decisions: Vec<Decision> = self.snapshot.decisions.to_vec();
        decisions.resize(self.snapshot.len(), Decision::UNDECIDED);
        for (sample, decision) in decided {
            decisions[sample as usize] = decision;
        }
        self.settings.rules = Some(rules);
        self.snapshot = self.snapshot.deciding(decisions.into());
        self.judged = judge(&self.snapshot, &self.analysed, &self.settings);
        Ok(())
    }
}

/// The rules in a file, or `default`: those of the project or of the dataset.
pub fn read_rules(named: &str) -> Result<Option<Rules>, Usage> {
    if named == DEFAULT_RULES {
        return Ok(None);
    }
    let text = std::fs::read_to_string(named)
        .map_err(|error| Usage(format!("the rules could not be read ({error}): {named}")))?;
    let rules = serde_json::from_str(&text)
        .map_err(|error| Usage(format!("these are no rules, {error}; --help has an example: {named}")))?;
    Ok(Some(rules))
}

/// How to look for near-duplicates, if the words go together.
fn wanted(alike: &AlikeOptions) -> Result<Options, Usage> {
    let method = alike.method.unwrap_or_default();
    if method.is_exact() && (alike.symmetries || alike.threshold.is_some()) {
        let text = "equal pixels and equal files have no threshold and no symmetries: leave them out";
        return Err(Usage(text.to_owned()));
    }
    if let Some(threshold) = alike.threshold.filter(|threshold| *threshold > method.largest()) {
        let (most, unit) = (method.largest(), method.unit());
        return Err(Usage(format!(
            "a threshold of {threshold} is too large: {} looks as far as {most} {unit}",
            method.name()
        )));
    }
    Ok(Options { method, symmetries: alike.symmetries })
}

/// Samples by a score, the lowest first.
pub struct Ranked {
    pub threshold: f32,
    pub flagged: u64,
    /// Sample, score, and whether it has the flag.
    pub rows: Vec<(SampleId, f32, bool)>,
}

impl Reviewed {
    /// Every sample that has the score that a flag follows from; with another threshold where one is
    /// given.
    pub fn ranked(&mut self, flag: Flag, threshold: Option<f32>) -> Ranked {
        if let Some(threshold) = threshold {
            self.settings.thresholds[flag as usize] = Some(threshold);
            self.judged = judge(&self.snapshot, &self.analysed, &self.settings);
            self.snapshot = self.snapshot.finding(self.judged.findings.clone());
        }
        let findings = &self.judged.findings;
        let row = |sample: SampleId| {
            let score = flag.score().map_or(f32::NAN, |score| findings.score(score, sample));
            (sample, score, findings.flags(sample) & flag.bit() != 0)
        };
        let present = self.snapshot.derived().present();
        let mut rows: Vec<_> = present.iter().map(row).filter(|(_, score, _)| !score.is_nan()).collect();
        let natural = &self.snapshot.derived().natural().ranks;
        rows.sort_by(|one, two| {
            let place = |sample: SampleId| natural[sample as usize];
            one.1.total_cmp(&two.1).then(place(one.0).cmp(&place(two.0)))
        });
        let flagged = rows.iter().filter(|(_, _, flagged)| *flagged).count() as u64;
        Ranked { threshold: threshold_of(flag, &self.analysed, &self.settings), flagged, rows }
    }
}
