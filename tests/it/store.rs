//! Tests of `store` from outside.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenslet::dataset::edit::{Direction, Edit, History, Mark, Overlay, SampleSet, View};
use lenslet::dataset::facts::{CHUNK, FactChunk};
use lenslet::dataset::labelling::{Classes, LabelChanges};
use lenslet::dataset::{
    Answer, Attribute, BoxRecord, Boxes, Container, ContainerKind, Dataset, Fact, Facts, ImageFormat, Issue,
    IssueKind, LabelOrigin, Labels, Layout, Lists, NO_SPLIT, NamedBox, Origin, PixelKind, Place, PointRecord,
    Points, SampleId,
};
use lenslet::jobs::Control;
use lenslet::pipeline::OpenRequest;
use lenslet::store::{
    APPLICATION_ID, Access, Journal, JournalOp, JournalWriter, Paths, Project, StoreError, Thumbnail,
    Thumbnails, VERSION, blob, catalogue, fact_blob, stamp,
};
use proptest::prelude::*;
use rusqlite::Connection;

// ── Round trips ──────────────────────────────────────────────────────────────────────────────────

/// Rows that are as odd as a dataset may be.
fn datasets() -> impl Strategy<Value = Dataset> {
    let row = (
        "[a-zäß/ ]{0,12}",
        prop::option::weighted(0.1, prop::collection::vec(any::<u8>(), 0..9)),
        (prop::option::of(0..3u32), any::<u64>(), any::<u64>()),
        (any::<u64>(), any::<i64>(), any::<bool>()),
        (
            prop::option::of(0..2u16),
            0..4u32,
            prop::collection::vec((0..3u32, any::<[i16; 4]>(), any::<bool>()), 0..3),
        ),
        "\\PC{0,9}",
    );
    prop::collection::vec(row, 0..40).prop_map(|rows| {
        let mut dataset = Dataset {
            root: "/d/ä".into(),
            source: "/d/ä/*.tar".into(),
            layout: Layout::WebDataset,
            paths: Default::default(),
            raw_paths: Default::default(),
            places: Vec::new(),
            containers: vec![
                Container { path: "a.zip".into(), kind: ContainerKind::Zip, parent: None },
                Container {
                    path: "b.npy".into(),
                    kind: ContainerKind::Npy,
                    parent: Some(Place { container: 0, offset: 3, len: 4 }),
                },
                Container { path: "c".into(), kind: ContainerKind::Cifar100, parent: Some(Place::loose(7)) },
            ],
            bytes: Vec::new(),
            modified_ms: Vec::new(),
            split_names: vec!["train".into(), String::new()],
            splits: Vec::new(),
            labels: Labels {
                classes: vec!["cat".into(), "犬".into(), String::new()],
                sets: vec![vec![], vec![0], vec![0, 2], vec![1]],
                of: Vec::new(),
            }
            .into(),
            boxes: Boxes::default().into(),
            points: Points::default().into(),
            attributes: vec![
                Attribute { name: "caption".into(), values: Default::default() },
                Attribute { name: "caption".into(), values: Default::default() },
            ],
            gone: Vec::new(),
        };
        let (mut all_boxes, mut all_points) = (Vec::new(), Vec::new());
        let count = rows.len();
        for (id, row) in rows.into_iter().enumerate() {
            let (path, raw, place, (bytes, modified, gone), (split, label, boxes), text) = row;
            dataset.paths.push(&format!("{path}{id}"));
            dataset.raw_paths.extend(raw.map(|raw| (id as SampleId, raw)));
            let (container, offset, len) = place;
            dataset.places.push(Place { container: container.unwrap_or(Place::LOOSE), offset, len });
            dataset.bytes.push(bytes);
            dataset.modified_ms.push(modified);
            dataset.gone.push(gone);
            dataset.splits.push(split.unwrap_or(NO_SPLIT));
            Arc::make_mut(&mut dataset.labels).of.push(label);
            for (class, rect, relative) in boxes {
                let rect = rect.map(f32::from);
                all_boxes.push((id as SampleId, BoxRecord { class, rect, relative }));
                all_points.push((id as SampleId, PointRecord { at: [rect[0], rect[1]], relative }));
            }
            dataset.attributes[0].values.push(&text);
            dataset.attributes[1].values.push(&path);
        }
        dataset.boxes = Boxes::new(Lists::of_pairs(count, all_boxes)).into();
        dataset.points = Lists::of_pairs(count, all_points).into();
        dataset
    })
}

fn small_dataset(samples: usize) -> Dataset {
    let mut builder = lenslet::dataset::DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for sample in 0..samples {
        builder.push(lenslet::dataset::NewSample {
            path: &format!("cat/{sample}.png"),
            bytes: sample as u64,
            modified_ms: 5,
            labels: &["cat"],
            ..Default::default()
        });
    }
    builder.finish().0
}

