//! Every format on the same annotations: what it holds comes back, and what it does not hold is named.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Names that a format has to write with care.
const CLASSES: [&str; 8] = ["cat", "dog", "a;b", "[x]", "yes", "Größe 2", "said \"so\", he", "#5: <&>"];

const SIZE: [u32; 2] = [640, 480];

fn words() -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(CLASSES.to_vec(), 0..3)
        .prop_map(|words| words.into_iter().map(str::to_owned).collect())
}

/// Boxes of whole pixels, or of parts that are.
fn boxes() -> impl Strategy<Value = Vec<AnnotatedBox>> {
    let one = (0..CLASSES.len(), 0u32..300, 0u32..200, 1u32..300, 1u32..200, any::<bool>());
    let one = one.prop_map(|(class, left, top, width, height, relative)| {
        let rect = [left, top, width, height].map(|side| side as f32);
        let class = CLASSES[class].to_owned();
        let pixels = AnnotatedBox { class: class.clone(), rect, relative: false };
        match pixels.in_parts(Some(SIZE)) {
            Some(rect) if relative => AnnotatedBox { class, rect, relative },
            _ => pixels,
        }
    });
    proptest::collection::vec(one, 0..4)
}

fn annotations() -> impl Strategy<Value = Annotations> {
    let text =
        prop_oneof![Just(String::new()), Just("two\nlines; \"so\"".to_owned()), Just(" edge ".to_owned())];
    let person =
        prop_oneof![Just(String::new()), Just("Ada".to_owned()), Just("grace@example.org".to_owned())];
    let split = proptest::option::of(proptest::sample::select(vec!["train", "val", "test"]));
    let origin = proptest::option::of(proptest::sample::select(LabelOrigin::ALL.to_vec()));
    let said = (words(), boxes(), words(), text, any::<[bool; 3]>());
    let about =
        (origin, person, proptest::option::of(0..4_000_000_000_000i64), split, words(), any::<[u8; 16]>());
    let sample = (said, about).prop_map(
        |((labels, boxes, tags, note, marks), (origin, by, time_ms, split, given, content))| {
            let [starred, reviewed, unsure] = marks;
            Annotated {
                content: Some(content),
                size: Some(SIZE),
                labels,
                boxes,
                tags,
                note,
                starred,
                reviewed,
                unsure,
                origin,
                by,
                time_ms,
                split: split.map(str::to_owned),
                given,
                ..Annotated::default()
            }
        },
    );
    proptest::collection::vec(sample, 1..6).prop_map(|mut samples| {
        for (at, sample) in samples.iter_mut().enumerate() {
            sample.path = format!("d{}/s {at}.png", at % 2);
            sample.tidy();
        }
        let mut annotations = Annotations::of_samples(samples);
        annotations.classes.insert(0, "no sample has it".to_owned());
        annotations
    })
}

/// What a format is to give back.
fn held(annotations: &Annotations, format: &Format) -> Annotations {
    let holds = |field: Field| format.holds.contains(&field);
    let keep = |sample: &Annotated| {
        let mut kept = Annotated { path: sample.path.clone(), ..Annotated::default() };
        kept.boxes = sample.boxes.clone();
        if matches!(format.name, "yolo" | "voc") {
            kept.tidy();
        } else {
            kept.labels = sample.labels.clone();
        }
        if holds(Field::Content) {
            kept.content = sample.content;
        }
        if holds(Field::Size) {
            kept.size = sample.size;
        }
        if holds(Field::Tags) {
            kept.tags = sample.tags.clone();
        }
        if holds(Field::Note) {
            kept.note = sample.note.clone();
        }
        kept.starred = sample.starred && holds(Field::Starred);
        kept.reviewed = sample.reviewed && holds(Field::Reviewed);
        kept.unsure = sample.unsure && holds(Field::Unsure);
        kept.origin = sample.origin.filter(|_| holds(Field::Origin));
        if holds(Field::By) {
            kept.by = sample.by.clone();
        }
        kept.time_ms = sample.time_ms.filter(|_| holds(Field::Time));
        kept.split = sample.split.clone().filter(|_| holds(Field::Split));
        if format.name == "yolo" {
            // It has no other place for them, and says so.
            kept.split = Some(kept.split.unwrap_or_else(|| "train".to_owned()));
        }
        if holds(Field::Given) {
            kept.given = sample.given.clone();
        }
        kept
    };
    let samples = annotations.samples.iter().map(keep).collect();
    if holds(Field::Classes) {
        return Annotations { classes: annotations.all_classes(), samples };
    }
    Annotations::of_samples(samples)
}

