//! What the commands say that look at every picture: duplicates and quality.

use std::collections::BTreeSet;
use std::path::Path;

use image::{Rgb, RgbImage};
use lenslet::demo::{DemoOptions, write};
use lenslet::jobs::Control;
use serde_json::Value;

use crate::cli::{json, lenslet};
use crate::data::real_data;

fn report(command: &str, path: &Path, more: &[&str]) -> Value {
    let home = tempfile::tempdir().expect("a folder");
    let path = path.to_str().expect("UTF-8");
    json(&lenslet(&[&[command, path, "--json"], more].concat(), home.path()))
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|word| word.as_str().expect("a text")).collect()
}

fn groups(report: &Value) -> Vec<Vec<&str>> {
    report["groups"].as_array().expect("a list").iter().map(words).collect()
}

/// The rows of a table that a command wrote.
fn table(command: &str, path: &Path, option: &str, more: &[&str]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("table.csv");
    let file = file.to_str().expect("UTF-8");
    report(command, path, &[&[option, file], more].concat());
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_path(file).expect("it was written");
    rows.records().map(|row| row.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

/// As imagededup's own tests have them (`tests/test_hashing.py`, `encode_image` of each method). Its hash
/// of a picture that EXIF turns is of the picture as it is stored; here it is of the picture upright.
#[test]
fn hashes_are_imagededups() {
    let Some(folder) = real_data("imagededup") else { return };
    for (method, name, expected) in [
        ("phash", "ukbench00120.jpg", 0x9fee_2562_3998_4d71_u64),
        ("dhash", "ukbench00120.jpg", 0x2b69_7075_51f1_b87a),
        ("ahash", "ukbench00120.jpg", 0x81b8_3c3c_3c3c_1e0a),
        ("whash", "ukbench00120.jpg", 0x89b8_bc3c_3c3c_5e0e),
        ("phash", "ukbench00120_resize.jpg", 0x9fee_2562_3998_4d71),
        ("phash", "ukbench00120_rotation.jpg", 0x850d_513c_4fdc_bb72),
        ("phash", "ukbench00120_hflip.jpg", 0xcabb_7237_e8cd_3824),
    ] {
        let rows = table("duplicates", &folder.join("mixed_images"), "--save-hashes", &["--method", method]);
        assert_eq!(rows[0], ["path", method]);
        let row = rows.iter().find(|row| row[0] == name).expect("it is a sample");
        let hash = u64::from_str_radix(&row[1], 16).expect("hexadecimal");
        assert!((hash ^ expected).count_ones() <= 2, "{method} of {name}: {hash:016x}, not {expected:016x}");
    }
}

#[test]
fn duplicates_are_imagededups_and_a_corrupt_file_is_an_issue() {
    let Some(folder) = real_data("imagededup") else { return };
    let folder = folder.join("mixed_images");
    let found = report("duplicates", &folder, &[]);
    assert_eq!(groups(&found), [["ukbench00120.jpg", "ukbench00120_resize.jpg"]]);
    assert_eq!((&found["samples"], &found["redundant"]), (&6.into(), &1.into()));
    assert_eq!(found["issues"][0]["path"], "ukbench09268_corrupt.jpg");
    let found = report("duplicates", &folder, &["--symmetries"]);
    assert_eq!(groups(&found), [["ukbench00120.jpg", "ukbench00120_hflip.jpg", "ukbench00120_resize.jpg"]]);
}

/// Recorded from CleanVision 0.3.7: `Imagelab(data_path=…).find_issues()`, the columns `is_…_issue`; a
/// white picture stored in colour is grey here as well.
#[test]
fn flags_are_cleanvisions() {
    let Some(folder) = real_data("cleanvision") else { return };
    let found = report("quality", &folder, &[]);
    for (check, expected) in [
        ("dark", vec!["image_417.png"]),
        ("light", vec!["image_588.png"]),
        ("odd-aspect-ratio", vec!["image_604.png"]),
        ("low-information", vec!["image_591.png", "image_588.png"]),
        ("blurry", vec!["image_601.png"]),
        ("odd-size", vec!["image_604.png"]),
        ("grey", vec!["image_101.png", "image_588.png"]),
    ] {
        let rows = found["checks"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["check"] == check).expect("it is a check");
        let names: Vec<&str> =
            words(&row["flagged"]).iter().filter_map(|path| path.rsplit('/').next()).collect();
        assert_eq!(names, expected, "{check}");
    }
    // Scores of its table, rounded to four places there.
    let rows = table("quality", &folder, "--scores", &[]);
    assert_eq!(
        rows[0],
        ["path", "dark", "light", "odd-aspect-ratio", "low-information", "blurry", "odd-size", "grey"]
    );
    for (name, scores) in [
        ("image_103.png", [0.9378, 0.9251, 0.5996, 0.8895, 0.4956, 0.9899, 1.0]),
        ("image_417.png", [0.0212, 0.9935, 0.998, 0.3564, 0.85, 0.9118, 1.0]),
        ("image_601.png", [0.7272, 0.908, 0.75, 0.8511, 0.2001, 0.9789, 1.0]),
        ("image_604.png", [0.6909, 0.3887, 0.0877, 0.5577, 0.5371, 0.0, 1.0]),
    ] {
        let row = rows.iter().find(|row| row[0].ends_with(name)).expect("it is a sample");
        for (at, score) in scores.into_iter().enumerate() {
            let here: f64 = row[at + 1].parse().expect("a number");
            assert!((here - score).abs() < 0.004, "{name}: {} is {here}, not {score}", rows[0][at + 1]);
        }
    }
}

/// A picture of blocks without symmetry, another one for each seed.
fn picture(seed: u32) -> RgbImage {
    RgbImage::from_fn(96, 64, |x, y| {
        let block = (x / 5 + 100 * (y / 5) + 10_000 * seed).wrapping_mul(2_654_435_761);
        Rgb([(block >> 8) as u8, (block >> 16) as u8, (block >> 24) as u8])
    })
}

#[test]
fn copies_are_found_by_what_they_share() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let first = picture(1);
    first.save(at("a.png")).unwrap();
    std::fs::copy(at("a.png"), at("b copy.png")).unwrap();
    first.save(at("c other encoding.bmp")).unwrap();
    first.save(at("d lossy.jpg")).unwrap();
    image::imageops::rotate90(&image::imageops::flip_horizontal(&first)).save(at("e turned.png")).unwrap();
    picture(4).save(at("f other.png")).unwrap();
    for (name, value) in [("g plain.png", 7), ("h plain too.png", 90)] {
        RgbImage::from_pixel(96, 64, Rgb([value; 3])).save(at(name)).unwrap();
    }
    std::fs::write(at("i broken.png"), b"no picture").unwrap();
    let same = ["a.png", "b copy.png"];
    let pixels = ["a.png", "b copy.png", "c other encoding.bmp"];
    let alike = ["a.png", "b copy.png", "c other encoding.bmp", "d lossy.jpg"];
    let turned = ["a.png", "b copy.png", "c other encoding.bmp", "d lossy.jpg", "e turned.png"];
    for (arguments, expected) in [
        (vec!["--method", "file"], &same[..]),
        (vec!["--method", "pixels"], &pixels),
        (vec![], &alike),
        (vec!["--method", "dhash", "--threshold", "6"], &alike),
        (vec!["--bits", "256"], &alike),
        (vec!["--symmetries"], &turned),
        (vec!["--method", "dhash", "--threshold", "6", "--symmetries"], &turned),
        (vec!["--method", "ahash", "--threshold", "6", "--symmetries"], &turned),
        (vec!["--method", "whash", "--threshold", "6", "--symmetries"], &turned),
        (vec!["--bits", "256", "--symmetries"], &turned),
        (vec!["--threads", "1"], &alike),
    ] {
        let found = report("duplicates", folder.path(), &arguments);
        assert_eq!(groups(&found), [expected], "{arguments:?}");
        assert_eq!(found["samples"], 9);
    }
    // Pictures of one value have no hash, and what is broken is an issue.
    let rows = table("duplicates", folder.path(), "--save-hashes", &["--method", "phash"]);
    let without: Vec<&str> = rows.iter().filter(|row| row[1].is_empty()).map(|row| row[0].as_str()).collect();
    assert_eq!(without, ["g plain.png", "h plain too.png", "i broken.png"]);
    assert_eq!(rows[1][1].len(), 16);
    let rows = table("duplicates", folder.path(), "--save-hashes", &["--method", "file"]);
    let hash = blake3::hash(&std::fs::read(at("a.png")).unwrap()).to_hex();
    assert_eq!(rows[1][1], hash[..32]);
}

#[test]
fn what_is_wrong_with_files_is_told_once_and_not_at_length() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::codecs::jpeg::JpegEncoder::new(&mut bytes).encode_image(&picture(1)).unwrap();
    let bytes = bytes.into_inner();
    std::fs::write(folder.path().join("short.jpg"), &bytes[..bytes.len() * 2 / 3]).unwrap();
    for at in 0..30 {
        std::fs::write(folder.path().join(format!("{at:02}.jpg")), b"no picture").unwrap();
    }
    // A picture that ends early is looked at, and told of all the same.
    for arguments in [&["duplicates"][..], &["quality"], &["duplicates", "--method", "pixels"]] {
        let found = report(arguments[0], folder.path(), &arguments[1..]);
        let issues = found["issues"].as_array().expect("a list");
        assert_eq!(issues.len(), 31, "{arguments:?}");
        assert_eq!((&issues[30]["path"], &issues[30]["kind"]), (&"short.jpg".into(), &"truncated".into()));
        let path = folder.path().to_str().expect("UTF-8");
        let text = lenslet(&[&[arguments[0], path], &arguments[1..]].concat(), folder.path()).stdout;
        let text = String::from_utf8(text).expect("UTF-8");
        assert!(text.contains("issues (31)") && text.contains("… and 11 more"), "{text}");
    }
}

