//! Every kind of chart: drawn within its paper, written in every form and read back.

use quick_xml::events::Event;

use super::font::Weight;
use super::*;

fn series(name: &str, class: u32, values: &[f64]) -> Series {
    Series { name: name.to_owned(), hue: Hue::Class(class), values: values.to_vec() }
}

fn chart(body: Body) -> Chart {
    let title = "Samples <by> \"class\" & split".to_owned();
    let notes = vec!["Imbalance ratio 250.0, normalised entropy 0.421; ".repeat(6)];
    Chart { title, subtitle: "shapes, 1,234 samples".to_owned(), body, notes }
}

fn bars(categories: usize, scale: Scale) -> Body {
    let names = (0..categories)
        .map(|at| format!("class {at} with a name that goes on, and on, and on to number {at}"));
    let one: Vec<f64> = (0..categories).map(|at| 5000.0 / (at + 1) as f64).collect();
    let two: Vec<f64> = (0..categories).map(|at| (at % 7) as f64).collect();
    Body::Bars(Bars {
        of: "class".to_owned(),
        axis: Axis::counts("Samples", scale),
        categories: names.collect(),
        series: vec![series("train", 0, &one), series("val", 1, &two)],
        top: 40,
    })
}

fn histogram(scale: Scale) -> Body {
    let edges: Vec<f64> = (0..=12).map(|at| 10f64.powf(f64::from(at) / 3.0)).collect();
    let values: Vec<f64> = (0..12).map(|at| f64::from(at * at)).collect();
    Body::Histogram(Histogram {
        x: Axis::new("Bytes", "bytes", Scale::Log),
        y: Axis::counts("Samples", scale),
        edges,
        series: vec![Series { values, ..Series::default() }],
    })
}

fn lines() -> Body {
    let points = (1..=200).map(|at| [f64::from(at), 1.4 / f64::from(at).sqrt()]).collect();
    let short = vec![[1.0, 1.0], [100.0, 0.5]];
    Body::Lines(Lines {
        x: Axis::counts("Centres", Scale::Log),
        y: Axis::new("Radius", "", Scale::Linear),
        lines: vec![
            Line { name: "all".to_owned(), hue: Hue::Accent, points },
            Line { name: "cat".to_owned(), hue: Hue::Class(3), points: short },
        ],
    })
}

fn boxes() -> Body {
    let row = |at: u32| BoxRow {
        name: format!("class {at}"),
        hue: Hue::Class(at),
        plot: BoxPlot {
            count: 100 + u64::from(at),
            min: 1.0,
            low_whisker: 10.0,
            q1: 20.0 + f64::from(at),
            median: 30.0 + f64::from(at),
            q3: 44.0 + f64::from(at),
            high_whisker: 90.0,
            max: 300.0,
            outside: 7,
        },
    };
    Body::Boxes(Boxes {
        of: "class".to_owned(),
        axis: Axis::new("Width", "px", Scale::Linear),
        rows: (0..50).map(row).collect(),
        top: 30,
    })
}

fn grid(upright: Upright) -> Body {
    let counts = (0..32 * 16).map(|at| f64::from(at % 37)).collect();
    let edges = |cells: i32| (0..=cells).map(|at| f64::from(at) / f64::from(cells)).collect();
    Body::Grid(Grid {
        x: Axis::new("Centre, across", "", Scale::Linear),
        y: Axis::new("Centre, down", "", Scale::Linear),
        x_edges: edges(32),
        y_edges: edges(16),
        counts,
        upright,
        counted: "Boxes".to_owned(),
    })
}

fn points(count: usize) -> Body {
    let group = |name: &str, class: u32| Group { name: name.to_owned(), hue: Hue::Class(class) };
    let point = |at: usize| {
        let part = |of: usize| (at % of) as f64 / (of - 1) as f64;
        Point { name: format!("{at}.png"), at: [part(101), part(37)], group: (at % 2) as u32 }
    };
    Body::Points(Points {
        of: "path".to_owned(),
        x: Axis::new("Centre, across", "", Scale::Linear),
        y: Axis::new("Centre, down", "", Scale::Linear),
        ends: [[0.0, 1.0]; 2],
        groups_of: "class".to_owned(),
        groups: vec![group("cat", 0), group("dog", 1)],
        points: (0..count).map(point).collect(),
    })
}

