//! The panels Train and Latent: from the settings of a model over its training to what it makes of the
//! samples, by accessible names.

use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use lenslet::dataset::Verdict;
use lenslet::review::Method;
use lenslet::state::latent::{
    Along, Axes, ColourBy, DrawFrom, LatentTab, LatentView, Made, ModelRef, Slot, WalkView,
};
use lenslet::state::training::Begin;
use lenslet::state::{Action, Command, Draft, Effect, End, JobId, Session, State, Training};
use lenslet::store::Settings;
use lenslet::train::config::{Channels, Config, HeldOut, Length, Shape};
use lenslet::train::device::Choice;
use lenslet::train::run::Why;

use crate::session::{self, twenty};
use crate::window::{Window, demo};

/// Settings of a model that is trained in a moment.
pub fn tiny(length: Length) -> Draft {
    let mut config = Config::preset(16, Channels::Grey);
    config.shape = Shape { latent: 3, width: 4, depth: 1, hidden: 16, ..config.shape };
    Draft { device: Choice::Cpu, ..Draft::new(Config { batch: 20, length, ..config }) }
}

fn session<'a>(window: &'a Window<'_>) -> &'a Session {
    window.app().state().session.as_ref().expect("it is open")
}

fn training<'a>(window: &'a Window<'_>) -> &'a Training {
    &session(window).training
}

fn look(window: &mut Window<'_>, change: impl FnOnce(&mut LatentView)) {
    let mut view = session(window).latent.view.clone();
    change(&mut view);
    window.act(Action::ChangeLatent(Box::new(view)));
}

/// The decoded pictures of a part, which are here.
fn made(window: &Window<'_>, slot: Slot) -> usize {
    match session(window).latent.made(slot) {
        Some(Made::Here(pictures)) => pictures.len(),
        other => panic!("{slot:?}: {other:?}"),
    }
}