/// Samples by their path, with labels in order and boxes as pixels to a tenth: `class left,top,width,height`.
fn plain(annotations: &Annotations) -> BTreeMap<String, (Annotated, Vec<String>)> {
    let sample = |sample: &Annotated| {
        let boxes = sample.boxes.iter().map(|one| {
            let sides = one.in_pixels(Some(SIZE)).unwrap().map(|side| format!("{:.1}", side + 0.01));
            format!("{} {}", one.class, sides.join(","))
        });
        let boxes = boxes.collect();
        let mut plain = Annotated { boxes: Vec::new(), ..sample.clone() };
        plain.labels.sort_unstable();
        (sample.path.clone(), (plain, boxes))
    };
    annotations.samples.iter().map(sample).collect()
}

fn write_and_read(annotations: &Annotations, format: &Format) -> (Written, Read) {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("labels{}", format.ending.map(|ending| format!(".{ending}")).unwrap_or_default());
    let path = folder.path().join(name);
    let target = Target { path: &path, dataset: None, existing: Existing::Keep };
    let written = write(annotations, format, &target).unwrap();
    let read = read(&path, Some(format), &Control::new()).unwrap();
    // Its name and beginning tell which it is.
    assert_eq!(Format::of(&path).unwrap().name, format.name);
    (written, read)
}

fn written_formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(|format| !matches!(format.write, Writer::Export))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_a_format_holds_comes_back_and_the_rest_is_named(annotations in annotations()) {
        for format in written_formats() {
            let (written, read) = write_and_read(&annotations, format);
            let expected = held(&annotations, format);
            prop_assert_eq!(&read.faults, &Faults::default(), "{}", format.name);
            prop_assert_eq!(plain(&read.annotations), plain(&expected), "{}", format.name);
            prop_assert_eq!(&read.annotations.classes, &expected.classes, "{}", format.name);
            for field in Field::ALL {
                let is_told = written.left_out.iter().any(|told| field.words().iter().any(|word| told.contains(word)));
                if field.count(&annotations) > 0 && !format.holds.contains(&field) {
                    prop_assert!(is_told, "{}: {:?} {:?}", format.name, field, written.left_out);
                }
            }
        }
    }

    #[test]
    fn a_merge_with_itself_has_nothing_to_decide(annotations in annotations()) {
        for by in [MatchBy::Path, MatchBy::Either] {
            let control = Control::new();
            let plan = merge(&annotations, &annotations, by, &control).unwrap();
            prop_assert_eq!(plan.samples.len(), annotations.samples.len());
            prop_assert_eq!(plan.count(merge::Outcome::Conflict) + plan.count(merge::Outcome::New), 0);
            let changes = plan.changes(&annotations, &annotations, Resolve::TakeTheirs, &control);
            prop_assert!(changes.unwrap().is_empty());
        }
    }
}

fn one_sample() -> Annotations {
    let boxes = vec![
        AnnotatedBox { class: "cat".into(), rect: [1.5, 2.0, 3.0, 4.0], relative: false },
        AnnotatedBox { class: "dog".into(), rect: [0.1, 0.2, 0.3, 0.4], relative: true },
    ];
    let mut sample =
        Annotated { path: "a.png".into(), boxes, labels: vec!["whole".into()], ..Annotated::default() };
    sample.split = Some("fold 3".into());
    sample.tidy();
    Annotations::of_samples(vec![sample])
}

#[test]
fn what_a_format_cannot_place_is_named() {
    for (name, told) in [
        ("coco", &["1 label of whole pictures", "1 box in parts of pictures", "1 split of a sample"][..]),
        ("yolo", &["1 label of whole pictures", "1 box in pixels", "1 sample with no split, or one other"]),
        ("voc", &["1 label of whole pictures", "1 box in parts", "1 box are rounded", "1 split of samples"]),
        ("label-studio", &["1 box in pixels"]),
        ("csv", &[]),
        ("jsonl", &[]),
        ("parquet", &[]),
        ("task", &["1 split of a sample"]),
    ] {
        let (written, _) = write_and_read(&one_sample(), Format::named(name).unwrap());
        assert_eq!(written.left_out.len(), told.len(), "{name}: {:?}", written.left_out);
        for told in told {
            assert!(
                written.left_out.iter().any(|one| one.starts_with(told)),
                "{name}: {told}: {:?}",
                written.left_out
            );
        }
    }
}

