//! Values through a table of 256, many at a time where the processor can shuffle by values.
//!
//! This file refuses to know pixels and channels.

/// A table of 256, and what is known of it.
pub struct Lookup<'a> {
    table: &'a [u8; 256],
    bits: Option<Bits>,
}

impl<'a> Lookup<'a> {
    pub fn new(table: &'a [u8; 256]) -> Self {
        Self { table, bits: Bits::of(table) }
    }

    /// Every value becomes what the table has in its place.
    pub fn change(&self, values: &mut [u8]) {
        match self.bits {
            Some(bits) => super::planes::fastest(Change { values, bits }),
            None => look_up(values, self.table),
        }
    }
}

fn look_up(values: &mut [u8], table: &[u8; 256]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = pulp::x86::V4::try_new() {
        return machine.vectorize(x86::Words { machine, values, table });
    } else if let Some(machine) = pulp::x86::V3::try_new() {
        return machine.vectorize(x86::Rows { machine, values, table });
    }
    plain(values, table);
}

/// What a table does that treats bits by themselves: inverting, fewer bits.
#[derive(Clone, Copy)]
struct Bits {
    kept: u8,
    turned: u8,
}

impl Bits {
    fn of(table: &[u8; 256]) -> Option<Self> {
        let bits = Self { kept: table[0] ^ table[255], turned: table[0] };
        (0..=255).zip(table).all(|(value, found)| bits.change(value) == *found).then_some(bits)
    }

    #[inline(always)]
    fn change(self, value: u8) -> u8 {
        (value & self.kept) ^ self.turned
    }
}

struct Change<'a> {
    values: &'a mut [u8],
    bits: Bits,
}

impl pulp::NullaryFnOnce for Change<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for value in self.values {
            *value = self.bits.change(*value);
        }
    }
}

