//! What an analysis found as raw bytes, and back, in two parts: the pairs of near-duplicates, which
//! depend on a method, and the rest. Each begins with a stamp of what it was worked out of: bytes of
//! another stamp are no answer any more.
//!
//! This file refuses to know where the bytes are kept.

use std::sync::Arc;

use super::blob::{Damage, Fields, Number, numbers, write_all};
use crate::analysis::evidence::By;
use crate::analysis::groups::Forest;
use crate::analysis::hamming::Pair;
use crate::analysis::neighbours::Neighbours;
use crate::dataset::{Flag, Score};
use crate::review::{Alike, Analysed, Method, Near};

/// The stamp of what something was worked out of.
pub type Stamp = [u8; 16];

/// The layout of the bytes; another one is read as damage and so worked out again.
const VERSION: u32 = 1;

/// The pairs as bytes.
pub fn encode_alike(alike: &Alike, stamp: &Stamp) -> Vec<u8> {
    let mut raw = begin(stamp);
    let method = Method::ALL.iter().position(|method| *method == alike.method).unwrap_or(0);
    write_all(&mut raw, [method as u32, u32::from(alike.symmetries), alike.radius]);
    write_all(&mut raw, [alike.forest.rows() as u32]);
    put(&mut raw, alike.pairs.iter().map(|pair| pair.a));
    put(&mut raw, alike.pairs.iter().map(|pair| pair.b));
    put(&mut raw, alike.pairs.iter().map(|pair| pair.distance));
    put(&mut raw, alike.by.iter().map(|by| by.bits()));
    raw
}

/// The pairs in these bytes; `None` where they are of another stamp.
pub fn decode_alike(raw: &[u8], stamp: &Stamp) -> Result<Option<Alike>, Damage> {
    let Some(mut fields) = open(raw, stamp)? else { return Ok(None) };
    let head: Vec<u32> = fields.numbers(4)?;
    let [method, symmetries, radius, rows] = head[..] else { return Err(Damage("the pairs have no head")) };
    let method = *Method::ALL.get(method as usize).ok_or(Damage("the pairs are by an unknown method"))?;
    let (a, b): (Vec<u32>, Vec<u32>) = (get(&mut fields)?, get(&mut fields)?);
    let (distances, by): (Vec<u16>, Vec<u8>) = (get(&mut fields)?, get(&mut fields)?);
    fields.end()?;
    let whole = a.len() == b.len() && a.len() == distances.len() && (by.is_empty() || by.len() == a.len());
    let is_pair = |(a, b): (&u32, &u32)| a < b && *b < rows;
    if !whole || !a.iter().zip(&b).all(is_pair) || rows as usize > MAX_ROWS {
        return Err(Damage("the pairs are not pairs of rows"));
    }
    let pair = |((a, b), distance)| Pair { a, b, distance };
    let pairs: Vec<Pair> = a.into_iter().zip(b).zip(distances).map(pair).collect();
    let forest = Forest::new(rows as usize, &pairs);
    let by = by.into_iter().map(By::from_bits).collect();
    Ok(Some(Alike { method, symmetries: symmetries != 0, pairs, by, forest, radius }))
}

/// All but the pairs as bytes.
pub fn encode_rest(analysed: &Analysed, stamp: &Stamp) -> Vec<u8> {
    let mut raw = begin(stamp);
    write_all(&mut raw, [analysed.looked_at as u32]);
    write_all(&mut raw, analysed.usual.map(|usual| usual.unwrap_or(f32::NAN)));
    for values in &analysed.scores {
        put(&mut raw, values.iter().flat_map(|values| values.iter().copied()));
    }
    let Near { samples, row_of, neighbours } = &*analysed.near;
    put(&mut raw, samples.iter().copied());
    put(&mut raw, row_of.iter().copied());
    write_all(&mut raw, [neighbours.each as u32]);
    put(&mut raw, neighbours.rows.iter().copied());
    put(&mut raw, neighbours.distances.iter().copied());
    put(&mut raw, analysed.suggested.iter().copied());
    raw
}

