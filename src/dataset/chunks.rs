//! Columns cut into chunks of rows that snapshots share.
//!
//! A snapshot clones pointers; a write copies at most one chunk that a snapshot still holds. This file
//! refuses to know what the columns are of.

use std::sync::Arc;

use super::SampleId;

/// Rows per chunk.
pub const CHUNK: usize = 4096;

/// Up to [`CHUNK`] rows of some columns.
pub trait Chunk: Clone {
    type Row;

    /// Rows of which nothing is known.
    fn of_rows(rows: usize) -> Self;
    fn rows(&self) -> usize;
    fn row(&self, row: usize) -> Self::Row;
    fn set_row(&mut self, row: usize, value: &Self::Row);

    /// Cut or filled to so many rows; nothing is known of added ones.
    fn resized(self, rows: usize) -> Self {
        if self.rows() == rows {
            return self;
        }
        let mut resized = Self::of_rows(rows);
        for row in 0..rows.min(self.rows()) {
            resized.set_row(row, &self.row(row));
        }
        resized
    }
}

/// The chunks of a whole dataset, in row order; all but the last have [`CHUNK`] rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunks<C> {
    chunks: Vec<Arc<C>>,
    len: usize,
}

impl<C> Default for Chunks<C> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<C: Chunk> Chunks<C> {
    /// Puts columns together from their chunks, or `None` where one but the last has other than
    /// [`CHUNK`] rows.
    pub fn from_chunks(chunks: Vec<Arc<C>>) -> Option<Self> {
        let (last, whole) = match chunks.split_last() {
            Some((last, whole)) => (last.rows(), whole),
            None => return Some(Self::default()),
        };
        if whole.iter().any(|chunk| chunk.rows() != CHUNK) || last == 0 || last > CHUNK {
            return None;
        }
        let len = whole.len() * CHUNK + last;
        Some(Self { chunks, len })
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends rows of which nothing is known, up to `samples` rows.
    pub fn grow(&mut self, samples: usize) {
        while self.len < samples {
            let last = self.len % CHUNK;
            let rows = (samples - self.len).min(CHUNK - last);
            match self.chunks.last_mut().filter(|_| last > 0) {
                Some(chunk) => *chunk = Arc::new(C::clone(chunk).resized(last + rows)),
                None => self.chunks.push(Arc::new(C::of_rows(rows))),
            }
            self.len += rows;
        }
    }

    pub fn get(&self, sample: SampleId) -> C::Row {
        let at = sample as usize;
        self.chunks[at / CHUNK].row(at % CHUNK)
    }

    pub fn set(&mut self, sample: SampleId, value: &C::Row) {
        let at = sample as usize;
        self.chunk_mut(at / CHUNK).set_row(at % CHUNK, value);
    }

    /// A chunk to write to; it is copied where it is shared.
    pub fn chunk_mut(&mut self, number: usize) -> &mut C {
        Arc::make_mut(&mut self.chunks[number])
    }

    pub fn chunks(&self) -> &[Arc<C>] {
        &self.chunks
    }
}
