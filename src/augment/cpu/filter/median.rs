//! The middle value of a neighbourhood, for a row at a time and many values at once.

use super::{View, mirrored};
use crate::augment::cpu::planes::fastest;
use crate::media::Raster;

/// The middle value around every value, as bytes: of all channels, alpha with them.
pub fn middles(picture: &Raster, radius: usize) -> Vec<u8> {
    fastest(Middles { picture, radius })
}

struct Middles<'a> {
    picture: &'a Raster,
    radius: usize,
}

impl pulp::NullaryFnOnce for Middles<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn call(self) -> Vec<u8> {
        let side = 2 * self.radius + 1;
        let (height, channels) = (self.picture.height as usize, usize::from(self.picture.channels));
        let line = self.picture.width as usize * channels;
        let view = View::new(self.picture, self.radius, 0, line);
        let stride = view.len();
        let mut padded = vec![0; side * stride];
        let mut sorted = Sorted::new(stride);
        let mut few = ByBits { tried: vec![0; line], less: vec![0u8; line] };
        let mut many = ByBits { tried: vec![0; line], less: vec![0u16; line] };
        let mut out = vec![0; line * height];
        let mut made = 0;
        let mut rows = vec![0; side];
        for y in 0..height {
            while made < height && made <= y + self.radius {
                let to = &mut padded[made % side * stride..][..stride];
                view.copy(&self.picture.data[made * line..][..line], to, |value| value);
                made += 1;
            }
            for (at, row) in rows.iter_mut().enumerate() {
                *row = mirrored((y + at) as isize - self.radius as isize, height) % side * stride;
            }
            let row = |at: usize| &padded[rows[at]..][..stride];
            let to = &mut out[y * line..][..line];
            match self.radius {
                1 => sorted.of_nine([0, 1, 2].map(row), channels, to),
                2 => sorted.of_twenty_five([0, 1, 2, 3, 4].map(row), channels, to),
                3..=7 => few.find(&padded, &rows, channels, to),
                _ => many.find(&padded, &rows, channels, to),
            }
        }
        out
    }
}

/// Columns of the rows around one, each sorted: neighbours share them.
struct Sorted {
    ranks: [Vec<u8>; 5],
}

/// The smaller one goes to the first place.
macro_rules! exchange {
    ($values:ident: $($first:literal $second:literal),* $(,)?) => {
        $(
            let (a, b) = ($values[$first], $values[$second]);
            ($values[$first], $values[$second]) = (a.min(b), a.max(b));
        )*
    };
}

impl Sorted {
    fn new(stride: usize) -> Self {
        Self { ranks: std::array::from_fn(|_| vec![0; stride]) }
    }

    /// The middle of nine: the middle one of the greatest low, the middle middle and the least high of three
    /// sorted columns.
    #[inline(always)]
    fn of_nine(&mut self, [above, here, below]: [&[u8]; 3], channels: usize, to: &mut [u8]) {
        let [low, middle, high, ..] = &mut self.ranks;
        let ranks = low.iter_mut().zip(middle.iter_mut()).zip(high.iter_mut());
        for (((low, middle), high), ((a, b), c)) in ranks.zip(above.iter().zip(here).zip(below)) {
            let (less, more) = (*a.min(b), *a.max(b));
            *low = less.min(*c);
            *middle = less.max(more.min(*c));
            *high = more.max(*c);
        }
        let count = to.len();
        let [low, middle, high]: [&[u8]; 3] = [low, middle, high];
        let [a, d, g] = [&low[..count], &middle[..count], &high[..count]];
        let [b, e, h] = [&low[channels..][..count], &middle[channels..][..count], &high[channels..][..count]];
        let after = 2 * channels;
        let [c, f, i] = [&low[after..][..count], &middle[after..][..count], &high[after..][..count]];
        for at in 0..count {
            let (low, high) = (a[at].max(b[at]).max(c[at]), g[at].min(h[at]).min(i[at]));
            to[at] = middle_of(low, middle_of(d[at], e[at], f[at]), high);
        }
    }

