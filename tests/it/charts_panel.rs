//! The panel Charts by itself: two columns against each other as points, what the pointer finds, selects and asks for; and
//! thousands of classes.

use std::path::PathBuf;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Color32, Event, Key, Modifiers, PointerButton, Pos2, Theme, Vec2, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::wgpu::WgpuTestRenderer;
use lenslet::analysis::scatter::Scatter;
use lenslet::chart::{Chart, Look, Spot, Which, layout};
use lenslet::crossfilter::{
    Board, Card, CardId, Figures, Kind, Options, Order, Places, Scattered, charts_of, rows_but,
};
use lenslet::dataset::builder::NewBox;
use lenslet::dataset::edit::View;
use lenslet::dataset::query::{Brush, Query, Stroke, parse};
use lenslet::dataset::{DatasetBuilder, Fact, Facts, Layout, NewSample, SampleId};
use lenslet::gpu::install;
use lenslet::gpu::points::Points;
use lenslet::pipeline::statistics::Subject;
use lenslet::state::charts::Cloud;
use lenslet::state::{Action, Command, Effect, Session, State};
use lenslet::store::{Access, Settings};
use lenslet::ui::charts::{ChartsPane, charts_ui};
use lenslet::ui::theme;

use crate::gpu::{graphics, render_state};
use crate::pane::drawn;
use crate::session::{self, twenty};

struct Panel {
    state: State,
    pane: ChartsPane,
    /// The cards that were to be saved, with which of their charts.
    saved: Vec<(CardId, Option<usize>)>,
}

impl Panel {
    fn new(state: State) -> Self {
        Self { state, pane: ChartsPane::default(), saved: Vec::new() }
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        for action in drawn(&self.state, |pencil| charts_ui(ui, pencil, &mut self.pane)) {
            if let Action::PickChartFile { card, chart } = action {
                self.saved.push((card, chart));
            }
            act(&mut self.state, action);
        }
    }

    fn session(&self) -> &Session {
        self.state.session.as_ref().expect("it is open")
    }

    fn selected(&self) -> Vec<SampleId> {
        self.session().selection.iter().collect()
    }
}

fn cloud(session: &Session, query: &Query, card: &Card) -> Option<Cloud> {
    let places = Places::of(&session.snapshot, &card.kind, &card.options)?;
    let snapshot = &session.snapshot;
    let color = |sample: usize| match snapshot.labels().get(sample as SampleId).first() {
        Some(class) if card.options.by_class => theme::DARK.class_of(snapshot, *class),
        _ => Color32::RED,
    };
    let colors: Vec<Color32> = (0..places.of.len()).map(color).collect();
    let points = Points::new(&places.of, &colors);
    Some(Cloud {
        edges: places.edges,
        scatter: Arc::new(Scatter::new(places.of)),
        shown: rows_but(&session.snapshot, query, &card.kind.own_columns()),
        points: [Points::new(&[], &[]), points],
        thinned: None,
    })
}

/// Carries an action out; charts are counted and points placed at once.
fn act(state: &mut State, action: Action) {
    for effect in session::act(state, action) {
        if let Effect::DrawSlowCharts { generation } = effect {
            let session = state.session.as_ref().expect("it is open");
            let rows = session.shown.found.rows.clone();
            let subject = Subject { snapshot: &session.snapshot, rows: &rows };
            let drawn = |card: &Card| match charts_of(card, subject) {
                Ok(charts) if charts.is_empty() => None,
                Ok(charts) => Some((card.id, Arc::new(Figures::Charts(charts)))),
                Err(why) => Some((card.id, Arc::new(Figures::Nothing(why)))),
            };
            let figures = session.charts.cards.iter().filter_map(drawn).collect();
            act(state, Action::SlowChartsDrawn { generation, figures });
            continue;
        }
        let Effect::CountCharts { generation } = effect else { continue };
        let session = state.session.as_ref().expect("it is open");
        let query = parse(&session.view().filter, session.snapshot.vocabulary()).expect("a query");
        let cards = session.charts.cards.clone();
        let figures = Board::default().answer(&session.snapshot, &query, &cards).into_iter();
        let figures = figures.map(|(card, figures)| (card, Arc::new(figures))).collect();
        let clouds = cards.iter().filter_map(|card| Some((card.id, Arc::new(cloud(session, &query, card)?))));
        let clouds = clouds.collect();
        act(state, Action::ChartsCounted { generation, figures });
        act(state, Action::CloudsDrawn { generation, clouds });
    }
}

