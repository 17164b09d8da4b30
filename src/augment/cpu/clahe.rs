//! Contrast-limited adaptive histogram equalisation: K. Zuiderveld, "Contrast Limited Adaptive Histogram
//! Equalization", Graphics Gems IV, 1994.
//!
//! Lightness is the luma of Rec. 601, and its change is added to red, green and blue: their differences, and
//! so hue, stay where nothing is cut off at 0 and 255. Albumentations and OpenCV's examples take L of CIELAB,
//! which goes its own way in saturated colours; of a grey picture, both are its values.
//!
//! This file refuses to know other stages.

use super::planes::{self, Kernel, Planes};
use crate::augment::stage::Size;
use crate::media::Raster;

/// What each tile's values become.
type Table = [u8; 256];

/// Every value through the tables of the four nearest tiles, weighted by how near their middles are. Alpha
/// stays.
///
/// `tiles` are columns and rows, at most as many as there are pixels. `clip` is the greatest count in a
/// tile's histogram, in times of the mean; 0 is no limit. As OpenCV's `createCLAHE` has it: where tiles do
/// not come out even, the picture is continued to the right and below by its mirror image about its last
/// pixels.
pub fn clahe(picture: &mut Raster, clip: f32, tiles: [u32; 2]) {
    let tiles = [tiles[0].clamp(1, picture.width), tiles[1].clamp(1, picture.height)];
    let grid = Grid::new([picture.width, picture.height], tiles);
    let before = planes::luma(picture);
    let tables = tables(&before, &grid, clip);
    let mut after = vec![0; before.len()];
    planes::fastest(Interpolate { before: &before, after: &mut after, grid: &grid, tables: &tables });
    match picture.channels {
        1 => picture.data = after,
        2 => picture
            .data
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .zip(after)
            .for_each(|(pixel, value)| pixel[0] = value),
        _ => planes::change(picture, Shift { before: &before, after: &after }),
    }
}

/// What the values of a tile become that has this histogram and so many pixels.
pub fn table(mut histogram: [u32; 256], pixels: u32, clip: f32) -> Table {
    if clip > 0.0 {
        let limit = limit(clip, pixels);
        let mut cut = 0;
        for count in &mut histogram {
            cut += count.saturating_sub(limit);
            *count = (*count).min(limit);
        }
        // What is cut off is given to all values, and what is left of that to values far apart.
        let left = cut % 256;
        let stride = 256 / left.max(1);
        for (value, count) in (0..).zip(&mut histogram) {
            *count += cut / 256 + u32::from(value % stride == 0 && value / stride < left);
        }
    }
    let scale = 255.0 / pixels as f32;
    let mut sum = 0;
    histogram.map(|count| {
        sum += count;
        (sum as f32 * scale).round_ties_even() as u8
    })
}

/// The greatest count in a histogram of so many pixels, for a `clip` that is a limit.
pub(crate) fn limit(clip: f32, pixels: u32) -> u32 {
    ((f64::from(clip) * f64::from(pixels) / 256.0) as u32).max(1)
}

/// Sides of a tile in pixels. As OpenCV has it, which continues both sides where only one does not come out even,
/// and by one pixel a tile too many.
pub(crate) fn tile_sides(size: Size, tiles: [u32; 2]) -> [u32; 2] {
    let is_even = size[0].is_multiple_of(tiles[0]) && size[1].is_multiple_of(tiles[1]);
    [0, 1].map(|side| size[side] / tiles[side] + u32::from(!is_even))
}

/// How a picture is parted.
struct Grid {
    size: [usize; 2],
    tiles: [usize; 2],
    /// Sides of a tile in pixels.
    tile: [usize; 2],
}

/// Which two tiles a row or column lies between, and the part of the second.
#[derive(Clone, Copy)]
struct Between {
    tiles: [usize; 2],
    part: f32,
}

impl Grid {
    fn new(size: Size, tiles: [u32; 2]) -> Self {
        let [size, tiles, tile] =
            [size, tiles, tile_sides(size, tiles)].map(|sides| sides.map(|side| side as usize));
        Self { size, tiles, tile }
    }

