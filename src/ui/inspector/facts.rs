//! Everything known of a sample, in sections that open and close.

use egui::{Label, RichText, ScrollArea, Ui, Vec2};

use super::histogram::{Histogram, histogram_ui};
use super::memo::Memo;
use super::parts::{fact_ui, line_ui, section_ui};
use super::said::{self, SaidView};
use super::{Sections, boxes, full_path};
use crate::dataset::columns::builtin;
use crate::dataset::query::write_time;
use crate::dataset::{Flag, SampleId, Verdict};
use crate::media::Metadatum;
use crate::state::{Action, Command, Session};
use crate::text::{exact_bytes_text, grouped};
use crate::ui::chips::chip_ui;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{decision_text, kind_title, verdict_icon};
use crate::ui::{Full, Pencil};

/// Boxes and attributes that are listed.
pub(super) const MAX_LISTED: usize = 200;
/// Characters of an attribute that are shown.
const MAX_VALUE: usize = 2000;

/// What the facts are drawn from.
pub(super) struct Facts<'a> {
    pub session: &'a Session,
    pub sample: SampleId,
    pub full: Option<&'a Full>,
    pub metadata: &'a [Metadatum],
    pub memo: &'a Memo,
}

/// Draws the facts, as long as they are.
pub(super) fn facts_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    sections: &mut Sections,
    histogram: &mut Histogram,
    view: &mut SaidView,
    edited: &mut boxes::BoxesView,
    facts: &Facts<'_>,
) {
    let scroll = ScrollArea::vertical().id_salt("inspector-facts").auto_shrink([false, false]);
    scroll.show(ui, |ui| {
        egui::Frame::new().inner_margin(egui::Margin::symmetric(space::M as i8, space::S as i8)).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.y = space::XS;
                said::labels_ui(ui, pencil, view, facts);
                review_ui(ui, pencil, &mut sections.review, facts);
                issues_ui(ui, &mut sections.issues, facts);
                if let Some(full) = facts.full
                    && section_ui(ui, &mut sections.histogram, "Histogram", "")
                {
                    histogram_ui(ui, histogram, full);
                }
                measured_ui(ui, &mut sections.measured, facts);
                boxes_ui(ui, pencil, &mut sections.boxes, edited, facts);
                attributes_ui(ui, &mut sections.attributes, facts);
                said::notes_ui(ui, pencil, &mut sections.said, view, facts);
                file_ui(ui, &mut sections.file, facts);
                metadata_ui(ui, pencil, &mut sections.metadata, facts.metadata);
                ui.add_space(space::L);
            },
        );
    });
}

/// What was decided of the sample, what the analysis found, and the group that it is in.
fn review_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, open: &mut bool, facts: &Facts<'_>) {
    let Facts { session, sample, .. } = *facts;
    let tokens = Tokens::of(ui);
    let judged = &session.review.judged;
    let decision = session.snapshot.decision(sample);
    let flags: Vec<Flag> = session.snapshot.findings.flags_of(sample).collect();
    let group = judged.group_of(sample).map(|group| judged.groups.rows(group).len());
    let is_known = decision.verdict != Verdict::Undecided || !flags.is_empty() || group.is_some();
    if !is_known || !section_ui(ui, open, "Review", "") {
        return;
    }
    if let Some((icon, color)) = verdict_icon(decision.verdict, tokens) {
        ui.horizontal_top(|ui| {
            ui.add(Label::new(icon.rich_text().size(15.0).color(color)).selectable(false));
            let text = decision_text(&session.snapshot, decision);
            ui.add(Label::new(RichText::new(text).color(color)).wrap());
        });
    }
    if !flags.is_empty() {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(space::XS + 2.0, space::XS);
            for flag in flags {
                chip_ui(ui, flag.title(), Some(tokens.warn));
            }
        });
    }
    if let Some(members) = group {
        let text = format!("In a group of {} near-duplicates", grouped(members as u64));
        if ui.link(text).on_hover_text("Show the group, side by side").clicked() {
            pencil.act(Action::OpenGroupOf { sample });
            pencil.act(Action::Run(Command::ShowDuplicates));
        }
    }
}

fn issues_ui(ui: &mut Ui, open: &mut bool, facts: &Facts<'_>) {
    let issues = facts.memo.issues();
    if issues.is_empty() || !section_ui(ui, open, "Issues", &grouped(issues.len() as u64)) {
        return;
    }
    let tokens = Tokens::of(ui);
    for (kind, message) in issues {
        let color = if kind.leaves_image() { tokens.warn } else { tokens.error };
        ui.horizontal_top(|ui| {
            let icon = egui_material_icons::icons::ICON_WARNING;
            ui.add(Label::new(icon.rich_text().size(15.0).color(color)).selectable(false));
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.label(RichText::new(kind_title(*kind)).color(color));
                ui.add(Label::new(message).wrap());
            });
        });
    }
}

