//! The list of groups: any number of them, a few rows at a time.

use std::sync::{Arc, Weak};

use egui::{ComboBox, FontId, Key, Rect, Response, Role, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::borderline::thumbnail_ui;
use super::threshold::distance_text;
use crate::dataset::{Flag, SampleId};
use crate::review::{Alike, GroupOrder, ReviewSettings};
use crate::state::layout::reveal;
use crate::state::{Action, Session};
use crate::text::{counted, grouped};
use crate::ui::Pencil;
use crate::ui::lists::{self, ListKeys};
use crate::ui::scroller::{self, Window};
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets::{self, elided};

/// Height of a group, in points.
const ROW: f32 = 80.0;
/// Edge of its pictures.
const EDGE: f32 = 66.0;
/// Width of what is said of it.
const TEXT: f32 = 138.0;

/// How the list stands.
#[derive(Debug, Default)]
pub(super) struct GroupsView {
    /// Points from the top.
    position: f64,
    /// A sample of the group that keys move from.
    chosen: Option<SampleId>,
    /// The groups and their order when they were last drawn.
    order: Weak<Vec<u32>>,
    /// Where the chosen group is listed there.
    at: Option<usize>,
    /// Where the list stood when it was last drawn.
    stood: Stands,
}

/// Where the list stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stands {
    #[default]
    Alone,
    /// Beside the group that is open: keys for up and down open the next one, all others are the group's.
    BesideGroup,
}

/// Draws the list, and opens the group that a person asks for. Tells whether it takes the keys.
pub(super) fn groups_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut GroupsView,
    keys: &mut ListKeys,
    session: &Session,
    alike: &Alike,
    stands: Stands,
) -> bool {
    let judged = &session.review.judged;
    ui.horizontal(|ui| {
        widgets::group_heading(ui, "Groups");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            order_ui(ui, pencil, session);
        });
    });
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    if whole.height() < space::ROW {
        return false;
    }
    if judged.groups.is_empty() {
        let text = match session.review.is_current() {
            true => "No group at this threshold. Move it to the right to find more.",
            false => "Looking for groups…",
        };
        let at = whole.center_top() + vec2(0.0, space::L);
        let color = Tokens::of(ui).text_dim;
        ui.painter().text(at, egui::Align2::CENTER_TOP, text, FontId::proportional(size::BODY), color);
        return false;
    }
    // Where the chosen group is: looked for where the order changed, not in each frame.
    let place = |sample: Option<SampleId>| {
        let group = judged.group_of(sample?)?;
        judged.order.iter().position(|other| *other as usize == group)
    };
    if !std::ptr::eq(view.order.as_ptr(), Arc::as_ptr(&judged.order)) {
        view.order = Arc::downgrade(&judged.order);
        view.at = place(view.chosen);
    }
    if let Some(sample) = session.review.open.filter(|_| stands == Stands::BesideGroup) {
        view.follow(session, sample, whole.height());
    }
    if view.stood != stands
        && let Some(at) = view.at
    {
        // It has another height now: the chosen group stays in sight.
        view.position = reveal(view.position, at, ROW, whole.height());
    }
    view.stood = stands;
    let listed = judged.order.len();
    let id = ui.scope_id().with("groups");
    let list = ui.interact(whole.with_max_x(whole.right() - scroller::BAR_WIDTH), id, Sense::click());
    list.widget_info(|| WidgetInfo::labeled(Role::List, ui.is_enabled(), "Groups of near-duplicates"));
    let mut open = None;
    let takes = keys.takes(ui, pencil, &list, whole);
    let fits = whole.height() / ROW;
    match stands {
        Stands::Alone if takes => {
            if let Some(to) = lists::moved(ui, view.at, listed, fits) {
                view.position = reveal(view.position, to, ROW, whole.height());
                view.at = Some(to);
                view.chosen = first_of(session, to);
                if let Some(sample) = view.chosen {
                    pencil.act(Action::ShowSample(sample));
                }
            }
            if lists::presses(ui, Key::Enter, false) > 0 {
                open = view.at;
            }
        }
        Stands::BesideGroup if takes => {
            open = lists::stepped(ui, view.at, listed, fits).filter(|to| view.at != Some(*to));
        }
        _ => {}
    }
    let bar = id.with("bar");
    let window = scroller::show(ui, bar, whole, view.position, listed, ROW, "Scroll the groups");
    view.position = window.position;
    for position in window.first..window.end {
        let is_chosen = view.at == Some(position);
        if row_ui(ui, pencil, session, alike, position, &window, &list, is_chosen) {
            keys.use_by_click(&list);
            open = Some(position);
        }
    }
    if let Some(position) = open {
        let group = judged.order[position] as usize;
        let suggested = judged.suggested(&session.snapshot, group).map(|(sample, _)| sample);
        if let Some(sample) = suggested.or_else(|| first_of(session, position)) {
            pencil.act(Action::OpenGroupOf { sample });
        }
    }
    takes
}