/// All but the pairs in these bytes; `None` where they are of another stamp.
pub fn decode_rest(raw: &[u8], stamp: &Stamp) -> Result<Option<Analysed>, Damage> {
    let Some(mut fields) = open(raw, stamp)? else { return Ok(None) };
    let looked_at = fields.numbers::<u32>(1)?[0] as usize;
    let mut analysed = Analysed { looked_at, ..Analysed::default() };
    let usual = fields.numbers::<f32>(Flag::ALL.len())?;
    for (to, usual) in analysed.usual.iter_mut().zip(usual) {
        *to = (!usual.is_nan()).then_some(usual);
    }
    for at in 0..Score::ALL.len() {
        let values: Vec<f32> = get(&mut fields)?;
        analysed.scores[at] = (!values.is_empty()).then(|| Arc::new(values));
    }
    let (samples, row_of): (Vec<u32>, Vec<u32>) = (get(&mut fields)?, get(&mut fields)?);
    let each = fields.numbers::<u32>(1)?[0] as usize;
    let (rows, distances): (Vec<u32>, Vec<u32>) = (get(&mut fields)?, get(&mut fields)?);
    analysed.suggested = Arc::new(get(&mut fields)?);
    fields.end()?;
    let count = samples.len();
    let fits = |row: &u32| (*row as usize) < count;
    let none = |row: &u32| *row == u32::MAX;
    if samples.len().checked_mul(each) != Some(rows.len())
        || rows.len() != distances.len()
        || !rows.iter().all(fits)
        || !row_of.iter().all(|row| fits(row) || none(row))
        || !samples.iter().all(|sample| (*sample as usize) < row_of.len())
    {
        return Err(Damage("the neighbours are not those of the samples"));
    }
    let neighbours = Neighbours { each, rows, distances };
    analysed.near = Arc::new(Near { samples, row_of, neighbours });
    Ok(Some(analysed))
}

/// Rows that a dataset can have: numbers above are damage.
const MAX_ROWS: usize = 1 << 31;

fn begin(stamp: &Stamp) -> Vec<u8> {
    let mut raw = numbers([VERSION]);
    raw.extend(stamp);
    raw
}

/// The fields after the stamp; `None` where that is another one.
fn open<'a>(raw: &'a [u8], stamp: &Stamp) -> Result<Option<Fields<'a>>, Damage> {
    let mut fields = Fields(raw);
    if fields.numbers::<u32>(1)?[0] != VERSION {
        return Err(Damage("what an analysis found has another layout"));
    }
    Ok((fields.take(stamp.len())? == stamp).then_some(fields))
}

/// A column: its length and its values.
fn put<T: Number>(raw: &mut Vec<u8>, values: impl Iterator<Item = T>) {
    let at = raw.len();
    write_all(raw, [0u32]);
    let before = raw.len();
    write_all(raw, values);
    let count = ((raw.len() - before) / T::SIZE) as u32;
    raw[at..before].copy_from_slice(&count.to_le_bytes());
}

fn get<T: Number>(fields: &mut Fields<'_>) -> Result<Vec<T>, Damage> {
    let count = fields.numbers::<u32>(1)?[0] as usize;
    fields.numbers(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analysed() -> Analysed {
        let pairs = vec![
            Pair { a: 0, b: 2, distance: 4 },
            Pair { a: 1, b: 2, distance: 0 },
            Pair { a: 3, b: 5, distance: 900 },
        ];
        let alike = Alike {
            method: Method::Combined,
            symmetries: true,
            by: vec![By::from_bits(4), By::from_bits(1), By::from_bits(8)],
            forest: Forest::new(6, &pairs),
            pairs,
            radius: 1000,
        };
        let mut analysed = Analysed { looked_at: 6, alike: alike.into(), ..Analysed::default() };
        analysed.scores[2] = Some(Arc::new(vec![0.5, 1.0, 0.0]));
        analysed.usual[Flag::OddSize as usize] = Some(0.5);
        let neighbours = Neighbours { each: 1, rows: vec![1, 0], distances: vec![7, 7] };
        let none = u32::MAX;
        analysed.near =
            Near { samples: vec![0, 3], row_of: vec![0, none, none, 1, none, none], neighbours }.into();
        analysed.suggested = Arc::new(vec![1, u32::MAX]);
        analysed
    }

    #[test]
    fn an_analysis_comes_back_and_damage_does_not() {
        let analysed = analysed();
        let (stamp, other) = ([7; 16], [8; 16]);
        let (alike, rest) = (encode_alike(&analysed.alike, &stamp), encode_rest(&analysed, &stamp));
        assert_eq!(decode_alike(&alike, &stamp).unwrap().unwrap(), *analysed.alike);
        let back = decode_rest(&rest, &stamp).unwrap().unwrap();
        assert_eq!(back, Analysed { alike: back.alike.clone(), ..analysed });
        assert_eq!(decode_alike(&alike, &other), Ok(None));
        assert_eq!(decode_rest(&rest, &other), Ok(None));
        for len in 0..alike.len() {
            assert!(decode_alike(&alike[..len], &stamp).is_err(), "{len}");
        }
        for len in 0..rest.len() {
            assert!(decode_rest(&rest[..len], &stamp).is_err(), "{len}");
        }
    }
}
