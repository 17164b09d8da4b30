//! A [`FactChunk`] as raw bytes, and back. To add a column: a line in [`encode`] and a line in
//! [`decode`]; one that is missing reads as unmeasured.
//!
//! This file refuses to know where chunks are kept.

use super::blob::Damage;
use super::columns::{Columns, Writer};
use crate::dataset::facts::FactChunk;
use crate::dataset::{ImageFormat, PixelKind};

/// The bytes of a chunk.
pub fn encode(chunk: &FactChunk) -> Vec<u8> {
    let mut columns = Writer::default();
    columns.put("measured", chunk.measured.iter().map(|measured| u8::from(*measured)));
    columns.put("format", chunk.format.iter().map(|format| *format as u8));
    columns.put("pixel_kind", chunk.pixel_kind.iter().map(|kind| *kind as u8));
    columns.put("bits", chunk.bits.iter().copied());
    columns.put("orientation", chunk.orientation.iter().copied());
    columns.put("width", chunk.width.iter().copied());
    columns.put("height", chunk.height.iter().copied());
    columns.put("brightness", chunk.brightness.iter().copied());
    columns.put("contrast", chunk.contrast.iter().copied());
    columns.put("saturation", chunk.saturation.iter().copied());
    columns.put("sharpness", chunk.sharpness.iter().copied());
    columns.put("content", chunk.content.iter().copied());
    columns.put("issues", chunk.issues.iter().copied());
    columns.finish(chunk.len())
}

/// The chunk in these bytes.
pub fn decode(raw: &[u8]) -> Result<FactChunk, Damage> {
    let columns = Columns::read(raw)?;
    let none = FactChunk::new(columns.rows);
    let formats = |codes: Vec<u8>| codes.into_iter().map(ImageFormat::from_code).collect();
    let kinds = |codes: Vec<u8>| codes.into_iter().map(PixelKind::from_code).collect();
    let chunk = FactChunk {
        measured: columns
            .get("measured")?
            .map_or(none.measured, |bytes: Vec<u8>| bytes.into_iter().map(|byte| byte != 0).collect()),
        format: columns.get("format")?.map_or(none.format, formats),
        pixel_kind: columns.get("pixel_kind")?.map_or(none.pixel_kind, kinds),
        bits: columns.get("bits")?.unwrap_or(none.bits),
        orientation: columns.get("orientation")?.map_or(none.orientation, |codes: Vec<u8>| {
            codes.iter().map(|code| (*code).clamp(1, 8)).collect()
        }),
        width: columns.get("width")?.unwrap_or(none.width),
        height: columns.get("height")?.unwrap_or(none.height),
        brightness: columns.get("brightness")?.unwrap_or(none.brightness),
        contrast: columns.get("contrast")?.unwrap_or(none.contrast),
        saturation: columns.get("saturation")?.unwrap_or(none.saturation),
        sharpness: columns.get("sharpness")?.unwrap_or(none.sharpness),
        content: columns.get("content")?.unwrap_or(none.content),
        issues: columns.get("issues")?.unwrap_or(none.issues),
    };
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::super::blob::numbers;
    use super::*;
    use crate::dataset::Fact;

    fn fact() -> Fact {
        Fact {
            measured: true,
            format: ImageFormat::WebP,
            pixel_kind: PixelKind::Cmyk,
            bits: 8,
            orientation: 6,
            width: 640,
            height: 480,
            brightness: 0.25,
            contrast: 0.5,
            saturation: 0.75,
            sharpness: 0.125,
            content: *b"0123456789abcdef",
            issues: 5,
        }
    }

    #[test]
    fn a_chunk_comes_back_and_other_lengths_are_refused() {
        let mut chunk = FactChunk::new(3);
        chunk.set(1, &fact());
        let raw = encode(&chunk);
        let back = decode(&raw).unwrap();
        assert_eq!(back.get(1), fact());
        assert_eq!(encode(&back), raw, "what is not a number comes back bit by bit as well");
        for len in 0..raw.len() {
            assert!(decode(&raw[..len]).is_err(), "{len}");
        }
        assert!(decode(&[raw.as_slice(), &[0]].concat()).is_err());
        assert!(decode(&u32::MAX.to_le_bytes()).is_err());
        assert!(decode(&numbers([3u32, u32::MAX])).is_err());
    }

    #[test]
    fn columns_of_other_versions_are_unmeasured_or_skipped() {
        let mut columns = Writer::default();
        columns.put("colour_of_hats", [1u16, 2]);
        columns.put("width", [640u32, 0]);
        columns.put("measured", [1u8, 0]);
        columns.put("", [0.5f32; 7]);
        let chunk = decode(&columns.finish(2)).unwrap();
        let first = chunk.get(0);
        assert_eq!((first.measured, first.width, first.height), (true, 640, 0));
        assert!(first.brightness.is_nan() && first.sharpness.is_nan());
        assert_eq!((first.format, first.orientation, first.content), (ImageFormat::Unknown, 1, [0; 16]));
        assert!(!chunk.get(1).measured);
    }
}
