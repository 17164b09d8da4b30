//! Lenslet shows a person what is in an image dataset and what is wrong with it: one native
//! program, one window, no server. This page is the architecture.
//!
//! # Bird's-eye view
//!
//! A source (a folder, an archive, a table, an array) is listed as a [`Dataset`](dataset::Dataset):
//! samples as columns. A pass over the content fills [`Facts`](dataset::Facts), another one over the
//! pixels [`Signals`](dataset::Signals), from which an analysis finds near-duplicates, neighbours and
//! scores: an [`Analysed`](review::Analysed). Thresholds turn that into groups and flags, a
//! [`Judged`](review::Judged). What a person decides and says is an [`Edit`](dataset::edit::Edit) on an overlay;
//! labels by hand lie over the source's, and a [`Snapshot`](dataset::query::Snapshot) has those that count. A
//! [`View`](dataset::edit::View) is a query and an order; the rows that it shows are computed, never
//! stored.
//!
//! ```text
//! disk ─import─▶ Dataset ─┐
//!      ─media──▶ Facts ───┼─▶ Snapshot ─query─▶ rows, counts ─▶ grid, table, sidebar
//! gesture ─▶ Action ─▶ Edit ─▶ Overlay ┤
//!                        └─▶ journal   ├─▶ Judged: groups, flags, impact ─▶ panels, export
//!      ─decode─▶ Signals ─▶ Analysed ──┘
//! Pipeline ─(seed, sample, variant)─▶ Plan: stages ─▶ variants ─▶ panel, export, training
//! labels that count ─learn─▶ proposals ─confirm─▶ Edit
//! rows ─pack─▶ training ─▶ Checkpoint ─▶ latents, columns of the Snapshot, decoded pictures ─▶ panels
//! ```
//!
//! The window is a loop over plain data. [`state::State`] is all that is shown;
//! [`State::update`](state::State::update) is where it changes, but for the window's place and layout,
//! which [`app`] notes before it saves settings. It takes an [`Action`](state::Action) and gives
//! [`Effect`](state::Effect)s; [`app`] carries those out, the slow ones on other threads, and what comes
//! back is an action again. Views in [`ui`] read the state, push actions and put text on the clipboard.
//!
//! # Code map
//!
//! | room | what lives there | what it refuses to know |
//! | --- | --- | --- |
//! | [`dataset`] | samples as columns, facts, queries, edits and their history | files, clock, egui |
//! | [`jobs`] | background work: progress, pause, cancel, outcome | the domain |
//! | [`import`] | disk to dataset, one module per format behind [`import::FORMATS`] | the user interface |
//! | [`export`] | issues and a report to a file, and a chosen part of the dataset or generated pictures to a folder, that a person named | the user interface |
//! | [`media`] | bytes to pixels: decode, orientation, thumbnails, statistics, metadata | samples and where they lie |
//! | [`analysis`] | hashes, quality, near-duplicates of pictures, figures of generated ones, how a dataset is spread, the model beside a person who labels: slices in, slices out | files, projects, the user interface |
//! | [`annotation`] | annotations of samples as plain data: what a person said of each, in files and out of them, merged, and how far people agree | snapshots, the project database, the program's state, the user interface |
//! | [`augment`] | operations, pipelines of them, what they come to for a variant, the CPU kernels, files of pipelines | datasets, the user interface |
//! | [`balance`] | from the classes that there are to those that are wanted: plans of what goes, repeats and weights, and splits dealt anew; slices in, plain data out | files, threads, the user interface |
//! | [`store`] | the project database, thumbnail cache and settings | the user interface |
//! | [`demo`] | the demo dataset with its planted faults | everything else but jobs |
//! | [`pipeline`] | opening, measuring, computing signals, analysing, asking a trained model, making variants, drawing up statistics and planning a balance, for window and command line alike | the user interface |
//! | [`review`] | what an analysis found, for a person to decide: groups, flags, rules, impact; and what a person changed of the source's labels | files, threads, the user interface |
//! | [`train`] | models, training, checkpoints, sampling: the only room that names burn | the user interface |
//! | [`gpu`] | wgpu pipelines over `shaders/*.wgsl`, one file each: decoded pictures, clouds of points, variants of samples | datasets, the interface's state |
//! | [`state`] | the program without window, disk or clock | egui, files |
//! | [`ui`] | drawing: a view per file or folder, and the parts that views share | files, threads |
//! | [`app`] | eframe glue: effects as jobs, textures, dialogs | |
//! | [`cli`] | the command line | |
//! | [`crossfilter`] | charts that filter each other: which there are, and how many samples fall into their parts | files, threads, the user interface |
//! | [`chart`] | charts as plain data, laid out into marks, and written as SVG, PNG and CSV | datasets, the user interface |
//! | [`files`], [`text`], [`markup`], [`colours`] | files that are whole at any moment; numbers and sentences for people; text in pages and drawings; the colours of both themes | everything else |
//!
//! # What stays true
//!
//! 1. A view reads state and returns actions. Actions, effects and edits are plain data, but for what waits on
//!    the graphics device to be drawn: [`state::latent::Made`], [`state::latent::MapFace`],
//!    [`state::charts::Cloud`] and [`state::augment::Shown`] hold on to it.
//! 2. A sample's row number is stable for the life of a project: a rescan appends and marks as gone
//!    ([`Dataset::reconcile`](dataset::Dataset::reconcile)), so that edits and caches keep their sample.
//! 3. Every edit knows its inverse, and is durable before the screen says that it is saved.
//! 4. Source files are never written. The project never lies inside the dataset.
//! 5. A broken sample is an [`Issue`](dataset::Issue), never an abort. Sizes from files are checked before
//!    memory is taken. A panic is our bug, is caught at the top of its job, and shown.
//! 6. Nothing slow runs on the interface thread, and nothing grows without a stated bound: issues have
//!    one per kind and sample, and a cap per file that describes samples.
//! 7. What the window shows the command line prints, from the same functions.
//! 8. Same input, same seed, same answer, on any number of threads.
//!
//! # What is deliberately absent
//!
//! No `unsafe`. No async runtime of our own: jobs are threads, results are values in bounded queues. No
//! lock that a view waits for: snapshots share chunks, and what follows from them is worked out before
//! they are shown. No file format of our own for datasets: what is opened stays as it is.

#![forbid(unsafe_code)]

/// For the program, its tests and its benchmarks alike: see `Cargo.toml`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod analysis;
pub mod annotation;
pub mod app;
pub mod augment;
pub mod balance;
pub mod chart;
pub mod cli;
pub mod colours;
pub mod crossfilter;
pub mod dataset;
pub mod demo;
pub mod export;
pub mod files;
pub mod gpu;
pub mod import;
pub mod jobs;
pub mod markup;
pub mod media;
pub mod pipeline;
pub mod review;
pub mod state;
pub mod store;
pub mod text;
pub mod train;
pub mod ui;
