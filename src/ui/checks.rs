//! The panel Checks: each check with its scores, its threshold, and the samples on either side of it.
//!
//! A sample is flagged where its score is under the threshold. The samples come sorted by score from
//! [`crate::review`], so that a threshold that moves is looked up and nothing is counted. It refuses to
//! know how scores are computed.

mod cells;
mod decide;
mod histogram;
mod list;
mod threshold;

use egui::{Margin, Rect, Response, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;

use self::cells::{Cells, Pointed};
use super::lists::ListKeys;
use super::sample_menu::SampleMenu;
use super::theme::{Tokens, bold, size, space};
use super::widgets::{self, Page};
use super::{Pencil, grid, scroller};
use crate::dataset::{Flag, SampleId};
use crate::review::judge::{is_raised, threshold_of};
use crate::review::{Analysed, Ranked};
use crate::state::{Action, Command, GridState, JobId, Session};
use crate::text::{counted, grouped};

/// From this width of the panel on, in points, the checks stand beside what they found.
const WIDE: f32 = 620.0;
/// Cells near the line are no larger than this, so that both sides fit a small window; those with the
/// names of two classes by a quarter more.
const LARGEST_NEAR: f32 = 112.0;
/// Rows of cells below the screen that are made ready.
const PREFETCH_ROWS: usize = 2;

/// Drawing state of the panel.
#[derive(Debug, Default)]
pub struct ChecksView {
    /// The check that is shown; the first that found something until a person chooses.
    flag: Option<Flag>,
    /// Where a threshold that is being moved stands; the settings hear of it once it is let go.
    moved: Option<f32>,
    /// Points from the top of the samples.
    position: f64,
    /// Height of what stands above the grid of flagged samples, as last laid out.
    above: f32,
    /// Where keys move from and where a range starts, in [`Shown::order`].
    pointed: Pointed,
    menu: SampleMenu,
    pub keys: ListKeys,
    caption: String,
}

/// A check as it stands at the threshold on screen.
struct Shown<'a> {
    session: &'a Session,
    analysed: &'a Analysed,
    flag: Flag,
    /// `None` for a flag that follows from groups, and where nothing is known.
    ranked: Option<&'a Ranked>,
    /// Every sample that has the score, worst first; of a flag without a score the flagged ones.
    order: &'a [SampleId],
    threshold: f32,
    /// The first so many of the order are under the threshold.
    under: usize,
    is_raised: bool,
}

impl<'a> Shown<'a> {
    fn new(session: &'a Session, analysed: &'a Analysed, flag: Flag, moved: Option<f32>) -> Self {
        let review = &session.review;
        let ranked = review.judged.ranked(flag).map(|ranked| &**ranked);
        let threshold = moved.unwrap_or_else(|| threshold_of(flag, analysed, &review.settings));
        let (order, under) = match ranked {
            Some(ranked) => (ranked.order.as_slice(), ranked.under(threshold)),
            None => {
                let order = review.judged.in_groups_of(flag);
                (order, order.len())
            }
        };
        let is_raised = ranked.is_none() || is_raised(under, order.len());
        Self { session, analysed, flag, ranked, order, threshold, under, is_raised }
    }

    /// The flagged samples, worst first.
    fn flagged(&self) -> &'a [SampleId] {
        if self.is_raised { &self.order[..self.under] } else { &[] }
    }

    /// Whether the flags are those of the threshold on screen already.
    fn is_judged(&self) -> bool {
        let review = &self.session.review;
        let threshold = review.judged.raised[self.flag as usize].threshold;
        review.is_current() && (self.ranked.is_none() || threshold == self.threshold)
    }
}