fn fact(number: u32) -> Fact {
    Fact {
        measured: true,
        format: ImageFormat::Jpeg,
        pixel_kind: PixelKind::Rgb,
        bits: 8,
        orientation: 1 + (number % 8) as u8,
        width: number,
        height: 2 * number,
        brightness: 0.5,
        contrast: 0.25,
        saturation: 0.125,
        sharpness: number as f32,
        content: [number as u8; 16],
        issues: number as u16,
    }
}

fn chunks(facts: &Facts) -> Vec<(usize, Arc<FactChunk>)> {
    facts.chunks().iter().cloned().enumerate().collect()
}

/// What may differ in nothing: NaN is not equal to itself, its bytes are.
fn same_facts(a: &Facts, b: &Facts) -> bool {
    let bytes = |facts: &Facts| -> Vec<Vec<u8>> {
        facts.chunks().iter().map(|chunk| fact_blob::encode(chunk)).collect()
    };
    (a.len(), a.measured()) == (b.len(), b.measured()) && bytes(a) == bytes(b)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_dataset_comes_back_as_it_was(datasets in prop::collection::vec(datasets(), 1..4)) {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::open(folder.path()).unwrap();
        prop_assert!(project.load_catalogue().unwrap().is_none());
        for dataset in datasets {
            project.save_catalogue(&dataset).unwrap();
            let kept = project.load_catalogue().unwrap().unwrap();
            prop_assert_eq!(kept.damaged.len(), 0);
            prop_assert_eq!(kept.dataset, dataset);
        }
    }

    /// The fuzz entry of the decoders in small: whatever the bytes, an answer and no panic.
    #[test]
    fn damaged_columns_are_an_error_and_never_a_panic(
        dataset in datasets(),
        column in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        len in any::<prop::sample::Index>(),
    ) {
        let mut columns = catalogue::encode(&dataset);
        let chosen = column.index(columns.len());
        let raw = &mut columns[chosen].1;
        if !raw.is_empty() {
            for (at, value) in edits {
                let at = at.index(raw.len());
                raw[at] = value;
            }
            raw.truncate(1 + len.index(raw.len()));
        }
        let found = catalogue::decode(columns.into_iter().map(|(name, raw)| (name, Ok(raw))).collect());
        if let Ok(found) = found {
            // What is let through can be used without care.
            let dataset = found.dataset;
            for id in 0..dataset.len() as SampleId {
                let _ = (dataset.path(id), dataset.split(id), dataset.boxes.get(id));
                let _ = dataset.labels.names(id).count();
                let place = dataset.places[id as usize];
                prop_assert!(place.is_loose() || (place.container as usize) < dataset.containers.len());
            }
            let again = dataset.reconcile(dataset.clone());
            prop_assert!(again.changed.iter().all(|row| dataset.gone[*row as usize]));
        }
    }

    #[test]
    fn damaged_chunks_and_parts_are_an_error_and_never_a_panic(
        raw in prop::collection::vec(any::<u8>(), 0..300), rows in 1..20usize, at in any::<prop::sample::Index>()
    ) {
        let _ = (blob::unseal(&raw), blob::unseal_column(std::slice::from_ref(&raw)), fact_blob::decode(&raw));
        let mut whole = fact_blob::encode(&FactChunk::new(rows));
        let at = at.index(whole.len());
        whole[at] ^= 0x55;
        if let Ok(chunk) = fact_blob::decode(&whole) {
            prop_assert!((1..=CHUNK).contains(&chunk.len()));
        }
    }
}

