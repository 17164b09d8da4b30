//! JPEGs decoded at a reduced scale.

use super::Raster;

/// The picture as stored, at 1/`divisor` of its size, or `None` when it cannot be decoded so.
pub(super) fn decode(bytes: &[u8], divisor: usize) -> Option<Raster> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.read_info().ok()?;
    let info = decoder.info()?;
    let wanted = info.width.max(info.height).div_ceil(divisor as u16);
    let (width, height) = decoder.scale(wanted, wanted).ok()?;
    let data = decoder.decode().ok()?;
    let channels = match decoder.info()?.pixel_format {
        jpeg_decoder::PixelFormat::L8 => 1,
        jpeg_decoder::PixelFormat::RGB24 => 3,
        _ => return None,
    };
    Raster::new(u32::from(width), u32::from(height), channels, data)
}
