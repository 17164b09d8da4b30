//! The window: where state, views, work and disk meet.
//!
//! Each frame: what came back from work becomes actions, actions change the state, their effects
//! start work, and the views draw the state and give the next actions.

pub mod full;
mod graphics;
mod offscreen;
mod reveal;
mod thumbs;
mod work;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui_wgpu::WgpuError;
use egui::{Context, Ui};

use full::FullPictures;
use graphics::Ask;
pub use offscreen::screenshot;
use thumbs::{ThumbSource, Thumbs};
use work::Work;

use crate::dataset::SampleId;
use crate::state::{Action, Dialog, Effect, Level, State};
use crate::store::{Paths, Settings, Theme, WindowGeometry};
use crate::train::device::Graphics;
use crate::ui::dialogs::{DialogsView, dialogs_ui};
use crate::ui::shell::{Panels, Views, shell_ui};
use crate::ui::{FullPicture, Pencil, Pictures, Thumb, theme};

/// How often the view is brought up to what was measured since.
const REFRESH: Duration = Duration::from_millis(400);
/// How often the place of the person is kept.
const KEEP_PLACE: Duration = Duration::from_secs(2);

/// Settings are saved this long after the last change: typing a name is one write.
const SAVE_SETTINGS: Duration = Duration::from_millis(500);

/// How long a note stays on screen.
const NOTE: Duration = Duration::from_secs(8);

/// How the program starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// What to open.
    pub source: Option<String>,
    /// The project's folder where the person chose one.
    pub project: Option<std::path::PathBuf>,
    /// The name of the graphics adapter.
    pub adapter: String,
    /// The window's graphics device, for training and what is drawn from it.
    pub graphics: Option<Graphics>,
}

/// The program.
pub struct App {
    state: State,
    panels: Panels,
    views: Views,
    dialogs: DialogsView,
    pictures: AppPictures,
    work: Work,
    actions: Vec<Action>,
    refreshed: Instant,
    place_kept: (Instant, Option<serde_json::Value>),
    settings_changed: Option<Instant>,
    /// When the notes on screen were first shown.
    noted: Vec<(u64, Instant)>,
    window: Option<WindowGeometry>,
    /// Whether closing asks no more.
    quits_anyway: bool,
}

/// Opens the window and runs until it is closed.
pub fn run(source: Option<&str>, project: Option<&Path>) -> anyhow::Result<()> {
    let paths = Paths::new()?;
    let (settings, note) = Settings::load(&paths);
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Lenslet")
        .with_app_id("lenslet")
        .with_min_inner_size([640.0, 400.0])
        .with_inner_size([1280.0, 800.0]);
    if let Some(window) = settings.window {
        viewport = viewport.with_inner_size(window.size).with_maximized(window.maximised);
        if let Some(corner) = window.corner.filter(|_| !window.maximised) {
            viewport = viewport.with_position(corner);
        }
    }
    let start =
        Start { source: source.map(str::to_owned), project: project.map(Path::to_owned), ..Start::default() };
    let open = |ask: Ask| {
        let options = eframe::NativeOptions {
            viewport: viewport.clone(),
            persist_window: false,
            wgpu_options: graphics::configuration(ask),
            ..Default::default()
        };
        let (paths, settings, note, start) = (paths.clone(), settings.clone(), note.clone(), start.clone());
        eframe::run_native(
            "lenslet",
            options,
            Box::new(move |creation| {
                let adapter = creation.wgpu_render_state.as_ref().map(|state| {
                    let info = state.adapter.get_info();
                    format!("{} ({:?}, {:?})", info.name, info.backend, info.device_type)
                });
                let graphics = creation.wgpu_render_state.as_ref().map(graphics::shared);
                let start = Start { adapter: adapter.unwrap_or_default(), graphics, ..start };
                Ok(Box::new(App::new(&creation.egui_ctx, paths, settings, note, start)))
            }),
        )
    };
    let mut run = open(Ask::Shared);
    if let Err(eframe::Error::Wgpu(WgpuError::RequestDeviceError(error))) = &run {
        tracing::warn!("the window's graphics device cannot be shared with training: {error}");
        run = open(Ask::WindowOnly);
    }
    run.map_err(|error| {
        anyhow::anyhow!(
            "the window could not be opened: {error}. Without a display, `lenslet scan PATH` prints the same \
             facts; without a graphics driver, install a software one (Debian, Ubuntu: mesa-vulkan-drivers)"
        )
    })
}

