//! The inspector from outside: found and used by accessible names, as a person with a screen reader
//! would.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Pos2, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::app::full::{FullPictures, Source};
use lenslet::dataset::builder::NewBox;
use lenslet::dataset::{Dataset, DatasetBuilder, Issue, IssueKind, Layout, NewSample, Origin, SampleId};
use lenslet::media::{Payload, Raster};
use lenslet::state::{Action, Effect, State};
use lenslet::ui::inspector::{InspectorView, inspector_ui};
use lenslet::ui::{FullPicture, Pencil, Pictures, Thumb};

use crate::data::real_data;
use crate::session;

/// Pictures as the program has them, without thumbnails.
struct Whole {
    full: FullPictures,
    ctx: egui::Context,
}

impl Pictures for Whole {
    fn thumbnail(&mut self, _: SampleId, _: u32) -> Option<Thumb> {
        None
    }

    fn full(&mut self, sample: SampleId) -> FullPicture {
        self.full.get(sample, &self.ctx)
    }

    fn prefetch_full(&mut self, samples: &[SampleId]) {
        self.full.prefetch(samples);
    }
}

struct App {
    state: State,
    view: InspectorView,
    pictures: Option<Whole>,
    source: Source,
    effects: Vec<Effect>,
}

impl App {
    fn new(dataset: Option<(Dataset, Vec<Issue>)>, source: Source) -> Self {
        let mut state = State::default();
        if let Some((dataset, issues)) = dataset {
            session::act(&mut state, Action::Opened(Box::new(session::unmeasured(dataset, issues))));
        }
        Self { state, view: InspectorView::default(), pictures: None, source, effects: Vec::new() }
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        let pictures = self
            .pictures
            .get_or_insert_with(|| Whole { full: FullPictures::new(self.source.clone(), ctx.clone()), ctx });
        let mut actions = Vec::new();
        let mut pencil = Pencil { state: &self.state, pictures, actions: &mut actions };
        inspector_ui(ui, &mut pencil, &mut self.view);
        for action in actions {
            self.effects.extend(self.state.update(action));
        }
    }

    fn cursor(&self) -> Option<SampleId> {
        self.state.session.as_ref()?.selection.cursor
    }
}

type Window = Harness<'static, App>;

fn window(app: App, size: [f32; 2], theme: egui::Theme) -> Window {
    let mut harness = Harness::builder()
        .with_size(Vec2::from(size))
        .with_theme(theme)
        .with_max_steps(200)
        // Short enough for two clicks to be a double click.
        .with_step_dt(0.05)
        .with_context_setup(lenslet::ui::theme::install)
        .wgpu()
        .build_ui_state(
            |ui, app: &mut App| {
                let fill = ui.visuals().panel_fill;
                ui.painter().rect_filled(ui.max_rect().expand(20.0), 0, fill);
                app.ui(ui);
            },
            app,
        );
    settle(&mut harness);
    harness
}

