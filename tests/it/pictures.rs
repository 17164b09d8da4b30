//! What the grid draws, looked at on the driver that is there, if in software.

use egui::{Color32, ColorImage, Context, Pos2, Rect, TextureHandle, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lenslet::dataset::builder::DatasetBuilder;
use lenslet::dataset::{Layout, NewSample, SampleId};
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

#[test]
fn the_grid_shows_thumbnails_selection_and_what_is_missing() {
    for (theme, tokens) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        look_at(theme, tokens);
    }
}

fn look_at(theme: egui::Theme, tokens: &Tokens) {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for name in ["a.png", "b.png", "c.png", "d.png"] {
        builder.push(NewSample { path: name, ..Default::default() });
    }
    let mut app = App { state: State::default(), view: GridView::default(), pictures: None };
    let opened = session::unmeasured(builder.finish().0, Vec::new());
    session::act(&mut app.state, Action::Opened(Box::new(opened)));
    let mut harness = Harness::builder()
        .with_size(Vec2::new(700.0, 260.0))
        .with_theme(theme)
        .with_context_setup(theme::install)
        .wgpu()
        .build_ui_state(|ui, app: &mut App| app.ui(ui), app);
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
    let missing = seen(cells[3].center());
    assert!(near(missing, tokens.panel), "{missing:?} is not what stands for a picture to come");
}
