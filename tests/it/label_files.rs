//! The dialogs of files of labels: out, in with a look before, and people's side by side.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::annotation::task::Task;
use lenslet::annotation::{MatchBy, read};
use lenslet::app::App;
use lenslet::jobs::Control;
use lenslet::pipeline::agreeing::compare;
use lenslet::state::label_files::{
    ComparedPeople, ExportPart, ExportQuestion, FileGesture, FileWork, LabelExport, LabelFile, LabelForm,
    Preview,
};
use lenslet::state::{Action, Command, Dialog, Effect, ProjectFace, State};
use lenslet::store::{Access, Settings};
use lenslet::ui::dialogs::{DialogsView, dialogs_ui};

use crate::pane::{Pane, click, pane, session};
use crate::session::{act, twenty};
use crate::window::{Window, demo};

fn gesture(gesture: FileGesture) -> Action {
    Action::LabelFile(Box::new(gesture))
}

/// Carries an action out, and answers what the dialogs ask; gives the other work that they want done.
fn tell(state: &mut State, action: Action) -> Vec<FileWork> {
    let mut left = Vec::new();
    let control = Control::new();
    for effect in act(state, action) {
        let Effect::LabelFile(work) = effect else { continue };
        let snapshot = session(state).snapshot.clone();
        let answer = match *work {
            FileWork::TellLeftOut { asked, choice } => {
                let told = ExportQuestion::new(choice, session(state)).left_out(&control);
                FileGesture::LeftOutTold { asked, told: Ok(Arc::new(told.expect("it goes on"))) }
            }
            FileWork::Preview { asked, question } => {
                let form = question.form.map(LabelForm::format);
                let file = read(&question.path, form, &control);
                let file = file.map(|read| Arc::new(LabelFile::new(question.path.clone(), read)));
                let found = file.map_err(|error| error.to_string()).map(|file| {
                    Arc::new(Preview::make(snapshot, file, question.by, &control).expect("it goes on"))
                });
                FileGesture::Previewed { asked, found }
            }
            FileWork::TakeIn { asked, order } => {
                let edit = Ok(order.edit(&control).expect("it goes on"));
                FileGesture::TakenIn { asked, edit }
            }
            FileWork::Compare { asked, files, by } => {
                let compared = compare(&files, by, &control).expect("they are readable");
                let found = compared.ok_or_else(|| "nobody".to_owned()).map(|compared| {
                    Arc::new(ComparedPeople::make(compared, &snapshot, &control).expect("it goes on"))
                });
                FileGesture::Compared { asked, found }
            }
            work => {
                left.push(work);
                continue;
            }
        };
        left.extend(tell(state, gesture(answer)));
    }
    left
}

type Desk = Pane<DialogsView, FileWork>;

/// The dialog of a command over twenty cats and dogs.
fn desk(command: Command, access: Access) -> Desk {
    let mut state = State::new(Settings { person: "Ada".to_owned(), ..Settings::default() });
    let mut opened = twenty();
    opened.project = ProjectFace::new("/p".into(), access);
    tell(&mut state, Action::Opened(Box::new(opened)));
    tell(&mut state, Action::Run(command));
    pane(state, [1000.0, 1300.0], 40, |ui, pencil, view| dialogs_ui(ui.ctx(), pencil, view), tell)
}

/// What the system's dialog would have told.
fn pick(harness: &mut Desk, picked: FileGesture) {
    let asked = tell(&mut harness.state_mut().0, gesture(picked));
    harness.state_mut().2.extend(asked);
    // A dialog takes some frames to find its height.
    harness.run_steps(20);
}

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("it is written");
    path
}

fn labels(harness: &Desk, rows: &[u32]) -> Vec<String> {
    let snapshot = &session(&harness.state().0).snapshot;
    let of = |row: &u32| snapshot.labels().names(*row).collect::<Vec<_>>().join("+");
    rows.iter().map(of).collect()
}

fn tagged(harness: &Desk) -> Vec<u32> {
    let snapshot = &session(&harness.state().0).snapshot;
    (0..20).filter(|row| snapshot.labelling.tags(*row).any(|tag| tag == "disputed")).collect()
}

const BEN: &str = "path,label,by\ntrain/cat/00.jpg,dog,Ben\ntrain/cat/01.jpg,emu,Ben\ntrain/cat/02.jpg,cat,Ben\n\
                   nobody.jpg,cat,Ben\n";

