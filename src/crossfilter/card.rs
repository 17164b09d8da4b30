//! Which charts there are, and what a person set of each: plain data that a project keeps.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::analysis::distribution::{Axis, Bins};
use crate::dataset::natural;

/// Tells the cards of a dashboard apart.
pub type CardId = u32;

/// A chart on the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub id: CardId,
    pub kind: Kind,
    #[serde(default)]
    pub options: Options,
}

/// What a card shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Samples by class.
    Classes,
    /// How unevenly they are spread over classes.
    Imbalance,
    /// The share of each class in each split.
    Splits,
    /// The histogram of a column of numbers.
    Numbers { column: String },
    /// Its box plot for each class.
    BoxPlots { column: String },
    /// Samples by the words of a column of text.
    Values { column: String },
    /// Two columns of numbers against each other.
    Scatter { x: String, y: String },
    /// What goes together: labels with labels, splits, or the bins of a column.
    Relations { with: String },
    /// Where boxes lie, how large they are and how many.
    Boxes,
    /// The average picture of each class, how its pixels vary, and its colours.
    Pictures,
    /// How well the samples cover the space that their descriptions lie in.
    Coverage,
}

impl Kind {
    /// The columns whose conditions a card of this kind sets, and which do not touch what it shows.
    pub fn own_columns(&self) -> Vec<&str> {
        match self {
            Self::Classes | Self::Imbalance => vec!["label"],
            Self::Splits => vec!["label", "split"],
            Self::Numbers { column } | Self::Values { column } => vec![column],
            Self::Scatter { x, y } => vec![x, y],
            Self::Relations { with } if with == "label" => vec!["label"],
            Self::Relations { with } => vec!["label", with],
            Self::BoxPlots { column } => vec!["label", column],
            Self::Boxes => vec!["boxes", "box.at", "box.size"],
            // They are of the rows that were there when they were asked for.
            Self::Pictures | Self::Coverage => Vec::new(),
        }
    }

    /// Whether it is counted while a brush is dragged; the others follow when they are done.
    pub fn is_quick(&self) -> bool {
        !matches!(self, Self::BoxPlots { .. } | Self::Boxes | Self::Pictures | Self::Coverage)
    }

    /// Whether working it out takes so long that a person starts it.
    pub fn is_asked_for(&self) -> bool {
        matches!(self, Self::Pictures | Self::Coverage)
    }
}

/// What bars are in the order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    #[default]
    Count,
    /// As text, numbers in it by their value.
    Name,
    /// As the dataset has them.
    Given,
}

impl Order {
    pub const ALL: [Self; 3] = [Self::Count, Self::Name, Self::Given];

    pub fn title(self) -> &'static str {
        match self {
            Self::Count => "by count",
            Self::Name => "by name",
            Self::Given => "as given",
        }
    }
}

/// How two columns are drawn against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scattered {
    /// A point for each sample.
    Points,
    /// How many there are in each cell of a grid.
    Density,
}

/// What a person sets of a card; each kind reads what it has a use for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub order: Order,
    /// Whether counts are drawn by their logarithm.
    pub log_counts: bool,
    /// Whether numbers lie along an axis by their logarithm, the first column's and the second's.
    pub log_axes: [bool; 2],
    /// How many bins; as follow from the data without one.
    pub bins: Option<u16>,
    /// Bars that are listed at most; all without one.
    pub top: Option<u32>,
    /// Only bars with this in their name.
    pub search: String,
    pub by_split: bool,
    /// The sum over bars from the most frequent on in place of each bar.
    pub cumulative: bool,
    /// How two columns are drawn against each other; as is fluid without one.
    pub scattered: Option<Scattered>,
    /// Whether points have the colours of their classes.
    pub by_class: bool,
}

impl Options {
    pub fn axis(&self, of: usize) -> Axis {
        if self.log_axes[of] { Axis::Log } else { Axis::Linear }
    }

    /// The bars of these names in the order that is set, those that are searched for and no more than are to be
    /// listed. `count` is of all samples, so that bars stay in their places while brushes move.
    pub fn listed(&self, names: &[String], count: impl Fn(u32) -> u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..names.len() as u32).collect();
        match self.order {
            Order::Count => order.sort_by_key(|at| Reverse(count(*at))),
            Order::Name => {
                order.sort_by(|one, two| natural::compare(&names[*one as usize], &names[*two as usize]));
            }
            Order::Given => {}
        }
        let wanted = self.search.trim().to_lowercase();
        order.retain(|at| wanted.is_empty() || names[*at as usize].to_lowercase().contains(&wanted));
        order.truncate(self.top.unwrap_or(u32::MAX) as usize);
        order
    }

    pub fn bins(&self) -> Bins {
        self.bins.map_or(Bins::Auto, |bins| Bins::Count(bins.into()))
    }
}

/// The cards that a dashboard begins with.
pub fn default_cards() -> Vec<Card> {
    let numbers = |column: &str| Kind::Numbers { column: column.to_owned() };
    let kinds = [
        Kind::Classes,
        Kind::Splits,
        Kind::Imbalance,
        Kind::Scatter { x: "width".to_owned(), y: "height".to_owned() },
        numbers("width"),
        numbers("height"),
        numbers("bytes"),
        numbers("brightness"),
        numbers("contrast"),
        numbers("sharpness"),
    ];
    let card = |(id, kind): (CardId, Kind)| Card { id, kind, options: Options::default() };
    (1..).zip(kinds).map(card).collect()
}
