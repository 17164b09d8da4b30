//! A chunk of rows as raw bytes, and back: columns that say their name, type and length.
//!
//! Layout: number of rows and number of columns as `u32`, then each column: length of its name (1
//! byte), the name, its type (1 byte, see [`Cell`]), length in bytes (`u32`), values. A column that is
//! missing is the reader's to fill and one that it does not ask for is skipped, so that a column more
//! needs no new format.
//!
//! This file refuses to know what the columns mean.

use super::blob::{Damage, Fields, Number, numbers, write_all};
use crate::dataset::chunks::CHUNK;

/// Columns in a chunk at most, far more than there are.
const MAX_COLUMNS: usize = 256;

/// A value of a column.
pub trait Cell: Number {
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

impl Cell for u64 {
    const TYPE: u8 = 6;
}

impl Cell for [u64; 4] {
    const TYPE: u8 = 7;
}

impl Cell for [u64; 7] {
    const TYPE: u8 = 8;
}

impl Cell for [u8; 246] {
    const TYPE: u8 = 10;
}

impl Cell for [i8; 128] {
    const TYPE: u8 = 9;
}

#[derive(Default)]
pub struct Writer {
    count: u32,
    body: Vec<u8>,
}

impl Writer {
    pub fn put<T: Cell>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        let values = numbers(values);
        self.count += 1;
        // Names are ours and short, and a chunk's columns far below 4 GiB.
        self.body.push(name.len() as u8);
        self.body.extend(name.as_bytes());
        self.body.push(T::TYPE);
        write_all(&mut self.body, [values.len() as u32]);
        self.body.extend(values);
    }

    pub fn finish(self, rows: usize) -> Vec<u8> {
        let mut raw = numbers([rows as u32, self.count]);
        raw.extend(self.body);
        raw
    }
}

/// The columns in a chunk's bytes.
pub struct Columns<'a> {
    /// 1 to [`CHUNK`].
    pub rows: usize,
    /// Name, type and values of each.
    columns: Vec<(&'a [u8], u8, &'a [u8])>,
}

impl<'a> Columns<'a> {
    pub fn read(raw: &'a [u8]) -> Result<Self, Damage> {
        let mut fields = Fields(raw);
        let rows = fields.numbers::<u32>(1)?[0] as usize;
        if rows == 0 || rows > CHUNK {
            return Err(Damage("a chunk has another number of rows than a chunk can"));
        }
        let count = fields.numbers::<u32>(1)?[0] as usize;
        if count > MAX_COLUMNS {
            return Err(Damage("a chunk claims more columns than there are"));
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
    pub fn get<T: Cell>(&self, name: &str) -> Result<Option<Vec<T>>, Damage> {
        let Some((_, kind, values)) = self.columns.iter().find(|(known, _, _)| *known == name.as_bytes())
        else {
            return Ok(None);
        };
        if *kind != T::TYPE {
            return Err(Damage("a column has another type than it should"));
        }
        super::blob::read_rows(values, self.rows).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_another_type_or_length_is_damage() {
        let mut typed = Writer::default();
        typed.put("width", [0.5f32]);
        assert!(Columns::read(&typed.finish(1)).unwrap().get::<u32>("width").is_err());
        let mut short = Writer::default();
        short.put("width", [1u32]);
        assert!(Columns::read(&short.finish(2)).unwrap().get::<u32>("width").is_err());
    }
}
