//! The stages on the processor: the reference that shaders are held against, and what exports are made with.
//!
//! | file | stages |
//! | --- | --- |
//! | [`warp`] | places looked up elsewhere |
//! | [`resize`] | other sizes |
//! | [`colour`] | values by themselves: tables, matrices, hue |
//! | [`tone`] | tables out of histograms |
//! | [`clahe`] | tables out of the histograms of tiles |
//! | [`filter`] | neighbourhoods |
//! | [`noise`] | random changes of pixels |
//! | [`jpeg`] | lossy storage |
//! | [`veil`] | light and weather |
//! | [`mix`] | parts painted over, and several pictures made one |

pub mod clahe;
pub mod colour;
pub mod filter;
pub mod jpeg;
mod lookup;
pub mod mix;
pub mod noise;
mod planes;
pub mod resize;
pub mod tone;
pub mod veil;
pub mod warp;

use super::stage::{Size, Stage};
use crate::media::Raster;

/// The other pictures that a mixing operation takes from.
pub trait Others: Sync {
    /// The picture that this number, over all 32 bits, comes to, at this size and with as many channels; `None`
    /// where there is none, and the stage does nothing.
    fn partner(&self, number: u32, size: Size, channels: u8) -> Option<Raster>;
}

/// No other pictures.
pub struct Alone;

impl Others for Alone {
    fn partner(&self, _: u32, _: Size, _: u8) -> Option<Raster> {
        None
    }
}

/// Carries out stages, one after the other.
pub fn run(stages: &[Stage], picture: Raster, others: &dyn Others) -> Raster {
    stages.iter().fold(picture, |picture, stage| apply(stage, picture, others))
}

/// The same of a picture that stays: it is copied only where the first stage would change it.
pub fn run_from(stages: &[Stage], picture: &Raster, others: &dyn Others) -> Raster {
    let Some((first, rest)) = stages.split_first() else { return picture.clone() };
    let made = match first {
        Stage::Warp(warp) => warp::warp(picture, warp),
        Stage::Resize(resize) => resize::resize(picture, resize),
        Stage::Convolve(convolve) => filter::convolve(picture, convolve),
        Stage::Median { radius } => filter::median(picture, *radius),
        _ => apply(first, picture.clone(), others),
    };
    run(rest, made, others)
}

/// Carries out one stage.
pub fn apply(stage: &Stage, mut picture: Raster, others: &dyn Others) -> Raster {
    match stage {
        Stage::Warp(warp) => return warp::warp(&picture, warp),
        Stage::Resize(resize) => return resize::resize(&picture, resize),
        Stage::Lut(tables) => colour::lut(&mut picture, tables),
        Stage::Matrix(rows) => colour::matrix(&mut picture, rows),
        Stage::Hsv { hue, saturation, value } => colour::hsv(&mut picture, *hue, *saturation, *value),
        Stage::Tone(tone) => tone::tone(&mut picture, *tone),
        Stage::Clahe { clip, tiles } => clahe::clahe(&mut picture, *clip, *tiles),
        Stage::Convolve(convolve) => return filter::convolve(&picture, convolve),
        Stage::Median { radius } => return filter::median(&picture, *radius),
        Stage::Unsharp { blur, amount, threshold } => {
            filter::unsharp(&mut picture, blur, *amount, *threshold)
        }
        Stage::Noise(noise) => noise::noise(&mut picture, noise),
        Stage::Erase(erase) => mix::erase(&mut picture, erase),
        Stage::Jpeg { quality, subsampled } => jpeg::jpeg(&mut picture, *quality, *subsampled),
        Stage::Veil(veil) => veil::veil(&mut picture, veil),
        Stage::Blend(parts) => return mix::blend(picture, parts, others),
        Stage::Mix(mix) => mix::mix(&mut picture, mix, others),
    }
    picture
}
