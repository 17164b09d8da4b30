//! Queues of samples to label and proposals in order, beside the person: the threads that work them out.
//!
//! The newest question wins: one that waits gives way to the next.

use std::sync::Arc;

use crossbeam_channel::Sender;

use super::bug;
use crate::dataset::query::Snapshot;
use crate::jobs::{self, Newest, Outcome};
use crate::state::labelling::{Proposals, QueueWish, Ranked};
use crate::state::{Action, Level};

/// Proposals to put in order.
struct Ranking {
    generation: u64,
    snapshot: Snapshot,
    proposals: Arc<Proposals>,
}

/// The threads that find queues and put proposals in order.
pub struct Queues {
    queues: Newest<(u64, QueueWish)>,
    rankings: Newest<Ranking>,
}

impl Queues {
    /// Starts the threads. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(answers: &Sender<Action>, wake: impl Fn() + Send + Clone + 'static) -> Self {
        let (told, woken) = (answers.clone(), wake.clone());
        let queues = Newest::spawn("find-queue", move |(generation, wish): (u64, QueueWish)| {
            let found = jobs::run(|| {
                // What a model picks for a diverse or mixed queue comes in here.
                let (rows, ordered) = wish.find(None);
                Ok(Action::QueueReady { generation, rows: rows.into(), ordered })
            });
            // The window may be gone by now.
            let _ = told.send(answer("the queue of samples to label", found));
            woken();
        });
        let told = answers.clone();
        let rankings = Newest::spawn("rank-proposals", move |ranking: Ranking| {
            let Ranking { generation, snapshot, proposals } = ranking;
            let found = jobs::run(|| {
                let ranked = Ranked::new(&snapshot, &proposals).into();
                Ok(Action::ProposalsRanked { generation, ranked })
            });
            // The window may be gone by now.
            let _ = told.send(answer("putting proposals in order", found));
            wake();
        });
        Self { queues, rankings }
    }

    pub fn find(&self, generation: u64, wish: QueueWish) {
        self.queues.ask((generation, wish));
    }

    pub fn rank(&self, generation: u64, snapshot: Snapshot, proposals: Arc<Proposals>) {
        self.rankings.ask(Ranking { generation, snapshot, proposals });
    }
}

fn answer(doing: &str, outcome: Outcome<Action>) -> Action {
    let cause = match outcome {
        Outcome::Done(action) => return action,
        Outcome::Cancelled => "it was cancelled".to_owned(),
        Outcome::Panicked(cause) => cause,
    };
    Action::Notify { level: Level::Error, text: bug(doing, &cause) }
}
