//! What a plan comes to, as text and as JSON.

use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::{NO_SPLIT_NAME, Subject};
use crate::balance::{ClassPlan, Fate, Fill, Means, Target, Total, Weighting};
use crate::cli::args::{BalanceOptions, TargetName};
use crate::cli::look::IssueRow;
use crate::cli::prune::{PlanRow, print_export, print_plan};
use crate::dataset::query::Snapshot;
use crate::dataset::{SampleId, SplitId};
use crate::export::dataset::Report;
use crate::pipeline::balancing::{Balanced, Cost, Request};
use crate::text::{bytes_text, counted, grouped, significant};

/// A plan and what was written of it, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct BalanceReport {
    pub source: String,
    pub target: String,
    pub total: Total,
    pub means: Vec<&'static str>,
    pub weighting: Option<Weighting>,
    pub seed: u64,
    /// The splits that are balanced.
    pub splits: Vec<SplitRow>,
    /// Of the whole dataset, without what was pruned in the project.
    pub before: Cost,
    pub after: Cost,
    /// How often the sample is there that is there most often.
    pub most_copies: u32,
    pub coverage: Option<CoverageRow>,
    /// Samples that go.
    pub removed: Vec<RemovedRow>,
    pub notes: Vec<String>,
    pub plan: Option<PlanRow>,
    /// What was written to the folder; `null` for a dry run, and where nothing could be.
    pub export: Option<Report>,
    pub manifest: Option<PathBuf>,
    pub weights: Option<PathBuf>,
    pub sampler: Option<PathBuf>,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

/// A split that is balanced.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitRow {
    pub split: String,
    pub classes: Vec<ClassRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassRow {
    pub class: String,
    #[serde(flatten)]
    pub plan: ClassPlan,
}

/// How far samples that go are from those that stay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CoverageRow {
    pub samples: u32,
    pub mean: f32,
    pub max: f32,
    pub lost: u32,
    pub usual: f32,
    pub at_least: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RemovedRow {
    pub path: String,
    /// "prune" or "undersample".
    pub by: &'static str,
    /// The near-copy that stays in its place.
    pub kept: Option<String>,
    pub distance: Option<u16>,
}

/// A report of a plan of which nothing is written yet.
pub fn rows_of(
    options: &BalanceOptions,
    subject: &Subject,
    balanced: &Balanced,
    means: Means,
) -> BalanceReport {
    let dataset = &*subject.snapshot.dataset;
    BalanceReport {
        source: dataset.source.clone(),
        target: target_text(&options.target),
        total: balanced.total,
        means: means_text(means),
        weighting: means.weights,
        seed: options.seed,
        splits: (0..balanced.splits.len()).map(|part| split_row(&subject.snapshot, balanced, part)).collect(),
        before: balanced.before,
        after: balanced.after,
        most_copies: balanced.most_copies,
        coverage: balanced.coverage.map(|coverage| CoverageRow {
            samples: coverage.samples,
            mean: coverage.mean,
            max: coverage.max,
            lost: coverage.lost,
            usual: coverage.usual,
            at_least: coverage.at_least,
        }),
        removed: removed(&subject.snapshot, balanced),
        notes: Vec::new(),
        plan: None,
        export: None,
        manifest: None,
        weights: None,
        sampler: None,
        issues: subject.issues.clone(),
        seconds: 0.0,
    }
}

fn target_text(target: &TargetName) -> String {
    match target {
        TargetName::Uniform => "uniform".to_owned(),
        TargetName::Sqrt => "sqrt".to_owned(),
        TargetName::Cap(most) => format!("cap:{most}"),
        TargetName::Floor(least) => format!("floor:{least}"),
        TargetName::Match(path) => format!("match:{path}"),
        TargetName::MatchSplit(split) => format!("match-split:{split}"),
        TargetName::File(path) => path.display().to_string(),
    }
}

/// The means in the order in which they are done.
fn means_text(means: Means) -> Vec<&'static str> {
    let words = [
        means.prune.then_some("prune"),
        means.undersample.then_some("undersample"),
        means.fill.map(|fill| if fill == Fill::Repeats { "oversample" } else { "augment" }),
        means.weights.map(|_| "weights"),
    ];
    words.into_iter().flatten().collect()
}

fn split_name(snapshot: &Snapshot, split: SplitId) -> &str {
    snapshot.dataset.split_names.get(split as usize).map_or(NO_SPLIT_NAME, String::as_str)
}

fn split_row(snapshot: &Snapshot, balanced: &Balanced, part: usize) -> SplitRow {
    let classes = snapshot.labels().classes.iter().zip(balanced.classes(part));
    let row = |(class, plan): (&String, &ClassPlan)| ClassRow { class: class.clone(), plan: *plan };
    let split = split_name(snapshot, balanced.splits[part]).to_owned();
    SplitRow { split, classes: classes.map(row).collect() }
}

