//! What a card shows as charts that are written to a file: the same counts in the same bins, order and scales.

use super::card::{Card, Kind, Options, Order, Scattered};
use super::drawn::TOP;
use super::figures::{Figures, Labels, Numbers, Plane, RelationColumns, Relations, Values};
use crate::analysis::distribution::{Axis as Place, DEFAULT_BETA, Edges, Imbalance, Splits};
use crate::chart::{
    Axis, Bars, Body, Chart, Grid, Heat, HeatCell, Histogram, Hue, Line, Lines, Scale, Series, Shades,
    Upright,
};
use crate::dataset::SampleId;
use crate::dataset::columns::column;
use crate::dataset::query::{Bitmask, Snapshot};
use crate::pipeline::statistics::Subject;
use crate::pipeline::statistics::charts::{self, By, DISTANCE, SPLIT_DISTANCES, split_distances};
use crate::text::{counted, grouped, significant};

/// The title of the shares of classes in splits.
const SHARES: &str = "Percent of each split by class";
/// Distances of splits, and classes that a split lacks, that notes tell at most.
const NOTED: usize = 10;

/// What there is to write of a card that is counted while a brush is dragged and shows these figures, in the order of
/// [`saved_charts`]: one chart of most of them.
pub fn saved_titles(kind: &Kind, figures: &Figures) -> Vec<String> {
    match (kind, figures) {
        (Kind::Splits, Figures::Labels(labels)) if splits_of(labels).len() > 1 => {
            [SHARES, SPLIT_DISTANCES].map(str::to_owned).into()
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

/// Title, body and notes.
type Parts = (String, Body, Vec<String>);

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
    let bars = Bars {
        of: "class".to_owned(),
        axis: Axis::counts("Samples", counts_scale(options)),
        categories,
        series: series(snapshot, labels.splits, options.by_split, &of),
        top: options.top.unwrap_or(TOP) as usize,
    };
    ("Samples by class".to_owned(), Body::Bars(bars), Vec::new())
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
    let lines = Lines {
        x: Axis::counts("Classes, the most frequent first", Scale::Linear),
        y: Axis::new("Part of the samples", "", Scale::Linear),
        lines: vec![
            line("all", Hue::Dim, &|class| total(labels.of(class as usize).0)),
            line("that fit", Hue::Accent, &|class| total(labels.of(class as usize).1)),
        ],
    };
    ("Samples in the most frequent classes".to_owned(), Body::Lines(lines), Vec::new())
}

fn imbalance(labels: &Labels, snapshot: &Snapshot) -> Parts {
    let found = Imbalance::of(&labels.shown_by_class(), DEFAULT_BETA);
    let figures = [
        ("classes with samples", Some((found.classes - found.empty.len()) as f64)),
        ("imbalance ratio", found.ratio),
        ("normalised entropy", found.entropy),
        ("Gini", found.gini),
        ("effective number", Some(found.effective.iter().sum())),
        ("share of the rarest class", found.rarest.map(|rarest| rarest.share)),
        ("a tenth of an even share", found.rarest.map(|rarest| rarest.threshold)),
    ];
    let known = figures.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let (rows, values): (Vec<String>, Vec<f64>) = known.unzip();
    let cell = |(row, value): (u32, f64)| HeatCell { row, column: 0, value, shade: 0.0, more: Vec::new() };
    let rarest = found.rarest.and_then(|rarest| snapshot.labels().classes.get(rarest.class));
    let notes = rarest.map(|name| format!("The rarest class is {name}."));
    let heat = Heat {
        row_title: "figure".to_owned(),
        column_title: String::new(),
        columns: vec!["value".to_owned()],
        shades: Shades::Amount,
        value: "value".to_owned(),
        more: Vec::new(),
        cells: (0..).zip(values).map(cell).collect(),
        top: rows.len(),
        rows,
    };
    ("How uneven classes are".to_owned(), Body::Heat(heat), notes.into_iter().collect())
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
    let names = &snapshot.labels().classes;
    let order = listed(labels, options, snapshot);
    let columns = splits_of(labels);
    let counts = |split: &usize| -> Vec<u64> {
        let count = |class| labels.of(class).1.get(*split).copied().unwrap_or(0).into();
        (0..labels.classes()).map(count).collect()
    };
    let found = Splits::of(columns.iter().map(counts).collect());
    let name = |at: usize| columns.get(at).map_or_else(String::new, |split| split_name(snapshot, *split));
    let mut cells = Vec::new();
    for (row, class) in (0u32..).zip(&order) {
        for (column, (shares, counts)) in (0u32..).zip(found.shares.iter().zip(&found.counts)) {
            let (Some(share), Some(count)) = (shares.get(*class as usize), counts.get(*class as usize))
            else {
                continue;
            };
            let percent = share * 100.0;
            cells.push(HeatCell { row, column, value: percent, shade: percent, more: vec![*count as f64] });
        }
    }
    let class_name = |class: &usize| names.get(*class).map_or("", String::as_str);
    let distance = |pair: &crate::analysis::distribution::SplitDistance| {
        format!(
            "{} and {}: chi-square distance {}.",
            name(pair.one),
            name(pair.two),
            significant(pair.chi_square)
        )
    };
    let mut notes: Vec<String> = found.distances.iter().take(NOTED).map(distance).collect();
    for (at, missing) in found.missing.iter().enumerate().filter(|(_, missing)| !missing.is_empty()) {
        let named: Vec<&str> = missing.iter().take(NOTED).map(class_name).collect();
        let more = missing.len().saturating_sub(NOTED);
        let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
        notes.push(format!("{} has no sample of {}{more}.", name(at), named.join(", ")));
    }
    let heat = Heat {
        row_title: "class".to_owned(),
        column_title: "split".to_owned(),
        rows: order.iter().map(|class| class_name(&(*class as usize)).to_owned()).collect(),
        columns: (0..columns.len()).map(name).collect(),
        shades: Shades::Amount,
        value: "percent".to_owned(),
        more: vec!["samples".to_owned()],
        cells,
        top: options.top.unwrap_or(TOP) as usize,
    };
    let mut parts = vec![(SHARES.to_owned(), Body::Heat(heat), notes)];
    if columns.len() > 1 {
        let heat = split_distances((0..columns.len()).map(name).collect(), &found.distances);
        parts.push((SPLIT_DISTANCES.to_owned(), Body::Heat(heat), vec![DISTANCE.to_owned()]));
    }
    parts
}

fn histogram(numbers: &Numbers, options: &Options, snapshot: &Snapshot, name: &str) -> Parts {
    let of: Vec<&[u32]> = (0..numbers.edges.len()).map(|bin| numbers.of(bin).1).collect();
    let outside = u64::from(total(numbers.of(numbers.edges.len()).1));
    let notes = (outside > 0).then(|| format!("{} without a place here.", counted(outside, "sample")));
    let body = Histogram {
        x: axis_of(snapshot, name, &numbers.edges),
        y: Axis::counts("Samples", counts_scale(options)),
        edges: numbers.edges.values.clone(),
        series: series(snapshot, numbers.splits, options.by_split, &of),
    };
    let title = format!("{} of the samples", title_of(snapshot, name));
    (title, Body::Histogram(body), notes.into_iter().collect())
}

fn words(values: &Values, options: &Options, snapshot: &Snapshot, name: &str) -> Parts {
    let count = |counts: &[u32], at: u32| counts.get(at as usize).copied().unwrap_or(0);
    let order = options.listed(&values.names, |at| count(&values.all, at));
    let title = title_of(snapshot, name);
    let shown = order.iter().map(|at| f64::from(count(&values.shown, *at))).collect();
    let bars = Bars {
        of: title.clone(),
        axis: Axis::counts("Samples", counts_scale(options)),
        categories: order.iter().filter_map(|at| values.names.get(*at as usize).cloned()).collect(),
        series: vec![Series { name: String::new(), hue: Hue::Accent, values: shown }],
        top: options.top.unwrap_or(TOP) as usize,
    };
    (format!("Samples by {}", title.to_lowercase()), Body::Bars(bars), Vec::new())
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
    let cell = |cell: &crate::analysis::distribution::Cell| HeatCell {
        row: cell.row,
        column: cell.column,
        value: cell.ratio,
        shade: cell.conservative(),
        more: vec![cell.observed as f64, cell.expected, cell.low, cell.high],
    };
    let heat = Heat {
        row_title: "label".to_owned(),
        column_title: with.to_owned(),
        rows: snapshot.labels().classes.clone(),
        columns,
        shades: Shades::Ratio,
        value: "observed over expected".to_owned(),
        more: ["observed", "expected", "low", "high"].map(str::to_owned).into(),
        cells: found.cells.iter().map(cell).collect(),
        top: TOP as usize,
    };
    let about = "Observed over expected counts: 1 is as many as independence expects. Colours are by the end of the \
                 95 % interval that is nearer to 1.";
    let title = format!("What goes together: label and {}", title_of(snapshot, with).to_lowercase());
    (title, Body::Heat(heat), vec![about.to_owned()])
}