impl App {
    /// A program in this context. `note` is shown first.
    pub fn new(ctx: &Context, paths: Paths, settings: Settings, note: Option<String>, start: Start) -> Self {
        theme::install(ctx);
        let waker = ctx.clone();
        // One core stays with the interface.
        let workers =
            std::thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).clamp(1, 8);
        let thumbs = Thumbs::new(workers, move || waker.request_repaint());
        let panels = Panels::from_value(settings.layout.as_ref());
        let dialogs = DialogsView::new(work::places(&paths, None), start.adapter);
        let window = settings.window;
        let mut app = Self {
            work: Work::new(ctx.clone(), paths, &settings, start.graphics),
            state: State::new(settings),
            panels,
            views: Views::default(),
            dialogs,
            pictures: AppPictures::new(ctx, thumbs),
            actions: Vec::new(),
            refreshed: Instant::now(),
            place_kept: (Instant::now(), None),
            settings_changed: None,
            noted: Vec::new(),
            window,
            quits_anyway: false,
        };
        if let Some(note) = note {
            app.state.notify(Level::Warning, note);
        }
        match (start.source, start.project) {
            (Some(source), Some(project)) => app.actions.push(Action::OpenIn { source, project }),
            (Some(source), None) => app.actions.push(Action::Open { source }),
            (None, _) => {}
        }
        app.apply_settings(ctx);
        app
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Does something as if the person had asked for it.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub fn panels(&mut self) -> &mut Panels {
        &mut self.panels
    }

    /// Whether nothing is under way: no job, no question, no thumbnail on screen missing.
    pub fn is_settled(&self) -> bool {
        let answered = self.state.session.as_ref().is_none_or(|session| {
            session.shown.answered == session.shown.asked
                && session.project.is_saved()
                && session.review.answered == session.review.asked
                && session.latent.is_answered()
                && session.charts.is_answered()
                && session.charts.has_points()
                && session.balance.is_answered()
                && session.labeller.is_answered()
                && session.changes.is_answered()
                && session.splitting.is_answered()
                && session.augment.is_current()
                && !session.shown.stale
        });
        self.actions.is_empty()
            && answered
            && !self.state.waits_for_label_files()
            && !self.state.waits_for_export_plan()
            && self.work.is_idle()
            && self.pictures.thumbs.is_idle()
    }

    /// Everything but drawing.
    pub fn logic(&mut self, ctx: &Context) {
        self.state.now_ms = crate::store::now_ms();
        if self.work.has_arrived() {
            self.keep_typed(ctx);
            self.keep_place_now();
        }
        self.work.poll(&self.state, &mut self.actions);
        if self.refreshed.elapsed() >= REFRESH {
            self.refreshed = Instant::now();
            self.actions.push(Action::Refresh);
        } else if self.state.session.as_ref().is_some_and(|session| session.shown.stale) {
            ctx.request_repaint_after(REFRESH);
        }
        self.input(ctx);
        self.close_old_notes(ctx);
        self.dispatch(ctx);
        self.keep_place();
        if let Some(changed) = self.settings_changed {
            match SAVE_SETTINGS.checked_sub(changed.elapsed()) {
                None => self.save_settings(),
                // Asked for in every frame: another wish for a frame takes the place of this one.
                Some(left) => ctx.request_repaint_after(left),
            }
        }
    }

    /// Draws the window and takes its gestures.
    pub fn ui(&mut self, ui: &mut Ui) {
        let mut pencil =
            Pencil { state: &self.state, pictures: &mut self.pictures, actions: &mut self.actions };
        shell_ui(ui, &mut pencil, &mut self.views, &mut self.panels);
        let ctx = ui.ctx().clone();
        dialogs_ui(&ctx, &mut pencil, &mut self.dialogs);
        if !self.actions.is_empty() {
            // What a gesture does is on screen in the next frame, which comes at once.
            self.dispatch(&ctx);
            ctx.request_repaint();
        }
        if self.pictures.thumbs.end_frame(&ctx) {
            ctx.request_repaint();
        }
    }

    /// Keeps what is being typed of the open dataset, since another one takes its place.
    fn keep_typed(&mut self, ctx: &Context) {
        let mut pencil =
            Pencil { state: &self.state, pictures: &mut self.pictures, actions: &mut self.actions };
        self.views.keep_typed(&mut pencil);
        self.dispatch(ctx);
    }

    fn dispatch(&mut self, ctx: &Context) {
        for action in std::mem::take(&mut self.actions) {
            let after = After::of(&action);
            for effect in self.state.update(action) {
                self.carry_out(ctx, effect);
            }
            match after {
                After::Nothing => {}
                After::Opened { may_have_changed } => {
                    self.show_source(None);
                    self.carry_out(ctx, Effect::ListModels);
                    if may_have_changed {
                        let told = self.work.start_rescan(&self.state, false);
                        self.actions.extend(told);
                    } else {
                        let told = self.work.start_measuring(&self.state);
                        self.actions.extend(told);
                    }
                }
                After::Rescanned { changed } => {
                    self.show_source(Some(&changed));
                    let told = self.work.start_measuring(&self.state);
                    self.actions.extend(told);
                }
                After::Settings => self.apply_settings(ctx),
            }
        }
    }

