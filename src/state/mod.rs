//! The program without window, disk or clock.
//!
//! [`State`] is all that views draw. It changes in one place, [`State::update`], which takes an
//! [`Action`] and gives the [`Effect`]s that the outside has to carry out. Actions are plain data:
//! a test or a recording can replay them. This room refuses to know egui and files.

pub mod augment;
pub mod command;
pub mod export;
mod gestures;
pub mod latent;
pub mod layout;
mod results;
pub mod review;
pub mod selection;
mod session;
pub mod training;
mod update;

use std::path::PathBuf;
use std::sync::Arc;

pub use augment::{Augment, AugmentView};
use augment::{Drawn, RangeWish, VariantsWish};
pub use command::{COMMANDS, Command};
pub use export::{AugmentChoice, ExportChoice, ExportDraft, PlanFace};
use latent::{Accepted, Latents, Made, MapFace, MapWish, ModelRef, OpenModel, Slot};
pub use latent::{Latent, LatentView};
pub use review::{Review, Which};
pub use selection::{SelectMode, Selection};
pub use session::{
    GridState, IssuesKey, ProjectFace, Search, Session, Shown, TableState, Then, cells_across,
};
pub use training::{Draft, End, ModelFace, Training};

use crate::augment::pipeline::Pipeline;
use crate::dataset::edit::{Direction, Edit, History, Mark, Overlay, View};
use crate::dataset::query::{Click, Found, Pick, Snapshot};
use crate::dataset::{Fact, Flag, Issue, ModelColumns, SampleId, Verdict};
use crate::jobs::Progress;
use crate::pipeline::evaluated::Evaluated;
use crate::review::{Analysed, Judged, ReviewSettings};
use crate::store::{JournalOp, Settings};
use crate::train::config::Config;
use crate::train::device::Choice;
use crate::train::run::Told;
use crate::train::space::Space;

/// A panel that a person arranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pane {
    Grid,
    Table,
    Issues,
    Duplicates,
    Checks,
    Pruning,
    Augment,
    Train,
    Latent,
    Inspector,
    Filters,
}

impl Pane {
    pub const ALL: [Self; 11] = [
        Self::Grid,
        Self::Table,
        Self::Issues,
        Self::Duplicates,
        Self::Checks,
        Self::Pruning,
        Self::Augment,
        Self::Train,
        Self::Latent,
        Self::Inspector,
        Self::Filters,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Grid => "Grid",
            Self::Table => "Table",
            Self::Issues => "Issues",
            Self::Duplicates => "Duplicates",
            Self::Checks => "Checks",
            Self::Pruning => "Pruning",
            Self::Augment => "Augment",
            Self::Train => "Train",
            Self::Latent => "Latent",
            Self::Inspector => "Inspector",
            Self::Filters => "Filters",
        }
    }
}

/// How grave a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Info,
    Warning,
    Error,
}

/// Something to tell the person, in the corner of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: u64,
    pub level: Level,
    pub text: String,
}

/// A job as the status bar shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFace {
    pub id: JobId,
    pub progress: Progress,
    pub paused: bool,
}

/// The kinds of work that run beside the interface; one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobId {
    /// Listing a source for the first time, or opening its project.
    Open,
    /// Listing the source of the open dataset again.
    Rescan,
    /// Decoding and measuring every sample.
    Measure,
    /// Looking for near-duplicates, outliers, poor pictures and wrong labels.
    Analyse,
    /// Training a model.
    Train,
    /// Asking a trained model where the samples lie.
    Encode,
    /// Comparing what a model draws with samples.
    Evaluate,
    /// Writing the demo dataset.
    Demo,
    /// Writing what stays of a dataset, a report, or a table of issues.
    Export,
}

impl JobId {
    pub fn title(self) -> &'static str {
        match self {
            Self::Open => "Opening",
            Self::Rescan => "Rescanning",
            Self::Measure => "Measuring",
            Self::Analyse => "Analysing",
            Self::Train => "Training",
            Self::Encode => "Encoding",
            Self::Evaluate => "Comparing",
            Self::Demo => "Writing the demo",
            Self::Export => "Exporting",
        }
    }
}