/// Draws the checks.
pub fn checks_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut ChecksView) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let Some(analysed) = &session.review.analysed else { return not_analysed_ui(ui, pencil) };
    let flag = view.chosen(session);
    let before = (view.flag, view.moved);
    let shown = Shown::new(session, analysed, flag, view.moved);

    let wide = ui.available_width() >= WIDE;
    if wide {
        let frame = egui::Frame::new().inner_margin(Margin { left: 8, right: 8, top: 4, bottom: 8 });
        egui::Panel::left("checks").frame(frame).resizable(false).exact_size(218.0).show(ui, |ui| {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| list::list_ui(ui, view, &shown));
        });
    }
    let frame = egui::Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8));
    egui::Panel::bottom("checks decide").frame(frame).show(ui, |ui| decide::decide_ui(ui, pencil, &shown));
    egui::CentralPanel::no_frame().show(ui, |ui| {
        samples_ui(ui, pencil, view, &shown, wide);
    });

    if view.flag != before.0 {
        view.position = 0.0;
        view.pointed = Pointed::default();
        view.moved = None;
    } else if let Some(threshold) = view.moved
        && !ui.input(|input| input.pointer.any_down())
    {
        view.moved = None;
        threshold::set(pencil, &shown, Some(threshold));
    }
}

impl ChecksView {
    /// The check to show.
    fn chosen(&mut self, session: &Session) -> Flag {
        let review = &session.review;
        let found = |flag: &Flag| {
            let raised = &review.judged.raised[*flag as usize];
            flag.score().is_some() && raised.is_raised && raised.under > 0
        };
        let first = || Flag::ALL.into_iter().find(found).unwrap_or(Flag::Dark);
        if self.flag.is_none() && review.is_current() {
            self.flag = Some(first());
        }
        self.flag.unwrap_or(Flag::Dark)
    }
}

/// Stands in place of the checks before the first analysis.
fn not_analysed_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    let color = Tokens::of(ui).text_dim;
    let job = |id: JobId| pencil.state.jobs.iter().find(|job| job.id == id);
    if let Some(job) = job(JobId::Analyse) {
        let page =
            Page { icon: icons::ICON_TROUBLESHOOT, color, title: "Analysing", text: &job.progress.stage };
        return widgets::page_ui(ui, &page, |ui| {
            let bar = egui::ProgressBar::new(job.progress.fraction().unwrap_or(0.0)).desired_height(5.0);
            ui.add(bar).accessible_name("Progress of the analysis");
            ui.label(widgets::dim("What it finds is here once it is done."));
        });
    }
    let text = match job(JobId::Measure) {
        Some(_) => "Every picture is measured first; then they are analysed.",
        None => {
            "An analysis looks for dark, light, blurry and odd pictures, for outliers and likely wrong \
             labels. F6 starts it."
        }
    };
    let page = Page { icon: icons::ICON_TROUBLESHOOT, color, title: "Not analysed yet", text };
    widgets::page_ui(ui, &page, |ui| widgets::command_button(ui, pencil, "Analyse", Command::Analyse));
}

