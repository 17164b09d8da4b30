//! What finding duplicates costs: the search among a million hashes, groups while a threshold moves,
//! and whole runs of the command line on photos.
//!
//! `LENSLET_TEST_DATA=… cargo bench --bench duplicates`; `-- ROWS` sets another number of hashes. The
//! search is held against brute force, whole runs against the processor time that imagededup, imgdd,
//! czkawka and CleanVision were measured to take on a machine of two such cores.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use lenslet::analysis::groups::Forest;
use lenslet::analysis::hamming::{Pair, distinct, join};
use lenslet::jobs::Control;

/// What the search among a million hashes may take.
const JOIN_LIMIT_SECONDS: f64 = 20.0;
const RADIUS: u32 = 10;
const MOST_PAIRS: usize = 20_000_000;
/// Comparisons per second and core of the best brute force known, with AVX-512 VPOPCNTDQ.
const BRUTE_FORCE: f64 = 12e9;
/// What moving a threshold over a million pairs may take: a frame.
const GROUPS_LIMIT_MS: f64 = 16.0;
/// Runs of which a figure is the best or the median.
const RUNS: usize = 9;

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    // `cargo bench` says so; as a mere test, a small one shows that it still runs.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let rows: usize = asked.unwrap_or(if is_bench { 1_000_000 } else { 5000 });
    searches(rows);
    regroupings(rows);
    match std::env::var_os("LENSLET_TEST_DATA") {
        Some(data) if is_bench => whole_runs(Path::new(&data)),
        _ => println!("\nwhole runs: set LENSLET_TEST_DATA to the folder of test data"),
    }
}

fn searches(rows: usize) {
    let threads = rayon::current_num_threads();
    println!("every pair of {rows} hashes of 64 bits within {RADIUS}, {threads} threads:");
    type Hash = fn(u64) -> u64;
    let hashes: [(&str, Hash); 5] = [
        ("random", mixed),
        ("as pHash has them", natural),
        ("black borders: 16 bits are 0", |at| mixed(at) << 16),
        ("hostile: all within 20 bits", |at| at << 9),
        ("hostile: all near ten others", |at| {
            (0..12).fold(mixed(at % 10), |hash, bit| flipped(hash, at, bit))
        }),
    ];
    for (name, hash) in hashes {
        let all: Vec<[u64; 1]> = (0..rows as u64).map(|at| [hash(at)]).collect();
        let (once, _) = distinct(&all);
        let (start, processor) = (Instant::now(), processor_seconds(Of::Program));
        let found = join(&once, RADIUS, MOST_PAIRS, &Control::new()).expect("nobody cancels it");
        let (seconds, processor) =
            (start.elapsed().as_secs_f64(), processor_seconds(Of::Program) - processor);
        println!(
            "  {name:<30} {seconds:>6.2} s, {processor:>6.2} s of processors  {:.2} of {JOIN_LIMIT_SECONDS} s  {} pairs within {}",
            seconds / JOIN_LIMIT_SECONDS,
            found.pairs.len(),
            found.radius,
        );
        let comparisons = once.len() as f64 * (once.len() as f64 - 1.0) / 2.0;
        println!(
            "  {:<30} {:.4} ns of a processor for each two hashes: {:.1} × brute force",
            "",
            processor / comparisons * 1e9,
            comparisons / processor / BRUTE_FORCE,
        );
    }
}

fn regroupings(rows: usize) {
    println!("\ngroups of {rows} rows by {rows} pairs, at each of 17 thresholds:");
    for (name, span) in [("of rows anywhere", rows as u64 - 1), ("of rows nearby", 16)] {
        let pair = |at: u64| {
            let a = mixed(at) % rows as u64;
            let b = (a + 1 + mixed(at ^ 1 << 40) % span) % rows as u64;
            Pair { a: a.min(b) as u32, b: a.max(b) as u32, distance: (mixed(at ^ 1 << 41) % 17) as u16 }
        };
        let pairs: Vec<Pair> = (0..rows as u64).map(pair).collect();
        let start = Instant::now();
        let forest = Forest::new(rows, &pairs);
        println!("  {name:<30} {:>6.2} ms once for the forest", millis(start));
        // Each threshold in turn, as a slider moves.
        let mut times = vec![Vec::new(); 17];
        for _ in 0..RUNS {
            for (threshold, times) in (0..).zip(&mut times) {
                let start = Instant::now();
                black_box(forest.groups(threshold));
                times.push(millis(start));
            }
        }
        times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        let slowest = |of: fn(&Vec<f64>) -> f64| times.iter().map(of).fold(0.0, f64::max);
        let median = slowest(|times| times[RUNS / 2]);
        println!(
            "  {:<30} {median:>6.2} ms median of the slowest, {:.2} ms best  {:.2} of {GROUPS_LIMIT_MS} ms",
            "",
            slowest(|times| times[0]),
            median / GROUPS_LIMIT_MS,
        );
    }
}

