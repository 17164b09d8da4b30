//! The files of an export before any is written: what each is called and how it comes about.
//!
//! Layouts fill it; it refuses to know them, and how files get to the disk.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use super::augmented::Making;
use super::state::Entry;
use super::write::{Failure, Out};
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, SampleId};
use crate::import::tree::archive::{archive_stem, is_archive_name};
use crate::import::{Reader, Tree};

/// The longest name that file systems take, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The longest path that the system takes, in bytes.
const MAX_PATH_BYTES: usize = if cfg!(target_os = "macos") { 1023 } else { 4095 };

/// Bytes of a path that are told in a sentence.
const TOLD_BYTES: usize = 100;

/// Whether a file system tells `A` from `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Counts,
    Ignored,
}

/// One file of the export.
#[derive(Debug)]
pub struct Output {
    /// Relative to the target, `/`-separated; never leads out of it.
    pub path: String,
    /// The exact path where it is not UTF-8.
    pub raw: Option<Vec<u8>>,
    /// Size; a guess for files that are made.
    pub bytes: u64,
    pub from: From,
}

/// How a file comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// It is a sample's own file, or a copy of an archive's entry, as stored.
    Sample(SampleId),
    /// It is the image file that a sample's row holds, or its pixels as a PNG.
    Row(SampleId),
    /// It is a variant of a sample, or the sample beside them, by its number among the items.
    Item(usize),
    /// It is a copy of a file of the listed source, by its number in the tree.
    Beside(usize),
    /// It is made, by the maker of that number.
    Made(usize),
}

/// A file that is made of what stays.
pub trait Make: Debug + Send + Sync {
    /// Writes the file from its beginning. Asks `out` for pause and cancel at every step.
    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure>;

    /// Tells what the content follows from beside the samples' own files. Where that is another one
    /// than it was, the file of an earlier run is none of this one.
    fn tell(&self, draft: &Draft, told: &mut Told);

    /// Samples that the export goes without where this file cannot be made.
    fn samples(&self) -> u64 {
        0
    }

    /// Whether the content follows from what was told and the samples alone. A table of what was
    /// measured does not, and is written again whenever an export goes on.
    fn is_settled(&self) -> bool {
        true
    }
}

/// A hash of all that decides what files are.
#[derive(Default)]
pub struct Told(blake3::Hasher);

impl Told {
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// A file of the listed source as it is now, as far as that shows without reading it.
    pub fn file(&mut self, draft: &Draft, file: usize) {
        if let Some(tree) = &draft.tree {
            self.add(tree.path(file).as_bytes());
            self.add(&tree.bytes(file).to_le_bytes());
            self.add(&tree.modified_ms(file).to_le_bytes());
        }
    }

    pub fn finish(self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// What making files needs.
pub struct Work<'a> {
    pub snapshot: &'a Snapshot,
    pub samples: &'a [SampleId],
    pub reader: &'a Reader,
    pub tree: Option<&'a Tree>,
    pub making: Option<&'a Making>,
}

impl Work<'_> {
    pub fn dataset(&self) -> &Dataset {
        &self.snapshot.dataset
    }

    /// What variants are made by.
    pub fn making(&self) -> Result<&Making, Failure> {
        // A draft that has items has it.
        self.making.ok_or_else(|| Failure::source("there is nothing to make variants by"))
    }

    /// The source as it was listed for this export.
    pub fn tree(&self) -> Result<&Tree, Failure> {
        // Layouts that read files beside the samples list the source when they plan.
        self.tree.ok_or_else(|| Failure::source("the source was not listed"))
    }
}

/// A plan's files, and what is to be said of them.
#[derive(Debug)]
pub struct Draft {
    pub snapshot: Snapshot,
    /// The samples to export, ascending.
    pub samples: Vec<SampleId>,
    /// The source as listed anew, where files beside the samples are read.
    pub tree: Option<Tree>,
    /// How variants of the samples are made, where those are exported.
    pub making: Option<Making>,
    pub outputs: Vec<Output>,
    pub made: Vec<Box<dyn Make>>,
    pub warnings: Vec<String>,
    pub refusals: Vec<String>,
}

