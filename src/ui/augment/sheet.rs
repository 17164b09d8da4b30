//! Samples beside their variants.

use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, Context, DragValue, FontId, Painter, Pos2, Rect, RichText, Role, ScrollArea,
    Sense, Shape, Slider, TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;

use super::large::large_ui;
use super::padded;
use super::params::title_of;
use crate::augment::param::Unit;
use crate::augment::pipeline::What;
use crate::augment::table::Taken;
use crate::dataset::edit::PipelineSlot;
use crate::dataset::query::Snapshot;
use crate::gpu::mosaic::Mosaic;
use crate::pipeline::drift::{FAR, SAFE};
use crate::state::Session;
use crate::state::augment::{AugmentView, CELLS, Drawn, DriftFace, From, SAMPLES, Show, Shown, VARIANTS};
use crate::text::{grouped, significant};
use crate::train::device::Choice;
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{self, Page};

/// Between cells, in points.
const GAP: f32 = 4.0;
/// Height of the line over the columns, and of the one that tells the drift.
const HEAD: f32 = 18.0;
const LINE: f32 = 26.0;

/// Drawing state of the sheet.
#[derive(Default)]
pub struct SheetPane {
    textures: Vec<Held>,
    /// Of the cell that is open large.
    pub open: Held,
}

/// What a cell shows, as it is drawn.
pub type Held = Option<Picture>;

/// A drawn cell, with the texture of its pixels where they are not on the graphics device already.
#[derive(Clone)]
pub struct Picture {
    drawn: Arc<Drawn>,
    texture: Option<TextureHandle>,
}

impl SheetPane {
    /// Lets go of all pictures: nothing of the sheet is on screen.
    pub fn rest(&mut self) {
        (self.textures, self.open) = (Vec::new(), None);
    }

    /// The sample as it is, for a cell of the sheet.
    pub fn original(&mut self, ctx: &Context, session: &Session, at: usize) -> Option<Picture> {
        let sheet = &session.augment.sheet;
        let first = sheet.cells.get(at)?.original?;
        let drawn = sheet.drawn.get(first)?.as_ref().filter(|drawn| drawn.problem.is_none())?;
        Some(picture_of(ctx, self.textures.get_mut(first)?, drawn))
    }
}

/// Draws the sheet, or the cell that is open.
pub fn sheet_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    view: &mut AugmentView,
    pane: &mut SheetPane,
) {
    egui::Panel::top("sheet bar").frame(padded().fill(Tokens::of(ui).panel)).show(ui, |ui| {
        bar_ui(ui, session, view);
    });
    let sheet = &session.augment.sheet;
    if let Some(open) = view.open.filter(|open| *open < sheet.cells.len()) {
        return large_ui(ui, pencil, session, view, open, pane);
    }
    if sheet.cells.is_empty() {
        let page = Page {
            icon: icons::ICON_AUTO_FIX_HIGH,
            color: Tokens::of(ui).text_dim,
            title: "No samples to show",
            text: match view.from {
                From::Selection => "Select samples in the grid to see what the pipeline does to them.",
                From::Draw => "No sample fits the filter.",
            },
        };
        return widgets::page_ui(ui, &page, |_| ());
    }
    cells_ui(ui, session, view, pane);
}

