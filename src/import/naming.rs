//! What names say: which split a word means, which files are images by their name, and which file
//! of a tree an annotation means when it names an image.
//!
//! It refuses to know what any format's files hold.

use super::Tree;
use super::names::is_image_name;

/// Extensions of the image files that the program reads, lower case.
pub const IMAGE_EXTENSIONS: [&str; 24] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "bmp", "dib", "tif", "tiff", "tga", "qoi",
    "ico", "pnm", "pbm", "pgm", "ppm", "pam", "ff", "farbfeld", "hdr", "exr",
];

/// The split that a word means, by its usual name, whatever its case:
/// `Training` is `train`; `valid`, `validation` and `dev` are `val`; `testing` and `t10k` are `test`.
pub fn split_of(word: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 9] = [
        ("train", "train"),
        ("training", "train"),
        ("val", "val"),
        ("valid", "val"),
        ("validation", "val"),
        ("dev", "val"),
        ("test", "test"),
        ("testing", "test"),
        ("t10k", "test"),
    ];
    WORDS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known)).map(|(_, split)| *split)
}

/// The split that a word within a name means: `instances_train2017`, `x_test`, `train-00000-of-00002`.
pub fn split_in_name(name: &str) -> Option<&'static str> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| {
        split_of(word).or_else(|| split_of(word.trim_end_matches(|c: char| c.is_ascii_digit())))
    })
}

/// The split that a path means: the nearest folder that is a split, or has one in its name.
pub fn split_in_folders(path: &str) -> Option<&'static str> {
    let (folder, _) = split_path(path);
    folder.rsplit('/').find_map(split_in_name)
}

/// Folder and name of a path; the folder is empty at the top.
pub fn split_path(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The part of the name after its last dot; empty without one.
pub fn extension(path: &str) -> &str {
    let (_, name) = split_path(path);
    name.rsplit_once('.').map_or("", |(stem, extension)| if stem.is_empty() { "" } else { extension })
}

/// The name without folder and extension.
pub fn stem(path: &str) -> &str {
    let (_, name) = split_path(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// `name` seen from `folder`, with `.` and `..` resolved and `\` read as `/`. Steps above the top
/// and a leading `/` are dropped.
pub fn join(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a file may be what the person opened: any, where a folder was opened, else that one.
pub fn in_focus(tree: &Tree, file: usize) -> bool {
    tree.focus.is_none_or(|focus| focus == file)
}

/// Finds the image file that an annotation means, among the image files of a tree.
///
/// Annotations name images loosely: by bare name, relative to a folder that is not told, or by the
/// path on somebody else's disk. The file whose path shares the most trailing parts with the given
/// name is meant; among equals the one whose folders name the same split, then the one nearest to
/// the annotation.
pub struct ImageIndex<'a> {
    tree: &'a Tree,
    /// Image files, sorted by name without folder and extension.
    by_stem: Vec<u32>,
}

impl<'a> ImageIndex<'a> {
    pub fn new(tree: &'a Tree) -> Self {
        let mut by_stem: Vec<u32> =
            (0..tree.len()).filter(|file| is_image_name(tree.path(*file))).map(|file| file as u32).collect();
        by_stem.sort_by(|a, b| stem(tree.path(*a as usize)).cmp(stem(tree.path(*b as usize))));
        Self { tree, by_stem }
    }

    /// Every image file, in no particular order.
    pub fn files(&self) -> impl Iterator<Item = usize> + '_ {
        self.by_stem.iter().map(|file| *file as usize)
    }

    /// The file that `name` means when it is read in an annotation that lies in `folder` and, if
    /// known, belongs to `split`. The extension has to fit.
    pub fn find(&self, name: &str, folder: &str, split: Option<&str>) -> Option<usize> {
        let name = name.replace('\\', "/");
        let (_, wanted) = split_path(&name);
        self.nearest(&name, folder, split, |path| split_path(path).1 == wanted)
    }

    /// As [`Self::find`], for a name without extension or with another one.
    pub fn find_stem(&self, name: &str, folder: &str, split: Option<&str>) -> Option<usize> {
        self.nearest(&name.replace('\\', "/"), folder, split, |_| true)
    }

    fn nearest(
        &self,
        name: &str,
        folder: &str,
        split: Option<&str>,
        fits: impl Fn(&str) -> bool,
    ) -> Option<usize> {
        if let Some(exact) =
            self.tree.find(&join(folder, name)).filter(|file| is_image_name(self.tree.path(*file)))
        {
            return Some(exact);
        }
        self.with_stem(stem(name)).filter(|file| fits(self.tree.path(*file))).max_by_key(|file| {
            let path = self.tree.path(*file);
            let same_split = split.is_some() && split_in_folders(path) == split;
            let place = (shared_tail(path, name), same_split, shared_head(path, folder));
            // Ties go to the first file, for the same answer every time.
            (place, std::cmp::Reverse(*file))
        })
    }

    fn with_stem(&self, wanted: &str) -> impl Iterator<Item = usize> + '_ {
        let stem_at = |file: u32| stem(self.tree.path(file as usize));
        let start = self.by_stem.partition_point(|file| stem_at(*file) < wanted);
        let count = self.by_stem[start..].partition_point(|file| stem_at(*file) == wanted);
        self.by_stem[start..start + count].iter().map(|file| *file as usize)
    }
}

/// Number of trailing folders that two paths share.
fn shared_tail(a: &str, b: &str) -> usize {
    let pairs = split_path(a).0.rsplit('/').zip(split_path(b).0.rsplit('/'));
    pairs.take_while(|(a, b)| a == b && !a.is_empty()).count()
}

/// Number of leading folders that two paths share.
fn shared_head(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_split() {
        for (name, split) in [
            ("train", Some("train")),
            ("instances_train2017", Some("train")),
            ("train-00000-of-00002", Some("train")),
            ("t10k-images-idx3-ubyte", Some("test")),
            ("x_Test", Some("test")),
            ("VALID", Some("val")),
            ("dev", Some("val")),
            ("training-set", Some("train")),
            ("constraint", None),
            ("latest", None),
            ("", None),
        ] {
            assert_eq!(split_in_name(name), split, "{name}");
        }
        assert_eq!(split_in_folders("data/val2017/train.jpg"), Some("val"));
        assert_eq!(split_in_folders("train.jpg"), None);
    }

    #[test]
    fn paths_come_apart_and_together() {
        for (folder, name, joined) in [
            ("", "a.jpg", "a.jpg"),
            ("x/y", "../images/./a.jpg", "x/images/a.jpg"),
            ("x", "../../a.jpg", "a.jpg"),
            ("x", "b\\a.jpg", "x/b/a.jpg"),
        ] {
            assert_eq!(join(folder, name), joined);
        }
        assert_eq!((stem("a/b.tar.gz"), extension("a/b.tar.gz")), ("b.tar", "gz"));
        assert_eq!((stem("a/.hidden"), extension("a/.hidden")), (".hidden", ""));
    }
}