fn plain(values: &mut [u8], table: &[u8; 256]) {
    for value in values {
        *value = table[usize::from(*value)];
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use pulp::cast;
    use pulp::x86::{V3, V4};
    use std::arch::x86_64::{__m128i, __m256i, __m512i};

    /// 64 values at once. The table is 128 words of two bytes in four registers: the upper seven bits of a
    /// value choose a word, the lowest one a byte in it.
    pub struct Words<'a> {
        pub machine: V4,
        pub values: &'a mut [u8],
        pub table: &'a [u8; 256],
    }

    impl pulp::NullaryFnOnce for Words<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let table: [__m512i; 4] = cast(*self.table);
            let (chunks, rest) = self.values.as_chunks_mut::<64>();
            for chunk in chunks {
                *chunk = cast(through_words(self.machine, table, cast(*chunk)));
            }
            if !rest.is_empty() {
                let mut last = [0; 64];
                last[..rest.len()].copy_from_slice(rest);
                last = cast(through_words(self.machine, table, cast(last)));
                rest.copy_from_slice(&last[..rest.len()]);
            }
        }
    }

    #[inline(always)]
    fn through_words(machine: V4, table: [__m512i; 4], values: __m512i) -> __m512i {
        let (wide, words) = (machine.avx512f, machine.avx512bw);
        let splat = |word: u16| -> __m512i { cast([word; 32]) };
        let of_lower = words._mm512_srli_epi16::<1>(values);
        let of_upper = words._mm512_srli_epi16::<9>(values);
        let lower = words._mm512_mask_blend_epi16(
            words._mm512_test_epi16_mask(values, splat(0x0080)),
            words._mm512_permutex2var_epi16(table[0], of_lower, table[1]),
            words._mm512_permutex2var_epi16(table[2], of_lower, table[3]),
        );
        let upper = words._mm512_mask_blend_epi16(
            words._mm512_movepi16_mask(values),
            words._mm512_permutex2var_epi16(table[0], of_upper, table[1]),
            words._mm512_permutex2var_epi16(table[2], of_upper, table[3]),
        );
        // The first and the second bytes of both words; `0xca` chooses by the bits of its first operand.
        let from_lower = splat(0x00ff);
        let even =
            wide._mm512_ternarylogic_epi32::<0xca>(from_lower, lower, words._mm512_slli_epi16::<8>(upper));
        let odd =
            wide._mm512_ternarylogic_epi32::<0xca>(from_lower, words._mm512_srli_epi16::<8>(lower), upper);
        words._mm512_mask_blend_epi8(words._mm512_test_epi8_mask(values, splat(0x0101)), even, odd)
    }

    /// 32 values at once. The table is 16 rows of 16 bytes: the lower half of a value chooses in every row,
    /// and the bits of the upper half choose between rows, pair by pair.
    pub struct Rows<'a> {
        pub machine: V3,
        pub values: &'a mut [u8],
        pub table: &'a [u8; 256],
    }

    impl pulp::NullaryFnOnce for Rows<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let rows: [__m128i; 16] = cast(*self.table);
            let mut table: [__m256i; 16] = [cast([0_u8; 32]); 16];
            for (wide, row) in table.iter_mut().zip(rows) {
                *wide = self.machine.avx2._mm256_broadcastsi128_si256(row);
            }
            let (chunks, rest) = self.values.as_chunks_mut::<32>();
            for chunk in chunks {
                *chunk = cast(through_rows(self.machine, &table, cast(*chunk)));
            }
            super::plain(rest, self.table);
        }
    }

    #[inline(always)]
    fn through_rows(machine: V3, table: &[__m256i; 16], values: __m256i) -> __m256i {
        let machine = machine.avx2;
        let at = machine._mm256_and_si256(values, cast([0x0f_u8; 32]));
        let mut found = [at; 16];
        for (found, row) in found.iter_mut().zip(table) {
            *found = machine._mm256_shuffle_epi8(*row, at);
        }
        // What is chosen by is the uppermost bit of each byte.
        let by = [
            machine._mm256_slli_epi16::<3>(values),
            machine._mm256_slli_epi16::<2>(values),
            machine._mm256_slli_epi16::<1>(values),
            values,
        ];
        for (round, by) in by.into_iter().enumerate() {
            for pair in 0..8 >> round {
                found[pair] = machine._mm256_blendv_epi8(found[2 * pair], found[2 * pair + 1], by);
            }
        }
        found[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_treat_bits_by_themselves_are_known() {
        type Row = (fn(u8) -> u8, bool);
        let rows: [Row; 5] = [
            (|v| v, true),
            (|v| 255 - v, true),
            (|v| v & 0xe0, true),
            (|_| 7, true),
            (|v| if v < 128 { v } else { 255 - v }, false),
        ];
        for (at, (of, expected)) in rows.into_iter().enumerate() {
            let table = std::array::from_fn(|v| of(v as u8));
            assert_eq!(Bits::of(&table).is_some(), expected, "{at}");
            let mut values: Vec<u8> = (0..=255).collect();
            Lookup::new(&table).change(&mut values);
            assert_eq!(values, table, "{at}");
        }
    }

    #[test]
    fn every_value_finds_its_place_with_all_instructions() {
        let table: [u8; 256] = std::array::from_fn(|v| (v as u8).wrapping_mul(167).wrapping_add(13));
        for count in [0, 1, 31, 32, 33, 63, 64, 65, 256, 1000] {
            let values: Vec<u8> = (0..count).map(|at| (at * 89 + at / 256) as u8).collect();
            let expected: Vec<u8> = values.iter().map(|value| table[usize::from(*value)]).collect();
            let with = |work: &dyn Fn(&mut [u8])| {
                let mut values = values.clone();
                work(&mut values);
                assert_eq!(values, expected, "{count}");
            };
            with(&|values| Lookup::new(&table).change(values));
            with(&|values| look_up(values, &table));
            with(&|values| plain(values, &table));
            #[cfg(target_arch = "x86_64")]
            if let Some(machine) = pulp::x86::V3::try_new() {
                with(&|values| machine.vectorize(x86::Rows { machine, values, table: &table }));
            }
        }
    }
}
