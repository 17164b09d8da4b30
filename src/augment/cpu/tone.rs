//! Tables out of histograms.
//!
//! Each table is a function of a histogram alone, so that a shader may count and this file make the table. It
//! refuses to know how values are looked up.

use super::mix::colours;
use super::{colour, planes};
use crate::augment::stage::Tone;
use crate::media::Raster;

/// How often each value occurs.
pub type Histogram = [u32; 256];

/// Values through tables that follow from the picture's own histogram. Alpha stays and counts for nothing.
pub fn tone(picture: &mut Raster, tone: Tone) {
    let tables = match tone {
        Tone::Equalize => histograms(picture).map(|histogram| equalized(&histogram)),
        Tone::Autocontrast { cutoff } => histograms(picture).map(|histogram| stretched(&histogram, cutoff)),
        Tone::Contrast { factor } => {
            let luma: u64 = planes::luma(picture).into_iter().map(u64::from).sum();
            [contrasted(mean(luma, picture.pixels() as u64), factor); 3]
        }
    };
    colour::lut(picture, &tables);
}

/// How often each value of red, green and blue occurs; of a grey picture, all three are the same.
pub fn histograms(picture: &Raster) -> [Histogram; 3] {
    let mut counts = [[[0; 256]; 3]; 2];
    match picture.channels {
        1 => count::<1>(&picture.data, &mut counts),
        2 => count::<2>(&picture.data, &mut counts),
        3 => count::<3>(&picture.data, &mut counts),
        _ => count::<4>(&picture.data, &mut counts),
    }
    let colours = colours(picture);
    std::array::from_fn(|channel| {
        let [even, odd] = &counts;
        std::array::from_fn(|value| {
            even[channel.min(colours - 1)][value] + odd[channel.min(colours - 1)][value]
        })
    })
}

/// All values about equally often, by the arithmetic of Pillow's `ImageOps.equalize`: pixels other than those
/// of the greatest value are parted into 255 steps. Without a whole pixel in a step, values stay.
pub fn equalized(histogram: &Histogram) -> [u8; 256] {
    let last = histogram.iter().rfind(|count| **count > 0).copied().unwrap_or(0);
    let step = (histogram.iter().sum::<u32>() - last) / 255;
    if step == 0 {
        return same();
    }
    let mut below = step / 2;
    let mut table = [0; 256];
    for (found, count) in table.iter_mut().zip(histogram) {
        // There are at most half a step more pixels than 255 steps and those of the greatest value.
        *found = (below / step).min(255) as u8;
        below += count;
    }
    table
}

/// From 0 to 255, after `cutoff`, a part of the pixels, is cut off at either end: by the arithmetic of
/// Pillow's `ImageOps.autocontrast`, which has it in percent. The part counts to a millionth.
///
/// Where a value would come out whole, Pillow's quotient of floating-point numbers may be just below and lose
/// a level; that is so here as well. A shader that divides whole numbers is at most that level off.
pub fn stretched(histogram: &Histogram, cutoff: f32) -> [u8; 256] {
    let pixels: u64 = histogram.iter().map(|count| u64::from(*count)).sum();
    let cut = cut_off(pixels, cutoff);
    let ends = least_left(0..256, histogram, cut).zip(least_left((0..256).rev(), histogram, cut));
    let Some((low, high)) = ends.filter(|(low, high)| low < high) else { return same() };
    let scale = 255.0 / (high - low) as f64;
    let offset = -(low as f64) * scale;
    std::array::from_fn(|value| (value as f64 * scale + offset) as u8)
}

/// How many of so many pixels are cut off at either end.
pub(crate) fn cut_off(pixels: u64, cutoff: f32) -> u64 {
    let millionths = (f64::from(cutoff.clamp(0.0, 1.0)) * 1e6).round() as u64;
    pixels * millionths / 1_000_000
}

/// Away from this mean by this factor, by the arithmetic of Pillow's `ImageEnhance.Contrast`: what comes out
/// is rounded down.
pub fn contrasted(mean: u8, factor: f32) -> [u8; 256] {
    let mean = f32::from(mean);
    std::array::from_fn(|value| (mean + factor * (value as f32 - mean)) as u8)
}

fn same() -> [u8; 256] {
    std::array::from_fn(|value| value as u8)
}

/// Rounded, halves up.
fn mean(sum: u64, count: u64) -> u8 {
    ((2 * sum + count) / (2 * count)) as u8
}

