//! From plan to the bytes of a file: draw, treat, encode.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder};

use super::change::Picture;
use super::draw::{Canvas, Grounds};
use super::face::Faces;
use super::fault::Treatment;
use super::plan::{Encoding, Plan};
use super::random::{Purpose, Stream};

/// What one thread works with, its memory used again and again.
#[derive(Debug, Default)]
pub struct Bench {
    canvas: Canvas,
    grey: Vec<u8>,
    bytes: Vec<u8>,
}

impl Bench {
    /// The bytes of a sample's file.
    pub fn make(&mut self, plan: &Plan, sample: u32, faces: &Faces) -> Result<&[u8], String> {
        let treatment = plan.treatment(sample);
        self.bytes.clear();
        if treatment == Treatment::Empty {
            return Ok(&self.bytes);
        }
        let mut stream = plan.stream(plan.drawn(sample), Purpose::Scene);
        // As the checks have it, a square picture, or one of few tones, is not blurry however blurred it
        // is, and a dark one of few pixels is. Little colour is none after too much light, and few tones
        // without colour are little information.
        let (size, grounds) = match treatment {
            Treatment::Size { width, height } => ((width, height), Grounds::Pale),
            Treatment::Blur { .. } => (draw_size(OBLONG, &mut stream), Grounds::Pale),
            Treatment::Grey { .. } => (draw_size(&SHAPES, &mut stream), Grounds::Pale),
            Treatment::Overexpose { .. } => (draw_size(&SHAPES, &mut stream), Grounds::Vivid),
            _ => (draw_size(&SHAPES, &mut stream), Grounds::Any),
        };
        match treatment {
            Treatment::Blank => self.canvas.blank(size, &mut stream),
            _ => self.canvas.letter(size, plan.class(sample), grounds, faces, &mut stream),
        }
        treatment.apply(&mut self.canvas.picture);
        let one_channel = treatment == Treatment::Grey { one_channel: true };
        encode(&self.canvas.picture, one_channel, plan.encoding(sample), &mut self.grey, &mut self.bytes)?;
        if let Treatment::Truncate { percent } = treatment {
            self.bytes.truncate(self.bytes.len() * percent as usize / 100);
        }
        Ok(&self.bytes)
    }
}

/// Width and height of a picture of the same area as a square, in 1/256 of the square's side: the
/// shapes that photos have, each as often as it stands here.
const SHAPES: [(u32, u32); 10] = [
    (256, 256),
    (256, 256),
    (256, 256),
    (256, 256),
    (256, 256),
    (296, 222),
    (296, 222),
    (296, 222),
    (314, 209),
    (222, 296),
];

/// Those of them that are no square.
const OBLONG: &[(u32, u32)] = SHAPES.split_at(5).1;

/// A usual size: of the area of a square of 72 to 106 pixels. That is narrow enough that a fifth or
/// seven times of it is odd, and half or one and a third of it is not.
fn draw_size(shapes: &[(u32, u32)], stream: &mut Stream) -> (u32, u32) {
    let side = 72 * 256 + stream.below(34 * 256 + 1);
    let (width, height) = stream.pick(shapes);
    ((side * width) >> 16, (side * height) >> 16)
}

fn encode(
    picture: &Picture,
    one_channel: bool,
    encoding: Encoding,
    grey: &mut Vec<u8>,
    bytes: &mut Vec<u8>,
) -> Result<(), String> {
    let (width, height) = (picture.width, picture.height);
    let data = if one_channel {
        grey.clear();
        grey.extend(picture.rgb.iter().step_by(3));
        &*grey
    } else {
        &picture.rgb
    };
    match encoding.jpeg_quality {
        Some(quality) => {
            let too_large = |_| format!("{width}×{height} is too large for JPEG");
            let (width, height) =
                (u16::try_from(width).map_err(too_large)?, u16::try_from(height).map_err(too_large)?);
            let colour = if one_channel { ColorType::Luma } else { ColorType::Rgb };
            Encoder::new(bytes, quality)
                .encode(data, width, height, colour)
                .map_err(|error| error.to_string())
        }
        None => {
            let colour = if one_channel { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
            PngEncoder::new_with_quality(bytes, CompressionType::Fast, FilterType::Paeth)
                .write_image(data, width, height, colour)
                .map_err(|error| error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails after a change on purpose, or a new version of a crate that draws, raise
    /// [`super::super::VERSION`] and put the new hash here.
    #[test]
    fn pixels_are_those_of_this_version() {
        let (plan, faces) = (Plan::new(400, 1), Faces::load());
        let (mut bench, mut hash) = (Bench::default(), blake3::Hasher::new());
        for sample in 0..plan.samples() {
            bench.make(&plan, sample, &faces).unwrap();
            hash.update(&bench.canvas.picture.rgb);
        }
        assert_eq!(hash.finalize().to_hex()[..16], *"733470bcb154364d");
    }

    #[test]
    fn usual_sizes_are_in_range() {
        for sample in 0..5000 {
            let (width, height) = draw_size(&SHAPES, &mut Stream::new(1, sample, Purpose::Scene));
            assert!((62..=130).contains(&width) && (58..=122).contains(&height), "{width}×{height}");
            assert!((71 * 71..=106 * 106).contains(&(width * height)), "{width}×{height}");
        }
    }
}
