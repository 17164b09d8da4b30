//! What was said of a file goes with it when it is moved or renamed: its content tells that it is the same.

use std::collections::{BTreeMap, HashMap};

use super::LabelChanges;
use crate::dataset::edit::{Decisions, Edit, Mark, Overlay, SampleSet};
use crate::dataset::query::{Bitmask, Snapshot};
use crate::dataset::{Decision, SampleId, Verdict};

/// The edit by which samples that arrived take over what was said of samples that are gone and had the same content.
/// `None` where there is none. Samples of which something was said already are left alone, and so is a content that
/// was there before as well: that is a copy, and was not moved.
pub fn followed(snapshot: &Snapshot, overlay: &Overlay, arrived: &SampleSet) -> Option<Edit> {
    if arrived.is_empty() {
        return None;
    }
    let gone = &snapshot.dataset.gone;
    let rows = snapshot.len().min(overlay.labelling.len());
    let content = |row: usize| content(snapshot, row as SampleId);
    let mut left: HashMap<[u8; 16], SampleId> = HashMap::new();
    for row in (0..rows).filter(|row| gone[*row] && has_said(overlay, *row)) {
        if let Some(content) = content(row) {
            left.insert(content, row as SampleId);
        }
    }
    if left.is_empty() {
        return None;
    }
    let mut came = Bitmask::empty(rows);
    within(arrived, rows).for_each(|row| {
        came.set(row as usize, true);
    });
    for row in (0..rows).filter(|row| !gone[*row] && !came.contains(*row)) {
        if let Some(content) = content(row) {
            left.remove(&content);
        }
    }
    let moved: Vec<(SampleId, SampleId)> = within(arrived, rows)
        .filter(|row| !gone[*row as usize] && !has_said(overlay, *row as usize))
        .filter_map(|row| Some((*left.get(&content(row as usize)?)?, row)))
        .collect();
    if moved.is_empty() {
        return None;
    }

    let labelling = &overlay.labelling;
    let mut edits = Vec::new();
    let answer =
        |(before, now): &(SampleId, SampleId)| Some((*now, Some(labelling.answer(*before)?.to_answer())));
    edits.push(Edit::Label {
        changes: LabelChanges::of_each(moved.iter().filter_map(answer).collect::<Vec<_>>()),
    });
    let mut tags: BTreeMap<&str, Vec<SampleId>> = BTreeMap::new();
    for (before, now) in &moved {
        labelling.tags(*before).for_each(|tag| tags.entry(tag).or_default().push(*now));
        let note = labelling.note(*before).to_owned();
        edits.push(Edit::Note { sample: *now, from: String::new(), to: note });
        if let Some(boxes) = labelling.boxes(*before) {
            let what = "Boxes follow a moved file".to_owned();
            edits.push(Edit::SetBoxes { sample: *now, from: None, to: Some(boxes.to_vec()), what });
        }
    }
    edits.extend(tags.into_iter().map(|(tag, rows)| Edit::Tag {
        samples: SampleSet::from_rows(rows),
        tag: tag.to_owned(),
        on: true,
    }));
    for mark in Mark::ALL {
        let marked = moved.iter().filter(|(before, _)| marks(overlay, *before as usize) & mark.bit() != 0);
        let samples = SampleSet::from_rows(marked.map(|(_, now)| *now));
        edits.push(Edit::Mark { samples, mark, on: true });
    }
    let decided = moved.iter().map(|(before, now)| (*now, decision(overlay, *before as usize)));
    edits.push(Edit::Decide { decisions: Decisions::of_each(decided) });
    let files = crate::text::counted(moved.len() as u64, "moved file");
    Some(Edit::Several { edits, what: format!("What was said follows {files}") })
}

/// Those of the samples that arrived which are there and whose content nobody knows yet: [`followed`] cannot tell of
/// them what they are, and has told it of all others.
pub fn not_followed(snapshot: &Snapshot, arrived: &SampleSet) -> SampleSet {
    let is_open = |row: &SampleId| !snapshot.dataset.gone[*row as usize] && content(snapshot, *row).is_none();
    SampleSet::from_rows(within(arrived, snapshot.len()).filter(is_open))
}

/// What a project keeps may be damaged, and name rows that there are not.
fn within(samples: &SampleSet, rows: usize) -> impl Iterator<Item = SampleId> + '_ {
    samples.iter().take_while(move |row| (*row as usize) < rows)
}

fn content(snapshot: &Snapshot, sample: SampleId) -> Option<[u8; 16]> {
    Some(snapshot.facts.get(sample).content).filter(|content| *content != [0; 16])
}

fn marks(overlay: &Overlay, row: usize) -> u8 {
    overlay.marks.get(row).copied().unwrap_or(0)
}