/// The first value in this order of which pixels are left when so many are cut off.
fn least_left(mut order: impl Iterator<Item = usize>, histogram: &Histogram, mut cut: u64) -> Option<usize> {
    order.find(|value| {
        let count = u64::from(histogram[*value]);
        let is_left = count > cut;
        cut = cut.saturating_sub(count);
        is_left
    })
}

#[inline(never)]
/// Counts pixels in turn into two histograms: adding to the number that has just been added to has to wait.
fn count<const CHANNELS: usize>(data: &[u8], [even, odd]: &mut [[Histogram; 3]; 2]) {
    let colours = if CHANNELS < 3 { 1 } else { 3 };
    let (pairs, rest) = data.as_chunks::<CHANNELS>().0.as_chunks::<2>();
    for [first, second] in pairs {
        for channel in 0..colours {
            even[channel][usize::from(first[channel])] += 1;
            odd[channel][usize::from(second[channel])] += 1;
        }
    }
    for pixel in rest {
        for channel in 0..colours {
            even[channel][usize::from(pixel[channel])] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::planes::tests::{holds_for_all_shapes, picture, told};
    use super::*;

    #[test]
    fn pictures_come_out_as_pillow_s() {
        // P = Image.fromarray(p); L = Image.fromarray(p[..., 0].copy())
        // told(ImageOps.equalize(P)), told(ImageOps.equalize(L)), told(ImageOps.autocontrast(P, 3)), …,
        // told(ImageEnhance.Contrast(P).enhance(0.3)), …
        let autocontrast = |cutoff| Tone::Autocontrast { cutoff };
        let contrast = |factor| Tone::Contrast { factor };
        let rows: [(Tone, u8, u8, u64); 16] = [
            (Tone::Equalize, 3, 98, 28_673_177),
            (Tone::Equalize, 1, 98, 8_077_477),
            (autocontrast(0.0), 3, 96, 24_557_699),
            (autocontrast(0.0), 1, 96, 7_996_295),
            (autocontrast(0.03), 3, 95, 24_573_431),
            (autocontrast(0.03), 1, 95, 8_079_172),
            (autocontrast(0.1), 3, 91, 24_792_206),
            (autocontrast(0.1), 1, 91, 8_127_732),
            (contrast(0.0), 3, 120, 22_826_520),
            (contrast(0.0), 1, 119, 7_533_533),
            (contrast(0.3), 3, 112, 22_805_841),
            (contrast(0.3), 1, 111, 7_503_903),
            (contrast(1.0), 3, 95, 23_043_494),
            (contrast(1.0), 1, 95, 7_531_456),
            (contrast(1.7), 3, 77, 23_498_029),
            (contrast(1.7), 1, 78, 7_647_582),
        ];
        for (what, channels, last, sum) in rows {
            let mut picture = picture(32, 16, channels);
            tone(&mut picture, what);
            let (values, found) = told(&picture);
            assert_eq!((values.last(), found), (Some(&last), sum), "{what:?} of {channels}");
        }
    }

    #[test]
    fn all_shapes_are_treated_alike() {
        for what in [Tone::Equalize, Tone::Autocontrast { cutoff: 0.05 }, Tone::Contrast { factor: 1.5 }] {
            holds_for_all_shapes(|picture| tone(picture, what), true);
        }
    }

    #[test]
    fn a_picture_of_one_value_stays() {
        for what in [Tone::Equalize, Tone::Autocontrast { cutoff: 0.2 }, Tone::Contrast { factor: 3.0 }] {
            let mut picture = Raster::new(40, 20, 1, vec![77; 800]).unwrap();
            tone(&mut picture, what);
            assert!(picture.data.iter().all(|value| *value == 77), "{what:?}");
        }
    }

    #[test]
    fn tables_are_those_of_their_histograms() {
        let mut histogram = [0; 256];
        (histogram[10], histogram[20], histogram[30]) = (255, 255, 7);
        let table = equalized(&histogram);
        assert_eq!([table[10], table[20], table[30], table[31]], [0, 128, 255, 255]);
        // A part is cut off: of 10 pixels at either end, 5.
        (histogram[10], histogram[20], histogram[30], histogram[40]) = (5, 45, 45, 5);
        let [whole, cut] = [0.04, 0.05].map(|cutoff| stretched(&histogram, cutoff));
        assert_eq!([whole[10], whole[40], cut[10], cut[20], cut[30]], [0, 255, 0, 0, 255]);
        assert_eq!(contrasted(100, 2.0)[90..=110], std::array::from_fn::<u8, 21, _>(|at| 80 + 2 * at as u8));
    }
}
