//! Lenslet shows a person what is in a dataset and what is wrong with it.

pub mod app;
pub mod cli;
pub mod dataset;
pub mod export;
pub mod demo;
pub mod import;
pub mod jobs;
pub mod media;
pub mod pipeline;
pub mod state;
pub mod store;
pub mod text;
pub mod ui;
