//! How a dataset is spread: over its classes and splits, its numbers, its pictures, and the space that its
//! descriptions lie in. Slices in, plain figures out.
//!
//! Sums of real numbers are taken in the order of the rows, or are of whole numbers, so that every figure is
//! the same on any number of threads. `docs/distribution.md` has the formulas together.
//!
//! This folder refuses to know files, queries, charts and the user interface.

pub mod box_plot;
pub mod boxes;
pub mod coverage;
pub mod density;
pub mod histogram;
pub mod imbalance;
pub mod mean_image;
pub mod palette;
pub mod relations;
pub mod splits;
pub mod vendi;

pub use box_plot::{BoxPlot, box_plots};
pub use boxes::{BoxFigures, BoxTally, RelativeBox};
pub use coverage::{Coverage, coverage};
pub use density::Density;
pub use histogram::{Axis, Bins, Edges, Histogram};
pub use imbalance::{DEFAULT_BETA, Imbalance, Rarest};
pub use mean_image::MeanImage;
pub use palette::{ColourTally, Swatch};
pub use relations::{Cell, Table};
pub use splits::{SplitDistance, Splits};
pub use vendi::vendi;
