//! The way back to where a person was: from the snapshot to the cursor.

use rusqlite::{Connection, OptionalExtension};

use super::State;
use super::bounds::{Amount, Limits, size_of_row};
use super::snapshot::snapshot;
use crate::dataset::edit::{Edit, History, Overlay};

/// Where the journal stands, the history, and how many entries were damaged.
pub(super) fn load(
    connection: &Connection,
    samples: usize,
    limits: Limits,
) -> rusqlite::Result<(State, History, usize)> {
    // One state of the database, whatever another window writes meanwhile.
    let connection = &connection.unchecked_transaction()?;
    let cursor: Option<(i64, i64, i64, Amount)> = connection
        .query_row("SELECT done, next, snapshot, old_edits, old_bytes FROM cursor WHERE id = 1", [], |row| {
            let old = Amount { edits: size_of_row(row.get(3)?), bytes: size_of_row(row.get(4)?) };
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, old))
        })
        .optional()?;
    let (done, next, kept_snapshot, old) = cursor.unwrap_or((0, 1, 0, Amount::default()));

    let (mut overlay, mut from, mut damaged) = (Overlay::new(samples), 0, 0);
    match snapshot(connection, samples)? {
        Some(Ok(kept)) => (overlay, from) = (kept, kept_snapshot),
        // The edits that are still there are better than nothing.
        Some(Err(damage)) => {
            tracing::warn!("the snapshot of edits: {damage}");
            damaged += 1;
        }
        None => {}
    }

    // Sizes first: of the edits themselves only those are read that history or overlay need.
    let sizes: Vec<(i64, usize)> = connection
        .prepare("SELECT seq, bytes FROM edit ORDER BY seq")?
        .query_map([], |row| Ok((row.get(0)?, size_of_row(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    let (mut kept, mut first) = (Amount::default(), 0);
    for (at, (_, bytes)) in sizes.iter().enumerate().rev() {
        kept.add(*bytes);
        if kept.exceeds(limits.history) && first == 0 {
            first = (at + 1).min(sizes.len() - 1);
        }
    }
    let in_force = sizes.partition_point(|(seq, _)| *seq <= done);
    let in_snapshot = sizes.partition_point(|(seq, _)| *seq <= from);
    let read_from = first.min(in_force).min(in_snapshot);
    let mut edits: Vec<Option<Edit>> = Vec::with_capacity(sizes.len() - read_from);
    if let Some((seq, _)) = sizes.get(read_from) {
        let mut select = connection.prepare("SELECT edit FROM edit WHERE seq >= ?1 ORDER BY seq")?;
        let mut rows = select.query([seq])?;
        while let Some(row) = rows.next()? {
            edits.push(row.get_ref(0)?.as_str().ok().and_then(|json| serde_json::from_str(json).ok()));
        }
    }
    damaged += edits.iter().filter(|edit| edit.is_none()).count();

    // Places among all edits are now places among those that were read, of which a damaged database
    // may have given fewer.
    let [first, in_force, in_snapshot] =
        [first, in_force, in_snapshot].map(|at| at.saturating_sub(read_from).min(edits.len()));
    if in_snapshot <= in_force {
        edits[in_snapshot..in_force].iter().flatten().for_each(|edit| overlay.apply(edit));
    } else {
        edits[in_force..in_snapshot].iter().rev().flatten().for_each(|edit| overlay.apply(&edit.inverse()));
    }

    let state = State {
        overlay,
        done,
        next: next.max(sizes.last().map_or(1, |(seq, _)| seq.saturating_add(1))),
        snapshot: from,
        kept,
        old,
    };
    // A damaged edit can be neither undone nor done again: history ends on either side of it.
    let whole = edits[..in_force].iter().rposition(Option::is_none).map_or(0, |at| at + 1);
    let first = first.max(whole).min(in_force);
    let history = edits.drain(first..).map_while(|edit| edit).collect();
    Ok((state, History::from_parts(history, in_force - first), damaged))
}
