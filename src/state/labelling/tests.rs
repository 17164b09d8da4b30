//! What a person's steps and pages do to the labels, and which sample comes next.

use std::path::{Path, PathBuf};

use super::*;
use crate::analysis::fewshot::{Features, Graph};
use crate::dataset::edit::{Mark, Overlay, View};
use crate::dataset::query::{Found, Snapshot};
use crate::dataset::{DatasetBuilder, Facts, Layout, NewSample, Verdict};
use crate::pipeline::learning::Ground;
use crate::state::{Action, Command, Opened, ProjectFace, State};
use crate::store::{Access, Settings};

/// A cat, a dog and six samples without a label, with the panel on screen.
fn desk(look: LabelLook) -> State {
    desk_of(look, Access::ReadWrite)
}

fn desk_of(look: LabelLook, access: Access) -> State {
    let mut state = opened(access, None);
    gesture(&mut state, LabelGesture::Look(Some(look)));
    state
}

/// The same without the panel, with the place where a person was before.
fn opened(access: Access, place: Option<serde_json::Value>) -> State {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..8 {
        let path = format!("{at:02}.png");
        let labels: &[&str] = [&["cat"][..], &["dog"]].get(at).copied().unwrap_or_default();
        builder.push(NewSample { path: &path, labels, ..Default::default() });
    }
    let dataset = builder.finish().0;
    let view = View { sort: "path".to_owned(), ..View::default() };
    let overlay = Overlay { view, ..Overlay::new(dataset.len()) };
    let facts = Facts::new(dataset.len());
    let snapshot = Snapshot::new(dataset.into(), &[], facts, overlay.marks.clone());
    let opened = Opened::new(snapshot, Vec::new(), overlay, ProjectFace::new("/p".into(), access));
    let opened = Opened { place, ..opened };
    let mut state = State::new(Settings { person: "Ada".to_owned(), ..Settings::default() });
    act(&mut state, Action::Opened(Box::new(opened)));
    state
}

/// Carries an action out, and answers what is asked for.
fn act(state: &mut State, action: Action) {
    for effect in state.update(action) {
        let session = session(state);
        let answer = match effect {
            Effect::FindRows { generation } => {
                Action::RowsReady { generation, found: Found::of(&session.snapshot, &session.view()) }
            }
            Effect::FindQueue { kind, generation } => {
                let (rows, ordered) = session.queue_wish(kind).find(picked(session).as_deref());
                Action::QueueReady { generation, rows: rows.into(), ordered, by_chance: Vec::new() }
            }
            _ => continue,
        };
        act(state, answer);
    }
}

/// What a model picks: the samples of which it can tell least first; nothing before it proposes anything.
fn picked(session: &Session) -> Option<Vec<SampleId>> {
    let proposals = session.labeller.proposals.as_ref()?;
    let mut picked: Vec<SampleId> = (0..8).filter(|sample| proposals.of(*sample).is_some()).collect();
    let margin = |sample: SampleId| proposals.margins[sample as usize];
    picked.sort_by(|one, two| margin(*one).total_cmp(&margin(*two)));
    Some(picked)
}

fn gesture(state: &mut State, gesture: LabelGesture) {
    act(state, Action::Label(Box::new(gesture)));
}

fn step(state: &mut State, step: Step) {
    gesture(state, LabelGesture::Step(step));
}

fn page(state: &mut State, step: PageStep) {
    gesture(state, LabelGesture::Page(step));
}

fn give(class: &str) -> Step {
    Step::Give(class.to_owned())
}

fn session(state: &State) -> &Session {
    state.session.as_ref().expect("it is open")
}

fn walk(state: &State) -> &Walk {
    &session(state).labeller.walk
}

fn hand(state: &State) -> Option<SampleId> {
    walk(state).queue.at_hand()
}

fn labels(state: &State, sample: SampleId) -> Vec<String> {
    session(state).identities_of(sample)
}

/// Number of samples that are answered, left, and left without an answer.
fn tally(state: &State) -> (usize, usize, usize) {
    let queue = &walk(state).queue;
    (queue.done(), queue.left(), queue.skipped())
}

/// Proposals for the six samples without a label: classes by number, with how sure.
fn propose(state: &mut State, each: [(u32, f32); 6]) {
    let session = state.session.as_mut().expect("it is open");
    let proposals = Proposals {
        identities: Arc::new(vec!["cat".to_owned(), "dog".to_owned()]),
        classes: [Proposals::NONE; 2].into_iter().chain(each.map(|(class, _)| class)).collect(),
        confidences: [0.0; 2].into_iter().chain(each.map(|(_, sure)| sure)).collect(),
        margins: [0.0; 2].into_iter().chain(each.map(|(_, sure)| 2.0 * sure - 1.0)).collect(),
        answers: 10,
        ..Proposals::default()
    };
    session.labeller.proposals = Some(proposals.into());
    act(state, Action::Refresh);
}

const PROPOSED: [(u32, f32); 6] = [(0, 0.9), (1, 0.6), (0, 0.99), (0, 0.7), (Proposals::NONE, 0.0), (1, 0.8)];

