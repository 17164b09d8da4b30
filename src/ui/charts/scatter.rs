//! Two columns against each other, as points or as a grid of counts: either way a drag asks for a rectangle of cells,
//! which are finer where a person zoomed in.
//! A million samples are as many cells as a thousand, and as points a million triangles on the graphics device.

use std::sync::Arc;

use egui::{
    Color32, ColorImage, Context, CursorIcon, Id, Key, PointerButton, Rect, Response, Role, Sense,
    StrokeKind, TextureHandle, TextureOptions, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;

use super::Drag;
use super::axis::{
    AXIS, Step, bin_at, finer, hold_arrows, numbers_across, numbers_up, stepped, stretch, stretch_of,
};
use super::card::Pen;
use super::cloud::{cloud_of, cloud_ui, pointed_ui, thinned_ui};
use super::histogram::range_of;
use super::zoom::{HINT, Seen, seen_after};
use crate::analysis::distribution::Edges;
use crate::crossfilter::{Figures, Plane};
use crate::dataset::query::{Brush, Stroke, asked_range};
use crate::state::Action;
use crate::state::charts::Cloud;
use crate::text::grouped;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Height of the grid, and width of the numbers beside it, in points.
const GRID: f32 = 210.0;
const NUMBERS: f32 = 46.0;

/// Edge of the button that resets the zoom, in points.
const BUTTON: f32 = 24.0;

/// Drawing state: the grid as a texture with what it is of, and what is seen of the plane.
#[derive(Default)]
pub(super) struct ScatterView {
    /// Of the plane, to tell whether it has the focus.
    pub id: Option<Id>,
    held: Option<(Arc<Figures>, bool, TextureHandle)>,
    seen: Seen,
    /// The axes that this is of, which are by logarithm: other ones are seen as a whole.
    log_axes: [bool; 2],
}

/// A plane as it is drawn.
#[derive(Clone, Copy)]
struct Drawn<'a> {
    plane: &'a Plane,
    columns: [&'a str; 2],
    /// Where it is drawn.
    grid: Rect,
    seen: Seen,
    /// Where all of it would lie.
    whole: Rect,
}

impl ScatterView {
    fn texture(
        &mut self,
        ctx: &Context,
        figures: &Arc<Figures>,
        plane: &Plane,
        tokens: &Tokens,
    ) -> egui::TextureId {
        let is_held = |(of, dark, _): &(Arc<Figures>, bool, TextureHandle)| {
            Arc::ptr_eq(of, figures) && *dark == tokens.dark
        };
        if !self.held.as_ref().is_some_and(is_held) {
            let image = image_of(plane, tokens);
            let texture = match self.held.take() {
                Some((.., mut texture)) => {
                    texture.set(image, TextureOptions::NEAREST);
                    texture
                }
                None => ctx.load_texture("grid of counts", image, TextureOptions::NEAREST),
            };
            self.held = Some((figures.clone(), tokens.dark, texture));
        }
        self.held.as_ref().map(|(.., texture)| texture.id()).unwrap_or_default()
    }
}

/// A pixel for each cell, the greatest `y` at the top: by the logarithm of those that are left, the others dim.
fn image_of(plane: &Plane, tokens: &Tokens) -> ColorImage {
    let (across, down) = (plane.x.len(), plane.y.len());
    let cells = across * down;
    let most = plane.shown.iter().take(cells).copied().max().unwrap_or(0).max(1);
    let color = |at: usize| {
        let (all, shown) = (plane.all[at], plane.shown[at]);
        match (all, shown) {
            (0, _) => Color32::TRANSPARENT,
            (_, 0) => tokens.line,
            _ => tokens.scale(0.2 + 0.8 * (f64::from(shown).ln_1p() / f64::from(most).ln_1p()) as f32),
        }
    };
    let lines = (0..down).rev().flat_map(|line| (0..across).map(move |column| line * across + column));
    ColorImage::new([across, down], lines.map(color).collect())
}

/// Draws the grid of two columns.
pub(super) fn scatter_ui(
    ui: &mut Ui,
    pen: &mut Pen<'_, '_>,
    view: &mut ScatterView,
    figures: &Arc<Figures>,
    plane: &Plane,
    columns: [&str; 2],
) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), GRID + AXIS), Sense::hover());
    if !ui.is_rect_visible(rect) || plane.x.is_empty() || plane.y.is_empty() {
        return;
    }
    let grid = Rect::from_min_max(rect.min + vec2(NUMBERS, 0.0), pos2(rect.right(), rect.top() + GRID));
    if view.log_axes != pen.card.options.log_axes {
        (view.log_axes, view.seen) = (pen.card.options.log_axes, Seen::default());
    }
    let seen = view.seen;
    let drawn = Drawn { plane, columns, grid, seen, whole: seen.whole(grid) };
    let painter = ui.painter_at(rect.expand(1.0));
    painter.rect_filled(grid, 3.0, tokens.canvas);
    let cloud = cloud_of(pen, plane);
    match cloud {
        Some(cloud) => cloud_ui(ui, pen, cloud, grid, seen),
        None => {
            let texture = view.texture(ui.ctx(), figures, plane, tokens);
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter_at(grid).image(texture, drawn.whole, whole, Color32::WHITE);
        }
    }
    let [x, y] = columns.map(|column| pen.known.axis(column));
    let across = stretch_of(&plane.x, seen.ends(0), grid.left(), grid.right());
    let up = stretch_of(&plane.y, seen.ends(1), grid.bottom(), grid.top());
    numbers_across(&painter, &x, &across, grid.x_range(), grid.bottom() + AXIS / 2.0, tokens);
    numbers_up(&painter, &y, &up, grid.y_range(), grid.left() - 4.0, tokens);
    if let Some(brushed) = brushed(pen, &drawn) {
        let inside = ui.painter_at(grid.expand(2.0));
        inside.rect_stroke(brushed, 2.0, (1.5, tokens.accent), StrokeKind::Outside);
    }
    let response = input(ui, pen, &drawn, cloud);
    view.id = Some(response.id);
    // A brush that is dragged stays over what it began at.
    if pen.drag.is_none() {
        view.seen = seen_after(ui, &response, grid, seen);
    }
    if response.has_focus() {
        hold_arrows(ui, &response, tokens);
        keys(ui, pen, plane, columns);
    }
    if !seen.is_all() {
        reset_ui(ui, pen, view, &drawn);
    }
    if let Some(cloud) = cloud {
        thinned_ui(ui, cloud);
    }
}

