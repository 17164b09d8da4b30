//! Image folder: images in folders that name their split and class, or in none.
//!
//! What a folder means is decided from all of them together ([`roles`]):
//!
//! 1. A folder that all images lie in says nothing (`images/`, `dataset/`) and is no class; if it is
//!    a split's (`train/`), it is the split of all.
//! 2. Where the folders part, they are splits when all or at least two of them have a split's name,
//!    be it without the words that all of them have (`seg_train`, `seg_test`); one with another name
//!    (`extra`) is then a split of that name. A split's folder that holds nothing but a folder of its
//!    own name (`train/train/cat`) was unpacked so, and the inner one says nothing.
//! 3. Otherwise the splits are at the first depth where every folder has a split's name
//!    (`cat/train`), counted from the top or else from the bottom.
//! 4. What is left of the path is the class, joined by `/`, without what is common to all and
//!    without a closing `images` or the like.
//!
//! A tar within a folder is a shard: its name counts as a folder's without its number. A zip is a
//! folder that was packed. Images at the top have no label. A folder that is named as one of masks and
//! lies beside that of the images (`images` and `masks`, `train` and `train_masks`) holds no samples;
//! that is told once. Other files that are no images are passed over in silence.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::names::{
    is_doubtful_name, is_image_name, is_part_name, looks_like_image, split_of, split_path, words,
};
use super::tree::archive::archive_stem;
use super::{Fit, Format, ImportError, Tree};
use crate::dataset::{ContainerKind, DatasetBuilder, IssueKind, Layout, NewSample, natural};
use crate::jobs::Control;

pub const FORMAT: Format = Format {
    layout: Layout::ImageFolder,
    reads: "images in folders: flat, one folder per class, split/class or class/split, nested",
    detect,
    import,
};

/// Files whose first bytes are looked at to tell whether there are images without an image's name.
const DETECT_FILES: usize = 64;

/// Samples that are handed over between two questions whether to go on.
const BATCH: usize = 1024;

/// Files that are looked into at a time. In a compressed tar they are read by several threads, and what
/// lies between them has to stay in the reader's cache.
const LOOKED_AT: usize = 256;

/// Folder names that say only that images are within.
const GENERIC: &[&str] = &[
    "images",
    "image",
    "imgs",
    "img",
    "jpg",
    "jpeg",
    "jpegs",
    "png",
    "pngs",
    "jpegimages",
    "data",
    "photos",
    "pictures",
];

/// Words in the names of folders that hold pictures of what is in other pictures.
const MASK_WORDS: &[&str] = &[
    "mask",
    "masks",
    "label",
    "labels",
    "annotation",
    "annotations",
    "annot",
    "segmentation",
    "segmentations",
    "groundtruth",
    "gt",
    "trimap",
    "trimaps",
];

/// What a folder says of the images in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// `train`, `val`, `test` or a folder's own name.
    pub split: Option<String>,
    pub label: Option<String>,
}