#[test]
fn everything_comes_back_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let samples = 2 * CHUNK + 9;
    let mut facts = Facts::new(samples);
    facts.set(3, &fact(3));
    facts.set(CHUNK as u32, &fact(4));
    facts.set(2 * CHUNK as u32 + 8, &fact(5));
    let issue_of = |sample: Option<SampleId>, kind: IssueKind, origin: Origin| Issue {
        sample,
        path: "a.png".into(),
        kind,
        origin,
        message: "It is ‘broken’.".into(),
    };
    let listed = |sample, kind| issue_of(sample, kind, Origin::Listing);
    let issue = |sample, kind| issue_of(sample, kind, Origin::Content);
    let of_import = [listed(None, IssueKind::Annotation), listed(Some(2), IssueKind::Missing)];
    let of_measuring = [issue(Some(3), IssueKind::Corrupt), issue(Some(4), IssueKind::Truncated)];
    let star = Edit::Mark { samples: SampleSet::from_rows([1, 5000]), mark: Mark::Star, on: true };
    {
        let project = Project::open(folder.path()).unwrap();
        assert_eq!(project.access(), &Access::ReadWrite);
        assert!(project.load().unwrap().is_none());
        project.save_scan(&small_dataset(samples), &[], Some(&of_import)).unwrap();
        project.save_measured(&chunks(&facts), &[3, 4], &of_measuring).unwrap();
        project.set_value("scroll", &serde_json::json!({ "row": 812 })).unwrap();
        let opened = Journal::open(&project, samples).unwrap();
        let writer = JournalWriter::spawn(opened.journal, "Ada", || {}).unwrap();
        let ticket = writer.submit(JournalOp::Append(star.clone())).unwrap();
        writer.submit(JournalOp::SetValue("edge".into(), 96.into())).unwrap();
        writer.wait(ticket).unwrap();
        assert!(writer.durable_through() >= ticket);
        writer.close().unwrap();
    }
    let project = Project::open(folder.path()).unwrap();
    let mut loaded = project.load().unwrap().unwrap();
    assert_eq!(loaded.dataset, small_dataset(samples));
    assert!(same_facts(&loaded.facts, &facts));
    assert_eq!(loaded.issues, [of_import.as_slice(), &of_measuring].concat());
    assert_eq!((loaded.overlay.marks[1], loaded.overlay.marks[2], loaded.overlay.marks[5000]), (1, 0, 1));
    assert_eq!(loaded.history.undo(), Some(star.inverse()));
    assert_eq!(loaded.damaged, [""; 0]);
    assert_eq!(project.get_value("scroll").unwrap(), Some(serde_json::json!({ "row": 812 })));
    assert_eq!(project.get_value("edge").unwrap(), Some(96.into()));
    assert_eq!(project.get_value("nothing").unwrap(), None);

    // What a scan found changed is unmeasured again, and its issues are gone with it.
    project.save_scan(&loaded.dataset, &[3, 4], Some(&of_import[..1])).unwrap();
    facts.set(3, &Fact::UNMEASURED);
    let loaded = project.load().unwrap().unwrap();
    assert!(same_facts(&loaded.facts, &facts));
    assert_eq!(loaded.issues, of_import[..1]);

    // The issues of a sample that is gone are forgotten.
    project.save_measured(&[], &[3, 5], &[issue(Some(3), IssueKind::Empty)]).unwrap();
    let mut without = loaded.dataset.clone();
    without.gone[3] = true;
    project.save_scan(&without, &[], Some(&of_import[..1])).unwrap();
    assert_eq!(project.load_issues().unwrap(), of_import[..1]);

    // Measuring a sample again replaces what was found wrong with it.
    project.save_measured(&[], &[7], &[issue(Some(7), IssueKind::Empty)]).unwrap();
    project.save_measured(&[], &[7], &[issue(Some(7), IssueKind::Corrupt)]).unwrap();
    assert_eq!(project.load_issues().unwrap()[1..], [issue(Some(7), IssueKind::Corrupt)]);
}

#[test]
fn a_list_that_became_shorter_gives_its_space_back() {
    let folder = tempfile::tempdir().unwrap();
    let len = || std::fs::metadata(folder.path().join("project.db")).unwrap().len();
    for (samples, expected) in [(200_000, 3 << 20..u64::MAX), (3, 0..2 << 20)] {
        let mut dataset = small_dataset(samples);
        // Numbers that do not compress.
        for (row, bytes) in dataset.bytes.iter_mut().enumerate() {
            *bytes = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            dataset.modified_ms[row] = (*bytes).wrapping_mul(0xbf58_476d_1ce4_e5b9) as i64;
        }
        // Closing writes the log back into the file.
        Project::open(folder.path()).unwrap().save_catalogue(&dataset).unwrap();
        assert!(expected.contains(&len()), "{} for {samples} samples", len());
    }
}

#[test]
fn facts_follow_a_dataset_that_grew() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::open(folder.path()).unwrap();
    let mut facts = Facts::new(10);
    facts.set(9, &fact(9));
    project.save_measured(&chunks(&facts), &[], &[]).unwrap();
    facts.grow(CHUNK + 2);
    let (kept, damaged) = project.load_facts(CHUNK + 2).unwrap();
    assert!(same_facts(&kept, &facts) && damaged == 0);
}

// ── Damage, versions, locks ──────────────────────────────────────────────────────────────────────

/// The database of a project that is closed, for a test to harm.
fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("project.db")).unwrap()
}

