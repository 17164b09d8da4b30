//! The dialogs of files of labels: out, in, and people's side by side.

mod compare;
mod export;
mod import;

pub(super) use compare::compare_ui;
pub(super) use export::export_labels_ui;
pub(super) use import::import_labels_ui;

use egui::{
    Align, Align2, FontId, Layout, Response, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2,
};

use super::{Pen, main_button};
use crate::annotation::Faults;
use crate::state::label_files::{FileGesture, LabelForm};
use crate::state::{Action, JobId, State};
use crate::text::grouped;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::elided;

/// Height of a line in a list, in points.
const LINE: f32 = 22.0;

/// Lines of a list that are on screen at once.
const VISIBLE: usize = 8;

fn act(pen: &mut Pen<'_, '_>, gesture: FileGesture) {
    pen.act(Action::LabelFile(Box::new(gesture)));
}

/// The title of a form, with a capital.
fn title_of(form: LabelForm) -> String {
    let mut letters = form.format().title.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect()
}

/// A line of a list that can be clicked, cut where it is too long.
fn line_ui(ui: &mut Ui, text: &str, is_on: bool) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), is_on, text));
    if is_on || response.hovered() || response.has_focus() {
        let fill = if is_on { tokens.accent_soft } else { tokens.raised };
        ui.painter().rect_filled(rect, 3.0, fill);
    }
    let font = FontId::proportional(size::BODY);
    let shown = elided(ui.painter(), text, tokens.text, font, rect.width() - 2.0 * space::S);
    let at = Align2::LEFT_CENTER.align_size_within_rect(shown.size(), rect.shrink2(vec2(space::S, 0.0)));
    let is_cut = shown.elided;
    ui.painter().galley(at.min, shown, tokens.text);
    if is_cut { response.on_hover_text(text) } else { response }
}

/// Something is worked out, and how far that is.
fn waiting_ui(ui: &mut Ui, state: &State, text: &str) {
    let color = Tokens::of(ui).text_dim;
    ui.horizontal(|ui| {
        ui.add(egui::Spinner::new().size(14.0).color(color));
        ui.label(RichText::new(text).color(color));
        let job = state.jobs.iter().find(|job| job.id == JobId::LabelFiles);
        if let Some(progress) = job.map(|job| &job.progress).filter(|progress| progress.total > 0) {
            let far = format!("{} of {}", grouped(progress.done), grouped(progress.total));
            ui.label(RichText::new(far).color(color)).on_hover_text(&progress.stage);
        }
    });
}

/// A sentence in the colour of warnings or of errors.
fn told_ui(ui: &mut Ui, text: &str, color: egui::Color32) {
    ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
}

/// Sentences of which some scroll.
fn sentences_ui(ui: &mut Ui, name: &str, sentences: impl Iterator<Item = String>, more: u64) {
    let color = Tokens::of(ui).warn;
    ScrollArea::vertical().id_salt(name).max_height(120.0).auto_shrink([false, true]).show(ui, |ui| {
        sentences.for_each(|text| told_ui(ui, &text, color));
        if more > 0 {
            super::dim(ui, format!("… and {} more", grouped(more)));
        }
    });
}

/// What is wrong with files.
fn faults_ui(ui: &mut Ui, faults: &Faults) {
    if faults.count() == 0 {
        return;
    }
    crate::ui::widgets::part_heading(ui, &format!("Faults of the file ({})", grouped(faults.count())));
    sentences_ui(ui, "faults", faults.list.iter().map(|fault| fault.to_string()), faults.more);
}

/// “Cancel” and the main button, flush right; tells whether the main one was clicked.
fn buttons_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, enabled: bool, main: &str) -> bool {
    ui.add_space(space::S);
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        let clicked = main_button(ui, enabled, main);
        if ui.button("Cancel").clicked() {
            pen.close();
        }
        clicked
    })
    .inner
}
