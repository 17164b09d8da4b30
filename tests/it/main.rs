//! The one integration-test binary: each module tests one room from outside.

mod cli;
mod data;
mod demo;
mod display;
mod docs;
mod fuzz;
mod import;
mod import_annotated;
mod inspector;
mod keyboard;
mod media;
mod panels;
mod query;
mod store;
mod window;
