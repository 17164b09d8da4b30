//! One cell of the grid: its picture, marks and caption, what is told of it on hover and by screen readers.
//!
//! It refuses to know where cells stand.

use std::fmt::Write as _;
use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Align2, Color32, CornerRadius, FontId, Galley, Pos2, Rect, Sense, Stroke, StrokeKind, TextFormat, Ui,
    WidgetInfo, pos2, vec2,
};
use egui_material_icons::{MaterialIcon, icons};

use super::sweep::{Gives, Swept};
use crate::dataset::edit::Mark;
use crate::dataset::{ClassId, IssueKind, NO_SPLIT, SampleId};
use crate::state::{GridState, Session};
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::{Pencil, widgets};

/// A cell on screen.
pub(super) struct Cell {
    pub sample: SampleId,
    pub rect: Rect,
    pub edge_px: u32,
    pub is_hovered: bool,
}

/// A cell as a screen reader finds it: by its path, to be clicked. It has no focus of its own: Tab
/// goes past the grid in one step, keys move the cursor. Drags go to the grid below.
pub(super) fn node_ui(
    ui: &Ui,
    session: &Session,
    cell: &Cell,
    window: Rect,
    grid: egui::Id,
) -> egui::Response {
    let id = grid.with(("cell", cell.sample));
    let response = ui.interact(cell.rect.intersect(window), id, Sense::CLICK);
    let path = session.dataset().path(cell.sample);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::GridCell, true, path));
    let is_selected = session.selection.contains(cell.sample);
    let mut about = widgets::decision_text(&session.snapshot, session.snapshot.decision(cell.sample));
    if let Some(proposal) = session.proposal_text(cell.sample) {
        let _ = write!(about, "{}Proposed: {proposal}", if about.is_empty() { "" } else { "; " });
    }
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_selected(is_selected);
        if !about.is_empty() {
            node.set_description(about);
        }
    });
    if session.selection.cursor == Some(cell.sample) {
        ui.ctx().accesskit_node_builder(grid, |node| node.set_active_descendant(id.accesskit_id()));
    }
    response
}

/// Draws a cell; `swept` is what a sweep that is under way has given it, `caption` a text to write in.
pub(super) fn cell_ui(
    ui: &Ui,
    painter: &egui::Painter,
    pencil: &mut Pencil<'_>,
    session: &Session,
    cell: &Cell,
    swept: Option<Swept<'_>>,
    caption: &mut String,
) {
    let tokens = Tokens::of(ui);
    let sample = cell.sample;
    let selected = session.selection.contains(sample);
    let is_cursor = session.selection.cursor == Some(sample);

    // Round corners of hundreds of small cells cost more than they show.
    let is_round = session.grid.cell_px >= GridState::CAPTION_FROM;
    let radius = if is_round { CornerRadius::same(space::RADIUS) } else { CornerRadius::ZERO };
    if selected || swept.is_some() {
        painter.rect_filled(cell.rect, radius, tokens.accent_soft);
    } else if cell.is_hovered {
        painter.rect_filled(cell.rect, radius, tokens.raised);
    }
    let picture = Rect::from_min_size(cell.rect.min, vec2(cell.rect.width(), session.grid.cell_px));
    let drawn = picture_ui(painter, pencil, session, cell, picture.shrink(3.0), tokens);
    marks_ui(painter, session, sample, drawn, tokens);
    let told = told_of(session, sample, swept, caption);
    if session.grid.cell_px >= GridState::CAPTION_FROM {
        let line = Rect::from_min_max(pos2(cell.rect.left(), picture.bottom()), cell.rect.max);
        caption_ui(painter, session, sample, line.shrink2(vec2(6.0, 0.0)), told, caption, tokens);
    } else if let Told::Class(Some(class)) = told {
        let bar = Rect::from_min_max(pos2(drawn.left(), drawn.bottom() - 3.0), drawn.max);
        painter.rect_filled(bar, 0.0, tokens.class_of(&session.snapshot, class));
    }
    if swept.is_some() {
        let color = match told {
            Told::Class(Some(class)) => tokens.class_of(&session.snapshot, class),
            _ => tokens.text_dim,
        };
        painter.rect_stroke(cell.rect, radius, Stroke::new(2.0, color), StrokeKind::Inside);
    } else if selected {
        painter.rect_stroke(cell.rect, radius, Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
    } else if is_cursor {
        painter.rect_stroke(cell.rect, radius, Stroke::new(1.0, tokens.text_dim), StrokeKind::Inside);
    }
}

/// What a caption says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    /// Classes: that of the dot, where it is known.
    Class(Option<ClassId>),
    /// What a model proposes.
    Proposal,
    /// Neither: the file's name.
    Name,
}

