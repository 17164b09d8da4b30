//! Names that every file system takes and importers read, made of names of any kind, and no two alike.

use std::collections::{HashMap, HashSet};

use crate::import::names::{is_hidden_name, split_path};

/// The longest name that is kept whole, in bytes: file systems take 255, and a number may come on top.
const MAX_NAME_BYTES: usize = 200;

/// A name for a file or folder: what some system does not take is `_`, and what importers pass over
/// has `_` before it.
pub fn safe_name(name: &str) -> String {
    let safe = |char: char| match char {
        '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        char if char.is_control() => '_',
        char => char,
    };
    let mut safe: String = name.trim().chars().map(safe).collect();
    if safe.ends_with('.') {
        safe.pop();
        safe.push('_');
    }
    let stem = safe.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let device = stem.len() == 4
        && (stem.starts_with("COM") || stem.starts_with("LPT"))
        && stem.ends_with(|char: char| char.is_ascii_digit());
    if safe.is_empty()
        || is_hidden_name(&safe)
        || device
        || matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
    {
        safe.insert(0, '_');
    }
    if safe.len() > MAX_NAME_BYTES {
        let (stem, ending) = parts(&safe);
        let ending = if ending.len() > 16 { "" } else { ending };
        let cut = stem.floor_char_boundary(MAX_NAME_BYTES - ending.len());
        safe = format!("{}{ending}", &stem[..cut]);
    }
    safe
}

/// A path of such names, without steps up or down the tree.
pub fn safe_path(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    parts.map(safe_name).collect::<Vec<_>>().join("/")
}

/// A name's stem and its ending with the dot; of `x.png.gz` both.
pub fn parts(name: &str) -> (&str, &str) {
    let plain = name.len() - if name.to_ascii_lowercase().ends_with(".gz") { 3 } else { 0 };
    match name.get(..plain).and_then(|plain| plain.rfind('.')) {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// Paths that are taken. Letters of either case count as one, as on many file systems.
#[derive(Debug, Default)]
pub struct Taken {
    paths: HashSet<String>,
    /// The number tried last for each path that was wanted again: a million of one name stay quick.
    numbers: HashMap<String, u32>,
}

impl Taken {
    /// Keeps files from having a folder's name, those above it included.
    pub fn reserve_folder(&mut self, folder: &str) {
        let mut folder = folder.to_lowercase();
        while !folder.is_empty() && self.paths.insert(folder.clone()) {
            folder.truncate(split_path(&folder).0.len());
        }
    }

    /// The path, or with a number before its ending where that is taken; the first one is 2.
    pub fn take(&mut self, path: &str) -> String {
        let lower = path.to_lowercase();
        if self.paths.insert(lower.clone()) {
            return path.to_owned();
        }
        let (folder, name) = split_path(path);
        let slash = if folder.is_empty() { "" } else { "/" };
        let (stem, ending) = parts(name);
        let number = self.numbers.entry(lower).or_insert(1);
        loop {
            *number += 1;
            let path = format!("{folder}{slash}{stem}-{number}{ending}");
            if self.paths.insert(path.to_lowercase()) {
                return path;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_one_that_is_taken_everywhere() {
        let long = "ä".repeat(300) + ".jpeg";
        for (name, expected) in [
            ("cat", "cat"),
            ("a b.png", "a b.png"),
            ("T-shirt/top", "T-shirt_top"),
            ("..", "_._"),
            (".hidden.png", "_.hidden.png"),
            ("", "_"),
            ("  ", "_"),
            ("a:b?.png", "a_b_.png"),
            ("x\0y\n", "x_y"),
            ("dot.", "dot_"),
            ("nul.png", "_nul.png"),
            ("COM7", "_COM7"),
            ("COMB", "COMB"),
            ("Thumbs.db", "_Thumbs.db"),
            ("caf\\xE9.png", "caf_xE9.png"),
            ("日本.png", "日本.png"),
            (&long, &("ä".repeat(97) + ".jpeg")),
        ] {
            assert_eq!(safe_name(name), expected, "{name:?}");
        }
        for (path, expected) in
            [("a/b.png", "a/b.png"), ("/etc/../x", "etc/x"), ("../../x", "x"), ("C:/x", "C_/x"), ("", "")]
        {
            assert_eq!(safe_path(path), expected, "{path}");
        }
    }

    #[test]
    fn no_two_paths_are_alike() {
        let mut taken = Taken::default();
        taken.reserve_folder("train/Cat");
        let wanted = ["a/1.png", "a/1.PNG", "a/1.png", "A/1-2.png", "train", "cat", "x.png.gz", "x.png.gz"];
        let got: Vec<String> = wanted.iter().map(|path| taken.take(path)).collect();
        assert_eq!(
            got,
            ["a/1.png", "a/1-2.PNG", "a/1-3.png", "A/1-2-2.png", "train-2", "cat", "x.png.gz", "x-2.png.gz"]
        );
    }
}
