//! The panel Label: one sample after the other by keys, and pages of proposals, by the names that a screen reader reads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::dataset::edit::{Mark, SampleSet, View};
use lenslet::dataset::{DatasetBuilder, Facts, LabelOrigin, Layout, NewSample, SampleId, Verdict};
use lenslet::state::labelling::{Proposals, QueueKind, Ranked, Step};
use lenslet::state::{Action, Command, Effect, LabelGesture, Session, State};
use lenslet::store::{Access, Settings};
use lenslet::ui::label::{LabelPane, label_ui, take_keys};
use lenslet::ui::{FullPicture, Pencil, Pictures, Thumb, theme};

use crate::session::{self, opened};
use crate::window::{Window, demo};

/// Notes which samples are asked for in full; has no picture of any.
#[derive(Default)]
struct Asked {
    full: Option<SampleId>,
    ahead: Vec<SampleId>,
}

impl Pictures for Asked {
    fn thumbnail(&mut self, _: SampleId, _: u32) -> Option<Thumb> {
        None
    }

    fn full(&mut self, sample: SampleId) -> FullPicture {
        self.full = Some(sample);
        // Loading would turn a spinner for ever.
        FullPicture::Failed { message: "There is no picture.".to_owned(), metadata: Arc::default() }
    }

    fn prefetch_full(&mut self, samples: &[SampleId]) {
        self.ahead = samples.to_vec();
    }
}

/// The panel with the program's state, without work and disk.
struct Panel {
    state: State,
    pane: LabelPane,
    pictures: Asked,
    /// Whether the rows of the view are found.
    finds_rows: bool,
}

impl Panel {
    fn ui(&mut self, ui: &mut egui::Ui) {
        let mut actions = Vec::new();
        let mut pencil = Pencil { state: &self.state, pictures: &mut self.pictures, actions: &mut actions };
        take_keys(ui, &mut pencil, &mut self.pane);
        let frame = egui::Frame::central_panel(ui.style()).inner_margin(0.0);
        egui::CentralPanel::default().frame(frame).show(ui, |ui| label_ui(ui, &mut pencil, &mut self.pane));
        if !actions.is_empty() {
            // What a gesture does is on screen in the next frame.
            ui.ctx().request_repaint();
        }
        actions.into_iter().for_each(|action| self.tell(action));
    }

    fn tell(&mut self, action: Action) {
        let effects = match self.finds_rows {
            true => session::act(&mut self.state, action),
            false => self.state.update(action),
        };
        for effect in effects {
            let session = self.session();
            let answer = match effect {
                Effect::FindQueue { kind, generation } => {
                    let (rows, ordered) = session.queue_wish(kind).find(None);
                    Action::QueueReady { generation, rows: rows.into(), ordered, by_chance: Vec::new() }
                }
                Effect::RankProposals { generation } => {
                    let proposals = session.labeller.proposals.as_ref().expect("there are proposals");
                    let ranked = Ranked::new(&session.snapshot, proposals).into();
                    Action::ProposalsRanked { generation, ranked }
                }
                _ => continue,
            };
            self.tell(answer);
        }
    }

    fn session(&self) -> &Session {
        self.state.session.as_ref().expect("a dataset is open")
    }

    fn labels(&self, sample: SampleId) -> String {
        self.session().identities_of(sample).join("+")
    }
}

/// Samples of which the first are of the classes, one each, and the others have no label.
fn state(classes: &[String], samples: usize) -> State {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..samples {
        let path = format!("{at:06}.png");
        let label = classes.get(at).map(String::as_str);
        builder.push(NewSample { path: &path, labels: label.as_slice(), ..Default::default() });
    }
    let view = View { sort: "path".to_owned(), ..View::default() };
    let facts = Facts::new(samples);
    let mut state = State::new(Settings::default());
    let opened = opened(builder.finish().0, Vec::new(), facts, Access::ReadWrite, view);
    session::act(&mut state, Action::Opened(Box::new(opened)));
    state
}

/// A cat, a dog and six samples without a label.
fn eight() -> State {
    state(&["cat".to_owned(), "dog".to_owned()], 8)
}

