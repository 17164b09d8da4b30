//! What bounds a journal: amounts of edits, and how many are kept.

use crate::dataset::edit::History;

/// How many edits, and their [`Edit::bytes`] together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) edits: usize,
    pub(super) bytes: usize,
}

impl Amount {
    pub(super) fn add(&mut self, bytes: usize) {
        self.edits += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// What was added may have been other than what the database says now, where that was damaged.
    pub(super) fn remove(&mut self, bytes: usize) {
        self.edits = self.edits.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    pub(super) fn exceeds(self, limit: Self) -> bool {
        self.edits > limit.edits || self.bytes > limit.bytes
    }
}

/// What bounds a journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Edits that can be undone; older ones are in the snapshot and among the old ones.
    pub(super) history: Amount,
    /// Old edits that are kept.
    pub(super) old: Amount,
    /// Edits after which a new snapshot is kept.
    pub(super) snapshot_every: i64,
}

pub(super) const LIMITS: Limits = Limits {
    history: Amount { edits: History::CAP, bytes: History::CAP_BYTES },
    old: Amount { edits: 1_000_000, bytes: 64 << 20 },
    snapshot_every: 256,
};

/// A size as the database has it; what is no size can only come from damage.
pub(super) fn size_of_row(bytes: i64) -> usize {
    usize::try_from(bytes).unwrap_or(0)
}
