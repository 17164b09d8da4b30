//! `lenslet balance`: a plan from the classes that there are to those that are wanted, and the dataset, table or
//! weights that it comes to.

mod report;
mod writing;

use std::path::Path;
use std::time::Instant;

use self::report::{BalanceReport, print, rows_of, told_of};
use self::writing::Writing;
use super::Usage;
use super::args::{AlikeOptions, AnalysisOptions, BalanceOptions, MeansName, TargetName};
use super::look::{IssueRow, tell};
use super::outs::{Named, check_apart, check_grounds};
use super::pipeline::read_pipeline;
use super::progress::Meter;
use super::prune::{target_of, what_came};
use super::review::{Reviewed, review_opened, wanted as alike_wanted};
use super::source::{Source, open};
use super::trained::{check_ending, check_out};
use crate::augment::pipeline::Pipeline;
use crate::balance::{Fill, Means, Target};
use crate::dataset::columns::{Column, column};
use crate::dataset::query::Snapshot;
use crate::dataset::{NO_SPLIT, SplitId};
use crate::export::dataset::Table;
use crate::export::weights::check_weights_name;
use crate::export::{ExportError, check_target};
use crate::import::{Reader, dataset_reader};
use crate::jobs::Control;
use crate::pipeline::balancing::{
    Found, Request, balance, by_class, class_counts, counts_of, missing_here, refusal, usual_splits,
};
use crate::pipeline::cores;
use crate::review::{Analysed, Judged};

/// The word for samples that are in no split.
pub const NO_SPLIT_NAME: &str = "none";

/// A dataset, with what an analysis found where one was asked for.
pub struct Subject {
    pub snapshot: Snapshot,
    pub reader: Reader,
    pub found: Option<(Analysed, Judged)>,
    pub issues: Vec<IssueRow>,
}

/// A dataset that is open, with the decisions in the project.
pub fn listed(source: Source) -> Subject {
    let reader = dataset_reader(&source.snapshot.dataset);
    Subject { snapshot: source.snapshot, reader, found: None, issues: IssueRow::list(source.issues) }
}

/// The same, analysed or as the project knows it.
pub fn analysed(
    source: Source,
    options: &AnalysisOptions,
    alike: &AlikeOptions,
    control: &Control,
) -> anyhow::Result<Subject> {
    let threads = options.threads.map_or_else(cores, usize::from);
    let reviewed = review_opened(None, source, threads, alike, control)?;
    let issues = reviewed.issue_rows();
    let Reviewed { snapshot, analysed, judged, reader, .. } = reviewed;
    Ok(Subject { snapshot, reader, found: Some((analysed, judged)), issues })
}

pub fn run(options: &BalanceOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let (report, ended) = balanced(options, &control)?;
    drop(meter);
    // What was planned is told whatever became of the files.
    tell(&report, options.json, |out| print(&report, out))?;
    ended?;
    what_came(report.export.as_ref(), report.plan.as_ref())
}

/// The plan, and whether what was asked for could be written.
fn balanced(
    options: &BalanceOptions,
    control: &Control,
) -> anyhow::Result<(BalanceReport, Result<(), ExportError>)> {
    let started = Instant::now();
    // What is wrong with the words is said before the long part of the work.
    let means = means(options)?;
    let pipeline = pipeline(options, means)?;
    let target = target_of(options.export.as_ref(), options.linking, options.layout, options.overwrite)?;
    check_files(options)?;
    alike_wanted(&options.alike)?;
    let given = given(&options.target, control)?;
    let source = open(&options.analysis.path, options.analysis.project.as_deref(), control)?;
    let reader = dataset_reader(&source.snapshot.dataset);
    let files = files(options);
    check_grounds(files.iter().map(|(_, file)| *file), &source.snapshot, &reader, control)?;
    let (counts, mut notes) = wanted(&options.target, given, &source.snapshot)?;
    let request = Request {
        target: counts,
        total: options.total,
        means,
        splits: splits(options.splits.as_deref(), &source.snapshot)?,
        seed: options.seed,
    };
    if let Some(why) = refusal(&source.snapshot, &request) {
        return Err(Usage(why).into());
    }
    // What goes by chance needs no analysis, which takes long where no project keeps it.
    let measures_coverage = options.coverage || options.analysis.project.is_some();
    let subject = if means.prune || means.removes() && measures_coverage {
        analysed(source, &options.analysis, &options.alike, control)?
    } else {
        listed(source)
    };
    let found = subject.found.as_ref().map(|(analysed, judged)| Found { analysed, judged });
    let balanced = balance(&subject.snapshot, found, &request, control)?;
    notes.extend(told_of(&subject.snapshot, &balanced, &request));
    let (written, ended) =
        Writing { options, subject: &subject, balanced: &balanced, means, control }.write(target, pipeline);
    notes.extend(written.notes);
    let report = BalanceReport {
        seconds: started.elapsed().as_secs_f64(),
        plan: written.plan,
        export: written.export,
        manifest: written.manifest,
        weights: written.weights,
        sampler: written.sampler,
        notes,
        ..rows_of(options, &subject, &balanced, means)
    };
    Ok((report, ended))
}

