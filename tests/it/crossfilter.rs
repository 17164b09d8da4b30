//! Charts that filter each other: what stands at a part of a chart is what is left after a click on it.

use std::sync::Arc;

use lenslet::analysis::distribution::{DEFAULT_BETA, Imbalance};
use lenslet::chart::{Body, Scale, csv_rows};
use lenslet::crossfilter::{
    Board, Card, Figures, Kind, Options, Order, RelationColumns, Scattered, default_cards, rows_but,
    saved_charts, saved_titles,
};
use lenslet::dataset::columns::{Column, column};
use lenslet::dataset::query::{
    Bitmask, Brush, Click, Pick, Query, Range, Snapshot, Stroke, Vocabulary, parse, with_brushes, with_term,
};
use lenslet::dataset::{Dataset, DatasetBuilder, Fact, Facts, ImageFormat, Layout, NewSample, SampleId};
use proptest::prelude::*;

/// Samples with several classes, one or none, in two splits or none, some of them gone or not measured.
fn snapshot() -> Snapshot {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    let mut facts = Facts::new(700);
    for row in 0..700u32 {
        let mixed = row.wrapping_mul(2_654_435_761) >> 12;
        let labels: &[&str] = match mixed % 7 {
            0 => &[],
            1 => &["cat", "dog"],
            2 | 3 => &["cat"],
            4 => &["dog", "owl", "cat"],
            5 => &["owl"],
            _ => &["dog"],
        };
        let path = format!("{}/{row:04}.jpg", if mixed % 2 == 0 { "photo" } else { "scan" });
        let split = [Some("train"), Some("val"), None, Some("train")][(mixed / 7 % 4) as usize];
        let camera = ["", "one", "two", "Two"][(mixed / 29 % 4) as usize];
        let take = ["1", "1.0", "two", "2"][(mixed / 31 % 4) as usize];
        let attributes = [("camera", camera), ("take", take)];
        builder.push(NewSample {
            path: &path,
            bytes: 1 + u64::from(mixed % 100_000),
            split,
            labels,
            attributes: &attributes,
            ..Default::default()
        });
        if mixed % 11 != 0 {
            let fact = Fact {
                measured: true,
                format: if mixed % 3 == 0 { ImageFormat::Png } else { ImageFormat::Jpeg },
                width: 100 + mixed % 97,
                height: 50 + mixed / 5 % 60,
                brightness: (mixed % 997) as f32 / 997.0,
                contrast: (mixed % 31) as f32 / 77.0,
                sharpness: (mixed % 577) as f32 / 3e4,
                ..Fact::UNMEASURED
            };
            facts.set(row, &fact);
        }
    }
    let mut dataset: Dataset = builder.finish().0;
    (0..700).step_by(37).for_each(|row| dataset.gone[row] = true);
    Snapshot::new(dataset.into(), &[], facts, Arc::new(vec![0; 700]))
}

fn cards() -> Vec<Card> {
    let named = |name: &str| name.to_owned();
    let kinds = [
        Kind::Values { column: named("format") },
        Kind::Values { column: named("attr.camera") },
        Kind::Relations { with: named("label") },
        Kind::Relations { with: named("split") },
        Kind::Relations { with: named("brightness") },
        Kind::Scatter { x: named("brightness"), y: named("bytes") },
        Kind::Values { column: named("attr.take") },
    ];
    let more = (20..).zip(kinds).map(|(id, kind)| Card { id, kind, options: Options::default() });
    let mut cards: Vec<Card> = default_cards().into_iter().chain(more).collect();
    // Some of them otherwise than they begin.
    for card in cards.iter_mut().filter(|card| card.id % 2 == 0) {
        card.options =
            Options { log_axes: [true, false], by_split: true, bins: Some(7), ..Options::default() };
    }
    cards
}

