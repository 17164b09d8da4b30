//! Rows of small pictures and colours with their names.

use super::super::font::{Weight, shortened};
use super::super::marks::{Anchor, Mark};
use super::super::{Pictures, Tile};
use super::{GAP, MARGIN, Page, SMALL, TEXT, widest};
use crate::colours::channels;

const EDGE: f32 = 88.0;
const SWATCHES: f32 = 260.0;
const APART: f32 = 10.0;

pub fn draw(page: &mut Page, pictures: &Pictures) {
    let shown = pictures.rows.len().min(pictures.top);
    if shown == 0 {
        page.nothing("No picture could be read.");
        return;
    }
    let rows = &pictures.rows[..shown];
    let names = rows.iter().flat_map(|row| [row.name.as_str(), row.caption.as_str()]);
    let name_width = widest(names, page.inner_width() * 0.3);
    let left = MARGIN + name_width + 2.0 * GAP;
    page.y += 4.0;
    let mut x = left;
    let first = &rows[0].tiles;
    for (heading, tile) in pictures.headings.iter().zip(first) {
        page.label([x, page.y], heading.clone(), Anchor::Start);
        x += width_of(tile) + APART;
    }
    page.y += 8.0;
    for row in rows {
        let middle = page.y + EDGE / 2.0;
        let name = shortened(&row.name, TEXT, Weight::Regular, name_width);
        page.name([MARGIN, middle - 2.0], name, Anchor::Start);
        let colour = channels(page.colours.text_dim);
        let caption = shortened(&row.caption, SMALL, Weight::Regular, name_width);
        page.put([MARGIN, middle + 14.0], caption, SMALL, Weight::Regular, Anchor::Start, colour);
        let mut x = left;
        for tile in &row.tiles {
            draw_tile(page, tile, x);
            x += width_of(tile) + APART;
        }
        page.y += EDGE + APART;
    }
    page.left_out(pictures.rows.len() - shown, &pictures.of);
}

fn width_of(tile: &Tile) -> f32 {
    match tile {
        Tile::Picture(_) => EDGE,
        Tile::Swatches(_) => SWATCHES,
    }
}

fn draw_tile(page: &mut Page, tile: &Tile, left: f32) {
    match tile {
        Tile::Picture(picture) => {
            let at = [left, page.y, EDGE, EDGE];
            page.drawing.marks.push(Mark::Image { at, picture: picture.clone() });
        }
        Tile::Swatches(swatches) => {
            let (mut x, height) = (left, EDGE * 0.5);
            let y = page.y + (EDGE - height) / 2.0;
            for (rgb, share) in swatches {
                let [red, green, blue] = rgb;
                let width = SWATCHES * *share as f32;
                let tip = format!("#{red:02x}{green:02x}{blue:02x}: {:.1} %", share * 100.0);
                page.drawing.rect([x, y, width, height], *rgb, tip);
                x += width;
            }
        }
    }
}
