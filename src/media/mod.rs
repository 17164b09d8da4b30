//! Encoded images to pixels: decode, orientation, thumbnails, pixel statistics, metadata.
//!
//! This room refuses to know datasets and the user interface. What it cannot decode it answers
//! with a [`MediaError`] that says what is wrong with the bytes.

use crate::dataset::IssueKind;

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
