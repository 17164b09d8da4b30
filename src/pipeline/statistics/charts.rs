//! What each kind of chart shows of a dataset. Figures in, a [`Chart`] out: what the window saves and what the command
//! line writes are the same.

mod tables;

use std::cmp::Reverse;

use crate::analysis::distribution::boxes::{CELLS, MOST_BOXES, SIZES};
use crate::analysis::distribution::histogram::grouped;
use crate::analysis::distribution::{Axis as Place, Bins, BoxPlot, Density, Edges, box_plots};
use crate::chart::{
    Axis, Bars, Body, BoxRow, Boxes as BoxChart, Chart, Grid, Group, Histogram, Hue, Line, Lines, Picture,
    PictureRow, Pictures as PictureChart, Point, Points, Scale, Series, Tile, Upright, number_text,
};
use crate::dataset::columns::Column;
use crate::dataset::query::Snapshot;
use crate::dataset::{SampleId, natural};
use crate::text::{counted, grouped as grouped_text};

use super::classes::{Classes, most_frequent};
use super::numbers::{edges_of, values_of};
use super::{Boxes, PictureFigures, Pictures, Relation, Space, Subject, Words};

pub use tables::{
    Parts, SPLIT_DISTANCES, SPLIT_SHARES, class_bars, cumulative_lines, imbalance_figures, number_bins,
    relation_table, split_distances, split_shares, word_bars,
};

/// Cells of a plane of two numbers, across and down.
const CELLS_OF_TWO: [usize; 2] = [90, 60];

/// What bars and pictures are in the order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Count,
    /// As text, numbers in it by their value.
    Natural,
    /// As the dataset has them.
    Dataset,
}

/// What a chart tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    #[default]
    Nothing,
    Split,
    Label,
}

/// What a person can set of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The scale of what is counted, or of a chart of numbers their own.
    pub scale: Scale,
    pub bins: Bins,
    /// Rows that a drawing shows at most.
    pub top: usize,
    pub by: By,
    pub order: Order,
    /// Whether two columns against each other are a point for each sample.
    pub points: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let (scale, bins) = (Scale::Linear, Bins::Auto);
        Self { scale, bins, top: 40, by: By::Nothing, order: Order::Count, points: false }
    }
}

fn chart(subject: Subject<'_>, title: impl Into<String>, body: Body, notes: Vec<String>) -> Chart {
    let source = subject.snapshot.dataset.source.clone();
    let subtitle = format!("{} · {source}", counted(subject.rows.len() as u64, "sample"));
    Chart { title: title.into(), subtitle, body, notes }
}

fn of_parts(subject: Subject<'_>, (title, body, notes): Parts) -> Chart {
    chart(subject, title, body, notes)
}

fn place_of(scale: Scale) -> Place {
    match scale {
        Scale::Linear => Place::Linear,
        Scale::Log => Place::Log,
    }
}

/// The classes in an order, those without samples last by count.
pub fn ordered(snapshot: &Snapshot, counts: &[u64], order: Order) -> Vec<u32> {
    let mut classes: Vec<u32> = (0..counts.len() as u32).collect();
    match order {
        Order::Dataset => {}
        Order::Count => {
            classes.sort_by(|one, two| counts[*two as usize].cmp(&counts[*one as usize]).then(one.cmp(two)));
        }
        Order::Natural => {
            let names = &snapshot.labels().classes;
            let ranks = crate::dataset::natural::ranks(names.len(), |class| &names[class]);
            classes.sort_by_key(|class| ranks[*class as usize]);
        }
    }
    classes
}

/// Samples by class, stacked by split where that is asked for.
pub fn classes_chart(subject: Subject<'_>, classes: &Classes, settings: &Settings) -> Chart {
    let order = ordered(subject.snapshot, &classes.counts, settings.order);
    let names = subject.class_names();
    let values = |counts: &[u64]| order.iter().map(|class| counts[*class as usize] as f64).collect();
    let series = if settings.by == By::Split && classes.split_ids.len() > 1 {
        let of_split = |(at, counts): (usize, &Vec<u64>)| Series {
            name: classes.split_names[at].clone(),
            hue: Hue::Class(at as u32),
            values: values(counts),
        };
        classes.splits.counts.iter().enumerate().map(of_split).collect()
    } else {
        vec![Series { name: String::new(), hue: Hue::Accent, values: values(&classes.counts) }]
    };
    let names = order.iter().map(|class| names[*class as usize].clone()).collect();
    let notes = class_notes(subject, classes);
    of_parts(subject, class_bars(names, series, settings.scale, settings.top, notes))
}

