//! Chunks of rows in the database: one table for each kind, one sealed part for each chunk.
//!
//! This file refuses to know what the columns of a chunk are.

use std::sync::Arc;

use rayon::prelude::*;
use rusqlite::{Connection, params};

use super::blob::{self, Damage};
use super::{fact_blob, signal_blob};
use crate::dataset::SignalChunk;
use crate::dataset::chunks::{CHUNK, Chunk, Chunks};
use crate::dataset::facts::FactChunk;

/// A chunk that a project keeps.
pub trait KeptChunk: Chunk + Send + Sync {
    /// Its table, of a number and the data.
    const TABLE: &'static str;

    fn encode(&self) -> Vec<u8>;
    fn decode(raw: &[u8]) -> Result<Self, Damage>;
}

impl KeptChunk for FactChunk {
    const TABLE: &'static str = "fact";

    fn encode(&self) -> Vec<u8> {
        fact_blob::encode(self)
    }

    fn decode(raw: &[u8]) -> Result<Self, Damage> {
        fact_blob::decode(raw)
    }
}

impl KeptChunk for SignalChunk {
    const TABLE: &'static str = "signal";

    fn encode(&self) -> Vec<u8> {
        signal_blob::encode(self)
    }

    fn decode(raw: &[u8]) -> Result<Self, Damage> {
        signal_blob::decode(raw)
    }
}

/// Chunks by their numbers, sealed.
pub fn seal<C: KeptChunk>(chunks: &[(usize, Arc<C>)]) -> Vec<(i64, Vec<u8>)> {
    chunks.par_iter().map(|(number, chunk)| (*number as i64, blob::seal(&chunk.encode()))).collect()
}

/// The chunk in a sealed part.
pub fn unseal<C: KeptChunk>(sealed: &[u8]) -> Result<C, Damage> {
    C::decode(&blob::unseal(sealed)?)
}

/// Keeps a sealed chunk in the place of that number.
pub fn put<C: KeptChunk>(connection: &Connection, number: i64, sealed: &[u8]) -> rusqlite::Result<()> {
    let statement = format!(
        "INSERT INTO {} (chunk, data) VALUES (?1, ?2) ON CONFLICT (chunk) DO UPDATE SET data = excluded.data",
        C::TABLE
    );
    connection.prepare_cached(&statement)?.execute(params![number, sealed])?;
    Ok(())
}

/// All sealed chunks by their numbers.
pub fn sealed<C: KeptChunk>(connection: &Connection) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    let mut select = connection.prepare(&format!("SELECT chunk, data FROM {} ORDER BY chunk", C::TABLE))?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The columns of `samples` rows from the chunks that are there and whole, and how many were damaged.
pub fn join<C: KeptChunk>(sealed: Vec<(i64, Vec<u8>)>, samples: usize) -> (Chunks<C>, usize) {
    let count = samples.div_ceil(CHUNK);
    let decoded: Vec<(i64, Option<C>)> = sealed
        .into_par_iter()
        .filter(|(number, _)| usize::try_from(*number).is_ok_and(|number| number < count))
        .map(|(number, data)| (number, unseal(&data).ok()))
        .collect();
    let mut decoded = decoded.into_iter().peekable();
    let mut damaged = 0;
    let mut chunks = Vec::with_capacity(count);
    for number in 0..count {
        let rows = (samples - number * CHUNK).min(CHUNK);
        let kept = decoded.next_if(|(at, _)| *at == number as i64);
        damaged += usize::from(matches!(kept, Some((_, None))));
        let chunk = match kept.and_then(|(_, chunk)| chunk) {
            Some(chunk) => chunk.resized(rows),
            None => C::of_rows(rows),
        };
        chunks.push(Arc::new(chunk));
    }
    // Every chunk has just been given its length.
    (Chunks::from_chunks(chunks).unwrap_or_default(), damaged)
}
