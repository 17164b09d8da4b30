//! What a trained model says of samples, and what is drawn from it: as a person types it, and on any number
//! of threads.

use std::path::Path;

use lenslet::dataset::query::{self, Snapshot};
use lenslet::dataset::{Facts, ModelColumn, SampleId};
use lenslet::import::{self, Reader, dataset_reader};
use lenslet::jobs::Control;
use lenslet::pipeline::modelled::{Asked, Modelled, modelled, modelled_again};
use lenslet::store::{Access, Project};
use lenslet::train::checkpoint::Checkpoint;
use lenslet::train::device::{Kind, Processor};
use lenslet::train::pack::{Room, Wanted, pack};
use lenslet::train::score::score;
use lenslet::train::streamed::{Samples, score_samples};

use crate::cli::json;
use crate::training::{Trained, text};

/// The rows of a table by the names of its columns.
fn rows(path: &str) -> Vec<std::collections::HashMap<String, String>> {
    let mut table = csv::Reader::from_path(path).expect("a table");
    table.deserialize().map(|row| row.expect("a row")).collect()
}

fn count(trained: &Trained, path: &str, more: &[&str]) -> u64 {
    let scanned = json(&trained.run(&[&["scan", path, "--json"], more].concat()));
    scanned["samples"].as_u64().expect("a number")
}

#[test]
fn what_a_model_says_are_columns_that_a_project_keeps() {
    let trained = Trained::new();
    let (run, data) = (text(&trained.run), trained.data.as_str());
    let (array, project) = (trained.at("latents.npy"), trained.at("project"));
    let options = ["--out", &array, "--project", &project, "--json", "--device", "cpu"];
    let encoded = json(&trained.run(&[&["encode", run, data], &options[..]].concat()));
    let samples = encoded["samples"].as_u64().expect("a number");
    let table = rows(&trained.at("latents.csv"));
    assert_eq!(table.len() as u64, samples);
    for row in &table {
        for column in ["reconstruction", "kl", "squared_error", "density", "distance"] {
            assert!(row[column].parse::<f32>().is_ok_and(f32::is_finite), "{column}: {row:?}");
        }
    }

    // Filters go by them, wherever the project is opened again.
    let mut errors: Vec<f32> =
        table.iter().map(|row| row["squared_error"].parse().expect("a number")).collect();
    errors.sort_by(f32::total_cmp);
    let middle = errors[errors.len() / 2];
    let over = errors.iter().filter(|error| **error > middle).count() as u64;
    let of = |filter: &str| count(&trained, data, &["--project", &project, "--filter", filter]);
    assert_eq!(of(&format!("model.error>{middle}")), over);
    assert_eq!(of("model.kl>=0 model.distance>0"), samples, "all but the broken one");
    assert_eq!(of("model.density<1000"), samples);
    assert_eq!(
        count(&trained, data, &["--filter", "model.error>=0"]),
        0,
        "without a project nothing is known"
    );

    // Whose they are is told where the project is opened.
    let scanned = json(&trained.run(&["scan", data, "--project", &project, "--json"]));
    let model = &scanned["model"];
    assert_eq!((&model["step"], &model["samples"]), (&8.into(), &samples.into()), "{model}");
    assert!(model["checkpoint"].as_str().is_some_and(|path| path.ends_with("step-00000008")), "{model}");
    assert_eq!(json(&trained.run(&["scan", data, "--json"])).get("model"), None);
    let told = trained.run(&["scan", data, "--project", &project]);
    let told = String::from_utf8_lossy(&told.stdout);
    assert!(told.contains("by the model of step 8 in "), "{told}");

    // A file that is another by now is one that nothing is known of.
    let changed = Path::new(data).join(&table[0]["path"]);
    std::fs::copy(Path::new(data).join(&table[1]["path"]), &changed).expect("it is writable");
    let bytes = std::fs::read(&changed).expect("it");
    std::fs::write(&changed, [bytes, vec![0; 9]].concat()).expect("it is writable");
    assert_eq!(of("model.error>=0"), samples - 1);
    // The next one says it all again, of the part that is asked for.
    let options = [&options[..], &["--overwrite", "--filter", "label:a"]].concat();
    let part = json(&trained.run(&[&["encode", run, data], &options[..]].concat()));
    assert_eq!(of("model.error>=0"), part["samples"].as_u64().expect("a number"));
}

