//! The table, the issues and the dialogs, driven by their accessible names; and the export.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::dataset::builder::DatasetBuilder;
use lenslet::dataset::edit::{Direction, View};
use lenslet::dataset::{Fact, Facts, ImageFormat, Issue, IssueKind, Layout, NewSample, Origin, SampleId};
use lenslet::export::{ExportError, issues_csv, write_issues};
use lenslet::jobs::Control;
use lenslet::state::{Action, Command, Dialog, SelectMode, Session, State};
use lenslet::store::{Access, Settings};
use lenslet::ui::dialogs::{DialogsView, dialogs_ui};
use lenslet::ui::issues::{IssuesView, issues_ui};
use lenslet::ui::table::{TableView, table_ui};
use lenslet::ui::{FullPicture, Pencil, Pictures, Thumb, theme};

use crate::session;

/// Counts which samples are asked for.
#[derive(Default)]
struct Asked(Vec<SampleId>);

impl Pictures for Asked {
    fn thumbnail(&mut self, sample: SampleId, _: u32) -> Option<Thumb> {
        self.0.push(sample);
        None
    }

    fn full(&mut self, _: SampleId) -> FullPicture {
        FullPicture::Loading
    }

    fn prefetch_full(&mut self, _: &[SampleId]) {}
}

/// A program with its views, whose actions are carried out and written down.
struct App {
    state: State,
    asked: Asked,
    actions: Vec<Action>,
    table: TableView,
    issues: IssuesView,
    dialogs: DialogsView,
    panel: Panel,
    frames: Vec<Duration>,
}

#[derive(Clone, Copy, PartialEq)]
enum Panel {
    Table,
    Issues,
}

impl App {
    fn new(state: State, panel: Panel) -> Self {
        let places = [
            ("Settings", "/home/ada/.config/lenslet"),
            ("Projects and thumbnails", "/home/ada/.local/share/lenslet"),
        ];
        let places = places.map(|(title, path)| (title.to_owned(), path.to_owned()));
        let dialogs = DialogsView::new(places.into(), "llvmpipe (LLVM 19.1.7, 256 bits), Vulkan".to_owned());
        let (asked, actions, frames) = Default::default();
        Self {
            state,
            asked,
            actions,
            table: TableView::default(),
            issues: IssuesView::default(),
            dialogs,
            panel,
            frames,
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let start = Instant::now();
        let mut actions = Vec::new();
        self.asked.0.clear();
        let mut pencil = Pencil { state: &self.state, pictures: &mut self.asked, actions: &mut actions };
        match self.panel {
            Panel::Table => table_ui(ui, &mut pencil, &mut self.table),
            Panel::Issues => issues_ui(ui, &mut pencil, &mut self.issues),
        }
        dialogs_ui(ui.ctx(), &mut pencil, &mut self.dialogs);
        self.frames.push(start.elapsed());
        for action in actions {
            session::act(&mut self.state, action.clone());
            if !matches!(action, Action::TableLaidOut { .. }) {
                self.actions.push(action);
            }
        }
    }

    fn session(&self) -> &Session {
        self.state.session.as_ref().unwrap()
    }
}

fn harness(app: App, size: [f32; 2], theme: Theme) -> Harness<'static, App> {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(20)
        .with_os(egui::os::OperatingSystem::Nix)
        .wgpu()
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, app: &mut App| {
                let frame = egui::Frame::central_panel(ui.style()).inner_margin(0.0);
                egui::CentralPanel::default().frame(frame).show(ui, |ui| app.ui(ui));
            },
            app,
        );
    harness.run();
    harness
}

