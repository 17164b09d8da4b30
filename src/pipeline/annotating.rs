//! Annotations of an open dataset: out of its snapshot, and back into it as one edit.

use std::collections::{BTreeMap, HashMap};

use crate::annotation::merge::Change;
use crate::annotation::{Annotated, AnnotatedBox, Annotations};
use crate::dataset::edit::{Edit, Mark, SampleSet};
use crate::dataset::labelling::{Classes, LabelChanges, Said};
use crate::dataset::query::Snapshot;
use crate::dataset::{Answer, NamedBox, SampleId, Signature};
use crate::jobs::{Cancelled, Control};

/// The tag of samples whose label is to be settled between people.
pub const DISPUTED: &str = "disputed";

/// Samples between two looks at the control.
const AT_ONCE: usize = 4096;

/// What counts for these samples and what was said of them, in the order of `rows`.
pub fn gathered(snapshot: &Snapshot, rows: &[SampleId], control: &Control) -> Result<Annotations, Cancelled> {
    control.begin("Gathering labels", rows.len() as u64);
    let classes = snapshot.labels().classes.clone();
    let mut samples = Vec::with_capacity(rows.len());
    for part in rows.chunks(AT_ONCE) {
        control.checkpoint()?;
        samples.extend(part.iter().map(|sample| annotated(snapshot, *sample)));
        control.add(part.len() as u64);
    }
    Ok(Annotations { classes, samples })
}

fn annotated(snapshot: &Snapshot, sample: SampleId) -> Annotated {
    let (dataset, labelling) = (&snapshot.dataset, &snapshot.labelling);
    let classes = &snapshot.labels().classes;
    let fact = snapshot.facts.get(sample);
    // A file names one person for a sample: who answered, or else who gave a box last.
    let signature = labelling.answer(sample).map(Said::signature).or_else(|| labelling.box_signature(sample));
    let marks = snapshot.marks.get(sample as usize).copied().unwrap_or(0);
    let is_marked = |mark: Mark| marks & mark.bit() != 0;
    let boxes = snapshot.boxes().get(sample).iter().map(|one| AnnotatedBox {
        class: classes.get(one.class as usize).cloned().unwrap_or_default(),
        rect: one.rect,
        relative: one.relative,
    });
    let labels: Vec<String> = snapshot.labels().names(sample).map(str::to_owned).collect();
    let mut annotated = Annotated {
        path: dataset.path(sample).to_owned(),
        content: Some(fact.content).filter(|content| *content != [0; 16]),
        size: Some([fact.width, fact.height]).filter(|size| !size.contains(&0)),
        origin: snapshot.origin(sample),
        labels,
        boxes: boxes.collect(),
        tags: labelling.tags(sample).map(str::to_owned).collect(),
        note: labelling.note(sample).to_owned(),
        starred: is_marked(Mark::Star),
        reviewed: is_marked(Mark::Reviewed),
        unsure: is_marked(Mark::Unsure),
        by: signature.map(|one| one.by.to_owned()).unwrap_or_default(),
        time_ms: signature.map(|one| one.time_ms),
        split: dataset.split(sample).map(str::to_owned),
        given: dataset.labels.names(sample).map(str::to_owned).collect(),
    };
    annotated.tidy();
    annotated
}

/// Who takes annotations in, when, and from which file.
#[derive(Clone, Copy, Debug)]
pub struct Taking<'a> {
    /// Who is named where the file names nobody.
    pub person: &'a str,
    /// Milliseconds since the Unix epoch, for answers and boxes without a time.
    pub now_ms: i64,
    /// The file's name, for the menu's "Undo: …".
    pub file: &'a str,
}

