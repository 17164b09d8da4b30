//! What names tell: which files are images, which folders are splits, which files no dataset means.
//!
//! It refuses to know the disk; a doubtful name is settled by the file's first bytes, which the
//! caller has.

use super::naming::{IMAGE_EXTENSIONS, extension, split_path};

/// Endings of image files that the program cannot decode, lowercase: such a sample is reported,
/// not left out.
const UNDECODED_EXTENSIONS: &[&str] = &["avif", "heic", "heif", "jp2", "jxl", "psd", "cr2", "nef", "dng"];

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

/// Whether the path ends as an image's does, gzipped ones (`x.png.gz`) included.
pub fn is_image_name(path: &str) -> bool {
    let mut ending = extension(path);
    if ending.eq_ignore_ascii_case("gz") {
        ending = extension(&path[..path.len() - ".gz".len()]);
    }
    IMAGE_EXTENSIONS.iter().chain(UNDECODED_EXTENSIONS).any(|known| known.eq_ignore_ascii_case(ending))
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
    !is_image_name(path) && !OTHER_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

/// Whether a file's first bytes (12 are enough) are an image's that the program decodes.
pub fn looks_like_image(head: &[u8]) -> bool {
    let starts = |magic: &[u8]| head.starts_with(magic);
    starts(b"\xff\xd8\xff")
        || starts(b"\x89PNG\r\n\x1a\n")
        || starts(b"GIF87a")
        || starts(b"GIF89a")
        || (starts(b"RIFF") && head.get(8..12) == Some(b"WEBP"))
        || starts(b"II*\0")
        || starts(b"MM\0*")
        || starts(b"qoif")
        || starts(b"farbfeld")
        || starts(b"#?RADIANCE")
        || starts(b"\x76\x2f\x31\x01")
        // A bitmap's reserved words are zero: two letters alone would take any text that starts so.
        || (starts(b"BM") && head.get(6..10) == Some(&[0; 4]))
        || (head.len() > 2 && head[0] == b'P' && (b'1'..=b'7').contains(&head[1]) && head[2].is_ascii_whitespace())
}

/// Whether operating systems leave such files or folders behind: hidden ones and their kin.
pub fn is_hidden_name(name: &str) -> bool {
    name.starts_with('.')
        || matches!(name, "__MACOSX" | "Thumbs.db" | "desktop.ini" | "@eaDir" | "$RECYCLE.BIN")
        || name == "System Volume Information"
}

/// The split that a folder, file stem or table value names: `train`, `val` or `test`.
///
/// Case, separators, a trailing number and words that say nothing ("set", "images") do not matter:
/// `Training`, `val2017`, `test_set`, `images-train`, `train-00001-of-00004`.
pub fn split_name(name: &str) -> Option<&'static str> {
    let mut split = None;
    for word in name.split(|char: char| !char.is_ascii_alphanumeric()) {
        let word = word.trim_end_matches(|char: char| char.is_ascii_digit()).to_ascii_lowercase();
        let named = match word.as_str() {
            "train" | "training" | "trn" | "trainset" => "train",
            "val" | "valid" | "validation" | "validate" | "dev" | "valset" => "val",
            "test" | "testing" | "tst" | "testset" => "test",
            "" | "set" | "split" | "image" | "images" | "img" | "imgs" | "data" | "dataset" | "jpg"
            | "jpeg" | "png" | "file" | "files" | "folder" | "of" | "shard" | "part" => continue,
            _ => return None,
        };
        if split.is_some_and(|known| known != named) {
            return None;
        }
        split = Some(named);
    }
    split
}

/// A path made plain: no empty, `.` or `..` parts; `None` when nothing is left. `..`
/// never climbs above the top, so that no name points outside.
pub fn plain_path(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
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
    fn split_names() {
        for (name, split) in [
            ("train", Some("train")),
            ("Training", Some("train")),
            ("TRAIN", Some("train")),
            ("training_set", Some("train")),
            ("train2017", Some("train")),
            ("train-00001-of-00004", Some("train")),
            ("images_train", Some("train")),
            ("val", Some("val")),
            ("valid", Some("val")),
            ("Validation", Some("val")),
            ("dev", Some("val")),
            ("test", Some("test")),
            ("testing", Some("test")),
            ("test tube", None),
            ("trainer", None),
            ("train_val", None),
            ("cat", None),
            ("images", None),
            ("", None),
            ("2017", None),
        ] {
            assert_eq!(split_name(name), split, "{name}");
        }
    }

    #[test]
    fn image_names() {
        for (path, image, doubtful) in [
            ("a/b.JPG", true, false),
            ("a.png.gz", true, false),
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
    fn plain_paths_never_leave_the_top() {
        for (path, plain) in [
            ("a/b", Some("a/b")),
            ("./a//b/", Some("a/b")),
            ("/etc/x", Some("etc/x")),
            ("../../x", Some("x")),
            ("a/../b", Some("b")),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(plain_path(path).as_deref(), plain, "{path}");
        }
    }

    #[test]
    fn names_that_are_not_utf8_stay_different() {
        assert_eq!(display_name(b"caf\xe9.png"), "caf\\xE9.png");
        assert_ne!(display_name(b"\xe9"), display_name(b"\xe8"));
        assert_eq!(display_name("ü".as_bytes()), "ü");
    }
}
