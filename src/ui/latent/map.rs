//! The samples as points: where the model puts them, what is at the pointer, and an outline that selects.

use std::sync::Arc;

use egui::{Color32, ComboBox, PointerButton, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};
use egui_material_icons::icons;

use super::axes::{aggregate_ui, axes_ui};
use super::{class_ui, picture_ui, thumbnail_ui, with_side};
use crate::analysis::scatter::Bounds;
use crate::dataset::SampleId;
use crate::dataset::columns::{ColumnKind, all_columns};
use crate::gpu::points::{self, View};
use crate::state::latent::{ColourBy, LatentView, Legend, MapFace, ModelRef, OpenModel, Slot};
use crate::state::{Action, JobId, SelectMode, Session};
use crate::text::{counted, grouped};
use crate::train::space::Space;
use crate::ui::Pencil;
use crate::ui::sheet::SheetTexture;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{self, Page};

/// How near the pointer has to be to a point, in points of the screen.
const REACH: f32 = 9.0;
/// Selected samples that are ringed at most.
const RINGED: usize = 2000;
/// Corners of an outline are so far apart at least, in points of the screen.
const CORNER: f32 = 4.0;

/// Drawing state of the map.
#[derive(Default)]
pub struct MapView {
    /// What is seen: the middle, and points of the screen to a unit. `None` shows all.
    seen: Option<([f32; 2], f32)>,
    /// The map that is seen so.
    of: Option<Arc<MapFace>>,
    /// The outline that is being drawn, in units of the map.
    outline: Vec<[f32; 2]>,
    pointer: SheetTexture,
}

/// Draws the map.
pub fn map_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    model: &OpenModel,
    view: &mut LatentView,
    map: &mut MapView,
) {
    let latent = &session.latent;
    let (Some(found), Some(face)) = (&latent.space, &latent.map) else {
        return waiting_ui(ui, pencil, session);
    };
    // Other axes are another map, of which all is shown again.
    if map.of.as_ref().is_none_or(|of| of.axes != face.axes || !Arc::ptr_eq(&of.scatter, &face.scatter)) {
        map.seen = None;
    }
    map.of = Some(face.clone());
    with_side(ui, "map", |ui| side_ui(ui, session, model, view, map, found, face));
    canvas_ui(ui, pencil, session, view, map, found, face);
}

/// Stands in the place of the map while the samples are encoded.
fn waiting_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let color = Tokens::of(ui).text_dim;
    let state = pencil.state;
    let job = state.jobs.iter().find(|job| job.id == JobId::Encode);
    let (title, text) = match job {
        Some(_) => ("Encoding the samples", "Each sample goes through the model, which says where it lies."),
        None if session.latent.space.is_some() => ("Drawing the map", ""),
        None => {
            ("The samples are not encoded", "It was stopped, or failed. Opening the model again goes on.")
        }
    };
    let page = Page { icon: icons::ICON_SCATTER_PLOT, color, title, text };
    widgets::page_ui(ui, &page, |ui| {
        if let Some(job) = job {
            let bar = egui::ProgressBar::new(job.progress.fraction().unwrap_or(0.0)).desired_height(5.0);
            ui.add(bar).accessible_name("Progress of encoding");
        } else if session.latent.space.is_none()
            && let Some(folder) = session.latent.model.as_ref().and_then(|model| model.folder.clone())
            && ui.button("Encode again").clicked()
        {
            pencil.act(Action::OpenModel { model: ModelRef::Folder(folder) });
        }
    });
}

fn side_ui(
    ui: &mut Ui,
    session: &Session,
    model: &OpenModel,
    view: &mut LatentView,
    map: &mut MapView,
    found: &Space,
    face: &MapFace,
) {
    axes_ui(ui, model, Some(found), view);
    ui.add_space(space::S);
    colour_ui(ui, session, view);
    legend_ui(ui, &face.legend);
    class_ui(ui, model, view);
    ui.add_space(space::M);
    widgets::group_heading(ui, "At the pointer");
    let side = 96.0;
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "What the model draws at the pointer"));
    picture_ui(ui, &mut map.pointer, session.latent.made(Slot::Pointer), 0, rect);
    ui.label(widgets::dim("decoded from the empty place"));
    aggregate_ui(ui, &found.aggregate);
}