/// What each folder means, given as its parts from the top; see the rules above.
pub fn roles(folders: &[Vec<&str>]) -> Vec<Role> {
    let shared = common_start(folders, 0);
    let parting = |folder: &Vec<&str>| folder.len() > shared;
    let mut splits: Vec<Option<String>> = vec![None; folders.len()];
    let mut classes: Vec<Vec<&str>> =
        folders.iter().map(|folder| folder.get(shared..).unwrap_or_default().to_vec()).collect();

    let mut names: Vec<&str> = folders.iter().filter_map(|folder| folder.get(shared).copied()).collect();
    names.sort_unstable();
    names.dedup();
    let of_siblings = splits_of_siblings(&names);
    let named = of_siblings.len();
    let own_level = if named >= 2 || (named > 0 && named == names.len()) {
        Some(Level::FromTop(shared))
    } else {
        let parted: Vec<&Vec<&str>> = folders.iter().filter(|folder| parting(folder)).collect();
        let deepest = parted.iter().map(|folder| folder.len()).min().unwrap_or(0);
        let is_level = |level: &Level| {
            parted.iter().all(|folder| level.of(folder).is_some_and(|part| split_of(part).is_some()))
        };
        let from_top = (shared + 1..deepest).map(Level::FromTop);
        let from_bottom = (0..deepest.saturating_sub(shared)).map(Level::FromBottom);
        from_top.chain(from_bottom).find(|level| !parted.is_empty() && is_level(level))
    };
    match own_level {
        Some(level) => {
            for (at, folder) in folders.iter().enumerate().filter(|(_, folder)| parting(folder)) {
                let Some(depth) = level.depth(folder) else { continue };
                let name = folder[depth];
                let split = of_siblings.get(name).copied().or_else(|| split_of(name));
                splits[at] = Some(split.unwrap_or(name).to_owned());
                classes[at].remove(depth - shared);
            }
            if let Level::FromTop(depth) = level {
                drop_doubled(folders, depth, depth - shared, &mut classes);
            }
        }
        None => {
            // The innermost of the folders around all images that is a split's.
            let around = folders.iter().find(|folder| folder.len() >= shared).map(|folder| &folder[..shared]);
            let split = around.unwrap_or_default().iter().rev().find_map(|name| split_of(name));
            for (split_of, _) in splits.iter_mut().zip(folders).filter(|(_, folder)| folder.len() >= shared) {
                *split_of = split.map(str::to_owned);
            }
        }
    }
    trim(&mut classes);
    let roles = splits.into_iter().zip(classes);
    roles.map(|(split, class)| Role { split, label: (!class.is_empty()).then(|| class.join("/")) }).collect()
}

/// The splits that folders side by side are, by name: as their names say, or what is left of them
/// without the words that all of them have.
fn splits_of_siblings<'a>(names: &[&'a str]) -> HashMap<&'a str, &'static str> {
    let common: Vec<&str> = match names {
        [first, others @ ..] if !others.is_empty() => words(first)
            .filter(|word| others.iter().all(|name| words(name).any(|own| own == *word)))
            .collect(),
        _ => Vec::new(),
    };
    let own_words = |name: &str| -> String {
        words(name).filter(|word| !common.contains(word)).collect::<Vec<_>>().join(" ")
    };
    let splits = names.iter().map(|name| (*name, split_of(name).or_else(|| split_of(&own_words(name)))));
    splits.filter_map(|(name, split)| Some((name, split?))).collect()
}

/// Takes off the classes' paths, at `at`, the folder's own name where all folders below one at
/// `depth` repeat it.
fn drop_doubled(folders: &[Vec<&str>], depth: usize, at: usize, classes: &mut [Vec<&str>]) {
    let doubled = |folder: &Vec<&str>| folder.get(depth) == folder.get(depth + 1);
    let parting = || folders.iter().filter(|folder| folder.len() > depth);
    let single: HashSet<&str> =
        parting().filter(|folder| !doubled(folder)).map(|folder| folder[depth]).collect();
    for (folder, class) in folders.iter().zip(classes) {
        if folder.get(depth).is_some_and(|name| !single.contains(name)) && at < class.len() {
            class.remove(at);
        }
    }
}

/// Whether each folder, or one above it, holds masks of the images in a folder beside that: `masks`
/// beside `images`, `train_masks` beside `train`. Other words make a class (`face` and `face_mask`).
fn are_masks(folders: &[Vec<&str>]) -> Vec<bool> {
    let is = |known: &[&str], word: &str| known.iter().any(|one| word.eq_ignore_ascii_case(one));
    let is_mask = |name: &str| words(name).any(|word| is(MASK_WORDS, word));
    if !folders.iter().flatten().any(|name| is_mask(name)) {
        return vec![false; folders.len()];
    }
    // What is left of a name without the words that say what kind of picture is there.
    let subject = |name: &str| -> Vec<String> {
        let telling = words(name).filter(|word| !is(MASK_WORDS, word) && !is(GENERIC, word));
        telling.map(str::to_lowercase).collect()
    };
    let mut of_images: HashSet<(&[&str], Vec<String>)> = HashSet::new();
    for folder in folders {
        for (depth, name) in folder.iter().enumerate().filter(|(_, name)| !is_mask(name)) {
            of_images.insert((&folder[..depth], subject(name)));
        }
    }
    let has_images_beside = |folder: &Vec<&str>, depth: usize| {
        let subject = subject(folder[depth]);
        is_mask(folder[depth])
            && (subject.is_empty() || split_of(&subject.join(" ")).is_some())
            && of_images.contains(&(&folder[..depth], subject))
    };
    folders.iter().map(|folder| (0..folder.len()).any(|depth| has_images_beside(folder, depth))).collect()
}

