//! Charts of figures, whoever counted them: the window by its cards, the command line the samples that it is asked for.

use crate::analysis::distribution::{Cell, Imbalance, SplitDistance, Splits};
use crate::chart::{Axis, Bars, Body, Heat, HeatCell, Histogram, Hue, Line, Lines, Scale, Series, Shades};
use crate::text::{grouped, significant};

/// Title, body and notes of a chart.
pub type Parts = (String, Body, Vec<String>);

/// The titles of [`split_shares`] and of [`split_distances`].
pub const SPLIT_SHARES: &str = "Percent of each split by class";
pub const SPLIT_DISTANCES: &str = "Distances of the splits";

/// Samples by class, a bar for each of these names.
pub fn class_bars(
    names: Vec<String>,
    series: Vec<Series>,
    scale: Scale,
    top: usize,
    notes: Vec<String>,
) -> Parts {
    let axis = Axis::counts("Samples", scale);
    let bars = Bars { of: "class".to_owned(), axis, categories: names, series, top };
    ("Samples by class".to_owned(), Body::Bars(bars), notes)
}

/// The part of all samples that the most frequent classes have together: a line for each that is counted.
pub fn cumulative_lines(lines: Vec<Line>, scale: Scale, notes: Vec<String>) -> Parts {
    let x = Axis::counts("Classes, the most frequent first", scale);
    let y = Axis::new("Part of the samples", "", Scale::Linear);
    ("Samples in the most frequent classes".to_owned(), Body::Lines(Lines { x, y, lines }), notes)
}

/// Samples by a number: its axis, the edges of the bins, and what is counted.
pub fn number_bins(x: Axis, edges: Vec<f64>, series: Vec<Series>, scale: Scale, notes: Vec<String>) -> Parts {
    let title = format!("{} of the samples", x.title);
    let body = Histogram { x, y: Axis::counts("Samples", scale), edges, series };
    (title, Body::Histogram(body), notes)
}

/// How uneven classes of these names are, in figures.
pub fn imbalance_figures(found: &Imbalance, names: &[String]) -> Parts {
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
    let rarest = found.rarest.and_then(|rarest| names.get(rarest.class));
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

/// The share of each of these classes in each split, how far the splits are apart, and what they lack.
pub fn split_shares(
    order: &[u32],
    class_names: &[String],
    split_names: &[String],
    splits: &Splits,
    top: usize,
) -> Parts {
    /// Distances that are told at most.
    const TOLD: usize = 10;
    let mut cells = Vec::new();
    for (row, class) in (0u32..).zip(order) {
        for (column, (shares, counts)) in (0u32..).zip(splits.shares.iter().zip(&splits.counts)) {
            let percent = shares[*class as usize] * 100.0;
            let more = vec![counts[*class as usize] as f64];
            cells.push(HeatCell { row, column, value: percent, shade: percent, more });
        }
    }
    let heat = Heat {
        row_title: "class".to_owned(),
        column_title: "split".to_owned(),
        rows: order.iter().map(|class| class_names[*class as usize].clone()).collect(),
        columns: split_names.to_vec(),
        shades: Shades::Amount,
        value: "percent".to_owned(),
        more: vec!["samples".to_owned()],
        cells,
        top,
    };
    let mut notes = Vec::new();
    if !splits.distances.is_empty() {
        let told = splits.distances.iter().take(TOLD).map(|pair| {
            let (one, two) = (&split_names[pair.one], &split_names[pair.two]);
            format!("{one} and {two} {}", significant(pair.chi_square))
        });
        let told: Vec<String> = told.collect();
        notes.push(format!("Chi-square distance of the class shares: {}.", told.join(" · ")));
    }
    for (name, missing) in split_names.iter().zip(&splits.missing).filter(|(_, missing)| !missing.is_empty())
    {
        let missing = missing.iter().map(|class| class_names[*class].as_str());
        notes.push(format!("{name} has no sample of {}.", listed(missing)));
    }
    (SPLIT_SHARES.to_owned(), Body::Heat(heat), notes)
}

/// The first of some names, and how many more there are.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<&str> = names.take(SHOWN).collect();
    if more > 0 {
        format!("{} and {} more", shown.join(", "), grouped(more as u64))
    } else {
        shown.join(", ")
    }
}

/// How far splits of these names are from each other, every two of them once.
pub fn split_distances(names: &[String], distances: &[SplitDistance]) -> Parts {
    let cell = |pair: &SplitDistance| HeatCell {
        row: pair.one as u32,
        column: pair.two as u32,
        value: pair.chi_square,
        shade: pair.chi_square,
        more: Vec::new(),
    };
    let heat = Heat {
        row_title: "split".to_owned(),
        column_title: "other split".to_owned(),
        rows: names.to_vec(),
        columns: names.to_vec(),
        shades: Shades::Amount,
        value: "chi-square distance".to_owned(),
        more: Vec::new(),
        cells: distances.iter().map(cell).collect(),
        top: names.len(),
    };
    let about =
        "½ Σ (p − q)² / (p + q) of the class shares: 0 where they are the same, 1 where no class is in both.";
    (SPLIT_DISTANCES.to_owned(), Body::Heat(heat), vec![about.to_owned()])
}

/// Samples by the words of a column of that title, a bar for each.
pub fn word_bars(title: &str, words: Vec<(String, u32)>, scale: Scale, top: usize) -> Parts {
    let (categories, values) = words.into_iter().map(|(word, count)| (word, f64::from(count))).unzip();
    let bars = Bars {
        of: title.to_owned(),
        axis: Axis::counts("Samples", scale),
        categories,
        series: vec![Series { name: String::new(), hue: Hue::Accent, values }],
        top,
    };
    (format!("Samples by {}", title.to_lowercase()), Body::Bars(bars), Vec::new())
}

/// Observed over expected counts: what the rows and the columns are, their names, and the cells that say most first.
pub fn relation_table(of: [&str; 2], [rows, columns]: [Vec<String>; 2], cells: &[Cell], top: usize) -> Parts {
    /// Cells that are told at most.
    const TOLD: usize = 3;
    let about = "Observed over expected counts: 1 is as many as independence expects. Colours are by the end of the \
                 95 % interval that is nearer to 1.";
    let mut notes = vec![about.to_owned()];
    notes.extend(cells.iter().take(TOLD).filter(|cell| cell.conservative() != 1.0).map(|cell| {
        format!(
            "{} with {}: {} observed, {} expected, ratio {} ({} to {}).",
            rows[cell.row as usize],
            columns[cell.column as usize],
            grouped(cell.observed),
            significant(cell.expected),
            significant(cell.ratio),
            significant(cell.low),
            significant(cell.high)
        )
    }));
    let cell = |cell: &Cell| HeatCell {
        row: cell.row,
        column: cell.column,
        value: cell.ratio,
        shade: cell.conservative(),
        more: vec![cell.observed as f64, cell.expected, cell.low, cell.high],
    };
    let [row_title, column_title] = of.map(str::to_owned);
    let title = format!("What goes together: {row_title} and {column_title}");
    let heat = Heat {
        row_title,
        column_title,
        rows,
        columns,
        shades: Shades::Ratio,
        value: "observed over expected".to_owned(),
        more: ["observed", "expected", "low", "high"].map(str::to_owned).into(),
        cells: cells.iter().map(cell).collect(),
        top,
    };
    (title, Body::Heat(heat), notes)
}
