//! Lenslet shows a person what is in a dataset and what is wrong with it.

pub mod dataset;
pub mod demo;
pub mod export;
pub mod import;
pub mod jobs;
pub mod media;
pub mod state;
pub mod store;
pub mod ui;
