//! `lenslet stats`: how a dataset is spread, in figures.

mod report;

use std::io::Write;
use std::time::Instant;

use super::args::StatsOptions;
use super::look::tell;
use super::progress::Meter;
use super::spread::{Needs, look};
use crate::analysis::distribution::{Axis, Bins, BoxPlot};
use crate::jobs::Control;
use crate::pipeline::statistics::{Options, boxes, classes, gather, number_columns, numbers, relations};
use crate::text::{counted, grouped, significant};
use report::{NumberReport, RelationReport, SpaceReport, StatsReport};

pub fn run(options: &StatsOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new();
    let meter = Meter::start(&control);
    let needs = if options.quick { Needs::Facts } else { Needs::Analysis };
    let looked = look(&options.samples, needs, None, |_| Ok(()), &control)?;
    let (subject, known) = (looked.subject(), looked.known());
    let wanted = Options {
        beta: options.beta,
        axis: if options.log_axis { Axis::Log } else { Axis::Linear },
        bins: options.bins.map_or(Bins::Auto, |bins| Bins::Count(bins.into())),
        centres: options.centres.into(),
        ..Options::default()
    };
    let mut report = if options.quick {
        let classes = classes(subject, wanted.beta);
        let figures = number_columns(subject.snapshot);
        let figures = figures.iter().filter_map(|column| numbers(subject, column, wanted.axis, wanted.bins));
        let (figures, related) = (figures.collect::<Vec<_>>(), relations(subject, &classes, &control)?);
        StatsReport::quick(subject, &classes, &figures, &related, boxes(subject).as_ref())
    } else {
        let found = gather(subject, &looked.reader, known, &wanted, looked.threads, &control)?;
        StatsReport::new(subject, &found)
    };
    report.filter = options.samples.part.filter.clone();
    report.seconds = started.elapsed().as_secs_f64();
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

/// Rows of each list that are printed; `--json` has them all.
const SHOWN: usize = 12;

/// The report for a person.
fn print(report: &StatsReport, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{}", report.source)?;
    writeln!(out, "{}", counted(report.samples, "sample"))?;
    print_classes(report, out)?;
    print_splits(report, out)?;
    print_numbers(&report.numbers, out)?;
    print_relations(&report.relations, out)?;
    print_boxes(report, out)?;
    print_pictures(report, out)?;
    if let Some(space) = &report.space {
        print_space(space, out)?;
    }
    writeln!(out, "\n{:.2} s", report.seconds)
}

/// A number, or a dash where there is none.
fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), significant)
}

fn width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0).min(40)
}

fn more(count: usize, out: &mut impl Write) -> std::io::Result<()> {
    if count > SHOWN {
        writeln!(out, "  … and {} more; --json has them all", count - SHOWN)
    } else {
        Ok(())
    }
}

fn print_classes(report: &StatsReport, out: &mut impl Write) -> std::io::Result<()> {
    let classes = &report.classes;
    writeln!(out, "\nclasses ({})", classes.classes)?;
    let mut rows: Vec<_> = classes.counts.iter().collect();
    rows.sort_by(|one, two| two.samples.cmp(&one.samples).then(one.class.cmp(&two.class)));
    let wide = width(rows.iter().take(SHOWN).map(|row| row.class.as_str()));
    for row in rows.iter().take(SHOWN) {
        writeln!(
            out,
            "  {:wide$}  {:>11}  {:>5.1} %  weight {:>7}",
            row.class,
            grouped(row.samples),
            row.share * 100.0,
            significant(row.weight)
        )?;
    }
    more(rows.len(), out)?;
    if classes.unlabelled > 0 {
        writeln!(out, "  {} without a label", grouped(classes.unlabelled))?;
    }
    writeln!(
        out,
        "  imbalance ratio {} · normalised entropy {} · Gini {}",
        figure(classes.imbalance_ratio),
        figure(classes.normalised_entropy),
        figure(classes.gini)
    )?;
    if let Some(rarest) = &classes.rarest {
        let verdict = if rarest.is_rare { "rare" } else { "not rare" };
        writeln!(
            out,
            "  rarest: {}, {} of the samples; {verdict}, the threshold is 0.1 / K = {}",
            rarest.class,
            significant(rarest.share),
            significant(rarest.threshold)
        )?;
    }
    if !classes.empty.is_empty() {
        writeln!(out, "  without samples: {}", few(&classes.empty))?;
    }
    Ok(())
}

/// The first of some names.
fn few(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} … and {} more", names.len() - SHOWN) } else { shown }
}

fn print_splits(report: &StatsReport, out: &mut impl Write) -> std::io::Result<()> {
    let splits = &report.splits;
    if splits.splits.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nsplits ({})", splits.splits.len())?;
    for split in &splits.splits {
        writeln!(out, "  {:12}{:>11}", split.split, grouped(split.samples))?;
        if !split.missing.is_empty() {
            writeln!(out, "    without: {}", few(&split.missing))?;
        }
    }
    for pair in splits.distances.iter().take(SHOWN) {
        let distance = significant(pair.chi_square);
        writeln!(out, "  chi-square distance of {} and {}: {distance}", pair.one, pair.two)?;
    }
    more(splits.distances.len(), out)
}

