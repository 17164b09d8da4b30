use super::charts::*;
use super::*;
use crate::analysis::distribution::Cell;
use crate::analysis::whiten::AXES;
use crate::chart::{Body, Look, Scale, csv_rows, layout};
use crate::dataset::builder::NewBox;
use crate::dataset::query::{self, Brush, parse};
use crate::dataset::{DatasetBuilder, Fact, Facts, Kinds, Layout, NewSample, Signal};

/// Two hundred samples of three classes, some of two, in two splits and none, with facts and a note.
fn snapshot() -> Snapshot {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Manifest);
    let mut facts = Facts::new(200);
    for at in 0..200u32 {
        let labels: &[&str] = match at % 10 {
            0 => &[],
            1..=5 => &["cat"],
            6..=7 => &["traffic light"],
            8 => &["cat", "dog \"a\""],
            _ => &["dog \"a\""],
        };
        let split = match at % 7 {
            0 => None,
            1..=4 => Some("train"),
            _ => Some("val"),
        };
        let (path, note) = (format!("{at:03}.png"), format!("{}", at % 13));
        let rect = [0.25, 0.25, 0.5, 0.5];
        let boxes =
            if at % 20 == 1 { vec![NewBox { class: "cat", rect, relative: true }] } else { Vec::new() };
        let sample = NewSample {
            path: &path,
            split,
            labels,
            boxes,
            bytes: u64::from(at * at + 1),
            ..Default::default()
        };
        builder.push(NewSample { attributes: &[("note", &note)], ..sample });
        if at % 50 != 3 {
            let brightness = (at as f32 * 0.37).fract();
            facts.set(
                at,
                &Fact { measured: true, width: 10 + at % 4, height: 10, brightness, ..Fact::UNMEASURED },
            );
        }
    }
    let (dataset, issues) = builder.finish();
    Snapshot::new(dataset.into(), &issues, facts, Default::default())
}

fn rows(snapshot: &Snapshot, query: &str) -> Vec<SampleId> {
    let query = parse(query, snapshot.vocabulary()).unwrap();
    query::rows(snapshot, &query, "path", Default::default()).to_vec()
}

#[test]
fn classes_and_splits_are_counted() {
    let snapshot = snapshot();
    let all = rows(&snapshot, "");
    let found = classes(Subject { snapshot: &snapshot, rows: &all }, 0.99);
    // In the order in which they were met.
    assert_eq!(snapshot.labels().classes, ["cat", "traffic light", "dog \"a\""]);
    assert_eq!((found.counts.as_slice(), found.unlabelled), (&[120, 40, 40][..], 20));
    assert!(found.is_multilabel);
    assert_eq!(found.split_names, ["train", "val", "none"]);
    assert_eq!(found.split_samples, [115, 56, 29]);
    assert_eq!(found.splits.counts.iter().map(|counts| counts[0]).sum::<u64>(), 120);
    assert_eq!(found.splits.distances.len(), 3);
    assert_eq!(most_frequent(&found.counts, 2), [0, 1]);

    let none = rows(&snapshot, "split:val label:\"traffic light\"");
    let found = classes(Subject { snapshot: &snapshot, rows: &none }, 0.99);
    assert_eq!(
        (found.split_names.as_slice(), found.imbalance.empty.as_slice()),
        (&["val".to_owned()][..], &[0, 2][..])
    );
}

#[test]
fn numbers_are_those_of_the_rows() {
    let snapshot = snapshot();
    let some = rows(&snapshot, "label:\"traffic light\"");
    let subject = Subject { snapshot: &snapshot, rows: &some };
    let found: Vec<Numbers> = number_columns(&snapshot)
        .iter()
        .filter_map(|column| numbers(subject, column, Axis::Linear, Bins::Auto))
        .collect();
    let of = |name: &str| found.iter().find(|numbers| numbers.name == name).unwrap();
    assert_eq!(of("labels").all.count, 40);
    assert_eq!((of("bytes").all.min, of("bytes").all.max), (37.0, 197.0 * 197.0 + 1.0));
    assert_eq!(of("attr.note").all.count, 40);
    // Nobody knows what was not measured.
    assert!(found.iter().all(|numbers| numbers.name != "score.dark"));
    let note = of("attr.note");
    let mean: f64 = some.iter().map(|row| f64::from(row % 13)).sum::<f64>() / 40.0;
    assert!((note.mean - mean).abs() < 1e-12);
    assert_eq!(note.histogram.counts.iter().sum::<u64>(), 40);
    assert_eq!((note.classes[0], note.classes[1].unwrap().count), (None, 40));
}

