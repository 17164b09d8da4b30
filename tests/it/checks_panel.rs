//! The panel Checks and what the sidebar says of flags, driven by their accessible names.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{ColorImage, Key, Modifiers, Pos2, Rect, TextureHandle, Theme, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};
use lenslet::dataset::edit::View;
use lenslet::dataset::{
    Dataset, DatasetBuilder, Decision, Fact, Facts, Flag, Layout, NewSample, SampleId, Score, Verdict,
};
use lenslet::jobs::Progress;
use lenslet::review::judge::judge_again;
use lenslet::review::{Analysed, Judged, ReviewSettings, judge};
use lenslet::state::{Action, Command, Effect, JobFace, JobId, SelectMode, Session, State, Which};
use lenslet::store::{Access, Settings};
use lenslet::ui::checks::{ChecksView, checks_ui};
use lenslet::ui::filters::{FiltersView, filters_ui};
use lenslet::ui::{FullPicture, Pencil, Pictures, Thumb, theme};

use crate::session::{self, act, reviewed};

/// Counts which samples are asked for; gives photos where there are some.
#[derive(Default)]
struct Photos {
    asked: usize,
    photos: Vec<TextureHandle>,
}

impl Pictures for Photos {
    fn thumbnail(&mut self, sample: SampleId, _: u32) -> Option<Thumb> {
        self.asked += 1;
        let photo = self.photos.get(sample as usize % self.photos.len().max(1))?;
        let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        Some(Thumb { texture: photo.id(), uv, size: photo.size_vec2() })
    }

    fn full(&mut self, _: SampleId) -> FullPicture {
        FullPicture::Loading
    }

    fn prefetch_full(&mut self, _: &[SampleId]) {}
}

/// A program with the two panels, whose actions are carried out and written down.
struct App {
    state: State,
    pictures: Photos,
    checks: ChecksView,
    filters: FiltersView,
    /// Width of the sidebar; 0 leaves it away.
    sidebar: f32,
    actions: Vec<Action>,
    effects: Vec<Effect>,
    frames: Vec<Duration>,
}

impl App {
    fn new(state: State) -> Self {
        let (pictures, checks, filters, actions, effects, frames) = Default::default();
        Self { state, pictures, checks, filters, sidebar: 0.0, actions, effects, frames }
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let start = Instant::now();
        let mut actions = Vec::new();
        self.pictures.asked = 0;
        let mut pencil = Pencil { state: &self.state, pictures: &mut self.pictures, actions: &mut actions };
        if self.sidebar > 0.0 {
            egui::Panel::left("sidebar").exact_size(self.sidebar).show(ui, |ui| {
                filters_ui(ui, &mut pencil, &mut self.filters);
            });
        }
        let frame = egui::Frame::central_panel(ui.style()).inner_margin(0.0);
        egui::CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| checks_ui(ui, &mut pencil, &mut self.checks));
        self.frames.push(start.elapsed());
        for action in actions {
            self.effects.extend(act(&mut self.state, action.clone()));
            self.actions.push(action);
        }
    }

    fn session(&self) -> &Session {
        self.state.session.as_ref().unwrap()
    }
}

type Panel = Harness<'static, App>;

fn panel(app: App, size: [f32; 2], theme: Theme) -> Panel {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(40)
        .with_step_dt(1.0 / 60.0)
        .with_os(egui::os::OperatingSystem::Nix)
        .wgpu()
        .with_context_setup(theme::install)
        .build_ui_state(|ui, app: &mut App| app.ui(ui), app);
    harness.run();
    harness
}

/// The panel on the samples of [`reviewed`].
fn twenty() -> Panel {
    panel(App::new(reviewed()), [900.0, 1000.0], Theme::Dark)
}

fn click(panel: &mut Panel, name: &str) {
    panel.get_by_label(name).click();
    panel.run();
}

/// Clicks the first of the cells of a sample.
fn click_cell(panel: &mut Panel, path: &str, modifiers: Modifiers) {
    let (whole, start) = (path.to_owned(), format!("{path},"));
    let is_meant = |cell: &Node<'_>| {
        let label = cell.accesskit_node().label();
        label.is_some_and(|label| label == whole || label.starts_with(&start))
    };
    let cell = panel.query_all_by_role(Role::GridCell).find(is_meant);
    cell.unwrap_or_else(|| panic!("{path} is not on screen")).click_modifiers(modifiers);
    panel.run();
}

