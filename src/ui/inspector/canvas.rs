//! The image itself: fitting, zooming about the pointer, panning, and choosing the textures to draw.

use egui::{
    Align, Align2, Color32, EventFilter, FontId, Key, Layout, Modifiers, PointerButton, Pos2, Rect, Response,
    RichText, Role, Sense, TextureHandle, TextureOptions, Ui, UiBuilder, Vec2, WidgetInfo,
};
use egui_material_icons::icons::*;

use super::boxes::{self, BoxesView, Stage};
use super::{overlay, rect_of_size};
use crate::dataset::SampleId;
use crate::state::{Command, Session};
use crate::text::grouped;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{self, IconButton, Page};
use crate::ui::{Full, FullPicture, Pencil};

/// Height of the bar under the image, in points.
pub(super) const TOOLBAR: f32 = 36.0;

/// Space around a fitted image, in points.
const MARGIN: f32 = 8.0;
/// Most screen pixels per image pixel.
const MAX_ZOOM: f32 = 256.0;
/// A fitted image is not enlarged more than this.
const MAX_FIT: f32 = 64.0;
/// What one press of a zoom button or key multiplies by.
const STEP: f32 = 1.5;
/// The part of the frame that a key moves the image by.
const PAN: f32 = 0.12;
/// Points that a wheel turns for a zoom by e.
const WHEEL: f32 = 240.0;
/// Points beyond its edge that a large image can be dragged.
const SLACK: f32 = 48.0;
/// Below this zoom the reduced images are looked through, in screen pixels per image pixel.
const REDUCED_BELOW: f32 = 0.5;
/// Seconds before an image that is on its way gets a spinner.
const PATIENCE: f64 = 0.25;
/// Edge of the thumbnail that stands in for an image on its way, in screen pixels.
const STAND_IN: u32 = 256;
/// Points per square of the checkerboard.
const CHECKER: f32 = 8.0;

/// How the image stands in its frame.
#[derive(Default)]
pub(in crate::ui) struct Canvas {
    zoom: Zoom,
    /// The image point in the middle of the frame, in image pixels.
    center: Pos2,
    /// Screen pixels per image pixel, as last drawn.
    drawn_zoom: f32,
    /// Size of the image that was last drawn, in pixels.
    drawn_size: Option<[u32; 2]>,
    boxes_hidden: bool,
    /// How boxes are edited on it.
    pub(super) boxes: BoxesView,
    /// Since when which sample is awaited, in seconds of the interface's clock.
    awaited: Option<(SampleId, f64)>,
    checker: Option<TextureHandle>,
}

/// How large the image is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Zoom {
    #[default]
    Fit,
    /// Screen pixels per image pixel.
    Scale(f32),
}

/// What a person edits on the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edits {
    Nothing,
    Boxes,
}

/// Where the image lies on the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placement {
    /// The whole image, in points.
    pub image: Rect,
    /// Points per image pixel.
    pub scale: f32,
    /// Screen pixels per image pixel.
    pub zoom: f32,
    /// What is seen of it, in points.
    pub frame: Rect,
}

impl Placement {
    pub fn screen_from_image(&self, at: Pos2) -> Pos2 {
        self.image.min + at.to_vec2() * self.scale
    }

    pub fn image_from_screen(&self, at: Pos2) -> Pos2 {
        ((at - self.image.min) / self.scale).to_pos2()
    }

    pub fn screen_rect(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.screen_from_image(rect.min), self.screen_from_image(rect.max))
    }

    /// The image pixels that are seen, whole ones, within an image of that size.
    pub fn seen(&self, width: u32, height: u32) -> [std::ops::Range<u32>; 2] {
        let seen = self.frame.intersect(self.image);
        let (min, max) = (self.image_from_screen(seen.min), self.image_from_screen(seen.max));
        let range = |from: f32, to: f32, end: u32| {
            let from = (from.floor().max(0.0) as u32).min(end);
            from..(to.ceil().max(0.0) as u32).clamp(from, end)
        };
        [range(min.x, max.x, width), range(min.y, max.y, height)]
    }
}