fn print_numbers(numbers: &[NumberReport], out: &mut impl Write) -> std::io::Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let names =
        [("min", 11), ("q1", 11), ("median", 11), ("q3", 11), ("max", 11), ("mean", 11), ("outside", 9)];
    write!(out, "\n{:20}", format!("numbers ({})", numbers.len()))?;
    names.into_iter().try_for_each(|(name, wide)| write!(out, "{name:>wide$}"))?;
    writeln!(out)?;
    let (same, rows): (Vec<_>, Vec<_>) = numbers.iter().partition(|row| row.all.min == row.all.max);
    for row in rows {
        let BoxPlot { min, q1, median, q3, max, outside, .. } = row.all;
        write!(out, "  {:18}", row.name)?;
        for value in [min, q1, median, q3, max, row.mean] {
            write!(out, "{:>11}", short(value))?;
        }
        writeln!(out, "{:>9}", grouped(outside))?;
    }
    let same: Vec<String> = same.iter().map(|row| format!("{} {}", row.name, short(row.all.min))).collect();
    if same.is_empty() { Ok(()) } else { writeln!(out, "  the same of all: {}", same.join(", ")) }
}

/// A number in ten places.
fn short(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size >= 1e9 => format!("{value:.3e}"),
        _ if size == size.round() => crate::chart::number_text(value),
        _ => significant(value),
    }
}

fn print_relations(relations: &[RelationReport], out: &mut impl Write) -> std::io::Result<()> {
    let mut cells: Vec<_> = relations
        .iter()
        .flat_map(|relation| relation.cells.iter().map(move |cell| (relation, cell)))
        .filter(|(_, cell)| cell.conservative != 1.0)
        .collect();
    cells.sort_by(|(_, one), (_, two)| two.conservative.ln().abs().total_cmp(&one.conservative.ln().abs()));
    writeln!(out, "\nwhat goes together more or less often than by chance ({})", cells.len())?;
    for (relation, cell) in cells.iter().take(SHOWN) {
        writeln!(
            out,
            "  {:>7} times  {} {} with {} {}: {} observed, {} expected (95 %: {} to {})",
            significant(cell.ratio),
            relation.rows,
            cell.row,
            relation.columns,
            cell.column,
            grouped(cell.observed),
            significant(cell.expected),
            significant(cell.low),
            significant(cell.high)
        )?;
    }
    more(cells.len(), out)
}

fn print_boxes(report: &StatsReport, out: &mut impl Write) -> std::io::Result<()> {
    let Some(boxes) = &report.boxes else { return Ok(()) };
    writeln!(
        out,
        "\nboxes\n  {} in {}, mean size {} of the picture's side",
        grouped(boxes.all.boxes),
        counted(boxes.all.samples, "sample"),
        figure(boxes.all.mean_size)
    )
}

fn print_pictures(report: &StatsReport, out: &mut impl Write) -> std::io::Result<()> {
    let Some(pictures) = &report.pictures else { return Ok(()) };
    writeln!(out, "\npictures (variance around the average, 0 to 1, and colours by share)")?;
    let rows: Vec<_> = std::iter::once(&pictures.all).chain(&pictures.classes).collect();
    let wide = width(rows.iter().take(SHOWN).map(|row| row.class.as_str()));
    for row in rows.iter().take(SHOWN) {
        let colours = row.palette.iter().map(|one| format!("{} {:.0} %", one.colour, one.share * 100.0));
        let colours = colours.collect::<Vec<_>>().join(", ");
        writeln!(out, "  {:wide$}  {:>7}  {colours}", row.class, significant(row.variance))?;
    }
    more(rows.len(), out)?;
    if !pictures.left_out.is_empty() {
        writeln!(out, "  {} could not be read", counted(pictures.left_out.len() as u64, "sample"))?;
    }
    Ok(())
}

fn print_space(space: &SpaceReport, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\ncoverage and diversity")?;
    writeln!(
        out,
        "  {} are as diverse as {} different ones (Vendi score)",
        counted(space.described, "described sample"),
        figure(space.vendi)
    )?;
    let radius = |centres: usize| space.radii.get(centres - 1).map(|radius| (centres, radius));
    let told = [1, 2, 4, 8, 16, 32, 64, 128, 256].into_iter().filter_map(radius);
    let told = told.map(|(centres, radius)| format!("{centres}: {}", significant(*radius)));
    writeln!(out, "  radius by centres: {}", told.collect::<Vec<_>>().join(" · "))?;
    let sparse: Vec<_> = space.regions.iter().filter(|region| region.is_sparse).collect();
    writeln!(out, "  {} of {} regions are nearly empty:", sparse.len(), space.regions.len())?;
    for region in sparse.iter().take(SHOWN) {
        writeln!(out, "    {}  {}", grouped(region.samples), region.centre)?;
    }
    more(sparse.len(), out)?;
    let mut classes: Vec<_> = space.classes.iter().collect();
    classes.sort_by(|one, two| two.vendi.unwrap_or(0.0).total_cmp(&one.vendi.unwrap_or(0.0)));
    let wide = width(classes.iter().take(SHOWN).map(|class| class.class.as_str()));
    for class in classes.iter().take(SHOWN) {
        writeln!(out, "  {:wide$}  {:>9}", class.class, figure(class.vendi))?;
    }
    more(classes.len(), out)
}
