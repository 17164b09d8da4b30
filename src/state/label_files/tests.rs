//! What is asked for the dialogs of files of labels, which answers count, and what an edit of them comes to.

use super::*;
use crate::annotation::{Annotated, Annotations, Read, Resolve};
use crate::dataset::edit::{Mark, Overlay, View};
use crate::dataset::query::{Found, Snapshot};
use crate::dataset::{DatasetBuilder, Facts, Layout, NewSample};
use crate::jobs::Control;
use crate::state::{Action, Command, JobFace, JobId, LabelGesture, Opened, ProjectFace, Session};
use crate::store::{Access, Settings};

/// A cat, a dog and a sample without a label.
fn opened(access: Access) -> State {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..3 {
        let labels: &[&str] = [&["cat"][..], &["dog"]].get(at).copied().unwrap_or_default();
        builder.push(NewSample { path: &format!("{at}.png"), labels, ..NewSample::default() });
    }
    let dataset = builder.finish().0;
    let overlay = Overlay { view: View::default(), ..Overlay::new(dataset.len()) };
    let facts = Facts::new(dataset.len());
    let snapshot = Snapshot::new(dataset.into(), &[], facts, overlay.marks.clone());
    let opened = Opened::new(snapshot, Vec::new(), overlay, ProjectFace::new("/p".into(), access));
    let settings = Settings { person: "Ada".to_owned(), ..Settings::default() };
    let mut state = State::new(settings);
    act(&mut state, Action::Opened(Box::new(opened)));
    state
}

fn session(state: &State) -> &Session {
    state.session.as_ref().unwrap()
}

/// Carries an action out; gives what is asked for files of labels.
fn act(state: &mut State, action: Action) -> Vec<FileWork> {
    let mut asked = Vec::new();
    for effect in state.update(action) {
        match effect {
            Effect::FindRows { generation } => {
                let session = session(state);
                let found = Found::of(&session.snapshot, &session.view());
                asked.extend(act(state, Action::RowsReady { generation, found }));
            }
            Effect::LabelFile(work) => asked.push(*work),
            _ => {}
        }
    }
    asked
}

fn gesture(state: &mut State, gesture: FileGesture) -> Vec<FileWork> {
    act(state, Action::LabelFile(Box::new(gesture)))
}

/// What a file of Ben says.
fn of_ben() -> Annotations {
    let said = |path: &str, label: &str| Annotated {
        path: path.into(),
        labels: vec![label.into()],
        by: "Ben".into(),
        ..Annotated::default()
    };
    Annotations::of_samples(vec![said("0.png", "dog"), said("2.png", "emu"), said("9.png", "cat")])
}

/// Answers what a preview was asked for.
fn preview(state: &mut State, asked: &[FileWork]) -> u64 {
    let [FileWork::Preview { asked, question }] = asked else { panic!("{asked:?}") };
    let read = Read { annotations: of_ben(), ..Read::default() };
    let file = question.file.clone().unwrap_or_else(|| Arc::new(LabelFile::new(question.path.clone(), read)));
    let made = Preview::make(session(state).snapshot.clone(), file, question.by, &Control::new());
    let found = Ok(Arc::new(made.unwrap()));
    gesture(state, FileGesture::Previewed { asked: *asked, found });
    *asked
}

/// Answers what taking in was asked for.
fn taken(state: &mut State, asked: &[FileWork]) -> Vec<FileWork> {
    let [FileWork::TakeIn { asked, order }] = asked else { panic!("{asked:?}") };
    let edit = Ok(order.edit(&Control::new()).unwrap());
    gesture(state, FileGesture::TakenIn { asked: *asked, edit })
}

fn import(state: &State) -> &LabelImportDraft {
    match &state.dialog {
        Some(Dialog::ImportLabels(draft)) => draft,
        other => panic!("{other:?}"),
    }
}

/// The program with Ben's file before it.
fn looking(access: Access) -> State {
    let mut state = opened(access);
    act(&mut state, Action::Run(Command::ImportLabels));
    let asked = gesture(&mut state, FileGesture::SourcePicked("/b.csv".into()));
    preview(&mut state, &asked);
    state
}

