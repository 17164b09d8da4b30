//! The panel Pruning and the dialog of the export, driven by their accessible names.

use egui::accesskit::Role;
use egui::{Key, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::dataset::{Flag, Preference, SampleId, Verdict};
use lenslet::export::dataset::{Kind, Linking, Table};
use lenslet::review::Rules;
use lenslet::state::{Action, Command, Dialog, Effect, ExportDraft, PlanFace, Session, State};
use lenslet::ui::dialogs::{DialogsView, dialogs_ui};
use lenslet::ui::pruning::{PruningView, pruning_ui};
use lenslet::ui::{Pencil, theme};

use crate::session::{self, NoPictures};

/// A program with the panel, whose actions are carried out, and whose effects are written down.
struct App {
    state: State,
    view: PruningView,
    /// Whether the panel is drawn.
    is_shown: bool,
    dialogs: DialogsView,
    effects: Vec<Effect>,
}

impl App {
    fn ui(&mut self, ui: &mut egui::Ui) {
        let mut actions = Vec::new();
        let mut pencil = Pencil { state: &self.state, pictures: &mut NoPictures, actions: &mut actions };
        if self.is_shown {
            pruning_ui(ui, &mut pencil, &mut self.view);
        }
        dialogs_ui(ui.ctx(), &mut pencil, &mut self.dialogs);
        for action in actions {
            self.effects.extend(session::act(&mut self.state, action));
        }
    }

    fn session(&self) -> &Session {
        self.state.session.as_ref().unwrap()
    }

    fn rules(&self) -> Rules {
        self.session().rules()
    }

    fn pruned(&self) -> Vec<SampleId> {
        let decisions = self.session().overlay.decisions.iter().enumerate();
        let pruned = decisions.filter(|(_, decision)| decision.verdict == Verdict::Prune);
        pruned.map(|(row, _)| row as SampleId).collect()
    }

    fn draft(&self) -> &ExportDraft {
        match &self.state.dialog {
            Some(Dialog::ExportDataset(draft)) => draft,
            other => panic!("{other:?} is open"),
        }
    }
}

fn harness(state: State, size: [f32; 2], theme: Theme) -> Harness<'static, App> {
    let dialogs = DialogsView::new(Vec::new(), String::new());
    let app = App { state, view: PruningView::default(), is_shown: true, dialogs, effects: Vec::new() };
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

const SIZE: [f32; 2] = [1100.0, 1400.0];

fn click(harness: &mut Harness<'static, App>, name: &str) {
    harness.get_by_label(name).click();
    harness.run();
}

#[test]
fn the_rules_say_what_they_would_do_and_do_it() {
    let mut harness = harness(session::reviewed(), SIZE, Theme::Dark);
    // Test is protected; of 0, 1, 2 and of 3, 4 one stays each.
    harness.get_by_label("3 more samples would be pruned (3.0 kB).");
    click(&mut harness, "Prune by the rules");
    assert_eq!(harness.state().pruned(), [0, 1, 3]);
    harness.get_by_label("Nothing would change: all that the rules say is decided.");
    harness.get_by_label("Samples pruned: 3, 15.0 %");
    // Without groups all of that would be taken back.
    click(&mut harness, "Decide groups of near-duplicates");
    assert!(!harness.state().rules().duplicates);
    harness.get_by_label("3 would stay again.");
    click(&mut harness, "Take back all decisions");
    assert_eq!(harness.state().pruned(), [0u32; 0]);
    harness.state_mut().effects.clear();
    session::act(&mut harness.state_mut().state, Action::Run(Command::Undo));
    assert_eq!(harness.state().pruned(), [0, 1, 3], "one undo brings all back");
}

#[test]
fn rules_are_changed_by_their_names() {
    let mut harness = harness(session::reviewed(), SIZE, Theme::Dark);
    let first = Rules::for_dataset(&["test".to_owned()]);
    assert_eq!(harness.state().rules(), first);
    click(&mut harness, "Move down: Labelled first");
    assert_eq!(harness.state().rules().prefer[..2], [Preference::Resolution, Preference::Labelled]);
    click(&mut harness, "Move up: Sharpest");
    assert_eq!(harness.state().rules().prefer[1], Preference::Sharpness);
    click(&mut harness, "Prefer: Oldest");
    assert!(!harness.state().rules().prefer.contains(&Preference::Oldest));
    click(&mut harness, "Prefer: Oldest");
    assert_eq!(harness.state().rules().prefer.last(), Some(&Preference::Oldest), "it comes back last");
    click(&mut harness, "Prune: Dark");
    assert!(harness.state().rules().prune.iter().any(|name| name.0 == Flag::Dark));
    click(&mut harness, "Leave groups with conflicting labels to me");
    assert!(!harness.state().rules().leave_conflicts);
    for (name, protect) in [
        ("split train", &["split:\"test\"", "split:\"train\""][..]),
        ("split test", &["split:\"train\""]),
        ("Remove protected query 1", &[]),
    ] {
        click(&mut harness, name);
        assert_eq!(harness.state().rules().protect, protect, "{name}");
    }
    click(&mut harness, "Reset to default");
    assert_eq!(harness.state().rules(), first);
    assert_eq!(harness.state().session().review.settings.rules, None);
}

#[test]
fn preferences_are_dragged_and_moved_by_keys() {
    use Preference::{Bytes, Labelled, Resolution, Sharpness};
    let mut harness = harness(session::reviewed(), SIZE, Theme::Dark);
    assert_eq!(harness.state().rules().prefer[..4], [Labelled, Resolution, Sharpness, Bytes]);
    // What is dragged, onto which part of what, and the first ones then.
    for (dragged, onto, part, first) in [
        ("Labelled first", "Sharpest", 0.9, [Resolution, Sharpness, Labelled, Bytes]),
        ("Largest file", "Highest resolution", 0.1, [Bytes, Resolution, Sharpness, Labelled]),
        ("Sharpest", "Sharpest", 0.9, [Bytes, Resolution, Sharpness, Labelled]),
        ("Sharpest", "Highest resolution", 0.9, [Bytes, Resolution, Sharpness, Labelled]),
    ] {
        let from = harness.get_by_label(&format!("Drag: {dragged}")).rect().center();
        let target = harness.get_by_label(&format!("Drag: {onto}")).rect();
        let to = egui::pos2(target.center().x + 30.0, target.top() + part * target.height());
        harness.hover_at(from);
        harness.drag_at(from);
        harness.run();
        harness.hover_at(from + (to - from) / 2.0);
        harness.run();
        harness.hover_at(to);
        harness.run();
        harness.drop_at(to);
        harness.run();
        assert_eq!(harness.state().rules().prefer[..4], first, "{dragged} onto {onto}");
    }
    // Dropped elsewhere it stays.
    let from = harness.get_by_label("Drag: Largest file").rect().center();
    let away = egui::pos2(SIZE[0] - 4.0, 4.0);
    harness.drag_at(from);
    harness.run();
    harness.hover_at(away);
    harness.run();
    harness.drop_at(away);
    harness.run();
    assert_eq!(harness.state().rules().prefer[0], Bytes);
    // What is let go while the panel is hidden is dropped nowhere, wherever the pointer is once it is back.
    let from = harness.get_by_label("Drag: Largest file").rect().center();
    let to = harness.get_by_label("Drag: Sharpest").rect().center();
    harness.drag_at(from);
    harness.run();
    harness.hover_at(to);
    harness.run();
    harness.state_mut().is_shown = false;
    harness.run();
    harness.drop_at(to);
    harness.run();
    harness.state_mut().is_shown = true;
    harness.run();
    assert_eq!(harness.state().rules().prefer[0], Bytes);
    // By keys, with the focus going along.
    harness.get_by_label("Drag: Largest file").focus();
    harness.run();
    for (key, place) in
        [(Key::ArrowDown, 1), (Key::ArrowDown, 2), (Key::ArrowUp, 1), (Key::ArrowUp, 0), (Key::ArrowUp, 0)]
    {
        harness.key_press(key);
        harness.run();
        assert_eq!(harness.state().rules().prefer[place], Bytes, "{key:?}");
        assert!(harness.get_by_label("Drag: Largest file").is_focused());
    }
}

#[test]
fn a_query_that_protects_is_typed_and_its_error_told() {
    let mut harness = harness(session::reviewed(), SIZE, Theme::Dark);
    click(&mut harness, "Add a query");
    let field = |harness: &mut Harness<'static, App>, text: &str| {
        harness.get_by_label("Protected query 2").focus();
        harness.run();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
        harness.get_by_label("Protected query 2").type_text(text);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
    };
    field(&mut harness, "split:nowhere");
    assert_eq!(harness.state().rules().protect.len(), 2);
    assert!(harness.state().session().review.judged.preview.problem.is_some());
    assert!(harness.get_by_label("Prune by the rules").accesskit_node().is_disabled());
    field(&mut harness, "label:cat");
    assert_eq!(harness.state().rules().protect, ["split:\"test\"", "label:cat"]);
    let preview = &harness.state().session().review.judged.preview;
    assert_eq!((preview.problem.is_none(), preview.protected), (true, 12));
    // Every group is of cats alone, or has labels that contradict each other.
    harness.get_by_label("Nothing would change: all that the rules say is decided.");
}

