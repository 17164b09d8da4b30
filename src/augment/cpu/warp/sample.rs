//! Values between pixels.
//!
//! A row is worked on in a few passes, most of which go over many pixels at once. Places are brought into the
//! window where the fill repeats it; then it is settled where in memory a pixel's neighbours begin; then they
//! are fetched; and then weighed. Pixels with a neighbour outside of the window have theirs fetched one by
//! one.

use crate::augment::stage::Fill;

/// Places further out than this count as this far: it is beyond every picture, and whole numbers up to here
/// are exact.
const FAR: f32 = 16_777_216.0;

/// Up to here, [`whole`] is right.
const WIDE: usize = 1 << 22;

/// Pixels that are worked on at once.
const BLOCK: usize = 128;

/// Instead of a place in memory: a neighbour is outside of the window, or memory ends too soon.
const ONE_BY_ONE: u32 = u32::MAX;

/// Instead of a place in memory: all is outside, where the fill is constant.
const OUTSIDE: u32 = u32::MAX - 1;

/// The part of a picture that counts.
pub struct Window<'a> {
    /// Of the whole picture.
    pub data: &'a [u8],
    /// Bytes from one row of it to the next.
    pub stride: usize,
    pub channels: usize,
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
    pub fill: Fill,
    /// What is outside, where that is constant.
    pub colour: [u8; 4],
}

impl Window<'_> {
    /// A pixel by its column and row in the window, which may be outside.
    fn pixel(&self, x: i64, y: i64) -> &[u8] {
        match (folded(x, self.width, self.fill), folded(y, self.height, self.fill)) {
            (Some(x), Some(y)) => {
                let at = (self.top + y) * self.stride + (self.left + x) * self.channels;
                &self.data[at..at + self.channels]
            }
            _ => &self.colour[..self.channels],
        }
    }

    /// Two pixels next to each other, the first one in the lower bytes.
    fn pair(&self, x: i64, y: i64) -> u64 {
        let mut bytes = [0; 8];
        bytes[..self.channels].copy_from_slice(self.pixel(x, y));
        bytes[self.channels..2 * self.channels].copy_from_slice(self.pixel(x + 1, y));
        u64::from_le_bytes(bytes)
    }
}

/// The pixel of a row of so many that one outside of it is; `None` where it is none of them.
pub fn folded(at: i64, count: usize, fill: Fill) -> Option<usize> {
    let count = count as i64;
    if (0..count).contains(&at) {
        return Some(at as usize);
    }
    let inside = match fill {
        Fill::Constant(_) => return None,
        Fill::Edge => at.clamp(0, count - 1),
        Fill::Wrap => at.rem_euclid(count),
        Fill::Reflect if count == 1 => 0,
        Fill::Reflect => {
            let around = at.rem_euclid(2 * (count - 1));
            around.min(2 * (count - 1) - around)
        }
    };
    Some(inside as usize)
}

/// A way of finding values. It is a type, as a closure would not be compiled for the instructions of what
/// calls it.
pub trait Sampler<const C: usize> {
    /// How many neighbours are needed on either side of the pixel that a place is at or behind.
    const BEFORE: u32;
    const AFTER: u32;

    /// Brings places in pixels from the upper left corner of the window to what [`Self::block`] expects.
    fn prepare(places: &mut [f32], count: usize, fill: Fill);

    /// The pixels of a block, in the lower bytes.
    fn block(window: &Window<'_>, block: &mut Block<'_>, made: &mut [u32; BLOCK]);
}

/// The value of the pixel that a place is in.
pub struct Nearest;

impl<const C: usize> Sampler<C> for Nearest {
    const BEFORE: u32 = 0;
    const AFTER: u32 = 0;

    #[inline(always)]
    fn prepare(places: &mut [f32], count: usize, fill: Fill) {
        places.iter_mut().for_each(|place| *place = near(*place).floor());
        fold(places, count, fill);
    }