/// A question or a page that stands over the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// Commands by name; `chosen` counts the listed ones.
    Palette {
        text: String,
        chosen: usize,
    },
    SaveView {
        name: String,
    },
    GoToRow {
        text: String,
    },
    OpenPath {
        text: String,
    },
    /// A damaged project: start anew or leave it.
    DamagedProject {
        source: String,
        project: Option<PathBuf>,
        message: String,
    },
    /// The window was asked to close while decisions are not on the disk, and why they are not.
    Unsaved {
        problem: String,
    },
    /// Where and how to export what stays.
    ExportDataset(Box<ExportDraft>),
    Settings,
    Shortcuts,
    QueryHelp,
    About,
}

/// All that the program shows.
#[derive(Debug, Default)]
pub struct State {
    pub settings: Settings,
    /// `None` shows the welcome screen.
    pub session: Option<Session>,
    /// What is being opened.
    pub opening: Option<String>,
    pub jobs: Vec<JobFace>,
    pub notices: Vec<Notice>,
    pub dialog: Option<Dialog>,
    /// Whether files are dragged over the window.
    pub drop_hovers: bool,
    /// Whether the window is drawn dark.
    pub drawn_dark: bool,
    next_notice: u64,
    /// How many datasets were opened.
    opened: u64,
    /// Number of the last plan of an export that was asked for.
    asked_plans: u64,
}