fn is_there(panel: &Panel, name: &str) -> bool {
    panel.query_all_by_label(name).next().is_some()
}

fn verdicts(panel: &Panel, verdict: Verdict) -> Vec<SampleId> {
    let decisions = &panel.state().session().overlay.decisions;
    let has = |(row, decision): (usize, &Decision)| (decision.verdict == verdict).then_some(row as SampleId);
    decisions.iter().enumerate().filter_map(has).collect()
}

fn selected(panel: &Panel) -> Vec<SampleId> {
    panel.state().session().selection.iter().collect()
}

fn threshold(panel: &Panel, flag: Flag) -> Option<f32> {
    panel.state().session().review.settings.thresholds[flag as usize]
}

#[test]
fn every_check_says_how_many_it_flags() {
    for size in [[900.0, 1000.0], [360.0, 1000.0]] {
        let panel = panel(App::new(reviewed()), size, Theme::Dark);
        for (flag, count) in [
            (Flag::Duplicate, 7),
            (Flag::Leak, 4),
            (Flag::LabelConflict, 2),
            (Flag::WrongLabel, 7),
            (Flag::Outlier, 8),
            (Flag::Dark, 7),
            (Flag::Light, 1),
            (Flag::OddAspect, 7),
            (Flag::LowInformation, 5),
            (Flag::Blurry, 5),
            (Flag::OddSize, 8),
            (Flag::Grey, 8),
        ] {
            let name = format!("{}, {count} flagged", flag.title());
            assert!(is_there(&panel, &name), "{name} at {size:?}");
        }
    }
}

#[test]
fn a_threshold_is_moved_looked_at_and_set_back() {
    let mut panel = twenty();
    click(&mut panel, "Dark, 7 flagged");
    assert!(is_there(&panel, "7 of 20 samples under 0.320") && is_there(&panel, "the usual threshold"));
    assert!(is_there(&panel, "All 7 flagged"));
    // While the line is held nothing is asked for; the panel follows.
    let name = "Histogram of the score, 7 samples under 0.320";
    let rect = panel.get_by_label(name).rect();
    let at = |share: f32| egui::pos2(rect.left() + rect.width() * share, rect.center().y);
    panel.drag_at(at(0.32));
    panel.run();
    panel.hover_at(at(0.17));
    panel.run();
    assert!(is_there(&panel, "Dark, 4 flagged") && is_there(&panel, "All 4 flagged"));
    assert_eq!(threshold(&panel, Flag::Dark), None);
    panel.drop_at(at(0.17));
    panel.run();
    let set = threshold(&panel, Flag::Dark).expect("it is set once it is let go");
    assert!((set - 0.17).abs() < 0.003, "{set}");
    assert_eq!(panel.state().session().review.judged.raised[Flag::Dark as usize].under, 4);
    let asked = |action: &&Action| matches!(action, Action::ChangeReview(_));
    assert_eq!(panel.state().actions.iter().filter(asked).count(), 1);

    // By keys, a step at a time.
    panel.get_by_label("Threshold").focus();
    panel.run();
    panel.key_press(Key::ArrowRight);
    panel.run();
    let next = threshold(&panel, Flag::Dark).expect("it is set");
    assert!(next > set && next - set < 0.01, "{next}");

    click(&mut panel, "Default");
    assert_eq!(threshold(&panel, Flag::Dark), None);
    assert!(is_there(&panel, "Dark, 7 flagged"));
    // Another check has its own.
    click(&mut panel, "Light, 1 flagged");
    assert!(is_there(&panel, "1 of 20 samples under 0.050"));
}

#[test]
fn looking_at_a_threshold_that_lies_between_the_steps_sets_nothing() {
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(session::twenty())));
    let mut analysed = session::analysed();
    analysed.usual = analysed.usual.map(|_| Some(0.4377));
    act(&mut state, Action::Analysed(analysed.into()));
    let mut panel = panel(App::new(state), [700.0, 500.0], Theme::Dark);
    for flag in Flag::ALL.into_iter().filter(|flag| flag.score().is_some()) {
        let name = format!("{}, ", flag.title());
        let row = panel.query_all_by_label_contains(&name).next();
        row.unwrap_or_else(|| panic!("{}", flag.title())).click();
        panel.run();
        assert!(panel.query_all_by_label_contains("under 0.438").next().is_some(), "{}", flag.title());
        assert_eq!(threshold(&panel, flag), None, "{}", flag.title());
    }
}

