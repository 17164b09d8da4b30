//! The chunks of a PNG file: enough of its structure to know what is stored, how it is oriented,
//! what text it carries and whether it ends early. Pixels are decoded elsewhere.

use std::io::Read;

use crate::dataset::PixelKind;

/// Decompressed text is read up to this many bytes.
const TEXT_LIMIT: u64 = 64 * 1024;

/// One chunk whose length fits the file.
pub(super) struct Chunk<'a> {
    pub kind: [u8; 4],
    pub data: &'a [u8],
}

/// The chunks in file order, up to the first that is cut off.
pub(super) struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let (length, rest) = self.rest.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let (data, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let (_checksum, rest) = rest.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(Chunk { kind: *kind, data })
    }
}

pub(super) fn chunks(bytes: &[u8]) -> Chunks<'_> {
    Chunks { rest: bytes.get(8..).unwrap_or(&[]) }
}

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub width: u32,
    pub height: u32,
    pub pixel_kind: PixelKind,
    pub bits: u8,
}

/// The IHDR chunk, when it is where it must be.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let first = chunks(bytes).next().filter(|chunk| &chunk.kind == b"IHDR")?;
    let (width, rest) = first.data.split_first_chunk::<4>()?;
    let (height, rest) = rest.split_first_chunk::<4>()?;
    let [bits, colour_type, ..] = *rest else { return None };
    let pixel_kind = match colour_type {
        0 => PixelKind::Grey,
        2 => PixelKind::Rgb,
        3 => PixelKind::Palette,
        4 => PixelKind::GreyAlpha,
        6 => PixelKind::Rgba,
        _ => PixelKind::Unknown,
    };
    Some(Header { width: u32::from_be_bytes(*width), height: u32::from_be_bytes(*height), pixel_kind, bits })
}

/// Whether the file stops before its IEND chunk. A file whose chunk lengths are wrong looks the same.
pub(super) fn ends_early(bytes: &[u8]) -> bool {
    !chunks(bytes).any(|chunk| &chunk.kind == b"IEND")
}

/// The EXIF block, from its TIFF header on.
pub(super) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    chunks(bytes).find(|chunk| &chunk.kind == b"eXIf").map(|chunk| chunk.data)
}

/// The ICC profile, decompressed up to [`TEXT_LIMIT`] bytes.
pub(super) fn icc(bytes: &[u8]) -> Option<Vec<u8>> {
    let chunk = chunks(bytes).find(|chunk| &chunk.kind == b"iCCP")?;
    let (_name, rest) = split_at_zero(chunk.data)?;
    let (_method, data) = rest.split_first()?;
    inflate(data)
}

/// Keyword and text of each tEXt, zTXt and iTXt chunk.
pub(super) fn texts(bytes: &[u8]) -> Vec<(String, String)> {
    chunks(bytes).filter_map(|chunk| text(&chunk)).take(64).collect()
}

fn text(chunk: &Chunk<'_>) -> Option<(String, String)> {
    let latin1 = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
    let limited = |bytes: &'_ [u8]| bytes[..bytes.len().min(TEXT_LIMIT as usize)].to_vec();
    match &chunk.kind {
        b"tEXt" => {
            let (keyword, rest) = split_at_zero(chunk.data)?;
            Some((latin1(keyword), latin1(&limited(rest))))
        }
        b"zTXt" => {
            let (keyword, rest) = split_at_zero(chunk.data)?;
            let (_method, data) = rest.split_first()?;
            Some((latin1(keyword), latin1(&inflate(data)?)))
        }
        b"iTXt" => {
            let (keyword, rest) = split_at_zero(chunk.data)?;
            let ([compressed, _method], rest) = rest.split_first_chunk::<2>()?;
            let (_language, rest) = split_at_zero(rest)?;
            let (_translated, rest) = split_at_zero(rest)?;
            let data = if *compressed == 1 { inflate(rest)? } else { limited(rest) };
            Some((latin1(keyword), String::from_utf8_lossy(&data).into_owned()))
        }
        _ => None,
    }
}

fn split_at_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(bytes).take(TEXT_LIMIT).read_to_end(&mut out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(parts: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1A\n".to_vec();
        for (kind, data) in parts {
            bytes.extend((data.len() as u32).to_be_bytes());
            bytes.extend(*kind);
            bytes.extend(*data);
            bytes.extend([0; 4]);
        }
        bytes
    }

    #[test]
    fn header_and_text_are_read() {
        let bytes = file(&[
            (b"IHDR", &[0, 0, 0, 3, 0, 0, 0, 2, 4, 3, 0, 0, 0]),
            (b"tEXt", b"Title\0A name"),
            (b"iTXt", b"Note\0\0\0en\0\0caf\xC3\xA9"),
            (b"tEXt", b"no end"),
            (b"IEND", b""),
        ]);
        let expected = Header { width: 3, height: 2, pixel_kind: PixelKind::Palette, bits: 4 };
        assert_eq!(header(&bytes), Some(expected));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(texts(&bytes), [pair("Title", "A name"), pair("Note", "café")]);
        assert!(!ends_early(&bytes));
        assert!(ends_early(&bytes[..bytes.len() - 1]));
    }

    #[test]
    fn lengths_over_the_end_stop_the_walk() {
        let mut bytes = file(&[(b"IHDR", &[0; 13])]);
        bytes.extend([0xFF; 8]);
        assert_eq!(chunks(&bytes).count(), 1);
        assert_eq!(chunks(b"\x89PNG").count(), 0);
    }
}
