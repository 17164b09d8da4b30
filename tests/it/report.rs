//! The report of what was found and decided, as a page and as JSON.

use std::path::Path;

use lenslet::dataset::{DatasetBuilder, Facts, Layout, NewSample, SampleId};
use lenslet::export::ExportError;
use lenslet::export::report::{Figures, Limits, Material, write_report};
use lenslet::jobs::Control;
use lenslet::review::{Analysed, Judged, ReviewSettings, judge};
use lenslet::state::{Action, Command, State};

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
