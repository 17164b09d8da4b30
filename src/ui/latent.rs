//! The panel Latent: what a trained model makes of the samples, and what lies between them.
//!
//! It refuses to know how anything is decoded: see [`crate::state::latent`].

mod axes;
mod map;
mod report;
mod samples;
mod sheet;
mod walk;

use egui::{ComboBox, Frame, Margin, Rect, Role, Ui, WidgetInfo};
use egui_material_icons::icons;

use self::map::MapView;
use self::samples::SamplesView;
use self::sheet::SheetView;
use self::walk::WalkPaneView;
use super::lists::ListKeys;
use super::theme::{Tokens, space};
use super::widgets::{self, Page};
use super::{Pencil, sheet as pictures};
use crate::dataset::SampleId;
use crate::state::latent::{LatentTab, LatentView, Made, ModelRef, OpenModel};
use crate::state::training::ModelFor;
use crate::state::{Action, Command, JobId, Session};
use crate::text::grouped;

/// Width of what stands beside map, sheet and samples, in points; under twice that of the panel it stands below.
const SIDE: f32 = 236.0;
/// Height of what stands below, as a part of the panel's, and at least, in points: as much is left above it.
const BELOW: f32 = 0.36;
const LEAST_BELOW: f32 = 64.0;

/// Drawing state of the panel.
#[derive(Default)]
pub struct LatentPane {
    pub keys: ListKeys,
    /// Whether the keys that decide are about drawn samples.
    pub takes_verdicts: bool,
    map: MapView,
    sheet: SheetView,
    walk: WalkPaneView,
    samples: SamplesView,
}

/// Draws the panel.
pub fn latent_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, pane: &mut LatentPane) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    if !session.training.is_asked {
        pencil.act(Action::AskTraining);
    }
    let Some(model) = &session.latent.model else { return nothing_ui(ui, pencil, session) };
    let mut view = session.latent.view.clone();
    egui::Panel::top("latent bar")
        .frame(padded())
        .show(ui, |ui| bar_ui(ui, pencil, session, model, &mut view));
    let frame = Frame::new().fill(Tokens::of(ui).canvas);
    egui::CentralPanel::default().frame(frame).show(ui, |ui| match view.tab {
        LatentTab::Map => map::map_ui(ui, pencil, session, model, &mut view, &mut pane.map),
        LatentTab::Sheet => sheet::sheet_ui(ui, session, model, &mut view, &mut pane.sheet),
        LatentTab::Walk => walk::walk_ui(ui, pencil, session, model, &mut view, &mut pane.walk),
        LatentTab::Report => report::report_ui(ui, pencil, session),
        LatentTab::Samples => {
            pane.takes_verdicts =
                samples::samples_ui(ui, pencil, session, model, &mut view, &mut pane.samples, &mut pane.keys);
        }
    });
    if view != session.latent.view {
        pencil.act(Action::ChangeLatent(Box::new(view)));
    }
}

fn padded() -> Frame {
    Frame::new().inner_margin(Margin::symmetric(space::M as i8, 6))
}

/// The model, and the parts of the panel.
fn bar_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, model: &OpenModel, view: &mut LatentView) {
    ui.horizontal_wrapped(|ui| {
        for tab in LatentTab::ALL {
            if widgets::chip(ui, view.tab == tab, tab.title()).clicked() {
                view.tab = tab;
            }
        }
        ui.add_space(space::S);
        let shown =
            ComboBox::from_id_salt("model").width(130.0).selected_text(&model.name).show_ui(ui, |ui| {
                for known in session.training.models.iter() {
                    let is_it = model.folder.as_ref() == Some(&known.checkpoint);
                    if ui.selectable_label(is_it, known.name()).clicked() {
                        open(pencil, ModelRef::Folder(known.checkpoint.clone()));
                    }
                }
                ui.separator();
                if ui.selectable_label(false, "Open a model…").clicked() {
                    pencil.act(Action::PickModel(ModelFor::Latent));
                }
            });
        let name = format!("Model: {}", model.name);
        shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
        let about = &model.about;
        let source = format!("Trained on {}", about.source);
        ui.label(widgets::dim(format!("step {} · {}", grouped(about.step), model.device)))
            .on_hover_text(source);
        if let Some(job) = pencil.state.jobs.iter().find(|job| job.id == JobId::Encode) {
            let progress = &job.progress;
            let done =
                format!("{} {} of {}", progress.stage, grouped(progress.done), grouped(progress.total));
            ui.label(widgets::dim(done));
        }
    });
}

fn open(pencil: &mut Pencil<'_>, model: ModelRef) {
    pencil.act(Action::OpenModel { model });
}