#[test]
fn each_step_does_what_it_says_and_brings_the_next_sample() {
    let mut state = desk(LabelLook::OneByOne);
    assert_eq!(
        (walk(&state).queue.kind(), hand(&state), tally(&state)),
        (QueueKind::Unlabelled, Some(2), (0, 6, 0))
    );
    for (one, expected, counts) in [
        (give("cat"), Some(3), (1, 5, 0)),
        (Step::Skip, Some(4), (1, 4, 1)),
        (Step::Back, Some(3), (1, 4, 1)),
        (give("dog"), Some(4), (2, 4, 0)),
        (Step::Mark(Mark::Unsure), Some(5), (2, 3, 1)),
        (Step::Decide(Verdict::Prune), Some(6), (2, 2, 2)),
        (Step::NoClass, Some(7), (3, 1, 2)),
        (Step::Mark(Mark::Star), Some(7), (3, 1, 2)),
        (Step::Accept, Some(7), (3, 1, 2)),
        (Step::Skip, None, (3, 0, 3)),
        (Step::Skip, None, (3, 0, 3)),
        (Step::Back, Some(7), (3, 0, 3)),
    ] {
        let text = format!("{one:?}");
        step(&mut state, one);
        assert_eq!((hand(&state), tally(&state)), (expected, counts), "{text}");
    }
    let said = |sample: SampleId| session(&state).snapshot.labelling.answer(sample);
    assert_eq!((labels(&state, 2), labels(&state, 3)), (vec!["cat".to_owned()], vec!["dog".to_owned()]));
    assert!(said(6).is_some_and(|said| said.labels().count() == 0 && said.origin == LabelOrigin::ByHand));
    assert!(said(4).is_none() && said(5).is_none());
    let overlay = &session(&state).overlay;
    assert_eq!((overlay.marks[4], overlay.marks[7]), (Mark::Unsure.bit(), Mark::Star.bit()));
    assert_eq!(overlay.decisions[5].verdict, Verdict::Prune);
    assert!(state.notices.is_empty(), "what was done is told in the panel: {:?}", state.notices);

    // Once more through those without an answer, but for the one that goes.
    step(&mut state, Step::BeginAgain);
    assert_eq!((hand(&state), tally(&state)), (Some(4), (3, 2, 0)));
    // An answer settles that it was not certain.
    step(&mut state, give("dog"));
    assert_eq!(session(&state).overlay.marks[4], 0);
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!((session(&state).overlay.marks[4], labels(&state, 4).len()), (Mark::Unsure.bit(), 0));
}

#[test]
fn undo_brings_the_sample_back_that_was_undone() {
    let mut state = desk(LabelLook::OneByOne);
    step(&mut state, give("cat"));
    step(&mut state, give("dog"));
    for (command, expected, labelled, done) in [
        (Command::Undo, 3, [1, 0], 1),
        (Command::Undo, 2, [0, 0], 0),
        (Command::Redo, 2, [1, 0], 1),
        (Command::Redo, 3, [1, 1], 2),
    ] {
        act(&mut state, Action::Run(command));
        assert_eq!((hand(&state), tally(&state).0), (Some(expected), done), "{command:?}");
        assert_eq!(session(&state).selection.cursor, Some(expected));
        assert_eq!([labels(&state, 2).len(), labels(&state, 3).len()], labelled);
    }
    // From there the way leads back to where it had come.
    step(&mut state, Step::Skip);
    assert_eq!(hand(&state), Some(4));
    // A sample that was labelled elsewhere comes to hand too, and the way goes on after it.
    let samples = SampleSet::from_rows([7]);
    let (classes, origin) = (vec!["cat".to_owned()], LabelOrigin::ByHand);
    gesture(&mut state, LabelGesture::Give { samples, classes, how: How::Only, origin });
    assert_eq!((hand(&state), tally(&state)), (Some(4), (3, 3, 0)));
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!((hand(&state), tally(&state)), (Some(7), (2, 4, 0)));
    step(&mut state, Step::Skip);
    assert_eq!(hand(&state), Some(4));
}

#[test]
fn with_several_classes_keys_toggle_and_enter_goes_on() {
    let mut state = desk(LabelLook::OneByOne);
    gesture(&mut state, LabelGesture::Several(true));
    for (one, expected, has) in [
        (give("dog"), 2, vec!["dog"]),
        (give("cat"), 2, vec!["cat", "dog"]),
        (give("dog"), 2, vec!["cat"]),
        (Step::NewClass("owl".to_owned()), 2, vec!["cat", "owl"]),
        (Step::Accept, 3, vec!["cat", "owl"]),
    ] {
        step(&mut state, one);
        let mut now = labels(&state, 2);
        now.sort();
        assert_eq!((hand(&state), now), (Some(expected), has.into_iter().map(str::to_owned).collect()));
    }
    assert_eq!(tally(&state).0, 1, "a sample is counted once");
}

#[test]
fn a_class_is_made_by_its_name() {
    let mut state = desk(LabelLook::OneByOne);
    step(&mut state, Step::NewClass(" owl ".to_owned()));
    assert_eq!((hand(&state), labels(&state, 2)), (Some(3), vec!["owl".to_owned()]));
    assert_eq!(session(&state).snapshot.labels().classes, ["cat", "dog", "owl"]);
    step(&mut state, Step::NewClass("cat".to_owned()));
    assert_eq!((hand(&state), labels(&state, 3)), (Some(4), vec!["cat".to_owned()]));
    step(&mut state, Step::NewClass("  ".to_owned()));
    assert_eq!((hand(&state), state.notices.last().map(|one| one.level)), (Some(4), Some(Level::Warning)));
    act(&mut state, Action::Run(Command::Undo));
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!((hand(&state), session(&state).snapshot.labels().classes.len()), (Some(2), 2));
}

