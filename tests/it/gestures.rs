//! What gestures and results do to the state, without a window: the cursor, the selection, the
//! history and the place in a list.

use lenslet::dataset::edit::{Mark, View};
use lenslet::dataset::query::{Click, Pick, Snapshot};
use lenslet::dataset::{Dataset, DatasetBuilder, Facts, Issue, Layout, NewSample, SampleId};
use lenslet::state::{Action, Command, Effect, Level, Opened, Rescanned, SelectMode, Session, State};
use lenslet::store::{Access, JournalOp, Settings};

use crate::session;

/// Samples `000.png`, `001.png` and so on, of the classes a and b in turn.
fn dataset(samples: usize, classes: &[&str]) -> Dataset {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..samples {
        let path = format!("{at:03}.png");
        let label = [classes[at % classes.len()]];
        builder.push(NewSample { path: &path, labels: &label, ..Default::default() });
    }
    builder.finish().0
}

struct Person {
    state: State,
    /// What the journal was given.
    journal: Vec<JournalOp>,
}

impl Person {
    fn with(samples: usize) -> Self {
        Self::of(
            dataset(samples, &["a", "b"]),
            Access::ReadWrite,
            View { sort: "path".into(), ..View::default() },
        )
    }

    fn of(dataset: Dataset, access: Access, view: View) -> Self {
        let facts = Facts::new(dataset.len());
        let opened = session::opened(dataset, Vec::new(), facts, access, view);
        let mut person = Self { state: State::new(Settings::default()), journal: Vec::new() };
        person.act(Action::Opened(Box::new(opened)));
        person
    }

    /// Does something; questions for rows are answered at once.
    fn act(&mut self, action: Action) {
        for effect in session::act(&mut self.state, action) {
            if let Effect::Journal(op) = effect {
                self.journal.push(op);
            }
        }
    }

    fn run(&mut self, command: Command) {
        self.act(Action::Run(command));
    }

    fn filter(&mut self, text: &str) {
        self.act(Action::SearchTyped { text: text.into(), cursor: text.len() });
        self.act(Action::SearchEntered);
    }

    fn session(&self) -> &Session {
        self.state.session.as_ref().expect("it is open")
    }

    fn cursor(&self) -> Option<SampleId> {
        self.session().selection.cursor
    }

    fn selected(&self) -> Vec<SampleId> {
        self.session().selection.iter().collect()
    }

    fn reviewed(&self) -> usize {
        let marks = &self.session().overlay.marks;
        marks.iter().filter(|marks| **marks & Mark::Reviewed.bit() != 0).count()
    }

    fn said(&self) -> (Level, &str) {
        let notice = self.state.notices.last().expect("something was said");
        (notice.level, &notice.text)
    }
}

#[test]
fn what_is_marked_away_from_a_view_is_followed_by_the_next() {
    let mut person = Person::with(40);
    person.filter("-is:reviewed");
    person.act(Action::GoToRow { position: 20 });
    for expected in [21, 22, 23] {
        person.run(Command::ToggleReviewed);
        person.run(Command::NextSample);
        assert_eq!(person.cursor(), Some(expected));
    }
    person.run(Command::ToggleReviewed);
    person.run(Command::PreviousSample);
    assert_eq!(person.cursor(), Some(19), "the one before what was there");
    // At the end of the view there is no next: the last one stays.
    person.act(Action::MoveCursorTo { end: true, extend: false });
    person.run(Command::ToggleReviewed);
    person.run(Command::NextSample);
    assert_eq!(person.cursor(), Some(38));
}

