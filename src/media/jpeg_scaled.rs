//! JPEGs decoded at 1/2, 1/4 or 1/8 of their size: the thumbnails of large photos.
//!
//! Each 8×8 block becomes 4×4, 2×2 or 1×1 samples by an inverse cosine transform of its lowest
//! frequencies, so that most coefficients are only stepped over. It refuses whatever is unusual
//! (CMYK, uncommon sampling, progressive files at more than 1/8) or damaged: the answer is `None`,
//! and the full decoder then says what is wrong.
//!
//! ITU-T T.81 is the standard; section numbers below are of it. No byte of the input is trusted:
//! sizes are checked before the planes are taken, and reads past the end give zeros that are
//! noticed afterwards.

use super::Raster;
use super::decode::check_size;
use super::huffman::{Bits, Table};
use super::jpeg::Segments;

/// The order in which a block's coefficients are stored (figure A.6): row × 8 + column.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The picture as stored, not upright, at 1/`divisor` of its size (2, 4 or 8; sides rounded up), in
/// grey or RGB; `None` when it cannot be decoded so.
pub(super) fn decode(bytes: &[u8], divisor: u32) -> Option<Raster> {
    match divisor {
        2 => Decoder::<4>::new(bytes).run(),
        4 => Decoder::<2>::new(bytes).run(),
        8 => Decoder::<1>::new(bytes).run(),
        _ => None,
    }
}

/// One component of the frame and its plane of `N` × `N` samples per block.
struct Component {
    id: u8,
    /// Blocks per unit, across and down.
    across: usize,
    down: usize,
    quantization: usize,
    /// Size in blocks without the padding of interleaved scans (A.2.4).
    blocks_wide: usize,
    blocks_high: usize,
    /// Samples per row of the plane.
    stride: usize,
    plane: Vec<u8>,
    /// DC coefficients of progressive files, a block each.
    progress: Vec<i16>,
    seen: bool,
}

/// What the frame header says.
struct Frame {
    width: usize,
    height: usize,
    progressive: bool,
    units_wide: usize,
    units_high: usize,
    across: usize,
    down: usize,
}

/// A component of a scan: which, and with which tables.
struct Part {
    component: usize,
    dc: usize,
    ac: usize,
}

/// Decodes to `N` × `N` samples per block.
struct Decoder<'a, const N: usize> {
    bytes: &'a [u8],
    quantization: [Option<[i32; 64]>; 4],
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    restart_interval: usize,
    frame: Option<Frame>,
    components: Vec<Component>,
    has_jfif: bool,
    adobe: Option<u8>,
    /// Where each coefficient goes in an `N` × `N` block; 16, which is off it, for those left out.
    places: [u8; 64],
}

impl<'a, const N: usize> Decoder<'a, N> {
    fn new(bytes: &'a [u8]) -> Self {
        let places = ZIGZAG.map(|at| {
            let (row, column) = (usize::from(at) / 8, usize::from(at) % 8);
            if row < N && column < N { (row * N + column) as u8 } else { 16 }
        });
        Self {
            bytes,
            quantization: [None; 4],
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            restart_interval: 0,
            frame: None,
            components: Vec::new(),
            has_jfif: false,
            adobe: None,
            places,
        }
    }

    fn run(mut self) -> Option<Raster> {
        let mut segments = Segments::new(self.bytes);
        loop {
            let (marker, range) = segments.next()?;
            let data = &self.bytes[range.clone()];
            match marker {
                0xC0..=0xC2 => self.read_frame(data, marker == 0xC2)?,
                0xC4 => self.read_tables(data)?,
                0xC3 | 0xC5..=0xCF => return None,
                0xDB => self.read_quantization(data)?,
                0xDD => self.restart_interval = usize::from(u16::from_be_bytes(*data.first_chunk()?)),
                0xE0 if data.starts_with(b"JFIF\0") => self.has_jfif = true,
                0xEE if data.starts_with(b"Adobe") => self.adobe = Some(*data.get(11)?),
                0xDA => segments.go_to(self.read_scan(data, range.end)?),
                // The end, of a frame whose components were all there.
                0xD9 => break,
                _ => {}
            }
        }
        self.finish()
    }

