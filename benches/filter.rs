//! Filters, sorts and counts over a million samples, against the promise of 30 ms for a filter
//! with its rows in natural order.
//!
//! `cargo bench --bench filter` prints the best and the median of several runs; `-- ROWS` sets
//! another number of samples.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use lenslet::dataset::edit::Direction;
use lenslet::dataset::query::{Snapshot, counts, parse, rows, summary};
use lenslet::dataset::{
    Dataset, DatasetBuilder, Fact, Facts, ImageFormat, IssueKind, Layout, NewSample, SampleId,
};

/// What a filter over a million samples may take, in milliseconds.
const LIMIT_MS: f64 = 30.0;
const RUNS: usize = 9;

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let samples = asked.unwrap_or(1_000_000);
    let threads = rayon::current_num_threads();
    for order in [Order::Natural, Order::Mixed] {
        let dataset = dataset(samples, order);
        let megabytes = dataset.paths.text().len() as f64 / 1e6;
        println!("{samples} samples, {order:?} rows, {megabytes:.0} MB of paths, {threads} threads");
        measure_all(dataset);
        println!();
    }
}

/// How the rows of the dataset lie.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    /// As an importer lists files.
    Natural,
    /// As a manifest may.
    Mixed,
}

fn measure_all(dataset: Arc<Dataset>) {
    let samples = dataset.len();
    let start = Instant::now();
    let snapshot = Snapshot::new(dataset, &[], facts(samples), Arc::new(vec![0; samples]));
    snapshot.derived().vocabulary();
    println!("{:<44} {:>8.2} ms once", "names", ms(start));
    let start = Instant::now();
    snapshot.derived().natural();
    println!("{:<44} {:>8.2} ms once", "natural order", ms(start));
    let start = Instant::now();
    snapshot.derived().folded_paths();
    println!("{:<44} {:>8.2} ms once", "paths in lower case", ms(start));
    snapshot.derived().prepare();

    for text in [
        "",
        "label:class_7",
        "-label:class_7",
        "label:class_1*",
        "split:val",
        "width>=640",
        "width:640..800 format:png",
        "issue:any",
        "aspect>1.5 or bytes>100k",
        "img_00001",
        "nowhere",
        "\"nowhere to be found\"",
        "photo of something jpg",
        "jpg",
        "e",
        "class_3 split:train",
        "path:train/*/img_*7.jpg",
        "label:class_7 split:val -issue:corrupt width>=640 photo",
    ] {
        let query = parse(text, snapshot.vocabulary()).expect("the queries above are right");
        let mut found = 0;
        let name = if text.is_empty() { "(everything)" } else { text };
        measure(name, Some(LIMIT_MS), || {
            found = rows(&snapshot, &query, "path", Direction::Ascending).len();
        });
        println!("{:>70} rows", found);
    }

    let all: Vec<SampleId> = rows(&snapshot, &Default::default(), "path", Direction::Ascending);
    let everything = Default::default();
    for sort in ["width", "label", "bytes", "name"] {
        let start = Instant::now();
        black_box(rows(&snapshot, &everything, sort, Direction::Ascending));
        println!("{:<44} {:>8.2} ms once", format!("sort by {sort}"), ms(start));
        measure(&format!("sort by {sort}, kept"), None, || {
            black_box(rows(&snapshot, &everything, sort, Direction::Ascending));
        });
    }
    measure("counts", Some(10.0), || {
        black_box(counts(&snapshot, &all));
    });
    measure("summary", None, || {
        black_box(summary(&snapshot, &all));
    });
}

fn measure(name: &str, limit_ms: Option<f64>, mut work: impl FnMut()) {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            ms(start)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (best, median) = (times[0], times[RUNS / 2]);
    let ratio = limit_ms.map_or(String::new(), |limit| format!("  {:.2} of {limit} ms", median / limit));
    println!("{name:<56} best {best:>6.2} ms  median {median:>6.2} ms{ratio}");
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

fn dataset(samples: usize, order: Order) -> Arc<Dataset> {
    let mut builder = DatasetBuilder::new("/data", "/data", Layout::ImageFolder);
    for class in 0..100 {
        builder.class(&format!("class_{class}"));
    }
    for at in 0..samples {
        let row = match order {
            Order::Natural => at,
            // An odd number that has no factor in common with round ones visits each row once.
            Order::Mixed => (at as u64 * 700_001 % samples as u64) as usize,
        };
        let class = row / 100 % 100;
        let split = if row < samples / 5 * 4 { "train" } else { "val" };
        let label = format!("class_{class}");
        let path = format!("{split}/Batch_{:04}/{label}/photo_of_something/img_{row:08}.jpg", row / 10_000);
        let labels = [label.as_str()];
        builder.push(NewSample {
            path: &path,
            bytes: 1000 + (row as u64 * 7919) % 200_000,
            modified_ms: 1_700_000_000_000 + row as i64 * 1000,
            split: Some(split),
            labels: if row % 20 == 0 { &[] } else { &labels },
            ..Default::default()
        });
    }
    Arc::new(builder.finish().0)
}

fn facts(samples: usize) -> Facts {
    let mut facts = Facts::new(samples);
    for row in 0..samples as u32 {
        let mixed = row.wrapping_mul(2_654_435_761) >> 16;
        let fact = Fact {
            measured: true,
            format: if mixed % 3 == 0 { ImageFormat::Png } else { ImageFormat::Jpeg },
            width: 64 + mixed % 1000,
            height: 64 + mixed / 7 % 800,
            brightness: (mixed % 997) as f32 / 997.0,
            issues: if mixed % 50 == 0 { IssueKind::Corrupt.bit() } else { 0 },
            ..Fact::UNMEASURED
        };
        facts.set(row, &fact);
    }
    facts
}