    fn between(&self, side: usize, at: usize) -> Between {
        // As seen from the middles of tiles, in tiles.
        let place = at as f32 * (1.0 / self.tile[side] as f32) - 0.5;
        let first = place.floor();
        let last = self.tiles[side] - 1;
        let tiles = [(first.max(0.0) as usize).min(last), ((first + 1.0) as usize).min(last)];
        Between { tiles, part: place - first }
    }
}

/// The tables of all tiles, row by row.
fn tables(luma: &[u8], grid: &Grid, clip: f32) -> Vec<Table> {
    let [width, height] = grid.size;
    let [columns, rows] = grid.tile;
    let pixels = (columns * rows) as u32;
    let mut tables = Vec::with_capacity(grid.tiles[0] * grid.tiles[1]);
    for top in (0..grid.tiles[1]).map(|tile| tile * rows) {
        for left in (0..grid.tiles[0]).map(|tile| tile * columns) {
            let mut counts = [[0; 256]; 2];
            for y in top..top + rows {
                let row = &luma[mirrored(y, height) * width..][..width];
                let inside = &row[left.min(width)..(left + columns).min(width)];
                // In turn, since adding to the number that has just been added to has to wait.
                let (pairs, rest) = inside.as_chunks::<2>();
                for [first, second] in pairs {
                    counts[0][usize::from(*first)] += 1;
                    counts[1][usize::from(*second)] += 1;
                }
                let outside = (left.max(width)..left + columns).map(|x| &row[mirrored(x, width)]);
                for value in rest.iter().chain(outside) {
                    counts[0][usize::from(*value)] += 1;
                }
            }
            let histogram = std::array::from_fn(|value| counts[0][value] + counts[1][value]);
            tables.push(table(histogram, pixels, clip));
        }
    }
    tables
}

/// Where a place beyond the last one is inside: the picture is mirrored about its outer pixels, which are not
/// repeated.
fn mirrored(at: usize, count: usize) -> usize {
    if at < count {
        return at;
    }
    let period = (2 * count - 2).max(1);
    let at = at % period;
    at.min(period - at).min(count - 1)
}

struct Interpolate<'a> {
    before: &'a [u8],
    after: &'a mut [u8],
    grid: &'a Grid,
    tables: &'a [Table],
}

impl pulp::NullaryFnOnce for Interpolate<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { before, after, grid, tables } = self;
        let (width, columns) = (grid.size[0], grid.tiles[0]);
        let places: Vec<Between> = (0..width).map(|x| grid.between(0, x)).collect();
        // Between two rows of tiles first: that takes as many steps as there are values, and not as pixels.
        let mut mixed = vec![[0f32; 256]; columns];
        for (y, (before, after)) in before.chunks_exact(width).zip(after.chunks_exact_mut(width)).enumerate()
        {
            let Between { tiles: [upper, lower], part } = grid.between(1, y);
            let pairs =
                tables[upper * columns..][..columns].iter().zip(&tables[lower * columns..][..columns]);
            for (mixed, (upper, lower)) in mixed.iter_mut().zip(pairs) {
                for ((mixed, upper), lower) in mixed.iter_mut().zip(upper).zip(lower) {
                    *mixed = f32::from(*upper) * (1.0 - part) + f32::from(*lower) * part;
                }
            }
            let mut x = 0;
            while x < width {
                // A run of pixels between the same two columns of tiles.
                let [left, right] = places[x].tiles;
                let run = places[x..].iter().take_while(|place| place.tiles == [left, right]).count();
                let (left, right) = (&mixed[left], &mixed[right]);
                let pixels = before[x..x + run].iter().zip(&mut after[x..x + run]).zip(&places[x..x + run]);
                for ((before, after), place) in pixels {
                    let at = usize::from(*before);
                    let value = left[at] * (1.0 - place.part) + right[at] * place.part;
                    *after = planes::to_byte(value);
                }
                x += run;
            }
        }
    }
}

