//! The one place where state changes. What concerns the program is here; what a person does with
//! the open dataset is in [`gestures`](super::gestures), what comes back from work on it in
//! [`results`](super::results).

use super::augment::Augment;
use super::balance::Balance;
use super::charts::{Charts, Pace};
use super::command::Command;
use super::gestures::Answer;
use super::labelling::Labeller;
use super::labelling::changes::ChangesDesk;
use super::labelling::classes::Splitting;
use super::latent::Latent;
use super::review::Review;
use super::selection::Selection;
use super::session::{GridState, Search, Session, Shown};
use super::training::Training;
use super::{Action, Dialog, Effect, JobId, Level, Opened, Pane, State};
use crate::store::Theme;

impl State {
    /// Carries an action out, and says what the outside has to do for it.
    pub fn update(&mut self, action: Action) -> Vec<Effect> {
        if let Some(session) = &mut self.session {
            let who = &mut session.labeller.who;
            who.now_ms = self.now_ms;
            who.person.clone_from(&self.settings.person);
            session.refresh_labeller();
        }
        let mut effects = self.carry_out(action);
        // Charts and plans follow from all that a view shows, whatever changed it.
        let pace = match self.jobs.iter().any(|job| job.id == JobId::Measure && !job.paused) {
            true => Pace::ByParts,
            false => Pace::AtOnce,
        };
        effects.extend(self.session.as_mut().map(|session| session.ask_charts(pace)).unwrap_or_default());
        effects.extend(self.session.as_mut().and_then(Session::ask_balance));
        effects.extend(self.session.as_mut().and_then(Session::ask_sight));
        effects.extend(self.session.as_mut().and_then(Session::ask_lesson));
        effects.extend(self.session.as_mut().and_then(Session::ask_labelling));
        effects.extend(self.session.as_mut().and_then(Session::ask_changes));
        effects.extend(self.ask_split());
        effects.extend(self.ask_label_files());
        if let Some(session) = &mut self.session {
            session.refresh_labeller();
        }
        effects
    }

    fn carry_out(&mut self, action: Action) -> Vec<Effect> {
        let mut effects = Vec::new();
        match action {
            Action::Run(command) => return self.run(command),
            Action::Open { source } => effects.push(Effect::Open { source, project: None, anew: false }),
            Action::OpenIn { source, project } => {
                effects.push(Effect::Open { source, project: Some(project), anew: false });
            }
            Action::OpenAnew { source, project } => {
                self.dialog = None;
                effects.push(Effect::Open { source, project, anew: true });
            }
            Action::Opening { source } => self.opening = Some(source),
            Action::OpenFailed { level, message } => {
                self.opening = None;
                self.notify(level, message);
            }
            Action::Opened(opened) => effects.extend(self.opened(*opened)),
            Action::Notify { level, text } => self.notify(level, text),
            Action::JobsMoved(jobs) => self.jobs = jobs,
            Action::JobPaused { job, pause } => effects.push(Effect::PauseJob { job, pause }),
            Action::JobCancelled { job } => effects.push(Effect::CancelJob { job }),
            Action::NoticeClosed { id } => self.notices.retain(|notice| notice.id != id),
            Action::ShowDialog(dialog) => self.dialog = Some(dialog),
            Action::CloseDialog => self.dialog = None,
            Action::ChangeSettings(settings) => {
                self.settings = *settings;
                effects.push(Effect::SaveSettings);
            }
            Action::ForgetRecent { source } => {
                self.settings.recents.retain(|recent| recent.source != source);
                effects.push(Effect::SaveSettings);
            }
            Action::DropHovers(hovers) => self.drop_hovers = hovers,
            Action::DrawnDark(dark) => {
                self.drawn_dark = dark;
                if let Some(session) = &mut self.session {
                    effects.extend(session.redraw_map(dark));
                    session.charts.recolour();
                }
            }
            Action::QuitAnyway => effects.push(Effect::QuitAnyway),
            Action::IssuesExportTo { path } => effects.push(Effect::ExportIssues { path }),
            Action::ReportExportTo { path } => effects.push(Effect::ExportReport { path }),
            Action::ChangeExport(choice) => effects.extend(self.change_export(*choice)),
            Action::PickExportFolder => effects.push(Effect::PickExportFolder),
            Action::EvaluateModel => effects.push(Effect::EvaluateModel),
            Action::PickPipelineFile { slot } => effects.push(Effect::PickPipelineFile { slot }),
            Action::PipelineFilePicked { slot, path } => effects.push(Effect::ReadPipeline { slot, path }),
            Action::PickPipelineTarget => effects.push(Effect::PickPipelineTarget),
            Action::PipelineExportTo { path } => effects.push(Effect::WritePipeline { path }),
            Action::PickModel(wanted) => effects.push(Effect::PickModel(wanted)),
            Action::PickChartFile { card, chart } => effects.push(Effect::PickChartFile { card, chart }),
            Action::PickDrawnFolder => effects.push(Effect::PickDrawnFolder),
            Action::PickOther(source) => effects.push(Effect::PickOther(source)),
            Action::PickBalanceFile(file) => effects.push(Effect::PickBalanceFile(file)),
            Action::ExportPlan => effects.extend(self.open_export_of_plan()),
            Action::ExportFolderPicked { path } => effects.extend(self.export_folder(&path)),
            Action::ExportPlanned { generation, plan } => self.export_planned(generation, plan),
            Action::StartExport => effects.extend(self.start_export()),
            Action::LabelFile(gesture) => effects.extend(self.label_files(*gesture)),
            action if action.is_result() => {
                let answer = self.session.as_mut().map(|session| session.result(action));
                effects.extend(self.answered(answer));
            }
            action => {
                let is_label = matches!(action, Action::Label(_));
                let answer = self.session.as_mut().map(|session| session.gesture(action));
                if is_label {
                    self.hint_at_name();
                }
                effects.extend(self.answered(answer));
                let augment = self.session.as_mut().map(Session::augment_selection_changed);
                effects.extend(augment.unwrap_or_default());
            }
        }
        effects
    }

