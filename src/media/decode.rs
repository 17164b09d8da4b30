//! Bytes of any format to pixels, whole: for display, and for the inspector's values.
//!
//! Sizes are checked from headers before memory is taken. Third-party decoders run under
//! `catch_unwind`: a panic of theirs is a corrupt image, not our end.

use std::borrow::Cow;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::metadata::Orientation;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError, ImageReader, Limits};

use super::budget::{self, Share};
use super::format::{describe_foreign, sniff, title};
use super::stored::{Keep, Original, Samples, Stored, channel_names, labelled};
use super::{
    MAX_DECODED_BYTES, MAX_ENCODED_BYTES, MAX_PIXELS, MediaError, Payload, Raster, exr, jpeg, png, tiff,
};
use crate::dataset::{ImageFormat, IssueKind, PixelKind};

/// Bytes before the picture in an icon file of one entry.
const ICON_HEADER: usize = 22;

/// What a decoder may take beside the pixels themselves.
const WORKING_BYTES: u64 = 64 << 20;

/// A whole picture for display, and what is known of how it was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    pub raster: Raster,
    pub format: ImageFormat,
    /// What a stored pixel is made of.
    pub pixel_kind: PixelKind,
    /// Bits per channel as stored.
    pub bits: u8,
    /// The EXIF orientation that was applied, 1 to 8.
    pub orientation: u8,
    /// What is wrong with the file although there is a picture: it ends early, or a part is damaged.
    pub damage: Option<MediaError>,
    original: Option<Original>,
}

impl Decoded {
    /// The values of the pixel shown at `x`, `y` as stored, before anything was made of them for
    /// display: `R 12 G 40 B 7`, `L 51234`, `R 0.03125 G 12.50 B 0`, `C 255 M 0 Y 0 K 3`. Empty
    /// outside the picture. Palette entries are shown as their colours.
    pub fn value_text(&self, x: u32, y: u32) -> String {
        let text = match &self.original {
            Some(original) => original.text(x, y),
            None => self
                .raster
                .pixel(x, y)
                .map(|values| labelled(channel_names(self.raster.channels), values.iter())),
        };
        text.unwrap_or_default()
    }
}

/// The whole picture: 8-bit sRGB, upright; grey stays one channel, palettes are expanded; the first
/// frame of an animation and the largest picture of an icon. ICC profiles are not applied.
///
/// 16-bit samples are rounded to 8. Scenes in linear light (HDR, EXR) are tone-mapped, see the
/// source of `tone`. An image that ends early is shown as far as it goes, see
/// [`Decoded::damage`].
pub fn decode(payload: &Payload) -> Result<Decoded, MediaError> {
    let bytes = match payload {
        Payload::Encoded(bytes) => bytes,
        Payload::Raster(raster) => return Ok(decoded_from_raster(raster.clone())),
    };
    decode_bytes(bytes, identify(bytes)?, Keep::Original).map(|(decoded, _share)| decoded)
}

/// [`decode`] for bytes of a known format, with the memory that it has a share in for as long as the
/// picture is worked on.
pub(super) fn decode_bytes(
    bytes: &[u8],
    format: ImageFormat,
    keep: Keep,
) -> Result<(Decoded, Share), MediaError> {
    guarded(format, || {
        let (stored, share) = stored(bytes, format)?;
        Ok((finish(stored, format, keep)?, share))
    })
}

/// A picture's display pixels, whole, and the share of the memory for decoding that it has for as long
/// as this lives: enough for a third of the picture once more.
#[derive(Debug)]
pub struct Held {
    pub decoded: Decoded,
    _share: Option<Share>,
}

/// [`decode`] for work on the display pixels alone. It may wait for other pictures to be done with: a
/// thread that holds one must not ask for another.
pub fn decode_held(payload: Payload) -> Result<Held, MediaError> {
    match payload {
        Payload::Encoded(bytes) => {
            let (decoded, share) = decode_bytes(&bytes, identify(&bytes)?, Keep::Display)?;
            Ok(Held { decoded, _share: Some(share) })
        }
        Payload::Raster(raster) => {
            check_raster(&raster)?;
            Ok(Held { decoded: decoded_from_raster(raster), _share: None })
        }
    }
}

/// The fields are public, so the sizes may not fit each other.
pub(super) fn check_raster(raster: &Raster) -> Result<(), MediaError> {
    check_size(raster.width, raster.height)?;
    let values = u64::from(raster.width) * u64::from(raster.height) * u64::from(raster.channels);
    if (1..=4).contains(&raster.channels) && raster.data.len() as u64 == values {
        return Ok(());
    }
    Err(MediaError::new(IssueKind::Corrupt, "The array's size is not that of its pixels."))
}

