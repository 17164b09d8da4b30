//! Where import, media and the store meet: open a source with its project, list it again, measure
//! every sample that needs it, compute its signals for analysis, ask a trained model about it, make variants of it,
//! measure what they are to be normalised by, and draw up statistics. The window and the command line measure and
//! compute by this alone, and open by it where there is a project.
//!
//! This room refuses to know the user interface.

pub mod agreeing;
pub mod analyse;
pub mod annotating;
pub mod augmented;
pub mod balancing;
pub mod channels;
pub mod drift;
pub mod duplicates;
pub mod evaluated;
mod keep;
pub mod learning;
pub mod measure;
pub mod modelled;
pub mod open;
pub(crate) mod pass;
pub mod scores;
pub mod signals;
pub mod statistics;

pub use keep::Keeper;
pub use measure::{THUMBNAIL_EDGE, measure, pending};
pub use open::{OpenError, OpenRequest, Opened, Relisted, open, relist};
pub use pass::cores;
