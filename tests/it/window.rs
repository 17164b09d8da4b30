//! The whole program without a screen: a dataset opened, filtered, selected, inspected, undone,
//! closed and opened again, by the names that a screen reader would read.

use std::path::Path;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use egui_kittest::wgpu::WgpuTestRenderer;
use lenslet::app::{App, Start};
use lenslet::dataset::Verdict;
use lenslet::demo::{DemoOptions, write};
use lenslet::gpu::install;
use lenslet::jobs::Control;
use lenslet::state::{Action, Command, Dialog, ExportChoice};
use lenslet::store::{Access, Paths, Settings};
use lenslet::train::device::Graphics;
use lenslet::ui::theme;

use crate::gpu::render_state;

/// How long a step of a flow may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(240);

/// A program over a home folder of its own.
pub struct Window<'a> {
    pub harness: Harness<'a, Option<App>>,
}

impl Window<'_> {
    pub fn open(home: &Path, source: Option<&Path>) -> Self {
        let mut window = Self::begin(home, source);
        window.settle();
        window
    }

    /// The window in its first frame, its work still to come.
    pub fn begin(home: &Path, source: Option<&Path>) -> Self {
        Self::begin_on(home, source, None)
    }

    /// The same drawn by this graphics device.
    pub fn open_on(home: &Path, source: Option<&Path>, graphics: &Graphics) -> Self {
        let mut window = Self::begin_on(home, source, Some(graphics.clone()));
        window.settle();
        window
    }

    fn begin_on(home: &Path, source: Option<&Path>, graphics: Option<Graphics>) -> Self {
        let paths = Paths::within(home);
        let source = source.map(|path| path.display().to_string());
        let mut builder = Harness::builder();
        if let Some(graphics) = &graphics {
            let render = render_state(graphics, wgpu::TextureFormat::Rgba8Unorm);
            install(&render);
            builder = builder.renderer(WgpuTestRenderer::from_render_state(render));
        }
        let harness = builder
            .with_size([1280.0, 800.0])
            .with_max_steps(64)
            .allow_missing_glyphs()
            .with_context_setup(theme::install)
            .build_ui_state(
                move |ui, app: &mut Option<App>| {
                    let app = app.get_or_insert_with(|| {
                        let (settings, note) = Settings::load(&paths);
                        let start =
                            Start { source: source.clone(), graphics: graphics.clone(), ..Start::default() };
                        App::new(ui.ctx(), paths.clone(), settings, note, start)
                    });
                    app.logic(ui.ctx());
                    app.ui(ui);
                },
                None,
            );
        Self { harness }
    }

    /// Runs frames until something is so.
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Harness<'_, Option<App>>) -> bool) {
        let started = Instant::now();
        while !is_so(&self.harness) {
            self.harness.step();
            assert!(started.elapsed() < PATIENCE, "{what} never came");
        }
    }

    fn measured(&self) -> usize {
        self.app().state().session.as_ref().map_or(0, |session| session.snapshot.facts.measured())
    }

    pub fn app(&self) -> &App {
        self.harness.state().as_ref().expect("the first frame made it")
    }

    /// Runs frames until no work is under way.
    pub fn settle(&mut self) {
        let started = Instant::now();
        let mut calm = 0;
        while calm < 3 {
            self.harness.step();
            calm = if self.app().is_settled() { calm + 1 } else { 0 };
            std::thread::sleep(Duration::from_millis(2));
            let jobs = &self.app().state().jobs;
            assert!(started.elapsed() < PATIENCE, "the program never came to rest: {jobs:?}");
        }
    }

    pub fn shown(&self) -> usize {
        self.app().state().session.as_ref().map_or(0, |session| session.shown.found.rows.len())
    }

    pub fn selected(&self) -> usize {
        self.app().state().session.as_ref().map_or(0, |session| session.selection.len())
    }

    fn starred(&self) -> u32 {
        self.app().state().session.as_ref().map_or(0, |session| session.shown.found.total.marks[0])
    }

    pub fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    pub fn act(&mut self, action: Action) {
        self.begin_act(action);
        self.settle();
    }

    /// Does something that does not end by itself.
    pub fn begin_act(&mut self, action: Action) {
        self.harness.state_mut().as_mut().expect("the first frame made it").act(action);
    }

    pub fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.settle();
    }

    pub fn type_filter(&mut self, text: &str) {
        self.key(Modifiers::COMMAND, Key::F);
        self.harness.get_by_role_and_label(Role::TextInput, "Search and filter").type_text(text);
        self.settle();
        self.key(Modifiers::NONE, Key::Enter);
    }

    pub fn close(mut self) {
        if let Some(app) = self.harness.state_mut() {
            app.leave();
        }
    }
}

