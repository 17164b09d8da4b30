//! Augmentation from outside: operations listed, pipelines converted, variants exported and opened again, and
//! the panel in which a pipeline is made.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::Queryable;
use lenslet::augment::param::Value as Number;
use lenslet::augment::pipeline::{Pipeline, Settings, Step, What};
use lenslet::augment::table::{operation, operations};
use lenslet::dataset::edit::PipelineSlot;
use lenslet::export::dataset::Kind;
use lenslet::state::augment::{AugmentView, Drawn, From, Show, Shown};
use lenslet::state::{Action, AugmentChoice, Command, Dialog, ExportChoice, Session};
use lenslet::train::device::Choice;
use serde_json::Value;

use crate::cli::{json, lenslet};
use crate::gpu;
use crate::training::text;
use crate::window::{Window, demo};

/// A demo dataset in a folder of its own.
struct Ground {
    home: tempfile::TempDir,
    data: String,
}

impl Ground {
    fn new(samples: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let out = home.path().join("demo");
        let demo = lenslet(&["demo", "--out", text(&out), "--samples", samples], home.path());
        assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
        let data = text(&out.join("glyphs")).to_owned();
        Self { home, data }
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        lenslet(arguments, self.home.path())
    }

    fn at(&self, name: &str) -> String {
        text(&self.home.path().join(name)).to_owned()
    }
}

/// Every file below a folder with its bytes, but for what the export notes of itself.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("it is a folder") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                let name = path.strip_prefix(folder).expect("it is below").to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).expect("it can be read"));
            }
        }
    }
    found
}

