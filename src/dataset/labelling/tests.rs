use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::dataset::builder::NewBox;
use crate::dataset::edit::{Edit, Overlay, SampleSet};
use crate::dataset::{Dataset, DatasetBuilder, Layout, NewSample};

const SAMPLES: u32 = 9;
const NAMES: [&str; 5] = ["ant", "bee", "cat", "dog", "emu"];

/// Samples of which some have a class, two, a box, or nothing.
fn dataset() -> Dataset {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::Coco);
    for row in 0..SAMPLES {
        let labels: &[&str] = match row % 4 {
            0 => &[],
            1 => &["ant"],
            2 => &["cat", "bee"],
            _ => &["cat"],
        };
        let boxes = match row % 3 {
            0 => vec![NewBox { class: "dog", rect: [0.0, 0.0, 1.0, 1.0], relative: true }],
            _ => Vec::new(),
        };
        builder.push(NewSample { path: &format!("{row}.png"), labels, boxes, ..NewSample::default() });
    }
    builder.finish().0
}

fn answer(labels: &[&str]) -> Answer {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Answer { labels, origin: LabelOrigin::ByHand, by: "Ada".into(), time_ms: 7 }
}

fn boxed(classes: &[usize]) -> Vec<NamedBox> {
    let one = |class: &usize| NamedBox {
        class: NAMES[*class].into(),
        by: NAMES[*class].to_uppercase(),
        time_ms: 7,
        ..NamedBox::default()
    };
    classes.iter().map(one).collect()
}

fn edits() -> impl Strategy<Value = Edit> {
    let rows = prop::collection::vec(0..SAMPLES + 2, 1..4);
    let classes = prop::collection::vec(0..NAMES.len(), 0..3);
    let name = (0..NAMES.len()).prop_map(|at| NAMES[at].to_owned());
    let label = (rows.clone(), prop::option::of(classes.clone())).prop_map(|(rows, classes)| {
        let to = classes.map(|classes| {
            let labels: Vec<&str> = classes.iter().map(|at| NAMES[*at]).collect();
            answer(&labels)
        });
        Edit::Label { changes: LabelChanges::of_each(rows.into_iter().map(|row| (row, to.clone()))) }
    });
    let tag = (rows, name.clone(), any::<bool>()).prop_map(|(rows, tag, on)| Edit::Tag {
        samples: SampleSet::from_rows(rows),
        tag,
        on,
    });
    let note =
        (0..SAMPLES + 2, "[ab]{0,2}").prop_map(|(sample, to)| Edit::Note { sample, from: String::new(), to });
    let set_boxes = (0..SAMPLES + 2, prop::option::of(classes)).prop_map(|(sample, classes)| {
        let to = classes.map(|classes| boxed(&classes));
        Edit::SetBoxes { sample, from: None, to, what: "Draw a box".into() }
    });
    let class = (name.clone(), name, 0..4u8).prop_map(|(one, two, what)| {
        let mut to = Classes::default();
        match what {
            0 => to.entry_mut(&one).fate = Some(Fate::Removed),
            1 => to.entry_mut(&one).fate = Some(Fate::Merged(two)),
            2 => to.entry_mut(&one).name = Some(format!("{two}!")),
            _ => to.order = vec![one, two],
        }
        Edit::SetClasses { from: Classes::default(), to, what: "Change classes".into() }
    });
    let one = prop_oneof![4 => label, 1 => tag, 1 => note, 2 => set_boxes, 1 => class];
    prop_oneof![
        5 => one.clone(),
        1 => prop::collection::vec(one, 0..3).prop_map(|edits| Edit::Several { edits, what: "Both".into() }),
    ]
}

/// What counts for each sample, by name.
fn shown(in_force: &InForce) -> Vec<(Vec<String>, Vec<String>)> {
    let labels = &in_force.labels;
    (0..SAMPLES)
        .map(|row| {
            let mut names: Vec<String> = labels.names(row).map(str::to_owned).collect();
            names.sort();
            let boxes = in_force.boxes.get(row).iter();
            (names, boxes.map(|one| labels.classes[one.class as usize].clone()).collect())
        })
        .collect()
}