/// Something that happened: a person's gesture or work that came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    // What a person does.
    Run(Command),
    Open {
        source: String,
    },
    /// Open a source with the project in this folder.
    OpenIn {
        source: String,
        project: PathBuf,
    },
    /// Open a source whose project is damaged: set the old one aside.
    OpenAnew {
        source: String,
        project: Option<PathBuf>,
    },
    SearchTyped {
        text: String,
        cursor: usize,
    },
    /// The person asks for what stands in the search field.
    SearchEntered,
    CompletionMoved {
        by: isize,
    },
    CompletionChosen {
        at: usize,
    },
    CompletionsClosed,
    Picked {
        pick: Pick,
        click: Click,
    },
    SetSort {
        column: String,
        direction: Direction,
    },
    ShowView(View),
    SaveView {
        name: String,
    },
    RemoveView {
        name: String,
    },
    Click {
        position: usize,
        mode: SelectMode,
    },
    /// Dragged over these positions of the view; `add` keeps what was selected before the drag,
    /// which `begins` with the first of these actions.
    SelectPositions {
        positions: Vec<usize>,
        add: bool,
        begins: bool,
    },
    /// Moves the cursor by rows of the view, extending the range when `extend`.
    MoveCursor {
        by: isize,
        extend: bool,
    },
    /// To the first or the last row.
    MoveCursorTo {
        end: bool,
        extend: bool,
    },
    GoToRow {
        position: usize,
    },
    ShowSample(SampleId),
    /// Selects samples, wherever they are listed; the last one becomes the cursor. A range is exactly
    /// these.
    SelectSamples {
        samples: Vec<SampleId>,
        mode: SelectMode,
    },
    SetMark {
        mark: Mark,
        on: bool,
    },
    /// Marks one sample, whatever is selected.
    SetMarkOf {
        sample: SampleId,
        mark: Mark,
        on: bool,
    },
    /// Other thresholds, another method, other rules.
    ChangeReview(Box<ReviewSettings>),
    /// Decides on samples by hand, whatever is selected.
    Decide {
        samples: Vec<SampleId>,
        verdict: Verdict,
    },
    /// Keeps this sample of its group of near-duplicates and prunes the others.
    KeepOnly {
        sample: SampleId,
    },
    /// Decides on samples because of a flag.
    DecideFlagged {
        flag: Flag,
        which: Which,
        verdict: Verdict,
    },
    /// Shows the group of near-duplicates that this sample is in.
    OpenGroupOf {
        sample: SampleId,
    },
    /// Back to the list of groups.
    CloseGroup,
    GridScrolled {
        position: f64,
    },
    GridZoomed {
        cell_px: f32,
    },
    /// How many cells stand beside each other, and the height of the viewport in points.
    GridLaidOut {
        columns: usize,
        viewport: f32,
    },
    TableScrolled {
        position: f64,
    },
    /// The height of the table's rows on screen, in points.
    TableLaidOut {
        viewport: f32,
    },
    TableColumns(Vec<String>),
    JobPaused {
        job: JobId,
        pause: bool,
    },
    JobCancelled {
        job: JobId,
    },
    NoticeClosed {
        id: u64,
    },
    ShowDialog(Dialog),
    CloseDialog,
    ChangeSettings(Box<Settings>),
    ForgetRecent {
        source: PathBuf,
    },
    DropHovers(bool),
    /// Whether the window is drawn dark, whatever decided that.
    DrawnDark(bool),
    /// Leave although decisions are not on the disk.
    QuitAnyway,
    IssuesExportTo {
        path: PathBuf,
    },
    ReportExportTo {
        path: PathBuf,
    },
    /// Another choice in the dialog of the export.
    ChangeExport(Box<ExportChoice>),
    /// Asks for a folder to export to.
    PickExportFolder,
    ExportFolderPicked {
        path: PathBuf,
    },
    /// Starts the export that the dialog shows.
    StartExport,
    /// The panel of augmentation comes on screen: variants are wanted.
    AskVariants,
    /// Another pipeline in the slot that is worked on: `what` says what was done to it. While a control is held
    /// it is drawn and not kept.
    ChangePipeline {
        pipeline: Arc<Pipeline>,
        what: String,
        is_held: bool,
    },
    /// Looks at something else on the sheet.
    ChangeAugment(Box<AugmentView>),
    /// Finds the values of a parameter at which samples stay what they are, and sets it to them.
    SuggestRange {
        step: u32,
        param: usize,
    },
    /// Asks for a file with a pipeline.
    PickPipelineFile,
    PipelineFilePicked {
        path: PathBuf,
    },
    /// Asks for a file to write the pipeline to.
    PickPipelineTarget,
    PipelineExportTo {
        path: PathBuf,
    },
    /// The settings of a run come on screen: what suits the samples is wanted.
    AskTraining,
    /// Other settings for the next run.
    ChangeTraining(Box<Draft>),
    /// Trains a model on the samples of the view.
    StartTraining,
    /// Asks for the folder of a model to look into.
    PickModel,
    /// Looks into a model.
    OpenModel {
        model: ModelRef,
    },
    /// Looks at something else in the latent space.
    ChangeLatent(Box<LatentView>),
    /// Selects the samples of the view whose points on the map lie within an outline.
    SelectWithin {
        outline: Vec<[f32; 2]>,
        mode: SelectMode,
    },
    /// Compares what the open model draws with the samples of the view.
    EvaluateModel,
    /// Asks for a folder for the accepted draws.
    PickDrawnFolder,
    ExportDrawnTo {
        path: PathBuf,
    },
    /// Goes on with a run, by its folder.
    ResumeTraining {
        run: PathBuf,
    },

    // Work that came back.
    Notify {
        level: Level,
        text: String,
    },
    JobsMoved(Vec<JobFace>),
    Opening {
        source: String,
    },
    OpenFailed {
        level: Level,
        message: String,
    },
    /// What an export would write, or why that cannot be told.
    ExportPlanned {
        generation: u64,
        plan: Result<Arc<PlanFace>, String>,
    },
    Opened(Box<Opened>),
    /// A rescan found something: the dataset as it is now.
    Rescanned(Box<Rescanned>),
    Measured {
        facts: Vec<(SampleId, Fact)>,
        issues: Vec<Issue>,
    },
    RowsReady {
        generation: u64,
        found: Found,
    },
    /// The rows of a view could not be found: our bug.
    RowsFailed {
        generation: u64,
        cause: String,
    },
    /// Measuring has ended, or there was nothing to measure.
    MeasuringEnded,
    Analysed(Arc<Analysed>),
    /// What follows from the analysis could not be worked out: our bug.
    JudgingFailed {
        generation: u64,
        cause: String,
    },
    /// What follows from the analysis at the thresholds that were asked for.
    Judged {
        generation: u64,
        judged: Arc<Judged>,
    },
    /// A pipeline out of a file of that name with sentences on it, or why there is none.
    PipelineRead {
        name: String,
        read: Result<(Arc<Pipeline>, Vec<String>), String>,
    },
    /// Samples for the sheet of variants.
    SamplesPicked {
        generation: u64,
        samples: Arc<Vec<SampleId>>,
    },
    /// Cells of the sheet, by their places.
    VariantsDrawn {
        generation: u64,
        cells: Vec<(usize, Arc<Drawn>)>,
        /// The cell that is open large.
        open: Option<Arc<Drawn>>,
        /// Whether nothing more comes.
        is_last: bool,
    },
    /// The safe range of a parameter, or a sentence about why there is none.
    RangeFound {
        /// The pipeline that it was asked of.
        of: Arc<Pipeline>,
        step: u32,
        param: usize,
        found: Result<[f64; 2], String>,
    },
    /// The sheet could not be drawn: our bug.
    VariantsFailed {
        generation: u64,
        cause: String,
    },
    /// What suits the samples, and how many multiplications and additions a second the processor does.
    TrainingSuggested {
        config: Box<Config>,
        speed: f64,
    },
    /// Models that the project keeps, the newest first.
    ModelsListed(Arc<Vec<ModelFace>>),
    /// What a run told since the last time.
    TrainTold(Box<Told>),
    TrainingEnded(Box<End>),
    ModelOpened(Arc<OpenModel>),
    /// A sentence.
    ModelFailed {
        text: String,
    },
    /// Where the samples lie in the model's latent space, and what it says of them.
    SpaceFound {
        space: Arc<Space>,
        columns: Arc<ModelColumns>,
    },
    Decoded {
        slot: Slot,
        generation: u64,
        /// Or a sentence about why not.
        made: Result<Made, String>,
        /// Whether this is the whole answer; before it there may be a coarse one.
        is_last: bool,
    },
    /// How good the model is, on the samples that fit this filter.
    Evaluated {
        figures: Arc<Evaluated>,
        filter: String,
    },
    NearFound {
        generation: u64,
        near: Arc<Vec<(SampleId, f32)>>,
    },
    MapDrawn {
        generation: u64,
        /// Or a sentence about why not.
        map: Result<Arc<MapFace>, String>,
    },
    /// Time to show what was measured since.
    Refresh,
    Saved {
        through: u64,
        problem: Option<String>,
    },
    Submitted {
        through: u64,
    },
    /// The journal does not take this, now or, when `is_final`, ever again.
    Refused {
        op: JournalOp,
        why: String,
        is_final: bool,
    },
}

