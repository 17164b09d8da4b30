//! One group: its members side by side at the same scale, and what is decided of them.

use std::sync::{Arc, Weak};

use egui::{Button, Key, Rect, Role, Sense, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;

use super::borderline::found_by;
use super::groups::{badge_ui, group_flags};
use super::lens::{Lens, Wheel};
use super::member::{self, Member};
use super::picture::{Drawing, Whole, picture_ui, size_of};
use super::threshold::distance_text;
use crate::analysis::groups::Groups;
use crate::analysis::symmetry::Symmetry;
use crate::dataset::{Preference, SampleId, Verdict};
use crate::review::Alike;
use crate::state::layout::reveal;
use crate::state::{Action, Command, Session};
use crate::text::{counted, grouped};
use crate::ui::Pencil;
use crate::ui::lists::{self, ListKeys};
use crate::ui::sample_menu::SampleMenu;
use crate::ui::scroller;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets::{self, IconButton};

/// Least size of a picture, in points.
const LEAST: Vec2 = Vec2::new(132.0, 116.0);
/// Space between members.
const GAP: f32 = space::S;
/// Around a picture in its member.
const INSET: f32 = 6.0;
/// Small pictures are enlarged up to this many screen pixels per pixel.
const MOST_ENLARGED: f32 = 16.0;
/// Members that are looked at for the largest of them.
const LOOKED_AT: usize = 20_000;

/// How an open group stands.
#[derive(Default)]
pub(super) struct GroupView {
    /// Which group of which groups the rest was worked out of.
    of: Option<(Weak<Groups>, usize)>,
    /// The member that would stay, and why.
    pub suggested: Option<(SampleId, Preference)>,
    /// Where it stands in the list.
    at: usize,
    /// The largest width and height of its members, in pixels.
    largest: Vec2,
    /// Points from the top.
    position: f64,
    lens: Lens,
    /// The chosen member when it was last drawn.
    drawn: Option<SampleId>,
    columns: usize,
    menu: SampleMenu,
}

/// The list of groups beside an open one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListBeside {
    /// There is no room for it.
    Absent,
    Shown,
    /// It takes the keys for up and down, and leaves all others to the members.
    TakesKeys,
}

/// What a person asks for in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To look at these two.
    Compare([SampleId; 2]),
    /// Back to the list.
    Close,
}

impl GroupView {
    /// Works out what is shown of a group, once.
    pub fn meet(&mut self, session: &Session, group: usize) {
        let judged = &session.review.judged;
        let is_met = self.of.as_ref().is_some_and(|(groups, of)| {
            *of == group && std::ptr::eq(groups.as_ptr(), Arc::as_ptr(&judged.groups))
        });
        if is_met {
            return;
        }
        let rows = judged.groups.rows(group);
        let before = self.largest;
        self.of = Some((Arc::downgrade(&judged.groups), group));
        self.suggested = judged.suggested(&session.snapshot, group);
        self.at = judged.order.iter().position(|other| *other as usize == group).unwrap_or(0);
        self.largest = rows.iter().take(LOOKED_AT).fold(Vec2::splat(1.0), |largest, sample| {
            size_of(session, *sample).map_or(largest, |[w, h]| largest.max(vec2(w as f32, h as f32)))
        });
        if self.largest != before {
            self.lens = Lens::default();
        }
    }

    pub fn member(&self, sample: SampleId) -> Member {
        let suggested = self.suggested.filter(|(suggested, _)| *suggested == sample);
        Member { sample, suggested: suggested.map(|(_, preference)| preference) }
    }

    /// The two to look at: the one that would stay and the chosen one, or the chosen one and the next.
    pub fn pair(&self, rows: &[SampleId], chosen: SampleId) -> Option<[SampleId; 2]> {
        let suggested = self.suggested.map(|(sample, _)| sample);
        match suggested.filter(|sample| *sample != chosen) {
            Some(suggested) => Some([suggested, chosen]),
            None => rows.iter().find(|sample| **sample != chosen).map(|other| [chosen, *other]),
        }
    }
}