#[test]
fn figures_lead_to_their_samples() {
    let mut state = session::reviewed();
    session::act(&mut state, Action::Run(Command::ApplyRules));
    let mut harness = harness(state, SIZE, Theme::Light);
    for (name, filter) in [
        ("Show them", "is:pruned"),
        ("17 stay", "-is:pruned"),
        ("cat, 10 → 7, 30.0 % lost", "label:cat"),
        ("train, 16 → 13, 18.8 % lost", "split:train label:cat"),
    ] {
        click(&mut harness, name);
        let now = &harness.state().session().overlay.view.filter;
        let sorted = |text: &str| {
            let mut words: Vec<&str> = text.split(' ').collect();
            words.sort_unstable();
            words.join(" ")
        };
        assert_eq!(
            sorted(now).replace("-is:pruned ", ""),
            sorted(filter).replace("-is:pruned ", ""),
            "{name}"
        );
    }
}

#[test]
fn before_an_analysis_the_panel_says_what_one_is_for() {
    let mut state = State::default();
    session::act(&mut state, Action::Opened(Box::new(session::twenty())));
    let mut harness = harness(state, [360.0, 600.0], Theme::Dark);
    click(&mut harness, "Analyse (F6)");
    assert_eq!(harness.state().effects, [Effect::Analyse(lenslet::state::Extent::Asked)]);
    assert!(harness.get_by_label("Save report…").accesskit_node().is_disabled());
}

