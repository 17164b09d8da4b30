//! What an OpenEXR file's headers make a decoder take for one block, checked before it does.
//!
//! The picture shown is the display window, whose size is checked as any other. Blocks are of the
//! data window or of tiles, which a small file may claim to be of any size. Attributes are laid out
//! as in the OpenEXR File Layout, "Header"; whatever else is wrong is for the decoder to say.

use super::{MAX_DECODED_BYTES, MediaError};
use crate::dataset::IssueKind;

/// Scan lines that a block has at most, with DWAB compression.
const BLOCK_LINES: u64 = 256;

/// In the version field: the file has several headers.
const MULTIPART: u8 = 0x10;

/// Refuses a file whose blocks are larger than decoded pictures may be.
pub(super) fn check_blocks(bytes: &[u8]) -> Result<(), MediaError> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    let is_multipart = bytes.get(5).is_some_and(|flags| flags & MULTIPART != 0);
    loop {
        let Some((block, after)) = block_bytes(rest) else { return Ok(()) };
        if block > MAX_DECODED_BYTES {
            let (mebibytes, limit) = (block >> 20, MAX_DECODED_BYTES >> 20);
            let message = format!(
                "The OpenEXR's parts take {mebibytes} MiB each when decoded; up to {limit} are read. Save it \
                 with smaller tiles or a smaller data window."
            );
            return Err(MediaError::new(IssueKind::Oversized, message));
        }
        rest = after;
        // The headers of a file with several end in an empty one.
        if !is_multipart || matches!(rest, [] | [0, ..]) {
            return Ok(());
        }
    }
}

/// Decoded bytes of the largest block that a header allows, and what comes after the header; `None`
/// when it is cut off or has no data window.
fn block_bytes(mut rest: &[u8]) -> Option<(u64, &[u8])> {
    let (mut window, mut tile, mut pixel_bytes) = (None, None, 0u64);
    loop {
        let (name, after) = text(rest)?;
        rest = after;
        if name.is_empty() {
            break;
        }
        let (_kind, after) = text(rest)?;
        let (len, after) = after.split_first_chunk::<4>()?;
        let (value, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        rest = after;
        match name {
            b"dataWindow" => window = sides(value),
            b"tiles" => tile = two(value),
            b"channels" => pixel_bytes = channels(value)?,
            _ => {}
        }
    }
    let (width, height) = window?;
    let (across, down) = tile.map_or((width, BLOCK_LINES), |(x, y)| (u64::from(x), u64::from(y)));
    Some((width.min(across).saturating_mul(height.min(down)).saturating_mul(pixel_bytes), rest))
}

/// The bytes before the next zero, and those after it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn two(bytes: &[u8]) -> Option<(u32, u32)> {
    let [[a, b], ..] = bytes.as_chunks::<4>().0.as_chunks::<2>().0 else { return None };
    Some((u32::from_le_bytes(*a), u32::from_le_bytes(*b)))
}

/// Width and height of a box, whose corners are both inside it.
fn sides(bytes: &[u8]) -> Option<(u64, u64)> {
    let [left, top, right, bottom] = *bytes.as_chunks::<4>().0 else { return None };
    let side = |from: [u8; 4], to: [u8; 4]| {
        let side = i64::from(i32::from_le_bytes(to)) - i64::from(i32::from_le_bytes(from)) + 1;
        u64::try_from(side).unwrap_or(0)
    };
    Some((side(left, right), side(top, bottom)))
}

/// Bytes of a pixel in all channels: 2 for halves, 4 for other numbers.
fn channels(mut list: &[u8]) -> Option<u64> {
    let mut bytes = 0;
    loop {
        let (name, after) = text(list)?;
        if name.is_empty() {
            return Some(bytes);
        }
        let (kind, after) = after.split_first_chunk::<4>()?;
        bytes += if u32::from_le_bytes(*kind) == 1 { 2 } else { 4 };
        // Linearity, three bytes of nothing, and two sampling factors.
        list = after.get(12..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str, value: &[u8]) -> Vec<u8> {
        [name.as_bytes(), b"\0any\0", &(value.len() as u32).to_le_bytes(), value].concat()
    }

    fn header(window: [i32; 4], tile: Option<[u32; 2]>, names: &str) -> Vec<u8> {
        let mut list = Vec::new();
        for name in names.chars() {
            let kind = if name.is_lowercase() { 1u32 } else { 2 };
            list.extend(format!("{name}\0").bytes().chain(kind.to_le_bytes()).chain([0; 12]));
        }
        list.push(0);
        let mut bytes = attribute("channels", &list);
        bytes.extend(attribute("dataWindow", window.map(i32::to_le_bytes).as_flattened()));
        if let Some(tile) = tile {
            bytes.extend(attribute("tiles", &[tile.map(u32::to_le_bytes).as_flattened(), &[0]].concat()));
        }
        bytes.push(0);
        bytes
    }

    #[test]
    fn blocks_are_as_large_as_the_header_says() {
        for (window, tile, names, expected) in [
            ([0, 0, 99, 9], None, "RGB", 100 * 10 * 12),
            ([-10, 0, 89, 9999], None, "rgbA", 100 * 256 * 10),
            ([0, 0, 8191, 8191], Some([64, 32]), "RGBA", 64 * 32 * 16),
            ([0, 0, 9, 9], Some([u32::MAX, u32::MAX]), "RGBA", 10 * 10 * 16),
            ([i32::MIN, i32::MIN, i32::MAX, i32::MAX], Some([u32::MAX; 2]), "RGBA", u64::MAX),
            ([5, 5, 0, 0], None, "RGBA", 0),
        ] {
            let bytes = header(window, tile, names);
            assert_eq!(block_bytes(&bytes), Some((expected, &[][..])), "{window:?} {tile:?}");
            for len in 0..bytes.len() {
                assert_eq!(block_bytes(&bytes[..len]), None);
            }
        }
    }

    #[test]
    fn every_header_is_checked() {
        let none = Vec::new();
        let small = header([0, 0, 9, 9], None, "RGB");
        let large = header([0, 0, 1 << 30, 9], None, "RGB");
        let rows: [(u8, [&Vec<u8>; 2], bool); 4] = [
            (0, [&small, &none], true),
            (0, [&large, &none], false),
            (MULTIPART, [&small, &small], true),
            (MULTIPART, [&small, &large], false),
        ];
        for (flags, headers, fine) in rows {
            let bytes = [&[0x76, 0x2F, 0x31, 1, 2, flags, 0, 0][..], headers[0], headers[1], &[0]].concat();
            assert_eq!(check_blocks(&bytes).is_ok(), fine);
        }
        assert!(check_blocks(b"\x76\x2F").is_ok());
    }
}
