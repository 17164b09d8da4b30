//! The pass that computes signals, with its project: what is kept, what is looked at again, and that
//! the answer is one.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{Rgb, RgbImage};
use lenslet::analysis::Picture;
use lenslet::analysis::encoder::Encoder;
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{Facts, Issue, IssueKind, Kinds, SampleId, Signal, Signals};
use lenslet::import::{self, Imported, Reader, dataset_reader};
use lenslet::jobs::Control;
use lenslet::pipeline;
use lenslet::pipeline::signals::{Looked, Wanted, described_by, load, pending_signals, run};
use lenslet::store::Project;
use rusqlite::Connection;

/// A picture of blocks without symmetry, another one for each seed.
pub fn picture(seed: u32) -> RgbImage {
    RgbImage::from_fn(60, 40, |x, y| {
        let block = (x / 5 + 100 * (y / 5) + 10_000 * seed).wrapping_mul(2_654_435_761);
        Rgb([(block >> 8) as u8, (block >> 16) as u8, (block >> 24) as u8])
    })
}

pub fn write(folder: &Path, seeds: impl IntoIterator<Item = u32>) {
    for seed in seeds {
        picture(seed).save(folder.join(format!("{seed:04}.png"))).unwrap();
    }
}

/// The dataset in a folder as it is now, measured.
pub fn measured(folder: &Path) -> (Snapshot, Reader) {
    let control = Control::new();
    let Imported { dataset, issues } = import::open(folder.to_str().unwrap(), &control).unwrap();
    let facts = Facts::new(dataset.len());
    let snapshot = Snapshot::new(dataset.into(), &issues, facts.clone(), Default::default());
    let reader = dataset_reader(&snapshot.dataset);
    let found = Mutex::new(facts);
    pipeline::measure(&snapshot, &reader, None, 2, &control, &|facts, _| {
        found.lock().unwrap().learn(&facts);
    })
    .unwrap();
    let snapshot = snapshot.with(found.into_inner().unwrap(), snapshot.marks.clone());
    (snapshot, reader)
}

/// Runs the pass; gives how many samples it looked at besides.
fn look(
    (snapshot, reader): &(Snapshot, Reader),
    project: Option<&Project>,
    known: Signals,
    threads: usize,
) -> (Looked, u64) {
    let control = Control::new();
    let looked = run(snapshot, reader, project, known, Wanted::KEPT, threads, &control, &|_| {}).unwrap();
    assert_eq!(looked.problem, None);
    let progress = control.progress();
    assert_eq!(progress.done, progress.total);
    (looked, progress.total)
}

fn rows(signals: &Signals) -> Vec<Signal> {
    (0..signals.len() as SampleId).map(|sample| signals.get(sample)).collect()
}

