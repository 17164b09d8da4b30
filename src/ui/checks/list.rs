//! The checks to choose from, with how many samples each of them flags.

use egui::{Align2, CornerRadius, FontId, Rect, Role, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::{ChecksView, Shown};
use crate::dataset::Flag;
use crate::review::Raised;
use crate::text::{counted, grouped};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Height of a check in the list, in points.
const ROW: f32 = 36.0;
/// The checks by what they look at.
const KINDS: [(&str, &[Flag]); 3] = [
    ("Copies", &[Flag::Duplicate, Flag::Leak, Flag::LabelConflict]),
    ("Neighbours", &[Flag::WrongLabel, Flag::Outlier]),
    (
        "Pictures",
        &[
            Flag::Dark,
            Flag::Light,
            Flag::OddAspect,
            Flag::LowInformation,
            Flag::Blurry,
            Flag::OddSize,
            Flag::Grey,
        ],
    ),
];

/// What a check found, as the list says it.
struct Found {
    flag: Flag,
    is_chosen: bool,
    is_known: bool,
    is_raised: bool,
    under: u32,
}

impl Found {
    fn of(flag: Flag, shown: &Shown<'_>) -> Self {
        let Raised { known, under, is_raised, .. } = shown.session.review.judged.raised[flag as usize];
        let is_chosen = flag == shown.flag;
        let known = known > 0;
        match is_chosen && shown.ranked.is_some() {
            // The threshold may be moving.
            true => Self {
                flag,
                is_chosen,
                is_known: known,
                is_raised: shown.is_raised,
                under: shown.under as u32,
            },
            false => Self { flag, is_chosen, is_known: known, is_raised: is_raised || !known, under },
        }
    }

    /// As a screen reader says it.
    fn spoken(&self) -> String {
        let title = self.flag.title();
        match (self.is_known, self.is_raised) {
            (false, _) => format!("{title}, not known"),
            (_, false) => format!("{title}, most of the dataset"),
            _ => format!("{title}, {} flagged", grouped(self.under.into())),
        }
    }
}

/// The checks one under the other, by what they look at.
pub fn list_ui(ui: &mut Ui, view: &mut ChecksView, shown: &Shown<'_>) {
    ui.spacing_mut().item_spacing.y = 1.0;
    let found = Flag::ALL.map(|flag| Found::of(flag, shown));
    let flagged = |one: &&Found| one.is_raised;
    let largest = found.iter().filter(flagged).map(|one| one.under).max().unwrap_or(0).max(1);
    for (title, flags) in KINDS {
        ui.add_space(space::S);
        ui.horizontal(|ui| {
            // Where the text of the lines below it starts.
            ui.add_space(space::S);
            widgets::group_heading(ui, title);
        });
        for flag in flags {
            if row_ui(ui, &found[*flag as usize], largest) {
                view.flag = Some(*flag);
            }
        }
    }
}

/// Draws a check; tells whether it was clicked.
fn row_ui(ui: &mut Ui, found: &Found, largest: u32) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), found.is_chosen, found.spoken())
    });
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let painter = ui.painter();
    let radius = CornerRadius::same(space::RADIUS);
    if found.is_chosen {
        painter.rect_filled(rect, radius, tokens.accent_soft);
    } else if response.hovered() {
        painter.rect_filled(rect, radius, tokens.raised.gamma_multiply(0.6));
    }
    if response.has_focus() {
        painter.rect_stroke(rect, radius, (1.0, tokens.accent), StrokeKind::Inside);
    }
    let inner = rect.shrink2(vec2(space::S, 0.0));
    let (upper, lower) = (rect.top() + 13.0, rect.top() + 28.0);
    let has_some = found.under > 0 && found.is_known;
    let color = if has_some || found.is_chosen { tokens.text } else { tokens.text_dim };
    let small = FontId::proportional(size::SMALL + 1.0);
    let count = match (found.is_known, found.is_raised) {
        (false, _) => "—".to_owned(),
        (_, false) => String::new(),
        _ => grouped(found.under.into()),
    };
    let right = pos2(inner.right(), upper);
    let count = painter.text(right, Align2::RIGHT_CENTER, count, small, tokens.text_dim);
    let font = FontId::proportional(size::BODY);
    let room = count.left() - inner.left() - space::S;
    let title = widgets::elided(painter, found.flag.title(), color, font, room);
    painter.galley(pos2(inner.left(), upper - title.size().y / 2.0), title, color);
    if found.is_known && !found.is_raised {
        let font = FontId::proportional(size::SMALL);
        let at = pos2(inner.left(), lower);
        painter.text(at, Align2::LEFT_CENTER, "most of the dataset", font, tokens.warn);
    } else {
        let bar = |share: f32| {
            let width = (inner.width() * share).max(if has_some { 2.0 } else { 0.0 });
            Rect::from_min_size(pos2(inner.left(), lower - 1.5), vec2(width, 3.0))
        };
        painter.rect_filled(bar(1.0), 1.5, tokens.line.gamma_multiply(0.7));
        if has_some {
            painter.rect_filled(bar(found.under as f32 / largest as f32), 1.5, tokens.warn);
        }
    }
    response.clicked()
}

/// The checks side by side, where there is no room for the list.
pub fn chips_ui(ui: &mut Ui, view: &mut ChecksView, shown: &Shown<'_>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        ui.spacing_mut().button_padding = vec2(8.0, 2.0);
        ui.spacing_mut().interact_size.y = 22.0;
        for flag in Flag::ALL {
            let found = Found::of(flag, shown);
            let fill = if found.is_chosen { tokens.accent_soft } else { egui::Color32::TRANSPARENT };
            let edge = if found.is_chosen { tokens.accent } else { tokens.line };
            let color = if found.is_chosen { tokens.text } else { tokens.text_dim };
            let count = match (found.is_known, found.is_raised) {
                (false, _) => "—".to_owned(),
                (_, false) => "most".to_owned(),
                _ => grouped(found.under.into()),
            };
            let text =
                egui::RichText::new(format!("{}  {count}", flag.title())).size(size::SMALL).color(color);
            let response = ui.add(egui::Button::new(text).fill(fill).stroke((1.0, edge)).corner_radius(11));
            response.widget_info(|| {
                WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), found.is_chosen, found.spoken())
            });
            let help = match found.is_known {
                true => counted(found.under.into(), "sample"),
                false => "not known".to_owned(),
            };
            if response.on_hover_text(help).clicked() {
                view.flag = Some(flag);
            }
        }
    });
}