#[test]
fn a_check_that_would_flag_most_says_so() {
    for size in [[900.0, 1000.0], [360.0, 1000.0]] {
        let mut state = reviewed();
        let mut settings = state.session.as_ref().unwrap().review.settings.clone();
        settings.thresholds[Flag::Dark as usize] = Some(0.9);
        act(&mut state, Action::ChangeReview(Box::new(settings)));
        let mut panel = panel(App::new(state), size, Theme::Dark);
        click(&mut panel, "Dark, most of the dataset");
        assert!(is_there(&panel, "Most of the dataset: 18 of 20"));
        assert!(is_there(&panel, "Under the line, nearest to it"));
        assert!(panel.get_by_label("Prune all flagged").accesskit_node().is_disabled());
        assert!(panel.get_by_label("Show in the grid").accesskit_node().is_disabled());
    }
}

#[test]
fn all_some_or_none_are_pruned() {
    let mut panel = twenty();
    click(&mut panel, "Dark, 7 flagged");
    // The one nearest to the line is fine.
    click_cell(&mut panel, "train/cat/06.jpg", Modifiers::NONE);
    click(&mut panel, "Keep this one");
    assert_eq!(verdicts(&panel, Verdict::Keep), [6]);
    click(&mut panel, "Prune the other 6");
    assert_eq!(verdicts(&panel, Verdict::Prune), [0, 1, 2, 3, 4, 5], "what is kept stays");
    assert!(panel.get_by_label("Prune all flagged").accesskit_node().is_disabled());
    assert!(is_there(&panel, "6 pruned") && is_there(&panel, "1 kept"));
    click(&mut panel, "Take back 6");
    assert_eq!((verdicts(&panel, Verdict::Prune), verdicts(&panel, Verdict::Keep)), (vec![], vec![6]));

    // Some, on either side of the line: those without the flag are pruned by hand.
    click_cell(&mut panel, "train/cat/05.jpg", Modifiers::NONE);
    click_cell(&mut panel, "train/cat/07.jpg", Modifiers::CTRL | Modifiers::COMMAND);
    assert_eq!(selected(&panel), [5, 7]);
    click(&mut panel, "Prune these 2");
    let decision = |panel: &Panel, row: usize| panel.state().session().overlay.decisions[row];
    assert_eq!(decision(&panel, 5), Decision::flagged(Flag::Dark));
    assert_eq!(decision(&panel, 7), Decision::by_hand(Verdict::Prune));
    // Taking the check's back leaves what was decided by hand.
    click(&mut panel, "Take back 1");
    assert_eq!(verdicts(&panel, Verdict::Prune), [7]);
    click(&mut panel, "Undecide");
    assert_eq!(verdicts(&panel, Verdict::Prune), [0u32; 0]);
}

#[test]
fn samples_are_chosen_by_pointer_and_keys() {
    let mut panel = twenty();
    click(&mut panel, "Dark, 7 flagged");
    let (none, shift) = (Modifiers::NONE, Modifiers::SHIFT);
    let ctrl = Modifiers::CTRL | Modifiers::COMMAND;
    for (path, modifiers, expected) in [
        ("train/cat/05.jpg", none, vec![5]),
        // Across the line, from the strip above to the one below it.
        ("train/cat/08.jpg", shift, vec![5, 6, 7, 8]),
        ("train/cat/06.jpg", ctrl, vec![5, 7, 8]),
        ("train/cat/03.jpg", ctrl | shift, vec![3, 4, 5, 6, 7, 8]),
        ("train/cat/01.jpg", none, vec![1]),
    ] {
        click_cell(&mut panel, path, modifiers);
        assert_eq!(selected(&panel), expected, "{path}");
    }
    let cursor = |panel: &Panel| panel.state().session().selection.cursor;
    assert_eq!(cursor(&panel), Some(1));
    for (key, modifiers, expected) in [
        (Key::ArrowRight, none, vec![2]),
        (Key::ArrowLeft, none, vec![1]),
        (Key::End, none, vec![6]),
        (Key::ArrowLeft, shift, vec![5, 6]),
        (Key::Home, none, vec![0]),
        (Key::ArrowDown, none, vec![5]),
    ] {
        panel.key_press_modifiers(modifiers, key);
        panel.run();
        assert_eq!(selected(&panel), expected, "{key:?}");
    }
}

