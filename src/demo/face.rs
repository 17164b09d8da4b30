//! Typefaces and their glyphs as coverage masks, drawn once per size and shared by all threads.
//!
//! Coverage is rounded to 8 bits here, and everything after it is integer work, so that pictures do
//! not depend on a platform's mathematics library.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale};

use super::change::box_blur;

/// Classes are the letters a to j.
pub const CLASSES: usize = 10;

/// A letter's cut: which font file, and where its lower-case alphabet lies in it.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// Position in [`font_files`]; a test pins the letters' outlines.
    font: usize,
    letters: [char; CLASSES],
}

const LATIN: [char; CLASSES] = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

/// Ten letters of the block "Mathematical Alphanumeric Symbols" from its small a on.
const fn mathematical(a: u32) -> [char; CLASSES] {
    let mut letters = LATIN;
    let mut at = 0;
    while at < CLASSES {
        if let Some(letter) = char::from_u32(a + at as u32) {
            letters[at] = letter;
        }
        at += 1;
    }
    letters
}

const CUTS: [Cut; 24] = [
    // Libertinus Serif
    Cut { font: 0, letters: LATIN },
    // Libertinus Serif Bold
    Cut { font: 1, letters: LATIN },
    // Libertinus Serif Italic
    Cut { font: 2, letters: LATIN },
    // Libertinus Serif Bold Italic
    Cut { font: 3, letters: LATIN },
    // New Computer Modern
    Cut { font: 9, letters: LATIN },
    // New Computer Modern Bold
    Cut { font: 10, letters: LATIN },
    // New Computer Modern Bold Italic
    Cut { font: 12, letters: LATIN },
    // DejaVu Sans Mono
    Cut { font: 16, letters: LATIN },
    // DejaVu Sans Mono Bold
    Cut { font: 13, letters: LATIN },
    // DejaVu Sans Mono Bold Oblique
    Cut { font: 14, letters: LATIN },
    // New Computer Modern Math Sans
    Cut { font: 8, letters: mathematical(0x1d5ba) },
    // New Computer Modern Math Sans Bold
    Cut { font: 8, letters: mathematical(0x1d5ee) },
    // New Computer Modern Math Sans Bold Italic
    Cut { font: 8, letters: mathematical(0x1d656) },
    // New Computer Modern Math Double-struck
    Cut { font: 8, letters: mathematical(0x1d552) },
    // New Computer Modern Math Bold Script
    Cut { font: 8, letters: mathematical(0x1d4ea) },
    // New Computer Modern Math Bold Fraktur
    Cut { font: 8, letters: mathematical(0x1d586) },
    // Libertinus Serif Semibold Italic
    Cut { font: 5, letters: LATIN },
    // New Computer Modern Italic
    Cut { font: 11, letters: LATIN },
    // DejaVu Sans Mono Oblique
    Cut { font: 15, letters: LATIN },
    // New Computer Modern Math Bold, Monospace
    Cut { font: 6, letters: mathematical(0x1d68a) },
    // New Computer Modern Math Sans Italic
    Cut { font: 8, letters: mathematical(0x1d622) },
    // Noto Sans
    Cut { font: TYPST_FONTS, letters: LATIN },
    // Noto Sans Bold
    Cut { font: TYPST_FONTS + 1, letters: LATIN },
    // Noto Sans Italic
    Cut { font: TYPST_FONTS + 2, letters: LATIN },
];

/// How many fonts `typst_assets::fonts()` has.
const TYPST_FONTS: usize = 17;

/// The font files that other crates carry.
fn font_files() -> impl Iterator<Item = &'static [u8]> {
    let noto = [notosans::REGULAR_TTF, notosans::BOLD_TTF, notosans::ITALIC_TTF];
    typst_assets::fonts().take(TYPST_FONTS).chain(noto)
}

/// Number of typefaces.
pub const FACES: usize = CUTS.len();

/// Pixels per em at which masks are kept; a size in between is drawn from the next larger one.
const KEPT_EMS: [u32; 9] = [24, 32, 43, 58, 78, 105, 142, 190, 256];

/// How much of each pixel something covers, 0 to 255, top row first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    pub width: u32,
    pub height: u32,
    pub cover: Vec<u8>,
}

/// A glyph at one size. Both masks have the same centre.
#[derive(Clone, Debug)]
pub struct Glyph {
    /// Pixels per em.
    pub em: u32,
    pub shape: Mask,
    soft: OnceLock<Mask>,
}

impl Glyph {
    /// The shape out of focus: a shadow, or with more contrast a contour.
    pub fn soft(&self) -> &Mask {
        self.soft.get_or_init(|| {
            let blur = (self.em / 24).max(1);
            self.shape.padded(2 * blur).blurred(blur).blurred(blur)
        })
    }
}

