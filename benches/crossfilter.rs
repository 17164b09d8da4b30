//! Charts that filter each other over a million samples of a thousand classes, against the promise of 16 ms for a
//! move of a brush: every card of the first dashboard and a table of relations counted anew, and the rows of the
//! grid found, one after the other and both at once as the window does it.
//!
//! `cargo bench --bench crossfilter` prints the median and the worst of many moves; `-- ROWS` sets another
//! number of samples.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use lenslet::crossfilter::{Board, Card, Kind, Options, default_cards};
use lenslet::dataset::edit::View;
use lenslet::dataset::query::{Brush, Found, Query, Range, Snapshot, Stroke, Total, parse, with_brushes};
use lenslet::dataset::{Dataset, DatasetBuilder, Fact, Facts, ImageFormat, Layout, NewSample};

/// What a move of a brush over a million samples may take, in milliseconds: a frame.
const LIMIT_MS: f64 = 16.0;
const MOVES: usize = 60;

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let samples: usize = asked.unwrap_or(1_000_000);
    let cards = cards();
    println!("{samples} samples, {} charts, {} threads", cards.len(), rayon::current_num_threads());
    let snapshot = Snapshot::new(dataset(samples), &[], facts(samples), Arc::new(vec![0; samples]));
    snapshot.derived().prepare();
    let (mut board, mut total) = (Board::default(), Total::default());
    let start = Instant::now();
    black_box(board.answer(&snapshot, &Query::default(), &cards));
    println!("{:<52} {:>8.2} ms once", "first answer, rows told apart", ms(start));
    for (name, column, from, width, step, beside) in [
        ("a narrow brush of width moved", "width", 100.0, 80.0, 8.0, ""),
        ("the same beside two conditions", "width", 100.0, 80.0, 8.0, "label:class_1* split:train"),
        ("a wide brush of width moved", "width", 64.0, 500.0, 6.0, ""),
        ("a brush of brightness moved by much", "brightness", 0.0, 0.3, 0.011, ""),
    ] {
        let filters: Vec<String> = (0..MOVES)
            .map(|at| {
                let from = from + step * at as f64;
                let range = Range { from, to: from + width, is_closed: false };
                let brush = Brush::range(column, range);
                with_brushes(beside, &[brush], Stroke::Set, snapshot.vocabulary())
            })
            .collect();
        let view =
            |filter: &str| View { filter: filter.to_owned(), sort: "path".to_owned(), ..View::default() };
        let mut count = |filter: &str| {
            let query = parse(filter, snapshot.vocabulary()).expect("the queries above are right");
            black_box(board.answer(&snapshot, &query, &cards));
        };
        let mut find = |filter: &str| {
            black_box(Found::again(&snapshot, &view(filter), &mut total));
        };
        measure(&format!("{name}: charts"), &filters, &mut count);
        measure(&format!("{name}: grid"), &filters, &mut find);
        measure(&format!("{name}: both"), &filters, |filter| {
            std::thread::scope(|scope| {
                scope.spawn(|| count(filter));
                find(filter);
            });
        });
    }
}

/// The first dashboard, and a table of what goes together.
fn cards() -> Vec<Card> {
    let kind = Kind::Relations { with: "brightness".to_owned() };
    let more = Card { id: 100, kind, options: Options::default() };
    default_cards().into_iter().chain([more]).collect()
}

fn measure(name: &str, filters: &[String], mut work: impl FnMut(&str)) {
    let mut times: Vec<f64> = filters
        .iter()
        .map(|filter| {
            let start = Instant::now();
            work(filter);
            ms(start)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let ratio = median / LIMIT_MS;
    println!("{name:<52} median {median:>6.2} ms  worst {worst:>6.2} ms  {ratio:.2} of {LIMIT_MS} ms");
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

fn dataset(samples: usize) -> Arc<Dataset> {
    let mut builder = DatasetBuilder::new("/data", "/data", Layout::ImageFolder);
    for row in 0..samples {
        let mixed = (row as u32).wrapping_mul(2_654_435_761) >> 8;
        // Few classes have many samples, many have few.
        let class = (mixed % 1000) * (mixed / 1000 % 1000) / 1000;
        let split = if row < samples / 5 * 4 { "train" } else { "val" };
        let label = format!("class_{class}");
        let labels = [label.as_str()];
        let path = format!("{split}/{:04}/img_{row:08}.jpg", row / 10_000);
        builder.push(NewSample {
            path: &path,
            bytes: 1000 + (row as u64 * 7919) % 200_000,
            split: Some(split),
            labels: if mixed.is_multiple_of(20) { &[] } else { &labels },
            ..Default::default()
        });
    }
    Arc::new(builder.finish().0)
}

fn facts(samples: usize) -> Facts {
    let mut facts = Facts::new(samples);
    for row in 0..samples as u32 {
        let mixed = row.wrapping_mul(2_654_435_761) >> 12;
        let fact = Fact {
            measured: true,
            format: if mixed % 3 == 0 { ImageFormat::Png } else { ImageFormat::Jpeg },
            width: 64 + mixed % 1000,
            height: 64 + mixed / 7 % 800,
            brightness: (mixed % 9973) as f32 / 9973.0,
            contrast: (mixed % 4999) as f32 / 9998.0,
            sharpness: (mixed % 7919) as f32 / 1e5,
            ..Fact::UNMEASURED
        };
        facts.set(row, &fact);
    }
    facts
}
