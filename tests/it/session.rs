//! A dataset that is open in the program's state, without a window, threads or a project on disk.

use lenslet::dataset::edit::{Overlay, View};
use lenslet::dataset::query::{Found, Snapshot};
use lenslet::dataset::{Dataset, Fact, Facts, Issue, Origin};
use lenslet::state::{Action, Effect, Opened, ProjectFace, State};
use lenslet::store::Access;

/// The dataset as the program is handed it, nothing decided yet.
pub fn opened(dataset: Dataset, issues: Vec<Issue>, facts: Facts, access: Access, view: View) -> Opened {
    let overlay = Overlay { view, ..Overlay::new(dataset.len()) };
    let snapshot = Snapshot::new(dataset.into(), &issues, facts, overlay.marks.clone());
    Opened::new(snapshot, issues, overlay, ProjectFace::new("/p".into(), access))
}

/// Such a dataset of which nothing is measured, but for what these issues say.
pub fn unmeasured(dataset: Dataset, issues: Vec<Issue>) -> Opened {
    let mut facts = Facts::new(dataset.len());
    for issue in issues.iter().filter(|issue| issue.origin == Origin::Content) {
        let Some(sample) = issue.sample else { continue };
        let fact = facts.get(sample);
        facts.set(sample, &Fact { measured: true, issues: fact.issues | issue.kind.bit(), ..fact });
    }
    opened(dataset, issues, facts, Access::ReadWrite, View::default())
}

/// Carries an action out. A question for rows is answered at once; every other effect is given.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let mut effects = Vec::new();
    for effect in state.update(action) {
        match effect {
            Effect::FindRows { generation } => {
                let answer = answer(state, generation);
                effects.extend(act(state, answer));
            }
            effect => effects.push(effect),
        }
    }
    effects
}

/// What the search for the rows of the view answers.
pub fn answer(state: &State, generation: u64) -> Action {
    let session = state.session.as_ref().expect("a dataset is open");
    Action::RowsReady { generation, found: Found::of(&session.snapshot, &session.overlay.view) }
}
