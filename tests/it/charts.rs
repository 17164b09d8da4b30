//! The panel Charts: brushes as steps of the view, the dashboard as it is kept, and a person's way through it.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use lenslet::crossfilter::{Card, CardId, Figures, Kind, Options, default_cards};
use lenslet::dataset::query::{Brush, Range, Snapshot, Stroke};
use lenslet::dataset::{Boxes, DatasetBuilder, Fact, Layout, NewSample};
use lenslet::jobs::Progress;
use lenslet::state::{Action, Command, Effect, JobFace, JobId, Rescanned, SelectMode, Session, State};
use lenslet::store::Settings;

use crate::session::{act, answer, twenty, unmeasured};
use crate::window::{Window, demo};

fn session(state: &State) -> &Session {
    state.session.as_ref().expect("it is open")
}

fn open() -> State {
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(twenty())));
    state
}

fn brushed(from: f64, to: f64, is_held: bool) -> Action {
    let brush = Brush::range("width", Range { from, to, is_closed: false });
    Action::Brushed { brushes: vec![brush], stroke: Stroke::Set, is_held }
}

fn shown(state: &State) -> usize {
    session(state).shown.found.rows.len()
}

#[test]
fn a_brush_that_is_held_is_no_step_and_one_that_is_let_go_is() {
    let mut state = open();
    let first = session(&state).overlay.view.clone();
    for to in [102.0, 104.0, 103.0] {
        act(&mut state, brushed(100.0, to, true));
        assert_eq!(shown(&state), 2 * (to as usize - 100));
    }
    assert_eq!(session(&state).view().filter, "width>=100 width<103");
    assert_eq!(session(&state).search.text, "width>=100 width<103");
    assert_eq!(session(&state).overlay.view, first);
    assert!(!state.can_run(Command::Undo));
    act(&mut state, brushed(100.0, 103.0, false));
    assert_eq!((session(&state).charts.held.clone(), shown(&state)), (None, 6));
    assert_eq!(state.title_of(Command::Undo), "Undo: Filter: width>=100 width<103");

    // The next one is a step of its own, and both are undone and redone like anything else.
    let class =
        Action::Brushed { brushes: vec![Brush::classes(["cat"])], stroke: Stroke::Toggle, is_held: false };
    act(&mut state, class);
    assert_eq!(shown(&state), 3);
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!(shown(&state), 6);
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!((shown(&state), &session(&state).overlay.view), (20, &first));
    act(&mut state, Action::Run(Command::Redo));
    act(&mut state, Action::Run(Command::Redo));
    assert_eq!(session(&state).view().filter, "width>=100 width<103 label:cat");
    act(&mut state, Action::ConditionDropped { condition: "width>=100 width<103".to_owned() });
    assert_eq!((session(&state).view().filter.as_str(), shown(&state)), ("label:cat", 10));
}

#[test]
fn a_brush_that_comes_to_nothing_leaves_the_view_as_it_was() {
    let mut state = open();
    act(&mut state, brushed(100.0, 102.0, false));
    for end in [brushed(100.0, 102.0, false), Action::BrushLeft, Action::LeaveCharts] {
        act(&mut state, brushed(105.0, 109.0, true));
        assert_eq!(shown(&state), 8);
        act(&mut state, end);
        assert_eq!((shown(&state), session(&state).search.text.as_str()), (4, "width>=100 width<102"));
    }
    // Undo goes back from what is kept, and drops what is held.
    act(&mut state, brushed(105.0, 109.0, true));
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!((shown(&state), session(&state).view().filter.as_str()), (20, ""));
}

fn counted(generation: u64, card: CardId, text: &str) -> Action {
    let figures = vec![(card, Arc::new(Figures::Nothing(text.to_owned())))];
    Action::ChartsCounted { generation, figures }
}

fn says(state: &State, card: CardId) -> Option<String> {
    match session(state).charts.figures(card).map(Arc::as_ref) {
        Some(Figures::Nothing(text)) => Some(text.clone()),
        _ => None,
    }
}

fn asked(effects: &[Effect]) -> Vec<u64> {
    let count = |effect: &Effect| match effect {
        Effect::CountCharts { generation } => Some(*generation),
        _ => None,
    };
    effects.iter().filter_map(count).collect()
}

