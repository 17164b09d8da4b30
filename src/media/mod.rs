//! Encoded images to pixels: decode, orientation, thumbnails, pixel statistics, metadata.
//!
//! This room refuses to know datasets and the user interface. What it cannot decode it answers
//! with a [`MediaError`] that says what is wrong with the bytes.

mod budget;
mod decode;
mod exr;
mod format;
mod huffman;
mod jpeg;
mod jpeg_scaled;
mod measure;
mod metadata;
mod png;
mod raster;
mod stats;
mod stored;
mod thumbnail;
mod tiff;
mod tone;

use crate::dataset::IssueKind;

pub use decode::{Decoded, Held, decode, decode_held};
pub use format::{format_of_extension, is_image_path, sniff};
pub use measure::{Measured, measure};
pub use metadata::{Metadatum, metadata};
pub use thumbnail::{decode_thumbnail, encode_thumbnail, thumbnail};

/// The most pixels that an image may have, 16,384 × 16,384. Larger ones are refused from their
/// header.
pub const MAX_PIXELS: u64 = 1 << 28;

/// The most bytes that a decoder may give for an image, 1 GiB: that many pixels of up to four 8-bit
/// channels, a quarter of them in 32-bit ones. Larger ones are refused from their header. While it
/// decodes, an image takes up to three times its bytes; see `budget` for several at once.
pub const MAX_DECODED_BYTES: u64 = 1 << 30;

/// The most bytes that an image file may have, 1 GiB.
pub const MAX_ENCODED_BYTES: u64 = 1 << 30;

/// Pixels as shown: 8 bits per channel, sRGB, interleaved, top row first, orientation applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    pub width: u32,
    pub height: u32,
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and straight alpha.
    pub channels: u8,
    /// `width × height × channels` bytes.
    pub data: Vec<u8>,
}

/// A sample's content as its source holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The bytes of an image file.
    Encoded(Vec<u8>),
    /// Pixels out of an array, with no encoding of their own.
    Raster(Raster),
}

/// Why bytes could not be made pixels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MediaError {
    pub kind: IssueKind,
    /// A sentence for the person; it does not name the file, which the caller knows.
    pub message: String,
}

impl MediaError {
    pub(crate) fn new(kind: IssueKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}
