//! Boxes by hand, as a person does them in the window: drawn, moved, resized, labelled, deleted and carried on, by
//! pointer and keys; each is one step of undo and is there again after the program ends.

use egui::accesskit::{Role, Toggled};
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::dataset::builder::NewBox;
use lenslet::dataset::edit::View;
use lenslet::dataset::{DatasetBuilder, Fact, Facts, Layout, NewSample, SampleId, Verdict};
use lenslet::state::{Action, Effect, LabelGesture, Level, Session};
use lenslet::store::{Access, Journal, JournalOp, JournalWriter, Project};
use lenslet::ui::shell::Panels;

use crate::session::{self, NoPictures};
use crate::shell::{self, Shell, Window};

/// Width and height of every image, in pixels.
const SIZE: [u32; 2] = [40, 30];

/// Three images, of which the first has a box of a cat; there are dogs, too.
fn window(access: Access) -> Window {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Coco);
    builder.class("cat");
    builder.class("dog");
    let own = NewBox { class: "cat", rect: [4.0, 5.0, 20.0, 15.0], relative: false };
    builder.push(NewSample { path: "000.png", boxes: vec![own], ..Default::default() });
    builder.push(NewSample { path: "001.png", ..Default::default() });
    builder.push(NewSample { path: "002.png", ..Default::default() });
    let mut facts = Facts::new(3);
    let [width, height] = SIZE;
    for sample in 0..3 {
        facts.set(sample, &Fact { measured: true, width, height, ..Fact::UNMEASURED });
    }
    let view = View { sort: "path".to_owned(), ..View::default() };
    let opened = session::opened(builder.finish().0, Vec::new(), facts, access, view);
    let mut window = shell::window(Shell::new(opened, Panels::new(), NoPictures), 1100.0, 4);
    window.state_mut().state.settings.person = "Ada".to_owned();
    settle(&mut window);
    window
}

/// Some frames: pictures that never come turn a spinner for ever.
fn settle(window: &mut Window) {
    window.run_steps(4);
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    settle(window);
}

fn undo(window: &mut Window) {
    press(window, Modifiers::COMMAND, Key::Z);
}

fn ctrl_shift(window: &mut Window, key: Key) {
    press(window, Modifiers::COMMAND | Modifiers::SHIFT, key);
}

/// Where a pixel of the fitted image is on screen.
fn at(window: &Window, sample: SampleId, [x, y]: [f32; 2]) -> Pos2 {
    let frame = window.get_by_label(&format!("Image {sample:03}.png")).rect();
    let size = Vec2::new(SIZE[0] as f32, SIZE[1] as f32);
    let room = frame.size() - Vec2::splat(16.0);
    let zoom = (room.x / size.x).min(room.y / size.y);
    let zoom = if zoom >= 2.0 { zoom.floor() } else { zoom };
    let min = (frame.center() - size / 2.0 * zoom).round();
    min + Vec2::new(x, y) * zoom
}

/// Drags from a pixel to another.
fn drag(window: &mut Window, sample: SampleId, from: [f32; 2], to: [f32; 2]) {
    let (from, to) = (at(window, sample, from), at(window, sample, to));
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    window.hover_at(from + (to - from) * 0.5);
    window.step();
    window.hover_at(to);
    window.step();
    window.drop_at(to);
    settle(window);
}

fn click(window: &mut Window, sample: SampleId, place: [f32; 2]) {
    let pos = at(window, sample, place);
    window.hover_at(pos);
    for pressed in [true, false] {
        let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
        window.event(Event::PointerButton { pos, button, pressed, modifiers });
    }
    settle(window);
}

/// Types in the field that asks for the class of a new box.
fn type_class(window: &mut Window, text: &str) {
    let field = window.get_by_role_and_label(Role::TextInput, "Type a class");
    assert!(field.is_focused());
    field.type_text(text);
    settle(window);
}

/// The boxes that count for a sample, as "cat 4,5,20,15".
fn boxes(window: &Window, sample: SampleId) -> Vec<String> {
    told(window.state().session(), sample)
}

fn told(session: &Session, sample: SampleId) -> Vec<String> {
    let snapshot = &session.snapshot;
    let tell = |one: &lenslet::dataset::BoxRecord| {
        let [x, y, w, h] = one.rect;
        assert!(!one.relative, "the size is known, so that boxes are in pixels");
        format!("{} {x},{y},{w},{h}", snapshot.labels().classes[one.class as usize])
    };
    snapshot.boxes().get(sample).iter().map(tell).collect()
}

