//! Rows in the order of any column.

use rayon::prelude::*;

use super::Query;
use super::bitmask::Bitmask;
use super::snapshot::{Snapshot, SortedOf};
use crate::dataset::SampleId;
use crate::dataset::columns::{Column, column};
use crate::dataset::edit::Direction;

/// The samples that the query asks for, sorted by the column of that name.
///
/// Samples that are gone are never among them. Equal values go by path; those without a value
/// come last in both directions. A name that is no column sorts by path.
pub fn rows(snapshot: &Snapshot, query: &Query, sort: &str, direction: Direction) -> Vec<SampleId> {
    sorted_rows(snapshot, &query.mask(snapshot), sort, direction)
}

/// The rows of a mask, sorted as by [`rows`].
pub fn sorted_rows(snapshot: &Snapshot, mask: &Bitmask, sort: &str, direction: Direction) -> Vec<SampleId> {
    let natural = snapshot.derived().natural();
    let column = column(snapshot, sort).filter(|column| !column.is_path());
    let Some(column) = column else {
        let mut rows = if natural.is_identity { ascending(mask) } else { pick(&natural.rows, mask) };
        if direction == Direction::Descending {
            rows.reverse();
        }
        return rows;
    };

    let of = SortedOf::new(snapshot, &column);
    let key = (column.name.as_ref(), direction);
    // Sorting the whole dataset pays off when it is asked again; for a few rows it does not.
    if column.is_cheap_by_row() && mask.count() < mask.len() / 16 {
        return match snapshot.derived().kept_sort(key, &of) {
            Some(order) => pick(&order, mask),
            None => sort_by_column(snapshot, &column, direction, mask.iter().collect()),
        };
    }
    let order = snapshot.derived().sorted(key, of, || {
        sort_by_column(snapshot, &column, direction, (0..snapshot.len() as SampleId).collect())
    });
    pick(&order, mask)
}

/// Sorts rows by a column's value, then by path.
fn sort_by_column(
    snapshot: &Snapshot,
    column: &Column,
    direction: Direction,
    rows: Vec<SampleId>,
) -> Vec<SampleId> {
    let ranks = &snapshot.derived().natural().ranks;
    let keys = column.sort_keys(snapshot, &rows);
    let mut keyed: Vec<(u64, u32, SampleId)> = rows
        .into_par_iter()
        .zip(keys)
        .map(|(row, key)| {
            // Keys are moved up by one so that neither they nor their complements reach the value
            // of the unknown. Only hashes come near the upper end, where two may fall together.
            let key = key.map(|key| key.saturating_add(1).min(u64::MAX - 1));
            let key = match (key, direction) {
                (None, _) => u64::MAX,
                (Some(key), Direction::Ascending) => key,
                (Some(key), Direction::Descending) => !key,
            };
            (key, ranks[row as usize], row)
        })
        .collect();
    keyed.par_sort_unstable();
    keyed.into_iter().map(|(_, _, row)| row).collect()
}

/// The rows of the mask as they come in `order`.
fn pick(order: &[SampleId], mask: &Bitmask) -> Vec<SampleId> {
    let parts: Vec<Vec<SampleId>> = order
        .par_chunks(64 * 1024)
        .map(|order| {
            // Written always and kept when it counts: no branch to guess wrong.
            let (mut rows, mut count) = (vec![0; order.len() + 1], 0);
            for row in order {
                rows[count] = *row;
                count += usize::from(mask.contains(*row as usize));
            }
            rows.truncate(count);
            rows
        })
        .collect();
    parts.concat()
}

/// The rows of the mask, lowest first.
fn ascending(mask: &Bitmask) -> Vec<SampleId> {
    let mut rows = Vec::with_capacity(mask.count());
    rows.extend(mask.iter());
    rows
}
