//! A [`SignalChunk`] as raw bytes, and back. To add a column: a line in [`encode`] and a line in
//! [`decode`]; one that is missing reads as empty.
//!
//! This file refuses to know where chunks are kept.

use super::blob::Damage;
use super::columns::{Cell, Columns, Writer};
use crate::dataset::{Figures, Kinds, SignalChunk};

/// What was looked for and found. Raise the numbers where a signal comes to be computed otherwise than
/// before: a chunk that an older version wrote then has looked for nothing, and is computed again.
const LOOKED: &str = "looked 2";
const HAS: &str = "has 2";

/// The bytes of a chunk. What no project keeps is left out.
pub fn encode(chunk: &SignalChunk) -> Vec<u8> {
    let mut columns = Writer::default();
    columns.put("content", chunk.content.iter().copied());
    let kept = |kinds: &Kinds| kinds.only(Kinds::KEPT).bits();
    columns.put(LOOKED, chunk.looked.iter().map(kept));
    columns.put(HAS, chunk.has.iter().map(kept));
    columns.put("width", chunk.width.iter().copied());
    columns.put("height", chunk.height.iter().copied());
    put(&mut columns, "pixels", &chunk.pixels);
    put(&mut columns, "ahash", &chunk.ahash);
    put(&mut columns, "dhash", &chunk.dhash);
    put(&mut columns, "phash", &chunk.phash);
    put(&mut columns, "whash", &chunk.whash);
    put(&mut columns, "phash_256", &chunk.phash_256);
    put(&mut columns, "turned", &chunk.turned);
    if !chunk.figures.is_empty() {
        let mut figure = |name, of: fn(&Figures) -> f32| columns.put(name, chunk.figures.iter().map(of));
        figure("brightness_p5", |figures| figures.brightness_p5);
        figure("brightness_p99", |figures| figures.brightness_p99);
        figure("entropy", |figures| figures.entropy);
        figure("edges", |figures| figures.edges);
        figure("spread", |figures| figures.spread);
        columns.put("is_grey", chunk.figures.iter().map(|figures| u8::from(figures.is_grey)));
    }
    put(&mut columns, "described", &chunk.described);
    put(&mut columns, "described_by", &chunk.described_by);
    put(&mut columns, "sketch", &chunk.sketch);
    columns.finish(chunk.len())
}

/// The chunk in these bytes.
pub fn decode(raw: &[u8]) -> Result<SignalChunk, Damage> {
    let columns = Columns::read(raw)?;
    let none = SignalChunk::new(columns.rows);
    let kinds = |bits: Vec<u16>| bits.into_iter().map(Kinds::from_bits).collect();
    Ok(SignalChunk {
        content: columns.get("content")?.unwrap_or(none.content),
        looked: columns.get(LOOKED)?.map_or(none.looked, kinds),
        has: columns.get(HAS)?.map_or(none.has, kinds),
        width: columns.get("width")?.unwrap_or(none.width),
        height: columns.get("height")?.unwrap_or(none.height),
        pixels: columns.get("pixels")?.unwrap_or_default(),
        ahash: columns.get("ahash")?.unwrap_or_default(),
        dhash: columns.get("dhash")?.unwrap_or_default(),
        phash: columns.get("phash")?.unwrap_or_default(),
        whash: columns.get("whash")?.unwrap_or_default(),
        phash_256: columns.get("phash_256")?.unwrap_or_default(),
        turned: columns.get("turned")?.unwrap_or_default(),
        turned_256: none.turned_256,
        figures: figures(&columns)?,
        described: columns.get("described")?.unwrap_or_default(),
        described_by: columns.get("described_by")?.unwrap_or_default(),
        sketch: columns.get("sketch")?.unwrap_or_default(),
    })
}

fn put<T: Cell>(columns: &mut Writer, name: &str, values: &[T]) {
    if !values.is_empty() {
        columns.put(name, values.iter().copied());
    }
}

/// Empty where one of them is not there.
fn figures(columns: &Columns<'_>) -> Result<Vec<Figures>, Damage> {
    let names = ["brightness_p5", "brightness_p99", "entropy", "edges", "spread"];
    let mut found: Vec<Vec<f32>> = Vec::new();
    for name in names {
        match columns.get(name)? {
            Some(values) => found.push(values),
            None => return Ok(Vec::new()),
        }
    }
    let Some(grey): Option<Vec<u8>> = columns.get("is_grey")? else { return Ok(Vec::new()) };
    let row = |(at, is_grey): (usize, &u8)| Figures {
        brightness_p5: found[0][at],
        brightness_p99: found[1][at],
        entropy: found[2][at],
        edges: found[3][at],
        spread: found[4][at],
        is_grey: *is_grey != 0,
    };
    Ok(grey.iter().enumerate().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Signal;

    fn signal() -> Signal {
        Signal {
            content: *b"0123456789abcdef",
            looked: Kinds::KEPT,
            has: Kinds::KEPT.without(Kinds::TURNED),
            width: 640,
            height: 480,
            pixels: *b"fedcba9876543210",
            ahash: 1,
            dhash: 2 << 60,
            phash: 3,
            whash: 4,
            phash_256: [5, 6, 7, u64::MAX],
            turned: [8, 9, 10, 11, 12, 13, u64::MAX],
            turned_256: [[0; 4]; 7],
            figures: Figures {
                brightness_p5: 0.25,
                brightness_p99: 0.5,
                entropy: 7.5,
                edges: 31.0,
                spread: 12.5,
                is_grey: true,
            },
            described: std::array::from_fn(|at| at as i8 - 64),
            described_by: 77,
            sketch: std::array::from_fn(|at| at as u8),
        }
    }

    #[test]
    fn a_chunk_comes_back_and_other_lengths_are_refused() {
        let mut chunk = SignalChunk::new(3);
        chunk.set(1, &signal());
        let raw = encode(&chunk);
        assert_eq!(decode(&raw), Ok(chunk));
        for len in 0..raw.len() {
            assert!(decode(&raw[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn columns_that_nobody_asked_for_take_no_bytes() {
        let mut chunk = SignalChunk::new(4096);
        let only = Signal { phash: 5, looked: Kinds::PHASH, has: Kinds::PHASH, ..Signal::UNSEEN };
        chunk.set(0, &only);
        let raw = encode(&chunk);
        assert!(raw.len() < 4096 * 40, "{}", raw.len());
        assert_eq!(decode(&raw), Ok(chunk));
    }

    #[test]
    fn what_no_project_keeps_is_not_said_to_be_there() {
        let mut chunk = SignalChunk::new(1);
        let kinds = Kinds::PHASH | Kinds::TURNED_256;
        chunk.set(0, &Signal { looked: kinds, has: kinds, turned_256: [[3; 4]; 7], ..signal() });
        let back = decode(&encode(&chunk)).unwrap().get(0);
        assert_eq!((back.looked, back.has, back.turned_256), (Kinds::PHASH, Kinds::PHASH, [[0; 4]; 7]));
    }
}
