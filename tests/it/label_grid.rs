//! Labelling many samples at once in the lists, driven by accessible names: keys, sweeps, the menu, proposals, and
//! samples that are alike.

use std::sync::Arc;

use egui::accesskit::{Role, Toggled};
use egui::{Event, Key, Modifiers, Pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::dataset::edit::{SampleSet, View};
use lenslet::dataset::labelling::Classes;
use lenslet::dataset::{Dataset, DatasetBuilder, LabelOrigin, Layout, NewSample, SampleId};
use lenslet::review::{Method, ReviewSettings};
use lenslet::state::labelling::Proposals;
use lenslet::state::{Action, Command, Effect, How, LabelGesture, Level, SelectMode, Session, State};
use lenslet::store::Settings;
use lenslet::ui::shell::Panels;

use crate::session::{self, NoPictures};
use crate::shell::{self, Shell, Window};

/// `00.png` to `19.png`: four cats, two dogs, and the others without a label.
fn cats_and_dogs() -> Shell {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..20 {
        let path = format!("{at:02}.png");
        let labels: &[&str] = match at {
            0..4 => &["cat"],
            4..6 => &["dog"],
            _ => &[],
        };
        builder.push(NewSample { path: &path, labels, ..NewSample::default() });
    }
    shell_of(builder.finish().0)
}

fn shell_of(dataset: Dataset) -> Shell {
    let mut opened = session::unmeasured(dataset, Vec::new());
    opened.overlay.view = View { sort: "path".to_owned(), ..View::default() };
    Shell::new(opened, Panels::new(), NoPictures)
}

fn window() -> Window {
    window_of(cats_and_dogs())
}

fn window_of(shell: Shell) -> Window {
    let mut window = shell::window(shell, 800.0, 30);
    settle(&mut window);
    window
}

/// Pictures that are on their way turn a spinner for ever.
fn settle(window: &mut Window) {
    window.step();
    window.run_steps(4);
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    settle(window);
}

fn key(window: &mut Window, key: Key) {
    press(window, Modifiers::NONE, key);
}

/// Selects the samples from one to another by clicks.
fn select(window: &mut Window, from: &str, to: &str) {
    window.get_by_role_and_label(Role::GridCell, from).click();
    settle(window);
    window.get_by_role_and_label(Role::GridCell, to).click_modifiers(Modifiers::SHIFT);
    settle(window);
}

fn click(window: &mut Window, role: Role, name: &str) {
    window.get_by_role_and_label(role, name).click();
    settle(window);
}

fn labels_in(session: &Session, sample: SampleId) -> Vec<String> {
    session.snapshot.labels().names(sample).map(str::to_owned).collect()
}

fn labels(window: &Window, sample: SampleId) -> Vec<String> {
    labels_in(window.state().session(), sample)
}

/// The samples from 6 on that have exactly this label.
fn all_of(window: &Window, class: &str) -> Vec<SampleId> {
    (6..20).filter(|sample| labels(window, *sample) == [class]).collect()
}

fn cell(window: &Window, name: &str) -> Pos2 {
    window.get_by_role_and_label(Role::GridCell, name).rect().center()
}

/// Turns the keys on and paints with dogs.
fn paint_dogs(window: &mut Window) {
    key(window, Key::L);
    click(window, Role::Button, "Paint");
    click(window, Role::Button, "dog, key 2");
    assert_eq!(window.state().session().labeller.paint.as_deref(), Some("dog"));
}

fn begin_sweep(window: &mut Window, from: Pos2, to: Pos2) {
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    window.hover_at(from + egui::vec2(9.0, 0.0));
    window.step();
    window.hover_at(to);
    settle(window);
}

#[test]
fn a_key_labels_the_selection_in_one_step_and_undo_takes_it_back() {
    let mut window = window();
    key(&mut window, Key::L);
    select(&mut window, "06.png", "08.png");
    let cursor = window.state().session().selection.cursor;
    window.state_mut().effects.clear();
    key(&mut window, Key::Num2);
    assert_eq!(all_of(&window, "dog"), [6, 7, 8]);
    let shell = window.state();
    assert_eq!(shell.session().selection.cursor, cursor, "the cursor stays");
    assert!(!shell.effects.contains(&Effect::InspectorActualSize), "label keys win over commands");
    let said = &shell.state.notices.last().unwrap().text;
    assert!(said.starts_with("Label 3 samples “dog”"), "{said}");
    let origin = |sample| window.state().session().snapshot.labelling.origin(sample);
    assert_eq!(origin(7), LabelOrigin::ByHand);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(all_of(&window, "dog").is_empty());
    assert!(!window.state().state.can_run(Command::Undo), "it was one step");
}

#[test]
fn without_label_keys_and_without_a_selection_a_key_labels_nothing() {
    let mut window = window();
    select(&mut window, "06.png", "08.png");
    key(&mut window, Key::Num2);
    assert!(all_of(&window, "dog").is_empty(), "they are off");
    key(&mut window, Key::L);
    key(&mut window, Key::Escape);
    key(&mut window, Key::Num2);
    assert!(!window.state().state.can_run(Command::Undo));
    let said = &window.state().state.notices.last().unwrap().text;
    assert!(said.starts_with("Select the samples"), "{said}");
}

#[test]
fn with_several_labels_a_key_adds_its_class_and_takes_it_away() {
    let mut window = window();
    key(&mut window, Key::L);
    click(&mut window, Role::Button, "Several labels");
    select(&mut window, "03.png", "05.png");
    key(&mut window, Key::Num2);
    for sample in 3..6 {
        assert!(labels(&window, sample).contains(&"dog".to_owned()), "{sample}");
    }
    assert_eq!(labels(&window, 3).len(), 2);
    key(&mut window, Key::Num2);
    assert_eq!(labels(&window, 3), ["cat"]);
    assert!(labels(&window, 4).is_empty());
    key(&mut window, Key::Backspace);
    assert_eq!(labels(&window, 4), ["dog"], "the source's label is back");
}

#[test]
fn a_key_in_the_search_field_labels_nothing() {
    let mut window = window();
    key(&mut window, Key::L);
    select(&mut window, "06.png", "08.png");
    press(&mut window, Modifiers::COMMAND, Key::F);
    for name in ["Search and filter", "New class"] {
        window.get_by_role_and_label(Role::TextInput, name).focus();
        settle(&mut window);
        window.key_press(Key::Num2);
        window.get_by_role_and_label(Role::TextInput, name).type_text("2");
        window.key_press(Key::Backspace);
        settle(&mut window);
    }
    assert!(all_of(&window, "dog").is_empty());
    assert!(!window.state().state.can_run(Command::Undo));
}

#[test]
fn what_cannot_be_a_name_stays_in_its_field() {
    let mut window = window();
    key(&mut window, Key::L);
    select(&mut window, "06.png", "07.png");
    let long = "x".repeat(201);
    window.get_by_role_and_label(Role::TextInput, "New class").focus();
    settle(&mut window);
    window.get_by_role_and_label(Role::TextInput, "New class").type_text(&long);
    settle(&mut window);
    key(&mut window, Key::Enter);
    let field = window.get_by_role_and_label(Role::TextInput, "New class");
    assert_eq!(field.accesskit_node().value(), Some(long));
    window.get_by_label("A class's name has 200 bytes at most.");
    assert!(!window.state().state.can_run(Command::Undo));
}

#[test]
fn cells_stay_where_they_are_whatever_the_bar_says() {
    let mut window = window();
    key(&mut window, Key::L);
    let before = cell(&window, "09.png");
    select(&mut window, "06.png", "08.png");
    assert_eq!(cell(&window, "09.png"), before);
    click(&mut window, Role::Button, "Paint");
    window.get_by_label_contains("Painting with “cat”");
    assert_eq!(cell(&window, "09.png"), before);
}

#[test]
fn a_click_on_a_class_and_a_new_name_label_the_selection() {
    let mut window = window();
    key(&mut window, Key::L);
    select(&mut window, "06.png", "07.png");
    click(&mut window, Role::Button, "cat, key 1");
    assert_eq!(all_of(&window, "cat"), [6, 7]);
    window.get_by_role_and_label(Role::TextInput, "New class").focus();
    settle(&mut window);
    window.get_by_role_and_label(Role::TextInput, "New class").type_text("bird");
    settle(&mut window);
    key(&mut window, Key::Enter);
    assert_eq!(all_of(&window, "bird"), [6, 7]);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(all_of(&window, "cat"), [6, 7]);
    assert!(!window.state().session().snapshot.labels().classes.contains(&"bird".to_owned()));
}

#[test]
fn a_sweep_paints_the_cells_that_it_crosses_as_one_step() {
    let mut window = window();
    paint_dogs(&mut window);
    let (from, to) = (cell(&window, "06.png"), cell(&window, "08.png"));
    begin_sweep(&mut window, from, to);
    assert!(all_of(&window, "dog").is_empty(), "nothing is said before it is let go");
    window.drop_at(to);
    settle(&mut window);
    assert_eq!(all_of(&window, "dog"), [6, 7, 8]);
    assert_eq!(window.state().session().selection.len(), 0, "it selects nothing");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(all_of(&window, "dog").is_empty());
    assert!(!window.state().state.can_run(Command::Undo), "it was one step");
    // A click is a short sweep, and a screen reader's click as well.
    click(&mut window, Role::GridCell, "09.png");
    window.get_by_role_and_label(Role::GridCell, "07.png").click_accesskit();
    settle(&mut window);
    assert_eq!(all_of(&window, "dog"), [7, 9]);
}

#[test]
fn a_sweep_with_alt_gives_the_sources_labels_back() {
    let mut window = window();
    let samples = SampleSet::from_rows(0..9);
    let classes = vec!["dog".to_owned()];
    let give = LabelGesture::Give { samples, classes, how: How::Only, origin: LabelOrigin::ByHand };
    window.state_mut().act(Action::Label(Box::new(give)));
    paint_dogs(&mut window);
    let (from, to) = (cell(&window, "02.png"), cell(&window, "03.png"));
    window.event(Event::ModifiersChanged(Modifiers::ALT));
    begin_sweep(&mut window, from, to);
    window.drop_at(to);
    window.event(Event::ModifiersChanged(Modifiers::NONE));
    settle(&mut window);
    let cats: Vec<SampleId> = (0..9).filter(|sample| labels(&window, *sample) == ["cat"]).collect();
    assert_eq!(cats, [2, 3]);
}

#[test]
fn escape_ends_painting_and_leaves_the_sweep() {
    let mut window = window();
    press(&mut window, Modifiers::COMMAND, Key::A);
    paint_dogs(&mut window);
    let (from, to) = (cell(&window, "06.png"), cell(&window, "08.png"));
    begin_sweep(&mut window, from, to);
    key(&mut window, Key::Escape);
    assert_eq!(window.state().session().labeller.paint, None);
    window.drop_at(to);
    settle(&mut window);
    assert!(all_of(&window, "dog").is_empty());
    assert_eq!(window.state().session().selection.len(), 20, "Escape went to what was nearer");
    key(&mut window, Key::Escape);
    assert_eq!(window.state().session().selection.len(), 0);
    // Without the keys nothing is painted either.
    window.state_mut().act(Action::Label(Box::new(LabelGesture::Paint(Some("dog".to_owned())))));
    key(&mut window, Key::L);
    assert_eq!(window.state().session().labeller.paint, None);
}

#[test]
fn a_key_chooses_the_brush_while_painting() {
    let mut window = window();
    paint_dogs(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::A);
    key(&mut window, Key::Num1);
    assert_eq!(window.state().session().labeller.paint.as_deref(), Some("cat"));
    assert!(!window.state().state.can_run(Command::Undo), "and labels nothing");
}

#[test]
fn the_menu_of_a_cell_labels_it_and_all_that_is_selected_with_it() {
    let mut window = window();
    window.get_by_role_and_label(Role::GridCell, "09.png").click_secondary();
    settle(&mut window);
    window.get_by_label("Label 1 sample as…");
    click(&mut window, Role::MenuItem, "dog");
    assert_eq!(all_of(&window, "dog"), [9]);
    select(&mut window, "06.png", "08.png");
    window.get_by_role_and_label(Role::GridCell, "07.png").click_secondary();
    settle(&mut window);
    window.get_by_label("Label 3 samples as…");
    assert!(window.get_by_label("Type a class").is_focused());
    window.get_by_label("Type a class").type_text("ca");
    settle(&mut window);
    key(&mut window, Key::Enter);
    assert_eq!(all_of(&window, "cat"), [6, 7, 8]);
    assert!(window.query_by_label("Type a class").is_none(), "it closes");
}

/// Twenty analysed samples with a panel in front, and the group of the first three opened.
fn reviewed(panel: Command) -> Window {
    let mut shell = Shell::new(session::twenty(), Panels::new(), NoPictures);
    let settings = ReviewSettings { method: Method::Phash, ..ReviewSettings::default() };
    shell.act(Action::ChangeReview(Box::new(settings)));
    shell.act(Action::Analysed(session::analysed().into()));
    shell.act(Action::OpenGroupOf { sample: 1 });
    shell.act(Action::Run(panel));
    let mut window = shell::window(shell, 1400.0, 30);
    settle(&mut window);
    window
}

#[test]
fn every_list_of_samples_has_the_menu_of_the_grid() {
    for (panel, role, before) in [
        (Command::ShowTable, Role::Row, ""),
        (Command::ShowChecks, Role::GridCell, ""),
        (Command::ShowDuplicates, Role::ListItem, "Member "),
    ] {
        let mut window = reviewed(panel);
        // Not the one that is selected.
        let start = format!("{before}train/cat/02.jpg");
        let is_meant = |node: &egui_kittest::Node<'_>| {
            node.accesskit_node().label().is_some_and(|label| label.starts_with(&start))
        };
        let row = window.query_all_by_role(role).find(is_meant);
        row.unwrap_or_else(|| panic!("{start} is not on screen in {panel:?}")).click_secondary();
        settle(&mut window);
        window.get_by_label("Label 1 sample as…");
        assert_eq!(window.state().session().selection.iter().collect::<Vec<_>>(), [2], "{panel:?}");
        click(&mut window, Role::MenuItem, "dog");
        assert_eq!([1, 2].map(|sample| labels(&window, sample)), [["cat"], ["dog"]], "{panel:?}");
        assert!(window.query_by_label("Type a class").is_none(), "it closes");
    }
}