#[test]
fn charts_are_counted_while_they_are_shown_and_newer_answers_win() {
    let mut state = open();
    assert!(asked(&act(&mut state, brushed(100.0, 105.0, false))).is_empty());
    let first = asked(&act(&mut state, Action::AskCharts));
    assert_eq!(first.len(), 1);
    assert!(asked(&act(&mut state, Action::GridScrolled { position: 1.0 })).is_empty());
    let second = asked(&act(&mut state, brushed(100.0, 104.0, true)));
    let third = asked(&act(&mut state, brushed(100.0, 103.0, true)));
    assert_eq!((second[0], third[0]), (first[0] + 1, first[0] + 2));
    // Each that is newer than the last is shown, though a newer one was asked for.
    for (generation, text, expected) in [
        (second[0], "second", "second"),
        (first[0], "first", "second"),
        (third[0], "third", "third"),
        (third[0] + 1, "of another dataset", "third"),
    ] {
        act(&mut state, counted(generation, 1, text));
        assert_eq!(says(&state, 1).as_deref(), Some(expected));
    }
    assert!(session(&state).charts.is_answered());
    act(&mut state, Action::LeaveCharts);
    assert!(asked(&act(&mut state, brushed(100.0, 108.0, false))).is_empty());
}

#[test]
fn while_samples_are_measured_charts_follow_by_parts_and_end_exact() {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..1000 {
        builder.push(NewSample { path: &format!("{at:04}.jpg"), ..Default::default() });
    }
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(unmeasured(builder.finish().0, Vec::new()))));
    let jobs = vec![JobFace { id: JobId::Measure, progress: Progress::default(), paused: false }];
    act(&mut state, Action::JobsMoved(jobs));
    assert_eq!(asked(&act(&mut state, Action::AskCharts)).len(), 1);
    // A fiftieth of the samples, in steps of a tenth of that.
    let mut measured = 0u32;
    let mut learn = |state: &mut State, count: u32| {
        let fact = Fact { measured: true, width: 64, height: 64, ..Fact::UNMEASURED };
        let facts = (measured..measured + count).map(|sample| (sample, fact)).collect();
        measured += count;
        let mut effects = act(state, Action::Measured { facts, issues: Vec::new() });
        effects.extend(act(state, Action::Refresh));
        asked(&effects).len()
    };
    let counted: Vec<usize> = (0..25).map(|_| learn(&mut state, 2)).collect();
    assert_eq!(counted.iter().sum::<usize>(), 2, "{counted:?}");
    assert_eq!((counted[9], counted[19]), (1, 1), "{counted:?}");
    // The answers to what was asked come, and still not all is counted.
    let generation = session(&state).charts.asked();
    act(&mut state, counted_of(generation));
    assert!(!session(&state).charts.is_answered());
    // What a person does is counted at once, of all that is known.
    assert_eq!(asked(&act(&mut state, brushed(10.0, 99.0, false))).len(), 1);
    assert_eq!(learn(&mut state, 3), 0);
    // The end is counted whatever is new.
    assert_eq!(asked(&act(&mut state, Action::JobsMoved(Vec::new()))).len(), 1);
    let generation = session(&state).charts.asked();
    act(&mut state, counted_of(generation));
    assert!(session(&state).charts.is_answered());
    assert_eq!(learn(&mut state, 1), 1, "nothing is measured any more, and what is new is told at once");
}

fn counted_of(generation: u64) -> Action {
    counted(generation, 1, "all")
}

#[test]
fn while_a_brush_is_dragged_rows_are_shown_that_are_a_moment_old() {
    let mut state = open();
    let ask = |state: &mut State, to: f64, is_held: bool| -> (u64, Action) {
        let effects = state.update(brushed(100.0, to, is_held));
        let generation = effects.iter().find_map(|effect| match effect {
            Effect::FindRows { generation } => Some(*generation),
            _ => None,
        });
        let generation = generation.expect("rows are asked for");
        (generation, answer(state, generation))
    };
    let (_, old) = ask(&mut state, 102.0, true);
    let (_, newer) = ask(&mut state, 103.0, true);
    let (_, newest) = ask(&mut state, 104.0, true);
    state.update(newer.clone());
    assert_eq!(shown(&state), 6);
    state.update(old.clone());
    assert_eq!(shown(&state), 6);
    state.update(newest);
    assert_eq!(shown(&state), 8);
    // Once it is let go the last question alone counts.
    let (_, kept) = ask(&mut state, 105.0, false);
    state.update(newer);
    assert_eq!(shown(&state), 8);
    state.update(kept);
    assert_eq!(shown(&state), 10);
}

