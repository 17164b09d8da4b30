//! A compact table of what splits or classes lose: before, after, and a bar. Of thousands of rows only
//! those on screen are drawn.

use std::sync::{Arc, Weak};

use egui::{Align2, CornerRadius, FontId, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::dataset::natural;
use crate::dataset::query::Pick;
use crate::review::Impact;
use crate::text::grouped;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Height of a row, in points.
const LINE: f32 = space::ROW - 2.0;
/// More rows than this get a list of their own to scroll in, with this many rows.
const UNSCROLLED: usize = 24;
const VISIBLE: usize = 14;

/// Drawing state of a table.
#[derive(Debug, Default)]
pub struct SharesView {
    by_name: bool,
    /// The impact and order that `rows` was made of.
    from: (Weak<Impact>, bool),
    /// Indices into the names, in the order shown; the last name stands for those without one.
    rows: Vec<u32>,
    largest: u32,
}

/// What a table shows.
pub struct Shares<'a> {
    pub title: &'a str,
    pub names: &'a [String],
    /// By name: samples before, and of them pruned.
    pub counts: &'a [(u32, u32)],
    /// Those without a name, and what they are called.
    pub rest: ((u32, u32), &'a str),
}

impl Shares<'_> {
    fn get(&self, row: u32) -> Option<(&str, (u32, u32))> {
        match self.names.get(row as usize) {
            Some(name) => Some((name, self.counts.get(row as usize).copied().unwrap_or_default())),
            None => (row as usize == self.names.len()).then_some((self.rest.1, self.rest.0)),
        }
    }
}

/// The part that is lost.
fn lost((before, pruned): (u32, u32)) -> f64 {
    f64::from(pruned) / f64::from(before.max(1))
}

impl SharesView {
    fn refresh(&mut self, impact: &Arc<Impact>, shares: &Shares<'_>) {
        let is_same = std::ptr::eq(self.from.0.as_ptr(), Arc::as_ptr(impact)) && self.from.1 == self.by_name;
        if is_same {
            return;
        }
        self.from = (Arc::downgrade(impact), self.by_name);
        let count = |row: &u32| shares.get(*row).map_or((0, 0), |(_, count)| count);
        self.rows = (0..=shares.names.len() as u32).filter(|row| count(row).0 > 0).collect();
        self.largest = self.rows.iter().map(|row| count(row).0).max().unwrap_or(0);
        let name = |row: &u32| shares.get(*row).map_or("", |(name, _)| name);
        match self.by_name {
            true => self.rows.sort_by(|one, two| natural::compare(name(one), name(two))),
            false => self.rows.sort_by(|one, two| {
                lost(count(two)).total_cmp(&lost(count(one))).then(count(two).1.cmp(&count(one).1))
            }),
        }
    }
}

/// Draws a table; gives the row that was clicked, an index into the names or one past them.
pub fn shares_ui(
    ui: &mut Ui,
    view: &mut SharesView,
    impact: &Arc<Impact>,
    shares: &Shares<'_>,
) -> Option<usize> {
    view.refresh(impact, shares);
    if view.rows.is_empty() {
        return None;
    }
    ui.horizontal(|ui| {
        widgets::group_heading(ui, shares.title);
        ui.label(widgets::dim(grouped(view.rows.len() as u64)));
        if view.rows.len() < 3 {
            return;
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            for (by_name, text) in [(true, "by name"), (false, "by loss")] {
                let name = format!("{}: {text}", shares.title);
                let label = egui::RichText::new(text).small();
                let button = egui::Button::selectable(view.by_name == by_name, label).small();
                let response = ui.add(button);
                response.widget_info(|| {
                    WidgetInfo::selected(egui::Role::Button, ui.is_enabled(), view.by_name == by_name, &name)
                });
                if response.clicked() {
                    view.by_name = by_name;
                }
            }
        });
    });
    let mut clicked = None;
    let largest = view.largest;
    let mut draw = |ui: &mut Ui, rows: &[u32]| {
        for row in rows {
            if let Some((name, count)) = shares.get(*row)
                && line_ui(ui, name, count, largest)
            {
                clicked = Some(*row as usize);
            }
        }
    };
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        if view.rows.len() <= UNSCROLLED {
            return draw(ui, &view.rows);
        }
        let height = VISIBLE as f32 * (LINE + 1.0);
        let area = egui::ScrollArea::vertical().id_salt(shares.title).max_height(height).auto_shrink(false);
        area.show_rows(ui, LINE, view.rows.len(), |ui, range| {
            draw(ui, view.rows.get(range).unwrap_or_default());
        });
    });
    clicked
}

