//! Balancing and splitting from outside: what is planned is what is written, and nothing leaks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lenslet::balance::{Fill, Means, Target, Weighting};
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{Decision, Facts, SplitId, Verdict};
use lenslet::export::dataset::{Planned, write_manifest};
use lenslet::import::{self, dataset_reader};
use lenslet::jobs::Control;
use lenslet::pipeline::balancing::{
    Balanced, Request, SplitRequest, balance, class_counts, deal, usual_splits,
};
use serde_json::{Value, json};

use crate::cli::{json, lenslet, pictures};
use crate::data::real_data;
use crate::training::text;

/// Samples by split and class.
type Counts = BTreeMap<(String, String), u64>;

fn snapshot(path: &str) -> Snapshot {
    let imported = import::open(path, &Control::new()).unwrap_or_else(|error| panic!("{path}: {error}"));
    let facts = Facts::new(imported.dataset.len());
    Snapshot::new(imported.dataset.into(), &imported.issues, facts, Default::default())
}

fn counts(snapshot: &Snapshot) -> Counts {
    let dataset = &snapshot.dataset;
    let mut counts = Counts::new();
    for sample in 0..dataset.len() as u32 {
        let split = dataset.split(sample).unwrap_or_default().to_owned();
        for class in dataset.labels.names(sample) {
            *counts.entry((split.clone(), class.to_owned())).or_default() += 1;
        }
    }
    counts
}

/// One figure of every class that is planned, where it is above 0.
fn planned(report: &Value, figure: &str) -> Counts {
    let mut counts = Counts::new();
    for split in report["splits"].as_array().expect("a list") {
        for class in split["classes"].as_array().expect("a list") {
            let name = |value: &Value| value.as_str().expect("a name").to_owned();
            let count = class[figure].as_u64().expect("a count");
            if count > 0 {
                counts.insert((name(&split["split"]), name(&class["class"])), count);
            }
        }
    }
    counts
}

fn demo(home: &Path, samples: &str) -> String {
    let out = home.join("demo");
    let wrote = lenslet(&["demo", "--out", text(&out), "--samples", samples], home);
    assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
    text(&out.join("glyphs")).to_owned()
}

/// A table as rows of values by their headings.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).expect("a table").deserialize().map(|row| row.expect("a row")).collect()
}

/// What a plan is about, without the time that it took.
fn without_time(mut report: Value) -> Value {
    report.as_object_mut().expect("an object").remove("seconds");
    report
}

#[test]
fn the_demo_comes_to_what_was_planned() {
    let home = tempfile::tempdir().expect("a folder");
    let data = demo(home.path(), "400");
    let project = home.path().join("project");
    let before = counts(&snapshot(&data));
    for (at, (target, means)) in [
        ("uniform", "prune,undersample,oversample"),
        ("sqrt", "prune,undersample"),
        ("floor:14", "oversample"),
        ("cap:5", "undersample,weights"),
    ]
    .into_iter()
    .enumerate()
    {
        let target_folder = home.path().join(format!("out{at}"));
        let words = ["balance", &data, "--target", target, "--means", means, "--seed", "7", "--json"];
        let project = ["--project", text(&project)];
        let dry = json(&lenslet(&[&words[..], &project, &["--dry-run"]].concat(), home.path()));
        let told = json(&lenslet(
            &[&words[..], &project, &["--export", text(&target_folder)]].concat(),
            home.path(),
        ));
        for key in ["splits", "before", "after", "removed", "most_copies", "coverage"] {
            assert_eq!(dry[key], told[key], "{target}: the same seed is the same plan");
        }
        assert_eq!(planned(&told, "after"), planned(&told, "wanted"), "{target}");
        let (own, others): (Counts, Counts) =
            before.clone().into_iter().partition(|((split, _), _)| split == "train");
        assert_eq!(planned(&told, "before"), own, "{target}");
        let mut expected = planned(&told, "after");
        expected.extend(others);
        let after = snapshot(text(&target_folder));
        assert_eq!(counts(&after), expected, "{target}");
        assert_eq!(told["after"]["copies"], after.len(), "{target}");
        // What goes is not there, and a near-copy that stays for it is.
        let there: BTreeSet<String> =
            (0..after.len() as u32).map(|row| after.dataset.path(row).to_owned()).collect();
        let name =
            |path: &Value| path.as_str().and_then(|path| path.rsplit('/').next()).expect("a path").to_owned();
        for row in told["removed"].as_array().expect("a list") {
            assert!(!there.iter().any(|path| path.ends_with(&name(&row["path"]))), "{target}: {row}");
            if !row["kept"].is_null() {
                assert!(there.iter().any(|path| path.ends_with(&name(&row["kept"]))), "{target}: {row}");
            }
        }
        let removes = means.contains("undersample");
        assert_eq!(told["coverage"].is_null(), !removes, "{target}");
    }
}

