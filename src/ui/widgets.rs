//! Small parts that several views draw, each in one place.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Align2, Button, Color32, FontId, Frame, Galley, Label, Margin, Painter, Pos2, Rect, Response, RichText,
    Role, ScrollArea, TextFormat, Ui, Vec2, WidgetInfo,
};
use egui_material_icons::{MaterialIcon, icons};

use super::Pencil;
use super::theme::{Tokens, bold, size, space};
use crate::dataset::columns::write_reason;
use crate::dataset::query::Snapshot;
use crate::dataset::{Decision, IssueKind, Reason, Verdict};
use crate::state::{Action, Command, Session};

/// Size of an icon in a button, in points.
const ICON: f32 = 17.0;
/// Points between an icon's edge and that of its button.
pub const BEARING: f32 = (space::ROW - ICON) / 2.0;

/// A button that is only an icon; `name` is what it is called on hover and by screen readers.
pub fn icon_button(ui: &mut Ui, icon: MaterialIcon, name: &str) -> Response {
    IconButton::new(icon, name).show(ui)
}

/// An [`icon_button`] that may be off, on or faint.
pub struct IconButton<'a> {
    icon: MaterialIcon,
    name: &'a str,
    enabled: bool,
    on: Option<bool>,
    color: Option<Color32>,
}

impl<'a> IconButton<'a> {
    pub fn new(icon: MaterialIcon, name: &'a str) -> Self {
        Self { icon, name, enabled: true, on: None, color: None }
    }

    pub fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }

    /// Makes it a switch.
    pub fn on(self, on: bool) -> Self {
        Self { on: Some(on), ..self }
    }

    /// The icon's colour while the button is not on.
    pub fn color(self, color: Color32) -> Self {
        Self { color: Some(color), ..self }
    }

    pub fn show(self, ui: &mut Ui) -> Response {
        let Self { icon, name, enabled, on, color } = self;
        let tokens = Tokens::of(ui);
        let is_on = on == Some(true);
        let color = if is_on { tokens.accent } else { color.unwrap_or(tokens.text) };
        let text = icon.rich_text().size(ICON).color(color);
        let button =
            Button::new(text).frame_when_inactive(false).min_size(Vec2::splat(space::ROW)).selected(is_on);
        let response = ui
            .scope(|ui| {
                ui.spacing_mut().button_padding = Vec2::splat(space::XS);
                ui.add_enabled(enabled, button)
            })
            .inner;
        let enabled = response.enabled();
        response.widget_info(|| match on {
            Some(on) => WidgetInfo::selected(Role::Button, enabled, on, name),
            None => WidgetInfo::labeled(Role::Button, enabled, name),
        });
        response.on_hover_text(name).on_disabled_hover_text(name)
    }
}

/// A rounded word that is on or off.
pub fn chip(ui: &mut Ui, on: bool, text: &str) -> Response {
    let tokens = Tokens::of(ui);
    let fill = if on { tokens.accent_soft } else { Color32::TRANSPARENT };
    let edge = if on { tokens.accent } else { tokens.line };
    let color = if on { tokens.text } else { tokens.text_dim };
    let button = Button::new(RichText::new(text).color(color)).fill(fill).stroke((1.0, edge));
    // One that does not fit in a line goes to the next one as a whole: in a part of its own it would stay here.
    let button = button.corner_radius(12).wrap_mode(egui::TextWrapMode::Extend);
    let padding = std::mem::replace(&mut ui.spacing_mut().button_padding, Vec2::new(10.0, 3.0));
    let response = ui.add(button);
    ui.spacing_mut().button_padding = padding;
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), on, text));
    response
}

/// The heading of a part of a group.
pub fn part_heading(ui: &mut Ui, text: &str) -> Response {
    let color = Tokens::of(ui).text_dim;
    ui.label(RichText::new(text).size(size::SMALL + 1.0).color(color))
}

