//! The dialog that takes labels in: the file, what it would change, and where both say something else.

use egui::{Ui, vec2};

use super::super::{Pen, dim};
use super::{
    LINE, VISIBLE, act, buttons_ui, faults_ui, line_ui, sentences_ui, title_of, told_ui, waiting_ui,
};
use crate::annotation::merge::ConflictRow;
use crate::annotation::{Changed, MatchBy, MergeReport, Resolve};
use crate::dataset::SampleId;
use crate::state::Action;
use crate::state::label_files::{FileGesture, LabelForm, LabelImportDraft, Place, Preview, name_of};
use crate::text::{counted, grouped};
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets::{chip, choose, lines_ui, part_heading, raised_frame};

/// Edge of the picture of the conflict that was clicked, in points.
const PICTURE: f32 = 96.0;

pub fn import_labels_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, draft: &LabelImportDraft) {
    let Some(session) = &pen.pencil.state.session else { return };
    dim(
        ui,
        "A file or folder of labels in any of the forms that are written, or any dataset with labels. The dataset itself is not touched, and one undo takes all back.",
    );
    ui.add_space(space::XS);
    ui.add_enabled_ui(!draft.is_taking, |ui| {
        ui.horizontal_wrapped(|ui| {
            if ui.button("Choose a file…").clicked() {
                act(pen, FileGesture::PickSource(Place::File));
            }
            if ui.button("Choose a folder…").clicked() {
                act(pen, FileGesture::PickSource(Place::Folder));
            }
            if let Some(path) = &draft.path {
                ui.label(name_of(path)).on_hover_text(path.display().to_string());
            }
        });
        ui.add_space(space::XS);
        choices_ui(ui, pen, draft);
    });
    ui.add_space(space::S);
    let tokens = Tokens::of(ui);
    match &draft.found {
        None if draft.path.is_none() => dim(ui, "Choose what to take in to see what would change."),
        None => waiting_ui(ui, pen.pencil.state, "Reading the labels…"),
        Some(Err(problem)) => told_ui(ui, problem, tokens.error),
        Some(Ok(preview)) => preview_ui(ui, pen, preview, draft.choice.resolve),
    }
    let refusal = session.why_read_only();
    if let Some(text) = &refusal {
        told_ui(ui, text, tokens.warn);
    }
    if draft.is_taking {
        ui.add_space(space::XS);
        waiting_ui(ui, pen.pencil.state, "Taking the labels in…");
    }
    let changes = draft.preview().map_or(0, |preview| preview.changed(draft.choice.resolve).samples);
    let main = match changes {
        0 => "Take in".to_owned(),
        changes => format!("Take in {}", counted(changes, "sample")),
    };
    if buttons_ui(ui, pen, changes > 0 && refusal.is_none() && !draft.is_taking, &main) {
        act(pen, FileGesture::TakeIn);
    }
}

fn choices_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, draft: &LabelImportDraft) {
    let mut choice = draft.choice;
    part_heading(ui, "Samples meet by");
    choose(
        ui,
        &mut choice.by,
        &[
            (MatchBy::Path, "Path", "The path in the dataset, or its end where that is one sample's"),
            (MatchBy::Content, "Content", "The hash of their content"),
            (MatchBy::Either, "Path or content", "By path, and where no path fits by content"),
        ],
    );
    ui.add_space(space::XS);
    part_heading(ui, "Where both say something else");
    choose(
        ui,
        &mut choice.resolve,
        &[
            (Resolve::KeepOurs, "Keep ours", "What is said here stays"),
            (Resolve::TakeTheirs, "Take theirs", "What the file says takes its place"),
            (
                Resolve::Dispute,
                "Dispute",
                "What is said here stays, and the sample is tagged “disputed” to be settled",
            ),
        ],
    );
    // Where the form is found out nobody has to choose one.
    if choice.form.is_some() || matches!(draft.found, Some(Err(_))) {
        ui.add_space(space::XS);
        part_heading(ui, "Form of the file");
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::splat(6.0);
            if chip(ui, choice.form.is_none(), "Found out").clicked() {
                choice.form = None;
            }
            for form in LabelForm::all() {
                let format = form.format();
                if chip(ui, choice.form == Some(form), &title_of(form)).on_hover_text(format.about).clicked()
                {
                    choice.form = Some(form);
                }
            }
        });
    }
    if choice != draft.choice {
        act(pen, FileGesture::ChangeImport(choice));
    }
}

fn preview_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, preview: &Preview, resolve: Resolve) {
    let (report, changed) = (&preview.report, preview.changed(resolve));
    raised_frame(Tokens::of(ui)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(match changed.samples {
            0 => "Nothing would change.".to_owned(),
            changes => format!("{} of {} would change.", grouped(changes), counted(report.theirs, "sample")),
        });
        for text in figures(report, changed, preview.file.proposals) {
            dim(ui, text);
        }
    });
    if !report.conflict_rows.is_empty() {
        ui.add_space(space::XS);
        conflicts_ui(ui, pen, preview);
    }
    let strays = strays(report);
    if !strays.is_empty() {
        ui.add_space(space::XS);
        part_heading(ui, "Left out");
        let more = strays.len().saturating_sub(MOST_STRAYS) as u64;
        sentences_ui(ui, "strays", strays.into_iter().take(MOST_STRAYS), more);
    }
    if preview.file.faults.count() > 0 {
        ui.add_space(space::XS);
        faults_ui(ui, &preview.file.faults);
    }
}

