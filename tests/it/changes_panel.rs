//! The panel of changes: what it lists, narrows down, shows in the grid and gives back.

use egui::{Key, Modifiers, Ui};
use egui_kittest::kittest::Queryable;
use lenslet::dataset::LabelOrigin;
use lenslet::dataset::edit::SampleSet;
use lenslet::review::changes::ChangeOrder;
use lenslet::state::{Action, Command, Effect, How, LabelGesture, State};
use lenslet::store::Settings;
use lenslet::ui::Pencil;
use lenslet::ui::changes::{ChangesPane, changes_ui};

use crate::classes_dialog::tell;
use crate::pane::{Pane, click, pane, session};
use crate::session::{act, twenty};
use crate::window::{Window, demo};

/// When the first label is given: 2026-11-30 14:05:00 UTC.
const TIME: i64 = 1_796_047_500_000;

fn say(state: &mut State, gesture: LabelGesture) {
    tell(state, Action::Label(Box::new(gesture)));
}

fn label(state: &mut State, rows: &[u32], class: &str) {
    let (samples, classes) = (SampleSet::from_rows(rows.iter().copied()), vec![class.to_owned()]);
    say(state, LabelGesture::Give { samples, classes, how: How::Only, origin: LabelOrigin::ByHand });
}

/// Twenty samples of which Ada made two cats dogs, Bob a dog a cat, and of which one has a tag.
fn changed() -> State {
    let mut state = State::new(Settings { person: "Ada".into(), ..Settings::default() });
    state.now_ms = TIME;
    tell(&mut state, Action::Opened(Box::new(twenty())));
    label(&mut state, &[0, 1], "dog");
    state.settings.person = "Bob".into();
    state.now_ms = TIME + 60_000;
    label(&mut state, &[10], "cat");
    say(&mut state, LabelGesture::Tag { samples: SampleSet::from_rows([5]), tag: "odd".into(), on: true });
    state
}

type Panel = Pane<ChangesPane>;

fn panel(state: State) -> Panel {
    pane(state, [1100.0, 800.0], 40, framed, tell)
}

fn framed(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut ChangesPane) {
    let frame = egui::Frame::central_panel(ui.style()).inner_margin(0.0);
    egui::CentralPanel::default().frame(frame).show(ui, |ui| changes_ui(ui, pencil, view));
}

/// The samples that are listed, in their order.
fn listed(state: &State) -> Vec<u32> {
    let list = session(state).changes.list().expect("it is listed");
    list.rows.iter().map(|at| list.changes.all[*at as usize].sample).collect()
}

#[test]
fn a_list_is_asked_for_while_the_panel_is_shown() {
    let mut state = changed();
    let asked = |effects: &[Effect]| {
        effects.iter().filter(|effect| matches!(effect, Effect::ListChanges { .. })).count()
    };
    let star = |row| Action::SetMarkOf { sample: row, mark: lenslet::dataset::edit::Mark::Star, on: true };
    assert_eq!(asked(&act(&mut state, star(3))), 0);
    assert_eq!(asked(&act(&mut state, Action::AskChanges)), 1);
    assert_eq!(asked(&act(&mut state, Action::GridScrolled { position: 1.0 })), 0);
    assert_eq!(asked(&act(&mut state, star(4))), 1);
    let mut look = session(&state).changes.look.clone();
    look.order = ChangeOrder::Path;
    assert_eq!(asked(&act(&mut state, Action::ChangeChanges(Box::new(look)))), 1);
    act(&mut state, Action::LeaveChanges);
    assert_eq!(asked(&act(&mut state, star(6))), 0);
}

#[test]
fn changes_are_listed_narrowed_and_shown_in_the_grid() {
    let mut harness = panel(changed());
    assert_eq!(listed(&harness.state().0), [10, 0, 1, 5]);
    harness.get_by_label("train/cat/00.jpg: cat → dog");
    harness.get_by_label("train/dog/10.jpg: dog → cat");
    harness.get_by_label("4 of 4 changes");

    click(&mut harness, "by path");
    assert_eq!(listed(&harness.state().0), [0, 1, 5, 10]);
    click(&mut harness, "Bob 1");
    assert_eq!(listed(&harness.state().0), [10]);
    click(&mut harness, "Bob 1");
    click(&mut harness, "tags 1");
    assert_eq!(listed(&harness.state().0), [5]);
    click(&mut harness, "tags 1");

    // A pair lists its samples, and asks for them in the grid.
    click(&mut harness, "cat → dog, 2 samples");
    assert_eq!(listed(&harness.state().0), [0, 1]);
    let view = session(&harness.state().0).overlay.view.clone();
    assert_eq!(view.filter, "given:cat -label:cat label:dog -given:dog");
    assert_eq!(session(&harness.state().0).shown.found.rows.len(), 2);
    click(&mut harness, "cat → dog, 2 samples");
    assert_eq!(session(&harness.state().0).shown.found.rows.len(), 20);

    harness.get_by_label("Search changes").focus();
    harness.run_steps(3);
    harness.get_by_label("Search changes").type_text("dog/10");
    harness.run_steps(6);
    assert_eq!(listed(&harness.state().0), [10]);
}