proptest! {
    /// However one edit follows another: what counts is what it would be if all had been known at once,
    /// each edit is taken back by its inverse, and all survives being written down.
    #[test]
    fn what_counts_follows_from_what_was_said(edits in prop::collection::vec(edits(), 0..12)) {
        let dataset = dataset();
        let mut overlay = Overlay::new(SAMPLES as usize);
        let mut in_force = InForce::new(&dataset, &overlay.labelling);
        for edit in edits {
            let Some(edit) = overlay.effective(edit) else { continue };
            let json = serde_json::to_string(&edit).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Edit>(&json).unwrap(), &edit);
            prop_assert!(!edit.describe().is_empty() && edit.bytes() > 0);
            let before = overlay.clone();
            overlay.apply(&edit);
            // Several edits can take each other back.
            if !matches!(edit, Edit::Several { .. }) {
                prop_assert_ne!(&overlay, &before);
            }
            match edit.relabels() {
                (_, true) => in_force = InForce::new(&dataset, &overlay.labelling),
                (samples, false) => in_force.update(&dataset, &overlay.labelling, &samples),
            }
            prop_assert_eq!(shown(&in_force), shown(&InForce::new(&dataset, &overlay.labelling)));
            let mut back = overlay.clone();
            back.apply(&edit.inverse());
            prop_assert_eq!(&back, &before);

            let parts = overlay.labelling.to_parts();
            let kept = Labelling::from_parts(SAMPLES as usize, parts.clone());
            prop_assert_eq!(&kept, &*overlay.labelling);
            prop_assert_eq!(kept.to_parts(), parts);
        }
    }

    /// In whatever order a sample's boxes come back: those that it has, and its source's, are none that are new.
    #[test]
    fn a_box_that_stays_what_it_is_keeps_who_gave_it(
        had in prop::collection::vec((0..3usize, 0..2u8, 0..3usize), 0..6),
        to in prop::collection::vec((0..3usize, 0..2u8), 0..8),
    ) {
        const WITH_DOG: SampleId = 3;
        let dataset = dataset();
        let given = |class: usize, left: u8| NamedBox {
            class: ["dog", "ant", "bee"][class].into(),
            rect: [f32::from(left), 0.0, 1.0, 1.0],
            relative: true,
            ..NamedBox::default()
        };
        let new = Signature { origin: LabelOrigin::ByHand, by: "Eve", time_ms: 99 };
        let bare: Vec<NamedBox> = had.iter().map(|(class, left, _)| given(*class, *left)).collect();
        let by = |(class, left, person): &(usize, u8, usize)| NamedBox {
            by: NAMES[*person].into(),
            time_ms: *person as i64,
            ..given(*class, *left)
        };
        let had: Vec<NamedBox> = had.iter().map(by).collect();
        let mut labelling = Labelling::new(SAMPLES as usize);
        labelling.set_boxes(WITH_DOG, Some(&had));
        prop_assert_eq!(&labelling.signed(&dataset, WITH_DOG, bare, &[], new), &had);

        let to: Vec<NamedBox> = to.iter().map(|(class, left)| given(*class, *left)).collect();
        let signed = labelling.signed(&dataset, WITH_DOG, to.clone(), &[], new);
        let is_alike = |one: &NamedBox, two: &NamedBox| (&one.class, one.rect) == (&two.class, two.rect);
        prop_assert!(signed.len() == to.len() && signed.iter().zip(&to).all(|(one, two)| is_alike(one, two)));
        for one in &to {
            let alike = |boxes: &[NamedBox]| boxes.iter().filter(|two| is_alike(one, two)).count();
            let known = alike(&had) + alike(&[given(0, 0)]);
            let is_new = |two: &&NamedBox| is_alike(one, two) && two.signature() == Some(new);
            prop_assert_eq!(signed.iter().filter(is_new).count(), alike(&to).saturating_sub(known));
        }
    }

    /// A damaged project gives other numbers than were written.
    #[test]
    fn parts_that_do_not_fit_together_say_nothing(
        rows in prop::collection::vec(any::<u32>(), 0..4),
        numbers in prop::collection::vec(any::<u32>(), 0..4),
    ) {
        let parts = LabellingParts {
            answered: rows.clone(),
            answers: numbers.clone(),
            people: numbers.clone(),
            origins: vec![9; 4],
            times_ms: vec![0; 4],
            tagged: rows,
            tags: numbers,
            ..LabellingParts::default()
        };
        let labelling = Labelling::from_parts(3, parts);
        prop_assert!((0..3).all(|row| labelling.answer(row).is_none() && labelling.tags(row).next().is_none()));
    }
}

