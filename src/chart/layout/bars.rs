//! Bars across, one for each category under the other: names stay readable however many there are.

use super::super::axis::Stretch;
use super::super::font::{Weight, shortened};
use super::super::marks::{Anchor, Mark, Which};
use super::super::{Bars, Scale, Series};
use super::plane::upright_ticks;
use super::{GAP, MARGIN, Page, TEXT, widest};
use crate::colours::channels;

const ROW: f32 = 21.0;
const THICK: f32 = 13.0;

pub fn draw(page: &mut Page, bars: &Bars) {
    let shown = bars.categories.len().min(bars.top);
    if shown == 0 {
        page.nothing("There is nothing to count.");
        return;
    }
    let legend: Vec<_> = bars.series.iter().map(|series| (series.name.as_str(), series.hue)).collect();
    page.legend(&legend);
    let names = || bars.categories.iter().take(shown).map(String::as_str);
    let name_width = widest(names(), page.inner_width() * 0.3);
    let totals: Vec<f64> = (0..shown).map(|at| total(&bars.series, at)).collect();
    let texts: Vec<String> = totals.iter().map(|total| bars.axis.text(*total)).collect();
    let text_space = widest(texts.iter().map(String::as_str), 200.0);
    let (left, right) = (MARGIN + name_width + GAP, page.right() - text_space - GAP);
    let (low, high) = bounds(&totals, bars.axis.scale);
    let stretch = Stretch::new(bars.axis.scale, low, high, left, right);
    let top = page.y;
    let bottom = top + ROW * shown as f32;
    upright_ticks(page, &bars.axis, &stretch, [left, right], [top, bottom]);
    for (at, name) in names().enumerate() {
        let y = top + ROW * at as f32 + (ROW - THICK) / 2.0;
        let base = y + THICK - 2.0;
        page.name([left - GAP, base], shortened(name, TEXT, Weight::Regular, name_width), Anchor::End);
        let (mut sum, mut x) = (0.0, left);
        for series in &bars.series {
            let value = series.values.get(at).copied().unwrap_or(0.0);
            if value.is_nan() || value <= 0.0 {
                continue;
            }
            sum += value;
            let to = stretch.at(sum);
            let part =
                if series.name.is_empty() { name.to_owned() } else { format!("{name}, {}", series.name) };
            let tip = format!("{part}: {}", bars.axis.text(value));
            page.drawing.rect([x, y, (to - x).max(1.0), THICK], page.hue(series.hue), tip);
            x = to;
        }
        page.label([x.max(left) + 6.0, base], &texts[at], Anchor::Start);
        let row = [MARGIN, top + ROW * at as f32, page.inner_width(), ROW];
        page.drawing.spot(row, Which::Row(at), format!("{name}, {}", texts[at]));
    }
    let axis = channels(page.colours.text_dim);
    page.drawing.marks.push(Mark::Line {
        points: vec![[left, top], [left, bottom]],
        width: 1.0,
        colour: axis,
    });
    page.left_out(bars.categories.len() - shown, &bars.of);
}

fn total(series: &[Series], at: usize) -> f64 {
    let known = series.iter().filter_map(|series| series.values.get(at).copied());
    known.filter(|value| value.is_finite()).sum()
}

/// From where to where an axis of amounts goes: from 0, or on a log scale from half of the least.
pub fn bounds(totals: &[f64], scale: Scale) -> (f64, f64) {
    let high = totals.iter().copied().fold(0.0, f64::max);
    let least = totals.iter().copied().filter(|total| *total > 0.0).fold(f64::INFINITY, f64::min);
    match scale {
        Scale::Log if least.is_finite() => (least / 2.0, high),
        _ => (totals.iter().copied().fold(0.0, f64::min), high),
    }
}
