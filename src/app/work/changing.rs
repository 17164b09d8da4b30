//! What is another than the source says, and which samples a filter splits from a class: worked out beside the person.
//!
//! The newest question wins: one that waits gives way to the next.

use std::sync::Arc;

use crossbeam_channel::Sender;

use super::bug;
use crate::dataset::query::Snapshot;
use crate::jobs::{self, Newest, Outcome};
use crate::review::changes::ChangesLook;
use crate::state::labelling::changes::ChangeList;
use crate::state::labelling::classes::SplitQuestion;
use crate::state::{Action, Session};

/// A list of changes to make.
struct Listing {
    generation: u64,
    snapshot: Snapshot,
    look: ChangesLook,
    /// The list that is shown, whose changes may be the same.
    before: Option<Arc<ChangeList>>,
}

/// Samples to find.
struct Splitting {
    generation: u64,
    snapshot: Snapshot,
    question: SplitQuestion,
}

/// The threads that work these out.
pub struct Changing {
    lists: Newest<Listing>,
    splits: Newest<Splitting>,
}

impl Changing {
    /// Starts the threads. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(answers: &Sender<Action>, wake: impl Fn() + Send + Clone + 'static) -> Self {
        let (told, woken) = (answers.clone(), wake.clone());
        let lists = Newest::spawn("list-changes", move |listing: Listing| {
            let Listing { generation, snapshot, look, before } = &listing;
            let made = jobs::run(|| Ok(ChangeList::make(snapshot, look, before.as_deref())));
            let list = match made {
                Outcome::Done(list) => Ok(Arc::new(list)),
                Outcome::Cancelled => return,
                Outcome::Panicked(cause) => Err(bug("the list of changes", &cause)),
            };
            // The window may be gone by now.
            let _ = told.send(Action::ChangesListed { generation: *generation, list });
            woken();
        });
        let told = answers.clone();
        let splits = Newest::spawn("find-split", move |splitting: Splitting| {
            let Splitting { generation, snapshot, question } = &splitting;
            let found = match jobs::run(|| Ok(question.answer(snapshot))) {
                Outcome::Done(found) => found,
                Outcome::Cancelled => return,
                Outcome::Panicked(cause) => Err(bug("the filter", &cause)),
            };
            let _ = told.send(Action::SplitFound { generation: *generation, found });
            wake();
        });
        Self { lists, splits }
    }

    pub fn list(&self, generation: u64, session: &Session) {
        let (snapshot, look) = (session.snapshot.clone(), session.changes.look.clone());
        self.lists.ask(Listing { generation, snapshot, look, before: session.changes.list().cloned() });
    }

    pub fn split(&self, generation: u64, session: &Session) {
        let Some(question) = session.splitting.wanted().cloned() else { return };
        self.splits.ask(Splitting { generation, snapshot: session.snapshot.clone(), question });
    }
}
