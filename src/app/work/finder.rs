//! The thread that finds the rows of a view.

use crossbeam_channel::Sender;

use crate::dataset::edit::View;
use crate::dataset::query::{Found, Snapshot, Total};
use crate::jobs::{self, Newest, Outcome};
use crate::state::Action;

/// A view to find the rows of.
pub struct Question {
    pub generation: u64,
    pub snapshot: Snapshot,
    pub view: View,
}

/// Starts the thread. Answers go to `answers`, and `wake` is called after each.
pub fn spawn(answers: Sender<Action>, wake: impl Fn() + Send + 'static) -> Newest<Question> {
    let mut total = Total::default();
    Newest::spawn("find-rows", move |question| {
        // The window may be gone by now.
        let _ = answers.send(answer(question, &mut total));
        wake();
    })
}

fn answer(question: Question, total: &mut Total) -> Action {
    let Question { generation, snapshot, view } = question;
    let find = || Ok(Action::RowsReady { generation, found: Found::again(&snapshot, &view, total) });
    match jobs::run(find) {
        Outcome::Done(answer) => answer,
        Outcome::Cancelled => Action::RowsFailed { generation, cause: "it was cancelled".to_owned() },
        Outcome::Panicked(cause) => Action::RowsFailed { generation, cause },
    }
}