#[test]
fn the_letters_of_a_comparison_are_its_own_while_keys_label() {
    let mut window = reviewed(Command::ShowDuplicates);
    let classes = window.state().session().snapshot.labelling.classes().keyed("dog", Some('w'), None);
    let gesture =
        LabelGesture::Classes { to: Box::new(classes), what: "Give “dog” the key W".to_owned() };
    window.state_mut().act(Action::Label(Box::new(gesture)));
    let emu = LabelGesture::NewClass { name: "emu".to_owned(), samples: SampleSet::default() };
    window.state_mut().act(Action::Label(Box::new(emu)));
    key(&mut window, Key::L);
    key(&mut window, Key::W);
    assert_eq!(labels(&window, 1), ["dog"], "in a group the letter is the class's");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(labels(&window, 1), ["cat"]);
    key(&mut window, Key::C);
    key(&mut window, Key::W);
    let wipe = window.get_by_role_and_label(Role::Button, "Wipe").accesskit_node().toggled();
    assert_eq!((wipe, labels(&window, 1)), (Some(Toggled::True), vec!["cat".to_owned()]));
    // Other keys label all the same.
    key(&mut window, Key::Num2);
    assert_eq!(labels(&window, 1), ["emu"]);
}

#[test]
fn of_hundreds_of_classes_two_rows_are_shown_and_the_others_are_typed() {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..300 {
        let (path, class) = (format!("{at:03}.png"), format!("class {at:03}"));
        builder.push(NewSample { path: &path, labels: &[&class], ..NewSample::default() });
    }
    let mut window = window_of(shell_of(builder.finish().0));
    key(&mut window, Key::L);
    window.get_by_role_and_label(Role::GridCell, "004.png").click();
    settle(&mut window);
    let first = window.get_by_role_and_label(Role::Button, "class 000, key 1").rect();
    assert!(window.query_by_label("class 299").is_none());
    let more = window.get_by_label_contains("more…").rect();
    assert!(more.bottom() - first.top() < 60.0, "there are two rows at most");
    window.get_by_label_contains("more…").click();
    settle(&mut window);
    window.get_by_label("Type a class").type_text("ss 250");
    settle(&mut window);
    key(&mut window, Key::Enter);
    assert_eq!(labels(&window, 4), ["class 250"]);
}