#[test]
fn a_cells_query_finds_what_was_counted_in_it() {
    let snapshot = snapshot();
    let all = rows(&snapshot, "");
    let subject = Subject { snapshot: &snapshot, rows: &all };
    let counted = classes(subject, DEFAULT_BETA);
    let found = relations(subject, &counted, &Control::new()).unwrap();
    let sides: Vec<(&str, &str)> =
        found.iter().map(|relation| (relation.rows.name(), relation.columns.name())).collect();
    for side in ["label", "split", "width", "bytes", "brightness", "attr.note", "boxes"] {
        assert!(sides.contains(&("label", side)), "{side}: {sides:?}");
    }
    for relation in &found {
        for cell in &relation.cells {
            let query = relation.query(&snapshot, cell).to_string();
            let name = format!("{} {query}", relation.columns.name());
            assert_eq!(rows(&snapshot, &query).len() as u64, cell.observed, "{name}");
        }
        let is_of_pairs = relation.rows == relation.columns;
        let cells = relation.rows.len() * relation.columns.len();
        let pairs = relation.rows.len() * (relation.rows.len() - 1) / 2;
        assert!(relation.cells.len() <= if is_of_pairs { pairs } else { cells });
    }
    // The samples of both are in the first row and the last column.
    let pairs = &found[0];
    let both = pairs.cells.iter().find(|cell| (cell.row, cell.column) == (0, 2)).unwrap();
    assert_eq!((both.observed, both.expected), (20, 120.0 * 40.0 / 180.0), "of those with a label");
    assert_eq!(pairs.rows.name_at(&snapshot, 2), "dog \"a\"");
}

#[test]
fn what_is_unknown_on_a_side_is_not_counted() {
    let snapshot = snapshot();
    let all = rows(&snapshot, "");
    let subject = Subject { snapshot: &snapshot, rows: &all };
    let labels = Side::labels(&classes(subject, DEFAULT_BETA));
    let width = crate::dataset::columns::column(&snapshot, "width").unwrap();
    let widths = Side::of_column(subject, &width).unwrap();
    let found = relation(subject, labels, widths).unwrap();
    // 20 of 200 have no label, and of the others 4 were not measured, all of them cats.
    assert_eq!((found.table.samples, found.table.rows[0]), (176, 116));
    assert_eq!(found.table.columns.iter().sum::<u64>(), 176);
    let splits = Side::Splits(classes(subject, DEFAULT_BETA).split_ids);
    let labels = Side::labels(&classes(subject, DEFAULT_BETA));
    assert_eq!(relation(subject, labels, splits).unwrap().table.samples, 180);
}

#[test]
fn boxes_in_pixels_need_a_size() {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Coco);
    for path in ["a", "b"] {
        let boxes = vec![NewBox { class: "cat", rect: [50.0, 0.0, 50.0, 20.0], relative: false }];
        builder.push(NewSample { path, boxes, ..Default::default() });
    }
    let (dataset, issues) = builder.finish();
    let mut facts = Facts::new(2);
    facts.set(0, &Fact { measured: true, width: 100, height: 40, ..Fact::UNMEASURED });
    let snapshot = Snapshot::new(dataset.into(), &issues, facts, Default::default());
    let found = boxes(Subject { snapshot: &snapshot, rows: &[0, 1] }).unwrap();
    assert_eq!((found.tally.all.boxes, found.left_out), (1, 1));
    // Both are boxes of their samples.
    assert_eq!((found.tally.all.samples, found.tally.per_sample[1]), (2, 2));
    // Its centre is at three quarters across and one down; its size is half of the side.
    assert_eq!(found.tally.all.centres[8 * 32 + 24], 1);
    assert_eq!(found.tally.all.mean_size(), Some(0.5));
}

/// Signals whose descriptions are one of so many axes each.
fn described(count: u32, axes: u32) -> Signals {
    let mut signals = Signals::new(count as usize);
    for at in 0..count {
        let mut row = [0; AXES];
        row[(at % axes) as usize] = 120;
        let has = Kinds::DESCRIBED;
        signals.set(at, &Signal { content: [1; 16], looked: has, has, described: row, ..Signal::UNSEEN });
    }
    signals
}

