//! The panel Latent from outside, of a model that is open in the program's state: what it offers at any width
//! and of any latent, by accessible names.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Color32, Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lenslet::analysis::scatter::Scatter;
use lenslet::dataset::ModelColumns;
use lenslet::gpu::points::Points;
use lenslet::jobs::Control;
use lenslet::state::latent::{LatentTab, LatentView, Legend, Made, MapFace, OpenModel, Slot};
use lenslet::state::{Action, Effect, Session, State};
use lenslet::store::Settings;
use lenslet::train::checkpoint::About;
use lenslet::train::config::{Channels, Config, Shape};
use lenslet::train::latent::{Mixture, Rows};
use lenslet::train::score::Pictures;
use lenslet::train::space::Space;
use lenslet::ui::latent::{LatentPane, latent_ui};
use lenslet::ui::theme;

use crate::pane::drawn;
use crate::session;

struct Panel {
    state: State,
    pane: LatentPane,
}

impl Panel {
    fn ui(&mut self, ui: &mut egui::Ui) {
        for action in drawn(&self.state, |pencil| latent_ui(ui, pencil, &mut self.pane)) {
            act(&mut self.state, action);
        }
    }

    fn session(&self) -> &Session {
        self.state.session.as_ref().expect("it is open")
    }

    fn view(&self) -> &LatentView {
        &self.session().latent.view
    }
}

/// Carries an action out; what is to be decoded is grey, and a map has a point for each sample.
fn act(state: &mut State, action: Action) {
    for effect in session::act(state, action) {
        let answer = match effect {
            Effect::Decode { slot, generation, latents } => {
                let pixels = vec![128; latents.classes.len() * 16 * 16];
                let made = Ok(Made::Here(Arc::new(Pictures { size: 16, channels: 1, pixels })));
                Action::Decoded { slot, generation, made, is_last: true }
            }
            Effect::DrawMap { generation, wish } => {
                let latent = &state.session.as_ref().expect("it is open").latent;
                let (plane, space) = (latent.plane(), latent.space.as_ref().expect("they are encoded"));
                let places = space.latents().map(|latents| plane.places(latents)).unwrap_or_default();
                let points = Points::new(&places, &vec![Color32::RED; places.len()]);
                let legend = Legend::Scale { title: "Error".to_owned(), low: 0.0, high: 1.0 };
                let scatter = Arc::new(Scatter::new(places));
                let map = MapFace { axes: wish.axes, plane, scatter, points, legend };
                Action::MapDrawn { generation, map: Ok(map.into()) }
            }
            _ => continue,
        };
        act(state, answer);
    }
}

/// [`session::twenty`], and a model with a latent of so many numbers that has encoded it.
fn state(latent: usize) -> State {
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(session::twenty())));
    let mut config = Config::preset(16, Channels::Grey);
    config.shape = Shape { latent, ..config.shape };
    let about = About::new(config, "/d".to_owned(), String::new(), Vec::new());
    let model = OpenModel {
        name: "model-001".to_owned(),
        about: about.into(),
        folder: None,
        device: "CPU".to_owned(),
    };
    act(&mut state, Action::ModelOpened(model.into()));
    let means: Vec<f32> = (0..20 * latent).map(|at| (at * 37 % 101) as f32 / 50.0 - 1.0).collect();
    let rows = Rows::new(&means, latent).expect("a number or more");
    let mixture = Mixture::fit(rows, 2, 1, &Control::new()).expect("it goes on").expect("numbers");
    let logs = vec![-1.0; means.len()];
    let space = Space::new((0..20).collect(), 20, means, &logs, mixture, &Control::new());
    let space = space.expect("it goes on").expect("a space");
    let columns = ModelColumns::new("model-001".into(), "ab".repeat(32), 1, 20);
    act(&mut state, Action::SpaceFound { space: space.into(), columns: columns.into() });
    state
}

type Window = Harness<'static, Panel>;

fn window(latent: usize, size: [f32; 2]) -> Window {
    let mut window = Harness::builder()
        .with_size(Vec2::from(size))
        .with_max_steps(60)
        .allow_missing_glyphs()
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, panel: &mut Panel| panel.ui(ui),
            Panel { state: state(latent), pane: LatentPane::default() },
        );
    window.run();
    window
}

fn click(window: &mut Window, name: &str) {
    window.get_by_label(name).click();
    window.run();
}

#[test]
fn all_is_within_reach_at_any_width() {
    for width in [300.0, 380.0, 471.0, 473.0, 800.0] {
        let mut window = window(3, [width, 640.0]);
        for (tab, names) in [
            (
                LatentTab::Map,
                &["Axes: Principal axes", "Across: axis", "Up: axis", "Colour: Class", "Map of 20 samples"][..],
            ),
            (
                LatentTab::Sheet,
                &["Cells along a side", "Middle", "Dimension 3", "Sheet of 12 × 12 decoded cells"],
            ),
            (
                LatentTab::Samples,
                &[
                    "Samples to draw",
                    "Seed of the draws",
                    "Draw others",
                    "Export accepted…",
                    "Drawn sample 1",
                ],
            ),
        ] {
            click(&mut window, tab.title());
            for name in names {
                let rect = window.get_by_label(name).rect();
                assert!(rect.left() >= 0.0 && rect.right() <= width + 0.5, "{name} at {width}: {rect:?}");
            }
        }
        // What is above stays large enough to be used.
        click(&mut window, "Sheet");
        let sheet = window.get_by_label("Sheet of 12 × 12 decoded cells").rect();
        assert!(sheet.width() >= 200.0, "{width}: {sheet:?}");
        assert!(window.state().session().latent.made(Slot::Sheet).is_some());
    }
}

#[test]
fn every_dimension_of_a_large_latent_can_be_set() {
    // Of a small one all are there at once.
    let mut small = window(128, [800.0, 640.0]);
    click(&mut small, "Sheet");
    small.get_by_label("Dimension 128");
    assert!(small.query_by_label("Go to dimension").is_none());
    let mut window = window(300, [800.0, 640.0]);
    click(&mut window, "Sheet");
    window.get_by_label("1 to 128 of 300");
    assert!(window.query_by_label("Dimension 129").is_none());
    for (name, shown, first) in [
        ("Dimensions after these", "129 to 256 of 300", "Dimension 129"),
        ("Dimensions after these", "257 to 300 of 300", "Dimension 300"),
        ("Dimensions after these", "257 to 300 of 300", "Dimension 257"),
        ("Dimensions before these", "129 to 256 of 300", "Dimension 256"),
    ] {
        click(&mut window, name);
        window.get_by_label(shown);
        window.get_by_label(first);
    }
    // By its number: it has the focus, and keys set it.
    window.get_by_label("Go to dimension").click();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.event(egui::Event::Text("300".to_owned()));
    window.run();
    window.key_press(Key::Enter);
    window.run();
    window.get_by_label("257 to 300 of 300");
    let slider = window.get_by_role_and_label(Role::Slider, "Dimension 300");
    assert!(slider.is_focused());
    window.key_press(Key::ArrowRight);
    window.run();
    let base = &window.state().view().base;
    assert!(base[299] > 0.0 && base[..299].iter().all(|value| *value == 0.0), "{:?}", &base[296..]);
}
