//! Weighted sums of neighbours, a row at a time.

use pulp::{Arch, Simd, WithSimd};

use super::{View, mirrored};
use crate::augment::cpu::planes::fastest;
use crate::augment::stage::Convolve;
use crate::media::Raster;

/// Numbers in a line of the cache.
const LINE: usize = 16;

/// Numbers in whole blocks, on any machine.
const BLOCK: usize = 64;

/// Numbers that are kept at once, so that they stay in the nearest cache.
const KEPT: usize = 6000;

/// The widest mean of equal weights whose sums fit 16 bits: 15² · 255.
const WIDEST: usize = 15;

/// The weighted sum around every value, as bytes: of all channels, alpha with them.
pub fn sums(picture: &Raster, convolve: &Convolve) -> Vec<u8> {
    match convolve {
        Convolve::Separable(weights) if is_even_mean(weights) => {
            fastest(Mean { picture, side: weights.len() })
        }
        _ => Arch::new().dispatch(Sums { picture, convolve }),
    }
}

/// Whether it is a mean of equal weights that can be summed in whole numbers.
pub(crate) fn is_even_mean(weights: &[f32]) -> bool {
    let exact = 1.0 / weights.len() as f32;
    weights.len() <= WIDEST && weights.iter().all(|weight| (weight - exact).abs() < 1e-6)
}

/// The nearest level; of two, the even one.
#[inline(always)]
pub fn level(number: f32) -> u8 {
    // Comparisons and not `clamp`, and the bits of a sum and not a cast: these are single instructions for
    // many numbers at once. From 2²³ on, the last bit of an `f32` counts ones.
    let number = if number > 0.0 { number } else { 0.0 };
    let number = if number < 255.0 { number } else { 255.0 };
    (number + 8_388_608.0).to_bits() as u8
}

/// A mean of equal weights: sums of columns that move down the picture, and sums of those along the row.
struct Mean<'a> {
    picture: &'a Raster,
    side: usize,
}

impl pulp::NullaryFnOnce for Mean<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn call(self) -> Vec<u8> {
        let Self { picture, side } = self;
        let (height, channels) = (picture.height as usize, usize::from(picture.channels));
        let line = picture.width as usize * channels;
        let half = (side / 2) as isize;
        let row = |y: isize| &picture.data[mirrored(y, height) * line..][..line];
        let mut columns = vec![0u16; line];
        for y in -half..half {
            add_row(&mut columns, row(y));
        }
        let view = View::new(picture, side / 2, 0, line);
        let mut padded = vec![0u16; view.len()];
        let mut out = vec![0; line * height];
        let part = 1.0 / (side * side) as f32;
        for (y, to) in (0..).zip(out.chunks_exact_mut(line)) {
            add_row(&mut columns, row(y + half));
            view.copy(&columns, &mut padded);
            match side {
                1 => mean::<1>(&padded, channels, part, to),
                3 => mean::<3>(&padded, channels, part, to),
                5 => mean::<5>(&padded, channels, part, to),
                7 => mean::<7>(&padded, channels, part, to),
                9 => mean::<9>(&padded, channels, part, to),
                11 => mean::<11>(&padded, channels, part, to),
                13 => mean::<13>(&padded, channels, part, to),
                _ => mean::<15>(&padded, channels, part, to),
            }
            let gone = row(y - half);
            columns.iter_mut().zip(gone).for_each(|(column, value)| *column -= u16::from(*value));
        }
        out
    }
}

#[inline(always)]
fn add_row(columns: &mut [u16], row: &[u8]) {
    columns.iter_mut().zip(row).for_each(|(column, value)| *column += u16::from(*value));
}

#[inline(always)]
fn mean<const SIDE: usize>(columns: &[u16], channels: usize, part: f32, to: &mut [u8]) {
    let count = to.len();
    let mut shifted = [&columns[..0]; SIDE];
    for (at, shifted) in shifted.iter_mut().enumerate() {
        *shifted = &columns[at * channels..][..count];
    }
    for at in 0..count {
        let mut sum = 0;
        for column in shifted {
            sum += column[at];
        }
        to[at] = level(f32::from(sum) * part);
    }
}

/// A neighbour: where its row of numbers begins, and what it counts.
#[derive(Clone, Copy)]
struct Tap {
    start: usize,
    weight: f32,
}

/// A neighbour: which of the rows around, where it begins there, and what it counts.
struct Neighbour {
    row: usize,
    start: usize,
    weight: f32,
}

struct Sums<'a> {
    picture: &'a Raster,
    convolve: &'a Convolve,
}

impl WithSimd for Sums<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<u8> {
        let Self { picture, convolve } = self;
        let kernel = Kernel::new(convolve, usize::from(picture.channels));
        let line = picture.width as usize * usize::from(picture.channels);
        let width = (KEPT / kernel.side / BLOCK * BLOCK).clamp(BLOCK, line.next_multiple_of(BLOCK));
        let mut out = vec![0; line * picture.height as usize];
        let mut strips = Strips::new(picture, kernel, width);
        for start in (0..line).step_by(width) {
            strips.make(simd, start, width.min(line - start), &mut out);
        }
        out
    }
}

/// The weights that are not 0.
struct Kernel {
    /// Rows around, odd.
    side: usize,
    neighbours: Vec<Neighbour>,
    /// What is done to a row by itself first; nothing unless the kernel is separable.
    along: Vec<Tap>,
    plus: f32,
}