#[test]
fn the_space_is_of_the_described_rows() {
    let snapshot = snapshot();
    let all = rows(&snapshot, "-label:dog*");
    let subject = Subject { snapshot: &snapshot, rows: &all };
    let signals = described(200, 4);
    let found = space(subject, &signals, 16, &Control::new()).unwrap();
    assert_eq!(found.samples, all);
    assert_eq!((found.coverage.centres.len(), found.coverage.radii.last()), (4, Some(&0.0)));
    assert!((found.vendi.unwrap() - 4.0).abs() < 0.1, "{:?}", found.vendi);
    let classes: Vec<(u32, u64)> = found.classes.iter().map(|class| (class.class, class.samples)).collect();
    assert_eq!(classes, [(0, 100), (1, 40)]);
    let cancelled = Control::new();
    cancelled.cancel();
    assert!(space(subject, &signals, 16, &cancelled).is_err());
}

#[test]
fn every_chart_has_the_figures_that_it_is_of() {
    let snapshot = snapshot();
    let all = rows(&snapshot, "");
    let subject = Subject { snapshot: &snapshot, rows: &all };
    let counted = classes(subject, DEFAULT_BETA);
    let by = |by| Settings { by, ..Settings::default() };
    let column = |name: &str| crate::dataset::columns::column(&snapshot, name).unwrap();
    let found = space(subject, &described(200, 4), 16, &Control::new()).unwrap();
    let known_boxes = boxes(subject).unwrap();
    let related = relations(subject, &counted, &Control::new()).unwrap();
    let plain = Settings::default();
    let log = Settings { scale: Scale::Log, ..plain };
    let (width, bytes) = (column("width"), column("bytes"));
    for chart in [
        classes_chart(subject, &counted, &by(By::Split)),
        classes_chart(subject, &counted, &Settings { order: Order::Natural, ..log }),
        cumulative_chart(subject, &counted, &plain),
        splits_chart(subject, &counted, &plain),
        number_chart(subject, &counted, &bytes, &log),
        number_chart(subject, &counted, &width, &by(By::Split)),
        number_chart(subject, &counted, &width, &by(By::Label)),
        plane_chart(subject, [&width, &bytes], &plain),
        plane_chart(subject, [&width, &bytes], &Settings { points: true, ..by(By::Label) }),
        imbalance_chart(subject, &counted),
        words_chart(subject, &column("split"), &plain).unwrap(),
        split_distances_chart(subject, &counted),
        box_centres_chart(subject, &known_boxes),
        box_sizes_chart(subject, &known_boxes, &by(By::Label)),
        box_numbers_chart(subject, &known_boxes, &plain),
        coverage_chart(subject, &found, &by(By::Label)),
        regions_chart(subject, &found, &plain),
        diversity_chart(subject, &found, &plain),
        relation_chart(subject, &related[0], &plain),
    ] {
        let drawing = layout(&chart, &Look::LIGHT);
        assert!(drawing.height > 100.0 && !chart.title.is_empty(), "{}", chart.title);
        assert!(csv_rows(&chart).len() > 1, "{}", chart.title);
    }
    let Body::Bars(bars) = classes_chart(subject, &counted, &by(By::Split)).body else { panic!("bars") };
    assert_eq!(bars.categories, ["cat", "traffic light", "dog \"a\""]);
    let total = |at: usize| bars.series.iter().map(|series| series.values[at]).sum::<f64>();
    assert_eq!([0, 1, 2].map(total), [120.0, 40.0, 40.0]);
    let words = words_chart(subject, &column("split"), &plain).unwrap();
    assert_eq!(csv_rows(&words)[1..], [["train", "115"], ["val", "56"]].map(|row| row.map(str::to_owned)));
    assert!(words_chart(subject, &column("verdict"), &plain).is_err(), "nothing is decided");
    // A stacked histogram sums to one that is not.
    let whole = csv_rows(&number_chart(subject, &counted, &width, &plain));
    let stacked = csv_rows(&number_chart(subject, &counted, &width, &by(By::Split)));
    let sum = |row: &Vec<String>| row[2..].iter().map(|cell| cell.parse::<f64>().unwrap()).sum::<f64>();
    let sums = |table: &[Vec<String>]| table[1..].iter().map(sum).collect::<Vec<_>>();
    assert_eq!(sums(&whole), sums(&stacked));
}