/// Draws the group that is open.
#[expect(clippy::too_many_arguments, reason = "a group is drawn from all of them")]
pub(super) fn group_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut GroupView,
    keys: &mut ListKeys,
    session: &Session,
    alike: &Alike,
    group: usize,
    beside: ListBeside,
) -> Option<Asked> {
    view.meet(session, group);
    let judged = &session.review.judged;
    let rows = judged.groups.rows(group);
    let chosen =
        session.review.open.filter(|open| rows.binary_search(open).is_ok()).or(rows.first().copied())?;
    let mut asked = header_ui(ui, pencil, session, alike, group, view);
    asked = actions_ui(ui, pencil, session, view, rows, chosen).or(asked);
    evidence_ui(ui, session, alike, view, chosen);
    ui.add_space(space::XS);
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    if whole.height() < 60.0 || rows.last().is_none_or(|last| *last as usize >= session.snapshot.len()) {
        return asked;
    }
    members_ui(ui, pencil, view, keys, session, rows, chosen, whole, beside).or(asked)
}

fn header_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    alike: &Alike,
    group: usize,
    view: &mut GroupView,
) -> Option<Asked> {
    let tokens = Tokens::of(ui);
    let judged = &session.review.judged;
    let rows = judged.groups.rows(group);
    let mut asked = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.add_space(-widgets::BEARING);
        if widgets::icon_button(ui, icons::ICON_ARROW_BACK, "Back to all groups").clicked() {
            asked = Some(Asked::Close);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            if widgets::icon_button(ui, icons::ICON_CHEVRON_RIGHT, "Next group").clicked() {
                pencil.act(Action::Run(Command::NextGroup));
            }
            if widgets::icon_button(ui, icons::ICON_CHEVRON_LEFT, "Previous group").clicked() {
                pencil.act(Action::Run(Command::PreviousGroup));
            }
            lens_ui(ui, &mut view.lens);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let (at, all) = (grouped(view.at as u64 + 1), grouped(judged.order.len() as u64));
                let title = format!("Group {at} of {all}");
                ui.add(egui::Label::new(egui::RichText::new(title).font(bold(size::HEADING))).truncate());
                ui.add_space(space::XS);
                let distance = judged.looseness.get(group).copied().unwrap_or(0);
                let distance = distance_text(alike.method, distance.into());
                let text = format!("{}, up to {distance}", counted(rows.len() as u64, "sample"));
                ui.add(egui::Label::new(widgets::dim(text)).truncate())
                    .on_hover_text("The largest distance that holds the group together");
                for (flag, about) in rows.first().into_iter().flat_map(|first| group_flags(session, *first)) {
                    ui.add_space(space::XS);
                    let width = 8.0 * flag.len() as f32;
                    if ui.available_width() < width {
                        continue;
                    }
                    let at = ui.cursor().left_center() - vec2(0.0, 8.0);
                    let width = badge_ui(ui.painter(), flag, at, tokens);
                    let (_, response) = ui.allocate_exact_size(vec2(width, 16.0), Sense::hover());
                    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, flag));
                    response.on_hover_text(crate::text::sentence(about.about()));
                }
            });
        });
    });
    asked
}

/// Buttons that zoom all pictures.
pub(super) fn lens_ui(ui: &mut Ui, lens: &mut Lens) {
    if widgets::icon_button(ui, icons::ICON_ZOOM_IN, "Zoom into all").clicked() {
        lens.zoom_by(1.5);
    }
    let out = IconButton::new(icons::ICON_ZOOM_OUT, "Zoom out of all").enabled(!lens.is_whole());
    if out.show(ui).clicked() {
        lens.zoom_by(1.0 / 1.5);
        if lens.is_whole() {
            *lens = Lens::default();
        }
    }
}

/// The buttons that decide, each with its key.
fn actions_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    view: &GroupView,
    rows: &[SampleId],
    chosen: SampleId,
) -> Option<Asked> {
    let mut asked = None;
    ui.horizontal_wrapped(|ui| {
        let can = session.project.can_write();
        let button = |ui: &mut Ui, title: &str, key: &str, help: &str, enabled: bool| {
            let button = Button::new(title).shortcut_text(egui::RichText::new(key).size(size::SMALL));
            let response = ui.add_enabled(enabled, button);
            response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, title));
            response.on_hover_text(help).clicked()
        };
        if button(ui, "Keep only this", "Enter", "Keep the chosen one, prune the others, and go on", can) {
            pencil.act(Action::KeepOnly { sample: chosen });
        }
        let verdict = session.snapshot.decision(chosen).verdict;
        for (title, key, to, help) in [
            ("Keep", "K", Verdict::Keep, "The chosen one stays, whatever a rule says"),
            ("Prune", "X", Verdict::Prune, "Leave the chosen one out of an export"),
            ("Undecide", "U", Verdict::Undecided, "Take back what was decided of the chosen one"),
        ] {
            if button(ui, title, key, help, can && verdict != to) {
                pencil.act(Action::Decide { samples: vec![chosen], verdict: to });
            }
        }
        let pair = view.pair(rows, chosen);
        let help = "Look at the chosen one and the suggested one together: difference, swap, wipe";
        if button(ui, "Compare", "C", help, pair.is_some()) {
            asked = pair.map(Asked::Compare);
        }
    });
    asked
}

