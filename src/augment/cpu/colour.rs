//! Values by themselves: tables, matrices, hue.
//!
//! This file refuses to know where tables and factors come from.

use super::lookup::Lookup;
use super::planes::{self, Kernel, Planes, to_byte};
use crate::media::Raster;

/// Every value through the table of its channel; a grey picture's through the first. Alpha stays.
pub fn lut(picture: &mut Raster, tables: &[[u8; 256]; 3]) {
    match picture.channels {
        1 => Lookup::new(&tables[0]).change(&mut picture.data),
        2 => picture
            .data
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .for_each(|pixel| pixel[0] = tables[0][usize::from(pixel[0])]),
        3 if tables[0] == tables[1] && tables[1] == tables[2] => {
            Lookup::new(&tables[0]).change(&mut picture.data);
        }
        _ => planes::change(picture, Lut(tables.each_ref().map(Lookup::new))),
    }
}

/// Linear in red, green and blue: rows `[r, g, b, 1]` in 0 to 255, rounded. A grey picture stays, and so does
/// alpha.
///
/// It is computed in 16 bits: where no row's factors have a sum over 4, within a tenth of a level before it
/// is rounded.
pub fn matrix(picture: &mut Raster, rows: &[[f32; 4]; 3]) {
    if picture.channels < 3 {
        return;
    }
    if let Some(order) = order(rows) {
        return planes::change(picture, Order(order));
    }
    match Fixed::new(rows) {
        Some(fixed) if rows[0] == rows[1] && rows[1] == rows[2] => planes::change(picture, Alike(fixed)),
        Some(fixed) => planes::change(picture, fixed),
        None => planes::change(picture, Floating(rows)),
    }
}

/// A shift in the HSV cone: hue in turns, saturation and value as factor and sum (0 to 1). Of a grey picture,
/// value alone is changed; a pixel without a hue gets none, whatever is added to its saturation. Alpha stays.
///
/// With V the greatest and m the least of a pixel's three values in 0 to 1, and C = V − m:
///
/// - S = C / V;
/// - H, in sixths of a turn, = (g − b) / C where r is the greatest, 2 + (b − r) / C where g is, and else
///   4 + (r − g) / C (A. R. Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978);
/// - back again, with H', S' and V' shifted, S' and V' within 0 to 1:
///   V' (1 − S' w(n + H')), n = 5 for red, 3 for green, 1 for blue, and w(k) = min(k, 4 − k) within 0 to 1,
///   k being taken modulo 6. This is Smith's inverse without its six cases.
///
/// Pillow and OpenCV keep hue and saturation in 8 bits between the two halves (OpenCV: hue in 180 steps).
/// That moves OpenCV's values, and so Albumentations', by up to 5 levels and Pillow's by up to 11; nothing is
/// lost here.
pub fn hsv(picture: &mut Raster, hue: f32, saturation: [f32; 2], value: [f32; 2]) {
    if picture.channels < 3 {
        let table =
            std::array::from_fn(|v| to_byte((v as f32 * value[0] + value[1] * 255.0).clamp(0.0, 255.0)));
        return lut(picture, &[table; 3]);
    }
    let sixths = (hue - hue.floor()) * 6.0;
    planes::change(picture, Hsv { sixths, saturation, value: [value[0], value[1] * 255.0] });
}

/// Which of red, green and blue each row takes, where that is all that it does.
fn order(rows: &[[f32; 4]; 3]) -> Option<[usize; 3]> {
    let mut order = [0; 3];
    for (from, row) in order.iter_mut().zip(rows) {
        *from = row.iter().position(|factor| *factor != 0.0).filter(|at| *at < 3 && row[*at] == 1.0)?;
        if row[*from + 1..].iter().any(|factor| *factor != 0.0) {
            return None;
        }
    }
    Some(order)
}

struct Order([usize; 3]);

impl Kernel for Order {
    #[inline(always)]
    fn block(&mut self, planes: &mut Planes, _: usize) {
        let before = *planes;
        *planes = self.0.map(|from| before[from]);
    }
}

struct Lut<'a>([Lookup<'a>; 3]);

impl Kernel for Lut<'_> {
    #[inline(always)]
    fn block(&mut self, planes: &mut Planes, _: usize) {
        for (plane, table) in planes.iter_mut().zip(&self.0) {
            table.change(plane);
        }
    }
}