fn selected(window: &Window, sample: SampleId) -> Vec<usize> {
    window.state().session().selected_boxes(sample)
}

/// What the journal was given.
fn journal(window: &Window) -> Vec<JournalOp> {
    let op = |effect: &Effect| match effect {
        Effect::Journal(op) => Some(op.clone()),
        _ => None,
    };
    window.state().effects.iter().filter_map(op).collect()
}

fn is_editing(window: &Window) -> bool {
    window.state().session().labeller.boxes.is_on
}

#[test]
fn boxes_are_drawn_changed_and_carried_on_and_every_step_can_be_undone() {
    let mut window = window(Access::ReadWrite);
    ctrl_shift(&mut window, Key::B);
    assert!(is_editing(&window));
    let toggle = window.get_by_role_and_label(Role::Button, "Edit boxes");
    assert_eq!(toggle.accesskit_node().toggled(), Some(Toggled::True));
    press(&mut window, Modifiers::NONE, Key::N);
    assert_eq!(window.state().session().selection.cursor, Some(1));

    // The first box has no class to go by and asks for one.
    let mut steps = vec![boxes(&window, 1)];
    drag(&mut window, 1, [20.0, 15.0], [4.0, 5.0]);
    assert_eq!(boxes(&window, 1), [""; 0]);
    window.get_by_label("Class of the new box");
    type_class(&mut window, "do");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(boxes(&window, 1), ["dog 4,5,16,10"], "of half a name no class is made");
    assert!(window.query_by_label("Class of the new box").is_none());
    assert_eq!(selected(&window, 1), [0], "what was drawn is selected");
    steps.push(boxes(&window, 1));

    // The next one has the class of the last, and goes as far as the image does.
    drag(&mut window, 1, [30.0, 20.0], [60.0, 25.0]);
    assert_eq!(boxes(&window, 1), ["dog 4,5,16,10", "dog 30,20,10,5"]);
    steps.push(boxes(&window, 1));

    click(&mut window, 1, [10.0, 10.0]);
    assert_eq!(selected(&window, 1), [0]);
    press(&mut window, Modifiers::NONE, Key::Num1);
    assert_eq!(boxes(&window, 1)[0], "cat 4,5,16,10");
    steps.push(boxes(&window, 1));

    for (modifiers, key, expected) in [
        (Modifiers::NONE, Key::ArrowRight, "cat 5,5,16,10"),
        (Modifiers::SHIFT, Key::ArrowDown, "cat 5,15,16,10"),
        (Modifiers::ALT, Key::ArrowLeft, "cat 5,15,15,10"),
        (Modifiers::ALT | Modifiers::SHIFT, Key::ArrowRight, "cat 5,15,25,10"),
    ] {
        window.state_mut().state.now_ms += 2000;
        press(&mut window, modifiers, key);
        assert_eq!(boxes(&window, 1)[0], expected, "{modifiers:?} {key:?}");
        steps.push(boxes(&window, 1));
    }

    // Inside it is moved, by a handle it is resized.
    drag(&mut window, 1, [15.0, 20.0], [18.0, 12.0]);
    assert_eq!(boxes(&window, 1)[0], "cat 8,7,25,10");
    steps.push(boxes(&window, 1));
    drag(&mut window, 1, [33.0, 17.0], [21.0, 13.0]);
    assert_eq!(boxes(&window, 1)[0], "cat 8,7,13,6");
    steps.push(boxes(&window, 1));

    press(&mut window, Modifiers::NONE, Key::Tab);
    assert_eq!(selected(&window, 1), [1]);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(boxes(&window, 1), ["cat 8,7,13,6"]);
    let decision = window.state().session().snapshot.decision(1);
    assert_eq!(decision.verdict, Verdict::Undecided, "the box was deleted, and not the sample");
    steps.push(boxes(&window, 1));

    ctrl_shift(&mut window, Key::N);
    assert_eq!(window.state().session().selection.cursor, Some(2));
    assert_eq!(boxes(&window, 2), ["cat 8,7,13,6"]);
    assert_eq!(selected(&window, 2), [0]);

    // What was kept is there again.
    let ops = journal(&window);
    let folder = tempfile::tempdir().unwrap();
    {
        let project = Project::open(folder.path()).unwrap();
        let writer = JournalWriter::spawn(Journal::open(&project, 3).unwrap().journal, "Ada", || {}).unwrap();
        for op in ops {
            writer.submit(op).unwrap();
        }
        writer.close().unwrap();
    }
    let project = Project::open(folder.path()).unwrap();
    let again = Journal::open(&project, 3).unwrap();
    let labelling = &window.state().session().overlay.labelling;
    assert_eq!(&again.overlay.labelling, labelling);
    assert_eq!(again.overlay.labelling.boxes(2).map(<[_]>::len), Some(1));

    undo(&mut window);
    assert_eq!(boxes(&window, 2), [""; 0]);
    for before in steps.iter().rev().skip(1) {
        undo(&mut window);
        assert_eq!(&boxes(&window, 1), before);
    }
    assert_eq!(window.state().session().selection.cursor, Some(1), "undo leads to what it changed");
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(boxes(&window, 1), ["dog 4,5,16,10"]);
}