/// The button in the corner that shows all of the plane again.
fn reset_ui(ui: &mut Ui, pen: &Pen<'_, '_>, view: &mut ScatterView, drawn: &Drawn<'_>) {
    let corner = drawn.grid.right_top() + vec2(-BUTTON - space::XS, space::XS);
    let at = Rect::from_min_size(corner, Vec2::splat(BUTTON));
    let [x, y] = drawn.columns.map(|column| pen.known.title(column));
    let mut corner = ui.new_child(UiBuilder::new().max_rect(at).id_salt("reset zoom"));
    let name = format!("Reset zoom of {x} and {y}");
    if widgets::icon_button(&mut corner, icons::ICON_ZOOM_OUT_MAP, &name).clicked() {
        view.seen = Seen::default();
    }
}

/// Arrow keys move a brush along either axis, and its upper end with Shift.
fn keys(ui: &Ui, pen: &mut Pen<'_, '_>, plane: &Plane, columns: [&str; 2]) {
    let across = Step::pressed(ui, [Key::ArrowLeft, Key::ArrowRight]);
    let up = Step::pressed(ui, [Key::ArrowDown, Key::ArrowUp]);
    if across.is_none() && up.is_none() {
        return;
    }
    let vocabulary = pen.session.snapshot.vocabulary();
    let asked = columns.map(|column| asked_range(pen.known.filter(), column, vocabulary));
    let (x, y) = (stepped(&plane.x, asked[0].as_ref(), across), stepped(&plane.y, asked[1].as_ref(), up));
    let drag = Drag { card: pen.card.id, from: [x.0, y.0], to: [x.1, y.1] };
    act(pen, [&plane.x, &plane.y], columns, &drag, Stroke::Set, false);
}

/// What is asked of the two columns, on the screen; `None` where nothing is.
fn brushed(pen: &Pen<'_, '_>, drawn: &Drawn<'_>) -> Option<Rect> {
    let vocabulary = pen.session.snapshot.vocabulary();
    let [x, y] = drawn.columns.map(|column| asked_range(pen.known.filter(), column, vocabulary));
    if x.is_none() && y.is_none() {
        return None;
    }
    let whole = drawn.whole;
    let across = stretch(&drawn.plane.x, whole.left(), whole.right());
    let up = stretch(&drawn.plane.y, whole.bottom(), whole.top());
    let x = x.map_or((whole.left(), whole.right()), |x| {
        (across.at(x.from.max(f64::MIN)), across.at(x.to.min(f64::MAX)))
    });
    let y =
        y.map_or((whole.bottom(), whole.top()), |y| (up.at(y.from.max(f64::MIN)), up.at(y.to.min(f64::MAX))));
    Some(Rect::from_min_max(pos2(x.0, y.1), pos2(x.1, y.0)))
}

/// The cells that a drag tells apart: those of the plane, and parts of them where it is zoomed.
fn cells(pen: &Pen<'_, '_>, drawn: &Drawn<'_>) -> [Edges; 2] {
    let [x, y] = drawn.columns.map(|column| pen.known.is_single_precision(column));
    [finer(&drawn.plane.x, drawn.seen.zoom(), x), finer(&drawn.plane.y, drawn.seen.zoom(), y)]
}