    #[inline(always)]
    fn block(window: &Window<'_>, block: &mut Block<'_>, made: &mut [u32; BLOCK]) {
        let colour = u32::from_le_bytes(window.colour);
        for (pixel, made) in made.iter_mut().enumerate().take(block.count) {
            let at = block.starts[pixel];
            *made = match window.data.get(at as usize..).and_then(|part| part.first_chunk::<4>()) {
                Some(found) => u32::from_le_bytes(*found),
                None if at == OUTSIDE => colour,
                None => window.pair(block.xs[pixel] as i64, block.ys[pixel] as i64) as u32,
            };
        }
    }
}

/// The mean of the four pixels around a place, by how near they are. `PAIR` bytes hold two pixels at least.
pub struct Bilinear<const PAIR: usize>;

impl<const C: usize, const PAIR: usize> Sampler<C> for Bilinear<PAIR> {
    const BEFORE: u32 = 0;
    // A pixel on the last row or column has a neighbour all the same, which counts nothing.
    const AFTER: u32 = 1;

    #[inline(always)]
    fn prepare(places: &mut [f32], count: usize, fill: Fill) {
        places.iter_mut().for_each(|place| *place = near(*place) - 0.5);
        fold(places, count, fill);
    }

    #[inline(always)]
    fn block(window: &Window<'_>, block: &mut Block<'_>, made: &mut [u32; BLOCK]) {
        // The pixels above and below on the left and on the right, each in the lower bytes of 32 bits: that many
        // pixels are weighed at once.
        let [mut a, mut b, mut c, mut d] = [[0u32; BLOCK]; 4];
        let colour = pair_of::<C>(window.colour);
        for pixel in 0..block.count.min(BLOCK) {
            let at = block.starts[pixel] as usize;
            let (upper, lower) = match window.data.get(at..at + window.stride + PAIR) {
                Some(part) => (first::<PAIR>(part), first::<PAIR>(&part[window.stride..])),
                None if at == OUTSIDE as usize => (colour, colour),
                None => {
                    let [x, y] = block.one_by_one(pixel);
                    (window.pair(x, y), window.pair(x, y + 1))
                }
            };
            (a[pixel], b[pixel]) = (upper as u32, (upper >> (8 * C)) as u32);
            (c[pixel], d[pixel]) = (lower as u32, (lower >> (8 * C)) as u32);
        }
        for (pixel, made) in made.iter_mut().enumerate() {
            let (right, down) = (block.right[pixel], block.down[pixel]);
            let (a, b, c, d) = (a[pixel], b[pixel], c[pixel], d[pixel]);
            *made = 0;
            for channel in 0..C {
                let [a, b, c, d] = [a, b, c, d].map(|pixel| value(pixel, channel));
                let (here, next) = (a + (c - a) * down, b + (d - b) * down);
                *made |= rounded(here + (next - here) * right) << (8 * channel);
            }
        }
    }
}

/// The weighted sum of the sixteen pixels around a place: R. Keys, "Cubic Convolution Interpolation for
/// Digital Image Processing", 1981, with a = −½. `PAIR` bytes hold two pixels at least.
pub struct Bicubic<const PAIR: usize>;

impl<const C: usize, const PAIR: usize> Sampler<C> for Bicubic<PAIR> {
    const BEFORE: u32 = 1;
    const AFTER: u32 = 2;

    #[inline(always)]
    fn prepare(places: &mut [f32], count: usize, fill: Fill) {
        places.iter_mut().for_each(|place| *place = near(*place) - 0.5);
        // Near an edge that is repeated, neighbours are beyond it.
        if fill != Fill::Edge {
            fold(places, count, fill);
        }
    }

