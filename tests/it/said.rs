//! What a person says of a sample in the inspector: labels, tags, a note; for one sample and for several.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::dataset::LabelOrigin;
use lenslet::dataset::edit::{Mark, SampleSet};
use lenslet::state::{Action, Command, How, LabelGesture, State};
use lenslet::store::Settings;
use lenslet::ui::inspector::{InspectorView, inspector_ui};

use crate::classes_dialog::tell;
use crate::pane::{Pane, click, pane, press, session};
use crate::session::twenty;

type Inspector = Pane<InspectorView>;

/// The inspector on the first cat of the training split.
fn inspector() -> Inspector {
    let mut state = State::new(Settings { person: "Ada".into(), ..Settings::default() });
    state.now_ms = 1_796_047_500_000;
    tell(&mut state, Action::Opened(Box::new(twenty())));
    tell(&mut state, Action::ShowSample(0));
    pane(state, [1000.0, 1100.0], 4, inspector_ui, tell)
}

fn write(harness: &mut Inspector, field: &str, text: &str) {
    harness.get_by_label(field).focus();
    harness.run_steps(3);
    harness.get_by_label(field).type_text(text);
    harness.run_steps(3);
}

fn labels(harness: &Inspector, row: u32) -> Vec<String> {
    session(&harness.state().0).snapshot.labels().names(row).map(str::to_owned).collect()
}

fn undo(harness: &mut Inspector) {
    tell(&mut harness.state_mut().0, Action::Run(Command::Undo));
    harness.run_steps(6);
}

#[test]
fn labels_are_added_and_removed_beside_what_the_source_says() {
    let mut harness = inspector();
    write(&mut harness, "Add label", "do");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(labels(&harness, 0), ["cat", "dog"]);
    harness.get_by_label("The source says: cat");
    harness.get_by_label("By hand, by Ada, 2026-11-30 14:05:00 UTC");
    click(&mut harness, "Remove the label cat");
    assert_eq!(labels(&harness, 0), ["dog"]);
    click(&mut harness, "Give back");
    assert_eq!(labels(&harness, 0), ["cat"]);
    assert!(harness.query_by_label("The source says: cat").is_none());

    // A new class by typing, and all of it undone.
    write(&mut harness, "Add label", "kitten");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(labels(&harness, 0), ["cat", "kitten"]);
    for expected in [&["cat"] as &[&str], &["dog"], &["cat", "dog"], &["cat"]] {
        undo(&mut harness);
        assert_eq!(labels(&harness, 0), expected);
    }
}

#[test]
fn what_cannot_be_a_name_stays_in_its_field() {
    let mut harness = inspector();
    for (field, problem) in [
        ("Add label", "A class's name has 200 bytes at most."),
        ("Add a tag", "A tag has 200 bytes at most."),
    ] {
        let long = "x".repeat(201);
        write(&mut harness, field, &long);
        press(&mut harness, Modifiers::NONE, Key::Enter);
        harness.get_by_label(problem);
        assert_eq!(harness.get_by_label(field).accesskit_node().value(), Some(long));
    }
    assert_eq!(labels(&harness, 0), ["cat"]);
}

#[test]
fn tags_are_added_and_removed() {
    let mut harness = inspector();
    let tags = |harness: &Inspector| -> Vec<String> {
        session(&harness.state().0).snapshot.labelling.tags(0).map(str::to_owned).collect()
    };
    write(&mut harness, "Add a tag", "night");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    write(&mut harness, "Add a tag", "blurred");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(tags(&harness), ["blurred", "night"]);
    click(&mut harness, "Remove the tag blurred");
    assert_eq!(tags(&harness), ["night"]);
    undo(&mut harness);
    assert_eq!(tags(&harness), ["blurred", "night"]);
}

#[test]
fn a_note_is_kept_by_ctrl_enter_by_leaving_the_field_and_by_going_on() {
    let mut harness = inspector();
    let note =
        |harness: &Inspector, row: u32| session(&harness.state().0).snapshot.labelling.note(row).to_owned();
    write(&mut harness, "Note", "look again");
    assert_eq!(note(&harness, 0), "", "one edit, not one for each letter");
    press(&mut harness, Modifiers::COMMAND, Key::Enter);
    assert_eq!(note(&harness, 0), "look again");
    undo(&mut harness);
    assert_eq!(note(&harness, 0), "");
    write(&mut harness, "Note", "dark");
    harness.get_by_label("Add a tag").focus();
    harness.run_steps(6);
    assert_eq!(note(&harness, 0), "dark");
    // To another sample with a note half typed.
    harness.get_by_label("Note").focus();
    harness.run_steps(3);
    press(&mut harness, Modifiers::NONE, Key::End);
    write(&mut harness, "Note", "er");
    tell(&mut harness.state_mut().0, Action::ShowSample(1));
    harness.run_steps(6);
    assert_eq!([0, 1].map(|row| note(&harness, row)), ["darker", ""]);
}

#[test]
fn what_is_done_is_done_to_all_selected_samples_in_one_edit() {
    let mut harness = inspector();
    assert!(harness.query_by_label_contains("Do it for all").is_none());
    tell(
        &mut harness.state_mut().0,
        Action::SelectSamples { samples: vec![2, 1, 0], mode: lenslet::state::SelectMode::Range },
    );
    harness.run_steps(3);
    click(&mut harness, "Do it for all 3 selected samples");
    write(&mut harness, "Add label", "dog");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    write(&mut harness, "Add a tag", "pets");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    write(&mut harness, "Note", "both");
    press(&mut harness, Modifiers::COMMAND, Key::Enter);
    let said = |harness: &Inspector| {
        let snapshot = session(&harness.state().0).snapshot.clone();
        let of = |row: u32| {
            (
                snapshot.labels().get(row).len(),
                snapshot.labelling.has_tag(row, "pets"),
                snapshot.labelling.note(row).len(),
            )
        };
        [of(0), of(1), of(2), of(3)]
    };
    assert_eq!(said(&harness), [(2, true, 4), (2, true, 4), (2, true, 4), (1, false, 0)]);
    for expected in [(2, true, 0), (2, false, 0), (1, false, 0)] {
        undo(&mut harness);
        assert_eq!(said(&harness), [expected, expected, expected, (1, false, 0)]);
    }
}

#[test]
fn a_sample_is_marked_as_unsure_beside_the_other_marks() {
    let mut harness = inspector();
    click(&mut harness, "Mark as unsure");
    assert_eq!(session(&harness.state().0).overlay.marks[0], Mark::Unsure.bit());
    click(&mut harness, "Mark as no longer unsure");
    assert_eq!(session(&harness.state().0).overlay.marks[0], 0);
}

#[test]
fn somebody_without_a_name_is_told_once_where_to_set_it() {
    let give = |row: u32| {
        let (samples, classes) = (SampleSet::from_rows([row]), vec!["dog".to_owned()]);
        let origin = LabelOrigin::ByHand;
        Action::Label(Box::new(LabelGesture::Give { samples, classes, how: How::Only, origin }))
    };
    for (person, expected) in [("", 1), ("Ada", 0)] {
        let mut state = State::new(Settings { person: person.to_owned(), ..Settings::default() });
        tell(&mut state, Action::Opened(Box::new(twenty())));
        tell(&mut state, give(0));
        let hints = |state: &State| {
            state.notices.iter().filter(|notice| notice.text.contains("Settings (Ctrl+,)")).count()
        };
        assert_eq!(hints(&state), expected, "{person:?}");
        state.notices.clear();
        tell(&mut state, give(1));
        assert_eq!(hints(&state), 0, "{person:?} is told once");
    }
}
