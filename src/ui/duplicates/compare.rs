//! Two samples together: side by side, one over the other, or what differs.

use std::sync::Arc;

use egui::{
    Align2, Button, Color32, CursorIcon, FontId, Key, Painter, Rect, RichText, Role, Sense, StrokeKind,
    TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;

use super::borderline::found_by;
use super::difference::{Difference, PER_FRAME, Shrinking, common_size, difference, difference_text};
use super::group::{Asked, GroupView, lens_ui};
use super::lens::{Lens, Wheel};
use super::member::{self, Member};
use super::picture::{Drawing, Whole, laid_size, picture_ui, size_of};
use super::threshold::{distance_text, set_threshold, threshold_of};
use crate::analysis::symmetry::Symmetry;
use crate::dataset::{SampleId, Verdict};
use crate::review::Alike;
use crate::state::{Action, Session};
use crate::ui::lists::{self, ListKeys};
use crate::ui::sample_menu::SampleMenu;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets::{self, elided_name};
use crate::ui::{FullPicture, Pencil};

/// Height of the line that names a picture.
const NAME: f32 = 22.0;
/// Points around the divider at which it is taken hold of.
const GRIP: f32 = 8.0;

/// How two pictures are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Side,
    Swap,
    Wipe,
    Difference,
}

impl Mode {
    const ALL: [(Self, &'static str, Key, &'static str); 4] = [
        (Self::Side, "Side by side", Key::B, "B"),
        (Self::Swap, "Swap", Key::F, "F"),
        (Self::Wipe, "Wipe", Key::W, "W"),
        (Self::Difference, "Difference", Key::D, "D"),
    ];
}

/// Leads back to the group.
const BACK: Key = Key::C;
/// The letters that the comparison has for itself.
pub(super) const LETTERS: [Key; 5] = [Mode::ALL[0].2, Mode::ALL[1].2, Mode::ALL[2].2, Mode::ALL[3].2, BACK];

/// How the comparison stands.
#[derive(Default)]
pub(super) struct CompareView {
    pub pair: Option<[SampleId; 2]>,
    /// The member that was open then: with another one, something else is to be shown.
    open: Option<SampleId>,
    mode: Mode,
    /// Whether the second is on top.
    is_swapped: bool,
    /// Where the divider is, as a part of the frame.
    wipe: Option<f32>,
    lens: Lens,
    work: Option<Work>,
    menu: SampleMenu,
}

/// The difference of a pair, on its way or there.
struct Work {
    of: ([SampleId; 2], [Symmetry; 2]),
    shrinking: Option<[Shrinking; 2]>,
    /// Whether one of the pictures cannot be read.
    failed: bool,
    found: Option<(TextureHandle, Difference)>,
}

impl CompareView {
    /// Shows these two, until another member than `open` is opened.
    pub fn show(&mut self, pair: [SampleId; 2], open: Option<SampleId>) {
        self.open = open;
        if self.pair != Some(pair) {
            self.lens = Lens::default();
            self.is_swapped = false;
        }
        self.pair = Some(pair);
    }

    /// Lets go where the person went elsewhere meanwhile.
    pub fn follow(&mut self, open: Option<SampleId>) {
        if self.open != open {
            self.pair = None;
        }
    }
}

/// Two samples, how each is laid, and what they show in the same frame.
struct Pair<'a> {
    session: &'a Session,
    members: [Member; 2],
    laid: [Symmetry; 2],
}

impl Pair<'_> {
    /// Width and height of both together, as they are laid: they are shown at one size.
    fn size(&self) -> Vec2 {
        let size = |at: usize| {
            size_of(self.session, self.members[at].sample).map(|size| laid_size(size, self.laid[at]))
        };
        let larger = match (size(0), size(1)) {
            (Some(one), Some(two)) => {
                if one[0] * one[1] >= two[0] * two[1] {
                    one
                } else {
                    two
                }
            }
            (one, two) => one.or(two).unwrap_or([1, 1]),
        };
        vec2(larger[0] as f32, larger[1] as f32)
    }

    /// Draws one of them.
    fn picture_ui(
        &self,
        painter: &Painter,
        pencil: &mut Pencil<'_>,
        at: usize,
        rect: Rect,
        whole: &mut Whole,
        tokens: &Tokens,
    ) {
        let (sample, laid) = (self.members[at].sample, self.laid[at]);
        let drawing = Drawing { sample, rect, laid, tint: Color32::WHITE };
        picture_ui(painter, pencil, self.session, &drawing, whole, tokens);
    }
}

