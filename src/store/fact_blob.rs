//! A [`FactChunk`] as raw bytes, and back: columns that say their name, type and length.
//!
//! Layout: number of rows and number of columns as `u32`, then each column: length of its name (1
//! byte), the name, its type (1 byte, see `Cell`), length in bytes (`u32`), values. A column
//! that is missing reads as unmeasured and one that this version does not know is skipped, so that a
//! column more needs no new format. To add one: a line in [`encode`] and a line in [`decode`].
//!
//! This file refuses to know where chunks are kept.

use super::blob::{Damage, Fields, Number, numbers, write_all};
use crate::dataset::facts::{CHUNK, FactChunk};
use crate::dataset::{ImageFormat, PixelKind};

/// Columns in a chunk at most, far more than there are.
const MAX_COLUMNS: usize = 256;

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

/// The chunk in these bytes: 1 to [`CHUNK`] rows.
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

/// A value of a column.
trait Cell: Number {
    /// The byte that stands for the type. A number is used for one type for ever.
    const TYPE: u8;
}

impl Cell for u8 {
    const TYPE: u8 = 1;
}

impl Cell for u16 {
    const TYPE: u8 = 2;
}

impl Cell for u32 {
    const TYPE: u8 = 3;
}

impl Cell for f32 {
    const TYPE: u8 = 4;
}

impl Cell for [u8; 16] {
    const TYPE: u8 = 5;
}

#[derive(Default)]
struct Writer {
    count: u32,
    body: Vec<u8>,
}

impl Writer {
    fn put<T: Cell>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        let values = numbers(values);
        self.count += 1;
        // Names are ours and short, and a chunk's columns far below 4 GiB.
        self.body.push(name.len() as u8);
        self.body.extend(name.as_bytes());
        self.body.push(T::TYPE);
        write_all(&mut self.body, [values.len() as u32]);
        self.body.extend(values);
    }

    fn finish(self, rows: usize) -> Vec<u8> {
        let mut raw = numbers([rows as u32, self.count]);
        raw.extend(self.body);
        raw
    }
}

/// The columns in a chunk's bytes.
struct Columns<'a> {
    rows: usize,
    /// Name, type and values of each.
    columns: Vec<(&'a [u8], u8, &'a [u8])>,
}

impl<'a> Columns<'a> {
    fn read(raw: &'a [u8]) -> Result<Self, Damage> {
        let mut fields = Fields(raw);
        let rows = fields.numbers::<u32>(1)?[0] as usize;
        if rows == 0 || rows > CHUNK {
            return Err(Damage("a chunk of facts has another number of rows than a chunk can"));
        }
        let count = fields.numbers::<u32>(1)?[0] as usize;
        if count > MAX_COLUMNS {
            return Err(Damage("a chunk of facts claims more columns than there are"));
        }
        let mut columns = Vec::with_capacity(count);
        for _ in 0..count {
            let name_len = usize::from(fields.take(1)?[0]);
            let name = fields.take(name_len)?;
            let kind = fields.take(1)?[0];
            let len = fields.numbers::<u32>(1)?[0] as usize;
            columns.push((name, kind, fields.take(len)?));
        }
        fields.end()?;
        Ok(Self { rows, columns })
    }

    /// The values of a column; `None` when it is not there.
    fn get<T: Cell>(&self, name: &str) -> Result<Option<Vec<T>>, Damage> {
        let Some((_, kind, values)) = self.columns.iter().find(|(known, _, _)| *known == name.as_bytes())
        else {
            return Ok(None);
        };
        if *kind != T::TYPE {
            return Err(Damage("a column of facts has another type than it should"));
        }
        super::blob::read_rows(values, self.rows).map(Some)
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_column_of_another_type_or_length_is_damage() {
        let mut typed = Writer::default();
        typed.put("width", [0.5f32]);
        assert!(decode(&typed.finish(1)).is_err());
        let mut short = Writer::default();
        short.put("width", [1u32]);
        assert!(decode(&short.finish(2)).is_err());
    }
}