#[test]
fn damaged_blobs_are_found_again_and_cost_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = small_dataset(CHUNK + 5);
    let mut facts = Facts::new(dataset.len());
    facts.set(1, &fact(1));
    facts.set(CHUNK as u32 + 1, &fact(2));
    let project = Project::open(folder.path()).unwrap();
    project.save_catalogue(&dataset).unwrap();
    project.save_measured(&chunks(&facts), &[], &[]).unwrap();
    drop(project);

    let harm = "UPDATE fact SET data = CAST(substr(data, 1, 40) || x'A5A5A5' || substr(data, 44) AS BLOB) WHERE chunk = 0";
    database(folder.path()).execute_batch(harm).unwrap();
    database(folder.path()).execute("UPDATE part SET data = x'00' WHERE name = 'dataset/label'", []).unwrap();
    let project = Project::open(folder.path()).unwrap();
    let loaded = project.load().unwrap().unwrap();
    assert_eq!(loaded.damaged.len(), 2, "{:?}", loaded.damaged);
    assert_eq!(loaded.facts.measured(), 1);
    assert_eq!(loaded.facts.get(CHUNK as u32 + 1).width, 2);
    assert_eq!(loaded.dataset.paths, dataset.paths);
    assert!(loaded.dataset.labels.get(0).is_empty());
    // The next scan makes it whole again.
    let healed = loaded.dataset.reconcile(dataset.clone());
    assert_ne!(healed.dataset, loaded.dataset);
    project.save_scan(&healed.dataset, &healed.changed, None).unwrap();
    assert_eq!(project.load_catalogue().unwrap().unwrap().dataset, dataset);
    drop(project);

    database(folder.path()).execute("DELETE FROM part WHERE name = 'dataset/path.text'", []).unwrap();
    let project = Project::open(folder.path()).unwrap();
    assert!(project.load().unwrap_err().is_damage());
}

#[test]
fn whatever_bytes_a_database_has_opening_it_ends_in_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project.db");
    let project = Project::open(folder.path()).unwrap();
    project.save_catalogue(&small_dataset(300)).unwrap();
    project.save_measured(&chunks(&Facts::new(300)), &[], &[]).unwrap();
    let journal = Journal::open(&project, 300).unwrap().journal;
    let writer = JournalWriter::spawn(journal, "", || {}).unwrap();
    for row in 0..20 {
        let samples = SampleSet::from_rows([row]);
        writer.submit(JournalOp::Append(Edit::Mark { samples, mark: Mark::Star, on: true })).unwrap();
    }
    writer.close().unwrap();
    drop(project);
    let whole = std::fs::read(&path).unwrap();
    let mut script = Scripted { random: 1, overlay: Overlay::new(0), history: History::default() };
    for round in 0..150 {
        let mut harmed = whole.clone();
        // Mostly the first page and the pages' heads, where what leads a reader on lies.
        for _ in 0..1 + round % 8 {
            let page = script.below(harmed.len() as u64 / 4096) as usize * 4096;
            let at = if round % 2 == 0 {
                page + script.below(64) as usize
            } else {
                page + script.below(4096) as usize
            };
            harmed[at] = script.below(256) as u8;
        }
        if round % 5 == 0 {
            harmed.truncate(script.below(harmed.len() as u64) as usize);
        }
        for suffix in ["project.db-wal", "project.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(suffix));
        }
        std::fs::write(&path, harmed).unwrap();
        if let Ok(project) = Project::open(folder.path()) {
            let _ = project.load();
            let _ = project.save_catalogue(&small_dataset(5));
        }
    }
}

#[test]
fn a_file_that_is_no_database_can_be_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project.db");
    for number in 1..3 {
        std::fs::write(&path, "no database ".repeat(1000)).unwrap();
        let error = Project::open(folder.path()).unwrap_err();
        assert!(error.is_damage() && error.to_string().ends_with("project.db"), "{error}");
        let aside = Project::set_aside(folder.path()).unwrap();
        assert_eq!(aside, folder.path().join(format!("project.db.damaged-{number}")));
        assert!(aside.exists() && !path.exists());
        let project = Project::open(folder.path()).unwrap();
        assert!(project.load().unwrap().is_none());
    }
}

#[test]
fn another_version_or_another_program_s_database_is_refused_or_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let set = |version: i64, application: i32, tables: &str| {
        let path = folder.path().join("project.db");
        let _ = std::fs::remove_file(&path);
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(tables).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
        connection.pragma_update(None, "application_id", application).unwrap();
    };

    set(VERSION + 2, APPLICATION_ID, "");
    let error = Project::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { .. }));
    let sentence = error.to_string();
    for part in ["newer Lenslet", &(VERSION + 2).to_string(), "project.db"] {
        assert!(sentence.contains(part), "{sentence}");
    }

    for (version, application, tables) in
        [(0, 0, "CREATE TABLE person (name TEXT)"), (3, 0, ""), (1, 7, "CREATE TABLE value (key TEXT)")]
    {
        set(version, application, tables);
        let error = Project::open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::NotAProject(_)), "{error}");
    }

    // Before version 1 there were values only.
    let old = "CREATE TABLE value (key TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
               INSERT INTO value VALUES ('scroll', '4')";
    set(0, APPLICATION_ID, old);
    let project = Project::open(folder.path()).unwrap();
    assert_eq!(project.get_value("scroll").unwrap(), Some(4.into()));
    project.save_catalogue(&small_dataset(3)).unwrap();
    drop(project);
    let version: i64 =
        database(folder.path()).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, VERSION);
}