/// How uneven classes are, in a sentence or two.
fn class_notes(subject: Subject<'_>, classes: &Classes) -> Vec<String> {
    let figures = &classes.imbalance;
    let mut parts = vec![counted(figures.classes as u64, "class")];
    let mut say = |name: &str, value: Option<f64>| {
        parts.extend(value.map(|value| format!("{name} {}", crate::text::significant(value))));
    };
    say("imbalance ratio", figures.ratio);
    say("normalised entropy", figures.entropy);
    say("Gini", figures.gini);
    let mut notes = vec![parts.join(" · ")];
    if let Some(rarest) = figures.rarest.filter(|rarest| rarest.is_rare()) {
        let name = &subject.class_names()[rarest.class];
        let count = counted(rarest.count, "sample");
        notes.push(format!("The rarest class, {name}, has {count}: less than a tenth of an even share."));
    }
    if classes.unlabelled > 0 {
        notes.push(format!("{} without a label.", counted(classes.unlabelled, "sample")));
    }
    notes
}

/// The part of all samples that the most frequent classes have together.
pub fn cumulative_chart(subject: Subject<'_>, classes: &Classes, settings: &Settings) -> Chart {
    let order = most_frequent(&classes.counts, usize::MAX);
    let total = classes.imbalance.total.max(1) as f64;
    let mut sum = 0;
    let points = order.iter().enumerate().map(|(at, class)| {
        sum += classes.counts[*class as usize];
        [(at + 1) as f64, sum as f64 / total]
    });
    let line = Line { name: "all".to_owned(), hue: Hue::Accent, points: points.collect() };
    of_parts(subject, cumulative_lines(vec![line], settings.scale, class_notes(subject, classes)))
}

/// How uneven classes are, in figures.
pub fn imbalance_chart(subject: Subject<'_>, classes: &Classes) -> Chart {
    of_parts(subject, imbalance_figures(&classes.imbalance, subject.class_names()))
}

/// Class proportions of each split, with how far the splits are from each other.
pub fn splits_chart(subject: Subject<'_>, classes: &Classes, settings: &Settings) -> Chart {
    let order = ordered(subject.snapshot, &classes.counts, settings.order);
    let (names, splits) = (subject.class_names(), &classes.split_names);
    of_parts(subject, split_shares(&order, names, splits, &classes.splits, settings.top))
}

/// How far the splits are from each other.
pub fn split_distances_chart(subject: Subject<'_>, classes: &Classes) -> Chart {
    of_parts(subject, split_distances(&classes.split_names, &classes.splits.distances))
}

/// Samples by the words of a column of text; a sentence where there are none, or too many.
pub fn words_chart(subject: Subject<'_>, column: &Column, settings: &Settings) -> Result<Chart, String> {
    let words = Words::of(subject.snapshot, column, subject.rows.iter().copied())?;
    let mut bars: Vec<(String, u32)> =
        words.counts().into_iter().zip(words.names).map(|(count, name)| (name, count)).collect();
    match settings.order {
        Order::Dataset => {}
        Order::Count => bars.sort_by_key(|(_, count)| Reverse(*count)),
        Order::Natural => bars.sort_by(|(one, _), (two, _)| natural::compare(one, two)),
    }
    Ok(of_parts(subject, word_bars(&column.title, bars, settings.scale, settings.top)))
}

