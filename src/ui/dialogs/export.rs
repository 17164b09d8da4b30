//! The dialog that exports what stays: where to, how, and what that would write.

use egui::{Align, Layout, RichText, ScrollArea, Ui};

use super::{Pen, dim, main_button};
use crate::dataset::edit::PipelineSlot;
use crate::export::dataset::{Kind, Linking, MAX_VARIANTS, Table};
use crate::state::{Action, AugmentChoice, ExportChoice, ExportDraft, JobId, PlanChoice, PlanFace, Session};
use crate::text::{bytes_text, counted, grouped};
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets::{choose, part_heading, raised_frame};

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
    let text = match &draft.choice.plan {
        Some(plan) => plan_text(plan),
        None => text,
    };
    dim(ui, text);
    ui.add_space(space::S);

    let mut choice = draft.choice.clone();
    let go = pen.enter(ui, FOLDER);
    part_heading(ui, "Folder");
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
    if choice.plan.is_none() {
        ui.add_space(space::XS);
        part_heading(ui, "What");
        augment_ui(ui, session, &mut choice);
    }
    ui.add_space(space::XS);
    part_heading(ui, "Layout");
    let makes_pictures = choice.makes_pictures();
    match makes_pictures {
        true => variants_layout_ui(ui, &mut choice),
        false => layout_ui(ui, &mut choice),
    }
    if choice.kind != Kind::WebDataset && !makes_pictures {
        ui.add_space(space::XS);
        part_heading(ui, "Images");
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

/// What a plan for the balance of classes has exported.
fn plan_text(choice: &PlanChoice) -> String {
    let (plan, after) = (&choice.plan, &choice.plan.balanced.after);
    let further = match (plan.repeats, choice.has_variants()) {
        (0, _) => String::new(),
        (more, true) => format!(" and {} of them", counted(more, "variant")),
        (more, false) => format!(" with {}", counted(more, "repeat")),
    };
    let stay = counted(after.samples, "sample");
    format!("By the plan {stay} stay{further}, {} go. The source is not touched.", grouped(plan.going()))
}

/// The samples, or variants of them by one of the pipelines.
fn augment_ui(ui: &mut Ui, session: &Session, choice: &mut ExportChoice) {
    let before = choice.augment.as_ref().map(|augment| augment.slot);
    let mut slot = before;
    let help = "Pictures made of the samples by the pipeline in the panel Augment";
    choose(
        ui,
        &mut slot,
        &[
            (None, "The samples", "As they are"),
            (Some(PipelineSlot::A), "Variants by pipeline A", help),
            (Some(PipelineSlot::B), "Variants by pipeline B", help),
        ],
    );
    if slot != before {
        let known = choice.augment.take();
        choice.augment = slot.map(|slot| AugmentChoice {
            slot,
            pipeline: session.overlay.pipelines[slot as usize].clone(),
            variants: known.as_ref().map_or(4, |known| known.variants),
            seed: session.augment.view.seed,
            with_originals: known.is_none_or(|known| known.with_originals),
        });
        if slot.is_some() {
            choice.linking = Linking::Copy;
        }
        choice.kind = match (slot, choice.kind) {
            (None, _) => Kind::Same,
            (Some(_), Kind::Same) => Kind::ImageFolder,
            (Some(_), Kind::Manifest(_)) => Kind::Manifest(Table::Parquet),
            (Some(_), kind) => kind,
        };
    }
    let Some(augment) = &mut choice.augment else { return };
    ui.horizontal_wrapped(|ui| {
        let variants = egui::DragValue::new(&mut augment.variants).range(1..=MAX_VARIANTS).speed(0.1);
        ui.add(variants.suffix(" of each sample").update_while_editing(false)).accessible_name("Variants");
        let seed = egui::DragValue::new(&mut augment.seed).speed(0.1).prefix("seed ");
        ui.add(seed.update_while_editing(false)).accessible_name("Seed of the variants");
        ui.checkbox(&mut augment.with_originals, "and the samples themselves");
    });
}

fn variants_layout_ui(ui: &mut Ui, choice: &mut ExportChoice) {
    let kinds = [
        (Kind::ImageFolder, "Image folder", "PNGs in folders of splits and classes, and metadata.jsonl"),
        (Kind::WebDataset, "WebDataset", "Tar shards of each split"),
        (Kind::Manifest(Table::Parquet), "Parquet", "Files of each split with the images in them"),
    ];
    choose(ui, &mut choice.kind, &kinds);
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
    raised_frame(tokens).show(ui, |ui| {
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
