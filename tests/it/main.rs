//! The one integration-test binary: each module tests one room from outside.

mod analysis;
mod checks_panel;
mod cli;
mod data;
mod demo;
mod display;
mod docs;
mod export;
mod fuzz;
mod gestures;
mod import;
mod import_annotated;
mod import_layouts;
mod inspector;
mod keyboard;
mod media;
mod panels;
mod pictures;
mod query;
mod review;
mod session;
mod store;
mod window;
