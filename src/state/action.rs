//! What happens to the program, as plain data: gestures, and work that came back with what it found.

use std::path::PathBuf;
use std::sync::Arc;

use super::augment::{AugmentView, Drawn, LastWord};
use super::balance::{
    Answered, BalanceFile, BalancePlan, BalanceSettings, Look, OtherDataset, OtherSource, SplitPlan,
    SplitSettings,
};
use super::charts::{Cloud, Study};
use super::command::Command;
use super::dialog::Dialog;
use super::export::{ExportChoice, PlanFace};
use super::job::{JobFace, JobId};
use super::label_files::FileGesture;
use super::labelling::changes::ChangeList;
use super::labelling::lesson::NoModel;
use super::labelling::{LabelGesture, Ordered, Proposals, Ranked};
use super::latent::{LatentView, Made, MapFace, ModelRef, OpenModel, Slot};
use super::notice::Level;
use super::review::Which;
use super::selection::SelectMode;
use super::session::ProjectFace;
use super::training::{Draft, End, ModelFace, ModelFor};
use crate::augment::pipeline::Pipeline;
use crate::crossfilter::{Card, CardId, Figures};
use crate::dataset::edit::{Direction, History, Mark, Overlay, PipelineSlot, SampleSet, View};
use crate::dataset::query::{Brush, Click, Found, Pick, Rows, Snapshot, Stroke};
use crate::dataset::{Fact, Flag, Issue, ModelColumns, SampleId, Verdict};
use crate::pipeline::channels::ChannelStatistics;
use crate::pipeline::evaluated::Evaluated;
use crate::pipeline::learning::Ground;
use crate::review::changes::ChangesLook;
use crate::review::{Analysed, Judged, ReviewSettings};
use crate::store::{JournalOp, Settings};
use crate::train::config::Config;
use crate::train::run::Told;
use crate::train::space::Space;

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
    /// Labels, tags, notes, boxes and classes.
    Label(Box<LabelGesture>),
    /// The panel of changes is on screen.
    AskChanges,
    /// It is no more.
    LeaveChanges,
    /// Other changes, or another order of them.
    ChangeChanges(Box<ChangesLook>),
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
    /// Labels out to files and in from them: what a person does, and what came back.
    LabelFile(Box<FileGesture>),
    /// The panel of augmentation comes on screen: variants are wanted.
    AskVariants,
    /// It goes from the screen: nothing is drawn until it comes back.
    LeaveVariants,
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
    /// Measures mean and deviation of the view's pixels, for a step that normalises by the dataset.
    MeasureChannels {
        step: u32,
    },
    /// Asks for a file with a pipeline for a slot.
    PickPipelineFile {
        slot: PipelineSlot,
    },
    PipelineFilePicked {
        slot: PipelineSlot,
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
    /// Asks for the folder of a model.
    PickModel(ModelFor),
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
    /// The panel of charts comes on screen: what its cards show is wanted.
    AskCharts,
    /// It goes from the screen: nothing is counted until it comes back.
    LeaveCharts,
    /// Other cards, or other options of them.
    ChangeCards(Vec<Card>),
    /// Asks for a part of a chart. While it is held it is shown and no step that can be undone.
    Brushed {
        brushes: Vec<Brush>,
        stroke: Stroke,
        is_held: bool,
    },
    /// A brush that was held is let go without an end.
    BrushLeft,
    /// Takes one of the conditions of the view's filter away, as they are listed by
    /// [`conditions`](crate::dataset::query::conditions).
    ConditionDropped {
        condition: String,
    },
    /// Looks at the pictures of the view for a card that needs them.
    StartStudy {
        card: CardId,
    },
    /// Asks for a file to write a card's chart to: that at a place among several, or all of them.
    PickChartFile {
        card: CardId,
        chart: Option<usize>,
    },
    ChartExportTo {
        card: CardId,
        chart: Option<usize>,
        path: PathBuf,
    },
    /// The panel of the balance planner comes on screen, and this of it: what it shows is wanted.
    AskBalance(Look),
    /// It goes from the screen: nothing is planned until it comes back.
    LeaveBalance,
    /// Other means, another target.
    ChangeBalance(Arc<BalanceSettings>),
    /// Other new splits.
    ChangeSplits(Arc<SplitSettings>),
    /// A bar of what is wanted was dragged to a count, of a class in one of the plan's splits: the target is by hand
    /// from now on.
    WantedDrawn {
        part: usize,
        class: u32,
        count: u64,
    },
    /// Asks for another dataset whose proportions are wanted.
    PickOther(OtherSource),
    OtherPicked {
        path: PathBuf,
    },
    /// Lists that dataset no further.
    StopListing,
    /// Prunes the samples that go by the plan.
    FlagPlanned,
    /// Opens the dialog of the export with the plan.
    ExportPlan,
    /// Asks for a file to write a plan or new splits to.
    PickBalanceFile(BalanceFile),
    BalanceExportTo {
        file: BalanceFile,
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
    MeasuringEnded {
        /// Whether an analysis waited for it.
        analyse: bool,
    },
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
        slot: PipelineSlot,
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
        /// Said once all is drawn; what comes after it only measures.
        last: Option<LastWord>,
    },
    /// The safe range of a parameter, or a sentence about why there is none.
    RangeFound {
        /// The pipeline that it was asked of.
        of: Arc<Pipeline>,
        step: u32,
        param: usize,
        found: Result<[f64; 2], String>,
    },
    /// Mean and deviation of the view's pixels, for the step that they were asked for.
    ChannelsMeasured {
        slot: PipelineSlot,
        step: u32,
        statistics: Box<ChannelStatistics>,
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
    /// What the quick cards show.
    ChartsCounted {
        generation: u64,
        figures: Vec<(CardId, Arc<Figures>)>,
    },
    /// The cards that are drawn as points.
    CloudsDrawn {
        generation: u64,
        clouds: Vec<(CardId, Arc<Cloud>)>,
    },
    /// There are no points for the question of that generation, and a sentence about why: our bug.
    CloudsFailed {
        generation: u64,
        text: String,
    },
    /// What the cards show that take longer.
    SlowChartsDrawn {
        generation: u64,
        figures: Vec<(CardId, Arc<Figures>)>,
    },
    /// The question of that generation has no answer, and a sentence about why: our bug.
    ChartsFailed {
        generation: u64,
        text: String,
    },
    /// A plan, or a sentence on why there is none.
    BalancePlanned {
        generation: u64,
        plan: Answered<BalancePlan>,
    },
    /// Another dataset, or a sentence on why it could not be listed.
    OtherListed {
        generation: u64,
        other: Result<OtherDataset, String>,
    },
    /// New splits, or a sentence on why there are none.
    SplitsDealt {
        generation: u64,
        dealt: Answered<SplitPlan>,
    },
    /// The rows of a queue of samples to label, in order.
    QueueReady {
        generation: u64,
        rows: Arc<Rows>,
        ordered: Ordered,
        /// Those of them that chance chose.
        by_chance: Vec<SampleId>,
    },
    /// Labels of unlabelled samples by what is around them, or why there are none.
    LabelsSpread {
        generation: u64,
        found: Result<Vec<(SampleId, String)>, NoModel>,
    },
    /// What a model learned of the labels, or why it proposes nothing.
    Learned {
        generation: u64,
        found: Result<Arc<Proposals>, NoModel>,
    },
    /// The pictures as the trained model describes them that the model beside the person is to see by, or why it sees by
    /// the description made by hand.
    Described {
        generation: u64,
        found: Result<Arc<Ground>, (Level, String)>,
    },
    /// Proposals in the order in which they are confirmed.
    ProposalsRanked {
        generation: u64,
        ranked: Arc<Ranked>,
    },
    /// The same of what takes longer.
    SlowChartsFailed {
        generation: u64,
        text: String,
    },
    /// What looking at pictures came to.
    Studied {
        card: CardId,
        study: Box<Study>,
    },
    /// What is another than the source says, or a sentence on why it is not known: our bug.
    ChangesListed {
        generation: u64,
        list: Result<Arc<ChangeList>, String>,
    },
    /// The samples of a class that fit a filter, or what is wrong with it.
    SplitFound {
        generation: u64,
        found: Result<SampleSet, String>,
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
    pub(super) fn is_result(&self) -> bool {
        matches!(
            self,
            Self::Rescanned(_)
                | Self::Measured { .. }
                | Self::RowsReady { .. }
                | Self::RowsFailed { .. }
                | Self::MeasuringEnded { .. }
                | Self::Analysed(_)
                | Self::Judged { .. }
                | Self::JudgingFailed { .. }
                | Self::PipelineRead { .. }
                | Self::SamplesPicked { .. }
                | Self::VariantsDrawn { .. }
                | Self::VariantsFailed { .. }
                | Self::RangeFound { .. }
                | Self::ChannelsMeasured { .. }
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
                | Self::ChartsCounted { .. }
                | Self::CloudsDrawn { .. }
                | Self::CloudsFailed { .. }
                | Self::SlowChartsDrawn { .. }
                | Self::ChartsFailed { .. }
                | Self::SlowChartsFailed { .. }
                | Self::Studied { .. }
                | Self::BalancePlanned { .. }
                | Self::SplitsDealt { .. }
                | Self::OtherListed { .. }
                | Self::ChangesListed { .. }
                | Self::SplitFound { .. }
                | Self::Refresh
                | Self::LabelsSpread { .. }
                | Self::Learned { .. }
                | Self::Described { .. }
                | Self::QueueReady { .. }
                | Self::ProposalsRanked { .. }
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
    /// Samples that came with an earlier listing, and that nothing was followed to yet.
    pub arrived: SampleSet,
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
            arrived: SampleSet::default(),
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