fn harness(state: State, size: [f32; 2]) -> Harness<'static, Panel> {
    let (pane, pictures) = (LabelPane::default(), Asked::default());
    let finds_rows = state.session.as_ref().is_some_and(|session| session.snapshot.len() < 10_000);
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(Theme::Dark)
        .with_max_steps(30)
        .with_os(egui::os::OperatingSystem::Nix)
        .allow_missing_glyphs()
        .wgpu()
        .with_context_setup(theme::install)
        .build_ui_state(|ui, panel: &mut Panel| panel.ui(ui), Panel { state, pane, pictures, finds_rows });
    harness.run();
    harness
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Down,
    Up,
}

/// A key that goes down or up, for the next frame alone.
fn key_event(key: Key, way: Way) -> egui::Event {
    let (pressed, modifiers) = (way == Way::Down, Modifiers::NONE);
    egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers }
}

fn press(panel: &mut Harness<'_, Panel>, key: Key) {
    press_with(panel, Modifiers::NONE, key);
}

fn press_with(panel: &mut Harness<'_, Panel>, modifiers: Modifiers, key: Key) {
    panel.key_press_modifiers(modifiers, key);
    panel.run();
}

fn hand(panel: &Harness<'_, Panel>) -> Option<SampleId> {
    panel.state().session().labeller.walk.queue.at_hand()
}

fn run(panel: &mut Harness<'_, Panel>, command: Command) {
    panel.state_mut().tell(Action::Run(command));
    panel.run();
}

/// Proposals for the six samples of [`eight`] without a label.
fn propose(panel: &mut Harness<'_, Panel>) {
    let none = Proposals::NONE;
    let proposals = Proposals {
        identities: Arc::new(vec!["cat".to_owned(), "dog".to_owned()]),
        classes: vec![none, none, 0, 1, 0, 0, none, 1],
        confidences: vec![0.0, 0.0, 0.9, 0.6, 0.99, 0.7, 0.0, 0.8],
        margins: vec![0.0, 0.0, 0.8, 0.2, 0.98, 0.4, 0.0, 0.6],
        answers: 10,
        ..Proposals::default()
    };
    let session = panel.state_mut().state.session.as_mut().expect("it is open");
    session.labeller.proposals = Some(proposals.into());
    panel.state_mut().tell(Action::Refresh);
    panel.run();
}

#[test]
fn keys_label_and_the_next_sample_is_at_hand() {
    let mut panel = harness(eight(), [1000.0, 700.0]);
    panel.get_by_label("At hand: 000002.png");
    panel.get_by_role_and_label(Role::ProgressIndicator, "0 done, 6 left");
    for (key, expected) in [
        (Key::Num1, 3),
        (Key::ArrowRight, 4),
        (Key::ArrowLeft, 3),
        (Key::Backspace, 2),
        (Key::Space, 3),
        (Key::Num2, 4),
        (Key::H, 5),
        (Key::X, 6),
        (Key::S, 6),
        (Key::R, 6),
        (Key::Minus, 7),
    ] {
        press(&mut panel, key);
        assert_eq!(hand(&panel), Some(expected), "{key:?}");
        panel.get_by_label(&format!("At hand: 00000{expected}.png"));
    }
    let at_end = panel.state();
    assert_eq!((at_end.labels(2), at_end.labels(3)), ("cat".to_owned(), "dog".to_owned()));
    let overlay = &at_end.session().overlay;
    assert_eq!(overlay.marks[4], Mark::Unsure.bit());
    assert_eq!(overlay.marks[6], Mark::Star.bit() | Mark::Reviewed.bit());
    assert_eq!(overlay.decisions[5].verdict, Verdict::Prune);
    assert!(at_end.session().snapshot.labelling.answer(6).is_some_and(|said| said.labels().count() == 0));
    panel.get_by_role_and_label(Role::ProgressIndicator, "3 done, 1 left");

    // A click does the same as a key.
    panel.get_by_label("Label as dog").click();
    panel.run();
    assert_eq!((panel.state().labels(7), hand(&panel)), ("dog".to_owned(), None));
    panel.get_by_label("This queue is done");
    panel.get_by_label("Go through those once more").click();
    panel.run();
    assert_eq!(hand(&panel), Some(4));
    // Undo brings the sample back that was labelled last.
    run(&mut panel, Command::Undo);
    assert_eq!((panel.state().labels(7), hand(&panel)), (String::new(), Some(7)));
    panel.get_by_label("At hand: 000007.png");
}

