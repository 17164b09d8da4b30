//! The panel Balance: plans as they are asked for and answered, what is drawn by hand, and a person's way through it.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::balance::{Missed, Weighting};
use lenslet::dataset::{DatasetBuilder, Layout, NewSample, Reason, SampleId, Thinning, Verdict};
use lenslet::jobs::Control;
use lenslet::state::balance::{BalanceFile, FillChoice, Look, OtherDataset, OtherSource, TargetChoice};
use lenslet::state::{
    Action, BalancePlan, BalanceSettings, Command, Dialog, Effect, ExportChoice, Session, SplitPlan,
    SplitSettings, State,
};
use lenslet::store::Settings;
use lenslet::ui::balance::{BalancePane, balance_ui};
use lenslet::ui::{Pencil, theme};

use crate::session::{NoPictures, act, reviewed, twenty, unmeasured};
use crate::window::{Window, demo};

fn session(state: &State) -> &Session {
    state.session.as_ref().expect("it is open")
}

/// Carries an action out, and answers what is asked for a plan or new splits.
fn tell(state: &mut State, action: Action) -> Vec<Effect> {
    let mut left = Vec::new();
    for effect in act(state, action) {
        let session = session(state);
        let (snapshot, evidence, control) = (&session.snapshot, session.evidence(), Control::new());
        let answer = match effect {
            Effect::PlanBalance { generation } => {
                let plan = BalancePlan::make(snapshot, &evidence, &session.balance.settings, &control);
                Action::BalancePlanned { generation, plan: plan.expect("it goes on").map(Arc::new) }
            }
            Effect::DealSplits { generation } => {
                let dealt = SplitPlan::make(snapshot, &evidence, &session.balance.splits, &control);
                Action::SplitsDealt { generation, dealt: dealt.expect("it goes on").map(Arc::new) }
            }
            effect => {
                left.push(effect);
                continue;
            }
        };
        left.extend(tell(state, answer));
    }
    left
}

/// The program with the panel on screen and these settings.
fn planning(settings: BalanceSettings) -> State {
    let mut state = reviewed();
    tell(&mut state, Action::AskBalance(Look::Plan));
    tell(&mut state, Action::ChangeBalance(settings.into()));
    state
}

fn plan(state: &State) -> &Arc<BalancePlan> {
    session(state).balance.plan.current().expect("it is planned")
}

/// What is there, wanted and planned of the classes of the first split.
fn classes(state: &State) -> Vec<(u64, u64, u64)> {
    plan(state).balanced.classes(0).iter().map(|class| (class.before, class.wanted, class.after)).collect()
}

fn pruned(state: &State) -> Vec<SampleId> {
    let decisions = session(state).overlay.decisions.iter().enumerate();
    let pruned = decisions.filter(|(_, decision)| decision.verdict == Verdict::Prune);
    pruned.map(|(row, _)| row as SampleId).collect()
}

fn capped(cap: u64) -> BalanceSettings {
    BalanceSettings { target: TargetChoice::Cap(cap), ..BalanceSettings::default() }
}

#[test]
fn plans_are_asked_for_while_the_panel_is_shown_and_newer_answers_win() {
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(twenty())));
    let asked = |effects: &[Effect]| -> Vec<u64> {
        let plan = |effect: &Effect| match effect {
            Effect::PlanBalance { generation } => Some(*generation),
            _ => None,
        };
        effects.iter().filter_map(plan).collect()
    };
    assert!(asked(&act(&mut state, Action::ChangeBalance(capped(3).into()))).is_empty());
    let first = asked(&act(&mut state, Action::AskBalance(Look::Plan)));
    assert_eq!(first.len(), 1);
    assert!(asked(&act(&mut state, Action::GridScrolled { position: 1.0 })).is_empty());
    assert!(asked(&act(&mut state, Action::ChangeBalance(capped(3).into()))).is_empty(), "it is the same");
    let second = asked(&act(&mut state, Action::ChangeBalance(capped(4).into())));
    let third = asked(&act(&mut state, Action::ChangeBalance(capped(5).into())));
    let answer =
        |generation: u64, text: &str| Action::BalancePlanned { generation, plan: Err(text.to_owned()) };
    for (generation, text, expected) in [
        (second[0], "second", "second"),
        (first[0], "first", "second"),
        (third[0], "third", "third"),
        (third[0] + 1, "of another dataset", "third"),
    ] {
        act(&mut state, answer(generation, text));
        assert_eq!(session(&state).balance.plan.answer, Some(Err(expected.to_owned())));
    }
    assert!(session(&state).balance.is_answered());
    // Decisions are another ground, and what is not looked at asks nothing.
    let decided = Action::Decide { samples: vec![0], verdict: Verdict::Prune };
    assert_eq!(asked(&act(&mut state, decided)).len(), 1);
    act(&mut state, Action::LeaveBalance);
    assert!(asked(&act(&mut state, Action::ChangeBalance(capped(6).into()))).is_empty());
}

