//! `lenslet chart`: one chart of a dataset, as a drawing, a picture or a table.

use anyhow::{Error, anyhow};

use super::Usage;
use super::args::{ByName, ChartOptions, OrderName};
use super::progress::Meter;
use super::spread::{Looked, Needs, look};
use super::trained::check_out;
use crate::analysis::distribution::{Bins, DEFAULT_BETA, coverage};
use crate::chart::{Chart, Form, Look, Scale, write_to};
use crate::dataset::columns::{COLUMNS, Column, ColumnKind, column};
use crate::dataset::query::Snapshot;
use crate::jobs::Control;
use crate::pipeline::statistics::charts::{self, By, Order, Settings};
use crate::pipeline::statistics::{Classes, Side, boxes, classes, pictures, relation, space};

/// What can be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Classes,
    Cumulative,
    Imbalance,
    Splits,
    SplitDistances,
    /// A column of numbers, by the name that was written.
    Number(String),
    /// A column of text that has few words.
    Words(String),
    Plane([String; 2]),
    Boxes,
    BoxSizes,
    BoxNumbers,
    MeanImages,
    Coverage,
    Regions,
    Diversity,
    /// Labels with `label`, `split` or a column; with what the dataset has where nothing is named.
    Relations(Option<String>),
}

/// Words for columns that are more natural for a chart than their names.
const WORDS: [(&str, &str); 5] = [
    ("aspects", "aspect"),
    ("widths", "width"),
    ("heights", "height"),
    ("size", "bytes"),
    ("distance", "score.distance"),
];

/// Rows that are drawn unless `--top` says otherwise.
const TOP: usize = 40;
/// Classes whose pictures a table has at most: each takes half a megabyte while pictures are looked at.
const PICTURED: usize = 1000;

pub fn run(options: &ChartOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    // What is wrong with the words is said before the long part of the work.
    let kind = Kind::read(&options.kind)?;
    if let Some(by) = options.by {
        kind.check_by(by, options)?;
    }
    kind.check_options(options)?;
    let form = Form::of(&options.out).map_err(|error| Usage(error.to_string()))?;
    check_out(&options.out, options.overwrite)?;
    let check = |snapshot: &Snapshot| kind.check(snapshot);
    let looked = look(&options.samples, kind.needs(), Some(&options.out), check, &control)?;
    let chart = drawn(&kind, &looked, &settings(options, form), &control)?;
    let theme = if options.dark { Look::DARK } else { Look::LIGHT };
    write_to(&options.out, &chart, &theme)?;
    drop(meter);
    println!("The chart is in {}", options.out.display());
    Ok(())
}

impl Kind {
    fn read(word: &str) -> Result<Self, Usage> {
        let word = word.trim();
        let column = |word: &str| -> Result<String, Usage> {
            let known = WORDS.iter().find(|(known, _)| *known == word);
            let word = known.map_or(word, |(_, column)| column);
            match word {
                "" => Err(unknown_kind(word)),
                word => Ok(word.to_owned()),
            }
        };
        Ok(match word {
            "classes" => Self::Classes,
            "cumulative" => Self::Cumulative,
            "imbalance" => Self::Imbalance,
            "splits" => Self::Splits,
            "split-distances" => Self::SplitDistances,
            "sizes" => Self::Plane(["width", "height"].map(str::to_owned)),
            "boxes" => Self::Boxes,
            "box-sizes" => Self::BoxSizes,
            "box-numbers" => Self::BoxNumbers,
            "mean-images" => Self::MeanImages,
            "coverage" => Self::Coverage,
            "regions" => Self::Regions,
            "diversity" => Self::Diversity,
            "relations" => Self::Relations(None),
            word => {
                if let Some(with) = word.strip_prefix("relations:") {
                    Self::Relations(Some(column(with)?))
                } else if let Some(name) = word.strip_prefix("words:") {
                    Self::Words(column(name)?)
                } else if let Some((x, y)) = word.split_once(',') {
                    Self::Plane([column(x.trim())?, column(y.trim())?])
                } else {
                    Self::Number(column(word)?)
                }
            }
        })
    }