#[test]
fn a_new_filter_opens_at_its_cursor_or_its_start() {
    let mut person = Person::with(900);
    person.act(Action::GridLaidOut { columns: 2, viewport: 400.0 });
    person.act(Action::TableLaidOut { viewport: 200.0 });
    person.act(Action::GridScrolled { position: 30_000.0 });
    person.act(Action::TableScrolled { position: 9_000.0 });
    person.filter("label:b");
    assert_eq!((person.session().grid.position, person.session().table.position), (0.0, 0.0));
    person.act(Action::GoToRow { position: 400 });
    let (grid, cursor) = (person.session().grid.position, person.cursor());
    assert!(grid > 0.0 && cursor == Some(801));
    person.filter("");
    assert_eq!(person.cursor(), cursor);
    assert!(person.session().grid.position > grid, "it goes where its sample stands now");
    // What is measured meanwhile moves nothing.
    person.act(Action::GridScrolled { position: 77.0 });
    person.act(Action::Measured { facts: vec![(1, Default::default())], issues: Vec::new() });
    person.act(Action::Refresh);
    assert_eq!(person.session().grid.position, 77.0);
}

#[test]
fn a_filter_that_cannot_be_read_finds_nothing() {
    let view = View { filter: "score>3".into(), sort: "path".into(), ..View::default() };
    let person = Person::of(dataset(9, &["a"]), Access::ReadWrite, view);
    assert!(person.session().shown.found.rows.is_empty());
    assert!(person.session().shown.found.error.is_some() && person.session().search.error.is_some());

    // A rescan can take away what a filter names.
    let mut person = Person::with(9);
    person.filter("label:b");
    assert_eq!(person.session().shown.found.rows.len(), 4);
    let fresh = dataset(9, &["a"]);
    let known = person.session().snapshot.clone();
    let snapshot = Snapshot::new(fresh.into(), &[], known.facts, known.marks);
    let rescanned = Rescanned {
        snapshot,
        issues: Vec::<Issue>::new().into(),
        changed: Vec::new().into(),
        added: 0,
        removed: 0,
        is_asked: true,
    };
    person.act(Action::Rescanned(Box::new(rescanned)));
    assert_eq!(person.session().shown.found.rows.len(), 0, "there is no such class any more");
}

#[test]
fn a_half_typed_filter_outlives_what_does_not_concern_it() {
    let mut person = Person::with(6);
    person.act(Action::Click { position: 1, mode: SelectMode::Replace });
    person.run(Command::ToggleStar);
    person.act(Action::SearchTyped { text: "lab".into(), cursor: 3 });
    person.act(Action::SetSort { column: "label".into(), direction: Default::default() });
    assert_eq!(person.session().search.text, "lab");
    let offered = person.session().search.completions.len();
    assert!(offered > 0);
    person.run(Command::Undo);
    assert_eq!(person.session().search.text, "", "the order was undone, and with it the view");
    assert!(person.session().search.completions.is_empty());
    person.act(Action::CompletionChosen { at: 0 });
    assert_eq!(person.session().search.text, "");
    person.act(Action::SearchTyped { text: "lab".into(), cursor: 3 });
    person.run(Command::Undo);
    assert_eq!(person.session().search.text, "lab", "a star was undone");
    // A completed field goes on to its values.
    person.act(Action::CompletionChosen { at: 0 });
    assert_eq!(person.session().search.text, "label:");
    assert!(person.session().search.completions.iter().any(|offer| offer.insert == "a"));
    person.act(Action::Picked { pick: Pick::Class("a".into()), click: Click::Only });
    assert_eq!(person.session().search.text, "label:a");
}

#[test]
fn undo_leads_to_what_changed_and_leaves_the_selection() {
    let mut person = Person::with(20);
    person.act(Action::SetMarkOf { sample: 7, mark: Mark::Star, on: true });
    person.run(Command::SelectAll);
    person.run(Command::Undo);
    assert_eq!((person.selected().len(), person.cursor()), (20, Some(7)));
    person.filter("label:a");
    person.run(Command::Undo);
    person.run(Command::Redo);
    person.act(Action::SetMarkOf { sample: 7, mark: Mark::Star, on: true });
    person.run(Command::Undo);
    assert!(person.said().1.ends_with("(not among the samples shown)"), "{}", person.said().1);
}

