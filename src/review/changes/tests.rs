use std::sync::Arc;

use super::*;
use crate::dataset::builder::NewBox;
use crate::dataset::edit::SampleSet;
use crate::dataset::labelling::{Answer, Classes, LabelChanges, NamedBox};
use crate::dataset::query::{Bitmask, parse};
use crate::dataset::{DatasetBuilder, Facts, Labelling, Layout, NewSample};

/// Six samples: two cats, two dogs, one of both, one of none; the first has a box of a cat.
fn snapshot(say: impl FnOnce(&mut Labelling)) -> Snapshot {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Coco);
    for (at, labels) in
        [&["cat"] as &[&str], &["cat"], &["dog"], &["dog"], &["cat", "dog"], &[]].iter().enumerate()
    {
        let boxes = match at {
            0 => vec![NewBox { class: "cat", rect: [0.0, 0.0, 4.0, 4.0], relative: false }],
            _ => Vec::new(),
        };
        builder.push(NewSample { path: &format!("{at}.png"), labels, boxes, ..NewSample::default() });
    }
    let dataset = builder.finish().0;
    let mut labelling = Labelling::new(dataset.len());
    say(&mut labelling);
    let facts = Facts::new(dataset.len());
    Snapshot::new(dataset.into(), &[], facts, Arc::default()).labelled(&Arc::new(labelling))
}

fn answer(labels: &[&str], by: &str, time_ms: i64) -> Answer {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Answer { labels, origin: LabelOrigin::ByHand, by: by.to_owned(), time_ms }
}

/// Samples with what of them is another.
fn told(changes: &Changes) -> Vec<(SampleId, Vec<&'static str>)> {
    let aspects = |change: &Change| {
        Aspect::ALL.into_iter().filter(|aspect| change.has(*aspect)).map(Aspect::name).collect()
    };
    changes.all.iter().map(|change| (change.sample, aspects(change))).collect()
}

#[test]
fn what_is_as_the_source_says_is_no_change() {
    let same = snapshot(|labelling| {
        labelling.set_answer(0, Some(&answer(&["cat"], "Ada", 1)));
        labelling.set_answer(5, Some(&answer(&[], "Ada", 1)));
        labelling.set_boxes(
            0,
            Some(&[NamedBox { class: "cat".into(), rect: [0.0, 0.0, 4.0, 4.0], ..NamedBox::default() }]),
        );
        // The name is another, the class is not.
        labelling.set_classes(Classes::default().renamed("cat", "Katze"));
    });
    let changes = Changes::of(&same);
    assert!(changes.all.is_empty());
    let renamed = ClassChange::Renamed { class: "cat".into(), name: "Katze".into() };
    assert_eq!(changes.classes, [renamed]);
    assert!(!changes.is_empty() && Changes::of(&snapshot(|_| ())).is_empty());
}

#[test]
fn labels_boxes_tags_notes_and_marks_are_changes() {
    let mut changed = snapshot(|labelling| {
        labelling.set_answer(1, Some(&answer(&["dog"], "Ada", 5)));
        labelling.set_boxes(0, Some(&[]));
        labelling.set_tag(2, "odd", true);
        labelling.set_note(3, "look again");
    });
    let mut marks = vec![0; 6];
    marks[5] = Mark::Unsure.bit();
    changed.marks = marks.into();
    let changes = Changes::of(&changed);
    assert_eq!(
        told(&changes),
        [
            // Its label came of the box.
            (0, vec!["labels", "boxes"]),
            (1, vec!["labels"]),
            (2, vec!["tags"]),
            (3, vec!["note"]),
            (5, vec!["marks"]),
        ]
    );
    assert_eq!(changes.counts, [2, 1, 1, 1, 1]);
    let second = changes.all[1];
    assert_eq!(
        (changes.person(&second), second.origin, second.time_ms),
        (Some("Ada"), Some(LabelOrigin::ByHand), 5)
    );
    assert_eq!(changes.person(&changes.all[0]), None);
}

#[test]
fn who_changed_a_sample_last_is_told_be_it_its_label_or_a_box() {
    let boxed = |by: &str, time_ms| NamedBox {
        class: "dog".into(),
        by: by.to_owned(),
        time_ms,
        ..NamedBox::default()
    };
    let changed = snapshot(|labelling| {
        labelling.set_boxes(1, Some(&[boxed("Ada", 9), boxed("Bob", 7), boxed("", 0)]));
        for (sample, time_ms) in [(2, 6), (3, 7), (4, 8)] {
            labelling.set_answer(sample, Some(&answer(&["cat"], "Eve", time_ms)));
            labelling.set_boxes(sample, Some(&[boxed("Bob", 7)]));
        }
        labelling.set_boxes(5, Some(&[boxed("", 0)]));
    });
    let changes = Changes::of(&changed);
    let told: Vec<(SampleId, Option<&str>, i64)> =
        changes.all.iter().map(|one| (one.sample, changes.person(one), one.time_ms)).collect();
    assert_eq!(
        told,
        [(1, Some("Ada"), 9), (2, Some("Bob"), 7), (3, Some("Eve"), 7), (4, Some("Eve"), 8), (5, None, 0),]
    );
}

