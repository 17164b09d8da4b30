//! Known labels, some of them made wrong: how many of those the ranking has first.

use std::path::Path;

use lenslet::analysis::label_errors::LabelErrors;
use lenslet::analysis::neighbours::{KEPT, Neighbours};
use lenslet::analysis::whiten::Whitened;
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{Facts, Kinds, SampleId, Signals};
use lenslet::import::{self, dataset_reader};
use lenslet::jobs::Control;
use lenslet::pipeline::cores;
use lenslet::pipeline::duplicates::described;
use lenslet::pipeline::signals::{self, Wanted};

use super::{FIRST, figure};

/// Samples of a set at most.
const SAMPLES: usize = 10_000;
/// One of so many labels is made wrong.
const ONE_OF: u64 = 50;
const SEEDS: u64 = 3;

/// Prints the table: sets with about as many samples of each class, and parts of them of which the
/// classes thin out as those of the demo dataset do.
pub fn table(data: &Path) {
    println!("\n## Wrong labels among real ones\n");
    println!("| samples | classes | wrong | of these among the first {} % |", FIRST * 100.0);
    println!("| --- | --- | --- | --- |");
    for (name, source) in [
        ("CIFAR-10", "cifar10/cifar10-test-jpg.tar"),
        ("Fashion-MNIST", "fashion-mnist"),
        ("flowers", "flowers"),
    ] {
        let labelled = Labelled::at(&data.join(source));
        for (classes, rows) in [("as they are", labelled.rows()), ("thinned out", labelled.thinned())] {
            let ended: Vec<(usize, usize)> = (0..SEEDS).map(|seed| labelled.found(&rows, seed)).collect();
            let (found, wrong) = ended.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            println!(
                "| {} of {name} | {classes} | {wrong} with {SEEDS} seeds | {} |",
                rows.len(),
                figure(found as f64 / wrong.max(1) as f64)
            );
        }
    }
}

/// Descriptions and the labels that somebody gave.
struct Labelled {
    described: Vec<Whitened>,
    labels: Vec<u32>,
    classes: u32,
}

impl Labelled {
    fn at(source: &Path) -> Self {
        let control = Control::new();
        let path = source.to_str().expect("the folder of test data is named in UTF-8");
        let imported = import::open(path, &control).expect("the data can be opened");
        let facts = Facts::new(imported.dataset.len());
        let snapshot = Snapshot::new(imported.dataset.into(), &imported.issues, facts, Default::default());
        let (reader, none) = (dataset_reader(&snapshot.dataset), Signals::new(snapshot.len()));
        let wanted = Wanted::of(Kinds::DESCRIBED);
        let looked = signals::run(&snapshot, &reader, None, none, wanted, cores(), &control, &|_| {});
        let signals = looked.expect("nobody cancels it").signals;
        let count = snapshot.len().min(SAMPLES);
        let chosen: Vec<SampleId> = (0..count).map(|at| (at * snapshot.len() / count) as SampleId).collect();
        let given = &snapshot.dataset.labels;
        let label = |sample: &SampleId| match given.sets[given.of[*sample as usize] as usize][..] {
            [class] => Some(class),
            _ => None,
        };
        let both = chosen.iter().zip(described(&signals, &chosen));
        let both = both.filter_map(|(sample, described)| Some((*described?, label(sample)?)));
        let (described, labels) = both.unzip();
        Self { described, labels, classes: given.classes.len() as u32 }
    }

    fn rows(&self) -> Vec<usize> {
        (0..self.labels.len()).collect()
    }

    /// All of the first class, half of the second, a third of the third, and so on.
    fn thinned(&self) -> Vec<usize> {
        let mut seen = vec![0usize; self.classes as usize];
        let mut is_kept = |row: &usize| {
            let class = self.labels[*row] as usize;
            seen[class] += 1;
            seen[class].is_multiple_of(class + 1)
        };
        (0..self.labels.len()).filter(|row| is_kept(row)).collect()
    }

    /// How many wrong labels are among the first, and how many there are.
    fn found(&self, rows: &[usize], seed: u64) -> (usize, usize) {
        let control = Control::new();
        let described: Vec<Option<&Whitened>> = rows.iter().map(|row| Some(&self.described[*row])).collect();
        let neighbours = Neighbours::of(&described, KEPT, &control).expect("nobody cancels it");
        let number = |row: usize| mixed(row as u64 ^ seed << 40);
        let is_wrong = |row: usize| number(row) % ONE_OF == 0;
        let label = |row: &usize| {
            let other = 1 + number(*row) / ONE_OF % u64::from(self.classes - 1);
            let step = if is_wrong(*row) { other as u32 } else { 0 };
            (self.labels[*row] + step) % self.classes
        };
        let labels: Vec<u32> = rows.iter().map(label).collect();
        let errors = LabelErrors::of(&neighbours, &labels, &[], &control).expect("nobody cancels it");
        let first = (rows.len() as f64 * FIRST).round() as usize;
        let found = errors.ranking.iter().take(first).filter(|row| is_wrong(rows[**row as usize])).count();
        (found, rows.iter().filter(|row| is_wrong(**row)).count())
    }
}

/// A number that looks random (splitmix64; G. L. Steele, D. Lea and C. H. Flood, 2014).
fn mixed(at: u64) -> u64 {
    let mixed = at.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