impl GroupsView {
    /// Shows this sample's group the next time that the list is drawn.
    pub fn choose(&mut self, session: &Session, sample: SampleId) {
        let is_other = self.find(session, sample);
        if let Some(at) = self.at.filter(|_| is_other) {
            // In the upper part, with those before it in sight.
            self.position = (at as f64 - 1.0).max(0.0) * f64::from(ROW);
        }
    }

    /// Brings this sample's group into sight where it is another than before.
    fn follow(&mut self, session: &Session, sample: SampleId, height: f32) {
        let before = self.at;
        if self.find(session, sample)
            && let Some(at) = self.at.filter(|at| before != Some(*at))
        {
            self.position = reveal(self.position, at, ROW, height);
        }
    }

    /// Finds where a sample's group is listed; tells whether the sample is another one.
    fn find(&mut self, session: &Session, sample: SampleId) -> bool {
        if self.chosen == Some(sample) {
            return false;
        }
        self.chosen = Some(sample);
        let judged = &session.review.judged;
        let group = judged.group_of(sample);
        self.at = group.and_then(|group| judged.order.iter().position(|other| *other as usize == group));
        self.order = Arc::downgrade(&judged.order);
        true
    }
}

fn first_of(session: &Session, position: usize) -> Option<SampleId> {
    let judged = &session.review.judged;
    judged.groups.rows(*judged.order.get(position)? as usize).first().copied()
}

fn order_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let settings = &session.review.settings;
    let mut order = settings.order;
    let combo = ComboBox::from_id_salt("group order").width(126.0).selected_text(order.title());
    let shown = combo.show_ui(ui, |ui| {
        for choice in GroupOrder::ALL {
            ui.selectable_value(&mut order, choice, choice.title());
        }
    });
    let name = format!("Order of the groups: {}", settings.order.title());
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
    if order != settings.order {
        pencil.act(Action::ChangeReview(Box::new(ReviewSettings { order, ..settings.clone() })));
    }
}

/// What a group is flagged with, in words.
pub(super) fn group_flags(session: &Session, first: SampleId) -> impl Iterator<Item = (&'static str, Flag)> {
    let flags = session.review.judged.findings.flags(first);
    let known = [("Leak", Flag::Leak), ("Label conflict", Flag::LabelConflict)];
    known.into_iter().filter(move |(_, flag)| flags & flag.bit() != 0)
}