#[test]
fn a_model_is_trained_beside_the_browser_looked_into_and_drawn_from() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));

    // The panel finds out what suits the samples, and says what that would cost.
    window.key(Modifiers::COMMAND, Key::Num9);
    let suggested = training(&window).draft.clone().expect("something suits them");
    assert_eq!(suggested.config.shape.channels, Channels::Colour);
    assert!(matches!(&suggested.config.held_out, HeldOut::Splits(splits) if splits == &["test", "val"]));
    let parameters = lenslet::text::grouped(suggested.config.shape.parameters());
    window.harness.get_by_label_contains(&format!("{parameters} parameters"));
    window.harness.get_by_label_contains("About ");
    window.harness.get_by_label("Nothing is being trained");

    // A setting that cannot be is said, and nothing starts.
    let mut wrong = tiny(Length::Steps(5));
    wrong.config.shape.depth = 6;
    window.act(Action::ChangeTraining(Box::new(wrong)));
    window.harness.get_by_label_contains("6 convolutions leave nothing of 16 px");
    window.key(Modifiers::COMMAND, Key::T);
    assert!(training(&window).run.is_none());

    // It trains, and is stopped: what it learned is kept.
    window.act(Action::ChangeTraining(Box::new(tiny(Length::Steps(1_000_000)))));
    window.harness.get_by_role_and_label(Role::Button, "Train on 300 samples").click();
    let reports = |window: &Window<'_>| training(window).run.as_ref().map_or(0, |run| run.curve.points.len());
    run_until(&mut window, "a loss", |window| reports(window) > 2);
    window.harness.get_by_role_and_label(Role::Button, "Pause").click();
    let paused = |window: &Window<'_>| {
        window.app().state().jobs.iter().any(|job| job.id == JobId::Train && job.paused)
    };
    run_until(&mut window, "the pause", paused);
    window.harness.get_by_label("Paused");
    window.harness.get_by_role_and_label(Role::Button, "Resume").click();
    let before = reports(&window);
    run_until(&mut window, "another loss", |window| reports(window) > before);
    for name in ["ELBO over the steps", "Reconstruction", "KL"] {
        window.harness.get_by_label(name);
    }
    window.harness.get_by_label_contains("KL by dimension: ");
    run_until(&mut window, "pictures", |window| {
        training(window).run.as_ref().is_some_and(|run| run.reconstructions.is_some())
    });
    window.harness.get_by_label_contains("samples and their reconstructions at step");
    window.harness.get_by_label_contains("draws from the prior at step");
    window.harness.get_by_role_and_label(Role::Button, "Stop").click();
    window.settle();
    let run = training(&window).run.as_ref().expect("there was one");
    let Some(End::Ended(ended)) = &run.end else { panic!("{:?}", run.end) };
    assert_eq!(ended.why, Why::Stopped);
    let stopped_at = ended.checkpoint.about.step;
    assert!(stopped_at > 0 && ended.path.as_ref().is_some_and(|path| path.is_dir()));
    assert!(training(&window).speeds.cpu.is_some());
    window.harness.get_by_label_contains("Look into: model-001");

    // It is looked into: the samples are encoded, and lie on a map.
    window.click("Look into it");
    let latent = &session(&window).latent;
    let found = latent.space.as_ref().expect("the samples were encoded");
    assert!(found.samples.len() > 250, "{}", found.samples.len());
    let map = latent.map.as_ref().expect("they lie on a map");
    assert_eq!(map.scatter.points().len(), found.samples.len());
    let (count, space) = (found.samples.len(), found.clone());
    window.harness.get_by_label(&format!("Map of {count} samples"));
    let known = session(&window).snapshot.model.as_ref().expect("they are columns");
    assert_eq!(known.step, stopped_at);

    // Columns from the model filter, sort and colour.
    window.type_filter("model.error > 0");
    assert_eq!(window.shown(), count);
    look(&mut window, |view| view.colour = ColourBy::Column("model.error".to_owned()));
    look(&mut window, |view| view.axes = Axes::Dimensions([2, 0]));
    assert_eq!(session(&window).latent.map.as_ref().map(|map| map.axes), Some(Axes::Dimensions([2, 0])));
    look(&mut window, |view| view.pointed = Some([0.5, -0.5]));
    assert_eq!(made(&window, Slot::Pointer), 1);

    // A sheet of any size, around any latent.
    window.click("Sheet");
    assert_eq!(made(&window, Slot::Sheet), 144);
    look(&mut window, |view| view.cells = 5);
    assert_eq!(made(&window, Slot::Sheet), 25);
    window.harness.get_by_label("Sheet of 5 × 5 decoded cells");
    window.harness.get_by_label("Dimension 2");

    // A walk from sample to sample, then along a direction.
    window.key(Modifiers::COMMAND, Key::A);
    window.click("Walk");
    window.harness.get_by_label_contains("Select two samples or more");
    window.click("Walk through the selected samples");
    assert_eq!(session(&window).latent.view.walk.stops.len(), 8);
    assert_eq!((made(&window, Slot::Strip), made(&window, Slot::Moment)), (13, 1));
    assert_eq!(session(&window).latent.near.len(), 8);
    let near = session(&window).latent.near.clone();
    let first = session(&window).latent.view.walk.stops[0];
    assert_eq!(near[0].0, first, "the walk begins at a sample");
    let (with, without) = (near.iter().map(|near| near.0).collect(), vec![first]);
    look(&mut window, |view| {
        let walk = WalkView {
            along: Along::Direction,
            with: Vec::into(with),
            without: without.into(),
            at: 1.0,
            ..view.walk.clone()
        };
        view.walk = walk;
    });
    assert!(session(&window).latent.direction().is_some());
    window.harness.get_by_label("+2.00 times the direction");

    // The trained encoder takes the place of the hand-made descriptor in the analyses.
    window.key(Modifiers::NONE, Key::F6);
    let by_hand = session(&window).review.analysed.clone().expect("it was analysed");
    let mut review = session(&window).review.settings.clone();
    review.method = Method::Descriptor;
    review.encoder = Some(training(&window).models[0].run.clone());
    window.act(Action::ChangeReview(Box::new(review.clone())));
    let by_model = session(&window).review.analysed.clone().expect("it was analysed");
    assert_ne!(by_model.stamp, by_hand.stamp);
    assert_eq!(Some(session(&window).review.judged.threshold), by_model.scale_free_threshold());
    review.encoder = Some(home.path().join("nowhere"));
    window.act(Action::ChangeReview(Box::new(review.clone())));
    let told = &window.app().state().notices;
    assert!(told.iter().any(|notice| notice.text.contains("nowhere")), "{told:?}");
    review.encoder = None;
    window.act(Action::ChangeReview(Box::new(review)));

    // The report has the figures that the command line prints.
    window.click("Report");
    window.click("Compare");
    let (figures, _) = session(&window).latent.evaluated.clone().expect("they were compared");
    assert!(figures.elbo.is_finite() && figures.descriptor.frechet.is_some(), "{figures:?}");
    window.harness.get_by_label(&format!("{:.2} nats", figures.elbo));
    window.harness.get_by_label("Coverage");

    // Samples are drawn, accepted by key, and exported as a dataset that says what they are.
    window.click("Samples");
    assert_eq!(made(&window, Slot::Drawn), 64);
    let kept = session(&window).shown.found.total.kept;
    window.click("Drawn sample 1");
    window.key(Modifiers::NONE, Key::K);
    window.key(Modifiers::NONE, Key::X);
    window.key(Modifiers::NONE, Key::K);
    let draw = &session(&window).latent.view.draw;
    assert_eq!(draw.accepted(), [0, 2]);
    assert_eq!((draw.verdicts[1], draw.cursor), (Verdict::Prune, 3));
    assert_eq!(session(&window).shown.found.total.kept, kept, "no sample of the dataset was decided on");
    look(&mut window, |view| view.draw.from = DrawFrom::Posterior);
    let target = home.path().join("drawn");
    window.act(Action::ExportDrawnTo { path: target.clone() });
    let rows = drawn_rows(&target);
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!((row[1].as_str(), row[6].as_str(), row[7].as_str()), ("true", "posterior", "1"));
        assert!(target.join(&row[0]).is_file());
    }
    window.close();

    // The next start knows the model and its columns, and goes on training it.
    let mut window = Window::open(home.path(), Some(&dataset));
    assert!(session(&window).snapshot.model.is_some(), "the project keeps what it said");
    window.act(Action::Run(Command::ShowTrain));
    let models = training(&window).models.clone();
    assert_eq!(
        (models.len(), models[0].name(), models[0].about.step),
        (1, "model-001".to_owned(), stopped_at)
    );
    window.act(Action::Run(Command::ClearFilter));
    // Looked into again, the samples lie where they lay: the project keeps that.
    window.act(Action::OpenModel { model: ModelRef::Folder(models[0].checkpoint.clone()) });
    assert_eq!(session(&window).latent.space.as_ref(), Some(&space));
    window.harness.get_by_label("Go on: model-001");
    window.begin_act(Action::ResumeTraining { run: models[0].run.clone() });
    run_until(&mut window, "a loss", |window| {
        let latest = training(window).run.as_ref().and_then(|run| run.latest.as_ref());
        latest.is_some_and(|latest| latest.step > stopped_at)
    });
    let began = training(&window).run.as_ref().and_then(|run| run.began.as_ref()).expect("it began");
    assert_eq!(began.step, stopped_at);
    // A dataset that is closed takes its training with it, and keeps what was learned.
    window.act(Action::Run(Command::CloseDataset));
    window.close();
    let kept = lenslet::train::checkpoint::look(&models[0].run).expect("it is there").1;
    assert!(kept.step > stopped_at, "{} {stopped_at}", kept.step);
}

