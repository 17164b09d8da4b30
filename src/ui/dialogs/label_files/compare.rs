//! The dialog that shows how far people agree.

use egui::{Grid, ScrollArea, Ui};
use egui_material_icons::icons::ICON_CLOSE;

use super::super::{Pen, dim, list_height};
use super::{act, buttons_ui, faults_ui, told_ui, waiting_ui};
use crate::annotation::MatchBy;
use crate::annotation::panel::{AgreementReport, ConfusionCell, DisputeRow, PairRow};
use crate::state::label_files::{CompareDraft, ComparedPeople, FileGesture, name_of};
use crate::text::{counted, grouped};
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets::{choose, icon_button, lines_ui, part_heading};

/// Rows that are shown of what may be long.
const SHOWN: usize = ComparedPeople::PAIRS;

pub fn compare_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, draft: &CompareDraft) {
    let Some(session) = &pen.pencil.state.session else { return };
    dim(
        ui,
        "Files of labels, one for each person, or one in which several people are named. A sample without a label is no answer.",
    );
    ui.add_space(space::XS);
    if ui.button("Add files…").clicked() {
        act(pen, FileGesture::PickPeople);
    }
    for (at, file) in draft.files.iter().enumerate() {
        ui.horizontal(|ui| {
            let name = name_of(file);
            if icon_button(ui, ICON_CLOSE, &format!("Leave {name} out")).clicked() {
                act(pen, FileGesture::LeaveOut(at));
            }
            ui.label(name).on_hover_text(file.display().to_string());
        });
    }
    part_heading(ui, "Samples meet by");
    let mut by = draft.by;
    let ways = [
        (MatchBy::Path, "Path", "The path in the dataset"),
        (MatchBy::Content, "Content", "The hash of their content"),
    ];
    choose(ui, &mut by, &ways);
    if by != draft.by {
        act(pen, FileGesture::CompareBy(by));
    }
    ui.add_space(space::S);
    let tokens = Tokens::of(ui);
    let mut disputed = 0;
    match &draft.found {
        None if draft.files.is_empty() => dim(ui, "Add files to see how far people agree."),
        None => waiting_ui(ui, pen.pencil.state, "Comparing…"),
        Some(Err(problem)) => told_ui(ui, problem, tokens.error),
        Some(Ok(found)) => {
            disputed = found.disputed.len() as u64;
            let height = (list_height(ui) - 140.0).max(160.0);
            ScrollArea::vertical()
                .id_salt("agreement")
                .max_height(height)
                .auto_shrink([false, true])
                .show(ui, |ui| found_ui(ui, found));
        }
    }
    let refusal = session.why_read_only();
    if let Some(text) = &refusal {
        told_ui(ui, text, tokens.warn);
    }
    let main = match disputed {
        0 => "Tag disputed samples".to_owned(),
        disputed => format!("Tag {}", counted(disputed, "disputed sample")),
    };
    if buttons_ui(ui, pen, disputed > 0 && refusal.is_none(), &main) {
        act(pen, FileGesture::TagDisputed);
    }
}

fn found_ui(ui: &mut Ui, found: &ComparedPeople) {
    let compared = &found.compared;
    let report = &compared.report;
    for person in &report.people {
        ui.label(format!("{}: {} answered", person.name, counted(person.answered, "sample")));
    }
    let all = counted(report.samples, "sample");
    dim(ui, format!("{} of {all} were answered by two people or more.", grouped(report.shared)));
    if report.shared == 0 {
        dim(ui, "No sample has two answers: compare the files' paths, or meet by content.");
    }
    for (count, what) in [
        (compared.left_out, "have no hash of their content and were left out."),
        (compared.again, "were given again; the last counts."),
    ] {
        if count > 0 {
            dim(ui, format!("{} {what}", counted(count, "answer")));
        }
    }
    figures_ui(ui, report);
    for (pair, cells) in report.pairs.iter().zip(&found.confused) {
        confusion_ui(ui, pair, cells);
    }
    classes_ui(ui, report);
    if !report.disputes.is_empty() {
        disputes_ui(ui, report, found.disputed.len());
    }
    faults_ui(ui, &compared.faults);
}

