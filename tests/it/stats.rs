//! How a dataset is spread, as a person asks for it.

use std::path::Path;

use serde_json::Value;

use crate::cli::{json, lenslet, pictures};

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn stats_say_all_of_a_dataset_and_the_same_on_any_number_of_threads() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    let told = json(&lenslet(&["stats", &set, "--json"], home.path()));
    assert_eq!(told["samples"], 9);
    let classes = &told["classes"];
    let counts: Vec<(&str, u64)> = classes["counts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (row["class"].as_str().expect("a name"), row["samples"].as_u64().expect("a count")))
        .collect();
    assert_eq!(counts, [("cat", 4), ("dog", 5)]);
    assert_eq!(classes["imbalance_ratio"], 1.25);
    // −(4/9 ln 4/9 + 5/9 ln 5/9) / ln 2, and (5 − 4) / (2 · 9).
    let near = |value: &Value, expected: f64| (value.as_f64().expect("a number") - expected).abs() < 1e-12;
    assert!(near(&classes["normalised_entropy"], 0.991_076_059_838_222_1), "{classes}");
    assert!(near(&classes["gini"], 1.0 / 18.0), "{classes}");
    let splits = told["splits"]["splits"].as_array().expect("a list");
    let splits: Vec<&Value> = splits.iter().map(|row| &row["split"]).collect();
    assert_eq!(splits, ["train", "val"]);
    // Shares 0.4 and 0.6 against 0.5 and 0.5: ½ (0.01 / 0.9 + 0.01 / 1.1).
    assert!(near(&told["splits"]["distances"][0]["chi_square"], 0.010_101_010_101_010_1), "{told}");

    let number = |name: &str| {
        let numbers = told["numbers"].as_array().expect("a list");
        numbers
            .iter()
            .find(|row| row["name"] == name)
            .unwrap_or_else(|| panic!("{name} among {numbers:?}"))
            .clone()
    };
    for name in ["bytes", "width", "height", "aspect", "brightness", "contrast", "saturation", "sharpness"] {
        assert_eq!(number(name)["count"], 9, "{name}");
    }
    for name in ["score.dark", "score.blur", "score.unique", "score.distance"] {
        assert!(number(name)["count"].as_u64().expect("a count") > 0, "{name}");
    }
    assert_eq!(
        (number("width")["median"].as_f64(), number("width")["outside"].as_u64()),
        (Some(64.0), Some(0))
    );

    let pictures = &told["pictures"];
    assert_eq!(
        (pictures["all"]["samples"].as_u64(), pictures["classes"][0]["class"].as_str()),
        (Some(9), Some("dog"))
    );
    let shares = pictures["all"]["palette"].as_array().expect("a list").iter();
    let sum: f64 = shares.map(|row| row["share"].as_f64().expect("a share")).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    let space = &told["space"];
    assert_eq!(space["described"], 9);
    // One picture is there twice, so that eight centres leave nothing uncovered.
    let radii = space["radii"].as_array().expect("a list");
    assert_eq!((radii.len(), radii.last().and_then(Value::as_f64)), (8, Some(0.0)));
    let vendi = space["vendi"].as_f64().expect("a number");
    assert!((1.0..=8.0).contains(&vendi), "{vendi}");

    let one = json(&lenslet(&["stats", &set, "--json", "--threads", "1"], home.path()));
    let project = home.path().join("project");
    let kept = |_: u32| json(&lenslet(&["stats", &set, "--json", "--project", text(&project)], home.path()));
    for other in [one, kept(1), kept(2)] {
        for key in ["classes", "splits", "numbers", "relations", "pictures", "space"] {
            assert_eq!(other[key], told[key], "{key}");
        }
    }
    let quick = json(&lenslet(&["stats", &set, "--json", "--quick", "--filter", "label:cat"], home.path()));
    assert_eq!(
        (quick["samples"].as_u64(), &quick["space"], &quick["pictures"]),
        (Some(4), &Value::Null, &Value::Null)
    );
}

#[test]
fn a_cell_has_the_query_for_its_samples() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    let told = json(&lenslet(&["stats", &set, "--json", "--quick"], home.path()));
    let relations = told["relations"].as_array().expect("a list");
    assert!(relations.iter().any(|relation| relation["columns"] == "split"), "{relations:?}");
    for relation in relations {
        for cell in relation["cells"].as_array().expect("a list").iter().take(3) {
            let query = cell["query"].as_str().expect("a query");
            let found = json(&lenslet(&["scan", &set, "--json", "--filter", query], home.path()));
            assert_eq!(found["samples"], cell["observed"], "{query}");
        }
    }
}

