//! Tests of `demo` from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use image::{DynamicImage, ImageFormat, RgbImage};
use lenslet::demo::{self, DemoError, DemoOptions, DemoReport, Fault};
use lenslet::jobs::Control;

use crate::cli::{json, lenslet};

/// A row of `truth.csv`.
#[derive(Clone, Debug, serde::Deserialize)]
struct Row {
    path: String,
    class: String,
    split: String,
    label: String,
    fault: String,
    of: String,
    detail: String,
}

struct Demo {
    folder: tempfile::TempDir,
    report: DemoReport,
    rows: Vec<Row>,
}

impl Demo {
    fn write(samples: u32, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = DemoOptions { out: folder.path().join("demo"), samples, seed };
        let report = demo::write(&options, &Control::new()).unwrap();
        let rows = csv::Reader::from_path(&report.truth).unwrap().deserialize().map(Result::unwrap).collect();
        Self { folder, report, rows }
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.report.dataset.join(path)).unwrap()
    }

    fn image(&self, path: &str) -> DynamicImage {
        image::load_from_memory(&self.bytes(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn rows(&self, fault: Fault) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.fault == fault.name())
    }
}

/// All files below a folder with their contents, by `/`-separated path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{path}/"), found);
            } else {
                found.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, "", &mut found);
    found
}

/// The mean of the absolute differences of two pictures of one size.
fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one.iter().zip(other.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / one.len() as f64
}

fn mean(image: &DynamicImage) -> f64 {
    let luma = image.to_luma8();
    luma.iter().map(|&value| f64::from(value)).sum::<f64>() / luma.len() as f64
}

/// The most that one pixel differs from its right neighbour: small without a sharp edge.
fn steepest(image: &DynamicImage) -> u8 {
    let luma = image.to_luma8();
    let width = luma.width() as usize;
    let rows = luma.chunks_exact(width).flat_map(|row| row.windows(2));
    rows.map(|pair| pair[0].abs_diff(pair[1])).max().unwrap_or(0)
}

/// The most that a pixel's channels differ.
fn colourfulness(image: &DynamicImage) -> u8 {
    let spread = |pixel: &image::Rgb<u8>| pixel.0.iter().max().unwrap() - pixel.0.iter().min().unwrap();
    image.to_rgb8().pixels().map(spread).max().unwrap_or(0)
}

fn hash_of(folder: &Path) -> blake3::Hash {
    let mut hash = blake3::Hasher::new();
    for (path, bytes) in files(folder) {
        hash.update(path.as_bytes()).update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
    }
    hash.finalize()
}

#[test]
fn one_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let hash = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| hash_of(Demo::write(150, seed).folder.path()))
    };
    let first = hash(1, 1);
    assert_eq!(first, hash(2, 1));
    assert_ne!(first, hash(2, 2));
}

#[test]
fn the_truth_lists_every_fault_and_every_row_is_true() {
    let demo = Demo::write(900, 1);
    let files = files(&demo.report.dataset);
    assert_eq!(files.len(), 900);

    for fault in Fault::ALL {
        let count = demo.rows(fault).count() as u32;
        assert_eq!(count, demo.report.faults[&fault], "{fault:?}");
        assert!(count > 0, "{fault:?}");
    }
    assert_eq!((demo.report.faults[&Fault::WrongLabel], demo.report.faults[&Fault::MissingLabel]), (18, 45));

    let mut doubly = 0;
    let faulty: BTreeSet<&str> = demo.rows.iter().map(|row| row.path.as_str()).collect();
    for row in &demo.rows {
        doubly += usize::from(demo.rows.iter().filter(|other| other.path == row.path).count() > 1);
        let folder =
            if row.label.is_empty() { row.split.clone() } else { format!("{}/{}", row.split, row.label) };
        assert_eq!(Path::new(&row.path).parent(), Some(Path::new(&folder)), "{row:?}");
        assert!(files.contains_key(&row.path), "{row:?}");
        assert!(row.of.is_empty() || !faulty.contains(row.of.as_str()), "{row:?}: a faulty original");
    }
    assert!(doubly > 10);

    for (path, bytes) in files.iter().filter(|(path, _)| !faulty.contains(path.as_str())) {
        assert_eq!(path.split('/').count(), 3, "{path}: split/class/name");
        assert_eq!(image::guess_format(bytes).unwrap(), ImageFormat::from_path(path).unwrap(), "{path}");
        let image = demo.image(path);
        let area = image.width() * image.height();
        assert!((71 * 71..=106 * 106).contains(&area) && image.width() <= 2 * image.height(), "{path}");
        assert!((36.0..228.0).contains(&mean(&image)), "{path}: {}", mean(&image));
        assert!(steepest(&image) > 40 && colourfulness(&image) > 25, "{path}");
    }
}

