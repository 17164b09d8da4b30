//! The width of text and its outlines, in the font that the interface has: Noto Sans.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, OutlinedGlyph, PxScale, point};

/// How bold text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    #[default]
    Regular,
    Bold,
}

/// The font of a weight; `None` where its bytes are none, which the program's own tests rule out.
fn font(weight: Weight) -> Option<&'static FontRef<'static>> {
    static FONTS: OnceLock<[Option<FontRef<'static>>; 2]> = OnceLock::new();
    let read = |bytes: &'static [u8]| FontRef::try_from_slice(bytes).ok();
    let fonts = FONTS.get_or_init(|| [read(notosans::REGULAR_TTF), read(notosans::BOLD_TTF)]);
    fonts[weight as usize].as_ref()
}

/// The factor from units of the font to pixels.
fn per_unit(font: &FontRef<'_>, size: f32) -> f32 {
    size / font.units_per_em().unwrap_or(1000.0)
}

/// How wide text is in pixels, an em being `size`.
pub fn text_width(text: &str, size: f32, weight: Weight) -> f32 {
    let Some(font) = font(weight) else { return text.chars().count() as f32 * size * 0.6 };
    let advance = |sign: char| font.h_advance_unscaled(font.glyph_id(sign));
    text.chars().map(advance).sum::<f32>() * per_unit(font, size)
}

/// The text as it is where it fits, else its start and its end with … between: names often differ at the end.
pub fn shortened(text: &str, size: f32, weight: Weight, width: f32) -> String {
    if text_width(text, size, weight) <= width {
        return text.to_owned();
    }
    let signs: Vec<char> = text.chars().collect();
    for kept in (1..signs.len()).rev() {
        let end = kept / 3;
        let start = kept - end;
        let short: String = signs[..start].iter().chain(&['…']).chain(&signs[signs.len() - end..]).collect();
        if text_width(&short, size, weight) <= width {
            return short;
        }
    }
    "…".to_owned()
}

/// The outlines of text whose baseline begins at that place.
pub fn outlines(text: &str, size: f32, weight: Weight, at: [f32; 2]) -> Vec<OutlinedGlyph> {
    let Some(font) = font(weight) else { return Vec::new() };
    // The library's scale is of ascent to descent and not of an em.
    let scale = PxScale::from(per_unit(font, size) * font.height_unscaled());
    let mut x = at[0];
    let mut glyphs = Vec::new();
    for sign in text.chars() {
        let id = font.glyph_id(sign);
        let glyph = Glyph { id, scale, position: point(x, at[1]) };
        glyphs.extend(font.outline_glyph(glyph));
        x += font.h_advance_unscaled(id) * per_unit(font, size);
    }
    glyphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_weights_are_there_and_bold_is_wider() {
        let width = |weight| text_width("Classes by count", 13.0, weight);
        assert!(font(Weight::Regular).is_some() && font(Weight::Bold).is_some());
        assert!(width(Weight::Bold) > width(Weight::Regular));
        assert_eq!(text_width("", 13.0, Weight::Regular), 0.0);
        assert!(!outlines("Ä1", 13.0, Weight::Regular, [0.0, 20.0]).is_empty());
    }

    #[test]
    fn what_does_not_fit_keeps_both_ends() {
        let long = "a class whose name is far too long to be read beside a bar 17";
        let short = shortened(long, 12.0, Weight::Regular, 120.0);
        assert!(text_width(&short, 12.0, Weight::Regular) <= 120.0);
        assert!(short.starts_with("a cla") && short.contains('…') && short.ends_with("17"), "{short}");
        assert_eq!(shortened("cat", 12.0, Weight::Regular, 120.0), "cat");
        assert_eq!(shortened("cat", 12.0, Weight::Regular, 1.0), "…");
    }
}
