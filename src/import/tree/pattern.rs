//! Patterns that name many files at once: `data-{000..004}.tar`, `{a,b}.tar`, `shards/*.tar`.
//!
//! Braces are expanded as a shell does, without looking at the disk; `*`, `?` and `[a-z]` are
//! matched against names. It refuses to know what the files hold.

/// The most texts that braces may expand to.
pub const MAX_EXPANDED: usize = 100_000;

/// How deep braces may lie in braces.
const MAX_DEPTH: usize = 16;

/// Why a pattern was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("the pattern stands for more than {MAX_EXPANDED} files; name fewer")]
    TooMany,
    #[error("the pattern has braces more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// Whether a text has anything to expand or match.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['{', '*', '?', '['])
}

/// Whether a text has anything to match against names, after its braces were expanded.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// All texts that a pattern's braces stand for, in their order.
///
/// `{a,b}` are alternatives, `{08..11}` numbers (as wide as the wider end is written), both may be
/// nested; braces that are neither stand for themselves.
pub fn expand(pattern: &str) -> Result<Vec<String>, PatternError> {
    expand_from(pattern, 0)
}

fn expand_from(pattern: &str, depth: usize) -> Result<Vec<String>, PatternError> {
    if depth > MAX_DEPTH {
        return Err(PatternError::TooDeep);
    }
    let mut texts = vec![String::new()];
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        append(&mut texts, &[rest[..open].to_owned()])?;
        let inner = &rest[open + 1..];
        let Some(close) = closing(inner) else {
            // A brace that is never closed stands for itself, and so does what follows it.
            append(&mut texts, &[rest[open..].to_owned()])?;
            return Ok(texts);
        };
        append(&mut texts, &choices(&inner[..close], depth)?)?;
        rest = &inner[close + 1..];
    }
    append(&mut texts, &[rest.to_owned()])?;
    Ok(texts)
}

/// What one pair of braces stands for.
fn choices(inner: &str, depth: usize) -> Result<Vec<String>, PatternError> {
    if let Some(numbers) = range(inner)? {
        return Ok(numbers);
    }
    let parts = split_top(inner);
    let mut choices = Vec::new();
    for part in &parts {
        choices.extend(expand_from(part, depth + 1)?);
        if choices.len() > MAX_EXPANDED {
            return Err(PatternError::TooMany);
        }
    }
    if parts.len() == 1 {
        for choice in &mut choices {
            *choice = format!("{{{choice}}}");
        }
    }
    Ok(choices)
}

/// `first..last` as numbers.
fn range(inner: &str) -> Result<Option<Vec<String>>, PatternError> {
    let Some((first, last)) = inner.split_once("..") else { return Ok(None) };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok());
    let (Some(Some(from)), Some(Some(to))) = (number(first), number(last)) else { return Ok(None) };
    if from.abs_diff(to) >= MAX_EXPANDED as u64 {
        return Err(PatternError::TooMany);
    }
    let padded = |text: &str| text.len() > 1 && text.starts_with('0');
    let width = if padded(first) || padded(last) { first.len().max(last.len()) } else { 0 };
    let written = |value: u64| format!("{value:0width$}");
    let numbers = if from <= to {
        (from..=to).map(written).collect()
    } else {
        (to..=from).rev().map(written).collect()
    };
    Ok(Some(numbers))
}

/// Where the brace that was opened before `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Splits at the commas that are in no inner brace.
fn split_top(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Appends every choice to every text.
fn append(texts: &mut Vec<String>, choices: &[String]) -> Result<(), PatternError> {
    if let [choice] = choices {
        for text in texts {
            text.push_str(choice);
        }
        return Ok(());
    }
    if texts.len().saturating_mul(choices.len()) > MAX_EXPANDED {
        return Err(PatternError::TooMany);
    }
    *texts =
        texts.iter().flat_map(|text| choices.iter().map(move |choice| format!("{text}{choice}"))).collect();
    Ok(())
}

/// Whether a name matches a pattern of `*`, `?`, `[abc]`, `[a-z]` and `[!a]`.
///
/// A `[` that is not closed stands for itself. The time is at most the product of both lengths.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name) = (0, 0);
    // Where to go on when the rest does not match: behind the last `*`, one character later.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(at) {
            Some('*') => {
                at += 1;
                retry = Some((at, in_name));
                continue;
            }
            None if in_name == name.len() => return true,
            None => None,
            Some(_) => name.get(in_name).and_then(|char| match_one(&pattern[at..], *char)),
        };
        match (step, retry) {
            (Some(taken), _) => {
                at += taken;
                in_name += 1;
            }
            (None, Some((after, from))) if from < name.len() => {
                at = after;
                in_name = from + 1;
                retry = Some((after, from + 1));
            }
            (None, _) => return false,
        }
    }
}