    fn show_source(&mut self, changed: Option<&[SampleId]>) {
        self.pictures.set_source(self.work.thumb_source(), changed);
        self.dialogs.places = self.work.places(self.state.session.as_ref());
    }

    fn carry_out(&mut self, ctx: &Context, effect: Effect) {
        match effect {
            Effect::CopyText(text) => ctx.copy_text(text),
            Effect::TogglePane(pane) => self.panels.toggle(pane),
            Effect::ResetLayout => self.panels = Panels::new(),
            Effect::FocusSearch => self.views.search.focus = true,
            Effect::InspectorFit => self.views.inspector.fit(),
            Effect::InspectorActualSize => self.views.inspector.actual_size(),
            Effect::InspectorZoomIn => self.views.inspector.zoom_in(),
            Effect::InspectorZoomOut => self.views.inspector.zoom_out(),
            Effect::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Effect::QuitAnyway => {
                self.quits_anyway = true;
                ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            }
            Effect::SaveSettings => {
                self.settings_changed = Some(Instant::now());
                ctx.request_repaint_after(SAVE_SETTINGS);
            }
            effect => {
                if matches!(effect, Effect::Close { .. }) {
                    self.pictures.set_source(None, None);
                }
                let told = self.work.carry_out(effect, &self.state);
                self.actions.extend(told);
            }
        }
    }

    /// Notes go by themselves once there was time to read them; warnings and errors stay.
    fn close_old_notes(&mut self, ctx: &Context) {
        let notices = &self.state.notices;
        self.noted.retain(|(id, _)| notices.iter().any(|notice| notice.id == *id));
        for notice in notices.iter().filter(|notice| notice.level == Level::Info) {
            match self.noted.iter().find(|(id, _)| *id == notice.id) {
                Some((_, since)) => match NOTE.checked_sub(since.elapsed()) {
                    None => self.actions.push(Action::NoticeClosed { id: notice.id }),
                    Some(left) => ctx.request_repaint_after(left),
                },
                None => {
                    self.noted.push((notice.id, Instant::now()));
                    ctx.request_repaint_after(NOTE);
                }
            }
        }
    }

    /// Dropped files, the drawn theme, the wish to close, and where the window is.
    fn input(&mut self, ctx: &Context) {
        let (hovers, dropped, closes) = ctx.input(|input| {
            let dropped = input.raw.dropped_files.first().map(|file| file.path().to_owned());
            (!input.raw.hovered_files.is_empty(), dropped, input.viewport().close_requested())
        });
        if hovers != self.state.drop_hovers {
            self.actions.push(Action::DropHovers(hovers));
        }
        let is_dark = ctx.theme() == egui::Theme::Dark;
        if is_dark != self.state.drawn_dark {
            self.actions.push(Action::DrawnDark(is_dark));
        }
        if let Some(path) = dropped {
            match path.to_str() {
                Some(source) => self.actions.push(Action::Open { source: source.to_owned() }),
                None => self.actions.push(Action::Notify {
                    level: Level::Error,
                    text: format!(
                        "{} has a name that is not UTF-8; rename it or open its parent folder.",
                        path.display()
                    ),
                }),
            }
        }
        if closes && !self.quits_anyway {
            self.ask_before_closing(ctx);
        }
        self.note_window(ctx);
    }

    /// Keeps the window open while decisions cannot be written, unless the person knows.
    fn ask_before_closing(&mut self, ctx: &Context) {
        let project = self.state.session.as_ref().map(|session| &session.project);
        let problem =
            project.filter(|project| !project.is_saved()).and_then(|project| project.problem.clone());
        if let Some(problem) = problem {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.actions.push(Action::ShowDialog(Dialog::Unsaved { problem }));
        }
    }

    /// Notes where the window is. Points are told at the interface scale, and kept without it.
    fn note_window(&mut self, ctx: &Context) {
        let scale = ctx.zoom_factor();
        let (outer, inner, maximised) = ctx.input(|input| {
            let viewport = input.viewport();
            (viewport.outer_rect, viewport.inner_rect, viewport.maximized.unwrap_or(false))
        });
        let Some(inner) = inner else { return };
        let size = [inner.width() * scale, inner.height() * scale];
        let known = self.window.unwrap_or(WindowGeometry { corner: None, size, maximised });
        self.window = Some(match maximised {
            // The size and place to come back to are those before.
            true => WindowGeometry { maximised, ..known },
            false => {
                let corner = outer.map(|outer| [outer.left() * scale, outer.top() * scale]);
                WindowGeometry { corner: corner.or(known.corner), size, maximised }
            }
        });
    }