#[test]
fn every_kind_of_chart_is_written_in_every_form() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    for (at, words) in [
        &["classes", "--by", "split", "--dark"][..],
        &["cumulative"],
        &["imbalance"],
        &["splits", "--order", "name"],
        &["sizes"],
        &["bytes", "--log-axis", "--bins", "5"],
        &["brightness", "--by", "label"],
        &["score.blur"],
        &["distance"],
        &["split-distances"],
        &["bytes,brightness", "--bins", "8"],
        &["words:format", "--order", "name", "--top", "3"],
        &["bytes,brightness", "--points"],
        &["sizes", "--points", "--by", "label"],
        &["mean-images", "--top", "5"],
        &["coverage", "--by", "label"],
        &["regions"],
        &["diversity"],
        &["relations"],
        &["relations:brightness", "--top", "10"],
    ]
    .into_iter()
    .enumerate()
    {
        // Each in one form, and the first in all: a chart does not know what it becomes.
        let forms: &[&str] =
            if at == 0 { &["svg", "png", "csv"] } else { [&["svg"][..], &["png"], &["csv"]][at % 3] };
        for form in forms {
            let out = home.path().join(format!("chart-{at}.{form}"));
            let arguments = [&["chart", &set, "--out", text(&out), "--kind"], words].concat();
            let wrote = lenslet(&arguments, home.path());
            assert!(wrote.status.success(), "{words:?}: {}", String::from_utf8_lossy(&wrote.stderr));
            let bytes = std::fs::read(&out).expect("it is there");
            match *form {
                "svg" => assert!(bytes.starts_with(b"<svg") && bytes.ends_with(b"</svg>\n"), "{words:?}"),
                "png" => assert!(image::load_from_memory(&bytes).is_ok(), "{words:?}"),
                _ => assert!(bytes.iter().filter(|byte| **byte == b'\n').count() > 1, "{words:?}"),
            }
        }
    }
    let table = std::fs::read_to_string(home.path().join("chart-0.csv")).expect("it is there");
    assert_eq!(table, "class,train,val\ndog,3,2\ncat,2,2\n");
}

#[test]
fn charts_of_boxes_are_of_every_box() {
    let home = tempfile::tempdir().expect("a folder");
    let set = home.path().join("set");
    for folder in ["images/train", "labels/train"] {
        std::fs::create_dir_all(set.join(folder)).expect("a folder");
    }
    std::fs::write(set.join("data.yaml"), "train: images/train\nnames:\n  0: cat\n  1: dog\n")
        .expect("a file");
    let lines = ["0 0.5 0.5 0.5 0.5\n0 0.25 0.25 0.1 0.1\n", "1 0.75 0.75 0.2 0.2\n", ""];
    for (at, boxes) in lines.into_iter().enumerate() {
        let image = image::RgbImage::from_pixel(20, 10, image::Rgb([60 * at as u8; 3]));
        image.save(set.join(format!("images/train/{at}.png"))).expect("a PNG");
        std::fs::write(set.join(format!("labels/train/{at}.txt")), boxes).expect("a file");
    }
    let table = |words: &[&str]| {
        let out = home.path().join(format!("{}.csv", words.join("-")));
        let arguments = [&["chart", text(&set), "--out", text(&out), "--kind"], words].concat();
        let wrote = lenslet(&arguments, home.path());
        assert!(wrote.status.success(), "{words:?}: {}", String::from_utf8_lossy(&wrote.stderr));
        let rows = csv::Reader::from_path(out).expect("a table").into_records();
        let numbers = |row: csv::StringRecord| -> Vec<f64> {
            row.iter().map(|cell| cell.parse::<f64>().expect("a number")).collect()
        };
        rows.map(|row| numbers(row.expect("a row"))).collect::<Vec<Vec<f64>>>()
    };
    // Of each row the counts, behind the edges.
    let sums = |rows: &[Vec<f64>], edges: usize| -> Vec<f64> {
        let columns = edges..rows[0].len();
        columns.map(|column| rows.iter().map(|row| row[column]).sum()).collect()
    };
    let centres = table(&["boxes"]);
    assert_eq!(sums(&centres, 4), [3.0]);
    let at =
        |x: f64, y: f64| centres.iter().find(|row| row[0] <= x && x < row[1] && row[2] <= y && y < row[3]);
    assert!([0.5, 0.25, 0.75].iter().all(|place| at(*place, *place).expect("a cell")[4] == 1.0));
    let numbers = table(&["box-numbers"]);
    assert_eq!(numbers.iter().map(|row| row[2]).collect::<Vec<f64>>(), [1.0, 1.0, 1.0], "0, 1 and 2 boxes");
    assert_eq!(sums(&table(&["box-sizes"]), 2), [3.0]);
    assert_eq!(sums(&table(&["box-sizes", "--by", "label"]), 2), [2.0, 1.0], "cat and dog");
    // A table has them all, however many are drawn.
    assert_eq!(sums(&table(&["box-sizes", "--by", "label", "--top", "1"]), 2), [2.0, 1.0], "cat and dog");
    for form in ["svg", "png"] {
        for kind in ["boxes", "box-sizes", "box-numbers"] {
            let out = home.path().join(format!("{kind}.{form}"));
            let wrote = lenslet(&["chart", text(&set), "--kind", kind, "--out", text(&out)], home.path());
            assert!(wrote.status.success() && out.exists(), "{}", String::from_utf8_lossy(&wrote.stderr));
        }
    }
}