#[test]
fn a_class_is_typed_and_keys_are_letters_while_one_types() {
    let mut panel = harness(state(&[], 4), [900.0, 700.0]);
    panel.get_by_label_contains("There are no classes yet");
    press(&mut panel, Key::N);
    assert!(panel.get_by_role_and_label(Role::TextInput, "New class").is_focused());
    panel.get_by_role_and_label(Role::TextInput, "New class").type_text("owl");
    panel.run();
    press(&mut panel, Key::X);
    assert_eq!(
        (hand(&panel), panel.state().session().overlay.decisions[0].verdict),
        (Some(0), Verdict::Undecided)
    );
    press(&mut panel, Key::Enter);
    assert_eq!((panel.state().labels(0), hand(&panel)), ("owl".to_owned(), Some(1)));
    // It has a key from now on.
    press(&mut panel, Key::Num1);
    assert_eq!((panel.state().labels(1), hand(&panel)), ("owl".to_owned(), Some(2)));
}

#[test]
fn what_cannot_be_a_name_stays_in_its_field() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    let long = "x".repeat(201);
    press(&mut panel, Key::N);
    panel.get_by_role_and_label(Role::TextInput, "New class").type_text(&long);
    panel.run();
    press(&mut panel, Key::Enter);
    panel.get_by_label("A class's name has 200 bytes at most.");
    let field = panel.get_by_role_and_label(Role::TextInput, "New class");
    assert_eq!((field.accesskit_node().value(), hand(&panel)), (Some(long), Some(2)));
}

#[test]
fn nothing_is_typed_where_nothing_can_be_kept() {
    let mut state = eight();
    let session = state.session.as_mut().expect("it is open");
    session.project.access = Access::ReadOnly { reason: "another window has it open".to_owned() };
    let mut panel = harness(state, [900.0, 700.0]);
    press(&mut panel, Key::N);
    let field = panel.get_by_role_and_label(Role::TextInput, "New class");
    assert!(field.accesskit_node().is_disabled() && !field.is_focused());
    press_with(&mut panel, Modifiers::SHIFT, Key::N);
    assert!(panel.query_by_label("Note on this sample").is_none());
    assert!(panel.get_by_label("Write a note (Shift+N)").accesskit_node().is_disabled());
}

#[test]
fn a_note_is_written_on_the_sample_at_hand() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    press_with(&mut panel, Modifiers::SHIFT, Key::N);
    assert!(panel.get_by_role_and_label(Role::TextInput, "Note on this sample").is_focused());
    panel.get_by_role_and_label(Role::TextInput, "Note on this sample").type_text("half in the dark");
    panel.run();
    press(&mut panel, Key::Enter);
    assert_eq!(hand(&panel), Some(2), "a note is no answer");
    assert_eq!(panel.state().session().snapshot.labelling.note(2), "half in the dark");
    panel.get_by_label("Note: half in the dark");
    // One that is left is not kept.
    panel.get_by_label("Write a note (Shift+N)").click();
    panel.run();
    panel.get_by_role_and_label(Role::TextInput, "Note on this sample").type_text(" and more");
    panel.run();
    press(&mut panel, Key::Escape);
    assert_eq!(panel.state().session().snapshot.labelling.note(2), "half in the dark");
}

#[test]
fn tags_are_given_to_the_sample_at_hand_and_taken_away() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    let tags = |panel: &Harness<'_, Panel>| -> Vec<String> {
        panel.state().session().snapshot.labelling.tags(2).map(str::to_owned).collect()
    };
    press_with(&mut panel, Modifiers::SHIFT, Key::T);
    for tag in ["night", "blurred"] {
        let field = panel.get_by_role_and_label(Role::TextInput, "Tag of this sample");
        assert!(field.is_focused(), "{tag}");
        field.type_text(tag);
        panel.run();
        press(&mut panel, Key::Enter);
    }
    assert_eq!((tags(&panel), hand(&panel)), (vec!["blurred".to_owned(), "night".to_owned()], Some(2)));
    press(&mut panel, Key::Escape);
    assert!(panel.query_by_label("Tag of this sample").is_none());
    panel.get_by_label("Remove the tag night").click();
    panel.run();
    assert_eq!(tags(&panel), ["blurred"]);
    for expected in [&["blurred", "night"] as &[&str], &["night"], &[]] {
        run(&mut panel, Command::Undo);
        assert_eq!(tags(&panel), expected);
    }
}

