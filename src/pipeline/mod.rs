//! Where import, media and the store meet: open a source with its project, and measure every
//! sample that needs it. The window and the command line both call this and nothing beneath it.
//!
//! This room refuses to know the user interface.

pub mod measure;
pub mod open;

pub use measure::{Batch, THUMBNAIL_EDGE, measure, pending};
pub use open::{OpenError, OpenRequest, Opened, Relisted, open, relist};
