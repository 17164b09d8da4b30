//! The share of each class in each split, how far the splits are from each other, and what they lack.

use std::sync::Arc;

use egui::{Align2, CornerRadius, FontId, Rect, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::bars::{BarsView, LINE, list_ui};
use super::card::Pen;
use crate::analysis::distribution::Splits;
use crate::crossfilter::{Figures, Labels};
use crate::dataset::query::{Brush, Click, Pick, Stroke};
use crate::state::Action;
use crate::text::{counted, grouped, significant};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Splits that have a column at most.
const COLUMNS: usize = 6;
/// Part of a line that names have.
const NAMES: f32 = 0.34;
/// Classes that are named at most where a split lacks them.
const NAMED: usize = 8;

/// Drawing state: the figures, and what they are of.
#[derive(Default)]
pub(super) struct SplitsView {
    of: Option<Arc<Figures>>,
    /// The splits that have samples, by their numbers; the number of splits stands for none.
    columns: Vec<usize>,
    /// Those that have none here, since there are too many.
    left_out: Vec<usize>,
    found: Splits,
    most: f64,
}

impl SplitsView {
    fn refresh(&mut self, figures: &Arc<Figures>, labels: &Labels) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, figures)) {
            return;
        }
        self.of = Some(figures.clone());
        let classes = labels.classes();
        let counts = |split: usize, is_shown: bool| -> Vec<u64> {
            let of = |class| if is_shown { labels.of(class).1 } else { labels.of(class).0 };
            (0..classes).map(|class| of(class).get(split).copied().unwrap_or(0).into()).collect()
        };
        let has_any = |split: &usize| counts(*split, false).iter().any(|count| *count > 0);
        self.columns = (0..labels.splits).filter(has_any).collect();
        self.left_out = self.columns.split_off(self.columns.len().min(COLUMNS));
        self.found = Splits::of(self.columns.iter().map(|split| counts(*split, true)).collect());
        self.most = self.found.shares.iter().flatten().copied().fold(0.0, f64::max);
    }
}

/// Draws the table of shares.
pub(super) fn splits_ui(
    ui: &mut Ui,
    pen: &mut Pen<'_, '_>,
    view: &mut SplitsView,
    order: &mut BarsView,
    figures: &Arc<Figures>,
    labels: &Labels,
) {
    let dataset = pen.session.dataset().clone();
    if dataset.split_names.is_empty() {
        ui.label(widgets::dim("This dataset has no splits."));
        return;
    }
    view.refresh(figures, labels);
    let names = &pen.session.snapshot.labels().clone().classes;
    let all = |class: u32| labels.of(class as usize).0.iter().sum::<u32>();
    order.refresh(&labels.all, &pen.card.options, all, names);
    let split_name = |column: usize| {
        let split = view.columns.get(column)?;
        dataset.split_names.get(*split).map(String::as_str)
    };
    heading_ui(ui, pen, view, &split_name);
    let mut clicked = None;
    list_ui(ui, order.listed().len(), |ui, at| {
        let Some(class) = order.listed().get(at).copied() else { return };
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
        if !ui.is_rect_visible(rect) {
            return;
        }
        let Some(name) = names.get(class as usize) else { return };
        name_ui(ui, rect, name);
        for column in 0..view.columns.len() {
            if cell_ui(ui, view, rect, (column, class), name, split_name(column)) {
                clicked = Some((name.clone(), column));
            }
        }
    });
    if let Some((name, column)) = clicked {
        let brushes = vec![Brush::classes([name.as_str()]), Brush::split(split_name(column))];
        pen.pencil.act(Action::Brushed { brushes, stroke: Stroke::Toggle, is_held: false });
    }
    left_out_ui(ui, view, &dataset.split_names);
    notes_ui(ui, view, names, &split_name);
}

/// The part of a line that a column has.
fn place(rect: Rect, column: usize, columns: usize) -> Rect {
    let left = rect.left() + rect.width() * NAMES;
    let wide = (rect.right() - left) / columns.max(1) as f32;
    let x = left + wide * column as f32;
    Rect::from_x_y_ranges(x..=x + wide - 2.0, rect.y_range())
}

/// The splits; a click asks for one.
fn heading_ui<'a>(
    ui: &mut Ui,
    pen: &mut Pen<'_, '_>,
    view: &SplitsView,
    split_name: &impl Fn(usize) -> Option<&'a str>,
) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
    for column in 0..view.columns.len() {
        let place = place(rect, column, view.columns.len());
        let name = split_name(column).unwrap_or("none");
        let response = ui.interact(place, ui.scope_id().with(("split", column)), Sense::click());
        let samples: u64 = view.found.counts.get(column).map_or(0, |counts| counts.iter().sum());
        response.widget_info(|| {
            WidgetInfo::labeled(
                egui::Role::Button,
                true,
                format!("Split {name}: {} labels", grouped(samples)),
            )
        });
        let color = if response.hovered() || response.has_focus() { tokens.text } else { tokens.text_dim };
        let font = FontId::proportional(size::SMALL + 1.0);
        let galley = widgets::elided(ui.painter(), name, color, font, place.width());
        ui.painter().galley(
            pos2(place.left() + 2.0, place.center().y - galley.size().y / 2.0),
            galley,
            color,
        );
        if response.on_hover_text(format!("Only the split {name}")).clicked() {
            let pick = split_name(column).map_or(Pick::NoSplit, |name| Pick::Split(name.to_owned()));
            pen.pencil.act(Action::Picked { pick, click: Click::Only });
        }
    }
}