#[test]
fn arrows_that_follow_each_other_on_one_box_are_one_step() {
    let mut window = window(Access::ReadWrite);
    ctrl_shift(&mut window, Key::B);
    click(&mut window, 0, [10.0, 10.0]);
    let mut steps = Vec::new();
    // A key, milliseconds since the one before it, and whether it is a step of its own.
    for (modifiers, key, ms, is_new) in [
        (Modifiers::NONE, Key::ArrowRight, 5000, true),
        (Modifiers::NONE, Key::ArrowRight, 300, false),
        (Modifiers::SHIFT, Key::ArrowDown, 900, false),
        (Modifiers::NONE, Key::ArrowLeft, 1500, true),
        (Modifiers::ALT, Key::ArrowLeft, 100, true),
        (Modifiers::ALT, Key::ArrowUp, 100, false),
        (Modifiers::NONE, Key::ArrowLeft, 100, true),
    ] {
        if is_new {
            steps.push(boxes(&window, 0));
        }
        window.state_mut().state.now_ms += ms;
        press(&mut window, modifiers, key);
    }
    assert_eq!(boxes(&window, 0), ["cat 4,15,19,14"]);
    let ops = journal(&window);
    assert_eq!(ops.len(), 7, "each is kept when it is made");
    let folder = tempfile::tempdir().unwrap();
    let project = Project::open(folder.path()).unwrap();
    let writer = JournalWriter::spawn(Journal::open(&project, 3).unwrap().journal, "Ada", || {}).unwrap();
    for op in ops {
        writer.submit(op).unwrap();
    }
    writer.close().unwrap();
    let again = Journal::open(&project, 3).unwrap();
    let session = window.state().session();
    assert_eq!((&again.overlay.labelling, &again.history), (&session.overlay.labelling, &session.history));
    for before in steps.iter().rev() {
        undo(&mut window);
        assert_eq!(&boxes(&window, 0), before);
    }
    // What was undone is no longer gone on from.
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    undo(&mut window);
    assert_eq!(boxes(&window, 0), ["cat 4,5,20,15"]);
}

#[test]
fn an_arrow_that_cannot_be_kept_takes_back_itself_alone() {
    let mut window = window(Access::ReadWrite);
    ctrl_shift(&mut window, Key::B);
    click(&mut window, 0, [10.0, 10.0]);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    let op = journal(&window).pop().unwrap();
    assert!(matches!(op, JournalOp::Replace { .. }), "{op:?}");
    window.state_mut().act(Action::Refused { op, why: "The disk is full.".to_owned(), is_final: false });
    assert_eq!(boxes(&window, 0), ["cat 5,5,20,15"]);
    undo(&mut window);
    assert_eq!(boxes(&window, 0), ["cat 4,5,20,15"]);
}

#[test]
fn a_new_class_of_a_new_box_is_asked_for_in_so_many_words() {
    let mut window = window(Access::ReadWrite);
    ctrl_shift(&mut window, Key::B);
    press(&mut window, Modifiers::NONE, Key::N);
    drag(&mut window, 1, [20.0, 15.0], [4.0, 5.0]);
    type_class(&mut window, &"x".repeat(201));
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.get_by_label("A class's name has 200 bytes at most.");
    press(&mut window, Modifiers::COMMAND, Key::A);
    press(&mut window, Modifiers::NONE, Key::Backspace);
    type_class(&mut window, "do");
    window.get_by_label("New class “do”").click();
    settle(&mut window);
    assert_eq!(boxes(&window, 1), ["do 4,5,16,10"]);
    undo(&mut window);
    assert_eq!(window.state().session().snapshot.labels().classes, ["cat", "dog"]);
    // Escape drops the box and gives the keys back to the image.
    drag(&mut window, 1, [20.0, 15.0], [4.0, 5.0]);
    type_class(&mut window, "dog");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Class of the new box").is_none() && is_editing(&window));
    assert!(boxes(&window, 1).is_empty() && window.get_by_label("Image 001.png").is_focused());
}

