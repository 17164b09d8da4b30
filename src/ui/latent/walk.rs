//! A walk from sample to sample, or along a direction between two selections.

use std::sync::Arc;

use egui::{Color32, ComboBox, Rect, Role, Sense, Slider, Ui, WidgetInfo, vec2};
use egui_material_icons::icons;

use super::{near_ui, picture_ui, thumbnail_ui};
use crate::dataset::SampleId;
use crate::state::Session;
use crate::state::latent::{Along, LatentView, Made, OpenModel, STOPS, STRENGTH, STRIP, Slot, WalkView};
use crate::text::counted;
use crate::train::latent::Path;
use crate::ui::sheet::SheetTexture;
use crate::ui::theme::{Tokens, space};
use crate::ui::{Pencil, widgets};

/// Side of the moment's picture, and of thumbnails, in points.
const MOMENT: f32 = 224.0;
/// Width that the samples beside the moment take at least; where there is less they stand below it.
const BESIDE: f32 = 190.0;
const THUMBNAIL: f32 = 64.0;
/// A walk takes so many seconds.
const SECS: f32 = 6.0;

/// Drawing state of the walk.
#[derive(Default)]
pub struct WalkPaneView {
    strip: SheetTexture,
    moment: SheetTexture,
    /// Whether it plays, and forwards.
    playing: Option<Onwards>,
}

#[derive(Clone, Copy, PartialEq)]
enum Onwards {
    Forwards,
    Back,
}

/// Draws the walk.
pub fn walk_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    model: &OpenModel,
    view: &mut LatentView,
    pane: &mut WalkPaneView,
) {
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        super::padded().show(ui, |ui| {
            ui.set_width(ui.available_width());
            choice_ui(ui, &mut view.walk);
            super::class_ui(ui, model, view);
            ui.add_space(space::S);
            match view.walk.along {
                Along::Samples => stops_ui(ui, pencil, session, &mut view.walk),
                Along::Direction => direction_ui(ui, pencil, session, &mut view.walk),
            }
            ui.add_space(space::M);
            if session.latent.moment().is_none() {
                pane.playing = None;
                return hint_ui(ui, session, &view.walk);
            }
            way_ui(ui, session, &mut view.walk, pane);
            ui.add_space(space::M);
            moment_ui(ui, pencil, session, pane);
        });
    });
    play(ui, &mut view.walk, pane);
}

fn choice_ui(ui: &mut Ui, walk: &mut WalkView) {
    ui.horizontal_wrapped(|ui| {
        for (along, title, help) in [
            (Along::Samples, "Between samples", "From one selected sample to the next"),
            (
                Along::Direction,
                "Along a direction",
                "What tells one selection from another, added to a sample",
            ),
        ] {
            if ui.selectable_label(walk.along == along, title).on_hover_text(help).clicked() {
                walk.along = along;
                walk.at = if along == Along::Direction { 0.5 } else { 0.0 };
            }
        }
        if walk.along == Along::Samples {
            let title = |path: Path| match path {
                Path::Spherical => "Spherical",
                Path::Linear => "Linear",
            };
            let chosen = title(walk.path);
            let shown = ComboBox::from_id_salt("path").width(110.0).selected_text(chosen).show_ui(ui, |ui| {
                for path in Path::ALL {
                    ui.selectable_value(&mut walk.path, path, title(path));
                }
            });
            shown
                .response
                .widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Path: {chosen}")));
            let help =
                "A spherical path stays as far from the middle as samples do; a linear one goes nearer to it";
            shown.response.on_hover_text(help);
        }
    });
}

/// The first of the selected samples that the model knows, by the number that each has in the dataset.
fn first_selected(session: &Session, most: usize) -> Vec<SampleId> {
    let Some(found) = &session.latent.space else { return Vec::new() };
    session.selection.iter().filter(|sample| found.row_of(*sample).is_some()).take(most).collect()
}

