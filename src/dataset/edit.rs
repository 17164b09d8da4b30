//! Edits: what a person decides, as plain values that know their inverse, and their history.
//!
//! An edit is made *effective* against the overlay before it is applied: it names only what it
//! really changes, so that its inverse restores exactly what was there. A history is a list of
//! effective edits and a cursor; undo applies inverses. Both are pure data: the store keeps the
//! same values in its journal.

mod decisions;
mod history;
mod sample_set;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use decisions::Decisions;
pub use history::History;
pub use sample_set::SampleSet;

use super::SampleId;
use super::decision::Decision;
use super::labelling::{Classes, LabelChanges, Labelling, NamedBox};

/// A mark that a person can set on a sample; more than one may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Mark {
    /// Worth coming back to.
    Star,
    /// Looked at and settled.
    Reviewed,
    /// Its label is not certain: for a second look.
    Unsure,
}

impl Mark {
    pub const ALL: [Self; 3] = [Self::Star, Self::Reviewed, Self::Unsure];

    /// This mark's bit in a sample's mark mask.
    pub fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The word used in queries: `is:starred`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Star => "starred",
            Self::Reviewed => "reviewed",
            Self::Unsure => "unsure",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.name() == name)
    }
}

/// Which way a sort goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    #[default]
    Ascending,
    Descending,
}

/// What a person looks at: which samples, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// A query; empty shows every sample. See [`super::query`].
    pub filter: String,
    /// The name of the column to sort by; `path` is the natural order of paths.
    pub sort: String,
    pub direction: Direction,
}

/// A decision about a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// Sets or clears a mark.
    Mark { samples: SampleSet, mark: Mark, on: bool },
    /// Decides what is to become of samples.
    Decide { decisions: Decisions },
    /// Shows another view.
    SetView { from: View, to: View },
    /// Saves, replaces or removes a view under a name.
    SaveView { name: String, from: Option<View>, to: Option<View> },
    /// Changes one of the two pipelines of augmentations. Pipelines are texts here.
    SetPipeline { slot: PipelineSlot, from: String, to: String, what: String },
    /// Says to which classes samples belong.
    Label { changes: LabelChanges },
    /// Gives samples a tag, or takes it from them.
    Tag { samples: SampleSet, tag: String, on: bool },
    /// Changes a sample's note.
    Note { sample: SampleId, from: String, to: String },
    /// Gives a sample other boxes; `None` are its source's.
    SetBoxes { sample: SampleId, from: Option<Vec<NamedBox>>, to: Option<Vec<NamedBox>>, what: String },
    /// Changes what classes there are.
    SetClasses { from: Classes, to: Classes, what: String },
    /// Several edits in one gesture.
    Several { edits: Vec<Self>, what: String },
}

/// One of the two pipelines that a person works on, to compare them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PipelineSlot {
    #[default]
    A,
    B,
}