#[test]
fn a_dashboard_is_kept_with_the_place() {
    let mut state = open();
    let mut cards = default_cards();
    cards.truncate(2);
    cards[1].options.bins = Some(12);
    let kind = Kind::BoxPlots { column: "width".to_owned() };
    cards.push(Card { id: 40, kind, options: Options { search: "ca".to_owned(), ..Options::default() } });
    act(&mut state, Action::ChangeCards(cards.clone()));
    let place = session(&state).place();
    let mut again = twenty();
    again.place = Some(place);
    act(&mut state, Action::Opened(Box::new(again)));
    assert_eq!(*session(&state).charts.cards, cards);
    // A place of before there were charts has the first dashboard, and of too many cards the first ones stay.
    let mut older = twenty();
    older.place = Some(serde_json::json!({ "cell_px": 64.0 }));
    act(&mut state, Action::Opened(Box::new(older)));
    assert_eq!(*session(&state).charts.cards, default_cards());
    let many = (0..100).map(|id| Card { id, ..cards[0].clone() }).collect();
    act(&mut state, Action::ChangeCards(many));
    assert_eq!(session(&state).charts.cards.len(), lenslet::state::charts::MOST_CARDS);
}

fn rescanned(state: &State, names: [&str; 2]) -> Action {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..20 {
        let path = format!("{at:02}.jpg");
        builder.push(NewSample { path: &path, labels: &[names[at / 10]], ..Default::default() });
    }
    let known = session(state).snapshot.clone();
    let snapshot = Snapshot::new(builder.finish().0.into(), &[], known.facts, known.marks);
    Action::Rescanned(Box::new(Rescanned {
        snapshot,
        issues: Vec::new().into(),
        changed: Vec::new().into(),
        added: 0,
        removed: 0,
        is_asked: true,
    }))
}

#[test]
fn figures_of_the_list_before_a_rescan_go_with_it() {
    let mut state = open();
    let generation = asked(&act(&mut state, Action::AskCharts))[0];
    act(&mut state, counted(generation, 1, "two classes"));
    assert_eq!(says(&state, 1).as_deref(), Some("two classes"));
    let late = asked(&act(&mut state, brushed(100.0, 105.0, false)))[0];
    let action = rescanned(&state, ["cat", "cat"]);
    let new = asked(&act(&mut state, action));
    assert_eq!(says(&state, 1), None);
    // What was asked of the list before is no answer any more, however late it comes.
    act(&mut state, counted(late, 1, "two classes"));
    assert_eq!(says(&state, 1), None);
    act(&mut state, counted(*new.last().expect("it is asked anew"), 1, "one class"));
    assert_eq!(says(&state, 1).as_deref(), Some("one class"));
    assert!(session(&state).charts.is_answered());
}

#[test]
fn a_question_that_fails_takes_no_other_answer_away() {
    let mut state = open();
    let first = asked(&act(&mut state, Action::AskCharts))[0];
    let second = asked(&act(&mut state, brushed(100.0, 104.0, false)))[0];
    act(&mut state, Action::ChartsFailed { generation: first, text: "It failed.".to_owned() });
    assert!(!session(&state).charts.is_answered());
    // One of what takes longer says nothing about these.
    act(&mut state, Action::SlowChartsFailed { generation: second, text: "It failed.".to_owned() });
    act(&mut state, counted(second, 1, "second"));
    assert_eq!(says(&state, 1).as_deref(), Some("second"));
    assert!(session(&state).charts.is_answered());
    // It came after a newer answer.
    act(&mut state, Action::ChartsFailed { generation: first, text: "It failed.".to_owned() });
    assert_eq!(says(&state, 1).as_deref(), Some("second"));
}

