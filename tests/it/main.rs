//! The one integration-test binary: each module tests one room from outside.

mod data;
mod demo;
mod import;
mod import_annotated;
mod inspector;
mod media;
mod panels;
mod query;
mod store;
