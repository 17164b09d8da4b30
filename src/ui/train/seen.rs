//! What a model sees: samples beside what comes back of them, and what a few latents are of, over the steps.

use egui::{Color32, Rect, Role, Sense, Slider, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;

use crate::state::training::{Film, Reconstructions, Run};
use crate::text::grouped;
use crate::ui::sheet::SheetTexture;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Largest side of a picture, and the room between two, in points.
const LARGEST: f32 = 72.0;
const GAP: f32 = 3.0;
/// Frames of the film that pass in a second.
const FRAMES_PER_SEC: f64 = 12.0;

/// Drawing state of the pictures.
#[derive(Default)]
pub struct SeenView {
    originals: SheetTexture,
    returned: SheetTexture,
    film: SheetTexture,
    /// The step of the film that is looked at; the newest where there is none.
    at_step: Option<u64>,
    /// When the film was started, in seconds, and at which frame.
    playing: Option<(f64, usize)>,
}

/// Draws what a run sees.
pub fn seen_ui(ui: &mut Ui, run: &Run, view: &mut SeenView) {
    if let Some(seen) = &run.reconstructions {
        reconstructions_ui(ui, seen, view);
        ui.add_space(space::M);
    }
    film_ui(ui, &run.film, view);
}

fn reconstructions_ui(ui: &mut Ui, seen: &Reconstructions, view: &mut SeenView) {
    ui.horizontal_wrapped(|ui| {
        widgets::group_heading(ui, "Reconstructions");
        ui.label(widgets::dim(format!("samples above what comes back of them, step {}", grouped(seen.step))));
    });
    let count = seen.originals.len();
    let side = fitted(ui.available_width(), count);
    let size = vec2(ui.available_width(), 2.0 * side + GAP);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        let name = format!("{count} samples and their reconstructions at step {}", seen.step);
        WidgetInfo::labeled(Role::Image, true, name)
    });
    let painter = ui.painter_at(rect);
    for (line, (texture, pictures)) in
        [(&mut view.originals, &seen.originals), (&mut view.returned, &seen.returned)].into_iter().enumerate()
    {
        let cells = texture.cells(ui.ctx(), pictures);
        for at in 0..count {
            let corner = rect.min + vec2(at as f32, line as f32) * (side + GAP);
            cells.paint(&painter, at, Rect::from_min_size(corner, vec2(side, side)), Color32::WHITE);
        }
    }
}

/// The side of so many pictures beside each other.
fn fitted(width: f32, count: usize) -> f32 {
    ((width + GAP) / count.max(1) as f32 - GAP).clamp(8.0, LARGEST).floor()
}

/// What the same latents were of, step by step: a strip to scrub, or to play.
fn film_ui(ui: &mut Ui, film: &Film, view: &mut SeenView) {
    let Some(last) = film.frames.len().checked_sub(1) else { return };
    ui.horizontal_wrapped(|ui| {
        widgets::group_heading(ui, "The same latents over the steps");
        ui.label(widgets::dim("draws from the prior, decoded"));
    });
    let now = ui.input(|input| input.time);
    let mut at = match (view.playing, view.at_step) {
        (Some((since, first)), _) => (first + ((now - since) * FRAMES_PER_SEC) as usize).min(last),
        // Frames go when the film is thinned: the nearest before is shown.
        (None, Some(step)) => film.frames.partition_point(|frame| frame.0 <= step).saturating_sub(1),
        (None, None) => last,
    };
    if view.playing.is_some() {
        if at == last {
            (view.playing, view.at_step) = (None, None);
        } else {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(1.0 / FRAMES_PER_SEC));
        }
    }
    let (step, pictures) = &film.frames[at];
    let count = pictures.len();
    let side = fitted(ui.available_width(), count);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), side), Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, format!("{count} draws from the prior at step {step}"))
    });
    let cells = view.film.cells(ui.ctx(), pictures);
    let painter = ui.painter_at(rect);
    for cell in 0..count {
        let corner = pos2(rect.left() + cell as f32 * (side + GAP), rect.top());
        cells.paint(&painter, cell, Rect::from_min_size(corner, vec2(side, side)), Color32::WHITE);
    }
    if last == 0 {
        return;
    }
    ui.horizontal(|ui| {
        let (icon, name) = match view.playing {
            Some(_) => (icons::ICON_PAUSE, "Pause the film"),
            None => (icons::ICON_PLAY_ARROW, "Play the film"),
        };
        if widgets::icon_button(ui, icon, name).clicked() {
            view.playing = match view.playing {
                Some(_) => {
                    view.at_step = Some(*step);
                    None
                }
                None => Some((now, if at == last { 0 } else { at })),
            };
        }
        ui.spacing_mut().slider_width = (ui.available_width() - 110.0).max(60.0);
        let response = ui.add(Slider::new(&mut at, 0..=last).show_value(false));
        response.widget_info(|| WidgetInfo::slider(true, at as f64, "Frame of the film"));
        if response.changed() {
            view.playing = None;
            view.at_step = (at < last).then(|| film.frames[at].0);
        }
        let color = Tokens::of(ui).text_dim;
        ui.label(egui::RichText::new(format!("step {}", grouped(film.frames[at].0))).color(color));
    });
}
