//! What goes together more or less often than by chance, the clearest first; a click shows its images.

use egui::{Align2, CornerRadius, FontId, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::bars::{LINE, list_ui};
use super::card::Pen;
use super::histogram::range_of;
use crate::analysis::distribution::Cell;
use crate::crossfilter::{RelationColumns, Relations};
use crate::dataset::query::{Brush, Stroke};
use crate::state::Action;
use crate::text::{grouped, significant};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Points that the figures have at the end of a line.
const FIGURES: f32 = 96.0;

/// Draws the table, ranked.
pub(super) fn relations_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, found: &Relations, with: &str) {
    if found.cells.is_empty() {
        ui.label(widgets::dim("Nothing goes together here."));
        return;
    }
    let about = "Observed by expected, and what they are. Ranked by the end of the 95 % interval that is nearer to 1.";
    ui.label(widgets::dim("times as often as by chance")).on_hover_text(about);
    let mut clicked = None;
    list_ui(ui, found.cells.len(), |ui, at| {
        if let Some(cell) = found.cells.get(at)
            && cell_ui(ui, pen, found, with, cell)
        {
            clicked = Some(*cell);
        }
    });
    if let Some(cell) = clicked
        && let Some(brushes) = brushes(pen, found, with, &cell)
    {
        pen.pencil.act(Action::Brushed { brushes, stroke: Stroke::Toggle, is_held: false });
    }
}

/// What a column of the table is called.
fn column_name(pen: &Pen<'_, '_>, found: &Relations, with: &str, column: u32) -> String {
    let dataset = pen.session.dataset();
    let at = column as usize;
    match found.columns.as_ref() {
        RelationColumns::Classes => {
            pen.session.snapshot.labels().classes.get(at).cloned().unwrap_or_default()
        }
        RelationColumns::Splits => dataset.split_names.get(at).map_or("no split", String::as_str).to_owned(),
        RelationColumns::Bins(edges) => {
            let axis = pen.known.axis(with);
            edges.range(at).map_or_else(String::new, |(low, high, _)| {
                format!("{} {} to {}", axis.title.to_lowercase(), axis.text(low), axis.text(high))
            })
        }
    }
}

/// What a cell asks for.
fn brushes(pen: &Pen<'_, '_>, found: &Relations, with: &str, cell: &Cell) -> Option<Vec<Brush>> {
    let dataset = pen.session.dataset();
    let class = |at: u32| pen.session.snapshot.labels().classes.get(at as usize).map(String::as_str);
    let row = class(cell.row)?;
    let at = cell.column as usize;
    Some(match found.columns.as_ref() {
        RelationColumns::Classes => vec![Brush::classes([row, class(cell.column)?])],
        RelationColumns::Splits => {
            let split = dataset.split_names.get(at).map(String::as_str);
            vec![Brush::classes([row]), Brush::split(split)]
        }
        RelationColumns::Bins(edges) => {
            vec![Brush::classes([row]), Brush::range(with, range_of(edges, (at, at))?)]
        }
    })
}

/// Draws a cell as a line; tells whether it was clicked.
fn cell_ui(ui: &mut Ui, pen: &Pen<'_, '_>, found: &Relations, with: &str, cell: &Cell) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let class = pen.session.snapshot.labels().classes.get(cell.row as usize).map_or("", String::as_str);
    let name = format!("{class} and {}", column_name(pen, found, with, cell.column));
    let told = || {
        format!(
            "{name}: {} times, {} of {} expected, 95 % interval {} to {}",
            significant(cell.ratio),
            grouped(cell.observed),
            significant(cell.expected),
            significant(cell.low),
            significant(cell.high)
        )
    };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, told()));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let middle = rect.center().y;
        let color = match cell.conservative() {
            end if end > 1.0 => tokens.accent,
            end if end < 1.0 => tokens.warn,
            _ => tokens.text_dim,
        };
        if response.hovered() || response.has_focus() {
            painter.rect_stroke(rect, CornerRadius::same(3), (1.0, tokens.text_dim), StrokeKind::Inside);
        }
        let font = FontId::proportional(size::SMALL + 1.0);
        let room = rect.width() - FIGURES - space::S;
        let (galley, _) = widgets::elided_name(painter, &name, tokens.text, font, room);
        painter.galley(pos2(rect.left() + space::XS, middle - galley.size().y / 2.0), galley, tokens.text);
        let font = FontId::proportional(size::SMALL);
        let figures = format!("× {}  ({})", significant(cell.ratio), grouped(cell.observed));
        painter.text(pos2(rect.right() - space::XS, middle), Align2::RIGHT_CENTER, figures, font, color);
    }
    let is_clicked = response.clicked();
    if response.hovered() {
        response.on_hover_text(told());
    }
    is_clicked
}