/// Writes what is to be said of a sample's classes.
fn told_of(session: &Session, sample: SampleId, swept: Option<Swept<'_>>, caption: &mut String) -> Told {
    let labels = session.snapshot.labels();
    caption.clear();
    let mut add = |name: &str| {
        caption.push_str(if caption.is_empty() { "" } else { ", " });
        caption.push_str(name);
    };
    let name = |class: &ClassId| labels.classes.get(*class as usize).map_or("?", String::as_str);
    let own = labels.get(sample);
    if let Some(Swept { gives, class, name: painted }) = swept {
        return match gives {
            Gives::Class => {
                add(painted);
                Told::Class(class)
            }
            Gives::OneMore => {
                own.iter().filter(|one| Some(**one) != class).map(name).for_each(&mut add);
                add(painted);
                Told::Class(class)
            }
            Gives::Source => {
                session.dataset().labels.names(sample).for_each(&mut add);
                if caption.is_empty() { Told::Name } else { Told::Class(None) }
            }
        };
    }
    own.iter().map(name).for_each(&mut add);
    if let Some(class) = own.first() {
        return Told::Class(Some(*class));
    }
    match session.proposal_text(sample) {
        Some(text) => {
            add(&text);
            Told::Proposal
        }
        None => Told::Name,
    }
}

/// The classes with the colour of the first one; what is proposed, dim and in italics, where there is none; or else
/// the file's name.
fn caption_ui(
    painter: &egui::Painter,
    session: &Session,
    sample: SampleId,
    line: Rect,
    told: Told,
    caption: &str,
    tokens: &Tokens,
) {
    /// Width of the dot with its distance from the text.
    const DOT: f32 = 11.0;
    let font = FontId::proportional(size::SMALL);
    let (text, dot) = match told {
        Told::Name => {
            let name = file_name(session.dataset().path(sample));
            (widgets::elided_name(painter, name, tokens.text_dim, font, line.width()).0, 0.0)
        }
        Told::Class(None) => (widgets::elided(painter, caption, tokens.text, font, line.width()), 0.0),
        Told::Class(Some(_)) => {
            (widgets::elided(painter, caption, tokens.text, font, line.width() - DOT), DOT)
        }
        Told::Proposal => (slanted(painter, caption, tokens.text_dim, font, line.width() - DOT), DOT),
    };
    let left = line.center().x - (text.size().x + dot) / 2.0;
    let center = pos2(left + 3.5, line.center().y);
    match told {
        Told::Class(Some(class)) => {
            painter.circle_filled(center, 3.5, tokens.class_of(&session.snapshot, class));
        }
        // A ring: nothing is settled.
        Told::Proposal => {
            painter.circle_stroke(center, 3.0, Stroke::new(1.0, tokens.text_dim));
        }
        Told::Class(None) | Told::Name => {}
    }
    painter.galley(pos2(left + dot, line.center().y - text.size().y / 2.0), text, tokens.text);
}

/// One line of text in italics that ends in “…” where it is wider than `width` points.
fn slanted(painter: &egui::Painter, text: &str, color: Color32, font: FontId, width: f32) -> Arc<Galley> {
    let format = TextFormat { italics: true, ..TextFormat::simple(font, color) };
    let mut job = LayoutJob::single_section(text.to_owned(), format);
    job.wrap.max_width = width.max(0.0);
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    painter.layout_job(job)
}

/// The picture, or what stands in its place; gives where it is. Pictures stand on their caption,
/// however wide and low they are.
fn picture_ui(
    painter: &egui::Painter,
    pencil: &mut Pencil<'_>,
    session: &Session,
    cell: &Cell,
    room: Rect,
    tokens: &Tokens,
) -> Rect {
    match pencil.pictures.thumbnail(cell.sample, cell.edge_px) {
        Some(thumb) if thumb.size.x > 0.0 && thumb.size.y > 0.0 => {
            let scale = (room.width() / thumb.size.x).min(room.height() / thumb.size.y);
            let drawn = Align2::CENTER_BOTTOM.align_size_within_rect(thumb.size * scale, room);
            let tint = widgets::verdict_tint(session.snapshot.decision(cell.sample).verdict);
            painter.image(thumb.texture, drawn, thumb.uv, tint);
            drawn
        }
        _ => {
            painter.rect_filled(room, 3, tokens.panel);
            let fact = session.snapshot.facts.get(cell.sample);
            if fact.measured && fact.width == 0 {
                broken_ui(painter, session.snapshot.issues(cell.sample), room, tokens);
            }
            room
        }
    }
}

