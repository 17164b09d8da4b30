//! The panel Duplicates from outside: found and used by accessible names, and looked at.

use std::path::PathBuf;
use std::sync::Arc;

use egui::accesskit::{Role, Toggled};
use egui::{ColorImage, Context, Key, Pos2, Rect, TextureHandle, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lenslet::analysis::groups::Forest;
use lenslet::analysis::hamming::Pair;
use lenslet::dataset::{DatasetBuilder, Layout, NewSample, SampleId, Verdict};
use lenslet::jobs::Progress;
use lenslet::media::{Payload, Raster};
use lenslet::review::{Alike, Analysed, GroupOrder, Method};
use lenslet::state::{Action, Command, Effect, JobFace, JobId, Session, State};
use lenslet::store::Settings;
use lenslet::ui::duplicates::{DuplicatesView, duplicates_ui};
use lenslet::ui::inspector::{InspectorView, inspector_ui};
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
    let sample = sample % 20;
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
                false => [(x * 3) as u8, 40 + (y * 3) as u8, ((group * 12) as u8).wrapping_add(step)],
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
fn before_the_first_analysis_it_can_be_asked_for() {
    let mut state = State::new(Settings::default());
    session::act(&mut state, Action::Opened(Box::new(session::twenty())));
    let mut window = window(state, [760.0, 640.0], egui::Theme::Dark);
    look(&mut window, "before");
    click(&mut window, "Analyse");
    assert!(matches!(window.state().effects[..], [Effect::Analyse(lenslet::state::Extent::Asked)]));
    let progress = Progress { done: 5, total: 20, ..Progress::default() };
    let job = JobFace { id: JobId::Analyse, progress, paused: false };
    window.state_mut().state.update(Action::JobsMoved(vec![job]));
    window.run();
    assert!(window.query_by_label("Analyse").is_none());
    window.get_by_label("Analysing");
    look(&mut window, "running");
    // Nothing was found.
    window.state_mut().state.update(Action::JobsMoved(Vec::new()));
    let analysed = Analysed { looked_at: 20, ..Analysed::default() };
    session::act(&mut window.state_mut().state, Action::Analysed(analysed.into()));
    window.run();
    window.get_by_label("No near-duplicates");
    look(&mut window, "nothing");
}

#[test]
fn the_threshold_is_dragged_typed_and_found() {
    let mut window = reviewed();
    assert_eq!(window.state().threshold(), 10);
    window.get_by_label("3 groups");
    // By the histogram, whose line is above the slider's handle.
    let rect = window.get_by_label("Pairs at each distance").rect();
    let end = rect.right_center() - vec2(12.0, 0.0);
    window.drag_at(rect.center());
    window.run();
    window.hover_at(end);
    window.run();
    window.drop_at(end);
    window.run();
    assert_eq!(window.state().threshold(), 16);
    window.get_by_label("4 groups");
    window.get_by_label("5 redundant samples (25.0 %)");
    // By the slider's keys.
    window.get_by_role_and_label(Role::Slider, "Threshold").focus();
    key(&mut window, Key::ArrowLeft);
    assert_eq!(window.state().threshold(), 15);
    click(&mut window, "usual: 10");
    assert_eq!(window.state().threshold(), 10);
    // A tenth of twenty samples.
    window.get_by_label("2 samples at 4 bits");
    click(&mut window, "Set the threshold");
    assert_eq!(window.state().threshold(), 4);
}

#[test]
fn a_share_that_cannot_be_found_is_said_plainly() {
    let mut state = session::reviewed();
    let pairs = vec![Pair { a: 3, b: 4, distance: 2 }];
    let forest = Forest::new(20, &pairs);
    let alike = Alike { method: Method::Phash, forest, pairs, radius: 16, ..Alike::default() };
    let analysed = Analysed { looked_at: 20, alike: alike.into(), ..Analysed::default() };
    session::act(&mut state, Action::Analysed(analysed.into()));
    let window = window(state, [760.0, 640.0], egui::Theme::Dark);
    window.get_by_label_contains(
        "So many cannot be found: at the largest threshold 1 sample is redundant, 5.0 %",
    );
    assert!(window.get_by_label("Set the threshold").accesskit_node().is_disabled());
}

#[test]
fn borderline_pairs_are_opened() {
    let mut window = reviewed();
    click(&mut window, "test/cat/09.jpg and train/dog/10.jpg, 9 bits, in");
    assert_eq!(window.state().session().review.open_group(), Some(2));
    click(&mut window, "Back to all groups");
    click(&mut window, "train/dog/15.jpg and train/dog/16.jpg, 14 bits, out");
    assert_eq!(window.state().session().selection.iter().collect::<Vec<_>>(), [16]);
    click(&mut window, "Raise the threshold to take it in");
    assert_eq!(window.state().threshold(), 14);
    click(&mut window, "Back");
    window.get_by_label("4 groups");
}

#[test]
fn a_group_is_decided_by_keys() {
    let mut window = reviewed();
    key(&mut window, Key::ArrowDown);
    key(&mut window, Key::ArrowDown);
    key(&mut window, Key::Enter);
    // The group of test and train: test is protected, so that it is suggested.
    assert_eq!(window.state().session().review.open, Some(4));
    key(&mut window, Key::ArrowLeft);
    assert_eq!(window.state().session().review.open, Some(3));
    assert_eq!(window.state().session().selection.cursor, Some(3), "keys decide on it");
    key(&mut window, Key::Enter);
    assert_eq!((window.state().of(Verdict::Keep), window.state().of(Verdict::Prune)), (vec![3], vec![4]));
    assert_eq!(window.state().session().review.open, Some(2), "the next one, at its best");
    key(&mut window, Key::Backspace);
    assert_eq!(window.state().session().review.open, None);
    let row = window.get_by_label("Group of 2, train/cat/03.jpg, up to 5 bits, leak, decided");
    row.click();
    window.run();
    assert_eq!(window.state().session().review.open, Some(4));
}

#[test]
fn groups_are_walked_through_beside_the_open_one() {
    let mut window = window(session::reviewed(), [1100.0, 640.0], egui::Theme::Dark);
    assert!(window.query_by_label("Members of the group").is_none(), "no group is open");
    window.state_mut().state.update(Action::OpenGroupOf { sample: 9 });
    window.run();
    for name in ["Groups of near-duplicates", "Members of the group", "Group 1 of 3"] {
        window.get_by_label(name);
    }
    let open = |window: &Window| window.state().session().review.open;
    // Up and down are the list's, all other keys the group's; the list ends where it ends.
    for (pressed, title, sample) in [
        (Key::ArrowDown, "Group 2 of 3", 4),
        (Key::ArrowDown, "Group 3 of 3", 2),
        (Key::ArrowDown, "Group 3 of 3", 2),
        (Key::ArrowUp, "Group 2 of 3", 4),
        (Key::ArrowLeft, "Group 2 of 3", 3),
        (Key::ArrowRight, "Group 2 of 3", 4),
        (Key::Home, "Group 2 of 3", 3),
        (Key::End, "Group 2 of 3", 4),
    ] {
        key(&mut window, pressed);
        window.get_by_label(title);
        assert_eq!(open(&window), Some(sample), "{pressed:?} to {title}");
    }
    let is_chosen = |window: &Window, name: &str| {
        window.get_by_label_contains(name).accesskit_node().is_selected() == Some(true)
    };
    assert!(is_chosen(&window, "Group of 2, train/cat/03.jpg"));
    assert!(!is_chosen(&window, "Group of 3, train/cat/00.jpg"));
    // From a member that was clicked, too: they stand in one line.
    click(&mut window, "Member train/cat/03.jpg");
    key(&mut window, Key::ArrowDown);
    window.get_by_label("Group 3 of 3");
    click(&mut window, "Group of 2, train/cat/03.jpg, up to 5 bits, leak, undecided");
    assert_eq!(open(&window), Some(4));
    // The list has the focus now; what is decided goes on to the next group.
    key(&mut window, Key::Enter);
    assert_eq!((window.state().of(Verdict::Keep), window.state().of(Verdict::Prune)), (vec![4], vec![3]));
    assert_eq!(open(&window), Some(2));
    look(&mut window, "beside");
    key(&mut window, Key::Backspace);
    assert_eq!(open(&window), None);
    window.get_by_label("Groups of near-duplicates");
}

#[test]
fn a_group_is_decided_by_buttons() {
    let mut window = reviewed();
    click(&mut window, "Group of 3, train/cat/00.jpg, up to 4 bits, undecided");
    click(&mut window, "Member train/cat/00.jpg");
    click(&mut window, "Prune");
    assert_eq!(window.state().of(Verdict::Prune), [0]);
    click(&mut window, "Undecide");
    assert_eq!(window.state().of(Verdict::Prune), [0u32; 0]);
    click(&mut window, "Keep");
    assert_eq!(window.state().of(Verdict::Keep), [0]);
    click(&mut window, "Keep only this");
    assert_eq!((window.state().of(Verdict::Keep), window.state().of(Verdict::Prune)), (vec![0], vec![1, 2]));
    let text = window.get_by_label("Member train/cat/01.jpg").accesskit_node().description();
    assert!(text.is_some_and(|text| text.contains("Pruned by hand")));
    click(&mut window, "Previous group");
    window.get_by_label("Group 2 of 3");
}

#[test]
fn two_members_are_compared() {
    let mut window = reviewed();
    window.state_mut().state.update(Action::OpenGroupOf { sample: 1 });
    window.run();
    key(&mut window, Key::C);
    window.get_by_label("train/cat/02.jpg and train/cat/01.jpg");
    window.get_by_label_contains("6 bits apart, within the threshold");
    let is_on = |window: &Window, name: &str| {
        window.get_by_label(name).accesskit_node().toggled() == Some(Toggled::True)
    };
    for (pressed, name) in
        [(Key::F, "Swap"), (Key::W, "Wipe"), (Key::D, "Difference"), (Key::B, "Side by side")]
    {
        key(&mut window, pressed);
        assert!(is_on(&window, name), "{name}");
    }
    click(&mut window, "Difference");
    window.get_by_label("Mean difference 1.0 of 255, largest 3; shown 4 times as large.");
    click(&mut window, "Prune 2");
    assert_eq!(window.state().of(Verdict::Prune), [1]);
    // To the other member, beside the suggested one.
    key(&mut window, Key::ArrowLeft);
    window.get_by_label("train/cat/02.jpg and train/cat/00.jpg");
    // Another group is opened: it is shown.
    window.state_mut().state.update(Action::Run(Command::PreviousGroup));
    window.run();
    window.get_by_label("Group 2 of 3");
}

#[test]
fn method_and_order_are_chosen() {
    let mut window = reviewed();
    click(&mut window, "Order of the groups: loosest first");
    click(&mut window, "largest first");
    assert_eq!(window.state().session().review.settings.order, GroupOrder::Largest);
    click(&mut window, "Mirrored and turned copies");
    assert!(window.state().session().review.settings.symmetries);
    click(&mut window, "Method: pHash, 64 bits");
    click(&mut window, "Same file");
    let settings = &window.state().session().review.settings;
    assert_eq!((settings.method, settings.threshold), (Method::File, None));
    assert!(window.state().effects.contains(&Effect::Analyse(lenslet::state::Extent::Asked)));
    assert!(window.get_by_label("Mirrored and turned copies").accesskit_node().is_disabled());
}

/// A dataset of so many groups of three, analysed.
fn of_groups(groups: u32) -> State {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..3 * groups {
        builder.push(NewSample { path: &format!("{at:07}.jpg"), ..Default::default() });
    }
    let pair = |a, b, distance| Pair { a, b, distance };
    let of_group = |at: u32| [pair(3 * at, 3 * at + 1, (at % 10) as u16), pair(3 * at, 3 * at + 2, 4)];
    let pairs: Vec<Pair> = (0..groups).flat_map(of_group).collect();
    let rows = 3 * groups as usize;
    let forest = Forest::new(rows, &pairs);
    let alike = Alike { method: Method::Phash, forest, pairs, radius: 16, ..Alike::default() };
    let mut state = State::new(Settings::default());
    session::act(&mut state, Action::Opened(Box::new(session::unmeasured(builder.finish().0, Vec::new()))));
    session::act(
        &mut state,
        Action::Analysed(Analysed { looked_at: rows, alike: alike.into(), ..Default::default() }.into()),
    );
    state
}

#[test]
fn a_frame_costs_no_more_where_there_are_many_groups() {
    let frame = |groups: u32, open: bool, width: f32| {
        let mut panel = Panel::new(of_groups(groups));
        if open {
            session::act(&mut panel.state, Action::OpenGroupOf { sample: 3 });
        }
        let ctx = Context::default();
        theme::install(&ctx);
        let mut times = Vec::new();
        for _ in 0..20 {
            let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(width, 640.0)));
            let start = std::time::Instant::now();
            ctx.run_ui(egui::RawInput { screen_rect, ..Default::default() }, |ui| panel.ui(ui))
                .textures_delta
                .clear();
            times.push(start.elapsed());
        }
        // Others use the machine too: the quickest says what it costs.
        times.into_iter().min().unwrap()
    };
    for (open, width) in [(false, 760.0), (true, 760.0), (true, 1100.0)] {
        let (few, many) = (frame(20, open, width), frame(40_000, open, width));
        let slow = 2 * few + std::time::Duration::from_millis(2);
        assert!(many < slow, "{few:?} and {many:?}, open: {open}, {width} points");
    }
}

