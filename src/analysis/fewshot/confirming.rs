//! Labelling a whole dataset by pages, replayed against known labels: what it costs a person.
//!
//! After some single answers, pages of proposals for one class are shown, the surest first. All of a page is right
//! unless a person says otherwise: each wrong cell costs a click and comes back later, without the class that it is
//! not; one key confirms the others. The head is fitted again as labels grow. Where a page would teach fewer labels
//! than as many single answers, single answers are given.

use std::collections::BTreeMap;

use super::simulate::Session;
use super::{Strategy, Task};
use crate::analysis::neighbours::NONE;
use crate::jobs::{Cancelled, Control};

/// Pages between two looks at how sure the head may be.
const HELD_OUT_EVERY: usize = 12;
/// Single answers at a time.
const BATCH: usize = 10;

/// How a dataset is labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirming {
    /// Single answers before the first page.
    pub answers: usize,
    /// Cells of a page.
    pub page: usize,
    /// How the single answers are chosen.
    pub strategy: Strategy,
    pub seed: u64,
}

impl Confirming {
    /// Pages of sixty after single answers for one row in fifty: at least two for a class, at most 200.
    pub fn of(rows: usize, classes: usize, seed: u64) -> Self {
        let answers = (rows / 50).max(2 * classes).min(200);
        Self { answers, page: 60, strategy: Strategy::Mixed, seed }
    }
}

/// What labelling all of it cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// Rows that were labelled.
    pub rows: usize,
    /// Those whose label is right. A person who sees every page marks every wrong cell.
    pub right: usize,
    /// One key each.
    pub answers: usize,
    /// One key each.
    pub pages: usize,
    /// Wrong cells, one click each.
    pub clicks: usize,
}

impl Confirmed {
    /// Keys and clicks.
    pub fn actions(&self) -> usize {
        self.answers + self.pages + self.clicks
    }

    /// Keys and clicks for each labelled row.
    pub fn actions_per_row(&self) -> f64 {
        self.actions() as f64 / self.rows.max(1) as f64
    }
}

/// Labels all rows that have a part. Progress counts rows.
pub fn confirm(task: &Task<'_>, how: &Confirming, control: &Control) -> Result<Confirmed, Cancelled> {
    let mut session = Session::new(task, how.seed);
    let mut confirmed = Confirmed { rows: session.open, ..Confirmed::default() };
    control.begin("Replaying pages", session.open as u64);
    while session.open > 0 {
        control.checkpoint()?;
        let page = if confirmed.answers < how.answers { None } else { best_page(&session, how.page) };
        match page {
            Some(page) => {
                let (class, rows) = page;
                let is_right = |row: &&u32| task.truth[**row as usize] == class;
                let right: Vec<_> = rows.iter().filter(is_right).map(|row| session.chosen(*row)).collect();
                let wrong = rows.iter().filter(|row| !is_right(row));
                session.ruled_out.extend(wrong.map(|row| (*row, class)));
                confirmed.pages += 1;
                confirmed.clicks += rows.len() - right.len();
                confirmed.right += right.len();
                session.note(&right);
                control.add(right.len() as u64);
            }
            None => {
                let trials = session.ask(how.strategy, BATCH.min(session.open));
                confirmed.answers += trials.len();
                confirmed.right += trials.len();
                control.add(trials.len() as u64);
                if trials.is_empty() {
                    break;
                }
            }
        }
        if confirmed.pages.is_multiple_of(HELD_OUT_EVERY) {
            session.hold_out();
        }
        session.refit(control)?;
    }
    Ok(confirmed)
}

/// The class and the rows of the page that teaches most labels for an action; `None` where single answers would teach
/// more.
fn best_page(session: &Session<'_>, cells: usize) -> Option<(u32, Vec<u32>)> {
    let proposals = session.proposals.as_ref()?;
    let mut of_class: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, class) in proposals.class.iter().enumerate().filter(|(_, class)| **class != NONE) {
        if session.queue.is_open(row as u32) {
            of_class.entry(*class).or_default().push(row as u32);
        }
    }
    let sure = |row: u32| proposals.confidence[row as usize];
    let mut best: Option<(f32, u32, Vec<u32>)> = None;
    for (class, mut rows) in of_class {
        let order = |one: &u32, two: &u32| sure(*two).total_cmp(&sure(*one)).then(one.cmp(two));
        if rows.len() > cells {
            rows.select_nth_unstable_by(cells - 1, order);
            rows.truncate(cells);
        }
        rows.sort_unstable_by(order);
        let right: f32 = rows.iter().map(|row| sure(*row)).sum();
        let worth = right / (1.0 + rows.len() as f32 - right);
        if worth > best.as_ref().map_or(1.0, |best| best.0) {
            best = Some((worth, class, rows));
        }
    }
    best.map(|(_, class, rows)| (class, rows))
}

#[cfg(test)]
mod tests {
    use super::super::simulate::tests::{crowds, task};
    use super::*;

    #[test]
    fn single_answers_are_as_many_as_rows_and_classes_ask_for() {
        for (rows, classes, answers) in
            [(10_000, 10, 200), (3000, 10, 60), (100, 10, 20), (1_000_000, 500, 200)]
        {
            assert_eq!(Confirming::of(rows, classes, 0).answers, answers, "{rows} of {classes}");
        }
    }

    #[test]
    fn all_rows_come_to_their_true_label_and_pages_cost_less_than_answers() {
        let mut crowds = crowds(3, 100, 12);
        crowds.truth[8] = NONE;
        let task = task(&crowds, 3);
        let how = Confirming { answers: 20, page: 24, ..Confirming::of(299, 3, 1) };
        let found = confirm(&task, &how, &Control::new()).unwrap();
        assert_eq!((found.rows, found.right), (299, 299));
        assert!(found.answers >= 20 && found.pages >= 10, "{found:?}");
        assert!(found.actions_per_row() < 0.5, "{found:?}");
        assert_eq!(found, confirm(&task, &how, &Control::new()).unwrap());
        let control = Control::new();
        control.cancel();
        assert_eq!(confirm(&task, &how, &control), Err(Cancelled));
    }
}
