//! How long listing and importing many loose files take, and what memory: `cargo bench --bench listing`.
//! `LENSLET_BENCH_SAMPLES=…` takes another number of files than a million. They are empty and lie in
//! memory where the system has such a folder: the disk is not what is measured.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use lenslet::import::{self, Tree};
use lenslet::jobs::Control;

fn main() {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let asked = std::env::var("LENSLET_BENCH_SAMPLES").ok().and_then(|count| count.parse().ok());
    let files: usize = asked.unwrap_or(if is_bench { 1_000_000 } else { 2_000 });
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() };
    let folder = folder.expect("a temporary folder can be made");
    for class in 0..10 {
        let class_folder = folder.path().join(format!("train/class{class}"));
        std::fs::create_dir_all(&class_folder).expect("a folder can be made");
        for file in 0..files / 10 {
            File::create(class_folder.join(format!("image_{file:07}.jpg"))).expect("a file can be made");
        }
    }
    let source = folder.path().to_str().expect("the temporary folder's name is UTF-8");
    let before = resident_mb("VmRSS");
    let start = Instant::now();
    let tree = Tree::open(source, &Control::new()).expect("the folder can be listed");
    let listed = start.elapsed();
    println!("{files} files");
    println!("{:<24} {:>9.2} s", "listed", listed.as_secs_f64());
    let imported = import::open_tree(&tree, &Control::new()).expect("the files are images by their names");
    println!("{:<24} {:>9.2} s", "imported", (start.elapsed() - listed).as_secs_f64());
    println!("{:<24} {:>9} MB", "resident at most", resident_mb("VmHWM").saturating_sub(before));
    assert_eq!(imported.dataset.len(), files / 10 * 10);
}

/// A line of this process's status in megabytes; 0 where the system does not tell.
fn resident_mb(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
