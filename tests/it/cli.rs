//! The program as a person types it.

use std::path::Path;
use std::process::{Command, Output};

use crate::data::real_data;

pub fn lenslet(arguments: &[&str], home: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lenslet"))
        .args(arguments)
        .env("LENSLET_HOME", home)
        .output()
        .expect("the program starts")
}

pub fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// A folder of eight pictures in two splits and a copy of one of them, `train/dog/copy.png`.
pub fn pictures(home: &Path) -> String {
    let set = home.join("set");
    for (at, path) in ["train/cat/0", "train/cat/1", "train/dog/0", "train/dog/1", "val/cat/2", "val/cat/3"]
        .into_iter()
        .chain(["val/dog/2", "val/dog/3"])
        .enumerate()
    {
        let path = set.join(format!("{path}.png"));
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        // Blocks of any colour: no two are alike.
        let mut state = at as u32 + 1;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let blocks: Vec<[u8; 3]> = (0..64).map(|_| [next(), next(), next()]).collect();
        let pixel = |x: u32, y: u32| image::Rgb(blocks[(y / 8 * 8 + x / 8) as usize]);
        image::RgbImage::from_fn(64, 64, pixel).save(path).expect("a PNG");
    }
    std::fs::copy(set.join("train/dog/0.png"), set.join("train/dog/copy.png")).expect("a copy");
    set.to_str().expect("UTF-8").to_owned()
}

#[test]
fn every_method_finds_a_copy_and_tells_pairs_alike() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    for words in [
        &["--method", "phash"][..],
        &["--method", "phash", "--bits", "256"],
        &["--method", "dhash"],
        &["--method", "ahash", "--symmetries"],
        &["--method", "whash"],
        &["--method", "pixels"],
        &["--method", "file"],
        // To the descriptor, pictures of nothing but colourful blocks are much alike.
        &["--method", "descriptor", "--threshold", "100"],
        &[],
    ] {
        let told = json(&lenslet(&[&["duplicates", &set, "--json"], words].concat(), home.path()));
        assert_eq!(told["samples"], 9, "{words:?}");
        assert!(told["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{words:?} {told}");
        let copies = serde_json::json!(["train/dog/0.png", "train/dog/copy.png"]);
        let groups = told["groups"].as_array().expect("a list");
        assert!(groups.contains(&copies), "{words:?} {told}");
        let pairs = told["pairs"].as_array().expect("a list");
        assert!(pairs.iter().all(|pair| pair["distance"].is_number()), "{words:?} {told}");
        let pair = pairs.iter().find(|pair| serde_json::json!([pair["a"], pair["b"]]) == copies);
        let distance = pair.and_then(|pair| pair["distance"].as_f64());
        assert!(distance.is_some_and(|distance| distance.abs() < 1e-3), "{words:?} {told}");
    }
}

#[test]
fn demos_without_a_folder_do_not_meet() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = |arguments: &[&str]| {
        let wrote = lenslet(&[&["demo"], arguments].concat(), home.path());
        let printed = String::from_utf8(wrote.stdout).expect("UTF-8");
        // As `make run` reads it.
        let (count, path) = printed.lines().next().and_then(|line| line.split_once(" samples in ")).unwrap();
        assert!(path.starts_with(home.path().to_str().expect("UTF-8")), "{path}");
        assert!(std::fs::read_dir(path).expect("it is there").count() > 0);
        (count.to_owned(), path.to_owned())
    };
    let all =
        [&["--samples", "20"][..], &["--samples", "21"], &["--samples", "20", "--seed", "2"]].map(dataset);
    assert_eq!(all.each_ref().map(|(count, _)| count.as_str()), ["20", "21", "20"]);
    assert_ne!(all[0].1, all[2].1);
    assert_eq!(dataset(&["--samples", "20"]), all[0], "one that is there is used again");
}