/// Proposes dogs for the samples from 6 on and cats for the others, 93 % sure.
fn propose(shell: &mut Shell) {
    let proposals = Proposals {
        identities: Arc::new(vec!["cat".to_owned(), "dog".to_owned()]),
        classes: (0..20).map(|row| u32::from(row >= 6)).collect(),
        confidences: vec![0.934; 20],
        margins: vec![0.8; 20],
        answers: 6,
        ..Proposals::default()
    };
    shell.state.session.as_mut().unwrap().labeller.proposals = Some(Arc::new(proposals));
}

#[test]
fn proposals_are_ghosts_until_enter_confirms_those_of_the_selection() {
    let mut window = window();
    propose(window.state_mut());
    settle(&mut window);
    let told = |window: &Window, name: &str| {
        let node = window.get_by_role_and_label(Role::GridCell, name);
        node.accesskit_node().description().unwrap_or_default()
    };
    assert_eq!(told(&window, "06.png"), "Proposed: dog 93 %");
    assert_eq!(told(&window, "00.png"), "", "it has a label");
    select(&mut window, "05.png", "07.png");
    key(&mut window, Key::Enter);
    assert!(all_of(&window, "dog").is_empty(), "label keys are off");
    key(&mut window, Key::L);
    key(&mut window, Key::Enter);
    assert_eq!(all_of(&window, "dog"), [6, 7]);
    assert_eq!(told(&window, "06.png"), "");
    let labelling = &window.state().session().snapshot.labelling;
    assert_eq!((labelling.origin(6), labelling.answer(5).is_none()), (LabelOrigin::Confirmed, true));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(all_of(&window, "dog").is_empty());
    assert!(!window.state().state.can_run(Command::Undo), "it was one step");
}

