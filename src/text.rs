//! Numbers and sentences as people read them, the same in the window and on the command line.

/// A count with thousands apart: 1,000,000.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in powers of 1,000: "24.6 MB".
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    match bytes {
        1 => return "1 byte".to_owned(),
        0..1000 => return format!("{bytes} bytes"),
        _ => {}
    }
    let mut value = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        value /= 1000.0;
        unit = next;
        if value < 999.95 {
            break;
        }
    }
    format!("{value:.1} {unit}")
}

/// A number with as many decimals as make three digits or more: 0.0123, 1.23, 123.
pub fn significant(number: f64) -> String {
    let whole_digits = number.abs().log10().floor() as i32 + 1;
    let decimals = if number == 0.0 { 0 } else { (3 - whole_digits).clamp(0, 9) as usize };
    format!("{number:.decimals$}")
}

/// How sure a model is of a proposal, 0 to 1, as a person says it: "93 %". Near the end it has a decimal, and none is
/// quite certain: "99.9 %" at most.
pub fn confidence_text(confidence: f32) -> String {
    match confidence.clamp(0.0, 1.0) * 100.0 {
        near if near >= 98.5 => format!("{:.1} %", near.min(99.9)),
        percent => format!("{percent:.0} %"),
    }
}

/// A count of things of that name: "1 sample", "2,127 samples", "3 boxes".
pub fn counted(count: u64, thing: &str) -> String {
    let ending = match count {
        1 => "",
        _ if thing.ends_with(['s', 'x']) => "es",
        _ => "s",
    };
    format!("{} {thing}{ending}", grouped(count))
}

/// A message, as errors give it, as a sentence: with a capital, and a full stop unless it already
/// ends with `.`, `!` or `?`.
pub fn sentence(message: impl std::fmt::Display) -> String {
    let message = message.to_string();
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    let stop = if message.ends_with(['.', '!', '?']) || message.is_empty() { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// A stretch of time as a person says it, of two units at most: "40 s", "12 min", "3 h 20 min". Under a
/// second it is "1 s".
pub fn duration_text(secs: f64) -> String {
    let secs = secs.clamp(1.0, 1e9).round() as u64;
    match secs {
        ..100 => format!("{secs} s"),
        100..5400 => format!("{} min", (secs + 30) / 60),
        5400..172_800 => {
            let minutes = (secs + 30) / 60;
            match minutes % 60 {
                0 => format!("{} h", minutes / 60),
                rest => format!("{} h {rest} min", minutes / 60),
            }
        }
        _ => format!("{} days", grouped((secs + 43_200) / 86_400)),
    }
}

/// A size as a person says it, and exactly: "24.6 MB (24,600,012 bytes)".
pub fn exact_bytes_text(bytes: u64) -> String {
    if bytes < 1000 {
        return bytes_text(bytes);
    }
    format!("{} ({} bytes)", bytes_text(bytes), grouped(bytes))
}

/// A lower case character with the final sigma as any other.
pub(crate) fn plain_sigma(lower: char) -> char {
    if lower == 'ς' { 'σ' } else { lower }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (999_990, "1.0 MB"),
            (24_600_000, "24.6 MB"),
        ] {
            assert_eq!(bytes_text(bytes), text);
        }
        for (bytes, text) in [(1, "1 byte"), (1536, "1.5 kB (1,536 bytes)")] {
            assert_eq!(exact_bytes_text(bytes), text);
        }
    }

    #[test]
    fn times_read_well() {
        for (secs, text) in [
            (0.2, "1 s"),
            (99.4, "99 s"),
            (100.0, "2 min"),
            (5399.0, "90 min"),
            (7200.0, "2 h"),
            (12_000.0, "3 h 20 min"),
            (300_000.0, "3 days"),
            (f64::INFINITY, "11,574 days"),
        ] {
            assert_eq!(duration_text(secs), text);
        }
    }

    #[test]
    fn no_confidence_is_quite_certain() {
        for (confidence, text) in [
            (0.0, "0 %"),
            (0.934, "93 %"),
            (0.936, "94 %"),
            (0.984, "98 %"),
            (0.989, "98.9 %"),
            (0.99, "99.0 %"),
            (0.995, "99.5 %"),
            (0.9996, "99.9 %"),
            (1.0, "99.9 %"),
        ] {
            assert_eq!(confidence_text(confidence), text);
        }
    }

    #[test]
    fn one_is_not_many() {
        for (count, text) in [(0, "0 samples"), (1, "1 sample"), (2127, "2,127 samples")] {
            assert_eq!(counted(count, "sample"), text);
        }
    }

    #[test]
    fn messages_become_sentences() {
        for (message, text) in [
            ("", ""),
            ("the disk is full: /a/b", "The disk is full: /a/b."),
            ("éclair", "Éclair."),
            ("It is gone. Choose another.", "It is gone. Choose another."),
            ("why?", "Why?"),
            ("stop!", "Stop!"),
            ("a folder ..", "A folder .."),
        ] {
            assert_eq!(sentence(message), text);
        }
    }
}
