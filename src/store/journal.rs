//! The journal of edits: what a person decided, durable before it is shown as saved, and how to
//! come back to where they were.
//!
//! The database has the effective edits in order, a cursor (`done`, the last edit in force) and a
//! snapshot of the overlay as it was at one of the edits. Opening starts from the snapshot and
//! walks to the cursor: forwards by edits, backwards by their inverses. Appending after an undo
//! drops what was undone; where the snapshot had it, a new snapshot is kept in the same
//! transaction. Edits beyond [`History::CAP`] or [`History::CAP_BYTES`] are in the snapshot; they go
//! to a table of old edits, with who made them and when, which opening does not read. Of those the
//! newest million and 64 MiB are kept, by [`Edit::bytes`].
//!
//! The journal mirrors [`History`]: every push, replacement, undo and redo there is one [`JournalOp`] here,
//! and both forget the same edits.

mod bounds;
mod load;
mod snapshot;
mod step;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use self::bounds::{Amount, LIMITS, Limits};
use self::load::load;
use self::step::Step;
use super::error::StoreError;
use super::project::{Access, Project, put_value};
use crate::dataset::edit::{Edit, History, Overlay};

/// One thing to keep.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalOp {
    /// An effective edit that was just applied and pushed to the history.
    Append(Edit),
    /// The same, where the history has it in place of the last edit, which is part of it.
    Replace {
        /// That edit.
        last: Box<Edit>,
        edit: Edit,
    },
    /// The history stepped back.
    Undo,
    /// The history stepped forward.
    Redo,
    /// A value of the project under a name, see [`Project::set_value`].
    SetValue(String, serde_json::Value),
}

/// A [`JournalOp`] with who did it and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub op: JournalOp,
    /// Milliseconds since the Unix epoch.
    pub time_ms: i64,
    pub person: Arc<str>,
}

/// The journal of a project, on a connection of its own.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    path: PathBuf,
    access: Access,
    state: State,
    limits: Limits,
}

/// A journal and what it told when it was opened.
#[derive(Debug)]
pub struct OpenedJournal {
    pub journal: Journal,
    pub overlay: Overlay,
    pub history: History,
    /// How many entries were damaged and are left out.
    pub damaged: usize,
}

/// Where the journal stands: what the database says once a transaction is through.
#[derive(Clone, Debug)]
struct State {
    /// As it is with every edit up to `done` in force.
    overlay: Overlay,
    /// Number of the last edit in force; 0 when none is.
    done: i64,
    /// Number of the next edit; numbers are never used twice.
    next: i64,
    /// The edit up to which the kept snapshot goes.
    snapshot: i64,
    /// The edits that can be undone or done again.
    kept: Amount,
    /// The edits before those.
    old: Amount,
}

impl Journal {
    /// Opens the journal of a project whose dataset has `samples` rows.
    pub fn open(project: &Project, samples: usize) -> Result<OpenedJournal, StoreError> {
        Self::on(project.connect()?, project.path(), project.access().clone(), samples, LIMITS)
    }

