//! What the grid draws, looked at on the driver that is there, if in software.

use egui::{Color32, ColorImage, Context, Pos2, Rect, TextureHandle, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lenslet::dataset::builder::DatasetBuilder;
use lenslet::dataset::{Layout, NewSample, SampleId, Verdict};
use lenslet::state::{Action, State};
use lenslet::ui::grid::{GridView, grid_ui};
use lenslet::ui::theme::{self, DARK, LIGHT, Tokens};
use lenslet::ui::{FullPicture, Pencil, Pictures, Thumb};

use crate::session;

/// Thumbnails of one colour each, twice as wide as they are high.
struct Plain(Vec<TextureHandle>);

impl Plain {
    const COLORS: [Color32; 3] =
        [Color32::from_rgb(200, 40, 10), Color32::from_rgb(20, 180, 60), Color32::from_rgb(30, 60, 220)];
}

impl Pictures for Plain {
    fn thumbnail(&mut self, sample: SampleId, _: u32) -> Option<Thumb> {
        let texture = self.0.get(sample as usize)?.id();
        let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        Some(Thumb { texture, uv, size: vec2(64.0, 32.0) })
    }

    fn full(&mut self, _: SampleId) -> FullPicture {
        FullPicture::Loading
    }

    fn prefetch_full(&mut self, _: &[SampleId]) {}
}

struct App {
    state: State,
    view: GridView,
    pictures: Option<Plain>,
}

impl App {
    fn ui(&mut self, ui: &mut egui::Ui) {
        let texture = |ctx: &Context, color: Color32| {
            ctx.load_texture("plain", ColorImage::filled([64, 32], color), Default::default())
        };
        let ctx = ui.ctx().clone();
        let pictures = self
            .pictures
            .get_or_insert_with(|| Plain(Plain::COLORS.map(|color| texture(&ctx, color)).into()));
        let mut actions = Vec::new();
        let mut pencil = Pencil { state: &self.state, pictures, actions: &mut actions };
        grid_ui(ui, &mut pencil, &mut self.view);
        for action in actions {
            session::act(&mut self.state, action);
        }
    }
}

/// Presses and lets go the primary button there, a frame each.
fn click(app: &mut App, ctx: &Context, pos: Pos2, modifiers: egui::Modifiers) {
    let button = egui::PointerButton::Primary;
    let press = |pressed| egui::Event::PointerButton { pos, button, pressed, modifiers };
    let held = egui::Event::ModifiersChanged;
    let before = vec![held(modifiers), egui::Event::PointerMoved(pos)];
    for events in [before, vec![press(true)], vec![press(false)], vec![held(egui::Modifiers::NONE)]] {
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(700.0, 400.0)));
        let input = egui::RawInput { screen_rect, events, ..Default::default() };
        ctx.run_ui(input, |ui| app.ui(ui)).textures_delta.clear();
    }
}

#[test]
fn cells_are_clicked_where_no_screen_reader_made_them_widgets() {
    let mut app = four();
    let ctx = Context::default();
    theme::install(&ctx);
    let selected = |app: &App| app.state.session.as_ref().unwrap().selection.iter().collect::<Vec<_>>();
    let (none, ctrl) = (egui::Modifiers::NONE, egui::Modifiers::CTRL);
    click(&mut app, &ctx, Pos2::new(350.0, 390.0), none);
    let cell = app.state.session.as_ref().unwrap().grid.cell_px;
    let middle = |at: f32| Pos2::new(20.0 + (at + 0.5) * (cell + 12.0), 60.0);
    click(&mut app, &ctx, middle(0.0), none);
    assert_eq!(selected(&app), [0]);
    click(&mut app, &ctx, middle(2.0), ctrl | egui::Modifiers::COMMAND);
    assert_eq!(selected(&app), [0, 2]);
    click(&mut app, &ctx, middle(1.0), none);
    assert_eq!(selected(&app), [1]);
    click(&mut app, &ctx, Pos2::new(350.0, 390.0), none);
    assert_eq!(selected(&app), [0u32; 0], "beside the cells nothing is meant");
}

/// A dataset of four samples, three with a picture.
fn four() -> App {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for name in ["a.png", "b.png", "c.png", "d.png"] {
        builder.push(NewSample { path: name, ..Default::default() });
    }
    let mut app = App { state: State::default(), view: GridView::default(), pictures: None };
    let opened = session::unmeasured(builder.finish().0, Vec::new());
    session::act(&mut app.state, Action::Opened(Box::new(opened)));
    app
}

#[test]
fn the_grid_shows_thumbnails_selection_and_what_is_missing() {
    for (theme, tokens) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        look_at(theme, tokens);
    }
}

fn look_at(theme: egui::Theme, tokens: &Tokens) {
    let mut harness = Harness::builder()
        .with_size(Vec2::new(700.0, 260.0))
        .with_theme(theme)
        .with_context_setup(theme::install)
        .wgpu()
        .build_ui_state(|ui, app: &mut App| app.ui(ui), four());
    harness.run();
    harness.get_by_label("b.png").click();
    harness.run();
    // A tooltip would hide what is looked at.
    harness.event(egui::Event::PointerGone);
    harness.run();

    let cells = ["a.png", "b.png", "c.png", "d.png"].map(|name| harness.get_by_label(name).rect());
    let image = harness.render().expect("a driver is there, if in software");
    let seen = |at: Pos2| {
        let [r, g, b, _] = image.get_pixel(at.x as u32, at.y as u32).0;
        Color32::from_rgb(r, g, b)
    };
    let near = |one: Color32, two: Color32| {
        one.to_array().into_iter().zip(two.to_array()).all(|(one, two)| one.abs_diff(two) <= 3)
    };
    for (cell, color) in cells.iter().zip(Plain::COLORS) {
        // Wide pictures stand on their caption: the middle of the cell is in the picture, its top is not.
        let middle = seen(cell.center());
        assert!(near(middle, color), "{middle:?} is not {color:?}");
        assert!(!near(seen(cell.center_top() + vec2(0.0, 10.0)), color));
    }
    let edge = seen(cells[1].left_center() + vec2(1.0, 0.0));
    assert!(near(edge, tokens.accent), "{edge:?} is not the colour of what is selected");
    let beside = seen(cells[0].left_center() + vec2(1.0, 0.0));
    assert!(!near(beside, tokens.accent));
    let pruned = Action::Decide { samples: vec![0], verdict: Verdict::Prune };
    session::act(&mut harness.state_mut().state, pruned);
    harness.run();
    let image = harness.render().expect("a driver is there, if in software");
    let [r, g, b, _] = image.get_pixel(cells[0].center().x as u32, cells[0].center().y as u32).0;
    assert!(!near(Color32::from_rgb(r, g, b), Plain::COLORS[0]), "what is pruned steps back");
    let missing = seen(cells[3].center());
    assert!(near(missing, tokens.panel), "{missing:?} is not what stands for a picture to come");
}