/// A frame around what stands out from its panel.
pub fn raised_frame(tokens: &Tokens) -> Frame {
    Frame::new().fill(tokens.raised.gamma_multiply(0.6)).corner_radius(8).inner_margin(space::M)
}

/// Lines of one height, of which more than `visible` scroll by themselves: of thousands only those on screen are drawn.
pub fn lines_ui(
    ui: &mut Ui,
    name: &str,
    (height, visible): (f32, usize),
    count: usize,
    mut draw: impl FnMut(&mut Ui, usize),
) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        if count <= visible {
            return (0..count).for_each(|at| draw(ui, at));
        }
        let area = ScrollArea::vertical().id_salt(name).max_height(visible as f32 * (height + 1.0));
        area.auto_shrink(false).show_rows(ui, height, count, |ui, range| range.for_each(|at| draw(ui, at)));
    });
}

/// Words of which one is chosen: each with its value, its title and what it means.
pub fn choose<T: PartialEq + Clone>(ui: &mut Ui, value: &mut T, of: &[(T, &str, &str)]) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(6.0);
        for (one, title, help) in of {
            if chip(ui, *value == *one, title).on_hover_text(*help).clicked() {
                value.clone_from(one);
            }
        }
    });
}

/// A part of a panel that scrolls by itself, within a rectangle.
pub fn part_ui(ui: &mut Ui, rect: Rect, name: &str, draw: &mut dyn FnMut(&mut Ui)) {
    let mut part = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt(name));
    part.set_clip_rect(rect.intersect(ui.clip_rect()));
    ScrollArea::vertical().id_salt(name).auto_shrink(false).show(&mut part, |ui| {
        Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            draw(ui);
        });
    });
}

/// A key point of a picture, which is seen on any: white with a dark rim.
pub fn point(painter: &Painter, at: Pos2, radius: f32) {
    painter.circle_filled(at, radius + 1.0, Color32::from_black_alpha(170));
    painter.circle_filled(at, radius, Color32::WHITE);
}

/// Dim, small text.
pub fn dim(text: impl Into<String>) -> RichText {
    RichText::new(text).weak().small()
}

/// A sentence on what is wrong, over as many lines as it takes.
pub fn warning_ui(ui: &mut Ui, text: &str) {
    ui.add(egui::Label::new(RichText::new(text).color(Tokens::of(ui).warn)).wrap());
}

/// The heading of a group in a panel.
pub fn group_heading(ui: &mut Ui, text: &str) -> Response {
    ui.label(RichText::new(text).font(bold(size::BODY)))
}

/// One line of text that ends in “…” where it is wider than `width` points.
pub fn elided(painter: &Painter, text: &str, color: Color32, font: FontId, width: f32) -> Arc<Galley> {
    // A value may have line breaks and may be longer than any screen is wide.
    const LONGEST: usize = 1024;
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    let line = text[..end].replace(['\n', '\r', '\t'], " ");
    let mut job = LayoutJob::simple_singleline(line, font, color);
    job.wrap.max_width = width.max(0.0);
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    painter.layout_job(job)
}

/// A file name on one line whose middle gives way where it is wider than `width` points, since its
/// end tells it apart; whether it did.
pub fn elided_name(
    painter: &Painter,
    name: &str,
    color: Color32,
    font: FontId,
    width: f32,
) -> (Arc<Galley>, bool) {
    /// Characters at the end that stay.
    const TAIL: usize = 10;
    let whole = elided(painter, name, color, font.clone(), width);
    let tail = name.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    if !whole.elided || tail == 0 {
        let cut = whole.elided;
        return (whole, cut);
    }
    let end = elided(painter, &name[tail..], color, font.clone(), width);
    // Less two points, since letters stand otherwise beside others.
    let start = elided(painter, &name[..tail], color, font.clone(), width - end.size().x - 2.0);
    // The last glyph is the “…”.
    let kept = start.rows.first().map_or(0, |row| row.glyphs.len().saturating_sub(1));
    let short: String = name[..tail].chars().take(kept).chain(['…']).chain(name[tail..].chars()).collect();
    (elided(painter, &short, color, font, f32::INFINITY), true)
}

