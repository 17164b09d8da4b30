//! What a file says about its image, as lines for a person: EXIF, PNG text, comments, profiles.

use exif::{In, Tag, Value};

use super::format::title;
use super::{Payload, jpeg, png, sniff};
use crate::dataset::ImageFormat;
use crate::text::grouped;

/// Lines shown of one file.
const MAX_LINES: usize = 400;
/// Characters shown of one value.
const MAX_VALUE: usize = 500;
/// TIFF files over this are not searched for tags: the search copies the file.
const MAX_TIFF: usize = 256 << 20;

/// One line of what a file says about its image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadatum {
    /// The heading that it is shown under: "File", "EXIF", "GPS", "Thumbnail", "Text", "Colour profile".
    pub group: &'static str,
    pub name: String,
    /// With its unit, on one line or several; cut off after 500 characters.
    pub value: String,
}

/// Everything that the file says besides its pixels, at most 400 lines. Broken blocks give the
/// lines that can be read.
pub fn metadata(payload: &Payload) -> Vec<Metadatum> {
    let mut lines = Vec::new();
    match payload {
        Payload::Raster(raster) => {
            let channels = super::stored::channel_names(raster.channels).join(" ");
            add(&mut lines, "File", "Source", "an array of pixels");
            add(&mut lines, "File", "Size", &format!("{} × {} px", raster.width, raster.height));
            add(&mut lines, "File", "Channels", &channels);
        }
        Payload::Encoded(bytes) => {
            add(&mut lines, "File", "Bytes", &grouped(bytes.len() as u64));
            if let Some(format) = sniff(bytes) {
                add(&mut lines, "File", "Format", title(format));
                // EXIF readers are third-party code too.
                let read = || {
                    let mut more = Vec::new();
                    read_encoded(bytes, format, &mut more);
                    Ok(more)
                };
                lines.extend(super::decode::guarded(format, read).unwrap_or_default());
            }
        }
    }
    lines.truncate(MAX_LINES);
    lines
}

fn read_encoded(bytes: &[u8], format: ImageFormat, lines: &mut Vec<Metadatum>) {
    let (mut exif, mut icc) = (None, None);
    match format {
        ImageFormat::Jpeg => {
            let Ok(header) = jpeg::header(bytes) else { return };
            add(lines, "File", "Size as stored", &format!("{} × {} px", header.width, header.height));
            let process = match header.process {
                0 => "baseline",
                1 => "extended sequential",
                2 => "progressive",
                3 => "lossless",
                _ => "uncommon",
            };
            add(lines, "File", "Coding", &format!("{process}, {} components", header.components));
            if let Some(comment) = header.comment.clone().and_then(|range| bytes.get(range)) {
                add(lines, "Text", "Comment", &String::from_utf8_lossy(comment));
            }
            exif = header.exif(bytes).map(<[u8]>::to_vec);
            icc = header.icc(bytes);
        }
        ImageFormat::Png => {
            if let Some(header) = png::header(bytes) {
                add(lines, "File", "Size as stored", &format!("{} × {} px", header.width, header.height));
                add(lines, "File", "Bits per channel", &header.bits.to_string());
            }
            for chunk in png::chunks(bytes).take(100_000) {
                match (&chunk.kind, chunk.data) {
                    (b"acTL", [f3, f2, f1, f0, ..]) => {
                        let frames = u32::from_be_bytes([*f3, *f2, *f1, *f0]);
                        add(lines, "File", "Animation frames", &frames.to_string());
                    }
                    (b"gAMA", [g3, g2, g1, g0, ..]) => {
                        let gamma = f64::from(u32::from_be_bytes([*g3, *g2, *g1, *g0])) / 100_000.0;
                        add(lines, "File", "Gamma", &gamma.to_string());
                    }
                    (b"pHYs", [x3, x2, x1, x0, y3, y2, y1, y0, unit, ..]) => {
                        let x = u32::from_be_bytes([*x3, *x2, *x1, *x0]);
                        let y = u32::from_be_bytes([*y3, *y2, *y1, *y0]);
                        let unit = if *unit == 1 { " pixels per metre" } else { " (aspect only)" };
                        add(lines, "File", "Pixel density", &format!("{x} × {y}{unit}"));
                    }
                    _ => {}
                }
            }
            for (keyword, text) in png::texts(bytes) {
                add(lines, "Text", &keyword, &text);
            }
            exif = png::exif(bytes).map(<[u8]>::to_vec);
            icc = png::icc(bytes);
        }
        ImageFormat::WebP => {
            exif = riff_chunk(bytes, b"EXIF")
                .map(|data| data.strip_prefix(b"Exif\0\0").unwrap_or(data).to_vec());
            icc = riff_chunk(bytes, b"ICCP").map(<[u8]>::to_vec);
        }
        ImageFormat::Tiff if bytes.len() <= MAX_TIFF => exif = Some(bytes.to_vec()),
        _ => {}
    }
    if let Some(exif) = exif {
        read_exif(exif, lines);
    }
    if let Some(icc) = icc {
        add(lines, "Colour profile", "Bytes", &grouped(icc.len() as u64));
        if let Some(description) = icc_description(&icc) {
            add(lines, "Colour profile", "Description", &description);
        }
    }
}

