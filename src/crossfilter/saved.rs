//! What a card shows as charts that are written to a file: the same counts in the same bins, order and scales.

use super::card::{Card, Kind, Options, Order, Scattered};
use super::drawn::TOP;
use super::figures::{Figures, Labels, Numbers, Plane, RelationColumns, Relations, Values};
use crate::analysis::distribution::{Axis as Place, DEFAULT_BETA, Edges, Imbalance, Splits};
use crate::chart::{Axis, Body, Chart, Grid, Hue, Line, Scale, Series, Upright};
use crate::dataset::SampleId;
use crate::dataset::columns::column;
use crate::dataset::query::{Bitmask, Snapshot};
use crate::pipeline::statistics::Subject;
use crate::pipeline::statistics::charts::{self, By, Parts, SPLIT_DISTANCES, SPLIT_SHARES};
use crate::text::counted;

/// What there is to write of a card that is counted while a brush is dragged and shows these figures, in the order of
/// [`saved_charts`]: one chart of most of them.
pub fn saved_titles(kind: &Kind, figures: &Figures) -> Vec<String> {
    match (kind, figures) {
        (Kind::Splits, Figures::Labels(labels)) if splits_of(labels).len() > 1 => {
            [SPLIT_SHARES, SPLIT_DISTANCES].map(str::to_owned).into()
        }
        (_, Figures::Charts(charts)) => charts.iter().map(|chart| chart.title.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The charts of a card that is counted while a brush is dragged; `left` are the rows that all conditions but the card's
/// own leave. A sentence where there is nothing to draw.
pub fn saved_charts(
    card: &Card,
    figures: &Figures,
    snapshot: &Snapshot,
    left: &Bitmask,
) -> Result<Vec<Chart>, String> {
    let options = &card.options;
    let parts = match (&card.kind, figures) {
        (_, Figures::Nothing(why)) => return Err(why.clone()),
        (Kind::Classes, Figures::Labels(labels)) if options.cumulative => {
            vec![cumulative(labels, options, snapshot)]
        }
        (Kind::Classes, Figures::Labels(labels)) => vec![classes(labels, options, snapshot)],
        (Kind::Imbalance, Figures::Labels(labels)) => vec![imbalance(labels, snapshot)],
        (Kind::Splits, Figures::Labels(labels)) => splits(labels, options, snapshot),
        (Kind::Numbers { column }, Figures::Numbers(numbers)) => {
            vec![histogram(numbers, options, snapshot, column)]
        }
        (Kind::Values { column }, Figures::Values(values)) => vec![words(values, options, snapshot, column)],
        (Kind::Scatter { x, y }, Figures::Plane(plane)) => {
            vec![plane_of(plane, options, snapshot, left, [x, y])]
        }
        (Kind::Relations { with }, Figures::Relations(found)) => vec![relations(found, snapshot, with)],
        _ => return Err("There is nothing to write of this chart.".to_owned()),
    };
    let subtitle = format!("{} · {}", counted(left.count() as u64, "sample"), snapshot.dataset.source);
    let chart = |(title, body, notes)| Chart { title, subtitle: subtitle.clone(), body, notes };
    Ok(parts.into_iter().map(chart).collect())
}

fn counts_scale(options: &Options) -> Scale {
    if options.log_counts { Scale::Log } else { Scale::Linear }
}

fn scale_of(edges: &Edges) -> Scale {
    match edges.axis {
        Place::Linear => Scale::Linear,
        Place::Log => Scale::Log,
    }
}

fn total(counts: &[u32]) -> u32 {
    counts.iter().sum()
}

fn title_of(snapshot: &Snapshot, name: &str) -> String {
    column(snapshot, name).map_or_else(|| name.to_owned(), |column| column.title.to_string())
}

fn axis_of(snapshot: &Snapshot, name: &str, edges: &Edges) -> Axis {
    let unit = column(snapshot, name).map_or("", |column| column.unit);
    Axis::new(title_of(snapshot, name), unit, scale_of(edges))
}

/// The name of a split by its place; the last one is for samples of none.
fn split_name(snapshot: &Snapshot, split: usize) -> String {
    snapshot.dataset.split_names.get(split).cloned().unwrap_or_else(|| "none".to_owned())
}

/// Counts in one series, or one for each split; `of` gives the counts of each bar by split.
fn series(snapshot: &Snapshot, splits: usize, by_split: bool, of: &[&[u32]]) -> Vec<Series> {
    if !by_split || splits < 2 {
        let values = of.iter().map(|counts| f64::from(total(counts))).collect();
        return vec![Series { name: String::new(), hue: Hue::Accent, values }];
    }
    let of_split = |split: usize| Series {
        name: split_name(snapshot, split),
        hue: if split + 1 == splits { Hue::Dim } else { Hue::Class(split as u32) },
        values: of.iter().map(|counts| counts.get(split).copied().unwrap_or(0).into()).collect(),
    };
    let all = (0..splits).map(of_split);
    all.filter(|series| series.values.iter().any(|value| *value > 0.0)).collect()
}

/// The classes in their order, as the window lists them.
fn listed(labels: &Labels, options: &Options, snapshot: &Snapshot) -> Vec<u32> {
    let names = &snapshot.labels().classes;
    options.listed(names, |class| total(labels.of(class as usize).0))
}

fn classes(labels: &Labels, options: &Options, snapshot: &Snapshot) -> Parts {
    let names = &snapshot.labels().classes;
    let order = listed(labels, options, snapshot);
    let name = |class: &u32| names.get(*class as usize).cloned().unwrap_or_default();
    let mut categories: Vec<String> = order.iter().map(name).collect();
    let mut of: Vec<&[u32]> = order.iter().map(|class| labels.of(*class as usize).1).collect();
    let unlabelled = labels.of(labels.classes());
    if total(unlabelled.0) > 0 {
        categories.push("unlabelled".to_owned());
        of.push(unlabelled.1);
    }
    let series = series(snapshot, labels.splits, options.by_split, &of);
    let top = options.top.unwrap_or(TOP) as usize;
    charts::class_bars(categories, series, counts_scale(options), top, Vec::new())
}

fn cumulative(labels: &Labels, options: &Options, snapshot: &Snapshot) -> Parts {
    let all = Options { order: Order::Count, search: String::new(), top: None, ..options.clone() };
    let order = listed(labels, &all, snapshot);
    let line = |name: &str, hue: Hue, count: &dyn Fn(u32) -> u32| {
        let sum = order.iter().map(|class| f64::from(count(*class))).sum::<f64>().max(1.0);
        let mut so_far = 0.0;
        let points = order.iter().enumerate().map(|(at, class)| {
            so_far += f64::from(count(*class));
            [(at + 1) as f64, so_far / sum]
        });
        Line { name: name.to_owned(), hue, points: std::iter::once([0.0, 0.0]).chain(points).collect() }
    };
    let lines = vec![
        line("all", Hue::Dim, &|class| total(labels.of(class as usize).0)),
        line("that fit", Hue::Accent, &|class| total(labels.of(class as usize).1)),
    ];
    charts::cumulative_lines(lines, Scale::Linear, Vec::new())
}

fn imbalance(labels: &Labels, snapshot: &Snapshot) -> Parts {
    let found = Imbalance::of(&labels.shown_by_class(), DEFAULT_BETA);
    charts::imbalance_figures(&found, &snapshot.labels().classes)
}

/// The splits that have samples, by their places.
fn splits_of(labels: &Labels) -> Vec<usize> {
    let there = |split: &usize| {
        (0..labels.classes()).any(|class| labels.of(class).0.get(*split).is_some_and(|count| *count > 0))
    };
    (0..labels.splits).filter(there).collect()
}

/// The share of each class in each split, and where there are several how far they are from each other.
fn splits(labels: &Labels, options: &Options, snapshot: &Snapshot) -> Vec<Parts> {
    let there = splits_of(labels);
    let counts = |split: &usize| -> Vec<u64> {
        let count = |class| labels.of(class).1.get(*split).copied().unwrap_or(0).into();
        (0..labels.classes()).map(count).collect()
    };
    let found = Splits::of(there.iter().map(counts).collect());
    let names: Vec<String> = there.iter().map(|split| split_name(snapshot, *split)).collect();
    let (order, top) = (listed(labels, options, snapshot), options.top.unwrap_or(TOP) as usize);
    let mut parts = vec![charts::split_shares(&order, &snapshot.labels().classes, &names, &found, top)];
    if names.len() > 1 {
        parts.push(charts::split_distances(&names, &found.distances));
    }
    parts
}

fn histogram(numbers: &Numbers, options: &Options, snapshot: &Snapshot, name: &str) -> Parts {
    let of: Vec<&[u32]> = (0..numbers.edges.len()).map(|bin| numbers.of(bin).1).collect();
    let outside = u64::from(total(numbers.of(numbers.edges.len()).1));
    let notes = (outside > 0).then(|| format!("{} without a place here.", counted(outside, "sample")));
    let axis = axis_of(snapshot, name, &numbers.edges);
    let series = series(snapshot, numbers.splits, options.by_split, &of);
    let (edges, notes) = (numbers.edges.values.clone(), notes.into_iter().collect());
    charts::number_bins(axis, edges, series, counts_scale(options), notes)
}

fn words(values: &Values, options: &Options, snapshot: &Snapshot, name: &str) -> Parts {
    let count = |counts: &[u32], at: u32| counts.get(at as usize).copied().unwrap_or(0);
    let order = options.listed(&values.names, |at| count(&values.all, at));
    let word = |at: u32| Some((values.names.get(at as usize)?.clone(), count(&values.shown, at)));
    let top = options.top.unwrap_or(TOP) as usize;
    let words = order.into_iter().filter_map(word).collect();
    charts::word_bars(&title_of(snapshot, name), words, counts_scale(options), top)
}

/// Two columns against each other, as points where the card has these.
fn plane_of(
    plane: &Plane,
    options: &Options,
    snapshot: &Snapshot,
    left: &Bitmask,
    names: [&String; 2],
) -> Parts {
    let cells = plane.x.len() * plane.y.len();
    let outside = u64::from(plane.shown.get(cells).copied().unwrap_or(0));
    let notes = (outside > 0).then(|| format!("{} without a place here.", counted(outside, "sample")));
    let [x, y] = names;
    let title = format!("{} and {}", title_of(snapshot, x), title_of(snapshot, y));
    let axes = (axis_of(snapshot, x, &plane.x), axis_of(snapshot, y, &plane.y));
    let body = match (options.scattered, column(snapshot, x), column(snapshot, y)) {
        (Some(Scattered::Points), Some(x), Some(y)) => {
            let rows: Vec<SampleId> = left.iter().collect();
            let by = if options.by_class { By::Label } else { By::Nothing };
            let axes = [(axes.0, &plane.x), (axes.1, &plane.y)];
            Body::Points(charts::points(Subject { snapshot, rows: &rows }, [&x, &y], axes, by))
        }
        _ => Body::Grid(Grid {
            x: axes.0,
            y: axes.1,
            x_edges: plane.x.values.clone(),
            y_edges: plane.y.values.clone(),
            counts: plane.shown.iter().take(cells).map(|count| f64::from(*count)).collect(),
            upright: Upright::Up,
            counted: "Samples".to_owned(),
        }),
    };
    (title, body, notes.into_iter().collect())
}

fn relations(found: &Relations, snapshot: &Snapshot, with: &str) -> Parts {
    let dataset = &snapshot.dataset;
    let columns = match found.columns.as_ref() {
        RelationColumns::Classes => snapshot.labels().classes.clone(),
        RelationColumns::Splits => {
            (0..=dataset.split_names.len()).map(|split| split_name(snapshot, split)).collect()
        }
        RelationColumns::Bins(edges) => {
            let axis = axis_of(snapshot, with, edges);
            let name = |bin| edges.range(bin).map(|(low, high, _)| (axis.text(low), axis.text(high)));
            (0..edges.len()).filter_map(name).map(|(low, high)| format!("{low} to {high}")).collect()
        }
    };
    let names = [snapshot.labels().classes.clone(), columns];
    charts::relation_table(["label", with], names, &found.cells, TOP as usize)
}
