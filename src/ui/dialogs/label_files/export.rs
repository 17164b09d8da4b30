//! The dialog that writes labels: which, in which form, and what that form does not hold.

use egui::{TextEdit, Ui};

use super::super::{Pen, dim};
use super::{act, buttons_ui, sentences_ui, title_of, told_ui, waiting_ui};
use crate::annotation::{Field, Format, Writer};
use crate::state::label_files::{AnswersIn, ExportPart, FileGesture, LabelExportDraft, LabelForm, count_of};
use crate::state::{JobId, State};
use crate::text::grouped;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets::{chip, choose, part_heading, raised_frame};

pub fn export_labels_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, draft: &LabelExportDraft) {
    let state = pen.pencil.state;
    let Some(session) = &state.session else { return };
    dim(
        ui,
        "What a person said takes the place of what the dataset says. The dataset itself is not touched.",
    );
    ui.add_space(space::XS);
    let mut choice = draft.choice.clone();
    part_heading(ui, "Form");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::Vec2::splat(6.0);
        for form in LabelForm::all() {
            let format = form.format();
            if chip(ui, choice.form == form, &title_of(form)).on_hover_text(format.about).clicked() {
                choice.form = form;
            }
        }
    });
    let format = choice.form.format();
    dim(
        ui,
        format!("{}. It holds {}.", crate::text::sentence(format.about).trim_end_matches('.'), held(format)),
    );
    ui.add_space(space::XS);

    part_heading(ui, "Samples");
    let title =
        |what: &str, part: ExportPart| format!("{what} ({})", grouped(count_of(part, session) as u64));
    let titles = [
        title("All", ExportPart::All),
        title("Shown", ExportPart::Shown),
        title("Selected", ExportPart::Selected),
    ];
    choose(
        ui,
        &mut choice.part,
        &[
            (ExportPart::All, &titles[0], "Every sample of the dataset, in the order of their paths"),
            (
                ExportPart::Shown,
                &titles[1],
                "The samples that fit the filter, in the order in which they are shown",
            ),
            (ExportPart::Selected, &titles[2], "The selected samples"),
        ],
    );
    if choice.form.is_task() {
        ui.add_space(space::XS);
        part_heading(ui, "Task");
        choose(
            ui,
            &mut choice.answers,
            &[
                (AnswersIn::Left, "Without answers", "Others are asked and see nothing of what was said"),
                (AnswersIn::Written, "With answers", "What was said is in the file, and by whom"),
            ],
        );
        let field =
            TextEdit::multiline(&mut choice.instructions).desired_rows(3).desired_width(f32::INFINITY);
        let field = field.hint_text("What is to be labelled, and how").margin(egui::vec2(10.0, 7.0));
        ui.add(field).accessible_name("Instructions");
    }
    if choice != draft.choice {
        act(pen, FileGesture::ChangeExport(choice.clone()));
    }
    ui.add_space(space::S);
    left_out_ui(ui, state, draft);

    let is_busy = state.jobs.iter().any(|job| job.id == JobId::Export);
    if is_busy {
        dim(ui, "Another export is under way. This one can start when it has ended.");
    }
    let count = count_of(choice.part, session);
    if count == 0 {
        dim(ui, "There is no such sample.");
    }
    let main = if format.ending.is_some() { "Choose a file…" } else { "Choose a folder…" };
    if buttons_ui(ui, pen, !is_busy && count > 0, main) {
        act(pen, FileGesture::PickTarget);
    }
}

/// What a form holds, in words.
fn held(format: &Format) -> String {
    /// More are told by what there is and not by what is missing.
    const FEW: usize = 4;
    let listed =
        |fields: &[Field]| fields.iter().map(|field| field.words()[1]).collect::<Vec<_>>().join(", ");
    let missing: Vec<Field> = Field::ALL.into_iter().filter(|field| !format.holds.contains(field)).collect();
    match missing.len() {
        0 => return "all that was said".to_owned(),
        1..=FEW => return format!("all but {}", listed(&missing)),
        _ => {}
    }
    let pictures = if matches!(format.write, Writer::Export) { "the pictures, " } else { "" };
    format!("{pictures}{}", listed(format.holds))
}

/// What the form does not hold.
fn left_out_ui(ui: &mut Ui, state: &State, draft: &LabelExportDraft) {
    let tokens = Tokens::of(ui);
    raised_frame(tokens).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.set_min_height(30.0);
        match &draft.told {
            None => waiting_ui(ui, state, "Counting what the form does not hold…"),
            Some(Err(problem)) => told_ui(ui, problem, tokens.error),
            Some(Ok(told)) if told.is_empty() => {
                dim(ui, "The form holds all that was said of these samples.")
            }
            Some(Ok(told)) => sentences_ui(ui, "left out", told.iter().cloned(), 0),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_holds_is_told_by_what_is_missing_where_that_is_little() {
        for (name, expected) in [
            ("parquet", "all that was said"),
            ("csv", "all but classes that no sample has"),
            ("folder", "the pictures, labels, splits of samples"),
            ("coco", "sizes of pictures, labels, boxes, classes that no sample has"),
        ] {
            let form = LabelForm::named(name).unwrap();
            assert_eq!(held(form.format()), expected, "{name}");
        }
    }
}
