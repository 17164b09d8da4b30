//! The dialog that exports what stays: where to, how, and what that would write.

use egui::{Align, Layout, RichText, ScrollArea, Ui};

use super::{Pen, dim, main_button};
use crate::export::dataset::{Kind, Linking, Table};
use crate::state::{Action, ExportChoice, ExportDraft, JobId, PlanFace};
use crate::text::{bytes_text, counted, grouped};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

const FOLDER: &str = "Folder to export to";

pub(super) fn export_ui(ui: &mut Ui, pen: &mut Pen, draft: &ExportDraft) {
    let Some(session) = &pen.pencil.state.session else { return };
    let total = &session.shown.found.total;
    let stays = counted((total.samples - total.pruned.min(total.samples)).into(), "sample");
    let text = match total.pruned {
        0 => format!("Nothing is pruned: all of the {stays} go along. The source is not touched."),
        pruned => format!(
            "{stays} stay, {} pruned are left out. The source is not touched.",
            grouped(pruned.into())
        ),
    };
    dim(ui, text);
    ui.add_space(space::S);

    let mut choice = draft.choice.clone();
    let go = pen.enter(ui, FOLDER);
    name_ui(ui, "Folder");
    ui.allocate_ui_with_layout(
        egui::vec2(ui.available_width(), 32.0),
        Layout::right_to_left(Align::Center),
        |ui| {
            if ui.button("Choose…").on_hover_text("Choose a folder in a window of the system").clicked() {
                pen.act(Action::PickExportFolder);
            }
            pen.field(ui, &mut choice.target, FOLDER, "/data/pruned");
        },
    );
    ui.add_space(space::XS);
    name_ui(ui, "Layout");
    layout_ui(ui, &mut choice);
    if choice.kind != Kind::WebDataset {
        name_ui(ui, "Images");
        images_ui(ui, &mut choice);
    }
    ui.add_space(space::XS);
    let replace = "Replace files that are there under the same names";
    ui.checkbox(&mut choice.replace, replace)
        .on_hover_text("Without this the folder has to be empty, or hold the unfinished same export");
    if choice != draft.choice {
        pen.act(Action::ChangeExport(Box::new(choice)));
    }
    ui.add_space(space::S);
    plan_ui(ui, draft);

    let is_busy = pen.pencil.state.jobs.iter().any(|job| job.id == JobId::Export);
    if is_busy {
        dim(ui, "Another export is under way. This one can start when it has ended.");
    }
    let ready = draft.is_ready() && !is_busy;
    ui.add_space(space::S);
    let clicked = ui
        .with_layout(Layout::right_to_left(Align::Min), |ui| {
            let clicked = main_button(ui, ready, "Export");
            if ui.button("Cancel").clicked() {
                pen.close();
            }
            clicked
        })
        .inner;
    if ready && (clicked || go) {
        // Also closes the dialog.
        pen.act(Action::StartExport);
    }
}

fn name_ui(ui: &mut Ui, name: &str) {
    let color = Tokens::of(ui).text_dim;
    ui.label(RichText::new(name).size(size::SMALL + 1.0).color(color));
}

/// Words of which one is chosen.
fn choose<T: PartialEq + Copy>(ui: &mut Ui, value: &mut T, of: &[(T, &str, &str)]) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
        for (one, title, help) in of {
            if widgets::chip(ui, *value == *one, title).on_hover_text(*help).clicked() {
                *value = *one;
            }
        }
    });
}

