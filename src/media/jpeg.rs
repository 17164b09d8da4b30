//! JPEG: what its markers say, and its pixels at full size.
//!
//! The markers are walked here, so that size, orientation and an early end are known before any
//! memory is taken; the decoding is zune-jpeg's, with jpeg-decoder for lossless files.

use std::ops::Range;

use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::MediaError;
use super::stored::{Samples, Stored};
use crate::dataset::{IssueKind, PixelKind};

/// Largest ICC profile that is put together from its segments.
const ICC_LIMIT: usize = 8 << 20;

/// What the markers up to the first scan say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub width: u32,
    pub height: u32,
    pub components: u8,
    /// Bits per component.
    pub precision: u8,
    /// Low nibble of the start-of-frame marker: 0 baseline, 1 extended, 2 progressive, 3 lossless.
    pub process: u8,
    /// The colour transform of Adobe's APP14 segment, when there is one.
    pub adobe: Option<u8>,
    /// The EXIF block, from its TIFF header on.
    pub exif: Option<Range<usize>>,
    /// The parts of the ICC profile, in file order.
    pub icc: Vec<Range<usize>>,
    pub comment: Option<Range<usize>>,
    /// Where the first start-of-scan marker is.
    pub scan: usize,
}

impl Header {
    pub fn exif<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        bytes.get(self.exif.clone()?)
    }

    /// The ICC profile.
    pub fn icc(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let parts = || self.icc.iter().filter_map(|part| bytes.get(part.clone()));
        let length: usize = parts().map(<[u8]>::len).sum();
        (length > 0 && length <= ICC_LIMIT).then(|| parts().flatten().copied().collect())
    }

    pub fn pixel_kind(&self) -> PixelKind {
        match self.components {
            1 => PixelKind::Grey,
            3 => PixelKind::Rgb,
            4 => PixelKind::Cmyk,
            _ => PixelKind::Unknown,
        }
    }

    /// Bytes of a decoded pixel.
    pub fn bytes_per_pixel(&self) -> u8 {
        let bytes = if self.precision > 8 { 2 } else { 1 };
        self.components.max(1).saturating_mul(bytes)
    }

    /// How many times the decoded pixels' bytes decoding takes: all coefficients of a progressive
    /// file are there at once, two bytes each.
    pub fn copies(&self) -> u64 {
        if self.process == 0 { 2 } else { 3 }
    }

    /// What is known without decoding.
    pub fn stored(&self) -> Stored {
        Stored {
            width: self.width,
            height: self.height,
            channels: 0,
            samples: Samples::U8(Vec::new()),
            pixel_kind: self.pixel_kind(),
            bits: self.precision,
            orientation: 1,
            damage: None,
        }
    }
}

/// Walks the markers up to the first scan.
pub(super) fn header(bytes: &[u8]) -> Result<Header, MediaError> {
    let mut header = Header::default();
    let mut segments = Segments::new(bytes);
    loop {
        let Some((marker, data)) = segments.next() else {
            return Err(if segments.at >= bytes.len() {
                MediaError::new(IssueKind::Truncated, "The JPEG ends before its image begins.")
            } else {
                MediaError::new(IssueKind::Corrupt, "The JPEG's segments are broken before its image begins.")
            });
        };
        let segment = &bytes[data.clone()];
        match (marker, segment) {
            (
                0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF,
                [precision, h1, h0, w1, w0, count, ..],
            ) => {
                header.process = marker & 0x0F;
                header.precision = *precision;
                header.height = u32::from(u16::from_be_bytes([*h1, *h0]));
                header.width = u32::from(u16::from_be_bytes([*w1, *w0]));
                header.components = *count;
            }
            (0xE1, [b'E', b'x', b'i', b'f', 0, _, ..]) if header.exif.is_none() => {
                header.exif = Some(data.start + 6..data.end);
            }
            (0xE2, _) if segment.starts_with(b"ICC_PROFILE\0") && segment.len() > 14 => {
                header.icc.push(data.start + 14..data.end);
            }
            (0xEE, [b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => {
                header.adobe = Some(*transform);
            }
            (0xFE, _) if header.comment.is_none() => header.comment = Some(data),
            (0xDA, _) => {
                header.scan = data.start.saturating_sub(4);
                break;
            }
            (0xD9, _) => break,
            _ => {}
        }
    }
    if header.width == 0 || header.height == 0 {
        let message = "The JPEG has no size in its header, so it cannot be decoded.";
        return Err(MediaError::new(IssueKind::Corrupt, message));
    }
    Ok(header)
}

/// Whether there is no end-of-image marker after the image began.
pub(super) fn ends_early(bytes: &[u8], header: &Header) -> bool {
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b'\n' | b'\r')).map_or(0, |last| last + 1);
    if bytes[..end].ends_with(b"\xFF\xD9") {
        return false;
    }
    let mut segments = Segments { bytes, at: header.scan };
    while let Some((marker, _)) = segments.next() {
        match marker {
            0xD9 => return false,
            0xDA => segments.skip_entropy(),
            _ => {}
        }
    }
    true
}

