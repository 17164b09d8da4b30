//! Resizing as Pillow does it, which the definitions of hashes and scores are written in.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

/// One channel of a picture, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    pub width: usize,
    pub height: usize,
    /// `width × height` values.
    pub data: Vec<u8>,
}

/// How values between pixels are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// Three lobes, as Pillow's `LANCZOS`.
    Lanczos,
    /// Catmull-Rom, as Pillow's `BICUBIC`.
    Bicubic,
    /// The mean of what a pixel covers.
    Mean,
}

impl Plane {
    pub fn new(width: usize, height: usize, data: Vec<u8>) -> Option<Self> {
        (width > 0 && height > 0 && data.len() == width * height).then_some(Self { width, height, data })
    }

    /// The plane at another size; `None` where there is no memory for it or a side is 0.
    pub(super) fn resized(&self, width: usize, height: usize, filter: Filter) -> Option<Self> {
        let sides = [self.width, self.height, width, height].map(u32::try_from);
        let [Ok(from_width), Ok(from_height), Ok(to_width), Ok(to_height)] = sides else { return None };
        if (self.width, self.height) == (width, height) {
            return Some(self.clone());
        }
        let from = ImageRef::new(from_width, from_height, &self.data, PixelType::U8).ok()?;
        let mut to = Image::new(to_width, to_height, PixelType::U8);
        let algorithm = ResizeAlg::Convolution(match filter {
            Filter::Lanczos => FilterType::Lanczos3,
            Filter::Bicubic => FilterType::CatmullRom,
            Filter::Mean => FilterType::Box,
        });
        let options = ResizeOptions::new().resize_alg(algorithm);
        Resizer::new().resize(&from, &mut to, &options).ok()?;
        Self::new(width, height, to.into_vec())
    }
}
