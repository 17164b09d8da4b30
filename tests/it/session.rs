//! A dataset that is open in the program's state, without a window, threads or a project on disk.

use std::sync::Arc;

use lenslet::analysis::evidence::By;
use lenslet::analysis::groups::Forest;
use lenslet::analysis::hamming::Pair;
use lenslet::analysis::neighbours::Neighbours;
use lenslet::analysis::whiten;
use lenslet::dataset::edit::{Overlay, View};
use lenslet::dataset::query::{Found, Snapshot};
use lenslet::dataset::{Dataset, DatasetBuilder, Fact, Facts, Issue, Layout, NewSample, Origin, SampleId};
use lenslet::review::{Alike, Analysed, Method, Near, ReviewSettings, judge};
use lenslet::state::{Action, Effect, Opened, ProjectFace, State};
use lenslet::store::{Access, Settings};
use lenslet::ui::{FullPicture, Pictures, Thumb};

/// Pictures that never come.
pub struct NoPictures;

impl Pictures for NoPictures {
    fn thumbnail(&mut self, _: SampleId, _: u32) -> Option<Thumb> {
        None
    }

    fn full(&mut self, _: SampleId) -> FullPicture {
        FullPicture::Loading
    }

    fn prefetch_full(&mut self, _: &[SampleId]) {}
}

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
    let effects = state.update(action);
    carry_out(state, effects)
}

/// Answers the questions among effects; gives the others.
pub fn carry_out(state: &mut State, asked: Vec<Effect>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for effect in asked {
        match effect {
            Effect::FindRows { generation } => {
                let answer = answer(state, generation);
                effects.extend(act(state, answer));
            }
            Effect::Judge { generation } => {
                let session = state.session.as_ref().expect("a dataset is open");
                let analysed = session.review.analysed.clone().expect("it was analysed");
                let judged = judge(&session.snapshot, &analysed, &session.review.settings).into();
                effects.extend(act(state, Action::Judged { generation, judged }));
            }
            effect => effects.push(effect),
        }
    }
    effects
}

/// Twenty samples of two classes in two splits, measured: the first ten of one size and more.
pub fn twenty() -> Opened {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    let mut facts = Facts::new(20);
    for at in 0..20u32 {
        let (label, split) = (["cat", "dog"][at as usize / 10], ["train", "test"][at as usize % 5 / 4]);
        let path = format!("{split}/{label}/{at:02}.jpg");
        builder.push(NewSample {
            path: &path,
            labels: &[label],
            split: Some(split),
            bytes: 1000 + u64::from(at),
            ..Default::default()
        });
        let (width, height) = (100 + at % 10, 80);
        facts.set(at, &Fact { measured: true, width, height, sharpness: 0.01, ..Fact::UNMEASURED });
    }
    let view = View { sort: "path".to_owned(), ..View::default() };
    opened(builder.finish().0, Vec::new(), facts, Access::ReadWrite, view)
}

/// What an analysis might say of [`twenty`]: the groups 0, 1, 2 (all train cats, close), 3 and 4 (train
/// and test), 9 and 10 (cat and dog, loose), scores that rise with the row, and neighbours one row on.
pub fn analysed() -> Analysed {
    let pair = |a, b, distance| Pair { a, b, distance };
    let pairs =
        vec![pair(0, 1, 0), pair(0, 2, 4), pair(1, 2, 6), pair(3, 4, 5), pair(9, 10, 9), pair(15, 16, 14)];
    let alike = Alike {
        method: Method::Phash,
        forest: Forest::new(20, &pairs),
        by: vec![By::default(); pairs.len()],
        pairs,
        radius: 16,
        ..Alike::default()
    };
    let mut analysed = Analysed { looked_at: 20, alike: alike.into(), ..Analysed::default() };
    for (at, column) in analysed.scores.iter_mut().enumerate() {
        let score = |row: usize| (row as f32 / 20.0 + at as f32 / 50.0).min(1.0);
        *column = Some(Arc::new((0..20).map(score).collect()));
    }
    let neighbours = Neighbours {
        each: 1,
        place_of: (0..20).collect(),
        first: (0..20).collect(),
        copies: vec![1; 20],
        rows: (1..20).chain([0]).collect(),
        distances: vec![(whiten::SCALE * whiten::SCALE / 4.0) as u32; 20],
    };
    analysed.near = Near { neighbours }.into();
    analysed.suggested = Arc::new((0..20).map(|row| u32::from(row < 2)).collect());
    analysed
}

/// [`twenty`], open and analysed.
pub fn reviewed() -> State {
    let mut state = State::new(Settings::default());
    act(&mut state, Action::Opened(Box::new(twenty())));
    act(
        &mut state,
        Action::ChangeReview(Box::new(ReviewSettings { method: Method::Phash, ..Default::default() })),
    );
    act(&mut state, Action::Analysed(analysed().into()));
    state
}

/// What the search for the rows of the view answers.
pub fn answer(state: &State, generation: u64) -> Action {
    let session = state.session.as_ref().expect("a dataset is open");
    Action::RowsReady { generation, found: Found::of(&session.snapshot, &session.view()) }
}