/// Selected samples that the model knows, from all over the selection, at most about so many.
fn spread_selected(session: &Session, most: usize) -> Vec<SampleId> {
    let Some(found) = &session.latent.space else { return Vec::new() };
    let step = session.selection.len().div_ceil(most).max(1);
    session.selection.iter().step_by(step).filter(|sample| found.row_of(*sample).is_some()).collect()
}

fn stops_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, walk: &mut WalkView) {
    ui.horizontal_wrapped(|ui| {
        let fits = first_selected(session, STOPS);
        let button = ui.add_enabled(fits.len() > 1, egui::Button::new("Walk through the selected samples"));
        let help = format!("From sample to sample, the first {STOPS} of them at most");
        let button = button.on_hover_text(help).on_disabled_hover_text("Select two samples or more");
        if button.clicked() {
            walk.stops = fits;
            walk.at = 0.0;
        }
        let sample = session.selection.cursor.filter(|sample| {
            session.latent.space.as_ref().is_some_and(|found| found.row_of(*sample).is_some())
        });
        let room = walk.stops.len() < STOPS;
        let button = ui.add_enabled(sample.is_some() && room, egui::Button::new("Add the sample"));
        if button.on_hover_text("The walk goes on to the sample under the cursor").clicked() {
            walk.stops.extend(sample);
        }
        let any = !walk.stops.is_empty();
        if ui.add_enabled(any, egui::Button::new("Clear")).clicked() {
            walk.stops.clear();
        }
    });
    thumbnails_ui(ui, pencil, session, &walk.stops.clone(), "Stop");
}

fn direction_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, walk: &mut WalkView) {
    /// Samples of a selection that count: their mean hardly changes with more.
    const MOST: usize = 10_000;
    let any = !session.selection.is_empty();
    let mut pick = |ui: &mut Ui, title: &str, help: &str, known: &mut Arc<Vec<SampleId>>| {
        ui.horizontal_wrapped(|ui| {
            let button = ui.add_enabled(any, egui::Button::new(title)).on_hover_text(help);
            if button.on_disabled_hover_text("Select samples first").clicked() {
                *known = Arc::new(spread_selected(session, MOST));
            }
            ui.label(widgets::dim(counted(known.len() as u64, "sample")));
        });
        let first: Vec<SampleId> = known.iter().take(12).copied().collect();
        thumbnails_ui(ui, pencil, session, &first, title);
    };
    pick(ui, "From the selected samples", "Those that lack something", &mut walk.without);
    pick(ui, "To the selected samples", "Those that have it", &mut walk.with);
    let mut start = Arc::new(walk.stops.iter().take(1).copied().collect::<Vec<_>>());
    pick(ui, "Add it to the selected sample", "The direction is added to the first of them", &mut start);
    if start.first() != walk.stops.first() {
        walk.stops = start.iter().take(1).copied().collect();
    }
}

fn thumbnails_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, samples: &[SampleId], name: &str) {
    if samples.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::XS, space::XS);
        for sample in samples {
            let (rect, response) = ui.allocate_exact_size(vec2(THUMBNAIL, THUMBNAIL), Sense::hover());
            let path = session.dataset().path(*sample);
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{name}: {path}")));
            thumbnail_ui(ui, pencil, *sample, rect);
            response.on_hover_text(path);
        }
    });
}

/// Says what is needed for a walk.
fn hint_ui(ui: &mut Ui, session: &Session, walk: &WalkView) {
    let text = match (&session.latent.space, walk.along) {
        (None, _) => "A walk is possible once the samples are encoded.",
        (_, Along::Samples) => "Select two samples or more in the grid or on the map, and walk through them.",
        (_, Along::Direction) => {
            "Select samples that lack something, then samples that have it: the difference of their means is a \
             direction. Then select the sample that it is added to."
        }
    };
    ui.add(egui::Label::new(widgets::dim(text)).wrap());
}

