//! The eight ways to mirror and turn a picture, and what they do to what was computed of it.

/// A way to lay a square on itself: mirrored or not, then turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symmetry {
    /// Left becomes right, before the turn.
    pub mirrored: bool,
    /// Quarter turns to the right, 0 to 3.
    pub turns: u8,
}

impl Symmetry {
    /// As the picture is.
    pub const NONE: Self = Self { mirrored: false, turns: 0 };

    /// All eight, [`Symmetry::NONE`] first.
    pub fn all() -> [Self; 8] {
        std::array::from_fn(|at| Self { mirrored: at >= 4, turns: at as u8 % 4 })
    }
}

/// A square of values after a symmetry. `width` and `height` are those before it.
pub(crate) fn laid<T: Copy>(values: &[T], width: usize, height: usize, symmetry: Symmetry) -> Vec<T> {
    let (to_width, to_height) = if symmetry.turns % 2 == 1 { (height, width) } else { (width, height) };
    let mut out = Vec::with_capacity(values.len());
    for y in 0..to_height {
        for x in 0..to_width {
            // Where this pixel was before the turn to the right, and then before the mirror.
            let (from_x, from_y) = match symmetry.turns % 4 {
                0 => (x, y),
                1 => (y, height - 1 - x),
                2 => (width - 1 - x, height - 1 - y),
                _ => (width - 1 - y, x),
            };
            let from_x = if symmetry.mirrored { width - 1 - from_x } else { from_x };
            out.push(values[from_y * width + from_x]);
        }
    }
    out
}

/// The low coefficients of the DCT-II of a picture after a symmetry, from those before it: a mirror
/// turns the sign of every odd coefficient, a quarter turn is a transposition and a mirror.
pub(super) fn laid_waves(low: &[f64], edge: usize, symmetry: Symmetry) -> Vec<f64> {
    let (mirror, turns) = (symmetry.mirrored, symmetry.turns % 4);
    let mut out = Vec::with_capacity(low.len());
    for v in 0..edge {
        for u in 0..edge {
            // `u` counts waves across, `v` down, after the symmetry.
            let (from_u, from_v) = if turns % 2 == 1 { (v, u) } else { (u, v) };
            let odd = |wave: usize| wave % 2 == 1;
            let turned = match turns {
                0 => false,
                1 => odd(u),
                2 => odd(u) != odd(v),
                _ => odd(v),
            };
            let is_minus = turned != (mirror && odd(from_u));
            let value = low[from_v * edge + from_u];
            out.push(if is_minus { -value } else { value });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_to_the_right() {
        let numbers: Vec<u8> = (1..=6).collect();
        for (mirrored, turns, expected) in [
            (false, 0, [1, 2, 3, 4, 5, 6]),
            (false, 1, [4, 1, 5, 2, 6, 3]),
            (false, 2, [6, 5, 4, 3, 2, 1]),
            (false, 3, [3, 6, 2, 5, 1, 4]),
            (true, 0, [3, 2, 1, 6, 5, 4]),
            (true, 1, [6, 3, 5, 2, 4, 1]),
        ] {
            assert_eq!(laid(&numbers, 3, 2, Symmetry { mirrored, turns }), expected, "{mirrored} {turns}");
        }
    }
}
