//! `lenslet labels agreement`: how far people agree who labelled the same samples.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::annotation::panel::{AgreementReport, DisputeRow, PairRow};
use crate::annotation::{Fault, MatchBy};
use crate::cli::Usage;
use crate::cli::look::tell;
use crate::cli::progress::Meter;
use crate::jobs::Control;
use crate::pipeline::agreeing::{Compared, compare};
use crate::text::{counted, grouped};

/// The files are of any format that `labels import` reads. One in which people are named gives a column for each of
/// them, else a file is one person's answers. A sample without a label is no answer.
///
/// Exit status: 0 when there is something to compare, 1 when a file cannot be read, 2 for wrong usage.
#[derive(Clone, Debug, clap::Args)]
pub struct AgreementOptions {
    /// Files of labels, one for each person, or one with several people's
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// What tells which samples are the same
    #[arg(long, default_value = "path")]
    pub by: ByName,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What samples of several files meet by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ByName {
    /// Their path in the dataset
    Path,
    /// The hash of their content
    Content,
}

impl From<ByName> for MatchBy {
    fn from(by: ByName) -> Self {
        match by {
            ByName::Path => Self::Path,
            ByName::Content => Self::Content,
        }
    }
}

/// How far people agree, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct AgreementOutput {
    pub files: Vec<PathBuf>,
    #[serde(flatten)]
    pub report: AgreementReport,
    /// Samples without what they meet by.
    pub left_out: u64,
    /// Answers that a person gave again: the last counts.
    pub again: u64,
    /// What is wrong with the files: the first of each, and how many more there are.
    pub faults: Vec<Fault>,
    pub more_faults: u64,
}

pub fn run(options: &AgreementOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let output = agreement(&options.files, options.by.into(), &control)?;
    drop(meter);
    tell(&output, options.json, |out| print(&output, out))
}

/// Reads files of labels and compares what they say.
pub fn agreement(files: &[PathBuf], by: MatchBy, control: &Control) -> anyhow::Result<AgreementOutput> {
    let Some(compared) = compare(files, by, control)? else {
        let message = "one person has nobody to agree with: name the file of another, or one in which several are named";
        return Err(Usage(message.to_owned()).into());
    };
    let Compared { report, left_out, again, faults, .. } = compared;
    let (faults, more_faults) = (faults.list, faults.more);
    Ok(AgreementOutput { files: files.to_vec(), report, left_out, again, faults, more_faults })
}

/// Rows that are printed of what may be long; `--json` has all.
const SHOWN: usize = 20;

/// Answers that a table of confusion has room for.
const SHOWN_ANSWERS: usize = 12;

fn print(output: &AgreementOutput, out: &mut impl Write) -> std::io::Result<()> {
    let report = &output.report;
    for person in &report.people {
        writeln!(out, "{}  {} answered", person.name, counted(person.answered, "sample"))?;
    }
    writeln!(
        out,
        "{} by two people or more, of {}",
        grouped(report.shared),
        counted(report.samples, "sample")
    )?;
    if report.shared == 0 {
        writeln!(out, "\nNo sample has two answers: compare the files' paths, or try --by content.")?;
    }
    print_figures(report, out)?;
    if let [pair] = &report.pairs[..] {
        print_confusion(pair, out)?;
    }
    if !report.classes.is_empty() {
        writeln!(out, "\nclass by class{:26}named  agreement      alpha", "")?;
        for row in report.classes.iter().take(SHOWN) {
            let name = clipped(&row.class, 34);
            writeln!(
                out,
                "  {name:34} {:>8}  {:>9}  {:>9}",
                grouped(row.named),
                share(row.agreement),
                coefficient(row.alpha)
            )?;
        }
        tell_more(report.classes.len(), "class", out)?;
    }
    if !report.disputes.is_empty() {
        writeln!(out, "\ndisputed ({})", grouped(report.disputes.len() as u64))?;
        for row in report.disputes.iter().take(SHOWN) {
            writeln!(out, "  {}: {}", row.path, answers(row))?;
        }
        tell_more(report.disputes.len(), "sample", out)?;
    }
    if output.left_out > 0 {
        writeln!(
            out,
            "\n{} have no hash of their content and were left out.",
            counted(output.left_out, "answer")
        )?;
    }
    if output.again > 0 {
        writeln!(out, "\n{} were given again; the last counts.", counted(output.again, "answer"))?;
    }
    let faults = output.faults.len() as u64 + output.more_faults;
    if faults > 0 {
        writeln!(out, "\nfaults ({})", grouped(faults))?;
        for fault in output.faults.iter().take(SHOWN) {
            writeln!(out, "  {fault}")?;
        }
        tell_more(faults as usize, "fault", out)?;
    }
    Ok(())
}