fn heat(columns: u32, shades: Shades) -> Body {
    let cells = (0..40 * columns).map(|at| HeatCell {
        row: at / columns,
        column: at % columns,
        value: f64::from(at % 11) / 4.0,
        shade: f64::from(at % 11) / 4.0,
        more: vec![f64::from(at), 0.5],
    });
    Body::Heat(Heat {
        row_title: "class".to_owned(),
        column_title: "split".to_owned(),
        rows: (0..40).map(|at| format!("row {at}")).collect(),
        columns: (0..columns).map(|at| format!("column number {at}")).collect(),
        shades,
        value: "ratio".to_owned(),
        more: vec!["observed".to_owned(), "expected".to_owned()],
        cells: cells.collect(),
        top: 25,
    })
}

fn pictures() -> Body {
    let data: Vec<u8> = (0..8 * 8 * 3).map(|at| (at * 5 % 256) as u8).collect();
    let picture = Picture::new(8, 8, 3, &data).unwrap();
    let swatches = vec![([200, 10, 10], 0.75), ([10, 10, 200], 0.25)];
    let row = |at: usize| PictureRow {
        name: format!("class {at}"),
        caption: "1,234 samples".to_owned(),
        tiles: vec![Tile::Picture(picture.clone()), Tile::Swatches(swatches.clone())],
    };
    Body::Pictures(Pictures {
        of: "class".to_owned(),
        headings: vec!["mean".to_owned(), "colours".to_owned()],
        rows: (0..4).map(row).collect(),
        top: 3,
    })
}

fn all() -> Vec<(&'static str, Chart)> {
    [
        ("bars", bars(12, Scale::Linear)),
        ("many bars on a log axis", bars(1000, Scale::Log)),
        ("no bars", bars(0, Scale::Linear)),
        ("histogram", histogram(Scale::Linear)),
        ("histogram on log axes", histogram(Scale::Log)),
        ("lines", lines()),
        ("boxes", boxes()),
        ("grid", grid(Upright::Up)),
        ("grid of a picture", grid(Upright::Down)),
        ("points", points(3000)),
        ("points that are too many to be told apart", points(MOST_POINTS + 1)),
        ("heat", heat(4, Shades::Ratio)),
        ("heat of many columns", heat(60, Shades::Amount)),
        ("pictures", pictures()),
        ("an empty histogram", Body::Histogram(Histogram::default())),
        ("an empty table", Body::Heat(Heat::default())),
        ("no lines", Body::Lines(Lines::default())),
        ("no boxes", Body::Boxes(Boxes::default())),
        ("no cells", Body::Grid(Grid::default())),
        ("no points", Body::Points(Points::default())),
        ("no pictures", Body::Pictures(Pictures::default())),
    ]
    .map(|(name, body)| (name, chart(body)))
    .into()
}

/// Left, top, right and bottom of a mark.
fn extent(mark: &Mark) -> [f32; 4] {
    let of_points = |points: &[[f32; 2]]| {
        points
            .iter()
            .fold([f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY], |to, [x, y]| {
                [to[0].min(*x), to[1].min(*y), to[2].max(*x), to[3].max(*y)]
            })
    };
    match mark {
        Mark::Rect { at: [x, y, width, height], .. } | Mark::Image { at: [x, y, width, height], .. } => {
            [*x, *y, x + width, y + height]
        }
        Mark::Line { points, .. } => of_points(points),
        Mark::Circle { centre: [x, y], radius, .. } => [x - radius, y - radius, x + radius, y + radius],
        Mark::Text { at: [x, y], text, size, weight, anchor, is_turned, .. } => {
            let width = text_width(text, *size, *weight);
            let back = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => width / 2.0,
                Anchor::End => width,
            };
            match is_turned {
                true => [x - size * 0.75, y + back - width, *x, y + back],
                false => [x - back, y - size * 0.75, x - back + width, *y],
            }
        }
    }
}

#[test]
fn nothing_is_drawn_outside_of_the_paper_and_no_text_on_other_text() {
    for look in [Look::LIGHT, Look::DARK, Look { width: 420.0, ..Look::LIGHT }] {
        for (name, chart) in all() {
            let drawing = layout(&chart, &look);
            let mut texts: Vec<([f32; 4], &str)> = Vec::new();
            for mark in &drawing.marks {
                let found = extent(mark);
                let [left, top, right, bottom] = found;
                let is_inside = left >= -0.5
                    && top >= -0.5
                    && right <= drawing.width + 0.5
                    && bottom <= drawing.height + 0.5;
                assert!(is_inside, "{name}: {mark:?} of {} × {}", drawing.width, drawing.height);
                if let Mark::Text { text, .. } = mark {
                    let lies_on = |other: &[f32; 4]| {
                        left + 0.5 < other[2]
                            && other[0] + 0.5 < right
                            && top + 0.5 < other[3]
                            && other[1] + 0.5 < bottom
                    };
                    let under = texts.iter().find(|(other, _)| lies_on(other));
                    assert!(under.is_none(), "{name}: {text} lies on {under:?}");
                    texts.push((found, text));
                }
            }
        }
    }
}

