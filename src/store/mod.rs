//! The project database.
