//! The inspector: one sample in full, with its values, boxes and everything known of it.
//!
//! Drawing state (zoom, which sections are open) lives in [`InspectorView`]. It refuses to know how
//! pictures come to be, and files.

mod boxes;
mod canvas;
mod facts;
mod histogram;
mod memo;
mod overlay;
mod parts;
mod said;

use std::path::Path;

use egui::{Align, Label, Layout, Rect, RichText, Ui, UiBuilder, Vec2};
use egui_material_icons::icons::*;

use super::theme::{Tokens, bold, size, space};
use super::widgets::{self, IconButton, Page};
use super::{FullPicture, Pencil};
use crate::dataset::edit::Mark;
use crate::dataset::{Dataset, SampleId};
use crate::state::{Action, Command, LabelLook, Level, Session};
use crate::text::grouped;
pub(super) use canvas::{Canvas, canvas_ui};
use histogram::Histogram;
use memo::Memo;
use said::SaidView;

/// From this width on, the facts stand beside the image.
const WIDE: f32 = 640.0;
/// The least width that is of use to say where the sample stands, in points.
const PLACE: f32 = 40.0;

/// How the inspector stands.
#[derive(Default)]
pub struct InspectorView {
    canvas: Canvas,
    histogram: Histogram,
    sections: Sections,
    memo: Memo,
    said: SaidView,
}

/// Which sections are open.
#[derive(Clone, Copy, Debug)]
struct Sections {
    review: bool,
    issues: bool,
    histogram: bool,
    measured: bool,
    boxes: bool,
    attributes: bool,
    /// Tags and the note.
    said: bool,
    file: bool,
    /// Everything that the file says of itself, by group.
    metadata: bool,
}

impl Default for Sections {
    fn default() -> Self {
        Self {
            review: true,
            issues: true,
            histogram: true,
            measured: true,
            boxes: true,
            attributes: true,
            said: true,
            file: true,
            metadata: true,
        }
    }
}

impl InspectorView {
    /// Shows the whole image.
    pub fn fit(&mut self) {
        self.canvas.fit();
    }

    /// Shows one image pixel per screen pixel.
    pub fn actual_size(&mut self) {
        self.canvas.actual_size();
    }

    /// Enlarges the image by a step.
    pub fn zoom_in(&mut self) {
        self.canvas.zoom_by(1);
    }

    /// Reduces the image by a step.
    pub fn zoom_out(&mut self) {
        self.canvas.zoom_by(-1);
    }

    /// Screen pixels per image pixel, as last drawn.
    pub fn zoom(&self) -> f32 {
        self.canvas.zoom()
    }

    /// The image point in the middle of what is seen, as last drawn, in image pixels.
    pub fn center(&self) -> egui::Pos2 {
        self.canvas.center()
    }

    /// Takes the keys of the boxes that are edited, where those had the focus in the last frame. Called before anybody
    /// else looks at the keys of a frame.
    pub fn take_box_keys(&mut self, ui: &Ui, session: &Session) {
        self.canvas.take_box_keys(ui, session);
    }

    /// Keeps a note that was typed and is not kept yet, since nobody goes on with it: the panel is not drawn any more,
    /// or the dataset is closed.
    pub fn keep_typed(&mut self, pencil: &mut Pencil<'_>) {
        let state = pencil.state;
        if let Some(session) = &state.session {
            self.said.keep(pencil, session);
        }
    }
}

/// Draws the sample at the cursor.
pub fn inspector_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut InspectorView) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let there = |sample: &SampleId| (*sample as usize) < session.snapshot.len();
    let Some(sample) = session.selection.cursor.filter(there) else {
        view.said.keep(pencil, session);
        let (icon, color) = (ICON_IMAGE_SEARCH, Tokens::of(ui).text_dim);
        if session.shown.found.rows.is_empty() {
            // What to do is said where the samples would be.
            let page = Page { icon, color, title: "No sample is shown", text: "" };
            return widgets::page_ui(ui, &page, |_| ());
        }
        let text = "Click a picture in the grid or a row of the table, or start with the first sample.";
        let page = Page { icon, color, title: "Nothing is selected", text };
        return widgets::page_ui(ui, &page, |ui| {
            widgets::command_button(ui, pencil, "First sample", Command::NextSample);
        });
    };
    let InspectorView { canvas, histogram, sections, memo, said } = view;
    said.refresh(pencil, session, sample);
    if !memo.refresh(session, sample) {
        ui.ctx().request_repaint();
    }

    let picture = pencil.pictures.full(sample);
    // While samples are labelled one by one, their queue says which comes next.
    if session.labeller.shown != Some(LabelLook::OneByOne) {
        let (neighbours, count) = neighbours(session, session.position_of(sample));
        pencil.pictures.prefetch_full(&neighbours[..count]);
    }

    let outer = ui.available_rect_before_wrap();
    let header =
        ui.scope_builder(UiBuilder::new().max_rect(outer.shrink2(Vec2::new(space::M, space::S))), |ui| {
            header_ui(ui, pencil, session, sample, session.position_of(sample));
        });
    let line_y = header.response.rect.bottom() + space::S;
    let tokens = Tokens::of(ui);
    ui.painter().hline(outer.x_range(), line_y, (1.0, tokens.line));
    let body = outer.with_min_y((line_y + 1.0).min(outer.bottom()));

    let (image_rect, facts_rect) = if body.width() >= WIDE {
        let facts_width = (body.width() * 0.32).clamp(260.0, 400.0);
        body.split_left_right_at_x((body.right() - facts_width).round())
    } else {
        // A square image uses the whole width; more height than that serves the facts better.
        let height = (body.width() + canvas::TOOLBAR).clamp(body.height() * 0.45, body.height() * 0.62);
        body.split_top_bottom_at_y((body.top() + height).round())
    };
    ui.scope_builder(UiBuilder::new().max_rect(image_rect), |ui| {
        canvas_ui(ui, pencil, canvas, histogram.tint(&picture), session, sample, &picture);
    });
    if body.width() >= WIDE {
        ui.painter().vline(facts_rect.left(), facts_rect.y_range(), (1.0, tokens.line));
    } else {
        ui.painter().hline(facts_rect.x_range(), facts_rect.top(), (1.0, tokens.line));
    }
    ui.scope_builder(UiBuilder::new().max_rect(facts_rect.shrink(1.0)), |ui| {
        let full = match &picture {
            FullPicture::Ready(full) => Some(full.as_ref()),
            _ => None,
        };
        let metadata = match &picture {
            FullPicture::Ready(full) => full.metadata.as_slice(),
            FullPicture::Failed { metadata, .. } => metadata.as_slice(),
            FullPicture::Loading => &[],
        };
        let shown = facts::Facts { session, sample, full, metadata, memo };
        facts::facts_ui(ui, pencil, sections, histogram, said, &mut canvas.boxes, &shown);
    });
    ui.advance_cursor_after_rect(outer);
}