fn decoded_from_raster(raster: Raster) -> Decoded {
    let pixel_kind = kind_of_channels(raster.channels);
    Decoded {
        raster,
        format: ImageFormat::Raw,
        pixel_kind,
        bits: 8,
        orientation: 1,
        damage: None,
        original: None,
    }
}

pub(super) fn kind_of_channels(channels: u8) -> PixelKind {
    match channels {
        1 => PixelKind::Grey,
        2 => PixelKind::GreyAlpha,
        3 => PixelKind::Rgb,
        4 => PixelKind::Rgba,
        _ => PixelKind::Unknown,
    }
}

/// The format of bytes that may be decoded, or why they may not.
pub(super) fn identify(bytes: &[u8]) -> Result<ImageFormat, MediaError> {
    if bytes.is_empty() {
        return Err(MediaError::new(IssueKind::Empty, "The file is empty."));
    }
    if bytes.len() as u64 > MAX_ENCODED_BYTES {
        let limit = MAX_ENCODED_BYTES >> 20;
        let message = format!("The file is larger than the {limit} MiB that are read of one image.");
        return Err(MediaError::new(IssueKind::Oversized, message));
    }
    sniff(bytes).ok_or_else(|| {
        let message =
            format!("The file is not an image that can be read; it is {}.", describe_foreign(bytes));
        MediaError::new(IssueKind::Unsupported, message)
    })
}

fn finish(stored: Stored, format: ImageFormat, keep: Keep) -> Result<Decoded, MediaError> {
    let (pixel_kind, bits, orientation) = (stored.pixel_kind, stored.bits, stored.orientation);
    let damage = stored.damage.clone();
    let (raster, original) = stored.into_display(format, keep);
    let raster = raster.ok_or_else(|| {
        let message = format!("The {} decoder gave another size than the header says.", title(format));
        MediaError::new(IssueKind::Corrupt, message)
    })?;
    Ok(Decoded { raster, format, pixel_kind, bits, orientation, damage, original })
}

/// The picture as stored.
fn stored(bytes: &[u8], format: ImageFormat) -> Result<(Stored, Share), MediaError> {
    match format {
        ImageFormat::Jpeg => {
            let header = jpeg::header(bytes)?;
            let share = claim(header.width, header.height, header.bytes_per_pixel(), header.copies())?;
            let mut stored = jpeg::decode(bytes, &header)?;
            stored.orientation = orientation_of_exif(header.exif(bytes));
            Ok((stored, share))
        }
        ImageFormat::Tiff => match tiff::decode(bytes)? {
            Some(decoded) => Ok(decoded),
            None => decode_with_image(bytes, format),
        },
        ImageFormat::Exr => {
            exr::check_blocks(bytes)?;
            decode_with_image(bytes, format)
        }
        ImageFormat::Hdr => match bytes.strip_prefix(b"#?RGBE") {
            // The same format under another name, which the decoder does not know.
            Some(rest) => decode_with_image(&[b"#?RADIANCE", rest].concat(), format),
            None => decode_with_image(bytes, format),
        },
        ImageFormat::Ico => {
            let single = largest_icon(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned);
            // Icons may hold any PNG, though the icon decoder takes only those of one kind.
            let picture =
                single.get(ICON_HEADER..).filter(|picture| sniff(picture) == Some(ImageFormat::Png));
            match picture {
                Some(png) => decode_with_image(png, ImageFormat::Png),
                None => decode_with_image(&single, format),
            }
        }
        _ => decode_with_image(bytes, format),
    }
}

/// Runs a third-party decoder; its panic becomes a corrupt image.
pub(super) fn guarded<T>(
    format: ImageFormat,
    work: impl FnOnce() -> Result<T, MediaError>,
) -> Result<T, MediaError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = format!("The {} cannot be decoded: its decoder gave up on it.", title(format));
        Err(MediaError::new(IssueKind::Corrupt, message))
    })
}

/// Refuses pictures over [`MAX_PIXELS`] and those with an empty side.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), MediaError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        let message = format!("The image has no pixels: its header says {width}×{height}.");
        return Err(MediaError::new(IssueKind::Corrupt, message));
    }
    if pixels > MAX_PIXELS {
        let (megapixels, limit) = (pixels / 1_000_000, MAX_PIXELS / 1_000_000);
        let message = format!(
            "The image is {width}×{height}, {megapixels} megapixels; up to {limit} are read. Scale it down to see it."
        );
        return Err(MediaError::new(IssueKind::Oversized, message));
    }
    Ok(())
}

