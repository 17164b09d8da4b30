//! Which file a manifest's row means.
//!
//! A name is tried as it stands: below the manifest's folder, below the opened folder and below the
//! manifest's parent; then within the few folders that hold images; each also with an image's ending
//! where it has none. An absolute path that is not there is tried without its first parts: tables are
//! often written on another machine. It refuses to know tables.

use std::path::{Path, PathBuf};

use crate::import::Tree;
use crate::import::names::{is_doubtful_name, is_image_name, split_name};
use crate::import::naming::{extension, split_path};
use crate::import::tree::walk::modified_ms;

/// Folders of images that a bare name is looked for in.
const MAX_FOLDERS: usize = 16;

/// Endings that are tried for names without one.
const MAX_ENDINGS: usize = 6;

/// The most parts of an absolute path that are left off.
const MAX_SKIPPED: usize = 32;

/// What a row's path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file of the tree.
    File(usize),
    /// A file elsewhere on the disk.
    Outside { path: String, bytes: u64, modified_ms: i64 },
    /// Nothing; the path as it would be relative to the root.
    Missing(String),
}

/// Finds the files that one manifest names.
#[derive(Debug)]
pub struct Resolver<'a> {
    tree: &'a Tree,
    /// The manifest's folder, with its closing `/`; empty at the top.
    folder: String,
    /// What a name may have to stand behind, the likeliest first.
    bases: Vec<String>,
    endings: Vec<String>,
}

/// The folders that hold images in a tree and their endings, each with the commonest first.
#[derive(Debug, Default)]
pub struct Places {
    pub images: usize,
    folders: Vec<String>,
    endings: Vec<String>,
}

impl Places {
    pub fn new(tree: &Tree) -> Self {
        use std::collections::HashMap;
        let mut folders: HashMap<&str, usize> = HashMap::new();
        let mut endings: HashMap<&str, usize> = HashMap::new();
        let mut images = 0;
        for path in (0..tree.len()).map(|file| tree.path(file)).filter(|path| is_image_name(path)) {
            images += 1;
            *folders.entry(split_path(path).0).or_default() += 1;
            *endings.entry(extension(path)).or_default() += 1;
        }
        let ordered = |counts: HashMap<&str, usize>, most: usize| {
            let mut names: Vec<(&str, usize)> = counts.into_iter().collect();
            names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
            let few = if names.len() > most { 0 } else { names.len() };
            names[..few].iter().map(|(name, _)| (*name).to_owned()).collect()
        };
        Self { images, folders: ordered(folders, MAX_FOLDERS), endings: ordered(endings, MAX_ENDINGS) }
    }
}

impl<'a> Resolver<'a> {
    /// For a manifest of that path, whose name may tell a split.
    pub fn new(tree: &'a Tree, manifest: &str, split: Option<&str>, places: &Places) -> Self {
        let closed = |folder: &str| if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let own = split_path(manifest).0;
        let folder = closed(own);
        let mut bases = vec![folder.clone(), String::new(), closed(split_path(own).0)];
        let mut folders: Vec<&String> = places.folders.iter().collect();
        // Of folders that hold the same names, the one of the manifest's split is meant.
        folders.sort_by_key(|folder| {
            let of_split = split.is_some() && folder.rsplit('/').find_map(split_name) == split;
            (!of_split, !folder.starts_with(own))
        });
        bases.extend(folders.into_iter().map(|folder| closed(folder)));
        let mut seen = std::collections::HashSet::new();
        bases.retain(|base| seen.insert(base.clone()));
        Self { tree, folder, bases, endings: places.endings.clone() }
    }

    /// Whether the value names a file that may be an image.
    pub fn exists(&self, value: &str) -> bool {
        // Every cell of a sample is asked; a text that is no name is answered at once.
        value.len() < 1024 && !matches!(self.find(value), Found::Missing(_))
    }

    /// The file that a value means.
    pub fn find(&self, value: &str) -> Found {
        let value = value.trim().replace('\\', "/");
        let value = value.strip_prefix("file://").unwrap_or(&value);
        if is_absolute(value) {
            return self.find_absolute(value);
        }
        if let Some(plain) = climb(&self.folder, value) {
            if let Some(file) = self.find_below(value) {
                return Found::File(file);
            }
            return Found::Missing(plain);
        }
        // It leads out of the opened folder.
        let path = self.tree.root.join(&self.folder).join(value);
        on_disk(&path).unwrap_or_else(|| Found::Missing(value.to_owned()))
    }