#[test]
fn a_near_copy_goes_first_and_a_table_says_so() {
    let home = tempfile::tempdir().expect("a folder");
    let data = pictures(home.path());
    for ending in ["csv", "jsonl", "parquet"] {
        let file = home.path().join(format!("table.{ending}"));
        let words =
            ["balance", &data, "--target", "cap:2", "--means", "prune", "--json", "--manifest", text(&file)];
        let told = json(&lenslet(&words, home.path()));
        let gone = json!([{ "path": "train/dog/copy.png", "by": "prune", "kept": "train/dog/0.png", "distance": 0 }]);
        assert_eq!(told["removed"], gone, "{ending}");
        assert_eq!(told["manifest"], text(&file));
        let written = snapshot(text(&file));
        assert_eq!(written.len(), 8, "{ending}");
        let repeat = written.dataset.attributes.iter().find(|attribute| attribute.name == "repeat");
        assert!(repeat.is_some_and(|repeat| repeat.values.iter().all(|value| value == "1")), "{ending}");
        assert!(written.dataset.attributes.iter().all(|attribute| attribute.name != "weight"), "{ending}");
        let again = lenslet(&words, home.path());
        assert_eq!(again.status.code(), Some(1), "it is there already");
        let again = lenslet(&[&words[..], &["--overwrite"]].concat(), home.path());
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    }
}

#[test]
fn repeats_and_variants_are_files_of_the_same_split() {
    let home = tempfile::tempdir().expect("a folder");
    let data = pictures(home.path());
    let run = |means: &[&str], out: &Path| {
        let words = ["balance", &data, "--target", "floor:5", "--json", "--export", text(out), "--means"];
        json(&lenslet(&[&words[..], means].concat(), home.path()))
    };
    for (means, again) in [(&["oversample"][..], "-r"), (&["augment", "--pipeline", "weak"], "-v")] {
        let out = home.path().join(means[0]);
        let told = run(means, &out);
        assert_eq!(told["after"], json!({ "samples": 9, "copies": 14, "bytes": told["after"]["bytes"] }));
        // 2 cats are 5: 2 and 3 of each; 3 dogs are 5.
        assert_eq!(told["most_copies"], 3);
        let after = snapshot(text(&out));
        let count = |split: &str, class: &str| {
            counts(&after).get(&(split.to_owned(), class.to_owned())).copied().unwrap_or(0)
        };
        assert_eq!([count("train", "cat"), count("train", "dog")], [5, 5], "{means:?}");
        assert_eq!([count("val", "cat"), count("val", "dog")], [2, 2], "{means:?}");
        let further =
            (0..after.len() as u32).map(|row| after.dataset.path(row)).filter(|path| path.contains(again));
        let further: Vec<&str> = further.collect();
        assert!(further.len() == 5 && further.iter().all(|path| path.starts_with("train/")), "{further:?}");
        let lines = std::fs::read_to_string(out.join("metadata.jsonl")).expect("it is there");
        assert_eq!(lines.lines().count(), 14, "{means:?}");
    }
    // A table has the images once, and says how often each is there.
    let out = home.path().join("table");
    run(&["oversample", "--layout", "csv"], &out);
    let rows = table(&out.join("metadata.csv"));
    let repeats = rows.iter().map(|row| row["repeat"].parse::<u64>().expect("a number"));
    assert_eq!((rows.len(), repeats.sum::<u64>()), (9, 14));
}