#[test]
fn log_box_plots_are_of_what_is_over_0() {
    let snapshot = snapshot();
    let all = rows(&snapshot, "");
    let subject = Subject { snapshot: &snapshot, rows: &all };
    let counted = classes(subject, DEFAULT_BETA);
    let note = crate::dataset::columns::column(&snapshot, "attr.note").unwrap();
    let of = |scale| {
        let settings = Settings { scale, by: By::Label, ..Settings::default() };
        let chart = number_chart(subject, &counted, &note, &settings);
        let Body::Boxes(boxes) = chart.body else { panic!("boxes") };
        (boxes.rows, chart.notes.join(" "))
    };
    let ((linear, plain), (log, told)) = (of(Scale::Linear), of(Scale::Log));
    // The note is 0 for every thirteenth sample.
    let zeroes = |label: &str| rows(&snapshot, label).iter().filter(|row| *row % 13 == 0).count() as u64;
    assert_eq!((linear[0].name.as_str(), linear[0].plot.min, log[0].plot.min), ("cat", 0.0, 1.0));
    assert_eq!(linear[0].plot.count - log[0].plot.count, zeroes("label:cat"));
    assert!(log.iter().all(|row| row.plot.low_whisker > 0.0 && row.plot.q1 > 0.0));
    let left_out = format!("{} not over 0 have no place on a log axis.", zeroes(""));
    assert!(told.contains(&left_out) && !plain.contains("not over 0"), "{told}");
}

#[test]
fn ranked_cells_are_in_their_order() {
    let snapshot = snapshot();
    let all = rows(&snapshot, "");
    let subject = Subject { snapshot: &snapshot, rows: &all };
    let counted = classes(subject, DEFAULT_BETA);
    let found = relation(subject, Side::labels(&counted), Side::Splits(counted.split_ids.clone())).unwrap();
    let strength = |cell: &Cell| cell.conservative().ln().abs();
    assert!(found.cells.windows(2).all(|pair| strength(&pair[0]) >= strength(&pair[1])));
    assert!(relation(subject, Side::Labels(Vec::new()), Side::labels(&counted)).is_none());
}

#[test]
fn a_click_on_a_cell_or_a_size_finds_the_samples_whose_boxes_were_counted_there() {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Manifest);
    let mut facts = Facts::new(120);
    for at in 0..120u32 {
        let part =
            |salt: u32| f32::from((at.wrapping_mul(2_654_435_761).wrapping_add(salt * 7919) >> 9) as u8);
        // Parts of the picture, some on borders of cells and some beyond it, and pixels of pictures of unknown size.
        let relative = [part(1) / 256.0, part(2) / 128.0, part(3) / 512.0, part(4) / 256.0];
        let pixels = [part(5), part(6), part(7) / 8.0, part(8) / 8.0];
        let mut boxes = vec![NewBox { class: "cat", rect: relative, relative: true }];
        if at % 3 == 0 {
            boxes.push(NewBox { class: "dog", rect: pixels, relative: false });
        }
        let path = format!("{at:03}.png");
        builder.push(NewSample { path: &path, boxes, ..Default::default() });
        if at % 4 != 0 {
            facts.set(at, &Fact { measured: true, width: 256, height: 200, ..Fact::UNMEASURED });
        }
    }
    let (dataset, issues) = builder.finish();
    let snapshot = Snapshot::new(dataset.into(), &issues, facts, Default::default());
    let found = |brush: Brush| {
        let text = query::with_brushes("", &[brush], query::Stroke::Set, snapshot.vocabulary());
        rows(&snapshot, &text)
    };
    let all = rows(&snapshot, "");
    let mut of_cells = vec![0; 32 * 32];
    let mut of_sizes = vec![0; 50];
    for row in &all {
        // Each sample by itself: where it has a box, it is found.
        let one = boxes(Subject { snapshot: &snapshot, rows: &[*row] }).unwrap().tally.all;
        one.centres.iter().zip(&mut of_cells).for_each(|(boxes, samples)| *samples += u64::from(*boxes > 0));
        one.sizes.iter().zip(&mut of_sizes).for_each(|(boxes, samples)| *samples += u64::from(*boxes > 0));
    }
    let edges = |parts: usize, at: usize| [at as f64 / parts as f64, (at + 1) as f64 / parts as f64];
    for (cell, samples) in of_cells.iter().enumerate() {
        let brush = Brush::box_at(edges(32, cell % 32), edges(32, cell / 32));
        assert_eq!(found(brush).len() as u64, *samples, "cell {cell}");
    }
    for (size, samples) in of_sizes.iter().enumerate() {
        assert_eq!(found(Brush::box_size(edges(50, size))).len() as u64, *samples, "size {size}");
    }
    assert!(of_cells.iter().filter(|samples| **samples > 0).count() > 40);
}
