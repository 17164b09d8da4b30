//! Which image file of a tree is meant where a table or an annotation names one.
//!
//! They name images loosely: by bare name, with or without ending, relative to a folder that is not
//! told, or by the path on somebody else's disk. The file whose path shares the most trailing
//! folders with the given name is meant; among equals the one whose folders tell the same split, then
//! the one nearest to whoever names it. But a folder that is named and is in the tree is believed: where
//! `cat/1.png` is not there, `dog/1.png` is not taken for it. Nor is one of several images that all fit
//! a name of which no folder does, nor of many that fit a name without a folder.
//!
//! It refuses to know what annotations hold.

use std::cmp::{Ordering, Reverse};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Tree;
use super::names::{
    extension, is_image_name, join, split_of, split_of_folders, split_path, stem, with_slashes,
};
use super::tree::hash_of;

/// The most images of one name that are looked at where none of the folders that are told fits, or none
/// is told.
const MAX_STRAY: usize = 256;

/// The same where one of them may be nearer than others to who names it.
const MAX_NEAR: usize = 4096;

/// The most images that fit a bare name equally well and of which the first is taken: an image beside its
/// mask, its thumbnail and the like. More are as many different images, such as the frames of videos.
const MAX_COPIES: usize = 4;

/// An image file of a tree.
#[derive(Clone, Copy, Debug)]
struct Image {
    /// Of its stem: most comparisons end with it, without a look at the path.
    hash: u64,
    file: u32,
    folder: u32,
}

/// The image files of a tree, by name; made once for a tree.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Image files in the order of the tree.
    files: Vec<Image>,
    /// The same by the hash of their stem, the stem, and their folders from the last to the first.
    by_stem: Vec<Image>,
    /// Each folder's split and how many images lie in it.
    folders: Vec<(Option<&'static str>, usize)>,
    /// Every name in the paths of those folders.
    folder_names: HashSet<String>,
}

impl Sorted {
    pub fn new(tree: &Tree) -> Self {
        let mut sorted = Self::default();
        let mut known: HashMap<&str, u32> = HashMap::new();
        for file in (0..tree.len()).filter(|file| is_image_name(tree.path(*file))) {
            let folder = split_path(tree.path(file)).0;
            let number = *known.entry(folder).or_insert_with(|| {
                sorted.folders.push((split_of_folders(tree.path(file)), 0));
                sorted.folder_names.extend(folder.split('/').map(str::to_owned));
                (sorted.folders.len() - 1) as u32
            });
            sorted.folders[number as usize].1 += 1;
            let hash = hash_of(stem(tree.path(file)));
            sorted.files.push(Image { hash, file: file as u32, folder: number });
        }
        sorted.by_stem.clone_from(&sorted.files);
        // Not by several threads: this may be made while others of rayon's wait for it, and a thread
        // that waits for its own helpers could take up a task that waits as well.
        sorted.by_stem.sort_unstable_by(|a, b| {
            a.hash.cmp(&b.hash).then_with(|| {
                let (a_path, b_path) = (tree.path(a.file as usize), tree.path(b.file as usize));
                let folders = split_path(a_path).0.rsplit('/').cmp(split_path(b_path).0.rsplit('/'));
                stem(a_path).cmp(stem(b_path)).then(folders).then(a.file.cmp(&b.file))
            })
        });
        sorted
    }
}

/// Finds image files by what others call them.
#[derive(Clone, Copy, Debug)]
pub struct ImageIndex<'a> {
    tree: &'a Tree,
    sorted: &'a Sorted,
}

impl<'a> ImageIndex<'a> {
    pub fn new(tree: &'a Tree, sorted: &'a Sorted) -> Self {
        Self { tree, sorted }
    }