fn layout_ui(ui: &mut Ui, choice: &mut ExportChoice) {
    let is_table = matches!(choice.kind, Kind::Manifest(_));
    let table = match choice.kind {
        Kind::Manifest(table) => table,
        _ => Table::Csv,
    };
    let any_table = Kind::Manifest(table);
    let kinds = [
        (Kind::Same, "Same as the source", "The layout that the dataset came in, under the same names"),
        (Kind::ImageFolder, "Image folder", "A folder for each split, and in it one for each class"),
        (Kind::WebDataset, "WebDataset", "Tar shards of each split, with the classes beside them"),
        (any_table, "Images and a table", "A table of every column, with the images beside it"),
    ];
    if choice.linking != Linking::ManifestOnly {
        let before = choice.kind;
        choose(ui, &mut choice.kind, &kinds);
        if choice.kind == Kind::WebDataset && before != Kind::WebDataset {
            // Images are packed: there is nothing to link.
            choice.linking = Linking::Copy;
        }
    }
    if is_table || choice.linking == Linking::ManifestOnly {
        let mut table = table;
        choose(
            ui,
            &mut table,
            &[
                (Table::Csv, "CSV", "A table with a heading, as spreadsheets read it"),
                (Table::JsonLines, "JSON Lines", "An object on each line"),
                (Table::Parquet, "Parquet", "A column store, as data tools read it"),
            ],
        );
        choice.kind = if matches!(choice.kind, Kind::Manifest(_)) || choice.linking == Linking::ManifestOnly {
            Kind::Manifest(table)
        } else {
            choice.kind
        };
    }
}

fn images_ui(ui: &mut Ui, choice: &mut ExportChoice) {
    choose(
        ui,
        &mut choice.linking,
        &[
            (Linking::Copy, "Copies", "Files of their own; they share blocks where the disk can do that"),
            (
                Linking::HardLink,
                "Hard links",
                "Further names of the same files, on the same disk; they take no room",
            ),
            (Linking::SymLink, "Symbolic links", "Links that break when the source moves; they take no room"),
            (Linking::ManifestOnly, "None, a table only", "A table that names the images where they are"),
        ],
    );
}

/// What the export would write, or why it cannot.
fn plan_ui(ui: &mut Ui, draft: &ExportDraft) {
    let tokens = Tokens::of(ui);
    let frame =
        egui::Frame::new().fill(tokens.raised.gamma_multiply(0.6)).corner_radius(8).inner_margin(space::M);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        // The dialog keeps its height while a person types.
        ui.set_min_height(44.0);
        match &draft.plan {
            None => {
                ui.horizontal(|ui| {
                    ui.add(egui::Spinner::new().size(14.0).color(tokens.text_dim));
                    ui.label(RichText::new("Working out what would be written…").color(tokens.text_dim));
                });
            }
            Some(Err(problem)) => {
                ui.add(egui::Label::new(RichText::new(problem).color(tokens.error)).wrap());
            }
            Some(Ok(plan)) => figures_ui(ui, plan),
        }
    });
}

fn figures_ui(ui: &mut Ui, plan: &PlanFace) {
    /// Sentences of a kind that are shown at most.
    const SHOWN: usize = 20;
    let tokens = Tokens::of(ui);
    let figures = format!(
        "{} · {} · {}",
        counted(plan.samples, "sample"),
        counted(plan.files, "file"),
        bytes_text(plan.bytes)
    );
    ui.label(figures);
    let free = plan.free_bytes.map_or_else(String::new, |free| format!(", {} are free", bytes_text(free)));
    dim(ui, format!("{} to write{free}.", bytes_text(plan.bytes_to_write)));
    if plan.finished > 0 {
        dim(
            ui,
            format!(
                "{} of this export are there from before; it goes on from there.",
                counted(plan.finished, "file")
            ),
        );
    }
    if plan.warnings.is_empty() && plan.refusals.is_empty() {
        return;
    }
    ScrollArea::vertical().max_height(140.0).auto_shrink([false, true]).show(ui, |ui| {
        for (sentences, color) in [(&plan.refusals, tokens.error), (&plan.warnings, tokens.warn)] {
            for text in sentences.iter().take(SHOWN) {
                ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
            }
            if sentences.len() > SHOWN {
                dim(ui, format!("… and {} more", sentences.len() - SHOWN));
            }
        }
    });
}