pub fn demo(home: &Path) -> std::path::PathBuf {
    let options = DemoOptions { samples: 300, ..DemoOptions::new(home.join("demo")) };
    write(&options, &Control::new()).expect("the demo is written").dataset
}

#[test]
fn a_dataset_is_opened_filtered_selected_and_decisions_are_undone_across_a_restart() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());

    let mut window = Window::open(home.path(), Some(&dataset));
    assert_eq!(window.shown(), 300);
    let session = window.app().state().session.as_ref().expect("it is open");
    assert_eq!(session.snapshot.facts.measured(), 300, "everything was measured");
    assert!(!session.issues.is_empty(), "the demo has planted faults");

    // A click in the sidebar filters, and undo takes it back.
    let a = session.shown.found.total.classes[0];
    window.click(&format!("a, {a} of {a}"));
    assert_eq!(window.shown(), a as usize);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.shown(), 300);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(window.shown(), a as usize);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    assert_eq!(window.shown(), 300);

    // So does a typed query.
    window.type_filter("split:val");
    let val = window.shown();
    assert!(val > 0 && val < 300);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);

    // Everything selected, starred, and the star undone.
    window.key(Modifiers::COMMAND, Key::A);
    assert_eq!(window.selected(), 300);
    window.key(Modifiers::NONE, Key::S);
    assert_eq!(window.starred(), 300);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.starred(), 0);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(window.starred(), 300);
    window.type_filter("label:b");
    let b = window.shown();
    window.close();

    // The next start comes back to the same place, and still undoes.
    let mut window = Window::open(home.path(), Some(&dataset));
    assert_eq!(window.shown(), b, "the filter came back");
    assert_eq!(window.starred(), 300, "the stars came back");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.shown(), 300, "the filter is undone");
    for _ in 0..20 {
        window.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(window.starred(), 0, "everything is undone");
    window.close();
}

#[test]
fn keys_move_the_cursor_and_the_inspector_follows() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::NONE, Key::N);
    window.key(Modifiers::NONE, Key::N);
    let session = window.app().state().session.as_ref().expect("it is open");
    assert_eq!(session.selection.cursor, Some(session.shown.found.rows[2]));
    window.harness.get_by_label_contains("3 of 300");
    window.key(Modifiers::NONE, Key::P);
    window.harness.get_by_label_contains("2 of 300");
    window.close();
}

#[test]
fn without_a_dataset_the_screen_offers_the_demo_and_errors_name_the_path() {
    let home = tempfile::tempdir().expect("a folder");
    let window = Window::open(home.path(), None);
    window.harness.get_by_label("Open the demo dataset");
    window.close();

    let missing = home.path().join("nowhere");
    let mut window = Window::open(home.path(), Some(&missing));
    let told = &window.app().state().notices;
    assert!(told.iter().any(|notice| notice.text.contains("nowhere")), "{told:?}");
    window.harness.get_by_label("Close this notice").click();
    window.settle();
    assert!(window.app().state().notices.is_empty());
    window.close();
}

#[test]
fn a_second_window_on_a_project_is_told_that_it_only_reads() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let first = Window::open(home.path(), Some(&dataset));
    let mut second = Window::open(home.path(), Some(&dataset));
    assert_eq!(second.shown(), 300);
    second.harness.get_by_label("read-only");
    second.key(Modifiers::COMMAND, Key::A);
    second.key(Modifiers::NONE, Key::S);
    assert_eq!(second.starred(), 0, "nothing is changed that cannot be kept");
    second.close();
    first.close();
}

#[test]
fn only_cells_on_screen_are_drawn() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::NONE, Key::End);
    let session = window.app().state().session.as_ref().expect("it is open");
    let row = session.grid.position / f64::from(session.grid.row_height());
    assert!(row > 0.0, "the end is in view");
    let cells = window.harness.query_all_by_role(Role::GridCell).count();
    assert!(cells < 150, "{cells} cells are drawn");
    window.close();
}

#[test]
fn what_is_open_stays_so_until_something_else_has_opened() {
    let home = tempfile::tempdir().expect("a folder");
    let (dataset, nowhere) = (demo(home.path()), home.path().join("nowhere"));
    let mut window = Window::open(home.path(), Some(&dataset));
    window.act(Action::Open { source: nowhere.display().to_string() });
    assert_eq!(window.shown(), 300, "the dataset is still there");
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::NONE, Key::S);
    assert_eq!(window.starred(), 300);

    // The same dataset under another spelling is listed again, and can still be written to.
    window.act(Action::Open { source: format!("{}/.", dataset.display()) });
    let session = window.app().state().session.as_ref().expect("it is open");
    assert_eq!(session.project.access, Access::ReadWrite);
    let told = &window.app().state().notices;
    assert!(told.iter().any(|notice| notice.text.contains("open already")), "{told:?}");
    // Closed and opened at once, it waits for its own lock.
    for _ in 0..3 {
        window.act(Action::Run(Command::CloseDataset));
        window.act(Action::Open { source: dataset.display().to_string() });
        let session = window.app().state().session.as_ref().expect("it is open");
        assert_eq!(session.project.access, Access::ReadWrite);
    }
    window.close();

    let window = Window::open(home.path(), Some(&dataset));
    assert_eq!(window.starred(), 300, "what was decided after the failed opening was kept");
    window.close();
}

