//! The dialog that puts people's answers side by side.

use std::path::PathBuf;
use std::sync::Arc;

use super::export::all_rows;
use super::{FileWork, work};
use crate::annotation::MatchBy;
use crate::annotation::panel::{ConfusionCell, PairRow};
use crate::dataset::SampleId;
use crate::dataset::edit::{Edit, SampleSet};
use crate::dataset::query::Snapshot;
use crate::jobs::{Cancelled, Control};
use crate::pipeline::agreeing::Compared;
use crate::pipeline::annotating::DISPUTED;
use crate::state::{Dialog, Effect, Level, State};

/// What is chosen in the open dialog, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompareDraft {
    pub files: Vec<PathBuf>,
    /// [`MatchBy::Path`] or [`MatchBy::Content`].
    pub by: MatchBy,
    /// Number of the question that was asked last.
    pub asked: u64,
    /// `None` while it is worked out; an error is a sentence.
    pub found: Option<Result<Arc<ComparedPeople>, String>>,
}

impl CompareDraft {
    /// Files that are compared at most.
    pub const MOST: usize = 64;

    /// Whether something is worked out for it.
    pub fn is_waiting(&self) -> bool {
        !self.files.is_empty() && self.found.is_none()
    }
}

/// People's answers side by side, and where in the open dataset they differ.
#[derive(Debug)]
pub struct ComparedPeople {
    pub compared: Compared,
    /// Samples of the dataset on which people differ.
    pub disputed: Vec<SampleId>,
    /// What two people differ on most often, the most frequent first: of as many pairs as are shown.
    pub confused: Vec<Vec<ConfusionCell>>,
}

impl PartialEq for ComparedPeople {
    /// Each was worked out by itself.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for ComparedPeople {}

impl ComparedPeople {
    /// Pairs of people that are shown.
    pub const PAIRS: usize = 20;

    pub fn make(compared: Compared, snapshot: &Snapshot, control: &Control) -> Result<Self, Cancelled> {
        let disputed = compared.disputed(snapshot, &all_rows(snapshot), control)?;
        let confused = compared.report.pairs.iter().take(Self::PAIRS).map(confused).collect();
        Ok(Self { compared, disputed, confused })
    }
}

/// Different answers of two people to the same samples: the most frequent of them, those first.
fn confused(pair: &PairRow) -> Vec<ConfusionCell> {
    const MOST: usize = 6;
    let mut cells: Vec<&ConfusionCell> =
        pair.confusion.iter().filter(|cell| cell.first != cell.second).collect();
    cells.sort_by_key(|cell| (std::cmp::Reverse(cell.samples), &cell.first, &cell.second));
    cells.into_iter().take(MOST).cloned().collect()
}

impl State {
    pub(in crate::state) fn open_comparison(&mut self) -> Vec<Effect> {
        let draft = CompareDraft { by: MatchBy::Path, ..CompareDraft::default() };
        self.dialog = Some(Dialog::ComparePeople(Box::new(draft)));
        Vec::new()
    }

    /// Files come to those that are there.
    pub(super) fn compare_files(&mut self, files: Vec<PathBuf>) -> Vec<Effect> {
        let Some(Dialog::ComparePeople(draft)) = &mut self.dialog else { return Vec::new() };
        for file in files {
            if !draft.files.contains(&file) && draft.files.len() < CompareDraft::MOST {
                draft.files.push(file);
            }
        }
        self.ask_comparison()
    }

    pub(super) fn compare_without(&mut self, at: usize) -> Vec<Effect> {
        let Some(Dialog::ComparePeople(draft)) = &mut self.dialog else { return Vec::new() };
        if at >= draft.files.len() {
            return Vec::new();
        }
        draft.files.remove(at);
        self.ask_comparison()
    }

    pub(super) fn compare_by(&mut self, by: MatchBy) -> Vec<Effect> {
        let Some(Dialog::ComparePeople(draft)) = &mut self.dialog else { return Vec::new() };
        draft.by = by;
        self.ask_comparison()
    }

    fn ask_comparison(&mut self) -> Vec<Effect> {
        let asked = self.next_of_label_files();
        let Some(Dialog::ComparePeople(draft)) = &mut self.dialog else { return Vec::new() };
        draft.asked = asked;
        draft.found = None;
        match draft.files.is_empty() {
            true => Vec::new(),
            false => work(FileWork::Compare { asked, files: draft.files.clone(), by: draft.by }),
        }
    }

    /// Tags the samples on which people differ in one edit, and closes the dialog.
    pub(super) fn tag_disputed(&mut self) -> Vec<Effect> {
        if self.refuse_to_take_in() {
            return Vec::new();
        }
        let (Some(Dialog::ComparePeople(draft)), Some(session)) = (&self.dialog, &mut self.session) else {
            return Vec::new();
        };
        let Some(Ok(found)) = &draft.found else { return Vec::new() };
        if found.disputed.is_empty() {
            return Vec::new();
        }
        let samples = SampleSet::from_rows(found.disputed.iter().copied());
        let answer = session.edit(Edit::Tag { samples, tag: DISPUTED.to_owned(), on: true });
        self.dialog = None;
        if answer.1.is_none() {
            self.notify(Level::Info, "All samples on which they differ have the tag “disputed” already.");
        }
        self.answered(Some(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Annotations;
    use crate::annotation::panel::{AgreementReport, Panel, Told};

    #[test]
    fn answers_that_differ_most_often_come_first() {
        let said = |labels: &[&str]| {
            let sample = |(at, label): (usize, &&str)| crate::annotation::Annotated {
                path: at.to_string(),
                labels: vec![(*label).to_owned()],
                ..Default::default()
            };
            Annotations::of_samples(labels.iter().enumerate().map(sample).collect())
        };
        let one = said(&["cat", "cat", "dog", "dog", "dog", "emu"]);
        let two = said(&["cat", "dog", "cat", "cat", "dog", "dog"]);
        let told = [Told { name: "Ada", annotations: &one }, Told { name: "Ben", annotations: &two }];
        let report = AgreementReport::of(&Panel::of(&told, MatchBy::Path).unwrap(), &Control::new()).unwrap();
        let [pair] = &report.pairs[..] else { panic!("{:?}", report.pairs) };
        let cells = confused(pair);
        let cells: Vec<_> =
            cells.iter().map(|cell| (cell.first.as_str(), cell.second.as_str(), cell.samples)).collect();
        assert_eq!(cells, [("dog", "cat", 2), ("cat", "dog", 1), ("emu", "dog", 1)]);
    }
}