#[test]
fn a_mark_that_is_dragged_begins_with_what_was_wanted() {
    // Train has eight cats and eight dogs; test is held out by its name.
    let mut state = planning(capped(6));
    assert_eq!(classes(&state), [(8, 6, 6), (8, 6, 6)]);
    tell(&mut state, Action::WantedDrawn { part: 0, class: 1, count: 3 });
    let settings = session(&state).balance.settings.clone();
    assert_eq!(settings.target, TargetChoice::ByHand);
    assert_eq!(classes(&state), [(8, 6, 6), (8, 3, 3)]);
    tell(&mut state, Action::WantedDrawn { part: 0, class: 0, count: 7 });
    assert_eq!(classes(&state), [(8, 7, 7), (8, 3, 3)]);
    // What is no class or split of the plan changes nothing.
    let before = session(&state).balance.settings.clone();
    tell(&mut state, Action::WantedDrawn { part: 0, class: 9, count: 1 });
    tell(&mut state, Action::WantedDrawn { part: 5, class: 0, count: 1 });
    assert_eq!(session(&state).balance.settings, before);
    // It is kept with the place, like other settings of views.
    let place = session(&state).place();
    let mut again = State::new(Settings::default());
    let opened = lenslet::state::Opened { place: Some(place), ..twenty() };
    act(&mut again, Action::Opened(Box::new(opened)));
    assert_eq!(session(&again).balance.settings, before);
}

#[test]
fn what_goes_is_flagged_with_its_reason_in_one_step() {
    let mut state = planning(capped(6));
    let found = plan(&state).clone();
    // Of the cats 0, 1 and 2 are near-copies of each other; dogs go by chance.
    assert_eq!((found.pruned, found.undersampled, found.kept, found.knew_copies), (2, 2, 12, true));
    tell(&mut state, Action::FlagPlanned);
    let rows = pruned(&state);
    assert_eq!(rows.len(), 4);
    let reason = |row: &SampleId| session(&state).overlay.decisions[*row as usize].reason;
    let by = |thinning| rows.iter().filter(|row| reason(row) == Reason::Balance(thinning)).count();
    assert_eq!((by(Thinning::NearCopy), by(Thinning::Undersampling)), (2, 2));
    assert_eq!(session(&state).review.judged.impact.by_balance, 4);
    assert_eq!(state.title_of(Command::Undo), "Undo: Balance: prune 4 samples");
    // The planner goes on from what stays: nothing more goes.
    assert_eq!((classes(&state), plan(&state).going()), (vec![(6, 6, 6), (6, 6, 6)], 0));
    assert!(tell(&mut state, Action::FlagPlanned).is_empty());
    // No rule takes them back, and one undo does.
    tell(&mut state, Action::Run(Command::ApplyRules));
    assert!(rows.iter().all(|row| pruned(&state).contains(row)));
    tell(&mut state, Action::Run(Command::Undo));
    if !pruned(&state).is_empty() {
        tell(&mut state, Action::Run(Command::Undo));
    }
    assert_eq!(pruned(&state), [0u32; 0]);
}

