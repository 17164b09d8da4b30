//! The TIFFs that `image` refuses and people have all the same: palettes, grey of 2 or 4 bits, grey
//! with alpha, and grey in wide numbers, as depth maps, masks and microscopes write them.
//!
//! The `tiff` crate reads them; it decodes no palettes, so a palette's indices are read as grey. Of a
//! file with several pages the first is shown. All other TIFFs are left to `image`, as is the word on
//! what is wrong with a file that cannot be opened.

use std::io::Cursor;

use tiff::ColorType;
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::budget::Share;
use super::decode::{claim, early_end};
use super::stored::{Samples, Stored};
use super::{MAX_DECODED_BYTES, MediaError};
use crate::dataset::{ImageFormat, IssueKind, PixelKind};

/// Value of the tag PhotometricInterpretation for palettes, and for grey whose 0 is black (TIFF 6.0,
/// section 8).
const PALETTE: u16 = 3;
const BLACK_IS_ZERO: [u8; 2] = [0, 1];
/// Number of that tag.
const PHOTOMETRIC: u16 = 262;
/// Bytes that tags take at most: a palette of 16 bits is 384 KiB, the table of strips may be larger.
const TAG_BYTES: usize = 16 << 20;

/// What a file has for a pixel.
enum Pixels {
    Grey {
        bits: u8,
    },
    GreyAlpha {
        bits: u8,
    },
    Palette {
        bits: u8,
        /// Red, green and blue of each entry.
        colours: Vec<[u8; 3]>,
    },
}

/// The picture as stored, or `None` when the file is not among those that are read here. Either way
/// its parts are of a size that may be decoded.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<(Stored, Share)>, MediaError> {
    let Ok(mut decoder) = Decoder::new(Cursor::new(bytes)) else { return Ok(None) };
    check_rows(&mut decoder)?;
    let Some(pixels) = pixels(&mut decoder) else { return Ok(None) };
    let orientation = decoder.find_tag_unsigned(Tag::Orientation).ok().flatten().unwrap_or(1);
    if !matches!(pixels, Pixels::Palette { .. }) {
        return read(decoder, &pixels, orientation).map(Some);
    }
    let Some(at) = photometric_at(bytes) else { return Ok(None) };
    let mut grey = bytes.to_vec();
    let mut value = BLACK_IS_ZERO;
    if bytes.starts_with(b"II") {
        value.reverse();
    }
    grey[at..at + 2].copy_from_slice(&value);
    let decoder = Decoder::new(Cursor::new(grey.as_slice())).map_err(|error| explain(&error))?;
    read(decoder, &pixels, orientation).map(Some)
}

/// Refuses files that claim wide tiles or many samples, of which the decoder takes a whole row.
fn check_rows(decoder: &mut Decoder<Cursor<&[u8]>>) -> Result<(), MediaError> {
    let (width, _) = decoder.chunk_dimensions();
    let samples = number(decoder, Tag::SamplesPerPixel, 1).unwrap_or(1);
    let bits = number(decoder, Tag::BitsPerSample, 1).unwrap_or(1);
    let bytes = u128::from(width) * u128::from(samples) * u128::from(bits) / 8;
    if bytes > u128::from(MAX_DECODED_BYTES) {
        let message = format!(
            "The TIFF's parts are {width} pixels wide with {samples} samples each, which is more than is read."
        );
        return Err(MediaError::new(IssueKind::Oversized, message));
    }
    Ok(())
}

/// The first value of a tag; the default where the tag is not there.
fn number(decoder: &mut Decoder<Cursor<&[u8]>>, tag: Tag, default: u16) -> Option<u16> {
    match decoder.find_tag_unsigned_vec::<u16>(tag).ok()? {
        Some(values) => values.first().copied(),
        None => Some(default),
    }
}