#[test]
fn the_number_of_a_card_is_never_that_of_another() {
    let mut state = open();
    let study = Card { id: 50, kind: Kind::Coverage, options: Options::default() };
    let mut cards = default_cards();
    cards.push(study.clone());
    act(&mut state, Action::ChangeCards(cards));
    assert_eq!(session(&state).charts.next_card(), 51);
    // What looks at pictures for a card that goes is ended.
    let effects = act(&mut state, Action::ChangeCards(Vec::new()));
    assert!(effects.contains(&Effect::EndStudy { card: 50 }), "{effects:?}");
    // The first dashboard again, and the card: none of them is one of before.
    let cards = default_cards().into_iter().chain([study.clone(), study]).collect();
    act(&mut state, Action::ChangeCards(cards));
    let ids: Vec<CardId> = session(&state).charts.cards.iter().map(|card| card.id).collect();
    assert!(ids.iter().all(|id| *id > 50), "{ids:?}");
    assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "{ids:?}");
    // A card keeps its number while its options change, and has another once it is another chart.
    let mut cards = session(&state).charts.cards.to_vec();
    cards[0].options.log_counts = true;
    cards[1].kind = Kind::Boxes;
    act(&mut state, Action::ChangeCards(cards));
    let after: Vec<CardId> = session(&state).charts.cards.iter().map(|card| card.id).collect();
    assert!(after[0] == ids[0] && after[1] > ids[ids.len() - 1] && after[2] == ids[2], "{after:?}");
}

#[test]
fn what_ends_a_brush_that_is_held_shows_the_view_again() {
    let mut state = open();
    act(&mut state, Action::Click { position: 0, mode: SelectMode::Replace });
    act(&mut state, Action::Run(Command::ToggleStar));
    let view = session(&state).overlay.view.clone();
    act(&mut state, Action::SaveView { name: "all".to_owned() });
    for end in [
        // A step that changes no filter, and one that changes no rows.
        Action::Run(Command::Undo),
        Action::Run(Command::Undo),
        Action::Run(Command::Redo),
        Action::ShowView(view),
    ] {
        act(&mut state, brushed(100.0, 102.0, true));
        assert_eq!((shown(&state), session(&state).search.text.as_str()), (4, "width>=100 width<102"));
        act(&mut state, end.clone());
        assert_eq!(session(&state).charts.held, None);
        assert_eq!((shown(&state), session(&state).search.text.as_str()), (20, ""), "{end:?}");
    }
}

#[test]
fn cards_that_take_longer_are_asked_for_when_nothing_moves() {
    let mut state = open();
    let slow = |effects: &[Effect]| {
        effects.iter().filter(|effect| matches!(effect, Effect::DrawSlowCharts { .. })).count()
    };
    assert_eq!(slow(&act(&mut state, Action::AskCharts)), 0, "none of the first cards does");
    let kind = Kind::BoxPlots { column: "width".to_owned() };
    let cards = vec![Card { id: 1, kind, options: Options::default() }];
    assert_eq!(slow(&act(&mut state, Action::ChangeCards(cards))), 1);
    assert_eq!(slow(&act(&mut state, brushed(100.0, 104.0, true))), 0);
    assert_eq!(slow(&act(&mut state, brushed(100.0, 104.0, false))), 1);
    assert!(!session(&state).charts.is_answered());
}

/// What a rescan would tell that finds the same samples, all of the first class.
fn with_one_class(state: &State) -> Action {
    let known = session(state).snapshot.clone();
    let mut dataset = (*known.dataset).clone();
    let labels = Arc::make_mut(&mut dataset.labels);
    labels.classes.truncate(1);
    labels.sets = vec![Vec::new(), vec![0]];
    labels.of.fill(1);
    dataset.boxes = Boxes::default().into();
    let issues = session(state).issues.clone();
    Action::Rescanned(Box::new(Rescanned {
        snapshot: Snapshot::new(dataset.into(), &issues, known.facts, known.marks),
        issues,
        changed: Vec::new().into(),
        added: 0,
        removed: 0,
        is_asked: true,
    }))
}

fn card<'a>(window: &'a Window<'_>, kind: &Kind) -> (&'a Card, &'a Figures) {
    let charts = &window.app().state().session.as_ref().expect("it is open").charts;
    let card = charts.cards.iter().find(|card| card.kind == *kind).expect("it is on the dashboard");
    (card, charts.figures(card.id).expect("it is counted"))
}

