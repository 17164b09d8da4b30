//! Cards that look at pictures, which a person starts: average pictures and colours, coverage and its regions.

use egui::{Rect, Sense, Ui, Vec2, WidgetInfo, vec2};

use super::card::Pen;
use super::drawn::{DrawnView, charts_ui};
use crate::crossfilter::Kind;
use crate::dataset::SampleId;
use crate::dataset::query::{Brush, Stroke};
use crate::state::charts::{End, Region, StudyOf};
use crate::state::{Action, JobId, SelectMode};
use crate::text::counted;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Edge of a picture of a region, in points.
const EDGE: f32 = 46.0;
/// Samples of a region that are shown at once, and that are asked for by their paths at most.
const SHOWN: usize = 5;
pub(super) const ASKED: usize = 60;

/// Draws what was found, or what starts it.
pub(super) fn study_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, view: &mut DrawnView) {
    let study = pen.session.charts.study(pen.card.id).cloned();
    start_ui(ui, pen, study.as_ref().map(|study| &study.of));
    let Some(study) = study else { return };
    charts_ui(ui, pen, view, study.found.clone(), &study.found.charts);
    for (title, end) in [("Densest regions", End::Densest), ("Emptiest regions", End::Emptiest)] {
        let regions: Vec<&Region> =
            study.found.regions.iter().filter(|region| region.end == Some(end)).collect();
        if regions.is_empty() {
            continue;
        }
        widgets::group_heading(ui, title);
        for (at, region) in regions.iter().enumerate() {
            ui.push_id((title, at), |ui| region_ui(ui, pen, title, at, region));
        }
    }
}

/// What a study is of, where another look might find something else; empty where it would not.
fn about(pen: &Pen<'_, '_>, of: Option<&StudyOf>) -> &'static str {
    let Some(of) = of else {
        return match pen.card.kind {
            Kind::Pictures => {
                "The average picture of each class, how its pixels vary and its colours: every picture is decoded."
            }
            _ => {
                "How few samples stand for all, and which are alone: pictures that are not described yet are looked at."
            }
        };
    };
    if of.filter != pen.session.overlay.view.filter {
        return match of.filter.as_str() {
            "" => "This is of all samples; the filter is another one now.",
            _ => "This is of the samples of another filter.",
        };
    }
    if of.options != pen.card.options {
        return "The options of this chart were others then.";
    }
    if *of.stamp != pen.session.snapshot.stamp() {
        return "Something was found out or decided about samples since then.";
    }
    ""
}

/// The button that starts it, how far it is, and what it is of.
fn start_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, of: Option<&StudyOf>) {
    let state = pen.pencil.state;
    if let Some(job) = state.jobs.iter().find(|job| job.id == JobId::Study) {
        ui.label(widgets::dim(job.progress.stage.to_string()));
        let bar = egui::ProgressBar::new(job.progress.fraction().unwrap_or(0.0)).desired_height(5.0);
        ui.add(bar).accessible_name("Progress of looking at pictures");
        if ui.button("Stop").clicked() {
            pen.pencil.act(Action::JobCancelled { job: JobId::Study });
        }
        return;
    }
    let about = about(pen, of);
    if !about.is_empty() {
        ui.add(egui::Label::new(widgets::dim(about)).wrap());
    }
    let shown = counted(pen.session.shown.found.rows.len() as u64, "sample");
    let title = if of.is_some() { format!("Look at {shown} again") } else { format!("Look at {shown}") };
    if ui.button(title).clicked() {
        pen.pencil.act(Action::StartStudy { card: pen.card.id });
    }
}

/// A region with some of its samples; a click on one shows it, the button asks for those nearest to its middle.
fn region_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, title: &str, at: usize, region: &Region) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
        for sample in region.samples.iter().take(SHOWN) {
            sample_ui(ui, pen, *sample);
        }
        // A filter names each by its path, so that it has no room for all of many.
        let of = counted(region.count, "sample");
        let asked = region.samples.len().min(ASKED);
        let which = match asked as u64 == region.count {
            true => of.clone(),
            false => format!("the {asked} nearest to the middle of {of}"),
        };
        let response = ui.button(&of);
        let name = format!("Show {which} of {} {}", title.to_lowercase(), at + 1);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
        if region.is_sparse {
            ui.label(widgets::dim("nearly empty"));
        }
        if response.on_hover_text(format!("Show {which} in the grid")).clicked() {
            let dataset = pen.session.dataset();
            let paths = region.samples.iter().take(ASKED).map(|sample| dataset.path(*sample));
            let brushes = vec![Brush::paths(paths)];
            pen.pencil.act(Action::Brushed { brushes, stroke: Stroke::Set, is_held: false });
        }
        if region.samples.len() > ASKED {
            let response = ui.small_button("select all");
            let name = format!("Select {of} of {} {}", title.to_lowercase(), at + 1);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
            if response.on_hover_text(format!("Select all {of} of this region")).clicked() {
                let samples = region.samples.clone();
                pen.pencil.act(Action::SelectSamples { samples, mode: SelectMode::Replace });
            }
        }
    });
}

fn sample_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, sample: SampleId) {
    let path = pen.session.dataset().path(sample);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(EDGE), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, path));
    if ui.is_rect_visible(rect) {
        thumbnail_ui(ui, pen, sample, rect);
    }
    if response.on_hover_text(path).clicked() {
        pen.pencil.act(Action::ShowSample(sample));
    }
}

/// A sample's thumbnail, whole, in the middle of a rectangle.
pub(super) fn thumbnail_ui(ui: &Ui, pen: &mut Pen<'_, '_>, sample: SampleId, rect: Rect) {
    let edge_px = (rect.width() * ui.ctx().pixels_per_point()).round() as u32;
    match pen.pencil.pictures.thumbnail(sample, edge_px) {
        Some(thumb) if thumb.size.x > 0.0 && thumb.size.y > 0.0 => {
            let scale = (rect.width() / thumb.size.x).min(rect.height() / thumb.size.y);
            let size = vec2(thumb.size.x * scale, thumb.size.y * scale);
            let drawn = egui::Align2::CENTER_CENTER.align_size_within_rect(size, rect);
            ui.painter().image(thumb.texture, drawn, thumb.uv, egui::Color32::WHITE);
        }
        _ => {
            ui.painter().rect_filled(rect, 3.0, Tokens::of(ui).raised);
        }
    }
}