#[test]
fn copies_are_copies() {
    let demo = Demo::write(900, 2);
    for row in demo.rows(Fault::IdenticalCopy) {
        assert_eq!(demo.bytes(&row.path), demo.bytes(&row.of), "{row:?}");
    }
    for row in demo.rows(Fault::ReencodedCopy) {
        assert_ne!(demo.bytes(&row.path), demo.bytes(&row.of), "{row:?}");
        let apart = difference(&demo.image(&row.path).to_rgb8(), &demo.image(&row.of).to_rgb8());
        assert!(apart < 14.0, "{row:?}: {apart}");
    }
    for row in demo.rows(Fault::ResizedCopy) {
        let (copy, original) = (demo.image(&row.path), demo.image(&row.of));
        let percent: u32 = row.detail.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(copy.width(), original.width() * percent / 100, "{row:?}");
        let size = (original.width(), original.height());
        let back = image::imageops::resize(&copy.to_rgb8(), size.0, size.1, image::imageops::Triangle);
        let apart = difference(&back, &original.to_rgb8());
        assert!(apart < 18.0, "{row:?}: {apart}");
    }
    for row in demo.rows(Fault::BrightnessCopy) {
        let percent: f64 = row.detail.split(' ').next().unwrap().parse().unwrap();
        let change = mean(&demo.image(&row.path)) - mean(&demo.image(&row.of));
        // Clipping takes some of it away.
        let part = change / (percent * 2.55);
        assert!((0.1..1.2).contains(&part), "{row:?}: {change}");
    }
    for (fault, turns) in [
        (
            Fault::MirroredCopy,
            vec![("left to right", DynamicImage::fliph as fn(&DynamicImage) -> DynamicImage)],
        ),
        (
            Fault::RotatedCopy,
            vec![
                ("90° clockwise", DynamicImage::rotate90 as fn(&DynamicImage) -> DynamicImage),
                ("180° clockwise", DynamicImage::rotate180),
                ("270° clockwise", DynamicImage::rotate270),
            ],
        ),
    ] {
        for row in demo.rows(fault) {
            let (_, turn) = turns.iter().find(|(detail, _)| *detail == row.detail).unwrap();
            let apart = difference(&demo.image(&row.path).to_rgb8(), &turn(&demo.image(&row.of)).to_rgb8());
            let exact = [&row.path, &row.of].iter().all(|path| path.ends_with(".png"));
            assert!(if exact { apart == 0.0 } else { apart < 14.0 }, "{row:?}: {apart}");
        }
    }
    for row in demo.rows(Fault::AcrossSplits) {
        assert_ne!(row.of.split('/').next(), Some(row.split.as_str()), "{row:?}");
        assert!(demo.rows.iter().any(|other| other.path == row.path && other.fault.ends_with("-copy")));
    }
    for row in demo.rows(Fault::TwoLabels) {
        assert_ne!(row.of.split('/').nth(1), Some(row.label.as_str()), "{row:?}");
    }
}

#[test]
fn labels_are_wrong_or_missing_where_it_says_so() {
    let demo = Demo::write(1000, 3);
    assert_eq!((demo.report.faults[&Fault::WrongLabel], demo.report.faults[&Fault::MissingLabel]), (20, 50));
    for row in demo.rows(Fault::WrongLabel) {
        assert!(!row.label.is_empty() && row.label != row.class, "{row:?}");
        assert_eq!(row.detail, format!("shows {}", row.class));
    }
    for row in demo.rows(Fault::MissingLabel) {
        assert!(row.label.is_empty() && row.path.split('/').count() == 2, "{row:?}");
    }
}