/// Text with `code` between backticks.
pub fn marked_up(text: &str, color: Color32, tokens: &Tokens) -> LayoutJob {
    let plain = TextFormat::simple(FontId::proportional(size::BODY), color);
    let code = TextFormat { background: tokens.raised, ..TextFormat::simple(FontId::monospace(12.0), color) };
    let mut job = LayoutJob::default();
    for (at, part) in text.split('`').enumerate() {
        let format = if at % 2 == 1 { code.clone() } else { plain.clone() };
        job.append(part, 0.0, format);
    }
    job
}

/// A page that stands in the place of content and says what to do.
pub struct Page<'a> {
    pub icon: MaterialIcon,
    pub color: Color32,
    pub title: &'a str,
    pub text: &'a str,
}

/// Draws a [`Page`] in the middle of what is there, with `buttons` under its text.
pub fn page_ui<R>(ui: &mut Ui, page: &Page<'_>, buttons: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = Tokens::of(ui);
    let outer = ui.available_rect_before_wrap();
    let width = (outer.width() - 2.0 * space::L).clamp(40.0, 420.0);
    let height = (outer.height() * 0.5).min(120.0);
    let top = (outer.center().y - height).max(outer.top() + space::M);
    let inner = egui::Rect::from_min_max(
        egui::pos2(outer.center().x - width / 2.0, top),
        egui::pos2(outer.center().x + width / 2.0, outer.bottom()),
    );
    let scope = ui.scope_builder(egui::UiBuilder::new().max_rect(inner), |ui| {
        ui.vertical_centered(|ui| {
            // Painted: a screen reader has nothing to say of it.
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(40.0), egui::Sense::hover());
            let font = FontId::new(36.0, page.icon.font_family());
            let center = egui::Align2::CENTER_CENTER;
            ui.painter().text(rect.center(), center, page.icon.codepoint, font, page.color);
            ui.add(Label::new(RichText::new(page.title).font(bold(size::HEADING))).wrap());
            if !page.text.is_empty() {
                ui.add_space(space::XS);
                ui.add(Label::new(RichText::new(page.text).color(tokens.text_dim)).wrap());
            }
            ui.add_space(space::S);
            buttons(ui)
        })
    });
    ui.advance_cursor_after_rect(outer);
    scope.inner.inner
}

/// A button that runs a command, where it can be run.
pub fn command_button(ui: &mut Ui, pencil: &mut Pencil<'_>, title: &str, command: Command) {
    if ui.add_enabled(pencil.state.can_run(command), Button::new(title)).clicked() {
        pencil.act(Action::Run(command));
    }
}

/// Stands in the place of rows where the view has none; nothing while they are looked for.
pub fn no_samples_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    if session.shown.answered != session.shown.asked {
        return;
    }
    let color = Tokens::of(ui).text_dim;
    let filter = session.overlay.view.filter.as_str();
    if let Some(error) = &session.shown.found.error {
        let title = "This filter cannot be read";
        let page = Page { icon: icons::ICON_FILTER_ALT_OFF, color, title, text: &error.message };
        page_ui(ui, &page, |ui| command_button(ui, pencil, "Clear the filter", Command::ClearFilter));
    } else if filter.is_empty() {
        let text = "The source has no samples any more. Rescan it, or open another one.";
        let page = Page { icon: icons::ICON_IMAGE_SEARCH, color, title: "No samples", text };
        page_ui(ui, &page, |ui| command_button(ui, pencil, "Rescan", Command::Rescan));
    } else {
        let title = "No sample fits this filter";
        let page = Page { icon: icons::ICON_FILTER_ALT_OFF, color, title, text: filter };
        page_ui(ui, &page, |ui| command_button(ui, pencil, "Clear the filter", Command::ClearFilter));
    }
}