/// Steps until what was asked of the workers is there.
fn settle(harness: &mut Window) {
    let start = Instant::now();
    let mut calm = 0;
    while calm < 10 {
        harness.step();
        let waits = harness.query_by_label("Reading the sample").is_some();
        calm = if waits { 0 } else { calm + 1 };
        assert!(start.elapsed() < Duration::from_secs(60), "the picture never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Saves what is seen where `LENSLET_TEST_PICTURES` names a folder.
fn look(harness: &mut Window, name: &str) {
    let Some(folder) = std::env::var_os("LENSLET_TEST_PICTURES") else { return };
    let image = harness.render().expect("a software driver is there");
    let path = PathBuf::from(folder).join(format!("inspector-{name}.png"));
    image.save(&path).expect("the folder can be written");
}

fn center(harness: &Window) -> Pos2 {
    harness.get_by_label_contains("Image ").rect().center()
}

/// Three samples of 40 × 30 pixels: grey, colours by place, and one that cannot be read.
fn small() -> App {
    let mut builder = DatasetBuilder::new("/data/set", "/data/set", Layout::Coco);
    let boxes = vec![
        NewBox { class: "cat", rect: [4.0, 5.0, 20.0, 15.0], relative: false },
        NewBox { class: "dog", rect: [0.5, 0.5, 0.25, 0.25], relative: true },
    ];
    builder.push(NewSample {
        path: "train/cat/one.png",
        bytes: 1234,
        modified_ms: 1_700_000_000_000,
        split: Some("train"),
        labels: &["cat"],
        boxes,
        attributes: &[("caption", "a cat on a mat, and nothing else to be seen in the whole of the picture")],
        ..Default::default()
    });
    builder.points(0, &[[35.0, 26.0]], false);
    builder.push(NewSample { path: "train/dog/three.png", labels: &["dog"], ..Default::default() });
    builder.push(NewSample { path: "train/dog/two.png", ..Default::default() });
    let (dataset, _) = builder.finish();
    let issue = |sample, kind, message: &str| Issue {
        sample: Some(sample),
        path: String::new(),
        kind,
        origin: Origin::Content,
        message: message.to_owned(),
    };
    let issues = vec![
        issue(2, IssueKind::Corrupt, "The PNG cannot be decoded."),
        issue(1, IssueKind::Misnamed, "The file is a JPEG and is named as a PNG."),
    ];
    let source: Source = Arc::new(|sample| {
        let mut data = Vec::new();
        for y in 0..30u8 {
            for x in 0..40u8 {
                match sample {
                    0 => data.extend([x, y, 7]),
                    1 => data.extend([x * 6, 255 - y * 8, 120, if x < 20 { 255 } else { 90 }]),
                    _ => return Err("The PNG cannot be decoded: its data is damaged.".to_owned()),
                }
            }
        }
        let raster = Raster::new(40, 30, if sample == 0 { 3 } else { 4 }, data).ok_or("no raster")?;
        Ok(Payload::Raster(raster))
    });
    App::new(Some((dataset, issues)), source)
}

#[test]
fn next_and_previous_walk_through_the_view() {
    let mut harness = window(small(), [900.0, 640.0], egui::Theme::Dark);
    assert_eq!(harness.state().cursor(), Some(0));
    harness.get_by_label("1 of 3");
    harness.get_by_label("Next sample").click();
    settle(&mut harness);
    assert_eq!(harness.state().cursor(), Some(1));
    harness.get_by_label("2 of 3");
    harness.get_by_label("The file is a JPEG and is named as a PNG.");
    look(&mut harness, "alpha");
    harness.get_by_label("Previous sample").click();
    settle(&mut harness);
    assert_eq!(harness.state().cursor(), Some(0));
}

#[test]
fn the_pixel_under_the_pointer_is_told() {
    let mut harness = window(small(), [900.0, 640.0], egui::Theme::Dark);
    let at = center(&harness);
    harness.hover_at(at + Vec2::new(2.0, 2.0));
    settle(&mut harness);
    // The pixel right of and below the middle of 40 × 30; the smaller box lies there too.
    harness.get_by_label("x 20, y 15 · R 20 G 15 B 7 · dog");
    harness.hover_at(Pos2::new(at.x, 90.0));
    settle(&mut harness);
    assert!(harness.query_by_label_contains("x 20, y 15").is_none());
}

#[test]
fn the_wheel_zooms_about_the_pointer_and_buttons_do_too() {
    let mut harness = window(small(), [900.0, 640.0], egui::Theme::Dark);
    let fitted = harness.state().view.zoom();
    assert!(fitted >= 10.0, "a small image is enlarged: {fitted}");
    let at = center(&harness) + Vec2::new(2.0, 2.0);
    harness.hover_at(at);
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 200.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: egui::Modifiers::NONE,
    });
    settle(&mut harness);
    let zoomed = harness.state().view.zoom();
    assert!(zoomed > fitted * 1.5, "{fitted} to {zoomed}");
    harness.get_by_label("x 20, y 15 · R 20 G 15 B 7 · dog");
    for _ in 0..2 {
        harness.get_by_label("Zoom in").click();
        settle(&mut harness);
    }
    look(&mut harness, "values");
    harness.get_by_label("Actual size").click();
    settle(&mut harness);
    assert_eq!(harness.state().view.zoom(), 1.0);
    harness.get_by_label("100 %");
    harness.get_by_label("Zoom in").click();
    settle(&mut harness);
    assert_eq!(harness.state().view.zoom(), 1.5);
    harness.get_by_label("Fit image").click();
    settle(&mut harness);
    assert_eq!(harness.state().view.zoom(), fitted);
}

#[test]
fn a_double_click_goes_to_actual_size_and_back() {
    let mut harness = window(small(), [900.0, 640.0], egui::Theme::Dark);
    let fitted = harness.state().view.zoom();
    for expected in [1.0, fitted] {
        for _ in 0..2 {
            harness.get_by_label_contains("Image ").click();
        }
        harness.step();
        settle(&mut harness);
        assert_eq!(harness.state().view.zoom(), expected);
        // Apart from the next double click.
        harness.run_steps(8);
    }
}

#[test]
fn boxes_can_be_hidden_and_their_facts_stay() {
    let mut harness = window(small(), [900.0, 900.0], egui::Theme::Light);
    look(&mut harness, "boxes");
    harness.get_by_label("4, 5 · 20 × 15 px");
    harness.get_by_label("20, 15 · 10 × 7.5 px");
    harness.get_by_label("Show boxes").click();
    settle(&mut harness);
    let at = center(&harness) + Vec2::new(2.0, 2.0);
    harness.hover_at(at);
    settle(&mut harness);
    harness.get_by_label("x 20, y 15 · R 20 G 15 B 7");
    harness.get_by_label("4, 5 · 20 × 15 px");
}

#[test]
fn a_sample_that_cannot_be_shown_says_why() {
    let mut app = small();
    app.state.update(Action::ShowSample(2));
    let mut harness = window(app, [900.0, 640.0], egui::Theme::Dark);
    harness.get_by_label("This sample cannot be shown");
    harness.get_by_label_contains("its data is damaged");
    harness.get_by_label("The PNG cannot be decoded.");
    harness.get_by_label("Unlabelled");
    look(&mut harness, "failed");
    harness.get_by_label("Rescan").click();
    settle(&mut harness);
    assert!(harness.state().effects.contains(&Effect::Rescan));
}

#[test]
fn a_star_is_for_the_sample_that_is_seen() {
    let mut app = small();
    app.state.update(Action::SelectPositions { positions: vec![0, 1, 2], add: false, begins: true });
    app.state.update(Action::Click { position: 1, mode: lenslet::state::SelectMode::Toggle });
    let mut harness = window(app, [900.0, 640.0], egui::Theme::Dark);
    harness.get_by_label("Star").click();
    settle(&mut harness);
    let marks = harness.state().state.session.as_ref().expect("it is open").overlay.marks.clone();
    assert_eq!(*marks, [0, 1, 0]);
    harness.get_by_label("Remove the star").click();
    settle(&mut harness);
    harness.get_by_label("Star");
}

#[test]
fn paths_are_copied_and_shown() {
    let mut harness = window(small(), [900.0, 640.0], egui::Theme::Dark);
    harness.get_by_label("Copy path").click();
    harness.step();
    let copied = harness.output().platform_output.commands.iter().any(|command| {
        matches!(command, egui::OutputCommand::CopyText(text) if text == "/data/set/train/cat/one.png")
    });
    assert!(copied, "{:?}", harness.output().platform_output.commands);
    harness.get_by_label("Reveal in file manager").click();
    settle(&mut harness);
    assert!(harness.state().effects.contains(&Effect::Reveal(0)));
}

#[test]
fn sections_close_and_stay_closed() {
    let mut harness = window(small(), [900.0, 900.0], egui::Theme::Dark);
    harness.get_by_label_contains("a cat on a mat");
    harness.get_by_label("Attributes").click();
    settle(&mut harness);
    assert!(harness.query_by_label_contains("a cat on a mat").is_none());
    harness.get_by_label("Next sample").click();
    settle(&mut harness);
    harness.get_by_label("Previous sample").click();
    settle(&mut harness);
    assert!(harness.query_by_label_contains("a cat on a mat").is_none());
}

#[test]
fn with_nothing_to_show_it_says_so() {
    let source: Source = Arc::new(|_| Err(String::new()));
    let (dataset, issues) = DatasetBuilder::new("", "", Layout::ImageFolder).finish();
    let harness = window(App::new(Some((dataset, issues)), source), [300.0, 500.0], egui::Theme::Dark);
    harness.get_by_label("No sample is shown");
}

#[test]
fn keys_zoom_and_move_the_image() {
    let mut harness = window(small(), [900.0, 640.0], egui::Theme::Dark);
    let at = center(&harness) + Vec2::new(2.0, 2.0);
    for _ in 0..3 {
        harness.state_mut().view.zoom_in();
        settle(&mut harness);
    }
    harness.hover_at(at);
    settle(&mut harness);
    harness.get_by_label_contains("x 20, y 15");
    for (key, pixel) in [
        (Key::ArrowRight, "x 21, y 15"),
        (Key::ArrowDown, "x 21, y 16"),
        (Key::ArrowLeft, "x 20, y 16"),
        (Key::ArrowUp, "x 20, y 15"),
    ] {
        harness.key_press_modifiers(Modifiers::ALT, key);
        settle(&mut harness);
        assert!(harness.query_by_label_contains(pixel).is_some(), "{key:?}");
    }
    let zoomed = harness.state().view.zoom();
    harness.state_mut().view.zoom_out();
    settle(&mut harness);
    assert!(harness.state().view.zoom() < zoomed);
    // With the focus on the image, arrows alone do.
    harness.get_by_label_contains("Image ").focus();
    settle(&mut harness);
    harness.key_press(Key::ArrowRight);
    settle(&mut harness);
    assert!(harness.query_by_label_contains("x 20, y 15").is_none());
    assert!(harness.get_by_label_contains("Image ").is_focused());
}

#[test]
fn it_works_narrow_and_wide() {
    for (name, size, theme) in [
        ("narrow", [260.0, 900.0], egui::Theme::Dark),
        ("wide", [2000.0, 1000.0], egui::Theme::Light),
        ("tiny", [120.0, 120.0], egui::Theme::Dark),
    ] {
        let mut harness = window(small(), size, theme);
        look(&mut harness, name);
        assert!(harness.query_by_label("Next sample").is_some(), "{name}");
    }
}

/// Files of a folder as samples that are read as they are.
fn files(folder: &std::path::Path, names: &[&str]) -> App {
    let root = folder.to_string_lossy().into_owned();
    let mut builder = DatasetBuilder::new(&root, &root, Layout::ImageFolder);
    for name in names {
        let bytes = std::fs::metadata(folder.join(name)).expect("test data is there").len();
        builder.push(NewSample { path: name, bytes, labels: &["photo"], ..Default::default() });
    }
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let source: Source = Arc::new(move |sample| {
        let path = paths.get(sample as usize).ok_or("no such sample")?;
        std::fs::read(path).map(Payload::Encoded).map_err(|error| error.to_string())
    });
    App::new(Some(builder.finish()), source)
}

#[test]
fn a_real_photo_shows_its_metadata() {
    let Some(folder) = real_data("exif-orientation") else { return };
    let mut harness =
        window(files(&folder, &["Landscape_6.jpg", "Landscape_8.jpg"]), [1100.0, 760.0], egui::Theme::Dark);
    harness.get_by_label("EXIF");
    harness.get_by_label("6, shown turned right by 90°");
    look(&mut harness, "photo");
    harness.get_by_label("Next sample").click();
    settle(&mut harness);
    look(&mut harness, "photo-upright");
}

#[test]
fn pixels_and_boxes_are_drawn_in_their_colours() {
    let mut harness = window(small(), [900.0, 640.0], egui::Theme::Dark);
    // The first sample has boxes: the upper edge of the cat's is five pixels down.
    let tokens = &lenslet::ui::theme::DARK;
    let edge = drawn_at(&mut harness, [14.0, 5.0]);
    let (cat, grey) = (tokens.class(0), egui::Color32::from_rgb(14, 5, 7));
    assert!(edge.iter().any(|color| distance(*color, cat) < 24), "{edge:?}");
    assert!(edge.iter().any(|color| distance(*color, grey) < 24), "{edge:?}");
    let point = drawn_at(&mut harness, [35.0, 26.0]);
    assert!(distance(point[point.len() / 2], egui::Color32::WHITE) < 6, "{point:?}");

    harness.get_by_label("Next sample").click();
    settle(&mut harness);
    for (x, y) in [(0u8, 0u8), (19, 0), (0, 29), (10, 14), (19, 29), (7, 3)] {
        let is = egui::Color32::from_rgb(x * 6, 255 - y * 8, 120);
        // In the pixel's upper left part, clear of its neighbours and of its values.
        let around = drawn_at(&mut harness, [f32::from(x) + 0.2, f32::from(y) + 0.2]);
        assert!(distance(around[around.len() / 2], is) < 6, "{x} {y}: {around:?} is not {is:?}");
    }
}

/// The colours of 5 × 5 points around a place in the picture, given in the picture's pixels.
fn drawn_at(harness: &mut Window, place: [f32; 2]) -> Vec<egui::Color32> {
    let zoom = harness.get_by_label_contains(" %").accesskit_node().value().expect("it has one");
    let zoom: f32 = zoom.trim_end_matches(" %").replace(',', "").parse().expect("a number");
    let at = center(harness) + (Vec2::from(place) - Vec2::new(20.0, 15.0)) * zoom / 100.0;
    let image = harness.render().expect("a driver is there, if in software");
    let mut colors = Vec::new();
    for (dx, dy) in (-2i32..=2).flat_map(|dx| (-2i32..=2).map(move |dy| (dx, dy))) {
        let [r, g, b, _] = image.get_pixel((at.x as i32 + dx) as u32, (at.y as i32 + dy) as u32).0;
        colors.push(egui::Color32::from_rgb(r, g, b));
    }
    colors
}

/// The largest difference of a channel.
fn distance(one: egui::Color32, two: egui::Color32) -> u8 {
    let pairs = one.to_array().into_iter().zip(two.to_array());
    pairs.map(|(one, two)| one.abs_diff(two)).max().unwrap_or(0)
}
