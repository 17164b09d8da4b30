//! How much of what is there to find is found: edited copies of photos by each method, and what the demo
//! dataset has planted. `docs/accuracy.md` has the tables that this prints, and every definition.
//!
//! `LENSLET_TEST_DATA=… cargo bench --bench accuracy` prints them as Markdown, photos first; without
//! data the demo dataset alone. `-- photos` and `-- demo` print one of the two, `-- pairs` the false
//! pairs as well, for a person to look at. All goes through the functions that the commands call.

mod demo;
mod opened;
mod pairs;
mod photos;

use std::path::Path;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |word: &str| words.iter().any(|asked| asked == word);
    // `cargo bench` says so; as a mere test, a small demo shows that it still runs.
    let is_bench = is_asked("--bench");
    if is_bench && !is_asked("demo") {
        match std::env::var_os("LENSLET_TEST_DATA") {
            Some(data) => photos::tables(Path::new(&data), is_asked("pairs")),
            None => println!("Photos: set LENSLET_TEST_DATA to the folder of test data.\n"),
        }
    }
    if !is_asked("photos") {
        demo::table(is_bench, is_asked("pairs"));
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