#[test]
fn weights_are_written_with_the_code_that_reads_them() {
    let home = tempfile::tempdir().expect("a folder");
    let data = pictures(home.path());
    let [csv, list, code] = ["w.csv", "w.json", "sampler.py"].map(|name| home.path().join(name));
    let words = ["balance", &data, "--target", "uniform", "--means", "weights", "--total", "4"];
    let wrote =
        lenslet(&[&words[..], &["--weights", text(&csv), "--sampler", text(&code)]].concat(), home.path());
    assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
    let printed = String::from_utf8(wrote.stdout).expect("UTF-8");
    assert!(printed.contains("train") && printed.contains("weight 1.25"), "{printed}");
    // 2 wanted of 2 cats and of 3 dogs weigh 1 and 2/3, and 5/4 times as much have the mean 1.
    let rows = table(&csv);
    assert_eq!(rows.len(), 5, "held-out samples are not drawn");
    for row in &rows {
        let expected = if row["path"].contains("cat") { 1.25 } else { 2.5 / 3.0 };
        let weight: f64 = row["weight"].parse().expect("a number");
        assert!((weight - expected).abs() < 1e-12 && row["repeat"] == "1", "{row:?}");
    }
    let code = std::fs::read_to_string(code).expect("it is there");
    assert!(code.contains("parent / \"w.csv\"\n") && code.contains("WeightedRandomSampler"), "{code}");
    let wrote = lenslet(&[&words[..], &["--weights", text(&list)]].concat(), home.path());
    assert!(wrote.status.success());
    let list: Vec<Value> =
        serde_json::from_slice(&std::fs::read(list).expect("it is there")).expect("a list");
    let told = |row: &BTreeMap<String, String>| (row["path"].clone(), row["weight"].parse::<f64>().ok());
    let listed = |row: &Value| (row["path"].as_str().expect("a path").to_owned(), row["weight"].as_f64());
    assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), list.iter().map(listed).collect::<Vec<_>>());
}

#[test]
fn weights_beside_an_export_are_of_its_files() {
    let home = tempfile::tempdir().expect("a folder");
    let data = pictures(home.path());
    for (at, (means, more)) in [
        ("weights", &[][..]),
        ("oversample,weights", &[]),
        ("augment,weights", &["--pipeline", "weak"]),
        ("oversample,weights", &["--layout", "csv"]),
    ]
    .into_iter()
    .enumerate()
    {
        let (out, csv) = (home.path().join(format!("out{at}")), home.path().join(format!("w{at}.csv")));
        let words = ["balance", &data, "--target", "floor:5", "--json", "--means", means];
        let files = ["--export", text(&out), "--weights", text(&csv)];
        let told = json(&lenslet(&[&words[..], &files, more].concat(), home.path()));
        assert_eq!(told["notes"], json!([]), "{means} {more:?}");
        let rows = table(&csv);
        let repeats: u64 = rows.iter().map(|row| row["repeat"].parse::<u64>().expect("a number")).sum();
        let planned: u64 = planned(&told, "after").into_values().sum();
        assert_eq!(repeats, planned, "{means} {more:?}");
        let is_table = !more.is_empty() && more[0] == "--layout";
        assert!(is_table || rows.iter().all(|row| row["repeat"] == "1"), "{rows:?}");
        assert!(rows.iter().all(|row| out.join(&row["path"]).is_file()), "{rows:?}");
    }
    // What has no file of its own is by the paths of the dataset, and that is told.
    let (out, csv) = (home.path().join("shards"), home.path().join("shards.csv"));
    let words = ["balance", &data, "--target", "floor:5", "--json", "--means", "oversample,weights"];
    let files = ["--layout", "webdataset", "--export", text(&out), "--weights", text(&csv)];
    let told = json(&lenslet(&[&words[..], &files].concat(), home.path()));
    assert!(told["notes"].to_string().contains("by the paths of the dataset"), "{}", told["notes"]);
    assert!(table(&csv).iter().all(|row| Path::new(&data).join(&row["path"]).is_file()));
    // Without weights it is told where they are.
    let words =
        ["balance", &data, "--target", "floor:5", "--json", "--dry-run", "--means", "weights", "--export"];
    let told = json(&lenslet(&[&words[..], &[text(&home.path().join("plain"))]].concat(), home.path()));
    assert!(told["notes"].to_string().contains("add --weights FILE.csv"), "{}", told["notes"]);
}

