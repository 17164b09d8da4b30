//! The panel Balance: the way from the distribution of classes that there is to the one that is wanted, and new splits.
//!
//! It refuses to know how a plan is made: see [`crate::state::balance`].

mod actions;
mod chart;
mod classes;
mod means;
mod result;
mod splits;
mod table;
mod target;

use std::sync::Arc;

use egui::{Frame, Margin, Ui};
use egui_material_icons::icons;

use self::actions::actions_ui;
use self::chart::{ChartView, chart_ui};
use self::classes::ClassesView;
use self::result::result_ui;
use self::splits::{SplitsView, dealt_ui, new_splits_ui};
use super::Pencil;
use super::theme::{Tokens, space};
use super::widgets::{self, Page, part_ui};
use crate::state::balance::{BalanceSettings, Look};
use crate::state::{Action, Session};

/// From these widths on what is set stands beside what comes of it, and the chart beside the result, in points.
const WIDE: f32 = 860.0;
const WIDEST: f32 = 1240.0;
/// Width of what is set, beside the others.
const SETTINGS: f32 = 330.0;

/// Drawing state of the panel.
#[derive(Default)]
pub struct BalancePane {
    look: Look,
    classes: ClassesView,
    chart: ChartView,
    splits: SplitsView,
}

/// Draws the panel.
pub fn balance_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, pane: &mut BalancePane) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let tokens = Tokens::of(ui);
    let bar = Frame::new().inner_margin(Margin::symmetric(space::M as i8, 6));
    egui::Panel::top("balance looks").frame(bar).show(ui, |ui| {
        let looks = [
            (Look::Plan, "Plan", "Plan the way to the wanted distribution of classes"),
            (Look::Splits, "New splits", "Deal the samples to new splits"),
        ];
        widgets::choose(ui, &mut pane.look, &looks);
    });
    if session.balance.shown() != Some(pane.look) {
        pencil.act(Action::AskBalance(pane.look));
    }
    let bar = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(space::M as i8, 6));
    egui::Panel::bottom("balance actions")
        .frame(bar)
        .show(ui, |ui| actions_ui(ui, pencil, session, pane.look));
    match pane.look {
        Look::Plan if session.snapshot.labels().classes.is_empty() => nothing_ui(ui),
        Look::Plan => plan_ui(ui, pencil, session, pane),
        Look::Splits => resplit_ui(ui, pencil, session, &mut pane.splits),
    }
}

fn plan_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, pane: &mut BalancePane) {
    let BalancePane { classes, chart, .. } = pane;
    if !chart.is_dragged() {
        classes.refresh(session.balance.plan.found());
    }
    parts_ui(ui, pencil, session, classes, chart);
    if classes.is_behind() {
        ui.ctx().request_repaint();
    }
}

/// What is set, the chart and the result, beside each other where there is room.
fn parts_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    classes: &mut ClassesView,
    chart: &mut ChartView,
) {
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    if whole.width() < WIDE {
        return part_ui(ui, whole, "balance", &mut |ui| {
            settings_ui(ui, pencil, session);
            ui.add_space(space::L);
            chart_ui(ui, pencil, session, classes, chart);
            ui.add_space(space::L);
            result_ui(ui, pencil, session, classes);
        });
    }
    let (left, rest) = split(ui, whole, SETTINGS);
    part_ui(ui, left, "balance settings", &mut |ui| settings_ui(ui, pencil, session));
    if whole.width() < WIDEST {
        return part_ui(ui, rest, "balance plan", &mut |ui| {
            chart_ui(ui, pencil, session, classes, chart);
            ui.add_space(space::L);
            result_ui(ui, pencil, session, classes);
        });
    }
    let (middle, right) = split(ui, rest, rest.width() / 2.0);
    part_ui(ui, middle, "balance chart", &mut |ui| chart_ui(ui, pencil, session, classes, chart));
    part_ui(ui, right, "balance result", &mut |ui| result_ui(ui, pencil, session, classes));
}

fn resplit_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, view: &mut SplitsView) {
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    if whole.width() < WIDE {
        return part_ui(ui, whole, "new splits", &mut |ui| {
            new_splits_ui(ui, pencil, session);
            ui.add_space(space::L);
            dealt_ui(ui, session, view);
        });
    }
    let (left, right) = split(ui, whole, SETTINGS);
    part_ui(ui, left, "new splits settings", &mut |ui| new_splits_ui(ui, pencil, session));
    part_ui(ui, right, "new splits dealt", &mut |ui| dealt_ui(ui, session, view));
}

/// Two parts beside each other, with a line between them.
fn split(ui: &Ui, whole: egui::Rect, width: f32) -> (egui::Rect, egui::Rect) {
    let (left, right) = whole.split_left_right_at_x(whole.left() + width);
    ui.painter().vline(right.left(), whole.y_range(), (1.0, Tokens::of(ui).line));
    (left, right.with_min_x(right.left() + 1.0))
}

/// What is set for the plan.
fn settings_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let before = &session.balance.settings;
    let mut settings = BalanceSettings::clone(before);
    means::means_ui(ui, &mut settings);
    ui.add_space(space::M);
    target::target_ui(ui, pencil, session, &mut settings);
    ui.add_space(space::M);
    target::splits_ui(ui, session, &mut settings);
    if settings != **before {
        pencil.act(Action::ChangeBalance(Arc::new(settings)));
    }
}

/// Stands in the place of a plan where there is nothing to balance.
fn nothing_ui(ui: &mut Ui) {
    let page = Page {
        icon: icons::ICON_BALANCE,
        color: Tokens::of(ui).text_dim,
        title: "No labels to balance",
        text: "A plan evens out how many samples each class has, and this dataset has no labels. New splits can be \
               dealt all the same.",
    };
    widgets::page_ui(ui, &page, |_| ());
}
