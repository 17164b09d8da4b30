//! The rows that a query found: in order, as a set, and where each of them stands.

use std::ops::Deref;

use super::bitmask::Bitmask;
use super::order::sorted_rows;
use super::snapshot::Snapshot;
use crate::dataset::SampleId;
use crate::dataset::edit::Direction;

/// Rows in order, as a slice, which also knows where each row stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    order: Vec<SampleId>,
    mask: Bitmask,
    /// The place in `order` of each row of the dataset; [`Self::NOWHERE`] for those not in it.
    places: Vec<u32>,
}

impl Rows {
    const NOWHERE: u32 = u32::MAX;

    /// The rows of a mask, sorted by the column of that name, see [`sorted_rows`].
    pub fn find(snapshot: &Snapshot, mask: Bitmask, sort: &str, direction: Direction) -> Self {
        let order = sorted_rows(snapshot, &mask, sort, direction);
        Self::new(order, mask)
    }

    /// Rows in that order, each once, out of a dataset of `len` rows.
    pub fn from_order(order: Vec<SampleId>, len: usize) -> Self {
        let mask = Bitmask::from_rows(len, &order);
        Self::new(order, mask)
    }

    fn new(order: Vec<SampleId>, mask: Bitmask) -> Self {
        let mut places = vec![Self::NOWHERE; mask.len()];
        for (place, row) in order.iter().enumerate() {
            places[*row as usize] = place as u32;
        }
        Self { order, mask, places }
    }

    /// The same rows without an order.
    pub fn mask(&self) -> &Bitmask {
        &self.mask
    }

    /// Where a row stands; `None` when it is not among these.
    pub fn position_of(&self, sample: SampleId) -> Option<usize> {
        let place = *self.places.get(sample as usize)?;
        (place != Self::NOWHERE).then_some(place as usize)
    }
}

impl Deref for Rows {
    type Target = [SampleId];

    fn deref(&self) -> &[SampleId] {
        &self.order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_knows_where_it_stands() {
        let rows = Rows::from_order(vec![4, 0, 2], 6);
        let places: Vec<Option<usize>> = (0..7).map(|row| rows.position_of(row)).collect();
        assert_eq!(places, [Some(1), None, Some(2), None, Some(0), None, None]);
        assert_eq!(rows.mask().iter().collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(rows[0], 4);
    }
}
