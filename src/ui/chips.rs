//! Words in rounded frames: what a sample is, and how one of them is taken away.
//!
//! It refuses to know what the words are of.

use egui::{Align2, Color32, FontId, Rect, Response, Role, Sense, StrokeKind, Ui, Vec2, WidgetInfo, pos2};

use super::theme::{Tokens, size, space};
use super::widgets::elided;
use crate::text::grouped;

/// Words that are drawn until a person asks for all of them.
pub const LISTED: usize = 200;
/// Width of a dot with its distance from the word, and of a cross, in points.
const DOT: f32 = 14.0;
const CROSS: f32 = 18.0;

/// A word, with a dot of its colour; the whole of it is there on hover where it was cut.
pub fn chip_ui(ui: &mut Ui, text: &str, dot: Option<Color32>) {
    framed(ui, text, dot, 0.0);
}

/// A word with a cross behind it, which is called `remove`; tells whether the cross was clicked.
pub fn removable_ui(ui: &mut Ui, text: &str, dot: Option<Color32>, remove: &str) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = framed(ui, text, dot, CROSS);
    let cross = rect.with_min_x(rect.right() - CROSS - space::XS);
    let button = ui.interact(cross, response.id.with(remove), Sense::click());
    button.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), remove));
    let icon = egui_material_icons::icons::ICON_CLOSE;
    let is_near = button.hovered() || button.has_focus();
    let color = if is_near { tokens.text } else { tokens.text_dim };
    let font = FontId::new(13.0, icon.font_family());
    ui.painter().text(cross.center(), Align2::CENTER_CENTER, icon.codepoint, font, color);
    button.on_hover_text(remove).clicked()
}

/// Where more words are than are drawn: a link that draws all of them from now on.
pub fn more_ui(ui: &mut Ui, count: usize, lists_all: &mut bool) {
    if count > LISTED
        && !*lists_all
        && ui.link(format!("and {} more", grouped((count - LISTED) as u64))).clicked()
    {
        *lists_all = true;
    }
}

/// How many words are drawn.
pub fn listed(lists_all: bool) -> usize {
    if lists_all { usize::MAX } else { LISTED }
}

fn framed(ui: &mut Ui, text: &str, dot: Option<Color32>, behind: f32) -> (Rect, Response) {
    let tokens = Tokens::of(ui);
    let dot_width = if dot.is_some() { DOT } else { 0.0 };
    let room = (ui.max_rect().width() - 2.0 * space::S - dot_width - behind).max(20.0);
    let galley = elided(ui.painter(), text, tokens.text, FontId::proportional(size::BODY), room);
    let size = galley.size() + Vec2::new(2.0 * space::S + dot_width + behind, space::XS);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter().rect(rect, 9, tokens.raised, (1.0, tokens.line), StrokeKind::Inside);
    let left = rect.left() + space::S;
    if let Some(color) = dot {
        ui.painter().circle_filled(pos2(left + 4.0, rect.center().y), 4.0, color);
    }
    let is_cut = galley.elided;
    let at = pos2(left + dot_width, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, tokens.text);
    (rect, if is_cut { response.on_hover_text(text) } else { response })
}