/// The next and the previous sample of the view, the next one first.
fn neighbours(session: &Session, position: Option<usize>) -> ([SampleId; 2], usize) {
    let mut found = [0; 2];
    let mut count = 0;
    let Some(position) = position else { return (found, 0) };
    let rows = &session.shown.found.rows;
    for at in [position.checked_add(1), position.checked_sub(1)].into_iter().flatten() {
        if let Some(row) = rows.get(at) {
            found[count] = *row;
            count += 1;
        }
    }
    (found, count)
}

fn header_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    sample: SampleId,
    position: Option<usize>,
) {
    let tokens = Tokens::of(ui);
    let dataset = session.dataset();
    let path = dataset.path(sample);
    let name = path.rsplit('/').next().unwrap_or(path);
    let font = bold(size::HEADING);
    let (title, _) = widgets::elided_name(ui.painter(), name, tokens.text, font, ui.available_width());
    ui.label(title).on_hover_text(path);

    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        // The icon, not its button, lines up with the name above.
        ui.add_space(-widgets::BEARING);
        let rows = session.shown.found.rows.len();
        let before = position.is_some_and(|at| at > 0);
        let after = position.is_none_or(|at| at + 1 < rows) && rows > 0;
        if IconButton::new(ICON_CHEVRON_LEFT, "Previous sample").enabled(before).show(ui).clicked() {
            pencil.act(Action::Run(Command::PreviousSample));
        }
        if IconButton::new(ICON_CHEVRON_RIGHT, "Next sample").enabled(after).show(ui).clicked() {
            pencil.act(Action::Run(Command::NextSample));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.add_space(-widgets::BEARING);
            if IconButton::new(ICON_FOLDER_OPEN, "Reveal in file manager").show(ui).clicked() {
                reveal(pencil, session, sample);
            }
            if IconButton::new(ICON_CONTENT_COPY, "Copy path").show(ui).clicked() {
                let path = full_path(dataset, sample);
                pencil.act(Action::Notify { level: Level::Info, text: format!("Copied {path}") });
                ui.ctx().copy_text(path);
            }
            let marks = session.overlay.marks.get(sample as usize).copied().unwrap_or(0);
            for (mark, icon, names) in [
                (Mark::Unsure, ICON_HELP, ["Mark as unsure", "Mark as no longer unsure"]),
                (Mark::Reviewed, ICON_CHECK_CIRCLE, ["Mark as reviewed", "Mark as not reviewed"]),
                (Mark::Star, ICON_STAR, ["Star", "Remove the star"]),
            ] {
                let on = marks & mark.bit() != 0;
                let name = names[usize::from(on)];
                let button = IconButton::new(icon, name).on(on).color(tokens.text_dim.gamma_multiply(0.6));
                if button.enabled(session.project.can_write()).show(ui).clicked() {
                    pencil.act(Action::SetMarkOf { sample, mark, on: !on });
                }
            }
            let place = match position {
                Some(at) => format!("{} of {}", grouped(at as u64 + 1), grouped(rows as u64)),
                None => "Not in this view".to_owned(),
            };
            if ui.available_width() < PLACE {
                return;
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add_space(space::XS);
                ui.add(Label::new(RichText::new(place).color(tokens.text_dim)).truncate().selectable(false));
            });
        });
    });
}

/// Shows a sample's file. The command is about the selection: without one it becomes this sample.
fn reveal(pencil: &mut Pencil<'_>, session: &Session, sample: SampleId) {
    if session.selection.is_empty() {
        pencil.act(Action::ShowSample(sample));
    }
    pencil.act(Action::Run(Command::Reveal));
}

/// Where a sample lies on the disk, for a person.
fn full_path(dataset: &Dataset, sample: SampleId) -> String {
    let path = dataset.path(sample);
    if dataset.root.is_empty() || Path::new(path).is_absolute() {
        return path.to_owned();
    }
    let file = dataset.file_of(sample);
    // What is opened by itself gives its samples no folder of its name.
    let is_of_one = !dataset.places[sample as usize].is_loose() && file == Path::new(&dataset.source);
    let folder = if is_of_one { file.as_path() } else { Path::new(&dataset.root) };
    folder.join(path).to_string_lossy().into_owned()
}

/// A rectangle of image pixels.
fn rect_of_size(width: u32, height: u32) -> Rect {
    Rect::from_min_size(egui::Pos2::ZERO, Vec2::new(width as f32, height as f32))
}