#[test]
fn what_cannot_be_kept_goes_nowhere() {
    let mut state = desk_of(LabelLook::OneByOne, Access::ReadOnly { reason: "it is a test".to_owned() });
    for one in [give("cat"), Step::NoClass, Step::Mark(Mark::Unsure), Step::NewClass("owl".to_owned())] {
        step(&mut state, one);
        assert_eq!((hand(&state), tally(&state).0), (Some(2), 0));
        assert_eq!(state.notices.last().map(|one| one.level), Some(Level::Warning));
    }
    step(&mut state, Step::Skip);
    assert_eq!(hand(&state), Some(3), "looking is free");
}

#[test]
fn queues_come_in_their_order() {
    let mut state = desk(LabelLook::OneByOne);
    let order = |state: &State| walk(state).queue.rows().to_vec();
    for kind in QueueKind::ALL.into_iter().filter(|kind| kind.needs_model()) {
        step(&mut state, Step::Choose(kind));
        let mut rows = order(&state);
        assert_eq!(walk(&state).queue.ordered(), Ordered::ByChance, "{kind:?}");
        rows.sort_unstable();
        assert_eq!(rows, [2, 3, 4, 5, 6, 7]);
    }
    gesture(
        &mut state,
        LabelGesture::Tag { samples: SampleSet::from_rows([1, 5]), tag: DISPUTED.to_owned(), on: true },
    );
    act(&mut state, Action::SetMarkOf { sample: 6, mark: Mark::Unsure, on: true });
    propose(&mut state, PROPOSED);
    for (kind, expected) in [
        (QueueKind::Shown, vec![0, 1, 2, 3, 4, 5, 6, 7]),
        (QueueKind::Unlabelled, vec![2, 3, 4, 5, 6, 7]),
        (QueueKind::Unsure, vec![6]),
        (QueueKind::Disputed, vec![1, 5]),
        (QueueKind::LikelyWrong, vec![]),
    ] {
        step(&mut state, Step::Choose(kind));
        assert_eq!((order(&state), walk(&state).queue.ordered()), (expected, Ordered::AsAsked), "{kind:?}");
    }
    // What a model picks comes first, where it is still without a label, and all others after it.
    for kind in QueueKind::ALL.into_iter().filter(|kind| kind.needs_model()) {
        let (rows, ordered) = session(&state).queue_wish(kind).find(Some(&[6, 0, 3, 6]));
        assert_eq!((&rows[..2], rows.len(), ordered), (&[6, 3][..], 6, Ordered::AsAsked), "{kind:?}");
    }
}