    #[inline(always)]
    fn block(window: &Window<'_>, block: &mut Block<'_>, made: &mut [u32; BLOCK]) {
        let mut rows = [[[0u64; BLOCK]; 2]; 4];
        let colour = pair_of::<C>(window.colour);
        let stride = window.stride;
        for pixel in 0..block.count {
            let at = block.starts[pixel] as usize;
            match window.data.get(at..at + 3 * stride + 2 * C + PAIR) {
                Some(part) => {
                    for (row, pairs) in rows.iter_mut().enumerate() {
                        pairs[0][pixel] = first::<PAIR>(&part[row * stride..]);
                        pairs[1][pixel] = first::<PAIR>(&part[row * stride + 2 * C..]);
                    }
                }
                None if at == OUTSIDE as usize => {
                    rows.iter_mut().flatten().for_each(|pairs| pairs[pixel] = colour);
                }
                None => {
                    let [x, y] = block.one_by_one(pixel);
                    for (pairs, y) in rows.iter_mut().zip(y - 1..) {
                        pairs[0][pixel] = window.pair(x - 1, y);
                        pairs[1][pixel] = window.pair(x + 1, y);
                    }
                }
            }
        }
        for (pixel, made) in made.iter_mut().enumerate() {
            let across = cubic(block.right[pixel]);
            let down = cubic(block.down[pixel]);
            let mut sums = [0f32; C];
            for (pairs, down) in rows.iter().zip(down) {
                let (left, right) = (pairs[0][pixel], pairs[1][pixel]);
                let row = [left, left >> (8 * C), right, right >> (8 * C)].map(|pair| pair as u32);
                for (channel, sum) in sums.iter_mut().enumerate() {
                    let [a, b, c, d] = row.map(|pixel| value(pixel, channel));
                    *sum += (a * across[0] + b * across[1] + c * across[2] + d * across[3]) * down;
                }
            }
            *made = 0;
            for (channel, sum) in sums.into_iter().enumerate() {
                *made |= rounded(sum.clamp(0.0, 255.0)) << (8 * channel);
            }
        }
    }
}

/// How much the four neighbours count, for a place between the second and the third.
#[inline(always)]
fn cubic(t: f32) -> [f32; 4] {
    [
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
}

/// Some pixels of a row.
pub struct Block<'a> {
    count: usize,
    /// Where in memory the first neighbour is, or [`ONE_BY_ONE`] or [`OUTSIDE`].
    starts: &'a [u32; BLOCK],
    /// How far a place is from the pixel before it, 0 to 1.
    right: &'a mut [f32; BLOCK],
    down: &'a mut [f32; BLOCK],
    /// Places, as they were prepared.
    xs: &'a [f32],
    ys: &'a [f32],
}

impl Block<'_> {
    /// The pixel before a place, wherever it is.
    fn one_by_one(&mut self, pixel: usize) -> [i64; 2] {
        let (left, top) = (self.xs[pixel].floor(), self.ys[pixel].floor());
        self.right[pixel] = self.xs[pixel] - left;
        self.down[pixel] = self.ys[pixel] - top;
        [left as i64, top as i64]
    }
}

/// The values of a row, from where its pixels are in the window.
#[inline(always)]
pub fn sample<const C: usize, S: Sampler<C>>(
    window: &Window<'_>,
    xs: &mut [f32],
    ys: &mut [f32],
    row: &mut [u8],
) {
    S::prepare(xs, window.width, window.fill);
    S::prepare(ys, window.height, window.fill);
    let (before, after) = (S::BEFORE as f32, S::AFTER as f32);
    // The last pixel that a place can be behind, with enough neighbours after it. On the last pixel itself,
    // the neighbour after it counts nothing and the pixel before it will do.
    let [last_x, last_y] = [window.width, window.height].map(|count| count as f32 - 1.0 - after);
    let reach = after.min(1.0);
    let is_possible = last_x >= before && last_y >= before && window.width.max(window.height) <= WIDE;
    let is_constant = matches!(window.fill, Fill::Constant(_));
    let [end_x, end_y] = [last_x, last_y].map(|last| last + after + before + 1.0);
    let stride = window.stride as i32;
    let first = (window.top * window.stride + window.left * C) as i32;
    let first = first - S::BEFORE as i32 * (stride + C as i32);
    let mut made = [0; BLOCK];
    let (mut starts, mut right, mut down) = ([0u32; BLOCK], [0f32; BLOCK], [0f32; BLOCK]);
    for ((xs, ys), row) in xs.chunks(BLOCK).zip(ys.chunks(BLOCK)).zip(row.chunks_mut(BLOCK * C)) {
        let outputs = starts.iter_mut().zip(&mut right).zip(&mut down);
        for ((x, y), ((start, right), down)) in xs.iter().zip(ys).zip(outputs) {
            let is_inside = (*x >= before)
                & (*x <= last_x + reach)
                & (*y >= before)
                & (*y <= last_y + reach)
                & is_possible;
            let is_outside = (*x <= -1.0 - before) | (*x >= end_x) | (*y <= -1.0 - before) | (*y >= end_y);
            let (left, top) = (less(x.floor(), last_x), less(y.floor(), last_y));
            // Far outside, all neighbours are the same, and their weights need only be a mean's.
            (*right, *down) = (less(x - left, 1.0), less(y - top, 1.0));
            let at = first.wrapping_add(whole(top).wrapping_mul(stride));
            let at = at.wrapping_add(whole(left).wrapping_mul(C as i32)) as u32;
            let instead = if is_outside & is_constant { OUTSIDE } else { ONE_BY_ONE };
            *start = if is_inside { at } else { instead };
        }
        let (right, down) = (&mut right, &mut down);
        let mut block = Block { count: xs.len().min(BLOCK), starts: &starts, right, down, xs, ys };
        S::block(window, &mut block, &mut made);
        write::<C>(&made, row);
    }
}