/// Factors in 16 bits.
#[derive(Clone, Copy)]
pub struct Fixed {
    /// Times 2^(`fraction` + 8).
    pub factors: [[i16; 3]; 3],
    /// What is added, times 2^`fraction`.
    pub sums: [i16; 3],
    pub fraction: u32,
}

impl Fixed {
    /// `None` where what comes out does not fit.
    pub fn new(rows: &[[f32; 4]; 3]) -> Option<Self> {
        let reach =
            |row: &[f32; 4]| row[..3].iter().map(|factor| factor.abs() * 255.0).sum::<f32>() + row[3].abs();
        let greatest = rows.iter().map(reach).fold(0.0, f32::max);
        let fits = |fraction: &u32| {
            let scale = (1u32 << fraction) as f32;
            // A level for what rounding adds.
            (greatest + 1.0) * scale < 32_767.0
                && rows.iter().flat_map(|row| &row[..3]).all(|factor| factor.abs() * scale * 256.0 < 32_767.0)
        };
        let fraction = (4..=7).rev().find(fits)?;
        let scale = (1u32 << fraction) as f32;
        let factors =
            rows.map(|row| [row[0], row[1], row[2]].map(|factor| (factor * scale * 256.0).round() as i16));
        let sums = std::array::from_fn(|row| {
            // Values are taken from 128. Three products lose a half each on average, and a half is for
            // rounding.
            let from_middle = factors[row].iter().map(|factor| i32::from(*factor)).sum::<i32>() as f32 / 2.0;
            (from_middle + rows[row][3] * scale + 1.5 + scale / 2.0).floor() as i32 as i16
        });
        Some(Self { factors, sums, fraction })
    }

    #[inline(always)]
    fn row(&self, row: usize, pixel: [i16; 3]) -> u8 {
        let sum = pixel.iter().zip(self.factors[row]).fold(self.sums[row], |sum, (value, factor)| {
            // The upper half of a product of 16 bits is one instruction.
            sum.wrapping_add(((i32::from(*value) * i32::from(factor)) >> 16) as i16)
        });
        (sum >> self.fraction).clamp(0, 255) as u8
    }
}

/// From 128, times 256.
#[inline(always)]
fn from_middle(value: u8) -> i16 {
    i16::from((value ^ 0x80) as i8) << 8
}

impl Kernel for Fixed {
    #[inline(always)]
    fn block(&mut self, [red, green, blue]: &mut Planes, _: usize) {
        // A copy cannot change while planes are written, which spares loads.
        let fixed = *self;
        for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
            let pixel = [*r, *g, *b].map(from_middle);
            (*r, *g, *b) = (fixed.row(0, pixel), fixed.row(1, pixel), fixed.row(2, pixel));
        }
    }
}

/// All rows are the first one.
struct Alike(Fixed);

impl Kernel for Alike {
    #[inline(always)]
    fn block(&mut self, [red, green, blue]: &mut Planes, _: usize) {
        let fixed = self.0;
        for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
            let value = fixed.row(0, [*r, *g, *b].map(from_middle));
            (*r, *g, *b) = (value, value, value);
        }
    }
}

/// For factors of any size.
struct Floating<'a>(&'a [[f32; 4]; 3]);

impl Kernel for Floating<'_> {
    #[inline(always)]
    fn block(&mut self, [red, green, blue]: &mut Planes, _: usize) {
        for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
            let pixel = [*r, *g, *b].map(f32::from);
            [*r, *g, *b] = self.0.map(|row| {
                let level = pixel[0] * row[0] + pixel[1] * row[1] + pixel[2] * row[2] + row[3];
                to_byte(level.clamp(0.0, 255.0))
            });
        }
    }
}

#[derive(Clone, Copy)]
struct Hsv {
    /// 0 to 6.
    sixths: f32,
    saturation: [f32; 2],
    /// Factor, and sum in levels.
    value: [f32; 2],
}

impl Kernel for Hsv {
    #[inline(always)]
    fn block(&mut self, [red, green, blue]: &mut Planes, _: usize) {
        let shift = *self;
        for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
            [*r, *g, *b] = shift.pixel([*r, *g, *b]);
        }
    }
}