/// Draws the two; tells where the person wants to go.
pub(super) fn compare_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut CompareView,
    group: &GroupView,
    keys: &mut ListKeys,
    session: &Session,
    alike: &Alike,
) -> Option<Asked> {
    let samples = view.pair?;
    if samples.iter().any(|sample| *sample as usize >= session.snapshot.len()) {
        return Some(Asked::Close);
    }
    let found = alike.pair(samples[0], samples[1]);
    let mut laid = [Symmetry::NONE; 2];
    if let Some((pair, by)) = found {
        // The second of the pair is laid as the first.
        laid[usize::from(pair.b == samples[1])] = by.symmetry();
    }
    let pair = Pair { session, members: samples.map(|sample| group.member(sample)), laid };
    let mut asked = header_ui(ui, view);
    let threshold = threshold_of(session, alike);
    ui.horizontal_wrapped(|ui| {
        let (text, is_out) = match found {
            Some((pair, by)) => {
                let (distance, by) = (distance_text(alike.method, pair.distance.into()), found_by(alike, by));
                let is_out = u32::from(pair.distance) > threshold;
                let side = if is_out { "beyond the threshold" } else { "within the threshold" };
                (format!("{distance} apart, {side}, found by {by}."), is_out.then_some(pair.distance))
            }
            None => ("Alike through other members of the group.".to_owned(), None),
        };
        ui.add(egui::Label::new(widgets::dim(text)));
        if let Some(distance) = is_out {
            let text = RichText::new("Raise the threshold to take it in").size(size::SMALL);
            if ui.link(text).clicked() {
                set_threshold(pencil, session, distance.into());
            }
        }
        if let (Mode::Difference, Some(work)) = (view.mode, &view.work) {
            let text = match (&work.found, work.failed) {
                (Some((_, found)), _) => difference_text(*found),
                (None, true) => "One of the two cannot be read.".to_owned(),
                (None, false) => "Comparing…".to_owned(),
            };
            ui.add(egui::Label::new(widgets::dim(text)));
        }
    });
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    if whole.height() < 80.0 {
        return asked;
    }
    let below = member::FACTS + space::ROW + 3.0 * space::XS;
    let (upper, lower) = whole.split_top_bottom_at_y((whole.bottom() - below).max(whole.top() + 60.0));
    let id = ui.scope_id().with("compare");
    let list = ui.interact(upper, id, Sense::click_and_drag());
    let names = samples.map(|sample| session.dataset().path(sample));
    list.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{} and {}", names[0], names[1])));
    if keys.takes(ui, pencil, &list, upper) {
        asked = keys_ui(ui, view).or(asked);
        walk_ui(ui, pencil, view, group, session);
    }
    pictures_ui(ui, pencil, view, &pair, upper, &list);
    sides_ui(ui, pencil, &mut view.menu, &pair, lower);
    view.menu.show(pencil, session, &list);
    asked
}

fn header_ui(ui: &mut Ui, view: &mut CompareView) -> Option<Asked> {
    let mut asked = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.add_space(-widgets::BEARING);
        if widgets::icon_button(ui, icons::ICON_ARROW_BACK, "Back").clicked() {
            asked = Some(Asked::Close);
        }
        for (mode, title, _, key) in Mode::ALL {
            let on = view.mode == mode;
            let button = Button::selectable(on, title).shortcut_text(RichText::new(key).size(size::SMALL));
            let response = ui.add(button);
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, title));
            if response.clicked() {
                view.is_swapped = mode == Mode::Swap && on && !view.is_swapped;
                view.mode = mode;
            }
        }
        lens_ui(ui, &mut view.lens);
    });
    asked
}

fn keys_ui(ui: &Ui, view: &mut CompareView) -> Option<Asked> {
    for (mode, _, key, _) in Mode::ALL {
        if lists::presses(ui, key, false) > 0 {
            view.is_swapped = mode == Mode::Swap && view.mode == mode && !view.is_swapped;
            view.mode = mode;
        }
    }
    let back = lists::presses(ui, Key::Backspace, false) + lists::presses(ui, BACK, false);
    (back > 0).then_some(Asked::Close)
}

