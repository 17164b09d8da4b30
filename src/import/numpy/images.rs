//! The images of an array, row by row, as 8-bit pixels.

use std::sync::Arc;

use super::super::packed;
use super::super::reader::{ReadAt, ReadError, RowSource};
use super::header::{Element, Header};
use crate::dataset::IssueKind;
use crate::media::Payload;

/// How an array's dimensions make images. The product of the sides fits in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    pub rows: u64,
    pub height: u64,
    pub width: u64,
    pub channels: u64,
    /// Whether each channel is a plane of its own.
    planar: bool,
}

impl ImageShape {
    /// The images that an array of that type and shape holds, or `None`.
    pub fn of(header: &Header) -> Option<Self> {
        let drawn = match header.element {
            Element::Bool | Element::Float { .. } => true,
            Element::Uint { size, .. } => size <= 2,
            _ => false,
        };
        let colour = |side: u64| matches!(side, 1 | 3 | 4);
        let (rows, height, width, channels, planar) = match header.shape[..] {
            // Images three pixels wide do not come by the dozen: this is one in colour.
            [height, width, channels @ (3 | 4)] if height > 4 => (1, height, width, channels, false),
            [rows, height, width] => (rows, height, width, 1, false),
            [rows, height, width, channels] if colour(channels) => (rows, height, width, channels, false),
            [rows, channels, height, width] if colour(channels) => (rows, height, width, channels, true),
            _ => return None,
        };
        let side = 1..=u64::from(u16::MAX);
        (drawn && side.contains(&height) && side.contains(&width)).then_some(Self {
            rows,
            height,
            width,
            channels,
            planar,
        })
    }

    /// Values of one image.
    pub fn row_values(&self) -> u64 {
        // Sides are at most 65,535 and channels at most 4.
        self.height * self.width * self.channels
    }
}

/// How a float becomes a byte.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    /// 0 to 1.
    Unit,
    /// −1 to 1.
    Signed,
    /// 0 to 255.
    Byte,
}

pub struct Images {
    bytes: Arc<dyn ReadAt>,
    header: Header,
    shape: ImageShape,
    scale: Scale,
}

impl Images {
    pub fn open(bytes: Arc<dyn ReadAt>) -> Result<Self, ReadError> {
        let header = Header::read(&*bytes)?;
        let shape = ImageShape::of(&header)
            .ok_or_else(|| ReadError::new(IssueKind::Unsupported, "the array holds no images"))?;
        let mut images = Self { bytes, header, shape, scale: Scale::Unit };
        if matches!(images.header.element, Element::Float { .. }) {
            images.scale = images.find_scale();
        }
        Ok(images)
    }

    /// The scale that a spread of rows needs: the same for every row of the array.
    fn find_scale(&self) -> Scale {
        const LOOKED_AT: u64 = 16;
        let rows = self.shape.rows.min(packed::MAX_ROWS);
        let (mut low, mut high) = (0.0f32, 0.0f32);
        for step in 0..LOOKED_AT.min(rows) {
            // Rows that are not there, in a file that was cut short, tell nothing.
            let Ok(raw) = self.raw(step * rows / LOOKED_AT.min(rows)) else { continue };
            for value in self.floats(&raw).filter(|value| value.is_finite()) {
                low = low.min(value);
                high = high.max(value);
            }
        }
        // Resampling overshoots a little.
        match (low < -0.1, high > 1.5) {
            (_, true) => Scale::Byte,
            (true, false) => Scale::Signed,
            (false, false) => Scale::Unit,
        }
    }

    fn raw(&self, row: u64) -> Result<Vec<u8>, ReadError> {
        let len = self.shape.row_values() * self.header.element.bytes();
        let offset = row.checked_mul(len).and_then(|skip| skip.checked_add(self.header.start));
        let offset = offset.filter(|_| row < self.shape.rows).ok_or_else(|| {
            let message = format!("the array has {} images, and this is number {row}", self.shape.rows);
            ReadError::new(IssueKind::Missing, message)
        })?;
        packed::bytes_at(&*self.bytes, offset, len)
    }