    /// B.2.2.
    fn read_frame(&mut self, data: &[u8], progressive: bool) -> Option<()> {
        let [8, h1, h0, w1, w0, count, ref rest @ ..] = *data else { return None };
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        check_size(u32::from(width), u32::from(height)).ok()?;
        let fits = self.frame.is_none() && matches!(count, 1 | 3) && (!progressive || N == 1);
        let specifications = rest.as_chunks::<3>().0.get(..usize::from(count))?;
        if !fits {
            return None;
        }
        let (width, height) = (usize::from(width), usize::from(height));
        // A lone component is not interleaved, whatever its sampling says (A.2.2).
        let factors = |[_, factors, _]: [u8; 3]| {
            if count == 1 { (1, 1) } else { (usize::from(factors >> 4), usize::from(factors & 15)) }
        };
        let across = specifications.iter().map(|&one| factors(one).0).max()?;
        let down = specifications.iter().map(|&one| factors(one).1).max()?;
        if !specifications.iter().all(|&one| {
            let (a, d) = factors(one);
            matches!(a, 1..=4) && matches!(d, 1..=4) && across.is_multiple_of(a) && down.is_multiple_of(d)
        }) {
            return None;
        }
        let (units_wide, units_high) = (width.div_ceil(8 * across), height.div_ceil(8 * down));
        for &specification in specifications {
            let (a, d) = factors(specification);
            let stride = units_wide * a * N;
            let blocks = units_wide * a * units_high * d;
            self.components.push(Component {
                id: specification[0],
                across: a,
                down: d,
                quantization: usize::from(specification[2]),
                blocks_wide: (width * a).div_ceil(across).div_ceil(8),
                blocks_high: (height * d).div_ceil(down).div_ceil(8),
                stride,
                plane: vec![0; blocks * N * N],
                progress: if progressive { vec![0; blocks] } else { Vec::new() },
                seen: false,
            });
        }
        self.frame = Some(Frame { width, height, progressive, units_wide, units_high, across, down });
        Some(())
    }

    /// B.2.4.1.
    fn read_quantization(&mut self, mut data: &[u8]) -> Option<()> {
        while let Some((&head, rest)) = data.split_first() {
            let table = self.quantization.get_mut(usize::from(head & 15))?;
            let mut steps = [0; 64];
            if head >> 4 == 0 {
                let (bytes, rest) = rest.split_first_chunk::<64>()?;
                steps = bytes.map(i32::from);
                data = rest;
            } else {
                let (bytes, rest) = rest.split_first_chunk::<128>()?;
                for (step, &two) in steps.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *step = i32::from(u16::from_be_bytes(two));
                }
                data = rest;
            }
            *table = Some(steps);
        }
        Some(())
    }

    /// B.2.4.2.
    fn read_tables(&mut self, mut data: &[u8]) -> Option<()> {
        while let Some((&head, rest)) = data.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(total)?;
            let tables = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let table = Table::new(counts, symbols, head >> 4 != 0, N == 1)?;
            *tables.get_mut(usize::from(head & 15))? = Some(table);
            data = rest;
        }
        Some(())
    }

    /// B.2.3 and the entropy-coded data from `at` on; gives where that ends.
    fn read_scan(&mut self, data: &[u8], at: usize) -> Option<usize> {
        let (&count, rest) = data.split_first()?;
        let (selectors, rest) = rest.split_at_checked(usize::from(count) * 2)?;
        let [first, _, approximation, ..] = *rest else { return None };
        let mut parts = Vec::new();
        for &[id, tables] in selectors.as_chunks::<2>().0 {
            let component = self.components.iter().position(|component| component.id == id)?;
            let part = Part { component, dc: usize::from(tables >> 4), ac: usize::from(tables & 15) };
            if part.dc > 3 || part.ac > 3 || parts.iter().any(|other: &Part| other.component == component) {
                return None;
            }
            parts.push(part);
        }
        if parts.is_empty() {
            return None;
        }
        let progressive = self.frame.as_ref()?.progressive;
        if progressive && first > 0 {
            // Only the mean of each block is wanted.
            let mut segments = Segments::new(self.bytes);
            segments.go_to(at);
            segments.skip_entropy();
            return Some(segments.at());
        }
        let mut bits = Bits::new(self.bytes, at);
        let mut predictions = [0i32; 4];
        let (steps_wide, steps_high) = match &parts[..] {
            [part] => {
                (self.components[part.component].blocks_wide, self.components[part.component].blocks_high)
            }
            _ => (self.frame.as_ref()?.units_wide, self.frame.as_ref()?.units_high),
        };
        let interleaved = parts.len() > 1;
        let mut until_restart = self.restart_interval;
        for y in 0..steps_high {
            for x in 0..steps_wide {
                if self.restart_interval > 0 {
                    if until_restart == 0 {
                        bits.restart()?;
                        predictions = [0; 4];
                        until_restart = self.restart_interval;
                    }
                    until_restart -= 1;
                }
                for (part, prediction) in parts.iter().zip(&mut predictions) {
                    let component = &mut self.components[part.component];
                    let (across, down) =
                        if interleaved { (component.across, component.down) } else { (1, 1) };
                    for block_y in y * down..(y + 1) * down {
                        for block_x in x * across..(x + 1) * across {
                            if progressive {
                                let row = component.stride / N;
                                let dc = component.progress.get_mut(block_y * row + block_x)?;
                                refine_dc(
                                    &mut bits,
                                    self.dc[part.dc].as_ref(),
                                    approximation,
                                    prediction,
                                    dc,
                                )?;
                            } else {
                                let steps = self.quantization.get(component.quantization)?.as_ref()?;
                                let (dc, ac) = (self.dc[part.dc].as_ref()?, self.ac[part.ac].as_ref()?);
                                let at = block_y * N * component.stride + block_x * N;
                                let to = component.plane.get_mut(at..)?;
                                decode_block::<N>(
                                    &mut bits,
                                    dc,
                                    ac,
                                    steps,
                                    &self.places,
                                    prediction,
                                    to,
                                    component.stride,
                                )?;
                            }
                        }
                    }
                }
            }
            if bits.is_overdrawn() {
                return None;
            }
        }
        for part in &parts {
            self.components[part.component].seen = true;
        }
        Some(bits.end())
    }

    fn finish(mut self) -> Option<Raster> {
        let frame = self.frame.take()?;
        for component in &mut self.components {
            if !component.seen {
                return None;
            }
            if frame.progressive {
                let step = self.quantization.get(component.quantization)?.as_ref()?[0];
                for (to, &dc) in component.plane.iter_mut().zip(&component.progress) {
                    *to = shown((i32::from(dc).wrapping_mul(step)).wrapping_add(4) >> 3);
                }
            }
        }
        let (width, height) = ((frame.width * N).div_ceil(8), (frame.height * N).div_ceil(8));
        let data = match &self.components[..] {
            [grey] => {
                let rows = grey.plane.chunks_exact(grey.stride).take(height);
                rows.flat_map(|row| &row[..width]).copied().collect()
            }
            [a, b, c] => {
                let ids = [a.id, b.id, c.id];
                let is_rgb = ids == *b"RGB" || (self.adobe == Some(0) && !self.has_jfif);
                if is_rgb {
                    return None;
                }
                rgb(&frame, [a, b, c], width, height)
            }
            _ => return None,
        };
        let channels = self.components.len() as u8;
        Raster::new(width as u32, height as u32, channels, data)
    }
}