#[test]
fn what_cannot_be_planned_or_reached_says_why() {
    let none = BalanceSettings { splits: Some(Vec::new()), ..BalanceSettings::default() };
    let state = planning(none);
    let answer = session(&state).balance.plan.answer.clone();
    assert!(matches!(answer, Some(Err(text)) if text.starts_with("Choose which splits")));
    let floor = BalanceSettings { target: TargetChoice::Floor(20), ..BalanceSettings::default() };
    let state = planning(floor.clone());
    assert_eq!(plan(&state).missed, [Some(Missed::NothingAdds); 2]);
    let state = planning(BalanceSettings { fill: FillChoice::Repeats, ..floor });
    assert_eq!((plan(&state).missed.clone(), plan(&state).repeats), (vec![None; 2], 24));
    let matched = TargetChoice::MatchSplit(Some("nowhere".to_owned()));
    let state = planning(BalanceSettings { target: matched, ..BalanceSettings::default() });
    let answer = session(&state).balance.plan.answer.clone();
    assert_eq!(answer, Some(Err("There is no split nowhere.".to_owned())));
}

#[test]
fn the_plan_is_exported_by_the_dialog_and_written_by_its_files() {
    let mut state = planning(BalanceSettings {
        fill: FillChoice::Repeats,
        weights: Some(Weighting::Wanted),
        target: TargetChoice::Floor(10),
        ..BalanceSettings::default()
    });
    let effects = tell(&mut state, Action::ExportPlan);
    let Some(Effect::PlanExport { choice, .. }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(choice.target, "/d-balanced");
    let options = choice.options().expect("a plan for an export");
    assert_eq!(options.planned.repeats(0).min(options.planned.repeats(19)), 1);
    assert!(options.planned.weight(0).is_some_and(|weight| weight > 0.0));
    assert_eq!(choice.samples(&session(&state).snapshot).1.len(), 20);
    assert!(matches!(&state.dialog, Some(Dialog::ExportDataset(draft)) if draft.choice.plan.is_some()));
    tell(&mut state, Action::CloseDialog);
    assert!(session(&state).export.is_none(), "a plan is for one export");
    // A sampler reads the CSV that weights were written to last.
    for (name, expected) in [("w.csv", "w.csv"), ("w.json", "w.csv")] {
        let (file, path) = (BalanceFile::Weights, std::path::PathBuf::from("/out").join(name));
        let effects = tell(&mut state, Action::BalanceExportTo { file, path: path.clone() });
        assert_eq!(effects, [Effect::ExportBalance { file, path }]);
        let expected = std::path::Path::new("/out").join(expected);
        assert_eq!(session(&state).balance.weights_path(), Some(&*expected));
    }
}

#[test]
fn new_splits_keep_what_belongs_together() {
    let mut state = reviewed();
    tell(&mut state, Action::AskBalance(Look::Splits));
    let parts = vec![("train".to_owned(), 0.5), ("val".to_owned(), 0.5), ("test".to_owned(), 0.0)];
    let settings = SplitSettings { parts, ..SplitSettings::default() };
    tell(&mut state, Action::ChangeSplits(settings.into()));
    let dealt = session(&state).balance.dealt.current().expect("it is dealt").clone();
    assert_eq!((dealt.names.len(), dealt.resplit.sizes.iter().sum::<u64>()), (2, 20));
    assert!(dealt.kept_copies);
    let of = &dealt.resplit.split_of;
    assert!(of[0] == of[1] && of[1] == of[2] && of[3] == of[4]);
    assert_eq!(dealt.dealt().dataset.split_names, ["train", "val"]);
    let path = std::path::PathBuf::from("/out/splits.csv");
    let file = BalanceFile::Splits;
    let effects = tell(&mut state, Action::BalanceExportTo { file, path: path.clone() });
    assert_eq!(effects, [Effect::ExportBalance { file, path }]);
    let alone = SplitSettings { parts: vec![("train".to_owned(), 1.0)], ..SplitSettings::default() };
    tell(&mut state, Action::ChangeSplits(alone.into()));
    assert!(matches!(session(&state).balance.dealt.answer, Some(Err(_))));
}

#[test]
fn another_dataset_is_listed_and_its_proportions_are_wanted() {
    let target = TargetChoice::MatchDataset;
    let mut state = planning(BalanceSettings { target, ..BalanceSettings::default() });
    let problem = |state: &State| match &session(state).balance.plan.answer {
        Some(Err(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(problem(&state), "Choose the dataset whose proportions are wanted.");
    let picked = tell(&mut state, Action::PickOther(OtherSource::Folder));
    assert_eq!(picked, [Effect::PickOther(OtherSource::Folder)]);
    let path = std::path::PathBuf::from("/other");
    let list = |state: &mut State| {
        let effects = tell(state, Action::OtherPicked { path: path.clone() });
        let [Effect::ListOther { generation, path: listed }] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert_eq!(*listed, path);
        *generation
    };
    let other = |counts: &[(&str, u64)]| OtherDataset {
        source: "/other".to_owned(),
        counts: counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
    };
    let stopped = list(&mut state);
    assert_eq!(session(&state).balance.listing(), Some(&*path));
    assert!(!session(&state).balance.is_answered());
    // What was stopped is no answer, however late it comes.
    assert_eq!(tell(&mut state, Action::StopListing), [Effect::EndListing]);
    tell(&mut state, Action::OtherListed { generation: stopped, other: Ok(other(&[("cat", 1)])) });
    assert!(session(&state).balance.settings.other.is_none());
    // Why one could not be listed is told.
    let generation = list(&mut state);
    tell(&mut state, Action::OtherListed { generation, other: Err("There is nothing.".to_owned()) });
    assert_eq!(state.notices.last().map(|notice| notice.text.as_str()), Some("There is nothing."));
    let generation = list(&mut state);
    let counts = other(&[("cat", 30), ("dog", 10), ("owl", 5)]);
    tell(&mut state, Action::OtherListed { generation, other: Ok(counts) });
    // Three cats for each dog, and as many as there can be where none is added.
    assert_eq!(classes(&state), [(8, 8, 8), (8, 2, 2)]);
    let note = "No sample here has a label of the other dataset's that is wanted, too: owl.";
    assert_eq!(plan(&state).note.as_deref(), Some(note));
    let generation = list(&mut state);
    tell(&mut state, Action::OtherListed { generation, other: Ok(other(&[("owl", 3)])) });
    assert_eq!(problem(&state), "The datasets have no class in common: /other");
    // One without a sample of what is here would leave nothing.
    let generation = list(&mut state);
    tell(&mut state, Action::OtherListed { generation, other: Ok(other(&[("cat", 0)])) });
    assert!(problem(&state).contains("nothing of it would stay"), "{}", problem(&state));
}

#[test]
fn names_and_proportions_of_new_splits_are_a_persons_own() {
    let mut state = reviewed();
    tell(&mut state, Action::AskBalance(Look::Splits));
    for (names, expected) in [
        (["a", "a "], "Two splits are called a: give them different names."),
        (["", "b"], "A split has no name: give each of them one."),
    ] {
        let parts = names.map(|name| (name.to_owned(), 0.5)).to_vec();
        tell(&mut state, Action::ChangeSplits(SplitSettings { parts, ..SplitSettings::default() }.into()));
        let answer = session(&state).balance.dealt.answer.clone();
        assert_eq!(answer, Some(Err(expected.to_owned())));
    }
    tell(&mut state, Action::ChangeSplits(SplitSettings::default().into()));
    let mut harness = harness(state, [1000.0, 900.0], Theme::Dark);
    harness.get_by_label("New splits").click();
    harness.run();
    harness.get_by_label("Add a split").click();
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, "Name of split 4");
    harness.get_by_label("Remove the split test").click();
    harness.run();
    let parts = |harness: &Harness<'static, (State, BalancePane)>| {
        session(&harness.state().0).balance.splits.parts.clone()
    };
    let expected = [("train", 0.8), ("val", 0.1), ("split-4", 0.0)];
    assert_eq!(parts(&harness), expected.map(|(name, ratio)| (name.to_owned(), ratio)));
    harness.get_by_label("Make it 100 %").click();
    harness.run();
    let scaled = parts(&harness);
    assert!((scaled[0].1 - 8.0 / 9.0).abs() < 1e-9 && (scaled[1].1 - 1.0 / 9.0).abs() < 1e-9, "{scaled:?}");
    assert!(harness.query_by_label("Make it 100 %").is_none());
    let dealt = session(&harness.state().0).balance.dealt.current().expect("it is dealt").clone();
    assert_eq!(dealt.names, ["train", "val"], "a split without a part is none");
}

/// The panel by itself; what is asked is answered at once.
fn harness(state: State, size: [f32; 2], theme: Theme) -> Harness<'static, (State, BalancePane)> {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(20)
        .with_os(egui::os::OperatingSystem::Nix)
        .wgpu()
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, (state, pane): &mut (State, BalancePane)| {
                let frame = egui::Frame::central_panel(ui.style()).inner_margin(0.0);
                let mut actions = Vec::new();
                egui::CentralPanel::default().frame(frame).show(ui, |ui| {
                    let mut pencil =
                        Pencil { state: &*state, pictures: &mut NoPictures, actions: &mut actions };
                    balance_ui(ui, &mut pencil, pane);
                });
                for action in actions {
                    tell(state, action);
                }
            },
            (state, BalancePane::default()),
        );
    harness.run();
    harness
}