/// What the check found: histogram, threshold, both sides of the line, and every flagged sample. All of
/// it scrolls as one.
fn samples_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut ChecksView, shown: &Shown<'_>, wide: bool) {
    let tokens = Tokens::of(ui);
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    ui.painter().rect_filled(whole, 0.0, tokens.canvas);
    let id = ui.scope_id().with("samples");
    let list = ui.interact(whole.with_max_x(whole.right() - scroller::BAR_WIDTH), id, Sense::click());
    let flagged = shown.flagged();
    list.widget_info(|| {
        let name = format!("{}: {}", shown.flag.title(), counted(flagged.len() as u64, "flagged sample"));
        WidgetInfo::labeled(Role::Grid, ui.is_enabled(), name)
    });
    if list.clicked() {
        view.keys.use_by_click(&list);
    }
    grid::zoom_input(ui, pencil, whole, shown.session.grid);

    let width = whole.width() - scroller::BAR_WIDTH - 2.0 * space::M;
    let (columns, edge) = fitted(width, shown.session.grid.cell_px.clamp(GridState::CAPTION_FROM, 256.0));
    let cells = Cells::new("flagged", edge, shown.flag);
    let row_height = cells.height() + GridState::GAP;
    let lines = flagged.len().div_ceil(columns);

    let page = (((whole.height() / row_height) as usize).max(1)) * columns;
    if view.keys.takes(ui, pencil, &list, whole)
        && let Some(to) = cells::moved_by_keys(ui, pencil, &mut view.pointed, flagged, columns, page)
    {
        let top = f64::from(view.above) + (to / columns) as f64 * f64::from(row_height);
        let bottom = top + f64::from(row_height) - f64::from(whole.height());
        view.position = view.position.clamp(bottom.min(top), top);
    }
    // One row of the scroller is a point: what stands above the grid is of any height.
    let total = f64::from(view.above) + lines as f64 * f64::from(row_height) + f64::from(space::M);
    let bar = id.with("bar");
    let points = total.ceil() as usize;
    let window = scroller::show(ui, bar, whole, view.position, points, 1.0, "Scroll the samples");
    view.position = window.position;

    let body = window.rect;
    let left = body.left() + space::M;
    let top = body.top() - (window.position.min(f64::from(view.above) + f64::from(body.height()))) as f32;
    let inner = Rect::from_min_size(pos2(left, top + space::M), vec2(width, f32::INFINITY));
    let builder = UiBuilder::new().max_rect(inner).id_salt("above the grid");
    let scope = ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(body.intersect(ui.clip_rect()));
        ui.set_width(width);
        above_ui(ui, pencil, view, shown, &list, wide);
        ui.min_rect().bottom() - inner.top() + space::M + space::S
    });
    if (scope.inner - view.above).abs() > 0.5 {
        view.above = scope.inner;
        ui.ctx().request_repaint();
    }

    // The grid starts where the rest ends, in f64: there may be half a million.
    let from = window.position - f64::from(view.above);
    let first = (from.max(0.0) / f64::from(row_height)).floor() as usize;
    let end = ((from + f64::from(body.height())) / f64::from(row_height)).ceil().max(0.0) as usize;
    let end = end.min(lines);
    for line in first..end {
        let y = body.top() + (line as f64 * f64::from(row_height) - from) as f32;
        for column in 0..columns {
            let position = line * columns + column;
            if position >= flagged.len() {
                break;
            }
            let x = left + column as f32 * (edge + GridState::GAP);
            let rect = Rect::from_min_size(pos2(x, y), vec2(edge, cells.height()));
            cells.cell_ui(ui, pencil, view, shown, position, rect, body, &list);
        }
    }
    view.menu.show(pencil, shown.session, &list);
    let edge_px = (edge * ui.ctx().pixels_per_point()).round() as u32;
    let ahead = (end * columns).min(flagged.len())..((end + PREFETCH_ROWS) * columns).min(flagged.len());
    for sample in &flagged[ahead] {
        pencil.pictures.prefetch_thumbnail(*sample, edge_px);
    }
}

/// How many cells stand beside each other so that they fill a width, none larger than `largest`, and
/// their edge.
fn fitted(width: f32, largest: f32) -> (usize, f32) {
    let columns = ((width + GridState::GAP) / (largest + GridState::GAP)).ceil().max(1.0);
    (columns as usize, ((width + GridState::GAP) / columns - GridState::GAP).max(16.0))
}

