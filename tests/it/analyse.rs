//! The analysis of a dataset with its project: what it takes part of, what it keeps, and when it answers
//! from that.

use lenslet::dataset::{Issue, IssueKind, Origin};
use lenslet::jobs::Control;
use lenslet::pipeline::analyse::{Ended, Options, Subject, analyse, known};
use lenslet::review::{Analysed, Method};
use lenslet::store::Project;

use crate::signals::{measured, picture, write};

const COMBINED: Options = Options { method: Method::Combined, symmetries: false };

fn analysed(subject: Subject<'_>, options: Options) -> Ended {
    analyse(subject, options, 2, &Control::new()).unwrap()
}

/// All of it: scores that are not known are equal in this.
fn text(analysed: &Analysed) -> String {
    format!("{analysed:?}")
}

#[test]
fn what_could_not_be_read_is_told_and_the_rest_is_not_kept_as_all() {
    let home = tempfile::tempdir().unwrap();
    let (folder, away) = (home.path().join("data"), home.path().join("away"));
    std::fs::create_dir(&folder).unwrap();
    write(&folder, 0..8);
    picture(3).save(folder.join("copy.png")).unwrap();
    let (snapshot, reader) = measured(&folder);
    let project = Project::open(&home.path().join("project")).unwrap();
    let subject =
        Subject { snapshot: &snapshot, issues: &[], reader: &reader, project: Some(&project), before: None };
    // A disk that is gone after measuring.
    std::fs::rename(&folder, &away).unwrap();
    let ended = analysed(subject, COMBINED);
    assert_eq!((ended.analysed.looked_at, ended.analysed.unread), (0, 9));
    assert!(
        ended.notes.iter().any(|note| note.starts_with("9 samples could not be read")),
        "{:?}",
        ended.notes
    );
    assert_eq!((ended.facts.len(), ended.issues.len()), (9, 9));
    assert!(ended.issues.iter().all(|issue| issue.kind == IssueKind::Missing));
    assert!(known(subject, COMBINED, &Control::new()).unwrap().is_none());
    // As the window knows it now: nothing can be read, and nothing is kept of what it was.
    let mut facts = snapshot.facts.clone();
    facts.learn(&ended.facts);
    let learned = snapshot.with(facts, snapshot.marks.clone());
    let gone = Subject { snapshot: &learned, before: Some(&ended.analysed), ..subject };
    for _ in 0..2 {
        assert_eq!(analysed(gone, COMBINED).analysed.looked_at, 0);
        assert!(known(subject, COMBINED, &Control::new()).unwrap().is_none(), "it is not taken for all");
    }

    std::fs::rename(&away, &folder).unwrap();
    let again = Subject { before: Some(&ended.analysed), ..subject };
    let whole = analysed(again, COMBINED);
    assert_eq!((whole.analysed.looked_at, whole.analysed.unread, whole.notes.len()), (9, 0, 0));
    assert_eq!(whole.analysed.alike.pairs.len(), 1);
    let kept = known(subject, COMBINED, &Control::new()).unwrap().unwrap().analysed;
    assert_eq!(text(&kept), text(&whole.analysed));
}

#[test]
fn damage_that_the_pass_finds_is_told_once_with_what_was_known() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    write(&folder, 0..3);
    let (snapshot, reader) = measured(&folder);
    std::fs::write(folder.join("0001.png"), b"no picture any more").unwrap();
    let row = (0..3).find(|row| snapshot.dataset.path(*row) == "0001.png");
    // Something was wrong with it before, with another sample too, and with its listing.
    let issue = |sample, kind, origin| Issue {
        sample,
        path: "0001.png".to_owned(),
        kind,
        origin,
        message: "It was so before.".to_owned(),
    };
    let before = [
        issue(row, IssueKind::Misnamed, Origin::Content),
        issue(row, IssueKind::Annotation, Origin::Listing),
        issue(row.map(|row| (row + 1) % 3), IssueKind::Misnamed, Origin::Content),
    ];
    let subject =
        Subject { snapshot: &snapshot, issues: &before, reader: &reader, project: None, before: None };
    let Ended { facts, issues, .. } = analysed(subject, COMBINED);
    let [(sample, fact)] = facts[..] else { panic!("{facts:?}") };
    assert_eq!(snapshot.dataset.path(sample), "0001.png");
    let found = issues.iter().filter(|issue| issue.message != before[0].message);
    assert_eq!(found.fold(0, |bits, issue| bits | issue.kind.bit()), fact.issues);
    assert_eq!(issues.iter().filter(|issue| issue.kind == IssueKind::Misnamed).count(), 1);
    assert!(issues.iter().all(|issue| issue.origin == Origin::Content && issue.sample == row));
}

#[test]
fn mirrored_copies_are_found_by_every_hash_that_was_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    write(&folder, 0..6);
    image::imageops::flip_horizontal(&picture(2)).save(folder.join("mirrored.png")).unwrap();
    let (snapshot, reader) = measured(&folder);
    let project = Project::open(&home.path().join("project")).unwrap();
    let subject =
        Subject { snapshot: &snapshot, issues: &[], reader: &reader, project: Some(&project), before: None };
    let row =
        |name: &str| (0..snapshot.len() as u32).find(|row| snapshot.dataset.path(*row) == name).unwrap();
    let (one, two) = (row("0002.png"), row("mirrored.png"));
    for method in Method::ALL {
        for symmetries in [false, true] {
            let options = Options::of(method, symmetries);
            let found = analysed(subject, options).analysed;
            let distance = found.alike.pair(one, two).map(|(pair, _)| u32::from(pair.distance));
            let is_near = distance.is_some_and(|distance| distance <= method.default_threshold());
            assert_eq!(is_near, options.symmetries, "{method:?} {symmetries}: {distance:?}");
            let kept = known(subject, options, &Control::new()).unwrap().unwrap().analysed;
            assert_eq!(text(&kept), text(&found), "{method:?}");
        }
    }
}