#[test]
fn labels_that_are_doubted_come_surest_first() {
    let mut state = desk(LabelLook::OneByOne);
    let session_mut = state.session.as_mut().expect("it is open");
    let proposals = Proposals {
        identities: Arc::new(vec!["cat".to_owned(), "dog".to_owned()]),
        classes: vec![1, 0, 0, 0, 0, 0, 0, 0],
        confidences: vec![0.8, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        margins: vec![0.5; 8],
        answers: 10,
        ..Proposals::default()
    };
    session_mut.labeller.proposals = Some(proposals.into());
    step(&mut state, Step::Choose(QueueKind::LikelyWrong));
    assert_eq!(walk(&state).queue.rows()[..], [1, 0]);
    // Enter takes the model's word; one that was answered is in doubt no more.
    step(&mut state, Step::Accept);
    assert_eq!((labels(&state, 1), hand(&state)), (vec!["cat".to_owned()], Some(0)));
    assert_eq!(session(&state).snapshot.labelling.origin(1), LabelOrigin::Confirmed);
    step(&mut state, Step::Choose(QueueKind::LikelyWrong));
    assert_eq!(walk(&state).queue.rows()[..], [0]);
}

#[test]
fn newer_proposals_change_what_comes_and_not_what_is_at_hand() {
    let mut state = desk(LabelLook::OneByOne);
    propose(&mut state, PROPOSED);
    step(&mut state, Step::Choose(QueueKind::Uncertain));
    assert_eq!(hand(&state), Some(3));
    step(&mut state, Step::Skip);
    assert_eq!(hand(&state), Some(5));
    let mut newer = PROPOSED;
    newer[0].1 = 0.55;
    propose(&mut state, newer);
    assert_eq!((hand(&state), walk(&state).queue.rows()[0]), (Some(5), 2));
    for expected in [Some(2), Some(7), Some(4), Some(6), None] {
        step(&mut state, Step::Skip);
        assert_eq!(hand(&state), expected, "what was passed does not come again");
    }
    // An answer to an older question is dropped.
    let rows = walk(&state).queue.rows().clone();
    let before = rows.len();
    act(
        &mut state,
        Action::QueueReady {
            generation: 1,
            rows: Arc::default(),
            ordered: Ordered::ByChance,
            by_chance: Vec::new(),
        },
    );
    assert_eq!(walk(&state).queue.rows().len(), before);
}

#[test]
fn the_samples_shown_are_gone_through_from_the_cursor_and_follow_the_filter() {
    let mut state = desk(LabelLook::OneByOne);
    act(&mut state, Action::GoToRow { position: 5 });
    step(&mut state, Step::Choose(QueueKind::Shown));
    assert_eq!((hand(&state), tally(&state)), (Some(5), (0, 8, 0)));
    for expected in [6, 7, 0, 1] {
        step(&mut state, Step::Skip);
        assert_eq!(hand(&state), Some(expected));
    }
    let filter = "label:dog".to_owned();
    act(&mut state, Action::ShowView(View { filter, sort: "path".to_owned(), ..View::default() }));
    assert_eq!((hand(&state), tally(&state)), (Some(1), (0, 1, 0)));
    step(&mut state, give("cat"));
    assert_eq!((hand(&state), tally(&state)), (None, (1, 0, 0)));
}

fn cells(state: &State) -> Vec<SampleId> {
    session(state).labeller.pages.cells().iter().map(|cell| cell.sample).collect()
}

#[test]
fn a_page_is_one_edit_and_comes_back_whole() {
    let mut state = desk(LabelLook::Pages);
    assert!(cells(&state).is_empty());
    propose(&mut state, PROPOSED);
    let pages = |state: &State| session(state).labeller.pages.clone();
    assert_eq!(
        (cells(&state), pages(&state).class().map(str::to_owned)),
        (vec![4, 2, 5], Some("cat".to_owned()))
    );
    let (count, wrong) = pages(&state).expected();
    assert!(count == 3 && (wrong - 0.41).abs() < 1e-5, "{wrong}");
    page(&mut state, PageStep::Toggle(2));
    page(&mut state, PageStep::Move(1));
    page(&mut state, PageStep::Other("dog".to_owned()));
    let edits = |state: &State| session(state).history.clone();
    let before = edits(&state);
    page(&mut state, PageStep::Confirm);
    assert_eq!((labels(&state, 4), labels(&state, 5)), (vec!["cat".to_owned()], vec!["dog".to_owned()]));
    assert!(labels(&state, 2).is_empty());
    let origin = |sample| session(&state).snapshot.labelling.origin(sample);
    assert_eq!((origin(4), origin(5)), (LabelOrigin::Confirmed, LabelOrigin::ByHand));
    // The next page is there: of cats none is left, since what was refused is not proposed again.
    assert_eq!(cells(&state), [7, 3]);
    assert_eq!(session(&state).proposal_of(2), None);
    assert_eq!(walk(&state).queue.done(), 2);

    act(&mut state, Action::Run(Command::Undo));
    let verdicts: Vec<CellVerdict> = pages(&state).cells().iter().map(|cell| cell.verdict.clone()).collect();
    assert_eq!(cells(&state), [4, 2, 5]);
    assert_eq!(verdicts, [CellVerdict::Right, CellVerdict::Wrong, CellVerdict::Other("dog".to_owned())]);
    assert!(session(&state).proposal_of(2).is_some());
    act(&mut state, Action::Run(Command::Redo));
    assert_eq!(cells(&state), [7, 3]);
    assert_eq!(session(&state).proposal_of(2), None);
    page(&mut state, PageStep::Back);
    assert_eq!(cells(&state), [4, 2, 5]);
    assert_eq!(edits(&state).next_undo(), before.next_undo(), "one step of the history");
}

#[test]
fn what_is_marked_on_a_page_is_not_confirmed_when_it_does_not_fit_any_more() {
    let mut state = desk(LabelLook::Pages);
    page(&mut state, PageStep::Fits(3));
    propose(&mut state, PROPOSED);
    assert_eq!(cells(&state), [4, 2, 5]);
    page(&mut state, PageStep::Toggle(5));
    page(&mut state, PageStep::Fits(1));
    assert_eq!(cells(&state), [4, 5], "the mark is kept");
    page(&mut state, PageStep::Above(0.0));
    page(&mut state, PageStep::ConfirmAbove);
    assert_eq!([2, 4, 5].map(|sample| labels(&state, sample).len()), [1, 1, 0]);
}

#[test]
fn a_page_comes_back_with_its_own_edit_alone() {
    let mut state = desk(LabelLook::Pages);
    page(&mut state, PageStep::Fits(1));
    propose(&mut state, PROPOSED);
    page(&mut state, PageStep::Confirm);
    assert_eq!((labels(&state, 4), cells(&state)), (vec!["cat".to_owned()], vec![2]));
    let relabel = |state: &mut State| {
        let (samples, classes) = (SampleSet::from_rows([4]), vec!["dog".to_owned()]);
        gesture(state, LabelGesture::Give { samples, classes, how: How::Only, origin: LabelOrigin::ByHand });
    };
    relabel(&mut state);
    page(&mut state, PageStep::Back);
    assert_eq!(labels(&state, 4), ["dog"], "the last edit is not the page's");
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!((labels(&state, 4), cells(&state)), (vec!["cat".to_owned()], vec![2]));
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!(cells(&state), [4]);
    // Another edit: the page that was undone is not done again.
    relabel(&mut state);
    act(&mut state, Action::Run(Command::Undo));
    act(&mut state, Action::Run(Command::Redo));
    assert_eq!(labels(&state, 4), ["dog"]);
    page(&mut state, PageStep::Back);
    assert_eq!(labels(&state, 4), ["dog"], "no page was confirmed");
}

#[test]
fn a_page_of_which_all_is_wrong_changes_nothing_and_comes_back() {
    let mut state = desk(LabelLook::Pages);
    page(&mut state, PageStep::Choose(PageClass::Of("dog".to_owned())));
    propose(&mut state, PROPOSED);
    assert_eq!(cells(&state), [7, 3]);
    page(&mut state, PageStep::Toggle(7));
    page(&mut state, PageStep::Toggle(3));
    page(&mut state, PageStep::Confirm);
    assert!(cells(&state).is_empty() && session(&state).history.next_undo().is_none());
    page(&mut state, PageStep::Back);
    assert_eq!(cells(&state), [7, 3]);
    // Right after all.
    page(&mut state, PageStep::Toggle(7));
    page(&mut state, PageStep::Toggle(3));
    page(&mut state, PageStep::Confirm);
    assert_eq!((labels(&state, 7).len(), labels(&state, 3).len()), (1, 1));
}

#[test]
fn all_from_a_confidence_on_are_confirmed_at_a_stroke() {
    let mut state = desk(LabelLook::Pages);
    page(&mut state, PageStep::Fits(2));
    propose(&mut state, PROPOSED);
    assert_eq!((cells(&state), session(&state).labeller.pages.ahead()), (vec![4, 2], &[5][..]));
    let beyond = |state: &State| session(state).labeller.pages.beyond();
    for (above, expected, wrong) in [(0.95, 1, 0.01), (0.9, 2, 0.11), (0.7, 3, 0.41), (1.0, 0, 0.0)] {
        page(&mut state, PageStep::Above(above));
        let (count, doubt) = beyond(&state);
        assert!(count == expected && (doubt - wrong).abs() < 1e-5, "{above}: {count}, {doubt}");
    }
    page(&mut state, PageStep::Above(0.7));
    page(&mut state, PageStep::Toggle(2));
    assert_eq!(beyond(&state).0, 2);
    page(&mut state, PageStep::ConfirmAbove);
    assert_eq!([2, 4, 5].map(|sample| labels(&state, sample).len()), [0, 1, 1]);
    // It is a turned page: what was marked is not on the next one, and comes back as it was marked.
    assert_eq!((cells(&state), session(&state).proposal_of(2)), (vec![7, 3], None));
    let verdicts = |state: &State| -> Vec<CellVerdict> {
        session(state).labeller.pages.cells().iter().map(|cell| cell.verdict.clone()).collect()
    };
    page(&mut state, PageStep::Back);
    assert_eq!((cells(&state), verdicts(&state)), (vec![4, 2], vec![CellVerdict::Right, CellVerdict::Wrong]));
    assert_eq!([2, 4, 5].map(|sample| labels(&state, sample).len()), [0, 0, 0]);
    // So is one of another class, which it is given with the rest, and one that is done again.
    page(&mut state, PageStep::Toggle(2));
    page(&mut state, PageStep::Other("dog".to_owned()));
    page(&mut state, PageStep::ConfirmAbove);
    let marked = vec![CellVerdict::Right, CellVerdict::Other("dog".to_owned())];
    for _ in 0..2 {
        assert_eq!([2, 4, 5].map(|sample| labels(&state, sample).concat()), ["dog", "cat", "cat"]);
        let origin = |sample| session(&state).snapshot.labelling.origin(sample);
        assert_eq!((origin(2), origin(5)), (LabelOrigin::ByHand, LabelOrigin::Confirmed));
        assert_eq!(cells(&state), [7, 3]);
        act(&mut state, Action::Run(Command::Undo));
        assert_eq!((cells(&state), verdicts(&state)), (vec![4, 2], marked.clone()));
        act(&mut state, Action::Run(Command::Redo));
    }
    // What was only marked is refused again as well when it is done again.
    act(&mut state, Action::Run(Command::Undo));
    page(&mut state, PageStep::Toggle(2));
    page(&mut state, PageStep::Toggle(2));
    page(&mut state, PageStep::ConfirmAbove);
    act(&mut state, Action::Run(Command::Undo));
    act(&mut state, Action::Run(Command::Redo));
    assert_eq!((cells(&state), session(&state).proposal_of(2)), (vec![7, 3], None));
    act(&mut state, Action::Run(Command::Undo));
    // A larger page keeps what was marked.
    assert_eq!(cells(&state), [4, 2]);
    page(&mut state, PageStep::Toggle(2));
    page(&mut state, PageStep::Toggle(4));
    page(&mut state, PageStep::Fits(9));
    let wrong =
        session(&state).labeller.pages.cells().iter().filter(|cell| cell.verdict == CellVerdict::Wrong);
    assert_eq!((cells(&state), wrong.count()), (vec![4, 2, 5], 1));
}

#[test]
fn a_page_that_is_looked_at_stays_while_the_model_learns() {
    let mut state = desk(LabelLook::Pages);
    propose(&mut state, PROPOSED);
    page(&mut state, PageStep::Toggle(2));
    let mut newer = PROPOSED;
    newer[3].1 = 0.999;
    propose(&mut state, newer);
    assert_eq!(cells(&state), [4, 2, 5]);
    // One that was labelled elsewhere meanwhile is no longer on it.
    let samples = SampleSet::from_rows([4]);
    let (classes, origin) = (vec!["dog".to_owned()], LabelOrigin::ByHand);
    gesture(&mut state, LabelGesture::Give { samples, classes, how: How::Only, origin });
    assert_eq!(cells(&state), [2, 5]);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(96))]

    /// Whatever a person does: what is counted as done is what is answered, and all of it can be undone.
    #[test]
    fn any_steps_are_counted_and_can_be_undone(steps in proptest::collection::vec(0u8..13, 0..40)) {
        let mut state = desk(LabelLook::OneByOne);
        propose(&mut state, PROPOSED);
        for one in steps {
            match one {
                0 => step(&mut state, give("cat")),
                1 => step(&mut state, give("dog")),
                2 => step(&mut state, Step::NoClass),
                3 => step(&mut state, Step::Accept),
                4 => step(&mut state, Step::Skip),
                5 => step(&mut state, Step::Back),
                6 => step(&mut state, Step::Mark(Mark::Unsure)),
                7 => step(&mut state, Step::Decide(Verdict::Prune)),
                8 => step(&mut state, Step::NewClass("owl".to_owned())),
                9 => step(&mut state, Step::BeginAgain),
                10 => act(&mut state, Action::Run(Command::Undo)),
                11 => act(&mut state, Action::Run(Command::Redo)),
                _ => {
                    let several = session(&state).labeller.several;
                    gesture(&mut state, LabelGesture::Several(!several));
                }
            }
            let session = session(&state);
            let answered = (0..8).filter(|sample| session.snapshot.labelling.answer(*sample).is_some()).count();
            let (done, left, skipped) = tally(&state);
            proptest::prop_assert_eq!(done, answered);
            proptest::prop_assert!(left <= 6 && skipped <= 6);
            let queue = &walk(&state).queue;
            if let (Some(hand), false) = (queue.at_hand(), queue.is_back()) {
                proptest::prop_assert!(!queue.passed().contains(hand as usize));
            }
        }
        while session(&state).history.next_undo().is_some() {
            act(&mut state, Action::Run(Command::Undo));
        }
        let overlay = &session(&state).overlay;
        proptest::prop_assert_eq!(&*overlay.labelling, &crate::dataset::Labelling::new(8));
        proptest::prop_assert!(overlay.marks.iter().all(|marks| *marks == 0));
        proptest::prop_assert_eq!(tally(&state).0, 0);
    }
}