/// Draws a group; tells whether it was clicked.
#[expect(clippy::too_many_arguments, reason = "a row is drawn from all of them")]
fn row_ui(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    alike: &Alike,
    position: usize,
    window: &Window,
    list: &Response,
    chosen: bool,
) -> bool {
    let tokens = Tokens::of(ui);
    let judged = &session.review.judged;
    let Some(group) = judged.order.get(position).map(|group| *group as usize) else { return false };
    let rows = judged.groups.rows(group);
    let Some(first) = rows.first().copied() else { return false };
    if rows.iter().next_back().is_none_or(|last| *last as usize >= session.snapshot.len()) {
        return false;
    }
    let rect = Rect::from_min_size(
        pos2(window.rect.left(), window.row_top(position, ROW)),
        vec2(window.rect.width(), ROW),
    );
    let id = list.id.with(("group", position));
    let response = ui.interact(rect.intersect(window.rect), id, Sense::CLICK);
    let distance = match judged.looseness.get(group) {
        Some(distance) => distance_text(alike.method, u32::from(*distance)),
        None => String::new(),
    };
    let decided = judged.decided.get(group).copied().unwrap_or(0) as usize;
    let decided_text = match decided {
        0 => "undecided".to_owned(),
        all if all == rows.len() => "decided".to_owned(),
        some => format!("{} of {} decided", grouped(some as u64), grouped(rows.len() as u64)),
    };
    response.widget_info(|| {
        let mut name =
            format!("Group of {}, {}, up to {distance}", rows.len(), session.dataset().path(first));
        for (flag, _) in group_flags(session, first) {
            name.push_str(", ");
            name.push_str(&flag.to_lowercase());
        }
        name.push_str(", ");
        name.push_str(&decided_text);
        WidgetInfo::labeled(Role::ListItem, ui.is_enabled(), name)
    });
    ui.ctx().accesskit_node_builder(id, |node| node.set_selected(chosen));
    if chosen {
        ui.ctx().accesskit_node_builder(list.id, |node| node.set_active_descendant(id.accesskit_id()));
    }
    let painter = ui.painter_at(window.rect);
    if chosen {
        painter.rect_filled(rect, 0.0, tokens.accent_soft);
    } else if response.hovered() {
        painter.rect_filled(rect, 0.0, tokens.raised.gamma_multiply(0.6));
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, (1.0, tokens.line.gamma_multiply(0.45)));

    let left = rect.left() + space::S;
    let right = left + TEXT - space::S;
    let mut top = rect.top() + 8.0;
    let mut put = |text: &str, color, font: FontId| {
        let galley = elided(&painter, text, color, font, right - left);
        let height = galley.size().y;
        painter.galley(pos2(left, top), galley, color);
        top += height + 1.0;
    };
    put(&counted(rows.len() as u64, "sample"), tokens.text, bold(size::BODY));
    put(&format!("up to {distance}"), tokens.text_dim, FontId::proportional(size::SMALL));
    let color = if decided == rows.len() { tokens.ok } else { tokens.text_dim };
    put(&decided_text, color, FontId::proportional(size::SMALL));
    let mut at = pos2(left, rect.bottom() - 21.0);
    for (text, _) in group_flags(session, first) {
        at.x += badge_ui(&painter, text, at, tokens) + space::XS;
    }

    let from = left + TEXT;
    let fit = ((rect.right() - space::S - from + 4.0) / (EDGE + 4.0)).max(0.0) as usize;
    // The last place says how many more there are.
    let shown = if rows.len() > fit { fit.saturating_sub(1) } else { rows.len() };
    let place = |at: usize| {
        let min = pos2(from + at as f32 * (EDGE + 4.0), rect.center().y - EDGE / 2.0);
        Rect::from_min_size(min, vec2(EDGE, EDGE))
    };
    for (at, sample) in rows.iter().take(shown).enumerate() {
        thumbnail_ui(&painter, pencil, session, *sample, place(at), tokens);
    }
    if shown < rows.len() && fit > 0 {
        let more = format!("+{}", grouped((rows.len() - shown) as u64));
        let center = place(shown).center();
        painter.text(
            center,
            egui::Align2::CENTER_CENTER,
            more,
            FontId::proportional(size::BODY),
            tokens.text_dim,
        );
    }
    response.clicked()
}

/// A word in a frame of a warning; gives its width.
pub(super) fn badge_ui(painter: &egui::Painter, text: &str, at: egui::Pos2, tokens: &Tokens) -> f32 {
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(10.0), tokens.warn);
    let rect = Rect::from_min_size(at, galley.size() + vec2(10.0, 3.0));
    painter.rect(
        rect,
        7.0,
        tokens.warn.gamma_multiply(0.12),
        (1.0, tokens.warn.gamma_multiply(0.5)),
        StrokeKind::Inside,
    );
    painter.galley(at + vec2(5.0, 1.5), galley, tokens.warn);
    rect.width()
}
