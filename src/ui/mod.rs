//! Drawing.

pub mod scroller;
pub mod theme;
