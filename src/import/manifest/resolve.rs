//! Which file a manifest's row means.
//!
//! A name is tried as it stands: below the manifest's folder, below the opened folder and below the
//! manifest's parent; then with each `\` as a `/`, as on Windows; then among all images ([`ImageIndex`]), with or
//! without an ending. It may also be a file elsewhere on the disk. This file refuses to know tables.
//!
//! [`ImageIndex`]: crate::import::image_index::ImageIndex

use std::path::{Path, PathBuf};

use crate::import::Tree;
use crate::import::names::{is_doubtful_name, is_image_name, join, leads_outside, split_path, with_slashes};
use crate::import::tree::walk::modified_ms;

/// What a row's path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file of the tree.
    File(usize),
    /// A file elsewhere on the disk.
    Outside { path: String, bytes: u64, modified_ms: i64 },
    /// Nothing that is here: an address on a network.
    Address(String),
    /// Nothing; the path as it would be relative to the root.
    Missing(String),
}

/// The longest value that is tried as a name, in bytes.
const MAX_NAME_BYTES: usize = 1024;

/// A file of any kind that a cell names exactly, beside the image of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A file of the tree, and whether it is named from the root of the disk on.
    File { file: usize, is_absolute: bool },
    /// A file outside of the tree, by a path relative to the manifest.
    Outside,
}

/// Finds the files that one manifest names.
#[derive(Debug)]
pub struct Resolver<'a> {
    tree: &'a Tree,
    /// The manifest's folder; empty at the top.
    folder: &'a str,
    /// The split that the manifest's name may tell.
    split: Option<&'a str>,
}

impl<'a> Resolver<'a> {
    /// For a manifest of that path, whose name may tell a split.
    pub fn new(tree: &'a Tree, manifest: &'a str, split: Option<&'a str>) -> Self {
        Self { tree, folder: split_path(manifest).0, split }
    }

    /// Whether the value names a file that may be an image.
    pub fn exists(&self, value: &str) -> bool {
        // Every cell of a sample is asked; a text that is no name is answered at once.
        value.len() < MAX_NAME_BYTES && matches!(self.find(value), Found::File(_) | Found::Outside { .. })
    }

    /// The file that a value means.
    pub fn find(&self, value: &str) -> Found {
        let value = plain(value);
        if let Some(found) = self.find_written(value) {
            return found;
        }
        let value = &*with_slashes(value);
        if is_address(value) {
            // It may have been fetched, and lie here under the same name.
            let found = self.find_below(value).map(Found::File);
            return found.unwrap_or_else(|| Found::Address(value.to_owned()));
        }
        if is_absolute(value) {
            return self.find_absolute(value);
        }
        if leads_outside(self.folder, value) {
            let path = self.tree.root.join(self.folder).join(value);
            return on_disk(&path).unwrap_or_else(|| Found::Missing(value.to_owned()));
        }
        self.find_below(value).map_or_else(|| Found::Missing(join(self.folder, value)), Found::File)
    }

    /// The file that a value names to the letter, where it has the look of a file's name. Who numbers
    /// samples names none.
    pub fn named(&self, value: &str) -> Option<Named> {
        if value.len() >= MAX_NAME_BYTES || !value.contains('.') {
            return None;
        }
        let value = plain(value);
        let written = value.contains('\\').then(|| self.named_so(value)).flatten();
        written.or_else(|| self.named_so(&with_slashes(value)))
    }

    fn named_so(&self, value: &str) -> Option<Named> {
        if is_address(value) {
            return None;
        }
        if is_absolute(value) {
            let file = self.below_root(value).and_then(|below| self.tree.find(below))?;
            return Some(Named::File { file, is_absolute: true });
        }
        if leads_outside(self.folder, value) {
            let path = self.tree.root.join(self.folder).join(value);
            return path.is_file().then_some(Named::Outside);
        }
        let file = self.bases().iter().find_map(|base| self.tree.find(&join(base, value)))?;
        Some(Named::File { file, is_absolute: false })
    }

    /// What comes after the root in a whole path.
    fn below_root<'b>(&self, value: &'b str) -> Option<&'b str> {
        let root = self.tree.root.to_string_lossy();
        let below = |root: &str| value.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
        below(&root).or_else(|| below(&with_slashes(&root)))
    }

    /// The folders that names may start from.
    fn bases(&self) -> [&'a str; 3] {
        [self.folder, "", split_path(self.folder).0]
    }

    /// The file that a value with a `\` names to the letter: but on Windows it may be part of a name.
    fn find_written(&self, value: &str) -> Option<Found> {
        if !value.contains('\\') || is_address(value) {
            return None;
        }
        let on_disk = |path: &Path| on_disk(path).filter(|_| cfg!(not(windows)));
        if is_absolute(value) {
            let file = self.below_root(value).and_then(|below| self.at(below));
            return file.map(Found::File).or_else(|| on_disk(Path::new(value)));
        }
        if leads_outside(self.folder, value) {
            return on_disk(&self.tree.root.join(self.folder).join(value));
        }
        self.bases().iter().find_map(|base| self.at(&join(base, value))).map(Found::File)
    }

    fn find_absolute(&self, value: &str) -> Found {
        if let Some(file) = self.below_root(value).and_then(|below| self.at(below)) {
            return Found::File(file);
        }
        // Tables are often written on another machine.
        on_disk(Path::new(value))
            .or_else(|| self.find_below(value).map(Found::File))
            .unwrap_or_else(|| Found::Missing(value.to_owned()))
    }

    fn find_below(&self, value: &str) -> Option<usize> {
        let exact = self.bases().iter().find_map(|base| self.at(&join(base, value)));
        exact.or_else(|| self.tree.images().find(value, self.folder, self.split))
    }

    /// The file at exactly that path, if it is or may be an image.
    fn at(&self, path: &str) -> Option<usize> {
        self.tree.find(path).filter(|_| is_image_name(path) || is_doubtful_name(path))
    }
}