#[test]
fn a_second_window_reads_and_does_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let first = Project::open(folder.path()).unwrap();
    first.save_catalogue(&small_dataset(3)).unwrap();
    let second = Project::open(folder.path()).unwrap();
    let Access::ReadOnly { reason } = second.access() else { panic!("two windows write") };
    assert!(reason.contains("another Lenslet window"));
    let loaded = second.load().unwrap().unwrap();
    assert_eq!(loaded.dataset.len(), 3);
    let refused = second.set_value("a", &1.into()).unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");
    assert!(matches!(JournalWriter::spawn(loaded.journal, "", || {}), Err(StoreError::ReadOnly { .. })));
    Thumbnails::open(&second, 1 << 20).put_many(&[thumbnail(1, 0, 10)]);
    assert!(!folder.path().join("thumbnails.db").exists());
    assert!(Project::set_aside(folder.path()).is_err(), "not under a window that is open");
    // What the first one does is seen by the second one.
    first.set_value("a", &2.into()).unwrap();
    assert_eq!(second.get_value("a").unwrap(), Some(2.into()));
    drop(first);
    drop(second);
    assert_eq!(Project::open(folder.path()).unwrap().access(), &Access::ReadWrite);
}

#[test]
fn a_project_that_cannot_be_begun_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let lock = std::fs::File::create(folder.path().join("project.lock")).unwrap();
    lock.lock().unwrap();
    let error = Project::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("another Lenslet window has this project open"), "{error}");
    assert!(error.ends_with(folder.path().to_str().unwrap()), "{error}");
    drop(lock);
    assert_eq!(Project::open(folder.path()).unwrap().access(), &Access::ReadWrite);
}

#[test]
fn a_project_inside_its_dataset_is_refused_with_a_sentence() {
    let home = tempfile::tempdir().unwrap();
    let dataset = home.path().join("dataset");
    std::fs::create_dir_all(&dataset).unwrap();
    let paths = Paths::within(&home.path().join("lenslet"));
    let error = paths.project_folder(&dataset, Some(&dataset.join("project"))).unwrap_err();
    assert!(error.to_string().starts_with("the project must not lie inside the dataset"), "{error}");
    let folder = paths.project_folder(&dataset, None).unwrap();
    assert!(folder.starts_with(&paths.data), "{folder:?}");
    Project::open(&folder).unwrap().save_catalogue(&small_dataset(1)).unwrap();
    assert_eq!(std::fs::read_dir(&dataset).unwrap().count(), 0);
}

#[test]
fn a_project_is_found_under_every_spelling_of_its_source() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    std::fs::create_dir_all(at("data/flowers/a")).unwrap();
    std::fs::create_dir_all(at("data/trees")).unwrap();
    std::fs::write(at("data/flowers/a/1.png"), "x").unwrap();
    std::fs::write(at("data/trees/2.png"), "x").unwrap();
    let paths = Paths::within(&at("lenslet"));
    let open = |source: &str, project: Option<&str>| {
        let source = format!("{}/{source}", home.path().display());
        let request = OpenRequest { source, project: project.map(at), anew: false, is_open: None };
        lenslet::pipeline::open(&paths, &request, &Control::new())
    };
    let link = |to: &str| {
        let _ = std::fs::remove_file(at("latest"));
        #[cfg(unix)]
        std::os::unix::fs::symlink(at(to), at("latest")).unwrap();
    };
    link("data/flowers");
    let mut spellings =
        vec!["data/flowers", "data/flowers/", "data/./flowers", "data/flowers/../../data/flowers"];
    if cfg!(unix) {
        spellings.insert(0, "latest");
        spellings.push("latest/a/..");
    }
    for project in [None, Some("chosen")] {
        for (number, source) in spellings.iter().enumerate() {
            let opened = open(source, project).unwrap_or_else(|error| panic!("{source}: {error}"));
            assert_eq!(opened.is_from_project, number > 0, "{source} {project:?}");
        }
    }
    let refused = open("data/trees", Some("chosen")).unwrap_err().to_string();
    assert!(refused.contains("is the project of") && refused.contains("--project"), "{refused}");

    // A project follows the folder that it was made for, and not the link that it was opened by.
    if cfg!(unix) {
        link("data/trees");
        assert!(open("data/flowers", None).unwrap().is_from_project);
        assert!(!open("latest", None).unwrap().is_from_project);
    }
}

// ── Thumbnails ───────────────────────────────────────────────────────────────────────────────────

