//! The thread that works out what an export would write.

use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::dataset::query::Snapshot;
use crate::export::dataset::{Plan, plan};
use crate::import::Reader;
use crate::jobs::{self, Control, Newest, Outcome};
use crate::state::{Action, ExportChoice, PlanFace};
use crate::text::sentence;

/// An export to plan.
pub struct Draft {
    pub generation: u64,
    pub snapshot: Snapshot,
    pub reader: Arc<Reader>,
    pub choice: ExportChoice,
}

/// Asks the thread; what was asked before is given up.
pub struct Planner {
    thread: Newest<(Draft, Control)>,
    last: Control,
}

impl Planner {
    /// Starts the thread. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(answers: Sender<Action>, wake: impl Fn() + Send + 'static) -> Self {
        let thread = Newest::spawn("plan-export", move |(draft, control)| {
            if let Some(answer) = answer(&draft, &control) {
                // The window may be gone by now.
                let _ = answers.send(answer);
                wake();
            }
        });
        Self { thread, last: Control::new() }
    }

    pub fn ask(&mut self, draft: Draft) {
        self.last.cancel();
        self.last = Control::new();
        self.thread.ask((draft, self.last.clone()));
    }
}

/// What the export would write; `None` where nobody waits for it any more.
fn answer(draft: &Draft, control: &Control) -> Option<Action> {
    let Draft { generation, snapshot, reader, choice } = draft;
    let work = || {
        let options = match choice.options() {
            Ok(options) => options,
            Err(missing) => return Ok(Err(missing)),
        };
        let (snapshot, samples) = choice.samples(snapshot);
        let planned = plan(&snapshot, &samples, reader, &options, control);
        control.checkpoint()?;
        Ok(planned.map(|plan| Arc::new(face(&plan))).map_err(sentence))
    };
    let plan = match jobs::run(work) {
        Outcome::Done(plan) => plan,
        Outcome::Cancelled => return None,
        Outcome::Panicked(cause) => Err(super::bug("planning the export", &cause)),
    };
    Some(Action::ExportPlanned { generation: *generation, plan })
}

fn face(plan: &Plan) -> PlanFace {
    PlanFace {
        samples: plan.samples,
        files: plan.files,
        bytes: plan.bytes,
        finished: plan.finished,
        bytes_to_write: plan.bytes_to_write,
        free_bytes: plan.free_bytes,
        warnings: plan.warnings.clone(),
        refusals: plan.refusals.clone(),
    }
}