impl PipelineSlot {
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    pub fn title(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

impl Edit {
    /// The edit that takes this one back.
    pub fn inverse(&self) -> Self {
        match self.clone() {
            Self::Mark { samples, mark, on } => Self::Mark { samples, mark, on: !on },
            Self::Decide { decisions } => Self::Decide { decisions: decisions.inverse() },
            Self::SetView { from, to } => Self::SetView { from: to, to: from },
            Self::SaveView { name, from, to } => Self::SaveView { name, from: to, to: from },
            Self::SetPipeline { slot, from, to, what } => {
                Self::SetPipeline { slot, from: to, to: from, what }
            }
            Self::Label { changes } => Self::Label { changes: changes.inverse() },
            Self::Tag { samples, tag, on } => Self::Tag { samples, tag, on: !on },
            Self::Note { sample, from, to } => Self::Note { sample, from: to, to: from },
            Self::SetBoxes { sample, from, to, what } => Self::SetBoxes { sample, from: to, to: from, what },
            Self::SetClasses { from, to, what } => Self::SetClasses { from: to, to: from, what },
            Self::Several { edits, what } => {
                Self::Several { edits: edits.iter().rev().map(Self::inverse).collect(), what }
            }
        }
    }

    /// This edit and `last`, the one before it, as one; `None` where they do not do the same to the boxes of one sample,
    /// or nothing is left of the two.
    pub fn joined(&self, last: &Self) -> Option<Self> {
        match (last, self) {
            (
                Self::SetBoxes { sample, from, what, .. },
                Self::SetBoxes { sample: own, to, what: also, .. },
            ) if (sample, what) == (own, also) && from != to => Some(Self::SetBoxes {
                sample: *sample,
                from: from.clone(),
                to: to.clone(),
                what: what.clone(),
            }),
            _ => None,
        }
    }

    /// The samples that it changes, where it changes any.
    pub fn samples(&self) -> Option<Cow<'_, SampleSet>> {
        match self {
            Self::Mark { samples, .. } => Some(Cow::Borrowed(samples)),
            Self::Decide { decisions } => Some(Cow::Owned(decisions.samples())),
            Self::Label { changes } => Some(Cow::Owned(changes.samples())),
            Self::Tag { samples, .. } => Some(Cow::Borrowed(samples)),
            Self::Note { sample, .. } | Self::SetBoxes { sample, .. } => {
                Some(Cow::Owned(SampleSet::from_rows([*sample])))
            }
            Self::Several { edits, .. } => {
                let mut changed = edits.iter().filter_map(Self::samples).peekable();
                changed.peek()?;
                let rows = changed.flat_map(|samples| samples.iter().collect::<Vec<_>>());
                Some(Cow::Owned(SampleSet::from_rows(rows)))
            }
            Self::SetView { .. }
            | Self::SaveView { .. }
            | Self::SetPipeline { .. }
            | Self::SetClasses { .. } => None,
        }
    }

    /// The samples whose labels or boxes it changes, and whether it changes classes.
    pub fn relabels(&self) -> (SampleSet, bool) {
        match self {
            Self::Label { .. } | Self::SetBoxes { .. } => {
                (self.samples().map(Cow::into_owned).unwrap_or_default(), false)
            }
            Self::SetClasses { .. } => (SampleSet::default(), true),
            Self::Several { edits, .. } => {
                let each: Vec<(SampleSet, bool)> = edits.iter().map(Self::relabels).collect();
                let rows = each.iter().flat_map(|(samples, _)| samples.iter());
                (SampleSet::from_rows(rows), each.iter().any(|(_, classes)| *classes))
            }
            _ => (SampleSet::default(), false),
        }
    }

    /// Whether it changes what is to become of samples.
    pub fn decides(&self) -> bool {
        match self {
            Self::Decide { .. } => true,
            Self::Several { edits, .. } => edits.iter().any(Self::decides),
            _ => false,
        }
    }

    /// Whether it changes what is looked at and nothing that was decided.
    pub fn only_looks(&self) -> bool {
        matches!(self, Self::SetView { .. } | Self::SetPipeline { .. })
    }

    /// Bytes that the edit takes in a history beside a few fixed ones: 8 for each run of samples, and
    /// its texts.
    pub fn bytes(&self) -> usize {
        let view = |view: &View| view.filter.len() + view.sort.len();
        match self {
            Self::Mark { samples, .. } => samples.bytes(),
            Self::Decide { decisions } => decisions.bytes(),
            Self::SetView { from, to } => view(from) + view(to),
            Self::SaveView { name, from, to } => name.len() + from.iter().chain(to).map(view).sum::<usize>(),
            Self::SetPipeline { from, to, what, .. } => from.len() + to.len() + what.len(),
            Self::Label { changes } => changes.bytes(),
            Self::Tag { samples, tag, .. } => samples.bytes() + tag.len(),
            Self::Note { from, to, .. } => from.len() + to.len(),
            Self::SetBoxes { from, to, what, .. } => {
                let bytes = |one: &NamedBox| size_of::<NamedBox>() + one.class.len() + one.by.len();
                what.len() + from.iter().chain(to).flatten().map(bytes).sum::<usize>()
            }
            Self::SetClasses { from, to, what } => from.bytes() + to.bytes() + what.len(),
            Self::Several { edits, what } => {
                what.len() + edits.iter().map(|edit| size_of::<Self>() + edit.bytes()).sum::<usize>()
            }
        }
    }

    /// What the edit did, for menus and notices: "Star 3 samples". Classes by what they are called now.
    pub fn describe_in(&self, classes: &Classes) -> String {
        match self {
            Self::Label { changes } => changes.describe(classes),
            other => other.describe(),
        }
    }

    /// [`Self::describe_in`] with classes as they were first called.
    pub fn describe(&self) -> String {
        match self {
            Self::Mark { samples, mark, on } => {
                let count = crate::text::counted(samples.len() as u64, "sample");
                match (mark, on) {
                    (Mark::Star, true) => format!("Star {count}"),
                    (Mark::Star, false) => format!("Unstar {count}"),
                    (Mark::Reviewed, true) => format!("Mark {count} as reviewed"),
                    (Mark::Reviewed, false) => format!("Mark {count} as not reviewed"),
                    (Mark::Unsure, true) => format!("Mark {count} as unsure"),
                    (Mark::Unsure, false) => format!("Mark {count} as no longer unsure"),
                }
            }
            Self::Decide { decisions } => decisions.describe(),
            Self::SetView { from, to } if from.filter == to.filter => format!("Sort by {}", to.sort),
            Self::SetView { to, .. } if to.filter.is_empty() => "Clear the filter".to_owned(),
            Self::SetView { to, .. } => format!("Filter: {}", to.filter),
            Self::SaveView { name, to: None, .. } => format!("Remove the view “{name}”"),
            Self::SaveView { name, .. } => format!("Save the view “{name}”"),
            Self::SetPipeline { what, .. }
            | Self::SetBoxes { what, .. }
            | Self::SetClasses { what, .. }
            | Self::Several { what, .. } => what.clone(),
            Self::Label { changes } => changes.describe(&Classes::default()),
            Self::Tag { samples, tag, on } => {
                let count = crate::text::counted(samples.len() as u64, "sample");
                match on {
                    true => format!("Tag {count} “{tag}”"),
                    false => format!("Take the tag “{tag}” from {count}"),
                }
            }
            Self::Note { to, .. } if to.is_empty() => "Remove a note".to_owned(),
            Self::Note { .. } => "Write a note".to_owned(),
        }
    }
}

/// The state that edits change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlay {
    /// [`Mark::bit`]s, one per sample.
    pub marks: std::sync::Arc<Vec<u8>>,
    /// One per sample.
    pub decisions: std::sync::Arc<Vec<Decision>>,
    pub view: View,
    pub saved_views: BTreeMap<String, View>,
    /// One for each [`PipelineSlot`], as text; empty where there is none.
    pub pipelines: [String; 2],
    /// What was said of samples and classes.
    pub labelling: std::sync::Arc<Labelling>,
}