    /// Refuses what the kind cannot tell apart, which would be left out of the chart silently.
    fn check_by(&self, by: ByName, options: &ChartOptions) -> Result<(), Usage> {
        let (name, kinds) = match by {
            ByName::Split => ("split", "classes and columns of numbers"),
            ByName::Label => ("label", "columns of numbers, --points, box-sizes and coverage"),
        };
        match (self, by) {
            (Self::Number(_), _)
            | (Self::Classes, ByName::Split)
            | (Self::BoxSizes | Self::Coverage, ByName::Label) => Ok(()),
            (Self::Plane(_), ByName::Label) if options.points => Ok(()),
            _ => Err(Usage(format!("--by {name} is for {kinds}; leave it out for {}", options.kind))),
        }
    }

    /// Refuses what is set and would change nothing of the chart.
    fn check_options(&self, options: &ChartOptions) -> Result<(), Usage> {
        let by_label = options.by == Some(ByName::Label);
        let is_number = matches!(self, Self::Number(_));
        let has_log = !matches!(
            self,
            Self::Imbalance
                | Self::Splits
                | Self::SplitDistances
                | Self::Boxes
                | Self::MeanImages
                | Self::Relations(_)
        );
        let has_points = matches!(self, Self::Plane(_));
        let has_bins = is_number && !by_label || matches!(self, Self::Plane(_)) && !options.points;
        let has_order =
            matches!(self, Self::Classes | Self::Words(_) | Self::Splits) || is_number && by_label;
        let has_top = match self {
            Self::Classes | Self::Splits | Self::MeanImages | Self::Regions | Self::Diversity => true,
            Self::Relations(_) | Self::Words(_) => true,
            Self::Number(_) | Self::BoxSizes | Self::Coverage => by_label,
            Self::Cumulative | Self::Imbalance | Self::SplitDistances | Self::Plane(_) => false,
            Self::Boxes | Self::BoxNumbers => false,
        };
        let checks = [
            ("--log-axis", options.log_axis, has_log, "charts that have an axis of numbers or of counts"),
            (
                "--bins",
                options.bins.is_some(),
                has_bins,
                "histograms of a column, and two columns as a plane",
            ),
            ("--points", options.points, has_points, "two columns as a plane"),
            (
                "--order",
                options.order.is_some(),
                has_order,
                "classes, words, splits and box plots of each class",
            ),
            ("--top", options.top.is_some(), has_top, "charts that have a row or a line for each of many"),
        ];
        match checks.into_iter().find(|(_, is_set, is_used, _)| *is_set && !is_used) {
            None => Ok(()),
            Some((name, _, _, kinds)) => {
                let by = if by_label { " --by label" } else { "" };
                Err(Usage(format!("{name} is for {kinds}; leave it out for {}{by}", options.kind)))
            }
        }
    }

    /// Whether the dataset has the columns that are named.
    fn check(&self, snapshot: &Snapshot) -> anyhow::Result<()> {
        let names: &[String] = match self {
            Self::Words(name) => {
                words_column(name, snapshot)?;
                &[]
            }
            Self::Number(name) => std::slice::from_ref(name),
            Self::Plane(names) => names,
            Self::Relations(Some(name)) if name != "split" && name != "label" => std::slice::from_ref(name),
            _ => &[],
        };
        names
            .iter()
            .map(|name| number_column(name, snapshot))
            .try_for_each(|found| found.map(drop))
            .map_err(Into::into)
    }