impl Draft {
    pub fn new(snapshot: Snapshot, samples: Vec<SampleId>) -> Self {
        Self {
            snapshot,
            samples,
            tree: None,
            making: None,
            outputs: Vec::new(),
            made: Vec::new(),
            warnings: Vec::new(),
            refusals: Vec::new(),
        }
    }

    pub fn warn(&mut self, sentence: impl Into<String>) {
        self.warnings.push(sentence.into());
    }

    pub fn refuse(&mut self, sentence: impl Into<String>) {
        self.refusals.push(sentence.into());
    }

    /// A sample's file under the name that it has in the source, archives unpacked.
    pub fn same_sample(&mut self, sample: SampleId) {
        let dataset = &*self.snapshot.dataset;
        let path = unpacked(dataset.path(sample), dataset.places[sample as usize].is_loose());
        let raw = dataset.raw_paths.get(&sample).cloned();
        let bytes = dataset.bytes[sample as usize];
        self.outputs.push(Output { path, raw, bytes, from: From::Sample(sample) });
    }

    /// A file of the tree as it is, under its own name.
    pub fn beside(&mut self, file: usize) {
        let Some(tree) = &self.tree else { return };
        let path = unpacked(tree.path(file), tree.place(file).is_loose());
        let (raw, bytes) = (tree.raw_path(file).map(<[u8]>::to_vec), tree.bytes(file));
        self.outputs.push(Output { path, raw, bytes, from: From::Beside(file) });
    }

    /// A file that is made in the place of one of the tree.
    pub fn made_like(&mut self, file: usize, bytes: u64, make: impl Make + 'static) {
        let Some(tree) = &self.tree else { return };
        let path = unpacked(tree.path(file), tree.place(file).is_loose());
        self.made(path, bytes, make);
    }

    pub fn made(&mut self, path: String, bytes: u64, make: impl Make + 'static) {
        let from = From::Made(self.made.len());
        self.made.push(Box::new(make));
        self.outputs.push(Output { path, raw: None, bytes, from });
    }

    /// Why the files cannot have their names in a folder of that path, the first fault of them. Where
    /// case does not `count`, neither do `A.png` and `a.png` beside each other.
    pub fn unwritable(&self, target: &Path, case: Case) -> Option<String> {
        let before = target.as_os_str().len() + 1;
        let folded = |path: &'_ str| match case {
            Case::Counts => None,
            Case::Ignored => Some(path.to_lowercase()),
        };
        let mut files: HashMap<(Cow<'_, str>, Option<&[u8]>), &str> =
            HashMap::with_capacity(self.outputs.len());
        for output in &self.outputs {
            let (path, raw) = (output.path.as_str(), output.raw.as_deref());
            if let Some(why) = why_no_name(raw.unwrap_or(path.as_bytes()), before) {
                return Some(format!("{} {why}; choose image-folder.", short(path)));
            }
            let key = folded(path).map_or(Cow::Borrowed(path), Cow::Owned);
            match files.insert((key, raw), path) {
                Some(other) if other == path => {
                    let path = short(path);
                    return Some(format!(
                        "Two files of the export would have one name, {path}; choose another layout."
                    ));
                }
                Some(other) => {
                    return Some(format!(
                        "{} and {} would be one file at the target, where capital and small letters are \
                         the same; choose image-folder, or another disk.",
                        short(other),
                        short(path)
                    ));
                }
                None => {}
            }
        }
        let mut seen = HashSet::new();
        for output in &self.outputs {
            let mut folder = output.path.as_str();
            while let Some((above, _)) = folder.rsplit_once('/')
                && seen.insert(above)
            {
                folder = above;
                let key = folded(folder).map_or(Cow::Borrowed(folder), Cow::Owned);
                if files.contains_key(&(key, None)) {
                    let path = short(folder);
                    return Some(format!("{path} would be a file and a folder; choose image-folder."));
                }
            }
        }
        None
    }