/// [`twenty`] by width, 100 to 109 twice, and bytes, 1000 to 1019.
fn window(options: Options) -> Harness<'static, Panel> {
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(twenty())));
    let kind = Kind::Scatter { x: "width".to_owned(), y: "bytes".to_owned() };
    act(&mut state, Action::ChangeCards(vec![Card { id: 1, kind, options }]));
    act(&mut state, Action::AskCharts);
    panel(state)
}

fn panel(state: State) -> Harness<'static, Panel> {
    let mut window = Harness::builder()
        .with_size(Vec2::new(420.0, 420.0))
        .with_max_steps(60)
        .allow_missing_glyphs()
        .with_context_setup(theme::install)
        .build_ui_state(|ui, panel: &mut Panel| panel.ui(ui), Panel::new(state));
    window.run();
    window
}

/// Thousands of classes of one sample to three, the panel by itself.
fn thousands(options: Options) -> Harness<'static, Panel> {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for class in 0..3000 {
        let label = format!("class {class}");
        for at in 0..=class % 3 {
            let path = format!("{class}/{at}.png");
            builder.push(NewSample { path: &path, labels: &[&label], ..Default::default() });
        }
    }
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(session::unmeasured(builder.finish().0, Vec::new()))));
    act(&mut state, Action::ChangeCards(vec![Card { id: 1, kind: Kind::Classes, options }]));
    act(&mut state, Action::AskCharts);
    panel(state)
}

fn bars(window: &Harness<'static, Panel>) -> Vec<String> {
    let bars = window.query_all_by_role(Role::CheckBox).filter_map(|node| node.accesskit_node().label());
    bars.filter(|name| name.starts_with("Class class ")).collect()
}

#[test]
fn of_thousands_of_classes_those_on_screen_are_drawn_and_a_search_finds_the_others() {
    let window = thousands(Options::default());
    let shown = bars(&window);
    assert!((5..40).contains(&shown.len()), "{}", shown.len());
    assert_eq!(shown[0], "Class class 2: 3 of 3", "the most frequent first, of equal ones the first");
    window.get_by_label("3,000 of them");
    let search = Options { search: "2999".to_owned(), ..Options::default() };
    assert_eq!(bars(&thousands(search)), ["Class class 2999: 3 of 3"]);
    let names = Options { order: Order::Name, top: Some(4), ..Options::default() };
    let first = [0, 1, 2, 3].map(|class| format!("Class class {class}: {0} of {0}", class % 3 + 1));
    assert_eq!(bars(&thousands(names)), first);
}

/// The cards of boxes and of a box plot: twelve samples of two classes.
fn drawn_charts() -> Harness<'static, Panel> {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Yolo);
    let mut facts = Facts::new(12);
    for at in 0..12u32 {
        let (path, label) = (format!("{at:02}.png"), ["cat", "dog"][at as usize % 2]);
        // A small box at the left of each, and a large one in the middle of every third.
        let small = NewBox { class: label, rect: [0.0, 0.0, 0.1, 0.1], relative: true };
        let large = NewBox { class: label, rect: [0.1, 0.1, 0.8, 0.8], relative: true };
        let boxes = if at % 3 == 0 { vec![small, large] } else { vec![small] };
        builder.push(NewSample { path: &path, boxes, ..Default::default() });
        facts.set(at, &Fact { measured: true, width: 100 + at, height: 90, ..Fact::UNMEASURED });
    }
    let opened = session::opened(builder.finish().0, Vec::new(), facts, Access::ReadWrite, View::default());
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(opened)));
    let cards = [Kind::Boxes, Kind::BoxPlots { column: "width".to_owned() }];
    let cards = (1..).zip(cards).map(|(id, kind)| Card { id, kind, options: Options::default() });
    act(&mut state, Action::ChangeCards(cards.collect()));
    act(&mut state, Action::AskCharts);
    let mut window = Harness::builder()
        .with_size(Vec2::new(800.0, 1400.0))
        .with_max_steps(60)
        .allow_missing_glyphs()
        .with_context_setup(theme::install)
        .build_ui_state(|ui, panel: &mut Panel| panel.ui(ui), Panel::new(state));
    window.run();
    window
}