    fn apply_settings(&mut self, ctx: &Context) {
        let settings = &self.state.settings;
        let theme = match settings.theme {
            Theme::System => egui::ThemePreference::System,
            Theme::Light => egui::ThemePreference::Light,
            Theme::Dark => egui::ThemePreference::Dark,
        };
        if ctx.options(|options| options.theme_preference) != theme {
            ctx.set_theme(theme);
        }
        if ctx.zoom_factor() != settings.interface_scale {
            ctx.set_zoom_factor(settings.interface_scale);
        }
        self.work.apply_settings(settings);
    }

    fn save_settings(&mut self) {
        self.settings_changed = None;
        self.state.settings.window = self.window.or(self.state.settings.window);
        if let Some(layout) = self.panels.value() {
            self.state.settings.layout = Some(layout);
        }
        self.work.save_settings(&self.state.settings);
    }

    /// Keeps where the person is, now and then and only when it changed.
    fn keep_place(&mut self) {
        if self.place_kept.0.elapsed() >= KEEP_PLACE {
            self.keep_place_now();
        }
    }

    fn keep_place_now(&mut self) {
        let place = self.state.session.as_ref().map(crate::state::Session::place);
        if place != self.place_kept.1 {
            if let Some(place) = &place {
                self.work.keep_place(place);
            }
            self.place_kept.1 = place;
        }
        self.place_kept.0 = Instant::now();
    }

    /// Keeps everything; called when the window closes.
    pub fn leave(&mut self) {
        self.keep_place_now();
        self.save_settings();
        self.work.leave();
    }
}

/// What has to be done once an action has changed the state.
enum After {
    Nothing,
    Opened { may_have_changed: bool },
    Rescanned { changed: Arc<Vec<SampleId>> },
    Settings,
}

impl After {
    fn of(action: &Action) -> Self {
        match action {
            Action::Opened(opened) => Self::Opened { may_have_changed: opened.may_have_changed },
            Action::Rescanned(rescanned) => Self::Rescanned { changed: rescanned.changed.clone() },
            Action::ChangeSettings(_) | Action::Run(_) => Self::Settings,
            _ => Self::Nothing,
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _: &mut eframe::Frame) {
        Self::logic(self, ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        Self::ui(self, ui);
    }

    fn on_exit(&mut self) {
        self.leave();
    }
}

/// Textures for the views.
struct AppPictures {
    ctx: Context,
    thumbs: Thumbs,
    full: FullPictures,
    /// Where whole samples come from, shared with the workers.
    source: Arc<Mutex<Option<Arc<ThumbSource>>>>,
}

impl AppPictures {
    fn new(ctx: &Context, thumbs: Thumbs) -> Self {
        let source: Arc<Mutex<Option<Arc<ThumbSource>>>> = Arc::default();
        let inner = source.clone();
        let read = move |sample: SampleId| {
            let source = inner.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let source = source.ok_or_else(|| "The dataset was closed.".to_owned())?;
            source.reader.sample(&source.dataset, sample).map_err(|error| error.to_string())
        };
        Self { ctx: ctx.clone(), thumbs, full: FullPictures::new(Arc::new(read), ctx.clone()), source }
    }

    /// Shows another dataset, or none; with `changed`, the same one after a rescan.
    fn set_source(&mut self, source: Option<ThumbSource>, changed: Option<&[SampleId]>) {
        /// Where more than these changed, everything is made anew.
        const FEW: usize = 4096;
        let changed = changed.filter(|changed| changed.len() <= FEW);
        let source = source.map(Arc::new);
        *self.source.lock().unwrap_or_else(PoisonError::into_inner) = source.clone();
        self.thumbs.set_source(source, changed);
        match changed {
            Some(changed) => {
                changed.iter().for_each(|sample| self.full.forget(*sample));
                self.full.forget_failed();
            }
            None => self.full.clear(),
        }
    }
}

impl Pictures for AppPictures {
    fn thumbnail(&mut self, sample: SampleId, edge_px: u32) -> Option<Thumb> {
        self.thumbs.get(sample, edge_px)
    }

    fn prefetch_thumbnail(&mut self, sample: SampleId, edge_px: u32) {
        self.thumbs.prefetch(sample, edge_px);
    }

    fn full(&mut self, sample: SampleId) -> FullPicture {
        self.full.get(sample, &self.ctx)
    }

    fn full_together(&mut self, samples: &[SampleId]) {
        self.full.look_at_together(samples, &self.ctx);
    }

    fn prefetch_full(&mut self, samples: &[SampleId]) {
        self.full.prefetch(samples);
    }
}