impl Hsv {
    #[inline(always)]
    fn pixel(&self, [r, g, b]: [u8; 3]) -> [u8; 3] {
        let most = r.max(g).max(b);
        let least = r.min(g).min(b);
        let [red, green, blue, v] = [r, g, b, most].map(f32::from);
        let c = v - f32::from(least);
        // One division for both quotients; nothing is divided by nought where there is no hue.
        let inverse = 1.0 / if c > 0.0 { c * v } else { 1.0 };
        let s = if c > 0.0 {
            within(c * c * inverse * self.saturation[0] + self.saturation[1], 1.0)
        } else {
            0.0
        };
        let (difference, from) = if most == r {
            (green - blue, 0.0)
        } else if most == g {
            (blue - red, 2.0)
        } else {
            (red - green, 4.0)
        };
        let h = difference * v * inverse + from + self.sixths;
        let h = h - 6.0 * (h * (1.0 / 6.0)).floor();
        let v = within(v * self.value[0] + self.value[1], 255.0);
        [5.0, 3.0, 1.0].map(|n| {
            let k = h + n;
            let k = if k >= 6.0 { k - 6.0 } else { k };
            let (up, down) = (k, 4.0 - k);
            let w = within(if up < down { up } else { down }, 1.0);
            to_byte(v - v * s * w)
        })
    }
}

/// Within 0 to `most`, by the comparisons that processors have one instruction for.
#[inline(always)]
fn within(number: f32, most: f32) -> f32 {
    let number = if number > 0.0 { number } else { 0.0 };
    if number < most { number } else { most }
}

#[cfg(test)]
mod tests {
    use super::super::planes::tests::{holds_for_all_shapes, picture, told};
    use super::*;

    const SAME: [[f32; 4]; 3] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
    const GREY: [f32; 4] = [0.299, 0.587, 0.114, 0.0];