#[test]
fn classes_that_are_others_come_with_their_samples() {
    let changed = snapshot(|labelling| {
        let mut classes = Classes::default().merged(["cat"], "dog");
        classes.add("emu", |_| false);
        labelling.set_classes(classes);
    });
    let changes = Changes::of(&changed);
    assert_eq!(
        changes.classes,
        [
            ClassChange::Merged { class: "cat".into(), into: "dog".into() },
            ClassChange::Added { name: "emu".into() }
        ]
    );
    // A sample of both is of one now.
    let rows: Vec<SampleId> = changes.all.iter().map(|change| change.sample).collect();
    assert_eq!(rows, [0, 1, 4]);
    let removed = snapshot(|labelling| {
        labelling.set_classes(Classes::default().merged(["cat"], "dog").removed(["dog"]));
    });
    let texts: Vec<String> = Changes::of(&removed).classes.iter().map(ClassChange::text).collect();
    assert_eq!(texts, ["“cat” was removed", "“dog” was removed"]);
}

/// Samples that went from one class to another are those that the query finds, as many as were counted.
#[test]
fn pairs_of_classes_have_queries_that_find_their_samples() {
    let changed = snapshot(|labelling| {
        labelling.set_classes(Classes::default().renamed("dog", "big dog").renamed("cat", "none"));
        for (sample, labels) in [
            (0, &["dog"] as &[&str]),
            (1, &["dog"]),
            (2, &[]),
            (3, &["cat", "dog"]),
            (4, &["cat"]),
            (5, &["emu"]),
        ] {
            labelling.set_answer(sample, Some(&answer(labels, "", 1)));
        }
        labelling.set_boxes(0, Some(&[]));
    });
    let changes = Changes::of(&changed);
    let class = |name: &str| PairSide::Class(name.to_owned());
    let mut found: Vec<(PairSide, PairSide, Vec<SampleId>)> = Vec::new();
    for pair in &changes.pairs {
        let query = pair.query(&changed);
        let rows: Vec<SampleId> =
            parse(&query, changed.vocabulary()).expect(&query).mask(&changed).iter().collect();
        assert_eq!(rows.len() as u64, pair.count, "{query}");
        let look =
            ChangesLook { pair: Some((pair.lost.clone(), pair.gained.clone())), ..ChangesLook::default() };
        let mut listed: Vec<SampleId> =
            changes.listed(&changed, &look).iter().map(|at| changes.all[*at as usize].sample).collect();
        listed.sort_unstable();
        assert_eq!(listed, rows, "{query}");
        found.push((pair.lost.clone(), pair.gained.clone(), rows));
    }
    found.sort();
    assert_eq!(
        found,
        [
            (class("cat"), class("dog"), vec![0, 1]),
            (class("dog"), PairSide::Unlabelled, vec![2]),
            (class("dog"), PairSide::Kept, vec![4]),
            (PairSide::Unlabelled, class("emu"), vec![5]),
            (PairSide::Kept, class("cat"), vec![3]),
        ]
    );
    assert_eq!(changes.pairs[0].count, 2, "the most frequent comes first");
}

#[test]
fn lists_go_by_time_path_person_and_class() {
    let changed = snapshot(|labelling| {
        labelling.set_answer(0, Some(&answer(&["dog"], "Bob", 9)));
        labelling.set_boxes(0, Some(&[]));
        labelling.set_answer(1, Some(&answer(&["bat"], "Ada", 7)));
        labelling.set_answer(2, Some(&answer(&["cat"], "Bob", 8)));
        labelling.set_tag(5, "odd", true);
    });
    let changes = Changes::of(&changed);
    use ChangeOrder::{Class, Path, Person, Time};
    use Direction::{Ascending, Descending};
    for (order, direction, expected) in [
        (Time, Descending, vec![0, 2, 1, 5]),
        (Time, Ascending, vec![5, 1, 2, 0]),
        (Path, Ascending, vec![0, 1, 2, 5]),
        (Path, Descending, vec![5, 2, 1, 0]),
        (Person, Ascending, vec![1, 0, 2, 5]),
        (Class, Ascending, vec![5, 1, 2, 0]),
    ] {
        let look = ChangesLook { order, direction, ..ChangesLook::default() };
        let rows: Vec<SampleId> =
            changes.listed(&changed, &look).iter().map(|at| changes.all[*at as usize].sample).collect();
        assert_eq!(rows, expected, "{order:?} {direction:?}");
    }
    for (look, expected) in [
        (ChangesLook { person: Some("Bob".into()), ..ChangesLook::default() }, vec![0, 2]),
        (ChangesLook { person: Some("Eve".into()), ..ChangesLook::default() }, vec![]),
        (ChangesLook { aspect: Some(Aspect::Tags), ..ChangesLook::default() }, vec![5]),
        (ChangesLook { text: " 1.PNG".into(), ..ChangesLook::default() }, vec![1]),
    ] {
        let rows: Vec<SampleId> =
            changes.listed(&changed, &look).iter().map(|at| changes.all[*at as usize].sample).collect();
        assert_eq!(rows, expected, "{look:?}");
    }
}

#[test]
fn the_list_is_what_taking_back_gives_back() {
    let changed = snapshot(|labelling| {
        let set = SampleSet::from_mask(&Bitmask::full(6));
        let changes = LabelChanges::same(&set, Some(answer(&["emu"], "Ada", 1)));
        changes.iter().for_each(|(sample, _, to)| labelling.set_answer(sample, to));
    });
    assert_eq!(Changes::of(&changed).all.len(), 6);
    let mut labelling = Labelling::clone(&changed.labelling);
    (0..6).for_each(|sample| labelling.set_answer(sample, None));
    assert!(Changes::of(&changed.labelled(&Arc::new(labelling))).is_empty());
}
