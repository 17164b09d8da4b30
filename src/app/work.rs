//! Effects carried out: jobs started and watched, the journal fed, dialogs opened.
//!
//! Everything slow is on another thread; [`Work::poll`] takes what came back, once a frame.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, Sender};
use egui::Context;

use super::finder::Finder;
use super::measuring::{Measuring, start_measuring};
use super::thumbs::ThumbSource;
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, Facts, SampleId};
use crate::demo::{DemoError, DemoOptions, DemoReport};
use crate::import::{Reader, dataset_reader};
use crate::jobs::{Cancelled, Control, Job, Outcome};
use crate::pipeline::{self, OpenError, OpenRequest};
use crate::state::{
    Action, Dialog, Effect, JobFace, JobId, Level, Opened, ProjectFace, Rescanned, Session, State,
};
use crate::store::{
    Access, JournalOp, JournalWriter, Paths, Project, Recent, Settings, StoreError, Thumbnails,
};

/// Results that wait for the interface thread.
const EVENTS: usize = 256;
/// Results taken in one frame at most, so that a frame stays short.
const EVENTS_A_FRAME: usize = 32;
/// How often progress is drawn.
const PROGRESS: Duration = Duration::from_millis(100);
/// Threads for the program's own parallel work, and the interface's.
const SPARE_THREADS: usize = 0;

/// The open dataset's share of the outside.
struct Live {
    project: Arc<Project>,
    /// `None` while the project is read-only.
    journal: Option<JournalWriter>,
    dataset: Arc<Dataset>,
    reader: Arc<Reader>,
    cache: Option<Arc<Thumbnails>>,
    durable: u64,
    problem: Option<String>,
}

type OpenedJob = Job<Result<(pipeline::Opened, Snapshot, Option<Arc<Thumbnails>>), OpenError>>;
type RescanJob = Job<Result<(pipeline::Relisted, Snapshot), OpenError>>;

/// Work beside the interface.
pub struct Work {
    ctx: Context,
    paths: Paths,
    /// The project's folder where the person chose one at the start.
    chosen_project: Option<PathBuf>,
    events: (Sender<Action>, Receiver<Action>),
    finder: Finder,
    live: Option<Live>,
    open: Option<(String, OpenedJob)>,
    rescan: Option<(bool, RescanJob)>,
    measure: Option<Measuring>,
    demo: Option<Job<Result<DemoReport, DemoError>>>,
    export: Option<(PathBuf, Job<Result<(), String>>)>,
    faces: Vec<JobFace>,
    person: String,
    thumbnail_cap: u64,
}

impl Work {
    pub fn new(ctx: Context, paths: Paths, chosen_project: Option<PathBuf>) -> Self {
        let events = crossbeam_channel::bounded(EVENTS);
        let waker = ctx.clone();
        let finder = Finder::spawn(events.0.clone(), move || waker.request_repaint());
        Self {
            ctx,
            paths,
            chosen_project,
            events,
            finder,
            live: None,
            open: None,
            rescan: None,
            measure: None,
            demo: None,
            export: None,
            faces: Vec::new(),
            person: String::new(),
            thumbnail_cap: crate::store::DEFAULT_CAP,
        }
    }

    /// Whether no job runs and no result waits.
    pub fn is_idle(&self) -> bool {
        let idle = self.open.is_none() && self.rescan.is_none() && self.measure.is_none();
        idle && self.demo.is_none() && self.export.is_none() && self.events.1.is_empty()
    }

    /// Where thumbnails of the open dataset come from.
    pub fn thumb_source(&self) -> Option<ThumbSource> {
        let live = self.live.as_ref()?;
        Some(ThumbSource {
            dataset: live.dataset.clone(),
            reader: live.reader.clone(),
            cache: live.cache.clone(),
        })
    }

    /// Names the person whose decisions follow.
    pub fn set_person(&mut self, person: &str) {
        if self.person != person {
            self.person = person.to_owned();
            if let Some(journal) = self.live.as_ref().and_then(|live| live.journal.as_ref()) {
                journal.set_person(person);
            }
        }
    }

    /// Where things are kept, for the dialogs.
    pub fn places(&self, session: Option<&Session>) -> Vec<(String, String)> {
        places(&self.paths, session)
    }

    pub fn save_settings(&mut self, settings: &Settings) -> Result<(), StoreError> {
        self.thumbnail_cap = settings.thumbnail_cache_bytes;
        settings.save(&self.paths)
    }

