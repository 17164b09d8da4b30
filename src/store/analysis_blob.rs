//! What an analysis found as raw bytes, and back, in three parts: the pairs of near-duplicates, which
//! depend on a method, what is said of labels, which follows from them, and the rest. Each begins with a stamp of what it was worked out of: bytes of
//! another stamp are no answer any more.
//!
//! This file refuses to know where the bytes are kept.

use std::sync::Arc;

use super::blob::{Damage, Fields, Number, numbers, write_all};
use crate::analysis::evidence::By;
use crate::analysis::groups::Forest;
use crate::analysis::hamming::Pair;
use crate::analysis::neighbours::{NONE, Neighbours};
use crate::analysis::outliers::nearest;
use crate::dataset::{Flag, Score};
use crate::review::{Alike, Analysed, Method, Near};

/// The stamp of what something was worked out of.
pub type Stamp = [u8; 16];

/// The layout of the bytes; another one is read as damage and so worked out again.
const VERSION: u32 = 2;

/// The pairs as bytes.
pub fn encode_alike(alike: &Alike, stamp: &Stamp) -> Vec<u8> {
    let mut raw = begin(stamp);
    let method = Method::ALL.iter().position(|method| *method == alike.method).unwrap_or(0);
    write_all(&mut raw, [method as u32, u32::from(alike.symmetries), alike.radius]);
    write_all(&mut raw, [u32::from(alike.is_partial), alike.forest.rows() as u32]);
    put(&mut raw, alike.pairs.iter().map(|pair| pair.a));
    put(&mut raw, alike.pairs.iter().map(|pair| pair.b));
    put(&mut raw, alike.pairs.iter().map(|pair| pair.distance));
    put(&mut raw, alike.by.iter().map(|by| by.bits()));
    raw
}

/// The pairs in these bytes; `None` where they are of another stamp.
pub fn decode_alike(raw: &[u8], stamp: &Stamp) -> Result<Option<Alike>, Damage> {
    let Some(mut fields) = open(raw, stamp)? else { return Ok(None) };
    let head: Vec<u32> = fields.numbers(5)?;
    let [method, symmetries, radius, is_partial, rows] = head[..] else {
        return Err(Damage("the pairs have no head"));
    };
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
    let (symmetries, is_partial) = (symmetries != 0, is_partial != 0);
    Ok(Some(Alike { method, symmetries, pairs, by, forest, radius, is_partial }))
}

/// What is said of labels as bytes.
pub fn encode_labels(analysed: &Analysed, stamp: &Stamp) -> Vec<u8> {
    let mut raw = begin(stamp);
    write_all(&mut raw, [analysed.usual[Flag::WrongLabel as usize].unwrap_or(f32::NAN)]);
    let scores = &analysed.scores[Score::Label as usize];
    put(&mut raw, scores.iter().flat_map(|values| values.iter().copied()));
    put(&mut raw, analysed.suggested.iter().copied());
    raw
}

/// What is said of labels in these bytes, and nothing else; `None` where they are of another stamp.
pub fn decode_labels(raw: &[u8], stamp: &Stamp) -> Result<Option<Analysed>, Damage> {
    let Some(mut fields) = open(raw, stamp)? else { return Ok(None) };
    let mut analysed = Analysed::default();
    let usual = fields.numbers::<f32>(1)?[0];
    analysed.usual[Flag::WrongLabel as usize] = (!usual.is_nan()).then_some(usual);
    let scores: Vec<f32> = get(&mut fields)?;
    analysed.scores[Score::Label as usize] = (!scores.is_empty()).then(|| Arc::new(scores));
    analysed.suggested = Arc::new(get(&mut fields)?);
    fields.end()?;
    Ok(Some(analysed))
}

/// All but the pairs and what is said of labels as bytes.
pub fn encode_rest(analysed: &Analysed, stamp: &Stamp) -> Vec<u8> {
    let mut raw = begin(stamp);
    write_all(&mut raw, [analysed.looked_at as u32]);
    write_all(&mut raw, [analysed.scale_free]);
    write_all(&mut raw, analysed.usual.map(|usual| usual.unwrap_or(f32::NAN)));
    for score in kept_scores() {
        let values = &analysed.scores[score as usize];
        put(&mut raw, values.iter().flat_map(|values| values.iter().copied()));
    }
    let Neighbours { each, place_of, first, copies, rows, distances } = &analysed.near.neighbours;
    write_all(&mut raw, [*each as u32]);
    for column in [place_of, first, copies, rows, distances] {
        put(&mut raw, column.iter().copied());
    }
    raw
}

