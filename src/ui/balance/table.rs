//! What a plan does to each class, as a table. Of thousands of classes only those on screen are drawn.

use egui::{Align2, CornerRadius, FontId, Rect, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::classes::ClassesView;
use super::result::show_class;
use crate::balance::{ClassPlan, Missed};
use crate::state::BalancePlan;
use crate::text::{grouped, significant};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Height of a line, in points, and lines that are there at once.
const LINE: f32 = space::ROW - 4.0;
const VISIBLE: usize = 16;
/// Width of a column of numbers and least width of the names, in points.
const COLUMN: f32 = 76.0;
const NAMES: f32 = 110.0;

/// A column of numbers.
type Column = (&'static str, fn(&ClassPlan) -> String);

/// The columns; in a narrow panel the last ones are left out.
const COLUMNS: [Column; 7] = [
    ("there", |class| grouped(class.before)),
    ("wanted", |class| grouped(class.wanted)),
    ("plan", |class| grouped(class.after)),
    ("pruned", |class| grouped(class.pruned)),
    ("undersampled", |class| grouped(class.undersampled)),
    ("repeats", |class| grouped(class.after - class.kept.min(class.after))),
    ("weight", |class| significant(class.weight)),
];

/// Draws the table in the order that is chosen.
pub(super) fn table_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, plan: &BalancePlan, classes: &ClassesView) {
    let fits = ((ui.available_width() - NAMES) / COLUMN).max(3.0) as usize;
    let columns = COLUMNS.get(..fits.min(COLUMNS.len())).unwrap_or(&COLUMNS);
    heading_ui(ui, columns);
    widgets::lines_ui(ui, "table", (LINE, VISIBLE), classes.listed.len(), |ui, at| {
        let Some(class) = classes.listed.get(at).copied() else { return };
        let name = plan.snapshot.labels().classes.get(class as usize);
        if let (Some(name), Some((figures, missed))) = (name, plan.class(classes.part, class))
            && line_ui(ui, columns, name, figures, missed)
        {
            show_class(pencil, name);
        }
    });
}

/// The right end of a column.
fn right_of(rect: Rect, column: usize, columns: usize) -> f32 {
    rect.right() - space::S - (columns - 1 - column) as f32 * COLUMN
}

fn heading_ui(ui: &mut Ui, columns: &[Column]) {
    let color = Tokens::of(ui).text_dim;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
    for (at, (title, _)) in columns.iter().enumerate() {
        let right = pos2(right_of(rect, at, columns.len()), rect.center().y);
        ui.painter().text(right, Align2::RIGHT_CENTER, title, FontId::proportional(size::SMALL), color);
    }
}

/// Draws a class; tells whether it was clicked.
fn line_ui(ui: &mut Ui, columns: &[Column], name: &str, figures: &ClassPlan, missed: Option<Missed>) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let told = || {
        let [before, after, wanted] = [figures.before, figures.after, figures.wanted].map(grouped);
        let why = missed.map_or_else(String::new, |why| format!(": {}", why.text()));
        format!("{name}, {before} → {after} of {wanted}{why}")
    };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), told()));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        if response.hovered() || response.has_focus() {
            painter.rect_stroke(rect, CornerRadius::same(4), (1.0, tokens.text_dim), StrokeKind::Inside);
        }
        for (at, (title, text)) in columns.iter().enumerate() {
            let is_off = *title == "plan" && missed.is_some();
            let color = if is_off { tokens.warn } else { tokens.text };
            let right = pos2(right_of(rect, at, columns.len()), rect.center().y);
            let font = FontId::proportional(size::SMALL + 1.0);
            painter.text(right, Align2::RIGHT_CENTER, text(figures), font, color);
        }
        let room = right_of(rect, 0, columns.len()) - COLUMN * 0.7 - rect.left() - space::XS;
        let font = FontId::proportional(size::SMALL + 1.0);
        let (galley, _) = widgets::elided_name(painter, name, tokens.text, font, room);
        let at = pos2(rect.left() + space::XS, rect.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, tokens.text);
    }
    let is_clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(told());
    });
    is_clicked
}