    /// Every image file, in the tree's order.
    pub fn files(self) -> impl ExactSizeIterator<Item = usize> + 'a {
        self.sorted.files.iter().map(|image| image.file as usize)
    }

    /// How many image files there are.
    pub fn len(self) -> usize {
        self.sorted.files.len()
    }

    pub fn is_empty(self) -> bool {
        self.sorted.files.is_empty()
    }

    /// The split that an image's folders tell.
    pub fn split_of(self, file: usize) -> Option<&'static str> {
        let at = self.sorted.files.binary_search_by_key(&(file as u32), |image| image.file).ok()?;
        self.split(self.sorted.files[at])
    }

    /// How many images lie in folders of a split, or in folders that tell none.
    pub fn count_of(self, split: Option<&str>) -> usize {
        self.sorted.folders.iter().filter(|(own, _)| *own == split).map(|(_, count)| count).sum()
    }

    /// The file that `name` means when it is read in a file that lies in `folder` and, if known,
    /// belongs to `split`. A name's ending has to fit; a name without one may mean any image.
    pub fn find(self, name: &str, folder: &str, split: Option<&str>) -> Option<usize> {
        let name = &with_slashes(name);
        let exact = self.tree.find(&join(folder, name));
        if let Some(exact) = exact.filter(|file| is_image_name(self.tree.path(*file))) {
            return Some(exact);
        }
        let name = join("", name);
        let (told_folder, last) = split_path(&name);
        let (wanted, ending) =
            if is_image_name(last) { (stem(last), Some(extension(last))) } else { (last, None) };
        let fits = |image: &Image| {
            ending.is_none_or(|ending| extension(self.path(*image)).eq_ignore_ascii_case(ending))
        };
        let ranges = self.narrowed(wanted, told_folder);
        let is_stray = ranges.len() == 1;
        // So many can hardly be told apart, and looking at them all takes long where that is the rule.
        // Who names a bare name from within a folder may well have one beside it.
        let most = if told_folder.is_empty() && !folder.is_empty() { MAX_NEAR } else { MAX_STRAY };
        if is_stray && ranges[0].len() > most {
            return None;
        }
        let (shared, found) = ranges.iter().enumerate().rev().find_map(|(shared, range)| {
            let found = self.nearest(range.clone(), folder, split, ending, fits)?;
            Some((shared, found))
        })?;
        if is_stray {
            let key = |image| self.nearness(image, folder, split);
            let others = self.sorted.by_stem[ranges[0].clone()].iter().filter(|image| fits(image));
            let most = if told_folder.is_empty() { MAX_COPIES } else { 1 };
            if others.filter(|image| key(**image) == key(found)).count() > most {
                return None;
            }
        }
        let contradicted = told_folder.rsplit('/').nth(shared).is_some_and(|told| {
            let own = self.split(found);
            let other_split = split_of(told).is_some_and(|told| own.is_some_and(|own| own != told));
            !told.is_empty() && (other_split || self.sorted.folder_names.contains(told))
        });
        (!contradicted).then_some(found.file as usize)
    }

    /// The file that goes with one of that path, without its ending, in another folder: of those of
    /// the same name the one that shares the most of its last folders, then of its first ones.
    pub fn twin(self, path: &str, split: Option<&str>) -> Option<usize> {
        let (folder, name) = split_path(path);
        let range = self.narrowed(name, folder).pop()?;
        self.nearest(range, folder, split, None, |_| true).map(|found| found.file as usize)
    }

    /// The files of a stem; then those of them whose last folder is `folder`'s last, and so on as
    /// long as there are any.
    fn narrowed(self, wanted: &str, folder: &str) -> Vec<Range<usize>> {
        let by_stem = &self.sorted.by_stem;
        let hash = hash_of(wanted);
        let of_hash = equal(by_stem, 0..by_stem.len(), |image| image.hash.cmp(&hash));
        let of_stem = equal(by_stem, of_hash, |image| stem(self.path(*image)).cmp(wanted));
        let mut ranges = vec![of_stem];
        for (depth, told) in folder.rsplit('/').filter(|told| !told.is_empty()).enumerate() {
            let wide = ranges[ranges.len() - 1].clone();
            let own = |image: &Image| split_path(self.path(*image)).0.rsplit('/').nth(depth);
            let narrow = equal(by_stem, wide, |image| own(image).cmp(&Some(told)));
            if narrow.is_empty() {
                break;
            }
            ranges.push(narrow);
        }
        ranges
    }

    fn nearest(
        self,
        range: Range<usize>,
        folder: &str,
        split: Option<&str>,
        ending: Option<&str>,
        fits: impl Fn(&Image) -> bool,
    ) -> Option<Image> {
        self.sorted.by_stem[range].iter().copied().filter(fits).max_by_key(|image| {
            let same_case = ending.is_some_and(|ending| extension(self.path(*image)) == ending);
            // Ties go to the first file, for the same answer every time.
            (self.nearness(*image, folder, split), same_case, Reverse(image.file))
        })
    }

    /// How near an image is to who names it.
    fn nearness(self, image: Image, folder: &str, split: Option<&str>) -> (bool, usize) {
        (split.is_some() && self.split(image) == split, shared_start(self.path(image), folder))
    }

    fn path(self, image: Image) -> &'a str {
        self.tree.path(image.file as usize)
    }

    fn split(self, image: Image) -> Option<&'static str> {
        self.sorted.folders[image.folder as usize].0
    }
}