/// The edit that takes annotations in by what changes; `None` where nothing does. `rows` are the samples that `ours`
/// was made of, in its order.
pub fn taken(
    snapshot: &Snapshot,
    rows: &[SampleId],
    (ours, theirs): (&Annotations, &Annotations),
    changes: &[Change],
    taking: &Taking<'_>,
    control: &Control,
) -> Result<Option<Edit>, Cancelled> {
    if changes.is_empty() {
        return Ok(None);
    }
    control.begin("Taking labels in", changes.len() as u64);
    let mut names = Identities::of(snapshot);
    let mut answers: Vec<(SampleId, Option<Answer>)> = Vec::new();
    let mut tags: BTreeMap<String, Vec<SampleId>> = BTreeMap::new();
    let (mut starred, mut reviewed, mut unsure) = (Vec::new(), Vec::new(), Vec::new());
    let mut single = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        if at % AT_ONCE == 0 {
            control.checkpoint()?;
            control.set_done(at as u64);
        }
        let Some(sample) = rows.get(change.ours).copied() else { continue };
        let (our, their) = (&ours.samples[change.ours], &theirs.samples[change.theirs]);
        let signature = Signature {
            origin: their.origin.unwrap_or_default(),
            by: if their.by.is_empty() { taking.person } else { &their.by },
            time_ms: their.time_ms.unwrap_or(taking.now_ms),
        };
        if let Some(labels) = own_labels(change, our, their) {
            let labels = labels.into_iter().map(|name| names.of_name(&name)).collect();
            answers.push((sample, Some(signature.answer(labels))));
        }
        if let Some(boxes) = &change.boxes {
            let named = |one: &AnnotatedBox| NamedBox {
                class: names.of_name(&one.class),
                rect: one.rect,
                relative: one.relative,
                ..NamedBox::default()
            };
            let boxes = boxes.iter().map(named).collect();
            let to = snapshot.labelling.signed(&snapshot.dataset, sample, boxes, &[], signature);
            let what = "Take boxes in".to_owned();
            single.push(Edit::SetBoxes { sample, from: None, to: Some(to), what });
        }
        change.tags.iter().for_each(|tag| tags.entry(tag.clone()).or_default().push(sample));
        let mut note = change.note.clone();
        if change.disputed {
            tags.entry(DISPUTED.to_owned()).or_default().push(sample);
            note = Some(dispute(note.as_deref().unwrap_or(&our.note), their));
        }
        if let Some(to) = note {
            single.push(Edit::Note { sample, from: String::new(), to });
        }
        starred.extend(change.starred.then_some(sample));
        reviewed.extend(change.reviewed.then_some(sample));
        unsure.extend(change.unsure.then_some(sample));
    }
    let mut edits = Vec::new();
    if names.is_changed {
        let what = "Add classes".to_owned();
        edits.push(Edit::SetClasses { from: Classes::default(), to: names.classes, what });
    }
    edits.push(Edit::Label { changes: LabelChanges::of_each(answers) });
    edits.extend(single);
    edits.extend(tags.into_iter().map(|(tag, rows)| Edit::Tag {
        samples: SampleSet::from_rows(rows),
        tag,
        on: true,
    }));
    for (mark, rows) in [(Mark::Star, starred), (Mark::Reviewed, reviewed), (Mark::Unsure, unsure)] {
        edits.push(Edit::Mark { samples: SampleSet::from_rows(rows), mark, on: true });
    }
    let what = format!(
        "Take in labels of {} from {}",
        crate::text::counted(changes.len() as u64, "sample"),
        taking.file
    );
    Ok(Some(Edit::Several { edits, what }))
}

/// The labels that are taken in and that no box brings by itself. None of them is an answer where we had labels: those
/// of the boxes alone count then.
fn own_labels(change: &Change, our: &Annotated, their: &Annotated) -> Option<Vec<String>> {
    let labels = change.labels.as_ref()?;
    match &change.boxes {
        None => Some(labels.clone()),
        Some(_) => {
            let own: Vec<String> = their.boxless_labels().map(str::to_owned).collect();
            (!own.is_empty() || !our.labels.is_empty()).then_some(own)
        }
    }
}

/// A note with what somebody else says.
fn dispute(note: &str, their: &Annotated) -> String {
    let who = if their.by.is_empty() { "Somebody else" } else { &their.by };
    let says = format!("{who} says “{}”.", their.labels.join(", "));
    match note {
        "" => says,
        note if note.contains(&says) => note.to_owned(),
        note => format!("{note}\n{says}"),
    }
}

/// Identities of classes by the names that they have now.
struct Identities {
    by_name: HashMap<String, String>,
    /// The identities that are in use.
    used: Vec<String>,
    classes: Classes,
    is_changed: bool,
}

impl Identities {
    fn of(snapshot: &Snapshot) -> Self {
        let used = snapshot.in_force.identities.to_vec();
        let names = snapshot.labels().classes.iter().cloned();
        Self {
            by_name: names.zip(used.iter().cloned()).collect(),
            used,
            classes: Classes::clone(snapshot.labelling.classes()),
            is_changed: false,
        }
    }