#[test]
fn signals_come_back_and_only_what_changed_is_looked_at_again() {
    let home = tempfile::tempdir().unwrap();
    let (folder, kept) = (home.path().join("data"), home.path().join("project"));
    std::fs::create_dir(&folder).unwrap();
    write(&folder, 0..12);
    RgbImage::from_pixel(30, 20, Rgb([9; 3])).save(folder.join("plain.png")).unwrap();
    std::fs::write(folder.join("broken.png"), b"no picture").unwrap();
    let dataset = measured(&folder);
    let project = Project::open(&kept).unwrap();
    let (looked, count) = look(&dataset, Some(&project), Signals::default(), 2);
    // What measuring found broken is not looked at, and not told again.
    assert_eq!((count, looked.issues.len()), (13, 0));
    let row_of = |name: &str| {
        let paths = &dataset.0.dataset;
        (0..paths.len() as SampleId).find(|row| paths.path(*row) == name).unwrap()
    };
    let plain = looked.signals.get(row_of("plain.png"));
    assert_eq!(plain.looked, Kinds::KEPT);
    assert_eq!(plain.has, Kinds::PIXELS | Kinds::FIGURES | Kinds::DESCRIBED | Kinds::SKETCH);
    assert_eq!((plain.width, plain.height), (30, 20));
    assert_eq!(looked.signals.get(row_of("0003.png")).has, Kinds::KEPT);
    assert_eq!(looked.signals.get(row_of("broken.png")), Signal::UNSEEN);
    drop(project);

    let project = Project::open(&kept).unwrap();
    let (loaded, note) = load(&project, dataset.0.len()).unwrap();
    assert_eq!((&loaded, note), (&looked.signals, None));
    assert!(pending_signals(&dataset.0, &loaded, Wanted::KEPT).is_empty());
    let (again, count) = look(&dataset, Some(&project), loaded.clone(), 2);
    assert_eq!((count, &again.signals), (0, &looked.signals));

    // Another picture under the same name.
    picture(99).save(folder.join("0003.png")).unwrap();
    let changed = measured(&folder);
    let row = row_of("0003.png");
    assert_eq!(pending_signals(&changed.0, &loaded, Wanted::KEPT), [row]);
    let (after, count) = look(&changed, Some(&project), loaded, 2);
    assert_eq!(count, 1);
    let same: Vec<bool> =
        rows(&after.signals).iter().zip(rows(&looked.signals)).map(|(a, b)| *a == b).collect();
    assert_eq!(same.iter().filter(|same| !**same).count(), 1);
    assert!(!same[row as usize]);
    assert_eq!(after.signals.get(row).described_by, plain.described_by);
    assert_eq!(load(&project, changed.0.len()).unwrap().0, after.signals);
}

#[test]
fn some_samples_are_looked_at_alone_and_whitened_as_with_all() {
    let home = tempfile::tempdir().unwrap();
    let (folder, kept) = (home.path().join("data"), home.path().join("project"));
    std::fs::create_dir(&folder).unwrap();
    write(&folder, 0..12);
    let dataset = measured(&folder);
    let project = Project::open(&kept).unwrap();
    let asked: [SampleId; 3] = [2, 5, 7];
    let wanted = Wanted::of(Kinds::DESCRIBED).among(&asked);
    let look = |dataset: &(Snapshot, Reader), known: Signals| {
        let control = Control::new();
        let (snapshot, reader) = dataset;
        let looked =
            run(snapshot, reader, Some(&project), known, wanted, 2, &control, &|_| {}).unwrap().signals;
        (looked, control.progress().total)
    };
    // The whitening is of samples all over the dataset, and these are as many as there are.
    let (whole, count) = look(&dataset, Signals::default());
    assert_eq!(count, 12);
    assert!(pending_signals(&dataset.0, &whole, wanted).is_empty());
    assert_eq!(load(&project, 12).unwrap().0, whole, "they are kept");

    // With the whitening known, only what is asked for is looked at, and what was known stays.
    for seed in [0, 2, 9] {
        picture(40 + seed).save(folder.join(format!("{seed:04}.png"))).unwrap();
    }
    let changed = measured(&folder);
    assert_eq!(pending_signals(&changed.0, &whole, Wanted::of(Kinds::DESCRIBED)), [0, 2, 9]);
    assert_eq!(pending_signals(&changed.0, &whole, wanted), [2]);
    let (after, count) = look(&changed, whole.clone());
    assert_eq!(count, 1);
    let differing: Vec<SampleId> = (0..12).filter(|row| after.get(*row) != whole.get(*row)).collect();
    assert_eq!(differing, [2]);
    assert_eq!(after.get(2).described_by, whole.get(2).described_by);
}

/// Says of a picture what its first pixels are, as another encoder with another name.
struct Corner {
    name: &'static str,
    asked: AtomicUsize,
}

impl Encoder for Corner {
    fn id(&self) -> &str {
        self.name
    }

    fn numbers(&self) -> usize {
        6
    }

    fn encode(&self, picture: &Picture<'_>) -> Option<Vec<f32>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Some(picture.data()[..6].iter().map(|value| f32::from(*value)).collect())
    }
}