impl Canvas {
    pub fn fit(&mut self) {
        self.zoom = Zoom::Fit;
    }

    pub fn actual_size(&mut self) {
        self.zoom = Zoom::Scale(1.0);
    }

    pub fn zoom(&self) -> f32 {
        self.drawn_zoom
    }

    pub fn center(&self) -> Pos2 {
        self.center
    }

    /// Takes the keys of the boxes that are edited on it, where those had the focus in the last frame.
    pub fn take_box_keys(&mut self, ui: &Ui, session: &Session) {
        self.boxes.take_keys(ui, session);
    }

    /// Enlarges by [`STEP`]s about the middle of the frame; reduces by negative ones.
    pub fn zoom_by(&mut self, steps: i32) {
        // The center stays. What is too small for the frame is clamped when it is drawn.
        self.zoom = Zoom::Scale((self.drawn_zoom * STEP.powi(steps)).min(MAX_ZOOM));
    }

    /// Another size of image starts fitted; one of the same size stays where the last one was, so
    /// that two can be compared.
    fn meet(&mut self, [width, height]: [u32; 2]) {
        if self.drawn_size != Some([width, height]) {
            self.drawn_size = Some([width, height]);
            self.zoom = Zoom::Fit;
            self.center = rect_of_size(width, height).center();
        }
    }

    /// Screen pixels per image pixel in a frame, for an image of that size.
    fn zoom_in(&self, frame: Rect, image: Vec2, pixels_per_point: f32) -> f32 {
        let fit = fit_zoom(frame, image, pixels_per_point);
        match self.zoom {
            Zoom::Fit => fit,
            Zoom::Scale(zoom) => zoom.clamp(fit.min(1.0), MAX_ZOOM),
        }
    }

    /// Where the image lies, with the center moved so that it fills the frame as well as it can.
    fn place(&mut self, frame: Rect, [width, height]: [u32; 2], pixels_per_point: f32) -> Placement {
        let image = Vec2::new(width as f32, height as f32);
        let zoom = self.zoom_in(frame, image, pixels_per_point);
        let scale = zoom / pixels_per_point;
        for axis in 0..2 {
            let half = frame.size()[axis] / scale / 2.0;
            let (low, high) = (half - SLACK / scale, image[axis] - half + SLACK / scale);
            let fits = image[axis] <= 2.0 * half;
            self.center[axis] =
                if fits || low > high { image[axis] / 2.0 } else { self.center[axis].clamp(low, high) };
        }
        self.drawn_zoom = zoom;
        let min = frame.center() - self.center.to_vec2() * scale;
        // On whole screen pixels, or an image at its own size would be blurred.
        let min = ((min.to_vec2() * pixels_per_point).round() / pixels_per_point).to_pos2();
        Placement { image: Rect::from_min_size(min, image * scale), scale, zoom, frame }
    }

    /// Zooms so that the image point under `at` stays there.
    fn zoom_about(&mut self, placement: &Placement, at: Pos2, zoom: f32, pixels_per_point: f32) {
        let fit = fit_zoom(placement.frame, placement.image.size() / placement.scale, pixels_per_point);
        let zoom = zoom.clamp(fit.min(1.0), MAX_ZOOM);
        let fixed = placement.image_from_screen(at);
        self.zoom = Zoom::Scale(zoom);
        self.center = fixed - (at - placement.frame.center()) / (zoom / pixels_per_point);
    }

