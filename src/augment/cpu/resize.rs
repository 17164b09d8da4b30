//! Other sizes, by weights that widen where a picture shrinks: Pillow's resampling.

use fast_image_resize::images::{CroppedImage, Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::augment::stage::{Filter, Resize, within};
use crate::media::Raster;

/// Brings the window to the size. What is outside of the window does not count, and a window at its own size
/// stays as it is. Every channel is by itself, alpha too. A window that reaches outside of the picture ends
/// at its rim.
pub fn resize(picture: &Raster, resize: &Resize) -> Raster {
    let [left, top, width, height] = within(resize.window, [picture.width, picture.height]);
    let [to_width, to_height] = resize.size;
    if resize.size == [width, height] {
        return picture.crop(left, top, width, height).expect("the window is inside");
    }
    let pixels = match picture.channels {
        1 => PixelType::U8,
        2 => PixelType::U8x2,
        3 => PixelType::U8x3,
        _ => PixelType::U8x4,
    };
    let from = ImageRef::new(picture.width, picture.height, &picture.data, pixels);
    let from = from.expect("a picture has as many bytes as its size says");
    let from = CroppedImage::new(&from, left, top, width, height).expect("the window is inside");
    let mut to = Image::new(to_width, to_height, pixels);
    let algorithm = match resize.filter {
        Filter::Nearest => ResizeAlg::Nearest,
        Filter::Bilinear => ResizeAlg::Convolution(FilterType::Bilinear),
        Filter::Bicubic => ResizeAlg::Convolution(FilterType::CatmullRom),
        Filter::Lanczos => ResizeAlg::Convolution(FilterType::Lanczos3),
        Filter::Box => ResizeAlg::Convolution(FilterType::Box),
    };
    let options = ResizeOptions::new().resize_alg(algorithm).use_alpha(false);
    Resizer::new().resize(&from, &mut to, &options).expect("both have the same kind of pixels");
    Raster { width: to_width, height: to_height, channels: picture.channels, data: to.into_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that differ everywhere.
    fn picture(width: u32, height: u32, channels: u8) -> Raster {
        let count = width * height * u32::from(channels);
        let data = (0..count).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        Raster::new(width, height, channels, data).unwrap()
    }

    const FILTERS: [Filter; 5] =
        [Filter::Bilinear, Filter::Nearest, Filter::Bicubic, Filter::Lanczos, Filter::Box];

    #[test]
    fn a_window_at_its_own_size_is_cut_out() {
        for channels in 1..=4 {
            for filter in FILTERS {
                let picture = picture(9, 6, channels);
                let whole = Resize { size: [9, 6], window: [0, 0, 9, 6], filter };
                assert_eq!(resize(&picture, &whole), picture, "{channels} {filter:?}");
                let part = Resize { size: [3, 4], window: [5, 1, 3, 4], filter };
                assert_eq!(
                    resize(&picture, &part),
                    picture.crop(5, 1, 3, 4).unwrap(),
                    "{channels} {filter:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_outside_of_the_window_does_not_count() {
        for channels in 1..=4 {
            for filter in FILTERS {
                for (window, size) in
                    [([2, 1, 5, 4], [11, 3]), ([0, 0, 1, 1], [4, 4]), ([3, 0, 1, 6], [1, 2])]
                {
                    let picture = picture(9, 6, channels);
                    let [left, top, width, height] = window;
                    let cut = picture.crop(left, top, width, height).unwrap();
                    let whole = Resize { size, window: [0, 0, width, height], filter };
                    let found = resize(&picture, &Resize { size, window, filter });
                    assert_eq!(found, resize(&cut, &whole), "{channels} {filter:?} {window:?}");
                    assert_eq!([found.width, found.height], size);
                }
            }
        }
    }

    #[test]
    fn values_are_within_a_level_of_pillow_s() {
        // python: x = Image.frombytes("L", (4, 2), bytes([90, 100, 120, 160, 95, 110, 150, 130]))
        //         list(x.resize((3, 3), Image.Resampling.BILINEAR).tobytes()), and so on
        let rows = [
            (Filter::Bilinear, PILLOW_BILINEAR),
            (Filter::Nearest, PILLOW_NEAREST),
            (Filter::Bicubic, PILLOW_BICUBIC),
            (Filter::Lanczos, PILLOW_LANCZOS),
            (Filter::Box, PILLOW_BOX),
        ];
        let picture = Raster::new(4, 2, 1, vec![90, 100, 120, 160, 95, 110, 150, 130]).unwrap();
        for (filter, expected) in rows {
            let found = resize(&picture, &Resize { size: [3, 3], window: [0, 0, 4, 2], filter });
            let is_near = found.data.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
            assert!(is_near, "{filter:?}: {:?}", found.data);
        }
    }

    const PILLOW_BILINEAR: [u8; 9] = [93, 110, 148, 96, 120, 142, 99, 130, 136];
    const PILLOW_NEAREST: [u8; 9] = [90, 120, 160, 95, 150, 130, 95, 150, 130];
    const PILLOW_BICUBIC: [u8; 9] = [91, 108, 152, 94, 120, 144, 96, 132, 136];
    const PILLOW_LANCZOS: [u8; 9] = [91, 105, 154, 93, 120, 146, 94, 135, 137];
    const PILLOW_BOX: [u8; 9] = [90, 110, 160, 95, 130, 130, 95, 130, 130];
}
