//! What the labelling model sees by: a person chooses a trained model, and proposals follow.

use std::path::Path;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use lenslet::dataset::query::Snapshot;
use lenslet::import::dataset_reader;
use lenslet::jobs::Control;
use lenslet::pipeline::learning::{Ground, Learner};
use lenslet::state::labelling::Proposals;
use lenslet::state::{Action, Session};
use lenslet::train::config::Length;
use lenslet::train::encoder::LatentMean;

use crate::model_panels::tiny;
use crate::window::{Window, demo};

fn session<'a>(window: &'a Window<'_>) -> &'a Session {
    window.app().state().session.as_ref().expect("it is open")
}

fn proposals(window: &Window<'_>) -> Arc<Proposals> {
    session(window).labeller.proposals.clone().expect("the demo has labels to learn from")
}

fn chosen<'a>(window: &'a Window<'_>) -> Option<&'a Path> {
    session(window).labeller.lesson.sight.chosen()
}

/// The classes that a model which sees by a trained one proposes, worked out apart from the window.
fn classes_by(run: &Path, snapshot: &Snapshot) -> Vec<u32> {
    let (encoder, control) = (LatentMean::load(run).expect("it is there"), Control::new());
    let reader = dataset_reader(&snapshot.dataset);
    let (ground, problem) = Ground::by(&encoder, snapshot, &reader, None, 2, &control).expect("it ends");
    assert_eq!(problem, None);
    let learned = Learner::new(ground.into()).learn(snapshot, |_| false, &control).expect("it ends");
    learned.expect("there are labels").proposals.class
}

#[test]
fn proposals_follow_what_the_model_sees_by_across_a_restart_until_it_is_gone() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    window.act(Action::ChangeTraining(Box::new(tiny(Length::Steps(20)))));
    window.act(Action::StartTraining);
    let run = session(&window).training.models[0].run.clone();
    window.key(Modifiers::COMMAND, Key::J);
    let by_hand = proposals(&window);

    window.harness.get_by_role_and_label(Role::ComboBox, "Sees by: Picture description").click();
    window.settle();
    window.click("model-001");
    window.harness.get_by_role_and_label(Role::ComboBox, "Sees by: model-001");
    assert_eq!(chosen(&window), Some(run.as_path()));
    let by_model = proposals(&window);
    assert_ne!(by_model.classes, by_hand.classes);
    assert_eq!(by_model.classes, classes_by(&run, &session(&window).snapshot));
    window.close();

    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::COMMAND, Key::J);
    assert_eq!(chosen(&window), Some(run.as_path()));
    assert_eq!(proposals(&window).classes, by_model.classes);
    // Back to the picture description, and to the model once more.
    window.harness.get_by_role_and_label(Role::ComboBox, "Sees by: model-001").click();
    window.settle();
    window.click("Picture description");
    assert_eq!((chosen(&window), &proposals(&window).classes), (None, &by_hand.classes));
    window.harness.get_by_role_and_label(Role::ComboBox, "Sees by: Picture description").click();
    window.settle();
    window.click("model-001");
    assert_eq!(proposals(&window).classes, by_model.classes);
    window.close();

    std::fs::remove_dir_all(&run).expect("it was there");
    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::COMMAND, Key::J);
    let told = &window.app().state().notices;
    let names_it = |text: &str| {
        text.starts_with(
            "The labelling model goes by the picture description, for there is no checkpoint here",
        ) && text.contains(&run.display().to_string())
    };
    assert!(told.iter().any(|notice| names_it(&notice.text)), "{told:?}");
    window.harness.get_by_role_and_label(Role::ComboBox, "Sees by: Picture description");
    assert_eq!((chosen(&window), &proposals(&window).classes), (None, &by_hand.classes));
    window.close();
}
