//! Samples wider than 8 bits to display values.
//!
//! Linear scenes (Radiance HDR, OpenEXR) go through the extended Reinhard operator: E. Reinhard et
//! al., "Photographic Tone Reproduction for Digital Images", SIGGRAPH 2002, equations 1, 2 and 4,
//! with the key 0.18 and the brightest luminance as the white point. A scene that stays within 0 to
//! 1 is shown as it is. Both end in the sRGB transfer function (IEC 61966-2-1). NaN and negative
//! samples become black, infinite ones white.

use std::sync::OnceLock;

/// Key value of the scene: where its log-average luminance goes.
const KEY: f64 = 0.18;

/// Larger samples are taken as this, so that sums stay finite.
const BRIGHTEST: f32 = 1e9;

/// Steps of the table from linear light to sRGB.
const STEPS: usize = 1 << 16;

/// Linear light in 1, 2, 3 or 4 channels, four bytes in the machine's order per sample, to 8-bit
/// sRGB. Even channel counts end in an alpha by which colours were multiplied, as OpenEXR has it; the
/// result's alpha is straight.
pub(super) fn from_linear(samples: &[[u8; 4]], channels: usize) -> Vec<u8> {
    let colours = colour_count(channels);
    let (mut white, mut log_sum, mut lit) = (0f32, 0f64, 0u64);
    for pixel in samples.chunks_exact(channels) {
        let pixel = straight(pixel, colours);
        let light = luminance(&pixel[..colours]);
        white = white.max(light).max(if colours == 1 { 0.0 } else { pixel[0].max(pixel[1]).max(pixel[2]) });
        if light > 1e-6 {
            log_sum += f64::from(light).ln();
            lit += 1;
        }
    }
    let mapped = white > 1.0 && lit > 0;
    let exposure = if mapped { (KEY / (log_sum / lit as f64).exp()) as f32 } else { 1.0 };
    let white = white * exposure;
    let table = srgb_table();
    let mut out = Vec::with_capacity(samples.len());
    for pixel in samples.chunks_exact(channels) {
        let pixel = straight(pixel, colours);
        let light = luminance(&pixel[..colours]) * exposure;
        let scale = if !mapped { 1.0 } else { exposure * (1.0 + light / (white * white)) / (1.0 + light) };
        for &value in &pixel[..colours] {
            out.push(table[((value * scale).clamp(0.0, 1.0) * (STEPS - 1) as f32 + 0.5) as usize]);
        }
        if colours < channels {
            out.push((pixel[colours].clamp(0.0, 1.0) * 255.0 + 0.5) as u8);
        }
    }
    out
}

/// How many of a pixel's channels are not alpha.
fn colour_count(channels: usize) -> usize {
    if channels.is_multiple_of(2) { channels - 1 } else { channels }
}

/// One pixel of linear light without broken values, its colours divided by the alpha that may follow
/// them.
#[expect(clippy::manual_clamp, reason = "clamp keeps NaN; max and min turn it into black")]
fn straight(stored: &[[u8; 4]], colours: usize) -> [f32; 4] {
    let mut pixel = [0f32; 4];
    for (value, four) in pixel.iter_mut().zip(stored) {
        // `max` turns NaN into 0.
        *value = f32::from_ne_bytes(*four).max(0.0).min(BRIGHTEST);
    }
    let alpha = if colours < stored.len() { pixel[colours] } else { 1.0 };
    if alpha > 0.0 && alpha < 1.0 {
        for value in &mut pixel[..colours] {
            *value = (*value / alpha).min(BRIGHTEST);
        }
    }
    pixel
}