#[test]
fn spread_labels_are_one_step_and_leave_what_was_said() {
    let mut state = desk(LabelLook::OneByOne);
    step(&mut state, give("dog"));
    let generation = match state.update(Action::Run(Command::SpreadLabels))[..] {
        [Effect::SpreadLabels { generation }] => generation,
        ref others => panic!("{others:?}"),
    };
    let spread = |generation: u64, rows: &[(SampleId, &str)]| {
        let found = rows.iter().map(|(sample, class)| (*sample, (*class).to_owned())).collect();
        Action::LabelsSpread { generation, found: Ok(found) }
    };
    // Of sample 2 something was said since, 0 has a label, and there is no such class as the last one's.
    act(&mut state, spread(generation - 1, &[(6, "cat")]));
    assert!(session(&state).snapshot.labels().get(6).is_empty(), "that was another dataset's");
    act(&mut state, spread(generation, &[(0, "dog"), (2, "cat"), (3, "cat"), (4, "cat"), (5, "emu")]));
    let said = |state: &State, sample: SampleId| {
        session(state).snapshot.labelling.answer(sample).map(|said| said.origin)
    };
    let origins = |state: &State| [0, 2, 3, 4, 5].map(|sample| said(state, sample));
    let (hand, spread_to) = (Some(LabelOrigin::ByHand), Some(LabelOrigin::Propagated));
    assert_eq!(origins(&state), [None, hand, spread_to, spread_to, None]);
    assert_eq!(labels(&state, 3), ["cat"]);
    act(&mut state, Action::Run(Command::Undo));
    assert_eq!(origins(&state), [None, hand, None, None, None]);
    let notices = state.notices.len();
    act(&mut state, Action::LabelsSpread { generation, found: Err(lesson::NoModel::NotAnalysed) });
    assert_eq!((origins(&state), state.notices.len()), ([None, hand, None, None, None], notices + 1));
}

