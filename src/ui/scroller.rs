//! A vertical scroller for lists of any length.
//!
//! egui's scroll areas compute in `f32`, which cannot tell neighbouring rows apart beyond some
//! two million. Here the position is an `f64` number of points from the top and rows are counted
//! in integers, so that a row lands on the same pixel at the end of a list as at its start.

use egui::{Id, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use super::theme::Tokens;

/// The rows that are on screen, and where they stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// The first row that is at least partly visible.
    pub first: usize,
    /// One past the last visible row.
    pub end: usize,
    /// Points from the top of the viewport to the top of row `first`; zero or negative.
    pub first_top: f32,
    /// The part of the viewport that rows are drawn in, without the scroll bar.
    pub rect: Rect,
    /// The position after this frame's input, in points.
    pub position: f64,
}

impl Window {
    /// Top of a visible row, in screen points.
    pub fn row_top(&self, row: usize, row_height: f32) -> f32 {
        self.rect.top() + self.first_top + (row - self.first) as f32 * row_height
    }
}

/// Width of the scroll bar with its margin, in points.
pub const BAR_WIDTH: f32 = 12.0;

/// The farthest position: the last row at the bottom.
pub fn max_position(rows: usize, row_height: f32, viewport: f32) -> f64 {
    (rows as f64 * f64::from(row_height) - f64::from(viewport)).max(0.0)
}

/// The rows that a viewport shows at a position.
pub fn window(position: f64, rows: usize, row_height: f32, rect: Rect) -> Window {
    let position = position.clamp(0.0, max_position(rows, row_height, rect.height()));
    let height = f64::from(row_height);
    let first = ((position / height).floor() as usize).min(rows);
    let end = (((position + f64::from(rect.height())) / height).ceil() as usize).clamp(first, rows);
    let first_top = (first as f64 * height - position) as f32;
    Window { first, end, first_top, rect, position }
}

/// Draws the scroll bar, takes wheel and bar input, and gives the rows to draw.
///
/// `position` is the position to start from, in points. `name` is the accessible name of the bar.
pub fn show(
    ui: &mut Ui,
    id: Id,
    rect: Rect,
    position: f64,
    rows: usize,
    row_height: f32,
    name: &str,
) -> Window {
    let tokens = Tokens::of(ui);
    let body = Rect::from_min_max(rect.min, pos2(rect.right() - BAR_WIDTH, rect.bottom()));
    let farthest = max_position(rows, row_height, rect.height());
    let mut position = position.clamp(0.0, farthest);

    if ui.rect_contains_pointer(rect) && ui.is_enabled() {
        let wheel =
            ui.input(|input| if input.modifiers.command { 0.0 } else { input.smooth_scroll_delta().y });
        if wheel != 0.0 {
            position = (position - f64::from(wheel)).clamp(0.0, farthest);
            ui.ctx().request_repaint();
        }
    }

    let track =
        Rect::from_min_max(pos2(body.right() + 2.0, rect.top() + 2.0), rect.right_bottom() - vec2(2.0, 2.0));
    let share = (f64::from(rect.height()) / (rows as f64 * f64::from(row_height)).max(1.0)).min(1.0) as f32;
    let handle_height = (track.height() * share).max(28.0).min(track.height());
    let travel = (track.height() - handle_height).max(0.0);
    let response = ui.interact(track, id, Sense::click_and_drag());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(egui::Role::ScrollBar, ui.is_enabled(), name);
        info.value = Some(if farthest > 0.0 { position / farthest } else { 0.0 });
        info
    });
    if farthest > 0.0 && travel > 0.0 {
        if let Some(pointer) = response.interact_pointer_pos() {
            // The handle is held where it was taken, and jumps to a click beside it. Whether it was
            // clicked is asked outside of `data_mut`, which holds what the answer needs.
            let fresh = response.drag_started() || response.clicked();
            let held = ui.data_mut(|data| {
                let handle_top = track.top() + travel * (position / farthest) as f32;
                let inside = pointer.y >= handle_top && pointer.y <= handle_top + handle_height;
                let offset = if inside { pointer.y - handle_top } else { handle_height / 2.0 };
                let stored: &mut f32 = data.get_temp_mut_or(id, offset);
                if fresh {
                    *stored = offset;
                }
                *stored
            });
            let fraction = f64::from((pointer.y - held - track.top()) / travel).clamp(0.0, 1.0);
            position = fraction * farthest;
        }
        let handle_top = track.top() + travel * (position / farthest) as f32;
        let handle = Rect::from_min_size(pos2(track.left(), handle_top), vec2(track.width(), handle_height));
        let color = if response.hovered() || response.dragged() { tokens.text_dim } else { tokens.line };
        ui.painter().rect_filled(handle, track.width() / 2.0, color);
    }
    window(position, rows, row_height, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(height: f32) -> Rect {
        Rect::from_min_size(pos2(0.0, 0.0), vec2(100.0, height))
    }

    #[test]
    fn rows_near_the_end_of_a_huge_list_stand_where_they_should() {
        let rows = 50_000_000;
        let height = 26.0;
        let end = max_position(rows, height, 260.0);
        for back in 0..100 {
            let position = end - f64::from(back) * 26.0;
            let window = window(position, rows, height, rect(260.0));
            assert_eq!(window.first, rows - 10 - back as usize);
            assert_eq!(window.first_top, 0.0);
            assert_eq!(window.end, rows - back as usize);
        }
    }

    #[test]
    fn part_rows_are_in_the_window() {
        for (position, rows, first, end, top) in [
            (0.0, 100, 0, 4, 0.0),
            (5.0, 100, 0, 5, -5.0),
            (25.0, 100, 0, 5, -25.0),
            (26.0, 100, 1, 5, 0.0),
            (1e9, 100, 96, 100, -4.0),
            (0.0, 2, 0, 2, 0.0),
            (7.0, 0, 0, 0, 0.0),
        ] {
            let got = window(position, rows, 26.0, rect(100.0));
            assert_eq!((got.first, got.end, got.first_top), (first, end, top), "{position} of {rows}");
        }
    }
}
