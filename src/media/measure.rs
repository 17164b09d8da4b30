//! One pass over a sample's content: what it is, how it looks, its thumbnail and what is wrong.

use super::decode::{self, Decoded, check_raster, kind_of_channels};
use super::format::{is_misnamed, title};
use super::stats::{self, Colours};
use super::stored::Keep;
use super::thumbnail::{fit, reduced_jpeg};
use super::{MediaError, Payload, Raster, jpeg, png};
use crate::dataset::{Fact, ImageFormat, IssueKind, PixelKind};

/// The longest side of what brightness, contrast, saturation and sharpness are measured on, so that
/// they do not depend on the scale at which an encoding lets itself be decoded.
const FIGURES_EDGE: u32 = 256;

/// What [`measure`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// `issues` holds the bits of the issues below.
    pub fact: Fact,
    /// `None` when nothing could be decoded.
    pub thumbnail: Option<Raster>,
    /// A sentence for each fault, in the order found.
    pub issues: Vec<(IssueKind, String)>,
}

/// Looks at one sample's content once: format, size, orientation, pixel statistics, content hash,
/// a thumbnail of at most `thumbnail_edge_px`, and its faults. `path` is only for what its
/// extension promises.
///
/// The figures are of the picture scaled down to at most 256 px, for every encoding. A JPEG whose
/// longest side stays at least 256 px and twice the thumbnail's edge at 1/2, 1/4 or 1/8 is decoded at
/// that scale.
pub fn measure(payload: &Payload, path: &str, thumbnail_edge_px: u32) -> Measured {
    match payload {
        Payload::Encoded(bytes) => measure_encoded(bytes, path, thumbnail_edge_px),
        Payload::Raster(raster) => measure_raster(raster, thumbnail_edge_px),
    }
}

fn measure_raster(raster: &Raster, edge_px: u32) -> Measured {
    let mut measured = Measured::new(&raster.data);
    measured.fact.format = ImageFormat::Raw;
    measured.fact.pixel_kind = kind_of_channels(raster.channels);
    measured.fact.bits = 8;
    (measured.fact.width, measured.fact.height) = (raster.width, raster.height);
    match check_raster(raster) {
        Err(error) => measured.add(error),
        Ok(()) => measured.look_at(raster, edge_px),
    }
    measured
}

fn measure_encoded(bytes: &[u8], path: &str, edge_px: u32) -> Measured {
    let mut measured = Measured::new(bytes);
    let format = match decode::identify(bytes) {
        Ok(format) => format,
        Err(error) => {
            measured.add(error);
            return measured;
        }
    };
    measured.fact.format = format;
    let least_px = edge_px.saturating_mul(2).max(FIGURES_EDGE);
    if format == ImageFormat::Jpeg
        && let Some(reduced) = reduced_jpeg(bytes, least_px)
    {
        let fact = &mut measured.fact;
        (fact.width, fact.height, fact.orientation) = (reduced.width, reduced.height, reduced.orientation);
        fact.bits = reduced.header.precision;
        fact.pixel_kind = reduced.header.pixel_kind();
        measured.look_at(&reduced.raster, edge_px);
    } else {
        match decode::decode_bytes(bytes, format, Keep::Display) {
            Ok((decoded, _share)) => measured.take(decoded, edge_px),
            Err(error) => {
                measured.read_header(bytes);
                measured.add(error);
            }
        }
    }
    if is_misnamed(path, format) {
        let message = format!("The file's name says otherwise, but its content is {}.", title(format));
        measured.add(MediaError::new(IssueKind::Misnamed, message));
    }
    measured
}

impl Measured {
    /// Nothing known but the hash.
    fn new(content: &[u8]) -> Self {
        let mut fact = Fact { measured: true, ..Fact::UNMEASURED };
        fact.content.copy_from_slice(&blake3::hash(content).as_bytes()[..16]);
        Self { fact, thumbnail: None, issues: Vec::new() }
    }

    fn add(&mut self, error: MediaError) {
        self.fact.issues |= error.kind.bit();
        self.issues.push((error.kind, error.message));
    }

    fn take(&mut self, decoded: Decoded, edge_px: u32) {
        self.fact.pixel_kind = decoded.pixel_kind;
        self.fact.bits = decoded.bits;
        self.fact.orientation = decoded.orientation;
        (self.fact.width, self.fact.height) = (decoded.raster.width, decoded.raster.height);
        self.look_at(&decoded.raster, edge_px);
        if let Some(damage) = decoded.damage {
            self.add(damage);
        }
    }

    /// What an image that cannot be decoded still says of itself.
    fn read_header(&mut self, bytes: &[u8]) {
        let fact = &mut self.fact;
        match fact.format {
            ImageFormat::Jpeg => {
                if let Ok(header) = jpeg::header(bytes) {
                    fact.orientation = decode::orientation_of_exif(header.exif(bytes));
                    (fact.width, fact.height) =
                        super::raster::oriented_size(header.width, header.height, fact.orientation);
                    fact.bits = header.precision;
                    fact.pixel_kind = header.pixel_kind();
                }
            }
            ImageFormat::Png => {
                if let Some(header) =
                    png::header(bytes).filter(|header| header.pixel_kind != PixelKind::Unknown)
                {
                    fact.orientation = decode::orientation_of_exif(png::exif(bytes));
                    (fact.width, fact.height) =
                        super::raster::oriented_size(header.width, header.height, fact.orientation);
                    fact.bits = header.bits;
                    fact.pixel_kind = header.pixel_kind;
                }
            }
            _ => {}
        }
    }

    fn look_at(&mut self, raster: &Raster, edge_px: u32) {
        let whole = (self.fact.width, self.fact.height);
        // One reduction serves the figures and, when that is small enough, the thumbnail.
        let small =
            (raster.width.max(raster.height) > FIGURES_EDGE).then(|| fit(raster, FIGURES_EDGE, whole));
        let small = small.as_ref().unwrap_or(raster);
        let Colours { brightness, contrast, saturation } = stats::colours(small);
        (self.fact.brightness, self.fact.contrast, self.fact.saturation) = (brightness, contrast, saturation);
        self.fact.sharpness = stats::sharpness(&small.to_luma(), small.width as usize, small.height as usize);
        let source = if edge_px <= FIGURES_EDGE / 2 { small } else { raster };
        self.thumbnail = Some(fit(source, edge_px.max(1), whole));
    }
}