/// Floating-point samples of no stated meaning, as TIFF holds them: those within 0 to 1 are display
/// values; any other range is stretched so that its least is black and its greatest white. Infinite
/// and NaN samples are left out of the range; NaN is shown black. Even channel counts end in alpha.
pub(super) fn from_measurements(samples: &[[u8; 4]], channels: usize) -> Vec<u8> {
    let colours = colour_count(channels);
    let (mut least, mut greatest) = (f32::INFINITY, f32::NEG_INFINITY);
    for pixel in samples.chunks_exact(channels) {
        let values = pixel[..colours].iter().map(|four| f32::from_ne_bytes(*four));
        for value in values.filter(|value| value.is_finite()) {
            least = least.min(value);
            greatest = greatest.max(value);
        }
    }
    if (least >= 0.0 && greatest <= 1.0) || least >= greatest {
        (least, greatest) = (0.0, 1.0);
    }
    let (least, range) = (f64::from(least), f64::from(greatest) - f64::from(least));
    let mut out = Vec::with_capacity(samples.len());
    for pixel in samples.chunks_exact(channels) {
        for &four in &pixel[..colours] {
            // A cast of NaN gives 0.
            let value = f64::from(f32::from_ne_bytes(four));
            out.push(((value - least) / range * 255.0 + 0.5).clamp(0.0, 255.0) as u8);
        }
        if let Some(&alpha) = pixel.get(colours) {
            out.push((f32::from_ne_bytes(alpha).clamp(0.0, 1.0) * 255.0 + 0.5) as u8);
        }
    }
    out
}

/// 16-bit samples to 8 bits: `v / 257`, rounded.
pub(super) fn from_u16(samples: impl Iterator<Item = u16>) -> Vec<u8> {
    samples.map(|value| ((u32::from(value) * 255 + 32_895) >> 16) as u8).collect()
}

/// Relative luminance of linear Rec. 709 colours.
fn luminance(colours: &[f32]) -> f32 {
    match *colours {
        [r, g, b, ..] => 0.2126 * r + 0.7152 * g + 0.0722 * b,
        [grey, ..] => grey,
        [] => 0.0,
    }
}

fn srgb_table() -> &'static [u8] {
    static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let step = |at: usize| {
            let light = at as f64 / (STEPS - 1) as f64;
            let shown =
                if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
            (shown * 255.0 + 0.5) as u8
        };
        (0..STEPS).map(step).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(samples: &[f32], channels: usize) -> Vec<u8> {
        from_linear(&samples.iter().map(|value| value.to_ne_bytes()).collect::<Vec<_>>(), channels)
    }

    fn measurements(samples: &[f32]) -> Vec<u8> {
        from_measurements(&samples.iter().map(|value| value.to_ne_bytes()).collect::<Vec<_>>(), 1)
    }

    #[test]
    fn a_scene_within_display_range_is_only_encoded() {
        assert_eq!(linear(&[0.0, 0.5, 1.0], 3), [0, 188, 255]);
    }

    #[test]
    fn bright_scenes_are_compressed_and_keep_their_order() {
        let shown = linear(&[0.01, 0.1, 1.0, 10.0, 1000.0], 1);
        assert!(shown.is_sorted() && shown[0] > 0 && shown[4] == 255, "{shown:?}");
    }

    #[test]
    fn broken_samples_become_black_or_white() {
        let shown = linear(&[f32::NAN, f32::NEG_INFINITY, -1.0, f32::INFINITY, f32::MAX, 0.5], 1);
        assert_eq!((shown[0], shown[1], shown[2], shown[3], shown[4]), (0, 0, 0, 255, 255));
        assert_eq!(measurements(&[f32::NAN, 0.0, 1.0, f32::INFINITY]), [0, 0, 255, 255]);
        assert_eq!(measurements(&[f32::MIN, 0.0, f32::MAX]), [0, 128, 255]);
        assert_eq!(measurements(&[f32::NAN]), [0]);
    }

    #[test]
    fn measurements_outside_display_range_are_stretched() {
        assert_eq!(measurements(&[100.0, 150.0, 200.0]), [0, 128, 255]);
        assert_eq!(measurements(&[0.0, 0.5, 1.0]), [0, 128, 255]);
        assert_eq!(measurements(&[7.0, 7.0]), [255, 255]);
    }

    #[test]
    fn alpha_is_made_straight() {
        assert_eq!(linear(&[0.25, 0.25, 0.25, 0.5], 4), [188, 188, 188, 128]);
    }

    #[test]
    fn sixteen_bits_round_to_eight() {
        for value in [0u16, 1, 128, 129, 257, 385, 386, 32767, 65406, 65407, 65535] {
            let exact = (f64::from(value) / 257.0).round() as u8;
            assert_eq!(from_u16([value].into_iter()), [exact], "{value}");
        }
    }
}