#[test]
fn a_click_on_a_drawn_chart_asks_for_what_it_stands_for() {
    let mut window = drawn_charts();
    let asked = |window: &Harness<'static, Panel>| {
        let session = window.state().session();
        (session.view().filter, session.shown.found.rows.len())
    };
    for (name, expected, rows) in [
        ("Boxes of a sample 2 to 3: 4", "boxes>=2 boxes<3", 4),
        ("√(width × height), of the picture's 0.8 to 0.82: 4", "box.size:0.8..0.82", 4),
        ("cat, 6", "label:cat width>=100 width<=110", 6),
        ("cat, Width 102.5 to 107.5", "label:cat width>=102.5 width<=107.5", 2),
    ] {
        // Not by the pointer: a box lies over its row.
        window.get_by_label(name).click_accesskit();
        window.run();
        assert_eq!(asked(&window), (expected.to_owned(), rows), "{name}");
        let clear = Action::Run(Command::ClearFilter);
        act(&mut window.state_mut().state, clear);
        window.run();
    }
    // A cell of the heat map: that of the large boxes.
    let heat = window.get_by_label("Centres of the boxes").rect();
    let charts = &window.state().session().charts;
    let figures = charts.figures(charts.cards[0].id).cloned().expect("they are drawn");
    let Figures::Charts(charts) = &*figures else { panic!("{figures:?}") };
    let cell = |spot: &Spot| spot.which == Which::Cell { column: 16, line: 16 };
    let mut places = charts.iter().filter_map(|chart| {
        let chart = Chart { subtitle: String::new(), ..chart.clone() };
        let drawing = layout(&chart, &Look { width: heat.width(), plane_height: 200.0, ..Look::DARK });
        drawing.spots.iter().find(|spot| cell(spot)).map(|spot| spot.at)
    });
    let [x, y, width, height] = places.next().expect("one has cells");
    click(&mut window, heat.min + Vec2::new(x + width / 2.0, y + height / 2.0));
    assert_eq!(asked(&window), ("box.at:0.5..0.53125,0.5..0.53125".to_owned(), 4));
}

#[test]
fn of_several_charts_each_is_saved_by_itself() {
    let mut window = drawn_charts();
    let menu = |window: &mut Harness<'static, Panel>, names: [&str; 2]| {
        for name in names {
            window.get_by_role_and_label(Role::Button, name).click();
            window.run();
        }
    };
    menu(&mut window, ["Save the chart Boxes", "Sizes of the boxes"]);
    menu(&mut window, ["Save the chart Boxes", "All 3"]);
    // Of one there is nothing to choose.
    window.get_by_role_and_label(Role::Button, "Save the chart Width by class").click();
    window.run();
    let cards = &window.state().session().charts.cards;
    let (boxes, plots) = (cards[0].id, cards[1].id);
    assert_eq!(window.state().saved, [(boxes, Some(1)), (boxes, None), (plots, None)]);
}

/// Where the point of a sample is: width in whole bins from 100 to 110, bytes from 1000 to 1020.
fn place(window: &Harness<'static, Panel>, sample: SampleId) -> Pos2 {
    let rect = window.get_by_label("Points of Width and Bytes").rect();
    let (across, up) = ((sample % 10) as f32 / 10.0, sample as f32 / 20.0);
    pos2(rect.left() + across * rect.width(), rect.bottom() - up * rect.height())
}

fn pointer(button: PointerButton, pressed: bool, pos: Pos2) -> Event {
    Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE }
}

fn click(window: &mut Harness<'static, Panel>, at: Pos2) {
    window.hover_at(at);
    window.run();
    window.drag_at(at);
    window.step();
    window.drop_at(at);
    window.run();
}

