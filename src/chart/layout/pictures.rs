//! Rows of small pictures and colours with their names.

use super::super::font::{Weight, shortened};
use super::super::marks::{Anchor, Mark, Which};
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
    let sizes = Sizes::new(&rows[0].tiles, page.right() - left);
    page.y += 4.0;
    let mut x = left;
    let first = &rows[0].tiles;
    for (heading, tile) in pictures.headings.iter().zip(first) {
        let wide = sizes.of(tile);
        page.label([x, page.y], shortened(heading, TEXT, Weight::Regular, wide), Anchor::Start);
        x += wide + APART;
    }
    page.y += 8.0;
    for (at, row) in rows.iter().enumerate() {
        let whole = [MARGIN, page.y - APART / 2.0, page.inner_width(), sizes.edge + APART];
        page.drawing.spot(whole, Which::Row(at), format!("{}, {}", row.name, row.caption));
        let middle = page.y + sizes.edge / 2.0;
        let name = shortened(&row.name, TEXT, Weight::Regular, name_width);
        page.name([MARGIN, middle - 2.0], name, Anchor::Start);
        let colour = channels(page.colours.text_dim);
        let caption = shortened(&row.caption, SMALL, Weight::Regular, name_width);
        page.put([MARGIN, middle + 14.0], caption, SMALL, Weight::Regular, Anchor::Start, colour);
        let mut x = left;
        for tile in &row.tiles {
            draw_tile(page, tile, x, &sizes);
            x += sizes.of(tile) + APART;
        }
        page.y += sizes.edge + APART;
    }
    page.left_out(pictures.rows.len() - shown, &pictures.of);
}

/// How large tiles are: as large as they are meant to be, or as fits.
struct Sizes {
    edge: f32,
    swatches: f32,
}

impl Sizes {
    fn new(tiles: &[Tile], room: f32) -> Self {
        let whole = Self { edge: EDGE, swatches: SWATCHES };
        let wanted: f32 = tiles.iter().map(|tile| whole.of(tile)).sum();
        let room = room - APART * tiles.len().saturating_sub(1) as f32;
        let part = (room / wanted.max(1.0)).clamp(0.1, 1.0);
        Self { edge: EDGE * part, swatches: SWATCHES * part }
    }

    fn of(&self, tile: &Tile) -> f32 {
        match tile {
            Tile::Picture(_) => self.edge,
            Tile::Swatches(_) => self.swatches,
        }
    }
}

fn draw_tile(page: &mut Page, tile: &Tile, left: f32, sizes: &Sizes) {
    match tile {
        Tile::Picture(picture) => {
            let at = [left, page.y, sizes.edge, sizes.edge];
            page.drawing.marks.push(Mark::Image { at, picture: picture.clone() });
        }
        Tile::Swatches(swatches) => {
            let (mut x, height) = (left, sizes.edge * 0.5);
            let y = page.y + (sizes.edge - height) / 2.0;
            for (rgb, share) in swatches {
                let [red, green, blue] = rgb;
                let width = sizes.swatches * *share as f32;
                let tip = format!("#{red:02x}{green:02x}{blue:02x}: {:.1} %", share * 100.0);
                page.drawing.rect([x, y, width, height], *rgb, tip);
                x += width;
            }
        }
    }
}
