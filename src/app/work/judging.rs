//! The thread that works out what follows from an analysis at the thresholds and decisions of now.

use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::dataset::query::Snapshot;
use crate::jobs::{self, Newest, Outcome};
use crate::review::{Analysed, Judged, ReviewSettings, judge_again};
use crate::state::Action;

/// Something to judge.
pub struct Case {
    pub generation: u64,
    pub snapshot: Snapshot,
    pub analysed: Arc<Analysed>,
    pub settings: ReviewSettings,
    /// What was judged last.
    pub before: Arc<Judged>,
}

/// Starts the thread. Answers go to `answers`, and `wake` is called after each.
pub fn spawn(answers: Sender<Action>, wake: impl Fn() + Send + 'static) -> Newest<Case> {
    Newest::spawn("judge", move |case| {
        // The window may be gone by now.
        let _ = answers.send(answer(case));
        wake();
    })
}

fn answer(case: Case) -> Action {
    let Case { generation, snapshot, analysed, settings, before } = case;
    let judge = || {
        let judged = judge_again(&snapshot, &analysed, &settings, &before);
        Ok(Action::Judged { generation, judged: judged.into() })
    };
    match jobs::run(judge) {
        Outcome::Done(answer) => answer,
        Outcome::Cancelled => Action::Refresh,
        Outcome::Panicked(cause) => Action::JudgingFailed { generation, cause },
    }
}
