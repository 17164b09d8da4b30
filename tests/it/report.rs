//! The report of what was found and decided, as a page and as JSON.

use std::path::Path;

use lenslet::dataset::{DatasetBuilder, Facts, Layout, NewSample, SampleId};
use lenslet::export::ExportError;
use lenslet::export::report::{Figures, Limits, Material, write_report};
use lenslet::jobs::Control;
use lenslet::review::{Analysed, Judged, ReviewSettings, judge};
use lenslet::state::{Action, Command, State};

use crate::cli::{json, lenslet, pictures};
use crate::session;

/// A JPEG's first bytes are enough for a picture here.
fn thumbnail(sample: SampleId) -> Option<Vec<u8>> {
    (sample != 4).then(|| vec![0xFF, 0xD8, sample as u8])
}

fn with_material<T>(state: &State, then: impl FnOnce(Material<'_>) -> T) -> T {
    let session = state.session.as_ref().expect("a dataset is open");
    let analysed = session.review.analysed.as_ref().expect("it was analysed");
    let judged = &*session.review.judged;
    let (snapshot, settings) = (&session.snapshot, &session.review.settings);
    then(Material { snapshot, analysed, judged, settings })
}

fn written(state: &State, path: &Path) -> Result<String, ExportError> {
    with_material(state, |material| write_report(path, material, &thumbnail, &Control::new()))?;
    Ok(std::fs::read_to_string(path).expect("UTF-8"))
}

fn pruned() -> State {
    let mut state = session::reviewed();
    session::act(&mut state, Action::Run(Command::ApplyRules));
    state
}

#[test]
fn the_page_stands_alone_and_says_what_was_found_and_decided() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let page = written(&pruned(), &path).unwrap();
    for text in [
        "<h1>/d</h1>",
        "20 samples",
        "Samples pruned</span><b>3</b>",
        "train/cat/02.jpg",
        "it has the highest resolution",
        "it is protected",
        "Likely wrong labels",
        "prefers-color-scheme: dark",
        "data:image/jpeg;base64,/9gA",
        "no picture",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // Nothing is fetched and nothing runs.
    for text in ["<script", "http://", "https://", "src=\"/", "<link", "url("] {
        assert!(!page.contains(text), "{text}");
    }
    assert_eq!(page, written(&pruned(), &folder.path().join("again.html")).unwrap(), "the same each time");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no other file is left");
}

#[test]
fn the_same_figures_are_json() {
    let folder = tempfile::tempdir().unwrap();
    let text = written(&pruned(), &folder.path().join("report.JSON")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (pointer, expected) in [
        ("/samples", serde_json::json!(20)),
        ("/groups/count", 3.into()),
        ("/groups/listed/0/keeper/path", "train/cat/02.jpg".into()),
        ("/groups/listed/0/keeper/decided", true.into()),
        ("/groups/listed/0/samples/count", 3.into()),
        ("/leaks/count", 2.into()),
        ("/label_conflicts/count", 1.into()),
        ("/label_conflicts/listed/0/keeper/decided", false.into()),
        ("/impact/pruned", 3.into()),
        ("/impact/leaks", serde_json::json!([2, 1])),
        ("/decisions/count", 3.into()),
        ("/decisions/listed/2/reason", "test/cat/04.jpg is protected".into()),
        ("/wrong_labels/flag", "wrong-label".into()),
        ("/outliers/listed/0/nearest", "train/cat/01.jpg".into()),
        ("/near_duplicates/method", "phash".into()),
        ("/checks/0/flag", "dark".into()),
        ("/checks/0/count", 7.into()),
    ] {
        assert_eq!(json.pointer(pointer), Some(&expected), "{pointer}");
    }
}

#[test]
fn names_cannot_become_markup() {
    let mut builder = DatasetBuilder::new("/d<b>", "/d<b>", Layout::ImageFolder);
    let evil = "<img src=x onerror=\"alert('&')\">";
    for at in 0..2 {
        let path = format!("{at}{evil}.png");
        builder.push(NewSample { path: &path, labels: &[evil], split: Some(evil), ..Default::default() });
    }
    let dataset = builder.finish().0;
    let facts = Facts::new(2);
    let opened = session::opened(
        dataset,
        Vec::new(),
        facts,
        lenslet::store::Access::ReadWrite,
        lenslet::dataset::edit::View::default(),
    );
    let pair = lenslet::analysis::hamming::Pair { a: 0, b: 1, distance: 0 };
    let alike = lenslet::review::Alike {
        forest: lenslet::analysis::groups::Forest::new(2, &[pair]),
        pairs: vec![pair],
        is_partial: true,
        ..Default::default()
    };
    let analysed = Analysed { looked_at: 2, alike: alike.into(), ..Analysed::default() };
    let settings = ReviewSettings::default();
    let judged: Judged = judge(&opened.snapshot, &analysed, &settings);
    let material =
        Material { snapshot: &opened.snapshot, analysed: &analysed, judged: &judged, settings: &settings };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    write_report(&path, material, &|_| None, &Control::new()).unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page.contains("copies may be missing"), "{page}");
    assert!(!page.contains("<img") && page.contains("&lt;img src=x onerror=&quot;"), "{page}");
}

#[test]
fn lists_are_bounded_and_say_what_they_leave_out() {
    let state = session::reviewed();
    let limits = Limits { groups: 1, members: 2, worst: 3, ..Limits::HTML };
    let figures = with_material(&state, |material| Figures::of(material, &limits));
    let groups = &figures.groups;
    assert_eq!((groups.count, groups.listed.len(), groups.left_out()), (3, 1, 2));
    let first = &groups.listed[0].samples;
    assert_eq!((first.count, first.listed.len()), (3, 2));
    // The one that would stay is listed, whatever is left out.
    assert_eq!(first.listed[0].path, "train/cat/02.jpg");
    let dark = &figures.checks[0].row.worst;
    assert_eq!((dark.count, dark.listed.len()), (7, 3));
    assert!(dark.listed.is_sorted_by(|one, two| one.score <= two.score));
}

#[test]
fn a_report_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let control = Control::new();
    control.cancel();
    let state = pruned();
    let ended = with_material(&state, |material| write_report(&path, material, &thumbnail, &control));
    assert!(matches!(ended, Err(ExportError::Cancelled(_))));
    let inside = written(&state, Path::new("/d/report.html"));
    assert!(matches!(inside, Err(ExportError::InDataset(_))));
    let nowhere = written(&state, &folder.path().join("none/report.html"));
    assert!(matches!(nowhere, Err(ExportError::NoFolder(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The demo with its planted faults, in a folder of its own.
fn demo(home: &Path) -> String {
    let out = home.join("demo");
    let wrote = lenslet(&["demo", "--out", out.to_str().unwrap(), "--samples", "160"], home);
    assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
    out.join("glyphs").to_str().unwrap().to_owned()
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: std::path::PathBuf| if path.is_dir() { files_below(&path) } else { 1 };
    entries.map(count).sum()
}

#[test]
fn the_command_line_finds_decides_and_exports() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let source = demo(home);
    let project = home.join("project");
    // What is computed once is used by all.
    let run = |words: &[&str]| {
        let project = ["--project", project.to_str().unwrap()];
        lenslet(&[words, &project].concat(), home)
    };
    let leaks = json(&run(&["leaks", &source, "--method", "phash", "--json"]));
    assert_eq!(leaks["samples"], 160);
    let group = leaks["groups"][0].as_array().expect("the demo has leaks");
    assert!(group.len() > 1);
    let pair = &leaks["pairs"][0];
    assert!(pair["a_split"] != pair["b_split"] && pair["by"].is_string(), "{pair}");

    for (command, key) in [("outliers", "nearest"), ("label-errors", "label")] {
        let ranked = json(&run(&[command, &source, "--json"]));
        let ranking = ranked["ranking"].as_array().unwrap();
        assert!(ranking.iter().all(|row| row["path"].is_string() && row[key].is_string()), "{command}");
        let scores: Vec<f64> = ranking.iter().map(|row| row["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted(), "{command}");
        let flagged = ranking.iter().filter(|row| row["flagged"] == true).count();
        assert_eq!(ranked["flagged"], flagged, "{command}");
    }

    let target = home.join("pruned");
    let target = target.to_str().unwrap();
    let rules = home.join("rules.json");
    std::fs::write(
        &rules,
        r#"{"protect": ["split:val"], "prefer": ["resolution", "bytes"], "prune": ["dark"]}"#,
    )
    .unwrap();
    let rules = rules.to_str().unwrap();
    let dry = json(&run(&[
        "prune",
        &source,
        "--method",
        "phash",
        "--rules",
        rules,
        "--export",
        target,
        "--dry-run",
        "--json",
    ]));
    let pruned = dry["pruned"].as_array().unwrap();
    assert!(!pruned.is_empty() && dry["export"].is_null() && !Path::new(target).exists(), "{dry}");
    assert_eq!(dry["stays"].as_u64().unwrap() + pruned.len() as u64, 160);
    assert!(pruned.iter().all(|row| !row["path"].as_str().unwrap().starts_with("val/")), "{pruned:?}");
    let by_group = pruned.iter().find(|row| row["kept"].is_string()).expect("the demo has copies");
    assert!(by_group["reason"].as_str().unwrap().contains(by_group["kept"].as_str().unwrap()), "{by_group}");

    let exported =
        json(&run(&["prune", &source, "--method", "phash", "--rules", rules, "--export", target, "--json"]));
    assert_eq!(exported["pruned"], dry["pruned"]);
    assert_eq!(exported["export"]["complete"], true);
    assert_eq!(exported["export"]["samples"], dry["stays"]);
    let again = json(&lenslet(&["scan", target, "--json"], home));
    assert_eq!(again["samples"], dry["stays"], "what was exported opens");
    // It does not prune the source, nor what is in the way.
    assert_eq!(json(&lenslet(&["scan", &source, "--json"], home))["samples"], 160);
    let before = files_below(Path::new(target));
    let other = run(&["prune", &source, "--method", "phash", "--rules", "default", "--export", target]);
    assert_eq!(other.status.code(), Some(1), "another export is there");
    assert!(String::from_utf8_lossy(&other.stderr).contains("another export"), "{other:?}");
    assert_eq!(files_below(Path::new(target)), before);

    let page = home.join("report.html");
    let told = run(&["report", &source, "--out", page.to_str().unwrap(), "--rules", rules]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("data:image/") && page.contains("split:val"));
}

/// Prunes by the default rules, equal files only, with further words: exit code, what `--json` prints and
/// what is told beside it.
fn prune(home: &Path, source: &str, words: &[&str]) -> (Option<i32>, serde_json::Value, String) {
    let always = ["prune", source, "--method", "file", "--rules", "default", "--json"];
    let ended = lenslet(&[&always, words].concat(), home);
    let error = String::from_utf8_lossy(&ended.stderr).into_owned();
    let told = serde_json::from_slice(&ended.stdout);
    (ended.status.code(), told.unwrap_or_else(|cause| panic!("{words:?}: {cause}: {error}")), error)
}

#[test]
fn the_default_rules_are_carried_out_in_every_way_to_export() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let source = pictures(home);
    for (at, (words, way, count, opened)) in [
        (&["--as", "copy"][..], "copied", 8, ""),
        (&["--as", "hardlink"], "hard_linked", 8, ""),
        (&["--as", "symlink"], "sym_linked", 8, ""),
        (&["--as", "manifest"], "made", 1, "metadata.csv"),
        (&["--as", "manifest", "--layout", "parquet"], "made", 1, "metadata.parquet"),
        (&["--as", "hardlink", "--layout", "image-folder"], "hard_linked", 8, ""),
        (&["--as", "symlink", "--layout", "jsonl"], "sym_linked", 8, ""),
        (&["--layout", "webdataset"], "made", 3, ""),
    ]
    .into_iter()
    .enumerate()
    {
        if cfg!(windows) && words.contains(&"symlink") {
            continue; // Links need a right that not every account has.
        }
        let target = home.join(at.to_string());
        let (code, told, error) =
            prune(home, &source, &[&["--export", target.to_str().unwrap()], words].concat());
        assert_eq!((code, error.as_str()), (Some(0), ""), "{words:?}");
        assert_eq!(told["pruned"][0]["path"], "train/dog/copy.png", "{words:?}");
        assert_eq!(told["pruned"][0]["kept"], "train/dog/0.png", "{words:?}");
        let export = &told["export"];
        assert_eq!((&export["complete"], &export["samples"]), (&true.into(), &8.into()), "{words:?}");
        let counts = &export["counts"];
        let done = counts[way].as_u64().unwrap()
            + if way == "copied" { counts["cloned"].as_u64().unwrap() } else { 0 };
        assert_eq!(done, count, "{words:?} {counts}");
        let scan = json(&lenslet(&["scan", target.join(opened).to_str().unwrap(), "--json"], home));
        assert_eq!(scan["samples"], 8, "{words:?}");
        assert_eq!(scan["classes"], serde_json::json!({ "cat": 4, "dog": 4 }), "{words:?}");
    }
    assert_eq!(json(&lenslet(&["scan", &source, "--json"], home))["samples"], 9, "the source is as it was");
}

#[test]
fn what_could_not_be_exported_is_told_as_json_too() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let source = pictures(home);
    // Refused: what was found and planned is told all the same.
    let full = home.join("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("notes.txt"), "mine").unwrap();
    for words in
        [&["--export", full.to_str().unwrap()][..], &["--export", full.to_str().unwrap(), "--dry-run"]]
    {
        let (code, told, error) = prune(home, &source, words);
        assert_eq!(code, Some(1), "{words:?} {error}");
        let refusal = told["plan"]["refusals"][0].as_str().unwrap();
        assert!(refusal.contains("is not empty") && error.contains(refusal), "{refusal} {error}");
        assert!(told["export"].is_null() && told["pruned"].as_array().unwrap().len() == 1, "{words:?}");
    }
    assert_eq!(files_below(&full), 1);
    // A file that cannot be read is named, each time.
    #[cfg(unix)]
    {
        let gone = Path::new(&source).join("train/cat/gone.png");
        std::os::unix::fs::symlink("/no/such/picture.png", &gone).unwrap();
        let target = home.join("new");
        for _ in 0..2 {
            let (code, told, error) = prune(home, &source, &["--export", target.to_str().unwrap()]);
            assert_eq!(code, Some(1), "{error}");
            assert!(error.contains("1 sample could not be exported"), "{error}");
            let export = &told["export"];
            let counts = ["complete", "failed", "failed_files", "differing_count", "files"];
            let expected = serde_json::json!([false, 1, 0, 0, 8]);
            assert_eq!(serde_json::json!(counts.map(|key| &export[key])), expected, "{export}");
            let issue = &export["issues"][0];
            assert_eq!((&issue["path"], &issue["kind"]), (&"train/cat/gone.png".into(), &"missing".into()));
            assert!(issue["message"].as_str().unwrap().contains("could not be exported"), "{issue}");
        }
    }
}

#[test]
fn wrong_words_are_told_before_the_work() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let file = home.join("rules.json");
    let rules = file.to_str().unwrap();
    std::fs::write(&file, r#"{"keep": 1}"#).unwrap();
    for (words, code, told) in [
        (&["prune", "x", "--rules", rules, "--export", "y"][..], 2, "rules.json"),
        (&["prune", "x", "--rules", "/no/such", "--export", "y"], 2, "/no/such"),
        (&["prune", "x", "--rules", "none", "--export", "y"], 2, "--project"),
        (&["prune", "x", "--rules", "default"], 2, "--export"),
        (&["prune", "x", "--rules", "default", "--export", "x/y"], 1, "inside the dataset"),
        (
            &["prune", "x", "--rules", "default", "--export", "y", "--as", "manifest", "--layout", "same"],
            2,
            "csv",
        ),
        (&["report", "x", "--out", "/no/such/place.html"], 1, "no such folder"),
        (&["leaks", "x", "--method", "file", "--threshold", "2"], 2, "no threshold"),
        (&["leaks", "x", "--threshold", "99999"], 2, "too large"),
    ] {
        let ended = lenslet(words, home);
        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{words:?}: {error}");
        assert!(error.contains(told), "{words:?}: {error}");
    }
}