    /// Says what the session has to say; gives its effects.
    pub(super) fn answered(&mut self, answer: Option<Answer>) -> Vec<Effect> {
        let Some((effects, told)) = answer else { return Vec::new() };
        if let Some((level, text)) = told {
            self.notify(level, text);
        }
        effects
    }

    fn run(&mut self, command: Command) -> Vec<Effect> {
        if !self.can_run(command) {
            return Vec::new();
        }
        let mut effects = Vec::new();
        match command {
            Command::OpenFolder => effects.push(Effect::PickFolder),
            Command::OpenFile => effects.push(Effect::PickFile),
            Command::OpenDemo => effects.push(Effect::OpenDemo),
            Command::Quit => effects.push(Effect::Quit),
            Command::ExportIssues => effects.push(Effect::PickIssuesFile),
            Command::ExportReport => effects.push(Effect::PickReportFile),
            Command::ExportDataset => effects.extend(self.open_export()),
            Command::ExportLabels => effects.extend(self.open_label_export()),
            Command::ImportLabels => effects.extend(self.open_label_import()),
            Command::ComparePeople => effects.extend(self.open_comparison()),
            Command::Rescan => effects.push(Effect::Rescan),
            Command::CloseDataset => {
                let place = self.session.take().map(|session| session.place());
                self.dialog = None;
                effects.push(Effect::Close { place });
            }
            Command::FocusSearch => effects.push(Effect::FocusSearch),
            Command::ShowGrid => effects.push(Effect::TogglePane(Pane::Grid)),
            Command::ShowTable => effects.push(Effect::TogglePane(Pane::Table)),
            Command::ShowIssues => effects.push(Effect::TogglePane(Pane::Issues)),
            Command::ShowDuplicates => effects.push(Effect::TogglePane(Pane::Duplicates)),
            Command::ShowChecks => effects.push(Effect::TogglePane(Pane::Checks)),
            Command::ShowPruning => effects.push(Effect::TogglePane(Pane::Pruning)),
            Command::ShowAugment => effects.push(Effect::TogglePane(Pane::Augment)),
            Command::ShowLabel => effects.push(Effect::TogglePane(Pane::Label)),
            Command::ShowChanges => effects.push(Effect::TogglePane(Pane::Changes)),
            Command::ManageClasses => self.dialog = Some(Dialog::Classes(Box::default())),
            Command::ShowLatent => effects.push(Effect::TogglePane(Pane::Latent)),
            Command::ShowTrain => effects.push(Effect::TogglePane(Pane::Train)),
            Command::ShowCharts => effects.push(Effect::TogglePane(Pane::Charts)),
            Command::ShowBalance => effects.push(Effect::TogglePane(Pane::Balance)),
            Command::ShowInspector => effects.push(Effect::TogglePane(Pane::Inspector)),
            Command::ShowFilters => effects.push(Effect::TogglePane(Pane::Filters)),
            Command::ResetLayout => effects.push(Effect::ResetLayout),
            Command::InspectorFit => effects.push(Effect::InspectorFit),
            Command::InspectorActualSize => effects.push(Effect::InspectorActualSize),
            Command::ZoomImageIn => effects.push(Effect::InspectorZoomIn),
            Command::ZoomImageOut => effects.push(Effect::InspectorZoomOut),
            Command::OpenPath => self.dialog = Some(Dialog::OpenPath { text: String::new() }),
            Command::Palette => self.dialog = Some(Dialog::Palette { text: String::new(), chosen: 0 }),
            Command::SaveView => self.dialog = Some(Dialog::SaveView { name: String::new() }),
            Command::GoToRow => self.dialog = Some(Dialog::GoToRow { text: String::new() }),
            Command::Settings => self.dialog = Some(Dialog::Settings),
            Command::Shortcuts => self.dialog = Some(Dialog::Shortcuts),
            Command::QueryHelp => self.dialog = Some(Dialog::QueryHelp),
            Command::About => self.dialog = Some(Dialog::About),
            Command::ToggleTheme => {
                self.settings.theme = if self.drawn_dark { Theme::Light } else { Theme::Dark };
                effects.push(Effect::SaveSettings);
            }
            Command::LargerInterface => effects.push(self.scale_interface(1.1)),
            Command::SmallerInterface => effects.push(self.scale_interface(1.0 / 1.1)),
            Command::ResetInterfaceScale => {
                self.settings.interface_scale = 1.0;
                effects.push(Effect::SaveSettings);
            }
            Command::Undo
            | Command::Redo
            | Command::SelectAll
            | Command::SelectNone
            | Command::InvertSelection
            | Command::ToggleStar
            | Command::ToggleReviewed
            | Command::ToggleUnsure
            | Command::ToggleLabelKeys
            | Command::ConfirmProposals
            | Command::MoreLikeThese
            | Command::SpreadLabels
            | Command::EditBoxes
            | Command::CopyBoxesToNext
            | Command::GiveBoxesBack
            | Command::Keep
            | Command::Prune
            | Command::Undecide
            | Command::UndecideAll
            | Command::NextGroup
            | Command::PreviousGroup
            | Command::ApplyRules
            | Command::Analyse
            | Command::Train
            | Command::CopyPath
            | Command::Reveal
            | Command::ClearFilter
            | Command::NextSample
            | Command::PreviousSample
            | Command::LargerThumbnails
            | Command::SmallerThumbnails => {
                let answer = self.session.as_mut().map(|session| session.run(command));
                effects.extend(self.answered(answer));
            }
        }
        effects
    }

