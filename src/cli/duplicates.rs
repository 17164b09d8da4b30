//! `lenslet duplicates`: samples that are copies of each other.

use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::Usage;
use super::args::{DuplicatesOptions, MethodName};
use super::look::{IssueRow, Looked, look, tell, write_table};
use super::progress::Meter;
use crate::jobs::Control;
use crate::pipeline::duplicates::{Method, duplicates};
use crate::text::{counted, grouped};

/// The figures of a search, as `--json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DuplicatesReport {
    pub source: String,
    pub samples: u64,
    /// Bits that may differ. Lower than what was asked for where that gave too many pairs.
    pub threshold: u32,
    /// Paths that hang together by pairs, at least two in each.
    pub groups: Vec<Vec<String>>,
    /// Every pair within the threshold. Of samples with equal hashes each is paired with the first alone.
    pub pairs: Vec<PairRow>,
    /// Samples that are not the first of their group.
    pub redundant: u64,
    pub issues: Vec<IssueRow>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairRow {
    pub a: String,
    pub b: String,
    /// Bits that differ.
    pub distance: u16,
}

pub fn run(options: &DuplicatesOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let report = search(options, &control)?;
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

/// Looks at a dataset's samples and finds the duplicates among them.
pub fn search(options: &DuplicatesOptions, control: &Control) -> anyhow::Result<DuplicatesReport> {
    let started = Instant::now();
    let method = method(options)?;
    let looked = look(&options.path, method.wanted(options.symmetries), options.threads, control)?;
    let threshold = options.threshold.unwrap_or(method.default_threshold());
    let found = duplicates(&looked.signals, method, options.symmetries, threshold, control)?;
    if let Some(file) = &options.save_hashes {
        write_table(file, &looked.snapshot.dataset, hash_rows(&looked, method, options))?;
    }
    let path = |row: u32| looked.path(row as usize).to_owned();
    Ok(DuplicatesReport {
        source: looked.snapshot.dataset.source.clone(),
        samples: looked.signals.len() as u64,
        threshold: found.threshold,
        redundant: found.forest.redundant(found.threshold) as u64,
        groups: found.groups.iter().map(|rows| rows.iter().map(|row| path(*row)).collect()).collect(),
        pairs: found
            .pairs
            .iter()
            .map(|pair| PairRow { a: path(pair.a), b: path(pair.b), distance: pair.distance })
            .collect(),
        issues: looked.issues,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// The method that the words ask for, if they go together.
fn method(options: &DuplicatesOptions) -> Result<Method, Usage> {
    let is_long = options.bits == "256";
    let method = match options.method {
        MethodName::Phash if is_long => Method::LongPhash,
        _ if is_long => return Err(Usage("only phash has 256 bits: leave --bits out".to_owned())),
        MethodName::Phash => Method::Phash,
        MethodName::Dhash => Method::Dhash,
        MethodName::Ahash => Method::Ahash,
        MethodName::Whash => Method::Whash,
        MethodName::Pixels => Method::Pixels,
        MethodName::File => Method::File,
    };
    let is_exact = matches!(method, Method::Pixels | Method::File);
    if is_exact && (options.symmetries || options.threshold.is_some()) {
        let text = "equal pixels and equal files have no threshold and no symmetries: leave them out";
        return Err(Usage(text.to_owned()));
    }
    let most = if is_long { 64 } else { 16 };
    if options.threshold.is_some_and(|threshold| threshold > most) {
        let text = format!("a threshold is at most {most} bits here: beyond, anything is like anything");
        return Err(Usage(text));
    }
    Ok(method)
}

fn hash_rows<'a>(
    looked: &'a Looked,
    method: Method,
    options: &DuplicatesOptions,
) -> impl Iterator<Item = Vec<String>> + 'a {
    let words = match method {
        Method::File | Method::Pixels | Method::LongPhash => 4,
        _ => 1,
    };
    let heading = vec!["path".to_owned(), format!("{:?}", options.method).to_lowercase()];
    let rows = looked.signals.iter().enumerate().map(move |(row, signal)| {
        let hash = method.hash(signal, 0);
        let hash =
            hash.map(|hash| hash[..words].iter().map(|word| format!("{word:016x}")).collect::<String>());
        vec![looked.path(row).to_owned(), hash.unwrap_or_default()]
    });
    std::iter::once(heading).chain(rows)
}

/// The report for a person.
fn print(report: &DuplicatesReport, out: &mut impl Write) -> std::io::Result<()> {
    /// Groups, and paths of each, that are printed; `--json` has them all.
    const GROUPS: usize = 40;
    const PATHS: usize = 10;
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} · {} of near-duplicates · {} redundant",
        counted(report.samples, "sample"),
        counted(report.groups.len() as u64, "group"),
        grouped(report.redundant),
    )?;
    for group in report.groups.iter().take(GROUPS) {
        writeln!(out, "\n{}", counted(group.len() as u64, "sample"))?;
        for path in group.iter().take(PATHS) {
            writeln!(out, "  {path}")?;
        }
        if group.len() > PATHS {
            writeln!(out, "  … and {} more", group.len() - PATHS)?;
        }
    }
    if report.groups.len() > GROUPS {
        writeln!(out, "\n… and {} more groups; --json lists them all", report.groups.len() - GROUPS)?;
    }
    for issue in &report.issues {
        writeln!(out, "\n{}: {}", issue.path, issue.message)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}