/// A small sign on a picture.
pub fn badge(painter: &Painter, icon: MaterialIcon, at: Pos2, color: Color32, tokens: &Tokens) {
    painter.circle_filled(at, 9.0, tokens.canvas.gamma_multiply(0.8));
    let font = FontId::new(13.0, icon.font_family());
    painter.text(at, Align2::CENTER_CENTER, icon.codepoint, font, color);
}

/// The sign of a verdict, and its colour.
pub fn verdict_icon(verdict: Verdict, tokens: &Tokens) -> Option<(MaterialIcon, Color32)> {
    match verdict {
        Verdict::Undecided => None,
        Verdict::Keep => Some((icons::ICON_CHECK, tokens.ok)),
        Verdict::Prune => Some((icons::ICON_CLOSE, tokens.error)),
    }
}

/// What a picture is multiplied by: those that are pruned step back.
pub fn verdict_tint(verdict: Verdict) -> Color32 {
    if verdict == Verdict::Prune { Color32::WHITE.gamma_multiply(0.3) } else { Color32::WHITE }
}

/// A decision in words: "Pruned: a/b.png has the highest resolution". Empty where there is none.
pub fn decision_text(snapshot: &Snapshot, decision: Decision) -> String {
    let mut text = match decision.verdict {
        Verdict::Undecided => return String::new(),
        Verdict::Keep => "Kept".to_owned(),
        Verdict::Prune => "Pruned".to_owned(),
    };
    text.push_str(if decision.reason == Reason::ByHand { " " } else { ": " });
    write_reason(snapshot, decision, &mut text);
    text
}

/// A kind of issue as a heading.
pub fn kind_title(kind: IssueKind) -> &'static str {
    match kind {
        IssueKind::Corrupt => "Corrupt",
        IssueKind::Truncated => "Truncated",
        IssueKind::Empty => "Empty",
        IssueKind::Unreadable => "Unreadable",
        IssueKind::Missing => "Missing",
        IssueKind::Oversized => "Oversized",
        IssueKind::Misnamed => "Misnamed",
        IssueKind::Unsupported => "Unsupported",
        IssueKind::Annotation => "Annotation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_names_with_a_capital() {
        for kind in IssueKind::ALL {
            assert_eq!(kind_title(kind).to_lowercase(), kind.name());
        }
    }

    #[test]
    fn backticks_mark_code() {
        let tokens = &crate::ui::theme::DARK;
        let job = marked_up("a `b` c", tokens.text, tokens);
        assert_eq!(job.text, "a b c");
        assert_eq!(job.sections.len(), 3);
    }

    #[test]
    fn the_end_of_a_name_is_kept() {
        let ctx = egui::Context::default();
        let mut names = Vec::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            for name in ["short.png", "a_name_that_goes_on_and_on_00012.png", "äöü/äöüäöüäöüäöüäöüäöü.png"]
            {
                let font = FontId::proportional(13.0);
                let (galley, cut) = elided_name(ui.painter(), name, Color32::WHITE, font, 140.0);
                assert!(galley.size().x <= 140.0);
                names.push((galley.text().to_owned(), cut));
            }
        });
        output.textures_delta.clear();
        assert_eq!(names[0], ("short.png".to_owned(), false));
        assert!(names[1].0.starts_with("a_name") && names[1].0.ends_with("…_00012.png") && names[1].1);
        assert!(names[2].0.ends_with("äöüäöü.png") && names[2].1, "{names:?}");
    }

    #[test]
    fn text_is_cut_to_its_width_on_one_line() {
        let ctx = egui::Context::default();
        let mut rows = Vec::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let font = FontId::proportional(13.0);
            for (text, width) in [("short", 200.0), ("one\ntwo", 200.0), (&"long ".repeat(900), 120.0)] {
                let galley = elided(ui.painter(), text, Color32::WHITE, font.clone(), width);
                rows.push((galley.rows.len(), galley.elided, galley.size().x <= width));
            }
        });
        output.textures_delta.clear();
        assert_eq!(rows[..3], [(1, false, true), (1, false, true), (1, true, true)]);
    }
}
