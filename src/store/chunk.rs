//! Chunks of rows in the database: a table for each kind, one sealed part for each chunk.
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

/// The table of facts: each table is of a number and the data.
pub const FACTS: &str = "fact";

/// What described the pictures that signals are of: descriptions by different encoders are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescribedBy {
    /// The descriptor that is made by hand.
    Hand,
    /// The trained model that was asked last.
    Model,
}

impl DescribedBy {
    /// The table of their signals.
    pub fn table(self) -> &'static str {
        match self {
            Self::Hand => "signal",
            Self::Model => "model_signal",
        }
    }
}

/// A chunk that a project keeps.
pub trait KeptChunk: Chunk + Send + Sync {
    fn encode(&self) -> Vec<u8>;
    fn decode(raw: &[u8]) -> Result<Self, Damage>;
}

impl KeptChunk for FactChunk {
    fn encode(&self) -> Vec<u8> {
        fact_blob::encode(self)
    }

    fn decode(raw: &[u8]) -> Result<Self, Damage> {
        fact_blob::decode(raw)
    }
}

impl KeptChunk for SignalChunk {
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
pub fn put(connection: &Connection, table: &str, number: i64, sealed: &[u8]) -> rusqlite::Result<()> {
    let statement = format!(
        "INSERT INTO {table} (chunk, data) VALUES (?1, ?2) ON CONFLICT (chunk) DO UPDATE SET data = excluded.data"
    );
    connection.prepare_cached(&statement)?.execute(params![number, sealed])?;
    Ok(())
}

/// All sealed chunks of a table by their numbers.
pub fn sealed(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    let mut select = connection.prepare(&format!("SELECT chunk, data FROM {table} ORDER BY chunk"))?;
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
