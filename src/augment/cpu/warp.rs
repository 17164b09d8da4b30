//! Every pixel of the result looked up somewhere in the picture.
//!
//! A pixel's place in the window comes from [`places`]. Where it is the middle of a pixel for all of them, as
//! in flips, turns and crops, the pixels are copied ([`exact`]); all else is found between pixels
//! ([`sample`]). Every channel is interpolated by itself, alpha too: colours are not weighted by how opaque
//! they are.

pub mod exact;
pub mod places;
mod sample;
#[cfg(test)]
mod tests;

use exact::Exact;
use places::Places;
use sample::{Bicubic, Bilinear, Nearest, Window, sample};

use super::mix::luma;
use crate::augment::stage::{Fill, Interpolation, Map, Warp, within};
use crate::media::Raster;

/// Looks every pixel up. A window that reaches outside of the picture ends at its rim.
pub fn warp(picture: &Raster, warp: &Warp) -> Raster {
    match picture.channels {
        1 => warp_channels::<1, 2>(picture, warp),
        2 => warp_channels::<2, 4>(picture, warp),
        3 => warp_channels::<3, 8>(picture, warp),
        _ => warp_channels::<4, 8>(picture, warp),
    }
}

/// `PAIR` bytes hold two pixels at least.
fn warp_channels<const C: usize, const PAIR: usize>(picture: &Raster, warp: &Warp) -> Raster {
    let window = window(picture, warp);
    let [width, height] = warp.size;
    let data = match Exact::of(&warp.map) {
        Some(exact) => exact::copied::<C>(&window, exact, warp.size),
        None => pulp::Arch::new().dispatch(Rows::<C, PAIR> { window, warp }),
    };
    Raster { width, height, channels: picture.channels, data }
}

fn window<'a>(picture: &'a Raster, warp: &Warp) -> Window<'a> {
    let [left, top, width, height] =
        within(warp.window, [picture.width, picture.height]).map(|length| length as usize);
    let channels = usize::from(picture.channels);
    Window {
        data: &picture.data,
        stride: picture.width as usize * channels,
        channels,
        left,
        top,
        width,
        height,
        fill: warp.fill,
        colour: match warp.fill {
            Fill::Constant(colour) => pixel_of(colour, picture.channels),
            _ => [0; 4],
        },
    }
}

/// A colour as a pixel: opaque, and its luma in a grey picture.
fn pixel_of([r, g, b]: [u8; 3], channels: u8) -> [u8; 4] {
    if channels < 3 { [luma([r, g, b]), 255, 0, 0] } else { [r, g, b, 255] }
}

/// A warp row by row, compiled for the fastest instructions that there are.
struct Rows<'a, const C: usize, const PAIR: usize> {
    window: Window<'a>,
    warp: &'a Warp,
}

impl<const C: usize, const PAIR: usize> pulp::NullaryFnOnce for Rows<'_, C, PAIR> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn call(self) -> Vec<u8> {
        let [width, height] = self.warp.size;
        let mut places = Places::new(&self.warp.map, self.warp.size);
        let middles: Vec<f32> = (0..width).map(|x| x as f32 + 0.5).collect();
        let (mut xs, mut ys) = (middles.clone(), middles.clone());
        let mut data = vec![0; width as usize * height as usize * C];
        for (y, row) in (0..height).zip(data.chunks_exact_mut(width as usize * C)) {
            places.row(y, &middles, &mut xs, &mut ys);
            let (window, xs, ys) = (&self.window, &mut xs, &mut ys);
            match self.warp.interpolation {
                Interpolation::Nearest => sample::<C, Nearest>(window, xs, ys, row),
                Interpolation::Bilinear => sample::<C, Bilinear<PAIR>>(window, xs, ys, row),
                Interpolation::Bicubic => sample::<C, Bicubic<PAIR>>(window, xs, ys, row),
            }
        }
        data
    }
}