#[test]
fn labels_are_taken_in_after_a_look_at_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let ben = file(folder.path(), "ben.csv", BEN);
    let mut harness = desk(Command::ImportLabels, Access::ReadWrite);
    harness.get_by_label("Choose what to take in to see what would change.");
    pick(&mut harness, FileGesture::SourcePicked(ben));
    harness.get_by_label("Nothing would change.");
    harness.get_by_label("3 met by path · 1 not in the dataset");
    harness.get_by_label("1 the same · 2 something else");
    assert!(harness.query_by_label("1 new class: emu").is_none(), "it is not made");
    click(&mut harness, "train/cat/01.jpg: cat → emu");
    assert_eq!(session(&harness.state().0).selection.cursor, Some(1));
    click(&mut harness, "Take theirs");
    harness.get_by_label("2 of 4 samples would change.");
    harness.get_by_label("1 new class: emu");
    click(&mut harness, "Take in 2 samples");
    assert_eq!(labels(&harness, &[0, 1, 2]), ["dog", "emu", "cat"]);
    let state = &mut harness.state_mut().0;
    assert!(state.dialog.is_none());
    assert_eq!(state.title_of(Command::Undo), "Undo: Take in labels of 2 samples from ben.csv");
    tell(state, Action::Run(Command::Undo));
    assert_eq!(labels(&harness, &[0, 1, 2]), ["cat", "cat", "cat"]);
}

#[test]
fn files_that_cannot_be_read_say_why_and_may_be_given_a_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = desk(Command::ImportLabels, Access::ReadWrite);
    pick(&mut harness, FileGesture::SourcePicked(folder.path().join("none.csv")));
    harness.get_by_label_contains("could not be read");
    let odd = file(folder.path(), "labels.txt", BEN);
    pick(&mut harness, FileGesture::SourcePicked(odd));
    harness.get_by_label_contains("this is no file of labels that is known by its name");
    click(&mut harness, "CSV");
    click(&mut harness, "Dispute");
    click(&mut harness, "Take in 2 samples");
    assert_eq!(tagged(&harness), [0, 1]);
}

#[test]
fn a_project_for_reading_only_says_why_nothing_is_taken_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let ben = file(folder.path(), "ben.csv", BEN);
    let access = Access::ReadOnly { reason: "it is a test".to_owned() };
    let mut harness = desk(Command::ImportLabels, access);
    pick(&mut harness, FileGesture::SourcePicked(ben));
    click(&mut harness, "Take theirs");
    harness.get_by_label_contains("because it is a test");
    assert!(harness.get_by_label("Take in 2 samples").accesskit_node().is_disabled());
    tell(&mut harness.state_mut().0, gesture(FileGesture::TakeIn));
    assert_eq!(labels(&harness, &[0, 1]), ["cat", "cat"]);
}

#[test]
fn an_export_says_what_its_form_leaves_out() {
    let mut harness = desk(Command::ExportLabels, Access::ReadWrite);
    harness.get_by_label_contains("It holds all but classes that no sample has.");
    click(&mut harness, "Class folder");
    harness.get_by_label("Choose a folder…");
    harness.get_by_label("20 sizes of pictures are not in class folder files.");
    click(&mut harness, "Labelling task");
    harness.get_by_label_contains("Nothing of what was said is in an empty task");
    click(&mut harness, "With answers");
    click(&mut harness, "Shown (20)");
    harness.get_by_label("Instructions").focus();
    harness.run_steps(6);
    harness.get_by_label("Instructions").type_text("Cats?");
    harness.run_steps(6);
    click(&mut harness, "Choose a file…");
    let (state, _, asked) = harness.state();
    assert_eq!(asked.last(), Some(&FileWork::PickTarget(LabelForm::named("task").expect("there is one"))));
    let Some(Dialog::ExportLabels(draft)) = &state.dialog else { panic!("it is open") };
    assert_eq!((draft.choice.part, draft.choice.instructions.as_str()), (ExportPart::Shown, "Cats?"));
    assert_eq!(session(state).label_export, draft.choice);
}