/// A histogram of a number, stacked by split or with a box plot of each class.
pub fn number_chart(subject: Subject<'_>, classes: &Classes, column: &Column, settings: &Settings) -> Chart {
    let values = values_of(subject, column);
    let axis = Axis::new(column.title.as_ref(), column.unit, settings.scale);
    let unknown = values.iter().filter(|value| value.is_nan()).count() as u64;
    let mut notes: Vec<String> = Vec::new();
    if let Some(figures) = BoxPlot::of(&mut values.clone()) {
        let text = |value| axis.text(value);
        notes.push(format!(
            "Least {} · quartiles {}, {} and {} · greatest {}",
            text(figures.min),
            text(figures.q1),
            text(figures.median),
            text(figures.q3),
            text(figures.max)
        ));
    }
    if unknown > 0 {
        notes.push(format!("It is not known of {}.", counted(unknown, "sample")));
    }
    let not_positive = values.iter().filter(|value| **value <= 0.0).count() as u64;
    if settings.scale == Scale::Log && not_positive > 0 {
        notes.push(format!("{} not over 0 have no place on a log axis.", grouped_text(not_positive)));
    }
    if settings.by == By::Label {
        let body = box_chart(subject, classes, &values, axis, settings);
        return chart(subject, format!("{} by class", column.title), Body::Boxes(body), notes);
    }
    let edges = edges_of(column, &values, place_of(settings.scale), settings.bins);
    let series = histogram_series(subject, classes, &values, &edges, settings.by);
    of_parts(subject, number_bins(axis, edges.values, series, Scale::Linear, notes))
}

fn histogram_series(
    subject: Subject<'_>,
    classes: &Classes,
    values: &[f64],
    edges: &Edges,
    by: By,
) -> Vec<Series> {
    let as_numbers = |counts: Vec<u64>| counts.into_iter().map(|count| count as f64).collect();
    if by != By::Split || classes.split_ids.len() < 2 {
        let counts = grouped(values, edges, 1, |_| &[0]).pop().unwrap_or_default();
        return vec![Series { name: String::new(), hue: Hue::Accent, values: as_numbers(counts) }];
    }
    let groups: Vec<u32> = (0..classes.split_ids.len() as u32).collect();
    let split_of = |place: usize| {
        let split = subject.snapshot.dataset.splits[subject.rows[place] as usize];
        let at = classes.split_ids.iter().position(|id| *id == split);
        at.map_or(&[][..], |at| &groups[at..=at])
    };
    let counts = grouped(values, edges, groups.len(), split_of);
    let series = counts.into_iter().enumerate().map(|(at, counts)| Series {
        name: classes.split_names[at].clone(),
        hue: Hue::Class(at as u32),
        values: as_numbers(counts),
    });
    series.collect()
}

fn box_chart(
    subject: Subject<'_>,
    classes: &Classes,
    values: &[f64],
    axis: Axis,
    settings: &Settings,
) -> BoxChart {
    // What has no place on the axis is in no box.
    let place = place_of(settings.scale);
    let has_place = |value: &f64| if place.place(*value).is_nan() { f64::NAN } else { *value };
    let values: Vec<f64> = values.iter().map(has_place).collect();
    let figures = box_plots(&values, subject.class_names().len(), |place| subject.classes_at(place));
    let order = ordered(subject.snapshot, &classes.counts, settings.order);
    let row = |class: &u32| {
        Some(BoxRow {
            name: subject.class_names()[*class as usize].clone(),
            hue: subject.hue(*class),
            plot: figures[*class as usize]?,
        })
    };
    BoxChart { of: "class".to_owned(), axis, rows: order.iter().filter_map(row).collect(), top: settings.top }
}