#[test]
fn marks_are_moved_by_the_arrow_keys() {
    let mut harness = harness(planning(capped(6)), [1000.0, 1400.0], Theme::Dark);
    harness.get_by_label("Wanted of cat").focus();
    harness.run();
    harness.key_press(Key::ArrowLeft);
    harness.run();
    assert_eq!(session(&harness.state().0).balance.settings.target, TargetChoice::ByHand);
    assert_eq!(classes(&harness.state().0), [(8, 5, 5), (8, 6, 6)]);
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert_eq!(classes(&harness.state().0), [(8, 6, 6), (8, 6, 6)]);
}

/// A class of three hundred.
fn long_name(class: usize) -> String {
    format!("class {class:03} of a dataset whose names go on for much longer than a line has room for them")
}

/// Three hundred classes of one to seven samples.
fn many() -> State {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for class in 0..300 {
        let label = long_name(class);
        for at in 0..=class % 7 {
            let path = format!("{class}/{at}.png");
            builder.push(NewSample { path: &path, labels: &[&label], bytes: 10, ..Default::default() });
        }
    }
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(unmeasured(builder.finish().0, Vec::new()))));
    tell(&mut state, Action::AskBalance(Look::Plan));
    state
}

#[test]
fn hundreds_of_classes_are_searched_and_stay_within_the_panel() {
    for width in [420.0, 480.0, 1000.0, 1400.0] {
        let mut harness = harness(many(), [width, 2000.0], Theme::Dark);
        assert_eq!(classes(&harness.state().0).len(), 300);
        for node in harness.get_all_by_role(Role::Button).chain(harness.get_all_by_role(Role::Slider)) {
            let (label, rect) = (node.accesskit_node().label(), node.rect());
            assert!(rect.right() <= width + 0.5, "{label:?} at {rect:?}");
        }
        let name = |class: usize| format!("Wanted of {}", long_name(class));
        harness.get_by_label("Search classes").focus();
        harness.run();
        harness.get_by_label("Search classes").type_text("CLASS 147");
        harness.run();
        harness.get_by_label(&name(147));
        assert_eq!(harness.get_all_by_role(Role::Slider).count(), 1);
        harness.get_by_label("1 of 300");
    }
}