    /// What the pointer does to the image. While boxes are edited a drag is theirs, unless it is one with the middle
    /// button or with the space bar held.
    fn respond(&mut self, ui: &Ui, response: &Response, placement: &Placement, edits: Edits) {
        let pixels_per_point = ui.pixels_per_point();
        if let Some(at) = response.hover_pos() {
            let factor = ui.input(|input| input.zoom_delta() * (input.smooth_scroll_delta().y / WHEEL).exp());
            if factor != 1.0 && factor.is_finite() {
                self.zoom_about(placement, at, placement.zoom * factor, pixels_per_point);
            }
        }
        if edits == Edits::Nothing
            && response.double_clicked()
            && let Some(at) = response.interact_pointer_pos()
        {
            match self.zoom {
                Zoom::Fit => self.zoom_about(placement, at, 1.0, pixels_per_point),
                Zoom::Scale(_) => self.fit(),
            }
        }
        let pans = match edits {
            Edits::Nothing => response.dragged(),
            Edits::Boxes => {
                let with_space = || ui.input(|input| input.key_down(Key::Space)) && response.dragged();
                response.dragged_by(PointerButton::Middle) || with_space()
            }
        };
        if pans {
            if self.zoom == Zoom::Fit {
                self.zoom = Zoom::Scale(placement.zoom);
            }
            self.center -= response.drag_delta() / placement.scale;
        }
    }

    /// Moves what is seen: by Alt and an arrow from anywhere but a text field, by an arrow alone while
    /// the image has the focus.
    fn pan_by_keys(&mut self, ui: &Ui, response: &Response, placement: &Placement, edits: Edits) {
        let has_focus = response.has_focus();
        if has_focus {
            let arrows =
                EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
            // Tab goes from box to box, and Escape leaves the box first.
            let arrows = match edits {
                Edits::Nothing => arrows,
                Edits::Boxes => EventFilter { tab: true, escape: true, ..arrows },
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        }
        if !ui.is_enabled() || ui.ctx().text_edit_focused() {
            return;
        }
        let mut toward = Vec2::ZERO;
        ui.input_mut(|input| {
            for (key, direction) in [
                (Key::ArrowLeft, Vec2::LEFT),
                (Key::ArrowRight, Vec2::RIGHT),
                (Key::ArrowUp, Vec2::UP),
                (Key::ArrowDown, Vec2::DOWN),
            ] {
                let mut presses = input.count_and_consume_key(Modifiers::ALT, key);
                if has_focus {
                    presses += input.count_and_consume_key(Modifiers::NONE, key);
                }
                toward += direction * presses as f32;
            }
        });
        if toward != Vec2::ZERO {
            self.zoom = Zoom::Scale(placement.zoom);
            self.center += toward * PAN * placement.frame.size() / placement.scale;
        }
    }

    /// The texture of the checkerboard behind see-through images: two squares by two.
    fn checker(&mut self, ui: &Ui, tokens: &Tokens) -> egui::TextureId {
        let name = if tokens.dark { "checker-dark" } else { "checker-light" };
        let made = self.checker.take().filter(|texture| texture.name() == name);
        let texture = made.unwrap_or_else(|| {
            let (a, b) = (tokens.raised, tokens.raised_hover);
            let image = egui::ColorImage::new([2, 2], vec![a, b, b, a]);
            ui.ctx().load_texture(name, image, TextureOptions::NEAREST_REPEAT)
        });
        self.checker.insert(texture).id()
    }
}

fn fit_zoom(frame: Rect, image: Vec2, pixels_per_point: f32) -> f32 {
    let room = (frame.size() - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0)) * pixels_per_point;
    let zoom = (room.x / image.x.max(1.0)).min(room.y / image.y.max(1.0)).min(MAX_FIT);
    // Enlarged by whole numbers, all pixels of a small image look the same size.
    if zoom >= 2.0 { zoom.floor() } else { zoom }
}

