//! A histogram that is brushed: all samples dim, those that the other charts leave bright.

use egui::{Color32, CursorIcon, Key, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::Drag;
use super::axis::{AXIS, Step, bin_at, hold_arrows, numbers_across, stepped, stretch};
use super::card::Pen;
use crate::analysis::distribution::Axis as Place;
use crate::crossfilter::Numbers;
use crate::dataset::query::{Brush, Range, Stroke, asked_range};
use crate::state::Action;
use crate::text::{counted, grouped};
use crate::ui::theme::Tokens;
use crate::ui::widgets;

/// Height of the bars, in points.
const BARS: f32 = 120.0;

/// Draws the histogram of a column.
pub(super) fn histogram_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, numbers: &Numbers, column: &str) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), BARS + AXIS), Sense::hover());
    let bars = Rect::from_min_size(rect.min, vec2(rect.width(), BARS));
    let count = numbers.edges.len();
    if ui.is_rect_visible(rect) && count > 0 {
        let axis = pen.known.axis(column);
        let painter = ui.painter_at(rect.expand(1.0));
        painter.rect_filled(bars, 3.0, tokens.canvas);
        brush_ui(&painter, pen, numbers, column, bars, tokens);
        let most = (0..count).map(|bin| sum(numbers.of(bin).0)).max().unwrap_or(0);
        for bin in 0..count {
            bar_ui(&painter, pen, numbers, (bin, most), bars, tokens);
        }
        painter.hline(bars.x_range(), bars.bottom(), (1.0, tokens.line));
        let along = stretch(&numbers.edges, bars.left(), bars.right());
        numbers_across(&painter, &axis, &along, bars.x_range(), bars.bottom() + AXIS / 2.0, tokens);
        keys(ui, pen, numbers, column, bars, tokens);
        for bin in 0..count {
            bin_ui(ui, pen, numbers, column, bin, bars);
        }
    }
    let outside = numbers.outside();
    if outside > 0 {
        let why = match numbers.edges.axis {
            Place::Linear => "not known",
            Place::Log => "not known, or not over 0",
        };
        let text = format!("{} without a place here: {why}", counted(outside.into(), "sample"));
        ui.label(widgets::dim(text));
    }
}

/// The part of the screen over a bin.
fn over(bars: Rect, bin: usize, count: usize) -> Rect {
    let x = |at: usize| bars.left() + bars.width() * at as f32 / count as f32;
    Rect::from_x_y_ranges(x(bin)..=x(bin + 1), bars.y_range())
}

/// How high a count stands, as a part of the highest.
pub(super) fn height(count: u32, most: u32, is_log: bool) -> f32 {
    match is_log {
        true => (f64::from(count).ln_1p() / f64::from(most.max(1)).ln_1p()) as f32,
        false => count as f32 / most.max(1) as f32,
    }
}

fn sum(counts: &[u32]) -> u32 {
    counts.iter().sum()
}

fn bar_ui(
    painter: &egui::Painter,
    pen: &Pen<'_, '_>,
    numbers: &Numbers,
    (bin, most): (usize, u32),
    bars: Rect,
    tokens: &Tokens,
) {
    let count = numbers.edges.len();
    let (all, shown) = numbers.of(bin);
    let over = over(bars, bin, count);
    let gap = if over.width() > 4.0 { 0.5 } else { 0.0 };
    let column = Rect::from_x_y_ranges(over.left() + gap..=over.right() - gap, over.y_range());
    let up = |count: u32| height(count, most, pen.card.options.log_counts) * (BARS - 6.0);
    let fill = |from: f32, to: f32, color: Color32| {
        let to = if to > from { to.max(from + 1.0) } else { to };
        let bar = Rect::from_min_max(
            pos2(column.left(), bars.bottom() - to),
            pos2(column.right(), bars.bottom() - from),
        );
        if to > from {
            painter.rect_filled(bar, 0.0, color);
        }
    };
    fill(0.0, up(sum(all)), tokens.text_dim.gamma_multiply(0.3));
    let (mut below, splits) = (0, shown.len());
    for (split, part) in (0u32..).zip(shown) {
        let color = match splits {
            1 => tokens.accent,
            _ if split as usize + 1 == splits => tokens.text_dim,
            _ => tokens.class(split),
        };
        fill(up(below), up(below + part), color);
        below += part;
    }
}

/// What is asked of the column, behind the bars.
fn brush_ui(
    painter: &egui::Painter,
    pen: &Pen<'_, '_>,
    numbers: &Numbers,
    column: &str,
    bars: Rect,
    tokens: &Tokens,
) {
    let vocabulary = pen.session.snapshot.vocabulary();
    let Some(asked) = asked_range(pen.known.filter(), column, vocabulary) else { return };
    let stretch = stretch(&numbers.edges, bars.left(), bars.right());
    let (from, to) = (stretch.at(asked.from.max(f64::MIN)), stretch.at(asked.to.min(f64::MAX)));
    let brushed = Rect::from_x_y_ranges(from..=to.max(from + 1.0), bars.y_range());
    painter.rect_filled(brushed, 2.0, tokens.accent_soft);
    painter.vline(brushed.left(), bars.y_range(), (1.0, tokens.accent));
    painter.vline(brushed.right(), bars.y_range(), (1.0, tokens.accent));
}

