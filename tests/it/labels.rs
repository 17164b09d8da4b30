//! Labels in and out of a project from outside: what is taken in counts everywhere, and the dataset stays as it is.

use std::path::{Path, PathBuf};

use lenslet::dataset::edit::{Edit, SampleSet};
use lenslet::import::dataset_reader;
use lenslet::jobs::Control;
use lenslet::pipeline::{self, Keeper, OpenRequest};
use lenslet::state::{Action, Effect, ProjectFace, State};
use lenslet::store::{ARRIVED, Access, Entry, JournalOp, Paths, Settings};
use serde_json::Value;

use crate::cli::{json, lenslet};
use crate::session::act;
use crate::signals;
use crate::training::text;

fn demo(home: &Path) -> String {
    let out = home.join("demo");
    let wrote = lenslet(&["demo", "--out", text(&out), "--samples", "60"], home);
    assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
    text(&out).to_owned()
}

/// Runs `lenslet labels …` with `--json`.
fn labels(arguments: &[&str], home: &Path) -> Value {
    let all = [&["labels"], arguments, &["--json"]].concat();
    let output = lenslet(&all, home);
    assert!(output.status.success(), "{all:?}: {}", String::from_utf8_lossy(&output.stderr));
    json(&output)
}

/// Every file of a folder with its content.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                files.push((path, bytes));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn labels_of_a_file_count_in_the_project_and_leave_the_dataset_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let source = demo(home);
    let before = content(Path::new(&source));
    let project = home.join("project");
    let at = |name: &str| text(&home.join(name)).to_owned();
    let within = ["--project", text(&project)];

    let own = at("own.jsonl");
    labels(&[&["export", &source, "--format", "jsonl", "--out", &own], &within[..]].concat(), home);
    let own = std::fs::read_to_string(own).unwrap();
    let rows: Vec<Value> = own.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let labelled: Vec<&Value> =
        rows.iter().filter(|row| row["label"].as_array().is_some_and(|label| label.len() == 1)).collect();
    assert!(labelled.len() > 10 && labelled.iter().all(|row| row["content"].is_string()));

    // Three samples get a class that is new; one of them is met by content alone.
    let mut theirs = String::new();
    for (at, row) in labelled.iter().take(3).enumerate() {
        let path = if at == 0 { "elsewhere/x.png".into() } else { row["path"].clone() };
        let row = serde_json::json!({
            "path": path, "content": row["content"], "label": ["kiwi"], "tags": ["ripe"], "by": "Ben",
            "time": "2026-01-02T03:04:05Z", "note": "seen",
        });
        theirs.push_str(&format!("{row}\n"));
    }
    theirs.push_str("{\"path\": \"nobody.png\", \"label\": [\"kiwi\"]}\nnot a row\n");
    let file = at("theirs.jsonl");
    std::fs::write(&file, theirs).unwrap();

    let import = [&["import", source.as_str(), file.as_str()][..], &within].concat();
    let look = labels(&[&import[..], &["--dry-run"]].concat(), home);
    assert_eq!(look["new_classes"], serde_json::json!([]), "what is not taken brings no class");
    let look = labels(&[&import[..], &["--dry-run", "--conflicts", "take"]].concat(), home);
    assert_eq!((look["changed"].as_u64(), look["conflicts"].as_u64()), (Some(3), Some(3)), "{look}");
    assert_eq!(look["new_classes"], serde_json::json!(["kiwi"]));
    assert_eq!(look["unmatched"], serde_json::json!(["nobody.png"]));
    assert_eq!((look["by_content"].as_u64(), look["faults"].as_array().map(Vec::len)), (Some(1), Some(1)));
    let scan = |filter: &str| {
        let output = lenslet(&["scan", &source, "--json", "--filter", filter, within[0], within[1]], home);
        json(&output)["samples"].as_u64().unwrap()
    };
    assert_eq!(scan("label:kiwi"), 0, "a look changes nothing");

    labels(&[&import[..], &["--conflicts", "take"]].concat(), home);
    assert_eq!(scan("label:kiwi"), 3);
    assert_eq!(scan("label:kiwi by:Ben tag:ripe note:seen is:relabelled origin:imported"), 3);
    let again = labels(&[&import[..], &["--conflicts", "take"]].concat(), home);
    assert_eq!((again["changed"].as_u64(), again["same"].as_u64()), (Some(0), Some(3)), "{again}");
    assert_eq!(content(Path::new(&source)), before, "the dataset is never written to");

    // Every form is read back as what was written, as far as it holds it.
    for (format, name) in [
        ("csv", "all.csv"),
        ("jsonl", "all.jsonl"),
        ("parquet", "all.parquet"),
        ("label-studio", "studio.json"),
        ("task", "task.json"),
        ("folder", "folders"),
    ] {
        let out = at(name);
        let arguments = [&["export", &source, "--format", format, "--out", &out], &within[..]].concat();
        let report = labels(&arguments, home);
        assert_eq!(report["samples"].as_u64(), Some(rows.len() as u64), "{format}");
        let told = report["left_out"].as_array().unwrap();
        assert_eq!(
            told.is_empty(),
            format != "folder" && format != "label-studio" && format != "task",
            "{told:?}"
        );
        let arguments = [&["import", &source, &out, "--dry-run", "--format", format], &within[..]].concat();
        let back = labels(&arguments, home);
        assert_eq!(back["conflicts"].as_u64(), Some(0), "{format}: {back}");
        // A folder lists no picture that cannot be read as one.
        let least = if format == "folder" { labelled.len() / 2 } else { labelled.len() };
        assert!(back["same"].as_u64().unwrap() >= least as u64, "{format}: {back}");
        // A file that is there is kept; a folder of pictures is that very export already.
        let arguments =
            [&["labels", "export", &source, "--format", format, "--out", &out], &within[..]].concat();
        assert_eq!(lenslet(&arguments, home).status.success(), format == "folder", "{format}");
    }
    assert_eq!(content(Path::new(&source)), before);
}