#[test]
fn a_listed_issue_is_not_told_again() {
    let folder = tempfile::tempdir().expect("a folder");
    picture(1).save(folder.path().join("a.png")).unwrap();
    std::fs::write(folder.path().join("list.csv"), "path,label\na.png,x\nb.png,y\n").unwrap();
    let found = report("duplicates", &folder.path().join("list.csv"), &[]);
    let issues = found["issues"].as_array().expect("a list");
    assert_eq!((issues.len(), &issues[0]["kind"]), (1, &"missing".into()), "{issues:?}");
}

#[test]
fn one_picture_many_equal_ones_and_none_that_can_be_read_end_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let only = |name: &str| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    };
    let (one, equal, broken) = (only("one"), only("equal"), only("broken"));
    picture(2).save(one.join("a.png")).unwrap();
    for at in 0..300 {
        std::fs::copy(one.join("a.png"), equal.join(format!("{at:03}.png"))).unwrap();
        std::fs::write(broken.join(format!("{at:03}.jpg")), b"no picture").unwrap();
    }
    for (path, samples, redundant, pairs) in [(&one, 1, 0, 0), (&equal, 300, 299, 299), (&broken, 300, 0, 0)]
    {
        let found = report("duplicates", path, &["--symmetries"]);
        assert_eq!(found["samples"], samples);
        assert_eq!(found["redundant"], redundant);
        assert_eq!(found["pairs"].as_array().map(Vec::len), Some(pairs));
        let quality = report("quality", path, &[]);
        assert_eq!(quality["samples"], samples);
        for row in quality["checks"].as_array().expect("a list") {
            assert_eq!(row["flagged"], Value::Array(Vec::new()), "{row}");
            // Equal pictures are all under a threshold or none is; what cannot be read never is.
            let under = if path == &broken { vec![0] } else { vec![0, samples] };
            assert!(under.iter().any(|under| row["under"] == *under), "{row}");
        }
    }
    // All are dark by this threshold: that says something of the dataset.
    let dark = report("quality", &equal, &["--threshold", "dark=1"]);
    assert_eq!(
        (&dark["checks"][0]["under"], &dark["checks"][0]["flagged"]),
        (&300.into(), &Vec::<u8>::new().into())
    );
}

