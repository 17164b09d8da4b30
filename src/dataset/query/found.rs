//! The answer to a view: its rows, what is counted among them, and why there are none.

use std::sync::Arc;

use super::{Bitmask, Counts, QueryError, Rows, Snapshot, Stamp, counts_of, parse};
use crate::dataset::edit::View;

/// What a view finds in a dataset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub rows: Arc<Rows>,
    /// Among the rows.
    pub counts: Arc<Counts>,
    /// Among all samples that are there.
    pub total: Arc<Counts>,
    /// Why the view's filter cannot be read, and so finds nothing: showing everything would pass
    /// for its answer.
    pub error: Option<QueryError>,
}

/// What was counted among all samples, and of which: it is counted once for all views of the same samples.
#[derive(Debug, Default)]
pub struct Total(Option<(Stamp, Arc<Counts>)>);

impl Total {
    fn of(&mut self, snapshot: &Snapshot, count: impl FnOnce() -> Arc<Counts>) -> Arc<Counts> {
        let stamp = snapshot.stamp();
        match &self.0 {
            Some((known, total)) if *known == stamp => total.clone(),
            _ => {
                let total = count();
                self.0 = Some((stamp, total.clone()));
                total
            }
        }
    }
}

impl Found {
    pub fn of(snapshot: &Snapshot, view: &View) -> Self {
        Self::again(snapshot, view, &mut Total::default())
    }

    /// The same, where the total may be known from another view.
    pub fn again(snapshot: &Snapshot, view: &View, known: &mut Total) -> Self {
        let (mask, error) = match parse(&view.filter, snapshot.vocabulary()) {
            Ok(query) => (query.mask(snapshot), None),
            Err(error) => (Bitmask::empty(snapshot.len()), Some(error)),
        };
        let counts = Arc::new(counts_of(snapshot, &mask));
        let present = snapshot.derived().present();
        let total = known.of(snapshot, || match mask == *present {
            true => counts.clone(),
            false => Arc::new(counts_of(snapshot, present)),
        });
        let rows = Rows::find(snapshot, mask, &view.sort, view.direction).into();
        Self { rows, counts, total, error }
    }
}
