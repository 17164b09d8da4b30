//! The panel Duplicates from outside: found and used by accessible names, and looked at.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Color32, ColorImage, Context, Key, Pos2, Rect, TextureHandle, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::dataset::{SampleId, Verdict};
use lenslet::jobs::Progress;
use lenslet::media::{Payload, Raster};
use lenslet::review::{Analysed, Method, ReviewSettings};
use lenslet::state::{Action, Command, Effect, JobFace, JobId, Session, State};
use lenslet::store::Settings;
use lenslet::ui::duplicates::{DuplicatesView, duplicates_ui};
use lenslet::ui::{Full, FullPicture, Pencil, Pictures, Thumb, theme};

use crate::session;

/// Pictures that are made of the sample's number: a gradient with a bright square somewhere in it.
#[derive(Default)]
struct Made {
    textures: Vec<Option<TextureHandle>>,
    ctx: Option<Context>,
}

const SIZE: [u32; 2] = [64, 48];

fn raster(sample: SampleId) -> Raster {
    let [width, height] = SIZE;
    // Near-duplicates look nearly the same.
    let group = match sample {
        0..3 => 0,
        3 | 4 => 3,
        9 | 10 => 9,
        15 | 16 => 15,
        other => other,
    };
    let mut data = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let is_square = (x / 12, y / 12) == (group % 5, group / 5 % 4);
            let step = (sample * 3) as u8;
            let color = match is_square {
                true => [250, 220, 90 + step],
                false => [(x * 3) as u8, 40 + (y * 3) as u8, (group * 12) as u8 + step],
            };
            data.extend(color);
        }
    }
    Raster::new(width, height, 3, data).unwrap()
}

fn image(sample: SampleId) -> ColorImage {
    let raster = raster(sample);
    ColorImage::from_rgb(SIZE.map(|side| side as usize), &raster.data)
}

impl Pictures for Made {
    fn thumbnail(&mut self, sample: SampleId, _: u32) -> Option<Thumb> {
        let ctx = self.ctx.clone()?;
        let at = sample as usize;
        self.textures.resize(self.textures.len().max(at + 1), None);
        let made = || ctx.load_texture(format!("made {sample}"), image(sample), Default::default());
        let texture = self.textures[at].get_or_insert_with(made).id();
        let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        Some(Thumb { texture, uv, size: vec2(SIZE[0] as f32, SIZE[1] as f32) })
    }

    fn full(&mut self, sample: SampleId) -> FullPicture {
        let decoded = lenslet::media::decode(&Payload::Raster(raster(sample))).unwrap();
        let full = Full {
            decoded: Arc::new(decoded),
            reduced: Vec::new(),
            tiles: Vec::new(),
            histogram: Arc::default(),
            metadata: Arc::default(),
        };
        FullPicture::Ready(full.into())
    }

    fn prefetch_full(&mut self, _: &[SampleId]) {}
}

struct Panel {
    state: State,
    view: DuplicatesView,
    pictures: Made,
    /// What was asked of the outside.
    effects: Vec<Effect>,
}

impl Panel {
    fn new(state: State) -> Self {
        Self { state, view: DuplicatesView::default(), pictures: Made::default(), effects: Vec::new() }
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let fill = ui.visuals().panel_fill;
        ui.painter().rect_filled(ui.max_rect().expand(20.0), 0, fill);
        self.pictures.ctx = Some(ui.ctx().clone());
        let mut actions = Vec::new();
        let mut pencil = Pencil { state: &self.state, pictures: &mut self.pictures, actions: &mut actions };
        duplicates_ui(ui, &mut pencil, &mut self.view);
        for action in actions {
            self.effects.extend(session::act(&mut self.state, action));
        }
    }

    fn session(&self) -> &Session {
        self.state.session.as_ref().unwrap()
    }

    fn threshold(&self) -> u32 {
        self.session().review.judged.threshold
    }

    fn of(&self, verdict: Verdict) -> Vec<SampleId> {
        let decisions = &self.session().overlay.decisions;
        (0..20).filter(|sample| decisions[*sample as usize].verdict == verdict).collect()
    }
}

type Window = Harness<'static, Panel>;

fn window(state: State, size: [f32; 2], theme: egui::Theme) -> Window {
    let mut window = Harness::builder()
        .with_size(Vec2::from(size))
        .with_theme(theme)
        .with_max_steps(60)
        .allow_missing_glyphs()
        .with_context_setup(theme::install)
        .wgpu()
        .build_ui_state(|ui, panel: &mut Panel| panel.ui(ui), Panel::new(state));
    window.run();
    window
}

fn reviewed() -> Window {
    window(session::reviewed(), [760.0, 640.0], egui::Theme::Dark)
}

fn click(window: &mut Window, name: &str) {
    window.get_by_label(name).click();
    window.run();
}

fn key(window: &mut Window, key: Key) {
    window.key_press(key);
    window.run();
}

/// Saves what is seen where `LENSLET_TEST_PICTURES` names a folder.
fn look(window: &mut Window, name: &str) {
    let Some(folder) = std::env::var_os("LENSLET_TEST_PICTURES") else { return };
    window.event(egui::Event::PointerGone);
    window.run();
    let image = window.render().expect("a software driver is there");
    image
        .save(PathBuf::from(folder).join(format!("duplicates-{name}.png")))
        .expect("the folder can be written");
}

#[test]
fn the_panel_looks_right() {
    for (theme, dark) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        for (size, name) in [([760.0, 640.0], "wide"), ([360.0, 640.0], "narrow")] {
            let mut window = window(session::reviewed(), size, theme);
            let look = |window: &mut Window, what: &str| look(window, &format!("{what}-{name}-{dark}"));
            look(&mut window, "list");
            window.state_mut().state.update(Action::OpenGroupOf { sample: 1 });
            window.run();
            session::act(
                &mut window.state_mut().state,
                Action::Decide { samples: vec![0], verdict: Verdict::Prune },
            );
            session::act(
                &mut window.state_mut().state,
                Action::Decide { samples: vec![2], verdict: Verdict::Keep },
            );
            window.run();
            look(&mut window, "group");
            click(&mut window, "Compare");
            look(&mut window, "side");
            for mode in ["Wipe", "Difference"] {
                click(&mut window, mode);
                look(&mut window, mode);
            }
        }
    }
}