#[test]
fn escape_leaves_the_box_then_the_mode_and_only_then_the_selection() {
    let mut window = window(Access::ReadWrite);
    press(&mut window, Modifiers::COMMAND, Key::A);
    ctrl_shift(&mut window, Key::B);
    click(&mut window, 0, [10.0, 10.0]);
    assert_eq!(selected(&window, 0), [0]);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!((selected(&window, 0), is_editing(&window)), (vec![], true));
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!is_editing(&window));
    assert_eq!(window.state().session().selection.len(), 3);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!(window.state().session().selection.len(), 0);
    // Without the mode Delete is about the sample again.
    press(&mut window, Modifiers::COMMAND, Key::A);
    press(&mut window, Modifiers::NONE, Key::Delete);
    let verdict = |sample| window.state().session().snapshot.decision(sample).verdict;
    assert_eq!([0, 1, 2].map(verdict), [Verdict::Prune; 3]);
    assert_eq!(boxes(&window, 0), ["cat 4,5,20,15"]);
}

#[test]
fn an_image_that_merely_comes_on_screen_leaves_the_keys_to_the_panel_label() {
    let mut window = window(Access::ReadWrite);
    ctrl_shift(&mut window, Key::B);
    assert!(
        window.get_by_label("Image 000.png").is_focused(),
        "the mode was turned on where it is on screen"
    );
    press(&mut window, Modifiers::COMMAND, Key::J);
    let hand = |window: &Window| window.state().session().labeller.walk.queue.at_hand();
    assert_eq!(hand(&window), Some(1));
    assert!(window.query_all_by_label("Image 001.png").all(|image| !image.is_focused()));
    press(&mut window, Modifiers::NONE, Key::Num1);
    assert_eq!((window.state().session().identities_of(1), hand(&window)), (vec!["cat".to_owned()], Some(2)));
    for (key, expected) in [(Key::ArrowLeft, Some(1)), (Key::Space, Some(2)), (Key::Space, None)] {
        press(&mut window, Modifiers::NONE, key);
        assert_eq!(hand(&window), expected, "{key:?}");
    }
}

#[test]
fn what_is_dragged_is_told_and_kept_when_it_is_let_go() {
    let mut window = window(Access::ReadWrite);
    ctrl_shift(&mut window, Key::B);
    let (from, to) = (at(&window, 0, [10.0, 10.0]), at(&window, 0, [13.0, 12.0]));
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    window.hover_at(to);
    window.run_steps(2);
    window.get_by_label("7, 7 · 20 × 15 px");
    assert_eq!(boxes(&window, 0), ["cat 4,5,20,15"], "it is held");
    assert!(journal(&window).is_empty());
    window.drop_at(to);
    settle(&mut window);
    assert_eq!(boxes(&window, 0), ["cat 7,7,20,15"]);
    assert_eq!(journal(&window).len(), 1, "one gesture is one edit");
    // Escape drops what is being dragged.
    let (from, to) = (at(&window, 0, [10.0, 10.0]), at(&window, 0, [20.0, 12.0]));
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    window.hover_at(to);
    window.run_steps(2);
    window.key_press(Key::Escape);
    window.run_steps(2);
    window.drop_at(to);
    settle(&mut window);
    assert_eq!((boxes(&window, 0), is_editing(&window)), (vec!["cat 7,7,20,15".to_owned()], true));
}

