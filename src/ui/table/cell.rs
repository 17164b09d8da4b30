//! One cell: its value on one line, as much of it as fits.

use std::sync::Arc;

use egui::{FontId, Galley, Painter, Rect, Ui, pos2};

use super::PADDING;
use crate::dataset::SampleId;
use crate::dataset::columns::Column;
use crate::state::Session;
use crate::ui::theme::{Tokens, size};
use crate::ui::widgets::{elided, elided_name};

/// Draws a value in its cell; tells whether part of it is hidden.
pub(super) fn cell_ui(
    ui: &Ui,
    painter: &Painter,
    cell: Rect,
    column: &Column,
    session: &Session,
    sample: SampleId,
    text: &mut String,
) -> bool {
    if text.is_empty() {
        return false;
    }
    let tokens = Tokens::of(ui);
    let font = FontId::proportional(size::BODY);
    let mut inner = cell.shrink2(egui::vec2(PADDING, 0.0));
    let put = |galley: Arc<Galley>, left: f32| {
        let cut = galley.elided;
        let at = pos2(left, cell.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, tokens.text);
        cut
    };

    if column.is_path() {
        // The end of a path tells more than its start, and so does that of a long name.
        let split = text.rfind('/').map_or(0, |at| at + 1);
        let (name, name_cut) = elided_name(painter, &text[split..], tokens.text, font.clone(), inner.width());
        let room = inner.width() - name.size().x;
        let folder = elided(painter, &text[..split], tokens.text_dim, font, room);
        let mut left = inner.left();
        let mut cut = split > 0 && room < 12.0;
        if split > 0 && !cut {
            left += folder.size().x;
            cut = put(folder, inner.left());
        }
        return put(name, left) | cut | name_cut;
    }
    if column.is_right_aligned() {
        if !column.name.starts_with("attr.") {
            group_digits(text);
        }
        let galley = elided(painter, text, tokens.text, font, inner.width());
        let left = inner.right() - galley.size().x;
        return put(galley, left);
    }
    let color = match &*column.name {
        "issues" => tokens.warn,
        "modified" | "content" => tokens.text_dim,
        _ => tokens.text,
    };
    if column.name == "label"
        && let Some(class) = session.snapshot.labels().get(sample).first()
    {
        let center = pos2(inner.left() + 3.5, cell.center().y);
        painter.circle_filled(center, 3.5, tokens.class_of(&session.snapshot, *class));
        inner.min.x += 12.0;
    }
    put(elided(painter, text, color, font, inner.width()), inner.left())
}

/// Sets the digits of a whole number apart in threes by thin spaces, from five digits on.
fn group_digits(text: &mut String) {
    if text.len() < 5 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return;
    }
    let mut at = text.len();
    while at > 3 {
        at -= 3;
        text.insert(at, '\u{2009}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        for (text, expected) in [
            ("0", "0"),
            ("9999", "9999"),
            ("12345", "12 345"),
            ("1234567", "1 234 567"),
            ("0.12345", "0.12345"),
        ] {
            let mut text = text.to_owned();
            group_digits(&mut text);
            assert_eq!(text.replace('\u{2009}', " "), expected);
        }
    }
}