#[test]
fn the_sample_at_the_pointer_is_told_and_a_click_selects_it() {
    let mut window = window(Options::default());
    let at = place(&window, 13);
    window.hover_at(at);
    window.run_steps(8);
    assert!(window.query_all_by_label_contains("train/dog/13.jpg").next().is_some());
    click(&mut window, at);
    assert_eq!(window.state().selected(), [13]);
    assert_eq!(window.state().session().view().filter, "", "a point is selected, and nothing is asked");
    // Beside every point there is nothing to select.
    let beside = place(&window, 13) + Vec2::new(0.0, -30.0);
    click(&mut window, beside);
    assert_eq!(window.state().selected(), [13]);
    let other = place(&window, 6);
    click(&mut window, other);
    assert_eq!(window.state().selected(), [6]);
}

#[test]
fn what_the_other_conditions_leave_out_is_not_found() {
    let mut window = window(Options::default());
    let brushes = vec![Brush::classes(["cat"])];
    let asked = Action::Brushed { brushes, stroke: Stroke::Set, is_held: false };
    act(&mut window.state_mut().state, asked);
    window.run();
    assert_eq!(window.state().session().view().filter, "label:cat");
    let (dog, cat) = (place(&window, 13), place(&window, 3));
    click(&mut window, dog);
    assert!(window.state().selected().is_empty());
    click(&mut window, cat);
    assert_eq!(window.state().selected(), [3]);
}

#[test]
fn a_drag_over_points_asks_for_a_rectangle() {
    let mut window = window(Options::default());
    // Samples 2 to 5 and 12 to 15 have these widths, and of these the first four so few bytes.
    let within = Vec2::new(4.0, -1.0);
    let (from, to) = (place(&window, 2) + within, place(&window, 5) + within);
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    window.hover_at(from + Vec2::new(10.0, -6.0));
    window.step();
    window.hover_at(to);
    window.step();
    assert_eq!(place(&window, 5) + within, to, "what is asked does not move the chart that is dragged over");
    window.drop_at(to);
    window.run();
    assert_eq!(window.state().session().view().filter, "width>=102 width<106 bytes>=1002 bytes<1006");
    assert_eq!(window.state().session().shown.found.rows.len(), 4);
    assert!(window.state().selected().is_empty());
}

#[test]
fn points_are_zoomed_about_the_pointer_and_all_are_shown_again() {
    let mut window = window(Options::default());
    let (about, reset) = (place(&window, 13), "Reset zoom of Width and Bytes");
    let next = place(&window, 14) - about;
    let zoom = |window: &mut Harness<'static, Panel>| {
        window.hover_at(about);
        window.run();
        window.input_mut().events.push(Event::Zoom(4.0));
        window.run();
        window.get_by_label(reset);
    };
    assert!(window.query_by_label(reset).is_none());
    zoom(&mut window);
    click(&mut window, about + next * 4.0);
    assert_eq!(window.state().selected(), [14], "four times as far from the sample that it was zoomed about");
    click(&mut window, about);
    assert_eq!(window.state().selected(), [13]);
    // A drag by another button moves what is seen.
    let moved = Vec2::new(40.0, 20.0);
    window.hover_at(about);
    window.step();
    window.input_mut().events.push(pointer(PointerButton::Secondary, true, about));
    window.step();
    window.hover_at(about + moved);
    window.step();
    window.input_mut().events.push(pointer(PointerButton::Secondary, false, about + moved));
    window.run();
    click(&mut window, about + next * 4.0 + moved);
    assert_eq!(window.state().selected(), [14]);
    assert_eq!(window.state().session().view().filter, "", "nothing is asked");

    window.get_by_label(reset).click();
    window.run();
    assert!(window.query_by_label(reset).is_none());
    click(&mut window, about);
    assert_eq!(window.state().selected(), [13]);
    // By keys, where the chart has the focus.
    window.get_by_label("Points of Width and Bytes").focus();
    window.run();
    window.key_press(Key::Plus);
    window.run();
    window.get_by_label(reset);
    // A quarter of two thirds, which is up to the right end: no brush moves.
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowRight);
    window.run();
    assert_eq!(window.state().session().view().filter, "");
    let rect = window.get_by_label("Points of Width and Bytes").rect();
    let at = rect.left_bottom() + Vec2::new(0.25 * rect.width(), -0.875 * rect.height());
    click(&mut window, at);
    assert_eq!(window.state().selected(), [15]);
    window.get_by_label("Points of Width and Bytes").focus();
    window.run();
    window.key_press(Key::Minus);
    window.run();
    assert!(window.query_by_label(reset).is_none());
    // A double click shows all as well, as is told where no sample is at the pointer.
    zoom(&mut window);
    let empty = about + Vec2::new(0.0, -30.0);
    window.hover_at(empty);
    window.run_steps(8);
    assert!(window.query_all_by_label_contains("a double click resets").next().is_some());
    // In one frame, and so within the time of a double click.
    for pressed in [true, false, true, false] {
        window.input_mut().events.push(pointer(PointerButton::Primary, pressed, empty));
    }
    window.run();
    assert!(window.query_by_label(reset).is_none());
}