fn bar_ui(ui: &mut Ui, session: &Session, view: &mut AugmentView) {
    ui.horizontal_wrapped(|ui| {
        let is_compared = view.show == Show::Compare;
        if widgets::chip(ui, view.show == Show::Variants, "Variants").clicked() {
            view.show = Show::Variants;
        }
        let chip = widgets::chip(ui, is_compared, "A beside B");
        if chip.on_hover_text("The same luck by either pipeline, one above the other").clicked() {
            view.show = Show::Compare;
        }
        if let Some(text) = sweep_text(session, view)
            && widgets::chip(ui, true, &text).on_hover_text("Back to variants").clicked()
        {
            view.show = Show::Variants;
        }
        ui.add_space(space::S);
        for (from, title, help) in [
            (From::Draw, "Of every class", "Samples of every class of the view, drawn by lot"),
            (From::Selection, "Selection", "The samples that are selected"),
        ] {
            if widgets::chip(ui, view.from == from, title).on_hover_text(help).clicked() {
                view.from = from;
            }
        }
        if view.from == From::Draw
            && widgets::icon_button(ui, icons::ICON_SHUFFLE, "Draw other samples").clicked()
        {
            view.draw += 1;
        }
        ui.add_space(space::S);
        let field = DragValue::new(&mut view.samples).range(SAMPLES).speed(0.05).suffix(" samples");
        ui.add(field.update_while_editing(false)).accessible_name("Samples on the sheet");
        if matches!(view.show, Show::Variants | Show::Compare) {
            let field = DragValue::new(&mut view.variants).range(VARIANTS).speed(0.05).suffix(" variants");
            ui.add(field.update_while_editing(false)).accessible_name("Variants of each sample");
        }
        if widgets::icon_button(ui, icons::ICON_CASINO, "Other luck: new variants").clicked() {
            view.seed = view.seed.wrapping_add(1);
        }
        let field = DragValue::new(&mut view.seed).speed(0.05).prefix("seed ");
        ui.add(field.update_while_editing(false)).accessible_name("Seed");
        ui.spacing_mut().slider_width = 80.0;
        let slider = ui.add(Slider::new(&mut view.cell, CELLS).show_value(false));
        slider.widget_info(|| WidgetInfo::slider(true, f64::from(view.cell), "Size of cells"));
        device_ui(ui, session, view);
    });
    // A line of its own, so that nothing moves when it says something else.
    let sheet = &session.augment.sheet;
    ui.allocate_ui(vec2(ui.available_width(), LINE), |ui| match sheet.drift() {
        Some(drift) => drift_ui(ui, &drift),
        None if !sheet.is_current => drop(ui.label(widgets::dim("Drawing…"))),
        None => drop(ui.label(widgets::dim("Drift is measured once samples of the classes have been seen."))),
    });
}

/// What makes the variants, as a menu.
fn device_ui(ui: &mut Ui, session: &Session, view: &mut AugmentView) {
    let device = session.augment.sheet.device.as_deref();
    let menu = ui.menu_button(if device.is_some() { "GPU" } else { "CPU" }, |ui| {
        for (choice, title) in [
            (Choice::Auto, "The faster one"),
            (Choice::Gpu, "Graphics device"),
            (Choice::Cpu, "Processor, as exports"),
        ] {
            if ui.radio_value(&mut view.device, choice, title).clicked() {
                ui.close();
            }
        }
    });
    let text = match device {
        Some(name) => format!("Variants are made by {name}."),
        None if view.device == Choice::Gpu => {
            "There is no graphics device that can make variants: the processor makes them.".to_owned()
        }
        None => "Variants are made by the processor.".to_owned(),
    };
    menu.response.accessible_name("What makes variants").on_hover_text(text);
}

/// How far the variants drifted, as a bar and in words.
fn drift_ui(ui: &mut Ui, drift: &DriftFace) {
    let tokens = Tokens::of(ui);
    let text = format!("Drift {:.2}, at most {:.2}", drift.middle, drift.most);
    ui.horizontal(|ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(120.0, 10.0), Sense::hover());
        let at = |drift: f32| rect.left() + rect.width() * (drift / METER).min(1.0);
        let painter = ui.painter();
        painter.rect_filled(rect, 3.0, tokens.raised);
        let color = drift_color(tokens, drift.middle);
        painter.rect_filled(Rect::from_min_max(rect.min, pos2(at(drift.middle), rect.bottom())), 3.0, color);
        painter.vline(at(drift.most), rect.y_range(), (1.5, drift_color(tokens, drift.most)));
        painter.vline(at(FAR), rect.y_range(), (1.0, tokens.text_dim));
        response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, &text));
        response.on_hover_text(
            "How far the variants are from their samples, by what they look like: the middle one, and the \
             farthest. At the mark a variant is as far as the nearest sample of another class.",
        );
        ui.label(widgets::dim(&text));
        if drift.failing > 0 {
            let fails = format!("{} of {} fail a quality check", drift.failing, drift.variants);
            ui.label(RichText::new(fails).small().color(tokens.warn));
        }
    });
}

/// The drift at the end of the bar.
const METER: f32 = 2.0;

fn drift_color(tokens: &Tokens, drift: f32) -> Color32 {
    match drift {
        drift if drift <= SAFE => tokens.ok,
        drift if drift <= FAR => tokens.warn,
        _ => tokens.error,
    }
}

