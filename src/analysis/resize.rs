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
        let data = resized((self.width, self.height), &self.data, 1, (width, height), filter)?;
        Self::new(width, height, data)
    }
}

/// A picture of 1 (grey) or 3 (red, green, blue) channels at another size, each channel by itself;
/// `None` where there is no memory for it, a side is 0 or the data are not of that size.
pub(super) fn resized(
    from: (usize, usize),
    data: &[u8],
    channels: usize,
    to: (usize, usize),
    filter: Filter,
) -> Option<Vec<u8>> {
    let sides = [from.0, from.1, to.0, to.1].map(u32::try_from);
    let [Ok(from_width), Ok(from_height), Ok(to_width), Ok(to_height)] = sides else { return None };
    if from == to {
        return Some(data.to_vec());
    }
    let pixels = match channels {
        1 => PixelType::U8,
        3 => PixelType::U8x3,
        _ => return None,
    };
    let from = ImageRef::new(from_width, from_height, data, pixels).ok()?;
    let mut to = Image::new(to_width, to_height, pixels);
    let algorithm = ResizeAlg::Convolution(match filter {
        Filter::Lanczos => FilterType::Lanczos3,
        Filter::Bicubic => FilterType::CatmullRom,
        Filter::Mean => FilterType::Box,
    });
    let options = ResizeOptions::new().resize_alg(algorithm);
    Resizer::new().resize(&from, &mut to, &options).ok()?;
    Some(to.into_vec())
}