/// A program that has `samples` samples open, the first few hundred of them measured.
fn opened(samples: usize, issues: Vec<Issue>) -> State {
    const CLASSES: [&str; 4] =
        ["daisy", "rose", "sunflower", "an uncommonly long name of a class of flowers"];
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..samples {
        let class = CLASSES[at % 4];
        let path = format!("train/{class}/{at:07}.jpg");
        let (labels, attributes) = ([class], [("photographer", if at % 3 == 0 { "Ada" } else { "" })]);
        let split = if at % 5 == 0 { Some("val") } else { Some("train") };
        let bytes = 1_000 + (at as u64 * 7919) % 3_000_000;
        let sample = NewSample {
            path: &path,
            labels: &labels,
            attributes: &attributes,
            split,
            bytes,
            modified_ms: 1_700_000_000_000,
            ..Default::default()
        };
        builder.push(sample);
    }
    let (dataset, _) = builder.finish();
    let mut facts = Facts::new(samples);
    for sample in 0..samples.min(300) as u32 {
        let fact = Fact {
            measured: true,
            format: ImageFormat::Jpeg,
            width: 640 + sample % 7,
            height: 480 + sample % 5,
            brightness: 0.25 + (sample % 10) as f32 / 20.0,
            sharpness: 0.01,
            issues: if sample % 9 == 0 { IssueKind::Truncated.bit() } else { 0 },
            ..Fact::UNMEASURED
        };
        facts.set(sample, &fact);
    }
    let opened = session::opened(dataset, issues, facts, Access::ReadWrite, View::default());
    let mut state = State::new(Settings::default());
    session::act(&mut state, Action::Opened(Box::new(opened)));
    state
}

fn some_issues(count: u32) -> Vec<Issue> {
    let kinds = [IssueKind::Corrupt, IssueKind::Truncated, IssueKind::Misnamed, IssueKind::Annotation];
    let issue = |at: u32| {
        let kind = kinds[at as usize % 4];
        let message = match kind {
            IssueKind::Corrupt => {
                "The JPEG data is damaged at byte 20,481: a Huffman code is not in its table."
            }
            IssueKind::Truncated => "The file ends before its image does; the lower part is grey.",
            IssueKind::Misnamed => "The name says JPEG and the content is PNG. Rename it to .png.",
            _ => "Line 7 names a class that is not in the list.",
        };
        let sample = (kind != IssueKind::Annotation).then_some(at);
        let origin = if sample.is_some() { Origin::Content } else { Origin::Listing };
        let (path, message) = (format!("train/daisy/{at:07}.jpg"), message.to_owned());
        Issue { sample, path, kind, origin, message }
    };
    (0..count).map(issue).collect()
}

fn took(app: &Harness<App>, expected: &[Action]) {
    assert_eq!(app.state().actions, expected);
}

#[test]
fn a_click_on_a_heading_sorts_and_a_second_one_turns_round() {
    let mut app = harness(App::new(opened(60, Vec::new()), Panel::Table), [1100.0, 400.0], Theme::Dark);
    for direction in [Direction::Ascending, Direction::Descending, Direction::Ascending] {
        app.state_mut().actions.clear();
        app.get_by_label("Sort by Width").click();
        app.run();
        took(&app, &[Action::SetSort { column: "width".into(), direction }]);
    }
    let session = app.state().session();
    assert_eq!(
        session.overlay.view,
        View { filter: "".into(), sort: "width".into(), direction: Direction::Ascending }
    );
}

