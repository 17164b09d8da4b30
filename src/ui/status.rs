//! The status bar with its counts and jobs, and the notices in the corner.

use egui::{Align, Layout, Rect, RichText, Role, Stroke, Ui, WidgetInfo};
use egui_material_icons::icons;

use super::Pencil;
use super::theme::{Tokens, space};
use super::widgets;
use crate::state::{Action, JobFace, JobId, Level, Session};
use crate::store::Access;
use crate::text::{bytes_text, counted, grouped};

pub fn status_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        if let Some(session) = &pencil.state.session {
            counts_ui(ui, session);
            saved_ui(ui, session, tokens);
        } else {
            ui.label(widgets::dim("No dataset open"));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            for job in &pencil.state.jobs {
                job_ui(ui, job, pencil.actions);
            }
        });
    });
}

fn counts_ui(ui: &mut Ui, session: &Session) {
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    let samples = if shown.samples == total.samples {
        counted(total.samples.into(), "sample")
    } else {
        format!("{} of {}", grouped(shown.samples.into()), counted(total.samples.into(), "sample"))
    };
    ui.label(RichText::new(samples).small());
    if !session.selection.is_empty() {
        let text = format!("{} selected", grouped(session.selection.len() as u64));
        ui.label(RichText::new(text).small().color(Tokens::of(ui).accent));
    }
    ui.label(widgets::dim(format!("{} · {}", session.dataset().layout.title(), bytes_text(shown.bytes))));
}

fn saved_ui(ui: &mut Ui, session: &Session, tokens: &Tokens) {
    let project = &session.project;
    if let Access::ReadOnly { reason } = &project.access {
        ui.label(RichText::new("read-only").small().color(tokens.warn))
            .on_hover_text(format!("Decisions are not kept, because {reason}."));
    } else if let Some(problem) = &project.problem {
        ui.label(RichText::new("not saved").small().color(tokens.error)).on_hover_text(problem);
    } else if !project.is_saved() {
        ui.label(widgets::dim("saving…"));
    } else if project.submitted > 0 {
        ui.label(widgets::dim("saved")).on_hover_text(project.folder.display().to_string());
    }
}

fn job_ui(ui: &mut Ui, job: &JobFace, actions: &mut Vec<Action>) {
    let title = job.id.title();
    if widgets::icon_button(ui, icons::ICON_CLOSE, &format!("Cancel: {title}")).clicked() {
        actions.push(Action::JobCancelled { job: job.id });
    }
    let (icon, name) = match job.paused {
        true => (icons::ICON_PLAY_ARROW, format!("Resume: {title}")),
        false => (icons::ICON_PAUSE, format!("Pause: {title}")),
    };
    if widgets::icon_button(ui, icon, &name).clicked() {
        actions.push(Action::JobPaused { job: job.id, pause: !job.paused });
    }
    let progress = &job.progress;
    let bar = match progress.fraction() {
        Some(fraction) => egui::ProgressBar::new(fraction),
        None => egui::ProgressBar::new(0.0).animate(!job.paused),
    };
    ui.add(bar.desired_width(120.0).desired_height(5.0)).accessible_name(title);
    let mut text = if job.paused { format!("{title} paused") } else { title.to_owned() };
    if job.id == JobId::Export {
        // Its steps are bytes in one stage and files in another.
        if let Some(fraction) = progress.fraction() {
            text.push_str(&format!(" {:.0} %", fraction * 100.0));
        }
    } else if progress.total > 0 {
        text.push_str(&format!(" {} of {}", grouped(progress.done), grouped(progress.total)));
    } else if progress.done > 0 {
        text.push_str(&format!(" {}", grouped(progress.done)));
    }
    ui.label(widgets::dim(text)).on_hover_text(&progress.stage);
}

/// Width of a notice with its frame, and the distance of the lowest from the window's edge, in points.
const NOTICE: f32 = 404.0;
const LIFT: f32 = space::XL;

/// The notices, over the lower right corner, and above `foot` where that reaches into it: lines that a person reads
/// while notices come.
pub fn notices_ui(ui: &Ui, pencil: &mut Pencil<'_>, foot: Option<Rect>) {
    if pencil.state.notices.is_empty() {
        return;
    }
    let tokens = Tokens::of(ui);
    let window = ui.ctx().content_rect();
    let lift = foot.map_or(LIFT, |foot| lift_over(window, foot));
    egui::Area::new(egui::Id::unique("notices"))
        .order(egui::Order::Foreground)
        .anchor(egui::Align2::RIGHT_BOTTOM, egui::vec2(-space::L, -lift))
        .show(ui.ctx(), |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            for notice in &pencil.state.notices {
                let (color, icon, kind) = match notice.level {
                    Level::Info => (tokens.accent, icons::ICON_INFO, "Note"),
                    Level::Warning => (tokens.warn, icons::ICON_WARNING, "Warning"),
                    Level::Error => (tokens.error, icons::ICON_ERROR, "Error"),
                };
                egui::Frame::new()
                    .fill(tokens.raised)
                    .stroke(Stroke::new(1.0, tokens.line))
                    .corner_radius(8)
                    .inner_margin(egui::Margin::symmetric(12, 8))
                    .shadow(ui.visuals().popup_shadow)
                    .show(ui, |ui| {
                        ui.horizontal(|ui| {
                            ui.set_width(380.0);
                            let (rect, response) =
                                ui.allocate_exact_size(egui::Vec2::splat(20.0), egui::Sense::hover());
                            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, kind));
                            let font = egui::FontId::new(17.0, icon.font_family());
                            let middle = egui::Align2::CENTER_CENTER;
                            ui.painter().text(rect.center(), middle, icon.codepoint, font, color);
                            response.on_hover_text(kind);
                            ui.allocate_ui(egui::vec2(310.0, 18.0), |ui| {
                                ui.add(egui::Label::new(&notice.text).wrap());
                            });
                            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                                if widgets::icon_button(ui, icons::ICON_CLOSE, "Close this notice").clicked()
                                {
                                    pencil.actions.push(Action::NoticeClosed { id: notice.id });
                                }
                            });
                        });
                    });
            }
        });
}

/// How far from the window's lower edge notices stand, so that none covers the foot of a panel.
fn lift_over(window: Rect, foot: Rect) -> f32 {
    let is_beside = foot.right() <= window.right() - space::L - NOTICE;
    // One that ends farther up belongs to a panel above others.
    let is_above = foot.bottom() < window.bottom() - 2.0 * LIFT;
    if is_beside || is_above { LIFT } else { (window.bottom() - foot.top() + space::S).max(LIFT) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn notices_stand_above_the_foot_of_a_panel_that_reaches_into_their_corner() {
        let window = Rect::from_min_max(pos2(0.0, 0.0), pos2(1280.0, 800.0));
        let foot = |left: f32, right: f32, top: f32, bottom: f32| {
            Rect::from_min_max(pos2(left, top), pos2(right, bottom))
        };
        for (foot, expected) in [
            (foot(220.0, 1280.0, 690.0, 772.0), 118.0),
            (foot(220.0, 947.0, 690.0, 772.0), 118.0),
            (foot(220.0, 850.0, 690.0, 772.0), LIFT),
            (foot(220.0, 1280.0, 300.0, 390.0), LIFT),
        ] {
            assert_eq!(lift_over(window, foot), expected, "{foot:?}");
        }
    }
}
