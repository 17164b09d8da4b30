//! Small pictures: scaling down, and the bytes in which the disk cache keeps them.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::budget::{self, Share};
use super::decode::{self, check_size, guarded};
use super::stored::Keep;
use super::{MediaError, Payload, Raster, jpeg_scaled};
use crate::dataset::{ImageFormat, IssueKind};

/// A JPEG is decoded at a reduced scale when its longest side stays at least this many times the
/// edge: what is lost is then averaged away by the resize that follows.
const REDUCED_MARGIN: u32 = 2;

/// Pictures of fewer pixels are kept without loss on disk.
const TINY_PIXELS: usize = 48 * 48;

/// Quality of JPEG thumbnails on disk, 1 to 100.
const QUALITY: u8 = 85;

/// Largest thumbnail that is read back from a cache, in pixels.
const MAX_THUMBNAIL_PIXELS: usize = 4096 * 4096;

/// The picture upright with its longest side at most `edge_px`; never enlarged. Large JPEGs are
/// decoded at a reduced scale.
pub fn thumbnail(payload: &Payload, edge_px: u32) -> Result<Raster, MediaError> {
    let edge_px = edge_px.max(1);
    if let Payload::Encoded(bytes) = payload
        && super::sniff(bytes) == Some(ImageFormat::Jpeg)
        && let Some(reduced) = reduced_jpeg(bytes, edge_px.saturating_mul(REDUCED_MARGIN))
    {
        return Ok(fit(&reduced.raster, edge_px, (reduced.width, reduced.height)));
    }
    let shrink = |raster: Raster| {
        let size = (raster.width, raster.height);
        if size.0.max(size.1) > edge_px { fit(&raster, edge_px, size) } else { raster }
    };
    match payload {
        Payload::Raster(raster) => Ok(shrink(raster.clone())),
        Payload::Encoded(bytes) => {
            let (decoded, _share) = decode::decode_bytes(bytes, decode::identify(bytes)?, Keep::Display)?;
            Ok(shrink(decoded.raster))
        }
    }
}

/// A thumbnail in the form in which the disk cache keeps it: JPEG, or PNG when it is tiny or can be
/// see-through.
pub fn encode_thumbnail(raster: &Raster) -> Vec<u8> {
    let lossless = raster.has_alpha() || raster.pixels() < TINY_PIXELS;
    let sides = (u16::try_from(raster.width), u16::try_from(raster.height));
    if let (false, (Ok(width), Ok(height))) = (lossless, sides) {
        let mut bytes = Vec::new();
        let colour = match raster.channels {
            1 => jpeg_encoder::ColorType::Luma,
            _ => jpeg_encoder::ColorType::Rgb,
        };
        let encoder = jpeg_encoder::Encoder::new(&mut bytes, QUALITY);
        if encoder.encode(&raster.data, width, height, colour).is_ok() {
            return bytes;
        }
    }
    encode_png(raster)
}

/// The thumbnail that [`encode_thumbnail`] made these bytes from, or `None` when they are none.
pub fn decode_thumbnail(bytes: &[u8]) -> Option<Raster> {
    let (decoded, _share) = match super::sniff(bytes)? {
        ImageFormat::Jpeg => {
            let header = super::jpeg::header(bytes).ok()?;
            if header.width as usize * header.height as usize > MAX_THUMBNAIL_PIXELS {
                return None;
            }
            decode::decode_bytes(bytes, ImageFormat::Jpeg, Keep::Display).ok()?
        }
        ImageFormat::Png => {
            let header = super::png::header(bytes)?;
            if (header.width as usize).saturating_mul(header.height as usize) > MAX_THUMBNAIL_PIXELS {
                return None;
            }
            decode::decode_bytes(bytes, ImageFormat::Png, Keep::Display).ok()?
        }
        _ => return None,
    };
    decoded.damage.is_none().then_some(decoded.raster)
}

/// A JPEG decoded at a reduced scale, upright.
pub(super) struct Reduced {
    pub raster: Raster,
    /// Full size, upright.
    pub width: u32,
    pub height: u32,
    pub header: super::jpeg::Header,
    pub orientation: u8,
    _share: Share,
}

/// A JPEG at the smallest of the scales 1/2, 1/4 and 1/8 that leaves its longest side `least_px`;
/// `None` when no scale does, or when there is anything odd about the file, which is then for the
/// full decoder to say.
pub(super) fn reduced_jpeg(bytes: &[u8], least_px: u32) -> Option<Reduced> {
    let header = super::jpeg::header(bytes).ok()?;
    check_size(header.width, header.height).ok()?;
    let longest = header.width.max(header.height);
    let divisor = [8u32, 4, 2].into_iter().find(|divisor| longest.div_ceil(*divisor) >= least_px)?;
    // The planes and the picture made of them.
    let pixels = u64::from(header.width) * u64::from(header.height) / u64::from(divisor * divisor);
    let share = budget::take(pixels * u64::from(header.components) * 2);
    let work = || {
        let broken = || MediaError::new(IssueKind::Corrupt, "The JPEG's data is damaged.");
        jpeg_scaled::decode(bytes, divisor).ok_or_else(broken)
    };
    let raster = guarded(ImageFormat::Jpeg, work).ok()?;
    let orientation = decode::orientation_of_exif(header.exif(bytes));
    let (width, height) = super::raster::oriented_size(header.width, header.height, orientation);
    Some(Reduced { raster: raster.oriented(orientation), width, height, header, orientation, _share: share })
}

