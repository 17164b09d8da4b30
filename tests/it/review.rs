//! The review of a dataset: groups, flags and decisions, through the program's state.

use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{Decision, Flag, SampleId, Verdict};
use lenslet::review::{GroupOrder, ReviewSettings};
use lenslet::state::{Action, Command, Effect, Rescanned, State, Which};
use lenslet::store::JournalOp;

use crate::session::{act, carry_out, reviewed};

fn groups(state: &State) -> Vec<Vec<SampleId>> {
    let judged = &state.session.as_ref().unwrap().review.judged;
    judged.groups.iter().map(<[SampleId]>::to_vec).collect()
}

fn shown(state: &mut State, filter: &str) -> Vec<SampleId> {
    act(state, Action::SearchTyped { text: filter.into(), cursor: filter.len() });
    act(state, Action::SearchEntered);
    let mut rows = state.session.as_ref().unwrap().shown.found.rows.to_vec();
    rows.sort_unstable();
    rows
}

fn verdicts(state: &State, verdict: Verdict) -> Vec<SampleId> {
    let decisions = &state.session.as_ref().unwrap().overlay.decisions;
    let has = |(row, decision): (usize, &Decision)| (decision.verdict == verdict).then_some(row as SampleId);
    decisions.iter().enumerate().filter_map(has).collect()
}

fn settings(state: &State) -> ReviewSettings {
    state.session.as_ref().unwrap().review.settings.clone()
}

#[test]
fn groups_follow_the_threshold_and_queries_find_flags() {
    let mut state = reviewed();
    assert_eq!(groups(&state), [vec![0, 1, 2], vec![3, 4], vec![9, 10]]);
    assert_eq!(shown(&mut state, "flag:duplicate"), [0, 1, 2, 3, 4, 9, 10]);
    assert_eq!(shown(&mut state, "flag:leak"), [3, 4, 9, 10]);
    assert_eq!(shown(&mut state, "flag:label-conflict"), [9, 10]);
    // Seven samples are darker than the threshold.
    assert_eq!(shown(&mut state, "flag:dark").len(), 7);
    for (threshold, expected) in [(0, 1), (4, 1), (5, 2), (9, 3), (14, 4), (99, 4)] {
        let settings = ReviewSettings { threshold: Some(threshold), ..settings(&state) };
        let effects = act(&mut state, Action::ChangeReview(Box::new(settings)));
        assert!(matches!(effects.as_slice(), [Effect::Journal(JournalOp::SetValue(..))]), "{effects:?}");
        assert_eq!(groups(&state).len(), expected, "{threshold}");
    }
}

#[test]
fn a_check_that_would_flag_most_samples_flags_none() {
    let mut state = reviewed();
    let mut changed = settings(&state);
    changed.thresholds[Flag::Dark as usize] = Some(0.9);
    act(&mut state, Action::ChangeReview(Box::new(changed)));
    let raised = state.session.as_ref().unwrap().review.judged.raised[Flag::Dark as usize];
    assert!(!raised.is_raised && raised.under == 18, "{raised:?}");
    assert_eq!(shown(&mut state, "flag:dark").len(), 0);
}

#[test]
fn decisions_are_made_by_rule_and_by_hand_and_taken_back() {
    let mut state = reviewed();
    // Test is protected; the group of two labels is left alone.
    act(&mut state, Action::Run(Command::ApplyRules));
    assert_eq!(verdicts(&state, Verdict::Prune), [0, 1, 3]);
    assert_eq!(state.session.as_ref().unwrap().review.judged.impact.pruned, 3);
    assert_eq!(shown(&mut state, "is:pruned").len(), 3);
    act(&mut state, Action::KeepOnly { sample: 1 });
    assert_eq!((verdicts(&state, Verdict::Prune), verdicts(&state, Verdict::Keep)), (vec![0, 2, 3], vec![1]));
    // By rule again: what was decided by hand stays.
    act(&mut state, Action::Run(Command::ApplyRules));
    assert_eq!(verdicts(&state, Verdict::Keep), [1]);
    // The group, the filter, the rules.
    (0..3).for_each(|_| drop(act(&mut state, Action::Run(Command::Undo))));
    assert_eq!(verdicts(&state, Verdict::Prune).len(), 0);
    act(&mut state, Action::DecideFlagged { flag: Flag::Dark, which: Which::All, verdict: Verdict::Prune });
    assert_eq!(verdicts(&state, Verdict::Prune).len(), 7);
    assert_eq!(state.title_of(Command::Undo), "Undo: Prune 7 samples");
}