#[test]
fn what_the_journal_refuses_is_taken_back() {
    let mut person = Person::with(10);
    person.act(Action::Click { position: 2, mode: SelectMode::Replace });
    person.run(Command::ToggleReviewed);
    person.act(Action::Click { position: 3, mode: SelectMode::Replace });
    person.run(Command::ToggleReviewed);
    let refuse = |person: &mut Person, is_final| {
        let op = person.journal.pop().expect("it was given to the journal");
        person.act(Action::Refused { op, why: "The disk is full.".into(), is_final });
    };
    refuse(&mut person, false);
    assert_eq!(person.reviewed(), 1, "the edit is taken back");
    assert_eq!(person.said(), (Level::Error, "That could not be kept and was taken back: The disk is full."));
    assert!(!person.state.can_run(Command::Redo), "and cannot be carried out again");
    person.run(Command::Undo);
    refuse(&mut person, false);
    assert_eq!(person.reviewed(), 1, "the undo is taken back");
    person.run(Command::Undo);
    person.run(Command::Redo);
    refuse(&mut person, true);
    assert_eq!(person.reviewed(), 0, "the redo is taken back");
    person.run(Command::ToggleReviewed);
    assert_eq!(person.reviewed(), 0, "nothing can be decided any more");
    assert_eq!(person.said().0, Level::Warning);
}

#[test]
fn a_read_only_window_filters_and_undoes_its_filters() {
    let access = Access::ReadOnly { reason: "it is a test".into() };
    let view = View { sort: "path".into(), ..View::default() };
    let mut person = Person::of(dataset(10, &["a", "b"]), access, view);
    person.filter("label:a");
    person.filter("label:b");
    person.run(Command::SelectAll);
    person.run(Command::ToggleStar);
    assert_eq!(person.said().0, Level::Warning);
    assert!(person.state.can_run(Command::Undo));
    person.run(Command::Undo);
    assert_eq!(person.session().search.text, "label:a");
    person.run(Command::Redo);
    assert_eq!(person.session().search.text, "label:b");
    assert_eq!(person.journal, [], "nothing of it goes to the disk");
}

#[test]
fn an_answer_for_another_dataset_is_dropped() {
    let mut person = Person::with(10);
    let late = session::answer(&person.state, person.session().shown.asked);
    let mut other = Person::with(3);
    std::mem::swap(&mut person.state.session, &mut other.state.session);
    let Session { snapshot, overlay, project, .. } = person.session();
    let opened = Opened::new(snapshot.clone(), Vec::new(), overlay.clone(), project.clone());
    // Asked and not answered yet: an answer to the dataset before has another number.
    let effects = person.state.update(Action::Opened(Box::new(opened)));
    assert!(matches!(effects[..], [Effect::FindRows { .. }]));
    person.act(late);
    assert!(person.session().shown.found.rows.is_empty());
}

#[test]
fn what_is_gone_is_no_longer_selected() {
    let mut person = Person::with(10);
    person.run(Command::SelectAll);
    person.act(Action::Click { position: 9, mode: SelectMode::Toggle });
    person.act(Action::Click { position: 9, mode: SelectMode::Toggle });
    let known = person.session().snapshot.clone();
    let mut gone = (*known.dataset).clone();
    gone.gone[9] = true;
    let rescanned = Rescanned {
        snapshot: Snapshot::new(gone.into(), &[], known.facts, known.marks),
        issues: Vec::<Issue>::new().into(),
        changed: Vec::new().into(),
        added: 0,
        removed: 1,
        is_asked: false,
    };
    person.act(Action::Rescanned(Box::new(rescanned)));
    assert_eq!(person.selected(), (0..9).collect::<Vec<_>>());
    assert_eq!(person.cursor(), Some(0), "the first is there to be inspected");
    assert_eq!(person.said().1, "Since the last scan: 0 new, 1 gone, 0 changed.");
}