#[test]
fn planted_copies_and_plain_faults_are_found() {
    let home = tempfile::tempdir().expect("a folder");
    let options = DemoOptions { samples: 600, ..DemoOptions::new(home.path().join("demo")) };
    let demo = write(&options, &Control::new()).expect("the demo is written");
    let mut truth = csv::Reader::from_path(&demo.truth).expect("it was written");
    let rows: Vec<Vec<String>> =
        truth.records().map(|row| row.expect("CSV").iter().map(str::to_owned).collect()).collect();
    let of = |fault: &'static str| rows.iter().filter(move |row| row[4] == fault);

    let found = report("duplicates", &demo.dataset, &["--method", "file"]);
    let groups = groups(&found);
    let together =
        |one: &str, two: &str| groups.iter().any(|group| group.contains(&one) && group.contains(&two));
    assert!(of("identical-copy").count() > 0);
    for row in of("identical-copy") {
        assert!(together(&row[0], &row[5]), "{} is a copy of {}", row[0], row[5]);
    }
    let told: BTreeSet<&str> = rows.iter().flat_map(|row| [row[0].as_str(), row[5].as_str()]).collect();
    // Empty files are equal files, too.
    for path in groups.iter().flatten() {
        assert!(told.contains(path), "{path} is a copy that nobody planted");
    }

    let quality = report("quality", &demo.dataset, &[]);
    for (check, fault) in [("dark", "dark"), ("odd-aspect-ratio", "odd-shaped"), ("grey", "grey")] {
        let row = quality["checks"].as_array().expect("a list").iter().find(|row| row["check"] == check);
        let flagged: BTreeSet<&str> = words(&row.expect("a check")["flagged"]).into_iter().collect();
        let planted: BTreeSet<&str> = of(fault).map(|row| row[0].as_str()).collect();
        assert!(!planted.is_empty() && planted.is_subset(&flagged), "{check}: {planted:?} in {flagged:?}");
        assert!(flagged.iter().all(|path| told.contains(path)), "{check}: {flagged:?}");
    }
}