#[test]
fn generated_samples_are_marked_wherever_they_go() {
    let trained = Trained::new();
    let run = text(&trained.run);
    let drawn = trained.at("drawn");
    let words = ["--count", "12", "--from", "posterior", "--seed", "7", "--out", &drawn, "--device", "cpu"];
    let report =
        json(&trained.run(&[&["sample", run], &words[..], &["--json", "--components", "3"]].concat()));
    assert_eq!((&report["from"], &report["samples"]), (&"posterior".into(), &12.into()));
    let table = rows(&format!("{drawn}/samples.csv"));
    let checkpoint = table[0]["checkpoint"].clone();
    assert!(Path::new(&checkpoint).join("checkpoint.json").exists(), "{checkpoint}");
    let row = &table[11];
    let told = ["synthetic", "from", "seed", "number", "step"].map(|column| row[column].as_str());
    assert_eq!(told, ["true", "posterior", "7", "11", "8"]);
    assert_eq!((row["z"].split(' ').count(), row["weights"].len()), (3, 64));
    // The same words draw the same; the samples may be named, and few of them.
    let again = trained.at("again");
    let words = ["--count", "12", "--from", "posterior", "--seed", "7", "--out", &again, "--device", "cpu"];
    let fit = ["--components", "3", "--data", &trained.data, "--threads", "1"];
    assert!(trained.run(&[&["sample", run], &words[..], &fit].concat()).status.success());
    assert_eq!(rows(&format!("{again}/samples.csv")), table);
    let other = trained.at("other");
    let words = ["--count", "12", "--from", "posterior", "--seed", "7", "--out", &other, "--device", "cpu"];
    let fit = ["--data", &trained.data, "--filter", "label:a"];
    assert!(trained.run(&[&["sample", run], &words[..], &fit].concat()).status.success());
    assert_ne!(rows(&format!("{other}/samples.csv"))[3]["z"], table[3]["z"]);

    // Opened again, and exported from there, they are still synthetic.
    let (synthetic, project) = (["--filter", "attr.synthetic:true"], trained.at("drawn-project"));
    assert_eq!(count(&trained, &drawn, &synthetic), 12);
    for layout in ["same", "csv", "jsonl", "parquet", "webdataset"] {
        let out = trained.at(&format!("as-{layout}"));
        let words =
            ["--rules", "none", "--project", &project, "--export", &out, "--layout", layout, "--json"];
        let exported = json(&trained.run(&[&["prune", &drawn], &words[..]].concat()));
        assert!(exported.to_string().contains("\"complete\":true"), "{layout} {exported}");
        assert_eq!(count(&trained, &out, &synthetic), 12, "{layout}");
        assert_eq!(count(&trained, &out, &["--filter", "attr.from:posterior attr.seed:7"]), 12, "{layout}");
        assert_eq!(
            count(&trained, &out, &["--filter", "label:b"]),
            count(&trained, &drawn, &["--filter", "label:b"])
        );
    }
    let out = trained.at("as-folders");
    let words =
        ["--rules", "none", "--project", &project, "--export", &out, "--layout", "image-folder", "--json"];
    let exported = json(&trained.run(&[&["prune", &drawn], &words[..]].concat()));
    assert!(exported.to_string().contains("synthetic, which folders do not say"), "{exported}");

    for (arguments, code, told) in [
        (&["sample", run, "--grid", "2", "--out", &trained.at("a.png"), "--components", "3"][..], 2, "prior"),
        (&["sample", run, "--count", "2", "--out", &drawn], 1, "already"),
        (
            &[
                "sample",
                run,
                "--grid",
                "2",
                "--out",
                &trained.at("a.png"),
                "--from",
                "posterior",
                "--data",
                &again,
                "--filter",
                "label:none",
            ],
            1,
            "no sample",
        ),
    ] {
        let output = trained.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(told) && !error.contains("panicked"), "{arguments:?}: {error}");
    }
}