/// The whole way as a strip, and where on it the moment is.
fn way_ui(ui: &mut Ui, session: &Session, walk: &mut WalkView, pane: &mut WalkPaneView) {
    let side = ((ui.available_width() + 2.0) / STRIP as f32 - 2.0).clamp(8.0, 96.0);
    let wide = (side + 2.0) * STRIP as f32 - 2.0;
    let (rect, response) = ui.allocate_exact_size(vec2(wide, side), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{STRIP} pictures of the way")));
    if let Some(Made::Here(made)) = session.latent.made(Slot::Strip) {
        let cells = pane.strip.cells(ui.ctx(), made);
        for at in 0..made.len() {
            let corner = rect.min + vec2(at as f32 * (side + 2.0), 0.0);
            let cell = Rect::from_min_size(corner, vec2(side, side));
            cells.paint(ui.painter(), at, cell, Color32::WHITE);
        }
    }
    let inner = (rect.left() + side / 2.0, rect.right() - side / 2.0);
    if let Some(at) = response.interact_pointer_pos() {
        walk.at = ((at.x - inner.0) / (inner.1 - inner.0)).clamp(0.0, 1.0);
        pane.playing = None;
    }
    let x = inner.0 + walk.at * (inner.1 - inner.0);
    ui.painter().vline(x, rect.y_range(), (2.0, Tokens::of(ui).accent));
    ui.horizontal_wrapped(|ui| {
        let (icon, name) = match pane.playing {
            Some(_) => (icons::ICON_PAUSE, "Pause the walk"),
            None => (icons::ICON_PLAY_ARROW, "Play the walk"),
        };
        if widgets::icon_button(ui, icon, name).clicked() {
            pane.playing = if pane.playing.is_some() { None } else { Some(Onwards::Forwards) };
        }
        ui.spacing_mut().slider_width = (wide - 140.0).max(60.0);
        let slider = ui.add(Slider::new(&mut walk.at, 0.0..=1.0).show_value(false));
        slider.widget_info(|| WidgetInfo::slider(true, f64::from(walk.at), "Place on the way"));
        if slider.changed() {
            pane.playing = None;
        }
        let text = match walk.along {
            Along::Samples => format!("{:.0} % of the way", walk.at * 100.0),
            Along::Direction => format!("{:+.2} times the direction", (walk.at * 2.0 - 1.0) * STRENGTH),
        };
        ui.label(widgets::dim(text));
    });
}

/// The picture of the moment, and the samples nearest to it.
fn moment_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, pane: &mut WalkPaneView) {
    let is_narrow = ui.available_width() < MOMENT + BESIDE;
    let draw = |ui: &mut Ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(MOMENT, MOMENT), Sense::hover());
        response
            .widget_info(|| WidgetInfo::labeled(Role::Image, true, "The picture at this place of the way"));
        picture_ui(ui, &mut pane.moment, session.latent.made(Slot::Moment), 0, rect);
        ui.vertical(|ui| {
            widgets::group_heading(ui, "Nearest samples");
            let text = "If one of them is the picture itself, the model has copied it.";
            ui.add(egui::Label::new(widgets::dim(text)).wrap());
            near_ui(ui, pencil, session, &session.latent.near, 88.0);
        });
    };
    if is_narrow {
        ui.vertical(draw);
    } else {
        ui.horizontal_top(draw);
    }
}

/// Moves on while it plays: there and back again.
fn play(ui: &Ui, walk: &mut WalkView, pane: &mut WalkPaneView) {
    let Some(onwards) = pane.playing else { return };
    let step = ui.input(|input| input.stable_dt).min(0.1) / SECS;
    match onwards {
        Onwards::Forwards => walk.at = (walk.at + step).min(1.0),
        Onwards::Back => walk.at = (walk.at - step).max(0.0),
    }
    if walk.at >= 1.0 {
        pane.playing = Some(Onwards::Back);
    } else if walk.at <= 0.0 {
        pane.playing = Some(Onwards::Forwards);
    }
    ui.ctx().request_repaint();
}