/// Draws the image, what lies over it, and the bar under it.
pub(in crate::ui) fn canvas_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    canvas: &mut Canvas,
    tint: Color32,
    session: &Session,
    sample: SampleId,
    picture: &FullPicture,
) {
    let tokens = Tokens::of(ui);
    let is_on = session.labeller.boxes.is_on;
    canvas.boxes.begin(ui.ctx().cumulative_frame_nr(), is_on);
    let outer = ui.available_rect_before_wrap();
    let (frame, bar) = outer.split_top_bottom_at_y((outer.bottom() - TOOLBAR).max(outer.top()));
    ui.painter().rect_filled(frame, 0, tokens.canvas);

    if let FullPicture::Failed { message, .. } = picture {
        ui.scope_builder(UiBuilder::new().max_rect(frame), |ui| failed_ui(ui, pencil, message));
        return bar_ui(ui, pencil, session, canvas, bar, None, false);
    }
    let full = match picture {
        FullPicture::Ready(full) => {
            canvas.awaited = None;
            Some(full.as_ref())
        }
        _ => None,
    };
    let stand_in = if full.is_none() { pencil.pictures.thumbnail(sample, STAND_IN) } else { None };
    let fact = session.snapshot.facts.get(sample);
    let size = match (full, stand_in) {
        (Some(full), _) => Some([full.decoded.raster.width, full.decoded.raster.height]),
        (None, _) if fact.width > 0 && fact.height > 0 => Some([fact.width, fact.height]),
        (None, Some(thumb)) => Some([thumb.size.x as u32, thumb.size.y as u32]),
        (None, None) => None,
    };

    let response = ui.interact(frame, ui.scope_id().with("canvas"), Sense::click_and_drag());
    let name = session.dataset().path(sample);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Image {name}")));
    let edits = if is_on && session.project.can_write() { Edits::Boxes } else { Edits::Nothing };
    let mut placement = None;
    // The boxes as they look while one of them is dragged.
    let mut dragged = None;
    if let Some(size) = size.filter(|[width, height]| *width > 0 && *height > 0) {
        canvas.meet(size);
        let pixels_per_point = ui.pixels_per_point();
        let before = canvas.place(frame, size, pixels_per_point);
        if is_on {
            let stage = Stage { session, sample, placement: &before, size, response: &response };
            dragged = canvas.boxes.respond(ui, pencil, &stage);
        }
        canvas.respond(ui, &response, &before, edits);
        if pencil.state.dialog.is_none() {
            canvas.pan_by_keys(ui, &response, &before, if is_on { Edits::Boxes } else { edits });
        }
        placement = Some(canvas.place(frame, size, pixels_per_point));
    }
    let painter = ui.painter_at(frame);
    if let (Some(placement), Some(full)) = (&placement, full) {
        if full.decoded.raster.has_alpha() {
            let uv = Rect::from_min_size(Pos2::ZERO, placement.image.size() / (2.0 * CHECKER));
            painter.image(canvas.checker(ui, tokens), placement.image, uv, Color32::WHITE);
        }
        image_ui(&painter, full, placement, tint);
        overlay::grid_ui(&painter, full, placement, tokens);
    } else if let (Some(placement), Some(thumb)) = (&placement, stand_in) {
        painter.image(thumb.texture, placement.image, thumb.uv, Color32::WHITE);
    }
    if full.is_none() {
        waiting_ui(ui, canvas, frame, sample);
    }

    let boxes = dragged.as_deref().unwrap_or(session.snapshot.boxes().get(sample));
    let mut pointed = None;
    if let (Some(placement), Some(size)) = (&placement, size) {
        let pointer = response.hover_pos();
        if !canvas.boxes_hidden || is_on {
            pointed = overlay::boxes_ui(&painter, session, boxes, placement, size, pointer, tokens);
            let points = session.dataset().points.get(sample);
            overlay::points_ui(&painter, points, placement, size);
        }
        if let (Some(full), Some(pointer)) = (full, pointer) {
            overlay::readout_ui(ui, session, full, placement, pointer, pointed, tokens);
        }
        if response.has_focus() {
            painter.rect_stroke(frame.shrink(1.0), 0, (1.0, tokens.accent), egui::StrokeKind::Inside);
        }
        if is_on {
            let stage = Stage { session, sample, placement, size, response: &response };
            boxes::paint_ui(ui, pencil, &mut canvas.boxes, &stage, boxes);
        }
        let larger = placement.image.width() > frame.width() || placement.image.height() > frame.height();
        if larger && response.hovered() && edits == Edits::Nothing {
            let icon =
                if response.dragged() { egui::CursorIcon::Grabbing } else { egui::CursorIcon::Crosshair };
            ui.ctx().set_cursor_icon(icon);
        }
    }
    let has_marks = !boxes.is_empty() || !session.dataset().points.get(sample).is_empty();
    bar_ui(ui, pencil, session, canvas, bar, placement.as_ref(), has_marks);
}