#[test]
fn the_grid_is_asked_for_what_is_flagged() {
    let mut panel = twenty();
    for (name, filter) in [
        ("Dark, 7 flagged", "flag:dark"),
        ("Light, 1 flagged", "flag:light"),
        ("Light, 1 flagged", "flag:light"),
        ("Leak between splits, 4 flagged", "flag:leak"),
    ] {
        click(&mut panel, name);
        click(&mut panel, "Show in the grid");
        assert_eq!(panel.state().session().overlay.view.filter, filter);
        assert_eq!(panel.state().actions.last(), Some(&Action::Run(Command::ShowGrid)));
    }
    assert_eq!(panel.state().session().shown.found.rows.len(), 4);
}

#[test]
fn copies_are_left_to_the_panel_of_duplicates() {
    let mut panel = twenty();
    for (name, count) in [("Near-duplicate", 7), ("Leak between splits", 4), ("Label conflict", 2)] {
        click(&mut panel, &format!("{name}, {count} flagged"));
        assert!(is_there(&panel, &format!("All {count} flagged")), "{name}");
        let pruning = panel.query_all_by_label_contains("Prune all").next();
        assert!(pruning.is_none(), "all of them would be every member of every group");
        click(&mut panel, "Open Duplicates");
        assert_eq!(panel.state().actions.last(), Some(&Action::Run(Command::ShowDuplicates)));
    }
    // A double click opens the group itself. Clicks shortly before would count as well.
    panel.run_steps(60);
    for _ in 0..2 {
        panel.get_by_label("train/dog/10.jpg").click();
    }
    panel.run();
    assert_eq!(panel.state().session().review.open, Some(10));
    assert_eq!(panel.state().actions.last(), Some(&Action::Run(Command::ShowDuplicates)));
}

#[test]
fn wrong_labels_come_with_a_better_one() {
    let mut panel = twenty();
    click(&mut panel, "Likely wrong label, 7 flagged");
    // Of the first two samples the neighbours are dogs.
    let cells: Vec<String> = panel
        .query_all_by_role(Role::GridCell)
        .filter_map(|cell| cell.accesskit_node().label())
        .filter(|name| name.starts_with("train/cat/00.jpg") || name.starts_with("train/cat/06.jpg"))
        .collect();
    assert!(cells.contains(&"train/cat/00.jpg, 0.180, rather dog".to_owned()), "{cells:?}");
    assert!(cells.contains(&"train/cat/06.jpg, 0.480, rather cat".to_owned()), "{cells:?}");
}

#[test]
fn before_an_analysis_it_is_offered() {
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(session::twenty())));
    let mut panel = panel(App::new(state), [700.0, 500.0], Theme::Dark);
    assert!(is_there(&panel, "Not analysed yet"));
    click(&mut panel, "Analyse");
    assert!(panel.state().effects.contains(&Effect::Analyse(lenslet::state::Extent::Asked)));
    let progress = Progress { stage: "Finding neighbours".into(), done: 3, total: 20 };
    let jobs = vec![JobFace { id: JobId::Analyse, progress, paused: false }];
    act(&mut panel.state_mut().state, Action::JobsMoved(jobs));
    panel.run();
    assert!(is_there(&panel, "Analysing") && is_there(&panel, "Finding neighbours"));
    let nothing = Analysed { looked_at: 20, ..Analysed::default() };
    act(&mut panel.state_mut().state, Action::JobsMoved(Vec::new()));
    act(&mut panel.state_mut().state, Action::Analysed(nothing.into()));
    panel.run();
    assert!(is_there(&panel, "Dark, not known") && is_there(&panel, "No sample has this score."));
    click(&mut panel, "Near-duplicate, 0 flagged");
    assert!(is_there(&panel, "None was found."));
}