#[test]
fn every_operation_is_listed_with_its_parameters() {
    let ground = Ground::new("12");
    let listed = json(&ground.run(&["augment", "--list", "--json"]));
    let listed = listed.as_array().expect("a list");
    assert_eq!(listed.len(), operations().count());
    assert!(listed.len() >= 60);
    let rotate = listed.iter().find(|one| one["name"] == "rotate").expect("it is there");
    let angle = rotate["params"].as_array().unwrap().iter().find(|one| one["name"] == "angle").unwrap();
    assert_eq!(angle["unit"], "°");
    assert!(angle["limits"].is_array() && angle["default"].is_array());
    let output = ground.run(&["augment", "--list"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(operations().all(|operation| told.contains(operation.name) && told.contains(operation.about)));
}

#[test]
fn variants_are_exported_the_same_whenever_and_opened_again() {
    let ground = Ground::new("40");
    let before = files(Path::new(&ground.data));
    let export = |out: &str, more: &[&str]| {
        let given = ["augment", &ground.data, "--pipeline", "standard", "--variants", "2", "--seed", "7"];
        let out = ground.at(out);
        // The demo has samples that cannot be read: the status says that not all was written.
        let done = ground.run(&[&given[..], &["--out", &out, "--json"], more].concat());
        let report: Value = serde_json::from_slice(&done.stdout).expect("one JSON object");
        assert_eq!(done.status.success(), report["export"]["failed"] == 0);
        report
    };
    let report = export("folder", &[]);
    let samples = report["samples"].as_u64().unwrap();
    assert_eq!(report["export"]["complete"], report["export"]["failed"] == 0);
    let failed = report["export"]["failed"].as_u64().unwrap();
    let written = files(&ground.home.path().join("folder"));
    let images: Vec<_> = written.keys().filter(|name| name.ends_with(".png")).collect();
    assert_eq!(images.len() as u64, 2 * samples - failed);
    assert!(images.iter().all(|name| name.contains("-v0.png") || name.contains("-v1.png")), "{images:?}");

    // Again, on one thread, and only a part of the samples: the same bytes.
    export("again", &["--threads", "1"]);
    assert_eq!(written, files(&ground.home.path().join("again")));
    export("part", &["--filter", "split:train"]);
    let part = files(&ground.home.path().join("part"));
    let same =
        |(name, bytes): (&String, &Vec<u8>)| name == "metadata.jsonl" || written.get(name) == Some(bytes);
    assert!(part.len() > 2 && part.len() < written.len() && part.iter().all(same));
    // Another seed is other luck.
    let given = ["augment", &ground.data, "--pipeline", "standard", "--variants", "2"];
    ground.run(&[&given[..], &["--out", &ground.at("other")]].concat());
    assert_ne!(written, files(&ground.home.path().join("other")));

    // The table says what was done, and what is not there is not in it.
    let lines: Vec<Value> = String::from_utf8(written["metadata.jsonl"].clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    assert_eq!(lines.len(), images.len());
    for line in &lines {
        assert!(written.contains_key(line["file_name"].as_str().unwrap()), "{line}");
        assert!(before.contains_key(line["source"].as_str().unwrap()), "{line}");
        assert!(line["augmentation"].is_array() && line["seed"] == 7 && line["pipeline"] == "standard");
    }
    let flips = lines.iter().flat_map(|line| line["augmentation"].as_array().unwrap());
    let flips = flips.filter(|step| step["operation"] == "horizontal_flip").count();
    assert!(flips > lines.len() / 4 && flips < lines.len() * 3 / 4, "{flips} of {}", lines.len());

    // Every form is a dataset again, with labels and splits.
    let classes = |data: &str| {
        let scanned = json(&ground.run(&["scan", data, "--json"]));
        let count = scanned["samples"].as_u64().unwrap();
        (count, scanned["classes"].clone(), scanned["splits"].clone())
    };
    let names = |counted: &Value| -> Vec<String> {
        match counted {
            Value::Object(counted) => counted.keys().cloned().collect(),
            Value::Array(counted) => counted.iter().map(|one| one["name"].to_string()).collect(),
            other => panic!("{other}"),
        }
    };
    let (folder, expected, splits) = classes(&ground.at("folder"));
    assert_eq!(folder, images.len() as u64);
    for format in ["webdataset", "parquet"] {
        let report = export(format, &["--format", format]);
        assert_eq!(report["export"]["failed"], failed, "{format}");
        let (count, found, found_splits) = classes(&ground.at(format));
        assert_eq!(count, folder, "{format}");
        assert_eq!(names(&found).len(), names(&expected).len(), "{format}");
        assert_eq!(names(&found_splits).len(), names(&splits).len(), "{format}");
    }
    // By the graphics device: other bytes, nearly the same pictures, and all else the same.
    if gpu::graphics().is_some() {
        let report = export("device", &["--device", "gpu"]);
        assert!(report["device"].is_string() && report["export"]["failed"] == failed, "{report}");
        assert!(report["made_by_device"].as_u64() > Some(samples), "{report}");
        let made = files(&ground.home.path().join("device"));
        assert!(made.keys().eq(written.keys()) && made["metadata.jsonl"] == written["metadata.jsonl"]);
        let (mut off, mut values) = (0, 0);
        for name in &images {
            let [a, b] = [&written[*name], &made[*name]]
                .map(|bytes| image::load_from_memory(bytes).expect("a picture").into_rgba8());
            assert_eq!(a.dimensions(), b.dimensions(), "{name}");
            values += a.len();
            off += a.iter().zip(b.iter()).filter(|(a, b)| a.abs_diff(**b) > 2).count();
        }
        assert!(off * 200 <= values, "{off} of {values} are off by more than 2");
    }
    // With the samples themselves, which keep their bytes.
    export("both", &["--with-originals"]);
    let both = files(&ground.home.path().join("both"));
    let originals = both.iter().filter(|(name, _)| !name.contains("-v") && *name != "metadata.jsonl");
    assert!(originals.clone().count() as u64 > samples / 2);
    assert!(originals.clone().all(|(_, bytes)| before.values().any(|known| known == bytes)));

    // Nothing is written into the dataset, nor over something else, and a dry run writes nothing.
    assert_eq!(before, files(Path::new(&ground.data)));
    let given = ["augment", &ground.data, "--pipeline", "weak", "--out"];
    for (out, told) in
        [(format!("{}/new", ground.data), "inside the dataset"), (ground.at("folder"), "another export")]
    {
        let refused = ground.run(&[&given[..], &[&out]].concat());
        assert_eq!(refused.status.code(), Some(1), "{out}");
        let error = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(error.contains(told), "{error}");
    }
    let dry = json(&ground.run(&[&given[..], &[&ground.at("dry"), "--dry-run", "--json"]].concat()));
    assert!(dry["export"].is_null() && dry["plan"]["files"].as_u64().unwrap() > samples);
    assert!(!ground.home.path().join("dry").exists());
}

#[test]
fn boxes_and_points_of_both_samples_are_those_of_a_mix() {
    let home = tempfile::tempdir().expect("a folder");
    let set = home.path().join("set");
    for folder in ["images/train", "labels/train"] {
        std::fs::create_dir_all(set.join(folder)).expect("a folder");
    }
    let config = "train: images/train\nkpt_shape: [1, 2]\nnames:\n  0: cat\n  1: dog\n";
    std::fs::write(set.join("data.yaml"), config).unwrap();
    for (name, class, level) in [("a", 0, 50), ("b", 1, 200)] {
        let image = image::RgbImage::from_pixel(20, 10, image::Rgb([level; 3]));
        image.save(set.join(format!("images/train/{name}.png"))).expect("a PNG");
        let line = format!("{class} 0.5 0.5 1 1 0.25 0.5\n");
        std::fs::write(set.join(format!("labels/train/{name}.txt")), line).unwrap();
    }
    let mix = |step: &str| {
        let path = text(&home.path().join("mix.json")).to_owned();
        std::fs::write(&path, format!("{{\"lenslet_pipeline\": 1, \"steps\": [{step}]}}")).unwrap();
        let out = home.path().join("out");
        let given = ["augment", text(&set), "--pipeline", &path, "--variants", "3", "--out", text(&out)];
        let done = lenslet(&[&given[..], &["--overwrite"]].concat(), home.path());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let table = std::fs::read_to_string(out.join("metadata.jsonl")).unwrap();
        table.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let rect = |one: &Value| -> Vec<f64> {
        one["rect"].as_array().unwrap().iter().map(|side| side.as_f64().unwrap()).collect()
    };
    let whole = vec![0.0, 0.0, 20.0, 10.0];
    let cutmix = r#"{"operation": "cutmix", "p": 1, "params": {"area": 0.25}}"#;
    for (step, is_pasted) in [(cutmix, true), (r#"{"operation": "mixup", "p": 1}"#, false)] {
        let lines = mix(step);
        assert_eq!(lines.len(), 6, "{step}");
        for line in lines {
            let boxes = line["boxes"].as_array().unwrap();
            let [own, other] = &boxes[..] else { panic!("{line}") };
            assert_eq!(own["class"], line["label"], "{line}");
            assert_ne!(own["class"], other["class"], "{line}");
            assert_eq!(rect(own), whole, "{line}");
            let done = &line["augmentation"][0];
            let names = ["left", "top", "width", "height"];
            let part = names.map(|name| done[name].as_f64().unwrap_or(-1.0)).to_vec();
            let expected = if is_pasted { part } else { whole.clone() };
            assert_eq!(rect(other), expected, "{line}");
            // Of the points at the same place what is pasted hides one, and brings the other along.
            let at = serde_json::json!({ "at": [5.0, 5.0] });
            let count = if is_pasted { 1 } else { 2 };
            assert_eq!(line["points"].as_array(), Some(&vec![at; count]), "{line}");
        }
    }
    for line in mix(r#"{"operation": "horizontal_flip", "p": 1}"#) {
        assert_eq!(line["points"], serde_json::json!([{ "at": [15.0, 5.0] }]), "{line}");
    }
}

#[test]
fn what_is_mixed_in_is_of_the_same_split() {
    let home = tempfile::tempdir().expect("a folder");
    let set = home.path().join("set");
    // Whatever is mixed within a split has its one grey.
    for (split, level, count) in [("train", 50, 4), ("val", 120, 4), ("test", 200, 1)] {
        let folder = set.join(split).join("cat");
        std::fs::create_dir_all(&folder).expect("a folder");
        for at in 0..count {
            let image = image::RgbImage::from_pixel(16, 16, image::Rgb([level; 3]));
            image.save(folder.join(format!("{split}{at}.png"))).expect("a PNG");
        }
    }
    let pipeline = home.path().join("mix.json");
    let steps = r#"{"operation": "mixup", "p": 1}, {"operation": "cutmix", "p": 1}"#;
    std::fs::write(&pipeline, format!("{{\"lenslet_pipeline\": 1, \"steps\": [{steps}]}}")).expect("a file");
    let out = home.path().join("out");
    let given =
        ["augment", text(&set), "--pipeline", text(&pipeline), "--variants", "6", "--out", text(&out)];
    let done = lenslet(&given, home.path());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let lines = std::fs::read_to_string(out.join("metadata.jsonl")).expect("it is there");
    assert_eq!(lines.lines().count(), 9 * 6);
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).expect("an object");
        let split = line["split"].as_str().expect("a split");
        for other in line["mixed_with"].as_array().expect("a list") {
            let other = other.as_str().expect("a path");
            assert!(other.starts_with(&format!("{split}/")), "{line}");
            assert!(split == "test" || line["source"] != other, "only one that is alone is its own: {line}");
        }
        let level = match split {
            "train" => 50,
            "val" => 120,
            _ => 200,
        };
        let path = out.join(line["file_name"].as_str().expect("a path"));
        let picture = image::open(&path).expect("a PNG").to_rgb8();
        assert!(picture.pixels().all(|pixel| pixel.0[0].abs_diff(level) <= 1), "{line}");
    }
    // The sheet has what the export has.
    let sheet = home.path().join("sheet.png");
    let given = ["pipeline", "sheet", text(&set), "--pipeline", text(&pipeline), "--out", text(&sheet)];
    let drawn =
        lenslet(&[&given[..], &["--count", "9", "--variants", "6", "--cell", "32"]].concat(), home.path());
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let picture = image::open(&sheet).expect("a PNG").to_rgb8();
    let is_of_one = |value: u8| [50, 120, 200, 255].iter().any(|level: &u8| level.abs_diff(value) <= 1);
    assert!(picture.pixels().all(|pixel| is_of_one(pixel.0[0])), "nothing is between two splits");
}

#[test]
fn pipelines_are_converted_and_drawn() {
    let ground = Ground::new("20");
    let convert = |from: &str, out: &str| {
        let done = ground.run(&["pipeline", "convert", from, out]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    let (own, yaml, back) = (ground.at("p.json"), ground.at("p.yaml"), ground.at("back.json"));
    convert("standard", &own);
    convert(&own, &yaml);
    convert(&yaml, &back);
    let names = |path: &str| {
        let (pipeline, _) = lenslet::augment::files::read_file(Path::new(path)).unwrap();
        let name = |step: &lenslet::augment::pipeline::Step| match &step.what {
            What::Operation(settings) => settings.operation.name,
            _ => "group",
        };
        pipeline.steps.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&own), names(&back));
    convert(&own, &ground.at("p.py"));
    let code = std::fs::read_to_string(ground.at("p.py")).unwrap();
    assert!(code.contains("import albumentations as A") && code.contains("A.Rotate("), "{code}");
    let printed = ground.run(&["pipeline", "convert", "weak", "-", "--to", "torchvision-py"]);
    assert!(String::from_utf8_lossy(&printed.stdout).contains("v2.Compose"));

    // What is not known is told, and stays in the file.
    let foreign = ground.at("foreign.json");
    std::fs::write(
        &foreign,
        r#"{"__version__": "2.0.8", "transform": {"__class_fullname__": "Compose", "p": 1.0, "transforms": [
            {"__class_fullname__": "HorizontalFlip", "p": 0.5}, {"__class_fullname__": "Teleport", "p": 0.3, "far": 9}
        ]}}"#,
    )
    .unwrap();
    let kept = ground.at("kept.json");
    let told = convert(&foreign, &kept);
    assert!(told.contains("Teleport"), "{told}");
    assert!(std::fs::read_to_string(&kept).unwrap().contains("\"far\": 9"));

    // A file that is there stays, and one that is no pipeline is told with its name.
    let there = ground.run(&["pipeline", "convert", "weak", &own]);
    assert!(!there.status.success() && String::from_utf8_lossy(&there.stderr).contains("--overwrite"));
    std::fs::write(&foreign, "{\"transform\": 3}").unwrap();
    let broken = ground.run(&["pipeline", "convert", &foreign, "-"]);
    let error = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert!(!broken.status.success() && error.trim_end().ends_with("foreign.json"), "{error}");

    let sheet = ground.at("sheet.png");
    let given = ["pipeline", "sheet", &ground.data, "--pipeline", "strong", "--out", &sheet];
    let drawn = ground.run(&[&given[..], &["--count", "3", "--variants", "4", "--cell", "32"]].concat());
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let image = image::open(&sheet).expect("a PNG");
    assert_eq!((image.width(), image.height()), (36 * 5 - 4, 36 * 3 - 4));
}

/// The numbers of a pipeline's last step, which normalises by the dataset.
fn normalized(pipeline: &Pipeline) -> [f64; 6] {
    let Some(What::Operation(settings)) = pipeline.steps.last().map(|step| &step.what) else {
        panic!("it has such a step")
    };
    assert!(settings.is_normalize_by_dataset());
    ["mean_r", "mean_g", "mean_b", "deviation_r", "deviation_g", "deviation_b"].map(|name| {
        let (at, _) = settings.operation.param(name).expect("it has such a parameter");
        let lenslet::augment::param::Value::Number(number) = settings.values[at] else {
            panic!("{name} is a number")
        };
        number
    })
}

#[test]
fn what_a_pipeline_normalizes_by_is_measured() {
    let home = tempfile::tempdir().expect("a folder");
    let set = home.path().join("set");
    for class in ["a", "b"] {
        std::fs::create_dir_all(set.join(class)).expect("a folder");
    }
    let colours = [[0, 51, 255], [102, 51, 0]];
    image::RgbImage::from_fn(2, 1, |x, _| image::Rgb(colours[x as usize]))
        .save(set.join("a/one.png"))
        .expect("a PNG");
    image::GrayImage::from_fn(2, 1, |x, _| image::Luma([255 * x as u8]))
        .save(set.join("b/two.png"))
        .expect("a PNG");
    let at = |name: &str| text(&home.path().join(name)).to_owned();
    let run = |pipeline: &str, out: &str, more: &[&str]| {
        let given = ["pipeline", "normalize", text(&set), "--pipeline", pipeline, "--out", out, "--json"];
        lenslet(&[&given[..], more].concat(), home.path())
    };
    let near = |found: &Value, expected: [f64; 3]| {
        let found = found.as_array().expect("three numbers");
        let is_near = found.iter().zip(expected).all(|(a, b)| (a.as_f64().unwrap() - b).abs() < 1e-9);
        assert!(is_near && found.len() == 3, "{found:?} for {expected:?}");
    };
    // Red is 0, 0.4, 0 and 1; green 0.2, 0.2, 0 and 1; blue 1, 0, 0 and 1.
    let out = at("all.json");
    let report = json(&run("weak", &out, &[]));
    near(&report["mean"], [0.35, 0.35, 0.5]);
    near(&report["deviation"], [0.1675f64.sqrt(), 0.1475f64.sqrt(), 0.5]);
    assert!(report["samples"] == 2 && report["pixels"] == 4 && report["unreadable"] == 0);
    assert_eq!(report["steps"], 1);
    let (pipeline, notes) = lenslet::augment::files::read_file(Path::new(&out)).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(normalized(&pipeline), [0.35, 0.35, 0.5, 0.409_268, 0.384_057, 0.5]);
    assert!(pipeline.steps.len() > 1, "the preset's steps stay");

    // A part of the samples, into the step that is there now; and code has the numbers.
    let part = at("part.json");
    let report = json(&run(&out, &part, &["--filter", "label:a", "--threads", "1"]));
    near(&report["mean"], [0.2, 0.2, 0.5]);
    near(&report["deviation"], [0.2, 0.0, 0.5]);
    let (again, _) = lenslet::augment::files::read_file(Path::new(&part)).unwrap();
    assert_eq!(again.steps.len(), pipeline.steps.len());
    // What is divided by is not 0.
    assert_eq!(normalized(&again), [0.2, 0.2, 0.5, 0.2, 0.001, 0.5]);
    json(&run(&out, &at("code.py"), &["--filter", "label:a"]));
    let code = std::fs::read_to_string(at("code.py")).unwrap();
    assert!(code.contains("0.2, 0.001, 0.5"), "{code}");

    // A step by something else is not touched, and no second one added.
    let other = at("other.json");
    let fixed = r#"{"lenslet_pipeline": 1, "steps": [{"operation": "normalize"}]}"#;
    std::fs::write(&other, fixed).unwrap();
    let refused = run(&other, &at("no.json"), &[]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && error.contains("something else"), "{error}");

    // A sample that cannot be read is counted and told, and the others measured.
    std::fs::write(set.join("b/broken.png"), b"\x89PNG\r\n\x1a\nbroken").unwrap();
    let done = run("none", &at("broken.json"), &[]);
    let report: Value = serde_json::from_slice(&done.stdout).expect("one JSON object");
    near(&report["mean"], [0.35, 0.35, 0.5]);
    assert!(done.status.code() == Some(1) && report["unreadable"] == 1 && report["samples"] == 2);
    let problem = report["problems"][0].as_str().unwrap();
    assert!(problem.ends_with("b/broken.png"), "{problem}");
    assert!(Path::new(&at("broken.json")).exists());
}

#[test]
fn a_step_is_normalized_by_what_is_shown() {
    use lenslet::augment::param::Value as Given;
    use lenslet::augment::pipeline::{Settings, Step};
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let given = ["pipeline", "normalize", text(&dataset), "--pipeline", "none", "--out"];
    let out = text(&home.path().join("p.json")).to_owned();
    // The demo has samples that cannot be read: the status says that not all were.
    lenslet(&[&given[..], &[&out]].concat(), home.path());
    let (expected, _) = lenslet::augment::files::read_file(Path::new(&out)).unwrap();

    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::COMMAND, Key::M);
    let by_dataset = Settings::with("normalize", &[("by", Given::Choice(1))]).unwrap();
    let invert = Settings::with("invert", &[]).unwrap();
    let steps = vec![Step::new(4, by_dataset), Step::new(5, invert)];
    let early = Pipeline { name: String::new(), steps };
    let change = |pipeline: Pipeline| Action::ChangePipeline {
        pipeline: pipeline.into(),
        what: "Begin".to_owned(),
        is_held: false,
    };
    window.act(change(early.clone()));
    window.harness.get_by_label_contains("Normalize is not the last step");
    let mut last = early;
    last.steps.swap(0, 1);
    window.act(change(last.clone()));
    assert!(window.harness.query_by_label_contains("Normalize is not the last step").is_none());

    window.click("Show Normalize");
    window.click("Measure on this view");
    assert_eq!(normalized(&pipeline(&window)), normalized(&expected));
    assert_ne!(normalized(&pipeline(&window)), normalized(&last));
    let notices = &window.app().state().notices;
    assert!(notices.iter().any(|notice| notice.text.contains("could not be read")), "{notices:?}");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(pipeline(&window), last, "one step takes it back");
    window.close();
}