#[test]
fn what_has_no_class_by_hand_has_no_proposal() {
    let mut shell = cats_and_dogs();
    propose(&mut shell);
    let give = LabelGesture::Give {
        samples: SampleSet::from_rows([7]),
        classes: Vec::new(),
        how: How::Only,
        origin: LabelOrigin::ByHand,
    };
    shell.act(Action::Label(Box::new(give)));
    assert_eq!(shell.session().proposal(6), Some(("dog", 0.934)));
    assert_eq!(shell.session().proposal(7), None);
    // A class that became another one is proposed as that.
    let mut classes = Classes::default();
    classes.entry_mut("dog").name = Some("hound".to_owned());
    classes.entry_mut("dog").colour = Some([200, 30, 90]);
    let rename = LabelGesture::Classes { to: Box::new(classes), what: "Rename a class".to_owned() };
    shell.act(Action::Label(Box::new(rename)));
    assert_eq!(shell.session().proposal_text(6).as_deref(), Some("hound 93 %"));
    assert_eq!(shell.session().snapshot.chosen_colour(1), Some([200, 30, 90]));
    assert_eq!(shell.session().snapshot.chosen_colour(0), None);
}

#[test]
fn what_was_labelled_by_hand_is_a_click_away_in_the_sidebar() {
    let mut window = window();
    key(&mut window, Key::L);
    select(&mut window, "06.png", "08.png");
    key(&mut window, Key::Num2);
    window.get_by_label("by hand, 3 of 3").click();
    settle(&mut window);
    assert_eq!(window.state().session().search.text, "origin:by-hand");
    assert_eq!(window.state().session().shown.found.rows.len(), 3);
}