/// The part of a range that is equal, where the range is in the order of `compare`.
fn equal(images: &[Image], range: Range<usize>, compare: impl Fn(&Image) -> Ordering) -> Range<usize> {
    let images = &images[range.clone()];
    let start = images.partition_point(|image| compare(image).is_lt());
    // Few are, mostly: their end is looked for from their start on.
    let mut width = 1;
    while images.get(start + width - 1).is_some_and(|image| compare(image).is_eq()) {
        width *= 2;
    }
    let rest = &images[start..images.len().min(start + width)];
    let end = start + rest.partition_point(|image| compare(image).is_eq());
    range.start + start..range.start + end
}

/// Number of leading folders that two paths share.
fn shared_start(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn loose_names_find_their_file() {
        let tree = Tree::from_paths(
            Path::new("/data"),
            [
                "cat/images/1.png",
                "dog/images/1.png",
                "dog/images/2.JPG",
                "dog/images/v1.5.png",
                "Data/a/0.jpg",
                "Data/b/0.jpg",
                "train/x.jpg",
                "val/x.jpg",
                "val/y.jpg",
                "v1/f.jpg",
                "v2/f.jpg",
                "v3/f.jpg",
                "v4/f.jpg",
                "v5/f.jpg",
            ],
        );
        let index = tree.images();
        for (name, folder, split, found) in [
            ("cat/images/1.png", "", None, Some("cat/images/1.png")),
            ("/home/u/dog/images/1.png", "", None, Some("dog/images/1.png")),
            ("C:\\u\\dog\\images\\1.png", "", None, Some("dog/images/1.png")),
            ("dog/1.png", "", None, None),
            ("cat/images/2.jpg", "", None, None),
            ("elsewhere/images/2.jpg", "", None, Some("dog/images/2.JPG")),
            // Two fit alike, one better, one alone.
            ("w5/0.jpg", "", None, None),
            ("w5/0.jpg", "Data/b", None, Some("Data/b/0.jpg")),
            ("w5/y.jpg", "", None, Some("val/y.jpg")),
            ("2.jpg", "", None, Some("dog/images/2.JPG")),
            ("2.png", "", None, None),
            ("2", "", None, Some("dog/images/2.JPG")),
            ("v1.5", "", None, Some("dog/images/v1.5.png")),
            ("v1", "", None, None),
            ("1.png", "dog", None, Some("dog/images/1.png")),
            ("1", "", None, Some("cat/images/1.png")),
            ("x.jpg", "", Some("val"), Some("val/x.jpg")),
            ("../x.jpg", "labels", Some("train"), Some("train/x.jpg")),
            // One of many, unless it is the nearest.
            ("f.jpg", "", None, None),
            ("f", "", None, None),
            ("f.jpg", "v4/tables", None, Some("v4/f.jpg")),
            // The split that a name tells is not another one's.
            ("training/y.jpg", "", None, None),
            ("validation/y.jpg", "", None, Some("val/y.jpg")),
            ("gone.jpg", "", None, None),
            ("", "", None, None),
        ] {
            assert_eq!(index.find(name, folder, split).map(|file| tree.path(file)), found, "{folder} {name}");
        }
        for (path, found) in [
            ("Annotations/b/0", Some("Data/b/0.jpg")),
            ("cat/labels/1", Some("cat/images/1.png")),
            ("c/9", None),
        ] {
            assert_eq!(index.twin(path, None).map(|file| tree.path(file)), found, "{path}");
        }
    }

    #[test]
    fn of_the_frames_of_many_videos_the_nearest_is_meant() {
        let paths: Vec<String> = (0..300).map(|video| format!("v{video}/images/000000.jpg")).collect();
        let tree = Tree::from_paths(Path::new("/data"), paths.iter().map(String::as_str));
        let index = tree.images();
        for (folder, found) in [
            ("v7/annotations", Some("v7/images/000000.jpg")),
            ("v299", Some("v299/images/000000.jpg")),
            ("labels", None),
            ("", None),
        ] {
            let file = index.find("000000.jpg", folder, None);
            assert_eq!(file.map(|file| tree.path(file)), found, "{folder}");
        }
    }
}