#[test]
fn nothing_is_written_where_something_is() {
    let folder = tempfile::tempdir().unwrap();
    let (file, full) = (folder.path().join("a.csv"), folder.path().join("full"));
    std::fs::write(&file, "old").unwrap();
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("x"), "old").unwrap();
    let put = |name: &str, path: &Path, dataset: Option<&Path>, existing| {
        let target = Target { path, dataset, existing };
        write(&one_sample(), Format::named(name).unwrap(), &target).map_err(|error| error.to_string())
    };
    let missing = folder.path().join("missing/a.csv");
    for (name, path, dataset, existing, fault) in [
        ("csv", &file, None, Existing::Keep, "there already"),
        ("csv", &file, Some(folder.path()), Existing::Replace, "inside the dataset"),
        ("csv", &missing, None, Existing::Keep, "no such folder"),
        ("yolo", &full, None, Existing::Replace, "has files in it"),
        ("voc", &file, None, Existing::Replace, "this is a file"),
        ("folder", &missing, None, Existing::Keep, "pictures"),
    ] {
        let message = put(name, path, dataset, existing).unwrap_err();
        assert!(message.contains(fault), "{name}: {message}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(std::fs::read_dir(&full).unwrap().count(), 1);
    assert!(put("csv", &file, None, Existing::Replace).is_ok());
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("path,"));
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(put("yolo", &empty, None, Existing::Keep).is_ok());
    assert!(empty.join("data.yaml").is_file());
    // Nothing is left of what was in the making.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

/// Reads bytes as a file of each format: it never panics, and an error names the file.
fn hostile(content: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    fuzz(content);
    for format in FORMATS {
        let Some(ending) = format.ending else { continue };
        let path = folder.path().join(format!("{}.{ending}", format.name));
        std::fs::write(&path, content).unwrap();
        if format.name == "parquet" && !content.starts_with(b"PAR1") {
            continue;
        }
        if let Err(error) = read(&path, Some(format), &Control::new()) {
            assert!(error.to_string().contains(format.name), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn hostile_files_are_errors_or_faults() {
    for text in [
        "",
        "\u{feff}",
        "{",
        "[[[[",
        "{\"images\":[{\"id\":1,\"file_name\":[],\"width\":1e999}],\"annotations\":5}",
        "{\"images\":[{\"id\":1,\"file_name\":\"a\",\"width\":99999999999999}],\"annotations\":[{\"image_id\":1}]}",
        "[{\"data\":{\"image\":\"a.png\"},\"annotations\":{\"result\":5}}]",
        "[{\"data\":{\"image\":\"a.png\"},\"annotations\":[{\"result\":[{\"type\":7,\"value\":[]}]}]}]",
        "[{\"data\":{\"image\":\"a.png\"},\"annotations\":[{\"result\":[{\"type\":\"rectanglelabels\",\"value\":\
         {\"x\":1e308,\"y\":1e308,\"width\":1e308,\"height\":1e308,\"rotation\":1e308,\"rectanglelabels\":[\"x\"]}}]}]}]",
        "{\"format\":\"lenslet-labelling-task\",\"version\":-1,\"classes\":5,\"samples\":{}}",
        "{\"path\":\"a\",\"label\":[[[]]],\"size\":[1,2,3],\"boxes\":[{\"class\":\"x\",\"rect\":[1e300,0,1,1]}]}",
        "path,label,boxes\na,\"[\"\"x\",\"[{\"\"class\"\":\"\"x\"\",\"\"rect\"\":[0,0,1e300,1]}]\"\n\"",
        "path\n",
        "path,path\na,b\n",
    ] {
        hostile(text.as_bytes());
    }
    hostile(&[0xff; 100]);
    hostile(b"PAR1\xff\xff\xff\x7fPAR1");
}

#[test]
fn cut_files_are_errors_or_faults() {
    for format in written_formats() {
        let Some(ending) = format.ending else { continue };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("a.{ending}"));
        let target = Target { path: &path, dataset: None, existing: Existing::Replace };
        write(&one_sample(), format, &target).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let cut = folder.path().join(format!("cut.{ending}"));
        for end in (0..whole.len()).step_by(whole.len().div_ceil(64)) {
            std::fs::write(&cut, &whole[..end]).unwrap();
            if let Ok(read) = read(&cut, Some(format), &Control::new()) {
                assert!(read.annotations.samples.len() <= 1, "{} {end}", format.name);
            }
        }
    }
}

#[test]
fn a_dataset_says_what_its_files_say() {
    use crate::dataset::builder::NewBox;
    use crate::dataset::{DatasetBuilder, Layout, NewSample};
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Coco);
    builder.class("unused");
    let boxes = vec![NewBox { class: "cat", rect: [0.0, 0.0, 1.0, 1.0], relative: true }];
    builder.push(NewSample { path: "a", labels: &["dog"], boxes, split: Some("val"), ..Default::default() });
    builder.push(NewSample { path: "b", ..Default::default() });
    let (mut dataset, _) = builder.finish();
    dataset.gone[1] = true;
    let annotations = Annotations::of_dataset(&dataset);
    assert_eq!(annotations.classes, ["unused", "dog", "cat"]);
    assert_eq!(annotations.samples.len(), 1);
    let sample = &annotations.samples[0];
    assert_eq!((sample.labels.len(), sample.boxes.len(), sample.split.as_deref()), (2, 1, Some("val")));
}
