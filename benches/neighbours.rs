//! What it costs to find the nearest neighbours of every description, exactly, against the limit of 15
//! seconds of processor time for 60,000 of 128 numbers.
//!
//! `LENSLET_TEST_DATA=… cargo bench --bench neighbours`; `-- ROWS` sets another number of made-up
//! descriptions. Each is searched by the fastest instructions that the machine has, and by those that
//! every machine has.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use lenslet::analysis::neighbours::{Instructions, NEAREST, search_by};
use lenslet::analysis::whiten::{AXES, SCALE, Whitened};
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{Facts, Kinds, SampleId, Signals};
use lenslet::import::{self, dataset_reader};
use lenslet::jobs::Control;
use lenslet::pipeline::cores;
use lenslet::pipeline::duplicates::described;
use lenslet::pipeline::signals::{self, Wanted};

/// What 60,000 descriptions may take.
const LIMIT_SECONDS: f64 = 15.0;
const ROWS: usize = 60_000;

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    // `cargo bench` says so; as a mere test, a small one shows that it still runs.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let rows: usize = asked.unwrap_or(if is_bench { ROWS } else { 1000 });
    let threads = rayon::current_num_threads();
    println!("the {NEAREST} nearest of every description of {AXES} numbers, exact, {threads} threads:");
    searched("made up, in 100 crowds", &made_up(rows, 100));
    searched("made up, anywhere", &made_up(rows, rows));
    match std::env::var_os("LENSLET_TEST_DATA") {
        Some(data) if is_bench => {
            let data = Path::new(&data);
            searched("CIFAR-10 test images", &of_photos(&data.join("cifar10/cifar10-test-jpg.tar")));
            searched("flowers", &of_photos(&data.join("flowers")));
            for name in ["train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"] {
                let file = data.join("fashion-mnist").join(name);
                if file.exists() {
                    searched("Fashion-MNIST", &of_photos(&file));
                }
            }
        }
        _ => println!("descriptions of photos: set LENSLET_TEST_DATA to the folder of test data"),
    }
}

fn searched(name: &str, rows: &[Whitened]) {
    let references: Vec<Option<&Whitened>> = rows.iter().map(Some).collect();
    // What so many may take, were they as many as the limit is for.
    let part = (rows.len() as f64 / ROWS as f64).powi(2);
    for instructions in [Instructions::Best, Instructions::Portable] {
        let (start, processor) = (Instant::now(), processor_seconds());
        let found = search_by(instructions, &references, NEAREST, 0, 0, &Control::new());
        black_box(found.expect("nobody cancels it"));
        let (seconds, processor) = (start.elapsed().as_secs_f64(), processor_seconds() - processor);
        println!(
            "  {name:<24} {:>6} {:<9} {seconds:>6.2} s, {processor:>6.2} s of processors  {:.2} of {:.1} s  {:.2} ns for each two",
            rows.len(),
            format!("{instructions:?}"),
            processor / (LIMIT_SECONDS * part),
            LIMIT_SECONDS * part,
            processor / (rows.len() as f64 * (rows.len() as f64 - 1.0) / 2.0) * 1e9,
        );
    }
}

/// Descriptions around so many others, at length 1 as all are.
fn made_up(rows: usize, crowds: usize) -> Vec<Whitened> {
    let number = |seed: usize, axis: usize| {
        let bits = mixed((seed * AXES + axis) as u64);
        // Nearly normal: a sum of four evenly spread numbers.
        (0..4).map(|part| (bits >> (16 * part) & 0xFFFF) as f32 / 65_536.0 - 0.5).sum::<f32>()
    };
    let row = |row: usize| -> Whitened {
        let values: [f32; AXES] =
            std::array::from_fn(|axis| number(row % crowds, axis) + 0.7 * number(crowds + row, axis));
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        values.map(|value| (value / length * SCALE).round().clamp(-127.0, 127.0) as i8)
    };
    (0..rows).map(row).collect()
}

/// The descriptions of a dataset.
fn of_photos(source: &Path) -> Vec<Whitened> {
    let control = Control::new();
    let path = source.to_str().expect("the folder of test data is named in UTF-8");
    let imported = import::open(path, &control).expect("the data can be opened");
    let facts = Facts::new(imported.dataset.len());
    let snapshot = Snapshot::new(imported.dataset.into(), &imported.issues, facts, Default::default());
    let reader = dataset_reader(&snapshot.dataset);
    let (none, wanted) = (Signals::new(snapshot.len()), Wanted::of(Kinds::DESCRIBED));
    let looked = signals::run(&snapshot, &reader, None, none, wanted, cores(), &control, &|_| {})
        .expect("nobody cancels it");
    let samples: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
    described(&looked.signals, &samples).into_iter().flatten().copied().collect()
}

/// Processor seconds so far, of all threads, in steps of a hundredth; where the system does not tell,
/// the time of day.
fn processor_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/self/stat").ok();
    // What follows the program's name in parentheses; user and system time.
    let ticks = told.and_then(|line| {
        let words: Vec<u64> =
            line.rsplit(')').next()?.split_whitespace().map(|word| word.parse().unwrap_or(0)).collect();
        Some(words.get(11)? + words.get(12)?)
    });
    thread_local!(static START: Instant = Instant::now());
    ticks.map_or_else(|| START.with(|start| start.elapsed().as_secs_f64()), |ticks| ticks as f64 / 100.0)
}

/// A number that looks random (splitmix64; G. L. Steele, D. Lea and C. H. Flood, 2014).
fn mixed(at: u64) -> u64 {
    let mixed = at.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
