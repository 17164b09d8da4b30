//! The thread that finds the rows of a view. The newest question takes the place of one that waits.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crossbeam_channel::Sender;

use crate::dataset::edit::View;
use crate::dataset::query::{self, Bitmask, Snapshot};
use crate::state::{Action, Level};

struct Question {
    generation: u64,
    snapshot: Snapshot,
    view: View,
}

#[derive(Default)]
struct Slot {
    question: Option<Question>,
    ended: bool,
}

/// Asks the thread; dropping it ends the thread.
pub struct Finder {
    slot: Arc<(Mutex<Slot>, Condvar)>,
}

impl Finder {
    pub fn spawn(answers: Sender<Action>, wake: impl Fn() + Send + 'static) -> Self {
        let slot = Arc::new((Mutex::new(Slot::default()), Condvar::new()));
        let inner = slot.clone();
        let spawned = std::thread::Builder::new().name("find-rows".to_owned()).spawn(move || {
            while let Some(question) = take(&inner) {
                if answers.send(answer(question)).is_err() {
                    return;
                }
                wake();
            }
        });
        if let Err(error) = spawned {
            tracing::error!("no thread to find rows: {error}");
        }
        Self { slot }
    }

    /// Asks for the rows of a view.
    pub fn ask(&self, generation: u64, snapshot: Snapshot, view: View) {
        let (slot, changed) = &*self.slot;
        slot.lock().unwrap_or_else(PoisonError::into_inner).question =
            Some(Question { generation, snapshot, view });
        changed.notify_one();
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        let (slot, changed) = &*self.slot;
        slot.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        changed.notify_one();
    }
}

fn take((slot, changed): &(Mutex<Slot>, Condvar)) -> Option<Question> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if slot.ended {
            return None;
        }
        if let Some(question) = slot.question.take() {
            return Some(question);
        }
        slot = changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
    }
}

fn answer(question: Question) -> Action {
    let Question { generation, snapshot, view } = question;
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // A view that was kept by another version may not be a query of this one: it shows all.
        let query = query::parse(&view.filter, snapshot.vocabulary()).unwrap_or_default();
        let rows = query::rows(&snapshot, &query, &view.sort, view.direction);
        let counts = query::counts(&snapshot, &rows);
        let everything = Bitmask::clone(snapshot.derived().present());
        let total = query::counts_of(&snapshot, &everything);
        Action::RowsReady { generation, rows: rows.into(), counts: counts.into(), total: total.into() }
    }));
    found.unwrap_or_else(|cause| {
        let cause = crate::jobs::panic_message(&*cause);
        Action::Notify { level: Level::Error, text: format!("A bug in Lenslet stopped the filter: {cause}.") }
    })
}