/// The labels and tags of each sample.
fn labels(state: &State) -> Vec<String> {
    let snapshot = &session(state).snapshot;
    let of = |row: u32| {
        let labels: Vec<&str> = snapshot.labels().names(row).collect();
        let tags: Vec<&str> = snapshot.labelling.tags(row).collect();
        format!("{} {}", labels.join("+"), tags.join("+"))
    };
    (0..3).map(of).collect()
}

#[test]
fn a_file_is_taken_in_as_one_edit_that_is_undone() {
    for (resolve, expected) in [
        (Resolve::KeepOurs, ["cat ", "dog ", "emu "]),
        (Resolve::TakeTheirs, ["dog ", "dog ", "emu "]),
        (Resolve::Dispute, ["cat disputed", "dog ", "emu "]),
    ] {
        let mut state = looking(Access::ReadWrite);
        let preview = import(&state).preview().unwrap();
        let report = &preview.report;
        assert_eq!((report.new, report.conflicts, report.unmatched.len()), (1, 1, 1));
        assert_eq!(preview.changed(resolve).new_classes, ["emu"]);
        let asked =
            gesture(&mut state, FileGesture::ChangeImport(ImportChoice { resolve, ..Default::default() }));
        assert!(asked.is_empty(), "what becomes of conflicts is known already");
        let asked = gesture(&mut state, FileGesture::TakeIn);
        taken(&mut state, &asked);
        assert_eq!((labels(&state), &state.dialog), (expected.map(str::to_owned).to_vec(), &None));
        act(&mut state, Action::Run(Command::Undo));
        assert_eq!(labels(&state), ["cat ", "dog ", " "]);
        assert!(!state.can_run(Command::Undo));
    }
}

#[test]
fn a_preview_that_does_not_hold_any_more_is_worked_out_again() {
    let mut state = looking(Access::ReadWrite);
    let first = import(&state).asked;
    let star = Action::SetMarkOf { sample: 0, mark: Mark::Star, on: true };
    assert!(act(&mut state, star).is_empty(), "labels are as they were");
    let tag = LabelGesture::Tag {
        samples: crate::dataset::edit::SampleSet::from_rows([0]),
        tag: "seen".to_owned(),
        on: true,
    };
    let asked = act(&mut state, Action::Label(Box::new(tag)));
    assert!(import(&state).is_waiting());
    assert!(gesture(&mut state, FileGesture::TakeIn).is_empty());
    assert_eq!(labels(&state)[2], " ", "nobody has seen what it would come to");
    // An answer to the question before comes too late.
    let late = Err("late".to_owned());
    gesture(&mut state, FileGesture::Previewed { asked: first, found: late });
    assert!(import(&state).is_waiting());
    assert!(preview(&mut state, &asked) > first);
    assert!(matches!(&asked[..], [FileWork::Preview { question, .. }] if question.file.is_some()));
    let asked = gesture(&mut state, FileGesture::TakeIn);
    taken(&mut state, &asked);
    assert_eq!(labels(&state)[2], "emu ");
}

#[test]
fn taking_in_is_given_up_by_whatever_changes_what_it_comes_to() {
    let asking = || {
        let mut state = looking(Access::ReadWrite);
        let asked = gesture(&mut state, FileGesture::TakeIn);
        assert!(import(&state).is_taking && state.waits_for_label_files());
        assert_eq!(labels(&state)[2], " ", "it is worked out beside the person");
        (state, asked)
    };
    // Another decision.
    let (mut state, asked) = asking();
    let choice = ImportChoice { resolve: Resolve::Dispute, ..Default::default() };
    assert_eq!(gesture(&mut state, FileGesture::ChangeImport(choice)), [FileWork::Stop]);
    taken(&mut state, &asked);
    assert_eq!((labels(&state)[2].as_str(), import(&state).is_waiting()), (" ", false));
    // Another label: what would change is looked at again.
    let (mut state, asked) = asking();
    let samples = crate::dataset::edit::SampleSet::from_rows([2]);
    let tag = LabelGesture::Tag { samples, tag: "seen".to_owned(), on: true };
    let again = act(&mut state, Action::Label(Box::new(tag)));
    assert!(matches!(&again[..], [FileWork::Preview { .. }]), "{again:?}");
    taken(&mut state, &asked);
    assert_eq!((labels(&state)[2].as_str(), import(&state).is_taking), (" seen", false));
    // No dialog.
    let (mut state, asked) = asking();
    assert_eq!(act(&mut state, Action::CloseDialog), [FileWork::Stop]);
    taken(&mut state, &asked);
    assert_eq!(labels(&state)[2], " ");
    // What could not be done is told, and can be asked for again.
    let (mut state, asked) = asking();
    let [FileWork::TakeIn { asked, .. }] = asked[..] else { panic!("{asked:?}") };
    gesture(&mut state, FileGesture::TakenIn { asked, edit: Err("You stopped it.".to_owned()) });
    assert!(state.notices.iter().any(|notice| notice.text == "You stopped it."));
    let asked = gesture(&mut state, FileGesture::TakeIn);
    taken(&mut state, &asked);
    assert_eq!(labels(&state)[2], "emu ");
}