/// The choice of what the points are coloured by.
fn colour_ui(ui: &mut Ui, session: &Session, view: &mut LatentView) {
    widgets::group_heading(ui, "Colour");
    let columns = all_columns(&session.snapshot);
    let title = |by: &ColourBy| match by {
        ColourBy::Class => "Class".to_owned(),
        ColourBy::Split => "Split".to_owned(),
        ColourBy::Column(name) => {
            let column = columns.iter().find(|column| column.name == *name);
            column.map_or_else(|| name.clone(), |column| column.title.clone().into_owned())
        }
    };
    let chosen = title(&view.colour);
    let combo =
        ComboBox::from_id_salt("colour by").width(180.0).height(360.0).selected_text(&chosen).truncate();
    let shown = combo.show_ui(ui, |ui| {
        let numbers = columns.iter().filter(|column| column.kind == ColumnKind::Number);
        let by_column = numbers.map(|column| ColourBy::Column(column.name.clone().into_owned()));
        for by in [ColourBy::Class, ColourBy::Split].into_iter().chain(by_column) {
            let text = title(&by);
            ui.selectable_value(&mut view.colour, by, text);
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Colour: {chosen}")));
}

fn legend_ui(ui: &mut Ui, legend: &Legend) {
    let tokens = Tokens::of(ui);
    match legend {
        Legend::Names { names, more } => {
            for (name, [red, green, blue, _]) in names {
                ui.horizontal(|ui| {
                    let (rect, _) = ui.allocate_exact_size(Vec2::splat(10.0), Sense::hover());
                    ui.painter().circle_filled(rect.center(), 4.5, Color32::from_rgb(*red, *green, *blue));
                    ui.add(egui::Label::new(widgets::dim(name)).truncate());
                });
            }
            if *more > 0 {
                ui.label(widgets::dim(format!("and {} more", grouped(*more as u64))));
            }
        }
        Legend::Scale { low, high, .. } => {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 10.0), Sense::hover());
            response.widget_info(|| {
                WidgetInfo::labeled(Role::Image, true, format!("From {low:.3} to {high:.3}"))
            });
            const PARTS: usize = 48;
            for at in 0..PARTS {
                let x = |at: usize| rect.left() + rect.width() * at as f32 / PARTS as f32;
                let part = Rect::from_x_y_ranges(x(at)..=x(at + 1), rect.y_range());
                ui.painter().rect_filled(part, 0.0, tokens.scale(at as f32 / (PARTS - 1) as f32));
            }
            ui.horizontal(|ui| {
                ui.label(widgets::dim(format!("{low:.3}")));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.label(widgets::dim(format!("{high:.3}")));
                });
            });
        }
    }
}

/// The points, and what a pointer does to them.
fn canvas_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    view: &mut LatentView,
    map: &mut MapView,
    found: &Space,
    face: &MapFace,
) {
    let tokens = Tokens::of(ui);
    let rect = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(rect);
    let response = ui.interact(rect, ui.scope_id().with("map"), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| {
        let name = format!("Map of {}", counted(found.samples.len() as u64, "sample"));
        WidgetInfo::labeled(Role::Image, true, name)
    });
    let seen = seen_input(ui, &response, rect, map, face.scatter.bounds());
    let count = found.samples.len();
    let radius = match count {
        ..2_000 => 3.5,
        2_000..20_000 => 2.5,
        20_000..200_000 => 1.8,
        _ => 1.2,
    };
    let drawn = View {
        center: seen.0,
        scale: vec2(seen.1, -seen.1),
        radius_px: radius * ui.ctx().pixels_per_point(),
    };
    let painter = ui.painter_at(rect);
    prior_ui(&painter, rect, &drawn, face, view, tokens);
    points::paint(&painter, rect, &face.points, drawn);
    for sample in session.selection.iter().take(RINGED) {
        if let Some(row) = found.row_of(sample) {
            let at = drawn.screen_from_cloud(rect, face.scatter.points()[row]);
            painter.circle_stroke(at, radius + 2.0, Stroke::new(1.5, tokens.text));
        }
    }

    let pointer = response.hover_pos().filter(|_| map.outline.is_empty());
    let place = pointer.map(|at| drawn.cloud_from_screen(rect, at));
    let pointed = place.and_then(|place| face.scatter.nearest(place, REACH / seen.1));
    let pointed = pointed.and_then(|row| Some((row, *found.samples.get(row as usize)?)));
    // What the filter leaves out steps back, and is nothing to point at.
    let pointed = pointed.filter(|(_, sample)| session.shown.found.rows.mask().contains(*sample as usize));
    // What is under a sample is known: the empty places are decoded.
    view.pointed = if pointed.is_some() { view.pointed } else { place.or(view.pointed) };
    outline_ui(ui, pencil, &response, rect, map, &drawn);
    if let Some((row, sample)) = pointed {
        let at = drawn.screen_from_cloud(rect, face.scatter.points()[row as usize]);
        painter.circle_stroke(at, radius + 3.0, Stroke::new(2.0, tokens.accent));
        if response.clicked() {
            let modifiers = ui.input(|input| input.modifiers);
            let mode = if modifiers.command { SelectMode::Toggle } else { SelectMode::Replace };
            pencil.act(Action::SelectSamples { samples: vec![sample], mode });
        }
        response.on_hover_ui_at_pointer(|ui| sample_ui(ui, pencil, session, sample));
    }
    hint_ui(&painter, rect, (face.points.len(), count), tokens);
}

