//! Exports of datasets in which a person changed labels, boxes and classes: what was exported is opened again and says
//! what counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lenslet::dataset::labelling::{Classes, Fate};
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{
    Answer, Boxes, Dataset, Facts, LabelOrigin, Labelling, Labels, Layout, NamedBox, SampleId,
};
use lenslet::export::dataset::{Options, Plan, plan, run};
use lenslet::import::{self, dataset_reader};
use lenslet::jobs::Control;

/// A path and what the file holds.
type File = (&'static str, Vec<u8>);

/// Width and height of the images, in pixels.
const SIZE: [f32; 2] = [40.0, 30.0];

/// A PNG, different for each seed.
fn png(seed: u8) -> Vec<u8> {
    let image = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([seed, x as u8 * 6, y as u8 * 7]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn images(paths: &[&'static str]) -> Vec<File> {
    paths.iter().enumerate().map(|(at, path)| (*path, png(at as u8))).collect()
}

fn text(path: &'static str, content: &str) -> File {
    (path, content.as_bytes().to_vec())
}

fn write(folder: &Path, files: &[File]) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// Two boxes in `a.png`, one in `b.png` and none in `c.png`, in each layout with boxes.
fn cases() -> Vec<(Layout, Vec<File>)> {
    let coco = r#"{"images": [{"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "b.png"},
        {"id": 9, "file_name": "c.png"}], "annotations": [
        {"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 10, 8.0], "segmentation": [[1.250, 2, 3, 4]]},
        {"id": 2, "image_id": 7, "category_id": 2, "bbox": [12, 4, 20, 16], "segmentation": [[9.125, 2, 3, 4]]},
        {"id": 3, "image_id": 8, "category_id": 2, "bbox": [0, 0, 20, 15]}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog", "supercategory": "x"}]}"#;
    let object = |class: &str, [left, top, right, bottom]: [u32; 4]| {
        format!(
            "<object><name>{class}</name><pose>Left</pose><bndbox><xmin>{left}</xmin><ymin>{top}</ymin>\
             <xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
        )
    };
    let xml = |name: &str, objects: &[String]| {
        format!("<annotation><filename>{name}.png</filename>{}</annotation>\n", objects.concat())
    };
    let of_a = xml("a", &[object("cat", [2, 3, 11, 10]), object("dog", [13, 5, 32, 20])]);
    let of_b = xml("b", &[object("dog", [1, 1, 20, 15])]);
    vec![
        (
            Layout::Coco,
            [
                images(&["img/a.png", "img/b.png", "img/c.png"]),
                vec![text("annotations/instances_train.json", coco)],
            ]
            .concat(),
        ),
        (
            Layout::Yolo,
            [
                images(&["images/train/a.png", "images/train/b.png", "images/train/c.png"]),
                vec![
                    text("data.yaml", "# mine\ntrain: images/train\nnc: 2\nnames: [cat, dog]\n"),
                    text(
                        "labels/train/a.txt",
                        "0 0.150000 0.2 0.25 0.266666667\n1 0.55 0.4 0.5 0.533333333\n",
                    ),
                    text("labels/train/b.txt", "1 0.25 0.25 0.5 0.5\n"),
                ],
            ]
            .concat(),
        ),
        (
            Layout::Voc,
            [
                images(&["JPEGImages/a.png", "JPEGImages/b.png", "JPEGImages/c.png"]),
                vec![
                    text("Annotations/a.xml", &of_a),
                    text("Annotations/b.xml", &of_b),
                    text("ImageSets/Main/train.txt", "a\nb\nc\n"),
                    text("ImageSets/Main/cat_train.txt", "a  1\nb -1\nc -1\n"),
                ],
            ]
            .concat(),
        ),
    ]
}

fn open(path: &Path) -> Dataset {
    import::open(path.to_str().unwrap(), &Control::new()).unwrap_or_else(|error| panic!("{error}")).dataset
}

/// The dataset of these files, with what `say` says of it.
fn spoken(folder: &Path, files: &[File], say: impl Fn(&Snapshot, &mut Labelling)) -> Snapshot {
    write(folder, files);
    let dataset = open(folder);
    let facts = Facts::new(dataset.len());
    let snapshot = Snapshot::new(dataset.into(), &[], facts, Arc::default());
    let mut labelling = Labelling::new(snapshot.len());
    say(&snapshot, &mut labelling);
    snapshot.labelled(&Arc::new(labelling))
}

/// The sample whose path ends so.
fn sample(dataset: &Dataset, end: &str) -> SampleId {
    let found = (0..dataset.len() as SampleId).find(|sample| dataset.path(*sample).ends_with(end));
    found.unwrap_or_else(|| panic!("{end} is there"))
}

/// Labels and boxes in pixels of each sample, by the name of its file.
fn told(dataset: &Dataset, labels: &Labels, boxes: &Boxes) -> BTreeMap<String, String> {
    let all = 0..dataset.len() as SampleId;
    let tell = |sample: SampleId| {
        let mut names: Vec<&str> = labels.names(sample).collect();
        names.sort_unstable();
        let mut rects: Vec<String> = boxes
            .get(sample)
            .iter()
            .map(|one| {
                let scale = if one.relative { [SIZE[0], SIZE[1], SIZE[0], SIZE[1]] } else { [1.0; 4] };
                let sides: Vec<String> = one
                    .rect
                    .iter()
                    .zip(scale)
                    .map(|(side, scale)| format!("{:.2}", hundredth(side * scale)))
                    .collect();
                format!("{}@{}", labels.classes[one.class as usize], sides.join(","))
            })
            .collect();
        rects.sort();
        let name = dataset.path(sample).rsplit('/').next().unwrap_or_default().to_owned();
        (name, format!("[{}] [{}]", names.join("|"), rects.join("|")))
    };
    all.map(tell).collect()
}

/// A number to its hundredth, never minus zero.
fn hundredth(number: f32) -> f32 {
    (number * 100.0).round() / 100.0 + 0.0
}

/// Exports all in the same layout and opens it again.
fn exported(snapshot: &Snapshot, target: &Path) -> (Plan, Dataset) {
    let reader = dataset_reader(&snapshot.dataset);
    let samples: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
    let options = Options::new(target.to_owned());
    let planned = plan(snapshot, &samples, &reader, &options, &Control::new()).unwrap();
    assert!(planned.refusals.is_empty(), "{:?}", planned.refusals);
    let report = run(&planned, &reader, &Control::new()).unwrap();
    assert!(report.complete && report.issues.is_empty(), "{report:?}");
    // Another run of the same finds all of it finished.
    let again = plan(snapshot, &samples, &reader, &options, &Control::new()).unwrap();
    assert_eq!((again.finished, &again.refusals), (again.files, &Vec::new()));
    (planned, open(target))
}

#[track_caller]
fn check(snapshot: &Snapshot, name: &str) -> (tempfile::TempDir, Plan) {
    let place = tempfile::tempdir().unwrap();
    let (planned, again) = exported(snapshot, &place.path().join("new"));
    assert_eq!(again.layout, snapshot.dataset.layout, "{name}");
    assert_eq!(
        told(&again, &again.labels, &again.boxes),
        told(&snapshot.dataset, snapshot.labels(), snapshot.boxes()),
        "{name}: {:?}",
        planned.warnings
    );
    (place, planned)
}

fn pixels(class: &str, rect: [f32; 4]) -> NamedBox {
    NamedBox { class: class.to_owned(), rect, ..NamedBox::default() }
}

/// The boxes that a sample has, as a person's.
fn named(snapshot: &Snapshot, sample: SampleId) -> Vec<NamedBox> {
    let classes = &snapshot.labels().classes;
    let boxes = snapshot.boxes().get(sample).iter();
    boxes
        .map(|one| NamedBox {
            class: classes[one.class as usize].clone(),
            rect: one.rect,
            relative: one.relative,
            ..NamedBox::default()
        })
        .collect()
}

fn answer(labels: &[&str]) -> Answer {
    Answer {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        origin: LabelOrigin::ByHand,
        by: "Ada".to_owned(),
        time_ms: 1_700_000_000_000,
    }
}

fn is_told(planned: &Plan, part: &str) -> bool {
    planned.warnings.iter().any(|warning| warning.contains(part))
}

#[test]
fn boxes_that_were_changed_are_in_the_files_of_their_layout() {
    for (layout, files) in cases() {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = spoken(folder.path(), &files, |snapshot, labelling| {
            let at = |end| sample(&snapshot.dataset, end);
            let mut boxes = named(snapshot, at("a.png"));
            // One stays, one is moved, one is new and of a new class.
            boxes[1] = pixels("dog", [14.0, 5.0, 20.0, 16.0]);
            boxes.push(pixels("eel & co", [0.0, 0.0, 5.0, 6.0]));
            labelling.set_boxes(at("a.png"), Some(&boxes));
            labelling.set_boxes(at("b.png"), Some(&[]));
            labelling.set_boxes(at("c.png"), Some(&[pixels("cat", [3.0, 4.0, 6.5, 8.0])]));
        });
        let name = format!("{layout:?}");
        assert_eq!(snapshot.dataset.layout, layout);
        let (place, planned) = check(&snapshot, &name);
        assert!(is_told(&planned, "3 samples have labels or boxes by hand"), "{:?}", planned.warnings);
        let read = |path: &str| std::fs::read_to_string(place.path().join("new").join(path)).unwrap();
        match layout {
            Layout::Coco => {
                let text = read("annotations/instances_train.json");
                assert!(
                    text.contains("\"bbox\": [1, 2, 10, 8.0], \"segmentation\": [[1.250, 2, 3, 4]]"),
                    "{text}"
                );
                assert!(!text.contains("9.125") && text.contains("\"supercategory\": \"x\""), "{text}");
            }
            Layout::Yolo => {
                assert!(read("labels/train/a.txt").starts_with("0 0.150000 0.2 0.25 0.266666667\n"));
                assert_eq!(read("labels/train/b.txt"), "");
                let yaml = read("data.yaml");
                assert!(yaml.starts_with("# mine\ntrain: images/train\nnc: 3\nnames:\n"), "{yaml}");
            }
            _ => {
                let text = read("Annotations/a.xml");
                assert!(text.contains("<name>cat</name><pose>Left</pose>"), "{text}");
                assert_eq!(text.matches("<pose>Left</pose>").count(), 1, "{text}");
                assert_eq!(read("ImageSets/Main/cat_train.txt"), "a  1\nb -1\nc  1\n");
                assert!(read("Annotations/c.xml").contains("<name>cat</name>"));
            }
        }
    }
}

#[test]
fn files_of_the_same_images_keep_their_own_boxes() {
    let people = r#"{"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}], "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 10, 8], "segmentation": [[1.250, 2, 3, 4]]},
        {"id": 2, "image_id": 2, "category_id": 1, "bbox": [3, 2, 10, 8]}],
        "categories": [{"id": 1, "name": "person"}]}"#;
    let hands = r#"{"info": {"year": 2.50}, "licenses": [{"id": 3}], "images": [{"id": 5, "file_name": "a.png"},
        {"id": 6, "file_name": "b.png"}, {"id": 7, "file_name": "c.png"}, {"file_name": "d.png"}], "annotations": [
        {"id": 1, "image_id": 5, "category_id": 1, "bbox": [2, 3, 4, 5], "segmentation": [[9.125, 2, 3, 4]]},
        {"id": 2, "image_id": 8, "category_id": 1, "bbox": [6, 6, 1, 1]}],
        "categories": [{"id": 1, "name": "hand"}]}"#;
    let files = [
        images(&["img/a.png", "img/b.png", "img/c.png", "img/d.png"]),
        vec![text("annotations/instances_val.json", people), text("annotations/hands.json", hands)],
    ]
    .concat();
    let written = |snapshot: &Snapshot| {
        let (place, _) = check(snapshot, "two files");
        let read = |name: &str| {
            let path = place.path().join("new/annotations").join(name);
            std::fs::read_to_string(path).unwrap()
        };
        (read("instances_val.json"), read("hands.json"))
    };
    let boxes = |text: &str| text.matches("\"bbox\"").count();

    // A label that is confirmed changes no file's boxes.
    let folder = tempfile::tempdir().unwrap();
    let snapshot = spoken(folder.path(), &files, |snapshot, labelling| {
        let at = sample(&snapshot.dataset, "a.png");
        assert_eq!(snapshot.boxes().get(at).len(), 2);
        labelling.set_answer(at, Some(&answer(&["person"])));
    });
    let (people, hands) = written(&snapshot);
    assert!(boxes(&people) == 2 && people.contains("1.250") && !people.contains("hand"), "{people}");
    assert!(boxes(&hands) == 1 && hands.contains("9.125") && !hands.contains("person"), "{hands}");

    // What is new goes to the file of its class; of an image that one file lists, to that.
    let folder = tempfile::tempdir().unwrap();
    let snapshot = spoken(folder.path(), &files, |snapshot, labelling| {
        let at = |end| sample(&snapshot.dataset, end);
        let mut of_b = named(snapshot, at("b.png"));
        of_b.extend([pixels("hand", [1.0, 1.0, 2.0, 2.0]), pixels("person", [5.0, 5.0, 6.0, 6.0])]);
        labelling.set_boxes(at("b.png"), Some(&of_b));
        labelling.set_answer(at("c.png"), Some(&answer(&["person"])));
        labelling.set_boxes(at("d.png"), Some(&[pixels("hand", [3.0, 4.0, 5.0, 6.0])]));
    });
    let (people, hands) = written(&snapshot);
    assert!(boxes(&people) == 3 && people.contains("1.250") && !people.contains("hand"), "{people}");
    assert!(boxes(&hands) == 3 && hands.contains("9.125") && hands.contains("person"), "{hands}");
    // All else stays, and an image without an id gets one for its box that no annotation has.
    for part in [r#"{"year": 2.50}, "licenses": [{"id": 3}]"#, r#"{"file_name": "d.png", "id": 9}"#] {
        assert!(hands.contains(part), "{hands}");
    }
}

#[test]
fn a_box_that_is_of_another_class_keeps_the_rest() {
    for (layout, files) in cases() {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = spoken(folder.path(), &files, |snapshot, labelling| {
            let at = sample(&snapshot.dataset, "a.png");
            let mut boxes = named(snapshot, at);
            boxes[0].class = "dog".to_owned();
            boxes[1].class = "cat".to_owned();
            labelling.set_boxes(at, Some(&boxes));
        });
        let (place, _) = check(&snapshot, &format!("{layout:?}"));
        if layout == Layout::Coco {
            let path = place.path().join("new/annotations/instances_train.json");
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.contains("1.250") && text.contains("9.125"), "{text}");
        }
    }
}

