//! Charts of a dataset that filter each other: which there are, and how many samples fall into each of their
//! parts, among all and among those that every condition but a chart's own leaves.
//!
//! ```text
//! query ─by column─▶ masks, one per column, each worked out once
//! column ─edges─▶ cells: the part of a chart that each row falls into, worked out once
//! masks but those of a chart's own columns ─and─▶ rows ─cells─▶ counts
//! ```
//!
//! A row is looked at once for each chart whose rows changed: where few rows came or went, only these
//! ([`cells`]). So a million rows are answered while a brush is dragged; `benches/crossfilter.rs` measures it.
//!
//! This room refuses to know files, threads and the user interface.

mod board;
mod card;
mod cells;
mod coded;
mod drawn;
mod figures;
mod places;
mod saved;

pub use board::{Board, rows_but};
pub use card::{Card, CardId, Kind, Options, Order, Scattered, default_cards};
pub use cells::Cells;
pub use drawn::{charts_of, counts_settings, space_charts};
pub use figures::{Figures, Labels, Numbers, Plane, RelationColumns, Relations, Values};
pub use places::{Places, places_reading};
pub use saved::{saved_charts, saved_titles};