#[test]
fn every_row_bin_and_cell_can_be_pointed_at_where_it_is_drawn() {
    for (name, chart) in all() {
        let drawing = layout(&chart, &Look { width: 420.0, ..Look::LIGHT });
        let count = |is: fn(&Which) -> bool| drawing.spots.iter().filter(|spot| is(&spot.which)).count();
        let rows = count(|which| matches!(which, Which::Row(_)));
        let bins = count(|which| matches!(which, Which::Bin(_)));
        let cells = count(|which| matches!(which, Which::Cell { .. }));
        let expected = match &chart.body {
            Body::Bars(bars) => (bars.categories.len().min(bars.top), 0, 0),
            Body::Histogram(histogram) => (0, histogram.edges.len().saturating_sub(1), 0),
            Body::Boxes(boxes) => (boxes.rows.len().min(boxes.top), 0, 0),
            Body::Grid(grid) => (0, 0, grid.counts.iter().filter(|count| **count > 0.0).count()),
            Body::Pictures(pictures) => (pictures.rows.len().min(pictures.top), 0, 0),
            Body::Lines(_) | Body::Heat(_) | Body::Points(_) => (0, 0, 0),
        };
        assert_eq!((rows, bins, cells), expected, "{name}");
        for spot in &drawing.spots {
            let [x, y, width, height] = spot.at;
            let is_inside =
                x >= 0.0 && x + width <= drawing.width && y >= 0.0 && y + height <= drawing.height;
            assert!(is_inside && !spot.name.is_empty(), "{name}: {spot:?}");
        }
    }
    // A box plot has its box, and what is beside it.
    let drawing = layout(&chart(boxes()), &Look::LIGHT);
    let parts = |row: usize| {
        let of = |spot: &&Spot| matches!(spot.which, Which::Quartiles { row: own, .. } if own == row);
        drawing.spots.iter().filter(of).map(|spot| spot.name.as_str()).collect::<Vec<&str>>()
    };
    let expected = ["class 2, Width under 22", "class 2, Width 46 and over", "class 2, Width 22 to 46"];
    assert_eq!(parts(2), expected);
}

#[test]
fn of_more_points_than_can_be_told_apart_a_sample_is_drawn() {
    for (count, drawn) in [(2, 2), (MOST_POINTS, MOST_POINTS), (MOST_POINTS * 3 / 2, MOST_POINTS)] {
        let drawing = layout(&chart(points(count)), &Look::LIGHT);
        let of_group = |class: u32| {
            let hue = Look::LIGHT.colours.class(class);
            let is_its = |mark: &&Mark| matches!(mark, Mark::Circle { fill, .. } if *fill == hue);
            drawing.marks.iter().filter(is_its).count()
        };
        // Cats and dogs take turns, and do so in the sample.
        assert_eq!([0, 1].map(of_group), [drawn / 2; 2], "{count}");
        let is_told = drawing.marks.iter().any(|mark| match mark {
            Mark::Text { text, .. } => text.contains("A sample of 20,000 of the 30,000 points"),
            _ => false,
        });
        assert_eq!(is_told, drawn < count, "{count}");
    }
}

#[test]
fn a_drawing_is_well_formed_and_says_what_it_shows() {
    for (name, chart) in all() {
        let text = String::from_utf8(write(&chart, Form::Svg, &Look::DARK).unwrap()).unwrap();
        let mut reader = quick_xml::Reader::from_str(&text);
        let (mut depth, mut elements) = (0, 0);
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{name}: {error}")) {
                Event::Start(_) => (depth, elements) = (depth + 1, elements + 1),
                Event::Empty(element) => {
                    elements += 1;
                    element.attributes().for_each(|attribute| assert!(attribute.is_ok(), "{name}"));
                }
                Event::End(_) => depth -= 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0, "{name}");
        assert!(elements >= 3, "{name}");
        assert!(text.contains("<title>Samples &lt;by&gt; &quot;class&quot; &amp; split</title>"), "{name}");
        assert!(!text.contains("NaN") && !text.contains("inf"), "{name}");
    }
}