#[test]
fn a_model_is_trained_on_variants() {
    let ground = Ground::new("60");
    let small =
        ["--device", "cpu", "--size", "16", "--width", "4", "--depth", "1", "--latent", "3", "--batch", "16"];
    let train = |out: &str, more: &[&str]| {
        let out = ground.at(out);
        let given = ["train", &ground.data, "--out", &out, "--steps", "6", "--json"];
        let done = ground.run(&[&given[..], &small[..], more].concat());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        let losses = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let losses =
            losses.filter(|line| line["event"] == "step").map(|line| line["reconstruction"].to_string());
        losses.collect::<Vec<_>>()
    };
    let plain = train("plain", &[]);
    let augmented = train("augmented", &["--augment", "digits-safe"]);
    assert_ne!(plain, augmented);
    assert_eq!(augmented, train("same", &["--augment", "digits-safe"]));
    let refused = ground.run(&["train", &ground.data, "--out", &ground.at("no"), "--augment", "nothing"]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && error.contains("no such preset"), "{error}");
}

fn session<'a>(window: &'a Window<'_>) -> &'a Session {
    window.app().state().session.as_ref().expect("it is open")
}

fn pipeline(window: &Window<'_>) -> Pipeline {
    Pipeline::clone(session(window).augment.current())
}

