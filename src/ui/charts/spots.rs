//! What a click on a part of a drawn chart asks for: every chart is a filter.
//!
//! A part of a drawing says which row, bin or cell it stands for; here is what a query says of that.

use egui::{CursorIcon, Rect, Response, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::card::Pen;
use super::drawn::tip;
use super::study::ASKED;
use crate::analysis::distribution::boxes::MOST_BOXES;
use crate::chart::{Body, Chart, Drawing, Spot, Third, Which};
use crate::crossfilter::Kind;
use crate::dataset::query::{Brush, Range, Stroke};
use crate::state::Action;
use crate::ui::theme::Tokens;

/// Whether a click on a part of the chart at that place of a card asks for something.
pub(super) fn asks(kind: &Kind, chart: usize, which: Which) -> bool {
    matches!(
        (kind, chart, which),
        (Kind::BoxPlots { .. }, 0, Which::Row(_) | Which::Quartiles { .. })
            | (Kind::Boxes, 0, Which::Cell { .. })
            | (Kind::Boxes, 1 | 2, Which::Bin(_))
            | (Kind::Pictures, 0, Which::Row(_))
            | (Kind::Coverage, 1 | 2, Which::Row(_))
    )
}

/// Draws what is pointed at of a chart that is drawn in a rectangle; gives the part that was clicked. Rows and bins are
/// buttons with names, and the many cells of a plane are parts of `response`.
pub(super) fn spots_ui(
    ui: &Ui,
    kind: &Kind,
    (chart, drawing): (usize, &Drawing),
    page: Rect,
    response: &Response,
) -> Option<Which> {
    let tokens = Tokens::of(ui);
    let place = |spot: &Spot| {
        let [x, y, width, height] = spot.at;
        Rect::from_min_size(pos2(page.left() + x, page.top() + y), vec2(width, height))
    };
    let asking = || drawing.spots.iter().filter(|spot| asks(kind, chart, spot.which));
    let mut clicked = None;
    for (at, spot) in asking().enumerate().filter(|(_, spot)| !is_cell(spot.which)) {
        let rect = place(spot);
        let part = ui.interact(rect, ui.scope_id().with(("spot", chart, at)), Sense::click());
        part.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &spot.name));
        if part.clicked() {
            clicked = Some(spot.which);
        }
        if part.hovered() || part.has_focus() {
            ui.painter().rect_stroke(rect, 2.0, (1.0, tokens.accent), StrokeKind::Inside);
        }
        if part.hovered() {
            ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
            let of_mark = part.hover_pos().and_then(|at| tip(drawing, at - page.min));
            part.on_hover_text_at_pointer(of_mark.unwrap_or(&spot.name));
        }
    }
    // A click on a button leaves the cells alone: the pointer is not over them.
    let at = response.hover_pos().or(response.interact_pointer_pos());
    let cell =
        at.and_then(|at| asking().filter(|spot| is_cell(spot.which)).find(|spot| place(spot).contains(at)));
    if let Some(cell) = cell {
        ui.painter().rect_stroke(place(cell), 0.0, (1.0, tokens.accent), StrokeKind::Outside);
        ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
        if response.clicked() {
            clicked = Some(cell.which);
        }
    }
    clicked
}

/// Whether a chart has cells that a click asks for.
pub(super) fn has_cells(kind: &Kind, chart: usize, drawing: &Drawing) -> bool {
    drawing.spots.iter().any(|spot| is_cell(spot.which) && asks(kind, chart, spot.which))
}

fn is_cell(which: Which) -> bool {
    matches!(which, Which::Cell { .. })
}

/// Asks for what was clicked.
pub(super) fn act(ui: &Ui, pen: &mut Pen<'_, '_>, charts: &[Chart], (chart, which): (usize, Which)) {
    if let Some(brushes) = charts.get(chart).and_then(|of| brushes(pen, chart, &of.body, which)) {
        let grows = ui.input(|input| input.modifiers.shift || input.modifiers.command);
        let stroke = if grows { Stroke::Grow } else { Stroke::Toggle };
        pen.pencil.act(Action::Brushed { brushes, stroke, is_held: false });
    }
}

/// What a part of a chart asks for.
fn brushes(pen: &Pen<'_, '_>, chart: usize, body: &Body, which: Which) -> Option<Vec<Brush>> {
    match (&pen.card.kind, body, which) {
        (Kind::BoxPlots { column }, Body::Boxes(boxes), Which::Row(row)) => {
            let row = boxes.rows.get(row)?;
            let all = Range { from: row.plot.min, to: row.plot.max, is_closed: true };
            Some(vec![Brush::classes([row.name.as_str()]), Brush::range(column, all)])
        }
        (Kind::BoxPlots { column }, Body::Boxes(boxes), Which::Quartiles { row, part }) => {
            let row = boxes.rows.get(row)?;
            let plot = &row.plot;
            let (from, to, is_closed) = match part {
                Third::Below => (plot.min, plot.q1, false),
                Third::Middle => (plot.q1, plot.q3, true),
                Third::Above => (plot.q3, plot.max, true),
            };
            let range = Range { from, to, is_closed };
            Some(vec![Brush::classes([row.name.as_str()]), Brush::range(column, range)])
        }
        (Kind::Boxes, Body::Grid(grid), Which::Cell { column, line }) => {
            Some(vec![Brush::box_at(edges(&grid.x_edges, column)?, edges(&grid.y_edges, line)?)])
        }
        // The second chart is of sizes, the third of how many there are.
        (Kind::Boxes, Body::Histogram(histogram), Which::Bin(bin)) if chart == 1 => {
            Some(vec![Brush::box_size(edges(&histogram.edges, bin)?)])
        }
        (Kind::Boxes, Body::Histogram(histogram), Which::Bin(bin)) => {
            let [from, to] = edges(&histogram.edges, bin)?;
            Some(vec![Brush::range("boxes", Range { from, to: most(bin, to), is_closed: false })])
        }
        // The first row is of all samples.
        (Kind::Pictures, Body::Pictures(pictures), Which::Row(row)) => {
            let names = pictures.rows.get(row).filter(|_| row > 0).map(|row| row.name.as_str());
            Some(vec![Brush::classes(names)])
        }
        (Kind::Coverage, Body::Bars(bars), Which::Row(row)) if bars.of == "class" => {
            Some(vec![Brush::classes([bars.categories.get(row)?.as_str()])])
        }
        (Kind::Coverage, Body::Bars(_), Which::Row(row)) => {
            let study = pen.session.charts.study(pen.card.id)?;
            let region = study.found.regions.get(row)?;
            let dataset = pen.session.dataset();
            let paths = region.samples.iter().take(ASKED).map(|sample| dataset.path(*sample));
            Some(vec![Brush::paths(paths)])
        }
        _ => None,
    }
}

/// The upper end of a number of boxes: the last one that is counted apart stands for all that are more.
fn most(bin: usize, to: f64) -> f64 {
    if bin >= MOST_BOXES { f64::INFINITY } else { to }
}

fn edges(edges: &[f64], at: usize) -> Option<[f64; 2]> {
    Some([*edges.get(at)?, *edges.get(at + 1)?])
}