#[test]
fn the_sidebar_filters_by_flag_and_decision() {
    let mut app = App::new(reviewed());
    app.sidebar = 240.0;
    let mut panel = panel(app, [1200.0, 1400.0], Theme::Dark);
    let dark = Action::DecideFlagged { flag: Flag::Dark, which: Which::All, verdict: Verdict::Prune };
    act(&mut panel.state_mut().state, dark);
    let keep = Action::Decide { samples: vec![19], verdict: Verdict::Keep };
    act(&mut panel.state_mut().state, keep);
    panel.run();
    for (name, filter, shown) in [
        ("light, 1 of 1", "flag:light", 1),
        ("any flag, 1 of 10", "flag:any", 10),
        ("any flag, 10 of 10", "", 20),
        ("pruned, 7 of 7", "is:pruned", 7),
        ("kept, 0 of 1", "is:kept", 1),
    ] {
        click(&mut panel, name);
        let session = panel.state().session();
        assert_eq!(session.overlay.view.filter, filter, "{name}");
        assert_eq!(session.shown.found.rows.len(), shown, "{name}");
    }
}

/// A dataset of that many samples, each with scores that are spread.
fn many(samples: usize, scores: &[Score]) -> State {
    const CLASSES: [&str; 4] = ["daisy", "dandelion", "sunflower", "an uncommonly long name of a flower"];
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..samples {
        let (class, split) = (CLASSES[at % 4], if at % 5 == 0 { "val" } else { "train" });
        let path = format!("{split}/{class}/{at:07}.jpg");
        let (labels, split) = ([class], Some(split));
        builder.push(NewSample { path: &path, labels: &labels, split, bytes: 40_000, ..Default::default() });
    }
    let dataset: Dataset = builder.finish().0;
    let mut facts = Facts::new(samples);
    for sample in 0..samples.min(400) as u32 {
        let fact = Fact { measured: true, width: 320, height: 240, ..Fact::UNMEASURED };
        facts.set(sample, &fact);
    }
    let mut analysed = Analysed { looked_at: samples, ..Analysed::default() };
    for score in scores {
        let at = *score as usize;
        // The mean of some evenly spread numbers is spread like a bell.
        let spread = |row: usize| {
            let mut state = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (at as u64) << 40;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1u64 << 24) as f32
            };
            (next() + next() + next()) / 3.0
        };
        let value = |row: usize| match score {
            Score::Grey => f32::from(u8::from(!row.is_multiple_of(97))),
            Score::Light => spread(row) * 0.4,
            Score::OddSize => 1.0 - spread(row) * 0.6,
            _ => spread(row),
        };
        analysed.scores[at] = Some(Arc::new((0..samples).map(value).collect()));
    }
    analysed.suggested = Arc::new((0..samples).map(|row| (row as u32 + 1) % 4).collect());
    let opened = session::opened(dataset, Vec::new(), facts, Access::ReadWrite, View::default());
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(opened)));
    act(&mut state, Action::Analysed(analysed.into()));
    state
}

#[test]
fn a_million_samples_cost_what_is_on_screen() {
    let mut panel = panel(App::new(many(1_000_000, &[Score::Dark])), [1000.0, 800.0], Theme::Dark);
    panel.hover_at(egui::pos2(600.0, 500.0));
    panel.run();
    let rect = panel.get_by_role_and_label(Role::ScrollBar, "Scroll the samples").rect();
    let at = |step: u8| rect.left_top() + vec2(3.0, rect.height() * f32::from(step) / 30.0);
    panel.state_mut().frames.clear();
    panel.drag_at(at(0));
    for step in 0..=30 {
        panel.hover_at(at(step));
        panel.step();
        let asked = panel.state().pictures.asked;
        assert!(asked < 120, "{asked} samples are looked at");
    }
    panel.drop_at(at(30));
    panel.run();
    // The last of them, nearest to the line.
    let judged = panel.state().session().review.judged.clone();
    let ranked = judged.ranked(Flag::Dark).unwrap();
    let last = ranked.order[ranked.under(0.32) - 1];
    let path = panel.state().session().dataset().path(last).to_owned();
    assert!(panel.query_all_by_label_contains(&path).next().is_some());
    // A click on the bar goes there.
    panel.hover_at(at(15));
    panel.drag_at(at(15));
    panel.drop_at(at(15));
    panel.run();
    assert!(panel.query_all_by_label_contains(&path).next().is_none());
    let mut frames = panel.state().frames.clone();
    frames.sort();
    println!("a frame of the checks: median {:?}, slowest {:?}", frames[frames.len() / 2], frames.last());
    assert!(frames[frames.len() / 2] < Duration::from_millis(50), "{frames:?}");
}