    fn needs(&self) -> Needs {
        let of_column = |name: &str| match name {
            name if name.starts_with("score.") => Needs::Analysis,
            name if name.starts_with("attr.") => Needs::Listing,
            "flags" => Needs::Analysis,
            "bytes" | "labels" | "modified" => Needs::Listing,
            _ => Needs::Facts,
        };
        match self {
            Self::Classes | Self::Cumulative | Self::Imbalance => Needs::Listing,
            Self::Splits | Self::SplitDistances | Self::MeanImages => Needs::Listing,
            Self::Relations(None) => Needs::Listing,
            Self::Relations(Some(name)) if name == "split" || name == "label" => Needs::Listing,
            Self::Number(name) | Self::Words(name) | Self::Relations(Some(name)) => of_column(name),
            Self::Plane([x, y]) => of_column(x).max(of_column(y)),
            Self::Boxes | Self::BoxSizes | Self::BoxNumbers => Needs::Facts,
            Self::Coverage | Self::Regions | Self::Diversity => Needs::Descriptions,
        }
    }
}

fn unknown_kind(word: &str) -> Usage {
    let columns =
        COLUMNS.iter().filter(|column| column.kind == ColumnKind::Number).map(|column| &*column.name);
    Usage(format!(
        "there is no chart “{word}”: write classes, cumulative, imbalance, splits, split-distances, sizes, boxes, \
         box-sizes, box-numbers, mean-images, coverage, regions, diversity, relations, distance, words:COLUMN, \
         a column of numbers ({}), or two with a comma between",
        columns.collect::<Vec<_>>().join(", ")
    ))
}

/// What is set. A table has all rows, however many a drawing would show.
fn settings(options: &ChartOptions, form: Form) -> Settings {
    Settings {
        scale: if options.log_axis { Scale::Log } else { Scale::Linear },
        bins: options.bins.map_or(Bins::Auto, |bins| Bins::Count(bins.into())),
        top: match form {
            Form::Csv => usize::MAX,
            Form::Svg | Form::Png => options.top.map_or(TOP, usize::from),
        },
        by: match options.by {
            None => By::Nothing,
            Some(ByName::Split) => By::Split,
            Some(ByName::Label) => By::Label,
        },
        order: match options.order.unwrap_or_default() {
            OrderName::Count => Order::Count,
            OrderName::Name => Order::Natural,
            OrderName::Dataset => Order::Dataset,
        },
        points: options.points,
    }
}

/// Works out what the chart shows.
fn drawn(kind: &Kind, looked: &Looked, settings: &Settings, control: &Control) -> anyhow::Result<Chart> {
    let subject = looked.subject();
    let counted = || classes(subject, DEFAULT_BETA);
    let known_boxes = || {
        boxes(subject)
            .ok_or_else(|| anyhow!("no sample has a bounding box, so that there is nothing to draw"))
    };
    let covered = || {
        let signals = looked.known().signals.ok_or_else(|| anyhow!("no picture could be described"))?;
        anyhow::Ok(space(subject, signals, coverage::CENTRES, control)?)
    };
    Ok(match kind {
        Kind::Classes => charts::classes_chart(subject, &counted(), settings),
        Kind::Cumulative => charts::cumulative_chart(subject, &counted(), settings),
        Kind::Imbalance => charts::imbalance_chart(subject, &counted()),
        Kind::Splits => charts::splits_chart(subject, &counted(), settings),
        Kind::SplitDistances => {
            let counted = counted();
            if counted.splits.distances.is_empty() {
                return Err(anyhow!("fewer than two splits have a label, so that none are apart"));
            }
            charts::split_distances_chart(subject, &counted)
        }
        Kind::Number(name) => {
            let column = number_column(name, &looked.snapshot)?;
            charts::number_chart(subject, &counted(), &column, settings)
        }
        Kind::Words(name) => charts::words_chart(subject, &words_column(name, &looked.snapshot)?, settings)
            .map_err(Error::msg)?,
        Kind::Plane([x, y]) => {
            let [x, y] = [number_column(x, &looked.snapshot)?, number_column(y, &looked.snapshot)?];
            charts::plane_chart(subject, [&x, &y], settings)
        }
        Kind::Boxes => charts::box_centres_chart(subject, &known_boxes()?),
        Kind::BoxSizes => charts::box_sizes_chart(subject, &known_boxes()?, settings),
        Kind::BoxNumbers => charts::box_numbers_chart(subject, &known_boxes()?, settings),
        Kind::MeanImages => {
            let top = settings.top.saturating_sub(1).min(PICTURED);
            let found = pictures(subject, &looked.reader, top, looked.threads, control)?;
            charts::pictures_chart(subject, &found, settings)
        }
        Kind::Coverage => charts::coverage_chart(subject, &covered()?, settings),
        Kind::Regions => charts::regions_chart(subject, &covered()?, settings),
        Kind::Diversity => charts::diversity_chart(subject, &covered()?, settings),
        Kind::Relations(with) => related(with.as_deref(), looked, settings)?,
    })
}

