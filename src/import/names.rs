//! What names say: the parts of a path, the split that a word means, which files are images and which
//! no dataset means.
//!
//! It refuses to know the disk; a doubtful name is settled by the file's first bytes, which the
//! caller has.

use crate::dataset::ImageFormat;
use crate::media;

/// Endings of pictures that media does not know by name, lowercase: such a sample is reported, not left
/// out.
const UNDECODED_EXTENSIONS: &[&str] = &["psd", "cr2", "nef", "dng"];

/// Endings of files that lie beside images and are none, lowercase: not worth opening to look.
const OTHER_EXTENSIONS: &[&str] = &[
    "txt",
    "md",
    "rst",
    "csv",
    "tsv",
    "json",
    "jsonl",
    "ndjson",
    "xml",
    "yaml",
    "yml",
    "toml",
    "html",
    "htm",
    "pdf",
    "doc",
    "docx",
    "xls",
    "xlsx",
    "py",
    "ipynb",
    "sh",
    "m",
    "mat",
    "npy",
    "npz",
    "pkl",
    "pickle",
    "h5",
    "hdf5",
    "parquet",
    "arrow",
    "feather",
    "tfrecord",
    "tar",
    "gz",
    "tgz",
    "zip",
    "7z",
    "rar",
    "bz2",
    "xz",
    "zst",
    "wav",
    "mp3",
    "flac",
    "ogg",
    "opus",
    "mp4",
    "avi",
    "mov",
    "mkv",
    "webm",
    "pcm",
    "log",
    "lock",
    "ini",
    "cfg",
    "conf",
    "db",
    "sqlite",
    "names",
    "data",
    "cls",
    "label",
    "onnx",
    "pt",
    "pth",
    "ckpt",
    "safetensors",
    "svg",
    "js",
    "css",
    "exe",
    "dll",
    "so",
];

/// Folder and name of a path; the folder is empty at the top.
pub fn split_path(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The part of the name after its last dot; empty without one.
pub fn extension(path: &str) -> &str {
    let (_, name) = split_path(path);
    name.rsplit_once('.').map_or("", |(stem, extension)| if stem.is_empty() { "" } else { extension })
}

/// Whether a path has one of these extensions, in either case.
pub fn has_extension(path: &str, wanted: &[&str]) -> bool {
    let extension = extension(path);
    wanted.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted))
}

/// The name without folder and extension.
pub fn stem(path: &str) -> &str {
    let (_, name) = split_path(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// A name that somebody wrote down, on Windows perhaps, with `/` between its parts. Not for names of
/// files that are there: in those a `\` is a letter, or stands before a byte ([`display_name`]).
pub fn with_slashes(name: &str) -> String {
    name.replace('\\', "/")
}

/// `name` seen from `folder`, with `.` and `..` resolved. A leading `/` is dropped, and so are steps
/// above the top: no name points outside.
pub fn join(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
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

/// Whether `name` seen from `folder` leads above the top.
pub fn leads_outside(folder: &str, name: &str) -> bool {
    let mut depth = folder.split('/').filter(|part| !part.is_empty()).count();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// Whether the path ends as an image's does, gzipped ones (`x.png.gz`) included.
pub fn is_image_name(path: &str) -> bool {
    let plain = match path.len().checked_sub(".gz".len()).and_then(|at| path.split_at_checked(at)) {
        Some((plain, ending)) if ending.eq_ignore_ascii_case(".gz") => plain,
        _ => path,
    };
    media::is_image_path(plain) || has_extension(plain, UNDECODED_EXTENSIONS)
}

/// Whether only a look at the file's first bytes can tell if it is an image.
pub fn is_doubtful_name(path: &str) -> bool {
    let ending = extension(path);
    if ending.is_empty() {
        let name = split_path(path).1.to_ascii_lowercase();
        return !matches!(
            name.as_str(),
            "readme" | "license" | "licence" | "copying" | "makefile" | "copyright"
        );
    }
    !is_image_name(path) && !has_extension(path, OTHER_EXTENSIONS)
}

/// Whether a file's first bytes (32 are enough) are an image's that the program decodes. Formats
/// without a signature of their own need their name.
pub fn looks_like_image(head: &[u8]) -> bool {
    media::sniff(head).is_some_and(|format| !matches!(format, ImageFormat::Tga | ImageFormat::Ico))
}

/// Whether operating systems leave such files or folders behind: hidden ones and their kin.
pub fn is_hidden_name(name: &str) -> bool {
    name.starts_with('.')
        || matches!(name, "__MACOSX" | "Thumbs.db" | "desktop.ini" | "@eaDir" | "$RECYCLE.BIN")
        || name == "System Volume Information"
}

/// What a word of a name says of splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Split(&'static str),
    /// "images", "set", a number: it may stand beside a split's name.
    Filler,
    Other,
}

fn meaning(word: &str) -> Word {
    // FER2013 has "PublicTest" and "PrivateTest".
    const SPLITS: &[(&str, &[&str])] = &[
        ("train", &["train", "training", "trn", "trainset"]),
        ("val", &["val", "valid", "validation", "validate", "dev", "valset", "publictest"]),
        ("test", &["test", "testing", "tst", "testset", "t10k", "privatetest"]),
    ];
    const FILLERS: &[&str] = &[
        "", "set", "split", "image", "images", "img", "imgs", "data", "dataset", "jpg", "jpeg", "png",
        "file", "files", "folder", "of", "shard", "part",
    ];
    let word = word.trim_end_matches(|char: char| char.is_ascii_digit());
    let is = |known: &&str| word.eq_ignore_ascii_case(known);
    match SPLITS.iter().find(|(_, words)| words.iter().any(is)) {
        Some((split, _)) => Word::Split(split),
        None if FILLERS.iter().any(is) => Word::Filler,
        None => Word::Other,
    }
}

/// The words of a name, without what stands between them.
pub fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The split that a whole name means, be it a folder's, a file's stem or a table's value: `train`, `val`
/// or `test`.
///
/// Case, separators, a trailing number and words that say nothing ("set", "images") do not matter:
/// `Training`, `val2017`, `test_set`, `images-train`, `train-00001-of-00004`.
pub fn split_of(name: &str) -> Option<&'static str> {
    let all = || words(name).map(meaning);
    all().all(|word| word != Word::Other).then(|| the_only_split(all())).flatten()
}

/// The split that a word within a name tells: `instances_train2017`, `x_test`, `flowers-train`. Two
/// that differ (`train_val`) tell none.
pub fn split_in(name: &str) -> Option<&'static str> {
    the_only_split(words(name).map(meaning))
}

fn the_only_split(words: impl Iterator<Item = Word>) -> Option<&'static str> {
    let mut splits = words.filter_map(|word| match word {
        Word::Split(split) => Some(split),
        _ => None,
    });
    let first = splits.next()?;
    splits.all(|split| split == first).then_some(first)
}

