//! The panel Pruning: the rules, what the decisions in force do to the dataset, and the export of what
//! stays.

mod impact;
mod rules;
mod shares;

use egui::{Button, RichText, Ui};
use egui_material_icons::icons::{ICON_CONTENT_CUT, ICON_HOURGLASS_EMPTY};

pub(super) use self::impact::coverage_ui;
use self::impact::impact_ui;
use self::rules::{RulesView, rules_ui};
use self::shares::SharesView;
use super::Pencil;
use super::theme::{Tokens, space};
use super::widgets::{self, Page, part_ui};
use crate::dataset::edit::View;
use crate::state::{Action, Command, JobFace, JobId, Session, State};
use crate::text::grouped;

/// From this width on the rules and the impact stand side by side, in points.
const WIDE: f32 = 860.0;
/// Width of the rules beside the impact, in points.
const RULES: f32 = 400.0;

/// Drawing state of the panel.
#[derive(Debug, Default)]
pub struct PruningView {
    rules: RulesView,
    splits: SharesView,
    classes: SharesView,
}

pub fn pruning_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut PruningView) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let tokens = Tokens::of(ui);
    let bar = egui::Frame::new().fill(tokens.panel).inner_margin(egui::Margin::symmetric(space::M as i8, 6));
    egui::Panel::bottom("pruning export").frame(bar).show(ui, |ui| export_ui(ui, pencil));
    if session.review.analysed.is_none() {
        nothing_ui(ui, pencil);
        return;
    }
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    let PruningView { rules, splits, classes } = view;
    if whole.width() >= WIDE {
        let (left, right) = whole.split_left_right_at_x(whole.left() + RULES);
        part_ui(ui, left, "rules", &mut |ui| rules_ui(ui, pencil, session, rules));
        ui.painter().vline(right.left(), whole.y_range(), (1.0, tokens.line));
        let right = right.with_min_x(right.left() + 1.0);
        part_ui(ui, right, "impact", &mut |ui| impact_ui(ui, pencil, session, splits, classes));
    } else {
        part_ui(ui, whole, "pruning", &mut |ui| {
            rules_ui(ui, pencil, session, rules);
            ui.add_space(space::L);
            impact_ui(ui, pencil, session, splits, classes);
        });
    }
}

/// The buttons for what follows once decisions are made.
fn export_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    ui.horizontal_wrapped(|ui| {
        let can = |command| pencil.state.can_run(command);
        let (export, report, undecide) =
            (can(Command::ExportDataset), can(Command::ExportReport), can(Command::UndecideAll));
        let tokens = Tokens::of(ui);
        let color = if export { tokens.on_accent } else { tokens.text_dim };
        let fill = if export { tokens.accent } else { tokens.raised };
        let title = RichText::new("Export what stays…").color(color);
        let mut clicked = None;
        let mut button = |ui: &mut Ui, enabled: bool, button: Button<'_>, command: Command, help: &str| {
            if ui.add_enabled(enabled, button).on_hover_text(help).clicked() {
                clicked = Some(command);
            }
        };
        let help = "Write the dataset without the pruned samples to a new folder (Ctrl+E)";
        button(ui, export, Button::new(title).fill(fill), Command::ExportDataset, help);
        let help = "Write what was found and decided to an HTML or JSON file";
        button(ui, report, Button::new("Save report…"), Command::ExportReport, help);
        let help = "Undecide every sample, whoever decided it; one undo brings all back";
        button(ui, undecide, Button::new("Take back all decisions"), Command::UndecideAll, help);
        if let Some(command) = clicked {
            pencil.act(Action::Run(command));
        }
    });
}

/// Stands in the place of rules and impact before the first analysis.
fn nothing_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    let color = Tokens::of(ui).text_dim;
    if let Some(job) = running(pencil.state) {
        let (title, text) = told_of(job);
        let page = Page { icon: ICON_HOURGLASS_EMPTY, color, title, text: &text };
        widgets::page_ui(ui, &page, |ui| progress_ui(ui, job));
        return;
    }
    let page = Page {
        icon: ICON_CONTENT_CUT,
        color,
        title: "Nothing to prune yet",
        text: "An analysis finds near-duplicates, leaks between splits, poor pictures, outliers and likely \
               wrong labels. Here you then decide by rules which of them to leave out, see what that does to \
               the dataset, and export what stays. No file of the dataset is touched.",
    };
    let analyse = widgets::page_ui(ui, &page, |ui| ui.button("Analyse (F6)").clicked());
    if analyse {
        pencil.act(Action::Run(Command::Analyse));
    }
}

/// What is being done for an analysis, and how far that is.
pub(super) fn told_of(job: &JobFace) -> (&'static str, String) {
    let progress = &job.progress;
    let text = match progress.total {
        0 => progress.stage.clone(),
        total => format!("{}: {} of {}", progress.stage, grouped(progress.done), grouped(total)),
    };
    (if job.id == JobId::Analyse { "Analysing" } else { "Measuring first" }, text)
}

/// How far that is, as a bar.
pub(super) fn progress_ui(ui: &mut Ui, job: &JobFace) {
    let bar = match job.progress.fraction() {
        Some(fraction) => egui::ProgressBar::new(fraction),
        None => egui::ProgressBar::new(0.0).animate(!job.paused),
    };
    ui.add(bar.desired_width(240.0).desired_height(5.0)).accessible_name(told_of(job).0);
}

/// The job that the analysis is, or that it waits for.
pub(super) fn running(state: &State) -> Option<&JobFace> {
    let job = |id| state.jobs.iter().find(|job| job.id == id);
    job(JobId::Analyse).or_else(|| job(JobId::Measure)).or_else(|| job(JobId::Rescan))
}

/// A word that shows the samples that fit a query.
fn link(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, text: &str, query: &str) {
    let word = RichText::new(text).color(Tokens::of(ui).accent);
    let response = ui.add(egui::Label::new(word).selectable(false).sense(egui::Sense::click()));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Link, ui.is_enabled(), text));
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    if response.on_hover_text(format!("Show these samples: {query}")).clicked() {
        show(pencil, session, query);
    }
}

/// Shows the samples that fit a query.
fn show(pencil: &mut Pencil<'_>, session: &Session, query: &str) {
    let view = View { filter: query.to_owned(), ..session.overlay.view.clone() };
    pencil.act(Action::ShowView(view));
}