#[test]
fn a_field_does_not_wait_for_a_sample_that_comes_later() {
    let mut panel = harness(state(&["cat".to_owned(), "dog".to_owned()], 2), [900.0, 700.0]);
    let choose = |panel: &mut Harness<'_, Panel>, queue| {
        let chosen = LabelGesture::Step(Step::Choose(queue));
        panel.state_mut().tell(Action::Label(Box::new(chosen)));
        panel.run();
    };
    choose(&mut panel, QueueKind::Unlabelled);
    assert_eq!(hand(&panel), None);
    for (modifiers, key, expected) in [
        (Modifiers::SHIFT, Key::N, "There is no sample at hand to give a note to."),
        (Modifiers::SHIFT, Key::T, "There is no sample at hand to give a tag to."),
        (Modifiers::NONE, Key::N, "There is no sample at hand to give a class to."),
    ] {
        press_with(&mut panel, modifiers, key);
        let told = panel.state().state.notices.last().map(|notice| notice.text.as_str());
        assert_eq!(told, Some(expected));
    }
    choose(&mut panel, QueueKind::Shown);
    assert!(hand(&panel).is_some());
    for field in ["Note on this sample", "Tag of this sample"] {
        assert!(panel.query_by_label(field).is_none(), "{field}");
    }
}

#[test]
fn a_note_of_a_sample_that_is_not_open_any_more_is_told() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    press_with(&mut panel, Modifiers::SHIFT, Key::N);
    panel.get_by_role_and_label(Role::TextInput, "Note on this sample").type_text("half in the dark");
    panel.run();
    panel.state_mut().state = state(&[], 1);
    panel.run();
    let told = "A note was not kept, since its sample is not open any more: “half in the dark”";
    assert_eq!(panel.state().state.notices.iter().filter(|notice| notice.text == told).count(), 1);
}

#[test]
fn what_is_said_of_a_sample_leaves_room_for_its_picture() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    let samples = || SampleSet::from_rows([2]);
    for at in 0..100 {
        let (tag, on) = (format!("tag {at:03}"), true);
        let gesture = LabelGesture::Tag { samples: samples(), tag, on };
        panel.state_mut().tell(Action::Label(Box::new(gesture)));
    }
    let text = "a long story ".repeat(200).trim_end().to_owned();
    let note = format!("Note: {text}");
    panel.state_mut().tell(Action::Label(Box::new(LabelGesture::Note { sample: 2, text })));
    panel.run();
    // All of it is there to be scrolled to.
    panel.get_by_label("Remove the tag tag 099");
    panel.get_by_label(&note);
    let picture = panel.get_by_label("This sample cannot be shown").rect();
    assert!(picture.bottom() < 600.0, "{picture:?}");
}

#[test]
fn what_the_model_says_and_the_last_class_can_be_reached_in_a_small_panel() {
    let mut panel = harness(eight(), [420.0, 520.0]);
    propose(&mut panel);
    let none = |panel: &Harness<'_, Panel>| panel.get_by_role_and_label(Role::Button, "None of these").rect();
    let model = panel.get_by_label("The model learned from 10 answers.").rect();
    let foot = panel.get_by_role_and_label(Role::ProgressIndicator, "0 done, 6 left").rect();
    assert!(model.bottom() < foot.top(), "{model:?} {foot:?}");
    let before = none(&panel);
    panel.hover_at(model.center());
    panel.step();
    panel.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::Vec2::new(0.0, -1000.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    panel.run_steps(40);
    let after = none(&panel);
    assert!(after.bottom() < foot.top() && after.top() <= before.top(), "{before:?} {after:?}");
}

#[test]
fn several_classes_are_toggled_and_enter_goes_on() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    panel.get_by_role_and_label(Role::Button, "Several").click();
    panel.run();
    for (key, labels, expected) in
        [(Key::Num2, "dog", 2), (Key::Num1, "cat+dog", 2), (Key::Num2, "cat", 2), (Key::Enter, "cat", 3)]
    {
        press(&mut panel, key);
        assert_eq!((panel.state().labels(2).as_str(), hand(&panel)), (labels, Some(expected)), "{key:?}");
    }
}