/// A depth in folders' paths.
#[derive(Clone, Copy, Debug)]
enum Level {
    FromTop(usize),
    /// 0 is the folder itself.
    FromBottom(usize),
}

impl Level {
    fn depth(self, folder: &[&str]) -> Option<usize> {
        match self {
            Self::FromTop(depth) => (depth < folder.len()).then_some(depth),
            Self::FromBottom(steps) => folder.len().checked_sub(steps + 1),
        }
    }

    fn of<'a>(self, folder: &[&'a str]) -> Option<&'a str> {
        self.depth(folder).map(|depth| folder[depth])
    }
}

/// How many parts from `start` on are the same in all folders that are deep enough to differ.
fn common_start(folders: &[Vec<&str>], start: usize) -> usize {
    let mut depth = start;
    loop {
        let mut parts = folders.iter().filter_map(|folder| folder.get(depth));
        let Some(first) = parts.next() else { return depth };
        if parts.any(|part| part != first) {
            return depth;
        }
        depth += 1;
    }
}

/// Takes off the classes' paths what tells none from another.
fn trim(classes: &mut [Vec<&str>]) {
    let shared = common_start(classes, 0);
    for class in classes.iter_mut() {
        class.drain(..shared.min(class.len()));
    }
    let generic = |part: &&str| GENERIC.iter().any(|word| part.eq_ignore_ascii_case(word));
    let mut closed_with: Vec<&str> = Vec::new();
    for class in classes.iter_mut().filter(|class| class.len() > 1) {
        if let Some(last) = class.pop_if(|last| generic(last)) {
            closed_with.push(last);
        }
    }
    closed_with.sort_unstable();
    closed_with.dedup();
    // `train/cat/images` and `val/images`: the second is no class either.
    for class in classes.iter_mut() {
        if let [only] = class[..]
            && closed_with.binary_search(&only).is_ok()
        {
            class.clear();
        }
    }
}

/// The images of a tree with the role of each one's folder.
#[derive(Debug)]
pub struct Images {
    /// Files of the tree, in its order.
    pub files: Vec<usize>,
    /// Index into `roles`, one per file.
    pub role_of: Vec<u32>,
    pub roles: Vec<Role>,
    /// Masks, which are none of the files.
    pub masks: Vec<usize>,
}

