//! Weighted sums of neighbours, a row at a time.

use pulp::{Arch, Simd, WithSimd};

use super::arithmetic::{Arithmetic, BLOCK, Fixed, Floating, Tap, level};
use super::{View, mirrored};
use crate::augment::cpu::planes::fastest;
use crate::augment::stage::Convolve;
use crate::media::Raster;

/// Bytes in a line of the cache.
const LINE: usize = 64;

/// Bytes that are kept at once, so that they stay in the nearest cache.
const KEPT: usize = 24_000;

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
            view.copy(&columns, &mut padded, |sum| sum);
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

/// A neighbour: which of the rows around, where it begins there, and what it counts.
struct Neighbour<N> {
    row: usize,
    start: usize,
    weight: N,
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
        let channels = usize::from(picture.channels);
        match convolve {
            Convolve::Separable(weights) => match Fixed::new(weights) {
                Some((fixed, weights)) => made(simd, picture, Kernel::separable(fixed, &weights, channels)),
                None => made(simd, picture, Kernel::separable(Floating { plus: 0.0 }, weights, channels)),
            },
            Convolve::Full { side, weights, plus } => {
                let kernel = Kernel::full(Floating { plus: *plus }, *side as usize, weights, channels);
                made(simd, picture, kernel)
            }
        }
    }
}

#[inline(always)]
fn made<S: Simd, A: Arithmetic>(simd: S, picture: &Raster, kernel: Kernel<A>) -> Vec<u8> {
    let line = picture.width as usize * usize::from(picture.channels);
    let kept = KEPT / size_of::<A::Number>();
    let width = (kept / kernel.side / BLOCK * BLOCK).clamp(BLOCK, line.next_multiple_of(BLOCK));
    let mut out = vec![0; line * picture.height as usize];
    let mut strips = Strips::new(picture, kernel, width);
    for start in (0..line).step_by(width) {
        strips.make(simd, start, width.min(line - start), &mut out);
    }
    out
}

/// The weights that are not 0.
struct Kernel<A: Arithmetic> {
    arithmetic: A,
    /// Rows around, odd.
    side: usize,
    neighbours: Vec<Neighbour<A::Number>>,
    /// What is done to a row by itself first; nothing unless the kernel is separable.
    along: Vec<Tap<A::Number>>,
}

impl<A: Arithmetic> Kernel<A>
where
    A::Number: PartialEq,
{
    fn separable(arithmetic: A, weights: &[A::Number], channels: usize) -> Self {
        let along = present(weights).map(|(at, weight)| Tap { start: at * channels, weight }).collect();
        let across = present(weights).map(|(row, weight)| Neighbour { row, start: 0, weight });
        Self { arithmetic, side: weights.len(), neighbours: across.collect(), along }
    }

    fn full(arithmetic: A, side: usize, weights: &[A::Number], channels: usize) -> Self {
        let neighbour = |(at, weight)| Neighbour { row: at / side, start: at % side * channels, weight };
        Self { arithmetic, side, neighbours: present(weights).map(neighbour).collect(), along: Vec::new() }
    }
}

fn present<N: Copy + Default + PartialEq>(weights: &[N]) -> impl Iterator<Item = (usize, N)> {
    weights.iter().copied().enumerate().filter(|(_, weight)| *weight != N::default())
}

/// The picture in strips from top to bottom, so narrow that the rows around one stay in the nearest cache.
struct Strips<'a, A: Arithmetic> {
    picture: &'a Raster,
    kernel: Kernel<A>,
    /// From one row of numbers to the next one.
    stride: usize,
    /// The last rows, as many as the kernel has.
    numbers: Lines<A::Number>,
    /// Where each row of the picture begins there, with those beyond its edges.
    starts: Vec<usize>,
    padded: Lines<A::Number>,
    sums: Lines<A::Number>,
    taps: Vec<Tap<A::Number>>,
}

impl<'a, A: Arithmetic> Strips<'a, A> {
    /// Strips of up to `width` values, a whole number of blocks.
    fn new(picture: &'a Raster, kernel: Kernel<A>, width: usize) -> Self {
        let (side, height) = (kernel.side, picture.height as usize);
        let line = LINE / size_of::<A::Number>();
        let stride = (width + side * usize::from(picture.channels)).next_multiple_of(line);
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
        let Self { picture, kernel: Kernel { arithmetic, side, neighbours, along }, stride, .. } = self;
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
                    view.copy(row, to, A::number);
                } else {
                    view.copy(row, padded, A::number);
                    arithmetic.sum(simd, padded, along, &mut to[..blocks]);
                }
                made += 1;
            }
            for (tap, near) in self.taps.iter_mut().zip(&*neighbours) {
                tap.start = self.starts[y + near.row] + near.start;
            }
            arithmetic.sum(simd, numbers, &self.taps, sums);
            let to = &mut out[y * line + start..][..count];
            for (to, sum) in to.iter_mut().zip(&*sums) {
                *to = A::level(*sum);
            }
        }
    }
}

/// Numbers that begin where a line of the cache does: whole vectors are several times as slow across two
/// lines.
struct Lines<N> {
    numbers: Vec<N>,
    start: usize,
}

impl<N: Copy + Default> Lines<N> {
    fn new(count: usize) -> Self {
        let room = LINE / size_of::<N>();
        let numbers = vec![N::default(); count + room];
        let start = numbers.as_ptr().align_offset(LINE).min(room);
        Self { numbers, start }
    }

    fn all(&mut self) -> &mut [N] {
        &mut self.numbers[self.start..]
    }
}
