//! Parts painted over, and several pictures made one.

use super::{Others, run};
use crate::augment::stage::{Erase, How, Mix, Paint, Stage};
use crate::media::Raster;

/// Paints over parts. Alpha stays.
pub fn erase(picture: &mut Raster, erase: &Erase) {
    let channels = usize::from(picture.channels);
    let colours = colours(picture);
    let width = picture.width as usize;
    let flat = match erase.with {
        Paint::Colour(colour) => Some(of_colour(colour, colours)),
        Paint::Mean => Some(mean(picture)),
        Paint::Noise(_) => None,
    };
    for &[left, top, part_width, part_height] in &erase.parts {
        for y in top..top + part_height {
            let start = (y as usize * width + left as usize) * channels;
            let row = &mut picture.data[start..start + part_width as usize * channels];
            for (x, pixel) in (left..).zip(row.chunks_exact_mut(channels)) {
                let paint = match (flat, erase.with) {
                    (Some(flat), _) => flat,
                    (None, Paint::Noise(key)) => key.at(x, y).map(|bits| (bits >> 24) as u8),
                    (None, _) => unreachable!("all else is flat"),
                };
                pixel[..colours].copy_from_slice(&paint[..colours]);
            }
        }
    }
}

/// The weighted mean of the picture after each list of stages.
pub fn blend(picture: Raster, parts: &[(f32, Vec<Stage>)], others: &dyn Others) -> Raster {
    let mut sums = vec![0f32; picture.data.len()];
    for (weight, stages) in parts {
        let part = run(stages, picture.clone(), others);
        debug_assert_eq!(part.data.len(), sums.len(), "the parts of a blend keep the size");
        sums.iter_mut().zip(&part.data).for_each(|(sum, value)| *sum += weight * f32::from(*value));
    }
    // A cast brings what is outside of 0 to 255 to the nearer end.
    let data = sums.into_iter().map(|sum| (sum + 0.5) as u8).collect();
    Raster { data, ..picture }
}

/// Mixes another picture in. Alpha stays.
pub fn mix(picture: &mut Raster, mix: &Mix, others: &dyn Others) {
    let size = [picture.width, picture.height];
    let Some(other) = others.partner(mix.partner, size, picture.channels) else { return };
    debug_assert_eq!(other.data.len(), picture.data.len(), "a partner is of the size that it was asked for");
    let channels = usize::from(picture.channels);
    let colours = colours(picture);
    let pixels = picture.data.chunks_exact_mut(channels).zip(other.data.chunks_exact(channels));
    match mix.how {
        How::Weighted { own } => {
            for (pixel, other) in pixels {
                for (value, other) in pixel[..colours].iter_mut().zip(other) {
                    *value = (f32::from(*value) * own + f32::from(*other) * (1.0 - own) + 0.5) as u8;
                }
            }
        }
        How::Pasted([left, top, width, height]) => {
            for (at, (pixel, other)) in pixels.enumerate() {
                let (x, y) = (at as u32 % size[0], at as u32 / size[0]);
                if x.wrapping_sub(left) < width && y.wrapping_sub(top) < height {
                    pixel[..colours].copy_from_slice(&other[..colours]);
                }
            }
        }
    }
}

/// How many channels are not alpha.
pub(super) fn colours(picture: &Raster) -> usize {
    if picture.channels < 3 { 1 } else { 3 }
}

/// A colour as the first values of a pixel: of a grey one, its luma.
pub(super) fn of_colour([r, g, b]: [u8; 3], colours: usize) -> [u8; 4] {
    if colours == 1 { [luma([r, g, b]); 4] } else { [r, g, b, 255] }
}

/// Rec. 601 luma, rounded.
pub(super) fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 19_595 + u32::from(g) * 38_470 + u32::from(b) * 7_471 + 0x8000) >> 16) as u8
}

fn mean(picture: &Raster) -> [u8; 4] {
    let channels = usize::from(picture.channels);
    let mut sums = [0u64; 4];
    for pixel in picture.data.chunks_exact(channels) {
        sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += u64::from(*value));
    }
    let count = picture.pixels() as u64;
    sums.map(|sum| ((sum + count / 2) / count) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::random::Key;
    use crate::augment::stage::Size;

    fn grey(width: u32, height: u32, data: Vec<u8>) -> Raster {
        Raster::new(width, height, 1, data).unwrap()
    }

    struct Flat(u8);

    impl Others for Flat {
        fn partner(&self, _: u32, [width, height]: Size, channels: u8) -> Option<Raster> {
            let bytes = width as usize * height as usize * usize::from(channels);
            Raster::new(width, height, channels, vec![self.0; bytes])
        }
    }

    #[test]
    fn what_is_painted_over_is_the_part_and_no_more() {
        let part = |with| {
            let mut picture = grey(3, 2, vec![10, 20, 30, 40, 50, 60]);
            erase(&mut picture, &Erase { parts: vec![[1, 0, 2, 1]], with });
            picture.data
        };
        assert_eq!(part(Paint::Colour([255, 255, 255])), [10, 255, 255, 40, 50, 60]);
        assert_eq!(part(Paint::Mean), [10, 35, 35, 40, 50, 60]);
        let noise = part(Paint::Noise(Key([1, 2])));
        assert!(noise[0] == 10 && noise[3..] == [40, 50, 60] && noise[1] != noise[2]);
        let mut see_through = Raster::new(1, 1, 4, vec![1, 2, 3, 4]).unwrap();
        erase(&mut see_through, &Erase { parts: vec![[0, 0, 1, 1]], with: Paint::Colour([9, 8, 7]) });
        assert_eq!(see_through.data, [9, 8, 7, 4]);
    }

    #[test]
    fn pictures_are_mixed_by_weight_or_by_place() {
        let mixed = |how| {
            let mut picture = grey(3, 1, vec![0, 100, 200]);
            mix(&mut picture, &Mix { partner: 0, how }, &Flat(100));
            picture.data
        };
        assert_eq!(mixed(How::Weighted { own: 0.75 }), [25, 100, 175]);
        assert_eq!(mixed(How::Pasted([2, 0, 1, 1])), [0, 100, 100]);
        let parts = [(0.5, vec![]), (0.5, vec![Stage::Lut(Box::new([[10; 256]; 3]))])];
        assert_eq!(blend(grey(2, 1, vec![20, 31]), &parts, &super::super::Alone).data, [15, 21]);
    }
}