#[test]
fn what_the_model_that_was_asked_last_says_is_kept_beside_what_is_described_by_hand() {
    let home = tempfile::tempdir().unwrap();
    let (folder, kept) = (home.path().join("data"), home.path().join("project"));
    std::fs::create_dir(&folder).unwrap();
    write(&folder, 0..12);
    let project = Project::open(&kept).unwrap();
    let by_hand = look(&measured(&folder), Some(&project), Signals::default(), 2).0.signals;
    let describe = |name: &'static str| {
        let encoder = Corner { name, asked: AtomicUsize::new(0) };
        let (snapshot, reader) = measured(&folder);
        let looked = described_by(&encoder, &snapshot, &reader, Some(&project), 2, &Control::new()).unwrap();
        assert_eq!(looked.problem, None);
        (looked.signals, encoder.asked.into_inner())
    };
    let (one, asked) = describe("one");
    assert_eq!(asked, 12);
    assert!((0..12).all(|row| one.get(row).has == Kinds::DESCRIBED));
    assert_eq!(describe("one"), (one.clone(), 0));
    assert_eq!(load(&project, 12).unwrap().0, by_hand, "it takes nothing's place");

    picture(99).save(folder.join("0003.png")).unwrap();
    let (after, asked) = describe("one");
    assert_eq!(asked, 1);
    let differing: Vec<SampleId> = (0..12).filter(|row| after.get(*row) != one.get(*row)).collect();
    assert_eq!(differing, [3]);

    // Descriptions by another model are no descriptions by this one.
    for (name, asked) in [("two", 12), ("two", 0), ("one", 12)] {
        assert_eq!(describe(name).1, asked, "{name}");
    }
}

#[test]
fn the_answer_is_one_on_any_number_of_threads_and_without_a_project() {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), 0..40);
    let dataset = measured(home.path());
    let one = look(&dataset, None, Signals::default(), 1).0.signals;
    let four = look(&dataset, None, Signals::default(), 4).0.signals;
    assert_eq!(one, four);
    assert!(rows(&one).iter().all(|signal| signal.has == Kinds::KEPT));
    assert_ne!(one.get(3).described, one.get(4).described);
}

#[test]
fn a_pass_that_was_cancelled_tells_and_keeps_what_it_has_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let (folder, kept) = (home.path().join("data"), home.path().join("project"));
    std::fs::create_dir(&folder).unwrap();
    write(&folder, 0..120);
    let dataset = measured(&folder);
    let whole = look(&dataset, None, Signals::default(), 2).0.signals;

    let project = Project::open(&kept).unwrap();
    let control = Control::new();
    let told = Mutex::new(Vec::new());
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            while control.progress().done < 20 {
                std::thread::yield_now();
            }
            control.cancel();
        });
        let tell = |signals: &Signals| told.lock().unwrap().push(signals.clone());
        let (snapshot, reader) = &dataset;
        run(snapshot, reader, Some(&project), Signals::default(), Wanted::KEPT, 2, &control, &tell)
    });
    assert!(ended.is_err());
    drop(project);

    let project = Project::open(&kept).unwrap();
    let (loaded, _) = load(&project, dataset.0.len()).unwrap();
    let told = told.into_inner().unwrap();
    assert_eq!(told.last(), Some(&loaded));
    let found = rows(&loaded).iter().filter(|signal| signal.has.contains(Kinds::HASHES)).count();
    assert!((20..120).contains(&found), "{found} of 120");
    // No whitening was fitted yet, so that all are looked at for their descriptions.
    let (looked, count) = look(&dataset, Some(&project), loaded, 2);
    assert_eq!(count, 120);
    assert_eq!(looked.signals, whole);
    assert_eq!(load(&project, dataset.0.len()).unwrap().0, whole);
}