impl Action {
    /// Whether it came back from work on the open dataset.
    fn is_result(&self) -> bool {
        matches!(
            self,
            Self::Rescanned(_)
                | Self::Measured { .. }
                | Self::RowsReady { .. }
                | Self::RowsFailed { .. }
                | Self::MeasuringEnded
                | Self::Analysed(_)
                | Self::Judged { .. }
                | Self::JudgingFailed { .. }
                | Self::PipelineRead { .. }
                | Self::SamplesPicked { .. }
                | Self::VariantsDrawn { .. }
                | Self::VariantsFailed { .. }
                | Self::RangeFound { .. }
                | Self::TrainingSuggested { .. }
                | Self::ModelsListed(_)
                | Self::TrainTold(_)
                | Self::TrainingEnded(_)
                | Self::ModelOpened(_)
                | Self::ModelFailed { .. }
                | Self::SpaceFound { .. }
                | Self::Decoded { .. }
                | Self::Evaluated { .. }
                | Self::NearFound { .. }
                | Self::MapDrawn { .. }
                | Self::Refresh
                | Self::Saved { .. }
                | Self::Submitted { .. }
                | Self::Refused { .. }
        )
    }
}

/// A dataset that was opened, ready to show.
#[derive(Clone, Debug)]
pub struct Opened {
    pub snapshot: Snapshot,
    pub issues: Vec<Issue>,
    pub overlay: Overlay,
    pub history: History,
    pub project: ProjectFace,
    /// Where the person was, from the project.
    pub place: Option<serde_json::Value>,
    /// The settings of the review, from the project.
    pub review: Option<serde_json::Value>,
    /// The settings of the next run, from the project.
    pub training: Option<serde_json::Value>,
    pub notes: Vec<String>,
    /// The entry for the list of recent datasets.
    pub recent: Option<crate::store::Recent>,
    /// Whether the list is the project's, so that the source is listed again beside the person.
    pub may_have_changed: bool,
}