/// Writes pictures of the panel to the folder in LENSLET_PICTURES, for a person to look at.
#[test]
fn the_panel_is_drawn_in_both_themes_at_every_width() {
    let folder = std::env::var_os("LENSLET_PICTURES");
    for (theme, size) in
        [(Theme::Dark, [1400.0, 900.0]), (Theme::Light, [1000.0, 900.0]), (Theme::Light, [420.0, 1800.0])]
    {
        for look in ["Plan", "New splits"] {
            let weights = Some(Weighting::Effective { beta: 0.99 });
            let mut harness = harness(planning(BalanceSettings { weights, ..capped(6) }), size, theme);
            harness.get_by_label(look).click();
            harness.run();
            let picture = harness.render().expect("a driver is there, if in software");
            if let Some(folder) = &folder {
                let name = format!("balance-{look}-{theme:?}-{}.png", size[0]);
                picture.save(std::path::Path::new(folder).join(name)).expect("it is written");
            }
        }
    }
}

#[test]
fn a_person_plans_the_demo_draws_flags_undoes_and_saves_weights() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    // Large enough for all of the panel.
    window.harness.set_size(egui::vec2(2000.0, 1400.0));
    window.key(Modifiers::COMMAND, Key::B);
    fn state<'a>(window: &'a Window<'_>) -> &'a State {
        window.app().state()
    }
    // By chance alone, to the same count of every class.
    window.click("1. Prune the most redundant first");
    let found = plan(state(&window)).clone();
    assert!(!found.means.prune && found.means.undersample && found.pruned == 0 && found.undersampled > 0);
    let even = classes(state(&window));
    let is_even = |class: &(u64, u64, u64)| class.0 == 0 || class.1 == even[0].1 && class.2 == class.1;
    assert!(even.iter().all(is_even), "{even:?}");
    let samples = |plan: &BalancePlan| {
        format!("Samples: {} → {}", plan.balanced.before.copies, plan.balanced.after.copies)
    };
    window.harness.get_by_label(&samples(&found));

    // A mark dragged to the left asks for fewer, and from then on what is wanted is drawn by hand.
    let from = window.harness.get_by_label("Wanted of a").rect().center();
    let to = from - egui::vec2(12.0, 0.0);
    window.harness.hover_at(from);
    window.harness.step();
    window.harness.drag_at(from);
    window.harness.step();
    window.harness.hover_at(from - egui::vec2(8.0, 0.0));
    window.harness.step();
    window.harness.hover_at(to);
    window.settle();
    window.harness.drop_at(to);
    window.settle();
    let settings = session(state(&window)).balance.settings.clone();
    assert_eq!(settings.target, TargetChoice::ByHand);
    let drawn = classes(state(&window));
    assert!(drawn[0].1 < even[0].1 && drawn[0].2 == drawn[0].1, "{drawn:?}");
    assert_eq!(drawn[1..], even[1..], "the others stay as they were wanted");

    // What goes is flagged, seen in the grid, and taken back in one step.
    let going = plan(state(&window)).going();
    window.click("Flag what goes");
    assert_eq!(u64::from(session(state(&window)).shown.found.total.pruned), going);
    window.type_filter("is:pruned");
    assert_eq!(window.shown() as u64, going);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    for _ in 0..3 {
        window.act(Action::Run(Command::Undo));
    }
    assert!(pruned(state(&window)).is_empty());

    // Weights and the code that reads them, saved where the person says.
    window.click("4. Class weights");
    let told = |text: &'static str| {
        move |harness: &Harness<'_, Option<lenslet::app::App>>| {
            let notices = harness.state().as_ref().map(|app| &app.state().notices);
            notices.is_some_and(|notices| notices.iter().any(|notice| notice.text.contains(text)))
        }
    };
    let path = home.path().join("even.csv");
    window.act(Action::BalanceExportTo { file: BalanceFile::Weights, path: path.clone() });
    window.until("the weights", told("The weights of"));
    let rows = std::fs::read_to_string(&path).expect("a table");
    assert!(rows.starts_with("path,repeat,weight\n"), "{rows}");
    assert_eq!(rows.lines().count() as u64 - 1, plan(state(&window)).kept);
    let code = home.path().join("sampler.py");
    window.act(Action::BalanceExportTo { file: BalanceFile::Sampler, path: code.clone() });
    window.until("the code", told("it reads the weights in even.csv"));
    assert!(std::fs::read_to_string(&code).expect("code").contains("\"even.csv\""));
    let table = home.path().join("balanced.csv");
    window.act(Action::BalanceExportTo { file: BalanceFile::Manifest, path: table.clone() });
    window.until("the table", told("The table of"));
    assert!(table.is_file());

    // The plan itself, as a dataset of its own.
    window.act(Action::ExportPlan);
    let draft =
        |harness: &Harness<'_, Option<lenslet::app::App>>| match &harness.state().as_ref()?.state().dialog {
            Some(Dialog::ExportDataset(draft)) => Some((**draft).clone()),
            _ => None,
        };
    let choice = draft(&window.harness).expect("the dialog is open").choice;
    let target = home.path().join("out").display().to_string();
    window.act(Action::ChangeExport(Box::new(ExportChoice { target, ..choice })));
    window.until("a plan of the export", |harness| draft(harness).is_some_and(|draft| draft.plan.is_some()));
    let planned = draft(&window.harness).and_then(|draft| draft.plan).expect("it is there");
    let planned = planned.expect("it can be planned");
    assert_eq!(planned.samples, plan(state(&window)).balanced.after.samples);
    window.act(Action::StartExport);
    window.until("the export", told("exported and verified"));
    assert!(home.path().join("out").is_dir());
    window.close();
}