#[test]
fn the_list_tells_what_is_by_hand_and_gives_the_sources_boxes_back() {
    let mut window = window(Access::ReadWrite);
    window.get_by_label("4, 5 · 20 × 15 px");
    assert!(window.query_by_label("by hand").is_none());
    ctrl_shift(&mut window, Key::B);
    window.get_by_label("Select box 1").click();
    settle(&mut window);
    assert_eq!(selected(&window, 0), [0]);
    window.get_by_label("Class of box 1: cat");
    window.get_by_label("Left of box 1");
    window.get_by_label("Image 000.png").focus();
    window.state_mut().state.now_ms = 1_796_047_500_000;
    settle(&mut window);
    press(&mut window, Modifiers::NONE, Key::ArrowLeft);
    assert_eq!(boxes(&window, 0), ["cat 3,5,20,15"]);
    window.get_by_label("by hand");
    window.get_by_label("By hand, by Ada, 2026-11-30 14:05:00 UTC");
    window.get_by_label("Give the source's boxes back").click();
    settle(&mut window);
    assert_eq!(boxes(&window, 0), ["cat 4,5,20,15"]);
    assert!(window.query_by_label("by hand").is_none());
    undo(&mut window);
    assert_eq!(boxes(&window, 0), ["cat 3,5,20,15"]);
    window.get_by_label("Delete box 1").click();
    settle(&mut window);
    assert_eq!(boxes(&window, 0), [""; 0]);
    window.get_by_label("All boxes were taken away by hand.");
}

#[test]
fn boxes_are_copied_and_pasted_between_samples_and_beside_themselves() {
    let mut window = window(Access::ReadWrite);
    ctrl_shift(&mut window, Key::B);
    window.event(Event::Copy);
    settle(&mut window);
    window.event(Event::Paste("cat\t4\t5\t20\t15".to_owned()));
    settle(&mut window);
    assert_eq!(boxes(&window, 0), ["cat 4,5,20,15", "cat 14,15,20,15"]);
    press(&mut window, Modifiers::NONE, Key::N);
    window.event(Event::Paste("cat\t4\t5\t20\t15".to_owned()));
    settle(&mut window);
    assert_eq!(boxes(&window, 1), ["cat 4,5,20,15"]);
    window.event(Event::Paste("cat\t4\t5\t20\t15".to_owned()));
    settle(&mut window);
    assert_eq!(boxes(&window, 1), ["cat 4,5,20,15"], "it has the box already");
}

#[test]
fn the_middle_button_pans_and_the_wheel_zooms_while_boxes_are_edited() {
    let mut window = window(Access::ReadWrite);
    ctrl_shift(&mut window, Key::B);
    let fitted = window.state().views.inspector.zoom();
    let pos = at(&window, 0, [30.0, 28.0]);
    window.hover_at(pos);
    window.event(Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 200.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    window.run_steps(30);
    let zoom = window.state().views.inspector.zoom();
    assert!(zoom > fitted * 1.5);
    let before = window.state().views.inspector.center();
    for (pressed, by) in [(true, 0.0), (true, 30.0), (true, 60.0), (false, 60.0)] {
        let pos = pos + Vec2::new(by, 0.0);
        window.hover_at(pos);
        if by == 0.0 || !pressed {
            let (button, modifiers) = (PointerButton::Middle, Modifiers::NONE);
            window.event(Event::PointerButton { pos, button, pressed, modifiers });
        }
        window.step();
    }
    settle(&mut window);
    // The image goes with the pointer, but for what it takes to tell a drag from a click.
    let moved = (before.x - window.state().views.inspector.center().x) * zoom;
    assert!((25.0..61.0).contains(&moved), "{moved} points");
    assert_eq!(boxes(&window, 0), ["cat 4,5,20,15"], "nothing was drawn or moved");
}

#[test]
fn a_project_for_reading_only_says_why_nothing_can_be_edited() {
    let mut window = window(Access::ReadOnly { reason: "another window has it open".to_owned() });
    ctrl_shift(&mut window, Key::B);
    let why =
        "This project is open for reading only, because another window has it open. Boxes cannot be changed.";
    let notice = window.state().state.notices.last().expect("it was said");
    assert_eq!((notice.level, notice.text.as_str()), (Level::Warning, why));
    assert!(window.query_all_by_label(why).count() > 0);
    drag(&mut window, 0, [10.0, 10.0], [20.0, 12.0]);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(boxes(&window, 0), ["cat 4,5,20,15"]);
    assert!(journal(&window).is_empty());
}

#[test]
fn gestures_name_their_boxes_and_samples() {
    let mut window = window(Access::ReadWrite);
    let gesture = LabelGesture::Boxes { sample: 2, boxes: Some(Vec::new()), what: "Nothing".to_owned() };
    window.state_mut().act(Action::Label(Box::new(gesture)));
    let session = window.state().session();
    assert_eq!(
        (told(session, 2), session.boxes_by_hand(2), session.boxes_by_hand(1)),
        (vec![], Some(vec![]), None)
    );
    assert!(session.draws_relative(1, None) && !session.draws_relative(1, Some(SIZE)));
}
