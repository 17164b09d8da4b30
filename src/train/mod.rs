//! Training a small generative model on a view of a dataset, and what a trained one is used for. The only
//! room that names burn.
//!
//! | file | what |
//! | --- | --- |
//! | [`config`] | the settings, and what follows from them: sizes, costs, times |
//! | [`pack`] | the samples of a view as pixels in one run of memory |
//! | [`model`] | the model and what it loses |
//! | [`score`] | what a model says of samples, and the pictures that it makes |
//! | [`streamed`] | the same of any number of samples, in bounded memory |
//! | [`run`] | a run: steps, held-out samples, checkpoints; what it tells as it goes |
//! | [`checkpoint`] | a model on disk |
//! | [`encoder`] | a trained encoder for analyses |
//! | [`latent`] | the latent space: maps, walks, mixtures, neighbours |
//! | [`device`] | where tensors lie: the processor, or a graphics device that the window may share |
//!
//! A run is a [job](crate::jobs) on one thread of its own, for its whole life: on a graphics device,
//! orders are kept in the order of the thread that gave them. It tells what it comes to as plain data,
//! [`Event`](run::Event)s, which a [`Feed`](run::Feed) hands to a window in bounded memory.
//!
//! This room refuses to know the user interface.

pub mod checkpoint;
pub mod config;
pub mod device;
pub mod encoder;
mod kernels;
pub mod latent;
pub mod model;
pub mod pack;
mod random;
pub mod run;
pub mod score;
pub mod streamed;