/// The whole image: from the reduced image that has just enough pixels, else from its tiles.
fn image_ui(painter: &egui::Painter, full: &Full, placement: &Placement, tint: Color32) {
    const WHOLE: Rect = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    let from_afar = (placement.zoom < REDUCED_BELOW)
        .then(|| {
            let enough = full.reduced.iter().rev().find(|reduced| reduced.scale >= placement.zoom);
            enough.or_else(|| full.reduced.first().filter(|reduced| reduced.scale >= placement.zoom * 0.75))
        })
        .flatten();
    if let Some(reduced) = from_afar {
        painter.image(reduced.texture.id(), placement.image, WHOLE, tint);
        return;
    }
    let (width, height) = (full.decoded.raster.width as f32, full.decoded.raster.height as f32);
    let all_there = full.tiles.last().is_some_and(|(rect, _)| rect.max == Pos2::new(width, height));
    if let (false, Some(reduced)) = (all_there, full.reduced.first()) {
        painter.image(reduced.texture.id(), placement.image, WHOLE, tint);
    }
    for (rect, texture) in &full.tiles {
        let on_screen = placement.screen_rect(*rect);
        if on_screen.intersects(placement.frame) {
            painter.image(texture.id(), on_screen, WHOLE, tint);
        }
    }
}

fn waiting_ui(ui: &mut Ui, canvas: &mut Canvas, frame: Rect, sample: SampleId) {
    let now = ui.input(|input| input.time);
    let since = match canvas.awaited {
        Some((awaited, since)) if awaited == sample => since,
        _ => {
            canvas.awaited = Some((sample, now));
            now
        }
    };
    let left = PATIENCE - (now - since);
    if left > 0.0 {
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left));
    } else {
        let at = Rect::from_center_size(frame.center(), Vec2::splat(28.0));
        let spinner = ui.put(at, egui::Spinner::new());
        spinner.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, "Reading the sample"));
    }
}

fn failed_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, message: &str) {
    let text = format!(
        "{message}\n\nPut a whole copy in the file's place and rescan, or leave the sample out with a filter."
    );
    let color = Tokens::of(ui).text_dim;
    let page = Page { icon: ICON_BROKEN_IMAGE, color, title: "This sample cannot be shown", text: &text };
    widgets::page_ui(ui, &page, |ui| widgets::command_button(ui, pencil, "Rescan", Command::Rescan));
}

/// Fit, actual size, zoom, and whether boxes are drawn.
fn bar_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    canvas: &mut Canvas,
    bar: Rect,
    placement: Option<&Placement>,
    has_marks: bool,
) {
    let tokens = Tokens::of(ui);
    ui.painter().hline(bar.x_range(), bar.top(), (1.0, tokens.line));
    let inner = bar.shrink2(Vec2::new(space::S, 0.0));
    let layout = Layout::left_to_right(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let there = placement.is_some();
        let is_fit = there && canvas.zoom == Zoom::Fit;
        if IconButton::new(ICON_FIT_SCREEN, "Fit image").enabled(there).on(is_fit).show(ui).clicked() {
            canvas.fit();
        }
        let is_actual = there && canvas.zoom == Zoom::Scale(1.0);
        if IconButton::new(ICON_VIEW_REAL_SIZE, "Actual size").enabled(there).on(is_actual).show(ui).clicked()
        {
            canvas.actual_size();
        }
        ui.add_space(space::XS);
        if IconButton::new(ICON_REMOVE, "Zoom out").enabled(there).show(ui).clicked() {
            canvas.zoom_by(-1);
        }
        let text = match placement {
            Some(placement) => zoom_text(placement.zoom),
            None => "–".to_owned(),
        };
        // Narrow, the buttons matter more than the number.
        let width = if inner.width() < 170.0 { 0.0 } else { 56.0 };
        let (rect, response) = ui.allocate_exact_size(Vec2::new(width, space::ROW), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
        if width > 0.0 {
            let font = FontId::proportional(size::BODY);
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, &text, font, tokens.text_dim);
        }
        if IconButton::new(ICON_ADD, "Zoom in").enabled(there).show(ui).clicked() {
            canvas.zoom_by(1);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            boxes::toggle_ui(ui, pencil, session);
            if has_marks {
                let shown = !canvas.boxes_hidden;
                let text = RichText::new("Boxes");
                let button = egui::Button::selectable(shown, text);
                let response = ui.add(button).on_hover_text("Draw boxes and key points over the image");
                response.widget_info(|| WidgetInfo::selected(Role::Button, true, shown, "Show boxes"));
                if response.clicked() {
                    canvas.boxes_hidden = shown;
                }
            }
        });
    });
}

