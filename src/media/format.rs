//! What kind of file bytes are, decided by their content, and what a file's name promises.
//!
//! It looks at signatures only and decodes nothing.

use crate::dataset::ImageFormat;

/// Names that promise an image which the program reads.
const EXTENSIONS: [(&str, ImageFormat); 28] = [
    ("jpg", ImageFormat::Jpeg),
    ("jpeg", ImageFormat::Jpeg),
    ("jpe", ImageFormat::Jpeg),
    ("jfif", ImageFormat::Jpeg),
    ("png", ImageFormat::Png),
    ("apng", ImageFormat::Png),
    ("webp", ImageFormat::WebP),
    ("gif", ImageFormat::Gif),
    ("bmp", ImageFormat::Bmp),
    ("dib", ImageFormat::Bmp),
    ("tif", ImageFormat::Tiff),
    ("tiff", ImageFormat::Tiff),
    ("tga", ImageFormat::Tga),
    ("icb", ImageFormat::Tga),
    ("vda", ImageFormat::Tga),
    ("vst", ImageFormat::Tga),
    ("qoi", ImageFormat::Qoi),
    ("ico", ImageFormat::Ico),
    ("pbm", ImageFormat::Pnm),
    ("pgm", ImageFormat::Pnm),
    ("ppm", ImageFormat::Pnm),
    ("pnm", ImageFormat::Pnm),
    ("pam", ImageFormat::Pnm),
    ("ff", ImageFormat::Farbfeld),
    ("farbfeld", ImageFormat::Farbfeld),
    ("hdr", ImageFormat::Hdr),
    ("rgbe", ImageFormat::Hdr),
    ("exr", ImageFormat::Exr),
];

/// Names that promise an image of a format that the program does not read. They count as samples,
/// so that a person sees that they are there and why they are not shown.
const FOREIGN_EXTENSIONS: [&str; 6] = ["heic", "heif", "avif", "jxl", "jp2", "j2k"];

/// The format that the content has, or `None` when it is no image that the program reads.
///
/// TGA has no signature at its start: a file is one when it ends in the TGA 2.0 footer or, as the
/// last resort, when every field of its header is plausible.
pub fn sniff(bytes: &[u8]) -> Option<ImageFormat> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let format = match bytes {
        _ if starts(b"\xFF\xD8\xFF") => ImageFormat::Jpeg,
        _ if starts(b"\x89PNG\r\n\x1A\n") => ImageFormat::Png,
        _ if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => ImageFormat::WebP,
        _ if starts(b"GIF87a") || starts(b"GIF89a") => ImageFormat::Gif,
        _ if starts(b"II*\0") || starts(b"MM\0*") || starts(b"II+\0") || starts(b"MM\0+") => {
            ImageFormat::Tiff
        }
        _ if starts(b"qoif") => ImageFormat::Qoi,
        _ if starts(b"farbfeld") => ImageFormat::Farbfeld,
        _ if starts(b"#?RADIANCE") || starts(b"#?RGBE") => ImageFormat::Hdr,
        _ if starts(b"\x76\x2F\x31\x01") => ImageFormat::Exr,
        _ if starts(b"\0\0\x01\0") && !starts(b"\0\0\x01\0\0\0") => ImageFormat::Ico,
        _ if is_bmp(bytes) => ImageFormat::Bmp,
        [b'P', b'1'..=b'7', separator, ..] if separator.is_ascii_whitespace() || *separator == b'#' => {
            ImageFormat::Pnm
        }
        _ if is_tga(bytes) => ImageFormat::Tga,
        _ => return None,
    };
    Some(format)
}

/// The format that a file's name promises, from its extension in either case.
pub fn format_of_extension(path: &str) -> Option<ImageFormat> {
    let extension = extension(path)?;
    EXTENSIONS.iter().find(|(name, _)| extension.eq_ignore_ascii_case(name)).map(|(_, format)| *format)
}