/// What is swept, where something is.
fn sweep_text(session: &Session, view: &AugmentView) -> Option<String> {
    let param = |(step, param): (u32, usize)| {
        let What::Operation(settings) = &session.augment.current().step(step)?.what else { return None };
        let name = settings.operation.params.get(param)?.name;
        Some(format!("{}, {}", settings.operation.title, title_of(name).to_lowercase()))
    };
    match view.show {
        Show::Sweep { step, param: at } => param((step, at)).map(|text| format!("{text}  ×")),
        Show::Plane { across, down } => Some(format!("{} by {}  ×", param(across)?, param(down)?)),
        _ => None,
    }
}

fn cells_ui(ui: &mut Ui, session: &Session, view: &mut AugmentView, pane: &mut SheetPane) {
    let sheet = &session.augment.sheet;
    let (rows, columns) = (sheet.rows, sheet.columns);
    pane.textures.resize(sheet.cells.len(), None);
    // Also of cells that are out of sight: a tile keeps the memory of its whole sheet.
    for (held, drawn) in pane.textures.iter_mut().zip(&sheet.drawn) {
        let is_old = |held: &mut Picture| {
            held.texture.is_none() && !drawn.as_ref().is_some_and(|drawn| Arc::ptr_eq(drawn, &held.drawn))
        };
        held.take_if(is_old);
    }
    pane.open = None;
    let pitch = view.cell + GAP;
    ScrollArea::both().id_salt("variants").auto_shrink(false).show(ui, |ui| {
        let whole =
            vec2(columns as f32 * pitch + 2.0 * space::M, rows as f32 * pitch + HEAD + 2.0 * space::S);
        let (rect, _) = ui.allocate_exact_size(whole.max(ui.available_size()), Sense::hover());
        let origin = rect.min + vec2(space::M, space::S);
        heads_ui(ui, session, view, origin, pitch, columns);
        // Pictures on the graphics device are drawn together, below all that is drawn over them.
        let (below, mut mosaic) = (ui.painter().add(Shape::Noop), Mosaic::default());
        for (at, cell) in sheet.cells.iter().enumerate() {
            let corner = origin + vec2(cell.column as f32 * pitch, HEAD + cell.row as f32 * pitch);
            let rect = Rect::from_min_size(corner, Vec2::splat(view.cell));
            let id = ui.scope_id().with(("cell", at));
            if !ui.is_rect_visible(rect) {
                continue;
            }
            let response = ui.interact(rect, id, Sense::click());
            let path = session.dataset().path(cell.sample);
            let name = match (cell.variant, view.show) {
                (None, _) => format!("{path}, as it is"),
                (Some(number), Show::Compare) => {
                    format!("{path}, variant {} by {}", number + 1, cell.slot.title())
                }
                (Some(number), Show::Variants) => format!("{path}, variant {}", number + 1),
                (Some(_), _) => {
                    let values: Vec<String> =
                        cell.changes.iter().map(|(.., value)| significant(*value)).collect();
                    format!("{path} at {}", values.join(" and "))
                }
            };
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
            let drawn = sheet.drawn[at].as_ref();
            let Some(drawn) = drawn else {
                ui.painter().rect_filled(rect, 3.0, Tokens::of(ui).raised);
                continue;
            };
            if let Some(problem) = &drawn.problem {
                problem_ui(ui, rect, problem);
                response.on_hover_text(problem);
                continue;
            }
            let picture = picture_of(ui.ctx(), &mut pane.textures[at], drawn);
            let original = pane.original(ui.ctx(), session, at);
            let painter = ui.painter_at(rect);
            let wiped = original.as_ref().zip(response.hover_pos());
            picture.paint(&painter, &mut mosaic, rect, wiped.map(|(before, pointer)| (before, pointer.x)));
            if wiped.is_none() {
                marks_ui(ui, &painter, &session.snapshot, fitted(rect, drawn), drawn);
            }
            if cell.variant.is_some_and(|number| view.pinned.contains(&(cell.sample, number))) {
                let color = Tokens::of(ui).accent;
                ui.painter().circle_filled(rect.right_top() + vec2(-8.0, 8.0), 4.0, color);
            }
            if drawn.drift.is_some_and(|drift| drift > FAR) || !drawn.fails.is_empty() {
                let color = Tokens::of(ui).warn;
                ui.painter().circle_filled(rect.left_top() + vec2(8.0, 8.0), 4.0, color);
            }
            if response.hovered() {
                let color = Tokens::of(ui).accent;
                ui.painter().rect_stroke(rect, 3.0, (1.0, color), egui::StrokeKind::Outside);
            }
            if response.clicked() {
                view.open = Some(at);
            }
            response.on_hover_ui(|ui| hover_ui(ui, &name, drawn));
        }
        ui.painter().set(below, mosaic.shape());
    });
}

