//! Bits and Huffman codes of JPEG's entropy-coded data (ITU-T T.81, annexes C and F).
//!
//! It knows codes and coefficients, not pixels.

/// Codes of up to this many bits are looked up at once.
const LOOK: u32 = 10;
/// Bits of the table that steps over several coefficients at once.
const SKIP_LOOK: u32 = 12;

/// In an entry of [`Table::fast`]: the value's bits follow and must be read.
const READ_VALUE: u32 = 0x80;
/// In an entry of [`Table::skip`]: the block ends here.
const BLOCK_ENDS: u16 = 0x8000;
/// Further than any block reaches: ends it.
const TO_END: usize = 64;

/// Reads entropy-coded bytes as bits, most significant first, and takes out stuffed zeros. At a
/// marker or the end it goes on with zeros and remembers that.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, from the top.
    buffer: u64,
    /// How many of them count.
    count: u32,
    /// How many of the bits taken in are made up.
    invented: u64,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, buffer: 0, count: 0, invented: 0 }
    }

    /// Whether made-up bits were used.
    pub fn is_overdrawn(&self) -> bool {
        self.invented > u64::from(self.count)
    }

    /// Goes past the restart marker that must come now; `None` when it does not.
    pub fn restart(&mut self) -> Option<()> {
        let kept = u64::from(self.count).checked_sub(self.invented)?;
        let marker = self.bytes.get(self.at..self.at + 2)?;
        if kept >= 8 || marker[0] != 0xFF || !matches!(marker[1], 0xD0..=0xD7) {
            return None;
        }
        *self = Self::new(self.bytes, self.at + 2);
        Some(())
    }

    /// Where the bytes that were not taken in yet begin.
    pub fn end(&self) -> usize {
        self.at
    }

    pub fn bit(&mut self) -> bool {
        self.refill();
        self.take(1) == 1
    }

    /// At least 32 bits to take: enough for the longest code and the longest value.
    #[inline(always)]
    fn refill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some(eight) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_be_bytes(*eight);
            // No byte is 0xFF: the trick that finds a zero byte, on the complement.
            if (!word).wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 == 0 {
                // Bits past `count` are the beginning of the next byte, and come again with it.
                self.buffer |= word >> self.count;
                self.at += ((63 - self.count) >> 3) as usize;
                self.count |= 56;
                return;
            }
        }
        self.refill_by_bytes();
    }

    #[inline(never)]
    fn refill_by_bytes(&mut self) {
        while self.count <= 56 {
            let byte = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                (Some(0xFF), _) | (None, _) => {
                    self.invented += 8;
                    0
                }
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next bits, 1 to 16 of them.
    #[inline(always)]
    fn peek(&self, bits: u32) -> usize {
        (self.buffer >> (64 - bits)) as usize
    }

    #[inline(always)]
    fn drop(&mut self, bits: u32) {
        self.buffer <<= bits;
        self.count -= bits;
    }

    #[inline(always)]
    fn take(&mut self, bits: u32) -> usize {
        let value = self.peek(bits);
        self.drop(bits);
        value
    }

    /// A value of 1 to 15 bits whose sign is its first bit (F.2.2.1, EXTEND).
    #[inline(always)]
    fn value(&mut self, bits: u32) -> i32 {
        extend(self.take(bits) as i32, bits)
    }
}

#[inline(always)]
fn extend(value: i32, bits: u32) -> i32 {
    if value < 1 << (bits - 1) { value - (1 << bits) + 1 } else { value }
}

/// A Huffman table in the forms that decoding wants.
pub(super) struct Table {
    symbols: Vec<u8>,
    /// Per code length: the first code that is longer, in 16 bits.
    limits: [u32; 17],
    /// Per code length: what to add to a code for its symbol's index.
    offsets: [i32; 17],
    /// By the next [`LOOK`] bits: bits of code and value (0: the code is longer), the run before the
    /// coefficient plus the flags in the second byte, and the value, or its size, in the upper half.
    fast: Vec<u32>,
    /// By the next [`SKIP_LOOK`] bits: bits of all whole coefficients in them, how far those
    /// reach, and whether the block ends. 0: not one is whole.
    skip: Vec<u16>,
}

impl Table {
    /// A table of `counts[n]` codes of `n + 1` bits (annex C); `None` when there are more codes than
    /// such bits can tell apart. DC tables (`is_ac` false) hold sizes of up to 15 bits.
    pub fn new(counts: &[u8; 16], symbols: &[u8], is_ac: bool, with_skip: bool) -> Option<Self> {
        if !is_ac && symbols.iter().any(|&size| size > 15) {
            return None;
        }
        let (mut limits, mut offsets) = ([0; 17], [0; 17]);
        let (mut code, mut index) = (0u32, 0usize);
        let mut lengths = vec![0u16; 1 << LOOK];
        for length in 1..=16u32 {
            let count = usize::from(counts[length as usize - 1]);
            offsets[length as usize] = index as i32 - code as i32;
            for _ in 0..count {
                let symbol = *symbols.get(index)?;
                if length <= LOOK {
                    let from = (code << (LOOK - length)) as usize;
                    let entries = lengths.get_mut(from..from + (1 << (LOOK - length)))?;
                    entries.fill((length as u16) << 8 | u16::from(symbol));
                }
                code += 1;
                index += 1;
            }
            if code > 1 << length {
                return None;
            }
            limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        let mut table =
            Self { symbols: symbols.to_vec(), limits, offsets, fast: Vec::new(), skip: Vec::new() };
        table.fast =
            lengths.iter().enumerate().map(|(bits, &entry)| fast_entry(bits, entry, is_ac)).collect();
        if is_ac && with_skip {
            table.skip = (0..1 << SKIP_LOOK).map(|bits| table.skip_entry(bits)).collect();
        }
        Some(table)
    }

    /// The next difference of DC coefficients.
    #[inline(always)]
    pub fn difference(&self, bits: &mut Bits<'_>) -> Option<i32> {
        bits.refill();
        let (size, value) = self.step(bits)?;
        Some(match (size, value) {
            (_, Some(value)) => value,
            (0, None) => 0,
            (size, None) => bits.value(size),
        })
    }

    /// How many zeros come before the next coefficient, and that coefficient. A value of 0 means
    /// that there are only the zeros; the block ends with at least 64 of them.
    #[inline(always)]
    pub fn coefficient(&self, bits: &mut Bits<'_>) -> Option<(usize, i32)> {
        bits.refill();
        let entry = self.fast[bits.peek(LOOK) & ((1 << LOOK) - 1)];
        if entry & 0xFF == 0 {
            let symbol = self.long_symbol(bits)?;
            return Some(match (symbol >> 4, symbol & 15) {
                (15, 0) => (16, 0),
                (_, 0) => (TO_END, 0),
                (run, size) => (usize::from(run), bits.value(u32::from(size))),
            });
        }
        bits.drop(entry & 0x1F);
        let run = (entry >> 8 & 0xFF) as usize;
        let value = (entry as i32) >> 16;
        Some((run, if entry & READ_VALUE == 0 { value } else { bits.value(value as u32) }))
    }

    /// Steps over the 63 coefficients that follow a block's first.
    #[inline(always)]
    pub fn skip_block(&self, bits: &mut Bits<'_>) -> Option<()> {
        let mut at = 1;
        while at < 64 {
            bits.refill();
            let entry = self.skip[bits.peek(SKIP_LOOK) & ((1 << SKIP_LOOK) - 1)];
            let reach = at + usize::from(entry >> 4 & 0x7F);
            // What lies past the block's last coefficient belongs to the next block.
            if entry != 0 && reach < 64 {
                bits.drop(u32::from(entry & 0xF));
                if entry & BLOCK_ENDS != 0 {
                    return Some(());
                }
                at = reach;
                continue;
            }
            let (run, value) = self.coefficient(bits)?;
            at += run + usize::from(value != 0);
            if value != 0 && at > 64 {
                return None;
            }
        }
        Some(())
    }

    /// Size and, when it was within the looked-up bits, value of a DC symbol.
    #[inline(always)]
    fn step(&self, bits: &mut Bits<'_>) -> Option<(u32, Option<i32>)> {
        let entry = self.fast[bits.peek(LOOK) & ((1 << LOOK) - 1)];
        if entry & 0xFF == 0 {
            return Some((u32::from(self.long_symbol(bits)?), None));
        }
        bits.drop(entry & 0x1F);
        let value = (entry as i32) >> 16;
        Some(if entry & READ_VALUE == 0 { (0, Some(value)) } else { (value as u32, None) })
    }

    /// A symbol whose code is longer than [`LOOK`] bits.
    #[inline(never)]
    fn long_symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let next = bits.peek(16) as u32;
        let length = (LOOK + 1..=16).find(|&length| next < self.limits[length as usize])?;
        let index = (next >> (16 - length)) as i32 + self.offsets[length as usize];
        bits.drop(length);
        self.symbols.get(usize::try_from(index).ok()?).copied()
    }

    /// As many whole coefficients as these bits hold.
    fn skip_entry(&self, bits: usize) -> u16 {
        let (mut used, mut reach, mut ends) = (0u32, 0u32, 0);
        loop {
            let rest = (bits << used) & ((1 << SKIP_LOOK) - 1);
            let entry = self.fast[rest >> (SKIP_LOOK - LOOK)];
            let mut length = entry & 0x1F;
            if entry & READ_VALUE != 0 {
                length += entry >> 16;
            }
            if entry & 0xFF == 0 || used + length > SKIP_LOOK {
                break;
            }
            let run = entry >> 8 & 0xFF;
            let is_end = run as usize == TO_END;
            let has_value = entry >> 16 != 0;
            if !is_end && reach + run + u32::from(has_value) > 0x7F {
                break;
            }
            used += length;
            if is_end {
                ends = BLOCK_ENDS;
                break;
            }
            reach += run + u32::from(has_value);
        }
        // 12 bits fit the four that are kept for their number.
        used as u16 | (reach as u16) << 4 | ends
    }
}

/// The entry of [`Table::fast`] for these bits, whose first code has the length and symbol of `entry`.
fn fast_entry(bits: usize, entry: u16, is_ac: bool) -> u32 {
    let (length, symbol) = (u32::from(entry >> 8), u32::from(entry & 0xFF));
    if length == 0 {
        return 0;
    }
    let (run, size) = if is_ac { (symbol >> 4, symbol & 15) } else { (0, symbol) };
    let run = match (is_ac, run, size) {
        (true, 15, 0) => 16,
        (true, _, 0) => TO_END as u32,
        _ => run,
    };
    if size == 0 {
        length | run << 8
    } else if length + size <= LOOK {
        let value = (bits >> (LOOK - length - size)) & ((1 << size) - 1);
        let value = extend(value as i32, size) as i16 as u16;
        (length + size) | run << 8 | u32::from(value) << 16
    } else {
        length | READ_VALUE | run << 8 | size << 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_zeros_are_taken_out_and_markers_stop_the_bits() {
        let bytes = [0xFF, 0x00, 0x81, 0xFF, 0xD0, 0x55];
        let mut bits = Bits::new(&bytes, 0);
        bits.refill();
        assert_eq!(bits.take(16), 0xFF81);
        assert!(!bits.is_overdrawn());
        assert_eq!(bits.end(), 3);
        assert!(bits.restart().is_some());
        bits.refill();
        assert_eq!(bits.take(8), 0x55);
        assert!(!bits.is_overdrawn());
        assert_eq!(bits.take(1), 0);
        assert!(bits.is_overdrawn());
        assert!(bits.restart().is_none());
    }

    #[test]
    fn long_runs_without_markers_give_every_bit() {
        let bytes: Vec<u8> = (0..64u8).collect();
        let mut bits = Bits::new(&bytes, 0);
        for at in 0..64 * 8 / 4 {
            bits.refill();
            let expected = bytes[at / 2] >> (4 * (1 - at % 2)) & 15;
            assert_eq!(bits.take(4), usize::from(expected), "at {at}");
        }
        assert!(!bits.is_overdrawn());
    }

    #[test]
    fn values_have_their_sign_in_the_first_bit() {
        let rows = [(0, 1, -1), (1, 1, 1), (0, 3, -7), (3, 3, -4), (4, 3, 4), (7, 3, 7)];
        for (value, bits, expected) in rows {
            assert_eq!(extend(value, bits), expected);
        }
    }

    /// Codes 0 end, 10 run 0 size 1, 110 run 1 size 3, and one of 12 bits: run 2 size 2.
    fn table(with_skip: bool) -> Table {
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[2], counts[11]) = (1, 1, 1, 1);
        Table::new(&counts, &[0x00, 0x01, 0x13, 0x22], true, with_skip).expect("a sound table")
    }

    #[test]
    fn coefficients_come_with_their_runs() {
        // 10 1 | 110 000 | 111000000000 10 | 0
        let bytes = [0b1011_1000, 0b0111_0000, 0b0000_0100, 0, 0, 0, 0, 0];
        let mut bits = Bits::new(&bytes, 0);
        let table = table(true);
        let found: Vec<_> = (0..4).map(|_| table.coefficient(&mut bits)).collect();
        assert_eq!(found, [Some((0, 1)), Some((1, -7)), Some((2, 2)), Some((TO_END, 0))]);
        let mut skipped = Bits::new(&bytes, 0);
        table.skip_block(&mut skipped).expect("whole");
        assert_eq!((skipped.count, skipped.at), (bits.count, bits.at));
    }

    #[test]
    fn too_many_codes_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Table::new(&counts, &[1, 2, 3], true, false).is_none());
        counts[0] = 2;
        assert!(Table::new(&counts, &[1], true, false).is_none(), "symbols are missing");
        assert!(Table::new(&counts, &[1, 16], false, false).is_none(), "a difference of 16 bits");
    }
}