/// The whole image.
pub(super) fn decode(bytes: &[u8], header: &Header) -> Result<Stored, MediaError> {
    if !matches!(header.process, 0..=3) {
        let coding = if header.process >= 9 { "arithmetic" } else { "hierarchical" };
        let message =
            format!("The JPEG uses {coding} coding, which is not read; convert it to a common JPEG.");
        return Err(MediaError::new(IssueKind::Unsupported, message));
    }
    if header.process == 3 {
        return decode_lossless(bytes, header);
    }
    if header.precision != 8 {
        let message = format!("The JPEG has {} bits per channel, which is not read.", header.precision);
        return Err(MediaError::new(IssueKind::Unsupported, message));
    }
    let early = ends_early(bytes, header);
    let mut damage = early.then(|| {
        MediaError::new(IssueKind::Truncated, "The JPEG ends before its image does; what is missing is grey.")
    });
    let (channels, data) = match run_zune(bytes, Strictness::Strict) {
        Ok(decoded) => decoded,
        Err(strict) => {
            let decoded = run_zune(bytes, Strictness::Lenient).map_err(|error| broken(early, error))?;
            // A file with a stray byte between its headers is whole all the same.
            if damage.is_none() && !strict.contains("Extra bytes between headers") {
                let message = "The JPEG's data is damaged; it is shown as far as it could be decoded.";
                damage = Some(MediaError::new(IssueKind::Corrupt, message));
            }
            decoded
        }
    };
    let mut stored = header.stored();
    (stored.channels, stored.samples, stored.damage) = (channels, Samples::U8(data), damage);
    if channels == 4 {
        stored.channels = 3;
        stored.samples = Samples::Cmyk(if header.adobe.is_some() {
            inverted(stored.samples)
        } else {
            stored.samples.into_bytes()
        });
    }
    Ok(stored)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Strictness {
    Strict,
    Lenient,
}

/// Channels and pixels: grey, RGB, or CMYK as stored.
fn run_zune(bytes: &[u8], strictness: Strictness) -> Result<(u8, Vec<u8>), String> {
    let options = DecoderOptions::default()
        .set_strict_mode(strictness == Strictness::Strict)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| error.to_string())?;
    let (space, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        Some(ColorSpace::YCbCr | ColorSpace::RGB | ColorSpace::YCCK) => (ColorSpace::RGB, 3),
        Some(ColorSpace::CMYK) => (ColorSpace::CMYK, 4),
        _ => return Err("its number of components is not read".to_owned()),
    };
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(space));
    let data = decoder.decode().map_err(|error| error.to_string())?;
    Ok((channels, data))
}

fn decode_lossless(bytes: &[u8], header: &Header) -> Result<Stored, MediaError> {
    let early = ends_early(bytes, header);
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let data = decoder.decode().map_err(|error| broken(early, error))?;
    let mut stored = header.stored();
    (stored.channels, stored.samples) = match decoder.info().map(|info| info.pixel_format) {
        Some(jpeg_decoder::PixelFormat::L8) => (1, Samples::U8(data)),
        Some(jpeg_decoder::PixelFormat::RGB24) => (3, Samples::U8(data)),
        Some(jpeg_decoder::PixelFormat::L16) => (1, Samples::U16(data)),
        _ => {
            let message = "The lossless JPEG's colours are not read.";
            return Err(MediaError::new(IssueKind::Unsupported, message));
        }
    };
    Ok(stored)
}

/// Adobe writes 255 for no ink; here 255 is full ink.
fn inverted(samples: Samples) -> Vec<u8> {
    let mut data = samples.into_bytes();
    data.iter_mut().for_each(|value| *value = 255 - *value);
    data
}