fn decision(overlay: &Overlay, row: usize) -> Decision {
    overlay.decisions.get(row).copied().unwrap_or_default()
}

/// Whether a person said or decided anything of a sample.
fn has_said(overlay: &Overlay, row: usize) -> bool {
    let (labelling, sample) = (&overlay.labelling, row as SampleId);
    marks(overlay, row) != 0
        || decision(overlay, row).verdict != Verdict::Undecided
        || labelling.answer(sample).is_some()
        || labelling.tags(sample).next().is_some()
        || !labelling.note(sample).is_empty()
        || labelling.boxes(sample).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Answer, DatasetBuilder, Fact, Facts, Layout, NewSample};

    #[test]
    fn what_was_said_goes_with_a_file_that_was_moved() {
        // Rows 0, 1 and 6 are gone; 2 is a copy of 0 that arrived, 3 of 1, 4 another; 5 has its own answer. 7 was
        // there with 6, and 8 arrived.
        let contents = [1, 2, 1, 2, 3, 1, 4, 4, 4];
        let arrived = &SampleSet::from_rows([2, 3, 4, 5, 8]);
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for row in 0..contents.len() {
            builder.push(NewSample { path: &format!("{row}.png"), ..NewSample::default() });
        }
        let mut dataset = builder.finish().0;
        dataset.gone[..2].fill(true);
        dataset.gone[6] = true;
        let mut facts = Facts::new(contents.len());
        for (row, content) in contents.iter().enumerate() {
            facts.set(row as SampleId, &Fact { content: [*content; 16], ..Fact::UNMEASURED });
        }
        let snapshot = Snapshot::new(dataset.into(), &[], facts, Default::default());
        let mut overlay = Overlay::new(contents.len());
        let answer = |label: &str| Answer { labels: vec![label.into()], ..Answer::default() };
        let said = [
            Edit::Label {
                changes: LabelChanges::of_each(
                    [(0, "cat"), (5, "dog"), (6, "emu")].map(|(row, label)| (row, Some(answer(label)))),
                ),
            },
            Edit::Tag { samples: SampleSet::from_rows([0, 1]), tag: "ripe".into(), on: true },
            Edit::Note { sample: 1, from: String::new(), to: "look".into() },
            Edit::Mark { samples: SampleSet::from_rows([0]), mark: Mark::Unsure, on: true },
        ];
        assert_eq!(followed(&snapshot, &overlay, arrived), None);
        for edit in said {
            let edit = overlay.effective(edit).unwrap();
            overlay.apply(&edit);
        }
        let edit = overlay.effective(followed(&snapshot, &overlay, arrived).unwrap()).unwrap();
        assert_eq!(edit.describe(), "What was said follows 2 moved files");
        overlay.apply(&edit);
        let told = |row: SampleId| {
            let labels: Vec<&str> =
                overlay.labelling.answer(row).iter().flat_map(|said| said.labels()).collect();
            let tags: Vec<&str> = overlay.labelling.tags(row).collect();
            (
                labels.join(","),
                tags.join(","),
                overlay.labelling.note(row).to_owned(),
                overlay.marks[row as usize],
            )
        };
        let unsure = Mark::Unsure.bit();
        assert_eq!(told(2), ("cat".into(), "ripe".into(), String::new(), unsure));
        assert_eq!(told(3), (String::new(), "ripe".into(), "look".into(), 0));
        assert_eq!(told(4), Default::default());
        assert_eq!(told(5).0, "dog");
        assert_eq!((told(7), told(8)), Default::default(), "a copy was deleted, not moved");
        assert_eq!(followed(&snapshot, &overlay, arrived), None, "it is said once");
        assert!(not_followed(&snapshot, arrived).is_empty());
    }

    #[test]
    fn what_is_not_measured_or_named_by_a_damaged_project_is_not_followed() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for row in 0..4 {
            builder.push(NewSample { path: &format!("{row}.png"), ..NewSample::default() });
        }
        let mut dataset = builder.finish().0;
        dataset.gone[0] = true;
        let mut facts = Facts::new(4);
        for row in 0..2 {
            facts.set(row, &Fact { content: [1; 16], ..Fact::UNMEASURED });
        }
        let snapshot = Snapshot::new(dataset.into(), &[], facts, Default::default());
        let mut overlay = Overlay::new(4);
        let star = Edit::Mark { samples: SampleSet::from_rows([0]), mark: Mark::Star, on: true };
        let star = overlay.effective(star).unwrap();
        overlay.apply(&star);
        let damaged = SampleSet::try_from(vec![(0, u32::MAX)]).unwrap();
        assert!(followed(&snapshot, &overlay, &damaged).is_some());
        assert_eq!(not_followed(&snapshot, &damaged), SampleSet::from_rows([2, 3]));
    }
}
