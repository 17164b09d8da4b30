//! Files of labels from outside: written and read by the program's rooms, and compared on the command line.

use std::path::Path;

use lenslet::annotation::{
    Annotated, Annotations, Existing, FORMATS, Format, MatchBy, Resolve, Target, merge, read, write,
};
use lenslet::jobs::Control;

use crate::cli::{json, lenslet, pictures};

fn put(annotations: &Annotations, format: &str, path: &Path) {
    let format = Format::named(format).expect("there is such a format");
    let target = Target { path, dataset: None, existing: Existing::Keep };
    write(annotations, format, &target).expect("it is written");
}

fn said(labels: &[(&str, &str)]) -> Annotations {
    let sample = |(path, label): &(&str, &str)| {
        let labels = if label.is_empty() { Vec::new() } else { vec![(*label).to_owned()] };
        Annotated { path: (*path).to_owned(), labels, ..Annotated::default() }
    };
    Annotations::of_samples(labels.iter().map(sample).collect())
}

#[test]
fn class_folders_are_labels_and_meet_a_table_of_them() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    let control = Control::new();
    let folder = read(Path::new(&set), None, &control).expect("it is read").annotations;
    assert_eq!((folder.classes.len(), folder.samples.len()), (2, 9));
    let table = said(&[("train/cat/0.png", "cat"), ("val/dog/2.png", "cat"), ("dog/copy.png", "dog")]);
    let path = home.path().join("labels.csv");
    put(&table, "csv", &path);
    let theirs = read(&path, None, &control).expect("it is read").annotations;
    let plan = merge(&folder, &theirs, MatchBy::Path, &control).expect("it goes on");
    assert_eq!((plan.samples.len(), plan.unmatched.len()), (3, 0));
    let changes = plan.changes(&folder, &theirs, Resolve::TakeTheirs, &control).expect("it goes on");
    let paths: Vec<&str> = changes.iter().map(|one| folder.samples[one.ours].path.as_str()).collect();
    assert_eq!(paths, ["val/dog/2.png"]);
}

#[test]
fn label_files_without_pictures_are_read_by_themselves() {
    let home = tempfile::tempdir().expect("a folder");
    let mut annotations = said(&[("train/1.jpg", ""), ("val/2.png", "")]);
    for (sample, split) in annotations.samples.iter_mut().zip(["train", "val"]) {
        let rect = [0.25, 0.25, 0.5, 0.5];
        sample.boxes = vec![lenslet::annotation::AnnotatedBox { class: "cat".into(), rect, relative: true }];
        sample.size = Some([100, 80]);
        sample.split = Some(split.to_owned());
        sample.tidy();
    }
    for format in ["yolo", "voc"] {
        let path = home.path().join(format);
        put(&annotations, format, &path);
        let found = read(&path, None, &Control::new()).expect("it is read");
        let told: Vec<(&str, Option<&str>, usize)> = found
            .annotations
            .samples
            .iter()
            .map(|one| (one.path.as_str(), one.split.as_deref(), one.boxes.len()))
            .collect();
        assert_eq!(told, [("train/1.jpg", Some("train"), 1), ("val/2.png", Some("val"), 1)], "{format}");
        assert_eq!(found.faults.count(), 0, "{format}");
    }
}

#[test]
fn agreement_of_files_of_any_format_is_printed() {
    let home = tempfile::tempdir().expect("a folder");
    // Krippendorff's first example: two observers, ten units, α = 0.095.
    let paths: Vec<String> = (0..10).map(|at| format!("{at}.png")).collect();
    let of = |answers: &str| {
        let labels: Vec<String> = answers.chars().map(|answer| answer.to_string()).collect();
        let pairs: Vec<(&str, &str)> =
            paths.iter().map(String::as_str).zip(labels.iter().map(String::as_str)).collect();
        said(&pairs)
    };
    let (ada, grace) = (home.path().join("ada.jsonl"), home.path().join("grace.json"));
    put(&of("0100000010"), "jsonl", &ada);
    put(&of("1110010000"), "coco", &grace);
    let (ada, grace) = (ada.to_str().expect("UTF-8"), grace.to_str().expect("UTF-8"));
    let report = json(&lenslet(&["labels", "agreement", ada, grace, "--json"], home.path()));
    let alpha = report["alpha"]["alpha"].as_f64().expect("a number");
    assert!((alpha - 0.095).abs() < 5e-4, "{alpha}");
    assert_eq!(report["pairs"][0]["samples"], 10);
    assert_eq!(report["disputes"].as_array().map(Vec::len), Some(4));
    let text = lenslet(&["labels", "agreement", ada, grace], home.path());
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for expected in
        ["ada  10 samples answered", "ada and grace", "Krippendorff's alpha 0.095", "disputed (4)"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn agreement_refuses_what_it_cannot_compare() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("a.csv");
    put(&said(&[("1.png", "cat")]), "csv", &file);
    let file = file.to_str().expect("UTF-8");
    for (words, status, told) in [
        (&["labels", "agreement", file][..], 2, "nobody to agree with"),
        (&["labels", "agreement", file, "missing.csv"], 1, "missing.csv"),
        (&["labels", "agreement"], 2, "FILE"),
    ] {
        let output = lenslet(words, home.path());
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{text}");
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn every_format_has_a_name_of_its_own() {
    for format in FORMATS {
        let found = Format::named(format.name).expect("it is found by its name");
        assert_eq!(found.title, format.title);
    }
}
