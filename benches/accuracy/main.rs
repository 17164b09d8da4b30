//! How much of what is there to find is found: edited copies of photos by each method, wrong labels among
//! real ones, and what the demo dataset has planted. `docs/accuracy.md` has the tables that this prints,
//! and every definition.
//!
//! `LENSLET_TEST_DATA=… cargo bench --bench accuracy` prints them as Markdown; without data the demo
//! dataset alone. `-- photos`, `-- labels` and `-- demo` print one of them, `-- pairs` the false pairs as
//! well, for a person to look at. All goes through the functions that the commands call.

mod demo;
mod labels;
mod opened;
mod pairs;
mod photos;

use std::path::Path;

/// The part of the ranking of likely wrong labels that is looked at.
const FIRST: f64 = 0.04;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|asked| asked == word);
    let is_asked = |part: &str| has(part) || !["photos", "labels", "demo"].into_iter().any(has);
    // `cargo bench` says so; as a mere test, a small demo shows that it still runs.
    let (is_bench, shows_pairs) = (has("--bench"), has("pairs"));
    match std::env::var_os("LENSLET_TEST_DATA") {
        Some(data) if is_bench => {
            if is_asked("photos") {
                photos::tables(Path::new(&data), shows_pairs);
            }
            if is_asked("labels") {
                labels::table(Path::new(&data));
            }
        }
        _ => println!("Photos and real labels: set LENSLET_TEST_DATA to the folder of test data."),
    }
    if is_asked("demo") {
        demo::table(is_bench, shows_pairs);
    }
}

fn row(figures: &[f64]) -> String {
    let figures: Vec<String> = figures.iter().map(|value| figure(*value)).collect();
    figures.join(" | ")
}

/// Rounded down, so that what is below a goal is not told as reaching it.
fn figure(value: f64) -> String {
    format!("{:.3}", (value * 1000.0 + 1e-9).floor() / 1000.0)
}