fn thumbnail(sample: SampleId, stamp: u64, len: usize) -> Thumbnail {
    Thumbnail { sample, edge: 128, stamp, bytes: vec![sample as u8; len] }
}

#[test]
fn thumbnails_come_back_unless_their_file_changed() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::open(folder.path()).unwrap();
    let fresh = stamp(100, 5);
    assert_ne!(fresh, stamp(100, 6));
    {
        let thumbnails = Thumbnails::open(&project, 1 << 20);
        assert_eq!(thumbnails.get(1, 128, fresh), None);
        thumbnails.put_many(&[thumbnail(1, fresh, 10), thumbnail(2, fresh, 0)]);
        thumbnails.put_many(&[thumbnail(2, fresh, 5)]);
    }
    let thumbnails = Arc::new(Thumbnails::open(&project, 1 << 20));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let thumbnails = thumbnails.clone();
            std::thread::spawn(move || {
                for _ in 0..100 {
                    assert_eq!(thumbnails.get(1, 128, fresh), Some(vec![1; 10]));
                    assert_eq!(thumbnails.get(2, 128, fresh), Some(vec![2; 5]));
                    assert_eq!(thumbnails.get(1, 64, fresh), None);
                    assert_eq!(thumbnails.get(1, 128, stamp(101, 5)), None);
                }
            })
        })
        .collect();
    for reader in readers {
        reader.join().unwrap();
    }
}

#[test]
fn the_cache_keeps_below_its_cap_what_was_used_last() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::open(folder.path()).unwrap();
    let cap = 4 << 20;
    let thumbnails = Thumbnails::open(&project, cap);
    for batch in 0..40u32 {
        let put: Vec<_> = (batch * 50..batch * 50 + 50).map(|sample| thumbnail(sample, 1, 6000)).collect();
        thumbnails.put_many(&put);
        assert!(thumbnails.get(7, 128, 1).is_some(), "it is used all the time, at batch {batch}");
        assert!(thumbnails.size() <= cap, "{} at batch {batch}", thumbnails.size());
    }
    assert!(thumbnails.get(60, 128, 1).is_none());
    assert!(thumbnails.get(1999, 128, 1).is_some());
    drop(thumbnails);
    let len = std::fs::metadata(folder.path().join("thumbnails.db")).unwrap().len();
    assert!(len <= cap + (1 << 20), "{len}");
}

#[test]
fn a_cache_with_a_smaller_cap_gives_its_space_back() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::open(folder.path()).unwrap();
    let len = || std::fs::metadata(folder.path().join("thumbnails.db")).unwrap().len();
    let put = |cap: u64, samples: std::ops::Range<SampleId>| {
        let thumbnails = Thumbnails::open(&project, cap);
        thumbnails.put_many(&samples.map(|sample| thumbnail(sample, 1, 6000)).collect::<Vec<_>>());
    };
    put(16 << 20, 0..700);
    assert!(len() > 4 << 20, "{}", len());
    put(1 << 20, 700..701);
    assert!(len() < 2 << 20, "{}", len());
}

#[test]
fn a_new_project_has_no_thumbnails_of_an_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let keep = || {
        let project = Project::open(folder.path()).unwrap();
        let thumbnails = Thumbnails::open(&project, 1 << 20);
        let found = thumbnails.get(1, 128, 1);
        thumbnails.put_many(&[thumbnail(1, 1, 10)]);
        found.is_some()
    };
    assert!(!keep());
    assert!(keep(), "they are kept as long as the project is");
    Project::set_aside(folder.path()).unwrap();
    assert!(!folder.path().join("thumbnails.db").exists());
    assert!(!keep());
    std::fs::remove_file(folder.path().join("project.db")).unwrap();
    assert!(!keep(), "the database was deleted by hand");
}

#[test]
fn a_damaged_cache_begins_anew_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::open(folder.path()).unwrap();
    let path = folder.path().join("thumbnails.db");
    for harm in ["no database".repeat(2000), String::new()] {
        std::fs::write(&path, &harm).unwrap();
        let thumbnails = Thumbnails::open(&project, 1 << 20);
        thumbnails.put_many(&[thumbnail(1, 1, 10)]);
        assert_eq!(thumbnails.get(1, 128, 1), Some(vec![1; 10]));
    }

    // Damage that is found only in use.
    let thumbnails = Thumbnails::open(&project, 1 << 24);
    let put: Vec<_> = (0..500).map(|sample| thumbnail(sample, 1, 900)).collect();
    thumbnails.put_many(&put);
    drop(thumbnails);
    let mut bytes = std::fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4096).skip(3) {
        page[..64].fill(0xff);
    }
    std::fs::write(&path, &bytes).unwrap();
    let thumbnails = Thumbnails::open(&project, 1 << 24);
    for sample in 0..500 {
        let _ = thumbnails.get(sample, 128, 1);
    }
    for _ in 0..2 {
        thumbnails.put_many(&put);
    }
    assert_eq!(thumbnails.get(499, 128, 1), Some(vec![499u32 as u8; 900]));

    // Deleted under the program.
    drop(thumbnails);
    std::fs::remove_file(&path).unwrap();
    let thumbnails = Thumbnails::open(&project, 1 << 24);
    assert_eq!(thumbnails.get(499, 128, 1), None);
}