/// Refuses pictures over [`MAX_DECODED_BYTES`] besides, and waits for the memory that decoding takes
/// in `copies` of them.
pub(super) fn claim(width: u32, height: u32, bytes_per_pixel: u8, copies: u64) -> Result<Share, MediaError> {
    check_size(width, height)?;
    let bytes = u64::from(width) * u64::from(height) * u64::from(bytes_per_pixel);
    if bytes > MAX_DECODED_BYTES {
        let (mebibytes, limit) = (bytes >> 20, MAX_DECODED_BYTES >> 20);
        let message = format!(
            "The image is {width}×{height} with {bytes_per_pixel} bytes per pixel, {mebibytes} MiB when \
             decoded; up to {limit} are read. Scale it down to see it."
        );
        return Err(MediaError::new(IssueKind::Oversized, message));
    }
    Ok(budget::take(bytes * copies))
}

/// EXIF orientation of an EXIF block that begins at its TIFF header; 1 when there is none.
pub(super) fn orientation_of_exif(exif: Option<&[u8]>) -> u8 {
    exif.and_then(Orientation::from_exif_chunk).map_or(1, Orientation::to_exif)
}

fn decode_with_image(bytes: &[u8], format: ImageFormat) -> Result<(Stored, Share), MediaError> {
    let early = format == ImageFormat::Png && png::ends_early(bytes);
    let header = if format == ImageFormat::Png { png::header(bytes) } else { None };
    if let Some(header) = header {
        check_size(header.width, header.height)?;
    }
    let explain = |error: ImageError| explain(&error, format, early);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(limits(header.map_or(0, |header| u64::from(header.width) * 8)));
    let mut decoder = reader.into_decoder().map_err(explain)?;
    let (width, height) = decoder.dimensions();
    let colour = decoder.color_type();
    // The decoder's own copy, and ours; then ours and the display pixels.
    let share = claim(width, height, colour.bytes_per_pixel(), 2)?;
    let (pixel_kind, bits) = match header {
        Some(header) => (header.pixel_kind, header.bits),
        None => stored_kind(bytes, format, decoder.original_color_type()),
    };
    let orientation = match format {
        ImageFormat::Png => orientation_of_exif(png::exif(bytes)),
        ImageFormat::WebP => {
            let exif = decoder.exif_metadata().ok().flatten();
            orientation_of_exif(exif.as_deref().map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)))
        }
        ImageFormat::Tiff => decoder.orientation().map_or(1, Orientation::to_exif),
        _ => 1,
    };
    let size = decoder.total_bytes();
    let mut data = vec![0u8; usize::try_from(size).unwrap_or(usize::MAX)];
    decoder.set_limits(limits(size)).map_err(explain)?;
    let mut damage = None;
    if let Err(error) = decoder.read_image(&mut data) {
        let error = explain(error);
        // Rows that were decoded before the end are worth a look; a buffer never written to is not.
        if error.kind != IssueKind::Truncated || data.iter().all(|&byte| byte == 0) {
            return Err(error);
        }
        // Decoders put samples into the machine's order after the last row.
        if format == ImageFormat::Png && bits == 16 && cfg!(target_endian = "little") {
            data.as_chunks_mut::<2>().0.iter_mut().for_each(|two| two.reverse());
        }
        damage = Some(early_end(format));
    } else if early {
        damage = Some(early_end(format));
    }

    let (channels, samples) = match colour {
        ColorType::L8 => (1, Samples::U8(data)),
        ColorType::La8 => (2, Samples::U8(data)),
        ColorType::Rgb8 => (3, Samples::U8(data)),
        ColorType::Rgba8 => (4, Samples::U8(data)),
        ColorType::L16 => (1, Samples::U16(data)),
        ColorType::La16 => (2, Samples::U16(data)),
        ColorType::Rgb16 => (3, Samples::U16(data)),
        ColorType::Rgba16 => (4, Samples::U16(data)),
        ColorType::Rgb32F => (3, Samples::F32(data)),
        ColorType::Rgba32F => (4, Samples::F32(data)),
        _ => {
            let message = format!("The {}'s pixels are of a kind that is not read.", title(format));
            return Err(MediaError::new(IssueKind::Unsupported, message));
        }
    };
    Ok((Stored { width, height, channels, samples, pixel_kind, bits, orientation, damage }, share))
}

/// What is wrong with a picture that ends early and is shown as far as it goes.
pub(super) fn early_end(format: ImageFormat) -> MediaError {
    let message = format!("The {} ends before its image does; what is missing is black.", title(format));
    MediaError::new(IssueKind::Truncated, message)
}

fn limits(bytes: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(WORKING_BYTES.saturating_add(bytes.saturating_mul(2)));
    limits
}