/// The dialog of the export, with this answer to what it would write.
fn planned(harness: &mut Harness<'static, App>, plan: PlanFace) {
    let generation = harness.state().draft().asked;
    let plan = Ok(plan.into());
    session::act(&mut harness.state_mut().state, Action::ExportPlanned { generation, plan });
    harness.run();
}

#[test]
fn the_export_is_chosen_planned_and_started() {
    let mut harness = harness(session::reviewed(), SIZE, Theme::Dark);
    // A spinner turns while it waits.
    harness.get_by_label("Export what stays…").click();
    harness.run_steps(4);
    assert_eq!(harness.state().draft().choice.target, "/d-pruned");
    let asked = |harness: &Harness<'static, App>| match harness.state().effects.last() {
        Some(Effect::PlanExport { generation, choice }) => (*generation, choice.clone()),
        other => panic!("{other:?}"),
    };
    let (first, _) = asked(&harness);
    planned(&mut harness, PlanFace { samples: 20, files: 21, bytes: 20_000, ..PlanFace::default() });
    harness.get_by_label("20 samples · 21 files · 20.0 kB");
    for (name, kind, linking) in [
        ("Image folder", Kind::ImageFolder, Linking::Copy),
        ("Hard links", Kind::ImageFolder, Linking::HardLink),
        ("None, a table only", Kind::Manifest(Table::Csv), Linking::ManifestOnly),
        ("Parquet", Kind::Manifest(Table::Parquet), Linking::ManifestOnly),
        ("Copies", Kind::Manifest(Table::Parquet), Linking::Copy),
        ("WebDataset", Kind::WebDataset, Linking::Copy),
        ("Same as the source", Kind::Same, Linking::Copy),
    ] {
        harness.get_by_label(name).click();
        harness.run_steps(4);
        planned(&mut harness, PlanFace::default());
        let choice = &harness.state().draft().choice;
        assert_eq!((choice.kind, choice.linking), (kind, linking), "{name}");
    }
    let (last, choice) = asked(&harness);
    assert!(last > first && !choice.replace);
    // What answers an older question is dropped.
    let plan = Err("old".to_owned());
    session::act(&mut harness.state_mut().state, Action::ExportPlanned { generation: first, plan });
    assert!(harness.state().draft().is_ready());

    let refusal = "The folder is not empty, it holds a.png; choose another folder: /d-pruned".to_owned();
    planned(&mut harness, PlanFace { refusals: vec![refusal.clone()], ..PlanFace::default() });
    harness.get_by_label(&refusal);
    let export = |harness: &Harness<'static, App>| {
        let mut buttons = harness.get_all_by_role_and_label(Role::Button, "Export");
        buttons.next().map(|button| button.accesskit_node().is_disabled())
    };
    assert_eq!(export(&harness), Some(true));
    harness.get_by_label("Replace files that are there under the same names").click();
    harness.run_steps(4);
    assert!(harness.state().draft().choice.replace && !harness.state().draft().is_ready());
    planned(&mut harness, PlanFace { samples: 20, ..PlanFace::default() });
    harness.get_by_role_and_label(Role::Button, "Export").click();
    harness.run();
    assert!(harness.state().state.dialog.is_none());
    let Some(Effect::ExportDataset { choice }) = harness.state().effects.last() else { panic!("it starts") };
    assert!(choice.replace && choice.target == "/d-pruned");
    // The consent was for this export alone.
    assert!(!harness.state().session().export.as_ref().unwrap().replace);
}