// ── Edits: durable, in order, at any moment ──────────────────────────────────────────────────────

const KILLED_SAMPLES: usize = 3000;
const KILL_CHILD: &str = "LENSLET_KILL_CHILD";

/// A person who edits, undoes and does again, the same way for the same seed.
struct Scripted {
    random: u64,
    overlay: Overlay,
    history: History,
}

impl Scripted {
    /// Every operation changes the overlay, so that states tell which one was the last.
    fn next(&mut self) -> JournalOp {
        loop {
            let choice = self.below(16);
            if choice < 2 {
                if let Some(inverse) = self.history.undo() {
                    self.overlay.apply(&inverse);
                    return JournalOp::Undo;
                }
            } else if choice < 3 {
                if let Some(edit) = self.history.redo() {
                    self.overlay.apply(&edit);
                    return JournalOp::Redo;
                }
            } else if let Some(edit) = self.edit(choice) {
                self.overlay.apply(&edit);
                self.history.push(edit.clone());
                return JournalOp::Append(edit);
            }
        }
    }

    fn edit(&mut self, choice: u64) -> Option<Edit> {
        let edit = match choice {
            3 => {
                let filter = format!("width>={}", self.below(4096));
                let to = View { filter, sort: "path".into(), direction: Direction::Ascending };
                Edit::SetView { from: View::default(), to }
            }
            4 => {
                let name = format!("view {}", self.below(4));
                Edit::SaveView { name, from: None, to: Some(self.overlay.view.clone()) }
            }
            10 | 11 => {
                let rows = self.rows(20);
                let to = self.answer();
                Edit::Label { changes: LabelChanges::of_each(rows.into_iter().map(|row| (row, to.clone()))) }
            }
            12 => {
                let samples = SampleSet::from_rows(self.rows(20));
                Edit::Tag { samples, tag: format!("tag {}", self.below(3)), on: self.below(3) > 0 }
            }
            13 => {
                let (sample, to) = (self.rows(1)[0], format!("note {}", self.below(5)));
                Edit::Note { sample, from: String::new(), to }
            }
            14 => {
                let side = self.below(90) as f32 + 0.1;
                let (class, rect, time_ms) =
                    ("box".into(), [0.5, 1.0, side, side], self.below(1 << 40) as i64);
                let one = NamedBox { class, rect, by: "Ada".into(), time_ms, ..NamedBox::default() };
                let to = (self.below(4) > 0).then_some(vec![one]);
                Edit::SetBoxes { sample: self.rows(1)[0], from: None, to, what: "Draw a box".into() }
            }
            15 => {
                let mut to = Classes::default();
                let name = format!("class {}", self.below(4));
                to.entry_mut(&name).name = Some(format!("name {}", self.below(9)));
                let classes = Edit::SetClasses { from: Classes::default(), to, what: "Rename".into() };
                let to = self.answer();
                let changes = LabelChanges::of_each(self.rows(5).into_iter().map(|row| (row, to.clone())));
                Edit::Several { edits: vec![classes, Edit::Label { changes }], what: "Both".into() }
            }
            _ => {
                let count = 1 + self.below(40);
                let rows: Vec<SampleId> =
                    (0..count).map(|_| self.below(KILLED_SAMPLES as u64) as SampleId).collect();
                let mark = Mark::ALL[self.below(2) as usize];
                Edit::Mark { samples: SampleSet::from_rows(rows), mark, on: self.below(3) > 0 }
            }
        };
        self.overlay.effective(edit)
    }

    /// Up to so many rows, at least one.
    fn rows(&mut self, most: u64) -> Vec<SampleId> {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.below(KILLED_SAMPLES as u64) as SampleId).collect()
    }

    /// An answer, or the source's labels.
    fn answer(&mut self) -> Option<Answer> {
        let labels = vec![format!("class {}", self.below(4))];
        let time_ms = self.below(1 << 40) as i64;
        let answer = Answer { labels, origin: LabelOrigin::ByHand, by: "Ada".into(), time_ms };
        (self.below(8) > 0).then_some(answer)
    }

    /// SplitMix64.
    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// No test of its own: what the next one starts in a process of its own and kills.