/// A person before a state without a window.
struct Alike(State);

impl Alike {
    fn act(&mut self, action: Action) {
        session::act(&mut self.0, action);
    }

    fn selected(&self) -> Vec<SampleId> {
        self.0.session.as_ref().unwrap().selection.iter().collect()
    }

    fn more(&mut self) -> (Level, String) {
        self.act(Action::Run(Command::MoreLikeThese));
        let notice = self.0.notices.last().unwrap();
        (notice.level, notice.text.clone())
    }
}

#[test]
fn more_like_these_grows_with_each_press() {
    // Each sample's neighbour is the next one.
    let mut person = Alike(session::reviewed());
    person.act(Action::Click { position: 0, mode: SelectMode::Replace });
    let first = person.selected()[0];
    let (_, said) = person.more();
    assert!(said.starts_with("Selected 10 samples more like these"), "{said}");
    assert_eq!(person.selected().len(), 11);
    assert!(person.selected().contains(&((first + 10) % 20)));
    person.more();
    assert_eq!(person.selected().len(), 20, "as many again, as far as there are");
    let (_, said) = person.more();
    assert!(said.starts_with("No other sample"), "{said}");
}

#[test]
fn of_samples_without_a_label_more_like_these_have_none_either() {
    let mut person = Alike(session::reviewed());
    let none = LabelGesture::Give {
        samples: SampleSet::from_rows([2, 5, 6]),
        classes: Vec::new(),
        how: How::Only,
        origin: LabelOrigin::ByHand,
    };
    person.act(Action::Label(Box::new(none)));
    person.act(Action::ShowSample(2));
    person.more();
    assert_eq!(person.selected(), [2, 5, 6]);
}

#[test]
fn before_an_analysis_more_like_these_says_so() {
    let mut state = State::new(Settings::default());
    session::act(&mut state, Action::Opened(Box::new(session::twenty())));
    let mut person = Alike(state);
    person.act(Action::ShowSample(2));
    let (level, said) = person.more();
    assert!(level == Level::Info && said.contains("F6"), "{said}");
    assert_eq!(person.selected(), [2]);
}