/// How much of the pattern's start one character uses up, or `None` where they do not match.
fn match_one(pattern: &[char], char: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', rest @ ..] => {
            // The first member may be `]` itself.
            let negated = matches!(rest.first(), Some('!' | '^'));
            let members = &rest[usize::from(negated)..];
            let Some(close) = members.iter().skip(1).position(|one| *one == ']').map(|at| at + 1) else {
                return (char == '[').then_some(1);
            };
            let set = &members[..close];
            let mut found = false;
            let mut at = 0;
            while at < set.len() {
                if let [low, '-', high] = set[at..set.len().min(at + 3)] {
                    found |= (low..=high).contains(&char);
                    at += 3;
                } else {
                    found |= set[at] == char;
                    at += 1;
                }
            }
            (found != negated).then_some(2 + usize::from(negated) + close)
        }
        [one, ..] => (*one == char).then_some(1),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn braces_expand_as_in_a_shell() {
        for (pattern, texts) in [
            ("a.tar", &["a.tar"][..]),
            ("d-{000..002}.tar", &["d-000.tar", "d-001.tar", "d-002.tar"]),
            ("{8..10}", &["8", "9", "10"]),
            ("{08..10}", &["08", "09", "10"]),
            ("{2..0}", &["2", "1", "0"]),
            ("{a,b}.tar", &["a.tar", "b.tar"]),
            ("{a,}x", &["ax", "x"]),
            ("{a,b{1..2}}", &["a", "b1", "b2"]),
            ("{a,b}-{0..1}", &["a-0", "a-1", "b-0", "b-1"]),
            ("{a}", &["{a}"]),
            ("{}", &["{}"]),
            ("a{b", &["a{b"]),
            ("a}b", &["a}b"]),
            ("{..}", &["{..}"]),
            ("{1..x}", &["{1..x}"]),
        ] {
            assert_eq!(expand(pattern).unwrap(), texts, "{pattern}");
        }
        assert_eq!(expand("{0..100000}"), Err(PatternError::TooMany));
        assert_eq!(expand("{0..999}{0..999}"), Err(PatternError::TooMany));
        assert_eq!(expand(&"{a,".repeat(1000)).map(|texts| texts.len()), Ok(1), "none is closed");
        let deep = format!("{}x{}", "{".repeat(50), "}".repeat(50));
        assert_eq!(expand(&deep), Err(PatternError::TooDeep));
    }

    #[test]
    fn names_match_patterns() {
        for (pattern, name, fits) in [
            ("*.tar", "a.tar", true),
            ("*.tar", "a.tar.gz", false),
            ("*", "", true),
            ("?", "", false),
            ("a?c", "aüc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("[ab].x", "b.x", true),
            ("[!ab].x", "b.x", false),
            ("[a-c]", "b", true),
            ("[a-c]", "d", false),
            ("[]]", "]", true),
            ("[", "[", true),
            ("[a", "[a", true),
            ("[a-]", "-", true),
            ("train-[0-9][0-9]*", "train-07.tar", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(2000), &"a".repeat(1000)), "and it ends soon");
    }

    proptest! {
        #[test]
        fn any_pattern_is_expanded_or_refused(pattern in "[a{},.0-9*?\\[\\]!ü-]{0,40}", name in "[a0ü-]{0,8}") {
            if let Ok(texts) = expand(&pattern) {
                prop_assert!(!texts.is_empty() && texts.len() <= MAX_EXPANDED);
            }
            matches(&pattern, &name);
            prop_assert!(matches("*", &name));
            prop_assert!(matches(&name, &name));
        }
    }
}
