//! How long a project of a million samples takes to keep and to open again, and what it weighs.
//!
//! `cargo bench --bench reopen` (`LENSLET_BENCH_SAMPLES=…` for another number). Opening is measured
//! in a process of its own, whose memory then holds nothing else. The files were written shortly
//! before, so they are in the system's cache, as they are when a person comes back to a dataset.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use lenslet::dataset::edit::{Edit, Mark, SampleSet};
use lenslet::dataset::{
    Dataset, DatasetBuilder, Fact, Facts, ImageFormat, Layout, NewSample, PixelKind, SampleId,
};
use lenslet::store::{Journal, JournalOp, JournalWriter, Project, Thumbnail, Thumbnails, stamp};

const OPEN: &str = "LENSLET_BENCH_OPEN";

fn main() {
    if let Some(folder) = std::env::var_os(OPEN) {
        return open(&PathBuf::from(folder));
    }
    let samples = std::env::var("LENSLET_BENCH_SAMPLES").ok().and_then(|count| count.parse().ok());
    // `cargo bench` says so; as a mere test, a small one shows that it still runs.
    let usual = if std::env::args().any(|arg| arg == "--bench") { 1_000_000 } else { 20_000 };
    let samples: usize = samples.unwrap_or(usual);
    // Beside the build, not in a temporary folder that may be memory: a disk is measured.
    let folder = tempfile::Builder::new().prefix("bench-reopen-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("the build folder can be written to");
    println!("{samples} samples");
    save(folder.path(), samples);
    for _ in 0..3 {
        let program = std::env::current_exe().expect("the benchmark's own program is there");
        let status = Command::new(program).env(OPEN, folder.path()).status();
        assert!(status.is_ok_and(|status| status.success()), "the project opens");
    }
}

fn save(folder: &Path, samples: usize) {
    let dataset = dataset(samples);
    let facts = facts(samples);
    let project = Project::open(folder).expect("a new project");

    let start = Instant::now();
    project.save_catalogue(&dataset).expect("the dataset is kept");
    row("save dataset", millis(start), "ms");
    let start = Instant::now();
    project.save_catalogue(&dataset).expect("the dataset is kept");
    row("save it again unchanged", millis(start), "ms");

    let chunks: Vec<_> = facts.chunks().iter().cloned().enumerate().collect();
    let mut times = Vec::new();
    for chunks in chunks.chunks(8) {
        let start = Instant::now();
        project.save_measured(chunks, &[], &[]).expect("facts are kept");
        times.push(millis(start));
    }
    row("save 8 chunks of facts, median", quantile(&mut times, 0.5), "ms");

    let opened = Journal::open(&project, samples).expect("a new journal");
    let writer = JournalWriter::spawn(opened.journal, "bench", || {}).expect("a writer");
    let mut overlay = opened.overlay;
    let mut edit = |number: u32| {
        let rows = (0..20).map(|at| mix(number * 20 + at) % samples as u32);
        let mark = Edit::Mark {
            samples: SampleSet::from_rows(rows),
            mark: Mark::Star,
            on: !number.is_multiple_of(3),
        };
        let edit = overlay
            .effective(mark)
            .unwrap_or(Edit::SetView { from: overlay.view.clone(), to: overlay.view.clone() });
        overlay.apply(&edit);
        JournalOp::Append(edit)
    };
    let mut times = Vec::new();
    for number in 0..600 {
        let op = edit(number);
        let start = Instant::now();
        let ticket = writer.submit(op).expect("the queue is empty");
        writer.wait(ticket).expect("the edit is kept");
        times.push(millis(start));
    }
    row("one durable edit, median", quantile(&mut times, 0.5), "ms");
    row("one durable edit, 99 %", quantile(&mut times, 0.99), "ms");
    let start = Instant::now();
    for number in 600..11_000 {
        let op = edit(number);
        loop {
            match writer.submit(op.clone()) {
                Ok(_) => break,
                Err(_) => std::thread::yield_now(),
            }
        }
    }
    writer.close().expect("the edits are kept");
    row("10,400 edits at once", millis(start), "ms");
    drop(project);
    let size = std::fs::metadata(folder.join("project.db")).map_or(0, |file| file.len());
    row("database", size as f64 / 1e6, "MB");

    let fresh = dataset.clone();
    let start = Instant::now();
    let result = dataset.reconcile(fresh);
    row("reconcile with an equal scan", millis(start), "ms");
    assert!(result.changed.is_empty());

    let project = Project::open(folder).expect("the project opens");
    let thumbnails = Thumbnails::open(&project, 1 << 30);
    let batch = |first: u32| -> Vec<Thumbnail> {
        (first..first + 64)
            .map(|sample| Thumbnail { sample, edge: 128, stamp: stamp(1, 2), bytes: vec![7; 5000] })
            .collect()
    };
    let mut times = Vec::new();
    for first in 0..150 {
        let batch = batch(first * 64);
        let start = Instant::now();
        thumbnails.put_many(&batch);
        times.push(millis(start));
    }
    row("keep 64 thumbnails, median", quantile(&mut times, 0.5), "ms");
    let start = Instant::now();
    let found = (0..9600).filter(|sample| thumbnails.get(mix(*sample) % 9600, 128, stamp(1, 2)).is_some());
    assert_eq!(found.count(), 9600);
    row("read one thumbnail", millis(start) / 9.6, "µs");
}

fn open(folder: &Path) {
    let before = resident_mb();
    let start = Instant::now();
    let project = Project::open(folder).expect("the project opens");
    let opened = millis(start);
    let loaded = project.load().expect("the project is whole").expect("it has a dataset");
    let ready = millis(start);
    assert!(loaded.damaged.is_empty() && loaded.facts.measured() == loaded.dataset.len());
    let resident = resident_mb();
    let mut parts = Vec::new();
    for (name, part) in [("dataset", 0), ("facts", 1), ("edits", 2)] {
        let start = Instant::now();
        let whole = match part {
            0 => project.load_catalogue().is_ok(),
            1 => project.load_facts(loaded.dataset.len()).is_ok(),
            _ => Journal::open(&project, loaded.dataset.len()).is_ok(),
        };
        assert!(whole);
        parts.push(format!("{name} {:.0}", millis(start)));
    }
    println!(
        "open: file {opened:.0} ms, ready {ready:.0} ms (goal 400; alone: {}), resident {resident:.0} MB \
         ({before:.0} before)",
        parts.join(", ")
    );
}

fn dataset(samples: usize) -> Dataset {
    let mut builder = DatasetBuilder::new("/data/set", "/data/set", Layout::ImageFolder);
    for sample in 0..samples as u32 {
        let split = if sample % 10 == 0 { "val" } else { "train" };
        let class = format!("n{:08}", mix(sample / 1000) % 100_000_000);
        builder.push(NewSample {
            path: &format!("{split}/{class}/{class}_{sample:07}.JPEG"),
            bytes: 60_000 + u64::from(mix(sample) % 200_000),
            modified_ms: 1_600_000_000_000 + i64::from(mix(sample ^ 77) % 1_000_000_000),
            split: Some(split),
            labels: &[&class],
            ..Default::default()
        });
    }
    builder.finish().0
}

fn facts(samples: usize) -> Facts {
    let mut facts = Facts::new(samples);
    for sample in 0..samples as SampleId {
        let fraction = |salt: u32| (mix(sample ^ salt) % 65_536) as f32 / 65_536.0;
        let mut content = [0; 16];
        for (at, byte) in content.iter_mut().enumerate() {
            *byte = mix(sample * 16 + at as u32) as u8;
        }
        facts.set(
            sample,
            &Fact {
                measured: true,
                format: ImageFormat::Jpeg,
                pixel_kind: PixelKind::Rgb,
                bits: 8,
                orientation: 1,
                width: 300 + mix(sample) % 400,
                height: 300 + mix(sample ^ 5) % 400,
                brightness: fraction(1),
                contrast: fraction(2),
                saturation: fraction(3),
                sharpness: fraction(4),
                content,
                issues: 0,
            },
        );
    }
    facts
}

/// A well spread number for a number (the finaliser of MurmurHash3).
fn mix(number: u32) -> u32 {
    let mut mixed = number.wrapping_add(0x9e37_79b9);
    mixed = (mixed ^ (mixed >> 16)).wrapping_mul(0x85eb_ca6b);
    mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
    mixed ^ (mixed >> 16)
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn quantile(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * part) as usize]
}

fn row(what: &str, value: f64, unit: &str) {
    println!("{what:<34} {value:>9.2} {unit}");
}

/// Memory of this process in megabytes, where the system tells.
fn resident_mb() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4096.0 / 1e6
}
