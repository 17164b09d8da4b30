//! Columns as bytes: numbers little-endian, texts end to end, and each part sealed with its length
//! and a hash, so that damage is seen before anything is made of it.
//!
//! A sealed part is
//!
//! | bytes | content |
//! | --- | --- |
//! | 0 | encoding: 0 as it is, 1 zstd |
//! | 1..4 | zero |
//! | 4..8 | length of the raw bytes, at most [`PART`] |
//! | 8..24 | first 16 bytes of the BLAKE3 hash of bytes 0..8 and the payload |
//! | 24.. | payload |
//!
//! This file refuses to know what the columns mean and where they are kept.

use rayon::prelude::*;

/// Raw bytes per part at most: what one hostile part can make the program allocate.
pub const PART: usize = 8 << 20;
/// Raw bytes of a whole column at most; a larger one is refused when saved and when read.
pub const MAX_COLUMN: u64 = 4 << 30;
/// Bytes before the payload. Two sealed parts with the same header have the same content.
pub const HEADER: usize = 24;

/// Stored bytes that are not what was stored. The text says what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damage(pub &'static str);

/// Seals up to [`PART`] raw bytes.
pub fn seal(raw: &[u8]) -> Vec<u8> {
    debug_assert!(raw.len() <= PART);
    // Paths and columns of mostly one value become many times smaller. Numbers that shrink to a
    // half cost more time to unpack, value by value, than the reading that they save.
    let packed = zstd::bulk::compress(raw, 1).ok().filter(|packed| packed.len() < raw.len() / 3);
    let (encoding, payload) = match &packed {
        Some(packed) => (1, packed.as_slice()),
        None => (0, raw),
    };
    let mut sealed = Vec::with_capacity(HEADER + payload.len());
    sealed.extend([encoding, 0, 0, 0]);
    sealed.extend((raw.len() as u32).to_le_bytes());
    let hash = hash(&sealed, payload);
    sealed.extend(hash);
    sealed.extend(payload);
    sealed
}

/// The raw bytes of a sealed part.
pub fn unseal(sealed: &[u8]) -> Result<Vec<u8>, Damage> {
    let mut raw = vec![0; raw_len(sealed)?];
    unseal_into(sealed, &mut raw)?;
    Ok(raw)
}

/// Cuts raw bytes into sealed parts; nothing is one empty part.
pub fn seal_column(raw: &[u8]) -> Vec<Vec<u8>> {
    if raw.is_empty() {
        return vec![seal(raw)];
    }
    raw.par_chunks(PART).map(seal).collect()
}

/// The raw bytes of a column from its sealed parts in order.
pub fn unseal_column<S: AsRef<[u8]> + Sync>(parts: &[S]) -> Result<Vec<u8>, Damage> {
    let mut lens = Vec::with_capacity(parts.len());
    let mut total = 0u64;
    for part in parts {
        let len = raw_len(part.as_ref())?;
        total += len as u64;
        lens.push(len);
    }
    if total > MAX_COLUMN {
        return Err(Damage("the column claims more bytes than a project holds"));
    }
    let mut raw = Vec::new();
    raw.try_reserve_exact(total as usize).map_err(|_| Damage("the column does not fit into memory"))?;
    raw.resize(total as usize, 0);
    let mut rest = raw.as_mut_slice();
    let mut targets = Vec::with_capacity(parts.len());
    for len in lens {
        let (target, after) = rest.split_at_mut(len);
        targets.push(target);
        rest = after;
    }
    parts.par_iter().zip(targets).try_for_each(|(part, target)| unseal_into(part.as_ref(), target))?;
    Ok(raw)
}

/// The length of the raw bytes that a sealed part claims to hold.
fn raw_len(sealed: &[u8]) -> Result<usize, Damage> {
    match sealed.first_chunk::<HEADER>() {
        Some([encoding, 0, 0, 0, a, b, c, d, ..]) => {
            let len = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            if len > PART {
                return Err(Damage("a part claims more bytes than a part has"));
            }
            if *encoding == 0 && len != sealed.len() - HEADER {
                return Err(Damage("a part has another length than it claims"));
            }
            Ok(len)
        }
        _ => Err(Damage("a part has no header")),
    }
}

/// Fills `raw`, which has the length that the part claims.
fn unseal_into(sealed: &[u8], raw: &mut [u8]) -> Result<(), Damage> {
    let (Some(head), Some(payload)) = (sealed.first_chunk::<HEADER>(), sealed.get(HEADER..)) else {
        return Err(Damage("a part has no header"));
    };
    if hash(&head[..8], payload) != head[8..] {
        return Err(Damage("a part's content does not have its hash"));
    }
    match head[0] {
        0 if payload.len() == raw.len() => {
            raw.copy_from_slice(payload);
            Ok(())
        }
        1 => match zstd::bulk::decompress_to_buffer(payload, raw) {
            Ok(len) if len == raw.len() => Ok(()),
            _ => Err(Damage("a part does not decompress to its length")),
        },
        _ => Err(Damage("a part has an unknown encoding")),
    }
}