    fn find_absolute(&self, value: &str) -> Found {
        let root = self.tree.root.to_string_lossy().replace('\\', "/");
        if let Some(below) = value.strip_prefix(&*root).and_then(|rest| rest.strip_prefix('/'))
            && let Some(file) = self.find_below(below)
        {
            return Found::File(file);
        }
        if let Some(found) = on_disk(Path::new(value)) {
            return found;
        }
        let mut rest = value;
        for _ in 0..MAX_SKIPPED {
            let Some((_, shorter)) = rest.split_once('/') else { break };
            rest = shorter;
            if let Some(file) = self.find_below(rest) {
                return Found::File(file);
            }
        }
        Found::Missing(value.to_owned())
    }

    fn find_below(&self, value: &str) -> Option<usize> {
        let bare = !is_image_name(value);
        self.bases.iter().find_map(|base| {
            let mut path = climb(base, value)?;
            if let Some(file) = self.image(&path) {
                return Some(file);
            }
            let end = path.len();
            self.endings.iter().filter(|_| bare).find_map(|ending| {
                path.truncate(end);
                path.push('.');
                path.push_str(ending);
                self.image(&path)
            })
        })
    }

    fn image(&self, path: &str) -> Option<usize> {
        self.tree.find(path).filter(|_| is_image_name(path) || is_doubtful_name(path))
    }
}

/// `name` seen from a folder with its closing `/`; `None` where it climbs above the top.
fn climb(folder: &str, name: &str) -> Option<String> {
    let mut path = folder.to_owned();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                let above = path.strip_suffix('/')?;
                path.truncate(above.rfind('/').map_or(0, |at| at + 1));
            }
            part => {
                path.push_str(part);
                path.push('/');
            }
        }
    }
    path.pop();
    Some(path)
}

fn is_absolute(value: &str) -> bool {
    let drive = |value: &str| {
        let bytes = value.as_bytes();
        bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'/'
    };
    value.starts_with('/') || drive(value)
}

/// A regular file on the disk that is or may be an image.
fn on_disk(path: &Path) -> Option<Found> {
    let name = path.to_str()?;
    if !is_image_name(name) && !is_doubtful_name(name) {
        return None;
    }
    let about = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let path: PathBuf = std::path::absolute(path).ok()?;
    Some(Found::Outside {
        path: path.to_str()?.replace('\\', "/"),
        bytes: about.len(),
        modified_ms: modified_ms(&about),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_may_be_meant() {
        let paths = ["images/train/1.png", "images/train/2.jpg", "images/val/1.png", "meta/m.csv", "top.png"];
        let tree = Tree::from_paths(Path::new("/data/set"), paths);
        let places = Places::new(&tree);
        for (manifest, split, value, found) in [
            ("m.csv", None, "images/train/1.png", Some("images/train/1.png")),
            ("m.csv", None, "./images//train/2.jpg", Some("images/train/2.jpg")),
            ("m.csv", None, "images\\val\\1.png", Some("images/val/1.png")),
            ("meta/m.csv", None, "../top.png", Some("top.png")),
            ("meta/m.csv", None, "images/val/1.png", Some("images/val/1.png")),
            ("m.csv", None, "2", Some("images/train/2.jpg")),
            ("val.csv", Some("val"), "1.png", Some("images/val/1.png")),
            ("train.csv", Some("train"), "1", Some("images/train/1.png")),
            ("m.csv", None, "/data/set/top.png", Some("top.png")),
            ("m.csv", None, "/home/else/where/images/val/1.png", Some("images/val/1.png")),
            ("m.csv", None, "C:\\files\\images\\val\\1.png", Some("images/val/1.png")),
            ("m.csv", None, "3.png", None),
            ("m.csv", None, "meta/m.csv", None),
            ("m.csv", None, "", None),
            ("m.csv", None, "../../top.png", None),
            ("m.csv", None, "https://example.org/top.jpg", None),
        ] {
            let resolver = Resolver::new(&tree, manifest, split, &places);
            let path = match resolver.find(value) {
                Found::File(file) => Some(tree.path(file)),
                Found::Outside { .. } => Some("outside"),
                Found::Missing(_) => None,
            };
            assert_eq!(path, found, "{manifest} {value}");
        }
        let resolver = Resolver::new(&tree, "meta/m.csv", None, &places);
        assert_eq!(resolver.find("./gone.png"), Found::Missing("meta/gone.png".into()));
    }
}
