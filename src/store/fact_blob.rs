//! A [`FactChunk`] as raw bytes, and back: column after column.
//!
//! Layout: number of rows as `u32`, then each column whole: measured, format, pixel kind, bits and
//! orientation (1 byte each), width and height (`u32`), brightness, contrast, saturation and
//! sharpness (`f32`), content hash (16 bytes), issues (`u16`).

use super::blob::{Damage, Fields, write_all};
use crate::dataset::facts::{CHUNK, FactChunk};
use crate::dataset::{ImageFormat, PixelKind};

/// The bytes of a chunk.
pub fn encode(chunk: &FactChunk) -> Vec<u8> {
    let mut raw = Vec::with_capacity(4 + chunk.len() * 47);
    write_all(&mut raw, [chunk.len() as u32]);
    write_all(&mut raw, chunk.measured.iter().map(|measured| u8::from(*measured)));
    write_all(&mut raw, chunk.format.iter().map(|format| *format as u8));
    write_all(&mut raw, chunk.pixel_kind.iter().map(|kind| *kind as u8));
    write_all(&mut raw, chunk.bits.iter().copied());
    write_all(&mut raw, chunk.orientation.iter().copied());
    write_all(&mut raw, chunk.width.iter().copied());
    write_all(&mut raw, chunk.height.iter().copied());
    for column in [&chunk.brightness, &chunk.contrast, &chunk.saturation, &chunk.sharpness] {
        write_all(&mut raw, column.iter().copied());
    }
    raw.extend(chunk.content.as_flattened());
    write_all(&mut raw, chunk.issues.iter().copied());
    raw
}

/// The chunk in these bytes: 1 to [`CHUNK`] rows.
pub fn decode(raw: &[u8]) -> Result<FactChunk, Damage> {
    let mut fields = Fields(raw);
    let rows = fields.numbers::<u32>(1)?[0] as usize;
    if rows == 0 || rows > CHUNK {
        return Err(Damage("a chunk of facts has another number of rows than a chunk can"));
    }
    let chunk = FactChunk {
        measured: fields.take(rows)?.iter().map(|measured| *measured != 0).collect(),
        format: fields.take(rows)?.iter().map(|code| ImageFormat::from_code(*code)).collect(),
        pixel_kind: fields.take(rows)?.iter().map(|code| PixelKind::from_code(*code)).collect(),
        bits: fields.take(rows)?.to_vec(),
        orientation: fields.take(rows)?.iter().map(|code| (*code).clamp(1, 8)).collect(),
        width: fields.numbers(rows)?,
        height: fields.numbers(rows)?,
        brightness: fields.numbers(rows)?,
        contrast: fields.numbers(rows)?,
        saturation: fields.numbers(rows)?,
        sharpness: fields.numbers(rows)?,
        content: fields.take(rows * 16)?.as_chunks::<16>().0.to_vec(),
        issues: fields.numbers(rows)?,
    };
    fields.end()?;
    Ok(chunk)
}

/// Cuts or fills a chunk to `rows` rows; added rows are unmeasured.
pub fn resize(chunk: FactChunk, rows: usize) -> FactChunk {
    if chunk.len() == rows {
        return chunk;
    }
    let mut resized = FactChunk::new(rows);
    for row in 0..rows.min(chunk.len()) {
        resized.set(row, &chunk.get(row));
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Fact;

    #[test]
    fn a_chunk_comes_back_and_other_lengths_are_refused() {
        let mut chunk = FactChunk::new(3);
        let fact = Fact {
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
        };
        chunk.set(1, &fact);
        let raw = encode(&chunk);
        let back = decode(&raw).unwrap();
        assert_eq!(back.get(1), fact);
        assert_eq!(encode(&back), raw, "what is not a number comes back bit by bit as well");
        for len in 0..raw.len() {
            assert!(decode(&raw[..len]).is_err(), "{len}");
        }
        assert!(decode(&[raw.as_slice(), &[0]].concat()).is_err());
        assert!(decode(&u32::MAX.to_le_bytes()).is_err());
    }
}
