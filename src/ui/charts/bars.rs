//! Bars beside each other's names: classes, and the words of a column. A click asks for one.

use std::sync::Arc;

use egui::{Align2, CornerRadius, FontId, Rect, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::card::Pen;
use super::histogram::height;
use crate::crossfilter::{Labels, Options, Order, Values};
use crate::dataset::query::{Brush, Click, Pick, Stroke};
use crate::state::Action;
use crate::text::grouped;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Height of a line, in points, and lines that are there at once.
pub(super) const LINE: f32 = 22.0;
pub(super) const VISIBLE: usize = 12;
/// From this many bars on there is a field to search them.
const SEARCH_FROM: usize = 12;
/// Part of a line that names have.
const NAMES: f32 = 0.36;
/// Height of a curve, in points.
const CURVE: f32 = 140.0;

/// The bars in the order shown, worked out again where something that they depend on changed.
#[derive(Default)]
pub(super) struct BarsView {
    /// The counts of all that the order follows from, and what was set.
    of: Option<(Arc<Vec<u32>>, Options)>,
    listed: Vec<u32>,
    most: u32,
}

impl BarsView {
    /// Puts bars of these names and counts in order.
    pub fn refresh(
        &mut self,
        of: &Arc<Vec<u32>>,
        options: &Options,
        count: impl Fn(u32) -> u32,
        names: &[String],
    ) -> &[u32] {
        let is_same = |(known, set): &(Arc<Vec<u32>>, Options)| Arc::ptr_eq(known, of) && set == options;
        if self.of.as_ref().is_some_and(is_same) {
            return &self.listed;
        }
        let order = options.listed(names, &count);
        self.most = order.iter().map(|at| count(*at)).max().unwrap_or(0);
        (self.listed, self.of) = (order, Some((of.clone(), options.clone())));
        &self.listed
    }

    pub fn listed(&self) -> &[u32] {
        &self.listed
    }
}

/// A bar with its name.
struct Bar<'a> {
    /// What it is one of, and its name.
    of: &'a str,
    name: &'a str,
    all: u32,
    /// Those that are left, by split where they are told apart.
    shown: &'a [u32],
    is_picked: bool,
    /// What it hears of; one that no query asks for hears no click.
    sense: Sense,
    color: Option<egui::Color32>,
}

/// Draws the classes.
pub(super) fn classes_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, view: &mut BarsView, labels: &Labels) {
    let tokens = Tokens::of(ui);
    let names = &pen.session.snapshot.labels().classes;
    let unlabelled: u32 = labels.of(labels.classes()).0.iter().sum();
    if names.is_empty() {
        ui.label(widgets::dim("This dataset has no labels."));
        return;
    }
    let all = |class: u32| labels.of(class as usize).0.iter().sum::<u32>();
    view.refresh(&labels.all, &pen.card.options, all, names);
    search_hint_ui(ui, pen, names.len(), view.listed.len());
    let by_split = pen.card.options.by_split;
    let mut picked = None;
    let bar = |ui: &mut Ui, class: u32, most: u32, is_log: bool, known: &super::Known| {
        let (all, shown) = labels.of(class as usize);
        let total = [shown.iter().sum()];
        let name = names.get(class as usize).map_or("unlabelled", String::as_str);
        let is_of_none = class as usize == names.len();
        bar_ui(
            ui,
            &Bar {
                of: "Class",
                name,
                all: all.iter().sum(),
                shown: if by_split { shown } else { &total },
                is_picked: match is_of_none {
                    true => known.picked.unlabelled,
                    false => known.picked.classes.get(class as usize).copied().unwrap_or(false),
                },
                sense: Sense::click(),
                color: Some(if is_of_none {
                    tokens.text_dim
                } else {
                    tokens.class_of(&pen.session.snapshot, class)
                }),
            },
            most,
            is_log,
        )
        .map(|click| (if is_of_none { Pick::Unlabelled } else { Pick::Class(name.to_owned()) }, click))
    };
    let (most, is_log, known) = (view.most.max(unlabelled), pen.card.options.log_counts, pen.known);
    list_ui(ui, view.listed.len(), |ui, at| {
        if let Some(class) = view.listed.get(at) {
            picked = bar(ui, *class, most, is_log, known).or(picked.take());
        }
    });
    if unlabelled > 0 {
        picked = bar(ui, names.len() as u32, most, is_log, known).or(picked);
    }
    if by_split {
        splits_legend_ui(ui, pen);
    }
    if let Some((pick, click)) = picked {
        pen.pencil.act(Action::Picked { pick, click });
    }
}