fn drawn_rows(target: &Path) -> Vec<Vec<String>> {
    let mut table = csv::Reader::from_path(target.join("samples.csv")).expect("a table");
    table.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// Runs frames until something is so, of work that does not end by itself.
fn run_until(window: &mut Window<'_>, what: &str, is_so: impl Fn(&Window<'_>) -> bool) {
    let started = std::time::Instant::now();
    while !is_so(window) {
        window.harness.step();
        std::thread::sleep(std::time::Duration::from_millis(2));
        let told = &window.app().state().notices;
        assert!(started.elapsed().as_secs() < 120, "{what} never came: {told:?}");
    }
}

/// [`twenty`], open, with settings for a run.
fn state() -> State {
    let mut state = State::new(Settings::default());
    session::act(&mut state, Action::Opened(Box::new(twenty())));
    session::act(&mut state, Action::ChangeTraining(Box::new(tiny(Length::Steps(5)))));
    state
}

#[test]
fn a_run_starts_where_it_can_and_says_why_it_cannot() {
    let started = |state: &mut State| {
        let effects = session::act(state, Action::StartTraining);
        let count = effects.iter().filter(|effect| matches!(effect, Effect::Train(_))).count();
        (count, state.notices.last().map(|notice| notice.text.clone()).unwrap_or_default())
    };
    let mut all = state();
    assert_eq!(started(&mut all).0, 1);
    let (count, told) = started(&mut all);
    assert!(count == 0 && told.contains("being trained already"), "{told}");

    let mut none = state();
    session::act(&mut none, Action::SearchTyped { text: "label:nothing".into(), cursor: 13 });
    session::act(&mut none, Action::SearchEntered);
    let (count, told) = started(&mut none);
    assert!(count == 0 && told.contains("No sample is shown"), "{told}");

    let mut wrong = state();
    let mut draft = tiny(Length::Steps(5));
    draft.config.shape.latent = 0;
    session::act(&mut wrong, Action::ChangeTraining(Box::new(draft)));
    let (count, told) = started(&mut wrong);
    assert!(count == 0 && told.contains("latent"), "{told}");
}

#[test]
fn settings_are_kept_but_not_what_a_run_begins_with() {
    let mut state = state();
    let mut draft = tiny(Length::Epochs(3));
    draft.config.shape.classes = 1;
    draft.begin = Begin::From("/models/one".into());
    let effects = session::act(&mut state, Action::ChangeTraining(Box::new(draft.clone())));
    let now = state.session.as_ref().and_then(|session| session.training.draft.clone()).expect("settings");
    assert_eq!(now.config.shape.classes, 2, "as many as the dataset has");
    let [Effect::Journal(lenslet::store::JournalOp::SetValue(name, value))] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(name, lenslet::train::SETTINGS);
    let kept = Training::new(Some(value.clone())).draft.expect("they are read again");
    assert_eq!((kept.config, kept.begin), (now.config, Begin::New));
    assert_eq!(Training::new(Some(serde_json::json!({ "config": 3 }))).draft, None);
}

#[test]
fn answers_for_another_model_or_dataset_are_dropped() {
    let mut state = state();
    let answer = |generation: u64| Action::Decoded {
        slot: Slot::Sheet,
        generation,
        made: Ok(Made::Here(Default::default())),
        is_last: true,
    };
    for generation in [0, 1, 1 << 32, (1 << 32) + 1] {
        session::act(&mut state, answer(generation));
        let latent = &state.session.as_ref().expect("it is open").latent;
        assert!(latent.made(Slot::Sheet).is_none(), "{generation}");
    }
    assert_eq!(state.session.as_ref().expect("it is open").latent.view.tab, LatentTab::Map);
}