struct Letter {
    font: usize,
    id: GlyphId,
    /// Width and height of the ink in ems.
    extent: (f64, f64),
    kept: [OnceLock<Glyph>; KEPT_EMS.len()],
}

/// All letters of all typefaces.
pub struct Faces {
    fonts: Vec<FontRef<'static>>,
    letters: Vec<Letter>,
}

impl Faces {
    /// Reads the embedded fonts.
    pub fn load() -> Self {
        let fonts: Vec<FontRef<'static>> = font_files()
            .map(|bytes| FontRef::try_from_slice(bytes).expect("the embedded fonts are whole"))
            .collect();
        let mut letters = Vec::with_capacity(FACES * CLASSES);
        for cut in CUTS {
            for letter in cut.letters {
                let font = &fonts[cut.font];
                let id = font.glyph_id(letter);
                let bounds = font.outline(id).map(|outline| outline.bounds).unwrap_or_default();
                let em = f64::from(units_per_em(font));
                let extent = (f64::from(bounds.width()).abs() / em, f64::from(bounds.height()).abs() / em);
                letters.push(Letter { font: cut.font, id, extent, kept: Default::default() });
            }
        }
        Self { fonts, letters }
    }

    /// Width and height of a letter's ink in ems.
    pub fn extent(&self, face: usize, class: usize) -> (f64, f64) {
        self.letter(face, class).extent
    }

    /// Calls `draw` with the letter at `em` pixels per em or somewhat more.
    pub fn with_glyph<T>(&self, face: usize, class: usize, em: u32, draw: impl FnOnce(&Glyph) -> T) -> T {
        let letter = self.letter(face, class);
        match KEPT_EMS.iter().position(|&kept| kept >= em) {
            Some(at) => draw(letter.kept[at].get_or_init(|| self.render(letter, KEPT_EMS[at]))),
            None => draw(&self.render(letter, em)),
        }
    }

    fn letter(&self, face: usize, class: usize) -> &Letter {
        &self.letters[face * CLASSES + class]
    }

    fn render(&self, letter: &Letter, em: u32) -> Glyph {
        let font = &self.fonts[letter.font];
        // ab_glyph's scale is the height from descent to ascent, which differs between fonts.
        let scale = em as f32 * font.height_unscaled() / units_per_em(font);
        let shape = match font.outline_glyph(letter.id.with_scale(PxScale::from(scale))) {
            Some(outlined) => {
                let bounds = outlined.px_bounds();
                let (width, height) = (bounds.width() as u32, bounds.height() as u32);
                let mut cover = vec![0; (width * height) as usize];
                outlined.draw(|x, y, part| {
                    cover[(y * width + x) as usize] = (part.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
                });
                Mask { width, height, cover }
            }
            None => Mask { width: 0, height: 0, cover: Vec::new() },
        };
        Glyph { em, shape: shape.padded(1), soft: OnceLock::new() }
    }
}

fn units_per_em(font: &FontRef<'_>) -> f32 {
    font.units_per_em().unwrap_or(1000.0)
}

impl Mask {
    fn padded(&self, margin: u32) -> Self {
        let (width, height) = (self.width + 2 * margin, self.height + 2 * margin);
        let mut cover = vec![0; (width * height) as usize];
        for y in 0..self.height {
            let to = ((y + margin) * width + margin) as usize;
            let from = (y * self.width) as usize;
            cover[to..to + self.width as usize]
                .copy_from_slice(&self.cover[from..from + self.width as usize]);
        }
        Self { width, height, cover }
    }

    /// The mean over a square of side `2 × radius + 1`.
    fn blurred(mut self, radius: u32) -> Self {
        box_blur(&mut self.cover, self.width as usize, self.height as usize, 1, radius as usize);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_face_has_its_own_shape_of_every_letter() {
        let faces = Faces::load();
        let mut shapes = BTreeSet::new();
        for face in 0..FACES {
            for class in 0..CLASSES {
                let letter = faces.letter(face, class);
                assert_ne!(letter.id.0, 0, "face {face} lacks letter {class}");
                let (width, height) = faces.extent(face, class);
                assert!(width > 0.05 && height > 0.3, "face {face} letter {class}: {width}×{height}");
                shapes.insert(faces.with_glyph(face, class, 58, |glyph| glyph.shape.cover.clone()));
            }
        }
        assert_eq!(shapes.len(), FACES * CLASSES);
    }

    #[test]
    fn large_glyphs_are_drawn_without_being_kept() {
        let faces = Faces::load();
        faces.with_glyph(0, 0, 600, |glyph| assert_eq!(glyph.em, 600));
        assert!(faces.letter(0, 0).kept.iter().all(|kept| kept.get().is_none()));
    }
}
