//! Training a small generative model on a view of a dataset, and what a trained one is used for. The only
//! room that names burn.
//!
//! | file | what |
//! | --- | --- |
//! | [`config`] | the settings, and what follows from them: sizes, costs, times |
//! | [`pack`] | the samples of a view as pixels in one run of memory |
//! | [`model`] | the model and what it loses |
//! | [`suggest`] | settings that suit the samples, and how fast a processor is |
//! | [`score`] | what a model says of samples, and the pictures that it makes |
//! | [`ondevice`] | the same pictures, left on the window's graphics device |
//! | [`streamed`] | the same of any number of samples, in bounded memory |
//! | [`space`] | where samples lie in the latent space, and what follows from all of them |
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

/// The name under which a project keeps the settings of the next run.
pub const SETTINGS: &str = "training";
/// The folder of a project that its models are in, each run in a folder of its own.
pub const MODELS: &str = "models";

pub mod checkpoint;
pub mod config;
pub mod device;
pub mod encoder;
mod kernels;
pub mod latent;
pub mod model;
pub mod ondevice;
pub mod pack;
mod random;
pub mod run;
pub mod score;
pub mod space;
pub mod streamed;
pub mod suggest;
