//! From plan to the bytes of a file: draw, treat, encode.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder};

use super::change::Picture;
use super::draw::Canvas;
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
        let usual = draw_size(&mut stream);
        match treatment {
            Treatment::Blank => self.canvas.blank(usual.0, usual.1, &mut stream),
            Treatment::Size { width, height } => {
                self.canvas.letter(width, height, plan.class(sample), faces, &mut stream);
            }
            _ => self.canvas.letter(usual.0, usual.1, plan.class(sample), faces, &mut stream),
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

/// A usual size: 64 to 160 pixels wide, 64 to 120 high, in the shapes that photos have.
fn draw_size(stream: &mut Stream) -> (u32, u32) {
    // The lesser of two draws: more small ones than large ones.
    let short = 64 + stream.below(57).min(stream.below(57));
    match stream.below(10) {
        0..5 => (short, short),
        5..8 => (short * 4 / 3, short),
        8 => ((short * 3 / 2).min(160), short),
        _ => (short.min(90), (short.min(90) * 4 / 3)),
    }
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
        assert_eq!(hash.finalize().to_hex()[..16], *"f8f6c4b1a10ad1ac");
    }

    #[test]
    fn usual_sizes_are_in_range() {
        for sample in 0..5000 {
            let (width, height) = draw_size(&mut Stream::new(1, sample, Purpose::Scene));
            assert!((64..=160).contains(&width) && (64..=120).contains(&height), "{width}×{height}");
        }
    }
}