#[test]
fn rows_are_selected_by_click_and_by_key() {
    let mut app = harness(App::new(opened(60, Vec::new()), Panel::Table), [1100.0, 700.0], Theme::Dark);
    let row = |at: usize| {
        let class = ["daisy", "rose", "sunflower"][at];
        format!("train/{class}/{at:07}.jpg")
    };
    let position_of = |app: &Harness<App>, path: &str| {
        let session = app.state().session();
        session.shown.found.rows.iter().position(|sample| session.dataset().path(*sample) == path).unwrap()
    };
    let first = position_of(&app, &row(0));
    app.get_by_role_and_label(Role::Row, &row(0)).click();
    app.run();
    took(&app, &[Action::Click { position: first, mode: SelectMode::Replace }]);

    app.state_mut().actions.clear();
    app.key_press(Key::ArrowDown);
    app.run();
    app.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    app.run();
    app.key_press(Key::End);
    app.run();
    let expected = [
        Action::MoveCursor { by: 1, extend: false },
        Action::MoveCursor { by: 1, extend: true },
        Action::MoveCursorTo { end: true, extend: false },
    ];
    took(&app, &expected);
    let session = app.state().session();
    assert_eq!(session.selection.cursor, session.shown.found.rows.last().copied());
    // The last row was brought into view and says that it is selected.
    let last = session.dataset().path(session.selection.cursor.unwrap()).to_owned();
    let node = app.get_by_role_and_label(Role::Row, &last);
    assert_eq!(node.accesskit_node().is_selected(), Some(true));

    app.state_mut().actions.clear();
    app.get_by_role_and_label(Role::Row, &last).click_modifiers(Modifiers::COMMAND);
    app.run();
    took(&app, &[Action::Click { position: 59, mode: SelectMode::Toggle }]);
}

#[test]
fn a_drag_selects_rows() {
    let mut app = harness(App::new(opened(60, Vec::new()), Panel::Table), [1100.0, 400.0], Theme::Dark);
    let from = egui::pos2(200.0, 28.0 + 13.0);
    app.drag_at(from);
    app.step();
    for step in 1..=4 {
        app.hover_at(from + egui::vec2(0.0, 26.0 * step as f32));
        app.step();
    }
    app.drop_at(from + egui::vec2(0.0, 26.0 * 4.0));
    app.run();
    assert_eq!(app.state().session().selection.len(), 5, "{:?}", app.state().actions);
}

#[test]
fn columns_are_chosen_in_a_menu() {
    let mut app = harness(App::new(opened(60, Vec::new()), Panel::Table), [1700.0, 500.0], Theme::Dark);
    app.get_by_role_and_label(Role::Button, "Columns").click();
    app.run();
    app.get_by_role_and_label(Role::CheckBox, "Split").click();
    app.run();
    assert!(!app.state().session().table.columns.contains(&"split".to_owned()));
    app.get_by_role_and_label(Role::CheckBox, "Megapixels").click();
    app.run();
    assert_eq!(app.state().session().table.columns.last().map(String::as_str), Some("megapixels"));
    app.get_by_label("Sort by Megapixels");
}

#[test]
fn an_empty_table_offers_to_clear_the_filter() {
    let mut state = opened(60, Vec::new());
    session::act(
        &mut state,
        Action::ShowView(View { filter: "tulip".into(), sort: "path".into(), ..View::default() }),
    );
    let mut app = harness(App::new(state, Panel::Table), [600.0, 400.0], Theme::Dark);
    app.get_by_label("No sample fits this filter");
    app.get_by_label("Clear the filter").click();
    app.run();
    took(&app, &[Action::Run(Command::ClearFilter)]);
    assert_eq!(app.state().session().shown.found.rows.len(), 60);
}

#[test]
fn a_million_rows_cost_what_is_on_screen() {
    let mut app =
        harness(App::new(opened(1_000_000, Vec::new()), Panel::Table), [1100.0, 700.0], Theme::Dark);
    app.get_by_label("Sort by Path").focus();
    app.hover_at(egui::pos2(300.0, 300.0));
    app.run();
    for position in [0.0, 26.0 * 500_000.0, 1e12] {
        session::act(&mut app.state_mut().state, Action::TableScrolled { position });
        app.run();
        let asked = app.state().asked.0.len();
        assert!((20..40).contains(&asked), "{asked} rows are looked at");
    }
    let session = app.state().session();
    let last = session.dataset().path(*session.shown.found.rows.last().unwrap()).to_owned();
    app.get_by_role_and_label(Role::Row, &last);

    app.state_mut().frames.clear();
    for step in 0..50 {
        session::act(&mut app.state_mut().state, Action::TableScrolled { position: f64::from(step) * 130.0 });
        app.step();
    }
    let mut frames = app.state().frames.clone();
    frames.sort();
    println!("a frame of the table: median {:?}, slowest {:?}", frames[frames.len() / 2], frames.last());
    assert!(frames[frames.len() / 2] < Duration::from_millis(50), "{frames:?}");
}

