//! Cards that take longer than a drag may, as charts that are drawn as they are, on the screen and in a file.

use super::card::{Card, Kind, Options, Order};
use crate::analysis::distribution::{Bins, DEFAULT_BETA};
use crate::chart::{Chart, Scale};
use crate::dataset::columns::{Column, ColumnKind, column};
use crate::pipeline::statistics::charts::{self, By, Settings};
use crate::pipeline::statistics::{Space, Subject, boxes, classes};

/// Rows that a written drawing shows at most where a card lists all.
pub(super) const TOP: u32 = 100;
/// Regions that are listed at most where nothing is set: their pictures stand below.
const REGIONS: u32 = 12;

/// The charts of a card that takes longer, of these rows; a sentence where there is nothing to draw, and nothing
/// for the others.
pub fn charts_of(card: &Card, subject: Subject<'_>) -> Result<Vec<Chart>, String> {
    let options = &card.options;
    Ok(match &card.kind {
        Kind::BoxPlots { column } => {
            let counted = classes(subject, DEFAULT_BETA);
            let scale = if options.log_axes[0] { Scale::Log } else { Scale::Linear };
            let settings = Settings { scale, by: By::Label, ..counts_settings(options) };
            vec![charts::number_chart(subject, &counted, &number_column(subject, column)?, &settings)]
        }
        Kind::Boxes => {
            let found = boxes(subject).ok_or("This dataset has no boxes.")?;
            let settings = counts_settings(options);
            vec![
                charts::box_centres_chart(subject, &found),
                charts::box_sizes_chart(subject, &found, &settings),
                charts::box_numbers_chart(subject, &found, &settings),
            ]
        }
        _ => Vec::new(),
    })
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
        points: false,
    }
}

fn number_column(subject: Subject<'_>, name: &str) -> Result<Column, String> {
    let found = column(subject.snapshot, name).ok_or_else(|| format!("The dataset has no column {name}."))?;
    match found.kind {
        ColumnKind::Text => Err(format!("{name} is no column of numbers.")),
        _ => Ok(found),
    }
}