    fn near(found: &[u8], expected: &[u8], tolerance: u8) -> bool {
        found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= tolerance)
    }

    /// Towards luma.
    fn saturated(factor: f32) -> [[f32; 4]; 3] {
        std::array::from_fn(|row| {
            std::array::from_fn(|at| GREY[at] * (1.0 - factor) + SAME[row][at] * factor)
        })
    }

    #[test]
    fn matrices_come_out_as_pillow_s_and_albumentations() {
        // told(ImageEnhance.Color(Image.fromarray(p)).enhance(0.3)), …;
        // told(A.ToSepia(p=1)(image=p)["image"])
        let sepia = [[0.393, 0.769, 0.189, 0.0], [0.349, 0.686, 0.168, 0.0], [0.272, 0.534, 0.131, 0.0]];
        let rows: [([[f32; 4]; 3], [u8; 16]); 4] = [
            (saturated(0.0), [44, 57, 70, 105, 123, 141, 141, 164, 164, 184, 94, 185, 48, 81, 59, 119]),
            (saturated(0.3), [36, 58, 80, 97, 124, 151, 133, 165, 121, 183, 77, 142, 40, 82, 69, 111]),
            (saturated(1.7), [3, 65, 127, 64, 131, 198, 100, 172, 0, 182, 2, 0, 7, 89, 116, 78]),
            (sepia, [60, 69, 66, 143, 149, 133, 191, 198, 150, 243, 113, 169, 66, 98, 56, 162]),
        ];
        for (rows, expected) in rows {
            let mut picture = picture(32, 16, 3);
            matrix(&mut picture, &rows);
            let (found, _) = told(&picture);
            assert!(near(&found, &expected, 1), "{rows:?}: {found:?}");
        }
    }

    #[test]
    fn matrices_are_near_to_exact_ones() {
        let factors = [-2.5, -0.7, -0.1, 0.0, 0.3, 1.0, 1.3, 3.9];
        for at in 0..200 {
            let of = |step: usize| factors[(at * step + at / 8) % 8];
            let rows =
                [[of(1), of(3), of(5), 10.0], [of(7), of(2), of(4), -30.0], [of(6), of(1), of(9), 0.5]];
            let before = picture(32, 16, 3);
            let mut after = before.clone();
            matrix(&mut after, &rows);
            for (after, before) in after.data.as_chunks::<3>().0.iter().zip(before.data.as_chunks::<3>().0) {
                let [r, g, b] = before.map(f32::from);
                for (row, found) in rows.iter().zip(after) {
                    let exact = (row[0] * r + row[1] * g + row[2] * b + row[3]).clamp(0.0, 255.0);
                    assert!((exact - f32::from(*found)).abs() < 0.75, "{rows:?}: {found} for {exact}");
                }
            }
        }
    }

    #[test]
    fn channels_change_places() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 1, 1]] {
            let before = picture(32, 16, 4);
            let mut after = before.clone();
            let rows = order.map(|from| SAME[from]);
            matrix(&mut after, &rows);
            let expected = |pixel: &[u8; 4]| [pixel[order[0]], pixel[order[1]], pixel[order[2]], pixel[3]];
            assert_eq!(
                after.data.as_chunks::<4>().0,
                before.data.as_chunks().0.iter().map(expected).collect::<Vec<_>>()
            );
            assert_eq!(super::order(&rows), Some(order));
        }
        for row in
            [[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0], [0.5, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0; 4]]
        {
            assert_eq!(super::order(&[SAME[0], row, SAME[2]]), None, "{row:?}");
        }
    }

    #[test]
    fn shifts_of_hsv_come_out_as_python_s() {
        // for every pixel, of 1, with hue in turns, and saturation and value of 1 held within 0 to 1: h, s, v
        // = colorsys.rgb_to_hsv(*pixel) colorsys.hsv_to_rgb((h + hue) % 1, s + saturation if s else 0, v +
        // value) Albumentations, which has 8 bits in between, is within 1 of these:
        // told(albumentations.augmentations.pixel.functional.shift_hsv(p, hue * 180, saturation * 255, value
        // * 255))
        let rows: [(f32, f32, f32, [u8; 16]); 4] = [
            (20.0, 0.0, 0.0, [20, 43, 104, 81, 109, 175, 117, 150, 21, 126, 68, 42, 24, 67, 93, 95]),
            (-60.0, 0.0, 0.0, [20, 91, 75, 81, 157, 146, 117, 198, 21, 212, 40, 42, 24, 115, 64, 95]),
            (100.0, 0.0, 0.0, [78, 33, 94, 139, 99, 165, 175, 140, 164, 41, 211, 185, 82, 57, 83, 153]),
            (30.0, 30.0, -20.0, [8, 17, 84, 55, 70, 155, 85, 105, 0, 73, 72, 15, 11, 36, 73, 67]),
        ];
        for (degrees, saturation, value, expected) in rows {
            let mut picture = picture(32, 16, 3);
            hsv(&mut picture, degrees / 360.0, [1.0, saturation / 255.0], [1.0, value / 255.0]);
            let (found, _) = told(&picture);
            assert!(near(&found, &expected, 1), "{degrees}: {found:?}");
        }
    }

    #[test]
    fn what_changes_nothing_leaves_every_colour() {
        let data: Vec<u8> =
            (0..=255u32).flat_map(|at| [at as u8, (at * 3) as u8, (at * 7 / 5) as u8]).collect();
        let before = Raster::new(16, 16, 3, data).unwrap();
        type Change = (&'static str, fn(&mut Raster));
        let changes: [Change; 4] = [
            ("lut", |picture| lut(picture, &[std::array::from_fn(|value| value as u8); 3])),
            ("matrix", |picture| matrix(picture, &SAME)),
            ("hsv", |picture| hsv(picture, 0.0, [1.0, 0.0], [1.0, 0.0])),
            ("a turn", |picture| hsv(picture, -1.0, [1.0, 0.0], [1.0, 0.0])),
        ];
        for (name, change) in changes {
            let mut after = before.clone();
            change(&mut after);
            assert_eq!(after, before, "{name}");
        }
    }

    #[test]
    fn all_shapes_are_treated_alike() {
        let table = |by: u8| std::array::from_fn(|value| (value as u8).wrapping_mul(by));
        holds_for_all_shapes(|picture| lut(picture, &[table(3), table(5), table(7)]), false);
        holds_for_all_shapes(|picture| lut(picture, &[table(3); 3]), true);
        holds_for_all_shapes(|picture| matrix(picture, &saturated(1.4)), true);
        holds_for_all_shapes(|picture| matrix(picture, &[GREY; 3]), true);
        holds_for_all_shapes(|picture| matrix(picture, &saturated(40.0)), true);
        holds_for_all_shapes(|picture| hsv(picture, 0.3, [1.2, 0.1], [0.9, -0.1]), true);
    }

    #[test]
    fn hues_go_round() {
        let rows: [(f32, [u8; 3]); 5] = [
            (0.0, [255, 0, 0]),
            (1.0 / 3.0, [0, 255, 0]),
            (-1.0 / 3.0, [0, 0, 255]),
            (0.5, [0, 255, 255]),
            (1.0 / 12.0, [255, 128, 0]),
        ];
        for (hue, expected) in rows {
            let mut picture = Raster::new(1, 1, 3, vec![255, 0, 0]).unwrap();
            hsv(&mut picture, hue, [1.0, 0.0], [1.0, 0.0]);
            assert!(near(&picture.data, &expected, 1), "{hue}: {:?}", picture.data);
        }
    }
}
