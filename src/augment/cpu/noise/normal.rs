//! Normal numbers for a block of pixels, by G. E. P. Box and M. E. Muller, "A Note on the Generation of
//! Random Normal Deviates", 1958: of `a` and `b` become `√(−2 ln u)` times cosine and sine of `2π b / 2³² −
//! π/4`, where `u` is the middle of one of 2²⁴ equal steps from 0 to 1.
//!
//! Logarithm, cosine and sine are polynomials, within some 10⁻⁶: sums and products of `f32` are the same on any
//! machine. Their coefficients are those whose greatest error is least on the part that is used, the leading one
//! as in the series: weighted least squares, the weights raised where the error is greatest until it is even.

use super::{BLOCK, Bits, Normals};
use std::f32::consts::{FRAC_PI_2, LN_2};

/// So many normal numbers for each pixel, at most three.
#[inline(always)]
pub fn normals(bits: &Bits, count: usize, normals: &mut Normals) {
    let [first, second, third] = normals;
    for at in 0..BLOCK {
        let radius = radius(bits[0][at]);
        let [cosine, sine] = direction(bits[1][at]);
        first[at] = radius * cosine;
        second[at] = radius * sine;
    }
    if count > 2 {
        for at in 0..BLOCK {
            third[at] = radius(bits[2][at]) * direction(bits[3][at])[0];
        }
    }
}

/// `√(−2 ln u)`.
#[inline(always)]
fn radius(bits: u32) -> f32 {
    let unit = ((bits >> 8) as f32 + 0.5) * (1.0 / 16_777_216.0);
    // u = 2ᵉ (1 + f) / (1 − f), the part behind 2ᵉ from √½ to √2; its logarithm is twice the area tangent of
    // f.
    let root_of_half = 0x3f35_04f3;
    let exponent = (unit.to_bits().wrapping_sub(root_of_half)) as i32 >> 23;
    let part = f32::from_bits(unit.to_bits().wrapping_sub((exponent << 23) as u32));
    let f = (part - 1.0) / (part + 1.0);
    let square = f * f;
    let series = 1.0 + square * (0.333_267_13 + square * 0.206_437_52);
    let logarithm = exponent as f32 * LN_2 + 2.0 * f * series;
    (-2.0 * logarithm).sqrt()
}

/// Cosine and sine of `2π b / 2³² − π/4`.
#[inline(always)]
fn direction(bits: u32) -> [f32; 2] {
    // The upper two bits are whole quarters of a turn; the rest is an angle of up to an eighth of a turn.
    let angle = (((bits << 2) >> 8) as f32 * (1.0 / 16_777_216.0) - 0.5) * FRAC_PI_2;
    let square = angle * angle;
    let sine = angle * (1.0 - square * (0.166_628_34 - square * 0.008_152_99));
    let cosine = 1.0 - square * (0.499_998_95 - square * (0.041_656_29 - square * 0.001_359_78));
    let is_odd = bits & 1 << 30 != 0;
    let (x, y) = if is_odd { (-sine, cosine) } else { (cosine, sine) };
    if bits & 1 << 31 != 0 { [-x, -y] } else { [x, y] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_it_says() {
        for step in 0..4096u32 {
            let bits = step.wrapping_mul(1_048_583).wrapping_add(77);
            let unit = (f64::from(bits >> 8) + 0.5) / 16_777_216.0;
            assert!((f64::from(radius(bits)) - libm::sqrt(-2.0 * libm::log(unit))).abs() < 2e-6, "{bits}");
            let angle =
                std::f64::consts::TAU * f64::from(bits) / 4_294_967_296.0 - std::f64::consts::FRAC_PI_4;
            let [x, y] = direction(bits).map(f64::from);
            assert!((x - libm::cos(angle)).abs() < 2e-6 && (y - libm::sin(angle)).abs() < 2e-6, "{bits}");
        }
    }
}