/// All but the pairs and what is said of labels in these bytes; `None` where they are of another stamp.
pub fn decode_rest(raw: &[u8], stamp: &Stamp) -> Result<Option<Analysed>, Damage> {
    let Some(mut fields) = open(raw, stamp)? else { return Ok(None) };
    let looked_at = fields.numbers::<u32>(1)?[0] as usize;
    let scale_free = fields.numbers::<f32>(1)?[0];
    let mut analysed = Analysed { looked_at, scale_free, ..Analysed::default() };
    let usual = fields.numbers::<f32>(Flag::ALL.len())?;
    for (to, usual) in analysed.usual.iter_mut().zip(usual) {
        *to = (!usual.is_nan()).then_some(usual);
    }
    for score in kept_scores() {
        let values: Vec<f32> = get(&mut fields)?;
        analysed.scores[score as usize] = (!values.is_empty()).then(|| Arc::new(values));
    }
    let each = fields.numbers::<u32>(1)?[0] as usize;
    let (place_of, first): (Vec<u32>, Vec<u32>) = (get(&mut fields)?, get(&mut fields)?);
    let (copies, rows): (Vec<u32>, Vec<u32>) = (get(&mut fields)?, get(&mut fields)?);
    let distances: Vec<u32> = get(&mut fields)?;
    fields.end()?;
    let is_place = |place: &u32| (*place as usize) < first.len();
    let is_described = |row: &u32| place_of.get(*row as usize).is_some_and(is_place);
    if copies.len() != first.len()
        || first.len().checked_mul(each) != Some(rows.len())
        || rows.len() != distances.len()
        || !place_of.iter().all(|place| is_place(place) || *place == NONE)
        || !first.iter().chain(&rows).all(is_described)
    {
        return Err(Damage("the neighbours are not those of the samples"));
    }
    let neighbours = Neighbours { each, place_of, first, copies, rows, distances };
    analysed.scores[Score::Distance as usize] = Some(Arc::new(nearest(&neighbours)));
    analysed.near = Arc::new(Near { neighbours });
    Ok(Some(analysed))
}

/// The scores that are written: the distance is there again from the neighbours.
fn kept_scores() -> impl Iterator<Item = Score> {
    Score::ALL.into_iter().filter(|score| *score != Score::Distance)
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
            is_partial: true,
        };
        let mut analysed =
            Analysed { looked_at: 6, scale_free: 0.25, alike: alike.into(), ..Analysed::default() };
        analysed.scores[2] = Some(Arc::new(vec![0.5, 1.0, 0.0]));
        analysed.usual[Flag::OddSize as usize] = Some(0.5);
        let neighbours = Neighbours {
            each: 1,
            place_of: vec![0, NONE, NONE, 1, NONE, 1],
            first: vec![0, 3],
            copies: vec![1, 2],
            rows: vec![3, 0],
            distances: vec![7, 7],
        };
        analysed.near = Near { neighbours }.into();
        analysed.suggested = Arc::new(vec![1, u32::MAX]);
        analysed.scores[Score::Label as usize] = Some(Arc::new(vec![0.25, f32::INFINITY]));
        analysed.usual[Flag::WrongLabel as usize] = Some(0.375);
        analysed
    }

    #[test]
    fn an_analysis_comes_back_and_damage_does_not() {
        let analysed = analysed();
        let (stamp, other) = ([7; 16], [8; 16]);
        let (alike, rest) = (encode_alike(&analysed.alike, &stamp), encode_rest(&analysed, &stamp));
        let labels = encode_labels(&analysed, &stamp);
        assert_eq!(decode_alike(&alike, &stamp).unwrap().unwrap(), *analysed.alike);
        let back = decode_rest(&rest, &stamp).unwrap().unwrap();
        let mut back = back.with_labels_of(&decode_labels(&labels, &stamp).unwrap().unwrap());
        // Not kept, and there all the same: a copy is as near as can be, and who has no description has no distance.
        let distances = back.scores[Score::Distance as usize].take().unwrap();
        assert_eq!((distances.len(), distances[3], distances[5]), (6, 0.0, 0.0));
        assert!(distances[0] > 0.0 && distances[1].is_nan());
        assert_eq!(back, Analysed { alike: back.alike.clone(), ..analysed });
        assert_eq!(decode_alike(&alike, &other), Ok(None));
        assert_eq!(decode_rest(&rest, &other), Ok(None));
        assert_eq!(decode_labels(&labels, &other), Ok(None));
        for len in 0..alike.len() {
            assert!(decode_alike(&alike[..len], &stamp).is_err(), "{len}");
        }
        for len in 0..labels.len() {
            assert!(decode_labels(&labels[..len], &stamp).is_err(), "{len}");
        }
        for len in 0..rest.len() {
            assert!(decode_rest(&rest[..len], &stamp).is_err(), "{len}");
        }
    }
}