/// Finds a tree's images and what their folders say.
pub fn images(tree: &Tree, control: &Control) -> Result<Images, ImportError> {
    let mut by_folder: HashMap<&str, u32> = HashMap::new();
    let mut folders: Vec<(Vec<&str>, bool)> = Vec::new();
    let mut files = Vec::new();
    let mut doubtful = Vec::new();
    for file in 0..tree.len() {
        let path = tree.path(file);
        let named = is_image_name(path);
        if !named && !is_doubtful_name(path) {
            continue;
        }
        let (folder, _) = split_path(path);
        let known = *by_folder.entry(folder).or_insert_with(|| {
            folders.push((parts(tree, file), false));
            (folders.len() - 1) as u32
        });
        if named {
            folders[known as usize].1 = true;
            files.push((file, known));
        } else {
            doubtful.push((file, known));
        }
    }
    let any_named = !files.is_empty();
    doubtful.retain(|(_, folder)| !any_named || folders[*folder as usize].1);
    if !doubtful.is_empty() {
        control.begin("Looking into files without an image's name", doubtful.len() as u64);
        for batch in doubtful.chunks(LOOKED_AT) {
            control.checkpoint()?;
            files.par_extend(batch.par_iter().copied().filter(|(file, _)| is_image(tree, *file)));
            control.add(batch.len() as u64);
        }
        files.sort_unstable();
    }
    tracing::info!(images = files.len(), passed_over = tree.len() - files.len(), "looked through the files");

    // Folders that turned out to hold no image have no say.
    let mut used = vec![false; folders.len()];
    for (_, folder) in &files {
        used[*folder as usize] = true;
    }
    let holding: Vec<usize> = (0..folders.len()).filter(|folder| used[*folder]).collect();
    let parts: Vec<Vec<&str>> = holding.iter().map(|folder| folders[*folder].0.clone()).collect();
    // Nor have folders of masks.
    let mut new_ids = vec![None; folders.len()];
    let mut of_images = Vec::new();
    for ((folder, is_mask), parts) in holding.iter().zip(are_masks(&parts)).zip(parts) {
        if !is_mask {
            new_ids[*folder] = Some(of_images.len() as u32);
            of_images.push(parts);
        }
    }
    let roles = roles(&of_images);
    let mut images = Images { files: Vec::new(), role_of: Vec::new(), roles, masks: Vec::new() };
    for (file, folder) in files {
        match new_ids[folder as usize] {
            Some(role) => {
                images.files.push(file);
                images.role_of.push(role);
            }
            None => images.masks.push(file),
        }
    }
    Ok(images)
}

/// The parts of a file's folder, with an archive's name as a folder's.
fn parts(tree: &Tree, file: usize) -> Vec<&str> {
    let (archive, within) = tree.split_archive(file);
    let mut parts: Vec<&str> = Vec::new();
    if let Some(archive) = archive {
        let kind = tree.containers[tree.place(file).container as usize].kind;
        let stem = archive_stem(archive);
        let stem = if kind == ContainerKind::Zip { stem } else { shard_stem(stem) };
        // Those that it lies in are archives as well.
        parts.extend(stem.split('/').map(archive_stem));
    }
    parts.extend(split_path(within).0.split('/'));
    parts.retain(|part| !part.is_empty());
    parts
}

/// A shard's name without its number: `train-00001-of-00004` is `train`. A number that is part of a
/// word is none of a shard: ImageNet has a tar for each class, `n01440764`.
pub fn shard_stem(stem: &str) -> &str {
    let without_number = |text: &str| text.trim_end_matches(|char: char| char.is_ascii_digit()).len();
    let mut end = without_number(stem);
    if let Some(before) = stem[..end].strip_suffix("-of-").or_else(|| stem[..end].strip_suffix("_of_"))
        && end < stem.len()
    {
        end = without_number(before);
    }
    let left = &stem[..end];
    let is_apart =
        left.is_empty() || left.ends_with(['-', '_', '.', '/']) || is_part_name(split_path(left).1);
    if is_apart { left.trim_end_matches(['-', '_', '.']) } else { stem }
}

fn is_image(tree: &Tree, file: usize) -> bool {
    tree.start(file, 32).is_ok_and(|head| looks_like_image(&head))
}