/// Samples that are left in the chart of a column.
fn left_of(window: &Window<'_>, column: &str) -> u32 {
    match card(window, &Kind::Numbers { column: column.to_owned() }).1 {
        Figures::Numbers(numbers) => numbers.shown.iter().sum(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_person_brushes_the_charts_of_the_demo_undoes_and_saves_one() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::COMMAND, Key::D);
    // Few enough to stand on screen together.
    let named = |column: &str| Kind::Numbers { column: column.to_owned() };
    let kinds = [Kind::Classes, named("width"), Kind::Imbalance, named("bytes")];
    let cards = (1..).zip(kinds).map(|(id, kind)| Card { id, kind, options: Options::default() });
    window.act(Action::ChangeCards(cards.collect()));
    window.harness.get_by_label("Options of the chart Classes");

    // A click on a bar filters the grid and the other charts, and not its own.
    let a = window.app().state().session.as_ref().expect("it is open").shown.found.total.classes[0];
    window.click(&format!("Class a: {a} of {a}"));
    assert_eq!(window.shown(), a as usize);
    assert_eq!(left_of(&window, "bytes"), a);
    let (_, Figures::Labels(labels)) = card(&window, &Kind::Classes) else { panic!("classes") };
    assert_eq!(labels.all.as_slice(), labels.shown.as_slice());
    window.harness.get_by_label("Remove label:a");

    // A drag over a histogram asks for its bins; while it is held, everything follows and nothing is kept.
    let kind = Kind::Numbers { column: "width".to_owned() };
    let (_, Figures::Numbers(numbers)) = card(&window, &kind) else { panic!("numbers") };
    let edges = numbers.edges.clone();
    assert!(edges.len() > 1, "the demo has several widths");
    let half = edges.len() / 2;
    let below: u32 = (0..half).flat_map(|bin| numbers.of(bin).1).sum();
    let place = |window: &Window<'_>, bin: usize| {
        let axis = lenslet::chart::Axis::new("Width", "px", Default::default());
        let (low, high, _) = edges.range(bin).expect("a bin");
        let name = format!("Width {} to {} px: ", axis.text(low), axis.text(high));
        window.harness.get_by_label_contains(&name).rect().center()
    };
    let (from, to) = (place(&window, 0), place(&window, half - 1));
    window.harness.hover_at(from);
    window.harness.step();
    window.harness.drag_at(from);
    window.harness.step();
    window.harness.hover_at(from + egui::vec2(8.0, 0.0));
    window.harness.step();
    window.harness.hover_at(to);
    window.settle();
    let held = window.app().state().session.as_ref().expect("it is open").charts.held.clone();
    assert!(held.is_some_and(|held| held.starts_with("label:a width>=")));
    assert_eq!((window.shown() as u32, left_of(&window, "bytes")), (below, below));
    // The last move may come in the frame in which it is let go.
    window.harness.hover_at(from);
    window.settle();
    assert!(window.shown() as u32 <= below);
    window.harness.drop_at(to);
    window.settle();
    assert_eq!(window.shown() as u32, below);
    assert_eq!(left_of(&window, "width"), a, "a chart knows nothing of its own brush");
    window.harness.get_by_label_contains("Remove Width ");

    // Both are undone and redone like anything else.
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.shown(), a as usize);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.shown(), 300);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(window.shown(), a as usize);

    // The chart is written as it stands.
    let id = card(&window, &Kind::Classes).0.id;
    for ending in ["csv", "svg", "png"] {
        let path = home.path().join(format!("classes.{ending}"));
        window.act(Action::ChartExportTo { card: id, chart: None, path: path.clone() });
        window.until("the file", |_| path.is_file());
    }
    let table = std::fs::read_to_string(home.path().join("classes.csv")).expect("a table");
    let expected = format!("a,{a}");
    assert!(table.lines().any(|line| line.starts_with(&expected)), "{table}");
    window.act(Action::ChartExportTo { card: id, chart: None, path: dataset.join("classes.csv") });
    window.until("a warning", |harness| {
        let state = harness.state().as_ref().expect("the first frame made it").state();
        state.notices.iter().any(|notice| notice.text.contains("inside"))
    });
    assert!(!dataset.join("classes.csv").exists());

    // A chip takes its condition away, and Escape over the panel all of them.
    window.click("Remove label:a");
    assert_eq!(window.shown(), 300);
    window.click(&format!("Class a: {a} of {a}"));
    window.harness.hover_at(from);
    window.harness.step();
    // One that leaves the search field takes nothing away.
    window.key(Modifiers::COMMAND, Key::F);
    let is_typing = |window: &Window<'_>| {
        window.harness.get_by_role_and_label(Role::TextInput, "Search and filter").is_focused()
    };
    assert!(is_typing(&window));
    window.harness.hover_at(from);
    window.harness.step();
    for _ in 0..3 {
        if is_typing(&window) {
            window.key(Modifiers::NONE, Key::Escape);
            assert_eq!(window.shown(), a as usize);
        }
    }
    assert!(!is_typing(&window));
    window.key(Modifiers::NONE, Key::Escape);
    assert_eq!(window.shown(), 300);

    // Cards are removed, and what takes longer is drawn.
    window.click("Remove the chart Imbalance");
    let mut cards = window.app().state().session.as_ref().expect("it is open").charts.cards.to_vec();
    assert!(cards.iter().all(|card| card.kind != Kind::Imbalance));
    let kind = Kind::BoxPlots { column: "bytes".to_owned() };
    cards.insert(0, Card { id: 60, kind: kind.clone(), options: Options::default() });
    cards.insert(1, Card { id: 61, kind: Kind::Coverage, options: Options::default() });
    window.act(Action::ChangeCards(cards));
    assert!(matches!(card(&window, &kind).1, Figures::Charts(charts) if charts.len() == 1));
    // A row of a box plot asks for its class, and again for it no more.
    let row = format!("a, {a}");
    window.harness.get_by_label(&row).click_accesskit();
    window.settle();
    assert_eq!(window.shown(), a as usize);
    let filter = window.app().state().session.as_ref().expect("it is open").view().filter;
    assert!(filter.starts_with("label:a bytes>=") && filter.contains(" bytes<="), "{filter}");
    window.harness.get_by_label(&row).click_accesskit();
    window.settle();
    assert_eq!(window.shown(), 300);
    window.click("Look at 300 samples");
    let study = window.app().state().session.as_ref().expect("it is open").charts.study(61).cloned();
    let study = study.expect("the pictures were looked at");
    assert_eq!((study.found.charts.len(), study.of.filter.as_str()), (3, ""));
    assert!(study.found.regions.iter().any(|region| region.samples.len() > 1));
    // Each of its charts is saved by itself.
    let saved = |window: &mut Window<'_>, card: CardId, chart: usize, name: &str| {
        let path = home.path().join(name);
        window.act(Action::ChartExportTo { card, chart: Some(chart), path: path.clone() });
        window.until("the file", |_| path.is_file());
        std::fs::read_to_string(path).expect("a table").lines().next().map(str::to_owned)
    };
    let coverage = saved(&mut window, 61, 0, "coverage.csv");
    assert_eq!(coverage.as_deref(), Some("line,centres,largest_distance_to_the_nearest_centre"));
    assert_eq!(saved(&mut window, 61, 2, "diversity.csv").as_deref(), Some("class,vendi_score"));
    assert!(!home.path().join("diversity-2.csv").exists());
    // It can be looked at again at any time.
    window.harness.get_by_label("Look at 300 samples again");

    // A rescan may find fewer classes than a table on screen was counted of.
    let cards = [Kind::Splits, Kind::Classes, Kind::Relations { with: "label".to_owned() }];
    let first = window.app().state().session.as_ref().expect("it is open").charts.next_card();
    let cards = (first..).zip(cards).map(|(id, kind)| Card { id, kind, options: Options::default() });
    window.act(Action::ChangeCards(cards.collect()));
    let distances = saved(&mut window, first, 1, "distances.csv");
    assert_eq!(distances.as_deref(), Some("split,other_split,chi_square_distance"));
    let action = with_one_class(window.app().state());
    window.act(action);
    let (_, Figures::Labels(labels)) = card(&window, &Kind::Splits) else { panic!("classes") };
    assert_eq!(labels.classes(), 1);
    window.close();
}