/// Two numbers against each other: how many samples there are in each cell, or a point for each.
pub fn plane_chart(subject: Subject<'_>, columns: [&Column; 2], settings: &Settings) -> Chart {
    let axis = place_of(settings.scale);
    let cells = match settings.bins {
        Bins::Auto => CELLS_OF_TWO,
        Bins::Count(count) => [count; 2],
    };
    let [x, y] = columns.map(|column| values_of(subject, column));
    let edges = |at: usize, values: &[f64]| edges_of(columns[at], values, axis, Bins::Count(cells[at]));
    let found = Density::in_edges(&x, &y, edges(0, &x), edges(1, &y));
    let [x_axis, y_axis] =
        columns.map(|column| Axis::new(column.title.as_ref(), column.unit, settings.scale));
    let title = format!("{} and {}", columns[0].title, columns[1].title);
    let notes = (found.left_out > 0).then(|| {
        format!(
            "{} are left out: one of the numbers is not known, or not over 0.",
            counted(found.left_out, "sample")
        )
    });
    let body = match settings.points {
        true => Body::Points(points(subject, columns, [(x_axis, &found.x), (y_axis, &found.y)], settings.by)),
        false => Body::Grid(Grid {
            x: x_axis,
            y: y_axis,
            counts: found.counts.iter().map(|count| *count as f64).collect(),
            x_edges: found.x.values,
            y_edges: found.y.values,
            upright: Upright::Up,
            counted: "Samples".to_owned(),
        }),
    };
    chart(subject, title, body, notes.into_iter().collect())
}

/// A point for each of the samples that has a bin on both axes, told apart by its first class where that is asked for.
pub fn points(
    subject: Subject<'_>,
    columns: [&Column; 2],
    [(x_axis, x_edges), (y_axis, y_edges)]: [(Axis, &Edges); 2],
    by: By,
) -> Points {
    let [x, y] = columns.map(|column| values_of(subject, column));
    let is_by_class = by == By::Label;
    // By class, and one for samples of none.
    let names = subject.class_names();
    let group_of = |sample: SampleId| {
        let class = subject.snapshot.labels().get(sample).first().copied();
        if is_by_class { class.map_or(names.len(), |class| class as usize) } else { 0 }
    };
    let placed = || {
        let rows = subject.rows.iter().zip(x.iter().zip(&y));
        rows.filter(|(_, (x, y))| x_edges.bin(**x).is_some() && y_edges.bin(**y).is_some())
    };
    // Those without a point have no place in the legend.
    let mut group_ids = vec![None; if is_by_class { names.len() + 1 } else { 1 }];
    placed().for_each(|(sample, _)| group_ids[group_of(*sample)] = Some(0));
    group_ids.iter_mut().flatten().zip(0u32..).for_each(|(id, at)| *id = at);
    let group = |at: usize| match names.get(at).filter(|_| is_by_class) {
        Some(name) => Group { name: name.clone(), hue: subject.hue(at as u32) },
        None if is_by_class => Group { name: "unlabelled".to_owned(), hue: Hue::Dim },
        None => Group::default(),
    };
    let ends = |edges: &Edges| {
        let end = |value: Option<&f64>| value.copied().unwrap_or_default();
        [end(edges.values.first()), end(edges.values.last())]
    };
    let point = |(sample, (x, y)): (&SampleId, (&f64, &f64))| Point {
        name: subject.snapshot.dataset.path(*sample).to_owned(),
        at: [*x, *y],
        group: group_ids[group_of(*sample)].unwrap_or(0),
    };
    Points {
        of: "path".to_owned(),
        groups_of: if is_by_class { "class".to_owned() } else { String::new() },
        groups: (0..group_ids.len()).filter(|at| group_ids[*at].is_some()).map(group).collect(),
        points: placed().map(point).collect(),
        ends: [x_edges, y_edges].map(ends),
        x: x_axis,
        y: y_axis,
    }
}

fn box_notes(boxes: &Boxes) -> Vec<String> {
    let all = &boxes.tally.all;
    let mut notes = vec![format!(
        "{} in {}; mean size {} of the picture's side.",
        counted(all.boxes, "box"),
        counted(all.samples, "sample"),
        all.mean_size().map_or("–".to_owned(), crate::text::significant)
    )];
    if boxes.left_out > 0 {
        notes.push(format!("{} left out: their picture's size is not known.", grouped_text(boxes.left_out)));
    }
    notes
}