    /// Keeps where the person is.
    pub fn keep_place(&self, place: &serde_json::Value) {
        if let Some(journal) = self.live.as_ref().and_then(|live| live.journal.as_ref()) {
            // A place that is not kept is found again by hand: not worth a notice.
            let _ = journal.submit(JournalOp::SetValue(pipeline::open::PLACE.to_owned(), place.clone()));
        }
    }

    /// Lets the open dataset go. Waits for the journal, which is milliseconds.
    pub fn close(&mut self) {
        self.rescan = None;
        self.measure = None;
        self.live = None;
    }

    /// Carries an effect out; what it tells at once comes back as actions.
    pub fn carry_out(&mut self, effect: Effect, state: &State) -> Vec<Action> {
        match effect {
            Effect::Open { source, anew } => self.start_opening(source, anew),
            Effect::OpenDemo => self.start_demo(),
            Effect::Rescan => self.start_rescan(state, true),
            Effect::FindRows { generation } => {
                if let Some(session) = &state.session {
                    self.finder.ask(generation, session.snapshot.clone(), session.overlay.view.clone());
                }
                Vec::new()
            }
            Effect::Journal(op) => self.journal(op),
            Effect::PickFolder => self.pick(
                || rfd::FileDialog::new().set_title("Open a dataset folder").pick_folder(),
                open_action,
            ),
            Effect::PickFile => {
                self.pick(|| rfd::FileDialog::new().set_title("Open a dataset file").pick_file(), open_action)
            }
            Effect::PickIssuesFile => self.pick(
                || {
                    let dialog =
                        rfd::FileDialog::new().set_title("Export issues").set_file_name("issues.csv");
                    dialog.add_filter("CSV", &["csv"]).add_filter("JSON", &["json"]).save_file()
                },
                |path| Action::IssuesExportTo { path },
            ),
            Effect::ExportIssues { path } => self.start_export(path, state),
            Effect::PauseJob { job, pause } => {
                if let Some(control) = self.control(job) {
                    control.set_paused(pause);
                }
                Vec::new()
            }
            Effect::CancelJob { job } => {
                if let Some(control) = self.control(job) {
                    control.cancel();
                }
                Vec::new()
            }
            Effect::Reveal(sample) => self.reveal(sample),
            _ => Vec::new(),
        }
    }

    /// Measures what needs it. `state` has the facts so far.
    pub fn start_measuring(&mut self, state: &State) {
        let (Some(live), Some(session)) = (&self.live, &state.session) else { return };
        self.measure = start_measuring(
            live.project.clone(),
            live.dataset.clone(),
            live.reader.clone(),
            live.cache.clone(),
            session,
            self.events.0.clone(),
            threads(),
            self.ctx.clone(),
        );
    }