fn name_ui(ui: &Ui, rect: Rect, name: &str) {
    let tokens = Tokens::of(ui);
    let font = FontId::proportional(size::SMALL + 1.0);
    let room = rect.width() * NAMES - space::S;
    let (galley, _) = widgets::elided_name(ui.painter(), name, tokens.text, font, room);
    let at = pos2(rect.left() + 2.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, tokens.text);
}

/// What is known of a class in a split; nothing of one that was not counted.
fn of_class<T: Copy + Default>(by_split: &[Vec<T>], (column, class): (usize, u32)) -> T {
    by_split.get(column).and_then(|classes| classes.get(class as usize)).copied().unwrap_or_default()
}

/// The share of a class in a split; tells whether it was clicked.
fn cell_ui(
    ui: &Ui,
    view: &SplitsView,
    rect: Rect,
    (column, class): (usize, u32),
    name: &str,
    split: Option<&str>,
) -> bool {
    let tokens = Tokens::of(ui);
    let place = place(rect, column, view.columns.len()).shrink2(vec2(0.0, 1.0));
    let response = ui.interact(place, ui.scope_id().with(("share", column, class)), Sense::click());
    let share = of_class(&view.found.shares, (column, class));
    let count = of_class(&view.found.counts, (column, class));
    let told = || {
        let percent = share * 100.0;
        format!("{name} in {}: {percent:.1} %, {}", split.unwrap_or("none"), grouped(count))
    };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, told()));
    let part = (share / view.most.max(f64::MIN_POSITIVE)) as f32;
    let bar = place.with_max_x(place.left() + place.width() * part);
    ui.painter().rect_filled(place, 2.0, tokens.canvas);
    ui.painter().rect_filled(bar, 2.0, tokens.accent.gamma_multiply(0.55));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(place, CornerRadius::same(2), (1.0, tokens.text_dim), StrokeKind::Inside);
    }
    let (text, color) = match count {
        0 => ("none".to_owned(), tokens.warn),
        _ => (format!("{:.1} %", share * 100.0), tokens.text),
    };
    let font = FontId::proportional(size::SMALL);
    ui.painter().text(pos2(place.left() + 4.0, place.center().y), Align2::LEFT_CENTER, text, font, color);
    let is_clicked = response.clicked();
    if response.hovered() {
        response.on_hover_text(told());
    }
    is_clicked
}

/// The splits that have no column.
fn left_out_ui(ui: &mut Ui, view: &SplitsView, names: &[String]) {
    if view.left_out.is_empty() {
        return;
    }
    let name = |split: &usize| names.get(*split).map_or("none", String::as_str);
    let named: Vec<&str> = view.left_out.iter().take(NAMED).map(name).collect();
    let more = if view.left_out.len() > NAMED { ", …" } else { "" };
    let text = format!(
        "{} left out, since {COLUMNS} fit here: {}{more}",
        counted(view.left_out.len() as u64, "split"),
        named.join(", ")
    );
    ui.add(egui::Label::new(widgets::dim(text)).wrap());
}

/// How far the splits are apart, and what each lacks.
fn notes_ui<'a>(
    ui: &mut Ui,
    view: &SplitsView,
    names: &[String],
    split_name: &impl Fn(usize) -> Option<&'a str>,
) {
    let name = |column: usize| split_name(column).unwrap_or("none");
    ui.add_space(space::XS);
    for pair in &view.found.distances {
        let text = format!(
            "{} and {}: chi-square distance {}",
            name(pair.one),
            name(pair.two),
            significant(pair.chi_square)
        );
        let formula = "½ Σ (p − q)² / (p + q) of the class shares: 0 where they are the same, 1 where no class is in both";
        ui.label(widgets::dim(text)).on_hover_text(formula);
    }
    for (column, missing) in view.found.missing.iter().enumerate().filter(|(_, missing)| !missing.is_empty())
    {
        let named = missing.iter().take(NAMED).filter_map(|class| names.get(*class).map(String::as_str));
        let named: Vec<&str> = named.collect();
        let more = missing.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
        let text = format!("{} has no {}{more}", name(column), named.join(", "));
        ui.add(egui::Label::new(egui::RichText::new(text).small().color(Tokens::of(ui).warn)).wrap());
    }
}