impl Overlay {
    /// No decision yet, for `samples` rows.
    pub fn new(samples: usize) -> Self {
        let view = View { sort: "path".to_owned(), ..View::default() };
        let decisions = std::sync::Arc::new(vec![Decision::UNDECIDED; samples]);
        let labelling = std::sync::Arc::new(Labelling::new(samples));
        Self { marks: std::sync::Arc::new(vec![0; samples]), decisions, view, labelling, ..Self::default() }
    }

    /// The edit reduced to what it changes here, or `None` when it changes nothing.
    pub fn effective(&self, edit: Edit) -> Option<Edit> {
        match edit {
            Edit::Mark { samples, mark, on } => {
                let samples = samples.with_bit(&self.marks, mark.bit(), !on);
                (!samples.is_empty()).then_some(Edit::Mark { samples, mark, on })
            }
            Edit::Decide { decisions } => {
                let decisions = decisions.effective(&self.decisions);
                (!decisions.is_empty()).then_some(Edit::Decide { decisions })
            }
            Edit::SetView { to, .. } => {
                let from = self.view.clone();
                (from != to).then_some(Edit::SetView { from, to })
            }
            Edit::SaveView { name, to, .. } => {
                let from = self.saved_views.get(&name).cloned();
                (from != to).then_some(Edit::SaveView { name, from, to })
            }
            Edit::SetPipeline { slot, to, what, .. } => {
                let from = self.pipelines[slot as usize].clone();
                (from != to).then_some(Edit::SetPipeline { slot, from, to, what })
            }
            Edit::Label { changes } => {
                let changes = changes.effective(&self.labelling);
                (!changes.is_empty()).then_some(Edit::Label { changes })
            }
            Edit::Tag { samples, tag, on } => {
                let end = self.labelling.len() as SampleId;
                let other = |sample: &SampleId| *sample < end && self.labelling.has_tag(*sample, &tag) != on;
                let samples = SampleSet::from_ascending(samples.iter().filter(other));
                (!samples.is_empty() && !tag.is_empty()).then_some(Edit::Tag { samples, tag, on })
            }
            Edit::Note { sample, to, .. } => {
                let from = self.labelling.note(sample).to_owned();
                let is_there = (sample as usize) < self.labelling.len();
                (is_there && from != to).then_some(Edit::Note { sample, from, to })
            }
            Edit::SetBoxes { sample, to, what, .. } => {
                let from = self.labelling.boxes(sample).map(<[NamedBox]>::to_vec);
                let is_there = (sample as usize) < self.labelling.len();
                (is_there && from != to).then_some(Edit::SetBoxes { sample, from, to, what })
            }
            Edit::SetClasses { to, what, .. } => {
                let from = Classes::clone(self.labelling.classes());
                (from != to).then_some(Edit::SetClasses { from, to, what })
            }
            Edit::Several { edits, what } => {
                // Each is effective after those before it.
                let mut then = self.clone();
                let mut kept = Vec::with_capacity(edits.len());
                for edit in edits {
                    if let Some(edit) = then.effective(edit) {
                        then.apply(&edit);
                        kept.push(edit);
                    }
                }
                (!kept.is_empty()).then_some(Edit::Several { edits: kept, what })
            }
        }
    }