#[test]
fn a_note_that_is_typed_outlives_another_dataset() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let other = home.path().join("other");
    std::fs::create_dir_all(&other).expect("a folder");
    std::fs::copy(picture_of(&dataset), other.join("a.png")).expect("a copy");
    let open = |path: &Path| Action::Open { source: path.display().to_string() };

    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::NONE, Key::N);
    let field = window.harness.get_by_label("Note");
    field.focus();
    window.settle();
    window.harness.get_by_label("Note").type_text("look");
    window.harness.step();
    window.begin_act(open(&other));
    // The field is there until the other one is.
    window.harness.get_by_label("Note").type_text(" again");
    window.settle();
    assert_eq!(window.shown(), 1);
    window.act(open(&dataset));
    assert_eq!(window.shown(), 300);
    let session = window.app().state().session.as_ref().expect("it is open");
    let noted = (0..300).map(|sample| session.snapshot.labelling.note(sample)).find(|note| !note.is_empty());
    assert_eq!(noted, Some("look again"));
    window.close();
}

/// A PNG file of the demo.
fn picture_of(demo: &Path) -> std::path::PathBuf {
    let opened = lenslet::import::open(demo.to_str().expect("UTF-8"), &Control::new()).expect("it opens");
    let is_png = |path: &&str| path.starts_with("train/a/") && path.ends_with(".png");
    demo.join(opened.dataset.paths.iter().find(is_png).expect("the demo has PNG files"))
}

#[test]
fn issues_go_with_their_files() {
    let home = tempfile::tempdir().expect("a folder");
    let data = home.path().join("set");
    for part in ["images", "labels"] {
        std::fs::create_dir_all(data.join(part)).expect("a folder");
    }
    let picture = picture_of(&demo(home.path()));
    for name in ["a", "b", "c"] {
        std::fs::copy(&picture, data.join(format!("images/{name}.png"))).expect("a copy");
        std::fs::write(data.join(format!("labels/{name}.txt")), "0 0.5 0.5 0.2 0.2\n").expect("a file");
    }
    std::fs::write(data.join("images/broken.png"), b"\x89PNG\r\n\x1a\nno more").expect("a file");
    std::fs::write(data.join("labels/broken.txt"), "0 0.5 0.5 0.2 0.2\n").expect("a file");
    std::fs::write(data.join("labels/b.txt"), "what is this\n").expect("a file");

    let mut window = Window::open(home.path(), Some(&data));
    let issues = |window: &Window| {
        let session = window.app().state().session.as_ref().expect("it is open");
        let mut paths: Vec<String> =
            session.issues.iter().map(|issue| format!("{} {}", issue.kind.name(), issue.path)).collect();
        paths.sort();
        (paths, session.shown.found.total.with_issue)
    };
    let found = issues(&window);
    assert_eq!((found.0.len(), found.1), (2, 2), "{found:?}");
    // One is mended, one is deleted, one is new.
    std::fs::write(data.join("labels/b.txt"), "0 0.5 0.5 0.2 0.2\n").expect("a file");
    std::fs::write(data.join("labels/c.txt"), "what is this\n").expect("a file");
    std::fs::remove_file(data.join("images/broken.png")).expect("it was there");
    std::fs::remove_file(data.join("labels/broken.txt")).expect("it was there");
    window.key(Modifiers::NONE, Key::F5);
    let found = issues(&window);
    assert_eq!((found.0.len(), found.1), (1, 1), "{found:?}");
    assert!(found.0[0].starts_with("annotation"), "{found:?}");
    window.type_filter("issue:annotation");
    assert_eq!(window.shown(), 1, "the filter finds what is listed");
    window.close();

    let window = Window::open(home.path(), Some(&data));
    assert_eq!(issues(&window), found, "the project keeps the same");
    window.close();
}

/// A file as a file manager drops it.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("it is opened by its path".to_owned())
    }
}