fn print_figures(report: &AgreementReport, out: &mut impl Write) -> std::io::Result<()> {
    if report.pairs.is_empty() {
        return Ok(());
    }
    writeln!(out, "\ntwo by two{:30}shared     agree    chance     kappa", "")?;
    for pair in report.pairs.iter().take(SHOWN) {
        let names = clipped(&format!("{} and {}", pair.first, pair.second), 34);
        let error = pair.error.map(|error| format!(" ± {error:.3}")).unwrap_or_default();
        writeln!(
            out,
            "  {names:34} {:>8}  {:>8}  {:>8}  {:>8}{error}",
            grouped(pair.samples),
            share(Some(pair.observed)),
            share(Some(pair.expected)),
            coefficient(pair.kappa)
        )?;
    }
    tell_more(report.pairs.len(), "pair", out)?;
    if let Some(found) = &report.fleiss {
        let among = counted(found.samples, "sample");
        let rest = match found.incomplete {
            0 => String::new(),
            count => format!("; {} that not all answered do not count", grouped(count)),
        };
        writeln!(
            out,
            "\nFleiss' kappa        {}  {among} that all answered{rest}",
            coefficient(found.kappa)
        )?;
    }
    if let Some(found) = &report.alpha {
        let (answers, samples) = (counted(found.answers, "answer"), counted(found.samples, "sample"));
        writeln!(out, "Krippendorff's alpha {}  {answers} to {samples}", coefficient(found.alpha))?;
    }
    Ok(())
}

/// Who said what where the other said what: rows are the first person's answers.
fn print_confusion(pair: &PairRow, out: &mut impl Write) -> std::io::Result<()> {
    let mut answers: Vec<&str> =
        pair.confusion.iter().flat_map(|cell| [cell.first.as_str(), cell.second.as_str()]).collect();
    answers.sort_unstable();
    answers.dedup();
    if answers.len() > SHOWN_ANSWERS {
        return Ok(());
    }
    let cells: BTreeMap<(&str, &str), u64> = pair
        .confusion
        .iter()
        .map(|cell| ((cell.first.as_str(), cell.second.as_str()), cell.samples))
        .collect();
    let wide = answers.iter().map(|answer| answer.chars().count()).max().unwrap_or(0).clamp(6, 16);
    writeln!(out, "\n{} down, {} across", pair.first, pair.second)?;
    let line = |name: &str, columns: Vec<String>| {
        let columns: String = columns.iter().map(|column| format!(" {column:>wide$}")).collect();
        format!("  {:wide$}{columns}", clipped(name, wide))
    };
    writeln!(out, "{}", line("", answers.iter().map(|answer| clipped(answer, wide)).collect()))?;
    for row in &answers {
        let count = |column: &&str| cells.get(&(*row, *column)).copied().map_or("·".to_owned(), grouped);
        writeln!(out, "{}", line(row, answers.iter().map(count).collect()))?;
    }
    Ok(())
}

fn tell_more(all: usize, thing: &str, out: &mut impl Write) -> std::io::Result<()> {
    match all.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "  … and {} more; --json lists them all", counted(more as u64, thing)),
    }
}

fn answers(row: &DisputeRow) -> String {
    let one = row.answers.iter().map(|answer| format!("{} says {}", answer.by, answer.labels.join(" + ")));
    one.collect::<Vec<_>>().join(", ")
}

/// A text of at most so many characters.
fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn share(part: Option<f64>) -> String {
    part.map_or("-".to_owned(), |part| format!("{:.1} %", 100.0 * part))
}

fn coefficient(number: Option<f64>) -> String {
    number.map_or("-".to_owned(), |number| format!("{number:.3}"))
}
