//! What pages of HTML and drawings of SVG have in common: text that means nothing but itself, and pictures in
//! their address. This file refuses to know what is written.

use std::fmt::{self, Display};

/// Text in a page: what means something in HTML or XML is written out.
pub struct Safe<'a>(pub &'a str);

impl Display for Safe<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sign in self.0.chars() {
            match sign {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                // Control characters have no place there, and some turn text around.
                sign if sign.is_control()
                    || matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}') =>
                {
                    out.write_str("\u{fffd}")?;
                }
                sign => write!(out, "{sign}")?,
            }
        }
        Ok(())
    }
}

/// A picture in the address itself (RFC 2397).
pub fn data_address(bytes: &[u8]) -> String {
    let kind = if bytes.starts_with(&[0xFF, 0xD8]) { "jpeg" } else { "png" };
    format!("data:image/{kind};base64,{}", base64(bytes))
}

/// Bytes as text (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let at = |at: usize| u32::from(part.get(at).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let sign = SIGNS[(word >> (18 - 6 * place) & 63) as usize];
            // A part of n bytes has n + 1 signs.
            text.push(if place <= part.len() { sign as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_the_standard_has_it() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foobar", "Zm9vYmFy"),
            (&[255, 254, 253], "//79"),
        ] {
            assert_eq!(base64(bytes), text);
        }
    }
}