fn removed(snapshot: &Snapshot, balanced: &Balanced) -> Vec<RemovedRow> {
    let path = |sample: SampleId| snapshot.dataset.path(sample).to_owned();
    let row = |(sample, fate): (usize, &Fate)| {
        let (by, kept, distance) = match fate {
            Fate::Pruned { kept, distance } => ("prune", kept.map(path), Some(*distance)),
            Fate::Undersampled => ("undersample", None, None),
            Fate::Absent | Fate::Stays => return None,
        };
        Some(RemovedRow { path: path(sample as SampleId), by, kept, distance })
    };
    balanced.plan.fates.iter().enumerate().filter_map(row).collect()
}

/// What is to be said of a plan.
pub fn told_of(snapshot: &Snapshot, balanced: &Balanced, request: &Request) -> Vec<String> {
    let (means, target) = (request.means, &request.target);
    let mut notes = Vec::new();
    let of_each = match target {
        Target::Cap(_) | Target::Floor(_) | Target::ByHand(_) => Some("The counts that are wanted are"),
        _ => matches!(balanced.total, Total::Of(_)).then_some("The total is"),
    };
    if let Some(of_each) = of_each.filter(|_| balanced.splits.len() > 1) {
        notes.push(format!("{of_each} of each of the {} splits that are balanced.", balanced.splits.len()));
    }
    for part in 0..balanced.splits.len() {
        let before: Vec<u64> = balanced.classes(part).iter().map(|class| class.before).collect();
        let classes = target.asked_in_vain(&before);
        if !classes.is_empty() {
            let names = classes.iter().map(|class| snapshot.labels().classes[*class].as_str());
            let split = split_name(snapshot, balanced.splits[part]);
            notes.push(format!("{split} has no sample of {}, of which some are wanted.", few(names)));
        }
    }
    let missed = balanced.plan.classes.iter().filter(|class| class.is_missed()).count() as u64;
    let several = snapshot.labels().sets.iter().any(|set| set.len() > 1);
    if missed > 0 && (means.removes() || means.fill.is_some()) {
        let classes =
            if missed == 1 { "1 class does".to_owned() } else { format!("{} classes do", grouped(missed)) };
        let why = match several {
            true => "samples have several labels, or the means do not reach that far",
            false => "the means do not reach that far",
        };
        notes.push(format!("{classes} not come to what is wanted: {why}."));
    }
    if balanced.plan.classes.is_empty() {
        notes.push("The dataset has no labels, so that there is nothing to balance.".to_owned());
    }
    notes
}

/// The first of some names, and how many more there are.
fn few<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.take(SHOWN).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// The report for a person.
pub fn print(report: &BalanceReport, out: &mut impl Write) -> std::io::Result<()> {
    let words = report.means.join(", ");
    writeln!(out, "{}", report.source)?;
    writeln!(out, "target {} · {words} · seed {}", report.target, report.seed)?;
    for split in &report.splits {
        print_split(split, report.weighting.is_some(), out)?;
    }
    let cost = |cost: &Cost| format!("{} ({})", counted(cost.copies, "sample"), bytes_text(cost.bytes));
    writeln!(out, "\nin all {} → {}", cost(&report.before), cost(&report.after))?;
    writeln!(
        out,
        "  {}; one is there {} at most",
        counted(report.after.samples, "different sample"),
        times(report.most_copies)
    )?;
    if let Some(coverage) = &report.coverage {
        print_coverage(coverage, out)?;
    }
    for note in &report.notes {
        writeln!(out, "  {note}")?;
    }
    if let Some(plan) = &report.plan {
        print_plan(plan, out)?;
    }
    if let Some(export) = &report.export {
        print_export(export, out)?;
    }
    for file in [&report.manifest, &report.weights, &report.sampler].into_iter().flatten() {
        writeln!(out, "written: {}", file.display())?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", grouped(count.into())) }
}

fn print_split(split: &SplitRow, has_weights: bool, out: &mut impl Write) -> std::io::Result<()> {
    let wide = split.classes.iter().map(|row| row.class.chars().count()).max().unwrap_or(0).clamp(5, 40);
    writeln!(out, "\n{}", split.split)?;
    writeln!(out, "  {:wide$} {:>10}   {:>10} {:>10}", "class", "before", "after", "wanted")?;
    for ClassRow { class, plan } in &split.classes {
        let [before, after, wanted] = [plan.before, plan.after, plan.wanted].map(grouped);
        let mut words = Vec::new();
        for (count, word) in [(plan.pruned, "pruned"), (plan.undersampled, "undersampled")] {
            if count > 0 {
                words.push(format!("{} {word}", grouped(count)));
            }
        }
        if plan.after > plan.kept {
            words.push(format!("{} more", grouped(plan.after - plan.kept)));
        }
        if has_weights {
            words.push(format!("weight {}, drawn {}", significant(plan.weight), significant(plan.drawn)));
        }
        let words = words.join(", ");
        let line = format!("  {class:wide$} {before:>10} → {after:>10} {wanted:>10}  {words}");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn print_coverage(coverage: &CoverageRow, out: &mut impl Write) -> std::io::Result<()> {
    let [mean, max, usual] = [coverage.mean, coverage.max, coverage.usual].map(|far| significant(far.into()));
    writeln!(
        out,
        "  samples that go are {mean} from the nearest that stays in the mean and {max} at most; {} farther than \
         neighbours usually are, {usual}",
        grouped(coverage.lost.into())
    )
}