#[test]
fn classes_are_renamed_merged_and_removed_wherever_they_are_named() {
    let dataset = dataset();
    let mut overlay = Overlay::new(SAMPLES as usize);
    let mut say = |edit: Edit| {
        let edit = overlay.effective(edit).unwrap();
        overlay.apply(&edit);
        overlay.labelling.clone()
    };
    say(Edit::Label { changes: LabelChanges::of_each([(0, Some(answer(&["ant"])))]) });
    let mut classes = Classes::default();
    classes.entry_mut("ant").name = Some("Ameise".into());
    classes.entry_mut("bee").fate = Some(Fate::Merged("ant".into()));
    classes.entry_mut("dog").fate = Some(Fate::Removed);
    let new = classes.add("ant", |identity| dataset.labels.classes.iter().any(|class| class == identity));
    assert_eq!((new.as_str(), classes.name(&new)), ("ant (2)", "ant"));
    let labelling = say(Edit::SetClasses { from: Classes::default(), to: classes, what: String::new() });
    let in_force = InForce::new(&dataset, &labelling);
    assert_eq!(in_force.labels.classes, ["Ameise", "cat", "ant"]);
    let names = |row| in_force.labels.names(row).collect::<Vec<_>>();
    // The box of sample 0 was a dog's.
    assert_eq!(names(0), ["Ameise"]);
    assert_eq!(names(2), ["Ameise", "cat"]);
    assert_eq!(names(3), ["cat"]);
    assert!(in_force.boxes.get(0).is_empty() && in_force.boxes.is_empty());
}

#[test]
fn a_class_that_others_were_merged_into_stays_when_its_own_samples_leave_it() {
    let dataset = dataset();
    let mut labelling = Labelling::new(SAMPLES as usize);
    let mut classes = Classes::default();
    classes.entry_mut("ant").fate = Some(Fate::Merged("emu".into()));
    labelling.set_classes(classes);
    labelling.set_answer(0, Some(&answer(&["emu"])));
    labelling.set_answer(0, None);
    let in_force = InForce::new(&dataset, &labelling);
    assert_eq!(in_force.labels.names(1).collect::<Vec<_>>(), ["emu"]);
}

#[test]
fn a_box_that_a_person_draws_gives_its_class_and_takes_those_of_the_source_s_boxes() {
    let dataset = dataset();
    let mut labelling = Labelling::new(SAMPLES as usize);
    labelling.set_boxes(3, Some(&boxed(&[4])));
    labelling.set_boxes(1, Some(&boxed(&[4])));
    let in_force = InForce::new(&dataset, &labelling);
    let names = |row| in_force.labels.names(row).collect::<Vec<_>>();
    assert_eq!(names(3), ["cat", "emu"]);
    assert_eq!(names(1), ["ant", "emu"]);
    assert_eq!(names(6), ["dog", "cat", "bee"]);
    assert_eq!(in_force.boxes.iter().count(), 4);
}

#[test]
fn what_snapshots_hold_is_copied_where_it_is_changed_alone() {
    let mut labelling = Labelling::new(3 * CHUNK);
    for row in [0, CHUNK as u32, 2 * CHUNK as u32] {
        labelling.set_answer(row, Some(&answer(&["ant"])));
    }
    let before = labelling.clone();
    labelling.set_answer(1, Some(&answer(&["bee"])));
    let same = |chunk: usize| match (&labelling.chunks[chunk], &before.chunks[chunk]) {
        (Some(one), Some(two)) => Arc::ptr_eq(one, two),
        _ => false,
    };
    assert_eq!([same(0), same(1), same(2)], [false, true, true]);
    assert!(before.answer(1).is_none());
}
