//! The header of a `.npy` file: element type, order and shape
//! (*NEP 1 — A simple file format for NumPy arrays*).
//!
//! npyz reads it too, but multiplies the shape without looking for overflow and parses the
//! dictionary by recursion, which a hostile file turns into a crash. Its parser of type strings is used.

use npyz::{Endianness, TypeChar, TypeStr};

use super::super::packed;
use super::super::reader::{ReadAt, ReadError};
use crate::dataset::IssueKind;

/// Longest header that is read; NumPy itself refuses more than 10,000 characters.
const MAX_HEADER: u64 = 64 << 10;

/// Most dimensions: NumPy has no more.
const MAX_DIMS: usize = 64;

/// What a `.npy` file says of its array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub element: Element,
    pub shape: Vec<u64>,
    /// First byte of the values.
    pub start: u64,
}

/// Type of the values. Sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    Bool,
    Int {
        size: u64,
        big: bool,
    },
    Uint {
        size: u64,
        big: bool,
    },
    Float {
        size: u64,
        big: bool,
    },
    /// Text of `size` bytes, padded with zeros.
    Bytes {
        size: u64,
    },
    /// Text of `chars` code points of four bytes each, padded with zeros.
    Unicode {
        chars: u64,
        big: bool,
    },
}

impl Element {
    /// Bytes of one value.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Bool => 1,
            Self::Int { size, .. } | Self::Uint { size, .. } | Self::Float { size, .. } => size,
            Self::Bytes { size } => size,
            Self::Unicode { chars, .. } => chars * 4,
        }
    }
}

impl Header {
    /// Reads the header of a file. The error says why the array cannot be read.
    pub fn read(bytes: &dyn ReadAt) -> Result<Self, ReadError> {
        let malformed = |message: &str| ReadError::new(IssueKind::Corrupt, message);
        let fixed = packed::bytes_up_to(bytes, 0, 12)?;
        let Some((&[0x93, b'N', b'U', b'M', b'P', b'Y', major, _], length)) = fixed.split_first_chunk()
        else {
            return Err(malformed("the file is no NumPy array: it does not begin with \\x93NUMPY"));
        };
        let (length, text_start) = match (major, length) {
            (1, [a, b, ..]) => (u64::from(u16::from_le_bytes([*a, *b])), 10),
            (2 | 3, [a, b, c, d]) => (u64::from(u32::from_le_bytes([*a, *b, *c, *d])), 12),
            _ => return Err(malformed("the array file's version is not known; 1 to 3 are read")),
        };
        if length > MAX_HEADER {
            return Err(malformed("the array's header is too long"));
        }
        let text = packed::bytes_at(bytes, text_start, length)?;
        let mut header = Self::parse(&String::from_utf8_lossy(&text))
            .map_err(|message| ReadError::new(IssueKind::Unsupported, message))?;
        header.start = text_start + length;
        Ok(header)
    }

    /// The dictionary `{'descr': '<u1', 'fortran_order': False, 'shape': (2, 3), }`.
    fn parse(text: &str) -> Result<Self, String> {
        let value = |key: &str| {
            let (_, rest) = text.split_once(key)?;
            let rest = rest.trim_start_matches(['\'', '"']).trim_start();
            Some(rest.strip_prefix(':')?.trim_start())
        };
        let odd =
            || format!("the array's header is not understood: {}", text.chars().take(80).collect::<String>());
        let order = value("fortran_order").ok_or_else(odd)?;
        let shape = value("shape").and_then(|rest| rest.strip_prefix('(')).ok_or_else(odd)?;
        let (shape, _) = shape.split_once(')').ok_or_else(odd)?;
        let sides =
            shape.split(',').map(|side| side.trim().trim_end_matches('L')).filter(|side| !side.is_empty());
        let shape: Result<Vec<u64>, _> = sides.take(MAX_DIMS + 1).map(str::parse).collect();
        let shape = shape.ok().filter(|shape| shape.len() <= MAX_DIMS).ok_or_else(odd)?;

        let descr = value("descr").ok_or_else(odd)?;
        if descr.starts_with(['[', '(']) {
            return Err(
                "the array's elements are records with fields; save images and labels as arrays".into()
            );
        }
        let quote = descr.chars().next().filter(|quote| matches!(quote, '\'' | '"')).ok_or_else(odd)?;
        let descr = descr[1..].split(quote).next().ok_or_else(odd)?;
        let element = element(descr)?;
        // One dimension is laid out the same in either order.
        if order.starts_with("True") && shape.iter().filter(|side| **side != 1).count() > 1 {
            return Err("the array is stored column by column (Fortran order); \
                        save numpy.ascontiguousarray(array) to have its rows together"
                .into());
        }
        Ok(Self { element, shape, start: 0 })
    }
}

/// Longest text of one element: a class name.
const MAX_TEXT: u64 = 4096;

fn element(descr: &str) -> Result<Element, String> {
    let kind: TypeStr = descr.parse().map_err(|_| format!("the array's type {descr} is not understood"))?;
    let (size, big) = (kind.size_field(), kind.endianness() == Endianness::Big);
    let number = matches!(size, 1 | 2 | 4 | 8);
    match kind.type_char() {
        TypeChar::Bool if size == 1 => Ok(Element::Bool),
        TypeChar::Int if number => Ok(Element::Int { size, big }),
        TypeChar::Uint if number => Ok(Element::Uint { size, big }),
        TypeChar::Float if matches!(size, 4 | 8) => Ok(Element::Float { size, big }),
        TypeChar::ByteStr if size <= MAX_TEXT => Ok(Element::Bytes { size }),
        TypeChar::UnicodeStr if size <= MAX_TEXT => Ok(Element::Unicode { chars: size, big }),
        TypeChar::Object => {
            Err("the array holds Python objects (a pickle), which are programs and are not run; \
             save it with a plain number or text type"
                .into())
        }
        _ => Err(format!("arrays of type {descr} are not read")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::reader::access::MemoryAt;
    use super::*;

    #[test]
    fn headers_are_read_or_refused() {
        let plain = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }";
        assert_eq!(Header::parse(plain).unwrap().shape, [2, 3]);
        let one = Header::parse("{'descr': '<U5', 'fortran_order': True, 'shape': (7,), }").unwrap();
        assert_eq!((one.element, one.shape), (Element::Unicode { chars: 5, big: false }, vec![7]));
        for (text, fault) in [
            ("", "not understood"),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "pickle"),
            ("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", "Fortran"),
            ("{'descr': [('a', '<u1')], 'fortran_order': False, 'shape': (2,)}", "records"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", "not read"),
            ("{'descr': '<u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", "not understood"),
            ("{'descr': '<u1', 'fortran_order': False, 'shape': (-1,)}", "not understood"),
            ("{'descr': 'é', 'fortran_order': False, 'shape': (1,)}", "not understood"),
            ("{'descr': é, 'fortran_order': False, 'shape': (1,)}", "not understood"),
            ("{'descr': '<U99999999999', 'fortran_order': False, 'shape': (1,)}", "not read"),
        ] {
            let message = Header::parse(text).unwrap_err();
            assert!(message.contains(fault), "{text}: {message}");
        }
    }

    #[test]
    fn sizes_that_lie_take_nothing() {
        for bytes in
            [&b""[..], b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff{", b"\x93NUMPY\x02\x00\xff\xff\xff\xff"]
        {
            assert!(Header::read(&MemoryAt(bytes.to_vec())).is_err());
        }
    }
}