/// Draws the words of a column.
pub(super) fn values_ui(
    ui: &mut Ui,
    pen: &mut Pen<'_, '_>,
    view: &mut BarsView,
    values: &Values,
    column: &str,
) {
    let names = &values.names;
    let count = |counts: &[u32], at: u32| counts.get(at as usize).copied().unwrap_or(0);
    view.refresh(&values.all, &pen.card.options, |at| count(&values.all, at), names);
    search_hint_ui(ui, pen, names.len(), view.listed.len());
    let title = pen.known.title(column);
    let mut clicked = None;
    let (most, is_log) = (view.most, pen.card.options.log_counts);
    let conditions = &pen.known.conditions;
    list_ui(ui, view.listed.len(), |ui, at| {
        let Some(at) = view.listed.get(at).copied() else { return };
        let Some(name) = names.get(at as usize) else { return };
        let brush = Brush::value(column, name);
        let is_asked = |brush: &Brush| {
            brush.conditions.iter().all(|node| conditions.iter().any(|asked| *asked == node.to_string()))
        };
        let shown = [count(&values.shown, at)];
        let bar = Bar {
            of: &title,
            name,
            all: count(&values.all, at),
            shown: &shown,
            is_picked: brush.as_ref().is_some_and(is_asked),
            sense: if brush.is_some() { Sense::click() } else { Sense::hover() },
            color: None,
        };
        if bar_ui(ui, &bar, most, is_log).is_some() {
            clicked = brush;
        }
    });
    if let Some(brush) = clicked {
        pen.pencil.act(Action::Brushed { brushes: vec![brush], stroke: Stroke::Toggle, is_held: false });
    }
}

/// The part of all samples that the most frequent classes have together.
pub(super) fn cumulative_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, view: &mut BarsView, labels: &Labels) {
    let tokens = Tokens::of(ui);
    let names = &pen.session.snapshot.labels().classes;
    let options =
        Options { order: Order::Count, search: String::new(), top: None, ..pen.card.options.clone() };
    let all = |class: u32| labels.of(class as usize).0.iter().sum::<u32>();
    view.refresh(&labels.all, &options, all, names);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), CURVE), Sense::hover());
    let half = half_of(view.listed(), labels);
    response.widget_info(|| {
        let name = format!("Cumulative curve: half of the samples are in {half} of {} classes", names.len());
        WidgetInfo::labeled(egui::Role::Image, true, name)
    });
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 3.0, tokens.canvas);
    for (is_shown, color) in [(false, tokens.text_dim), (true, tokens.accent)] {
        let counts = view.listed.iter().map(|class| {
            let (all, shown) = labels.of(*class as usize);
            u64::from(if is_shown { shown } else { all }.iter().sum::<u32>())
        });
        let counts: Vec<u64> = counts.collect();
        let total = counts.iter().sum::<u64>().max(1) as f32;
        // A screen shows no more places than it has.
        let step = (counts.len() / rect.width().max(1.0) as usize).max(1);
        let mut sum = 0;
        let mut line = vec![rect.left_bottom()];
        for (at, count) in counts.iter().enumerate() {
            sum += count;
            if at % step == 0 || at + 1 == counts.len() {
                let x = rect.left() + rect.width() * (at + 1) as f32 / counts.len() as f32;
                line.push(pos2(x, rect.bottom() - rect.height() * sum as f32 / total));
            }
        }
        painter.line(line, egui::Stroke::new(1.5, color));
    }
    let text =
        format!("Half of the samples are in {} of {} classes", grouped(half), grouped(names.len() as u64));
    ui.label(widgets::dim(text));
}

/// How many of the most frequent classes have half of all counts.
fn half_of(order: &[u32], labels: &Labels) -> u64 {
    let count = |class: &u32| labels.of(*class as usize).0.iter().map(|count| u64::from(*count)).sum::<u64>();
    let total: u64 = order.iter().map(count).sum();
    let mut sum = 0;
    let reached = order.iter().position(|class| {
        sum += count(class);
        sum * 2 >= total
    });
    reached.map_or(0, |at| at as u64 + 1)
}