#[test]
fn disputed_labels_stay_and_are_tagged_for_a_second_look() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let source = demo(home);
    let project = home.join("project");
    let file = home.join("theirs.csv");
    let listed = lenslet(
        &["labels", "export", &source, "--format", "jsonl", "--out", text(&home.join("a.jsonl"))],
        home,
    );
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let own = std::fs::read_to_string(home.join("a.jsonl")).unwrap();
    let row = own.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let row =
        row.into_iter().find(|row| row["label"].as_array().is_some_and(|label| label.len() == 1)).unwrap();
    let path = row["path"].as_str().unwrap();
    std::fs::write(&file, format!("path,label,by\n\"{path}\",something else,Ben\n")).unwrap();
    let import = ["import", &source, text(&file), "--project", text(&project), "--conflicts", "dispute"];
    let report = labels(&import, home);
    assert_eq!(report["changed"].as_u64(), Some(1), "{report}");
    let filter = format!("tag:disputed note:\"Ben says\" -is:relabelled path:\"{path}\"");
    let output =
        lenslet(&["scan", &source, "--json", "--filter", &filter, "--project", text(&project)], home);
    assert_eq!(json(&output)["samples"].as_u64(), Some(1));
    // Without a project only a look is possible.
    let output = lenslet(&["labels", "import", &source, text(&file)], home);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn labels_follow_a_file_that_was_renamed() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let source = demo(home);
    let (project, file, out) = (home.join("project"), home.join("theirs.jsonl"), home.join("own.jsonl"));
    let within = ["--project", text(&project)];
    let export = |out: &Path| {
        let words = ["export", source.as_str(), "--format", "jsonl", "--force", "--out", text(out)];
        labels(&[&words[..], &within].concat(), home);
        let rows = std::fs::read_to_string(out).unwrap();
        rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let rows = export(&out);
    // One of which there is no copy.
    let is_alone = |row: &&Value| rows.iter().filter(|other| other["content"] == row["content"]).count() == 1;
    let row = rows.iter().filter(|row| row["content"].is_string()).find(is_alone).unwrap();
    let said = serde_json::json!({ "path": row["path"], "label": ["kiwi"], "by": "Ben" });
    std::fs::write(&file, format!("{said}\n")).unwrap();
    let import = [&["import", &source, text(&file), "--conflicts", "take"], &within[..]].concat();
    labels(&import, home);

    let old = Path::new(&source).join(row["path"].as_str().unwrap());
    let ending = old.extension().unwrap().to_owned();
    std::fs::rename(&old, old.with_file_name("renamed").with_extension(ending)).unwrap();
    // A look in between takes nothing away, and a command that measures has it follow as well.
    labels(&[&import[..], &["--dry-run"]].concat(), home);
    let scan = ["scan", &source, "--json", "--filter", "label:kiwi", within[0], within[1]];
    assert_eq!(json(&lenslet(&scan, home))["samples"].as_u64(), Some(1));
    for _ in 0..2 {
        let kiwis: Vec<Value> =
            export(&out).into_iter().filter(|row| row["label"] == serde_json::json!(["kiwi"])).collect();
        assert_eq!(kiwis.len(), 1);
        assert!(kiwis[0]["path"].as_str().unwrap().contains("renamed"), "{kiwis:?}");
        assert_eq!(kiwis[0]["by"], "Ben");
    }
}

