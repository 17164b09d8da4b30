//! Tests of `import` from outside: what is on disk against what is opened.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use lenslet::dataset::{Dataset, IssueKind, Layout, SampleId};
use lenslet::import::{self, ImportError, Imported, Tree, dataset_reader};
use lenslet::jobs::Control;
use lenslet::media::Payload;

use crate::data::real_data;

/// The bytes of a small PNG, different for each seed.
fn png(seed: u8) -> Vec<u8> {
    let image = image::RgbImage::from_fn(5, 4, |x, y| image::Rgb([seed, x as u8 * 9, y as u8 * 7]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A folder with these files; contents of `None` are PNGs.
fn folder_of(files: &[(&str, Option<&[u8]>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (at, (path, content)) in files.iter().enumerate() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.map_or_else(|| png(at as u8), <[u8]>::to_vec)).unwrap();
    }
    folder
}

fn open(path: &Path) -> Imported {
    import::open(path.to_str().unwrap(), &Control::new()).unwrap()
}

/// `path split label,label` for each sample, `-` for none.
fn rows(dataset: &Dataset) -> Vec<String> {
    (0..dataset.len() as SampleId)
        .map(|sample| {
            let labels: Vec<&str> = dataset.labels.names(sample).collect();
            let labels = if labels.is_empty() { "-".to_owned() } else { labels.join(",") };
            format!("{} {} {labels}", dataset.path(sample), dataset.split(sample).unwrap_or("-"))
        })
        .collect()
}

/// The encoded bytes of every sample by its path.
fn contents(dataset: &Dataset) -> BTreeMap<String, Vec<u8>> {
    let reader = dataset_reader(dataset);
    (0..dataset.len() as SampleId)
        .map(|sample| match reader.sample(dataset, sample).unwrap() {
            Payload::Encoded(bytes) => (dataset.path(sample).to_owned(), bytes),
            Payload::Raster(_) => panic!("files hold encoded images"),
        })
        .collect()
}

fn count(dataset: &Dataset, split: Option<&str>, label: Option<&str>) -> usize {
    (0..dataset.len() as SampleId)
        .filter(|sample| split.is_none() || dataset.split(*sample) == split)
        .filter(|sample| label.is_none_or(|label| dataset.labels.names(*sample).any(|name| name == label)))
        .count()
}

/// The files of a folder as a tar's bytes.
fn tar_of(folder: &Path, paths: &[&str]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for path in paths {
        builder.append_path_with_name(folder.join(path), path).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip_of(folder: &Path, paths: &[&str]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (at, path) in paths.iter().enumerate() {
        let method =
            if at % 2 == 0 { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*path, options).unwrap();
        writer.write_all(&std::fs::read(folder.join(path)).unwrap()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const SPLIT_CLASS: &[(&str, Option<&[u8]>)] = &[
    ("train/cat/1.png", None),
    ("train/cat/2.png", None),
    ("train/cat/10.png", None),
    ("train/dog/a b.png", None),
    ("train/unlabelled.png", None),
    ("val/cat/1.png", None),
    ("README.md", Some(b"about")),
];

#[test]
fn a_folder_opens_in_natural_order_with_splits_and_classes() {
    let folder = folder_of(SPLIT_CLASS);
    let Imported { dataset, issues } = open(folder.path());
    assert_eq!(dataset.layout, Layout::ImageFolder);
    assert_eq!(
        rows(&dataset),
        [
            "train/cat/1.png train cat",
            "train/cat/2.png train cat",
            "train/cat/10.png train cat",
            "train/dog/a b.png train dog",
            "train/unlabelled.png train -",
            "val/cat/1.png val cat",
        ]
    );
    assert!(issues.is_empty(), "{issues:?}");
    assert!(dataset.modified_ms.iter().all(|time| *time > 1_600_000_000_000));
}

#[test]
fn an_archive_is_its_folder_read_in_place() {
    let folder = folder_of(SPLIT_CLASS);
    let paths: Vec<&str> = SPLIT_CLASS.iter().map(|(path, _)| *path).collect();
    let plain = open(folder.path()).dataset;
    let tar = tar_of(folder.path(), &paths);
    let place = tempfile::tempdir().unwrap();
    // Names say nothing: the content tells what an archive is.
    for (name, bytes) in [
        ("a.tar", tar.clone()),
        ("b.tar.gz", gzip_of(&tar)),
        ("c.tgz", gzip_of(&tar)),
        ("d.zip", zip_of(folder.path(), &paths)),
        ("e.bin", tar),
    ] {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let Imported { dataset, issues } = open(&path);
        assert_eq!(rows(&dataset), rows(&plain), "{name}");
        assert_eq!(contents(&dataset), contents(&plain), "{name}");
        assert_eq!(dataset.bytes, plain.bytes, "{name}");
        assert!(issues.is_empty(), "{name} {issues:?}");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "nothing is unpacked");
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn files_count_by_their_content() {
    let folder = folder_of(&[
        ("a/1.png", None),
        ("a/no-ending", None),
        ("a/wrong.dat2", None),
        ("a/empty.png", Some(b"")),
        ("a/notes", Some(b"text")),
        ("a/more.xyz", Some(b"text")),
        ("b/elsewhere", None),
        ("b/2.jpg", Some(b"no image")),
        (".hidden/1.png", None),
        ("__MACOSX/a/._1.png", Some(b"x")),
        ("a/Thumbs.db", Some(b"x")),
    ]);
    let dataset = open(folder.path()).dataset;
    assert_eq!(
        rows(&dataset),
        [
            "a/1.png - a",
            "a/empty.png - a",
            "a/no-ending - a",
            "a/wrong.dat2 - a",
            "b/2.jpg - b",
            "b/elsewhere - b"
        ]
    );

    let folder = folder_of(&[("x/one", None), ("y/two", None), ("y/three", Some(b"text"))]);
    assert_eq!(rows(&open(folder.path()).dataset), ["x/one - x", "y/two - y"]);
}

#[test]
fn opening_an_image_shows_its_folder() {
    let folder = folder_of(&[("1.png", None), ("2.png", None), ("below/3.png", None)]);
    let tree = Tree::open(folder.path().join("2.png").to_str().unwrap(), &Control::new()).unwrap();
    assert_eq!(tree.focus.map(|file| tree.path(file)), Some("2.png"));
    assert_eq!(rows(&open(&folder.path().join("2.png")).dataset), ["1.png - -", "2.png - -"]);
}

#[test]
fn nothing_to_show_names_what_was_looked_for() {
    let folder = folder_of(&[("notes.txt", Some(b"text"))]);
    let error = import::open(folder.path().to_str().unwrap(), &Control::new()).unwrap_err();
    assert!(matches!(error, ImportError::NothingFound { .. }), "{error}");
    for word in ["Image folder", "IDX", "YOLO"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    let missing = folder.path().join("nowhere");
    let error = import::open(missing.to_str().unwrap(), &Control::new()).unwrap_err();
    assert!(matches!(error, ImportError::NotFound(_)), "{error}");
}

#[test]
fn a_cancelled_import_stops() {
    let folder = folder_of(&[("1.png", None)]);
    let control = Control::new();
    control.cancel();
    let error = import::open(folder.path().to_str().unwrap(), &control).unwrap_err();
    assert!(matches!(error, ImportError::Cancelled(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_loops_end() {
    use std::os::unix::fs::symlink;
    let folder = folder_of(&[("set/cat/1.png", None), ("set/dog/2.png", None), ("outside/3.png", None)]);
    let set = folder.path().join("set");
    symlink("..", set.join("cat/up")).unwrap();
    symlink(&set, set.join("self")).unwrap();
    symlink("../../outside", set.join("dog/more")).unwrap();
    symlink("../outside", set.join("eel")).unwrap();
    symlink("nothing.png", set.join("cat/broken.png")).unwrap();
    symlink("../../outside/3.png", set.join("cat/linked.png")).unwrap();
    let Imported { dataset, .. } = open(&set);
    assert_eq!(
        rows(&dataset),
        [
            "cat/1.png - cat",
            "cat/broken.png - cat",
            "cat/linked.png - cat",
            "dog/2.png - dog",
            "dog/more/3.png - dog/more",
        ]
    );
    let error = dataset_reader(&dataset).sample(&dataset, 1).unwrap_err();
    assert_eq!(error.kind, IssueKind::Missing);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_kept_and_read() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(below.join("1.png"), png(1)).unwrap();
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.png")), png(2)).unwrap();
    let dataset = open(folder.path()).dataset;
    assert_eq!(rows(&dataset), ["\\xFF.png - -", "caf\\xE9/1.png - -"]);
    assert_eq!(contents(&dataset).into_values().collect::<Vec<_>>(), [png(2), png(1)]);
}

#[cfg(unix)]
#[test]
fn a_manifest_names_files_with_a_backslash() {
    let table = b"path,label\nimages/a\\1.png,cat\nimages\\a\\2.png,dog\n../outside\\3.png,bird\n";
    let folder = folder_of(&[
        ("set/images/a\\1.png", None),
        ("set/images/a/1.png", None),
        ("set/images/a/2.png", None),
        ("outside\\3.png", None),
        ("set/list.csv", Some(table)),
    ]);
    let Imported { dataset, .. } = open(&folder.path().join("set/list.csv"));
    let contents = contents(&dataset);
    for (end, label, at) in
        [("images/a\\1.png", "cat", 0), ("images/a/2.png", "dog", 2), ("/outside\\3.png", "bird", 3)]
    {
        let row = rows(&dataset).into_iter().find(|row| row.ends_with(&format!("{end} - {label}")));
        let path = row.as_deref().and_then(|row| row.strip_suffix(&format!(" - {label}")));
        assert_eq!(path.and_then(|path| contents.get(path)), Some(&png(at)), "{end}: {:?}", rows(&dataset));
    }
    assert_eq!(dataset.len(), 3);
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_is_an_issue_and_a_pipe_is_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder_of(&[("a/1.png", None), ("b/2.png", None), ("c/3.png", None)]);
    let closed = folder.path().join("b");
    let status = std::process::Command::new("mkfifo").arg(folder.path().join("a/pipe.png")).status();
    assert!(status.is_ok_and(|status| status.success()));
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o000)).unwrap();
    let is_superuser = std::fs::read_dir(&closed).is_ok();
    let Imported { dataset, issues } = open(folder.path());
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o755)).unwrap();
    if is_superuser {
        assert_eq!(dataset.len(), 3);
        return;
    }
    assert_eq!(rows(&dataset), ["a/1.png - a", "c/3.png - c"]);
    assert_eq!((issues.len(), issues[0].path.as_str(), issues[0].kind), (1, "b", IssueKind::Unreadable));
}

#[test]
fn a_file_that_vanished_says_so() {
    let folder = folder_of(&[("1.png", None), ("2.png", None)]);
    let dataset = open(folder.path()).dataset;
    std::fs::remove_file(folder.path().join("1.png")).unwrap();
    let reader = dataset_reader(&dataset);
    let error = reader.sample(&dataset, 0).unwrap_err();
    assert_eq!(error.kind, IssueKind::Missing);
    assert!(error.message.contains("moved or deleted"), "{error}");
    assert!(reader.sample(&dataset, 1).is_ok());
}

#[test]
fn a_truncated_tar_keeps_what_is_whole() {
    let folder = folder_of(SPLIT_CLASS);
    let paths: Vec<&str> = SPLIT_CLASS.iter().map(|(path, _)| *path).collect();
    let tar = tar_of(folder.path(), &paths);
    let place = tempfile::tempdir().unwrap();
    for (name, bytes) in [("cut.tar", tar[..3600].to_vec()), ("cut.tar.gz", gzip_of(&tar[..3600]))] {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let Imported { dataset, issues } = open(&path);
        assert_eq!(dataset.len(), 3, "{name}");
        assert_eq!((issues.len(), issues[0].kind), (1, IssueKind::Truncated), "{name}");
    }
    // Compression that breaks off is the same to the person.
    let whole = gzip_of(&tar);
    let path = place.path().join("broken.tgz");
    std::fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    let Imported { dataset, issues } = open(&path);
    assert!(dataset.len() >= 3);
    assert_eq!(issues[0].kind, IssueKind::Truncated);
}

#[test]
fn entries_have_the_time_of_their_archive() {
    let folder = folder_of(&[("1.png", None)]);
    let mut header = tar::Header::new_gnu();
    header.set_size(png(1).len() as u64);
    // Long ago, as `tar --mtime` writes it into shards that are to be the same every time.
    header.set_mtime(1_577_836_800);
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_data(&mut header, "1.png", &png(1)[..]).unwrap();
    let zip = zip_of(folder.path(), &["1.png"]);
    for (name, bytes) in [("a.tar", tar.into_inner().unwrap()), ("a.zip", zip)] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let modified = |path: &Path| {
            let time = path.metadata().unwrap().modified().unwrap();
            time.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64
        };
        assert_eq!(open(&path).dataset.modified_ms, [modified(&path)], "{name}");
    }
}

#[test]
fn links_in_a_tar_are_the_files_that_they_lead_to() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    for (name, seed) in [("cat/1.png", 1), (".cache/ab", 2)] {
        header.set_size(png(seed).len() as u64);
        tar.append_data(&mut header, name, &png(seed)[..]).unwrap();
    }
    let long = format!("cat/{}.png", "n".repeat(120));
    for (kind, name, target) in [
        (tar::EntryType::Link, "dog/1.png", "cat/1.png"),
        (tar::EntryType::Link, "dog/2.png", ".cache/ab"),
        (tar::EntryType::Symlink, "dog/3.png", "../cat/1.png"),
        (tar::EntryType::Symlink, "dog/4.png", "/etc/4.png"),
        (tar::EntryType::Link, &long, "dog/2.png"),
        (tar::EntryType::Symlink, "dog/folder", "../cat"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        tar.append_link(&mut header, name, target).unwrap();
    }
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("links.tar");
    std::fs::write(&path, tar.into_inner().unwrap()).unwrap();
    let Imported { dataset, issues } = open(&path);
    let contents = contents(&dataset);
    let expected = [("cat/1.png", 1), (&long, 2), ("dog/1.png", 1), ("dog/2.png", 2), ("dog/3.png", 1)];
    assert_eq!(contents, expected.map(|(name, seed)| (name.to_owned(), png(seed))).into());
    assert_eq!((issues.len(), issues[0].kind), (1, IssueKind::Missing), "{issues:?}");
    assert!(issues[0].message.starts_with("1 links"), "{issues:?}");
}

#[test]
fn what_media_would_refuse_is_not_read() {
    let folder = folder_of(&[("1.png", None), ("2.png", None)]);
    let large = std::fs::OpenOptions::new().write(true).open(folder.path().join("1.png")).unwrap();
    large.set_len(lenslet::media::MAX_ENCODED_BYTES + 1).unwrap();
    let dataset = open(folder.path()).dataset;
    let reader = dataset_reader(&dataset);
    let error = reader.sample(&dataset, 0).unwrap_err();
    assert_eq!(error.kind, IssueKind::Oversized, "{error}");
    assert!(reader.sample(&dataset, 1).is_ok());
}

#[test]
fn names_in_archives_never_point_outside() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["../../evil/1.png", "/abs/2.png", "win\\3.png"] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&png(1)).unwrap();
    }
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("slip.zip");
    std::fs::write(&path, writer.finish().unwrap().into_inner()).unwrap();
    let dataset = open(&path).dataset;
    assert_eq!(rows(&dataset), ["abs/2.png - abs", "evil/1.png - evil", "win/3.png - win"]);
    assert_eq!(contents(&dataset).len(), 3);
}

#[test]
fn a_small_zip_cannot_become_a_large_one() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("a/bomb.png", options).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..600 {
        writer.write_all(&zeros).unwrap();
    }
    writer.start_file("b/1.png", options).unwrap();
    writer.write_all(&png(1)).unwrap();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("bomb.zip");
    std::fs::write(&path, writer.finish().unwrap().into_inner()).unwrap();
    let dataset = open(&path).dataset;
    let reader = dataset_reader(&dataset);
    assert_eq!(reader.sample(&dataset, 0).unwrap_err().kind, IssueKind::Oversized);
    assert!(reader.sample(&dataset, 1).is_ok());
}

#[test]
fn patterns_and_folders_of_archives_open_as_one() {
    let folder = folder_of(&[("cat/1.png", None), ("dog/2.png", None)]);
    let place = tempfile::tempdir().unwrap();
    for name in ["train.zip", "val.zip"] {
        std::fs::write(place.path().join(name), zip_of(folder.path(), &["cat/1.png", "dog/2.png"])).unwrap();
    }
    std::fs::write(place.path().join("LICENSE"), "free").unwrap();
    let expected = [
        "train.zip/cat/1.png train cat",
        "train.zip/dog/2.png train dog",
        "val.zip/cat/1.png val cat",
        "val.zip/dog/2.png val dog",
    ];
    for pattern in ["", "{train,val}.zip", "*.zip", "[tv]*.zip"] {
        let dataset = open(&place.path().join(pattern)).dataset;
        assert_eq!(rows(&dataset), expected, "{pattern}");
        assert_eq!(contents(&dataset).len(), 4);
    }
    let Imported { dataset, issues } = open(&place.path().join("{train,gone}.zip"));
    assert_eq!(dataset.len(), 2);
    assert_eq!((issues[0].kind, issues[0].path.as_str()), (IssueKind::Missing, "gone.zip"));
    let none = place.path().join("{x,y}.tar");
    assert!(matches!(import::open(none.to_str().unwrap(), &Control::new()), Err(ImportError::NotFound(_))));
}

#[test]
fn many_archives_share_few_handles() {
    let folder = folder_of(&[("1.png", None)]);
    let place = tempfile::tempdir().unwrap();
    let tar = tar_of(folder.path(), &["1.png"]);
    for shard in 0..150 {
        std::fs::write(place.path().join(format!("data-{shard:03}.tar")), &tar).unwrap();
    }
    let dataset = open(place.path()).dataset;
    assert_eq!(dataset.len(), 150);
    let reader = dataset_reader(&dataset);
    for sample in (0..150).chain(0..150) {
        assert!(reader.sample(&dataset, sample).is_ok());
    }
    #[cfg(target_os = "linux")]
    {
        let shards = std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
            .filter(|path| path.starts_with(place.path()))
            .count();
        assert!(shards <= lenslet::import::reader::MAX_OPEN, "{shards}");
    }
}

#[test]
fn real_flowers() {
    let Some(path) = real_data("flowers") else { return };
    let Imported { dataset, issues } = open(&path);
    assert_eq!((dataset.len(), dataset.labels.classes.len()), (400, 5));
    assert_eq!((count(&dataset, Some("train"), None), count(&dataset, Some("val"), None)), (300, 100));
    assert_eq!(count(&dataset, Some("val"), Some("tulips")), 20);
    assert!(issues.is_empty());
}

#[test]
fn real_cifar_in_a_tar() {
    let Some(path) = real_data("cifar10") else { return };
    for path in [path.join("cifar10-test-jpg.tar"), path] {
        let dataset = open(&path).dataset;
        assert_eq!(dataset.layout, Layout::ImageFolder);
        assert_eq!((dataset.len(), dataset.labels.classes.len()), (10_000, 10));
        assert_eq!(count(&dataset, Some("test"), Some("airplane")), 1000);
        let Payload::Encoded(bytes) = dataset_reader(&dataset).sample(&dataset, 9_999).unwrap() else {
            panic!("files hold encoded images");
        };
        assert!(image::load_from_memory(&bytes).is_ok());
    }
}

#[test]
fn real_omniglot_in_a_zip() {
    let Some(path) = real_data("omniglot") else { return };
    for path in [path.join("images_background_small1.zip"), path] {
        let Imported { dataset, .. } = open(&path);
        assert_eq!(dataset.len(), 2720, "five alphabets");
        assert!(dataset.labels.classes.contains(&"Balinese/character01".to_owned()));
        assert_eq!(count(&dataset, None, Some("Balinese/character01")), 20);
        assert!(contents(&dataset).values().all(|bytes| bytes.starts_with(b"\x89PNG")));
    }
}

/// Opens a folder with two class folders of images and these further files, and gives the rows.
fn manifest_rows(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut all: Vec<(&str, Option<&[u8]>)> = vec![("img/1.png", None), ("img/2.png", None)];
    all.extend(files.iter().map(|(path, content)| (*path, Some(content.as_bytes()))));
    let folder = folder_of(&all);
    let Imported { dataset, issues } = open(folder.path());
    assert_eq!(dataset.layout, Layout::Manifest, "{files:?}");
    let issues = issues.iter().map(|issue| format!("{} {}", issue.kind.name(), issue.message)).collect();
    (rows(&dataset), issues)
}

#[test]
fn manifests_of_every_kind_say_the_same() {
    for (name, content) in [
        ("m.csv", "path,label,split\nimg/1.png,cat,train\nimg/2.png,dog,valid\n"),
        ("m.csv", "img/1.png,cat,train\nimg/2.png,dog,val\n"),
        ("m.tsv", "Image\tClass\tSplit\n1.png\tcat\ttraining\n2.png\tdog\tvalidation\n"),
        (
            "m.csv",
            "\u{feff}\"file_name\";\"label\";\"split\"\r\n\"img/1.png\";\"cat\";\"train\"\r\nimg/2.png;dog;dev\r\n",
        ),
        ("m.csv", "id,label,is_valid\n1,cat,False\n2,dog,True\n"),
        (
            "m.jsonl",
            "{\"file\": \"img/1.png\", \"label\": \"cat\", \"split\": \"train\"}\n{\"file\": \"img/2.png\", \"label\": \"dog\", \"split\": \"val\"}\n",
        ),
        (
            "m.json",
            "[{\"image\": \"img/1.png\", \"label\": [\"cat\"], \"split\": \"train\"}, {\"image\": \"img/2.png\", \"label\": \"dog\", \"split\": \"val\"}]",
        ),
        ("img/metadata.csv", "file_name,label,split\n1.png,cat,train\n2.png,dog,val\n"),
        ("meta/m.csv", "path,label,split\n../img/1.png,cat,train\n../img/2.png,dog,val\n"),
    ] {
        let (rows, issues) = manifest_rows(&[(name, content)]);
        assert_eq!(rows, ["img/1.png train cat", "img/2.png val dog"], "{name} {content}");
        assert!(issues.is_empty(), "{content} {issues:?}");
    }
    let (rows, _) = manifest_rows(&[
        ("train.csv", "path,label\nimg/1.png,3\n"),
        ("val.csv", "path,label\nimg/2.png,4\n"),
    ]);
    assert_eq!(rows, ["img/1.png train 3", "img/2.png val 4"]);
}

#[test]
fn a_manifest_reports_what_is_wrong_with_its_rows() {
    let content = "path,labels,note\nimg/1.png,a;b,first\n,c,\nimg/9.png,d,gone\nimg/2.png,,\n";
    let folder = folder_of(&[
        ("img/1.png", None),
        ("img/2.png", None),
        ("img/3.png", None),
        ("m.csv", Some(content.as_bytes())),
    ]);
    let Imported { dataset, issues } = open(folder.path());
    assert_eq!(rows(&dataset), ["img/1.png - a,b", "img/9.png - d", "img/2.png - -"]);
    let told: Vec<_> = issues.iter().map(|issue| (issue.sample, issue.kind)).collect();
    assert_eq!(
        told,
        [(None, IssueKind::Annotation), (Some(1), IssueKind::Missing), (None, IssueKind::Annotation)],
        "{issues:?}"
    );
    assert!(issues[0].message.contains("line 3"), "{issues:?}");
    assert_eq!((issues[2].path.as_str(), issues[2].sample), ("img/3.png", None), "{issues:?}");
    assert_eq!(dataset.attributes[0].name, "note");
    assert_eq!(dataset.attributes[0].values.iter().collect::<Vec<_>>(), ["first", "gone", ""]);
    let error = dataset_reader(&dataset).sample(&dataset, 1).unwrap_err();
    assert_eq!(error.kind, IssueKind::Missing);
}

#[test]
fn a_manifest_may_name_files_elsewhere() {
    let outside = folder_of(&[("far.png", None)]);
    let far = outside.path().join("far.png");
    let content = format!("path,label\n{},far\nnear.png,near\n", far.display());
    let folder = folder_of(&[("near.png", None), ("m.csv", Some(content.as_bytes()))]);
    let dataset = open(&folder.path().join("m.csv")).dataset;
    assert_eq!(rows(&dataset), [format!("{} - far", far.display()), "near.png - near".into()]);
    assert_eq!(contents(&dataset).len(), 2);
}

#[test]
fn a_table_beside_images_need_not_be_their_manifest() {
    for table in [
        // A list of a few of them, another contest's, one of something else.
        ("truth.csv", "path,fault\ncat/1.png,blurry\n"),
        ("sample_submission.csv", "id,label\n1,0\n2,0\n3,0\n"),
        ("scores.csv", "model,accuracy\nbig,0.9\nsmall,0.8\n"),
        ("results.json", "[{\"image_id\": 1, \"category_id\": 2, \"bbox\": [0, 0, 1, 1]}]"),
        ("notes.json", "{\"path\": \"cat/1.png\"}"),
        ("broken.jsonl", "{\n{\n"),
    ] {
        let folder = folder_of(&[
            ("cat/1.png", None),
            ("cat/2.png", None),
            ("dog/3.png", None),
            (table.0, Some(table.1.as_bytes())),
        ]);
        let dataset = open(folder.path()).dataset;
        assert_eq!(dataset.layout, Layout::ImageFolder, "{table:?}");
        assert_eq!(dataset.len(), 3, "{table:?}");
    }
}

#[test]
fn a_table_without_labels_leaves_them_to_the_folders() {
    let content = "file_name,text\ncat/1.png,one\ndog/2.png,two\n";
    let folder = folder_of(&[
        ("train/cat/1.png", None),
        ("train/dog/2.png", None),
        ("train/metadata.csv", Some(content.as_bytes())),
    ]);
    let dataset = open(folder.path()).dataset;
    assert_eq!(dataset.layout, Layout::Manifest);
    assert_eq!(rows(&dataset), ["train/cat/1.png train cat", "train/dog/2.png train dog"]);
}

#[test]
fn webdataset_shards_open_with_labels_and_captions() {
    let folder = folder_of(&[
        ("a.01.png", None),
        ("a.cls", Some(b"1")),
        ("a.txt", Some(b"a caption")),
        ("b.png", None),
        ("b.json", Some(br#"{"label": "bird", "weight": 2.5}"#)),
        ("c.cls", Some(b"0")),
        ("d.png.gz", Some(&gzip_of(&png(9)))),
        ("d.cls.gz", Some(&gzip_of(b"0"))),
    ]);
    let place = folder_of(&[("classes.txt", Some(b"cat\ndog\n"))]);
    let all = ["a.01.png", "a.cls", "a.txt", "b.png", "b.json", "c.cls", "d.png.gz", "d.cls.gz"];
    std::fs::write(place.path().join("train-000.tar"), tar_of(folder.path(), &all)).unwrap();
    std::fs::write(place.path().join("val-000.tar"), tar_of(folder.path(), &all[..3])).unwrap();
    let Imported { dataset, issues } = open(place.path());
    assert_eq!(dataset.layout, Layout::WebDataset);
    assert_eq!(
        rows(&dataset),
        [
            "train-000.tar/a.01.png train dog",
            "train-000.tar/b.png train bird",
            "train-000.tar/d.png.gz train cat",
            "val-000.tar/a.01.png val dog",
        ]
    );
    assert_eq!(issues.len(), 1, "{issues:?}");
    assert_eq!(issues[0].path, "train-000.tar/c.cls");
    let caption = &dataset.attributes.iter().find(|attribute| attribute.name == "caption").unwrap().values;
    assert_eq!(caption.iter().collect::<Vec<_>>(), ["a caption", "", "", "a caption"]);
    assert_eq!(contents(&dataset)["train-000.tar/d.png.gz"], png(9));
    let by_pattern = open(&place.path().join("{train,val}-{000..000}.tar")).dataset;
    assert_eq!(by_pattern.len(), 4);
}

#[test]
fn shards_without_images_say_what_they_hold() {
    let folder = folder_of(&[("a.txt", Some(b"text")), ("a.ten", Some(b"x"))]);
    let path = folder.path().join("t.tar");
    std::fs::write(&path, tar_of(folder.path(), &["a.txt", "a.ten"])).unwrap();
    let error = import::open(path.to_str().unwrap(), &Control::new()).unwrap_err().to_string();
    assert!(error.contains("no images") && error.contains("ten, txt"), "{error}");
}

#[test]
fn real_webdataset() {
    let Some(path) = real_data("webdataset") else { return };
    let Imported { dataset, issues } = open(&path.join("sample.tgz"));
    assert_eq!(dataset.layout, Layout::WebDataset);
    assert!(dataset.len() > 10 && issues.is_empty(), "{} {issues:?}", dataset.len());
    assert!((0..dataset.len() as SampleId).all(|sample| dataset.labels.get(sample).len() == 1));
    assert!(contents(&dataset).values().all(|bytes| image::load_from_memory(bytes).is_ok()));
    for text_only in ["compressed.tar", "testgz.tar", "tendata.tar"] {
        let path = path.join(text_only);
        let error = import::open(path.to_str().unwrap(), &Control::new()).unwrap_err().to_string();
        assert!(error.contains("no images"), "{error}");
    }
    let tree = Tree::open(path.join("testgz.tar").to_str().unwrap(), &Control::new()).unwrap();
    let text = lenslet::import::reader::inflated(tree.read(0).unwrap()).unwrap();
    assert!(String::from_utf8(text).is_ok());
}

#[test]
fn real_tables_without_images_are_no_datasets() {
    for name in ["ag_news", "sms_spam"] {
        let Some(path) = real_data(name) else { return };
        assert!(import::open(path.to_str().unwrap(), &Control::new()).is_err(), "{name}");
    }
}