/// Something that is done to classes.
type Change<'a> = &'a dyn Fn(&mut Classes);

#[test]
fn classes_are_those_of_now() {
    let renamed = |classes: &mut Classes| classes.entry_mut("cat").name = Some("big cat: \"Leo\"".to_owned());
    let merged = |classes: &mut Classes| classes.entry_mut("dog").fate = Some(Fate::Merged("cat".to_owned()));
    let removed = |classes: &mut Classes| classes.entry_mut("dog").fate = Some(Fate::Removed);
    let added = |classes: &mut Classes| drop(classes.add("fox", |_| false));
    let changes: [(&str, &[Change<'_>]); 5] = [
        ("renamed", &[&renamed]),
        ("merged", &[&merged]),
        ("removed", &[&removed]),
        ("added", &[&added]),
        ("all", &[&renamed, &merged, &added]),
    ];
    for (layout, files) in cases() {
        for (name, changes) in changes {
            let folder = tempfile::tempdir().unwrap();
            let snapshot = spoken(folder.path(), &files, |_, labelling| {
                let mut classes = Classes::default();
                changes.iter().for_each(|change| change(&mut classes));
                labelling.set_classes(classes);
            });
            let (place, _) = check(&snapshot, &format!("{layout:?} {name}"));
            let again = open(&place.path().join("new"));
            let has = |class: &str| again.labels.classes.iter().any(|name| name == class);
            // A file of objects alone lists no class that has none.
            assert!(name != "added" || layout == Layout::Voc || has("fox"), "{layout:?}");
            assert!(name != "renamed" || (has("big cat: \"Leo\"") && !has("cat")), "{layout:?}");
        }
    }
}

#[test]
fn labels_of_whole_images_are_held_or_told() {
    for (layout, files) in cases() {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = spoken(folder.path(), &files, |snapshot, labelling| {
            labelling.set_answer(sample(&snapshot.dataset, "c.png"), Some(&answer(&["fox", "dog"])));
        });
        if layout == Layout::Yolo {
            let place = tempfile::tempdir().unwrap();
            let (planned, again) = exported(&snapshot, &place.path().join("new"));
            assert!(is_told(&planned, "without a box"), "{:?}", planned.warnings);
            assert_eq!(again.labels.names(sample(&again, "c.png")).count(), 0);
            continue;
        }
        let (_, planned) = check(&snapshot, &format!("{layout:?}"));
        assert!(is_told(&planned, "2 labels of whole images have no box"), "{:?}", planned.warnings);
    }
}

#[test]
fn what_was_not_changed_is_copied_byte_for_byte() {
    for (layout, files) in cases() {
        let folder = tempfile::tempdir().unwrap();
        // A note and a tag say nothing of labels and boxes.
        let snapshot = spoken(folder.path(), &files, |snapshot, labelling| {
            let at = sample(&snapshot.dataset, "a.png");
            labelling.set_note(at, "blurred");
            labelling.set_tag(at, "odd", true);
        });
        let (place, planned) = check(&snapshot, &format!("{layout:?}"));
        assert!(!is_told(&planned, "by hand"), "{:?}", planned.warnings);
        for (path, content) in
            files.iter().filter(|(path, _)| path.ends_with(".txt") || path.ends_with(".xml"))
        {
            assert_eq!(&std::fs::read(place.path().join("new").join(path)).unwrap(), content, "{path}");
        }
    }
}

#[test]
fn an_image_folder_has_samples_where_their_classes_are() {
    let files = images(&[
        "train/cat/1.png",
        "train/cat/2.png",
        "train/dog/1.png",
        "val/cat/3.png",
        "val/dog/4.png",
        "val/dog/5.png",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let snapshot = spoken(folder.path(), &files, |snapshot, labelling| {
        let at = |end| sample(&snapshot.dataset, end);
        labelling.set_answer(at("train/cat/1.png"), Some(&answer(&["dog"])));
        labelling.set_answer(at("val/dog/4.png"), Some(&answer(&["eel"])));
        // It has its folder's class still.
        labelling.set_answer(at("val/dog/5.png"), Some(&answer(&["dog", "eel"])));
    });
    let place = tempfile::tempdir().unwrap();
    let (planned, again) = exported(&snapshot, &place.path().join("new"));
    let mut paths: Vec<&str> = again.paths.iter().collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "train/cat/2.png",
            "train/dog/1-2.png",
            "train/dog/1.png",
            "val/cat/3.png",
            "val/dog/5.png",
            "val/eel/4.png"
        ]
    );
    let moved = sample(&again, "1-2.png");
    assert_eq!(
        (again.split(moved), again.labels.names(moved).collect::<Vec<_>>()),
        (Some("train"), vec!["dog"])
    );
    assert!(is_told(&planned, "2 samples lie in the folders of the classes"), "{:?}", planned.warnings);

    // A class that has another name has another folder.
    let folder = tempfile::tempdir().unwrap();
    let snapshot = spoken(folder.path(), &files, |_, labelling| {
        let mut classes = Classes::default();
        classes.entry_mut("cat").name = Some("lion".to_owned());
        labelling.set_classes(classes);
    });
    let place = tempfile::tempdir().unwrap();
    let (_, again) = exported(&snapshot, &place.path().join("new"));
    assert_eq!(again.labels.classes, ["dog", "lion"]);
    assert_eq!(again.len(), 6);
}

#[test]
fn pictures_that_were_in_no_folder_of_a_class_come_into_one() {
    let files = images(&["1.png", "2.png", "3.png"]);
    let folder = tempfile::tempdir().unwrap();
    let snapshot = spoken(folder.path(), &files, |_, labelling| {
        labelling.set_answer(0, Some(&answer(&["cat"])));
        labelling.set_answer(1, Some(&answer(&["dog"])));
    });
    let (_, planned) = check(&snapshot, "flat");
    assert!(is_told(&planned, "given by hand"), "{:?}", planned.warnings);
}

#[test]
fn layouts_that_are_copied_say_what_they_do_not_hold() {
    let table = text("list.csv", "path,label\nimg/a.png,cat\nimg/b.png,dog\n");
    let files = [images(&["img/a.png", "img/b.png"]), vec![table]].concat();
    for (say, expected) in [(true, true), (false, false)] {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = spoken(folder.path(), &files, |snapshot, labelling| {
            if say {
                labelling.set_answer(sample(&snapshot.dataset, "a.png"), Some(&answer(&["dog"])));
            }
        });
        assert_eq!(snapshot.dataset.layout, Layout::Manifest);
        let place = tempfile::tempdir().unwrap();
        let (planned, _) = exported(&snapshot, &place.path().join("new"));
        assert_eq!(is_told(&planned, "1 sample has other labels or boxes than the source"), expected);
    }
}