#[test]
fn closing_a_dialog_stops_what_it_waits_for_once() {
    let mut state = opened(Access::ReadWrite);
    act(&mut state, Action::Run(Command::ImportLabels));
    gesture(&mut state, FileGesture::SourcePicked("/b.csv".into()));
    assert!(state.waits_for_label_files());
    assert_eq!(act(&mut state, Action::CloseDialog), [FileWork::Stop]);
    assert!(act(&mut state, Action::CloseDialog).is_empty() && !state.waits_for_label_files());
}

#[test]
fn a_project_that_cannot_be_written_says_why_nothing_is_taken_in() {
    let mut state = looking(Access::ReadOnly { reason: "it is a test".to_owned() });
    gesture(&mut state, FileGesture::TakeIn);
    assert_eq!(labels(&state)[2], " ");
    assert!(state.notices.iter().any(|notice| notice.text.contains("because it is a test")));
}

#[test]
fn an_export_asks_for_what_its_form_leaves_out_and_for_a_place() {
    let mut state = opened(Access::ReadWrite);
    let asked = act(&mut state, Action::Run(Command::ExportLabels));
    let [FileWork::TellLeftOut { asked: first, choice }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((choice.form.format().name, choice.part), ("csv", ExportPart::All));
    // Instructions alone change nothing of it.
    let typed = LabelExport { instructions: "Cats?".to_owned(), ..choice.clone() };
    assert!(gesture(&mut state, FileGesture::ChangeExport(typed.clone())).is_empty());
    let task = LabelExport { form: LabelForm::named("task").unwrap(), ..typed };
    let asked = gesture(&mut state, FileGesture::ChangeExport(task.clone()));
    let [FileWork::TellLeftOut { asked: second, .. }] = &asked[..] else { panic!("{asked:?}") };
    let told = |text: &str| Ok(Arc::new(vec![text.to_owned()]));
    for (asked, text) in [(*second, "second"), (*first, "first")] {
        gesture(&mut state, FileGesture::LeftOutTold { asked, told: told(text) });
        let Some(Dialog::ExportLabels(draft)) = &state.dialog else { panic!("it is open") };
        assert_eq!(draft.told, Some(told("second")));
    }
    // One export at a time, and none of nothing.
    let selected = LabelExport { part: ExportPart::Selected, ..task.clone() };
    gesture(&mut state, FileGesture::ChangeExport(selected));
    assert!(gesture(&mut state, FileGesture::PickTarget).is_empty());
    gesture(&mut state, FileGesture::ChangeExport(task.clone()));
    let job = JobFace { id: JobId::Export, progress: Control::new().progress(), paused: false };
    act(&mut state, Action::JobsMoved(vec![job]));
    assert!(gesture(&mut state, FileGesture::PickTarget).is_empty());
    act(&mut state, Action::JobsMoved(Vec::new()));
    assert_eq!(gesture(&mut state, FileGesture::PickTarget), [FileWork::PickTarget(task.form)]);
    let asked = gesture(&mut state, FileGesture::TargetPicked("/t.json".into()));
    assert!(asked.contains(&FileWork::Export { choice: task.clone(), path: "/t.json".into() }), "{asked:?}");
    assert!(state.dialog.is_none());
    // It is there again the next time.
    act(&mut state, Action::Run(Command::ExportLabels));
    assert!(matches!(&state.dialog, Some(Dialog::ExportLabels(draft)) if draft.choice == task));
}