/// Samples that are left out which are listed at most.
const MOST_STRAYS: usize = 100;

/// What a file comes to, in lines.
fn figures(report: &MergeReport, changed: &Changed, proposals: u64) -> Vec<String> {
    let joined = |parts: &[(u64, &str)]| -> String {
        let there = parts.iter().filter(|(count, _)| *count > 0);
        there.map(|(count, what)| format!("{} {what}", grouped(*count))).collect::<Vec<_>>().join(" · ")
    };
    let mut lines = vec![
        joined(&[
            (report.by_path, "met by path"),
            (report.by_path_end, "met by the end of the path"),
            (report.by_content, "met by content"),
            (report.unmatched.len() as u64, "not in the dataset"),
            (report.ambiguous.len() as u64, "may be several samples"),
            (report.repeated.len() as u64, "said again and otherwise"),
        ]),
        joined(&[
            (report.new, "new"),
            (report.same, "the same"),
            (report.conflicts, "something else"),
            (report.silent, "without a label"),
        ]),
    ];
    let classes = &changed.new_classes;
    if !classes.is_empty() {
        const SHOWN: usize = 12;
        let names: Vec<&str> = classes.iter().take(SHOWN).map(String::as_str).collect();
        let more = if classes.len() > SHOWN { ", …" } else { "" };
        let count = counted(classes.len() as u64, "new class");
        lines.push(format!("{count}: {}{more}", names.join(", ")));
    }
    if proposals > 0 {
        lines.push(format!("{} of models, which are not taken in", counted(proposals, "proposal")));
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// What is not taken in, whatever is chosen: a line for each of the first, and the rest as they are counted.
fn strays(report: &MergeReport) -> Vec<String> {
    let unmatched = report.unmatched.iter().map(|path| format!("{path}: not in the dataset"));
    let ambiguous = report.ambiguous.iter();
    let ambiguous = ambiguous.map(|row| format!("{}: may be {}", row.theirs, row.ours.join(", ")));
    let repeated = report.repeated.iter().map(|path| format!("{path}: said again and otherwise"));
    // Few are shown of what may be millions, and not only those of one kind.
    let most = MOST_STRAYS / 3;
    let rest = [report.unmatched.len(), report.ambiguous.len(), report.repeated.len()];
    let rest: usize = rest.iter().map(|count| count.saturating_sub(most)).sum();
    let mut all: Vec<String> =
        unmatched.take(most).chain(ambiguous.take(most)).chain(repeated.take(most)).collect();
    if rest > 0 {
        all.push(format!("… and {} more", grouped(rest as u64)));
    }
    all
}

/// A conflict in a line.
fn conflict_text(row: &ConflictRow) -> String {
    let or_none = |labels: &[String]| if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    let boxes = if row.boxes { " (boxes)" } else { "" };
    format!("{}: {} → {}{boxes}", row.path, or_none(&row.ours), or_none(&row.theirs))
}

fn conflicts_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, preview: &Preview) {
    let rows = &preview.report.conflict_rows;
    let cursor = pen.pencil.state.session.as_ref().and_then(|session| session.selection.cursor);
    part_heading(ui, &format!("Something else ({}): ours → theirs", grouped(rows.len() as u64)));
    lines_ui(ui, "conflicts", (LINE, VISIBLE), rows.len(), |ui, at| {
        let (Some(row), Some(sample)) = (rows.get(at), preview.conflicts.get(at).copied()) else { return };
        let text = conflict_text(row);
        if line_ui(ui, &text, cursor == Some(sample)).clicked() {
            pen.act(Action::ShowSample(sample));
        }
    });
    if let Some(sample) = cursor.filter(|sample| preview.is_conflict(*sample)) {
        picture_ui(ui, pen, sample);
    }
}

fn picture_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, sample: SampleId) {
    let (rect, _) = ui.allocate_exact_size(vec2(PICTURE, PICTURE), egui::Sense::hover());
    let edge_px = (PICTURE * ui.ctx().pixels_per_point()).round() as u32;
    match pen.pencil.pictures.thumbnail(sample, edge_px) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::{Annotated, Annotations, merge};
    use crate::jobs::Control;

    #[test]
    fn a_file_comes_to_lines_of_what_there_is() {
        let said = |path: &str, label: &str| Annotated {
            path: path.into(),
            labels: vec![label.into()],
            ..Annotated::default()
        };
        let ours = Annotations::of_samples(vec![said("a.png", "cat"), said("b.png", "cat")]);
        let theirs =
            Annotations::of_samples(vec![said("a.png", "cat"), said("b.png", "emu"), said("c.png", "cat")]);
        let plan = merge(&ours, &theirs, MatchBy::Path, &Control::new()).unwrap();
        let report = MergeReport::of(&plan, &ours, &theirs);
        let changed = Changed { samples: 1, new_classes: vec!["emu".into()] };
        let lines = [
            "2 met by path · 1 not in the dataset",
            "1 the same · 1 something else",
            "1 new class: emu",
            "2 proposals of models, which are not taken in",
        ];
        assert_eq!(figures(&report, &changed, 2), lines);
        assert_eq!(figures(&report, &changed, 0), lines[..3]);
        assert_eq!(strays(&report), ["c.png: not in the dataset"]);
        assert_eq!(conflict_text(&report.conflict_rows[0]), "b.png: cat → emu");
    }
}
