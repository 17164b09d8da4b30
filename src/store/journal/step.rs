//! Entries written to the database in one transaction.

use rusqlite::{OptionalExtension, Transaction, params};

use super::bounds::{Amount, Limits, size_of_row};
use super::snapshot::put_snapshot;
use super::{Entry, State};
use crate::dataset::edit::Edit;

/// One transaction's work.
pub(super) struct Step<'a> {
    transaction: &'a Transaction<'a>,
    state: &'a mut State,
    limits: Limits,
    /// The kept snapshot has edits in it that are no more.
    snapshot_due: bool,
}

impl<'a> Step<'a> {
    pub(super) fn new(transaction: &'a Transaction<'a>, state: &'a mut State, limits: Limits) -> Self {
        Self { transaction, state, limits, snapshot_due: false }
    }

    pub(super) fn append(&mut self, edit: &Edit, entry: &Entry) -> rusqlite::Result<()> {
        let dropped: Vec<usize> = self
            .transaction
            .prepare_cached("DELETE FROM edit WHERE seq > ?1 RETURNING bytes")?
            .query_map([self.state.done], |row| Ok(size_of_row(row.get(0)?)))?
            .collect::<Result<_, _>>()?;
        dropped.into_iter().for_each(|bytes| self.state.kept.remove(bytes));
        self.snapshot_due |= self.state.snapshot > self.state.done;

        let json = serde_json::to_string(edit)
            .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
        let (seq, bytes) = (self.state.next, edit.bytes());
        self.transaction
            .prepare_cached(
                "INSERT INTO edit (seq, time_ms, person, bytes, edit) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![seq, entry.time_ms, &*entry.person, bytes as i64, json])?;
        // Samples that a scan appended since the journal was opened are there for the edit.
        if let Some(samples) = edit.samples() {
            self.state.overlay.grow(samples.end());
        }
        self.state.overlay.apply(edit);
        self.state.done = seq;
        self.state.next = seq.saturating_add(1);
        self.state.kept.add(bytes);
        self.trim()
    }

    /// Puts the oldest edits beyond the bounds among the old ones, as the history forgets them at
    /// every push; they stay in force, so the snapshot has to have them.
    fn trim(&mut self) -> rusqlite::Result<()> {
        while self.state.kept.exceeds(self.limits.history) {
            let oldest: Option<(i64, i64)> = self
                .transaction
                .prepare_cached("SELECT seq, bytes FROM edit WHERE seq < ?1 ORDER BY seq LIMIT 1")?
                .query_row([self.state.done], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            // The newest edit stays however large it is.
            let Some((seq, bytes)) = oldest else { break };
            self.transaction
                .prepare_cached("INSERT OR REPLACE INTO old_edit SELECT * FROM edit WHERE seq = ?1")?
                .execute([seq])?;
            self.transaction.prepare_cached("DELETE FROM edit WHERE seq = ?1")?.execute([seq])?;
            self.state.kept.remove(size_of_row(bytes));
            self.state.old.add(size_of_row(bytes));
            self.snapshot_due |= seq > self.state.snapshot;
        }
        while self.state.old.exceeds(self.limits.old) {
            let forgotten: Option<i64> = self
                .transaction
                .prepare_cached(
                    "DELETE FROM old_edit WHERE seq = (SELECT min(seq) FROM old_edit) RETURNING bytes",
                )?
                .query_row([], |row| row.get(0))
                .optional()?;
            match forgotten {
                Some(bytes) => self.state.old.remove(size_of_row(bytes)),
                None => self.state.old = Amount::default(),
            }
        }
        Ok(())
    }

    pub(super) fn undo(&mut self) -> rusqlite::Result<()> {
        let Some(edit) = self.edit("SELECT edit FROM edit WHERE seq = ?1", self.state.done)? else {
            tracing::warn!("there is no edit to undo in the journal");
            return Ok(());
        };
        self.state.overlay.apply(&edit.inverse());
        self.state.done = self
            .transaction
            .prepare_cached("SELECT coalesce(max(seq), 0) FROM edit WHERE seq < ?1")?
            .query_row([self.state.done], |row| row.get(0))?;
        Ok(())
    }

    pub(super) fn redo(&mut self) -> rusqlite::Result<()> {
        let select = "SELECT edit FROM edit WHERE seq > ?1 ORDER BY seq LIMIT 1";
        let Some(edit) = self.edit(select, self.state.done)? else {
            tracing::warn!("there is no edit to redo in the journal");
            return Ok(());
        };
        self.state.overlay.apply(&edit);
        self.state.done = self
            .transaction
            .prepare_cached("SELECT min(seq) FROM edit WHERE seq > ?1")?
            .query_row([self.state.done], |row| row.get(0))?;
        Ok(())
    }

    /// The edit that this statement finds, if it is there and whole.
    fn edit(&self, select: &str, seq: i64) -> rusqlite::Result<Option<Edit>> {
        let json: Option<String> =
            self.transaction.prepare_cached(select)?.query_row([seq], |row| row.get(0)).optional()?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Keeps the cursor, and what opening needs to start from.
    pub(super) fn finish(mut self) -> rusqlite::Result<()> {
        let since = self.state.done.saturating_sub(self.state.snapshot);
        self.snapshot_due |= since >= self.limits.snapshot_every;
        if self.snapshot_due {
            put_snapshot(self.transaction, &self.state.overlay)?;
            self.state.snapshot = self.state.done;
        }
        self.transaction
            .prepare_cached(
                "INSERT INTO cursor (id, done, next, snapshot, old_edits, old_bytes)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE
                 SET done = excluded.done, next = excluded.next, snapshot = excluded.snapshot,
                     old_edits = excluded.old_edits, old_bytes = excluded.old_bytes",
            )?
            .execute([
                self.state.done,
                self.state.next,
                self.state.snapshot,
                self.state.old.edits as i64,
                self.state.old.bytes as i64,
            ])?;
        Ok(())
    }
}
