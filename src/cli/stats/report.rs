//! The figures of `lenslet stats` with the names of what they are of, as `--json` prints them.
//! `docs/distribution.md` describes every field.

use serde::Serialize;

use super::super::trained::LeftOutRow;
use crate::analysis::distribution::{BoxFigures, BoxPlot, Swatch};
use crate::pipeline::statistics::{
    Boxes, Classes, Numbers, PictureFigures, Pictures, Relation, Space, Statistics, Subject,
};

/// Cells of a relation that are told at most: a thousand classes have half a million pairs.
const CELLS: usize = 1000;
/// Samples of a region that are told.
const NEAREST: usize = 5;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatsReport {
    pub source: String,
    pub filter: Option<String>,
    pub samples: u64,
    pub classes: ClassesReport,
    pub splits: SplitsReport,
    pub numbers: Vec<NumberReport>,
    pub relations: Vec<RelationReport>,
    /// `null` where no sample has a box.
    pub boxes: Option<BoxesReport>,
    /// `null` with `--quick`, as is `space`.
    pub pictures: Option<PicturesReport>,
    pub space: Option<SpaceReport>,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassesReport {
    /// K.
    pub classes: usize,
    pub unlabelled: u64,
    pub multilabel: bool,
    /// In the order of the dataset.
    pub counts: Vec<ClassRow>,
    pub empty: Vec<String>,
    pub imbalance_ratio: Option<f64>,
    pub normalised_entropy: Option<f64>,
    pub gini: Option<f64>,
    pub beta: f64,
    pub rarest: Option<RarestRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassRow {
    pub class: String,
    pub samples: u64,
    /// Of the sum of all counts.
    pub share: f64,
    pub effective_number: f64,
    pub weight: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RarestRow {
    pub class: String,
    pub samples: u64,
    pub share: f64,
    pub threshold: f64,
    pub is_rare: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitsReport {
    pub splits: Vec<SplitRow>,
    pub distances: Vec<DistanceRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitRow {
    pub split: String,
    pub samples: u64,
    /// Samples and shares by class, in the order of the classes.
    pub counts: Vec<u64>,
    pub shares: Vec<f64>,
    /// Classes that another split has.
    pub missing: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DistanceRow {
    pub one: String,
    pub two: String,
    pub chi_square: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberReport {
    pub name: String,
    pub unit: &'static str,
    pub unknown: u64,
    #[serde(flatten)]
    pub all: BoxPlot,
    pub mean: f64,
    pub deviation: f64,
    pub histogram: HistogramRow,
    pub classes: Vec<ClassNumbers>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistogramRow {
    pub axis: &'static str,
    pub edges: Vec<f64>,
    pub counts: Vec<u64>,
    pub not_positive: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassNumbers {
    pub class: String,
    #[serde(flatten)]
    pub figures: BoxPlot,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RelationReport {
    pub rows: String,
    pub columns: String,
    /// The ones that say most first.
    pub cells: Vec<CellRow>,
    /// Cells that are not told, because they say less than those that are.
    pub left_out: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellRow {
    pub row: String,
    pub column: String,
    pub observed: u64,
    pub expected: f64,
    pub ratio: f64,
    pub low: f64,
    pub high: f64,
    pub conservative: f64,
    pub query: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoxesReport {
    #[serde(flatten)]
    pub all: BoxesRow,
    /// Samples by the number of their boxes, from 0 on.
    pub per_sample: Vec<u64>,
    pub classes: Vec<BoxesRow>,
    pub left_out: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoxesRow {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub class: String,
    pub boxes: u64,
    pub samples: u64,
    pub mean_size: Option<f64>,
    pub sizes: Vec<u64>,
    /// A list per line, from the top.
    pub centres: Vec<Vec<u64>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PicturesReport {
    pub all: PictureReport,
    /// The most frequent classes, the most frequent first.
    pub classes: Vec<PictureReport>,
    pub left_out: Vec<LeftOutRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PictureReport {
    /// `all` for all samples together.
    pub class: String,
    pub samples: u64,
    pub variance: f64,
    pub palette: Vec<ColourRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColourRow {
    pub colour: String,
    pub share: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpaceReport {
    pub described: u64,
    pub vendi: Option<f64>,
    pub radii: Vec<f64>,
    /// From the densest to the emptiest.
    pub regions: Vec<RegionRow>,
    pub classes: Vec<ClassSpaceRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegionRow {
    pub centre: String,
    /// Its place among the centres, from 0.
    pub place: usize,
    pub samples: u64,
    pub mean_distance: f64,
    pub radius: f64,
    pub is_sparse: bool,
    /// The samples nearest to the centre, which is the first of them.
    pub nearest: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassSpaceRow {
    pub class: String,
    pub samples: u64,
    pub vendi: Option<f64>,
    pub radii: Vec<f64>,
}

impl StatsReport {
    pub fn new(subject: Subject<'_>, found: &Statistics) -> Self {
        let report =
            Self::quick(subject, &found.classes, &found.numbers, &found.relations, found.boxes.as_ref());
        Self {
            pictures: Some(pictures_report(subject, &found.pictures)),
            space: found.space.as_ref().map(|space| space_report(subject, space)),
            ..report
        }
    }

    /// What is known without looking at pictures.
    pub fn quick(
        subject: Subject<'_>,
        classes: &Classes,
        numbers: &[Numbers],
        relations: &[Relation],
        boxes: Option<&Boxes>,
    ) -> Self {
        Self {
            source: subject.snapshot.dataset.source.clone(),
            filter: None,
            samples: subject.rows.len() as u64,
            classes: classes_report(subject, classes),
            splits: splits_report(subject, classes),
            numbers: numbers.iter().map(|numbers| number_report(subject, numbers)).collect(),
            relations: relations.iter().map(|relation| relation_report(subject, relation)).collect(),
            boxes: boxes.map(|boxes| boxes_report(subject, boxes)),
            pictures: None,
            space: None,
            seconds: 0.0,
        }
    }
}

fn class_name(subject: Subject<'_>, class: usize) -> String {
    subject.snapshot.labels().classes.get(class).cloned().unwrap_or_default()
}

fn path(subject: Subject<'_>, sample: u32) -> String {
    subject.snapshot.dataset.path(sample).to_owned()
}

fn classes_report(subject: Subject<'_>, found: &Classes) -> ClassesReport {
    let figures = &found.imbalance;
    let row = |(class, samples): (usize, &u64)| ClassRow {
        class: class_name(subject, class),
        samples: *samples,
        share: *samples as f64 / figures.total.max(1) as f64,
        effective_number: figures.effective[class],
        weight: figures.weights[class],
    };
    let rarest = figures.rarest.map(|rarest| RarestRow {
        class: class_name(subject, rarest.class),
        samples: rarest.count,
        share: rarest.share,
        threshold: rarest.threshold,
        is_rare: rarest.is_rare(),
    });
    ClassesReport {
        classes: figures.classes,
        unlabelled: found.unlabelled,
        multilabel: found.is_multilabel,
        counts: found.counts.iter().enumerate().map(row).collect(),
        empty: figures.empty.iter().map(|class| class_name(subject, *class)).collect(),
        imbalance_ratio: figures.ratio,
        normalised_entropy: figures.entropy,
        gini: figures.gini,
        beta: figures.beta,
        rarest,
    }
}

fn splits_report(subject: Subject<'_>, found: &Classes) -> SplitsReport {
    let splits = &found.splits;
    let row = |(at, split): (usize, &String)| SplitRow {
        split: split.clone(),
        samples: found.split_samples[at],
        counts: splits.counts[at].clone(),
        shares: splits.shares[at].clone(),
        missing: splits.missing[at].iter().map(|class| class_name(subject, *class)).collect(),
    };
    let distances = splits.distances.iter().map(|pair| DistanceRow {
        one: found.split_names[pair.one].clone(),
        two: found.split_names[pair.two].clone(),
        chi_square: pair.chi_square,
    });
    SplitsReport {
        splits: found.split_names.iter().enumerate().map(row).collect(),
        distances: distances.collect(),
    }
}

fn number_report(subject: Subject<'_>, found: &Numbers) -> NumberReport {
    let class = |(class, figures): (usize, &Option<BoxPlot>)| {
        figures.map(|figures| ClassNumbers { class: class_name(subject, class), figures })
    };
    NumberReport {
        name: found.name.clone(),
        unit: found.unit,
        unknown: subject.rows.len() as u64 - found.all.count,
        all: found.all,
        mean: found.mean,
        deviation: found.deviation,
        histogram: HistogramRow {
            axis: found.histogram.edges.axis.name(),
            edges: found.histogram.edges.values.clone(),
            counts: found.histogram.counts.clone(),
            not_positive: found.histogram.not_positive,
        },
        classes: found.classes.iter().enumerate().filter_map(class).collect(),
    }
}

fn relation_report(subject: Subject<'_>, found: &Relation) -> RelationReport {
    let snapshot = subject.snapshot;
    let cells = found.cells.iter().take(CELLS).map(|cell| CellRow {
        row: found.rows.name_at(snapshot, cell.row),
        column: found.columns.name_at(snapshot, cell.column),
        observed: cell.observed,
        expected: cell.expected,
        ratio: cell.ratio,
        low: cell.low,
        high: cell.high,
        conservative: cell.conservative(),
        query: found.query(snapshot, cell).to_string(),
    });
    RelationReport {
        rows: found.rows.name().to_owned(),
        columns: found.columns.name().to_owned(),
        cells: cells.collect(),
        left_out: found.cells.len().saturating_sub(CELLS),
    }
}

fn boxes_row(class: String, found: &BoxFigures) -> BoxesRow {
    BoxesRow {
        class,
        boxes: found.boxes,
        samples: found.samples,
        mean_size: found.mean_size(),
        sizes: found.sizes.clone(),
        centres: found
            .centres
            .chunks(crate::analysis::distribution::boxes::CELLS)
            .map(<[u64]>::to_vec)
            .collect(),
    }
}

fn boxes_report(subject: Subject<'_>, found: &Boxes) -> BoxesReport {
    let classes = found.tally.classes.iter().enumerate().filter(|(_, figures)| figures.boxes > 0);
    let last = found.tally.per_sample.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    BoxesReport {
        all: boxes_row(String::new(), &found.tally.all),
        per_sample: found.tally.per_sample[..last].to_vec(),
        classes: classes.map(|(class, figures)| boxes_row(class_name(subject, class), figures)).collect(),
        left_out: found.left_out,
    }
}

fn picture_report(class: String, found: &PictureFigures) -> PictureReport {
    let colour = |swatch: &Swatch| {
        let [red, green, blue] = swatch.rgb;
        ColourRow { colour: format!("#{red:02x}{green:02x}{blue:02x}"), share: swatch.share }
    };
    PictureReport {
        class,
        samples: found.mean.count,
        variance: found.mean.spread(),
        palette: found.palette.iter().map(colour).collect(),
    }
}

fn pictures_report(subject: Subject<'_>, found: &Pictures) -> PicturesReport {
    let classes = found
        .classes
        .iter()
        .map(|(class, figures)| picture_report(class_name(subject, *class as usize), figures));
    let left_out = found
        .left_out
        .iter()
        .map(|(sample, message)| LeftOutRow { path: path(subject, *sample), message: message.clone() });
    PicturesReport {
        all: picture_report("all".to_owned(), &found.all),
        classes: classes.collect(),
        left_out: left_out.collect(),
    }
}

fn space_report(subject: Subject<'_>, found: &Space) -> SpaceReport {
    let coverage = &found.coverage;
    let path_of = |row: u32| path(subject, found.samples[row as usize]);
    let region = |place: usize| {
        let figures = coverage.regions[place];
        RegionRow {
            centre: path_of(coverage.centres[place]),
            place,
            samples: figures.samples,
            mean_distance: figures.mean_distance,
            radius: figures.radius,
            is_sparse: coverage.is_sparse(place),
            nearest: coverage.rows(place).into_iter().take(NEAREST).map(path_of).collect(),
        }
    };
    let classes = found.classes.iter().map(|class| ClassSpaceRow {
        class: class_name(subject, class.class as usize),
        samples: class.samples,
        vendi: class.vendi,
        radii: class.radii.clone(),
    });
    SpaceReport {
        described: found.samples.len() as u64,
        vendi: found.vendi,
        radii: coverage.radii.clone(),
        regions: coverage.by_density().into_iter().map(region).collect(),
        classes: classes.collect(),
    }
}