#[test]
fn groups_are_walked_through_the_loosest_first() {
    let mut state = reviewed();
    let open = |state: &State| state.session.as_ref().unwrap().review.open;
    let mut walked = Vec::new();
    for _ in 0..4 {
        act(&mut state, Action::Run(Command::NextGroup));
        walked.push(open(&state).unwrap());
    }
    // At the member that would stay: protected, or the widest.
    assert_eq!(walked, [9, 4, 2, 2], "the last stays");
    act(&mut state, Action::Run(Command::PreviousGroup));
    assert_eq!(open(&state), Some(4));
    assert_eq!(state.session.as_ref().unwrap().selection.cursor, Some(4), "the inspector shows it");
    act(&mut state, Action::Run(Command::Prune));
    assert_eq!(verdicts(&state, Verdict::Prune), [4]);
    act(&mut state, Action::Run(Command::Prune));
    assert_eq!(verdicts(&state, Verdict::Prune).len(), 0, "the key takes it back");
}

#[test]
fn groups_are_listed_in_the_order_that_a_person_asks_for() {
    let mut state = reviewed();
    act(&mut state, Action::Decide { samples: vec![9, 10], verdict: Verdict::Keep });
    for (order, expected) in [
        (GroupOrder::Loosest, [9, 3, 0]),
        (GroupOrder::Largest, [0, 9, 3]),
        (GroupOrder::Path, [3, 9, 0]),
        (GroupOrder::Undecided, [3, 0, 9]),
    ] {
        let changed = ReviewSettings { order, ..settings(&state) };
        act(&mut state, Action::ChangeReview(Box::new(changed)));
        let judged = &state.session.as_ref().unwrap().review.judged;
        let firsts: Vec<SampleId> =
            judged.order.iter().map(|at| judged.groups.rows(*at as usize)[0]).collect();
        assert_eq!(firsts, expected, "{order:?}");
        assert_eq!(*judged.decided, [0, 0, 2]);
        assert_eq!(judged.redundant_bytes, 1000 + 1001 + 1003 + 1009);
    }
    act(&mut state, Action::OpenGroupOf { sample: 1 });
    assert_eq!(state.session.as_ref().unwrap().review.open_group(), Some(0));
    act(&mut state, Action::CloseGroup);
    assert_eq!(state.session.as_ref().unwrap().review.open_group(), None);
}

#[test]
fn what_is_gone_after_a_rescan_is_no_copy_that_could_stay() {
    let mut state = reviewed();
    act(&mut state, Action::Run(Command::ApplyRules));
    assert!(!verdicts(&state, Verdict::Prune).is_empty());
    act(&mut state, Action::Run(Command::UndecideAll));
    let session = state.session.as_ref().unwrap();
    let (snapshot, issues) = (session.snapshot.clone(), session.issues.clone());
    let mut dataset = (*snapshot.dataset).clone();
    [0, 3, 9].into_iter().for_each(|row| dataset.gone[row] = true);
    let anew = Snapshot::new(dataset.into(), &issues, snapshot.facts.clone(), snapshot.marks.clone());
    let rescanned = Rescanned {
        snapshot: anew,
        issues,
        changed: Vec::new().into(),
        added: 0,
        removed: 3,
        is_asked: true,
    };
    // Until it is judged anew, flags stay with their samples and the rules wait.
    let effects = state.update(Action::Rescanned(Box::new(rescanned)));
    let flags = |state: &State| state.session.as_ref().unwrap().snapshot.findings.flags(1);
    assert!(flags(&state) & Flag::Duplicate.bit() != 0);
    state.update(Action::Run(Command::ApplyRules));
    assert!(verdicts(&state, Verdict::Prune).is_empty());
    carry_out(&mut state, effects);
    assert_eq!(groups(&state), [[1, 2]]);
    act(&mut state, Action::Run(Command::ApplyRules));
    assert_eq!(verdicts(&state, Verdict::Prune), [1]);
    assert_eq!(state.session.as_ref().unwrap().review.judged.redundant, 1);
}

#[test]
fn what_was_pruned_for_a_flag_is_taken_back_though_it_has_the_flag_no_more() {
    let mut state = reviewed();
    let decide = |verdict| Action::DecideFlagged { flag: Flag::Dark, which: Which::All, verdict };
    act(&mut state, decide(Verdict::Prune));
    assert_eq!(verdicts(&state, Verdict::Prune).len(), 7);
    // Rules leave it as a person said.
    act(&mut state, Action::Run(Command::ApplyRules));
    assert!(verdicts(&state, Verdict::Prune).len() >= 7);
    let mut changed = settings(&state);
    changed.thresholds[Flag::Dark as usize] = Some(0.0);
    act(&mut state, Action::ChangeReview(Box::new(changed)));
    let because = |state: &State| {
        state.session.as_ref().unwrap().review.judged.raised[Flag::Dark as usize].decided.because
    };
    assert_eq!(because(&state), 7);
    act(&mut state, decide(Verdict::Undecided));
    assert_eq!(because(&state), 0);
}