/// `docs/accuracy.md` has the figures of larger demos, where more is found.
#[test]
fn most_planted_wrong_labels_come_first() {
    let home = tempfile::tempdir().expect("a folder");
    let options = DemoOptions { samples: 1000, ..DemoOptions::new(home.path().join("demo")) };
    let demo = write(&options, &Control::new()).expect("the demo is written");
    let mut truth = csv::Reader::from_path(&demo.truth).expect("it was written");
    let rows = truth.records().map(|row| row.expect("CSV"));
    let planted: BTreeSet<String> =
        rows.filter(|row| &row[4] == "wrong-label").map(|row| row[0].to_owned()).collect();
    let found = report("label-errors", &demo.dataset, &[]);
    let first = found["ranking"].as_array().expect("a list").iter().take(1000 * 4 / 100);
    let right = first.filter(|row| planted.contains(row["path"].as_str().expect("a text"))).count();
    assert!(right * 10 >= planted.len() * 6, "{right} of {}", planted.len());
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    let home = tempfile::tempdir().expect("a folder");
    picture(1).save(home.path().join("a.png")).unwrap();
    let path = home.path().to_str().expect("UTF-8");
    let inside = home.path().join("a.png");
    for (arguments, code, told) in [
        (vec!["duplicates", path, "--method", "dhash", "--bits", "256"], 2, "only phash has 256 bits"),
        (vec!["duplicates", path, "--method", "file", "--symmetries"], 2, "leave them out"),
        (vec!["duplicates", path, "--method", "descriptor", "--symmetries"], 2, "does not see mirrored"),
        (vec!["duplicates", path, "--method", "phash", "--threshold", "40"], 2, "as far as 16 bits"),
        (vec!["quality", path, "--threshold", "dim=0.2"], 2, "no check is named dim"),
        (vec!["quality", path, "--scores", inside.to_str().unwrap()], 1, "inside the dataset"),
        (
            vec!["duplicates", path, "--method", "phash", "--save-hashes", inside.to_str().unwrap()],
            1,
            "inside the dataset",
        ),
        (vec!["quality", "/nowhere/at/all"], 1, "/nowhere/at/all"),
    ] {
        let output = lenslet(&arguments, home.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
}
