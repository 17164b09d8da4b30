//! The classes as bars: what is there, what is wanted, and what the plan gives. A mark on each bar is dragged, or moved
//! by the arrow keys, to say what is wanted.

use egui::{
    Align2, CornerRadius, EventFilter, FontId, Key, Rect, Response, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::classes::{ClassesView, listing_ui};
use crate::balance::ClassPlan;
use crate::state::{Action, BalancePlan, Session};
use crate::text::grouped;
use crate::ui::Pencil;
use crate::ui::lists::presses;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Height of a line, in points, and lines that are there at once.
const LINE: f32 = 24.0;
const VISIBLE: usize = 16;
/// Part of a line that names have, and its most; width of the counts, in points.
const NAMES: f32 = 0.28;
const NAMES_MOST: f32 = 220.0;
const COUNTS: f32 = 116.0;
/// Width of what a mark is dragged by, in points.
const GRIP: f32 = 14.0;
/// How much farther than the largest count the bars reach, so that more can be drawn.
const HEADROOM: f64 = 1.15;

/// Drawing state of the chart.
#[derive(Default)]
pub(super) struct ChartView {
    is_log: bool,
    drag: Option<Drag>,
}

/// A mark that is dragged.
#[derive(Clone, Copy)]
struct Drag {
    class: u32,
    count: u64,
}

impl ChartView {
    /// Whether a mark is held: the order of classes and the scale stay until it is let go.
    pub fn is_dragged(&self) -> bool {
        self.drag.is_some()
    }
}

/// Where a count lies across a line.
#[derive(Clone, Copy)]
struct Scale {
    from: f32,
    to: f32,
    most: f64,
    is_log: bool,
}

impl Scale {
    fn x(self, count: u64) -> f32 {
        let part = match self.is_log {
            true => (count as f64).ln_1p() / self.most.ln_1p(),
            false => count as f64 / self.most,
        };
        self.from + (self.to - self.from) * part.min(1.0) as f32
    }

    fn count(self, x: f32) -> u64 {
        let part = f64::from(((x - self.from) / (self.to - self.from).max(1.0)).clamp(0.0, 1.0));
        let count = if self.is_log { (part * self.most.ln_1p()).exp_m1() } else { part * self.most };
        count.round() as u64
    }
}

pub(super) fn chart_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    classes: &mut ClassesView,
    view: &mut ChartView,
) {
    ui.horizontal(|ui| {
        widgets::group_heading(ui, "Classes");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let chip = widgets::chip(ui, view.is_log, "Log scale");
            if chip.on_hover_text("Small classes have longer bars").clicked() {
                view.is_log = !view.is_log;
            }
        });
    });
    let Some(plan) = session.balance.plan.found() else {
        let text = match &session.balance.plan.answer {
            Some(Err(problem)) => problem.as_str(),
            _ => "Working out the plan…",
        };
        ui.add(egui::Label::new(widgets::dim(text)).wrap());
        return;
    };
    listing_ui(ui, classes, plan);
    legend_ui(ui);
    let mut drawn = None;
    widgets::lines_ui(ui, "bars", (LINE, VISIBLE), classes.listed.len(), |ui, at| {
        if let Some(class) = classes.listed.get(at).copied()
            && let Some(count) = line_ui(ui, plan, classes, view, class)
        {
            drawn = Some((class, count));
        }
    });
    if let Some((class, count)) = drawn {
        pencil.act(Action::WantedDrawn { part: classes.part, class, count });
    }
    // It may be let go while nobody drew it.
    if !ui.input(|input| input.pointer.any_down()) {
        view.drag = None;
    }
    let without = plan.snapshot.labels().classes.len().saturating_sub(classes.there);
    if without > 0 {
        let text = format!("{} without a sample here", crate::text::counted(without as u64, "class"));
        ui.label(widgets::dim(text));
    }
}

/// Which sign is what.
fn legend_ui(ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        for (text, color) in [("there", there_color(tokens)), ("by the plan", tokens.accent)] {
            let (rect, _) = ui.allocate_exact_size(vec2(12.0, 8.0), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, color);
            ui.label(widgets::dim(text));
        }
        let (rect, _) = ui.allocate_exact_size(vec2(8.0, 12.0), Sense::hover());
        mark_ui(ui, rect.center().x, rect, tokens.text);
        ui.label(widgets::dim("wanted: drag it"));
    });
}

fn there_color(tokens: &Tokens) -> egui::Color32 {
    tokens.text_dim.gamma_multiply(0.35)
}