fn image_format(format: ImageFormat) -> image::ImageFormat {
    match format {
        ImageFormat::Jpeg => image::ImageFormat::Jpeg,
        ImageFormat::WebP => image::ImageFormat::WebP,
        ImageFormat::Gif => image::ImageFormat::Gif,
        ImageFormat::Bmp => image::ImageFormat::Bmp,
        ImageFormat::Tiff => image::ImageFormat::Tiff,
        ImageFormat::Tga => image::ImageFormat::Tga,
        ImageFormat::Qoi => image::ImageFormat::Qoi,
        ImageFormat::Ico => image::ImageFormat::Ico,
        ImageFormat::Pnm => image::ImageFormat::Pnm,
        ImageFormat::Farbfeld => image::ImageFormat::Farbfeld,
        ImageFormat::Hdr => image::ImageFormat::Hdr,
        ImageFormat::Exr => image::ImageFormat::OpenExr,
        ImageFormat::Png | ImageFormat::Raw | ImageFormat::Unknown => image::ImageFormat::Png,
    }
}

/// What a stored pixel is and how many bits a channel has, where the decoder's own word for it
/// tells only what it decodes to.
fn stored_kind(bytes: &[u8], format: ImageFormat, colour: ExtendedColorType) -> (PixelKind, u8) {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let plain = match colour.channel_count() {
        _ if matches!(colour, ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16) => PixelKind::Cmyk,
        1 => PixelKind::Grey,
        2 => PixelKind::GreyAlpha,
        3 => PixelKind::Rgb,
        _ => PixelKind::Rgba,
    };
    let bits = (colour.bits_per_pixel() / u16::from(colour.channel_count().max(1))).min(64) as u8;
    match format {
        ImageFormat::Gif => (PixelKind::Palette, 8),
        ImageFormat::Tga if byte(1) == 1 && matches!(byte(2), 1 | 9) => (PixelKind::Palette, byte(16)),
        ImageFormat::Bmp => {
            // Bits per pixel, in the short OS/2 header and in all later ones.
            let stored = if byte(14) == 12 { byte(24) } else { byte(28) };
            if (1..=8).contains(&stored) { (PixelKind::Palette, stored) } else { (plain, bits) }
        }
        ImageFormat::Hdr => (plain, 8),
        ImageFormat::Exr if exr_is_half(bytes) => (plain, 16),
        _ => (plain, bits),
    }
}

/// Whether the first channel in an OpenEXR header's list holds half floats.
fn exr_is_half(bytes: &[u8]) -> bool {
    const LIST: &[u8] = b"channels\0chlist\0";
    let head = &bytes[..bytes.len().min(4096)];
    let found = head.windows(LIST.len()).position(|window| window == LIST);
    let first = found.and_then(|at| head.get(at + LIST.len() + 4..));
    let kind = first.and_then(|first| {
        let name = first.iter().position(|&byte| byte == 0)?;
        first.get(name + 1)
    });
    kind == Some(&1)
}

/// An icon file with only the entry of most pixels, and most bits among those.
fn largest_icon(bytes: &[u8]) -> Option<Vec<u8>> {
    let count = usize::from(u16::from_le_bytes([*bytes.get(4)?, *bytes.get(5)?]));
    let entries = bytes.get(6..6 + count * 16)?.as_chunks::<16>().0;
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    let entry = entries
        .iter()
        .max_by_key(|entry| (side(entry[0]) * side(entry[1]), u16::from_le_bytes([entry[6], entry[7]])))?;
    let [.., o0, o1, o2, o3] = *entry;
    let content = bytes.get(u32::from_le_bytes([o0, o1, o2, o3]) as usize..)?;
    let mut single = vec![0, 0, 1, 0, 1, 0];
    single.extend_from_slice(&entry[..12]);
    single.extend_from_slice(&(ICON_HEADER as u32).to_le_bytes());
    single.extend_from_slice(content);
    Some(single)
}

/// A decoder's error as an issue.
fn explain(error: &ImageError, format: ImageFormat, early: bool) -> MediaError {
    let title = title(format);
    let reason = innermost(error);
    let ended = early || is_early_end(error);
    match error {
        ImageError::Limits(_) => MediaError::new(
            IssueKind::Oversized,
            format!("The {title} needs more memory to decode than is allowed: {reason}."),
        ),
        ImageError::Unsupported(_) => MediaError::new(
            IssueKind::Unsupported,
            format!("The {title} is of a kind that is not read: {reason}."),
        ),
        _ if ended => MediaError::new(
            IssueKind::Truncated,
            format!("The {title} ends too early for anything to be shown: {reason}."),
        ),
        _ => MediaError::new(IssueKind::Corrupt, format!("The {title} cannot be decoded: {reason}.")),
    }
}

/// The message of the first cause, without its end mark.
fn innermost(error: &ImageError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string().trim_end_matches(['.', '!']).to_owned()
}

/// Whether the cause is that the bytes ran out.
fn is_early_end(error: &ImageError) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::UnexpectedEof
        {
            return true;
        }
        cause = error.source();
    }
    let text = error.to_string().to_ascii_lowercase();
    [
        "unexpected end",
        "unexpected eof",
        "end of file",
        "fill whole buffer",
        "not enough data",
        "no more data",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}
