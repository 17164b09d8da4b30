//! What is kept on disk: a project per dataset, a cache of thumbnails, and the settings.
//!
//! A [`Project`] is a folder outside the dataset with one database for everything that matters:
//! the dataset's columns as blobs, what was measured and computed, issues, and the journal of edits. Every write
//! is a transaction that is durable when it is acknowledged (SQLite, write-ahead log,
//! `synchronous = FULL`); killing the program at any moment loses no acknowledged edit.
//! [`Thumbnails`] is a second database that may be deleted at any time. [`Settings`] is one file.
//!
//! Content of a database is not trusted: sealed blobs say when they are damaged, and then that part
//! is measured again. This room refuses to know the user interface, and decodes no image.
//!
//! The way of a session: [`Paths::project_folder`], [`Project::open`], [`Project::load`]; a scan
//! that is reconciled goes to [`Project::save_rescan`] before edits of its rows are taken; ingest calls
//! [`Project::save_measured`] every second or so; edits go to a [`JournalWriter`].

pub mod analysis_blob;
pub mod blob;
pub mod catalogue;
pub mod fact_blob;
pub mod latent_blob;
pub mod model_blob;
pub mod signal_blob;

mod chunk;
mod columns;
mod database;
mod error;
mod folder;
mod journal;
mod latents;
mod project;
mod settings;
mod thumbnails;
mod writer;

pub use catalogue::Catalogue;
pub use chunk::DescribedBy;
pub use database::{APPLICATION_ID, VERSION};
pub use error::StoreError;
pub(crate) use folder::canonical;
pub use folder::{HOME_VARIABLE, Paths};
pub use journal::{Entry, Journal, JournalOp, OpenedJournal};
pub use latent_blob::KeptLatents;
pub use latents::{Keeping, LATENTS};
pub use project::{ARRIVED, Access, Loaded, Project};
pub use settings::{RECENTS, Recent, Settings, Theme, WindowGeometry};
pub use thumbnails::{DEFAULT_CAP, Thumbnail, Thumbnails, stamp};
pub use writer::{JournalWriter, QUEUE, Ticket, now_ms};
