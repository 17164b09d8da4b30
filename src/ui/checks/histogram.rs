//! How the scores of a check are spread, with its threshold as a line that can be dragged.

use egui::{Align2, CursorIcon, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{ChecksView, Shown};
use crate::review::ranked::PARTS;
use crate::text::counted;
use crate::ui::theme::{Tokens, size, space};

/// Height of the bars and of the line of text under them, in points.
const BARS: f32 = 84.0;
const AXIS: f32 = 16.0;
/// Room above the bars for the value at the line.
const HEAD: f32 = 18.0;

/// Draws the histogram; a drag or a click in it moves the threshold.
pub fn histogram_ui(ui: &mut Ui, view: &mut ChecksView, shown: &Shown<'_>) {
    let Some(ranked) = shown.ranked else { return };
    let tokens = Tokens::of(ui);
    let size = vec2(ui.available_width(), HEAD + BARS + AXIS);
    let (rect, response) = ui.allocate_exact_size(size, Sense::CLICK | Sense::DRAG);
    response.widget_info(|| {
        let under = counted(shown.under as u64, "sample");
        let name = format!("Histogram of the score, {under} under {:.3}", shown.threshold);
        WidgetInfo::labeled(Role::Image, ui.is_enabled(), name)
    });
    let bars = Rect::from_min_size(rect.min + vec2(0.0, HEAD), vec2(rect.width(), BARS));
    let x_of = |score: f32| bars.left() + score.clamp(0.0, 1.0) * bars.width();
    if let Some(pointer) = response.interact_pointer_pos()
        && (response.dragged() || response.clicked())
    {
        let score = ((pointer.x - bars.left()) / bars.width()).clamp(0.0, 1.0);
        view.moved = Some((score * 1000.0).round() / 1000.0);
    }
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
    }

    let painter = ui.painter_at(rect.expand(1.0));
    painter.rect_filled(bars, 3, tokens.panel);
    // The square root lets the few that are flagged be seen beside the many that are not.
    let most = ranked.counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let flagged = if shown.is_raised { tokens.warn } else { tokens.text_dim };
    let rest = tokens.text_dim.gamma_multiply(0.45);
    let line = x_of(shown.threshold);
    for (part, count) in ranked.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0) {
        let height = ((count as f32 / most).sqrt() * (BARS - 4.0)).max(2.0);
        let (from, to) = (x_of(part as f32 / PARTS as f32), x_of((part + 1) as f32 / PARTS as f32));
        let bar = Rect::from_min_max(pos2(from + 0.5, bars.bottom() - height), pos2(to - 0.5, bars.bottom()));
        // The part that the line goes through has both colours.
        for (side, color) in
            [(bar.with_max_x(bar.right().min(line)), flagged), (bar.with_min_x(bar.left().max(line)), rest)]
        {
            if side.width() > 0.0 {
                painter.rect_filled(side, 0.0, color);
            }
        }
    }
    painter.hline(bars.x_range(), bars.bottom(), (1.0, tokens.line));

    let small = FontId::proportional(size::SMALL);
    let below = bars.bottom() + AXIS / 2.0 + 1.0;
    for (at, align, text) in [
        (bars.left(), Align2::LEFT_CENTER, "0 · worse"),
        (bars.center().x, Align2::CENTER_CENTER, "0.5"),
        (bars.right(), Align2::RIGHT_CENTER, "better · 1"),
    ] {
        painter.text(pos2(at, below), align, text, small.clone(), tokens.text_dim);
    }
    let is_held = response.dragged();
    let width = if is_held || response.hovered() { 2.5 } else { 2.0 };
    painter.vline(
        line.clamp(bars.left() + 1.0, bars.right() - 1.0),
        rect.top()..=bars.bottom(),
        (width, tokens.accent),
    );
    let value = format!("{:.3}", shown.threshold);
    let on_left = line > bars.right() - 60.0;
    let (at, align) = match on_left {
        true => (line - space::XS - 2.0, Align2::RIGHT_CENTER),
        false => (line + space::XS + 2.0, Align2::LEFT_CENTER),
    };
    painter.text(pos2(at, rect.top() + HEAD / 2.0 - 1.0), align, value, small, tokens.accent);

    if let Some(pointer) = response.hover_pos().filter(|_| !is_held) {
        let part =
            (((pointer.x - bars.left()) / bars.width() * PARTS as f32).max(0.0) as usize).min(PARTS - 1);
        let (from, to) = (part as f32 / PARTS as f32, (part + 1) as f32 / PARTS as f32);
        let count = counted(ranked.counts[part].into(), "sample");
        response.on_hover_text_at_pointer(format!("{from:.3} to {to:.3}: {count}"));
    }
}