impl Kernel {
    fn new(convolve: &Convolve, channels: usize) -> Self {
        let present = |weights: &[f32]| {
            let all = weights.iter().copied().enumerate();
            all.filter(|(_, weight)| *weight != 0.0).collect::<Vec<_>>()
        };
        match convolve {
            Convolve::Separable(weights) => Self {
                side: weights.len(),
                neighbours: present(weights)
                    .into_iter()
                    .map(|(row, weight)| Neighbour { row, start: 0, weight })
                    .collect(),
                along: present(weights)
                    .into_iter()
                    .map(|(at, weight)| Tap { start: at * channels, weight })
                    .collect(),
                plus: 0.0,
            },
            Convolve::Full { side, weights, plus } => {
                let side = *side as usize;
                let neighbour =
                    |(at, weight)| Neighbour { row: at / side, start: at % side * channels, weight };
                let neighbours = present(weights).into_iter().map(neighbour).collect();
                Self { side, neighbours, along: Vec::new(), plus: *plus }
            }
        }
    }
}

/// The picture in strips from top to bottom, so narrow that the rows around one stay in the nearest cache.
struct Strips<'a> {
    picture: &'a Raster,
    kernel: Kernel,
    /// From one row of numbers to the next one.
    stride: usize,
    /// The last rows, as many as the kernel has.
    numbers: Lines,
    /// Where each row of the picture begins there, with those beyond its edges.
    starts: Vec<usize>,
    padded: Lines,
    sums: Lines,
    taps: Vec<Tap>,
}

impl<'a> Strips<'a> {
    /// Strips of up to `width` values, a whole number of blocks.
    fn new(picture: &'a Raster, kernel: Kernel, width: usize) -> Self {
        let (side, height) = (kernel.side, picture.height as usize);
        let stride = (width + side * usize::from(picture.channels)).next_multiple_of(LINE);
        let start = |at: usize| mirrored(at as isize - (side / 2) as isize, height) % side * stride;
        Self {
            picture,
            stride,
            numbers: Lines::new(side * stride),
            starts: (0..height + side).map(start).collect(),
            padded: Lines::new(stride),
            sums: Lines::new(width),
            taps: kernel.neighbours.iter().map(|near| Tap { start: 0, weight: near.weight }).collect(),
            kernel,
        }
    }

    /// A strip of `count` values from the `start`th of each row on.
    #[inline(always)]
    fn make<S: Simd>(&mut self, simd: S, start: usize, count: usize, out: &mut [u8]) {
        let Self { picture, kernel: Kernel { side, neighbours, along, plus }, stride, .. } = self;
        let (side, stride, margin) = (*side, *stride, *side / 2);
        let (height, channels) = (picture.height as usize, usize::from(picture.channels));
        let line = picture.width as usize * channels;
        let view = View::new(picture, margin, start, count);
        let blocks = count.next_multiple_of(BLOCK);
        let (numbers, padded) = (self.numbers.all(), self.padded.all());
        let sums = &mut self.sums.all()[..blocks];
        let mut made = 0;
        for y in 0..height {
            while made < height && made <= y + margin {
                let row = &picture.data[made * line..][..line];
                let to = &mut numbers[made % side * stride..][..stride];
                if along.is_empty() {
                    view.copy(row, to);
                } else {
                    view.copy(row, padded);
                    sum(simd, padded, along, 0.0, &mut to[..blocks]);
                }
                made += 1;
            }
            for (tap, near) in self.taps.iter_mut().zip(&*neighbours) {
                tap.start = self.starts[y + near.row] + near.start;
            }
            sum(simd, numbers, &self.taps, *plus, sums);
            let to = &mut out[y * line + start..][..count];
            for (to, sum) in to.iter_mut().zip(&*sums) {
                *to = level(*sum);
            }
        }
    }
}

/// Numbers that begin where a line of the cache does: whole vectors are several times as slow across two
/// lines.
struct Lines {
    numbers: Vec<f32>,
    start: usize,
}

impl Lines {
    fn new(count: usize) -> Self {
        let numbers = vec![0.0; count + LINE];
        let start = numbers.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { numbers, start }
    }

    fn all(&mut self) -> &mut [f32] {
        &mut self.numbers[self.start..]
    }
}

/// What the taps and `plus` come to, for as many values as there is room for, which are whole blocks.
#[inline(always)]
fn sum<S: Simd>(simd: S, numbers: &[f32], taps: &[Tap], plus: f32, sums: &mut [f32]) {
    // Four vectors of sums stay in registers while one neighbour after the other is added.
    let block = 4 * S::F32_LANES;
    for (at, sums) in sums.chunks_exact_mut(block).enumerate() {
        let mut held = [simd.splat_f32s(plus); 4];
        for tap in taps {
            let (values, _) = S::as_simd_f32s(&numbers[tap.start + at * block..][..block]);
            let weight = simd.splat_f32s(tap.weight);
            for (held, value) in held.iter_mut().zip(values) {
                // Not fused: not every machine could do the same.
                *held = simd.add_f32s(*held, simd.mul_f32s(*value, weight));
            }
        }
        S::as_mut_simd_f32s(sums).0.copy_from_slice(&held);
    }
}