/// What stands over the columns.
fn heads_ui(ui: &Ui, session: &Session, view: &AugmentView, origin: Pos2, pitch: f32, columns: usize) {
    let color = Tokens::of(ui).text_dim;
    let text_at = |column: usize, text: &str| {
        let at = origin + vec2(column as f32 * pitch + view.cell / 2.0, HEAD / 2.0 - 2.0);
        ui.painter().text(at, Align2::CENTER_CENTER, text, FontId::proportional(size::SMALL), color);
    };
    match view.show {
        Show::Variants | Show::Compare => {
            text_at(0, "as it is");
            (1..columns).for_each(|column| text_at(column, &column.to_string()));
        }
        Show::Sweep { step, param } | Show::Plane { across: (step, param), .. } => {
            let is_plane = matches!(view.show, Show::Plane { .. });
            if !is_plane {
                text_at(0, "as it is");
            }
            let values = session.augment.values_of(step, param).unwrap_or_default();
            for (at, value) in values.iter().enumerate() {
                text_at(at + usize::from(!is_plane), &value_text(session, step, param, *value));
            }
        }
    }
}

fn value_text(session: &Session, step: u32, param: usize, value: f64) -> String {
    let unit = match session.augment.current().step(step).map(|step| &step.what) {
        Some(What::Operation(settings)) => settings.operation.params.get(param).map(|param| param.unit),
        _ => None,
    };
    let text = if value.fract() == 0.0 { format!("{value:.0}") } else { significant(value) };
    format!("{text}{}", unit.unwrap_or(Unit::Plain).sign().trim_end_matches(" / 255"))
}

/// What was done to a variant, under the pointer.
fn hover_ui(ui: &mut Ui, name: &str, drawn: &Drawn) {
    ui.label(name);
    let [width, height] = drawn.size;
    let mut text = format!("{} × {} px", grouped(width.into()), grouped(height.into()));
    if drawn.is_coarse {
        text.push_str(", drawn coarsely");
    }
    ui.label(widgets::dim(text));
    done_ui(ui, drawn);
    ui.label(widgets::dim("Left of the pointer it is as it was. Click for more."));
}

/// Numbers, and places, of a list that are shown; an export has all of them.
const LISTED: usize = 6;

/// What a variant took, of a length that can be looked at.
fn taken_text(taken: &Taken) -> String {
    match taken {
        Taken::Numbers(numbers) if numbers.len() > LISTED => {
            format!("{} and {} more", Taken::Numbers(numbers[..LISTED].to_vec()), numbers.len() - LISTED)
        }
        Taken::Places(places) if places.len() > LISTED => {
            format!("{} and {} more", Taken::Places(places[..LISTED].to_vec()), places.len() - LISTED)
        }
        taken => taken.to_string(),
    }
}

/// The steps that were done with their numbers.
pub fn done_ui(ui: &mut Ui, drawn: &Drawn) {
    let color = Tokens::of(ui).text_dim;
    if drawn.done.is_empty() {
        ui.label(RichText::new("Nothing was done.").color(color));
    }
    for done in &drawn.done {
        let number = |(name, taken): &(&str, Taken)| {
            format!("{} {}", title_of(name).to_lowercase(), taken_text(taken))
        };
        let numbers: Vec<String> = done.taken.iter().map(number).collect();
        ui.horizontal_wrapped(|ui| {
            ui.label(done.operation.title);
            ui.label(RichText::new(numbers.join(", ")).color(color));
        });
    }
    if let Some(drift) = drawn.drift {
        let color = drift_color(Tokens::of(ui), drift);
        ui.label(RichText::new(format!("Drift {drift:.2} of the distance between classes")).color(color));
    }
    if !drawn.fails.is_empty() {
        let names: Vec<&str> = drawn.fails.iter().map(|check| check.name()).collect();
        let text = format!("Fails the check {}", names.join(", "));
        ui.label(RichText::new(text).color(Tokens::of(ui).warn));
    }
    if drawn.lost_boxes > 0 {
        let text = match drawn.lost_boxes {
            1 => "1 box is no longer in it.".to_owned(),
            lost => format!("{lost} boxes are no longer in it."),
        };
        ui.label(RichText::new(text).color(color));
    }
}