    fn scale_interface(&mut self, factor: f32) -> Effect {
        let scales = crate::store::Settings::SCALES;
        let scale = (self.settings.interface_scale * factor).clamp(*scales.start(), *scales.end());
        self.settings.interface_scale = (scale * 20.0).round() / 20.0;
        Effect::SaveSettings
    }

    fn opened(&mut self, opened: Opened) -> Vec<Effect> {
        self.opening = None;
        self.dialog = None;
        for note in opened.notes {
            self.notify(Level::Warning, note);
        }
        // Questions are numbered on from here: no answer for another dataset fits.
        self.opened += 1;
        let selection = Selection::new(opened.snapshot.len());
        let mut session = Session {
            snapshot: opened.snapshot,
            overlay: opened.overlay,
            history: opened.history,
            issues: opened.issues.into(),
            issues_revision: 0,
            again: Default::default(),
            arrived: opened.arrived,
            project: opened.project,
            shown: Shown { asked: self.opened << 32, answered: self.opened << 32, ..Shown::default() },
            selection,
            search: Search::default(),
            grid: GridState::default(),
            table: Default::default(),
            review: Review::new(opened.review, self.opened << 32),
            training: Training::new(opened.training),
            augment: Augment::new(self.opened << 32),
            latent: Latent::new(self.opened << 32, self.drawn_dark),
            charts: Charts::new(self.opened << 32),
            balance: Balance::new(self.opened << 32),
            labeller: Labeller::new(self.opened << 32),
            changes: ChangesDesk::new(self.opened << 32),
            splitting: Splitting::new(self.opened << 32),
            export: None,
            label_export: Default::default(),
        };
        session.overlay.grow(session.snapshot.len());
        if !self.settings.table_columns.is_empty() {
            session.table.columns = self.settings.table_columns.clone();
        }
        if let Some(place) = opened.place {
            session.restore_place(place);
        }
        session.search.set(&session.overlay.view.filter, session.snapshot.vocabulary());
        let mut effects = vec![session.find_rows()];
        effects.extend(session.pipelines_changed());
        self.session = Some(session);
        if let Some(recent) = opened.recent {
            self.settings.note_recent(recent);
            effects.push(Effect::SaveSettings);
        }
        effects
    }
}