/// Draws a class; gives what its mark was moved to.
fn line_ui(
    ui: &mut Ui,
    plan: &BalancePlan,
    classes: &ClassesView,
    view: &mut ChartView,
    class: u32,
) -> Option<u64> {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
    let (figures, missed) = plan.class(classes.part, class)?;
    let name = plan.snapshot.labels().classes.get(class as usize)?;
    let names = rect.left() + (rect.width() * NAMES).min(NAMES_MOST);
    let scale = Scale {
        from: names,
        to: rect.right() - COUNTS,
        most: (classes.most as f64 * HEADROOM).max(1.0),
        is_log: view.is_log,
    };
    let held = view.drag.filter(|drag| drag.class == class);
    let wanted = held.map_or(figures.wanted, |drag| drag.count);
    if ui.is_rect_visible(rect) {
        let font = FontId::proportional(size::SMALL + 1.0);
        let room = names - rect.left() - space::S;
        let (galley, is_cut) = widgets::elided_name(ui.painter(), name, tokens.text, font, room);
        ui.painter().galley(
            pos2(rect.left() + 2.0, rect.center().y - galley.size().y / 2.0),
            galley,
            tokens.text,
        );
        bars_ui(ui, rect, scale, figures);
        let text = format!("{} → {}", grouped(figures.before), grouped(figures.after));
        let color = if missed.is_some() { tokens.warn } else { tokens.text_dim };
        let right = pos2(rect.right() - space::XS, rect.center().y);
        ui.painter().text(right, Align2::RIGHT_CENTER, text, FontId::proportional(size::SMALL), color);
        if is_cut {
            response.on_hover_text(name);
        }
    }
    let grip = Rect::from_center_size(pos2(scale.x(wanted), rect.center().y), vec2(GRIP, LINE));
    let id = ui.scope_id().with(("wanted", class));
    let response = ui.interact(grip, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(true, wanted as f64, format!("Wanted of {name}")));
    let is_grasped = held.is_some() || response.hovered() || response.has_focus();
    mark_ui(ui, grip.center().x, grip, if is_grasped { tokens.accent } else { tokens.text });
    let moved = moved(ui, &response, view, scale, class, wanted);
    let told = format!("{name}: {} there, {} wanted", grouped(figures.before), grouped(wanted));
    let response = response.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
    response.on_hover_text(match missed {
        Some(why) => format!("{told}, {} by the plan: {}", grouped(figures.after), why.text()),
        None => format!("{told}, {} by the plan", grouped(figures.after)),
    });
    moved
}

/// What is there, and on it what the plan gives.
fn bars_ui(ui: &Ui, rect: Rect, scale: Scale, figures: &ClassPlan) {
    let tokens = Tokens::of(ui);
    let bar = |count: u64, shrunk: f32, color| {
        let across = rect.shrink2(vec2(0.0, shrunk)).y_range();
        let bar = Rect::from_x_y_ranges(scale.from..=scale.x(count), across);
        ui.painter().rect_filled(bar, CornerRadius::same(2), color);
    };
    bar(figures.before, 4.0, there_color(tokens));
    bar(figures.after, 8.0, tokens.accent);
}

/// The mark of what is wanted.
fn mark_ui(ui: &Ui, x: f32, rect: Rect, color: egui::Color32) {
    ui.painter().vline(x, rect.shrink2(vec2(0.0, 2.0)).y_range(), (2.0, color));
    ui.painter().circle_filled(pos2(x, rect.center().y), 3.5, color);
}

/// What a mark was moved to, by the pointer or by keys.
fn moved(
    ui: &Ui,
    response: &Response,
    view: &mut ChartView,
    scale: Scale,
    class: u32,
    wanted: u64,
) -> Option<u64> {
    if response.drag_started() {
        view.drag = Some(Drag { class, count: wanted });
        response.request_focus();
    }
    if (response.dragged() || response.drag_stopped())
        && let Some(at) = response.interact_pointer_pos()
    {
        let count = scale.count(at.x);
        let before = view.drag.replace(Drag { class, count });
        if response.drag_stopped() {
            view.drag = None;
        }
        return before.is_none_or(|drag| drag.count != count).then_some(count);
    }
    if !response.has_focus() {
        return None;
    }
    let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let by = presses(ui, Key::ArrowRight, false) - presses(ui, Key::ArrowLeft, false);
    (by != 0).then(|| wanted.saturating_add_signed(by as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_found_again_where_it_was_drawn() {
        for is_log in [false, true] {
            let scale = Scale { from: 100.0, to: 1100.0, most: 460.0, is_log };
            assert_eq!((scale.x(0), scale.x(460)), (100.0, 1100.0));
            for count in [0, 1, 7, 120, 400, 460] {
                assert_eq!(scale.count(scale.x(count)), count);
            }
            assert_eq!((scale.count(0.0), scale.count(9999.0)), (0, 460));
        }
    }
}
