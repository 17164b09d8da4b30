//! The panel Changes as plain data: which changes are asked for, and the newest list of them.
//!
//! While the panel is on screen whatever a list follows from asks anew: labels, boxes, marks, another list of samples.
//! A list stays on screen until there is a newer one. It refuses to know how changes are found
//! ([`crate::review::changes`]) and drawn.

use std::sync::Arc;

use crate::dataset::edit::{Edit, SampleSet};
use crate::dataset::query::Snapshot;
use crate::dataset::{Boxes, Dataset, Labelling, Labels};
use crate::review::changes::{Changes, ChangesLook};
use crate::state::gestures::Answer;
use crate::state::{Action, Effect, Level, Session};
use crate::text::counted;

/// Changes in the order that was asked for.
#[derive(Debug)]
pub struct ChangeList {
    /// What they were found in.
    pub snapshot: Snapshot,
    pub look: ChangesLook,
    pub changes: Arc<Changes>,
    /// Indices into the changes.
    pub rows: Vec<u32>,
}

impl PartialEq for ChangeList {
    /// Two lists are equal when they are one.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.changes, &other.changes) && self.look == other.look
    }
}

impl ChangeList {
    /// Finds the changes, unless `before` is a list of the same ones, and puts them in order.
    pub fn make(snapshot: &Snapshot, look: &ChangesLook, before: Option<&Self>) -> Self {
        let same = before.filter(|before| Ground::of(&before.snapshot) == Ground::of(snapshot));
        let changes = same.map_or_else(|| Changes::of(snapshot).into(), |before| before.changes.clone());
        let rows = changes.listed(snapshot, look);
        Self { snapshot: snapshot.clone(), look: look.clone(), changes, rows }
    }
}

/// How the panel stands.
#[derive(Debug, Default)]
pub struct ChangesDesk {
    pub look: ChangesLook,
    /// The newest list, or a sentence on why there is none.
    pub answer: Option<Result<Arc<ChangeList>, String>>,
    is_shown: bool,
    asked: u64,
    answered: u64,
    wanted: Option<(Ground, ChangesLook)>,
}

/// What changes follow from.
#[derive(Clone, Debug)]
struct Ground {
    dataset: Arc<Dataset>,
    labels: Arc<Labels>,
    boxes: Arc<Boxes>,
    labelling: Arc<Labelling>,
    marks: Arc<Vec<u8>>,
}

impl Ground {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            dataset: snapshot.dataset.clone(),
            labels: snapshot.labels().clone(),
            boxes: snapshot.boxes().clone(),
            labelling: snapshot.labelling.clone(),
            marks: snapshot.marks.clone(),
        }
    }
}

impl PartialEq for Ground {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.dataset, &other.dataset)
            && Arc::ptr_eq(&self.labels, &other.labels)
            && Arc::ptr_eq(&self.boxes, &other.boxes)
            && Arc::ptr_eq(&self.labelling, &other.labelling)
            && Arc::ptr_eq(&self.marks, &other.marks)
    }
}

impl ChangesDesk {
    /// Nothing is asked; questions are numbered on from `first`.
    pub fn new(first: u64) -> Self {
        Self { asked: first, answered: first, ..Self::default() }
    }

    /// Whether the panel is on screen.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Whether what is shown answers the last question.
    pub fn is_answered(&self) -> bool {
        self.asked == self.answered
    }

    /// The newest list, if there is one.
    pub fn list(&self) -> Option<&Arc<ChangeList>> {
        self.answer.as_ref()?.as_ref().ok()
    }

    pub(in crate::state) fn take(&mut self, generation: u64, list: Result<Arc<ChangeList>, String>) {
        if (self.answered + 1..=self.asked).contains(&generation) {
            self.answered = generation;
            self.answer = Some(list).filter(|_| self.is_shown);
        }
    }

    /// Lets the list go: it holds on to what it was found in.
    fn leave(&mut self) {
        (self.is_shown, self.answer, self.wanted) = (false, None, None);
    }
}

impl Session {
    /// Carries out what a person did in the panel.
    pub(in crate::state) fn changes_gesture(&mut self, action: Action) -> Answer {
        match action {
            Action::AskChanges => self.changes.is_shown = true,
            Action::LeaveChanges => self.changes.leave(),
            Action::ChangeChanges(look) => self.changes.look = *look,
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Asks for a list, where something that it follows from has changed.
    pub(in crate::state) fn ask_changes(&mut self) -> Option<Effect> {
        if !self.changes.is_shown {
            return None;
        }
        let wanted = Some((Ground::of(&self.snapshot), self.changes.look.clone()));
        let desk = &mut self.changes;
        if desk.wanted == wanted {
            return None;
        }
        desk.wanted = wanted;
        desk.asked += 1;
        Some(Effect::ListChanges { generation: desk.asked })
    }

    /// Gives samples the boxes back that their source gives them, in one step.
    pub(in crate::state) fn give_boxes_back(&mut self, samples: &SampleSet) -> Answer {
        let labelling = &self.overlay.labelling;
        let boxed: Vec<u32> = samples.iter().filter(|sample| labelling.boxes(*sample).is_some()).collect();
        if boxed.is_empty() {
            let text = "None of these samples has other boxes than its source gives it.".to_owned();
            return (Vec::new(), Some((Level::Info, text)));
        }
        let what = format!("Give {} the source's boxes back", counted(boxed.len() as u64, "sample"));
        let back = |sample| Edit::SetBoxes { sample, from: None, to: None, what: what.clone() };
        let edits = boxed.into_iter().map(back).collect();
        self.edit(Edit::Several { edits, what })
    }
}