/// Stands for a picture that cannot be shown, with the reason where there is room for it.
fn broken_ui(painter: &egui::Painter, issues: u16, room: Rect, tokens: &Tokens) {
    let icon = icons::ICON_BROKEN_IMAGE;
    let font = FontId::new((room.width() * 0.26).clamp(14.0, 32.0), icon.font_family());
    let told = |kind: &IssueKind| issues & kind.bit() != 0;
    let reason = IssueKind::ALL.into_iter().find(|kind| told(kind) && !kind.leaves_image());
    let reason = reason.or_else(|| IssueKind::ALL.into_iter().find(told));
    let (center, color) = (room.center(), tokens.error.gamma_multiply(0.8));
    match reason {
        Some(kind) if room.width() >= GridState::CAPTION_FROM => {
            painter.text(center - vec2(0.0, 9.0), Align2::CENTER_CENTER, icon.codepoint, font, color);
            let (at, font) = (center + vec2(0.0, 17.0), FontId::proportional(size::SMALL));
            let title = widgets::kind_title(kind);
            painter.text(at, Align2::CENTER_CENTER, title, font, tokens.text_dim);
        }
        _ => {
            painter.text(center, Align2::CENTER_CENTER, icon.codepoint, font, color);
        }
    }
}

/// The marks of the sample in the upper left corner of its picture, a fault of one that can be seen in
/// the right one, and under that whether it stays; a dot in the lower left corner where its label is
/// another than the source's.
fn marks_ui(painter: &egui::Painter, session: &Session, sample: SampleId, drawn: Rect, tokens: &Tokens) {
    let marks = session.overlay.marks.get(sample as usize).copied().unwrap_or(0);
    let mut at = drawn.left_top() + vec2(11.0, 11.0);
    let badge =
        |icon: MaterialIcon, at: Pos2, color: Color32| widgets::badge(painter, icon, at, color, tokens);
    for (mark, icon, color) in [
        (Mark::Star, icons::ICON_STAR, tokens.warn),
        (Mark::Reviewed, icons::ICON_CHECK, tokens.ok),
        (Mark::Unsure, icons::ICON_QUESTION_MARK, tokens.warn),
    ] {
        if marks & mark.bit() != 0 {
            badge(icon, at, color);
            at.x += 20.0;
        }
    }
    if let Some((icon, color)) = widgets::verdict_icon(session.snapshot.decision(sample).verdict, tokens) {
        badge(icon, drawn.right_bottom() - vec2(11.0, 11.0), color);
    }
    if session.snapshot.is_relabelled(sample) {
        let at = drawn.left_bottom() + vec2(7.0, -8.0);
        painter.circle_filled(at, 5.0, tokens.canvas.gamma_multiply(0.8));
        painter.circle_filled(at, 3.5, tokens.accent);
    }
    let fact = session.snapshot.facts.get(sample);
    let room_for_two = drawn.width() >= 44.0;
    if session.snapshot.issues(sample) != 0 && fact.width > 0 && room_for_two {
        badge(icons::ICON_PRIORITY_HIGH, drawn.right_top() + vec2(-11.0, 11.0), tokens.error);
    }
}

/// What is told of the sample under the pointer.
pub(super) fn tooltip_ui(ui: &mut Ui, session: &Session, sample: SampleId, position: usize) {
    let dataset = session.dataset();
    let fact = session.snapshot.facts.get(sample);
    ui.label(egui::RichText::new(file_name(dataset.path(sample))).font(theme::bold(size::BODY)));
    ui.label(egui::RichText::new(dataset.path(sample)).weak().small());
    let mut line = String::new();
    for name in session.snapshot.labels().names(sample) {
        line.push_str(name);
        line.push_str(" · ");
    }
    if dataset.splits[sample as usize] != NO_SPLIT {
        line.push_str(dataset.split(sample).unwrap_or_default());
        line.push_str(" · ");
    }
    if fact.width > 0 {
        line.push_str(&format!("{} × {} · {} · ", fact.width, fact.height, fact.format.name()));
    }
    line.push_str(&crate::text::bytes_text(dataset.bytes[sample as usize]));
    ui.label(line);
    if let Some(proposal) = session.proposal_text(sample) {
        ui.label(egui::RichText::new(format!("Proposed: {proposal}")).italics().weak());
    }
    if session.snapshot.is_relabelled(sample) {
        let given: Vec<&str> = dataset.labels.names(sample).collect();
        let given = if given.is_empty() { "no label".to_owned() } else { given.join(", ") };
        ui.label(egui::RichText::new(format!("The source says: {given}")).weak().small());
    }
    let issues = session.snapshot.issues(sample);
    if issues != 0 {
        let kinds = IssueKind::ALL.into_iter().filter(|kind| issues & kind.bit() != 0);
        let names: Vec<&str> = kinds.map(widgets::kind_title).collect();
        ui.colored_label(Tokens::of(ui).error, names.join(", "));
    }
    let decision = widgets::decision_text(&session.snapshot, session.snapshot.decision(sample));
    if !decision.is_empty() {
        ui.label(decision);
    }
    let row = crate::text::grouped(position as u64 + 1);
    ui.label(egui::RichText::new(format!("row {row}")).weak().small());
}

/// The last part of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
