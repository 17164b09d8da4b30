//! `lenslet duplicates`: samples that are copies of each other.

use std::io::Write;
use std::time::Instant;

use serde::{Serialize, Serializer};

use super::Usage;
use super::args::DuplicatesOptions;
use super::look::{IssueRow, Looked, look, print_issues, tell, write_table};
use super::progress::Meter;
use super::review::wanted as wanted_method;
use super::trained::encoder;
use crate::analysis::evidence::By;
use crate::analysis::groups::Groups;
use crate::analysis::hamming::Pair;
use crate::analysis::outliers::scale_free;
use crate::jobs::Control;
use crate::pipeline::analyse::Options;
use crate::pipeline::duplicates::{Duplicates, by_scale, duplicates, hash, wanted, words};
use crate::review::{Method, evidence_text, limit_text, thousandths_below};
use crate::text::{counted, grouped};

/// The figures of a search, as `--json` prints them.
#[derive(Serialize)]
struct DuplicatesReport<'a> {
    source: &'a str,
    samples: u64,
    /// The largest distance. Lower than what was asked for where that gave too many pairs.
    threshold: u32,
    asked_threshold: u32,
    /// Whether even equal ones were too many, so that pairs are missing.
    partial: bool,
    /// Of the descriptor alone: 0.13 of the median distance to the nearest, a threshold that follows
    /// from the dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    scale_free_threshold: Option<u32>,
    /// Paths that hang together by pairs, at least two in each.
    groups: GroupRows<'a>,
    /// Every pair within the threshold. Of samples with equal hashes each is paired with the first alone.
    pairs: PairRows<'a>,
    /// Samples that are not the first of their group.
    redundant: u64,
    issues: &'a [IssueRow],
    seconds: f64,
    #[serde(skip)]
    method: Method,
}

/// Groups as lists of paths, made while they are written: there may be millions.
struct GroupRows<'a> {
    looked: &'a Looked,
    groups: &'a Groups,
}

/// Pairs with their paths, made while they are written.
struct PairRows<'a> {
    looked: &'a Looked,
    pairs: &'a [Pair],
    by: &'a [By],
}

#[derive(Serialize)]
struct PairRow<'a> {
    a: &'a str,
    b: &'a str,
    /// Bits that differ, or thousandths.
    distance: u16,
    /// What found it, where more than one thing could.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

impl Serialize for GroupRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let paths = |rows: &'_ [u32]| rows.iter().map(|row| self.looked.path(*row as usize)).collect();
        serializer.collect_seq(self.groups.iter().map(paths).map(|paths: Vec<&str>| paths))
    }
}

impl Serialize for PairRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let path = |row: u32| self.looked.path(row as usize);
        let row = |(at, pair): (usize, &Pair)| PairRow {
            a: path(pair.a),
            b: path(pair.b),
            distance: pair.distance,
            by: self.by.get(at).map(|by| evidence_text(*by)),
        };
        serializer.collect_seq(self.pairs.iter().enumerate().map(row))
    }
}

/// Looks at a dataset's samples, finds the duplicates among them, and prints them.
pub fn run(options: &DuplicatesOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let Options { method, symmetries } = method(options)?;
    let encoder = options.encoder.as_deref().map(encoder).transpose()?;
    let control = Control::new();
    let meter = Meter::start(&control);
    let table = options.save_hashes.as_deref();
    let wanted = wanted(method, symmetries);
    let wanted = encoder.as_ref().map_or(wanted, |encoder| wanted.by(encoder));
    let looked = look(&options.path, wanted, options.threads, table, &control)?;
    let (signals, samples) = (&looked.signals, &looked.samples);
    let (found, asked) = match (options.alike.threshold, &encoder) {
        // Of a trained encoder nobody knows what is near, but the data themselves.
        (None, Some(_)) => by_scale(signals, samples, &control)?,
        (asked, _) => {
            let asked = asked.unwrap_or(method.default_threshold());
            (duplicates(signals, samples, method, symmetries, asked, &control)?, asked)
        }
    };
    drop(meter);
    let written = table.map(|file| write_table(file, hash_rows(&looked, method)));
    let mut report = DuplicatesReport::new(&looked, &found, method, asked);
    report.seconds = started.elapsed().as_secs_f64();
    tell(&report, options.json, |out| print(&report, out))?;
    // What was found is told, whatever became of the table.
    written.unwrap_or(Ok(()))
}

impl<'a> DuplicatesReport<'a> {
    fn new(looked: &'a Looked, found: &'a Duplicates, method: Method, asked: u32) -> Self {
        Self {
            source: &looked.snapshot.dataset.source,
            samples: looked.samples.len() as u64,
            threshold: found.threshold,
            asked_threshold: asked,
            partial: found.is_partial,
            scale_free_threshold: found
                .neighbours
                .as_ref()
                .filter(|_| method == Method::Descriptor)
                .map(|neighbours| thousandths_below(scale_free(neighbours))),
            groups: GroupRows { looked, groups: &found.groups },
            pairs: PairRows { looked, pairs: &found.pairs, by: &found.by },
            redundant: found.forest.redundant(found.threshold) as u64,
            issues: &looked.issues,
            seconds: 0.0,
            method,
        }
    }
}