    fn floats<'a>(&self, raw: &'a [u8]) -> impl Iterator<Item = f32> + 'a {
        let (size, big) = match self.header.element {
            Element::Float { size, big } => (size, big),
            _ => (4, false),
        };
        raw.chunks_exact(size as usize).map(move |value| match (value, big) {
            ([a, b, c, d], false) => f32::from_le_bytes([*a, *b, *c, *d]),
            ([a, b, c, d], true) => f32::from_be_bytes([*a, *b, *c, *d]),
            (value, big) => {
                let mut eight = [0; 8];
                eight[..value.len()].copy_from_slice(value);
                (if big { f64::from_be_bytes(eight) } else { f64::from_le_bytes(eight) }) as f32
            }
        })
    }

    fn pixels(&self, raw: Vec<u8>) -> Vec<u8> {
        match self.header.element {
            Element::Bool => raw.into_iter().map(|value| if value == 0 { 0 } else { 255 }).collect(),
            Element::Uint { size: 2, big } => {
                raw.chunks_exact(2).map(|value| if big { value[0] } else { value[1] }).collect()
            }
            Element::Float { .. } => {
                let (add, factor) = match self.scale {
                    Scale::Unit => (0.0, 255.0),
                    Scale::Signed => (1.0, 127.5),
                    Scale::Byte => (0.0, 1.0),
                };
                // The cast cuts to 0..=255 and makes NaN 0.
                self.floats(&raw).map(|value| ((value + add) * factor).round() as u8).collect()
            }
            _ => raw,
        }
    }
}

impl RowSource for Images {
    fn row(&self, row: u64) -> Result<Payload, ReadError> {
        let ImageShape { height, width, channels, planar, .. } = self.shape;
        let mut pixels = self.pixels(self.raw(row)?);
        if planar {
            pixels = packed::interleaved(&pixels, channels as usize);
        }
        packed::raster(width, height, channels, pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::reader::access::MemoryAt;
    use super::*;

    fn npy(kind: &str, shape: &str, values: &[u8]) -> Arc<dyn ReadAt> {
        let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(values);
        Arc::new(MemoryAt(bytes))
    }

    #[test]
    fn values_of_each_type_become_bytes() {
        let floats =
            |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        for (kind, shape, values, pixels) in [
            ("|u1", "(1, 1, 3)", vec![1, 2, 3], vec![1, 2, 3]),
            ("|b1", "(1, 1, 2)", vec![0, 1], vec![0, 255]),
            ("<u2", "(1, 1, 2)", vec![9, 1, 9, 255], vec![1, 255]),
            (">u2", "(1, 1, 2)", vec![1, 9, 255, 9], vec![1, 255]),
            ("<f4", "(1, 1, 3)", floats(&[0.0, 0.5, f32::NAN]), vec![0, 128, 0]),
            ("<f4", "(1, 1, 3)", floats(&[-1.0, 0.0, 1.0]), vec![0, 128, 255]),
            ("<f4", "(1, 1, 3)", floats(&[0.0, 128.0, 300.0]), vec![0, 128, 255]),
            (">f8", "(1, 1, 1)", 1.0f64.to_be_bytes().to_vec(), vec![255]),
            ("|u1", "(1, 3, 1, 2)", vec![1, 2, 3, 4, 5, 6], vec![1, 3, 5, 2, 4, 6]),
            ("|u1", "(1, 2, 1, 3)", vec![1, 2, 3, 4, 5, 6], vec![1, 2, 3, 4, 5, 6]),
        ] {
            let images = Images::open(npy(kind, shape, &values)).unwrap();
            let Ok(Payload::Raster(raster)) = images.row(0) else { panic!("{kind} {shape}") };
            assert_eq!(raster.data, pixels, "{kind} {shape}");
            assert!(images.row(1).is_err());
        }
    }

    #[test]
    fn shapes_tell_images_from_other_arrays() {
        for (shape, images) in [
            (&[5, 28, 28][..], Some((5, 28, 28, 1))),
            (&[480, 640, 3], Some((1, 480, 640, 3))),
            (&[5, 32, 30, 3], Some((5, 32, 30, 3))),
            (&[5, 3, 32, 30], Some((5, 32, 30, 3))),
            (&[5, 3, 32, 3], Some((5, 3, 32, 3))),
            (&[5, 7, 32, 30], None),
            (&[5, 28], None),
            (&[5, 0, 28], None),
            (&[5, 1 << 40, 28], None),
        ] {
            let element = Element::Uint { size: 1, big: false };
            let found = ImageShape::of(&Header { element, shape: shape.to_vec(), start: 0 });
            let found = found.map(|shape| (shape.rows, shape.height, shape.width, shape.channels));
            assert_eq!(found, images, "{shape:?}");
        }
    }
}
