//! Where the worlds meet: state, work and window.

pub mod full;
