//! The screen without a dataset: what can be opened, the demo, and what was open before.

use egui::{Align, CornerRadius, FontId, Layout, RichText, Sense, Ui, WidgetInfo, vec2};
use egui_material_icons::icons;

use super::Pencil;
use super::theme::{self, Tokens, size, space};
use super::widgets;
use crate::state::{Action, Command, JobFace, JobId};
use crate::store::Recent;
use crate::text::{counted, grouped};

/// Width of the column that the page is written in.
const COLUMN: f32 = 560.0;

pub fn welcome_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    let tokens = Tokens::of(ui);
    ui.painter().rect_filled(ui.max_rect(), 0.0, tokens.canvas);
    let side = ((ui.available_width() - COLUMN) / 2.0).max(space::L);
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.add_space((ui.available_height() * 0.14).min(120.0));
        ui.horizontal_top(|ui| {
            ui.add_space(side);
            ui.vertical(|ui| {
                ui.set_width(COLUMN.min(ui.available_width() - space::L));
                page_ui(ui, pencil, tokens);
            });
        });
    });
}

fn page_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, tokens: &Tokens) {
    ui.label(RichText::new("Lenslet").text_style(theme::title_style()));
    ui.label(
        RichText::new("See what is in a dataset, and what is wrong with it.")
            .size(15.0)
            .color(tokens.text_dim),
    );
    ui.add_space(space::L);

    if let Some(source) = &pencil.state.opening {
        opening_ui(ui, source, &pencil.state.jobs, pencil.actions);
        return;
    }

    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().button_padding = vec2(16.0, 9.0);
        let demo = egui::Button::new(RichText::new("Open the demo dataset").color(tokens.on_accent))
            .fill(tokens.accent);
        if ui
            .add(demo)
            .on_hover_text("3,000 rendered letters with planted faults, written to your data folder")
            .clicked()
        {
            pencil.actions.push(Action::Run(Command::OpenDemo));
        }
        if ui.button("Open folder…").clicked() {
            pencil.actions.push(Action::Run(Command::OpenFolder));
        }
        if ui.button("Open file…").on_hover_text("An archive, manifest, array or table file").clicked() {
            pencil.actions.push(Action::Run(Command::OpenFile));
        }
        if ui.button("Type a path…").on_hover_text("A path, or a pattern of shards").clicked() {
            pencil.actions.push(Action::Run(Command::OpenPath));
        }
    });
    ui.add_space(space::S);
    ui.label(widgets::dim("Or drop a folder or file anywhere on this window. Nothing is converted, and source files are never written."));

    let recents = &pencil.state.settings.recents;
    if !recents.is_empty() {
        ui.add_space(space::XL);
        widgets::group_heading(ui, "Recent");
        ui.add_space(space::XS);
        for recent in recents.iter().take(8) {
            recent_ui(ui, recent, tokens, pencil.actions);
        }
    }

    ui.add_space(space::XL);
    widgets::group_heading(ui, "What it opens");
    ui.add_space(space::XS);
    for (title, text) in FORMATS {
        ui.horizontal_top(|ui| {
            ui.allocate_ui_with_layout(vec2(150.0, 18.0), Layout::left_to_right(Align::Min), |ui| {
                ui.set_min_width(150.0);
                ui.label(RichText::new(*title).size(size::BODY));
            });
            ui.add(egui::Label::new(RichText::new(*text).color(tokens.text_dim)).wrap());
        });
    }
    ui.add_space(space::XL);
}

/// What is opened, in a person's words; README has the whole table.
const FORMATS: &[(&str, &str)] = &[
    ("Folders", "flat, class per folder, or split and class, nested as they come"),
    ("Tables", "CSV, TSV and JSON Lines with paths, Parquet with images"),
    ("Annotations", "COCO, YOLO and Pascal VOC with their boxes"),
    ("Arrays", "IDX (MNIST), CIFAR binaries, NumPy .npy and .npz"),
    ("Archives", "tar, tar.gz, zip and WebDataset shards, read in place"),
];

fn recent_ui(ui: &mut Ui, recent: &Recent, tokens: &Tokens, actions: &mut Vec<Action>) {
    let source = recent.source.to_string_lossy();
    let name = recent.source.file_name().map_or_else(|| source.clone(), |name| name.to_string_lossy());
    ui.horizontal(|ui| {
        let width = ui.available_width() - 34.0;
        let (rect, response) = ui.allocate_exact_size(vec2(width, 40.0), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Open {source}")));
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect.expand2(vec2(8.0, 0.0)), CornerRadius::same(6), tokens.raised);
        }
        let (small, body) = (FontId::proportional(size::SMALL), FontId::proportional(size::BODY));
        let count = counted(recent.samples, "sample");
        let count = widgets::elided(ui.painter(), &count, tokens.text_dim, small.clone(), 140.0);
        let room = rect.width() - count.size().x - 16.0;
        let title = widgets::elided(ui.painter(), &name, tokens.text, body, room);
        let path = widgets::elided(ui.painter(), &source, tokens.text_dim, small, room);
        ui.painter().galley(rect.left_top() + vec2(0.0, 3.0), title, tokens.text);
        ui.painter().galley(rect.left_top() + vec2(0.0, 21.0), path, tokens.text_dim);
        ui.painter().galley(rect.right_center() - count.size() * vec2(1.0, 0.5), count, tokens.text_dim);
        if response.on_hover_text(source.as_ref()).clicked() {
            let (source, project) = (source.clone().into_owned(), recent.project.clone());
            actions.push(Action::OpenIn { source, project });
        }
        let forget = format!("Forget {name}");
        if widgets::icon_button(ui, icons::ICON_CLOSE, &forget).clicked() {
            actions.push(Action::ForgetRecent { source: recent.source.clone() });
        }
    });
}

fn opening_ui(ui: &mut Ui, source: &str, jobs: &[JobFace], actions: &mut Vec<Action>) {
    widgets::group_heading(ui, "Opening");
    ui.add(egui::Label::new(RichText::new(source).monospace()).truncate()).on_hover_text(source);
    ui.add_space(space::S);
    for job in jobs.iter().filter(|job| matches!(job.id, JobId::Open | JobId::Demo)) {
        let bar = match job.progress.fraction() {
            Some(fraction) => egui::ProgressBar::new(fraction),
            None => egui::ProgressBar::new(0.0).animate(true),
        };
        ui.add(bar.desired_width(COLUMN).desired_height(6.0)).accessible_name(job.id.title());
        ui.horizontal(|ui| {
            let mut text = job.progress.stage.clone();
            if job.progress.done > 0 {
                text.push_str(&format!(" · {}", grouped(job.progress.done)));
            }
            ui.label(widgets::dim(text));
        });
        ui.add_space(space::S);
        if ui.button("Cancel").clicked() {
            actions.push(Action::JobCancelled { job: job.id });
        }
    }
}