fn number_column(name: &str, snapshot: &Snapshot) -> Result<Column, Usage> {
    let found = column(snapshot, name).ok_or_else(|| unknown_kind(name))?;
    match found.kind {
        ColumnKind::Number => Ok(found),
        _ => Err(Usage(format!("{name} is no column of numbers, which a chart of it would need"))),
    }
}

fn words_column(name: &str, snapshot: &Snapshot) -> Result<Column, Usage> {
    let found = column(snapshot, name).ok_or_else(|| unknown_kind(name))?;
    match found.has_few_words() {
        true => Ok(found),
        false => Err(Usage(format!("{name} is no column of few words, which bars of them would need"))),
    }
}

fn related(with: Option<&str>, looked: &Looked, settings: &Settings) -> anyhow::Result<Chart> {
    let subject = looked.subject();
    let counted = classes(subject, DEFAULT_BETA);
    let labels = Side::labels(&counted);
    let other = other_side(with, &counted, looked)?;
    let found = relation(subject, labels, other);
    let found = found.ok_or_else(|| anyhow!("no sample has a label, so that nothing goes with one"))?;
    Ok(charts::relation_chart(subject, &found, settings))
}

/// What labels are compared with.
fn other_side(with: Option<&str>, counted: &Classes, looked: &Looked) -> anyhow::Result<Side> {
    let splits = || Side::Splits(counted.split_ids.clone());
    match with {
        None if counted.is_multilabel => Ok(Side::labels(counted)),
        None if counted.split_ids.len() > 1 => Ok(splits()),
        None => Err(anyhow!(
            "no sample has two labels and there is one split: name a column of numbers, such as relations:brightness"
        )),
        Some("label") if counted.is_multilabel => Ok(Side::labels(counted)),
        Some("label") => Err(anyhow!("no sample has two labels, so that none go together")),
        Some("split") => Ok(splits()),
        Some(name) => {
            let column = number_column(name, &looked.snapshot)?;
            Side::of_column(looked.subject(), &column)
                .ok_or_else(|| anyhow!("{name} is the same of every sample, or known of none"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_and_need_no_more_than_they_show() {
        let plane = |x: &str, y: &str| Kind::Plane([x.to_owned(), y.to_owned()]);
        for (word, kind, needs) in [
            ("classes", Kind::Classes, Needs::Listing),
            ("sizes", plane("width", "height"), Needs::Facts),
            ("bytes, score.blur", plane("bytes", "score.blur"), Needs::Analysis),
            ("aspects", Kind::Number("aspect".to_owned()), Needs::Facts),
            ("bytes", Kind::Number("bytes".to_owned()), Needs::Listing),
            ("distance", Kind::Number("score.distance".to_owned()), Needs::Analysis),
            ("imbalance", Kind::Imbalance, Needs::Listing),
            ("words:format", Kind::Words("format".to_owned()), Needs::Facts),
            ("words:attr.camera", Kind::Words("attr.camera".to_owned()), Needs::Listing),
            ("words:flags", Kind::Words("flags".to_owned()), Needs::Analysis),
            ("relations", Kind::Relations(None), Needs::Listing),
            ("relations:heights", Kind::Relations(Some("height".to_owned())), Needs::Facts),
            ("coverage", Kind::Coverage, Needs::Descriptions),
        ] {
            let read = Kind::read(word).unwrap();
            assert_eq!((read.needs(), read), (needs, kind), "{word}");
        }
        assert!(Kind::read("").unwrap_err().to_string().contains("mean-images"));
    }
}