#[test]
fn issues_are_filtered_and_shown() {
    let issues = some_issues(1000);
    let mut app = harness(App::new(opened(1000, issues), Panel::Issues), [900.0, 500.0], Theme::Dark);
    app.get_by_label("train/daisy/0000004.jpg: Corrupt").click();
    app.run();
    took(&app, &[Action::ShowSample(4)]);

    app.state_mut().actions.clear();
    app.get_by_label("Misnamed, 250 issues").click();
    app.run();
    assert!(app.query_by_label("train/daisy/0000004.jpg: Corrupt").is_none());
    app.get_by_label("Show these samples").click();
    app.run();
    assert_eq!(app.state().session().overlay.view.filter, "issue:misnamed");

    // Several kinds are one step to undo.
    app.get_by_label("Corrupt, 250 issues").click();
    app.run();
    app.get_by_label("Show these samples").click();
    app.run();
    assert_eq!(app.state().session().overlay.view.filter, "issue:corrupt,misnamed");
    app.get_by_label("Corrupt, 250 issues").click();
    app.run();
    let state = &mut app.state_mut().state;
    for filter in ["issue:misnamed", ""] {
        session::act(state, Action::Run(Command::Undo));
        assert_eq!(state.session.as_ref().unwrap().overlay.view.filter, filter);
    }

    app.state_mut().actions.clear();
    app.get_by_label("Filter issues").focus();
    app.get_by_label("Filter issues").type_text("/00003");
    app.run();
    app.get_by_label("Misnamed, 25 issues");
    app.get_by_label("Export…").click();
    app.run();
    took(&app, &[Action::Run(Command::ExportIssues)]);
}

#[test]
fn the_issue_that_was_chosen_stays_chosen_while_others_come() {
    let kinds = [IssueKind::Misnamed; 40];
    let listed = |kind: IssueKind, at: usize| Issue {
        sample: Some(at as SampleId),
        path: format!("{at:02}.jpg"),
        kind,
        origin: Origin::Content,
        message: String::new(),
    };
    let issues = kinds.iter().enumerate().map(|(at, kind)| listed(*kind, at)).collect();
    let mut app = harness(App::new(opened(100, issues), Panel::Issues), [900.0, 300.0], Theme::Dark);
    app.get_by_label("03.jpg: Misnamed").click();
    app.run();
    // Corrupt ones stand before it.
    let measured = |at: usize| {
        let fact = Fact { measured: true, issues: IssueKind::Corrupt.bit(), ..Fact::UNMEASURED };
        Action::Measured { facts: vec![(at as SampleId, fact)], issues: vec![listed(IssueKind::Corrupt, at)] }
    };
    session::act(&mut app.state_mut().state, measured(91));
    app.run();
    app.key_press(Key::ArrowDown);
    app.run();
    assert_eq!(app.state().actions.last(), Some(&Action::ShowSample(4)));

    // The same sample measured again: what was found before is no longer listed beside it, nothing
    // moves where nothing changed, and what is mended is gone.
    session::act(&mut app.state_mut().state, measured(91));
    session::act(&mut app.state_mut().state, Action::Refresh);
    app.run();
    app.get_by_label("Corrupt, 1 issue");
    app.get_by_label("Misnamed, 40 issues");
    app.key_press(Key::ArrowDown);
    app.run();
    assert_eq!(app.state().actions.last(), Some(&Action::ShowSample(5)));
    let mended = (91, Fact { measured: true, ..Fact::UNMEASURED });
    let measured = Action::Measured { facts: vec![mended], issues: Vec::new() };
    session::act(&mut app.state_mut().state, measured);
    session::act(&mut app.state_mut().state, Action::Refresh);
    app.run();
    assert!(app.query_by_label("Corrupt, 1 issue").is_none());
    app.get_by_label("Misnamed, 40 issues");
}

