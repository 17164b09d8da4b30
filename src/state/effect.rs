//! What the outside has to do, as plain data.

use std::path::PathBuf;
use std::sync::Arc;

use super::augment::{RangeWish, VariantsWish};
use super::balance::{BalanceFile, OtherSource};
use super::export::ExportChoice;
use super::job::JobId;
use super::label_files::FileWork;
use super::labelling::QueueKind;
use super::latent::{Accepted, Latents, MapFace, MapWish, ModelRef, Slot};
use super::pane::Pane;
use super::selection::SelectMode;
use super::training::{Draft, ModelFor};
use crate::crossfilter::CardId;
use crate::dataset::SampleId;
use crate::dataset::edit::PipelineSlot;
use crate::store::JournalOp;
use crate::train::device::Choice;

/// How much of an analysis to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it, which a person asked for: as soon as everything is measured, where that is not so yet.
    Asked,
    /// All of it, of its own accord.
    Whole,
    /// What the project keeps, if that is all of it.
    Kept,
}

/// What the outside has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Open {
        source: String,
        /// The project's folder, where it is not the usual one.
        project: Option<PathBuf>,
        anew: bool,
    },
    OpenDemo,
    /// Let the dataset go; the place where the person was is to be kept.
    Close {
        place: Option<serde_json::Value>,
    },
    Rescan,
    /// Find the rows of the view; the answer carries the generation.
    FindRows {
        generation: u64,
    },
    /// Look for near-duplicates and the rest.
    Analyse(Extent),
    /// Work out what follows from the analysis; the answer carries the generation.
    Judge {
        generation: u64,
    },
    Journal(JournalOp),
    /// Choose samples of every class of the view; the answer carries the generation.
    PickSamples {
        generation: u64,
        count: usize,
        seed: u64,
    },
    /// Make variants and draw them; the answers carry the generation.
    DrawVariants {
        generation: u64,
        wish: Box<VariantsWish>,
    },
    /// Find the safe range of a parameter.
    SuggestRange {
        wish: Box<RangeWish>,
    },
    /// Measure mean and deviation of the view's pixels, for a step of a pipeline.
    MeasureChannels {
        slot: PipelineSlot,
        step: u32,
    },
    /// Variants are not on screen: let go of what drawing them needs.
    RestVariants,
    PickPipelineFile {
        slot: PipelineSlot,
    },
    /// Read a pipeline from a file into a slot.
    ReadPipeline {
        slot: PipelineSlot,
        path: PathBuf,
    },
    PickPipelineTarget,
    /// Write the pipeline that is worked on, in the form that the name tells.
    WritePipeline {
        path: PathBuf,
    },
    /// Find out what suits the samples, and which models there are.
    SuggestTraining,
    ListModels,
    /// Train a model on the samples of the view.
    Train(Box<Draft>),
    PickModel(ModelFor),
    /// Open a model, and ask it about all samples.
    OpenModel {
        model: ModelRef,
        device: Choice,
    },
    /// Decode latents; the answer carries the generation.
    Decode {
        slot: Slot,
        generation: u64,
        latents: Latents,
    },
    /// Stop decoding a part, which nobody looks at any more; there may be an answer nonetheless.
    WithdrawDecode {
        slot: Slot,
    },
    /// Find the samples nearest to a latent; the answer carries the generation.
    FindNear {
        generation: u64,
        latent: Vec<f32>,
    },
    /// Draw the samples as points; the answer carries the generation.
    DrawMap {
        generation: u64,
        wish: MapWish,
    },
    /// Find the samples of the view within an outline, and select them.
    FindWithin {
        map: Arc<MapFace>,
        outline: Vec<[f32; 2]>,
        mode: SelectMode,
    },
    /// Count what the quick cards show; the answer carries the generation.
    CountCharts {
        generation: u64,
    },
    /// Work out what the cards show that take longer; the answer carries the generation.
    DrawSlowCharts {
        generation: u64,
    },
    /// Look at the pictures of the view for a card.
    Study {
        card: CardId,
    },
    /// Look at pictures no longer for a card that is gone.
    EndStudy {
        card: CardId,
    },
    PickChartFile {
        card: CardId,
        chart: Option<usize>,
    },
    /// Write a card's chart, that at a place among several or all of them, in the form that the name tells.
    ExportChart {
        card: CardId,
        chart: Option<usize>,
        path: PathBuf,
    },
    /// Work out a plan for the balance of classes; the answer carries the generation.
    PlanBalance {
        generation: u64,
    },
    /// Deal the samples to new splits; the answer carries the generation.
    DealSplits {
        generation: u64,
    },
    /// Find the rows of a queue of samples to label; the answer carries the generation.
    FindQueue {
        kind: QueueKind,
        generation: u64,
    },
    /// Let the model learn from the labels that count; the answer carries the generation.
    Learn {
        generation: u64,
    },
    /// Describe all pictures by a trained model, given by its folder, for the model to see by; the answer carries the
    /// generation.
    Describe {
        generation: u64,
        run: PathBuf,
    },
    /// Nobody waits for these descriptions any more.
    EndDescribing,
    /// Find unlabelled samples whose neighbours agree on a label; the answer carries the generation.
    SpreadLabels {
        generation: u64,
    },
    /// Put the model's proposals in the order in which they are confirmed; the answer carries the generation.
    RankProposals {
        generation: u64,
    },
    PickOther(OtherSource),
    /// Count the classes of another dataset; the answer carries the generation.
    ListOther {
        generation: u64,
        path: PathBuf,
    },
    /// Nobody waits for the other dataset any more.
    EndListing,
    /// Find what is another than the source says; the answer carries the generation.
    ListChanges {
        generation: u64,
    },
    /// Find the samples of a class that fit a filter; the answer carries the generation.
    FindSplit {
        generation: u64,
    },
    PickBalanceFile(BalanceFile),
    /// Write a plan or new splits, in the form that the name tells.
    ExportBalance {
        file: BalanceFile,
        path: PathBuf,
    },
    PickDrawnFolder,
    /// Compare what the open model draws with the samples of the view.
    EvaluateModel,
    /// Export the accepted draws.
    ExportDrawn {
        path: PathBuf,
        accepted: Accepted,
    },
    SaveSettings,
    PickFolder,
    PickFile,
    PickIssuesFile,
    ExportIssues {
        path: PathBuf,
    },
    PickReportFile,
    ExportReport {
        path: PathBuf,
    },
    PickExportFolder,
    /// Work out what an export would write; the answer carries the generation.
    PlanExport {
        generation: u64,
        choice: ExportChoice,
    },
    ExportDataset {
        choice: ExportChoice,
    },
    /// Labels out to files and in from them.
    LabelFile(Box<FileWork>),
    PauseJob {
        job: JobId,
        pause: bool,
    },
    CancelJob {
        job: JobId,
    },
    CopyText(String),
    Reveal(SampleId),
    /// Bring a panel to the front, or hide it when it is there.
    TogglePane(Pane),
    ResetLayout,
    FocusSearch,
    InspectorFit,
    InspectorActualSize,
    InspectorZoomIn,
    InspectorZoomOut,
    Quit,
    /// Quit without asking about what is not on the disk.
    QuitAnyway,
}
