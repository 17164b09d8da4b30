//! What is done to pictures before they are learned from: operations, pipelines of them, and what carries them
//! out.
//!
//! ```text
//! Pipeline ─(seed, sample, variant)─▶ Plan: stages, numbers only ─┬─▶ cpu: the reference, and what is exported
//!    ▲                                                            └─▶ boxes and points follow
//! files: this program's JSON, Albumentations' JSON and YAML, Python code
//! ```
//!
//! [`table`] describes every operation once. An operation settles its luck by a [`Key`](random::Key) that depends
//! on nothing but seed, sample, variant and step, and comes to a few [`Stage`](stage::Stage)s, which are all that
//! has to be carried out. Pixels are 8-bit display values, as a picture is decoded; every stage gives 8 bits
//! again.
//!
//! This room refuses to know datasets, the user interface and where pictures come from.

pub mod boxes;
pub mod cpu;
pub mod files;
pub mod formats;
pub mod fuse;
pub mod param;
pub mod pipeline;
pub mod presets;
pub mod random;
pub mod stage;
pub mod table;