    /// Takes what came back since the last frame.
    pub fn poll(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.events.1.try_iter().take(EVENTS_A_FRAME));
        if !self.events.1.is_empty() {
            self.ctx.request_repaint();
        }
        self.poll_open(actions);
        self.poll_demo(actions);
        self.poll_rescan(actions);
        self.poll_measure(actions);
        self.poll_export(actions);
        self.poll_journal(actions);
        self.poll_progress(actions);
    }

    fn poll_open(&mut self, actions: &mut Vec<Action>) {
        let Some((source, outcome)) =
            self.open.as_mut().and_then(|(source, job)| Some((source.clone(), job.poll()?)))
        else {
            return;
        };
        self.open = None;
        match outcome {
            Outcome::Done(Ok((opened, snapshot, cache))) => {
                match self.go_live(&source, opened, snapshot, cache) {
                    Ok(opened) => actions.push(Action::Opened(Box::new(opened))),
                    Err(error) => actions.push(Action::OpenFailed { message: format!("{error}.") }),
                }
            }
            Outcome::Done(Err(error)) if error.is_cancelled() => {
                actions.push(Action::OpenFailed { message: format!("Opening {source} was cancelled.") });
            }
            Outcome::Done(Err(error)) => {
                let message = error.to_string();
                if error.is_damage() {
                    actions.push(Action::ShowDialog(Dialog::DamagedProject {
                        source,
                        message: message.clone(),
                    }));
                }
                actions.push(Action::OpenFailed { message });
            }
            Outcome::Cancelled => {
                actions.push(Action::OpenFailed { message: format!("Opening {source} was cancelled.") });
            }
            Outcome::Panicked(cause) => actions.push(Action::OpenFailed { message: bug("opening", &cause) }),
        }
    }

    fn go_live(
        &mut self,
        source: &str,
        opened: pipeline::Opened,
        snapshot: Snapshot,
        cache: Option<Arc<Thumbnails>>,
    ) -> Result<Opened, StoreError> {
        self.close();
        let access = opened.project.access().clone();
        let journal = match access {
            Access::ReadWrite => {
                let waker = self.ctx.clone();
                Some(JournalWriter::spawn(opened.journal, &self.person, move || waker.request_repaint())?)
            }
            Access::ReadOnly { .. } => None,
        };
        let reader = Arc::new(dataset_reader(&opened.dataset));
        let folder = opened.project.folder().to_owned();
        self.live = Some(Live {
            project: opened.project,
            journal,
            dataset: opened.dataset.clone(),
            reader,
            cache,
            durable: 0,
            problem: None,
        });
        let recent = Recent {
            source: PathBuf::from(source),
            project: folder.clone(),
            opened_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as i64),
            samples: opened.dataset.present() as u64,
        };
        Ok(Opened {
            snapshot,
            issues: opened.issues,
            overlay: opened.overlay,
            history: opened.history,
            project: ProjectFace::new(folder, access),
            place: opened.place,
            notes: opened.notes,
            recent: Some(recent),
            may_have_changed: opened.is_from_project,
        })
    }

    fn poll_demo(&mut self, actions: &mut Vec<Action>) {
        let Some(outcome) = self.demo.as_mut().and_then(Job::poll) else { return };
        self.demo = None;
        match outcome {
            Outcome::Done(Ok(report)) => {
                actions.push(Action::Open { source: report.dataset.to_string_lossy().into_owned() });
            }
            Outcome::Done(Err(error)) => {
                actions.push(Action::OpenFailed { message: sentence(&error.to_string()) })
            }
            Outcome::Cancelled => {
                actions.push(Action::OpenFailed { message: "Writing the demo was cancelled.".into() })
            }
            Outcome::Panicked(cause) => {
                actions.push(Action::OpenFailed { message: bug("writing the demo", &cause) });
            }
        }
    }

    fn poll_rescan(&mut self, actions: &mut Vec<Action>) {
        let Some((asked, outcome)) =
            self.rescan.as_mut().and_then(|(asked, job)| Some((*asked, job.poll()?)))
        else {
            return;
        };
        self.rescan = None;
        match outcome {
            Outcome::Done(Ok((relisted, snapshot))) => {
                if let Some(live) = &mut self.live {
                    live.dataset = relisted.dataset.clone();
                    live.reader = Arc::new(dataset_reader(&relisted.dataset));
                }
                actions.push(Action::Rescanned(Box::new(Rescanned {
                    snapshot,
                    issues: relisted.issues,
                    changed: relisted.changed,
                    added: relisted.added,
                    removed: relisted.removed,
                    is_asked: asked,
                })));
            }
            Outcome::Done(Err(error)) if error.is_cancelled() => {}
            Outcome::Done(Err(error)) => {
                let text =
                    format!("The source could not be listed again, so the last scan is shown. {error}");
                actions.push(Action::Notify { level: Level::Warning, text });
            }
            Outcome::Cancelled => {}
            Outcome::Panicked(cause) => {
                actions.push(Action::Notify { level: Level::Error, text: bug("rescanning", &cause) });
            }
        }
    }

    fn poll_measure(&mut self, actions: &mut Vec<Action>) {
        let Some(outcome) = self.measure.as_mut().and_then(|measuring| measuring.job.poll()) else { return };
        self.measure = None;
        match outcome {
            Outcome::Done(Some(problem)) => actions.push(Action::Notify {
                level: Level::Warning,
                text: format!("What was measured could not be kept and will be measured again: {problem}."),
            }),
            Outcome::Done(None) => {}
            Outcome::Cancelled => actions.push(Action::Notify {
                level: Level::Info,
                text: "Measuring was stopped. Rescan to go on.".to_owned(),
            }),
            Outcome::Panicked(cause) => {
                actions.push(Action::Notify { level: Level::Error, text: bug("measuring", &cause) });
            }
        }
        actions.push(Action::Refresh);
    }

    fn poll_export(&mut self, actions: &mut Vec<Action>) {
        let Some((path, outcome)) =
            self.export.as_mut().and_then(|(path, job)| Some((path.clone(), job.poll()?)))
        else {
            return;
        };
        self.export = None;
        let (level, text) = match outcome {
            Outcome::Done(Ok(())) => (Level::Info, format!("The issues are in {}.", path.display())),
            Outcome::Done(Err(message)) => (Level::Error, sentence(&message)),
            Outcome::Cancelled => (Level::Info, "The export was cancelled; nothing was written.".to_owned()),
            Outcome::Panicked(cause) => (Level::Error, bug("exporting", &cause)),
        };
        actions.push(Action::Notify { level, text });
    }

    fn poll_journal(&mut self, actions: &mut Vec<Action>) {
        let Some(live) = &mut self.live else { return };
        let Some(journal) = &live.journal else { return };
        let durable = journal.durable_through().0;
        let problem = journal.problem().map(|problem| format!("{problem}."));
        if durable != live.durable || problem != live.problem {
            live.durable = durable;
            live.problem.clone_from(&problem);
            actions.push(Action::Saved { through: durable, problem });
        }
    }

    fn poll_progress(&mut self, actions: &mut Vec<Action>) {
        let faces: Vec<JobFace> = self
            .controls()
            .map(|(id, control)| JobFace { id, progress: control.progress(), paused: control.is_paused() })
            .collect();
        if !faces.is_empty() {
            self.ctx.request_repaint_after(PROGRESS);
        }
        if faces != self.faces {
            self.faces.clone_from(&faces);
            actions.push(Action::JobsMoved(faces));
        }
    }

    fn controls(&self) -> impl Iterator<Item = (JobId, &Control)> {
        let open = self.open.as_ref().map(|(_, job)| (JobId::Open, job.control()));
        let demo = self.demo.as_ref().map(|job| (JobId::Demo, job.control()));
        let rescan = self.rescan.as_ref().map(|(_, job)| (JobId::Rescan, job.control()));
        let measure = self.measure.as_ref().map(|measuring| (JobId::Measure, measuring.job.control()));
        let export = self.export.as_ref().map(|(_, job)| (JobId::Export, job.control()));
        open.into_iter().chain(demo).chain(rescan).chain(measure).chain(export)
    }

    fn control(&self, job: JobId) -> Option<&Control> {
        self.controls().find(|(id, _)| *id == job).map(|(_, control)| control)
    }

    fn start_opening(&mut self, source: String, anew: bool) -> Vec<Action> {
        let request = OpenRequest { source: source.clone(), project: self.chosen_project.clone(), anew };
        let (paths, cap) = (self.paths.clone(), self.thumbnail_cap);
        // The project is let go first: opening it again would find it locked by ourselves.
        self.close();
        let work = move |control: &Control| -> Result<_, Cancelled> {
            let opened = match pipeline::open(&paths, &request, control) {
                Ok(opened) => opened,
                Err(error) => return Ok(Err(error)),
            };
            control.checkpoint()?;
            control.set_stage("Sorting");
            let snapshot =
                Snapshot::new(opened.dataset.clone(), opened.facts.clone(), opened.overlay.marks.clone());
            snapshot.derived().prepare();
            let writable = opened.project.access() == &Access::ReadWrite;
            let cache = writable.then(|| Arc::new(Thumbnails::open(&opened.project, cap)));
            Ok(Ok((opened, snapshot, cache)))
        };
        match Job::spawn("open", waker(&self.ctx), work) {
            Ok(job) => {
                self.open = Some((source.clone(), job));
                vec![Action::Opening { source }]
            }
            Err(error) => vec![Action::OpenFailed { message: no_thread(&error) }],
        }
    }

    fn start_demo(&mut self) -> Vec<Action> {
        let out = self.paths.data.join("demo");
        let source = out.display().to_string();
        let work = move |control: &Control| Ok(crate::demo::ensure(&DemoOptions::new(out), control));
        match Job::spawn("demo", waker(&self.ctx), work) {
            Ok(job) => {
                self.demo = Some(job);
                vec![Action::Opening { source }]
            }
            Err(error) => vec![Action::OpenFailed { message: no_thread(&error) }],
        }
    }

    /// Lists the source again. `asked` says at the end that nothing changed, too.
    pub fn start_rescan(&mut self, state: &State, asked: bool) -> Vec<Action> {
        let (Some(live), Some(session)) = (&self.live, &state.session) else { return Vec::new() };
        if self.rescan.is_some() {
            return Vec::new();
        }
        // Measuring goes on afterwards with the new list.
        self.measure = None;
        let (project, known) = (live.project.clone(), live.dataset.clone());
        let marks = session.overlay.marks.clone();
        let work = move |control: &Control| -> Result<_, Cancelled> {
            Ok(pipeline::relist(&project, &known, control).map(|relisted| {
                let facts = Facts::new(relisted.dataset.len());
                let snapshot = Snapshot::new(relisted.dataset.clone(), facts, marks);
                snapshot.derived().prepare();
                (relisted, snapshot)
            }))
        };
        match Job::spawn("rescan", waker(&self.ctx), work) {
            Ok(job) => {
                self.rescan = Some((asked, job));
                Vec::new()
            }
            Err(error) => vec![Action::Notify { level: Level::Error, text: no_thread(&error) }],
        }
    }

    fn start_export(&mut self, path: PathBuf, state: &State) -> Vec<Action> {
        let Some(session) = &state.session else { return Vec::new() };
        if is_inside(&path, Path::new(&session.dataset().root)) {
            let text = format!(
                "{} is inside the dataset, which is never written to. Choose another folder.",
                path.display()
            );
            return vec![Action::Notify { level: Level::Error, text }];
        }
        let (issues, target) = (session.issues.clone(), path.clone());
        let work = move |control: &Control| {
            Ok(crate::export::write_issues(&target, &issues, control).map_err(|error| error.to_string()))
        };
        match Job::spawn("export", waker(&self.ctx), work) {
            Ok(job) => {
                self.export = Some((path, job));
                Vec::new()
            }
            Err(error) => vec![Action::Notify { level: Level::Error, text: no_thread(&error) }],
        }
    }

    fn journal(&mut self, op: JournalOp) -> Vec<Action> {
        let Some(journal) = self.live.as_ref().and_then(|live| live.journal.as_ref()) else {
            return Vec::new();
        };
        match journal.submit(op) {
            Ok(ticket) => vec![Action::Submitted { through: ticket.0 }],
            Err(error) => vec![Action::Notify { level: Level::Error, text: sentence(&error.to_string()) }],
        }
    }

    /// Opens a native dialog on a thread of its own: a portal that hangs must not hang the window.
    fn pick(
        &self,
        dialog: impl FnOnce() -> Option<PathBuf> + Send + 'static,
        then: impl FnOnce(PathBuf) -> Action + Send + 'static,
    ) -> Vec<Action> {
        let (events, waker) = (self.events.0.clone(), waker(&self.ctx));
        let spawned = std::thread::Builder::new().name("dialog".to_owned()).spawn(move || {
            if let Some(path) = dialog() {
                // The window may be gone by now.
                let _ = events.send(then(path));
                waker();
            }
        });
        match spawned {
            Ok(_) => Vec::new(),
            Err(error) => vec![Action::Notify { level: Level::Error, text: no_thread(&error) }],
        }
    }

    /// Shows a sample's file, or the archive that it is in, in the system's file manager.
    fn reveal(&self, sample: SampleId) -> Vec<Action> {
        let Some(live) = &self.live else { return Vec::new() };
        let file = super::reveal::file_of(&live.dataset, sample);
        match super::reveal::reveal(&file) {
            Ok(()) => Vec::new(),
            Err(error) => vec![Action::Notify {
                level: Level::Error,
                text: format!("No file manager could be opened ({error}). The file is {}.", file.display()),
            }],
        }
    }
}

