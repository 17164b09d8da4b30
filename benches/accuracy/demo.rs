//! The demo dataset, whose faults are known: which of them are found.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use lenslet::analysis::groups::ALONE;
use lenslet::analysis::hamming::Pair;
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{Flag, SampleId, Score};
use lenslet::demo::{self, DemoOptions, Fault};
use lenslet::jobs::Control;
use lenslet::pipeline::analyse::Options;
use lenslet::review::{Analysed, Judged, Method};

use super::FIRST;
use super::opened::Opened;
use super::pairs::Pairs;

/// Samples and seeds of the demo datasets.
const SAMPLES: u32 = 3000;
const SEEDS: [u64; 5] = [1, 2, 3, 5, 6];

/// A line of the table.
struct Line {
    what: String,
    goal: &'static str,
    found: usize,
    planted: usize,
    /// What was found and is nothing of the kind, where that is told by this line.
    false_ones: Option<usize>,
}

/// Prints the table; a small one of one seed where it is no benchmark.
pub fn table(is_bench: bool, shows_pairs: bool) {
    let (samples, seeds) = if is_bench { (SAMPLES, &SEEDS[..]) } else { (200, &SEEDS[..1]) };
    let columns: Vec<Vec<Line>> = seeds.iter().map(|seed| lines(samples, *seed, shows_pairs)).collect();
    println!("\n## What the demo dataset has planted\n\n{samples} samples.\n");
    let names: Vec<String> = seeds.iter().map(|seed| format!("seed {seed}")).collect();
    println!("| what | goal | {} |", names.join(" | "));
    println!("| --- | --- |{}", " --- |".repeat(seeds.len()));
    for (at, Line { what, goal, .. }) in columns[0].iter().enumerate() {
        let cell = |lines: &Vec<Line>| {
            let Line { found, planted, false_ones, .. } = lines[at];
            let false_ones = false_ones.map_or_else(String::new, |count| format!(", {count} false"));
            format!("{found} of {planted}{false_ones}")
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        println!("| {what} | {goal} | {} |", cells.join(" | "));
    }
}

/// Everything about the demo dataset of one seed.
fn lines(samples: u32, seed: u64, shows_pairs: bool) -> Vec<Line> {
    use Fault::{BrightnessCopy, IdenticalCopy, MirroredCopy, ReencodedCopy, ResizedCopy, RotatedCopy};
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = DemoOptions { out: folder.path().join("demo"), samples, seed };
    let demo = demo::write(&options, &Control::new()).expect("the demo can be written");
    let opened = Opened::at(&demo.dataset);
    let snapshot = &opened.snapshot;
    let truth = Truth::read(&demo.truth, snapshot);
    let mut lines = Vec::new();
    let mut look = |method: Method, symmetries: bool, faults: &[Fault]| {
        let (analysed, judged) = opened.judged(Options { method, symmetries });
        let is_near = |pair: &&Pair| u32::from(pair.distance) <= judged.threshold;
        let near: Vec<Pair> = analysed.alike.pairs.iter().filter(is_near).copied().collect();
        let pairs = Pairs::of(&near, method, snapshot.len());
        let name = format!("`{}`{}", method.name(), if symmetries { ", symmetries" } else { "" });
        for fault in faults {
            let planted: Vec<(usize, usize)> = truth.copies(*fault).collect();
            let found = planted.iter().filter(|(a, b)| pairs.contains(*a, *b)).count();
            let goal = if *fault == IdenticalCopy { "all" } else { "98 %" };
            let what = format!("{}, {name}", fault.name());
            lines.push(Line { what, goal, found, planted: planted.len(), false_ones: None });
        }
        let is_right = |a: usize, b: usize| truth.is_copy(a, b);
        let (right, wrong) = pairs.count(is_right);
        let goal = if method == Method::File { "all" } else { "98 %" };
        let what = format!("right of all pairs, {name}");
        lines.push(Line { what, goal, found: right, planted: right + wrong, false_ones: None });
        if shows_pairs {
            for (a, b) in pairs.list(|a, b| !is_right(a, b)) {
                let path = |sample: usize| snapshot.dataset.path(sample as SampleId);
                println!("- seed {seed}, {name}: {} and {}", path(a), path(b));
            }
        }
        (analysed, judged)
    };
    let unturned = [IdenticalCopy, ReencodedCopy, ResizedCopy, BrightnessCopy];
    let _ = look(Method::File, false, &[IdenticalCopy]);
    let _ = look(Method::Combined, false, &unturned);
    let (analysed, judged) =
        look(Method::Combined, true, &[&unturned[..], &[MirroredCopy, RotatedCopy]].concat());
    lines.push(leaks(snapshot, &truth, &judged));
    for (fault, flag) in [
        (Fault::Dark, Flag::Dark),
        (Fault::OverExposed, Flag::Light),
        (Fault::OddShaped, Flag::OddAspect),
        (Fault::NearlyEmpty, Flag::LowInformation),
        (Fault::Blurry, Flag::Blurry),
        (Fault::OddSized, Flag::OddSize),
        (Fault::Grey, Flag::Grey),
    ] {
        let planted: HashSet<usize> = truth.of(fault).collect();
        let is_flagged = |sample: &usize| judged.findings.flags(*sample as SampleId) & flag.bit() != 0;
        let flagged: Vec<usize> = (0..snapshot.len()).filter(is_flagged).collect();
        let found = flagged.iter().filter(|sample| planted.contains(sample)).count();
        lines.push(Line {
            what: format!("{}, `{}`", fault.name(), flag.name()),
            goal: "95 %, and as much of what is flagged",
            found,
            planted: planted.len(),
            false_ones: Some(flagged.len() - found),
        });
    }
    lines.push(wrong_labels(snapshot, &truth, &analysed));
    lines
}

/// Planted leaks that are in one group, and whatever else is in one group and two splits.
fn leaks(snapshot: &Snapshot, truth: &Truth, judged: &Judged) -> Line {
    let group_of = &judged.groups.group_of;
    let planted: Vec<(usize, usize)> = truth.copies(Fault::AcrossSplits).collect();
    let is_found = |(a, b): &&(usize, usize)| group_of[*a] == group_of[*b] && group_of[*a] != ALONE;
    let found = planted.iter().filter(is_found).count();
    let mut wrong = 0;
    for rows in judged.groups.iter() {
        for (at, a) in rows.iter().enumerate() {
            for b in &rows[at + 1..] {
                let (a, b) = (*a as usize, *b as usize);
                let is_across = snapshot.dataset.splits[a] != snapshot.dataset.splits[b];
                wrong += usize::from(is_across && !truth.is_copy(a, b));
            }
        }
    }
    Line {
        what: "leaks, `combined`, symmetries".to_owned(),
        goal: "all",
        found,
        planted: planted.len(),
        false_ones: Some(wrong),
    }
}

/// Planted wrong labels among the first of the ranking, as `lenslet label-errors` has it.
fn wrong_labels(snapshot: &Snapshot, truth: &Truth, analysed: &Analysed) -> Line {
    let scores = analysed.scores[Score::Label as usize].clone().unwrap_or_default();
    let ranks = &snapshot.derived().natural().ranks;
    let mut order: Vec<usize> = (0..scores.len()).filter(|sample| !scores[*sample].is_nan()).collect();
    order.sort_by(|one, two| scores[*one].total_cmp(&scores[*two]).then(ranks[*one].cmp(&ranks[*two])));
    let first = (snapshot.len() as f64 * FIRST).round() as usize;
    let planted: HashSet<usize> = truth.of(Fault::WrongLabel).collect();
    let found = order.iter().take(first).filter(|sample| planted.contains(sample)).count();
    let what = format!("wrong-label, among the first {first}");
    Line { what, goal: "60 %", found, planted: planted.len(), false_ones: None }
}

/// A row of `truth.csv`.
#[derive(serde::Deserialize)]
struct Planted {
    path: String,
    fault: String,
    of: String,
}

/// What was planted, by row of the dataset.
struct Truth {
    planted: Vec<(usize, String, Option<usize>)>,
    /// The sample that each is a copy of, or itself.
    original: Vec<usize>,
    is_empty: Vec<bool>,
}

impl Truth {
    fn read(table: &Path, snapshot: &Snapshot) -> Self {
        let row_of: HashMap<&str, usize> =
            (0..snapshot.len()).map(|sample| (snapshot.dataset.path(sample as SampleId), sample)).collect();
        let mut truth = Self {
            planted: Vec::new(),
            original: (0..snapshot.len()).collect(),
            is_empty: vec![false; snapshot.len()],
        };
        let mut rows = csv::Reader::from_path(table).expect("the table was written");
        for row in rows.deserialize() {
            let Planted { path, fault, of } = row.expect("the table has its columns");
            let (sample, of) = (row_of[path.as_str()], row_of.get(of.as_str()).copied());
            if let Some(of) = of {
                truth.original[sample] = of;
            }
            truth.is_empty[sample] |= fault == Fault::Empty.name();
            truth.planted.push((sample, fault, of));
        }
        truth
    }

    fn of(&self, fault: Fault) -> impl Iterator<Item = usize> + '_ {
        self.planted.iter().filter(move |(_, name, _)| name == fault.name()).map(|(sample, ..)| *sample)
    }

    /// Samples with a fault and what they are copies of.
    fn copies(&self, fault: Fault) -> impl Iterator<Item = (usize, usize)> + '_ {
        let is_so = move |(_, name, _): &&(usize, String, Option<usize>)| name == fault.name();
        self.planted.iter().filter(is_so).filter_map(|(sample, _, of)| Some((*sample, (*of)?)))
    }

    /// Whether two samples are of one original. Files without a byte are all the same.
    fn is_copy(&self, one: usize, two: usize) -> bool {
        self.original[one] == self.original[two] || (self.is_empty[one] && self.is_empty[two])
    }
}