#[test]
fn scan_prints_the_facts_of_the_demo() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("out");
    let out = out.to_str().expect("UTF-8");
    let wrote = lenslet(&["demo", "--out", out, "--samples", "250"], home.path());
    assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
    let glyphs = format!("{out}/glyphs");

    let scan = lenslet(&["scan", &glyphs, "--json"], home.path());
    assert!(scan.stderr.is_empty(), "progress goes to a terminal only");
    let all = json(&scan);
    assert_eq!(all["samples"], 250);
    let classes = all["classes"].as_object().expect("an object");
    assert_eq!(classes.values().filter_map(serde_json::Value::as_u64).sum::<u64>(), 250);
    assert_eq!(classes["unlabelled"], all["unlabelled"]);
    let splits = all["splits"].as_object().expect("an object");
    assert_eq!(splits.values().filter_map(serde_json::Value::as_u64).sum::<u64>(), 250);
    for key in ["formats", "bytes", "width", "height", "issues", "seconds"] {
        assert!(!all[key].is_null(), "{key}");
    }
    let kinds: Vec<_> =
        all["issues"].as_array().expect("a list").iter().map(|issue| &issue["kind"]).collect();
    for kind in ["empty", "truncated", "misnamed"] {
        assert!(kinds.iter().any(|found| **found == kind), "{kind} among {kinds:?}");
    }

    // The figures are the same on one thread, and from a project the second time.
    let one = json(&lenslet(&["scan", &glyphs, "--json", "--threads", "1"], home.path()));
    let project = home.path().join("project");
    let project = project.to_str().expect("UTF-8");
    let first = json(&lenslet(&["scan", &glyphs, "--json", "--project", project], home.path()));
    let second = json(&lenslet(&["scan", &glyphs, "--json", "--project", project], home.path()));
    for other in [one, first, second] {
        for key in ["samples", "classes", "splits", "formats", "bytes", "width", "height", "issues"] {
            assert_eq!(other[key], all[key], "{key}");
        }
    }

    let val = json(&lenslet(&["scan", &glyphs, "--json", "--filter", "split:val"], home.path()));
    assert_eq!(val["samples"], all["splits"]["val"]);
}

#[test]
fn wrong_usage_exits_with_2_and_unreadable_sources_with_1() {
    let home = tempfile::tempdir().expect("a folder");
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    let empty = empty.to_str().expect("UTF-8");
    for (arguments, code, told) in [
        (&["scan"][..], 2, "PATH"),
        (&["scan", "x", "--threads", "0"], 2, "--threads"),
        (&["screenshot", "--out", "x.png", "--size", "7"], 2, "1280x720"),
        (&["scan", "/no/such/place"], 1, "/no/such/place"),
        (&["scan", empty], 1, "Image folder"),
    ] {
        let output = lenslet(arguments, home.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(told), "{arguments:?}: {error}");
        assert!(!error.contains("panicked"), "{error}");
    }
}

#[test]
fn a_wrong_filter_is_pointed_at() {
    let Some(flowers) = real_data("flowers") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let flowers = flowers.to_str().expect("UTF-8");
    let output = lenslet(&["scan", flowers, "--filter", "lable:roses"], home.path());
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("label") && error.contains("^"), "{error}");
}

#[test]
fn real_datasets_have_the_facts_that_are_known_of_them() {
    let home = tempfile::tempdir().expect("a folder");
    for (folder, path, samples, classes, splits) in [
        ("flowers", "", 400, 5, &[("train", 300), ("val", 100)][..]),
        ("coco128-yolo", "", 64, 0, &[("train", 64)]),
        ("raccoon-voc", "", 60, 1, &[]),
        ("hf-parquet", "", 184, 5, &[("val", 184)]),
        ("cifar10", "cifar10-test-jpg.tar", 10_000, 10, &[("test", 10_000)]),
    ] {
        let Some(root) = real_data(folder) else { return };
        let source = root.join(path);
        let report = json(&lenslet(&["scan", source.to_str().expect("UTF-8"), "--json"], home.path()));
        assert_eq!(report["samples"], samples, "{folder}");
        if classes > 0 {
            let named = report["classes"].as_object().expect("an object");
            assert_eq!(named.keys().filter(|name| *name != "unlabelled").count(), classes, "{folder}");
        }
        for (split, count) in splits {
            assert_eq!(report["splits"][split], *count, "{folder}");
        }
    }
}

#[test]
fn a_screenshot_is_a_picture_of_the_window() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("welcome.png");
    let target = out.to_str().expect("UTF-8");
    let shot = lenslet(&["screenshot", "--out", target, "--size", "800x500"], home.path());
    assert!(shot.status.success(), "{}", String::from_utf8_lossy(&shot.stderr));
    let picture = image::open(&out).expect("a PNG").to_rgb8();
    assert_eq!(picture.dimensions(), (800, 500));
    let first = picture.get_pixel(0, 0);
    assert!(picture.pixels().any(|pixel| pixel != first), "something is drawn");
}
