//! What a person does on a page of proposals, and the edit that a page comes to.

use std::sync::Arc;

use super::{CellVerdict, PageStep, Pages, Ranked, Turned};
use crate::dataset::LabelOrigin;
use crate::dataset::edit::{Edit, SampleSet};
use crate::dataset::labelling::LabelChanges;
use crate::state::gestures::Answer as Told;
use crate::state::labelling::is_unlabelled;
use crate::state::session::Session;
use crate::state::{Command, Effect};

/// Below so many samples proposals are put in order at once.
const AT_ONCE: usize = 10_000;

impl Session {
    /// Asks for the order of the proposals where it would be another one now.
    pub(in crate::state::labelling) fn ask_pages(&mut self) -> Option<Effect> {
        let dataset = self.dataset().clone();
        let pages = &mut self.labeller.pages;
        let ground = self.labeller.proposals.clone().map(|proposals| (dataset, proposals));
        let is_same = match (&pages.ground, &ground) {
            (Some(one), Some(two)) => Arc::ptr_eq(&one.0, &two.0) && Arc::ptr_eq(&one.1, &two.1),
            (one, two) => one.is_none() && two.is_none(),
        };
        if is_same && !pages.is_stale {
            return None;
        }
        pages.is_stale = false;
        pages.ground.clone_from(&ground);
        pages.asked += 1;
        let generation = pages.asked;
        let Some((_, proposals)) = ground else {
            pages.answered = generation;
            pages.ranked = None;
            pages.fill(&self.snapshot);
            return None;
        };
        if self.snapshot.len() >= AT_ONCE {
            return Some(Effect::RankProposals { generation });
        }
        let ranked = Ranked::new(&self.snapshot, &proposals).into();
        self.take_ranked(generation, ranked);
        None
    }

    /// Takes the order of the proposals in, where it answers the last question. A page that is looked at stays.
    pub(in crate::state) fn take_ranked(&mut self, generation: u64, ranked: Arc<Ranked>) {
        let (pages, snapshot) = (&mut self.labeller.pages, &self.snapshot);
        if generation != pages.asked {
            return;
        }
        pages.answered = generation;
        pages.ranked = Some(ranked);
        pages.cells.retain(|cell| is_unlabelled(snapshot, cell.sample));
        pages.at = pages.at.filter(|at| *at < pages.cells.len());
        let is_class = |class: &str| snapshot.labelling.classes().resolve(class).is_some();
        if pages.cells.is_empty() || !pages.class.as_deref().is_some_and(is_class) {
            pages.fill(snapshot);
        } else {
            pages.resize(snapshot);
            pages.count_beyond(snapshot);
        }
    }

    pub(in crate::state::labelling) fn page_gesture(&mut self, step: PageStep) -> Told {
        let (pages, snapshot) = (&mut self.labeller.pages, &self.snapshot);
        match step {
            PageStep::Choose(wish) => {
                pages.wish = wish;
                pages.fill(snapshot);
            }
            PageStep::Fits(fits) => {
                pages.fits = fits.clamp(1, Pages::MOST);
                pages.resize(snapshot);
            }
            PageStep::Toggle(sample) => {
                let at = pages.cells.iter().position(|cell| cell.sample == sample);
                self.toggle_cell(at);
            }
            PageStep::TogglePointed => {
                let at = pages.at;
                self.toggle_cell(at);
            }
            PageStep::Move(by) => {
                let last = pages.cells.len().checked_sub(1);
                let to = pages.at.map_or(0, |at| at.saturating_add_signed(by));
                pages.at = last.map(|last| to.min(last));
                self.point_at_hand();
            }
            PageStep::Other(class) => {
                if let Some(at) = pages.at {
                    let is_own = pages.class.as_ref() == Some(&class);
                    let verdict = if is_own { CellVerdict::Right } else { CellVerdict::Other(class) };
                    pages.judge(at, |_| verdict);
                    pages.count_beyond(snapshot);
                }
            }
            PageStep::Above(above) => {
                pages.above = above.clamp(0.0, 1.0);
                pages.count_further(snapshot);
            }
            PageStep::Confirm => return self.confirm_page(),
            PageStep::ConfirmAbove => return self.confirm_beyond(),
            PageStep::Back => return self.page_back(),
        }
        (Vec::new(), None)
    }