/// Arrow keys move a brush, and its upper end with Shift, while the histogram has the focus.
fn keys(ui: &Ui, pen: &mut Pen<'_, '_>, numbers: &Numbers, column: &str, bars: Rect, tokens: &Tokens) {
    let response = ui.interact(bars, ui.scope_id().with("bins"), Sense::FOCUSABLE);
    let title = pen.known.title(column);
    response.widget_info(|| WidgetInfo::labeled(Role::Group, true, format!("Histogram of {title}")));
    if !response.has_focus() {
        return;
    }
    hold_arrows(ui, &response, tokens);
    if let Some(step) = Step::pressed(ui, [Key::ArrowLeft, Key::ArrowRight]) {
        let asked = asked_range(pen.known.filter(), column, pen.session.snapshot.vocabulary());
        let bins = stepped(&numbers.edges, asked.as_ref(), Some(step));
        act(pen, numbers, column, bins, Stroke::Set, false);
    }
}

/// What a pointer does over a bin.
fn bin_ui(ui: &Ui, pen: &mut Pen<'_, '_>, numbers: &Numbers, column: &str, bin: usize, bars: Rect) {
    let count = numbers.edges.len();
    let id = ui.scope_id().with(("bin", bin));
    let response = ui.interact(over(bars, bin, count), id, Sense::CLICK | Sense::DRAG);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, bin_name(pen, numbers, column, bin)));
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    drag(ui, pen, numbers, column, &response, bin, bars);
    if response.clicked() {
        let grows = ui.input(|input| input.modifiers.shift || input.modifiers.command);
        let stroke = if grows { Stroke::Grow } else { Stroke::Toggle };
        act(pen, numbers, column, (bin, bin), stroke, false);
    }
    if pen.drag.is_none() && response.hovered() {
        response.on_hover_text_at_pointer(bin_name(pen, numbers, column, bin));
    }
}

fn drag(
    ui: &Ui,
    pen: &mut Pen<'_, '_>,
    numbers: &Numbers,
    column: &str,
    response: &Response,
    bin: usize,
    bars: Rect,
) {
    if response.drag_started() {
        *pen.drag = Some(Drag { card: pen.card.id, from: [bin, 0], to: [bin, 0] });
        act(pen, numbers, column, (bin, bin), Stroke::Set, true);
    }
    let Some(drag) = pen.drag.filter(|drag| drag.card == pen.card.id && drag.from[0] == bin) else { return };
    let pointer = response.interact_pointer_pos().or_else(|| ui.input(|input| input.pointer.latest_pos()));
    let to = pointer.map_or(drag.to, |pointer| [bin_at(&numbers.edges, bars.x_range(), pointer.x), 0]);
    let now = Drag { to, ..drag };
    // The pointer may have moved in the very frame in which it was let go.
    if response.drag_stopped() {
        *pen.drag = None;
        act(pen, numbers, column, now.span(0), Stroke::Set, false);
    } else if response.dragged() && now != drag {
        *pen.drag = Some(now);
        act(pen, numbers, column, now.span(0), Stroke::Set, true);
    }
}

/// The numbers of these bins.
pub(super) fn range_of(
    edges: &crate::analysis::distribution::Edges,
    (from, to): (usize, usize),
) -> Option<Range> {
    let (low, ..) = edges.range(from)?;
    let (_, high, is_closed) = edges.range(to)?;
    Some(Range { from: low, to: high, is_closed })
}

fn act(
    pen: &mut Pen<'_, '_>,
    numbers: &Numbers,
    column: &str,
    bins: (usize, usize),
    stroke: Stroke,
    is_held: bool,
) {
    let Some(range) = range_of(&numbers.edges, bins) else { return };
    let brushes = vec![Brush::range(column, range)];
    pen.pencil.act(Action::Brushed { brushes, stroke, is_held });
}

fn bin_name(pen: &Pen<'_, '_>, numbers: &Numbers, column: &str, bin: usize) -> String {
    let axis = pen.known.axis(column);
    let Some((low, high, _)) = numbers.edges.range(bin) else { return String::new() };
    let (all, shown) = numbers.of(bin);
    let unit =
        if matches!(axis.unit.as_str(), "" | "bytes") { String::new() } else { format!(" {}", axis.unit) };
    let (low, high) = (axis.text(low), axis.text(high));
    format!(
        "{} {low} to {high}{unit}: {} of {}",
        axis.title,
        grouped(sum(shown).into()),
        grouped(sum(all).into())
    )
}