fn detect(tree: &Tree) -> Option<Fit> {
    if let Some(focus) = tree.focus {
        let path = tree.path(focus);
        let shown = is_image_name(path) || (is_doubtful_name(path) && is_image(tree, focus));
        return shown.then_some(Fit::Fallback);
    }
    let named = (0..tree.len()).any(|file| is_image_name(tree.path(file)));
    let looked = || {
        let mut doubtful = (0..tree.len()).filter(|file| is_doubtful_name(tree.path(*file)));
        doubtful.by_ref().take(DETECT_FILES).any(|file| is_image(tree, file))
    };
    (named || looked()).then_some(Fit::Fallback)
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    let images = images(tree, control)?;
    control.begin("Reading folders", images.files.len() as u64);
    let mut classes: Vec<&str> = images.roles.iter().filter_map(|role| role.label.as_deref()).collect();
    classes.sort_by(|a, b| natural::compare(a, b));
    classes.dedup();
    for class in classes {
        builder.class(class);
    }
    for (at, (file, role)) in images.files.iter().zip(&images.role_of).enumerate() {
        if at % BATCH == 0 {
            control.checkpoint()?;
            control.set_done(at as u64);
        }
        let role = &images.roles[*role as usize];
        let label = role.label.as_deref();
        builder.push(NewSample {
            split: role.split.as_deref(),
            labels: label.as_slice(),
            ..new_sample(tree, *file)
        });
    }
    if let [first, others @ ..] = &images.masks[..] {
        let message = match others.len() {
            0 => "this seems to be a mask of an image in the folder beside and is not shown; open its own \
                  folder to see it"
                .to_owned(),
            count => format!(
                "this and {count} others seem to be masks of images in the folder beside and are not \
                 shown; open their own folder to see them"
            ),
        };
        builder.issue(None, tree.path(*first), IssueKind::Annotation, message);
    }
    Ok(())
}