impl Opened {
    /// A dataset as it is before anything is known of the person at it.
    pub fn new(snapshot: Snapshot, issues: Vec<Issue>, overlay: Overlay, project: ProjectFace) -> Self {
        Self {
            snapshot,
            issues,
            overlay,
            history: History::default(),
            project,
            place: None,
            review: None,
            training: None,
            notes: Vec::new(),
            recent: None,
            may_have_changed: false,
        }
    }
}

impl PartialEq for Opened {
    /// Two openings are equal when they are of the same project's dataset.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.snapshot.dataset, &other.snapshot.dataset) && self.project == other.project
    }
}

/// What a rescan changed.
#[derive(Clone, Debug)]
pub struct Rescanned {
    /// The dataset as it is now, with what was measured of it before and still holds.
    pub snapshot: Snapshot,
    /// The issues that stand.
    pub issues: Arc<Vec<Issue>>,
    /// Rows that have to be measured again.
    pub changed: Arc<Vec<SampleId>>,
    pub added: usize,
    pub removed: usize,
    /// Whether the person asked for it, and wants to hear that nothing changed.
    pub is_asked: bool,
}

impl PartialEq for Rescanned {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.snapshot.dataset, &other.snapshot.dataset)
    }
}

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
    PickPipelineFile,
    /// Read a pipeline from a file into the slot that is worked on.
    ReadPipeline {
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
    PickModel,
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

impl State {
    /// A program with these settings and nothing open.
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Whether a command can be used now.
    pub fn can_run(&self, command: Command) -> bool {
        let entry = command::find(command);
        let Some(session) = &self.session else { return entry.needs == command::Needs::Nothing };
        let may = |edit: &Edit| session.project.can_write() || edit.only_looks();
        match command {
            Command::Undo => session.history.next_undo().is_some_and(may),
            Command::Redo => session.history.next_redo().is_some_and(may),
            Command::ExportIssues => !session.issues.is_empty(),
            Command::ExportReport => session.review.analysed.is_some(),
            Command::UndecideAll => session.shown.found.total.kept + session.shown.found.total.pruned > 0,
            Command::ClearFilter => {
                !session.overlay.view.filter.is_empty() || !session.search.text.is_empty()
            }
            _ => entry.needs != command::Needs::Selection || !session.selection.is_empty(),
        }
    }

    /// The name of an undo or redo in the menu: "Undo: Star 3 samples".
    pub fn title_of(&self, command: Command) -> String {
        let title = command::find(command).title;
        let edit: Option<&Edit> = self.session.as_ref().and_then(|session| match command {
            Command::Undo => session.history.next_undo(),
            Command::Redo => session.history.next_redo(),
            _ => None,
        });
        match edit {
            Some(edit) => format!("{title}: {}", edit.describe()),
            None => title.to_owned(),
        }
    }

    /// Shows a notice.
    pub fn notify(&mut self, level: Level, text: impl Into<String>) {
        /// More would cover the window; the oldest of the least grave goes first.
        const CAP: usize = 5;
        let text = text.into();
        self.notices.retain(|notice| notice.text != text);
        if self.notices.len() >= CAP {
            let least = self.notices.iter().enumerate().min_by_key(|(at, notice)| (notice.level, *at));
            if let Some(at) = least.map(|(at, _)| at) {
                self.notices.remove(at);
            }
        }
        self.notices.push(Notice { id: self.next_notice, level, text });
        self.next_notice += 1;
    }
}