/// What stands above the grid of flagged samples.
fn above_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut ChecksView,
    shown: &Shown<'_>,
    list: &Response,
    wide: bool,
) {
    let session = shown.session;
    let is_running = pencil.state.jobs.iter().any(|job| job.id == JobId::Analyse);
    let labels_changed = session.review.labels_changed && shown.flag == Flag::WrongLabel;
    if (session.review.is_stale || labels_changed) && !is_running {
        ui.horizontal_wrapped(|ui| {
            ui.label(widgets::dim(match session.review.is_stale {
                true => "Samples came or changed since the analysis.",
                false => "Labels changed since the analysis.",
            }));
            if ui.small_button("Analyse again").clicked() {
                pencil.act(Action::Run(Command::Analyse));
            }
        });
    }
    if !wide {
        list::chips_ui(ui, view, shown);
        ui.add_space(space::S);
    }
    ui.label(egui::RichText::new(shown.flag.title()).font(bold(size::HEADING)));
    ui.add(egui::Label::new(widgets::dim(crate::text::sentence(shown.flag.about()))).wrap());
    ui.add_space(space::XS);
    match (shown.flag.score(), shown.order.is_empty()) {
        (None, true) => {
            ui.label("None was found.");
        }
        (None, false) => {
            let text = "Which of a group stays is decided in the panel Duplicates, or by the rules.";
            ui.add(egui::Label::new(text).wrap());
        }
        (Some(_), true) => {
            ui.add(egui::Label::new(unknown_text(shown.flag)).wrap());
        }
        (Some(_), false) => {
            histogram::histogram_ui(ui, view, shown);
            threshold::threshold_ui(ui, pencil, view, shown);
            near_ui(ui, pencil, view, shown, list);
        }
    }
    let flagged = shown.flagged().len();
    if flagged > 0 {
        ui.add_space(space::M);
        let order = if shown.ranked.is_some() { "worst first" } else { "group by group" };
        ui.horizontal(|ui| {
            widgets::group_heading(ui, &format!("All {} flagged", grouped(flagged as u64)));
            ui.label(widgets::dim(order));
        });
    }
}

fn unknown_text(flag: Flag) -> &'static str {
    match flag {
        Flag::WrongLabel => "No sample has this score: it takes labels of two classes and more.",
        Flag::Outlier => "No sample has this score: it takes more pictures than there are.",
        _ => "No sample has this score.",
    }
}

/// The samples just on either side of the line.
fn near_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut ChecksView, shown: &Shown<'_>, list: &Response) {
    let largest = if shown.flag == Flag::WrongLabel { LARGEST_NEAR * 1.25 } else { LARGEST_NEAR };
    let largest = shown.session.grid.cell_px.clamp(GridState::CAPTION_FROM, largest);
    let (fits, edge) = fitted(ui.available_width(), largest);
    let (order, under) = (shown.order.len(), shown.under);
    let (below, beyond) = match shown.is_raised {
        true => ("Flagged, nearest to the line", "Not flagged, nearest to the line"),
        false => ("Under the line, nearest to it", "Over the line, nearest to it"),
    };
    let below_at: Vec<usize> = (0..under).rev().take(fits).collect();
    let beyond_at: Vec<usize> = (under..order).take(fits).collect();
    for (title, name, none, positions) in [
        (below, "below", "No sample is under the line.", below_at),
        (beyond, "beyond", "Every sample is under the line.", beyond_at),
    ] {
        ui.add_space(space::S);
        widgets::group_heading(ui, title);
        if positions.is_empty() {
            ui.label(widgets::dim(none));
            continue;
        }
        let cells = Cells::new(name, edge, shown.flag);
        let (rect, strip) =
            ui.allocate_exact_size(vec2(ui.available_width(), cells.height()), Sense::hover());
        strip.widget_info(|| WidgetInfo::labeled(Role::List, true, title));
        for (at, position) in positions.into_iter().enumerate() {
            let x = rect.left() + at as f32 * (edge + GridState::GAP);
            let cell = Rect::from_min_size(pos2(x, rect.top()), vec2(edge, cells.height()));
            cells.cell_ui(ui, pencil, view, shown, position, cell, ui.clip_rect(), list);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_fill_their_width() {
        for width in [100.0, 308.0, 640.0, 3000.0] {
            for largest in [72.0, 112.0, 256.0] {
                let (columns, edge) = fitted(width, largest);
                let filled = columns as f32 * (edge + GridState::GAP) - GridState::GAP;
                assert!(
                    (filled - width).abs() < 0.1 && edge <= largest,
                    "{width} {largest}: {columns} {edge}"
                );
            }
        }
    }
}