#[test]
fn no_issues_say_how_far_measuring_is() {
    let app = harness(App::new(opened(1000, Vec::new()), Panel::Issues), [900.0, 500.0], Theme::Dark);
    app.get_by_label("No issues so far");
    app.get_by_label("300 of 1,000 samples are measured.");
}

fn dialog(dialog: Dialog, theme: Theme, size: [f32; 2]) -> Harness<'static, App> {
    let mut state = opened(60, some_issues(8));
    session::act(&mut state, Action::ShowDialog(dialog));
    harness(App::new(state, Panel::Table), size, theme)
}

#[test]
fn the_palette_runs_what_was_typed() {
    let palette = Dialog::Palette { text: String::new(), chosen: 0 };
    let mut app = dialog(palette, Theme::Dark, [900.0, 600.0]);
    assert!(app.get_by_label("Command").is_focused());
    app.get_by_label("Command").type_text("rescan");
    app.run();
    app.key_press(Key::Enter);
    app.run();
    let typed = Action::ShowDialog(Dialog::Palette { text: "rescan".into(), chosen: 0 });
    took(&app, &[typed, Action::CloseDialog, Action::Run(Command::Rescan)]);
    assert_eq!(app.state().state.dialog, None);
}

#[test]
fn the_palette_moves_by_keys_and_closes_with_escape() {
    let palette = Dialog::Palette { text: String::new(), chosen: 0 };
    let mut app = dialog(palette, Theme::Dark, [900.0, 600.0]);
    app.key_press(Key::ArrowDown);
    app.run();
    app.key_press(Key::ArrowDown);
    app.run();
    assert_eq!(app.state().state.dialog, Some(Dialog::Palette { text: String::new(), chosen: 2 }));
    app.key_press(Key::Escape);
    app.run();
    assert_eq!(app.state().state.dialog, None);
}

#[test]
fn a_click_beside_a_dialog_closes_it() {
    let mut app = dialog(Dialog::About, Theme::Dark, [900.0, 600.0]);
    app.hover_at(egui::pos2(10.0, 300.0));
    app.drag_at(egui::pos2(10.0, 300.0));
    app.drop_at(egui::pos2(10.0, 300.0));
    app.run();
    assert_eq!(app.state().state.dialog, None);
}

#[test]
fn a_row_beyond_the_end_is_an_error() {
    let mut app = dialog(Dialog::GoToRow { text: String::new() }, Theme::Dark, [900.0, 600.0]);
    app.get_by_label("1 to 60");
    app.get_by_label("Row number").type_text("61");
    app.run();
    app.get_by_label("There are only 60 rows.");
    app.key_press(Key::Enter);
    app.run();
    assert!(app.state().state.dialog.is_some(), "an error keeps the dialog open");
    app.key_press(Key::Backspace);
    app.run();
    app.key_press(Key::Enter);
    app.run();
    let actions = &app.state().actions;
    assert!(actions.ends_with(&[Action::GoToRow { position: 5 }, Action::CloseDialog]), "{actions:?}");
}

#[test]
fn a_view_is_saved_under_a_name() {
    let mut state = opened(60, Vec::new());
    session::act(&mut state, Action::SaveView { name: "mine".into() });
    session::act(&mut state, Action::ShowDialog(Dialog::SaveView { name: "min".into() }));
    let mut app = harness(App::new(state, Panel::Table), [900.0, 600.0], Theme::Dark);
    app.get_by_label("Save");
    app.get_by_label("Name of the view").type_text("e");
    app.run();
    app.get_by_label("This replaces the view that has this name.");
    app.key_press(Key::Enter);
    app.run();
    let actions = &app.state().actions;
    assert!(
        actions.ends_with(&[Action::SaveView { name: "mine".into() }, Action::CloseDialog]),
        "{actions:?}"
    );
}

