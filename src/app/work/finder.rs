//! The thread that finds the rows of a view.

use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::dataset::edit::View;
use crate::dataset::query::{self, Bitmask, Rows, Snapshot};
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
    Newest::spawn("find-rows", move |question| {
        // The window may be gone by now.
        let _ = answers.send(answer(question));
        wake();
    })
}

fn answer(question: Question) -> Action {
    let Question { generation, snapshot, view } = question;
    let find = || {
        // A filter that cannot be read, as one that was kept and names a column that is no more,
        // finds nothing: showing everything would pass for its answer.
        let (mask, error) = match query::parse(&view.filter, snapshot.vocabulary()) {
            Ok(query) => (query.mask(&snapshot), None),
            Err(error) => (Bitmask::empty(snapshot.len()), Some(error)),
        };
        let counts = Arc::new(query::counts_of(&snapshot, &mask));
        let present = snapshot.derived().present();
        let total = match mask == *present {
            true => counts.clone(),
            false => Arc::new(query::counts_of(&snapshot, present)),
        };
        let rows = Rows::find(&snapshot, mask, &view.sort, view.direction).into();
        Ok(Action::RowsReady { generation, rows, counts, total, error })
    };
    match jobs::run(find) {
        Outcome::Done(answer) => answer,
        Outcome::Cancelled => Action::RowsFailed { generation, cause: "it was cancelled".to_owned() },
        Outcome::Panicked(cause) => Action::RowsFailed { generation, cause },
    }
}