#[test]
fn a_picture_has_the_drawing_and_its_colours() {
    let bars = chart(bars(12, Scale::Linear));
    for look in [Look::LIGHT, Look::DARK] {
        let drawing = layout(&bars, &look);
        let bytes = write(&bars, Form::Png, &look).unwrap();
        let picture = image::load_from_memory(&bytes).unwrap().to_rgb8();
        assert_eq!(
            (picture.width(), picture.height()),
            (drawing.width as u32 * 2, drawing.height as u32 * 2)
        );
        assert_eq!(picture.get_pixel(0, 0).0, drawing.background);
        for mark in &drawing.marks {
            // The middle of a bar has its colour.
            let Mark::Rect { at: [x, y, width, height], fill, .. } = mark else { continue };
            if *width < 4.0 || *height < 4.0 {
                continue;
            }
            let at = [x + width / 2.0, y + height / 2.0].map(|value| (value * 2.0) as u32);
            assert_eq!(picture.get_pixel(at[0], at[1]).0, *fill, "{mark:?}");
        }
        // Text leaves its colour as well.
        let text = crate::colours::channels(look.colours.text);
        assert!(picture.pixels().any(|pixel| pixel.0 == text));
    }
    for (name, chart) in all() {
        let bytes = write(&chart, Form::Png, &Look::LIGHT).unwrap();
        assert_eq!(bytes, write(&chart, Form::Png, &Look::LIGHT).unwrap(), "{name}");
        assert!(image::load_from_memory(&bytes).is_ok(), "{name}");
    }
}

#[test]
fn a_picture_that_is_too_tall_is_refused_and_not_cut_off() {
    let Body::Bars(bars) = bars(2000, Scale::Linear) else { panic!("bars") };
    let tall = chart(Body::Bars(Bars { top: 2000, ..bars.clone() }));
    let told = write(&tall, Form::Png, &Look::LIGHT).unwrap_err().to_string();
    assert!(told.contains("--top") && told.contains(".svg"), "{told}");
    assert!(write(&tall, Form::Svg, &Look::LIGHT).is_ok() && write(&tall, Form::Csv, &Look::LIGHT).is_ok());
    assert!(write(&chart(Body::Bars(bars)), Form::Png, &Look::LIGHT).is_ok(), "40 of them");
}

#[test]
fn log_boxes_begin_at_the_least_number_over_0() {
    let Body::Boxes(boxes) = boxes() else { panic!("boxes") };
    let first = boxes.rows[0].clone();
    let plot = BoxPlot { min: -3.0, low_whisker: 0.0, max: 1000.0, ..first.plot };
    let row = BoxRow { plot, ..first };
    let axis = Axis::new("Bytes", "", Scale::Log);
    let drawing = layout(&chart(Body::Boxes(Boxes { axis, rows: vec![row], ..boxes })), &Look::LIGHT);
    // The quartile of 20 is the least that has a place: the box begins where the axis does.
    let all = drawing.marks.iter().flat_map(|mark| match mark {
        Mark::Line { points, .. } => points.iter().map(|point| point[0]).collect::<Vec<f32>>(),
        _ => Vec::new(),
    });
    let least = all.fold(f32::INFINITY, f32::min);
    let tips = drawing.marks.iter().filter_map(|mark| match mark {
        Mark::Rect { at, tip, .. } if !tip.is_empty() => Some(at[0]),
        _ => None,
    });
    assert_eq!(tips.collect::<Vec<f32>>(), [least]);
}