/// The split that a file's folders tell: the nearest that has a split in its name.
pub fn split_of_folders(path: &str) -> Option<&'static str> {
    split_path(path).0.rsplit('/').find_map(split_in)
}

/// The split that a path tells by its own name, else by its folders: `val/part1.csv`, `x_train.npy`.
pub fn split_of_path(path: &str) -> Option<&'static str> {
    split_in(stem(path)).or_else(|| split_of_folders(path))
}

/// Whether a name says nothing but which of several parts it is: `000`, `shard-12`, `train_3`.
pub fn is_part_name(name: &str) -> bool {
    words(name).all(|word| meaning(word) != Word::Other)
}

/// Text of a name that need not be UTF-8: bytes that are not are written `\xE9`, so that different
/// names stay different.
pub fn display_name(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_split() {
        // By the whole name, and by a word in it.
        for (name, whole, within) in [
            ("train", Some("train"), Some("train")),
            ("Training", Some("train"), Some("train")),
            ("TRAIN", Some("train"), Some("train")),
            ("training_set", Some("train"), Some("train")),
            ("train2017", Some("train"), Some("train")),
            ("train-00001-of-00004", Some("train"), Some("train")),
            ("images_train", Some("train"), Some("train")),
            ("val", Some("val"), Some("val")),
            ("valid", Some("val"), Some("val")),
            ("Validation", Some("val"), Some("val")),
            ("dev", Some("val"), Some("val")),
            ("PublicTest", Some("val"), Some("val")),
            ("PrivateTest", Some("test"), Some("test")),
            ("test", Some("test"), Some("test")),
            ("testing", Some("test"), Some("test")),
            ("t10k-images-idx3-ubyte", None, Some("test")),
            ("instances_train2017", None, Some("train")),
            ("x_Test", None, Some("test")),
            ("test tube", None, Some("test")),
            ("trainer", None, None),
            ("constraint", None, None),
            ("latest", None, None),
            ("train_val", None, None),
            ("cat", None, None),
            ("images", None, None),
            ("", None, None),
            ("2017", None, None),
        ] {
            assert_eq!((split_of(name), split_in(name)), (whole, within), "{name}");
        }
        assert_eq!(split_of_folders("data/val2017/train.jpg"), Some("val"));
        assert_eq!(split_of_folders("train.jpg"), None);
        assert_eq!(split_of_path("val/x_train.npy"), Some("train"));
    }

    #[test]
    fn image_names() {
        for (path, image, doubtful) in [
            ("a/b.JPG", true, false),
            ("a.png.gz", true, false),
            ("a.PNG.GZ", true, false),
            ("a.heic", true, false),
            ("a.dng", true, false),
            ("a.gz", false, false),
            ("x.png/y", false, true),
            ("a.tar.gz", false, false),
            ("README", false, false),
            ("README.md", false, false),
            ("0a1b2c", false, true),
            ("a.image", false, true),
            (".png", false, true),
        ] {
            assert_eq!(is_image_name(path), image, "{path}");
            assert_eq!(is_doubtful_name(path), doubtful, "{path}");
        }
    }

    #[test]
    fn paths_come_apart_and_together() {
        for (folder, name, joined, outside) in [
            ("", "a.jpg", "a.jpg", false),
            ("x/y", "../images/./a.jpg", "x/images/a.jpg", false),
            ("x", "../../a.jpg", "a.jpg", true),
            ("x", &with_slashes("b\\a.jpg"), "x/b/a.jpg", false),
            ("x", "caf\\xE9.jpg", "x/caf\\xE9.jpg", false),
            ("", "./a//b/", "a/b", false),
            ("", "/etc/x", "etc/x", false),
            ("", "a/../b", "b", false),
            ("", "..", "", true),
            ("", "", "", false),
        ] {
            assert_eq!(
                (join(folder, name).as_str(), leads_outside(folder, name)),
                (joined, outside),
                "{name}"
            );
        }
        assert_eq!((stem("a/b.tar.gz"), extension("a/b.tar.gz")), ("b.tar", "gz"));
        assert_eq!((stem("a/.hidden"), extension("a/.hidden")), (".hidden", ""));
    }

    #[test]
    fn names_that_are_not_utf8_stay_different() {
        assert_eq!(display_name(b"caf\xe9.png"), "caf\\xE9.png");
        assert_ne!(display_name(b"\xe9"), display_name(b"\xe8"));
        assert_eq!(display_name("ü".as_bytes()), "ü");
    }
}