/// Scaled so that the longest side is at most `edge_px`; a copy when nothing is to be done. The
/// shape is that of the `whole` picture, which the raster may already be a reduction of.
pub(super) fn fit(raster: &Raster, edge_px: u32, whole: (u32, u32)) -> Raster {
    let (width, height) = fitted_size(whole, edge_px);
    if (width, height) == (raster.width, raster.height) {
        return raster.clone();
    }
    resize(raster, width, height)
}

/// The size of the thumbnail of a picture.
fn fitted_size((width, height): (u32, u32), edge_px: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= edge_px {
        return (width, height);
    }
    let scaled = |side: u32| {
        let side = (u64::from(side) * u64::from(edge_px) + u64::from(longest) / 2) / u64::from(longest);
        (side as u32).max(1)
    };
    (scaled(width), scaled(height))
}

/// Scales in sRGB values with a triangle filter as wide as the reduction; colours are weighted by
/// their alpha.
fn resize(raster: &Raster, width: u32, height: u32) -> Raster {
    let kind = match raster.channels {
        1 => PixelType::U8,
        2 => PixelType::U8x2,
        3 => PixelType::U8x3,
        _ => PixelType::U8x4,
    };
    let mut scaled = Image::new(width, height, kind);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .use_alpha(raster.has_alpha());
    RESIZER.with_borrow_mut(|resizer| {
        let source = ImageRef::new(raster.width, raster.height, &raster.data, kind);
        // The only errors are a wrong buffer length and different pixel types: a raster has neither.
        if let Ok(source) = source {
            let _ = resizer.resize(&source, &mut scaled, &options);
        }
    });
    Raster { width, height, channels: raster.channels, data: scaled.into_vec() }
}

thread_local! {
    /// Its buffers are reused from picture to picture.
    static RESIZER: std::cell::RefCell<Resizer> = std::cell::RefCell::new(Resizer::new());
}

fn encode_png(raster: &Raster) -> Vec<u8> {
    use image::ImageEncoder;
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};
    let colour = match raster.channels {
        1 => image::ExtendedColorType::L8,
        2 => image::ExtendedColorType::La8,
        3 => image::ExtendedColorType::Rgb8,
        _ => image::ExtendedColorType::Rgba8,
    };
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
    // Writing to memory does not fail, and a raster's length fits its size.
    let _ = encoder.write_image(&raster.data, raster.width, raster.height, colour);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_their_shape_and_are_never_enlarged() {
        let rows = [
            ((100, 50), (100, 50)),
            ((128, 128), (128, 128)),
            ((256, 128), (128, 64)),
            ((3, 1000), (1, 128)),
            ((1, u32::MAX), (1, 128)),
            ((500, 333), (128, 85)),
        ];
        for (whole, expected) in rows {
            assert_eq!(fitted_size(whole, 128), expected, "{whole:?}");
        }
    }

    #[test]
    fn colour_under_nothing_does_not_bleed() {
        let data = [[255, 0, 0, 255], [0, 255, 0, 0]].repeat(8).concat();
        let raster = Raster::new(16, 1, 4, data).expect("fits");
        let small = fit(&raster, 8, (16, 1));
        for pixel in small.data.as_chunks::<4>().0 {
            assert!(pixel[0] > 250 && pixel[1] < 5, "{pixel:?}");
        }
    }

    #[test]
    fn thumbnails_come_back_from_bytes() {
        for channels in 1..=4u8 {
            for side in [7u32, 128] {
                let pixels = side * side;
                let data = (0..pixels * u32::from(channels))
                    .map(|at| (at / u32::from(channels) * 255 / pixels) as u8)
                    .collect();
                let raster = Raster::new(side, side, channels, data).expect("fits");
                let bytes = encode_thumbnail(&raster);
                let back = decode_thumbnail(&bytes).expect("it was just made");
                assert_eq!((back.width, back.height, back.channels), (side, side, channels));
                let worst = raster.data.iter().zip(&back.data).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(worst <= Some(8), "{channels} channels, {side} px: off by {worst:?}");
            }
        }
        assert_eq!(decode_thumbnail(b"nothing"), None);
        assert_eq!(decode_thumbnail(b"\x89PNG\r\n\x1A\n"), None);
    }
}