#[test]
fn kill_child() {
    let Some(folder) = std::env::var_os(KILL_CHILD) else { return };
    let seed: u64 = std::env::var("LENSLET_KILL_SEED").unwrap().parse().unwrap();
    let project = Arc::new(Project::open(&PathBuf::from(folder)).unwrap());
    let loaded = project.load().unwrap().unwrap();
    let mut person = Scripted { random: seed, overlay: loaded.overlay, history: loaded.history };
    let writer = JournalWriter::spawn(loaded.journal, "child", || {}).unwrap();

    // Ingest goes on beside it, as it does in the program.
    let (ingest, dataset) = (project.clone(), loaded.dataset);
    std::thread::spawn(move || {
        let thumbnails = Thumbnails::open(&ingest, 1 << 20);
        for round in 0u32.. {
            let mut facts = Facts::new(KILLED_SAMPLES);
            facts.set(round % KILLED_SAMPLES as u32, &fact(round));
            ingest.save_measured(&chunks(&facts), &[], &[]).unwrap();
            ingest.save_scan(&dataset, &[round % 7], None).unwrap();
            thumbnails.put_many(&[thumbnail(round % 100, 1, 3000)]);
        }
    });
    let mut out = std::io::stdout().lock();
    for count in 1u64.. {
        let ticket = writer.submit(person.next()).unwrap();
        // Sometimes one by one, sometimes many in one transaction.
        if count % 64 < 40 || count.is_multiple_of(8) {
            writer.wait(ticket).unwrap();
            writeln!(out, "acknowledged {}", ticket.0).unwrap();
            out.flush().unwrap();
        }
    }
}

#[test]
fn killing_the_program_loses_no_acknowledged_edit() {
    let folder = tempfile::tempdir().unwrap();
    Project::open(folder.path()).unwrap().save_catalogue(&small_dataset(KILLED_SAMPLES)).unwrap();
    let mut total = 0;
    // Every state of ten thousand edits could be the last.
    for round in 0.. {
        if round >= 12 && total >= 10_000 {
            break;
        }
        assert!(round < 400, "too few edits in a round: {total} in all");
        let before = Project::open(folder.path()).unwrap().load().unwrap().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::kill_child", "--nocapture", "--test-threads=1"])
            .env(KILL_CHILD, folder.path())
            .env("LENSLET_KILL_SEED", round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok()).last()
        });
        std::thread::sleep(Duration::from_millis(60 + round * 53 % 640));
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = reader.join().unwrap().unwrap_or(0);
        total += acknowledged;

        let project = Project::open(folder.path()).unwrap();
        assert_eq!(project.access(), &Access::ReadWrite, "a killed window holds no lock");
        let after = project.load().unwrap().unwrap();
        assert_eq!(after.damaged, [""; 0]);
        let mut person = Scripted { random: round, overlay: before.overlay, history: before.history };
        let mut count = 0;
        // What was submitted and not acknowledged may be there as well, up to some point. An edit
        // and its undo come back to the same overlay, so the history says which point it is.
        while count < acknowledged
            || person.overlay != after.overlay
            || person.history.next_undo() != after.history.next_undo()
            || person.history.next_redo() != after.history.next_redo()
        {
            assert!(count < acknowledged + 300, "round {round}: not a state after {acknowledged} edits");
            person.next();
            count += 1;
        }
        assert_eq!(Thumbnails::open(&project, 1 << 20).get(0, 128, 9), None);
    }
}

#[test]
fn an_edit_that_cannot_be_kept_waits_and_is_kept_later() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::open(folder.path()).unwrap();
    project.save_catalogue(&small_dataset(5)).unwrap();
    let journal = Journal::open(&project, 5).unwrap().journal;
    let writer = JournalWriter::spawn(journal, "", || {}).unwrap();
    let star = Edit::Mark { samples: SampleSet::from_rows([1]), mark: Mark::Star, on: true };
    let ticket = writer.submit(JournalOp::Append(star)).unwrap();
    writer.wait(ticket).unwrap();

    // A table that is not there stands for a disk that does not take anything.
    let other = database(folder.path());
    other.execute_batch("ALTER TABLE edit RENAME TO taken").unwrap();
    let star = Edit::Mark { samples: SampleSet::from_rows([2]), mark: Mark::Star, on: true };
    let waiting = writer.submit(JournalOp::Append(star)).unwrap();
    assert!(writer.wait(waiting).is_err());
    assert_eq!(writer.durable_through(), ticket);
    other.execute_batch("ALTER TABLE taken RENAME TO edit").unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while writer.durable_through() < waiting {
        assert!(Instant::now() < deadline, "{:?}", writer.problem());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(writer.problem().is_none());
    writer.close().unwrap();
    assert_eq!(project.load().unwrap().unwrap().overlay.marks[..3], [0, 1, 1]);
}