#[test]
fn a_typed_path_is_opened() {
    let mut app = dialog(Dialog::OpenPath { text: String::new() }, Theme::Dark, [900.0, 600.0]);
    app.get_by_label("Path").type_text(" /data/a{0..9}.tar ");
    app.run();
    app.key_press(Key::Enter);
    app.run();
    let actions = &app.state().actions;
    let expected = [Action::CloseDialog, Action::Open { source: "/data/a{0..9}.tar".into() }];
    assert!(actions.ends_with(&expected), "{actions:?}");
}

#[test]
fn a_damaged_project_is_set_aside_on_request() {
    let damaged = Dialog::DamagedProject {
        source: "/data/x".into(),
        project: None,
        message: "The database is damaged.".into(),
    };
    let mut app = dialog(damaged.clone(), Theme::Dark, [900.0, 600.0]);
    app.get_by_label("Set it aside and start anew").click();
    app.run();
    took(&app, &[Action::OpenAnew { source: "/data/x".into(), project: None }]);
    let mut app = dialog(damaged, Theme::Dark, [900.0, 600.0]);
    app.get_by_label("Cancel").click();
    app.run();
    took(&app, &[Action::CloseDialog]);
}

#[test]
fn settings_change_at_once() {
    let mut app = dialog(Dialog::Settings, Theme::Dark, [900.0, 700.0]);
    app.get_by_label("Light").click();
    app.run();
    assert_eq!(app.state().state.settings.theme, lenslet::store::Theme::Light);
    app.get_by_role_and_label(Role::TextInput, "Your name").focus();
    app.run();
    app.get_by_role_and_label(Role::TextInput, "Your name").type_text("Ada");
    app.run();
    assert_eq!(app.state().state.settings.person, "Ada");
    app.get_by_role_and_label(Role::Slider, "Interface scale").set_value_accesskit(150.0);
    app.run();
    assert_eq!(app.state().state.settings.interface_scale, 1.5);
}

#[test]
fn an_example_goes_into_the_search_field() {
    let mut app = dialog(Dialog::QueryHelp, Theme::Dark, [900.0, 700.0]);
    app.get_by_role_and_label(Role::Button, "label:cat").click();
    app.run();
    assert_eq!(app.state().session().search.text, "label:cat");
    assert_eq!(app.state().state.dialog, None);
}

/// Pictures of every view, to look at: only where `LENSLET_PICTURES` names a folder.
#[test]
fn pictures_to_look_at() {
    let Some(folder) = std::env::var_os("LENSLET_PICTURES").map(std::path::PathBuf::from) else { return };
    let save = |mut app: Harness<App>, name: &str| {
        app.render().unwrap().save(folder.join(format!("{name}.png"))).unwrap();
    };
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let table = |size| {
            let mut state = opened(5000, some_issues(1000));
            session::act(
                &mut state,
                Action::SetSort { column: "path".into(), direction: Direction::Descending },
            );
            session::act(&mut state, Action::TableScrolled { position: 0.0 });
            for position in [2, 3, 6] {
                session::act(&mut state, Action::Click { position, mode: SelectMode::Toggle });
            }
            harness(App::new(state, Panel::Table), size, theme)
        };
        save(table([1200.0, 420.0]), &format!("table-{suffix}"));
        save(table([300.0, 420.0]), &format!("table-narrow-{suffix}"));
        let mut menu = table([900.0, 600.0]);
        menu.get_by_role_and_label(Role::Button, "Columns").click();
        menu.run();
        save(menu, &format!("table-columns-{suffix}"));
        let issues =
            |size, count| harness(App::new(opened(5000, some_issues(count)), Panel::Issues), size, theme);
        let mut wide = issues([1000.0, 420.0], 1000);
        wide.get_by_label("train/daisy/0000004.jpg: Corrupt").click();
        wide.run();
        save(wide, &format!("issues-{suffix}"));
        save(issues([300.0, 420.0], 1000), &format!("issues-narrow-{suffix}"));
        save(issues([600.0, 300.0], 0), &format!("issues-none-{suffix}"));
        for (name, shown) in [
            ("palette", Dialog::Palette { text: "s".into(), chosen: 1 }),
            ("save-view", Dialog::SaveView { name: "Blurry".into() }),
            ("go-to-row", Dialog::GoToRow { text: "61".into() }),
            ("open-path", Dialog::OpenPath { text: String::new() }),
            (
                "damaged",
                Dialog::DamagedProject {
                    source: "/data/flowers".into(),
                    project: None,
                    message: "The table of facts is damaged and cannot be read.".into(),
                },
            ),
            ("settings", Dialog::Settings),
            ("shortcuts", Dialog::Shortcuts),
            ("query-help", Dialog::QueryHelp),
            ("about", Dialog::About),
        ] {
            save(dialog(shown, theme, [900.0, 640.0]), &format!("dialog-{name}-{suffix}"));
        }
    }
}