/// What a pixel is, if it is something that `image` does not read and this does.
fn pixels(decoder: &mut Decoder<Cursor<&[u8]>>) -> Option<Pixels> {
    // Whole numbers without a sign, where nothing else is said.
    let is_plain = number(decoder, Tag::SampleFormat, 1)? == 1;
    if number(decoder, Tag::PhotometricInterpretation, 1)? == PALETTE {
        let bits = u8::try_from(number(decoder, Tag::BitsPerSample, 1)?).ok()?;
        let is_lone = number(decoder, Tag::SamplesPerPixel, 1)? == 1;
        let colours = colours(&decoder.get_tag_u16_vec(Tag::ColorMap).ok()?, bits)?;
        return (is_lone && is_plain).then_some(Pixels::Palette { bits, colours });
    }
    match decoder.colortype().ok()? {
        // These `image` reads.
        ColorType::Gray(1 | 8 | 16) if is_plain => None,
        ColorType::Gray(bits @ (1 | 2 | 4 | 8 | 16 | 32 | 64)) => Some(Pixels::Grey { bits }),
        ColorType::Multiband { bit_depth: bits @ (8 | 16), num_samples: 2 } if is_plain => {
            let is_alpha = matches!(number(decoder, Tag::ExtraSamples, 0)?, 1 | 2);
            is_alpha.then_some(Pixels::GreyAlpha { bits })
        }
        _ => None,
    }
}

/// The colours of a palette: all reds, then all greens, then all blues, of 16 bits. Some programs
/// write 8 bits.
fn colours(map: &[u16], bits: u8) -> Option<Vec<[u8; 3]>> {
    if !matches!(bits, 1 | 2 | 4 | 8 | 16) {
        return None;
    }
    let count = 1usize << bits;
    let is_wide = map.iter().any(|value| *value > 255);
    let byte = |value: u16| if is_wide { (value >> 8) as u8 } else { value as u8 };
    let (reds, rest) = map.split_at_checked(count)?;
    let (greens, rest) = rest.split_at_checked(count)?;
    let blues = rest.get(..count)?;
    Some(reds.iter().zip(greens).zip(blues).map(|((r, g), b)| [byte(*r), byte(*g), byte(*b)]).collect())
}

fn read(
    mut decoder: Decoder<Cursor<&[u8]>>,
    pixels: &Pixels,
    orientation: u16,
) -> Result<(Stored, Share), MediaError> {
    let (width, height) = decoder.dimensions().map_err(|error| explain(&error))?;
    let (channels, bits, pixel_kind, yielded) = match pixels {
        Pixels::Grey { bits } => (1, *bits, PixelKind::Grey, if *bits < 8 { 1 } else { (bits / 8).max(4) }),
        Pixels::GreyAlpha { bits } => (2, *bits, PixelKind::GreyAlpha, bits / 4),
        Pixels::Palette { bits, .. } => (3, *bits, PixelKind::Palette, 3),
    };
    let share = claim(width, height, yielded, 2)?;
    let size =
        usize::try_from(u64::from(width) * u64::from(height) * u64::from(yielded)).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = size;
    limits.intermediate_buffer_size = size.saturating_add(TAG_BYTES);
    limits.ifd_value_size = TAG_BYTES;
    decoder = decoder.with_limits(limits);
    let mut result = DecodingResult::U8(Vec::new());
    let mut damage = None;
    if let Err(error) = decoder.read_image_to_buffer(&mut result) {
        let error = explain(&error);
        // What was decoded before the end is worth a look; a buffer never written to is not.
        if error.kind != IssueKind::Truncated || result.as_buffer(0).as_bytes().iter().all(|byte| *byte == 0)
        {
            return Err(error);
        }
        damage = Some(early_end(ImageFormat::Tiff));
    }
    let samples = match (result, pixels) {
        (DecodingResult::U8(data), Pixels::Palette { bits, colours }) => {
            Samples::U8(painted(&unpacked(data, width, *bits), colours))
        }
        (DecodingResult::U16(data), Pixels::Palette { colours, .. }) => Samples::U8(painted(&data, colours)),
        (DecodingResult::U8(mut data), Pixels::Grey { bits }) => {
            data = unpacked(data, width, *bits);
            // 15, 3 or 1 is white.
            let white = (1u16 << *bits) - 1;
            data.iter_mut().for_each(|value| *value = (u16::from(*value) * 255 / white) as u8);
            Samples::U8(data)
        }
        (DecodingResult::U8(data), Pixels::GreyAlpha { .. }) => Samples::U8(data),
        (DecodingResult::U16(data), Pixels::GreyAlpha { .. }) => {
            Samples::U16(data.into_iter().flat_map(u16::to_ne_bytes).collect())
        }
        (result, _) => Samples::F32(floats(result)),
    };
    let orientation = u8::try_from(orientation).ok().filter(|number| (1..=8).contains(number)).unwrap_or(1);
    Ok((Stored { width, height, channels, samples, pixel_kind, bits, orientation, damage }, share))
}