    fn on(
        connection: Connection,
        path: &Path,
        access: Access,
        samples: usize,
        limits: Limits,
    ) -> Result<OpenedJournal, StoreError> {
        let (state, history, damaged) =
            load(&connection, samples, limits).map_err(|cause| StoreError::database(path, cause))?;
        let overlay = state.overlay.clone();
        let journal = Self { connection, path: path.to_owned(), access, state, limits };
        Ok(OpenedJournal { journal, overlay, history, damaged })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error in a window that may not write.
    pub(super) fn check_writable(&self) -> Result<(), StoreError> {
        self.access.check_writable(&self.path)
    }

    /// Keeps these entries, all or none; they are on the disk when this returns.
    pub fn commit(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.check_writable()?;
        let before = self.state.clone();
        let done = self.try_commit(entries);
        if done.is_err() {
            self.state = before;
        }
        done.map_err(|cause| StoreError::database(&self.path, cause))
    }

    fn try_commit(&mut self, entries: &[Entry]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut step = Step::new(&transaction, &mut self.state, self.limits);
        for entry in entries {
            match &entry.op {
                JournalOp::Append(edit) => step.append(edit, entry)?,
                JournalOp::Replace { edit, .. } => {
                    step.undo()?;
                    step.append(edit, entry)?;
                }
                JournalOp::Undo => step.undo()?,
                JournalOp::Redo => step.redo()?,
                JournalOp::SetValue(key, value) => put_value(&transaction, key, value)?,
            }
        }
        step.finish()?;
        transaction.commit()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::edit::{Decisions, Direction, Mark, SampleSet, View};
    use crate::dataset::labelling::{Classes, LabelChanges};
    use crate::dataset::{Answer, Decision, SampleId, Verdict};
    use crate::store::database;

    const SAMPLES: usize = 40;

    /// A person with a journal: the overlay and history in memory, and a database.
    struct Person {
        journal: Journal,
        overlay: Overlay,
        history: History,
    }

    fn limits(edits: usize, bytes: usize, snapshot_every: i64) -> Limits {
        Limits { history: Amount { edits, bytes }, snapshot_every, ..LIMITS }
    }

    impl Person {
        fn new(limits: Limits) -> Self {
            let mut connection = Connection::open_in_memory().unwrap();
            database::migrate(&mut connection, database::MIGRATIONS).unwrap();
            let opened =
                Journal::on(connection, Path::new("project.db"), Access::ReadWrite, SAMPLES, limits).unwrap();
            Self { journal: opened.journal, overlay: opened.overlay, history: History::default() }
        }

        fn act(&mut self, act: &Act) -> Option<JournalOp> {
            let op = match act {
                Act::Replace(edit) => {
                    let last = self.history.next_undo()?.clone();
                    let mut before = self.overlay.clone();
                    before.apply(&last.inverse());
                    let edit = before.effective(edit.clone())?;
                    before.apply(&edit);
                    self.overlay = before;
                    self.history.undo();
                    let Amount { edits, bytes } = self.journal.limits.history;
                    self.history.push_within(edit.clone(), edits, bytes);
                    JournalOp::Replace { last: last.into(), edit }
                }
                Act::Edit(edit) => {
                    let edit = self.overlay.effective(edit.clone())?;
                    self.overlay.apply(&edit);
                    let Amount { edits, bytes } = self.journal.limits.history;
                    self.history.push_within(edit.clone(), edits, bytes);
                    JournalOp::Append(edit)
                }
                Act::Undo => {
                    self.overlay.apply(&self.history.undo()?);
                    JournalOp::Undo
                }
                Act::Redo => {
                    self.overlay.apply(&self.history.redo()?);
                    JournalOp::Redo
                }
            };
            Some(op)
        }

        fn do_and_keep(&mut self, acts: &[Act]) {
            let ops: Vec<JournalOp> = acts.iter().filter_map(|act| self.act(act)).collect();
            self.journal.commit(&entries(ops)).unwrap();
        }

        fn number(&self, query: &str) -> i64 {
            self.journal.connection.query_row(query, [], |row| row.get(0)).unwrap()
        }

        /// What a program finds that opens the database now.
        fn reopened(&self) -> (State, History, usize) {
            load(&self.journal.connection, SAMPLES, self.journal.limits).unwrap()
        }
    }

    #[derive(Clone, Debug)]
    enum Act {
        Edit(Edit),
        Replace(Edit),
        Undo,
        Redo,
    }

    fn entries(ops: impl IntoIterator<Item = JournalOp>) -> Vec<Entry> {
        ops.into_iter().map(|op| Entry { op, time_ms: 7, person: "someone".into() }).collect()
    }

    fn mark(rows: &[SampleId], on: bool) -> Edit {
        Edit::Mark { samples: SampleSet::from_rows(rows.iter().copied()), mark: Mark::Star, on }
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let view = (0..4u8, any::<bool>()).prop_map(|(filter, down)| View {
            filter: format!("label:{filter}"),
            sort: "path".into(),
            direction: if down { Direction::Descending } else { Direction::Ascending },
        });
        let samples = prop::collection::vec(0..SAMPLES as SampleId, 0..6).prop_map(SampleSet::from_rows);
        let edit = prop_oneof![
            (samples, any::<bool>(), any::<bool>()).prop_map(|(samples, star, on)| {
                let mark = if star { Mark::Star } else { Mark::Reviewed };
                Edit::Mark { samples, mark, on }
            }),
            prop::collection::vec((0..SAMPLES as SampleId, 0..3u32, any::<bool>()), 0..6).prop_map(|each| {
                let decision = |other: u32, on: bool| Decision {
                    other: (other > 0).then_some(other),
                    ..Decision::by_hand(if on { Verdict::Prune } else { Verdict::Keep })
                };
                let each = each.into_iter().map(|(row, other, on)| (row, decision(other, on)));
                Edit::Decide { decisions: Decisions::of_each(each) }
            }),
            (prop::collection::vec(0..SAMPLES as SampleId, 0..6), prop::option::of("[ab]")).prop_map(
                |(rows, label)| {
                    let to = label.map(|label| Answer { labels: vec![label], ..Answer::default() });
                    let each = rows.into_iter().map(|row| (row, to.clone()));
                    Edit::Label { changes: LabelChanges::of_each(each) }
                }
            ),
            (0..SAMPLES as SampleId, "[ab]?", any::<bool>()).prop_map(|(sample, text, on)| {
                let note = Edit::Note { sample, from: String::new(), to: text };
                let tag = Edit::Tag { samples: SampleSet::from_rows([sample]), tag: "t".into(), on };
                Edit::Several { edits: vec![note, tag], what: "Both".into() }
            }),
            "[ab]".prop_map(|name| {
                let mut to = Classes::default();
                to.entry_mut("a").name = Some(name);
                Edit::SetClasses { from: Classes::default(), to, what: "Rename".into() }
            }),
            view.clone().prop_map(|to| Edit::SetView { from: View::default(), to }),
            (0..3u8, prop::option::of(view))
                .prop_map(|(name, to)| { Edit::SaveView { name: name.to_string(), from: None, to } }),
        ];
        let act = prop_oneof![
            3 => edit.clone().prop_map(Act::Edit),
            1 => edit.prop_map(Act::Replace),
            2 => Just(Act::Undo),
            1 => Just(Act::Redo)
        ];
        prop::collection::vec(act, 0..80)
    }

    proptest! {
        #[test]
        fn what_is_reopened_is_what_was_left(
            acts in acts(), batch in 1..5usize, edits in 3..30usize, bytes in 0..300usize, snapshot_every in 1..20i64
        ) {
            let mut person = Person::new(limits(edits, bytes, snapshot_every));
            for acts in acts.chunks(batch) {
                person.do_and_keep(acts);
                let (state, history, damaged) = person.reopened();
                prop_assert_eq!(damaged, 0);
                prop_assert_eq!(&state.overlay, &person.overlay);
                prop_assert_eq!(&person.journal.state.overlay, &person.overlay);
                prop_assert_eq!(history, person.history.clone());
                prop_assert_eq!(state.kept, person.journal.state.kept);
            }
        }
    }

    #[test]
    fn a_journal_keeps_as_many_edits_as_the_history() {
        let rows: Vec<Vec<SampleId>> = (0..12).map(|row| vec![row]).collect();
        // Every other one of 20 rows is 10 runs, of 8 bytes each.
        let many: Vec<Vec<SampleId>> =
            (0..12).map(|at| (0..20).map(|row| row * 2 - row % 2 + at % 2).collect()).collect();
        for (limits, edits, kept) in [
            (limits(5, 1000, 100), &rows, 5),
            (limits(100, 32, 100), &rows, 4),
            (limits(100, 0, 100), &rows, 1),
            (limits(100, 1, 3), &many, 1),
        ] {
            let mut person = Person::new(limits);
            for rows in edits {
                person.do_and_keep(&[Act::Edit(mark(rows, true))]);
            }
            let (state, mut history, _) = person.reopened();
            assert_eq!(state.overlay, person.overlay);
            assert_eq!(history, person.history);
            assert_eq!(std::iter::from_fn(|| history.undo()).count(), kept);
            assert_eq!(person.number("SELECT count(*) FROM edit"), kept as i64);
        }
    }

    #[test]
    fn edits_too_old_to_be_undone_keep_who_made_them_up_to_a_bound() {
        let mut person =
            Person::new(Limits { old: Amount { edits: 4, bytes: 1000 }, ..limits(2, 1000, 100) });
        for row in 0..5 {
            person.do_and_keep(&[Act::Edit(mark(&[row], true))]);
        }
        let old =
            "SELECT group_concat(seq || ' ' || time_ms || ' ' || person || ' ' || edit, '; ') FROM old_edit";
        let text: String = person.journal.connection.query_row(old, [], |row| row.get(0)).unwrap();
        let expected = [1, 2, 3].map(|seq| {
            let edit = serde_json::to_string(&mark(&[seq - 1], true)).unwrap();
            format!("{seq} 7 someone {edit}")
        });
        assert_eq!(text, expected.join("; "));
        for row in 5..12 {
            person.do_and_keep(&[Act::Edit(mark(&[row], true))]);
            assert_eq!(person.reopened().0.old, person.journal.state.old);
        }
        assert_eq!(person.number("SELECT count(*) FROM old_edit"), 4);
        assert_eq!(person.number("SELECT max(seq) FROM old_edit"), 10);
        person.journal.limits.old.bytes = 16;
        person.do_and_keep(&[Act::Edit(mark(&[12], true))]);
        assert_eq!(person.number("SELECT count(*) FROM old_edit"), 2);
    }

    #[test]
    fn a_journal_from_before_there_was_a_bound_opens_with_what_is_within_it() {
        let mut person = Person::new(limits(100, 1000, 3));
        for row in 0..20 {
            person.do_and_keep(&[Act::Edit(mark(&[row], true))]);
        }
        // What is not read cannot be found damaged either.
        person.journal.connection.execute("UPDATE edit SET edit = '{' WHERE seq < 15", []).unwrap();
        person.journal.limits.history.bytes = 5 * 8;
        let (state, mut history, damaged) = person.reopened();
        assert_eq!((damaged, &state.overlay), (0, &person.overlay));
        assert_eq!(std::iter::from_fn(|| history.undo()).count(), 5);
        person.journal.state = state;
        person.do_and_keep(&[Act::Edit(mark(&[30], true))]);
        assert_eq!(person.number("SELECT count(*) FROM edit"), 5);
        assert_eq!(person.reopened().0.overlay, person.overlay);
    }

    #[test]
    fn edits_that_can_no_longer_be_undone_stay_when_all_others_are_undone() {
        for snapshot_every in [1, 3, 100] {
            let mut person = Person::new(limits(2, 1000, snapshot_every));
            for row in 0..3 {
                let op = person.act(&Act::Edit(mark(&[row], true))).unwrap();
                person.journal.commit(&entries([op])).unwrap();
            }
            let acts = [Act::Edit(mark(&[9], true)), Act::Undo, Act::Undo];
            let ops: Vec<JournalOp> = acts.iter().map(|act| person.act(act).unwrap()).collect();
            person.journal.commit(&entries(ops)).unwrap();
            assert_eq!(person.overlay.marks[..4], [1, 1, 0, 0]);
            assert_eq!(person.reopened().0.overlay, person.overlay, "{snapshot_every}");
        }
    }

    #[test]
    fn a_failed_transaction_leaves_the_journal_where_it_was() {
        let mut person = Person::new(LIMITS);
        let op = person.act(&Act::Edit(mark(&[1], true))).unwrap();
        person.journal.commit(&entries([op])).unwrap();
        person.journal.connection.execute_batch("PRAGMA query_only = ON").unwrap();
        let before = person.overlay.clone();
        let op = person.act(&Act::Edit(mark(&[2], true))).unwrap();
        assert!(person.journal.commit(&entries([op.clone()])).is_err());
        assert_eq!(person.journal.state.overlay, before);
        person.journal.connection.execute_batch("PRAGMA query_only = OFF").unwrap();
        person.journal.commit(&entries([op])).unwrap();
        assert_eq!(person.reopened().0.overlay, person.overlay);
    }

    #[test]
    fn a_damaged_edit_ends_history_and_nothing_else() {
        let mut person = Person::new(LIMITS);
        for row in 0..6 {
            let op = person.act(&Act::Edit(mark(&[row], true))).unwrap();
            person.journal.commit(&entries([op])).unwrap();
        }
        for damage in [
            "{",
            r#"{"mark":{"samples":[[0,4294967295],[5,1]],"mark":"star","on":true}}"#,
            r#"{"mark":{"samples":[[4294967295,4294967295]],"mark":"star","on":true}}"#,
            r#"{"mark":{"samples":[[3,0]],"mark":"star","on":true}}"#,
        ] {
            person.journal.connection.execute("UPDATE edit SET edit = ?1 WHERE seq = 3", [damage]).unwrap();
            let (state, mut history, damaged) = person.reopened();
            assert_eq!(damaged, 1, "{damage}");
            assert_eq!(&state.overlay.marks[..7], [1, 1, 0, 1, 1, 1, 0], "{damage}");
            assert_eq!(std::iter::from_fn(|| history.undo()).count(), 3, "{damage}");
        }
    }
}
