//! What becomes of the 256 values of a channel, as tables.
//!
//! This file refuses to know operations and luck.

use std::sync::LazyLock;

/// What each value becomes.
pub type Table = [u8; 256];

/// Times `factor`, rounded down, as Pillow's `ImageEnhance.Brightness` and torchvision have it.
pub fn scaled(factor: f64) -> Table {
    let factor = factor as f32;
    std::array::from_fn(|value| (value as f32 * factor) as u8)
}

/// Times a factor and `plus` levels, rounded.
pub fn straight(factor: f64, plus: f64) -> Table {
    of(|value| value * factor + plus)
}

/// `255 (v / 255)^exponent`, rounded, for exponents above 0.
pub fn gamma(exponent: f64) -> Table {
    static LOGARITHMS: LazyLock<[f64; 256]> =
        LazyLock::new(|| std::array::from_fn(|value| libm::log(value as f64 / 255.0)));
    // The logarithm of 0 is minus infinity, whose power is 0.
    LOGARITHMS.map(|logarithm| rounded(255.0 * libm::exp(exponent * logarithm)))
}

/// Values from `threshold` on inverted.
pub fn solarized(threshold: f64) -> Table {
    std::array::from_fn(|value| if (value as f64) < threshold { value as u8 } else { 255 - value as u8 })
}

/// The upper bits alone.
pub fn posterized(bits: u32) -> Table {
    let kept = (0xff00_u32 >> bits.min(8)) as u8;
    std::array::from_fn(|value| value as u8 & kept)
}

pub fn inverted() -> Table {
    std::array::from_fn(|value| 255 - value as u8)
}

/// The cubic Bézier curve from 0 to 255 whose two inner control points are this high, 0 to 1, rounded; a
/// value is the curve's parameter.
pub fn bezier(low: f64, high: f64) -> Table {
    of(|value| {
        let there = value / 255.0;
        let back = 1.0 - there;
        255.0 * (3.0 * back * back * there * low + 3.0 * back * there * there * high + there * there * there)
    })
}

/// Display values of sRGB (IEC 61966-2-1) as light, times `gain`, and back, rounded.
pub fn lit(gain: f64) -> Table {
    /// The light of each display value, and its logarithm.
    static LIGHT: LazyLock<[[f64; 2]; 256]> = LazyLock::new(|| {
        std::array::from_fn(|value| {
            let display = value as f64 / 255.0;
            let light =
                if display <= 0.040_45 { display / 12.92 } else { libm::pow((display + 0.055) / 1.055, 2.4) };
            [light, libm::log(light)]
        })
    });
    let logarithm_of_gain = libm::log(gain);
    LIGHT.map(|[light, logarithm]| {
        let display = if light * gain <= 0.003_130_8 {
            light * gain * 12.92
        } else {
            1.055 * libm::exp((logarithm + logarithm_of_gain) / 2.4) - 0.055
        };
        rounded(display * 255.0)
    })
}

/// The light of a black body of this temperature in kelvin, 1667 to 25,000, as linear red, green and blue of
/// sRGB, in times of green.
///
/// Chromaticity is by the cubics of B. Kang et al., "Design of Advanced Color Temperature Control System for
/// HDTV Applications", Journal of the Korean Physical Society 41(6), 2002. Blue that sRGB does not have is 0.
pub fn black_body(kelvin: f64) -> [f64; 3] {
    let cubic = |[a, b, c, d]: [f64; 4], at: f64| ((a * at + b) * at + c) * at + d;
    let thousands = 1000.0 / kelvin;
    let x = if kelvin < 4000.0 {
        cubic([-0.266_123_9, -0.234_358_9, 0.877_695_6, 0.179_910], thousands)
    } else {
        cubic([-3.025_846_9, 2.107_037_9, 0.222_634_7, 0.240_390], thousands)
    };
    let y = if kelvin < 2222.0 {
        cubic([-1.106_381_4, -1.348_110_20, 2.185_558_32, -0.202_196_83], x)
    } else if kelvin < 4000.0 {
        cubic([-0.954_947_6, -1.374_185_93, 2.091_370_15, -0.167_488_67], x)
    } else {
        cubic([3.081_758_0, -5.873_386_70, 3.751_129_97, -0.370_014_83], x)
    };
    linear(x, y)
}