#[test]
fn faulty_pictures_and_files_have_their_fault() {
    let demo = Demo::write(900, 4);
    let check = |fault: Fault, is_so: &dyn Fn(&Row, &DynamicImage) -> bool| {
        for row in demo.rows(fault) {
            let image = demo.image(&row.path);
            assert!(is_so(row, &image), "{row:?}: {}×{}", image.width(), image.height());
        }
    };
    check(Fault::Blurry, &|_, image| steepest(image) < 60);
    check(Fault::Dark, &|_, image| mean(image) < 36.0);
    check(Fault::OverExposed, &|_, image| mean(image) > 228.0);
    check(Fault::NearlyEmpty, &|row, image| steepest(image) < 5 && row.class.is_empty());
    check(Fault::OddShaped, &|_, image| {
        image.width() == image.height() * 8 || image.height() == image.width() * 8
    });
    check(Fault::OddSized, &|_, image| image.width() <= 20 || image.width() >= 1024);
    check(Fault::Grey, &|row, image| {
        colourfulness(image) <= 4 && (image.color().channel_count() == 1) == (row.detail == "one channel")
    });
    for row in demo.rows(Fault::Truncated) {
        let bytes = demo.bytes(&row.path);
        let ended = bytes.ends_with(&[0xff, 0xd9]) || bytes.windows(4).any(|name| name == b"IEND");
        assert!(!ended && !bytes.is_empty(), "{row:?}");
        assert!(row.path.ends_with(".jpg") || image::load_from_memory(&bytes).is_err(), "{row:?}");
    }
    for row in demo.rows(Fault::Empty) {
        assert!(demo.bytes(&row.path).is_empty() && row.class.is_empty(), "{row:?}");
    }
    for row in demo.rows(Fault::Misnamed) {
        let content = image::guess_format(&demo.bytes(&row.path)).unwrap();
        assert_ne!(content, ImageFormat::from_path(&row.path).unwrap(), "{row:?}");
        demo.image(&row.path);
    }
}

/// What was planted is what the checks flag by their default thresholds: all of it, and nothing else.
#[test]
fn planted_faults_of_quality_are_those_that_the_checks_flag() {
    for (samples, seed) in [(600, 1), (700, 6)] {
        let demo = Demo::write(samples, seed);
        let dataset = demo.report.dataset.to_str().unwrap();
        let found = json(&lenslet(&["quality", dataset, "--json"], demo.folder.path()));
        for (check, fault) in [
            ("dark", Fault::Dark),
            ("light", Fault::OverExposed),
            ("odd-aspect-ratio", Fault::OddShaped),
            ("low-information", Fault::NearlyEmpty),
            ("blurry", Fault::Blurry),
            ("odd-size", Fault::OddSized),
            ("grey", Fault::Grey),
        ] {
            let row = found["checks"].as_array().unwrap().iter().find(|row| row["check"] == check).unwrap();
            let flagged = row["flagged"].as_array().unwrap().iter().map(|path| path.as_str().unwrap());
            let flagged: BTreeSet<&str> = flagged.collect();
            let planted: BTreeSet<&str> = demo.rows(fault).map(|row| row.path.as_str()).collect();
            assert!(!planted.is_empty(), "{fault:?}");
            assert_eq!(flagged, planted, "{check} of {samples} samples with seed {seed}");
        }
    }
}

#[test]
fn labels_follow_a_long_tail() {
    let demo = Demo::write(3000, 1);
    let mut counts = BTreeMap::<String, u32>::new();
    for path in files(&demo.report.dataset).into_keys() {
        if let [_, label, _] = path.split('/').collect::<Vec<_>>()[..] {
            *counts.entry(label.to_owned()).or_default() += 1;
        }
    }
    let counts: Vec<u32> = counts.into_values().collect();
    assert_eq!(counts.len(), 10);
    assert!(
        counts[0] > 900 && counts[0] > 7 * counts[9] && counts[..6].is_sorted_by(|a, b| a > b),
        "{counts:?}"
    );
}