/// Says how many bars are shown, where these are not all.
fn search_hint_ui(ui: &mut Ui, pen: &Pen<'_, '_>, all: usize, listed: usize) {
    if all < SEARCH_FROM && listed == all {
        return;
    }
    let text = match listed {
        0 => format!("No name has “{}” in it.", pen.card.options.search.trim()),
        listed if listed == all => format!("{} of them", grouped(all as u64)),
        listed => format!("{} of {} of them", grouped(listed as u64), grouped(all as u64)),
    };
    ui.label(widgets::dim(text));
}

/// Draws lines, of thousands only those on screen.
pub(super) fn list_ui(ui: &mut Ui, count: usize, draw: impl FnMut(&mut Ui, usize)) {
    widgets::lines_ui(ui, "lines", (LINE, VISIBLE), count, draw);
}

fn bar_ui(ui: &mut Ui, bar: &Bar<'_>, most: u32, is_log: bool) -> Option<Click> {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), bar.sense);
    let is_clickable = bar.sense.senses_click();
    let shown: u32 = bar.shown.iter().sum();
    response.widget_info(|| {
        let name = format!("{} {}: {} of {}", bar.of, bar.name, shown, bar.all);
        match is_clickable {
            true => WidgetInfo::selected(egui::Role::CheckBox, true, bar.is_picked, name),
            false => WidgetInfo::labeled(egui::Role::Label, true, name),
        }
    });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let (middle, radius) = (rect.center().y, CornerRadius::same(3));
        if bar.is_picked {
            painter.rect_filled(rect, radius, tokens.accent_soft);
        }
        if is_clickable && (response.hovered() || response.has_focus() || bar.is_picked) {
            let edge = if bar.is_picked { tokens.accent } else { tokens.text_dim };
            painter.rect_stroke(rect, radius, (1.0, edge), StrokeKind::Inside);
        }
        let mut left = rect.left() + space::XS;
        if let Some(color) = bar.color {
            painter.circle_filled(pos2(left + 4.0, middle), 3.5, color);
            left += 13.0;
        }
        let names = rect.left() + rect.width() * NAMES;
        let font = FontId::proportional(size::SMALL + 1.0);
        let (name, is_cut) =
            widgets::elided_name(painter, bar.name, tokens.text, font, names - left - space::XS);
        painter.galley(pos2(left, middle - name.size().y / 2.0), name, tokens.text);
        let count = match shown == bar.all {
            true => grouped(bar.all.into()),
            false => format!("{} / {}", grouped(shown.into()), grouped(bar.all.into())),
        };
        let font = FontId::proportional(size::SMALL);
        let right = pos2(rect.right() - space::XS, middle);
        // The widest count leaves room for the bars of all lines alike.
        let bars =
            Rect::from_min_max(pos2(names, rect.top() + 4.0), pos2(rect.right() - 92.0, rect.bottom() - 4.0));
        bars_ui(painter, bars, bar, most, is_log, tokens);
        painter.text(right, Align2::RIGHT_CENTER, count, font, tokens.text_dim);
        if is_cut {
            response.clone().on_hover_text(bar.name);
        }
    }
    response.clicked().then(|| {
        let more = ui.input(|input| input.modifiers.shift || input.modifiers.command);
        if more { Click::Add } else { Click::Only }
    })
}

/// All of a bar dim, and what is left of it bright, part by part.
fn bars_ui(painter: &egui::Painter, room: Rect, bar: &Bar<'_>, most: u32, is_log: bool, tokens: &Tokens) {
    let x = |count: u32| room.left() + room.width().max(0.0) * height(count, most, is_log);
    let fill = |from: u32, to: u32, color: egui::Color32| {
        if to > from {
            let part = Rect::from_x_y_ranges(x(from)..=x(to).max(x(from) + 1.0), room.y_range());
            painter.rect_filled(part, 1.0, color);
        }
    };
    fill(0, bar.all, tokens.text_dim.gamma_multiply(0.3));
    let mut below = 0;
    for (split, count) in (0u32..).zip(bar.shown) {
        let color = match bar.shown.len() {
            1 => tokens.accent,
            splits if split as usize + 1 == splits => tokens.text_dim,
            _ => tokens.class(split),
        };
        fill(below, below + count, color);
        below += count;
    }
}

/// Which colour is which split.
pub(super) fn splits_legend_ui(ui: &mut Ui, pen: &Pen<'_, '_>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        for (split, name) in (0u32..).zip(&pen.session.dataset().split_names).take(12) {
            let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(10.0), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, tokens.class(split));
            ui.label(widgets::dim(name));
        }
    });
}