/// A value without what may stand around a name.
fn plain(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix("file://").unwrap_or(value)
}

pub(crate) fn is_address(value: &str) -> bool {
    const SCHEMES: [&str; 5] = ["http", "https", "ftp", "s3", "gs"];
    let scheme = value.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

pub(crate) fn is_absolute(value: &str) -> bool {
    let drive = |value: &str| {
        let bytes = value.as_bytes();
        bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'/'
    };
    value.starts_with('/') || drive(value)
}

/// A regular file on the disk that is or may be an image.
pub(crate) fn on_disk(path: &Path) -> Option<Found> {
    let name = path.to_str()?;
    if !is_image_name(name) && !is_doubtful_name(name) {
        return None;
    }
    let about = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let path: PathBuf = std::path::absolute(path).ok()?;
    let path = path.to_str()?;
    Some(Found::Outside {
        path: if cfg!(windows) { with_slashes(path) } else { path.to_owned() },
        bytes: about.len(),
        modified_ms: modified_ms(&about),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_may_be_meant() {
        let paths = [
            "images/train/1.png",
            "images/train/2.jpg",
            "images/val/1.png",
            "meta/m.csv",
            "odd/a.png",
            "odd/b\\a.png",
            "odd\\a.png",
            "odd\\c.png",
            "top.png",
        ];
        let tree = Tree::from_paths(Path::new("/data/set"), paths);
        for (manifest, split, value, found) in [
            ("m.csv", None, "images/train/1.png", Some("images/train/1.png")),
            ("m.csv", None, "./images//train/2.jpg", Some("images/train/2.jpg")),
            ("m.csv", None, "images\\val\\1.png", Some("images/val/1.png")),
            // A `\` is a letter where there is such a file, and a step into a folder where there is none.
            ("m.csv", None, "odd\\a.png", Some("odd\\a.png")),
            ("m.csv", None, " ./odd\\c.png", Some("odd\\c.png")),
            ("m.csv", None, "odd/b\\a.png", Some("odd/b\\a.png")),
            ("m.csv", None, "odd/a.png", Some("odd/a.png")),
            ("m.csv", None, ".\\odd\\a.png", Some("odd/a.png")),
            ("meta/m.csv", None, "../odd\\c.png", Some("odd\\c.png")),
            ("meta/m.csv", None, "odd\\c.png", Some("odd\\c.png")),
            ("m.csv", None, "/data/set/odd\\c.png", Some("odd\\c.png")),
            ("m.csv", None, "odd\\d.png", None),
            ("meta/m.csv", None, "../top.png", Some("top.png")),
            ("meta/m.csv", None, "images/val/1.png", Some("images/val/1.png")),
            ("m.csv", None, "2", Some("images/train/2.jpg")),
            ("val.csv", Some("val"), "1.png", Some("images/val/1.png")),
            ("train.csv", Some("train"), "1", Some("images/train/1.png")),
            ("m.csv", None, "/data/set/top.png", Some("top.png")),
            ("m.csv", None, "/home/else/where/images/val/1.png", Some("images/val/1.png")),
            ("m.csv", None, "C:\\files\\images\\val\\1.png", Some("images/val/1.png")),
            ("m.csv", None, "set/images/val/1.png", Some("images/val/1.png")),
            ("m.csv", None, "images/val/2.jpg", None),
            ("m.csv", None, "3.png", None),
            ("m.csv", None, "meta/m.csv", None),
            ("m.csv", None, "", None),
            ("m.csv", None, "../../top.png", None),
            ("m.csv", None, "https://example.org/top.png", Some("top.png")),
            ("m.csv", None, "https://example.org/top.jpg", Some("address")),
            ("m.csv", None, "S3://bucket/top.jpg", Some("address")),
        ] {
            let resolver = Resolver::new(&tree, manifest, split);
            let path = match resolver.find(value) {
                Found::File(file) => Some(tree.path(file)),
                Found::Outside { .. } => Some("outside"),
                Found::Address(_) => Some("address"),
                Found::Missing(_) => None,
            };
            assert_eq!(path, found, "{manifest} {value}");
        }
        // Cells beside the path name files of any kind, and to the letter.
        let resolver = Resolver::new(&tree, "meta/m.csv", None);
        for (value, named) in [
            ("../top.png", Some("top.png")),
            ("images/val/1.png", Some("images/val/1.png")),
            ("m.csv", Some("meta/m.csv")),
            ("../odd\\c.png", Some("odd\\c.png")),
            ("..\\odd\\a.png", Some("odd/a.png")),
            ("/data/set/top.png", Some("whole path to top.png")),
            ("1.png", None),
            ("2", None),
            ("1.5", None),
            ("..", None),
            ("https://example.org/top.png", None),
            ("../../top.png", None),
            ("/elsewhere/top.png", None),
        ] {
            let told = resolver.named(value).map(|named| match named {
                Named::File { file, is_absolute: true } => format!("whole path to {}", tree.path(file)),
                Named::File { file, .. } => tree.path(file).to_owned(),
                Named::Outside => "outside".to_owned(),
            });
            assert_eq!(told.as_deref(), named, "{value}");
        }
        assert_eq!(resolver.find("./gone.png"), Found::Missing("meta/gone.png".into()));
    }
}