#[test]
fn what_is_ranked_is_ranked_once() {
    let state = many(1000, &Score::ALL);
    let session = state.session.as_ref().unwrap();
    let analysed = session.review.analysed.clone().unwrap();
    let first = judge(&session.snapshot, &analysed, &session.review.settings);
    let mut settings = ReviewSettings::default();
    settings.thresholds[Flag::Dark as usize] = Some(0.1);
    let again = judge_again(&session.snapshot, &analysed, &settings, &first);
    let at = Score::Dark as usize;
    let same = |judged: &Judged| {
        Arc::ptr_eq(judged.ranked[at].as_ref().unwrap(), first.ranked[at].as_ref().unwrap())
    };
    assert!(same(&again) && !same(&judge(&session.snapshot, &analysed, &settings)));
    assert!(again.raised[Flag::Dark as usize].under < first.raised[Flag::Dark as usize].under);
}

/// Pictures of the panel, to look at: only where `LENSLET_PICTURES` names a folder.
#[test]
fn pictures_to_look_at() {
    let Some(folder) = std::env::var_os("LENSLET_PICTURES").map(PathBuf::from) else { return };
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for (name, size, check, decide) in [
            ("dark", [900.0, 760.0], "Dark", true),
            ("wrong", [900.0, 760.0], "Likely wrong label", false),
            ("narrow", [360.0, 760.0], "Dark", false),
            ("most", [700.0, 560.0], "Odd size", false),
            ("wide", [1600.0, 1100.0], "Grey", false),
        ] {
            let mut state = many(4000, &Score::ALL);
            let mut settings = state.session.as_ref().unwrap().review.settings.clone();
            settings.thresholds[Flag::OddSize as usize] = Some(0.75);
            act(&mut state, Action::ChangeReview(Box::new(settings)));
            let mut panel = panel(App::new(state), size, theme);
            let textures: Vec<TextureHandle> =
                photos().map(|photo| panel.ctx.load_texture("photo", photo, Default::default())).collect();
            panel.state_mut().pictures.photos = textures;
            panel.run();
            let found = panel.query_all_by_role(Role::RadioButton).find(|node| {
                node.accesskit_node().label().is_some_and(|label| label.starts_with(&format!("{check},")))
            });
            found.expect("it is listed").click();
            panel.run();
            if decide {
                let flagged = |panel: &Panel| {
                    let judged = panel.state().session().review.judged.clone();
                    let ranked = judged.ranked(Flag::Dark).unwrap();
                    ranked.order[..ranked.under(0.32)].to_vec()
                };
                let flagged = flagged(&panel);
                let state = &mut panel.state_mut().state;
                let prune = flagged[flagged.len() - 3..].to_vec();
                act(
                    state,
                    Action::DecideFlagged {
                        flag: Flag::Dark,
                        which: Which::These(prune),
                        verdict: Verdict::Prune,
                    },
                );
                act(
                    state,
                    Action::Decide { samples: vec![flagged[flagged.len() - 5]], verdict: Verdict::Keep },
                );
                let samples = vec![flagged[1], flagged[2]];
                act(state, Action::SelectSamples { samples, mode: SelectMode::Replace });
            }
            panel.event(egui::Event::PointerGone);
            panel.run();
            panel.render().unwrap().save(folder.join(format!("checks-{name}-{suffix}.png"))).unwrap();
        }
    }
}

/// Some photos, small.
fn photos() -> impl Iterator<Item = ColorImage> {
    let files = crate::data::real_data("flowers").map_or(Vec::new(), |folder| walk(&folder));
    files.into_iter().step_by(7).take(60).filter_map(|file| {
        let picture = image::open(file).ok()?.thumbnail(192, 192).to_rgb8();
        let size = [picture.width() as usize, picture.height() as usize];
        Some(ColorImage::from_rgb(size, picture.as_raw()))
    })
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![folder.to_owned()] };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| walk(path)).collect()
}