fn broken(early: bool, error: impl std::fmt::Display) -> MediaError {
    if early {
        let message = format!("The JPEG ends too early for anything to be shown ({error}).");
        MediaError::new(IssueKind::Truncated, message)
    } else {
        MediaError::new(IssueKind::Corrupt, format!("The JPEG cannot be decoded: {error}."))
    }
}

/// Marker segments: the marker's second byte and where its data lies.
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// From behind the start-of-image marker.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2 }
    }

    /// Where the next segment is looked for.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Bytes that are no marker are skipped, as decoders do. `None` at the end, or when a segment's
    /// length is impossible.
    pub fn next(&mut self) -> Option<(u8, Range<usize>)> {
        loop {
            let skipped = self.bytes.get(self.at..)?.iter().position(|&byte| byte == 0xFF);
            let Some(skipped) = skipped else {
                self.at = self.bytes.len();
                return None;
            };
            self.at += skipped;
            while self.bytes.get(self.at) == Some(&0xFF) {
                self.at += 1;
            }
            let marker = *self.bytes.get(self.at)?;
            self.at += 1;
            match marker {
                0x00 => {}
                0x01 | 0xD0..=0xD9 => return Some((marker, self.at..self.at)),
                _ => {
                    let Some(length) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<2>) else {
                        self.at = self.bytes.len();
                        return None;
                    };
                    let length = usize::from(u16::from_be_bytes(*length));
                    if length < 2 {
                        return None;
                    }
                    let data = self.at + 2..self.at + length;
                    self.at += length;
                    return (data.end <= self.bytes.len()).then_some((marker, data));
                }
            }
        }
    }

    /// Goes to the next marker that is no restart.
    pub fn skip_entropy(&mut self) {
        while let Some(skipped) =
            self.bytes.get(self.at..).and_then(|rest| rest.iter().position(|&byte| byte == 0xFF))
        {
            self.at += skipped;
            match self.bytes.get(self.at + 1) {
                Some(0x00 | 0xD0..=0xD7) => self.at += 2,
                Some(0xFF) => self.at += 1,
                _ => return,
            }
        }
        self.at = self.bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &[u8] = &[0xFF, 0xC0, 0, 11, 8, 0, 2, 0, 3, 1, 1, 0x11, 0];
    const SCAN: &[u8] = &[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0];

    fn file(parts: &[&[u8]]) -> Vec<u8> {
        [&[0xFF, 0xD8][..], &parts.concat()].concat()
    }

    #[test]
    fn markers_tell_size_and_components() {
        let bytes = file(&[b"\xFF\xE1\0\x0AExif\0\0II", FRAME, SCAN, &[1, 2, 3]]);
        let header = header(&bytes).expect("the header is whole");
        assert_eq!((header.width, header.height, header.components, header.precision), (3, 2, 1, 8));
        assert_eq!(header.exif(&bytes), Some(&b"II"[..]));
        assert_eq!(bytes[header.scan..header.scan + 2], [0xFF, 0xDA]);
    }

    #[test]
    fn an_early_end_is_seen() {
        let rows: [(&[u8], bool); 6] = [
            (&[1, 2, 3], true),
            (&[1, 2, 0xFF, 0xD9], false),
            (&[1, 2, 0xFF, 0xD9, 0, 0, b'\n'], false),
            (&[1, 0xFF, 0, 0xFF, 0xD0, 0xFF, 0xD9, b't', b'a', b'i', b'l'], false),
            (&[1, 0xFF, 0xC4, 0, 4, 0xFF, 0xD9, 7], true),
            (&[0xFF], true),
        ];
        for (tail, expected) in rows {
            let bytes = file(&[FRAME, SCAN, tail]);
            let header = header(&bytes).expect("the header is whole");
            assert_eq!(ends_early(&bytes, &header), expected, "{tail:?}");
        }
    }

    #[test]
    fn broken_headers_are_errors() {
        let rows: [(&[&[u8]], IssueKind); 4] = [
            (&[], IssueKind::Truncated),
            (&[&[0xFF, 0xE0, 0xFF, 0xFF, 1]], IssueKind::Truncated),
            (&[&[0xFF, 0xE0, 0, 1, 1]], IssueKind::Corrupt),
            (&[SCAN], IssueKind::Corrupt),
        ];
        for (parts, kind) in rows {
            assert_eq!(header(&file(parts)).expect_err("broken").kind, kind, "{parts:?}");
        }
    }
}
