//! What a model says of samples as raw bytes, and back. Each sample has a stamp of the file that it was: of
//! one that is another by now nothing is known.
//!
//! This file refuses to know where the bytes are kept.

use super::blob::{Damage, Fields, numbers, read_rows, write_all};
use super::thumbnails::stamp;
use crate::dataset::{Dataset, ModelColumn, ModelColumns};

/// The layout of the bytes; another one is read as damage, and what it says is computed again when asked for.
const VERSION: u32 = 1;

/// The columns of a dataset as bytes.
pub fn encode(columns: &ModelColumns, dataset: &Dataset) -> Vec<u8> {
    let mut raw = numbers([VERSION, dataset.len() as u32]);
    write_all(&mut raw, [columns.step]);
    for text in [&columns.of, &columns.weights] {
        write_all(&mut raw, [text.len() as u32]);
        raw.extend(text.as_bytes());
    }
    write_all(&mut raw, (0..dataset.len()).map(|row| stamp(dataset.bytes[row], dataset.modified_ms[row])));
    for column in ModelColumn::ALL {
        write_all(&mut raw, (0..dataset.len()).map(|row| columns.value(column, row as u32)));
    }
    raw
}

/// The columns in these bytes, of a dataset that may have more samples by now and changed ones.
pub fn decode(raw: &[u8], dataset: &Dataset) -> Result<ModelColumns, Damage> {
    let mut fields = Fields(raw);
    let head = fields.numbers::<u32>(2)?;
    if head[0] != VERSION {
        return Err(Damage("what a model says has another layout"));
    }
    let rows = head[1] as usize;
    let step = fields.numbers::<u64>(1)?[0];
    let mut text = || {
        let length = fields.numbers::<u32>(1)?[0] as usize;
        let text = std::str::from_utf8(fields.take(length)?);
        text.map(str::to_owned).map_err(|_| Damage("a name is no text"))
    };
    let (of, weights) = (text()?, text()?);
    let mut column = |size: usize| {
        let bytes = rows.checked_mul(size).ok_or(Damage("a count is too large"))?;
        fields.take(bytes)
    };
    let stamps: Vec<u64> = read_rows(column(size_of::<u64>())?, rows)?;
    let is_same = |(row, kept): (usize, &u64)| {
        row < dataset.len() && *kept == stamp(dataset.bytes[row], dataset.modified_ms[row])
    };
    let same: Vec<bool> = stamps.iter().enumerate().map(is_same).collect();
    let mut columns = ModelColumns::new(of, weights, step, dataset.len());
    for which in ModelColumn::ALL {
        let mut values: Vec<f32> = read_rows(column(size_of::<f32>())?, rows)?;
        values
            .iter_mut()
            .zip(&same)
            .filter(|(_, is_same)| !**is_same)
            .for_each(|(value, _)| *value = f32::NAN);
        values.resize(dataset.len(), f32::NAN);
        columns = columns.with_column(which, values);
    }
    fields.end()?;
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{DatasetBuilder, Layout, NewSample};

    fn dataset(sizes: &[u64]) -> Dataset {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for (at, bytes) in sizes.iter().enumerate() {
            builder.push(NewSample { path: &format!("{at}.png"), bytes: *bytes, ..Default::default() });
        }
        builder.finish().0
    }

    #[test]
    fn columns_come_back_but_those_of_changed_samples_and_damage_does_not() {
        let old = dataset(&[10, 20, 30]);
        let values = |from: f32| vec![from, from + 1.0, f32::NAN];
        let mut columns = ModelColumns::new("runs/ä".into(), "ab".repeat(32), 7, 3);
        for (at, column) in ModelColumn::ALL.into_iter().enumerate() {
            columns = columns.with_column(column, values(at as f32 * 10.0));
        }
        let raw = encode(&columns, &old);
        let back = decode(&raw, &old).unwrap();
        assert_eq!((&back.of, &back.weights, back.step, back.known()), (&columns.of, &columns.weights, 7, 2));
        // The second file has another size, and there is one more.
        let now = decode(&raw, &dataset(&[10, 21, 30, 40])).unwrap();
        for column in ModelColumn::ALL {
            assert_eq!(now.value(column, 0), columns.value(column, 0));
            assert!((1..4).all(|sample| now.value(column, sample).is_nan()));
            assert_eq!((back.value(column, 1), now.column(column).len()), (columns.value(column, 1), 4));
        }
        // Fewer samples than were kept.
        assert_eq!(decode(&raw, &dataset(&[10])).unwrap().known(), 1);
        for len in 0..raw.len() {
            assert!(decode(&raw[..len], &old).is_err(), "{len}");
        }
        let mut other = raw.clone();
        other[0] ^= 1;
        assert!(decode(&other, &old).is_err());
        let mut many = raw;
        many[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(decode(&many, &old).is_err());
    }
}