#[test]
fn a_person_chooses_the_density() {
    let density = Options { scattered: Some(Scattered::Density), ..Options::default() };
    let mut window = window(density);
    let rect = window.get_by_label("Grid of Width and Bytes").rect();
    // The cell of sample 0: a click asks for it.
    click(&mut window, rect.left_bottom() + Vec2::new(3.0, -3.0));
    assert_eq!(window.state().session().view().filter, "width>=100 width<101 bytes>=1000 bytes<1001");
}

/// Pictures of the panel, to look at: only where `LENSLET_PICTURES` names a folder.
#[test]
fn pictures_to_look_at() {
    let Some(folder) = std::env::var_os("LENSLET_PICTURES").map(PathBuf::from) else { return };
    let Some(graphics) = graphics() else { return };
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Manifest);
    let mut facts = Facts::new(5000);
    for at in 0..5000u32 {
        let part = |salt: u32| (at.wrapping_mul(2_654_435_761).wrapping_add(salt) >> 8) as u8 as f32 / 255.0;
        let class = at % 5;
        let (path, label) = (format!("{at}.png"), format!("class {class}"));
        let rect = [part(1) * 0.7, part(2) * part(3) * 0.7, 0.1 + part(4) * 0.2, 0.1 + part(5) * 0.2];
        let boxes = vec![NewBox { class: &label, rect, relative: true }; at as usize % 4];
        builder.push(NewSample { path: &path, labels: &[&label], boxes, ..Default::default() });
        let bell = |salt: u32| part(salt) + part(salt + 977) + part(salt + 1777);
        let brightness = bell(11) * 0.2 + class as f32 * 0.06;
        let contrast = bell(5_000_011) * 0.1 + brightness * 0.2;
        facts.set(
            at,
            &Fact { measured: true, width: 64, height: 64, brightness, contrast, ..Fact::UNMEASURED },
        );
    }
    let opened = session::opened(builder.finish().0, Vec::new(), facts, Access::ReadWrite, View::default());
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut state = State::new(Settings::default());
        act(&mut state, Action::Opened(Box::new(opened.clone())));
        let scatter = || Kind::Scatter { x: "brightness".to_owned(), y: "contrast".to_owned() };
        let of = |scattered| Options { by_class: true, scattered, ..Options::default() };
        let cards = [
            (scatter(), of(None)),
            (scatter(), of(Some(Scattered::Density))),
            (Kind::BoxPlots { column: "brightness".to_owned() }, Options::default()),
            (Kind::Boxes, Options::default()),
        ];
        let cards = (1..).zip(cards).map(|(id, (kind, options))| Card { id, kind, options });
        act(&mut state, Action::ChangeCards(cards.collect()));
        act(&mut state, Action::AskCharts);
        let render = render_state(&graphics, wgpu::TextureFormat::Rgba8Unorm);
        install(&render);
        let mut window = Harness::builder()
            .with_size(Vec2::new(1100.0, 900.0))
            .with_theme(theme)
            .with_max_steps(60)
            .allow_missing_glyphs()
            .renderer(WgpuTestRenderer::from_render_state(render))
            .with_context_setup(theme::install)
            .build_ui_state(|ui, panel: &mut Panel| panel.ui(ui), Panel::new(state));
        window.run();
        window
            .render()
            .expect("a picture")
            .save(folder.join(format!("charts-{suffix}.png")))
            .expect("a file");
    }
}