/// Whether a file would lie in a folder.
fn is_inside(file: &Path, folder: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    file.parent().is_some_and(|parent| whole(parent).starts_with(whole(folder)))
}

fn open_action(path: PathBuf) -> Action {
    Action::Open { source: path.to_string_lossy().into_owned() }
}

fn waker(ctx: &Context) -> impl FnOnce() + Send + 'static {
    let ctx = ctx.clone();
    move || ctx.request_repaint()
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).saturating_sub(SPARE_THREADS).max(1)
}

fn no_thread(error: &std::io::Error) -> String {
    format!("The system gave no thread for the work ({error}). Close other programs and try again.")
}

fn bug(doing: &str, cause: &str) -> String {
    format!("A bug in Lenslet stopped {doing}: {cause}. Nothing was lost; please report it.")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Where a session's project keeps things, for the settings dialog.
pub fn places(paths: &Paths, session: Option<&Session>) -> Vec<(String, String)> {
    let show = |path: &Path| path.display().to_string();
    let mut places = vec![
        ("Projects".to_owned(), show(&paths.data.join("projects"))),
        ("Settings".to_owned(), show(&paths.config)),
    ];
    if let Some(session) = session {
        places.insert(0, ("This project".to_owned(), show(&session.project.folder)));
    }
    places
}