#[cfg(unix)]
#[test]
fn nothing_that_is_written_replaces_a_sample() {
    let home = tempfile::tempdir().expect("a folder");
    // A table names samples that lie outside of its folder, to which what is to be written leads.
    let (list, far) = (home.path().join("list"), home.path().join("far"));
    for folder in [&list, &far] {
        std::fs::create_dir(folder).expect("a folder");
    }
    let mut rows = String::from("path,label\n");
    let samples = [0u8, 1, 2].map(|at| far.join(format!("{at}.png")));
    for (at, path) in (0u8..).zip(&samples) {
        image::RgbImage::from_pixel(4, 4, image::Rgb([at * 50; 3])).save(path).expect("a PNG");
        rows += &format!("{},{}\n", text(path), if at == 0 { "cat" } else { "dog" });
    }
    let list = list.join("list.csv");
    std::fs::write(&list, rows).expect("a file");
    let [w, code] = ["w.csv", "sampler.py"].map(|name| home.path().join(name));
    for (link, sample) in [&w, &code].into_iter().zip(&samples) {
        std::os::unix::fs::symlink(sample, link).expect("a link");
    }
    let contents = || samples.each_ref().map(|file| std::fs::read(file).expect("it is there"));
    let before = contents();
    let balance = ["balance", text(&list), "--target", "uniform", "--means", "weights", "--overwrite"];
    let split = ["split", text(&list), "--ratios", "1,1", "--no-duplicates", "--overwrite"];
    let safe = home.path().join("safe.csv");
    for words in [
        [&balance[..], &["--weights", text(&w)]].concat(),
        [&balance[..], &["--manifest", text(&w)]].concat(),
        [&balance[..], &["--weights", text(&safe), "--sampler", text(&code)]].concat(),
        [&split[..], &["--manifest", text(&w)]].concat(),
    ] {
        let output = lenslet(&words, home.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {error}");
        assert!(error.contains("sample of the dataset"), "{words:?}: {error}");
        assert!(!safe.exists(), "{words:?}");
    }
    assert_eq!(contents(), before);
}

#[test]
fn a_target_is_another_split_another_dataset_or_a_table() {
    let home = tempfile::tempdir().expect("a folder");
    let data = pictures(home.path());
    let table = home.path().join("wanted.csv");
    std::fs::write(&table, "class,count\ndog,1\n").expect("a file");
    let after = |target: &str| {
        let words = [
            "balance",
            &data,
            "--target",
            target,
            "--means",
            "undersample,oversample",
            "--dry-run",
            "--json",
        ];
        let told = json(&lenslet(&words, home.path()));
        let again = json(&lenslet(&words, home.path()));
        assert_eq!(without_time(told.clone()), without_time(again), "{target}");
        planned(&told, "after").into_values().collect::<Vec<u64>>()
    };
    // 5 in train; val has 2 and 2, all together 4 and 5.
    assert_eq!(after("match-split:val"), [3, 2]);
    assert_eq!(after(&format!("match:{data}")), [2, 3]);
    assert_eq!(after(text(&table)), [2, 1]);
    std::fs::write(&table, "class,count\nbird,1\n").expect("a file");
    for (target, means, more, told) in [
        (text(&table), "undersample", &[][..], "no class bird"),
        ("match-split:dev", "undersample", &[], "there are train, val, none"),
        ("uniform", "oversample,augment", &[], "leave one of them out"),
        ("uniform", "undersample", &["--splits", "trian"], "no split trian"),
        ("uniform", "undersample", &["--pipeline", "weak"], "add it to --means"),
        ("uniform", "undersample", &["--weights", "w.csv"], "add weights to --means"),
        ("uniform", "weights", &["--weighting", "effective:2"], "from 0 to below 1"),
        ("uniform", "weights", &["--weights", "w.json", "--sampler", "s.py"], "--sampler reads a .csv"),
        ("uniform", "weights", &["--weights", "w.csv", "--sampler", "s.txt"], "has to end in .py"),
        ("uniform", "weights", &["--weights", "w.csv", "--manifest", "./w.csv"], "would be one file"),
        ("uniform", "weights", &["--weights", "new/w.csv", "--export", "new"], "in the folder of --export"),
        (text(&table), "weights", &["--weights", text(&table)], "would replace the file of --target"),
        (
            text(&table),
            "undersample",
            &["--export", text(home.path())],
            "the file of --target is in the folder",
        ),
    ] {
        let words = [&["balance", &data, "--target", target, "--means", means, "--dry-run"], more].concat();
        let output = lenslet(&words, home.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {error}");
        assert!(error.contains(told) && !error.contains("panicked"), "{words:?}: {error}");
    }
    // A class that is wanted and not there is told; where none of those that are there is wanted, nothing is planned.
    let birds = home.path().join("birds/train/bird");
    std::fs::create_dir_all(&birds).expect("a folder");
    image::RgbImage::new(4, 4).save(birds.join("0.png")).expect("a PNG");
    let birds = format!("match:{}", text(&home.path().join("birds")));
    std::fs::write(&table, "class,count\ndog,1\n").expect("a file");
    let given = ["balance", &data, "--target", &birds, "--means", "undersample", "--dry-run"];
    let refused = lenslet(&given, home.path());
    assert_eq!(refused.status.code(), Some(2), "no class in common");
    let empty = home.path().join("uneven");
    for (path, level) in
        [("train/cat/0", 1u8), ("train/cat/1", 2), ("val/cat/2", 3), ("val/dog/3", 4), ("test/dog/4", 5)]
    {
        let path = empty.join(format!("{path}.png"));
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        image::RgbImage::from_pixel(4, 4, image::Rgb([level; 3])).save(path).expect("a PNG");
    }
    let told = |target: &str, splits: &str| {
        let given = ["balance", text(&empty), "--means", "undersample,oversample", "--dry-run", "--json"];
        lenslet(&[&given[..], &["--target", target, "--splits", splits]].concat(), home.path())
    };
    let notes = |target: &str, splits: &str| json(&told(target, splits))["notes"].to_string();
    for target in ["floor:2", "match-split:val"] {
        let notes = notes(target, "train");
        assert!(notes.contains("train has no sample of dog, of which some are wanted"), "{target}: {notes}");
    }
    let notes_of_two = notes("cap:2", "train,val");
    assert!(notes_of_two.contains("of each of the 2 splits"), "{notes_of_two}");
    assert!(!notes("cap:2", "train").contains("of each of"));
    let refused = told("match-split:test", "train");
    let error = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.contains("has no class of the split train"), "{error}");
    for (file, told) in [("x.txt", ".csv, .jsonl or .parquet"), ("set/x.csv", "inside the dataset")] {
        let file = home.path().join(file);
        let words =
            ["balance", &data, "--target", "cap:1", "--means", "undersample", "--manifest", text(&file)];
        let output = lenslet(&words, home.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn new_splits_keep_near_copies_and_named_groups_together() {
    let home = tempfile::tempdir().expect("a folder");
    let data = demo(home.path(), "300");
    let file = home.path().join("splits.csv");
    let words = ["split", &data, "--ratios", "0.6,0.2,0.2", "--seed", "3", "--json"];
    let told = json(&lenslet(&[&words[..], &["--manifest", text(&file)]].concat(), home.path()));
    assert!(told["groups"].as_u64().is_some_and(|groups| groups > 0), "the demo has copies");
    let written = snapshot(text(&file));
    let all: BTreeMap<String, u64> = {
        let mut all = BTreeMap::new();
        for row in 0..written.len() as u32 {
            *all.entry(written.dataset.split(row).expect("it has one").to_owned()).or_default() += 1;
        }
        all
    };
    let parts = told["splits"].as_array().expect("a list");
    for part in parts {
        assert_eq!(all[part["split"].as_str().expect("a name")], part["samples"].as_u64().expect("a count"));
    }
    // Near-duplicates of the table's splits: none leaks.
    let leaks = json(&lenslet(&["leaks", text(&file), "--json"], home.path()));
    assert_eq!((&leaks["samples"], &leaks["leaking"]), (&json!(300), &json!(0)));
    for class in told["classes"].as_array().expect("a list") {
        let off = class["off"].as_f64().expect("a number");
        let forced_by = class["forced_by"].as_array().expect("a list");
        assert!(off < 1.0 || off < 6.0 && !forced_by.is_empty(), "{class}");
        for group in forced_by {
            let paths = group["paths"].as_array().expect("a list").len() as u64;
            let samples = group["samples"].as_u64().expect("a count");
            assert!(samples > 1 && paths == samples.min(5), "{group}");
        }
    }
    // The same as folders: what is dealt is what an importer finds there.
    let folder = home.path().join("dealt");
    let told_again = json(&lenslet(&[&words[..], &["--export", text(&folder)]].concat(), home.path()));
    assert_eq!((&told_again["splits"], &told_again["classes"]), (&told["splits"], &told["classes"]));
    assert_eq!((&told_again["manifest"], &told_again["export"]["complete"]), (&Value::Null, &json!(true)));
    let exported = snapshot(text(&folder));
    let mut all_again: BTreeMap<String, u64> = BTreeMap::new();
    for row in 0..exported.len() as u32 {
        *all_again.entry(exported.dataset.split(row).expect("it has one").to_owned()).or_default() += 1;
    }
    assert_eq!(all_again, all);
    assert_eq!(counts(&exported), counts(&written));
    let leaks = json(&lenslet(&["leaks", text(&folder), "--json"], home.path()));
    assert_eq!((&leaks["samples"], &leaks["leaking"]), (&json!(300), &json!(0)));
    for (more, code, told) in [
        (&["--export", text(&home.path().join("other")), "--layout", "same"][..], 2, "keep the splits"),
        (&["--layout", "csv", "--dry-run"], 2, "--export"),
        (
            &["--export", text(&home.path().join("x")), "--manifest", text(&home.path().join("x/a.csv"))],
            2,
            "--manifest",
        ),
    ] {
        let output = lenslet(&[&words[..], more].concat(), home.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{more:?}: {error}");
        assert!(error.contains(told), "{more:?}: {error}");
    }
    // A column that names groups.
    let rows: String = (0..40).map(|at| format!("{at}.png,c{},p{}\n", at % 2, at / 4)).collect();
    let named = home.path().join("named");
    std::fs::create_dir(&named).expect("a folder");
    for at in 0..40u8 {
        image::RgbImage::from_pixel(2, 2, image::Rgb([at, 0, 0]))
            .save(named.join(format!("{at}.png")))
            .expect("a PNG");
    }
    std::fs::write(named.join("list.csv"), format!("file_name,label,patient\n{rows}")).expect("a file");
    let words = ["split", text(&named), "--ratios", "8,2", "--group", "patient", "--no-duplicates", "--json"];
    let out = home.path().join("by-patient.jsonl");
    let told = json(&lenslet(&[&words[..], &["--manifest", text(&out)]].concat(), home.path()));
    assert_eq!((&told["groups"], &told["grouped"]), (&json!(10), &json!(40)));
    let have: Vec<&Value> =
        told["classes"].as_array().expect("a list").iter().map(|class| &class["have"]).collect();
    assert_eq!(have, [&json!([16, 4]), &json!([16, 4])]);
    let mut splits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in std::fs::read_to_string(out).expect("it is there").lines() {
        let row: Value = serde_json::from_str(line).expect("an object");
        let text = |key: &str| row[key].as_str().expect("a text").to_owned();
        splits.entry(text("patient")).or_default().insert(text("split"));
    }
    assert!(splits.len() == 10 && splits.values().all(|splits| splits.len() == 1), "{splits:?}");
    for (more, told) in [
        (&["--ratios", "1,1,1,1"][..], "4 ratios and 0 names"),
        (&["--ratios", "1,1", "--names", "a,a"], "two splits are called a"),
        (&["--ratios", "1,1", "--group", "nurse"], "attr.patient"),
        (&["--ratios", "1,1", "--group", "width"], "no sample has a value in the column width"),
        (&["--ratios", "1,x"], "no number above 0"),
    ] {
        let words = [&["split", text(&named), "--no-duplicates", "--dry-run"], more].concat();
        let output = lenslet(&words, home.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {error}");
        assert!(error.contains(told), "{words:?}: {error}");
    }
}

fn request(target: Target, means: Means, splits: Vec<SplitId>) -> Request {
    Request { target, total: None, means, splits, seed: 5 }
}

/// Counts of one split after a plan.
fn after(balanced: &Balanced) -> Vec<u64> {
    balanced.classes(0).iter().map(|class| class.after).collect()
}

#[test]
fn fashion_mnist_made_long_tailed_is_balanced_exactly() {
    let Some(root) = real_data("fashion-mnist") else { return };
    let whole = snapshot(text(&root));
    let train =
        whole.dataset.split_names.iter().position(|name| name == "train").expect("a split") as SplitId;
    // Counts from 6,000 down to 60, by pruning what comes after.
    let mut decisions = vec![Decision::UNDECIDED; whole.len()];
    let mut seen = [0u64; 10];
    let most = |class: usize| (6000.0 * 0.01f64.powf(class as f64 / 9.0)).round() as u64;
    for (row, decision) in decisions.iter_mut().enumerate() {
        if whole.dataset.splits[row] != train {
            continue;
        }
        let class = whole.dataset.labels.get(row as u32)[0] as usize;
        seen[class] += 1;
        if seen[class] > most(class) {
            *decision = Decision::by_hand(Verdict::Prune);
        }
    }
    let tailed = whole.deciding(decisions.clone().into());
    let counts: Vec<u64> = (0..10).map(most).collect();
    assert_eq!(class_counts(&tailed, Some(train)), counts);
    assert_eq!(usual_splits(&tailed), [train]);
    let both = Means { undersample: true, fill: Some(Fill::Repeats), ..Means::default() };
    for target in [Target::Uniform, Target::SquareRoot, Target::Cap(500), Target::Floor(900)] {
        let request = request(target.clone(), both, vec![train]);
        let balanced = balance(&tailed, None, &request, &Control::new()).expect("nobody cancels");
        let wanted = target.wanted(&counts, both.usual_total());
        assert_eq!(after(&balanced), wanted, "{target:?}");
        let copies = &balanced.plan.copies;
        for (row, decision) in decisions.iter().enumerate() {
            match (decision.verdict, whole.dataset.splits[row] == train) {
                (Verdict::Prune, _) => assert_eq!(copies[row], 0, "nothing pruned comes back"),
                (_, false) => assert_eq!(copies[row], 1, "held-out samples stay as they are"),
                _ => {}
            }
        }
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        let again =
            one.install(|| balance(&tailed, None, &request, &Control::new())).expect("nobody cancels");
        assert_eq!(again, balanced, "on any number of threads");
    }
    // As a table.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.csv");
    let means = Means { weights: Some(Weighting::Wanted), ..both };
    let balanced = balance(&tailed, None, &request(Target::Uniform, means, vec![train]), &Control::new())
        .expect("nobody cancels");
    let reader = dataset_reader(&tailed.dataset);
    let told = Planned::of(&balanced.plan, means);
    write_manifest(&tailed, &balanced.staying(), &reader, &file, told, &Control::new())
        .expect("it is written");
    let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in table(&file) {
        *sums.entry((row["split"].clone(), row["label"].clone())).or_default() +=
            row["repeat"].parse::<u64>().expect("a number");
        assert_eq!(row["weight"].parse::<f64>(), Ok(1.0), "the plan is even already");
    }
    let train: Vec<u64> =
        sums.iter().filter(|((split, _), _)| split == "train").map(|(_, sum)| *sum).collect();
    let mut wanted = Target::Uniform.wanted(&counts, means.usual_total());
    wanted.sort_unstable();
    let mut train_sorted = train.clone();
    train_sorted.sort_unstable();
    assert_eq!(train_sorted, wanted);
    // Split anew, every class is less than a sample off.
    let request = SplitRequest {
        names: ["a", "b", "c"].map(str::to_owned).to_vec(),
        ratios: vec![0.8, 0.1, 0.1],
        group: None,
        seed: 2,
    };
    let dealt = deal(&tailed, None, &request, &Control::new()).expect("nobody cancels");
    assert!(dealt.resplit.classes.iter().all(|class| class.off() < 1.0));
    assert_eq!(dealt.resplit.sizes.iter().sum::<u64>(), counts.iter().sum::<u64>() + 10_000);
}