/// One block of a sequential scan (F.2.2), straight to samples.
#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "the innermost step: each is needed and none belongs to another"
)]
fn decode_block<const N: usize>(
    bits: &mut Bits<'_>,
    dc: &Table,
    ac: &Table,
    steps: &[i32; 64],
    places: &[u8; 64],
    prediction: &mut i32,
    to: &mut [u8],
    stride: usize,
) -> Option<()> {
    *prediction = prediction.wrapping_add(dc.difference(bits)?);
    let mean = i32::from(prediction.wrapping_mul(steps[0]) as i16);
    if N == 1 {
        ac.skip_block(bits)?;
        *to.first_mut()? = shown((mean + 4) >> 3);
        return Some(());
    }
    // One more than the largest block: coefficients that are left out go there.
    let mut block = [0i32; 17];
    block[0] = mean;
    let mut at = 1;
    let mut last = 0;
    while at < 64 {
        let (run, value) = ac.coefficient(bits)?;
        at += run;
        if value == 0 {
            continue;
        }
        let place = *places.get(at)? & 31;
        block[usize::from(place).min(16)] = i32::from(value.wrapping_mul(steps[at]) as i16);
        last |= 16 - i32::from(place);
        at += 1;
    }
    if last == 0 {
        let value = shown((mean + 4) >> 3);
        to.chunks_mut(stride).take(N).for_each(|row| row[..N].fill(value));
    } else if N == 2 {
        transform_2(&block, to, stride)?;
    } else {
        transform_4(&block, to, stride)?;
    }
    Some(())
}

