//! Where the values in a JSON text lie, so that some of them can be written as they are, with all that no
//! importer reads and in the very digits.
//!
//! It takes text that a parser took before; of other text it gives what came before the fault.

use std::ops::Range;

/// The elements of the array that begins at that byte.
pub fn elements(text: &[u8], array: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = if text.get(array) == Some(&b'[') { array + 1 } else { text.len() };
    std::iter::from_fn(move || {
        at = skip(text, at, b" \t\r\n,");
        if matches!(text.get(at), None | Some(b']')) {
            return None;
        }
        let value = at..value_end(text, at)?;
        at = value.end;
        Some(value)
    })
}

/// The members of the object that begins at that byte: name and value.
pub fn members(text: &[u8], object: usize) -> impl Iterator<Item = (String, Range<usize>)> {
    let mut at = if text.get(object) == Some(&b'{') { object + 1 } else { text.len() };
    std::iter::from_fn(move || {
        at = skip(text, at, b" \t\r\n,");
        if text.get(at) != Some(&b'"') {
            return None;
        }
        let name_end = value_end(text, at)?;
        let name = serde_json::from_slice(&text[at..name_end]).ok()?;
        at = skip(text, name_end, b" \t\r\n:");
        let value = at..value_end(text, at)?;
        at = value.end;
        Some((name, value))
    })
}

/// The first byte from `at` on that is none of these.
pub fn skip(text: &[u8], at: usize, these: &[u8]) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !these.contains(byte)).unwrap_or(rest.len())
}

/// Where the value that begins at a byte ends; `None` where the text ends before it.
fn value_end(text: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = start;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string_end(text, at)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ if depth > 0 => at += 1,
            _ => {
                // A number or a word.
                let len = text[at..].iter().position(|byte| b" \t\r\n,]}:".contains(byte))?;
                return (len > 0).then_some(at + len);
            }
        }
    }
}

fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_found_as_they_are_written() {
        let text = br#" {"a" : [1.50, "x\\\"]", {"b": []}, null ],"images":[],"c\u0041": {"d": "}"} }"#;
        let found: Vec<(String, &[u8])> =
            members(text, 1).map(|(name, value)| (name, &text[value])).collect();
        let told: Vec<String> =
            found.iter().map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value))).collect();
        assert_eq!(told, [r#"a=[1.50, "x\\\"]", {"b": []}, null ]"#, "images=[]", r#"cA={"d": "}"}"#]);
        let list = found[0].1;
        let elements: Vec<&[u8]> = elements(list, 0).map(|value| &list[value]).collect();
        assert_eq!(elements, [&b"1.50"[..], br#""x\\\"]""#, br#"{"b": []}"#, b"null"]);
    }

    proptest! {
        #[test]
        fn any_bytes_end(text in prop::collection::vec(prop::sample::select(&b"[]{}\",:\\ 1a\n"[..]), 0..40)) {
            for start in 0..=text.len() {
                prop_assert!(elements(&text, start).all(|value| value.end <= text.len()));
                prop_assert!(members(&text, start).all(|(_, value)| value.end <= text.len()));
            }
        }
    }
}