/// Arrows go on to the other members of the group that is open.
fn walk_ui(ui: &Ui, pencil: &mut Pencil<'_>, view: &mut CompareView, group: &GroupView, session: &Session) {
    let by = lists::presses(ui, Key::ArrowRight, false) - lists::presses(ui, Key::ArrowLeft, false);
    let review = &session.review;
    let (Some(open), Some(at)) = (review.open, review.open_group()) else { return };
    let rows = review.judged.groups.rows(at);
    let Ok(place) = rows.binary_search(&open) else { return };
    let mut to = place.saturating_add_signed(by).min(rows.len() - 1);
    let suggested = group.suggested.map(|(sample, _)| sample);
    if suggested == Some(rows[to]) && to != place {
        // It is there already.
        to = to.saturating_add_signed(by.signum()).min(rows.len() - 1);
    }
    if to != place
        && let Some(pair) = group.pair(rows, rows[to])
    {
        view.show(pair, Some(rows[to]));
        pencil.act(Action::OpenGroupOf { sample: rows[to] });
    }
}

fn pictures_ui(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    view: &mut CompareView,
    pair: &Pair<'_>,
    whole: Rect,
    list: &egui::Response,
) {
    let tokens = Tokens::of(ui);
    let size = pair.size();
    let is_side = view.mode == Mode::Side;
    // Beside each other, or over each other where that shows them larger.
    let half = (whole.size() - vec2(GAP, 0.0)) * vec2(0.5, 1.0);
    let frames = match is_side {
        true => {
            [0.0, 1.0].map(|at: f32| Rect::from_min_size(whole.min + vec2(at * (half.x + GAP), 0.0), half))
        }
        false => [whole; 2],
    };
    let frames = frames.map(|frame| frame.with_min_y(frame.top() + NAME));
    let pointer = ui.input(|input| input.pointer.latest_pos());
    let under = frames.into_iter().find(|frame| pointer.is_some_and(|at| frame.contains(at)));
    let frame = under.unwrap_or(frames[0]);
    let fit = |frame: Rect| size * (frame.width() / size.x).min(frame.height() / size.y);
    let fitted = fit(frame);
    let is_wiping = view.mode == Mode::Wipe && wipe_input(ui, view, frames[0], list);
    if !is_wiping && view.lens.respond(ui, list, frame, fitted, Wheel::Zooms) {
        ui.ctx().request_repaint();
    }
    let mut whole_pictures = Whole::some();
    let clip = |frame: Rect| ui.painter().with_clip_rect(frame.intersect(ui.clip_rect()));
    for frame in if is_side { &frames[..] } else { &frames[..1] } {
        ui.painter().rect_filled(*frame, 2.0, tokens.canvas);
    }
    let rect = view.lens.place(frames[0], fitted);
    match view.mode {
        Mode::Side => {
            for (at, frame) in frames.into_iter().enumerate() {
                let rect = view.lens.place(frame, fitted);
                pair.picture_ui(&clip(frame), pencil, at, rect, &mut whole_pictures, tokens);
                name_ui(ui, pair, at, frame, tokens);
            }
        }
        Mode::Swap => {
            let at = usize::from(view.is_swapped);
            // Both, so that the other is there when it is asked for.
            pair.picture_ui(&clip(frames[0]), pencil, 1 - at, rect, &mut whole_pictures, tokens);
            clip(frames[0]).rect_filled(frames[0], 2.0, tokens.canvas);
            pair.picture_ui(&clip(frames[0]), pencil, at, rect, &mut whole_pictures, tokens);
            name_ui(ui, pair, at, frames[0], tokens);
        }
        Mode::Wipe => {
            let x = frames[0].left() + view.wipe.unwrap_or(0.5) * frames[0].width();
            let (left, right) = frames[0].split_left_right_at_x(x);
            for (at, part) in [left, right].into_iter().enumerate() {
                pair.picture_ui(&clip(part), pencil, at, rect, &mut whole_pictures, tokens);
            }
            let painter = clip(frames[0]);
            painter.vline(x, frames[0].y_range(), (2.0, tokens.accent));
            painter.circle(pos2(x, frames[0].center().y), 7.0, tokens.accent, (2.0, tokens.canvas));
            let (left, right) = whole.split_left_right_at_x(whole.center().x);
            name_ui(ui, pair, 0, left.with_min_y(left.top() + NAME).with_max_x(left.right() - GAP), tokens);
            name_ui(ui, pair, 1, right.with_min_y(right.top() + NAME), tokens);
        }
        Mode::Difference => {
            difference_ui(ui, pencil, view, pair);
            let painter = clip(frames[0]);
            match view.work.as_ref().and_then(|work| work.found.as_ref()) {
                Some((texture, _)) => {
                    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                    painter.image(texture.id(), rect, uv, Color32::WHITE);
                }
                None => {
                    pair.picture_ui(&painter, pencil, 0, rect, &mut Whole::none(), tokens);
                    painter.rect_filled(frames[0], 0.0, tokens.canvas.gamma_multiply(0.6));
                }
            }
            let (left, right) = whole.split_left_right_at_x(whole.center().x);
            name_ui(ui, pair, 0, left.with_min_y(left.top() + NAME).with_max_x(left.right() - GAP), tokens);
            name_ui(ui, pair, 1, right.with_min_y(right.top() + NAME), tokens);
        }
    }
    whole_pictures.told(pencil);
    if list.has_focus() {
        ui.painter().rect_stroke(whole, 0.0, (1.0, tokens.accent), StrokeKind::Inside);
    }
}