#[test]
fn a_target_is_typed_in_full() {
    let mut harness = harness(session::reviewed(), SIZE, Theme::Dark);
    harness.get_by_label("Export what stays…").click();
    harness.run_steps(4);
    for (text, problem) in [
        ("", "Name a folder to write to."),
        ("out", "Write the whole path of the folder, from the root on: out"),
    ] {
        let mut choice = harness.state().draft().choice.clone();
        choice.target = text.to_owned();
        harness.state_mut().effects.clear();
        let effects = session::act(&mut harness.state_mut().state, Action::ChangeExport(choice.into()));
        assert_eq!(effects, []);
        harness.run();
        harness.get_by_label(problem);
        assert!(!harness.state().draft().is_ready());
    }
    let path = "/elsewhere".into();
    session::act(&mut harness.state_mut().state, Action::ExportFolderPicked { path });
    assert_eq!(harness.state().draft().choice.target, "/elsewhere");
}

/// Writes pictures of the panel to the folder in LENSLET_PICTURES, for a person to look at.
#[test]
fn the_panel_is_drawn_in_both_themes_at_every_width() {
    let folder = std::env::var_os("LENSLET_PICTURES");
    for (theme, size) in
        [(Theme::Dark, [1100.0, 900.0]), (Theme::Light, [1100.0, 900.0]), (Theme::Light, [360.0, 1700.0])]
    {
        let mut state = session::reviewed();
        session::act(&mut state, Action::Run(Command::ApplyRules));
        let mut harness = harness(state, size, theme);
        let name = format!("pruning-{theme:?}-{}", size[0]);
        let picture = harness.render().expect("a driver is there, if in software");
        if let Some(folder) = &folder {
            let path = std::path::Path::new(folder).join(format!("{name}.png"));
            picture.save(path).expect("it is written");
        }
        // Nothing reaches beyond the panel.
        for node in harness.get_all_by_role(Role::CheckBox).chain(harness.get_all_by_role(Role::Button)) {
            assert!(
                node.rect().right() <= size[0] + 0.5,
                "{:?} at {:?}",
                node.accesskit_node().label(),
                node.rect()
            );
        }
        if size[0] > 400.0 {
            session::act(&mut harness.state_mut().state, Action::Run(Command::ExportDataset));
            harness.run_steps(3);
            let warnings = vec!["2 annotation files have boxes of samples that are left out.".to_owned()];
            let plan = PlanFace {
                samples: 17,
                files: 18,
                bytes: 17_000,
                bytes_to_write: 17_000,
                free_bytes: Some(1 << 40),
                warnings,
                ..PlanFace::default()
            };
            planned(&mut harness, plan);
            let picture = harness.render().expect("a driver is there, if in software");
            if let Some(folder) = &folder {
                let path = std::path::Path::new(folder).join(format!("export-{theme:?}.png"));
                picture.save(path).expect("it is written");
            }
        }
    }
}
