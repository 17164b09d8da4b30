//! A grid of decoded places: what the model draws along two axes, around what it draws by the others.

use egui::{Color32, DragValue, Rect, Role, Sense, Slider, Ui, Vec2, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;

use super::axes::axes_ui;
use super::{class_ui, with_side};
use crate::gpu::sheet::{self, Grid};
use crate::state::Session;
use crate::state::latent::{Axes, CELLS, LatentView, Made, OpenModel, Slot};
use crate::ui::sheet::SheetTexture;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{self, IconButton};

/// Room between two cells, in points.
const GAP: f32 = 1.0;
/// The least and the most of the latent that a sheet spans.
const SPANS: std::ops::RangeInclusive<f32> = 0.05..=60.0;
/// Dimensions that have a slider at a time.
const SLIDERS: usize = 128;

/// Drawing state of the sheet.
#[derive(Default)]
pub struct SheetView {
    texture: SheetTexture,
    dimensions: Dimensions,
}

/// Which dimensions of a large latent have a slider.
#[derive(Default)]
struct Dimensions {
    page: usize,
    /// One that was looked for, by number from 0, until it is in sight.
    sought: Option<usize>,
}

/// Draws the sheet.
pub fn sheet_ui(
    ui: &mut Ui,
    session: &Session,
    model: &OpenModel,
    view: &mut LatentView,
    pane: &mut SheetView,
) {
    let dimensions = &mut pane.dimensions;
    with_side(ui, "sheet", |ui| side_ui(ui, session, model, view, dimensions));
    let tokens = Tokens::of(ui);
    let outer = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(outer);
    let side = (outer.size().min_elem() - 2.0 * space::M).max(32.0);
    let rect = Rect::from_center_size(outer.center(), Vec2::splat(side));
    let response = ui.interact(rect, ui.scope_id().with("sheet"), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| {
        let name = format!("Sheet of {0} × {0} decoded cells", view.cells);
        WidgetInfo::labeled(Role::Image, true, name)
    });
    let units = view.span / side;
    if response.dragged() {
        let delta = response.drag_delta();
        view.centre = [view.centre[0] - delta.x * units, view.centre[1] + delta.y * units];
    }
    let hovered = response.hover_pos();
    if let Some(at) = hovered {
        let wheel = ui.input(|input| input.smooth_scroll_delta().y + (input.zoom_delta() - 1.0) * 200.0);
        if wheel != 0.0 {
            // What is under the pointer stays there.
            let from_middle = vec2(at.x - rect.center().x, rect.center().y - at.y);
            let new = (view.span * (-wheel / 200.0).exp()).clamp(*SPANS.start(), *SPANS.end());
            let moved = from_middle * (view.span - new) / side;
            view.centre = [view.centre[0] + moved.x, view.centre[1] + moved.y];
            view.span = new;
        }
    }
    if response.double_clicked() {
        (view.centre, view.span) = ([0.0; 2], LatentView::default().span);
    }
    let made = session.latent.made(Slot::Sheet);
    cells_ui(ui, rect, made, &mut pane.texture);
    if made.is_none() {
        ui.painter().text(
            rect.center(),
            egui::Align2::CENTER_CENTER,
            "Decoding…",
            egui::FontId::proportional(size::BODY),
            tokens.text_dim,
        );
    }
    if let Some(at) = hovered.filter(|at| rect.contains(*at)) {
        let part = (at - rect.min) / side;
        let place =
            [view.centre[0] + (part.x - 0.5) * view.span, view.centre[1] - (part.y - 0.5) * view.span];
        let text = format!(
            "{:.2} across, {:.2} up\nDrag moves · wheel zooms · double click goes back",
            place[0], place[1]
        );
        response.on_hover_text_at_pointer(text);
    }
}

/// The cells, from wherever they were decoded to.
fn cells_ui(ui: &Ui, rect: Rect, made: Option<&Made>, texture: &mut SheetTexture) {
    let Some(made) = made else { return };
    let count = match made {
        Made::Here(pictures) => pictures.len(),
        Made::Coarse { shown, .. } => shown.len(),
        Made::OnDevice(cells) => cells.count,
    };
    // A moment old where the number of cells was changed just now.
    let across = (count as f32).sqrt().round().max(1.0) as usize;
    let cell = rect.width() / across as f32;
    match made {
        Made::OnDevice(cells) => {
            let pixels = ui.ctx().pixels_per_point();
            let gap_px = (GAP * pixels).round();
            let grid =
                Grid { columns: across, rows: across, cell_px: (cell * pixels - gap_px).max(1.0), gap_px };
            sheet::paint(&ui.painter_at(rect), rect.min, cells, grid);
        }
        Made::Here(pictures) | Made::Coarse { pictures, .. } => {
            let cells = texture.cells(ui.ctx(), pictures);
            let painter = ui.painter_at(rect);
            for at in 0..count {
                let corner = rect.min + vec2((at % across) as f32, (at / across) as f32) * cell;
                let cell = Rect::from_min_max(corner, corner + Vec2::splat(cell - GAP));
                let picture = match made {
                    Made::Coarse { shown, .. } => shown[at] as usize,
                    _ => at,
                };
                cells.paint(&painter, picture, cell, Color32::WHITE);
            }
        }
    }
}

fn side_ui(
    ui: &mut Ui,
    session: &Session,
    model: &OpenModel,
    view: &mut LatentView,
    dimensions: &mut Dimensions,
) {
    axes_ui(ui, model, session.latent.space.as_deref(), view);
    ui.add_space(space::S);
    widgets::group_heading(ui, "Cells");
    ui.spacing_mut().slider_width = 120.0;
    let response = ui.add(Slider::new(&mut view.cells, CELLS));
    response.widget_info(|| WidgetInfo::slider(true, view.cells as f64, "Cells along a side"));
    class_ui(ui, model, view);
    base_ui(ui, session, view, dimensions);
}

/// The numbers of the latent beside the axes.
fn base_ui(ui: &mut Ui, session: &Session, view: &mut LatentView, dimensions: &mut Dimensions) {
    ui.add_space(space::M);
    widgets::group_heading(ui, "The other dimensions");
    ui.horizontal_wrapped(|ui| {
        if ui.button("Middle").on_hover_text("All at 0, the middle of the prior").clicked() {
            view.base.fill(0.0);
        }
        let chosen = session.selection.cursor.and_then(|sample| session.latent.space.as_ref()?.mean(sample));
        let button = ui.add_enabled(chosen.is_some(), egui::Button::new("Selected sample"));
        let help = "Where the model puts the selected sample; the sheet is centred there";
        let button = button.on_hover_text(help).on_disabled_hover_text("Select a sample that was encoded");
        if let Some(mean) = chosen.filter(|_| button.clicked()) {
            view.base = mean.to_vec();
            view.centre = session.latent.plane().place(mean);
        }
    });
    let count = view.base.len();
    dimensions.page = dimensions.page.min(count.saturating_sub(1) / SLIDERS);
    if count > SLIDERS {
        page_ui(ui, count, dimensions);
    }
    let shown = match view.axes {
        Axes::Dimensions(axes) => axes.to_vec(),
        Axes::Principal(_) => Vec::new(),
    };
    let first = dimensions.page * SLIDERS;
    for (at, value) in view.base.iter_mut().enumerate().skip(first).take(SLIDERS) {
        let is_axis = shown.contains(&at);
        let response = dimension_ui(ui, at, value, is_axis);
        if dimensions.sought == Some(at) {
            dimensions.sought = None;
            response.scroll_to_me(Some(egui::Align::Center));
            response.request_focus();
        }
    }
}

/// Which of many dimensions have a slider: the next ones, or those around one by its number.
fn page_ui(ui: &mut Ui, count: usize, dimensions: &mut Dimensions) {
    let Dimensions { page, sought } = dimensions;
    let first = *page * SLIDERS;
    let last = (first + SLIDERS).min(count);
    ui.horizontal_wrapped(|ui| {
        let before = IconButton::new(icons::ICON_CHEVRON_LEFT, "Dimensions before these").enabled(*page > 0);
        if before.show(ui).clicked() {
            *page -= 1;
        }
        ui.label(widgets::dim(format!("{} to {last} of {count}", first + 1)));
        let after =
            IconButton::new(icons::ICON_CHEVRON_RIGHT, "Dimensions after these").enabled(last < count);
        if after.show(ui).clicked() {
            *page += 1;
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.label(widgets::dim("Go to"));
        // People count from one.
        let mut number = first + 1;
        let field = DragValue::new(&mut number).range(1..=count).speed(0.5).update_while_editing(false);
        let response = ui.add(field).accessible_name("Go to dimension");
        if response.on_hover_text("The number of a dimension").changed() {
            *page = (number - 1) / SLIDERS;
            *sought = Some(number - 1);
        }
    });
}

/// A dimension's number and its slider.
fn dimension_ui(ui: &mut Ui, at: usize, value: &mut f32, is_axis: bool) -> egui::Response {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(24.0, 18.0), Sense::hover());
        let font = egui::FontId::proportional(size::SMALL);
        let color = Tokens::of(ui).text_dim;
        let place = pos2(rect.right(), rect.center().y);
        ui.painter().text(place, egui::Align2::RIGHT_CENTER, format!("{}", at + 1), font, color);
        ui.spacing_mut().slider_width = 104.0;
        let slider = Slider::new(value, -4.0..=4.0).fixed_decimals(2).clamping(egui::SliderClamping::Edits);
        let response = ui.add_enabled(!is_axis, slider);
        let name = format!("Dimension {}", at + 1);
        response.widget_info(|| WidgetInfo::slider(!is_axis, f64::from(*value), &name));
        response.on_disabled_hover_text("This dimension is one of the axes")
    })
    .inner
}
