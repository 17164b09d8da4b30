//! Training and what a trained model is used for, as a person types it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::{json, lenslet};
use crate::data::real_data;

/// The demo dataset and a small model that was trained on it for a few steps.
pub struct Trained {
    pub home: tempfile::TempDir,
    pub data: String,
    pub run: PathBuf,
    lines: Vec<Value>,
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The lines of `train --json`.
fn lines(output: &std::process::Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::str::from_utf8(&output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

fn of_event<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

const SMALL: [&str; 15] = [
    "--json",
    "--device",
    "cpu",
    "--size",
    "16",
    "--width",
    "4",
    "--depth",
    "1",
    "--latent",
    "3",
    "--batch",
    "16",
    "--channels",
    "grey",
];

impl Trained {
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let out = home.path().join("demo");
        let demo = lenslet(&["demo", "--out", text(&out), "--samples", "90"], home.path());
        assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
        std::fs::write(out.join("glyphs/train/broken.png"), [0x89; 40]).expect("it is writable");
        let (data, run) = (text(&out.join("glyphs")).to_owned(), home.path().join("run"));
        let mut trained = Self { home, data, run, lines: Vec::new() };
        let run = text(&trained.run).to_owned();
        trained.lines = lines(&trained.train(&run, &["--steps", "8", "--held-out", "0.3", "--conditional"]));
        trained
    }

    fn train(&self, out: &str, more: &[&str]) -> std::process::Output {
        lenslet(&[&["train", &self.data, "--out", out], &SMALL[..], more].concat(), self.home.path())
    }

    pub fn run(&self, arguments: &[&str]) -> std::process::Output {
        lenslet(arguments, self.home.path())
    }

    pub fn at(&self, name: &str) -> String {
        text(&self.home.path().join(name)).to_owned()
    }
}

#[test]
fn a_model_is_trained_continued_sampled_and_measured() {
    let trained = Trained::new();
    let run = text(&trained.run);

    // Training tells what it begins with, what it loses and what it ends with.
    let began = &of_event(&trained.lines, "begin")[0];
    assert_eq!((&began["steps"], &began["size"], &began["channels"]), (&8.into(), &16.into(), &1.into()));
    let (training, held_out) = (began["training"].as_u64().unwrap(), began["held_out"].as_u64().unwrap());
    let left_out = of_event(&trained.lines, "left-out");
    assert_eq!((training + held_out, left_out.len()), (90, 1), "one is broken");
    assert_eq!(left_out[0]["path"], "train/broken.png");
    assert!(left_out[0]["message"].as_str().is_some_and(|text| !text.is_empty()));
    let step = of_event(&trained.lines, "step").pop().expect("a report");
    for key in ["loss", "reconstruction", "kl", "elbo", "samples_per_sec", "secs"] {
        assert!(step[key].is_f64(), "{key}: {step}");
    }
    assert_eq!(step["kl_by_dimension"].as_array().unwrap().len(), 3);
    let end = of_event(&trained.lines, "end").pop().expect("an end");
    assert_eq!((&end["why"], &end["step"]), (&"completed".into(), &8.into()));

    // The same words give the same figures; going on is the same as never having stopped.
    let figures = |lines: &[Value]| {
        let step = of_event(lines, "step").pop().expect("a report").clone();
        let held_out = of_event(lines, "held-out").pop().expect("a report").clone();
        (step["step"].clone(), step["loss"].clone(), held_out["elbo"].clone())
    };
    let other = trained.at("other");
    let settings = ["--held-out", "0.3", "--conditional"];
    let first = lines(&trained.train(&other, &[&settings[..], &["--steps", "3"]].concat()));
    assert_ne!(figures(&first), figures(&trained.lines));
    let resumed = lines(&trained.train(&other, &["--resume", "--steps", "8"]));
    assert_eq!(of_event(&resumed, "begin")[0]["step"], 3);
    assert_eq!(figures(&resumed), figures(&trained.lines));

    // Another model begins with what fits of this one, here all of it.
    let third = trained.at("third");
    let transferred = trained.train(&third, &["--from", run, "--freeze", "encoder", "--steps", "1"]);
    let unfit = &of_event(&lines(&transferred), "begin")[0]["unfit"].clone();
    assert_eq!(*unfit, Value::Array(Vec::new()), "the classes are the same");

    // Samples: a sheet, and a folder with where they came from.
    let sheet = trained.at("sheet.png");
    let drawn =
        json(&trained.run(&["sample", run, "--grid", "3", "--out", &sheet, "--json", "--device", "cpu"]));
    assert_eq!((&drawn["samples"], &drawn["step"]), (&9.into(), &8.into()));
    assert_eq!(image::image_dimensions(&sheet).expect("a PNG"), (48, 48));
    let folder = trained.at("samples");
    let class = ["--count", "5", "--class", "a", "--out", &folder, "--device", "cpu"];
    let wrote = trained.run(&[&["sample", run], &class[..]].concat());
    assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
    let table = std::fs::read_to_string(format!("{folder}/samples.csv")).expect("a table");
    assert_eq!(table.lines().count(), 6);
    assert!(table.lines().nth(5).unwrap().starts_with("sample-000004.png,true,a,"), "{table}");
    let scanned = json(&trained.run(&["scan", &folder, "--json"]));
    assert_eq!(scanned["samples"], 5);

    // Latents, by path.
    let array = trained.at("latents.npy");
    let options = ["--out", &array, "--filter", "-label:a", "--json", "--device", "cpu"];
    let encoded = json(&trained.run(&[&["encode", run, &trained.data], &options[..]].concat()));
    let bytes = std::fs::read(&array).expect("an array");
    let array = npyz::NpyFile::new(&bytes[..]).expect("npy");
    assert_eq!(array.shape(), [encoded["samples"].as_u64().unwrap(), 3]);
    assert!(array.into_vec::<f32>().expect("floats").iter().all(|value| value.is_finite()));
    let paths = std::fs::read_to_string(trained.at("latents.csv")).expect("a table");
    assert_eq!(paths.lines().count() as u64, encoded["samples"].as_u64().unwrap() + 1);

    // Reconstructions, the worst first.
    let sheet = trained.at("back.png");
    let options = ["--out", &sheet, "--count", "8", "--worst", "--json", "--device", "cpu"];
    let back = json(&trained.run(&[&["reconstruct", run, &trained.data], &options[..]].concat()));
    let ranking = back["ranking"].as_array().expect("a list");
    assert_eq!(ranking.len() as u64, training + held_out);
    let errors: Vec<f64> = ranking.iter().map(|row| row["squared_error"].as_f64().unwrap()).collect();
    assert!(errors.is_sorted_by(|one, two| one >= two));
    assert!(ranking[..8].iter().all(|row| row["on_sheet"] == true));
    assert_eq!(image::image_dimensions(&sheet).expect("a PNG"), (4 * 16, 4 * 16));

    // Figures of what was held out.
    let options = ["--count", "20", "--json", "--device", "cpu"];
    let measured = json(&trained.run(&[&["evaluate", run, &trained.data], &options[..]].concat()));
    assert_eq!((&measured["held_out"], &measured["samples"]), (&true.into(), &held_out.into()));
    assert!(measured["elbo"].as_f64().unwrap() < 0.0);
    for space in ["descriptor", "latent"] {
        for key in ["frechet", "kernel", "precision", "recall", "density", "coverage"] {
            assert!(measured[space][key].is_f64(), "{space} {key}: {measured}");
        }
    }
    assert!(measured["copying"]["nearer"].is_f64());
    let options = ["--count", "20", "--filter", "label:a", "--json", "--device", "cpu"];
    let other = json(&trained.run(&[&["evaluate", run, &trained.data], &options[..]].concat()));
    assert_eq!((&other["held_out"], &other["copying"]), (&false.into(), &Value::Null));

    what_cannot_be_done_is_told(&trained);
}

/// Exit status and a part of what is told, by what was typed. Run on one model, which takes time to make.
fn what_cannot_be_done_is_told(trained: &Trained) {
    let (run, data) = (text(&trained.run), trained.data.as_str());
    let inside = format!("{data}/run");
    let sheet = trained.at("sheet.png");
    let png = format!("{data}/sheet.png");
    let nowhere = trained.at("nowhere");
    let new = trained.at("new");
    let samples = trained.at("samples");
    let step = format!("{run}/step-00000008");
    let rows: &[(&[&str], i32, &str)] = &[
        (&["train", data, "--out", &inside], 1, "inside the dataset"),
        (&["train", data, "--out", run], 1, "--resume"),
        (&["train", data, "--out", &trained.at("demo")], 1, "something is in this folder"),
        (&["train", data, "--out", &nowhere, "--resume"], 1, "no checkpoint here"),
        (&["train", data, "--out", &nowhere, "--filter", "lable:a"], 2, "^"),
        (&["train", data, "--out", &nowhere, "--filter", "label:none label:a"], 1, "no sample to train on"),
        (&["train", data, "--out", &nowhere, "--size", "9"], 2, "16 to 128"),
        (&["train", data, "--out", &nowhere, "--beta=-1"], 2, "β"),
        (&["train", data, "--out", &nowhere, "--held-out", "odd"], 2, "which has"),
        (&["train", data, "--out", &nowhere, "--from", data], 1, "no checkpoint here"),
        (
            &["train", data, "--out", &nowhere, "--from", run, "--freeze", "encoder", "--size", "20"],
            1,
            "frozen",
        ),
        (&["train", data, "--out", &step, "--resume"], 1, "this is a checkpoint"),
        (
            &["train", data, "--out", &nowhere, "--filter", "split:train", "--held-out", "val"],
            1,
            "no sample is in",
        ),
        (&["sample", &nowhere, "--grid", "2", "--out", &new], 2, ".png"),
        (&["sample", run, "--grid", "2", "--out", &sheet], 1, "--overwrite"),
        (&["sample", run, "--count", "2", "--out", &new, "--class", "odd"], 2, "odd"),
        (&["sample", run, "--count", "2", "--out", &inside], 1, "inside the dataset"),
        (&["sample", run, "--count", "2", "--out", &samples, "--overwrite"], 1, "more pictures"),
        (&["encode", run, data, "--out", &format!("{data}/latents.npy")], 1, "inside the dataset"),
        (&["encode", run, data, "--out", &new], 2, ".npy"),
        (&["reconstruct", run, data, "--out", &png], 1, "inside the dataset"),
        (&["reconstruct", run, data, "--out", &sheet], 1, "--overwrite"),
        (&["evaluate", &sheet, data], 1, "no checkpoint of Lenslet"),
    ];
    for (arguments, code, told) in rows {
        let output = trained.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {error}");
        assert!(error.contains(told) && !error.contains("panicked"), "{arguments:?}: {error}");
    }
    for path in [&nowhere, &new] {
        assert!(!Path::new(path).exists(), "nothing is left of what was refused: {path}");
    }
    // A file that was damaged is named.
    let checkpoint =
        std::fs::read_dir(run).expect("a folder").next().expect("a checkpoint").expect("it").path();
    let file = checkpoint.join("decoder.safetensors");
    let mut bytes = std::fs::read(&file).expect("weights");
    bytes[200] ^= 1;
    std::fs::write(&file, bytes).expect("it is writable");
    let output = trained.run(&["sample", run, "--grid", "2", "--out", &trained.at("new.png")]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("damaged") && error.contains(text(&file)), "{error}");
}

#[test]
fn the_splits_of_a_dataset_are_held_out() {
    let Some(data) = real_data("fashion-mnist") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("run");
    // Few samples of both splits, at the size that they have.
    let options = ["--filter", "path:*#12*34", "--steps", "2", "--json", "--device", "cpu"];
    let output = lenslet(&[&["train", text(&data), "--out", text(&out)], &options[..]].concat(), home.path());
    let lines = lines(&output);
    let began = &of_event(&lines, "begin")[0];
    assert_eq!((&began["size"], &began["channels"]), (&28.into(), &1.into()), "{began}");
    assert_eq!(began["config"]["held-out"]["splits"][0], "test");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_interrupted_keeps_what_it_has_or_leaves_nothing() {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    let trained = Trained::new();
    let start = |arguments: &[&str]| -> Child {
        Command::new(env!("CARGO_BIN_EXE_lenslet"))
            .args(arguments)
            .env("LENSLET_HOME", trained.home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    };
    let interrupt = |child: &Child| {
        let process = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(process, rustix::process::Signal::INT).expect("it is there");
        Instant::now()
    };
    // That it stops within a quarter of a second is tested in one process; this machine may do other work as well.
    let soon = Duration::from_secs(60);

    // A run keeps the step that it is at, long before its next checkpoint, and goes on from there.
    let out = trained.at("long");
    let long = ["--steps", "1000000", "--checkpoint-every", "1000000"];
    let mut child = start(&[&["train", &trained.data, "--out", &out], &SMALL[..], &long].concat());
    let told = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut told =
        told.lines().map(|line| serde_json::from_str::<Value>(&line.expect("text")).expect("JSON"));
    assert!(told.any(|line| line["event"] == "step"));
    let began = interrupt(&child);
    let rest: Vec<Value> = told.collect();
    let output = child.wait_with_output().expect("it ends");
    assert!(began.elapsed() < soon, "{:?}", began.elapsed());
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{error}");
    assert!(error.contains("interrupted at step") && error.contains("--resume"), "{error}");
    let end = of_event(&rest, "end").pop().expect("an end");
    let (why, step) = (&end["why"], end["step"].as_u64().expect("a number"));
    assert_eq!(why, "stopped");
    let kept = Path::new(end["checkpoint"].as_str().expect("a path"));
    assert!(kept.is_dir() && text(kept).ends_with(&format!("step-{step:08}")), "{end}");
    let more = (step + 2).to_string();
    let resumed = lines(&trained.train(&out, &["--resume", "--steps", &more]));
    assert_eq!(of_event(&resumed, "begin")[0]["step"], step);

    // Pictures that were begun are gone.
    let drawn = trained.home.path().join("many");
    let count = ["--count", "400000", "--out", text(&drawn), "--device", "cpu"];
    let child = start(&[&["sample", text(&trained.run)], &count[..]].concat());
    let is_part = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().to_string_lossy().starts_with(".samples-")
    };
    let is_begun = || std::fs::read_dir(trained.home.path()).expect("a folder").any(is_part);
    let began = Instant::now();
    while !is_begun() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(5));
    }
    interrupt(&child);
    let output = child.wait_with_output().expect("it ends");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), error.trim()), (Some(130), "lenslet: interrupted"));
    assert!(!drawn.exists() && !is_begun());
}

