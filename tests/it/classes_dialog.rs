//! The dialog of classes: added, renamed, merged, split, removed, moved, with keys and colours, each taken back by one
//! undo.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::dataset::edit::SampleSet;
use lenslet::dataset::labelling::Classes;
use lenslet::dataset::{DatasetBuilder, Layout, NewSample};
use lenslet::state::labelling::changes::ChangeList;
use lenslet::state::{Action, Command, Effect, LabelGesture, State};
use lenslet::store::{Access, Settings};
use lenslet::ui::dialogs::{DialogsView, dialogs_ui};

use crate::pane::{Pane, click, pane, press, session, settle};
use crate::session::{act, twenty, unmeasured};
use crate::window::{Window, demo};

/// Carries an action out, and answers what is asked for a list of changes or the samples of a split.
pub fn tell(state: &mut State, action: Action) -> Vec<Effect> {
    let mut left = Vec::new();
    for effect in act(state, action) {
        let session = session(state);
        let answer = match effect {
            Effect::FindSplit { generation } => {
                let question = session.splitting.wanted().expect("it was asked");
                Action::SplitFound { generation, found: question.answer(&session.snapshot) }
            }
            Effect::ListChanges { generation } => {
                let before = session.changes.list().map(AsRef::as_ref);
                let list = ChangeList::make(&session.snapshot, &session.changes.look, before);
                Action::ChangesListed { generation, list: Ok(list.into()) }
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

/// The classes in force with how many samples each has.
fn classes(state: &State) -> Vec<(String, usize)> {
    let labels = session(state).snapshot.labels();
    let count = |class: usize| {
        (0..labels.of.len() as u32).filter(|row| labels.get(*row).contains(&(class as u32))).count()
    };
    labels.classes.iter().enumerate().map(|(at, name)| (name.clone(), count(at))).collect()
}

fn expect(harness: &Dialog, expected: &[(&str, usize)]) {
    let expected: Vec<(String, usize)> =
        expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(classes(&harness.state().0), expected);
}

type Dialog = Pane<DialogsView>;

/// The dialog over this state.
fn dialog(mut state: State) -> Dialog {
    tell(&mut state, Action::Run(Command::ManageClasses));
    pane(state, [1000.0, 1300.0], 40, |ui, pencil, view| dialogs_ui(ui.ctx(), pencil, view), tell)
}

fn write(harness: &mut Dialog, field: &str, text: &str) {
    harness.get_by_label(field).focus();
    settle(harness);
    harness.get_by_label(field).type_text(text);
    settle(harness);
}

fn open_twenty() -> State {
    let mut state = State::new(Settings::default());
    tell(&mut state, Action::Opened(Box::new(twenty())));
    state
}

/// A dataset with one sample of each of these classes.
fn of_classes<'a>(names: impl IntoIterator<Item = &'a str>) -> State {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for (at, name) in names.into_iter().enumerate() {
        builder.push(NewSample { path: &format!("{at}.png"), labels: &[name], ..Default::default() });
    }
    let mut state = State::new(Settings::default());
    tell(&mut state, Action::Opened(Box::new(unmeasured(builder.finish().0, Vec::new()))));
    state
}

const TWO: [(&str, usize); 2] = [("cat", 10), ("dog", 10)];

#[test]
fn classes_are_added_and_renamed_and_each_is_undone() {
    let mut harness = dialog(open_twenty());
    write(&mut harness, "Name of a new class", "emu");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    expect(&harness, &[("cat", 10), ("dog", 10), ("emu", 0)]);
    write(&mut harness, "Name of a new class", "cat");
    click(&mut harness, "Add class");
    harness.get_by_label("There is a class “cat” already.");
    click(&mut harness, "Undo");
    expect(&harness, &TWO);

    click(&mut harness, "cat, 10 samples");
    click(&mut harness, "Rename");
    harness.get_by_label("New name of the class").type_text("Katze");
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    expect(&harness, &[("Katze", 10), ("dog", 10)]);
    assert_eq!(harness.state().0.title_of(Command::Undo), "Undo: Rename the class “cat” to “Katze”");
    click(&mut harness, "Undo");
    expect(&harness, &TWO);
    click(&mut harness, "Redo");
    expect(&harness, &[("Katze", 10), ("dog", 10)]);
}

#[test]
fn nothing_is_begun_where_nothing_can_be_kept() {
    let mut state = open_twenty();
    let session = state.session.as_mut().expect("it is open");
    session.project.access = Access::ReadOnly { reason: "another window has it open".to_owned() };
    let mut harness = dialog(state);
    assert!(harness.get_by_label("Name of a new class").accesskit_node().is_disabled());
    click(&mut harness, "cat, 10 samples");
    press(&mut harness, Modifiers::NONE, Key::F2);
    assert!(harness.query_by_label("New name of the class").is_none());
    harness.get_by_label_contains("Nothing was changed.");
    expect(&harness, &TWO);
}

#[test]
fn a_name_that_another_class_has_offers_to_merge() {
    let mut harness = dialog(open_twenty());
    click(&mut harness, "cat, 10 samples");
    press(&mut harness, Modifiers::NONE, Key::F2);
    harness.get_by_label("New name of the class").type_text("dog");
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    expect(&harness, &TWO);
    harness.get_by_label("There is a class “dog” already. Make the two one?");
    click(&mut harness, "Merge them");
    expect(&harness, &[("dog", 20)]);
    click(&mut harness, "Undo");
    expect(&harness, &TWO);
}

#[test]
fn chosen_classes_are_merged_and_brought_back() {
    let mut harness = dialog(open_twenty());
    click(&mut harness, "cat, 10 samples");
    harness.get_by_label("dog, 10 samples").click_modifiers(Modifiers::COMMAND);
    settle(&mut harness);
    click(&mut harness, "Merge…");
    click(&mut harness, "Into “dog”");
    harness.get_by_label("10 samples of the class “cat” will be of “dog”.");
    click(&mut harness, "Merge");
    expect(&harness, &[("dog", 20)]);
    click(&mut harness, "Bring back cat");
    expect(&harness, &TWO);
    click(&mut harness, "Undo");
    click(&mut harness, "Undo");
    expect(&harness, &TWO);
}

#[test]
fn removing_a_class_in_use_asks_what_becomes_of_its_samples() {
    let mut harness = dialog(open_twenty());
    click(&mut harness, "cat, 10 samples");
    click(&mut harness, "Remove…");
    harness.get_by_label("What becomes of 10 samples of the class “cat”?");
    expect(&harness, &TWO);
    click(&mut harness, "They move to another class");
    write(&mut harness, "Move to", "do");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    click(&mut harness, "Remove");
    expect(&harness, &[("dog", 20)]);
    click(&mut harness, "Undo");
    expect(&harness, &TWO);

    click(&mut harness, "cat, 10 samples");
    press(&mut harness, Modifiers::NONE, Key::Delete);
    click(&mut harness, "Remove");
    expect(&harness, &[("dog", 10)]);
    let unlabelled = |harness: &Dialog| {
        let labels = session(&harness.state().0).snapshot.labels().clone();
        (0..20).filter(|row| labels.get(*row).is_empty()).count()
    };
    assert_eq!(unlabelled(&harness), 10);
    click(&mut harness, "Undo");
    assert_eq!(unlabelled(&harness), 0);

    // A class without a sample goes at once; Escape leaves what is asked and not the dialog.
    write(&mut harness, "Name of a new class", "emu");
    click(&mut harness, "Add class");
    click(&mut harness, "emu, 0 samples");
    click(&mut harness, "Remove…");
    expect(&harness, &TWO);
    click(&mut harness, "cat, 10 samples");
    click(&mut harness, "Remove…");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.state().0.dialog.is_some());
    assert!(harness.query_by_label("What becomes of 10 samples of the class “cat”?").is_none());
}

#[test]
fn some_samples_of_a_class_become_another_one() {
    let mut state = open_twenty();
    tell(&mut state, Action::SelectPositions { positions: vec![1, 2, 12], add: false, begins: true });
    let selected = session(&state).selected_of("cat").len();
    assert!((1..=3).contains(&selected));
    let mut harness = dialog(state);
    click(&mut harness, "cat, 10 samples");
    click(&mut harness, "Split…");
    write(&mut harness, "Name of the class that is split off", "kitten");
    click(&mut harness, "Split");
    expect(&harness, &[("cat", 10 - selected), ("dog", 10), ("kitten", selected)]);
    click(&mut harness, "Undo");
    expect(&harness, &TWO);

    click(&mut harness, "cat, 10 samples");
    click(&mut harness, "Split…");
    write(&mut harness, "Name of the class that is split off", "held out");
    click(&mut harness, "Those that fit a filter");
    write(&mut harness, "Filter of the samples to split", "split:test");
    harness.get_by_label("2 samples of “cat” fit this.");
    click(&mut harness, "Split");
    expect(&harness, &[("cat", 8), ("dog", 10), ("held out", 2)]);
    click(&mut harness, "Undo");
    expect(&harness, &TWO);
}

#[test]
fn classes_are_put_in_order_by_keys_and_buttons() {
    let mut harness = dialog(open_twenty());
    click(&mut harness, "dog, 10 samples");
    press(&mut harness, Modifiers::ALT, Key::ArrowUp);
    expect(&harness, &[("dog", 10), ("cat", 10)]);
    click(&mut harness, "Move down");
    expect(&harness, &TWO);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    expect(&harness, &[("dog", 10), ("cat", 10)]);
    click(&mut harness, "Sort by name");
    expect(&harness, &TWO);

    // A line that is dragged over another one.
    let from = harness.get_by_label("dog, 10 samples").rect().center();
    let to = harness.get_by_label("cat, 10 samples").rect().center() - egui::vec2(0.0, 8.0);
    harness.hover_at(from);
    harness.step();
    harness.drag_at(from);
    harness.step();
    for part in [0.3, 0.7, 1.0] {
        harness.hover_at(from + (to - from) * part);
        harness.step();
    }
    harness.drop_at(to);
    settle(&mut harness);
    expect(&harness, &[("dog", 10), ("cat", 10)]);
}

#[test]
fn keys_are_bound_by_pressing_them_and_swapped() {
    let mut harness = dialog(open_twenty());
    click(&mut harness, "Key of cat: 1");
    press(&mut harness, Modifiers::NONE, Key::Q);
    harness.get_by_label("Key of cat: Q");
    click(&mut harness, "Key of dog: 1");
    // That of a command is refused.
    press(&mut harness, Modifiers::NONE, Key::S);
    harness.get_by_label_contains("S is the key of a command");
    press(&mut harness, Modifiers::NONE, Key::Q);
    harness.get_by_label("Key of dog: Q");
    harness.get_by_label("Key of cat: 1");
    harness.get_by_label("The key Q was that of “cat”, which has the key 1 from now on.");
    click(&mut harness, "Undo");
    harness.get_by_label("Key of cat: Q");
    click(&mut harness, "Undo");
    harness.get_by_label("Key of cat: 1");
}

#[test]
fn colours_are_chosen_and_given_up() {
    let mut harness = dialog(open_twenty());
    let chosen = |harness: &Dialog| session(&harness.state().0).snapshot.chosen_colour(0);
    assert_eq!(chosen(&harness), None);
    click(&mut harness, "Colour of cat");
    click(&mut harness, "Green");
    assert_eq!(chosen(&harness), Some([0, 158, 115]));
    click(&mut harness, "Red");
    assert_eq!(chosen(&harness), Some([220, 50, 60]));
    click(&mut harness, "Automatic colour");
    assert_eq!(chosen(&harness), None);
    click(&mut harness, "Undo");
    assert_eq!(chosen(&harness), Some([220, 50, 60]));
}

#[test]
fn a_renamed_parent_renames_those_under_it_in_one_edit() {
    let mut harness = dialog(of_classes(["animal/cat", "car", "animal/dog"]));
    click(&mut harness, "animal, 2 samples under it");
    click(&mut harness, "Rename");
    harness.get_by_label("New name of the class").type_text("beast");
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    expect(&harness, &[("beast/cat", 1), ("car", 1), ("beast/dog", 1)]);
    click(&mut harness, "Undo");
    expect(&harness, &[("animal/cat", 1), ("car", 1), ("animal/dog", 1)]);
}

#[test]
fn of_thousands_of_classes_those_on_screen_are_drawn() {
    let names: Vec<String> = (0..3000).map(|at| format!("class {at:04}")).collect();
    let mut harness = dialog(of_classes(names.iter().map(String::as_str)));
    let lines = |harness: &Dialog| harness.get_all_by_role(Role::ListItem).count();
    assert!((3..=14).contains(&lines(&harness)));
    write(&mut harness, "Search classes", "CLASS 0147");
    assert_eq!(lines(&harness), 1);
    harness.get_by_label("1 of 3,000");
    harness.get_by_label("class 0147, 1 sample");
}

#[test]
fn what_was_done_to_classes_is_there_after_a_restart() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    let names = |window: &Window<'_>| {
        let session = window.app().state().session.as_ref().expect("it is open");
        session.snapshot.labels().classes.clone()
    };
    let before = names(&window);
    let count =
        window.app().state().session.as_ref().map_or(0, |session| session.shown.found.total.classes[0]);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::K);
    window.click(&format!("a, {count} samples"));
    window.click("Rename");
    window.harness.get_by_label("New name of the class").type_text("Alpha");
    window.settle();
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(names(&window)[0], "Alpha");
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.app().state().dialog.is_none());
    // A filter goes by the name of now.
    window.type_filter("label:Alpha");
    assert_eq!(window.shown(), count as usize);
    window.close();

    let mut window = Window::open(home.path(), Some(&dataset));
    assert_eq!((names(&window)[0].as_str(), window.shown()), ("Alpha", count as usize));
    window.act(Action::Run(Command::Undo));
    window.act(Action::Run(Command::Undo));
    assert_eq!(names(&window), before, "it is undone across a restart");
    window.close();
}