/// Whether a file's name says that it is an image, of a format that is read or of one that is known
/// and not read (HEIC, AVIF, JPEG XL, JPEG 2000).
pub fn is_image_path(path: &str) -> bool {
    format_of_extension(path).is_some() || has_foreign_extension(path)
}

/// Whether the name promises something else than what the content is. A name that promises nothing
/// is never wrong.
pub(super) fn is_misnamed(path: &str, content: ImageFormat) -> bool {
    match format_of_extension(path) {
        Some(promised) => promised != content,
        None => has_foreign_extension(path),
    }
}

/// The format's name as people write it.
pub(super) fn title(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Unknown => "unknown",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Tga => "TGA",
        ImageFormat::Qoi => "QOI",
        ImageFormat::Ico => "ICO",
        ImageFormat::Pnm => "PNM",
        ImageFormat::Farbfeld => "farbfeld",
        ImageFormat::Hdr => "Radiance HDR",
        ImageFormat::Exr => "OpenEXR",
        ImageFormat::Raw => "raw",
    }
}

/// What bytes that are no readable image seem to be, for the sentence that says so.
pub(super) fn describe_foreign(bytes: &[u8]) -> &'static str {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let brand = if bytes.get(4..8) == Some(b"ftyp") { bytes.get(8..12) } else { None };
    match brand {
        Some(b"avif" | b"avis") => return "an AVIF image",
        Some(b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1") => return "a HEIC image",
        Some(_) => return "a video",
        None => {}
    }
    if starts(b"\0\0\0\x0CJXL ") || starts(b"\xFF\x0A") {
        "a JPEG XL image"
    } else if starts(b"\0\0\0\x0CjP  ") || starts(b"\xFF\x4F\xFF\x51") {
        "a JPEG 2000 image"
    } else if starts(b"%PDF") {
        "a PDF document"
    } else if starts(b"8BPS") {
        "a Photoshop document"
    } else if starts(b"PK\x03\x04") {
        "a ZIP archive"
    } else if starts(b"\x1F\x8B") {
        "a gzip archive"
    } else if starts(b"version https://git-lfs") {
        "a Git LFS pointer, whose image was not downloaded"
    } else if bytes.iter().take(4096).all(|&byte| byte == 0) {
        "nothing but zeros"
    } else {
        describe_text(&bytes[..bytes.len().min(1024)])
    }
}

fn describe_text(head: &[u8]) -> &'static str {
    let text = head.trim_ascii_start().to_ascii_lowercase();
    let holds = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") {
        "a web page"
    } else if (text.starts_with(b"<?xml") || text.starts_with(b"<svg") || text.starts_with(b"<!doctype svg"))
        && holds(b"<svg")
    {
        "an SVG drawing"
    } else if !text.is_empty() && text.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7E))
    {
        "text"
    } else {
        "no image that is known here"
    }
}

fn has_foreign_extension(path: &str) -> bool {
    extension(path)
        .is_some_and(|extension| FOREIGN_EXTENSIONS.iter().any(|name| extension.eq_ignore_ascii_case(name)))
}

/// The part after the last dot of the last component; a name that is only an extension has none.
fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty()).then_some(extension)
}

/// `BM` begins text as well, so the length of the next header must be one that exists.
fn is_bmp(bytes: &[u8]) -> bool {
    let known = |length: u32| matches!(length, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124);
    bytes.starts_with(b"BM")
        && match bytes.get(14..18) {
            Some(length) => known(u32::from_le_bytes([length[0], length[1], length[2], length[3]])),
            None => bytes.len() > 2 && bytes[2..].iter().any(|byte| !byte.is_ascii_graphic()),
        }
}