    /// The class of a name, made where there is none.
    fn of_name(&mut self, name: &str) -> String {
        if let Some(identity) = self.by_name.get(name) {
            return identity.clone();
        }
        let identity = self.classes.add(name, |identity| self.used.iter().any(|used| used == identity));
        self.is_changed = true;
        self.by_name.insert(name.to_owned(), identity.clone());
        identity
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::{Changed, MatchBy, Resolve, merge};
    use crate::dataset::edit::Overlay;
    use crate::dataset::{DatasetBuilder, Facts, LabelOrigin, Layout, NewSample};

    fn snapshot(labels: &[&[&str]]) -> Snapshot {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for (row, labels) in labels.iter().enumerate() {
            builder.push(NewSample { path: &format!("{row}.png"), labels, ..NewSample::default() });
        }
        Snapshot::new(builder.finish().0.into(), &[], Facts::new(labels.len()), Default::default())
    }

    /// Labels, tags and note of each sample after annotations were taken in.
    fn after(theirs: Annotations, resolve: Resolve) -> Vec<(String, String, String)> {
        let told = told_after(theirs, resolve).into_iter();
        told.map(|one| (one.labels.join(","), one.tags.join(","), one.note)).collect()
    }

    /// What is said of the samples of a dataset after annotations were taken in.
    fn told_after(theirs: Annotations, resolve: Resolve) -> Vec<Annotated> {
        let snapshot = snapshot(&[&["cat"], &[], &["dog"]]);
        let rows = [0, 1, 2];
        let control = Control::new();
        let ours = gathered(&snapshot, &rows, &control).unwrap();
        let plan = merge(&ours, &theirs, MatchBy::Path, &control).unwrap();
        let changes = plan.changes(&ours, &theirs, resolve, &control).unwrap();
        let taking = Taking { person: "Ada", now_ms: 9, file: "b.csv" };
        let mut overlay = Overlay::new(3);
        let edit = taken(&snapshot, &rows, (&ours, &theirs), &changes, &taking, &control).unwrap();
        if let Some(edit) = edit {
            let edit = overlay.effective(edit).expect("it changes something");
            overlay.apply(&edit);
        }
        let given = snapshot.labels().classes.clone();
        let snapshot = snapshot.labelled(&overlay.labelling);
        let mut made = snapshot.labels().classes.clone();
        made.retain(|class| !given.contains(class));
        made.sort_unstable();
        assert_eq!(Changed::of(&changes, &ours).new_classes, made, "what is told is made");
        gathered(&snapshot, &rows, &control).unwrap().samples
    }

    #[test]
    fn annotations_are_taken_in_as_one_edit() {
        let said = |path: &str, label: &str, by: &str| Annotated {
            path: path.into(),
            labels: vec![label.into()],
            by: by.into(),
            ..Annotated::default()
        };
        // Of the classes that it lists, and those that samples have which are not taken, none is made.
        let theirs = || Annotations {
            classes: vec!["emu".into(), "fox".into()],
            samples: vec![said("0.png", "yak", "Ben"), said("1.png", "emu", ""), said("9.png", "gnu", "")],
        };
        let row = |label: &str, tag: &str, note: &str| (label.into(), tag.into(), note.into());
        for (resolve, expected) in [
            (Resolve::KeepOurs, [row("cat", "", ""), row("emu", "", ""), row("dog", "", "")]),
            (Resolve::TakeTheirs, [row("yak", "", ""), row("emu", "", ""), row("dog", "", "")]),
            (
                Resolve::Dispute,
                [row("cat", "disputed", "Ben says “yak”."), row("emu", "", ""), row("dog", "", "")],
            ),
        ] {
            assert_eq!(after(theirs(), resolve), expected, "{resolve:?}");
        }
        assert_eq!(after(Annotations::default(), Resolve::TakeTheirs)[0].0, "cat");
    }

    #[test]
    fn boxes_that_are_new_bring_their_classes_only_where_theirs_are_taken() {
        let boxed = Annotated {
            path: "0.png".into(),
            labels: vec!["emu".into()],
            boxes: vec![AnnotatedBox { class: "emu".into(), rect: [0.0, 0.0, 0.5, 0.5], relative: true }],
            ..Annotated::default()
        };
        for (resolve, label, tag) in [
            (Resolve::KeepOurs, "cat", ""),
            (Resolve::TakeTheirs, "emu", ""),
            (Resolve::Dispute, "cat", DISPUTED),
        ] {
            let found = &after(Annotations::of_samples(vec![boxed.clone()]), resolve)[0];
            assert_eq!((found.0.as_str(), found.1.as_str()), (label, tag), "{resolve:?}");
        }
    }

    #[test]
    fn boxes_come_in_and_go_out_with_who_gave_them_and_when() {
        let boxed = Annotated {
            path: "1.png".into(),
            labels: vec!["emu".into()],
            boxes: vec![AnnotatedBox { class: "emu".into(), rect: [0.0, 0.0, 0.5, 0.5], relative: true }],
            ..Annotated::default()
        };
        for (by, time_ms, origin, expected) in [
            ("Ben", Some(5), Some(LabelOrigin::ByHand), ("Ben", Some(5), Some(LabelOrigin::ByHand))),
            ("", None, None, ("Ada", Some(9), Some(LabelOrigin::Imported))),
        ] {
            let theirs = Annotated { by: by.into(), time_ms, origin, ..boxed.clone() };
            let told = &told_after(Annotations::of_samples(vec![theirs]), Resolve::KeepOurs)[1];
            assert_eq!((told.by.as_str(), told.time_ms, told.origin), expected);
            assert_eq!(told.boxes, boxed.boxes);
        }
    }
}