/// How the chosen member hangs together with the one that would stay.
fn evidence_ui(ui: &mut Ui, session: &Session, alike: &Alike, view: &GroupView, chosen: SampleId) {
    let Some((suggested, preference)) = view.suggested else { return };
    let text = if suggested == chosen {
        format!("The chosen one is suggested to stay: it {}.", preference.because())
    } else {
        match alike.pair(suggested, chosen) {
            Some((pair, by)) => {
                let (distance, by) = (distance_text(alike.method, pair.distance.into()), found_by(alike, by));
                let because = preference.because();
                format!("{distance} from the suggested one, which {because}; found by {by}.")
            }
            None => {
                let because = preference.because();
                format!("Near the suggested one, which {because}, through other members.")
            }
        }
    };
    let path = session.dataset().path(suggested);
    ui.add(egui::Label::new(widgets::dim(text)).truncate())
        .on_hover_text(format!("Suggested to stay: {path}"));
}

/// Where members stand.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plan {
    columns: usize,
    /// Size of a picture's frame, in points.
    frame: Vec2,
    /// Points per pixel.
    scale: f32,
}

impl Plan {
    /// The plan that shows all members largest, or, where that is too small, as many in a line as fit.
    fn of(members: usize, largest: Vec2, room: Vec2, pixels_per_point: f32) -> Self {
        let frame = |columns: usize, lines: Option<usize>| {
            let columns = columns as f32;
            let width = (room.x - GAP * (columns - 1.0)) / columns - 2.0 * INSET;
            let height = match lines {
                Some(lines) => {
                    (room.y - GAP * (lines as f32 - 1.0)) / lines as f32 - member::FACTS - 2.5 * INSET
                }
                None => (width * largest.y / largest.x).clamp(LEAST.y, 1.4 * LEAST.y),
            };
            vec2(width, height)
        };
        let scale = |frame: Vec2| (frame.x / largest.x).min(frame.y / largest.y);
        let most = ((room.x + GAP) / (LEAST.x + 2.0 * INSET + GAP)).max(1.0) as usize;
        let plans =
            (1..=most.min(members)).map(|columns| (columns, frame(columns, Some(members.div_ceil(columns)))));
        let large = plans.filter(|(_, frame)| frame.x >= LEAST.x && frame.y >= LEAST.y);
        // Of equal ones that with the fewest columns: nothing is squeezed for nothing.
        let best = large.rev().max_by(|(_, one), (_, two)| scale(*one).total_cmp(&scale(*two)));
        let (columns, frame) = best.unwrap_or_else(|| (most, frame(most, None)));
        let scale = scale(frame).min(MOST_ENLARGED / pixels_per_point);
        // No higher than what is shown in it.
        let height = frame.y.min((largest.y * scale).max(LEAST.y));
        Self { columns, frame: vec2(frame.x, height).max(Vec2::splat(1.0)), scale }
    }

    fn cell(&self) -> Vec2 {
        self.frame + vec2(2.0 * INSET, 2.5 * INSET + member::FACTS)
    }
}