/// What one pass over the content found.
fn measured_ui(ui: &mut Ui, open: &mut bool, facts: &Facts<'_>) {
    if !section_ui(ui, open, "Image", "") {
        return;
    }
    let snapshot = &facts.session.snapshot;
    let fact = snapshot.facts.get(facts.sample);
    let size = match facts.full {
        Some(full) => Some((full.decoded.raster.width, full.decoded.raster.height)),
        None => (fact.width > 0 && fact.height > 0).then_some((fact.width, fact.height)),
    };
    if let Some((width, height)) = size {
        fact_ui(ui, "Size", &format!("{width} × {height} px"));
        let pixels = u64::from(width) * u64::from(height);
        if pixels >= 1_000_000 {
            fact_ui(ui, "Pixels", &format!("{:.1} megapixels", pixels as f64 / 1e6));
        }
    }
    match facts.full {
        Some(full) => {
            let decoded = &full.decoded;
            fact_ui(ui, "Format", decoded.format.name());
            fact_ui(
                ui,
                "Stored as",
                &format!("{}, {} bits per channel", decoded.pixel_kind.name(), decoded.bits),
            );
            if decoded.orientation != 1 {
                fact_ui(ui, "Orientation", orientation_text(decoded.orientation));
            }
            if let Some(damage) = &decoded.damage {
                fact_ui(ui, "Damage", &damage.message);
            }
        }
        None => {
            for name in ["format", "pixels", "bits"] {
                column_ui(ui, facts, name);
            }
        }
    }
    if !fact.measured {
        let tokens = Tokens::of(ui);
        ui.label(
            RichText::new("Brightness, sharpness and hash are not measured yet.").color(tokens.text_dim),
        );
        return;
    }
    for name in ["brightness", "contrast", "saturation", "sharpness", "content"] {
        column_ui(ui, facts, name);
    }
}

/// A column of the table of columns, where it has a value.
fn column_ui(ui: &mut Ui, facts: &Facts<'_>, name: &str) {
    let Some(column) = builtin(name) else { return };
    let value = column.text(&facts.session.snapshot, facts.sample);
    if !value.is_empty() {
        let row = ui.scope(|ui| fact_ui(ui, &column.title, &value)).response;
        row.on_hover_text(column.about.as_ref());
    }
}

/// What was done to show an image upright, by its EXIF orientation.
fn orientation_text(orientation: u8) -> &'static str {
    match orientation {
        2 => "2, shown mirrored",
        3 => "3, shown turned by 180°",
        4 => "4, shown upside down and mirrored",
        5 => "5, shown mirrored and turned left",
        6 => "6, shown turned right by 90°",
        7 => "7, shown mirrored and turned right",
        8 => "8, shown turned left by 90°",
        _ => "1, upright",
    }
}

fn boxes_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    open: &mut bool,
    edited: &mut boxes::BoxesView,
    facts: &Facts<'_>,
) {
    let Facts { session, sample, .. } = *facts;
    let count = session.snapshot.boxes().get(sample).len();
    let is_spoken_of = session.labeller.boxes.is_on || session.snapshot.labelling.boxes(sample).is_some();
    let is_there = count > 0 || is_spoken_of;
    if !is_there || !section_ui(ui, open, "Boxes", &grouped(count as u64)) {
        return;
    }
    let full = facts.full.map(|full| [full.decoded.raster.width, full.decoded.raster.height]);
    let size = full.or_else(|| session.image_size(sample));
    boxes::list_ui(ui, pencil, edited, session, sample, size);
}

/// Says how many were left out.
fn more_ui(ui: &mut Ui, count: usize) {
    if count > MAX_LISTED {
        let left_out = grouped((count - MAX_LISTED) as u64);
        ui.label(RichText::new(format!("and {left_out} more")).color(Tokens::of(ui).text_dim));
    }
}

/// Values that came with the dataset.
fn attributes_ui(ui: &mut Ui, open: &mut bool, facts: &Facts<'_>) {
    let attributes = &facts.session.dataset().attributes;
    let row = facts.sample as usize;
    let values = || {
        let all = attributes.iter().filter(|attribute| row < attribute.values.len());
        all.map(|attribute| (&attribute.name, attribute.values.get(row)))
            .filter(|(_, value)| !value.is_empty())
    };
    if values().next().is_none() || !section_ui(ui, open, "Attributes", "") {
        return;
    }
    for (name, value) in values().take(MAX_LISTED) {
        match value.char_indices().nth(MAX_VALUE) {
            Some((at, _)) => fact_ui(ui, name, &format!("{}…", &value[..at])),
            None => fact_ui(ui, name, value),
        }
    }
    if values().nth(MAX_LISTED).is_some() {
        more_ui(ui, values().count());
    }
}

fn file_ui(ui: &mut Ui, open: &mut bool, facts: &Facts<'_>) {
    if !section_ui(ui, open, "File", "") {
        return;
    }
    let dataset = facts.session.dataset();
    let row = facts.sample as usize;
    fact_ui(ui, "Path", &full_path(dataset, facts.sample));
    fact_ui(ui, "Size", &exact_bytes_text(dataset.bytes[row]));
    if dataset.modified_ms[row] != 0 {
        let mut text = String::new();
        write_time(dataset.modified_ms[row], &mut text);
        fact_ui(ui, "Modified", &format!("{text} UTC"));
    }
    let place = dataset.places[row];
    if let Some(container) = dataset.containers.get(place.container as usize).filter(|_| !place.is_loose()) {
        fact_ui(ui, "Within", &container.path);
    }
}

/// Everything that the file says of itself, a heading per group.
fn metadata_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, open: &mut bool, metadata: &[Metadatum]) {
    if metadata.is_empty() || !section_ui(ui, open, "Metadata", &grouped(metadata.len() as u64)) {
        return;
    }
    let tokens = Tokens::of(ui);
    let mut group = "";
    for line in metadata {
        if line.group != group {
            group = line.group;
            ui.add_space(space::XS);
            let text = RichText::new(group).size(size::SMALL).color(tokens.text_dim).strong();
            ui.add(Label::new(text).selectable(false));
        }
        line_ui(ui, pencil, &line.name, &line.value);
    }
}