/// Space between two frames, in points.
const GAP: f32 = space::S;

/// Takes a drag of the divider; tells whether it is held or pointed at.
fn wipe_input(ui: &Ui, view: &mut CompareView, frame: Rect, list: &egui::Response) -> bool {
    let at = view.wipe.unwrap_or(0.5);
    let x = frame.left() + at * frame.width();
    let origin = ui.input(|input| input.pointer.press_origin());
    let is_near = |pos: Option<egui::Pos2>| pos.is_some_and(|pos| (pos.x - x).abs() <= GRIP);
    let id = list.id.with("wiping");
    let mut is_held: bool = ui.data(|data| data.get_temp(id)).unwrap_or(false);
    if list.drag_started() {
        is_held = is_near(origin);
    }
    if !list.dragged() {
        is_held = false;
    }
    ui.data_mut(|data| data.insert_temp(id, is_held));
    if is_held && let Some(pos) = list.interact_pointer_pos() {
        view.wipe = Some(((pos.x - frame.left()) / frame.width().max(1.0)).clamp(0.0, 1.0));
    }
    let points = is_held || is_near(list.hover_pos());
    if points {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    is_held
}

/// The number and the name of one of the two, over its frame.
fn name_ui(ui: &Ui, pair: &Pair<'_>, at: usize, frame: Rect, tokens: &Tokens) {
    let painter = ui.painter();
    let middle = frame.top() - NAME / 2.0;
    let number = ["1", "2"][at];
    let dot = pos2(frame.left() + 8.0, middle);
    let member = pair.members[at];
    // Keys decide on the one at the cursor.
    let (fill, color) = match pair.session.selection.cursor == Some(member.sample) {
        true => (tokens.accent, tokens.on_accent),
        false => (tokens.raised, tokens.text),
    };
    painter.circle_filled(dot, 8.0, fill);
    painter.text(dot, Align2::CENTER_CENTER, number, bold(size::SMALL), color);
    let laid = pair.laid[at];
    let mut note = String::new();
    if member.suggested.is_some() {
        note.push_str("suggested to stay");
    }
    if laid != Symmetry::NONE {
        note.push_str(if note.is_empty() { "" } else { ", " });
        note.push_str(match (laid.mirrored, laid.turns) {
            (true, 0) => "shown mirrored",
            (false, _) => "shown turned",
            _ => "shown mirrored and turned",
        });
    }
    let left = frame.left() + 22.0;
    let font = FontId::proportional(size::SMALL);
    let note = widgets::elided(painter, &note, tokens.accent, font.clone(), (frame.width() - 22.0) * 0.5);
    let room = frame.right() - left - note.size().x - space::S;
    let path = pair.session.dataset().path(member.sample);
    let (name, _) = elided_name(painter, path, tokens.text, font, room);
    let width = name.size().x;
    painter.galley(pos2(left, middle - name.size().y / 2.0), name, tokens.text);
    painter.galley(pos2(left + width + space::S, middle - note.size().y / 2.0), note, tokens.accent);
}

/// Brings the difference nearer.
fn difference_ui(ui: &Ui, pencil: &mut Pencil<'_>, view: &mut CompareView, pair: &Pair<'_>) {
    let of = (pair.members.map(|member| member.sample), pair.laid);
    if view.work.as_ref().is_none_or(|work| work.of != of) {
        view.work = Some(Work { of, shrinking: None, failed: false, found: None });
    }
    let Some(work) = view.work.as_mut().filter(|work| work.found.is_none() && !work.failed) else { return };
    let pictures = of.0.map(|sample| pencil.pictures.full(sample));
    pencil.pictures.full_together(&of.0);
    if pictures.iter().any(|picture| matches!(picture, FullPicture::Failed { .. })) {
        work.failed = true;
        return;
    }
    let [FullPicture::Ready(one), FullPicture::Ready(two)] = &pictures else { return };
    let rasters = [&one.decoded.raster, &two.decoded.raster];
    let sizes = [0, 1].map(|at: usize| laid_size([rasters[at].width, rasters[at].height], of.1[at]));
    let size = common_size(sizes[0], sizes[1]);
    let shrinking = work.shrinking.get_or_insert_with(|| {
        // Before it is laid.
        let size_of = |at: usize| if of.1[at].turns % 2 == 1 { [size[1], size[0]] } else { size };
        [Shrinking::new(size_of(0)), Shrinking::new(size_of(1))]
    });
    let mut budget = PER_FRAME;
    let mut is_done = true;
    for (shrinking, raster) in shrinking.iter_mut().zip(rasters) {
        is_done &= shrinking.work(raster, &mut budget);
    }
    if is_done {
        let [one, two] = [0, 1].map(|at: usize| shrinking[at].laid(of.1[at]));
        let (image, found) = difference(&one, &two, size);
        let texture = ui.ctx().load_texture("difference", Arc::new(image), TextureOptions::LINEAR);
        work.found = Some((texture, found));
        work.shrinking = None;
    }
    ui.ctx().request_repaint();
}

/// What is known of each, and what to do with it.
fn sides_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, menu: &mut SampleMenu, pair: &Pair<'_>, room: Rect) {
    let tokens = Tokens::of(ui);
    let session = pair.session;
    let half = (room.width() - GAP) / 2.0;
    for (at, member) in pair.members.into_iter().enumerate() {
        let left = room.left() + at as f32 * (half + GAP);
        let rect =
            Rect::from_min_size(pos2(left, room.top() + space::XS), vec2(half, room.height() - space::XS));
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        member::facts_ui(&painter, session, member, rect, tokens);
        let facts = rect.with_max_y(rect.top() + member::FACTS);
        let response = ui.interact(facts, ui.scope_id().with(("facts", at)), Sense::CLICK);
        let path = session.dataset().path(member.sample);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{} {path}", at + 1)));
        let asks = response.secondary_clicked() && menu.ask(session, member.sample);
        if response.clicked() || asks {
            pencil.act(Action::ShowSample(member.sample));
        }
        response.on_hover_ui_at_pointer(|ui| {
            ui.label(path);
            ui.label(widgets::dim(member::told(session, member)));
        });
        let buttons = Rect::from_min_max(pos2(left, facts.bottom() + space::XS), rect.max);
        let layout = egui::Layout::left_to_right(egui::Align::Min);
        ui.scope_builder(
            egui::UiBuilder::new().max_rect(buttons).layout(layout).id_salt(("side", at)),
            |ui| {
                let verdict = session.snapshot.decision(member.sample).verdict;
                for (title, to) in [("Keep", Verdict::Keep), ("Prune", Verdict::Prune)] {
                    let on = verdict == to;
                    let can = session.project.can_write();
                    let response = ui.add_enabled(can, Button::new(title).selected(on));
                    response.widget_info(|| {
                        WidgetInfo::selected(Role::Button, can, on, format!("{title} {}", at + 1))
                    });
                    if response.clicked() {
                        let verdict = if on { Verdict::Undecided } else { to };
                        pencil.act(Action::Decide { samples: vec![member.sample], verdict });
                    }
                }
            },
        );
    }
}