#[expect(clippy::too_many_arguments, reason = "members are drawn from all of them")]
fn members_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut GroupView,
    keys: &mut ListKeys,
    session: &Session,
    rows: &[SampleId],
    chosen: SampleId,
    whole: Rect,
    beside: ListBeside,
) -> Option<Asked> {
    let room = whole.size() - vec2(scroller::BAR_WIDTH, 0.0);
    let plan = Plan::of(rows.len(), view.largest, room, ui.pixels_per_point());
    let line_height = plan.cell().y + GAP;
    let lines = rows.len().div_ceil(plan.columns);
    let id = ui.scope_id().with("members");
    let list = ui.interact(whole.with_max_x(whole.right() - scroller::BAR_WIDTH), id, Sense::click());
    list.widget_info(|| WidgetInfo::labeled(Role::List, ui.is_enabled(), "Members of the group"));
    let at = rows.binary_search(&chosen).unwrap_or(0);
    if view.drawn != Some(chosen) || view.columns != plan.columns {
        view.position = reveal(view.position, at / plan.columns, line_height, whole.height() + GAP);
        (view.drawn, view.columns) = (Some(chosen), plan.columns);
    }
    let mut asked = None;
    if keys.takes(ui, pencil, &list, whole) || beside == ListBeside::TakesKeys {
        if beside == ListBeside::Shown && lines == 1 {
            groups_keys_ui(ui, pencil);
        }
        asked = keys_ui(ui, pencil, view, rows, at, plan.columns);
    }
    let bar = id.with("bar");
    // Under the last line is no gap.
    let viewport = whole.with_max_y(whole.bottom() + GAP);
    let window = scroller::show(ui, bar, viewport, view.position, lines, line_height, "Scroll the members");
    view.position = window.position;
    let scrolls = lines as f32 * line_height - GAP > whole.height() + 1.0;
    let wheel = if scrolls { Wheel::Scrolls } else { Wheel::Zooms };
    let mut whole_pictures = Whole::some();
    for line in window.first..window.end {
        for column in 0..plan.columns {
            let position = line * plan.columns + column;
            let Some(sample) = rows.get(position).copied() else { break };
            let left = window.rect.left() + column as f32 * (plan.cell().x + GAP);
            let cell = Rect::from_min_size(pos2(left, window.row_top(line, line_height)), plan.cell());
            let drawn = Cell { member: view.member(sample), cell, chosen: sample == chosen, plan, wheel };
            let pictures = &mut whole_pictures;
            match member_ui(ui, pencil, session, &mut view.lens, &drawn, window.rect, &list, pictures) {
                Some(Click::Chooses) => {
                    keys.use_by_click(&list);
                    pencil.act(Action::OpenGroupOf { sample });
                }
                Some(Click::AsksForMenu) if view.menu.ask(session, sample) => {
                    pencil.act(Action::OpenGroupOf { sample });
                }
                _ => {}
            }
        }
    }
    whole_pictures.told(pencil);
    view.menu.show(pencil, session, &list);
    asked
}

/// Up and down, which lead nowhere among members that stand in one line, lead to other groups.
fn groups_keys_ui(ui: &Ui, pencil: &mut Pencil<'_>) {
    for (key, command) in [(Key::ArrowDown, Command::NextGroup), (Key::ArrowUp, Command::PreviousGroup)] {
        for _ in 0..lists::presses(ui, key, false) {
            pencil.act(Action::Run(command));
        }
    }
}

fn keys_ui(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    view: &GroupView,
    rows: &[SampleId],
    at: usize,
    columns: usize,
) -> Option<Asked> {
    let across = columns as isize;
    let keys =
        [(Key::ArrowRight, 1), (Key::ArrowLeft, -1), (Key::ArrowDown, across), (Key::ArrowUp, -across)];
    let by: isize = keys.into_iter().map(|(key, by)| by * lists::presses(ui, key, false)).sum();
    let mut to = at.saturating_add_signed(by).min(rows.len() - 1);
    if lists::presses(ui, Key::Home, false) > 0 {
        to = 0;
    }
    if lists::presses(ui, Key::End, false) > 0 {
        to = rows.len() - 1;
    }
    if to != at {
        pencil.act(Action::OpenGroupOf { sample: rows[to] });
    }
    if lists::presses(ui, Key::Enter, false) > 0 {
        pencil.act(Action::KeepOnly { sample: rows[at] });
    }
    if lists::presses(ui, Key::C, false) > 0 {
        return view.pair(rows, rows[at]).map(Asked::Compare);
    }
    (lists::presses(ui, Key::Backspace, false) > 0).then_some(Asked::Close)
}

/// A member and where it is drawn.
struct Cell {
    member: Member,
    cell: Rect,
    chosen: bool,
    plan: Plan,
    wheel: Wheel,
}

/// What a click on a member asks for.
enum Click {
    Chooses,
    AsksForMenu,
}

