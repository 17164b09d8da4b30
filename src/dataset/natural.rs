//! Natural order of names: `img2` before `img10`, `b` next to `B`.
//!
//! It refuses to know locales: letters compare by their lowercase code points.

use std::cmp::Ordering;

/// Compares two names as a person would order them.
///
/// Runs of ASCII digits compare by their value, however long; `/` comes before every other
/// character, so that a folder's files stay together; letters compare without case. Names that are
/// equal so far (`a1` and `A01`) compare by their bytes, so that only equal names are equal: it is
/// a total order.
pub fn compare(a: &str, b: &str) -> Ordering {
    folded(a, b).then_with(|| a.cmp(b))
}

/// The order without case and leading zeros.
fn folded(a: &str, b: &str) -> Ordering {
    let (left, right) = (a.as_bytes(), b.as_bytes());
    // Names of one folder share a long start; skip it, then step back over digits that a number
    // may have begun with and over a character that it may have ended within.
    let mut start = left.iter().zip(right).take_while(|(x, y)| x == y).count();
    while start > 0 && (left[start - 1].is_ascii_digit() || !a.is_char_boundary(start)) {
        start -= 1;
    }
    let (mut a, mut b) = (&a[start..], &b[start..]);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len());
        };
        let step = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, right);
            (left, a) = take_number(a);
            (right, b) = take_number(b);
            left.len().cmp(&right.len()).then_with(|| left.cmp(right))
        } else {
            a = &a[x.len_utf8()..];
            b = &b[y.len_utf8()..];
            if x == y { Ordering::Equal } else { rank(x).cmp(&rank(y)) }
        };
        if step != Ordering::Equal {
            return step;
        }
    }
}

/// Splits the digits off the start, without their leading zeros.
fn take_number(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

/// Where a character stands among others: lowercase, and `/` first of all. One whose lowercase is
/// several characters counts as itself.
fn rank(char: char) -> u32 {
    if char == '/' {
        return 0;
    }
    let mut lower = char.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => 1 + u32::from(one),
        _ => 1 + u32::from(char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_stand_as_a_person_would_put_them() {
        for ordered in [
            &["img1", "img2", "img010", "img10", "img11"][..],
            &["", "0", "00", "1", "9", "10", "a"],
            &["a", "a/b", "a b/c", "a1", "a1/b", "aa"],
            &["A", "a", "B", "b"],
            &["x99999999999999999999999998.png", "x99999999999999999999999999.png"],
            &["Äb", "äc", "Äd"],
            &["f1/2.png", "f1/10.png", "f2/1.png"],
            &["1.5", "1.10", "1.a"],
        ] {
            for pair in ordered.windows(2) {
                assert_eq!(rough(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            }
        }
    }

    /// `compare`, after checking that it is antisymmetric.
    fn rough(a: &str, b: &str) -> Ordering {
        assert_eq!(compare(a, b), compare(b, a).reverse(), "{a:?} {b:?}");
        compare(a, b)
    }

    proptest! {
        #[test]
        fn the_order_is_total(mut names in prop::collection::vec("[aAbB0-2/ .éÉßİ]{0,6}", 3)) {
            names.sort_by(|a, b| compare(a, b));
            prop_assert_ne!(rough(&names[0], &names[1]), Ordering::Greater);
            prop_assert_ne!(rough(&names[1], &names[2]), Ordering::Greater);
            prop_assert_ne!(rough(&names[0], &names[2]), Ordering::Greater);
            prop_assert_eq!(compare(&names[0], &names[1]) == Ordering::Equal, names[0] == names[1]);
        }

        #[test]
        fn numbers_compare_by_value(a in 0u64.., b in 0u64.., zeros in 0usize..3) {
            let (left, right) = (format!("n{}{a}.", "0".repeat(zeros)), format!("n{b}."));
            if a != b {
                prop_assert_eq!(compare(&left, &right), a.cmp(&b));
            }
        }
    }
}
