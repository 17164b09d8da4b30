//! Light and weather: every pixel goes towards a colour by a part that depends on its place. Alpha stays.
//!
//! Places are in pixels from the upper left corner, a pixel's middle at a half. This file refuses to know how
//! streaks, shadows and discs come to be where they are.

pub(crate) mod clouds;
pub(crate) mod lines;

use super::filter::level;
use super::mix::{colours, of_colour};
use super::planes::fastest;
use crate::augment::stage::{Size, Veil};
use crate::media::Raster;
use clouds::Clouds;
use lines::{Shadow, Streaks};

/// Puts a veil over the picture.
pub fn veil(picture: &mut Raster, veil: &Veil) {
    let size = [picture.width as usize, picture.height as usize];
    match veil {
        Veil::Fog { key, density, scale } => {
            over(picture, [255; 3], Clouds::new(*key, *density, *scale, size));
        }
        Veil::Streaks { lines, width, colour, opacity } => {
            over(picture, *colour, Streaks::new(lines, *width, *opacity, size));
        }
        Veil::Shadow { corners, part } => over(picture, [0; 3], Shadow::new(corners, 1.0 - part)),
        Veil::Vignette { centre, strength } => {
            let strength = vignette_per_pixel(*strength, [picture.width, picture.height]);
            over(picture, [0; 3], Vignette { centre: *centre, strength });
        }
        Veil::Flare { discs, colour } => over(picture, *colour, Flare { discs }),
    }
}

/// The strength of a vignette for a distance of one pixel, from that for half a diagonal.
pub(crate) fn vignette_per_pixel(strength: f32, size: Size) -> f32 {
    let [width, height] = size.map(|side| side as f32);
    strength * 4.0 / (width * width + height * height)
}

/// How much of a veil's colour there is at every pixel.
trait Cover {
    /// Sets it for the `y`th row, 0 to 1, and gives the pixels outside of which it is 0; what is said of
    /// those does not matter. It has to be `#[inline(always)]`.
    fn row(&mut self, y: usize, cover: &mut [f32]) -> std::ops::Range<usize>;
}

fn over<C: Cover>(picture: &mut Raster, colour: [u8; 3], cover: C) {
    let colour = of_colour(colour, colours(picture)).map(f32::from);
    match picture.channels {
        1 => fastest(Over::<C, 1, 1> { picture, colour, cover }),
        2 => fastest(Over::<C, 2, 1> { picture, colour, cover }),
        3 => fastest(Over::<C, 3, 3> { picture, colour, cover }),
        _ => fastest(Over::<C, 4, 3> { picture, colour, cover }),
    }
}

struct Over<'a, C, const CHANNELS: usize, const COLOURS: usize> {
    picture: &'a mut Raster,
    colour: [f32; 4],
    cover: C,
}

impl<C: Cover, const CHANNELS: usize, const COLOURS: usize> pulp::NullaryFnOnce
    for Over<'_, C, CHANNELS, COLOURS>
{
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let width = self.picture.width as usize;
        let mut cover = vec![0.0; width];
        for (y, row) in self.picture.data.chunks_exact_mut(width * CHANNELS).enumerate() {
            let within = self.cover.row(y, &mut cover);
            let pixels = &mut row.as_chunks_mut::<CHANNELS>().0[within.clone()];
            for (pixel, cover) in pixels.iter_mut().zip(&cover[within]) {
                for (value, colour) in pixel[..COLOURS].iter_mut().zip(self.colour) {
                    let before = f32::from(*value);
                    *value = level(before + (colour - before) * cover);
                }
            }
        }
    }
}

/// `strength · d²`, the strength for a distance of one pixel.
struct Vignette {
    centre: [f32; 2],
    strength: f32,
}

impl Cover for Vignette {
    #[inline(always)]
    fn row(&mut self, y: usize, cover: &mut [f32]) -> std::ops::Range<usize> {
        let [x_centre, y_centre] = self.centre;
        let down = y as f32 + 0.5 - y_centre;
        for (x, cover) in (0i32..).zip(cover.iter_mut()) {
            let across = x as f32 + 0.5 - x_centre;
            let part = self.strength * (across * across + down * down);
            *cover = if part < 1.0 { part } else { 1.0 };
        }
        0..cover.len()
    }
}

/// Light that discs let through is what each of them lets through, multiplied: `1 − opacity (1 − d² / r²)²`.
struct Flare<'a> {
    discs: &'a [[f32; 4]],
}

impl Cover for Flare<'_> {
    #[inline(always)]
    fn row(&mut self, y: usize, cover: &mut [f32]) -> std::ops::Range<usize> {
        let mut within = cover.len()..0;
        cover.fill(1.0);
        for &[x_centre, y_centre, radius, opacity] in self.discs {
            let down = y as f32 + 0.5 - y_centre;
            let half = (radius * radius - down * down).max(0.0).sqrt();
            let part = pixels(x_centre - half, x_centre + half, cover.len());
            if part.is_empty() || half == 0.0 {
                continue;
            }
            within = within.start.min(part.start)..within.end.max(part.end);
            let over = 1.0 / (radius * radius);
            for (x, through) in (part.start as i32..).zip(&mut cover[part]) {
                let across = x as f32 + 0.5 - x_centre;
                let left = 1.0 - (across * across + down * down) * over;
                let left = if left > 0.0 { left } else { 0.0 };
                *through *= 1.0 - opacity * left * left;
            }
        }
        if within.is_empty() {
            return 0..0;
        }
        for through in &mut cover[within.clone()] {
            *through = 1.0 - *through;
        }
        within
    }
}

/// The pixels of a row whose middles can be from `left` to `right`, and perhaps one more on either side.
fn pixels(left: f32, right: f32, width: usize) -> std::ops::Range<usize> {
    // A cast brings what is outside to the nearer end.
    let start = ((left - 0.5).floor() as usize).min(width);
    let end = ((right - 0.5).ceil() + 1.0).max(0.0) as usize;
    start..end.clamp(start, width)
}

#[cfg(test)]
mod tests;