/// What is seen after wheel and drags: the middle and points of the screen to a unit.
fn seen_input(
    ui: &Ui,
    response: &egui::Response,
    rect: Rect,
    map: &mut MapView,
    bounds: Bounds,
) -> ([f32; 2], f32) {
    let all = || {
        let [width, height] = bounds.size();
        let room = |points: f32, units: f32| 0.9 * points / units.max(1e-6);
        (bounds.centre(), room(rect.width(), width).min(room(rect.height(), height)))
    };
    if response.double_clicked() {
        map.seen = None;
    }
    let (mut centre, mut scale) = map.seen.unwrap_or_else(all);
    let is_panned = [PointerButton::Secondary, PointerButton::Middle].map(|it| response.dragged_by(it));
    let is_panned = is_panned.contains(&true) || response.dragged() && ui.input(|input| input.modifiers.alt);
    if is_panned {
        let delta = response.drag_delta();
        centre = [centre[0] - delta.x / scale, centre[1] + delta.y / scale];
        map.seen = Some((centre, scale));
    }
    if let Some(at) = response.hover_pos() {
        let wheel = ui.input(|input| input.smooth_scroll_delta().y + (input.zoom_delta() - 1.0) * 200.0);
        if wheel != 0.0 {
            let before = [(at.x - rect.center().x) / scale, (rect.center().y - at.y) / scale];
            let widest = all().1;
            let new = (scale * (wheel / 200.0).exp()).clamp(widest * 0.2, widest * 2000.0);
            let after = before.map(|one| one * scale / new);
            centre = [centre[0] + before[0] - after[0], centre[1] + before[1] - after[1]];
            scale = new;
            map.seen = Some((centre, scale));
        }
    }
    (centre, scale)
}

/// Rings of the prior: one, two and three deviations around its middle.
fn prior_ui(
    painter: &egui::Painter,
    rect: Rect,
    drawn: &View,
    face: &MapFace,
    view: &LatentView,
    tokens: &Tokens,
) {
    let zero = vec![0.0; view.base.len()];
    let middle = drawn.screen_from_cloud(rect, face.plane.place(&zero));
    for deviations in 1..=3u8 {
        let radius = f32::from(deviations) * drawn.scale.x;
        painter.circle_stroke(middle, radius, Stroke::new(1.0, tokens.line));
    }
    painter.circle_filled(middle, 2.0, tokens.text_dim);
}

/// An outline that is drawn, and what it selects once it is done.
fn outline_ui(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    response: &egui::Response,
    rect: Rect,
    map: &mut MapView,
    drawn: &View,
) {
    let tokens = Tokens::of(ui);
    let modifiers = ui.input(|input| input.modifiers);
    if response.drag_started_by(PointerButton::Primary) && !modifiers.alt {
        map.outline.clear();
        let origin = ui.input(|input| input.pointer.press_origin());
        map.outline.extend(origin.map(|at| drawn.cloud_from_screen(rect, at)));
    }
    if map.outline.is_empty() {
        return;
    }
    if response.dragged_by(PointerButton::Primary)
        && let Some(at) = response.interact_pointer_pos()
    {
        let last = map.outline.last().map(|place| drawn.screen_from_cloud(rect, *place));
        if last.is_none_or(|last| last.distance(at) >= CORNER) {
            map.outline.push(drawn.cloud_from_screen(rect, at));
        }
    }
    let corners: Vec<Pos2> = map.outline.iter().map(|place| drawn.screen_from_cloud(rect, *place)).collect();
    let painter = ui.painter_at(rect);
    painter.add(egui::Shape::closed_line(corners, Stroke::new(1.5, tokens.accent)));
    if response.drag_stopped_by(PointerButton::Primary) {
        let outline = std::mem::take(&mut map.outline);
        let mode =
            if modifiers.command || modifiers.shift { SelectMode::AddRange } else { SelectMode::Range };
        pencil.act(Action::SelectWithin { outline, mode });
    }
}

/// A sample at the pointer.
fn sample_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, sample: SampleId) {
    let dataset = session.dataset();
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(112.0), Sense::hover());
    thumbnail_ui(ui, pencil, sample, rect);
    ui.label(dataset.path(sample));
    let mut parts: Vec<String> = session.snapshot.labels().names(sample).map(str::to_owned).collect();
    parts.extend(dataset.split(sample).map(str::to_owned));
    let columns = all_columns(&session.snapshot);
    for column in columns.iter().filter(|column| column.name.starts_with("model.")) {
        if let Some(number) = column.number(&session.snapshot, sample) {
            parts.push(format!("{} {number:.3}", column.title.to_lowercase()));
        }
    }
    if !parts.is_empty() {
        ui.label(widgets::dim(parts.join(" · ")));
    }
}

fn hint_ui(painter: &egui::Painter, rect: Rect, (drawn, all): (usize, usize), tokens: &Tokens) {
    let font = egui::FontId::proportional(size::SMALL);
    let mut text =
        "Drag around samples to select them · wheel zooms · right drag moves · double click shows all"
            .to_owned();
    if drawn < all {
        // The processor draws.
        text = format!("{} of {} points are drawn · {text}", grouped(drawn as u64), grouped(all as u64));
    }
    let galley = widgets::elided(painter, &text, tokens.text_dim, font, rect.width() - 2.0 * space::M);
    let at = rect.left_bottom() + vec2(space::M, -space::S - galley.size().y);
    painter.galley(at, galley, tokens.text_dim);
}