#[test]
fn issues_come_back_from_csv() {
    let issue = |path: &str, kind, message: &str| Issue {
        sample: None,
        path: path.into(),
        kind,
        origin: Origin::Listing,
        message: message.into(),
    };
    let issues = [
        issue("a, b.png", IssueKind::Corrupt, "It says \"no\"."),
        issue("line\nbreak\r\n.jpg", IssueKind::Empty, ""),
        issue("ö/“x”.webp", IssueKind::Annotation, "one, two;\tthree"),
    ];
    let mut bytes = Vec::new();
    issues_csv(&issues, &mut bytes).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.headers().unwrap(), ["path", "kind", "message"].as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for (row, issue) in rows.iter().zip(&issues) {
        assert_eq!(row, [issue.path.as_str(), issue.kind.name(), &issue.message].as_slice());
    }
    assert_eq!(rows.len(), issues.len());
}

#[test]
fn an_export_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("issues.JSON");
    let issues = some_issues(3000);
    write_issues(&target, &issues, &Control::new()).unwrap();
    let read: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&target).unwrap()).unwrap();
    assert_eq!(read.len(), 3000);
    assert_eq!(read[2]["kind"], "misnamed");
    assert_eq!(read[2]["path"], issues[2].path.as_str());

    let cancelled = Control::new();
    cancelled.cancel();
    let answer = write_issues(&target, &issues[..1], &cancelled);
    assert!(matches!(answer, Err(ExportError::Cancelled(_))));
    let again: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&target).unwrap()).unwrap();
    assert_eq!(again.len(), 3000, "the old file is still whole");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

    let csv = folder.path().join("issues.csv");
    write_issues(&csv, &[], &Control::new()).unwrap();
    assert_eq!(std::fs::read_to_string(&csv).unwrap(), "path,kind,message\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&csv).unwrap().permissions().mode();
        assert_eq!(mode & 0o400, 0o400);
        assert_eq!(mode & 0o111, 0);
    }
}

#[test]
fn a_target_that_cannot_be_written_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let protected = folder.path().join("protected.csv");
    std::fs::write(&protected, "old").unwrap();
    let mut permissions = std::fs::metadata(&protected).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&protected, permissions).unwrap();
    for (target, sentence) in [
        (folder.path().join("no/issues.csv"), "there is no such folder; make it first or choose another: "),
        (folder.path().to_owned(), "this is a folder and not a file; add a file name: "),
        (protected, "this file is write-protected; choose another name: "),
        ("/".into(), "a file name is missing; add one to the folder: /"),
    ] {
        let answer = write_issues(&target, &some_issues(1), &Control::new());
        let message = answer.unwrap_err().to_string();
        assert!(message.starts_with(sentence), "{message}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("protected.csv")).unwrap(), "old");
}
