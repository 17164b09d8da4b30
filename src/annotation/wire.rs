//! How fields are written in JSON and text: hashes as hexadecimal digits, times as ISO 8601, lists that may be one word.
//!
//! It refuses to know files.

use serde::{Deserialize, Deserializer, Serializer};

/// A hash as 32 hexadecimal digits.
pub fn content_hex(content: &[u8; 16]) -> String {
    content.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of 32 hexadecimal digits or, from a whole BLAKE3 hash, of the first 32 of 64.
pub fn content_of_hex(text: &str) -> Option<[u8; 16]> {
    if !matches!(text.len(), 32 | 64) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut content = [0; 16];
    for (at, byte) in content.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(content)
}

pub fn is_false(flag: &bool) -> bool {
    !flag
}

/// A value, or the default for `null`.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of words, one word or a number by itself, or `null`.
pub fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Whole(i64),
        Flag(bool),
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        One(Word),
        Many(Vec<Word>),
    }

    let text = |word: Word| match word {
        Word::Text(text) => text,
        Word::Whole(number) => number.to_string(),
        Word::Flag(flag) => flag.to_string(),
    };
    Ok(match Option::<Words>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Words::One(word)) => vec![text(word)],
        Some(Words::Many(words)) => words.into_iter().map(text).collect(),
    })
}

/// A hash or nothing.
pub mod content {
    use super::*;

    pub fn serialize<S: Serializer>(content: &Option<[u8; 16]>, serializer: S) -> Result<S::Ok, S::Error> {
        match content {
            Some(content) => serializer.serialize_str(&content_hex(content)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 16]>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
        let read = |text: String| {
            let wrong = || serde::de::Error::custom("\"content\" is not 32 hexadecimal digits");
            content_of_hex(&text).ok_or_else(wrong)
        };
        text.map(read).transpose()
    }
}

/// A time or nothing.
pub mod time {
    use super::*;
    use crate::annotation::time::{iso, ms_of_iso};

    pub fn serialize<S: Serializer>(ms: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        match ms {
            Some(ms) => serializer.serialize_str(&iso(*ms)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
        let read = |text: String| {
            let wrong = || serde::de::Error::custom("\"time\" is not a time such as 2026-01-31T12:00:00Z");
            ms_of_iso(&text).ok_or_else(wrong)
        };
        text.map(read).transpose()
    }
}