fn read_exif(block: Vec<u8>, lines: &mut Vec<Metadatum>) {
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_raw(block).or_else(|error| error.distill_partial_result(|_| {}));
    let Ok(exif) = read else { return };
    for field in exif.fields().take(MAX_LINES) {
        // Tags that hold the picture itself or a maker's own format say nothing to a person.
        if matches!(field.tag, Tag::MakerNote | Tag::StripOffsets | Tag::StripByteCounts)
            || matches!(field.tag.number(), 0x0144 | 0x0145 | 0x8773 | 0x02BC | 0x83BB | 0x8649)
        {
            continue;
        }
        let group = match (field.ifd_num, field.tag.context()) {
            (In::PRIMARY, exif::Context::Gps) => "GPS",
            (In::PRIMARY, _) => "EXIF",
            _ => "Thumbnail",
        };
        let value = match &field.value {
            Value::Undefined(data, _) if data.len() > 64 => format!("{} bytes", grouped(data.len() as u64)),
            Value::Byte(data) if data.len() > 64 => format!("{} bytes", grouped(data.len() as u64)),
            value if list_length(value) > 64 => format!("{} values", list_length(value)),
            Value::Ascii(parts) => {
                let texts: Vec<_> =
                    parts.iter().map(|part| String::from_utf8_lossy(part).trim().to_owned()).collect();
                texts.join(", ")
            }
            _ => field.display_value().with_unit(&exif).to_string(),
        };
        add(lines, group, &name_of(field.tag), &value);
    }
}

fn list_length(value: &Value) -> usize {
    match value {
        Value::Short(list) => list.len(),
        Value::Long(list) => list.len(),
        Value::Rational(list) => list.len(),
        Value::SByte(list) => list.len(),
        Value::SShort(list) => list.len(),
        Value::SLong(list) => list.len(),
        Value::SRational(list) => list.len(),
        Value::Float(list) => list.len(),
        Value::Double(list) => list.len(),
        _ => 1,
    }
}

/// The tag's name in the standard, `FNumber`, or its number.
fn name_of(tag: Tag) -> String {
    match tag.description() {
        Some(_) => tag.to_string(),
        None => format!("Tag 0x{:04X}", tag.number()),
    }
}

/// The text of an ICC profile's `desc` tag: version 2 `desc` in ASCII, version 4 `mluc` in its first
/// language (ICC.1:2022, 9.2.41 and 10.15).
fn icc_description(icc: &[u8]) -> Option<String> {
    let word = |at: usize| -> Option<usize> {
        let four = icc.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*four) as usize)
    };
    let count = word(128)?.min(100);
    let entry = (0..count).map(|tag| 132 + tag * 12).find(|&at| icc.get(at..at + 4) == Some(b"desc"))?;
    let at = word(entry + 4)?;
    let tag = icc.get(at..at.checked_add(word(entry + 8)?)?)?;
    let inner = |from: usize| -> Option<usize> {
        Some(u32::from_be_bytes(*tag.get(from..)?.first_chunk::<4>()?) as usize)
    };
    let text = match tag.get(..4)? {
        b"desc" => {
            let text = tag.get(12..12usize.checked_add(inner(8)?)?)?;
            String::from_utf8_lossy(text).trim_end_matches('\0').to_owned()
        }
        b"mluc" => {
            let (length, from) = (inner(20)?, inner(24)?);
            let units = tag.get(from..from.checked_add(length)?)?.as_chunks::<2>().0;
            String::from_utf16_lossy(&units.iter().map(|&two| u16::from_be_bytes(two)).collect::<Vec<_>>())
        }
        _ => return None,
    };
    Some(text)
}

/// The data of the first RIFF chunk of that name.
fn riff_chunk<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let mut rest = bytes.get(12..)?;
    loop {
        let (kind, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        if kind == name {
            return after.get(..length);
        }
        rest = after.get(length.checked_add(length % 2)?..)?;
    }
}

/// Adds a line whose value says something, without control characters and not too long.
fn add(lines: &mut Vec<Metadatum>, group: &'static str, name: &str, value: &str) {
    let clean = |text: &str, limit: usize| -> String {
        let shown = text.chars().filter(|c| !c.is_control() || *c == '\n').take(limit + 1);
        let mut text: String = shown.collect();
        if let Some((at, _)) = text.char_indices().nth(limit) {
            text.truncate(at);
            text.push('…');
        }
        text.trim().to_owned()
    };
    let (name, value) = (clean(name, 80), clean(value, MAX_VALUE));
    if !value.is_empty() && lines.len() < MAX_LINES {
        lines.push(Metadatum { group, name, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn riff_chunks_are_found_past_odd_lengths() {
        let bytes = b"RIFF\0\0\0\0WEBPVP8 \x03\0\0\0abc\0EXIF\x02\0\0\0IIxx";
        assert_eq!(riff_chunk(bytes, b"EXIF"), Some(&b"II"[..]));
        assert_eq!(riff_chunk(bytes, b"ICCP"), None);
        assert_eq!(riff_chunk(b"RIFF\0\0\0\0WEBPVP8 \xFF\xFF\xFF\xFF", b"EXIF"), None);
    }

    #[test]
    fn values_are_cut_and_cleaned() {
        let mut lines = Vec::new();
        add(&mut lines, "Text", "A", &"x".repeat(2 * MAX_VALUE));
        add(&mut lines, "Text", "B", "a\u{7}b ");
        add(&mut lines, "Text", "C", "\0\0");
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].value.chars().count(), MAX_VALUE + 1);
        assert_eq!(lines[1].value, "ab");
    }

    #[test]
    fn profile_names_are_found() {
        let mut icc = vec![0u8; 128];
        icc.extend(1u32.to_be_bytes());
        icc.extend(b"desc");
        icc.extend(144u32.to_be_bytes());
        icc.extend(17u32.to_be_bytes());
        icc.extend(b"desc\0\0\0\0");
        icc.extend(5u32.to_be_bytes());
        icc.extend(b"sRGB\0");
        assert_eq!(icc_description(&icc).as_deref(), Some("sRGB"));
        icc[139] = 0xFF;
        assert_eq!(icc_description(&icc), None);
    }
}