/// A zoom in per cent, with a decimal where it is small.
fn zoom_text(zoom: f32) -> String {
    let percent = zoom * 100.0;
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{} %", grouped(percent.round() as u64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Rect = Rect::from_min_max(Pos2::new(10.0, 20.0), Pos2::new(410.0, 320.0));

    #[test]
    fn an_image_is_fitted_whole() {
        for (size, pixels_per_point, expected) in [
            ([768, 100], 1.0, 0.5),
            ([100, 568], 1.0, 0.5),
            // Small ones by whole numbers, and not without end.
            ([28, 28], 1.0, 10.0),
            ([28, 28], 2.0, 20.0),
            ([1, 1], 1.0, 64.0),
        ] {
            let mut canvas = Canvas::default();
            canvas.meet(size);
            let placement = canvas.place(FRAME, size, pixels_per_point);
            assert_eq!(placement.zoom, expected, "{size:?}");
            assert!(FRAME.contains_rect(placement.image), "{size:?}: {:?}", placement.image);
        }
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let size = [4000, 3000];
        let mut canvas = Canvas::default();
        canvas.meet(size);
        canvas.actual_size();
        let before = canvas.place(FRAME, size, 2.0);
        let at = Pos2::new(100.0, 90.0);
        let fixed = before.image_from_screen(at);
        canvas.zoom_about(&before, at, 8.0, 2.0);
        let after = canvas.place(FRAME, size, 2.0);
        assert_eq!(after.zoom, 8.0);
        assert!((after.screen_from_image(fixed) - at).length() < 1.0, "{:?}", after.screen_from_image(fixed));
    }

    #[test]
    fn an_image_cannot_be_lost_out_of_sight() {
        let size = [1000, 800];
        let mut canvas = Canvas::default();
        canvas.meet(size);
        canvas.actual_size();
        canvas.center = Pos2::new(-9e9, 9e9);
        let placement = canvas.place(FRAME, size, 1.0);
        assert!(placement.image.intersects(FRAME.shrink(50.0)), "{:?}", placement.image);
        let [columns, rows] = placement.seen(1000, 800);
        assert!(!columns.is_empty() && !rows.is_empty() && columns.end <= 1000 && rows.end <= 800);
    }

    #[test]
    fn images_of_the_same_size_keep_the_view() {
        let mut canvas = Canvas::default();
        canvas.meet([100, 100]);
        canvas.actual_size();
        canvas.meet([100, 100]);
        assert_eq!(canvas.zoom, Zoom::Scale(1.0));
        canvas.meet([100, 101]);
        assert_eq!(canvas.zoom, Zoom::Fit);
    }

    #[test]
    fn zooms_read_well() {
        for (zoom, expected) in [(0.0123, "1.2 %"), (0.57, "57 %"), (1.0, "100 %"), (16.0, "1,600 %")] {
            assert_eq!(zoom_text(zoom), expected);
        }
    }
}