#[test]
fn the_model_is_asked_once_for_each_change_of_labels_and_older_answers_do_not_take_back_newer_ones() {
    let mut state = desk(LabelLook::OneByOne);
    let lesson = |state: &State| session(state).labeller.lesson.clone();
    assert_eq!(lesson(&state).why, Some(lesson::NoModel::NotAnalysed));
    let asked = |effects: Vec<Effect>| -> Vec<u64> {
        let asked = effects.into_iter().filter_map(|effect| match effect {
            Effect::Learn { generation } => Some(generation),
            _ => None,
        });
        asked.collect()
    };
    let analysed = crate::review::Analysed::default();
    let first = asked(state.update(Action::Analysed(analysed.into())));
    assert_eq!(first.len(), 1);
    assert!(!lesson(&state).is_answered());
    assert_eq!(asked(state.update(Action::Refresh)), [0; 0]);
    let next = asked(state.update(Action::Label(Box::new(LabelGesture::Step(give("cat"))))));
    assert_eq!(next, [first[0] + 1]);
    let learned = |answers: usize| Ok(Arc::new(Proposals { answers, ..Proposals::default() }));
    let seen = |state: &State| session(state).labeller.proposals.as_ref().map(|one| one.answers);
    act(&mut state, Action::Learned { generation: first[0], found: learned(10) });
    assert_eq!((seen(&state), lesson(&state).is_answered()), (Some(10), false));
    act(&mut state, Action::Learned { generation: next[0], found: learned(11) });
    assert_eq!((seen(&state), lesson(&state).is_answered()), (Some(11), true));
    act(&mut state, Action::Learned { generation: first[0], found: learned(10) });
    assert_eq!(seen(&state), Some(11));
    act(&mut state, Action::Learned { generation: next[0] + 1, found: Err(lesson::NoModel::TooFewAnswers) });
    assert_eq!(seen(&state), Some(11), "nobody asked for that");
}