fn look(window: &mut Window<'_>, change: impl FnOnce(&mut AugmentView)) {
    let mut view = session(window).augment.view.clone();
    change(&mut view);
    window.act(Action::ChangeAugment(Box::new(view)));
}

#[test]
fn the_graphics_device_draws_the_sheet_that_the_processor_draws() {
    let Some(graphics) = gpu::graphics() else { return };
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open_on(home.path(), Some(&dataset), &graphics);
    window.key(Modifiers::COMMAND, Key::M);
    let strong = lenslet::augment::presets::preset("strong").unwrap();
    let mut steps = strong.clone();
    // Others are mixed in, too.
    let mixed = Step::new(1000, Settings::new(operation("mixup").expect("it is known")));
    steps.steps.push(Step { probability: 1.0, ..mixed });
    let what = "Begin with the preset Strong".to_owned();
    window.act(Action::ChangePipeline { pipeline: steps.into(), what, is_held: false });
    let mut pictures = Vec::new();
    for device in [Choice::Cpu, Choice::Gpu] {
        look(&mut window, |view| view.device = device);
        window.harness.get_by_label("What makes variants");
        assert_eq!(session(&window).augment.sheet.device.is_some(), device == Choice::Gpu);
        let sheet = &session(&window).augment.sheet;
        for drawn in sheet.drawn.iter().map(|drawn| drawn.as_ref().expect("it is drawn")) {
            assert_eq!(matches!(drawn.picture, Shown::Tile(_)), device == Choice::Gpu);
            assert!(drawn.problem.is_none() && !drawn.is_coarse);
        }
        let told =
            |drawn: &Arc<Drawn>| (drawn.size, drawn.done.clone(), drawn.boxes.clone(), drawn.mixed.clone());
        let told: Vec<_> = sheet.drawn.iter().flatten().map(told).collect();
        pictures.push((told, window.harness.render().expect("it can be drawn")));
    }
    let [(told, expected), (told_on_device, shown)] = &pictures[..] else { panic!("two") };
    assert_eq!(told, told_on_device, "what is told of variants is the same");
    let is_off = |(a, b): (&image::Rgba<u8>, &image::Rgba<u8>)| {
        (0..3).any(|channel| a.0[channel].abs_diff(b.0[channel]) > 8)
    };
    let off = expected.pixels().zip(shown.pixels()).filter(|pair| is_off(*pair)).count();
    let bright = shown.pixels().filter(|pixel| pixel.0[..3].iter().any(|value| *value > 120)).count();
    assert!(bright > 20_000, "it shows something: {bright}");
    // Edges of enlarged pixels fall on either side, and the menu says something else.
    let count = expected.pixels().len();
    assert!(off * 100 < count * 3, "{off} of {count} pixels are off");
    window.close();
}