/// The first or a later scan of the DC coefficients of a progressive file (G.1.2.1).
fn refine_dc(
    bits: &mut Bits<'_>,
    table: Option<&Table>,
    approximation: u8,
    prediction: &mut i32,
    dc: &mut i16,
) -> Option<()> {
    let (high, low) = (approximation >> 4, approximation & 15);
    if low > 13 {
        return None;
    }
    if high == 0 {
        *prediction = prediction.wrapping_add(table?.difference(bits)?);
        *dc = prediction.wrapping_shl(u32::from(low)) as i16;
    } else if bits.bit() {
        *dc |= 1 << low;
    }
    Some(())
}

/// Two-point inverse transform in both directions. With the weights of A.3.3 every term is 1/8.
#[inline(always)]
fn transform_2(block: &[i32; 17], to: &mut [u8], stride: usize) -> Option<()> {
    let [a, b, c, d, ..] = *block;
    let rows = [[a + b + c + d, a - b + c - d], [a + b - c - d, a - b - c + d]];
    for (row, values) in rows.iter().enumerate() {
        let out = to.get_mut(row * stride..)?.first_chunk_mut::<2>()?;
        *out = values.map(|value| shown((value + 4) >> 3));
    }
    Some(())
}

/// Four-point inverse transform in both directions, in 12-bit fixed point: with weights √2 for all
/// but the mean, the odd terms are √2 cos(π/8) and √2 cos(3π/8), the even ones 1.
#[inline(always)]
fn transform_4(block: &[i32; 17], to: &mut [u8], stride: usize) -> Option<()> {
    const BITS: u32 = 12;
    const A: i32 = 5352; // 1.306563 × 2¹²
    const B: i32 = 2217; // 0.541196 × 2¹²
    let four = |v0: i32, v1: i32, v2: i32, v3: i32| {
        let (even, odd) = ((v0 + v2) << BITS, (v0 - v2) << BITS);
        let (outer, inner) = (v1 * A + v3 * B, v1 * B - v3 * A);
        [even + outer, odd + inner, odd - inner, even - outer]
    };
    // Down the columns, keeping two bits of fraction. Samples are 16 bits, so nothing overflows here.
    let mut middle = [0i32; 16];
    for column in 0..4 {
        let v = |row: usize| block[row * 4 + column];
        let values = four(v(0), v(1), v(2), v(3));
        for (row, value) in values.into_iter().enumerate() {
            // Sensible sums stay below 2¹⁵; what damage makes larger is cut off.
            middle[row * 4 + column] = (value >> (BITS - 2)).clamp(-0x1_0000, 0x1_0000);
        }
    }
    for (row, v) in middle.as_chunks::<4>().0.iter().enumerate() {
        let out = to.get_mut(row * stride..)?.first_chunk_mut::<4>()?;
        *out = four(v[0], v[1], v[2], v[3]).map(|value| shown((value + (1 << (BITS + 4))) >> (BITS + 5)));
    }
    Some(())
}

/// A sample around 0 as a byte around 128.
#[inline(always)]
fn shown(value: i32) -> u8 {
    (value + 128).clamp(0, 255) as u8
}