/// Writes pixels without a gap.
#[inline(always)]
fn write<const C: usize>(made: &[u32; BLOCK], row: &mut [u8]) {
    if C != 3 {
        let row = row.as_chunks_mut::<C>().0;
        for (made, pixel) in made.iter().zip(row) {
            *pixel = *made.to_le_bytes().first_chunk().expect("a pixel has up to four bytes");
        }
        return;
    }
    let mut packed = [0; BLOCK * 3];
    for ([a, b, c, d], bytes) in made.as_chunks::<4>().0.iter().zip(packed.as_chunks_mut::<12>().0) {
        let [a, b, c] = [a, b, c].map(|pixel| u64::from(pixel & 0xff_ffff));
        bytes[..8].copy_from_slice(&(a | b << 24 | c << 48).to_le_bytes());
        bytes[8..].copy_from_slice(&(c as u32 >> 16 | d << 8).to_le_bytes());
    }
    row.copy_from_slice(&packed[..row.len()]);
}

/// The first bytes, the first one lowest. There must be so many.
#[inline(always)]
fn first<const N: usize>(part: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..N].copy_from_slice(&part[..N]);
    u64::from_le_bytes(bytes)
}

/// Two pixels of this colour.
fn pair_of<const C: usize>(colour: [u8; 4]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..C].copy_from_slice(&colour[..C]);
    bytes[C..2 * C].copy_from_slice(&colour[..C]);
    u64::from_le_bytes(bytes)
}

#[inline(always)]
fn value(pixel: u32, channel: usize) -> f32 {
    (pixel >> (8 * channel) & 255) as i32 as f32
}

/// Brings places to where the fill repeats them from: between the middles of the first and the last pixel,
/// and behind it where the first one follows.
#[inline(always)]
fn fold(places: &mut [f32], count: usize, fill: Fill) {
    let last = (count - 1) as f32;
    match fill {
        Fill::Constant(_) => {}
        Fill::Edge => places.iter_mut().for_each(|place| *place = place.clamp(0.0, last)),
        Fill::Wrap => {
            let (count, turns) = (last + 1.0, 1.0 / (last + 1.0));
            for place in places {
                let around = *place - (*place * turns).floor() * count;
                *place = around.clamp(0.0, count);
            }
        }
        Fill::Reflect => {
            let around = (2.0 * last).max(1.0);
            let turns = 1.0 / around;
            for place in places {
                let at = *place - (*place * turns).floor() * around;
                *place = less(at, around - at).clamp(0.0, last);
            }
        }
    }
}

/// A place that is not too far out; what is no number is far out.
#[inline(always)]
fn near(place: f32) -> f32 {
    less(if place > -FAR { place } else { -FAR }, FAR)
}

/// As `f32::min` without its care for what is not a number, which takes two instructions more.
#[inline(always)]
fn less(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// Rounds 0 to 255, halves to even: beyond 2²³, an `f32` has no parts.
#[inline(always)]
fn rounded(value: f32) -> u32 {
    (value + 8_388_608.0).to_bits() & 255
}

/// A whole number of at most 2²² either way. A cast would look at each number by itself.
#[inline(always)]
fn whole(value: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0;
    (value + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()) as i32
}