#[test]
fn a_split_takes_boxes_along() {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Coco);
    let boxed =
        |class| lenslet::dataset::builder::NewBox { class, rect: [0.0, 0.0, 4.0, 4.0], relative: false };
    for at in 0..2 {
        let boxes = vec![boxed("cat"), boxed("dog")];
        builder.push(NewSample { path: &format!("{at}.png"), boxes, ..Default::default() });
    }
    let mut state = State::new(Settings::default());
    tell(&mut state, Action::Opened(Box::new(unmeasured(builder.finish().0, Vec::new()))));
    let samples = SampleSet::from_rows([1]);
    let (class, name) = ("cat".to_owned(), "kitten".to_owned());
    tell(&mut state, Action::Label(Box::new(LabelGesture::Split { class, name, samples })));
    let named = |state: &State, row: u32| -> Vec<String> {
        let snapshot = &session(state).snapshot;
        let boxes = snapshot.boxes().get(row).iter();
        boxes.map(|one| snapshot.labels().classes[one.class as usize].clone()).collect()
    };
    assert_eq!(
        (named(&state, 0), named(&state, 1)),
        (vec!["cat".to_owned(), "dog".to_owned()], vec!["kitten".to_owned(), "dog".to_owned()])
    );
    assert_eq!(classes(&state), [("cat".to_owned(), 1), ("dog".to_owned(), 2), ("kitten".to_owned(), 1)]);
    tell(&mut state, Action::Run(Command::Undo));
    assert_eq!(classes(&state), [("cat".to_owned(), 2), ("dog".to_owned(), 2)]);
    assert_eq!(**session(&state).snapshot.labelling.classes(), Classes::default());
}