/// A file of the tree as a sample, without split and labels.
pub fn new_sample(tree: &Tree, file: usize) -> NewSample<'_> {
    NewSample {
        path: tree.path(file),
        raw_path: tree.raw_path(file).map(<[u8]>::to_vec),
        place: Some(tree.place(file)),
        bytes: tree.bytes(file),
        modified_ms: tree.modified_ms(file),
        ..NewSample::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks `path → split:label` rows (`-` for none), given as one text per tree.
    fn check(rows: &[&str]) {
        let rows: Vec<(&str, &str)> = rows.iter().map(|row| row.split_once(" → ").unwrap()).collect();
        let paths: Vec<Vec<&str>> = rows.iter().map(|(path, _)| folder_parts(path)).collect();
        let told: Vec<String> = roles(&paths)
            .into_iter()
            .map(|role| {
                let name = |name: Option<String>| name.unwrap_or_else(|| "-".into());
                format!("{}:{}", name(role.split), name(role.label))
            })
            .collect();
        let expected: Vec<&str> = rows.iter().map(|(_, role)| *role).collect();
        assert_eq!(told, expected, "{rows:?}");
    }

    fn folder_parts(path: &str) -> Vec<&str> {
        split_path(path).0.split('/').filter(|part| !part.is_empty()).collect()
    }

    #[test]
    fn folders_tell_splits_and_classes() {
        for rows in [
            // Flat, or in folders that all share.
            &["a.png → -:-", "b.png → -:-"][..],
            &["images/a.png → -:-", "images/b.png → -:-"],
            &["a/b/c/1.png → -:-"],
            &["cats/1.png → -:-", "2.png → -:-"],
            // Class per folder.
            &["cat/1.png → -:cat", "dog/1.png → -:dog"],
            &["images/cat/1.png → -:cat", "images/dog/1.png → -:dog", "images/x.png → -:-"],
            &["cat/1.png → -:cat", "dog/1.png → -:dog", "3.png → -:-"],
            &["cat/images/1.png → -:cat", "dog/images/1.png → -:dog"],
            &["animal/cat/1.png → -:animal/cat", "animal/dog/1.png → -:animal/dog", "plant/1.png → -:plant"],
            &["set/Balinese/c01/1.png → -:Balinese/c01", "set/Early/c01/1.png → -:Early/c01"],
            // Split above class.
            &["train/cat/1.png → train:cat", "train/dog/1.png → train:dog", "val/cat/1.png → val:cat"],
            &["Training/cat/1.png → train:cat", "TEST/dog/1.png → test:dog", "valid/cat/1.png → val:cat"],
            &["train2017/1.jpg → train:-", "val2017/1.jpg → val:-"],
            &["data/train/a/1.png → train:a", "data/dev/b/1.png → val:b", "data/1.png → -:-"],
            &["train/images/a/1.png → train:a", "test/images/b/1.png → test:b"],
            &["train/a/images/1.png → train:a", "train/b/images/1.png → train:b", "val/images/1.png → val:-"],
            &["train/images/1.png → train:-", "val/images/1.png → val:-"],
            &["images/train/1.png → train:-", "images/val/1.png → val:-"],
            &["train/a/1.png → train:a", "train/b/1.png → train:b", "train/3.png → train:-"],
            &["test/a/1.png → test:a", "test/b/1.png → test:b"],
            &["train/a/1.png → train:a", "val/b/1.png → val:b", "extra/c/1.png → extra:c"],
            &["train/x/a/1.png → train:x/a", "val/x/b/1.png → val:x/b", "val/y/1.png → val:y"],
            &["test_data/train/a/1.png → train:a", "test_data/val/b/1.png → val:b"],
            &["training_set/cats/1.png → train:cats", "test_set/dogs/1.png → test:dogs"],
            &[
                "seg_train/seg_train/a/1.png → train:a",
                "seg_test/seg_test/b/1.png → test:b",
                "seg_pred/seg_pred/1.png → seg_pred:-",
            ],
            &["train/train/a/1.png → train:a", "train/train/b/1.png → train:b", "test/test/1.png → test:-"],
            &["stage1_train/a/images/1.png → train:a", "stage1_test/b/images/1.png → test:b"],
            // Class above split.
            &["cat/train/1.png → train:cat", "cat/test/1.png → test:cat", "dog/train/1.png → train:dog"],
            &["a/cat/train/1.png → train:a/cat", "b/val/1.png → val:b"],
            // A split's name that is a class.
            &["train/1.png → -:train", "bus/1.png → -:bus", "car/1.png → -:car"],
            &["train/train/1.png → train:train", "train/bus/1.png → train:bus", "val/bus/1.png → val:bus"],
        ] {
            check(rows);
        }
    }

    #[test]
    fn masks_lie_beside_their_images() {
        for (paths, masks) in [
            (&["images/1", "masks/1"][..], &[false, true][..]),
            (&["train/images/1", "train/masks/1", "val/labels/1"], &[false, true, false]),
            (&["train/1", "train_masks/1", "test/1"], &[false, true, false]),
            (&["images_train/1", "Masks_Train/1", "masks_val/1"], &[false, true, false]),
            (&["images/1", "annotations/trimaps/1"], &[false, true]),
            (&["a/JPEGImages/1", "a/gt/deep/1", "b/gt/1"], &[false, true, false]),
            // Classes, of which none is the images.
            (&["mask/1", "nomask/1"], &[false, false]),
            (&["with_mask/1", "without_mask/1"], &[false, false]),
            (&["face/1", "face_mask/1"], &[false, false]),
            (&["Mustang/1", "Mustang GT/1"], &[false, false]),
            (&["masks/1"], &[false]),
        ] {
            let folders: Vec<Vec<&str>> = paths.iter().map(|path| folder_parts(path)).collect();
            assert_eq!(are_masks(&folders), masks, "{paths:?}");
        }
    }

    #[test]
    fn shards_have_stems() {
        for (name, stem) in [
            ("train-0001", "train"),
            ("train-00001-of-00004", "train"),
            ("000", ""),
            ("shards/a_12", "shards/a"),
            ("shards/12", "shards/"),
            ("train12", "train"),
            ("n01440764", "n01440764"),
            ("plain", "plain"),
        ] {
            assert_eq!(shard_stem(name), stem);
        }
    }

    proptest! {
        #[test]
        fn any_folders_have_roles(
            folders in prop::collection::vec(
                prop::collection::vec(prop::sample::select(&["a", "b", "train", "val", "images"][..]), 0..5),
                0..6,
            ),
        ) {
            prop_assert_eq!(roles(&folders).len(), folders.len());
        }
    }
}