/// Draws a member and takes a click on it.
#[expect(clippy::too_many_arguments, reason = "a member is drawn from all of them")]
fn member_ui(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    lens: &mut Lens,
    drawn: &Cell,
    window: Rect,
    list: &egui::Response,
    whole: &mut Whole,
) -> Option<Click> {
    let tokens = Tokens::of(ui);
    let Cell { member, cell, chosen, plan, wheel } = drawn;
    let id = list.id.with(("member", member.sample));
    let response = ui.interact(cell.intersect(window), id, Sense::CLICK | Sense::DRAG);
    let path = session.dataset().path(member.sample);
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, ui.is_enabled(), format!("Member {path}")));
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_selected(*chosen);
        node.set_description(member::told(session, *member));
    });
    if *chosen {
        ui.ctx().accesskit_node_builder(list.id, |node| node.set_active_descendant(id.accesskit_id()));
    }
    let painter = ui.painter().with_clip_rect(window.intersect(ui.clip_rect()));
    let fill = match (*chosen, response.hovered()) {
        (true, _) => tokens.accent_soft,
        (false, true) => tokens.raised_hover,
        (false, false) => tokens.raised,
    };
    painter.rect_filled(*cell, space::RADIUS, fill);
    let frame = Rect::from_min_size(cell.min + Vec2::splat(INSET), plan.frame);
    let size =
        size_of(session, member.sample).map_or(plan.frame / plan.scale, |[w, h]| vec2(w as f32, h as f32));
    let fitted = size * plan.scale;
    if lens.respond(ui, &response, frame, fitted, *wheel) {
        ui.ctx().request_repaint();
    }
    let inner = painter.with_clip_rect(frame.intersect(painter.clip_rect()));
    inner.rect_filled(frame, 2.0, tokens.canvas);
    let tint = widgets::verdict_tint(session.snapshot.decision(member.sample).verdict);
    let rect = lens.place(frame, fitted);
    let drawing = Drawing { sample: member.sample, rect, laid: Symmetry::NONE, tint };
    picture_ui(&inner, pencil, session, &drawing, whole, tokens);
    member::signs_ui(&inner, session, *member, frame, tokens);
    let facts =
        Rect::from_min_max(pos2(frame.left(), frame.bottom() + 0.5 * INSET), cell.max - Vec2::splat(INSET));
    let mut clipped = painter.clone();
    clipped.set_clip_rect(cell.intersect(painter.clip_rect()));
    let cut = member::facts_ui(&clipped, session, *member, facts, tokens);
    if *chosen {
        painter.rect_stroke(*cell, space::RADIUS, (2.0, tokens.accent), StrokeKind::Inside);
    }
    let click = match () {
        () if response.clicked() && !response.double_clicked() => Some(Click::Chooses),
        () if response.secondary_clicked() => Some(Click::AsksForMenu),
        () => None,
    };
    let over_facts = response.hover_pos().is_some_and(|at| facts.contains(at));
    if cut && over_facts {
        response.on_hover_ui_at_pointer(|ui| {
            ui.label(path);
            ui.label(widgets::dim(member::told(session, *member)));
        });
    }
    click
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_shown_as_large_as_they_go() {
        let room = vec2(700.0, 500.0);
        for (members, largest, columns, scrolls) in [
            (2, vec2(400.0, 300.0), 2, false),
            (2, vec2(900.0, 100.0), 1, false),
            (4, vec2(300.0, 300.0), 2, false),
            (6, vec2(300.0, 300.0), 3, false),
            (5000, vec2(300.0, 300.0), 4, true),
        ] {
            let plan = Plan::of(members, largest, room, 1.0);
            assert_eq!(plan.columns, columns, "{members} of {largest:?}");
            let height = members.div_ceil(columns) as f32 * (plan.cell().y + GAP) - GAP;
            assert_eq!(height > room.y + 0.5, scrolls, "{members}: {height}");
            assert!(plan.columns as f32 * (plan.cell().x + GAP) - GAP <= room.x + 0.5);
            let fitted = largest * plan.scale;
            assert!(fitted.x <= plan.frame.x + 0.5 && fitted.y <= plan.frame.y + 0.5);
        }
        // A panel that is nearly closed is no division by nothing.
        Plan::of(3, Vec2::splat(1.0), Vec2::splat(1.0), 2.0);
    }
}
