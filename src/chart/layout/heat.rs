//! A table whose cells are coloured by their value.

use std::collections::HashMap;

use super::super::axis::number_text;
use super::super::font::{Weight, shortened, text_width};
use super::super::marks::{Anchor, Colour, Mark};
use super::super::{Heat, HeatCell, Shades};
use super::{GAP, MARGIN, Page, SMALL, TEXT, mixed, widest};
use crate::colours::channels;

const ROW: f32 = 24.0;
/// Cells are no wider than this, and have their value written in them from the other on.
const WIDE: f32 = 84.0;
const WRITTEN: f32 = 38.0;
/// A ratio of 8 or an eighth has the full colour.
const FULL: f32 = 3.0;

pub fn draw(page: &mut Page, heat: &Heat) {
    let rows = shown(&heat.cells, heat.rows.len(), heat.top, |cell| cell.row);
    let columns = shown(&heat.cells, heat.columns.len(), heat.top, |cell| cell.column);
    if rows.is_empty() || columns.is_empty() {
        page.nothing("There is nothing to compare.");
        return;
    }
    let name = |names: &[String], at: u32| names.get(at as usize).cloned().unwrap_or_default();
    let row_names: Vec<String> = rows.iter().map(|at| name(&heat.rows, *at)).collect();
    let column_names: Vec<String> = columns.iter().map(|at| name(&heat.columns, *at)).collect();
    let name_width = widest(row_names.iter().map(String::as_str), page.inner_width() * 0.26);
    let left = MARGIN + name_width + GAP;
    let cell_width = ((page.right() - left) / columns.len() as f32).min(WIDE);
    column_heads(page, heat, &column_names, left, cell_width);
    let top = page.y;
    let place_of = |shown: &[u32]| -> HashMap<u32, usize> {
        shown.iter().enumerate().map(|(place, at)| (*at, place)).collect()
    };
    let (row_of, column_of) = (place_of(&rows), place_of(&columns));
    for (at, name) in row_names.iter().enumerate() {
        let base = top + ROW * at as f32 + ROW / 2.0 + 4.0;
        page.name([left - GAP, base], shortened(name, TEXT, Weight::Regular, name_width), Anchor::End);
    }
    let most = heat.cells.iter().map(|cell| cell.shade).filter(|value| value.is_finite()).fold(0.0, f64::max);
    for cell in &heat.cells {
        let (Some(row), Some(column)) = (row_of.get(&cell.row), column_of.get(&cell.column)) else {
            continue;
        };
        let (x, y) = (left + cell_width * *column as f32, top + ROW * *row as f32);
        let fill = shade(page, heat.shades, cell.shade, most);
        let tip = tip(heat, cell, &row_names[*row], &column_names[*column]);
        page.drawing.rect([x, y, cell_width - 1.0, ROW - 1.0], fill, tip);
        if cell_width >= WRITTEN {
            let colour = readable(page, fill);
            let text = shortened(&value_text(cell.value), SMALL, Weight::Regular, cell_width - 4.0);
            let at = [x + (cell_width - 1.0) / 2.0, y + ROW / 2.0 + 3.5];
            page.put(at, text, SMALL, Weight::Regular, Anchor::Middle, colour);
        }
    }
    page.y = top + ROW * rows.len() as f32;
    legend(page, heat, most);
    let left_out = (heat.rows.len() - rows.len()).max(heat.columns.len() - columns.len());
    page.left_out(left_out, "rows or columns");
}

/// The rows or columns to show: all, or those of the first cells, in their own order.
fn shown(cells: &[HeatCell], count: usize, top: usize, of: impl Fn(&HeatCell) -> u32) -> Vec<u32> {
    if count <= top {
        return (0..count as u32).collect();
    }
    let mut found: Vec<u32> = Vec::new();
    for at in cells.iter().map(of) {
        if found.len() >= top {
            break;
        }
        if !found.contains(&at) {
            found.push(at);
        }
    }
    found.sort_unstable();
    found
}

