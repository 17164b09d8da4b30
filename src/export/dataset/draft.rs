//! The files of an export before any is written.
#[derive(Debug)]
pub struct Draft {}