#[test]
fn notices_name_classes_as_they_are_called_now() {
    let mut state = desk(LabelLook::OneByOne);
    let mut to = Classes::default();
    to.entry_mut("cat").name = Some("lion".to_owned());
    gesture(&mut state, LabelGesture::Classes { to: Box::new(to), what: "Rename a class".to_owned() });
    let (samples, classes) = (SampleSet::from_rows([5]), vec!["cat".to_owned()]);
    gesture(&mut state, LabelGesture::Give { samples, classes, how: How::Only, origin: LabelOrigin::ByHand });
    let told = || state.notices.last().map(|one| one.text.clone());
    assert_eq!(told().as_deref(), Some("Label 1 sample “lion”. Ctrl+Z takes it back."));
}

#[test]
fn every_edit_that_decides_judges_again() {
    let mut state = desk(LabelLook::OneByOne);
    act(&mut state, Action::Analysed(crate::review::Analysed::default().into()));
    let session = state.session.as_mut().expect("it is open");
    let decide = |sample: SampleId| Edit::Decide {
        decisions: crate::dataset::edit::Decisions::of_each([(
            sample,
            crate::dataset::Decision::by_hand(Verdict::Prune),
        )]),
    };
    let star = |sample: SampleId| {
        let samples = SampleSet::from_rows([sample]);
        Edit::Mark { samples, mark: Mark::Star, on: true }
    };
    let several = |edits: Vec<Edit>| Edit::Several { edits, what: "Several".to_owned() };
    for (edit, judges) in [
        (decide(1), true),
        (several(vec![star(2), decide(2)]), true),
        (several(vec![several(vec![decide(3)])]), true),
        (several(vec![star(4)]), false),
    ] {
        let name = format!("{edit:?}");
        let (effects, _) = session.edit(edit);
        let is_judged = effects.iter().any(|effect| matches!(effect, Effect::Judge { .. }));
        assert_eq!(is_judged, judges, "{name}");
    }
}

#[test]
fn the_queue_that_was_chosen_is_there_when_the_project_is_opened_again() {
    let mut state = desk(LabelLook::OneByOne);
    assert_eq!(session(&state).place()["queue"], serde_json::Value::Null, "nobody chose one yet");
    let mut chosen = Vec::new();
    for kind in QueueKind::ALL {
        gesture(&mut state, LabelGesture::Step(Step::Choose(kind)));
        chosen.push((session(&state).place(), kind));
    }
    for (queue, kind) in [
        (serde_json::json!("of-another-version"), QueueKind::Unlabelled),
        (serde_json::json!(7), QueueKind::Unlabelled),
        (serde_json::Value::Null, QueueKind::Unlabelled),
    ] {
        let mut place = chosen[0].0.clone();
        place["queue"] = queue;
        chosen.push((place, kind));
    }
    for (place, kind) in chosen {
        let mut again = opened(Access::ReadWrite, Some(place.clone()));
        gesture(&mut again, LabelGesture::Look(Some(LabelLook::OneByOne)));
        assert_eq!(session(&again).labeller.walk.queue.kind(), kind, "{place}");
    }
}