#[test]
fn a_demo_is_reused_redone_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions { out: folder.path().join("demo"), samples: 30, seed: 1 };
    let control = Control::new();

    let written = demo::ensure(&options, &control).unwrap();
    assert_eq!(control.progress().done, 30);
    let whole = files(&options.out);
    let names: Vec<&str> = whole.keys().filter(|path| !path.contains('/')).map(String::as_str).collect();
    assert_eq!(names, ["demo.json", "truth.csv"]);

    fs::remove_file(options.out.join("truth.csv")).unwrap();
    assert_eq!(demo::ensure(&options, &control).unwrap(), written);
    assert_eq!(files(&options.out), whole);
    assert!(matches!(
        demo::write(&options, &control),
        Err(DemoError::AlreadyThere { samples: 30, seed: 1, .. })
    ));
    let other = DemoOptions { seed: 2, ..options.clone() };
    assert!(matches!(demo::ensure(&other, &control), Err(DemoError::AlreadyThere { seed: 1, .. })));

    // A demo of an older version is told as such.
    let marker = options.out.join("demo.json");
    let text = fs::read_to_string(&marker).unwrap();
    let version = format!("\"version\":{}", demo::VERSION);
    fs::write(&marker, text.replace(&version, "\"version\":0")).unwrap();
    let refused = demo::ensure(&options, &control).unwrap_err().to_string();
    assert!(refused.contains("in version 0 already"), "{refused}");
    fs::write(&marker, text).unwrap();
    let folder_of_app = DemoOptions::below(folder.path(), demo::DEFAULT_SAMPLES, demo::DEFAULT_SEED).out;
    assert!(folder_of_app.ends_with(format!("demo-{}", demo::VERSION)));

    // As a killed program leaves it: moved in part, the marker still to come.
    fs::create_dir(options.out.join("lenslet-demo.partial")).unwrap();
    fs::write(options.out.join("lenslet-demo.partial/writer.lock"), "123").unwrap();
    fs::rename(&marker, options.out.join("lenslet-demo.partial/demo.json")).unwrap();
    fs::remove_dir_all(options.out.join("glyphs/train")).unwrap();
    demo::ensure(&options, &control).unwrap();
    assert_eq!(files(&options.out), whole);

    let foreign = folder.path().join("mine");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("truth.csv"), "mine").unwrap();
    let refused =
        demo::ensure(&DemoOptions { out: foreign.clone(), ..options.clone() }, &control).unwrap_err();
    assert!(matches!(refused, DemoError::NotEmpty(_)) && refused.to_string().contains("mine"));
    assert_eq!(files(&foreign).len(), 1);
}

#[test]
fn of_two_writers_into_one_folder_one_is_told_of_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions { out: folder.path().join("demo"), samples: 400, seed: 1 };
    let (first, second) = std::thread::scope(|scope| {
        let writers = [(); 2].map(|()| scope.spawn(|| demo::write(&options, &Control::new())));
        let [first, second] = writers.map(|writer| writer.join().unwrap());
        (first, second)
    });
    // Whoever comes after the end finds a demo; whoever comes before is told who writes.
    let errors: Vec<_> = [first, second].into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(matches!(errors[0], DemoError::BeingWritten { .. } | DemoError::AlreadyThere { .. }));
    assert_eq!(files(&options.out.join("glyphs")).len(), 400);

    // Held by somebody else for sure.
    let out = folder.path().join("held");
    fs::create_dir_all(out.join("lenslet-demo.partial")).unwrap();
    let mut lock = fs::File::create(out.join("lenslet-demo.partial/writer.lock")).unwrap();
    lock.lock().unwrap();
    std::io::Write::write_all(&mut lock, b"4711").unwrap();
    let held = DemoOptions { out: out.clone(), ..options };
    let refused = demo::ensure(&held, &Control::new()).unwrap_err().to_string();
    assert!(refused.contains("another Lenslet") && refused.contains("held"), "{refused}");
    assert_eq!(refused.contains("process 4711"), cfg!(unix), "{refused}");
    assert_eq!(files(&out).len(), 1, "nothing of it was touched");
    drop(lock);
    demo::ensure(&held, &Control::new()).unwrap();
}

#[test]
fn odd_numbers_and_a_cancelled_job() {
    let folder = tempfile::tempdir().unwrap();
    let options = |samples| DemoOptions { out: folder.path().join("demo"), samples, seed: 1 };
    for samples in [0, demo::MAX_SAMPLES + 1] {
        assert!(matches!(demo::write(&options(samples), &Control::new()), Err(DemoError::Samples(_))));
    }
    let control = Control::new();
    control.cancel();
    assert!(matches!(demo::write(&options(50), &control), Err(DemoError::Cancelled(_))));
    assert!(!folder.path().join("demo").exists(), "nothing is left behind");
    let report = demo::write(&options(1), &Control::new()).unwrap();
    assert_eq!(files(&report.dataset).len(), 1);
}
