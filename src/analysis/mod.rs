//! What can be computed of pictures and of many of them: hashes, quality, near-duplicates, how far people agree.
//! Slices in, slices out.
//!
//! This room refuses to know files, projects and the user interface.

pub mod agreement;
pub mod descriptor;
pub mod distribution;
pub mod encoder;
pub mod evidence;
pub mod fewshot;
pub mod generated;
pub mod groups;
pub mod hamming;
pub mod hash;
pub mod label_errors;
pub mod likeness;
pub mod neighbours;
pub mod outliers;
pub mod picture;
pub mod quality;
mod resize;
pub mod rows;
pub mod scatter;
pub mod sketch;
pub mod symmetry;
pub mod whiten;

pub use hash::{HashKind, Hashable, Hashes};
pub use picture::Picture;
pub use resize::Plane;
pub use symmetry::Symmetry;