#[test]
fn what_the_model_sees_by_is_asked_for_once_and_falls_back_where_it_cannot_be_had() {
    let see_by = |run: Option<&str>| Action::Label(Box::new(LabelGesture::SeeBy(run.map(PathBuf::from))));
    let sight = |state: &State| session(state).labeller.lesson.sight.clone();
    let asked = |effects: &[Effect]| -> Vec<(u64, PathBuf)> {
        let asked = effects.iter().filter_map(|effect| match effect {
            Effect::Describe { generation, run } => Some((*generation, run.clone())),
            _ => None,
        });
        asked.collect()
    };
    let learns = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Learn { .. }));
    let ground = || Ok(Arc::new(Ground { features: Features::default(), graph: Graph::default() }));

    let mut state = desk(LabelLook::OneByOne);
    let first = asked(&state.update(see_by(Some("/a"))));
    let [(generation, run)] = &first[..] else { panic!("{first:?}") };
    assert_eq!((run.to_str(), sight(&state).is_answered()), (Some("/a"), false));
    assert_eq!(asked(&state.update(Action::Refresh)), []);
    assert_eq!(asked(&state.update(see_by(Some("/b")))), [(generation + 1, "/b".into())]);
    let effects = state.update(Action::Described { generation: *generation, found: ground() });
    assert!(!learns(&effects) && sight(&state).ground().is_none(), "it is another model's");
    let effects = state.update(Action::Described { generation: generation + 1, found: ground() });
    assert!(learns(&effects) && sight(&state).ground().is_some(), "no analysis is needed");

    // The choice is kept, and counts when the panel comes on screen.
    let place = session(&state).place();
    let mut again = opened(Access::ReadWrite, Some(place));
    assert_eq!(sight(&again).chosen().and_then(Path::to_str), Some("/b"));
    assert!(sight(&again).is_answered());
    let look = LabelGesture::Look(Some(LabelLook::OneByOne));
    assert_eq!(asked(&again.update(Action::Label(Box::new(look)))).len(), 1);
    let effects = again.update(see_by(None));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::EndDescribing)));
    assert!(sight(&again).is_answered() && sight(&again).chosen().is_none());

    // Samples changed, and the model is not there any more.
    let measured = Action::Measured { facts: Vec::new(), issues: Vec::new() };
    assert_eq!(asked(&state.update(measured)), [(generation + 2, "/b".into())]);
    assert!(sight(&state).ground().is_some(), "until then nothing changes");
    let notices = state.notices.len();
    let found = Err((Level::Warning, "There is no checkpoint here: /b.".to_owned()));
    state.update(Action::Described { generation: generation + 2, found });
    assert_eq!((sight(&state).chosen(), state.notices.len()), (None, notices + 1));
    assert!(sight(&state).ground().is_none() && sight(&state).is_answered());
    assert_eq!(session(&state).labeller.lesson.why, Some(lesson::NoModel::NotAnalysed));
    assert_eq!(session(&state).place()["sees_by"], serde_json::Value::Null);
}

/// Boxes of the class cat, by their left sides.
fn cats(lefts: &[f32]) -> Vec<NamedBox> {
    let one =
        |left: &f32| NamedBox { class: "cat".into(), rect: [*left, 0.0, 2.0, 2.0], ..NamedBox::default() };
    lefts.iter().map(one).collect()
}

fn draw(state: &mut State, sample: SampleId, lefts: &[f32], now_ms: i64) {
    state.now_ms = now_ms;
    let (boxes, what) = (Some(cats(lefts)), "Draw a box".to_owned());
    gesture(state, LabelGesture::Boxes { sample, boxes, what });
}

/// Moves the first box of a sample by keys.
fn nudge(state: &mut State, sample: SampleId, lefts: &[f32], now_ms: i64) {
    state.now_ms = now_ms;
    gesture(state, BoxGesture::Select { sample, places: [0].into() }.into());
    let (boxes, what) = (cats(lefts), "Move a box".to_owned());
    gesture(state, BoxGesture::Nudge { sample, boxes, what }.into());
}

/// Who gave each box of a sample, and when.
fn given(state: &State, sample: SampleId) -> Vec<(&str, i64)> {
    let boxes = session(state).overlay.labelling.boxes(sample).unwrap_or_default().iter();
    boxes.map(|one| (one.by.as_str(), one.time_ms)).collect()
}

#[test]
fn boxes_keep_who_gave_them_until_they_are_changed() {
    let mut state = opened(Access::ReadWrite, None);
    let steps: [&[(&str, i64)]; 4] =
        [&[], &[("Ada", 5)], &[("Ada", 5), ("Bob", 9)], &[("Bob", 30), ("Bob", 9)]];
    draw(&mut state, 0, &[0.0], 5);
    assert_eq!(given(&state, 0), steps[1]);
    state.settings.person = "Bob".to_owned();
    draw(&mut state, 0, &[0.0, 4.0], 9);
    assert_eq!(given(&state, 0), steps[2]);
    draw(&mut state, 0, &[0.0, 4.0], 20);
    assert_eq!(given(&state, 0), steps[2], "nothing was changed");
    nudge(&mut state, 0, &[1.0, 4.0], 30);
    assert_eq!(given(&state, 0), steps[3]);
    nudge(&mut state, 0, &[0.0, 4.0], 40);
    assert_eq!(given(&state, 0), steps[2], "it lies where Ada put it");

    for before in steps.into_iter().rev() {
        act(&mut state, Action::Run(Command::Undo));
        assert_eq!(given(&state, 0), before);
    }
    assert_eq!(session(&state).history.next_undo(), None);
    act(&mut state, Action::Run(Command::Redo));
    assert_eq!(given(&state, 0), steps[1]);
    state.now_ms = 50;
    let (class, name, samples) = ("cat".to_owned(), "tiger".to_owned(), SampleSet::from_rows([0]));
    gesture(&mut state, LabelGesture::Split { class, name, samples });
    assert_eq!(given(&state, 0), [("Bob", 50)], "it is of another class now");
}

#[test]
fn a_box_that_comes_to_where_another_sample_had_one_is_new() {
    let mut state = opened(Access::ReadWrite, None);
    draw(&mut state, 0, &[0.0], 5);
    draw(&mut state, 1, &[1.0], 6);
    state.settings.person = "Bob".to_owned();
    nudge(&mut state, 0, &[2.0], 30);
    nudge(&mut state, 1, &[0.0], 40);
    assert_eq!(given(&state, 1), [("Bob", 40)]);
}