    /// Carries an effective edit out.
    pub fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Mark { samples, mark, on } => {
                let marks = std::sync::Arc::make_mut(&mut self.marks);
                for (start, count) in samples.runs() {
                    // Whole slices: a million marks take a fraction of a millisecond.
                    let start = (start as usize).min(marks.len());
                    let end = (start + count as usize).min(marks.len());
                    for marks in &mut marks[start..end] {
                        *marks = if *on { *marks | mark.bit() } else { *marks & !mark.bit() };
                    }
                }
            }
            Edit::Decide { decisions } => {
                let all = std::sync::Arc::make_mut(&mut self.decisions);
                decisions.write_to(all);
            }
            Edit::SetView { to, .. } => self.view = to.clone(),
            Edit::SaveView { name, to, .. } => {
                match to {
                    Some(view) => self.saved_views.insert(name.clone(), view.clone()),
                    None => self.saved_views.remove(name),
                };
            }
            Edit::SetPipeline { slot, to, .. } => self.pipelines[*slot as usize].clone_from(to),
            Edit::Label { changes } => changes.apply(self.labelling_mut()),
            Edit::Tag { samples, tag, on } => {
                let labelling = self.labelling_mut();
                samples.iter().for_each(|sample| labelling.set_tag(sample, tag, *on));
            }
            Edit::Note { sample, to, .. } => self.labelling_mut().set_note(*sample, to),
            Edit::SetBoxes { sample, to, .. } => self.labelling_mut().set_boxes(*sample, to.as_deref()),
            Edit::SetClasses { to, .. } => self.labelling_mut().set_classes(to.clone()),
            Edit::Several { edits, .. } => edits.iter().for_each(|edit| self.apply(edit)),
        }
    }

    fn labelling_mut(&mut self) -> &mut Labelling {
        std::sync::Arc::make_mut(&mut self.labelling)
    }

    /// Appends unmarked rows up to `samples` rows.
    pub fn grow(&mut self, samples: usize) {
        if self.marks.len() < samples {
            std::sync::Arc::make_mut(&mut self.marks).resize(samples, 0);
        }
        if self.decisions.len() < samples {
            std::sync::Arc::make_mut(&mut self.decisions).resize(samples, Decision::UNDECIDED);
        }
        if self.labelling.len() < samples {
            self.labelling_mut().grow(samples);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::decision::Verdict;

    #[test]
    fn what_is_done_to_the_boxes_of_one_sample_can_be_one_step() {
        let boxes = |left: Option<f32>| {
            left.map(|left| {
                let rect = [left, 0.0, 1.0, 1.0];
                vec![NamedBox { class: "cat".into(), rect, ..NamedBox::default() }]
            })
        };
        let set = |sample, from, to, what: &str| Edit::SetBoxes {
            sample,
            from: boxes(from),
            to: boxes(to),
            what: what.into(),
        };
        let last = set(3, None, Some(1.0), "Move");
        for (next, expected) in [
            (set(3, Some(1.0), Some(2.0), "Move"), Some(set(3, None, Some(2.0), "Move"))),
            (set(3, Some(1.0), Some(2.0), "Resize"), None),
            (set(4, Some(1.0), Some(2.0), "Move"), None),
            (set(3, Some(1.0), None, "Move"), None),
            (Edit::Note { sample: 3, from: String::new(), to: "n".into() }, None),
        ] {
            assert_eq!(next.joined(&last), expected, "{next:?}");
        }
    }

    #[test]
    fn boxes_from_before_it_was_noted_who_gave_them_are_read_and_written_as_they_were() {
        let old = r#"{"set-boxes":{"sample":3,"from":null,"to":[{"class":"cat","rect":[1.5,2.0,3.0,4.0],"relative":false}],"what":"Draw a box"}}"#;
        let edit: Edit = serde_json::from_str(old).unwrap();
        let Edit::SetBoxes { to: Some(boxes), .. } = &edit else { panic!("{edit:?}") };
        assert_eq!(boxes[0].signature(), None);
        assert_eq!(serde_json::to_string(&edit).unwrap(), old);
    }

    #[test]
    fn marks_are_told_in_sentences() {
        for (mark, on, rows, expected) in [
            (Mark::Star, true, 3, "Star 3 samples"),
            (Mark::Star, false, 1, "Unstar 1 sample"),
            (Mark::Reviewed, true, 1200, "Mark 1,200 samples as reviewed"),
            (Mark::Reviewed, false, 1, "Mark 1 sample as not reviewed"),
            (Mark::Unsure, true, 1, "Mark 1 sample as unsure"),
            (Mark::Unsure, false, 2, "Mark 2 samples as no longer unsure"),
        ] {
            let edit = Edit::Mark { samples: SampleSet::from_rows(0..rows), mark, on };
            assert_eq!(edit.describe(), expected);
        }
    }

    proptest::proptest! {
        /// Every state that was reached is reached again, whichever way one walks.
        #[test]
        fn undo_and_redo_lead_through_the_states_that_there_were(
            steps in proptest::collection::vec((0u8..8, 0u32..12, 1u32..6, proptest::bool::ANY), 0..60),
        ) {
            let mut overlay = Overlay::new(16);
            let mut history = History::default();
            // The states before each edit that can be undone, and after each that can be redone.
            let (mut before, mut after) = (Vec::new(), Vec::new());
            for (kind, start, count, on) in steps {
                let mark = if count % 2 == 0 { Mark::Star } else { Mark::Reviewed };
                let view = View { filter: format!("f{start}"), ..View::default() };
                let edit = match kind {
                    0 => Edit::Mark { samples: SampleSet::from_rows(start..start + count), mark, on },
                    1 => {
                        let verdict = if on { Verdict::Prune } else { Verdict::Keep };
                        let decide = |row: u32| Decision { other: Some(row % 3), ..Decision::by_hand(verdict) };
                        let decisions = Decisions::of_each((start..start + count).rev().map(|row| (row, decide(row))));
                        let edit = Edit::Decide { decisions };
                        let json = serde_json::to_string(&edit).unwrap();
                        proptest::prop_assert_eq!(serde_json::from_str::<Edit>(&json).unwrap(), edit.clone());
                        edit
                    }
                    2 => Edit::SetView { from: View::default(), to: view },
                    3 => Edit::SaveView { name: format!("v{count}"), from: None, to: on.then_some(view) },
                    7 => {
                        let slot = if on { PipelineSlot::A } else { PipelineSlot::B };
                        let (from, to) = (String::new(), format!("p{start}"));
                        Edit::SetPipeline { slot, from, to, what: "Rotate".to_owned() }
                    }
                    4 | 5 => {
                        let undone = history.undo();
                        proptest::prop_assert_eq!(undone.is_some(), !before.is_empty());
                        if let Some(edit) = undone {
                            after.push(overlay.clone());
                            overlay.apply(&edit);
                            proptest::prop_assert_eq!(Some(overlay.clone()), before.pop());
                        }
                        continue;
                    }
                    _ => {
                        let redone = history.redo();
                        proptest::prop_assert_eq!(redone.is_some(), !after.is_empty());
                        if let Some(edit) = redone {
                            before.push(overlay.clone());
                            overlay.apply(&edit);
                            proptest::prop_assert_eq!(Some(overlay.clone()), after.pop());
                        }
                        continue;
                    }
                };
                if let Some(edit) = overlay.effective(edit) {
                    before.push(overlay.clone());
                    after.clear();
                    overlay.apply(&edit);
                    history.push(edit);
                }
            }
        }

        #[test]
        fn marks_are_found_and_set_as_one_by_one(
            marks in proptest::collection::vec(0u8..4, 0..300),
            rows in proptest::collection::vec(0u32..320, 0..300),
            alike in proptest::bool::ANY,
            on in proptest::bool::ANY,
        ) {
            let marks = if alike { vec![marks.first().copied().unwrap_or(0); marks.len()] } else { marks };
            let overlay = Overlay { marks: marks.clone().into(), ..Overlay::new(0) };
            let samples = SampleSet::from_rows(rows.iter().copied());
            let edit = Edit::Mark { samples: samples.clone(), mark: Mark::Star, on };
            let bit = Mark::Star.bit();
            let there = samples.iter().filter(|row| (*row as usize) < marks.len());
            let changed: Vec<u32> = there.filter(|row| (marks[*row as usize] & bit != 0) != on).collect();
            let effective = overlay.effective(edit);
            match &effective {
                Some(Edit::Mark { samples, .. }) => {
                    proptest::prop_assert_eq!(samples, &SampleSet::from_rows(changed.iter().copied()));
                }
                other => proptest::prop_assert!(other.is_none() && changed.is_empty()),
            }
            if let Some(edit) = effective {
                let mut after = overlay.clone();
                after.apply(&edit);
                let mut expected = marks.clone();
                for row in changed {
                    expected[row as usize] ^= bit;
                }
                proptest::prop_assert_eq!(&*after.marks, &expected);
                after.apply(&edit.inverse());
                proptest::prop_assert_eq!(after, overlay);
            }
        }
    }
}