    fn toggle_cell(&mut self, at: Option<usize>) {
        let Some(at) = at else { return };
        let pages = &mut self.labeller.pages;
        pages.judge(at, |verdict| match verdict {
            CellVerdict::Right => CellVerdict::Wrong,
            CellVerdict::Wrong | CellVerdict::Other(_) => CellVerdict::Right,
        });
        pages.count_beyond(&self.snapshot);
        self.point_at_hand();
    }

    /// Labels the samples of the page as one edit, and begins the next page.
    fn confirm_page(&mut self) -> Told {
        let cells = &self.labeller.pages.cells;
        if cells.is_empty() {
            return (Vec::new(), None);
        }
        let right = cells.iter().filter(|cell| cell.verdict == CellVerdict::Right).map(|cell| cell.sample);
        let right = right.filter(|sample| is_unlabelled(&self.snapshot, *sample));
        self.turn_page(&SampleSet::from_rows(right))
    }

    /// Labels all samples from a confidence on, and what else is said on the page, as one edit; begins the next page.
    fn confirm_beyond(&mut self) -> Told {
        let right = self.labeller.pages.samples_beyond(&self.snapshot).map(|(sample, _)| sample);
        let right = SampleSet::from_rows(right);
        if right.is_empty() {
            return (Vec::new(), None);
        }
        self.turn_page(&right)
    }

    /// Labels these samples as the page's class and those of the page that are of another class as that.
    fn turn_page(&mut self, right: &SampleSet) -> Told {
        let is_class = |class: &String| self.snapshot.labelling.classes().resolve(class).is_some();
        let pages = &self.labeller.pages;
        let Some(class) = pages.class.clone().filter(is_class) else { return (Vec::new(), None) };
        let cells = pages.cells.clone();
        let others = cells.iter().filter(|cell| is_unlabelled(&self.snapshot, cell.sample));
        let others = others.filter_map(|cell| match &cell.verdict {
            CellVerdict::Other(other) if is_class(other) => {
                let answer = self.answer(vec![other.clone()], LabelOrigin::ByHand);
                Some((SampleSet::from_rows([cell.sample]), Some(answer)))
            }
            _ => None,
        });
        let as_class = self.answer(vec![class.clone()], LabelOrigin::Confirmed);
        let changes = LabelChanges::of_sets([(right.clone(), Some(as_class))].into_iter().chain(others));
        let (effects, told) = self.by_panel(|session| session.edit(Edit::Label { changes }));
        if told.is_some() {
            return (effects, told);
        }
        let edit = self.history.next_undo().filter(|_| !effects.is_empty()).cloned();
        let pages = &mut self.labeller.pages;
        pages.turn(Turned { class, cells, edit });
        pages.fill(&self.snapshot);
        (effects, None)
    }

    /// Takes the last page back. One of which nothing was labelled is no edit, and comes back by itself.
    fn page_back(&mut self) -> Told {
        let pages = &mut self.labeller.pages;
        if let Some(turned) = pages.turned.pop_back_if(|turned| turned.edit.is_none()) {
            pages.restore(turned);
            pages.count_beyond(&self.snapshot);
            return (Vec::new(), None);
        }
        let Some(turned) = pages.turned.back() else { return (Vec::new(), None) };
        match self.history.next_undo() == turned.edit.as_ref() {
            true => self.run(Command::Undo),
            false => (Vec::new(), None),
        }
    }

    /// An edit was undone or done again: its page comes back, or is turned.
    pub(in crate::state::labelling) fn pages_travel(&mut self, edit: &Edit, is_undo: bool) {
        if !matches!(edit, Edit::Label { .. }) {
            return;
        }
        let done = if is_undo { edit.inverse() } else { edit.clone() };
        let (pages, snapshot) = (&mut self.labeller.pages, &self.snapshot);
        let from = if is_undo { &mut pages.turned } else { &mut pages.undone };
        let found = from.iter().rposition(|turned| turned.edit.as_ref() == Some(&done));
        match found.and_then(|at| from.remove(at)) {
            Some(turned) if is_undo => {
                pages.undone.push_back(turned.clone());
                pages.restore(turned);
                pages.count_beyond(snapshot);
                return;
            }
            Some(turned) => pages.turn(turned),
            None => {}
        }
        pages.fill(snapshot);
    }
}