#[test]
fn a_split_leaves_the_classes_of_boxes_to_the_boxes() {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Coco);
    let dog = lenslet::dataset::builder::NewBox { class: "dog", rect: [0.0, 0.0, 4.0, 4.0], relative: false };
    builder.push(NewSample { path: "0.png", labels: &["cat"], boxes: vec![dog], ..Default::default() });
    let mut state = State::new(Settings::default());
    tell(&mut state, Action::Opened(Box::new(unmeasured(builder.finish().0, Vec::new()))));
    let samples = SampleSet::from_rows([0]);
    let (class, name) = ("cat".to_owned(), "kitten".to_owned());
    tell(&mut state, Action::Label(Box::new(LabelGesture::Split { class, name, samples })));
    assert!(classes(&state).contains(&("kitten".to_owned(), 1)));
    let said = |state: &State| -> Vec<String> {
        let snapshot = &session(state).snapshot;
        let names = snapshot.labelling.classes();
        let said =
            snapshot.labelling.answer(0).into_iter().flat_map(|said| said.labels().collect::<Vec<_>>());
        said.map(|label| names.name(label).to_owned()).collect()
    };
    assert_eq!(said(&state), ["kitten"]);
    // With its box a class goes that the box alone brought.
    let (sample, boxes, what) = (0, Some(Vec::new()), "Remove a box".to_owned());
    tell(&mut state, Action::Label(Box::new(LabelGesture::Boxes { sample, boxes, what })));
    assert_eq!(session(&state).identities_of(0).len(), 1);
}
