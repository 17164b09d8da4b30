//! Pixels as a file stores them, before they are made display pixels: any sample type, not upright.

use super::raster::{oriented_size, stored_position};
use super::{MediaError, Raster, tone};
use crate::dataset::{ImageFormat, PixelKind};

/// Sample values in the machine's byte order, interleaved, top row first.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Samples {
    U8(Vec<u8>),
    /// Two bytes per sample.
    U16(Vec<u8>),
    /// Four bytes per sample: light, or another quantity in a TIFF.
    F32(Vec<u8>),
    /// Four bytes per pixel, 255 full ink. The picture's channel count is that of the RGB shown.
    Cmyk(Vec<u8>),
}

impl Samples {
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::U8(bytes) | Self::U16(bytes) | Self::F32(bytes) | Self::Cmyk(bytes) => bytes,
        }
    }
}

/// What is wanted of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The display pixels alone: to measure, and for thumbnails.
    Display,
    /// The stored samples as well, where they are wider.
    Original,
}

/// One decoded picture as stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    /// Size before orientation is applied.
    pub width: u32,
    pub height: u32,
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    pub channels: u8,
    pub samples: Samples,
    pub pixel_kind: PixelKind,
    pub bits: u8,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// What is wrong although there is a picture.
    pub damage: Option<MediaError>,
}

impl Stored {
    /// The upright display pixels, and the stored samples where they say more than those and are to
    /// be kept.
    pub fn into_display(self, format: ImageFormat, keep: Keep) -> (Option<Raster>, Option<Original>) {
        let channels = usize::from(self.channels);
        let (shown_channels, data, original) = match self.samples {
            Samples::U8(data) => (self.channels, data, None),
            Samples::U16(data) => {
                let shown =
                    tone::from_u16(data.as_chunks::<2>().0.iter().map(|&two| u16::from_ne_bytes(two)));
                (self.channels, shown, Some(Samples::U16(data)))
            }
            Samples::F32(data) => {
                let samples = data.as_chunks::<4>().0;
                let shown = match format {
                    ImageFormat::Tiff => tone::from_measurements(samples, channels),
                    _ => tone::from_linear(samples, channels),
                };
                (self.channels, shown, Some(Samples::F32(data)))
            }
            Samples::Cmyk(data) => (3, rgb_from_cmyk(&data), Some(Samples::Cmyk(data))),
        };
        let original = original.filter(|_| keep == Keep::Original).map(|samples| Original {
            samples,
            width: self.width,
            height: self.height,
            channels: self.channels,
            orientation: self.orientation,
        });
        let raster = Raster::new(self.width, self.height, shown_channels, data);
        (raster.map(|raster| raster.oriented(self.orientation)), original)
    }
}

/// Stored samples that are wider than display pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Original {
    samples: Samples,
    width: u32,
    height: u32,
    channels: u8,
    orientation: u8,
}

impl Original {
    /// The stored values of the pixel shown at `x`, `y`, with their channels' names.
    pub fn text(&self, x: u32, y: u32) -> Option<String> {
        let (width, height) = oriented_size(self.width, self.height, self.orientation);
        if x >= width || y >= height {
            return None;
        }
        let (x, y) = stored_position(x, y, self.width, self.height, self.orientation);
        let pixel = y as usize * self.width as usize + x as usize;
        let channels = usize::from(self.channels);
        let names = channel_names(self.channels);
        match &self.samples {
            Samples::U8(data) => Some(labelled(names, data.get(pixel * channels..)?.iter())),
            Samples::U16(data) => {
                let values = data.get(pixel * channels * 2..)?.as_chunks::<2>().0;
                Some(labelled(names, values.iter().map(|&two| u16::from_ne_bytes(two))))
            }
            Samples::F32(data) => {
                let values = data.get(pixel * channels * 4..)?.as_chunks::<4>().0;
                Some(labelled(names, values.iter().map(|&four| Short(f32::from_ne_bytes(four)))))
            }
            Samples::Cmyk(data) => Some(labelled(&["C", "M", "Y", "K"], data.get(pixel * 4..)?.iter())),
        }
    }
}

/// The names of a picture's channels, as shown before their values.
pub(super) fn channel_names(channels: u8) -> &'static [&'static str] {
    match channels {
        1 => &["L"],
        2 => &["L", "A"],
        3 => &["R", "G", "B"],
        _ => &["R", "G", "B", "A"],
    }
}

/// `R 1 G 2 B 3`.
pub(super) fn labelled(names: &[&str], values: impl Iterator<Item = impl std::fmt::Display>) -> String {
    let parts: Vec<String> =
        names.iter().zip(values).map(|(name, value)| format!("{name} {value}")).collect();
    parts.join(" ")
}

/// A float with four significant digits; whole numbers, as masks and depths have them, in full as far
/// as a float tells them apart.
struct Short(f32);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = self.0.abs();
        let is_whole = self.0.fract() == 0.0 && (1e3..=16_777_216.0).contains(&size);
        if self.0 == 0.0 || !self.0.is_finite() || is_whole {
            write!(f, "{}", self.0)
        } else if (1e-3..1e5).contains(&size) {
            let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
            write!(f, "{:.digits$}", self.0)
        } else {
            write!(f, "{:.3e}", self.0)
        }
    }
}

/// Ink to light without a profile: `(255 − ink) × (255 − black) / 255`, rounded.
fn rgb_from_cmyk(data: &[u8]) -> Vec<u8> {
    let mix = |ink: u8, black: u8| {
        let product = u32::from(255 - ink) * u32::from(255 - black) + 128;
        ((product + (product >> 8)) >> 8) as u8
    };
    data.as_chunks::<4>().0.iter().flat_map(|&[c, m, y, k]| [mix(c, k), mix(m, k), mix(y, k)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn original_values_are_found_under_the_upright_pixel() {
        let data: Vec<u8> = [100u16, 200].iter().flat_map(|value| value.to_ne_bytes()).collect();
        let stored = Stored {
            width: 2,
            height: 1,
            channels: 1,
            samples: Samples::U16(data),
            pixel_kind: PixelKind::Grey,
            bits: 16,
            orientation: 6,
            damage: None,
        };
        assert_eq!(stored.clone().into_display(ImageFormat::Png, Keep::Display).1, None);
        let (raster, original) = stored.into_display(ImageFormat::Png, Keep::Original);
        let (raster, original) = (raster.expect("a picture"), original.expect("16 bits are kept"));
        assert_eq!((raster.width, raster.height), (1, 2));
        assert_eq!(original.text(0, 1).as_deref(), Some("L 200"));
        assert_eq!(original.text(1, 0), None);
    }

    #[test]
    fn floats_are_short() {
        let rows = [
            (0.0, "0"),
            (0.03125, "0.03125"),
            (1.0, "1.000"),
            (1234.5, "1234"),
            (123_457.0, "123457"),
            (-70_000.0, "-70000"),
            (123_456.5, "1.235e5"),
            (1e9, "1.000e9"),
            (f32::NAN, "NaN"),
        ];
        for (value, expected) in rows {
            assert_eq!(Short(value).to_string(), expected);
        }
    }

    #[test]
    fn ink_takes_light_away() {
        assert_eq!(
            rgb_from_cmyk(&[0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255]),
            [255, 255, 255, 0, 255, 255, 0, 0, 0]
        );
    }
}