#[test]
fn what_was_said_follows_a_moved_file_wherever_the_program_was_killed() {
    let control = Control::new();
    for is_measured_before in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let (paths, folder) = (Paths::within(&home.path().join("home")), home.path().join("pictures"));
        std::fs::create_dir(&folder).unwrap();
        signals::write(&folder, 0..3);
        let open = || {
            let source = text(&folder).to_owned();
            let request = OpenRequest { source, project: None, anew: false, is_open: None };
            pipeline::open(&paths, &request, &control).unwrap()
        };
        {
            let mut opened = open();
            let reader = dataset_reader(&opened.snapshot.dataset);
            let keeper = Some(Keeper { project: &opened.project, cache: None });
            pipeline::measure(&opened.snapshot, &reader, keeper, 2, &control, &|_, _| {}).unwrap();
            let tag = Edit::Tag { samples: SampleSet::from_rows([1]), tag: "ripe".to_owned(), on: true };
            let op = JournalOp::Append(opened.overlay.effective(tag).unwrap());
            opened.journal.commit(&[Entry { op, time_ms: 1, person: "Ada".into() }]).unwrap();
        }
        std::fs::rename(folder.join("0001.png"), folder.join("moved.png")).unwrap();
        // The first to see that it was moved ends before anything follows.
        {
            let opened = open();
            let relisted =
                pipeline::relist(&opened.project, &opened.snapshot, &opened.issues, &control).unwrap();
            assert_eq!((relisted.added, relisted.removed), (1, 1));
            if is_measured_before {
                let reader = dataset_reader(&relisted.snapshot.dataset);
                let keeper = Some(Keeper { project: &opened.project, cache: None });
                pipeline::measure(&relisted.snapshot, &reader, keeper, 2, &control, &|_, _| {}).unwrap();
            }
        }
        let found = open();
        let snapshot = found.snapshot.clone();
        let face = ProjectFace::new(found.project.folder().to_owned(), Access::ReadWrite);
        let mut opened = lenslet::state::Opened::new(found.snapshot, found.issues, found.overlay, face);
        opened.arrived = found.arrived;
        let mut state = State::new(Settings::default());
        act(&mut state, Action::Opened(Box::new(opened)));
        let tagged = |state: &State| {
            let snapshot = &state.session.as_ref().unwrap().snapshot;
            let rows = (0..4).filter(|row| snapshot.labelling.tags(*row).eq(["ripe"]));
            rows.map(|row| snapshot.dataset.path(row).to_owned()).collect::<Vec<String>>()
        };
        let ended = Action::MeasuringEnded { analyse: false };
        if !is_measured_before {
            // Measuring is cancelled, and done another time.
            act(&mut state, ended.clone());
            assert_eq!(tagged(&state), ["0001.png"]);
            let reader = dataset_reader(&snapshot.dataset);
            let batches = std::sync::Mutex::new(Vec::new());
            pipeline::measure(&snapshot, &reader, None, 2, &control, &|facts, issues| {
                batches.lock().unwrap().push(Action::Measured { facts, issues });
            })
            .unwrap();
            for batch in batches.into_inner().unwrap() {
                act(&mut state, batch);
            }
        }
        let effects = act(&mut state, ended);
        assert_eq!(tagged(&state), ["0001.png", "moved.png"]);
        let is_settled = |effect: &Effect| {
            matches!(effect, Effect::Journal(JournalOp::SetValue(name, left))
                if name == ARRIVED && *left == serde_json::json!([]))
        };
        assert!(effects.iter().any(is_settled), "{effects:?}");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Journal(JournalOp::Append(_)))));
    }
}