/// Truevision TGA File Format Specification 2.0: the footer, or else a header without a
/// contradiction.
fn is_tga(bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk::<18>() else { return false };
    if bytes.ends_with(b"TRUEVISION-XFILE.\0") {
        return true;
    }
    let [_, map_type, image_type, ..] = *header;
    let map_length = u16::from_le_bytes([header[5], header[6]]);
    let map_bits = header[7];
    let (width, height) =
        (u16::from_le_bytes([header[12], header[13]]), u16::from_le_bytes([header[14], header[15]]));
    let (bits, descriptor) = (header[16], header[17]);
    let map_fits = match map_type {
        0 => map_length == 0 && map_bits == 0,
        1 => map_length > 0 && matches!(map_bits, 15 | 16 | 24 | 32),
        _ => false,
    };
    let type_fits = match image_type {
        1 | 9 => map_type == 1 && matches!(bits, 8 | 16),
        2 | 10 => matches!(bits, 15 | 16 | 24 | 32),
        3 | 11 => matches!(bits, 8 | 16),
        _ => false,
    };
    map_fits
        && type_fits
        && width > 0
        && height > 0
        && descriptor & 0xC0 == 0
        && descriptor & 0x0F <= 8
        && bytes.len() > 18
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_the_format() {
        use ImageFormat::*;
        let rows: [(&[u8], Option<ImageFormat>); 20] = [
            (b"", None),
            (b"\xFF\xD8", None),
            (b"\xFF\xD8\xFF\xE0", Some(Jpeg)),
            (b"\x89PNG\r\n\x1A\n", Some(Png)),
            (b"\x89PNG\r\n\n", None),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(WebP)),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
            (b"GIF89a", Some(Gif)),
            (b"II*\0", Some(Tiff)),
            (b"MM\0*", Some(Tiff)),
            (b"P6 2 2 255\n", Some(Pnm)),
            (b"P7\n", Some(Pnm)),
            (b"P65", None),
            (b"Pantone", None),
            (b"#?RADIANCE\n", Some(Hdr)),
            (b"\x76\x2F\x31\x01", Some(Exr)),
            (b"BMW is a car maker, not a bitmap", None),
            (b"\0\0\x01\0\x01\0", Some(Ico)),
            (b"\0\0\x02\0\0\0\0\0\0\0\0\0\x02\0\x02\0\x18\0\x01\x02\x03", Some(Tga)),
            (b"\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\x02\0\x18\0\x01\x02\x03", None),
        ];
        for (bytes, expected) in rows {
            assert_eq!(sniff(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn names_promise_a_format() {
        use ImageFormat::*;
        let rows = [
            ("a.jpg", Some(Jpeg)),
            ("dir.png/A.JPEG", Some(Jpeg)),
            ("a.tar/b.PnG", Some(Png)),
            ("png", None),
            (".png", None),
            ("a.ff", Some(Farbfeld)),
            ("a.txt", None),
            ("a.heic", None),
            ("dir.jpg/readme", None),
        ];
        for (path, expected) in rows {
            assert_eq!(format_of_extension(path), expected, "{path}");
        }
        assert!(is_image_path("x.HEIC") && is_image_path("x.dib") && !is_image_path("x.json"));
    }

    #[test]
    fn a_name_is_wrong_only_when_it_promises_something_else() {
        let rows = [
            ("a.jpg", ImageFormat::Jpeg, false),
            ("a.jfif", ImageFormat::Jpeg, false),
            ("a.jpg", ImageFormat::Png, true),
            ("a.heic", ImageFormat::Jpeg, true),
            ("a.data", ImageFormat::Jpeg, false),
            ("a", ImageFormat::Jpeg, false),
        ];
        for (path, content, expected) in rows {
            assert_eq!(is_misnamed(path, content), expected, "{path}");
        }
    }

    #[test]
    fn foreign_content_is_named() {
        let rows: [(&[u8], &str); 6] = [
            (b"\0\0\0\x1Cftypavif", "an AVIF image"),
            (b"<?xml version='1.0'?>\n<svg/>", "an SVG drawing"),
            (b"  <!DOCTYPE html><p>", "a web page"),
            (b"hello\n", "text"),
            (b"\0\0\0\0\0", "nothing but zeros"),
            (b"\x01\x02\xFF", "no image that is known here"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(describe_foreign(bytes), expected);
        }
    }
}