#[test]
fn a_proposal_is_a_ghost_until_enter_accepts_it() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    press(&mut panel, Key::Enter);
    assert_eq!(hand(&panel), Some(2), "there is nothing to accept");
    propose(&mut panel);
    panel.get_by_label("likely cat, 90 %");
    assert_eq!(panel.state().labels(2), "");
    press(&mut panel, Key::Enter);
    assert_eq!((panel.state().labels(2), hand(&panel)), ("cat".to_owned(), Some(3)));
    assert_eq!(panel.state().session().snapshot.labelling.origin(2), LabelOrigin::Confirmed);
    panel.get_by_label("likely dog, 60 %").click();
    panel.run();
    assert_eq!((panel.state().labels(3), hand(&panel)), ("dog".to_owned(), Some(4)));
}

#[test]
fn a_page_is_confirmed_with_one_wrong_and_taken_back() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    panel.get_by_label("Page by page").click();
    panel.run();
    panel.get_by_label("No proposals yet");
    propose(&mut panel);
    for name in ["000004.png: cat, 99.0 %", "000005.png: cat, 70 %"] {
        panel.get_by_role_and_label(Role::GridCell, name);
    }
    panel.get_by_label("3 samples, about 13.7 % wrong");
    panel.get_by_role_and_label(Role::GridCell, "000002.png: cat, 90 %").click();
    panel.run();
    panel.get_by_role_and_label(Role::GridCell, "000002.png: not cat");
    // The key of a class gives the wrong one another class at once.
    press(&mut panel, Key::Num2);
    panel.get_by_role_and_label(Role::GridCell, "000002.png: dog instead");
    press(&mut panel, Key::ArrowRight);
    press(&mut panel, Key::Space);
    panel.get_by_role_and_label(Role::GridCell, "000005.png: not cat");
    // The next page is there in the frame after the key.
    panel.input_mut().events.push(key_event(Key::Enter, Way::Down));
    panel.step();
    panel.step();
    panel.get_by_role_and_label(Role::GridCell, "000007.png: dog, 80 %");
    panel.run();
    let labels = [2, 4, 5, 7].map(|sample| panel.state().labels(sample));
    assert_eq!(labels, ["dog", "cat", "", ""]);
    press(&mut panel, Key::Backspace);
    panel.get_by_role_and_label(Role::GridCell, "000005.png: not cat");
    panel.get_by_role_and_label(Role::GridCell, "000002.png: dog instead");
    assert!(
        [2, 4, 5].iter().all(|sample| panel.state().labels(*sample).is_empty()),
        "one undo takes all back"
    );

    panel.get_by_label("Confirm all from this confidence on").click();
    panel.run();
    assert_eq!([2, 4, 5].map(|sample| panel.state().labels(sample)), ["dog", "cat", ""], "marks count");
}

/// The samples that are made ready are those that come next, and the one before.
#[test]
fn neighbours_are_made_ready() {
    let mut panel = harness(eight(), [900.0, 700.0]);
    assert_eq!(panel.state().pictures.ahead, [3, 4, 5]);
    press(&mut panel, Key::Num1);
    assert_eq!(panel.state().pictures.ahead, [4, 5, 6, 2]);
    press(&mut panel, Key::ArrowLeft);
    assert_eq!(panel.state().pictures.ahead, [3, 4, 5]);
}

#[test]
fn of_a_hundred_thousand_the_next_is_asked_for_in_the_frame_after_the_key() {
    let mut panel = harness(state(&["cat".to_owned(), "dog".to_owned()], 100_000), [900.0, 700.0]);
    panel.run();
    let mut quickest = Duration::MAX;
    for at in 2..22 {
        assert_eq!(hand(&panel), Some(at));
        panel.input_mut().events.push(key_event(Key::Num1, Way::Down));
        let begun = Instant::now();
        panel.step();
        assert_eq!(panel.state().pictures.full, Some(at));
        panel.input_mut().events.push(key_event(Key::Num1, Way::Up));
        panel.step();
        quickest = quickest.min(begun.elapsed());
        assert_eq!(panel.state().pictures.full, Some(at + 1));
    }
    // Both frames together, drawing included; a machine that does something else beside is not judged.
    assert!(quickest < Duration::from_millis(33), "{quickest:?}");
}