#[test]
fn a_click_goes_to_the_sample_and_labels_are_given_back() {
    let mut harness = panel(changed());
    click(&mut harness, "train/cat/01.jpg: cat → dog");
    assert_eq!(session(&harness.state().0).selection.cursor, Some(1));
    harness.get_by_label("train/cat/00.jpg: cat → dog").click_modifiers(Modifiers::COMMAND);
    harness.run_steps(6);
    assert_eq!(session(&harness.state().0).selection.len(), 2);
    click(&mut harness, "Give the source's labels back");
    assert_eq!(listed(&harness.state().0), [10, 5]);
    let names = |harness: &Panel, row: u32| session(&harness.state().0).identities_of(row);
    assert_eq!((names(&harness, 0), names(&harness, 1)), (vec!["cat".to_owned()], vec!["cat".to_owned()]));
    tell(&mut harness.state_mut().0, Action::Run(Command::Undo));
    assert_eq!(names(&harness, 0), ["dog"]);
    tell(&mut harness.state_mut().0, Action::Run(Command::Redo));

    // All that is listed, by its keys as well.
    harness.run_steps(3);
    click(&mut harness, "Select all of these");
    assert_eq!(session(&harness.state().0).selection.len(), 2);
    harness.key_press(Key::Home);
    harness.run_steps(6);
    assert_eq!(session(&harness.state().0).selection.cursor, Some(10));
    click(&mut harness, "Give the source's labels back");
    let samples = SampleSet::from_rows([5]);
    tell(
        &mut harness.state_mut().0,
        Action::Label(Box::new(LabelGesture::Tag { samples, tag: "odd".into(), on: false })),
    );
    harness.run_steps(6);
    harness.get_by_label("All is as the source says");
}

#[test]
fn a_range_and_keys_go_on_from_the_sample_wherever_it_is_listed_by_now() {
    let mut harness = panel(changed());
    click(&mut harness, "train/dog/10.jpg: dog → cat");
    harness.state_mut().0.now_ms = TIME + 120_000;
    label(&mut harness.state_mut().0, &[11], "cat");
    harness.run_steps(6);
    assert_eq!(listed(&harness.state().0), [11, 10, 0, 1, 5]);
    harness.get_by_label("train/cat/00.jpg: cat → dog").click_modifiers(Modifiers::SHIFT);
    harness.run_steps(6);
    let selected: Vec<u32> = session(&harness.state().0).selection.iter().collect();
    assert_eq!(selected, [0, 10]);
    harness.state_mut().0.now_ms = TIME + 180_000;
    label(&mut harness.state_mut().0, &[12], "cat");
    harness.run_steps(6);
    harness.key_press(Key::ArrowDown);
    harness.run_steps(6);
    assert_eq!(session(&harness.state().0).selection.cursor, Some(1));
}

#[test]
fn what_became_of_classes_stands_on_top() {
    let mut state = changed();
    let to = session(&state).snapshot.labelling.classes().renamed("dog", "Hund");
    say(&mut state, LabelGesture::Classes { to: Box::new(to), what: "Rename".into() });
    let mut harness = panel(state);
    harness.get_by_label("“dog” was renamed to “Hund”");
    harness.get_by_label("train/cat/00.jpg: cat → Hund");
    click(&mut harness, "cat → Hund, 2 samples");
    assert_eq!(
        session(&harness.state().0).shown.found.rows.len(),
        2,
        "the query names the class as it is named now"
    );
}

#[test]
fn the_panel_lists_what_a_person_does_in_the_window_and_after_a_restart() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    let give = |row: u32| {
        let (samples, classes) = (SampleSet::from_rows([row]), vec!["b".to_owned()]);
        let origin = LabelOrigin::ByHand;
        Action::Label(Box::new(LabelGesture::Give { samples, classes, how: How::Only, origin }))
    };
    let a = |window: &Window<'_>| {
        let session = window.app().state().session.as_ref().expect("it is open");
        let labels = session.snapshot.labels();
        (0..300).find(|row| labels.names(*row).eq(["a"])).expect("there are some")
    };
    let row = a(&window);
    window.act(give(row));
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::J);
    window.harness.get_by_label("a → b, 1 sample");
    window.close();
    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::J);
    let session = window.app().state().session.as_ref().expect("it is open");
    assert_eq!(session.changes.list().map(|list| list.changes.all.len()), Some(1));
    window.close();
}