#[test]
fn what_is_dropped_is_opened() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), None);
    for path in [dataset.clone(), home.path().join("nowhere")] {
        window.harness.input_mut().hovered_files.push(egui::HoveredFile::default());
        window.harness.step();
        assert!(window.app().state().drop_hovers);
        window.harness.input_mut().hovered_files.clear();
        window.harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path)));
        window.harness.step();
        window.harness.input_mut().dropped_files.clear();
        window.settle();
        assert!(!window.app().state().drop_hovers);
        assert_eq!(window.shown(), 300, "and what cannot be opened leaves it");
    }
    let said = &window.app().state().notices.last().expect("it was told").text;
    assert!(said.contains("nowhere"), "{said}");
    window.close();
}

#[test]
fn measuring_pauses_goes_on_and_is_given_up() {
    let home = tempfile::tempdir().expect("a folder");
    let options = DemoOptions { samples: 3000, ..DemoOptions::new(home.path().join("demo")) };
    let dataset = write(&options, &Control::new()).expect("the demo is written").dataset;

    let mut window = Window::begin(home.path(), Some(&dataset));
    window.until("measuring", |harness| harness.query_by_label("Pause: Measuring").is_some());
    window.harness.get_by_label("Pause: Measuring").click();
    window.until("the pause", |harness| harness.query_by_label("Resume: Measuring").is_some());
    // What was under way may still come in.
    let calm = |window: &mut Window<'_>| {
        for _ in 0..30 {
            window.harness.step();
            std::thread::sleep(Duration::from_millis(10));
        }
        window.measured()
    };
    let paused = calm(&mut window);
    assert!(paused < 3000, "it was paused before its end");
    assert_eq!(calm(&mut window), paused, "nothing goes on");
    window.click("Resume: Measuring");
    assert_eq!(window.measured(), 3000);
    window.close();

    // Given up, what was found stays, and the next start does the rest.
    let home = tempfile::tempdir().expect("a folder");
    let mut window = Window::begin(home.path(), Some(&dataset));
    window.until("measuring", |harness| harness.query_by_label("Cancel: Measuring").is_some());
    window.click("Cancel: Measuring");
    let found = window.measured();
    assert!(found < 3000, "it was given up before its end");
    window.close();
    let mut window = Window::begin(home.path(), Some(&dataset));
    window.until("the dataset", |harness| {
        harness.state().as_ref().is_some_and(|app| app.state().session.is_some())
    });
    assert!(window.measured() >= found);
    window.settle();
    assert_eq!(window.measured(), 3000);
    window.close();
}

#[test]
fn what_stays_is_exported_and_reported_on() {
    let home = tempfile::tempdir().unwrap();
    let options = DemoOptions { samples: 40, ..DemoOptions::new(home.path().join("demo")) };
    let source = write(&options, &Control::new()).expect("the demo is written").dataset;
    let mut window = Window::open(home.path(), Some(&source));
    let samples = window.shown();
    window.act(Action::Decide { samples: vec![0, 1], verdict: Verdict::Prune });
    let target = home.path().join("out");
    let draft = |harness: &Harness<'_, Option<App>>| match &harness.state().as_ref()?.state().dialog {
        Some(Dialog::ExportDataset(draft)) => Some((**draft).clone()),
        _ => None,
    };
    let is_planned =
        |harness: &Harness<'_, Option<App>>| draft(harness).is_some_and(|draft| draft.plan.is_some());
    let plan = |window: &mut Window<'_>| {
        window.act(Action::Run(Command::ExportDataset));
        let choice = draft(&window.harness).expect("the dialog is open").choice;
        let target = target.to_str().unwrap().to_owned();
        window.act(Action::ChangeExport(Box::new(ExportChoice { target, ..choice })));
        window.until("a plan", is_planned);
        draft(&window.harness).unwrap().plan.unwrap().expect("it can be planned")
    };
    let told = |text: &'static str| {
        move |harness: &Harness<'_, Option<App>>| {
            let notices = harness.state().as_ref().map(|app| &app.state().notices);
            notices.is_some_and(|notices| notices.iter().any(|notice| notice.text.contains(text)))
        }
    };
    let planned = plan(&mut window);
    assert_eq!(planned.samples, samples as u64 - 2);
    assert!(planned.refusals.is_empty() && planned.bytes > 0, "{planned:?}");
    assert!(!target.exists(), "a plan touches nothing");
    window.act(Action::StartExport);
    window.until("the export", told("exported and verified"));
    assert!(target.join("train").is_dir());

    // All of them would be another export, which does not go where this one is.
    window.act(Action::Run(Command::Undo));
    let planned = plan(&mut window);
    assert!(planned.refusals.iter().any(|refusal| refusal.contains("another export")), "{planned:?}");
    window.act(Action::CloseDialog);

    let report = home.path().join("report.html");
    window.act(Action::ReportExportTo { path: report.clone() });
    window.until("the report", told("The report is in"));
    assert!(std::fs::read_to_string(report).unwrap().contains("40 samples"));
    window.close();
}