const CONDITIONS: &[&str] = &[
    "width>=120",
    "width<180",
    "-width:150",
    "label:cat",
    "label:cat,dog",
    "-label:dog",
    "is:unlabelled",
    "-is:unlabelled",
    "is:labelled",
    "is:multilabel",
    "(label:cat or label:owl)",
    "split:train",
    "split:none",
    "brightness<0.5",
    "bytes>5k",
    "photo",
    "format:png",
    "camera:two",
    "(width<130 or brightness>0.7)",
    "-(split:val photo)",
];

/// How many rows are left after brushes.
fn left(snapshot: &Snapshot, text: &str, brushes: &[Brush]) -> u32 {
    let words: &Vocabulary = snapshot.vocabulary();
    let after = with_brushes(text, brushes, Stroke::Set, words);
    parse(&after, words).unwrap().mask(snapshot).count() as u32
}

/// Asks for a part of each chart by its query, and compares.
fn check(snapshot: &Snapshot, text: &str, card: &Card, figures: &Figures) {
    let names = &snapshot.dataset.labels.classes;
    let splits = &snapshot.dataset.split_names;
    let bin = |edges: &lenslet::analysis::distribution::Edges, at: usize| {
        let (from, to, is_closed) = edges.range(at).unwrap();
        Range { from, to, is_closed }
    };
    let same = |found: u32, brushes: &[Brush]| {
        assert_eq!(found, left(snapshot, text, brushes), "{text:?} {:?} {brushes:?}", card.kind);
    };
    // What the bar of a class does; another one is clicked before, so that no second click takes it away.
    let picked = |found: u32, pick: Pick, other: &str| {
        let words = snapshot.vocabulary();
        let before = with_term(text, &Pick::Class(other.to_owned()), Click::Only, words);
        let after = with_term(&before, &pick, Click::Only, words);
        let left = parse(&after, words).unwrap().mask(snapshot).count() as u32;
        assert_eq!(found, left, "{text:?} {pick:?} {after:?}");
    };
    match (&card.kind, figures) {
        (Kind::Classes, Figures::Labels(labels)) => {
            for (class, name) in names.iter().enumerate() {
                same(labels.of(class).1.iter().sum(), &[Brush::classes([name.as_str()])]);
                let pick = Pick::Class(name.clone());
                picked(labels.of(class).1.iter().sum(), pick, &names[(class + 1) % names.len()]);
            }
            same(labels.of(names.len()).1.iter().sum(), &[Brush::unlabelled()]);
            picked(labels.of(names.len()).1.iter().sum(), Pick::Unlabelled, &names[0]);
        }
        (Kind::Splits, Figures::Labels(labels)) => {
            for (class, name) in names.iter().enumerate() {
                for (at, count) in labels.of(class).1.iter().enumerate() {
                    let split = Brush::split(splits.get(at).map(String::as_str));
                    same(*count, &[Brush::classes([name.as_str()]), split]);
                }
            }
        }
        (Kind::Numbers { column }, Figures::Numbers(numbers)) => {
            for at in 0..numbers.edges.len() {
                same(numbers.of(at).1.iter().sum(), &[Brush::range(column, bin(&numbers.edges, at))]);
            }
        }
        (Kind::Values { column }, Figures::Values(values)) => {
            for (at, name) in values.names.iter().enumerate() {
                same(values.shown[at], &[Brush::value(column, name).unwrap()]);
            }
        }
        (Kind::Scatter { x, y }, Figures::Plane(plane)) => {
            for cell in (0..plane.x.len() * plane.y.len()).step_by(53) {
                let (column, line) = (cell % plane.x.len(), cell / plane.x.len());
                let across = Brush::range(x, bin(&plane.x, column));
                same(plane.shown[cell], &[across, Brush::range(y, bin(&plane.y, line))]);
            }
        }
        (Kind::Relations { with }, Figures::Relations(found)) => {
            for cell in &found.cells {
                let row = names[cell.row as usize].as_str();
                let at = cell.column as usize;
                let brushes = match found.columns.as_ref() {
                    RelationColumns::Classes => vec![Brush::classes([row, names[at].as_str()])],
                    RelationColumns::Splits => {
                        vec![Brush::classes([row]), Brush::split(splits.get(at).map(String::as_str))]
                    }
                    RelationColumns::Bins(edges) => {
                        vec![Brush::classes([row]), Brush::range(with, bin(edges, at))]
                    }
                };
                same(cell.observed as u32, &brushes);
            }
        }
        (Kind::Imbalance, Figures::Labels(_)) => {}
        (kind, figures) => panic!("{kind:?} shows {figures:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_stands_at_a_part_is_what_is_left_after_a_click(
        queries in prop::collection::vec(prop::sample::subsequence(CONDITIONS, 0..5), 1..4),
    ) {
        let snapshot = snapshot();
        let cards = cards();
        // One board for all of them: each answer follows from the one before.
        let mut board = Board::default();
        for text in queries.iter().map(|conditions| conditions.join(" ")) {
            let query: Query = parse(&text, snapshot.vocabulary()).unwrap();
            let found = board.answer(&snapshot, &query, &cards);
            prop_assert_eq!(found.len(), cards.len());
            for (id, figures) in &found {
                let card = cards.iter().find(|card| card.id == *id).unwrap();
                check(&snapshot, &text, card, figures);
                let own = card.kind.own_columns();
                prop_assert_eq!(board.rows_for(&snapshot, &own), rows_but(&snapshot, &query, &own));
            }
        }
    }
}

#[test]
fn counts_of_all_are_of_every_sample_that_is_there() {
    let snapshot = snapshot();
    let present: &Bitmask = snapshot.derived().present();
    let query = parse("label:nothing", snapshot.vocabulary()).unwrap();
    for (id, figures) in Board::default().answer(&snapshot, &query, &cards()) {
        let (all, shown): (u32, u32) = match &figures {
            Figures::Numbers(numbers) => (numbers.all.iter().sum(), numbers.shown.iter().sum()),
            Figures::Values(values) => (values.all.iter().sum(), values.shown.iter().sum()),
            Figures::Plane(plane) => (plane.all.iter().sum(), plane.shown.iter().sum()),
            // A sample of two classes counts for both, and a chart of classes knows nothing of their filter.
            _ => continue,
        };
        assert_eq!((all as usize, shown), (present.count(), 0), "{id}");
    }
}

#[test]
fn a_saved_chart_is_the_one_that_is_shown() {
    let snapshot = snapshot();
    let query: Query = parse("split:train width<170 label:cat", snapshot.vocabulary()).unwrap();
    let options = Options {
        order: Order::Name,
        log_counts: true,
        log_axes: [true, false],
        bins: Some(7),
        top: Some(2),
        ..Options::default()
    };
    let all_saved = |kind: Kind, options: &Options| {
        let card = Card { id: 1, kind, options: options.clone() };
        let (_, figures) = Board::default().answer(&snapshot, &query, std::slice::from_ref(&card)).remove(0);
        let left = rows_but(&snapshot, &query, &card.kind.own_columns());
        let charts = saved_charts(&card, &figures, &snapshot, &left).unwrap();
        // What a menu lists is what is written; one chart needs no menu.
        let listed = saved_titles(&card.kind, &figures);
        let titles: Vec<String> = charts.iter().map(|chart| chart.title.clone()).collect();
        assert!(listed == titles || listed.is_empty() && titles.len() == 1, "{listed:?} {titles:?}");
        (charts, figures)
    };
    let saved = |kind: Kind, options: &Options| {
        let (mut charts, figures) = all_saved(kind, options);
        (charts.remove(0).body, figures)
    };
    let named = |name: &str| name.to_owned();
    let as_numbers = |counts: &[u32]| counts.iter().map(|count| f64::from(*count)).collect::<Vec<f64>>();

    // Bins are those of all samples, and both scales are those that are set.
    let (Body::Histogram(body), Figures::Numbers(numbers)) =
        saved(Kind::Numbers { column: named("width") }, &options)
    else {
        panic!("a histogram")
    };
    assert_eq!(body.edges, numbers.edges.values);
    assert_eq!((body.x.scale, body.y.scale), (Scale::Log, Scale::Log));
    assert_eq!(body.series[0].values, as_numbers(&numbers.shown[..numbers.edges.len()]));

    let (Body::Grid(body), Figures::Plane(plane)) =
        saved(Kind::Scatter { x: named("width"), y: named("height") }, &options)
    else {
        panic!("a grid")
    };
    assert_eq!((body.x.scale, body.y.scale), (Scale::Log, Scale::Linear));
    assert_eq!((&body.x_edges, &body.y_edges), (&plane.x.values, &plane.y.values));
    assert_eq!(body.counts, as_numbers(&plane.shown[..plane.x.len() * plane.y.len()]));

    // Where it is points, those that the other conditions leave are written, with their classes where they are coloured.
    let of_points = Options { scattered: Some(Scattered::Points), by_class: true, ..options.clone() };
    let kind = Kind::Scatter { x: named("width"), y: named("height") };
    let left = rows_but(&snapshot, &query, &kind.own_columns());
    let (charts, _) = all_saved(kind, &of_points);
    let Body::Points(points) = &charts[0].body else { panic!("points") };
    assert_eq!((&points.x, &points.y), (&body.x, &body.y));
    let ends = [&body.x_edges, &body.y_edges].map(|edges| [edges[0], edges[edges.len() - 1]]);
    assert_eq!(points.ends, ends);
    let [width, height] = ["width", "height"].map(|name| column(&snapshot, name).unwrap());
    let number = |column: &Column, row| column.number(&snapshot, row);
    let place = |row| Some((snapshot.dataset.path(row), [number(&width, row)?, number(&height, row)?]));
    let expected: Vec<(&str, [f64; 2])> = left.iter().filter_map(place).collect();
    let found: Vec<(&str, [f64; 2])> = points.points.iter().map(|point| (&*point.name, point.at)).collect();
    assert!(!found.is_empty());
    assert_eq!(found, expected);
    let rows = csv_rows(&charts[0]);
    assert_eq!((rows[0].join(","), rows.len()), ("path,width,height,class".to_owned(), found.len() + 1));
    assert!(rows[1..].iter().all(|row| row[3] != "unlabelled"), "{rows:?}");

    // The splits are two charts: what is in each, and how far they are apart.
    let (charts, _) = all_saved(Kind::Splits, &options);
    let [_, distances] = charts.as_slice() else { panic!("{charts:?}") };
    let Body::Heat(heat) = &distances.body else { panic!("a table") };
    assert!(!heat.cells.is_empty() && heat.cells.iter().all(|cell| cell.row < cell.column));
    assert_eq!(csv_rows(distances)[0], ["split", "other_split", "chi_square_distance"]);

    // The order, the search and the number of bars are those of the list, beside the samples without a label.
    for (options, expected) in [
        (options.clone(), vec!["cat", "dog", "unlabelled"]),
        (Options { search: named("O"), ..options.clone() }, vec!["dog", "owl", "unlabelled"]),
    ] {
        let (Body::Bars(body), Figures::Labels(labels)) = saved(Kind::Classes, &options) else {
            panic!("bars")
        };
        assert_eq!(
            (body.categories, body.axis.scale),
            (expected.iter().map(|name| (*name).to_owned()).collect(), Scale::Log)
        );
        let class = snapshot.dataset.labels.classes.iter().position(|name| name == expected[0]).unwrap();
        assert_eq!(body.series[0].values[0], f64::from(labels.of(class).1.iter().sum::<u32>()));
        let (Body::Heat(heat), _) = saved(Kind::Splits, &options) else { panic!("a table") };
        assert_eq!(heat.rows, expected[..2]);
    }
    let (Body::Bars(body), Figures::Values(values)) =
        saved(Kind::Values { column: named("attr.camera") }, &options)
    else {
        panic!("bars")
    };
    assert_eq!((body.categories.len(), values.names.len()), (2, 2));

    // The figures of imbalance are written, not the classes that they are of.
    let (Body::Heat(heat), Figures::Labels(labels)) = saved(Kind::Imbalance, &options) else {
        panic!("a table")
    };
    let gini = heat.rows.iter().position(|row| row == "Gini").expect("a figure") as u32;
    let value = heat.cells.iter().find(|cell| cell.row == gini).map(|cell| cell.value);
    assert_eq!(value, Imbalance::of(&labels.shown_by_class(), DEFAULT_BETA).gini);

    let (Body::Heat(heat), Figures::Relations(found)) =
        saved(Kind::Relations { with: named("label") }, &options)
    else {
        panic!("a table")
    };
    assert_eq!(heat.cells.len(), found.cells.len());
}

#[test]
fn words_that_a_query_takes_for_the_same_are_one_bar() {
    let snapshot = snapshot();
    for (column, expected) in [("attr.camera", 2), ("attr.take", 3)] {
        let kind = Kind::Values { column: column.to_owned() };
        let card = [Card { id: 1, kind, options: Options::default() }];
        let found = Board::default().answer(&snapshot, &Query::default(), &card);
        let [(1, Figures::Values(values))] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(values.names.len(), expected, "{:?}", values.names);
        for (name, count) in values.names.iter().zip(values.shown.iter()) {
            assert_eq!(*count, left(&snapshot, "", &[Brush::value(column, name).unwrap()]), "{name}");
        }
    }
}

#[test]
fn what_cannot_be_counted_says_why() {
    let snapshot = snapshot();
    let card = |kind| [Card { id: 1, kind, options: Options::default() }];
    let named = |name: &str| name.to_owned();
    for (kind, why) in [
        (Kind::Numbers { column: named("boxed") }, "no column of numbers"),
        (Kind::Numbers { column: named("path") }, "no column of numbers"),
        (Kind::Numbers { column: named("score.dark") }, "No numbers are known yet."),
        (Kind::Scatter { x: named("width"), y: named("model.error") }, "No numbers are known yet."),
        (Kind::Values { column: named("verdict") }, "No sample has a value here."),
    ] {
        let found = Board::default().answer(&snapshot, &Query::default(), &card(kind.clone()));
        let [(1, Figures::Nothing(text))] = found.as_slice() else { panic!("{kind:?} {found:?}") };
        assert!(text.contains(why), "{text}");
    }
}

#[test]
fn what_is_measured_later_is_counted() {
    let snapshot = snapshot();
    let cards = [Card { id: 4, kind: Kind::Numbers { column: "width".into() }, options: Options::default() }];
    let mut board = Board::default();
    let count = |board: &mut Board, snapshot: &Snapshot| match &board.answer(
        snapshot,
        &Query::default(),
        &cards,
    )[0]
    .1
    {
        Figures::Numbers(numbers) => numbers.all.iter().sum::<u32>() - numbers.outside(),
        other => panic!("{other:?}"),
    };
    let before = count(&mut board, &snapshot);
    let unknown = |row: &SampleId| {
        !snapshot.facts.get(*row).measured && snapshot.derived().present().contains(*row as usize)
    };
    let row = (0..700).find(unknown).unwrap();
    let mut facts = snapshot.facts.clone();
    facts.set(row, &Fact { measured: true, width: 120, height: 60, ..Fact::UNMEASURED });
    let after = snapshot.with(facts, snapshot.marks.clone());
    assert_eq!(count(&mut board, &after), before + 1);
}