#[test]
fn the_inspector_leads_to_the_group() {
    let mut state = session::reviewed();
    session::act(&mut state, Action::ShowSample(1));
    session::act(&mut state, Action::KeepOnly { sample: 2 });
    session::act(&mut state, Action::ShowSample(1));
    session::act(&mut state, Action::CloseGroup);
    let mut inspector = InspectorView::default();
    let mut window = Harness::builder()
        .with_size([420.0, 900.0])
        .allow_missing_glyphs()
        .with_context_setup(theme::install)
        .wgpu()
        .build_ui_state(
            move |ui, panel: &mut Panel| {
                panel.pictures.ctx = Some(ui.ctx().clone());
                let mut actions = Vec::new();
                let pictures = &mut panel.pictures;
                let mut pencil = Pencil { state: &panel.state, pictures, actions: &mut actions };
                inspector_ui(ui, &mut pencil, &mut inspector);
                for action in actions {
                    panel.effects.extend(session::act(&mut panel.state, action));
                }
            },
            Panel::new(state),
        );
    window.run();
    window.get_by_label("Pruned by hand");
    window.get_by_label("Near-duplicate");
    look(&mut window, "inspector");
    click(&mut window, "In a group of 3 near-duplicates");
    let review = &window.state().session().review;
    assert_eq!((review.open, review.open_group()), (Some(1), Some(0)));
    let pane = Effect::TogglePane(lenslet::state::Pane::Duplicates);
    assert!(window.state().effects.contains(&pane));
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