/// One byte for each value of 1, 2, 4 or 8 bits, of rows that end in a whole byte.
fn unpacked(data: Vec<u8>, width: u32, bits: u8) -> Vec<u8> {
    if bits >= 8 {
        return data;
    }
    let row_bytes = (width as usize * usize::from(bits)).div_ceil(8);
    let in_byte = |byte: u8| (0..8 / bits).map(move |at| (byte << (at * bits)) >> (8 - bits));
    data.chunks_exact(row_bytes)
        .flat_map(|row| row.iter().flat_map(|byte| in_byte(*byte)).take(width as usize))
        .collect()
}

/// The colours of these indices; those that the palette does not have are black.
fn painted<T: Copy + Into<usize>>(indices: &[T], colours: &[[u8; 3]]) -> Vec<u8> {
    indices.iter().flat_map(|at| colours.get((*at).into()).copied().unwrap_or_default()).collect()
}

/// Numbers of any type as 32-bit floats in the machine's order. Whole ones beyond 16,777,216 and
/// 64-bit floats are rounded.
fn floats(result: DecodingResult) -> Vec<u8> {
    fn bytes<T>(values: Vec<T>, float: impl Fn(T) -> f32) -> Vec<u8> {
        values.into_iter().flat_map(|value| float(value).to_ne_bytes()).collect()
    }
    match result {
        DecodingResult::U8(values) => bytes(values, f32::from),
        DecodingResult::U16(values) => bytes(values, f32::from),
        DecodingResult::U32(values) => bytes(values, |value| value as f32),
        DecodingResult::U64(values) => bytes(values, |value| value as f32),
        DecodingResult::I8(values) => bytes(values, f32::from),
        DecodingResult::I16(values) => bytes(values, f32::from),
        DecodingResult::I32(values) => bytes(values, |value| value as f32),
        DecodingResult::I64(values) => bytes(values, |value| value as f32),
        DecodingResult::F16(values) => bytes(values, |value| value.to_f32()),
        DecodingResult::F32(values) => bytes(values, |value| value),
        DecodingResult::F64(values) => bytes(values, |value| value as f32),
    }
}

/// Where the first directory keeps the value of PhotometricInterpretation, two bytes (TIFF 6.0,
/// section 2, and BigTIFF, whose numbers are twice as long).
fn photometric_at(bytes: &[u8]) -> Option<usize> {
    let is_little = bytes.starts_with(b"II");
    let number = |at: usize, len: usize| -> Option<usize> {
        let field = bytes.get(at..at.checked_add(len)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let value = if is_little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) };
        usize::try_from(value).ok()
    };
    let is_big = number(2, 2)? == 43;
    let (count_len, entry_len) = if is_big { (8, 20) } else { (2, 12) };
    let directory = if is_big { number(8, 8)? } else { number(4, 4)? };
    let count = number(directory, count_len)?.min(bytes.len() / entry_len);
    let entries = directory.checked_add(count_len)?;
    let found = (0..count).map(|entry| entries + entry * entry_len);
    let entry = found.into_iter().find(|at| number(*at, 2) == Some(usize::from(PHOTOMETRIC)))?;
    let value = entry + if is_big { 12 } else { 8 };
    (value + 2 <= bytes.len()).then_some(value)
}

fn explain(error: &TiffError) -> MediaError {
    let reason = error.to_string();
    let reason = reason.trim_end_matches(['.', '!']);
    match error {
        TiffError::LimitsExceeded | TiffError::IntSizeError => MediaError::new(
            IssueKind::Oversized,
            format!("The TIFF needs more memory to decode than is allowed: {reason}."),
        ),
        TiffError::UnsupportedError(_) => MediaError::new(
            IssueKind::Unsupported,
            format!("The TIFF is of a kind that is not read: {reason}."),
        ),
        TiffError::IoError(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => MediaError::new(
            IssueKind::Truncated,
            format!("The TIFF ends too early for anything to be shown: {reason}."),
        ),
        _ => MediaError::new(IssueKind::Corrupt, format!("The TIFF cannot be decoded: {reason}.")),
    }
}