#[test]
fn damaged_chunks_and_whitenings_are_made_again() {
    let home = tempfile::tempdir().unwrap();
    let (folder, kept) = (home.path().join("data"), home.path().join("project"));
    std::fs::create_dir(&folder).unwrap();
    write(&folder, 0..10);
    let dataset = measured(&folder);
    let whole = look(&dataset, Some(&Project::open(&kept).unwrap()), Signals::default(), 2).0.signals;
    for (harm, note, has) in [
        (
            "UPDATE signal SET data = CAST(substr(data, 1, 40) || x'A5A5' || substr(data, 43) AS BLOB)",
            true,
            Kinds::NONE,
        ),
        (
            "UPDATE part SET data = x'00' WHERE name = 'worked-out/whitening'",
            false,
            Kinds::KEPT.without(Kinds::DESCRIBED),
        ),
        (
            "DELETE FROM part WHERE name = 'worked-out/whitening'",
            false,
            Kinds::KEPT.without(Kinds::DESCRIBED),
        ),
    ] {
        let changed = Connection::open(kept.join("project.db")).unwrap().execute(harm, []).unwrap();
        assert_eq!(changed, 1, "{harm}");
        let project = Project::open(&kept).unwrap();
        let (loaded, told) = load(&project, dataset.0.len()).unwrap();
        assert_eq!(told.is_some(), note, "{told:?}");
        assert!(rows(&loaded).iter().all(|signal| signal.has == has), "{harm}");
        let (looked, count) = look(&dataset, Some(&project), loaded, 2);
        assert_eq!((count, looked.signals), (10, whole.clone()), "{harm}");
    }
}

#[test]
fn descriptions_are_whitened_anew_when_the_dataset_has_grown_beyond_twice() {
    let home = tempfile::tempdir().unwrap();
    let (folder, kept) = (home.path().join("data"), home.path().join("project"));
    std::fs::create_dir(&folder).unwrap();
    let project = Project::open(&kept).unwrap();
    let mut known = Signals::default();
    let mut whitenings = Vec::new();
    // Names in order, so that rows stay.
    for (samples, looked_at) in [(10, 10), (20, 10), (21, 21), (42, 21)] {
        write(&folder, known.len() as u32..samples);
        let dataset = measured(&folder);
        let before = rows(&known);
        let (looked, count) = look(&dataset, Some(&project), known, 2);
        assert_eq!(count, looked_at, "{samples}");
        known = looked.signals;
        let after = rows(&known);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!((before.phash, before.figures), (after.phash, after.figures));
        }
        let by = after[0].described_by;
        assert!(after.iter().all(|signal| signal.has == Kinds::KEPT && signal.described_by == by));
        whitenings.push(by);
    }
    assert!(
        whitenings[0] == whitenings[1] && whitenings[1] != whitenings[2] && whitenings[2] == whitenings[3]
    );
}

#[test]
fn what_is_wrong_is_told_unless_measuring_told_it() {
    let home = tempfile::tempdir().unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::codecs::jpeg::JpegEncoder::new(&mut bytes).encode_image(&picture(1)).unwrap();
    let bytes = bytes.into_inner();
    std::fs::write(home.path().join("short.jpg"), &bytes[..bytes.len() * 2 / 3]).unwrap();
    std::fs::write(home.path().join("wrong.jpg"), b"no picture").unwrap();
    write(home.path(), 0..2);
    let (measured, _) = measured(home.path());
    let unmeasured = measured.with(Facts::new(4), measured.marks.clone());
    let kinds = |issues: &[Issue]| issues.iter().map(|issue| issue.kind).collect::<Vec<_>>();
    for (snapshot, expected) in
        [(measured, vec![]), (unmeasured, vec![IssueKind::Truncated, IssueKind::Unsupported])]
    {
        let reader = dataset_reader(&snapshot.dataset);
        let (looked, _) = look(&(snapshot, reader), None, Signals::default(), 1);
        assert_eq!(kinds(&looked.issues), expected);
        assert_eq!(looked.signals.get(2).has, Kinds::KEPT, "what still shows is looked at");
    }
}