/// What the words for means come to, if they go together.
fn means(options: &BalanceOptions) -> Result<Means, Usage> {
    let has = |name: MeansName| options.means.contains(&name);
    let fill = match (has(MeansName::Oversample), has(MeansName::Augment)) {
        (true, true) => {
            let text =
                "oversample and augment both fill the classes that are too small: leave one of them out";
            return Err(Usage(text.to_owned()));
        }
        (true, false) => Some(Fill::Repeats),
        (false, true) => Some(Fill::Variants),
        (false, false) => None,
    };
    if options.weights.is_some() && !has(MeansName::Weights) {
        let text = "--weights writes what samples weigh: add weights to --means";
        return Err(Usage(text.to_owned()));
    }
    Ok(Means {
        prune: has(MeansName::Prune),
        undersample: has(MeansName::Undersample),
        fill,
        weights: has(MeansName::Weights).then_some(options.weighting),
    })
}

/// The pipeline that makes variants, where the export asks for them.
fn pipeline(options: &BalanceOptions, means: Means) -> anyhow::Result<Option<Pipeline>> {
    match (&options.pipeline, means.fill == Some(Fill::Variants)) {
        (None, true) if options.export.is_some() => {
            Err(Usage("augment needs a --pipeline to make variants by".to_owned()).into())
        }
        (Some(_), false) => {
            Err(Usage("--pipeline is for the means augment: add it to --means".to_owned()).into())
        }
        (Some(name), true) => Ok(Some(read_pipeline(name)?.0)),
        (None, _) => Ok(None),
    }
}

/// The files that are written, beside the folder.
fn files(options: &BalanceOptions) -> Vec<Named<'_>> {
    let files = [
        ("--manifest", options.manifest.as_deref()),
        ("--weights", options.weights.as_deref()),
        ("--sampler", options.sampler.as_deref()),
    ];
    files.into_iter().filter_map(|(option, file)| Some((option, file?))).collect()
}

/// Files that are read for the plan. A pipeline that is no file is a preset.
fn inputs(options: &BalanceOptions) -> Vec<Named<'_>> {
    let wanted = match &options.target {
        TargetName::File(path) => Some(path.as_path()),
        _ => None,
    };
    let pipeline = options.pipeline.as_ref().map(Path::new).filter(|path| path.is_file());
    let inputs = [("--target", wanted), ("--pipeline", pipeline)];
    inputs.into_iter().filter_map(|(option, file)| Some((option, file?))).collect()
}

/// Refuses files that cannot be written, or would replace what is read or written for the plan.
fn check_files(options: &BalanceOptions) -> anyhow::Result<()> {
    options.manifest.as_deref().map(Table::of).transpose()?;
    options.weights.as_deref().map(check_weights_name).transpose()?;
    if let (Some(code), Some(weights)) = (&options.sampler, &options.weights) {
        check_ending(code, "py")?;
        let is_table = weights.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if !is_table {
            let shown = weights.display();
            return Err(Usage(format!(
                "the code of --sampler reads a .csv; give --weights such a name: {shown}"
            ))
            .into());
        }
    }
    let files = files(options);
    let source = Path::new(&options.analysis.path);
    let other = match &options.target {
        TargetName::Match(path) => Some(Path::new(path)),
        _ => None,
    };
    let folder = options.export.as_deref();
    for out in folder.into_iter().chain(files.iter().map(|(_, file)| *file)) {
        check_target(out, source)?;
        other.map(|other| check_target(out, other)).transpose()?;
    }
    check_apart(folder, &files, &inputs(options))?;
    for (_, file) in &files {
        check_out(file, options.overwrite)?;
    }
    Ok(())
}

/// Counts by names of classes that a target reads from elsewhere.
fn given(target: &TargetName, control: &Control) -> anyhow::Result<Vec<(String, u64)>> {
    match target {
        TargetName::Match(path) => Ok(counts_of(path, control)?),
        TargetName::File(path) => Ok(counts_by_hand(path)?),
        _ => Ok(Vec::new()),
    }
}