/// Draws a row; tells whether it was clicked.
fn line_ui(ui: &mut Ui, name: &str, (before, pruned): (u32, u32), largest: u32) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let (after, percent) = (before - pruned.min(before), lost((before, pruned)) * 100.0);
    let figures = format!("{} → {}", grouped(before.into()), grouped(after.into()));
    response.widget_info(|| {
        let name = format!("{name}, {figures}, {percent:.1} % lost");
        WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), name)
    });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let middle = rect.center().y;
        let small = FontId::proportional(size::SMALL + 1.0);
        if response.hovered() || response.has_focus() {
            painter.rect_stroke(rect, CornerRadius::same(4), (1.0, tokens.text_dim), StrokeKind::Inside);
        }
        // Name, bar, figures, share: the bar gives way first.
        let right = rect.right() - space::S;
        let text = if pruned == 0 { "–".to_owned() } else { format!("−{percent:.1} %") };
        let color = if pruned == 0 { tokens.text_dim } else { tokens.warn };
        painter.text(pos2(right, middle), Align2::RIGHT_CENTER, text, small.clone(), color);
        let right = right - 60.0;
        let drawn = painter.text(pos2(right, middle), Align2::RIGHT_CENTER, figures, small, tokens.text_dim);
        let right = drawn.left().min(right - 96.0) - space::M;
        let room = right - rect.left() - space::S;
        let bar_wide = if room > 190.0 { (room * 0.45).min(220.0) } else { 0.0 };
        if bar_wide > 0.0 {
            let bar =
                egui::Rect::from_min_max(pos2(right - bar_wide, middle - 3.0), pos2(right, middle + 3.0));
            let part = |count: u32| bar.left() + bar.width() * count as f32 / largest.max(1) as f32;
            let radius = CornerRadius::same(3);
            painter.rect_filled(bar, radius, tokens.raised);
            painter.rect_filled(bar.with_max_x(part(before)), radius, tokens.warn.gamma_multiply(0.6));
            painter.rect_filled(bar.with_max_x(part(after)), radius, tokens.accent);
        }
        let room = room - if bar_wide > 0.0 { bar_wide + space::M } else { 0.0 };
        let galley = widgets::elided(painter, name, tokens.text, FontId::proportional(size::BODY), room);
        let elided = galley.elided;
        painter.galley(pos2(rect.left() + space::S, middle - galley.size().y / 2.0), galley, tokens.text);
        if elided {
            response.clone().on_hover_text(name);
        }
    }
    response.clicked()
}

/// What a click on a split's row asks for.
pub fn split_pick(names: &[String], row: usize) -> Pick {
    names.get(row).map_or(Pick::NoSplit, |name| Pick::Split(name.clone()))
}

/// What a click on a class's row asks for.
pub fn class_pick(names: &[String], row: usize) -> Pick {
    names.get(row).map_or(Pick::Unlabelled, |name| Pick::Class(name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_ordered_by_what_they_lose_or_by_name() {
        let names = ["b10", "b2", "a", "empty"].map(str::to_owned);
        let shares = Shares {
            title: "Classes",
            names: &names,
            counts: &[(10, 1), (10, 5), (4, 2), (0, 0)],
            rest: ((3, 3), "unlabelled"),
        };
        let impact = Arc::new(Impact::default());
        let mut view = SharesView::default();
        view.refresh(&impact, &shares);
        assert_eq!((view.rows.as_slice(), view.largest), (&[4, 1, 2, 0][..], 10));
        view.by_name = true;
        view.refresh(&impact, &shares);
        assert_eq!(view.rows, [2, 1, 0, 4]);
    }
}
