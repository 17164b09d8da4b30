//! The colours of both themes as plain numbers: the interface and charts read the same ones.
//!
//! This file refuses to know what is drawn in them.

/// The colours of one theme, as 0xRRGGBB; what each is for is told by
/// [`Tokens`](crate::ui::theme::Tokens).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours {
    pub canvas: u32,
    pub panel: u32,
    pub raised: u32,
    pub raised_hover: u32,
    pub field: u32,
    pub line: u32,
    pub text: u32,
    pub text_dim: u32,
    pub accent: u32,
    pub accent_soft: u32,
    pub on_accent: u32,
    pub warn: u32,
    pub error: u32,
    pub ok: u32,
    pub dark: bool,
}

/// The dark theme.
pub const DARK: Colours = Colours {
    canvas: 0x121417,
    panel: 0x191C20,
    raised: 0x262A31,
    raised_hover: 0x30353E,
    field: 0x101215,
    line: 0x2D323A,
    text: 0xE4E7EB,
    text_dim: 0x9BA4B0,
    accent: 0x6CA6FF,
    accent_soft: 0x23395D,
    on_accent: 0x0B1526,
    warn: 0xE3B04B,
    error: 0xF27C78,
    ok: 0x6FC492,
    dark: true,
};

/// The light theme.
pub const LIGHT: Colours = Colours {
    canvas: 0xEEF0F3,
    panel: 0xFBFBFC,
    raised: 0xE9ECF0,
    raised_hover: 0xDDE2E8,
    field: 0xFFFFFF,
    line: 0xD5DAE0,
    text: 0x1B1F26,
    text_dim: 0x59636F,
    accent: 0x1C62C9,
    accent_soft: 0xD3E3FA,
    on_accent: 0xFFFFFF,
    warn: 0x8A5B00,
    error: 0xBC2F2B,
    ok: 0x1A7444,
    dark: false,
};

/// Red, green and blue of 0xRRGGBB.
pub const fn channels(hex: u32) -> [u8; 3] {
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
}

impl Colours {
    /// The colour of a class: hues are a golden-ratio sequence, so that neighbouring ids differ
    /// most, at a lightness that reads on both canvases.
    pub fn class(&self, class: u32) -> [u8; 3] {
        let hue = (f64::from(class) * 0.618_033_988_75 + 0.58).fract() as f32;
        let value = if self.dark { 0.80 } else { 0.36 };
        let saturation = if class.is_multiple_of(2) { 0.55 } else { 0.72 };
        rgb_of_hsv(hue, saturation, value)
    }

    /// The colour that a person chose for a class, or that of its number.
    pub fn class_or(&self, chosen: Option<[u8; 3]>, class: u32) -> [u8; 3] {
        chosen.map_or_else(|| self.class(class), |colour| self.legible(colour))
    }

    /// A colour that was made for no theme, mixed with white or black until it stands out from the canvas by
    /// [`CONTRAST`].
    pub fn legible(&self, colour: [u8; 3]) -> [u8; 3] {
        const STEPS: u8 = 32;
        let canvas = luminance(channels(self.canvas));
        let end = if self.dark { 255.0 } else { 0.0 };
        let mixed = |step: u8| {
            let part = f32::from(step) / f32::from(STEPS);
            colour.map(|value| (f32::from(value) * (1.0 - part) + end * part).round() as u8)
        };
        let stands_out = |colour: &[u8; 3]| {
            let own = luminance(*colour);
            (own.max(canvas) + 0.05) / (own.min(canvas) + 0.05) >= CONTRAST
        };
        (0..=STEPS).map(mixed).find(stands_out).unwrap_or(colour)
    }

    /// The colour of a part of a scale, 0 to 1: from what is near the canvas to what stands out, through hues
    /// that those see apart who see few colours.
    pub fn scale(&self, part: f32) -> [u8; 3] {
        const DARK: [[f32; 3]; 5] =
            [[60., 66., 110.], [54., 110., 148.], [52., 158., 140.], [140., 202., 96.], [250., 228., 110.]];
        const LIGHT: [[f32; 3]; 5] =
            [[214., 184., 70.], [110., 170., 84.], [38., 132., 124.], [44., 84., 140.], [58., 30., 100.]];
        let stops = if self.dark { &DARK } else { &LIGHT };
        let place = part.clamp(0.0, 1.0) * (stops.len() - 1) as f32;
        let at = (place as usize).min(stops.len() - 2);
        let between = place - at as f32;
        let mix = |channel: usize| stops[at][channel] * (1.0 - between) + stops[at + 1][channel] * between;
        [mix(0), mix(1), mix(2)].map(|value| value.round() as u8)
    }
}

/// The least contrast of what is not text with what it stands on, after WCAG 2.2 (1.4.11).
pub const CONTRAST: f32 = 3.0;

/// Relative luminance after WCAG 2.2, 0 to 1.
fn luminance(colour: [u8; 3]) -> f32 {
    let [red, green, blue] = colour.map(|value| {
        let value = f32::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Hue, saturation and value in linear light, each 0 to 1, as sRGB.
fn rgb_of_hsv(hue: f32, saturation: f32, value: f32) -> [u8; 3] {
    let (sector, part) = ((hue * 6.0).floor(), hue * 6.0 - (hue * 6.0).floor());
    let low = value * (1.0 - saturation);
    let (falling, rising) = (value * (1.0 - part * saturation), value * (1.0 - (1.0 - part) * saturation));
    let linear = match sector as u32 % 6 {
        0 => [value, rising, low],
        1 => [falling, value, low],
        2 => [low, value, rising],
        3 => [low, falling, value],
        4 => [rising, low, value],
        _ => [value, low, falling],
    };
    linear.map(|value| {
        let gamma = if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
        (gamma * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_colour_stands_out_in_both_themes_and_stays_where_it_does() {
        for colours in [&DARK, &LIGHT] {
            let canvas = luminance(channels(colours.canvas));
            for colour in
                [[0; 3], [255; 3], [0, 0, 255], [255, 255, 0], [18, 20, 23], [238, 240, 243], [200, 30, 90]]
            {
                let own = luminance(colours.class_or(Some(colour), 7));
                let ratio = (own.max(canvas) + 0.05) / (own.min(canvas) + 0.05);
                assert!(ratio >= CONTRAST, "{colour:?}: {ratio}");
            }
        }
        assert_eq!(DARK.legible([255, 255, 0]), [255, 255, 0]);
        assert_eq!(LIGHT.legible([0, 0, 255]), [0, 0, 255]);
        assert_eq!(LIGHT.class_or(None, 7), LIGHT.class(7));
    }

    #[test]
    fn classes_are_as_egui_has_them() {
        for colours in [&DARK, &LIGHT] {
            for class in 0..200 {
                let hue = (f64::from(class) * 0.618_033_988_75 + 0.58).fract() as f32;
                let value = if colours.dark { 0.80 } else { 0.36 };
                let saturation = if class % 2 == 0 { 0.55 } else { 0.72 };
                let theirs: egui::Color32 = egui::ecolor::Hsva::new(hue, saturation, value, 1.0).into();
                let ours = colours.class(class);
                let [r, g, b, _] = theirs.to_array();
                assert!(
                    ours.iter().zip([r, g, b]).all(|(one, two)| one.abs_diff(two) <= 1),
                    "{class}: {ours:?} {theirs:?}"
                );
            }
        }
    }
}