/// Kappas and alpha.
fn figures_ui(ui: &mut Ui, report: &AgreementReport) {
    if report.pairs.is_empty() {
        return;
    }
    ui.add_space(space::XS);
    part_heading(ui, "Agreement");
    Grid::new("pairs").num_columns(5).spacing([space::M, space::XS]).striped(true).show(ui, |ui| {
        for title in ["Two people", "shared", "agree", "by chance", "Cohen's kappa"] {
            ui.label(crate::ui::widgets::dim(title));
        }
        ui.end_row();
        for pair in report.pairs.iter().take(SHOWN) {
            ui.label(format!("{} and {}", pair.first, pair.second));
            ui.label(grouped(pair.samples));
            ui.label(share(Some(pair.observed)));
            ui.label(share(Some(pair.expected)));
            let error = pair.error.map(|error| format!(" ± {error:.3}")).unwrap_or_default();
            ui.label(format!("{}{error}", coefficient(pair.kappa)));
            ui.end_row();
        }
    });
    more_ui(ui, report.pairs.len());
    if let Some(fleiss) = &report.fleiss {
        let among = counted(fleiss.samples, "sample");
        ui.label(format!("Fleiss' kappa {} ({among} that all answered)", coefficient(fleiss.kappa)));
    }
    if let Some(alpha) = &report.alpha {
        let (answers, samples) = (counted(alpha.answers, "answer"), counted(alpha.samples, "sample"));
        ui.label(format!("Krippendorff's alpha {} ({answers} to {samples})", coefficient(alpha.alpha)));
    }
}

/// The answers of two people that differ most often.
fn confusion_ui(ui: &mut Ui, pair: &PairRow, cells: &[ConfusionCell]) {
    if cells.is_empty() {
        return;
    }
    ui.add_space(space::XS);
    part_heading(ui, &format!("{} and {} differ most on", pair.first, pair.second));
    for ConfusionCell { first, second, samples } in cells {
        ui.label(format!("{first} → {second}: {}", counted(*samples, "sample")));
    }
}

fn classes_ui(ui: &mut Ui, report: &AgreementReport) {
    if report.classes.is_empty() {
        return;
    }
    ui.add_space(space::XS);
    part_heading(ui, "Class by class");
    Grid::new("classes").num_columns(4).spacing([space::M, space::XS]).striped(true).show(ui, |ui| {
        for title in ["Class", "named", "agreement", "alpha"] {
            ui.label(crate::ui::widgets::dim(title));
        }
        ui.end_row();
        for row in report.classes.iter().take(SHOWN) {
            ui.label(&row.class);
            ui.label(grouped(row.named));
            ui.label(share(row.agreement));
            ui.label(coefficient(row.alpha));
            ui.end_row();
        }
    });
    more_ui(ui, report.classes.len());
}

fn disputes_ui(ui: &mut Ui, report: &AgreementReport, here: usize) {
    ui.add_space(space::XS);
    let all = report.disputes.len();
    let text = format!("Disputed ({}, {} in the dataset)", grouped(all as u64), grouped(here as u64));
    part_heading(ui, &text);
    lines_ui(ui, "disputes", (super::LINE, super::VISIBLE), all, |ui, at| {
        if let Some(row) = report.disputes.get(at) {
            let text = format!("{}: {}", row.path, answers(row));
            ui.add(egui::Label::new(text.as_str()).truncate()).on_hover_text(text);
        }
    });
}

fn answers(row: &DisputeRow) -> String {
    let one = row.answers.iter().map(|answer| format!("{} says {}", answer.by, answer.labels.join(" + ")));
    one.collect::<Vec<_>>().join(", ")
}

fn more_ui(ui: &mut Ui, all: usize) {
    if all > SHOWN {
        dim(ui, format!("… and {} more", grouped((all - SHOWN) as u64)));
    }
}

fn share(part: Option<f64>) -> String {
    part.map_or("–".to_owned(), |part| format!("{:.1} %", 100.0 * part))
}

fn coefficient(number: Option<f64>) -> String {
    number.map_or("–".to_owned(), |number| format!("{number:.3}"))
}