#[test]
fn a_table_has_every_class_whatever_is_drawn() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    for (words, column, expected) in [
        (&["mean-images"][..], 0, &["all samples", "dog", "cat"][..]),
        (&["coverage", "--by", "label"], 0, &["all", "dog", "cat"]),
    ] {
        let out = home.path().join(format!("{}.csv", words[0]));
        let arguments = [&["chart", &set, "--out", text(&out), "--top", "1", "--kind"], words].concat();
        let wrote = lenslet(&arguments, home.path());
        assert!(wrote.status.success(), "{words:?}: {}", String::from_utf8_lossy(&wrote.stderr));
        let rows = csv::Reader::from_path(&out).expect("a table").into_records();
        let mut names: Vec<String> = rows.map(|row| row.expect("a row")[column].to_owned()).collect();
        names.dedup();
        assert_eq!(names, expected, "{words:?}");
    }
}

#[test]
fn the_distance_to_the_nearest_is_a_column_like_any_other() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    let told = json(&lenslet(&["stats", &set, "--json", "--filter", "score.distance=0"], home.path()));
    // One picture is there twice: both are as near to another as can be.
    assert_eq!(told["samples"], 2, "{told}");
    let numbers = told["numbers"].as_array().expect("a list");
    let distance = numbers.iter().find(|row| row["name"] == "score.distance").expect("it is known");
    assert_eq!((distance["count"].as_u64(), distance["max"].as_f64()), (Some(2), Some(0.0)));
}

#[test]
fn what_cannot_be_drawn_is_told_in_a_sentence() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    let there = home.path().join("there.svg");
    std::fs::write(&there, "").expect("a file");
    let out = |name: &str| home.path().join(name).to_str().expect("UTF-8").to_owned();
    for (arguments, code, told) in [
        (vec!["--kind", "colours", "--out", &out("a.svg")], 2, "there is no chart “colours”"),
        (vec!["--kind", "classes", "--out", &out("a.pdf")], 2, ".svg, .png or .csv"),
        (vec!["--kind", "classes", "--out", text(&there)], 1, "--overwrite"),
        (vec!["--kind", "split", "--out", &out("a.svg")], 2, "no column of numbers"),
        (vec!["--kind", "words:path", "--out", &out("a.svg")], 2, "no column of few words"),
        (vec!["--kind", "imbalance", "--top", "9", "--out", &out("a.svg")], 2, "leave it out for imbalance"),
        (vec!["--kind", "boxes", "--out", &out("a.svg")], 1, "no sample has a bounding box"),
        (vec!["--kind", "relations:label", "--out", &out("a.svg")], 1, "no sample has two labels"),
        (vec!["--kind", "classes", "--by", "label", "--out", &out("a.svg")], 2, "--by label is for columns"),
        (vec!["--kind", "sizes", "--by", "split", "--out", &out("a.svg")], 2, "leave it out for sizes"),
        (vec!["--kind", "sizes", "--by", "label", "--out", &out("a.svg")], 2, "--points"),
        (vec!["--kind", "classes", "--bins", "0", "--out", &out("a.svg")], 2, "--bins"),
        (vec!["--kind", "classes", "--bins", "9", "--out", &out("a.svg")], 2, "--bins is for histograms"),
        (vec!["--kind", "bytes", "--points", "--out", &out("a.svg")], 2, "--points is for two columns"),
        (vec!["--kind", "sizes", "--points", "--bins", "9", "--out", &out("a.svg")], 2, "--bins is for"),
        (vec!["--kind", "splits", "--log-axis", "--out", &out("a.svg")], 2, "leave it out for splits"),
        (vec!["--kind", "sizes", "--top", "9", "--out", &out("a.svg")], 2, "leave it out for sizes"),
        (vec!["--kind", "coverage", "--order", "name", "--out", &out("a.svg")], 2, "--order is for classes"),
        (
            vec!["--kind", "bytes", "--by", "label", "--bins", "9", "--out", &out("a.svg")],
            2,
            "leave it out for bytes --by label",
        ),
        (vec!["--kind", "classes", "--out", &format!("{set}/a.svg")], 1, "a.svg"),
    ] {
        let output = lenslet(&[&["chart", &set], arguments.as_slice()].concat(), home.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
    let beta = lenslet(&["stats", &set, "--beta", "1"], home.path());
    assert_eq!(beta.status.code(), Some(2));
}