fn problem_ui(ui: &Ui, rect: Rect, problem: &str) {
    let tokens = Tokens::of(ui);
    ui.painter().rect_filled(rect, 3.0, tokens.raised);
    let font = FontId::proportional(size::SMALL);
    let galley = ui.painter().layout(problem.to_owned(), font, tokens.error, rect.width() - 8.0);
    ui.painter_at(rect).galley(rect.min + vec2(4.0, 4.0), galley, tokens.error);
}

/// What a cell shows: its texture is made anew when the cell was drawn anew.
pub fn picture_of(ctx: &Context, held: &mut Held, drawn: &Arc<Drawn>) -> Picture {
    if let Some(known) = held
        && Arc::ptr_eq(&known.drawn, drawn)
    {
        return known.clone();
    }
    let before = held.take().and_then(|picture| picture.texture);
    let texture = match &drawn.picture {
        Shown::Pixels { width, height, rgba } => {
            let image = ColorImage::from_rgba_unmultiplied([*width, *height], rgba);
            // Few pixels that are enlarged stay squares.
            let options =
                TextureOptions { magnification: egui::TextureFilter::Nearest, ..TextureOptions::LINEAR };
            Some(match before {
                Some(mut texture) => {
                    texture.set(image, options);
                    texture
                }
                None => ctx.load_texture("a variant", image, options),
            })
        }
        Shown::Tile(_) | Shown::Nothing => None,
    };
    let picture = Picture { drawn: drawn.clone(), texture };
    *held = Some(picture.clone());
    picture
}

/// Where a picture lies in a rectangle: whole, in its middle.
pub fn fitted(rect: Rect, drawn: &Drawn) -> Rect {
    let [width, height] = drawn.picture.size();
    let size = vec2(width as f32, height as f32);
    if size.x <= 0.0 || size.y <= 0.0 {
        return rect;
    }
    let scale = (rect.width() / size.x).min(rect.height() / size.y);
    Align2::CENTER_CENTER.align_size_within_rect(size * scale, rect)
}

const WHOLE: Rect = Rect { min: Pos2::ZERO, max: pos2(1.0, 1.0) };

impl Picture {
    /// Draws it in a rectangle, and left of `x` the other picture.
    pub fn paint(&self, painter: &Painter, mosaic: &mut Mosaic, rect: Rect, wiped: Option<(&Self, f32)>) {
        let Some((before, x)) = wiped else { return self.paint_all(painter, mosaic, rect) };
        let left = Rect::from_min_max(rect.min, pos2(x, rect.bottom()));
        let right = Rect::from_min_max(pos2(x, rect.top()), rect.max);
        for (picture, part) in [(before, left), (self, right)] {
            picture.paint_all(&painter.with_clip_rect(part.intersect(painter.clip_rect())), mosaic, rect);
        }
        painter.vline(x, rect.y_range(), (1.0, Color32::WHITE));
    }

    fn paint_all(&self, painter: &Painter, mosaic: &mut Mosaic, rect: Rect) {
        let fitted = fitted(rect, &self.drawn);
        if let Some(texture) = &self.texture {
            painter.image(texture.id(), fitted, WHOLE, Color32::WHITE);
        } else if let Shown::Tile(tile) = &self.drawn.picture {
            mosaic.add(tile, fitted, painter.clip_rect());
        }
    }
}

/// Draws the boxes and key points of a variant over its picture.
pub fn marks_ui(ui: &Ui, painter: &Painter, snapshot: &Snapshot, picture: Rect, drawn: &Drawn) {
    let tokens = Tokens::of(ui);
    for (class, [left, top, width, height]) in &drawn.boxes {
        let corner = picture.min + vec2(left * picture.width(), top * picture.height());
        let size = vec2(width * picture.width(), height * picture.height());
        let rect = Rect::from_min_size(corner, size);
        painter.rect_stroke(rect, 0.0, (1.5, tokens.class_of(snapshot, *class)), egui::StrokeKind::Inside);
    }
    for [x, y] in &drawn.points {
        widgets::point(painter, picture.min + vec2(x * picture.width(), y * picture.height()), 2.0);
    }
}

/// The pipeline that a cell is of, where there are two on the sheet.
pub fn slot_text(view: &AugmentView, slot: PipelineSlot) -> String {
    if view.show == Show::Compare { format!(" by pipeline {}", slot.title()) } else { String::new() }
}
