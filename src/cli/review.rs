//! What the commands have in common that analyse a dataset and judge what was found: the samples as the
//! window has them once its analysis has ended.

use std::collections::HashSet;

use super::Usage;
use super::args::{AlikeOptions, AnalysisOptions};
use super::look::IssueRow;
use super::source::{Source, open};
use crate::analysis::encoder::Encoder;
use crate::dataset::query::Snapshot;
use crate::dataset::{Decision, Issue, SampleId, Signals};
use crate::import::{Reader, dataset_reader};
use crate::jobs::Control;
use crate::pipeline::analyse::{Ended, Options, Subject, analyse, analyse_by};
use crate::pipeline::cores;
use crate::review::{Analysed, Judged, Method, ReviewSettings, Rules, judge};

/// A dataset that was opened, measured, analysed and judged.
pub struct Reviewed {
    pub snapshot: Snapshot,
    pub analysed: Analysed,
    pub judged: Judged,
    pub settings: ReviewSettings,
    pub reader: Reader,
    pub issues: Vec<Issue>,
    /// What was computed of each sample; `None` where all was known from the project.
    pub signals: Option<Signals>,
}

/// The word `default`, which stands for no file of rules.
pub const DEFAULT_RULES: &str = "default";

/// Opens a dataset, measures and analyses it, and judges what was found.
pub fn review(
    options: &AnalysisOptions,
    alike: &AlikeOptions,
    control: &Control,
) -> anyhow::Result<Reviewed> {
    review_by(None, options, alike, control)
}

/// [`review`] with the neighbours of a trained encoder, if there is one.
pub fn review_by(
    encoder: Option<&dyn Encoder>,
    options: &AnalysisOptions,
    alike: &AlikeOptions,
    control: &Control,
) -> anyhow::Result<Reviewed> {
    let threads = options.threads.map_or_else(cores, usize::from);
    // What is wrong with the words is said before anything is opened.
    wanted(alike)?;
    let opened = open(&options.path, options.project.as_deref(), control)?;
    review_opened(encoder, opened, threads, alike, control)
}

/// The same of a dataset that is open.
pub fn review_opened(
    encoder: Option<&dyn Encoder>,
    mut opened: Source,
    threads: usize,
    alike: &AlikeOptions,
    control: &Control,
) -> anyhow::Result<Reviewed> {
    let wanted = wanted(alike)?;
    let settings: ReviewSettings =
        opened.review.take().and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
    let settings = if alike.is_given() {
        // What is written on the command line comes before what was set in the window.
        ReviewSettings {
            method: wanted.method,
            symmetries: wanted.symmetries,
            threshold: alike.threshold,
            encoder: None,
            ..settings
        }
    } else {
        settings
    };
    let reader = dataset_reader(&opened.snapshot.dataset);
    opened.measure(&reader, None, threads, control)?;
    let Source { snapshot, issues, project, .. } = opened;
    let project = project.as_deref();
    let looking = Options::of(settings.method, settings.symmetries);
    let subject = Subject { snapshot: &snapshot, issues: &issues, reader: &reader, project, before: None };
    let trained = settings.encoder.as_deref().filter(|_| encoder.is_none());
    let trained = trained.map(super::trained::encoder).transpose()?;
    let ended = match encoder {
        // What the hand-made descriptor is weighed by says nothing of another: near-copies go by a hash.
        Some(encoder) => analyse_by(encoder, subject, Options::of(Method::Phash, false), threads, control),
        None => match &trained {
            // As it was set in the window.
            Some(trained) => analyse_by(trained, subject, looking, threads, control),
            None => analyse(subject, looking, threads, control),
        },
    };
    let Ended { analysed, facts, issues: found, notes, signals } = ended?;
    for note in notes {
        tracing::warn!("{note}");
    }
    let mut known = snapshot.facts.clone();
    known.learn(&facts);
    let told: HashSet<SampleId> = facts.iter().map(|(sample, _)| *sample).collect();
    let issues = Issue::renewed(&issues, &told, &found).unwrap_or(issues);
    let snapshot = snapshot.with(known, snapshot.marks.clone());
    control.begin("Judging", 0);
    let judged = judge(&snapshot, &analysed, &settings);
    let snapshot = snapshot.finding(judged.findings.clone());
    Ok(Reviewed { snapshot, analysed, judged, settings, reader, issues, signals })
}

impl Reviewed {
    pub fn path(&self, sample: SampleId) -> &str {
        self.snapshot.dataset.path(sample)
    }

    /// The names of a sample's classes.
    pub fn labels(&self, sample: SampleId) -> Vec<String> {
        self.snapshot.labels().names(sample).map(str::to_owned).collect()
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
pub fn wanted(alike: &AlikeOptions) -> Result<Options, Usage> {
    let method = alike.method.unwrap_or_default();
    if alike.symmetries && method == Method::Descriptor {
        let text = "the descriptor alone does not see mirrored and turned copies: leave --symmetries or \
                    --method out";
        return Err(Usage(text.to_owned()));
    }
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