/// Runs the program as a person does, with nothing known from before.
fn whole_runs(data: &Path) {
    let flowers = data.join("flowers");
    let photos = count_photos(&flowers) as f64;
    // The others were measured on 3670 of them.
    let part = photos / 3670.0;
    let by_phash = ["duplicates", "--method", "phash", "--json"];
    run(
        "10,000 CIFAR-10 JPEGs in a tar",
        &by_phash,
        &data.join("cifar10/cifar10-test-jpg.tar"),
        &[("imagededup", 57.0), ("czkawka", 2.2), ("imgdd", 0.8)],
    );
    let name = format!("{photos} flowers");
    let peers = [("imagededup", 24.0 * part), ("czkawka", 7.2 * part), ("imgdd", 6.5 * part)];
    run(&name, &by_phash, &flowers, &peers);
    run(&name, &["quality", "--json"], &flowers, &[("CleanVision", 75.0 * part)]);
}

fn run(name: &str, words: &[&str], source: &Path, peers: &[(&str, f64)]) {
    println!("\nlenslet {}: {name}", words.join(" "));
    let mut best = (f64::INFINITY, f64::INFINITY);
    for _ in 0..3 {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lenslet"));
        command.args(words).arg(source).stdout(Stdio::null()).env("HOME", home.path());
        for place in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(place, home.path().join(place));
        }
        let (start, processor) = (Instant::now(), processor_seconds(Of::Children));
        let status = command.status().expect("the program starts");
        let times = (processor_seconds(Of::Children) - processor, start.elapsed().as_secs_f64());
        assert!(status.code().is_some_and(|code| code < 2), "the program works: {status}");
        best = (times.0.min(best.0), times.1.min(best.1));
    }
    println!("  {:<30} {:>6.2} s of processors, {:.2} s", "lenslet", best.0, best.1);
    for (peer, seconds) in peers {
        let ratio = seconds / best.0;
        println!("  {peer:<30} {seconds:>6.2} s of processors  {ratio:.1} × as fast");
    }
}

fn count_photos(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let count = |path: PathBuf| match path.is_dir() {
        true => count_photos(&path),
        false => usize::from(path.extension().is_some_and(|extension| extension == "jpg")),
    };
    entries.map(|entry| count(entry.path())).sum()
}

/// Whose time is counted.
#[derive(Clone, Copy)]
enum Of {
    Program,
    /// Programs that it ran and waited for.
    Children,
}

/// Processor seconds so far, of all threads, in steps of a hundredth; where the system does not tell,
/// the time of day.
fn processor_seconds(of: Of) -> f64 {
    let told = std::fs::read_to_string("/proc/self/stat").ok();
    // What follows the program's name in parentheses; user and system time, then those of children.
    let ticks = told.and_then(|line| {
        let words: Vec<u64> =
            line.rsplit(')').next()?.split_whitespace().map(|word| word.parse().unwrap_or(0)).collect();
        let at = match of {
            Of::Program => 11,
            Of::Children => 13,
        };
        Some(words.get(at)? + words.get(at + 1)?)
    });
    thread_local!(static START: Instant = Instant::now());
    ticks.map_or_else(|| START.with(|start| start.elapsed().as_secs_f64()), |ticks| ticks as f64 / 100.0)
}

fn millis(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// A number that looks random (splitmix64; G. L. Steele, D. Lea and C. H. Flood, 2014).
fn mixed(at: u64) -> u64 {
    let mixed = at.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn flipped(hash: u64, at: u64, turn: u64) -> u64 {
    hash ^ 1 << (mixed(at * 31 + turn) % 64)
}

/// A hash of which half of the bits are set, as the median makes them; every fourth is a near copy of
/// one shortly before.
fn natural(at: u64) -> u64 {
    if at % 4 == 3 {
        let original = natural(at - 1 - mixed(at) % 3);
        return (0..mixed(at + 7) % 6).fold(original, |hash, turn| flipped(hash, at, turn));
    }
    let (mut hash, mut seed) = (0u64, mixed(at ^ 1 << 42));
    while hash.count_ones() < 32 {
        seed = mixed(seed);
        hash |= 1 << (seed % 64);
    }
    hash
}