/// The method that the words ask for, if they go together.
fn method(options: &DuplicatesOptions) -> Result<Options, Usage> {
    let is_long = options.bits == "256";
    let mut alike = options.alike.clone();
    alike.method = match alike.method {
        None | Some(Method::Phash | Method::LongPhash) if is_long => Some(Method::LongPhash),
        Some(_) if is_long => return Err(Usage("only phash has 256 bits: leave --bits out".to_owned())),
        method => method,
    };
    let asked = wanted_method(&alike)?;
    if options.encoder.is_some() && asked.method != Method::Descriptor {
        return Err(Usage("an encoder is for --method descriptor alone".to_owned()));
    }
    if options.save_hashes.is_some() && words(asked.method) == 0 {
        let text = format!("{} has no one hash to save: name a hash with --method", asked.method.name());
        return Err(Usage(text));
    }
    Ok(asked)
}

fn hash_rows<'a>(looked: &'a Looked, method: Method) -> impl Iterator<Item = Vec<String>> + 'a {
    let heading = vec!["path".to_owned(), method.name().to_owned()];
    let rows = looked.samples.iter().enumerate().map(move |(row, sample)| {
        let text = |hash: [u64; 4]| hash[..words(method)].iter().map(|word| format!("{word:016x}")).collect();
        let hash: Option<String> = hash(method, &looked.signals.get(*sample)).map(text);
        vec![looked.path(row).to_owned(), hash.unwrap_or_default()]
    });
    std::iter::once(heading).chain(rows)
}

/// The report for a person.
fn print(report: &DuplicatesReport<'_>, out: &mut impl Write) -> std::io::Result<()> {
    /// Groups, and paths of each, that are printed; `--json` has them all.
    const GROUPS: usize = 40;
    const PATHS: usize = 10;
    let groups = report.groups.groups;
    let alike = if report.method.is_exact() { "copies" } else { "near-duplicates" };
    writeln!(out, "{}", report.source)?;
    writeln!(
        out,
        "{} · {} of {alike} · {} redundant",
        counted(report.samples, "sample"),
        counted(groups.len() as u64, "group"),
        grouped(report.redundant),
    )?;
    if let Some(text) = limit_text(report.threshold, report.asked_threshold, report.partial) {
        writeln!(out, "{text}")?;
    }
    if let Some(threshold) = report.scale_free_threshold {
        let threshold = grouped(threshold.into());
        writeln!(out, "A threshold of {threshold} would be 0.13 of the median distance to the nearest.")?;
    }
    for group in groups.iter().take(GROUPS) {
        writeln!(out, "\n{}", counted(group.len() as u64, "sample"))?;
        for row in group.iter().take(PATHS) {
            writeln!(out, "  {}", report.groups.looked.path(*row as usize))?;
        }
        if group.len() > PATHS {
            writeln!(out, "  … and {} more", group.len() - PATHS)?;
        }
    }
    if groups.len() > GROUPS {
        writeln!(out, "\n… and {} more groups; --json lists them all", groups.len() - GROUPS)?;
    }
    print_issues(report.issues, out)?;
    writeln!(out, "\n{:.2} s", report.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::query::Snapshot;
    use crate::dataset::{DatasetBuilder, Facts, Kinds, Layout, NewSample, Signal, Signals};

    #[test]
    fn a_lowered_threshold_is_told_and_copies_are_called_so() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        let mut signals = Signals::new(2);
        for (sample, path) in ["a", "b"].into_iter().enumerate() {
            builder.push(NewSample { path, ..Default::default() });
            let has = Kinds::PHASH | Kinds::PIXELS;
            signals.set(sample as u32, &Signal { has, phash: 1, pixels: [7; 16], ..Signal::UNSEEN });
        }
        let dataset = builder.finish().0;
        let snapshot = Snapshot::new(dataset.into(), &[], Facts::new(2), Default::default());
        let looked = Looked { snapshot, samples: vec![0, 1], signals, issues: Vec::new() };
        for (method, asked, reached, is_partial, told, alike) in [
            (Method::Phash, 10, 6, false, Some("distance of 6 and not 10"), "1 group of near-duplicates"),
            (Method::Phash, 10, 0, true, Some("copies may be missing"), "1 group of near-duplicates"),
            (Method::Phash, 10, 10, false, None, "1 group of near-duplicates"),
            (Method::Pixels, 0, 0, false, None, "1 group of copies"),
        ] {
            let (signals, control) = (&looked.signals, Control::new());
            let mut found = duplicates(signals, &looked.samples, method, false, asked, &control).unwrap();
            (found.threshold, found.is_partial) = (reached, is_partial);
            let mut text = Vec::new();
            print(&DuplicatesReport::new(&looked, &found, method, asked), &mut text).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert_eq!(
                text.contains("there are too many") || text.contains("may be missing"),
                told.is_some(),
                "{text}"
            );
            assert!(text.contains(told.unwrap_or_default()), "{text}");
            assert!(text.contains(alike), "{text}");
        }
    }
}
