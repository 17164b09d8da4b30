//! The program without window.

pub mod command;
pub mod selection;