#[test]
fn samples_that_cannot_be_read_are_told_and_datasets_are_never_drawn_over() {
    let trained = Trained::new();
    let (run, data) = (text(&trained.run), trained.data.as_str());
    let (array, sheet, other) = (trained.at("all.npy"), trained.at("all.png"), trained.at("other"));
    let small = &SMALL[1..];
    for arguments in [
        &["encode", run, data, "--out", &array, "--device", "cpu"][..],
        &["reconstruct", run, data, "--out", &sheet, "--device", "cpu"],
        &["evaluate", run, data, "--count", "20", "--device", "cpu"],
        &[&["train", data, "--out", &other, "--steps", "1"], small].concat()[..],
    ] {
        let output = trained.run(arguments);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(told.contains("left out (1), for they could not be read"), "{arguments:?}: {told}");
        assert!(told.contains("\n  train/broken.png: "), "{arguments:?}: {told}");
    }

    // A table elsewhere names the pictures of a folder of samples: to the model that is trained on it they are
    // a dataset.
    let drawn = trained.at("drawn");
    let draw = |more: &[&str]| {
        let words = ["--count", "6", "--out", &drawn, "--device", "cpu"];
        trained.run(&[&["sample"], more, &words[..]].concat())
    };
    assert!(draw(&[run]).status.success());
    assert!(draw(&[run, "--overwrite"]).status.success(), "they are its own");
    let lists = trained.home.path().join("lists");
    std::fs::create_dir(&lists).expect("it is writable");
    let rows: String = (0..6).map(|at| format!("{drawn}/sample-{at:06}.png,a\n")).collect();
    let list = lists.join("list.csv");
    std::fs::write(&list, format!("path,label\n{rows}")).expect("it is writable");
    let on_list = trained.at("on-list");
    let words = ["train", text(&list), "--out", &on_list, "--steps", "1", "--held-out", "0"];
    let output = trained.run(&[&words[..], small].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let refused = |output: std::process::Output, told: &str| {
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(told), "{error}");
    };
    refused(draw(&[&on_list, "--overwrite"]), "The dataset lies in the target");
    let from = ["--from", "posterior", "--data", text(&list), "--overwrite"];
    refused(draw(&[&[run], &from[..]].concat()), "The dataset lies in the target");
    // The table is no dataset's folder to another model, but it is not a generated picture either.
    std::fs::write(Path::new(&drawn).join("notes.txt"), "mine").expect("it is writable");
    refused(draw(&[run, "--overwrite"]), "notes.txt");
    assert_eq!(std::fs::read(Path::new(&drawn).join("notes.txt")).expect("it is there"), b"mine");
}