/// The cell at a place of the screen, across and up.
fn cell_at(drawn: &Drawn<'_>, [x, y]: [&Edges; 2], at: egui::Pos2) -> [usize; 2] {
    let whole = drawn.whole;
    // What goes up on the screen goes down in its numbers.
    let (down, range) = (whole.top() + whole.bottom() - at.y, whole.y_range());
    [bin_at(x, whole.x_range(), at.x), bin_at(y, range, down)]
}

/// What a pointer does: a drag asks for a rectangle of cells; a click selects a point, or asks for a cell where there are
/// none.
fn input(ui: &Ui, pen: &mut Pen<'_, '_>, drawn: &Drawn<'_>, cloud: Option<&Cloud>) -> Response {
    let Drawn { plane, columns, grid, seen, .. } = *drawn;
    let response = ui.interact(grid, ui.scope_id().with("grid"), Sense::click_and_drag());
    let [x, y] = columns.map(|column| pen.known.title(column));
    let what = if cloud.is_some() { "Points" } else { "Grid" };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{what} of {x} and {y}")));
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
    drag(ui, pen, drawn, &response);
    if let Some(cloud) = cloud {
        pointed_ui(ui, pen, cloud, (grid, seen), &response);
        return response;
    }
    let cell = |at: egui::Pos2| cell_at(drawn, [&plane.x, &plane.y], at);
    if response.clicked()
        && let Some(at) = response.interact_pointer_pos()
    {
        let grows = ui.input(|input| input.modifiers.shift || input.modifiers.command);
        let stroke = if grows { Stroke::Grow } else { Stroke::Toggle };
        let clicked = Drag { card: pen.card.id, from: cell(at), to: cell(at) };
        act(pen, [&plane.x, &plane.y], columns, &clicked, stroke, false);
    }
    if let Some(at) = response.hover_pos().filter(|_| pen.drag.is_none()) {
        let text = cell_text(pen, plane, columns, cell(at));
        return response.on_hover_text_at_pointer(text);
    }
    response
}

/// A drag of the first button brushes; with Alt it moves what is seen, as other buttons do.
fn drag(ui: &Ui, pen: &mut Pen<'_, '_>, drawn: &Drawn<'_>, response: &Response) {
    let is_ours = |pen: &Pen<'_, '_>| pen.drag.filter(|drag| drag.card == pen.card.id);
    let begins = response.drag_started_by(PointerButton::Primary) && !ui.input(|input| input.modifiers.alt);
    if !begins && is_ours(pen).is_none() {
        return;
    }
    let [x, y] = cells(pen, drawn);
    let cell = |at: egui::Pos2| cell_at(drawn, [&x, &y], at);
    if begins && let Some(at) = ui.input(|input| input.pointer.press_origin()) {
        let drag = Drag { card: pen.card.id, from: cell(at), to: cell(at) };
        *pen.drag = Some(drag);
        act(pen, [&x, &y], drawn.columns, &drag, Stroke::Set, true);
    }
    let Some(drag) = is_ours(pen) else { return };
    let to = response.interact_pointer_pos().map_or(drag.to, cell);
    let now = Drag { to, ..drag };
    if response.dragged() && now != drag {
        *pen.drag = Some(now);
        act(pen, [&x, &y], drawn.columns, &now, Stroke::Set, true);
    }
    if response.drag_stopped() {
        *pen.drag = None;
        act(pen, [&x, &y], drawn.columns, &now, Stroke::Set, false);
    }
}

/// Asks for the cells that a drag is over.
fn act(
    pen: &mut Pen<'_, '_>,
    [x, y]: [&Edges; 2],
    columns: [&str; 2],
    drag: &Drag,
    stroke: Stroke,
    is_held: bool,
) {
    let ranges = [range_of(x, drag.span(0)), range_of(y, drag.span(1))];
    let brushes = columns.iter().zip(ranges).filter_map(|(column, range)| Some(Brush::range(column, range?)));
    pen.pencil.act(Action::Brushed { brushes: brushes.collect(), stroke, is_held });
}

fn cell_text(pen: &Pen<'_, '_>, plane: &Plane, columns: [&str; 2], [column, line]: [usize; 2]) -> String {
    let at = line * plane.x.len() + column;
    let count = |counts: &[u32]| grouped(counts.get(at).copied().unwrap_or(0).into());
    let mut text = String::new();
    for (name, edges, bin) in [(columns[0], &plane.x, column), (columns[1], &plane.y, line)] {
        let axis = pen.known.axis(name);
        if let Some((low, high, _)) = edges.range(bin) {
            text.push_str(&format!("{} {} to {}\n", axis.title, axis.text(low), axis.text(high)));
        }
    }
    format!("{text}{} of {}\n\n{HINT}", count(&plane.shown), count(&plane.all))
}
