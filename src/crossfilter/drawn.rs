//! A card as charts that are drawn as they are: those that take longer than a drag may, and those that are
//! written to a file.

use super::card::{Card, Kind, Options, Order};
use crate::analysis::distribution::{Bins, DEFAULT_BETA};
use crate::chart::{Axis, Bars, Body, Chart, Hue, Scale, Series};
use crate::dataset::columns::{Column, ColumnKind, column};
use crate::pipeline::statistics::charts::{self, By, Settings};
use crate::pipeline::statistics::{Measure, Relation, Side, Space, Subject, boxes, classes, relation};

/// Rows that a written drawing shows at most where a card lists all.
const TOP: u32 = 100;
/// Regions that are listed at most where nothing is set: their pictures stand below.
const REGIONS: u32 = 12;

/// The charts of a card, of these rows; a sentence where there is nothing to draw, and nothing for the cards
/// that look at pictures.
pub fn charts_of(card: &Card, subject: Subject<'_>) -> Result<Vec<Chart>, String> {
    let options = &card.options;
    let counted = || classes(subject, DEFAULT_BETA);
    Ok(vec![match &card.kind {
        Kind::Classes if options.cumulative => {
            charts::cumulative_chart(subject, &counted(), &counts_settings(options))
        }
        Kind::Classes | Kind::Imbalance => {
            charts::classes_chart(subject, &counted(), &counts_settings(options))
        }
        Kind::Splits => charts::splits_chart(subject, &counted(), &counts_settings(options)),
        Kind::Numbers { column } => {
            let by = if options.by_split { By::Split } else { By::Nothing };
            charts::number_chart(
                subject,
                &counted(),
                &measure(subject, column)?,
                &numbers_settings(options, by),
            )
        }
        Kind::BoxPlots { column } => {
            let settings = numbers_settings(options, By::Label);
            charts::number_chart(subject, &counted(), &measure(subject, column)?, &settings)
        }
        Kind::Values { column } => values_chart(subject, column)?,
        Kind::Scatter { x, y } => {
            let [x, y] = [measure(subject, x)?, measure(subject, y)?];
            charts::plane_chart(subject, [&x, &y], &numbers_settings(options, By::Nothing))
        }
        Kind::Relations { with } => {
            let found = related(subject, with)?;
            charts::relation_chart(subject, &found, &counts_settings(options))
        }
        Kind::Boxes => {
            let found = boxes(subject).ok_or("This dataset has no boxes.")?;
            let settings = counts_settings(options);
            return Ok(vec![
                charts::box_centres_chart(subject, &found),
                charts::box_sizes_chart(subject, &found, &settings),
                charts::box_numbers_chart(subject, &found, &settings),
            ]);
        }
        Kind::Pictures | Kind::Coverage => return Ok(Vec::new()),
    }])
}

/// The charts of a space.
pub fn space_charts(subject: Subject<'_>, space: &Space, options: &Options) -> Vec<Chart> {
    let top = options.top.unwrap_or(REGIONS) as usize;
    let settings = Settings { top, ..counts_settings(options) };
    vec![
        charts::coverage_chart(subject, space, &settings),
        charts::regions_chart(subject, space, &settings),
        charts::diversity_chart(subject, space, &settings),
    ]
}

/// The settings of a chart of counts.
pub fn counts_settings(options: &Options) -> Settings {
    Settings {
        scale: if options.log_counts { Scale::Log } else { Scale::Linear },
        bins: Bins::Auto,
        top: options.top.unwrap_or(TOP) as usize,
        by: if options.by_split { By::Split } else { By::Nothing },
        order: match options.order {
            Order::Count => charts::Order::Count,
            Order::Name => charts::Order::Natural,
            Order::Given => charts::Order::Dataset,
        },
    }
}

fn numbers_settings(options: &Options, by: By) -> Settings {
    let scale = if options.log_axes[0] { Scale::Log } else { Scale::Linear };
    Settings { scale, bins: options.bins(), by, ..counts_settings(options) }
}

fn known_column(subject: Subject<'_>, name: &str) -> Result<Column, String> {
    column(subject.snapshot, name).ok_or_else(|| format!("The dataset has no column {name}."))
}

fn measure(subject: Subject<'_>, name: &str) -> Result<Measure<'static>, String> {
    let found = known_column(subject, name)?;
    match found.kind {
        ColumnKind::Text => Err(format!("{name} is no column of numbers.")),
        _ => Ok(Measure::Column(found)),
    }
}

fn related(subject: Subject<'_>, with: &str) -> Result<Relation, String> {
    let counted = classes(subject, DEFAULT_BETA);
    let labels = Side::labels(&counted);
    let other = match with {
        "label" => labels.clone(),
        "split" => Side::Splits(counted.split_ids.clone()),
        name => Side::of_column(subject, &known_column(subject, name)?)
            .ok_or_else(|| format!("{name} is the same of every sample, or known of none."))?,
    };
    relation(subject, labels, other).ok_or_else(|| "No sample has a label.".to_owned())
}

/// Samples by the words of a column.
fn values_chart(subject: Subject<'_>, name: &str) -> Result<Chart, String> {
    let found = known_column(subject, name)?;
    let mut counts: std::collections::BTreeMap<String, u64> = Default::default();
    let mut word = String::new();
    for row in subject.rows {
        word.clear();
        found.write(subject.snapshot, *row, &mut word);
        match counts.get_mut(&word) {
            Some(count) => *count += 1,
            None => {
                counts.insert(word.clone(), 1);
            }
        }
    }
    let mut bars: Vec<(String, u64)> = counts.into_iter().filter(|(word, _)| !word.is_empty()).collect();
    bars.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let values = bars.iter().map(|(_, count)| *count as f64).collect();
    Ok(Chart {
        title: format!("Samples by {}", found.title.to_lowercase()),
        subtitle: String::new(),
        body: Body::Bars(Bars {
            of: found.title.to_string(),
            axis: Axis::counts("Samples", Scale::Linear),
            categories: bars.into_iter().map(|(word, _)| word).collect(),
            series: vec![Series { name: "samples".to_owned(), hue: Hue::Accent, values }],
            top: TOP as usize,
        }),
        notes: Vec::new(),
    })
}