/// Planes of luma and chroma to RGB (JFIF 1.02), chroma repeated to luma's size.
fn rgb(frame: &Frame, [luma, blue, red]: [&Component; 3], width: usize, height: usize) -> Vec<u8> {
    let mut data = vec![0u8; width * height * 3];
    // Planes of fewer samples are spread over rows of their own first.
    let mut rows = [vec![0u8; width], vec![0u8; width], vec![0u8; width]];
    for (y, out) in data.chunks_exact_mut(width * 3).enumerate() {
        for (row, component) in rows.iter_mut().zip([luma, blue, red]) {
            let (wide, high) = (frame.across / component.across, frame.down / component.down);
            let from = &component.plane[y / high * component.stride..][..component.stride];
            match wide {
                1 => row.copy_from_slice(&from[..width]),
                2 => {
                    for (two, &value) in row.chunks_mut(2).zip(from) {
                        two.fill(value);
                    }
                }
                _ => {
                    for (several, &value) in row.chunks_mut(wide).zip(from) {
                        several.fill(value);
                    }
                }
            }
        }
        let [luma, blue, red] = &rows;
        for (((out, &y), &cb), &cr) in out.as_chunks_mut::<3>().0.iter_mut().zip(luma).zip(blue).zip(red) {
            let (y, cb, cr) = ((i32::from(y) << 14) + (1 << 13), i32::from(cb) - 128, i32::from(cr) - 128);
            *out = [
                ((y + 22_970 * cr) >> 14).clamp(0, 255) as u8,
                ((y - 5_638 * cb - 11_700 * cr) >> 14).clamp(0, 255) as u8,
                ((y + 29_032 * cb) >> 14).clamp(0, 255) as u8,
            ];
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

    fn smooth(width: u32, height: u32) -> Vec<u8> {
        let wave = |at: u32, period: f64| ((f64::from(at) / period).sin() * 100.0 + 128.0) as u8;
        (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| [wave(x, 160.0), wave(y, 120.0), wave(x + y, 240.0)]))
            .collect()
    }

    struct Written {
        width: u32,
        height: u32,
        sampling: SamplingFactor,
        progressive: bool,
        restart: u16,
        grey: bool,
    }

    fn write(how: &Written, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 92);
        encoder.set_sampling_factor(how.sampling);
        encoder.set_progressive(how.progressive);
        encoder.set_restart_interval(how.restart);
        let colour = if how.grey { ColorType::Luma } else { ColorType::Rgb };
        encoder.encode(pixels, how.width as u16, how.height as u16, colour).expect("writing to memory");
        bytes
    }

    /// The mean of each `divisor` × `divisor` square.
    fn averaged(pixels: &[u8], width: usize, height: usize, channels: usize, divisor: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for top in (0..height).step_by(divisor) {
            for left in (0..width).step_by(divisor) {
                for channel in 0..channels {
                    let (mut sum, mut count) = (0, 0);
                    for y in top..(top + divisor).min(height) {
                        for x in left..(left + divisor).min(width) {
                            sum += u32::from(pixels[(y * width + x) * channels + channel]);
                            count += 1;
                        }
                    }
                    out.push((sum / count) as u8);
                }
            }
        }
        out
    }

    #[test]
    fn reduced_pictures_are_the_averages_of_the_whole() {
        let usual = || Written {
            width: 203,
            height: 150,
            sampling: SamplingFactor::F_1_1,
            progressive: false,
            restart: 0,
            grey: false,
        };
        let rows = [
            usual(),
            Written { sampling: SamplingFactor::F_2_2, ..usual() },
            Written { sampling: SamplingFactor::F_2_1, ..usual() },
            Written { sampling: SamplingFactor::F_1_2, ..usual() },
            Written { sampling: SamplingFactor::F_4_1, ..usual() },
            Written { restart: 3, sampling: SamplingFactor::F_2_2, ..usual() },
            Written { grey: true, ..usual() },
            Written { width: 9, height: 17, ..usual() },
            Written { width: 1, height: 1, ..usual() },
            Written { progressive: true, ..usual() },
            Written { progressive: true, sampling: SamplingFactor::F_2_2, ..usual() },
        ];
        for (at, how) in rows.iter().enumerate() {
            let mut pixels = smooth(how.width, how.height);
            let channels = if how.grey { 1 } else { 3 };
            if how.grey {
                pixels = pixels.as_chunks::<3>().0.iter().map(|pixel| pixel[0]).collect();
            }
            let bytes = write(how, &pixels);
            for divisor in [2u32, 4, 8] {
                let found = decode(&bytes, divisor);
                if how.progressive && divisor < 8 {
                    assert_eq!(found, None);
                    continue;
                }
                let found = found.unwrap_or_else(|| panic!("row {at} at 1/{divisor}"));
                let size = (how.width.div_ceil(divisor), how.height.div_ceil(divisor));
                assert_eq!(
                    (found.width, found.height, found.channels),
                    (size.0, size.1, channels),
                    "row {at}"
                );
                let exact = averaged(
                    &pixels,
                    how.width as usize,
                    how.height as usize,
                    usize::from(channels),
                    divisor as usize,
                );
                let sum: u32 = exact.iter().zip(&found.data).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
                let mean = f64::from(sum) / exact.len() as f64;
                assert!(mean < 3.0, "row {at} at 1/{divisor}: off by {mean}");
            }
        }
    }

    #[test]
    fn damage_is_left_to_the_full_decoder() {
        let how = Written {
            width: 64,
            height: 64,
            sampling: SamplingFactor::F_2_2,
            progressive: false,
            restart: 0,
            grey: false,
        };
        let bytes = write(&how, &smooth(64, 64));
        assert!(decode(&bytes, 8).is_some());
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length], 8), None, "cut at {length}");
            assert_eq!(decode(&bytes[..length], 2), None, "cut at {length}");
        }
        // Anything may come out of a spoiled file, except a panic.
        for at in 0..bytes.len() {
            for value in [0, 0xFF, bytes[at] ^ 0x10] {
                let mut spoiled = bytes.clone();
                spoiled[at] = value;
                for divisor in [2, 4, 8] {
                    decode(&spoiled, divisor);
                }
            }
        }
    }
}