/// Linear red, green and blue of sRGB (IEC 61966-2-1) of a chromaticity, in times of green.
fn linear(x: f64, y: f64) -> [f64; 3] {
    let (wide, deep) = (x / y, (1.0 - x - y) / y);
    let [red, green, blue] = [
        3.240_625_5 * wide - 1.537_208 - 0.498_628_6 * deep,
        -0.968_930_7 * wide + 1.875_756_1 + 0.041_517_5 * deep,
        0.055_710_1 * wide - 0.204_021_1 + 1.056_995_9 * deep,
    ];
    [red / green, 1.0, (blue / green).max(0.0)]
}

/// A table of a function in levels, rounded.
fn of(function: impl Fn(f64) -> f64) -> Table {
    std::array::from_fn(|value| rounded(function(value as f64)))
}

fn rounded(level: f64) -> u8 {
    // A cast brings what is outside of 0 to 255 to the nearer end.
    (level + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [usize; 8] = [0, 1, 37, 100, 128, 200, 254, 255];

    #[test]
    fn tables_are_those_of_pillow_and_albumentations() {
        // import numpy as np; from PIL import Image, ImageOps, ImageEnhance from
        // albumentations.augmentations.pixel import functional as F v = np.array([[0, 1, 37, 100, 128, 200,
        // 254, 255]], np.uint8); p = Image.fromarray(v) ImageEnhance.Brightness(p).enhance(0.3),
        // .enhance(1.7), ImageOps.solarize(p, 100), .posterize(p, 3), ImageOps.invert(p), F.solarize(v, 100 /
        // 255), F.gamma_transform(v, 0.8), F.gamma_transform(v, 2.2), F.move_tone_curve(v, 0.4, 0.7),
        // albucore.multiply_add(v, 1.3, -20)
        let rows: [(&str, Table, [u8; 8], u8); 9] = [
            ("darker", scaled(0.3), [0, 0, 11, 30, 38, 60, 76, 76], 0),
            ("brighter", scaled(1.7), [0, 1, 62, 170, 217, 255, 255, 255], 0),
            ("solarized", solarized(100.0), [0, 1, 37, 155, 127, 55, 1, 0], 0),
            ("posterized", posterized(3), [0, 0, 32, 96, 128, 192, 224, 224], 0),
            ("inverted", inverted(), [255, 254, 218, 155, 127, 55, 1, 0], 0),
            ("gamma 0.8", gamma(0.8), [0, 3, 54, 120, 146, 209, 254, 255], 1),
            ("gamma 2.2", gamma(2.2), [0, 0, 3, 32, 55, 149, 252, 255], 1),
            ("tone curve", bezier(0.4, 0.7), [0, 1, 43, 110, 138, 205, 254, 255], 0),
            ("straight", straight(1.3, -20.0), [0, 0, 28, 110, 146, 240, 255, 255], 1),
        ];
        for (name, table, expected, tolerance) in rows {
            let found = VALUES.map(|value| table[value]);
            assert!(
                found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= tolerance),
                "{name}: {found:?} for {expected:?}"
            );
        }
    }

    #[test]
    fn what_changes_nothing_is_no_change() {
        let same: Table = std::array::from_fn(|value| value as u8);
        let rows = [
            ("scaled", scaled(1.0)),
            ("straight", straight(1.0, 0.0)),
            ("gamma", gamma(1.0)),
            ("solarized", solarized(256.0)),
            ("posterized", posterized(8)),
            ("bezier", bezier(1.0 / 3.0, 2.0 / 3.0)),
            ("lit", lit(1.0)),
        ];
        for (name, table) in rows {
            assert_eq!(table, same, "{name}");
        }
    }

    #[test]
    fn black_bodies_have_the_colours_that_are_known() {
        // G. Wyszecki and W. S. Stiles, "Color Science", 1982: chromaticities of black bodies, the first one
        // being illuminant A's.
        for (kelvin, x, y) in [(2856.0, 0.4476, 0.4074), (4000.0, 0.3805, 0.3768), (6500.0, 0.3135, 0.3237)] {
            let found = black_body(kelvin);
            let expected = linear(x, y);
            let is_near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.02);
            assert!(is_near, "{kelvin}: {found:?} for {expected:?}");
        }
        for kelvin in (2000..20_000).step_by(100).map(f64::from) {
            let ([red, _, blue], [redder, _, bluer]) = (black_body(kelvin), black_body(kelvin + 100.0));
            assert!(redder < red && bluer > blue, "{kelvin}");
        }
    }
}