#[test]
fn a_trained_encoder_finds_outliers_and_copies() {
    let trained = Trained::new();
    let (run, data) = (text(&trained.run), trained.data.as_str());
    let project = trained.at("project");
    let ranked = |more: &[&str]| {
        json(&trained.run(&[&["outliers", data, "--json", "--project", &project], more].concat()))
    };
    let by_hand = ranked(&[]);
    let by_model = ranked(&["--encoder", run]);
    assert!(by_model["encoder"].as_str().is_some_and(|name| name.starts_with("lenslet-vae ")), "{by_model}");
    let paths = |report: &serde_json::Value| {
        let rows = report["ranking"].as_array().expect("a list").iter();
        rows.map(|row| row["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&by_hand).len(), paths(&by_model).len());
    assert_ne!(paths(&by_hand), paths(&by_model));
    // What is described by hand is kept, and not lost to the other one.
    let again = ranked(&[]);
    assert_eq!((&again["ranking"], &again["encoder"]), (&by_hand["ranking"], &serde_json::Value::Null));

    // An exact copy is found, by a threshold that follows from the data.
    let from = Path::new(data).join(&paths(&by_hand)[5]);
    std::fs::copy(&from, from.with_file_name("copy.png")).expect("a copy");
    let words = ["--method", "descriptor", "--encoder", run, "--json"];
    let found = json(&trained.run(&[&["duplicates", data], &words[..]].concat()));
    let groups = found["groups"].as_array().expect("a list");
    let is_copy = |path: &serde_json::Value| path.as_str().is_some_and(|path| path.ends_with("copy.png"));
    assert!(groups.iter().any(|group| group.as_array().expect("a list").iter().any(is_copy)), "{found}");
    assert!(found["threshold"].as_u64().is_some_and(|threshold| threshold < 500), "{found}");
    let output = trained.run(&["duplicates", data, "--method", "phash", "--encoder", run]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn any_number_of_samples_is_scored_as_a_pack_is() {
    let trained = Trained::new();
    let checkpoint = Checkpoint::load(&trained.run).expect("a checkpoint");
    let about = &checkpoint.about;
    let model = Processor::cpu().model(&about.config.shape, checkpoint.weights.clone());
    let control = Control::new();
    let (snapshot, reader, samples) = opened(&trained.data);
    let wanted =
        Wanted { class_names: Some(about.class_names.clone()), ..Wanted::of(&about.config) }.of_all();
    let of = Samples { snapshot: &snapshot, reader: &reader, samples: &samples };
    let scored = score_samples(&model, of, &wanted, 3, 2, &control).expect("scores");
    assert_eq!(control.progress().done, samples.len() as u64);
    let packed =
        |room: &Room| pack(&snapshot, &reader, &samples, &wanted, room, 2, &control).expect("a pack");
    let pack = packed(&Room::default());
    let every: Vec<u32> = (0..pack.len() as u32).collect();
    let scores = score(&model, &pack, &every, 3, &control).expect("scores");
    assert_eq!((&scored.samples, &scored.left_out), (&pack.samples, &pack.left_out));
    assert_eq!(scored.left_out.len(), 1, "one is broken");
    assert_eq!(scored.scores, scores);

    // What is too much for memory is on the disk, and else the same.
    let folder = trained.home.path().join("cache");
    std::fs::create_dir(&folder).expect("it is writable");
    let on_disk = packed(&Room { in_memory: 0, ..Room::in_folder(&folder) });
    assert_eq!((pack.is_on_disk(), on_disk.is_on_disk()), (false, true));
    assert_eq!((&on_disk.fingerprint, &on_disk.keys), (&pack.fingerprint, &pack.keys));
    assert_eq!((&on_disk.samples, &on_disk.left_out), (&pack.samples, &pack.left_out));
    assert_eq!(on_disk.gathered(&every), pack.gathered(&every));
    assert_eq!(score(&model, &on_disk, &every, 3, &control).expect("scores"), scores);
    drop(on_disk);
    assert_eq!(std::fs::read_dir(&folder).expect("it is there").count(), 0, "nothing of it stays");

    // Columns are the same on any number of threads.
    let asked = Asked { checkpoint: &checkpoint, folder: &trained.run, model: &model };
    let on = |threads| modelled(asked, of, None, threads, &control).expect("columns");
    let (one, three) = (on(1), on(3));
    assert_eq!((bits(&one), &one.mixture), (bits(&three), &three.mixture));
    assert_eq!(one.columns.known(), pack.len());
    control.cancel();
    assert!(score_samples(&model, of, &wanted, 3, 2, &control).is_err());
}

/// A dataset with nothing measured, and its samples in the order of their paths.
fn opened(data: &str) -> (Snapshot, Reader, Vec<SampleId>) {
    let imported = import::open(data, &Control::new()).expect("a dataset");
    let facts = Facts::new(imported.dataset.len());
    let snapshot = Snapshot::new(imported.dataset.into(), &[], facts, Default::default());
    let reader = dataset_reader(&snapshot.dataset);
    let everything = query::parse("", snapshot.vocabulary()).expect("a query");
    let samples = query::rows(&snapshot, &everything, "path", Default::default()).to_vec();
    (snapshot, reader, samples)
}

/// What the columns hold, to the last bit.
fn bits(of: &Modelled) -> [Vec<u32>; 4] {
    ModelColumn::ALL.map(|column| of.columns.column(column).iter().map(|value| value.to_bits()).collect())
}

#[test]
fn what_a_model_said_is_kept_and_asked_again_only_of_what_changed() {
    let trained = Trained::new();
    let checkpoint = Checkpoint::load(&trained.run).expect("a checkpoint");
    let model = Processor::cpu().model(&checkpoint.about.config.shape, checkpoint.weights.clone());
    assert_eq!(model.kind(), Kind::Cpu);
    let asked = Asked { checkpoint: &checkpoint, folder: &trained.run, model: &model };
    let folder = trained.home.path().join("project");
    let project = Project::open(&folder).expect("a project");
    let (snapshot, reader, samples) = opened(&trained.data);
    project.save_scan(&snapshot.dataset, &[], None).expect("it is kept");
    let control = Control::new();
    let of = Samples { snapshot: &snapshot, reader: &reader, samples: &samples };
    let first = modelled_again(asked, of, &project, 2, &control).expect("it is asked");
    let anew = modelled(asked, of, None, 2, &control).expect("it is asked");
    assert_eq!((bits(&first), &first.mixture), (bits(&anew), &anew.mixture));
    assert_eq!((&first.scored, &first.problem), (&anew.scored, &None));

    // What is kept needs no file.
    let data = Path::new(&trained.data);
    let away = trained.home.path().join("away");
    std::fs::rename(data, &away).expect("it is moved");
    assert!(modelled(asked, of, None, 2, &control).is_err(), "without its files nothing can be asked");
    let again = modelled_again(asked, of, &project, 2, &control).expect("it is kept");
    assert_eq!((bits(&again), &again.mixture), (bits(&first), &first.mixture));
    let (scores, before) = (&again.scored.scores, &first.scored.scores);
    assert_eq!((&scores.means, &scores.log_variances), (&before.means, &before.log_variances));
    assert_eq!((&again.scored.samples, again.scored.left_out.len()), (&first.scored.samples, 1));
    for (one, two) in scores.by_dimension.iter().zip(&before.by_dimension) {
        assert!((one - two).abs() < 1e-3, "{one} {two}");
    }

    // Of a part, what follows from all together is another; the rest is as it was.
    let part: Vec<SampleId> = samples.iter().step_by(2).copied().collect();
    let of_part = Samples { samples: &part, ..of };
    let half = modelled_again(asked, of_part, &project, 2, &control).expect("it is kept");
    assert_ne!(half.mixture, first.mixture);
    let row_of = |of: &Modelled, sample: SampleId| of.scored.samples.iter().position(|one| *one == sample);
    let mean = |of: &Modelled, sample: SampleId| {
        let row = row_of(of, sample).expect("it was read");
        of.scored.scores.means[row * 3..][..3].to_vec()
    };
    assert!(half.scored.samples.iter().all(|sample| mean(&half, *sample) == mean(&first, *sample)));

    // A window that may only read keeps nothing; another model has said nothing yet.
    let second = Project::open(&folder).expect("it may be read");
    assert!(matches!(second.access(), Access::ReadOnly { .. }));
    let read = modelled_again(asked, of_part, &second, 2, &control).expect("it is kept");
    assert_eq!((bits(&read), &read.problem), (bits(&half), &None));
    drop(second);
    let mut weights = checkpoint.weights.clone();
    weights[0][0] += 0.5;
    let other = Checkpoint { weights, ..checkpoint.clone() };
    let asked_other = Asked { checkpoint: &other, ..asked };
    assert!(modelled_again(asked_other, of, &project, 2, &control).is_err(), "its files are away");

    // Where there is no sample, nothing is said, and what was said stays.
    let none = modelled_again(asked, Samples { samples: &[], ..of }, &project, 2, &control);
    assert!(none.is_err_and(|error| error.to_string().contains("no sample")));

    // What is asked anew of a part takes the place of nothing.
    std::fs::rename(&away, data).expect("it is moved back");
    let few = Samples { samples: &part[..4], ..of };
    modelled(asked, few, Some(&project), 2, &control).expect("it is asked");
    std::fs::rename(data, &away).expect("it is moved");
    modelled_again(asked, of_part, &project, 2, &control).expect("it is kept");

    // One file is another by now: it alone is read.
    std::fs::rename(&away, data).expect("it is moved back");
    modelled_again(asked, of, &project, 2, &control).expect("all are kept");
    let (changed, like) = (first.scored.samples[4], first.scored.samples[9]);
    let path = |sample: SampleId| data.join(snapshot.dataset.path(sample));
    let bytes = std::fs::read(path(like)).expect("it is there");
    std::fs::write(path(changed), [bytes, vec![0; 9]].concat()).expect("it is writable");
    let (snapshot_now, reader_now, samples_now) = opened(&trained.data);
    assert_eq!(samples_now, samples);
    let of_now = Samples { snapshot: &snapshot_now, reader: &reader_now, samples: &samples_now };
    let anew = modelled(asked, of_now, None, 2, &control).expect("it is asked");
    for sample in first.scored.samples.iter().filter(|sample| **sample != changed) {
        std::fs::remove_file(path(*sample)).expect("it is there");
    }
    let now = modelled_again(asked, of_now, &project, 2, &control).expect("most are kept");
    assert_eq!(now.scored.samples, first.scored.samples);
    assert_ne!(mean(&now, changed), mean(&first, changed));
    for sample in &now.scored.samples {
        let pairs = mean(&now, *sample).into_iter().zip(mean(&anew, *sample));
        assert!(pairs.clone().all(|(one, two)| (one - two).abs() < 1e-4), "{sample}: {pairs:?}");
    }
    assert_eq!(now.columns.known(), first.columns.known());
    // And that is kept from then on.
    std::fs::remove_file(path(changed)).expect("it is there");
    let last = modelled_again(asked, of_now, &project, 2, &control).expect("all are kept");
    assert_eq!((bits(&last), &last.mixture), (bits(&now), &now.mixture));
}