    /// What is known of finished files, without those that are to be made anew.
    pub fn settled(&self, mut entries: Vec<Option<Entry>>) -> Vec<Option<Entry>> {
        for (entry, output) in entries.iter_mut().zip(&self.outputs) {
            if matches!(output.from, From::Made(maker) if !self.made[maker].is_settled()) {
                *entry = None;
            }
        }
        entries
    }

    /// Where a sample that is a file of its own lies on the disk.
    pub fn file_of(&self, reader: &Reader, sample: SampleId) -> Option<PathBuf> {
        let dataset = &*self.snapshot.dataset;
        let raw = dataset.raw_paths.get(&sample).map(Vec::as_slice);
        dataset.places[sample as usize].is_loose().then(|| reader.path_on_disk(dataset.path(sample), raw))
    }
}

/// Why no file can have that path, `before` bytes into one; archives may have any.
fn why_no_name(path: &[u8], before: usize) -> Option<String> {
    if path.contains(&0) {
        return Some("has a zero byte in its name, which no file can have".to_owned());
    }
    if path.split(|byte| *byte == b'/').any(|part| part.len() > MAX_NAME_BYTES) {
        return Some(format!("has a name of more than {MAX_NAME_BYTES} bytes, which no file can have"));
    }
    (before + path.len() > MAX_PATH_BYTES)
        .then(|| format!("would have a path of more than {MAX_PATH_BYTES} bytes, which no file can have"))
}

/// A path as it is told, the beginning of a long one.
fn short(path: &str) -> String {
    let cut = path.floor_char_boundary(TOLD_BYTES);
    let more = if cut < path.len() { "…" } else { "" };
    format!("{}{more}", path[..cut].escape_debug())
}

/// A path with archives' names as folders': what unpacking `a.zip` beside it would give.
pub fn unpacked(path: &str, is_loose: bool) -> String {
    if is_loose {
        return path.to_owned();
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = |part| if is_archive_name(part) { archive_stem(part) } else { part };
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).map(stem).collect();
    if parts.is_empty() { name.to_owned() } else { format!("{}/{name}", parts.join("/")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{DatasetBuilder, Facts, Layout};

    #[test]
    fn names_that_no_file_can_have_are_told() {
        let dataset = DatasetBuilder::new("/d", "/d", Layout::ImageFolder).finish().0;
        let snapshot = Snapshot::new(dataset.into(), &[], Facts::new(0), Default::default());
        let long = "ä".repeat(128) + ".png";
        let deep = "deep/".repeat(900) + "x.png";
        for (paths, case, told) in [
            (&["a/x.png", "a/y.png", "b/x.png"][..], Case::Ignored, ""),
            (&["a/x.png", "a/x.png"], Case::Counts, "one name, a/x.png"),
            (&["a/x.png", "A/X.png"], Case::Counts, ""),
            (&["a/x.png", "A/X.png"], Case::Ignored, "a/x.png and A/X.png would be one file"),
            (&["a/Ü.png", "a/ü.png"], Case::Ignored, "capital and small"),
            (&["x.png", "x.png/y.png"], Case::Counts, "x.png would be a file and a folder"),
            (&["a/x.png/b/y.png", "a/x.png"], Case::Counts, "a/x.png would be a file and a folder"),
            (&["a/X", "a/x/y.png"], Case::Counts, ""),
            (&["a/X", "a/x/y.png"], Case::Ignored, "a file and a folder"),
            (&["a/b\0c.png"], Case::Counts, "a/b\\0c.png has a zero byte"),
            (&[&long], Case::Counts, "more than 255 bytes"),
            (&[&long[2..]], Case::Counts, "more than 255 bytes"),
            (&[&long[6..]], Case::Counts, ""),
            (&[&deep], Case::Counts, "a path of more than"),
        ] {
            let mut draft = Draft::new(snapshot.clone(), Vec::new());
            let output =
                |path: &&str| Output { path: (*path).to_owned(), raw: None, bytes: 0, from: From::Sample(0) };
            draft.outputs = paths.iter().map(output).collect();
            let found = draft.unwritable(Path::new("/target"), case).unwrap_or_default();
            let is_as_expected = found.contains(told) && found.is_empty() == told.is_empty();
            assert!(is_as_expected, "{paths:?} {case:?}: {found}");
        }
    }
}