/// Where the centres of boxes lie.
pub fn box_centres_chart(subject: Subject<'_>, boxes: &Boxes) -> Chart {
    let edges: Vec<f64> = (0..=CELLS).map(|at| at as f64 / CELLS as f64).collect();
    let grid = Grid {
        x: Axis::new("Across, of the width", "", Scale::Linear),
        y: Axis::new("Down, of the height", "", Scale::Linear),
        x_edges: edges.clone(),
        y_edges: edges,
        counts: boxes.tally.all.centres.iter().map(|count| *count as f64).collect(),
        upright: Upright::Down,
        counted: "Boxes".to_owned(),
    };
    chart(subject, "Centres of the boxes", Body::Grid(grid), box_notes(boxes))
}

/// How large boxes are.
pub fn box_sizes_chart(subject: Subject<'_>, boxes: &Boxes, settings: &Settings) -> Chart {
    let numbers = |counts: &[u64]| counts.iter().map(|count| *count as f64).collect();
    let all =
        || vec![Series { name: String::new(), hue: Hue::Accent, values: numbers(&boxes.tally.all.sizes) }];
    let series = match settings.by {
        By::Label => {
            let counts: Vec<u64> = boxes.tally.classes.iter().map(|class| class.boxes).collect();
            let shown = most_frequent(&counts, settings.top);
            let of_class = |class: u32| Series {
                name: subject.class_names()[class as usize].clone(),
                hue: subject.hue(class),
                values: numbers(&boxes.tally.classes[class as usize].sizes),
            };
            shown.into_iter().map(of_class).collect()
        }
        _ => all(),
    };
    let body = Histogram {
        x: Axis::new("√(width × height), of the picture's", "", Scale::Linear),
        y: Axis::counts("Boxes", settings.scale),
        edges: (0..=SIZES).map(|at| at as f64 / SIZES as f64).collect(),
        series,
    };
    chart(subject, "Sizes of the boxes", Body::Histogram(body), box_notes(boxes))
}

/// How many boxes samples have.
pub fn box_numbers_chart(subject: Subject<'_>, boxes: &Boxes, settings: &Settings) -> Chart {
    let counts = &boxes.tally.per_sample;
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    let body = Histogram {
        x: Axis::counts("Boxes of a sample", Scale::Linear),
        y: Axis::counts("Samples", settings.scale),
        edges: (0..=last + 1).map(|at| at as f64).collect(),
        series: vec![Series {
            name: String::new(),
            hue: Hue::Accent,
            values: counts[..=last].iter().map(|count| *count as f64).collect(),
        }],
    };
    let mut notes = box_notes(boxes);
    if last == MOST_BOXES {
        notes.push(format!("Samples of more than {MOST_BOXES} boxes count as if they had so many."));
    }
    chart(subject, "Boxes of a sample", Body::Histogram(body), notes)
}

/// The average picture, how much pixels vary, and the colours, of all and of each class.
pub fn pictures_chart(subject: Subject<'_>, pictures: &Pictures, settings: &Settings) -> Chart {
    let names = subject.class_names();
    let classes = pictures.classes.iter().map(|(class, figures)| (names[*class as usize].as_str(), figures));
    let rows = std::iter::once(("all samples", &pictures.all)).chain(classes).filter_map(picture_row);
    let body = PictureChart {
        of: "class".to_owned(),
        headings: ["average", "deviation × 2", "colours by share"].map(str::to_owned).into(),
        rows: rows.collect(),
        top: settings.top,
    };
    let left_out = pictures.left_out.len() as u64;
    let notes = (left_out > 0).then(|| format!("{} could not be read.", counted(left_out, "sample")));
    chart(subject, "Average pictures", Body::Pictures(body), notes.into_iter().collect())
}

fn picture_row((name, figures): (&str, &PictureFigures)) -> Option<PictureRow> {
    let mean = &figures.mean;
    let picture =
        |data: Vec<u8>| Picture::new(mean.width, mean.height, mean.channels, &data).map(Tile::Picture);
    let tiles = vec![
        picture(mean.mean_pixels())?,
        picture(mean.deviation_pixels())?,
        Tile::Swatches(figures.palette.iter().map(|swatch| (swatch.rgb, swatch.share)).collect()),
    ];
    (mean.count > 0).then(|| PictureRow {
        name: name.to_owned(),
        caption: counted(mean.count, "sample"),
        tiles,
    })
}