#[test]
fn people_are_compared_and_what_they_dispute_is_tagged() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = |labels: [&str; 4]| {
        let rows = labels.iter().enumerate();
        let rows: String = rows.map(|(at, label)| format!("train/cat/0{at}.jpg,{label}\n")).collect();
        format!("path,label\n{rows}")
    };
    let ada = file(folder.path(), "ada.csv", &rows(["cat", "cat", "dog", "dog"]));
    let ben = file(folder.path(), "ben.csv", &rows(["cat", "dog", "dog", "cat"]));
    let mut harness = desk(Command::ComparePeople, Access::ReadWrite);
    pick(&mut harness, FileGesture::PeoplePicked(vec![ada]));
    harness.get_by_label("nobody");
    pick(&mut harness, FileGesture::PeoplePicked(vec![ben]));
    harness.get_by_label("ada and ben");
    harness.get_by_label("cat → dog: 1 sample");
    harness.get_by_label_contains("Krippendorff's alpha");
    harness.get_by_label_contains("train/cat/01.jpg: ada says cat, ben says dog");
    click(&mut harness, "Tag 2 disputed samples");
    assert_eq!(tagged(&harness), [1, 3]);
    tell(&mut harness.state_mut().0, Action::Run(Command::Undo));
    assert!(tagged(&harness).is_empty());
}

#[test]
fn labels_go_out_of_the_window_and_come_back_in() {
    let home = tempfile::tempdir().expect("a folder");
    let source = demo(home.path());
    let mut window = Window::open(home.path(), Some(&source));
    let told = |text: &'static str| {
        move |harness: &Harness<'_, Option<App>>| {
            let notices = harness.state().as_ref().map(|app| &app.state().notices);
            notices.is_some_and(|notices| notices.iter().any(|notice| notice.text.contains(text)))
        }
    };
    let write = |window: &mut Window<'_>, name: &str, to: &Path| {
        window.act(Action::Run(Command::ExportLabels));
        let form = LabelForm::named(name).expect("there is one");
        let choice = LabelExport { form, instructions: "Letters.".to_owned(), ..LabelExport::default() };
        window.act(gesture(FileGesture::ChangeExport(choice)));
        window.begin_act(gesture(FileGesture::TargetPicked(to.to_owned())));
    };
    let (csv, task, folders) =
        (home.path().join("out.csv"), home.path().join("task.json"), home.path().join("folders"));
    write(&mut window, "csv", &csv);
    window.until("the labels", told("The labels of 300 samples are in"));
    window.settle();
    write(&mut window, "task", &task);
    window.until("the task", told("The labelling task of 300 samples is in"));
    window.settle();
    let asked = Task::open(&task).expect("it is a task");
    assert_eq!((asked.instructions.as_str(), asked.samples.len()), ("Letters.", 300));
    assert!(asked.samples.iter().all(|sample| sample.answer.is_none()));
    write(&mut window, "folder", &folders);
    window.until("the pictures", told("exported and verified"));
    window.settle();
    // The dataset itself is refused.
    write(&mut window, "csv", &source.join("labels.csv"));
    window.until("the refusal", told("never written to"));
    window.settle();
    assert!(!source.join("labels.csv").exists());

    // What was written says nothing that is new.
    window.act(Action::Run(Command::ImportLabels));
    window.act(gesture(FileGesture::SourcePicked(csv)));
    let state = window.app().state();
    let Some(Dialog::ImportLabels(draft)) = &state.dialog else { panic!("it is open") };
    assert_eq!(draft.choice.by, MatchBy::Either);
    let report = &draft.preview().expect("it was read").report;
    assert_eq!((report.theirs, report.conflicts, report.new), (300, 0, 0));
    window.act(gesture(FileGesture::SourcePicked(home.path().join("none.csv"))));
    let Some(Dialog::ImportLabels(draft)) = &window.app().state().dialog else { panic!("it is open") };
    assert!(matches!(&draft.found, Some(Err(text)) if text.contains("none.csv")), "{:?}", draft.found);
    let path = session(window.app().state()).dataset().path(0).to_owned();
    let emu = file(home.path(), "emu.csv", &format!("path,tags\n{path},emu\n"));
    window.act(gesture(FileGesture::SourcePicked(emu)));
    window.act(gesture(FileGesture::TakeIn));
    let state = window.app().state();
    assert!(state.dialog.is_none() && state.can_run(Command::Undo));
    assert!(session(state).snapshot.labelling.tags(0).eq(["emu"]));
    window.close();
}