    /// The middle of 25, out of five sorted columns. The columns are sorted by nine exchanges; then come
    /// sorting networks of the ranks and of the thirteen values that can still be the middle, without the
    /// exchanges that a search found to change nothing.
    #[inline(always)]
    fn of_twenty_five(&mut self, rows: [&[u8]; 5], channels: usize, to: &mut [u8]) {
        let stride = rows[0].len();
        let [low, less, middle, more, high] = &mut self.ranks;
        let ranks = [
            &mut low[..stride],
            &mut less[..stride],
            &mut middle[..stride],
            &mut more[..stride],
            &mut high[..stride],
        ];
        for at in 0..stride {
            let mut v = [rows[0][at], rows[1][at], rows[2][at], rows[3][at], rows[4][at]];
            exchange!(v: 0 1, 3 4, 2 4, 2 3, 1 4, 0 3, 0 2, 1 3, 1 2);
            (ranks[0][at], ranks[1][at], ranks[2][at], ranks[3][at], ranks[4][at]) =
                (v[0], v[1], v[2], v[3], v[4]);
        }
        let count = to.len();
        let columns: [[&[u8]; 5]; 5] = std::array::from_fn(|column| {
            std::array::from_fn(|rank| &self.ranks[rank][column * channels..][..count])
        });
        let [[a, b, c, d, e], [f, g, h, i, j], [k, l, m, n, o], [p, q, r, s, t], [u, v, w, x, y]] = columns;
        for at in 0..count {
            let mut v = [
                a[at], b[at], c[at], d[at], e[at], f[at], g[at], h[at], i[at], j[at], k[at], l[at], m[at],
                n[at], o[at], p[at], q[at], r[at], s[at], t[at], u[at], v[at], w[at], x[at], y[at],
            ];
            exchange!(v:
            0 5, 15 20, 10 15, 5 20, 0 15, 5 15, 1 6, 11 16, 6 21, 1 16, 1 11, 6 11, 2 7, 17 22, 12 22,
            12 17, 7 22, 2 12, 7 17, 3 8, 18 23, 13 18, 8 23, 3 18, 3 13, 8 18, 8 13, 4 9, 19 24, 14 24,
            14 19, 4 14, 9 19, 9 14, 20 15, 12 21, 4 7, 12 4, 3 11, 16 9, 7 21, 20 8, 11 4, 16 7, 9 21,
            13 15, 17 9, 7 13, 11 7, 8 16, 4 13, 16 7, 17 16, 4 7, 8 17, 4 16, 17 4,
            );
            to[at] = v[4];
        }
    }
}

#[inline(always)]
fn middle_of(a: u8, b: u8, c: u8) -> u8 {
    a.min(b).max(a.max(b).min(c))
}

/// Counts up to how many there are in a neighbourhood.
trait Count: Copy + Default + PartialOrd {
    fn of(count: usize) -> Self;
    fn plus(self, is_less: bool) -> Self;
}

impl Count for u8 {
    fn of(count: usize) -> Self {
        count as u8
    }

    #[inline(always)]
    fn plus(self, is_less: bool) -> Self {
        self.wrapping_add(u8::from(is_less))
    }
}

impl Count for u16 {
    fn of(count: usize) -> Self {
        count as u16
    }

    #[inline(always)]
    fn plus(self, is_less: bool) -> Self {
        self.wrapping_add(u16::from(is_less))
    }
}

/// The middle one bit by bit, from the top: a bit is set where no more than half of the neighbours are less
/// than what is found so far with it. For every value by itself, so that many are found at once.
struct ByBits<C> {
    tried: Vec<u8>,
    less: Vec<C>,
}

impl<C: Count> ByBits<C> {
    #[inline(always)]
    fn find(&mut self, padded: &[u8], rows: &[usize], channels: usize, found: &mut [u8]) {
        let (count, side) = (found.len(), rows.len());
        let half = C::of(side * side / 2);
        let (tried, less) = (&mut self.tried[..count], &mut self.less[..count]);
        found.fill(0);
        for bit in (0..8).rev() {
            for at in 0..count {
                tried[at] = found[at] | 1 << bit;
            }
            less.fill(C::default());
            for row in rows {
                let values = &padded[*row..][..count + (side - 1) * channels];
                let mut column = 0;
                while column + 4 <= side {
                    count_less::<C, 4>(&values[column * channels..], channels, tried, less);
                    column += 4;
                }
                match side - column {
                    1 => count_less::<C, 1>(&values[column * channels..], channels, tried, less),
                    _ => count_less::<C, 3>(&values[column * channels..], channels, tried, less),
                }
            }
            for at in 0..count {
                found[at] |= u8::from(less[at] <= half) << bit;
            }
        }
    }
}

/// Counts which of so many neighbours are less than what is tried.
#[inline(always)]
fn count_less<C: Count, const COUNT: usize>(values: &[u8], channels: usize, tried: &[u8], less: &mut [C]) {
    let count = less.len();
    let tried = &tried[..count];
    let mut shifted = [&values[..0]; COUNT];
    for (at, shifted) in shifted.iter_mut().enumerate() {
        *shifted = &values[at * channels..][..count];
    }
    for at in 0..count {
        let mut sum = less[at];
        for shifted in shifted {
            sum = sum.plus(shifted[at] < tried[at]);
        }
        less[at] = sum;
    }
}