/// How fast the radius falls, of all and of the most frequent classes.
pub fn coverage_chart(subject: Subject<'_>, space: &Space, settings: &Settings) -> Chart {
    let points =
        |radii: &[f64]| radii.iter().enumerate().map(|(at, radius)| [(at + 1) as f64, *radius]).collect();
    let mut lines =
        vec![Line { name: "all".to_owned(), hue: Hue::Accent, points: points(&space.coverage.radii) }];
    if settings.by == By::Label {
        let mut classes: Vec<_> = space.classes.iter().collect();
        classes.sort_by(|one, two| two.samples.cmp(&one.samples).then(one.class.cmp(&two.class)));
        lines.extend(classes.into_iter().take(settings.top).map(|class| Line {
            name: subject.class_names()[class.class as usize].clone(),
            hue: subject.hue(class.class),
            points: points(&class.radii),
        }));
    }
    let body = Lines {
        x: Axis::counts("Centres", settings.scale),
        y: Axis::new("Largest distance to the nearest centre", "", Scale::Linear),
        lines,
    };
    let mut notes = vec![
        "0 is equal, 1.41 as different as chance; centres are samples, each the furthest from those before."
            .to_owned(),
    ];
    if let Some(vendi) = space.vendi {
        let samples = counted(space.samples.len() as u64, "described sample");
        notes.push(format!(
            "{samples} are as diverse as {} different ones (Vendi score).",
            number_text((vendi * 100.0).round() / 100.0)
        ));
    }
    chart(subject, "Coverage", Body::Lines(body), notes)
}

/// Samples by the region of the centre that they are nearest to.
pub fn regions_chart(subject: Subject<'_>, space: &Space, settings: &Settings) -> Chart {
    let coverage = &space.coverage;
    let order = coverage.by_density();
    let name = |centre: &usize| {
        let sample = space.samples[coverage.centres[*centre] as usize];
        subject.snapshot.dataset.path(sample).to_owned()
    };
    let body = Bars {
        of: "centre".to_owned(),
        axis: Axis::counts("Samples", settings.scale),
        categories: order.iter().map(name).collect(),
        series: vec![Series {
            name: String::new(),
            hue: Hue::Accent,
            values: order.iter().map(|centre| coverage.regions[*centre].samples as f64).collect(),
        }],
        top: settings.top,
    };
    let sparse = order.iter().filter(|centre| coverage.is_sparse(**centre)).count();
    let notes = vec![format!("{sparse} of {} regions are nearly empty.", coverage.centres.len())];
    chart(subject, "Samples around each centre", Body::Bars(body), notes)
}

/// How diverse each class is.
pub fn diversity_chart(subject: Subject<'_>, space: &Space, settings: &Settings) -> Chart {
    let mut classes: Vec<(u32, f64)> =
        space.classes.iter().filter_map(|class| Some((class.class, class.vendi?))).collect();
    classes.sort_by(|one, two| two.1.total_cmp(&one.1).then(one.0.cmp(&two.0)));
    let body = Bars {
        of: "class".to_owned(),
        axis: Axis::new("Vendi score", "", settings.scale),
        categories: classes.iter().map(|(class, _)| subject.class_names()[*class as usize].clone()).collect(),
        series: vec![Series {
            name: String::new(),
            hue: Hue::Accent,
            values: classes.iter().map(|(_, vendi)| *vendi).collect(),
        }],
        top: settings.top,
    };
    let notes = space.vendi.map(|vendi| format!("All together: {}.", crate::text::significant(vendi)));
    chart(subject, "Diversity by class", Body::Bars(body), notes.into_iter().collect())
}

/// A table of observed over expected counts.
pub fn relation_chart(subject: Subject<'_>, relation: &Relation, settings: &Settings) -> Chart {
    let name = |side: &super::Side, at: usize| side.name_at(subject.snapshot, at as u32);
    let names = |side: &super::Side| (0..side.len()).map(|at| name(side, at)).collect();
    let sides = [&relation.rows, &relation.columns];
    of_parts(
        subject,
        relation_table(sides.map(super::Side::name), sides.map(names), &relation.cells, settings.top),
    )
}
