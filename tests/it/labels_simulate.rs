//! What labelling a dataset would cost, as a person asks for it.

use std::path::Path;

use serde_json::Value;

use crate::cli::{json, lenslet, pictures};
use crate::data::real_data;
use crate::training::Trained;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// The points of a session without what differs from run to run.
fn without_time(mut told: Value) -> Value {
    told.as_object_mut().expect("an object").remove("seconds");
    told
}

#[test]
fn a_session_on_the_demo_is_replayed_the_same_by_the_same_seed() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("demo");
    let demo = lenslet(&["demo", "--out", text(&out), "--samples", "400"], home.path());
    assert!(demo.status.success());
    let set = out.join("glyphs");
    let words = ["labels", "simulate", text(&set), "--truth", "label", "--budget", "45", "--seed", "3"];
    let run = |more: &[&str]| lenslet(&[&words, more].concat(), home.path());
    let told = without_time(json(&run(&["--against-random", "--confirm", "--json"])));
    let one = without_time(json(&run(&["--against-random", "--confirm", "--json", "--threads", "1"])));
    assert_eq!(told, one);
    let answers: Vec<u64> = told["points"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|point| point["answers"].as_u64().expect("a count"))
        .collect();
    assert_eq!(answers, [10, 20, 30, 40, 45]);
    for points in [&told["points"], &told["random"]["points"]] {
        for point in points.as_array().expect("a list") {
            for part in ["right", "confidence", "error_low", "error_high"] {
                assert!((0.0..=1.0).contains(&number(&point[part])), "{point}");
            }
            assert!(point["wrong"].as_u64() <= point["tested"].as_u64());
        }
    }
    // One in ten of a strategy's answers is drawn at random, and all of those at random are.
    assert_eq!(
        (told["points"][4]["tested"].as_u64(), told["random"]["points"][4]["tested"].as_u64()),
        (Some(5), Some(45))
    );
    let confirmed = &told["confirmed"];
    assert_eq!(confirmed["right"], confirmed["samples"]);
    assert_eq!(confirmed["samples"], told["samples"]);
    let sum: u64 =
        ["answers", "pages", "clicks"].map(|key| confirmed[key].as_u64().expect("a count")).iter().sum();
    assert_eq!(confirmed["actions"].as_u64(), Some(sum));

    let shown = run(&["--against-random", "--confirm"]);
    let shown = String::from_utf8(shown.stdout).expect("UTF-8");
    for words in ["answers", "at random", "80 % of the proposals right", "All labelled by pages"] {
        assert!(shown.contains(words), "{shown}");
    }
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let home = tempfile::tempdir().expect("a folder");
    let set = pictures(home.path());
    for (truth, words) in [
        ("colour", "there is no column colour"),
        ("width", "column of numbers"),
        ("verdict", "fewer than two values"),
    ] {
        let output = lenslet(&["labels", "simulate", &set, "--truth", truth], home.path());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(words), "{told}");
    }
    // Few samples are all answered before the first point, and nothing is left to be right or wrong.
    let told = json(&lenslet(&["labels", "simulate", &set, "--truth", "split", "--json"], home.path()));
    assert_eq!((told["samples"].as_u64(), &told["points"]), (Some(9), &serde_json::json!([])));
}

#[test]
fn a_session_goes_by_the_trained_model_that_is_named() {
    let trained = Trained::new();
    let words = ["labels", "simulate", &trained.data, "--truth", "label", "--budget", "20", "--json"];
    let told = |more: &[&str]| without_time(json(&trained.run(&[&words[..], more].concat())));
    let (run, project) = (text(&trained.run), trained.at("project"));
    let (by_hand, by_model) = (told(&[]), told(&["--encoder", run]));
    assert_eq!(by_model["points"].as_array().map(Vec::len), Some(2));
    assert_ne!(by_hand["points"], by_model["points"]);
    for _ in 0..2 {
        let kept = told(&["--encoder", run, "--project", &project]);
        assert_eq!(kept["points"], by_model["points"], "what the project keeps is the same");
    }
    let nowhere = trained.at("nowhere");
    let output = trained.run(&[&words[..], &["--encoder", &nowhere]].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("no checkpoint here") && told.contains("nowhere"), "{told}");
}

/// The targets of labelling with a model beside: a few hundred answers for four fifths of ten thousand proposals, and a
/// third of a key or click for each label.
#[test]
fn fashion_mnist_is_labelled_with_few_answers() {
    let Some(root) = real_data("fashion-mnist") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let images = root.join("t10k-images-idx3-ubyte.gz");
    let words = ["labels", "simulate", text(&images), "--truth", "label", "--budget", "200"];
    let told =
        json(&lenslet(&[&words[..], &["--against-random", "--confirm", "--json"]].concat(), home.path()));
    assert_eq!((told["samples"].as_u64(), told["classes"].as_u64()), (Some(10_000), Some(10)));
    let answers = told["answers_to_80_percent"].as_u64();
    assert!(answers.is_some_and(|answers| answers <= 200), "{answers:?}");
    let last = |points: &Value| number(&points.as_array().expect("a list").last().expect("a point")["right"]);
    let (mixed, random) = (last(&told["points"]), last(&told["random"]["points"]));
    assert!(mixed >= 0.8 && mixed > random, "{mixed} {random}");
    let confirmed = &told["confirmed"];
    assert!(number(&confirmed["right"]) >= 0.97 * number(&confirmed["samples"]), "{confirmed}");
    assert!(number(&confirmed["actions_per_sample"]) <= 0.35, "{confirmed}");
}