#[test]
fn a_large_sample_is_drawn_coarsely_by_the_device_and_then_as_it_is() {
    let Some(graphics) = gpu::graphics() else { return };
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("large/class");
    std::fs::create_dir_all(&folder).expect("a folder");
    let value = |x: u32, y: u32| image::Rgb([(x / 7) as u8, (y / 5) as u8, (x ^ y) as u8]);
    image::RgbImage::from_fn(1600, 1200, value).save(folder.join("one.png")).expect("it is written");
    let mut window = Window::open_on(home.path(), Some(&home.path().join("large")), &graphics);
    window.key(Modifiers::COMMAND, Key::M);
    let smaller = [("width", Number::Number(64.0)), ("height", Number::Number(64.0))];
    let settings = Settings::with("resize", &smaller).expect("it is known");
    let steps = vec![Step { probability: 1.0, ..Step::new(0, settings) }];
    let pipeline = Pipeline { name: String::new(), steps };
    let what = "Resize".to_owned();
    window.act(Action::ChangePipeline { pipeline: pipeline.into(), what, is_held: false });
    let mut sheets = Vec::new();
    for device in [Choice::Cpu, Choice::Gpu] {
        look(&mut window, |view| (view.samples, view.variants, view.device) = (1, 16, device));
        let sheet = &session(&window).augment.sheet;
        assert_eq!(sheet.cells.len(), 17);
        assert!(sheet.drawn.iter().flatten().all(|drawn| !drawn.is_coarse));
        sheets.push(drawn(&window));
    }
    assert_eq!(sheets[0], sheets[1], "what stays was made of the sample as it is");

    // Behind another panel nothing is drawn, and all of it comes back.
    window.act(Action::Run(Command::ShowGrid));
    assert!(!session(&window).augment.is_asked() && session(&window).augment.sheet.cells.is_empty());
    window.key(Modifiers::COMMAND, Key::M);
    assert_eq!(drawn(&window), sheets[0]);
    window.close();
}