/// The names over the columns: across where they fit, else upwards.
fn column_heads(page: &mut Page, heat: &Heat, names: &[String], left: f32, cell_width: f32) {
    const UPWARDS: f32 = 110.0;
    if !heat.column_title.is_empty() {
        page.label([left, page.y + 4.0], format!("{} →", heat.column_title), Anchor::Start);
        page.y += 12.0;
    }
    let width = |name: &String| text_width(name, TEXT, Weight::Regular);
    let colour = channels(page.colours.text);
    if names.iter().all(|name| width(name) <= cell_width - 4.0) {
        page.y += 14.0;
        for (at, name) in names.iter().enumerate() {
            page.name([left + cell_width * (at as f32 + 0.5), page.y], name.clone(), Anchor::Middle);
        }
    } else {
        let height = names.iter().map(width).fold(0.0, f32::max).min(UPWARDS);
        page.y += height + 4.0;
        // Columns that are too narrow for a name have one every so many.
        let every = (TEXT * 1.2 / cell_width).ceil().max(1.0) as usize;
        for (at, name) in names.iter().enumerate().step_by(every) {
            let text = shortened(name, TEXT, Weight::Regular, UPWARDS);
            let at = [left + cell_width * (at as f32 + 0.5) + 4.0, page.y];
            let (size, weight, anchor, is_turned) = (TEXT, Weight::Regular, Anchor::Start, true);
            page.drawing.marks.push(Mark::Text { at, text, size, weight, anchor, is_turned, colour });
        }
    }
    if !heat.row_title.is_empty() {
        page.label([left - GAP, page.y], format!("{} ↓", heat.row_title), Anchor::End);
    }
    page.y += 8.0;
}

fn value_text(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || size == size.round() => number_text(value.round()),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn tip(heat: &Heat, cell: &HeatCell, row: &str, column: &str) -> String {
    let more =
        heat.more.iter().zip(&cell.more).map(|(name, value)| format!(", {name} {}", value_text(*value)));
    format!("{row}, {column}: {} {}{}", heat.value, value_text(cell.value), more.collect::<String>())
}

fn shade(page: &Page, shades: Shades, value: f64, most: f64) -> Colour {
    let ground = channels(page.colours.raised);
    match shades {
        Shades::Amount if most > 0.0 && value > 0.0 => page.colours.scale((value / most) as f32),
        Shades::Amount => ground,
        Shades::Ratio => {
            let doublings = if value > 0.0 { value.log2() as f32 } else { -FULL };
            let to = if doublings < 0.0 { page.colours.warn } else { page.colours.accent };
            mixed(ground, channels(to), doublings.abs() / FULL)
        }
    }
}

/// Dark or light text, whichever stands out from a colour.
fn readable(page: &Page, fill: Colour) -> Colour {
    let luma = |[r, g, b]: Colour| 0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b);
    let candidates = [channels(page.colours.text), channels(page.colours.panel)];
    let apart = |colour: &Colour| (luma(*colour) - luma(fill)).abs();
    if apart(&candidates[0]) >= apart(&candidates[1]) { candidates[0] } else { candidates[1] }
}

/// What the colours mean.
fn legend(page: &mut Page, heat: &Heat, most: f64) {
    const STEPS: usize = 48;
    const WIDTH: f32 = 180.0;
    page.y += 16.0;
    let (ends, value_at): ([String; 2], fn(f32) -> f64) = match heat.shades {
        Shades::Amount => (["0".to_owned(), number_text(most)], |part| f64::from(part)),
        Shades::Ratio => (["⅛ of expected".to_owned(), "8 times".to_owned()], |part| {
            2f64.powf(f64::from(part * 2.0 - 1.0) * f64::from(FULL))
        }),
    };
    let first = text_width(&ends[0], SMALL, Weight::Regular) + GAP;
    let step = WIDTH / STEPS as f32;
    for at in 0..STEPS {
        let value = value_at((at as f32 + 0.5) / STEPS as f32);
        let value = if heat.shades == Shades::Amount { value * most } else { value };
        let fill = shade(page, heat.shades, value, most);
        page.drawing.rect([MARGIN + first + step * at as f32, page.y, step + 0.25, 10.0], fill, "");
    }
    let colour = channels(page.colours.text_dim);
    let [low, high] = ends;
    page.put([MARGIN, page.y + 9.0], low, SMALL, Weight::Regular, Anchor::Start, colour);
    let end = MARGIN + first + WIDTH + GAP;
    page.put([end, page.y + 9.0], high, SMALL, Weight::Regular, Anchor::Start, colour);
    page.y += 14.0;
}