/// Stands in the place of the panel while no model is open.
fn nothing_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let color = Tokens::of(ui).text_dim;
    if session.latent.opening.is_some() {
        let page = Page { icon: icons::ICON_HOURGLASS_EMPTY, color, title: "Opening the model", text: "" };
        return widgets::page_ui(ui, &page, |_| ());
    }
    let models = &session.training.models;
    let page = Page {
        icon: icons::ICON_SCATTER_PLOT,
        color,
        title: "No model is open",
        text: match models.is_empty() {
            true => {
                "A trained model shows where the samples lie by what they look like, draws what lies between \
                 them, and tells which ones it cannot explain. Train one first, or open one."
            }
            false => "Choose a model to see where it puts the samples, and what lies between them.",
        },
    };
    widgets::page_ui(ui, &page, |ui| {
        for model in models.iter().take(6) {
            let text = format!("Look into {}", model.name());
            if ui.button(text).on_hover_text(model.checkpoint.display().to_string()).clicked() {
                open(pencil, ModelRef::Folder(model.checkpoint.clone()));
            }
        }
        ui.add_space(space::S);
        if models.is_empty() {
            widgets::command_button(ui, pencil, "Train a model…", Command::ShowTrain);
        }
        if ui.button("Open a model…").clicked() {
            pencil.act(Action::PickModel(ModelFor::Latent));
        }
    });
}

/// Puts a side beside the rest, or below it where the panel is narrow; gives what is left.
fn with_side(ui: &mut Ui, name: &str, draw: impl FnOnce(&mut Ui)) {
    let frame = padded().fill(Tokens::of(ui).panel);
    let panel = if ui.available_width() < 2.0 * SIDE {
        let height = ui.available_height();
        let most = (height - LEAST_BELOW).max(LEAST_BELOW);
        let panel = egui::Panel::bottom(format!("{name} below")).resizable(true);
        panel.default_size(BELOW * height).size_range(LEAST_BELOW..=most)
    } else {
        egui::Panel::right(format!("{name} side")).resizable(false).exact_size(SIDE)
    };
    panel.frame(frame).show(ui, |ui| {
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width());
            draw(ui);
        });
    });
}

/// The class that the decoder is told, where it is told one.
fn class_ui(ui: &mut Ui, model: &OpenModel, view: &mut LatentView) {
    let about = &model.about;
    if about.config.shape.classes == 0 {
        return;
    }
    ui.add_space(space::S);
    widgets::group_heading(ui, "Class");
    let title = |class: u32| about.class_names.get(class as usize).map_or("", String::as_str);
    let combo = ComboBox::from_id_salt("class").width(180.0).selected_text(title(view.class)).truncate();
    let shown = combo.show_ui(ui, |ui| {
        for class in 0..about.config.shape.classes as u32 {
            ui.selectable_value(&mut view.class, class, title(class));
        }
    });
    let name = format!("Class: {}", title(view.class));
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
}

/// Draws one of the decoded pictures; nothing where it is not here.
fn picture_ui(ui: &Ui, texture: &mut pictures::SheetTexture, made: Option<&Made>, at: usize, rect: Rect) {
    if let Some(Made::Here(made)) = made {
        let cells = texture.cells(ui.ctx(), made);
        cells.paint(ui.painter(), at, rect, egui::Color32::WHITE);
    } else {
        ui.painter().rect_filled(rect, 3.0, Tokens::of(ui).raised);
    }
}

/// Samples of the dataset with how far they are: a row of thumbnails. A click shows one.
fn near_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, near: &[(SampleId, f32)], edge: f32) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(space::XS, space::XS);
        for (sample, distance) in near {
            let path = session.dataset().path(*sample);
            let (rect, response) = ui.allocate_exact_size(egui::vec2(edge, edge), egui::Sense::click());
            response.widget_info(|| {
                WidgetInfo::labeled(Role::Button, true, format!("{path}, {distance:.2} away"))
            });
            thumbnail_ui(ui, pencil, *sample, rect);
            let response = response.on_hover_text(format!("{path}\n{distance:.2} away in the latent"));
            if response.clicked() {
                pencil.act(Action::ShowSample(*sample));
            }
        }
    });
}

/// Draws a sample's thumbnail, whole, in the middle of a rectangle.
fn thumbnail_ui(ui: &Ui, pencil: &mut Pencil<'_>, sample: SampleId, rect: Rect) {
    let edge_px = (rect.width() * ui.ctx().pixels_per_point()).round() as u32;
    match pencil.pictures.thumbnail(sample, edge_px) {
        Some(thumb) if thumb.size.x > 0.0 && thumb.size.y > 0.0 => {
            let scale = (rect.width() / thumb.size.x).min(rect.height() / thumb.size.y);
            let drawn = egui::Align2::CENTER_CENTER.align_size_within_rect(thumb.size * scale, rect);
            ui.painter().image(thumb.texture, drawn, thumb.uv, egui::Color32::WHITE);
        }
        _ => {
            ui.painter().rect_filled(rect, 3.0, Tokens::of(ui).raised);
        }
    }
}