/// What the pictures of the sheet are, as hashes.
fn drawn(window: &Window<'_>) -> Vec<blake3::Hash> {
    let sheet = &session(window).augment.sheet;
    assert!(sheet.is_current && !sheet.drawn.is_empty());
    let pixels = |one: &Option<Arc<Drawn>>| match &one.as_ref().expect("it is drawn").picture {
        Shown::Pixels { rgba, .. } => blake3::hash(rgba),
        other => panic!("{other:?}"),
    };
    sheet.drawn.iter().map(pixels).collect()
}

#[test]
fn a_pipeline_is_made_seen_undone_and_exported() {
    let home = tempfile::tempdir().expect("a folder");
    let dataset = demo(home.path());
    let mut window = Window::open(home.path(), Some(&dataset));
    window.key(Modifiers::COMMAND, Key::M);
    let as_they_are = drawn(&window);
    let columns = session(&window).augment.sheet.columns;
    assert!(
        as_they_are.chunks(columns).all(|row| row.iter().all(|cell| *cell == row[0])),
        "nothing is done yet"
    );
    window.harness.get_by_label_contains("Nothing is done to the samples yet");

    // An operation is found by typing and added.
    window.click("Add an operation");
    window.harness.get_by_role_and_label(Role::TextInput, "Search operations").type_text("brightn");
    window.settle();
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(pipeline(&window).steps.len(), 1);
    let mut certain = pipeline(&window);
    certain.steps[0].probability = 1.0;
    let what = "Probability".to_owned();
    window.act(Action::ChangePipeline { pipeline: certain.into(), what, is_held: false });
    let brightened = drawn(&window);
    for (row, before) in brightened.chunks(columns).zip(as_they_are.chunks(columns)) {
        assert_eq!(row[0], before[0], "the sample as it is stays");
        assert!(row[1..].iter().any(|cell| *cell != row[0]), "pixels changed");
    }

    // A slider is dragged: pixels change while it is held, and all of it is one step of undo.
    let slider = window.harness.get_by_role_and_label(Role::Slider, "Factor").rect();
    let place = |part: f32| Pos2::new(slider.left() + slider.width() * part, slider.center().y);
    window.harness.hover_at(place(0.5));
    window.harness.drag_at(place(0.5));
    window.harness.step();
    let edits = |window: &Window<'_>| session(window).overlay.pipelines[0].clone();
    let (kept, mut seen) = (edits(&window), Vec::new());
    for part in [0.6, 0.75, 0.9] {
        window.harness.hover_at(place(part));
        window.harness.step();
        window.harness.step();
        seen.push(pipeline(&window).steps[0].clone());
        assert_eq!(edits(&window), kept, "nothing is kept while it is held");
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2]);
    window.harness.drop_at(place(0.9));
    window.settle();
    assert_ne!(edits(&window), kept);
    let dragged = drawn(&window);
    assert_ne!(dragged, brightened);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(edits(&window), kept);
    assert_eq!(drawn(&window), brightened, "one step takes the whole drag back");
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(drawn(&window), dragged);

    // Luck is kept: a strength of nothing is the sample, and other luck is another variant.
    look(&mut window, |view| view.seed = 2);
    let other_luck = drawn(&window);
    assert_ne!(other_luck, dragged);
    look(&mut window, |view| view.seed = 1);
    assert_eq!(drawn(&window), dragged);

    // Switched off it does nothing; on again; alone; twice; away.
    window.click("Switch Brightness off");
    assert_eq!(drawn(&window), as_they_are);
    window.click("Switch Brightness on");
    assert_eq!(drawn(&window), dragged);
    for (deed, steps) in [("Duplicate", 2), ("Remove", 1)] {
        let more = window.harness.get_all_by_label("More of Brightness").next().expect("a button");
        more.click();
        window.settle();
        window.click(deed);
        assert_eq!(pipeline(&window).steps.len(), steps, "{deed}");
    }

    // The second pipeline begins with a preset; both are seen side by side with the same luck.
    window.click("Pipeline B");
    assert!(pipeline(&window).steps.is_empty());
    let preset = lenslet::augment::presets::preset("strong").unwrap();
    let what = "Begin with the preset Strong".to_owned();
    window.act(Action::ChangePipeline { pipeline: preset.into(), what, is_held: false });
    window.click("A beside B");
    let rows = session(&window).augment.sheet.rows;
    assert_eq!(rows, 2 * session(&window).augment.view.samples);
    window.harness.get_by_label("Begin with: Strong");

    // A parameter is swept, and one variant opened large with its numbers.
    window.click("Pipeline A");
    let step = pipeline(&window).steps[0].id;
    look(&mut window, |view| view.show = Show::Sweep { step, param: 0 });
    window.harness.get_by_label_contains("Brightness, factor");
    look(&mut window, |view| view.show = Show::Variants);
    look(&mut window, |view| view.open = Some(1));
    window.harness.get_by_label("Variant 1");
    window.harness.get_by_label_contains("factor ");
    window.click("Pin this variant");
    window.click("Back to the sheet");
    let sheet = &session(&window).augment.sheet;
    assert_eq!(sheet.cells[1].variant, Some(0));
    assert_eq!(sheet.rows, session(&window).augment.view.samples + 1, "the pinned one has a row");

    // The selection instead of a draw.
    let chosen = session(&window).shown.found.rows[5];
    window.act(Action::ShowSample(chosen));
    look(&mut window, |view| {
        view.from = From::Selection;
        view.pinned.clear();
    });
    assert!(session(&window).augment.sheet.cells.iter().all(|cell| cell.sample == chosen));

    // What is on screen is what is exported.
    let shown = session(&window).augment.sheet.drawn[1].clone().expect("it is drawn");
    let target = home.path().join("augmented");
    window.act(Action::Run(Command::ExportDataset));
    let augment = AugmentChoice {
        slot: PipelineSlot::A,
        pipeline: session(&window).overlay.pipelines[0].clone(),
        variants: 1,
        seed: 1,
        with_originals: false,
    };
    let choice = ExportChoice {
        target: text(&target).to_owned(),
        kind: Kind::ImageFolder,
        augment: Some(augment),
        ..ExportChoice::default()
    };
    window.act(Action::ChangeExport(Box::new(choice)));
    let Some(Dialog::ExportDataset(draft)) = &window.app().state().dialog else { panic!("it is open") };
    assert!(draft.is_ready(), "{:?}", draft.plan);
    window.harness.get_by_label("Variants by pipeline A");
    window.act(Action::StartExport);
    let path = session(&window).dataset().path(chosen);
    let stem = Path::new(path).file_stem().unwrap().to_string_lossy().into_owned();
    let exported = files(&target);
    let (_, bytes) = exported
        .iter()
        .find(|(name, _)| name.ends_with(&format!("/{stem}-v0.png")))
        .unwrap_or_else(|| panic!("{stem}: {:?}", exported.keys().collect::<Vec<_>>()));
    let image = image::load_from_memory(bytes).unwrap().to_rgba8();
    assert_eq!((image.width(), image.height()), (shown.size[0], shown.size[1]));
    if let Shown::Pixels { width, height, rgba } = &shown.picture
        && (*width, *height) == (image.width() as usize, image.height() as usize)
    {
        assert_eq!(image.into_raw(), *rgba);
    }

    // The next start comes back to both pipelines, and still undoes.
    let kept = session(&window).overlay.pipelines.clone();
    window.close();
    let mut window = Window::open(home.path(), Some(&dataset));
    assert_eq!(session(&window).overlay.pipelines, kept);
    assert_eq!(pipeline(&window).steps.len(), 1);
    for _ in 0..30 {
        window.key(Modifiers::COMMAND, Key::Z);
    }
    assert!(session(&window).overlay.pipelines.iter().all(String::is_empty), "everything is undone");
    window.close();
}