/// Adds the change of luma.
struct Shift<'a> {
    before: &'a [u8],
    after: &'a [u8],
}

impl Kernel for Shift<'_> {
    #[inline(always)]
    fn block(&mut self, planes: &mut Planes, first: usize) {
        for plane in planes {
            for ((value, before), after) in
                plane.iter_mut().zip(&self.before[first..]).zip(&self.after[first..])
            {
                *value = (i16::from(*value) + i16::from(*after) - i16::from(*before)).clamp(0, 255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::planes::tests::{holds_for_all_shapes, picture, told};
    use super::*;

    #[test]
    fn grey_pictures_come_out_as_opencv_s() {
        // told(cv2.createCLAHE(clip, tiles).apply(p[:height, :width, 0].copy()))
        type Row = ([u32; 2], [u32; 2], f32, &'static [u8], u64);
        let rows: [Row; 7] = [
            ([32, 16], [8, 4], 4.0, &[16, 163, 128, 165, 20, 199], 9_613_705),
            ([32, 16], [8, 8], 2.0, &[32, 159, 144, 183, 24, 215], 10_164_066),
            ([32, 16], [4, 2], 40.0, &[4, 76, 133, 190, 12, 108], 8_692_014),
            ([32, 16], [1, 1], 1.0, &[11, 93, 142, 226, 17, 113], 9_000_523),
            ([32, 16], [5, 3], 3.0, &[12, 115, 112, 164, 15, 139], 8_692_085),
            ([30, 16], [8, 4], 2.0, &[13, 228, 40, 142, 226], 8_674_088),
            ([29, 13], [3, 4], 2.5, &[13, 199, 130, 204], 5_460_223),
        ];
        for ([width, height], tiles, clip, values, sum) in rows {
            let mut picture = picture(width, height, 1);
            clahe(&mut picture, clip, tiles);
            let (found, found_sum) = told(&picture);
            // Halves may be rounded otherwise, since rows of tiles are mixed before columns.
            assert!(
                found_sum.abs_diff(sum) < 300,
                "{width} × {height}, {tiles:?}, {clip}: {found_sum} for {sum}"
            );
            assert_eq!(found, values, "{width} × {height}, {tiles:?}, {clip}");
        }
    }

    #[test]
    fn all_shapes_are_treated_alike() {
        holds_for_all_shapes(|picture| clahe(picture, 2.0, [8, 8]), true);
        holds_for_all_shapes(|picture| clahe(picture, 0.0, [3, 64]), true);
    }

    #[test]
    fn colours_keep_their_differences() {
        let before = picture(32, 16, 3);
        let mut after = before.clone();
        clahe(&mut after, 1.5, [4, 4]);
        assert_ne!(after, before);
        for (after, before) in after.data.as_chunks::<3>().0.iter().zip(before.data.as_chunks::<3>().0) {
            if after.iter().all(|value| (1..255).contains(value)) {
                let differences =
                    |[r, g, b]: [u8; 3]| [i16::from(r) - i16::from(g), i16::from(g) - i16::from(b)];
                assert_eq!(differences(*after), differences(*before));
            }
        }
    }

    #[test]
    fn a_limit_takes_from_the_frequent_and_gives_to_all() {
        let mut histogram = [0; 256];
        histogram[100] = 512;
        let table = table(histogram, 512, 1.0);
        // 510 are cut off: one for each value, and one more for every first one until 254 are gone.
        assert_eq!([table[0], table[99], table[100], table[255]], [1, 100, 102, 255]);
        assert!(table.is_sorted());
        assert_eq!(
            super::table(histogram, 512, 0.0),
            std::array::from_fn(|value| if value < 100 { 0 } else { 255 })
        );
    }

    #[test]
    fn places_beyond_are_mirrored() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(|at| mirrored(at, 4)), [0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!([0, 1, 2].map(|at| mirrored(at, 1)), [0, 0, 0]);
    }
}