fn hash(head: &[u8], payload: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(head);
    hasher.update(payload);
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

/// A number that columns are made of.
pub trait Number: Copy + Send + Sync {
    /// Bytes of one.
    const SIZE: usize;
    fn write(self, to: &mut Vec<u8>);
    /// From exactly [`Self::SIZE`] bytes; other lengths give zero.
    fn read(from: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Number for $number {
            const SIZE: usize = size_of::<$number>();

            fn write(self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn read(from: &[u8]) -> Self {
                from.try_into().map(<$number>::from_le_bytes).unwrap_or_default()
            }
        }
    )* };
}
numbers!(u8, i8, u16, u32, u64, i64, f32, f64);

/// Short hashes and sketches lie in columns as numbers do.
impl<const N: usize> Number for [u8; N] {
    const SIZE: usize = N;

    fn write(self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self);
    }

    fn read(from: &[u8]) -> Self {
        from.try_into().unwrap_or([0; N])
    }
}

/// Long hashes and descriptions lie one row's after another's.
macro_rules! rows_of_numbers {
    ($($number:ty),*) => { $(
        impl<const N: usize> Number for [$number; N] {
            const SIZE: usize = N * size_of::<$number>();

            fn write(self, to: &mut Vec<u8>) {
                self.into_iter().for_each(|number| number.write(to));
            }

            fn read(from: &[u8]) -> Self {
                let mut numbers = [<$number>::default(); N];
                for (number, bytes) in numbers.iter_mut().zip(from.chunks_exact(size_of::<$number>())) {
                    *number = Number::read(bytes);
                }
                numbers
            }
        }
    )* };
}
rows_of_numbers!(u64, i8);

/// Appends numbers.
pub fn write_all<T: Number>(to: &mut Vec<u8>, values: impl IntoIterator<Item = T>) {
    let values = values.into_iter();
    to.reserve(values.size_hint().0 * T::SIZE);
    for value in values {
        value.write(to);
    }
}

/// Numbers as bytes.
pub fn numbers<T: Number>(values: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_all(&mut bytes, values);
    bytes
}

/// The numbers in these bytes.
pub fn read_all<T: Number>(raw: &[u8]) -> Result<Vec<T>, Damage> {
    if !raw.len().is_multiple_of(T::SIZE) {
        return Err(Damage("a column's length is not a whole number of values"));
    }
    Ok(raw.chunks_exact(T::SIZE).map(T::read).collect())
}

/// Exactly `rows` numbers.
pub fn read_rows<T: Number>(raw: &[u8], rows: usize) -> Result<Vec<T>, Damage> {
    if Some(raw.len()) != rows.checked_mul(T::SIZE) {
        return Err(Damage("a column has another number of rows than the dataset"));
    }
    read_all(raw)
}

/// Reads fields one after the other.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Damage> {
        let (field, rest) = self.0.split_at_checked(count).ok_or(Damage("the content ends early"))?;
        self.0 = rest;
        Ok(field)
    }

    /// The next `count` numbers.
    pub fn numbers<T: Number>(&mut self, count: usize) -> Result<Vec<T>, Damage> {
        let bytes = count.checked_mul(T::SIZE).ok_or(Damage("a count is too large"))?;
        read_all(self.take(bytes)?)
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), Damage> {
        if self.0.is_empty() { Ok(()) } else { Err(Damage("there is more content than there should be")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_join_to_the_column() {
        for len in [0, 1, PART - 1, PART, PART + 1] {
            let raw: Vec<u8> = (0..len).map(|at| (at / 7) as u8).collect();
            let parts = seal_column(&raw);
            assert_eq!(parts.len(), len.div_ceil(PART).max(1));
            assert_eq!(unseal_column(&parts).as_deref(), Ok(raw.as_slice()), "{len}");
        }
    }

    #[test]
    fn a_part_that_claims_too_much_is_refused_before_memory_is_taken() {
        let mut sealed = seal(&[0; 1000]);
        sealed[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(unseal(&sealed), Err(Damage("a part claims more bytes than a part has")));
    }

    proptest! {
        #[test]
        fn sealing_comes_back_and_no_flipped_bit_goes_unseen(
            raw in prop::collection::vec(0..4u8, 0..600), at: prop::sample::Index, bit in 0..8u8
        ) {
            let mut sealed = seal(&raw);
            prop_assert_eq!(unseal(&sealed), Ok(raw));
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(unseal(&sealed).is_err());
        }
    }
}