/// A table of classes and counts that a person wrote.
fn counts_by_hand(path: &Path) -> Result<Vec<(String, u64)>, Usage> {
    let shown = path.display();
    let unreadable =
        |error: csv::Error| Usage(format!("the wanted counts could not be read ({error}): {shown}"));
    let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(unreadable)?;
    let names = table.headers().map_err(unreadable)?.clone();
    let column = |wanted: &str| {
        let place = names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        place.ok_or_else(|| Usage(format!("the table of wanted counts has no column {wanted}: {shown}")))
    };
    let (class, count) = (column("class")?, column("count")?);
    let mut counts: Vec<(String, u64)> = Vec::new();
    for (at, row) in table.records().enumerate() {
        let row = row.map_err(unreadable)?;
        let (name, text) = (row.get(class).unwrap_or_default(), row.get(count).unwrap_or_default());
        let number = text.parse::<u32>().map_err(|_| {
            Usage(format!("row {} wants “{text}” of {name}, which is no number of samples: {shown}", at + 1))
        })?;
        if counts.iter().any(|(known, _)| known == name) {
            return Err(Usage(format!("the table of wanted counts has {name} twice: {shown}")));
        }
        counts.push((name.to_owned(), number.into()));
    }
    Ok(counts)
}

/// The target in numbers of this dataset's classes, and what is to be said of it.
fn wanted(
    name: &TargetName,
    given: Vec<(String, u64)>,
    snapshot: &Snapshot,
) -> Result<(Target, Vec<String>), Usage> {
    let target = match name {
        TargetName::Uniform => Target::Uniform,
        TargetName::Sqrt => Target::SquareRoot,
        TargetName::Cap(most) => Target::Cap(*most),
        TargetName::Floor(least) => Target::Floor(*least),
        TargetName::MatchSplit(split) => {
            Target::Match(class_counts(snapshot, Some(split_named(split, snapshot)?)))
        }
        TargetName::File(path) => {
            let (counts, unknown) = by_class(snapshot.labels(), given);
            if let Some(name) = unknown.first() {
                let path = path.display();
                return Err(Usage(format!(
                    "there is no class {name} in the dataset, which is wanted by: {path}"
                )));
            }
            Target::ByHand(counts)
        }
        TargetName::Match(path) => {
            let (counts, unknown) = by_class(snapshot.labels(), given);
            if counts.iter().all(Option::is_none) {
                return Err(Usage(format!("the datasets have no class in common: {path}")));
            }
            let counts = counts.into_iter().map(Option::unwrap_or_default).collect();
            return Ok((Target::Match(counts), missing_here(&unknown).into_iter().collect()));
        }
    };
    Ok((target, Vec::new()))
}

fn split_named(name: &str, snapshot: &Snapshot) -> Result<SplitId, Usage> {
    let names = &snapshot.dataset.split_names;
    if let Some(split) = names.iter().position(|known| known == name) {
        return Ok(split as SplitId);
    }
    if name == NO_SPLIT_NAME {
        return Ok(NO_SPLIT);
    }
    let known: Vec<&str> = names.iter().map(String::as_str).chain([NO_SPLIT_NAME]).collect();
    Err(Usage(format!("there is no split {name}; there are {}", known.join(", "))))
}

fn splits(names: Option<&[String]>, snapshot: &Snapshot) -> Result<Vec<SplitId>, Usage> {
    let Some(names) = names else {
        let usual = usual_splits(snapshot);
        return if usual.is_empty() {
            let text = "every split is held out by its name: say with --splits which to balance";
            Err(Usage(text.to_owned()))
        } else {
            Ok(usual)
        };
    };
    let mut splits = Vec::new();
    for name in names {
        let split = split_named(name, snapshot)?;
        if !splits.contains(&split) {
            splits.push(split);
        }
    }
    Ok(splits)
}

/// The column that samples are grouped by.
pub fn column_named(name: &str, snapshot: &Snapshot) -> Result<Column, Usage> {
    let found = column(snapshot, name).or_else(|| column(snapshot, &format!("attr.{name}")));
    found.ok_or_else(|| {
        let known = snapshot.dataset.attributes.iter().map(|attribute| format!("attr.{}", attribute.name));
        let known: Vec<String> = known.collect();
        let there = if known.is_empty() { "none of its own".to_owned() } else { known.join(", ") };
        Usage(format!("there is no column {name}; the dataset has {there}"))
    })
}