#[test]
fn turned_text_stands_where_it_is_to_stand() {
    let mark = |is_turned, anchor| Mark::Text {
        at: [100.0, 100.0],
        text: "MMMM".to_owned(),
        size: 20.0,
        weight: Weight::Bold,
        anchor,
        is_turned,
        colour: [0; 3],
    };
    for (is_turned, anchor) in
        [(false, Anchor::Start), (false, Anchor::End), (true, Anchor::Start), (true, Anchor::Middle)]
    {
        let mark = mark(is_turned, anchor);
        let marks = vec![mark.clone()];
        let drawing = Drawing {
            width: 220.0,
            height: 220.0,
            background: [255; 3],
            title: String::new(),
            marks,
            spots: Vec::new(),
        };
        let picture = rasterised(&drawing, 1.0).unwrap();
        let inked = |at: usize| picture.rgb[at * 3] < 128;
        let places: Vec<[f32; 2]> =
            (0..220 * 220).filter(|at| inked(*at)).map(|at| [(at % 220) as f32, (at / 220) as f32]).collect();
        let expected = extent(&mark);
        let fold = |axis: usize, start: f32, pick: fn(f32, f32) -> f32| {
            places.iter().map(|place| place[axis]).fold(start, pick)
        };
        let found = [
            fold(0, 999.0, f32::min),
            fold(1, 999.0, f32::min),
            fold(0, 0.0, f32::max),
            fold(1, 0.0, f32::max),
        ];
        for (one, two) in found.iter().zip(expected) {
            assert!((one - two).abs() <= 4.0, "{is_turned} {anchor:?}: {found:?} {expected:?}");
        }
    }
}

/// The table as it is read from the file.
fn table(body: Body) -> (Vec<String>, Vec<Vec<String>>) {
    let bytes = write(&chart(body), Form::Csv, &Look::LIGHT).unwrap();
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    (rows.remove(0), rows)
}

#[test]
fn a_table_has_all_of_the_data() {
    let (heading, rows) = table(bars(1000, Scale::Log));
    assert_eq!((heading.as_slice(), rows.len()), (&["class", "train", "val"].map(str::to_owned)[..], 1000));
    assert_eq!(rows[9][1..], ["500", "2"]);
    assert!(rows[9][0].starts_with("class 9 with a name that goes on, and on"));

    let (heading, rows) = table(histogram(Scale::Linear));
    assert_eq!(heading, ["from", "to", "samples"]);
    assert_eq!(
        (rows.len(), rows[0].as_slice()),
        (12, &["1", "2.154434690031884", "0"].map(str::to_owned)[..])
    );

    let (heading, rows) = table(lines());
    assert_eq!((heading[0].as_str(), rows.len()), ("line", 202));
    assert_eq!(rows[201], ["cat", "100", "0.5"]);

    let (heading, rows) = table(boxes());
    assert_eq!((heading.len(), rows.len(), rows[3][5].as_str()), (10, 50, "33"));

    let (heading, rows) = table(grid(Upright::Up));
    assert_eq!((heading[4].as_str(), rows.len()), ("boxes", 32 * 16));
    assert_eq!(rows[33], ["0.03125", "0.0625", "0.0625", "0.125", "33"]);

    for count in [3, MOST_POINTS + 1] {
        let (heading, rows) = table(points(count));
        assert_eq!(
            (heading.as_slice(), rows.len()),
            (&["path", "centre_across", "centre_down", "class"].map(str::to_owned)[..], count)
        );
        assert_eq!(rows[2], ["2.png", "0.02", "0.05555555555555555", "cat"]);
    }

    let (heading, rows) = table(heat(60, Shades::Amount));
    assert_eq!(heading, ["class", "split", "ratio", "observed", "expected"]);
    assert_eq!(
        (rows.len(), rows[61].as_slice()),
        (2400, &["row 1", "column number 1", "1.5", "61", "0.5"].map(str::to_owned)[..])
    );

    let (heading, rows) = table(pictures());
    assert_eq!((heading.len(), rows.len()), (8, 4 * (64 + 2)));
    assert_eq!(rows[1], ["class 0", "mean", "1", "0", "", "15", "20", "25"]);
    assert_eq!(rows[64], ["class 0", "colours", "0", "", "0.75", "200", "10", "10"]);
}

#[test]
fn a_name_says_what_is_written() {
    use std::path::Path;
    for (name, form) in [("a.svg", Form::Svg), ("b.PNG", Form::Png), ("c.d.csv", Form::Csv)] {
        assert_eq!(Form::of(Path::new(name)).unwrap(), form);
    }
    for name in ["chart", "chart.pdf"] {
        let told = Form::of(Path::new(name)).unwrap_err().to_string();
        assert!(told.contains(".svg, .png or .csv") && told.contains(name), "{told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.svg");
    write_to(&path, &chart(lines()), &Look::LIGHT).unwrap();
    assert!(std::fs::read_to_string(path).unwrap().starts_with("<svg"));
    let nowhere = folder.path().join("no/such/folder/chart.svg");
    let told = write_to(&nowhere, &chart(lines()), &Look::LIGHT).unwrap_err().to_string();
    assert!(told.contains("chart.svg"), "{told}");
}