#[test]
fn hundreds_of_classes_are_searched_and_stay_within_the_panel() {
    let classes: Vec<String> = (0..300)
        .map(|at| format!("class {at:03} of names that go on for longer than a line has room"))
        .collect();
    for width in [420.0, 700.0, 1000.0, 1600.0] {
        let mut panel = harness(state(&classes, 310), [width, 900.0]);
        let rows = |panel: &Harness<'_, Panel>| panel.query_all_by_label_contains("Label as class").count();
        assert!((1..80).contains(&rows(&panel)), "only those on screen are drawn: {}", rows(&panel));
        for node in panel.get_all_by_role(Role::Button) {
            let (label, rect) = (node.accesskit_node().label(), node.rect());
            assert!(rect.right() <= width + 0.5, "{label:?} at {rect:?}");
        }
        press(&mut panel, Key::Slash);
        panel.get_by_role_and_label(Role::TextInput, "Search classes to label").type_text("CLASS 147");
        panel.run();
        assert_eq!(rows(&panel), 1);
        press(&mut panel, Key::Enter);
        assert!(panel.state().labels(300).starts_with("class 147"), "{}", panel.state().labels(300));
        assert_eq!(hand(&panel), Some(301));
    }
}

/// Writes pictures of the panel to the folder in LENSLET_PICTURES, for a person to look at.
#[test]
fn the_panel_is_drawn_at_every_width() {
    let folder = std::env::var_os("LENSLET_PICTURES");
    for size in [[420.0, 800.0], [1000.0, 700.0], [1600.0, 900.0]] {
        for look in ["One by one", "Page by page"] {
            let mut panel = harness(eight(), size);
            propose(&mut panel);
            panel.get_by_label(look).click();
            panel.run();
            let picture = panel.render().expect("a driver is there, if in software");
            if let Some(folder) = &folder {
                let name = format!("label-{look}-{}.png", size[0]);
                picture.save(std::path::Path::new(folder).join(name)).expect("it is written");
            }
        }
    }
}

#[test]
fn labels_by_keys_are_there_after_a_restart_and_undo_shows_their_sample() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    fn session<'a>(window: &'a Window<'_>) -> &'a Session {
        window.app().state().session.as_ref().expect("it is open")
    }
    let hand = |window: &Window<'_>| session(window).labeller.walk.queue.at_hand();
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::COMMAND, Key::J);
    let shown = LabelGesture::Step(Step::Choose(QueueKind::Shown));
    window.act(Action::Label(Box::new(shown)));
    let first = hand(&window).expect("there is something to label");
    // A letter is about the sample at hand, and no command's about all that is selected.
    window.key(Modifiers::NONE, Key::S);
    let marks = &session(&window).overlay.marks;
    let starred: Vec<usize> = (0..marks.len()).filter(|row| marks[*row] & Mark::Star.bit() != 0).collect();
    assert_eq!((starred, window.selected()), (vec![first as usize], 300));
    window.key(Modifiers::NONE, Key::Num1);
    let second = hand(&window).expect("there is more");
    window.key(Modifiers::NONE, Key::Num2);
    let third = hand(&window).expect("there is more");
    assert!(first != second && second != third);
    assert_eq!(session(&window).selection.cursor, Some(third), "the inspector follows");
    let said = [first, second].map(|sample| session(&window).identities_of(sample));
    let classes = session(&window).snapshot.in_force.identities.clone();
    assert_eq!(said, [vec![classes[0].clone()], vec![classes[1].clone()]]);
    window.close();

    let mut window = Window::open(home.path(), Some(&dataset));
    assert_eq!([first, second].map(|sample| session(&window).identities_of(sample)), said);
    assert_eq!(session(&window).snapshot.labelling.origin(second), LabelOrigin::ByHand);
    window.key(Modifiers::COMMAND, Key::J);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand(&window), Some(second));
    assert!(session(&window).snapshot.labelling.answer(second).is_none());
    assert!(session(&window).snapshot.labelling.answer(first).is_some());
    window.close();
}
