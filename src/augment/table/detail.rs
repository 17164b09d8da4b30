//! Operations on detail: blur and sharpness, noise, lossy storage, weather.
//!
//! Names and defaults are near to Albumentations' where it has the operation, so that pipelines come and go;
//! defaults that hide what is in a picture are weaker.

mod filters;
mod noises;
mod storage;
mod weather;

use super::{Build, Family, Grey, Operation};
use crate::augment::param::Param;

pub const ALL: [&Operation; 22] = [
    &filters::GAUSSIAN_BLUR,
    &filters::BOX_BLUR,
    &filters::MOTION_BLUR,
    &filters::MEDIAN_BLUR,
    &filters::DEFOCUS,
    &filters::SHARPEN,
    &filters::SHARPNESS,
    &filters::UNSHARP_MASK,
    &filters::EMBOSS,
    &noises::GAUSSIAN_NOISE,
    &noises::FACTOR_NOISE,
    &noises::SHOT_NOISE,
    &noises::ISO_NOISE,
    &noises::SALT_AND_PEPPER,
    &noises::PIXEL_DROPOUT,
    &storage::JPEG,
    &storage::DOWNSCALE,
    &weather::FOG,
    &weather::RAIN,
    &weather::SHADOW,
    &weather::VIGNETTE,
    &weather::SUN_FLARE,
];

/// An operation of this family that is done half of the time.
const fn detail(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    params: &'static [Param],
    build: fn(&mut Build<'_>),
) -> Operation {
    let (family, grey, probability) = (Family::Detail, Grey::AsColour, 0.5);
    Operation { name, title, family, about, params, grey, probability, build }
}

#[cfg(test)]
mod tests;
